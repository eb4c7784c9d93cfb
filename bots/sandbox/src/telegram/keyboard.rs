//! Inline keyboards: what Telegram accepts under a message.

use serde_json::{Map, Value};

use super::message::Keyboard;
use super::refusal::Refusal;
use super::request::Params;

/// Longest `callback_data`, bytes. Source: Bot API, InlineKeyboardButton.
const CALLBACK_DATA_MAX: usize = 64;
/// Most buttons under a message. Source: python-telegram-bot constants.
const BUTTONS_MAX: usize = 100;
/// Longest `copy_text`, characters. Source: Bot API, CopyTextButton.
const COPY_TEXT_MAX: usize = 256;

const ACTIONS: [&str; 10] = [
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
];

/// Reads `reply_markup`; other kinds than inline keyboards leave no buttons under the message.
pub fn read_keyboard(params: &Params) -> Result<Keyboard, Refusal> {
    let Some(markup) = params.json("reply_markup")? else {
        return Ok(Vec::new());
    };
    let Value::Object(markup) = markup else {
        return Err(Refusal::bad("object expected as reply markup"));
    };
    let Some(rows) = markup.get("inline_keyboard") else {
        return Ok(Vec::new());
    };
    let unreadable = || Refusal::bad("can't parse inline keyboard: expected an Array of Arrays");
    let rows = rows.as_array().ok_or_else(unreadable)?;
    let mut keyboard = Keyboard::new();
    let mut count = 0;
    for row in rows {
        let mut buttons = Vec::new();
        for button in row.as_array().ok_or_else(unreadable)? {
            let button = button.as_object().ok_or_else(unreadable)?;
            check_button(button)?;
            buttons.push(button.clone());
            count += 1;
        }
        if !buttons.is_empty() {
            keyboard.push(buttons);
        }
    }
    if count > BUTTONS_MAX {
        return Err(Refusal::bad("reply markup is too long"));
    }
    Ok(keyboard)
}

fn check_button(button: &Map<String, Value>) -> Result<(), Refusal> {
    let text = |key: &str| button.get(key).and_then(Value::as_str);
    if text("text").is_none_or(|text| text.trim().is_empty()) {
        return Err(Refusal::bad("can't parse inline keyboard button: Text buttons are required"));
    }
    let actions = ACTIONS.iter().filter(|action| button.contains_key(**action)).count();
    let disabled = button.get("disabled").and_then(Value::as_bool) == Some(true);
    if actions != 1 && !(disabled && actions == 0) {
        return Err(Refusal::bad(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ));
    }
    if button.contains_key("callback_data") {
        let bytes = text("callback_data").map_or(0, str::len);
        if bytes == 0 || bytes > CALLBACK_DATA_MAX {
            return Err(Refusal::bad("BUTTON_DATA_INVALID"));
        }
    }
    if let Some(url) = text("url") {
        // The official server also refuses loopback addresses; in a sandbox all pages are there.
        let scheme_known = ["http", "https", "tg", "mailto", "tel"];
        let known = url::Url::parse(url).is_ok_and(|url| scheme_known.contains(&url.scheme()));
        if !known {
            return Err(Refusal::bad("BUTTON_URL_INVALID"));
        }
    }
    if let Some(copy) = button.get("copy_text") {
        let length =
            copy.get("text").and_then(Value::as_str).map_or(0, |text| text.chars().count());
        if length == 0 || length > COPY_TEXT_MAX {
            return Err(Refusal::bad("BUTTON_COPY_TEXT_INVALID"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keyboard(button: &Value) -> Result<Keyboard, Refusal> {
        let fields = json!({"reply_markup": {"inline_keyboard": [[button]]}});
        read_keyboard(&Params::of(fields.as_object().unwrap().clone()))
    }

    #[test]
    fn callback_data_is_limited_in_bytes() {
        let fits = "画".repeat(21);
        assert!(keyboard(&json!({"text": "a", "callback_data": fits})).is_ok());
        let long = "画".repeat(22);
        let refusal = keyboard(&json!({"text": "a", "callback_data": long})).unwrap_err();
        assert_eq!(refusal.description, "Bad Request: BUTTON_DATA_INVALID");
    }

    #[test]
    fn a_button_does_exactly_one_thing() {
        assert!(keyboard(&json!({"text": "a"})).is_err());
        let two = json!({"text": "a", "callback_data": "x", "url": "https://example.org"});
        assert!(keyboard(&two).is_err());
    }
}
