//! Names of things. Ids of consequences derive from the id of their cause, so that deciding an
//! event twice names the same rows twice.

use alloc::{borrow::ToOwned as _, format, string::String};
use core::fmt;

use serde::{Deserialize, Serialize};

/// Consequences one event may have; the low bits of an id.
pub const ORDINAL_BITS: u32 = 10;

/// The inbox sequence number of an event: the cause of whatever its turn brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cause(pub i64);

impl Cause {
    /// The raw id of this cause's consequence number `ordinal`.
    ///
    /// # Panics
    /// When one event has more consequences than an id has room for.
    #[must_use]
    pub fn consequence(self, ordinal: u16) -> i64 {
        assert!(u32::from(ordinal) < 1 << ORDINAL_BITS, "an event has too many consequences");
        (self.0 << ORDINAL_BITS) | i64::from(ordinal)
    }
}

macro_rules! row_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

row_id! {
    /// Who someone is with us, whatever channels they come by.
    AccountId,
    /// Where an account's credits are. Its id outlives the account as the pseudonym in the ledger.
    PurseId,
    /// What a customer asked for: a prompt with its options and references.
    RequestId,
    /// One picture of a request: one call of the provider, one hold.
    GenerationId,
    /// Credits set aside for one generation.
    HoldId,
    /// A line of the ledger.
    EntryId,
    /// A stored picture.
    ArtifactId,
    /// A message on its way out.
    OutboundId,
    /// One matter handed to people.
    EscalationId,
    /// A picture waiting in a conversation for the words that go with it.
    TrayId,
    /// Work with an outside party.
    ErrandId,
    /// A code that links a chat to an account.
    CodeId,
    /// How two accounts became one.
    LinkId,
}

macro_rules! name_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }
    )+};
}

name_id! {
    /// One place on a channel where we talk with someone: `channel:` and then what only the
    /// adapter can read (`telegram:123`, `telegram:-100123:45` for a topic).
    ConversationId,
    /// Who someone is on a channel: `telegram:123`.
    IdentityId,
    /// A message of a conversation, as the channel names it. Opaque outside the adapter.
    MessageId,
    /// Parts of one album carry one of these.
    AlbumId,
    /// A press of a button that waits for its answer. Opaque outside the adapter.
    TapId,
}

impl ConversationId {
    /// What it is at, without whom it is with: the channel, and the account of ours where there are
    /// several (`wecom-kf wk1`).
    #[must_use]
    pub fn account(&self) -> String {
        let (channel, place) = self.0.split_once(':').unwrap_or((&self.0, ""));
        match place.split_once('/') {
            Some((account, _)) => format!("{channel} {account}"),
            None => channel.to_owned(),
        }
    }

    /// The channel's name: what stands before the first colon.
    #[must_use]
    pub fn channel(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }
}

impl IdentityId {
    /// The channel's name: what stands before the first colon.
    #[must_use]
    pub fn channel(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }
}

/// A message of ours that will be edited later: the stable name of a placeholder whose channel
/// message id is not known until it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Slot {
    /// Where a generation shows its progress and, in the end, its picture.
    Generation(GenerationId),
    /// The receipt under a request's pictures.
    Receipt(RequestId),
    /// A question that its answer replaces: a price to confirm, a tray.
    Question(i64),
    /// An operator's line, where its true state is shown.
    Relay(OutboundId),
    /// The topic of an escalation at the operators' desk, and the card in it.
    Case(EscalationId),
    /// Where a payment link is shown.
    Checkout(i64),
}

impl Slot {
    /// The slot as one short word, for rows.
    #[must_use]
    pub fn key(self) -> String {
        match self {
            Self::Generation(id) => alloc::format!("g{id}"),
            Self::Receipt(id) => alloc::format!("r{id}"),
            Self::Question(id) => alloc::format!("q{id}"),
            Self::Relay(id) => alloc::format!("o{id}"),
            Self::Case(id) => alloc::format!("c{id}"),
            Self::Checkout(id) => alloc::format!("k{id}"),
        }
    }
}
