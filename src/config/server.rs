//! `[server]`, `[log]` and `[http]`.

use std::net::SocketAddr;
use std::time::Duration;

use url::Url;

use super::reader::{Keys, Read};
use super::secret::Secret;
use super::value::{
    AddressRange, BaseUrl, base_url, list, maybe, one_of, parsed, seconds, socket_address, within,
};

/// How we are reached.
#[derive(Debug, Clone)]
pub struct Server {
    /// Address and port of every HTTP route.
    pub listen: SocketAddr,
    /// How browsers and the platforms reach us.
    pub public_url: BaseUrl,
    /// Where `/metrics` is alone; none: on `listen`.
    pub metrics_listen: Option<SocketAddr>,
    /// What work under way has to end after SIGTERM.
    pub shutdown_grace: Duration,
    /// Sockets open at once.
    pub connections_max: usize,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<AddressRange>,
}

impl Server {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        let server = Self {
            listen: keys.take("listen", parsed(socket_address)),
            public_url: keys.take("public_url", parsed(base_url)),
            metrics_listen: keys.take("metrics_listen", maybe(socket_address)),
            shutdown_grace: keys.take("shutdown_grace_s", seconds(0..=3600)),
            connections_max: keys
                .take("connections_max", |value| within(1..=65_536_u32)(value).map(|n| n as usize)),
            trusted_proxies: keys.take("trusted_proxies", list(parsed(str::parse))),
        };
        if server.metrics_listen == Some(server.listen) && server.listen.port() != 0 {
            keys.blame("metrics_listen", "is the same as server.listen; leave it \"\" for that");
        }
        server
    }
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What someone should get up for.
    Error,
    /// What is odd.
    Warn,
    /// What happens.
    Info,
    /// Why it happens.
    Debug,
    /// Every step.
    Trace,
}

/// What a log line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The log, which goes to stderr.
#[derive(Debug, Clone, Copy)]
pub struct Log {
    /// How much.
    pub level: LogLevel,
    /// In what form.
    pub format: LogFormat,
}

impl Log {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        const LEVELS: &[(&str, LogLevel)] = &[
            ("off", LogLevel::Off),
            ("error", LogLevel::Error),
            ("warn", LogLevel::Warn),
            ("info", LogLevel::Info),
            ("debug", LogLevel::Debug),
            ("trace", LogLevel::Trace),
        ];
        const FORMATS: &[(&str, LogFormat)] =
            &[("text", LogFormat::Text), ("json", LogFormat::Json)];
        Self {
            level: keys.take("level", one_of(LEVELS)),
            format: keys.take("format", one_of(FORMATS)),
        }
    }
}

/// Calls out.
#[derive(Debug, Clone)]
pub struct Http {
    /// The proxy of all calls out. A secret, because its URL may hold a password.
    pub proxy_url: Option<Secret>,
}

impl Http {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        Self { proxy_url: keys.take("proxy_url", maybe(proxy_url)) }
    }
}

fn proxy_url(text: &str) -> Read<Secret> {
    let known = |url: &Url| {
        matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") && url.has_host()
    };
    match Url::parse(text) {
        Ok(url) if known(&url) => Ok(Secret::new(text)),
        _ => Err("must be a URL that begins with http://, https:// or socks5://".to_owned()),
    }
}
