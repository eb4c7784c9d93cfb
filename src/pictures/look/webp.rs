//! The header of a WebP.

use super::{Looked, Orientation, PictureKind, Size, little, orientation_of, sized};
use crate::pictures::fault::PictureFault;

/// What was met on a walk over the chunks.
struct Walk {
    /// The whole picture: what `VP8X` says, or the only frame.
    canvas: Option<Size>,
    has_alpha: bool,
    animated: bool,
    lossless: bool,
    orientation: Orientation,
}

/// `RIFF` · u32 length · `WEBP`, then chunks: four letters · u32 length · data · pad to even.
pub(super) fn examine(header: &[u8]) -> Result<Looked, PictureFault> {
    let mut walk = Walk {
        canvas: None,
        has_alpha: false,
        animated: false,
        lossless: false,
        orientation: Orientation::NoTransforms,
    };
    walk.chunks(header.get(12..).unwrap_or_default())?;
    let size = walk.canvas.ok_or(PictureFault::Truncated)?;
    // What the decoder holds at once, bytes a pixel: the planes or the lossless pixels, the
    // transparency unpacked through four bytes, the canvas of an animation, the outcome.
    let each = match (walk.animated, walk.lossless, walk.has_alpha) {
        (true, _, _) => 14,
        (false, true, true) | (false, false, false) => 5,
        (false, true, false) => 8,
        (false, false, true) => 11,
    };
    Ok(Looked {
        kind: PictureKind::Webp,
        width: size.width,
        height: size.height,
        orientation: walk.orientation,
        has_alpha: walk.has_alpha,
        animated: walk.animated,
        memory: size.pixels() * each,
    })
}

impl Walk {
    fn chunks(&mut self, mut rest: &[u8]) -> Result<(), PictureFault> {
        while let (Some(name), Ok(length)) = (rest.get(..4), little(rest, 4, 4)) {
            let length = length as usize;
            let data = &rest[8..];
            let inside = data.get(..length).unwrap_or(data);
            match name {
                b"VP8X" => self.extended(inside)?,
                b"VP8 " => self.frame(lossy_size(inside)?)?,
                b"VP8L" => {
                    let (size, has_alpha) = lossless_size(inside)?;
                    self.lossless = true;
                    self.has_alpha |= has_alpha;
                    self.frame(size)?;
                }
                b"ALPH" => self.has_alpha = true,
                b"EXIF" => {
                    let exif = inside.strip_prefix(b"Exif\0\0").unwrap_or(inside);
                    self.orientation = orientation_of(exif);
                }
                // A frame of an animation: 16 bytes of place and time, then chunks of its own.
                b"ANMF" => self.chunks(inside.get(16..).unwrap_or_default())?,
                _ => {}
            }
            let Some(next) = data.get(length.saturating_add(length & 1)..) else { break };
            rest = next;
        }
        Ok(())
    }

    /// u8 flags · 3 reserved · u24 width - 1 · u24 height - 1.
    fn extended(&mut self, data: &[u8]) -> Result<(), PictureFault> {
        let flags = *data.first().ok_or(PictureFault::Truncated)?;
        self.has_alpha |= flags & 0x10 != 0;
        self.animated |= flags & 0x02 != 0;
        let size = sized(little(data, 4, 3)? + 1, little(data, 7, 3)? + 1)?;
        self.agree(size, |canvas| canvas == size)
    }

    /// A frame larger than its canvas is how a small header would hide a large picture.
    fn frame(&mut self, size: Size) -> Result<(), PictureFault> {
        let animated = self.animated;
        self.agree(size, |canvas| {
            let inside = size.width <= canvas.width && size.height <= canvas.height;
            if animated { inside } else { canvas == size }
        })
    }

    fn agree(&mut self, size: Size, fits: impl Fn(Size) -> bool) -> Result<(), PictureFault> {
        let canvas = *self.canvas.get_or_insert(size);
        if fits(canvas) { Ok(()) } else { Err(PictureFault::Unreadable) }
    }
}

/// 3 bytes of frame tag · `9d 01 2a` · u14 width and scale · u14 height and scale.
fn lossy_size(data: &[u8]) -> Result<Size, PictureFault> {
    if data.get(3..6).is_some_and(|start| start != b"\x9d\x01\x2a") {
        return Err(PictureFault::Unreadable);
    }
    sized(little(data, 6, 2)? & 0x3fff, little(data, 8, 2)? & 0x3fff)
}

/// `2f` · u14 width - 1 · u14 height - 1 · one bit of transparency.
fn lossless_size(data: &[u8]) -> Result<(Size, bool), PictureFault> {
    if data.first().is_some_and(|start| *start != 0x2f) {
        return Err(PictureFault::Unreadable);
    }
    let bits = little(data, 1, 4)?;
    let size = sized((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)?;
    Ok((size, bits >> 28 & 1 == 1))
}
