//! Wiring: every configured channel, worker and route, started in order and stopped in order.

mod channels;
mod creem;
mod doors;
mod parts;
mod stopping;
mod telegram;
mod wecom;
mod workers;

pub use parts::make_folder_of;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use picdesk_core::errand::ErrandKind;
use thiserror::Error;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::{
    channels::{Channels, ChannelsError},
    stopping::{Cause, Running, Signals, Stops},
    workers::Workers,
};
use crate::{
    artifacts::{Artifacts, OpenError},
    chance::Chance,
    clock::Clock,
    clockwork::{
        self, Medians, auditor,
        membership::{LeftToOthers, Membership},
        sweeper,
    },
    config::Config,
    errands::{CopyMedia, Errands, Handlers, SeeToStars, SignIn, WriteLetter},
    generate::{Luggage, Studio, StudioParts},
    http::{Condition, Limits, Listener, Readiness, Routes, metrics_route, operations_routes},
    images::{ImagesClient, ImagesSettings},
    inbox::Door,
    mail::Mailer,
    outbox::{ASKED_MAX, Lanes, Outlets, TAPS_MAX, answer_askings},
    pictures::Darkroom,
    site::Site,
    store::{Store, StoreError, effects::Answer, wakes::ring_between_processes},
    telemetry::metrics::{self, Metrics},
    turn::{Desk, Shards, Turner},
    web::{self, ChatAddress, Web},
};

/// How late a picture may come and still be handed over: as long again as it may take.
const LATE: u32 = 2;

/// Why serving could not begin, or ended badly.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object store.
    #[error("the pictures: {0}")]
    Artifacts(#[from] OpenError),
    /// A socket.
    #[error("the listener on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The machine does not let us hear signals.
    #[error("signals cannot be heard: {0}")]
    Signals(std::io::Error),
    /// A setting that only shows when it is used.
    #[error("{0}")]
    Setting(String),
    /// Another replica took the work over.
    #[error("another replica took this one's work over; start again")]
    Fenced,
    /// A worker ended that cannot be begun anew.
    #[error("the {0} ended by itself; start again")]
    Lost(&'static str),
}

/// What a process cannot know by itself.
#[derive(Clone, Debug)]
pub struct Outside {
    /// What time it is.
    pub clock: Clock,
    /// Where random bytes come from.
    pub chance: Chance,
    /// Where the chat with the bot is, where that is not at Telegram.
    pub chat_url: Option<String>,
}

/// Everything that serves.
struct Serving {
    config: Config,
    outside: Outside,
    store: Store,
    replica: i64,
    desk: Arc<Desk>,
    artifacts: Artifacts,
    darkroom: Darkroom,
    luggage: Luggage,
    lanes: Lanes,
    outlets: Outlets,
    channels: Channels,
    door: Door,
    /// Leases that others may hold with more luck.
    left: LeftToOthers,
    /// Where people sign in; nothing when nobody can.
    site: Option<Arc<dyn Site>>,
    sales: Option<creem::Sales>,
    /// Who carries letters; nothing when none are written.
    mailer: Option<Mailer>,
}

/// Serves until a signal comes. `ready` hears of the address once requests are answered.
pub async fn serve(
    config: Config,
    outside: Outside,
    ready: impl FnOnce(SocketAddr) + Send,
) -> Result<(), ServeError> {
    let mut signals = Signals::listen().map_err(ServeError::Signals)?;
    let metrics = Metrics::start();
    for warning in config.warnings() {
        warn!("{warning}");
    }
    let readiness = Readiness::default();
    let workers = Workers::new(readiness.condition("workers", "starting"));
    let serving = tokio::select! {
        serving = Serving::open(config, outside, &workers) => serving?,
        () = signals.next() => return Ok(()),
    };
    let store = readiness.condition("store", "opening");
    let stops = Stops::default();
    let grace = serving.config.server.shutdown_grace;
    let listener = serving.listen(serving.config.server.listen).await?;
    let address = listener
        .address()
        .map_err(|error| ServeError::Listen(serving.config.server.listen, error))?;
    let mut routes = serving.routes(&workers, &stops);
    routes.router = routes.router.merge(operations_routes(readiness.clone()));
    if let Some(apart) = serving.config.server.metrics_listen {
        let apart = serving.listen(apart).await?;
        let numbers = metrics_route(metrics.clone());
        workers.mind("listener of metrics", apart.serve(numbers, stops.work.clone(), grace));
    } else {
        routes.router = routes.router.merge(metrics_route(metrics.clone()));
    }
    workers.mind("upkeep of metrics", metrics.keep_up());
    workers.mind("watch over the store", watch_store(serving.store.clone(), store));
    let http = workers.mind("listener", listener.serve(routes, stops.intake.clone(), grace));
    let running = serving.start(stops, workers, http).await?;
    running.workers.begun();
    info!("serving on {address}");
    ready(address);
    let cause = Cause::come(&mut signals, &running.stops, &running.workers).await;
    running.stop(cause, &mut signals).await
}

/// Says whether the store can be written, as the commits find it; the beat alone is one each 2 s.
async fn watch_store(store: Store, condition: Condition) {
    let mut health = store.health().watch();
    loop {
        match health.borrow_and_update().as_deref() {
            None => condition.meet(),
            Some(why) => {
                condition.fail(why);
                metrics::alarm("the store is away");
            }
        }
        if health.changed().await.is_err() {
            return;
        }
    }
}

impl Serving {
    async fn open(config: Config, outside: Outside, workers: &Workers) -> Result<Self, ServeError> {
        parts::make_folder_of(config.store.url.reveal()).map_err(ServeError::Setting)?;
        let store = Store::serve(&config.store, outside.clock.clone()).await?;
        let replica = store.replica().unwrap_or_default();
        let desk = Arc::new(parts::desk(&config, &store, &outside.chance).await?);
        let artifacts = Artifacts::open(&parts::artifact_settings(&config)).await?;
        let word = outside.chance.bytes();
        let channels = match Channels::open(&config, &store, &desk, word).await {
            Ok(channels) => channels,
            Err(ChannelsError::Setting(why)) => return Err(ServeError::Setting(why)),
            Err(ChannelsError::Store(error)) => return Err(error.into()),
        };
        let sales = creem::Sales::open(&config).map_err(ServeError::Setting)?;
        let site =
            parts::site(&config, &desk, outside.clock.clone()).map_err(ServeError::Setting)?;
        let raw_ms = i64::from(config.retention.raw_h) * 3_600_000;
        let mailer = parts::mailer(&config, &desk).map_err(ServeError::Setting)?;
        let (asking, asked) = mpsc::channel(ASKED_MAX);
        let door = Door::open(store.clone(), raw_ms, desk.alarms.clone(), asking);
        let about_money = answer_askings(channels.all(), Arc::clone(&desk), store.clone(), asked);
        workers.mind("answers before payments", about_money);
        Ok(Self {
            config,
            outside,
            store,
            replica,
            desk,
            artifacts,
            darkroom: Darkroom::new(),
            luggage: Luggage::default(),
            lanes: channels.lanes(),
            outlets: channels.outlets(),
            channels,
            door,
            left: LeftToOthers::default(),
            site,
            sales,
            mailer,
        })
    }

    async fn listen(&self, address: SocketAddr) -> Result<Listener, ServeError> {
        Listener::bind(address, Limits::from(&self.config.server))
            .await
            .map_err(|error| ServeError::Listen(address, error))
    }

    fn routes(&self, workers: &Workers, stops: &Stops) -> Routes {
        let web = Web {
            store: self.store.clone(),
            artifacts: self.artifacts.clone(),
            darkroom: Darkroom::aside(),
            desk: Arc::clone(&self.desk),
            chat: self.chat_address(),
            site: self.site.clone(),
            chance: self.outside.chance.clone(),
        };
        let creem = self.creem_routes(&web);
        let router = web::pages(web).merge(self.wecom_routes()).merge(creem);
        match self.telegram_route(workers, stops) {
            Some(Routes { router: telegram, first }) => {
                Routes { router: router.merge(telegram), first }
            }
            None => router.into(),
        }
    }

    /// Where the chat is: Telegram tells who we are, the sandbox says it is on its own page.
    fn chat_address(&self) -> ChatAddress {
        let telegram = self.channels.telegram.clone();
        let instead = self.outside.chat_url.clone();
        Arc::new(move || {
            let of_telegram = || Some(format!("https://t.me/{}", telegram.as_ref()?.username()?));
            instead.clone().or_else(of_telegram)
        })
    }

    /// Starts everything that works.
    async fn start(
        self,
        stops: Stops,
        workers: Workers,
        http: JoinHandle<Option<crate::http::Ended>>,
    ) -> Result<Running, ServeError> {
        let shards = Arc::new(Shards::default());
        let mut singles = ["clock", "sweeper", "auditor"].map(str::to_owned).to_vec();
        singles.extend(self.channels.leases());
        singles.extend(self.sales.as_ref().map(|_| creem::SOURCE.to_owned()));
        let store = self.store.clone();
        let (member, held) =
            Membership::new(store.clone(), self.replica, Arc::clone(&shards), singles);
        let member = member.leaving(self.left.clone());
        member.name_leases().await?;
        let living = member.run(stops.beat.clone(), stops.fenced.clone());
        let beat = workers.rely_on("beat", &stops.beat, living);
        let medians = Medians::default();
        let answered = self.start_turning(&workers, &stops, &shards, &medians);
        workers.keep("bell", &stops.work, {
            let store = store.clone();
            move |stop| ring_between_processes(store.clone(), stop)
        });
        workers.keep_while_held("clock", &held, &stops.work, {
            let store = store.clone();
            move |stop| clockwork::fire_timers(store.clone(), stop)
        });
        let keep = sweeper::Retention {
            raw_ms: i64::from(self.config.retention.raw_h) * 3_600_000,
            prompt_ms: i64::from(self.config.retention.prompt_days) * 86_400_000,
        };
        workers.keep_while_held("sweeper", &held, &stops.work, {
            let (store, artifacts) = (store.clone(), self.artifacts.clone());
            move |stop| sweeper::sweep(store.clone(), artifacts.clone(), keep, stop)
        });
        workers.keep_while_held("auditor", &held, &stops.work, {
            let (store, alarms) = (store.clone(), self.desk.alarms.clone());
            move |stop| auditor::audit(store.clone(), alarms.clone(), stop)
        });
        self.start_channels(&workers, &stops, &held, answered);
        self.start_errands(&workers, &stops);
        self.open_doors(&workers, &stops);
        self.start_creem(&workers, &stops, &held);
        let studio = self.start_studio(&workers, &stops, medians)?;
        let (replica, grace) = (self.replica, self.config.server.shutdown_grace);
        Ok(Running { store, replica, shards, held, stops, workers, beat, studio, http, grace })
    }

    /// Starts whoever turns events; where answers to presses come out.
    fn start_turning(
        &self,
        workers: &Workers,
        stops: &Stops,
        shards: &Arc<Shards>,
        medians: &Medians,
    ) -> mpsc::Receiver<Answer> {
        let (answers, answered) = mpsc::channel(TAPS_MAX);
        let turner = Turner::new(
            self.store.clone(),
            Arc::clone(&self.desk),
            Arc::clone(shards),
            Arc::clone(medians),
            answers,
        );
        let shared = self.store.database().is_shared();
        let turner = if shared { turner } else { turner.alone(self.outlets.clone()) };
        let turner = Arc::new(turner);
        self.door.turn_by(Arc::clone(&turner));
        let forgetful = Arc::clone(&turner);
        workers.keep("turner", &stops.work, move |stop| Arc::clone(&turner).run(stop));
        workers.keep("forgetting of writers", &stops.work, move |stop| {
            forget_writers(Arc::clone(&forgetful), stop)
        });
        let (store, medians) = (self.store.clone(), Arc::clone(medians));
        workers.keep("measuring", &stops.work, move |stop| {
            clockwork::measure(store.clone(), Arc::clone(&medians), stop)
        });
        answered
    }

    /// Starts whoever runs errands, with a handler for each kind.
    fn start_errands(&self, workers: &Workers, stops: &Stops) {
        let mut handlers = Handlers::new();
        let copies = CopyMedia {
            channels: self.channels.by_name(),
            artifacts: self.artifacts.clone(),
            seal: self.desk.seal.clone(),
            bytes_max: self.config.limits.reference_bytes_max,
            luggage: self.luggage.clone(),
            darkroom: Darkroom::aside(),
        };
        handlers.insert(ErrandKind::CopyMedia, Arc::new(copies));
        if let Some(telegram) = self.channels.telegram.clone() {
            let (desk, store) = (Arc::clone(&self.desk), self.store.clone());
            let stars = SeeToStars { telegram, desk, store };
            handlers.insert(ErrandKind::Stars, Arc::new(stars));
        }
        if let Some(site) = &self.site {
            let sign_in = Arc::new(SignIn { site: Arc::clone(site) });
            handlers.insert(ErrandKind::SendSignInCode, sign_in.clone());
            handlers.insert(ErrandKind::CheckSignInCode, sign_in);
            if let Some(letters) = self.letters(site) {
                handlers.insert(ErrandKind::Letter, Arc::new(letters));
            }
        }
        if let Some(sales) = &self.sales {
            let links = sales.links(self.desk.alarms.clone());
            handlers.insert(ErrandKind::Checkout, Arc::new(links));
            let screen = sales.screen(self.store.clone(), self.desk.alarms.clone());
            handlers.insert(ErrandKind::Screen, Arc::new(screen));
            let looks = sales.looks(self.store.clone(), self.desk.alarms.clone());
            handlers.insert(ErrandKind::LookAtPayment, Arc::new(looks));
            let changes = sales.changes(self.store.clone(), self.desk.alarms.clone());
            handlers.insert(ErrandKind::ChangePlan, Arc::new(changes));
            let refunds = sales.refunds(self.desk.alarms.clone());
            handlers.insert(ErrandKind::Refund, Arc::new(refunds));
        }
        let alarms = self.desk.alarms.clone();
        let errands = Arc::new(Errands::new(self.store.clone(), self.replica, handlers, alarms));
        workers.keep("errands", &stops.work, move |stop| Arc::clone(&errands).run(stop));
    }

    /// Who writes to people of the site, where that is configured.
    fn letters(&self, site: &Arc<dyn Site>) -> Option<WriteLetter> {
        let mailer = self.mailer.clone()?;
        Some(WriteLetter { site: Arc::clone(site), mailer, desk: Arc::clone(&self.desk) })
    }

    fn start_studio(
        &self,
        workers: &Workers,
        stops: &Stops,
        medians: Medians,
    ) -> Result<Option<JoinHandle<()>>, ServeError> {
        let Some(mut settings) = ImagesSettings::of(&self.config.images) else {
            warn!("no image provider is configured: requests wait in line");
            return Ok(None);
        };
        let timeout = settings.timeout;
        settings.timeout = timeout * LATE;
        settings.idle_timeout = settings.idle_timeout.max(timeout);
        let setting = |error: &dyn std::error::Error| ServeError::Setting(error.to_string());
        let http = crate::images::http_client(self.config.http.proxy_url.as_ref())
            .map_err(|error| setting(&error))?;
        let partials = if settings.stream { settings.partials } else { 0 };
        let images = ImagesClient::new(settings, http).map_err(|error| setting(&error))?;
        let studio = Arc::new(Studio::new(StudioParts {
            store: self.store.clone(),
            replica: self.replica,
            images,
            channels: self.channels.by_name(),
            artifacts: self.artifacts.clone(),
            darkroom: self.darkroom.clone(),
            desk: Arc::clone(&self.desk),
            lanes: self.lanes.clone(),
            chance: self.outside.chance.clone(),
            concurrency: usize::try_from(self.config.images.concurrency).unwrap_or(1),
            timeout,
            partials,
            reference_bytes_max: self.config.limits.reference_bytes_max,
            luggage: self.luggage.clone(),
            medians,
        }));
        let drain = self.config.images.drain;
        let working = studio.run(stops.claims.clone(), drain);
        Ok(Some(workers.rely_on("studio", &stops.claims, working)))
    }
}

async fn forget_writers(turner: Arc<Turner>, stop: CancellationToken) {
    let minute = Duration::from_mins(1);
    while stop.run_until_cancelled(tokio::time::sleep(minute)).await.is_some() {
        turner.forget_writers();
    }
}
