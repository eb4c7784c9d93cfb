//! The token, fetched by one replica at a time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use picdesk_wecom::{
    answer::{Broken, CallError},
    token::{Fetch, Tokens},
    verify::Secret,
};

use crate::stand_in::{NOW, Tokens as Shared, hurried};

/// Takes its time, and fails so often at first.
#[derive(Clone)]
struct Slowly {
    takes: Duration,
    fails: u32,
    asked: Arc<AtomicU32>,
}

#[async_trait]
impl Fetch for Slowly {
    async fn fetch(&self) -> Result<(Secret, i64), CallError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        if asked < self.fails {
            return Err(CallError::Unknown(Broken::Slow));
        }
        Ok((Secret::new(format!("token-{asked}")), 7200))
    }
}

fn replica(fetch: &Slowly, store: &Arc<Shared>) -> Tokens {
    let clock: picdesk_wecom::Clock = Arc::new(|| NOW);
    Tokens::new("app".into(), Box::new(fetch.clone()), store.clone(), clock, hurried())
}

#[tokio::test]
async fn a_token_that_takes_as_long_as_a_call_may_is_fetched_by_one_replica() {
    let store = Arc::new(Shared::default());
    let takes = hurried().call;
    let fetch = Slowly { takes, fails: 0, asked: Arc::default() };
    let (one, other) = (replica(&fetch, &store), replica(&fetch, &store));
    let (first, second) = tokio::join!(one.get(), other.get());
    assert_eq!(first.unwrap().secret.expose(), second.unwrap().secret.expose());
    assert_eq!(fetch.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_came_to_nothing_keeps_nobody_waiting() {
    let store = Arc::new(Shared::default());
    let fetch = Slowly { takes: Duration::from_millis(20), fails: 1, asked: Arc::default() };
    let (one, other) = (replica(&fetch, &store), replica(&fetch, &store));
    assert!(one.get().await.is_err());
    let soon = Duration::from_millis(300);
    let token = tokio::time::timeout(soon, other.get()).await.unwrap().unwrap();
    assert_eq!(token.secret.expose(), "token-1");
}
