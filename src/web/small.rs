//! `/g/{token}/{picture}`: a small copy of a picture, for its own gallery only. It is made once
//! and kept beside the original, which it is deleted with.

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use picdesk_core::id::{AccountId, ArtifactId};
use tracing::warn;

use super::{
    Web,
    address::{Tokens, find, nothing_here, opens, unavailable},
};
use crate::{
    artifacts::{ArtifactError, ObjectName},
    pictures::{Fit, Limits, PictureFault},
    words::PageText,
};

/// How large a small copy is.
const SMALL: Fit =
    Fit { bytes_max: 400_000, side_sum_max: 4000, ratio_max: 20, longest_edge: Some(800) };

/// A small copy.
pub(super) async fn small(
    State(web): State<Web>,
    Tokens((token, picture)): Tokens<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Ok(gallery) = opens(&web, &token).await else { return unavailable() };
    let (Some(gallery), Some(id)) = (gallery, web.desk.seal.read_picture(&picture)) else {
        return nothing_here(&web, &headers, PageText::NotFound);
    };
    let name = match find(&web, id, Some(gallery.account)).await {
        Ok(Some((_, name))) => name,
        Ok(None) => return nothing_here(&web, &headers, PageText::NotFound),
        Err(answer) => return answer,
    };
    match copy(&web, &name, id, gallery.account).await {
        Ok(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, "image/jpeg"),
                (header::CACHE_CONTROL, "private, max-age=3600"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, bytes).into_response()
        }
        Err(NoCopy::Never) => nothing_here(&web, &headers, PageText::NotFound),
        Err(NoCopy::NotNow) => unavailable(),
    }
}

/// Why there is no copy.
enum NoCopy {
    /// The original is gone or cannot be read.
    Never,
    /// Where objects are cannot be reached.
    NotNow,
}

impl From<ArtifactError> for NoCopy {
    fn from(_: ArtifactError) -> Self {
        Self::NotNow
    }
}

/// The copy that is kept, or a new one.
async fn copy(
    web: &Web,
    name: &ObjectName,
    id: ArtifactId,
    account: AccountId,
) -> Result<Bytes, NoCopy> {
    let small = name.small().map_err(|_| NoCopy::Never)?;
    if let Some(kept) = web.artifacts.read_all(&small, SMALL.bytes_max).await? {
        return Ok(kept);
    }
    let source = web.artifacts.source(name, Limits::ORIGINAL.bytes_max).await?;
    let source = source.ok_or(NoCopy::Never)?;
    let fitted = web.darkroom.fit(source, SMALL).await.map_err(|fault| match fault {
        PictureFault::Source(_) => NoCopy::NotNow,
        _ => NoCopy::Never,
    })?;
    let bytes = Bytes::from(fitted.bytes);
    if let Err(error) = keep(web, &small, bytes.clone()).await {
        warn!(error = %error, "a small copy cannot be kept now");
    }
    // Whoever deleted the picture meanwhile did not know of this copy.
    if !matches!(find(web, id, Some(account)).await, Ok(Some(_))) {
        web.artifacts.delete(&small).await?;
        return Err(NoCopy::Never);
    }
    Ok(bytes)
}

async fn keep(web: &Web, small: &ObjectName, bytes: Bytes) -> Result<(), ArtifactError> {
    let mut writer = web.artifacts.create(small).await?;
    writer.write(bytes).await?;
    writer.finish().await?;
    Ok(())
}
