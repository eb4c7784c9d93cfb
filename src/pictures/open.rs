//! From a file to rows: looks, checks the limits, and only then decodes.

use std::io::{BufRead, Cursor, Read as _, Seek, SeekFrom};

use super::bands::Bands;
use super::fault::PictureFault;
use super::look::{HEADER_BYTES, Limits, Looked, Orientation, PictureKind, examine};
use super::png_rows::{self, PngRows};
use super::room::{ROOM, Taken};
use super::rows::{AnyRows, Whole};
use super::whole;

/// A picture whose rows can be had, and had again.
pub(super) struct Opened<R> {
    pub(super) looked: Looked,
    pixels: Pixels<R>,
    _room: Taken<'static>,
}

enum Pixels<R> {
    /// From the decoder each time.
    Png(R),
    /// From the decoder, band by band.
    PngInBands(R),
    /// Decoded once.
    Whole(Whole),
}

impl<R: BufRead + Seek> Opened<R> {
    /// All rows from the top, upright.
    pub(super) fn rows(&mut self) -> Result<AnyRows<'_>, PictureFault> {
        match &mut self.pixels {
            Pixels::Png(source) => {
                source.rewind()?;
                Ok(Box::new(PngRows::new(png_rows::open(source)?)?))
            }
            Pixels::PngInBands(source) => Ok(Box::new(Bands::new(source, &self.looked)?)),
            Pixels::Whole(whole) => Ok(whole.rows(self.looked.orientation)),
        }
    }
}

/// Opens a picture that is in memory.
pub(super) fn open_slice<'a>(
    file: &'a [u8],
    limits: &Limits,
) -> Result<Opened<Cursor<&'a [u8]>>, PictureFault> {
    limits.admit_bytes(file.len() as u64)?;
    let looked = examine(file)?.within(limits, file.len() as u64)?;
    let room = ROOM.take(looked.memory);
    let pixels = if looked.kind == PictureKind::Png {
        open_png(&looked, Cursor::new(file))?
    } else {
        Pixels::Whole(whole::decode(&looked, file)?)
    };
    Ok(Opened { looked, pixels, _room: room })
}

/// Opens a picture that lies somewhere else; takes into memory only what it must.
pub(super) fn open_source<R: BufRead + Seek>(
    mut source: R,
    limits: &Limits,
) -> Result<Opened<R>, PictureFault> {
    let looked = look_at(&mut source, limits)?;
    let room = ROOM.take(looked.memory);
    let pixels = if looked.kind == PictureKind::Png {
        open_png(&looked, source)?
    } else {
        Pixels::Whole(whole::decode(&looked, &read_all(&mut source, limits)?)?)
    };
    Ok(Opened { looked, pixels, _room: room })
}

/// Looks at the first bytes of a source and checks its length and its picture against `limits`.
pub(super) fn look_at<R: BufRead + Seek>(
    source: &mut R,
    limits: &Limits,
) -> Result<Looked, PictureFault> {
    let length = source.seek(SeekFrom::End(0))?;
    limits.admit_bytes(length)?;
    source.rewind()?;
    let mut header = Vec::new();
    // Most pictures say all in their first few bytes; a header of the full length is rare.
    for bytes in [4096, HEADER_BYTES] {
        let missing = (bytes - header.len()) as u64;
        source.by_ref().take(missing).read_to_end(&mut header)?;
        match examine(&header) {
            Err(PictureFault::Truncated) if header.len() == bytes => {}
            looked => {
                let looked = looked?;
                // Of a PNG only what the decoder reads at once is in memory.
                let file = if looked.kind == PictureKind::Png { 0 } else { length };
                return looked.within(limits, file);
            }
        }
    }
    Err(PictureFault::Truncated)
}

/// The whole file, from its beginning.
pub(super) fn read_all<R: BufRead + Seek>(
    source: &mut R,
    limits: &Limits,
) -> Result<Vec<u8>, PictureFault> {
    source.rewind()?;
    let mut file = Vec::new();
    source.by_ref().take(limits.bytes_max.saturating_add(1)).read_to_end(&mut file)?;
    limits.admit_bytes(file.len() as u64)?;
    Ok(file)
}

fn open_png<R: BufRead + Seek>(looked: &Looked, mut source: R) -> Result<Pixels<R>, PictureFault> {
    source.rewind()?;
    let reader = png_rows::open(&mut source)?;
    let in_bands = reader.info().interlaced || looked.orientation != Orientation::NoTransforms;
    drop(reader);
    Ok(if in_bands { Pixels::PngInBands(source) } else { Pixels::Png(source) })
}
