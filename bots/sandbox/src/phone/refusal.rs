//! How the phone's routes say no.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::telegram::Unplayable;
use crate::wecom::Unplayable as WecomUnplayable;

/// A status and words.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    words: String,
}

impl Refusal {
    /// 400: it was not understood.
    pub fn bad(words: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, words: words.into() }
    }

    /// 403.
    pub fn forbidden(words: &str) -> Self {
        Self { status: StatusCode::FORBIDDEN, words: words.into() }
    }

    /// 404: there is no such thing.
    pub fn missing(words: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, words: words.into() }
    }

    /// 409: not as things are.
    pub fn conflict(words: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, words: words.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({"ok": false, "error": self.words}))).into_response()
    }
}

impl From<Unplayable> for Refusal {
    fn from(why: Unplayable) -> Self {
        let status = match why {
            Unplayable::NoPlayer
            | Unplayable::NoChat
            | Unplayable::NoMessage
            | Unplayable::NoTopic
            | Unplayable::NoButton
            | Unplayable::NoDraft => StatusCode::NOT_FOUND,
            Unplayable::NotTheirs | Unplayable::Blocked | Unplayable::Moved(_) => {
                StatusCode::CONFLICT
            }
            Unplayable::Nothing | Unplayable::CaptionTooLong | Unplayable::TooManyParts => {
                StatusCode::BAD_REQUEST
            }
            Unplayable::Disk => StatusCode::INSUFFICIENT_STORAGE,
        };
        Self { status, words: why.to_string() }
    }
}

impl From<WecomUnplayable> for Refusal {
    fn from(why: WecomUnplayable) -> Self {
        let status = match why {
            WecomUnplayable::NoPerson
            | WecomUnplayable::NoChat
            | WecomUnplayable::NoMessage
            | WecomUnplayable::NoButton
            | WecomUnplayable::NoAccount
            | WecomUnplayable::NoLink => StatusCode::NOT_FOUND,
            WecomUnplayable::WrongState
            | WecomUnplayable::NotTheirs
            | WecomUnplayable::Busy
            | WecomUnplayable::EnteredToday => StatusCode::CONFLICT,
            WecomUnplayable::Nothing | WecomUnplayable::NotThere => StatusCode::BAD_REQUEST,
            WecomUnplayable::Disk => StatusCode::INSUFFICIENT_STORAGE,
        };
        Self { status, words: why.to_string() }
    }
}
