//! Whether something is really Creem's: webhooks, and the browser that comes back from paying.

use std::time::Duration;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::config::Secret;

/// How far the time of a webhook may be from ours. Source: Standard Webhooks, and Creem's SDK.
const TOLERANCE: Duration = Duration::from_mins(5);
/// Signatures that are looked at.
const SIGNATURES_MAX: usize = 8;

/// Why a webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// It has no signature, or more than one.
    Unsigned,
    /// It is signed for another time.
    TooOld,
    /// The signature is wrong.
    Forged,
}

/// Looks at what is brought to the webhook.
#[derive(Clone, Debug)]
pub struct Doorkeeper {
    secret: Secret,
}

/// The headers that matter, each as often as it came.
#[derive(Debug, Default)]
pub struct Shown<'a> {
    /// `creem-signature` and `x-creem-signature`.
    pub legacy: Vec<&'a [u8]>,
    /// `webhook-id`.
    pub id: Vec<&'a [u8]>,
    /// `webhook-timestamp`.
    pub timestamp: Vec<&'a [u8]>,
    /// `webhook-signature`.
    pub signature: Vec<&'a [u8]>,
}

impl<'a> Shown<'a> {
    /// Out of a request's headers.
    pub fn of(headers: &'a axum::http::HeaderMap) -> Self {
        let all = |name: &str| -> Vec<&'a [u8]> {
            headers.get_all(name).iter().map(axum::http::HeaderValue::as_bytes).collect()
        };
        Self {
            legacy: [all("creem-signature"), all("x-creem-signature")].concat(),
            id: all("webhook-id"),
            timestamp: all("webhook-timestamp"),
            signature: all("webhook-signature"),
        }
    }
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// The one there is.
fn only<'a>(values: &[&'a [u8]]) -> Result<&'a [u8], Rejected> {
    match values {
        [only] => Ok(only),
        _ => Err(Rejected::Unsigned),
    }
}

impl Doorkeeper {
    /// Believes whoever has signed with this secret.
    pub fn new(secret: Secret) -> Self {
        Self { secret }
    }

    /// Whether a body, byte by byte as it came, is really Creem's. Where it is signed under both
    /// schemes, the one with a time decides.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn admit(&self, shown: &Shown<'_>, body: &[u8], now_ms: i64) -> Result<(), Rejected> {
        let standard = [&shown.id, &shown.timestamp, &shown.signature];
        if standard.iter().all(|values| !values.is_empty()) {
            return self.standard(shown, body, now_ms);
        }
        self.legacy(only(&shown.legacy)?, body)
    }

    /// Hex of HMAC-SHA256 over the body, with the secret as it is written.
    fn legacy(&self, shown: &[u8], body: &[u8]) -> Result<(), Rejected> {
        let shown = shown.trim_ascii();
        let shown = match shown.get(..7) {
            Some(start) if start.eq_ignore_ascii_case(b"sha256=") => &shown[7..],
            _ => shown,
        };
        let shown = hex::decode(shown).map_err(|_| Rejected::Forged)?;
        let expected = mac(self.secret.reveal().as_bytes()).chain_update(body).finalize();
        let same: bool = expected.into_bytes().as_slice().ct_eq(&shown).into();
        if same { Ok(()) } else { Err(Rejected::Forged) }
    }

    /// Standard Webhooks: `v1,` and base64 of HMAC-SHA256 over `id.time.body`, with the secret
    /// decoded.
    fn standard(&self, shown: &Shown<'_>, body: &[u8], now_ms: i64) -> Result<(), Rejected> {
        let (id, timestamp) = (only(&shown.id)?, only(&shown.timestamp)?);
        let text = std::str::from_utf8(timestamp).map_err(|_| Rejected::Forged)?;
        let seconds: i64 = text.trim().parse().map_err(|_| Rejected::Forged)?;
        let apart = now_ms.div_euclid(1000).saturating_sub(seconds).unsigned_abs();
        if apart > TOLERANCE.as_secs() {
            return Err(Rejected::TooOld);
        }
        let secret = self.secret.reveal();
        let secret = secret.strip_prefix("whsec_").unwrap_or(secret);
        let key = STANDARD.decode(secret).or_else(|_| STANDARD_NO_PAD.decode(secret));
        let key = key.map_err(|_| Rejected::Forged)?;
        let signed = mac(&key).chain_update(id).chain_update(b".").chain_update(timestamp);
        let expected = signed.chain_update(b".").chain_update(body).finalize().into_bytes();
        let mut same = subtle::Choice::from(0);
        let signatures = only(&shown.signature)?.split(|byte| *byte == b' ');
        for signature in signatures.take(SIGNATURES_MAX) {
            let given = signature.strip_prefix(b"v1,").and_then(|it| STANDARD.decode(it).ok());
            same |= given.unwrap_or_default().as_slice().ct_eq(expected.as_slice());
        }
        if same.into() { Ok(()) } else { Err(Rejected::Forged) }
    }
}

/// Whether a browser really comes back from paying: `given` is the query, decoded. Nothing is ever
/// given for it; it only saves asking Creem about made-up names.
pub fn returned_from_creem(key: &Secret, given: &[(String, String)]) -> bool {
    let Some((_, shown)) = given.iter().find(|(name, _)| name == "signature") else { return false };
    let is_told = |(name, value): &&(String, String)| {
        name != "signature" && !value.is_empty() && value != "null"
    };
    let mut told: Vec<_> = given.iter().filter(is_told).collect();
    told.sort();
    let joined: Vec<String> = told.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let expected = mac(key.reveal().as_bytes()).chain_update(joined.join("&")).finalize();
    let shown = hex::decode(shown).unwrap_or_default();
    expected.into_bytes().as_slice().ct_eq(&shown).into()
}
