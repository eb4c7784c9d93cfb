//! Everything above the horizon: the gradient, sun and moon, stars, aurora and clouds.

use std::sync::Arc;

use super::band::{Along, Band, Layer, cover, shine};
use super::chance::{Chance, Noise, hash};
use super::color::{Rgb, WHITE, smooth};
use super::palette::Palette;

/// The colours from zenith to horizon, and the glow around what shines.
#[derive(Debug)]
pub(super) struct Heaven {
    pub(super) palette: Palette,
    pub(super) horizon: f32,
    pub(super) lamp: Lamp,
}

/// Sun or moon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lamp {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) radius: f32,
    /// Where its light falls from the disc, 0 to 1.
    pub(super) glow: f32,
    pub(super) kind: LampKind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum LampKind {
    /// Behind clouds: only its glow.
    Hidden,
    Sun,
    /// How much of it is in shadow, 0 (full) to 1.
    Moon(f32),
}

impl Layer for Heaven {
    fn paint(&self, band: &mut Band) {
        let frame = band.frame;
        let [zenith, upper, lower, rim] = self.palette.sky;
        for (y, pixels) in band.rows_mut() {
            let down = (y / self.horizon).clamp(0.0, 1.0);
            let base = if down < 0.45 {
                zenith.mix(upper, smooth(0.0, 0.45, down))
            } else if down < 0.8 {
                upper.mix(lower, smooth(0.45, 0.8, down))
            } else {
                lower.mix(rim, smooth(0.8, 1.0, down))
            };
            for (pixel, column) in pixels.iter_mut().zip(0..) {
                let (dx, dy) = (frame.x(column) - self.lamp.x, y - self.lamp.y);
                let far = dx * dx * 0.7 + dy * dy;
                let wide = self.lamp.glow * 0.30 / (1.0 + far * 9.0);
                let close = self.lamp.glow * 0.42 / (1.0 + far * 130.0);
                *pixel = [base.0[0], base.0[1], base.0[2], 1.0];
                cover(pixel, self.palette.sun.mix(rim, 0.45), wide);
                cover(pixel, self.palette.sun, close);
            }
        }
    }
}

/// The disc of sun or moon, in front of the stars.
#[derive(Debug)]
pub(super) struct Disc {
    pub(super) palette: Palette,
    pub(super) lamp: Lamp,
    pub(super) noise: Arc<Noise>,
}

impl Layer for Disc {
    fn paint(&self, band: &mut Band) {
        let scale = band.frame.scale;
        for (y, pixels) in band.rows_mut() {
            self.paint_row(y, pixels, scale);
        }
    }
}

impl Disc {
    fn paint_row(&self, y: f32, pixels: &mut [[f32; 4]], scale: f32) {
        let Lamp { x, y: lamp_y, radius, kind, .. } = self.lamp;
        if kind == LampKind::Hidden || (y - lamp_y).abs() > radius * 1.1 {
            return;
        }
        let from = ((x - radius * 1.1) * scale).max(0.0) as usize;
        let to = ((((x + radius * 1.1) * scale).max(0.0)) as usize).min(pixels.len());
        for (column, pixel) in pixels.iter_mut().enumerate().take(to).skip(from) {
            let (dx, dy) = ((column as f32 + 0.5) / scale - x, y - lamp_y);
            let within = ((radius - dx.hypot(dy)) * scale + 0.5).clamp(0.0, 1.0);
            if within <= 0.0 {
                continue;
            }
            match kind {
                LampKind::Hidden => {}
                LampKind::Sun => {
                    let core = WHITE.mix(self.palette.sun, 0.35 + 0.5 * dx.hypot(dy) / radius);
                    cover(pixel, core, within * 0.96);
                }
                LampKind::Moon(shadow) => {
                    let (sx, sy) = (dx - radius * (1.9 - 1.75 * shadow), dy + radius * 0.25);
                    let dark = ((radius * 1.02 - sx.hypot(sy)) * scale * 0.5 + 0.5).clamp(0.0, 1.0);
                    let spots = self.noise.fractal(dx / radius * 1.7 + 9.0, dy / radius * 1.7, 3);
                    let face = self.palette.sun.times(0.86 + 0.22 * smooth(0.38, 0.62, spots));
                    cover(pixel, face, within * (1.0 - dark * shadow.min(0.2) * 5.0));
                }
            }
        }
    }
}

/// Stars, each where it always is for this seed.
#[derive(Debug)]
pub(super) struct Stars {
    /// x, y, radius, brightness; from the top.
    stars: Vec<[f32; 4]>,
    color: Rgb,
}

impl Stars {
    pub(super) fn new(
        width: f32,
        horizon: f32,
        amount: f32,
        color: Rgb,
        mut chance: Chance,
    ) -> Self {
        let count = (520.0 * width * horizon * amount) as usize;
        let mut star = || {
            let bright = chance.unit().powi(5);
            // Fewer towards the horizon.
            let y = chance.unit().powf(1.4) * horizon;
            [chance.unit() * width, y, 0.0008 + 0.0017 * bright, 0.28 + 0.72 * bright]
        };
        let mut stars: Vec<_> = (0..count).map(|_| star()).collect();
        stars.sort_by(|one, other| one[1].total_cmp(&other[1]));
        Self { stars, color }
    }
}

impl Layer for Stars {
    fn paint(&self, band: &mut Band) {
        let scale = band.frame.scale;
        for (y, pixels) in band.rows_mut() {
            let from = self.stars.partition_point(|star| star[1] < y - 0.012);
            for &[x, star_y, radius, bright] in &self.stars[from..] {
                if star_y > y + 0.012 {
                    break;
                }
                let reach = ((radius * 4.0).max(1.2 / scale) * scale).ceil() as i32;
                let middle = (x * scale) as i32;
                let radius = radius.max(0.7 / scale);
                for column in (middle - reach).max(0)..(middle + reach + 1).min(pixels.len() as i32)
                {
                    let (dx, dy) = ((column as f32 + 0.5) / scale - x, y - star_y);
                    let far = (dx * dx + dy * dy) / (radius * radius);
                    let light = bright * (-far * 0.9).exp() + bright * 0.05 / (1.0 + far);
                    if light > 0.004 {
                        shine(&mut pixels[column as usize], self.color, light);
                    }
                }
            }
        }
    }
}

/// Curtains of green light.
#[derive(Debug)]
pub(super) struct Aurora {
    pub(super) horizon: f32,
    pub(super) colors: [Rgb; 2],
    pub(super) noise: Arc<Noise>,
}

impl Layer for Aurora {
    fn paint(&self, band: &mut Band) {
        let frame = band.frame;
        // Three curtains: where each hangs over each column, and how bright it is there.
        let curtain = |x: f32, index: f32| {
            let bend = self.noise.fractal(x * 1.3 + index * 17.0, index * 9.3, 3);
            let rays = self.noise.at(x * 38.0 + index * 5.0, 3.0 + index);
            let bright = smooth(0.25, 0.75, self.noise.at(x * 2.2 + index * 31.0, 7.7));
            [
                self.horizon * (0.3 + 0.17 * index + 0.5 * (bend - 0.5)),
                bright * (0.55 + 0.45 * rays),
            ]
        };
        let curtains: Vec<[[f32; 2]; 3]> = (0..frame.columns)
            .map(|column| [0.0, 1.0, 2.0].map(|index| curtain(frame.x(column), index)))
            .collect();
        for (y, pixels) in band.rows_mut() {
            if y > self.horizon {
                continue;
            }
            for (pixel, curtains) in pixels.iter_mut().zip(&curtains) {
                for &[foot, bright] in curtains {
                    let above = (foot - y) / (self.horizon * 0.42);
                    if above > -0.06 && above < 1.0 {
                        let edge = smooth(-0.06, 0.03, above);
                        let strength = bright * edge * (1.0 - above.max(0.0)).powi(2) * 0.62;
                        let color = self.colors[0].mix(self.colors[1], above.max(0.0).sqrt());
                        shine(pixel, color, strength);
                    }
                }
            }
        }
    }
}

/// Clouds, lit from the side of the sun.
#[derive(Debug)]
pub(super) struct Clouds {
    pub(super) palette: Palette,
    pub(super) horizon: f32,
    pub(super) lamp: Lamp,
    /// How much of the sky they cover, 0 to 1.
    pub(super) amount: f32,
    pub(super) shift: f32,
    pub(super) noise: Arc<Noise>,
}

impl Layer for Clouds {
    fn paint(&self, band: &mut Band) {
        let frame = band.frame;
        let least = 0.70 - 0.36 * self.amount;
        for (y, pixels) in band.rows_mut() {
            let up = (self.horizon - y) / self.horizon;
            if up < 0.0 {
                continue;
            }
            // Rows of a flat ceiling come closer together towards the horizon.
            let ceiling = 1.0 / (0.22 + up);
            let (across, along) = (1.1 * ceiling.sqrt() * 2.0, ceiling * 2.1);
            let fade = smooth(0.02, 0.18, up) * 0.9;
            let clouds = Along::new(frame, 200.0, |x| {
                let u = (x - 0.5) * across + self.shift;
                let v = along + self.shift;
                let warp = self.noise.at(u * 0.8 + 11.0, v * 1.3) - 0.5;
                let dense = self.noise.fractal(u + warp, v * 1.6 + warp * 0.8, 5);
                let part = smooth(least, least + 0.24, dense);
                if part <= 0.0 {
                    return [0.0, 0.5];
                }
                let side = ((self.lamp.x - x) * 4.0).clamp(-1.0, 1.0) * 0.10;
                let behind = self.noise.fractal(u + warp + side, v * 1.6 + warp * 0.8 - 0.14, 3);
                [part, smooth(-0.12, 0.14, dense - behind) * (1.0 - 0.40 * part)]
            });
            for (column, pixel) in pixels.iter_mut().enumerate() {
                let [part, lit] = clouds.at(column);
                if part > 0.004 {
                    let color = self.palette.cloud[1].mix(self.palette.cloud[0], lit);
                    cover(pixel, color, part * fade);
                }
            }
        }
    }
}

/// The band of the Milky Way, or the gas of a nebula.
#[derive(Debug)]
pub(super) struct Nebula {
    pub(super) colors: [Rgb; 2],
    pub(super) strength: f32,
    pub(super) tilt: f32,
    pub(super) noise: Arc<Noise>,
    pub(super) horizon: f32,
}

impl Layer for Nebula {
    fn paint(&self, band: &mut Band) {
        let frame = band.frame;
        let (middle_x, middle_y) = (frame.width() / 2.0, self.horizon * 0.45);
        for (y, pixels) in band.rows_mut() {
            if y > self.horizon {
                continue;
            }
            let dy = y - middle_y;
            let gas = Along::new(frame, 160.0, |x| {
                let dx = x - middle_x;
                let off = dy + dx * self.tilt;
                let near = (-(off * off) * 9.0).exp();
                let dense = self.noise.fractal(dx * 2.4 + 40.0, dy * 2.4 + 40.0, 5);
                [
                    near * smooth(0.36, 0.72, dense) * self.strength,
                    self.noise.at(dx * 1.7 + 3.0, dy * 1.7),
                ]
            });
            for (column, pixel) in pixels.iter_mut().enumerate() {
                let [light, other] = gas.at(column);
                if light > 0.004 {
                    shine(
                        pixel,
                        self.colors[0].mix(self.colors[1], smooth(0.3, 0.7, other)),
                        light,
                    );
                    let dust = hash(77, column as i32, (y * frame.scale) as i32);
                    if dust > 0.995 {
                        shine(pixel, WHITE, light * (dust - 0.995) * 260.0);
                    }
                }
            }
        }
    }
}
