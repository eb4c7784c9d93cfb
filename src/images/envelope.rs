//! The error object of an answer, in the shapes that providers and gateways give it.
//!
//! ```text
//! {"error":{"message","type","param","code","moderation_details":{…}}}   OpenAI
//! {"error":{"code","message","innererror":{"code"}}}                     Azure
//! {"error":"…"} · {"message","code"} · {"msg","code"} · {"detail"}       gateways
//! ```
//!
//! Its words are only looked through for what they mean; they never leave this module's readers.

use serde_json::Value;

use super::refusal::Refusal;

/// How much of a message is looked through, characters. What matters stands at its beginning.
const MESSAGE_CHARS_MAX: usize = 4096;

/// An error object. All text is in lower case, and empty where the answer lacks it.
#[derive(Default)]
pub(super) struct Envelope {
    pub(super) code: String,
    pub(super) kind: String,
    /// Azure's code within the code.
    pub(super) inner_code: String,
    pub(super) param: String,
    pub(super) message: String,
    stage: Option<String>,
    categories: Vec<String>,
}

impl Envelope {
    /// Reads the body of an error answer; `None` when there is no error object in it.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok().as_ref().and_then(Self::read)
    }

    /// Reads a document; `None` when there is no error object in it.
    pub(super) fn read(document: &Value) -> Option<Self> {
        let error = match document.get("error") {
            None | Some(Value::Null | Value::Bool(_)) => document,
            Some(error) => error,
        };
        if let Value::String(message) = error {
            return Some(Self { message: lower(message), ..Self::default() });
        }
        let message = ["message", "msg", "detail"].into_iter().find_map(|name| error.get(name));
        let named = ["code", "type"].into_iter().any(|name| error.get(name).is_some());
        if message.is_none() && !(named && document.get("error").is_some()) {
            return None;
        }
        let details = error.get("moderation_details");
        let categories = details.and_then(|details| details.get("categories"));
        Some(Self {
            code: text(error.get("code")),
            kind: text(error.get("type")),
            inner_code: text(error.get("innererror").and_then(|inner| inner.get("code"))),
            param: text(error.get("param")),
            message: text(message),
            stage: details.map(|details| text(details.get("moderation_stage"))),
            categories: categories
                .and_then(Value::as_array)
                .map(|names| names.iter().map(|name| text(Some(name))).collect())
                .unwrap_or_default(),
        })
    }

    /// What it says about a refusal, where it is one.
    pub(super) fn refusal(&self) -> Refusal {
        if !self.categories.is_empty() || self.stage.is_some() {
            return Refusal::read(
                self.stage.as_deref(),
                self.categories.iter().map(String::as_str),
            );
        }
        // "… rejected by the safety system. … safety_violations=[sexual, violence]."
        let named = self
            .message
            .split_once("safety_violations=[")
            .and_then(|(_, named)| named.split_once(']'))
            .map_or("", |(named, _)| named);
        Refusal::read(None, named.split(',').filter(|name| !name.trim().is_empty()))
    }

    /// Which reference picture is meant, from 0, of so many.
    ///
    /// OpenAI's messages count from 1 ("Invalid image file or mode for image 3"); for a while in
    /// 2025 they began with 0, which can only have meant the first.
    pub(super) fn reference(&self, references: usize) -> Option<usize> {
        let after = |text: &str, mark: &str| -> Option<usize> {
            let (_, tail) = text.rsplit_once(mark)?;
            let end = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
            tail.get(..end)?.parse().ok()
        };
        let named = after(&self.param, "image[")
            .or_else(|| after(&self.message, "for image ").map(|count| count.saturating_sub(1)));
        match (named, references) {
            (Some(index), _) if index < references => Some(index),
            (_, 1) => Some(0),
            _ => None,
        }
    }
}

fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => lower(text),
        Some(Value::Number(number)) => number.to_string(),
        // FastAPI's `detail` is a list of objects; its words are those of its JSON.
        Some(value @ (Value::Array(_) | Value::Object(_))) => lower(&value.to_string()),
        Some(Value::Null | Value::Bool(_)) | None => String::new(),
    }
}

fn lower(text: &str) -> String {
    text.chars().take(MESSAGE_CHARS_MAX).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(body: &str) -> Option<Envelope> {
        Envelope::parse(body.as_bytes())
    }

    #[test]
    fn every_shape_is_read() {
        let cases = [
            (r#"{"error":{"message":"M","type":"T","code":"C","param":"P"}}"#, "c t p m"),
            (r#"{"error":{"message":"M","type":null,"code":429}}"#, "429   m"),
            (r#"{"error":"M"}"#, "   m"),
            (r#"{"code":451,"message":"M"}"#, "451   m"),
            (r#"{"code":"C","msg":"M"}"#, "c   m"),
            (r#"{"detail":"M"}"#, "   m"),
            (r#"{"error":true,"message":"M"}"#, "   m"),
            (r#"{"error":{"code":"C"}}"#, "c   "),
            (r#"{"type":"error","error":{"type":"T"}}"#, " t  "),
        ];
        for (body, read) in cases {
            let envelope = envelope(body).unwrap();
            let Envelope { code, kind, param, message, .. } = &envelope;
            assert_eq!(format!("{code} {kind} {param} {message}"), read, "{body}");
        }
    }

    #[test]
    fn no_error_object_is_none() {
        for body in ["", "<html>", "[]", "null", "7", r#"{"error":null}"#, r#"{"data":[]}"#] {
            assert!(envelope(body).is_none(), "{body}");
        }
    }

    #[test]
    fn the_reference_meant_is_found_where_it_exists() {
        let at = |message: &str, param: &str, references| {
            let body = serde_json::json!({"error": {"message": message, "param": param}});
            Envelope::read(&body).unwrap().reference(references)
        };
        assert_eq!(at("Invalid image file or mode for image 3, please check", "", 4), Some(2));
        assert_eq!(at("Invalid image file or mode for image 0, please check", "", 4), Some(0));
        assert_eq!(at("Invalid image file or mode for image 9, please check", "", 4), None);
        assert_eq!(at("too large", "image[2]", 4), Some(2));
        assert_eq!(at("too large", "image", 1), Some(0));
        assert_eq!(at("too large", "image", 2), None);
        assert_eq!(at("for image 99999999999999999999999", "", 4), None);
    }
}
