//! Template cards: what they must have, and what on them can be pressed.

use serde_json::Value;

use super::refusal::Refusal;

/// Longest `task_id`, bytes. Source: document 90236.
const TASK_ID_MAX: usize = 128;
/// Longest `key` of a button, bytes. Source: document 90236.
const KEY_MAX: usize = 1024;
/// Most buttons. Source: document 90236.
const BUTTONS_MAX: usize = 6;

/// The words of a field of a card.
pub fn words<'a>(card: &'a Value, path: &str) -> &'a str {
    card.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// Whether pressing something on the card calls the desk back.
pub fn calls_back(card: &Value) -> bool {
    let kind = words(card, "/card_type");
    matches!(kind, "button_interaction" | "vote_interaction" | "multiple_interaction")
        || card.get("action_menu").is_some()
}

/// Holds a card to its limits.
pub fn check(card: &Value) -> Result<(), Refusal> {
    let kind = words(card, "/card_type");
    let notice = matches!(kind, "text_notice" | "news_notice");
    let interaction = ["button_interaction", "vote_interaction", "multiple_interaction"];
    if !notice && !interaction.contains(&kind) {
        return Err(Refusal::parameter("card_type"));
    }
    if notice && card.pointer("/card_action/type").and_then(Value::as_i64).unwrap_or(0) == 0 {
        return Err(Refusal::new(42045, "invalid card_action"));
    }
    if calls_back(card) {
        check_task_id(words(card, "/task_id"))?;
    }
    check_list(card, "/horizontal_content_list", 6)?;
    check_list(card, "/jump_list", 3)?;
    check_list(card, "/action_menu/action_list", 3)?;
    check_list(card, "/button_selection/option_list", 10)?;
    check_list(card, "/checkbox/option_list", 20)?;
    check_list(card, "/select_list", 3)?;
    match kind {
        "button_interaction" => check_buttons(card),
        "vote_interaction" | "multiple_interaction"
            if words(card, "/submit_button/key").is_empty() =>
        {
            Err(Refusal::new(42039, "invalid button key"))
        }
        "news_notice" if card.get("card_image").or(card.get("image_text_area")).is_none() => {
            Err(Refusal::parameter("card_image"))
        }
        _ => Ok(()),
    }
}

fn check_task_id(id: &str) -> Result<(), Refusal> {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'@');
    let fits = !id.is_empty() && id.len() <= TASK_ID_MAX && id.bytes().all(letters);
    fits.then_some(()).ok_or_else(|| Refusal::parameter("task_id"))
}

fn check_list(card: &Value, path: &str, most: usize) -> Result<(), Refusal> {
    let count = card.pointer(path).and_then(Value::as_array).map_or(0, Vec::len);
    if count > most { Err(Refusal::parameter(path)) } else { Ok(()) }
}

fn check_buttons(card: &Value) -> Result<(), Refusal> {
    let buttons = card.get("button_list").and_then(Value::as_array);
    let buttons = buttons.filter(|list| (1..=BUTTONS_MAX).contains(&list.len()));
    let buttons = buttons.ok_or_else(|| Refusal::parameter("button_list"))?;
    let mut keys = Vec::new();
    for button in buttons {
        if words(button, "/text").is_empty() {
            return Err(Refusal::parameter("button_list.text"));
        }
        if button.get("type").and_then(Value::as_i64) == Some(1) {
            if words(button, "/url").is_empty() {
                return Err(Refusal::parameter("button_list.url"));
            }
            continue;
        }
        let key = words(button, "/key");
        if key.is_empty() || key.len() > KEY_MAX || keys.contains(&key) {
            return Err(Refusal::new(42039, "invalid button key"));
        }
        keys.push(key);
    }
    Ok(())
}

/// Something on a card that can be pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Press {
    /// What stands on it.
    pub text: String,
    /// What the desk is told; none for what opens a page.
    pub key: Option<String>,
    /// Where it leads.
    pub url: Option<String>,
    /// It stands in the menu in the corner.
    pub in_menu: bool,
}

/// All that can be pressed, in order.
pub fn presses(card: &Value) -> Vec<Press> {
    let list = |path: &str| {
        let list = card.pointer(path).and_then(Value::as_array);
        list.map_or(&[][..], Vec::as_slice).iter().chain(None)
    };
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let button = |it: &Value, in_menu: bool| Press {
        text: words(it, "/text").to_owned(),
        key: some(words(it, "/key")),
        url: some(words(it, "/url")),
        in_menu,
    };
    let mut presses: Vec<Press> = list("/button_list").map(|it| button(it, false)).collect();
    presses.extend(card.get("submit_button").map(|it| button(it, false)));
    presses.extend(list("/jump_list").map(|it| Press {
        text: words(it, "/title").to_owned(),
        key: None,
        url: some(words(it, "/url")),
        in_menu: false,
    }));
    presses.extend(list("/action_menu/action_list").map(|it| button(it, true)));
    presses
}

/// What the card says, as lines.
pub fn text(card: &Value) -> String {
    let mut lines: Vec<String> = Vec::new();
    for path in [
        "/source/desc",
        "/main_title/title",
        "/main_title/desc",
        "/emphasis_content/title",
        "/emphasis_content/desc",
        "/quote_area/title",
        "/quote_area/quote_text",
        "/sub_title_text",
    ] {
        lines.push(words(card, path).to_owned());
    }
    let rows = card.get("horizontal_content_list").and_then(Value::as_array);
    for row in rows.map_or(&[][..], Vec::as_slice) {
        lines.push(format!("{}: {}", words(row, "/keyname"), words(row, "/value")));
    }
    let rows = card.get("vertical_content_list").and_then(Value::as_array);
    for row in rows.map_or(&[][..], Vec::as_slice) {
        lines.push(format!("{} {}", words(row, "/title"), words(row, "/desc")));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn card() -> Value {
        json!({
            "card_type": "button_interaction", "task_id": "gen_1@a-b",
            "main_title": {"title": "A fox"},
            "button_list": [
                {"text": "Again", "key": "again"},
                {"type": 1, "text": "Open", "url": "https://pictures.example/1"},
            ],
        })
    }

    fn errcode(change: impl FnOnce(&mut Value)) -> i64 {
        let mut card = card();
        change(&mut card);
        check(&card).err().map_or(0, |refusal| refusal.errcode)
    }

    #[test]
    fn a_card_with_buttons_needs_a_task_and_keys_of_their_own() {
        assert_eq!(errcode(|_| {}), 0);
        assert_eq!(errcode(|card| card["task_id"] = json!("no spaces")), 40058);
        assert_eq!(errcode(|card| card["task_id"] = json!("")), 40058);
        let same = json!([{"text": "a", "key": "x"}, {"text": "b", "key": "x"}]);
        assert_eq!(errcode(|card| card["button_list"] = same), 42039);
        let seven: Vec<Value> =
            (0..7).map(|at| json!({"text": "a", "key": at.to_string()})).collect();
        assert_eq!(errcode(|card| card["button_list"] = json!(seven)), 40058);
        assert_eq!(errcode(|card| card["card_type"] = json!("text_notice")), 42045);
    }

    #[test]
    fn what_can_be_pressed_is_told_apart_from_what_opens_a_page() {
        let presses = presses(&card());
        assert_eq!(presses[0].key.as_deref(), Some("again"));
        assert_eq!(presses[1].key, None);
        assert!(presses[1].url.is_some());
        assert_eq!(text(&card()), "A fox");
    }
}
