//! How the Bot API says no.

use serde_json::{Value, json};

/// An answer with `ok: false`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status and `error_code`.
    pub status: u16,
    /// Words, as the official server has them.
    pub description: String,
    /// Seconds to wait; also a header.
    pub retry_after_s: Option<u32>,
    /// Where the chat is now.
    pub migrate_to: Option<i64>,
}

impl Refusal {
    fn new(status: u16, description: String) -> Self {
        Self { status, description, retry_after_s: None, migrate_to: None }
    }

    /// 400, `Bad Request: …`.
    pub fn bad(why: &str) -> Self {
        Self::new(400, format!("Bad Request: {why}"))
    }

    /// 403, `Forbidden: …`.
    pub fn forbidden(why: &str) -> Self {
        Self::new(403, format!("Forbidden: {why}"))
    }

    /// 401: the token is not known.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized".into())
    }

    /// 404, `Not Found…`.
    pub fn not_found(what: &str) -> Self {
        let description =
            if what.is_empty() { "Not Found".into() } else { format!("Not Found: {what}") };
        Self::new(404, description)
    }

    /// 409, `Conflict: …`.
    pub fn conflict(why: &str) -> Self {
        Self::new(409, format!("Conflict: {why}"))
    }

    /// 413.
    pub fn too_large() -> Self {
        Self::new(413, "Request Entity Too Large".into())
    }

    /// 429 with the seconds to wait.
    pub fn too_many(retry_after_s: u32) -> Self {
        Self {
            retry_after_s: Some(retry_after_s),
            ..Self::new(429, format!("Too Many Requests: retry after {retry_after_s}"))
        }
    }

    /// 400: the group lives on under another id.
    pub fn migrated(to: i64) -> Self {
        Self { migrate_to: Some(to), ..Self::bad("group chat was upgraded to a supergroup chat") }
    }

    /// The body of the answer.
    pub fn body(&self) -> Value {
        let mut body =
            json!({"ok": false, "error_code": self.status, "description": self.description});
        if let Some(seconds) = self.retry_after_s {
            body["parameters"] = json!({ "retry_after": seconds });
        }
        if let Some(to) = self.migrate_to {
            body["parameters"] = json!({ "migrate_to_chat_id": to });
        }
        body
    }
}
