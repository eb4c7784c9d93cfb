//! What a browser opens: the way to Google and back, the link in a letter, the published keys,
//! and the mailbox in which the letters lie.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Form, Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::state::{FLOW_MS, Flow, State};

/// The routes, which need no key.
pub fn router() -> Router<Arc<State>> {
    Router::new()
        .route("/auth/v1/authorize", get(authorize))
        .route("/auth/v1/verify", get(follow_link))
        .route("/auth/v1/.well-known/jwks.json", get(keys))
        .route("/google/{flow}", get(google).post(choose))
        .route("/mailbox", get(mailbox))
}

const STYLE: &str = "<style>:root{color-scheme:light dark}body{font:16px/1.45 system-ui,sans-serif;\
margin:0 auto;max-width:26rem;padding:1.25rem}button{font:inherit;width:100%;padding:.7rem;\
margin:.3rem 0;border-radius:9px;border:1px solid #8886;cursor:pointer}\
article{border:1px solid #8884;border-radius:10px;padding:.8rem;margin:.8rem 0}\
.code{font-size:1.6rem;letter-spacing:.15em;font-weight:650}.note{font-size:.85rem;opacity:.75}\
</style>";

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}

fn sheet(title: &str, inner: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <link rel=\"icon\" href=\"data:,\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title>{STYLE}<h1>{title}</h1>{inner}\
         <p class=\"note\">A stand-in: nobody is asked outside this machine.</p></html>"
    ))
}

async fn keys(Shared(state): Shared<Arc<State>>) -> Response {
    let fault = state.faults().strike_call("GET /auth/v1/.well-known/jwks.json");
    let mut world = state.world();
    world.calls.push("GET /auth/v1/.well-known/jwks.json".into());
    if fault.is_some() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let keys: Vec<Value> = world.keys.iter().filter_map(super::keys::Key::published).collect();
    Json(json!({ "keys": keys })).into_response()
}

/// Back to whoever asked, if they may be sent to: else to the site itself, without a word.
fn allowed(state: &State, redirect_to: &str) -> String {
    let allowed = state.options.redirect_allowed.iter().any(|it| redirect_to.starts_with(it));
    let site = state.options.site_url.clone();
    if allowed { redirect_to.to_owned() } else { site }
}

async fn authorize(
    Shared(state): Shared<Arc<State>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let given = |name: &str| query.get(name).cloned().unwrap_or_default();
    let (provider, challenge) = (given("provider"), given("code_challenge"));
    let is_pkce = given("code_challenge_method").eq_ignore_ascii_case("s256");
    if provider != "google" || !is_pkce || !(43..=128).contains(&challenge.len()) {
        let body = json!({"code": 400, "error_code": "validation_failed", "msg": "bad request"});
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    let redirect_to = allowed(&state, &given("redirect_to"));
    let (name, at) = (state.uuid(), state.now_ms());
    let flow = Flow { name: name.clone(), challenge, redirect_to, at, code: None };
    state.world().flows.push(flow);
    Redirect::to(&format!("/google/{name}")).into_response()
}

async fn google(Shared(state): Shared<Arc<State>>, Path(flow): Path<String>) -> Html<String> {
    let world = state.world();
    let mut inner = String::from("<p>Choose an account</p><form method=\"post\">");
    if world.flows.iter().any(|it| it.name == flow) {
        for user in &world.users {
            let email = escape(&user.email);
            let _fits = write!(inner, "<button name=\"email\" value=\"{email}\">{email}</button>");
        }
    }
    inner.push_str("</form>");
    sheet("Sign in with Google", &inner)
}

#[derive(Deserialize)]
struct Chosen {
    email: String,
}

async fn choose(
    Shared(state): Shared<Arc<State>>,
    Path(flow): Path<String>,
    Form(chosen): Form<Chosen>,
) -> Response {
    let user = state.add_user(&chosen.email);
    back(&state, &flow, &user)
}

/// Sends the browser back with a code that is good once.
fn back(state: &State, flow: &str, user: &str) -> Response {
    let (code, now) = (state.uuid(), state.now_ms());
    let mut world = state.world();
    let found = world.flows.iter_mut().find(|it| it.name == flow && it.code.is_none());
    let Some(flow) = found.filter(|it| now - it.at <= FLOW_MS) else {
        return (StatusCode::NOT_FOUND, sheet("Not found", "<p>This is over.</p>")).into_response();
    };
    flow.code = Some((code.clone(), user.to_owned()));
    let Ok(mut url) = Url::parse(&flow.redirect_to) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    url.query_pairs_mut().append_pair("code", &code);
    Redirect::to(url.as_str()).into_response()
}

/// The link in a letter.
async fn follow_link(
    Shared(state): Shared<Arc<State>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let token = query.get("token").and_then(|it| it.strip_prefix("pkce_")).unwrap_or_default();
    let user = {
        let mut world = state.world();
        let mail = world.mails.iter().find(|it| {
            it.link.as_ref().is_some_and(|link| link.contains(&format!("token=pkce_{token}&")))
        });
        let email = mail.map(|it| it.to.clone()).unwrap_or_default();
        world.codes.retain(|it| it.email != email);
        let redirect = world.flows.iter().find(|it| it.name == token).map(|it| &it.redirect_to);
        let to = allowed(&state, redirect.map(String::as_str).unwrap_or_default());
        if let Some(flow) = world.flows.iter_mut().find(|it| it.name == token) {
            flow.redirect_to = to;
        }
        world.users.iter().find(|it| it.email == email).map(|it| it.id.clone())
    };
    back(&state, token, &user.unwrap_or_default())
}

async fn mailbox(Shared(state): Shared<Arc<State>>) -> Html<String> {
    let world = state.world();
    let mut inner = String::new();
    for mail in world.mails.iter().rev() {
        let _fits = write!(
            inner,
            "<article><div>To {}</div><div class=\"code\">{}</div>",
            escape(&mail.to),
            mail.code
        );
        if let Some(link) = &mail.link {
            let _fits = write!(inner, "<a href=\"{}\">Sign in</a>", escape(link));
        }
        inner.push_str("</article>");
    }
    if inner.is_empty() {
        inner.push_str("<p>No letters yet.</p>");
    }
    sheet("Mailbox", &inner)
}
