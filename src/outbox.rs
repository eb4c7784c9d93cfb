//! The sender: one task for each channel, the only one that writes to it.
//!
//! Messages of one conversation go one after the other, conversations side by side, within the
//! channel's budget. What became of them is written down many in one commit; a conversation goes
//! on when that commit is done, so that an edit always finds the message it edits. Progress shares
//! the task and its budget, and comes after what has to be delivered.

mod askings;
mod budget;
mod drafts;
mod fates;
mod handover;
mod outlet;
mod parcel;
mod patience;
mod progress;
mod queue;
mod reading;
mod shows;
mod suspects;
mod taps;

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::Arc,
    time::{Duration, Instant},
};

use picdesk_core::{
    channel::Channel,
    id::{ConversationId, Slot},
};
use tokio::{
    sync::mpsc,
    task::{Id, JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

pub use askings::{ASKED_MAX, answer_askings};
pub use budget::RateScope;
pub use outlet::{Outlet, Outlets, Said};
pub(crate) use parcel::preview_of;
pub use patience::Patience;
pub use progress::{Lanes, Partial, Progress};
pub use taps::{TAPS_MAX, answer_taps};

use self::{
    budget::Budget,
    handover::{Hints, Means, Tried, Try},
    patience::{Heard, Outage},
    queue::Queue,
    suspects::{May, Suspects},
};
use crate::{
    alarm::Alarms,
    artifacts::Artifacts,
    pictures::Darkroom,
    store::{
        Store, StoreError,
        outbox::{Fate, Settled, Waiting},
    },
    telemetry::metrics,
};

/// Deliveries under way at once.
const UNDER_WAY_MAX: usize = 256;
/// The net under the wake-ups, and how often everything that waits is read anew.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How soon something may start while it is not known what was taken back.
const SOON: Duration = Duration::from_millis(20);
/// Sends that progress leaves in a chat's bucket.
const SPARE: u32 = 2;

/// A delivery that came back.
struct Back {
    waiting: Waiting,
    over: Try,
}

/// Sends what waits on a channel.
pub struct Sender {
    means: Arc<Means>,
    progress: Arc<Progress>,
    outage: Outage,
    queues: HashMap<ConversationId, Queue>,
    known: HashSet<i64>,
    under_way: JoinSet<Back>,
    shows: JoinSet<()>,
    /// Slots that a show under way changes.
    showing: HashMap<Id, Slot>,
    /// Where turns of this process hand their messages over.
    outlet: Arc<Outlet>,
    /// Everything up to this number was read.
    last_read: i64,
    read_all_at: Instant,
    /// The conversation after which the reading of everything goes on.
    read_on: String,
    /// There may be rows after the last one read.
    unread: bool,
    /// The last time that everything was read it came to its end.
    whole: bool,
    /// How often messages were taken back that may be known here, as far as that was seen to.
    withdrawals: u64,
    /// Messages that were under way when others were taken back: who comes back to wait again is
    /// looked at once more.
    in_doubt: HashSet<i64>,
    /// Something may start that could not before.
    stirred: bool,
    /// When something else may start.
    start_at: Instant,
    /// Messages that may have ended a process.
    suspects: Suspects,
    /// What an earlier sender sent a moment ago is in the budget.
    counted: bool,
}

/// What a sender is made of.
pub struct SenderParts {
    /// The store.
    pub store: Store,
    /// The channel.
    pub channel: Arc<dyn Channel>,
    /// All channels by name: pictures are passed on from any of them.
    pub others: HashMap<&'static str, Arc<dyn Channel>>,
    /// Stored pictures.
    pub artifacts: Artifacts,
    /// Where pictures are fitted.
    pub darkroom: Darkroom,
    /// What the owner must hear of.
    pub alarms: Alarms,
    /// The progress lane.
    pub progress: Arc<Progress>,
    /// How long it waits after what came to nothing.
    pub patience: Patience,
    /// Where turns of this process hand their messages over.
    pub outlet: Arc<Outlet>,
}

impl Sender {
    /// A sender that has read nothing yet.
    pub fn new(parts: SenderParts) -> Self {
        let now = Instant::now();
        let means = Means {
            budget: Budget::of(parts.channel.capabilities(), now),
            store: parts.store,
            channel: parts.channel,
            others: parts.others,
            artifacts: parts.artifacts,
            darkroom: parts.darkroom,
            alarms: parts.alarms,
            patience: parts.patience,
        };
        Self {
            suspects: Suspects::since_now(means.store.clock()),
            means: Arc::new(means),
            progress: parts.progress,
            outage: Outage::none(parts.patience),
            queues: HashMap::new(),
            known: HashSet::new(),
            under_way: JoinSet::new(),
            shows: JoinSet::new(),
            showing: HashMap::new(),
            outlet: parts.outlet,
            last_read: 0,
            read_all_at: now,
            read_on: String::new(),
            unread: true,
            whole: false,
            withdrawals: 0,
            in_doubt: HashSet::new(),
            stirred: true,
            start_at: now,
            counted: false,
        }
    }

    /// Sends until it is told to stop; then what is under way ends.
    pub async fn run(mut self, stop: CancellationToken) {
        let (fates, settled) = mpsc::channel::<Settled>(UNDER_WAY_MAX * 2);
        let (done, mut dones) = mpsc::unbounded_channel::<Vec<Settled>>();
        let settling = tokio::spawn(fates::settle(self.means.store.clone(), settled, done));
        let mut handed = self.outlet.open();
        let bell = self.means.store.wakes().of_sender(self.means.capabilities().name);
        self.progress.drained(true);
        info!(channel = self.means.capabilities().name, "sending begins");
        // Whose fates cannot be written down any more has been taken over, and says nothing more.
        while !stop.is_cancelled() && !settling.is_finished() {
            if let Err(error) = self.read_what_waits().await {
                if matches!(error, StoreError::Closing | StoreError::Fenced) {
                    break;
                }
                error!(error = %error, "waiting messages cannot be read now");
            }
            let now = Instant::now();
            if std::mem::take(&mut self.stirred) || now >= self.start_at {
                self.start_at = now + self.start();
                self.outlet.know(self.known.len());
            }
            let wait = self.start_at.saturating_duration_since(now);
            // Drafts are shown seldom; after progress their chats would always rest.
            self.show_drafts();
            self.show_progress().await;
            tokio::select! {
                () = bell.notified() => self.unread = true,
                Some(handed) = handed.recv() => self.take(handed.take()),
                () = self.progress.ring.notified() => {}
                () = tokio::time::sleep(wait.min(LOOK_AGAIN)) => {}
                () = stop.cancelled() => {}
                Some(back) = self.under_way.join_next() => self.take_back(back, &fates).await,
                Some(settled) = dones.recv() => self.settled(settled),
                Some(shown) = self.shows.join_next_with_id() => self.shown(&shown),
            }
            while let Ok(handed) = handed.try_recv() {
                self.take(handed.take());
            }
            while let Some(back) = self.under_way.try_join_next() {
                self.take_back(back, &fates).await;
            }
            while let Ok(settled) = dones.try_recv() {
                self.settled(settled);
            }
        }
        self.progress.drained(false);
        while let Some(back) = self.under_way.join_next().await {
            self.take_back(back, &fates).await;
        }
        drop(fates);
        // The last fates are written down before the lease is given back.
        let _ = settling.await;
    }

    /// Starts what may start; how long until something else may.
    fn start(&mut self) -> Duration {
        let now = Instant::now();
        let mut wait = LOOK_AGAIN;
        if self.withdrawals != self.means.store.wakes().withdrawals() {
            // What was taken back does not leave, and only the rows say what that is.
            return SOON;
        }
        let outage = self.outage.is_on();
        let mut due: Vec<&mut Queue> = Vec::new();
        for queue in self.queues.values_mut().filter(|queue| queue.first().is_some()) {
            match queue.rest(now, outage) {
                Some(rest) => wait = wait.min(rest),
                None => due.push(queue),
            }
        }
        if outage {
            // Who failed least often finds out: what one message did wrong is not the channel's.
            due.sort_by_key(|queue| queue.tries.all);
        }
        for queue in due {
            if self.under_way.len() >= UNDER_WAY_MAX {
                break;
            }
            let Some(first) = queue.first() else { continue };
            if self.outlet.is_behind(&first.message.conversation, first.message.id.0) {
                continue;
            }
            let slot = shows::settles(first);
            if slot.is_some_and(|slot| self.showing.values().any(|shown| *shown == slot)) {
                continue;
            }
            let may = self.suspects.may_begin(first, &self.means.alarms);
            if let May::NotYet(rest) = may {
                wait = wait.min(rest);
                continue;
            }
            if let Err(rest) = self.outage.may_begin(now) {
                wait = wait.min(rest);
                break;
            }
            let scope = self.means.rate_scope(&first.message);
            let sends = self.means.channel.sends(&first.message);
            if let Err(patience) = self.means.budget.take_sends(&scope, sends, now) {
                wait = wait.min(patience);
                continue;
            }
            let Some(mut waiting) = queue.begin() else { continue };
            self.suspects.begins(&waiting);
            self.outage.begins(now);
            queue.shows_picture |= slot.is_some_and(|slot| self.progress.close(slot));
            let hints = Hints {
                shows_picture: queue.shows_picture,
                tries: queue.tries,
                maybe_begun: self.suspects.was_here(&waiting),
            };
            let means = Arc::clone(&self.means);
            self.under_way.spawn(async move {
                let began = Instant::now();
                let over = match may {
                    May::Freely => means.try_guarded(&mut waiting, hints).await,
                    May::Counted => means.try_suspect(&mut waiting, hints).await,
                    May::Never | May::NotYet(_) => Try::given_up(),
                };
                metrics::delivered(means.capabilities().name, began.elapsed());
                Back { waiting, over }
            });
        }
        wait
    }

    /// A delivery came back: settled, or to be tried again.
    async fn take_back(&mut self, back: Result<Back, JoinError>, fates: &mpsc::Sender<Settled>) {
        // A delivery that panics says so itself: nothing else is forgotten because of it.
        let Ok(Back { waiting, over: Try { tried, heard } }) = back else { return };
        let conversation = waiting.message.conversation.clone();
        let now = Instant::now();
        self.suspects.back(&waiting);
        // Each one that comes back leaves room, which others wait for only where it was short.
        let room_was_short = self.under_way.len() + 1 >= UNDER_WAY_MAX || self.outage.is_on();
        self.stirred |= room_was_short || !matches!(tried, Tried::Settled(_));
        if self.outage.hear(heard, &conversation, now) {
            warn!(channel = conversation.channel(), "the channel answers again");
            self.queues.values_mut().for_each(Queue::wake);
        }
        let queue = self.queues.entry(conversation).or_default();
        let rest = match tried {
            Tried::Settled(fate) => {
                metrics::outbox_delivery(self.means.capabilities().name, word_of(&fate));
                // The settling task ends only after this one.
                let _ = fates.send(Settled { waiting, fate }).await;
                return;
            }
            Tried::Again(rest) => {
                queue.tries.all = queue.tries.all.saturating_add(1);
                rest
            }
            Tried::Anew(rest) => {
                queue.tries.gone += 1;
                rest
            }
            Tried::Broke(rest) => {
                queue.tries.broke += 1;
                rest
            }
            Tried::Halfway(rest) => rest,
            Tried::Patience(rest, scope, rate_scope) => {
                self.means.budget.block(&rate_scope, scope, rest, now);
                rest
            }
        };
        queue.rest_for(rest, now, heard == Heard::Nothing);
        if self.in_doubt.remove(&waiting.message.id.0) {
            self.withdrawals = self.withdrawals.wrapping_sub(1);
        }
        queue.put_back(waiting);
    }

    /// A show is over.
    fn shown(&mut self, shown: &Result<(Id, ()), JoinError>) {
        let id = match shown {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        self.showing.remove(&id);
        self.stirred = true;
    }

    /// Fates are written down: their conversations go on.
    fn settled(&mut self, settled: Vec<Settled>) {
        self.stirred = true;
        for Settled { waiting, fate } in settled {
            self.known.remove(&waiting.message.id.0);
            self.in_doubt.remove(&waiting.message.id.0);
            if let Fate::Moved(to) = &fate {
                self.move_queue(&waiting, to);
                continue;
            }
            let conversation = waiting.message.conversation;
            if let Entry::Occupied(mut queue) = self.queues.entry(conversation) {
                queue.get_mut().go_on();
                if queue.get().runs_low() {
                    self.read_all_at = Instant::now();
                }
                // Only those with something to do are kept: each one is looked at each time.
                if queue.get().is_idle() && !queue.get().more {
                    queue.remove();
                }
            }
        }
    }
}

fn word_of(fate: &Fate) -> &'static str {
    match fate {
        Fate::Delivered(_) => "delivered",
        Fate::Refused(_) | Fate::GivenUp => "refused",
        Fate::Unknown => "unknown",
        Fate::Later(_) => "later",
        Fate::Moved(_) => "moved",
        Fate::Dropped => "dropped",
        Fate::Held(_) => "held",
    }
}
