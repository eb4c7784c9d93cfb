//! Looking at the world from outside: for stories and for the page.

use std::time::Duration;

use axum::body::Bytes;
use serde_json::Value;
use tokio::sync::broadcast;

use super::build::{message_view, players_of, summary_view};
use super::{ChatView, MessageView, NotSeen, PlayerView, SessionView, SummaryView};
use crate::wecom::WecomStandIn;
use crate::wecom::kf::{ANSWERS_MAX, WINDOW_MS, session_of};
use crate::wecom::people::{Chat, Place};
use crate::wecom::pictures;
use crate::wecom::state::Change;
use crate::wecom::world::World;

impl WecomStandIn {
    /// How the desk is called in a chat.
    fn desk_in(&self, world: &World, chat: &Chat) -> String {
        let options = &self.state.options;
        match &chat.place {
            Place::App(_) => options.app_name.clone(),
            Place::Kf(kf, _) => world.accounts.get(kf).map_or(kf.clone(), |it| it.name.clone()),
            Place::Bot(_) | Place::BotGroup(..) => options.bot.name.clone(),
            Place::Robot(_) => "机器人".into(),
            Place::Contact(_, userid) => {
                world.members.get(userid).map_or(userid.clone(), |it| it.name.clone())
            }
        }
    }

    /// The messages of a chat, by alias or number, oldest first.
    pub fn chat(&self, chat: &str) -> Vec<MessageView> {
        let world = self.state.world();
        let Some(chat) = world.chat_named(chat) else {
            return Vec::new();
        };
        let desk = self.desk_in(&world, chat);
        let messages = world.messages.get(&chat.id).into_iter().flatten();
        messages.map(|(_, message)| message_view(&world, &desk, message)).collect()
    }

    /// One message.
    pub fn message(&self, chat: i64, message: i64) -> Option<MessageView> {
        let world = self.state.world();
        let desk = self.desk_in(&world, world.chats.get(&chat)?);
        world.message(chat, message).map(|message| message_view(&world, &desk, message))
    }

    /// A chat with its newest messages.
    pub fn chat_view(&self, chat: &str, limit: usize) -> Option<ChatView> {
        let world = self.state.world();
        let chat = world.chat_named(chat)?;
        let desk = self.desk_in(&world, chat);
        let messages = world.messages.get(&chat.id).into_iter().flatten().rev().take(limit);
        let mut messages: Vec<_> =
            messages.map(|(_, message)| message_view(&world, &desk, message)).collect();
        messages.reverse();
        let session = self.session_view(&world, chat);
        let menu = match chat.place {
            Place::App(_) => world.meta.menu.clone().unwrap_or_default(),
            _ => Value::Null,
        };
        Some(ChatView {
            chat: chat.id,
            alias: chat.alias.clone(),
            kind: chat.kind(),
            title: chat.title.clone(),
            blocked: session.as_ref().is_some_and(|session| session.rejected),
            topics: Vec::new(),
            typing: None,
            draft: None,
            session,
            menu,
            messages,
        })
    }

    fn session_view(&self, world: &World, chat: &Chat) -> Option<SessionView> {
        let Place::Kf(kf, customer) = &chat.place else {
            return None;
        };
        let session = session_of(world, kf, customer);
        let servicer = session.servicer.as_ref().and_then(|it| world.members.get(it));
        Some(SessionView {
            state: session.state_at(self.state.now_ms()).number(),
            servicer: servicer.map(|member| member.alias.clone()),
            answers_left: ANSWERS_MAX.saturating_sub(session.answers),
            window_until_ms: session.wrote_ms.map(|wrote_ms| wrote_ms + WINDOW_MS),
            rejected: session.rejected,
        })
    }

    /// How a customer's session stands.
    pub fn session(&self, chat: &str) -> Option<SessionView> {
        let world = self.state.world();
        self.session_view(&world, world.chat_named(chat)?)
    }

    /// Everyone there is, and the chats between them.
    pub fn players(&self) -> (Vec<PlayerView>, Vec<SummaryView>) {
        let world = self.state.world();
        let members = world.members.values().map(|member| PlayerView {
            player: member.alias.clone(),
            id: member.userid.clone(),
            name: member.name.clone(),
            language: Some(member.language.clone()),
            operator: member.operator,
            private: None,
            blocked: !member.visible,
            commands: Value::Array(Vec::new()),
        });
        let customers = world.customers.values().map(|customer| PlayerView {
            player: customer.alias.clone(),
            id: customer.external_userid.clone(),
            name: customer.nickname.clone(),
            language: Some(customer.language.clone()),
            operator: false,
            private: None,
            blocked: false,
            commands: Value::Array(Vec::new()),
        });
        let players = members.chain(customers).collect();
        let chats = world.chats.values().map(|chat| {
            let desk = self.desk_in(&world, chat);
            summary_view(&world, &desk, chat)
        });
        (players, chats.collect())
    }

    /// Aliases of who is in a chat, first whose it is.
    pub fn players_in(&self, chat: &str) -> Vec<String> {
        let world = self.state.world();
        world.chat_named(chat).map(|chat| players_of(&world, chat)).unwrap_or_default()
    }

    /// Bytes and what they are, by the name that views have.
    pub fn file(&self, blob: &str) -> Option<(Bytes, String)> {
        let bytes = self.state.blobs.get(blob)?;
        let mime = pictures::mime_of(&bytes).to_owned();
        Some((bytes, mime))
    }

    /// Every change from now on, one by one.
    pub fn watch(&self) -> broadcast::Receiver<Change> {
        self.state.hear_changes()
    }

    /// Waits until a message of a chat is as described, and answers with it.
    ///
    /// # Errors
    /// `NotSeen` after `within`, with the chat as it then reads.
    pub async fn wait_for(
        &self,
        chat: &str,
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

    /// Waits until something about it is so: what is counted, what waits, how a chat reads.
    ///
    /// # Errors
    /// `NotSeen` after `within`, with what was counted.
    pub async fn wait_until(
        &self,
        within: Duration,
        is_so: impl Fn(&Self) -> bool,
    ) -> Result<(), NotSeen> {
        let (mut bell, mut version) = (self.state.hear_bell(), self.state.hear_version());
        let look = async {
            loop {
                bell.borrow_and_update();
                version.borrow_and_update();
                if is_so(self) {
                    return;
                }
                tokio::select! {
                    _ = bell.changed() => {}
                    _ = version.changed() => {}
                }
            }
        };
        let counted = || format!("{:?}", self.counts());
        let seen = tokio::time::timeout(within, look).await;
        seen.map_err(|_| NotSeen { waited: within, transcript: counted() })
    }

    /// A chat, one message a line: for a failed story.
    pub fn transcript(&self, chat: &str) -> String {
        let line = |it: &MessageView| {
            let buttons: Vec<&str> =
                it.buttons.iter().flatten().map(|button| button.text.as_str()).collect();
            let failed = it.failed.as_deref().unwrap_or("arrived");
            format!(
                "{} {} [{}] {:?} pictures {} {:?} edits {} {failed}",
                it.message,
                it.from.name,
                it.sort,
                it.text,
                it.pictures.len(),
                buttons,
                it.edits
            )
        };
        self.chat(chat).iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// How many pictures of the desk stand in a chat beyond their first copy, and arrived.
    pub fn pictures_twice(&self, chat: &str) -> usize {
        let mut seen: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
        let messages = self.chat(chat).into_iter();
        for message in messages.filter(|it| it.is_from_bot() && it.has_arrived()) {
            for picture in message.pictures {
                *seen.entry(picture.blob).or_default() += 1;
            }
        }
        seen.values().map(|count| count - 1).sum()
    }
}
