//! What Telegram does to pictures: checks their shape, and keeps them in several JPEG sizes.

use std::io::Cursor;

use axum::body::Bytes;
use image::{DynamicImage, ImageFormat, ImageReader};

use super::files::{name_of_bytes, photo_unique};
use super::message::{Photo, PhotoSize};
use super::refusal::Refusal;

/// Largest photo `sendPhoto` takes, bytes. Source: Bot API, "Sending files", 10 MB.
pub const PHOTO_BYTES_MAX: usize = 10 * 1000 * 1000;
/// Largest sum of a photo's sides, pixels. Source: Bot API, sendPhoto.
pub const PHOTO_SIDES_MAX: u32 = 10_000;
/// Largest ratio of a photo's sides. Source: Bot API, sendPhoto.
const PHOTO_RATIO_MAX: u32 = 20;
/// Longer side of each size kept: `s`, `m`, `x`, `y`. Source: what Telegram sends; 1280 at most.
const SIZES: [(char, u32); 4] = [('s', 90), ('m', 320), ('x', 800), ('y', 1280)];

/// Width and height as the header has them; only of kinds that Telegram shows as photos.
pub fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?.into_dimensions().ok()
}

/// What the bytes are, by their first ones.
pub fn mime_of(bytes: &[u8]) -> Option<&'static str> {
    match image::guess_format(bytes).ok()? {
        ImageFormat::Png => Some("image/png"),
        ImageFormat::Jpeg => Some("image/jpeg"),
        ImageFormat::WebP => Some("image/webp"),
        ImageFormat::Gif => Some("image/gif"),
        ImageFormat::Tiff => Some("image/tiff"),
        _ => None,
    }
}

/// Whether the picture's last bytes are there; Telegram fails to process one that is cut off.
fn is_whole(bytes: &[u8]) -> bool {
    match image::guess_format(bytes) {
        Ok(ImageFormat::Png) => bytes.ends_with(b"IEND\xaeB`\x82"),
        Ok(ImageFormat::Jpeg) => {
            bytes.len() > 64 && bytes[bytes.len() - 64..].windows(2).any(|two| two == b"\xff\xd9")
        }
        _ => true,
    }
}

/// Takes uploaded bytes as a photo, or says why not.
pub fn accept_photo(bytes: &[u8]) -> Result<Photo, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::bad("file must be non-empty"));
    }
    if bytes.len() > PHOTO_BYTES_MAX {
        return Err(Refusal::bad("file is too big"));
    }
    let failed = || Refusal::bad("IMAGE_PROCESS_FAILED");
    let (width, height) = dimensions(bytes).ok_or_else(failed)?;
    if !is_whole(bytes) {
        return Err(failed());
    }
    let ratio_fits = width.max(height) <= PHOTO_RATIO_MAX * width.min(height);
    if width + height > PHOTO_SIDES_MAX || !ratio_fits {
        return Err(Refusal::bad("PHOTO_INVALID_DIMENSIONS"));
    }
    Ok(photo_of(&name_of_bytes(bytes), width, height))
}

/// The sizes in which a picture of this shape is kept.
pub fn photo_of(source: &str, width: u32, height: u32) -> Photo {
    let longer = width.max(height);
    let mut sizes = Vec::new();
    for (letter, side) in SIZES {
        let (width, height) = fit(width, height, side);
        let unique = photo_unique(source, letter);
        sizes.push(PhotoSize { unique, width, height, bytes: None });
        if longer <= side {
            break;
        }
    }
    Photo { source: source.to_owned(), sizes }
}

/// Scales down so that the longer side is at most `side`.
fn fit(width: u32, height: u32, side: u32) -> (u32, u32) {
    let longer = width.max(height).max(1);
    if longer <= side {
        return (width, height);
    }
    let scale = |length: u32| {
        let scaled = u64::from(length) * u64::from(side) / u64::from(longer);
        u32::try_from(scaled).unwrap_or(side).max(1)
    };
    (scale(width), scale(height))
}

/// One size of a picture as JPEG; `None` when it cannot be decoded.
pub fn render(bytes: &[u8], side: u32) -> Option<Bytes> {
    encode(&picdesk_paint::upright(bytes, PHOTO_SIDES_MAX)?, side)
}

/// A photo as a person's client uploads it: turned upright, no metadata, at most 1280 wide or high.
/// The sizes come rendered, smallest first.
pub fn compress(bytes: &[u8]) -> Option<(Photo, Vec<Bytes>)> {
    let picture = picdesk_paint::upright(bytes, PHOTO_SIDES_MAX)?;
    let mut photo = photo_of(&name_of_bytes(bytes), picture.width(), picture.height());
    let mut rendered = Vec::new();
    for size in &mut photo.sizes {
        let jpeg = encode(&picture, size.width.max(size.height))?;
        size.bytes = Some(jpeg.len() as u64);
        rendered.push(jpeg);
    }
    Some((photo, rendered))
}

fn encode(picture: &DynamicImage, side: u32) -> Option<Bytes> {
    picdesk_paint::jpeg(picture, fit(picture.width(), picture.height(), side)).map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_luma8(width, height).write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn refusal(bytes: &[u8]) -> String {
        accept_photo(bytes).unwrap_err().description
    }

    #[test]
    fn sides_may_sum_to_ten_thousand_and_no_further() {
        assert!(accept_photo(&png(5000, 5000)).is_ok());
        assert_eq!(refusal(&png(5000, 5001)), "Bad Request: PHOTO_INVALID_DIMENSIONS");
    }

    #[test]
    fn sides_may_differ_twentyfold_and_no_further() {
        assert!(accept_photo(&png(2000, 100)).is_ok());
        assert_eq!(refusal(&png(2001, 100)), "Bad Request: PHOTO_INVALID_DIMENSIONS");
    }

    #[test]
    fn a_picture_that_is_cut_off_is_refused() {
        let whole = png(64, 64);
        assert_eq!(refusal(&whole[..whole.len() - 4]), "Bad Request: IMAGE_PROCESS_FAILED");
        assert_eq!(refusal(b"no picture"), "Bad Request: IMAGE_PROCESS_FAILED");
    }

    #[test]
    fn a_photo_is_kept_in_sizes_up_to_1280() {
        let photo = accept_photo(&png(2048, 1024)).unwrap();
        let sizes: Vec<_> = photo.sizes.iter().map(|size| (size.width, size.height)).collect();
        assert_eq!(sizes, [(90, 45), (320, 160), (800, 400), (1280, 640)]);
        let small = accept_photo(&png(100, 50)).unwrap();
        assert_eq!(small.sizes.len(), 2);
    }

    #[test]
    fn a_rendered_size_has_the_size_it_promises() {
        let (photo, rendered) = compress(&png(400, 200)).unwrap();
        for (size, jpeg) in photo.sizes.iter().zip(&rendered) {
            assert_eq!(dimensions(jpeg), Some((size.width, size.height)));
        }
    }
}
