//! What is said at the desk about a case.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::credits::Credits;

/// The card of an escalation: no prompt, no picture, no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// `S-1042`.
    pub code: String,
    /// What it is about.
    pub cause: Cause,
    /// What the customer calls themselves.
    pub name: String,
    /// The channel.
    pub channel: String,
    /// The plan, where there is one.
    pub plan: Option<String>,
    /// What can be spent.
    pub available: Credits,
    /// What is set aside.
    pub pending: Credits,
    /// What was taken back though it was spent: payments of theirs went back.
    pub reclaimed: Credits,
    /// The last requests: when, what they cost, what became of them.
    pub requests: Vec<CardLine>,
    /// Earlier matters of the same account.
    pub earlier: i64,
    /// How often screening refused what they asked for.
    pub strikes: i64,
    /// Whether the customer lets the helper see prompt and pictures.
    pub consent: bool,
    /// The customer's words.
    pub words: String,
    /// Whether its readers name it by its code when they answer.
    pub by_code: bool,
}

/// A request on a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardLine {
    /// When, milliseconds since the epoch.
    pub at: i64,
    /// What it cost or would have.
    pub price: Credits,
    /// What became of its pictures, or how it stands itself while there are none in line: a word,
    /// and for how many pictures it holds.
    pub outcome: Vec<(String, i64)>,
}

/// What an escalation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Which plan.
    PlanChoice,
    /// A payment did not do what it should.
    PaymentFailure,
    /// Cannot get into the account.
    SignInRecovery,
    /// A resolution is refused.
    ResolutionAccess,
    /// A picture was not made, or badly.
    GenerationError,
    /// What is kept, export, deletion.
    Privacy,
    /// Something else.
    Other,
}

impl Cause {
    /// Every cause, in the order of their buttons.
    pub const ALL: [Self; 7] = [
        Self::PlanChoice,
        Self::PaymentFailure,
        Self::SignInRecovery,
        Self::ResolutionAccess,
        Self::GenerationError,
        Self::Privacy,
        Self::Other,
    ];
}

/// How a customer answers an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AnswerBack {
    /// By a reply to the operator's message.
    ByReply,
    /// By a command, where messages are not replied to.
    ByCommand,
    /// By a command too; and what they are told may wait until they write.
    OnceTheyWrite,
}

/// How an operator's line stands, truthfully.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelayState {
    /// On its way.
    Waiting,
    /// The channel took it.
    Delivered,
    /// They blocked us.
    Blocked,
    /// The channel will not take it.
    Refused,
    /// The channel takes it when they write again.
    Held,
    /// Nobody knows.
    Unknown,
    /// Of several messages some arrived and others will not.
    Partly {
        /// How many arrived.
        arrived: i64,
        /// Of how many.
        count: i64,
    },
}
