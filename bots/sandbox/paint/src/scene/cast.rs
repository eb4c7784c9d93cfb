//! Where the figures of a scene stand.

use super::Scene;
use super::places::is_wild;
use crate::color::hex;
use crate::figures::{Stand, draw};
use crate::plants::broad_tree;
use crate::shape::Shape;
use crate::words::{Place, Subject};

/// What carries a figure.
enum Footing {
    Ground,
    Water,
    Air,
}

/// How large a figure is (in units) and how it is carried.
fn footing(subject: Subject) -> (f32, Footing) {
    match subject {
        Subject::Fox | Subject::Dog => (0.40, Footing::Ground),
        Subject::Cat | Subject::Panda => (0.38, Footing::Ground),
        Subject::Rabbit => (0.30, Footing::Ground),
        Subject::House => (0.31, Footing::Ground),
        Subject::Lighthouse => (0.50, Footing::Ground),
        Subject::Tree => (0.60, Footing::Ground),
        Subject::Flower => (0.52, Footing::Ground),
        Subject::Teapot => (0.36, Footing::Ground),
        Subject::Boat => (0.36, Footing::Water),
        Subject::Whale => (0.26, Footing::Water),
        Subject::Rocket => (0.46, Footing::Air),
        Subject::Balloon => (0.40, Footing::Air),
        Subject::Birds => (0.26, Footing::Air),
    }
}

impl Scene {
    /// Draws all subjects, those in the air and far away first.
    pub(super) fn add_cast(&mut self) {
        let count = self.plan.subjects.len();
        let places = self.spread(count);
        let mut cast: Vec<(Subject, f32)> =
            self.plan.subjects.clone().into_iter().zip(places).collect();
        let order = |subject: Subject| match footing(subject).1 {
            Footing::Air => 0,
            Footing::Water => 1,
            Footing::Ground => 2 + i32::from(footing(subject).0 < 0.45),
        };
        cast.sort_by_key(|&(subject, _)| order(subject));
        let smaller = [1.0, 1.0, 0.86, 0.72, 0.62][count.min(4)];
        for (index, (subject, x)) in cast.into_iter().enumerate() {
            let shapes = self.figure(subject, x, smaller, index);
            self.add_shapes(shapes);
        }
    }

    /// Where across the picture figures stand: one off the middle, several side by side.
    fn spread(&mut self, count: usize) -> Vec<f32> {
        let width = self.frame().width();
        if count == 1 {
            // Away from the sun, so that both have room.
            let aside = if width > 1.2 { 0.16 } else { 0.08 };
            return vec![width * 0.5 - self.plan.sun_side() * aside * width.min(1.4)];
        }
        let room = width.min(1.9) * 0.84;
        let from = (width - room) / 2.0;
        (0..count).map(|index| from + room * (index as f32 + 0.5) / count as f32).collect()
    }

    fn figure(&mut self, subject: Subject, x: f32, smaller: f32, index: usize) -> Vec<Shape> {
        let (size, footing) = footing(subject);
        let height = size * smaller;
        let sun_side = self.plan.sun_side();
        let palette = self.plan.palette;
        let mut chance = self.chance.apart(40 + index as u64);
        let y = match footing {
            Footing::Ground if size > 0.45 || subject == Subject::House => self.ground - 0.022,
            Footing::Ground => self.ground + 0.012 + chance.between(0.0, 0.02),
            Footing::Water => {
                self.water.map_or(self.ground, |shore| shore + (self.down(1.0) - shore) * 0.40)
            }
            Footing::Air => self.down(0.16) + height,
        };
        let y = if subject == Subject::Flower { self.down(1.0) + 0.03 } else { y };
        let stand = Stand {
            foot: [x, y],
            height,
            flipped: chance.happens(0.5),
            distance: if matches!(footing, Footing::Air) { 0.10 } else { 0.02 },
            sun_side,
            tilt: if subject == Subject::Rocket { 0.42 } else { 0.0 },
            rim: match (self.plan.place, subject) {
                (Place::Room, _) => 0.25,
                (_, Subject::Flower) => 0.12,
                _ => 0.75,
            },
        };
        let mut shapes = Vec::new();
        if matches!(footing, Footing::Ground)
            && subject != Subject::Flower
            && subject != Subject::Teapot
        {
            let away = -sun_side * height * 0.16;
            let dark = palette.near.times(0.5);
            let wide = height * if subject == Subject::House { 0.75 } else { 0.46 };
            shapes.push(
                Shape::glow([x + away, y], [wide * 1.25, height * 0.085], dark).opacity(0.62),
            );
            shapes.push(Shape::glow([x, y], [wide * 0.8, height * 0.05], dark).opacity(0.75));
        }
        if subject == Subject::Tree {
            let leaves = self.tree_leaves();
            let bark = palette.seen(hex(0x5a4232), 0.02);
            shapes.extend(broad_tree(stand.foot, height, leaves, bark, &mut chance));
        } else {
            let mut apart = chance.clone();
            let drawn = draw(subject, stand, &palette, &mut chance);
            if matches!(footing, Footing::Water) {
                let mirrored = |[x, y]: [f32; 2]| {
                    [x + (y * 90.0).sin() * 0.003, stand.foot[1] + (stand.foot[1] - y) * 0.62]
                };
                let image = draw(subject, Stand { rim: 0.0, ..stand }, &palette, &mut apart);
                shapes.extend(image.iter().map(|shape| shape.moved(mirrored)).map(|shape| {
                    let faint = shape.opacity * 0.26;
                    shape.opacity(faint)
                }));
            }
            shapes.extend(drawn);
        }
        shapes
    }

    fn tree_leaves(&mut self) -> crate::plants::Leaves {
        let palette = self.plan.palette;
        let sets = [
            [0x3f6a34, 0x9ac25a],
            [0xa8501f, 0xf2a84a],
            [0xb55a7c, 0xf7c4d4],
            [0x2f5f44, 0x83b86a],
        ];
        let [dark, light] = if is_wild(self.plan.place) && !self.plan.snowy() {
            self.chance.pick(&sets)
        } else {
            sets[3]
        };
        let mut leaves = self.leaves(0.02);
        leaves.dark = palette.seen(hex(dark), 0.03).mix(palette.near, 0.15);
        leaves.light = palette.seen(hex(light), 0.0).mix(palette.sun, 0.10);
        leaves
    }
}
