//! The cheap way to make a picture, for load tests: one colour, a few microseconds.
//!
//! A PNG with a palette is written by hand, so that nothing grows with the picture but a run of
//! zeros, which deflate says in 13 bits for 258 bytes. The same run makes the bombs.

use std::sync::OnceLock;

use crate::encode::{Format, Pixels, encode};
use crate::nonce::{CELLS, KEYWORD, Nonce, edge_height};

/// A picture of one colour in exactly this size, with its nonce in the file and in the pixels.
pub fn plain_picture(
    (width, height): (u32, u32),
    nonce: Nonce,
    format: Format,
    compression: u8,
) -> Vec<u8> {
    let [red, green, blue] = colour(nonce);
    if format != Format::Png {
        let count = width as usize * height as usize;
        let bytes = [red, green, blue].repeat(count);
        let pixels = Pixels { width, height, channels: 3, bytes };
        return encode(pixels, nonce, format, compression);
    }
    // Palette: the colour with the low bit of blue clear, with it set, a dark and a bright cell.
    let palette = [red, green, blue & 0xfe, red, green, blue | 1, 27, 24, 26, 228, 168, 84];
    let mut rows = ZeroDeflate::new();
    let row_bytes = width as usize + 1;
    let mut first = vec![0; row_bytes];
    for (cell, bit) in first.iter_mut().skip(1).zip(nonce.cells()) {
        *cell = u8::from(bit);
    }
    rows.stored(&first);
    let edge_rows = edge_height(height) as usize;
    rows.zeros(row_bytes as u64 * (u64::from(height) - 1 - edge_rows as u64));
    let cells: Vec<bool> = nonce.cells().collect();
    let index = |x: u32| 2 + u8::from(cells[(x * CELLS / width) as usize]);
    let edge: Vec<u8> = std::iter::once(0).chain((0..width).map(index)).collect();
    rows.stored(&edge);
    // Filter 2 means "as above": a row of nothing.
    let mut as_above = vec![0; row_bytes];
    as_above[0] = 2;
    (1..edge_rows).for_each(|_| rows.stored(&as_above));
    let text = format!("{KEYWORD}\0{}", hex::encode(nonce.bytes()));
    let mut file = PngFile::new(width, height, 8, 3);
    file.chunk(*b"PLTE", &palette);
    file.chunk(*b"tEXt", text.as_bytes());
    file.chunk(*b"IDAT", &rows.finish());
    file.end()
}

/// A PNG of 60,000 × 60,000 one-bit pixels: 450 MB of rows in under 3 MB.
pub fn one_bit_bomb() -> &'static [u8] {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    BOMB.get_or_init(|| bomb(60_000, 1, 0, 7_501))
}

/// A PNG of 8,000 × 8,000 pixels with alpha: 256 MB of rows, under every limit on a side.
pub fn rgba_bomb() -> &'static [u8] {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    BOMB.get_or_init(|| bomb(8_000, 8, 6, 32_001))
}

fn bomb(side: u32, bits: u8, color: u8, row_bytes: u64) -> Vec<u8> {
    let mut rows = ZeroDeflate::new();
    rows.zeros(row_bytes * u64::from(side));
    let mut file = PngFile::new(side, side, bits, color);
    file.chunk(*b"IDAT", &rows.finish());
    file.end()
}

/// A quiet colour that differs from prompt to prompt.
fn colour(nonce: Nonce) -> [u8; 3] {
    let [_, red, green, blue] = nonce.prompt.to_be_bytes();
    [red / 2 + 90, green / 2 + 90, blue / 2 + 90]
}

/// A PNG written chunk by chunk.
struct PngFile {
    bytes: Vec<u8>,
}

impl PngFile {
    fn new(width: u32, height: u32, bits: u8, color: u8) -> Self {
        let mut file = Self { bytes: b"\x89PNG\r\n\x1a\n".to_vec() };
        let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
        header.extend_from_slice(&[bits, color, 0, 0, 0]);
        file.chunk(*b"IHDR", &header);
        file
    }

    fn chunk(&mut self, kind: [u8; 4], data: &[u8]) {
        let length = u32::try_from(data.len()).expect("our chunks are small");
        self.bytes.extend_from_slice(&length.to_be_bytes());
        let from = self.bytes.len();
        self.bytes.extend_from_slice(&kind);
        self.bytes.extend_from_slice(data);
        let crc = crc32(&self.bytes[from..]);
        self.bytes.extend_from_slice(&crc.to_be_bytes());
    }

    fn end(mut self) -> Vec<u8> {
        self.chunk(*b"IEND", &[]);
        self.bytes
    }
}

/// CRC-32 as PNG has it. Source: PNG specification, annex D.
fn crc32(bytes: &[u8]) -> u32 {
    static TABLE: OnceLock<[u32; 256]> = OnceLock::new();
    let table =
        TABLE.get_or_init(|| {
            let mut table = [0; 256];
            for (entry, index) in table.iter_mut().zip(0_u32..) {
                *entry = (0..8).fold(index, |crc, _| {
                    if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 }
                });
            }
            table
        });
    let step = |crc: u32, &byte: &u8| table[usize::from(crc.to_le_bytes()[0] ^ byte)] ^ (crc >> 8);
    !bytes.iter().fold(!0, step)
}

/// A zlib stream of some stored bytes and many zeros. Source: RFC 1950 and 1951.
struct ZeroDeflate {
    bytes: Vec<u8>,
    /// Bits not yet in `bytes`, lowest first.
    bits: u32,
    bit_count: u32,
    adler: (u64, u64),
}

impl ZeroDeflate {
    fn new() -> Self {
        Self { bytes: vec![0x78, 0x01], bits: 0, bit_count: 0, adler: (1, 0) }
    }

    fn push(&mut self, bits: u32, count: u32) {
        self.bits |= bits << self.bit_count;
        self.bit_count += count;
        while self.bit_count >= 8 {
            self.bytes.push(self.bits.to_le_bytes()[0]);
            self.bits >>= 8;
            self.bit_count -= 8;
        }
    }

    /// A block of at most 65,535 bytes as they are.
    fn stored(&mut self, data: &[u8]) {
        self.push(0b000, 3);
        self.fill_byte();
        let length = u16::try_from(data.len()).expect("a row of at most 3,840 pixels");
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&(!length).to_le_bytes());
        self.bytes.extend_from_slice(data);
        for &byte in data {
            self.adler.0 = (self.adler.0 + u64::from(byte)) % 65_521;
            self.adler.1 = (self.adler.1 + self.adler.0) % 65_521;
        }
    }

    /// A block of zeros with the fixed code.
    fn zeros(&mut self, count: u64) {
        const ZERO: (u32, u32) = (0b0000_1100, 8);
        // Length 258 (code 285, no extra bits) at distance 1 (five zero bits).
        const RUN: (u32, u32) = (0b1010_0011, 13);
        self.push(0b010, 3);
        if count > 0 {
            self.push(ZERO.0, ZERO.1);
            (0..(count - 1) / 258).for_each(|_| self.push(RUN.0, RUN.1));
            (0..(count - 1) % 258).for_each(|_| self.push(ZERO.0, ZERO.1));
        }
        self.push(0, 7);
        self.adler.1 = (self.adler.1 + count % 65_521 * self.adler.0) % 65_521;
    }

    fn fill_byte(&mut self) {
        if self.bit_count > 0 {
            self.push(0, 8 - self.bit_count);
        }
    }

    fn finish(mut self) -> Vec<u8> {
        // An empty last block of the fixed kind.
        self.push(0b011, 3);
        self.push(0, 7);
        self.fill_byte();
        let adler = u32::try_from(self.adler.1 << 16 | self.adler.0).expect("two 16-bit sums");
        self.bytes.extend_from_slice(&adler.to_be_bytes());
        self.bytes
    }
}
