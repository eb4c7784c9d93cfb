//! The light of a scene: sky, haze, sun and what the light does to everything else.

use super::chance::Chance;
use super::color::{Rgb, WHITE, hex};
use super::words::{Style, Time, Weather};

/// Colours that belong together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Palette {
    /// From the zenith down to the horizon.
    pub(super) sky: [Rgb; 4],
    /// What everything far away fades into.
    pub(super) haze: Rgb,
    /// The dark end of near things in silhouette.
    pub(super) near: Rgb,
    /// Sun or moon, and its light on edges.
    pub(super) sun: Rgb,
    /// What a white wall looks like in this light.
    pub(super) ambient: Rgb,
    /// Sunlit edge of clouds, and their shaded side.
    pub(super) cloud: [Rgb; 2],
    /// Whether lamps are on, 0 to 1.
    pub(super) lamps: f32,
    /// How many stars one sees, 0 to 1.
    pub(super) stars: f32,
}

const fn palette(sky: [u32; 4], other: [u32; 6], lamps: f32, stars: f32) -> Palette {
    let [haze, near, sun, ambient, bright, shade] = other;
    Palette {
        sky: [hex(sky[0]), hex(sky[1]), hex(sky[2]), hex(sky[3])],
        haze: hex(haze),
        near: hex(near),
        sun: hex(sun),
        ambient: hex(ambient),
        cloud: [hex(bright), hex(shade)],
        lamps,
        stars,
    }
}

const DAWN: [Palette; 2] = [
    palette(
        [0x4f6aa5, 0x9a97c2, 0xe9b7b5, 0xfde2bd],
        [0xc9b0c0, 0x31385c, 0xfff0cf, 0xf3dcd6, 0xffe3d2, 0xb79cb9],
        0.25,
        0.12,
    ),
    palette(
        [0x5a7fae, 0x9fb6cc, 0xf2cfae, 0xffe9c6],
        [0xd0bfb6, 0x3a4258, 0xfff3d6, 0xf7e4d3, 0xfff0df, 0xb9aeb8],
        0.15,
        0.0,
    ),
];
const DAY: [Palette; 2] = [
    palette(
        [0x2f7fc6, 0x62aadd, 0xa9d5ec, 0xe2f1f0],
        [0xb4d0da, 0x1f4a43, 0xfffbe6, 0xffffff, 0xffffff, 0xb9cddd],
        0.0,
        0.0,
    ),
    palette(
        [0x3a74b8, 0x74aed6, 0xbcdbe2, 0xf4efd9],
        [0xbfd0cc, 0x28483a, 0xfff6d8, 0xfffaf0, 0xfffdf4, 0xb4c3cf],
        0.0,
        0.0,
    ),
];
const SUNSET: [Palette; 3] = [
    palette(
        [0x2c3466, 0x8a4a80, 0xf0785a, 0xffd07e],
        [0xc9687a, 0x23152f, 0xfff0b8, 0xf2b79a, 0xffb98a, 0x7a4474],
        0.45,
        0.08,
    ),
    palette(
        [0x3a2b6a, 0xb8496f, 0xff8a58, 0xffe2a2],
        [0xd57668, 0x2a1630, 0xfff3c4, 0xf5b493, 0xffc39a, 0x8a4a6e],
        0.45,
        0.05,
    ),
    palette(
        [0x35506f, 0x8c7a8c, 0xe8a06a, 0xffdf9e],
        [0xc8926f, 0x2a2430, 0xfff0c0, 0xf0c49c, 0xffd9a8, 0x86707f],
        0.4,
        0.0,
    ),
];
const DUSK: [Palette; 2] = [
    palette(
        [0x172348, 0x3b4580, 0x8b719f, 0xe9b09c],
        [0x6f6c98, 0x11152e, 0xf6e9d8, 0x9a97bd, 0xc79bb0, 0x474a7d],
        0.85,
        0.35,
    ),
    palette(
        [0x12263f, 0x2f5675, 0x6f93a0, 0xe4c6a4],
        [0x6d8894, 0x0e1a28, 0xf6ead2, 0x94a6b8, 0xbcaaa6, 0x3f5a70],
        0.85,
        0.3,
    ),
];
const NIGHT: [Palette; 3] = [
    palette(
        [0x050a1e, 0x0d1b41, 0x1d3a6b, 0x3f668f],
        [0x2b4a72, 0x050a18, 0xf4f1de, 0x6f86b8, 0x48638f, 0x182a50],
        1.0,
        1.0,
    ),
    palette(
        [0x080720, 0x1a1648, 0x3a2d70, 0x6d5590],
        [0x463c74, 0x090716, 0xf8efe0, 0x7f7cb8, 0x5d4f8a, 0x241d50],
        1.0,
        1.0,
    ),
    palette(
        [0x03111c, 0x08293a, 0x135060, 0x3f8a8a],
        [0x1f5560, 0x030d14, 0xeef6e6, 0x6aa0ac, 0x3f7480, 0x0e3440],
        1.0,
        1.0,
    ),
];
const INK: Palette = palette(
    [0xcfc8ba, 0xddd6c8, 0xebe5d8, 0xf3eee3],
    [0xe4ddd0, 0x24262b, 0xc8452f, 0xd9d4ca, 0xf3eee3, 0xc9c3b6],
    0.2,
    0.0,
);
const NEON: Palette = palette(
    [0x0d0630, 0x34106a, 0xa81f8c, 0xff6fae],
    [0x7a2a92, 0x0a0424, 0xffd36e, 0x9a86e0, 0xff6fae, 0x3a1670],
    1.0,
    0.7,
);

/// The palette for this hour, weather and style.
pub(super) fn choose(time: Time, weather: Weather, style: Style, chance: &mut Chance) -> Palette {
    let clear = match style {
        Style::Ink => return INK,
        Style::Neon => NEON,
        Style::Plain | Style::Monochrome | Style::Sepia | Style::Pixels => match time {
            Time::Dawn => chance.pick(&DAWN),
            Time::Day => chance.pick(&DAY),
            Time::Sunset => chance.pick(&SUNSET),
            Time::Dusk => chance.pick(&DUSK),
            Time::Night => chance.pick(&NIGHT),
        },
    };
    match weather {
        Weather::Clear => clear,
        Weather::Snow => clear.muted(hex(0xd4e2f2), 0.20, 0.88),
        Weather::Rain => clear.muted(hex(0x66757f), 0.50, 0.55),
        Weather::Fog => clear.muted(hex(0xd3d8d6), 0.42, 0.60),
    }
}

impl Palette {
    /// Under a cover of cloud: everything nearer to its grey, and less of every colour.
    fn muted(mut self, cover: Rgb, amount: f32, saturation: f32) -> Self {
        // A cover is as bright as the sky behind it lets it be.
        let (low, rim) = (self.sky[2].luminance(), self.sky[3].luminance());
        let brightness = low.midpoint(rim).midpoint(low.max(rim));
        let cover = cover.times((brightness / cover.luminance()).min(1.05));
        for color in &mut self.sky {
            *color = color.saturated(saturation).mix(cover, amount);
        }
        self.haze = self.haze.saturated(saturation).mix(cover, amount);
        self.near = self.near.saturated(saturation).mix(cover, amount * 0.12);
        self.cloud = self.cloud.map(|color| color.saturated(saturation).mix(cover, amount));
        // Stars are seen through thin cloud only.
        self.stars *= if amount > 0.3 { 0.0 } else { 1.0 - amount };
        self
    }

    /// Turned towards one colour.
    pub(super) fn tinted(mut self, tint: Rgb) -> Self {
        for color in &mut self.sky {
            *color = color.tinted(tint, 0.45);
        }
        self.haze = self.haze.tinted(tint, 0.45);
        self.near = self.near.tinted(tint, 0.3);
        self.cloud = self.cloud.map(|color| color.tinted(tint, 0.35));
        self.ambient = self.ambient.tinted(tint, 0.2);
        self
    }

    /// A thing of this colour at this distance (0 near, 1 on the horizon).
    pub(super) fn seen(&self, color: Rgb, distance: f32) -> Rgb {
        color.lit(self.ambient.mix(WHITE, 0.05)).mix(self.haze, distance)
    }
}
