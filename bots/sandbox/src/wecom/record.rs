//! What is kept: one record for each thing, the newest of a name counting.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::envelope::Sealed;
use super::kf::Session;
use super::message::Message;
use super::people::{Account, Chat, Customer, Member};

/// Counts and settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// How often it was started, so that chance does not repeat itself.
    pub starts: u64,
    /// The next number of anything.
    pub next: u64,
    /// The app's menu, as it was set.
    pub menu: Option<Value>,
    /// Whether the caller's address is trusted.
    pub ip_trusted: bool,
    /// Where callbacks of the app go.
    pub callback_url: Option<String>,
    /// Where callbacks of the AI bot go.
    pub bot_url: Option<String>,
}

/// One entry of what `kf/sync_msg` pages through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fed {
    /// Which account's.
    pub open_kfid: String,
    /// Its place, from 1.
    pub at: u64,
    /// When, ms since 1970.
    pub at_ms: i64,
    /// As it is answered.
    pub item: Value,
}

/// A file that was uploaded, or that somebody sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// `media_id`.
    pub id: String,
    /// `image`, `voice`, `video` or `file`.
    pub kind: String,
    /// The name under which its bytes lie.
    pub blob: String,
    /// As its sender called it.
    pub name: String,
    /// What it is.
    pub mime: String,
    /// Size.
    pub bytes: u64,
    /// Since when, ms since 1970.
    pub at_ms: i64,
    /// Only for the group robot with this key.
    pub robot: bool,
}

/// What a code that is used once is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeFor {
    /// A welcome in a customer's chat: `open_kfid`, `external_userid`.
    Welcome(String, String),
    /// Words for who waits in the pool.
    Pooled(String, String),
    /// Words for who was taken.
    Taken(String, String),
    /// Words for whose session has ended.
    Ended(String, String),
    /// A welcome to a new contact: `external_userid`, `userid`.
    ContactWelcome(String, String),
    /// Changing a card: chat and message.
    Card(i64, i64),
    /// A doorbell's token: `open_kfid`.
    Sync(String),
    /// One answer of the AI bot after the stream: the `msgid` of the turn.
    BotAnswer(String),
    /// A file for the AI bot: where its bytes lie, and its own key where it has one.
    BotMedia(String, Option<String>),
}

/// A code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// As it goes over the wire.
    pub word: String,
    /// What it is for.
    pub purpose: CodeFor,
    /// Until when, ms since 1970.
    pub until_ms: i64,
    /// Whether it was used.
    pub used: bool,
}

/// An access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// As it goes over the wire.
    pub word: String,
    /// Until when, ms since 1970.
    pub until_ms: i64,
    /// Whether WeCom has forgotten it.
    pub killed: bool,
}

/// A callback that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// Its number.
    pub id: u64,
    /// Those of one key go one after the other.
    pub key: String,
    /// What it is of, for faults and counts.
    pub kind: String,
    /// The message inside the envelope.
    pub inner: String,
    /// Whether the outer envelope names the app.
    pub names_agent: bool,
    /// How often it was tried.
    pub tries: u32,
    /// Not before then, ms since 1970.
    pub not_before_ms: i64,
    /// It waits to be overtaken, and holds nobody up.
    pub held: bool,
    /// The envelope it last went in.
    pub envelope: Option<Sealed>,
}

/// How far a turn of the AI bot is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnState {
    /// The desk was not told yet.
    Waiting,
    /// The desk was told and has not answered.
    Told,
    /// Its answer grows; it is asked for more at this time, ms since 1970.
    Streaming {
        /// The name the desk gave its stream.
        stream: String,
        /// When to ask again, ms since 1970.
        ask_ms: i64,
    },
    /// It ended.
    Done,
}

/// What somebody said to the AI bot, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// `msgid`.
    pub msgid: String,
    /// `req_id` over the socket.
    pub req_id: String,
    /// In which chat.
    pub chat: i64,
    /// Who.
    pub userid: String,
    /// `text`, `mixed`, `enter_chat`, …
    pub kind: String,
    /// The body of the callback.
    pub body: Value,
    /// When, ms since 1970.
    pub at_ms: i64,
    /// How far it is.
    pub state: TurnState,
    /// How often the desk was tried.
    pub tries: u32,
    /// Not before then, ms since 1970.
    pub not_before_ms: i64,
    /// The answer's number in the chat.
    pub answer: Option<i64>,
}

/// A link to an account, or a way to become a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// The link without parameters of the caller's own, or the `config_id`.
    pub name: String,
    /// The account, of a link.
    pub open_kfid: Option<String>,
    /// `scene`, of a link; `state`, of a way.
    pub scene: String,
    /// Whose contact one becomes.
    pub userids: Vec<String>,
}

/// One thing that is, or is no more.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// Counts and settings.
    Meta(Meta),
    /// A member.
    Member(Member),
    /// A customer.
    Customer(Customer),
    /// An account.
    Account(Account),
    /// An account that was deleted.
    AccountGone(String),
    /// A chat.
    Chat(Chat),
    /// A message, new or changed.
    Message(Box<Message>),
    /// A session.
    Session(Session),
    /// An entry to page through.
    Fed(Fed),
    /// A file.
    Media(Media),
    /// A code.
    Code(Code),
    /// An access token.
    Token(Token),
    /// A callback that waits.
    Callback(Box<Callback>),
    /// A callback that was taken, or given up.
    CallbackGone(u64),
    /// A turn of the AI bot.
    Turn(Box<Turn>),
    /// A link or a way.
    Way(Way),
    /// A `msgid` that was used: scope and id.
    Used(String, String),
}
