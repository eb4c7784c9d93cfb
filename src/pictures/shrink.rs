//! Making a picture smaller by any factor, row by row, by area.
//!
//! Every pixel of the outcome is the mean of exactly the part of the picture that it covers,
//! fractions of pixels included. The mean is taken of the samples as they are stored (sRGB, not
//! linear light), as browsers and chat clients do it. Rows are summed first, so that the sums of
//! one row of the outcome are all that is kept; then each such row is summed across. Sums are as
//! narrow as they can be, because the width of a sum is what this costs.

use super::fault::PictureFault;
use super::look::Size;
use super::rows::{AnyRows, Ink, Rows, byte};

/// One whole in the fixed-point weights used here.
const ONE: u64 = 1 << 16;

/// Fewer rows than this are summed in sixteen bits: each is rounded down by less than 1/256.
const NARROW_ROWS: u32 = 16;

/// Brings a picture to `size`, which must not be larger than it on either side.
pub(super) fn shrink(inner: AnyRows<'_>, size: Size) -> AnyRows<'_> {
    let from = inner.size();
    debug_assert!(size.width <= from.width && size.height <= from.height);
    if from == size {
        return inner;
    }
    let bytes = inner.row_bytes();
    let narrow = from.height / size.height < NARROW_ROWS;
    Box::new(Shrunk {
        from,
        size,
        row: vec![0; bytes],
        taken: 0,
        made: 0,
        wide: if narrow { Vec::new() } else { vec![0; bytes] },
        values: vec![0; bytes],
        shares: Shares::new(from.width, size.width),
        inner,
    })
}

struct Shrunk<'a> {
    inner: AnyRows<'a>,
    from: Size,
    size: Size,
    /// The row of the picture that was taken last.
    row: Vec<u8>,
    /// Rows of the picture taken so far.
    taken: u32,
    /// Rows of the outcome made so far.
    made: u32,
    /// Weighted sums of so many rows that sixteen bits are too few: means times `ONE`.
    wide: Vec<u32>,
    /// Means of rows, times 256.
    values: Vec<u16>,
    /// What each pixel of the outcome covers, across.
    shares: Shares,
}

impl Rows for Shrunk<'_> {
    fn size(&self) -> Size {
        self.size
    }

    fn ink(&self) -> Ink {
        self.inner.ink()
    }

    fn next_row(&mut self, row: &mut [u8]) -> Result<(), PictureFault> {
        self.sum_rows()?;
        match self.ink() {
            Ink::Rgb => self.shares.mean::<3>(&self.values, row),
            Ink::Rgba => self.shares.mean::<4>(&self.values, row),
        }
        self.made += 1;
        Ok(())
    }
}

impl Shrunk<'_> {
    /// Sums the rows that the next row of the outcome covers, each by the part that it covers.
    fn sum_rows(&mut self) -> Result<(), PictureFault> {
        let covered = Covered::of(self.made, self.from.height, self.size.height);
        let mut first = true;
        for (index, weight) in covered {
            if index >= self.taken {
                self.inner.next_row(&mut self.row)?;
                self.taken += 1;
            }
            if self.wide.is_empty() {
                add_narrow(&mut self.values, &self.row, weight, first);
            } else {
                add_wide(&mut self.wide, &self.row, weight, first);
            }
            first = false;
        }
        for (value, sum) in self.values.iter_mut().zip(&self.wide) {
            *value = ((sum + 128) >> 8) as u16;
        }
        Ok(())
    }
}

/// Adds a weighted row to sums of sixteen bits, eight of which are a fraction.
fn add_narrow(sums: &mut [u16], row: &[u8], weight: u16, first: bool) {
    // The product's upper sixteen bits of 24, by products that fit in sixteen each.
    let [high, low] = weight.to_be_bytes().map(u16::from);
    let part = |sample: &u8| u16::from(*sample) * high + ((u16::from(*sample) * low) >> 8);
    let pairs = sums.iter_mut().zip(row);
    if first {
        pairs.for_each(|(sum, sample)| *sum = part(sample));
    } else {
        pairs.for_each(|(sum, sample)| *sum += part(sample));
    }
}

/// Adds a weighted row to sums of 32 bits, sixteen of which are a fraction.
fn add_wide(sums: &mut [u32], row: &[u8], weight: u16, first: bool) {
    let part = |sample: &u8| u32::from(*sample) * u32::from(weight);
    let pairs = sums.iter_mut().zip(row);
    if first {
        pairs.for_each(|(sum, sample)| *sum = part(sample));
    } else {
        pairs.for_each(|(sum, sample)| *sum += part(sample));
    }
}

/// The parts of a line that one of `to` equal parts covers, and the weight of each, of `ONE`.
///
/// In units of which a part of the line has `to` and a part of the outcome has `from`, both begin
/// at 0 and end together.
struct Covered {
    from: u64,
    to: u64,
    start: u64,
    index: u64,
}

impl Covered {
    fn of(part: u32, from: u32, to: u32) -> Self {
        let (from, to) = (u64::from(from), u64::from(to));
        let start = u64::from(part) * from;
        Self { from, to, start, index: start / to }
    }
}

impl Iterator for Covered {
    type Item = (u32, u16);

    fn next(&mut self) -> Option<(u32, u16)> {
        let end = self.start + self.from;
        let (begins, ends) = (self.index * self.to, (self.index + 1) * self.to);
        if begins >= end {
            return None;
        }
        let weight_to = |place: u64| (place - self.start) * ONE / self.from;
        let weight = weight_to(ends.min(end)) - weight_to(begins.max(self.start));
        let index = self.index as u32;
        self.index += 1;
        // What covers one part wholly and alone loses 1/65536 of its weight.
        Some((index, weight.min(ONE - 1) as u16))
    }
}

/// What each pixel of the outcome covers across.
struct Shares {
    /// The first pixel and how many, for each of the outcome.
    spans: Vec<(u32, u32)>,
    /// The weights of all of them, one after the other.
    weights: Vec<u16>,
}

impl Shares {
    fn new(from: u32, to: u32) -> Self {
        let mut weights = Vec::new();
        let span = |part| {
            let before = weights.len();
            let first = Covered::of(part, from, to).index as u32;
            weights.extend(Covered::of(part, from, to).map(|(_, weight)| weight));
            (first, (weights.len() - before) as u32)
        };
        let spans = (0..to).map(span).collect();
        Self { spans, weights }
    }

    /// The means across of `values`, pixels of `N` samples.
    fn mean<const N: usize>(&self, values: &[u16], row: &mut [u8]) {
        let (pixels, _) = values.as_chunks::<N>();
        let mut weights = &self.weights[..];
        for (out, (first, count)) in row.as_chunks_mut::<N>().0.iter_mut().zip(&self.spans) {
            let (own, others) = weights.split_at(*count as usize);
            weights = others;
            // 65280 * 65536 and the half of 2^24 stay under 2^32.
            let mut sums = [1_u32 << 23; N];
            for (weight, pixel) in own.iter().zip(&pixels[*first as usize..]) {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += u32::from(*value) * u32::from(*weight);
                }
            }
            *out = sums.map(|sum| byte(sum >> 24));
        }
    }
}

/// Multiplies colours by how opaque they are, so that what is transparent weighs nothing in a
/// mean, and divides the means again.
pub(super) fn shrink_transparent(inner: AnyRows<'_>, size: Size) -> AnyRows<'_> {
    match inner.ink() {
        Ink::Rgb => shrink(inner, size),
        Ink::Rgba if inner.size() == size => inner,
        Ink::Rgba => {
            let multiplied: AnyRows<'_> = Box::new(Mapped { inner, map: multiply });
            Box::new(Mapped { inner: shrink(multiplied, size), map: divide })
        }
    }
}

struct Mapped<'a> {
    inner: AnyRows<'a>,
    map: fn(&mut [u8; 4]),
}

impl Rows for Mapped<'_> {
    fn size(&self) -> Size {
        self.inner.size()
    }

    fn ink(&self) -> Ink {
        self.inner.ink()
    }

    fn next_row(&mut self, row: &mut [u8]) -> Result<(), PictureFault> {
        self.inner.next_row(row)?;
        row.as_chunks_mut::<4>().0.iter_mut().for_each(self.map);
        Ok(())
    }
}

fn multiply(pixel: &mut [u8; 4]) {
    let [colours @ .., opaque] = pixel;
    for colour in colours {
        *colour = byte((u32::from(*colour) * u32::from(*opaque) + 127) / 255);
    }
}

fn divide(pixel: &mut [u8; 4]) {
    let [colours @ .., opaque] = pixel;
    let opaque = u32::from(*opaque).max(1);
    for colour in colours {
        *colour = byte(((u32::from(*colour) * 255 + opaque / 2) / opaque).min(255));
    }
}

#[cfg(test)]
mod tests;
