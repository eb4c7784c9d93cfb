//! Some rows of a picture while it is painted.
//!
//! Everything in a scene is placed in units of the picture's shorter side, from the top left, so
//! that the same scene can be painted in every size. A band has the rows that one thread paints at
//! a time; the rows of a reflection are not even in order.

use super::color::Rgb;

/// The size of a scene, in pixels and in units.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Pixels a unit.
    pub(super) scale: f32,
    width: f32,
    height: f32,
}

impl Frame {
    /// Of so many pixels, with so many of them a unit.
    pub(super) fn new(columns: usize, rows: usize, scale: f32) -> Self {
        let (width, height) = (columns as f32 / scale, rows as f32 / scale);
        Self { columns, rows, scale, width, height }
    }

    /// Of the same units in fewer pixels, so that the scene is composed the same.
    pub(super) fn coarser(self, part: f32) -> Self {
        // A scene needs a few rows to be seen at all.
        let part = part.max(16.0 / self.columns.min(self.rows) as f32).min(1.0);
        let fewer = |count: usize| (count as f32 * part).round() as usize;
        let columns = fewer(self.columns);
        let scale = columns as f32 / self.width;
        Self { columns, rows: fewer(self.rows), scale, ..self }
    }

    pub(super) fn width(&self) -> f32 {
        self.width
    }

    pub(super) fn height(&self) -> f32 {
        self.height
    }

    /// The middle of a column.
    pub(super) fn x(&self, column: usize) -> f32 {
        (column as f32 + 0.5) / self.scale
    }

    /// A value for each column, by its x.
    pub(super) fn columns_by(&self, value: impl FnMut(f32) -> f32) -> Vec<f32> {
        (0..self.columns).map(|column| self.x(column)).map(value).collect()
    }
}

/// Colour, and how much of it covers what is below; premultiplied.
pub(super) type Pixel = [f32; 4];

/// Lays paint over a pixel.
#[inline]
pub(super) fn cover(pixel: &mut Pixel, color: Rgb, part: f32) {
    let rest = 1.0 - part;
    pixel[0] = pixel[0] * rest + color.0[0] * part;
    pixel[1] = pixel[1] * rest + color.0[1] * part;
    pixel[2] = pixel[2] * rest + color.0[2] * part;
    pixel[3] = pixel[3] * rest + part;
}

/// Adds light to a pixel.
#[inline]
pub(super) fn shine(pixel: &mut Pixel, light: Rgb, strength: f32) {
    pixel[0] += light.0[0] * strength;
    pixel[1] += light.0[1] * strength;
    pixel[2] += light.0[2] * strength;
}

/// Rows under the brush.
#[derive(Debug)]
pub(super) struct Band {
    pub(super) frame: Frame,
    /// The middle of each row, in units.
    pub(super) ys: Vec<f32>,
    /// The number of the first row, where the rows follow each other.
    pub(super) first: Option<usize>,
    pub(super) pixels: Vec<Pixel>,
}

impl Band {
    /// Rows that follow each other, still empty.
    pub(super) fn new(frame: Frame, first: usize, count: usize) -> Self {
        let ys = (first..first + count).map(|row| (row as f32 + 0.5) / frame.scale).collect();
        Self { frame, ys, first: Some(first), pixels: vec![[0.0; 4]; count * frame.columns] }
    }

    /// Rows anywhere.
    pub(super) fn scattered(frame: Frame, ys: Vec<f32>) -> Self {
        let pixels = vec![[0.0; 4]; ys.len() * frame.columns];
        Self { frame, ys, first: None, pixels }
    }

    /// Each row with its y.
    pub(super) fn rows_mut(&mut self) -> impl Iterator<Item = (f32, &mut [Pixel])> {
        let rows = self.pixels.chunks_exact_mut(self.frame.columns);
        self.ys.iter().copied().zip(rows)
    }
}

/// Something that can be painted on any rows of a scene.
pub(super) trait Layer: Send + Sync {
    /// Paints the part of itself that lies in the band.
    fn paint(&self, band: &mut Band);
}

/// Values of something smooth along a row: worked out every few columns, straight between.
#[derive(Debug)]
pub(super) struct Along<const N: usize> {
    knots: Vec<[f32; N]>,
    step: usize,
    per_step: f32,
}

impl<const N: usize> Along<N> {
    /// With this many knots a unit (never more than there are columns).
    pub(super) fn new(frame: Frame, knots: f32, mut value: impl FnMut(f32) -> [f32; N]) -> Self {
        let step = ((frame.scale / knots) as usize).max(1);
        let count = frame.columns / step + 2;
        let knots = (0..count).map(|knot| value(frame.x(knot * step))).collect();
        Self { knots, step, per_step: 1.0 / step as f32 }
    }

    #[inline]
    pub(super) fn at(&self, column: usize) -> [f32; N] {
        let knot = column / self.step;
        let part = (column - knot * self.step) as f32 * self.per_step;
        let (from, to) = (&self.knots[knot], &self.knots[knot + 1]);
        std::array::from_fn(|index| from[index] + (to[index] - from[index]) * part)
    }
}
