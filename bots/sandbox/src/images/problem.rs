//! What the API says when it says no, envelopes and texts as seen in the wild.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Who wrote the envelope: the provider itself, or a gateway between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Envelope {
    /// `code` says what happened.
    #[default]
    OpenAi,
    /// `code` repeats the status and the message is wrapped. Source: a LiteLLM 1.109.1 proxy.
    LiteLlm,
}

/// One refusal on its way to becoming a response.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    kind: &'static str,
    code: Option<&'static str>,
    param: Option<String>,
    message: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    envelope: Envelope,
}

impl Problem {
    pub(super) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            code: None,
            param: None,
            message: message.into(),
            headers: Vec::new(),
            envelope: Envelope::OpenAi,
        }
    }

    /// A request that is wrong in itself.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message)
    }

    /// A request that is well formed and still nothing an image can be made from.
    pub(super) fn user(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "image_generation_user_error", message).code(code)
    }

    pub(super) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub(super) fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    pub(super) fn through(mut self, envelope: Envelope) -> Self {
        self.envelope = envelope;
        self
    }

    fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        self
    }

    /// The code that a reader of our book looks for.
    pub(super) fn book_code(&self) -> String {
        self.code.map_or_else(|| self.status.as_u16().to_string(), str::to_owned)
    }

    /// `{"error":{…}}`, as it stands in a body or in an SSE event.
    pub(super) fn body(&self) -> Value {
        let (message, kind, code) = match self.envelope {
            Envelope::OpenAi => (self.message.clone(), self.kind, self.code.map(str::to_owned)),
            Envelope::LiteLlm => self.rewritten(),
        };
        json!({"error": {"message": message, "type": kind, "param": self.param, "code": code}})
    }

    fn rewritten(&self) -> (String, &'static str, Option<String>) {
        let status = self.status.as_u16();
        let (class, kind) = match status {
            400 => ("BadRequestError", self.kind),
            401 => ("AuthenticationError", "auth_error"),
            429 => ("RateLimitError", "throttling_error"),
            503 => ("ServiceUnavailableError", self.kind),
            _ => ("InternalServerError", self.kind),
        };
        let message = format!("litellm.{class}: OpenAIException - {}", self.message);
        (message, kind, Some(status.to_string()))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}

/// 401: no key, or not this one. The key is never echoed whole.
pub(super) fn no_key() -> Problem {
    let text = "You didn't provide an API key. You need to provide your API key in an \
        Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_request_error", text)
}

/// 401 for a key that is not ours.
pub(super) fn wrong_key() -> Problem {
    let text = "Incorrect API key provided: sk-***. You can find your API key at \
        https://platform.openai.com/account/api-keys.";
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_request_error", text).code("invalid_api_key")
}

/// 404 for a path that the API does not have.
pub(super) fn unknown_path(method: &str, path: &str) -> Problem {
    let text = format!("Invalid URL ({method} {path})");
    Problem::new(StatusCode::NOT_FOUND, "invalid_request_error", text)
}

/// 404 for a model that does not exist, or not any more.
pub(super) fn unknown_model(model: &str) -> Problem {
    let text = format!("The model '{model}' does not exist or you do not have access to it.");
    Problem::new(StatusCode::NOT_FOUND, "invalid_request_error", text)
        .code("model_not_found")
        .param("model")
}

/// 400: the safety system refused.
pub(super) fn moderation_blocked(category: &str) -> Problem {
    let text = format!(
        "Your request was rejected by the safety system. If you believe this is an error, \
         contact us at help.openai.com and include the request ID. safety_violations=[{category}]."
    );
    Problem::user("moderation_blocked", text)
}

/// 429: wait this long.
pub(super) fn rate_limited(retry_after_s: u64) -> Problem {
    let text = format!(
        "Rate limit reached for gpt-image-2 on images per min: Limit 5, Used 5, Requested 1. \
         Please try again in {retry_after_s}s."
    );
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "input-images", text)
        .code("rate_limit_exceeded")
        .header(header::RETRY_AFTER, &retry_after_s.to_string())
}

/// 429: the load grew too quickly.
pub(super) fn slow_down() -> Problem {
    let text = "Your request rate increased too quickly. Please slow down and ramp up gradually.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", text).code("slow_down")
}

/// 429 that waiting does not mend: the money is gone.
pub(super) fn insufficient_quota() -> Problem {
    let text = "You exceeded your current quota, please check your plan and billing details.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "insufficient_quota", text)
        .code("insufficient_quota")
}

/// 503: too many others.
pub(super) fn overloaded() -> Problem {
    let text = "Our servers are currently overloaded. Please try again later.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "service_unavailable_error", text)
        .code("server_is_overloaded")
}

/// 500 with an envelope.
pub(super) fn server_error() -> Problem {
    let text = "The server had an error while processing your request. Sorry about that!";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", text).code("server_error")
}

/// What a stream ends with when the making failed half way; as 500 without a stream.
pub(super) fn generation_failed() -> Problem {
    let text = "Image generation failed";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "image_generation_server_error", text)
        .code("image_generation_failed")
}

/// 500 of a gateway that cannot stream pictures.
pub(super) fn no_streaming() -> Problem {
    let text = "'async for' requires an object with __aiter__ method, got ImageResponse";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "None", text).through(Envelope::LiteLlm)
}
