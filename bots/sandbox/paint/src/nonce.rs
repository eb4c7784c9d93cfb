//! The number that every picture of the stand-in carries, and how to read it back.
//!
//! A test that delivers pictures to many people has to notice when A's picture reached B, also
//! after our own side re-encoded or shrank it. So one [`Nonce`] is written three times: as text
//! in the file (PNG `tEXt`, JPEG `COM`), in the low bits of the first row (lossless formats), and
//! as the edge code along the bottom, amber cells like those on the edge of a film, which
//! survives JPEG and scaling.

use std::io::Cursor;

use image::{ImageReader, RgbaImage};
use sha2::{Digest, Sha256};

/// Keyword of the PNG text chunk, and the first word of the JPEG comment.
pub(super) const KEYWORD: &str = "picdesk-stand-in";

/// Bits of a nonce on the wire, which is also the number of cells of the edge code.
pub(super) const CELLS: u32 = 96;

/// Marks the beginning, and has enough of both values to find the threshold by.
const SYNC: u8 = 0b1011_0010;

/// Pictures with more pixels than this are not decoded when looking for a nonce.
const PIXELS_MAX: u64 = 40_000_000;

/// How far a picture had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// A partial picture of a stream, counted from 0.
    Partial(u8),
    /// The finished picture.
    Final,
}

/// Says which picture this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce {
    /// The number of the call that it was made for.
    pub call: u32,
    /// Which of the call's pictures, from 0.
    pub picture: u8,
    /// Partial or final.
    pub stage: Stage,
    /// [`prompt_hash`] of the call's whole prompt.
    pub prompt: u32,
}

/// The first four bytes of the prompt's SHA-256.
pub fn prompt_hash(prompt: &str) -> u32 {
    let digest = Sha256::digest(prompt.as_bytes());
    let first = [digest[0], digest[1], digest[2], digest[3]];
    u32::from_be_bytes(first)
}

/// Reads the nonce of a picture of the stand-in: from its text, else from its pixels.
///
/// `None` for what is not a picture, or not one of ours, or too damaged.
pub fn decode_nonce(bytes: &[u8]) -> Option<Nonce> {
    text_nonce(bytes).or_else(|| decode_nonce_pixels(bytes))
}

/// Reads the nonce from the pixels alone, as one must after the picture was re-encoded.
pub fn decode_nonce_pixels(bytes: &[u8]) -> Option<Nonce> {
    let reader = || ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok();
    let (width, height) = reader()?.into_dimensions().ok()?;
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return None;
    }
    let picture = reader()?.decode().ok()?.into_rgba8();
    low_bits_nonce(&picture).or_else(|| edge_nonce(&picture))
}

/// Whether a picture is one of ours, caption and all.
pub(super) fn has_edge_code(picture: &RgbaImage) -> bool {
    edge_nonce(picture).is_some()
}

/// Height of the edge code in a picture of this height, pixels.
pub(super) fn edge_height(height: u32) -> u32 {
    (height / 96).max(2)
}

impl Nonce {
    // sync · call, 4 bytes · picture and stage, half a byte each · prompt, 4 bytes · check, 2 bytes
    pub(super) fn bytes(self) -> [u8; 12] {
        let stage = match self.stage {
            Stage::Partial(index) => index & 0x07,
            Stage::Final => 0x0f,
        };
        let mut bytes = [0; 12];
        bytes[0] = SYNC;
        bytes[1..5].copy_from_slice(&self.call.to_be_bytes());
        bytes[5] = self.picture << 4 | stage;
        bytes[6..10].copy_from_slice(&self.prompt.to_be_bytes());
        let check = check(&bytes[..10]);
        bytes[10..].copy_from_slice(&check);
        bytes
    }

    /// The cells from left to right, `true` for a bright one.
    pub(super) fn cells(self) -> impl Iterator<Item = bool> {
        self.bytes().into_iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1))
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 12] = bytes.try_into().ok()?;
        if bytes[0] != SYNC || check(&bytes[..10]) != bytes[10..] {
            return None;
        }
        let stage = match bytes[5] & 0x0f {
            0x0f => Stage::Final,
            index => Stage::Partial(index),
        };
        Some(Self {
            call: u32::from_be_bytes(bytes[1..5].try_into().ok()?),
            picture: bytes[5] >> 4,
            stage,
            prompt: u32::from_be_bytes(bytes[6..10].try_into().ok()?),
        })
    }

    fn from_cells(cells: impl Iterator<Item = bool>) -> Option<Self> {
        let cells: Vec<bool> = cells.collect();
        let byte = |bits: &[bool]| bits.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
        let bytes: Vec<u8> = cells.chunks(8).map(byte).collect();
        Self::from_bytes(&bytes)
    }
}

fn check(bytes: &[u8]) -> [u8; 2] {
    let digest = Sha256::digest(bytes);
    [digest[0], digest[1]]
}

/// The text is found by its keyword, wherever the container put it near the beginning.
fn text_nonce(bytes: &[u8]) -> Option<Nonce> {
    let head = bytes.get(..bytes.len().min(512))?;
    let at = head.windows(KEYWORD.len()).position(|window| window == KEYWORD.as_bytes())?;
    let hex_at = at + KEYWORD.len() + 1;
    let nonce = hex::decode(head.get(hex_at..hex_at + 24)?).ok()?;
    Nonce::from_bytes(&nonce)
}

fn low_bits_nonce(picture: &RgbaImage) -> Option<Nonce> {
    if picture.width() < CELLS || picture.height() == 0 {
        return None;
    }
    Nonce::from_cells((0..CELLS).map(|x| picture.get_pixel(x, 0).0[2] & 1 == 1))
}

fn edge_nonce(picture: &RgbaImage) -> Option<Nonce> {
    let (width, height) = picture.dimensions();
    let y = height.checked_sub(edge_height(height).div_ceil(2))?;
    if width < 2 * CELLS {
        return None;
    }
    let light = |cell: u32| {
        // The middle half of the cell, so that neighbours do not bleed in.
        let from = (cell * 4 + 1) * width / (CELLS * 4);
        let to = ((cell * 4 + 3) * width / (CELLS * 4)).max(from + 1);
        let sum: u32 = (from..to).map(|x| u32::from(picture.get_pixel(x, y).0[0])).sum();
        sum / (to - from)
    };
    let lights: Vec<u32> = (0..CELLS).map(light).collect();
    let sync = |bright: bool| {
        let chosen = (0..8_usize).filter(move |bit| (SYNC >> (7 - bit) & 1 == 1) == bright);
        let (sum, count) = chosen.fold((0, 0), |(sum, count), bit| (sum + lights[bit], count + 1));
        sum / count
    };
    let (bright, dark) = (sync(true), sync(false));
    if bright < dark + 24 {
        return None;
    }
    let threshold = bright.midpoint(dark);
    Nonce::from_cells(lights.iter().map(|&light| light > threshold))
}
