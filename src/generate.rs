//! The generation worker: takes the next picture in line, gets its references, asks the provider
//! once, and writes down what came of it as an event.
//!
//! The row says `submitting` on disk before a byte of the call leaves. From then on nobody asks
//! again: whatever is not certain is *uncertain*, and settles in the customer's favour. A call that
//! takes too long is given up as uncertain and still listened to: a late picture is free.

mod busy;
mod keep;
mod luggage;
mod references;
mod sink;
mod suspects;
mod under_way;
mod verdict;
mod waiting;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use picdesk_core::{
    channel::Channel,
    event::{Event, Finished, Setting},
    facts::Request,
    generation::Failure,
    id::{GenerationId, Slot},
    say::{Part, Say},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

pub use self::luggage::Luggage;
pub(crate) use self::references::fault_of;
use self::{
    sink::{Shower, StudioSink},
    suspects::Suspects,
    under_way::UnderWay,
    waiting::Waiting,
};
use crate::{
    artifacts::{Artifacts, ObjectName},
    calm::Begin,
    chance::Chance,
    clockwork::Medians,
    images::{self, ImagesClient, PictureFormat, PictureRequest},
    outbox::Lanes,
    pictures::Darkroom,
    store::{
        Store, StoreError, Work,
        inbox::NewEvent,
        line::{self, ATTEMPTS_MAX, Claimed, PendingHold, PutBack, Rest},
    },
    telemetry::metrics,
    turn::Desk,
};

/// The net under the wake-ups.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// The longest rest that a provider can ask for.
const REST_MAX: Duration = Duration::from_mins(2);

/// Makes pictures.
pub struct Studio {
    parts: StudioParts,
    rests_until: Mutex<Option<Instant>>,
    suspects: Suspects,
    /// Pictures that are in line again, while their placeholders say that they are being drawn.
    came_back: Mutex<HashSet<GenerationId>>,
}

/// What a studio is made of.
pub struct StudioParts {
    /// The store.
    pub store: Store,
    /// This process's number.
    pub replica: i64,
    /// The provider's client. Its own time-out is longer than `timeout`, to hear late pictures.
    pub images: ImagesClient,
    /// Channels by name, for reference pictures.
    pub channels: HashMap<&'static str, Arc<dyn Channel>>,
    /// Stored pictures.
    pub artifacts: Artifacts,
    /// Where pictures are checked and cleaned.
    pub darkroom: Darkroom,
    /// Wording and keys.
    pub desk: Arc<Desk>,
    /// The progress lanes.
    pub lanes: Lanes,
    /// Random names.
    pub chance: Chance,
    /// Pictures made at once.
    pub concurrency: usize,
    /// After this long a call is uncertain.
    pub timeout: Duration,
    /// Partial pictures asked for.
    pub partials: u8,
    /// The largest reference picture, bytes.
    pub reference_bytes_max: u64,
    /// Memory for reference pictures on their way here.
    pub luggage: Luggage,
    /// How long pictures take, as it was measured last.
    pub medians: Medians,
}

/// What to write down of a call.
enum Came {
    /// A stored picture.
    Finished(Box<Finished>),
    /// Certainly nothing.
    Failed(Failure),
    /// Nobody knows.
    Uncertain,
    /// Certainly nothing yet: back in line until then.
    Back(PutBack, Duration),
}

impl Studio {
    /// A studio where nothing is under way.
    pub fn new(parts: StudioParts) -> Self {
        let suspects = Suspects::since_now(parts.store.clock());
        let rests_until = Mutex::new(None);
        Self { parts, rests_until, suspects, came_back: Mutex::default() }
    }

    /// Makes pictures until it is told to stop; then waits for those under way, at most `drain`.
    pub async fn run(self: Arc<Self>, stop: CancellationToken, drain: Duration) {
        let mut under_way = UnderWay::default();
        let (mut looked_at, mut waiting) = (None, Waiting::default());
        while !stop.is_cancelled() {
            under_way.forget_ended(&self);
            if looked_at.is_none_or(|at: Instant| at.elapsed() >= LOOK_AGAIN) {
                looked_at = Some(Instant::now());
                self.recover_strays(&under_way.pictures()).await;
            }
            self.tell_waiting(&mut waiting).await;
            let room = self.parts.concurrency.saturating_sub(under_way.len());
            let claimed = if room == 0 || self.rest().is_some() {
                Ok(Vec::new())
            } else {
                self.claim(room).await
            };
            match claimed {
                Ok(claimed) => {
                    for one in claimed {
                        under_way.begin(&self, one);
                    }
                }
                Err(StoreError::Fenced | StoreError::Closing) => return,
                Err(error) => error!(error = %error, "the line cannot be read now"),
            }
            metrics::generations_running(under_way.len() as i64);
            tokio::select! {
                () = self.parts.store.wakes().rung(Work::Line) => {}
                () = tokio::time::sleep(self.rest().unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN)) => {}
                true = under_way.ended(&self) => {}
                () = stop.cancelled() => {}
            }
        }
        let all = async { while under_way.ended(&self).await {} };
        if tokio::time::timeout(drain, all).await.is_err() {
            warn!("calls to the provider were cut off after {drain:?}");
        }
    }

    /// How long the line still rests.
    fn rest(&self) -> Option<Duration> {
        let rests_until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        rests_until.and_then(|until| until.checked_duration_since(Instant::now()))
    }

    fn rest_for(&self, rest: Duration) {
        let until = Some(Instant::now() + rest.min(REST_MAX));
        let mut rests_until = self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        *rests_until = until.max(*rests_until);
    }

    async fn claim(&self, room: usize) -> Result<Vec<Claimed>, StoreError> {
        let (replica, now) = (self.parts.replica, self.parts.store.clock().now_ms());
        let suspect = self.claim_suspect(now).await?;
        if !suspect.is_empty() {
            // The others follow at once.
            self.parts.store.wakes().ring(Work::Line);
            return Ok(suspect);
        }
        let room = i64::try_from(room).unwrap_or(1);
        self.parts.store.writer().run(move |tx| Box::pin(line::claim(tx, replica, room, now))).await
    }

    /// Recovers what is ours by its row and not under way: a claim whose answer was lost, or work
    /// that panicked. Nobody else would, as long as this process lives.
    async fn recover_strays(&self, under_way: &[GenerationId]) {
        let store = &self.parts.store;
        let (replica, now) = (self.parts.replica, store.clock().now_ms());
        let strays = async {
            let mut connection = store.read().await?;
            line::strays(&mut connection, replica, under_way).await
        };
        let recovered = match strays.await {
            Ok(strays) if strays.is_empty() => return,
            Ok(strays) => {
                warn!("{} pictures of ours were not under way", strays.len());
                let strays = Arc::new(strays);
                store
                    .writer()
                    .run(move |tx| {
                        let strays = Arc::clone(&strays);
                        Box::pin(
                            async move { line::recover_strays(tx, replica, &strays, now).await },
                        )
                    })
                    .await
            }
            Err(error) => Err(error),
        };
        match recovered {
            Ok(()) => store.wakes().ring(Work::Inbox),
            Err(StoreError::Closing | StoreError::Fenced) => {}
            Err(error) => error!(error = %error, "the line cannot be looked through now"),
        }
    }

    /// One claimed picture, from its references to its event.
    async fn make_one(self: Arc<Self>, claimed: Claimed) {
        let began = Instant::now();
        let came = {
            let _busy = self.busy(&claimed);
            self.come(&claimed, began).await
        };
        if let Some(came) = came {
            self.write_down(&claimed, came).await;
        }
    }

    /// Asks for the picture. Nothing when what came of it is already written down.
    async fn come(&self, claimed: &Claimed, began: Instant) -> Option<Came> {
        if claimed.attempts > ATTEMPTS_MAX || Begin::after(claimed.deaths) == Begin::Never {
            // Whatever it is that ends us or our work with it, the provider is not to blame.
            self.parts.desk.alarms.raise("a picture was begun too often");
            return Some(Came::Failed(Failure::OutOfService));
        }
        // Until its call is marked it may have to be begun again.
        let alone = self.suspects.begun(claimed);
        let references = match self.references(claimed).await {
            Ok(references) => references,
            Err(came) => return Some(came),
        };
        let name = self.new_name();
        let proof = match self.submit(claimed.generation, &name).await {
            Ok(Some(proof)) => proof,
            // Taken back meanwhile, and then this does nothing; or an earlier try to mark it got
            // through unheard.
            Ok(None) => return Some(Came::Back(PutBack::Failed, LOOK_AGAIN)),
            Err(error) => {
                warn!(error = %error, "a picture could not be marked as submitting");
                return Some(Came::Back(PutBack::Waited, LOOK_AGAIN));
            }
        };
        drop(alone);
        self.call(&proof, claimed, references, name, began).await
    }

    /// Calls the provider. The proof says that the credits are set aside and that the row says
    /// so.
    async fn call(
        &self,
        proof: &PendingHold,
        claimed: &Claimed,
        references: Vec<images::Reference>,
        name: ObjectName,
        began: Instant,
    ) -> Option<Came> {
        let shower = self.shower(claimed, began);
        let shown = Slot::Generation(claimed.generation);
        let progress = self.parts.lanes.lane_to(&claimed.request.conversation);
        progress.open(shown);
        shower.show_words();
        // Partial pictures are for private chats: a group takes few messages a minute.
        let partials = claimed.request.setting == Setting::Private;
        let shower_of_pictures = partials.then_some(shower);
        let request = self.picture_request(&claimed.request, references, partials);
        let (told, submitted) = tokio::sync::oneshot::channel();
        let mut sink =
            StudioSink::new(self.parts.artifacts.clone(), name.clone(), shower_of_pictures, told);
        tokio::spawn(mark_submitted(
            self.parts.store.clone(),
            self.parts.replica,
            proof.generation(),
            submitted,
        ));
        let (made, late) = {
            let making = self.parts.images.make(request, &mut sink);
            tokio::pin!(making);
            if let Ok(made) = tokio::time::timeout(self.parts.timeout, &mut making).await {
                (made, false)
            } else {
                // What is said now is not to be painted over by what comes after all.
                progress.end_show(shown, Instant::now());
                self.write_down(claimed, Came::Uncertain).await;
                progress.drafts.end(claimed.generation);
                (making.await, true)
            }
        };
        progress.end_show(shown, Instant::now());
        let spent = match &made {
            Ok(made) => made.spent,
            Err(failed) => failed.spent,
        };
        if let Some(spent) = spent {
            self.spend(claimed.generation, spent).await;
        }
        let came = match made {
            Ok(made) => self.keep(sink, &name, claimed, made.cost_micro_usd(), began).await,
            Err(failed) => self.failed(claimed, &failed),
        };
        match came {
            Came::Finished(_) => Some(came),
            _ if late => None,
            came => Some(came),
        }
    }

    async fn submit(
        &self,
        generation: GenerationId,
        name: &ObjectName,
    ) -> Result<Option<PendingHold>, StoreError> {
        let replica = self.parts.replica;
        let name = name.as_str().to_owned();
        self.parts
            .store
            .writer()
            .run(move |tx| {
                let name = name.clone();
                Box::pin(async move { line::submit(tx, replica, generation, &name).await })
            })
            .await
    }

    /// Shows progress in the placeholder.
    fn shower(&self, claimed: &Claimed, began: Instant) -> Shower {
        let request = &claimed.request;
        let part = Part { number: claimed.number, count: request.options.count };
        let say = Say::Drawing { prompt: request.prompt.clone(), part };
        Shower {
            progress: self.parts.lanes.lane_to(&request.conversation).clone(),
            darkroom: self.parts.darkroom.clone(),
            generation: claimed.generation,
            conversation: request.conversation.clone(),
            text: self.words(claimed, &say),
            began,
        }
    }

    fn picture_request(
        &self,
        request: &Request,
        references: Vec<images::Reference>,
        partials: bool,
    ) -> PictureRequest {
        PictureRequest {
            prompt: request.prompt.clone(),
            size: request.options.size(),
            quality: request.options.quality,
            background: request.options.background,
            format: PictureFormat::Png,
            references,
            safety_identifier: self.parts.desk.seal.pseudonym(request.account),
            partials: if partials { self.parts.partials } else { 0 },
        }
    }

    fn new_name(&self) -> ObjectName {
        let token = format!("p{}", self.parts.chance.token());
        ObjectName::of_token(&token).expect("a token has only letters that names have")
    }

    /// Writes down what came, however long the store is away.
    async fn write_down(&self, claimed: &Claimed, came: Came) {
        let generation = claimed.generation;
        let store = &self.parts.store;
        let conversation = &claimed.request.conversation;
        let (word, event) = match came {
            Came::Back(why, rest) => return self.put_back(generation, why, rest).await,
            Came::Finished(finished) => {
                Self::count_finished(claimed, &finished);
                ("finished", Event::GenerationFinished(*finished))
            }
            Came::Failed(failure) => ("failed", Event::GenerationFailed { generation, failure }),
            Came::Uncertain => ("uncertain", Event::GenerationUncertain { generation }),
        };
        metrics::generation_ended(word);
        let id = format!("generation:{generation}:{word}");
        let event = Arc::new(NewEvent::of_house(id, conversation, &event));
        let replica = self.parts.replica;
        loop {
            let (now, event) = (store.clock().now_ms(), Arc::clone(&event));
            let written = store
                .writer()
                .run(move |tx| {
                    let event = Arc::clone(&event);
                    Box::pin(
                        async move { line::conclude(tx, replica, generation, &event, now).await },
                    )
                })
                .await;
            match written {
                Ok(()) => break,
                Err(StoreError::Closing | StoreError::Fenced) => return,
                Err(error) => {
                    error!(error = %error, "what came of a picture cannot be written down now");
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        }
        store.wakes().ring(Work::Inbox);
    }

    fn count_finished(claimed: &Claimed, finished: &Finished) {
        let options = claimed.request.options;
        let took = Duration::from_millis(finished.took_ms.unsigned_abs());
        metrics::generated(options.resolution, options.quality, took);
        info!(
            generation.id = claimed.generation.0,
            duration_ms = finished.took_ms,
            "generation {} finished",
            claimed.generation
        );
    }

    /// Puts a picture back in line, however long the store is away: nobody else would.
    async fn put_back(&self, generation: GenerationId, why: PutBack, rest: Duration) {
        let (replica, store) = (self.parts.replica, &self.parts.store);
        let rest_ms = i64::try_from(rest.as_millis()).unwrap_or(i64::MAX);
        let from = store.clock().now_ms();
        let rest = Rest { from, until: from.saturating_add(rest_ms) };
        loop {
            let back = store
                .writer()
                .run(move |tx| Box::pin(line::put_back(tx, replica, generation, why, rest)))
                .await;
            match back {
                Ok(()) => {
                    self.came_back().insert(generation);
                    return;
                }
                Err(StoreError::Closing | StoreError::Fenced) => return,
                Err(error) => {
                    error!(error = %error, "generation {generation} cannot be put back now");
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        }
    }
}

/// Marks a picture as submitted when the provider begins to answer; best effort.
async fn mark_submitted(
    store: Store,
    replica: i64,
    generation: GenerationId,
    submitted: tokio::sync::oneshot::Receiver<()>,
) {
    if submitted.await.is_err() {
        return;
    }
    let marked =
        store.writer().run(move |tx| Box::pin(line::submitted(tx, replica, generation))).await;
    if let Err(error) = marked {
        warn!(error = %error, "generation {generation} could not be marked as submitted");
    }
}
