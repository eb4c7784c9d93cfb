//! Pictures that no decoder gives row by row: JPEG, WebP and GIF, whole and within limits.

use std::io::Cursor;

use image::ImageDecoder as _;
use image::codecs::webp::WebPDecoder;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::fault::PictureFault;
use super::look::{Looked, PictureKind, Size, count_scans};
use super::rows::{Ink, Whole};

/// Decodes a file that was looked at and is within limits. A PNG comes from `png_rows`.
pub(super) fn decode(looked: &Looked, file: &[u8]) -> Result<Whole, PictureFault> {
    let whole = match looked.kind {
        PictureKind::Jpeg => decode_jpeg(looked, file)?,
        PictureKind::Webp => decode_webp(looked, file)?,
        PictureKind::Gif => decode_gif(looked, file)?,
        // It comes row by row.
        PictureKind::Png => return Err(PictureFault::Unreadable),
    };
    // What was checked before decoding must be what came out.
    let bytes = whole.size.pixels() as usize * whole.ink.samples();
    if whole.size != looked.size() || whole.samples.len() != bytes {
        return Err(PictureFault::Unreadable);
    }
    Ok(whole)
}

/// The most scans of a progressive JPEG; encoders write 6 to 14.
const SCANS_MAX: usize = 64;

/// The most pixels times scans: what bounds the time, as each scan goes over the whole picture.
const PIXEL_SCANS_MAX: u64 = 400_000_000;

fn decode_jpeg(looked: &Looked, file: &[u8]) -> Result<Whole, PictureFault> {
    let scans = count_scans(file)?;
    let pixel_scans = looked.size().pixels() * scans as u64;
    if scans > SCANS_MAX || (scans > 4 && pixel_scans > PIXEL_SCANS_MAX) {
        return Err(PictureFault::TooCostly { memory: pixel_scans, memory_max: PIXEL_SCANS_MAX });
    }
    let options = DecoderOptions::default()
        .set_max_width(looked.width as usize)
        .set_max_height(looked.height as usize)
        .jpeg_set_max_scans(SCANS_MAX)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    let samples = decoder.decode().map_err(|_| PictureFault::Unreadable)?;
    let (width, height) = decoder.dimensions().ok_or(PictureFault::Unreadable)?;
    Ok(Whole { size: Size { width: width as u32, height: height as u32 }, ink: Ink::Rgb, samples })
}

fn decode_webp(looked: &Looked, file: &[u8]) -> Result<Whole, PictureFault> {
    let mut decoder = WebPDecoder::new(Cursor::new(file)).map_err(webp_fault)?;
    let mut limits = image::Limits::no_limits();
    limits.max_image_width = Some(looked.width);
    limits.max_image_height = Some(looked.height);
    limits.max_alloc = Some(looked.memory);
    decoder.set_limits(limits).map_err(webp_fault)?;
    let (width, height) = decoder.dimensions();
    let ink = if decoder.color_type().has_alpha() { Ink::Rgba } else { Ink::Rgb };
    let mut samples = vec![0; looked.size().pixels() as usize * ink.samples()];
    if decoder.total_bytes() != samples.len() as u64 {
        return Err(PictureFault::Unreadable);
    }
    decoder.read_image(&mut samples).map_err(webp_fault)?;
    Ok(Whole { size: Size { width, height }, ink, samples })
}

fn webp_fault(error: image::ImageError) -> PictureFault {
    match error {
        image::ImageError::IoError(error) => error.into(),
        _ => PictureFault::Unreadable,
    }
}

fn decode_gif(looked: &Looked, file: &[u8]) -> Result<Whole, PictureFault> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    options.check_frame_consistency(true);
    options.set_memory_limit(gif::MemoryLimit::Bytes(
        std::num::NonZeroU64::new(looked.memory).ok_or(PictureFault::Unreadable)?,
    ));
    let mut decoder = options.read_info(file).map_err(gif_fault)?;
    let frame = decoder.read_next_frame().map_err(gif_fault)?.ok_or(PictureFault::Truncated)?;
    let size = looked.size();
    let stride = size.width as usize * 4;
    let left = usize::from(frame.left) * 4;
    let frame_stride = usize::from(frame.width) * 4;
    let mut samples = vec![0; stride * size.height as usize];
    let rows = samples.chunks_exact_mut(stride).skip(usize::from(frame.top));
    for (row, part) in rows.zip(frame.buffer.chunks_exact(frame_stride.max(1))) {
        // Consistency was asked for: the frame lies inside the screen.
        row.get_mut(left..left + frame_stride)
            .ok_or(PictureFault::Unreadable)?
            .copy_from_slice(part);
    }
    Ok(Whole { size, ink: Ink::Rgba, samples })
}

fn gif_fault(error: gif::DecodingError) -> PictureFault {
    match error {
        gif::DecodingError::Io(error) => error.into(),
        _ => PictureFault::Unreadable,
    }
}
