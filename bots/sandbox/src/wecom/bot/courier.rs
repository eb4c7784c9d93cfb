//! Carries what is said to the AI bot to the desk, and asks for the rest of its answers.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::{callback_body, end_late, is_said, reply};
use crate::wecom::callbacks::{RETRY_MS, signed};
use crate::wecom::envelope::Sealed;
use crate::wecom::faults::{Fault, Occasion};
use crate::wecom::record::{Record, Turn, TurnState};
use crate::wecom::state::State;

/// Carries until the stand-in ends.
pub async fn carry(state: Arc<State>, client: Client) {
    let courier = Arc::new(Courier { state, client, under_way: Mutex::default() });
    let mut bell = courier.state.hear_bell();
    loop {
        bell.borrow_and_update();
        let late_ms = end_late(&courier.state);
        let next_ms = courier.send_due().into_iter().chain(late_ms).min();
        let clock = &courier.state.options.clock;
        tokio::select! {
            _ = bell.changed() => {}
            () = clock.sleep_until(next_ms.unwrap_or_default()), if next_ms.is_some() => {}
            () = courier.state.ended.cancelled() => return,
        }
    }
}

struct Courier {
    state: Arc<State>,
    client: Client,
    under_way: Mutex<HashSet<String>>,
}

impl Courier {
    fn under_way(&self) -> MutexGuard<'_, HashSet<String>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts everything whose time has come; says when to look again. With a socket, nothing goes
    /// over the webhook.
    fn send_due(self: &Arc<Self>) -> Option<i64> {
        if self.state.socket().is_some() {
            super::socket::tell_waiting(&self.state);
            return None;
        }
        let now_ms = self.state.now_ms();
        let world = self.state.world();
        let url = world.meta.bot_url.clone()?;
        let mut next_ms: Option<i64> = None;
        let mut due = Vec::new();
        let mut under_way = self.under_way();
        for turn in world.turns.values().filter(|it| !under_way.contains(&it.msgid)) {
            let at_ms = match turn.state {
                TurnState::Waiting => turn.not_before_ms,
                TurnState::Streaming { ask_ms, .. } => ask_ms,
                TurnState::Told | TurnState::Done => continue,
            };
            if at_ms <= now_ms {
                due.push(turn.clone());
            } else {
                next_ms = Some(next_ms.map_or(at_ms, |next| next.min(at_ms)));
            }
        }
        under_way.extend(due.iter().map(|turn| turn.msgid.clone()));
        drop((under_way, world));
        for turn in due {
            let (courier, url) = (Arc::clone(self), url.clone());
            tokio::spawn(async move { courier.deliver(&url, turn).await });
        }
        next_ms
    }

    async fn deliver(&self, url: &str, turn: Turn) {
        let msgid = turn.msgid.clone();
        match turn.state.clone() {
            TurnState::Streaming { stream, .. } => self.ask(url, turn, &stream).await,
            _ => self.tell(url, turn).await,
        }
        self.under_way().remove(&msgid);
        self.state.ring();
    }

    async fn tell(&self, url: &str, turn: Turn) {
        let state = &self.state;
        let owners = [turn.userid.as_str()];
        let is_fresh = turn.tries == 0;
        let strike = || state.strike(Occasion::Callback, &turn.kind, &owners);
        let fault = if is_fresh { strike() } else { None };
        if fault == Some(Fault::CallbackLost) {
            state.counters.lose(&turn.kind);
            return self.end(turn);
        }
        let body = callback_body(state, &mut state.world(), &turn, false);
        let sealed = self.seal(&body);
        if matches!(fault, Some(Fault::CallbackTwice | Fault::CallbackReplayed)) {
            let first =
                if fault == Some(Fault::CallbackTwice) { self.seal(&body) } else { sealed.clone() };
            drop(self.post(url, &first).await);
        }
        let answer = self.post(url, &sealed).await;
        match answer {
            Ok(reply) if fault != Some(Fault::CallbackUnheard) => {
                state.counters.lock().taken += 1;
                self.take(turn, reply);
            }
            _ => self.failed(turn),
        }
    }

    /// Asks how the stream has grown.
    async fn ask(&self, url: &str, turn: Turn, stream: &str) {
        let state = &self.state;
        let mut body = callback_body(state, &mut state.world(), &turn, false);
        for said in ["text", "image", "mixed", "quote", "voice", "file", "video"] {
            body.as_object_mut().map(|fields| fields.remove(said));
        }
        body["msgtype"] = json!("stream");
        body["stream"] = json!({"id": stream});
        let answer = self.post(url, &self.seal(&body)).await;
        let later = |mut turn: Turn| {
            let ask_ms = state.now_ms() + state.options.ask_ms;
            turn.state = TurnState::Streaming { stream: stream.to_owned(), ask_ms };
            state.world().keep(Record::Turn(Box::new(turn)));
        };
        match answer {
            Ok(Some(reply)) => {
                let ask_ms = state.now_ms() + state.options.ask_ms;
                if let Err(refusal) = reply::apply(state, &turn.msgid, &reply, ask_ms) {
                    state.counters.misunderstood(format!("stream: {}", refusal.words));
                    later(turn);
                }
            }
            Ok(None) => later(turn),
            Err(()) => {
                state.counters.lock().failed += 1;
                later(turn);
            }
        }
    }

    fn seal(&self, body: &Value) -> Sealed {
        self.state.seal(&self.state.bot, body.to_string().as_bytes())
    }

    /// The desk took it, and perhaps answered.
    fn take(&self, turn: Turn, reply: Option<Value>) {
        let state = &self.state;
        let Some(reply) = reply else {
            // Nothing in the answer: it may still come by the `response_url`.
            return self.end(turn);
        };
        let ask_ms = state.now_ms() + state.options.ask_ms;
        if let Err(refusal) = reply::apply(state, &turn.msgid, &reply, ask_ms) {
            state.counters.misunderstood(format!("{}: {}", turn.kind, refusal.words));
            self.end(turn);
        }
    }

    fn failed(&self, mut turn: Turn) {
        let state = &self.state;
        let wait_ms = usize::try_from(turn.tries).ok().and_then(|at| RETRY_MS.get(at));
        // A pressed card is told once. Source: document 101027.
        let wait_ms = wait_ms.filter(|_| is_said(&turn) || turn.kind != "template_card_event");
        state.counters.lock().failed += 1;
        let Some(wait_ms) = wait_ms else {
            state.counters.lose(&turn.kind);
            return self.end(turn);
        };
        turn.tries += 1;
        turn.not_before_ms = state.now_ms() + wait_ms;
        state.world().keep(Record::Turn(Box::new(turn)));
    }

    fn end(&self, turn: Turn) {
        self.state.world().keep(Record::Turn(Box::new(Turn { state: TurnState::Done, ..turn })));
    }

    /// Posts one envelope; answers with what the reply says, when it says anything.
    async fn post(&self, url: &str, sealed: &Sealed) -> Result<Option<Value>, ()> {
        let state = &self.state;
        let body = json!({"encrypt": sealed.encrypt}).to_string();
        let request = self.client.post(signed(url, sealed).map_err(|_| ())?);
        let answer = request.header(CONTENT_TYPE, "application/json").body(body).send().await;
        let answer = answer.map_err(|_| ())?;
        if answer.status().as_u16() != 200 {
            return Err(());
        }
        let body = answer.bytes().await.map_err(|_| ())?;
        if body.trim_ascii().is_empty() || body.as_ref() == b"success" {
            return Ok(None);
        }
        match open_reply(state, &body, &sealed.nonce) {
            Ok(reply) => Ok(Some(reply)),
            Err(words) => {
                state.counters.misunderstood(words);
                Ok(None)
            }
        }
    }
}

/// Opens the envelope of a reply; its nonce has to be the callback's own. Source: document 101033.
fn open_reply(state: &State, body: &[u8], nonce: &str) -> Result<Value, String> {
    let body: Value =
        serde_json::from_slice(body).map_err(|_| "the reply is not JSON".to_owned())?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if text("nonce") != nonce {
        return Err("the reply has another nonce than the callback".into());
    }
    let timestamp = body.get("timestamp").and_then(Value::as_i64);
    let timestamp = timestamp.ok_or_else(|| "the reply's timestamp is no number".to_owned())?;
    let sealed = Sealed {
        encrypt: text("encrypt"),
        signature: text("msgsignature"),
        timestamp: timestamp.to_string(),
        nonce: nonce.to_owned(),
    };
    let opened = state.bot.open(&sealed).map_err(|error| format!("the reply: {error}"))?;
    serde_json::from_slice(&opened).map_err(|_| "the reply's inside is not JSON".into())
}
