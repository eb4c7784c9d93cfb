//! Pictures for tests: every way of writing a PNG, planted metadata, and bombs.

use image::ImageEncoder as _;

/// What is planted in metadata and must never come out.
pub(super) const PLANTED: &str = "PLANTED-51.4778N-0.0015W";

/// A pixel that says where it is: smooth, with an edge, and unlike any other corner.
pub(super) fn rgb_at(x: u32, y: u32, width: u32, height: u32) -> [u8; 3] {
    let across = (x * 255 / width.max(2).saturating_sub(1)).min(255) as u8;
    let down = (y * 255 / height.max(2).saturating_sub(1)).min(255) as u8;
    [across, down, if x * 3 < width && y * 3 < height { 220 } else { 40 }]
}

/// The samples of a picture of such pixels.
pub(super) fn rgb(width: u32, height: u32) -> Vec<u8> {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    pixels.flat_map(|(x, y)| rgb_at(x, y, width, height)).collect()
}

/// The same with transparency that falls from left to right.
pub(super) fn rgba(width: u32, height: u32) -> Vec<u8> {
    let opaque = |x: u32| 255 - (x * 255 / width.max(1)) as u8;
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    pixels
        .flat_map(|(x, y)| {
            let [r, g, b] = rgb_at(x, y, width, height);
            [r, g, b, opaque(x)]
        })
        .collect()
}

/// A chunk of a PNG: u32 length · four letters · data · u32 CRC.
pub(super) fn png_chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = (data.len() as u32).to_be_bytes().to_vec();
    chunk.extend(name);
    chunk.extend(data);
    chunk.extend(crc32(&chunk[4..]).to_be_bytes());
    chunk
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    let fold = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(!0, fold)
}

/// Bytes as zlib writes them when it may not compress.
pub(super) fn stored_zlib(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let blocks = bytes.chunks(65_535).count().max(1);
    for index in 0..blocks {
        let block = bytes.chunks(65_535).nth(index).unwrap_or_default();
        out.push(u8::from(index + 1 == blocks));
        out.extend((block.len() as u16).to_le_bytes());
        out.extend((!(block.len() as u16)).to_le_bytes());
        out.extend(block);
    }
    let sums = bytes.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    out.extend((sums.1 << 16 | sums.0).to_be_bytes());
    out
}

/// The header of a PNG and its first chunk.
pub(super) fn png_start(
    width: u32,
    height: u32,
    depth: u8,
    colour: u8,
    interlaced: bool,
) -> Vec<u8> {
    let mut header = width.to_be_bytes().to_vec();
    header.extend(height.to_be_bytes());
    header.extend([depth, colour, 0, 0, u8::from(interlaced)]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    file.extend(png_chunk(*b"IHDR", &header));
    file
}

/// A PNG by hand, of one value a pixel and sample as `value` gives them, interlaced or not, with
/// chunks between header and pixels.
pub(super) fn raw_png(
    size: (u32, u32),
    (depth, colour, interlaced): (u8, u8, bool),
    chunks: &[Vec<u8>],
    value: impl Fn(u32, u32) -> Vec<u16>,
) -> Vec<u8> {
    const PASSES: [(u32, u32, u32, u32); 7] = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ];
    let (width, height) = size;
    let passes: &[_] = if interlaced { &PASSES } else { &[(0, 0, 1, 1)] };
    let mut raw = Vec::new();
    for (left, top, across, down) in passes {
        if *left >= width {
            continue;
        }
        for y in (*top..height).step_by(*down as usize) {
            raw.push(0);
            let values = (*left..width).step_by(*across as usize).flat_map(|x| value(x, y));
            pack(values, depth, &mut raw);
        }
    }
    let mut file = png_start(width, height, depth, colour, interlaced);
    file.extend(chunks.concat());
    file.extend(png_chunk(*b"IDAT", &stored_zlib(&raw)));
    file.extend(png_chunk(*b"IEND", &[]));
    file
}

/// Samples into bytes, the leftmost in the highest bits.
fn pack(values: impl Iterator<Item = u16>, depth: u8, raw: &mut Vec<u8>) {
    let (mut bits, mut count) = (0_u32, 0);
    for value in values {
        bits = bits << depth | u32::from(value);
        count += depth;
        while count >= 8 {
            count -= 8;
            raw.push((bits >> count) as u8);
        }
    }
    if count > 0 {
        raw.push((bits << (8 - count)) as u8);
    }
}

/// A PNG as an encoder writes it, of colour with or without transparency.
pub(super) fn png(width: u32, height: u32, transparent: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut file);
    let written = if transparent {
        let samples = rgba(width, height);
        encoder.write_image(&samples, width, height, image::ExtendedColorType::Rgba8)
    } else {
        let samples = rgb(width, height);
        encoder.write_image(&samples, width, height, image::ExtendedColorType::Rgb8)
    };
    written.expect("a PNG");
    file
}

/// A PNG with chunks put in before its pixels.
pub(super) fn png_with(file: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    [&file[..33], &chunks.concat(), &file[33..]].concat()
}

/// A PNG of one colour, compressed as well as can be: few bytes, many pixels.
pub(super) fn flat_png(
    width: u32,
    height: u32,
    colour: png::ColorType,
    depth: png::BitDepth,
) -> Vec<u8> {
    use std::io::Write as _;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.set_compression(png::Compression::Balanced);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header().expect("a header");
    let mut stream = writer.stream_writer().expect("a stream");
    let row = vec![0; (width as usize * colour.samples() * depth as usize).div_ceil(8)];
    for _ in 0..height {
        stream.write_all(&row).expect("a row");
    }
    stream.finish().expect("an end");
    writer.finish().expect("an end");
    file
}

/// A JPEG, progressive or not, with segments put in after its first two bytes.
pub(super) fn jpeg(width: u16, height: u16, progressive: bool, segments: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 95);
    encoder.set_progressive(progressive);
    let samples = rgb(u32::from(width), u32::from(height));
    encoder.encode(&samples, width, height, jpeg_encoder::ColorType::Rgb).expect("a JPEG");
    [&file[..2], &segments.concat(), &file[2..]].concat()
}

/// A segment of a JPEG: `ff` marker · u16 length, itself included · data.
pub(super) fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let mut segment = vec![0xff, marker];
    segment.extend((data.len() as u16 + 2).to_be_bytes());
    segment.extend(data);
    segment
}

/// An Exif block with an orientation, a place, a maker's note and a thumbnail's worth of text.
pub(super) fn exif(orientation: u16) -> Vec<u8> {
    // II · 42 · first directory at 8 · 3 entries, each: u16 tag · u16 type · u32 count · value
    let mut block = b"II*\0\x08\0\0\0\x03\0".to_vec();
    let mut entry = |tag: u16, kind: u16, count: u32, value: u32| {
        block.extend(tag.to_le_bytes());
        block.extend(kind.to_le_bytes());
        block.extend(count.to_le_bytes());
        block.extend(value.to_le_bytes());
    };
    let text = PLANTED.len() as u32;
    entry(0x0112, 3, 1, u32::from(orientation));
    entry(0x013b, 2, text, 50);
    entry(0x8825, 4, 1, 50 + text);
    block.extend([0; 4]);
    block.extend(PLANTED.as_bytes());
    // The directory of the place: one entry, the latitude's reference, then more of the text.
    block.extend(b"\x01\0\x01\0\x02\0\x02\0\0\0N\0\0\0\0\0\0\0");
    block.extend(PLANTED.repeat(20).as_bytes());
    block
}

/// A small zip, to be hung behind a picture.
pub(super) fn zip() -> Vec<u8> {
    [b"PK\x03\x04".as_slice(), PLANTED.as_bytes(), b"PK\x05\x06", &[0; 18]].concat()
}

/// A lossless WebP.
pub(super) fn webp(width: u32, height: u32, transparent: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut file);
    let written = if transparent {
        let samples = rgba(width, height);
        encoder.encode(&samples, width, height, image::ExtendedColorType::Rgba8)
    } else {
        let samples = rgb(width, height);
        encoder.encode(&samples, width, height, image::ExtendedColorType::Rgb8)
    };
    written.expect("a WebP");
    file
}

/// A chunk of a WebP: four letters · u32 length · data · pad to even.
pub(super) fn riff_chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = name.to_vec();
    chunk.extend((data.len() as u32).to_le_bytes());
    chunk.extend(data);
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

/// A WebP of these chunks.
pub(super) fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let chunks = chunks.concat();
    let mut file = b"RIFF".to_vec();
    file.extend((chunks.len() as u32 + 4).to_le_bytes());
    file.extend(b"WEBP");
    file.extend(chunks);
    file
}

/// The chunk `VP8X`: flags and the canvas.
pub(super) fn vp8x(flags: u8, width: u32, height: u32) -> Vec<u8> {
    let mut data = vec![flags, 0, 0, 0];
    data.extend(&(width - 1).to_le_bytes()[..3]);
    data.extend(&(height - 1).to_le_bytes()[..3]);
    riff_chunk(*b"VP8X", &data)
}

/// A lossy WebP of one pixel. No encoder of ours writes them.
pub(super) const LOSSY_WEBP: [u8; 42] = *b"RIFF\x22\0\0\0WEBPVP8 \x16\0\0\0\x30\x01\0\x9d\x01\x2a\
\x01\0\x01\0\x0e\xc0\xfe\x25\xa4\0\x03p\0\0\0\0";

/// A GIF of two frames; the first is two by two pixels at (1, 1) on a screen of four by three.
pub(super) fn gif() -> Vec<u8> {
    let mut file = Vec::new();
    let palette = [255, 0, 0, 0, 0, 255];
    let mut encoder = gif::Encoder::new(&mut file, 4, 3, &palette).expect("a GIF");
    for index in [0, 1] {
        let mut frame = gif::Frame::from_indexed_pixels(2, 2, vec![index; 4], None);
        (frame.left, frame.top) = (1, 1);
        encoder.write_frame(&frame).expect("a frame");
    }
    drop(encoder);
    file
}
