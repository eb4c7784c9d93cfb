use proptest::prelude::*;

use super::{Colour, Press, PressError};
use crate::pictures::look::{Orientation, Size};
use crate::pictures::rows::{Ink, Whole};
use crate::pictures::samples::rgb;

fn whole(width: u32, height: u32, samples: Vec<u8>) -> Whole {
    Whole { size: Size { width, height }, ink: Ink::Rgb, samples }
}

fn print(whole: &Whole, press: Press) -> Result<Vec<u8>, PressError> {
    press.print(whole.rows(Orientation::NoTransforms))
}

fn press(quality: u8, colour: Colour) -> Press {
    Press { quality, colour, bytes_max: 10_000_000 }
}

/// What a decoder that is not ours makes of it.
fn read(jpeg: &[u8]) -> image::RgbImage {
    image::load_from_memory(jpeg).expect("a JPEG").to_rgb8()
}

/// The mean of how far samples are apart.
fn mean_difference(one: &[u8], other: &[u8]) -> f64 {
    assert_eq!(one.len(), other.len());
    let apart = |(a, b): (&u8, &u8)| f64::from(a.abs_diff(*b));
    let (sum, count) = one
        .iter()
        .zip(other)
        .map(apart)
        .fold((0.0, 0.0), |(sum, count), apart| (sum + apart, count + 1.0));
    sum / count
}

#[test]
fn every_size_comes_out_as_it_went_in() {
    let sizes = || (1..36).map(|side| (side, 37 - side)).chain([(16, 16), (8, 8), (48, 32)]);
    for (width, height) in sizes() {
        let colours = rgb(width, height);
        let greys = colours.as_chunks::<3>().0.iter().flat_map(|[r, g, _]| [r / 2 + g / 2; 3]);
        let greys = whole(width, height, greys.collect());
        let flat = whole(width, height, [200, 90, 30].repeat((width * height) as usize));
        let colours = whole(width, height, colours);
        // Colour that differs from pixel to pixel is kept only where all of it is kept.
        for (picture, colour, worst) in [
            (&colours, Colour::Whole, 6.0),
            (&greys, Colour::Whole, 3.0),
            (&greys, Colour::Quartered, 3.0),
            (&flat, Colour::Quartered, 3.0),
        ] {
            let jpeg = print(picture, press(95, colour)).expect("printed");
            let shown = read(&jpeg);
            assert_eq!(shown.dimensions(), (width, height));
            let apart = mean_difference(shown.as_raw(), &picture.samples);
            assert!(apart < worst, "{width} x {height}, {colour:?}: {apart}");
        }
    }
}

#[test]
fn it_is_as_good_as_what_others_write_and_as_short() {
    let (width, height) = (200, 120);
    let whole = whole(width, height, rgb(width, height));
    for (quality, colour, sampling) in [
        (92, Colour::Whole, jpeg_encoder::SamplingFactor::F_1_1),
        (88, Colour::Quartered, jpeg_encoder::SamplingFactor::F_2_2),
        (40, Colour::Quartered, jpeg_encoder::SamplingFactor::F_2_2),
    ] {
        let ours = print(&whole, press(quality, colour)).expect("printed");
        let mut theirs = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut theirs, quality);
        encoder.set_sampling_factor(sampling);
        encoder.encode(&whole.samples, 200, 120, jpeg_encoder::ColorType::Rgb).expect("printed");
        let (our, their) = (read(&ours), read(&theirs));
        let our = mean_difference(our.as_raw(), &whole.samples);
        let their = mean_difference(their.as_raw(), &whole.samples);
        assert!(our <= their * 1.05, "{our} for {their} at {quality}");
        assert!(ours.len() <= theirs.len() * 21 / 20, "{} for {}", ours.len(), theirs.len());
    }
}

#[test]
fn the_longest_coefficients_have_codes() {
    // Black and white, pixel by pixel: as much contrast in every frequency as there can be.
    let patterns: [fn(u32, u32) -> bool; 5] = [
        |x, y| (x + y) % 2 == 0,
        |x, _| x % 2 == 0,
        |_, y| y % 2 == 0,
        |x, y| x / 8 % 2 == y / 8 % 2,
        |x, y| (x * 5 + y * 3) % 7 < 3,
    ];
    for white in patterns {
        let places = (0..32).flat_map(|y| (0..32).map(move |x| (x, y)));
        let samples = places.flat_map(|(x, y)| [u8::from(white(x, y)) * 255; 3]).collect();
        let whole = whole(32, 32, samples);
        let jpeg = print(&whole, press(100, Colour::Whole)).expect("printed");
        let apart = mean_difference(read(&jpeg).as_raw(), &whole.samples);
        assert!(apart < 2.0, "{apart}");
    }
}

#[test]
fn a_page_that_is_full_stops_the_press() {
    let whole = whole(64, 64, rgb(64, 64));
    let length = print(&whole, press(90, Colour::Whole)).expect("printed").len() as u64;
    for (bytes_max, fits) in [(length, true), (length - 1, false), (0, false)] {
        let printed = print(&whole, Press { bytes_max, ..press(90, Colour::Whole) });
        assert_eq!(printed.is_ok(), fits);
        assert!(matches!(printed, Ok(_) | Err(PressError::Overflow)));
    }
}

proptest! {
    #[test]
    fn noise_of_any_quality_can_be_read(
        samples in prop::collection::vec(any::<u8>(), 24 * 17 * 3),
        quality in 1_u8..=100,
        quartered: bool,
    ) {
        let colour = if quartered { Colour::Quartered } else { Colour::Whole };
        let whole = whole(24, 17, samples);
        let jpeg = print(&whole, press(quality, colour)).expect("printed");
        let shown = read(&jpeg);
        prop_assert_eq!(shown.dimensions(), (24, 17));
        if quality > 97 && !quartered {
            let apart = mean_difference(shown.as_raw(), &whole.samples);
            prop_assert!(apart < 4.0, "{}", apart);
        }
    }
}
