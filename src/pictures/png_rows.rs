//! A PNG, row by row from the decoder, as eight-bit colour.

use std::io::{BufRead, Seek};

use png::{BitDepth, ColorType, Transformations};

use super::fault::PictureFault;
use super::look::Size;
use super::rows::{Ink, Rows};

/// Memory for what a PNG carries beside pixels and we keep while decoding, bytes.
const EXTRAS_BYTES_MAX: usize = 16 << 20;

/// Opens a PNG at its first pixel. Texts and colour profiles, which are compressed and could
/// unfold to anything, are not unfolded.
pub(super) fn open<R: BufRead + Seek>(source: R) -> Result<png::Reader<R>, PictureFault> {
    let limits = png::Limits { bytes: EXTRAS_BYTES_MAX };
    let mut decoder = png::Decoder::new_with_limits(source, limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    Ok(decoder.read_info()?)
}

/// How the rows of the decoder become rows of ours.
pub(super) struct Tones {
    /// Samples a pixel as they come: 1 grey, 2 grey and opaqueness, 3, 4.
    samples: usize,
    /// Two bytes a sample, most significant first.
    wide: bool,
}

impl Tones {
    pub(super) fn of<R: BufRead + Seek>(reader: &png::Reader<R>) -> Result<Self, PictureFault> {
        let (colour, depth) = reader.output_color_type();
        let samples = match colour {
            ColorType::Grayscale => 1,
            ColorType::GrayscaleAlpha => 2,
            ColorType::Rgb => 3,
            ColorType::Rgba => 4,
            ColorType::Indexed => return Err(PictureFault::Unreadable),
        };
        let wide = match depth {
            BitDepth::Eight => false,
            BitDepth::Sixteen => true,
            BitDepth::One | BitDepth::Two | BitDepth::Four => {
                return Err(PictureFault::Unreadable);
            }
        };
        Ok(Self { samples, wide })
    }

    pub(super) fn ink(&self) -> Ink {
        if self.samples.is_multiple_of(2) { Ink::Rgba } else { Ink::Rgb }
    }

    /// Whether a row of the decoder is a row of ours already.
    fn plain(&self) -> bool {
        !self.wide && self.samples >= 3
    }

    /// Makes a row of ours of a row of the decoder, which may be spoiled on the way.
    pub(super) fn convert(&self, raw: &mut [u8], row: &mut [u8]) {
        let narrow = if self.wide { narrow(raw) } else { raw };
        match self.samples {
            1 => {
                for (pixel, grey) in row.chunks_exact_mut(3).zip(narrow) {
                    pixel.fill(*grey);
                }
            }
            2 => {
                for (pixel, tone) in row.chunks_exact_mut(4).zip(narrow.chunks_exact(2)) {
                    pixel.copy_from_slice(&[tone[0], tone[0], tone[0], tone[1]]);
                }
            }
            _ => row.copy_from_slice(&narrow[..row.len()]),
        }
    }
}

/// Rounds sixteen bits a sample to eight, in place.
fn narrow(raw: &mut [u8]) -> &mut [u8] {
    let samples = raw.len() / 2;
    for index in 0..samples {
        let value = u32::from(raw[index * 2]) << 8 | u32::from(raw[index * 2 + 1]);
        raw[index] = super::rows::byte((value * 255 + 32_767) / 65_535);
    }
    &mut raw[..samples]
}

/// The rows of a PNG that is not interlaced. With the last row the file is read to its end, so
/// that one without an end is found out.
pub(super) struct PngRows<R: BufRead + Seek> {
    reader: png::Reader<R>,
    tones: Tones,
    size: Size,
    raw: Vec<u8>,
    rows_left: u32,
}

impl<R: BufRead + Seek> PngRows<R> {
    pub(super) fn new(reader: png::Reader<R>) -> Result<Self, PictureFault> {
        let tones = Tones::of(&reader)?;
        let (width, height) = reader.info().size();
        let line = reader.output_line_size(width).ok_or(PictureFault::Unreadable)?;
        let raw = if tones.plain() { Vec::new() } else { vec![0; line] };
        Ok(Self { reader, tones, size: Size { width, height }, raw, rows_left: height })
    }
}

impl<R: BufRead + Seek> Rows for PngRows<R> {
    fn size(&self) -> Size {
        self.size
    }

    fn ink(&self) -> Ink {
        self.tones.ink()
    }

    fn next_row(&mut self, row: &mut [u8]) -> Result<(), PictureFault> {
        let line = if self.tones.plain() { &mut *row } else { &mut self.raw[..] };
        self.reader.read_row(line)?.ok_or(PictureFault::Truncated)?;
        if !self.tones.plain() {
            self.tones.convert(&mut self.raw, row);
        }
        self.rows_left -= 1;
        if self.rows_left == 0 {
            self.reader.finish()?;
        }
        Ok(())
    }
}
