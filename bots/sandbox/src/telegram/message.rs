//! A message as the stand-in keeps it. How it looks on the wire is in `wire`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A formatted piece of a text, by UTF-16 offset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// `bold`, `text_link`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// UTF-16 code units from the start.
    pub offset: i64,
    /// UTF-16 code units.
    pub length: i64,
    /// `url`, `language`, `user` and the like, as given.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A text or a caption.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// Empty when there is none.
    pub text: String,
    /// What is formatted in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<Entity>,
}

/// One of the sizes a photo is kept in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoSize {
    /// Stable; also its name in the file table.
    pub unique: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Bytes, where this size has been rendered.
    pub bytes: Option<u64>,
}

/// A photo: the picture it was made from, and its sizes, smallest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photo {
    /// Name of the uploaded bytes; equal for equal bytes.
    pub source: String,
    /// Smallest first.
    pub sizes: Vec<PhotoSize>,
}

/// A file sent as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its name in the file table.
    pub unique: String,
    /// As its sender called it.
    pub name: Option<String>,
    /// As its sender, or its bytes, have it.
    pub mime: Option<String>,
    /// Size.
    pub bytes: u64,
}

/// What happened in a chat without anybody saying it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// A thread began.
    TopicCreated {
        /// Its name.
        name: String,
        /// RGB.
        icon_color: i64,
    },
    /// A thread was renamed.
    TopicEdited {
        /// The new name.
        name: String,
    },
    /// A thread was closed.
    TopicClosed,
    /// A thread was opened again.
    TopicReopened,
    /// The group is a supergroup from here on.
    MigrateTo(i64),
    /// The supergroup was this group.
    MigrateFrom(i64),
}

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Words alone.
    Text(Words),
    /// A picture, compressed.
    Photo(Photo, Words),
    /// A file.
    Document(Document, Words),
    /// Something happened.
    Service(Service),
    /// Any other kind: its field of the Bot API, and what stands there.
    Other(String, Value, Words),
}

impl Content {
    /// The text or caption.
    pub fn words(&self) -> Option<&Words> {
        match self {
            Self::Text(words)
            | Self::Photo(_, words)
            | Self::Document(_, words)
            | Self::Other(_, _, words) => Some(words),
            Self::Service(_) => None,
        }
    }

    /// Where it is a picture, the name of the bytes it was made from.
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::Photo(photo, _) => Some(&photo.source),
            _ => None,
        }
    }
}

/// Rows of buttons, each as it was sent.
pub type Keyboard = Vec<Vec<Map<String, Value>>>;

/// One message of one chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Where it stands.
    pub chat: i64,
    /// Its number there.
    pub id: i64,
    /// The thread of a forum; the general one is none.
    pub topic: Option<i64>,
    /// The user, or the bot.
    pub from: i64,
    /// When it was sent, ms since 1970; the wire has seconds.
    pub at_ms: i64,
    /// When it was last edited.
    pub edited_at_ms: Option<i64>,
    /// How often.
    pub edits: u32,
    /// What it says.
    pub content: Content,
    /// The message of the same chat it answers.
    pub reply_to: Option<i64>,
    /// The album it is part of.
    pub album: Option<String>,
    /// Inline buttons under it.
    pub keyboard: Keyboard,
    /// Emoji the bot put on it.
    #[serde(default)]
    pub reactions: Vec<String>,
}
