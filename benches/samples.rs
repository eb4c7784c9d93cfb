//! The samples that pictures are measured with, made in a process of their own, so that the one
//! that is measured stays as small as idle.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "samples within 0 to 255"
)]

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use image::ExtendedColorType::{Rgb8, Rgba8};

/// Pixels a side of the samples.
pub const SIDE: u32 = 4096;

/// What the samples show.
#[derive(Clone, Copy)]
enum Motif {
    /// A gradient with the noise of a photograph.
    Noisy,
    /// Soft waves without any noise.
    Smooth,
}

/// Lets another process of this program make a sample.
pub fn sample(folder: &Path, name: &str) -> io::Result<PathBuf> {
    let path = folder.join(name);
    let this = std::env::current_exe()?;
    let made = Command::new(this).arg("make-sample").arg(name).arg(&path).status()?;
    if made.success() { Ok(path) } else { Err(io::Error::other("no sample")) }
}

/// Makes one: what it shows or its kind first, `streamed` where it is to be a provider's answer.
pub fn make_sample(name: &str, path: &Path) -> io::Result<()> {
    let words: Vec<&str> = name.split(' ').collect();
    // Noise that nothing compresses would be refused for its bytes.
    let motif = if matches!(words[0], "noisy" | "jpeg") { Motif::Noisy } else { Motif::Smooth };
    let side = words.get(1).and_then(|side| side.parse().ok()).unwrap_or(SIDE);
    let transparent = words.contains(&"rgba");
    match words[0] {
        "jpeg" => {
            let mut encoder = jpeg_encoder::Encoder::new(BufWriter::new(File::create(path)?), 90);
            encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_1_1);
            encoder.set_progressive(words.contains(&"progressive"));
            let samples = samples(motif, side, transparent);
            let side = u16::try_from(side).map_err(io::Error::other)?;
            encoder
                .encode(&samples, side, side, jpeg_encoder::ColorType::Rgb)
                .map_err(io::Error::other)
        }
        "webp" => {
            let out = BufWriter::new(File::create(path)?);
            let colour = if transparent { Rgba8 } else { Rgb8 };
            image::codecs::webp::WebPEncoder::new_lossless(out)
                .encode(&samples(motif, side, transparent), side, side, colour)
                .map_err(io::Error::other)
        }
        _ if words.contains(&"streamed") => {
            make_png(motif, side, transparent, false, path)?;
            let picture = STANDARD.encode(fs::read(path)?);
            let mut answer = BufWriter::new(File::create(path)?);
            answer.write_all(
                b"event: image_generation.completed\n\
                  data: {\"type\":\"image_generation.completed\",\"b64_json\":\"",
            )?;
            answer.write_all(picture.as_bytes())?;
            answer.write_all(b"\",\"usage\":{\"input_tokens\":20,\"output_tokens\":6000}}\n\n")
        }
        _ => make_png(motif, side, transparent, words.contains(&"turned"), path),
    }
}

/// Writes a PNG as providers do: adaptive filters, default compression.
fn make_png(
    motif: Motif,
    side: u32,
    transparent: bool,
    turned: bool,
    path: &Path,
) -> io::Result<()> {
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), side, side);
    encoder.set_color(if transparent { png::ColorType::Rgba } else { png::ColorType::Rgb });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let mut writer = encoder.write_header()?;
    if turned {
        // One entry: orientation (0x112) is one number, six: a quarter to the right.
        let exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        writer.write_chunk(png::chunk::eXIf, exif)?;
    }
    let mut stream = writer.stream_writer()?;
    let mut chance = CHANCE;
    for y in 0..side {
        stream.write_all(&row(motif, side, transparent, y, &mut chance))?;
    }
    stream.finish()?;
    writer.finish()?;
    Ok(())
}

fn samples(motif: Motif, side: u32, transparent: bool) -> Vec<u8> {
    let mut chance = CHANCE;
    (0..side).flat_map(|y| row(motif, side, transparent, y, &mut chance)).collect()
}

/// Where chance begins: the same noise in every run.
const CHANCE: u64 = 0x9e37_79b9_7f4a_7c15;

fn row(motif: Motif, side: u32, transparent: bool, y: u32, chance: &mut u64) -> Vec<u8> {
    let mut row = Vec::with_capacity(side as usize * 4);
    for x in 0..side {
        let colours =
            pixel(motif, f64::from(x) / f64::from(side), f64::from(y) / f64::from(side), chance);
        row.extend(colours);
        if transparent {
            row.push(255 - colours[2] / 2);
        }
    }
    row
}

/// The colour at a place, across and down from 0 to 1.
fn pixel(motif: Motif, u: f64, v: f64, chance: &mut u64) -> [u8; 3] {
    let wave = |turns: f64, phase: f64| ((u * turns + v * phase) * std::f64::consts::TAU).sin();
    let colours = [wave(1.0, 0.5), wave(2.0, -1.0), wave(0.5, 1.5)].map(|s| 128.0 + 90.0 * s);
    // xorshift64.
    *chance ^= *chance << 13;
    *chance ^= *chance >> 7;
    *chance ^= *chance << 17;
    let grain = match motif {
        Motif::Noisy => NOISE,
        Motif::Smooth => 0.0,
    };
    let noise = |shift: u32| ((*chance >> shift & 0xff) as f64 / 255.0 - 0.5) * grain;
    [colours[0] + noise(0), colours[1] + noise(8), colours[2] + noise(16)].map(|c| c as u8)
}

/// How far the grain of the noisy sample spreads, of 256 levels: 20 MB as a PNG.
const NOISE: f64 = 6.0;
