//! The power goes, again and again: the desk is killed at moments nobody chose, while people write,
//! tap, buy and hear things twice, Telegram, WeCom and Creem lose answers and the provider fails.
//! In the end nothing is lost, nothing is made or sent twice, and the ledger adds up.

mod crowd;
mod linkers;
mod proof;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use picdesk::store::{Store, Value};
use picdesk_sandbox::{
    images::{ArmedFault, Envelope, ImagesFault, Latency},
    rest::{Armed as RestArmed, Fault as RestFault},
    telegram::{Armed, Fault},
    wecom::{Armed as WecomArmed, DESK_KF, Fault as WecomFault, STUDIO_KF},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::{
    crowd::{Crowd, Prompt},
    linkers::Linkers,
};
use crate::{
    database::{TestDatabase, databases},
    house::{BotWay, Desk, Given, House},
};

/// How often the desk is killed on each database.
const KILLS: &str = "CRASH_KILLS";
const KILLS_DEFAULT: u32 = 150;
/// Decides the moments, what people do, and the faults.
const SEED: &str = "CRASH_SEED";
const SEED_DEFAULT: u64 = 7;
/// Credits that everybody has to begin with: as many as they like.
const TRIAL: i64 = 1_000_000;
/// How often they write again in the end.
const ROUNDS_MAX: usize = 60;
/// When the time of every answer of the AI bot is over.
const ANSWER_OVER: Duration = Duration::from_mins(6);
/// How often chats were linked.
const COUNT_LINKS: &str = "select count(*) from links";
/// How long that may take, in a life that nobody ends.
const LINKED_WITHIN: Duration = Duration::from_mins(5);
/// The longest life between two kills, once it is ready.
const LIFE_MAX: Duration = Duration::from_millis(1500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_made_twice_however_often_the_desk_is_killed() {
    survive(TestDatabase::sqlite(), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_that_are_killed_in_turn_lose_nothing_and_make_nothing_twice() {
    let Some(database) = shared_database().await else { return };
    survive(database, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_froze_does_no_harm_when_it_wakes_up() {
    let Some(database) = shared_database().await else { return };
    let story = Story::begin(database).await;
    let house = Arc::clone(&story.house);
    // The first one holds every lease when the other comes.
    let frozen = house.open().await;
    let other = house.open().await;
    house.images.until(|calls| calls.len() > 5).await;
    frozen.signal("STOP").await;
    house.until_logged("taking over from replica").await;
    frozen.signal("CONT").await;
    let asked = house.images.calls().len();
    house.images.until(|calls| calls.len() > asked + 5).await;
    frozen.until_ended().await;
    let third = house.open().await;
    story.end(vec![other, third]).await;
}

/// A database that replicas can share, where the run has one.
async fn shared_database() -> Option<TestDatabase> {
    databases().await.into_iter().find(TestDatabase::is_shared)
}

/// Desks are killed again and again while people write; in the end all is proven.
async fn survive(database: TestDatabase, replicas: usize) {
    let story = Story::begin(database).await;
    let house = Arc::clone(&story.house);
    let mut moments = StdRng::seed_from_u64(story.seed);
    let mut desks: Vec<Desk> = (0..replicas).map(|_| house.start()).collect();
    let kills = number(KILLS, KILLS_DEFAULT);
    for killed in 0..kills {
        if killed == kills / 2 {
            // The owner lets updates come the other way, on which all desks have to agree.
            for desk in std::mem::take(&mut desks) {
                desk.kill().await;
            }
            house.change_delivery();
            desks = (0..replicas).map(|_| house.start()).collect();
        }
        if replicas > 1 {
            freeze_some(&house, &mut desks, &mut moments).await;
        }
        let mut desk = desks.swap_remove(moments.random_range(0..desks.len()));
        // One in five dies while it starts.
        if moments.random_bool(0.8) {
            house.until_ready(&mut desk).await;
        }
        tokio::time::sleep(moments.random_range(Duration::ZERO..LIFE_MAX)).await;
        desk.kill().await;
        desks.push(house.start());
    }
    // A code has to be made, carried, typed and confirmed: where no life was long enough for that,
    // the last ones are.
    let store = house.look().await;
    let began = Instant::now();
    while int(&store, COUNT_LINKS, &[]).await == 0 {
        assert!(began.elapsed() < LINKED_WITHIN, "no chats were linked: {}", house.status().await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    story.end(desks).await;
}

/// Now and then one of the desks is stopped and goes on later: for a moment, in which another may
/// be killed, or for so long that its work is taken over and it wakes up as a zombie.
async fn freeze_some(house: &Arc<House>, desks: &mut Vec<Desk>, moments: &mut StdRng) {
    let (briefly, for_long) = (moments.random_bool(0.15), moments.random_bool(0.04));
    if !briefly && !for_long {
        return;
    }
    let mut frozen = desks.swap_remove(moments.random_range(0..desks.len()));
    if !for_long {
        frozen.signal("STOP").await;
        let mut other = desks.swap_remove(moments.random_range(0..desks.len()));
        if moments.random_bool(0.5) {
            other.kill().await;
            other = house.start();
        }
        tokio::time::sleep(moments.random_range(Duration::ZERO..LIFE_MAX * 2)).await;
        frozen.signal("CONT").await;
        desks.extend([frozen, other]);
        return;
    }
    house.until_ready(&mut frozen).await;
    for desk in desks.iter_mut() {
        house.until_ready(desk).await;
    }
    let store = house.look().await;
    let newest = int(&store, "select max(id) from replicas", &[]).await;
    frozen.signal("STOP").await;
    let living = "select count(*) from replicas where stopped = 0 and id <= $1";
    let others = desks.len() as i64;
    let taken = async || (int(&store, living, &[newest.into()]).await <= others).then_some(());
    house.until("take-over from a replica that froze", taken).await;
    tokio::time::sleep(moments.random_range(Duration::ZERO..LIFE_MAX)).await;
    frozen.signal("CONT").await;
    frozen.until_ended().await;
    desks.push(house.start());
}

async fn int(store: &Store, text: &'static str, values: &[Value]) -> i64 {
    let mut connection = store.read().await.unwrap();
    connection.rows(text, values).await.unwrap()[0].int(0).unwrap()
}

/// A house in which people write and things go wrong.
struct Story {
    house: Arc<House>,
    seed: u64,
    stop: CancellationToken,
    crowd: JoinHandle<Vec<Prompt>>,
    linkers: JoinHandle<()>,
}

impl Story {
    /// People begin to write, whether or not anybody serves them.
    async fn begin(database: TestDatabase) -> Self {
        let seed = number(SEED, SEED_DEFAULT);
        // Half of the time Telegram brings its updates, first here or first on the other database;
        // the next seed begins the other way.
        let webhook = (seed % 2 == 1) != database.is_shared();
        let way = if webhook { "brought" } else { "fetched" };
        eprintln!("{SEED}={seed} on {}, updates are {way} first", database.kind());
        let given = Given {
            trial: TRIAL,
            images: "stream = true\npartials = 1\ntimeout_s = 5\nconcurrency = 4\n",
            seed,
            webhook,
            wecom: Some(BotWay::Callback),
            kf: "sync_every_s = 10\n",
            sells: true,
            creem: "screening = false\n",
            link: "codes_per_h = 60\ntries = 20\n",
            ..Given::default()
        };
        let house = Arc::new(House::build_on(database, given).await);
        house.images.set_latency(Latency::Seconds(0.25));
        arm(&house);
        arm_creem(&house);
        let stop = CancellationToken::new();
        let crowd = tokio::spawn(Crowd::gather(Arc::clone(&house), seed).busy(stop.clone()));
        let linkers = tokio::spawn(Linkers::gather(Arc::clone(&house), seed).busy(stop.clone()));
        Self { house, seed, stop, crowd, linkers }
    }

    /// People stop, nothing goes wrong any more, and all is proven when it is quiet.
    async fn end(self, mut desks: Vec<Desk>) {
        self.stop.cancel();
        let prompts = self.crowd.await.unwrap();
        self.linkers.await.unwrap();
        self.house.telegram.clear_faults();
        self.house.wecom().clear_faults();
        self.house.images.clear_faults();
        self.house.creem().clear_faults();
        for desk in &mut desks {
            self.house.until_ready(desk).await;
        }
        // What was told while nobody listened is told once more.
        for webhook in self.house.creem().webhooks() {
            assert_eq!(self.house.creem().send_again(&webhook.id).await, Some(200));
        }
        self.house.until_quiet().await;
        collect(&self.house).await;
        // What only was near when desks were killed is taken up again once it is calm.
        let all_taken_up = |status: &serde_json::Value| status["inbox"]["set_aside"] == 0;
        self.house.until_status("second chances", all_taken_up).await;
        self.house.until_quiet().await;
        collect(&self.house).await;
        desks = outlive_answers(&self.house, desks).await;
        proof::check(&self.house, &prompts).await;
        for desk in desks {
            desk.kill().await;
        }
    }
}

/// Whoever writes on WeChat or to the AI bot writes again until nothing waits for that any more:
/// pictures that found the window closed, and words behind them.
async fn collect(house: &House) {
    for _ in 0..ROUNDS_MAX {
        for account in [DESK_KF, STUDIO_KF] {
            house.wecom().ring_doorbell(account, 1).unwrap();
        }
        let status = house.until_quiet().await;
        if status["outbox"]["owed"] == 0 && status["outbox"]["held"] == 0 {
            return;
        }
        for chat in crowd::ON_WECHAT.into_iter().chain(crowd::WITH_BOT) {
            house.wecom().say(chat, "余额").unwrap();
        }
    }
    panic!("something waits for ever: {}", house.status().await);
}

/// What the AI bot answered is seen, or it is known that nobody came for its end. WeCom gives a
/// message up that it heard no answer to, and of that the desks hear when the answer's time is
/// over: so then they are begun anew that much later. Answers with the desks.
async fn outlive_answers(house: &House, desks: Vec<Desk>) -> Vec<Desk> {
    let heard = async || (house.wecom().answers_growing() == 0).then_some(());
    house.until("end of the answers that WeCom asks for", heard).await;
    let store = house.look().await;
    let open = "select count(*) from wecom_streams where open = 1";
    let given_up = int(&store, open, &[]).await;
    if given_up == 0 {
        return desks;
    }
    eprintln!("{given_up} answers that WeCom gave up");
    let replicas = desks.len();
    for desk in desks {
        desk.kill().await;
    }
    let mut later: Vec<Desk> = (0..replicas).map(|_| house.start_ahead(ANSWER_OVER)).collect();
    for desk in &mut later {
        house.until_ready(desk).await;
    }
    let told = async || (int(&store, open, &[]).await == 0).then_some(());
    house.until("end of the answers that nobody came for", told).await;
    house.until_quiet().await;
    collect(house).await;
    later
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
    let wecom = [
        (WecomFault::DropAnswer, 0.03),
        (WecomFault::DropRequest, 0.02),
        (WecomFault::ServerError { status: 502 }, 0.02),
        (WecomFault::TokenKilled, 0.02),
        (WecomFault::SendFails { fail_type: 6 }, 0.02),
        (WecomFault::EmptyPage, 0.1),
        (WecomFault::ShortPage { entries: 2 }, 0.2),
        (WecomFault::CallbackTwice, 0.05),
        (WecomFault::CallbackReplayed, 0.05),
        (WecomFault::CallbackUnheard, 0.05),
    ];
    for (fault, chance) in wecom {
        house.wecom().arm(WecomArmed::chance(fault, chance));
    }
    // What a doorbell told of is fetched without it; a member's words have no other way.
    let lost = WecomArmed::chance(WecomFault::CallbackLost, 0.1).on("kf_msg_or_event");
    house.wecom().arm(lost);
    let pages = WecomArmed::chance(WecomFault::DropAnswer, 0.05).on("kf/sync_msg");
    house.wecom().arm(pages);
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

/// What goes wrong with payments.
fn arm_creem(house: &House) {
    let calls = [
        (RestFault::Status { status: 503, retry_after_s: 0 }, 0.05),
        (RestFault::Status { status: 500, retry_after_s: 0 }, 0.02),
        (RestFault::DropRequest, 0.03),
        (RestFault::DropAnswer, 0.05),
        (RestFault::HalfAnswer, 0.02),
        (RestFault::NotJson, 0.02),
        (RestFault::Slow { delay_ms: 700 }, 0.05),
    ];
    for (fault, chance) in calls {
        for on in ["GET /v1/", "POST /v1/"] {
            house.creem().arm(RestArmed::chance(fault.clone(), chance).on(on));
        }
    }
    let webhooks = [
        (RestFault::WebhookLost, 0.05),
        (RestFault::WebhookTwice, 0.1),
        (RestFault::WebhookOvertaken, 0.1),
        (RestFault::WebhookUnheard, 0.1),
    ];
    for (fault, chance) in webhooks {
        house.creem().arm(RestArmed::chance(fault, chance));
    }
}

fn number<N: std::str::FromStr>(name: &str, default: N) -> N {
    let given = std::env::var(name).ok().filter(|text| !text.is_empty());
    given.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}: a number")))
}
