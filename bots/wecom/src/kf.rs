//! News of an account, fetched: customer service sends a doorbell and no message.
//!
//! Four things lose messages everywhere, and are done otherwise here. A page is written down in
//! one commit with where the next begins, so that a crash between the two is none. An empty page
//! is not the end; `has_more` says when that is. Doorbells that come while news are fetched, or
//! that never came, cost nothing: one task fetches, again and again, also without being rung for.
//! And what is in the inbox twice is in it once, since every message has its name.

mod bells;
mod names;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use picdesk_core::channel::{Checkpoint, Inbox, InboxError};
use serde_json::json;

pub use self::bells::{Bell, Bells};
use self::names::Names;
use crate::{
    Clock,
    answer::{Broken, CallError, Verdict},
    call::{Api, Call},
    client::Client,
    config::{KF, KfSettings, Patience},
    menus::{self, Menus},
    parse::kf::{Page, Reader, read_page},
};

/// Most messages of a page. Source: document/path/94670.
const PAGE_MAX: u32 = 1000;

/// Pages in a row that bring nothing and lead nowhere after which it is left for later.
const STILL_PAGES_MAX: u32 = 3;

/// The token of a doorbell is not good any more. Source: 90313.
const BAD_TOKEN: i64 = 95_007;

/// Why fetching ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to.
    Stopped,
    /// Another replica fetches now, or has moved the checkpoint.
    NotOurs,
}

/// What fetching once came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Synced {
    /// Pages that were read.
    pub pages: u32,
    /// Things that were written down, repeats among them.
    pub arrivals: usize,
}

/// Why fetching once did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// WeCom did not give a page.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A page could not be written down.
    #[error(transparent)]
    Inbox(#[from] InboxError),
}

type Stop<'s> = Pin<&'s mut (dyn Future<Output = ()> + Send)>;

/// Fetches the news of one account.
pub struct KfSync {
    account: String,
    house: String,
    sync_every: Duration,
    first_sync_age_max: Duration,
    client: Arc<Client>,
    inbox: Arc<dyn Inbox>,
    menus: Arc<dyn Menus>,
    clock: Clock,
    patience: Patience,
    names: Names,
}

impl KfSync {
    /// What fetches the news of this account.
    #[must_use]
    pub fn new(
        account: &str,
        settings: &KfSettings,
        client: Arc<Client>,
        inbox: Arc<dyn Inbox>,
        menus: Arc<dyn Menus>,
        clock: Clock,
        patience: Patience,
    ) -> Self {
        Self {
            account: account.to_owned(),
            house: settings.house.clone(),
            sync_every: settings.sync_every,
            first_sync_age_max: settings.first_sync_age_max,
            client,
            inbox,
            menus,
            clock,
            patience,
            names: Names::default(),
        }
    }

    /// The name under which the inbox keeps how far this account was read.
    #[must_use]
    pub fn source(&self) -> String {
        format!("{KF}:{}", self.account)
    }

    /// Fetches at once, whenever the bell rings, and every few minutes without it, until `stop` is
    /// ready or somebody else does it.
    pub async fn run(&self, bell: &Bell, stop: impl Future<Output = ()> + Send) -> Ended {
        let mut stop = std::pin::pin!(stop);
        let mut wait = self.patience.retry_first;
        loop {
            let rung = bell.take();
            let next = match self.sync_until(rung.as_deref(), stop.as_mut()).await {
                Err(ended) => return ended,
                Ok(Ok(_)) => {
                    wait = self.patience.retry_first;
                    None
                }
                Ok(Err(SyncError::Inbox(InboxError::NotOurs))) => return Ended::NotOurs,
                Ok(Err(error)) => {
                    tracing::warn!("wecom: news of an account could not be fetched: {error}");
                    let after = self.patience_after(&error, wait);
                    wait = (wait * 2).min(self.patience.retry_most);
                    Some(after)
                }
            };
            let waited = match next {
                // A limit or an outage is not rung away.
                Some(after) => or_stop(stop.as_mut(), tokio::time::sleep(after)).await,
                None => or_stop(stop.as_mut(), bell.rung_within(self.sync_every)).await,
            };
            if let Err(ended) = waited {
                return ended;
            }
        }
    }

    fn patience_after(&self, error: &SyncError, usual: Duration) -> Duration {
        let SyncError::Call(CallError::Answered(no)) = error else { return usual };
        match self.client.judge(Api::KfSyncMsg, no) {
            Verdict::Wait(_) | Verdict::Alarm(_) | Verdict::Unauthorized(_) => {
                usual.max(self.patience.limited)
            }
            _ => usual,
        }
    }

    /// Fetches all there is. `token` is a doorbell's, and makes it cheap.
    ///
    /// # Errors
    /// `Call` and `Inbox`; what was written down until then stays.
    pub async fn sync(&self, token: Option<&str>) -> Result<Synced, SyncError> {
        let never = std::pin::pin!(std::future::pending());
        match self.sync_until(token, never).await {
            Ok(synced) => synced,
            Err(Ended::Stopped | Ended::NotOurs) => Ok(Synced::default()),
        }
    }

    /// The same until it is stopped: between two pages, never while one is on its way to the disk.
    async fn sync_until(
        &self,
        token: Option<&str>,
        mut stop: Stop<'_>,
    ) -> Result<Result<Synced, SyncError>, Ended> {
        let mut walk = match self.inbox.checkpoint(&self.source()).await {
            Ok(stands) => Walk::from(stands),
            Err(error) => return Ok(Err(error.into())),
        };
        loop {
            let page = self.page(walk.cursor.as_deref(), token);
            let body = match or_stop(stop.as_mut(), page).await? {
                Ok(body) => body,
                Err(error) => return Ok(Err(error.into())),
            };
            match self.write_down(&body, &mut walk).await {
                Ok(true) => {}
                Ok(false) => return Ok(Ok(walk.synced)),
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    /// Writes a page down, in one commit with where the next begins; whether there is a next.
    async fn write_down(&self, body: &[u8], walk: &mut Walk) -> Result<bool, SyncError> {
        let page: Page<'_> = serde_json::from_slice(body)
            .map_err(|_| CallError::Unknown(Broken::Foreign { status: 200 }))?;
        walk.synced.pages += 1;
        let received_at = (self.clock)();
        let reader = Reader { account: &self.account, house: &self.house, received_at };
        // At the very first time WeCom gives three days of history, and nobody waits for answers
        // to that.
        let age = i64::try_from(self.first_sync_age_max.as_millis()).unwrap_or(i64::MAX);
        let not_before = walk.is_first.then(|| received_at.saturating_sub(age));
        let mut arrivals = read_page(&page, reader, not_before);
        menus::resolve(&self.menus, &mut arrivals).await;
        self.names.fill(&self.client, &mut arrivals, received_at).await;
        walk.synced.arrivals += arrivals.len();

        let has_more = page.has_more();
        let before = walk.cursor.clone();
        if !page.next_cursor.is_empty() {
            walk.cursor = Some(page.next_cursor.clone());
        }
        let to = walk.stand(has_more);
        let moves = to != walk.stands;
        walk.still = if before != walk.cursor || !arrivals.is_empty() { 0 } else { walk.still + 1 };
        match to.filter(|_| moves) {
            Some(to) => {
                let (source, from) = (self.source(), walk.stands.clone());
                let checkpoint = Checkpoint { source, from, to: to.clone() };
                self.inbox.accept(arrivals, Some(checkpoint)).await?;
                walk.stands = Some(to);
            }
            None if arrivals.is_empty() => {}
            None => self.inbox.accept(arrivals, None).await?,
        }
        if has_more && walk.still >= STILL_PAGES_MAX {
            tracing::warn!("wecom: an account says that it has more, and gives nothing");
        }
        Ok(has_more && walk.still < STILL_PAGES_MAX)
    }

    /// One page. A doorbell's token that is not good any more is left out.
    async fn page(
        &self,
        cursor: Option<&str>,
        token: Option<&str>,
    ) -> Result<bytes::Bytes, CallError> {
        match self.client.call(&self.page_call(cursor, token)).await {
            Err(CallError::Answered(no)) if no.code == BAD_TOKEN && token.is_some() => {
                self.client.call(&self.page_call(cursor, None)).await
            }
            outcome => outcome,
        }
    }

    fn page_call(&self, cursor: Option<&str>, token: Option<&str>) -> Call {
        let mut body = json!({ "open_kfid": self.account, "limit": PAGE_MAX, "voice_format": 0 });
        if let Some(cursor) = cursor {
            body["cursor"] = json!(cursor);
        }
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            body["token"] = json!(token);
        }
        Call::post(Api::KfSyncMsg, &body)
    }
}

/// How far an account was read, and how it goes on.
struct Walk {
    /// What the inbox has: the cursor; marked while the history of the very first time is read,
    /// so that a crash in the middle of it does not make news of the rest.
    stands: Option<String>,
    cursor: Option<String>,
    is_first: bool,
    still: u32,
    synced: Synced,
}

/// What stands before a cursor while the history is read.
const FIRST: &str = "first ";

impl Walk {
    fn from(stands: Option<String>) -> Self {
        let (cursor, is_first) = match stands.as_deref().map(|text| text.strip_prefix(FIRST)) {
            None => (None, true),
            Some(Some(cursor)) => (Some(cursor.to_owned()), true),
            Some(None) => (stands.clone(), false),
        };
        Self { stands, cursor, is_first, still: 0, synced: Synced::default() }
    }

    /// What the inbox is to have.
    fn stand(&self, has_more: bool) -> Option<String> {
        let cursor = self.cursor.as_deref()?;
        let marked = self.is_first && has_more;
        Some(if marked { format!("{FIRST}{cursor}") } else { cursor.to_owned() })
    }
}

/// Waits for something that may be abandoned.
async fn or_stop<T>(stop: Stop<'_>, wanted: impl Future<Output = T>) -> Result<T, Ended> {
    tokio::select! {
        biased;
        () = stop => Err(Ended::Stopped),
        got = wanted => Ok(got),
    }
}
