//! News of an account, fetched: customer service sends a doorbell and no message.
//!
//! Four things lose messages everywhere, and are done otherwise here. A page is written down in
//! one commit with where the next begins, so that a crash between the two is none. An empty page
//! is not the end; `has_more` says when that is. Doorbells that come while news are fetched, or
//! that never came, cost nothing: one task fetches, again and again, also without being rung for.
//! And what is in the inbox twice is in it once, since every message has its name.

mod bells;
mod hands;
mod names;

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use picdesk_core::channel::{Checkpoint, Inbox, InboxError};
use serde_json::json;

pub use self::{
    bells::{Bell, Bells, not_ours},
    hands::{Chats, Last},
};
use self::{hands::Asks, names::Names};
use crate::{
    Clock,
    answer::{Broken, CallError, Verdict, account_named, unreadable},
    call::{Api, Call},
    client::Client,
    config::{KF, KfSettings, Patience},
    menus::{self, Menus},
    parse::kf::{Page, Reader, next_cursor, page_aside, read_page},
};

/// Most messages of a page. Source: document/path/94670.
const PAGE_MAX: u32 = 1000;

/// How many times smaller the next page is that is asked for after one that cannot be read.
const SHRINKS_BY: u32 = 10;

/// Pages in a row that bring nothing and lead nowhere after which it is left for later.
const STILL_PAGES_MAX: u32 = 3;

/// The token of a doorbell is not good any more. Source: 90313.
const BAD_TOKEN: i64 = 95_007;

/// How long the token of a doorbell is good. Source: document/path/94670, ten minutes.
const TOKEN_LIFE: Duration = Duration::from_mins(10);

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
    /// The doorbell's token is not good any more, and a call without one was made so lately that
    /// the next has to wait for this long.
    #[error("the doorbell's token is not good any more")]
    StaleToken(Duration),
    /// A page is none; the next one that is asked for is smaller.
    #[error("a page that cannot be read")]
    Unreadable,
    /// A page could not be written down.
    #[error(transparent)]
    Inbox(#[from] InboxError),
}

/// When news are fetched again.
enum Next {
    /// When the bell rings, and every few minutes.
    Rung,
    /// After a while, or when the bell rings: its token is another way in.
    Within(Duration),
    /// After a while: a limit or an outage is not rung away.
    After(Duration),
}

/// A doorbell's token, kept until it was of use.
struct Held {
    token: String,
    rung_at: Instant,
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
    asks: Asks,
    /// Messages of the next page.
    page_size: AtomicU32,
    /// When news were last asked for without a doorbell's token, which is strictly limited.
    bare_at: Mutex<Option<Instant>>,
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
            asks: Asks::default(),
            page_size: AtomicU32::new(PAGE_MAX),
            bare_at: Mutex::default(),
        }
    }

    /// The same, asking whose a chat is where these are in doubt.
    #[must_use]
    pub fn with_chats(self, chats: Arc<dyn Chats>) -> Self {
        Self { asks: Asks::of(chats), ..self }
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
        let mut held: Option<Held> = None;
        loop {
            if let Some(token) = bell.take() {
                held = Some(Held { token, rung_at: Instant::now() });
            }
            held = held.filter(|held| held.rung_at.elapsed() < TOKEN_LIFE);
            let token = held.as_ref().map(|held| held.token.as_str());
            let next = match self.sync_until(token, stop.as_mut()).await {
                Err(ended) => return ended,
                Ok(Ok(_)) => {
                    held = None;
                    wait = self.patience.retry_first;
                    Next::Rung
                }
                Ok(Err(SyncError::Inbox(InboxError::NotOurs))) => return Ended::NotOurs,
                Ok(Err(SyncError::StaleToken(rest))) => {
                    held = None;
                    Next::Within(rest)
                }
                Ok(Err(error)) => {
                    let account = &self.account;
                    tracing::warn!("wecom: news of account {account} cannot be fetched: {error}");
                    let next = self.after(&error, wait, held.is_some());
                    wait = (wait * 2).min(self.patience.retry_most);
                    next
                }
            };
            let waited = match next {
                Next::After(rest) => or_stop(stop.as_mut(), tokio::time::sleep(rest)).await,
                Next::Within(rest) => or_stop(stop.as_mut(), bell.rung_within(rest)).await,
                Next::Rung => or_stop(stop.as_mut(), bell.news_within(self.sync_every)).await,
            };
            if let Err(ended) = waited {
                return ended;
            }
        }
    }

    /// When it is tried again, after what came to nothing.
    fn after(&self, error: &SyncError, usual: Duration, with_token: bool) -> Next {
        let rest = match error {
            SyncError::Call(CallError::Resting(rest)) => *rest,
            SyncError::Call(CallError::Answered(no)) => {
                match self.client.judge(Api::KfSyncMsg, Some(&self.account), no) {
                    Verdict::Alarm(_) | Verdict::Unauthorized(_) => {
                        usual.max(self.patience.limited)
                    }
                    // Of a limit the next call tells for how long it is not made.
                    _ => usual,
                }
            }
            SyncError::Call(_)
            | SyncError::Inbox(_)
            | SyncError::StaleToken(_)
            | SyncError::Unreadable => usual,
        };
        match error {
            SyncError::Call(CallError::Resting(_)) if !with_token => Next::Within(rest),
            _ => Next::After(rest),
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
            Ok(stands) => Walk::from(stands, token),
            Err(error) => return Ok(Err(error.into())),
        };
        loop {
            let body = match or_stop(stop.as_mut(), self.page(&mut walk)).await? {
                Ok(body) => body,
                Err(SyncError::Call(CallError::Unknown(Broken::TooLarge))) => Bytes::new(),
                Err(error) => return Ok(Err(error)),
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
        let text = String::from_utf8_lossy(body);
        let Ok(page) = serde_json::from_str::<Page<'_>>(&text) else {
            return self.unreadable(&text, walk).await;
        };
        let size = self.page_size.load(Ordering::Relaxed);
        self.page_size.store(size.saturating_mul(SHRINKS_BY).min(PAGE_MAX), Ordering::Relaxed);
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
        let has_more = page.has_more();
        if !has_more {
            self.asks.ask(&self.client, &mut arrivals, received_at).await;
        }
        walk.synced.arrivals += arrivals.len();

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
            let account = &self.account;
            tracing::warn!("wecom: account {account} says that it has more, and gives nothing");
        }
        Ok(has_more && walk.still < STILL_PAGES_MAX)
    }

    /// A page that is none. What stands before the one message that breaks it comes by smaller
    /// pages; that message is kept aside for people, where the next page's beginning can be told.
    /// Until then the owner hears of it, and it is tried again.
    async fn unreadable(&self, text: &str, walk: &mut Walk) -> Result<bool, SyncError> {
        let size = self.page_size.load(Ordering::Relaxed);
        if size > 1 {
            self.page_size.store((size / SHRINKS_BY).max(1), Ordering::Relaxed);
            return Err(SyncError::Unreadable);
        }
        self.client.tell(&unreadable(&account_named(&self.account)));
        let next = next_cursor(text).filter(|next| walk.cursor.as_deref() != Some(next));
        let Some(next) = next else { return Err(SyncError::Unreadable) };
        walk.cursor = Some(next.to_owned());
        let aside = page_aside(&self.account, next, text);
        let (source, from) = (self.source(), walk.stands.clone());
        walk.stands = walk.stand(true);
        let to = walk.stands.clone().unwrap_or_default();
        self.inbox.accept(vec![aside], Some(Checkpoint { source, from, to })).await?;
        Ok(true)
    }

    /// One page. A doorbell's token that is not good any more is left out from there on.
    async fn page(&self, walk: &mut Walk) -> Result<Bytes, SyncError> {
        let cursor = walk.cursor.as_deref();
        if let Some(token) = walk.token.as_deref() {
            match self.client.call(&self.page_call(cursor, Some(token))).await {
                Err(CallError::Answered(no)) if no.code == BAD_TOKEN => {
                    walk.token = None;
                    if let Some(rest) = self.bare_rest() {
                        return Err(SyncError::StaleToken(rest));
                    }
                }
                outcome => return Ok(outcome?),
            }
        }
        *self.bare_at() = Some(Instant::now());
        Ok(self.client.call(&self.page_call(walk.cursor.as_deref(), None)).await?)
    }

    fn bare_at(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.bare_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a call without a token has to wait that a bad token asks for: whoever has many bad
    /// ones does not use up the few that are taken.
    fn bare_rest(&self) -> Option<Duration> {
        let since = self.bare_at().map(|at| at.elapsed())?;
        self.patience.without_token.checked_sub(since).filter(|rest| !rest.is_zero())
    }

    fn page_call(&self, cursor: Option<&str>, token: Option<&str>) -> Call {
        let limit = self.page_size.load(Ordering::Relaxed);
        let mut body = json!({ "open_kfid": self.account, "limit": limit, "voice_format": 0 });
        if let Some(cursor) = cursor {
            body["cursor"] = json!(cursor);
        }
        if let Some(token) = token {
            body["token"] = json!(token);
        }
        Call::post(Api::KfSyncMsg, body)
    }
}

/// How far an account was read, and how it goes on.
struct Walk {
    /// What the inbox has: the cursor; marked while the history of the very first time is read,
    /// so that a crash in the middle of it does not make news of the rest.
    stands: Option<String>,
    cursor: Option<String>,
    /// A doorbell's token, while it is good.
    token: Option<String>,
    is_first: bool,
    still: u32,
    synced: Synced,
}

/// What stands before a cursor while the history is read.
const FIRST: &str = "first ";

impl Walk {
    fn from(stands: Option<String>, token: Option<&str>) -> Self {
        let token = token.filter(|token| !token.is_empty()).map(str::to_owned);
        let (cursor, is_first) = match stands.as_deref().map(|text| text.strip_prefix(FIRST)) {
            None => (None, true),
            Some(Some(cursor)) => (Some(cursor.to_owned()), true),
            Some(None) => (stands.clone(), false),
        };
        Self { stands, cursor, token, is_first, still: 0, synced: Synced::default() }
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
