//! Writing rows as a JPEG, row by row, with an end to its length.

use std::cell::{Cell, RefCell};
use std::io;

use jpeg_encoder::{ImageBuffer, JpegColorType, SamplingFactor};

use super::fault::PictureFault;
use super::look::Size;
use super::rows::AnyRows;

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

impl Press {
    /// Pulls all rows and gives the JPEG. Transparency must be on paper already.
    pub(super) fn print(&self, rows: AnyRows<'_>) -> Result<Vec<u8>, PressError> {
        let Size { width, height } = rows.size();
        let (Ok(width), Ok(height)) = (u16::try_from(width), u16::try_from(height)) else {
            return Err(PictureFault::Unreadable.into());
        };
        let stopped = Cell::new(false);
        let mut page = Page { bytes: Vec::new(), bytes_max: self.bytes_max, stopped: &stopped };
        let plate = Plate {
            width,
            height,
            colour: self.colour,
            stopped: &stopped,
            inked: RefCell::new(Inked {
                rows: [vec![0; rows.row_bytes()], vec![0; rows.row_bytes()]],
                asked: 0,
                fault: None,
                source: rows,
            }),
        };
        let mut encoder = jpeg_encoder::Encoder::new(&mut page, self.quality);
        encoder.set_sampling_factor(match self.colour {
            Colour::Whole => SamplingFactor::F_1_1,
            Colour::Quartered => SamplingFactor::F_2_2,
        });
        let outcome = encoder.encode_image(&plate);
        if let Some(fault) = plate.inked.into_inner().fault {
            return Err(fault.into());
        }
        match outcome {
            Ok(()) => Ok(page.bytes),
            Err(jpeg_encoder::EncodingError::IoError(_)) => Err(PressError::Overflow),
            Err(_) => Err(PictureFault::Unreadable.into()),
        }
    }
}

/// Where the JPEG is written; refuses to grow over its end, and when the picture broke off.
struct Page<'a> {
    bytes: Vec<u8>,
    bytes_max: u64,
    stopped: &'a Cell<bool>,
}

impl io::Write for Page<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stopped.get() || (self.bytes.len() + bytes.len()) as u64 > self.bytes_max {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the encoder asks for rows, in order, the last one again until its blocks are full.
struct Plate<'a> {
    width: u16,
    height: u16,
    colour: Colour,
    stopped: &'a Cell<bool>,
    inked: RefCell<Inked<'a>>,
}

struct Inked<'a> {
    source: AnyRows<'a>,
    /// Two rows, because colour is the mean over two.
    rows: [Vec<u8>; 2],
    /// Rows that the encoder has asked for so far.
    asked: u32,
    fault: Option<PictureFault>,
}

impl ImageBuffer for &Plate<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn fill_buffers(&self, _: u16, buffers: &mut [Vec<u8>; 4]) {
        let mut inked = self.inked.borrow_mut();
        let inked = &mut *inked;
        let [brightness, blue, red, _] = buffers;
        let upper = inked.asked.is_multiple_of(2);
        if upper && inked.fault.is_none() {
            inked.fault = inked.pull(u32::from(self.height)).err();
            self.stopped.set(inked.fault.is_some());
        }
        inked.asked += 1;
        let [above, below] = &inked.rows;
        let row = if upper { above } else { below };
        brightness.extend(row.as_chunks::<3>().0.iter().map(|pixel| luma(*pixel)));
        match self.colour {
            Colour::Whole => {
                blue.extend(row.as_chunks::<3>().0.iter().map(|pixel| chroma(BLUE, *pixel)));
                red.extend(row.as_chunks::<3>().0.iter().map(|pixel| chroma(RED, *pixel)));
            }
            Colour::Quartered if upper => quarter(above, below, blue, red),
            // The encoder takes colour from every second row and column only.
            Colour::Quartered => {
                blue.resize(blue.len() + usize::from(self.width), 0);
                red.resize(red.len() + usize::from(self.width), 0);
            }
        }
    }
}

impl Inked<'_> {
    /// Takes the next two rows; below the last row it stays the last row.
    fn pull(&mut self, height: u32) -> Result<(), PictureFault> {
        let [above, below] = &mut self.rows;
        if self.asked < height {
            self.source.next_row(above)?;
        } else {
            above.copy_from_slice(below);
        }
        if self.asked + 1 < height {
            self.source.next_row(below)
        } else {
            below.copy_from_slice(above);
            Ok(())
        }
    }
}

/// Shares of red, green and blue, of 2^16. Source: JFIF 1.02, "Conversion to and from RGB".
const LUMA: [i32; 3] = [19_595, 38_470, 7_471];
const BLUE: [i32; 3] = [-11_059, -21_709, 32_768];
const RED: [i32; 3] = [32_768, -27_439, -5_329];

fn luma(pixel: [u8; 3]) -> u8 {
    ((weigh(LUMA, pixel.map(i32::from)) + 0x7fff) >> 16) as u8
}

fn chroma(shares: [i32; 3], pixel: [u8; 3]) -> u8 {
    ((weigh(shares, pixel.map(i32::from)) + (128 << 16) + 0x7fff) >> 16) as u8
}

fn weigh(shares: [i32; 3], pixel: [i32; 3]) -> i32 {
    shares[0] * pixel[0] + shares[1] * pixel[1] + shares[2] * pixel[2]
}

/// The colour of each two by two pixels, written twice so that columns stay in step.
fn quarter(above: &[u8], below: &[u8], blue: &mut Vec<u8>, red: &mut Vec<u8>) {
    let (above, above_rest) = above.as_chunks::<6>();
    let (below, below_rest) = below.as_chunks::<6>();
    let colour =
        |shares, sum: [i32; 3]| ((weigh(shares, sum) + (128 << 18) + 0x1_ffff) >> 18) as u8;
    for (a, b) in above.iter().zip(below) {
        let sum = |i: usize| {
            i32::from(a[i]) + i32::from(a[i + 3]) + i32::from(b[i]) + i32::from(b[i + 3])
        };
        let sums = [sum(0), sum(1), sum(2)];
        blue.extend_from_slice(&[colour(BLUE, sums); 2]);
        red.extend_from_slice(&[colour(RED, sums); 2]);
    }
    if let ([a0, a1, a2], [b0, b1, b2]) = (above_rest, below_rest) {
        let sum = |a: &u8, b: &u8| (i32::from(*a) + i32::from(*b)) * 2;
        let sums = [sum(a0, b0), sum(a1, b1), sum(a2, b2)];
        blue.push(colour(BLUE, sums));
        red.push(colour(RED, sums));
    }
}
