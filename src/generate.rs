//! The generation worker: takes the next picture in line, gets its references, asks the provider
//! once, and writes down what came of it as an event.
//!
//! The row says `submitting` on disk before a byte of the call leaves. From then on nobody asks
//! again: whatever is not certain is *uncertain*, and settles in the customer's favour. A call that
//! takes too long is given up as uncertain and still listened to: a late picture is free.

mod references;
mod sink;
mod verdict;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use picdesk_core::{
    channel::Channel,
    event::{Event, Finished, Setting},
    facts::Request,
    generation::{Failure, Size},
    id::{GenerationId, Slot},
    say::{Part, Say},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use self::sink::{Shower, StudioSink};
use crate::{
    artifacts::{Artifacts, ObjectName},
    chance::Chance,
    images::{self, ImagesClient, PictureFormat, PictureRequest},
    outbox::Progress,
    pictures::{Darkroom, Limits, PictureKind},
    store::{
        Store, StoreError, Work,
        inbox::NewEvent,
        line::{self, ATTEMPTS_MAX, Claimed, PendingHold, PutBack},
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
    /// The progress lane.
    pub progress: Arc<Progress>,
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
        Self { parts, rests_until: Mutex::new(None) }
    }

    /// Makes pictures until it is told to stop; then waits for those under way, at most `drain`.
    pub async fn run(self: Arc<Self>, stop: CancellationToken, drain: Duration) {
        let mut under_way: JoinSet<()> = JoinSet::new();
        while !stop.is_cancelled() {
            while under_way.try_join_next().is_some() {}
            let room = self.parts.concurrency.saturating_sub(under_way.len());
            let claimed = if room == 0 || self.rest().is_some() {
                Ok(Vec::new())
            } else {
                self.claim(room).await
            };
            match claimed {
                Ok(claimed) => {
                    for one in claimed {
                        under_way.spawn(Arc::clone(&self).make_one(one));
                    }
                }
                Err(StoreError::Fenced | StoreError::Closing) => return,
                Err(error) => error!(error = %error, "the line cannot be read now"),
            }
            metrics::generations_running(under_way.len() as i64);
            tokio::select! {
                () = self.parts.store.wakes().rung(Work::Line) => {}
                () = tokio::time::sleep(self.rest().unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN)) => {}
                Some(_) = under_way.join_next() => {}
                () = stop.cancelled() => {}
            }
        }
        let all = async { while under_way.join_next().await.is_some() {} };
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
        let room = i64::try_from(room).unwrap_or(1);
        self.parts.store.writer().run(move |tx| Box::pin(line::claim(tx, replica, room, now))).await
    }

    /// One claimed picture, from its references to its event.
    async fn make_one(self: Arc<Self>, claimed: Claimed) {
        let conversation = claimed.request.conversation.clone();
        let private = claimed.request.setting == Setting::Private;
        if private {
            self.parts.progress.begin(&conversation);
        }
        let began = Instant::now();
        let came = self.come(&claimed, began).await;
        if private {
            self.parts.progress.end(&conversation);
        }
        if let Some(came) = came {
            self.write_down(&claimed, came).await;
        }
    }

    /// Asks for the picture. Nothing when it was taken back meanwhile, or when what came of it is
    /// already written down.
    async fn come(&self, claimed: &Claimed, began: Instant) -> Option<Came> {
        if claimed.attempts > ATTEMPTS_MAX {
            self.parts.desk.alarms.raise("a picture was begun too often");
            return Some(Came::Failed(Failure::Provider));
        }
        let references = match self.references(&claimed.request).await {
            Ok(references) => references,
            Err(came) => return Some(came),
        };
        let name = self.new_name();
        let proof = match self.submit(claimed.generation).await {
            Ok(Some(proof)) => proof,
            Ok(None) => return None,
            Err(error) => {
                warn!(error = %error, "a picture could not be marked as submitting");
                return Some(Came::Back(PutBack::Waited, LOOK_AGAIN));
            }
        };
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
        if let Some(shower) = &shower {
            self.parts.progress.open(shown);
            shower.show_words();
        }
        let request = self.picture_request(&claimed.request, references, shower.is_some());
        let (told, submitted) = tokio::sync::oneshot::channel();
        let mut sink = StudioSink::new(self.parts.artifacts.clone(), name.clone(), shower, told);
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
                self.parts.progress.end_show(shown, Instant::now());
                self.write_down(claimed, Came::Uncertain).await;
                (making.await, true)
            }
        };
        self.parts.progress.end_show(shown, Instant::now());
        let came = match made {
            Ok(made) => self.keep(sink, &name, claimed, made.cost_micro_usd, began).await,
            Err(failed) => self.failed(claimed, &failed),
        };
        match came {
            Came::Finished(_) => Some(came),
            _ if late => None,
            came => Some(came),
        }
    }

    async fn submit(&self, generation: GenerationId) -> Result<Option<PendingHold>, StoreError> {
        let replica = self.parts.replica;
        self.parts
            .store
            .writer()
            .run(move |tx| Box::pin(line::submit(tx, replica, generation)))
            .await
    }

    /// Shows progress in the placeholder, in private chats only.
    fn shower(&self, claimed: &Claimed, began: Instant) -> Option<Shower> {
        let request = &claimed.request;
        if request.setting != Setting::Private {
            return None;
        }
        let part = Part { number: claimed.number, count: request.options.count };
        let say = Say::Drawing { prompt: request.prompt.clone(), part };
        let desk = &self.parts.desk;
        // The language of the house's guess: the words that stay are in the asker's own.
        let language = desk.house.language_default;
        Some(Shower {
            progress: Arc::clone(&self.parts.progress),
            darkroom: self.parts.darkroom.clone(),
            generation: claimed.generation,
            conversation: request.conversation.clone(),
            text: desk.words.say(claimed.language.unwrap_or(language), &say, &desk.context),
            began,
        })
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

    /// Makes the object whole and checks that it is a picture.
    async fn keep(
        &self,
        sink: StudioSink,
        name: &ObjectName,
        claimed: &Claimed,
        cost_micro_usd: Option<i64>,
        began: Instant,
    ) -> Came {
        let written = match sink.finish().await {
            Ok(Some(written)) => written,
            Ok(None) => return Came::Failed(Failure::NoPicture),
            Err(error) => {
                error!(error = %error, "a picture could not be kept");
                self.parts.desk.alarms.raise("pictures cannot be kept");
                return Came::Failed(Failure::Provider);
            }
        };
        let source = self.parts.artifacts.source(name, Limits::ORIGINAL.bytes_max).await;
        let looked = match source {
            Ok(Some(source)) => self.parts.darkroom.check_original(source, Limits::ORIGINAL).await,
            Ok(None) | Err(_) => return Came::Failed(Failure::NoPicture),
        };
        let looked = match looked {
            Ok(looked) => looked,
            Err(fault) => {
                warn!(
                    generation.id = claimed.generation.0,
                    fault = fault.name(),
                    "the provider's picture of generation {} is none",
                    claimed.generation
                );
                // The sweeper finds what cannot be deleted now.
                let _ = self.parts.artifacts.delete(name).await;
                return Came::Failed(Failure::NoPicture);
            }
        };
        let took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let size = looked.shown_size();
        Came::Finished(Box::new(Finished {
            generation: claimed.generation,
            object: name.as_str().to_owned(),
            sha256: hex::encode(written.sha256),
            bytes: i64::try_from(written.size).unwrap_or(i64::MAX),
            size: Size { width: size.width, height: size.height },
            kind: kind_word(looked.kind).to_owned(),
            cost_micro_usd,
            took_ms,
        }))
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
        metrics::provider_cost(finished.cost_micro_usd.unwrap_or(0));
        info!(
            generation.id = claimed.generation.0,
            duration_ms = finished.took_ms,
            "generation {} finished",
            claimed.generation
        );
    }

    async fn put_back(&self, generation: GenerationId, why: PutBack, rest: Duration) {
        let replica = self.parts.replica;
        let rest_ms = i64::try_from(rest.as_millis()).unwrap_or(i64::MAX);
        let until = self.parts.store.clock().now_ms().saturating_add(rest_ms);
        let back = self
            .parts
            .store
            .writer()
            .run(move |tx| Box::pin(line::put_back(tx, replica, generation, why, until)))
            .await;
        if let Err(error) = back {
            // Whoever takes over finds it: nothing was made, and it says so by being recovered.
            warn!(error = %error, "generation {generation} could not be put back in line");
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

fn kind_word(kind: PictureKind) -> &'static str {
    match kind {
        PictureKind::Png => "png",
        PictureKind::Jpeg => "jpeg",
        PictureKind::Webp => "webp",
        PictureKind::Gif => "gif",
    }
}
