//! A preview of a picture that keeps to the limits of where it is shown.

use std::fmt;
use std::io::{BufRead, Seek};

use super::check::check_original;
use super::fault::PictureFault;
use super::look::{Limits, Looked, Size};
use super::open::{look_at, open_source};
use super::press::{Colour, Press, PressError};
use super::rows::{on_canvas, on_white};
use super::shrink::shrink;

/// What a preview must keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fit {
    /// The longest file, bytes.
    pub bytes_max: u64,
    /// The most that width and height together may be, pixels.
    pub side_sum_max: u32,
    /// The most that the longer side may be of the shorter.
    pub ratio_max: u32,
    /// The longest side that is of use; `None` keeps the size where the limits allow it.
    pub longest_edge: Option<u32>,
}

impl Fit {
    /// A photo in a Telegram chat. Source: Bot API, `sendPhoto`: 10 MB, width and height together
    /// 10000, ratio 20. Clients show at most 2560 pixels a side.
    pub const TELEGRAM_PHOTO: Self = Self {
        bytes_max: 10_000_000,
        side_sum_max: 10_000,
        ratio_max: 20,
        longest_edge: Some(2560),
    };
}

/// A fitted preview: a JPEG without metadata, upright, on white where it was transparent.
#[derive(Clone, PartialEq, Eq)]
pub struct Fitted {
    /// The file.
    pub bytes: Vec<u8>,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl fmt::Debug for Fitted {
    /// All but the picture, which belongs in no log.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Fitted")
            .field("width", &self.width)
            .field("height", &self.height)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// The quality of a preview that has room: what a chat client makes of it comes after.
const QUALITY: u8 = 88;

/// Below this a smaller picture looks better than a worse one.
const QUALITY_MIN: u8 = 40;

/// Makes a preview. A PNG goes row by row from the decoder to the encoder, scaled on the way, and
/// is never whole in memory; only where the outcome is too long it is read again.
///
/// # Errors
/// What is wrong with the picture; `DoesNotFit` where there is room for almost nothing.
pub fn fit<R: BufRead + Seek>(source: R, fit: &Fit) -> Result<Fitted, PictureFault> {
    fit_within(source, &Limits::ORIGINAL, fit)
}

/// Checks a picture as `check_original` does and, where `wanted` asks for a preview of what it
/// is, makes that in the same pass: to decode a picture is most of the work of either. Without a
/// preview where there is room for almost nothing.
///
/// # Errors
/// As `check_original`.
pub fn check_and_fit<R: BufRead + Seek>(
    mut source: R,
    limits: &Limits,
    wanted: impl FnOnce(&Looked) -> Option<Fit>,
) -> Result<(Looked, Option<Fitted>), PictureFault> {
    let looked = look_at(&mut source, limits)?;
    let Some(wanted) = wanted(&looked) else {
        return Ok((check_original(source, limits)?, None));
    };
    match fit_within(&mut source, limits, &wanted) {
        // A print that is whole has read every pixel and every checksum.
        Ok(fitted) => Ok((looked, Some(fitted))),
        Err(PictureFault::DoesNotFit { .. }) => Ok((check_original(source, limits)?, None)),
        Err(fault) => Err(fault),
    }
}

fn fit_within<R: BufRead + Seek>(
    source: R,
    limits: &Limits,
    fit: &Fit,
) -> Result<Fitted, PictureFault> {
    let mut opened = open_source(source, limits)?;
    let mut plan = Plan::of(opened.looked.shown_size(), fit);
    loop {
        let mut print = |quality| {
            let rows = shrink(on_white(opened.rows()?), plan.picture);
            let press = Press { quality, colour: Colour::Quartered, bytes_max: fit.bytes_max };
            press.print(on_canvas(rows, plan.canvas))
        };
        if let Some(bytes) = best_quality(&mut print)? {
            return Ok(Fitted { bytes, width: plan.canvas.width, height: plan.canvas.height });
        }
        plan = plan.halved().ok_or(PictureFault::DoesNotFit { bytes_max: fit.bytes_max })?;
    }
}

/// Prints at full quality or, where that is too long, at the best of a few that is not.
fn best_quality(
    print: &mut impl FnMut(u8) -> Result<Vec<u8>, PressError>,
) -> Result<Option<Vec<u8>>, PictureFault> {
    let mut attempt = |quality| match print(quality) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(PressError::Overflow) => Ok(None),
        Err(PressError::Fault(fault)) => Err(fault),
    };
    if let Some(bytes) = attempt(QUALITY)? {
        return Ok(Some(bytes));
    }
    let (mut low, mut high) = (QUALITY_MIN, QUALITY);
    let mut best = None;
    while high - low > 5 {
        let middle = u8::midpoint(low, high);
        match attempt(middle)? {
            Some(bytes) => {
                best = Some(bytes);
                low = middle;
            }
            None => high = middle,
        }
    }
    Ok(best)
}

/// How large the picture becomes, and the canvas around it where it is too narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Plan {
    picture: Size,
    canvas: Size,
}

impl Plan {
    fn of(size: Size, fit: &Fit) -> Self {
        let canvas = widen(size, fit.ratio_max);
        // How much of each side stays: `keep` of `whole`.
        let (mut keep, mut whole) = (1_u64, 1_u64);
        let sum = u64::from(canvas.width) + u64::from(canvas.height);
        let edge = u64::from(canvas.longest_edge());
        let sum_max = u64::from(fit.side_sum_max);
        let edge_max = fit.longest_edge.map_or(u64::MAX, u64::from).min(u64::from(u16::MAX));
        for (is, may) in [(sum, sum_max), (edge, edge_max)] {
            if is * keep > may * whole {
                (keep, whole) = (may, is);
            }
        }
        let part = |side: u32| ((u64::from(side) * keep / whole) as u32).max(1);
        let picture = Size { width: part(size.width), height: part(size.height) };
        Self { picture, canvas: widen(picture, fit.ratio_max) }
    }

    fn halved(self) -> Option<Self> {
        let half =
            |size: Size| Size { width: size.width.div_ceil(2), height: size.height.div_ceil(2) };
        let next = Self { picture: half(self.picture), canvas: half(self.canvas) };
        (next != self).then_some(next)
    }
}

/// The smallest canvas for a picture with sides in a ratio of at most `ratio_max`.
fn widen(size: Size, ratio_max: u32) -> Size {
    let shortest = size.longest_edge().div_ceil(ratio_max.max(1));
    Size { width: size.width.max(shortest), height: size.height.max(shortest) }
}

#[cfg(test)]
mod tests;
