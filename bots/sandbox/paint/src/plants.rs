//! Plants drawn one by one: firs in front, grass, flowers, a tree.

use super::chance::Chance;
use super::color::{Rgb, WHITE};
use super::shape::{Fill, Point, Shape, ellipse};

/// Colours of a plant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaves {
    pub(super) dark: Rgb,
    pub(super) light: Rgb,
    /// Snow on the boughs.
    pub(super) snow: Option<Rgb>,
    /// The sun stands to the left.
    pub(super) sun_left: bool,
}

/// A fir of this height whose trunk stands at `foot`.
pub(super) fn fir(foot: Point, height: f32, leaves: Leaves, chance: &mut Chance) -> Vec<Shape> {
    const TIERS: usize = 6;
    let half = height * chance.between(0.20, 0.26);
    let lean = chance.between(-0.02, 0.02) * height;
    let trunk = vec![
        [foot[0] - height * 0.018, foot[1]],
        [foot[0] + height * 0.018, foot[1]],
        [foot[0] + height * 0.010, foot[1] - height * 0.3],
        [foot[0] - height * 0.010, foot[1] - height * 0.3],
    ];
    let mut shapes = vec![Shape::new(vec![trunk], Fill::Flat(leaves.dark.times(0.7)))];
    // Tiers from the ground up, each over the one below.
    for tier in 0..TIERS {
        let part = tier as f32 / TIERS as f32;
        let low = foot[1] - height * (0.08 + 0.80 * part);
        let top = low - height * (0.34 - 0.12 * part);
        let wide = half * (1.0 - part).powf(0.85) * chance.between(0.9, 1.12);
        let middle = foot[0] + lean * part;
        let bough = bough(middle, [top, low], wide, chance);
        let (from, to) = if leaves.sun_left { (-wide, wide) } else { (wide, -wide) };
        let fill = Fill::Linear(
            [middle + from, low],
            leaves.light.mix(leaves.dark, 0.25 + 0.3 * (1.0 - part)),
            [middle + to * 0.7, low],
            leaves.dark,
        );
        shapes.push(Shape::new(vec![bough.clone()], fill));
        if let Some(snow) = leaves.snow {
            shapes.push(snow_on(&bough, middle, [top, low], snow));
        }
    }
    shapes
}

/// One tier: a tip, and a hem of drooping points.
fn bough(middle: f32, [top, low]: [f32; 2], wide: f32, chance: &mut Chance) -> Vec<Point> {
    const POINTS: usize = 9;
    let mut outline = vec![[middle, top]];
    let height = low - top;
    outline.push([middle + wide * 0.42, low - height * 0.38]);
    for point in 0..POINTS {
        let across = 1.0 - 2.0 * point as f32 / (POINTS - 1) as f32;
        let droop = height * 0.10 * (1.0 - across * across);
        let hang = if point % 2 == 0 { chance.between(0.02, 0.07) } else { -0.05 } * height;
        outline.push([middle + wide * across, low + droop + hang]);
    }
    outline.push([middle - wide * 0.42, low - height * 0.38]);
    outline
}

fn snow_on(bough: &[Point], middle: f32, [top, low]: [f32; 2], snow: Rgb) -> Shape {
    let height = low - top;
    let drawn = |&[x, y]: &Point| [middle + (x - middle) * 0.86, top + (y - top) * 0.60];
    let outline = bough.iter().map(drawn).collect();
    let fill = Fill::Linear([middle, top], snow, [middle, top + height * 0.72], snow.times(0.86));
    Shape::new(vec![outline], fill).opacity(0.93)
}

/// A round tree: a trunk with limbs, and crowns of leaves in light and shadow.
pub(super) fn broad_tree(
    foot: Point,
    height: f32,
    leaves: Leaves,
    bark: Rgb,
    chance: &mut Chance,
) -> Vec<Shape> {
    let [x, y] = foot;
    let at = |across: f32, up: f32| [x + across * height, y - up * height];
    let trunk = vec![
        at(-0.075, 0.0),
        at(-0.040, 0.05),
        at(-0.030, 0.25),
        at(-0.13, 0.46),
        at(-0.11, 0.47),
        at(-0.015, 0.36),
        at(-0.005, 0.55),
        at(0.02, 0.55),
        at(0.022, 0.38),
        at(0.12, 0.50),
        at(0.135, 0.485),
        at(0.038, 0.28),
        at(0.044, 0.05),
        at(0.085, 0.0),
    ];
    let shade = Fill::Linear(at(-0.05, 0.2), bark.times(1.25), at(0.05, 0.2), bark.times(0.7));
    let mut shapes = vec![Shape::new(vec![trunk], shade)];
    let sun: f32 = if leaves.sun_left { -1.0 } else { 1.0 };
    let mut crowns = Vec::new();
    for _ in 0..46 {
        let angle = chance.between(0.0, std::f32::consts::TAU);
        let out = chance.unit().sqrt();
        let center = [angle.cos() * out * 0.30, 0.68 + angle.sin() * out * 0.21];
        crowns.push((center, chance.between(0.055, 0.10)));
    }
    // The back and the shaded side first.
    let toward_light = |center: &[f32; 2]| center[0] * sun + (center[1] - 0.68) * 1.4;
    crowns.sort_by(|one, other| toward_light(&one.0).total_cmp(&toward_light(&other.0)));
    for (center, radius) in crowns {
        let light = ((toward_light(&center) + 0.34) / 0.68).clamp(0.0, 1.0);
        let color = leaves.dark.mix(leaves.light, light);
        let middle = at(center[0], center[1]);
        let round = [radius * height, radius * height * 0.92];
        let high = [middle[0] + sun * round[0] * 0.6, middle[1] - round[1]];
        let low = [middle[0] - sun * round[0] * 0.6, middle[1] + round[1]];
        let fill = Fill::Linear(high, color.mix(leaves.light, 0.25), low, color.times(0.82));
        shapes.push(Shape::new(vec![ellipse(middle, round)], fill));
        if let Some(snow) = leaves.snow.filter(|_| light > 0.55) {
            let cap =
                ellipse([middle[0], middle[1] - round[1] * 0.45], [round[0] * 0.8, round[1] * 0.5]);
            shapes.push(Shape::new(vec![cap], Fill::Flat(snow)).opacity(0.9));
        }
    }
    shapes
}

/// Blades of grass along the bottom, tall at the sides where they frame the picture.
pub(super) fn grass(
    width: f32,
    bottom: f32,
    dark: Rgb,
    light: Rgb,
    chance: &mut Chance,
) -> Vec<Shape> {
    let count = (150.0 * width) as usize;
    let mut blade = || {
        let x = chance.between(-0.02, width + 0.02);
        let aside = ((x / width - 0.5).abs() * 2.0).powi(3);
        let height = chance.between(0.018, 0.045) + aside * chance.between(0.03, 0.10);
        let bend = chance.between(-0.35, 0.35) * height;
        let half = height * 0.035 + 0.0012;
        let foot = bottom + chance.between(0.0, 0.02);
        let top = foot - height;
        let outline = vec![
            [x - half, foot],
            [x - half * 0.7 + bend * 0.25, foot - height * 0.5],
            [x + bend, top],
            [x + half * 0.7 + bend * 0.25, foot - height * 0.5],
            [x + half, foot],
        ];
        let tip = dark.mix(light, chance.between(0.1, 0.75));
        Shape::new(vec![outline], Fill::Linear([x, foot], dark, [x, top], tip))
    };
    (0..count).map(|_| blade()).collect()
}

/// Small flowers strewn over a meadow, larger in front.
pub(super) fn flowers(
    width: f32,
    [far, near]: [f32; 2],
    colors: &[Rgb],
    chance: &mut Chance,
) -> Vec<Shape> {
    let count = (170.0 * width) as usize;
    let mut places: Vec<f32> = (0..count).map(|_| chance.unit().powf(0.8)).collect();
    places.sort_by(f32::total_cmp);
    let mut shapes = Vec::new();
    for part in places {
        let y = far + (near - far) * part;
        let x = chance.between(0.0, width);
        let size = 0.0016 + 0.0065 * part * part * chance.between(0.6, 1.2);
        let color = chance.pick(colors);
        if size > 0.004 {
            for petal in 0_u8..5 {
                let angle = f32::from(petal) * std::f32::consts::TAU / 5.0 + part * 9.0;
                let center = [x + angle.cos() * size * 0.75, y + angle.sin() * size * 0.6];
                let petal = ellipse(center, [size * 0.62, size * 0.52]);
                shapes.push(Shape::new(vec![petal], Fill::Flat(color)));
            }
            let heart = ellipse([x, y], [size * 0.45, size * 0.38]);
            shapes
                .push(Shape::new(vec![heart], Fill::Flat(color.mix(Rgb([0.98, 0.80, 0.3]), 0.8))));
        } else {
            let dot = ellipse([x, y], [size, size * 0.8]);
            shapes.push(Shape::new(vec![dot], Fill::Flat(color.mix(WHITE, 0.12))));
        }
    }
    shapes
}
