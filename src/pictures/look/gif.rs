//! The header of a GIF.

use super::{Looked, Orientation, PictureKind, little, sized};
use crate::pictures::fault::PictureFault;

/// Six letters · u16 width · u16 height, least significant byte first.
///
/// Every GIF counts as animated and transparent: only decoding could tell.
pub(super) fn examine(header: &[u8]) -> Result<Looked, PictureFault> {
    let size = sized(little(header, 6, 2)?, little(header, 8, 2)?)?;
    Ok(Looked {
        kind: PictureKind::Gif,
        width: size.width,
        height: size.height,
        orientation: Orientation::NoTransforms,
        has_alpha: true,
        animated: true,
        memory: size.pixels() * 5,
    })
}
