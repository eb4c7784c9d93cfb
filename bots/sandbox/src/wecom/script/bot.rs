//! A member and the AI bot.

use serde_json::{Value, json};

use super::{Say, Unplayable, keep, member_named, post};
use crate::wecom::WecomStandIn;
use crate::wecom::bot::{IN_PROGRESS_MAX, in_progress, open_turn};
use crate::wecom::message::{Author, Content, Message, Stored};
use crate::wecom::people::{Chat, Member, Place};
use crate::wecom::record::Record;
use crate::wecom::state::State;
use crate::wecom::world::World;

/// A day, ms.
const DAY_MS: i64 = 86_400_000;

/// Says something to the bot: words, a picture, both, or with a quotation.
pub fn speak(
    state: &State,
    world: &mut World,
    chat: &Chat,
    member: &Member,
    say: &Say,
) -> Result<Message, Unplayable> {
    let is_group = matches!(chat.place, Place::BotGroup(..));
    let mention = format!("@{}", state.options.bot.name);
    let author = Author::Member(member.userid.clone());
    if is_group && !say.text.contains(&mention) {
        // The bot hears only what is said to it; a file in a group never is.
        let content = match say.attachments.first() {
            Some(file) => keep(state, world, file)?.1,
            None => Content::words(&say.text),
        };
        return Ok(post(state, world, chat, author, content, ""));
    }
    if in_progress(world, &member.userid, state.now_ms()) >= IN_PROGRESS_MAX {
        return Err(Unplayable::Busy);
    }
    let mut files: Vec<(&'static str, Stored)> = Vec::new();
    for file in &say.attachments {
        let content = keep(state, world, file)?.1;
        let (Content::Image(stored) | Content::File(_, stored)) = content else {
            return Err(Unplayable::NotThere);
        };
        files.push((file.kind(), stored));
    }
    let (kind, mut fields, content) = read(&say.text, &files, is_group)?;
    fields["msgtype"] = json!(kind);
    if let Some(quoted) = say.quote {
        let quoted = world.message(chat.id, quoted).ok_or(Unplayable::NoMessage)?;
        fields["quote"] = quote(quoted);
    }
    let msgid = open_turn(state, world, chat, &member.userid, (kind, fields));
    let message = post(state, world, chat, author, content, &msgid);
    world.change_message(chat.id, message.id, |it| it.quote = say.quote);
    Ok(message)
}

fn blob(stored: &Stored) -> Value {
    json!({"url": format!("blob:{}", stored.blob)})
}

/// What the message is on the wire, and in the chat.
fn read(
    text: &str,
    files: &[(&'static str, Stored)],
    is_group: bool,
) -> Result<(&'static str, Value, Content), Unplayable> {
    let pictures = || files.iter().map(|(_, stored)| stored.clone()).collect::<Vec<_>>();
    match files {
        [] => Ok(("text", json!({"text": {"content": text}}), Content::words(text))),
        [(kind, stored)] if text.is_empty() && !is_group => {
            let content = match *kind {
                "image" => Content::Image(stored.clone()),
                kind => Content::File(kind.to_owned(), stored.clone()),
            };
            // A voice is transcribed before the bot hears of it.
            let inner = match *kind {
                "voice" => json!({"content": "(voice)"}),
                _ => blob(stored),
            };
            Ok((kind, json!({ *kind: inner }), content))
        }
        files if files.iter().all(|(kind, _)| *kind == "image") => {
            let mut items = Vec::new();
            if !text.is_empty() {
                items.push(json!({"msgtype": "text", "text": {"content": text}}));
            }
            let images = files.iter();
            items.extend(images.map(|(_, it)| json!({"msgtype": "image", "image": blob(it)})));
            let content = Content::Mixed { text: text.to_owned(), pictures: pictures() };
            Ok(("mixed", json!({"mixed": {"msg_item": items}}), content))
        }
        _ => Err(Unplayable::NotThere),
    }
}

/// A message as it is quoted.
fn quote(message: &Message) -> Value {
    let words = |text: &str| json!({"msgtype": "text", "text": {"content": text}});
    match &message.content {
        Content::Text { text, .. } | Content::Stream { text, .. } => words(text),
        Content::Image(stored) => json!({"msgtype": "image", "image": blob(stored)}),
        Content::File(kind, stored) if kind == "video" => {
            json!({"msgtype": "video", "video": blob(stored)})
        }
        Content::File(_, stored) => json!({"msgtype": "file", "file": blob(stored)}),
        Content::Mixed { text, pictures } => {
            let mut items = vec![words(text)];
            items.extend(pictures.iter().map(|it| json!({"msgtype": "image", "image": blob(it)})));
            json!({"msgtype": "mixed", "mixed": {"msg_item": items}})
        }
        _ => words(""),
    }
}

impl WecomStandIn {
    /// A member enters the chat with the bot, for the first time today.
    ///
    /// # Errors
    /// `NoPerson`, `NoChat`, `EnteredToday`.
    pub fn enter_bot_chat(&self, who: &str) -> Result<(), Unplayable> {
        let state = &self.state;
        let mut world = state.world();
        let member = member_named(&world, who)?;
        let chat = world.chat_at(&Place::Bot(member.userid.clone())).cloned();
        let chat = chat.ok_or(Unplayable::NoChat)?;
        let today = format!("entered {}", state.now_ms() / DAY_MS);
        if world.used.contains(&(today.clone(), member.userid.clone())) {
            return Err(Unplayable::EnteredToday);
        }
        world.keep(Record::Used(today, member.userid.clone()));
        let event = json!({"msgtype": "event", "event": {"eventtype": "enter_chat"}});
        open_turn(state, &mut world, &chat, &member.userid, ("enter_chat", event));
        drop(world);
        state.ring();
        Ok(())
    }

    /// A member says how good an answer was: 1 good, 2 bad, 3 neither any more.
    ///
    /// # Errors
    /// `NoPerson`, `NoChat`.
    pub fn rate_answer(
        &self,
        chat: &str,
        who: &str,
        feedback: &str,
        rating: i64,
    ) -> Result<(), Unplayable> {
        let state = &self.state;
        let mut world = state.world();
        let chat = world.chat_named(chat).cloned().ok_or(Unplayable::NoChat)?;
        let member = member_named(&world, who)?;
        let event = json!({
            "eventtype": "feedback_event",
            "feedback_event": {"id": feedback, "type": rating, "content": ""},
        });
        let fields = json!({"msgtype": "event", "event": event});
        open_turn(state, &mut world, &chat, &member.userid, ("feedback_event", fields));
        drop(world);
        state.ring();
        Ok(())
    }
}
