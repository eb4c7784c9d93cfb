use image::DynamicImage;
use image::metadata::Orientation;

use super::{CleanPicture, clean_reference};
use crate::pictures::samples::{
    PLANTED, exif, gif, jpeg, png, png_chunk, png_with, rgb, riff, riff_chunk, segment,
    stored_zlib, vp8x, webp, zip,
};
use crate::pictures::{PictureFault, PictureKind, examine};

fn clean(file: &[u8]) -> CleanPicture {
    clean_reference(file).expect("a picture")
}

fn decoded(picture: &CleanPicture) -> DynamicImage {
    image::load_from_memory(&picture.bytes).expect("a picture")
}

/// The most that any sample differs.
fn difference(one: &DynamicImage, other: &DynamicImage) -> u8 {
    let (one, other) = (one.to_rgba8(), other.to_rgba8());
    assert_eq!(one.dimensions(), other.dimensions());
    one.as_raw().iter().zip(other.as_raw()).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

#[test]
fn a_picture_stands_upright_whatever_its_camera_says() {
    for value in 1..=8 {
        let in_segment = segment(0xe1, &[b"Exif\0\0", exif(value).as_slice()].concat());
        let tall = png_with(&png(32, 48, false), &[png_chunk(*b"eXIf", &exif(value))]);
        for (stored, plain) in [
            (jpeg(48, 32, false, &[in_segment]), jpeg(48, 32, false, &[])),
            (tall, png(32, 48, false)),
        ] {
            let mut expected = image::load_from_memory(&plain).expect("a picture");
            let orientation = Orientation::from_exif(value as u8).expect("1 to 8");
            expected.apply_orientation(orientation);
            let cleaned = clean(&stored);
            assert_eq!((cleaned.width, cleaned.height), (expected.width(), expected.height()));
            let difference = difference(&decoded(&cleaned), &expected);
            assert!(difference < 40, "orientation {value}: {difference}");
        }
    }
}

/// Pictures with everything planted that can be planted.
fn planted() -> Vec<Vec<u8>> {
    let text = PLANTED.as_bytes();
    let behind = zip();
    let exif_block = exif(1);
    let jpeg = jpeg(
        64,
        40,
        false,
        &[
            segment(0xe1, &[b"Exif\0\0", exif_block.as_slice()].concat()),
            segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>", text].concat()),
            segment(0xe2, &[b"ICC_PROFILE\0\x01\x01", text].concat()),
            segment(0xeb, &[b"JP\0\0jumbc2pa", text].concat()),
            segment(0xed, &[b"Photoshop 3.0\08BIM\x04\x04", text].concat()),
            segment(0xfe, text),
        ],
    );
    let chunks = [
        png_chunk(*b"tEXt", &[b"Author\0", text].concat()),
        png_chunk(*b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", text].concat()),
        png_chunk(*b"zTXt", &[b"Comment\0\0", stored_zlib(text).as_slice()].concat()),
        png_chunk(*b"iCCP", &[b"p\0\0", stored_zlib(text).as_slice()].concat()),
        png_chunk(*b"caBX", text),
        png_chunk(*b"eXIf", &exif_block),
    ];
    let webp = |transparent| {
        let flags = if transparent { 0x3c } else { 0x2c };
        riff(&[
            vp8x(flags, 64, 40),
            riff_chunk(*b"ICCP", text),
            webp(64, 40, transparent)[12..].to_vec(),
            riff_chunk(*b"EXIF", &exif_block),
            riff_chunk(*b"XMP ", text),
        ])
    };
    let pictures = [
        jpeg,
        png_with(&png(64, 40, false), &chunks),
        png_with(&png(64, 40, true), &chunks),
        webp(false),
        webp(true),
    ];
    pictures.into_iter().map(|picture| [picture, behind.clone()].concat()).collect()
}

#[test]
fn nothing_but_pixels_survives() {
    for file in planted() {
        assert!(contains(&file, PLANTED.as_bytes()));
        let cleaned = clean(&file);
        for planted in [PLANTED.as_bytes(), b"PLANTED", b"Exif", b"xmpmeta", b"c2pa", b"PK\x03\x04"]
        {
            assert!(!contains(&cleaned.bytes, planted), "{:?} in {:?}", planted, cleaned.kind);
        }
        match cleaned.kind {
            PictureKind::Png => assert_eq!(chunk_names(&cleaned.bytes), ["IHDR", "IDAT", "IEND"]),
            _ => assert_eq!(
                markers(&cleaned.bytes),
                [0xe0, 0xdb, 0xdb, 0xc0, 0xc4, 0xc4, 0xc4, 0xc4, 0xda]
            ),
        }
    }
}

fn contains(file: &[u8], text: &[u8]) -> bool {
    file.windows(text.len()).any(|window| window == text)
}

/// The chunks of a PNG, repeated names once; nothing may follow the last.
fn chunk_names(file: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = &file[8..];
    while !rest.is_empty() {
        let length = u32::from_be_bytes([rest[0], rest[1], rest[2], rest[3]]) as usize;
        names.push(String::from_utf8_lossy(&rest[4..8]).into_owned());
        rest = &rest[length + 12..];
    }
    names.dedup();
    names
}

/// The markers of a JPEG up to its only scan; the last two bytes must end it.
fn markers(file: &[u8]) -> Vec<u8> {
    assert!(file.ends_with(b"\xff\xd9"));
    let mut markers = Vec::new();
    let mut at = 2;
    while markers.last() != Some(&0xda) {
        markers.push(file[at + 1]);
        at += 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
    }
    let scan = &file[at..file.len() - 2];
    assert!(scan.windows(2).all(|pair| pair[0] != 0xff || pair[1] == 0));
    markers
}

#[test]
fn what_is_opaque_becomes_a_jpeg_and_what_is_not_a_png() {
    for (file, kind) in [
        (png(40, 30, false), PictureKind::Jpeg),
        (jpeg(40, 30, true, &[]), PictureKind::Jpeg),
        (webp(40, 30, false), PictureKind::Jpeg),
        (png(40, 30, true), PictureKind::Png),
        (webp(40, 30, true), PictureKind::Png),
    ] {
        let cleaned = clean(&file);
        assert_eq!((cleaned.kind, cleaned.width, cleaned.height), (kind, 40, 30));
        assert_eq!(examine(&cleaned.bytes).expect("a picture").kind, kind);
        let before = image::load_from_memory(&file).expect("a picture");
        let worst = if kind == PictureKind::Png { 0 } else { 40 };
        assert!(difference(&decoded(&cleaned), &before) <= worst);
    }
}

#[test]
fn a_gif_is_its_first_frame_in_its_place() {
    let cleaned = decoded(&clean(&gif())).to_rgba8();
    assert_eq!(cleaned.dimensions(), (4, 3));
    assert_eq!(cleaned.get_pixel(1, 1).0, [255, 0, 0, 255]);
    assert_eq!(cleaned.get_pixel(0, 0).0[3], 0);
    assert_eq!(cleaned.get_pixel(3, 2).0[3], 0);
}

#[test]
fn a_long_side_is_brought_to_what_the_provider_makes() {
    let file = png(6000, 12, true);
    let cleaned = clean(&file);
    assert_eq!((cleaned.width, cleaned.height), (4096, 8));
}

#[test]
fn grey_and_four_colour_jpegs_come_out_in_colour() {
    let grey = {
        let mut file = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut file, 95);
        let tones: Vec<u8> = (0..32 * 32).map(|i| (i / 4) as u8).collect();
        encoder.encode(&tones, 32, 32, jpeg_encoder::ColorType::Luma).expect("a JPEG");
        file
    };
    let print = {
        let mut file = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut file, 95);
        let inks: Vec<u8> = rgb(32, 32)
            .chunks_exact(3)
            .flat_map(|p| [255 - p[0], 255 - p[1], 255 - p[2], 0])
            .collect();
        encoder.encode(&inks, 32, 32, jpeg_encoder::ColorType::Cmyk).expect("a JPEG");
        file
    };
    for file in [grey, print] {
        let before = image::load_from_memory(&file).expect("a picture");
        assert!(difference(&decoded(&clean(&file)), &before) <= 40);
    }
}

#[test]
fn a_cut_or_damaged_file_is_refused_by_name() {
    for file in
        [png(64, 64, true), jpeg(64, 64, false, &[]), jpeg(64, 64, true, &[]), webp(64, 64, true)]
    {
        for cut in [file.len() / 2, file.len() - 14] {
            let fault = clean_reference(&file[..cut]).expect_err("cut");
            assert!(
                matches!(fault, PictureFault::Truncated | PictureFault::Unreadable),
                "{fault:?}"
            );
        }
    }
    let fault = clean_reference(&gif()[..30]).expect_err("cut");
    assert!(matches!(fault, PictureFault::Truncated | PictureFault::Unreadable), "{fault:?}");
    let mut wrong = png(64, 64, false);
    let sum = wrong.len() - 13;
    wrong[sum] ^= 1;
    assert!(matches!(clean_reference(&wrong), Err(PictureFault::Unreadable)));
}
