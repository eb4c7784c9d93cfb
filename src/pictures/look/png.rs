//! The header of a PNG.

use super::{Looked, Orientation, PictureKind, big_u32, orientation_of, sized};
use crate::pictures::bands::BAND_BYTES;
use crate::pictures::fault::PictureFault;

/// Rows, tables and windows that decoding row by row holds, beside a few rows.
const DECODER_BYTES: u64 = 512 << 10;

/// Chunks before the pixels, each: u32 length · four letters · data · u32 CRC.
pub(super) fn examine(header: &[u8]) -> Result<Looked, PictureFault> {
    if header.get(12..16) != Some(b"IHDR") {
        return Err(if header.len() < 16 {
            PictureFault::Truncated
        } else {
            PictureFault::Unreadable
        });
    }
    // IHDR: u32 width · u32 height · u8 depth · u8 colour · u8 compression · u8 filter ·
    // u8 interlace
    let size = sized(big_u32(header, 16)?, big_u32(header, 20)?)?;
    let colour = *header.get(25).ok_or(PictureFault::Truncated)?;
    let interlaced = *header.get(28).ok_or(PictureFault::Truncated)? != 0;
    let mut has_alpha = matches!(colour, 4 | 6);
    let mut animated = false;
    let mut orientation = Orientation::NoTransforms;
    let mut at = 33_usize;
    while let (Ok(length), Some(name)) = (big_u32(header, at), header.get(at + 4..at + 8)) {
        let end = (at + 8).saturating_add(length as usize);
        match name {
            b"IDAT" => break,
            b"tRNS" => has_alpha = true,
            b"acTL" => animated = true,
            b"eXIf" => orientation = header.get(at + 8..end).map_or(orientation, orientation_of),
            _ => {}
        }
        at = end.saturating_add(4);
    }
    let row = u64::from(size.width) * 8 * 4;
    let band = if interlaced || orientation != Orientation::NoTransforms {
        size.pixels().saturating_mul(if has_alpha { 4 } else { 3 }).min(BAND_BYTES)
    } else {
        0
    };
    Ok(Looked {
        kind: PictureKind::Png,
        width: size.width,
        height: size.height,
        orientation,
        has_alpha,
        animated,
        memory: band + DECODER_BYTES + row,
    })
}
