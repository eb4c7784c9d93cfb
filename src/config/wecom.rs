//! `[wecom]`, `[wecom.kf]`, `[wecom.bot]` and `[wecom.contact]`.

use std::time::Duration;

use picdesk_wecom::{
    BotMode as AdapterMode, BotSettings, BotWords, HandOver as AdapterHandOver, KfSettings,
    WecomSettings, verify::Secret as Exposed,
};
use url::Url;

use super::reader::{Keys, Read, Reader};
use super::secret::Secret;
use super::value::{BaseUrl, base_url, flag, list, one_of, parsed, seconds, text, within, words};

/// WeCom: the self-built app and what belongs to it, and the AI bot.
#[derive(Debug, Clone)]
pub struct Wecom {
    /// The self-built app; none: it is off, and with it everything but the AI bot.
    pub app: Option<WecomApp>,
    /// The AI bot; none: it is off.
    pub bot: Option<WecomBot>,
}

/// The self-built app.
#[derive(Debug, Clone)]
pub struct WecomApp {
    /// The company's id.
    pub corp_id: String,
    /// Base URL of the API.
    pub api_url: BaseUrl,
    /// The app's number.
    pub agent_id: u64,
    /// The app's secret.
    pub secret: Secret,
    /// The callback's token.
    pub token: Secret,
    /// The callback's key.
    pub aes_key: Secret,
    /// WeChat customer service; none: it is off.
    pub kf: Option<WecomKf>,
    /// Whether members' new contacts are greeted with a link to the first account.
    pub welcome: bool,
}

/// WeChat customer service.
#[derive(Debug, Clone)]
pub struct WecomKf {
    /// The `open_kfid` of each account.
    pub accounts: Vec<String>,
    /// How often is looked for messages without a doorbell.
    pub sync_every: Duration,
    /// What is older than this is not answered at an account's very first sync.
    pub first_sync_age_max: Duration,
    /// To whom a chat is handed that wants a person.
    pub hand_over: HandOver,
    /// The people that `hand_over` names, by user id.
    pub servicers: Vec<String>,
}

/// To whom a chat on WeChat is handed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOver {
    /// Whoever of the account's people takes it.
    Pool,
    /// One of `servicers`.
    Servicer,
}

/// The AI bot.
#[derive(Debug, Clone)]
pub struct WecomBot {
    /// What it is called in groups; empty where that is one word.
    pub name: String,
    /// How what is said to it comes.
    pub way: BotWay,
}

/// How what is said to the AI bot comes.
#[derive(Debug, Clone)]
pub enum BotWay {
    /// WeCom brings what is said.
    Callback {
        /// The callback's token.
        token: Secret,
        /// The callback's key.
        aes_key: Secret,
    },
    /// We hold a connection.
    Socket {
        /// The bot's id.
        bot_id: String,
        /// Its secret.
        secret: Secret,
        /// Where to connect.
        url: Url,
    },
}

#[derive(Clone, Copy)]
enum Mode {
    Callback,
    Socket,
}

impl Wecom {
    /// How what is said to the AI bot comes; nothing where it is off.
    pub fn bot_way(&self) -> Option<&BotWay> {
        self.bot.as_ref().map(|bot| &bot.way)
    }

    pub(super) fn read(reader: &mut Reader) -> Self {
        let welcome = reader.section("wecom.contact").take("welcome", flag);
        let kf = WecomKf::read(&mut reader.section("wecom.kf"));
        let app = WecomApp::read(&mut reader.section("wecom"), kf, welcome);
        Self { app, bot: WecomBot::read(&mut reader.section("wecom.bot")) }
    }
}

impl WecomApp {
    fn read(keys: &mut Keys<'_>, kf: Option<WecomKf>, welcome: bool) -> Option<Self> {
        let corp_id = keys.take("corp_id", text);
        let api_url = keys.take("api_url", parsed(base_url));
        let agent_id = keys.take("agent_id", within(1..=u32::MAX)).into();
        let secrets = ["secret", "token", "aes_key"].map(|key| (key, keys.secret(key)));
        if secrets[0].1.is_none() {
            if kf.is_some() {
                keys.blame("secret", "is missing, and wecom.kf.accounts needs it");
            }
            return None;
        }
        for (key, given) in &secrets {
            if given.is_none() {
                keys.blame(key, "is missing, and goes with wecom.secret");
            }
        }
        let [secret, token, aes_key] = secrets.map(|(_, given)| given);
        let app = Self {
            corp_id,
            api_url,
            agent_id,
            secret: secret?,
            token: token?,
            aes_key: aes_key?,
            kf,
            welcome,
        };
        if let Some(settings) = app.settings(String::new(), &[]) {
            for problem in settings.problems() {
                keys.blame_whole(problem.key, problem.what);
            }
        }
        Some(app)
    }

    /// What the adapter is made of. `house` is this installation's word, `operators` are members.
    pub fn settings(&self, house: String, operators: &[String]) -> Option<WecomSettings> {
        Some(WecomSettings {
            corp_id: self.corp_id.clone(),
            api_url: Url::parse(self.api_url.as_str()).ok()?,
            agent_id: self.agent_id,
            secret: exposed(&self.secret),
            token: exposed(&self.token),
            aes_key: exposed(&self.aes_key),
            kf: self.kf.as_ref().map(|kf| KfSettings {
                accounts: kf.accounts.clone(),
                sync_every: kf.sync_every,
                first_sync_age_max: kf.first_sync_age_max,
                house,
                hand_over: match kf.hand_over {
                    HandOver::Pool => AdapterHandOver::Pool,
                    HandOver::Servicer => AdapterHandOver::Servicers(kf.servicers.clone()),
                },
            }),
            greets_contacts: self.welcome,
            operators: operators.to_vec(),
        })
    }
}

impl WecomKf {
    fn read(keys: &mut Keys<'_>) -> Option<Self> {
        const HAND_OVERS: &[(&str, HandOver)] =
            &[("pool", HandOver::Pool), ("servicer", HandOver::Servicer)];
        let kf = Self {
            accounts: keys.take("accounts", list(words)),
            sync_every: keys.take("sync_every_s", seconds(10..=3600)),
            first_sync_age_max: keys.take("first_sync_age_max_min", |value| {
                within(0..=4320_u64)(value).map(|minutes| Duration::from_secs(minutes * 60))
            }),
            hand_over: keys.take("hand_over", one_of(HAND_OVERS)),
            servicers: keys.take("servicers", list(words)),
        };
        if kf.hand_over == HandOver::Servicer && kf.servicers.is_empty() {
            keys.blame("servicers", "names nobody, and wecom.kf.hand_over is \"servicer\"");
        }
        let mut seen = std::collections::BTreeSet::new();
        if !kf.accounts.iter().all(|account| seen.insert(account)) {
            keys.blame("accounts", "names an account twice");
        }
        Some(kf).filter(|kf| !kf.accounts.is_empty())
    }
}

impl WecomBot {
    fn read(keys: &mut Keys<'_>) -> Option<Self> {
        const MODES: &[(&str, Mode)] = &[("callback", Mode::Callback), ("websocket", Mode::Socket)];
        let mode = keys.take("mode", one_of(MODES));
        let name = keys.take("name", text).trim().trim_start_matches('@').to_owned();
        let (token, aes_key) = (keys.secret("token"), keys.secret("aes_key"));
        let (bot_id, secret) = (keys.take("bot_id", text), keys.secret("secret"));
        let url = keys.take("ws_url", parsed(socket_url));
        let way = match (mode, token, aes_key, secret) {
            (Mode::Callback, Some(token), Some(aes_key), _) => BotWay::Callback { token, aes_key },
            (Mode::Callback, Some(_), None, _) => {
                keys.blame("aes_key", "is missing, and goes with wecom.bot.token");
                return None;
            }
            (Mode::Callback, None, Some(_), _) => {
                keys.blame("token", "is missing, and goes with wecom.bot.aes_key");
                return None;
            }
            (Mode::Socket, .., Some(secret)) => BotWay::Socket { bot_id, secret, url },
            (Mode::Callback, None, None, _) => return None,
            (Mode::Socket, .., None) => {
                keys.blame("mode", "is \"websocket\", which needs wecom.bot.secret");
                return None;
            }
        };
        let bot = Self { name, way };
        for problem in bot.settings(BotWords::default()).problems() {
            keys.blame_whole(problem.key, problem.what);
        }
        Some(bot)
    }

    /// What the adapter is made of.
    pub fn settings(&self, words: BotWords) -> BotSettings {
        let mode = match &self.way {
            BotWay::Callback { token, aes_key } => {
                AdapterMode::Callback { token: exposed(token), aes_key: exposed(aes_key) }
            }
            BotWay::Socket { bot_id, secret, url } => AdapterMode::Socket {
                bot_id: bot_id.clone(),
                secret: exposed(secret),
                url: url.clone(),
            },
        };
        BotSettings { mode, name: self.name.clone(), words }
    }
}

fn exposed(secret: &Secret) -> Exposed {
    Exposed::new(secret.reveal())
}

/// Where a socket is opened.
fn socket_url(text: &str) -> Read<Url> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "ws" | "wss") && url.has_host() => Ok(url),
        _ => Err("must be a URL that begins with ws:// or wss://".to_owned()),
    }
}
