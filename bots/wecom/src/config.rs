//! What the owner sets for these channels, and what each can do.

use std::time::Duration;

use picdesk_core::channel::{Capabilities, SendsMax};
use url::Url;

use crate::{envelope::AesKey, verify::Secret};

/// The channel of the company's members: what its conversation ids begin with.
pub const APP: &str = "wecom-app";
/// The channel of customers on WeChat.
pub const KF: &str = "wecom-kf";
/// The channel of the AI bot.
pub const BOT: &str = "wecom-bot";

/// Longest text of `message/send` and `kf/send_msg`, bytes of UTF-8; more is cut off silently.
/// Source: document/path/90236 and 94677.
pub const TEXT_BYTES_MAX: usize = 2048;

/// Longest text of the bot's stream and of its later answer, bytes. Source: 101031, 101138.
pub const STREAM_BYTES_MAX: usize = 20_480;

/// Buttons of a card. Source: 90236, `button_list`.
pub const CARD_BUTTONS_MAX: u8 = 6;

/// Items of a menu that can be pressed. Source: 94677, `msgmenu`.
pub const MENU_BUTTONS_MAX: u8 = 10;

/// Largest picture that `media/upload` takes, bytes. Source: 90253.
const UPLOAD_IMAGE_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// Largest picture we send, bytes: the error table still names 5 MB for 45001, so stay below.
const PHOTO_BYTES_MAX: u64 = 5 * 1000 * 1000;

/// Largest file that `media/upload` takes, bytes. Source: 90253.
const FILE_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// Largest picture that a customer can send to an account, bytes. Source: 94670, `sync_msg`.
pub const KF_IMAGE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// How long an uploaded or received file can be used. Source: 90253.
pub const MEDIA_MS: i64 = 3 * 24 * 60 * 60 * 1000;

/// Messages after each message of a customer's, and for how long. Source: 94677.
const KF_REPLIES_MAX: u32 = 5;
const KF_WINDOW_S: u32 = 48 * 60 * 60;

/// Sides of a picture. WeCom names no limit; WeChat shows long ones badly.
const PHOTO_SIDE_SUM_MAX: u32 = 20_000;
const PHOTO_RATIO_MAX: u32 = 20;

/// Messages to one member; more are dropped silently. Source: 90454.
const MEMBER_SENDS_MAX: SendsMax = SendsMax { per_min: 30, per_hour: 1000 };

/// Frames on the bot's connection in one chat: 30 a minute and 1000 an hour, answers and what is
/// said by itself together, less the first and the last frame of an answer, which leave uncounted.
/// Source: the page of 101463, as others quote it.
pub(crate) const SOCKET_SENDS_MAX: SendsMax = SendsMax { per_min: 24, per_hour: 900 };

/// The section `[wecom]`. It has no `Debug`, so that no secret gets into a log by way of it.
#[derive(Clone)]
pub struct WecomSettings {
    /// The company's id.
    pub corp_id: String,
    /// Where the API is.
    pub api_url: Url,
    /// The app's number.
    pub agent_id: u64,
    /// The app's secret.
    pub secret: Secret,
    /// The callback's token.
    pub token: Secret,
    /// The callback's key, 43 letters.
    pub aes_key: Secret,
    /// The accounts that the bot answers; none when customer service is off.
    pub kf: Option<KfSettings>,
    /// Whether members' new contacts are greeted, with a link to the first of the accounts.
    pub greets_contacts: bool,
    /// Members who are operators, by their user ids: what they write is said at the desk.
    pub operators: Vec<String>,
}

/// The section `[wecom.kf]`.
#[derive(Clone, Debug)]
pub struct KfSettings {
    /// The `open_kfid` of each account.
    pub accounts: Vec<String>,
    /// How often is looked for messages without a doorbell.
    pub sync_every: Duration,
    /// At an account's very first sync, what is older than this is not answered.
    pub first_sync_age_max: Duration,
    /// A word of at most eight letters that tells this house's sends from those of another that
    /// had the account before.
    pub house: String,
    /// To whom a chat is handed that wants a person.
    pub hand_over: HandOver,
}

/// To whom a chat is handed that wants a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandOver {
    /// Whoever of the account's people takes it.
    Pool,
    /// One of these, by their user ids, who takes chats at that moment.
    Servicers(Vec<String>),
}

/// The section `[wecom.bot]`.
#[derive(Clone)]
pub struct BotSettings {
    /// How messages come.
    pub mode: BotMode,
    /// What it is called in groups; empty where nobody has said.
    pub name: String,
    /// Its own words.
    pub words: BotWords,
}

/// What the bot says of itself, without a turn.
#[derive(Clone, Debug, Default)]
pub struct BotWords {
    /// What a message says until there is something to say.
    pub opening: String,
    /// What somebody is greeted with who opens the chat; empty for nothing.
    pub greeting: String,
    /// What a message says in the end whose words were all taken back.
    pub taken_back: String,
    /// What a message says in the end that got no words in its time.
    pub unanswered: String,
    /// What a card says beside the button that was pressed.
    pub pressed: String,
    /// The same where a press cannot be answered.
    pub write_instead: String,
}

/// How the bot's messages come.
#[derive(Clone)]
pub enum BotMode {
    /// WeCom brings them.
    Callback {
        /// The callback's token.
        token: Secret,
        /// The callback's key, 43 letters.
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

/// Something wrong with the settings: which key, and what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {what}")]
pub struct Problem {
    /// The key as it stands in the configuration file.
    pub key: &'static str,
    /// What is wrong, and what would be right; never the value.
    pub what: &'static str,
}

impl WecomSettings {
    /// Everything that is wrong, not only the first.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut problem = |key, what| problems.push(Problem { key, what });
        if !is_word(&self.corp_id, 64) {
            problem("wecom.corp_id", "must be the company's id, like ww1234567890abcdef");
        }
        if !matches!(self.api_url.scheme(), "http" | "https") || self.api_url.cannot_be_a_base() {
            problem("wecom.api_url", "must be an http or https address");
        }
        if self.agent_id == 0 {
            problem("wecom.agent_id", "must be the app's AgentId");
        }
        if self.secret.expose().is_empty() {
            problem("wecom.secret", "is needed");
        }
        callback_problems(&self.token, &self.aes_key, APP_KEYS, &mut problem);
        if let Some(kf) = &self.kf {
            if !kf.accounts.iter().all(|account| is_word(account, 64)) {
                problem("wecom.kf.accounts", "must be open_kfids, like wkAJ2GCAAA");
            }
            if kf.sync_every < Duration::from_secs(10) {
                problem("wecom.kf.sync_every_s", "must be at least 10: more is frowned upon");
            }
            if let HandOver::Servicers(servicers) = &kf.hand_over
                && !servicers.iter().all(|servicer| is_member(servicer))
            {
                problem("wecom.kf.servicers", "must be user ids of members, like zhangsan");
            }
            if kf.house.len() > 8 || !kf.house.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                problem("wecom.kf", "the house's word must be at most 8 letters");
            }
        }
        if !self.operators.iter().all(|operator| is_member(operator)) {
            problem("desk.wecom_operators", "must be user ids of members, like zhangsan");
        }
        problems
    }
}

impl BotSettings {
    /// Everything that is wrong, not only the first.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut problem = |key, what| problems.push(Problem { key, what });
        match &self.mode {
            BotMode::Callback { token, aes_key } => {
                callback_problems(token, aes_key, BOT_KEYS, &mut problem);
            }
            BotMode::Socket { bot_id, secret, url } => {
                if bot_id.is_empty() {
                    problem("wecom.bot.bot_id", "is needed in websocket mode");
                }
                if secret.expose().is_empty() {
                    problem("wecom.bot.secret", "is needed in websocket mode");
                }
                if !matches!(url.scheme(), "ws" | "wss") || !url.has_host() {
                    problem("wecom.bot.ws_url", "must be a ws or wss address");
                }
            }
        }
        problems
    }
}

const APP_KEYS: [&str; 2] = ["wecom.token", "wecom.aes_key"];
const BOT_KEYS: [&str; 2] = ["wecom.bot.token", "wecom.bot.aes_key"];

fn callback_problems(
    token: &Secret,
    aes_key: &Secret,
    keys: [&'static str; 2],
    problem: &mut impl FnMut(&'static str, &'static str),
) {
    let token = token.expose();
    if !is_word(token, 32) || !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        problem(keys[0], "must be 1 to 32 of A-Z, a-z and 0-9");
    }
    if AesKey::read(aes_key.expose()).is_none() {
        problem(keys[1], "must be the 43 letters of the console's EncodingAESKey");
    }
}

/// Whether WeCom takes this as a member's user id, and as one of several. Source:
/// document/path/90195.
fn is_member(user: &str) -> bool {
    let tame = |byte: u8| byte.is_ascii_alphanumeric() || b"_-@.".contains(&byte);
    (1..=64).contains(&user.len()) && user.bytes().all(tame)
}

fn is_word(text: &str, bytes_max: usize) -> bool {
    let tame = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (1..=bytes_max).contains(&text.len()) && text.bytes().all(tame)
}

/// What the channel of members can do.
#[must_use]
pub fn app_capabilities() -> Capabilities {
    Capabilities {
        name: APP,
        edits: false,
        buttons: true,
        topics: false,
        closes_buttons: true,
        hands_over: false,
        knows_repeats: false,
        meets_contacts: false,
        text_units_max: TEXT_BYTES_MAX,
        caption_units_max: TEXT_BYTES_MAX,
        photo_bytes_max: PHOTO_BYTES_MAX,
        photo_side_sum_max: PHOTO_SIDE_SUM_MAX,
        photo_ratio_max: PHOTO_RATIO_MAX,
        file_bytes_max: FILE_BYTES_MAX,
        replies_max: None,
        reply_window_s: None,
        drafts: false,
        stars: false,
        one_answer: false,
        begins: true,
        markdown: false,
        buttons_max: Some(CARD_BUTTONS_MAX.into()),
        sends_per_s: 0,
        chat_sends_per_s: 0,
        group_sends_per_min: 0,
        chat_sends_max: Some(MEMBER_SENDS_MAX),
        edit_interval_s: 0,
    }
}

/// What the channel of customers on WeChat can do.
#[must_use]
pub fn kf_capabilities() -> Capabilities {
    Capabilities {
        name: KF,
        replies_max: Some(KF_REPLIES_MAX),
        reply_window_s: Some(KF_WINDOW_S),
        closes_buttons: false,
        hands_over: true,
        // Each send has its own msgid. Source: 94677.
        knows_repeats: true,
        meets_contacts: true,
        // A file is a nuisance in a chat on WeChat: originals go as links.
        file_bytes_max: 0,
        buttons_max: Some(MENU_BUTTONS_MAX.into()),
        chat_sends_max: None,
        ..app_capabilities()
    }
}

/// What the bot can do. Its message can be written anew while its stream is open.
#[must_use]
pub fn bot_capabilities() -> Capabilities {
    Capabilities {
        name: BOT,
        edits: true,
        one_answer: true,
        begins: false,
        text_units_max: STREAM_BYTES_MAX,
        caption_units_max: STREAM_BYTES_MAX,
        photo_bytes_max: UPLOAD_IMAGE_BYTES_MAX,
        // An answer has words and pictures: originals go as links.
        file_bytes_max: 0,
        markdown: true,
        buttons_max: Some(CARD_BUTTONS_MAX.into()),
        chat_sends_max: None,
        edit_interval_s: 2,
        ..app_capabilities()
    }
}

/// What the bot can do on its connection: say something unasked too, and only so often.
#[must_use]
pub fn socket_capabilities() -> Capabilities {
    Capabilities { begins: true, chat_sends_max: Some(SOCKET_SENDS_MAX), ..bot_capabilities() }
}

/// How long things may take and how patient we are; the defaults are for production, tests hurry.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A plain call, wholly.
    pub call: Duration,
    /// A call that carries a file, wholly.
    pub upload: Duration,
    /// The first wait after something failed that is tried for ever; doubles up to `retry_most`.
    pub retry_first: Duration,
    /// The longest such wait.
    pub retry_most: Duration,
    /// The first wait after WeCom was too busy for a call; doubles each time.
    pub busy: Duration,
    /// How long a limit of a minute is kept away from.
    pub limited: Duration,
    /// How long news are not asked for again without a doorbell's token because one was bad.
    pub without_token: Duration,
    /// How often the bot's connection is tried for life.
    pub ping: Duration,
    /// How long an answer on the bot's connection may take.
    pub ack: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(10),
            upload: Duration::from_mins(1),
            retry_first: Duration::from_secs(1),
            retry_most: Duration::from_secs(64),
            busy: Duration::from_millis(500),
            limited: Duration::from_mins(1),
            without_token: Duration::from_secs(30),
            // Source: document/path/101463: every 30 s, and the SDK gives an answer 5 s.
            ping: Duration::from_secs(30),
            ack: Duration::from_secs(5),
        }
    }
}
