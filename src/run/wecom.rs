//! What is WeCom's own: its three channels, its callbacks, and the fetching of news.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::Router;
use picdesk_core::{
    account::Language,
    channel::{Channel, Inbox},
};
use picdesk_wecom::{
    BotMode, BotSettings, Clock, KfSettings, Patience, WecomApp, WecomBot, WecomKf, WecomSettings,
    answer::bot_named,
    client::{Client, House, http_client},
    envelope::{AesKey, Envelope},
    kf::{Ended as SyncEnded, KfSync},
    socket::{Ended as SocketEnded, Means, Socket, SocketHandle},
    webhook::{AppCallback, BotCallback},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use url::Url;

use super::{
    Serving,
    channels::{ChannelsError, sender_lease},
    stopping::Stops,
    workers::Workers,
};
use crate::{
    clockwork::membership::Held,
    config::{self, Config},
    store::{Store, StoreError, Work, people, wecom as rows},
    turn::Desk,
    web,
    wecom::{Ear, Kept, Rings},
};

/// How often it is looked for answers of the bot's that nobody came for.
const SWEEP_EVERY: Duration = Duration::from_secs(30);
/// Before news are fetched again that another replica fetched.
const REST: Duration = Duration::from_secs(1);
/// Before the bot's connection is opened again that somebody else's put out, or that was refused.
const LONG_REST: Duration = Duration::from_mins(10);

/// WeCom's channels, as far as they are on.
pub(super) struct Wecom {
    kept: Arc<Kept>,
    app: Option<App>,
    bot: Option<Bot>,
}

/// The self-built app and, by it, customer service.
struct App {
    settings: WecomSettings,
    client: Arc<Client>,
    channel: Arc<WecomApp>,
    kf: Option<Kf>,
}

struct Kf {
    settings: KfSettings,
    channel: Arc<WecomKf>,
    rings: Rings,
}

/// The AI bot.
struct Bot {
    settings: BotSettings,
    house: House,
    proxy: Option<Url>,
    handle: Arc<SocketHandle>,
    channel: Arc<WecomBot>,
}

impl Wecom {
    /// As it is configured. `word` tells this installation from others, when none was kept yet.
    pub(super) async fn open(
        config: &Config,
        store: &Store,
        desk: &Desk,
        word: [u8; 8],
    ) -> Result<Self, ChannelsError> {
        let kept = Arc::new(Kept::new(store.clone()));
        let clock = store.clock().clone();
        let proxy = config.http.proxy_url.as_ref().map(config::Secret::reveal);
        let house = House {
            http: http_client(proxy)
                .map_err(|_| ChannelsError::Setting("http.proxy_url cannot be used".to_owned()))?,
            tokens: Arc::clone(&kept) as Arc<_>,
            alarms: Arc::new(Ear(desk.alarms.clone())),
            clock: Arc::new(move || clock.now_ms()),
            patience: Patience::default(),
        };
        let app = match &config.wecom.app {
            Some(app) => {
                App::open(app, &config.desk.wecom_operators, store, &house, &kept, word).await?
            }
            None => None,
        };
        let bot = config.wecom.bot.as_ref().map(|bot| Bot::open(bot, proxy, desk, house, &kept));
        Ok(Self { kept, app, bot })
    }

    /// Its channels.
    pub(super) fn channels(&self) -> impl Iterator<Item = Arc<dyn Channel>> {
        let app = self.app.as_ref().map(|app| Arc::clone(&app.channel) as Arc<dyn Channel>);
        let kf = self.app.as_ref().and_then(|app| app.kf.as_ref());
        let kf = kf.map(|kf| Arc::clone(&kf.channel) as Arc<dyn Channel>);
        let bot = self.bot.as_ref().map(|bot| Arc::clone(&bot.channel) as Arc<dyn Channel>);
        app.into_iter().chain(kf).chain(bot)
    }

    /// The account on WeChat that strangers are led to, where there is one.
    pub(super) fn first_account(&self) -> Option<(Arc<WecomKf>, String)> {
        let kf = self.app.as_ref()?.kf.as_ref()?;
        Some((Arc::clone(&kf.channel), kf.settings.accounts.first()?.clone()))
    }

    /// The leases of those who fetch news, one for each account.
    pub(super) fn sources(&self) -> Vec<String> {
        let kf = self.app.as_ref().and_then(|app| app.kf.as_ref());
        kf.map_or_else(Vec::new, |kf| kf.settings.accounts.iter().map(|it| source(it)).collect())
    }
}

/// The lease of whoever fetches an account's news.
fn source(account: &str) -> String {
    format!("source/{}:{account}", picdesk_wecom::config::KF)
}

impl App {
    async fn open(
        app: &config::WecomApp,
        operators: &[String],
        store: &Store,
        house: &House,
        kept: &Arc<Kept>,
        word: [u8; 8],
    ) -> Result<Option<Self>, StoreError> {
        let word = store
            .writer()
            .run(move |tx| Box::pin(async move { people::setting(tx, "wecom house", &word).await }))
            .await?;
        let word: String = word.iter().map(|byte| char::from(b'a' + byte % 26)).collect();
        let Some(settings) = app.settings(word, operators) else { return Ok(None) };
        let client = Arc::new(Client::new(&settings, house));
        let menus = || Arc::clone(kept) as Arc<_>;
        let clock = || Clock::clone(&house.clock);
        let channel = Arc::new(WecomApp::new(&settings, Arc::clone(&client), menus(), clock()));
        let kf = settings.kf.clone().map(|kf| Kf {
            channel: Arc::new(WecomKf::new(&kf, Arc::clone(&client), menus(), clock())),
            rings: Rings::of(store.clone(), &kf.accounts),
            settings: kf,
        });
        Ok(Some(Self { settings, client, channel, kf }))
    }
}

impl Bot {
    fn open(
        bot: &config::WecomBot,
        proxy: Option<&str>,
        desk: &Desk,
        house: House,
        kept: &Arc<Kept>,
    ) -> Self {
        // Whoever writes here reads Chinese until they say otherwise.
        let settings = bot.settings(desk.words.wecom_bot(Language::ZhCn, &desk.context));
        let handle = SocketHandle::new();
        let channel = WecomBot::new(
            &settings,
            &house,
            Arc::clone(kept) as Arc<_>,
            Arc::clone(kept) as Arc<_>,
            Arc::clone(&handle),
        );
        let proxy = proxy.and_then(|proxy| Url::parse(proxy).ok());
        Self { settings, house, proxy, handle, channel: Arc::new(channel) }
    }
}

impl Serving {
    /// The routes on which WeCom calls, as far as it does.
    pub(super) fn wecom_routes(&self) -> Router {
        let wecom = &self.channels.wecom;
        let inbox = || Arc::new(self.door.clone()) as Arc<dyn Inbox>;
        let menus = || Arc::clone(&wecom.kept) as Arc<_>;
        let mut router = Router::new();
        if let Some(app) = &wecom.app
            && let Some(key) = AesKey::read(app.settings.aes_key.expose())
        {
            let token = app.settings.token.clone();
            let envelope = Envelope::new(token, key, app.settings.corp_id.clone());
            let callback = AppCallback::new(envelope, inbox(), menus(), self.channel_clock())
                .with_operators(app.settings.operators.clone());
            let rings = app.kf.as_ref().map(|kf| kf.rings.clone());
            router = router.merge(web::wecom_app(callback, rings));
        }
        if let Some(bot) = &wecom.bot
            && let BotMode::Callback { token, aes_key } = &bot.settings.mode
            && let Some(key) = AesKey::read(aes_key.expose())
        {
            // The bot of a company's own has no receive id. Source: document/path/101033.
            let envelope = Envelope::new(token.clone(), key, String::new());
            let streams = Arc::clone(&wecom.kept) as Arc<_>;
            let clock = self.channel_clock();
            let callback =
                BotCallback::new(envelope, &bot.settings, inbox(), menus(), streams, clock);
            router = router.merge(web::wecom_bot(callback));
        }
        router
    }

    /// Starts what fetches news, what holds the bot's connection, and what sweeps.
    pub(super) fn start_wecom(
        &self,
        workers: &Workers,
        stops: &Stops,
        held: &watch::Receiver<Held>,
    ) {
        let wecom = &self.channels.wecom;
        if let Some(app) = &wecom.app
            && let Some(kf) = &app.kf
        {
            let rings = kf.rings.clone();
            let leases = held.clone();
            workers.keep("doorbells", &stops.intake, move |stop| {
                let (rings, leases) = (rings.clone(), leases.clone());
                async move {
                    let fetches = |account: &str| leases.borrow().contains(&source(account));
                    stop.run_until_cancelled(rings.pass_on(fetches)).await;
                }
            });
            for account in &kf.settings.accounts {
                self.start_kf(account, app, kf, workers, stops, held);
            }
        }
        if let Some(bot) = &wecom.bot {
            self.start_bot(bot, workers, stops, held);
        }
    }

    fn start_kf(
        &self,
        account: &str,
        app: &App,
        kf: &Kf,
        workers: &Workers,
        stops: &Stops,
        held: &watch::Receiver<Held>,
    ) {
        let Some(bell) = kf.rings.bells.of_account(account) else { return };
        let kept = &self.channels.wecom.kept;
        let sync = KfSync::new(
            account,
            &kf.settings,
            Arc::clone(&app.client),
            Arc::new(self.door.clone()),
            Arc::clone(kept) as Arc<_>,
            self.channel_clock(),
            Patience::default(),
        );
        let sync = Arc::new(sync.with_chats(Arc::clone(kept) as Arc<_>));
        workers.keep_while_held(&source(account), held, &stops.intake, move |stop| {
            let (sync, bell) = (Arc::clone(&sync), Arc::clone(&bell));
            async move {
                // Whoever else fetched is gone when the lease is still ours: where it left off is
                // read again.
                while let SyncEnded::NotOurs = sync.run(&bell, stop.cancelled()).await {
                    stop.run_until_cancelled(tokio::time::sleep(REST)).await;
                }
            }
        });
    }

    fn start_bot(&self, bot: &Bot, workers: &Workers, stops: &Stops, held: &watch::Receiver<Held>) {
        let store = self.store.clone();
        let lease = sender_lease(picdesk_wecom::config::BOT);
        workers.keep_while_held(&lease, held, &stops.work, move |stop| {
            sweep_streams(store.clone(), stop)
        });
        let kept = &self.channels.wecom.kept;
        let means = Means {
            inbox: Arc::new(self.door.clone()),
            menus: Arc::clone(kept) as Arc<_>,
            streams: Arc::clone(kept) as Arc<_>,
        };
        let handle = Arc::clone(&bot.handle);
        let Some(socket) = Socket::new(&bot.settings, handle, means, &bot.house) else { return };
        let socket = Arc::new(socket.through(bot.proxy.clone()));
        let alarms = self.desk.alarms.clone();
        let of = match &bot.settings.mode {
            BotMode::Socket { bot_id, .. } => bot_named(bot_id),
            BotMode::Callback { .. } => String::new(),
        };
        // Under the sender's lease: who sends needs the connection in its own process.
        let (left, name) = (self.left.clone(), lease.clone());
        workers.keep_while_held(&lease, held, &stops.work, move |stop| {
            let (left, name, of) = (left.clone(), name.clone(), of.clone());
            let (socket, alarms) = (Arc::clone(&socket), alarms.clone());
            async move {
                loop {
                    match socket.run(stop.cancelled()).await {
                        SocketEnded::Stopped => return,
                        SocketEnded::Replaced => {
                            alarms.raise_of("somebody else connects as the bot", &of);
                            // Another replica may have more luck, and stands by for that.
                            left.leave(&name, Instant::now() + LONG_REST);
                        }
                        SocketEnded::Refused => {}
                    }
                    stop.run_until_cancelled(tokio::time::sleep(LONG_REST)).await;
                }
            }
        });
    }
}

/// Tells the rules of answers whose time is over, until it is told to stop.
async fn sweep_streams(store: Store, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let now = store.clock().now_ms();
        let swept = store.writer().run(move |tx| Box::pin(rows::sweep_streams(tx, now))).await;
        match swept {
            Ok(0) => {}
            Ok(_) => store.wakes().ring(Work::Inbox),
            Err(error) => warn!(error = %error, "answers of the bot cannot be swept now"),
        }
        stop.run_until_cancelled(tokio::time::sleep(SWEEP_EVERY)).await;
    }
}
