//! What stands in the chats.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The desk under test.
    Desk,
    /// A member, by `userid`.
    Member(String),
    /// A customer, by `external_userid`.
    Customer(String),
    /// WeCom itself.
    System,
}

/// Bytes that somebody sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The name under which they lie.
    pub blob: String,
    /// As its sender called it.
    pub name: String,
    /// What it is.
    pub mime: String,
    /// Size.
    pub bytes: u64,
    /// Pixels, of a picture.
    pub width: u32,
    /// Pixels, of a picture.
    pub height: u32,
}

/// One line of a message menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MenuLine {
    /// Tapping it says its words.
    Click {
        /// `menu_id` of what is then said.
        id: String,
        /// The words.
        content: String,
    },
    /// Tapping it opens a page.
    View {
        /// Where.
        url: String,
        /// The words.
        content: String,
    },
    /// Tapping it opens a mini program.
    Miniprogram {
        /// The words.
        content: String,
    },
    /// It cannot be tapped.
    Text {
        /// The words.
        content: String,
    },
}

impl MenuLine {
    /// What stands on it.
    pub fn content(&self) -> &str {
        match self {
            Self::Click { content, .. }
            | Self::View { content, .. }
            | Self::Miniprogram { content }
            | Self::Text { content } => content,
        }
    }
}

/// What a message is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Words.
    Text {
        /// As they read.
        text: String,
        /// Whether they are formatted.
        markdown: bool,
    },
    /// A picture.
    Image(Stored),
    /// A file, a voice or a video: the word for which, and the bytes.
    File(String, Stored),
    /// A place.
    Location {
        /// Its name.
        name: String,
        /// Where it lies.
        address: String,
    },
    /// A page.
    Link {
        /// What stands above.
        title: String,
        /// What stands below.
        about: String,
        /// Where it leads.
        url: String,
    },
    /// A message menu.
    Menu {
        /// Above the lines.
        head: String,
        /// What can be tapped.
        lines: Vec<MenuLine>,
        /// Below the lines.
        tail: String,
    },
    /// A template card.
    Card {
        /// As it was sent.
        card: Value,
        /// What its buttons were replaced with.
        replaced: Option<String>,
    },
    /// A text of the AI bot that grows, and its pictures in the end.
    Stream {
        /// The whole text so far.
        text: String,
        /// Whether it grows no more.
        finished: bool,
        /// At the end.
        pictures: Vec<Stored>,
        /// A card below it.
        card: Option<Value>,
        /// Whether the card was changed after the end: then it says what the words do not.
        #[serde(default)]
        updated: bool,
    },
    /// Words and pictures together, to the AI bot.
    Mixed {
        /// All words.
        text: String,
        /// All pictures.
        pictures: Vec<Stored>,
    },
    /// What happened.
    Service(String),
}

impl Content {
    /// Plain words.
    pub fn words(text: &str) -> Self {
        Self::Text { text: text.to_owned(), markdown: false }
    }
}

/// A message in a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The chat's number.
    pub chat: i64,
    /// Its number there.
    pub id: i64,
    /// When, ms since 1970.
    pub at_ms: i64,
    /// When it was last changed.
    pub edited_at_ms: Option<i64>,
    /// How often it was changed.
    pub edits: u32,
    /// From whom.
    pub from: Author,
    /// What it is.
    pub content: Content,
    /// The name it has on the wire.
    pub msgid: String,
    /// The `menu_id` of the line whose tapping said it.
    #[serde(default)]
    pub menu_id: Option<String>,
    /// Why it never arrived.
    #[serde(default)]
    pub failed: Option<String>,
    /// Which message of the chat it answers.
    #[serde(default)]
    pub quote: Option<i64>,
}
