//! What is kept of Telegram: one record for each thing.

use serde::{Deserialize, Serialize};

use super::message::{Document, Message, Photo};
use super::people::{Chat, User};
use super::queue::Update;
use super::world::{Meta, Tap};
pub use crate::journal::{Journal, JournalError};

/// One thing that is, or is no more.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// Counts and what the bot has set.
    Meta(Box<Meta>),
    /// A person.
    User(User),
    /// A chat.
    Chat(Chat),
    /// A message, new or changed.
    Message(Box<Message>),
    /// A message that was deleted: chat and number.
    MessageGone(i64, i64),
    /// A photo.
    Photo(Photo),
    /// A photo nobody shows any more, by source.
    PhotoGone(String),
    /// A document.
    Document(Document),
    /// An update that waits.
    Update(Box<Update>),
    /// Updates that were acknowledged or dropped.
    UpdatesGone(Vec<i64>),
    /// A tap that waits for its answer.
    Tap(Tap),
    /// A tap that was answered.
    TapGone(String),
}
