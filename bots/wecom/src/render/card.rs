//! Cards with buttons, for members and for the bot.
//!
//! Source: developer.work.weixin.qq.com/document/path/90236, `template_card`.

use picdesk_core::channel::{Button, ButtonTarget, OutboundMessage};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::text::{cut, cut_chars, plain};

/// What a card shows without cutting: characters of its title, of what stands under it, and of a
/// button. More is taken, and shown by nobody.
const TITLE_CHARS_MAX: usize = 26;
const UNDER_CHARS_MAX: usize = 112;
const BUTTON_CHARS_MAX: usize = 10;

/// Longest key of a button, bytes.
const KEY_BYTES_MAX: usize = 1024;
/// Longest address, bytes.
const URL_BYTES_MAX: usize = 2048;

/// The words of a card, and whether they are all of the text.
pub(super) struct Words {
    title: String,
    under: String,
    pub whole: bool,
}

impl Words {
    pub fn of(text: &str) -> Self {
        let text = plain(text.trim());
        let (title, under) = text.split_once('\n').unwrap_or((&text, ""));
        let under = under.trim();
        let whole =
            title.chars().count() <= TITLE_CHARS_MAX && under.chars().count() <= UNDER_CHARS_MAX;
        let title = if title.is_empty() { "…" } else { title };
        // A long line alone is better read in the smaller letters.
        let fits_under = under.is_empty() && title.chars().count() <= UNDER_CHARS_MAX;
        if !whole && fits_under {
            return Self { title: String::new(), under: title.to_owned(), whole: true };
        }
        Self {
            title: cut_chars(title, TITLE_CHARS_MAX),
            under: if whole { under.to_owned() } else { String::new() },
            whole,
        }
    }
}

impl Words {
    /// What tells the card whose words stand before it.
    pub fn head(self) -> Self {
        let line = if self.title.is_empty() { &self.under } else { &self.title };
        let title = cut_chars(line, TITLE_CHARS_MAX);
        Self { title, under: String::new(), whole: self.whole }
    }
}

/// A card. Its task's name must never have been used before by this app: it is made of the
/// message's number and a digest of all of it, so that a new house that counts from one again
/// does not meet an old card's name.
pub(super) fn card(message: &OutboundMessage, words: &Words) -> Value {
    let mut card = json!({
        "card_type": "button_interaction",
        "task_id": task_id(message),
        "button_list": buttons(&message.buttons),
    });
    if words.title.is_empty() {
        card["sub_title_text"] = json!(words.under);
    } else {
        card["main_title"] = json!({ "title": words.title });
        if !words.under.is_empty() {
            card["sub_title_text"] = json!(words.under);
        }
    }
    card
}

fn task_id(message: &OutboundMessage) -> String {
    let whole = serde_json::to_vec(message).unwrap_or_default();
    format!("p{}_{}", message.id, hex::encode(&Sha256::digest(whole)[..8]))
}

fn buttons(rows: &[Vec<Button>]) -> Vec<Value> {
    let mut list = Vec::new();
    for button in rows.iter().flatten() {
        let text = cut_chars(&button.label, BUTTON_CHARS_MAX);
        // The first is the one that is meant; the others stand back.
        let style = if list.is_empty() { 1 } else { 2 };
        list.push(match &button.target {
            ButtonTarget::Token(token) => {
                json!({ "type": 0, "text": text, "style": style, "key": cut(token, KEY_BYTES_MAX) })
            }
            ButtonTarget::Url(url) => {
                json!({ "type": 1, "text": text, "style": style, "url": cut(url, URL_BYTES_MAX) })
            }
            // Nothing can be put on a clipboard: it stands in the words.
            ButtonTarget::Copy(_) => continue,
        });
    }
    list
}

/// How many buttons a card would have.
pub(super) fn count(rows: &[Vec<Button>]) -> usize {
    let copies = |button: &&Button| matches!(button.target, ButtonTarget::Copy(_));
    rows.iter().flatten().filter(|button| !copies(button)).count()
}

/// What somebody is to copy, a line each.
pub(super) fn copies(rows: &[Vec<Button>]) -> Vec<String> {
    let copies = |button: &&Button| matches!(button.target, ButtonTarget::Copy(_));
    rows.iter().flatten().filter(copies).filter_map(super::as_line).collect()
}
