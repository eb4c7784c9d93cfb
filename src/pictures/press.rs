//! Writing rows as a baseline JPEG, a band of blocks at a time, with an end to its length.
//!
//! Our own because it is half of the work of a preview: what comes in rows goes out in rows,
//! colour is averaged as it is read, and transform and rounding are written so that the compiler
//! makes wide instructions of them without any unsafe code. (The crate `jpeg-encoder`, measured
//! on the same rows, took twice as long for its part: it rounds coefficient by coefficient.)

mod block;
mod header;
mod huffman;

use std::io::Write;

use super::fault::PictureFault;
use super::look::Size;
use super::rows::AnyRows;
use block::Quantizer;
use huffman::{BitWriter, Coder};

/// How finely colour is kept beside brightness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    /// For every pixel.
    Whole,
    /// For every four pixels, their mean, as photographs are kept.
    Quartered,
}

/// How a JPEG is to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Press {
    /// 1 to 100.
    pub(super) quality: u8,
    pub(super) colour: Colour,
    /// The longest outcome, bytes.
    pub(super) bytes_max: u64,
}

/// Why there is no JPEG.
#[derive(Debug)]
pub(super) enum PressError {
    /// It became longer than it may.
    Overflow,
    /// The picture broke off.
    Fault(PictureFault),
}

impl From<PictureFault> for PressError {
    fn from(fault: PictureFault) -> Self {
        Self::Fault(fault)
    }
}

/// Pixels a side of a block.
const BLOCK: usize = 8;

impl Press {
    /// Pulls all rows and gives the JPEG. Transparency must be on paper already.
    pub(super) fn print(&self, rows: AnyRows<'_>) -> Result<Vec<u8>, PressError> {
        let page = self.press(rows, |bits| {
            if bits.len() as u64 > self.bytes_max { Err(PressError::Overflow) } else { Ok(()) }
        })?;
        if page.len() as u64 > self.bytes_max { Err(PressError::Overflow) } else { Ok(page) }
    }

    /// The same onto something that says itself when it is full, so that never more than a band is
    /// in memory.
    pub(super) fn print_onto(
        &self,
        rows: AnyRows<'_>,
        page: &mut dyn Write,
    ) -> Result<(), PressError> {
        let full = |_| PressError::Overflow;
        let rest = self.press(rows, |bits| bits.pour(page).map_err(full))?;
        page.write_all(&rest).map_err(full)
    }

    fn press(
        &self,
        mut rows: AnyRows<'_>,
        mut after_band: impl FnMut(&mut BitWriter) -> Result<(), PressError>,
    ) -> Result<Vec<u8>, PressError> {
        let size = rows.size();
        let (Ok(width), Ok(height)) = (u16::try_from(size.width), u16::try_from(size.height))
        else {
            return Err(PictureFault::Unreadable.into());
        };
        let quantizers = [Quantizer::luma(self.quality), Quantizer::chroma(self.quality)];
        let mut page = Vec::new();
        header::write(&mut page, [width, height], self.colour, &quantizers);
        let mut bits = BitWriter::new(page);
        let mut band = Band::new(size, self.colour);
        let mut coders = [Coder::luma(), Coder::chroma(), Coder::chroma()];
        for top in (0..size.height).step_by(band.rows_down()) {
            band.take(&mut rows, size.height - top)?;
            band.code(&quantizers, &mut coders, &mut bits);
            after_band(&mut bits)?;
        }
        Ok(bits.finish())
    }
}

/// One band of blocks across the picture, as planes of brightness and colour.
struct Band {
    colour: Colour,
    width: usize,
    /// Two rows of pixels, because colour may be a mean over two.
    pixels: [Vec<u8>; 2],
    luma: Plane,
    blue: Plane,
    red: Plane,
}

/// Samples of one band, `stride` for each row; what lies right of the picture repeats its edge.
struct Plane {
    stride: usize,
    /// Samples of a row that are the picture's.
    inside: usize,
    samples: Vec<u8>,
}

impl Plane {
    fn new(inside: usize, stride: usize, rows: usize) -> Self {
        Self { stride, inside, samples: vec![0; stride * rows] }
    }

    /// The picture's part of a row.
    fn row(&mut self, row: usize) -> &mut [u8] {
        &mut self.samples[row * self.stride..][..self.inside]
    }

    /// Repeats the last sample of a row up to its end.
    fn pad(&mut self, row: usize) {
        let row = &mut self.samples[row * self.stride..][..self.stride];
        let edge = row[self.inside - 1];
        row[self.inside..].fill(edge);
    }
}

impl Band {
    fn new(size: Size, colour: Colour) -> Self {
        let width = size.width as usize;
        let pixels = [vec![0; width * 3], vec![0; width * 3]];
        let (across, side) = match colour {
            Colour::Whole => (width, BLOCK),
            Colour::Quartered => (width.div_ceil(2), 2 * BLOCK),
        };
        let units = width.div_ceil(side);
        let plane = || Plane::new(across, units * BLOCK, BLOCK);
        Self {
            colour,
            width,
            pixels,
            luma: Plane::new(width, units * side, side),
            blue: plane(),
            red: plane(),
        }
    }

    /// Rows of pixels in a band.
    fn rows_down(&self) -> usize {
        match self.colour {
            Colour::Whole => BLOCK,
            Colour::Quartered => 2 * BLOCK,
        }
    }

    /// Takes the rows of a band of which `left` are left; below the last row it is repeated.
    fn take(&mut self, rows: &mut AnyRows<'_>, left: u32) -> Result<(), PictureFault> {
        for pair in 0..self.rows_down() / 2 {
            let [above, below] = &mut self.pixels;
            if 2 * pair < left as usize {
                rows.next_row(above)?;
            } else {
                above.copy_from_slice(below);
            }
            if 2 * pair + 1 < left as usize {
                rows.next_row(below)?;
            } else {
                below.copy_from_slice(above);
            }
            self.split(pair);
        }
        Ok(())
    }

    /// Splits two rows of pixels into planes.
    fn split(&mut self, pair: usize) {
        for (half, pixels) in self.pixels.iter().enumerate() {
            let row = 2 * pair + half;
            let (pixels, _) = pixels.as_chunks::<3>();
            for (luma, pixel) in self.luma.row(row).iter_mut().zip(pixels) {
                *luma = luma_of(*pixel);
            }
            self.luma.pad(row);
            if self.colour == Colour::Whole {
                let planes = self.blue.row(row).iter_mut().zip(self.red.row(row));
                for ((blue, red), pixel) in planes.zip(pixels) {
                    let sums = pixel.map(|sample| i32::from(sample) * 4);
                    (*blue, *red) = (chroma_of(BLUE, sums), chroma_of(RED, sums));
                }
                self.blue.pad(row);
                self.red.pad(row);
            }
        }
        if self.colour == Colour::Quartered {
            self.quarter(pair);
        }
    }

    /// The colour of each two by two pixels of two rows.
    fn quarter(&mut self, row: usize) {
        let [above, below] = &self.pixels;
        let (above, above_edge) = above.as_chunks::<6>();
        let (below, below_edge) = below.as_chunks::<6>();
        let planes = self.blue.row(row).iter_mut().zip(self.red.row(row));
        for ((blue, red), (a, b)) in planes.zip(above.iter().zip(below)) {
            let sum = |i: usize| {
                i32::from(a[i]) + i32::from(a[i + 3]) + i32::from(b[i]) + i32::from(b[i + 3])
            };
            let sums = [sum(0), sum(1), sum(2)];
            (*blue, *red) = (chroma_of(BLUE, sums), chroma_of(RED, sums));
        }
        if let ([a0, a1, a2], [b0, b1, b2]) = (above_edge, below_edge) {
            let sum = |a: &u8, b: &u8| (i32::from(*a) + i32::from(*b)) * 2;
            let sums = [sum(a0, b0), sum(a1, b1), sum(a2, b2)];
            self.blue.row(row)[self.width / 2] = chroma_of(BLUE, sums);
            self.red.row(row)[self.width / 2] = chroma_of(RED, sums);
        }
        self.blue.pad(row);
        self.red.pad(row);
    }

    /// Codes the blocks of the band, unit by unit: brightness, then the two colours.
    fn code(&self, quantizers: &[Quantizer; 2], coders: &mut [Coder; 3], bits: &mut BitWriter) {
        let [luma, chroma] = quantizers;
        let side = self.rows_down();
        let [luma_coder, blue_coder, red_coder] = coders;
        for unit in 0..self.luma.stride / side {
            for y in (0..side).step_by(BLOCK) {
                for x in (0..side).step_by(BLOCK) {
                    let start = y * self.luma.stride + unit * side + x;
                    let block = luma.coefficients(&self.luma.samples[start..], self.luma.stride);
                    luma_coder.code(&block, bits);
                }
            }
            for (plane, coder) in [(&self.blue, &mut *blue_coder), (&self.red, &mut *red_coder)] {
                let start = unit * BLOCK;
                let block = chroma.coefficients(&plane.samples[start..], plane.stride);
                coder.code(&block, bits);
            }
        }
    }
}

/// Shares of red, green and blue, of 2^16. Source: JFIF 1.02, "Conversion to and from RGB".
const LUMA: [i32; 3] = [19_595, 38_470, 7_471];
const BLUE: [i32; 3] = [-11_059, -21_709, 32_768];
const RED: [i32; 3] = [32_768, -27_439, -5_329];

fn luma_of(pixel: [u8; 3]) -> u8 {
    ((weigh(LUMA, pixel.map(i32::from)) + 0x8000) >> 16) as u8
}

/// A colour of the sums of four pixels.
fn chroma_of(shares: [i32; 3], sums: [i32; 3]) -> u8 {
    ((weigh(shares, sums) + (128 << 18) + 0x1_ffff) >> 18) as u8
}

fn weigh(shares: [i32; 3], samples: [i32; 3]) -> i32 {
    shares[0] * samples[0] + shares[1] * samples[1] + shares[2] * samples[2]
}

#[cfg(test)]
mod tests;
