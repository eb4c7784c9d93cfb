//! The app's own messages: to members, changed, taken back; and its menu.

#![expect(clippy::unnecessary_wraps, reason = "all paths have one signature")]

use serde_json::{Value, json};

use super::cards;
use super::content::{self, Body};
use super::faults::Occasion;
use super::message::{Author, Content};
use super::methods::Call;
use super::people::Place;
use super::record::{CodeFor, Record};
use super::refusal::Refusal;
use super::state::{Change, State};
use super::world::World;
use crate::blobs::name_of_bytes;

/// Most members named in one call. Source: document 90236.
const RECEIVERS_MAX: usize = 1_000;
/// How long a card can be changed with one code. Source: document 94888, 72 h.
const CARD_CODE_MS: i64 = 72 * 3_600_000;
/// How long a message can be taken back. Source: document 94867, 24 h.
const RECALL_MS: i64 = 24 * 3_600_000;
/// For how long the same request is one, unless said otherwise. Source: document 90236, 1800 s.
const SAME_S: i64 = 1_800;
/// The longest such time. Source: document 90236, 4 h.
const SAME_S_MAX: i64 = 14_400;

/// Who a message goes to, and who it does not reach.
#[derive(Debug, Default)]
struct Receivers {
    reached: Vec<String>,
    /// In lower case, as the answer has them.
    invalid: Vec<String>,
    unlicensed: Vec<String>,
}

fn require_agent(state: &State, call: &Call) -> Result<(), Refusal> {
    match call.body.get("agentid").map(|it| it.as_i64().or_else(|| it.as_str()?.parse().ok())) {
        Some(Some(agent)) if agent == state.options.agent_id => Ok(()),
        Some(Some(_)) => {
            Err(Refusal::new(301_002, "not allow operate another agent with this token"))
        }
        _ => Err(Refusal::new(40056, "invalid agentid")),
    }
}

fn receivers(world: &World, body: &Value) -> Result<Receivers, Refusal> {
    let named = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let touser = named("touser");
    if touser.is_empty() && named("toparty").is_empty() && named("totag").is_empty() {
        return Err(Refusal::new(40003, "touser, toparty and totag are all empty"));
    }
    let everyone = touser == "@all" || touser.is_empty();
    let names: Vec<&str> = if everyone {
        world.members.keys().map(String::as_str).collect()
    } else {
        touser.split('|').filter(|name| !name.is_empty()).collect()
    };
    if names.len() > RECEIVERS_MAX {
        return Err(Refusal::new(40032, "invalid userid list length"));
    }
    let mut receivers = Receivers::default();
    for name in names {
        match world.member(name) {
            Some(it) if it.visible && it.licensed => receivers.reached.push(it.userid.clone()),
            Some(it) if it.visible => receivers.unlicensed.push(it.userid.to_lowercase()),
            _ => receivers.invalid.push(name.to_lowercase()),
        }
    }
    receivers.reached.dedup();
    if receivers.reached.is_empty() && receivers.unlicensed.is_empty() {
        return Err(Refusal::new(81013, "user & party & tag all invalid"));
    }
    Ok(receivers)
}

/// `message/send`.
pub fn send(state: &State, call: &Call) -> Result<Value, Refusal> {
    require_agent(state, call)?;
    let mut world = state.world();
    let receivers = receivers(&world, &call.body)?;
    let content = content::read(state, &world, &Body::App(&call.body))?;
    let same = known_request(state, &world, call)?;
    let answer = |msgid: &str, code: Option<&str>| {
        let mut answer = json!({
            "invaliduser": receivers.invalid.join("|"), "invalidparty": "", "invalidtag": "",
            "unlicenseduser": receivers.unlicensed.join("|"), "msgid": msgid,
        });
        if let Some(code) = code {
            answer["response_code"] = json!(code);
        }
        answer
    };
    if let Some(Same::Known(msgid)) = &same {
        // It is not delivered again, and counts all the same.
        for userid in &receivers.reached {
            state.within_member(userid);
        }
        state.counters.lock().repeated += 1;
        return Ok(answer(msgid, None));
    }
    if let Content::Card { card, .. } = &content {
        keep_task(state, &mut world, card)?;
    }
    let msgid = format!("{}{:x}", state.word(24), world.next());
    if let Some(Same::New(scope)) = same {
        world.keep(Record::Used(scope, format!("{} {msgid}", state.now_ms())));
    }
    let code = deliver(state, &mut world, &receivers.reached, &content, &msgid);
    drop(world);
    Ok(answer(&msgid, code.as_deref()))
}

/// A card's task is its own for ever, and pressing it needs somebody to tell.
fn keep_task(state: &State, world: &mut World, card: &Value) -> Result<(), Refusal> {
    if !cards::calls_back(card) {
        return Ok(());
    }
    if state.options.callback_needed && world.meta.callback_url.is_none() {
        return Err(Refusal::new(43012, "the app has no callback url"));
    }
    let task = cards::words(card, "/task_id").to_owned();
    if world.used.contains(&("task".to_owned(), task.clone())) {
        return Err(Refusal::new(40058, "invalid Request Parameter: task_id is repeated"));
    }
    world.keep(Record::Used("task".into(), task));
    Ok(())
}

/// Puts a message into each receiver's chat, as far as their minute allows.
fn deliver(
    state: &State,
    world: &mut World,
    receivers: &[String],
    content: &Content,
    msgid: &str,
) -> Option<String> {
    let mut code = None;
    for userid in receivers {
        let nowhere = state.strike(Occasion::AppSend, "message/send", &[userid]).is_some();
        // What is too much for a member is dropped without a word. Source: document 90454.
        if nowhere || !state.within_member(userid) {
            state.counters.lock().dropped += 1;
            continue;
        }
        let name = world.members.get(userid).map(|it| it.name.clone()).unwrap_or_default();
        let chat = world.require_chat(&Place::App(userid.clone()), &name);
        let message = world.post(chat, Author::Desk, content.clone(), msgid, state.now_ms());
        if matches!(content, Content::Card { card, .. } if cards::calls_back(card)) {
            let purpose = CodeFor::Card(chat, message.id);
            code.get_or_insert_with(|| state.make_code(world, purpose, CARD_CODE_MS));
        }
        state.changed_message(&message);
    }
    code
}

/// Whether a request that asked for the check was made before.
enum Same {
    Known(String),
    New(String),
}

fn known_request(state: &State, world: &World, call: &Call) -> Result<Option<Same>, Refusal> {
    if call.body.get("enable_duplicate_check").and_then(Value::as_i64) != Some(1) {
        return Ok(None);
    }
    let interval_s = call.body.get("duplicate_check_interval").map_or(Some(SAME_S), Value::as_i64);
    let interval_s = interval_s.filter(|it| (1..=SAME_S_MAX).contains(it));
    let interval_s = interval_s.ok_or_else(|| Refusal::parameter("duplicate_check_interval"))?;
    let scope = format!("same {}", name_of_bytes(&call.raw));
    let since_ms = state.now_ms() - interval_s * 1000;
    // What was dropped without a word was taken all the same.
    let made = world.used.iter().filter(|(named, _)| *named == scope);
    let mut made = made.filter_map(|(_, made)| made.split_once(' '));
    let is_recent = |at_ms: &str| at_ms.parse().is_ok_and(|at_ms: i64| at_ms > since_ms);
    let known = made.find(|(at_ms, _)| is_recent(at_ms));
    Ok(Some(known.map_or(Same::New(scope), |(_, msgid)| Same::Known(msgid.to_owned()))))
}

/// `message/update_template_card`.
pub fn update_card(state: &State, call: &Call) -> Result<Value, Refusal> {
    require_agent(state, call)?;
    let now_ms = state.now_ms();
    let mut world = state.world();
    let code = call.body.get("response_code").and_then(Value::as_str).unwrap_or_default();
    let purpose = world.live_code(code, now_ms).map(|it| it.purpose.clone());
    let Some(CodeFor::Card(chat, message)) = purpose else {
        return Err(Refusal::new(42014, "invalid response_code"));
    };
    let replace = call.body.pointer("/button/replace_name").and_then(Value::as_str);
    let card = call.body.get("template_card");
    if replace.is_none() && card.is_none() {
        return Err(Refusal::parameter("button or template_card"));
    }
    if let Some(card) = card {
        cards::check(card)?;
    }
    let msgid = world.message(chat, message).map(|it| it.msgid.clone()).unwrap_or_default();
    let targets = card_targets(&world, &call.body, &msgid);
    let code = code.to_owned();
    world.use_code(&code);
    for (chat, id) in &targets {
        world.change_message(*chat, *id, |message| {
            change_card(message, card, replace);
            message.edits += 1;
            message.edited_at_ms = Some(now_ms);
        });
    }
    drop(world);
    for (chat, message) in targets {
        state.changed(Change::Message { chat, message });
    }
    Ok(json!({"invaliduser": []}))
}

/// The copies of a card that a call means: those of the members it names, or all.
fn card_targets(world: &World, body: &Value, msgid: &str) -> Vec<(i64, i64)> {
    let everyone = body.get("atall").and_then(Value::as_i64) == Some(1);
    let named: Vec<&str> = match body.get("userids").and_then(Value::as_array) {
        Some(list) => list.iter().filter_map(Value::as_str).collect(),
        None => Vec::new(),
    };
    let is_meant = |chat: i64| match world.chats.get(&chat).map(|it| &it.place) {
        Some(Place::App(userid)) => {
            everyone || named.iter().any(|name| userid.eq_ignore_ascii_case(name))
        }
        _ => false,
    };
    let copies = world.messages.values().flat_map(std::collections::BTreeMap::values);
    let copies = copies.filter(|it| it.msgid == msgid && is_meant(it.chat));
    copies.map(|it| (it.chat, it.id)).collect()
}

fn change_card(message: &mut super::message::Message, card: Option<&Value>, replace: Option<&str>) {
    if let Content::Card { card: old, replaced } = &mut message.content {
        if let Some(card) = card {
            *old = card.clone();
        }
        let text = card.and_then(|card| card.get("replace_text")).and_then(Value::as_str);
        *replaced = replace.or(text).map(str::to_owned);
    }
}

/// `message/recall`.
pub fn recall(state: &State, call: &Call) -> Result<Value, Refusal> {
    let now_ms = state.now_ms();
    let msgid = call.body.get("msgid").and_then(Value::as_str).unwrap_or_default();
    let mut world = state.world();
    let copies = world.messages.values().flat_map(std::collections::BTreeMap::values);
    let copies = copies.filter(|it| it.msgid == msgid && it.from == Author::Desk);
    let copies = copies.filter(|it| now_ms < it.at_ms + RECALL_MS);
    let copies: Vec<(i64, i64)> = copies.map(|it| (it.chat, it.id)).collect();
    if copies.is_empty() {
        return Err(Refusal::parameter("msgid"));
    }
    for (chat, id) in &copies {
        world.change_message(*chat, *id, |message| {
            message.content = Content::Service("the desk took a message back".into());
            message.edited_at_ms = Some(now_ms);
        });
    }
    drop(world);
    for (chat, message) in copies {
        state.changed(Change::Message { chat, message });
    }
    Ok(json!({}))
}

/// `menu/create`: at most three buttons of at most five each. Source: document 90231.
pub fn menu_create(state: &State, call: &Call) -> Result<Value, Refusal> {
    let buttons = call.body.get("button").and_then(Value::as_array);
    let buttons = buttons.filter(|list| (1..=3).contains(&list.len()));
    let buttons = buttons.ok_or_else(|| Refusal::new(40016, "invalid button size"))?;
    let is_crowded = |button: &Value| {
        button.get("sub_button").and_then(Value::as_array).is_some_and(|list| list.len() > 5)
    };
    if buttons.iter().any(is_crowded) {
        return Err(Refusal::new(40023, "invalid sub button size"));
    }
    state.world().change_meta(|meta| meta.menu = Some(call.body.clone()));
    Ok(json!({}))
}

/// `menu/get`.
pub fn menu_get(state: &State, _: &Call) -> Result<Value, Refusal> {
    let menu = state.world().meta.menu.clone();
    menu.ok_or_else(|| Refusal::new(46003, "menu not exist"))
}

/// `menu/delete`.
pub fn menu_delete(state: &State, _: &Call) -> Result<Value, Refusal> {
    state.world().change_meta(|meta| meta.menu = None);
    Ok(json!({}))
}
