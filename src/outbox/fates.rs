//! Writing down what became of messages.

use std::sync::Arc;

use tokio::sync::mpsc;
use tracing::error;

use super::LOOK_AGAIN;
use crate::store::{
    Store, StoreError, Work,
    outbox::{self, Settled},
};

/// Fates in one commit.
const SETTLED_MAX: usize = 512;

/// Writes fates down, as many in one commit as came while the last was on its way.
pub(super) async fn settle(
    store: Store,
    mut settled: mpsc::Receiver<Settled>,
    done: mpsc::UnboundedSender<Vec<Settled>>,
) {
    let mut batch = Vec::new();
    while settled.recv_many(&mut batch, SETTLED_MAX).await > 0 {
        // What is coming back just now comes along.
        tokio::task::yield_now().await;
        while batch.len() < SETTLED_MAX
            && let Ok(one) = settled.try_recv()
        {
            batch.push(one);
        }
        let fates = Arc::new(std::mem::take(&mut batch));
        let events = loop {
            let (now, work) = (store.clock().now_ms(), Arc::clone(&fates));
            let written = store
                .writer()
                .run(move |tx| {
                    let work = Arc::clone(&work);
                    Box::pin(async move { outbox::settle(tx, &work, now).await })
                })
                .await;
            match written {
                Ok(events) => break events,
                Err(StoreError::Closing | StoreError::Fenced) => return,
                Err(error) => {
                    error!(error = %error, "what became of messages cannot be written down now");
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        };
        if events {
            store.wakes().ring(Work::Inbox);
        }
        let fates = Arc::try_unwrap(fates).unwrap_or_else(|shared| (*shared).clone());
        if done.send(fates).is_err() {
            return;
        }
    }
}
