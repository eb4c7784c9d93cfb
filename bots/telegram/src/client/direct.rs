//! The short way to a Bot API server of one's own: HTTP/1.1 without TLS, proxies or redirects.
//!
//! Measured on loopback, 50 calls at once: a call costs 12 µs of CPU here (10 of them for writing
//! and reading a socket at all), 29 by hyper-util, 50 by reqwest. An answered command makes one.
//! Whatever this does not understand is an outcome unknown, never a guess.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use url::{Host, Url};

use super::{ANSWER_BYTES_MAX, CONNECT_TIMEOUT, IDLE_CONNECTIONS_MAX};
use crate::{
    answer::{Broken, CallError},
    call::Method,
};

/// Connections that were idle for longer are not trusted to be open: an answer lost on a dying one
/// would be an outcome unknown.
const IDLE_MAX: Duration = Duration::from_secs(20);

/// Largest head of an answer, bytes.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Most header lines of an answer.
const HEADERS_MAX: usize = 64;

/// Bytes read at once at least.
const READ_BYTES: usize = 4 << 10;

/// Connections to one server, and what every request to it begins with.
pub(super) struct Direct {
    host: String,
    port: u16,
    /// By the method's place in the list: everything up to the length of the body.
    heads: Vec<Bytes>,
    /// The one used last is at the end.
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    stream: TcpStream,
    since: Instant,
}

/// Whether the server can have acted on a request: it cannot before it has all of it.
#[derive(Clone, Copy)]
enum Sent {
    No,
    Wholly,
}

impl Sent {
    fn but(self, broken: Broken) -> CallError {
        match self {
            Self::No => CallError::NotSent(broken),
            Self::Wholly => CallError::Unknown(broken),
        }
    }
}

impl Direct {
    /// The short way to these addresses, in the order of [`Method::ALL`]; nothing where they need
    /// more than this can do.
    pub fn new(urls: &[Url]) -> Option<Self> {
        let first = urls.first()?;
        let plain = first.scheme() == "http"
            && first.username().is_empty()
            && first.password().is_none()
            && first.query().is_none();
        let host = match first.host().filter(|_| plain)? {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(ip) => ip.to_string(),
            Host::Ipv6(ip) => ip.to_string(),
        };
        let authority = match first.port() {
            None => first.host_str()?.to_owned(),
            Some(port) => format!("{}:{port}", first.host_str()?),
        };
        let head = |url: &Url| {
            let path = url.path();
            Bytes::from(format!(
                "POST {path} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\n\
                 content-length: "
            ))
        };
        Some(Self {
            host,
            port: first.port_or_known_default()?,
            heads: urls.iter().map(head).collect(),
            idle: Mutex::default(),
        })
    }

    /// Posts JSON and returns status and body of the answer.
    pub async fn post(
        &self,
        method: Method,
        body: &[u8],
        within: Duration,
    ) -> Result<(u16, Bytes), CallError> {
        let mut sent = Sent::No;
        let exchange = self.exchange(method, body, &mut sent);
        match timeout(within, exchange).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(broken)) => Err(sent.but(broken)),
            Err(_) => Err(sent.but(Broken::Slow)),
        }
    }

    async fn exchange(
        &self,
        method: Method,
        body: &[u8],
        sent: &mut Sent,
    ) -> Result<(u16, Bytes), Broken> {
        let mut stream = match self.take_idle() {
            Some(stream) => stream,
            None => self.connect().await?,
        };
        let head = &self.heads[method as usize];
        let mut buffer = BytesMut::with_capacity(READ_BYTES.max(head.len() + body.len() + 24));
        buffer.extend_from_slice(head);
        buffer.extend_from_slice(body.len().to_string().as_bytes());
        buffer.extend_from_slice(b"\r\n\r\n");
        buffer.extend_from_slice(body);
        stream.write_all(&buffer).await.map_err(|_| Broken::Cut)?;
        *sent = Sent::Wholly;
        buffer.clear();
        let mut answer = Answer { stream: &mut stream, buffer };
        let head = answer.head().await?;
        let body = answer.body(head.length).await?;
        // More than was announced is not for us, and what follows it would not be either.
        if head.stays_open && answer.buffer.is_empty() {
            self.put_back(stream);
        }
        Ok((head.status, body))
    }

    async fn connect(&self) -> Result<TcpStream, Broken> {
        let stream = timeout(CONNECT_TIMEOUT, TcpStream::connect((&*self.host, self.port))).await;
        let stream = stream.ok().and_then(Result::ok).ok_or(Broken::NoConnection)?;
        stream.set_nodelay(true).map_err(|_| Broken::NoConnection)?;
        Ok(stream)
    }

    /// An idle connection that the other side has not closed, as far as can be told.
    fn take_idle(&self) -> Option<TcpStream> {
        loop {
            let idle = self.lock().pop()?;
            if idle.since.elapsed() > IDLE_MAX {
                // Those below are older still.
                self.lock().retain(|idle| idle.since.elapsed() <= IDLE_MAX);
                continue;
            }
            let mut byte = [0];
            match idle.stream.try_read(&mut byte) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    return Some(idle.stream);
                }
                // Closed, broken, or talking out of turn.
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn put_back(&self, stream: TcpStream) {
        let mut idle = self.lock();
        if idle.len() < IDLE_CONNECTIONS_MAX {
            idle.push(Idle { stream, since: Instant::now() });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the head of an answer says.
struct Head {
    status: u16,
    length: Length,
    stays_open: bool,
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Bytes(usize),
    Chunks,
    UntilClosed,
}

/// An answer that is being read.
struct Answer<'s> {
    stream: &'s mut TcpStream,
    /// What was read and not yet taken.
    buffer: BytesMut,
}

impl Answer<'_> {
    async fn head(&mut self) -> Result<Head, Broken> {
        loop {
            match read_head(&self.buffer)? {
                // "Continue" and its like announce the real answer.
                Some((head, bytes)) if (100..200).contains(&head.status) => {
                    self.buffer.advance(bytes);
                }
                Some((head, bytes)) => {
                    self.buffer.advance(bytes);
                    return Ok(head);
                }
                None if self.buffer.len() > HEAD_BYTES_MAX => return Err(Broken::TooLarge),
                None => self.more().await?,
            }
        }
    }

    async fn body(&mut self, length: Length) -> Result<Bytes, Broken> {
        match length {
            Length::Bytes(bytes) => self.exactly(bytes).await,
            Length::Chunks => self.chunks().await,
            Length::UntilClosed => {
                while self.stream.read_buf(&mut self.buffer).await.map_err(|_| Broken::Cut)? > 0 {
                    if self.buffer.len() > ANSWER_BYTES_MAX {
                        return Err(Broken::TooLarge);
                    }
                }
                Ok(self.buffer.split().freeze())
            }
        }
    }

    async fn exactly(&mut self, bytes: usize) -> Result<Bytes, Broken> {
        if bytes > ANSWER_BYTES_MAX {
            return Err(Broken::TooLarge);
        }
        while self.buffer.len() < bytes {
            self.more().await?;
        }
        Ok(self.buffer.split_to(bytes).freeze())
    }

    // hexadecimal length · extensions · CRLF · data · CRLF · … · 0 · CRLF · trailers · CRLF
    async fn chunks(&mut self) -> Result<Bytes, Broken> {
        let mut body = BytesMut::new();
        loop {
            let line = self.line().await?;
            let end = line.iter().position(|b| *b == b';').unwrap_or(line.len());
            let size = std::str::from_utf8(&line[..end]).ok();
            let size = size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
            let size = size.ok_or(Broken::Cut)?;
            if size == 0 {
                while !self.line().await?.is_empty() {}
                return Ok(body.freeze());
            }
            if size > ANSWER_BYTES_MAX - body.len() {
                return Err(Broken::TooLarge);
            }
            body.extend_from_slice(&self.exactly(size).await?);
            if !self.line().await?.is_empty() {
                return Err(Broken::Cut);
            }
        }
    }

    /// A line without its end.
    async fn line(&mut self) -> Result<Bytes, Broken> {
        loop {
            if let Some(end) = self.buffer.iter().position(|b| *b == b'\n') {
                let line = self.buffer.split_to(end + 1).freeze();
                let text = line.strip_suffix(b"\r\n").ok_or(Broken::Cut)?;
                return Ok(line.slice_ref(text));
            }
            if self.buffer.len() > HEAD_BYTES_MAX {
                return Err(Broken::TooLarge);
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<(), Broken> {
        self.buffer.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) | Err(_) => Err(Broken::Cut),
            Ok(_) => Ok(()),
        }
    }
}

/// Reads the head of an answer and says how long it is; nothing while it is not all there.
fn read_head(bytes: &[u8]) -> Result<Option<(Head, usize)>, Broken> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let end = match response.parse(bytes) {
        Ok(httparse::Status::Complete(end)) => end,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(Broken::Cut),
    };
    let (mut length, mut chunked) = (None, false);
    let mut stays_open = response.version == Some(1);
    for header in response.headers.iter() {
        let value = header.value.trim_ascii();
        if header.name.eq_ignore_ascii_case("content-length") {
            let told = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            let told: usize = told.ok_or(Broken::Cut)?;
            if length.is_some_and(|length| length != told) {
                return Err(Broken::Cut);
            }
            length = Some(told);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            if !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Broken::Cut);
            }
            chunked = true;
        } else if header.name.eq_ignore_ascii_case("connection") {
            stays_open &= !value.eq_ignore_ascii_case(b"close");
        }
    }
    let status = response.code.unwrap_or_default();
    let length = match (length, chunked) {
        _ if matches!(status, 100..200 | 204 | 304) => Length::Bytes(0),
        (_, true) => Length::Chunks,
        (Some(bytes), false) => Length::Bytes(bytes),
        (None, false) => {
            stays_open = false;
            Length::UntilClosed
        }
    };
    Ok(Some((Head { status, length, stays_open }, end)))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A server that answers each connection with the next of these lists, one text a request;
    /// after the last the connection is closed.
    async fn serve(connections: Vec<Vec<&'static str>>) -> Direct {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for answers in connections {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 1 << 16];
                for answer in answers {
                    if stream.read(&mut request).await.unwrap() == 0 {
                        break;
                    }
                    for byte in answer.as_bytes() {
                        // Byte by byte, so that nothing may depend on how an answer is cut.
                        stream.write_all(&[*byte]).await.unwrap();
                        tokio::task::yield_now().await;
                    }
                }
            }
        });
        let base: Url = base.parse().unwrap();
        let urls = Method::ALL.iter().map(|method| base.join(method.name()).unwrap());
        Direct::new(&urls.collect::<Vec<_>>()).unwrap()
    }

    async fn post(direct: &Direct) -> Result<(u16, String), String> {
        let answer = direct.post(Method::SendMessage, b"{}", Duration::from_secs(5)).await;
        let text = |body: Bytes| String::from_utf8(body.to_vec()).unwrap();
        answer.map(|(status, body)| (status, text(body))).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_body_is_read_however_its_length_is_told() {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\ncontent-length:  5 \r\nx: y\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
             2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\na: b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello",
            "HTTP/1.0 200 OK\r\n\r\nhello",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        ] {
            let direct = serve(vec![vec![answer]]).await;
            assert_eq!(post(&direct).await, Ok((200, "hello".into())), "{answer}");
        }
        let direct = serve(vec![vec!["HTTP/1.1 204 No Content\r\n\r\n"]]).await;
        assert_eq!(post(&direct).await, Ok((204, String::new())));
    }

    #[tokio::test]
    async fn what_is_not_understood_is_an_outcome_unknown() {
        for answer in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 4\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\nhello\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhelloo\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffff\r\nhello",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "SSH-2.0\r\n\r\n",
        ] {
            let direct = serve(vec![vec![answer]]).await;
            let error = post(&direct).await.unwrap_err();
            assert!(error.starts_with("outcome unknown"), "{error}: {answer}");
        }
    }

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

    #[tokio::test]
    async fn a_connection_is_used_again_until_it_closes() {
        let direct = serve(vec![vec![OK, OK, OK], vec![OK]]).await;
        for _ in 0..3 {
            assert_eq!(post(&direct).await, Ok((200, "ok".into())));
            assert_eq!(direct.lock().len(), 1);
        }
        // The server closes it after the third; once that has come, a new one is made.
        let ready = {
            let idle = direct.lock().pop().unwrap();
            idle.stream.readable().await.unwrap();
            idle
        };
        direct.lock().push(ready);
        assert_eq!(post(&direct).await, Ok((200, "ok".into())));
    }

    #[tokio::test]
    async fn a_connection_that_closes_or_says_too_much_is_not_kept() {
        for answer in [
            "HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        ] {
            let direct = serve(vec![vec![answer]]).await;
            assert_eq!(post(&direct).await, Ok((200, "ok".into())));
            assert_eq!(direct.lock().len(), 0, "{answer}");
        }
    }

    #[tokio::test]
    async fn without_a_server_nothing_was_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        drop(listener);
        let direct = Direct::new(&vec![base; Method::ALL.len()]).unwrap();
        assert_eq!(post(&direct).await, Err("not sent: no connection".into()));
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_is_left_after_a_while() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let direct = Direct::new(&vec![base; Method::ALL.len()]).unwrap();
        let error = direct.post(Method::GetMe, b"{}", Duration::from_millis(50)).await;
        let error = error.unwrap_err().to_string();
        assert_eq!(error, "outcome unknown: no answer in time");
    }

    #[test]
    fn only_plain_http_goes_the_short_way() {
        let direct = |url: &str| Direct::new(&[url.parse().unwrap()]);
        assert!(direct("https://api.telegram.org/bot1:a/getMe").is_none());
        assert!(direct("http://user:word@bots.internal/bot1:a/getMe").is_none());
        let near = direct("http://[::1]:8081/bot1:a/getMe").unwrap();
        assert_eq!((near.host.as_str(), near.port), ("::1", 8081));
        assert!(near.heads[0].starts_with(b"POST /bot1:a/getMe HTTP/1.1\r\nhost: [::1]:8081\r\n"));
        assert_eq!(direct("http://bots.internal/bot1:a/getMe").unwrap().port, 80);
    }
}
