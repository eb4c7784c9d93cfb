//! The bot's answers. WeCom shows one message and asks again and again what it says by now, for
//! six minutes; so an answer is a row that deliveries write and the callback reads.
//!
//! Source: developer.work.weixin.qq.com/document/path/101031.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use picdesk_core::{
    channel::{Content, OutboundFile, OutboundMessage, Place, Refusal},
    id::{ConversationId, MessageId, OutboundId, Slot},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    config::BotWords,
    parse::{
        bot::{Pressed, Said, stream_of},
        digest,
    },
    render::bot::{card_of, final_frame, numbered, open_frame, pressed, words},
};

/// How long WeCom asks. Source: 101031, six minutes after the message; with room for the way.
pub const STREAM_MS: i64 = 5 * 60 * 1000 + 40_000;

/// How long the address for a later answer is good, with room. Source: 101138, one hour.
pub const RESPONSE_MS: i64 = 59 * 60 * 1000;

/// How long an answer that seems whole waits for what belongs to it: the receipt of a picture is
/// written a moment after the picture.
pub const SETTLE_MS: i64 = 1_500;

/// How long an answer waits for its receipt when the last of its pictures is in it. Not for ever:
/// the picture is shown only at the end.
pub const RECEIPT_MS: i64 = 10_000;

/// Most pictures of an answer. Source: 101031.
const PICTURES_MAX: usize = 10;

/// An answer in the making. It is stored whole; its `response_url` is a secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct Stream {
    /// Its name at WeCom.
    pub id: String,
    /// Where it is.
    pub conversation: ConversationId,
    /// When the message came that it answers, milliseconds since the epoch.
    pub begun_at: i64,
    /// Counts its changes; for [`StreamStore::save`].
    pub version: u64,
    /// Where a later answer goes, once.
    pub response_url: Option<String>,
    /// What frames on the bot's connection are answered under.
    pub req_id: Option<String>,
    /// What it says, in order.
    pub parts: Vec<Part>,
    /// Parts that will yet become something else: pictures being made, links being asked for.
    pub awaited: Vec<String>,
    /// What it shows, in order.
    pub pictures: Vec<Picture>,
    /// The messages that they came with.
    pub carries: Vec<OutboundId>,
    /// Whether the receipt of its pictures is still to come.
    #[serde(default)]
    pub receipt_due: bool,
    /// Whether something was taken out of it.
    #[serde(default)]
    pub taken_back: bool,
    /// The card under it.
    pub card: Option<Card>,
    /// When it is whole, milliseconds since the epoch.
    pub finish_at: Option<i64>,
    /// Whether WeCom has its end.
    pub finished: bool,
    /// The message by which the later answer was given, or begun to be.
    pub responded: Option<OutboundId>,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "stream {} version {}", self.id, self.version)
    }
}

/// A part of what an answer says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The slot or message that it is.
    pub key: String,
    /// Its words, as markdown.
    pub text: String,
}

/// The card under an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The part that its buttons belong to.
    pub key: String,
    /// The card.
    pub card: Value,
}

/// A picture as it goes into the last frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Its bytes.
    pub base64: String,
    /// Their MD5.
    pub md5: String,
}

impl Picture {
    /// A picture of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self { base64: STANDARD.encode(bytes), md5: hex::encode(Md5::digest(bytes)) }
    }
}

/// The store cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store cannot be reached")]
pub struct Unavailable;

/// The answer under which the card of this task stands.
#[must_use]
pub fn stream_of_task(task: &str) -> Option<&str> {
    task.split_once('_').map(|(stream, _)| stream)
}

/// What words are known by, however they are marked up and broken into lines: who quotes an answer
/// quotes what is seen of it. Nothing where there is no letter in them.
#[must_use]
pub fn mark_of(words: &str) -> Option<String> {
    let letters: String = words.chars().filter(|letter| letter.is_alphanumeric()).collect();
    (!letters.is_empty()).then(|| digest(&[&letters]))
}

/// Where answers in the making are kept. Implemented by the house.
#[async_trait]
pub trait StreamStore: Send + Sync {
    /// Keeps a new answer. One of the same id stays as it is.
    async fn open(&self, stream: Stream) -> Result<(), Unavailable>;

    /// The answer of this id.
    async fn find(&self, id: &str) -> Result<Option<Stream>, Unavailable>;

    /// The answers that were begun last in this conversation, the last one first.
    async fn recent(&self, conversation: &ConversationId) -> Result<Vec<Stream>, Unavailable>;

    /// The last answer in this conversation that has ended with pictures and what these words are
    /// known by ([`mark_of`]).
    async fn quoted(
        &self,
        conversation: &ConversationId,
        said: &str,
    ) -> Result<Option<Stream>, Unavailable>;

    /// Puts an answer in the place of the one of the same id whose version is one less; false when
    /// that is another by now.
    async fn save(&self, stream: &Stream) -> Result<bool, Unavailable>;
}

/// What became of a message that was to go into an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is in it, under this name; with the tokens of buttons that are answered by a number.
    Shown(MessageId, Vec<String>),
    /// There was nothing to do.
    Nothing,
    /// The answer is at its end.
    Closed,
    /// It cannot be in an answer.
    Refused(Refusal),
}

impl Stream {
    /// The answer to a message, before there is any.
    #[must_use]
    pub fn begin(said: &Said, req_id: Option<String>) -> Self {
        Self {
            id: said.stream.clone(),
            conversation: said.address.conversation(),
            begun_at: said.said_at,
            version: 0,
            response_url: said.response_url.clone(),
            req_id,
            parts: Vec::new(),
            awaited: Vec::new(),
            pictures: Vec::new(),
            carries: Vec::new(),
            receipt_due: false,
            taken_back: false,
            card: None,
            finish_at: None,
            finished: false,
            responded: None,
        }
    }

    /// The answer to a tap: WeCom has no stream for it, only the later answer.
    #[must_use]
    pub fn of_tap(said: &Said, req_id: Option<String>) -> Self {
        Self { finished: true, ..Self::begin(said, req_id) }
    }

    /// Whether more can go into it.
    #[must_use]
    pub fn is_open(&self, now: i64) -> bool {
        !self.finished && now < self.begun_at.saturating_add(STREAM_MS)
    }

    /// Whether this message can be the later answer; also again, when nobody knows whether it was.
    /// While something is to come, that is the answer.
    #[must_use]
    pub fn takes_response(&self, message: &OutboundMessage, now: i64) -> bool {
        let in_time = now < self.begun_at.saturating_add(RESPONSE_MS);
        let is_unused = self.responded.is_none_or(|earlier| earlier == message.id);
        let is_free = self.awaited.is_empty() || self.is_answered_by(message);
        in_time && is_unused && is_free && self.response_url.is_some()
    }

    /// Whether this message is said of what it answers.
    fn is_answered_by(&self, message: &OutboundMessage) -> bool {
        let answered = message.reply_to.as_ref().map(|id| stream_of(&id.0));
        let is_part = match &message.place {
            Place::EditMessage { message } => {
                message.0.split_once('/').is_some_and(|(stream, _)| stream == self.id)
            }
            Place::New { .. } | Place::Edit { .. } => false,
        };
        is_part || answered.as_deref() == Some(&self.id) || self.awaits(message)
    }

    /// Whether what stands in the place of this message says that it would come.
    #[must_use]
    pub fn awaits(&self, message: &OutboundMessage) -> bool {
        self.awaited.contains(&self.key_of(message))
    }

    /// Whether this message stands for one that is to come; then that is awaited.
    pub fn begins_to_await(&mut self, message: &OutboundMessage) -> bool {
        let before = self.awaited.len();
        if !self.awaits(message) {
            let key = self.key_of(message);
            self.await_or_not(message, &key);
        }
        self.awaited.len() > before
    }

    /// Whether it is whole, or has no more time.
    #[must_use]
    pub fn is_due(&self, now: i64) -> bool {
        self.finished || !self.is_open(now) || self.finish_at.is_some_and(|at| at <= now)
    }

    /// The messages whose pictures are in it and were never seen: WeCom did not come for its end.
    #[must_use]
    pub fn lost(&self, now: i64) -> &[OutboundId] {
        if self.finished || self.is_open(now) { &[] } else { &self.carries }
    }

    /// What WeCom is told when it asks. Where there are no words, ours say why.
    #[must_use]
    pub fn frame(&self, ours: &BotWords, now: i64) -> Value {
        let mut content = self.words();
        if content.is_empty() {
            match (self.is_due(now), self.taken_back) {
                // Pictures are shown at the end alone.
                (false, _) => content.clone_from(&ours.opening),
                (true, _) if !self.pictures.is_empty() => {}
                (true, true) => content.clone_from(&ours.taken_back),
                (true, false) => content.clone_from(&ours.unanswered),
            }
        }
        if self.is_due(now) {
            final_frame(
                &self.id,
                &content,
                &self.pictures,
                self.card.as_ref().map(|card| &card.card),
            )
        } else {
            open_frame(&self.id, &content)
        }
    }

    fn words(&self) -> String {
        let parts = self.parts.iter().map(|part| part.text.as_str());
        let parts: Vec<&str> = parts.filter(|text| !text.is_empty()).collect();
        parts.join("\n\n")
    }

    /// What its words are known by when it is quoted, once it has ended with pictures.
    #[must_use]
    pub fn said(&self) -> Option<String> {
        let shows = self.finished && !self.pictures.is_empty();
        shows.then(|| mark_of(&self.words())).flatten()
    }

    /// The message of it that whoever quotes it means: its picture, or what stands under several.
    #[must_use]
    pub fn meant(&self) -> Option<MessageId> {
        let sort = if self.pictures.len() == 1 { 'g' } else { 'r' };
        let part = self.parts.iter().find(|part| part.key.starts_with(sort))?;
        Some(MessageId(format!("{}/{}", self.id, part.key)))
    }

    /// Puts a message into it.
    pub fn apply(
        &mut self,
        message: &OutboundMessage,
        file: Option<OutboundFile>,
        now: i64,
    ) -> Applied {
        if !self.is_open(now) {
            return Applied::Closed;
        }
        let key = self.key_of(message);
        let mut tokens = Vec::new();
        match &message.content {
            Content::Text(text) => {
                let (more, numbers) = numbered(&message.buttons);
                tokens = numbers;
                self.put(&key, words(text, &more));
                self.put_card(&key, card_of(message, text));
                self.await_or_not(message, &key);
                self.receipt_due = false;
            }
            Content::Picture { caption, .. } | Content::Forward { caption, .. } => {
                let Some(OutboundFile::Upload { bytes, .. }) = file else {
                    // What is at WeCom by another way cannot be put into an answer.
                    return Applied::Refused(Refusal::Content);
                };
                // What comes again is in it already.
                if !self.carries.contains(&message.id) {
                    if self.pictures.len() == PICTURES_MAX {
                        return Applied::Refused(Refusal::Content);
                    }
                    self.pictures.push(Picture::of(&bytes));
                    self.carries.push(message.id);
                }
                self.put(&key, words(caption, &[]));
                self.put_card(&key, card_of(message, caption));
                // What was awaited here was asked for here.
                self.receipt_due = self.awaited.contains(&key);
                self.awaited.retain(|one| *one != key);
            }
            Content::Original { .. } | Content::Invoice(_) => {
                return Applied::Refused(Refusal::Content);
            }
            Content::Removed { .. } => {
                self.taken_back |= self.parts.iter().any(|part| part.key == key);
                self.parts.retain(|part| part.key != key);
                self.put_card(&key, None);
                self.awaited.retain(|one| *one != key);
            }
            Content::Buttons => return Applied::Nothing,
            Content::OpenTopic { .. }
            | Content::CloseTopic
            | Content::ReopenTopic
            | Content::RemoveTopic
            | Content::HandOver { .. }
            | Content::HandBack { .. } => {
                return Applied::Refused(Refusal::TopicGone);
            }
        }
        if !message.silent || self.finish_at.is_some() || self.taken_back {
            let whole = self.awaited.is_empty() && (!self.parts.is_empty() || self.taken_back);
            let wait = if self.receipt_due { RECEIPT_MS } else { SETTLE_MS };
            self.finish_at = whole.then_some(now.saturating_add(wait));
        }
        Applied::Shown(MessageId(format!("{}/{key}", self.id)), tokens)
    }

    fn put(&mut self, key: &str, text: String) {
        match self.parts.iter_mut().find(|part| part.key == key) {
            Some(part) => part.text = text,
            None => self.parts.push(Part { key: key.to_owned(), text }),
        }
    }

    /// The last card is the one that is shown; buttons go with the words that they were under. Its
    /// task is named by the answer, so that who presses it leads back here.
    fn put_card(&mut self, key: &str, card: Option<Value>) {
        match card {
            Some(mut card) => {
                let task = card["task_id"].as_str().unwrap_or_default();
                card["task_id"] = format!("{}_{task}", self.id).into();
                self.card = Some(Card { key: key.to_owned(), card });
            }
            None => self.card = self.card.take().filter(|card| card.key != key),
        }
    }

    /// Whether something is still to come in the place of these words. A placeholder waits, as do
    /// words without a sound that have a place; words in its place are it, or say that nothing
    /// will come; a receipt says so for all.
    fn await_or_not(&mut self, message: &OutboundMessage, key: &str) {
        match &message.place {
            Place::New { slot: Some(Slot::Generation(_)) } => self.awaited.push(key.to_owned()),
            Place::New { slot: Some(Slot::Receipt(_)) }
            | Place::Edit { slot: Slot::Receipt(_) } => self.awaited.clear(),
            Place::New { slot: Some(_) } if message.silent => self.awaited.push(key.to_owned()),
            Place::Edit { .. } | Place::EditMessage { .. } => {
                self.awaited.retain(|one| one != key);
            }
            Place::New { .. } => {}
        }
    }

    fn key_of(&self, message: &OutboundMessage) -> String {
        match &message.place {
            Place::New { slot: Some(slot) } | Place::Edit { slot } => slot.key(),
            Place::New { slot: None } => format!("m{}", message.id),
            Place::EditMessage { message: earlier } => {
                let own = earlier.0.strip_prefix(&self.id).and_then(|rest| rest.strip_prefix('/'));
                own.map_or_else(|| format!("m{}", message.id), str::to_owned)
            }
        }
    }

    /// The card under it as it looks when this was pressed; nothing where another one was.
    #[must_use]
    pub fn card_pressed(&self, press: &Pressed, answer: &str) -> Option<Value> {
        let card = &self.card.as_ref()?.card;
        (card["task_id"] == press.task).then(|| pressed(card, &press.key, answer))
    }

    /// Shows progress in a part that is there; whether it is.
    pub fn show(&mut self, message: &MessageId, text: String, now: i64) -> bool {
        let key = message.0.strip_prefix(&self.id).and_then(|rest| rest.strip_prefix('/'));
        let open = self.is_open(now) && self.finish_at.is_none();
        let part = key.and_then(|key| self.parts.iter_mut().find(|part| part.key == key));
        match part {
            Some(part) if open => {
                part.text = text;
                true
            }
            Some(_) | None => false,
        }
    }
}
