//! Bodies that no Telegram ever sent: hostile JSON by name, and real updates with chance at work.

use std::fmt::Write as _;

use futures_util::{StreamExt as _, stream};
use picdesk_sandbox::telegram::ALICE;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

use super::{
    Called, called_houses,
    caller::{CUT, Caller},
    text_update,
};

/// Real updates with chance at work, on each database.
const MUTANTS: usize = 400;
/// Callers at once.
const AT_ONCE: usize = 50;
/// How many bodies are brought at once to see what memory they cost.
const BODIES: usize = 200;
/// What they may cost together, KiB. All of them held at once would be 200 MiB.
const MEMORY_KIB: u64 = 24 * 1024;
/// The same where they are brought with the secret, and some are written down: half of them all.
const ADMITTED_KIB: u64 = 100 * 1024;

#[tokio::test]
async fn hostile_json_is_taken_or_refused_and_never_breaks_anything() {
    for called in called_houses().await {
        for (name, body) in named() {
            let status = called.caller.bring(body).await;
            let log = called.house.last_log();
            assert!([200, 400].contains(&status), "{name}: {status}\n{log}");
        }
        let good = text_update(900_000, ALICE, 900, "/help").to_string();
        assert_eq!(called.caller.bring(good).await, 200);
        super::replays::until_turned(&called).await;
        called.end(0).await;
    }
}

#[tokio::test]
async fn updates_with_chance_at_work_are_taken_or_refused() {
    for called in called_houses().await {
        let mut chance = StdRng::seed_from_u64(7);
        let samples = samples();
        let mutants: Vec<Vec<u8>> =
            (0..MUTANTS).map(|number| mutant(&mut chance, &samples, number)).collect();
        let statuses = bring_all(&called.caller, mutants).await;
        for status in statuses {
            assert!([200, 400].contains(&status), "{status}");
        }
        super::replays::until_turned(&called).await;
        called.end(0).await;
    }
}

#[tokio::test]
async fn many_large_bodies_at_once_cost_no_memory() {
    let called =
        Called::build(crate::database::TestDatabase::sqlite(), crate::house::Given::default())
            .await;
    // What any caller costs is spent before it is measured.
    bring_all(&called.caller, vec![b"{}".to_vec(); BODIES]).await;
    let before = called.desk.memory_peak_kib();
    let strangers = stream::iter(0..BODIES)
        .map(|number| {
            let caller = called.caller.clone();
            async move {
                let pieces =
                    stream::iter(0..40).map(|_| Ok::<_, std::io::Error>(vec![b'['; 65_536]));
                let asked = caller.ask("POST", "/telegram/webhook");
                let body = reqwest::Body::wrap_stream(pieces);
                let asked = if number % 2 == 0 { asked } else { asked.header("x-odd", "1") };
                // The connection may be closed before all of it was sent.
                asked.body(body).send().await.map_or(401, |answer| answer.status().as_u16())
            }
        })
        .buffer_unordered(BODIES);
    let statuses: Vec<u16> = strangers.collect().await;
    assert!(statuses.iter().all(|status| *status == 401), "{statuses:?}");
    let declared = vec![vec![b' '; (1 << 20) + 1]; 40];
    let statuses = bring_all(&called.caller, declared).await;
    assert!(statuses.iter().all(|it| [413, CUT].contains(it)), "{statuses:?}");
    let grown = called.desk.memory_peak_kib() - before;
    eprintln!("{BODIES} large bodies of strangers at once: {grown} KiB");
    assert!(grown < MEMORY_KIB, "{grown} KiB");
    // Whoever has the secret may bring the largest there is, and so may 200 of them at once.
    let no_json = bring_at_once(&called.caller, vec![vec![b'['; 1 << 20]; BODIES], BODIES).await;
    assert!(no_json.iter().all(|status| *status == 400), "{no_json:?}");
    let padded = (0..8).map(|number| {
        let mut update = text_update(910_000 + number, ALICE, 910 + number, "/help").to_string();
        update.extend(std::iter::repeat_n(' ', (1 << 20) - update.len()));
        update.into_bytes()
    });
    let taken = bring_at_once(&called.caller, padded.collect(), BODIES).await;
    assert!(taken.iter().all(|status| *status == 200), "{taken:?}");
    let grown = called.desk.memory_peak_kib() - before;
    eprintln!("{BODIES} large bodies with the secret at once: {grown} KiB");
    assert!(grown < ADMITTED_KIB, "{grown} KiB");
    called.end(0).await;
}

/// Brings all of these, some at a time.
pub async fn bring_all(caller: &Caller, bodies: Vec<Vec<u8>>) -> Vec<u16> {
    bring_at_once(caller, bodies, AT_ONCE).await
}

/// Brings so many of these at once.
async fn bring_at_once(caller: &Caller, bodies: Vec<Vec<u8>>, at_once: usize) -> Vec<u16> {
    stream::iter(bodies)
        .map(|body| {
            let caller = caller.clone();
            async move { caller.bring(body).await }
        })
        .buffer_unordered(at_once)
        .collect()
        .await
}

/// Bodies with the name of what is wrong with them.
pub fn named() -> Vec<(String, String)> {
    let deep = |open: &str, close: &str, depth: usize| open.repeat(depth) + &close.repeat(depth);
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, body: String| all.push((name.to_owned(), body));
    for depth in [127, 128, 1_000, 100_000] {
        let nested = deep("[", "]", depth);
        add(&format!("lists {depth} deep"), format!("{{\"update_id\":{depth},\"x\":{nested}}}"));
        let nested = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        let body = format!("{{\"update_id\":1{depth},\"message\":{{\"x\":{nested}}}}}");
        add(&format!("objects {depth} deep in a message"), body);
    }
    add("never closed", "[".repeat(1_000_000));
    add("twice the same key", r#"{"update_id":21,"update_id":22,"message":null}"#.into());
    let mut replies = String::new();
    for number in 0..300 {
        write!(
            replies,
            "{{\"message_id\":{number},\"chat\":{{\"id\":{ALICE},\"type\":\"private\"}},\
             \"reply_to_message\":"
        )
        .unwrap();
    }
    let body = format!("{{\"update_id\":23,\"message\":{replies}null{}}}", "}".repeat(300));
    add("replies to replies", body);
    for (number, text) in
        ["\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u0000\"", "\"\\u202e\\u0007\"", "7", "[]"]
            .into_iter()
            .enumerate()
    {
        let body = text_update(30 + number as i64, ALICE, 300 + number as i64, "WORDS");
        add(&format!("the text {text}"), body.to_string().replace("\"WORDS\"", text));
    }
    for number in ["1e400", "9223372036854775808", "-9223372036854775809", "1.5", "-1", "0"] {
        add(&format!("number {number}"), format!("{{\"update_id\":{number}}}"));
        let body = text_update(40, ALICE, 400, "words").to_string();
        add(&format!("user {number}"), body.replace(&ALICE.to_string(), number));
    }
    for (number, (name, with)) in parts().into_iter().enumerate() {
        let number = number as i64;
        let mut body = text_update(100 + number, ALICE, 1_000 + number, "/help");
        let message = body["message"].as_object_mut().unwrap();
        for (key, value) in with.as_object().unwrap() {
            message.insert(key.clone(), value.clone());
        }
        add(name, body.to_string());
    }
    all
}

/// Parts of a message that are not as they should be.
fn parts() -> Vec<(&'static str, Value)> {
    let entity = |offset: i64, length: i64| {
        json!({"text": "🦊 words", "entities":
            [{"type": "bot_command", "offset": offset, "length": length}]})
    };
    vec![
        ("all of it null", json!({"text": null, "from": null, "chat": null})),
        ("nobody wrote it", json!({"from": {}})),
        ("a chat of no kind", json!({"chat": {"id": 5, "type": "ship"}})),
        (
            "an album with a zero in its name",
            json!({"media_group_id": "a\u{0}b", "photo":
            [{"file_id": "f\u{0}", "file_unique_id": "u\u{0}", "width": 1, "height": 1}]}),
        ),
        (
            "a name with a zero",
            json!({"from": {"id": ALICE, "is_bot": false,
            "first_name": "A\u{0}\u{202e}"}}),
        ),
        ("an entity before the text", entity(-5, 3)),
        ("an entity in the middle of a letter", entity(1, 1)),
        ("an entity beyond the text", entity(3, i64::MAX)),
        (
            "a picture of no size",
            json!({"photo": [{"file_id": "", "file_unique_id": "",
            "width": -1, "height": 0}]}),
        ),
        (
            "a file of all bytes there are",
            json!({"document": {"file_id": "x",
            "file_unique_id": "y", "file_size": i64::MAX, "mime_type": "image/png"}}),
        ),
        ("a date long ago", json!({"date": i64::MIN})),
        ("a long text", json!({"text": "狐".repeat(300_000)})),
        (
            "a long name",
            json!({"from": {"id": ALICE, "is_bot": false,
            "first_name": "n".repeat(500_000)}}),
        ),
        ("a reply to nothing", json!({"reply_to_message": {"message_id": i64::MAX}})),
        ("a start with a payload of all letters", json!({"text": "/start \u{1b}[2J狐' or 1=1 --"})),
    ]
}

/// Every recorded update.
fn samples() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = folder.join("bots/telegram/samples/updates");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "there are recorded updates");
    files.into_iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// A recorded update with a number of its own, in which chance has changed something.
fn mutant(chance: &mut StdRng, samples: &[String], number: usize) -> Vec<u8> {
    let sample = &samples[chance.random_range(0..samples.len())];
    let mut update: Value = serde_json::from_str(sample).unwrap_or_else(|_| json!({}));
    update["update_id"] = json!(1_000_000 + number);
    mutated(chance, update.to_string().as_bytes())
}

/// These samples with chance at work, as text.
pub fn text_mutants(seed: u64, samples: &[String], count: usize) -> Vec<String> {
    let mut chance = StdRng::seed_from_u64(seed);
    let mutant = |_| {
        let sample = &samples[chance.random_range(0..samples.len())];
        String::from_utf8_lossy(&mutated(&mut chance, sample.as_bytes())).into_owned()
    };
    (0..count).map(mutant).collect()
}

/// Bytes in which chance has changed something.
pub fn mutated(chance: &mut StdRng, sample: &[u8]) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for _ in 0..chance.random_range(0..4) {
        if bytes.is_empty() {
            break;
        }
        let at = chance.random_range(0..bytes.len());
        match chance.random_range(0..5) {
            0 => bytes[at] = chance.random(),
            1 => _ = bytes.remove(at),
            2 => bytes.truncate(at.max(1)),
            3 => {
                let end = (at + chance.random_range(1..40)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ => bytes[at] = b"\"{}[],:0-9\\u"[chance.random_range(0..12)],
        }
    }
    bytes
}
