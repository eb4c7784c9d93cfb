//! What WeCom brings: checked, read, written down, and only then acknowledged.
//!
//! No web framework here: the house mounts these on its own. Nothing is decrypted before the
//! signature is right, and no call goes out between a callback and its answer.

pub(crate) mod bot;

use std::sync::Arc;

use bytes::Bytes;
use picdesk_core::channel::{Arrival, Inbox, InboxError, Received};
use sha2::{Digest as _, Sha256};

pub use self::bot::BotCallback;
use crate::{
    Clock,
    envelope::{Envelope, Flaw},
    menus::{self, Menus},
    parse::{
        Doorbell,
        app::{Reading, read_app},
        desk::at_desk,
    },
    verify::Query,
    xml::{self, From},
};

/// Largest body, bytes. WeCom's own are a few kilobytes.
pub const BODY_BYTES_MAX: usize = 64 << 10;

/// What the caller is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackAnswer {
    /// 200 with this body, most often none; and what rang.
    Ok {
        /// `text/plain` for an address that is verified, JSON for the bot.
        body: String,
        /// News to be fetched.
        rung: Option<Rung>,
    },
    /// 403: not signed with our token.
    Forbidden,
    /// 400: something else is wrong. What, is not told.
    BadRequest,
    /// 413: larger than any callback.
    TooLarge,
    /// 503: it cannot be written down now; WeCom comes again.
    Unavailable,
}

/// A doorbell as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Whose it is.
    pub doorbell: Doorbell,
    /// What tells its envelope from all others: what was opened once rings no second time.
    pub envelope: [u8; 16],
}

impl CallbackAnswer {
    fn ok(body: String) -> Self {
        Self::Ok { body, rung: None }
    }

    fn acknowledged(rung: Option<Rung>) -> Self {
        Self::Ok { body: String::new(), rung }
    }
}

impl std::convert::From<Flaw> for CallbackAnswer {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Signature => Self::Forbidden,
            Flaw::Base64 | Flaw::Length | Flaw::Padding | Flaw::Receiver | Flaw::Utf8 => {
                Self::BadRequest
            }
        }
    }
}

/// Answers the verification of an address: the echo, decrypted, and nothing added. Pure.
#[must_use]
pub fn verify(envelope: &Envelope, raw_query: &str) -> CallbackAnswer {
    let Some(query) = Query::read(raw_query) else { return CallbackAnswer::BadRequest };
    let Some(echo) = &query.echo else { return CallbackAnswer::BadRequest };
    match envelope.open(&query, echo) {
        Ok(message) => CallbackAnswer::ok(message),
        Err(flaw) => flaw.into(),
    }
}

/// A callback that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What was inside.
    pub message: String,
    /// What tells its envelope from all others: the first 16 bytes of the SHA-256 of what was
    /// encrypted.
    pub envelope: [u8; 16],
}

impl Opened {
    fn new(message: String, encrypted: &str) -> Self {
        let digest = Sha256::digest(encrypted.as_bytes());
        let mut envelope = [0; 16];
        envelope.copy_from_slice(&digest[..16]);
        Self { message, envelope }
    }
}

/// Opens a callback of the app: the XML inside. Pure.
///
/// # Errors
/// What the caller is told.
pub fn open_app(
    envelope: &Envelope,
    raw_query: &str,
    body: &[u8],
) -> Result<Opened, CallbackAnswer> {
    if body.len() > BODY_BYTES_MAX {
        return Err(CallbackAnswer::TooLarge);
    }
    let query = Query::read(raw_query).ok_or(CallbackAnswer::BadRequest)?;
    let text = simdutf8::basic::from_utf8(body).map_err(|_| CallbackAnswer::BadRequest)?;
    let fields = xml::read(text, From::Anybody).map_err(|_| CallbackAnswer::BadRequest)?;
    let encrypted = fields.find("Encrypt").ok_or(CallbackAnswer::BadRequest)?;
    Ok(Opened::new(envelope.open(&query, encrypted)?, encrypted))
}

/// The app's one callback.
pub struct AppCallback {
    envelope: Envelope,
    inbox: Arc<dyn Inbox>,
    menus: Arc<dyn Menus>,
    clock: Clock,
    operators: Vec<String>,
}

impl AppCallback {
    /// A receiving end.
    #[must_use]
    pub fn new(
        envelope: Envelope,
        inbox: Arc<dyn Inbox>,
        menus: Arc<dyn Menus>,
        clock: Clock,
    ) -> Self {
        Self { envelope, inbox, menus, clock, operators: Vec::new() }
    }

    /// With these members as operators, by their user ids.
    #[must_use]
    pub fn with_operators(mut self, operators: Vec<String>) -> Self {
        self.operators = operators;
        self
    }

    /// Answers the verification of the address.
    #[must_use]
    pub fn verify(&self, raw_query: &str) -> CallbackAnswer {
        verify(&self.envelope, raw_query)
    }

    /// Takes one callback.
    pub async fn receive(&self, raw_query: &str, body: Bytes) -> CallbackAnswer {
        let Opened { message, envelope } = match open_app(&self.envelope, raw_query, &body) {
            Ok(opened) => opened,
            Err(refused) => return refused,
        };
        let Ok(fields) = xml::read(&message, From::WeCom) else {
            return CallbackAnswer::BadRequest;
        };
        let reading = read_app(&fields, message.as_bytes().to_vec(), (self.clock)());
        match at_desk(reading, &self.operators) {
            Reading::Nothing => CallbackAnswer::acknowledged(None),
            Reading::Doorbell(doorbell) => {
                CallbackAnswer::acknowledged(Some(Rung { doorbell, envelope }))
            }
            Reading::Arrival(arrival) => {
                let arrival = came_in(envelope, arrival);
                accept(self.inbox.as_ref(), &self.menus, arrival).await.map_or_else(
                    |()| CallbackAnswer::Unavailable,
                    |()| CallbackAnswer::acknowledged(None),
                )
            }
        }
    }
}

/// Says in which envelope something came.
fn came_in(envelope: [u8; 16], arrival: Arrival) -> Arrival {
    match arrival {
        Arrival::Event(received) => {
            Arrival::Event(Box::new(Received { envelope: Some(envelope), ..*received }))
        }
        // It is named by its content.
        other @ (Arrival::SetAside { .. } | Arrival::Asked(_)) => other,
    }
}

/// Writes down one arrival.
async fn accept(inbox: &dyn Inbox, menus: &Arc<dyn Menus>, arrival: Arrival) -> Result<(), ()> {
    let mut arrivals = vec![arrival];
    menus::resolve(menus, &mut arrivals).await;
    match inbox.accept(arrivals, None).await {
        Ok(()) => Ok(()),
        Err(InboxError::Unavailable | InboxError::NotOurs) => Err(()),
    }
}
