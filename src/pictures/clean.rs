//! Making a customer's picture fit to be passed on: upright, without metadata, nothing but pixels.

use std::fmt;
use std::io::Write;

use super::fault::PictureFault;
use super::look::{Limits, PictureKind, Size};
use super::open::open_slice;
use super::press::{Colour, Press, PressError};
use super::rows::{AnyRows, Ink};
use super::shrink::shrink_transparent;

/// A picture of our own making: only the pixels are the customer's.
#[derive(Clone, PartialEq, Eq)]
pub struct CleanPicture {
    /// The file.
    pub bytes: Vec<u8>,
    /// PNG where something was transparent, else JPEG.
    pub kind: PictureKind,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl fmt::Debug for CleanPicture {
    /// All but the picture, which belongs in no log.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CleanPicture")
            .field("kind", &self.kind)
            .field("width", &self.width)
            .field("height", &self.height)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// The longest side that is passed on; the provider makes nothing larger.
const LONGEST_EDGE: u32 = 4096;

/// The longest file that is passed on, bytes. Source: images API, edits: each under 50 MB.
const BYTES_MAX: u64 = 49_000_000;

/// Good enough that a model does not see it was written again.
const QUALITY: u8 = 92;

/// Decodes a picture within limits, turns it upright, drops everything that is not a pixel
/// (places, names, profiles, texts, what hangs behind the end) and writes it anew.
///
/// # Errors
/// What is wrong with the picture, by name.
pub fn clean_reference(file: &[u8]) -> Result<CleanPicture, PictureFault> {
    let mut opened = open_slice(file, &Limits::REFERENCE)?;
    let mut size = within_edge(opened.looked.shown_size());
    loop {
        let rows = shrink_transparent(opened.rows()?, size);
        let (kind, written) = match rows.ink() {
            Ink::Rgb => (PictureKind::Jpeg, write_jpeg(rows)),
            Ink::Rgba => (PictureKind::Png, write_png(rows)),
        };
        match written {
            Ok(bytes) => {
                return Ok(CleanPicture { bytes, kind, width: size.width, height: size.height });
            }
            Err(PressError::Fault(fault)) => return Err(fault),
            // Noise that does not compress: half the sides are a quarter of the bytes.
            Err(PressError::Overflow) => {
                size = Size { width: size.width.div_ceil(2), height: size.height.div_ceil(2) };
            }
        }
    }
}

fn within_edge(size: Size) -> Size {
    let edge = u64::from(size.longest_edge());
    if edge <= u64::from(LONGEST_EDGE) {
        return size;
    }
    let part = |side: u32| ((u64::from(side) * u64::from(LONGEST_EDGE) / edge) as u32).max(1);
    Size { width: part(size.width), height: part(size.height) }
}

fn write_jpeg(rows: AnyRows<'_>) -> Result<Vec<u8>, PressError> {
    Press { quality: QUALITY, colour: Colour::Whole, bytes_max: BYTES_MAX }.print(rows)
}

fn write_png(mut rows: AnyRows<'_>) -> Result<Vec<u8>, PressError> {
    let size = rows.size();
    let mut row = vec![0; rows.row_bytes()];
    let mut page = Page(Vec::new());
    let mut encoder = png::Encoder::new(&mut page, size.width, size.height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(overflow)?;
    let mut stream = writer.stream_writer().map_err(overflow)?;
    for _ in 0..size.height {
        rows.next_row(&mut row)?;
        stream.write_all(&row).map_err(|_| PressError::Overflow)?;
    }
    stream.finish().map_err(overflow)?;
    writer.finish().map_err(overflow)?;
    Ok(page.0)
}

/// Writing to memory fails only where the page is full.
fn overflow(_: png::EncodingError) -> PressError {
    PressError::Overflow
}

/// A file in memory with an end to its length.
struct Page(Vec<u8>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if (self.0.len() + bytes.len()) as u64 > BYTES_MAX {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
