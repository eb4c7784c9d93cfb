use super::{Limits, Looked, Orientation, OtherKind, PictureKind, examine};
use crate::pictures::PictureFault;
use crate::pictures::samples::{
    LOSSY_WEBP, exif, gif, jpeg, png, png_chunk, png_start, png_with, riff, riff_chunk, segment,
    vp8x, webp,
};

fn seen(looked: &Looked) -> (PictureKind, u32, u32, bool) {
    (looked.kind, looked.width, looked.height, looked.has_alpha)
}

#[test]
fn a_kind_is_told_by_the_first_bytes_with_its_size() {
    use PictureKind::{Gif, Jpeg, Png, Webp};
    let cases = [
        (png(30, 20, false), (Png, 30, 20, false)),
        (png(30, 20, true), (Png, 30, 20, true)),
        (jpeg(31, 21, false, &[]), (Jpeg, 31, 21, false)),
        (jpeg(31, 21, true, &[]), (Jpeg, 31, 21, false)),
        (webp(32, 22, false), (Webp, 32, 22, false)),
        (webp(32, 22, true), (Webp, 32, 22, true)),
        (LOSSY_WEBP.to_vec(), (Webp, 1, 1, false)),
        (gif(), (Gif, 4, 3, true)),
    ];
    for (file, expected) in cases {
        let looked = examine(&file).expect("a picture");
        assert_eq!(seen(&looked), expected);
        assert_eq!(looked.orientation, Orientation::NoTransforms);
    }
}

#[test]
fn a_palette_with_transparency_counts_as_transparent() {
    let file = png_with(&png(3, 3, false), &[png_chunk(*b"tRNS", &[0; 6])]);
    assert!(examine(&file).expect("a PNG").has_alpha);
}

#[test]
fn the_orientation_is_read_from_every_kind() {
    let block = exif(6);
    let in_segment = segment(0xe1, &[b"Exif\0\0", block.as_slice()].concat());
    let inner = webp(40, 30, false);
    let cases = [
        jpeg(40, 30, false, &[segment(0xe0, b"JFIF\0"), in_segment]),
        png_with(&png(40, 30, false), &[png_chunk(*b"eXIf", &block)]),
        riff(&[vp8x(0x08, 40, 30), inner[12..].to_vec(), riff_chunk(*b"EXIF", &block)]),
    ];
    for file in cases {
        let looked = examine(&file).expect("a picture");
        assert_eq!(looked.orientation, Orientation::Rotate90);
        assert_eq!((looked.shown_size().width, looked.shown_size().height), (30, 40));
    }
}

#[test]
fn what_is_not_taken_is_refused_by_its_name() {
    let cases: [(&[u8], OtherKind); 14] = [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", OtherKind::Heic),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", OtherKind::Heic),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", OtherKind::Avif),
        (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2", OtherKind::Video),
        (b"II*\0\x08\0\0\0", OtherKind::Tiff),
        (b"MM\0*\0\0\0\x08", OtherKind::Tiff),
        (b"BM\x36\x10\0\0", OtherKind::Bmp),
        (b"\xff\x0a\xfa\x1f", OtherKind::JpegXl),
        (b"8BPS\0\x01", OtherKind::Photoshop),
        (b"%PDF-1.7\n\xff\xd8\xff\xe0", OtherKind::Pdf),
        (b"PK\x03\x04\x14\0", OtherKind::Zip),
        (b"\n <?xml version=\"1.0\"?><svg/>", OtherKind::Markup),
        (b"\xef\xbb\xbf<svg xmlns=\"\"/>", OtherKind::Markup),
        (b"<!doctype html><script>", OtherKind::Markup),
    ];
    for (file, expected) in cases {
        let fault = examine(file).expect_err("not taken");
        assert!(
            matches!(fault, PictureFault::KindUnsupported(kind) if kind == expected),
            "{fault:?}"
        );
    }
    for file in
        [b"".as_slice(), b"hello", b"\0\0\0\0\0\0\0\0\0\0\0\0", b"\xff\xd8", b"RIFF\0\0\0\0WAVE"]
    {
        assert!(matches!(examine(file), Err(PictureFault::NotAPicture)), "{file:?}");
    }
}

#[test]
fn a_header_cut_anywhere_is_no_panic_and_no_picture_of_another_size() {
    for file in
        [png(30, 20, true), jpeg(31, 21, true, &[]), webp(32, 22, true), gif(), LOSSY_WEBP.to_vec()]
    {
        let whole = examine(&file).expect("a picture");
        for end in 0..file.len().min(700) {
            if let Ok(looked) = examine(&file[..end]) {
                assert_eq!(looked.size(), whole.size());
            }
        }
    }
}

#[test]
fn limits_are_checked_on_the_header_alone() {
    let looked = |width, height| examine(&png_start(width, height, 8, 2, false)).expect("a header");
    let limits = Limits::REFERENCE;
    assert!(looked(5000, 5000).within(&limits, 0).is_ok());
    let fault = looked(8193, 1).within(&limits, 0).expect_err("too long");
    assert!(matches!(fault, PictureFault::SideTooLong { width: 8193, side_max: 8192, .. }));
    let fault = looked(5001, 5000).within(&limits, 0).expect_err("too many");
    assert!(matches!(fault, PictureFault::TooManyPixels { pixels_max: 25_000_000, .. }));
    let deep = examine(&jpeg(64, 64, false, &[])).expect("a header");
    assert!(deep.within(&limits, limits.memory_max - deep.memory).is_ok());
    let fault =
        deep.within(&limits, limits.memory_max - deep.memory + 1).expect_err("with its file");
    assert!(matches!(fault, PictureFault::TooCostly { memory: 128_000_001, .. }));
    let fault = limits.admit_bytes(50_000_001).expect_err("too long");
    assert!(matches!(fault, PictureFault::TooManyBytes { bytes_max: 50_000_000, .. }));
}

#[test]
fn a_frame_larger_than_its_canvas_is_refused() {
    let small_frame = webp(8, 8, false)[12..].to_vec();
    let large_frame = riff_chunk(*b"VP8L", &[0x2f, 0xff, 0xff, 0xff, 0x0f]);
    assert!(examine(&riff(&[vp8x(0, 8, 8), small_frame.clone()])).is_ok());
    let hidden = riff(&[vp8x(0, 8, 8), large_frame.clone()]);
    assert!(matches!(examine(&hidden), Err(PictureFault::Unreadable)));
    let second = riff(&[vp8x(0, 8, 8), small_frame, large_frame.clone()]);
    assert!(matches!(examine(&second), Err(PictureFault::Unreadable)));
    let frame = [[0; 16].as_slice(), &large_frame].concat();
    let animated = riff(&[vp8x(2, 8, 8), riff_chunk(*b"ANMF", &frame)]);
    assert!(matches!(examine(&animated), Err(PictureFault::Unreadable)));
}

#[test]
fn a_jpeg_with_two_frame_headers_is_refused() {
    let frame = [8, 0, 8, 0, 8, 1, 1, 0x11, 0];
    let large = [8, 0xff, 0xff, 0xff, 0xff, 1, 1, 0x11, 0];
    let scan = segment(0xda, &[1, 1, 0, 0, 63, 0]);
    let start = vec![0xff, 0xd8];
    let once = [start.clone(), segment(0xc0, &frame), scan.clone()].concat();
    assert!(examine(&once).is_ok());
    let twice = [start.clone(), segment(0xc0, &frame), segment(0xc0, &large), scan].concat();
    assert!(matches!(examine(&twice), Err(PictureFault::Unreadable)));
    let rare = [start, segment(0xc9, &frame)].concat();
    let fault = examine(&rare).expect_err("arithmetic");
    assert!(matches!(fault, PictureFault::KindUnsupported(OtherKind::RareJpeg)));
}

#[test]
fn the_largest_size_that_a_header_can_say_is_too_large_and_nothing_else() {
    let header = png_start(u32::MAX, u32::MAX, 8, 6, true);
    let looked = examine(&header).expect("a header");
    assert!(looked.memory > u64::from(u32::MAX), "a row of it");
    assert!(looked.within(&Limits::ORIGINAL, 0).is_err());
}
