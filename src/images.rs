//! The client of an OpenAI-style images API: one prompt in, one picture out, asked exactly once.
//!
//! A call can cost money and cannot be repeated safely: the API has no idempotency key. So nothing
//! here retries; [`MakeError`] says what may be done next and the queue decides. The picture is
//! decoded from base64 as it arrives and handed on in small pieces, so that a 4K picture needs a
//! few hundred KiB of memory and not its 25 MB. Dropping the future of [`ImagesClient::make`]
//! closes the connection, which is how a call is aborted.
//!
//! | file | holds |
//! | --- | --- |
//! | `settings` | what the operator decides, and the HTTP client that fits |
//! | `request` | a picture as asked for, and its JSON or multipart form |
//! | `head` | what the headers of an answer say |
//! | `lines`, `unbase64`, `scan`, `reader` | bytes to events and pieces of picture; no I/O |
//! | `answer` | what an event or a document means |
//! | `envelope`, `classify`, `refusal`, `error` | what went wrong, by what to do next |
//! | `cost` | token counts and money |
//! | `receive`, `fetch` | the loops between the socket and the [`PictureSink`] |

mod answer;
mod classify;
mod cost;
mod envelope;
mod error;
mod fetch;
mod head;
mod lines;
mod reader;
mod receive;
mod refusal;
mod request;
mod scan;
mod settings;
mod sink;
mod unbase64;

#[cfg(test)]
mod tests;

use picdesk_core::generation::{Quality, Size};
use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderName, HeaderValue};
use tokio::time::{Instant, timeout_at};
use url::Url;

pub use cost::{Prices, Spent, Usage};
pub use error::{Doubt, FailedCall, Failure, MakeError, Unsent, Wrong};
pub use reader::{BodyReader, Document, Found, PIECE_BYTES_MAX, Shape};
pub use receive::BODY_BYTES_MAX;
pub use refusal::{Category, Refusal, Stage};
pub use request::{PictureFormat, PictureRequest, REFERENCES_MAX, Reference};
pub use scan::Scanned;
pub use settings::{HttpClientError, IDLE_TIMEOUT, ImagesSettings, SettingsError, http_client};
pub use sink::PictureSink;

use crate::config::Auth;
use answer::Facts;
use classify::Reply;
use cost::Counts;
use head::Head;
use receive::{Incoming, Unmade};

/// Asks one provider for pictures, any number at once.
#[derive(Debug)]
pub struct ImagesClient {
    settings: ImagesSettings,
    http: reqwest::Client,
    generations: Url,
    edits: Url,
    auth_name: HeaderName,
    auth_value: HeaderValue,
}

/// A picture that was made and wholly handed to the sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Size of the picture handed over, bytes.
    pub bytes: u64,
    /// What the call was charged; gateways may leave out what the provider counted.
    pub spent: Option<Spent>,
    /// Size as the provider states it. It may differ from the one asked for, and from the truth.
    pub size: Option<Size>,
    /// Format as the provider states it, no more trustworthy than `size`.
    pub format: Option<PictureFormat>,
    /// Whether the provider made it from other words than ours; the words are not kept.
    pub prompt_was_revised: bool,
    /// The provider's name for the call, for questions to its support.
    pub request_id: Option<String>,
}

impl Made {
    /// What the call cost the operator, millionths of a US dollar.
    pub fn cost_micro_usd(&self) -> Option<i64> {
        self.spent.and_then(|spent| spent.cost_micro_usd)
    }
}

impl ImagesClient {
    /// Readies a client. `http` should come from [`http_client`]: one that retries, follows
    /// redirects or times out by itself breaks what the errors promise.
    ///
    /// # Errors
    /// The address cannot carry a path, or the key cannot stand in a header.
    pub fn new(settings: ImagesSettings, http: reqwest::Client) -> Result<Self, SettingsError> {
        let generations = settings.endpoint("images/generations")?;
        let edits = settings.endpoint("images/edits")?;
        let (auth_name, text) = match settings.auth {
            Auth::Bearer => (AUTHORIZATION, format!("Bearer {}", settings.api_key.reveal())),
            Auth::ApiKey => {
                (HeaderName::from_static("api-key"), settings.api_key.reveal().to_owned())
            }
        };
        let mut auth_value = HeaderValue::from_str(&text).map_err(|_| SettingsError::ApiKey)?;
        auth_value.set_sensitive(true);
        Ok(Self { settings, http, generations, edits, auth_name, auth_value })
    }

    /// Has one picture made and streams it into `sink`; asks the provider exactly once.
    ///
    /// # Errors
    /// [`FailedCall::error`] says what may be done next. What the sink holds by then is not a
    /// picture and is to be thrown away.
    pub async fn make(
        &self,
        request: PictureRequest,
        sink: &mut dyn PictureSink,
    ) -> Result<Made, FailedCall> {
        let deadline = Instant::now() + self.settings.timeout;
        let request = request.checked(self.settings.edits).map_err(FailedCall::unanswered)?;
        let asked = Asked::of(&request, &self.settings);
        let sending = self.outgoing(request, &asked).map_err(FailedCall::unanswered)?.send();
        let response = match timeout_at(deadline, sending).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(FailedCall::unanswered(error::while_sending(&error))),
            Err(_) => return Err(FailedCall::unanswered(MakeError::Uncertain(Doubt::TimedOut))),
        };
        let head = Head::of(&response);
        let incoming = Incoming::new(response, deadline, self.settings.idle_timeout);
        let made = if head.is_success() {
            sink.submitted().await;
            self.take(incoming, &asked, deadline, sink).await
        } else {
            Err(refused(&head, &asked, incoming).await)
        };
        match made {
            Ok((facts, bytes)) => Ok(self.made(&facts, bytes, &asked, head)),
            Err(Unmade { error, usage }) => Err(FailedCall {
                error,
                status: Some(head.status),
                request_id: head.request_id,
                spent: self.spent(usage, &asked),
            }),
        }
    }

    /// The request as it goes out, with its headers.
    fn outgoing(
        &self,
        request: PictureRequest,
        asked: &Asked,
    ) -> Result<RequestBuilder, MakeError> {
        let url = if asked.references == 0 { &self.generations } else { &self.edits };
        let accept = if asked.partials > 0 { "text/event-stream" } else { "application/json" };
        let post = self
            .http
            .post(url.clone())
            .header(self.auth_name.clone(), self.auth_value.clone())
            .header(ACCEPT, accept);
        request.put_into(post, &self.settings, asked.partials)
    }

    /// Receives the picture, fetching it where the answer only says where it is.
    async fn take(
        &self,
        incoming: Incoming,
        asked: &Asked,
        deadline: Instant,
        sink: &mut dyn PictureSink,
    ) -> Result<(Facts, u64), Unmade> {
        let received = receive::receive(incoming, asked.references, sink).await?;
        let address = match &received.facts.address {
            Some(address) if received.bytes == 0 => address,
            Some(_) | None => return Ok((received.facts, received.bytes)),
        };
        let fetched = match fetch::allowed(&self.settings.base_url, address) {
            Ok(url) => {
                fetch::fetch(&self.http, url, deadline, self.settings.idle_timeout, sink).await
            }
            Err(error) => Err(error),
        };
        match fetched {
            Ok(bytes) => Ok((received.facts, bytes)),
            Err(error) => Err(Unmade { error, usage: received.facts.usage }),
        }
    }

    fn made(&self, facts: &Facts, bytes: u64, asked: &Asked, head: Head) -> Made {
        Made {
            bytes,
            spent: self.spent(facts.usage, asked),
            size: facts.size,
            format: facts.format,
            prompt_was_revised: facts.prompt_was_revised,
            request_id: head.request_id,
        }
    }
}

impl ImagesClient {
    fn spent(&self, counts: Option<Counts>, asked: &Asked) -> Option<Spent> {
        let usage = counts?.usage(asked.references > 0);
        Some(Spent { usage, cost_micro_usd: self.settings.prices.cost_micro_usd(&usage) })
    }
}

/// What of a request is still needed once it went out.
#[derive(Debug, Clone, Copy)]
struct Asked {
    references: usize,
    partials: u8,
}

impl Asked {
    /// Partial pictures cost time, and at low quality they come too late to be of use.
    fn of(request: &PictureRequest, settings: &ImagesSettings) -> Self {
        let partials = match request.quality {
            Quality::Low => 0,
            Quality::Medium | Quality::High if !settings.stream => 0,
            Quality::Medium | Quality::High => {
                request.partials.min(settings.partials).min(request::PARTIALS_MAX)
            }
        };
        Self { references: request.references.len(), partials }
    }
}

/// Reads why a call was turned down.
async fn refused(head: &Head, asked: &Asked, incoming: Incoming) -> Unmade {
    let body = incoming.error_body().await;
    let envelope = envelope::Envelope::parse(&body);
    let error = classify::classify(&Reply {
        status: head.status,
        retry_after: head.retry_after,
        envelope: envelope.as_ref(),
        references: asked.references,
    });
    Unmade { error, usage: answer::usage(&body) }
}
