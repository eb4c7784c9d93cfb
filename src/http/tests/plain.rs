//! What a good client, a careless one and a mad one meet.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

use super::*;
use crate::telemetry::metrics::Metrics;

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_its_reader() {
    let desk = open(limits(), routes()).await;
    for path in ["/", "/nowhere", "/panic", "/page"] {
        let answer = desk.get(path).await;
        assert!(answer.contains("\r\nx-content-type-options: nosniff\r\n"), "{answer}");
        assert!(answer.contains("\r\nreferrer-policy: no-referrer\r\n"), "{answer}");
        let has_policy = answer.contains("\r\ncontent-security-policy: default-src 'none'; ");
        assert_eq!(has_policy, path == "/page", "{answer}");
    }
}

#[tokio::test]
async fn unknown_paths_are_404_and_wrong_methods_405() {
    let desk = open(limits(), routes()).await;
    assert_eq!(status(&desk.get("/nowhere?secret=1").await), "404");
    assert_eq!(status(&desk.get("/count").await), "405");
}

#[tokio::test]
async fn a_panic_is_a_500_without_a_word_and_the_desk_goes_on() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    line.say("GET /panic HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let answer = line.read_until("\r\n\r\n").await;
    assert_eq!(status(&answer), "500");
    assert!(answer.contains("content-length: 0") && !answer.contains("canary"), "{answer}");
    line.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    line.read_until("here").await;
}

#[tokio::test]
async fn an_overlong_body_is_refused_before_it_comes() {
    let desk = open(limits(), routes()).await;
    for path in ["/count", "/parts"] {
        let mut line = desk.connect().await;
        let kind = "content-type: multipart/form-data; boundary=b";
        line.say(&format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\n{kind}\r\ncontent-length: 1000000000\r\n\r\na"
        ))
        .await;
        let begun = Instant::now();
        let answer = line.read_until("\r\n\r\n").await;
        assert_eq!(status(&answer), "413", "{path}");
        assert!(begun.elapsed() < Duration::from_millis(250), "{:?}", begun.elapsed());
        line.read_to_end().await;
    }
}

#[tokio::test]
async fn an_overlong_body_is_refused_while_it_comes() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    line.say("POST /count HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n").await;
    let chunk = format!("1f4\r\n{}\r\n", "a".repeat(500));
    let begun = Instant::now();
    // A sender that never ends, and does not listen either, is cut off.
    while line.0.write_all(chunk.as_bytes()).await.is_ok() {
        assert!(begun.elapsed() < LONG, "still taken");
        tokio::task::yield_now().await;
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_sender_that_is_cut_short_is_not_reset_under_its_answer() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    line.say("POST /count HTTP/1.1\r\nhost: a\r\ncontent-length: 200000\r\n\r\n").await;
    let mut answer = line.read_until("\r\n\r\n").await;
    assert_eq!(status(&answer), "413");
    assert!(answer.contains("connection: close"));
    // It was in the middle of sending and goes on for a moment.
    for _ in 0..3 {
        line.0.write_all(&[b'a'; 16_000]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    line.0.read_to_string(&mut answer).await.unwrap();
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_taken() {
    let desk = open(limits(), routes()).await;
    let head = "POST /count HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
    for (length, expected) in [(0, "200"), (1000, "200"), (1001, "413")] {
        let body = "a".repeat(length);
        let declared = desk.ask(&format!("{head}content-length: {length}\r\n\r\n{body}")).await;
        assert_eq!(status(&declared), expected, "{length} declared");
        let chunk = if length == 0 { String::new() } else { format!("{length:x}\r\n{body}\r\n") };
        let chunked =
            desk.ask(&format!("{head}transfer-encoding: chunked\r\n\r\n{chunk}0\r\n\r\n")).await;
        assert_eq!(status(&chunked), expected, "{length} in chunks");
    }
}

#[tokio::test]
async fn a_body_that_ends_early_is_no_body() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    line.say("POST /count HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc").await;
    line.0.shutdown().await.unwrap();
    assert_eq!(status(&line.read_to_end().await.0), "400");
}

#[tokio::test]
async fn who_has_closed_the_sending_side_still_gets_the_answer() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    line.say("GET /waits HTTP/1.1\r\nhost: a\r\n\r\n").await;
    line.0.shutdown().await.unwrap();
    let (answer, waited) = line.read_to_end().await;
    assert!(answer.ends_with("waited"), "{answer}");
    assert!(waited < Duration::from_secs(2), "{waited:?}");
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    let _ = line.0.write_all(b"GET / HTTP/1.1\r\nx: ").await;
    let begun = Instant::now();
    while line.0.write_all(&[b'a'; 4096]).await.is_ok() {
        assert!(begun.elapsed() < LONG, "still taken");
    }
    let answer = desk.ask(&format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(70_000))).await;
    assert!(answer.is_empty() || matches!(status(&answer), "414" | "431"), "{answer}");
}

#[tokio::test]
async fn who_asks_first_is_refused_without_sending_the_body() {
    let desk = open(limits(), routes()).await;
    let ask = |length: usize| {
        format!(
            "POST /count HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\
             content-length: {length}\r\n\r\n"
        )
    };
    let mut line = desk.connect().await;
    line.say(&ask(3)).await;
    line.read_until("100 Continue\r\n\r\n").await;
    line.say("abc").await;
    line.read_until("\r\n\r\n3").await;
    line.say(&ask(1001)).await;
    assert_eq!(status(&line.read_to_end().await.0), "413");
}

#[tokio::test]
async fn requests_sent_at_once_are_answered_in_order() {
    let desk = open(limits(), routes()).await;
    let post = |body: &str| {
        format!("POST /count HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    let last = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = desk.ask(&format!("{}{}{last}", post("a"), post("bcd"))).await;
    let bodies: Vec<&str> = answer
        .split("HTTP/1.1 200")
        .skip(1)
        .filter_map(|one| one.split("\r\n\r\n").nth(1))
        .collect();
    assert_eq!(bodies, ["1", "3", "here"]);
}

#[tokio::test]
async fn no_bytes_bring_the_desk_down() {
    let desk = open(limits(), routes()).await;
    let chance = crate::chance::Chance::seeded(11);
    let good =
        b"POST /count HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n";
    for round in 0..150 {
        let mut bytes = good.to_vec();
        if round % 3 == 0 {
            bytes = chance.bytes::<200>().to_vec();
        } else {
            for _ in 0..=round % 7 {
                let at = usize::try_from(chance.below(bytes.len() as u64)).unwrap();
                bytes[at] = chance.bytes::<1>()[0];
            }
        }
        let mut line = desk.connect().await;
        let _ = line.0.write_all(&bytes).await;
        let _ = line.0.shutdown().await;
        let (answer, _) = line.read_to_end().await;
        assert!(answer.is_empty() || !status(&answer).starts_with('5'), "{answer}");
    }
    assert!(desk.get("/").await.ends_with("here"));
    assert!(!desk.serving.is_finished());
}

#[tokio::test]
async fn machines_are_told_whether_we_live_and_whether_we_work() {
    let readiness = Readiness::default();
    let store = readiness.condition("store", "migrations are being applied");
    let metrics = Metrics::start();
    let router = operations_routes(readiness).merge(metrics_route(metrics));
    let desk = open(limits(), router).await;
    assert_eq!(status(&desk.get("/healthz").await), "200");
    let waiting = desk.get("/readyz").await;
    assert_eq!(status(&waiting), "503");
    assert!(waiting.ends_with("store: migrations are being applied\n"), "{waiting}");
    store.meet();
    assert_eq!(status(&desk.get("/readyz").await), "200");
    let numbers = desk.get("/metrics").await;
    assert!(numbers.contains("picdesk_http_requests_total{class=\"2xx\"} 2\n"), "{numbers}");
    assert!(numbers.contains("picdesk_http_connections 1\n"), "{numbers}");
}
