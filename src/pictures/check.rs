//! Checking pictures that the image provider made, before they are kept.

use std::io::{BufRead, Seek};

use super::fault::PictureFault;
use super::look::{Limits, Looked, PictureKind};
use super::open::{look_at, read_all};
use super::room::ROOM;
use super::{png_rows, whole};

/// Checks a picture wholly, every pixel and every checksum, and keeps nothing of it: a PNG row by
/// row, the other kinds within the memory that `limits` gives. The bytes stay as they are, for
/// they are the original that was paid for; what is shown or sent on is made anew from them.
///
/// # Errors
/// What is wrong with the picture, by name; `Source` where it could not be read.
pub fn check_original<R: BufRead + Seek>(
    mut source: R,
    limits: &Limits,
) -> Result<Looked, PictureFault> {
    let looked = look_at(&mut source, limits)?;
    let _room = ROOM.take(looked.memory);
    if looked.kind == PictureKind::Png {
        source.rewind()?;
        let mut reader = png_rows::open(&mut source)?;
        while reader.next_interlaced_row()?.is_some() {}
        reader.finish()?;
    } else {
        whole::decode(&looked, &read_all(&mut source, limits)?)?;
    }
    Ok(looked)
}
