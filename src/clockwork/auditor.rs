//! The auditor: looks at everything that `ledger verify` looks at, once a day and in slices, and
//! stops spending where the books are wrong: there alone. Nobody's earning or talking is held up.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::{
    alarm::Alarms,
    store::{
        Store, StoreError, Work,
        audit::{self, Broken, Progress, Stopped},
    },
};

/// How often everything is looked at.
const LOOK_EVERY_MS: i64 = 24 * 3_600_000;
/// How often while somebody may spend nothing: they may again soon after their books are right.
const LOOK_AGAIN_MS: i64 = 10 * 60_000;
/// Rows of a slice.
const ROWS: i64 = 1000;
/// What the others have between two slices.
const REST: Duration = Duration::from_millis(20);
/// Before it is tried again when the store did not do something.
const WAIT: Duration = Duration::from_secs(30);
/// Accounts that an alarm names, and alarms of one look that a chat hears.
const NAMED_MAX: usize = 10;
const TOLD_MAX: usize = 5;

/// The words of what is raised here.
const STOPPED: &str = "the ledger does not add up: spending is stopped for an account";
const NOBODYS: &str = "the ledger does not add up, in rows that are of no account";

/// Looks until it is told to stop.
pub async fn audit(store: Store, alarms: Alarms, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match round(&store, &alarms, &stop).await {
            Ok(due) => {
                stop.run_until_cancelled(store.clock().reach(due)).await;
            }
            Err(StoreError::Fenced | StoreError::Closing) => return,
            Err(error) => {
                error!(error = %error, "the ledger cannot be looked at now");
                stop.run_until_cancelled(tokio::time::sleep(WAIT)).await;
            }
        }
    }
}

/// Looks at everything if that is due; when it is due again.
async fn round(
    store: &Store,
    alarms: &Alarms,
    stop: &CancellationToken,
) -> Result<i64, StoreError> {
    if let Some((at, stopped)) = audit::last_end(&mut store.snapshot().await?).await? {
        let due = due_after(at, stopped);
        if due > store.clock().now_ms() {
            return Ok(due);
        }
    }
    let (mut wrong, mut told) = (BTreeSet::new(), 0);
    let mut at = Some(Progress::default());
    while let Some(from) = at {
        let (broken, next) = audit::look(&mut store.snapshot().await?, from, ROWS).await?;
        at = next;
        if !broken.is_empty() {
            wrong.extend(broken.iter().filter_map(|one| one.purse));
            told += usize::from(complain(store, alarms, (broken, told < TOLD_MAX)).await?);
        }
        if stop.run_until_cancelled(tokio::time::sleep(REST)).await.is_none() {
            // Whoever has this after us begins again.
            return Ok(0);
        }
    }
    let (now, wrong) = (store.clock().now_ms(), Arc::new(wrong));
    let stopped = store.writer().run(move |tx| {
        let wrong = Arc::clone(&wrong);
        Box::pin(async move { audit::end(tx, &wrong, now).await })
    });
    let stopped = stopped.await?;
    info!(stopped, "the ledger was looked at: {stopped} purses may not be spent from");
    Ok(due_after(now, stopped))
}

fn due_after(at: i64, stopped: i64) -> i64 {
    at.saturating_add(if stopped > 0 { LOOK_AGAIN_MS } else { LOOK_EVERY_MS })
}

/// Stops spending where the books are wrong, and says so; whether the owner's chat was told.
async fn complain(
    store: &Store,
    alarms: &Alarms,
    (broken, aloud): (Vec<Broken>, bool),
) -> Result<bool, StoreError> {
    let now = store.clock().now_ms();
    let (broken, teller) = (Arc::new(broken), alarms.clone());
    let stopped = store.writer().run(move |tx| {
        let (broken, teller) = (Arc::clone(&broken), teller.clone());
        Box::pin(async move {
            let tell = |stopped: &[Stopped]| {
                let first = stopped.first().filter(|_| aloud)?;
                teller.written(&format!("stopped:{}:{now}", first.account), &words(stopped))
            };
            audit::stop(tx, &broken, &tell, now).await
        })
    });
    let (stopped, of_nobody) = stopped.await?;
    if of_nobody {
        alarms.raise(NOBODYS);
    }
    if stopped.is_empty() {
        return Ok(false);
    }
    store.wakes().ring(Work::Inbox);
    alarms.raise_beside(STOPPED, &words(&stopped), aloud);
    Ok(aloud)
}

/// Whose spending is stopped, and why: numbers and invariants, no content.
fn words(stopped: &[Stopped]) -> String {
    let mut lines: Vec<String> = stopped
        .iter()
        .take(NAMED_MAX)
        .map(|one| format!("account {} ({})", one.account, one.why.join("; ")))
        .collect();
    if let Some(more @ 1..) = stopped.len().checked_sub(NAMED_MAX) {
        lines.push(format!("and {more} more"));
    }
    format!("the ledger does not add up, and spending is stopped for {}", lines.join(", "))
}

#[cfg(test)]
mod tests {
    use picdesk_core::id::AccountId;

    use super::*;

    #[test]
    fn an_alarm_names_accounts_and_what_is_wrong_and_not_too_many() {
        let one = |id| Stopped { account: AccountId(id), why: vec!["a purse names its last line"] };
        let said = words(&[one(7)]);
        assert!(said.ends_with("stopped for account 7 (a purse names its last line)"), "{said}");
        let many: Vec<Stopped> = (1..=12).map(one).collect();
        let said = words(&many);
        assert!(said.ends_with("and 2 more") && !said.contains("account 11"), "{said}");
    }
}
