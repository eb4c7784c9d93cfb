//! Doorbells: each account has one, and however often it rings, it has rung.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use crate::parse::Doorbell;

/// The bell of one account. What it says last is the best: a token is good for ten minutes.
#[derive(Debug, Default)]
pub struct Bell {
    token: Mutex<Option<String>>,
    rung: Notify,
}

impl Bell {
    /// Rings it.
    pub fn ring(&self, token: &str) {
        let mut kept = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(token.to_owned());
        drop(kept);
        // One ring is kept while nobody waits, so that none is lost between two fetches.
        self.rung.notify_one();
    }

    /// The token of the last ring, once.
    #[must_use]
    pub fn take(&self) -> Option<String> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits for a ring, but not for longer than this.
    pub async fn rung_within(&self, longest: Duration) {
        let _ = tokio::time::timeout(longest, self.rung.notified()).await;
    }

    /// The same, for a ring whose token was not taken yet: what was fetched since is no news.
    pub async fn news_within(&self, longest: Duration) {
        let rung = async {
            while self.token.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
                self.rung.notified().await;
            }
        };
        let _ = tokio::time::timeout(longest, rung).await;
    }
}

/// Says that an account rings that nobody answers at: so an owner finds its id.
pub fn not_ours(account: &str) {
    tracing::warn!(account, "wecom: {account} has news and is not in wecom.kf.accounts");
}

/// The bells of all accounts.
#[derive(Clone, Debug, Default)]
pub struct Bells(HashMap<String, Arc<Bell>>);

impl Bells {
    /// A bell for each account.
    #[must_use]
    pub fn of(accounts: &[String]) -> Self {
        let bell = |account: &String| (account.clone(), Arc::new(Bell::default()));
        Self(accounts.iter().map(bell).collect())
    }

    /// The bell of an account.
    #[must_use]
    pub fn of_account(&self, account: &str) -> Option<Arc<Bell>> {
        self.0.get(account).cloned()
    }

    /// Rings. A doorbell without an account rings all, since the token does not tell; one of an
    /// account that is not ours, none.
    pub fn ring(&self, doorbell: &Doorbell) {
        match &doorbell.account {
            None => self.0.values().for_each(|bell| bell.ring("")),
            Some(account) => {
                let Some(bell) = self.0.get(account) else {
                    return not_ours(account);
                };
                bell.ring(&doorbell.token);
            }
        }
    }
}
