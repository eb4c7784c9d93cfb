//! What came with a message: pictures by their handles, everything else by its kind.

use picdesk_core::{
    channel::{Attachment, MediaRef, OtherKind},
    generation::Size,
};

use crate::{
    config::DOWNLOAD_BYTES_MAX,
    update::{Animation, Document, External, Live, Message, Photo, Replied, largest},
};

/// Endings of files that are pictures, for files whose sender did not say what they are.
const PICTURE_ENDINGS: [&str; 12] =
    ["png", "jpg", "jpeg", "jpe", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif", "avif"];

/// Everything a message came with; empty for words alone and for service messages.
pub(super) fn message_attachments(message: &Message<'_>) -> Vec<Attachment> {
    let still = Still {
        photo: message.photo.as_deref(),
        live_photo: message.live_photo.as_ref(),
        document: message.document.as_ref(),
        animation: message.animation.as_ref(),
    };
    if let Some(attachment) = still.read() {
        return vec![attachment];
    }
    let kind = if message.audio.is_some() || message.voice.is_some() {
        OtherKind::Audio
    } else if message.video.is_some() || message.video_note.is_some() {
        OtherKind::Video
    } else if message.sticker.is_some() {
        OtherKind::Sticker
    } else if message.location.is_some() {
        OtherKind::Location
    } else if message.contact.is_some() {
        OtherKind::Contact
    } else if is_something(message) {
        OtherKind::Something
    } else {
        return Vec::new();
    };
    vec![Attachment::Other(kind)]
}

fn is_something(message: &Message<'_>) -> bool {
    [
        &message.poll,
        &message.dice,
        &message.game,
        &message.story,
        &message.checklist,
        &message.paid_media,
        &message.rich_message,
    ]
    .into_iter()
    .any(Option::is_some)
}

/// The pictures of a message that is answered.
pub(super) fn replied_pictures(replied: &Replied<'_>) -> Vec<Attachment> {
    pictures(&Still {
        photo: replied.photo.as_deref(),
        live_photo: replied.live_photo.as_ref(),
        document: replied.document.as_ref(),
        animation: replied.animation.as_ref(),
    })
}

/// The pictures of a message of another chat that is answered.
pub(super) fn external_pictures(external: &External<'_>) -> Vec<Attachment> {
    pictures(&Still {
        photo: external.photo.as_deref(),
        live_photo: external.live_photo.as_ref(),
        document: external.document.as_ref(),
        animation: external.animation.as_ref(),
    })
}

fn pictures(still: &Still<'_>) -> Vec<Attachment> {
    let is_picture = |attachment: &Attachment| !matches!(attachment, Attachment::Other(_));
    still.read().into_iter().filter(is_picture).collect()
}

/// The parts in which a picture can come.
struct Still<'p> {
    photo: Option<&'p [Photo<'p>]>,
    live_photo: Option<&'p Live<'p>>,
    document: Option<&'p Document<'p>>,
    animation: Option<&'p Animation>,
}

impl Still<'_> {
    fn read(&self) -> Option<Attachment> {
        let live = self.live_photo.and_then(|live| live.photo.as_deref());
        if let Some(photo) = self.photo.and_then(largest).or_else(|| live.and_then(largest)) {
            return Some(read_photo(photo));
        }
        if self.live_photo.is_some() || self.animation.is_some() {
            return Some(Attachment::Other(OtherKind::Video));
        }
        self.document.map(read_document)
    }
}

fn read_photo(photo: &Photo<'_>) -> Attachment {
    let side = |pixels: Option<i64>| pixels.and_then(|pixels| u32::try_from(pixels).ok());
    let size = side(photo.width).zip(side(photo.height));
    picture(MediaRef {
        handle: photo.file_id.to_string(),
        unique: photo.file_unique_id.as_ref().unwrap_or(&photo.file_id).to_string(),
        bytes: bytes(photo.file_size),
        size: size.map(|(width, height)| Size { width, height }),
        name: None,
        fetch_before: None,
    })
}

fn read_document(document: &Document<'_>) -> Attachment {
    let mime_type = document.mime_type.as_deref();
    let name = document.file_name.as_deref();
    if !is_picture(mime_type, name) {
        return Attachment::Other(OtherKind::File);
    }
    picture(MediaRef {
        handle: document.file_id.to_string(),
        unique: document.file_unique_id.as_ref().unwrap_or(&document.file_id).to_string(),
        bytes: bytes(document.file_size),
        size: None,
        // That there is a name says that it was sent as a file, and has to be passed on as one.
        name: Some(name.unwrap_or("picture").to_owned()),
        fetch_before: None,
    })
}

fn is_picture(mime_type: Option<&str>, name: Option<&str>) -> bool {
    match mime_type {
        Some(mime) if starts_with_ignoring_case(mime, "image/") => true,
        None | Some("" | "application/octet-stream") => name
            .and_then(|name| name.rsplit_once('.'))
            .is_some_and(|(_, end)| PICTURE_ENDINGS.iter().any(|e| end.eq_ignore_ascii_case(e))),
        Some(_) => false,
    }
}

fn starts_with_ignoring_case(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

fn picture(media: MediaRef) -> Attachment {
    match media.bytes {
        Some(bytes) if bytes > DOWNLOAD_BYTES_MAX => Attachment::TooLarge {
            name: media.name,
            bytes: Some(bytes),
            bytes_max: DOWNLOAD_BYTES_MAX,
        },
        Some(_) | None => Attachment::Picture(media),
    }
}

fn bytes(size: Option<i64>) -> Option<u64> {
    size.and_then(|size| u64::try_from(size).ok())
}
