//! What a command costs from the webhook to the reply, every update on disk before its 200; how
//! long the acknowledgement takes; how much memory is resident.
//!
//! The real program runs in a process of its own, and only that process is counted. Telegram, its
//! people and the provider stand in for the real ones in this one. Run: `cargo bench --bench desk`.
#![expect(clippy::cast_precision_loss, reason = "figures to be looked at")]

mod databases;
#[expect(dead_code, reason = "another bench has more doors")]
mod house;
mod line;
mod load;
mod machine;
mod memory;
mod processor;
mod provider;

use std::{sync::Arc, time::Duration};

use databases::Database;
use house::{Desk, House};
use line::Line;
use load::People;
use machine::{median, verdict};
use processor::{cpu_us, cpu_us_with_children};

/// Chats that are known before anything is measured.
const CHATS: usize = 2_000;
/// Commands at once, and the runs of each; the figure is their median.
const AT_ONCE: [usize; 3] = [1, 50, 200];
/// Runs of each.
const RUNS: usize = 5;
/// How long a run lasts.
const RUN: Duration = Duration::from_secs(4);
/// Updates a second while the acknowledgement is timed.
const PACE_PER_S: u32 = 500;
/// For how long it is.
const PACED: Duration = Duration::from_secs(20);
/// Until a desk that has just begun is taken for idle.
const SETTLING: Duration = Duration::from_secs(2);
/// Pictures under way at once, as many as `images.concurrency`.
const PICTURES: usize = 8;

/// Answered commands in a second of our process's time, at 50 at once and more, on SQLite.
const COMMANDS_BAR: f64 = 10_000.0;
/// Acknowledgement, the slowest of a hundred, milliseconds.
const ACKNOWLEDGED_BAR_MS: f64 = 10.0;
/// Resident memory, MiB: idle, under load, with eight pictures under way.
const IDLE_BAR_MIB: f64 = 30.0;
const LOAD_BAR_MIB: f64 = 80.0;
const PICTURES_BAR_MIB: f64 = 200.0;

fn main() -> anyhow::Result<()> {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let (provider, bytes) = provider::serve().await?;
        for database in databases::all()? {
            if only.as_ref().is_none_or(|only| database.name.eq_ignore_ascii_case(only)) {
                measure(&database, &provider, bytes).await?;
            }
        }
        Ok(())
    })
}

async fn measure(database: &Database, provider: &str, bytes: usize) -> anyhow::Result<()> {
    println!("\n{} ({})", database.name, machine::describe());
    let house = Arc::new(House::build(database, CHATS, Some(provider.to_owned())).await?);
    let (desk, _) = house.open().await?;
    let people = People::of(&house);
    tokio::time::sleep(SETTLING).await;
    print_memory("resident, idle", memory::resident(desk.pid())?, IDLE_BAR_MIB);
    people.meet(&desk).await?;
    memory::reset_peak(desk.pid())?;
    for at_once in AT_ONCE {
        commands(database, &desk, &people, at_once).await?;
    }
    print_memory("resident, under that load", memory::peak(desk.pid())?, LOAD_BAR_MIB);
    acknowledgements(&desk, &people).await?;
    drop(desk);
    pictures(&house, &people, bytes).await
}

/// So many commands at once.
async fn commands(
    database: &Database,
    desk: &Desk,
    people: &People,
    at_once: usize,
) -> anyhow::Result<()> {
    let (mut per_cpu_s, mut per_s, mut server_us) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let before = cpu_us(desk.pid())?;
        let server_before = database.server.map_or(Ok(0), cpu_us_with_children)?;
        let answered = people.at_once(desk, at_once, RUN).await? as f64;
        let server = database.server.map_or(Ok(0), cpu_us_with_children)? - server_before;
        per_cpu_s.push(answered * 1e6 / (cpu_us(desk.pid())? - before) as f64);
        per_s.push(answered / RUN.as_secs_f64());
        server_us.push(server as f64 / answered);
    }
    let (least, most) = per_cpu_s
        .iter()
        .fold((f64::MAX, 0.0_f64), |(least, most), value| (least.min(*value), most.max(*value)));
    let per_cpu_s = median(per_cpu_s);
    print!(
        "{at_once:>4} at once: {per_cpu_s:>6.0} a CPU-second ({least:.0} to {most:.0}), {:>5.1} µs each, \
         {:>6.0} a second",
        1e6 / per_cpu_s,
        median(per_s),
    );
    match database.server {
        Some(_) => println!("; the server spends {:.1} µs each", median(server_us)),
        None if at_once >= 50 => {
            println!("; bar {COMMANDS_BAR:.0}: {}", verdict(per_cpu_s >= COMMANDS_BAR));
        }
        None => println!(),
    }
    Ok(())
}

async fn acknowledgements(desk: &Desk, people: &People) -> anyhow::Result<()> {
    let before = cpu_us(desk.pid())?;
    let took = people.paced(desk, PACE_PER_S, PACED).await?;
    let share = (cpu_us(desk.pid())? - before) as f64 / PACED.as_micros() as f64;
    let at = |part: usize| took[(took.len() - 1) * part / 1000];
    println!(
        "acknowledged at {PACE_PER_S} a second: half within {:.2} ms, 99 % within {:.2} ms, 99.9 % within \
         {:.2} ms; {:.0} % of a core; bar {ACKNOWLEDGED_BAR_MS:.0} ms for 99 %: {}",
        at(500),
        at(990),
        at(999),
        share * 100.0,
        verdict(at(990) < ACKNOWLEDGED_BAR_MS),
    );
    Ok(())
}

/// Eight people ask for the largest picture at once; the desk is a fresh one.
async fn pictures(house: &House, people: &People, bytes: usize) -> anyhow::Result<()> {
    let (desk, _) = house.open().await?;
    tokio::time::sleep(SETTLING).await;
    memory::reset_peak(desk.pid())?;
    let mut line = Line::open(desk.address).await?;
    let before = cpu_us(desk.pid())?;
    for chat in 0..PICTURES {
        line.bring(&people.words(chat, "/imagine a lighthouse --4k --wide")).await?;
    }
    // The placeholders at once, and the receipts when the pictures are there.
    for _ in ["placeholder", "receipt"] {
        for chat in 0..PICTURES {
            house.chats.answered(chat).await?;
        }
    }
    let cpu_ms = (cpu_us(desk.pid())? - before) as f64 / 1e3 / PICTURES as f64;
    let what = format!("resident, {PICTURES} pictures of {:.1} MB under way", bytes as f64 / 1e6);
    print_memory(&what, memory::peak(desk.pid())?, PICTURES_BAR_MIB);
    println!("  each took {cpu_ms:.0} ms of our process's time");
    Ok(())
}

fn print_memory(what: &str, mib: f64, bar: f64) {
    println!("{what}: {mib:.1} MiB; bar {bar:.0}: {}", verdict(mib < bar));
}
