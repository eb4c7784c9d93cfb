//! The places, each as its land from the horizon to our feet.

use std::sync::Arc;

use super::Scene;
use crate::color::{WHITE, hex};
use crate::land::{Ridge, Skin, Wave, dunes, firs, hills, peaks};
use crate::plants::fir;
use crate::shape::{Fill, Shape};
use crate::water::Water;
use crate::words::{Place, Style, Subject};

impl Scene {
    /// Mountains behind everything, at this distance.
    fn add_range(&mut self, wave: Wave, peak: Option<f32>, distance: f32) {
        let palette = self.plan.palette;
        let ink = self.plan.style == Style::Ink;
        let rock = if ink { hex(0x4a4c52) } else { hex(0x6d7488).mix(palette.near, 0.25) };
        let tops = peaks(self.frame(), &self.noise, wave, peak);
        let sun_left = self.plan.sun_side() < 0.0;
        let warm = palette.sun.mix(WHITE, 0.55);
        let snow = palette.seen(warm, distance * 0.62);
        let cold = if self.plan.snowy() { 1.5 } else { 0.85 };
        let amount = if ink { 0.0 } else { cold * wave.tall * 1.5 };
        // Low hills and washes of ink have no face, only a depth.
        let skin = if ink || wave.tall < 0.14 {
            Skin::Bare
        } else {
            Skin::Rock { snow, amount, sun_left }
        };
        let foot = if ink { 1.0 } else { (distance + 0.28).min(0.96) };
        self.add(Ridge {
            tops,
            skin,
            top: palette.seen(rock, distance),
            bottom: palette.seen(rock, foot).mix(palette.haze, 0.25),
            depth: wave.tall * 1.5,
            until: wave.height + 0.14,
            seed: wave.shift,
            noise: Arc::clone(&self.noise),
        });
    }

    /// A row of firs along rolling ground.
    fn add_fir_row(&mut self, height: f32, tall: f32, distance: f32) {
        let shift = self.chance.between(0.0, 90.0);
        let wave = Wave { height, tall: 0.035, often: 1.3, shift };
        let line = hills(self.frame(), &self.noise, wave);
        let mut chance = self.fork();
        let tops = firs(self.frame(), &line, tall, &mut chance);
        let palette = self.plan.palette;
        let leaf = self.leaves(distance);
        let frosted = leaf.snow.map_or(leaf.dark, |snow| leaf.dark.mix(snow, 0.22));
        let top = frosted.mix(palette.haze, distance);
        self.add(Ridge {
            tops,
            skin: Skin::Bare,
            top,
            bottom: top.mix(palette.haze, 0.35 + 0.4 * distance),
            depth: tall * 1.5,
            until: f32::MAX,
            seed: 0.0,
            noise: Arc::clone(&self.noise),
        });
    }

    /// A wall of firs all across, each drawn by itself.
    fn add_fir_wall(&mut self, foot: f32, height: f32, distance: f32) {
        let width = self.frame().width();
        let mut leaves = self.leaves(distance);
        let haze = self.plan.palette.haze;
        leaves.dark = leaves.dark.mix(haze, distance * 0.8);
        leaves.light = leaves.dark.mix(leaves.light, 0.25 * (1.0 - distance));
        leaves.snow = leaves.snow.map(|snow| snow.mix(leaves.dark, 0.25 + 0.5 * distance));
        let mut chance = self.fork();
        let mut shapes = Vec::new();
        let mut x = -0.05;
        while x < width + 0.05 {
            let tall = height * chance.between(0.62, 1.12);
            let at = [x, foot + chance.between(-0.01, 0.015)];
            shapes.extend(fir(at, tall, leaves, &mut chance));
            x += tall * chance.between(0.14, 0.40);
        }
        self.add_shapes(shapes);
    }

    fn wave(&mut self, height: f32, tall: f32, often: f32) -> Wave {
        Wave { height, tall, often, shift: self.chance.between(0.0, 90.0) }
    }

    pub(super) fn add_mountains(&mut self) {
        let width = self.frame().width();
        let peak = width * if self.plan.sun_side() < 0.0 { 0.64 } else { 0.36 };
        let far = self.wave(self.down(0.66), self.down(0.20), 1.9);
        self.add_range(far, None, 0.80);
        self.add_mist(self.down(0.64), 0.05, 0.35);
        let main = self.wave(self.down(0.74), self.down(0.26), 1.5);
        self.add_range(main, Some(peak), 0.46);
        self.add_mist(self.down(0.72), 0.05, 0.45);
        self.add_fir_row(self.down(0.745), 0.055, 0.52);
        self.add_mist(self.down(0.76), 0.03, 0.30);
        self.add_fir_row(self.down(0.785), 0.085, 0.26);
        self.add_ground(self.down(0.80), 0.035, 0.08);
        self.add_flowers(self.down(0.86));
        self.add_framing_firs(self.down(0.86), 0.30, 5, 0.0);
    }

    pub(super) fn add_meadow(&mut self) {
        let far = self.wave(self.down(0.63), self.down(0.11), 1.6);
        self.add_range(far, None, 0.84);
        self.add_mist(self.down(0.63), 0.03, 0.30);
        for (top, tall, distance) in [(0.62, 0.05, 0.66), (0.67, 0.06, 0.46), (0.72, 0.05, 0.28)] {
            self.add_ground(self.down(top), tall, distance);
            if distance < 0.6 {
                self.add_fir_row(self.down(top + 0.055), 0.030 + 0.05 * (0.6 - distance), distance);
            }
        }
        self.add_ground(self.down(0.775), 0.045, 0.06);
        self.add_flowers(self.down(0.83));
        if self.plan.snowy() {
            self.add_framing_firs(self.down(0.84), 0.30, 5, 0.02);
        }
    }

    pub(super) fn add_forest(&mut self) {
        let rows =
            [(0.715, 0.30, 0.86), (0.74, 0.36, 0.66), (0.765, 0.40, 0.46), (0.79, 0.43, 0.26)];
        for (foot, tall, distance) in rows {
            self.add_fir_wall(self.down(foot) + 0.02, self.down(tall), distance);
            self.add_mist(self.down(foot), 0.075, 0.50);
        }
        self.add_ground(self.down(0.80), 0.03, 0.08);
        self.add_flowers(self.down(0.88));
        self.add_framing_firs(self.down(0.85), 0.58, 8, 0.02);
    }

    pub(super) fn add_lake(&mut self) {
        let width = self.frame().width();
        let shore = self.down(0.665);
        let peak = width * if self.plan.sun_side() < 0.0 { 0.66 } else { 0.34 };
        let far = self.wave(self.down(0.64), self.down(0.17), 1.9);
        self.add_range(far, None, 0.78);
        let main = self.wave(self.down(0.68), self.down(0.23), 1.5);
        self.add_range(main, Some(peak), 0.48);
        self.add_mist(self.down(0.64), 0.04, 0.34);
        self.add_fir_row(self.down(0.655), 0.06, 0.40);
        self.add_water(shore, 0.16);
        self.add_mist(shore, 0.018, 0.42);
        let wave = self.wave(self.down(0.905), 0.05, 0.9);
        self.add_bank(wave);
        self.add_framing_firs(self.down(0.88), 0.36, 6, 0.0);
    }

    /// The near bank of a lake or beach of a sea.
    fn add_bank(&mut self, wave: Wave) {
        let tops = hills(self.frame(), &self.noise, wave);
        let [far, near, patch] = self.soil();
        let palette = self.plan.palette;
        self.add(Ridge {
            tops,
            skin: Skin::Ground { patch: palette.seen(patch, 0.02), amount: 0.5 },
            top: palette.seen(far, 0.05).times(0.92),
            bottom: palette.seen(near, 0.0),
            depth: self.down(1.0) - wave.height,
            until: f32::MAX,
            seed: 0.0,
            noise: Arc::clone(&self.noise),
        });
        self.ground = self.down(0.955);
    }

    pub(super) fn add_water(&mut self, shore: f32, rough: f32) {
        let palette = self.plan.palette;
        let ink = self.plan.style == Style::Ink;
        let deep = if ink { hex(0xb9b4a8) } else { palette.seen(hex(0x1f5a7c), 0.05) };
        self.water = Some(shore);
        let water = Water {
            shore,
            rough,
            deep: deep.mix(palette.near, 0.30),
            shallow: palette.sky[3].mix(palette.haze, 0.5).mix(deep, 0.25),
            glitter: palette.sun,
            lamp: self.plan.lamp,
            mirrored: self.layers.clone(),
            noise: Arc::clone(&self.noise),
        };
        self.add(water);
    }

    pub(super) fn add_sea(&mut self) {
        let shore = self.plan.horizon;
        let width = self.frame().width();
        if self.chance.happens(0.7) {
            let wave = self.wave(shore + 0.012, 0.075, 1.7);
            self.add_range(wave, None, 0.74);
        }
        let rough = self.chance.between(0.55, 0.9);
        self.add_water(shore, rough);
        let palette = self.plan.palette;
        self.add_mist(shore, 0.010, 0.30);
        let standing = self.plan.subjects.iter().any(|&subject| stands_on_ground(subject));
        if standing || self.chance.happens(0.45) {
            let wave = self.wave(self.down(0.885), 0.06, 0.8);
            self.add_bank(wave);
            // Foam where the last wave ended.
            let foam =
                hills(self.frame(), &self.noise, Wave { height: wave.height - 0.006, ..wave });
            let outline: Vec<[f32; 2]> = (0..=60_u8)
                .map(|step| {
                    let x = f32::from(step) / 60.0 * width;
                    let column = ((x * self.frame().scale) as usize).min(foam.len() - 1);
                    [x, foam[column]]
                })
                .collect();
            let back =
                outline.iter().rev().map(|&[x, y]| [x, y + 0.012 + 0.004 * (x * 40.0).sin()]);
            let foam: Vec<_> = outline.iter().copied().chain(back).collect();
            let white = palette.seen(WHITE, 0.05);
            self.add_shapes(vec![Shape::new(vec![foam], Fill::Flat(white)).opacity(0.55)]);
        }
    }

    pub(super) fn add_desert(&mut self) {
        let palette = self.plan.palette;
        let far = self.wave(self.down(0.665), self.down(0.10), 1.3);
        self.add_range(far, None, 0.86);
        let rows = [
            (0.665, 0.06, 1.4, 0.62),
            (0.72, 0.09, 0.9, 0.40),
            (0.79, 0.10, 0.7, 0.20),
            (0.885, 0.10, 0.55, 0.03),
        ];
        for (height, tall, often, distance) in rows {
            let wave = self.wave(self.down(height), tall, often);
            let [far, near, patch] = self.soil();
            self.add(Ridge {
                tops: dunes(self.frame(), &self.noise, wave),
                skin: Skin::Sand {
                    bright: palette.seen(patch, distance).mix(palette.sun, 0.22),
                    sun_left: self.plan.sun_side() < 0.0,
                },
                top: palette.seen(far.mix(near, 0.55), distance),
                bottom: palette.seen(near, distance * 0.8),
                depth: 0.30,
                until: f32::MAX,
                seed: 0.0,
                noise: Arc::clone(&self.noise),
            });
        }
        self.ground = self.down(0.93);
    }
}

/// Whether a subject needs ground below it.
pub(super) fn stands_on_ground(subject: Subject) -> bool {
    match subject {
        Subject::Rocket | Subject::Balloon | Subject::Birds | Subject::Boat | Subject::Whale => {
            false
        }
        Subject::Fox
        | Subject::Cat
        | Subject::Dog
        | Subject::Rabbit
        | Subject::Panda
        | Subject::House
        | Subject::Lighthouse
        | Subject::Tree
        | Subject::Flower
        | Subject::Teapot => true,
    }
}

/// Whether green things grow here.
pub(super) fn is_wild(place: Place) -> bool {
    matches!(place, Place::Meadow | Place::Mountains | Place::Forest | Place::Lake)
}
