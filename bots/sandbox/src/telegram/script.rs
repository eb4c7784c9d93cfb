//! What people do: the other end of the Bot API, for stories and for the phone page.

mod group;
mod message;
mod person;

use axum::body::Bytes;

use super::TelegramStandIn;
use super::files::{document_unique, name_of_bytes};
use super::journal::Record;
use super::message::{Content, Document, Message, Photo, Words};
use super::methods::album_id;
use super::people::{Chat, ChatKind};
use super::pictures;
use super::state::{Change, State};
use super::text::{CAPTION_MAX, TEXT_MAX, entity_text, typed_words, utf16_len};
use super::world::{NewMessage, World};

pub use self::group::TopicAction;

/// Why somebody cannot do that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unplayable {
    /// Nobody of that id or name.
    #[error("there is no such player")]
    NoPlayer,
    /// No chat of that id or name, or the player is not in it.
    #[error("there is no such chat for this player")]
    NoChat,
    /// No message of that number there.
    #[error("there is no such message")]
    NoMessage,
    /// No topic of that number there.
    #[error("there is no such topic")]
    NoTopic,
    /// No button of that text or data, or it cannot be pressed.
    #[error("there is no such button to press")]
    NoButton,
    /// No draft of that number is shown.
    #[error("there is no such draft to stop")]
    NoDraft,
    /// It is not theirs to change.
    #[error("this message is somebody else's")]
    NotTheirs,
    /// They have blocked the bot.
    #[error("this player has blocked the bot")]
    Blocked,
    /// The group lives on under another number.
    #[error("this group has become chat {0}")]
    Moved(i64),
    /// Neither words nor an attachment.
    #[error("say something, or attach something")]
    Nothing,
    /// A client would not send it.
    #[error("a caption has at most {CAPTION_MAX} characters")]
    CaptionTooLong,
    /// More than an album takes.
    #[error("an album has at most 10 parts")]
    TooManyParts,
    /// The disk said no.
    #[error("the stand-in could not keep the file")]
    Disk,
}

/// A file that a person attaches.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// As it is called on their phone.
    pub name: String,
    /// The whole file.
    pub bytes: Bytes,
}

/// Something a person says.
#[derive(Debug, Clone)]
pub struct Say {
    /// Who.
    pub user: i64,
    /// Where.
    pub chat: i64,
    /// In which thread.
    pub topic: Option<i64>,
    /// The words; the caption when something is attached.
    pub text: String,
    /// What it answers.
    pub reply_to: Option<i64>,
    /// One file, or an album.
    pub attachments: Vec<Attachment>,
    /// Pictures go as files, unchanged.
    pub as_document: bool,
    /// The album that they are further parts of.
    pub album: Option<String>,
}

impl Say {
    /// Words in the private chat.
    pub fn text(user: i64, text: &str) -> Self {
        Self {
            user,
            chat: user,
            topic: None,
            text: text.to_owned(),
            reply_to: None,
            attachments: Vec::new(),
            as_document: false,
            album: None,
        }
    }

    /// Somewhere else.
    #[must_use]
    pub fn in_chat(mut self, chat: i64) -> Self {
        self.chat = chat;
        self
    }

    /// As further parts of an album, whatever came of it before.
    #[must_use]
    pub fn in_album(mut self, album: &str) -> Self {
        self.album = Some(album.to_owned());
        self
    }

    /// In a thread.
    #[must_use]
    pub fn in_topic(mut self, topic: i64) -> Self {
        self.topic = Some(topic);
        self
    }

    /// As an answer.
    #[must_use]
    pub fn replying_to(mut self, message: i64) -> Self {
        self.reply_to = Some(message);
        self
    }

    /// With one more attachment.
    #[must_use]
    pub fn with(mut self, name: &str, bytes: impl Into<Bytes>) -> Self {
        self.attachments.push(Attachment { name: name.to_owned(), bytes: bytes.into() });
        self
    }

    /// Pictures as files.
    #[must_use]
    pub fn as_documents(mut self) -> Self {
        self.as_document = true;
        self
    }
}

/// What became of an attachment on its way up.
enum Sent {
    Photo(Photo),
    Document(Document),
}

impl TelegramStandIn {
    /// Says something; answers with the numbers of its messages. Long texts become several
    /// messages, as a client makes them; several attachments become an album.
    ///
    /// # Errors
    /// What a client would not let one do.
    pub async fn perform(&self, say: Say) -> Result<Vec<i64>, Unplayable> {
        if say.attachments.len() > 10 {
            return Err(Unplayable::TooManyParts);
        }
        if say.attachments.is_empty() {
            return self.say_words(&say);
        }
        if utf16_len(&say.text) > CAPTION_MAX {
            return Err(Unplayable::CaptionTooLong);
        }
        let mut parts = Vec::with_capacity(say.attachments.len());
        for attachment in &say.attachments {
            parts.push(self.upload(attachment.clone(), say.as_document).await?);
        }
        // Photos and files never share an album.
        let photos = parts.iter().filter(|part| matches!(part, Sent::Photo(_))).count();
        if photos != 0 && photos != parts.len() {
            parts.clear();
            for attachment in &say.attachments {
                parts.push(self.upload(attachment.clone(), true).await?);
            }
        }
        let mut words = Some(typed_words(&say.text));
        let mut take_words = || words.take().unwrap_or_default();
        let contents = parts.into_iter().map(|part| match part {
            Sent::Photo(photo) => Content::Photo(photo, take_words()),
            Sent::Document(document) => Content::Document(document, take_words()),
        });
        self.put(&say, contents.collect())
    }

    fn say_words(&self, say: &Say) -> Result<Vec<i64>, Unplayable> {
        let words = typed_words(&say.text);
        if words.text.is_empty() {
            return Err(Unplayable::Nothing);
        }
        let contents = split_text(&words.text).into_iter().map(|it| Content::Text(typed_words(it)));
        self.put(say, contents.collect())
    }

    fn put(&self, say: &Say, contents: Vec<Content>) -> Result<Vec<i64>, Unplayable> {
        let now_ms = self.state.now_ms();
        let mut world = self.state.world();
        require_place(&world, say)?;
        if say.chat == say.user {
            start(&mut world, say.user);
        }
        let is_album = contents.len() > 1 && !matches!(contents.first(), Some(Content::Text(_)));
        let new = || is_album.then(|| album_id(world.next_thing()));
        let album = say.album.clone().or_else(new);
        let mut topic = say.topic;
        if topic.is_none() {
            let answered = say.reply_to.and_then(|id| world.message(say.chat, id));
            topic = answered.and_then(|message| message.topic);
        }
        let mut numbers = Vec::new();
        for content in contents {
            let message = world.post(
                NewMessage {
                    topic,
                    reply_to: say.reply_to,
                    album: album.clone(),
                    ..NewMessage::new(say.chat, say.user, content)
                },
                now_ms,
            );
            if reads(&world, &message) {
                world.tell_message(&message);
            }
            numbers.push(message.id);
        }
        drop(world);
        for message in &numbers {
            self.state.changed(Change::Message { chat: say.chat, message: *message });
        }
        self.state.ring_updates();
        Ok(numbers)
    }

    /// Brings an attachment to Telegram: a photo compressed, or a file as it is.
    async fn upload(&self, file: Attachment, as_document: bool) -> Result<Sent, Unplayable> {
        let state = self.state.clone();
        let uploaded = tokio::task::spawn_blocking(move || {
            let photo = if as_document { None } else { pictures::compress(&file.bytes) };
            match photo {
                Some((photo, sizes)) => keep_photo(&state, photo, &sizes).map(Sent::Photo),
                None => keep_file(&state, &file).map(Sent::Document),
            }
        });
        uploaded.await.map_err(|_| Unplayable::Disk)?
    }
}

fn keep_photo(state: &State, photo: Photo, sizes: &[Bytes]) -> Result<Photo, Unplayable> {
    for (size, bytes) in photo.sizes.iter().zip(sizes) {
        state.keep_bytes(&size.unique, bytes).map_err(|_| Unplayable::Disk)?;
    }
    let mut world = state.world();
    world.photos.insert(photo.source.clone(), photo.clone());
    world.note(|| Record::Photo(photo.clone()));
    Ok(photo)
}

fn keep_file(state: &State, file: &Attachment) -> Result<Document, Unplayable> {
    let source = name_of_bytes(&file.bytes);
    state.keep_bytes(&source, &file.bytes).map_err(|_| Unplayable::Disk)?;
    let mime = pictures::mime_of(&file.bytes).or_else(|| mime_of_name(&file.name));
    let document = Document {
        unique: document_unique(&source),
        name: Some(file.name.clone()),
        mime: mime.map(str::to_owned),
        bytes: file.bytes.len() as u64,
    };
    let mut world = state.world();
    world.documents.insert(document.unique.clone(), document.clone());
    world.note(|| Record::Document(document.clone()));
    Ok(document)
}

/// What a client says of a file it cannot look into.
fn mime_of_name(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "webp" => Some("image/webp"),
        "heic" => Some("image/heic"),
        "gif" => Some("image/gif"),
        "pdf" => Some("application/pdf"),
        "txt" => Some("text/plain"),
        _ => None,
    }
}

/// A client cuts what is too long for one message into several, at a line or a word if it can.
fn split_text(mut text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while utf16_len(text) > TEXT_MAX {
        let mut units = 0;
        let fits = text.char_indices().find(|(_, character)| {
            units += character.len_utf16();
            units > TEXT_MAX
        });
        let end = fits.map_or(text.len(), |(at, _)| at);
        let cut = text[..end].rfind(char::is_whitespace).filter(|at| *at > end / 2).unwrap_or(end);
        let (part, rest) = text.split_at(cut);
        parts.push(part);
        text = rest.trim_start();
    }
    parts.push(text);
    parts
}

/// The chat of a member, who must not have blocked the bot there.
fn require_member(world: &World, user: i64, chat: i64) -> Result<&Chat, Unplayable> {
    let person = world.users.get(&user).ok_or(Unplayable::NoPlayer)?;
    let place = world.chats.get(&chat).ok_or(Unplayable::NoChat)?;
    if let Some(to) = place.migrated_to {
        return Err(Unplayable::Moved(to));
    }
    if !place.members.contains(&user) {
        return Err(Unplayable::NoChat);
    }
    if place.kind == ChatKind::Private && person.blocked {
        return Err(Unplayable::Blocked);
    }
    Ok(place)
}

fn require_place(world: &World, say: &Say) -> Result<(), Unplayable> {
    let chat = require_member(world, say.user, say.chat)?;
    if let Some(topic) = say.topic {
        let topic = chat.topics.get(&topic).filter(|topic| !topic.deleted);
        topic.ok_or(Unplayable::NoTopic)?;
    }
    match say.reply_to {
        Some(id) if world.history && world.message(say.chat, id).is_none() => {
            Err(Unplayable::NoMessage)
        }
        _ => Ok(()),
    }
}

/// From a person's first message on the bot may write to them.
fn start(world: &mut World, user: i64) {
    if world.users.get(&user).is_some_and(|user| !user.started) {
        world.change_user(user, |user| user.started = true);
    }
}

/// Whether the bot is told of a message: in a group that it does not run, only of commands,
/// mentions and answers to it (privacy mode).
fn reads(world: &World, message: &Message) -> bool {
    let Some(chat) = world.chats.get(&message.chat) else {
        return true;
    };
    if chat.bot_removed {
        return false;
    }
    if chat.kind == ChatKind::Private || chat.bot_admin {
        return true;
    }
    let answered = message.reply_to.and_then(|id| world.message(message.chat, id));
    if answered.is_some_and(|answered| answered.from == world.bot.id) {
        return true;
    }
    message.content.words().is_none_or(|words| is_addressed(words, &world.bot.username))
}

fn is_addressed(words: &Words, username: &str) -> bool {
    words.entities.iter().any(|entity| {
        let said = entity_text(words, entity);
        match entity.kind.as_str() {
            "bot_command" => said.split_once('@').is_none_or(|(_, bot)| bot == username),
            "mention" => said.strip_prefix('@') == Some(username),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_word_and_nothing_is_lost() {
        let text = "fox ".repeat(1500);
        let parts = split_text(text.trim());
        assert_eq!(parts.len(), 2);
        assert!(parts.iter().all(|part| utf16_len(part) <= TEXT_MAX));
        assert_eq!(parts.join(" "), text.trim());
    }

    #[test]
    fn a_group_bot_is_told_only_of_what_is_meant_for_it() {
        let is_told = |text: &str| is_addressed(&typed_words(text), "picdesk_bot");
        assert!(is_told("/imagine a fox"));
        assert!(is_told("/imagine@picdesk_bot a fox"));
        assert!(is_told("draw @picdesk_bot a fox"));
        assert!(!is_told("/imagine@other_bot a fox"));
        assert!(!is_told("nice weather, @alice_plays"));
    }
}
