//! Turning events: each one once, in its conversation's order, many in one commit.
//!
//! A batch takes the first waiting event of each ordering key, and at most one of each account, so
//! that every event is decided on facts that no other event of the batch changes. Deciding is
//! pure; what follows is carried out in the transaction that read the facts, and marks the events
//! as turned. An event that loses a race for credits or for a picture is decided again alone.

mod gather;
mod pace;
mod receive;
pub(crate) mod render;
pub mod shards;
mod suspects;
#[cfg(test)]
mod tests;
mod turned;

use std::{
    collections::{BTreeSet, HashSet},
    panic::AssertUnwindSafe,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use picdesk_core::{
    decide::decide,
    effect::{Effect, LinkEffect},
    facts::{Facts, Frame, House, Kept, Median},
    id::{AccountId, ArtifactId, Cause},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use self::{
    gather::{Shared, Wanted},
    pace::{Writers, Written},
    receive::Alone,
    suspects::Suspects,
    turned::Turned,
};
pub use self::{
    receive::{Arrived, write_down},
    shards::{ShardSet, Shards},
};
use crate::{
    alarm::Alarms,
    buttons::{GALLERY_MS, PORTAL_MS, Seal},
    doors::Doors,
    outbox::{Outlets, Said},
    store::{
        Store, StoreError, Tx, Work,
        effects::{self, Answer, Outcome},
        inbox::{self, Aside, BatchSize, Pending},
        outbox::Waiting,
    },
    words::{SayContext, Words},
};

/// Events of one batch, and rows looked at for them.
const BATCH: BatchSize = BatchSize { events: 256, looked_at: 2048 };
/// Tries before an event is set aside.
const ATTEMPTS_MAX: i64 = 3;
/// The net under the wake-ups.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// The first wait after an event failed, milliseconds; it doubles so often, up to a minute.
const POSTPONED_MS: i64 = 500;
const POSTPONED_DOUBLED: i64 = 7;
const POSTPONED_MOST_MS: i64 = 60_000;

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
    /// Where our chats are found from outside.
    pub doors: Doors,
}

/// Turns events.
pub struct Turner {
    pub(crate) store: Store,
    pub(crate) desk: Arc<Desk>,
    shards: Arc<Shards>,
    medians: Arc<RwLock<Vec<Median>>>,
    writers: Writers,
    answers: mpsc::Sender<Answer>,
    outlets: Outlets,
    alone: Option<Alone>,
}

/// What became of one event of a batch.
enum Decided {
    /// This is to be done and said, and this leaves after the commit.
    Effects(Outcome, Box<Turned>),
    /// Somebody of this batch is its writer too: it is left for the next.
    Later,
    /// It panicked.
    Panicked,
}

/// Which events a batch may take: the first of each key in these shards.
#[derive(Clone, Debug)]
struct Take {
    shards: ShardSet,
    /// Only these, if that is said.
    only: Option<HashSet<i64>>,
    /// None of these.
    without: HashSet<i64>,
}

impl Take {
    fn all(shards: ShardSet) -> Self {
        Self { shards, only: None, without: HashSet::new() }
    }

    fn only(shards: ShardSet, seqs: HashSet<i64>) -> Self {
        Self { only: Some(seqs), ..Self::all(shards) }
    }

    fn takes(&self, seq: i64) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&seq)) && !self.without.contains(&seq)
    }
}

impl Turner {
    /// A turner of these shards. Answers to presses leave by `answers` after the commit.
    pub fn new(
        store: Store,
        desk: Arc<Desk>,
        shards: Arc<Shards>,
        medians: Arc<RwLock<Vec<Median>>>,
        answers: mpsc::Sender<Answer>,
    ) -> Self {
        let writers = Writers::new(desk.messages_per_min);
        let outlets = Outlets::default();
        Self { store, desk, shards, medians, writers, answers, outlets, alone: None }
    }

    /// The same, for a process beside which no other turns events: with short ways to the senders
    /// of channels, and for [`receive`](Self::receive).
    #[must_use]
    pub fn alone(self, outlets: Outlets) -> Self {
        let alone = Some(Alone::since_now(&self.store));
        Self { outlets, alone, ..self }
    }

    /// Turns events until it is told to stop.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut suspects = Suspects::default();
        while !stop.is_cancelled() {
            match self.turn_some(&mut suspects).await {
                Ok(0) => self.rest(&stop, LOOK_AGAIN).await,
                Ok(_) => {}
                Err(StoreError::Fenced | StoreError::Closing) => return,
                Err(error) => {
                    error!(error = %error, "events cannot be turned now");
                    self.rest(&stop, LOOK_AGAIN).await;
                }
            }
        }
    }

    async fn turn_some(self: &Arc<Self>, suspects: &mut Suspects) -> Result<usize, StoreError> {
        let mut suspected = self.turn_suspects(suspects).await?;
        if suspected == 0 {
            suspected += usize::from(self.take_up(suspects).await?);
        }
        let trusted = suspects.trusted(self.shards.ours());
        if trusted.is_empty() {
            return Ok(suspected);
        }
        // A transaction that writes costs a flush even where nothing waits.
        if !self.is_any_due(trusted).await? {
            return Ok(suspected);
        }
        Ok(suspected + self.turn_batch(Take::all(trusted)).await?)
    }

    async fn is_any_due(&self, shards: ShardSet) -> Result<bool, StoreError> {
        let now = self.store.clock().now_ms();
        let mut connection = self.store.read().await?;
        for range in shards.ranges() {
            if inbox::is_any_due(&mut connection, range, now).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn rest(&self, stop: &CancellationToken, at_most: Duration) {
        tokio::select! {
            () = self.store.wakes().rung(Work::Inbox) => {}
            () = tokio::time::sleep(at_most) => {}
            () = stop.cancelled() => {}
        }
    }

    /// Turns one batch, whatever comes in between; how many events.
    async fn turn_batch(self: &Arc<Self>, take: Take) -> Result<usize, StoreError> {
        match self.commit(take.clone()).await {
            Err(StoreError::Lost(lost)) => {
                let lost: HashSet<i64> = lost.into_iter().collect();
                let others = Take { without: lost.clone(), ..take };
                let others = match self.commit(others).await {
                    Err(StoreError::Lost(_)) => 0,
                    others => others?,
                };
                Ok(others + self.turn_singly(lost).await?)
            }
            Err(
                error @ (StoreError::Inconsistent { .. }
                | StoreError::Refused(_)
                | StoreError::Constraint(_)
                | StoreError::Site { .. }
                | StoreError::Panicked),
            ) => {
                warn!(error = %error, "a batch failed; its events are turned one by one");
                let seqs = self.first_waiting(&take).await?;
                self.turn_singly(seqs.into_iter().map(|pending| pending.seq).collect()).await
            }
            outcome => outcome,
        }
    }

    /// Turns each of these alone; who fails alone waits, and after some tries is set aside.
    async fn turn_singly(self: &Arc<Self>, seqs: HashSet<i64>) -> Result<usize, StoreError> {
        let mut turned = 0;
        for seq in seqs {
            let only = Take::only(self.shards.ours(), HashSet::from([seq]));
            let mut tries = 0;
            let outcome = loop {
                match self.commit(only.clone()).await {
                    Err(StoreError::Lost(_)) if tries < 3 => tries += 1,
                    outcome => break outcome,
                }
            };
            match outcome {
                Ok(count) => turned += count,
                Err(error @ (StoreError::Fenced | StoreError::Closing)) => return Err(error),
                Err(error) if error.is_outage() => return Err(error),
                Err(error) => {
                    error!(inbox.seq = seq, error = %error, "event {seq} could not be turned");
                    let may_fail = self.hear(&error);
                    self.postpone_for(seq, may_fail).await?;
                    turned += 1;
                }
            }
        }
        Ok(turned)
    }

    async fn first_waiting(&self, take: &Take) -> Result<Vec<Pending>, StoreError> {
        let now = self.store.clock().now_ms();
        let mut connection = self.store.read().await?;
        let mut found = Vec::new();
        for range in take.shards.ranges() {
            found.extend(inbox::waiting(&mut connection, range, BATCH, now).await?);
        }
        found.retain(|pending| take.takes(pending.seq));
        Ok(found)
    }

    async fn postpone(&self, seq: i64) -> Result<(), StoreError> {
        self.postpone_for(seq, ATTEMPTS_MAX).await
    }

    /// An event waits, longer each time, and is set aside when it has failed so often.
    async fn postpone_for(&self, seq: i64, may_fail: i64) -> Result<(), StoreError> {
        let waiting =
            self.first_waiting(&Take::only(self.shards.ours(), HashSet::from([seq]))).await?;
        let attempts = waiting.first().map_or(0, |pending| pending.attempts);
        if attempts + 1 >= may_fail {
            return self.give_up(seq, Aside::Failed, waiting.first()).await;
        }
        let rest = (POSTPONED_MS << attempts.min(POSTPONED_DOUBLED)).min(POSTPONED_MOST_MS);
        let until = self.store.clock().now_ms() + rest;
        self.store.writer().run(move |tx| Box::pin(inbox::postpone(tx, seq, until))).await
    }

    /// Turns a batch in one transaction; how many events.
    async fn commit(self: &Arc<Self>, take: Take) -> Result<usize, StoreError> {
        let began = Instant::now();
        let turner = Arc::clone(self);
        let turned = self
            .store
            .writer()
            .run(move |tx| {
                let (turner, take) = (Arc::clone(&turner), take.clone());
                Box::pin(async move { turner.turn(tx, &take).await })
            })
            .await?;
        self.committed(turned, began).await
    }

    /// The work of a batch.
    async fn turn(&self, tx: &mut Tx, take: &Take) -> Result<Turned, StoreError> {
        let now = self.store.clock().now_ms();
        let mut pending = Vec::new();
        // What is not ours any more is another replica's to turn.
        for range in take.shards.common(self.shards.ours()).ranges() {
            pending.extend(inbox::waiting(tx, range, BATCH, now).await?);
        }
        pending.retain(|one| take.takes(one.seq));
        if pending.is_empty() {
            return Ok(Turned::default());
        }
        let (turned, seqs) = self.turn_these(tx, pending, now).await?;
        inbox::finish(tx, &seqs, now).await?;
        Ok(turned)
    }

    /// Decides on events and carries out what follows; the numbers of those that are turned.
    async fn turn_these(
        &self,
        tx: &mut Tx,
        pending: Vec<Pending>,
        now: i64,
    ) -> Result<(Turned, Vec<i64>), StoreError> {
        let mut turned = Turned::default();
        let mut wanted = Vec::with_capacity(pending.len());
        for one in pending {
            let seq = one.seq;
            match Wanted::of(self, one) {
                Some(one) => wanted.push(one),
                None => turned.unreadable.push(seq),
            }
        }
        let shared = Shared::read(self, tx, &wanted).await?;
        let mut people = HashSet::new();
        let mut outcomes = Vec::with_capacity(wanted.len());
        for one in &wanted {
            let deciding = AssertUnwindSafe(self.decide(tx, &shared, &mut people, one, now));
            match deciding.catch_unwind().await.unwrap_or(Ok(Decided::Panicked))? {
                Decided::Effects(outcome, one) => {
                    outcomes.push(outcome);
                    turned.absorb(*one);
                }
                Decided::Later => {}
                Decided::Panicked => turned.panicked.push(one.seq),
            }
        }
        let carried = effects::carry_out(tx, &outcomes, now).await?;
        if !carried.lost.is_empty() {
            return Err(StoreError::Lost(carried.lost.into_iter().collect()));
        }
        turned.moved = carried.moved;
        turned.trouble = carried.trouble;
        let seqs: Vec<i64> = outcomes.iter().map(|outcome| outcome.seq).collect();
        turned.count = seqs.len();
        turned.channels = channels_of(&outcomes);
        turned.said = self.say(outcomes);
        Ok((turned, seqs))
    }

    /// Chooses the ways to the senders of what a batch says.
    fn say(&self, mut outcomes: Vec<Outcome>) -> Vec<Said> {
        let messages = outcomes.iter_mut().flat_map(|one| std::mem::take(&mut one.messages));
        let messages = messages.map(Waiting::from).collect();
        let effects = outcomes.iter().flat_map(|one| &one.effects);
        self.outlets.promise(messages, &effects.filter_map(changes_rows).collect())
    }

    /// What follows from one event, in words; its writer is added to `people`.
    async fn decide(
        &self,
        tx: &mut Tx,
        shared: &Shared,
        people: &mut HashSet<String>,
        one: &Wanted,
        now: i64,
    ) -> Result<Decided, StoreError> {
        #[cfg(test)]
        tests::strike(&one.conversation);
        let facts = gather::facts(self, tx, shared, one).await?;
        let whose = gather::whose(&facts, one);
        if whose.iter().any(|whose| people.contains(whose)) {
            return Ok(Decided::Later);
        }
        people.extend(whose);
        let frame = Frame {
            now,
            cause: Cause(one.seq),
            conversation: &one.conversation,
            house: &self.desk.house,
            window: gather::window(self, tx, one).await?,
        };
        let effects = decide(&frame, &facts, &one.event);
        let (mut messages, mut turned) = (Vec::new(), Box::<Turned>::default());
        turned.written.extend(written(one, &facts));
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
                Effect::RaiseAlarm { what } => turned.alarms.push((what, String::new())),
                Effect::RaiseAlarmOf { what, of } => turned.alarms.push((what, of.clone())),
                Effect::DeleteArtifact { .. } => turned.rings.push(Work::Sweeper),
                Effect::Generate(_) => turned.rings.push(Work::Line),
                Effect::SetTimer { .. } | Effect::HastenTimers { .. } => {
                    turned.rings.push(Work::Clock);
                }
                Effect::RunErrand(_) => turned.rings.push(Work::Errands),
                Effect::Link(LinkEffect::Separate { .. }) => {
                    turned.rings.extend([Work::Withdrawal, Work::Inbox]);
                }
                Effect::AnswerEscalation { after_ms, .. } => turned.first_answers.push(*after_ms),
                _ => {}
            }
        }
        Ok(Decided::Effects(Outcome { seq: one.seq, effects, messages }, turned))
    }

    /// The medians as they were measured last.
    fn medians(&self) -> Vec<Median> {
        self.medians.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The address of a picture, for whoever has the link.
    fn address(&self, kept: &Kept) -> String {
        self.address_of(kept.artifact.id)
    }

    fn address_of(&self, artifact: ArtifactId) -> String {
        let token = self.desk.seal.picture(artifact);
        format!("{}/p/{token}", self.desk.house.public_url)
    }

    /// The address of an account's gallery, for a day.
    fn gallery(&self, account: AccountId) -> String {
        let until = self.store.clock().now_ms() + GALLERY_MS;
        let token = self.desk.seal.gallery(account, until);
        format!("{}/g/{token}", self.desk.house.public_url)
    }

    /// The address that opens the payment provider's portal for whoever has it, for a while.
    fn portal(&self, account: AccountId) -> String {
        let until = self.store.clock().now_ms() + PORTAL_MS;
        let token = self.desk.seal.portal(account, until);
        format!("{}/creem/portal/{token}", self.desk.house.public_url)
    }

    /// Forgets writers whose buckets are full again.
    pub fn forget_writers(&self) {
        self.writers.forget_full(self.store.clock().now_ms());
    }
}

/// The channels on which these say something, or let something go that waited.
fn channels_of(outcomes: &[Outcome]) -> BTreeSet<String> {
    let messages = outcomes.iter().flat_map(|one| &one.messages);
    let said = messages.map(|one| one.message.conversation.channel());
    let effects = outcomes.iter().flat_map(|one| &one.effects);
    let channels: BTreeSet<&str> = said.chain(effects.filter_map(changes_rows)).collect();
    channels.into_iter().map(str::to_owned).collect()
}

/// The channel on which an effect changes messages that wait, or what becomes of new ones.
fn changes_rows(effect: &Effect) -> Option<&str> {
    match effect {
        Effect::MoveConversation { to, .. } | Effect::Readdress { to, .. } => Some(to.channel()),
        Effect::OpenWindow { conversation, .. }
        | Effect::HandChat { conversation, .. }
        | Effect::ReleaseHeld { conversation }
        | Effect::ReleaseAll { conversation }
        | Effect::CountReplies { conversation, .. } => Some(conversation.channel()),
        _ => None,
    }
}

/// What a decided event counts for against how fast its writer may write.
fn written(one: &Wanted, facts: &Facts) -> Option<Written> {
    let Facts::Message(facts) = facts else { return None };
    let by = picdesk_core::pace::writer(&one.event, facts.album.as_ref())?.clone();
    Some(Written { by, conversation: one.conversation.clone(), pace: facts.pace })
}
