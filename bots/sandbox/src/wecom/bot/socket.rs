//! The AI bot over a WebSocket: one connection for the bot, frames of JSON.
//!
//! Source: document 101463, and @wecom/aibot-node-sdk 1.0.7.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::frames::{Connection, take_frame};
use super::{callback_body, is_said};
use crate::wecom::faults::Occasion;
use crate::wecom::record::{Record, Turn, TurnState};
use crate::wecom::state::State;

/// What goes to a connection.
#[derive(Debug)]
pub enum Outgoing {
    /// A frame.
    Frame(Value),
    /// No more.
    Close,
}

/// The connection that speaks for the bot now.
#[derive(Debug, Clone)]
pub struct Socket {
    /// Which connection it is.
    pub id: String,
    /// Where its frames go.
    pub sender: mpsc::UnboundedSender<Outgoing>,
}

/// Takes a connection over from HTTP.
pub fn upgrade(state: Arc<State>, mut request: Request) -> Response {
    let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY).map(|key| key.as_bytes().to_vec())
    else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let stream = TokioIo::new(upgraded);
            let stream = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
            converse(&state, stream).await;
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, axum::http::HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, axum::http::HeaderValue::from_static("websocket"));
    if let Ok(accept) = derive_accept_key(&key).parse() {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

type Stream = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

async fn converse(state: &Arc<State>, mut stream: Stream) {
    let (sender, mut outgoing) = mpsc::unbounded_channel();
    let mut connection = Connection::new(state.word(16), sender);
    loop {
        let sent = tokio::select! {
            () = state.ended.cancelled() => break,
            out = outgoing.recv() => match out {
                Some(Outgoing::Frame(frame)) => send(&mut stream, &frame).await,
                Some(Outgoing::Close) | None => {
                    drop(stream.close(None).await);
                    break;
                }
            },
            heard = stream.next() => match heard {
                Some(Ok(Message::Text(text))) => {
                    let ack = take_frame(state, &mut connection, &text);
                    let sent = match ack {
                        Some(ack) => send(&mut stream, &ack).await,
                        None => false,
                    };
                    // What waited for a connection goes after the acknowledgement.
                    state.ring();
                    sent
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => true,
                _ => false,
            },
        };
        if !sent {
            break;
        }
    }
    let mut socket = state.socket();
    if socket.as_ref().is_some_and(|it| it.id == connection.id) {
        *socket = None;
    }
    drop(socket);
    state.ring();
}

async fn send(stream: &mut Stream, frame: &Value) -> bool {
    stream.send(Message::Text(Utf8Bytes::from(frame.to_string()))).await.is_ok()
}

/// Makes this connection the bot's; the one before is told and closed.
pub fn take_over(state: &State, new: Socket) {
    let old = state.socket().replace(new);
    if let Some(old) = old {
        let event = json!({
            "cmd": "aibot_event_callback",
            "headers": {"req_id": format!("req_{}", state.word(20))},
            "body": {
                "msgid": state.word(24), "aibotid": state.options.bot.id,
                "create_time": state.now_ms() / 1000, "msgtype": "event",
                "event": {"eventtype": "disconnected_event"},
            },
        });
        // It may be gone already.
        drop(old.sender.send(Outgoing::Frame(event)));
        drop(old.sender.send(Outgoing::Close));
    }
}

/// Tells the connection what waits.
pub fn tell_waiting(state: &State) {
    let Some(socket) = state.socket().clone() else {
        return;
    };
    let mut world = state.world();
    let waiting = world.turns.values().filter(|it| it.state == TurnState::Waiting);
    let waiting: Vec<Turn> = waiting.cloned().collect();
    for mut turn in waiting {
        if state.strike(Occasion::Socket, &turn.kind, &[&turn.userid]).is_some() {
            *state.socket() = None;
            drop(socket.sender.send(Outgoing::Close));
            return;
        }
        let body = callback_body(state, &mut world, &turn, true);
        let command = if is_said(&turn) { "aibot_msg_callback" } else { "aibot_event_callback" };
        let frame = json!({"cmd": command, "headers": {"req_id": turn.req_id}, "body": body});
        if socket.sender.send(Outgoing::Frame(frame)).is_err() {
            return;
        }
        state.counters.lock().taken += 1;
        turn.state = TurnState::Told;
        world.keep(Record::Turn(Box::new(turn)));
    }
}
