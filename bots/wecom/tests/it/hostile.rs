//! Whatever comes, nothing breaks: seeded, so that it is the same at every run.

use std::panic::catch_unwind;

use picdesk_wecom::{
    address::{Address, SendName},
    envelope::AesKey,
    parse::{
        app::read_app,
        bot::read_bot,
        kf::{Page, Reader, read_page},
        menu_id, read_menu_id,
    },
    verify::Query,
    webhook::{CallbackAnswer, open_app, verify},
    xml::{self, From},
};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};

use crate::{
    envelopes::{CORP, envelope, outer, sealed},
    samples::{RECEIVED_AT, samples},
};

fn runner(cases: u32) -> TestRunner {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Changes a text here and there: bytes, cuts, doublings.
fn mangled(text: &str, rng: &mut TestRng) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=rng.next_u32() % 4 {
        if bytes.is_empty() {
            break;
        }
        let at = rng.next_u32() as usize % bytes.len();
        let to = (at + rng.next_u32() as usize % 40).min(bytes.len());
        match rng.next_u32() % 5 {
            0 => bytes[at] = rng.next_u32().to_le_bytes()[0],
            1 => drop(bytes.drain(at..to)),
            2 => {
                let part = bytes[at..to].to_vec();
                bytes.splice(at..at, part);
            }
            3 => bytes.truncate(at),
            _ => {
                let odd = [&b"<"[..], b"]]>", b"&", b"null", b"-1", b"[", b"{}", b"\"", b"1e999"];
                let odd = odd[rng.next_u32() as usize % odd.len()];
                bytes.splice(at..to, odd.iter().copied());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn kf_page(text: &str) {
    let reader = Reader { account: "wkEXAMPLE1", house: "h1", received_at: RECEIVED_AT };
    if let Ok(page) = serde_json::from_str::<Page<'_>>(text) {
        let all = read_page(&page, reader, None).len();
        assert!(all <= page.items().len());
        assert!(read_page(&page, reader, Some(i64::MAX)).len() <= all);
    }
}

fn app_message(text: &str) {
    let _ = xml::read(text, From::Anybody);
    if let Ok(fields) = xml::read(text, From::WeCom) {
        let _ = read_app(&fields, text.into(), RECEIVED_AT);
    }
}

fn bot_message(text: &str) {
    let _ = read_bot(text, RECEIVED_AT, "画图 助手");
}

type Read = fn(&str);

#[test]
fn no_mangled_sample_breaks_a_reading() {
    let kinds: [(&str, Read); 3] = [("app", app_message), ("kf", kf_page), ("bot", bot_message)];
    let mut rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    for (kind, read) in kinds {
        for (name, text) in samples(&format!("came/{kind}")) {
            for _ in 0..60 {
                let mangled = mangled(&text, &mut rng);
                let outcome = catch_unwind(|| read(&mangled));
                assert!(outcome.is_ok(), "{kind}/{name}: {mangled}");
            }
        }
    }
}

#[test]
fn no_text_breaks_a_reading() {
    runner(1500)
        .run(&".{0,200}", |text| {
            app_message(&text);
            kf_page(&text);
            bot_message(&text);
            let _ = Address::of(&text.as_str().into());
            let _ = SendName::read(&text, "h1");
            let _ = AesKey::read(&text);
            let _ = Query::read(&text);
            if let Some(token) = read_menu_id(&text) {
                prop_assert_eq!(menu_id(&token).and_then(|id| read_menu_id(&id)), Some(token));
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_markup_breaks_the_xml() {
    let part = "(<[a-z]{0,3}>|</[a-z]{0,3}>|<[a-z]/>|<!\\[CDATA\\[|\\]\\]>|&[a-z#0-9x]{0,4};?|<!--|-->|<\\?|\\?>|<!DOCTYPE|[a-z ]{0,5}){0,30}";
    runner(3000)
        .run(&part, |text| {
            for document in
                [text.clone(), format!("<xml>{text}</xml>"), format!("<xml><T>{text}</T></xml>")]
            {
                if let Ok(fields) = xml::read(&document, From::Anybody) {
                    prop_assert!(fields.len() <= 64);
                    prop_assert!(xml::read(&document, From::WeCom).is_ok());
                }
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_bytes_break_a_callback() {
    let envelope = envelope(CORP);
    let (query, encrypted) = sealed(&envelope, "hello", "n");
    let body = outer(&encrypted);
    runner(800)
        .run(&(vec(any::<u8>(), 0..300), ".{0,80}"), |(bytes, text)| {
            prop_assert!(open_app(&envelope, &query, &bytes).is_err());
            prop_assert!(open_app(&envelope, &text, body.as_bytes()).is_err());
            let verified = verify(&envelope, &format!("{query}&echostr={text}"));
            let echoed = matches!(verified, CallbackAnswer::Ok { .. });
            prop_assert!(!echoed);
            Ok(())
        })
        .unwrap();
}
