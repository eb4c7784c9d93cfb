//! The other end of the webhook: a connection that brings updates and hears whether they are on
//! disk. As cheap as can be, for it shares the machine with what it measures.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The secret of the webhook.
pub const SECRET: &str = "bench-secret-bench-secret-bench-secret";

/// A connection that stays open.
pub struct Line {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Line {
    /// Connects.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: vec![0; 4096] })
    }

    /// Sends a request and reads the answer to its end; its status.
    pub async fn ask(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        self.stream.write_all(request).await?;
        let mut there = 0;
        loop {
            let read = self.stream.read(&mut self.answer[there..]).await?;
            ensure!(read > 0, "the connection was closed");
            there += read;
            let text = std::str::from_utf8(&self.answer[..there])?;
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(Ok(0), str::parse)? {
                let status = head.get(9..12).context("an answer without a status")?;
                return Ok(status.parse()?);
            }
        }
    }

    /// Brings an update, which has to be taken.
    pub async fn bring(&mut self, update: &[u8]) -> anyhow::Result<()> {
        let status = self.ask(update).await?;
        ensure!(status == 200, "an update was answered with {status}");
        Ok(())
    }
}

/// A call of the webhook with somebody's words in their private chat; `at_s` is the time.
pub fn update(number: i64, chat: i64, text: &str, at_s: i64) -> Vec<u8> {
    let command = text.split(' ').next().unwrap_or_default().len();
    let body = format!(
        r#"{{"update_id":{number},"message":{{"message_id":{message},"from":{{"id":{chat},"is_bot":false,"first_name":"Ada","last_name":"Lovelace","username":"ada_{chat}","language_code":"en"}},"chat":{{"id":{chat},"first_name":"Ada","last_name":"Lovelace","username":"ada_{chat}","type":"private"}},"date":{at_s},"text":"{text}","entities":[{{"offset":0,"length":{command},"type":"bot_command"}}]}}}}"#,
        message = number % 1_000_000_000 + 1,
    );
    let length = body.len();
    format!(
        "POST /telegram/webhook HTTP/1.1\r\nhost: desk\r\ncontent-type: application/json\r\n\
         x-telegram-bot-api-secret-token: {SECRET}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
