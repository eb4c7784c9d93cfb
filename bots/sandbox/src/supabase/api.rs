//! `/auth/v1/…`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::keys::encode;
use super::state::{CODE_MS, Code, FLOW_MS, Flow, Mail, State, User, view};
use crate::rest;

/// How long one address waits for the next letter, ms. Source: GoTrue, `max_frequency`.
const RESEND_MS: i64 = 60_000;

/// A refusal as the server words it.
#[derive(Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
}

impl Problem {
    pub fn new(status: u16, code: &'static str, message: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, code, message: message.to_owned() }
    }

    fn expired() -> Self {
        Self::new(403, "otp_expired", "Token has expired or is invalid")
    }
}

impl IntoResponse for Problem {
    /// As without a version; [`guard`] words it anew for those who name one.
    fn into_response(self) -> Response {
        let body = json!({
            "code": self.status.as_u16(), "error_code": self.code, "msg": self.message,
        });
        let mut response = (self.status, Json(body)).into_response();
        response.headers_mut().insert("x-sb-error-code", HeaderValue::from_static(self.code));
        response.extensions_mut().insert(Said(self.message));
        response
    }
}

/// What a problem said.
#[derive(Clone)]
struct Said(String);

pub type Answer = Result<Json<Value>, Problem>;

pub fn router() -> Router<Arc<State>> {
    Router::new()
        .route("/auth/v1/otp", post(otp))
        .route("/auth/v1/verify", post(verify))
        .route("/auth/v1/token", post(token))
        .route("/auth/v1/user", get(user))
        .route("/auth/v1/logout", post(logout))
        .route("/auth/v1/admin/users", get(admin_users))
        .route("/auth/v1/admin/users/{id}", get(admin_user))
}

/// Looks at the key, and lets happen what is armed.
pub async fn guard(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let key = headers.get("apikey").and_then(|it| it.to_str().ok()).map(str::to_owned);
    let versioned = headers.contains_key("x-supabase-api-version");
    let call = format!("{} {}", request.method(), request.uri().path());
    state.world().calls.push(call.clone());
    let known = [&state.options.publishable_key, &state.options.secret_key];
    let answer = if key.is_none_or(|key| !known.contains(&&key)) {
        Problem::new(401, "no_authorization", "No API key found in request").into_response()
    } else {
        let fault = state.faults().strike_call(&call);
        let problem = |status: StatusCode| {
            let code = if status == 429 { "over_request_rate_limit" } else { "unexpected_failure" };
            Problem { status, code, message: "the call was refused".into() }.into_response()
        };
        rest::befall(fault, request, next, problem).await
    };
    if versioned { worded_anew(answer) } else { answer }
}

/// `{"code": "otp_expired", "message": …}`, for those who name a version.
fn worded_anew(answer: Response) -> Response {
    let Some(Said(message)) = answer.extensions().get::<Said>().cloned() else { return answer };
    let code = answer.headers().get("x-sb-error-code").cloned();
    let named = code.as_ref().and_then(|it| it.to_str().ok()).unwrap_or_default();
    let body = json!({"code": named, "message": message});
    let mut anew = (answer.status(), Json(body)).into_response();
    if let Some(code) = code {
        anew.headers_mut().insert("x-sb-error-code", code);
    }
    anew
}

fn read<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    let read = serde_json::from_slice(body);
    read.map_err(|error| Problem::new(400, "bad_json", &error.to_string()))
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct NewCode {
    email: String,
    #[serde(default = "yes")]
    create_user: bool,
    code_challenge: Option<String>,
}

async fn otp(
    Shared(state): Shared<Arc<State>>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let asked: NewCode = read(&body)?;
    if state.options.captcha && !is_admin(&state, &headers) {
        let words = "captcha protection: request disallowed (no captcha_token)";
        return Err(Problem::new(400, "captcha_failed", words));
    }
    let email = asked.email.to_lowercase();
    let now = state.now_ms();
    let known = state.world().users.iter().any(|it| it.email == email);
    if !known && !asked.create_user {
        return Err(Problem::new(422, "otp_disabled", "Signups not allowed for otp"));
    }
    let last = state.world().mails.iter().rev().find(|it| it.to == email).map(|it| it.at);
    if let Some(left) = last.map(|at| at + RESEND_MS - now).filter(|left| *left > 0) {
        let left = (left + 999) / 1000;
        let words =
            format!("For security purposes, you can only request this after {left} seconds.");
        return Err(Problem::new(429, "over_email_send_rate_limit", &words));
    }
    let sent = state.world().mails.len();
    if state.options.mails_max > 0 && sent >= state.options.mails_max {
        let words = "email rate limit exceeded";
        return Err(Problem::new(429, "over_email_send_rate_limit", words));
    }
    if !known {
        state.add_user(&email);
    }
    let (code, name) = (state.digits(), state.uuid());
    let redirect_to = query.get("redirect_to").cloned().unwrap_or_default();
    let mut world = state.world();
    let link = asked.code_challenge.map(|challenge| {
        let link = format!("{}/auth/v1/verify?token=pkce_{name}&type=magiclink", state.base_url);
        world.flows.push(Flow { name, challenge, redirect_to, at: now, code: None });
        link
    });
    // One code an address: the next one ends the last.
    world.codes.retain(|it| it.email != email);
    world.codes.push(Code { email: email.clone(), digits: code.clone(), at: now });
    world.mails.push(Mail { to: email, code, link, at: now });
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
struct Typed {
    r#type: String,
    email: String,
    token: String,
}

async fn verify(Shared(state): Shared<Arc<State>>, body: Bytes) -> Answer {
    let typed: Typed = read(&body)?;
    if typed.r#type != "email" {
        return Err(Problem::new(400, "validation_failed", "Verify requires a verification type"));
    }
    let email = typed.email.to_lowercase();
    let user = {
        let now = state.now_ms();
        let mut world = state.world();
        let is_it =
            |it: &Code| it.email == email && it.digits == typed.token && now - it.at < CODE_MS;
        if !world.codes.iter().any(is_it) {
            return Err(Problem::expired());
        }
        world.codes.retain(|it| it.email != email);
        world.users.iter().find(|it| it.email == email).cloned()
    };
    let user = user.ok_or_else(Problem::expired)?;
    if user.banned {
        return Err(Problem::new(403, "user_banned", "User is banned"));
    }
    Ok(Json(state.session(&user)))
}

#[derive(Deserialize)]
struct Exchange {
    auth_code: String,
    code_verifier: String,
}

async fn token(
    Shared(state): Shared<Arc<State>>,
    Query(query): Query<HashMap<String, String>>,
    body: Bytes,
) -> Answer {
    if query.get("grant_type").map(String::as_str) != Some("pkce") {
        return Err(Problem::new(400, "invalid_credentials", "unsupported_grant_type"));
    }
    let asked: Exchange = read(&body)?;
    let missing = || Problem::new(404, "flow_state_not_found", "invalid flow state, no valid flow");
    let (flow, user) = {
        let mut world = state.world();
        let is_it = |it: &Flow| it.code.as_ref().is_some_and(|(code, _)| *code == asked.auth_code);
        let at = world.flows.iter().position(is_it).ok_or_else(missing)?;
        let flow = world.flows.remove(at);
        let id = flow.code.as_ref().map(|(_, user)| user.clone());
        let user = world.users.iter().find(|it| Some(&it.id) == id.as_ref()).cloned();
        (flow, user.ok_or_else(missing)?)
    };
    if state.now_ms() - flow.at > FLOW_MS {
        return Err(Problem::new(
            403,
            "flow_state_expired",
            "invalid flow state, flow has expired",
        ));
    }
    if encode(Sha256::digest(&asked.code_verifier)) != flow.challenge {
        let words = "code challenge does not match previously saved code verifier";
        return Err(Problem::new(400, "bad_code_verifier", words));
    }
    if user.banned {
        return Err(Problem::new(403, "user_banned", "User is banned"));
    }
    Ok(Json(state.session(&user)))
}

/// Whose session a token is of: its middle part is believed, since only the stand-in made any.
fn bearer(state: &State, headers: &HeaderMap) -> Result<(String, User), Problem> {
    let refused = || Problem::new(403, "bad_jwt", "invalid JWT");
    let token = headers.get("authorization").and_then(|it| it.to_str().ok());
    let token = token.and_then(|it| it.strip_prefix("Bearer ")).ok_or_else(refused)?;
    let claims = super::claims_of(token).ok_or_else(refused)?;
    let session = claims["session_id"].as_str().unwrap_or_default().to_owned();
    let world = state.world();
    let (_, user) = world.sessions.iter().find(|(id, _)| *id == session).ok_or_else(|| {
        Problem::new(
            403,
            "session_not_found",
            "Session from session_id claim in JWT does not exist",
        )
    })?;
    let user = world.users.iter().find(|it| it.id == *user).cloned().ok_or_else(refused)?;
    Ok((session, user))
}

async fn user(Shared(state): Shared<Arc<State>>, headers: HeaderMap) -> Answer {
    let (_, user) = bearer(&state, &headers)?;
    Ok(Json(view(&user)))
}

async fn logout(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let (session, _) = bearer(&state, &headers)?;
    state.world().sessions.retain(|(id, _)| *id != session);
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a call is the owner's own: then no CAPTCHA is asked for.
fn is_admin(state: &State, headers: &HeaderMap) -> bool {
    let given = headers.get("authorization").and_then(|it| it.to_str().ok());
    given.and_then(|it| it.strip_prefix("Bearer ")) == Some(state.options.secret_key.as_str())
}

fn admin(state: &State, headers: &HeaderMap) -> Result<(), Problem> {
    let key = headers.get("apikey").and_then(|it| it.to_str().ok());
    if key == Some(state.options.secret_key.as_str()) {
        Ok(())
    } else {
        Err(Problem::new(403, "not_admin", "User not allowed"))
    }
}

/// The filter finds by a part of the address, as the real one does.
async fn admin_users(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    admin(&state, &headers)?;
    let filter = query.get("filter").map(|it| it.to_lowercase()).unwrap_or_default();
    let world = state.world();
    let found: Vec<Value> =
        world.users.iter().filter(|it| it.email.contains(&filter)).map(view).collect();
    Ok(Json(json!({"users": found, "aud": "authenticated"})))
}

async fn admin_user(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    admin(&state, &headers)?;
    let world = state.world();
    let user = world.users.iter().find(|it| it.id == id);
    let user = user.ok_or_else(|| Problem::new(404, "user_not_found", "User not found"))?;
    Ok(Json(view(user)))
}
