//! Files: who they are, by id and by path.

use std::path::Path;

pub use crate::blobs::{Blobs, name_of_bytes};

/// Largest file `getFile` gives out, bytes. Source: telegram-bot-api Client.h, 20 << 20.
pub const DOWNLOAD_BYTES_MAX: u64 = 20 << 20;

/// What a file's id says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A size of a photo.
    Photo,
    /// A document.
    Document,
}

const PHOTO_ID: &str = "AgACAgQAAxkB";
const DOCUMENT_ID: &str = "BQACAgQAAxkB";
const PHOTO_UNIQUE: &str = "AQAD";
const DOCUMENT_UNIQUE: &str = "AgAD";

/// `file_unique_id` of one size of a photo.
pub fn photo_unique(source: &str, size: char) -> String {
    format!("{PHOTO_UNIQUE}{source}{size}")
}

/// `file_unique_id` of a document.
pub fn document_unique(source: &str) -> String {
    format!("{DOCUMENT_UNIQUE}{source}")
}

/// What a unique id names, and the name of the bytes it came from.
pub fn read_unique(unique: &str) -> Option<(FileKind, &str)> {
    if let Some(source) = unique.strip_prefix(DOCUMENT_UNIQUE) {
        return Some((FileKind::Document, source));
    }
    let photo = unique.strip_prefix(PHOTO_UNIQUE)?;
    let (last, _) = photo.char_indices().next_back()?;
    Some((FileKind::Photo, &photo[..last]))
}

/// `file_id` of a file; it begins with what the file is, as Telegram's own do.
pub fn file_id(unique: &str) -> String {
    let kind = if unique.starts_with(PHOTO_UNIQUE) { PHOTO_ID } else { DOCUMENT_ID };
    format!("{kind}{unique}")
}

/// The unique id that a `file_id` was made of.
pub fn unique_of(file_id: &str) -> Option<&str> {
    file_id.strip_prefix(PHOTO_ID).or_else(|| file_id.strip_prefix(DOCUMENT_ID))
}

/// `file_path` of a file.
pub fn file_path(unique: &str, name: Option<&str>) -> String {
    if unique.starts_with(PHOTO_UNIQUE) {
        return format!("photos/{unique}.jpg");
    }
    let extension = name.and_then(|name| Path::new(name).extension()).and_then(|it| it.to_str());
    let plain =
        extension.filter(|it| it.len() <= 8 && it.bytes().all(|b| b.is_ascii_alphanumeric()));
    plain.map_or_else(|| format!("documents/{unique}"), |it| format!("documents/{unique}.{it}"))
}

/// The unique id in a `file_path`.
pub fn unique_in_path(path: &str) -> Option<&str> {
    let (folder, file) = path.split_once('/')?;
    let unique = file.split_once('.').map_or(file, |(unique, _)| unique);
    let fits = match folder {
        "photos" => unique.starts_with(PHOTO_UNIQUE),
        "documents" => unique.starts_with(DOCUMENT_UNIQUE),
        _ => false,
    };
    fits.then_some(unique)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_paths_lead_back_to_their_bytes() {
        let photo = photo_unique("abc", 'y');
        let document = document_unique("abc");
        for (unique, kind) in [(photo, FileKind::Photo), (document, FileKind::Document)] {
            assert_eq!(unique_of(&file_id(&unique)), Some(unique.as_str()));
            assert_eq!(read_unique(&unique), Some((kind, "abc")));
            let path = file_path(&unique, Some("fox.tar.png"));
            assert_eq!(unique_in_path(&path), Some(unique.as_str()));
        }
        assert_eq!(unique_of("no such id"), None);
        assert_eq!(unique_in_path("photos/../AQADx"), None);
    }
}
