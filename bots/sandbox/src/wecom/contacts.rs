//! External contacts: ways to become one, who they are, and their welcome.

use serde_json::{Value, json};

use super::message::{Author, Content};
use super::methods::Call;
use super::people::Place;
use super::record::{CodeFor, Record, Way};
use super::refusal::Refusal;
use super::state::State;

/// Longest `state`, characters. Source: document 92228.
const STATE_MAX: usize = 30;
/// Longest welcome, bytes. Source: document 92137.
const WELCOME_MAX: usize = 4_000;
/// Most attachments of a welcome. Source: document 92137.
const ATTACHMENTS_MAX: usize = 9;

/// `externalcontact/add_contact_way`.
pub fn add_contact_way(state: &State, call: &Call) -> Result<Value, Refusal> {
    let number = |name: &str| call.body.get(name).and_then(Value::as_i64);
    let text = |name: &str| call.body.get(name).and_then(Value::as_str).unwrap_or_default();
    let (Some(kind @ 1..=2), Some(scene @ 1..=2)) = (number("type"), number("scene")) else {
        return Err(Refusal::new(41037, "invalid type or scene of contact way"));
    };
    if [text("state"), text("remark")].iter().any(|it| it.chars().count() > STATE_MAX) {
        return Err(Refusal::parameter("state or remark"));
    }
    let users = call.body.get("user").and_then(Value::as_array);
    let users: Vec<&str> =
        users.map_or(&[][..], Vec::as_slice).iter().filter_map(Value::as_str).collect();
    if users.is_empty() || (kind == 1 && users.len() != 1) {
        return Err(Refusal::new(40031, "invalid userid list"));
    }
    let mut world = state.world();
    let mut userids = Vec::new();
    for user in users {
        let member = world.member(user).filter(|it| it.visible);
        let member = member.ok_or_else(|| Refusal::new(41054, "member not activated"))?;
        userids.push(member.userid.clone());
    }
    let name = format!("{}{:x}", state.word(28), world.next());
    let way = Way { name: name.clone(), open_kfid: None, scene: text("state").to_owned(), userids };
    world.keep(Record::Way(way));
    let mut answer = json!({"config_id": name});
    if scene == 2 {
        answer["qr_code"] = json!(format!("{}/qr/{name}", state.base_url));
    }
    Ok(answer)
}

/// `externalcontact/get_contact_way`.
pub fn get_contact_way(state: &State, call: &Call) -> Result<Value, Refusal> {
    let id = call.body.get("config_id").and_then(Value::as_str).unwrap_or_default();
    let world = state.world();
    let way = world.ways.get(id).filter(|way| way.open_kfid.is_none());
    let way = way.ok_or_else(|| Refusal::new(41044, "contact way not exist"))?;
    Ok(json!({"contact_way": {
        "config_id": id, "type": if way.userids.len() == 1 { 1 } else { 2 }, "scene": 2,
        "state": way.scene, "user": way.userids,
        "qr_code": format!("{}/qr/{id}", state.base_url),
    }}))
}

/// `externalcontact/get`.
pub fn get(state: &State, call: &Call) -> Result<Value, Refusal> {
    let id = call.query.get("external_userid").map(String::as_str).unwrap_or_default();
    let world = state.world();
    let customer = world.customers.get(id);
    let customer = customer.ok_or_else(|| Refusal::new(40096, "invalid external userid"))?;
    if customer.contacts.is_empty() {
        return Err(Refusal::new(84061, "not external contact"));
    }
    let follows = customer.contacts.iter().map(|it| {
        json!({
            "userid": it.userid, "remark": customer.nickname, "createtime": it.at_ms / 1000,
            "state": it.state, "add_way": 1,
        })
    });
    Ok(json!({
        "external_contact": {
            "external_userid": id, "name": customer.nickname, "type": 1, "gender": 0,
            "avatar": format!("{}/avatar/{id}", state.base_url),
        },
        "follow_user": follows.collect::<Vec<Value>>(),
    }))
}

/// `externalcontact/send_welcome_msg`: within 20 s, once.
pub fn send_welcome(state: &State, call: &Call) -> Result<Value, Refusal> {
    let now_ms = state.now_ms();
    let mut world = state.world();
    let code = call.body.get("welcome_code").and_then(Value::as_str).unwrap_or_default();
    let purpose = world.live_code(code, now_ms).map(|it| it.purpose.clone());
    let Some(CodeFor::ContactWelcome(customer, userid)) = purpose else {
        return Err(Refusal::new(41050, "invalid welcome_code"));
    };
    let text = call.body.pointer("/text/content").and_then(Value::as_str).unwrap_or_default();
    let attachments = call.body.get("attachments").and_then(Value::as_array);
    let attachments = attachments.map_or(&[][..], Vec::as_slice);
    if text.is_empty() && attachments.is_empty() {
        return Err(Refusal::new(44004, "empty content"));
    }
    if text.len() > WELCOME_MAX || attachments.len() > ATTACHMENTS_MAX {
        return Err(Refusal::new(45002, "content size out of limit"));
    }
    let mut contents = Vec::new();
    if !text.is_empty() {
        contents.push(Content::words(text));
    }
    for attachment in attachments {
        contents.push(read_attachment(state, &world, attachment)?);
    }
    let code = code.to_owned();
    world.use_code(&code);
    let title = world.customers.get(&customer).map(|it| it.nickname.clone()).unwrap_or_default();
    let chat = world.require_chat(&Place::Contact(customer, userid), &title);
    for content in contents {
        let message = world.post(chat, Author::Desk, content, "", now_ms);
        state.changed_message(&message);
    }
    Ok(json!({}))
}

fn read_attachment(
    state: &State,
    world: &super::world::World,
    attachment: &Value,
) -> Result<Content, Refusal> {
    let kind = attachment.get("msgtype").and_then(Value::as_str).unwrap_or_default();
    let inner = attachment.get(kind).unwrap_or(&Value::Null);
    let text = |name: &str| inner.get(name).and_then(Value::as_str).unwrap_or_default();
    match kind {
        "image" if inner.get("media_id").is_none() && !text("pic_url").is_empty() => {
            Ok(Content::Link {
                title: "picture".into(),
                about: String::new(),
                url: text("pic_url").to_owned(),
            })
        }
        "image" => super::content::media(state, world, inner, kind).map(Content::Image),
        "video" | "file" => {
            let stored = super::content::media(state, world, inner, kind)?;
            Ok(Content::File(kind.to_owned(), stored))
        }
        "link" if !text("title").is_empty() && text("title").len() <= 128 => Ok(Content::Link {
            title: text("title").to_owned(),
            about: text("desc").to_owned(),
            url: text("url").to_owned(),
        }),
        "miniprogram" => Ok(Content::Service(format!("mini program: {}", text("title")))),
        _ => Err(Refusal::parameter("attachments")),
    }
}
