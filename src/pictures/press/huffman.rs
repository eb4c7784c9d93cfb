//! Coefficients become bits, by the code tables of the standard.

use std::io::Write;

use super::block::{Coefficients, ZIGZAG};

/// A code table: how many codes of each length from 1 to 16, and what they stand for.
pub(super) struct CodeTable {
    pub(super) counts: [u8; 16],
    pub(super) values: &'static [u8],
}

/// Source of all four: ITU-T T.81, tables K.3 to K.6.
pub(super) const LUMA_DC: CodeTable = CodeTable {
    counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
    values: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
};
pub(super) const CHROMA_DC: CodeTable = CodeTable {
    counts: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    values: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
};
pub(super) const LUMA_AC: CodeTable = CodeTable {
    counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
    values: &[
        0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61,
        0x07, 0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52,
        0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25,
        0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45,
        0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64,
        0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83,
        0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
        0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6,
        0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3,
        0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8,
        0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
    ],
};
pub(super) const CHROMA_AC: CodeTable = CodeTable {
    counts: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
    values: &[
        0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61,
        0x71, 0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33,
        0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18,
        0x19, 0x1a, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44,
        0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63,
        0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
        0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97,
        0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4,
        0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca,
        0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7,
        0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
    ],
};

/// One code: its bits, and how many they are.
#[derive(Clone, Copy, Default)]
struct Code {
    bits: u32,
    length: u32,
}

/// The code of each value.
fn codes(table: &CodeTable) -> [Code; 256] {
    let mut codes = [Code::default(); 256];
    let mut values = table.values.iter();
    let mut bits = 0;
    for (length, count) in (1..).zip(table.counts) {
        for value in values.by_ref().take(usize::from(count)) {
            codes[usize::from(*value)] = Code { bits, length };
            bits += 1;
        }
        bits <<= 1;
    }
    codes
}

/// Sixteen zeros and more to come.
const SIXTEEN_ZEROS: usize = 0xf0;
/// Nothing but zeros to the end.
const END_OF_BLOCK: usize = 0x00;

/// The largest coefficient that has a code. Source: ITU-T T.81, table F.2, eight bits a sample.
const AC_MAX: i32 = 1023;

/// Where a coefficient, stored column by column, comes in the order of writing.
const PLACES: [[u8; 8]; 8] = {
    let mut places = [[0; 8]; 8];
    let mut place = 0;
    while place < 64 {
        let (row, column) = (ZIGZAG[place] / 8, ZIGZAG[place] % 8);
        places[column as usize][row as usize] = place as u8;
        place += 1;
    }
    places
};

/// Codes the blocks of one component.
pub(super) struct Coder {
    dc: [Code; 256],
    ac: [Code; 256],
    last_dc: i32,
}

impl Coder {
    pub(super) fn luma() -> Self {
        Self { dc: codes(&LUMA_DC), ac: codes(&LUMA_AC), last_dc: 0 }
    }

    pub(super) fn chroma() -> Self {
        Self { dc: codes(&CHROMA_DC), ac: codes(&CHROMA_AC), last_dc: 0 }
    }

    /// Codes one block: the difference of its mean to the last one's, then what is not zero.
    pub(super) fn code(&mut self, block: &Coefficients, bits: &mut BitWriter) {
        let dc = i32::from(block[0][0]);
        let (size, value) = magnitude(dc - self.last_dc);
        self.last_dc = dc;
        let code = self.dc[size as usize];
        bits.put(code.bits << size | value, code.length + size);

        // A bit for each coefficient that is not zero, in the order of writing.
        let mut present = 0_u64;
        for (column, places) in block.iter().zip(&PLACES) {
            if *column != [0; 8] {
                for (value, place) in column.iter().zip(places) {
                    present |= u64::from(*value != 0) << place;
                }
            }
        }
        present &= !1;
        let mut next = 1;
        while present != 0 {
            let place = present.trailing_zeros();
            present &= present - 1;
            let mut zeros = place - next;
            while zeros > 15 {
                bits.put(self.ac[SIXTEEN_ZEROS].bits, self.ac[SIXTEEN_ZEROS].length);
                zeros -= 16;
            }
            let stored = usize::from(ZIGZAG[place as usize & 63]);
            let value = i32::from(block[stored % 8][stored / 8]).clamp(-AC_MAX, AC_MAX);
            let (size, value) = magnitude(value);
            let code = self.ac[(zeros << 4 | size) as usize & 255];
            bits.put(code.bits << size | value, code.length + size);
            next = place + 1;
        }
        if next < 64 {
            bits.put(self.ac[END_OF_BLOCK].bits, self.ac[END_OF_BLOCK].length);
        }
    }
}

/// How many bits a value takes, and these: a negative value less one. Source: ITU-T T.81, F.1.2.
fn magnitude(value: i32) -> (u32, u32) {
    let size = 32 - value.unsigned_abs().leading_zeros();
    let bits = (value + (value >> 31)) as u32 & ((1 << size) - 1);
    (size, bits)
}

/// Bits into bytes, the first in the highest; after `ff` comes a `00`, so that it is no marker.
pub(super) struct BitWriter {
    page: Vec<u8>,
    waiting: u64,
    count: u32,
}

impl BitWriter {
    pub(super) fn new(page: Vec<u8>) -> Self {
        Self { page, waiting: 0, count: 0 }
    }

    /// Bytes written so far.
    pub(super) fn len(&self) -> usize {
        self.page.len()
    }

    /// Adds the lowest `length` bits, at most 27.
    #[inline]
    fn put(&mut self, bits: u32, length: u32) {
        self.waiting = self.waiting << length | u64::from(bits);
        self.count += length;
        if self.count >= 32 {
            self.count -= 32;
            self.write_four((self.waiting >> self.count) as u32);
        }
    }

    #[inline]
    fn write_four(&mut self, four: u32) {
        let bytes = four.to_be_bytes();
        if bytes.contains(&0xff) {
            for byte in bytes {
                self.write_byte(byte);
            }
        } else {
            self.page.extend_from_slice(&bytes);
        }
    }

    fn write_byte(&mut self, byte: u8) {
        self.page.push(byte);
        if byte == 0xff {
            self.page.push(0);
        }
    }

    /// Writes out the bytes so far.
    pub(super) fn pour(&mut self, out: &mut dyn Write) -> std::io::Result<()> {
        out.write_all(&self.page)?;
        self.page.clear();
        Ok(())
    }

    /// Fills the last byte with ones, ends the picture and gives the page.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.put(0x7f, 7);
        while self.count >= 8 {
            self.count -= 8;
            self.write_byte((self.waiting >> self.count) as u8);
        }
        self.page.extend([0xff, 0xd9]);
        self.page
    }
}
