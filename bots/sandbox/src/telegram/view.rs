//! What people see: chats and messages for stories, and for the phone page as JSON.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::TelegramStandIn;
use super::message::{Content, Entity, Message, Photo, Service};
use super::methods::commands_for;
use super::people::Chat;
use super::state::{Draft, Typing};
use super::world::World;

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

impl TelegramStandIn {
    /// The messages of a chat, oldest first.
    pub fn chat(&self, chat: i64) -> Vec<MessageView> {
        let world = self.state.world();
        let messages = world.messages.get(&chat);
        messages.into_iter().flatten().map(|(_, message)| message_view(&world, message)).collect()
    }

    /// One message.
    pub fn message(&self, chat: i64, message: i64) -> Option<MessageView> {
        let world = self.state.world();
        world.message(chat, message).map(|message| message_view(&world, message))
    }

    /// A chat with its newest messages, of one topic or of all.
    pub fn chat_view(&self, id: i64, topic: Option<i64>, limit: usize) -> Option<ChatView> {
        let now_ms = self.state.now_ms();
        let world = self.state.world();
        let chat = world.chats.get(&id)?;
        let messages = world.messages.get(&id).into_iter().flatten().rev();
        let wanted = messages.filter(|(_, it)| topic.is_none() || it.topic == topic).take(limit);
        let mut messages: Vec<_> = wanted.map(|(_, it)| message_view(&world, it)).collect();
        messages.reverse();
        let topics = chat.topics.values().filter(|topic| !topic.deleted);
        let topics = topics.map(|topic| TopicView {
            topic: topic.id,
            name: topic.name.clone(),
            closed: topic.closed,
        });
        let shown = self.state.shown();
        let typing = shown.typing.iter().find(|it| it.chat == id && it.until_ms > now_ms);
        let draft = shown.drafts.iter().find(|it| it.chat == id && it.until_ms > now_ms);
        Some(ChatView {
            chat: id,
            alias: chat.alias.clone(),
            kind: chat.kind.word(),
            title: chat.title.clone(),
            blocked: world.users.get(&id).is_some_and(|user| user.blocked),
            topics: topics.collect(),
            typing: typing.cloned(),
            draft: draft.cloned(),
            messages,
        })
    }

    /// Everyone there is, and the bot, and the chats that are not history.
    pub fn players(&self) -> (BotView, Vec<PlayerView>, Vec<SummaryView>) {
        let world = self.state.world();
        let profile =
            |what: &str| world.meta.profile.get(&format!("{what}/")).cloned().unwrap_or_default();
        let bot = BotView {
            id: world.bot.id,
            name: Some(profile("name"))
                .filter(|it| !it.is_empty())
                .unwrap_or(world.bot.name.clone()),
            username: world.bot.username.clone(),
            description: profile("description"),
            short_description: profile("short_description"),
        };
        let players = world.users.values().map(|user| PlayerView {
            player: user.alias.clone(),
            id: user.id,
            name: user.name.clone(),
            language: user.language.clone(),
            operator: user.operator,
            private: world.chats.contains_key(&user.id).then_some(user.id),
            blocked: user.blocked,
            commands: commands_for(&world, user.id, user.language.as_deref()),
        });
        let alive = world.chats.values().filter(|chat| chat.migrated_to.is_none());
        (bot, players.collect(), alive.map(|chat| summary_view(&world, chat)).collect())
    }

    /// The bytes of a file, as the bot would fetch them.
    pub fn file(&self, unique: &str) -> Option<(Bytes, String)> {
        self.state.file(unique)
    }

    /// The bytes a picture was uploaded as; none for what people sent, which only has its sizes.
    pub fn uploaded(&self, picture: &PictureView) -> Option<Bytes> {
        self.state.blobs.get(&picture.source)
    }

    /// Waits until a message of a chat is as described, and answers with it.
    ///
    /// # Errors
    /// `NotSeen` after `within`, with the chat as it then reads.
    pub async fn wait_for(
        &self,
        chat: i64,
        within: Duration,
        described: impl Fn(&MessageView) -> bool,
    ) -> Result<MessageView, NotSeen> {
        let mut bell = self.state.hear_version();
        let look = async {
            loop {
                bell.borrow_and_update();
                if let Some(found) = self.chat(chat).into_iter().find(|it| described(it)) {
                    return found;
                }
                if bell.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::time::timeout(within, look)
            .await
            .map_err(|_| NotSeen { waited: within, transcript: self.transcript(chat) })
    }

    /// A chat, one message a line: for a failed story.
    pub fn transcript(&self, chat: i64) -> String {
        let line = |it: &MessageView| {
            let buttons: Vec<&str> =
                it.buttons.iter().flatten().map(|button| button.text.as_str()).collect();
            format!(
                "{} {} [{}] {:?} {:?} edits {}",
                it.message, it.from.name, it.kind, it.text, buttons, it.edits
            )
        };
        self.chat(chat).iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// How many pictures of the bot stand in a chat beyond their first copy.
    pub fn pictures_twice(&self, chat: i64) -> usize {
        let world = self.state.world();
        pictures_twice(&world, chat)
    }

    /// The same for all chats together.
    pub fn pictures_twice_anywhere(&self) -> usize {
        let world = self.state.world();
        world.chats.keys().map(|chat| pictures_twice(&world, *chat)).sum()
    }
}

fn pictures_twice(world: &World, chat: i64) -> usize {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let messages = world.messages.get(&chat).into_iter().flatten();
    for source in messages
        .filter(|(_, message)| message.from == world.bot.id)
        .filter_map(|(_, message)| message.content.source())
    {
        *seen.entry(source).or_default() += 1;
    }
    seen.values().map(|count| count - 1).sum()
}

fn summary_view(world: &World, chat: &Chat) -> SummaryView {
    let alias = |id: &i64| world.users.get(id).map(|user| user.alias.clone());
    let last = world.messages.get(&chat.id).and_then(|messages| messages.values().next_back());
    SummaryView {
        chat: chat.id,
        alias: chat.alias.clone(),
        kind: chat.kind.word(),
        title: chat.title.clone(),
        players: chat.members.iter().filter_map(alias).collect(),
        last: last.map(|message| LastView {
            message: message.id,
            from: sender_view(world, message.from).name,
            text: beginning(message),
            at_ms: message.at_ms,
        }),
    }
}

fn sender_view(world: &World, id: i64) -> SenderView {
    if id == world.bot.id {
        return SenderView { id, name: world.bot.name.clone(), bot: true, player: None };
    }
    let user = world.users.get(&id);
    SenderView {
        id,
        name: user.map_or_else(|| format!("User {id}"), |user| user.name.clone()),
        bot: false,
        player: user.map(|user| user.alias.clone()),
    }
}

fn message_view(world: &World, message: &Message) -> MessageView {
    let (kind, picture, document) = match &message.content {
        Content::Text(_) | Content::Other(..) => ("text", None, None),
        Content::Photo(photo, _) => ("photo", picture_view(photo), None),
        Content::Document(document, _) => {
            let view = DocumentView {
                url: file_url(&document.unique),
                name: document.name.clone(),
                mime: document.mime.clone(),
                bytes: document.bytes,
                unique: document.unique.clone(),
            };
            ("document", None, Some(view))
        }
        Content::Service(_) => ("service", None, None),
    };
    let words = message.content.words();
    let answered = message.reply_to.and_then(|id| world.message(message.chat, id));
    let row = |row: &Vec<Map<String, Value>>| row.iter().map(button_view).collect();
    MessageView {
        chat: message.chat,
        message: message.id,
        topic: message.topic,
        at_ms: message.at_ms,
        edited_at_ms: message.edited_at_ms,
        edits: message.edits,
        from: sender_view(world, message.from),
        kind,
        text: words.map_or_else(|| said(message), |words| words.text.clone()),
        entities: words.map(|words| words.entities.clone()).unwrap_or_default(),
        picture,
        document,
        album: message.album.clone(),
        reply_to: answered.map(|answered| ReplyView {
            message: answered.id,
            from: sender_view(world, answered.from).name,
            text: beginning(answered),
            picture: match &answered.content {
                Content::Photo(photo, _) => photo.sizes.first().map(|size| file_url(&size.unique)),
                _ => None,
            },
        }),
        buttons: message.keyboard.iter().map(row).collect(),
        reactions: message.reactions.clone(),
    }
}

fn picture_view(photo: &Photo) -> Option<PictureView> {
    let largest = photo.sizes.last()?;
    Some(PictureView {
        url: file_url(&largest.unique),
        width: largest.width,
        height: largest.height,
        source: photo.source.clone(),
        unique: largest.unique.clone(),
    })
}

fn file_url(unique: &str) -> String {
    format!("/sandbox/api/file/{unique}")
}

fn button_view(button: &Map<String, Value>) -> ButtonView {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    ButtonView {
        text: text(button.get("text")).unwrap_or_default(),
        data: text(button.get("callback_data")),
        url: text(button.get("url")),
        copy: text(button.get("copy_text").and_then(|copy| copy.get("text"))),
        style: text(button.get("style")),
        disabled: button.get("disabled").and_then(Value::as_bool).unwrap_or(false),
    }
}

/// The first words of a message, for a quotation.
fn beginning(message: &Message) -> String {
    let text = match message.content.words() {
        Some(words) => words.text.clone(),
        None => said(message),
    };
    text.chars().take(120).collect()
}

/// What a service message says.
fn said(message: &Message) -> String {
    match &message.content {
        Content::Service(Service::TopicCreated { name, .. }) => format!("topic “{name}” created"),
        Content::Service(Service::TopicEdited { name }) => format!("topic renamed to “{name}”"),
        Content::Service(Service::TopicClosed) => "topic closed".into(),
        Content::Service(Service::TopicReopened) => "topic reopened".into(),
        Content::Service(Service::MigrateTo(_)) => "this group became a supergroup".into(),
        Content::Service(Service::MigrateFrom(_)) => "this supergroup was a group".into(),
        _ => String::new(),
    }
}
