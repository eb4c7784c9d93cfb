//! What stand-ins of parties with a plain REST API have in common: what goes wrong with their
//! calls, and how it does.

mod faults;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::extract::connect_info::ConnectInfo;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

pub use self::faults::{Armed, Fault, Faults, Often, describe, kinds, read};
use crate::line::Line;

/// Locks; a task that panicked with the lock has spoilt nothing that matters here.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a call as the fault lets it: `problem` is what the party says with a status of its own.
pub async fn befall(
    fault: Option<Fault>,
    request: Request,
    next: Next,
    problem: impl FnOnce(StatusCode) -> Response,
) -> Response {
    let line = request.extensions().get::<ConnectInfo<Line>>().map(|it| it.0.clone());
    let cut = || {
        if let Some(line) = line {
            line.cut_after(0);
        }
        StatusCode::OK.into_response()
    };
    match fault {
        Some(Fault::Status { status, retry_after_s }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            let mut answer = problem(status);
            if let Ok(seconds) = HeaderValue::from_str(&retry_after_s.to_string())
                && retry_after_s > 0
            {
                answer.headers_mut().insert(RETRY_AFTER, seconds);
            }
            answer
        }
        Some(Fault::DropRequest) => cut(),
        Some(Fault::DropAnswer) => {
            drop(next.run(request).await);
            cut()
        }
        Some(Fault::NotJson) => {
            drop(next.run(request).await);
            Html("<html><body>502 Bad Gateway</body></html>").into_response()
        }
        Some(Fault::HalfAnswer) => {
            let answer = next.run(request).await;
            let (parts, body) = answer.into_parts();
            let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
            let mut half = bytes.slice(..bytes.len() / 2).into_response();
            *half.status_mut() = parts.status;
            let json = HeaderValue::from_static("application/json");
            half.headers_mut().insert(CONTENT_TYPE, json);
            half
        }
        Some(Fault::Slow { delay_ms }) => {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            next.run(request).await
        }
        // These befall webhooks and never get here.
        Some(_) | None => next.run(request).await,
    }
}
