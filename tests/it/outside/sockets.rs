//! Sockets that say nothing, little, or too slowly, while good callers are served.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use picdesk_sandbox::telegram::ALICE;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{Called, caller::SECRET_HEADER, scale, text_update};
use crate::{
    database::TestDatabase,
    house::{Given, PATIENCE, SECRET},
};

/// Connections that good callers keep for another time.
const KEPT: usize = 12;
/// Between two good callers.
const BETWEEN: Duration = Duration::from_millis(50);
/// Between two bytes of a slow sender.
const SLOWLY: Duration = Duration::from_millis(200);

/// What is wrong with a socket.
#[derive(Clone, Copy, Debug)]
enum Bad {
    Silent,
    HalfAHead,
    SlowHead,
    SlowBody,
    HalfClosed,
    NeverReads,
}

const ALL: [Bad; 6] =
    [Bad::Silent, Bad::HalfAHead, Bad::SlowHead, Bad::SlowBody, Bad::HalfClosed, Bad::NeverReads];

#[tokio::test]
async fn bad_sockets_are_gone_in_time_and_good_callers_never_notice() {
    let called = Called::build(TestDatabase::sqlite(), Given::default()).await;
    let good = text_update(1, ALICE, 1, "/help").to_string();
    assert_eq!(called.caller.bring(good).await, 200);
    let files = called.desk.open_files();
    let mut bad = Vec::new();
    let of_each = scale(60, 400);
    for kind in ALL {
        // What these make the desk write is much more than what they send.
        let count = if matches!(kind, Bad::NeverReads) { of_each / 12 } else { of_each };
        for _ in 0..count {
            let stream = called.caller.connect().await;
            bad.push(tokio::spawn(be_bad(kind, stream)));
        }
    }
    let mut brought = 1;
    let bad = join_all(bad);
    tokio::pin!(bad);
    let ended = loop {
        let good = text_update(brought + 1, ALICE, brought + 1, "/help").to_string();
        let caller = called.caller.clone();
        tokio::select! {
            ended = &mut bad => break ended,
            status = async {
                tokio::time::sleep(BETWEEN).await;
                caller.bring(good).await
            } => {
                assert_eq!(status, 200);
                brought += 1;
            }
        }
    };
    for one in ended {
        one.unwrap();
    }
    assert!(brought > 20, "good callers were served meanwhile: {brought}");
    let began = Instant::now();
    while called.desk.open_files() > files + KEPT {
        assert!(began.elapsed() < PATIENCE, "{} files, {files} before", called.desk.open_files());
        tokio::time::sleep(BETWEEN).await;
    }
    super::replays::until_turned(&called).await;
    called.end(0).await;
}

/// Behaves badly until the desk has had enough.
async fn be_bad(kind: Bad, mut stream: TcpStream) {
    let head = format!(
        "POST /telegram/webhook HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\n\
         Content-Length: 1000\r\n\r\n"
    );
    match kind {
        Bad::Silent => {}
        Bad::HalfAHead => send(&mut stream, &head.as_bytes()[..40]).await,
        Bad::SlowHead => return drip(stream, head.as_bytes()).await,
        Bad::SlowBody => {
            send(&mut stream, head.as_bytes()).await;
            return drip(stream, &[b' '; 900]).await;
        }
        Bad::HalfClosed => {
            send(&mut stream, &head.as_bytes()[..40]).await;
            let _ = stream.shutdown().await;
        }
        Bad::NeverReads => {
            let asked = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2_000);
            // More than fits between us when nobody reads: this ends when the desk gives up.
            let sent = tokio::time::timeout(PATIENCE, stream.write_all(asked.as_bytes()));
            let _ = sent.await.expect("the desk has given up");
            // Nothing is read before the desk has closed: writing tells.
            loop {
                tokio::time::sleep(SLOWLY).await;
                if stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await.is_err() {
                    return;
                }
            }
        }
    }
    until_closed(stream).await;
}

async fn send(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).await.unwrap();
}

/// Sends byte by byte until it cannot.
async fn drip(mut stream: TcpStream, bytes: &[u8]) {
    let mut buffer = [0; 64];
    for byte in bytes.iter().cycle() {
        let answered = tokio::time::timeout(SLOWLY, stream.read(&mut buffer)).await;
        if matches!(answered, Ok(Ok(0) | Err(_))) || stream.write_all(&[*byte]).await.is_err() {
            return;
        }
    }
}

async fn until_closed(mut stream: TcpStream) {
    let mut buffer = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut buffer)).await;
    // Closed or reset: gone is gone.
    drop(ended.expect("the desk closes it"));
}
