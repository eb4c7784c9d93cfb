//! Reference pictures as they arrived: what they are, and what was left inside them.

use std::io::Cursor;

use image::{ImageFormat, ImageReader};
use sha2::{Digest, Sha256};

/// Something in a picture file that says more than its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metadata {
    /// Camera, time, orientation.
    Exif,
    /// Where it was taken.
    Gps,
    /// Adobe's XML.
    Xmp,
    /// Free text: a comment, or a text chunk.
    Text,
}

/// One reference picture of an edit.
#[derive(Debug, Clone)]
pub struct Reference {
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// `png`, `jpeg` or `webp`.
    pub kind: &'static str,
    /// As the header says, pixels.
    pub width: u32,
    /// As the header says, pixels.
    pub height: u32,
    /// What should have been stripped; empty for a clean file.
    pub metadata: Vec<Metadata>,
}

impl Reference {
    /// `None` for what the API does not take as a picture.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let kind = match image::guess_format(bytes).ok()? {
            ImageFormat::Png => "png",
            ImageFormat::Jpeg => "jpeg",
            ImageFormat::WebP => "webp",
            _ => return None,
        };
        let (width, height) = picture_size(bytes)?;
        let metadata = find_metadata(bytes);
        let sha256 = hex::encode(Sha256::digest(bytes));
        Some(Self { sha256, kind, width, height, metadata })
    }
}

/// Width and height that the header of a picture says.
pub(super) fn picture_size(bytes: &[u8]) -> Option<(u32, u32)> {
    ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?.into_dimensions().ok()
}

/// Everything in the file that says more than its pixels, each once.
fn find_metadata(bytes: &[u8]) -> Vec<Metadata> {
    let mut found = match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => jpeg_metadata(bytes),
        Ok(ImageFormat::Png) => png_metadata(bytes),
        Ok(ImageFormat::WebP) => webp_metadata(bytes),
        _ => Vec::new(),
    };
    found.sort_unstable();
    found.dedup();
    found
}

/// Walks the segments up to the picture data.
fn jpeg_metadata(bytes: &[u8]) -> Vec<Metadata> {
    const EXIF: &[u8] = b"Exif\0\0";
    let mut found = Vec::new();
    let mut rest = bytes.get(2..).unwrap_or_default();
    // 0xff · marker · u16 length with itself, big-endian · payload
    while let [0xff, marker, high, low, ..] = *rest {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some(payload) = rest.get(4..length + 2) else { break };
        match marker {
            0xda => break,
            0xe1 if payload.starts_with(EXIF) => found.extend(exif(&payload[EXIF.len()..])),
            0xe1 if payload.starts_with(b"http://ns.adobe.com/xap/") => found.push(Metadata::Xmp),
            0xed | 0xfe => found.push(Metadata::Text),
            _ => {}
        }
        rest = rest.get(length + 2..).unwrap_or_default();
    }
    found
}

fn png_metadata(bytes: &[u8]) -> Vec<Metadata> {
    let mut found = Vec::new();
    let mut rest = bytes.get(8..).unwrap_or_default();
    // u32 length, big-endian · kind, 4 bytes · data · u32 check
    while let [a, b, c, d, kind @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let Some(data) = kind.get(4..).and_then(|data| data.get(..length)) else { break };
        match &kind[..4] {
            b"eXIf" => found.extend(exif(data)),
            b"iTXt" if data.starts_with(b"XML:com.adobe.xmp") => found.push(Metadata::Xmp),
            b"tEXt" | b"zTXt" | b"iTXt" => found.push(Metadata::Text),
            _ => {}
        }
        rest = rest.get(length + 12..).unwrap_or_default();
    }
    found
}

fn webp_metadata(bytes: &[u8]) -> Vec<Metadata> {
    let mut found = Vec::new();
    let mut rest = bytes.get(12..).unwrap_or_default();
    // kind, 4 bytes · u32 length, little-endian · data, padded to an even length
    while let [k0, k1, k2, k3, a, b, c, d, data @ ..] = rest {
        let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        let data = data.get(..length).unwrap_or(data);
        match &[*k0, *k1, *k2, *k3] {
            b"EXIF" => found.extend(exif(data.strip_prefix(b"Exif\0\0").unwrap_or(data))),
            b"XMP " => found.push(Metadata::Xmp),
            _ => {}
        }
        rest = rest.get(8 + length + (length & 1)..).unwrap_or_default();
    }
    found
}

/// Looks through the first directory of a TIFF block for the pointer to the GPS directory.
fn exif(tiff: &[u8]) -> Vec<Metadata> {
    const GPS_POINTER: u16 = 0x8825;
    let little = tiff.starts_with(b"II");
    let u16_at = |at: usize| {
        let pair = tiff.get(at..at + 2)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    };
    let offset = tiff
        .get(4..8)
        .and_then(|four| four.try_into().ok())
        .map(|four| if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) });
    let mut found = vec![Metadata::Exif];
    let first = offset.map_or(usize::MAX / 2, |offset| offset as usize);
    let count = u16_at(first).unwrap_or(0);
    let tags = (0..usize::from(count)).filter_map(|entry| u16_at(first + 2 + 12 * entry));
    found.extend(tags.filter(|&tag| tag == GPS_POINTER).map(|_| Metadata::Gps));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    // byte order · 42 · offset of the directory · one entry with this tag · no next directory
    fn tiff(tag: u16) -> Vec<u8> {
        let mut tiff = b"II\x2a\0\x08\0\0\0\x01\0".to_vec();
        tiff.extend(tag.to_le_bytes());
        tiff.extend([4, 0, 1, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0]);
        tiff
    }

    fn jpeg_with(marker: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
        [&[0xff, 0xd8, 0xff, marker], &length[..], payload, &[0xff, 0xda, 0, 2]].concat()
    }

    fn png_with(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [b"\x89PNG\r\n\x1a\n", &length[..], &kind, data, &[0; 4]].concat()
    }

    #[test]
    fn a_place_in_a_jpeg_is_noticed() {
        let with_place = jpeg_with(0xe1, &[b"Exif\0\0", &tiff(0x8825)[..]].concat());
        assert_eq!(find_metadata(&with_place), [Metadata::Exif, Metadata::Gps]);
        let with_time = jpeg_with(0xe1, &[b"Exif\0\0", &tiff(0x0132)[..]].concat());
        assert_eq!(find_metadata(&with_time), [Metadata::Exif]);
        assert_eq!(find_metadata(&jpeg_with(0xfe, b"hello")), [Metadata::Text]);
        assert_eq!(find_metadata(&jpeg_with(0xe0, b"JFIF\0")), []);
    }

    #[test]
    fn chunks_of_png_and_webp_are_noticed() {
        assert_eq!(
            find_metadata(&png_with(*b"eXIf", &tiff(0x8825))),
            [Metadata::Exif, Metadata::Gps]
        );
        assert_eq!(find_metadata(&png_with(*b"tEXt", b"Author\0me")), [Metadata::Text]);
        assert_eq!(find_metadata(&png_with(*b"gAMA", &[0, 0, 0, 1])), []);
        let length = u32::try_from(tiff(0x8825).len()).unwrap().to_le_bytes();
        let webp = [b"RIFF\0\0\0\0WEBPEXIF", &length[..], &tiff(0x8825)].concat();
        assert_eq!(find_metadata(&webp), [Metadata::Exif, Metadata::Gps]);
    }

    #[test]
    fn cut_and_mad_files_are_walked_without_harm() {
        let whole = jpeg_with(0xe1, &[b"Exif\0\0", &tiff(0x8825)[..]].concat());
        (0..whole.len()).for_each(|end| drop(find_metadata(&whole[..end])));
        let chunk = png_with(*b"eXIf", &[0xff; 40]);
        (0..chunk.len()).for_each(|end| drop(find_metadata(&chunk[..end])));
        assert_eq!(find_metadata(&png_with(*b"tEXt", &[])[..9]), []);
    }
}
