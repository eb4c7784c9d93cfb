//! The world behind the stand-in: who is there, what was said, what waits to be told.
//!
//! Everything here is plain state under one lock. Nothing waits and nothing is sent from here.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::journal::{Journal, Record};
use super::limits::Buckets;
use super::message::{Content, Document, Keyboard, Message, Photo};
use super::people::{Chat, User, first_people};
use super::queue::{MESSAGE_LIFE_MS, QueueKey, Queues, Update};
use super::stars::{Question, Stars};
use super::wire;

/// What `setWebhook` has set, and how deliveries went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Where updates go.
    pub url: String,
    /// `X-Telegram-Bot-Api-Secret-Token`.
    pub secret: Option<String>,
    /// 1 to 100.
    pub max_connections: usize,
    /// The last failure: seconds since 1970, and words.
    pub last_error: Option<(i64, String)>,
}

/// Counts, and what the bot has set about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// The next `update_id`.
    pub next_update: i64,
    /// The next message of private chats and ordinary groups, which share one count.
    pub next_message: i64,
    /// The next anything else: callback queries, albums, new users.
    pub next_thing: i64,
    /// Where updates go, if they are pushed.
    pub webhook: Option<Webhook>,
    /// Which updates are made; none for the default.
    pub allowed_updates: Option<Vec<String>>,
    /// `setMyCommands`, by scope and language.
    pub commands: BTreeMap<String, Value>,
    /// `setMyName` and the like, by method and language.
    pub profile: BTreeMap<String, String>,
    /// What is sold for Stars, and was.
    #[serde(default)]
    pub stars: Stars,
}

/// A button that was pressed and not answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tap {
    /// `CallbackQuery.id`.
    pub id: String,
    /// Who pressed.
    pub user: i64,
    /// Where.
    pub chat: i64,
    /// Under which message.
    pub message: i64,
    /// When, ms since 1970.
    pub at_ms: i64,
}

/// The bot itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bot {
    /// The first part of its token.
    pub id: i64,
    /// As people see it.
    pub name: String,
    /// Without the at sign.
    pub username: String,
}

/// A message that has no number yet.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Where it goes.
    pub chat: i64,
    /// Into which thread.
    pub topic: Option<i64>,
    /// From whom.
    pub from: i64,
    /// What it says.
    pub content: Content,
    /// What it answers.
    pub reply_to: Option<i64>,
    /// Part of which album.
    pub album: Option<String>,
    /// Buttons.
    pub keyboard: Keyboard,
}

impl NewMessage {
    /// A message with nothing but its content.
    pub fn new(chat: i64, from: i64, content: Content) -> Self {
        Self {
            chat,
            topic: None,
            from,
            content,
            reply_to: None,
            album: None,
            keyboard: Keyboard::new(),
        }
    }
}

/// All state.
#[derive(Debug)]
pub struct World {
    /// The bot.
    pub bot: Bot,
    /// Counts and settings.
    pub meta: Meta,
    /// People by id.
    pub users: BTreeMap<i64, User>,
    /// Chats by id.
    pub chats: BTreeMap<i64, Chat>,
    /// Messages by chat and number; empty when no history is kept.
    pub messages: HashMap<i64, BTreeMap<i64, Message>>,
    /// Photos by source.
    pub photos: HashMap<String, Photo>,
    /// Documents by unique id.
    pub documents: HashMap<String, Document>,
    /// Taps that wait for an answer.
    pub taps: BTreeMap<String, Tap>,
    /// Questions before payments that wait for an answer.
    pub questions: HashMap<String, Question>,
    /// Updates that wait.
    pub queues: Queues,
    /// Sources of pictures that were edited away last, oldest first: somebody may still be
    /// fetching them.
    pub superseded: VecDeque<String>,
    /// Rate limits.
    pub buckets: Buckets,
    /// Whether messages are kept.
    pub history: bool,
    journal: Option<Journal>,
}

impl World {
    /// The world before anyone has done anything.
    pub fn new(bot: Bot, history: bool, first_update: i64) -> Self {
        let (users, chats) = first_people();
        let meta = Meta {
            next_update: first_update,
            next_message: 1,
            next_thing: 1,
            webhook: None,
            allowed_updates: None,
            commands: BTreeMap::new(),
            profile: BTreeMap::new(),
            stars: Stars::default(),
        };
        Self {
            bot,
            meta,
            users: users.into_iter().map(|user| (user.id, user)).collect(),
            chats: chats.into_iter().map(|chat| (chat.id, chat)).collect(),
            messages: HashMap::new(),
            photos: HashMap::new(),
            documents: HashMap::new(),
            taps: BTreeMap::new(),
            questions: HashMap::new(),
            queues: Queues::default(),
            superseded: VecDeque::new(),
            buckets: Buckets::default(),
            history,
            journal: None,
        }
    }

    /// Takes up what a journal remembers.
    pub fn restore(&mut self, records: Vec<Record>) {
        for record in records {
            match record {
                Record::Meta(meta) => self.meta = *meta,
                Record::User(user) => _ = self.users.insert(user.id, user),
                Record::Chat(chat) => _ = self.chats.insert(chat.id, chat),
                Record::Message(message) => {
                    self.messages.entry(message.chat).or_default().insert(message.id, *message);
                }
                Record::MessageGone(chat, id) => {
                    self.messages.entry(chat).or_default().remove(&id);
                }
                Record::Photo(photo) => _ = self.photos.insert(photo.source.clone(), photo),
                Record::PhotoGone(source) => _ = self.photos.remove(&source),
                Record::Document(document) => {
                    self.documents.insert(document.unique.clone(), document);
                }
                Record::Update(update) => self.queues.push(*update),
                Record::UpdatesGone(ids) => self.queues.forget(&ids),
                Record::Tap(tap) => _ = self.taps.insert(tap.id.clone(), tap),
                Record::TapGone(id) => _ = self.taps.remove(&id),
            }
        }
    }

    /// Everything there is, as records.
    pub fn records(&self) -> Vec<Record> {
        let mut records = vec![Record::Meta(Box::new(self.meta.clone()))];
        records.extend(self.users.values().cloned().map(Record::User));
        records.extend(self.chats.values().cloned().map(Record::Chat));
        records.extend(self.photos.values().cloned().map(Record::Photo));
        records.extend(self.documents.values().cloned().map(Record::Document));
        let messages = self.messages.values().flat_map(BTreeMap::values);
        records.extend(messages.cloned().map(|message| Record::Message(Box::new(message))));
        records.extend(self.taps.values().cloned().map(Record::Tap));
        records.extend(self.queues.iter().cloned().map(|it| Record::Update(Box::new(it))));
        records
    }

    /// Writes down from now on what happens.
    pub fn keep_journal(&mut self, journal: Journal) {
        self.journal = Some(journal);
    }

    /// Writes a record down, where there is a journal.
    pub fn note(&mut self, record: impl FnOnce() -> Record) {
        let Some(journal) = &mut self.journal else {
            return;
        };
        journal.append(&record());
        if journal.is_overgrown() {
            let path = journal.path().to_owned();
            match Journal::rewrite(&path, &self.records()) {
                Ok(journal) => self.journal = Some(journal),
                Err(error) => tracing::error!(error = %error, "the journal stays as it is"),
            }
        }
    }

    /// Writes the counts and settings down.
    pub fn note_meta(&mut self) {
        let meta = self.journal.is_some().then(|| Box::new(self.meta.clone()));
        if let Some(meta) = meta {
            self.note(|| Record::Meta(meta));
        }
    }

    /// Changes a user and writes it down.
    pub fn change_user(&mut self, id: i64, change: impl FnOnce(&mut User)) {
        if let Some(user) = self.users.get_mut(&id) {
            change(user);
            let user = user.clone();
            self.note(|| Record::User(user));
        }
    }

    /// Changes a chat and writes it down.
    pub fn change_chat(&mut self, id: i64, change: impl FnOnce(&mut Chat)) {
        if let Some(chat) = self.chats.get_mut(&id) {
            change(chat);
            let chat = chat.clone();
            self.note(|| Record::Chat(chat));
        }
    }

    /// A number nothing else has.
    pub fn next_thing(&mut self) -> i64 {
        let number = self.meta.next_thing;
        self.meta.next_thing += 1;
        self.note_meta();
        number
    }

    /// A message of a chat.
    pub fn message(&self, chat: i64, id: i64) -> Option<&Message> {
        self.messages.get(&chat)?.get(&id)
    }

    /// Gives a message its number and puts it in its chat.
    pub fn post(&mut self, new: NewMessage, now_ms: i64) -> Message {
        let id = self.next_message_id(new.chat);
        let message = Message {
            chat: new.chat,
            id,
            topic: new.topic,
            from: new.from,
            at_ms: now_ms,
            edited_at_ms: None,
            edits: 0,
            content: new.content,
            reply_to: new.reply_to,
            album: new.album,
            keyboard: new.keyboard,
            reactions: Vec::new(),
        };
        self.keep(&message);
        message
    }

    /// Puts a message, new or changed, at its place.
    pub fn keep(&mut self, message: &Message) {
        if self.history {
            self.messages.entry(message.chat).or_default().insert(message.id, message.clone());
            self.note(|| Record::Message(Box::new(message.clone())));
        }
    }

    /// Takes a message away.
    pub fn remove_message(&mut self, chat: i64, id: i64) -> Option<Message> {
        let gone = self.messages.get_mut(&chat)?.remove(&id)?;
        self.note(|| Record::MessageGone(chat, id));
        Some(gone)
    }

    /// The next message's number in a chat.
    pub fn next_message_id(&mut self, chat: i64) -> i64 {
        if let Some(chat) = self.chats.get_mut(&chat)
            && chat.counts_its_own()
        {
            let id = chat.next_message;
            chat.next_message += 1;
            if self.journal.is_some() {
                let chat = chat.clone();
                self.note(|| Record::Chat(chat));
            }
            return id;
        }
        let id = self.meta.next_message;
        self.meta.next_message += 1;
        self.note_meta();
        id
    }

    /// Whether a message number of a chat has been given out.
    pub fn was_numbered(&self, chat: i64, id: i64) -> bool {
        let next = match self.chats.get(&chat) {
            Some(chat) if chat.counts_its_own() => chat.next_message,
            _ => self.meta.next_message,
        };
        id > 0 && id < next
    }

    /// Tells the bot something, if it wants updates of this kind.
    pub fn tell(&mut self, key: QueueKey, kind: &str, what: &Value, expires_ms: i64) {
        let wanted = match &self.meta.allowed_updates {
            Some(allowed) => allowed.iter().any(|it| it == kind),
            None => !matches!(kind, "chat_member" | "message_reaction" | "message_reaction_count"),
        };
        if !wanted {
            return;
        }
        let id = self.meta.next_update;
        self.meta.next_update += 1;
        self.note_meta();
        let body = json!({"update_id": id, kind: what}).to_string();
        let update = Update { id, key, kind: kind.to_owned(), body, expires_ms, again: false };
        self.note(|| Record::Update(Box::new(update.clone())));
        self.queues.push(update);
    }

    /// Tells the bot of a message somebody else wrote, or edited.
    pub fn tell_message(&mut self, message: &Message) {
        let kind = if message.edited_at_ms.is_some() { "edited_message" } else { "message" };
        let what = wire::message(self, message);
        let expires_ms = message.edited_at_ms.unwrap_or(message.at_ms) + MESSAGE_LIFE_MS;
        self.tell(QueueKey::Chat(message.chat), kind, &what, expires_ms);
    }

    /// Puts the last `count` delivered updates back; answers with how many there were.
    pub fn redeliver(&mut self, count: usize) -> usize {
        let again = self.queues.redeliver(count);
        for update in &again {
            self.note(|| Record::Update(Box::new(update.clone())));
        }
        again.len()
    }

    /// Writes down that updates are gone.
    pub fn note_updates_gone(&mut self, ids: Vec<i64>) {
        if !ids.is_empty() {
            self.note(|| Record::UpdatesGone(ids));
        }
    }
}
