//! Looking at the world from outside: for stories and for the page.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::Bytes;

use super::build::{message_view, summary_view};
use super::{
    BotView, ChatView, MessageView, NotSeen, PictureView, PlayerView, SummaryView, TopicView,
};
use crate::telegram::TelegramStandIn;
use crate::telegram::methods::commands_for;
use crate::telegram::world::World;

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
