//! WeCom's three doors: a member, a customer on WeChat, and somebody who talks to the AI bot, whose
//! messages are brought or come on its connection.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use picdesk::{clock::Clock, web, wecom::Kept};
use picdesk_core::{channel::Inbox, event::Event, id::ConversationId};
use picdesk_sandbox::wecom::{
    ANNA, Armed, CHENMO, DESK_KF, Fault, MessageView, Options, WEI, WecomStandIn,
};
use picdesk_wecom::{
    BotMode, BotSettings, BotWords, HandOver, KfSettings, Patience, WecomApp, WecomBot, WecomKf,
    WecomSettings,
    answer::Alarm,
    client::{Alarms, Client, House, http_client},
    envelope::{AesKey, Envelope},
    kf::KfSync,
    socket::{Means, Socket, SocketHandle},
    verify::Secret,
    webhook::{AppCallback, BotCallback},
};
use tokio::task::JoinHandle;

use super::{
    AnyChannel,
    doors::{Door, Heard, Seen, Trouble},
    place,
};
use crate::database::TestDatabase;

/// How long a limit keeps a call away: in earnest it is a minute.
const LIMITED: Duration = Duration::from_millis(300);

/// What an answer of the bot's says until there is something to say.
const OPENING: &str = "…";

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Member,
    Customer,
    Bot,
    BotBySocket,
}

/// WeCom, and somebody at one of its doors.
struct AtWecom {
    which: Which,
    wecom: WecomStandIn,
    house: House,
    kept: Arc<Kept>,
    heard: Arc<Heard>,
    serving: [JoinHandle<()>; 2],
    socket: Arc<SocketHandle>,
    channel: AnyChannel,
    _database: TestDatabase,
}

/// Hears nothing.
struct Deaf;

impl Alarms for Deaf {
    fn raise(&self, _: &Alarm) {}
}

/// One of each.
pub async fn doors() -> Vec<Box<dyn Door>> {
    let mut all: Vec<Box<dyn Door>> = Vec::new();
    for which in [Which::Member, Which::Customer, Which::Bot] {
        all.push(Box::new(AtWecom::open(which).await));
    }
    all
}

/// Somebody who talks to the AI bot, by its connection.
pub async fn by_socket() -> Box<dyn Door> {
    Box::new(AtWecom::open(Which::BotBySocket).await)
}

fn kf_settings() -> KfSettings {
    KfSettings {
        accounts: vec![DESK_KF.to_owned()],
        sync_every: Duration::from_hours(1),
        first_sync_age_max: Duration::from_hours(1),
        house: "h1".to_owned(),
        hand_over: HandOver::Pool,
    }
}

fn settings(options: &Options, url: &str) -> WecomSettings {
    WecomSettings {
        corp_id: options.corp_id.clone(),
        api_url: url.parse().unwrap(),
        agent_id: options.agent_id.unsigned_abs(),
        secret: Secret::new(options.secret.clone()),
        token: Secret::new(options.token.clone()),
        aes_key: Secret::new(options.aes_key.clone()),
        kf: Some(kf_settings()),
        greets_contacts: false,
        operators: Vec::new(),
    }
}

fn bot_settings(which: Which, wecom: &WecomStandIn) -> BotSettings {
    let bot = &wecom.options().bot;
    let mode = match which {
        Which::BotBySocket => BotMode::Socket {
            bot_id: bot.id.clone(),
            secret: Secret::new(bot.secret.clone()),
            url: wecom.socket_url().parse().unwrap(),
        },
        Which::Member | Which::Customer | Which::Bot => BotMode::Callback {
            token: Secret::new(bot.token.clone()),
            aes_key: Secret::new(bot.aes_key.clone()),
        },
    };
    let words = BotWords { opening: OPENING.to_owned(), ..BotWords::default() };
    BotSettings { mode, name: String::new(), words }
}

impl AtWecom {
    async fn open(which: Which) -> Self {
        let options = Options { limits: false, ask_ms: 50, ..Options::in_memory() };
        let wecom = WecomStandIn::start(options).await.unwrap();
        let database = TestDatabase::sqlite();
        let kept = Arc::new(Kept::new(database.open(&Clock::system()).await));
        let clock = Clock::system();
        let house = House {
            http: http_client(None).unwrap(),
            tokens: Arc::clone(&kept) as Arc<_>,
            alarms: Arc::new(Deaf),
            clock: Arc::new(move || clock.now_ms()),
            patience: Patience { limited: LIMITED, ..Patience::default() },
        };
        let heard = Arc::new(Heard::default());
        let socket = SocketHandle::new();
        let serving = [
            serve(&wecom, &house, &kept, &heard).await,
            hold(&bot_settings(which, &wecom), &socket, &house, &kept, &heard),
        ];
        let channel = channel(which, &wecom, &house, &kept, &socket);
        Self { which, wecom, house, kept, heard, serving, socket, channel, _database: database }
    }

    fn chat(&self) -> &'static str {
        match self.which {
            Which::Member => "app-chenmo",
            Which::Customer => "kf-anna",
            Which::Bot | Which::BotBySocket => "bot-chenmo",
        }
    }

    /// Customer service sends a doorbell and no message.
    async fn fetch(&self) {
        if self.which != Which::Customer {
            return;
        }
        let client = Arc::new(Client::new(
            &settings(self.wecom.options(), &self.wecom.api_url()),
            &self.house,
        ));
        let sync = KfSync::new(
            DESK_KF,
            &kf_settings(),
            client,
            Arc::clone(&self.heard) as Arc<_>,
            Arc::clone(&self.kept) as Arc<_>,
            Arc::clone(&self.house.clock),
            self.house.patience,
        );
        sync.sync(None).await.unwrap();
    }

    fn said(&self) -> Vec<MessageView> {
        let said = self.wecom.chat(self.chat());
        said.into_iter().filter(|it| it.is_from_bot() && it.has_arrived()).collect()
    }
}

fn channel(
    which: Which,
    wecom: &WecomStandIn,
    house: &House,
    kept: &Arc<Kept>,
    socket: &Arc<SocketHandle>,
) -> AnyChannel {
    let settings = settings(wecom.options(), &wecom.api_url());
    let client = Arc::new(Client::new(&settings, house));
    let menus = || Arc::clone(kept) as Arc<_>;
    let clock = Arc::clone(&house.clock);
    match which {
        Which::Member => Arc::new(WecomApp::new(&settings, client, menus(), clock)),
        Which::Customer => Arc::new(WecomKf::new(&kf_settings(), client, menus(), clock)),
        Which::Bot | Which::BotBySocket => {
            let streams = Arc::clone(kept) as Arc<_>;
            let bot = bot_settings(which, wecom);
            Arc::new(WecomBot::new(&bot, house, streams, menus(), Arc::clone(socket)))
        }
    }
}

/// Holds the bot's connection, where there is one.
fn hold(
    bot: &BotSettings,
    handle: &Arc<SocketHandle>,
    house: &House,
    kept: &Arc<Kept>,
    heard: &Arc<Heard>,
) -> JoinHandle<()> {
    let means = Means {
        inbox: Arc::clone(heard) as Arc<_>,
        menus: Arc::clone(kept) as Arc<_>,
        streams: Arc::clone(kept) as Arc<_>,
    };
    let socket = Socket::new(bot, Arc::clone(handle), means, house);
    tokio::spawn(async move {
        if let Some(socket) = socket {
            socket.run(std::future::pending()).await;
        }
    })
}

/// The addresses on which WeCom calls.
async fn serve(
    wecom: &WecomStandIn,
    house: &House,
    kept: &Arc<Kept>,
    heard: &Arc<Heard>,
) -> JoinHandle<()> {
    let options = wecom.options();
    let inbox = || Arc::clone(heard) as Arc<dyn Inbox>;
    let menus = || Arc::clone(kept) as Arc<_>;
    let clock = || Arc::clone(&house.clock);
    let envelope = |token: &str, key: &str, receiver: &str| {
        Envelope::new(Secret::new(token), AesKey::read(key).unwrap(), receiver)
    };
    let of_app = envelope(&options.token, &options.aes_key, &options.corp_id);
    let of_bot = envelope(&options.bot.token, &options.bot.aes_key, "");
    let app = AppCallback::new(of_app, inbox(), menus(), clock());
    let streams = Arc::clone(kept) as Arc<_>;
    let settings = bot_settings(Which::Bot, wecom);
    let bot = BotCallback::new(of_bot, &settings, inbox(), menus(), streams, clock());
    let router = web::wecom_app(app, None).merge(web::wecom_bot(bot));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    wecom.point_at(&format!("http://{}", listener.local_addr().unwrap()));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
}

impl Drop for AtWecom {
    fn drop(&mut self) {
        self.serving.iter().for_each(JoinHandle::abort);
    }
}

#[async_trait]
impl Door for AtWecom {
    fn channel(&self) -> AnyChannel {
        Arc::clone(&self.channel)
    }

    async fn anew(&self) -> AnyChannel {
        channel(self.which, &self.wecom, &self.house, &self.kept, &self.socket)
    }

    fn place(&self) -> ConversationId {
        match self.which {
            Which::Member => place(&format!("wecom-app:{CHENMO}")),
            Which::Customer => place(&format!("wecom-kf:{DESK_KF}/{ANNA}")),
            Which::Bot | Which::BotBySocket => place(&format!("wecom-bot:{CHENMO}")),
        }
    }

    async fn gone(&self) -> ConversationId {
        match self.which {
            Which::Member => {
                self.wecom.show_app(WEI, false).unwrap();
                place(&format!("wecom-app:{WEI}"))
            }
            Which::Customer => place(&format!("wecom-kf:{DESK_KF}/wmNobodyAtAll")),
            Which::Bot | Which::BotBySocket => place("wecom-bot:NobodyAtAll"),
        }
    }

    async fn speak(&self, words: &str) -> Event {
        self.wecom.say(self.chat(), words).unwrap();
        self.fetch().await;
        let heard = self.heard.next(|event| matches!(event, Event::MessageReceived(_))).await;
        if self.which == Which::BotBySocket {
            // The answer is begun on the connection before there is any: that is no message.
            let begun = |it: &MessageView| it.is_from_bot() && it.text == OPENING;
            self.wecom.wait_for(self.chat(), crate::house::PATIENCE, begun).await.unwrap();
        }
        heard
    }

    async fn press(&self, label: &str) -> Event {
        let with_button = |it: &MessageView| it.is_from_bot() && it.button(label).is_some();
        let wait = crate::house::PATIENCE;
        let shown = self.wecom.wait_for(self.chat(), wait, with_button).await.unwrap();
        self.wecom.press(self.chat(), "", shown.message, label).unwrap();
        self.fetch().await;
        self.heard.next(|event| matches!(event, Event::ButtonPressed(_))).await
    }

    fn seen(&self) -> Vec<Seen> {
        let words = |it: &MessageView| it.sort != "card" && it.sort != "service";
        let said = self.said();
        let said = said.iter().filter(|it| words(it));
        // What would be markup is there in letters that look the same.
        let text = |it: &MessageView| it.text.replace('＜', "<").replace('＊', "*");
        said.map(|it| Seen { text: text(it), pictures: it.pictures.len() }).collect()
    }

    fn arm(&self, trouble: Trouble) -> bool {
        let paths: &[&str] = match self.which {
            Which::Member => &["message/send"],
            Which::Customer => &["kf/send_msg"],
            // WeCom asks what the answer says: nothing is called.
            Which::Bot => return false,
            Which::BotBySocket => &["aibot_respond_msg", "aibot_send_msg"],
        };
        let (fault, times) = match trouble {
            Trouble::Wait => (Fault::Errcode { errcode: 45_009 }, 1),
            // As often as it is asked again at once.
            Trouble::Down => (Fault::ServerError { status: 502 }, 3),
            Trouble::DropRequest => (Fault::DropRequest, 3),
            Trouble::DropAnswer => (Fault::DropAnswer, 1),
            Trouble::BadContent => (Fault::Errcode { errcode: 40_009 }, 1),
        };
        for path in paths {
            self.wecom.arm(Armed::times(fault.clone(), times).on(path));
        }
        true
    }

    fn calm(&self) {
        self.wecom.clear_faults();
    }

    fn is_ready(&self) -> bool {
        self.which != Which::BotBySocket || self.socket.is_connected()
    }

    fn splits(&self) -> bool {
        matches!(self.which, Which::Member | Which::Customer)
    }

    fn longest_wait(&self) -> Duration {
        LIMITED
    }

    fn secrets(&self) -> Vec<String> {
        let options = self.wecom.options();
        let all = [&options.secret, &options.token, &options.aes_key, &options.bot.token];
        let mut all: Vec<String> = all.into_iter().cloned().collect();
        all.push("access_token".to_owned());
        all
    }
}
