//! The HTTP front: `/bot<token>/<method>` and `/file/bot<token>/<path>`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::connect_info::ConnectInfo;
use axum::extract::{DefaultBodyLimit, Request, State as Shared};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::net::TcpListener;

use super::Call;
use super::faults::Fault;
use super::lean;
use super::methods;
use super::refusal::Refusal;
use super::request::{BODY_MAX, Params};
use super::stars_page;
use super::state::State;
use crate::line::{Line, Lines};

/// Serves until the stand-in ends.
pub async fn serve(listener: TcpListener, state: Arc<State>) {
    let ended = state.ended.clone();
    let app = stars_page::router()
        .fallback(take)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(state)
        .into_make_service_with_connect_info::<Line>();
    tokio::select! {
        served = async { axum::serve(Lines(listener), app).await } => {
            if let Err(error) = served {
                tracing::error!(error = %error, "the Telegram stand-in has stopped serving");
            }
        }
        () = ended.cancelled() => {}
    }
}

/// Once the stand-in has ended, connections that are still open break: nothing is done, and
/// nothing is answered.
async fn take(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let has_ended = || state.ended.is_cancelled();
    let response = if has_ended() {
        StatusCode::OK.into_response()
    } else {
        answer(Arc::clone(&state), line.clone(), request).await
    };
    if has_ended() {
        line.cut_after(0);
    }
    response
}

async fn answer(state: Arc<State>, line: Line, mut request: Request) -> Response {
    let path = percent_decoded(request.uri().path());
    if let Some(rest) = path.strip_prefix("/file/bot") {
        return match rest.split_once('/') {
            Some((token, file)) if token == state.options.token => send_file(state, file).await,
            Some(_) => refused(&state, &Refusal::unauthorized()),
            None => refused(&state, &Refusal::not_found("")),
        };
    }
    let named = path.strip_prefix("/bot").and_then(|rest| rest.split_once('/'));
    let Some((token, name)) = named else {
        return refused(&state, &Refusal::not_found(""));
    };
    if token != state.options.token {
        return refused(&state, &Refusal::unauthorized());
    }
    let method = name.to_ascii_lowercase();
    if let Some(known) = lean::method(&state, &method) {
        let (head, body) = request.into_parts();
        let Ok(body) = axum::body::to_bytes(body, BODY_MAX).await else {
            return refused(&state, &Refusal::too_large());
        };
        if let Some(answer) = lean::answer(&state, known, &body) {
            return json_response(StatusCode::OK, answer);
        }
        request = Request::from_parts(head, Body::from(body));
    }
    let params = match Params::read(request).await {
        Ok(params) => params,
        Err(refusal) => return refused(&state, &refusal),
    };
    let fault = state.faults().strike_call(&method, methods::chat_named(&params));
    let Some(fault) = fault else {
        return result(&state, run(&state, &method, &params).await);
    };
    *state.counters.lock().faults.entry(fault.word()).or_default() += 1;
    befall(&state, &line, fault, &method, &params).await
}

/// Runs a method, within the rate limits.
async fn run(state: &State, method: &str, params: &Params) -> Result<Answer, Refusal> {
    if method == "getupdates" {
        *state.counters.lock().calls.entry("getupdates").or_default() += 1;
        return methods::get_updates(state, params).await.map(Answer::Raw);
    }
    let (name, call) =
        methods::find(method).ok_or_else(|| Refusal::not_found("method not found"))?;
    let limits = *state.rate_limits();
    if let Some(limits) = &limits {
        let cost = methods::cost(name, params);
        if cost > 0
            && let Some(chat) = methods::chat_named(params)
        {
            let now_ms = state.now_ms();
            let taken = state.world().buckets.take(limits, chat, cost, now_ms);
            taken.map_err(Refusal::too_many)?;
        }
    }
    let answer = call(state, params)?;
    *state.counters.lock().calls.entry(name).or_default() += 1;
    if let Some(hook) = &state.options.on_call {
        let message = answer.get("message_id").and_then(Value::as_i64);
        let text = params.text("text").or_else(|| params.text("caption"));
        let chat = methods::chat_named(params);
        hook.call(&Call { method: name, chat, message, text: text.as_deref() });
    }
    Ok(Answer::Value(answer))
}

/// Runs a method of a webhook's answer; how it ends nobody learns.
pub async fn run_unheard(state: &State, method: &str, params: &Params) {
    if let Err(refusal) = run(state, method, params).await {
        tracing::debug!(status = refusal.status, "a method in a webhook's answer was refused");
    }
}

enum Answer {
    Value(Value),
    Raw(Box<RawValue>),
}

async fn befall(
    state: &Arc<State>,
    line: &Line,
    fault: Fault,
    method: &str,
    params: &Params,
) -> Response {
    match fault {
        Fault::TooManyRequests { retry_after_s } => {
            refused(state, &Refusal::too_many(retry_after_s))
        }
        Fault::Forbidden => refused(state, &Refusal::forbidden("bot was blocked by the user")),
        Fault::BadRequest { description } => refused(state, &Refusal::bad(&description)),
        Fault::ServerError { status } => error_page(status),
        Fault::Unauthorized => refused(state, &Refusal::unauthorized()),
        Fault::NotJson => {
            drop(run(state, method, params).await);
            error_page(200)
        }
        Fault::DropRequest => {
            line.cut_after(0);
            StatusCode::OK.into_response()
        }
        Fault::DropAnswer => {
            let answer = result(state, run(state, method, params).await);
            line.cut_after(0);
            answer
        }
        Fault::GarbledAnswer => {
            let answer = result(state, run(state, method, params).await);
            // The head is longer than this in no case; the body never arrives whole.
            line.cut_after(150);
            answer
        }
        Fault::Slow { delay_ms } => {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            result(state, run(state, method, params).await)
        }
        // These befall updates and never get here.
        Fault::LostAck | Fault::DuplicateUpdate => result(state, run(state, method, params).await),
    }
}

fn error_page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let page = format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>\
                        {status}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>"
    );
    (status, [(CONTENT_TYPE, "text/html")], page).into_response()
}

fn result(state: &State, result: Result<Answer, Refusal>) -> Response {
    let result = match result {
        Ok(answer) => answer,
        Err(refusal) => return refused(state, &refusal),
    };
    let mut body = br#"{"ok":true,"result":"#.to_vec();
    match result {
        Answer::Value(value) => {
            serde_json::to_writer(&mut body, &value).expect("a Value is always JSON");
        }
        Answer::Raw(raw) => body.extend_from_slice(raw.get().as_bytes()),
    }
    body.push(b'}');
    json_response(StatusCode::OK, body.into())
}

fn refused(state: &State, refusal: &Refusal) -> Response {
    *state.counters.lock().refused.entry(refusal.status).or_default() += 1;
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = json_response(status, refusal.body().to_string().into());
    if let Some(seconds) = refusal.retry_after_s {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn json_response(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn send_file(state: Arc<State>, path: &str) -> Response {
    let Some(unique) = super::files::unique_in_path(path).map(str::to_owned) else {
        return refused(&state, &Refusal::not_found(""));
    };
    let reader = Arc::clone(&state);
    let read = tokio::task::spawn_blocking(move || reader.file(&unique)).await;
    match read {
        Ok(Some((bytes, _))) => {
            ([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response()
        }
        _ => refused(&state, &Refusal::not_found("")),
    }
}

fn percent_decoded(path: &str) -> String {
    if !path.contains('%') {
        return path.to_owned();
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = (*first == b'%').then(|| after.get(..2)).flatten();
        let hex = hex.and_then(|two| std::str::from_utf8(two).ok());
        if let Some(byte) = hex.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_sent_as_one_segment_is_decoded() {
        assert_eq!(percent_decoded("/file/bot1:x/photos%2Fa.jpg"), "/file/bot1:x/photos/a.jpg");
        assert_eq!(percent_decoded("/bot1%3ax/100%"), "/bot1:x/100%");
    }
}
