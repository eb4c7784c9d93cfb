//! `[store]` and `[retention]`.

use super::ledger::Functions;
use super::reader::Keys;
use super::secret::Secret;
use super::value::{flag, within};

/// The fewest connections that a PostgreSQL is served with: three write, and two read.
const POSTGRES_CONNECTIONS_MIN: u32 = 5;

/// The database where the file says nothing; the file shows it as a comment.
pub(super) const URL: &str = "sqlite://data/picdesk.db";

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    /// Where it is, `sqlite://…` or `postgres://…`. A secret, because it may hold a password.
    pub url: Secret,
    /// Connections to it.
    pub connections_max: u32,
    /// Whether a PostgreSQL behind a transaction-mode pooler is accepted.
    pub allow_transaction_pooler: bool,
    /// `[ledger]`: the website's functions there by which its people's credits are kept; none
    /// where they are ours to keep.
    pub functions: Option<Functions>,
}

impl Store {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        let url = keys.secret("url").unwrap_or_else(|| Secret::new(URL));
        let schemes = ["sqlite://", "postgres://", "postgresql://"];
        if !schemes.iter().any(|scheme| url.reveal().starts_with(scheme)) {
            keys.blame("url", "must begin with sqlite:// or postgres://");
        }
        if let Some(path) = url.reveal().strip_prefix("sqlite://") {
            if path.is_empty() {
                keys.blame("url", "must name a file after sqlite://");
            } else if path.contains('?') {
                keys.blame("url", "must be a plain path after sqlite://, without ? options");
            }
        }
        let connections_max = keys.take("connections_max", within(1..=200));
        let allow_transaction_pooler = keys.take("allow_transaction_pooler", flag);
        let store = Self { url, connections_max, allow_transaction_pooler, functions: None };
        if store.is_postgres() && connections_max < POSTGRES_CONNECTIONS_MIN {
            keys.blame("connections_max", "must be 5 or more for PostgreSQL");
        }
        store
    }

    /// Whether it is PostgreSQL, which several replicas can share.
    pub fn is_postgres(&self) -> bool {
        self.url.reveal().starts_with("postgres")
    }
}

/// How long content is kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Hours that received content is kept.
    pub raw_h: u32,
    /// Days that prompts are kept.
    pub prompt_days: u32,
    /// Days that conversations with people are kept.
    pub transcript_days: u32,
}

impl Retention {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        Self {
            raw_h: keys.take("raw_h", within(1..=720)),
            prompt_days: keys.take("prompt_days", within(1..=3650)),
            transcript_days: keys.take("transcript_days", within(1..=3650)),
        }
    }
}
