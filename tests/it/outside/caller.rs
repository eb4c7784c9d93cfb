//! Somebody who calls the desk: properly, or byte by byte.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::house::{Desk, PATIENCE, SECRET};

/// The header that Telegram proves itself by.
pub const SECRET_HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

/// No status: the desk answered and closed before it was sent everything, as it may.
pub const CUT: u16 = 0;

/// A caller. Cheap to clone.
#[derive(Clone)]
pub struct Caller {
    address: SocketAddr,
    http: reqwest::Client,
}

/// An answer, read byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status; zero when there was none.
    pub status: u16,
    /// Everything that came, head and body.
    pub text: String,
}

impl Caller {
    /// Calls a desk.
    pub fn of(desk: &Desk) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { address: desk.address(), http }
    }

    /// A request, to be completed.
    pub fn ask(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().unwrap();
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    /// An update, as Telegram brings it; the status of the answer, or [`CUT`].
    pub async fn bring(&self, body: impl Into<reqwest::Body>) -> u16 {
        let asked = self.ask("POST", "/telegram/webhook").header(SECRET_HEADER, SECRET).body(body);
        asked.send().await.map_or(CUT, |answer| answer.status().as_u16())
    }

    /// A connection of its own.
    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the desk closes, or has answered and sends no more.
    pub async fn send(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect().await;
        // A desk that has answered already need not read the rest.
        let _ = stream.write_all(bytes).await;
        read_answer(&mut stream).await
    }
}

/// Reads what comes until it ends.
pub async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        // After a whole answer a connection may stay open: what comes later is not waited for.
        let wait = if is_whole(&bytes) { Duration::from_millis(1) } else { PATIENCE };
        let Ok(read) = tokio::time::timeout(wait, stream.read(&mut piece)).await else {
            assert!(is_whole(&bytes), "no answer: {:?}", String::from_utf8_lossy(&bytes));
            break;
        };
        match read {
            Ok(count) if count > 0 => bytes.extend(&piece[..count]),
            Ok(_) | Err(_) => break,
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, text }
}

/// Whether these bytes are a whole answer, by the length that its head declares.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let declared = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    declared.is_some_and(|length| body.len() >= length)
}
