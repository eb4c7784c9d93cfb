//! The HTTP front: `/cgi-bin/…`, files for the AI bot, pictures, and its socket.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::connect_info::ConnectInfo;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State as Shared};
use axum::http::header::{CONTENT_TYPE, HeaderMap, UPGRADE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::bot;
use super::faults::{Fault, Occasion};
use super::limits::CALLS;
use super::media;
use super::methods::{self, Call, Pass, Upload};
use super::refusal::Refusal;
use super::state::State;
use super::tokens::{self, Ended};
use crate::line::{Line, Lines};

/// Largest body: ten pictures of 10 MB in base64 over the AI bot's stream.
const BODY_MAX: usize = 140 << 20;
/// Where calls begin.
const PREFIX: &str = "/cgi-bin/";

/// Serves until the stand-in ends.
pub async fn serve(listener: TcpListener, state: Arc<State>) {
    let ended = state.ended.clone();
    let app = Router::new()
        .fallback(take)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(state)
        .into_make_service_with_connect_info::<Line>();
    tokio::select! {
        served = async { axum::serve(Lines(listener), app).await } => {
            if let Err(error) = served {
                tracing::error!(error = %error, "the WeCom stand-in has stopped serving");
            }
        }
        () = ended.cancelled() => {}
    }
}

/// Once the stand-in has ended, connections that are still open break.
async fn take(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let has_ended = || state.ended.is_cancelled();
    let response = if has_ended() {
        StatusCode::OK.into_response()
    } else {
        answer(&state, &line, request).await
    };
    if has_ended() {
        line.cut_after(0);
    }
    response
}

async fn answer(state: &Arc<State>, line: &Line, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if request.headers().contains_key(UPGRADE) {
        return bot::upgrade(Arc::clone(state), request);
    }
    if let Some(name) = path.strip_prefix("/aibot-media/") {
        return bot::send_media(state, name);
    }
    if let Some(name) = path.strip_prefix("/picture/") {
        return send_picture(state, name);
    }
    let Some(name) = path.strip_prefix(PREFIX) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = request.headers().clone();
    let call = match read(name, request).await {
        Ok(call) => call,
        Err(refusal) => return refused(state, &refusal),
    };
    match state.strike(Occasion::Call, &call.path, &call.owners()) {
        None => response(state, run(state, &call, &headers)),
        Some(fault) => befall(state, line, fault, &call, &headers).await,
    }
}

async fn read(name: &str, request: Request) -> Result<Call, Refusal> {
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let query: HashMap<String, String> = url::form_urlencoded::parse(query).into_owned().collect();
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let is_form = content_type.is_some_and(|it| it.starts_with("multipart/form-data"));
    let mut call = Call { path: name.to_owned(), query, ..Call::default() };
    if is_form {
        call.files = read_files(request).await?;
        return Ok(call);
    }
    let body = axum::body::to_bytes(request.into_body(), BODY_MAX).await;
    call.raw = body.map_err(|_| Refusal::new(45002, "content size out of limit"))?;
    if !call.raw.is_empty() {
        // WeCom wants characters as they are. Source: document 90313, 40033.
        if call.raw.windows(2).any(|two| two == b"\\u") {
            return Err(Refusal::new(40033, "invalid charset: \\uxxxx in the request"));
        }
        let body = serde_json::from_slice(&call.raw);
        call.body = body.map_err(|_| Refusal::new(40058, "invalid Request Parameter: not JSON"))?;
    }
    Ok(call)
}

async fn read_files(request: Request) -> Result<Vec<Upload>, Refusal> {
    let broken = || Refusal::new(41005, "media data missing");
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| broken())?;
    let mut files = Vec::new();
    while let Some(part) = form.next_field().await.map_err(|_| broken())? {
        let field = part.name().unwrap_or_default().to_owned();
        let Some(name) = part.file_name().map(str::to_owned) else {
            continue;
        };
        let bytes = part.bytes().await.map_err(|_| broken())?;
        files.push(Upload { field, name, bytes });
    }
    Ok(files)
}

/// What a call comes to.
enum Answer {
    Json(Value),
    Bytes(Response),
}

/// Lets a call in, and runs it.
fn run(state: &State, call: &Call, headers: &HeaderMap) -> Result<Answer, Refusal> {
    let is_download = call.path == "media/get";
    let path = methods::find(&call.path);
    // A robot's key and a bot's code are good from anywhere. Source: documents 99110 and 101138.
    let is_of_app = path.is_none_or(|it| it.pass == Pass::Token) || call.path == "gettoken";
    if is_of_app && !state.world().meta.ip_trusted {
        return Err(Refusal::of_code(60020));
    }
    if path.is_none() && !is_download {
        return Err(Refusal::new(40058, "invalid Request Parameter: no such path"));
    }
    if path.is_none_or(|it| it.pass == Pass::Token) {
        tokens::check(state, call)?;
    }
    if !state.within(&format!("calls {}", call.path), CALLS) {
        return Err(Refusal::frequency());
    }
    let answer = match path {
        None => Answer::Bytes(media::get(state, call, headers)?),
        Some(path) => Answer::Json((path.run)(state, call)?),
    };
    state.ring();
    *state.counters.lock().calls.entry(call.path.clone()).or_default() += 1;
    Ok(answer)
}

async fn befall(
    state: &State,
    line: &Line,
    fault: Fault,
    call: &Call,
    headers: &HeaderMap,
) -> Response {
    let token = || call.query.get("access_token").cloned().unwrap_or_default();
    match fault {
        Fault::Errcode { errcode } => refused(state, &Refusal::of_code(errcode)),
        Fault::IpRefused => refused(state, &Refusal::of_code(60020)),
        Fault::TokenKilled => {
            tokens::end_one(state, Ended::Killed, &token());
            refused(state, &Refusal::of_code(40014))
        }
        Fault::TokenExpired => {
            tokens::end_one(state, Ended::Expired, &token());
            refused(state, &Refusal::of_code(42001))
        }
        Fault::ServerError { status } => error_page(status),
        Fault::NotJson => {
            drop(run(state, call, headers));
            error_page(200)
        }
        Fault::DropRequest => {
            line.cut_after(0);
            StatusCode::OK.into_response()
        }
        Fault::DropAnswer => {
            let answer = response(state, run(state, call, headers));
            line.cut_after(0);
            answer
        }
        Fault::GarbledAnswer => {
            let answer = response(state, run(state, call, headers));
            // The head has about 125 bytes; the body never arrives whole.
            line.cut_after(135);
            answer
        }
        Fault::ControlCharacters => match run(state, call, headers) {
            Ok(Answer::Json(answer)) => {
                let body = ok_body(answer).to_string();
                // They stand inside strings, as they are, which is no JSON.
                json_response(body.replace("\"ok\"", "\"o\u{1}k\u{8}\"").into())
            }
            other => response(state, other),
        },
        Fault::Slow { delay_ms } => {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            response(state, run(state, call, headers))
        }
        // These befall other things and never get here.
        _ => response(state, run(state, call, headers)),
    }
}

fn response(state: &State, answer: Result<Answer, Refusal>) -> Response {
    match answer {
        Ok(Answer::Json(answer)) => json_response(ok_body(answer).to_string().into()),
        Ok(Answer::Bytes(response)) => response,
        Err(refusal) => refused(state, &refusal),
    }
}

fn ok_body(answer: Value) -> Value {
    let mut body = json!({"errcode": 0, "errmsg": "ok"});
    if let (Value::Object(body), Value::Object(answer)) = (&mut body, answer) {
        body.extend(answer);
    }
    body
}

fn refused(state: &State, refusal: &Refusal) -> Response {
    *state.counters.lock().refused.entry(refusal.errcode).or_default() += 1;
    let hint = format!("{}_{}", state.now_ms() / 1000, state.digits(9));
    json_response(refusal.body(&hint, &state.options.seen_from).to_string().into())
}

fn json_response(body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    let json = HeaderValue::from_static("application/json; charset=UTF-8");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

fn error_page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let page = format!("<html><head><title>{status}</title></head><body>{status}</body></html>");
    (status, [(CONTENT_TYPE, "text/html")], page).into_response()
}

fn send_picture(state: &State, name: &str) -> Response {
    let is_name = name.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it));
    match Some(name).filter(|_| is_name).and_then(|name| state.blobs.get(name)) {
        Some(bytes) => {
            let mime = super::pictures::mime_of(&bytes);
            ([(CONTENT_TYPE, mime)], bytes).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
