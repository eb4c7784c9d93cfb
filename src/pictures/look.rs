//! What a file is, by its first bytes alone: never by its name or by what somebody says it is.

mod gif;
mod jpeg;
mod png;
mod webp;

pub use image::metadata::Orientation;

use super::fault::{OtherKind, PictureFault};

/// The kinds of pictures that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureKind {
    /// PNG, APNG by its first picture.
    Png,
    /// JPEG, baseline or progressive.
    Jpeg,
    /// WebP, an animated one by its first frame.
    Webp,
    /// GIF by its first frame.
    Gif,
}

impl PictureKind {
    /// The media type, for a `Content-Type`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
        }
    }

    /// The ending of a file name, without the dot.
    pub fn file_extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
            Self::Gif => "gif",
        }
    }
}

/// Width and height, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl Size {
    /// Pixels in all.
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The longer side.
    pub fn longest_edge(self) -> u32 {
        self.width.max(self.height)
    }
}

/// What the first bytes of a picture say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// What it is.
    pub kind: PictureKind,
    /// Pixels across, as stored: before it is turned upright.
    pub width: u32,
    /// Pixels down, as stored.
    pub height: u32,
    /// How it has to be turned to stand upright.
    pub orientation: Orientation,
    /// Whether parts of it may be transparent.
    pub has_alpha: bool,
    /// Whether it moves; only its first frame is ever used.
    pub animated: bool,
    /// The most memory that opening it can take, bytes; once it was found within limits, with what
    /// of its file is in memory.
    pub(super) memory: u64,
}

impl Looked {
    /// Width and height as stored.
    pub fn size(&self) -> Size {
        Size { width: self.width, height: self.height }
    }

    /// Width and height as shown, upright.
    pub fn shown_size(&self) -> Size {
        match self.orientation {
            Orientation::NoTransforms
            | Orientation::Rotate180
            | Orientation::FlipHorizontal
            | Orientation::FlipVertical => self.size(),
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => Size { width: self.height, height: self.width },
        }
    }

    /// Checks the picture against `limits`, before anything of it is decoded. So many bytes of its
    /// file are in memory beside it.
    ///
    /// # Errors
    /// `SideTooLong`, `TooManyPixels`, `TooCostly`.
    pub fn within(mut self, limits: &Limits, file: u64) -> Result<Self, PictureFault> {
        let size = self.size();
        if size.longest_edge() > limits.side_max {
            return Err(PictureFault::SideTooLong {
                width: self.width,
                height: self.height,
                side_max: limits.side_max,
            });
        }
        if size.pixels() > limits.pixels_max {
            return Err(PictureFault::TooManyPixels {
                width: self.width,
                height: self.height,
                pixels_max: limits.pixels_max,
            });
        }
        self.memory = self.memory.saturating_add(file);
        if self.memory > limits.memory_max {
            return Err(PictureFault::TooCostly {
                memory: self.memory,
                memory_max: limits.memory_max,
            });
        }
        Ok(self)
    }
}

/// What one picture may take in memory, bytes, whoever made it.
const MEMORY_MAX: u64 = 128_000_000;

/// How large a picture may be before it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest file, bytes.
    pub bytes_max: u64,
    /// The longest side, pixels.
    pub side_max: u32,
    /// The most pixels in all.
    pub pixels_max: u64,
    /// The most memory for opening it, bytes, with the file where that has to be in memory.
    pub memory_max: u64,
}

impl Limits {
    /// For pictures that customers send. The file is the most that `limits.reference_bytes_max` can
    /// be, which is what the images API takes (`images/edits`: under 50 MB each); a channel may
    /// give less (Telegram's `getFile`: 20 MB).
    pub const REFERENCE: Self = Self {
        bytes_max: 50_000_000,
        side_max: 8192,
        pixels_max: 25_000_000,
        memory_max: MEMORY_MAX,
    };

    /// For pictures that the image provider made: up to 4096 x 4096, without compression 67 MB. A
    /// PNG comes row by row, however long its file is.
    pub const ORIGINAL: Self = Self {
        bytes_max: 80 << 20,
        side_max: 8192,
        pixels_max: 25_000_000,
        memory_max: MEMORY_MAX,
    };

    /// Checks the length of a file.
    ///
    /// # Errors
    /// `TooManyBytes`.
    pub fn admit_bytes(&self, bytes: u64) -> Result<(), PictureFault> {
        if bytes > self.bytes_max {
            return Err(PictureFault::TooManyBytes { bytes, bytes_max: self.bytes_max });
        }
        Ok(())
    }
}

/// As many first bytes as `examine` may need of a file: past what cameras put before the picture
/// (a thumbnail and a colour profile, each in segments of at most 64 KiB).
pub const HEADER_BYTES: usize = 1 << 20;

/// Looks at the first bytes of a file, the whole file or its first `HEADER_BYTES`, and says what
/// picture it is. Decodes nothing and allocates nothing.
///
/// # Errors
/// `NotAPicture`, `KindUnsupported`; `Truncated` and `Unreadable` for a picture whose header
/// ends early or contradicts itself.
pub fn examine(header: &[u8]) -> Result<Looked, PictureFault> {
    if header.starts_with(b"\x89PNG\r\n\x1a\n") {
        png::examine(header)
    } else if header.starts_with(b"\xff\xd8\xff") {
        jpeg::examine(header)
    } else if header.starts_with(b"RIFF") && header.get(8..12) == Some(b"WEBP") {
        webp::examine(header)
    } else if header.starts_with(b"GIF87a") || header.starts_with(b"GIF89a") {
        gif::examine(header)
    } else {
        Err(sniff_other(header).map_or(PictureFault::NotAPicture, PictureFault::KindUnsupported))
    }
}

/// Counts the scans of a JPEG and requires that it ends; see `whole`.
pub(super) use jpeg::count_scans;

/// Names what is not taken, so that the answer can say more than "no".
fn sniff_other(header: &[u8]) -> Option<OtherKind> {
    const STARTS: [(&[u8], OtherKind); 15] = [
        (b"II*\0", OtherKind::Tiff),
        (b"MM\0*", OtherKind::Tiff),
        (b"BM", OtherKind::Bmp),
        (b"\xff\x0a", OtherKind::JpegXl),
        (b"\0\0\0\x0cJXL ", OtherKind::JpegXl),
        (b"\0\0\0\x0cjP  ", OtherKind::Jpeg2000),
        (b"8BPS", OtherKind::Photoshop),
        (b"\0\0\x01\0", OtherKind::Icon),
        (b"%PDF", OtherKind::Pdf),
        (b"PK\x03\x04", OtherKind::Zip),
        (b"PK\x05\x06", OtherKind::Zip),
        (b"\x1a\x45\xdf\xa3", OtherKind::Video),
        (b"\0\0\x01\xba", OtherKind::Video),
        (b"OggS", OtherKind::Video),
        (b"FLV\x01", OtherKind::Video),
    ];
    if let Some((_, kind)) = STARTS.iter().find(|(start, _)| header.starts_with(start)) {
        return Some(*kind);
    }
    if header.get(4..8) == Some(b"ftyp") {
        return header.get(8..12).map(|brand| match brand {
            b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1" => OtherKind::Heic,
            b"avif" | b"avis" => OtherKind::Avif,
            _ => OtherKind::Video,
        });
    }
    let text = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header).trim_ascii_start();
    (text.first() == Some(&b'<')).then_some(OtherKind::Markup)
}

/// Two bytes at `at`, most significant first.
fn big_u16(bytes: &[u8], at: usize) -> Result<u16, PictureFault> {
    let two = bytes.get(at..at.saturating_add(2)).ok_or(PictureFault::Truncated)?;
    Ok(u16::from_be_bytes([two[0], two[1]]))
}

/// Four bytes at `at`, most significant first.
fn big_u32(bytes: &[u8], at: usize) -> Result<u32, PictureFault> {
    let four = bytes.get(at..at.saturating_add(4)).ok_or(PictureFault::Truncated)?;
    Ok(u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
}

/// `count` bytes (at most four) at `at`, least significant first.
fn little(bytes: &[u8], at: usize, count: usize) -> Result<u32, PictureFault> {
    let found = bytes.get(at..at.saturating_add(count)).ok_or(PictureFault::Truncated)?;
    Ok(found.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte)))
}

/// A size that has something in it.
fn sized(width: u32, height: u32) -> Result<Size, PictureFault> {
    if width == 0 || height == 0 {
        return Err(PictureFault::Unreadable);
    }
    Ok(Size { width, height })
}

/// The orientation that an Exif block asks for; a block that says nothing sensible asks nothing.
fn orientation_of(exif: &[u8]) -> Orientation {
    Orientation::from_exif_chunk(exif).unwrap_or(Orientation::NoTransforms)
}

#[cfg(test)]
mod tests;
