//! What one person does in the private chat, in short.

use axum::body::Bytes;
use serde_json::json;

use super::{Say, Unplayable, keep_photo};
use crate::telegram::TelegramStandIn;
use crate::telegram::files::name_of_bytes;
use crate::telegram::journal::Record;
use crate::telegram::message::Content;
use crate::telegram::people::{User, private_chat};
use crate::telegram::pictures::photo_of;
use crate::telegram::queue::{CALLBACK_LIFE_MS, MESSAGE_LIFE_MS, QueueKey};
use crate::telegram::state::Change;
use crate::telegram::text::typed_words;
use crate::telegram::wire;
use crate::telegram::world::World;

impl TelegramStandIn {
    /// Adds somebody, and their chat with the bot; answers with their id.
    pub fn add_user(&self, alias: &str, name: &str, language: Option<&str>) -> i64 {
        let mut world = self.state.world();
        let id = 5_000_000_000 + world.next_thing();
        let user = User {
            id,
            alias: alias.to_owned(),
            name: name.to_owned(),
            username: None,
            language: language.map(str::to_owned),
            operator: false,
            started: false,
            blocked: false,
        };
        let chat = private_chat(&user);
        world.note(|| Record::User(user.clone()));
        world.note(|| Record::Chat(chat.clone()));
        world.users.insert(id, user);
        world.chats.insert(id, chat);
        id
    }

    /// The id of a player or a chat by alias.
    pub fn id_of(&self, alias: &str) -> Option<i64> {
        let world = self.state.world();
        let chat =
            world.chats.values().find(|chat| chat.alias == alias && chat.migrated_to.is_none());
        chat.map(|chat| chat.id)
    }

    /// Says words in the private chat; answers with the (first) message's number.
    ///
    /// # Errors
    /// What a client would not let one do; so everywhere below.
    pub fn say(&self, user: i64, text: &str) -> Result<i64, Unplayable> {
        first(&self.say_words(&Say::text(user, text))?)
    }

    /// Answers a message in the private chat.
    ///
    /// # Errors
    /// As [`Self::say`].
    pub fn reply(&self, user: i64, message: i64, text: &str) -> Result<i64, Unplayable> {
        first(&self.say_words(&Say::text(user, text).replying_to(message))?)
    }

    /// Sends a photo.
    ///
    /// # Errors
    /// As [`Self::say`].
    pub async fn send_photo(
        &self,
        user: i64,
        bytes: impl Into<Bytes>,
        caption: &str,
    ) -> Result<i64, Unplayable> {
        first(&self.perform(Say::text(user, caption).with("photo.jpg", bytes)).await?)
    }

    /// Sends an album of photos; the caption stands on the first.
    ///
    /// # Errors
    /// As [`Self::say`].
    pub async fn send_album(
        &self,
        user: i64,
        photos: Vec<Bytes>,
        caption: &str,
    ) -> Result<Vec<i64>, Unplayable> {
        let say = Say::text(user, caption);
        self.perform(photos.into_iter().fold(say, |say, bytes| say.with("photo.jpg", bytes))).await
    }

    /// Sends a file as it is.
    ///
    /// # Errors
    /// As [`Self::say`].
    pub async fn send_document(
        &self,
        user: i64,
        name: &str,
        bytes: impl Into<Bytes>,
        caption: &str,
    ) -> Result<i64, Unplayable> {
        first(&self.perform(Say::text(user, caption).with(name, bytes).as_documents()).await?)
    }

    /// Sends bytes as a photo of a claimed size without looking at them, as no client would: what
    /// the bot fetches is these bytes.
    ///
    /// # Errors
    /// As [`Self::say`].
    pub fn send_photo_unchecked(
        &self,
        user: i64,
        bytes: &Bytes,
        (width, height): (u32, u32),
        caption: &str,
    ) -> Result<i64, Unplayable> {
        let mut photo = photo_of(&name_of_bytes(bytes), width, height);
        for size in &mut photo.sizes {
            size.bytes = Some(bytes.len() as u64);
        }
        let sizes = vec![bytes.clone(); photo.sizes.len()];
        let photo = keep_photo(&self.state, photo, &sizes)?;
        let content = Content::Photo(photo, typed_words(caption));
        first(&self.put(&Say::text(user, caption), vec![content])?)
    }

    /// Presses a button in the private chat, named by its text or its data.
    ///
    /// # Errors
    /// As [`Self::press`].
    pub fn tap(&self, user: i64, message: i64, button: &str) -> Result<String, Unplayable> {
        self.press(user, user, message, button)
    }

    /// Changes one's own message in the private chat.
    ///
    /// # Errors
    /// As [`Self::change_text`].
    pub fn edit(&self, user: i64, message: i64, text: &str) -> Result<(), Unplayable> {
        self.change_text(user, user, message, text)
    }

    /// Blocks the bot.
    ///
    /// # Errors
    /// `NoPlayer`.
    pub fn block(&self, user: i64) -> Result<(), Unplayable> {
        self.set_blocked(user, true)
    }

    /// Unblocks the bot.
    ///
    /// # Errors
    /// `NoPlayer`.
    pub fn unblock(&self, user: i64) -> Result<(), Unplayable> {
        self.set_blocked(user, false)
    }

    fn set_blocked(&self, user: i64, blocked: bool) -> Result<(), Unplayable> {
        let now_ms = self.state.now_ms();
        let mut world = self.state.world();
        let known = world.users.get(&user).ok_or(Unplayable::NoPlayer)?;
        if known.blocked == blocked {
            return Ok(());
        }
        world.change_user(user, |user| user.blocked = blocked);
        tell_membership(&mut world, user, user, blocked, now_ms);
        drop(world);
        self.state.changed(Change::Chat { chat: user });
        self.state.ring_updates();
        Ok(())
    }

    /// Changes the language of somebody's client.
    ///
    /// # Errors
    /// `NoPlayer`.
    pub fn set_language(&self, user: i64, language: &str) -> Result<(), Unplayable> {
        let mut world = self.state.world();
        world.users.get(&user).ok_or(Unplayable::NoPlayer)?;
        let language = Some(language).filter(|tag| !tag.is_empty()).map(str::to_owned);
        world.change_user(user, |user| user.language = language);
        drop(world);
        self.state.changed(Change::Chat { chat: user });
        Ok(())
    }

    /// Presses the Stop of a draft that is shown.
    ///
    /// # Errors
    /// `NoDraft` when it is gone or has no Stop.
    pub fn stop_draft(&self, user: i64, chat: i64, draft: i64) -> Result<(), Unplayable> {
        let now_ms = self.state.now_ms();
        let shown =
            self.state.shown().drafts.iter().any(|it| {
                it.chat == chat && it.draft == draft && it.can_stop && it.until_ms > now_ms
            });
        if !shown {
            return Err(Unplayable::NoDraft);
        }
        let mut world = self.state.world();
        super::require_member(&world, user, chat)?;
        let what = json!({"chat": wire::chat(&world, chat), "draft_id": draft});
        let expires_ms = now_ms + CALLBACK_LIFE_MS;
        world.tell(QueueKey::Stop(user), "stopped_message_generation", &what, expires_ms);
        drop(world);
        self.state.ring_updates();
        Ok(())
    }
}

/// Tells the bot that somebody has put it out of a chat, or let it in again.
pub fn tell_membership(world: &mut World, chat: i64, user: i64, is_out: bool, now_ms: i64) {
    let what = json!({
        "chat": wire::chat(world, chat), "from": wire::sender(world, user),
        "date": now_ms / 1000,
        "old_chat_member": wire::bot_member(&world.bot, !is_out),
        "new_chat_member": wire::bot_member(&world.bot, is_out),
    });
    let expires_ms = now_ms + MESSAGE_LIFE_MS;
    world.tell(QueueKey::Membership(chat), "my_chat_member", &what, expires_ms);
}

fn first(numbers: &[i64]) -> Result<i64, Unplayable> {
    numbers.first().copied().ok_or(Unplayable::Nothing)
}
