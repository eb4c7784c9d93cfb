//! Many at once.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::time::{Instant, sleep};

use super::*;

/// A connection from another loopback address.
async fn connect_from(from: &str, desk: &Desk) -> Line {
    let socket = TcpSocket::new_v4().unwrap();
    let from: IpAddr = from.parse().unwrap();
    socket.bind(SocketAddr::new(from, 0)).unwrap();
    Line(socket.connect(desk.address).await.unwrap())
}

async fn greet(line: &mut Line) {
    line.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    line.read_until("here").await;
}

#[tokio::test]
async fn one_address_cannot_take_every_seat() {
    let mut limits = limits();
    limits.connections_per_address_max = 2;
    let desk = open(limits, routes()).await;
    let mut first = desk.connect().await;
    let mut second = desk.connect().await;
    greet(&mut first).await;
    greet(&mut second).await;
    let (answer, waited) = desk.connect().await.read_to_end().await;
    assert_eq!(answer, "");
    assert!(waited < Duration::from_millis(250), "closed at once: {waited:?}");
    greet(&mut connect_from("127.0.0.2", &desk).await).await;
    drop(first);
    let begun = Instant::now();
    while !desk.get("/").await.ends_with("here") {
        assert!(begun.elapsed() < LONG, "the seat is not given back");
    }
    greet(&mut second).await;
}

#[tokio::test]
async fn a_trusted_proxy_may_take_more_and_is_believed() {
    let mut limits = limits();
    limits.connections_per_address_max = 1;
    limits.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let desk = open(limits, routes()).await;
    let mut lines = Vec::new();
    for _ in 0..5 {
        let mut line = desk.connect().await;
        greet(&mut line).await;
        lines.push(line);
    }
    let asked = "GET /who HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 203.0.113.9\r\n\r\n";
    lines[0].say(asked).await;
    lines[0].read_until("\r\n\r\n203.0.113.9").await;
}

#[tokio::test]
async fn others_are_not_believed() {
    let desk = open(limits(), routes()).await;
    let mut line = desk.connect().await;
    line.say("GET /who HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 203.0.113.9\r\n\r\n").await;
    line.read_until("\r\n\r\n127.0.0.1").await;
}

#[tokio::test]
async fn who_comes_when_every_seat_is_taken_waits_for_one() {
    let mut limits = limits();
    limits.connections_max = 2;
    let desk = open(limits, routes()).await;
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut line = desk.connect().await;
        line.say("GET /waits HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        busy.push(line);
    }
    assert!(desk.get("/").await.ends_with("here"));
    for mut line in busy {
        assert!(line.read_to_end().await.0.ends_with("waited"));
    }
}

#[tokio::test]
async fn idle_connections_make_room_for_others() {
    let mut limits = limits();
    limits.connections_max = 2;
    limits.patience.idle = Duration::from_mins(10);
    let desk = open(limits, routes()).await;
    let mut idle = Vec::new();
    for _ in 0..2 {
        let mut line = desk.connect().await;
        greet(&mut line).await;
        idle.push(line);
    }
    let begun = Instant::now();
    assert!(desk.get("/").await.ends_with("here"));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    for mut line in idle {
        assert_eq!(line.read_to_end().await.0, "");
    }
}

#[tokio::test]
async fn an_idle_connection_stays_while_there_is_room() {
    let mut limits = limits();
    limits.patience.idle = Duration::from_mins(10);
    let desk = open(limits, routes()).await;
    let mut idle = desk.connect().await;
    greet(&mut idle).await;
    sleep(Duration::from_millis(1300)).await;
    for _ in 0..10 {
        desk.get("/").await;
    }
    greet(&mut idle).await;
}

#[tokio::test]
async fn good_requests_are_quick_among_many_bad_sockets() {
    let mut limits = limits();
    limits.connections_per_address_max = 40;
    let desk = open(limits, routes()).await;
    let bad = ["", "GET / HTTP/1.1\r\nx: ", "POST /count HTTP/1.1\r\ncontent-length: 9\r\n\r\na"];
    let mut held = Vec::new();
    for round in 0..6 {
        for at in 0..60 {
            let mut line = desk.connect().await;
            // One that was closed at once cannot be written to.
            let _ = tokio::io::AsyncWriteExt::write_all(&mut line.0, bad[at % 3].as_bytes()).await;
            held.push(line);
        }
        let begun = Instant::now();
        greet(&mut connect_from("127.0.0.2", &desk).await).await;
        assert!(begun.elapsed() < Duration::from_millis(500), "{round}: {:?}", begun.elapsed());
    }
    for mut line in held {
        let (answer, _) = line.read_to_end().await;
        assert!(answer.is_empty() || status(&answer) == "408", "{answer}");
    }
}

#[tokio::test]
async fn large_bodies_are_in_memory_a_few_at_a_time() {
    let desk = open(limits(), routes()).await;
    let body = vec![b'x'; 1 << 20];
    let asked: Vec<_> = (0..40)
        .map(|_| {
            let (address, body) = (desk.address, body.clone());
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                let head = format!(
                    "POST /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                     content-length: {}\r\n\r\n",
                    body.len()
                );
                stream.write_all(head.as_bytes()).await.unwrap();
                stream.write_all(&body).await.unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await.unwrap();
                answer
            })
        })
        .collect();
    for answer in asked {
        let answer = answer.await.unwrap();
        assert!(answer.ends_with("1048576"), "{answer}");
    }
    let most = LARGE_MOST.load(Ordering::SeqCst);
    assert!((1..=super::super::body::LARGE_AT_ONCE).contains(&most), "{most} at once");
}
