//! Messages to customers on WeChat: five after each of theirs, so one message is one send wherever
//! that can be. No markdown, no cards, no edits; a menu is where the buttons are.
//!
//! Source: developer.work.weixin.qq.com/document/path/94677 and 95122.

use picdesk_core::{
    channel::{Button, ButtonTarget, Content, OutboundFile, OutboundMessage, Refusal},
    id::MessageId,
};
use serde_json::{Value, json};

use super::{
    Carried, Names, NoPlan, Plan, Send,
    text::{cut, split},
};
use crate::{
    address::{Address, At},
    call::{Api, Call},
    config::{MENU_BUTTONS_MAX, TEXT_BYTES_MAX},
    parse::menu_id,
};

/// Parts of a text that has no menu: the budget is five, and the picture wants one of them.
const PARTS_MAX: usize = 3;

/// Longest text above a menu, bytes.
const HEAD_BYTES_MAX: usize = 1024;
/// Longest item that is text, and longest one that can be pressed, bytes.
const ITEM_BYTES_MAX: usize = 256;
const CLICK_BYTES_MAX: usize = 128;
/// Longest item that leads somewhere, and its address, bytes.
const VIEW_BYTES_MAX: usize = 1024;
const URL_BYTES_MAX: usize = 2048;
/// Items of a menu; of one that answers an event, as few as can be pressed.
const ITEMS_MAX: usize = 50;
const EVENT_ITEMS_MAX: usize = 10;

/// Renders a message. `house` is in the name of every send. Nothing can be changed once it was
/// sent: what would take the place of an earlier message is a message of its own, and what would
/// only change or remove one is nothing.
///
/// # Errors
/// Where there are no calls to be made.
pub fn render_kf(
    message: &OutboundMessage,
    file: Option<OutboundFile>,
    house: &str,
    now: i64,
) -> Result<Plan, NoPlan> {
    let Some(Address::Customer { account, user }) = Address::of(&message.conversation) else {
        return Err(NoPlan::Refused(Refusal::ConversationGone));
    };
    let names = Names::of(message.id);
    let draft = Draft { message, account: &account, user: &user, house, names };
    draft.render(file, now)
}

struct Draft<'d> {
    message: &'d OutboundMessage,
    account: &'d str,
    user: &'d str,
    house: &'d str,
    names: Names,
}

impl Draft<'_> {
    fn render(mut self, file: Option<OutboundFile>, now: i64) -> Result<Plan, NoPlan> {
        let mut plan = Plan::default();
        let code = self.message.reply_to.as_ref().and_then(code);
        match &self.message.content {
            Content::Text(text) => self.words(&text.text, true, code, &mut plan),
            Content::Picture { caption, .. } | Content::Forward { caption, .. } => {
                Carried::of(file, "image", now).into_plan(&mut plan)?;
                plan.sends.push(self.send("image", &json!({}), true).carrying("image"));
                if !caption.text.is_empty() || !self.message.buttons.iter().all(Vec::is_empty) {
                    self.words(&caption.text, false, None, &mut plan);
                }
            }
            // It goes as a link.
            Content::Original { .. } | Content::Invoice(_) => {
                return Err(NoPlan::Refused(Refusal::Content));
            }
            // A change of hands is a call of another kind than those that say something.
            Content::Buttons
            | Content::Removed { .. }
            | Content::HandOver { .. }
            | Content::HandBack { .. } => return Err(NoPlan::Nothing),
            Content::OpenTopic { .. }
            | Content::CloseTopic
            | Content::ReopenTopic
            | Content::RemoveTopic => {
                return Err(NoPlan::Refused(Refusal::TopicGone));
            }
        }
        Ok(plan)
    }

    fn send(&mut self, kind: &str, content: &Value, essential: bool) -> Send {
        let name = self.names.next(essential);
        let body = json!({
            "touser": self.user,
            "open_kfid": self.account,
            "msgid": name.text(self.house),
            "msgtype": kind,
            kind: content,
        });
        Send::new(Call::post(Api::KfSendMsg, body), name)
    }

    fn send_on_event(&mut self, code: &str, kind: &str, content: &Value) -> Send {
        let name = self.names.next(true);
        let body = json!({
            "code": code,
            "msgid": name.text(self.house),
            "msgtype": kind,
            kind: content,
        });
        Send::new(Call::post(Api::KfSendMsgOnEvent, body), name)
    }

    fn words(&mut self, text: &str, essential: bool, code: Option<&str>, plan: &mut Plan) {
        let has_menu = !self.message.buttons.iter().all(Vec::is_empty);
        match (has_menu, code) {
            (true, None) => {
                let menu = menu(text, &self.message.buttons, ITEMS_MAX, plan);
                plan.sends.push(self.send("msgmenu", &menu, essential));
            }
            (true, Some(code)) => {
                let menu = menu(text, &self.message.buttons, EVENT_ITEMS_MAX, plan);
                plan.sends.push(self.send_on_event(code, "msgmenu", &menu));
            }
            (false, None) => {
                for part in split(text, TEXT_BYTES_MAX, PARTS_MAX) {
                    plan.sends.push(self.send("text", &json!({ "content": part }), essential));
                }
            }
            (false, Some(code)) => {
                let content = json!({ "content": cut(text, TEXT_BYTES_MAX) });
                plan.sends.push(self.send_on_event(code, "text", &content));
            }
        }
    }
}

fn code(id: &MessageId) -> Option<&str> {
    match At::of(id) {
        At::Code(code) => Some(code),
        At::Card(_) | At::Pressed(_) | At::Message(_) | At::Coming { .. } => None,
    }
}

/// Words and buttons in one message. What is too long for the head goes on in items of text; what
/// is too many for the menu is numbered lines below it.
fn menu(text: &str, rows: &[Vec<Button>], items_max: usize, plan: &mut Plan) -> Value {
    let (mut pressed, mut numbered) = (Vec::new(), Vec::new());
    for button in rows.iter().flatten() {
        match item(button) {
            Some(item) if pressed.len() < items_max.min(MENU_BUTTONS_MAX.into()) => {
                pressed.push(item);
            }
            _ => numbered.push(button),
        }
    }
    // The lines above are pressed, and have no numbers.
    let has_number = |button: &&Button| matches!(button.target, ButtonTarget::Token(_));
    if numbered.iter().any(has_number) {
        plan.numbered = vec![String::new(); pressed.len()];
    }
    let mut head = split(text, HEAD_BYTES_MAX, 2);
    let rest = if head.len() > 1 { remainder(text, &head[0]) } else { "" };
    let room = items_max.saturating_sub(pressed.len());
    let mut items: Vec<Value> = Vec::new();
    if !rest.is_empty() && room > 0 {
        let lines = rest.lines().filter(|line| !line.trim().is_empty());
        let parts = lines.flat_map(|line| split(line, ITEM_BYTES_MAX, room));
        items.extend(parts.take(room).map(as_text));
    }
    items.append(&mut pressed);
    for button in numbered {
        if items.len() == items_max {
            break;
        }
        let line = match &button.target {
            ButtonTarget::Token(token) => {
                plan.numbered.push(token.clone());
                let number = plan.numbered.len();
                format!("{number}. {}", button.label)
            }
            ButtonTarget::Url(text) | ButtonTarget::Copy(text) => {
                format!("{}: {text}", button.label)
            }
        };
        items.push(as_text(cut(&line, ITEM_BYTES_MAX)));
    }
    let mut menu = json!({ "list": items });
    if let Some(head) = (!text.is_empty()).then(|| head.swap_remove(0)) {
        menu["head_content"] = json!(head);
    }
    menu
}

/// What follows a first part.
fn remainder<'t>(text: &'t str, first: &str) -> &'t str {
    text.get(first.len()..).unwrap_or_default().trim_start()
}

fn as_text(content: impl AsRef<str>) -> Value {
    let content = content.as_ref();
    json!({ "type": "text", "text": { "content": content } })
}

/// A button as an item that can be pressed, where its token or address can be one.
fn item(button: &Button) -> Option<Value> {
    match &button.target {
        ButtonTarget::Token(token) => {
            let content = cut(&button.label, CLICK_BYTES_MAX);
            let click = json!({ "id": menu_id(token)?, "content": content });
            (!content.is_empty()).then(|| json!({ "type": "click", "click": click }))
        }
        ButtonTarget::Url(url) if url.len() <= URL_BYTES_MAX => {
            let view = json!({ "url": url, "content": cut(&button.label, VIEW_BYTES_MAX) });
            Some(json!({ "type": "view", "view": view }))
        }
        ButtonTarget::Url(_) | ButtonTarget::Copy(_) => None,
    }
}
