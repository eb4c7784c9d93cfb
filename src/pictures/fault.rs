//! What can be wrong with a picture, by name.

use std::fmt;
use std::io;

/// Why a picture was not taken, named so that a person can be told what to send instead.
#[derive(Debug, thiserror::Error)]
pub enum PictureFault {
    /// Nothing that any picture begins with.
    #[error("not a picture")]
    NotAPicture,
    /// A picture or document of a kind that is not taken here.
    #[error("{0} is not taken")]
    KindUnsupported(OtherKind),
    /// The file is too long.
    #[error("{bytes} bytes, the most is {bytes_max}")]
    TooManyBytes {
        /// Length of the file, as far as it was read.
        bytes: u64,
        /// The longest that is taken.
        bytes_max: u64,
    },
    /// One side is too long.
    #[error("{width} x {height} pixels, the longest side is {side_max}")]
    SideTooLong {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// The longest side that is taken.
        side_max: u32,
    },
    /// Both sides are well, their product is not.
    #[error("{width} x {height} pixels, the most is {pixels_max} in all")]
    TooManyPixels {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// The most pixels that are taken.
        pixels_max: u64,
    },
    /// The way it is written (progressive, interlaced, animated) would take too much memory to
    /// open, though another way of writing it would not.
    #[error("opening it takes {memory} bytes of memory, the most is {memory_max}")]
    TooCostly {
        /// The memory it would take, bytes.
        memory: u64,
        /// The most memory that is given to one picture, bytes.
        memory_max: u64,
    },
    /// The file ends before the picture does.
    #[error("the file ends early")]
    Truncated,
    /// The file begins like a picture and is damaged further on.
    #[error("damaged")]
    Unreadable,
    /// It cannot be made small enough for where it has to go.
    #[error("does not fit into {bytes_max} bytes")]
    DoesNotFit {
        /// The room there was.
        bytes_max: u64,
    },
    /// The bytes could not be fetched from where they lie: says nothing about the picture, and
    /// may be tried again.
    #[error("cannot be read from where it lies: {0}")]
    Source(#[source] io::Error),
}

impl PictureFault {
    /// A word for this fault, to find the text that tells a person, and for metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotAPicture => "not-a-picture",
            Self::KindUnsupported(_) => "kind-unsupported",
            Self::TooManyBytes { .. } => "too-many-bytes",
            Self::SideTooLong { .. } => "side-too-long",
            Self::TooManyPixels { .. } => "too-many-pixels",
            Self::TooCostly { .. } => "too-costly",
            Self::Truncated => "truncated",
            Self::Unreadable => "unreadable",
            Self::DoesNotFit { .. } => "does-not-fit",
            Self::Source(_) => "source",
        }
    }
}

impl From<io::Error> for PictureFault {
    /// Decoders report a short file and bad data as input errors too; those are the picture's.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Self::Unreadable,
            _ => Self::Source(error),
        }
    }
}

impl From<png::DecodingError> for PictureFault {
    fn from(error: png::DecodingError) -> Self {
        match error {
            png::DecodingError::IoError(error) => error.into(),
            png::DecodingError::Format(_)
            | png::DecodingError::Parameter(_)
            | png::DecodingError::LimitsExceeded => Self::Unreadable,
        }
    }
}

/// What a file is when it is none of the kinds taken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherKind {
    /// HEIC or HEIF, what an iPhone saves.
    Heic,
    /// AVIF.
    Avif,
    /// TIFF, and the raw kinds of cameras that are built on it.
    Tiff,
    /// Windows bitmap.
    Bmp,
    /// JPEG XL.
    JpegXl,
    /// JPEG 2000.
    Jpeg2000,
    /// A JPEG written in a way that no phone or browser opens (lossless, arithmetic).
    RareJpeg,
    /// Photoshop document.
    Photoshop,
    /// Windows icon.
    Icon,
    /// SVG, HTML or other markup.
    Markup,
    /// PDF.
    Pdf,
    /// Zip, and the office documents that are zip files.
    Zip,
    /// A film.
    Video,
}

impl fmt::Display for OtherKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Heic => "HEIC",
            Self::Avif => "AVIF",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::JpegXl => "JPEG XL",
            Self::Jpeg2000 => "JPEG 2000",
            Self::RareJpeg => "lossless or arithmetic JPEG",
            Self::Photoshop => "PSD",
            Self::Icon => "ICO",
            Self::Markup => "SVG",
            Self::Pdf => "PDF",
            Self::Zip => "ZIP",
            Self::Video => "video",
        })
    }
}
