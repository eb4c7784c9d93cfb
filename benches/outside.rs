//! What bad callers cost, and whether good ones notice: a wrong secret, envelopes that are wrong in
//! one way or another, bodies that are too large, sockets that say nothing, little or too slowly.
//! Run: `cargo bench --bench outside`.

#[expect(dead_code, reason = "other benches look at the server")]
mod databases;
#[expect(dead_code, reason = "other benches wait for answers")]
mod house;
mod line;
mod machine;
mod memory;
mod rude;
#[expect(dead_code, reason = "another bench has members who write")]
mod wecom;

use std::{
    fs,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::ensure;
use futures_util::future::try_join_all;
use house::{Chats, Desk, House};
use line::{Line, SECRET, update};
use machine::{median, verdict};
use picdesk::clock::Clock;
use rude::{Rude, TooMuch};
use tokio::task::JoinSet;
use wecom::{Wecom, Wrong};

/// Requests with each wrong secret.
const GUESSES: usize = 20_000;
/// Bodies that are too large, at once.
const BODIES: usize = 200;
/// Sockets that behave badly in all, and how many addresses they come from.
const BAD_SOCKETS: usize = 2_000;
const BAD_ADDRESSES: usize = 7;
/// For how long they do.
const BADLY: Duration = Duration::from_secs(30);
/// Between two good callers meanwhile.
const BETWEEN: Duration = Duration::from_millis(50);

/// Between the medians of the two wrong secrets, microseconds.
const GUESS_BAR_US: f64 = 2.0;
/// Between the medians of what is rightly signed and refused all the same.
const ENVELOPE_BAR: f64 = 1.05;
/// Until a body that is too large is refused, milliseconds; what all may cost, MiB.
const REFUSED_BAR_MS: f64 = 100.0;
const BODIES_BAR_MIB: f64 = 5.0;
/// The slowest of a hundred good callers, milliseconds; the longest life of a bad socket, seconds.
const GOOD_BAR_MS: f64 = 100.0;
const BAD_BAR_S: f64 = 6.0;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        for database in databases::all()? {
            println!("\n{} ({})", database.name, machine::describe());
            let wecom = Wecom::open(1).await?;
            let house = House::build(&database, 1, None).await?.with_config(wecom.config());
            let (desk, _) = house.open().await?;
            bring(desk.address, 1).await?;
            secrets(&desk).await?;
            envelopes(&desk, &wecom).await?;
            for kind in TooMuch::ALL {
                bodies(&desk, kind).await?;
            }
            sockets(&desk).await?;
        }
        Ok(())
    })
}

/// An update that has to be taken; how long that took, milliseconds.
async fn bring(address: SocketAddr, number: i64) -> anyhow::Result<f64> {
    let mut line = Line::open(address).await?;
    let now_s = Clock::system().now_ms() / 1000;
    let began = Instant::now();
    line.bring(&update(number, Chats::number(0), "/help", now_s)).await?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}

/// A secret that is wrong in its first letter, and one that is wrong in its last, by turns.
async fn secrets(desk: &Desk) -> anyhow::Result<()> {
    let first = format!("?{}", &SECRET[1..]);
    let last = format!("{}?", &SECRET[..SECRET.len() - 1]);
    let requests = [first, last].map(|secret| {
        let right = update(2, Chats::number(0), "/help", 0);
        String::from_utf8_lossy(&right).replace(SECRET, &secret).into_bytes()
    });
    let mut took = [Vec::new(), Vec::new()];
    let mut line = Line::open(desk.address).await?;
    for _ in 0..GUESSES {
        for (request, took) in requests.iter().zip(&mut took) {
            let began = Instant::now();
            let status = line.ask(request).await;
            took.push(began.elapsed().as_secs_f64() * 1e6);
            if let Ok(status) = status {
                ensure!(status == 401, "a wrong secret got {status}");
            } else {
                // Who was refused may find the connection closed.
                took.pop();
                line = Line::open(desk.address).await?;
            }
        }
    }
    let [first, last] = took.map(median);
    let apart = (first - last).abs();
    println!(
        "a secret wrong in its first letter {first:.2} µs, in its last {last:.2} µs: {apart:.2} apart \
         (medians of {GUESSES}); bar {GUESS_BAR_US} µs or 1 %: {}",
        verdict(apart < GUESS_BAR_US || apart < first / 100.0),
    );
    Ok(())
}

/// Callbacks of WeCom's that are wrong in one way or another, by turns. Whoever cannot sign is told
/// apart by the status already; of those that are rightly signed nobody is to learn by the time
/// what is wrong inside.
async fn envelopes(desk: &Desk, wecom: &Wecom) -> anyhow::Result<()> {
    let mut took = Wrong::ALL.map(|_| Vec::new());
    let mut line = Line::open(desk.address).await?;
    for _ in 0..GUESSES {
        for (wrong, took) in Wrong::ALL.into_iter().zip(&mut took) {
            let request = wecom.wrong(wrong)?;
            let began = Instant::now();
            let status = line.ask(&request).await;
            let time = began.elapsed().as_secs_f64() * 1e6;
            let Ok(status) = status else {
                // Who was refused may find the connection closed.
                line = Line::open(desk.address).await?;
                continue;
            };
            ensure!(status == wrong.named().1, "{} that is wrong got {status}", wrong.named().0);
            took.push(time);
        }
    }
    let [signature, padding, receiver] = took.map(median);
    let ratio = padding.max(receiver) / padding.min(receiver);
    println!(
        "an envelope wrong in its signature {signature:.2} µs, in its padding {padding:.2} µs, in its \
         receiver {receiver:.2} µs: the last two {ratio:.3} apart (medians of {GUESSES}); bar \
         {ENVELOPE_BAR}: {}",
        verdict(ratio < ENVELOPE_BAR),
    );
    Ok(())
}

/// So many bodies that are too large at once.
async fn bodies(desk: &Desk, kind: TooMuch) -> anyhow::Result<()> {
    memory::reset_peak(desk.pid())?;
    let before = memory::resident(desk.pid())?;
    let address = desk.address;
    let mut took = try_join_all((0..BODIES).map(|_| kind.bring(address))).await?;
    took.sort_unstable_by(f64::total_cmp);
    let slowest = took.last().copied().unwrap_or(f64::NAN);
    let grown = memory::peak(desk.pid())? - before;
    println!(
        "{BODIES} bodies at once, {}: half refused after {:.1} ms, all after {slowest:.1} ms; bar \
         {REFUSED_BAR_MS:.0} ms: {}; {grown:.1} MiB; bar {BODIES_BAR_MIB:.0}: {}",
        kind.name(),
        median(took),
        verdict(slowest < REFUSED_BAR_MS),
        verdict(grown < BODIES_BAR_MIB),
    );
    Ok(())
}

/// So many bad sockets, each opened again when the desk has closed it, while good callers come.
async fn sockets(desk: &Desk) -> anyhow::Result<()> {
    let files = open_files(desk)?;
    let over = Arc::new(AtomicBool::new(false));
    let mut bad = JoinSet::new();
    for number in 0..BAD_SOCKETS {
        let kind = Rude::ALL[number % Rude::ALL.len()];
        let from = u8::try_from(2 + number / Rude::ALL.len() % BAD_ADDRESSES)?;
        let (address, over) = (desk.address, Arc::clone(&over));
        bad.spawn(async move {
            let (mut longest, mut untold) = (0.0_f64, 0_usize);
            while !over.load(Ordering::Relaxed) {
                match kind.live(from, address).await? {
                    Some(lived) => longest = longest.max(lived),
                    None => untold += 1,
                }
                // Whoever is not let in tries again, but not without a pause.
                tokio::time::sleep(BETWEEN).await;
            }
            anyhow::Ok((kind, longest, untold))
        });
    }
    let (mut took, began) = (Vec::new(), Instant::now());
    while began.elapsed() < BADLY {
        took.push(bring(desk.address, 10 + i64::try_from(took.len())?).await?);
        tokio::time::sleep(BETWEEN).await;
    }
    over.store(true, Ordering::Relaxed);
    let mut lives = [(0.0_f64, 0_usize); Rude::ALL.len()];
    while let Some(ended) = bad.join_next().await {
        let (kind, lived, never_told) = ended??;
        let (longest, untold) = &mut lives[kind as usize];
        *longest = longest.max(lived);
        *untold += never_told;
    }
    took.sort_unstable_by(f64::total_cmp);
    let slow = took[(took.len() - 1) * 99 / 100];
    println!(
        "{} good callers among {BAD_SOCKETS} bad sockets: half within {:.1} ms, 99 % within {slow:.1} \
         ms; bar {GOOD_BAR_MS:.0} ms: {}",
        took.len(),
        median(took.clone()),
        verdict(slow < GOOD_BAR_MS),
    );
    for (kind, (lived, untold)) in Rude::ALL.iter().zip(lives) {
        println!(
            "  {}: gone after {lived:.1} s at most, {untold} never told; bar {BAD_BAR_S:.0} s: {}",
            kind.name(),
            verdict(lived < BAD_BAR_S),
        );
    }
    let began = Instant::now();
    while open_files(desk)? > files && began.elapsed() < house::PATIENCE {
        tokio::time::sleep(BETWEEN).await;
    }
    println!("  open files as before after {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

fn open_files(desk: &Desk) -> anyhow::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{}/fd", desk.pid()))?.count())
}
