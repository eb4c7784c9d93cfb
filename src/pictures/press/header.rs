//! What stands in a JPEG before its blocks: nothing but what is needed to read them.

use super::Colour;
use super::block::{Quantizer, ZIGZAG};
use super::huffman::{CHROMA_AC, CHROMA_DC, CodeTable, LUMA_AC, LUMA_DC};

/// Writes everything up to the first block.
pub(super) fn write(
    page: &mut Vec<u8>,
    [width, height]: [u16; 2],
    colour: Colour,
    quantizers: &[Quantizer; 2],
) {
    page.extend([0xff, 0xd8]);
    // JFIF · version 1.02 · one pixel is as wide as high · no thumbnail
    segment(page, 0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0");
    for (id, quantizer) in (0..).zip(quantizers) {
        let mut table = vec![id];
        table.extend(ZIGZAG.iter().map(|place| quantizer.steps[usize::from(*place)]));
        segment(page, 0xdb, &table);
    }
    // u8 bits · u16 height · u16 width · u8 components · each: u8 id, u4 across, u4 down, u8 table
    let mut frame = vec![8];
    frame.extend(height.to_be_bytes());
    frame.extend(width.to_be_bytes());
    let luma = match colour {
        Colour::Whole => 0x11,
        Colour::Quartered => 0x22,
    };
    frame.extend([3, 1, luma, 0, 2, 0x11, 1, 3, 0x11, 1]);
    segment(page, 0xc0, &frame);
    for (id, table) in [(0x00, LUMA_DC), (0x10, LUMA_AC), (0x01, CHROMA_DC), (0x11, CHROMA_AC)] {
        let CodeTable { counts, values } = table;
        segment(page, 0xc4, &[&[id], counts.as_slice(), values].concat());
    }
    // u8 components · each: u8 id, u4 and u4 tables · all coefficients, at once and whole
    segment(page, 0xda, &[3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]);
}

/// `ff` marker · u16 length, itself included · data.
fn segment(page: &mut Vec<u8>, marker: u8, data: &[u8]) {
    let length = u16::try_from(data.len() + 2).expect("our own segments are short");
    page.extend([0xff, marker]);
    page.extend(length.to_be_bytes());
    page.extend(data);
}
