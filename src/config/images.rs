//! `[images]`, `[credits]` and `[limits]`.

use std::num::NonZeroU32;
use std::time::Duration;

use picdesk_core::credits::Credits as Amount;

use super::given::Value;
use super::reader::{Keys, Read};
use super::secret::Secret;
use super::value::{
    BaseUrl, base_url, flag, one_of, parsed, seconds, text, unless_zero, within, words,
};

/// Largest reference picture the provider takes, bytes. Source: the images API, edits, 50 MB each.
const REFERENCE_BYTES_MAX: u64 = 50_000_000;

/// More credits than any request can cost; keeps sums far from the end of an integer.
pub(super) const CREDITS_MAX: i64 = 1_000_000_000;

/// The images provider.
#[derive(Debug, Clone)]
pub struct Images {
    /// Base URL of the provider, or of a gateway before it.
    pub base_url: BaseUrl,
    /// Its key; none: no picture can be made.
    pub api_key: Option<Secret>,
    /// How the key is shown.
    pub auth: Auth,
    /// The provider's name of the model.
    pub model: String,
    /// What one call may take.
    pub timeout: Duration,
    /// What calls under way have to end after SIGTERM.
    pub drain: Duration,
    /// Pictures being made at once.
    pub concurrency: u32,
    /// Whether partial pictures are streamed.
    pub stream: bool,
    /// Partial pictures asked for, 0 to 3.
    pub partials: u8,
    /// Whether the model takes reference pictures.
    pub edits: bool,
    /// How strictly the provider screens.
    pub moderation: Moderation,
    /// What a token of text costs.
    pub cost_text_in: NanoUsd,
    /// What a token of reference picture costs.
    pub cost_image_in: NanoUsd,
    /// What a token of picture made costs.
    pub cost_image_out: NanoUsd,
}

/// How the provider's key is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer …`.
    Bearer,
    /// `api-key: …`, as Azure wants it.
    ApiKey,
}

/// How strictly the provider screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moderation {
    /// As the provider likes.
    Auto,
    /// Less.
    Low,
}

impl Moderation {
    /// The provider's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Low => "low",
        }
    }
}

/// The price of one token in billionths of a US dollar: a dollar per million tokens is a thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NanoUsd(pub i64);

impl Images {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        const AUTHS: &[(&str, Auth)] = &[("bearer", Auth::Bearer), ("api-key", Auth::ApiKey)];
        const MODERATIONS: &[(&str, Moderation)] =
            &[("auto", Moderation::Auto), ("low", Moderation::Low)];
        Self {
            base_url: keys.take("base_url", parsed(base_url)),
            api_key: keys.secret("api_key"),
            auth: keys.take("auth", one_of(AUTHS)),
            model: keys.take("model", words),
            timeout: keys.take("timeout_s", seconds(1..=3600)),
            drain: keys.take("drain_s", seconds(0..=7200)),
            concurrency: keys.take("concurrency", within(1..=256)),
            stream: keys.take("stream", flag),
            partials: keys.take("partials", within(0..=3)),
            edits: keys.take("edits", flag),
            moderation: keys.take("moderation", one_of(MODERATIONS)),
            cost_text_in: keys.take("cost_text_in_usd_per_mtok", nano_usd),
            cost_image_in: keys.take("cost_image_in_usd_per_mtok", nano_usd),
            cost_image_out: keys.take("cost_image_out_usd_per_mtok", nano_usd),
        }
    }
}

/// Dollars per million tokens, with at most three digits behind the point.
fn nano_usd(value: &Value) -> Read<NanoUsd> {
    let written = match value {
        Value::Whole(dollars) => dollars.to_string(),
        Value::Decimal(dollars) => dollars.clone(),
        Value::Raw(_) => text(value)?,
        _ => String::new(),
    };
    let (whole, thousandths) = written.split_once('.').unwrap_or((&written, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = (!whole.is_empty() && digits(whole) && digits(thousandths))
        .then(|| format!("{whole}{thousandths:0<3}"))
        .filter(|_| thousandths.len() <= 3)
        .and_then(|number| number.parse().ok())
        .filter(|nano| (0..=1_000_000_000).contains(nano));
    parsed.map(NanoUsd).ok_or_else(|| {
        "must be US dollars, 0 to 1000000, with at most three digits behind the point".to_owned()
    })
}

/// What credits are given and asked about.
#[derive(Debug, Clone, Copy)]
pub struct Credits {
    /// Given once to a new identity.
    pub trial: Amount,
    /// Asks before spending more than this on one request.
    pub ask_above: Amount,
}

impl Credits {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        Self { trial: keys.take("trial", amount), ask_above: keys.take("ask_above", amount) }
    }
}

/// Whole credits, none or more.
pub(super) fn amount(value: &Value) -> Read<Amount> {
    within(0..=CREDITS_MAX)(value).map(Amount)
}

/// What one person may ask.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Messages taken from one person a minute; none: no limit.
    pub messages_per_min: Option<NonZeroU32>,
    /// Reference pictures of one request.
    pub references_max: usize,
    /// Bytes of one reference picture.
    pub reference_bytes_max: u64,
    /// Characters of one prompt.
    pub prompt_chars_max: usize,
}

impl Limits {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        Self {
            messages_per_min: keys.take("messages_per_min", unless_zero(100_000)),
            // Source: the images API, edits, 16 images.
            references_max: keys.take("references_max", within(0..=16)),
            reference_bytes_max: keys.take("reference_bytes_max", within(1..=REFERENCE_BYTES_MAX)),
            // Source: the images API, `prompt`, 32,000 characters.
            prompt_chars_max: keys.take("prompt_chars_max", within(1..=32_000)),
        }
    }
}
