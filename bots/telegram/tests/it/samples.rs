//! Readings and renderings, as files: what Telegram sends beside what we make of it, and what we
//! send beside the message it was made from. `PICDESK_WRITE_SAMPLES=1` writes the right-hand side
//! anew, to be read before it is committed.

use std::{env, fs, path::Path};

use picdesk_core::{
    channel::{Arrival, OutboundFile, OutboundMessage},
    event::Event,
    id::MessageId,
};
use picdesk_telegram::{
    address::Target,
    parse::{Us, read_update},
    render::{Links, render},
};
use serde::Deserialize;
use serde_json::{Value, json};

const US: Us<'_> = Us {
    id: 7_000_000_001,
    username: Some("picture_desk_bot"),
    desk_chat_id: Some(-1_009_000_000_009),
};

const RECEIVED_AT: i64 = 1_790_000_900_000;

fn samples(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(folder);
    let mut samples: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    samples.sort();
    samples
}

/// Compares with the file of this name in `folder`, or writes it.
fn check(folder: &str, name: &str, made: &Value, wrong: &mut Vec<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(folder)
        .join(format!("{name}.json"));
    let made = serde_json::to_string_pretty(made).unwrap() + "\n";
    if env::var_os("PICDESK_WRITE_SAMPLES").is_some() {
        fs::write(&path, made).unwrap();
    } else if fs::read_to_string(&path).ok().as_ref() != Some(&made) {
        wrong.push(format!("{name}:\n{made}"));
    }
}

fn reading(raw: &str) -> Value {
    match read_update(raw.as_bytes().to_vec(), &US, RECEIVED_AT) {
        Err(error) => json!({ "not_read": error.to_string() }),
        Ok(None) => json!("nothing"),
        Ok(Some(Arrival::SetAside { external_id, channel, why, raw: kept })) => {
            assert_eq!(kept, raw.as_bytes(), "the bytes are kept as they came");
            json!({ "set_aside": { "external_id": external_id, "channel": channel, "why": why } })
        }
        Ok(Some(Arrival::Asked(asking))) => json!({ "asked": {
            "question": asking.question, "by": asking.by, "request": asking.request,
            "price": asking.price,
        } }),
        Ok(Some(Arrival::Event(received))) => {
            let kept = match &received.event {
                Event::AlbumPartSeen(part) => {
                    assert!(part.text.is_empty(), "words that were not spoken to us");
                    &[]
                }
                _ => raw.as_bytes(),
            };
            assert_eq!(received.raw, kept, "the bytes are kept as they came");
            let mut value = serde_json::to_value(&*received).unwrap();
            value.as_object_mut().unwrap().remove("raw");
            value
        }
    }
}

#[test]
fn every_update_is_read_as_its_reading_says() {
    let mut wrong = Vec::new();
    let updates = samples("updates");
    for (name, raw) in &updates {
        check("readings", name, &reading(raw), &mut wrong);
    }
    assert!(updates.len() >= 40, "only {} samples", updates.len());
    assert_eq!(updates.len(), samples("readings").len(), "a reading without its update");
    assert!(wrong.is_empty(), "{} readings differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn an_update_reads_the_same_with_every_letter_escaped() {
    for (name, raw) in samples("updates") {
        let value: Value = serde_json::from_str(&raw).unwrap();
        let escaped = escape(&value);
        let read = |raw: &str| match read_update(raw.into(), &US, RECEIVED_AT) {
            Ok(Some(Arrival::Event(received))) => Some(received.event),
            _ => None,
        };
        assert_eq!(read(&raw), read(&escaped), "{name}");
    }
}

fn escape(value: &Value) -> String {
    let text = |text: &str| {
        let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
        format!("\"{}\"", units.collect::<Vec<_>>().concat())
    };
    match value {
        Value::String(words) => text(words),
        Value::Array(values) => {
            format!("[{}]", values.iter().map(escape).collect::<Vec<_>>().join(","))
        }
        Value::Object(map) => {
            let entry =
                |(key, value): (&String, &Value)| format!("{}:{}", text(key), escape(value));
            format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[test]
fn what_calls_somebody_in_a_group_waits_until_our_name_is_known() {
    let nameless = Us { username: None, ..US };
    for (name, raw) in samples("updates") {
        let waits = read_update(raw.clone().into_bytes(), &nameless, RECEIVED_AT).is_err();
        let calls = [
            "group-mention",
            "group-mention-in-the-middle",
            "group-mention-of-somebody-else",
            "group-mention-on-its-own-line",
            "group-photo-with-mention-in-caption",
            "group-reply-to-a-members-photo",
            "group-imagine-with-our-name",
            "group-imagine-of-another-bot",
            "group-command-with-our-name",
        ];
        assert_eq!(waits, calls.contains(&name.as_str()), "{name}");
    }
}

/// A message on its way out, with what the house adds to it.
#[derive(Deserialize)]
struct Sample {
    message: OutboundMessage,
    #[serde(default)]
    edit: Option<MessageId>,
    #[serde(default)]
    edit_is_picture: bool,
    #[serde(default)]
    file: Option<SampleFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum SampleFile {
    Known(String),
    Upload(String),
}

#[test]
fn every_message_becomes_the_call_that_stands_beside_it() {
    let mut wrong = Vec::new();
    let messages = samples("messages");
    for (name, sample) in &messages {
        let sample: Sample = serde_json::from_str(sample).unwrap_or_else(|e| panic!("{name}: {e}"));
        let target =
            Target::of(&sample.message.place, sample.edit.as_ref(), sample.edit_is_picture);
        let file = sample.file.map(|file| match file {
            SampleFile::Known(handle) => OutboundFile::Known { handle },
            SampleFile::Upload(name) => {
                OutboundFile::Upload { bytes: vec![0; 10], name, media_type: "image/png" }
            }
        });
        let made = match render(&sample.message, target, file, Links::Public) {
            None => Value::Null,
            Some(call) => json!({
                "method": call.method.name(),
                "parameters": serde_json::from_slice::<Value>(&call.body).unwrap(),
                "upload": call.upload.map(|upload| format!("{upload:?}")),
            }),
        };
        check("calls", name, &made, &mut wrong);
    }
    assert!(messages.len() >= 10, "only {} samples", messages.len());
    assert_eq!(messages.len(), samples("calls").len(), "a call without its message");
    assert!(wrong.is_empty(), "{} calls differ:\n{}", wrong.len(), wrong.join("\n"));
}
