//! What the owner sets for this channel, and what the channel can do by that.

use std::time::Duration;

use picdesk_core::channel::Capabilities;
use url::Url;

use crate::verify::Secret;

/// The channel's name: what its conversation ids begin with.
pub const CHANNEL: &str = "telegram";

/// Largest file that `getFile` gives away, bytes. Source: tdlib/telegram-bot-api, Client.h,
/// `MAX_DOWNLOAD_FILE_SIZE`.
pub const DOWNLOAD_BYTES_MAX: u64 = 20 << 20;

/// Longest text, UTF-16 code units. Source: Bot API, `sendMessage`.
pub const TEXT_UNITS_MAX: usize = 4096;

/// Longest caption, UTF-16 code units. Source: Bot API, `sendPhoto`.
pub const CAPTION_UNITS_MAX: usize = 1024;

/// Largest photo that `sendPhoto` takes, bytes. Source: Bot API, "Sending files", 10 MB.
const PHOTO_BYTES_MAX: u64 = 10 * 1000 * 1000;

/// Largest sum of a photo's sides, pixels. Source: Bot API, `sendPhoto`.
const PHOTO_SIDE_SUM_MAX: u32 = 10_000;

/// Largest ratio of a photo's sides. Source: Bot API, `sendPhoto`.
const PHOTO_RATIO_MAX: u32 = 20;

/// Largest file that `sendDocument` takes, bytes. Source: Bot API, "Sending files", 50 MB.
const FILE_BYTES_MAX: u64 = 50 * 1000 * 1000;

/// The section `[telegram]` and what it needs from others. It has no `Debug`, so that no secret
/// gets into a log by way of it.
#[derive(Clone)]
pub struct TelegramSettings {
    /// The bot's token: its number, a colon, and a secret.
    pub token: Secret,
    /// Where the Bot API is.
    pub api_url: Url,
    /// How updates come.
    pub mode: Mode,
    /// What Telegram shows us with every webhook call; the first is the one we register, all are
    /// accepted, so that it can be changed without a gap.
    pub webhook_secrets: Vec<Secret>,
    /// Whether this replica tells Telegram where the webhook is.
    pub register_webhook: bool,
    /// Whether drafts are shown beside the placeholder.
    pub drafts: bool,
    /// Sends a second over all chats; 0 = off.
    pub sends_per_s: u32,
    /// Sends a second in one chat; 0 = off.
    pub chat_sends_per_s: u32,
    /// Sends a minute in one group; 0 = off.
    pub group_sends_per_min: u32,
    /// The least time between two progress edits of one message, seconds.
    pub edit_interval_s: u32,
    /// The operators' forum group, where there is one.
    pub desk_chat_id: Option<i64>,
    /// How the platforms reach us.
    pub public_url: Url,
}

/// How updates come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// We ask for them.
    Polling,
    /// Telegram brings them.
    Webhook,
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

impl TelegramSettings {
    /// Everything that is wrong, not only the first.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut problem = |key, what| problems.push(Problem { key, what });
        if self.bot_id().is_none() {
            problem("telegram.token", "must be the bot's number, a colon, and the secret part");
        }
        if !matches!(self.api_url.scheme(), "http" | "https") || self.api_url.cannot_be_a_base() {
            problem("telegram.api_url", "must be an http or https address");
        }
        if self.mode == Mode::Webhook && self.webhook_secrets.is_empty() {
            problem("telegram.webhook_secret", "is needed in webhook mode");
        }
        if self.webhook_secrets.iter().any(|secret| !is_webhook_secret(secret.expose())) {
            problem("telegram.webhook_secret", "must be 1 to 256 of A-Z, a-z, 0-9, _ and -");
        }
        if self.mode == Mode::Webhook && self.register_webhook && !self.public_url.has_host() {
            problem("server.public_url", "must be where Telegram reaches us");
        }
        if self.desk_chat_id.is_some_and(|id| id >= 0) {
            problem("desk.telegram_chat_id", "must be a group: a negative number");
        }
        problems
    }

    /// The bot's own user id, which its token begins with.
    #[must_use]
    pub fn bot_id(&self) -> Option<i64> {
        let (id, secret) = self.token.expose().split_once(':')?;
        let tame = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if secret.is_empty() || !secret.chars().all(tame) || !id.bytes().all(|b| b.is_ascii_digit())
        {
            return None;
        }
        id.parse().ok()
    }

    /// What the channel can do.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: CHANNEL,
            edits: true,
            buttons: true,
            topics: true,
            closes_buttons: true,
            hands_over: false,
            knows_repeats: false,
            meets_contacts: false,
            text_units_max: TEXT_UNITS_MAX,
            caption_units_max: CAPTION_UNITS_MAX,
            photo_bytes_max: PHOTO_BYTES_MAX,
            photo_side_sum_max: PHOTO_SIDE_SUM_MAX,
            photo_ratio_max: PHOTO_RATIO_MAX,
            file_bytes_max: FILE_BYTES_MAX,
            replies_max: None,
            reply_window_s: None,
            markdown: true,
            buttons_max: None,
            sends_per_s: self.sends_per_s,
            chat_sends_per_s: self.chat_sends_per_s,
            group_sends_per_min: self.group_sends_per_min,
            chat_sends_max: None,
            edit_interval_s: self.edit_interval_s,
            drafts: self.drafts,
            stars: true,
            one_answer: false,
            begins: true,
        }
    }
}

/// Source: Bot API, `setWebhook`, `secret_token`.
fn is_webhook_secret(secret: &str) -> bool {
    (1..=256).contains(&secret.len())
        && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// How long things may take and how patient we are; the defaults are for production, tests hurry.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A plain call, wholly.
    pub call: Duration,
    /// A call that carries a file, wholly.
    pub upload: Duration,
    /// How long Telegram holds a `getUpdates` that has nothing, seconds; at most 50. Source:
    /// tdlib/telegram-bot-api, Client.h, `LONG_POLL_MAX_TIMEOUT`.
    pub poll_s: u32,
    /// The first wait after a failed poll; doubles up to `retry_most`.
    pub retry_first: Duration,
    /// The longest wait after a failed poll.
    pub retry_most: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(20),
            upload: Duration::from_mins(1),
            poll_s: 30,
            retry_first: Duration::from_secs(1),
            retry_most: Duration::from_secs(64),
        }
    }
}
