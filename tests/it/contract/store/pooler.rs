//! What stands between us and PostgreSQL.

use std::sync::Arc;

use picdesk::{
    clock::Clock,
    config::{self, Secret},
    store::{Store, StoreError},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};

use super::START;
use crate::database::{TestDatabase, databases};

/// What a client asks first where it would like TLS. Source: PostgreSQL, "Message Formats",
/// `SSLRequest`.
const SSL_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();

/// A pooler in transaction mode: everybody's transactions, one after the other, in one session.
struct Pooler {
    server: String,
    /// The session, and how the server greeted it.
    session: Mutex<Option<(TcpStream, Vec<u8>)>>,
}

/// A message with its kind.
async fn message(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let kind = stream.read_u8().await.ok()?;
    let length = stream.read_u32().await.ok()?;
    let mut rest = vec![0; length as usize - 4];
    stream.read_exact(&mut rest).await.ok()?;
    Some((kind, [&[kind], &length.to_be_bytes()[..], &rest].concat()))
}

/// The first message of a client, which has no kind. TLS is declined.
async fn introduction(stream: &mut TcpStream) -> Option<Vec<u8>> {
    loop {
        let length = stream.read_u32().await.ok()?;
        let mut rest = vec![0; length as usize - 4];
        stream.read_exact(&mut rest).await.ok()?;
        if rest[..4] != SSL_REQUEST {
            return Some([&length.to_be_bytes()[..], &rest].concat());
        }
        stream.write_all(b"N").await.ok()?;
    }
}

impl Pooler {
    /// Where it listens before a server.
    async fn start(server: String) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let pooler = Arc::new(Self { server, session: Mutex::new(None) });
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let pooler = Arc::clone(&pooler);
                tokio::spawn(async move { pooler.serve(client).await });
            }
        });
        port
    }

    async fn serve(&self, mut client: TcpStream) -> Option<()> {
        let asked = introduction(&mut client).await?;
        self.greet(&mut client, &asked).await?;
        loop {
            let mut asked = message(&mut client).await?;
            let mut session = self.session.lock().await;
            let (server, _) = session.as_mut()?;
            // Until its transaction is over.
            while asked.0 != b'X' {
                server.write_all(&asked.1).await.ok()?;
                let is_whole = matches!(asked.0, b'Q' | b'S');
                if is_whole && answer(server, &mut client).await? == b'I' {
                    break;
                }
                asked = message(&mut client).await?;
            }
            if asked.0 == b'X' {
                return None;
            }
        }
    }

    /// Greets a client as the server greeted the first.
    async fn greet(&self, client: &mut TcpStream, asked: &[u8]) -> Option<()> {
        let mut session = self.session.lock().await;
        if session.is_none() {
            let mut server = TcpStream::connect(&self.server).await.ok()?;
            server.write_all(asked).await.ok()?;
            let mut greeting = Vec::new();
            loop {
                let (kind, whole) = message(&mut server).await?;
                greeting.extend(whole);
                if kind == b'Z' {
                    break;
                }
            }
            *session = Some((server, greeting));
        }
        let (_, greeting) = session.as_ref()?;
        client.write_all(greeting).await.ok()
    }
}

/// Hands an answer on; the state of the transaction after it.
async fn answer(server: &mut TcpStream, client: &mut TcpStream) -> Option<u8> {
    loop {
        let (kind, whole) = message(server).await?;
        client.write_all(&whole).await.ok()?;
        if kind == b'Z' {
            return whole.last().copied();
        }
    }
}

#[tokio::test]
async fn a_pooler_that_keeps_no_sessions_is_refused() {
    let Some(database) = databases().await.into_iter().find(TestDatabase::is_shared) else {
        return;
    };
    let mut url = url::Url::parse(&database.url).unwrap();
    let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    url.set_port(Some(Pooler::start(server).await)).unwrap();
    let settings = config::Store { url: Secret::new(url.as_str()), ..database.settings() };
    let (clock, _hands) = Clock::still(START);
    let refused = Store::serve(&settings, clock.clone()).await;
    assert!(matches!(refused, Err(StoreError::Pooled)), "{refused:?}");
    let missing = Store::missing_migrations(&database.settings()).await.unwrap();
    assert!(missing[0].starts_with("0001_"), "nothing was touched: {missing:?}");
    database.serve(&clock).await;
}
