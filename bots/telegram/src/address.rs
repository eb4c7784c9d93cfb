//! Where a call goes: conversation and message ids of the house, taken apart.

use picdesk_core::{
    channel::Place,
    id::{ConversationId, MessageId as ChannelMessageId},
};
use teloxide::types::{ChatId, MessageId, Recipient, ThreadId};

use crate::config::CHANNEL;

/// A place that we can write to, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The chat.
    pub chat: i64,
    /// The topic in it.
    pub topic: Option<i32>,
}

impl Address {
    /// Takes a conversation id of this channel apart; nothing when it is none.
    #[must_use]
    pub fn of(conversation: &ConversationId) -> Option<Self> {
        let mut parts = conversation.0.split(':');
        if parts.next() != Some(CHANNEL) {
            return None;
        }
        let chat = parts.next()?.parse().ok()?;
        let topic = parts.next().map(str::parse).transpose().ok()?;
        parts.next().is_none().then_some(Self { chat, topic })
    }

    /// The conversation id of this place.
    #[must_use]
    pub fn conversation(self) -> ConversationId {
        ConversationId(match self.topic {
            None => format!("{CHANNEL}:{}", self.chat),
            Some(topic) => format!("{CHANNEL}:{}:{topic}", self.chat),
        })
    }

    pub(crate) fn recipient(self) -> Recipient {
        Recipient::Id(ChatId(self.chat))
    }

    pub(crate) fn thread(self) -> Option<ThreadId> {
        self.topic.map(|topic| ThreadId(MessageId(topic)))
    }
}

/// What a message becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A message of its own.
    New,
    /// An earlier message of words.
    Words(i32),
    /// An earlier message that shows a picture or file; its words are a caption.
    Picture(i32),
}

impl Target {
    /// What a delivery becomes. An earlier message whose number we cannot read does not exist.
    #[must_use]
    pub fn of(place: &Place, edit: Option<&ChannelMessageId>, edit_is_picture: bool) -> Self {
        let message = match place {
            Place::New { .. } => None,
            Place::Edit { .. } => edit,
            Place::EditMessage { message } => edit.or(Some(message)),
        };
        match message.and_then(number) {
            None => Self::New,
            Some(number) if edit_is_picture => Self::Picture(number),
            Some(number) => Self::Words(number),
        }
    }

    /// The earlier message.
    #[must_use]
    pub fn message(self) -> Option<i32> {
        match self {
            Self::New => None,
            Self::Words(number) | Self::Picture(number) => Some(number),
        }
    }

    /// The same message taken for the other kind; for when we were wrong about it.
    #[must_use]
    pub fn other_kind(self) -> Self {
        match self {
            Self::New => Self::New,
            Self::Words(number) => Self::Picture(number),
            Self::Picture(number) => Self::Words(number),
        }
    }
}

/// The Bot API's number of a message; nothing for names that it did not give.
pub(crate) fn number(message: &ChannelMessageId) -> Option<i32> {
    message.0.parse().ok()
}
