//! Whether a turn costs the same however many accounts and conversations there are.
//!
//! Everything that stands between the door and the outbox runs in this process, without HTTP:
//! events are written down, turned, and what follows is written down. Between the measurements the
//! database is filled in bulk. Run: `cargo bench --bench growth`.
#![expect(clippy::cast_precision_loss, reason = "figures to be looked at")]

mod databases;
mod machine;
mod prefill;
mod processor;

use std::{sync::Arc, time::Duration};

use anyhow::ensure;
use databases::Database;
use machine::{median, verdict};
use picdesk::{
    alarm::Alarms,
    buttons::Seal,
    clock::Clock,
    config::Config,
    doors::Doors,
    inbox::Door,
    outbox::Outlets,
    store::{Store, replica},
    turn::{Desk, Shards, Turner},
    words::{SayContext, Words},
};
use picdesk_core::{
    account::{Language, Person},
    channel::{Arrival, Inbox as _, Lane, Received},
    event::{Event, Message, Setting},
    id::{ConversationId, IdentityId, MessageId},
};
use prefill::{FIRST_PERSON, fill};
use processor::{cpu_us, cpu_us_with_children};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Accounts, each with a conversation.
const ACCOUNTS: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Turns of one run. Every one is another person's.
const TURNS: usize = 1_000;
/// Runs at each size; the figure is their median.
const RUNS: usize = 15;
/// Prompts that are only begun with, and those of the one run that counts: each is somebody's only
/// one, for a line has an end.
const PROMPTS: [usize; 2] = [125, 875];
/// How much more a turn may cost at the largest size than at the smallest.
const BAR: f64 = 1.3;
/// Between two looks whether everything is turned.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// What is kept of raw events, milliseconds.
const RAW_KEPT_MS: i64 = 72 * 3_600_000;
const COUNT_WAITING: &str = "select count(*) from inbox where state = 'waiting'";
const CANCEL_HELD: &str = "update generations set state = 'cancelled' where state = 'held'";
const CANCEL_OPEN: &str = "update requests set state = 'cancelled' where state = 'open'";
const COUNT_HELD: &str = "select count(*) from generations where state = 'held'";

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        for database in databases::all()? {
            measure(&database).await?;
        }
        Ok(())
    })
}

async fn measure(database: &Database) -> anyhow::Result<()> {
    println!("\n{} ({})", database.name, machine::describe());
    let (mut there, mut first) = (0, [None; 2]);
    for accounts in ACCOUNTS {
        fill(database, there, accounts).await?;
        there = accounts;
        for ((what, (ours, server)), first) in
            turns(database, accounts).await?.iter().zip(&mut first)
        {
            let whole = ours + server;
            let ratio = whole / *first.get_or_insert(whole);
            println!(
                "{accounts:>9} accounts: a {what} {ours:>6.1} µs, the server {server:>6.1}; {ratio:.2} times the \
                 first; bar {BAR}: {}",
                verdict(ratio <= BAR),
            );
        }
    }
    Ok(())
}

/// Microseconds of this process and of the server.
type Cost = (f64, f64);

/// What a turn of each kind costs.
async fn turns(database: &Database, accounts: u32) -> anyhow::Result<[(&'static str, Cost); 2]> {
    let settings = format!("[store]\nurl = \"{}\"\n", database.url);
    let store = Store::serve(&Config::from_text(&settings)?.store, Clock::system()).await?;
    let alarms = Alarms::new(store.clone(), None);
    let (asking, _asked) = tokio::sync::mpsc::channel(1);
    let door = Door::open(store.clone(), RAW_KEPT_MS, alarms, asking);
    let (answers, _answered) = mpsc::channel(TURNS);
    let shards = Arc::new(Shards::default());
    shards.set((0..replica::SHARDS).collect());
    let turner =
        Turner::new(store.clone(), Arc::new(desk(&store)?), shards, Arc::default(), answers);
    let shared = store.database().is_shared();
    let turner = Arc::new(if shared { turner } else { turner.alone(Outlets::default()) });
    door.turn_by(Arc::clone(&turner));
    let stop = CancellationToken::new();
    let turning = tokio::spawn(turner.run(stop.clone()));
    let of_commands = |number: usize| {
        let text = if number.is_multiple_of(2) { "/help" } else { "/balance" };
        arrival(number, accounts, text)
    };
    let of_prompts = |number| arrival(number, accounts, "a lighthouse in the evening, in oils");
    let commands = cost(database, &store, &door, &[TURNS; RUNS + 1], of_commands).await?;
    let before = count(&store, COUNT_HELD).await?;
    let prompts = cost(database, &store, &door, &PROMPTS, of_prompts).await?;
    let held = count(&store, COUNT_HELD).await? - before;
    let asked = i64::try_from(PROMPTS.iter().sum::<usize>())?;
    ensure!(held == asked, "of {asked} prompts {held} are in line");
    // Some of these people ask again among more; each may have one picture in line.
    for text in [CANCEL_HELD, CANCEL_OPEN] {
        store.writer().run(move |tx| Box::pin(tx.run(text, &[]))).await?;
    }
    stop.cancel();
    turning.await?;
    replica::leave(&store, store.replica().unwrap_or_default()).await?;
    store.database().close().await;
    Ok([("command", commands), ("prompt", prompts)])
}

/// The median of runs of so many turns each; the first one fills caches and prepares statements.
async fn cost(
    database: &Database,
    store: &Store,
    door: &Door,
    runs: &[usize],
    arrival: impl Fn(usize) -> Arrival,
) -> anyhow::Result<Cost> {
    let (mut ours, mut servers) = (Vec::new(), Vec::new());
    let mut said = 0;
    for turns in runs {
        let server = || database.server.map_or(Ok(0), cpu_us_with_children);
        let before = (cpu_us(std::process::id())?, server()?);
        door.accept((said..said + turns).map(&arrival).collect(), None).await?;
        while count(store, COUNT_WAITING).await? > 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        if said > 0 {
            ours.push((cpu_us(std::process::id())? - before.0) as f64 / *turns as f64);
            servers.push((server()? - before.1) as f64 / *turns as f64);
        }
        said += turns;
    }
    Ok((median(ours), median(servers)))
}

async fn count(store: &Store, text: &'static str) -> anyhow::Result<i64> {
    Ok(store.read().await?.rows(text, &[]).await?[0].int(0)?)
}

/// Somebody's words; whoever says the next ones is far away among all there are.
fn arrival(number: usize, accounts: u32, text: &str) -> Arrival {
    let now = Clock::system().now_ms();
    // A stride without a factor in common with any size meets everybody once in a run.
    let person = FIRST_PERSON + (number * 7_919 % accounts as usize) as i64;
    let conversation = ConversationId(format!("telegram:{person}"));
    let from = Person {
        identity: IdentityId(conversation.0.clone()),
        name: "Ada".to_owned(),
        language: Some(Language::default()),
    };
    let message = Message {
        from,
        setting: Setting::Private,
        id: MessageId(number.to_string()),
        text: text.to_owned(),
        attachments: Vec::new(),
        album: None,
        reply_to: None,
    };
    Arrival::Event(Box::new(Received {
        external_id: format!("growth:{accounts}:{number}:{text}"),
        conversation,
        lane: Lane::Conversation,
        happened_at: now,
        event: Event::MessageReceived(message),
        raw: vec![b'x'; 400],
        envelope: None,
    }))
}

fn desk(store: &Store) -> anyhow::Result<Desk> {
    let config = Config::from_text("")?;
    let words = Words::load();
    Ok(Desk {
        house: config.house(None, words.examples()),
        words,
        alarms: Alarms::new(store.clone(), None),
        context: SayContext::of(&config),
        seal: Seal::new(vec![7; 32]),
        messages_per_min: 0,
        doors: Doors::default(),
    })
}
