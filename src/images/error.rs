//! Why there is no picture, sorted by what to do next.
//!
//! Nothing here holds a provider's words, an address, a prompt or a key: what is shown or logged
//! of these errors is ours.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use super::cost::Spent;
use super::refusal::Refusal;

/// Why there is no picture, sorted by what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// No byte of the request left the house: it may be sent again freely.
    #[error("not sent: {0}")]
    NotSent(Unsent),
    /// The provider did nothing and asks for patience; it may be sent again after the wait.
    #[error("rate limited")]
    RateLimited {
        /// How long to wait, where the provider says.
        retry_after: Option<Duration>,
    },
    /// The provider did nothing for lack of room; it may be sent again after a long wait.
    #[error("provider overloaded")]
    Overloaded {
        /// How long to wait, where the provider says.
        retry_after: Option<Duration>,
    },
    /// Prompt, reference or result is against the provider's rules. Never to be sent again
    /// unchanged; the customer may rephrase.
    #[error("refused for safety")]
    Refused(Refusal),
    /// The request is impossible; the customer, or we, must change it.
    #[error("bad request: {0}")]
    BadRequest(Wrong),
    /// The operator's money at the provider is used up: stop the queue, wake the operator.
    #[error("no funds at the provider")]
    OutOfFunds,
    /// The operator's key, region or verification is not accepted: stop, wake the operator.
    #[error("not authorized at the provider")]
    Unauthorized,
    /// The operator's model or address does not exist there: stop, wake the operator.
    #[error("no such model or operation at the provider")]
    ModelMissing,
    /// It is certain that there is no picture that could be had. The operator may have paid.
    #[error("failed: {0}")]
    Failed(Failure),
    /// A picture may have been made and paid for, out of reach: never to be sent again unasked.
    #[error("outcome unknown: {0}")]
    Uncertain(Doubt),
    /// The picture came and our sink could not keep it: see to the disk. Paid for.
    #[error("the picture could not be kept: {0}")]
    NotKept(io::ErrorKind),
}

/// A call without a picture, with what belongs into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCall {
    /// Why, by what to do next.
    pub error: MakeError,
    /// The answer's HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The provider's name for the call, for questions to its support.
    pub request_id: Option<String>,
    /// What it was charged all the same, where the answer tells.
    pub spent: Option<Spent>,
}

/// Why a request never left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsent {
    /// The provider's name was not found.
    #[error("name not found")]
    Name,
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// No connection within the time for it.
    #[error("connecting timed out")]
    TimedOut,
    /// A connection that could not be made otherwise: TLS, a proxy, the network.
    #[error("no connection")]
    Connection,
    /// The connection was gone before the request began.
    #[error("not begun")]
    NotBegun,
}

/// What about a request is impossible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The words: empty or too long.
    #[error("prompt")]
    Prompt,
    /// The size is not one that the model makes.
    #[error("size")]
    Size,
    /// A reference picture cannot be used.
    #[error("reference")]
    Reference {
        /// Which, from 0, where it is known.
        index: Option<usize>,
    },
    /// This provider takes no reference pictures.
    #[error("references are off")]
    ReferencesOff,
    /// The background does not go with the model or the format.
    #[error("background")]
    Background,
    /// Something else.
    #[error("other")]
    Other,
}

/// Why there is certainly no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The provider says that it failed.
    #[error("the provider failed")]
    Provider,
    /// It says that all went well and there is no picture in it.
    #[error("no picture in the answer")]
    NoPicture,
    /// What came is not a picture in base64.
    #[error("unreadable answer")]
    Garbage,
    /// The answer is larger than any picture.
    #[error("answer too large")]
    TooLarge,
    /// The picture lies at an address that we do not fetch from.
    #[error("picture at a foreign address")]
    Elsewhere,
    /// The picture could not be fetched from its address.
    #[error("picture could not be fetched")]
    NotFetched,
}

/// Why the outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The connection broke after sending had begun, or the answer ended too early.
    #[error("connection cut")]
    Cut,
    /// The time for one picture is over.
    #[error("timed out")]
    TimedOut,
    /// The answer stopped coming.
    #[error("the answer stalled")]
    Stalled,
    /// A gateway lost the provider, or answered in its place.
    #[error("gateway error")]
    Gateway,
    /// A success whose body is no answer of this API, such as a page of HTML.
    #[error("not an answer")]
    NotAnAnswer,
}

impl FailedCall {
    /// A call that ended before any answer.
    pub(super) fn unanswered(error: MakeError) -> Self {
        Self { error, status: None, request_id: None, spent: None }
    }
}

impl MakeError {
    /// One word for metrics and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotSent(_) => "not_sent",
            Self::RateLimited { .. } => "rate_limited",
            Self::Overloaded { .. } => "overloaded",
            Self::Refused(_) => "refused",
            Self::BadRequest(_) => "bad_request",
            Self::OutOfFunds => "out_of_funds",
            Self::Unauthorized => "unauthorized",
            Self::ModelMissing => "model_missing",
            Self::Failed(_) => "failed",
            Self::Uncertain(_) => "uncertain",
            Self::NotKept(_) => "not_kept",
        }
    }
}

impl fmt::Display for FailedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)?;
        if let Some(status) = self.status {
            write!(f, ", status {status}")?;
        }
        if let Some(request_id) = &self.request_id {
            write!(f, ", request {request_id}")?;
        }
        Ok(())
    }
}

/// The error says it all; its source would say it twice.
impl Error for FailedCall {}

/// Tells from a failed sending whether any of it can have arrived.
///
/// Only two kinds are certain. Connecting failed: name, TCP, TLS and proxy tunnel are all before
/// the first byte (reqwest 0.12.28, src/error.rs `is_connect`). Or hyper gave the request back
/// unwritten: it makes a *canceled* error nowhere else (hyper 1.12.0, src/client/dispatch.rs
/// `Envelope::drop`, src/proto/h1/dispatch.rs `recv_msg`, src/client/conn/http1.rs). Everything
/// else, a write that failed half way included, is in doubt.
pub(super) fn while_sending(error: &reqwest::Error) -> MakeError {
    if error.is_builder() {
        return MakeError::BadRequest(Wrong::Other);
    }
    if error.is_connect() {
        return MakeError::NotSent(unconnected(error));
    }
    let not_begun = sources(error)
        .filter_map(|source| source.downcast_ref::<hyper::Error>())
        .any(hyper::Error::is_canceled);
    if not_begun { MakeError::NotSent(Unsent::NotBegun) } else { MakeError::Uncertain(Doubt::Cut) }
}

/// Best effort: it is for the operator's log only.
fn unconnected(error: &reqwest::Error) -> Unsent {
    if error.is_timeout() {
        return Unsent::TimedOut;
    }
    let refused = sources(error)
        .filter_map(|source| source.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    // hyper-util has no type for it; its words are "dns error".
    if sources(error).any(|source| source.to_string().starts_with("dns error")) {
        Unsent::Name
    } else if refused {
        Unsent::Refused
    } else {
        Unsent::Connection
    }
}

fn sources<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |error| (*error).source())
}
