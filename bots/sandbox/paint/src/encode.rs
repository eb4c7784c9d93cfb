//! Pixels to files: PNG, JPEG and WebP, each stamped with its nonce.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};
use serde::{Deserialize, Serialize};

use crate::nonce::{CELLS, KEYWORD, Nonce, edge_height};

/// What `output_format` may say. The stand-in has no models with `gif` or `svg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Lossless, the default.
    Png,
    /// Lossy, never transparent.
    Jpeg,
    /// Lossless here; the real one compresses.
    Webp,
}

impl Format {
    /// As the API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
        }
    }
}

/// Pixels of one picture, 8 bits a channel, rows from the top.
#[derive(Debug, Clone)]
pub struct Pixels {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// 3 for RGB, 4 for RGBA.
    pub channels: usize,
    /// Row by row, without gaps.
    pub bytes: Vec<u8>,
}

/// Encodes, after writing the nonce into the pixels and the file.
///
/// `compression` is `output_compression`, 0 to 100, and means JPEG quality.
pub fn encode(mut pixels: Pixels, nonce: Nonce, format: Format, compression: u8) -> Vec<u8> {
    stamp_edge(&mut pixels, nonce);
    if format != Format::Jpeg {
        stamp_low_bits(&mut pixels, nonce);
    }
    match format {
        Format::Png => png(&pixels, nonce),
        Format::Jpeg => jpeg(pixels, nonce, compression.max(10)),
        Format::Webp => webp(&pixels),
    }
}

fn stamp_edge(pixels: &mut Pixels, nonce: Nonce) {
    const BRIGHT: [u8; 4] = [228, 168, 84, 255];
    const DARK: [u8; 4] = [27, 24, 26, 255];
    let channels = pixels.channels;
    let row_bytes = pixels.width as usize * channels;
    let cells: Vec<bool> = nonce.cells().collect();
    let mut row = Vec::with_capacity(row_bytes);
    for x in 0..pixels.width {
        let bright = cells[(x * CELLS / pixels.width) as usize];
        row.extend_from_slice(&if bright { BRIGHT } else { DARK }[..channels]);
    }
    let rows = edge_height(pixels.height) as usize;
    for target in pixels.bytes.chunks_exact_mut(row_bytes).rev().take(rows) {
        target.copy_from_slice(&row);
    }
}

fn stamp_low_bits(pixels: &mut Pixels, nonce: Nonce) {
    let blues = pixels.bytes.chunks_exact_mut(pixels.channels).map(|pixel| &mut pixel[2]);
    for (blue, bit) in blues.zip(nonce.cells()) {
        *blue = *blue & 0xfe | u8::from(bit);
    }
}

fn png(pixels: &Pixels, nonce: Nonce) -> Vec<u8> {
    let mut file = Vec::with_capacity(pixels.bytes.len() / 2);
    let mut encoder = png::Encoder::new(&mut file, pixels.width, pixels.height);
    let color = if pixels.channels == 4 { png::ColorType::Rgba } else { png::ColorType::Rgb };
    encoder.set_color(color);
    encoder.set_compression(png::Compression::Fast);
    encoder
        .add_text_chunk(KEYWORD.to_owned(), hex::encode(nonce.bytes()))
        .expect("the keyword is plain and short");
    let mut writer = encoder.write_header().expect("a Vec takes every byte");
    writer.write_image_data(&pixels.bytes).expect("the buffer has the size of the header");
    writer.finish().expect("a Vec takes every byte");
    file
}

fn jpeg(pixels: Pixels, nonce: Nonce, quality: u8) -> Vec<u8> {
    let rgb = if pixels.channels == 4 {
        let over_white = |pixel: &[u8]| {
            let alpha = u16::from(pixel[3]);
            [0, 1, 2].map(|channel| {
                let mixed = u16::from(pixel[channel]) * alpha + 255 * (255 - alpha);
                u8::try_from(mixed / 255).unwrap_or(u8::MAX)
            })
        };
        pixels.bytes.chunks_exact(4).flat_map(over_white).collect()
    } else {
        pixels.bytes
    };
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality)
        .write_image(&rgb, pixels.width, pixels.height, ExtendedColorType::Rgb8)
        .expect("the buffer has the size that was named");
    let comment = format!("{KEYWORD} {}", hex::encode(nonce.bytes()));
    insert_comment(&mut file, &comment);
    file
}

/// Puts a COM segment after the JFIF header, which has to stay first.
fn insert_comment(file: &mut Vec<u8>, text: &str) {
    let after_start = match file.get(2..6) {
        Some(&[0xff, 0xe0, high, low]) => 4 + usize::from(u16::from_be_bytes([high, low])),
        _ => 2,
    };
    let length = u16::try_from(text.len() + 2).expect("a nonce is short").to_be_bytes();
    let segment = [0xff, 0xfe].into_iter().chain(length).chain(text.bytes());
    file.splice(after_start..after_start, segment);
}

fn webp(pixels: &Pixels) -> Vec<u8> {
    let color =
        if pixels.channels == 4 { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    let mut file = Cursor::new(Vec::new());
    WebPEncoder::new_lossless(&mut file)
        .encode(&pixels.bytes, pixels.width, pixels.height, color)
        .expect("the buffer has the size that was named");
    file.into_inner()
}
