//! What a document means: an answer's body, or the data of one of its events.

use picdesk_core::generation::Size;
use serde_json::Value;

use super::cost::Counts;
use super::envelope::Envelope;
use super::reader::Document;
use super::request::{PictureFormat, read_size};

/// A document, understood.
pub(super) enum Answer {
    /// What came before is a partial picture.
    Partial {
        /// Which, from 0.
        index: u32,
    },
    /// What came before, if anything did, is the picture.
    Final(Facts),
    /// The provider could not, or would not.
    Error(Envelope),
    /// The stream says that it is over.
    Done,
    /// Something that we need not know.
    Unknown,
    /// Not a readable document.
    Garbage,
}

/// What the provider says of the picture.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) usage: Option<Counts>,
    pub(super) size: Option<Size>,
    pub(super) format: Option<PictureFormat>,
    pub(super) prompt_was_revised: bool,
    /// Where the picture is, if it is not in the document.
    pub(super) address: Option<String>,
}

/// Reads a document.
pub(super) fn read(document: &Document) -> Answer {
    let scanned = &document.scanned;
    let event = document.event.as_deref();
    if scanned.rest.trim_ascii() == b"[DONE]" {
        return Answer::Done;
    }
    let Ok(value) = serde_json::from_slice::<Value>(&scanned.rest) else {
        return match event {
            Some("error") => Answer::Error(Envelope::default()),
            Some(_) | None => Answer::Garbage,
        };
    };
    // The event's own `type` and the stream's name for it are equal; some gateways drop one.
    let kind = value.get("type").and_then(Value::as_str).or(event).unwrap_or_default();
    let has_error = value.get("error").is_some_and(|error| !error.is_null());
    let has_data = value.get("data").is_some();
    if has_error || kind == "error" {
        return Answer::Error(Envelope::read(&value).unwrap_or_default());
    }
    let index = value.get("partial_image_index").and_then(Value::as_u64);
    let is_completed = kind.ends_with(".completed");
    if scanned.spoiled {
        Answer::Garbage
    } else if kind.ends_with(".partial_image") || (index.is_some() && !is_completed) {
        Answer::Partial { index: index.and_then(|index| index.try_into().ok()).unwrap_or(0) }
    } else if is_completed || has_data || (kind.is_empty() && scanned.picture_bytes > 0) {
        Answer::Final(Facts::read(&value))
    } else if event.is_none() {
        // A whole body without picture or data: an error in a shape of its own, if anything.
        Envelope::read(&value).map_or(Answer::Unknown, Answer::Error)
    } else {
        Answer::Unknown
    }
}

/// What the provider counted, wherever in its answer the picture should have been.
pub(super) fn usage(document: &[u8]) -> Option<Counts> {
    let value: Value = serde_json::from_slice(document).ok()?;
    [value.get("usage"), value.get("error").and_then(|error| error.get("usage"))]
        .into_iter()
        .flatten()
        .find_map(Counts::read)
}

impl Facts {
    /// Looks in the document and in the first of its `data`, where each stands in one dialect.
    /// Every fact is for itself: one that cannot be read does not cost a picture that came.
    fn read(value: &Value) -> Self {
        let datum = value.get("data").and_then(|data| data.get(0));
        let text = |name: &str| {
            [Some(value), datum]
                .into_iter()
                .flatten()
                .find_map(|object| object.get(name).and_then(Value::as_str))
                .filter(|text| !text.is_empty())
        };
        Self {
            usage: value.get("usage").and_then(Counts::read),
            size: text("size").and_then(read_size),
            format: text("output_format").and_then(PictureFormat::parse),
            prompt_was_revised: text("revised_prompt").is_some(),
            address: text("url").map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scan::Scanned;
    use super::*;

    fn meaning(event: Option<&str>, rest: &str, picture_bytes: u64) -> &'static str {
        let scanned = Scanned { rest: rest.into(), picture_bytes, spoiled: false };
        match read(&Document { event: event.map(str::to_owned), scanned }) {
            Answer::Partial { index: 0 } => "partial 0",
            Answer::Partial { .. } => "partial 1",
            Answer::Final(_) => "final",
            Answer::Error(_) => "error",
            Answer::Done => "done",
            Answer::Unknown => "unknown",
            Answer::Garbage => "garbage",
        }
    }

    #[test]
    fn events_mean_what_their_type_or_their_name_says() {
        let cases = [
            (
                "",
                r#"{"type":"image_generation.partial_image","partial_image_index":1}"#,
                "partial 1",
            ),
            ("image_edit.partial_image", "{}", "partial 0"),
            ("", r#"{"partial_image_index":1,"b64_json":""}"#, "partial 1"),
            ("", r#"{"type":"image_edit.completed","partial_image_index":1}"#, "final"),
            ("image_generation.completed", "{}", "final"),
            ("", r#"{"data":[{"b64_json":""}]}"#, "final"),
            ("", r#"{"b64_json":""}"#, "final"),
            ("", r#"{"type":"image_generation.in_progress"}"#, "unknown"),
            ("ping", "{}", "unknown"),
            ("", "[DONE]", "done"),
            ("error", "upstream went away", "error"),
            ("error", "{}", "error"),
            ("", r#"{"type":"error","message":"x"}"#, "error"),
            ("", r#"{"error":{"code":"x"}}"#, "error"),
            ("message", r#"{"error":null,"type":"x.completed"}"#, "final"),
            ("", "ping", "garbage"),
        ];
        for (event, rest, expected) in cases {
            assert_eq!(meaning(Some(event), rest, 1), expected, "{event} {rest}");
        }
    }

    #[test]
    fn bodies_mean_what_is_in_them() {
        let cases = [
            (r#"{"created":1,"data":[{"b64_json":""}]}"#, 9, "final"),
            (r#"{"b64_json":""}"#, 9, "final"),
            (r#"{"data":[]}"#, 0, "final"),
            (r#"{"data":null}"#, 0, "final"),
            (r#"{"error":{"message":"x"}}"#, 0, "error"),
            (r#"{"code":451,"message":"x"}"#, 0, "error"),
            (r#"{"created":1}"#, 0, "unknown"),
            (r#"{"created":1"#, 0, "garbage"),
        ];
        for (rest, picture_bytes, expected) in cases {
            assert_eq!(meaning(None, rest, picture_bytes), expected, "{rest}");
        }
    }

    #[test]
    fn a_fact_of_the_wrong_type_costs_nothing_but_itself() {
        let value = serde_json::json!({
            "usage": "none", "size": 7, "output_format": ["png"], "background": {},
            "data": [{"b64_json": "", "url": "", "revised_prompt": "x", "size": "16x32"}],
        });
        let facts = Facts::read(&value);
        assert_eq!(facts.usage, None);
        assert_eq!(facts.size, Some(Size { width: 16, height: 32 }));
        assert_eq!((facts.format, facts.address), (None, None));
        assert!(facts.prompt_was_revised);
    }
}
