//! Carrying out what follows: the effects of a whole batch of turns, in one transaction, a
//! statement for each kind of row.

mod gather;
mod rows;
mod statements;

use std::collections::HashSet;

use picdesk_core::{
    account::Language,
    channel::OutboundMessage,
    effect::{Effect, GiftEffect, LinkEffect, RequestChange},
    event::About,
    id::{RequestId, TapId},
    say::Say,
};

use self::{rows::outbox_rows, statements as sql};
use super::{
    StoreError, Tx, Value, copies, errands,
    facts::RequestBody,
    gifts, inbox,
    ledger::{self, CarriedOut, Order},
    links, outbox, sealed,
    timers::{self, NewTimer, Sooner},
    windows,
};

/// What one event came to.
#[derive(Debug)]
pub struct Outcome {
    /// Its number.
    pub seq: i64,
    /// What follows.
    pub effects: Vec<Effect>,
    /// The messages among the effects, with their words.
    pub messages: Vec<Rendered>,
}

/// A message with its words.
#[derive(Debug)]
pub struct Rendered {
    /// The message.
    pub message: OutboundMessage,
    /// What it is part of, where its fate is an event.
    pub about: Option<About>,
}

/// What follows outside the store, once the commit is done.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which press.
    pub tap: TapId,
    /// On which channel.
    pub channel: String,
    /// In whose language.
    pub language: Language,
    /// What is shown.
    pub say: Option<Say>,
    /// As a box that has to be closed.
    pub alert: bool,
}

/// Rows by kind, gathered from a batch.
#[derive(Default)]
struct Rows {
    now: i64,
    purses: Vec<Vec<Value>>,
    accounts: Vec<Vec<Value>>,
    /// Accounts that get something, the event it comes of, and their tag from now on.
    touched: Vec<(i64, i64, i64)>,
    links: Vec<(i64, LinkEffect)>,
    gifts: Vec<(i64, GiftEffect)>,
    identities: Vec<Vec<Value>>,
    orders: Vec<Order>,
    cancelled: Vec<(i64, i64)>,
    tray: Vec<Vec<Value>>,
    albums: Vec<Vec<Value>>,
    parts: Vec<Vec<Value>>,
    requests: Vec<Vec<Value>>,
    generations: Vec<Vec<Value>>,
    settled: Vec<Vec<Value>>,
    artifacts: Vec<Vec<Value>>,
    samples: Vec<Vec<Value>>,
    escalations: Vec<Vec<Value>>,
    errands: Vec<Vec<Value>>,
    copies: Vec<Vec<Value>>,
    uses: Vec<Vec<Value>>,
    timers: Vec<NewTimer>,
    cleared: Vec<String>,
    hastened: Vec<Sooner>,
    singles: Vec<Single>,
    bounced: Vec<outbox::Bounce>,
    /// What is owed or not any more; after the pictures of the same batch are there.
    owed: Vec<Single>,
}

/// What is done row by row, because it is rare.
enum Single {
    Run(&'static str, Vec<Value>),
    Move { from: String, to: String },
    ChangeRequest { id: RequestId, change: RequestChange },
}

/// Carries out the effects of a batch.
pub async fn carry_out(
    tx: &mut Tx,
    outcomes: &[Outcome],
    now: i64,
) -> Result<CarriedOut, StoreError> {
    let mut rows = Rows { now, ..Rows::default() };
    for outcome in outcomes {
        for effect in &outcome.effects {
            rows.gather(outcome.seq, effect);
        }
    }
    tx.run_for(sql::INSERT_PURSES, &rows.purses).await?;
    tx.run_for(sql::INSERT_ACCOUNTS, &rows.accounts).await?;
    tx.run_for(sql::INSERT_IDENTITIES, &rows.identities).await?;
    let mut carried = ledger::carry_out(tx, &rows.orders, now).await?;
    carried.lost.extend(cancel(tx, &rows.cancelled, now).await?);
    carried.lost.extend(links::touch(tx, &rows.touched).await?);
    for (seq, effect) in &rows.links {
        if !links::carry_out(tx, effect, now).await? {
            carried.lost.insert(*seq);
        }
    }
    for (seq, effect) in &rows.gifts {
        if !gifts::carry_out(tx, effect, now).await? {
            carried.lost.insert(*seq);
        }
    }
    if !carried.lost.is_empty() {
        return Ok(carried);
    }
    carried.also(ledger::bring_along(tx, &signed_in(&rows.links), now).await?);
    for single in &rows.singles {
        single.run(tx).await?;
    }
    tx.run_for(sql::PUT_IN_TRAY, &rows.tray).await?;
    tx.run_for(sql::BEGIN_ALBUMS, &rows.albums).await?;
    tx.run_for(sql::INSERT_PARTS, &rows.parts).await?;
    tx.run_for(sql::INSERT_REQUESTS, &rows.requests).await?;
    tx.run_for(sql::INSERT_GENERATIONS, &rows.generations).await?;
    tx.run_for(sql::SETTLE_GENERATIONS, &rows.settled).await?;
    tx.run_for(sql::INSERT_ARTIFACTS, &rows.artifacts).await?;
    for owed in &rows.owed {
        owed.run(tx).await?;
    }
    tx.run_for(sql::INSERT_SAMPLES, &rows.samples).await?;
    tx.run_for(sql::INSERT_ESCALATIONS, &rows.escalations).await?;
    errands::open(tx, &rows.errands).await?;
    copies::keep(tx, &rows.copies, &rows.uses).await?;
    timers::clear(tx, &rows.cleared).await?;
    timers::set(tx, &rows.timers).await?;
    timers::hasten(tx, &rows.hastened, now).await?;
    outbox::bounce(tx, &rows.bounced, now).await?;
    let without = windows::take_slots(tx, outcomes, now).await?;
    tx.give(sql::INSERT_OUTBOX, outbox_rows(outcomes, &without, now)).await?;
    Ok(carried)
}

/// The accounts that are signed in by these.
fn signed_in(links: &[(i64, LinkEffect)]) -> Vec<i64> {
    let account = |(_, effect): &(i64, LinkEffect)| match effect {
        LinkEffect::SignIn { account, .. } => Some(account.0),
        _ => None,
    };
    links.iter().filter_map(account).collect()
}

/// Takes pictures out of line; the events whose pictures had left.
async fn cancel(tx: &mut Tx, wanted: &[(i64, i64)], now: i64) -> Result<HashSet<i64>, StoreError> {
    let rows: Vec<Vec<Value>> =
        wanted.iter().map(|(_, generation)| vec![(*generation).into(), now.into()]).collect();
    let mut done = HashSet::new();
    for row in tx.rows_for(sql::CANCEL_GENERATIONS, &rows).await? {
        done.insert(row.int(0)?);
    }
    Ok(wanted.iter().filter(|(_, id)| !done.contains(id)).map(|(seq, _)| *seq).collect())
}

impl Single {
    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        match self {
            Self::Run(text, values) => {
                tx.run(text, values).await?;
            }
            Self::Move { from, to } => {
                let values = [Value::from(from.as_str()), Value::from(to.as_str())];
                for text in sql::MOVES {
                    tx.run(text, &values).await?;
                }
                inbox::move_waiting(tx, from, to).await?;
            }
            Self::ChangeRequest { id, change } => {
                let rows = tx.rows(sql::FIND_BODY, &[id.0.into()]).await?;
                let Some(row) = rows.first() else { return Ok(()) };
                let mut body: RequestBody =
                    sealed::open_json(&row.blob(0)?, "requests", &id.to_string())?;
                body.prompt.clone_from(&change.prompt);
                body.screened = change.screened;
                let values = [
                    id.0.into(),
                    sealed::seal_json(&body).into(),
                    serde_json::json!(change.options).to_string().into(),
                    change.price_each.0.into(),
                ];
                tx.run(sql::CHANGE_REQUEST, &values).await?;
            }
        }
        Ok(())
    }
}
