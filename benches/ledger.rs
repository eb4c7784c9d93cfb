//! What setting credits aside and spending them costs, and how long it takes to check a million
//! lines of the ledger.
//!
//! The ledger's own statements run in this process, in commits of as many orders as a batch of
//! turns has. Run: `cargo bench --bench ledger`.
#![expect(clippy::cast_precision_loss, reason = "figures to be looked at")]

mod databases;
mod machine;
mod processor;

use std::{sync::Arc, time::Instant};

use anyhow::ensure;
use databases::Database;
use machine::{median, verdict};
use picdesk::{
    clock::Clock,
    config::Config,
    store::{
        Store, StoreError, audit,
        effects::{self, Outcome},
        ledger::{self, Act, Order},
        replica,
    },
};
use picdesk_core::{
    account::{Language, Person},
    effect::Effect,
    id::{AccountId, PurseId},
};
use processor::{cpu_us, cpu_us_with_children};

/// Purses that are spent from, side by side.
const PURSES: i64 = 1_000;
/// Holds, and then posts, in one commit: as many as a batch of turns has events.
const BATCH: i64 = 256;
/// Holds in one run.
const HOLDS: i64 = 20 * BATCH;
/// Runs; the figure is their median.
const RUNS: usize = 7;
/// Lines that are checked.
const LINES: i64 = 1_000_000;
/// In one commit, where only the lines are wanted.
const FILLED_AT_ONCE: i64 = 1_000;
/// Seconds in which they have to be checked.
const BAR_S: f64 = 30.0;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        for database in databases::all()? {
            spend(&database).await?;
        }
        for database in databases::all()? {
            check(&database).await?;
        }
        Ok(())
    })
}

async fn open(database: &Database) -> anyhow::Result<Store> {
    let settings = format!("[store]\nurl = \"{}\"\n", database.url);
    let store = Store::serve(&Config::from_text(&settings)?.store, Clock::system()).await?;
    let accounts = (1..=PURSES).map(open_account).collect();
    let outcome = Arc::new([Outcome { seq: 1, effects: accounts, messages: Vec::new() }]);
    let opened = store.writer().run(move |tx| {
        let outcome = Arc::clone(&outcome);
        Box::pin(async move { effects::carry_out(tx, &*outcome, 1).await })
    });
    opened.await?;
    let grants = (1..=PURSES).map(|purse| Act::Grant {
        entry: purse,
        purse,
        amount: 1_000_000_000,
        source: format!("bench:{purse}"),
        reason: "by_hand",
        note: None,
    });
    carry_out(&store, grants.collect()).await?;
    Ok(store)
}

fn open_account(number: i64) -> Effect {
    let identity = format!("telegram:{number}").as_str().into();
    Effect::OpenAccount {
        account: AccountId(number),
        purse: PurseId(number),
        person: Person { identity, name: "Ada".to_owned(), language: None },
        language: Language::default(),
        home: None,
    }
}

async fn carry_out(store: &Store, acts: Vec<Act>) -> Result<(), StoreError> {
    let orders: Vec<Order> = (1..).zip(acts).map(|(seq, act)| Order { seq, act }).collect();
    let orders = Arc::new(orders);
    let carried = store.writer().run(move |tx| {
        let orders = Arc::clone(&orders);
        Box::pin(async move { ledger::carry_out(tx, &orders, 1).await })
    });
    carried.await.map(drop)
}

fn hold(number: i64) -> Act {
    let purse = number % PURSES + 1;
    Act::Hold { hold: PURSES + number, purse, generation: number, amount: 1 }
}

async fn close(store: Store) -> anyhow::Result<()> {
    replica::leave(&store, store.replica().unwrap_or_default()).await?;
    store.database().close().await;
    Ok(())
}

/// Holds and posts.
async fn spend(database: &Database) -> anyhow::Result<()> {
    println!("\n{} ({})", database.name, machine::describe());
    let store = open(database).await?;
    let (mut by_clock, mut ours, mut servers) = (Vec::new(), Vec::new(), Vec::new());
    let mut next = 1;
    // The first run fills caches and prepares statements.
    for run in 0..=RUNS {
        let server = || database.server.map_or(Ok(0), cpu_us_with_children);
        let (began, before) = (Instant::now(), (cpu_us(std::process::id())?, server()?));
        for _ in 0..HOLDS / BATCH {
            let numbers = next..next + BATCH;
            next += BATCH;
            carry_out(&store, numbers.clone().map(hold).collect()).await?;
            let posts = numbers.map(|number| Act::Post { hold: PURSES + number });
            carry_out(&store, posts.collect()).await?;
        }
        if run > 0 {
            by_clock.push(HOLDS as f64 / began.elapsed().as_secs_f64());
            ours.push((cpu_us(std::process::id())? - before.0) as f64 / HOLDS as f64);
            servers.push((server()? - before.1) as f64 / HOLDS as f64);
        }
    }
    let (ours, server) = (median(ours), median(servers));
    println!(
        "held and posted: {:>7.0} a second of processor time ({ours:.1} µs each, the server \
         {server:.1}), {:>7.0} by the clock",
        1_000_000.0 / (ours + server),
        median(by_clock),
    );
    close(store).await
}

/// A million lines, checked.
async fn check(database: &Database) -> anyhow::Result<()> {
    let store = open(database).await?;
    let mut next = 1;
    // Each hold is two lines; what is given back needs no picture to be honest.
    while next * 2 < LINES {
        let numbers = next..next + FILLED_AT_ONCE;
        next += FILLED_AT_ONCE;
        let void = |number| Act::Void { hold: PURSES + number, reason: "cancelled" };
        carry_out(&store, numbers.clone().map(hold).chain(numbers.map(void)).collect()).await?;
    }
    let began = Instant::now();
    let broken = store.writer().run(|tx| Box::pin(audit::verify(tx))).await?;
    let took = began.elapsed().as_secs_f64();
    ensure!(broken.is_empty(), "the ledger does not add up: {broken:?}");
    println!(
        "{}: {} lines checked in {took:.1} s; bar {BAR_S} s: {}",
        database.name,
        2 * (next - 1) + PURSES,
        verdict(took <= BAR_S),
    );
    close(store).await
}
