//! Files back to pixels, and photos as a person's client makes them.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbaImage};

/// What decoding one photo may take, bytes.
const DECODE_BYTES_MAX: u64 = 512 << 20;

/// A picture as it stands in its file; `None` when it cannot be decoded.
pub fn read(file: &[u8]) -> Option<RgbaImage> {
    let reader = ImageReader::new(Cursor::new(file)).with_guessed_format().ok()?;
    Some(reader.decode().ok()?.into_rgba8())
}

/// A picture turned upright; `None` when it cannot be decoded or a side is longer than `side_max`.
pub fn upright(file: &[u8], side_max: u32) -> Option<DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(side_max);
    limits.max_image_height = Some(side_max);
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let orientation = decoder.orientation().ok()?;
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    picture.apply_orientation(orientation);
    Some(picture)
}

/// A JPEG of a picture in this size, as a chat client makes it.
pub fn jpeg(picture: &DynamicImage, (width, height): (u32, u32)) -> Option<Vec<u8>> {
    let scaled = if (width, height) == (picture.width(), picture.height()) {
        picture.to_rgb8()
    } else {
        picture.thumbnail_exact(width, height).to_rgb8()
    };
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 87).encode_image(&scaled).ok()?;
    Some(jpeg)
}
