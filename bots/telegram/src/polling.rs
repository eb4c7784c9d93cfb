//! Updates that we ask for. Telegram forgets what lies below the offset it is asked with, so a
//! batch is on disk, together with the new offset, before the next one is asked for.

use std::{future::Future, pin::Pin, time::Duration};

use picdesk_core::channel::{Arrival, Checkpoint, Inbox, InboxError};
use serde_json::value::RawValue;

use crate::{
    Clock, TelegramChannel,
    answer::CallError,
    call::{Call, Method},
    config::CHANNEL,
    parse::number_of,
    setup::{ALLOWED_UPDATES, GetUpdates, patience_after},
};

/// Most updates of a batch. Source: Bot API, `getUpdates`.
const BATCH_MAX: u8 = 100;

/// How much longer than Telegram holds a poll we wait for its answer.
const POLL_SLACK: Duration = Duration::from_secs(15);

/// Empty polls in a row after which one is made without an offset. Update numbers start again at
/// random after a week of silence, perhaps below what we would ask for; and asking for everything
/// unconfirmed is always right. At 30 s a poll this is an hour.
const EMPTY_POLLS_MAX: u32 = 120;

/// The shortest wait when our token is not accepted: nothing helps but the owner.
const UNAUTHORIZED_WAIT: Duration = Duration::from_secs(30);

/// Why polling ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to.
    Stopped,
    /// Another replica polls now, or has moved the checkpoint.
    NotOurs,
}

type Stop<'s> = Pin<&'s mut (dyn Future<Output = ()> + Send)>;

impl TelegramChannel {
    /// The name under which the inbox keeps how far this bot's updates were read.
    #[must_use]
    pub fn poll_source(&self) -> String {
        format!("{CHANNEL}:{}", self.bot_id)
    }

    /// Asks for updates until `stop` is ready or somebody else does it. Outages are waited out. A
    /// batch on its way to the disk is never abandoned.
    pub async fn poll(
        &self,
        inbox: &dyn Inbox,
        clock: &Clock,
        stop: impl Future<Output = ()> + Send,
    ) -> Ended {
        let mut stop = std::pin::pin!(stop);
        match self.poll_until(inbox, clock, stop.as_mut()).await {
            Ok(never) => match never {},
            Err(ended) => ended,
        }
    }

    async fn poll_until(
        &self,
        inbox: &dyn Inbox,
        clock: &Clock,
        mut stop: Stop<'_>,
    ) -> Result<std::convert::Infallible, Ended> {
        let source = self.poll_source();
        self.insist(stop.as_mut(), "introduce", || self.introduce()).await?;
        self.insist(stop.as_mut(), "delete webhook", || self.delete_webhook()).await?;
        let mut from = self.read_checkpoint(inbox, &source, stop.as_mut()).await?;
        let mut retry = Retry::new(self);
        let mut empty_polls = 0;
        loop {
            let offset = from.as_deref().and_then(|from| from.parse().ok());
            let offset = offset.filter(|_| empty_polls < EMPTY_POLLS_MAX);
            let batch = match or_stop(stop.as_mut(), self.get_updates(offset)).await? {
                Ok(batch) => batch,
                Err(error) => {
                    self.recover(&error, stop.as_mut()).await?;
                    pause(stop.as_mut(), retry.after(&error)).await?;
                    continue;
                }
            };
            retry.succeeded();
            empty_polls = if offset.is_some() { empty_polls + 1 } else { 0 };
            let Some(to) = batch.iter().filter_map(|raw| number_of(raw)).max() else { continue };
            empty_polls = 0;
            let to = to.saturating_add(1).to_string();
            let arrivals = self.read_batch(batch, clock());
            let checkpoint = Checkpoint { source: source.clone(), from, to: to.clone() };
            self.write_down(inbox, arrivals, checkpoint, stop.as_mut()).await?;
            from = Some(to);
        }
    }

    /// One `getUpdates`: the raw JSON of each update.
    async fn get_updates(&self, offset: Option<i64>) -> Result<Vec<Vec<u8>>, CallError> {
        let timeout = self.patience.poll_s;
        let payload =
            GetUpdates { offset, limit: BATCH_MAX, timeout, allowed_updates: &ALLOWED_UPDATES };
        let call = Call::new(Method::GetUpdates, None, &payload, None);
        let within = Duration::from_secs(timeout.into()) + POLL_SLACK;
        let result = self.client.call_within(call, within).await?;
        // Bytes that are no text are no reason to stop at this update for ever.
        let result = String::from_utf8_lossy(&result);
        let batch = serde_json::from_str::<Vec<&RawValue>>(&result);
        let foreign = |_| CallError::Unknown(crate::answer::Broken::Foreign { status: 200 });
        let raw = |update: &RawValue| update.get().as_bytes().to_vec();
        Ok(batch.map_err(foreign)?.into_iter().map(raw).collect())
    }

    fn read_batch(&self, batch: Vec<Vec<u8>>, now: i64) -> Vec<Arrival> {
        let mut arrivals = Vec::with_capacity(batch.len());
        for raw in batch {
            match self.read(raw, now) {
                Ok(arrival) => arrivals.extend(arrival),
                Err(error) => tracing::warn!("an update was passed over: {error}"),
            }
        }
        arrivals
    }

    /// Writes a batch down, however long the store takes to come back.
    async fn write_down(
        &self,
        inbox: &dyn Inbox,
        arrivals: Vec<Arrival>,
        checkpoint: Checkpoint,
        mut stop: Stop<'_>,
    ) -> Result<(), Ended> {
        let mut retry = Retry::new(self);
        loop {
            match inbox.accept(arrivals.clone(), Some(checkpoint.clone())).await {
                Ok(()) => return Ok(()),
                Err(InboxError::NotOurs) => return Err(Ended::NotOurs),
                Err(InboxError::Unavailable) => pause(stop.as_mut(), retry.next()).await?,
            }
        }
    }

    async fn read_checkpoint(
        &self,
        inbox: &dyn Inbox,
        source: &str,
        mut stop: Stop<'_>,
    ) -> Result<Option<String>, Ended> {
        let mut retry = Retry::new(self);
        loop {
            match inbox.checkpoint(source).await {
                Ok(checkpoint) => return Ok(checkpoint),
                Err(InboxError::NotOurs) => return Err(Ended::NotOurs),
                Err(InboxError::Unavailable) => pause(stop.as_mut(), retry.next()).await?,
            }
        }
    }

    /// Repeats a harmless call until it succeeds.
    async fn insist<F, C>(&self, mut stop: Stop<'_>, what: &str, call: C) -> Result<(), Ended>
    where
        F: Future<Output = Result<(), CallError>> + Send,
        C: Fn() -> F + Send + Sync,
    {
        let mut retry = Retry::new(self);
        loop {
            let Err(error) = or_stop(stop.as_mut(), call()).await? else { return Ok(()) };
            tracing::warn!("telegram: could not {what}: {error}");
            pause(stop.as_mut(), retry.after(&error)).await?;
        }
    }

    /// Says what went wrong, and puts right what can be: a webhook that somebody has set again.
    async fn recover(&self, error: &CallError, stop: Stop<'_>) -> Result<(), Ended> {
        match error {
            CallError::Answered(no) if no.code == 401 || no.code == 404 => {
                tracing::error!("telegram does not accept our token");
            }
            CallError::Answered(no) if no.code == 409 && no.says("webhook") => {
                tracing::warn!("somebody set a webhook while we poll; taking it away");
                if let Err(error) = or_stop(stop, self.delete_webhook()).await? {
                    tracing::warn!("telegram: could not delete webhook: {error}");
                }
            }
            CallError::Answered(no) if no.code == 409 => {
                tracing::warn!("somebody else polls with our token");
            }
            CallError::Answered(_) | CallError::NotSent(_) | CallError::Unknown(_) => {
                tracing::warn!("a poll failed: {error}");
            }
        }
        Ok(())
    }
}

/// Waits that double.
struct Retry {
    next: Duration,
    first: Duration,
    most: Duration,
}

impl Retry {
    fn new(channel: &TelegramChannel) -> Self {
        let (first, most) = (channel.patience.retry_first, channel.patience.retry_most);
        Self { next: first, first, most }
    }

    fn next(&mut self) -> Duration {
        let next = self.next;
        self.next = (next * 2).min(self.most);
        next
    }

    fn after(&mut self, error: &CallError) -> Duration {
        let usual = self.next();
        match error {
            CallError::Answered(no) if no.code == 401 || no.code == 404 => {
                usual.max(UNAUTHORIZED_WAIT.min(self.most))
            }
            CallError::Answered(_) | CallError::NotSent(_) | CallError::Unknown(_) => {
                patience_after(error, usual)
            }
        }
    }

    fn succeeded(&mut self) {
        self.next = self.first;
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

async fn pause(stop: Stop<'_>, wait: Duration) -> Result<(), Ended> {
    or_stop(stop, tokio::time::sleep(wait)).await
}
