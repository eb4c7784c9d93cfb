//! What a member's command costs from WeCom's callback to the reply, beside the same by Telegram:
//! an envelope is opened and is on disk before its 200, is turned, and the reply is sent by
//! `message/send` and its receipt on disk. And what a callback costs that is on disk alone: nothing
//! follows from it.
//!
//! One desk has both doors, and only its process is counted. Run: `cargo bench --bench callbacks`.
#![expect(clippy::cast_precision_loss, reason = "figures to be looked at")]

mod databases;
mod house;
mod line;
#[expect(dead_code, reason = "another bench brings paced load")]
mod load;
mod machine;
mod processor;
#[expect(dead_code, reason = "another bench brings what is refused")]
mod wecom;

use std::{sync::Arc, time::Duration};

use databases::Database;
use house::{Desk, House};
use load::People;
use machine::{median, verdict};
use processor::{cpu_us, cpu_us_with_children};
use wecom::Wecom;

/// Chats by Telegram that are known before anything is measured.
const CHATS: usize = 2_000;
/// Members of the company: so many that nobody gets more than WeCom lets through, 30 a minute.
const MEMBERS: usize = 10_000;
/// Commands at once, and the runs of each; the figure is their median.
const AT_ONCE: [usize; 2] = [50, 200];
/// Runs of each.
const RUNS: usize = 5;
/// How long a run lasts.
const RUN: Duration = Duration::from_secs(3);

/// Answered commands in a second of our process's time, on SQLite.
const COMMANDS_BAR: f64 = 10_000.0;

fn main() -> anyhow::Result<()> {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        for database in databases::all()? {
            if only.as_ref().is_none_or(|only| database.name.eq_ignore_ascii_case(only)) {
                measure(&database).await?;
            }
        }
        Ok(())
    })
}

async fn measure(database: &Database) -> anyhow::Result<()> {
    println!("\n{} ({})", database.name, machine::describe());
    let wecom = Wecom::open(MEMBERS).await?;
    let house = House::build(database, CHATS, None).await?.with_config(wecom.config());
    let house = Arc::new(house);
    let (desk, _) = house.open().await?;
    let people = People::of(&house);
    people.meet(&desk).await?;
    wecom.meet(&desk).await?;
    for at_once in AT_ONCE {
        // By turns, so that a busy moment of the machine meets both.
        let (mut by_telegram, mut by_wecom) = (Figures::default(), Figures::default());
        let mut on_disk = Figures::default();
        for _ in 0..RUNS {
            by_telegram.add(database, &desk, people.at_once(&desk, at_once, RUN)).await?;
            by_wecom.add(database, &desk, wecom.at_once(&desk, at_once, RUN)).await?;
            on_disk.add(database, &desk, wecom.on_disk_at_once(&desk, at_once, RUN)).await?;
        }
        by_telegram.print("Telegram", at_once, database);
        by_wecom.print("WeCom", at_once, database);
        on_disk.print("WeCom, on disk", at_once, database);
    }
    Ok(())
}

/// What the runs of one door came to.
#[derive(Default)]
struct Figures {
    per_cpu_s: Vec<f64>,
    per_s: Vec<f64>,
    server_us: Vec<f64>,
}

impl Figures {
    async fn add(
        &mut self,
        database: &Database,
        desk: &Desk,
        run: impl Future<Output = anyhow::Result<u64>>,
    ) -> anyhow::Result<()> {
        let before = cpu_us(desk.pid())?;
        let server_before = database.server.map_or(Ok(0), cpu_us_with_children)?;
        let answered = run.await? as f64;
        let server = database.server.map_or(Ok(0), cpu_us_with_children)? - server_before;
        self.per_cpu_s.push(answered * 1e6 / (cpu_us(desk.pid())? - before) as f64);
        self.per_s.push(answered / RUN.as_secs_f64());
        self.server_us.push(server as f64 / answered);
        Ok(())
    }

    fn print(self, door: &str, at_once: usize, database: &Database) {
        let least = self.per_cpu_s.iter().copied().fold(f64::MAX, f64::min);
        let most = self.per_cpu_s.iter().copied().fold(0.0, f64::max);
        let per_cpu_s = median(self.per_cpu_s);
        print!(
            "{door:<15}{at_once:>4} at once: {per_cpu_s:>6.0} a CPU-second ({least:.0} to {most:.0}), \
             {:>5.1} µs each, {:>6.0} a second",
            1e6 / per_cpu_s,
            median(self.per_s),
        );
        match database.server {
            Some(_) => println!("; the server spends {:.1} µs each", median(self.server_us)),
            None => println!("; bar {COMMANDS_BAR:.0}: {}", verdict(per_cpu_s >= COMMANDS_BAR)),
        }
    }
}
