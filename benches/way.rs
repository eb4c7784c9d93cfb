//! The way of a picture from a provider's answer into a chat, by the parts that the desk has for
//! it: the reader of the answer, the object store, the darkroom, and the Telegram adapter, which
//! uploads to another process.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use bytes::{Bytes, BytesMut};
use picdesk::artifacts::{ArtifactSettings, Artifacts, ObjectName, Writer};
use picdesk::images::{BodyReader, Found};
use picdesk::pictures::{Darkroom, Fit, Limits};
use picdesk_core::channel::{
    Channel as _, Content, Delivery, OutboundFile, OutboundMessage, Place, Repeat, Text,
};
use picdesk_core::id::{ArtifactId, OutboundId};
use picdesk_telegram::client::http_client;
use picdesk_telegram::verify::Secret;
use picdesk_telegram::{Mode, TelegramChannel, TelegramSettings};

/// As much of an answer as comes at once, bytes: what hyper reads of a busy connection.
const CHUNK_BYTES: usize = 16 << 10;

/// All that a picture meets.
pub struct Way {
    artifacts: Artifacts,
    darkroom: Darkroom,
    telegram: TelegramChannel,
    outside: Child,
}

impl Way {
    /// Opens it, with objects in `folder`.
    pub async fn open(folder: &Path) -> anyhow::Result<Self> {
        let url = format!("file://{}", folder.join("objects").display());
        let artifacts = Artifacts::open(&ArtifactSettings { url, ..Default::default() }).await?;
        let mut outside = Command::new(std::env::current_exe()?)
            .arg("take-uploads")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut api = String::new();
        let told = outside.stdout.take().context("its words")?;
        BufReader::new(told).read_line(&mut api)?;
        let settings = TelegramSettings {
            token: Secret::new("7000000001:bench"),
            api_url: api.trim().parse()?,
            mode: Mode::Polling,
            webhook_secrets: Vec::new(),
            register_webhook: false,
            drafts: false,
            sends_per_s: 0,
            chat_sends_per_s: 0,
            group_sends_per_min: 0,
            edit_interval_s: 4,
            desk_chat_id: None,
            public_url: "http://127.0.0.1/".parse()?,
        };
        let http = http_client(None).ok().context("a client")?;
        let telegram = TelegramChannel::new(settings, http)?;
        Ok(Self { artifacts, darkroom: Darkroom::new(), telegram, outside })
    }

    /// Brings the picture of one answer into a chat, fitted so; the length of what was uploaded.
    pub async fn walk(&self, answer: &Path, fit: Fit) -> anyhow::Result<usize> {
        let name = ObjectName::of_token("benchpicture")?;
        self.receive(answer, &name).await?;
        let source = self.artifacts.source(&name, Limits::ORIGINAL.bytes_max).await?;
        let source = source.context("the object")?;
        let wanted = move |_: &_| Some(fit);
        self.darkroom.check_and_print(source, Limits::ORIGINAL, name.as_str(), wanted).await?;
        let fitted = self.darkroom.take_print(name.as_str(), &fit).context("the preview")?;
        let bytes = fitted.bytes.len();
        self.telegram.deliver(delivery(fitted.bytes)).await?;
        self.artifacts.delete(&name).await?;
        Ok(bytes)
    }

    /// From the answer's bytes to the object.
    async fn receive(&self, answer: &Path, name: &ObjectName) -> anyhow::Result<()> {
        let mut answer = File::open(answer)?;
        let mut reader = BodyReader::new();
        let mut writer: Option<Writer> = None;
        loop {
            let mut chunk = BytesMut::zeroed(CHUNK_BYTES);
            let read = answer.read(&mut chunk)?;
            ensure!(read > 0, "the answer has no picture");
            chunk.truncate(read);
            let mut chunk = chunk.freeze();
            while let Some(found) = reader.next(&mut chunk) {
                match found {
                    Found::Piece(piece) => self.keep(&mut writer, name, piece).await?,
                    Found::Document(_) => {
                        writer.context("the picture")?.finish().await?;
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn keep(
        &self,
        writer: &mut Option<Writer>,
        name: &ObjectName,
        piece: Bytes,
    ) -> anyhow::Result<()> {
        let writer = match writer {
            Some(writer) => writer,
            none => none.insert(self.artifacts.create(name).await?),
        };
        Ok(writer.write(piece).await?)
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.outside.kill();
        let _ = self.outside.wait();
    }
}

fn delivery(bytes: Vec<u8>) -> Delivery {
    let (name, media_type) = ("picture.jpg".to_owned(), "image/jpeg");
    Delivery {
        message: OutboundMessage {
            id: OutboundId(1),
            conversation: "telegram:5550001".into(),
            place: Place::New { slot: None },
            reply_to: None,
            content: Content::Picture { artifact: ArtifactId(9), caption: Text::plain("a fox") },
            buttons: Vec::new(),
            repeat: Repeat::Ask,
            silent: false,
        },
        edit: None,
        edit_is_picture: false,
        file: Some(OutboundFile::Upload { bytes, name, media_type }),
        maybe_begun: false,
    }
}

/// The other process: takes every call of the Bot API, whatever is in it.
pub fn take_uploads() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("http://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || serve(stream));
    }
    Ok(())
}

/// Answers one call after the other on a connection.
fn serve(mut stream: TcpStream) -> io::Result<()> {
    const BODY: &str = r#"{"ok":true,"result":{"message_id":1,"date":1,"photo":[{"file_id":"f","width":1,"height":1}]}}"#;
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut left = None;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(length) = line.strip_prefix("content-length: ") {
                left = length.parse().ok();
            }
            if line.is_empty() {
                break;
            }
        }
        match left {
            Some(left) => drop(io::copy(&mut reader.by_ref().take(left), &mut io::sink())?),
            None => skip_chunks(&mut reader)?,
        }
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
            BODY.len()
        )?;
    }
}

fn skip_chunks(reader: &mut BufReader<TcpStream>) -> io::Result<()> {
    loop {
        let mut size = String::new();
        reader.read_line(&mut size)?;
        let bytes = u64::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
        // Each chunk ends with a line of its own.
        io::copy(&mut reader.by_ref().take(bytes + 2), &mut io::sink())?;
        if bytes == 0 {
            return Ok(());
        }
    }
}
