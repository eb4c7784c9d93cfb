//! `/p/{token}`: a picture's original bytes, for whoever was given the address.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};

use super::{
    Web,
    address::{Tokens, find, form, nothing_here, unavailable},
};
use crate::words::PageText;

/// The original: never shown by the browser, always saved.
pub(super) async fn original(
    State(web): State<Web>,
    Tokens(token): Tokens<String>,
    headers: HeaderMap,
) -> Response {
    let Some(id) = web.desk.seal.read_picture(&token) else {
        return nothing_here(&web, &headers, PageText::NotFound);
    };
    let (artifact, name) = match find(&web, id, None).await {
        Ok(Some(found)) => found,
        Ok(None) => return nothing_here(&web, &headers, PageText::NotFound),
        Err(answer) => return answer,
    };
    let (kind, ending) = form(&artifact.kind);
    match web.artifacts.read(&name).await {
        Ok(Some(reading)) => {
            let file = format!("attachment; filename=\"picture-{id}.{ending}\"");
            let headers = [
                (header::CONTENT_TYPE, kind.to_owned()),
                (header::CONTENT_LENGTH, reading.size.to_string()),
                (header::CONTENT_DISPOSITION, file),
                (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
                (header::CACHE_CONTROL, "private, no-store".to_owned()),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
            ];
            (headers, Body::from_stream(reading.stream)).into_response()
        }
        Ok(None) => nothing_here(&web, &headers, PageText::NotFound),
        Err(_) => unavailable(),
    }
}
