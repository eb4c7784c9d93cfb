//! The project's keys: fetched when they are needed, kept for a while, and fetched again when a
//! token names one that is new; but not as often as somebody who makes names up would like.

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use super::token::Proof;

/// How long keys are believed, milliseconds. Source: Supabase, its own cache of them is 600 s.
const KEPT_MS: i64 = 600_000;
/// How soon they are fetched again for a name that is new, milliseconds.
const AGAIN_MS: i64 = 30_000;
/// Keys that are kept.
const KEYS_MAX: usize = 16;

/// The keys, and when they were last fetched.
#[derive(Default)]
pub(super) struct Keys(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    keys: Vec<Proof>,
    /// Of the last fetch that came to something.
    fetched_at: Option<i64>,
    /// Of the last fetch, whatever it came to.
    tried_at: Option<i64>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// The key of a name. `fetch` asks for all of them; it is asked by one caller at a time.
    pub(super) async fn find<E>(
        &self,
        id: &str,
        now_ms: i64,
        fetch: impl AsyncFnOnce() -> Result<Value, E>,
    ) -> Result<Option<Proof>, E> {
        let mut kept = self.0.lock().await;
        let since = |at: Option<i64>| at.map_or(i64::MAX, |at| now_ms.saturating_sub(at));
        let is_stale = since(kept.fetched_at) > KEPT_MS;
        let found = kept.find(id).filter(|_| !is_stale);
        if found.is_some() || since(kept.tried_at) < AGAIN_MS {
            return Ok(kept.find(id));
        }
        kept.tried_at = Some(now_ms);
        kept.keys = read(&fetch().await?);
        kept.fetched_at = Some(now_ms);
        Ok(kept.find(id))
    }
}

impl Kept {
    fn find(&self, id: &str) -> Option<Proof> {
        self.keys.iter().find(|key| key.id.as_deref() == Some(id)).cloned()
    }
}

/// One key as it is published.
#[derive(Deserialize)]
struct Published {
    kid: Option<String>,
    kty: String,
    crv: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

fn read(published: &Value) -> Vec<Proof> {
    let keys = published.get("keys").and_then(Value::as_array);
    let keys = keys.into_iter().flatten();
    keys.filter_map(|key| proof(serde_json::from_value(key.clone()).ok()?)).take(KEYS_MAX).collect()
}

/// A key signs in the one way that its type is for, whatever it says about itself.
fn proof(key: Published) -> Option<Proof> {
    if key.r#use.as_deref().is_some_and(|what| what != "sig") {
        return None;
    }
    let (algorithm, word, decoding) = match (key.kty.as_str(), key.crv.as_deref()) {
        ("EC", Some("P-256")) => {
            let decoding = DecodingKey::from_ec_components(&key.x?, &key.y?).ok()?;
            (Algorithm::ES256, "ES256", decoding)
        }
        ("RSA", _) => {
            let decoding = DecodingKey::from_rsa_components(&key.n?, &key.e?).ok()?;
            (Algorithm::RS256, "RS256", decoding)
        }
        (_, _) => return None,
    };
    let other = key.alg.as_deref().is_some_and(|alg| alg != word);
    (!other).then_some(Proof { id: Some(key.kid?), algorithm, key: decoding })
}
