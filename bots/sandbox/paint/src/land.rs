//! Land: hills, mountains, dunes, rows of trees and houses, one behind the other.

use std::sync::Arc;

use super::band::{Along, Band, Frame, Layer, cover};
use super::chance::{Chance, Noise, hash};
use super::color::{Rgb, smooth};

/// What the surface below a ridge looks like.
#[derive(Debug, Clone)]
pub(super) enum Skin {
    /// A soft gradient.
    Bare,
    /// Rock with light and shadow, and this much snow (0 to 1) of this colour.
    Rock { snow: Rgb, amount: f32, sun_left: bool },
    /// Sand: sunlit on one side of each crest.
    Sand { bright: Rgb, sun_left: bool },
    /// Grass or snow in perspective, with soft patches of another colour.
    Ground { patch: Rgb, amount: f32 },
    /// Houses with lit windows.
    Houses { houses: Vec<House>, lamp: Rgb, glass: Rgb, lit: f32 },
}

/// A house of a skyline.
#[derive(Debug, Clone, Copy)]
pub(super) struct House {
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) top: f32,
    pub(super) seed: u32,
    /// Width of a window with its wall.
    pub(super) window: f32,
}

/// One sheet of land.
#[derive(Debug)]
pub(super) struct Ridge {
    /// Where it begins, for each column.
    pub(super) tops: Vec<f32>,
    pub(super) skin: Skin,
    pub(super) top: Rgb,
    pub(super) bottom: Rgb,
    /// How far down `bottom` is reached.
    pub(super) depth: f32,
    /// Below this other land hides it.
    pub(super) until: f32,
    pub(super) seed: f32,
    pub(super) noise: Arc<Noise>,
}

impl Layer for Ridge {
    fn paint(&self, band: &mut Band) {
        let frame = band.frame;
        let highest = self.tops.iter().copied().fold(f32::MAX, f32::min);
        let slopes = self.slopes(frame);
        for (y, pixels) in band.rows_mut() {
            if y + 1.0 / frame.scale < highest || y > self.until {
                continue;
            }
            let relief = self.relief(frame, y, &slopes);
            for (column, (pixel, &top)) in pixels.iter_mut().zip(&self.tops).enumerate() {
                let part = ((y - top) * frame.scale + 0.5).min(1.0);
                if part <= 0.0 {
                    continue;
                }
                let below = (y - top).max(0.0);
                let base = self.top.mix(self.bottom, (below / self.depth).min(1.0));
                let at = Spot { x: frame.x(column), y, scale: frame.scale };
                cover(pixel, self.surface(base, at, relief.at(column)), part);
            }
        }
    }
}

/// A place on a ridge.
#[derive(Clone, Copy)]
struct Spot {
    x: f32,
    y: f32,
    scale: f32,
}

impl Ridge {
    /// How steeply the ridge falls to the right, smoothed, for each column.
    fn slopes(&self, frame: Frame) -> Vec<f32> {
        if !matches!(self.skin, Skin::Rock { .. } | Skin::Sand { .. }) {
            return Vec::new();
        }
        let reach = ((0.026 * frame.scale) as usize).max(1);
        let last = self.tops.len() - 1;
        let slope = |column: usize| {
            let (from, to) = (column.saturating_sub(reach), (column + reach).min(last));
            (self.tops[to] - self.tops[from]) * frame.scale / (to - from).max(1) as f32
        };
        (0..=last).map(slope).collect()
    }

    /// The soft part of the surface along a row: light and cover, by the kind of skin.
    fn relief(&self, frame: Frame, y: f32, slopes: &[f32]) -> Along<2> {
        let column = |x: f32| ((x * frame.scale) as usize).min(self.tops.len() - 1);
        let noise = &self.noise;
        match &self.skin {
            Skin::Bare | Skin::Houses { .. } => Along::new(frame, 1.0, |_| [0.0; 2]),
            Skin::Rock { amount, sun_left, .. } => Along::new(frame, 400.0, |x| {
                let below = y - self.tops[column(x)];
                if below < -0.01 {
                    return [0.5, 1.0];
                }
                self.rock(
                    x,
                    y,
                    below,
                    slopes[column(x)],
                    *amount,
                    if *sun_left { 1.0 } else { -1.0 },
                )
            }),
            Skin::Sand { sun_left, .. } => Along::new(frame, 500.0, |x| {
                let below = (y - self.tops[column(x)]).max(0.0);
                let slope = slopes[column(x)] * if *sun_left { 1.0 } else { -1.0 };
                let wave = (y * 240.0 + 9.0 * noise.at(x * 9.0, y * 14.0)).sin();
                [smooth(0.25, -0.25, slope) * (-below * 5.0).exp(), wave]
            }),
            Skin::Ground { amount, .. } => Along::new(frame, 170.0, |x| {
                let below = (y - self.tops[column(x)]).max(0.0);
                let soft = noise.fractal(x * 5.0 + 7.0, y * 15.0 + below * 4.0, 4);
                let roll = noise.at(x * 2.1 + 30.0, y * 5.0);
                [smooth(0.40, 0.66, soft) * amount, 0.86 + 0.28 * roll]
            }),
        }
    }

    /// Light on rock, and how much of it lies under snow.
    fn rock(&self, x: f32, y: f32, below: f32, slope: f32, amount: f32, sun: f32) -> [f32; 2] {
        // Creases run down and outward from the crest; light falls on the side of the sun.
        let height = |x: f32, y: f32| self.noise.ridged(x * 5.6 + self.seed, y * 4.6, 4);
        // Slopes of a crest are felt further down, so ribs fan out below a peak.
        let tilted = x - 0.42 * below * slope.clamp(-0.8, 0.8);
        let here = height(tilted, y);
        let toward = height(tilted - 0.014 * sun, y - 0.008);
        let crest = slope * sun * (-below * 7.0).exp();
        let light = smooth(-0.8, 0.8, (here - toward) * 4.2 - crest * 1.2);
        let line = amount * (0.30 + 0.9 * (here - 0.25));
        [light, smooth(line, line * 0.80 - 0.004, below)]
    }

    fn surface(&self, base: Rgb, at: Spot, [first, second]: [f32; 2]) -> Rgb {
        match &self.skin {
            Skin::Bare => base,
            Skin::Rock { snow, .. } => {
                let rock = base.times(0.74 + 0.44 * first);
                rock.mix(snow.times(0.70 + 0.32 * first), second * 0.95)
            }
            Skin::Sand { bright, .. } => {
                base.mix(*bright, first * 0.85).times(1.0 + 0.018 * second)
            }
            Skin::Ground { patch, .. } => {
                let fine = self.noise.at(at.x * 150.0, at.y * 330.0) - 0.5;
                base.mix(*patch, first).times(second + 0.09 * fine)
            }
            Skin::Houses { houses, lamp, glass, lit } => {
                house_wall(base, at, houses, (*lamp, *glass), *lit)
            }
        }
    }
}

fn house_wall(base: Rgb, at: Spot, houses: &[House], panes: (Rgb, Rgb), lit: f32) -> Rgb {
    let index = houses.partition_point(|house| house.right < at.x);
    let Some(house) = houses.get(index) else { return base };
    let side = (at.x - house.left) / (house.right - house.left);
    let wall = base.times(1.04 - 0.12 * side + 0.05 * hash(house.seed, 1, 1));
    let (column, row) =
        ((at.x - house.left) / house.window - 0.4, (at.y - house.top) / (house.window * 1.5) - 0.5);
    let (part_x, part_y) = (column - column.floor(), row - row.floor());
    let pane = part_x > 0.24 && part_x < 0.76 && part_y > 0.22 && part_y < 0.72;
    let columns = ((house.right - house.left) / house.window - 0.9).floor();
    if !pane || column < 0.0 || column >= columns || row < 0.0 || house.window * at.scale < 3.0 {
        return wall;
    }
    let fate = hash(house.seed, column as i32, row as i32);
    if fate < lit { wall.mix(panes.0, 0.55 + 0.45 * (fate / lit)) } else { wall.mix(panes.1, 0.35) }
}

/// Rolling crests around a height.
pub(super) fn hills(frame: Frame, noise: &Noise, wave: Wave) -> Vec<f32> {
    frame.columns_by(|x| {
        let rise = noise.fractal(x * wave.often + wave.shift, wave.shift * 0.7, 4) - 0.5;
        wave.height - 2.0 * rise * wave.tall
    })
}

/// Where crests lie, how tall and how often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wave {
    pub(super) height: f32,
    pub(super) tall: f32,
    pub(super) often: f32,
    pub(super) shift: f32,
}

/// Sharp crests; `peak` draws the land up round its x, as one great mountain does.
pub(super) fn peaks(frame: Frame, noise: &Noise, wave: Wave, peak: Option<f32>) -> Vec<f32> {
    frame.columns_by(|x| {
        let crest = noise.ridged(x * wave.often + wave.shift, wave.shift, 5);
        let broad = noise.at(x * wave.often * 0.6 + wave.shift * 2.0, 1.5);
        let great = peak.map_or(0.0, |peak| {
            let off = (x - peak).abs();
            (1.0 - off * 2.1).max(0.0).powf(1.25) * 1.15
        });
        let rise = (0.62 * crest + 0.38 * broad) * (1.0 - 0.5 * great.min(1.0));
        wave.height - wave.tall * (rise * 1.15 + great)
    })
}

/// Crests of dunes: steep on one side.
pub(super) fn dunes(frame: Frame, noise: &Noise, wave: Wave) -> Vec<f32> {
    frame.columns_by(|x| {
        let along = x * wave.often + wave.shift + noise.at(x * 1.7 + wave.shift, 3.3) * 0.9;
        let part = along - along.floor();
        let crest = if part < 0.68 { smooth(0.0, 0.68, part) } else { smooth(1.0, 0.68, part) };
        wave.height - wave.tall * (crest * 0.8 + 0.4 * noise.at(x * 0.9, wave.shift))
    })
}

/// The tops of a row of firs that stand on a line.
pub(super) fn firs(frame: Frame, line: &[f32], tall: f32, chance: &mut Chance) -> Vec<f32> {
    let mut tops = line.to_vec();
    let mut x = -tall * 0.3;
    while x < frame.width() + tall * 0.3 {
        let height = tall * chance.between(0.55, 1.1);
        let half = height * chance.between(0.17, 0.23);
        let from = (((x - half) * frame.scale).max(0.0) as usize).min(tops.len());
        let to = (((x + half) * frame.scale).max(0.0) as usize).min(tops.len());
        for (column, top) in tops.iter_mut().enumerate().take(to).skip(from) {
            let off = (frame.x(column) - x).abs() / half;
            // Boughs hang in tiers, so the outline has teeth.
            let tier = off * 5.5;
            let tooth = (tier - tier.floor()) * 0.11;
            let rise = height * (1.0 - off.powf(0.86)) + height * tooth * (1.0 - off);
            *top = top.min(line[column] - rise + height * 0.06);
        }
        x += half * chance.between(0.55, 1.5);
    }
    tops
}

/// A skyline with its houses.
pub(super) fn skyline(
    frame: Frame,
    height: f32,
    tall: f32,
    chance: &mut Chance,
) -> (Vec<f32>, Vec<House>) {
    let mut houses = Vec::new();
    let mut left = -tall * chance.between(0.0, 0.2);
    while left < frame.width() {
        let wide = tall * chance.between(0.13, 0.30);
        // Tallest in the middle, as cities are.
        let middle = 1.0 - ((left + wide / 2.0) / frame.width() - 0.5).abs();
        let rise = tall * chance.between(0.35, 1.0) * middle * middle * 1.15;
        let window = tall * chance.between(0.021, 0.030);
        let seed = chance.next() as u32;
        houses.push(House { left, right: left + wide, top: height - rise, seed, window });
        left += wide + if chance.happens(0.25) { tall * 0.03 } else { 0.0 };
    }
    let tops = frame.columns_by(|x| roof(&houses, x).unwrap_or(height));
    (tops, houses)
}

/// The roof line at x: flat, stepped, or with a mast.
fn roof(houses: &[House], x: f32) -> Option<f32> {
    let house = houses.get(houses.partition_point(|house| house.right < x))?;
    if x < house.left {
        return None;
    }
    let wide = house.right - house.left;
    let off = ((x - house.left) / wide - 0.5).abs();
    let kind = hash(house.seed, 5, 5);
    let extra = if kind < 0.3 {
        if off < 0.28 { wide * 0.22 } else { 0.0 }
    } else if kind < 0.45 {
        (0.5 - off) * wide * 0.9
    } else if kind < 0.6 && off < 0.035 {
        wide * 0.8
    } else {
        0.0
    };
    Some(house.top - extra)
}
