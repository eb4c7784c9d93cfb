//! A scene as layers from far to near.

use std::sync::Arc;

use super::band::{Band, Frame, Layer};
use super::chance::{Chance, Noise};
use super::color::{Rgb, WHITE, hex};
use super::land::{Ridge, Skin, Wave, hills};
use super::plan::Plan;
use super::plants::{Leaves, fir, flowers, grass};
use super::shape::{Shape, Shapes};
use super::sky::{Aurora, Clouds, Disc, Heaven, Nebula, Stars};
use super::weather::{Mist, fireflies, rainfall, snowfall};
use super::words::{Place, Style, Time, Weather};

mod built;
mod cast;
mod heavens;
mod places;
mod prints;

/// Layers in painting order, and what is needed to add more.
pub(super) struct Scene {
    pub(super) plan: Plan,
    noise: Arc<Noise>,
    chance: Chance,
    layers: Vec<Arc<dyn Layer>>,
    /// Where figures stand: y of the near ground, and of the water line if there is water.
    ground: f32,
    water: Option<f32>,
}

impl Scene {
    /// Composes everything that the plan says.
    pub(super) fn compose(plan: Plan) -> Self {
        let mut scene = Self::empty(plan);
        scene.add_sky();
        match scene.plan.place {
            Place::Meadow => scene.add_meadow(),
            Place::Mountains => scene.add_mountains(),
            Place::Forest => scene.add_forest(),
            Place::Lake => scene.add_lake(),
            Place::Sea => scene.add_sea(),
            Place::City => scene.add_city(),
            Place::Desert => scene.add_desert(),
            Place::Space => scene.add_space(),
            Place::Room => scene.add_room(),
        }
        scene.add_cast();
        scene.add_foreground();
        scene.add_weather();
        scene
    }

    /// Only figures, for a transparent background.
    pub(super) fn figures_only(plan: Plan) -> Self {
        let mut scene = Self::empty(plan);
        scene.plan.palette.ambient = WHITE;
        scene.add_cast();
        scene
    }

    fn empty(plan: Plan) -> Self {
        let chance = plan.chance.apart(1);
        let noise = Arc::new(Noise::new(plan.chance.apart(2)));
        let ground = plan.frame.height() * 0.88;
        Self { plan, noise, chance, layers: Vec::new(), ground, water: None }
    }

    /// Paints all layers on a band.
    pub(super) fn paint(&self, band: &mut Band) {
        self.layers.iter().for_each(|layer| layer.paint(band));
    }

    /// A stream of chances for one layer: however much it takes, the next layers stay the same,
    /// so that a partial picture shows what the finished one will.
    fn fork(&mut self) -> Chance {
        Chance::new(self.chance.next())
    }

    fn frame(&self) -> Frame {
        self.plan.frame
    }

    /// A part of the picture's height, in units.
    fn down(&self, part: f32) -> f32 {
        self.plan.frame.height() * part
    }

    fn add(&mut self, layer: impl Layer + 'static) {
        self.layers.push(Arc::new(layer));
    }

    fn add_shapes(&mut self, shapes: Vec<Shape>) {
        self.add(Shapes::new(shapes));
    }

    fn add_sky(&mut self) {
        let Plan { palette, horizon, lamp, .. } = self.plan;
        let noise = Arc::clone(&self.noise);
        self.add(Heaven { palette, horizon, lamp });
        let width = self.frame().width();
        if palette.stars > 0.3 {
            let colors = [palette.sky[3].mix(WHITE, 0.25), hex(0xb98ad0)];
            let tilt = self.chance.between(-0.7, 0.7);
            self.add(Nebula { colors, strength: 0.30, tilt, horizon, noise: Arc::clone(&noise) });
        }
        if palette.stars > 0.05 {
            let chance = self.chance.apart(3);
            self.add(Stars::new(width, horizon, palette.stars, WHITE, chance));
        }
        if self.plan.aurora {
            let colors = [hex(0x3fd08a), hex(0x7a4fc0)];
            self.add(Aurora { horizon, colors, noise: Arc::clone(&noise) });
        }
        self.add(Disc { palette, lamp, noise: Arc::clone(&noise) });
        if self.plan.clouds > 0.03 {
            let shift = self.chance.between(0.0, 60.0);
            let amount = self.plan.clouds;
            self.add(Clouds { palette, horizon, lamp, amount, shift, noise });
        }
        if self.plan.style == Style::Ink {
            let disc = super::shape::ellipse([lamp.x, self.down(0.2)], [0.055, 0.055]);
            let fill = super::shape::Fill::Flat(hex(0xc23a2a));
            self.add_shapes(vec![Shape::new(vec![disc], fill).opacity(0.9)]);
        }
    }

    /// A bank of mist across the picture.
    fn add_mist(&mut self, y: f32, thick: f32, strength: f32) {
        let color = self.plan.palette.haze.mix(self.plan.palette.sky[3], 0.45);
        let shift = self.chance.between(0.0, 90.0);
        let noise = Arc::clone(&self.noise);
        let denser = if self.plan.weather == Weather::Fog { 1.5 } else { 1.0 };
        self.add(Mist { y, thick, strength: strength * denser, color, shift, noise });
    }

    /// Colours of the ground here: far, near, and of its patches.
    fn soil(&self) -> [Rgb; 3] {
        let [far, near, patch] = match (self.plan.place, self.plan.snowy()) {
            (Place::Space, _) => [0x9a948c, 0x4f4b4a, 0x6a655f],
            (Place::City, _) => [0x6e6f78, 0x3a3b44, 0x555660],
            (_, true) => [0xf1f5fa, 0xc9d7e8, 0xdbe5f1],
            (Place::Desert, _) => [0xe7b878, 0xa86a3e, 0xf2cf94],
            (Place::Sea, _) => [0xe3cfa4, 0xa98e66, 0xcdb487],
            (Place::Forest, _) => [0x5f7a44, 0x2c3f26, 0x86934f],
            _ => [0x8fb257, 0x3f6a34, 0xb9c66a],
        };
        let ink = self.plan.style == Style::Ink;
        if ink {
            return [hex(0xcfc9bd), hex(0x8f8b84), hex(0xb9b3a8)];
        }
        [far, near, patch].map(hex)
    }

    /// One hill of ground from `top` down, at this distance.
    fn add_ground(&mut self, top: f32, tall: f32, distance: f32) {
        let wave = Wave { height: top, tall, often: 1.15, shift: self.chance.between(0.0, 90.0) };
        let tops = hills(self.frame(), &self.noise, wave);
        let [far, near, patch] = self.soil();
        let palette = self.plan.palette;
        let skin = Skin::Ground { patch: palette.seen(patch, distance), amount: 0.55 };
        self.add(Ridge {
            tops,
            skin,
            top: palette.seen(far, distance).mix(palette.sun, 0.06 * (1.0 - palette.lamps)),
            bottom: palette.seen(near, distance * 0.7),
            depth: self.frame().height() - top,
            until: f32::MAX,
            seed: 0.0,
            noise: Arc::clone(&self.noise),
        });
    }

    fn leaves(&self, distance: f32) -> Leaves {
        let palette = self.plan.palette;
        let ink = if self.plan.style == Style::Ink { 0.1 } else { 1.0 };
        let dark = palette.seen(hex(0x1d3a30).saturated(ink), distance).mix(palette.near, 0.45);
        let light = palette.seen(hex(0x4f7f4a).saturated(ink), distance).mix(palette.sun, 0.10);
        let snow = self.plan.snowy().then(|| palette.seen(hex(0xf3f7fc), distance));
        Leaves { dark, light, snow, sun_left: self.plan.sun_side() < 0.0 }
    }

    /// Firs that frame the picture on both sides.
    fn add_framing_firs(&mut self, foot: f32, height: f32, count: usize, distance: f32) {
        let width = self.frame().width();
        let leaves = self.leaves(distance);
        let mut chance = self.fork();
        let mut places: Vec<[f32; 2]> = Vec::new();
        for index in 0..count {
            let out = chance.unit().powf(0.9) * 0.30;
            let x = if index % 2 == 0 { out } else { 1.0 - out };
            let near = 1.0 - out / 0.30;
            places.push([x * width, foot + near * 0.05 + chance.between(-0.01, 0.02)]);
        }
        places.sort_by(|one, other| one[1].total_cmp(&other[1]));
        let mut shapes = Vec::new();
        for place in places {
            let nearer = 0.62 + 7.0 * (place[1] - foot).max(0.0);
            let tall = height * nearer * chance.between(0.8, 1.15);
            shapes.extend(fir(place, tall, leaves, &mut chance));
        }
        self.add_shapes(shapes);
    }

    fn add_foreground(&mut self) {
        let plan = self.plan.clone();
        let (width, bottom) = (self.frame().width(), self.frame().height());
        let palette = plan.palette;
        let mut chance = self.chance.apart(9);
        let green =
            matches!(plan.place, Place::Meadow | Place::Mountains | Place::Forest | Place::Lake);
        if green && !plan.snowy() && plan.style != Style::Ink {
            let blade = palette.seen(hex(0x6f9a48), 0.0);
            let dark = palette.near.mix(blade, 0.25);
            self.add_shapes(grass(width, bottom, dark, blade.mix(palette.sun, 0.12), &mut chance));
        }
        if plan.place == Place::Meadow && plan.time == Time::Night && plan.weather == Weather::Clear
        {
            let heights = [self.plan.horizon, bottom * 0.96];
            self.add(fireflies(width, heights, &mut chance));
        }
    }

    /// Flowers on the near meadow, where the season allows.
    fn add_flowers(&mut self, top: f32) {
        if self.plan.snowy() || self.plan.style == Style::Ink {
            return;
        }
        let palette = self.plan.palette;
        let sets = [
            [0xf4d35e, 0xffffff, 0xee6c5a],
            [0xb58ad8, 0xffffff, 0xf0a6c0],
            [0xe8604c, 0xf7b04a, 0xffe9b0],
        ];
        let colors = self.chance.pick(&sets).map(|web| palette.seen(hex(web), 0.05));
        let mut chance = self.fork();
        let shapes = flowers(self.frame().width(), [top, self.down(1.0)], &colors, &mut chance);
        self.add_shapes(shapes);
    }

    fn add_weather(&mut self) {
        let (width, height) = (self.frame().width(), self.frame().height());
        let palette = self.plan.palette;
        let mut chance = self.chance.apart(11);
        match self.plan.weather {
            Weather::Clear => {}
            Weather::Snow => {
                let color = WHITE.mix(palette.ambient, 0.25);
                self.add(snowfall(width, height, color, &mut chance));
            }
            Weather::Rain => {
                let color = palette.haze.mix(WHITE, 0.5);
                self.add(rainfall(width, height, color, &mut chance));
            }
            Weather::Fog => {
                self.add_mist(height * 0.72, 0.16, 0.40);
                self.add_mist(height * 0.95, 0.12, 0.34);
            }
        }
    }
}
