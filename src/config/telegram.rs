//! `[telegram]`.

use std::num::NonZeroU32;
use std::time::Duration;

use super::reader::Keys;
use super::secret::Secret;
use super::value::{BaseUrl, base_url, flag, one_of, parsed, seconds, unless_zero};

/// Most characters of a webhook secret. Source: Bot API, `setWebhook`, `secret_token`.
const WEBHOOK_SECRET_CHARS_MAX: usize = 256;

/// Characters that make guessing a webhook secret hopeless, at six bits each.
pub(super) const WEBHOOK_SECRET_CHARS_ADVISED: usize = 32;

/// The Telegram channel.
#[derive(Debug, Clone)]
pub struct Telegram {
    /// The bot's token; none: the channel is off.
    pub token: Option<Secret>,
    /// Base URL of the Bot API.
    pub api_url: BaseUrl,
    /// How updates come in.
    pub receiving: Receiving,
    /// Whether message drafts are shown beside the placeholder.
    pub drafts: bool,
    /// Whether payment links are offered in Telegram beside Stars, which its terms demand.
    pub web_checkout: bool,
    /// Messages a second in all; none: no limit.
    pub sends_per_s: Option<NonZeroU32>,
    /// Messages a second to one chat; none: no limit.
    pub chat_sends_per_s: Option<NonZeroU32>,
    /// Messages a minute to one group; none: no limit.
    pub group_sends_per_min: Option<NonZeroU32>,
    /// Between two partial pictures of one message.
    pub edit_interval: Duration,
}

/// How updates come in.
#[derive(Debug, Clone)]
pub enum Receiving {
    /// We ask for them.
    Polling,
    /// Telegram calls our route.
    Webhook {
        /// What Telegram must say to be believed.
        secret: Secret,
        /// Whether we call `setWebhook` at the start.
        register: bool,
    },
}

#[derive(Clone, Copy)]
enum Mode {
    Polling,
    Webhook,
}

impl Telegram {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        const MODES: &[(&str, Mode)] = &[("polling", Mode::Polling), ("webhook", Mode::Webhook)];
        let token = keys.secret("token");
        if token.as_ref().is_some_and(|token| !is_token(token.reveal())) {
            keys.blame("token", "is not a bot token: digits, a colon, letters and digits");
        }
        let secret = keys.secret("webhook_secret");
        if secret.as_ref().is_some_and(|secret| !is_webhook_secret(secret.reveal())) {
            keys.blame("webhook_secret", "must be 1 to 256 letters, digits, _ and -");
        }
        let mode = keys.take("mode", one_of(MODES));
        let register = keys.take("register_webhook", flag);
        let receiving = match (mode, secret) {
            (Mode::Polling, _) => Receiving::Polling,
            (Mode::Webhook, Some(secret)) => Receiving::Webhook { secret, register },
            (Mode::Webhook, None) => {
                keys.blame("mode", "is \"webhook\", which needs telegram.webhook_secret");
                Receiving::Polling
            }
        };
        Self {
            token,
            api_url: keys.take("api_url", parsed(base_url)),
            receiving,
            drafts: keys.take("drafts", flag),
            web_checkout: keys.take("web_checkout", flag),
            sends_per_s: keys.take("sends_per_s", unless_zero(1000)),
            chat_sends_per_s: keys.take("chat_sends_per_s", unless_zero(1000)),
            group_sends_per_min: keys.take("group_sends_per_min", unless_zero(10_000)),
            edit_interval: keys.take("edit_interval_s", seconds(0..=60)),
        }
    }
}

/// `123456:ABC-def_1`: the bot's id, a colon, its key.
fn is_token(text: &str) -> bool {
    text.split_once(':').is_some_and(|(id, key)| {
        !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_digit())
            && !key.is_empty()
            && key.bytes().all(is_secret_byte)
    })
}

fn is_webhook_secret(text: &str) -> bool {
    text.len() <= WEBHOOK_SECRET_CHARS_MAX && text.bytes().all(is_secret_byte)
}

fn is_secret_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}
