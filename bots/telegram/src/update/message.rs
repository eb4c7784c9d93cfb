//! A message as Telegram sends it.

use std::borrow::Cow;

use serde::{Deserialize, de::IgnoredAny};

use super::{Refunded, Successful, User, Words, lenient};

/// A message, a part of an album, or a service message: told apart by which parts it has.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the Bot API's own names")]
pub(crate) struct Message<'a> {
    /// Its number within its chat.
    pub message_id: i64,
    /// Its topic, or the thread of replies it belongs to.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub message_thread_id: Option<i64>,
    /// Whether the thread is a topic.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_topic_message: bool,
    /// Who; absent in channels.
    #[serde(borrow, default)]
    pub from: Option<User<'a>>,
    /// The chat in whose name it was written (anonymous admins, channels).
    #[serde(default)]
    pub sender_chat: Option<IgnoredAny>,
    /// When, seconds.
    pub date: i64,
    /// When it was changed, seconds.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub edit_date: Option<i64>,
    /// Where.
    pub chat: Chat,
    /// The bot through whose inline mode it was written.
    #[serde(borrow, default)]
    pub via_bot: Option<User<'a>>,
    /// Whether it came by itself from a linked channel.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_automatic_forward: bool,
    /// What it answers, in the same chat.
    #[serde(borrow, default)]
    pub reply_to_message: Option<Replied<'a>>,
    /// What it answers, in another chat.
    #[serde(borrow, default)]
    pub external_reply: Option<External<'a>>,
    /// The album it is a part of.
    #[serde(borrow, default)]
    pub media_group_id: Option<Words<'a>>,
    /// Words.
    #[serde(borrow, default)]
    pub text: Option<Words<'a>>,
    /// What stands out in the words.
    #[serde(borrow, default)]
    pub entities: Option<Vec<Entity<'a>>>,
    /// Words under a picture.
    #[serde(borrow, default)]
    pub caption: Option<Words<'a>>,
    /// What stands out in those.
    #[serde(borrow, default)]
    pub caption_entities: Option<Vec<Entity<'a>>>,
    /// A photo, in several sizes.
    #[serde(borrow, default)]
    pub photo: Option<Vec<Photo<'a>>>,
    /// A photo that moves.
    #[serde(borrow, default)]
    pub live_photo: Option<Live<'a>>,
    /// A file.
    #[serde(borrow, default)]
    pub document: Option<Document<'a>>,
    /// A GIF; comes together with `document`.
    #[serde(default)]
    pub animation: Option<Animation>,
    /// Music.
    #[serde(default)]
    pub audio: Option<IgnoredAny>,
    /// A voice message.
    #[serde(default)]
    pub voice: Option<IgnoredAny>,
    /// A film.
    #[serde(default)]
    pub video: Option<IgnoredAny>,
    /// A round film.
    #[serde(default)]
    pub video_note: Option<IgnoredAny>,
    /// A sticker.
    #[serde(default)]
    pub sticker: Option<IgnoredAny>,
    /// A place.
    #[serde(default)]
    pub location: Option<IgnoredAny>,
    /// A contact card.
    #[serde(default)]
    pub contact: Option<IgnoredAny>,
    /// A poll.
    #[serde(default)]
    pub poll: Option<IgnoredAny>,
    /// A die.
    #[serde(default)]
    pub dice: Option<IgnoredAny>,
    /// A game.
    #[serde(default)]
    pub game: Option<IgnoredAny>,
    /// A forwarded story.
    #[serde(default)]
    pub story: Option<IgnoredAny>,
    /// A list of things to do.
    #[serde(default)]
    pub checklist: Option<IgnoredAny>,
    /// Pictures and films to be bought.
    #[serde(default)]
    pub paid_media: Option<IgnoredAny>,
    /// A page of blocks.
    #[serde(default)]
    pub rich_message: Option<IgnoredAny>,
    /// Service: a topic was opened.
    #[serde(borrow, default)]
    pub forum_topic_created: Option<TopicCreated<'a>>,
    /// Service: a topic was closed.
    #[serde(default)]
    pub forum_topic_closed: Option<IgnoredAny>,
    /// Service: the group goes on as a supergroup with this id.
    #[serde(default)]
    pub migrate_to_chat_id: Option<i64>,
    /// Service: somebody paid.
    #[serde(borrow, default)]
    pub successful_payment: Option<Successful<'a>>,
    /// Service: a payment was given back.
    #[serde(borrow, default)]
    pub refunded_payment: Option<Refunded<'a>>,
}

/// A topic that was opened.
#[derive(Deserialize)]
pub(crate) struct TopicCreated<'a> {
    /// Its name.
    #[serde(borrow, default)]
    pub name: Cow<'a, str>,
}

/// A message that is answered. It never carries what it answers itself.
#[derive(Deserialize)]
pub(crate) struct Replied<'a> {
    /// Its number.
    pub message_id: i64,
    /// Who wrote it.
    #[serde(borrow, default)]
    pub from: Option<User<'a>>,
    /// A photo.
    #[serde(borrow, default)]
    pub photo: Option<Vec<Photo<'a>>>,
    /// A photo that moves.
    #[serde(borrow, default)]
    pub live_photo: Option<Live<'a>>,
    /// A file.
    #[serde(borrow, default)]
    pub document: Option<Document<'a>>,
    /// A GIF.
    #[serde(default)]
    pub animation: Option<Animation>,
    /// Service: a topic was opened. Every plain message of a topic "answers" this one.
    #[serde(default)]
    pub forum_topic_created: Option<IgnoredAny>,
}

/// A message of another chat that is answered.
#[derive(Deserialize)]
pub(crate) struct External<'a> {
    /// A photo.
    #[serde(borrow, default)]
    pub photo: Option<Vec<Photo<'a>>>,
    /// A photo that moves.
    #[serde(borrow, default)]
    pub live_photo: Option<Live<'a>>,
    /// A file.
    #[serde(borrow, default)]
    pub document: Option<Document<'a>>,
    /// A GIF.
    #[serde(default)]
    pub animation: Option<Animation>,
}

/// That there is a GIF.
pub(crate) type Animation = IgnoredAny;

/// A chat.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct Chat {
    /// Its number: a person's for private chats, negative for groups.
    pub id: i64,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: ChatKind,
}

/// What a chat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChatKind {
    /// Between the two of us.
    Private,
    /// Small.
    Group,
    /// Large, perhaps with topics.
    Supergroup,
    /// A channel, or something newer than we are.
    #[serde(other)]
    Other,
}

/// One size of a photo.
#[derive(Deserialize)]
pub(crate) struct Photo<'a> {
    /// By which it is fetched.
    #[serde(borrow)]
    pub file_id: Words<'a>,
    /// The same for the same file.
    #[serde(borrow, default, deserialize_with = "lenient::words")]
    pub file_unique_id: Option<Words<'a>>,
    /// Pixels across.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub width: Option<i64>,
    /// Pixels down.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub height: Option<i64>,
    /// Bytes.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub file_size: Option<i64>,
}

/// A photo that moves; what stands still of it is a photo.
#[derive(Deserialize)]
pub(crate) struct Live<'a> {
    /// Its sizes.
    #[serde(borrow, default)]
    pub photo: Option<Vec<Photo<'a>>>,
}

/// A file.
#[derive(Deserialize)]
pub(crate) struct Document<'a> {
    /// By which it is fetched.
    #[serde(borrow)]
    pub file_id: Words<'a>,
    /// The same for the same file.
    #[serde(borrow, default, deserialize_with = "lenient::words")]
    pub file_unique_id: Option<Words<'a>>,
    /// Its name.
    #[serde(borrow, default, deserialize_with = "lenient::words")]
    pub file_name: Option<Words<'a>>,
    /// What it says it is.
    #[serde(borrow, default, deserialize_with = "lenient::words")]
    pub mime_type: Option<Words<'a>>,
    /// Bytes.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub file_size: Option<i64>,
}

/// A part of a text that stands out.
#[derive(Deserialize)]
pub(crate) struct Entity<'a> {
    /// How.
    #[serde(rename = "type")]
    pub kind: EntityKind,
    /// First UTF-16 code unit.
    pub offset: i64,
    /// UTF-16 code units.
    pub length: i64,
    /// Who is mentioned, where they have no username.
    #[serde(borrow, default)]
    pub user: Option<User<'a>>,
}

/// How a part of a text stands out, as far as we care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntityKind {
    /// `@name`.
    Mention,
    /// Somebody's name, where they have no username.
    TextMention,
    /// Anything else.
    #[serde(other)]
    Other,
}
