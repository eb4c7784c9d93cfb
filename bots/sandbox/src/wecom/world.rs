//! The world behind the stand-in: who is there, what was said, what waits.
//!
//! Everything here is plain state under one lock. Nothing waits and nothing is sent from here.
//! Every change is a [`Record`] that is applied and written down.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::kf::Session;
use super::message::{Author, Content, Message};
use super::people::{Account, Chat, Customer, Member, Place, first_people};
use super::record::{Callback, Code, Fed, Media, Meta, Record, Token, Turn, Way};
use crate::journal::Journal;

/// All state.
#[derive(Debug, Default)]
pub struct World {
    /// Counts and settings.
    pub meta: Meta,
    /// By `userid`.
    pub members: BTreeMap<String, Member>,
    /// By `external_userid`.
    pub customers: BTreeMap<String, Customer>,
    /// By `open_kfid`.
    pub accounts: BTreeMap<String, Account>,
    /// By `open_kfid` and `external_userid`.
    pub sessions: BTreeMap<(String, String), Session>,
    /// By number.
    pub chats: BTreeMap<i64, Chat>,
    /// By chat and number.
    pub messages: BTreeMap<i64, BTreeMap<i64, Message>>,
    /// What `kf/sync_msg` pages through, by `open_kfid`.
    pub feeds: BTreeMap<String, Vec<Fed>>,
    /// By `media_id`.
    pub media: HashMap<String, Media>,
    /// By themselves.
    pub codes: BTreeMap<String, Code>,
    /// By themselves.
    pub tokens: BTreeMap<String, Token>,
    /// By number.
    pub callbacks: BTreeMap<u64, Callback>,
    /// By `msgid`.
    pub turns: BTreeMap<String, Turn>,
    /// By name.
    pub ways: BTreeMap<String, Way>,
    /// Names that were used: scope and name.
    pub used: BTreeSet<(String, String)>,
    journal: Option<Journal>,
}

impl World {
    /// The world before anyone has done anything.
    pub fn new() -> Self {
        let first = first_people();
        let mut world =
            Self { meta: Meta { ip_trusted: true, ..Meta::default() }, ..Self::default() };
        let records = first.members.into_iter().map(Record::Member);
        let records = records.chain(first.customers.into_iter().map(Record::Customer));
        let records = records.chain(first.accounts.into_iter().map(Record::Account));
        for record in records.chain(first.chats.into_iter().map(Record::Chat)) {
            world.apply(record);
        }
        world
    }

    /// Takes up what a journal remembers.
    pub fn restore(&mut self, records: Vec<Record>) {
        for record in records {
            self.apply(record);
        }
    }

    fn apply(&mut self, record: Record) {
        match record {
            Record::Meta(it) => self.meta = it,
            Record::Member(it) => _ = self.members.insert(it.userid.clone(), it),
            Record::Customer(it) => _ = self.customers.insert(it.external_userid.clone(), it),
            Record::Account(it) => _ = self.accounts.insert(it.open_kfid.clone(), it),
            Record::AccountGone(id) => _ = self.accounts.remove(&id),
            Record::Chat(it) => _ = self.chats.insert(it.id, it),
            Record::Message(it) => {
                self.messages.entry(it.chat).or_default().insert(it.id, *it);
            }
            Record::Session(it) => {
                self.sessions.insert((it.open_kfid.clone(), it.customer.clone()), it);
            }
            Record::Fed(it) => self.feeds.entry(it.open_kfid.clone()).or_default().push(it),
            Record::Media(it) => _ = self.media.insert(it.id.clone(), it),
            Record::Code(it) => _ = self.codes.insert(it.word.clone(), it),
            Record::Token(it) => _ = self.tokens.insert(it.word.clone(), it),
            Record::Callback(it) => _ = self.callbacks.insert(it.id, *it),
            Record::CallbackGone(id) => _ = self.callbacks.remove(&id),
            Record::Turn(it) => _ = self.turns.insert(it.msgid.clone(), *it),
            Record::Way(it) => _ = self.ways.insert(it.name.clone(), it),
            Record::Used(scope, name) => _ = self.used.insert((scope, name)),
        }
    }

    /// Everything there is, as records.
    pub fn records(&self) -> Vec<Record> {
        let mut records = vec![Record::Meta(self.meta.clone())];
        records.extend(self.members.values().cloned().map(Record::Member));
        records.extend(self.customers.values().cloned().map(Record::Customer));
        records.extend(self.accounts.values().cloned().map(Record::Account));
        records.extend(self.chats.values().cloned().map(Record::Chat));
        let messages = self.messages.values().flat_map(BTreeMap::values);
        records.extend(messages.cloned().map(|it| Record::Message(Box::new(it))));
        records.extend(self.sessions.values().cloned().map(Record::Session));
        records.extend(self.feeds.values().flatten().cloned().map(Record::Fed));
        records.extend(self.media.values().cloned().map(Record::Media));
        records.extend(self.codes.values().cloned().map(Record::Code));
        records.extend(self.tokens.values().cloned().map(Record::Token));
        records.extend(self.callbacks.values().cloned().map(|it| Record::Callback(Box::new(it))));
        records.extend(self.turns.values().cloned().map(|it| Record::Turn(Box::new(it))));
        records.extend(self.ways.values().cloned().map(Record::Way));
        records.extend(self.used.iter().cloned().map(|(scope, name)| Record::Used(scope, name)));
        records
    }

    /// Writes down from now on what happens.
    pub fn keep_journal(&mut self, journal: Journal) {
        self.journal = Some(journal);
    }

    /// Makes a change, and writes it down where there is a journal.
    pub fn keep(&mut self, record: Record) {
        if let Some(journal) = &mut self.journal {
            journal.append(&record);
        }
        self.apply(record);
        let grown = self.journal.as_ref().filter(|it| it.is_overgrown());
        if let Some(path) = grown.map(|it| it.path().to_owned()) {
            match Journal::rewrite(&path, &self.records()) {
                Ok(journal) => self.journal = Some(journal),
                Err(error) => tracing::error!(error = %error, "the journal stays as it is"),
            }
        }
    }

    /// Changes counts and settings.
    pub fn change_meta(&mut self, change: impl FnOnce(&mut Meta)) {
        let mut meta = self.meta.clone();
        change(&mut meta);
        self.keep(Record::Meta(meta));
    }

    /// A number nothing else has.
    pub fn next(&mut self) -> u64 {
        let number = self.meta.next + 1;
        self.change_meta(|meta| meta.next = number);
        number
    }

    /// The chat of a place.
    pub fn chat_at(&self, place: &Place) -> Option<&Chat> {
        self.chats.values().find(|chat| chat.place == *place)
    }

    /// The chat of a place; without one there yet, a new one.
    pub fn require_chat(&mut self, place: &Place, title: &str) -> i64 {
        if let Some(chat) = self.chat_at(place) {
            return chat.id;
        }
        let id = self.chats.keys().next_back().map_or(1, |last| last + 1);
        let chat = Chat {
            id,
            alias: format!("chat-{id}"),
            title: title.to_owned(),
            place: place.clone(),
            next_message: 1,
        };
        self.keep(Record::Chat(chat));
        id
    }

    /// A chat by alias or number.
    pub fn chat_named(&self, name: &str) -> Option<&Chat> {
        let number = name.parse().ok();
        self.chats.values().find(|chat| chat.alias == name || Some(chat.id) == number)
    }

    /// A message of a chat.
    pub fn message(&self, chat: i64, id: i64) -> Option<&Message> {
        self.messages.get(&chat)?.get(&id)
    }

    /// Puts a message into its chat.
    pub fn post(
        &mut self,
        chat: i64,
        from: Author,
        content: Content,
        msgid: &str,
        now_ms: i64,
    ) -> Message {
        let mut id = 1;
        if let Some(chat) = self.chats.get(&chat) {
            id = chat.next_message;
            self.keep(Record::Chat(Chat { next_message: id + 1, ..chat.clone() }));
        }
        let message = Message {
            chat,
            id,
            at_ms: now_ms,
            edited_at_ms: None,
            edits: 0,
            from,
            content,
            msgid: msgid.to_owned(),
            menu_id: None,
            failed: None,
            quote: None,
        };
        self.keep(Record::Message(Box::new(message.clone())));
        message
    }

    /// Changes a message where it stands.
    pub fn change_message(&mut self, chat: i64, id: i64, change: impl FnOnce(&mut Message)) {
        if let Some(message) = self.message(chat, id) {
            let mut message = message.clone();
            change(&mut message);
            self.keep(Record::Message(Box::new(message)));
        }
    }

    /// The code of a name, when it is there, unused and in its time.
    pub fn live_code(&self, code: &str, now_ms: i64) -> Option<&Code> {
        self.codes.get(code).filter(|it| !it.used && it.until_ms > now_ms)
    }

    /// Uses a code up.
    pub fn use_code(&mut self, code: &str) {
        if let Some(code) = self.codes.get(code) {
            self.keep(Record::Code(Code { used: true, ..code.clone() }));
        }
    }

    /// Forgets codes that have run out: every doorbell makes one.
    pub fn forget_codes_before(&mut self, now_ms: i64) {
        self.codes.retain(|_, code| code.until_ms > now_ms);
    }

    /// Puts an entry at the end of an account's feed.
    pub fn feed(&mut self, open_kfid: &str, item: Value, now_ms: i64) {
        let at = self.feeds.get(open_kfid).map_or(0, Vec::len) as u64 + 1;
        let open_kfid = open_kfid.to_owned();
        self.keep(Record::Fed(Fed { open_kfid, at, at_ms: now_ms, item }));
    }

    /// A member by id in any case, as the API takes it.
    pub fn member(&self, userid: &str) -> Option<&Member> {
        self.members.values().find(|it| it.userid.eq_ignore_ascii_case(userid))
    }
}
