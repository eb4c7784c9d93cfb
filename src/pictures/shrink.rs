//! Making a picture smaller by any factor, row by row, by area.
//!
//! Every pixel of the outcome is the mean of exactly the part of the picture that it covers,
//! fractions of pixels included. The mean is taken of the samples as they are stored (sRGB, not
//! linear light), as browsers and chat clients do it. Rows are summed first, so that the sums of
//! one row of the outcome are all that is kept; then each such row is summed across.

use super::fault::PictureFault;
use super::look::Size;
use super::rows::{AnyRows, Ink, Rows, byte};

/// One whole in the fixed-point weights and fractions used here.
const ONE: u64 = 1 << 16;

/// Brings a picture to `size`, which must not be larger than it on either side.
pub(super) fn shrink(inner: AnyRows<'_>, size: Size) -> AnyRows<'_> {
    let from = inner.size();
    debug_assert!(size.width <= from.width && size.height <= from.height);
    if from == size {
        return inner;
    }
    let row = vec![0; inner.row_bytes()];
    Box::new(Shrunk {
        from,
        size,
        sums: vec![0; row.len()],
        bounds: bounds(from.width, size.width),
        row,
        taken: 0,
        made: 0,
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
    /// Weighted sums of rows: a mean times `ONE`.
    sums: Vec<u32>,
    /// Where each pixel of the outcome ends, across.
    bounds: Vec<Bound>,
}

/// A place between two pixels or inside one: `whole` pixels and `part` of the next, of `ONE`.
#[derive(Clone, Copy)]
struct Bound {
    whole: usize,
    part: u32,
}

/// The ends of `to` equal parts of a line of `from` pixels.
fn bounds(from: u32, to: u32) -> Vec<Bound> {
    let (from, to) = (u64::from(from), u64::from(to));
    let bound = |index: u64| {
        let place = index * from;
        Bound { whole: (place / to) as usize, part: (place % to * ONE / to) as u32 }
    };
    (1..=to).map(bound).collect()
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
        let across = Across::new(self.from.width, self.size.width);
        match self.ink() {
            Ink::Rgb => across.mean::<3>(&self.sums, &self.bounds, row),
            Ink::Rgba => across.mean::<4>(&self.sums, &self.bounds, row),
        }
        self.made += 1;
        Ok(())
    }
}

impl Shrunk<'_> {
    /// Sums the rows that the next row of the outcome covers, each by the part that it covers.
    ///
    /// In units of which a row of the picture has `size.height` and a row of the outcome has
    /// `from.height`, both begin at 0 and end together.
    fn sum_rows(&mut self) -> Result<(), PictureFault> {
        let (stored, shown) = (u64::from(self.from.height), u64::from(self.size.height));
        let start = u64::from(self.made) * stored;
        let end = start + stored;
        let weight_to = |place: u64| (place - start) * ONE / stored;
        let mut first = true;
        let mut index = start / shown;
        while index * shown < end {
            if index >= u64::from(self.taken) {
                self.inner.next_row(&mut self.row)?;
                self.taken += 1;
            }
            let from = (index * shown).max(start);
            let to = ((index + 1) * shown).min(end);
            // Sixteen bits, so that eight products are made at a time; a row that is covered
            // wholly and alone loses 1/65536 of its weight.
            let weight = u32::from((weight_to(to) - weight_to(from)).min(ONE - 1) as u16);
            let pairs = self.sums.iter_mut().zip(&self.row);
            if first {
                pairs.for_each(|(sum, sample)| *sum = u32::from(*sample) * weight);
            } else {
                pairs.for_each(|(sum, sample)| *sum += u32::from(*sample) * weight);
            }
            first = false;
            index += 1;
        }
        Ok(())
    }
}

/// Means across one row of sums.
struct Across {
    /// The share of the outcome's pixel that one stored pixel is, times 2^32 and over 2^8.
    share: u64,
}

impl Across {
    fn new(from: u32, to: u32) -> Self {
        Self { share: ((u64::from(to) << 32) / u64::from(from)) >> 8 }
    }

    fn mean<const N: usize>(&self, sums: &[u32], bounds: &[Bound], row: &mut [u8]) {
        let (pixels, _) = sums.as_chunks::<N>();
        // Eight bits of fraction are enough from here; 2^16 pixels of them fit in 32 bits.
        let value = |sum: u32| (sum + 128) >> 8;
        let mut sum = [0_u32; N];
        let mut next = 0;
        for (out, bound) in row.as_chunks_mut::<N>().0.iter_mut().zip(bounds) {
            for pixel in &pixels[next..bound.whole] {
                for (sum, sample) in sum.iter_mut().zip(pixel) {
                    *sum += value(*sample);
                }
            }
            next = bound.whole;
            let mut carried = [0_u32; N];
            if bound.part > 0 {
                for ((sum, carried), sample) in
                    sum.iter_mut().zip(&mut carried).zip(&pixels[bound.whole])
                {
                    let sample = value(*sample);
                    let part = (sample * bound.part) >> 16;
                    *sum += part;
                    *carried = sample - part;
                }
                next += 1;
            }
            for (out, sum) in out.iter_mut().zip(sum) {
                *out = byte(((u64::from(sum) * self.share + (1 << 31)) >> 32) as u32);
            }
            sum = carried;
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
