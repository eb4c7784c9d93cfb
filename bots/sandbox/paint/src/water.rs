//! Water that mirrors what is painted behind it.

use std::sync::Arc;

use super::band::{Along, Band, Layer, cover, shine};
use super::chance::Noise;
use super::color::{Rgb, smooth};
use super::sky::{Lamp, LampKind};

/// A surface from its far shore down to the bottom of the picture.
pub(super) struct Water {
    pub(super) shore: f32,
    /// How rough it is: 0 a pond at dawn, 1 the open sea.
    pub(super) rough: f32,
    pub(super) deep: Rgb,
    pub(super) shallow: Rgb,
    /// Colour of glitter on the waves.
    pub(super) glitter: Rgb,
    pub(super) lamp: Lamp,
    /// Everything above the shore.
    pub(super) mirrored: Vec<Arc<dyn Layer>>,
    pub(super) noise: Arc<Noise>,
}

impl Layer for Water {
    fn paint(&self, band: &mut Band) {
        let frame = band.frame;
        let wet: Vec<f32> = band.ys.iter().copied().filter(|&y| y >= self.shore).collect();
        if wet.is_empty() {
            return;
        }
        let mut mirror = Band::scattered(frame, wet.iter().map(|&y| self.mirrored_y(y)).collect());
        self.mirrored.iter().for_each(|layer| layer.paint(&mut mirror));
        let height = (frame.height() - self.shore).max(0.01);
        let mut images = mirror.pixels.chunks_exact(frame.columns);
        for (y, pixels) in band.rows_mut().filter(|row| row.0 >= self.shore) {
            let Some(image) = images.next() else { return };
            let down = y - self.shore;
            let near = (down / height).min(1.0);
            let body = self.shallow.mix(self.deep, smooth(0.0, 0.9, near));
            let mirror_part = 0.86 - (0.42 + 0.2 * self.rough) * near.sqrt();
            // Waves look long and thin far away, short and tall near by.
            let (across, along) = (1.0 / (0.03 + down * 0.55), 1.0 / (0.012 + down * 0.16));
            let waves = Along::new(frame, 340.0, |x| {
                let u = (x - 0.5) * across * 0.5;
                [self.noise.fractal(u + 60.0, along * 1.9 + u * 0.13, 3) - 0.5]
            });
            for (column, pixel) in pixels.iter_mut().enumerate() {
                let x = frame.x(column);
                let [wave] = waves.at(column);
                let shift = wave * (0.012 + 0.10 * down) * (0.35 + self.rough);
                let from = ((x + shift) * frame.scale).clamp(0.0, (frame.columns - 1) as f32);
                let [red, green, blue, _] = image[from as usize];
                let seen = body.mix(Rgb([red, green, blue]), mirror_part);
                let light = 1.0 + wave * (0.22 + 0.55 * self.rough) * (0.35 + near);
                cover(pixel, seen.times(light), 1.0);
                self.shine_on(pixel, x, down, wave);
            }
        }
    }
}

impl Water {
    fn mirrored_y(&self, y: f32) -> f32 {
        let down = y - self.shore;
        let wobble = self.noise.at(5.0, y * 130.0) - 0.5;
        (self.shore - down * (0.92 + 0.06 * wobble) - 0.004 * self.rough).max(0.002)
    }

    /// The road of light below sun or moon.
    fn shine_on(&self, pixel: &mut [f32; 4], x: f32, down: f32, wave: f32) {
        if self.lamp.kind == LampKind::Hidden {
            return;
        }
        let wide = self.lamp.radius * 0.5 + down * 0.28 + 0.012;
        let off = (x - self.lamp.x) / wide;
        let road = (-off * off).exp();
        let spark = smooth(0.03, 0.20, wave + 0.10 * road);
        let strength = road * (0.12 + 0.75 * spark) * self.lamp.glow;
        if strength > 0.003 {
            shine(pixel, self.glitter, strength);
        }
    }
}
