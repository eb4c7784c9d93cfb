//! Scenes with reference pictures: one worked over, or several as prints in a new scene.

use image::imageops::{self, FilterType};
use image::{RgbImage, RgbaImage};

use super::Scene;
use crate::band::{Band, Frame, Layer, cover};
use crate::color::{BLACK, Rgb, WHITE, hex, smooth};
use crate::plan::Plan;
use crate::shape::{Fill, Shape};
use crate::sky::{Disc, LampKind, Stars};
use crate::words::{Sky, Time, Tone, Weather, Wishes};

impl Scene {
    /// One picture in the light, the weather and with the figures that the prompt asks for.
    ///
    /// Where a mask is opaque the picture stays as it was.
    pub(in super::super) fn retouch(
        plan: Plan,
        wishes: &Wishes,
        picture: &RgbImage,
        mask: Option<&RgbaImage>,
    ) -> Self {
        let mut scene = Self::empty(plan);
        let photo = fitted(picture, scene.frame());
        let grade = Grade::new(wishes, &mut scene);
        scene.add(Photo { picture: photo.clone(), grade });
        scene.add_lights(wishes);
        scene.add_cast();
        scene.add_weather();
        if let Some(mask) = mask {
            let frame = scene.frame();
            let mask = imageops::resize(
                mask,
                frame.columns as u32,
                frame.rows as u32,
                FilterType::Triangle,
            );
            scene.add(Kept { picture: photo, mask });
        }
        scene
    }

    /// A new scene in the colours of the pictures, which lie in it as prints.
    pub(in super::super) fn exhibition(mut plan: Plan, pictures: &[RgbImage]) -> Self {
        plan.palette = plan.palette.tinted(mean_colour(pictures));
        let mut scene = Self::compose(plan);
        let count = pictures.len();
        let (width, height) = (scene.frame().width(), scene.frame().height());
        let columns = match count {
            1..=3 => count,
            4 => 2,
            5..=9 => 3,
            _ => 4,
        };
        let rows = count.div_ceil(columns);
        let cell = (width * 0.92 / columns as f32).min(height * 0.80 / rows as f32);
        for (index, picture) in pictures.iter().enumerate() {
            let (column, row) = (index % columns, index / columns);
            let in_row = if row + 1 == rows { count - row * columns } else { columns };
            let x = width / 2.0 + (column as f32 - (in_row as f32 - 1.0) / 2.0) * cell * 0.96;
            let y = height * 0.47 + (row as f32 - (rows as f32 - 1.0) / 2.0) * cell * 0.98;
            let angle = scene.chance.between(-0.09, 0.09);
            scene.add_print(picture, [x, y], cell * 0.86, angle);
        }
        scene
    }

    /// A print with a white border and a shadow; `size` is its longer side, border included.
    fn add_print(&mut self, picture: &RgbImage, center: [f32; 2], size: f32, angle: f32) {
        let (wide, tall) = (picture.width() as f32, picture.height() as f32);
        let longest = wide.max(tall);
        let border = size * 0.035;
        let inner =
            [(size / 2.0 - border) * wide / longest, (size / 2.0 - border) * tall / longest];
        let (sin, cos) = angle.sin_cos();
        let corner =
            |dx: f32, dy: f32| [center[0] + dx * cos - dy * sin, center[1] + dx * sin + dy * cos];
        let sheet = |grow: f32, down: f32| {
            let (half_x, half_y) = (inner[0] + grow, inner[1] + grow);
            let corners = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]];
            let mut outline: Vec<[f32; 2]> =
                corners.map(|[x, y]: [f32; 2]| corner(x * half_x, y * half_y)).into();
            for point in &mut outline {
                point[1] += down;
            }
            vec![outline]
        };
        let mut shapes: Vec<Shape> = (0..7_u8)
            .map(|step| {
                let soft = f32::from(step) * size * 0.006;
                Shape::new(sheet(border + size * 0.02 - soft, size * 0.022), Fill::Flat(BLACK))
                    .opacity(0.055)
            })
            .collect();
        let paper = WHITE.lit(self.plan.palette.ambient.mix(WHITE, 0.6));
        shapes.push(Shape::new(sheet(border, 0.0), Fill::Flat(paper)));
        self.add_shapes(shapes);
        let scale = self.frame().scale;
        let pixels = |half: f32| ((half * 2.0 * scale) as u32).max(1);
        let picture = shrunk(picture, pixels(inner[0]), pixels(inner[1]));
        self.add(Print { picture, center, inner, angle });
    }

    /// Stars, moon or sun over a picture that has none.
    fn add_lights(&mut self, wishes: &Wishes) {
        let (width, sky) = (self.frame().width(), self.down(0.42));
        let asked = |sky| wishes.skies.contains(&sky);
        if asked(Sky::Stars) || wishes.time == Some(Time::Night) {
            let chance = self.chance.apart(31);
            self.add(Stars::new(width, sky, 0.8, WHITE, chance));
        }
        let moon = asked(Sky::Moon) || wishes.time == Some(Time::Night);
        if moon || asked(Sky::Sun) {
            let mut lamp = self.plan.lamp;
            lamp.y = self.down(0.17);
            lamp.kind = if moon { LampKind::Moon(0.0) } else { LampKind::Sun };
            let color = self.plan.palette.sun;
            let glow = Shape::glow([lamp.x, lamp.y], [0.34, 0.34], color).opacity(0.5);
            self.add_shapes(vec![glow]);
            let noise = self.noise.clone();
            self.add(Disc { palette: self.plan.palette, lamp, noise });
        }
    }
}

/// What happens to the colours of a picture.
#[derive(Debug, Clone, Copy)]
struct Grade {
    light: Rgb,
    lift: Rgb,
    saturation: f32,
    tint: Option<(Rgb, f32)>,
    /// Laid over the upper part.
    sky: Option<Rgb>,
}

impl Grade {
    fn new(wishes: &Wishes, scene: &mut Scene) -> Self {
        let mut grade = Self { light: WHITE, lift: BLACK, saturation: 1.0, tint: None, sky: None };
        match wishes.time {
            Some(Time::Night) => grade.set(Rgb([0.34, 0.43, 0.74]), hex(0x020612), 0.75),
            Some(Time::Dusk) => grade.set(Rgb([0.62, 0.62, 0.88]), hex(0x0a0a1c), 0.85),
            Some(Time::Dawn) => grade.set(Rgb([1.02, 0.93, 0.90]), hex(0x1c1214), 0.95),
            Some(Time::Day) => grade.set(Rgb([1.10, 1.12, 1.14]), hex(0x0a0c10), 1.08),
            Some(Time::Sunset) => {
                grade.set(Rgb([1.06, 0.80, 0.62]), hex(0x1c0c06), 1.05);
                grade.sky = Some(hex(0xff8a4a));
            }
            None => {}
        }
        match wishes.weather {
            Some(Weather::Snow) => grade.set(Rgb([0.96, 0.99, 1.04]), hex(0x141a24), 0.70),
            Some(Weather::Rain) => grade.set(Rgb([0.70, 0.76, 0.84]), hex(0x06080c), 0.62),
            Some(Weather::Fog) => grade.set(Rgb([0.72, 0.73, 0.74]), hex(0x3c3e40), 0.60),
            Some(Weather::Clear) | None => {}
        }
        for tone in &wishes.tones {
            match tone {
                Tone::Brighter => grade.set(Rgb([1.22; 3]), hex(0x0c0c0c), 1.05),
                Tone::Darker => grade.set(Rgb([0.60; 3]), BLACK, 0.95),
                Tone::Warmer => grade.set(Rgb([1.12, 1.0, 0.80]), hex(0x100600), 1.05),
                Tone::Cooler => grade.set(Rgb([0.84, 0.98, 1.16]), hex(0x00060e), 1.0),
            }
        }
        grade.tint = wishes.tint.map(|tint| (tint, 0.55));
        if wishes.labels.is_empty() {
            // Nothing was understood, and still something has to happen.
            let tint = scene.chance.pick(&[0xe09a4a, 0x4a8ac0, 0xb05a9a, 0x5aa07a]);
            grade.set(Rgb([1.06; 3]), hex(0x0a0808), 1.18);
            grade.tint = Some((hex(tint), 0.30));
            grade.sky = Some(hex(tint));
        }
        grade
    }

    /// On top of what is set already.
    fn set(&mut self, light: Rgb, lift: Rgb, saturation: f32) {
        self.light = self.light.lit(light);
        self.lift = self.lift.plus(lift, 1.0);
        self.saturation *= saturation;
    }

    fn apply(&self, color: Rgb, down: f32) -> Rgb {
        let mut graded = color.saturated(self.saturation).lit(self.light).plus(self.lift, 1.0);
        if let Some((tint, amount)) = self.tint {
            graded = graded.tinted(tint, amount);
        }
        if let Some(sky) = self.sky {
            graded = graded.mix(sky, 0.34 * smooth(0.75, 0.0, down));
        }
        graded
    }
}

/// A picture that fills the scene.
#[derive(Debug)]
struct Photo {
    picture: RgbImage,
    grade: Grade,
}

impl Layer for Photo {
    fn paint(&self, band: &mut Band) {
        let frame = band.frame;
        for (y, pixels) in band.rows_mut() {
            let down = y / frame.height();
            for (pixel, color) in pixels.iter_mut().zip(row_of(&self.picture, frame, y)) {
                cover(pixel, self.grade.apply(color, down), 1.0);
            }
        }
    }
}

/// The parts of a picture that a mask protects.
#[derive(Debug)]
struct Kept {
    picture: RgbImage,
    mask: RgbaImage,
}

impl Layer for Kept {
    fn paint(&self, band: &mut Band) {
        let frame = band.frame;
        for (y, pixels) in band.rows_mut() {
            let row = row_number(frame, y);
            let colors = row_of(&self.picture, frame, y);
            for ((pixel, color), column) in pixels.iter_mut().zip(colors).zip(0..) {
                let opaque = self.mask.get_pixel_checked(column, row).map_or(0, |mask| mask.0[3]);
                cover(pixel, color, f32::from(opaque) / 255.0);
            }
        }
    }
}

/// A print that lies in the scene, turned a little.
#[derive(Debug)]
struct Print {
    picture: RgbImage,
    center: [f32; 2],
    /// Half its width and height.
    inner: [f32; 2],
    angle: f32,
}

impl Layer for Print {
    fn paint(&self, band: &mut Band) {
        let frame = band.frame;
        let (sin, cos) = self.angle.sin_cos();
        let reach = self.inner[0].hypot(self.inner[1]);
        let (wide, tall) = (self.picture.width() as f32, self.picture.height() as f32);
        for (y, pixels) in band.rows_mut() {
            let dy = y - self.center[1];
            if dy.abs() > reach {
                continue;
            }
            for (column, pixel) in pixels.iter_mut().enumerate() {
                let dx = frame.x(column) - self.center[0];
                let across = (dx * cos + dy * sin) / self.inner[0];
                let down = (dy * cos - dx * sin) / self.inner[1];
                if across.abs() < 1.0 && down.abs() < 1.0 {
                    let x = (across.midpoint(1.0) * wide) as u32;
                    let y = (down.midpoint(1.0) * tall) as u32;
                    if let Some(color) = self.picture.get_pixel_checked(x, y) {
                        cover(pixel, light_of(*color), 1.0);
                    }
                }
            }
        }
    }
}

fn row_number(frame: Frame, y: f32) -> u32 {
    ((y * frame.scale) as u32).min(frame.rows as u32 - 1)
}

fn row_of(picture: &RgbImage, frame: Frame, y: f32) -> impl Iterator<Item = Rgb> {
    picture
        .rows()
        .nth(row_number(frame, y) as usize)
        .into_iter()
        .flatten()
        .map(|one| light_of(*one))
}

fn light_of(color: image::Rgb<u8>) -> Rgb {
    Rgb(color.0.map(|channel| f32::from(channel) / 255.0))
}

/// As much of the middle of a picture as fills the frame.
fn fitted(picture: &RgbImage, frame: Frame) -> RgbImage {
    let (wide, tall) = (frame.columns as u32, frame.rows as u32);
    let (from_wide, from_tall) = picture.dimensions();
    let scale = (wide as f32 / from_wide as f32).max(tall as f32 / from_tall as f32);
    let take = |length: u32, of: u32| ((length as f32 / scale).round() as u32).clamp(1, of);
    let (crop_wide, crop_tall) = (take(wide, from_wide), take(tall, from_tall));
    let (left, top) = ((from_wide - crop_wide) / 2, (from_tall - crop_tall) / 2);
    let middle = imageops::crop_imm(picture, left, top, crop_wide, crop_tall).to_image();
    shrunk(&middle, wide, tall)
}

fn shrunk(picture: &RgbImage, wide: u32, tall: u32) -> RgbImage {
    if picture.width() > wide && picture.height() > tall {
        imageops::thumbnail(picture, wide, tall)
    } else {
        imageops::resize(picture, wide, tall, FilterType::Triangle)
    }
}

/// The mean of the pictures, as strong as a mean can be.
fn mean_colour(pictures: &[RgbImage]) -> Rgb {
    let mean = pictures.iter().map(|picture| imageops::thumbnail(picture, 1, 1));
    let count = pictures.len().max(1) as f32;
    let colors = mean.map(|one| light_of(*one.get_pixel(0, 0)));
    colors.fold(BLACK, |sum, color| sum.plus(color, 1.0 / count)).saturated(1.6)
}
