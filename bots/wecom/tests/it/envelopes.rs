//! Envelopes: vectors made by another implementation, and what must hold for all of them.

use std::{fs, ops::Range, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use picdesk_wecom::{
    envelope::{AesKey, Envelope, Flaw},
    verify::{Query, Secret, signature},
    webhook::{CallbackAnswer, open_app, verify},
};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use serde::Deserialize;

pub const TOKEN: &str = "ourOwnToken7";
pub const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
pub const CORP: &str = "ww00000000example";
const TIMESTAMP: &str = "1790000000";

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
    media: Vec<Media>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    token: String,
    key: String,
    receiver: String,
    timestamp: String,
    nonce: String,
    encrypt: String,
    signature: String,
    expect: String,
    message: Option<String>,
    /// Where it was published; nowhere, where the token is ours.
    source: Option<String>,
}

#[derive(Deserialize)]
struct Media {
    key: String,
    plain: String,
    encrypted: String,
}

fn vectors() -> Vectors {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/envelopes/vectors.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

pub fn envelope(receiver: &str) -> Envelope {
    Envelope::new(Secret::new(TOKEN), AesKey::read(KEY).unwrap(), receiver)
}

/// The query and ciphertext of a message, as WeCom would send them.
pub fn sealed(envelope: &Envelope, message: &str, nonce: &str) -> (String, String) {
    let encrypted = envelope.encrypt(message, [7; 16]);
    let signature = envelope.sign(TIMESTAMP, nonce, &encrypted);
    (format!("msg_signature={signature}&timestamp={TIMESTAMP}&nonce={nonce}"), encrypted)
}

/// The body of the app's callback.
pub fn outer(encrypted: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><AgentID><![CDATA[1000002]]></AgentID>\
             <Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
}

fn word(outcome: &Result<String, Flaw>) -> &'static str {
    match outcome {
        Ok(_) => "ok",
        Err(Flaw::Signature) => "signature",
        Err(Flaw::Base64) => "base64",
        Err(Flaw::Length) => "length",
        Err(Flaw::Padding) => "padding",
        Err(Flaw::Receiver) => "receiver",
        Err(Flaw::Utf8) => "utf8",
    }
}

#[test]
fn every_vector_behaves_as_it_says() {
    let vectors = vectors().vectors;
    for vector in &vectors {
        let key = AesKey::read(&vector.key).unwrap();
        let envelope = Envelope::new(Secret::new(&vector.token), key, &vector.receiver);
        let query = Query {
            signature: &vector.signature,
            timestamp: &vector.timestamp,
            nonce: &vector.nonce,
            echo: None,
        };
        let opened = envelope.open(&query, &vector.encrypt);
        assert_eq!(word(&opened), vector.expect, "{}", vector.name);
        assert_eq!(opened.ok(), vector.message, "{}", vector.name);
    }
    assert!(vectors.len() >= 20, "only {}", vectors.len());
    for expected in ["ok", "signature", "base64", "length", "padding", "receiver", "utf8"] {
        let count = vectors.iter().filter(|vector| vector.expect == expected).count();
        assert!(count >= 2, "{count} end as {expected}");
    }
}

#[test]
fn what_others_have_published_is_opened_and_says_where_it_is_from() {
    let vectors = vectors().vectors;
    let published: Vec<&Vector> = vectors.iter().filter(|one| one.source.is_some()).collect();
    let opened = published.iter().filter(|vector| vector.expect == "ok").count();
    assert!(opened >= 3, "{opened}");
    assert!(vectors.iter().all(|vector| vector.source.is_some() == (vector.token != TOKEN)));
    // An address is verified as it stands on the wire.
    for echo in published.iter().filter(|vector| vector.expect == "ok") {
        let key = AesKey::read(&echo.key).unwrap();
        let envelope = Envelope::new(Secret::new(&echo.token), key, &echo.receiver);
        let coded: String = url::form_urlencoded::byte_serialize(echo.encrypt.as_bytes()).collect();
        let Vector { signature, timestamp, nonce, .. } = echo;
        let query = format!(
            "msg_signature={signature}&timestamp={timestamp}&nonce={nonce}&echostr={coded}"
        );
        let body = echo.message.clone().unwrap();
        assert_eq!(verify(&envelope, &query), CallbackAnswer::Ok { body, rung: None });
    }
}

#[test]
fn every_media_vector_is_decrypted_to_its_bytes() {
    for media in vectors().media {
        let key = AesKey::read(&media.key).unwrap();
        let opened = key.open_media(STANDARD.decode(media.encrypted).unwrap()).unwrap();
        assert_eq!(opened, STANDARD.decode(media.plain).unwrap());
    }
}

#[test]
fn the_caller_is_told_of_a_bad_signature_and_of_nothing_finer() {
    for vector in vectors().vectors.iter().filter(|vector| vector.expect != "ok") {
        if vector.encrypt.contains('\n') {
            continue;
        }
        let key = AesKey::read(&vector.key).unwrap();
        let envelope = Envelope::new(Secret::new(&vector.token), key, &vector.receiver);
        let Vector { signature, timestamp, nonce, encrypt, .. } = vector;
        let query = format!("msg_signature={signature}&timestamp={timestamp}&nonce={nonce}");
        let refused = match vector.expect.as_str() {
            "signature" => CallbackAnswer::Forbidden,
            _ => CallbackAnswer::BadRequest,
        };
        let opened = open_app(&envelope, &query, outer(encrypt).as_bytes());
        assert_eq!(opened, Err(refused.clone()), "{}", vector.name);
        if vector.encrypt.contains(' ') {
            // Of an echo that is healed; see below.
            continue;
        }
        let echo = encrypt.replace('%', "%25").replace('+', "%2B").replace('/', "%2F");
        let verified = verify(&envelope, &format!("{query}&echostr={echo}"));
        assert_eq!(verified, refused, "{}", vector.name);
    }
}

#[test]
fn blanks_are_pluses_again_in_an_echo_and_nowhere_else() {
    let vectors = vectors().vectors;
    let blanks = vectors.iter().find(|vector| vector.encrypt.contains(' ')).unwrap();
    let envelope = Envelope::new(
        Secret::new(&blanks.token),
        AesKey::read(&blanks.key).unwrap(),
        &blanks.receiver,
    );
    let Vector { signature, timestamp, nonce, encrypt, .. } = blanks;
    let query = format!("msg_signature={signature}&timestamp={timestamp}&nonce={nonce}");
    // In a body nothing is decoded on the way: a blank is one, and was not signed.
    let opened = open_app(&envelope, &query, outer(encrypt).as_bytes());
    assert_eq!(opened, Err(CallbackAnswer::Forbidden));
    // A query may have been decoded once too often, or carry its pluses as they are.
    for plus in ["%20", "+", "%2B"] {
        let echo = encrypt.replace(' ', plus);
        let verified = verify(&envelope, &format!("{query}&echostr={echo}"));
        assert!(matches!(verified, CallbackAnswer::Ok { .. }), "{plus}: {verified:?}");
    }
}

#[test]
fn an_address_is_verified_by_its_echo_and_nothing_else() {
    let envelope = envelope(CORP);
    let (query, encrypted) = sealed(&envelope, "4815162342", "1597212914");
    let answer = CallbackAnswer::Ok { body: "4815162342".into(), rung: None };
    let coded = encrypted.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    // A proxy that decodes once too often makes blanks of pluses.
    let blanks = encrypted.replace('+', "%20");
    for echo in [coded, encrypted, blanks] {
        assert_eq!(verify(&envelope, &format!("{query}&echostr={echo}")), answer);
    }
    assert_eq!(verify(&envelope, &query), CallbackAnswer::BadRequest);
    assert_eq!(verify(&envelope, ""), CallbackAnswer::BadRequest);
    let twice = format!("{query}&echostr=a&echostr=a");
    assert_eq!(verify(&envelope, &twice), CallbackAnswer::BadRequest);
}

#[test]
fn what_we_seal_we_can_open() {
    let envelope = envelope("");
    for message in ["", "x", "狐狸]]>", &"y".repeat(3000)] {
        let sealed = envelope.seal_json(message, 1_790_000_000, "nonce_1");
        let sealed: serde_json::Value = serde_json::from_str(&sealed).unwrap();
        let query = Query {
            signature: sealed["msgsignature"].as_str().unwrap(),
            timestamp: &sealed["timestamp"].to_string(),
            nonce: sealed["nonce"].as_str().unwrap(),
            echo: None,
        };
        assert_eq!(envelope.open(&query, sealed["encrypt"].as_str().unwrap()).unwrap(), message);
        let xml = envelope.seal_xml(message, TIMESTAMP, "n1");
        let fields = picdesk_wecom::xml::read(&xml, picdesk_wecom::xml::From::Anybody).unwrap();
        let query = Query {
            signature: fields.text("MsgSignature"),
            timestamp: fields.text("TimeStamp"),
            nonce: fields.text("Nonce"),
            echo: None,
        };
        assert_eq!(envelope.open(&query, fields.text("Encrypt")).unwrap(), message);
    }
}

/// All ways to cut what was signed into four texts again, the token being where it was.
fn shifted(
    token: &str,
    timestamp: &str,
    nonce: &str,
    encrypted: &str,
) -> Vec<(String, String, String)> {
    let mut parts = [token, timestamp, nonce, encrypted];
    parts.sort_unstable();
    let signed = parts.concat();
    let Some(at) = signed.find(token) else { return Vec::new() };
    let rest = format!("{}{}", &signed[..at], &signed[at + token.len()..]);
    let mut variants = Vec::new();
    let borders: Vec<usize> =
        (0..=60.min(rest.len())).chain(rest.len() - 60.min(rest.len())..=rest.len()).collect();
    for &first in &borders {
        for &second in borders.iter().filter(|second| **second >= first) {
            let (a, b, c) = (&rest[..first], &rest[first..second], &rest[second..]);
            for (timestamp, nonce, encrypted) in
                [(a, b, c), (a, c, b), (b, a, c), (b, c, a), (c, a, b), (c, b, a)]
            {
                variants.push((timestamp.into(), nonce.into(), encrypted.into()));
            }
        }
    }
    variants
}

#[test]
fn moving_the_borders_of_what_was_signed_opens_nothing_else() {
    let envelope = envelope(CORP);
    let mut rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let (mut tried, mut signed, mut recut) = (0, 0, 0);
    for round in 0..9 {
        let nonce = match round % 3 {
            0 => format!("{}", 100_000_000 + rng.next_u32() % 900_000_000),
            1 => format!("{}", 1_000_000_000 + u64::from(rng.next_u32())),
            _ => format!("{:016x}", rng.next_u64()),
        };
        let message = format!("message {round}");
        let encrypted =
            envelope.encrypt(&message, std::array::from_fn(|_| rng.next_u32().to_le_bytes()[0]));
        let right = envelope.sign(TIMESTAMP, &nonce, &encrypted);
        for (timestamp, other, cipher) in shifted(TOKEN, TIMESTAMP, &nonce, &encrypted) {
            if (timestamp.as_str(), other.as_str(), cipher.as_str())
                == (TIMESTAMP, nonce.as_str(), encrypted.as_str())
            {
                continue;
            }
            tried += 1;
            if signature(&Secret::new(TOKEN), &timestamp, &other, &cipher)[..] == *right.as_bytes()
            {
                signed += 1;
            }
            let query = format!("msg_signature={right}&timestamp={timestamp}&nonce={other}");
            let Some(query) = Query::read(&query) else { continue };
            if let Ok(opened) = envelope.open(&query, &cipher) {
                // The border between a timestamp and a nonce of digits may have moved: it is the
                // same ciphertext, so the same message, which is in the inbox already.
                assert_eq!((&opened, &cipher), (&message, &encrypted));
                assert!(timestamp.bytes().all(|byte| byte.is_ascii_digit()));
                recut += 1;
            }
        }
    }
    assert!(tried > 50_000 && signed > 100, "{tried} tried, {signed} signed");
    assert!(recut < signed / 10, "{recut} of {signed} are the same message again");
}

/// The cuts of what was signed into three texts, beside the token where it stands, that put
/// themselves into this order again: so all that have the same signature. Only borders near the
/// short ones are moved.
fn same_signature(rest: &str, token_at: usize, short: Range<usize>) -> Vec<[&str; 3]> {
    let mut cuts = Vec::new();
    for first in short.clone() {
        for second in first..short.end {
            let pieces = [&rest[..first], &rest[first..second], &rest[second..]];
            let borders = [0, first, second, rest.len()];
            let Some(place) = borders.iter().position(|border| *border == token_at) else {
                continue;
            };
            let below = place == 0 || pieces[place - 1] <= TOKEN;
            let above = pieces.get(place).is_none_or(|next| TOKEN <= *next);
            if below && above && pieces.is_sorted() {
                cuts.push(pieces);
            }
        }
    }
    cuts
}

#[test]
fn of_ten_thousand_callbacks_none_opens_to_anything_else_by_other_borders() {
    let envelope = envelope(CORP);
    let mut rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let (mut signed, mut recut) = (0_u32, 0_u32);
    for round in 0..10_000_u32 {
        let timestamp = (1_700_000_000 + rng.next_u32() % 200_000_000).to_string();
        let nonce = match round % 3 {
            0 => format!("{}", 100_000_000 + rng.next_u32() % 900_000_000),
            1 => format!("{}", 1_000_000_000 + u64::from(rng.next_u32())),
            _ => format!("{:016x}", rng.next_u64()),
        };
        let random = std::array::from_fn(|_| rng.next_u32().to_le_bytes()[0]);
        let cipher = envelope.encrypt("m", random);
        let right = envelope.sign(&timestamp, &nonce, &cipher);
        let mut parts = [TOKEN, &timestamp, &nonce, &cipher];
        parts.sort_unstable();
        let token_at = parts.iter().take_while(|part| **part != TOKEN).map(|part| part.len()).sum();
        let rest: String = parts.into_iter().filter(|part| *part != TOKEN).collect();
        let length = timestamp.len() + nonce.len() + 3;
        let from = if rest.starts_with(&cipher) { rest.len() + 1 - length } else { 0 };
        for pieces in same_signature(&rest, token_at, from..from + length) {
            let [a, b, c] = pieces;
            for (stamp, number, long) in [(a, b, c), (b, a, c), (b, c, a), (c, b, a)] {
                if (stamp, number, long) == (&*timestamp, &*nonce, &*cipher) {
                    continue;
                }
                signed += 1;
                let query = format!("msg_signature={right}&timestamp={stamp}&nonce={number}");
                let opened = Query::read(&query).map(|query| envelope.open(&query, long));
                if let Some(Ok(opened)) = opened {
                    // What is opened is the same ciphertext, and so in the inbox already.
                    assert_eq!((&*opened, long), ("m", &*cipher));
                    recut += 1;
                }
            }
        }
    }
    assert!(signed > 290_000, "{signed} signed");
    assert!(recut < signed / 50, "{recut} of {signed} are the same message again");
}

#[test]
fn no_bit_can_be_flipped() {
    let envelope = envelope(CORP);
    let (query, encrypted) = sealed(&envelope, "a fox in the snow", "1597212914");
    let body = outer(&encrypted);
    assert!(open_app(&envelope, &query, body.as_bytes()).is_ok());
    let mut accepted = Vec::new();
    for at in 0..query.len() * 8 {
        let mut flipped = query.clone().into_bytes();
        flipped[at / 8] ^= 1 << (at % 8);
        let Ok(flipped) = String::from_utf8(flipped) else { continue };
        if open_app(&envelope, &flipped, body.as_bytes()).is_ok() {
            accepted.push(flipped);
        }
    }
    let start = body.find(&encrypted).unwrap();
    for at in start * 8..(start + encrypted.len()) * 8 {
        let mut flipped = body.clone().into_bytes();
        flipped[at / 8] ^= 1 << (at % 8);
        if open_app(&envelope, &query, &flipped).is_ok() {
            accepted.push(format!("bit {at}"));
        }
    }
    assert!(accepted.is_empty(), "{accepted:?}");
}

fn runner(cases: u32) -> TestRunner {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn whatever_is_sealed_is_opened_word_for_word() {
    let strategy = (".{0,300}", any::<[u8; 16]>(), "[0-9A-Za-z_-]{1,32}");
    runner(300)
        .run(&strategy, |(message, random, nonce)| {
            let envelope = envelope(CORP);
            let encrypted = envelope.encrypt(&message, random);
            let signature = envelope.sign(TIMESTAMP, &nonce, &encrypted);
            let query = format!("msg_signature={signature}&timestamp={TIMESTAMP}&nonce={nonce}");
            let query = Query::read(&query).unwrap();
            prop_assert_eq!(envelope.open(&query, &encrypted).unwrap(), message);
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_bytes_that_are_rightly_signed_break_the_opening() {
    runner(2000)
        .run(&vec(any::<u8>(), 0..200), |bytes| {
            let envelope = envelope(CORP);
            let encrypted = STANDARD.encode(bytes);
            let signature = envelope.sign(TIMESTAMP, "n", &encrypted);
            let query = format!("msg_signature={signature}&timestamp={TIMESTAMP}&nonce=n");
            let query = Query::read(&query).unwrap();
            prop_assert!(envelope.open(&query, &encrypted).is_err());
            Ok(())
        })
        .unwrap();
}
