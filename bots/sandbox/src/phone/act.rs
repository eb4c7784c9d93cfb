//! What one plays: saying, tapping, editing, blocking.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::header::CONTENT_TYPE;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{BODY_MAX, Phone, wecom};
use crate::telegram::{Attachment, Say, TopicAction};

/// Largest attachment, bytes.
const ATTACHMENT_MAX: usize = 25 * 1000 * 1000;
/// Most attachments of one message.
const ATTACHMENTS_MAX: usize = 10;

type Done = Result<Json<Value>, Refusal>;

/// Reads JSON, whatever the request calls it.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Refusal::bad(format!("not understood: {error}")))
}

/// The number of a player named by alias or number; Alice when unnamed.
fn player_of(phone: &Phone, player: &Value) -> Result<i64, Refusal> {
    let (_, players, _) = phone.telegram.players();
    let name = text_of(player).unwrap_or_else(|| "alice".into());
    let found = players.iter().find(|it| it.player == name || it.id.to_string() == name);
    found.map(|it| it.id).ok_or_else(|| Refusal::missing("there is no such player"))
}

/// The number of a chat named by alias or number; a user's private chat when unnamed.
pub fn chat_of(phone: &Phone, chat: &Value, user: i64) -> Result<i64, Refusal> {
    let Some(name) = text_of(chat) else {
        return Ok(user);
    };
    let by_alias = || phone.telegram.id_of(&name);
    let number = name.parse().ok().or_else(by_alias);
    number.ok_or_else(|| Refusal::missing("there is no such chat"))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct SayJson {
    r#as: Value,
    chat: Value,
    topic: Option<i64>,
    text: String,
    reply_to: Option<i64>,
    as_document: bool,
    attachments: Vec<AttachmentJson>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttachmentJson {
    name: Option<String>,
    base64: String,
}

pub async fn say(State(phone): State<Phone>, request: Request) -> Done {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let is_multipart = content_type.is_some_and(|it| it.starts_with("multipart/form-data"));
    let (said, attachments) =
        if is_multipart { read_multipart(request).await? } else { read_say(request).await? };
    let (who, chat) = (text_of(&said.r#as).unwrap_or_default(), text_of(&said.chat));
    if let Some((chat, there)) =
        chat.and_then(|it| Some((it.clone(), wecom::of_chat(&phone, &it)?)))
    {
        return wecom::say(there, who, chat, said.text, (said.reply_to, attachments));
    }
    let user = player_of(&phone, &said.r#as)?;
    let say = Say {
        user,
        chat: chat_of(&phone, &said.chat, user)?,
        topic: said.topic,
        text: said.text,
        reply_to: said.reply_to,
        attachments,
        as_document: said.as_document,
        album: None,
    };
    let messages = phone.telegram.perform(say).await?;
    Ok(Json(json!({"ok": true, "messages": messages})))
}

async fn read_say(request: Request) -> Result<(SayJson, Vec<Attachment>), Refusal> {
    let body = axum::body::to_bytes(request.into_body(), BODY_MAX);
    let body = body.await.map_err(|_| Refusal::bad("the request is too large"))?;
    let mut said: SayJson = read_json(&body)?;
    let mut attachments = Vec::new();
    for (at, attachment) in std::mem::take(&mut said.attachments).into_iter().enumerate() {
        let bytes = STANDARD.decode(attachment.base64.trim());
        let bytes = bytes.map_err(|_| Refusal::bad("an attachment is not base64"))?;
        let name = attachment.name.unwrap_or_else(|| format!("file-{}", at + 1));
        attach(&mut attachments, name, bytes.into())?;
    }
    Ok((said, attachments))
}

async fn read_multipart(request: Request) -> Result<(SayJson, Vec<Attachment>), Refusal> {
    let broken = |_| Refusal::bad("the form is broken or too large");
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| Refusal::bad("the form is broken"))?;
    let mut said = SayJson::default();
    let mut attachments = Vec::new();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let file = field.file_name().unwrap_or("file").to_owned();
            attach(&mut attachments, file, field.bytes().await.map_err(broken)?)?;
            continue;
        }
        let text = field.text().await.map_err(broken)?;
        let number = || text.parse::<i64>().ok();
        match name.as_str() {
            "as" => said.r#as = json!(text),
            "chat" => said.chat = json!(text),
            "topic" => said.topic = number(),
            "text" => said.text = text,
            "reply_to" => said.reply_to = number(),
            "as_document" => said.as_document = text == "true",
            _ => return Err(Refusal::bad(format!("unknown field: {name}"))),
        }
    }
    Ok((said, attachments))
}

fn attach(attachments: &mut Vec<Attachment>, name: String, bytes: Bytes) -> Result<(), Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::bad("an attachment is empty"));
    }
    if bytes.len() > ATTACHMENT_MAX {
        return Err(Refusal::bad("an attachment has at most 25 MB"));
    }
    if attachments.len() == ATTACHMENTS_MAX {
        return Err(Refusal::bad("an album has at most 10 parts"));
    }
    attachments.push(Attachment { name, bytes });
    Ok(())
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct OnMessage {
    r#as: Value,
    chat: Value,
    message: i64,
    button: String,
    text: String,
}

fn read_on_message(phone: &Phone, body: &[u8]) -> Result<(i64, i64, OnMessage), Refusal> {
    let about: OnMessage = read_json(body)?;
    let user = player_of(phone, &about.r#as)?;
    let chat = chat_of(phone, &about.chat, user)?;
    Ok((user, chat, about))
}

pub async fn tap(State(phone): State<Phone>, body: Bytes) -> Done {
    let about: OnMessage = read_json(&body)?;
    let (who, chat) = (text_of(&about.r#as).unwrap_or_default(), text_of(&about.chat));
    if let Some((chat, there)) =
        chat.and_then(|it| Some((it.clone(), wecom::of_chat(&phone, &it)?)))
    {
        return wecom::tap(there, (&who, &chat), about.message, &about.button);
    }
    let (user, chat, about) = read_on_message(&phone, &body)?;
    if phone.telegram.is_pay_button(chat, about.message, &about.button) {
        let charge = phone.telegram.pay(user, chat, about.message).await;
        let charge = charge.map_err(|error| Refusal::bad(error.to_string()))?;
        return Ok(Json(json!({"ok": true, "charge": charge})));
    }
    let callback = phone.telegram.press(user, chat, about.message, &about.button)?;
    Ok(Json(json!({"ok": true, "callback": callback})))
}

pub async fn edit(State(phone): State<Phone>, body: Bytes) -> Done {
    let (user, chat, about) = read_on_message(&phone, &body)?;
    phone.telegram.change_text(user, chat, about.message, &about.text)?;
    Ok(done())
}

pub async fn delete(State(phone): State<Phone>, body: Bytes) -> Done {
    let (user, chat, about) = read_on_message(&phone, &body)?;
    phone.telegram.delete(user, chat, about.message)?;
    Ok(done())
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Stop {
    r#as: Value,
    chat: Value,
    draft: i64,
}

pub async fn stop(State(phone): State<Phone>, body: Bytes) -> Done {
    let stop: Stop = read_json(&body)?;
    let user = player_of(&phone, &stop.r#as)?;
    let chat = chat_of(&phone, &stop.chat, user)?;
    phone.telegram.stop_draft(user, chat, stop.draft)?;
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    #[serde(default)]
    r#as: Value,
    blocked: bool,
}

pub async fn block(State(phone): State<Phone>, body: Bytes) -> Done {
    let block: Block = read_json(&body)?;
    let user = player_of(&phone, &block.r#as)?;
    if block.blocked {
        phone.telegram.block(user)?;
    } else {
        phone.telegram.unblock(user)?;
    }
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Language {
    #[serde(default)]
    r#as: Value,
    language: String,
}

pub async fn language(State(phone): State<Phone>, body: Bytes) -> Done {
    let language: Language = read_json(&body)?;
    let user = player_of(&phone, &language.r#as)?;
    phone.telegram.set_language(user, &language.language)?;
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OnTopic {
    #[serde(default)]
    r#as: Value,
    #[serde(default)]
    chat: Value,
    topic: i64,
    r#do: TopicDo,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum TopicDo {
    Close,
    Reopen,
    Delete,
}

pub async fn topic(State(phone): State<Phone>, body: Bytes) -> Done {
    let topic: OnTopic = read_json(&body)?;
    let user = player_of(&phone, &topic.r#as)?;
    let chat = chat_of(&phone, &topic.chat, user)?;
    let action = match topic.r#do {
        TopicDo::Close => TopicAction::Close,
        TopicDo::Reopen => TopicAction::Reopen,
        TopicDo::Delete => TopicAction::Delete,
    };
    phone.telegram.change_topic(user, chat, topic.topic, action)?;
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Migrate {
    chat: Value,
}

pub async fn migrate(State(phone): State<Phone>, body: Bytes) -> Done {
    let migrate: Migrate = read_json(&body)?;
    let chat = chat_of(&phone, &migrate.chat, 0)?;
    let chat = phone.telegram.migrate(chat)?;
    Ok(Json(json!({"ok": true, "chat": chat})))
}

fn done() -> Json<Value> {
    Json(json!({"ok": true}))
}
