use std::io::{self, BufRead, Cursor, Read, Seek, SeekFrom};

use proptest::prelude::*;

use super::{Fit, Plan, check_and_fit, fit};
use crate::pictures::look::{PictureKind, Size, examine};
use crate::pictures::samples::{jpeg, png, rgb_at, webp};
use crate::pictures::{Limits, PictureFault, check_original};

const ROOMY: Fit = Fit { longest_edge: None, ..Fit::TELEGRAM_PHOTO };

#[test]
fn a_fitted_picture_shows_what_the_original_shows() {
    for file in [png(300, 200, false), jpeg(300, 200, false, &[]), webp(300, 200, false)] {
        for edge in [300, 150, 187] {
            let fitted =
                fit(Cursor::new(&file), &Fit { longest_edge: Some(edge), ..ROOMY }).expect("fits");
            assert_eq!((fitted.width, fitted.height), (edge, edge * 2 / 3));
            assert_eq!(examine(&fitted.bytes).expect("a picture").kind, PictureKind::Jpeg);
            let shown = image::load_from_memory(&fitted.bytes).expect("a JPEG").to_rgb8();
            // Away from the one edge in it, where colour is coarse.
            for (x, y) in [(0.6, 0.6), (0.9, 0.1), (0.1, 0.9), (0.95, 0.95)] {
                let at = |side: u32| (f64::from(side), side);
                let place =
                    |part: f64, (side, whole): (f64, u32)| ((part * side) as u32).min(whole - 1);
                let pixel =
                    shown.get_pixel(place(x, at(fitted.width)), place(y, at(fitted.height))).0;
                let expected = rgb_at(place(x, at(300)), place(y, at(200)), 300, 200);
                for (is, should) in pixel.into_iter().zip(expected) {
                    assert!(is.abs_diff(should) < 12, "{pixel:?} for {expected:?}");
                }
            }
        }
    }
}

#[test]
fn odd_sizes_keep_their_last_row_and_column() {
    for (width, height) in [(1, 1), (1, 9), (17, 1), (33, 31), (16, 16), (15, 17)] {
        let fitted = fit(Cursor::new(png(width, height, false)), &ROOMY).expect("fits");
        let shown = image::load_from_memory(&fitted.bytes).expect("a JPEG").to_rgb8();
        assert_eq!(shown.dimensions(), (width, height));
        let last = shown.get_pixel(width - 1, height - 1).0;
        let expected = rgb_at(width - 1, height - 1, width, height);
        assert!(
            last.into_iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 40),
            "{last:?} {expected:?}"
        );
    }
}

#[test]
fn what_is_transparent_lies_on_white() {
    let fitted = fit(Cursor::new(png(256, 16, true)), &ROOMY).expect("fits");
    let shown = image::load_from_memory(&fitted.bytes).expect("a JPEG").to_rgb8();
    assert!(shown.get_pixel(255, 8).0.into_iter().all(|sample| sample > 240));
    assert!(shown.get_pixel(0, 8).0[0] < 30);
}

#[test]
fn a_very_narrow_picture_gets_a_white_canvas() {
    let fitted = fit(Cursor::new(png(2100, 10, false)), &ROOMY).expect("fits");
    assert_eq!((fitted.width, fitted.height), (2100, 105));
    let shown = image::load_from_memory(&fitted.bytes).expect("a JPEG").to_rgb8();
    assert!(shown.get_pixel(1000, 0).0.into_iter().all(|sample| sample > 240));
    assert!(shown.get_pixel(1000, 104).0.into_iter().all(|sample| sample > 240));
    assert!(shown.get_pixel(1500, 52).0[2] < 90);
}

#[test]
fn a_picture_that_is_too_long_gets_worse_and_then_smaller_but_fits() {
    let file = png(600, 600, false);
    let best = fit(Cursor::new(&file), &ROOMY).expect("fits");
    let worse = Fit { bytes_max: best.bytes.len() as u64 * 7 / 10, ..ROOMY };
    let fitted = fit(Cursor::new(&file), &worse).expect("fits");
    assert_eq!((fitted.width, fitted.height), (600, 600));
    assert!(fitted.bytes.len() as u64 <= worse.bytes_max);
    let tiny = Fit { bytes_max: 2_000, ..ROOMY };
    let fitted = fit(Cursor::new(&file), &tiny).expect("fits");
    assert!(fitted.bytes.len() <= 2_000 && fitted.width < 600);
    let nothing = Fit { bytes_max: 100, ..ROOMY };
    let fault = fit(Cursor::new(&file), &nothing).expect_err("no room");
    assert!(matches!(fault, PictureFault::DoesNotFit { bytes_max: 100 }));
}

#[test]
fn a_picture_that_breaks_off_is_a_fault_and_not_half_a_preview() {
    let file = png(400, 400, false);
    let cut = &file[..file.len() / 2];
    assert!(matches!(fit(Cursor::new(cut), &ROOMY), Err(PictureFault::Truncated)));
    let checked = check_original(Cursor::new(cut), &Limits::ORIGINAL);
    assert!(matches!(checked, Err(PictureFault::Truncated)));
}

#[test]
fn an_original_is_checked_to_its_last_checksum() {
    for file in [png(90, 70, true), jpeg(90, 70, true, &[]), webp(90, 70, true)] {
        let looked = check_original(Cursor::new(&file), &Limits::ORIGINAL).expect("whole");
        assert_eq!((looked.width, looked.height), (90, 70));
    }
    let mut wrong = png(90, 70, false);
    let in_the_pixels = wrong.len() - 16;
    wrong[in_the_pixels] ^= 0x10;
    let checked = check_original(Cursor::new(&wrong), &Limits::ORIGINAL);
    assert!(matches!(checked, Err(PictureFault::Unreadable)));
    for text in [b"<html>502 Bad Gateway</html>".as_slice(), b"{\"error\":{}}", b""] {
        assert!(check_original(Cursor::new(text), &Limits::ORIGINAL).is_err());
    }
}

/// A file that counts how much is read of it.
struct Counted<'f> {
    file: Cursor<&'f [u8]>,
    read: usize,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read += read;
        Ok(read)
    }
}

impl BufRead for Counted<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.file.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.read += amount;
        self.file.consume(amount);
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[test]
fn a_picture_is_checked_and_fitted_in_one_pass() {
    for file in [png(700, 500, false), png(700, 500, true)] {
        let mut counted = Counted { file: Cursor::new(&file), read: 0 };
        let both = check_and_fit(&mut counted, &Limits::ORIGINAL, |_| Some(ROOMY));
        let (looked, fitted) = both.expect("whole");
        let checked = check_original(Cursor::new(&file), &Limits::ORIGINAL).expect("whole");
        let alone = fit(Cursor::new(&file), &ROOMY).expect("fits");
        assert_eq!((looked, fitted), (checked, Some(alone)));
        // Its header is looked at twice before.
        let read = counted.read;
        assert!(read <= file.len() + 3 * 4096, "{read} bytes of {}", file.len());
    }
}

#[test]
fn what_cannot_be_fitted_is_checked_all_the_same() {
    let file = png(400, 400, false);
    let both =
        |file: &[u8], wanted| check_and_fit(Cursor::new(file), &Limits::ORIGINAL, |_| wanted);
    let no_room = Fit { bytes_max: 100, ..ROOMY };
    let mut wrong = file.clone();
    let in_the_pixels = wrong.len() - 16;
    wrong[in_the_pixels] ^= 0x10;
    for wanted in [None, Some(no_room)] {
        assert!(matches!(both(&file, wanted), Ok((_, None))), "{wanted:?}");
    }
    for wanted in [None, Some(no_room), Some(ROOMY)] {
        assert!(matches!(both(&wrong, wanted), Err(PictureFault::Unreadable)), "{wanted:?}");
        assert!(matches!(both(&file[..900], wanted), Err(PictureFault::Truncated)), "{wanted:?}");
    }
}

proptest! {
    #[test]
    fn every_plan_keeps_to_the_limits(
        width in 1_u32..20_000,
        height in 1_u32..20_000,
        edge in 1_u32..9_000,
    ) {
        let limits = Fit { longest_edge: Some(edge), ..Fit::TELEGRAM_PHOTO };
        let size = Size { width, height };
        let Plan { picture, canvas } = Plan::of(size, &limits);
        prop_assert!(canvas.longest_edge() <= edge.max(1));
        prop_assert!(canvas.width + canvas.height <= limits.side_sum_max);
        let shortest = canvas.width.min(canvas.height);
        prop_assert!(canvas.longest_edge() <= shortest * limits.ratio_max);
        prop_assert!(picture.width <= canvas.width && picture.height <= canvas.height);
        prop_assert!(picture.width <= width && picture.height <= height);
        if size.longest_edge() <= edge && width + height <= 10_000 {
            prop_assert_eq!(picture, size);
        }
    }
}
