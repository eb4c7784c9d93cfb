//! The power goes, again and again: the desk is killed at moments nobody chose, while people write,
//! tap and hear things twice, Telegram loses answers and the provider fails. In the end nothing is
//! lost, nothing is made or sent twice, and the ledger adds up.

mod crowd;
mod proof;

use std::{sync::Arc, time::Duration};

use picdesk_sandbox::{
    images::{ArmedFault, Envelope, ImagesFault, Latency},
    telegram::{Armed, Fault},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio_util::sync::CancellationToken;

use self::crowd::Crowd;
use crate::house::{Given, House};

/// How often the desk is killed.
const KILLS: &str = "PICDESK_CRASH_KILLS";
const KILLS_DEFAULT: u32 = 25;
/// Decides the moments, what people do, and the faults.
const SEED: &str = "PICDESK_CRASH_SEED";
const SEED_DEFAULT: u64 = 7;
/// The longest life between two kills, once it is ready.
const LIFE_MAX: Duration = Duration::from_millis(1500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_made_twice_however_often_the_desk_is_killed() {
    let seed = number(SEED, SEED_DEFAULT);
    let kills = number(KILLS, KILLS_DEFAULT);
    eprintln!("{SEED}={seed} {KILLS}={kills}");
    let house = Arc::new(House::build(crash_given(seed)).await);
    survive(&house, seed, kills).await;
}

/// What the house of a crash story is given.
fn crash_given(seed: u64) -> Given {
    Given {
        trial: 1_000_000,
        images: "stream = true\npartials = 1\ntimeout_s = 5\nconcurrency = 6\n",
        seed,
        ..Given::default()
    }
}

/// People write while the desk is killed again and again; in the end all is proven.
async fn survive(house: &Arc<House>, seed: u64, kills: u32) {
    house.images.set_latency(Latency::Seconds(0.15));
    arm(house);
    let stop = CancellationToken::new();
    let crowd = tokio::spawn(Crowd::gather(Arc::clone(house), seed).busy(stop.clone()));
    let mut moments = StdRng::seed_from_u64(seed);
    for _ in 0..kills {
        let mut desk = house.start();
        // One in five dies while it starts.
        if moments.random_bool(0.8) {
            house.until_ready(&mut desk).await;
        }
        let life = moments.random_range(Duration::ZERO..LIFE_MAX);
        tokio::time::sleep(life).await;
        desk.kill().await;
    }
    stop.cancel();
    let prompts = crowd.await.unwrap();
    house.telegram.clear_faults();
    house.images.clear_faults();
    let desk = house.open().await;
    house.until_quiet().await;
    proof::check(house, &prompts).await;
    desk.kill().await;
}

/// What goes wrong besides.
fn arm(house: &House) {
    let telegram = [
        (Fault::DropAnswer, 0.03),
        (Fault::DropRequest, 0.02),
        (Fault::ServerError { status: 502 }, 0.02),
        (Fault::TooManyRequests { retry_after_s: 1 }, 0.01),
        (Fault::LostAck, 0.05),
        (Fault::DuplicateUpdate, 0.05),
    ];
    for (fault, chance) in telegram {
        house.telegram.arm(Armed::chance(fault, chance));
    }
    let images = [
        (ImagesFault::DropAnswer, 0.03),
        (ImagesFault::AcceptThenHang, 0.02),
        (ImagesFault::CutBody { after: 0.5 }, 0.02),
        (ImagesFault::Html, 0.02),
        (ImagesFault::ServerError, 0.02),
        (ImagesFault::ModerationBlocked { envelope: Envelope::OpenAi }, 0.03),
        (ImagesFault::RateLimit { retry_after_s: 1, envelope: Envelope::OpenAi }, 0.02),
    ];
    for (fault, chance) in images {
        house.images.arm(ArmedFault::probability(fault, chance));
    }
}

fn number<N: std::str::FromStr>(name: &str, default: N) -> N {
    let given = std::env::var(name).ok().filter(|text| !text.is_empty());
    given.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}: a number")))
}
