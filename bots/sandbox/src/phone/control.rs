//! The outside world and the desk: faults, time, killing and starting again.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::act::{chat_of, read_json};
use super::refusal::Refusal;
use super::{DeskState, Happened, Phone};
use crate::telegram::{Armed, fault_kinds, read_armed};

/// As far as time is moved at once: ten years.
const ADVANCE_S_MAX: u64 = 315_360_000;

type Done<T> = Result<Json<T>, Refusal>;

pub async fn faults(State(phone): State<Phone>) -> Json<Value> {
    Json(view(&phone))
}

fn view(phone: &Phone) -> Value {
    let armed: Vec<Value> = phone.telegram.armed().iter().map(Armed::view).collect();
    let stars = format!("{}/stars", phone.telegram.api_url());
    let telegram =
        json!({"party": "telegram", "kinds": fault_kinds(), "armed": armed, "page": stars});
    let mut parties = vec![telegram];
    parties.extend(phone.outside.iter().map(|it| {
        json!({"party": it.party(), "kinds": it.kinds(), "armed": it.armed(),
               "page": it.page_url()})
    }));
    json!({ "parties": parties })
}

pub async fn arm(State(phone): State<Phone>, body: Bytes) -> Done<Value> {
    let fault: Value = read_json(&body)?;
    let party = fault.get("party").and_then(Value::as_str).unwrap_or_default();
    let is_clear = fault.get("what").and_then(Value::as_str) == Some("clear");
    if party == "telegram" {
        if is_clear {
            phone.telegram.clear_faults();
        } else {
            arm_telegram(&phone, &fault)?;
        }
        return Ok(Json(view(&phone)));
    }
    let outside = phone.outside.iter().find(|it| it.party() == party);
    let outside = outside.ok_or_else(|| Refusal::missing("there is no such party"))?;
    if is_clear {
        outside.clear();
    } else {
        outside.arm(&fault).map_err(Refusal::bad)?;
    }
    phone.tell(Happened::Faults);
    Ok(Json(view(&phone)))
}

fn arm_telegram(phone: &Phone, fault: &Value) -> Result<(), Refusal> {
    let number = |name: &str, or: u64| fault.get(name).and_then(Value::as_u64).unwrap_or(or);
    match fault.get("what").and_then(Value::as_str) {
        Some("redeliver") => {
            phone.telegram.redeliver(usize::try_from(number("count", 1)).unwrap_or(1));
        }
        Some("hold_updates") => {
            phone.telegram.hold_updates(Duration::from_millis(number("for_ms", 5_000)));
        }
        _ => {
            let chat = match fault.get("chat") {
                None | Some(Value::Null) => None,
                Some(chat) => Some(chat_of(phone, chat, 0)?),
            };
            phone.telegram.arm(read_armed(fault, chat).map_err(Refusal::bad)?);
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

pub async fn advance(State(phone): State<Phone>, body: Bytes) -> Done<Value> {
    let advance: Advance = read_json(&body)?;
    if advance.seconds > ADVANCE_S_MAX {
        return Err(Refusal::bad("at most ten years at once"));
    }
    let by = Duration::from_secs(advance.seconds);
    // The desk first: when it cannot follow, nobody goes ahead.
    phone.desk.advance(by).await.map_err(Refusal::conflict)?;
    for outside in phone.outside.iter() {
        outside.advance(by);
    }
    phone.telegram.advance(by);
    Ok(Json(json!({"ok": true, "now_ms": phone.telegram.clock().now_ms()})))
}

pub async fn desk(State(phone): State<Phone>) -> Json<DeskState> {
    Json(phone.desk.state())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kill {
    #[serde(default = "yes")]
    restart: bool,
}

fn yes() -> bool {
    true
}

pub async fn kill(State(phone): State<Phone>, body: Bytes) -> Done<DeskState> {
    let kill: Kill = read_json(&body)?;
    phone.desk.kill().await.map_err(Refusal::conflict)?;
    phone.tell(Happened::Desk);
    if kill.restart {
        return restart(State(phone)).await;
    }
    Ok(Json(phone.desk.state()))
}

pub async fn restart(State(phone): State<Phone>) -> Done<DeskState> {
    let restarted = phone.desk.restart().await;
    phone.tell(Happened::Desk);
    restarted.map_err(Refusal::conflict)?;
    Ok(Json(phone.desk.state()))
}
