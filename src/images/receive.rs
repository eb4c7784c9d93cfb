//! From the socket to the sink: the body of an answer that the provider took.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use super::answer::{self, Answer, Facts};
use super::classify;
use super::cost::Counts;
use super::error::{Doubt, Failure, MakeError};
use super::reader::{BodyReader, Document, Found, Shape};
use super::sink::PictureSink;

/// Largest body of an answer, bytes. The base64 of a 4K PNG and of three partial ones stays
/// under it.
pub const BODY_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Largest body of an error that is read, bytes.
const ERROR_BYTES_MAX: usize = 64 * 1024;

/// A body under way, with its limits.
pub(super) struct Incoming {
    response: reqwest::Response,
    deadline: Instant,
    idle_timeout: Duration,
    taken: u64,
}

/// A picture that arrived, or the address of one.
pub(super) struct Received {
    pub(super) facts: Facts,
    /// How much of it went to the sink, bytes; 0 when it has an address instead.
    pub(super) bytes: u64,
}

/// Why no picture arrived, and what was charged all the same.
pub(super) struct Unmade {
    pub(super) error: MakeError,
    /// What the provider counted, where it tells.
    pub(super) usage: Option<Counts>,
}

impl From<MakeError> for Unmade {
    fn from(error: MakeError) -> Self {
        Self { error, usage: None }
    }
}

impl Incoming {
    /// The body of `response`, to be over by `deadline`.
    pub(super) fn new(
        response: reqwest::Response,
        deadline: Instant,
        idle_timeout: Duration,
    ) -> Self {
        Self { response, deadline, idle_timeout, taken: 0 }
    }

    /// Waits for the next chunk, between two events: a provider that is at work is silent, for
    /// minutes under load. `None` at the body's end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, MakeError> {
        self.next_until(self.deadline).await
    }

    /// Waits for the next chunk of something that has begun: there silence is a stall. The time
    /// that a sink takes between two calls does not count.
    pub(super) async fn next_soon(&mut self) -> Result<Option<Bytes>, MakeError> {
        self.next_until(self.deadline.min(Instant::now() + self.idle_timeout)).await
    }

    async fn next_until(&mut self, until: Instant) -> Result<Option<Bytes>, MakeError> {
        let chunk = match timeout_at(until, self.response.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => return Ok(None),
            Ok(Err(_)) => return Err(MakeError::Uncertain(Doubt::Cut)),
            Err(_) if until == self.deadline => {
                return Err(MakeError::Uncertain(Doubt::TimedOut));
            }
            Err(_) => return Err(MakeError::Uncertain(Doubt::Stalled)),
        };
        self.taken += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if self.taken > BODY_BYTES_MAX {
            return Err(MakeError::Failed(Failure::TooLarge));
        }
        Ok(Some(chunk))
    }

    /// Reads the body of an error, as far as it comes and is worth reading.
    pub(super) async fn error_body(mut self) -> Vec<u8> {
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = self.next_soon().await {
            let room = ERROR_BYTES_MAX.saturating_sub(body.len());
            body.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
            if body.len() == ERROR_BYTES_MAX {
                break;
            }
        }
        body
    }
}

/// Receives the picture, piece by piece, into `sink`.
///
/// It is over with the document that has the picture: what else might come, and whether the
/// connection ends well, no longer matters.
pub(super) async fn receive(
    mut incoming: Incoming,
    references: usize,
    sink: &mut dyn PictureSink,
) -> Result<Received, Unmade> {
    let mut reader = BodyReader::new();
    loop {
        let next = if reader.is_within_document() {
            incoming.next_soon().await
        } else {
            incoming.next().await
        };
        let (mut chunk, ended) = match next {
            Ok(Some(chunk)) => (chunk, None),
            Ok(None) => (Bytes::new(), Some(early_end(&reader, incoming.taken))),
            Err(error) => (Bytes::new(), Some(error)),
        };
        if ended.is_some() {
            reader.finish();
        }
        while let Some(found) = reader.next(&mut chunk) {
            match found {
                Found::Piece(piece) => sink.write(piece).await.map_err(not_kept)?,
                Found::Document(document) => match understand(&document, references, sink).await {
                    Ok(None) => {}
                    Ok(Some(received)) => return Ok(received),
                    Err(error) => {
                        let usage = answer::usage(&document.scanned.rest);
                        return Err(Unmade { error, usage });
                    }
                },
            }
        }
        if reader.shape() == Shape::Neither {
            return Err(MakeError::Uncertain(Doubt::NotAnAnswer).into());
        }
        if let Some(error) = ended {
            return Err(error.into());
        }
    }
}

/// Does what a document asks for; `None` when the picture is still to come.
async fn understand(
    document: &Document,
    references: usize,
    sink: &mut dyn PictureSink,
) -> Result<Option<Received>, MakeError> {
    let bytes = document.scanned.picture_bytes;
    let is_all = document.event.is_none();
    match answer::read(document) {
        Answer::Final(facts) if bytes > 0 || facts.address.is_some() => {
            return Ok(Some(Received { facts, bytes }));
        }
        Answer::Final(_) | Answer::Done => return Err(MakeError::Failed(Failure::NoPicture)),
        Answer::Error(envelope) => return Err(classify::in_answer(&envelope, references)),
        Answer::Unknown if is_all => return Err(MakeError::Failed(Failure::NoPicture)),
        Answer::Garbage if is_all || is_last(document) => {
            return Err(MakeError::Failed(Failure::Garbage));
        }
        Answer::Partial { index } if bytes > 0 => sink.partial(index).await.map_err(not_kept)?,
        // What a spoiled or unknown event brought is no picture; the right one may still come.
        Answer::Garbage | Answer::Unknown if bytes > 0 => {
            sink.restart().await.map_err(not_kept)?;
        }
        Answer::Partial { .. } | Answer::Garbage | Answer::Unknown => {}
    }
    Ok(None)
}

/// Whether an unreadable event says by its name that it was the picture.
fn is_last(document: &Document) -> bool {
    document.event.as_deref().is_some_and(|event| event.ends_with(".completed"))
}

/// What it means that a body ends without a picture.
fn early_end(reader: &BodyReader, taken: u64) -> MakeError {
    match reader.shape() {
        Shape::Unknown if taken == 0 => MakeError::Failed(Failure::NoPicture),
        Shape::Unknown | Shape::Neither => MakeError::Uncertain(Doubt::NotAnAnswer),
        Shape::Json | Shape::Events => MakeError::Uncertain(Doubt::Cut),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(super) fn not_kept(error: std::io::Error) -> MakeError {
    MakeError::NotKept(error.kind())
}
