//! The rows of a PNG that do not come in the order in which they are shown: of one that is
//! interlaced, whose last pass holds half of all rows, or that has to be turned.
//!
//! It is decoded again for each band of the outcome, and of each time only that band is kept. So
//! it takes the time of a few decodings and the memory of one band, however large it is.

use std::io::{BufRead, Seek};

use image::metadata::Orientation;
use png::InterlaceInfo;

use super::fault::PictureFault;
use super::look::{Looked, Size};
use super::png_rows::{self, Tones};
use super::rows::{Ink, Rows};

/// The most of a picture that is kept, bytes. The largest that somebody may send has four bands.
pub(super) const BAND_BYTES: u64 = 24 << 20;

/// Rows from a source that is decoded again and again.
pub(super) struct Bands<R> {
    source: R,
    turn: Turn,
    stored: Size,
    shown: Size,
    ink: Ink,
    /// Rows of a band, but for the last.
    rows_down: u32,
    /// The rows of the band that is there.
    band: Vec<u8>,
    /// Its first row.
    top: u32,
    /// The row that comes next.
    row: u32,
}

impl<R: BufRead + Seek> Bands<R> {
    /// The rows of a PNG that was looked at.
    pub(super) fn new(source: R, looked: &Looked) -> Result<Self, PictureFault> {
        Self::of(source, looked, BAND_BYTES)
    }

    fn of(mut source: R, looked: &Looked, band_bytes: u64) -> Result<Self, PictureFault> {
        source.rewind()?;
        let reader = png_rows::open(&mut source)?;
        let ink = Tones::of(&reader)?.ink();
        let (width, height) = reader.info().size();
        drop(reader);
        let stored = Size { width, height };
        // What was checked before decoding must be what comes out.
        if stored != looked.size() {
            return Err(PictureFault::Unreadable);
        }
        let shown = looked.shown_size();
        let row_bytes = u64::from(shown.width) * ink.samples() as u64;
        let rows_down = (band_bytes / row_bytes.max(1)).clamp(1, u64::from(shown.height)) as u32;
        let turn = Turn { orientation: looked.orientation, stored };
        let (band, top, row) = (Vec::new(), 0, 0);
        Ok(Self { source, turn, stored, shown, ink, rows_down, band, top, row })
    }

    /// Decodes the whole picture and keeps the band that begins at `top`.
    fn fill(&mut self, top: u32) -> Result<(), PictureFault> {
        let rows_down = self.rows_down.min(self.shown.height - top);
        let (row_pixels, samples) = (self.shown.width as usize, self.ink.samples());
        self.band.resize(rows_down as usize * row_pixels * samples, 0);
        let mut band = Band {
            turn: self.turn,
            pixels: &mut self.band,
            row_pixels,
            samples,
            rows: i64::from(top)..i64::from(top + rows_down),
        };
        self.source.rewind()?;
        let mut reader = png_rows::open(&mut self.source)?;
        let tones = Tones::of(&reader)?;
        let width = self.stored.width;
        let mut raw = vec![0; reader.output_line_size(width).ok_or(PictureFault::Unreadable)?];
        let mut row = vec![0; width as usize * samples];
        let mut passes = passes(self.stored);
        let mut y = 0;
        while let Some(interlace) = reader.read_row(&mut raw)? {
            let line = match interlace {
                InterlaceInfo::Null(_) => Line { left: 0, across: 1, y, pixels: width },
                InterlaceInfo::Adam7(_) => passes.next().ok_or(PictureFault::Unreadable)?,
            };
            y += 1;
            let row = &mut row[..line.pixels as usize * samples];
            tones.convert(&mut raw, row);
            band.put(line, row);
        }
        reader.finish()?;
        self.top = top;
        Ok(())
    }
}

impl<R: BufRead + Seek> Rows for Bands<R> {
    fn size(&self) -> Size {
        self.shown
    }

    fn ink(&self) -> Ink {
        self.ink
    }

    fn next_row(&mut self, row: &mut [u8]) -> Result<(), PictureFault> {
        if self.row.is_multiple_of(self.rows_down) {
            self.fill(self.row)?;
        }
        let start = (self.row - self.top) as usize * row.len();
        row.copy_from_slice(&self.band[start..start + row.len()]);
        self.row += 1;
        Ok(())
    }
}

/// Pixels of one row of the file, `across` apart.
#[derive(Clone, Copy, Debug)]
struct Line {
    left: u32,
    across: u32,
    y: u32,
    pixels: u32,
}

/// The rows of all passes of an interlaced picture, in the order of the file. A pass without
/// pixels has no rows. Source: PNG, third edition, 8.1, "Adam7".
fn passes(size: Size) -> impl Iterator<Item = Line> {
    // Left, top, and how far apart pixels are across and down.
    const PASSES: [(u32, u32, u32, u32); 7] = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ];
    let not_empty = PASSES.into_iter().filter(move |(left, ..)| *left < size.width);
    not_empty.flat_map(move |(left, top, across, down)| {
        let pixels = (size.width - left).div_ceil(across);
        let rows = (top..size.height).step_by(down as usize);
        rows.map(move |y| Line { left, across, y, pixels })
    })
}

/// How stored pixels come to stand upright.
#[derive(Clone, Copy, Debug)]
struct Turn {
    orientation: Orientation,
    stored: Size,
}

impl Turn {
    /// Where a stored pixel is shown.
    fn shown(self, x: i64, y: i64) -> (i64, i64) {
        let right = i64::from(self.stored.width) - 1 - x;
        let up = i64::from(self.stored.height) - 1 - y;
        match self.orientation {
            Orientation::NoTransforms => (x, y),
            Orientation::FlipHorizontal => (right, y),
            Orientation::Rotate180 => (right, up),
            Orientation::FlipVertical => (x, up),
            Orientation::Rotate90FlipH => (y, x),
            Orientation::Rotate90 => (up, x),
            Orientation::Rotate270FlipH => (up, right),
            Orientation::Rotate270 => (y, right),
        }
    }
}

/// A band that is being filled.
struct Band<'b> {
    turn: Turn,
    pixels: &'b mut [u8],
    /// Pixels of its rows.
    row_pixels: usize,
    /// Samples of a pixel.
    samples: usize,
    /// Which rows of the outcome it has.
    rows: std::ops::Range<i64>,
}

impl Band<'_> {
    /// Puts what of a line is in the band to its place.
    fn put(&mut self, line: Line, row: &[u8]) {
        let (left, across, y) = (i64::from(line.left), i64::from(line.across), i64::from(line.y));
        let (x0, y0) = self.turn.shown(left, y);
        let (x1, y1) = self.turn.shown(left + across, y);
        let (right, down) = (x1 - x0, y1 - y0);
        // A line of the file becomes a part of a row, or of a column.
        let inside = if down == 0 {
            if self.rows.contains(&y0) { 0..i64::from(line.pixels) } else { 0..0 }
        } else {
            let (first, last) = (self.rows.start - y0, self.rows.end - 1 - y0);
            let (from, to) = if down > 0 { (first, last) } else { (-last, -first) };
            let step = down.abs();
            // The first that is not before the band, and the first that is behind it.
            let from = (from + step - 1).div_euclid(step).max(0);
            from..(to.div_euclid(step) + 1).min(i64::from(line.pixels))
        };
        let width = self.row_pixels as i64;
        let mut place = (y0 - self.rows.start + inside.start * down) * width;
        place += x0 + inside.start * right;
        for index in inside {
            let from = index as usize * self.samples;
            let to = place as usize * self.samples;
            let pixel = &row[from..from + self.samples];
            self.pixels[to..to + self.samples].copy_from_slice(pixel);
            place += down * width + right;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::pictures::examine;
    use crate::pictures::samples::{exif, png_chunk, raw_png};

    fn pixel(x: u32, y: u32) -> [u8; 3] {
        [x as u8, y as u8, (x ^ y) as u8]
    }

    fn values(x: u32, y: u32) -> Vec<u16> {
        pixel(x, y).map(u16::from).to_vec()
    }

    #[test]
    fn however_it_is_turned_and_cut_into_bands_every_pixel_has_its_place() {
        for (width, height) in [(1, 1), (3, 2), (2, 9), (37, 19), (19, 37), (5, 64)] {
            for value in 1..=8 {
                let orientation = Orientation::from_exif(value as u8).unwrap();
                let turned = png_chunk(*b"eXIf", &exif(value));
                let mut upright = image::DynamicImage::ImageRgb8(image::RgbImage::from_fn(
                    width,
                    height,
                    |x, y| image::Rgb(pixel(x, y)),
                ));
                upright.apply_orientation(orientation);
                for interlaced in [false, true] {
                    let written = (8, 2, interlaced);
                    let turned = std::slice::from_ref(&turned);
                    let file = raw_png((width, height), written, turned, values);
                    let looked = examine(&file).unwrap();
                    for band_bytes in [1, 200, 700, 1 << 20] {
                        let mut bands = Bands::of(Cursor::new(&file), &looked, band_bytes).unwrap();
                        let mut row = vec![0; bands.row_bytes()];
                        let mut all = Vec::new();
                        for _ in 0..bands.size().height {
                            bands.next_row(&mut row).unwrap();
                            all.extend_from_slice(&row);
                        }
                        let (across, down) = (upright.width(), upright.height());
                        assert_eq!(bands.size(), Size { width: across, height: down });
                        let what = (width, height, value, interlaced, band_bytes);
                        assert_eq!(all, upright.as_bytes(), "{what:?}");
                        let most = band_bytes.max(bands.row_bytes() as u64) as usize;
                        assert!(bands.band.len() <= most, "{what:?}");
                    }
                }
            }
        }
    }
}
