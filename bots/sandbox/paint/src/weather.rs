//! What is between us and the scene: mist, snow, rain, fireflies.

use std::sync::Arc;

use super::band::{Along, Band, Layer, cover};
use super::chance::{Chance, Noise};
use super::color::{Rgb, smooth};
use super::shape::{Fill, Shape, Shapes, ellipse};

/// A bank of mist at one height.
#[derive(Debug)]
pub(super) struct Mist {
    pub(super) y: f32,
    pub(super) thick: f32,
    pub(super) strength: f32,
    pub(super) color: Rgb,
    pub(super) shift: f32,
    pub(super) noise: Arc<Noise>,
}

impl Layer for Mist {
    fn paint(&self, band: &mut Band) {
        let frame = band.frame;
        for (y, pixels) in band.rows_mut() {
            let off = (y - self.y) / self.thick;
            if off.abs() > 2.2 {
                continue;
            }
            let row = self.strength * (-off * off).exp();
            let drift = Along::new(frame, 90.0, |x| {
                [self.noise.fractal(x * 2.6 + self.shift, y * 7.0 + self.shift, 3)]
            });
            for (column, pixel) in pixels.iter_mut().enumerate() {
                let part = row * (0.45 + 0.75 * smooth(0.3, 0.7, drift.at(column)[0]));
                cover(pixel, self.color, part.min(1.0));
            }
        }
    }
}

/// Falling snow: many small flakes behind, a few soft large ones in front.
pub(super) fn snowfall(width: f32, height: f32, color: Rgb, chance: &mut Chance) -> Shapes {
    let count = (300.0 * width * height) as usize;
    let mut flake = || {
        let near = chance.unit().powi(7);
        let radius = 0.0011 + 0.0021 * chance.unit() + 0.010 * near;
        let center = [chance.between(0.0, width), chance.between(0.0, height)];
        if near > 0.2 {
            Shape::glow(center, [radius * 1.5, radius * 1.5], color).opacity(0.55)
        } else {
            let opacity = chance.between(0.45, 0.95);
            Shape::new(vec![ellipse(center, [radius, radius])], Fill::Flat(color)).opacity(opacity)
        }
    };
    Shapes::new((0..count).map(|_| flake()).collect())
}

/// Slanting rain.
pub(super) fn rainfall(width: f32, height: f32, color: Rgb, chance: &mut Chance) -> Shapes {
    let count = (420.0 * width * height) as usize;
    let mut drop = || {
        let near = chance.unit().powi(3);
        let long = 0.02 + 0.05 * near;
        let half = 0.0005 + 0.0008 * near;
        let [x, y] = [chance.between(-0.1, width + 0.1), chance.between(-0.05, height)];
        let slant = long * 0.22;
        let outline =
            vec![[x, y], [x + half, y], [x - slant + half, y + long], [x - slant - half, y + long]];
        Shape::new(vec![outline], Fill::Flat(color)).opacity(0.16 + 0.28 * near)
    };
    Shapes::new((0..count).map(|_| drop()).collect())
}

/// Warm sparks over a meadow at night.
pub(super) fn fireflies(width: f32, [top, bottom]: [f32; 2], chance: &mut Chance) -> Shapes {
    let warm = Rgb([1.0, 0.93, 0.55]);
    let mut shapes = Vec::new();
    for _ in 0..(26.0 * width) as usize {
        let center = [chance.between(0.0, width), chance.between(top, bottom)];
        let size = chance.between(0.5, 1.1);
        shapes.push(Shape::glow(center, [0.020 * size, 0.020 * size], warm).opacity(0.34));
        let spark = ellipse(center, [0.0021 * size, 0.0021 * size]);
        shapes.push(Shape::new(vec![spark], Fill::Flat(warm)).opacity(0.95));
    }
    Shapes::new(shapes)
}
