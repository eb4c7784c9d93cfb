//! What the operator decides about the provider, and the HTTP client that keeps our promises.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, retry};
use url::Url;

use super::cost::Prices;
use crate::config::{Auth, Images, Moderation, Secret};

/// Longest silence in the middle of a document or an event. Between events there is no such limit:
/// there the provider is at work, for minutes under load.
pub const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// Longest wait for a connection: names, TCP, TLS and proxy together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Address translators forget silent connections after minutes; a picture takes minutes.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// The operator's decisions about the provider.
#[derive(Debug, Clone)]
pub struct ImagesSettings {
    /// Up to and with the version: `https://api.openai.com/v1`.
    pub base_url: Url,
    /// What the provider knows us by.
    pub api_key: Secret,
    /// Which header the key goes in.
    pub auth: Auth,
    /// The model's name, opaque.
    pub model: String,
    /// Longest time for one picture, from connecting to the last byte.
    pub timeout: Duration,
    /// Longest silence in the middle of something; [`IDLE_TIMEOUT`] unless tests say less.
    pub idle_timeout: Duration,
    /// Whether partial pictures may be asked for at all.
    pub stream: bool,
    /// Most partial pictures for one picture, 0 to 3.
    pub partials: u8,
    /// Whether the provider takes reference pictures.
    pub edits: bool,
    /// How strictly the provider moderates prompts.
    pub moderation: Moderation,
    /// What the provider charges.
    pub prices: Prices,
}

/// A setting that no call could be made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// `images.base_url` is not an http(s) address.
    #[error("images.base_url is not an http or https address")]
    BaseUrl,
    /// `images.api_key` has characters that no header can carry.
    #[error("images.api_key has characters that cannot stand in a header")]
    ApiKey,
}

/// The HTTP client could not be built: the proxy address or the TLS roots are unusable. It has no
/// source because a proxy's address may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no HTTP client can be built; is http.proxy_url right?")]
pub struct HttpClientError;

/// Builds the HTTP client that [`super::ImagesClient`] needs.
///
/// - No retries. reqwest repeats by itself what HTTP/2 turned back (`GOAWAY`, `REFUSED_STREAM`;
///   reqwest 0.12.28, src/retry.rs `is_retryable_error`), and hyper-util what a pooled connection
///   had not begun to write (hyper-util 0.1.21, src/client/legacy/client.rs `send_request`). The
///   second is safe, the first nearly; HTTP/1.1 only, without a pool, there is neither. It also
///   ends the race in which a kept connection dies as a paid request is written to it. A handshake
///   per picture is nothing beside the minutes that it takes.
/// - No redirects: a redirected POST may lose its body or bring the key elsewhere.
/// - No time-out beyond connecting: the others are [`super::ImagesClient::make`]'s, which knows
///   what they mean.
/// - The proxy is the configured one or none; `HTTPS_PROXY` and the like are not looked at. What
///   is no http(s) address is refused here: reqwest would silently go without a proxy.
///
/// # Errors
/// The proxy's address cannot be used or TLS cannot be set up.
pub fn http_client(proxy_url: Option<&Secret>) -> Result<Client, HttpClientError> {
    let builder = Client::builder()
        .user_agent(concat!("picdesk/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_keepalive(KEEPALIVE)
        .tcp_nodelay(true)
        .redirect(Policy::none())
        .retry(retry::never())
        .http1_only()
        .pool_max_idle_per_host(0);
    let builder = match proxy_url {
        Some(url) => builder.proxy(proxy(url.reveal()).ok_or(HttpClientError)?),
        None => builder.no_proxy(),
    };
    builder.build().map_err(|_| HttpClientError)
}

fn proxy(url: &str) -> Option<Proxy> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Proxy::all(url).ok()
}

impl ImagesSettings {
    /// The settings as configured; `None` without a key.
    pub fn of(images: &Images) -> Option<Self> {
        Some(Self {
            base_url: images.base_url.as_str().parse().expect("a BaseUrl is a URL"),
            api_key: images.api_key.clone()?,
            auth: images.auth,
            model: images.model.clone(),
            timeout: images.timeout,
            idle_timeout: IDLE_TIMEOUT,
            stream: images.stream,
            partials: images.partials,
            edits: images.edits,
            moderation: images.moderation,
            prices: Prices {
                text_in: images.cost_text_in,
                image_in: images.cost_image_in,
                image_out: images.cost_image_out,
            },
        })
    }

    /// The address of an operation.
    pub(super) fn endpoint(&self, operation: &str) -> Result<Url, SettingsError> {
        let mut url = self.base_url.clone();
        if !matches!(url.scheme(), "http" | "https") {
            return Err(SettingsError::BaseUrl);
        }
        url.path_segments_mut()
            .map_err(|()| SettingsError::BaseUrl)?
            .pop_if_empty()
            .extend(operation.split('/'));
        Ok(url)
    }

    /// Whether the model is named in the request. Azure's addresses by deployment name it already,
    /// and gpt-image-2 there fails on a second naming (LiteLLM issue 26316).
    pub(super) fn names_model(&self) -> bool {
        !self.base_url.path().contains("/openai/deployments/")
    }
}
