//! The bot's frames.
//!
//! Source: developer.work.weixin.qq.com/document/path/101031 and 101138.

use picdesk_core::channel::{Button, OutboundMessage, Text};
use serde_json::{Value, json};

use super::{
    as_line,
    card::{self, Words},
    text::{cut, stream_markdown},
    tokens,
};
use crate::{
    config::{CARD_BUTTONS_MAX, STREAM_BYTES_MAX},
    streams::Picture,
};

/// A text with further lines, as the stream's markdown.
#[must_use]
pub fn words(text: &Text, more: &[String]) -> String {
    let mut words = stream_markdown(text);
    for line in more {
        words.push('\n');
        words.push_str(&stream_markdown(&Text::plain(line.clone())));
    }
    words
}

/// Lines in the place of buttons that no card can have, and the tokens of those among them that
/// are answered by a number.
#[must_use]
pub fn numbered(buttons: &[Vec<Button>]) -> (Vec<String>, Vec<String>) {
    let mut lines = card::copies(buttons);
    if card::count(buttons) <= CARD_BUTTONS_MAX.into() {
        return (lines, Vec::new());
    }
    numbers(buttons, &mut lines)
}

/// All buttons as lines: where there is no card at all.
#[must_use]
pub fn all_numbered(buttons: &[Vec<Button>]) -> (Vec<String>, Vec<String>) {
    numbers(buttons, &mut card::copies(buttons))
}

fn numbers(buttons: &[Vec<Button>], lines: &mut Vec<String>) -> (Vec<String>, Vec<String>) {
    let mut numbered = Vec::new();
    for (number, (label, token)) in (1..).zip(tokens(buttons)) {
        lines.push(format!("{number}. {label}"));
        numbered.push(token.to_owned());
    }
    let copies = card::copies(buttons);
    let addresses = buttons.iter().flatten().filter_map(as_line);
    lines.extend(addresses.filter(|line| !copies.contains(line)));
    (std::mem::take(lines), numbered)
}

/// The card with a message's buttons, where one has room for them.
#[must_use]
pub fn card_of(message: &OutboundMessage, text: &Text) -> Option<Value> {
    let buttons = card::count(&message.buttons);
    let fits = (1..=CARD_BUTTONS_MAX.into()).contains(&buttons);
    fits.then(|| card::card(message, &Words::of(&text.text)))
}

/// What an answer says so far: all of it, each time.
#[must_use]
pub fn open_frame(id: &str, content: &str) -> Value {
    let content = cut(content, STREAM_BYTES_MAX);
    json!({ "msgtype": "stream", "stream": { "id": id, "finish": false, "content": content } })
}

/// What an answer says in the end. Pictures can only be here.
#[must_use]
pub fn final_frame(id: &str, content: &str, pictures: &[Picture], card: Option<&Value>) -> Value {
    let content = cut(content, STREAM_BYTES_MAX);
    let mut stream = json!({ "id": id, "finish": true, "content": content });
    if !pictures.is_empty() {
        let items = pictures.iter().map(|picture| {
            let image = json!({ "base64": picture.base64, "md5": picture.md5 });
            json!({ "msgtype": "image", "image": image })
        });
        stream["msg_item"] = items.collect();
    }
    match card {
        None => json!({ "msgtype": "stream", "stream": stream }),
        Some(card) => json!({
            "msgtype": "stream_with_template_card",
            "stream": stream,
            "template_card": card,
        }),
    }
}

/// A later answer: words only.
#[must_use]
pub fn response(text: &Text, more: &[String]) -> Value {
    let content = cut(&words(text, more), STREAM_BYTES_MAX);
    json!({ "msgtype": "markdown", "markdown": { "content": content } })
}

/// A card whose button was pressed: it says so, and keeps its buttons. What stood there stands in
/// the answer above it too.
#[must_use]
pub fn pressed(card: &Value, key: &str, answer: &str) -> Value {
    let buttons = card["button_list"].as_array();
    let button = buttons.and_then(|list| list.iter().find(|button| button["key"] == key));
    let label = button.and_then(|button| button["text"].as_str()).unwrap_or_default();
    let mut card = card.clone();
    card["sub_title_text"] = format!("✓ {label} · {answer}").into();
    card
}

/// The answer to a press: the card in the place of the one that was pressed. Source: 101027.
#[must_use]
pub fn card_update(card: &Value) -> Value {
    json!({ "response_type": "update_template_card", "template_card": card })
}

/// The greeting of somebody who opens the chat. Source: 101138.
#[must_use]
pub fn greeting(words: &str) -> Value {
    json!({ "msgtype": "text", "text": { "content": words } })
}
