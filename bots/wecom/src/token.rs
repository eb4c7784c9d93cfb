//! The access token: fetched early, by one at a time, and shared with the other replicas.
//!
//! It is in the address of every call, so nothing that has an address in it may be shown.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::{Clock, answer::CallError, config::Patience, verify::Secret};

/// The part of a token's life after which it is replaced: of two hours, twelve minutes are left.
const LIFE_USED_PERCENT: i64 = 90;

/// How much longer than a call may take another replica has to fetch a token before somebody else
/// does: a fifth.
const CLAIM_MARGIN: u32 = 5;

/// How often is looked whether the other replica has it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// An access token. It shows nothing of itself.
#[derive(Clone)]
pub struct Token {
    /// The token; for requests and the store only.
    pub secret: Secret,
    /// When it is replaced, well before its end; milliseconds since the epoch.
    pub renew_at: i64,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("renew_at", &self.renew_at).finish_non_exhaustive()
    }
}

impl Token {
    fn is(&self, other: &Self) -> bool {
        self.secret.expose() == other.secret.expose()
    }

    fn is_fresh(&self, now: i64) -> bool {
        self.renew_at > now
    }
}

/// Where replicas share the token. Implemented by the house; keep it sealed and out of logs.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// The token of an app, when there is one.
    async fn load(&self, app: &str) -> Option<Token>;

    /// Keeps a token, and ends the claim.
    async fn save(&self, app: &str, token: &Token);

    /// Claims the fetching of a token until then: true for one replica at a time. A store that
    /// cannot be reached says true: fetching twice does no harm, fetching never does.
    async fn claim(&self, app: &str, until: i64) -> bool;

    /// Ends the claim until then: nothing came of it.
    async fn release(&self, app: &str, until: i64);
}

/// Fetches a token from WeCom. The client does; tests do otherwise.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// A new token, and for how many seconds it is good.
    async fn fetch(&self) -> Result<(Secret, i64), CallError>;
}

/// The token of one app.
pub struct Tokens {
    app: String,
    fetch: Box<dyn Fetch>,
    store: Arc<dyn TokenStore>,
    clock: Clock,
    patience: Patience,
    /// Held while it is fetched: one at a time.
    current: Mutex<Option<Token>>,
}

impl Tokens {
    /// The token of the app of this name.
    #[must_use]
    pub fn new(
        app: String,
        fetch: Box<dyn Fetch>,
        store: Arc<dyn TokenStore>,
        clock: Clock,
        patience: Patience,
    ) -> Self {
        Self { app, fetch, store, clock, patience, current: Mutex::new(None) }
    }

    /// A token that is good for a while.
    ///
    /// # Errors
    /// What fetching one came to.
    pub async fn get(&self) -> Result<Token, CallError> {
        self.other_than(None).await
    }

    /// Another token than this one, which WeCom takes no more. Whoever comes second gets the one
    /// that the first has fetched.
    ///
    /// # Errors
    /// What fetching one came to.
    pub async fn renew(&self, stale: &Token) -> Result<Token, CallError> {
        self.other_than(Some(stale)).await
    }

    async fn other_than(&self, stale: Option<&Token>) -> Result<Token, CallError> {
        let mut current = self.current.lock().await;
        let serves = |token: &Token| {
            token.is_fresh((self.clock)()) && stale.is_none_or(|stale| !stale.is(token))
        };
        if let Some(token) = current.as_ref().filter(|token| serves(token)) {
            return Ok(token.clone());
        }
        let token = match self.store.load(&self.app).await.filter(serves) {
            Some(token) => token,
            None => self.fetch_or_wait(serves).await?,
        };
        *current = Some(token.clone());
        Ok(token)
    }

    /// Fetches a token, or waits for the replica that does: as long as its claim, which outlasts
    /// its call and ends by itself should it die. For ever nobody waits, whatever the store says.
    async fn fetch_or_wait(&self, serves: impl Fn(&Token) -> bool) -> Result<Token, CallError> {
        let lasts = self.patience.call + self.patience.call / CLAIM_MARGIN;
        let lasts_ms = i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX);
        let looks = 2 * lasts.as_millis() / LOOK_EVERY.as_millis();
        let mut claimed = None;
        for _ in 0..looks {
            let until = (self.clock)().saturating_add(lasts_ms);
            if self.store.claim(&self.app, until).await {
                claimed = Some(until);
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
            if let Some(token) = self.store.load(&self.app).await.filter(&serves) {
                return Ok(token);
            }
        }
        let (secret, expires_in_s) = match self.fetch.fetch().await {
            Ok(fetched) => fetched,
            Err(error) => {
                if let Some(until) = claimed {
                    self.store.release(&self.app, until).await;
                }
                return Err(error);
            }
        };
        let used_ms = expires_in_s.saturating_mul(1000 * LIFE_USED_PERCENT / 100);
        let token = Token { secret, renew_at: (self.clock)().saturating_add(used_ms) };
        self.store.save(&self.app, &token).await;
        Ok(token)
    }
}
