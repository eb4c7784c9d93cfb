//! What WeCom looks at in files: their first bytes, and the sides of pictures.

use std::io::Cursor;

use image::{ImageFormat, ImageReader};

/// What bytes are, by their first ones.
pub fn mime_of(bytes: &[u8]) -> &'static str {
    match image::guess_format(bytes) {
        Ok(ImageFormat::Png) => "image/png",
        Ok(ImageFormat::Jpeg) => "image/jpeg",
        Ok(ImageFormat::WebP) => "image/webp",
        Ok(ImageFormat::Gif) => "image/gif",
        _ if bytes.starts_with(b"#!AMR") => "audio/amr",
        _ if bytes.get(4..8) == Some(b"ftyp") => "video/mp4",
        _ => "application/octet-stream",
    }
}

/// Whether bytes begin and end as a JPG or PNG does.
pub fn is_jpg_or_png(bytes: &[u8]) -> bool {
    match mime_of(bytes) {
        "image/png" => bytes.ends_with(b"IEND\xaeB`\x82"),
        "image/jpeg" => {
            let tail = &bytes[bytes.len().saturating_sub(64)..];
            tail.windows(2).any(|two| two == b"\xff\xd9")
        }
        _ => false,
    }
}

/// Width and height as the header has them; zeros for what is no picture.
pub fn dimensions(bytes: &[u8]) -> (u32, u32) {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    reader.ok().and_then(|it| it.into_dimensions().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_is_cut_off_is_none() {
        let mut bytes = Cursor::new(Vec::new());
        image::RgbImage::new(4, 3).write_to(&mut bytes, ImageFormat::Png).unwrap();
        let bytes = bytes.into_inner();
        assert!(is_jpg_or_png(&bytes));
        assert!(!is_jpg_or_png(&bytes[..bytes.len() - 4]));
        assert!(!is_jpg_or_png(b"GIF89a"));
        assert_eq!(dimensions(&bytes), (4, 3));
        assert_eq!(mime_of(b"#!AMR\n"), "audio/amr");
    }
}
