//! What people built: a city on a river, and a room with a window.

use std::sync::Arc;

use super::Scene;
use super::places::stands_on_ground;
use crate::color::{Rgb, WHITE, hex};
use crate::land::{Ridge, Skin, skyline};
use crate::shape::{Fill, Point, Shape, path};
use crate::words::Time;

impl Scene {
    pub(super) fn add_city(&mut self) {
        let palette = self.plan.palette;
        let shore = self.down(0.775);
        let lit = 0.12 + 0.50 * palette.lamps;
        let rows = [(0.30, 0.78), (0.40, 0.52), (0.44, 0.28), (0.26, 0.10)];
        for (tall, distance) in rows {
            let tall = self.down(tall);
            let mut chance = self.fork();
            let (tops, houses) = skyline(self.frame(), shore + 0.002, tall, &mut chance);
            let stone = hex(0x6a6f86).mix(palette.near, 0.55);
            self.add(Ridge {
                tops,
                skin: Skin::Houses {
                    houses,
                    lamp: hex(0xffcf7d).mix(palette.haze, distance * 0.6),
                    glass: palette.sky[1].mix(palette.haze, 0.4),
                    lit: lit * (1.0 - distance * 0.5),
                },
                top: palette.seen(stone, distance),
                bottom: palette.seen(stone, (distance + 0.18).min(0.95)),
                depth: tall,
                until: f32::MAX,
                seed: 0.0,
                noise: Arc::clone(&self.noise),
            });
            self.add_mist(shore - 0.01, 0.035, 0.22);
        }
        self.add_water(shore, 0.30);
        let standing = self.plan.subjects.iter().any(|&subject| stands_on_ground(subject));
        if standing {
            let tops = vec![self.down(0.885); self.frame().columns];
            let [far, near, patch] = self.soil();
            self.add(Ridge {
                tops,
                skin: Skin::Ground { patch: palette.seen(patch, 0.0), amount: 0.6 },
                top: palette.seen(far, 0.0),
                bottom: palette.seen(near, 0.0),
                depth: self.down(0.115),
                until: f32::MAX,
                seed: 0.0,
                noise: Arc::clone(&self.noise),
            });
            self.ground = self.down(0.945);
        }
    }

    pub(super) fn add_room(&mut self) {
        // What one sees through the window.
        if self.plan.time == Time::Night || self.chance.happens(0.5) {
            self.add_mountains();
        } else {
            self.add_meadow();
        }
        self.add_wall();
        self.add_table();
    }

    /// A wall with a window in it.
    fn add_wall(&mut self) {
        let (width, height) = (self.frame().width(), self.frame().height());
        let sets = [[0xe9d8c0, 0xb8977a], [0xcfd8d0, 0x8a9c8e], [0xe4cfc8, 0xb08a84]];
        let [light, dark] = self.chance.pick(&sets).map(|web| self.indoors(web));
        let middle = width * if self.plan.sun_side() < 0.0 { 0.36 } else { 0.64 };
        let (left, right) = (middle - 0.27, middle + 0.27);
        let (top, bottom) = (height * 0.10, height * 0.70);
        // The hole is drawn the other way round, so that it stays open.
        let hole = rectangle(left, top, right, bottom).into_iter().rev().collect();
        let wall = vec![rectangle(0.0, 0.0, width, height), hole];
        let fill = Fill::Linear([middle, 0.0], light, [width - middle, height], dark);
        let white = self.indoors(0xfaf5ec);
        let bar = |l: f32, t: f32, r: f32, b: f32| {
            let fill = Fill::Linear([l, t], white, [r, b], white.times(0.80));
            Shape::new(vec![rectangle(l, t, r, b)], fill)
        };
        self.add_shapes(vec![
            Shape::new(wall, fill),
            bar(left - 0.022, top - 0.022, right + 0.022, top + 0.004),
            bar(left - 0.022, top - 0.022, left + 0.004, bottom),
            bar(right - 0.004, top - 0.022, right + 0.022, bottom),
            bar(middle - 0.007, top, middle + 0.007, bottom),
            bar(left, height * 0.36, right, height * 0.36 + 0.013),
            bar(left - 0.04, bottom - 0.006, right + 0.04, bottom + 0.024),
        ]);
    }

    /// A wooden table across the picture, with light from the window on it.
    fn add_table(&mut self) {
        let (width, height) = (self.frame().width(), self.frame().height());
        let (table, palette) = (self.down(0.80), self.plan.palette);
        let wood = [0xa9744a, 0x5e3a24].map(|web| self.indoors(web));
        let top = Fill::Linear([0.0, table], wood[0], [0.0, height], wood[1]);
        let mut shapes = vec![Shape::new(vec![rectangle(0.0, table, width, height)], top)];
        let edge = rectangle(0.0, table, width, table + 0.004);
        shapes.push(Shape::new(vec![edge], Fill::Flat(palette.sun)).opacity(0.25));
        let middle = width * if self.plan.sun_side() < 0.0 { 0.36 } else { 0.64 };
        let slant = -self.plan.sun_side() * 0.34;
        let patch = vec![
            [middle - 0.27 + slant, table],
            [middle + 0.27 + slant, table],
            [middle + 0.27 + slant * 2.2, height],
            [middle - 0.27 + slant * 2.2, height],
        ];
        let strength = 0.16 * (1.0 - 0.6 * palette.lamps);
        shapes.push(Shape::new(vec![patch], Fill::Flat(palette.sun)).opacity(strength));
        for grain in 0..9_u8 {
            let grain = f32::from(grain);
            let y = table + 0.012 + grain * 0.022 * (1.0 + grain * 0.05);
            let (near, far) = (width * 0.3, width * 0.6);
            let (high, low) = (y - 0.006, y + 0.006);
            let line = path(&format!(
                "M0 {y} C{near} {low} {far} {high} {width} {y} L{width} {} \
                 C{far} {} {near} {} 0 {} Z",
                y + 0.0016,
                high + 0.0016,
                low + 0.0016,
                y + 0.0016,
            ));
            shapes.push(Shape::new(line, Fill::Flat(wood[1])).opacity(0.30));
        }
        self.add_shapes(shapes);
        self.ground = self.down(0.90);
    }

    /// A colour in the light of a room, which is never as dark as the night outside.
    fn indoors(&self, web: u32) -> Rgb {
        let warm = hex(web).lit(hex(0xffe6c8).mix(WHITE, 1.0 - self.plan.palette.lamps));
        self.plan.palette.seen(hex(web), 0.0).mix(warm, 0.62)
    }
}

fn rectangle(left: f32, top: f32, right: f32, bottom: f32) -> Vec<Point> {
    vec![[left, top], [right, top], [right, bottom], [left, bottom]]
}
