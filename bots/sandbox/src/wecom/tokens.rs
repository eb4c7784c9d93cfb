//! Access tokens: given out, running out, and forgotten.

use serde_json::{Value, json};

use super::limits::Limit;
use super::methods::Call;
use super::record::{Record, Token};
use super::refusal::Refusal;
use super::state::State;

/// How long a token lives. Source: document 91039, 7200 s.
const TOKEN_MS: i64 = 7_200_000;
/// A token that lives longer than this is given out again. No document says; ours.
const RENEW_MS: i64 = 300_000;
/// "Do not call it frequently", says document 91039, and no number. Ours.
const GETTOKEN: Limit = Limit { per_min: 60, per_hour: 600 };

/// `gettoken`.
pub fn get_token(state: &State, call: &Call) -> Result<Value, Refusal> {
    let query = |name: &str| call.query.get(name).map(String::as_str).unwrap_or_default();
    if query("corpid") != state.options.corp_id {
        return Err(Refusal::new(40013, "invalid corpid"));
    }
    if query("corpsecret") != state.options.secret {
        return Err(Refusal::new(40001, "invalid credential"));
    }
    if !state.within("gettoken", GETTOKEN) {
        return Err(Refusal::frequency());
    }
    let now_ms = state.now_ms();
    let mut world = state.world();
    let good = world.tokens.values().find(|it| !it.killed && it.until_ms > now_ms + RENEW_MS);
    let token = good.cloned().unwrap_or_else(|| Token {
        word: format!("{}{:x}", state.word(200), world.meta.next),
        until_ms: now_ms + TOKEN_MS,
        killed: false,
    });
    let expires_in = (token.until_ms - now_ms) / 1000;
    let answer = json!({"access_token": token.word, "expires_in": expires_in});
    world.keep(Record::Token(token));
    Ok(answer)
}

/// Whether a call may be made with its token.
pub fn check(state: &State, call: &Call) -> Result<(), Refusal> {
    let token = call.query.get("access_token").map(String::as_str).unwrap_or_default();
    if token.is_empty() {
        return Err(Refusal::new(41001, "access_token missing"));
    }
    let world = state.world();
    match world.tokens.get(token) {
        Some(known) if !known.killed && known.until_ms > state.now_ms() => Ok(()),
        Some(known) if !known.killed => Err(Refusal::of_code(42001)),
        _ => Err(Refusal::of_code(40014)),
    }
}

/// Forgets all tokens, or lets them run out.
pub fn end_all(state: &State, are_killed: Ended) {
    end(state, are_killed, |_| true);
}

/// How a token ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It is not known any more: 40014.
    Killed,
    /// It has run out: 42001.
    Expired,
}

/// Ends one token.
pub fn end_one(state: &State, how: Ended, token: &str) {
    end(state, how, |it| it.word == token);
}

fn end(state: &State, how: Ended, which: impl Fn(&Token) -> bool) {
    let now_ms = state.now_ms();
    let mut world = state.world();
    let alive = world.tokens.values().filter(|it| which(it) && it.until_ms > now_ms && !it.killed);
    let ended: Vec<Token> = alive
        .map(|it| match how {
            Ended::Killed => Token { killed: true, ..it.clone() },
            Ended::Expired => Token { until_ms: now_ms, ..it.clone() },
        })
        .collect();
    for token in ended {
        world.keep(Record::Token(token));
    }
}
