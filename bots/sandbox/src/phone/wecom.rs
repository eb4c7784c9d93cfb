//! WeCom on the page: its chats beside Telegram's, what one can do there, and its faults.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::act::read_json;
use super::refusal::Refusal;
use super::{FaultKind, OutsideControl, Phone};
use crate::telegram::Attachment as TelegramAttachment;
use crate::wecom::{Armed, Ended, Fault, Often, Pressed, Reception, Say, Unplayable, WecomStandIn};

/// WeCom's stand-in, when there is one and it has a chat of this number or alias.
pub fn of_chat<'a>(phone: &'a Phone, chat: &str) -> Option<&'a WecomStandIn> {
    phone.wecom.as_ref().filter(|wecom| wecom.chat_id(chat).is_some())
}

/// Says something in a chat of WeCom's.
pub fn say(
    wecom: &WecomStandIn,
    who: String,
    chat: String,
    text: String,
    (reply_to, attachments): (Option<i64>, Vec<TelegramAttachment>),
) -> Result<Json<Value>, Refusal> {
    let mut say = Say { chat, who, text, attachments: Vec::new(), quote: reply_to };
    for file in attachments {
        say = say.with(&file.name, file.bytes);
    }
    let messages = wecom.perform(&say)?;
    Ok(Json(json!({"ok": true, "messages": messages})))
}

/// Presses a line or a button in a chat of WeCom's.
pub fn tap(
    wecom: &WecomStandIn,
    (who, chat): (&str, &str),
    message: i64,
    button: &str,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(match wecom.press(chat, who, message, button)? {
        Pressed::Said(message) => json!({"ok": true, "messages": [message]}),
        Pressed::Told => json!({"ok": true, "callback": null}),
        Pressed::Opens(url) => json!({"ok": true, "url": url}),
    }))
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Act {
    r#do: String,
    r#as: String,
    chat: String,
    message: i64,
    /// A servicer, a member, or a scene.
    with: String,
    /// A scene's parameter, a menu's button, or how a token ends.
    what: String,
    seconds: u64,
    count: usize,
}

/// Everything that is neither saying nor pressing.
pub async fn act(State(phone): State<Phone>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let wecom = phone.wecom.as_ref();
    let wecom = wecom.ok_or_else(|| Refusal::missing("there is no WeCom here"))?;
    let act: Act = read_json(&body)?;
    let done = run(wecom, &act)?;
    done.map(|()| Json(json!({"ok": true}))).map_err(Refusal::from)
}

fn run(wecom: &WecomStandIn, act: &Act) -> Result<Result<(), Unplayable>, Refusal> {
    let Act { chat, with, what, .. } = act;
    let who = if act.r#as.is_empty() { owner(wecom, chat) } else { act.r#as.clone() };
    let account = if chat.starts_with("studio") { "studio" } else { "desk" };
    Ok(match act.r#do.as_str() {
        "enter" => {
            let scene = if with.is_empty() { "sandbox" } else { with };
            wecom.enter_session(&who, account, scene, what).map(drop)
        }
        "open_app" => wecom.open_app(&who),
        "enter_bot_chat" => wecom.enter_bot_chat(&who),
        "press_menu" => wecom.press_menu(&who, what).map(drop),
        "take_back" => wecom.take_back(chat, act.message),
        "take" => wecom.take_session(chat, with),
        "hand" => wecom.hand_session(chat, with),
        "end" => wecom.end_session(chat),
        "close_window" => wecom.close_window(chat),
        "reject" => wecom.reject(chat, true),
        "accept" => wecom.reject(chat, false),
        "receive" => wecom.set_reception(account, with, Reception::Receiving),
        "stop_receiving" => wecom.set_reception(account, with, Reception::Stopped),
        "add_contact" => wecom.add_contact(&who, with, what).map(drop),
        "remove_contact" => wecom.remove_contact(&who, with),
        "read_in_wechat" => wecom.read_in_wechat(&who, true),
        "read_in_wecom" => wecom.read_in_wechat(&who, false),
        "ring" => wecom.ring_doorbell(account, act.count.clamp(1, 100)),
        "end_tokens" => {
            wecom.end_tokens(if what == "expired" { Ended::Expired } else { Ended::Killed });
            Ok(())
        }
        "trust_ip" | "distrust_ip" => {
            wecom.trust_ip(act.r#do == "trust_ip");
            Ok(())
        }
        "hold_callbacks" => {
            wecom.hold_callbacks(Duration::from_secs(act.seconds.max(1)));
            Ok(())
        }
        other => return Err(Refusal::bad(format!("nobody can do {other:?} here"))),
    })
}

/// Whose chat it is.
fn owner(wecom: &WecomStandIn, chat: &str) -> String {
    wecom.players_in(chat).into_iter().next().unwrap_or_default()
}

impl OutsideControl for WecomStandIn {
    fn party(&self) -> &'static str {
        "wecom"
    }

    fn kinds(&self) -> Vec<FaultKind> {
        Fault::all().iter().map(kind_of).collect()
    }

    fn armed(&self) -> Vec<Value> {
        Self::armed(self).iter().map(view).collect()
    }

    fn arm(&self, fault: &Value) -> Result<(), String> {
        let armed = read(fault)?;
        Self::arm(self, armed);
        Ok(())
    }

    fn clear(&self) {
        self.clear_faults();
    }

    fn advance(&self, by: Duration) {
        Self::advance(self, by);
    }
}

fn fields_of(fault: &Fault) -> serde_json::Map<String, Value> {
    match serde_json::to_value(fault) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    }
}

fn kind_of(fault: &Fault) -> FaultKind {
    let takes = fields_of(fault).keys().filter(|name| *name != "what").cloned().collect();
    FaultKind { what: fault.word().to_owned(), says: label(fault).to_owned(), takes }
}

fn label(fault: &Fault) -> &'static str {
    match fault {
        Fault::Errcode { .. } => "Answer with an errcode",
        Fault::ServerError { .. } => "Answer with an error page",
        Fault::DropAnswer => "Take it, drop the answer",
        Fault::DropRequest => "Cut the connection first",
        Fault::GarbledAnswer => "Take it, send half an answer",
        Fault::NotJson => "Take it, answer with HTML",
        Fault::ControlCharacters => "Take it, answer with control characters",
        Fault::Slow { .. } => "Answer slowly",
        Fault::TokenKilled => "Forget the token (40014)",
        Fault::TokenExpired => "Let the token run out (42001)",
        Fault::IpRefused => "Not trust the address (60020)",
        Fault::EmptyPage => "Send an empty page with more to come",
        Fault::ShortPage { .. } => "Send a short page",
        Fault::SendFails { .. } => "Say yes to a customer's message, fail later",
        Fault::SentNowhere => "Say yes to a member's message, drop it",
        Fault::CallbackLost => "Lose a callback",
        Fault::CallbackTwice => "Send a callback twice",
        Fault::CallbackReplayed => "Send the same envelope again",
        Fault::CallbackOvertaken => "Let a callback be overtaken",
        Fault::CallbackUnheard => "Not hear that a callback was taken",
        Fault::SocketCut => "Cut the AI bot's socket",
    }
}

fn view(armed: &Armed) -> Value {
    let mut view = Value::Object(fields_of(&armed.fault));
    let (word, number) = armed.often.shown();
    view[word] = number;
    if let Some(on) = &armed.on {
        view["on"] = json!(on);
    }
    if let Some(who) = &armed.who {
        view["who"] = json!(who);
    }
    view
}

/// Reads the page's words; what a kind needs and the page does not say is as in the kind's sample.
fn read(fault: &Value) -> Result<Armed, String> {
    let what = fault.get("what").and_then(Value::as_str).unwrap_or_default();
    let sample = Fault::all().into_iter().find(|sample| sample.word() == what);
    let sample = sample.ok_or_else(|| format!("unknown fault of wecom: {what:?}"))?;
    let mut fields = fields_of(&sample);
    for (name, value) in &mut fields {
        if let Some(said) = fault.get(name.as_str()) {
            *value = said.clone();
        }
    }
    let kind = serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())?;
    let often = Often::read(fault)?;
    let text = |name: &str| {
        let text = fault.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    Ok(Armed { fault: kind, often, on: text("on"), who: text("who") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_armed_by_its_word_alone_and_reads_back() {
        for kind in Fault::all().iter().map(kind_of) {
            let armed = read(&json!({"party": "wecom", "what": kind.what})).unwrap();
            assert_eq!(view(&armed)["what"], kind.what);
            assert_eq!(view(&armed)["count"], 1);
        }
    }

    #[test]
    fn numbers_scopes_and_chances_are_taken_over() {
        let said = json!({"what": "errcode", "errcode": 45009, "probability": 0.25, "on": "*"});
        let expected = Armed::chance(Fault::Errcode { errcode: 45009 }, 0.25).on("*");
        assert_eq!(read(&said).unwrap(), expected);
        assert!(read(&json!({"what": "sulk"})).is_err());
        assert!(read(&json!({"what": "errcode", "errcode": "many"})).is_err());
    }
}
