//! What was asked of the stand-in and what came of it, for tests to read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use tokio::sync::watch;

use super::fault::ImagesFault;
use super::reference::Reference;
use super::request::{Ask, Operation, Quality};
use picdesk_paint::Format;
use picdesk_paint::prompt_hash;

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Refused; nothing was made.
    Refused {
        /// HTTP status.
        status: u16,
        /// The provider's code, else the status.
        code: String,
    },
    /// Accepted, and not answered yet.
    Making,
    /// Made, and the last byte of the answer given to the connection.
    Answered,
    /// Made, and the answer did not get out whole: by a fault, or because the caller left.
    Lost,
}

/// One request that was well formed. A request refused for its own faults is a [`Rejection`].
#[derive(Debug, Clone)]
pub struct Call {
    /// From 1, in order of arrival; also in the nonce of its pictures.
    pub id: u32,
    /// The `x-request-id` of its answer.
    pub request_id: String,
    /// Generation or edit.
    pub operation: Operation,
    /// The whole prompt.
    pub prompt: String,
    /// [`prompt_hash`] of it, as in the nonce.
    pub prompt_hash: u32,
    /// `safety_identifier`, or its older name `user`.
    pub safety_identifier: Option<String>,
    /// The `Idempotency-Key` header, which the real provider ignores.
    pub idempotency_key: Option<String>,
    /// As asked.
    pub model: String,
    /// What is made, pixels.
    pub size: (u32, u32),
    /// What is made; `auto` is resolved.
    pub quality: Quality,
    /// Kind of file.
    pub format: Format,
    /// How many pictures.
    pub count: u8,
    /// Partial pictures asked for; `None` without a stream.
    pub partials: Option<u8>,
    /// The reference pictures of an edit.
    pub references: Vec<Reference>,
    /// Whether a mask came along.
    pub masked: bool,
    /// The fault it suffered.
    pub fault: Option<ImagesFault>,
    /// When it came, since 1970.
    pub at: Duration,
    /// When it ended, since 1970.
    pub ended_at: Option<Duration>,
    /// What came of it.
    pub outcome: Outcome,
}

impl Call {
    /// Whether the provider made (and billed) pictures for it.
    pub fn was_made(&self) -> bool {
        match self.outcome {
            Outcome::Refused { .. } => false,
            Outcome::Making | Outcome::Answered | Outcome::Lost => true,
        }
    }
}

/// A request that was wrong in itself: no key, an unknown size, no JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// HTTP status.
    pub status: u16,
    /// The provider's code, else the status.
    pub code: String,
    /// The `x-request-id` of its answer.
    pub request_id: String,
}

/// One person's prompt that was made, and billed, more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubleSubmission {
    /// Who asked.
    pub safety_identifier: Option<String>,
    /// For what.
    pub prompt: String,
    /// How often it was made, 2 or more.
    pub times: usize,
}

/// Counts over all requests since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Calls under way.
    pub in_flight: usize,
    /// Most calls under way at one time.
    pub in_flight_max: usize,
    /// Bytes of request bodies.
    pub bytes_in: u64,
    /// Bytes of answers given to connections.
    pub bytes_out: u64,
}

#[derive(Debug, Default)]
struct Pages {
    calls: Vec<Call>,
    rejections: Vec<Rejection>,
    traffic: Traffic,
}

/// The book itself.
#[derive(Debug)]
pub(super) struct Book {
    pages: Mutex<Pages>,
    changes: watch::Sender<u64>,
}

impl Book {
    pub(super) fn new() -> Self {
        Self { pages: Mutex::default(), changes: watch::Sender::new(0) }
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.pages().calls.clone()
    }

    pub(super) fn rejections(&self) -> Vec<Rejection> {
        self.pages().rejections.clone()
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.pages().traffic
    }

    pub(super) fn made_count(&self) -> usize {
        self.pages().calls.iter().filter(|call| call.was_made()).count()
    }

    pub(super) fn double_submissions(&self) -> Vec<DoubleSubmission> {
        let pages = self.pages();
        let mut times: BTreeMap<_, usize> = BTreeMap::new();
        for call in pages.calls.iter().filter(|call| call.was_made()) {
            *times.entry((&call.safety_identifier, &call.prompt)).or_default() += 1;
        }
        let twice = times.into_iter().filter(|&(_, times)| times > 1);
        twice
            .map(|((safety_identifier, prompt), times)| DoubleSubmission {
                safety_identifier: safety_identifier.clone(),
                prompt: prompt.clone(),
                times,
            })
            .collect()
    }

    /// Waits until the calls are as `wanted` says.
    pub(super) async fn until(&self, wanted: impl Fn(&[Call]) -> bool) {
        let mut changes = self.changes.subscribe();
        let reached = changes.wait_for(|_| wanted(&self.pages().calls)).await;
        reached.map(drop).expect("the book has the sender");
    }

    pub(super) fn count_in(&self, bytes: usize) {
        self.pages().traffic.bytes_in += bytes as u64;
    }

    pub(super) fn count_out(&self, bytes: usize) {
        self.pages().traffic.bytes_out += bytes as u64;
    }

    pub(super) fn reject(&self, status: u16, code: String, request_id: &str) {
        let request_id = request_id.to_owned();
        self.pages().rejections.push(Rejection { status, code, request_id });
        self.changed();
    }

    /// Writes down a call, and counts it as under way until the [`Flight`] ends.
    pub(super) fn begin(self: &Arc<Self>, ask: &Ask, arrival: Arrival) -> Flight {
        let id = {
            let mut pages = self.pages();
            let id = u32::try_from(pages.calls.len() + 1).expect("fewer than four billion calls");
            pages.calls.push(Call {
                id,
                request_id: arrival.request_id,
                operation: ask.operation,
                prompt: ask.prompt.clone(),
                prompt_hash: prompt_hash(&ask.prompt),
                safety_identifier: ask.safety_identifier.clone(),
                idempotency_key: arrival.idempotency_key,
                model: ask.model.clone(),
                size: ask.size,
                quality: ask.quality,
                format: ask.format,
                count: ask.count,
                partials: ask.partials,
                references: ask.references.clone(),
                masked: ask.files.mask.is_some(),
                fault: arrival.fault,
                at: since_1970(),
                ended_at: None,
                outcome: Outcome::Making,
            });
            let traffic = &mut pages.traffic;
            traffic.in_flight += 1;
            traffic.in_flight_max = traffic.in_flight_max.max(traffic.in_flight);
            id
        };
        self.changed();
        Flight { book: Arc::clone(self), id, ended: false }
    }

    fn end(&self, id: u32, outcome: Outcome) {
        {
            let mut pages = self.pages();
            pages.traffic.in_flight -= 1;
            if let Some(call) = pages.calls.get_mut(id as usize - 1) {
                call.outcome = outcome;
                call.ended_at = Some(since_1970());
            }
        }
        self.changed();
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of a call besides what it asks.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) request_id: String,
    pub(super) idempotency_key: Option<String>,
    pub(super) fault: Option<ImagesFault>,
}

/// A call under way. Dropped without an ending, its answer was lost.
#[derive(Debug)]
pub(super) struct Flight {
    book: Arc<Book>,
    pub(super) id: u32,
    ended: bool,
}

impl Flight {
    pub(super) fn refused(mut self, status: u16, code: String) {
        self.end(Outcome::Refused { status, code });
    }

    pub(super) fn answered(mut self) {
        self.end(Outcome::Answered);
    }

    fn end(&mut self, outcome: Outcome) {
        self.ended = true;
        self.book.end(self.id, outcome);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.ended {
            self.end(Outcome::Lost);
        }
    }
}

pub(super) fn since_1970() -> Duration {
    UNIX_EPOCH.elapsed().unwrap_or_default()
}
