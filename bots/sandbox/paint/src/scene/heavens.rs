//! Space: gas, stars, and a planet with rings.

use std::sync::Arc;

use super::Scene;
use super::places::stands_on_ground;
use crate::color::{Rgb, WHITE, hex};
use crate::shape::{Fill, Shape, ellipse};
use crate::sky::{Nebula, Stars};

impl Scene {
    pub(super) fn add_space(&mut self) {
        let (width, height) = (self.frame().width(), self.frame().height());
        let noise = Arc::clone(&self.noise);
        let sets = [[0x8a4fd0, 0x2f8ad0], [0xd04f8a, 0x3f5fd0], [0x2fa89a, 0x6a4fc0]];
        let colors = self.chance.pick(&sets).map(hex);
        let tilt = self.chance.between(-0.9, 0.9);
        self.add(Nebula {
            colors,
            strength: 0.95,
            tilt,
            horizon: height,
            noise: Arc::clone(&noise),
        });
        let chance = self.chance.apart(21);
        self.add(Stars::new(width, height * 1.3, 1.0, WHITE, chance));
        self.add_planet(width, height);
        let standing = self.plan.subjects.iter().any(|&subject| stands_on_ground(subject));
        if standing {
            self.add_ground(self.down(0.80), 0.05, 0.0);
        }
    }

    fn add_planet(&mut self, width: f32, height: f32) {
        let sets = [
            [0xf2c58a, 0x9a4f3a, 0x2a1430],
            [0x8ad0d8, 0x2f5fa0, 0x0a1238],
            [0xf0a0a8, 0x7a3f90, 0x180c30],
        ];
        let [bright, middle, dark] = self.chance.pick(&sets).map(hex);
        let center = [width * self.chance.pick(&[0.24, 0.76]), height * 0.28];
        let radius = self.chance.between(0.15, 0.21);
        let [x, y] = center;
        let mut shapes = vec![Shape::glow(center, [radius * 1.5; 2], middle).opacity(0.5)];
        shapes.extend(ring(center, radius, bright, false));
        let disc = ellipse(center, [radius; 2]);
        let lit = |part: f32| [x + (part - 0.5) * radius * 1.5, y + (part - 0.5) * radius * 1.2];
        shapes.push(Shape::new(vec![disc], Fill::Linear(lit(0.0), bright, lit(0.8), middle)));
        // Bands of cloud, each an arc as wide as the disc there.
        for band in 0..7_u8 {
            let at = -0.8 + f32::from(band) * 0.26 + self.chance.between(-0.05, 0.05);
            let half = (1.0 - at * at).max(0.0).sqrt() * radius;
            let thick = radius * self.chance.between(0.03, 0.09);
            let outline = ellipse([x, y + at * radius], [half * 0.985, thick]);
            let color = if band % 2 == 0 { bright } else { middle };
            shapes.push(Shape::new(vec![outline], Fill::Flat(color)).opacity(0.42));
        }
        for step in 0..16_u8 {
            let round = 0.52 - 0.045 * f32::from(step);
            let night = crescent(center, radius * 1.003, round);
            shapes.push(Shape::new(vec![night], Fill::Flat(dark)).opacity(0.115));
        }
        shapes.extend(ring(center, radius, bright, true));
        self.add_shapes(shapes);
    }
}

/// The front or back half of a planet's rings.
fn ring(center: [f32; 2], radius: f32, color: Rgb, front: bool) -> Vec<Shape> {
    let half = |wide: f32, tall: f32| {
        let turn = if front { 0.0 } else { std::f32::consts::PI };
        (0..=40_u8).map(move |step| {
            let angle = turn + f32::from(step) / 40.0 * std::f32::consts::PI;
            let (along, across) = (angle.cos() * radius * wide, angle.sin() * radius * tall);
            // A little tilted.
            [center[0] + along * 0.97 + across * 0.2, center[1] + across * 0.97 - along * 0.2]
        })
    };
    let sheet = |[wide, tall, strength]: [f32; 3]| {
        let outline = half(wide, tall).chain(half(wide - 0.17, tall - 0.045).rev()).collect();
        Shape::new(vec![outline], Fill::Flat(color)).opacity(strength)
    };
    [[1.95, 0.36, 0.50], [1.74, 0.315, 0.75], [1.54, 0.265, 0.35]].map(sheet).into()
}

/// The shaded side of a ball lit from the upper left; `round` bends its inner edge.
fn crescent([x, y]: [f32; 2], radius: f32, round: f32) -> Vec<[f32; 2]> {
    let arc = |from: f32, to: f32, round: f32| {
        (0..=30_u8).map(move |step| {
            let angle = from + (to - from) * f32::from(step) / 30.0;
            let (along, across) = (angle.cos() * radius, angle.sin() * radius * round);
            // Turned so that the shadow lies at the lower right.
            let (turn_cos, turn_sin) = (0.78_f32, 0.62_f32);
            [x + across * turn_cos - along * turn_sin, y + across * turn_sin + along * turn_cos]
        })
    };
    let outer = arc(0.0, std::f32::consts::PI, 1.0);
    let inner = arc(std::f32::consts::PI, 0.0, round);
    outer.chain(inner).collect()
}
