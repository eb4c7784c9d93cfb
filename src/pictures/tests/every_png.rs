use crate::pictures::look::Limits;
use crate::pictures::open::open_slice;
use crate::pictures::rows::Ink;
use crate::pictures::samples::{png_chunk, raw_png};

const WIDTH: u32 = 37;
const HEIGHT: u32 = 19;

/// A tone of a pixel, of `levels`.
fn tone(x: u32, y: u32, levels: u32) -> u16 {
    ((x * 7 + y * 13) % levels) as u16
}

/// The rows of a file, as RGBA whatever it was.
fn rows(file: &[u8]) -> Vec<[u8; 4]> {
    let mut opened = open_slice(file, &Limits::REFERENCE).expect("a picture");
    let mut rows = opened.rows().expect("rows");
    let mut row = vec![0; rows.row_bytes()];
    let mut pixels = Vec::new();
    for _ in 0..rows.size().height {
        rows.next_row(&mut row).expect("a row");
        match rows.ink() {
            Ink::Rgb => pixels.extend(row.chunks_exact(3).map(|p| [p[0], p[1], p[2], 255])),
            Ink::Rgba => pixels.extend(row.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]])),
        }
    }
    pixels
}

/// Writes a picture with and without interlacing and compares every pixel.
fn both_ways(
    (depth, colour): (u8, u8),
    chunks: &[Vec<u8>],
    value: impl Fn(u32, u32) -> Vec<u16>,
    pixel: impl Fn(&[u16]) -> [u8; 4],
) {
    for interlaced in [false, true] {
        let file = raw_png((WIDTH, HEIGHT), (depth, colour, interlaced), chunks, &value);
        let places = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
        let expected: Vec<_> = places.map(|(x, y)| pixel(&value(x, y))).collect();
        assert_eq!(rows(&file), expected, "depth {depth}, colour {colour}, {interlaced}");
    }
}

/// Sixteen bits rounded to eight.
fn rounded(value: u16) -> u8 {
    (f64::from(value) / 257.0).round() as u8
}

#[test]
fn grey_of_every_depth_comes_out_as_it_is() {
    for (depth, levels) in [(1, 2), (2, 4), (4, 16), (8, 256)] {
        let scale = 255 / (levels - 1) as u16;
        let grey = |v: &[u16]| {
            let g = (v[0] * scale) as u8;
            [g, g, g, 255]
        };
        both_ways((depth, 0), &[], |x, y| vec![tone(x, y, levels)], grey);
        // One tone is transparent.
        let see_through = png_chunk(*b"tRNS", &[0, 1]);
        both_ways(
            (depth, 0),
            &[see_through],
            |x, y| vec![tone(x, y, levels)],
            |v| {
                let [r, g, b, _] = grey(v);
                [r, g, b, if v[0] == 1 { 0 } else { 255 }]
            },
        );
    }
    let wide = |x, y| vec![tone(x, y, 65_536) * 97];
    both_ways((16, 0), &[], wide, |v| {
        let g = rounded(v[0]);
        [g, g, g, 255]
    });
}

#[test]
fn colour_of_every_depth_comes_out_as_it_is() {
    let colour = |x, y| vec![tone(x, y, 256), tone(y, x, 256), tone(x, x, 256)];
    both_ways((8, 2), &[], colour, |v| [v[0] as u8, v[1] as u8, v[2] as u8, 255]);
    let see_through = png_chunk(*b"tRNS", &[0, 0, 0, 0, 0, 0]);
    both_ways((8, 2), &[see_through], colour, |v| {
        let opaque = if v.iter().all(|v| *v == 0) { 0 } else { 255 };
        [v[0] as u8, v[1] as u8, v[2] as u8, opaque]
    });
    let wide = |x, y| vec![tone(x, y, 9_999) * 5, 65_535 - tone(y, x, 9_999) * 5, 128];
    both_ways((16, 2), &[], wide, |v| [rounded(v[0]), rounded(v[1]), rounded(v[2]), 255]);
}

#[test]
fn transparency_of_every_depth_comes_out_as_it_is() {
    let grey = |x, y| vec![tone(x, y, 256), tone(y, x, 256)];
    both_ways((8, 4), &[], grey, |v| [v[0] as u8, v[0] as u8, v[0] as u8, v[1] as u8]);
    let grey = |x, y| vec![tone(x, y, 60_000), tone(y, x, 60_000) + 5_000];
    both_ways((16, 4), &[], grey, |v| {
        let g = rounded(v[0]);
        [g, g, g, rounded(v[1])]
    });
    let colour = |x, y| vec![tone(x, y, 256), tone(y, x, 256), 9, tone(y, y, 256)];
    both_ways((8, 6), &[], colour, |v| [v[0] as u8, v[1] as u8, v[2] as u8, v[3] as u8]);
    let colour = |x, y| vec![tone(x, y, 60_000), tone(y, x, 60_000), 900, tone(y, y, 60_000)];
    both_ways((16, 6), &[], colour, |v| {
        [rounded(v[0]), rounded(v[1]), rounded(v[2]), rounded(v[3])]
    });
}

#[test]
fn a_palette_of_every_depth_comes_out_as_it_is() {
    for (depth, levels) in [(1, 2_u32), (2, 4), (4, 16), (8, 256)] {
        let entry = |index: u16| [index as u8, 255 - index as u8, (index * 3) as u8];
        let palette: Vec<u8> = (0..levels as u16).flat_map(entry).collect();
        let palette = png_chunk(*b"PLTE", &palette);
        let index = |x, y| vec![tone(x, y, levels)];
        both_ways((depth, 3), std::slice::from_ref(&palette), index, |v| {
            let [r, g, b] = entry(v[0]);
            [r, g, b, 255]
        });
        let see_through = png_chunk(*b"tRNS", &[0, 77]);
        both_ways((depth, 3), &[palette, see_through], index, |v| {
            let [r, g, b] = entry(v[0]);
            [r, g, b, [0, 77].get(usize::from(v[0])).copied().unwrap_or(255)]
        });
    }
}
