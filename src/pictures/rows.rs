//! A picture as rows that are pulled one by one, so that it is never whole in memory.

use image::metadata::Orientation;

use super::fault::PictureFault;
use super::look::Size;

/// What the samples of a row are, eight bits each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue and how opaque it is, colours not multiplied.
    Rgba,
}

impl Ink {
    /// Samples, which are bytes, a pixel.
    pub(super) fn samples(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// A picture that comes row by row, from the top.
pub(super) trait Rows {
    /// Its size; as many rows as its height can be asked for.
    fn size(&self) -> Size;
    /// What its samples are.
    fn ink(&self) -> Ink;
    /// Writes the next row into `row`, whose length is `row_bytes`.
    fn next_row(&mut self, row: &mut [u8]) -> Result<(), PictureFault>;

    /// The length of a row, bytes.
    fn row_bytes(&self) -> usize {
        self.size().width as usize * self.ink().samples()
    }
}

/// Rows from anywhere.
pub(super) type AnyRows<'a> = Box<dyn Rows + 'a>;

/// Lays what is transparent on white paper; leaves what is opaque alone.
pub(super) fn on_white(inner: AnyRows<'_>) -> AnyRows<'_> {
    match inner.ink() {
        Ink::Rgb => inner,
        Ink::Rgba => Box::new(OnWhite { row: vec![0; inner.row_bytes()], inner }),
    }
}

struct OnWhite<'a> {
    inner: AnyRows<'a>,
    row: Vec<u8>,
}

impl Rows for OnWhite<'_> {
    fn size(&self) -> Size {
        self.inner.size()
    }

    fn ink(&self) -> Ink {
        Ink::Rgb
    }

    fn next_row(&mut self, row: &mut [u8]) -> Result<(), PictureFault> {
        self.inner.next_row(&mut self.row)?;
        for (out, pixel) in row.chunks_exact_mut(3).zip(self.row.chunks_exact(4)) {
            let opaque = u32::from(pixel[3]);
            let paper = 255 * (255 - opaque) + 127;
            for (sample, colour) in out.iter_mut().zip(pixel) {
                *sample = byte((u32::from(*colour) * opaque + paper) / 255);
            }
        }
        Ok(())
    }
}

/// Puts a picture in the middle of a larger white canvas.
pub(super) fn on_canvas(inner: AnyRows<'_>, canvas: Size) -> AnyRows<'_> {
    let size = inner.size();
    if size == canvas {
        return inner;
    }
    Box::new(OnCanvas {
        left: (canvas.width.saturating_sub(size.width) / 2) as usize,
        top: canvas.height.saturating_sub(size.height) / 2,
        row: 0,
        canvas,
        inner,
    })
}

struct OnCanvas<'a> {
    inner: AnyRows<'a>,
    canvas: Size,
    left: usize,
    top: u32,
    row: u32,
}

impl Rows for OnCanvas<'_> {
    fn size(&self) -> Size {
        self.canvas
    }

    fn ink(&self) -> Ink {
        self.inner.ink()
    }

    fn next_row(&mut self, row: &mut [u8]) -> Result<(), PictureFault> {
        row.fill(255);
        let inside = self.top..self.top + self.inner.size().height;
        if inside.contains(&self.row) {
            let start = self.left * self.ink().samples();
            self.inner.next_row(&mut row[start..start + self.inner.row_bytes()])?;
        }
        self.row += 1;
        Ok(())
    }
}

/// A whole picture in memory, for what cannot come row by row.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) size: Size,
    pub(super) ink: Ink,
    pub(super) samples: Vec<u8>,
}

impl Whole {
    /// Its rows, turned upright.
    pub(super) fn rows(&self, orientation: Orientation) -> AnyRows<'_> {
        Box::new(WholeRows { whole: self, path: Path::of(self.size, orientation), row: 0 })
    }
}

/// How to walk over the stored pixels so that they come out upright: pixel (x, y) of the outcome
/// is stored at `start + x * across + y * down`.
struct Path {
    size: Size,
    start: isize,
    across: isize,
    down: isize,
}

impl Path {
    fn of(stored: Size, orientation: Orientation) -> Self {
        let (width, height) = (stored.width as isize, stored.height as isize);
        let turned = Size { width: stored.height, height: stored.width };
        let (right, bottom) = (width - 1, (height - 1) * width);
        let (size, start, across, down) = match orientation {
            Orientation::NoTransforms => (stored, 0, 1, width),
            Orientation::FlipHorizontal => (stored, right, -1, width),
            Orientation::Rotate180 => (stored, bottom + right, -1, -width),
            Orientation::FlipVertical => (stored, bottom, 1, -width),
            Orientation::Rotate90FlipH => (turned, 0, width, 1),
            Orientation::Rotate90 => (turned, bottom, -width, 1),
            Orientation::Rotate270FlipH => (turned, bottom + right, -width, -1),
            Orientation::Rotate270 => (turned, right, width, -1),
        };
        Self { size, start, across, down }
    }
}

struct WholeRows<'a> {
    whole: &'a Whole,
    path: Path,
    row: u32,
}

impl Rows for WholeRows<'_> {
    fn size(&self) -> Size {
        self.path.size
    }

    fn ink(&self) -> Ink {
        self.whole.ink
    }

    fn next_row(&mut self, row: &mut [u8]) -> Result<(), PictureFault> {
        let samples = self.ink().samples();
        let stored = &self.whole.samples;
        let mut place = self.path.start + self.row as isize * self.path.down;
        if self.path.across == 1 {
            let start = place.unsigned_abs() * samples;
            row.copy_from_slice(&stored[start..start + row.len()]);
        } else {
            for pixel in row.chunks_exact_mut(samples) {
                let start = place.unsigned_abs() * samples;
                pixel.copy_from_slice(&stored[start..start + samples]);
                place += self.path.across;
            }
        }
        self.row += 1;
        Ok(())
    }
}

/// A sample from a wider sum that is known to fit.
pub(super) fn byte(value: u32) -> u8 {
    debug_assert!(value < 256);
    value as u8
}
