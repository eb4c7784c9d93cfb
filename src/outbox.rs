//! The sender: one task for each channel, the only one that touches it.
//!
//! Messages of one conversation go one after the other, conversations side by side, within the
//! channel's budget. What became of them is written down many in one commit; a conversation goes
//! on when that commit is done, so that an edit always finds the message it edits. Progress and
//! answers to presses share the task and its budget, and come after what has to be delivered.

mod budget;
mod drafts;
mod handover;
mod progress;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use picdesk_core::{
    channel::{Channel, Content, Place, Showing, TapAnswer},
    id::ConversationId,
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

pub use progress::{Partial, Progress};

use self::{
    budget::{Budget, RateScope},
    handover::{Means, Tried},
};
use crate::{
    artifacts::Artifacts,
    pictures::Darkroom,
    store::{
        Store, StoreError, Work,
        effects::Answer,
        outbox::{self, Fate, Settled, Waiting},
    },
    telemetry::metrics,
    turn::Desk,
};

/// Deliveries under way at once.
const UNDER_WAY_MAX: usize = 256;
/// Rows read at once.
const READ_MAX: i64 = 512;
/// Fates in one commit.
const SETTLED_MAX: usize = 512;
/// The net under the wake-ups, and how often everything that waits is read anew.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Sends that progress leaves in a chat's bucket.
const SPARE: u32 = 2;

/// A conversation with messages waiting.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// One is under way, or its fate is being written down.
    busy: bool,
    /// Tries of the first one.
    tries: u32,
    /// The first one rests until then.
    rests_until: Option<Instant>,
}

/// A delivery that came back.
struct Back {
    waiting: Waiting,
    tried: Tried,
}

/// Sends what waits on a channel.
pub struct Sender {
    means: Arc<Means>,
    desk: Arc<Desk>,
    progress: Arc<Progress>,
    answers: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Answer>>>,
    budget: Arc<Budget>,
    queues: HashMap<ConversationId, Queue>,
    known: HashSet<i64>,
    under_way: JoinSet<Back>,
    shows: JoinSet<()>,
    last_read: i64,
    read_all_at: Instant,
}

/// What a sender is made of.
pub struct SenderParts {
    /// The store.
    pub store: Store,
    /// The channel.
    pub channel: Arc<dyn Channel>,
    /// Stored pictures.
    pub artifacts: Artifacts,
    /// Where pictures are fitted.
    pub darkroom: Darkroom,
    /// Wording.
    pub desk: Arc<Desk>,
    /// The progress lane.
    pub progress: Arc<Progress>,
    /// Answers to presses; shared, for a lease may go and come back.
    pub answers: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Answer>>>,
}

impl Sender {
    /// A sender that has read nothing yet.
    pub fn new(parts: SenderParts) -> Self {
        let now = Instant::now();
        let budget = Arc::new(Budget::of(parts.channel.capabilities(), now));
        let means = Means {
            store: parts.store,
            channel: parts.channel,
            artifacts: parts.artifacts,
            darkroom: parts.darkroom,
            alarms: parts.desk.alarms.clone(),
        };
        Self {
            means: Arc::new(means),
            desk: parts.desk,
            progress: parts.progress,
            answers: parts.answers,
            budget,
            queues: HashMap::new(),
            known: HashSet::new(),
            under_way: JoinSet::new(),
            shows: JoinSet::new(),
            last_read: 0,
            read_all_at: now,
        }
    }

    /// Sends until it is told to stop; then what is under way ends.
    pub async fn run(mut self, stop: CancellationToken) {
        let (fates, settled) = mpsc::channel::<Settled>(UNDER_WAY_MAX * 2);
        let (done, mut dones) = mpsc::unbounded_channel::<Vec<Settled>>();
        let settling = tokio::spawn(settle(self.means.store.clone(), settled, done));
        let answers = Arc::clone(&self.answers);
        let mut answers = answers.lock().await;
        info!(channel = self.means.capabilities().name, "sending begins");
        while !stop.is_cancelled() {
            if let Err(error) = self.read().await {
                if matches!(error, StoreError::Closing | StoreError::Fenced) {
                    break;
                }
                error!(error = %error, "waiting messages cannot be read now");
            }
            let wait = self.start();
            self.show_progress().await;
            self.show_drafts();
            tokio::select! {
                () = self.means.store.wakes().rung(Work::Outbox) => {}
                () = self.progress.ring.notified() => {}
                () = tokio::time::sleep(wait.min(LOOK_AGAIN)) => {}
                () = stop.cancelled() => {}
                Some(back) = self.under_way.join_next() => self.take_back(back, &fates).await,
                Some(settled) = dones.recv() => self.settled(settled),
                Some(answer) = answers.recv() => self.answer(answer),
                Some(_) = self.shows.join_next() => {}
            }
            while let Some(back) = self.under_way.try_join_next() {
                self.take_back(back, &fates).await;
            }
            while let Ok(settled) = dones.try_recv() {
                self.settled(settled);
            }
            while let Ok(answer) = answers.try_recv() {
                self.answer(answer);
            }
        }
        while let Some(back) = self.under_way.join_next().await {
            self.take_back(back, &fates).await;
        }
        drop(fates);
        // The last fates are written down before the lease is given back.
        let _ = settling.await;
    }

    /// Reads what waits and is not known yet.
    async fn read(&mut self) -> Result<(), StoreError> {
        if self.known.len() >= UNDER_WAY_MAX * 4 {
            return Ok(());
        }
        let now = Instant::now();
        let everything = now >= self.read_all_at;
        let mut after = if everything { 0 } else { self.last_read };
        if everything {
            self.read_all_at = now + LOOK_AGAIN;
            self.budget.forget_full(now);
            self.queues.retain(|_, queue| queue.busy || !queue.waiting.is_empty());
        }
        let domain_now = self.means.store.clock().now_ms();
        let channel = self.means.capabilities().name;
        let mut connection = self.means.store.read().await?;
        loop {
            let rows = outbox::waiting(&mut connection, channel, after, READ_MAX).await?;
            let full = rows.len() as i64 == READ_MAX;
            for waiting in rows {
                after = waiting.message.id.0;
                if !self.known.insert(after) {
                    continue;
                }
                let queue = self.queues.entry(waiting.message.conversation.clone()).or_default();
                let later = waiting.not_before - domain_now;
                if later > 0 && queue.waiting.is_empty() {
                    let later = Duration::from_millis(later.unsigned_abs());
                    queue.rests_until = Some(now + later);
                }
                let place =
                    queue.waiting.partition_point(|other| other.message.id < waiting.message.id);
                queue.waiting.insert(place, waiting);
            }
            self.last_read = self.last_read.max(after);
            if !full || self.known.len() >= UNDER_WAY_MAX * 4 {
                break;
            }
        }
        metrics::outbox_waiting(self.known.len() as i64);
        Ok(())
    }

    /// Starts what may start; how long until something else may.
    fn start(&mut self) -> Duration {
        let now = Instant::now();
        let mut wait = LOOK_AGAIN;
        for queue in self.queues.values_mut() {
            if self.under_way.len() >= UNDER_WAY_MAX {
                break;
            }
            if queue.busy {
                continue;
            }
            let Some(first) = queue.waiting.front() else { continue };
            if let Some(until) = queue.rests_until.filter(|until| *until > now) {
                wait = wait.min(until - now);
                continue;
            }
            let scope = self.means.rate_scope(&first.message);
            if let Err(patience) = self.budget.take(&scope, 0, now) {
                wait = wait.min(patience);
                continue;
            }
            let Some(waiting) = queue.waiting.pop_front() else { continue };
            queue.busy = true;
            queue.rests_until = None;
            let mut shows_picture = false;
            if let (Place::Edit { slot }, false) =
                (&waiting.message.place, matches!(waiting.message.content, Content::Buttons))
            {
                shows_picture = self.progress.has_picture(*slot);
                self.progress.clear(*slot);
            }
            let (means, tries) = (Arc::clone(&self.means), queue.tries);
            self.under_way.spawn(async move {
                let began = Instant::now();
                let tried = means.try_once(&waiting, shows_picture, tries).await;
                let channel = means.capabilities().name;
                metrics::delivered(channel, began.elapsed());
                Back { waiting, tried }
            });
        }
        wait
    }

    /// A delivery came back: settled, or to be tried again.
    async fn take_back(
        &mut self,
        back: Result<Back, tokio::task::JoinError>,
        fates: &mpsc::Sender<Settled>,
    ) {
        // A delivery that panicked is found again when everything is read anew.
        let Ok(Back { waiting, tried }) = back else { return self.start_over() };
        let conversation = waiting.message.conversation.clone();
        let now = Instant::now();
        let rest = match tried {
            Tried::Settled(fate) => {
                metrics::outbox_delivery(self.means.capabilities().name, word_of(&fate));
                // The settling task ends only after this one.
                let _ = fates.send(Settled { waiting, fate }).await;
                return;
            }
            Tried::Again(rest) => rest,
            Tried::Patience(rest, scope) => {
                let rate_scope = self.means.rate_scope(&waiting.message);
                self.budget.block(&rate_scope, scope, rest, now);
                rest
            }
        };
        let queue = self.queues.entry(conversation).or_default();
        queue.busy = false;
        if !matches!(tried, Tried::Patience(..)) {
            queue.tries += 1;
        }
        queue.rests_until = Some(now + rest);
        queue.waiting.push_front(waiting);
    }

    /// Forgets what is known and not under way, to read it anew.
    fn start_over(&mut self) {
        self.known.clear();
        self.queues.clear();
        self.read_all_at = Instant::now();
        self.last_read = 0;
    }

    /// Fates are written down: their conversations go on.
    fn settled(&mut self, settled: Vec<Settled>) {
        for Settled { waiting, fate } in settled {
            self.known.remove(&waiting.message.id.0);
            if let Fate::Moved(to) = &fate {
                self.move_queue(&waiting, to);
                continue;
            }
            if let Some(queue) = self.queues.get_mut(&waiting.message.conversation) {
                queue.busy = false;
                queue.tries = 0;
            }
        }
    }

    /// A conversation moved: its messages are read anew under their new address.
    fn move_queue(&mut self, waiting: &Waiting, to: &ConversationId) {
        if let Some(queue) = self.queues.remove(&waiting.message.conversation) {
            for one in queue.waiting {
                self.known.remove(&one.message.id.0);
            }
        }
        info!(channel = to.channel(), "a conversation moved");
        self.read_all_at = Instant::now();
    }

    /// Answers a press at once: answers are not counted by any channel.
    fn answer(&mut self, answer: Answer) {
        let text = answer.say.map_or_else(String::new, |say| {
            self.desk.words.tap_answer(answer.language, &say, &self.desk.context)
        });
        let showing = Showing::Answer(TapAnswer { tap: answer.tap, text, alert: answer.alert });
        let channel = Arc::clone(&self.means.channel);
        self.shows.spawn(async move {
            // An answer that does not go has had its moment.
            let _ = channel.show(showing).await;
        });
    }

    /// Shows what is to be shown, where nothing waits to be delivered and sends are spare.
    async fn show_progress(&mut self) {
        let interval = Duration::from_secs(self.means.capabilities().edit_interval_s.into());
        let now = Instant::now();
        for conversation in self.progress.busy_due(now) {
            let channel = Arc::clone(&self.means.channel);
            self.shows.spawn(async move {
                // It is lost without harm.
                let _ = channel.show(Showing::Busy { conversation }).await;
            });
        }
        for (slot, conversation) in self.progress.ready(interval, now) {
            let idle = self
                .queues
                .get(&conversation)
                .is_none_or(|queue| !queue.busy && queue.waiting.is_empty());
            let scope = RateScope::of(self.means.channel.as_ref(), &conversation);
            if !idle || self.shows.len() >= UNDER_WAY_MAX {
                continue;
            }
            let Some(stand) = self.stand_of(&slot.key()).await else { continue };
            if self.budget.take(&scope, SPARE, now).is_err() {
                continue;
            }
            let Some((partial, had_picture)) = self.progress.take(slot, now) else { continue };
            let showing = Showing::Partial {
                conversation: stand.conversation,
                message: stand.message,
                is_picture: had_picture || stand.picture,
                text: partial.text,
                picture: partial.picture,
                buttons: partial.buttons,
            };
            let (channel, budget) = (Arc::clone(&self.means.channel), Arc::clone(&self.budget));
            self.shows.spawn(async move {
                if let Err(picdesk_core::channel::DeliveryError::RetryAfter {
                    wait,
                    scope: which,
                }) = channel.show(showing).await
                {
                    budget.block(&scope, which, wait, Instant::now());
                }
            });
        }
    }

    async fn stand_of(&self, slot: &str) -> Option<outbox::Stand> {
        let mut connection = self.means.store.read().await.ok()?;
        let found = outbox::stands(&mut connection, &[slot.to_owned()]).await.ok()?;
        found.into_iter().next().map(|(_, stand)| stand)
    }
}

fn word_of(fate: &Fate) -> &'static str {
    match fate {
        Fate::Delivered(_) => "delivered",
        Fate::Refused(_) => "refused",
        Fate::Unknown => "unknown",
        Fate::Later(_) => "later",
        Fate::Moved(_) => "moved",
        Fate::Dropped => "dropped",
    }
}

/// Writes fates down, as many in one commit as came while the last was on its way.
async fn settle(
    store: Store,
    mut settled: mpsc::Receiver<Settled>,
    done: mpsc::UnboundedSender<Vec<Settled>>,
) {
    let mut batch = Vec::new();
    while settled.recv_many(&mut batch, SETTLED_MAX).await > 0 {
        let fates = Arc::new(std::mem::take(&mut batch));
        loop {
            let (now, work) = (store.clock().now_ms(), Arc::clone(&fates));
            let written = store
                .writer()
                .run(move |tx| {
                    let work = Arc::clone(&work);
                    Box::pin(async move { outbox::settle(tx, &work, now).await })
                })
                .await;
            match written {
                Ok(()) => break,
                Err(StoreError::Closing | StoreError::Fenced) => return,
                Err(error) => {
                    error!(error = %error, "what became of messages cannot be written down now");
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        }
        store.wakes().ring(Work::Inbox);
        let fates = Arc::try_unwrap(fates).unwrap_or_else(|shared| (*shared).clone());
        if done.send(fates).is_err() {
            return;
        }
    }
}
