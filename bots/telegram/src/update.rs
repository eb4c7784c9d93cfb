//! Updates as Telegram sends them: only what we need of them, read without copying.
//!
//! Unknown fields are passed over (without recursion, so depth costs nothing), explicit nulls are
//! absences, and parts that we could do without ([`lenient`]) are dropped when their shape is
//! wrong. A wrong shape of a part that we need fails the update, which is then kept aside.

mod lenient;
mod message;
mod payment;

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

pub(crate) use self::{
    lenient::{Words, largest},
    message::{
        Animation, Chat, ChatKind, Document, Entity, EntityKind, External, Live, Message, Photo,
        Replied, TopicCreated,
    },
    payment::{PreCheckout, Refunded, Subscription, Successful},
};

/// One update of the kinds that we read. Others have none of these parts.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the Bot API's own names")]
pub(crate) struct Update<'a> {
    /// Its number; per bot, rising, but restarting at random after a week of silence.
    pub update_id: i64,
    /// Somebody wrote.
    #[serde(borrow, default)]
    pub message: Option<Message<'a>>,
    /// Somebody changed what they wrote.
    #[serde(borrow, default)]
    pub edited_message: Option<Message<'a>>,
    /// Somebody pressed a button.
    #[serde(borrow, default)]
    pub callback_query: Option<CallbackQuery<'a>>,
    /// Our own standing in a chat changed.
    #[serde(borrow, default)]
    pub my_chat_member: Option<MemberChange<'a>>,
    /// The stop button of a draft was pressed.
    #[serde(default)]
    pub stopped_message_generation: Option<Stopped>,
    /// Somebody is about to pay.
    #[serde(borrow, default)]
    pub pre_checkout_query: Option<PreCheckout<'a>>,
    /// A subscription paid in Stars changed.
    #[serde(borrow, default)]
    pub subscription: Option<Subscription<'a>>,
}

/// Who does something.
#[derive(Deserialize)]
pub(crate) struct User<'a> {
    /// Their number; names change hands, numbers do not.
    pub id: i64,
    /// Whether they are a bot.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_bot: bool,
    /// What they call themselves.
    #[serde(borrow, default, deserialize_with = "lenient::words")]
    pub first_name: Option<Words<'a>>,
    /// More of it.
    #[serde(borrow, default, deserialize_with = "lenient::words")]
    pub last_name: Option<Words<'a>>,
    /// The language of their client.
    #[serde(borrow, default, deserialize_with = "lenient::words")]
    pub language_code: Option<Words<'a>>,
}

/// A press of a button.
#[derive(Deserialize)]
pub(crate) struct CallbackQuery<'a> {
    /// By which it is answered.
    #[serde(borrow)]
    pub id: Words<'a>,
    /// Who pressed.
    #[serde(borrow)]
    pub from: User<'a>,
    /// What the button is under; absent for messages sent through inline mode.
    #[serde(default)]
    pub message: Option<Pressed>,
    /// What stands behind the button; absent for games.
    #[serde(borrow, default)]
    pub data: Option<Words<'a>>,
}

/// The message a pressed button is under, perhaps too old to be had (its date is then zero).
#[derive(Deserialize)]
pub(crate) struct Pressed {
    /// Where.
    pub chat: Chat,
    /// Which.
    pub message_id: i64,
    /// When it was sent, seconds; zero when it cannot be reached any more.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub date: Option<i64>,
    /// Its topic or reply thread.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub message_thread_id: Option<i64>,
    /// Whether the thread is a topic.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_topic_message: bool,
}

/// Our own standing in a chat, after a change.
#[derive(Deserialize)]
pub(crate) struct MemberChange<'a> {
    /// Where.
    pub chat: Chat,
    /// Who changed it.
    #[serde(borrow)]
    pub from: User<'a>,
    /// When, seconds.
    pub date: i64,
    /// What we are now.
    #[serde(borrow)]
    pub new_chat_member: Member<'a>,
}

/// A standing in a chat.
#[derive(Deserialize)]
pub(crate) struct Member<'a> {
    /// `member`, `kicked` and others.
    #[serde(borrow)]
    pub status: Words<'a>,
}

/// A draft that was stopped.
#[derive(Deserialize)]
pub(crate) struct Stopped {
    /// Where.
    pub chat: Chat,
    /// In which topic.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub message_thread_id: Option<i64>,
    /// Which.
    pub draft_id: i64,
}

/// The number of an update of which nothing else can be read: the last integer `update_id` of a
/// JSON object; nothing when the bytes are no JSON object or have none.
pub(crate) fn update_number(raw: &[u8]) -> Option<i64> {
    serde_json::from_slice::<Head>(raw).ok()?.0
}

/// Whether JSON is an object: a list would pass for one whose keys were left out.
pub(crate) fn is_object(json: &[u8]) -> bool {
    json.trim_ascii_start().first() == Some(&b'{')
}

struct Head(Option<i64>);

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeadVisitor)
    }
}

struct HeadVisitor;

impl<'de> Visitor<'de> for HeadVisitor {
    type Value = Head;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an update")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Head, A::Error> {
        let mut number = None;
        while let Some(is_number) = map.next_key::<Key>()? {
            if is_number.0 {
                number = map.next_value::<lenient::Integer>()?.0.or(number);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Head(number))
    }
}

/// Whether a key is `update_id`; keys that are no valid text are simply others.
struct Key(bool);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                Ok(Key(key == "update_id"))
            }

            fn visit_bytes<E>(self, key: &[u8]) -> Result<Key, E> {
                Ok(Key(key == b"update_id"))
            }
        }
        deserializer.deserialize_bytes(KeyVisitor)
    }
}
