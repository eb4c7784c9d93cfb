//! How long anybody may take.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep};

use super::*;

/// A wait that was to be 300 ms: not shorter, and not the idle one.
fn is_short(waited: Duration) -> bool {
    (Duration::from_millis(250)..Duration::from_secs(2)).contains(&waited)
}

#[tokio::test]
async fn a_silent_socket_is_closed() {
    let desk = open(limits(), routes()).await;
    let (answer, waited) = desk.connect().await.read_to_end().await;
    assert_eq!(answer, "");
    assert!(is_short(waited), "{waited:?}");
}

#[tokio::test]
async fn half_a_head_is_not_waited_for() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    line.say("GET / HTTP/1.1\r\nhost: a\r\n").await;
    let (answer, waited) = line.read_to_end().await;
    assert_eq!(answer, "");
    assert!(is_short(waited), "{waited:?}");
}

#[tokio::test]
async fn half_a_head_after_a_good_request_is_not_waited_for_either() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    line.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    line.read_until("here").await;
    line.say("GET / HT").await;
    let (answer, waited) = line.read_to_end().await;
    assert_eq!(answer, "");
    assert!(is_short(waited), "{waited:?}");
}

/// Sends a byte every 50 ms until the other end closes; how long that took.
async fn drip(mut line: Line) -> Duration {
    let begun = Instant::now();
    let mut buffer = [0; 1024];
    loop {
        tokio::select! {
            read = line.0.read(&mut buffer) => if !matches!(read, Ok(1..)) { break },
            () = sleep(Duration::from_millis(50)) => {
                if line.0.write_all(b"a").await.is_err() {
                    break;
                }
            }
        }
        assert!(begun.elapsed() < LONG, "still open");
    }
    begun.elapsed()
}

#[tokio::test]
async fn a_head_that_drips_in_is_not_waited_for() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    line.say("GET / HTTP/1.1\r\nx: ").await;
    let waited = drip(line).await;
    assert!(is_short(waited), "{waited:?}");
}

#[tokio::test]
async fn half_a_body_is_answered_with_408() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    line.say("POST /count HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabcde").await;
    let (answer, waited) = line.read_to_end().await;
    assert_eq!(status(&answer), "408");
    assert!(is_short(waited), "{waited:?}");
}

#[tokio::test]
async fn a_body_that_drips_in_is_not_waited_for() {
    let desk = open(limits(), routes()).await;
    for kind in ["content-length: 900\r\n\r\n", "transfer-encoding: chunked\r\n\r\n384\r\n"] {
        let mut line = desk.connect().await;
        line.say(&format!("POST /count HTTP/1.1\r\nhost: a\r\n{kind}")).await;
        let waited = drip(line).await;
        assert!(is_short(waited), "{waited:?}");
    }
}

#[tokio::test]
async fn a_body_in_pieces_is_taken_while_it_keeps_coming() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    line.say("POST /count HTTP/1.1\r\nhost: a\r\ncontent-length: 900\r\n\r\n").await;
    for _ in 0..3 {
        sleep(Duration::from_millis(60)).await;
        line.say(&"a".repeat(300)).await;
    }
    assert!(line.read_until("900").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_left() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    line.say("GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await;
    sleep(Duration::from_secs(1)).await;
    // The desk has gone: what is on the way comes, and then the end.
    let (answer, waited) = line.read_to_end().await;
    assert_eq!(status(&answer), "200");
    assert!(waited < Duration::from_secs(2), "{waited:?}");
}

#[tokio::test]
async fn a_reader_that_reads_is_served_for_longer_than_any_patience() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    line.say("GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut buffer = vec![0; 256 * 1024];
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1200) {
        assert!(line.0.read(&mut buffer).await.unwrap() > 0);
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn an_idle_connection_is_kept_for_the_next_request_and_then_closed() {
    let mut limits = limits();
    limits.patience.idle = Duration::from_millis(1500);
    let desk = open(limits, routes()).await;
    let mut line = desk.connect().await;
    line.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    line.read_until("here").await;
    // Longer than a head may take.
    sleep(Duration::from_millis(900)).await;
    line.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    line.read_until("here").await;
    let (answer, waited) = line.read_to_end().await;
    assert_eq!(answer, "");
    assert!((Duration::from_millis(1300)..Duration::from_secs(3)).contains(&waited), "{waited:?}");
}

#[tokio::test]
async fn an_answer_may_take_longer_than_any_patience() {
    let desk = open(limits(), routes()).await;
    assert!(desk.get("/waits").await.ends_with("waited"));
}

#[tokio::test]
async fn events_stream_on_for_longer_than_any_patience() {
    let mut limits = limits();
    limits.patience.idle = Duration::from_millis(300);
    let desk = open(limits, routes()).await;
    let mut line = desk.connect().await;
    line.say("GET /events HTTP/1.1\r\nhost: a\r\n\r\n").await;
    line.read_until("data: 12\n").await;
}
