//! A provider of large pictures: every answer streams two partial ones and the finished one, each
//! a whole PNG with the noise of a photograph, slowly enough that many are under way at once.

use std::fmt::Write as _;
use std::{convert::Infallible, io::Write as _, net::Ipv4Addr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse as _, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::net::TcpListener;

/// Pixels across and down: the largest wide picture there is.
const SIZE: (u32, u32) = (3840, 2160);
/// Bytes of an answer that are sent at once, and how long until the next.
const PIECE: usize = 64 << 10;
/// Between two pieces: an answer of 50 MB takes four seconds.
const PIECE_EVERY: Duration = Duration::from_millis(5);

/// Serves; what `images.base_url` has to be, and how many bytes a picture has.
pub async fn serve() -> anyhow::Result<(String, usize)> {
    let picture = png()?;
    let bytes = picture.len();
    let answer = answer(&STANDARD.encode(picture));
    let router = Router::new().route("/v1/images/generations", post(make)).with_state(answer);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let base = format!("http://{}/v1", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((base, bytes))
}

async fn make(State(answer): State<Arc<Bytes>>, _request: Bytes) -> Response {
    let pieces = (0..answer.len().div_ceil(PIECE)).map(move |piece| {
        let from = piece * PIECE;
        answer.slice(from..(from + PIECE).min(answer.len()))
    });
    let paced = futures_util::stream::iter(pieces).then(|piece| async {
        tokio::time::sleep(PIECE_EVERY).await;
        Ok::<_, Infallible>(piece)
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(paced)).into_response()
}

fn answer(picture: &str) -> Arc<Bytes> {
    let mut text = String::with_capacity(picture.len() * 3 + 4096);
    let (width, height) = SIZE;
    for (kind, more) in [
        ("partial_image", r#""partial_image_index":0"#),
        ("partial_image", r#""partial_image_index":1"#),
        ("completed", r#""usage":{"input_tokens":20,"output_tokens":6000,"total_tokens":6020}"#),
    ] {
        let _ = write!(
            text,
            "event: image_generation.{kind}\ndata: {{\"type\":\"image_generation.{kind}\",\
             \"size\":\"{width}x{height}\",\"output_format\":\"png\",{more},\"b64_json\":\""
        );
        text += picture;
        text += "\"}\n\n";
    }
    Arc::new(text.into())
}

/// A gradient with grain, as a PNG of some 12 MB.
fn png() -> anyhow::Result<Vec<u8>> {
    let (width, height) = SIZE;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    let mut rows = writer.stream_writer()?;
    let mut chance = 0x9e37_79b9_7f4a_7c15_u64;
    let mut row = vec![0; width as usize * 3];
    for y in 0..height {
        for (x, byte) in row.iter_mut().enumerate() {
            // xorshift64.
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            let slope = x / 64 + y as usize / 16;
            *byte = u8::try_from(slope % 200 + (chance >> 60) as usize % 8)?;
        }
        rows.write_all(&row)?;
    }
    rows.finish()?;
    writer.finish()?;
    Ok(bytes)
}
