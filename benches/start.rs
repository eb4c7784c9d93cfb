//! From the start of the program to its being ready, and to the answer to the first command, on a
//! fresh database and on one that has been in use. Run: `cargo bench --bench start`.

#[expect(dead_code, reason = "other benches look at the server")]
mod databases;
#[expect(dead_code, reason = "other benches look at the process")]
mod house;
mod line;
mod machine;
#[expect(dead_code, reason = "other benches write for them")]
mod prefill;

use std::time::{Duration, Instant};

use databases::Database;
use house::{Chats, House};
use line::{Line, update};
use machine::{median, verdict};
use picdesk::clock::Clock;

/// Starts of each kind; the figure is their median.
const STARTS: usize = 9;
/// People who have written before, where some have.
const PEOPLE: u32 = 100_000;
/// From start to ready, seconds.
const BAR_S: f64 = 0.3;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        println!("{}", machine::describe());
        let (mut ready, mut answered) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            // PostgreSQL's own start is not ours: only SQLite is cheap enough to begin anew.
            let database = databases::sqlite()?;
            let took = start(&database).await?;
            ready.push(took.0);
            answered.push(took.1);
        }
        print("SQLite, fresh", ready, answered);
        for database in databases::all()? {
            prefill::fill(&database, 0, PEOPLE).await?;
            let (mut ready, mut answered) = (Vec::new(), Vec::new());
            for _ in 0..STARTS {
                let took = start(&database).await?;
                ready.push(took.0);
                answered.push(took.1);
            }
            print(&format!("{}, {PEOPLE} people", database.name), ready, answered);
        }
        Ok(())
    })
}

/// Seconds from a start to ready, and to the answer.
async fn start(database: &Database) -> anyhow::Result<(f64, f64)> {
    let house = House::build(database, 1, None).await?;
    let now = Clock::system().now_ms();
    let began = Instant::now();
    let (desk, ready) = house.open().await?;
    let mut line = Line::open(desk.address).await?;
    line.bring(&update(now, Chats::number(0), "/help", now / 1000)).await?;
    house.chats.answered(0).await?;
    Ok((seconds(ready), seconds(began.elapsed())))
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

fn print(what: &str, ready: Vec<f64>, answered: Vec<f64>) {
    let (ready, answered) = (median(ready), median(answered));
    println!(
        "{what}: ready after {ready:.3} s, the first command answered after {answered:.3} s; bar \
         {BAR_S} s for ready: {}",
        verdict(ready < BAR_S),
    );
}
