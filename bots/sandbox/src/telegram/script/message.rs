//! What a person does to a message that is there.

use serde_json::{Map, Value, json};

use super::{Unplayable, reads, require_member};
use crate::telegram::TelegramStandIn;
use crate::telegram::journal::Record;
use crate::telegram::message::Content;
use crate::telegram::queue::{CALLBACK_LIFE_MS, QueueKey};
use crate::telegram::state::Change;
use crate::telegram::text::typed_words;
use crate::telegram::wire;
use crate::telegram::world::Tap;

impl TelegramStandIn {
    /// Presses a button, named by its text or its data; answers with the callback's id.
    ///
    /// # Errors
    /// When there is no such button, or it carries no data.
    pub fn press(
        &self,
        user: i64,
        chat: i64,
        message: i64,
        button: &str,
    ) -> Result<String, Unplayable> {
        let now_ms = self.state.now_ms();
        let mut world = self.state.world();
        require_member(&world, user, chat)?;
        let pressed = world.message(chat, message).cloned().ok_or(Unplayable::NoMessage)?;
        let text = |button: &Map<String, Value>, name: &str| {
            button.get(name).and_then(|value| value.as_str().map(str::to_owned))
        };
        let mut buttons = pressed.keyboard.iter().flatten();
        let found = buttons.find(|it| {
            let is_named = |name| text(it, name).as_deref() == Some(button);
            is_named("text") || is_named("callback_data")
        });
        let found = found.ok_or(Unplayable::NoButton)?;
        if found.get("disabled").and_then(Value::as_bool) == Some(true) {
            return Err(Unplayable::NoButton);
        }
        let data = text(found, "callback_data").ok_or(Unplayable::NoButton)?;
        let number = world.next_thing();
        let id = format!("{}", 4_000_000_000_000_000_000_i64 + number);
        let tap = Tap { id: id.clone(), user, chat, message, at_ms: now_ms };
        world.note(|| Record::Tap(tap.clone()));
        world.taps.insert(id.clone(), tap);
        let what = json!({
            "id": id, "from": wire::sender(&world, user),
            "message": wire::message(&world, &pressed),
            "chat_instance": format!("{}", 7_000_000_000_000_i64 - chat), "data": data,
        });
        let expires_ms = now_ms + CALLBACK_LIFE_MS;
        world.tell(QueueKey::Callback(user), "callback_query", &what, expires_ms);
        drop(world);
        self.state.ring_updates();
        Ok(id)
    }

    /// Changes the words of one's own message; for a photo its caption.
    ///
    /// # Errors
    /// When it is not theirs.
    pub fn change_text(
        &self,
        user: i64,
        chat: i64,
        message: i64,
        text: &str,
    ) -> Result<(), Unplayable> {
        let mut world = self.state.world();
        require_member(&world, user, chat)?;
        let mut changed = world.message(chat, message).cloned().ok_or(Unplayable::NoMessage)?;
        if changed.from != user {
            return Err(Unplayable::NotTheirs);
        }
        match &mut changed.content {
            Content::Text(words)
            | Content::Photo(_, words)
            | Content::Document(_, words)
            | Content::Other(_, _, words) => *words = typed_words(text),
            Content::Service(_) => return Err(Unplayable::NotTheirs),
        }
        changed.edits += 1;
        changed.edited_at_ms = Some(self.state.now_ms());
        world.keep(&changed);
        if reads(&world, &changed) {
            world.tell_message(&changed);
        }
        drop(world);
        self.state.changed(Change::Message { chat, message });
        self.state.ring_updates();
        Ok(())
    }

    /// Takes a message away; the bot is not told.
    ///
    /// # Errors
    /// When there is no such message.
    pub fn delete(&self, user: i64, chat: i64, message: i64) -> Result<(), Unplayable> {
        let mut world = self.state.world();
        require_member(&world, user, chat)?;
        world.remove_message(chat, message).ok_or(Unplayable::NoMessage)?;
        drop(world);
        self.state.changed(Change::Deleted { chat, message });
        Ok(())
    }
}
