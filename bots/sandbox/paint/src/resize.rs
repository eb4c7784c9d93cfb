//! Small pictures made large: soft for partial pictures, in squares for the pixel style.

use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Rgb, Rgba};

use crate::encode::Pixels;

/// The picture in another size.
pub(super) fn to_size(pixels: Pixels, (width, height): (u32, u32), squares: bool) -> Pixels {
    if (pixels.width, pixels.height) == (width, height) {
        return pixels;
    }
    let filter = if squares { FilterType::Nearest } else { FilterType::CatmullRom };
    let Pixels { width: from_width, height: from_height, channels, bytes } = pixels;
    let bytes = if channels == 4 {
        let small = ImageBuffer::<Rgba<u8>, _>::from_raw(from_width, from_height, bytes)
            .expect("pixels have the size they say");
        resize(&small, width, height, filter).into_raw()
    } else {
        let small = ImageBuffer::<Rgb<u8>, _>::from_raw(from_width, from_height, bytes)
            .expect("pixels have the size they say");
        resize(&small, width, height, filter).into_raw()
    };
    Pixels { width, height, channels, bytes }
}
