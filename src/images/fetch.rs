//! A picture that the answer only gives the address of, as some gateways do.

use std::time::Duration;

use reqwest::Client;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::error::{Failure, MakeError};
use super::head::Head;
use super::reader::PIECE_BYTES_MAX;
use super::receive::{Incoming, not_kept};
use super::sink::PictureSink;

/// Lets an address pass that leads to the provider itself: scheme, host and port of the base
/// address. Anything else could lead into the operator's own network.
pub(super) fn allowed(base: &Url, address: &str) -> Result<Url, MakeError> {
    let url = base.join(address).map_err(|_| MakeError::Failed(Failure::Elsewhere))?;
    if url.origin() == base.origin() && url.username().is_empty() && url.password().is_none() {
        Ok(url)
    } else {
        Err(MakeError::Failed(Failure::Elsewhere))
    }
}

/// Fetches it into `sink` and returns its size, bytes. Without the key, which such an address does
/// not need.
pub(super) async fn fetch(
    http: &Client,
    url: Url,
    deadline: Instant,
    idle_timeout: Duration,
    sink: &mut dyn PictureSink,
) -> Result<u64, MakeError> {
    let not_fetched = || MakeError::Failed(Failure::NotFetched);
    let response = match timeout_at(deadline, http.get(url).send()).await {
        Ok(Ok(response)) if Head::of(&response).is_success() => response,
        Ok(Ok(_) | Err(_)) | Err(_) => return Err(not_fetched()),
    };
    let mut incoming = Incoming::new(response, deadline, idle_timeout);
    let mut bytes = 0;
    while let Some(mut chunk) = incoming.next_soon().await.map_err(|_| not_fetched())? {
        while !chunk.is_empty() {
            let piece = chunk.split_to(chunk.len().min(PIECE_BYTES_MAX));
            bytes += u64::try_from(piece.len()).unwrap_or(u64::MAX);
            sink.write(piece).await.map_err(not_kept)?;
        }
    }
    if bytes == 0 { Err(not_fetched()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_at_the_provider_pass() {
        let base = Url::parse("https://api.example/v1").unwrap();
        for address in ["https://api.example/a.png?b=c", "/a.png", "https://API.example:443/a"] {
            assert!(allowed(&base, address).is_ok(), "{address}");
        }
        for address in [
            "http://api.example/a.png",
            "https://api.example:8443/a.png",
            "https://api.example.evil/a.png",
            "https://api.example@evil/a.png",
            "https://user@api.example/a.png",
            "//169.254.169.254/latest",
            "file:///etc/passwd",
            "data:image/png;base64,aGk=",
            "http://[::1",
        ] {
            assert_eq!(allowed(&base, address), Err(MakeError::Failed(Failure::Elsewhere)));
        }
    }
}
