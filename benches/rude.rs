//! Callers that send too much, or keep a socket and do nothing with it.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use anyhow::ensure;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use crate::{house::PATIENCE, line::SECRET};

/// What the webhook takes, bytes.
const LIMIT: usize = 1 << 20;
/// Between two bytes of a slow sender.
const SLOWLY: Duration = Duration::from_secs(1);
/// What is sent at once.
const CHUNK: usize = 16 << 10;

/// Bodies that are too large.
#[derive(Clone, Copy)]
pub enum TooMuch {
    /// By one byte.
    ByOneByte,
    /// Ten times what is taken.
    TenTimes,
    /// 1 GB, as its head says.
    AGigabyte,
    /// In pieces that never end.
    NeverEnding,
}

impl TooMuch {
    /// All kinds.
    pub const ALL: [Self; 4] =
        [Self::ByOneByte, Self::TenTimes, Self::AGigabyte, Self::NeverEnding];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::ByOneByte => "one byte too large",
            Self::TenTimes => "ten times too large",
            Self::AGigabyte => "1 GB declared",
            Self::NeverEnding => "in pieces without an end",
        }
    }

    fn head(self) -> String {
        let length = match self {
            Self::ByOneByte => format!("content-length: {}", LIMIT + 1),
            Self::TenTimes => format!("content-length: {}", LIMIT * 10),
            Self::AGigabyte => "content-length: 1000000000".to_owned(),
            Self::NeverEnding => "transfer-encoding: chunked".to_owned(),
        };
        head(&length)
    }

    /// Sends one; milliseconds until it was refused. Of one in pieces the time begins when more
    /// than is taken has left.
    pub async fn bring(self, address: SocketAddr) -> anyhow::Result<f64> {
        let stream = TcpStream::connect(address).await?;
        let (mut read, mut write) = stream.into_split();
        let endless = matches!(self, Self::NeverEnding);
        let head = self.head();
        let sending = async move {
            let mut began = Instant::now();
            let mut sent = 0;
            let piece = vec![b' '; CHUNK];
            let chunk = [format!("{CHUNK:x}\r\n").as_bytes(), &piece, b"\r\n"].concat();
            let mut outcome = write.write_all(head.as_bytes()).await;
            while outcome.is_ok() {
                outcome = write.write_all(if endless { &chunk } else { &piece }).await;
                sent += CHUNK;
                if endless && sent <= LIMIT {
                    began = Instant::now();
                }
            }
            began
        };
        let answered = async move {
            let mut answer = [0; 12];
            let status = match read.read_exact(&mut answer).await {
                Ok(_) => Some(answer),
                // A reset may overtake the answer.
                Err(_) => None,
            };
            (status, Instant::now())
        };
        let (began, (status, ended)) =
            tokio::time::timeout(PATIENCE, async { tokio::join!(sending, answered) }).await?;
        if let Some(status) = status {
            ensure!(&status[9..] == b"413", "{} was answered otherwise", self.name());
        }
        Ok(ended.saturating_duration_since(began).as_secs_f64() * 1e3)
    }
}

/// Sockets that are of no use.
#[derive(Clone, Copy)]
pub enum Rude {
    /// Says nothing.
    Silent,
    /// Half a head, and no more.
    HalfAHead,
    /// A head, byte by byte.
    SlowHead,
    /// A body, byte by byte.
    SlowBody,
    /// Half a head, and its end of the line closed.
    HalfClosed,
    /// Asks and asks, and never reads.
    NeverReads,
}

impl Rude {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Silent,
        Self::HalfAHead,
        Self::SlowHead,
        Self::SlowBody,
        Self::HalfClosed,
        Self::NeverReads,
    ];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Silent => "says nothing",
            Self::HalfAHead => "half a head",
            Self::SlowHead => "a head, a byte a second",
            Self::SlowBody => "a body, a byte a second",
            Self::HalfClosed => "half a head and closed on one side",
            Self::NeverReads => "never reads the answers",
        }
    }

    /// Opens a socket from 127.0.0.`from` and behaves badly until the desk has closed it; the
    /// seconds that took. None where it hears nothing for a minute: whom the kernel had no
    /// place for in the desk's queue, and who has said nothing, is never told.
    pub async fn live(self, from: u8, address: SocketAddr) -> anyhow::Result<Option<f64>> {
        let socket = TcpSocket::new_v4()?;
        // Whoever never reads is soon full of answers.
        socket.set_recv_buffer_size(4096)?;
        socket.bind((IpAddr::from(Ipv4Addr::new(127, 0, 0, from)), 0).into())?;
        let Ok(mut stream) = socket.connect(address).await else { return Ok(Some(0.0)) };
        let began = Instant::now();
        // However it ends, it is gone: closed, reset, or refused at once.
        let gone = tokio::time::timeout(PATIENCE, self.behave(&mut stream)).await;
        Ok(gone.is_ok().then(|| began.elapsed().as_secs_f64()))
    }

    async fn behave(self, stream: &mut TcpStream) -> io::Result<()> {
        let head = head("content-length: 1000");
        match self {
            Self::Silent => {}
            Self::HalfAHead => stream.write_all(&head.as_bytes()[..40]).await?,
            Self::SlowHead => return drip(stream, head.as_bytes()).await,
            Self::SlowBody => {
                stream.write_all(head.as_bytes()).await?;
                return drip(stream, &[b' '; 900]).await;
            }
            Self::HalfClosed => {
                stream.write_all(&head.as_bytes()[..40]).await?;
                stream.shutdown().await?;
            }
            Self::NeverReads => {
                let asked = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".repeat(64);
                // Nothing is read, so only writing tells that it is over.
                loop {
                    match tokio::time::timeout(SLOWLY / 10, stream.write_all(asked.as_bytes()))
                        .await
                    {
                        Ok(written) => written?,
                        Err(_) => tokio::time::sleep(SLOWLY / 10).await,
                    }
                }
            }
        }
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.map(drop)
    }
}

/// Byte by byte until it is over.
async fn drip(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    let mut buffer = [0; 256];
    for byte in bytes {
        match tokio::time::timeout(SLOWLY, stream.read(&mut buffer)).await {
            Ok(Ok(0)) => return Ok(()),
            Ok(read) => drop(read?),
            Err(_) => stream.write_all(&[*byte]).await?,
        }
    }
    Ok(())
}

fn head(length: &str) -> String {
    format!(
        "POST /telegram/webhook HTTP/1.1\r\nhost: desk\r\ncontent-type: application/json\r\n\
         x-telegram-bot-api-secret-token: {SECRET}\r\n{length}\r\n\r\n"
    )
}
