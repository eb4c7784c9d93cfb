//! Wiring: every configured channel, worker and route, started in order and stopped in order.

mod parts;

pub use parts::make_folder_of;

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use picdesk_core::channel::Channel;
use picdesk_telegram::{Clock as TelegramClock, Mode, TelegramChannel, webhook::Webhook};
use thiserror::Error;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{error, info, warn};

use crate::{
    artifacts::{Artifacts, OpenError},
    chance::Chance,
    clock::Clock,
    clockwork::{
        self,
        membership::{Held, Membership},
        sweeper,
    },
    config::Config,
    generate::{Studio, StudioParts},
    http::{Limits, Listener, Readiness, metrics_route, operations_routes},
    images::{ImagesClient, ImagesSettings},
    inbox::Door,
    outbox::{Progress, Sender, SenderParts},
    pictures::Darkroom,
    store::{Store, StoreError, effects::Answer, replica, wakes::ring_between_processes},
    telemetry::metrics::Metrics,
    turn::{Desk, Shards, Turner},
    web::{self, ChatAddress, Web},
};

/// How late a picture may come and still be handed over: as long again as it may take.
const LATE: u32 = 2;

/// Why serving could not begin, or ended badly.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The store.
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    /// The object store.
    #[error("the pictures: {0}")]
    Artifacts(#[from] OpenError),
    /// A socket.
    #[error("the listener on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// A setting that only shows when it is used.
    #[error("{0}")]
    Setting(String),
    /// Another replica took the work over.
    #[error("another replica took this one's work over; start again")]
    Fenced,
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
    progress: Arc<Progress>,
    telegram: Option<Arc<TelegramChannel>>,
    door: Door,
}

/// Stops, in the order in which they are asked for.
struct Stops {
    /// No new generation is claimed.
    claims: CancellationToken,
    /// Everything else ends.
    all: CancellationToken,
    /// Others took our work over.
    fenced: CancellationToken,
}

/// Serves until a signal comes. `ready` hears of the address once requests are answered.
pub async fn serve(
    config: Config,
    outside: Outside,
    ready: impl FnOnce(SocketAddr) + Send,
) -> Result<(), ServeError> {
    let metrics = Metrics::start();
    for warning in config.warnings() {
        warn!("{warning}");
    }
    let serving = Serving::open(config, outside).await?;
    let readiness = Readiness::default();
    let working = readiness.condition("workers", "starting");
    let stops = Stops {
        claims: CancellationToken::new(),
        all: CancellationToken::new(),
        fenced: CancellationToken::new(),
    };
    let grace = serving.config.server.shutdown_grace;
    let tasks = TaskTracker::new();
    let listener = serving.listen(serving.config.server.listen).await?;
    let address = listener
        .address()
        .map_err(|error| ServeError::Listen(serving.config.server.listen, error))?;
    let mut router = serving.router(&stops).merge(operations_routes(readiness.clone()));
    if let Some(apart) = serving.config.server.metrics_listen {
        let apart = serving.listen(apart).await?;
        let numbers = metrics_route(metrics.clone());
        tasks.spawn(apart.serve(numbers, stops.all.clone(), grace));
    } else {
        router = router.merge(metrics_route(metrics.clone()));
    }
    tokio::spawn(metrics.keep_up());
    let http = tokio::spawn(listener.serve(router, stops.all.clone(), grace));
    let studio = serving.start(&stops, &tasks).await?;
    working.meet();
    info!("serving on {address}");
    ready(address);
    let signalled = wait_for_signal(&stops).await;
    working.fail("stopping");
    serving.stop(stops, studio, tasks, http, signalled).await
}

/// Waits for the first signal, or for being fenced; whether it was a signal.
async fn wait_for_signal(stops: &Stops) -> bool {
    tokio::select! {
        () = signal() => true,
        () = stops.fenced.cancelled() => false,
    }
}

/// SIGTERM or SIGINT.
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

impl Serving {
    async fn open(config: Config, outside: Outside) -> Result<Self, ServeError> {
        let url = config.store.url.reveal().to_owned();
        parts::make_folder_of(&url).map_err(ServeError::Setting)?;
        let store = Store::open(&url, config.store.connections_max, outside.clock.clone()).await?;
        let store = store.serve(&url).await?;
        let replica = store.replica().unwrap_or_default();
        let desk = Arc::new(parts::desk(&config, &store, &outside.chance).await?);
        let artifacts = Artifacts::open(&parts::artifact_settings(&config)).await?;
        let telegram = parts::telegram(&config).map_err(ServeError::Setting)?.map(Arc::new);
        let raw_ms = i64::from(config.retention.raw_h) * 3_600_000;
        let door = Door::open(store.clone(), raw_ms);
        Ok(Self {
            config,
            outside,
            store,
            replica,
            desk,
            artifacts,
            darkroom: Darkroom::new(),
            progress: Arc::new(Progress::default()),
            telegram,
            door,
        })
    }

    async fn listen(&self, address: SocketAddr) -> Result<Listener, ServeError> {
        Listener::bind(address, Limits::from(&self.config.server))
            .await
            .map_err(|error| ServeError::Listen(address, error))
    }

    fn router(&self, stops: &Stops) -> Router {
        let web = Web {
            store: self.store.clone(),
            artifacts: self.artifacts.clone(),
            darkroom: Darkroom::aside(),
            desk: Arc::clone(&self.desk),
            chat: self.chat_address(),
        };
        let mut router = web::pages(web);
        if let Some(telegram) = &self.telegram
            && telegram.settings().mode == Mode::Webhook
        {
            let inbox = Arc::new(self.door.clone());
            let webhook = Webhook::new(Arc::clone(telegram), inbox, self.telegram_clock());
            router = router.merge(web::telegram(Arc::new(webhook)));
            // Who we are is told by Telegram, and needed to read what is said in groups.
            let (telegram, stop) = (Arc::clone(telegram), stops.all.clone());
            let menus = parts::menus(&self.desk);
            tokio::spawn(async move { set_up(&telegram, &menus, stop).await });
        }
        router
    }

    /// Where the chat is: Telegram tells who we are, the sandbox says it is on its own page.
    fn chat_address(&self) -> ChatAddress {
        let (telegram, instead) = (self.telegram.clone(), self.outside.chat_url.clone());
        Arc::new(move || {
            let of_telegram = || Some(format!("https://t.me/{}", telegram.as_ref()?.username()?));
            instead.clone().or_else(of_telegram)
        })
    }

    fn telegram_clock(&self) -> TelegramClock {
        let clock = self.store.clock().clone();
        Arc::new(move || clock.now_ms())
    }

    /// Starts the workers; the studio apart, for it is stopped first.
    async fn start(
        &self,
        stops: &Stops,
        tasks: &TaskTracker,
    ) -> Result<Option<JoinHandle<()>>, ServeError> {
        let shards = Shards::default();
        let medians = Arc::default();
        let (answers, answered) = mpsc::unbounded_channel();
        let turner = Arc::new(Turner::new(
            self.store.clone(),
            Arc::clone(&self.desk),
            Arc::clone(&shards),
            Arc::clone(&medians),
            answers,
        ));
        let mut singles = vec!["clock".to_owned(), "sweeper".to_owned()];
        if self.telegram.is_some() {
            singles.extend(["source/telegram".to_owned(), "sender/telegram".to_owned()]);
        }
        let (member, held) = Membership::new(self.store.clone(), self.replica, shards, singles);
        member.name_leases().await?;
        tasks.spawn(member.run(stops.all.clone(), stops.fenced.clone()));
        tasks.spawn(Arc::clone(&turner).run(stops.all.clone()));
        tasks.spawn(forget_writers(turner, stops.all.clone()));
        tasks.spawn(clockwork::measure(self.store.clone(), medians, stops.all.clone()));
        tasks.spawn(ring_between_processes(self.store.clone(), stops.all.clone()));
        let store = self.store.clone();
        tasks.spawn(while_held("clock", held.clone(), stops.all.clone(), move |stop| {
            clockwork::fire_timers(store.clone(), stop)
        }));
        let (store, artifacts) = (self.store.clone(), self.artifacts.clone());
        let keep = sweeper::Retention {
            raw_ms: i64::from(self.config.retention.raw_h) * 3_600_000,
            prompt_ms: i64::from(self.config.retention.prompt_days) * 86_400_000,
        };
        tasks.spawn(while_held("sweeper", held.clone(), stops.all.clone(), move |stop| {
            sweeper::sweep(store.clone(), artifacts.clone(), keep, stop)
        }));
        self.start_telegram(stops, tasks, &held, answered);
        self.start_studio(stops)
    }

    fn start_telegram(
        &self,
        stops: &Stops,
        tasks: &TaskTracker,
        held: &watch::Receiver<Held>,
        answered: mpsc::UnboundedReceiver<Answer>,
    ) {
        let Some(telegram) = &self.telegram else {
            warn!("no channel is configured: nobody can be talked to");
            return;
        };
        let answered = Arc::new(tokio::sync::Mutex::new(answered));
        let parts = (self.store.clone(), self.artifacts.clone(), self.darkroom.clone());
        let (desk, progress) = (Arc::clone(&self.desk), Arc::clone(&self.progress));
        let channel: Arc<dyn Channel> = Arc::clone(telegram) as Arc<dyn Channel>;
        let all = stops.all.clone();
        tasks.spawn(while_held("sender/telegram", held.clone(), all.clone(), move |stop| {
            let sender = Sender::new(SenderParts {
                store: parts.0.clone(),
                channel: Arc::clone(&channel),
                artifacts: parts.1.clone(),
                darkroom: parts.2.clone(),
                desk: Arc::clone(&desk),
                progress: Arc::clone(&progress),
                answers: Arc::clone(&answered),
            });
            sender.run(stop)
        }));
        if telegram.settings().mode == Mode::Polling {
            let (telegram, door) = (Arc::clone(telegram), self.door.clone());
            let (clock, menus) = (self.telegram_clock(), parts::menus(&self.desk));
            tasks.spawn(while_held("source/telegram", held.clone(), all, move |stop| {
                let (telegram, door) = (Arc::clone(&telegram), door.clone());
                let (clock, menus) = (Arc::clone(&clock), menus.clone());
                async move {
                    let menus_told = set_up(&telegram, &menus, stop.clone());
                    let polled = async {
                        while !stop.is_cancelled() {
                            telegram.poll(&door, &clock, stop.cancelled()).await;
                        }
                    };
                    tokio::join!(menus_told, polled);
                }
            }));
        }
    }

    fn start_studio(&self, stops: &Stops) -> Result<Option<JoinHandle<()>>, ServeError> {
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
        let mut channels: HashMap<&'static str, Arc<dyn Channel>> = HashMap::new();
        if let Some(telegram) = &self.telegram {
            channels.insert("telegram", Arc::clone(telegram) as Arc<dyn Channel>);
        }
        let studio = Arc::new(Studio::new(StudioParts {
            store: self.store.clone(),
            replica: self.replica,
            images,
            channels,
            artifacts: self.artifacts.clone(),
            darkroom: self.darkroom.clone(),
            desk: Arc::clone(&self.desk),
            progress: Arc::clone(&self.progress),
            chance: self.outside.chance.clone(),
            concurrency: usize::try_from(self.config.images.concurrency).unwrap_or(1),
            timeout,
            partials,
            reference_bytes_max: self.config.limits.reference_bytes_max,
        }));
        let drain = self.config.images.drain;
        Ok(Some(tokio::spawn(studio.run(stops.claims.clone(), drain))))
    }

    /// Stops in order: no new picture, the pictures under way, everything else, the store.
    async fn stop(
        self,
        stops: Stops,
        studio: Option<JoinHandle<()>>,
        tasks: TaskTracker,
        http: JoinHandle<crate::http::Ended>,
        signalled: bool,
    ) -> Result<(), ServeError> {
        if !signalled {
            return Err(ServeError::Fenced);
        }
        info!("stopping: no new picture is begun");
        stops.claims.cancel();
        let orderly = async {
            if let Some(studio) = studio {
                // A studio that panicked has nothing under way.
                let _ = studio.await;
            }
            stops.all.cancel();
            tasks.close();
            let rest = async {
                tasks.wait().await;
                let _ = http.await;
            };
            let grace = self.config.server.shutdown_grace;
            if tokio::time::timeout(grace, rest).await.is_err() {
                warn!("some work is left for the next start");
            }
            if let Err(error) = replica::leave(&self.store, self.replica).await {
                error!(error = %error, "this replica could not say that it leaves");
            }
            self.store.database().close().await;
        };
        tokio::select! {
            () = orderly => info!("stopped"),
            () = signal() => warn!("a second signal: stopped at once"),
        }
        Ok(())
    }
}

/// Runs work while a lease is held; again each time it comes back.
async fn while_held<F, W>(
    name: &'static str,
    mut held: watch::Receiver<Held>,
    stop: CancellationToken,
    work: F,
) where
    F: Fn(CancellationToken) -> W + Send,
    W: Future<Output = ()> + Send,
{
    loop {
        let ours = async { held.wait_for(|held| held.contains(name)).await.is_ok() };
        if stop.run_until_cancelled(ours).await != Some(true) {
            return;
        }
        let turn_off = stop.child_token();
        let mut seen = held.clone();
        let lost = async { seen.wait_for(|held| !held.contains(name)).await.is_err() };
        let working = work(turn_off.clone());
        tokio::pin!(working);
        tokio::select! {
            () = &mut working => {}
            _ = lost => {
                turn_off.cancel();
                working.await;
            }
        }
        if stop.is_cancelled() {
            return;
        }
        // Work that ended by itself begins anew after a rest.
        stop.run_until_cancelled(tokio::time::sleep(Duration::from_secs(1))).await;
    }
}

/// Tells Telegram our commands, and learns who we are; however long that takes.
async fn set_up(
    telegram: &TelegramChannel,
    menus: &[picdesk_telegram::setup::Menu],
    stop: CancellationToken,
) {
    let mut wait = Duration::from_secs(1);
    while !stop.is_cancelled() {
        match telegram.setup(menus).await {
            Ok(()) => return,
            Err(error) => warn!(error = %error, "telegram cannot be set up now"),
        }
        stop.run_until_cancelled(tokio::time::sleep(wait)).await;
        wait = (wait * 2).min(Duration::from_mins(1));
    }
}

async fn forget_writers(turner: Arc<Turner>, stop: CancellationToken) {
    let minute = Duration::from_mins(1);
    while stop.run_until_cancelled(tokio::time::sleep(minute)).await.is_some() {
        turner.forget_writers();
    }
}
