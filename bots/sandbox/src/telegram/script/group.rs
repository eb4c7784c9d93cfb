//! What happens in groups: operators in their forum, and a group that becomes a supergroup.

use std::time::Duration;

use super::person::tell_membership;
use super::{Say, Unplayable, require_member};
use serde_json::Value;
use tokio::sync::broadcast;

use crate::telegram::TelegramStandIn;
use crate::telegram::journal::Record;
use crate::telegram::message::{Content, Service};
use crate::telegram::methods::apply_topic;
use crate::telegram::people::{Chat, ChatKind, OPERATORS, Topic};
use crate::telegram::queue::{MESSAGE_LIFE_MS, QueueKey};
use crate::telegram::state::Change;
use crate::telegram::world::NewMessage;

/// What an operator does to a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicAction {
    /// Nobody writes in it any more.
    Close,
    /// It is open again.
    Reopen,
    /// It is gone with its messages; the bot is not told.
    Delete,
}

impl TelegramStandIn {
    /// Says words somewhere else than in the private chat.
    ///
    /// # Errors
    /// As [`Self::say`].
    pub fn say_in(&self, user: i64, chat: i64, text: &str) -> Result<i64, Unplayable> {
        let numbers = self.say_words(&Say::text(user, text).in_chat(chat))?;
        numbers.first().copied().ok_or(Unplayable::Nothing)
    }

    /// Says words in a topic of the operators' forum.
    ///
    /// # Errors
    /// As [`Self::say`].
    pub fn operator_says(&self, user: i64, topic: i64, text: &str) -> Result<i64, Unplayable> {
        let say = Say::text(user, text).in_chat(OPERATORS).in_topic(topic);
        self.say_words(&say)?.first().copied().ok_or(Unplayable::Nothing)
    }

    /// Answers a message in the operators' forum, in its topic.
    ///
    /// # Errors
    /// As [`Self::say`].
    pub fn operator_replies(&self, user: i64, message: i64, text: &str) -> Result<i64, Unplayable> {
        let say = Say::text(user, text).in_chat(OPERATORS).replying_to(message);
        self.say_words(&say)?.first().copied().ok_or(Unplayable::Nothing)
    }

    /// Closes, reopens or deletes a topic.
    ///
    /// # Errors
    /// `NoTopic`.
    pub fn change_topic(
        &self,
        user: i64,
        chat: i64,
        topic: i64,
        action: TopicAction,
    ) -> Result<(), Unplayable> {
        let now_ms = self.state.now_ms();
        let mut world = self.state.world();
        let place = require_member(&world, user, chat)?;
        let known = place.topics.get(&topic).filter(|topic| !topic.deleted);
        let mut changed: Topic = known.cloned().ok_or(Unplayable::NoTopic)?;
        let service = match action {
            TopicAction::Close => {
                changed.closed = true;
                Some(Service::TopicClosed)
            }
            TopicAction::Reopen => {
                changed.closed = false;
                Some(Service::TopicReopened)
            }
            TopicAction::Delete => {
                changed.deleted = true;
                None
            }
        };
        apply_topic(&mut world, chat, changed, service, user, now_ms);
        drop(world);
        self.state.changed(Change::Chat { chat });
        self.state.ring_updates();
        Ok(())
    }

    /// Removes the bot from a group, or lets it in again.
    ///
    /// # Errors
    /// `NoChat` when it is no group, or the user not in it.
    pub fn remove_bot(&self, user: i64, chat: i64, removed: bool) -> Result<(), Unplayable> {
        let now_ms = self.state.now_ms();
        let mut world = self.state.world();
        if require_member(&world, user, chat)?.kind == ChatKind::Private {
            return Err(Unplayable::NoChat);
        }
        world.change_chat(chat, |chat| chat.bot_removed = removed);
        tell_membership(&mut world, chat, user, removed, now_ms);
        drop(world);
        self.state.changed(Change::Chat { chat });
        self.state.ring_updates();
        Ok(())
    }

    /// Makes the bot an administrator of a group: from now on it is told of everything there.
    ///
    /// # Errors
    /// `NoChat` when there is no such group.
    pub fn make_bot_admin(&self, group: i64) -> Result<(), Unplayable> {
        let mut world = self.state.world();
        if !world.chats.contains_key(&group) {
            return Err(Unplayable::NoChat);
        }
        world.change_chat(group, |chat| chat.bot_admin = true);
        drop(world);
        self.state.changed(Change::Chat { chat: group });
        Ok(())
    }

    /// Turns a group into a supergroup; answers with its new number. Both chats say so.
    ///
    /// # Errors
    /// `NoChat` when it is no group, `Moved` when it was done before.
    pub fn migrate(&self, group: i64) -> Result<i64, Unplayable> {
        let now_ms = self.state.now_ms();
        let mut world = self.state.world();
        let old = world.chats.get(&group).filter(|chat| chat.kind == ChatKind::Group);
        let old = old.cloned().ok_or(Unplayable::NoChat)?;
        if let Some(to) = old.migrated_to {
            return Err(Unplayable::Moved(to));
        }
        let new = -1_001_000_000_000 - world.next_thing();
        let chat = Chat { id: new, kind: ChatKind::Supergroup, next_message: 1, ..old.clone() };
        world.note(|| Record::Chat(chat.clone()));
        world.chats.insert(new, chat);
        let from = old.members.first().copied().unwrap_or(world.bot.id);
        let post = |world: &mut crate::telegram::world::World, chat, service| {
            let message =
                world.post(NewMessage::new(chat, from, Content::Service(service)), now_ms);
            world.tell_message(&message);
        };
        post(&mut world, group, Service::MigrateTo(new));
        post(&mut world, new, Service::MigrateFrom(group));
        world.change_chat(group, |chat| chat.migrated_to = Some(new));
        drop(world);
        self.state.changed(Change::Chat { chat: group });
        self.state.changed(Change::Chat { chat: new });
        self.state.ring_updates();
        Ok(new)
    }

    /// Delivers the last `count` acknowledged updates once more; answers with how many there were.
    pub fn redeliver(&self, count: usize) -> usize {
        let mut world = self.state.world();
        let again = world.redeliver(count);
        drop(world);
        self.state.ring_updates();
        again
    }

    /// Makes an update of any kind, known or not, in the queue of a chat: what Telegram may send
    /// next year. `what` stands under `kind`.
    pub fn inject(&self, chat: i64, kind: &str, what: &Value) {
        let expires_ms = self.state.now_ms() + MESSAGE_LIFE_MS;
        self.state.world().tell(QueueKey::Chat(chat), kind, what, expires_ms);
        self.state.ring_updates();
    }

    /// Moves the stand-in's clock, and tells watchers.
    pub fn advance(&self, by: Duration) {
        self.clock().advance(by);
        self.state.changed(Change::Clock { now_ms: self.state.now_ms() });
    }

    /// Every change from now on, one by one.
    pub fn watch(&self) -> broadcast::Receiver<Change> {
        self.state.hear_changes()
    }

    /// Lets no update out for a while, by the stand-in's clock.
    pub fn hold_updates(&self, time: Duration) {
        let time_ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let until_ms = self.state.now_ms().saturating_add(time_ms);
        self.state.faults().hold_updates_until_ms = until_ms;
        self.state.ring_updates();
        self.state.changed(Change::Faults {});
    }

    /// Forgets the waits after failed deliveries: everything that waits is due at once.
    pub fn retry_now(&self) {
        self.state.world().queues.retry_now();
        self.state.ring_updates();
    }

    /// Forgets what waits, as Telegram does after a day.
    pub fn forget_updates(&self) {
        let mut world = self.state.world();
        let ids: Vec<i64> = world.queues.iter().map(|update| update.id).collect();
        world.queues.forget(&ids);
        world.note_updates_gone(ids);
    }

    /// How many updates wait to be acknowledged.
    pub fn updates_waiting(&self) -> usize {
        let mut world = self.state.world();
        let expired = world.queues.expire(self.state.now_ms());
        world.note_updates_gone(expired);
        world.queues.len()
    }

    /// Delivered and expired updates.
    pub fn updates_done(&self) -> (u64, u64) {
        let world = self.state.world();
        (world.queues.delivered, world.queues.expired)
    }
}
