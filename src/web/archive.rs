//! `/g/{token}/pictures.zip`: all originals of a gallery in one file, streamed as they are read.

mod zip;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use picdesk_core::generation::Artifact;
use tokio::sync::mpsc;
use tracing::warn;

use self::zip::{BYTES_MAX, Zip};
use super::{
    Web,
    address::{Tokens, form, nothing_here, opens, unavailable},
};
use crate::{
    artifacts::{ArtifactError, ObjectName},
    store::{artifacts as rows, scope::OfAccount},
    words::PageText,
};

/// Most pictures of one archive, the newest ones: what a plan of the largest keeps for years.
const PICTURES_MAX: i64 = 20_000;
/// Pieces on their way to a browser that is slower than our disk.
const PIECES_MAX: usize = 4;

/// All originals.
pub(super) async fn download(
    State(web): State<Web>,
    Tokens(token): Tokens<String>,
    headers: HeaderMap,
) -> Response {
    let gallery = match opens(&web, &token).await {
        Ok(Some(gallery)) => gallery,
        Ok(None) => return nothing_here(&web, &headers, PageText::Expired),
        Err(_) => return unavailable(),
    };
    let found = async {
        let mut own = web.store.read_as(OfAccount(gallery.account)).await?;
        rows::newest(&mut own, None, PICTURES_MAX).await
    };
    let Ok(pictures) = found.await else { return unavailable() };
    let (pieces, mut streamed) = mpsc::channel(PIECES_MAX);
    tokio::spawn(async move {
        if let Err(Stopped::Unreadable(error)) = write(&web, &pictures, &pieces).await {
            warn!(error = %error, "an archive was broken off: a picture cannot be read");
            // The browser sees a file that ended too early, not one that is whole.
            let _ = pieces.send(Err(error)).await;
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/zip"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"pictures.zip\""),
        (header::CACHE_CONTROL, "private, no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let body = futures_util::stream::poll_fn(move |cx| streamed.poll_recv(cx));
    (headers, Body::from_stream(body)).into_response()
}

type Pieces = mpsc::Sender<Result<Bytes, ArtifactError>>;

/// Why an archive is not whole.
enum Stopped {
    /// The browser went away.
    Unwanted,
    /// A picture broke off in the middle.
    Unreadable(ArtifactError),
}

impl From<ArtifactError> for Stopped {
    fn from(error: ArtifactError) -> Self {
        Self::Unreadable(error)
    }
}

async fn write(web: &Web, pictures: &[(Artifact, i64)], pieces: &Pieces) -> Result<(), Stopped> {
    let mut zip = Zip::default();
    let now = web.store.clock().now_ms();
    for (artifact, made_at) in pictures {
        let Ok(name) = ObjectName::parse(&artifact.object) else { continue };
        if artifact.expires_at <= now {
            continue;
        }
        // What was deleted since the list was made is left out.
        let Some(mut reading) = web.artifacts.read(&name).await? else { continue };
        if reading.size > BYTES_MAX {
            continue;
        }
        let (_, ending) = form(&artifact.kind);
        let made_at = Timestamp::from_millisecond(*made_at).unwrap_or_default();
        let made_at = made_at.to_zoned(web.desk.context.zone.clone()).datetime();
        let head = zip.begin(&format!("picture-{}.{ending}", artifact.id), made_at);
        send(pieces, head).await?;
        while let Some(piece) = reading.stream.next().await {
            let piece = piece?;
            zip.add(&piece);
            pieces.send(Ok(piece)).await.map_err(|_| Stopped::Unwanted)?;
        }
        send(pieces, zip.end()).await?;
    }
    send(pieces, zip.finish()).await
}

async fn send(pieces: &Pieces, bytes: Vec<u8>) -> Result<(), Stopped> {
    pieces.send(Ok(bytes.into())).await.map_err(|_| Stopped::Unwanted)
}
