//! What people see: chats and messages for stories, and for the phone page as JSON.

mod build;
mod look;

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::message::Entity;
use super::state::{Draft, Typing};

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SenderView {
    /// Telegram's id.
    pub id: i64,
    /// As everyone sees it.
    pub name: String,
    /// Whether it was the bot.
    pub bot: bool,
    /// The alias of a person.
    pub player: Option<String>,
}

/// A picture in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PictureView {
    /// On the page's server.
    pub url: String,
    /// Pixels, of the largest size.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Equal for pictures made of equal bytes.
    #[serde(skip)]
    pub source: String,
    /// The largest size, for [`TelegramStandIn::file`].
    #[serde(skip)]
    pub unique: String,
}

/// A file in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentView {
    /// On the page's server.
    pub url: String,
    /// As its sender called it.
    pub name: Option<String>,
    /// What it is.
    pub mime: Option<String>,
    /// Size.
    pub bytes: u64,
    /// For [`TelegramStandIn::file`].
    #[serde(skip)]
    pub unique: String,
}

/// One button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ButtonView {
    /// What stands on it.
    pub text: String,
    /// What the bot is told.
    pub data: Option<String>,
    /// Where it leads.
    pub url: Option<String>,
    /// What it copies.
    pub copy: Option<String>,
    /// `danger`, `success` or `primary`.
    pub style: Option<String>,
    /// Whether it is grey.
    pub disabled: bool,
}

/// The message that another one answers, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplyView {
    /// Its number.
    pub message: i64,
    /// Who wrote it.
    pub from: String,
    /// How it begins.
    pub text: String,
    /// Its picture's address.
    pub picture: Option<String>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MessageView {
    /// Where it stands.
    pub chat: i64,
    /// Its number.
    pub message: i64,
    /// Its thread.
    pub topic: Option<i64>,
    /// ms since 1970.
    pub at_ms: i64,
    /// ms since 1970.
    pub edited_at_ms: Option<i64>,
    /// How often it was edited.
    pub edits: u32,
    /// Who wrote it.
    pub from: SenderView,
    /// `text`, `photo`, `document` or `service`.
    pub kind: &'static str,
    /// The text or caption; what happened, for a service message.
    pub text: String,
    /// Formatting by UTF-16 offset.
    pub entities: Vec<Entity>,
    /// Its picture.
    pub picture: Option<PictureView>,
    /// Its file.
    pub document: Option<DocumentView>,
    /// The album it is part of.
    pub album: Option<String>,
    /// What it answers.
    pub reply_to: Option<ReplyView>,
    /// Rows of buttons.
    pub buttons: Vec<Vec<ButtonView>>,
    /// Emoji on it.
    pub reactions: Vec<String>,
}

impl MessageView {
    /// Whether the bot wrote it.
    pub fn is_from_bot(&self) -> bool {
        self.from.bot
    }

    /// The button of a text or data.
    pub fn button(&self, named: &str) -> Option<&ButtonView> {
        let mut buttons = self.buttons.iter().flatten();
        buttons.find(|button| button.text == named || button.data.as_deref() == Some(named))
    }
}

/// A person, as the page lists them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlayerView {
    /// Alias.
    pub player: String,
    /// Telegram's id.
    pub id: i64,
    /// As everyone sees it.
    pub name: String,
    /// Their client's language.
    pub language: Option<String>,
    /// Whether they answer people.
    pub operator: bool,
    /// Their chat with the bot.
    pub private: Option<i64>,
    /// Whether they have blocked it.
    pub blocked: bool,
    /// The bot's menu in their client.
    pub commands: Value,
}

/// The bot, as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BotView {
    /// Telegram's id.
    pub id: i64,
    /// As everyone sees it.
    pub name: String,
    /// Without the at sign.
    pub username: String,
    /// What it says about itself before the first message.
    pub description: String,
    /// What it says about itself in short.
    pub short_description: String,
}

/// The newest message of a chat, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastView {
    /// Its number.
    pub message: i64,
    /// Who wrote it.
    pub from: String,
    /// How it begins.
    pub text: String,
    /// ms since 1970.
    pub at_ms: i64,
}

/// A chat, as the page lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SummaryView {
    /// Its number.
    pub chat: i64,
    /// Alias.
    pub alias: String,
    /// `private`, `group`, `supergroup` or `forum`.
    pub kind: &'static str,
    /// Its title, or the person's name.
    pub title: String,
    /// Aliases of who is in it.
    pub players: Vec<String>,
    /// The newest message.
    pub last: Option<LastView>,
}

/// A thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicView {
    /// Its number.
    pub topic: i64,
    /// Its name.
    pub name: String,
    /// Whether it is closed.
    pub closed: bool,
}

/// A chat with its messages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChatView {
    /// Its number.
    pub chat: i64,
    /// Alias.
    pub alias: String,
    /// `private`, `group`, `supergroup` or `forum`.
    pub kind: &'static str,
    /// Its title, or the person's name.
    pub title: String,
    /// Whether the person has blocked the bot.
    pub blocked: bool,
    /// Threads.
    pub topics: Vec<TopicView>,
    /// What the bot is doing.
    pub typing: Option<Typing>,
    /// A text that is still growing.
    pub draft: Option<Draft>,
    /// Oldest first.
    pub messages: Vec<MessageView>,
}

/// What was waited for did not come.
#[derive(Debug, thiserror::Error)]
#[error("not seen within {waited:?}; the chat reads:\n{transcript}")]
pub struct NotSeen {
    /// How long.
    pub waited: Duration,
    /// The chat's messages, one a line.
    pub transcript: String,
}
