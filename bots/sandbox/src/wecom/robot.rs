//! The group robot: one message at a time into its group.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::cards;
use super::content;
use super::limits::ROBOT;
use super::media::LIFE_MS;
use super::message::{Author, Content, Stored};
use super::methods::Call;
use super::people::Place;
use super::pictures;
use super::refusal::Refusal;
use super::state::State;
use super::world::World;

/// Longest text, bytes. Source: document 99110.
const TEXT_MAX: usize = 2_048;
/// Longest markdown, bytes. Source: document 99110.
const MARKDOWN_MAX: usize = 4_096;
/// Largest picture, bytes before base64. Source: document 99110, 2 MB.
const IMAGE_MAX: usize = 2 << 20;

/// Whether a call names the robot.
pub fn check_key(state: &State, call: &Call) -> Result<(), Refusal> {
    let key = call.query.get("key").map(String::as_str).unwrap_or_default();
    if key == state.options.robot_key {
        Ok(())
    } else {
        Err(Refusal::new(93000, "invalid webhook url"))
    }
}

/// `webhook/send`.
pub fn send(state: &State, call: &Call) -> Result<Value, Refusal> {
    check_key(state, call)?;
    if !state.within("robot", ROBOT) {
        return Err(Refusal::frequency());
    }
    let mut world = state.world();
    let content = read(state, &world, &call.body)?;
    let chat = world.chats.values().find(|it| matches!(it.place, Place::Robot(_)));
    let chat = chat.map(|it| it.id).ok_or_else(|| Refusal::new(93004, "robot is disabled"))?;
    let message = world.post(chat, Author::Desk, content, "", state.now_ms());
    drop(world);
    state.changed_message(&message);
    Ok(json!({}))
}

fn read(state: &State, world: &World, body: &Value) -> Result<Content, Refusal> {
    let kind = body.get("msgtype").and_then(Value::as_str).unwrap_or_default();
    let inner = body.get(kind).unwrap_or(&Value::Null);
    let words = inner.get("content").and_then(Value::as_str).unwrap_or_default();
    match kind {
        "text" if !words.is_empty() => Ok(Content::words(content::cut(words, TEXT_MAX))),
        "markdown" | "markdown_v2" if words.len() > MARKDOWN_MAX => {
            Err(Refusal::new(45002, "content size out of limit"))
        }
        "markdown" | "markdown_v2" if !words.is_empty() => {
            Ok(Content::Text { text: words.to_owned(), markdown: true })
        }
        "text" | "markdown" | "markdown_v2" => Err(Refusal::new(44004, "empty content")),
        "image" => {
            let base64 = inner.get("base64").and_then(Value::as_str).unwrap_or_default();
            let sum = inner.get("md5").and_then(Value::as_str).unwrap_or_default();
            picture(state, base64, sum, IMAGE_MAX).map(Content::Image)
        }
        "news" => {
            let title = cards::words(inner, "/articles/0/title").to_owned();
            if title.is_empty() || title.len() > 128 {
                return Err(Refusal::parameter("articles"));
            }
            let about = cards::words(inner, "/articles/0/description").to_owned();
            Ok(Content::Link {
                title,
                about,
                url: cards::words(inner, "/articles/0/url").to_owned(),
            })
        }
        "file" | "voice" => {
            let id = inner.get("media_id").and_then(Value::as_str).unwrap_or_default();
            let media = world.media.get(id).filter(|it| it.robot && it.kind == kind);
            let media = media.filter(|it| state.now_ms() < it.at_ms + LIFE_MS);
            let media = media.ok_or_else(Refusal::media)?;
            Ok(Content::File(kind.to_owned(), content::stored(state, media)))
        }
        "template_card" => {
            let card_type = cards::words(inner, "/card_type");
            if !matches!(card_type, "text_notice" | "news_notice") {
                return Err(Refusal::parameter("card_type"));
            }
            cards::check(inner)?;
            Ok(Content::Card { card: inner.clone(), replaced: None })
        }
        _ => Err(Refusal::new(40008, "invalid message type")),
    }
}

/// A picture that comes as base64 with the MD5 of its bytes.
pub fn picture(state: &State, base64: &str, sum: &str, most: usize) -> Result<Stored, Refusal> {
    let bytes = STANDARD.decode(base64).map_err(|_| Refusal::parameter("image.base64"))?;
    if hex::encode(Md5::digest(&bytes)) != sum.to_ascii_lowercase() {
        return Err(Refusal::new(301_019, "image md5 mismatch"));
    }
    if bytes.len() > most {
        return Err(Refusal::new(40009, "invalid image size"));
    }
    if !pictures::is_jpg_or_png(&bytes) {
        return Err(Refusal::new(40005, "invalid file type"));
    }
    let (width, height) = pictures::dimensions(&bytes);
    let bytes = axum::body::Bytes::from(bytes);
    Ok(Stored {
        blob: state.keep_bytes(&bytes)?,
        name: "picture".into(),
        mime: pictures::mime_of(&bytes).into(),
        bytes: bytes.len() as u64,
        width,
        height,
    })
}
