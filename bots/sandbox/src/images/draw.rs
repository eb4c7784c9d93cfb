//! From a checked request to the bytes of one picture.

use image::{RgbImage, RgbaImage};
use picdesk_paint::{Nonce, Order, Stage, encode, paint, plain_picture, without_caption};

use super::reference::picture_size;
use super::request::Ask;

/// References with more pixels than this are left out of the picture.
const REFERENCE_PIXELS_MAX: u64 = 64_000_000;

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
        Drawing::Plain => plain_picture(size, nonce, ask.format, ask.compression),
        Drawing::Painted => {
            let references: Vec<RgbImage> = ask
                .files
                .images
                .iter()
                .filter_map(|file| decode(file))
                .map(without_caption)
                .collect();
            let mask = ask.files.mask.as_deref().and_then(decode);
            let mark = format!("#{}", nonce.call);
            let order = Order {
                prompt: &ask.prompt,
                variant: nonce.picture,
                size,
                transparent: ask.transparent,
                sharpness: sharpness(nonce.stage, ask.partials.unwrap_or(0)),
                mark: &mark,
                references: &references,
                mask: mask.as_ref(),
            };
            encode(paint(order), nonce, ask.format, ask.compression)
        }
    }
}

/// Partial pictures get sharper towards the finished one.
fn sharpness(stage: Stage, partials: u8) -> f32 {
    match stage {
        Stage::Final => 1.0,
        Stage::Partial(index) => {
            let left = partials.saturating_sub(index);
            // One left: the last before the finished picture.
            [0.20, 0.20, 0.09, 0.04].get(usize::from(left)).copied().unwrap_or(0.04)
        }
    }
}

fn decode(file: &[u8]) -> Option<RgbaImage> {
    let (width, height) = picture_size(file)?;
    if u64::from(width) * u64::from(height) > REFERENCE_PIXELS_MAX {
        return None;
    }
    picdesk_paint::read(file)
}
