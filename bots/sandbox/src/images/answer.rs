//! What a caller gets: one JSON body, or a stream of events, whole or spoilt by a fault.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::book::{Flight, since_1970};
use super::fault::ImagesFault;
use super::pace::usage;
use super::problem;
use super::provider::Making;
use super::request::Operation;
use picdesk_paint::Format;
use picdesk_paint::Stage;
use picdesk_paint::{one_bit_bomb, rgba_bomb};

/// Bytes given to the connection at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Answers an accepted call.
pub(super) async fn answer(making: Making, flight: Flight) -> Response {
    match &making.fault {
        Some(ImagesFault::AcceptThenHang) => return std::future::pending().await,
        Some(ImagesFault::DropAnswer) => {
            sleep(making.latency).await;
            drop(flight);
            making.connection.close();
            return std::future::pending().await;
        }
        Some(ImagesFault::Gateway { status }) => {
            sleep(making.latency).await;
            return gateway_page(*status);
        }
        Some(ImagesFault::Html) => {
            sleep(making.latency).await;
            return gateway_page(200);
        }
        _ => {}
    }
    if making.ask.partials.is_some() {
        let (sender, body) = channel();
        tokio::spawn(async move {
            if stream(&making, &sender).await.is_some() {
                flight.answered();
            }
        });
        return ([(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")], body)
            .into_response();
    }
    sleep(making.latency).await;
    if making.fault == Some(ImagesFault::ErrorInStream) {
        return problem::generation_failed().into_response();
    }
    json_answer(making, flight).await
}

/// The page of a gateway that knows nothing of JSON.
pub(super) fn gateway_page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let title = match status {
        StatusCode::OK => "Just a moment...".to_owned(),
        other => other.to_string(),
    };
    let page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>\
         </center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    (status, Html(page)).into_response()
}

async fn json_answer(making: Making, flight: Flight) -> Response {
    let mut data = Vec::new();
    if making.fault != Some(ImagesFault::EmptyData) {
        for index in 0..making.ask.count {
            data.push(Value::Object(picture(&making, index, Stage::Final).await));
        }
    }
    let mut object = facts(&making);
    object.insert("data".to_owned(), Value::Array(data));
    object.insert("usage".to_owned(), usage(&making.ask));
    let (sender, body) = channel();
    if making.fault == Some(ImagesFault::EndlessLine) {
        tokio::spawn(async move { endless(&making, r#"{"data":[{"b64_json":""#, &sender).await });
        return ([(header::CONTENT_TYPE, "application/json")], body).into_response();
    }
    let bytes = Bytes::from(Value::Object(object).to_string());
    let length = bytes.len();
    tokio::spawn(async move {
        if deliver(&making, bytes, &sender).await.is_some() {
            flight.answered();
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
    ];
    (headers, body).into_response()
}

/// Sends the events of a stream. `None` when it did not get out whole.
async fn stream(making: &Making, sender: &Sender) -> Option<()> {
    let name = match making.ask.operation {
        Operation::Generation => "image_generation",
        Operation::Edit => "image_edit",
    };
    let partials = making.ask.partials.unwrap_or(0);
    let step = making.latency / u32::from(partials + 1);
    for index in 0..making.ask.count {
        for partial in 0..partials {
            sleep(step).await;
            let mut object = picture(making, index, Stage::Partial(partial)).await;
            object.insert("partial_image_index".to_owned(), partial.into());
            let event = event(making, &format!("{name}.partial_image"), object);
            send(making, event, sender).await?;
        }
        sleep(step).await;
        match &making.fault {
            Some(ImagesFault::ErrorInStream) => {
                let mut body = problem::generation_failed().body();
                body["type"] = "error".into();
                let event = format!("event: error\ndata: {body}\n\n");
                send(making, event.into(), sender).await?;
                return None;
            }
            Some(ImagesFault::EndlessLine) => {
                let head = format!("event: {name}.completed\ndata: {{\"b64_json\":\"");
                return endless(making, &head, sender).await;
            }
            _ => {}
        }
        let mut object = picture(making, index, Stage::Final).await;
        object.insert("usage".to_owned(), usage(&making.ask));
        let event = event(making, &format!("{name}.completed"), object);
        deliver(making, event, sender).await?;
    }
    Some(())
}

fn event(making: &Making, name: &str, picture: Map<String, Value>) -> Bytes {
    let mut object = Map::from_iter([("type".to_owned(), Value::from(name))]);
    object.extend(picture);
    let mut facts = facts(making);
    let created = facts.remove("created").unwrap_or_default();
    facts.insert("created_at".to_owned(), created);
    object.extend(facts);
    Bytes::from(format!("event: {name}\ndata: {}\n\n", Value::Object(object)))
}

/// What every answer says beside the pictures.
fn facts(making: &Making) -> Map<String, Value> {
    let ask = &making.ask;
    let (width, height) = ask.size;
    let facts = json!({
        "created": since_1970().as_secs(),
        "background": if ask.transparent { "transparent" } else { "opaque" },
        "output_format": ask.format.as_str(),
        "quality": ask.quality.as_str(),
        "size": format!("{width}x{height}"),
        "safety_identifier": ask.safety_identifier,
    });
    match facts {
        Value::Object(facts) => facts,
        _ => Map::new(),
    }
}

/// One picture as it stands in an answer: `b64_json`, or what a fault makes of it.
async fn picture(making: &Making, index: u8, stage: Stage) -> Map<String, Value> {
    let encoded = |bytes: &[u8]| ("b64_json", STANDARD.encode(bytes));
    let spoilt = if stage == Stage::Final { making.fault.as_ref() } else { None };
    let (key, value) = match spoilt {
        Some(ImagesFault::InvalidBase64) => ("b64_json", "!!! this is not base64 !!!".to_owned()),
        Some(ImagesFault::EmptyData) => ("b64_json", String::new()),
        Some(ImagesFault::NotAPicture) => encoded(b"I'm sorry, but I can't draw that picture."),
        Some(ImagesFault::OneBitBomb) => encoded(one_bit_bomb()),
        Some(ImagesFault::RgbaBomb) => encoded(rgba_bomb()),
        Some(ImagesFault::UrlInsteadOfBase64) => {
            let bytes = making.draw(index, stage, making.ask.size).await;
            ("url", making.provider.keep_file(bytes, making.ask.format))
        }
        Some(ImagesFault::WrongSize) => {
            let (width, height) = making.ask.size;
            encoded(&making.draw(index, stage, (width / 2, height / 2)).await)
        }
        _ => encoded(&making.draw(index, stage, making.ask.size).await),
    };
    Map::from_iter([(key.to_owned(), Value::from(value))])
}

type Sender = mpsc::Sender<io::Result<Bytes>>;

/// A body that is written from elsewhere, never more than a chunk ahead of its reader.
fn channel() -> (Sender, Body) {
    let (sender, receiver) = mpsc::channel(1);
    let next = |mut receiver: mpsc::Receiver<_>| async move {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    };
    (sender, Body::from_stream(futures_util::stream::unfold(receiver, next)))
}

/// Sends bytes whole. `None` when the reader left.
async fn send(making: &Making, mut bytes: Bytes, sender: &Sender) -> Option<()> {
    while !bytes.is_empty() {
        let chunk = bytes.split_to(bytes.len().min(CHUNK_BYTES));
        making.provider.book.count_out(chunk.len());
        sender.send(Ok(chunk)).await.ok()?;
    }
    Some(())
}

/// Sends bytes as the fault has it: whole, cut, or dripping.
async fn deliver(making: &Making, mut bytes: Bytes, sender: &Sender) -> Option<()> {
    match &making.fault {
        Some(ImagesFault::CutBody { after }) => {
            let part = after.clamp(0.0, 1.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                clippy::cast_sign_loss,
                reason = "a part of a length is a length"
            )]
            let length = (bytes.len() as f64 * part) as usize;
            send(making, bytes.split_to(length.min(bytes.len())), sender).await?;
            let _ = sender.send(Err(io::ErrorKind::ConnectionReset.into())).await;
            None
        }
        Some(ImagesFault::Drip { bytes_per_s }) => {
            let pause = Duration::from_secs(1) / u32::try_from(*bytes_per_s).unwrap_or(1).max(1);
            while !bytes.is_empty() {
                send(making, bytes.split_to(1), sender).await?;
                sleep(pause).await;
            }
            Some(())
        }
        _ => send(making, bytes, sender).await,
    }
}

/// Sends base64 with no end, until the reader has enough.
async fn endless(making: &Making, head: &str, sender: &Sender) -> Option<()> {
    static LETTERS: [u8; CHUNK_BYTES] = [b'A'; CHUNK_BYTES];
    send(making, Bytes::copy_from_slice(head.as_bytes()), sender).await?;
    loop {
        send(making, Bytes::from_static(&LETTERS), sender).await?;
    }
}

/// The media type of a file that was handed out by address.
pub(super) fn media_type(format: Format) -> &'static str {
    match format {
        Format::Png => "image/png",
        Format::Jpeg => "image/jpeg",
        Format::Webp => "image/webp",
    }
}
