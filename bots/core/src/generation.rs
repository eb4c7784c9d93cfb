//! What a picture can be asked to be, and what can become of the asking.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::id::ArtifactId;

/// How large a picture is: the word customers and plans use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// About one megapixel.
    #[serde(rename = "1k")]
    K1,
    /// About four megapixels.
    #[serde(rename = "2k")]
    K2,
    /// About eight megapixels, the provider's most.
    #[serde(rename = "4k")]
    K4,
}

/// A picture's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// 1:1.
    Square,
    /// 3:2.
    Landscape,
    /// 2:3.
    Portrait,
    /// 16:9.
    Wide,
    /// 9:16.
    Tall,
}

/// How much work the provider puts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// Quick.
    Low,
    /// The default.
    Medium,
    /// Slow and fine.
    High,
}

/// What is behind the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Background {
    /// As the provider likes.
    Auto,
    /// Always filled.
    Opaque,
    /// Cut out.
    Transparent,
}

/// What a customer may choose; remembered per account, overridden by words in the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Options {
    /// How large.
    pub resolution: Resolution,
    /// What shape.
    pub shape: Shape,
    /// How fine.
    pub quality: Quality,
    /// What is behind.
    pub background: Background,
    /// How many pictures, 1 to 10.
    pub count: u8,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            resolution: Resolution::K1,
            shape: Shape::Square,
            quality: Quality::Medium,
            background: Background::Auto,
            count: 1,
        }
    }
}

/// Pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl Options {
    /// The size asked of the provider. Both sides divide by 16 and the pixel count stands between
    /// 655,360 and 8,294,400. Source: the images API's rules for `gpt-image-2`.
    #[must_use]
    pub fn size(&self) -> Size {
        let (width, height) = match (self.resolution, self.shape) {
            (Resolution::K1, Shape::Square) => (1024, 1024),
            (Resolution::K1, Shape::Landscape) => (1536, 1024),
            (Resolution::K1, Shape::Portrait) => (1024, 1536),
            (Resolution::K1, Shape::Wide) => (1536, 864),
            (Resolution::K1, Shape::Tall) => (864, 1536),
            (Resolution::K2, Shape::Square) => (2048, 2048),
            (Resolution::K2, Shape::Landscape) => (2160, 1440),
            (Resolution::K2, Shape::Portrait) => (1440, 2160),
            (Resolution::K2, Shape::Wide) => (2048, 1152),
            (Resolution::K2, Shape::Tall) => (1152, 2048),
            (Resolution::K4, Shape::Square) => (2880, 2880),
            (Resolution::K4, Shape::Landscape) => (3504, 2336),
            (Resolution::K4, Shape::Portrait) => (2336, 3504),
            (Resolution::K4, Shape::Wide) => (3840, 2160),
            (Resolution::K4, Shape::Tall) => (2160, 3840),
        };
        Size { width, height }
    }
}

/// Where a generation stands. Each variant is one word in its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GenerationState {
    /// In line, its credits set aside. Cancelling is free.
    Held,
    /// A worker prepares it; no byte has gone to the provider. Cancelling is still free.
    Claimed,
    /// The call may be on its way. From here on nobody may ask again without knowing.
    Submitting,
    /// The provider began to answer.
    Submitted,
    /// The picture is stored.
    Made,
    /// The channel took it, or it is stored and owed; the hold is posted.
    Delivered,
    /// It could not be made, or was gone before it could be handed over; the hold is void.
    Failed,
    /// Nobody knows; the hold is void, a late picture is free.
    Uncertain,
    /// The customer took it back in time; the hold is void.
    Cancelled,
}

impl GenerationState {
    /// Whether its credits are still set aside.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        match self {
            Self::Held | Self::Claimed | Self::Submitting | Self::Submitted | Self::Made => true,
            Self::Delivered | Self::Failed | Self::Uncertain | Self::Cancelled => false,
        }
    }

    /// The word in the row.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Claimed => "claimed",
            Self::Submitting => "submitting",
            Self::Submitted => "submitted",
            Self::Made => "made",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of a row's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "held" => Self::Held,
            "claimed" => Self::Claimed,
            "submitting" => Self::Submitting,
            "submitted" => Self::Submitted,
            "made" => Self::Made,
            "delivered" => Self::Delivered,
            "failed" => Self::Failed,
            "uncertain" => Self::Uncertain,
            "cancelled" => Self::Cancelled,
            _ => return None,
        })
    }

    /// Whether anything may still come of it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Held | Self::Claimed | Self::Submitting | Self::Submitted | Self::Made)
    }
}

/// Why a picture was not made, in classes that a person can be told and act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The safety check of the provider said no.
    Refused,
    /// Too busy for too long.
    Overloaded,
    /// A reference picture cannot be used.
    Reference {
        /// Which, counted from one; nothing where the provider does not tell.
        number: Option<u8>,
        /// What is wrong with it.
        fault: ReferenceFault,
    },
    /// A reference picture could not be fetched again from the channel; counted from one.
    ReferenceGone(u8),
    /// The provider does not take this prompt (too long, empty).
    Prompt,
    /// The provider does not take this size or background.
    Options,
    /// Something of ours is wrong (key, funds, model): the owner has been alarmed.
    OutOfService,
    /// The provider failed, and says so.
    Provider,
    /// What came back was no picture.
    NoPicture,
}

/// What is wrong with a reference picture, as far as somebody can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceFault {
    /// The file is longer than we take.
    TooLarge {
        /// The longest that is taken, bytes.
        bytes_max: u64,
    },
    /// It has more pixels than we open.
    TooManyPixels,
    /// It is no picture, or of a kind that is not taken.
    WrongKind,
    /// It is damaged, or the provider cannot read it.
    Unreadable,
}

/// A stored picture, as rules speak of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its id.
    pub id: ArtifactId,
    /// Its random name in the object store.
    pub object: String,
    /// Bytes of the original.
    pub bytes: i64,
    /// Pixels of the original.
    pub size: Size,
    /// The original's kind: `png`, `jpeg`, `webp`.
    pub kind: String,
    /// When it is swept, milliseconds since the epoch.
    pub expires_at: i64,
}
