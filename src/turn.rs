//! Turning events: each one once, in its conversation's order, many in one commit.
//!
//! A batch takes the first waiting event of each ordering key, and at most one of each account, so
//! that every event is decided on facts that no other event of the batch changes. Deciding is
//! pure; what follows is carried out in the transaction that read the facts, and marks the events
//! as turned. An event that loses a race for credits or for a picture is decided again alone.

mod gather;
mod render;

use std::{
    collections::{BTreeMap, HashSet},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use dashmap::DashMap;
use picdesk_core::{
    decide::decide,
    effect::Effect,
    event::Event,
    facts::{Frame, House, Median, Pace},
    id::{AccountId, Cause, IdentityId},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use self::gather::{Shared, Wanted};
use crate::{
    alarm::Alarms,
    buttons::{GALLERY_MS, Seal},
    store::{
        Store, StoreError, Tx, Work,
        effects::{self, Answer, Outcome},
        inbox::{self, BatchSize, Pending},
    },
    telemetry::metrics,
    words::{SayContext, Words},
};

/// Events of one batch, and rows looked at for them.
const BATCH: BatchSize = BatchSize { events: 256, looked_at: 2048 };
/// Events of one batch while it is not known which of them ended the process before.
const SUSPECTS: usize = 32;
/// Tries before an event is set aside.
const ATTEMPTS_MAX: i64 = 3;
/// The net under the wake-ups.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// The first wait after an event failed, milliseconds; it doubles.
const POSTPONED_MS: i64 = 500;

/// What turns of this installation know and have: wording, configuration, keys.
pub struct Desk {
    /// What the rules know of the configuration.
    pub house: House,
    /// The wording.
    pub words: Words,
    /// What the wording says of the house.
    pub context: SayContext,
    /// The key of buttons and addresses.
    pub seal: Seal,
    /// Messages a minute from one person; 0 = no limit.
    pub messages_per_min: u32,
    /// What the owner must hear of.
    pub alarms: Alarms,
}

/// The range of shards this process turns: from, up to but not with.
pub type Shards = Arc<RwLock<Vec<(i64, i64)>>>;

/// Turns events.
pub struct Turner {
    pub(crate) store: Store,
    pub(crate) desk: Arc<Desk>,
    shards: Shards,
    medians: Arc<RwLock<Vec<Median>>>,
    writers: DashMap<IdentityId, Bucket>,
    answers: mpsc::Sender<Answer>,
}

/// How much somebody may still write.
#[derive(Debug)]
struct Bucket {
    left: f64,
    filled_at: i64,
    told: bool,
}

/// What a batch came to.
#[derive(Debug, Default)]
struct Turned {
    /// Events turned.
    count: usize,
    answers: Vec<Answer>,
    alarms: Vec<&'static str>,
    /// Credits moved, by kind of line.
    moved: BTreeMap<&'static str, i64>,
    /// Events whose deciding panicked, with their tries before.
    panicked: Vec<(i64, i64)>,
}

/// Which events a batch may take.
#[derive(Clone, Debug)]
enum Which {
    /// Whatever is first.
    First,
    /// Only these.
    Only(HashSet<i64>),
    /// Whatever is first but these.
    Without(HashSet<i64>),
}

impl Which {
    fn takes(&self, seq: i64) -> bool {
        match self {
            Self::First => true,
            Self::Only(seqs) => seqs.contains(&seq),
            Self::Without(seqs) => !seqs.contains(&seq),
        }
    }
}

impl Turner {
    /// A turner of these shards. Answers to presses leave by `answers` after the commit.
    pub fn new(
        store: Store,
        desk: Arc<Desk>,
        shards: Shards,
        medians: Arc<RwLock<Vec<Median>>>,
        answers: mpsc::Sender<Answer>,
    ) -> Self {
        Self { store, desk, shards, medians, writers: DashMap::new(), answers }
    }

    /// Turns events until it is told to stop.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut suspects = self.store.clock().now_ms() > 0;
        while !stop.is_cancelled() {
            let outcome = if suspects {
                self.turn_suspects().await.map(|more| {
                    suspects = more;
                    usize::from(more)
                })
            } else {
                self.turn_batch(Which::First).await
            };
            match outcome {
                Ok(0) if !suspects => self.rest(&stop, LOOK_AGAIN).await,
                Ok(_) => {}
                Err(StoreError::Fenced | StoreError::Closing) => return,
                Err(error) => {
                    error!(error = %error, "events cannot be turned now");
                    self.rest(&stop, LOOK_AGAIN).await;
                }
            }
        }
    }

    async fn rest(&self, stop: &CancellationToken, at_most: Duration) {
        tokio::select! {
            () = self.store.wakes().rung(Work::Inbox) => {}
            () = tokio::time::sleep(at_most) => {}
            () = stop.cancelled() => {}
        }
    }

    /// Turns one batch, whatever comes in between; how many events.
    async fn turn_batch(self: &Arc<Self>, which: Which) -> Result<usize, StoreError> {
        match self.commit(which.clone()).await {
            Err(StoreError::Lost(lost)) => {
                let lost: HashSet<i64> = lost.into_iter().collect();
                let others = match self.commit(Which::Without(lost.clone())).await {
                    Err(StoreError::Lost(_)) => 0,
                    others => others?,
                };
                Ok(others + self.turn_singly(lost).await?)
            }
            Err(
                error @ (StoreError::Inconsistent { .. }
                | StoreError::Refused(_)
                | StoreError::Constraint(_)),
            ) => {
                warn!(error = %error, "a batch failed; its events are turned one by one");
                let seqs = self.first_waiting(&which).await?;
                self.turn_singly(seqs.into_iter().map(|pending| pending.seq).collect()).await
            }
            outcome => outcome,
        }
    }

    /// Turns each of these alone; who fails alone waits, and after some tries is set aside.
    async fn turn_singly(self: &Arc<Self>, seqs: HashSet<i64>) -> Result<usize, StoreError> {
        let mut turned = 0;
        for seq in seqs {
            let only = Which::Only(HashSet::from([seq]));
            let mut tries = 0;
            let outcome = loop {
                match self.commit(only.clone()).await {
                    Err(StoreError::Lost(_)) if tries < 3 => tries += 1,
                    outcome => break outcome,
                }
            };
            match outcome {
                Ok(count) => turned += count,
                Err(
                    error @ (StoreError::Fenced | StoreError::Closing | StoreError::Unavailable(_)),
                ) => return Err(error),
                Err(error) => {
                    error!(inbox.seq = seq, error = %error, "event {seq} could not be turned");
                    self.postpone(seq).await?;
                    turned += 1;
                }
            }
        }
        Ok(turned)
    }

    /// After a start nobody knows which event ended the process before: a few at a time, each
    /// try counted before it is made. Whether there may be more.
    async fn turn_suspects(self: &Arc<Self>) -> Result<bool, StoreError> {
        let mut first = self.first_waiting(&Which::First).await?;
        if first.is_empty() {
            return Ok(false);
        }
        first.truncate(SUSPECTS);
        let poisoned: Vec<i64> =
            first.iter().filter(|one| one.attempts >= ATTEMPTS_MAX).map(|one| one.seq).collect();
        for seq in poisoned {
            self.set_aside(seq).await?;
        }
        first.retain(|one| one.attempts < ATTEMPTS_MAX);
        // One that was begun before goes alone, so that it cannot take others with it.
        if let Some(begun) = first.iter().position(|one| one.attempts > 0) {
            first = vec![first.swap_remove(begun)];
        }
        let seqs: Vec<i64> = first.iter().map(|one| one.seq).collect();
        let counted = seqs.clone();
        self.store
            .writer()
            .run(move |tx| {
                let seqs = counted.clone();
                Box::pin(async move { inbox::count_attempts(tx, &seqs).await })
            })
            .await?;
        self.turn_batch(Which::Only(seqs.into_iter().collect())).await?;
        Ok(true)
    }

    async fn first_waiting(&self, which: &Which) -> Result<Vec<Pending>, StoreError> {
        let (shards, now) = (self.shard_ranges(), self.store.clock().now_ms());
        let mut found = self
            .store
            .writer()
            .run(move |tx| {
                let shards = shards.clone();
                Box::pin(async move {
                    let mut found = Vec::new();
                    for range in shards {
                        found.extend(inbox::waiting(tx, range, BATCH, now).await?);
                    }
                    Ok(found)
                })
            })
            .await?;
        found.retain(|pending| which.takes(pending.seq));
        Ok(found)
    }

    async fn postpone(&self, seq: i64) -> Result<(), StoreError> {
        let waiting = self.first_waiting(&Which::Only(HashSet::from([seq]))).await?;
        let attempts = waiting.first().map_or(0, |pending| pending.attempts);
        if attempts + 1 >= ATTEMPTS_MAX {
            return self.set_aside(seq).await;
        }
        let until = self.store.clock().now_ms() + (POSTPONED_MS << attempts);
        self.store.writer().run(move |tx| Box::pin(inbox::postpone(tx, seq, until))).await
    }

    async fn set_aside(&self, seq: i64) -> Result<(), StoreError> {
        let now = self.store.clock().now_ms();
        self.store.writer().run(move |tx| Box::pin(inbox::set_aside(tx, seq, now))).await?;
        metrics::set_aside();
        error!(inbox.seq = seq, "event {seq} was set aside after {ATTEMPTS_MAX} tries");
        self.desk.alarms.raise("an event could not be turned and was set aside");
        Ok(())
    }

    /// Turns a batch in one transaction; how many events.
    async fn commit(self: &Arc<Self>, which: Which) -> Result<usize, StoreError> {
        let began = std::time::Instant::now();
        let turner = Arc::clone(self);
        let turned = self
            .store
            .writer()
            .run(move |tx| {
                let (turner, which) = (Arc::clone(&turner), which.clone());
                Box::pin(async move { turner.turn(tx, &which).await })
            })
            .await?;
        for (seq, _) in &turned.panicked {
            self.postpone(*seq).await?;
        }
        for (kind, credits) in &turned.moved {
            metrics::credits_moved(kind, *credits);
        }
        for alarm in &turned.alarms {
            self.desk.alarms.raise(alarm);
        }
        for answer in turned.answers {
            // What does not fit would come too late; so would what is left when this process ends.
            if self.answers.try_send(answer).is_err() {
                warn!("a press stays without its answer");
            }
        }
        if turned.count > 0 {
            metrics::turned(began.elapsed());
            let wakes = self.store.wakes();
            for work in [Work::Outbox, Work::Line, Work::Clock, Work::Sweeper] {
                wakes.ring(work);
            }
        }
        Ok(turned.count + turned.panicked.len())
    }

    /// The work of a batch.
    async fn turn(&self, tx: &mut Tx, which: &Which) -> Result<Turned, StoreError> {
        let now = self.store.clock().now_ms();
        let mut pending = Vec::new();
        for range in self.shard_ranges() {
            pending.extend(inbox::waiting(tx, range, BATCH, now).await?);
        }
        pending.retain(|one| which.takes(one.seq));
        if pending.is_empty() {
            return Ok(Turned::default());
        }
        let mut turned = Turned::default();
        let mut wanted = Vec::with_capacity(pending.len());
        for one in pending {
            let (seq, attempts) = (one.seq, one.attempts);
            match Wanted::of(self, one) {
                Some(one) => wanted.push(one),
                None => turned.panicked.push((seq, attempts)),
            }
        }
        let shared = Shared::read(self, tx, &wanted).await?;
        let mut people = HashSet::new();
        let mut outcomes = Vec::with_capacity(wanted.len());
        for one in &wanted {
            let facts = gather::facts(self, tx, &shared, one).await?;
            if gather::whose(&facts, one).is_some_and(|whose| !people.insert(whose)) {
                continue;
            }
            let frame = Frame {
                now,
                cause: Cause(one.seq),
                conversation: &one.conversation,
                house: &self.desk.house,
            };
            match catch_unwind(AssertUnwindSafe(|| decide(&frame, &facts, &one.event))) {
                Ok(effects) => outcomes.push(self.outcome(&mut turned, one, effects)),
                Err(_) => turned.panicked.push((one.seq, 0)),
            }
        }
        let carried = effects::carry_out(tx, &outcomes, now).await?;
        if !carried.lost.is_empty() {
            return Err(StoreError::Lost(carried.lost.into_iter().collect()));
        }
        turned.moved = carried.moved;
        let seqs: Vec<i64> = outcomes.iter().map(|outcome| outcome.seq).collect();
        inbox::finish(tx, &seqs, now).await?;
        turned.count = seqs.len();
        Ok(turned)
    }

    /// Words for what is said, and what leaves after the commit.
    fn outcome(&self, turned: &mut Turned, one: &Wanted, effects: Vec<Effect>) -> Outcome {
        let mut messages = Vec::new();
        for effect in &effects {
            match effect {
                Effect::Send(outgoing) => messages.push(render::render(&self.desk, outgoing)),
                Effect::AnswerTap { tap, language, say, alert } => turned.answers.push(Answer {
                    tap: tap.clone(),
                    channel: one.conversation.channel().to_owned(),
                    language: *language,
                    say: say.clone(),
                    alert: *alert,
                }),
                Effect::RaiseAlarm { what } => turned.alarms.push(what),
                _ => {}
            }
        }
        Outcome { seq: one.seq, effects, messages }
    }

    fn shard_ranges(&self) -> Vec<(i64, i64)> {
        self.shards.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The medians as they were measured last.
    fn medians(&self) -> Vec<Median> {
        self.medians.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The address of an account's gallery, for a day.
    fn gallery(&self, account: AccountId) -> String {
        let until = self.store.clock().now_ms() + GALLERY_MS;
        let token = self.desk.seal.gallery(account, until);
        format!("{}/g/{token}", self.desk.house.public_url)
    }

    /// How fast the writer of this event writes: a bucket that fills evenly.
    fn pace(&self, event: &Event, now: i64) -> Pace {
        let limit = f64::from(self.desk.messages_per_min);
        let Some(writer) = gather::writer(event).filter(|_| limit > 0.0) else {
            return gather::UNHURRIED;
        };
        let mut bucket = self.writers.entry(writer.clone()).or_insert(Bucket {
            left: limit,
            filled_at: now,
            told: false,
        });
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of minutes")]
        let passed = (now - bucket.filled_at).max(0) as f64 / 60_000.0;
        bucket.left = (bucket.left + passed * limit).min(limit);
        bucket.filled_at = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            bucket.told = false;
            Pace::Fine
        } else if std::mem::replace(&mut bucket.told, true) {
            Pace::TooFast
        } else {
            Pace::TooFastNow
        }
    }

    /// Forgets writers whose buckets are full again.
    pub fn forget_writers(&self) {
        let now = self.store.clock().now_ms();
        self.writers.retain(|_, bucket| now - bucket.filled_at < 60_000);
    }
}
