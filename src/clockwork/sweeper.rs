//! The sweeper: lets go of what has had its time. Every step can be repeated, and dying between
//! two steps leaves nothing that the next round does not find.

use std::time::{Duration, Instant, SystemTime};

use futures_util::StreamExt as _;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    artifacts::{ArtifactError, Artifacts, ObjectName},
    store::{Store, StoreError, Work, artifacts as rows, copies, expiring, ledger, plans, prune},
};

/// How often it looks without being woken.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// How often rows that have had their time are forgotten.
const PRUNE_EVERY: Duration = Duration::from_mins(1);
/// How often objects without a row are looked for.
const ORPHANS_EVERY_MS: i64 = 6 * 3600 * 1000;
/// How old an object must be to be taken for an orphan: a picture's row comes after its object.
const ORPHAN_AGE: Duration = Duration::from_hours(1);

/// How long things are kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Raw events and sent messages, milliseconds.
    pub raw_ms: i64,
    /// Prompts, milliseconds.
    pub prompt_ms: i64,
}

/// Sweeps until it is told to stop.
pub async fn sweep(store: Store, artifacts: Artifacts, keep: Retention, stop: CancellationToken) {
    let mut orphans_at = 0;
    let mut prune_at = Instant::now();
    while !stop.is_cancelled() {
        let now = store.clock().now_ms();
        let mut outcome = round(&store, &artifacts, now).await;
        if outcome.is_ok() && Instant::now() >= prune_at {
            outcome = prune(&store, keep, &stop).await;
            if outcome.is_ok() {
                outcome = give_again(&store, now).await;
            }
            prune_at = Instant::now() + PRUNE_EVERY;
        }
        if outcome.is_ok() && now >= orphans_at {
            orphans_at = now + ORPHANS_EVERY_MS;
            outcome = remove_orphans(&store, &artifacts).await;
        }
        match outcome {
            Ok(()) => {}
            Err(StoreError::Fenced | StoreError::Closing) => return,
            Err(error) => error!(error = %error, "sweeping failed; the next round tries again"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = store.wakes().rung(Work::Sweeper) => {
                // Deleted pictures may come many at once.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            () = stop.cancelled() => {}
        }
    }
}

/// One round: rows first, then objects, then rows again.
async fn round(store: &Store, artifacts: &Artifacts, now: i64) -> Result<(), StoreError> {
    loop {
        let gone = store.writer().run(move |tx| Box::pin(rows::let_go(tx, now))).await?;
        if gone > 0 {
            store.wakes().ring(Work::Inbox);
        }
        if (gone as i64) < rows::SWEPT_MAX {
            break;
        }
    }
    while delete_objects(store, artifacts).await? {}
    while store.writer().run(move |tx| Box::pin(copies::let_go(tx, now))).await?
        >= copies::SWEPT_MAX.unsigned_abs()
    {}
    while delete_copies(store, artifacts).await? {}
    if store.writer().run(move |tx| Box::pin(plans::tell_of_lapsing(tx, now))).await? > 0 {
        store.wakes().ring(Work::Inbox);
    }
    announce(store, now).await
}

/// Forgets rows, a bounded number in each commit, until none is left that has had its time.
async fn prune(store: &Store, keep: Retention, stop: &CancellationToken) -> Result<(), StoreError> {
    let now = store.clock().now_ms();
    let times =
        prune::Times { now, raw_before: now - keep.raw_ms, prompts_before: now - keep.prompt_ms };
    while !stop.is_cancelled()
        && store.writer().run(move |tx| Box::pin(prune::prune(tx, times))).await?
    {}
    Ok(())
}

/// Gives the website what of its people's credits could not be given when they came.
async fn give_again(store: &Store, now: i64) -> Result<(), StoreError> {
    let given = store.writer().run(move |tx| Box::pin(ledger::give_again(tx, now)));
    for error in given.await?.trouble {
        error!(error = %error, "credits cannot be given to the website; they can be spent here");
    }
    Ok(())
}

/// Tells of pictures that come near their end.
async fn announce(store: &Store, now: i64) -> Result<(), StoreError> {
    loop {
        let told = store.writer().run(move |tx| Box::pin(expiring::announce(tx, now))).await?;
        if told > 0 {
            store.wakes().ring(Work::Inbox);
        }
        if told < expiring::ACCOUNTS_MAX {
            return Ok(());
        }
    }
}

/// Deletes the objects of pictures that are going; whether there may be more.
async fn delete_objects(store: &Store, artifacts: &Artifacts) -> Result<bool, StoreError> {
    let going = rows::going(&mut store.read().await?).await?;
    let full = going.len() as i64 >= rows::SWEPT_MAX;
    let mut gone = Vec::new();
    for (id, object) in going {
        let deleted = match ObjectName::parse(&object) {
            Ok(name) => delete_object(artifacts, &name).await,
            // A name that leads nowhere leaves nothing to delete.
            Err(_) => Ok(()),
        };
        match deleted {
            Ok(()) => gone.push(id),
            Err(error) => warn!(error = %error, "an object cannot be deleted now"),
        }
    }
    if gone.is_empty() {
        return Ok(false);
    }
    let count = gone.len();
    store
        .writer()
        .run(move |tx| {
            let gone = gone.clone();
            Box::pin(async move { rows::gone(tx, &gone).await })
        })
        .await?;
    info!(pictures = count, "{count} pictures were let go");
    Ok(full)
}

/// Deletes the objects of copies that nobody needs any more; whether there may be more.
async fn delete_copies(store: &Store, artifacts: &Artifacts) -> Result<bool, StoreError> {
    let going = copies::going(&mut store.read().await?).await?;
    let full = going.len() as i64 >= copies::SWEPT_MAX;
    let mut gone = Vec::new();
    for (media, object) in going {
        let deleted = match ObjectName::parse(&object) {
            Ok(name) => artifacts.delete(&name).await,
            Err(_) => Ok(()),
        };
        match deleted {
            Ok(()) => gone.push(media),
            Err(error) => warn!(error = %error, "a copy cannot be deleted now"),
        }
    }
    if gone.is_empty() {
        return Ok(false);
    }
    store
        .writer()
        .run(move |tx| {
            let gone = gone.clone();
            Box::pin(async move { copies::gone(tx, &gone).await })
        })
        .await?;
    Ok(full)
}

/// Deletes an object and its small copy.
async fn delete_object(artifacts: &Artifacts, name: &ObjectName) -> Result<(), ArtifactError> {
    if let Ok(small) = name.small() {
        artifacts.delete(&small).await?;
    }
    artifacts.delete(name).await
}

/// Deletes objects that no row knows of: what a process left that died between the two.
async fn remove_orphans(store: &Store, artifacts: &Artifacts) -> Result<(), StoreError> {
    let Some(before) = file_time().checked_sub(ORPHAN_AGE) else { return Ok(()) };
    if let Err(error) = artifacts.remove_unfinished(before).await {
        warn!(error = %error, "unfinished objects cannot be removed now");
    }
    let mut listed = artifacts.list("");
    let mut old = Vec::new();
    while let Some(object) = listed.next().await {
        match object {
            Ok(object) if object.finished_at < before => old.push(object.name.as_str().to_owned()),
            Ok(_) => {}
            Err(error) => {
                warn!(error = %error, "objects cannot be listed now");
                return Ok(());
            }
        }
        if old.len() >= 500 {
            delete_unknown(store, artifacts, std::mem::take(&mut old)).await?;
        }
    }
    delete_unknown(store, artifacts, old).await
}

async fn delete_unknown(
    store: &Store,
    artifacts: &Artifacts,
    names: Vec<String>,
) -> Result<(), StoreError> {
    let names: Vec<ObjectName> =
        names.iter().filter_map(|name| ObjectName::parse(name).ok()).collect();
    // A small copy belongs to whoever knows the whole.
    let wholes: Vec<String> = names.iter().map(|name| name.whole().to_owned()).collect();
    let now = store.clock().now_ms();
    let mut connection = store.read().await?;
    let mut known = rows::known(&mut connection, &wholes, now).await?;
    known.extend(copies::known(&mut connection, &wholes).await?);
    drop(connection);
    for name in names.iter().filter(|name| !known.contains(name.whole())) {
        if let Err(error) = artifacts.delete(name).await {
            warn!(error = %error, "an orphan cannot be deleted now");
        }
    }
    Ok(())
}

/// The machine's time, which is what files are dated by.
#[expect(clippy::disallowed_methods, reason = "file dates are the machine's, not the domain's")]
fn file_time() -> SystemTime {
    SystemTime::now()
}
