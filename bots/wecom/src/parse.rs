//! From what WeCom says to what happened. Pure.
//!
//! The names that events get here make replays harmless: the same message has the same name
//! however often and in whatever envelope it comes, and the inbox keeps each name once. What has
//! no id of its own is named by a digest of what tells it apart.

pub mod app;
pub mod bot;
mod contact;
pub mod desk;
mod held_back;
pub mod kf;
mod token;

use picdesk_core::{
    account::{Language, Person},
    channel::{Arrival, Lane, Received},
    event::Event,
    id::ConversationId,
};
use sha2::{Digest, Sha256};

pub use self::token::{menu_id, read_menu_id};
use crate::address::Address;

/// Something that an account has news of. It says no more than that: the news are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doorbell {
    /// The account; nothing in the form of 2021, which rings for all.
    pub account: Option<String>,
    /// What makes fetching them cheap, for ten minutes.
    pub token: String,
}

/// Longest token of a doorbell, bytes. Source: document/path/94670.
pub const DOORBELL_TOKEN_BYTES_MAX: usize = 128;

/// Seconds as milliseconds; `received_at` where no sensible time is told.
pub(crate) fn happened_at(seconds: Option<i64>, received_at: i64) -> i64 {
    seconds
        .filter(|seconds| *seconds > 0)
        .map_or(received_at, |seconds| seconds.checked_mul(1000).unwrap_or(received_at))
}

/// Somebody, as far as WeCom tells. Whoever writes here reads Chinese until they say otherwise.
pub(crate) fn person(address: &Address, name: &str) -> Person {
    Person { identity: address.identity(), name: name.to_owned(), language: Some(Language::ZhCn) }
}

/// A name for what has none: a digest of what tells it apart.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut sha256 = Sha256::new();
    for part in parts {
        sha256.update((part.len() as u64).to_be_bytes());
        sha256.update(part);
    }
    hex::encode(&sha256.finalize()[..16])
}

/// Something on its way to becoming an arrival.
pub(crate) struct Happening {
    pub external_id: String,
    pub conversation: ConversationId,
    pub lane: Lane,
    pub happened_at: i64,
}

impl Happening {
    pub fn arrival(self, event: Event, raw: Vec<u8>) -> Arrival {
        let Self { external_id, conversation, lane, happened_at } = self;
        Arrival::Event(Box::new(Received {
            external_id,
            conversation,
            lane,
            happened_at,
            event,
            raw,
            envelope: None,
        }))
    }
}
