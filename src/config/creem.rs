//! `[creem]`.

use picdesk_core::payment::{Mode, RefundAuto};

use super::{
    price::Price,
    reader::Keys,
    secret::Secret,
    value::{BaseUrl, base_url, flag, maybe, one_of, parsed},
};

/// What test keys begin with, and all keys. Source: Creem, "API keys".
const TEST_KEY: &str = "creem_test_";
const ANY_KEY: &str = "creem_";
/// Creem's own addresses, for money that moves and for money that does not.
const LIVE_URL: &str = "https://api.creem.io";
const TEST_URL: &str = "https://test-api.creem.io";

/// What sells by payment links.
#[derive(Debug, Clone)]
pub struct Creem {
    /// Its base URL.
    pub base_url: BaseUrl,
    /// Its keys; none: nothing is sold by link.
    pub keys: Option<CreemKeys>,
    /// Whether prompts are screened before anything else.
    pub screening: bool,
    /// What Creem tells of more money than this is looked up there before anything is given;
    /// nothing where all is.
    pub verify_above: Option<Price>,
    /// Which refunds are given without being asked about.
    pub refund_auto: RefundAuto,
}

/// The keys of an account at Creem.
#[derive(Debug, Clone)]
pub struct CreemKeys {
    /// For calls.
    pub api_key: Secret,
    /// What webhooks are signed with.
    pub webhook_secret: Secret,
}

impl CreemKeys {
    /// Whether money moves.
    pub fn mode(&self) -> Mode {
        if self.api_key.reveal().starts_with(TEST_KEY) { Mode::Test } else { Mode::Live }
    }
}

impl Creem {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        const REFUNDS: &[(&str, RefundAuto)] =
            &[("never", RefundAuto::Never), ("unspent", RefundAuto::Unspent)];
        let base_url = keys.take("base_url", parsed(base_url));
        let (api_key, webhook_secret) = (keys.secret("api_key"), keys.secret("webhook_secret"));
        let screening = keys.take("screening", flag);
        let verify_above = keys.take("verify_above", maybe(str::parse::<Price>));
        let refund_auto = keys.take("refund_auto", one_of(REFUNDS));
        let both = match (api_key, webhook_secret) {
            (Some(api_key), Some(webhook_secret)) => Some(CreemKeys { api_key, webhook_secret }),
            (None, None) => None,
            (Some(_), None) => {
                keys.blame(
                    "webhook_secret",
                    "is missing, and creem.api_key is set: nobody could \
                    be believed who says that something was paid",
                );
                None
            }
            (None, Some(_)) => {
                keys.blame("api_key", "is missing, and creem.webhook_secret is set");
                None
            }
        };
        if let Some(both) = &both {
            let key = both.api_key.reveal();
            if !key.starts_with(ANY_KEY) {
                keys.blame("api_key", "is not a key of Creem's: those begin with creem_");
            }
            match (both.mode(), base_url.as_str()) {
                (Mode::Test, LIVE_URL) => keys.blame(
                    "base_url",
                    format!("is for live keys, and creem.api_key is a test key: take {TEST_URL}"),
                ),
                (Mode::Live, TEST_URL) => keys.blame(
                    "base_url",
                    format!("is for test keys, and creem.api_key is a live key: take {LIVE_URL}"),
                ),
                (_, _) => {}
            }
        }
        Self { base_url, keys: both, screening, verify_above, refund_auto }
    }
}
