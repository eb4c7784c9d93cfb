//! Files: `media/upload`, `media/get`, `media/uploadimg`, and those of the group robot.

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, RANGE,
};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::methods::Call;
use super::pictures;
use super::record::{Media, Record};
use super::refusal::Refusal;
use super::state::State;

/// How long a `media_id` is good. Source: document 90253, 3 days.
pub const LIFE_MS: i64 = 3 * 86_400_000;
/// A file has more bytes than this. Source: document 90253.
const BYTES_MIN: usize = 6;
/// Largest picture, bytes. Source: document 90253, 10 MB.
const IMAGE_MAX: usize = 10 << 20;
/// Largest voice, bytes. Source: document 90253, 2 MB.
const VOICE_MAX: usize = 2 << 20;
/// Largest video, bytes. Source: document 90253, 10 MB.
const VIDEO_MAX: usize = 10 << 20;
/// Largest file, bytes, and the most that one answer carries. Source: documents 90253 and 90254.
const FILE_MAX: usize = 20 << 20;
/// Largest picture of `media/uploadimg`, bytes. Source: document 90256, 2 MB.
const SHOWN_MAX: usize = 2 << 20;

/// `media/upload`.
pub fn upload(state: &State, call: &Call) -> Result<Value, Refusal> {
    let kind = call.query.get("type").map(String::as_str).unwrap_or_default();
    let most = match kind {
        "image" => IMAGE_MAX,
        "voice" => VOICE_MAX,
        "video" => VIDEO_MAX,
        "file" => FILE_MAX,
        _ => return Err(Refusal::new(40004, "invalid media type")),
    };
    let (name, bytes) = require_file(call, "media", most)?;
    let mime = pictures::mime_of(&bytes);
    let is_kind = match kind {
        "image" => pictures::is_jpg_or_png(&bytes),
        "voice" => mime == "audio/amr",
        "video" => mime == "video/mp4",
        _ => true,
    };
    if !is_kind {
        return Err(Refusal::new(40005, "invalid file type"));
    }
    let mut world = state.world();
    let media = state.keep_media(&mut world, kind, &name, &bytes)?;
    // `created_at` is a text. Source: document 90253.
    let created_at = (media.at_ms / 1000).to_string();
    Ok(json!({"type": kind, "media_id": media.id, "created_at": created_at}))
}

/// The group robot's `webhook/upload_media`: only for that robot.
pub fn upload_of_robot(state: &State, call: &Call) -> Result<Value, Refusal> {
    let answer = upload(state, call)?;
    let mut world = state.world();
    let id = answer["media_id"].as_str().unwrap_or_default();
    if let Some(media) = world.media.get(id).cloned() {
        world.keep(Record::Media(Media { robot: true, ..media }));
    }
    Ok(answer)
}

/// `media/uploadimg`: a picture with an address.
pub fn upload_image(state: &State, call: &Call) -> Result<Value, Refusal> {
    let (_, bytes) = require_file(call, "", SHOWN_MAX)?;
    if !pictures::is_jpg_or_png(&bytes) {
        return Err(Refusal::new(40005, "invalid file type"));
    }
    let blob = state.keep_bytes(&bytes)?;
    Ok(json!({"url": format!("{}/picture/{blob}", state.base_url)}))
}

/// The file in a form, under a name or any; its own name and its bytes.
fn require_file(call: &Call, field: &str, most: usize) -> Result<(String, Bytes), Refusal> {
    let mut files = call.files.iter();
    let file = files.find(|file| field.is_empty() || file.field == field);
    let file = file.ok_or_else(|| Refusal::new(41005, "media data missing"))?;
    if file.bytes.len() < BYTES_MIN {
        return Err(Refusal::new(40006, "invalid media size"));
    }
    if file.bytes.len() > most {
        return Err(Refusal::new(45001, "media file size out of limit"));
    }
    Ok((file.name.clone(), file.bytes.clone()))
}

/// `media/get`: bytes, whole or a range; a refusal is JSON.
pub fn get(state: &State, call: &Call, headers: &HeaderMap) -> Result<Response, Refusal> {
    let id = call.query.get("media_id").map(String::as_str).unwrap_or_default();
    let world = state.world();
    let media = world.media.get(id).filter(|it| state.now_ms() < it.at_ms + LIFE_MS && !it.robot);
    let media = media.cloned().ok_or_else(Refusal::media)?;
    drop(world);
    let bytes = state.blobs.get(&media.blob).ok_or_else(Refusal::media)?;
    let name = media.name.replace(['"', '\r', '\n'], "_");
    let disposition = if name.is_ascii() {
        format!("attachment; filename=\"{name}\"")
    } else {
        let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        format!("attachment; filename*=UTF-8''{}", encoded.replace('+', "%20"))
    };
    let head = [
        (CONTENT_TYPE, media.mime),
        (CONTENT_DISPOSITION, disposition),
        (ACCEPT_RANGES, "bytes".into()),
    ];
    let asked = headers.get(RANGE).and_then(|value| value.to_str().ok());
    let Some((from, to)) = asked.and_then(|range| read_range(range, bytes.len())) else {
        if bytes.len() > FILE_MAX {
            return Err(Refusal::new(830_002, "media too large, use Range"));
        }
        return Ok((head, bytes).into_response());
    };
    if to - from > FILE_MAX {
        return Err(Refusal::new(830_002, "range too large"));
    }
    let range = format!("bytes {from}-{}/{}", to.saturating_sub(1), bytes.len());
    let part = bytes.slice(from..to);
    Ok((StatusCode::PARTIAL_CONTENT, head, [(CONTENT_RANGE, range)], part).into_response())
}

/// `bytes=a-b`, with either end open; the end is then one beyond.
fn read_range(range: &str, length: usize) -> Option<(usize, usize)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    if from.is_empty() {
        return Some((length.saturating_sub(to.parse().ok()?), length));
    }
    let from: usize = from.parse().ok()?;
    let to = if to.is_empty() { length } else { to.parse::<usize>().ok()?.saturating_add(1) };
    (from < to && from < length).then_some((from, to.min(length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_with_either_end_open() {
        assert_eq!(read_range("bytes=0-15", 100), Some((0, 16)));
        assert_eq!(read_range("bytes=16-", 100), Some((16, 100)));
        assert_eq!(read_range("bytes=-10", 100), Some((90, 100)));
        assert_eq!(read_range("bytes=90-900", 100), Some((90, 100)));
        assert_eq!(read_range("bytes=100-", 100), None);
        assert_eq!(read_range("lines=1-2", 100), None);
    }
}
