//! What people see: chats and messages for stories, and for the phone page as JSON.
//!
//! The JSON has the shape of Telegram's, so that the page draws both alike; what Telegram has and
//! WeCom has not is null or empty.

mod build;
mod look;

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SenderView {
    /// `userid` or `external_userid`; empty for the desk.
    pub id: String,
    /// As everyone sees it.
    pub name: String,
    /// Whether it was the desk.
    pub bot: bool,
    /// The alias of a person.
    pub player: Option<String>,
}

/// A picture in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PictureView {
    /// On the page's server.
    pub url: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// For `WecomStandIn::file`; equal for equal bytes.
    #[serde(skip)]
    pub blob: String,
}

/// A file in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileView {
    /// On the page's server.
    pub url: String,
    /// As its sender called it.
    pub name: Option<String>,
    /// What it is.
    pub mime: Option<String>,
    /// Size.
    pub bytes: u64,
    /// For `WecomStandIn::file`.
    #[serde(skip)]
    pub blob: String,
}

/// Something that can be pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ButtonView {
    /// What stands on it.
    pub text: String,
    /// The key or `menu_id` that the desk is told.
    pub data: Option<String>,
    /// Where it leads.
    pub url: Option<String>,
    /// Never.
    pub copy: Option<String>,
    /// Never.
    pub style: Option<String>,
    /// Whether it cannot be pressed any more.
    pub disabled: bool,
}

/// The message that another one quotes, in short.
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
    /// Never.
    pub topic: Option<i64>,
    /// ms since 1970.
    pub at_ms: i64,
    /// ms since 1970.
    pub edited_at_ms: Option<i64>,
    /// How often it was changed.
    pub edits: u32,
    /// Who wrote it.
    pub from: SenderView,
    /// `text`, `photo`, `document` or `service`.
    pub kind: &'static str,
    /// What sort it is on WeCom: `text`, `markdown`, `image`, `file`, `voice`, `video`, `location`,
    /// `link`, `menu`, `card`, `stream`, `mixed`, `service`, or `unseen` for what a client in
    /// WeChat does not show.
    pub sort: String,
    /// The words.
    pub text: String,
    /// Never any.
    pub entities: Vec<Value>,
    /// Its first picture.
    pub picture: Option<PictureView>,
    /// All its pictures.
    pub pictures: Vec<PictureView>,
    /// Its file.
    pub document: Option<FileView>,
    /// Never.
    pub album: Option<String>,
    /// What it quotes.
    pub reply_to: Option<ReplyView>,
    /// Rows of buttons.
    pub buttons: Vec<Vec<ButtonView>>,
    /// What its buttons were replaced with.
    pub replaced: Option<String>,
    /// Whether a stream has ended; true for all else.
    pub finished: bool,
    /// Why it never arrived.
    pub failed: Option<String>,
    /// The `menu_id` it was said with.
    pub menu_id: Option<String>,
    /// Its name on the wire.
    pub msgid: String,
    /// Never any.
    pub reactions: Vec<String>,
}

impl MessageView {
    /// Whether the desk wrote it.
    pub fn is_from_bot(&self) -> bool {
        self.from.bot
    }

    /// Whether it arrived.
    pub fn has_arrived(&self) -> bool {
        self.failed.is_none()
    }

    /// The button of a text or key.
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
    /// `userid` or `external_userid`.
    pub id: String,
    /// As everyone sees it.
    pub name: String,
    /// Their client's language.
    pub language: Option<String>,
    /// Whether they answer people.
    pub operator: bool,
    /// Never: chats are many.
    pub private: Option<i64>,
    /// Whether messages do not reach them.
    pub blocked: bool,
    /// Never any; the app's menu is the chat's.
    pub commands: Value,
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
    /// `wecom_app`, `wecom_kf`, `wecom_bot`, `wecom_bot_group`, `wecom_robot` or `wecom_contact`.
    pub kind: &'static str,
    /// What stands above it.
    pub title: String,
    /// Aliases of who is in it; first whose it is.
    pub players: Vec<String>,
    /// The newest message.
    pub last: Option<LastView>,
}

/// A session of customer service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionView {
    /// 0 to 4, as the wire has it.
    pub state: i64,
    /// The alias of who answers, in state 3.
    pub servicer: Option<String>,
    /// How many more messages the desk may send.
    pub answers_left: u32,
    /// Until when it may, ms since 1970.
    pub window_until_ms: Option<i64>,
    /// Whether the customer takes no messages.
    pub rejected: bool,
}

/// A chat with its messages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChatView {
    /// Its number.
    pub chat: i64,
    /// Alias.
    pub alias: String,
    /// As in [`SummaryView`].
    pub kind: &'static str,
    /// What stands above it.
    pub title: String,
    /// Whether messages do not reach the person.
    pub blocked: bool,
    /// Never any.
    pub topics: Vec<Value>,
    /// Never.
    pub typing: Option<Value>,
    /// Never.
    pub draft: Option<Value>,
    /// Customer service only.
    pub session: Option<SessionView>,
    /// The app's menu, in a member's chat with it.
    pub menu: Value,
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
