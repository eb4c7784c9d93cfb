//! Who asks, behind proxies too.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

use super::exchange::Exchange;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// How a request knows its connection.
#[derive(Clone)]
pub(super) struct Caller(pub(super) Arc<Exchange>);

/// The address of whoever asks: the socket's other end or, where that is a trusted proxy, whom
/// the proxies say they speak for. `0.0.0.0` for a request that came by no socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(match parts.extensions.get::<Caller>() {
            Some(Caller(exchange)) => address_of(exchange, &parts.headers),
            None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        }))
    }
}

/// Goes from the nearest proxy outwards as long as each is trusted: whoever the last trusted one
/// names is the client. What stands further left anybody can have written.
fn address_of(exchange: &Exchange, headers: &HeaderMap) -> IpAddr {
    let mut client = exchange.peer();
    let lines = headers.get_all(X_FORWARDED_FOR);
    let lines: Vec<&str> = lines.iter().filter_map(|line| line.to_str().ok()).collect();
    let mut named = lines.iter().rev().flat_map(|line| line.rsplit(','));
    while exchange.trusts(client) {
        let Some(next) = named.next().and_then(|entry| parse_entry(entry.trim())) else { break };
        client = next;
    }
    client
}

/// An address, with a port or without.
fn parse_entry(entry: &str) -> Option<IpAddr> {
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address: IpAddr = entry.parse().ok().or_else(with_port).or_else(in_brackets)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client_of(peer: &str, forwarded: &[&'static str]) -> String {
        let trusted = ["10.0.0.0/8", "::1"].map(|range| range.parse().unwrap());
        let exchange = Exchange::new(peer.parse().unwrap(), Arc::from(trusted));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(X_FORWARDED_FOR, line.parse().unwrap());
        }
        address_of(&exchange, &headers).to_string()
    }

    #[tokio::test]
    async fn only_trusted_proxies_are_believed() {
        assert_eq!(client_of("192.0.2.9", &["198.51.100.1"]), "192.0.2.9");
        assert_eq!(client_of("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client_of("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client_of("::1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client_of("::1", &["[2001:db8::1]:80"]), "2001:db8::1");
        assert_eq!(client_of("::1", &["[2001:db8::1]"]), "2001:db8::1");
    }

    #[tokio::test]
    async fn what_the_client_itself_wrote_is_never_believed() {
        assert_eq!(client_of("10.0.0.1", &["203.0.113.7, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(client_of("10.0.0.1", &["203.0.113.7", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(client_of("10.0.0.1", &["203.0.113.7, 198.51.100.1, 10.2.0.1"]), "198.51.100.1");
    }

    #[tokio::test]
    async fn nonsense_leaves_the_last_trusted_proxy() {
        assert_eq!(client_of("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client_of("10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(client_of("10.0.0.1", &["203.0.113.7, , 10.0.0.2"]), "10.0.0.2");
    }
}
