use proptest::prelude::*;

use super::{shrink, shrink_transparent};
use crate::pictures::look::{Orientation, Size};
use crate::pictures::rows::{AnyRows, Ink, Whole};

fn all_rows(mut rows: AnyRows<'_>) -> Vec<u8> {
    let bytes = rows.row_bytes();
    let mut samples = vec![0; bytes * rows.size().height as usize];
    for row in samples.chunks_exact_mut(bytes) {
        rows.next_row(row).expect("a row");
    }
    samples
}

/// The mean of what each pixel of the outcome covers, as one would write it down.
fn naive(whole: &Whole, to: Size) -> Vec<f64> {
    let samples = whole.ink.samples();
    let (from_w, from_h) = (f64::from(whole.size.width), f64::from(whole.size.height));
    let (share_x, share_y) = (from_w / f64::from(to.width), from_h / f64::from(to.height));
    let cover = |start: f64, length: f64, pixel: u32| {
        let pixel = f64::from(pixel);
        ((start + length).min(pixel + 1.0) - start.max(pixel)).max(0.0)
    };
    let mut means = Vec::new();
    for y in 0..to.height {
        for x in 0..to.width {
            for sample in 0..samples {
                let mut sum = 0.0;
                for from_y in 0..whole.size.height {
                    let rows = cover(f64::from(y) * share_y, share_y, from_y);
                    for from_x in 0..whole.size.width {
                        let columns = cover(f64::from(x) * share_x, share_x, from_x);
                        let place =
                            (from_y * whole.size.width + from_x) as usize * samples + sample;
                        sum += rows * columns * f64::from(whole.samples[place]);
                    }
                }
                means.push(sum / share_x / share_y);
            }
        }
    }
    means
}

prop_compose! {
    fn pictures()(width in 1_u32..40, height in 1_u32..40, rgba in any::<bool>())
        (samples in prop::collection::vec(
            any::<u8>(),
            (width * height) as usize * if rgba { 4 } else { 3 },
         ),
         to_width in 1..=width, to_height in 1..=height,
         size in Just(Size { width, height }), rgba in Just(rgba)) -> (Whole, Size) {
        let ink = if rgba { Ink::Rgba } else { Ink::Rgb };
        (Whole { size, ink, samples }, Size { width: to_width, height: to_height })
    }
}

proptest! {
    #[test]
    fn every_pixel_is_the_mean_of_what_it_covers((whole, to) in pictures()) {
        let shrunk = all_rows(shrink(whole.rows(Orientation::NoTransforms), to));
        for (sample, mean) in shrunk.iter().zip(naive(&whole, to)) {
            prop_assert!((f64::from(*sample) - mean).abs() <= 0.6, "{sample} for {mean}");
        }
    }

    #[test]
    fn one_colour_stays_that_colour(colour: [u8; 3], from in 1_u32..300, to in 1_u32..300) {
        let (from, to) = (from.max(to), from.min(to));
        let size = Size { width: from, height: 7 };
        let samples = colour.repeat(from as usize * 7);
        let whole = Whole { size, ink: Ink::Rgb, samples };
        let rows = shrink(whole.rows(Orientation::NoTransforms), Size { width: to, height: 3 });
        for pixel in all_rows(rows).chunks_exact(3) {
            prop_assert_eq!(pixel, colour);
        }
    }
}

#[test]
fn the_same_size_is_the_same_picture() {
    let size = Size { width: 3, height: 2 };
    let whole = Whole { size, ink: Ink::Rgb, samples: (0..18).collect() };
    let same = shrink(whole.rows(Orientation::NoTransforms), size);
    assert_eq!(all_rows(same), whole.samples);
}

#[test]
fn what_is_transparent_does_not_colour_its_neighbours() {
    let samples = [[255, 0, 0, 255], [0, 0, 255, 0]].concat();
    let whole = Whole { size: Size { width: 2, height: 1 }, ink: Ink::Rgba, samples };
    let one = Size { width: 1, height: 1 };
    let shrunk = all_rows(shrink_transparent(whole.rows(Orientation::NoTransforms), one));
    // Half of it is there: 127.5.
    assert_eq!(shrunk, [255, 0, 0, 127]);
}
