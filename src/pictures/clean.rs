//! Making a customer's picture fit to be passed on: upright, without metadata, nothing but pixels.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write};

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
    let mut bytes = Vec::new();
    let Cleaned { kind, width, height, .. } = clean(file, &mut bytes)?;
    Ok(CleanPicture { bytes, kind, width, height })
}

/// A picture of our own making that lies in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cleaned {
    /// PNG where something was transparent, else JPEG.
    pub kind: PictureKind,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// The length of the file.
    pub bytes: u64,
}

/// As [`clean_reference`], into an empty file, so that what is written is never whole in memory.
///
/// # Errors
/// What is wrong with the picture, by name; `Source` where the file cannot be written.
pub fn clean_into(file: &[u8], into: &File) -> Result<Cleaned, PictureFault> {
    clean(file, &mut BufWriter::with_capacity(PIECE_BYTES, into))
}

/// As much as is written to a file at once, bytes.
const PIECE_BYTES: usize = 256 << 10;

fn clean(file: &[u8], paper: &mut dyn Paper) -> Result<Cleaned, PictureFault> {
    let mut opened = open_slice(file, &Limits::REFERENCE)?;
    let mut size = within_edge(opened.looked.shown_size());
    loop {
        let rows = shrink_transparent(opened.rows()?, size);
        let mut page = Page { paper, bytes: 0, fault: None };
        let (kind, written) = match rows.ink() {
            Ink::Rgb => (PictureKind::Jpeg, write_jpeg(rows, &mut page)),
            Ink::Rgba => (PictureKind::Png, write_png(rows, &mut page)),
        };
        let written = written.and_then(|()| page.flush().map_err(|_| PressError::Overflow));
        match (written, page.fault) {
            (Ok(()), _) => {
                let (width, height, bytes) = (size.width, size.height, page.bytes);
                return Ok(Cleaned { kind, width, height, bytes });
            }
            (Err(PressError::Fault(fault)), _) => return Err(fault),
            (Err(PressError::Overflow), Some(error)) => return Err(PictureFault::Source(error)),
            // Noise that does not compress: half the sides are a quarter of the bytes.
            (Err(PressError::Overflow), None) => {
                size = Size { width: size.width.div_ceil(2), height: size.height.div_ceil(2) };
                paper.blank().map_err(PictureFault::Source)?;
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

fn write_jpeg(rows: AnyRows<'_>, page: &mut Page<'_>) -> Result<(), PressError> {
    let press = Press { quality: QUALITY, colour: Colour::Whole, bytes_max: BYTES_MAX };
    press.print_onto(rows, page)
}

fn write_png(mut rows: AnyRows<'_>, page: &mut Page<'_>) -> Result<(), PressError> {
    let size = rows.size();
    let mut row = vec![0; rows.row_bytes()];
    let mut encoder = png::Encoder::new(page, size.width, size.height);
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
    writer.finish().map_err(overflow)
}

/// Writing fails where the page is full; otherwise the page says why.
fn overflow(_: png::EncodingError) -> PressError {
    PressError::Overflow
}

/// Something that can be written on, and written on again from the beginning.
trait Paper: Write {
    /// Takes away what was written.
    fn blank(&mut self) -> io::Result<()>;
}

impl Paper for Vec<u8> {
    fn blank(&mut self) -> io::Result<()> {
        self.clear();
        Ok(())
    }
}

impl Paper for BufWriter<&File> {
    fn blank(&mut self) -> io::Result<()> {
        self.rewind()?;
        self.get_ref().set_len(0)
    }
}

/// A page with an end to its length.
struct Page<'p> {
    paper: &'p mut dyn Paper,
    bytes: u64,
    /// Why nothing more can be written, where that is not the end of the page.
    fault: Option<io::Error>,
}

impl Page<'_> {
    fn tell(&mut self, written: io::Result<()>) -> io::Result<()> {
        written.map_err(|error| {
            let kind = error.kind();
            self.fault = Some(error);
            kind.into()
        })
    }
}

impl Write for Page<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len() as u64;
        if self.bytes > BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let written = self.paper.write_all(bytes);
        self.tell(written)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.paper.flush();
        self.tell(flushed)
    }
}

#[cfg(test)]
mod tests;
