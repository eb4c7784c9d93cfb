//! Files that come with a call, and albums.

use serde_json::{Map, Value};

use super::require_chat;
use super::send::{Destination, read_destination};
use crate::telegram::files::{FileKind, document_unique, name_of_bytes, read_unique, unique_of};
use crate::telegram::journal::Record;
use crate::telegram::message::{Content, Document, Photo};
use crate::telegram::pictures::{accept_photo, mime_of};
use crate::telegram::refusal::Refusal;
use crate::telegram::request::{Params, Upload};
use crate::telegram::state::{Change, State};
use crate::telegram::text::media_caption;
use crate::telegram::wire;
use crate::telegram::world::NewMessage;

/// Largest document `sendDocument` takes, bytes. Source: Bot API, "Sending files", 50 MB.
const DOCUMENT_BYTES_MAX: usize = 50 * 1000 * 1000;

/// The photo a field stands for: an upload, or a `file_id`.
pub fn read_photo(
    state: &State,
    params: &Params,
    field: &str,
    value: Option<&str>,
) -> Result<Photo, Refusal> {
    if let Some(upload) = params.upload(field, value) {
        return keep_photo(state, upload);
    }
    match known_file(value)? {
        (FileKind::Photo, source, _) => {
            state.world().photos.get(source).cloned().ok_or_else(wrong_file)
        }
        (FileKind::Document, ..) => Err(Refusal::bad("can't use file of type Document as Photo")),
    }
}

fn keep_photo(state: &State, upload: &Upload) -> Result<Photo, Refusal> {
    let photo = accept_photo(&upload.bytes)?;
    if state.options.history {
        state.keep_bytes(&photo.source, &upload.bytes)?;
        let mut world = state.world();
        if world.photos.insert(photo.source.clone(), photo.clone()).is_none() {
            world.note(|| Record::Photo(photo.clone()));
        }
    }
    Ok(photo)
}

/// The document a field stands for: an upload, or a `file_id`.
pub fn read_document(
    state: &State,
    params: &Params,
    field: &str,
    value: Option<&str>,
) -> Result<Document, Refusal> {
    if let Some(upload) = params.upload(field, value) {
        return keep_document(state, upload, DOCUMENT_BYTES_MAX);
    }
    match known_file(value)? {
        (FileKind::Document, _, unique) => {
            state.world().documents.get(unique).cloned().ok_or_else(wrong_file)
        }
        (FileKind::Photo, ..) => Err(Refusal::bad("can't use file of type Photo as Document")),
    }
}

/// Keeps an uploaded document.
pub fn keep_document(state: &State, upload: &Upload, max: usize) -> Result<Document, Refusal> {
    if upload.bytes.is_empty() {
        return Err(Refusal::bad("file must be non-empty"));
    }
    if upload.bytes.len() > max {
        return Err(Refusal::too_large());
    }
    let source = name_of_bytes(&upload.bytes);
    let guessed = mime_of(&upload.bytes).map(str::to_owned);
    let given = upload.mime.clone().filter(|mime| mime != "application/octet-stream");
    let document = Document {
        unique: document_unique(&source),
        name: upload.name.clone(),
        mime: given.or(guessed),
        bytes: upload.bytes.len() as u64,
    };
    if state.options.history {
        state.keep_bytes(&source, &upload.bytes)?;
        let mut world = state.world();
        world.documents.insert(document.unique.clone(), document.clone());
        world.note(|| Record::Document(document.clone()));
    }
    Ok(document)
}

fn known_file(value: Option<&str>) -> Result<(FileKind, &str, &str), Refusal> {
    let value = value.unwrap_or_default();
    if value.starts_with("attach://") || value.is_empty() {
        return Err(Refusal::bad("there is no file in the request"));
    }
    if value.starts_with("http://") || value.starts_with("https://") {
        return Err(Refusal::bad("failed to get HTTP URL content"));
    }
    let unique = unique_of(value).ok_or_else(wrong_file)?;
    let (kind, source) = read_unique(unique).ok_or_else(wrong_file)?;
    Ok((kind, source, unique))
}

fn wrong_file() -> Refusal {
    Refusal::bad("wrong file identifier/HTTP URL specified")
}

/// Reads one `InputMedia`; `field` is where an upload without `attach://` would be.
pub fn read_input_media(
    state: &State,
    params: &Params,
    media: &Map<String, Value>,
) -> Result<Content, Refusal> {
    let words = media_caption(media)?;
    let text = |name: &str| media.get(name).and_then(Value::as_str);
    match text("type") {
        Some("photo") => {
            Ok(Content::Photo(read_photo(state, params, "media", text("media"))?, words))
        }
        Some("document") => {
            Ok(Content::Document(read_document(state, params, "media", text("media"))?, words))
        }
        _ => Err(Refusal::bad("can't parse InputMedia: type must be photo or document")),
    }
}

/// `sendMediaGroup`.
pub fn group(state: &State, params: &Params) -> Result<Value, Refusal> {
    require_chat(&state.world(), params)?;
    let media = params.json("media")?;
    let media = media.as_ref().and_then(Value::as_array);
    let media = media.ok_or_else(|| Refusal::bad("can't parse media: Array expected"))?;
    if !(2..=10).contains(&media.len()) {
        return Err(Refusal::bad("album must contain 2 to 10 items"));
    }
    let mut parts = Vec::with_capacity(media.len());
    for part in media {
        let part = part.as_object().ok_or_else(|| Refusal::bad("can't parse InputMedia"))?;
        parts.push(read_input_media(state, params, part)?);
    }
    let documents = parts.iter().filter(|part| matches!(part, Content::Document(..))).count();
    if documents != 0 && documents != parts.len() {
        return Err(Refusal::bad("document can't be mixed with other media types"));
    }
    let mut world = state.world();
    let Destination { chat, topic, reply_to } = read_destination(&world, params)?;
    let album = Some(album_id(world.next_thing()));
    let (from, now_ms) = (world.bot.id, state.now_ms());
    let mut answers = Vec::new();
    let mut numbers = Vec::new();
    for content in parts {
        let album = album.clone();
        let new = NewMessage { topic, reply_to, album, ..NewMessage::new(chat, from, content) };
        let message = world.post(new, now_ms);
        answers.push(wire::message(&world, &message));
        numbers.push(message.id);
    }
    drop(world);
    state.counters.lock().messages += numbers.len() as u64;
    for message in numbers {
        state.changed(Change::Message { chat, message });
    }
    Ok(Value::Array(answers))
}

/// `media_group_id` as Telegram makes them: digits.
pub fn album_id(number: i64) -> String {
    format!("1357924{number:09}")
}
