//! Pressing: lines of message menus, buttons of cards, the app's menu.

use serde_json::{Value, json};

use super::customer::{kf_chat, write};
use super::member::tell_event;
use super::{Speaker, Unplayable, member_named, speaker};
use crate::wecom::WecomStandIn;
use crate::wecom::bot::open_turn;
use crate::wecom::cards::{Press, presses, words};
use crate::wecom::message::{Author, Content, MenuLine, Message};
use crate::wecom::people::{Chat, Place};
use crate::wecom::record::CodeFor;
use crate::wecom::state::State;
use crate::wecom::world::World;
use crate::wecom::xml::Xml;

/// How long the code of a pressed card is good. Source: document 94888, 72 h.
const CARD_CODE_MS: i64 = 72 * 3_600_000;

/// What came of pressing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pressed {
    /// It was said, as this message.
    Said(i64),
    /// The desk is told.
    Told,
    /// A page opens.
    Opens(String),
}

impl WecomStandIn {
    /// Somebody presses what stands on a message, by its text, its key or its `id`.
    ///
    /// # Errors
    /// `NoChat`, `NoMessage`, `NoButton`.
    pub fn press(
        &self,
        chat: &str,
        who: &str,
        message: i64,
        button: &str,
    ) -> Result<Pressed, Unplayable> {
        let state = &self.state;
        let mut world = state.world();
        let chat = world.chat_named(chat).cloned().ok_or(Unplayable::NoChat)?;
        let speaker = speaker(&world, &chat, who)?;
        let found = world.message(chat.id, message).cloned().ok_or(Unplayable::NoMessage)?;
        if found.from != Author::Desk || found.failed.is_some() {
            return Err(Unplayable::NoButton);
        }
        let pressed = match (&found.content, &speaker) {
            (Content::Menu { lines, .. }, Speaker::Customer(_)) => {
                press_line(state, &mut world, &chat, lines, button)?
            }
            (Content::Card { card, replaced: None }, Speaker::Member(member)) => {
                let userid = member.userid.clone();
                if member.in_wechat && matches!(chat.place, Place::App(_)) {
                    return Err(Unplayable::NoButton);
                }
                press_card(state, &mut world, (&chat, &found), &userid, card, button)?
            }
            (Content::Stream { card: Some(card), .. }, Speaker::Member(member)) => {
                let userid = member.userid.clone();
                press_card(state, &mut world, (&chat, &found), &userid, card, button)?
            }
            _ => return Err(Unplayable::NoButton),
        };
        drop(world);
        if let Pressed::Said(message) = pressed {
            let change = crate::wecom::state::Change::Message { chat: chat.id, message };
            state.changed(change);
        }
        state.ring();
        Ok(pressed)
    }

    /// A member presses the app's menu, by a button's name or key.
    ///
    /// # Errors
    /// `NoPerson`, `NoButton`.
    pub fn press_menu(&self, who: &str, button: &str) -> Result<Pressed, Unplayable> {
        let state = &self.state;
        let mut world = state.world();
        let member = member_named(&world, who)?;
        let menu = world.meta.menu.clone().unwrap_or_default();
        let found = menu_button(&menu, button).cloned().ok_or(Unplayable::NoButton)?;
        let (kind, key, url) =
            (words(&found, "/type"), words(&found, "/key"), words(&found, "/url"));
        let (event, told) = match kind {
            "click" => ("click", key),
            "view" => ("view", url),
            _ => return Err(Unplayable::NoButton),
        };
        tell_event(state, &mut world, &member.userid, event, |it| it.text("EventKey", told));
        drop(world);
        state.ring();
        Ok(if kind == "view" { Pressed::Opens(url.to_owned()) } else { Pressed::Told })
    }
}

/// A button of the app's menu that can be pressed, on either level.
fn menu_button<'a>(menu: &'a Value, named: &str) -> Option<&'a Value> {
    let below = menu.get("button").or_else(|| menu.get("sub_button"))?.as_array()?;
    below.iter().find_map(|button| {
        let is_named = words(button, "/name") == named || words(button, "/key") == named;
        let has_more = button.get("sub_button").is_some();
        if is_named && !has_more { Some(button) } else { menu_button(button, named) }
    })
}

/// Tapping a line says its words, and their `menu_id` with them.
fn press_line(
    state: &State,
    world: &mut World,
    chat: &Chat,
    lines: &[MenuLine],
    button: &str,
) -> Result<Pressed, Unplayable> {
    let is_meant = |line: &&MenuLine| match line {
        MenuLine::Click { id, content } => id == button || content == button,
        other => other.content() == button,
    };
    match lines.iter().find(is_meant).ok_or(Unplayable::NoButton)? {
        MenuLine::Click { id, content } => {
            let (_, kf, customer) = kf_chat(world, &chat.alias)?;
            let fields = json!({"content": content, "menu_id": id});
            let said = ("text", fields, Content::words(content));
            let message = write(state, world, chat, &kf, &customer, said);
            Ok(Pressed::Said(message.id))
        }
        MenuLine::View { url, .. } => Ok(Pressed::Opens(url.clone())),
        MenuLine::Miniprogram { .. } | MenuLine::Text { .. } => Err(Unplayable::NoButton),
    }
}

fn press_card(
    state: &State,
    world: &mut World,
    (chat, message): (&Chat, &Message),
    userid: &str,
    card: &Value,
    button: &str,
) -> Result<Pressed, Unplayable> {
    let found = presses(card).into_iter();
    let mut found = found.filter(|it| it.text == button || it.key.as_deref() == Some(button));
    let found = found.next().ok_or(Unplayable::NoButton)?;
    let Some(key) = found.key.clone() else {
        return found.url.map(Pressed::Opens).ok_or(Unplayable::NoButton);
    };
    if matches!(chat.place, Place::App(_)) {
        tell_app(state, world, (chat, message), userid, card, (&found, &key));
    } else {
        tell_bot(state, world, chat, userid, card, &key);
    }
    Ok(Pressed::Told)
}

/// The options that stand selected on a card: of its one selection.
fn selected(card: &Value) -> Option<(&str, &str)> {
    let question = words(card, "/button_selection/question_key");
    let chosen = words(card, "/button_selection/selected_id");
    let first = words(card, "/button_selection/option_list/0/id");
    let chosen = if chosen.is_empty() { first } else { chosen };
    (!question.is_empty()).then_some((question, chosen))
}

fn tell_app(
    state: &State,
    world: &mut World,
    (chat, message): (&Chat, &Message),
    userid: &str,
    card: &Value,
    (press, key): (&Press, &str),
) {
    let code = state.make_code(world, CodeFor::Card(chat.id, message.id), CARD_CODE_MS);
    let event = if press.in_menu { "template_card_menu_event" } else { "template_card_event" };
    tell_event(state, world, userid, event, |inner| {
        let inner = inner.text("EventKey", key).text("TaskId", words(card, "/task_id"));
        let inner = inner.text("CardType", words(card, "/card_type")).text("ResponseCode", &code);
        match selected(card) {
            None => inner,
            Some((question, option)) => {
                let options = Xml::new().text("OptionId", option);
                let item = Xml::new().text("QuestionKey", question).within("OptionIds", &options);
                inner.within("SelectedItems", &Xml::new().within("SelectedItem", &item))
            }
        }
    });
}

fn tell_bot(state: &State, world: &mut World, chat: &Chat, userid: &str, card: &Value, key: &str) {
    let mut press = json!({
        "card_type": words(card, "/card_type"), "event_key": key,
        "task_id": words(card, "/task_id"),
    });
    if let Some((question, option)) = selected(card) {
        let item = json!({"question_key": question, "option_ids": {"option_id": [option]}});
        press["selected_items"] = json!({"selected_item": [item]});
    }
    let event = json!({"eventtype": "template_card_event", "template_card_event": press});
    let fields = json!({"msgtype": "event", "event": event});
    open_turn(state, world, chat, userid, ("template_card_event", fields));
}
