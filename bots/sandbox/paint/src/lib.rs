//! The painter of the stand-in provider: a scene from the prompt's words, the same again for the
//! same words; pictures of one colour for load tests; and files of both, each with its number.
//!
//! `words` reads the prompt, `plan` decides what it leaves open, `scene` composes layers from far
//! to near, and the layers (`sky`, `land`, `water`, `plants`, `figures`, `weather`) are painted
//! band by band, so that no more than some rows are ever held as light.
//!
//! It is a crate of its own so that it alone is optimised where everything else is built to be
//! built quickly.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::many_single_char_names,
    clippy::unreadable_literal,
    reason = "pictures are computed in f32 and counted in pixels; colours are written as on the web"
)]

use image::{DynamicImage, RgbImage, RgbaImage, imageops};
use sha2::{Digest, Sha256};

mod band;
mod caption;
mod chance;
mod color;
mod encode;
mod figures;
mod finish;
mod land;
mod nonce;
mod palette;
mod photo;
mod plain;
mod plan;
mod plants;
mod resize;
mod scene;
mod shape;
mod sky;
mod water;
mod weather;
mod words;

use band::{Band, Frame};
use finish::Finish;
use plan::Plan;
use scene::Scene;
use words::{Style, Wishes};

pub use encode::{Format, Pixels, encode};
pub use nonce::{Nonce, Stage, decode_nonce, decode_nonce_pixels, prompt_hash};
pub use photo::{jpeg, read, upright};
pub use plain::{one_bit_bomb, plain_picture, rgba_bomb};

/// What is to be painted.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// What it shows.
    pub prompt: &'a str,
    /// Which of several pictures for the same prompt.
    pub variant: u8,
    /// Width and height, pixels.
    pub size: (u32, u32),
    /// Whether there is nothing around the figures.
    pub transparent: bool,
    /// How sharp it is: 1 for the finished picture, less for a partial one.
    pub sharpness: f32,
    /// What stands at the right end of the caption.
    pub mark: &'a str,
    /// Pictures to work from.
    pub references: &'a [RgbImage],
    /// What of the first of them has to stay (where it is opaque).
    pub mask: Option<&'a RgbaImage>,
}

/// Rows painted at a time.
const BAND_ROWS: usize = 32;

/// Paints an order.
pub fn paint(order: Order<'_>) -> Pixels {
    let (width, height) = order.size;
    let wishes = words::read(order.prompt);
    let strip = caption::strip_height(height);
    let rows = height - strip;
    let part = if wishes.style == Some(Style::Pixels) { 0.125 } else { order.sharpness };
    let whole = Frame::new(width as usize, rows as usize, width.min(rows) as f32);
    let frame = if part < 1.0 { whole.coarser(part) } else { whole };
    let scene = scene(order, &wishes, frame);
    let finish = Finish {
        style: scene.plan.style,
        seed: seed(order.prompt, order.variant) as u32,
        grain: if part < 1.0 { 0.0 } else { 0.016 },
    };
    let channels = if order.transparent { 4 } else { 3 };
    let painted = Pixels { channels, ..render(&scene, finish, frame, channels) };
    let mut pixels = resize::to_size(painted, (width, rows), wishes.style == Some(Style::Pixels));
    pixels.height = height;
    let words = caption::wording(order.prompt, &wishes.labels);
    append_strip(&mut pixels, strip as usize, &words, order.mark);
    pixels
}

fn scene(order: Order<'_>, wishes: &Wishes, frame: Frame) -> Scene {
    let seed = seed(order.prompt, order.variant);
    match order.references {
        [] if order.transparent => Scene::figures_only(Plan::new(wishes, frame, seed)),
        [] => Scene::compose(Plan::new(wishes, frame, seed)),
        [picture] if wishes.place.is_none() => {
            Scene::retouch(Plan::for_edit(wishes, frame, seed), wishes, picture, order.mask)
        }
        pictures => Scene::exhibition(Plan::for_edit(wishes, frame, seed), pictures),
    }
}

/// A reference picture without the caption that we gave it ourselves.
pub fn without_caption(picture: RgbaImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let keep = if nonce::has_edge_code(&picture) {
        height - caption::strip_height(height)
    } else {
        height
    };
    let picture = DynamicImage::from(picture).into_rgb8();
    imageops::crop_imm(&picture, 0, 0, width, keep).to_image()
}

/// The first bytes of a hash: prompts that differ in one letter look different.
fn seed(prompt: &str, variant: u8) -> u64 {
    let digest = Sha256::new().chain_update(prompt).chain_update([variant]).finalize();
    digest.iter().take(8).fold(0, |seed, &byte| seed << 8 | u64::from(byte))
}

fn render(scene: &Scene, finish: Finish, frame: Frame, channels: usize) -> Pixels {
    let row_bytes = frame.columns * channels;
    let mut bytes = vec![0; row_bytes * frame.rows];
    for (index, part) in bytes.chunks_mut(row_bytes * BAND_ROWS).enumerate() {
        let first = index * BAND_ROWS;
        let mut band = Band::new(frame, first, part.len() / row_bytes);
        scene.paint(&mut band);
        let rows = band.pixels.chunks_exact(frame.columns).zip(part.chunks_exact_mut(row_bytes));
        for ((pixels, bytes), row) in rows.zip(first..) {
            finish.row(frame, row, pixels, bytes);
        }
    }
    Pixels { width: frame.columns as u32, height: frame.rows as u32, channels, bytes }
}

/// Adds the caption below a picture.
fn append_strip(pixels: &mut Pixels, strip: usize, words: &str, mark: &str) {
    const FILM: [f32; 4] = [27.0 / 255.0, 24.0 / 255.0, 26.0 / 255.0, 1.0];
    let columns = pixels.width as usize;
    let frame = Frame::new(columns, strip, pixels.width.min(pixels.height) as f32);
    let mut band = Band::new(frame, 0, strip);
    band.pixels.fill(FILM);
    band::Layer::paint(&caption::caption(frame, strip, words, mark), &mut band);
    let to_byte = |channel: f32| (channel.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
    let channels = pixels.channels;
    let bytes =
        band.pixels.iter().flat_map(|pixel| pixel.iter().take(channels).map(|&c| to_byte(c)));
    pixels.bytes.extend(bytes);
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn order(prompt: &str) -> Order<'_> {
        Order {
            prompt,
            variant: 0,
            size: (160, 128),
            transparent: false,
            sharpness: 1.0,
            mark: "#1",
            references: &[],
            mask: None,
        }
    }

    fn picture(order: Order<'_>) -> RgbImage {
        let pixels = paint(order);
        assert_eq!((pixels.width, pixels.height), order.size);
        RgbImage::from_raw(pixels.width, pixels.height, pixels.bytes).unwrap()
    }

    /// Mean brightness of the scene, 0 to 255.
    fn light(picture: &RgbImage) -> u32 {
        let sum: u32 = picture.pixels().flat_map(|pixel| pixel.0).map(u32::from).sum();
        sum / (3 * picture.width() * picture.height())
    }

    /// Mean difference of two pictures, 0 to 255.
    fn difference(one: &RgbImage, other: &RgbImage) -> u32 {
        let pairs = one.as_raw().iter().zip(other.as_raw());
        let sum: u32 = pairs.map(|(&one, &other)| u32::from(one.abs_diff(other))).sum();
        sum / u32::try_from(one.as_raw().len()).unwrap()
    }

    #[test]
    fn the_same_words_give_the_same_picture_and_others_another() {
        let fox = picture(order("a fox in the snow"));
        assert_eq!(fox, picture(order("a fox in the snow")));
        assert!(difference(&fox, &picture(order("a fox in the snow!"))) > 0);
        let second = picture(Order { variant: 1, ..order("a fox in the snow") });
        assert!(difference(&fox, &second) > 3);
        assert!(difference(&fox, &picture(order("a teapot on a table"))) > 15);
    }

    #[test]
    fn words_change_what_is_seen() {
        let day = light(&picture(order("mountains at noon")));
        let night = light(&picture(order("mountains at night")));
        assert!(day > night + 40, "{day} {night}");
        assert_eq!(light(&picture(order("夜山"))) / 40, night / 40);
        let grey = picture(order("a house, black and white"));
        let colourful = |pixel: &Rgb<u8>| pixel.0[0].abs_diff(pixel.0[2]) > 12;
        let rows = 120 * 160;
        assert_eq!(grey.pixels().take(rows).filter(|pixel| colourful(pixel)).count(), 0);
    }

    #[test]
    fn every_word_can_be_painted_in_every_shape() {
        for word in words::labels() {
            for size in [(32, 96), (96, 32)] {
                picture(Order { size, ..order(&format!("{word} {word}")) });
            }
        }
    }

    #[test]
    fn a_partial_picture_shows_the_finished_one_ever_sharper() {
        let prompt = "a boat on a lake at dawn";
        let finished = picture(order(prompt));
        let at = |sharpness| picture(Order { sharpness, ..order(prompt) });
        let differences = [0.1, 0.25, 0.5].map(|sharpness| difference(&finished, &at(sharpness)));
        assert!(differences.is_sorted_by(|one, other| one >= other), "{differences:?}");
        assert!(differences[0] < 20 && differences[2] < 8, "{differences:?}");
    }

    #[test]
    fn a_transparent_picture_is_clear_around_its_figure() {
        let pixels = paint(Order { transparent: true, ..order("a cat") });
        assert_eq!(pixels.channels, 4);
        let mut scene = pixels.bytes.chunks_exact(4).take(100 * 160);
        assert_eq!(pixels.bytes[3], 0);
        assert!(scene.any(|pixel| pixel[3] == 255));
    }

    #[test]
    fn a_reference_is_seen_in_an_edit_and_a_mask_keeps_it() {
        let red = RgbImage::from_pixel(80, 64, Rgb([220, 30, 30]));
        let references = [red];
        let edit = |prompt| Order { references: &references, ..order(prompt) };
        let brighter = picture(edit("brighter")).get_pixel(80, 30).0;
        assert!(brighter[0] > 200 && brighter[1] < 80, "{brighter:?}");
        let night = picture(edit("make it night")).get_pixel(20, 90).0;
        assert!(night[0] < 110, "{night:?}");

        let mask =
            RgbaImage::from_fn(80, 64, |x, _| image::Rgba([0, 0, 0, if x < 40 { 255 } else { 0 }]));
        let masked = picture(Order { mask: Some(&mask), ..edit("make it night") });
        assert!(masked.get_pixel(20, 90).0[0] > 170);
        assert!(masked.get_pixel(140, 90).0[0] < 110);
    }

    #[test]
    fn several_references_lie_in_the_scene_as_prints() {
        let colors = [[230, 20, 20], [20, 220, 20], [20, 20, 230]];
        let references = colors.map(|color| RgbImage::from_pixel(64, 64, Rgb(color)));
        let scene = picture(Order { references: &references, ..order("side by side on a beach") });
        for color in colors {
            let near = |pixel: &&Rgb<u8>| {
                pixel.0.iter().zip(color).all(|(&seen, wanted)| seen.abs_diff(wanted) < 45)
            };
            assert!(scene.pixels().filter(near).count() > 300, "{color:?}");
        }
    }

    #[test]
    fn our_own_caption_is_cut_off_a_reference() {
        let pixels = paint(Order { size: (320, 240), ..order("a cat") });
        let nonce = Nonce { call: 7, picture: 0, stage: Stage::Final, prompt: 9 };
        let file = encode(pixels, nonce, Format::Jpeg, 90);
        let ours = image::load_from_memory(&file).unwrap().into_rgba8();
        assert_eq!(without_caption(ours).dimensions(), (320, 228));
        assert_eq!(without_caption(RgbaImage::new(320, 240)).dimensions(), (320, 240));
    }
}
