//! How serving ends.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::*;

#[tokio::test]
async fn a_stop_finishes_what_is_under_way_and_accepts_nobody_new() {
    let desk = open(limits(), routes()).await;
    let mut idle = desk.connect().await;
    idle.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    idle.read_until("here").await;
    let mut busy = desk.connect().await;
    busy.say("GET /waits HTTP/1.1\r\nhost: a\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    desk.stop.cancel();
    assert_eq!(idle.read_to_end().await.0, "");
    assert!(begun.elapsed() < Duration::from_millis(400), "{:?}", begun.elapsed());
    let refused = TcpStream::connect(desk.address).await;
    assert!(refused.is_err());
    let (answer, _) = busy.read_to_end().await;
    assert!(answer.ends_with("waited") && answer.contains("connection: close"), "{answer}");
    assert_eq!(timeout(LONG, desk.serving).await.unwrap().unwrap(), Ended::Finished);
}

#[tokio::test]
async fn a_stop_waits_for_nobody_longer_than_its_grace() {
    let desk = open_with_grace(limits(), routes(), Duration::from_millis(100)).await;
    let mut busy = desk.connect().await;
    busy.say("GET /waits HTTP/1.1\r\nhost: a\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    desk.stop.cancel();
    assert_eq!(timeout(LONG, desk.serving).await.unwrap().unwrap(), Ended::Cut(1));
    assert_eq!(busy.read_to_end().await.0, "");
}

#[tokio::test]
async fn a_stop_ends_streams_of_events_at_once() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    line.say("GET /events HTTP/1.1\r\nhost: a\r\n\r\n").await;
    line.read_until("data: 1\n").await;
    let begun = Instant::now();
    desk.stop.cancel();
    assert_eq!(timeout(LONG, desk.serving).await.unwrap().unwrap(), Ended::Finished);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_stop_that_comes_before_anybody_ends_at_once() {
    let desk = open(limits(), routes()).await;
    desk.stop.cancel();
    assert_eq!(timeout(LONG, desk.serving).await.unwrap().unwrap(), Ended::Finished);
}
