//! The header of a JPEG, and a count of its scans.

use memchr::memchr;

use super::{Looked, Orientation, PictureKind, Size, big_u16, orientation_of, sized};
use crate::pictures::fault::{OtherKind, PictureFault};

/// One component (brightness, colour) of the frame: how finely it is sampled.
#[derive(Clone, Copy, Default)]
struct Sampling {
    across: u32,
    down: u32,
}

/// What the frame header says.
struct Frame {
    size: Size,
    progressive: bool,
    components: usize,
    sampling: [Sampling; 4],
}

/// Segments up to the first scan: `ff` marker · u16 length, itself included · data.
pub(super) fn examine(header: &[u8]) -> Result<Looked, PictureFault> {
    let mut orientation = Orientation::NoTransforms;
    let mut frame = None;
    let mut at = 2_usize;
    let first_scan = loop {
        let (marker, data) = segment(header, &mut at)?;
        match marker {
            0xe1 => {
                if let Some(exif) = data.strip_prefix(b"Exif\0\0") {
                    orientation = orientation_of(exif);
                }
            }
            // Only one frame header: a second could be larger than the one that was checked.
            0xc0..=0xc2 if frame.is_none() => frame = Some(read_frame(marker, data)?),
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Err(PictureFault::KindUnsupported(OtherKind::RareJpeg));
            }
            0xc0..=0xc2 | 0xd9 => return Err(PictureFault::Unreadable),
            0xda => break data,
            _ => {}
        }
    };
    let frame = frame.ok_or(PictureFault::Unreadable)?;
    let in_first_scan = usize::from(*first_scan.first().ok_or(PictureFault::Truncated)?);
    let kept = frame.progressive || in_first_scan < frame.components;
    Ok(Looked {
        kind: PictureKind::Jpeg,
        width: frame.size.width,
        height: frame.size.height,
        orientation,
        has_alpha: false,
        animated: false,
        memory: frame.memory(kept),
    })
}

/// Counts the scans of a whole JPEG, for each of which a decoder goes over all of the picture.
///
/// # Errors
/// `Truncated` when the end marker is missing.
pub(in crate::pictures) fn count_scans(file: &[u8]) -> Result<usize, PictureFault> {
    let mut scans = 0;
    let mut at = 2_usize;
    loop {
        let (marker, _) = segment(file, &mut at)?;
        match marker {
            0xd9 => return Ok(scans),
            0xda => {
                scans += 1;
                at = skip_scan(file, at)?;
            }
            _ => {}
        }
    }
}

/// Finds where the compressed data of a scan ends: at the first marker that is neither an escaped
/// `ff 00`, a fill byte, nor a restart.
fn skip_scan(file: &[u8], mut at: usize) -> Result<usize, PictureFault> {
    loop {
        let rest = file.get(at..).ok_or(PictureFault::Truncated)?;
        at += memchr(0xff, rest).ok_or(PictureFault::Truncated)?;
        match file.get(at + 1).ok_or(PictureFault::Truncated)? {
            0x00 | 0xd0..=0xd7 => at += 2,
            0xff => at += 1,
            _ => return Ok(at),
        }
    }
}

/// Takes the next segment at `at` and moves past it. Markers without data give an empty segment.
fn segment<'a>(file: &'a [u8], at: &mut usize) -> Result<(u8, &'a [u8]), PictureFault> {
    // Some cameras leave zeros between segments; every decoder skips to the next marker.
    let rest = file.get(*at..).ok_or(PictureFault::Truncated)?;
    let mut place = *at + memchr(0xff, rest).ok_or(PictureFault::Truncated)?;
    while *file.get(place).ok_or(PictureFault::Truncated)? == 0xff {
        place += 1;
    }
    let marker = *file.get(place).ok_or(PictureFault::Truncated)?;
    if matches!(marker, 0x00 | 0x01 | 0xd0..=0xd9) {
        *at = place + 1;
        return Ok((marker, &[]));
    }
    let length = usize::from(big_u16(file, place + 1)?);
    let data = file.get(place + 3..place + 1 + length).ok_or(PictureFault::Truncated)?;
    *at = place + 1 + length;
    Ok((marker, data))
}

/// u8 bits · u16 height · u16 width · u8 components · each: u8 id, u4 across, u4 down, u8 table.
fn read_frame(marker: u8, data: &[u8]) -> Result<Frame, PictureFault> {
    let size = sized(u32::from(big_u16(data, 3)?), u32::from(big_u16(data, 1)?))?;
    let components = usize::from(*data.get(5).ok_or(PictureFault::Truncated)?);
    if data.first() != Some(&8) {
        return Err(PictureFault::KindUnsupported(OtherKind::RareJpeg));
    }
    if !matches!(components, 1 | 3 | 4) {
        return Err(PictureFault::Unreadable);
    }
    let mut sampling = [Sampling::default(); 4];
    for (index, component) in sampling.iter_mut().take(components).enumerate() {
        let factors = u32::from(*data.get(7 + index * 3).ok_or(PictureFault::Truncated)?);
        *component = Sampling { across: factors >> 4, down: factors & 15 };
        if !(1..=4).contains(&component.across) || !(1..=4).contains(&component.down) {
            return Err(PictureFault::Unreadable);
        }
    }
    Ok(Frame { size, progressive: marker == 0xc2, components, sampling })
}

impl Frame {
    /// The outcome, three bytes a pixel; and where the picture comes in several passes
    /// (`kept`), two bytes for every coefficient of every component.
    fn memory(&self, kept: bool) -> u64 {
        let used = &self.sampling[..self.components];
        let across = used.iter().map(|sampling| sampling.across).max().unwrap_or(1);
        let down = used.iter().map(|sampling| sampling.down).max().unwrap_or(1);
        let blocks = u64::from(self.size.width.div_ceil(8 * across))
            * u64::from(self.size.height.div_ceil(8 * down));
        let in_block: u32 = used.iter().map(|sampling| sampling.across * sampling.down).sum();
        let coefficients = if kept { blocks * u64::from(in_block) * 64 * 2 } else { 0 };
        // Rows of blocks on their way from coefficients to pixels.
        let rows = u64::from(self.size.width) * 8 * 4 * 16;
        self.size.pixels() * 3 + coefficients + rows
    }
}
