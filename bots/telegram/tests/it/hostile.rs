//! Whatever comes, a reading is an event, kept aside, nothing, or a refusal: never a panic.

use std::{fs, path::Path, sync::LazyLock};

use picdesk_core::channel::Arrival;
use picdesk_telegram::parse::{NotRead, Us, number_of, read_update};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;

const US: Us<'_> = Us {
    id: 7_000_000_001,
    username: Some("picture_desk_bot"),
    desk_chat_id: Some(-1_009_000_000_009),
};

fn read(raw: Vec<u8>) -> Result<Option<Arrival>, NotRead> {
    read_update(raw, &US, 0)
}

static SAMPLES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/updates");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read_to_string(path).unwrap()).collect()
});

#[test]
fn depth_costs_nothing() {
    let deep = |open: &str, close: &str| [open.repeat(100_000), close.repeat(100_000)].concat();
    let arrays = deep("[", "]");
    let objects = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    for depth in [arrays, objects] {
        let passed_over = format!(r#"{{"update_id":1,"news":{depth}}}"#);
        let aside = read(passed_over.into());
        assert!(matches!(aside, Ok(Some(Arrival::SetAside { .. }))));
        for part in [
            format!(r#""message":{depth}"#),
            format!(r#""message":{{"text":{depth}}}"#),
            format!(r#""message":{{"from":{{"id":1,"language_code":{depth}}}}}"#),
            format!(r#""message":{{"reply_to_message":{{"reply_to_message":{depth}}}}}"#),
            format!(r#""callback_query":{{"message":{depth}}}"#),
        ] {
            let raw = format!(r#"{{"update_id":1,{part}}}"#);
            let aside = read(raw.into());
            assert!(matches!(aside, Ok(Some(Arrival::SetAside { .. }))), "{part:.40}");
        }
        assert!(matches!(read(depth.into()), Err(NotRead::NotAnUpdate)));
    }
    let unclosed = "{\"update_id\":1,\"a\":".to_owned() + &"[".repeat(100_000);
    assert!(matches!(read(unclosed.into()), Err(NotRead::NotAnUpdate)));
}

#[test]
fn replies_to_replies_do_not_nest() {
    let open = r#"{"message_id":1,"date":1,"text":"x","from":{"id":5},
        "chat":{"id":5,"type":"private"},"reply_to_message":"#;
    let message = [&open.repeat(10_000), "{}", &"}".repeat(10_000)].concat();
    // The innermost has no number, but nobody looks as deep as that.
    let raw = format!(r#"{{"update_id":1,"message":{message}}}"#);
    assert!(matches!(read(raw.into()), Ok(Some(Arrival::Event(_)))));
}

#[test]
fn numbers_at_their_limits_are_read_or_kept_aside() {
    for number in ["9223372036854775807", "-9223372036854775808", "0", "-0"] {
        let raw = format!(
            r#"{{"update_id":{number},"message":{{"message_id":{number},"date":{number},
            "text":"x","edit_date":{number},"message_thread_id":{number},"is_topic_message":true,
            "entities":[{{"type":"mention","offset":{number},"length":{number}}}],
            "from":{{"id":{number}}},"chat":{{"id":{number},"type":"private"}}}}}}"#
        );
        assert!(number_of(raw.as_bytes()).is_some() || number == "-0", "{number}");
        assert!(read(raw.into()).is_ok() || number == "-0", "{number}");
    }
    for number in ["9223372036854775808", "1e3", "1e400", "1.0", "\"1\"", "-", "01"] {
        let raw = format!(r#"{{"update_id":{number}}}"#);
        assert!(matches!(read(raw.into()), Err(NotRead::NotAnUpdate)), "{number}");
        let raw = format!(
            r#"{{"update_id":1,"message":{{"message_id":1,"date":{number},"text":"x",
            "from":{{"id":5}},"chat":{{"id":5,"type":"private"}}}}}}"#
        );
        let ends = matches!(
            read(raw.into()),
            Ok(Some(Arrival::SetAside { .. })) | Err(NotRead::NotAnUpdate)
        );
        assert!(ends, "{number}");
    }
}

#[test]
fn a_sample_cut_anywhere_is_refused() {
    for sample in SAMPLES.iter() {
        let raw = sample.trim_end().as_bytes();
        for end in (0..raw.len()).step_by(7) {
            let cut = read(raw[..end].to_vec());
            assert!(matches!(cut, Err(NotRead::NotAnUpdate)), "cut at {end}");
        }
    }
}

#[test]
fn a_sample_with_any_part_replaced_is_read_or_kept_aside() {
    let odd = ["null", "7", "-1", "\"x\"", "[]", "{}", "true", "[[1]]", "1e9", "\"\""];
    for sample in SAMPLES.iter() {
        let value: Value = serde_json::from_str(sample).unwrap();
        let mut places = Vec::new();
        walk(&value, String::new(), &mut places);
        for (count, place) in places.iter().enumerate().filter(|(_, at)| *at != "/update_id") {
            // Neighbours get different ones, so that over all samples every kind of part gets all.
            for text in odd.iter().skip(count % 5).step_by(5) {
                let mut changed = value.clone();
                *changed.pointer_mut(place).unwrap() = serde_json::from_str(text).unwrap();
                let reading = read(changed.to_string().into_bytes());
                assert!(reading.is_ok(), "{place} = {text}");
            }
        }
    }
}

fn walk(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                walk(value, format!("{place}/{key}"), places);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                walk(value, format!("{place}/{index}"), places);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    if !place.is_empty() {
        places.push(place);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes_never_panic(raw in vec(any::<u8>(), 0..600)) {
        let _ = read(raw);
    }

    #[test]
    fn random_changes_to_samples_never_panic(
        which in any::<prop::sample::Index>(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..12),
    ) {
        let mut raw = which.get(&SAMPLES).clone().into_bytes();
        for (at, byte, how) in changes {
            let at = at.index(raw.len());
            match how {
                0 => raw[at] = byte,
                1 => raw.insert(at, byte),
                _ => drop(raw.remove(at)),
            }
        }
        let number = number_of(&raw);
        match read(raw) {
            Err(NotRead::NotAnUpdate) => prop_assert_eq!(number, None),
            Ok(_) => prop_assert!(number.is_some()),
            Err(NotRead::NameUnknown) => prop_assert!(false, "our name is known"),
        }
    }

    #[test]
    fn any_text_with_any_entities_is_read(
        text in "\\PC{0,40}",
        entities in vec((-3_i64..50, -3_i64..50, any::<bool>()), 0..6),
        private in any::<bool>(),
    ) {
        let entities: Vec<Value> = entities
            .into_iter()
            .map(|(offset, length, by_name)| serde_json::json!({
                "offset": offset, "length": length,
                "type": if by_name { "text_mention" } else { "mention" },
                "user": { "id": US.id },
            }))
            .collect();
        let chat = if private {
            serde_json::json!({ "id": 5, "type": "private" })
        } else {
            serde_json::json!({ "id": -5, "type": "group" })
        };
        let raw = serde_json::json!({ "update_id": 1, "message": {
            "message_id": 1, "date": 1, "text": text, "entities": entities,
            "from": { "id": 5, "first_name": "x" }, "chat": chat,
        }});
        prop_assert!(read(raw.to_string().into_bytes()).is_ok());
    }
}
