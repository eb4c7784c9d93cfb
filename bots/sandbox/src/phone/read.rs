//! What the page reads: players, chats, files, counts.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::act::chat_of;
use super::refusal::Refusal;
use super::{Phone, wecom};
use crate::wecom::WecomStandIn;

/// Most messages of a chat that are shown.
const MESSAGES_MAX: usize = 1000;

pub async fn players(State(phone): State<Phone>) -> Json<Value> {
    let (bot, players, chats) = phone.telegram.players();
    let now_ms = phone.telegram.clock().now_ms();
    let (mut players, mut chats) = (listed(&players), listed(&chats));
    if let Some(wecom) = &phone.wecom {
        let (more_players, more_chats) = wecom.players();
        players.extend(listed(&more_players));
        chats.extend(listed(&more_chats));
    }
    Json(json!({"now_ms": now_ms, "bot": bot, "players": players, "chats": chats}))
}

fn listed<T: Serialize>(views: &[T]) -> Vec<Value> {
    views.iter().filter_map(|view| serde_json::to_value(view).ok()).collect()
}

#[derive(Deserialize)]
pub struct Part {
    topic: Option<i64>,
    limit: Option<usize>,
}

pub async fn chat(
    State(phone): State<Phone>,
    Path(chat): Path<String>,
    Query(part): Query<Part>,
) -> Result<Response, Refusal> {
    let limit = part.limit.unwrap_or(200).min(MESSAGES_MAX);
    if let Some(wecom) = wecom::of_chat(&phone, &chat) {
        let view = wecom.chat_view(&chat, limit);
        return view.map(|view| Json(view).into_response()).ok_or_else(no_chat);
    }
    let chat = chat_of(&phone, &Value::String(chat), 0)?;
    let view = phone.telegram.chat_view(chat, part.topic, limit);
    view.map(|view| Json(view).into_response()).ok_or_else(no_chat)
}

fn no_chat() -> Refusal {
    Refusal::missing("there is no such chat")
}

pub async fn file(
    State(phone): State<Phone>,
    Path(file): Path<String>,
) -> Result<Response, Refusal> {
    let read = tokio::task::spawn_blocking(move || match file.strip_prefix("wecom-") {
        Some(blob) => phone.wecom.as_ref()?.file(blob),
        None => phone.telegram.file(&file),
    });
    let read = read.await;
    let (bytes, mime) =
        read.ok().flatten().ok_or_else(|| Refusal::missing("there is no such file"))?;
    // A document is whatever somebody sent: only pictures may show themselves.
    let shown = matches!(mime.as_str(), "image/jpeg" | "image/png" | "image/webp" | "image/gif");
    let headers = [
        (CONTENT_TYPE, if shown { mime } else { "application/octet-stream".into() }),
        (CACHE_CONTROL, "private, max-age=31536000, immutable".into()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".into()),
        (CONTENT_DISPOSITION, if shown { "inline".into() } else { "attachment".into() }),
    ];
    Ok((headers, bytes).into_response())
}

pub async fn letters(State(phone): State<Phone>) -> Json<Value> {
    let mut letters: Vec<Value> = phone.outside.iter().flat_map(|it| it.letters()).collect();
    letters.sort_by_key(|it| std::cmp::Reverse(it["at_ms"].as_i64()));
    Json(json!({ "letters": letters }))
}

pub async fn counters(State(phone): State<Phone>) -> Json<Value> {
    let tally = phone.telegram.counts();
    let (delivered, expired) = phone.telegram.updates_done();
    let waiting = phone.telegram.updates_waiting();
    let delivery = tally.delivery.map_or_else(|| json!("none"), |delivery| json!(delivery));
    Json(json!({
        "calls": tally.calls, "refused": tally.refused, "faults": tally.faults,
        "updates": {"waiting": waiting, "delivered": delivered, "expired": expired},
        "delivery": delivery, "messages": tally.messages, "edits": tally.edits,
        "pictures_twice": phone.telegram.pictures_twice_anywhere(),
        "wecom": phone.wecom.as_ref().map(WecomStandIn::counts),
    }))
}
