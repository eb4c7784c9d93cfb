//! Figures: who and what a picture is about, drawn from outlines in a box of 100 by 100.

use super::chance::Chance;
use super::color::{Rgb, hex};
use super::palette::Palette;
use super::shape::{Fill, Point, Shape, ellipse, path};
use super::words::Subject;

mod animals;
mod dwellings;
mod things;
mod vessels;

/// How a part of a figure takes the light.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    /// Lit by the scene.
    Lit,
    /// A lamp or a window: shines by itself when lamps are on.
    Lamp,
    /// The light of a lamp in the air.
    Halo,
    /// Flame and the like: always shines.
    Fire,
}

/// A figure in its box: feet at y = 100, middle at x = 50.
#[derive(Debug, Default)]
pub(super) struct Figure {
    parts: Vec<(Shape, Part)>,
}

impl Figure {
    fn push(&mut self, shape: Shape, part: Part) {
        self.parts.push((shape, part));
    }

    /// One colour.
    fn flat(&mut self, data: &str, color: u32) {
        self.push(Shape::new(path(data), Fill::Flat(hex(color))), Part::Lit);
    }

    /// From one colour above to another below.
    fn shaded(&mut self, data: &str, [top, bottom]: [u32; 2]) {
        let outlines = path(data);
        let ys = || outlines.iter().flatten().map(|point| point[1]);
        let (high, low) = (ys().fold(f32::MAX, f32::min), ys().fold(f32::MIN, f32::max));
        let fill = Fill::Linear([50.0, high], hex(top), [50.0, low], hex(bottom));
        self.push(Shape::new(outlines, fill), Part::Lit);
    }

    /// From one colour on the left to another on the right.
    fn rounded(&mut self, data: &str, [left, right]: [u32; 2]) {
        let outlines = path(data);
        let xs = || outlines.iter().flatten().map(|point| point[0]);
        let (from, to) = (xs().fold(f32::MAX, f32::min), xs().fold(f32::MIN, f32::max));
        let fill = Fill::Linear([from, 50.0], hex(left), [to, 50.0], hex(right));
        self.push(Shape::new(outlines, fill), Part::Lit);
    }

    /// The part added last, once more on the other side.
    fn mirror(&mut self) {
        if let Some((shape, part)) = self.parts.last() {
            let mirrored = (shape.moved(|[x, y]| [100.0 - x, y]), *part);
            self.parts.push(mirrored);
        }
    }

    /// A flat part on both sides.
    fn both(&mut self, data: &str, color: u32) {
        self.flat(data, color);
        self.mirror();
    }

    fn oval(&mut self, center: Point, radii: Point, color: u32) {
        let shape = Shape::new(vec![ellipse(center, radii)], Fill::Flat(hex(color)));
        self.push(shape, Part::Lit);
    }

    fn ovals(&mut self, center: Point, radii: Point, color: u32) {
        self.oval(center, radii, color);
        self.mirror();
    }

    fn lamp(&mut self, data: &str, color: u32) {
        self.push(Shape::new(path(data), Fill::Flat(hex(color))), Part::Lamp);
    }

    fn fire(&mut self, data: &str, [top, bottom]: [u32; 2]) {
        self.shaded(data, [top, bottom]);
        if let Some(last) = self.parts.last_mut() {
            last.1 = Part::Fire;
        }
    }

    fn halo(&mut self, center: Point, radii: Point, color: u32, opacity: f32) {
        self.push(Shape::glow(center, radii, hex(color)).opacity(opacity), Part::Halo);
    }

    fn faint(&mut self, opacity: f32) {
        if let Some(last) = self.parts.last_mut() {
            last.0.opacity = opacity;
        }
    }
}

/// How a figure stands in its scene.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stand {
    /// Middle of its feet, in units.
    pub(super) foot: Point,
    /// Of the whole box, in units.
    pub(super) height: f32,
    pub(super) flipped: bool,
    /// Turned about its middle, in radians, clockwise.
    pub(super) tilt: f32,
    /// 0 near, 1 lost in the haze.
    pub(super) distance: f32,
    /// Where the light comes from: -1 left, 1 right.
    pub(super) sun_side: f32,
    /// Strength of the light on its edge, 0 to 1.
    pub(super) rim: f32,
}

/// Draws a subject where it stands, in the light of the palette.
pub(super) fn draw(
    subject: Subject,
    stand: Stand,
    palette: &Palette,
    chance: &mut Chance,
) -> Vec<Shape> {
    let mut figure = Figure::default();
    match subject {
        Subject::Fox => animals::fox(&mut figure),
        Subject::Cat => animals::cat(&mut figure, chance),
        Subject::Dog => animals::dog(&mut figure, chance),
        Subject::Rabbit => animals::rabbit(&mut figure),
        Subject::Panda => animals::panda(&mut figure),
        Subject::House => dwellings::house(&mut figure, chance),
        Subject::Lighthouse => dwellings::lighthouse(&mut figure),
        Subject::Boat => vessels::boat(&mut figure, chance),
        Subject::Whale => vessels::whale(&mut figure),
        Subject::Rocket => vessels::rocket(&mut figure),
        Subject::Balloon => vessels::balloon(&mut figure, chance),
        Subject::Birds => things::birds(&mut figure, chance),
        Subject::Flower => things::flowers(&mut figure, chance),
        Subject::Teapot => things::teapot(&mut figure, chance),
        // A tree grows leaf by leaf, see `plants`.
        Subject::Tree => {}
    }
    place(&figure, stand, palette)
}

fn place(figure: &Figure, stand: Stand, palette: &Palette) -> Vec<Shape> {
    let side = if stand.flipped { -1.0 } else { 1.0 };
    let scale = stand.height / 100.0;
    let (sin, cos) = stand.tilt.sin_cos();
    let to = |[x, y]: Point| {
        let (dx, dy) = (x - 50.0, y - 50.0);
        let (dx, dy) = (dx * cos - dy * sin, dx * sin + dy * cos);
        [stand.foot[0] + dx * scale * side, stand.foot[1] + (dy - 50.0) * scale]
    };
    let mut shapes = Vec::new();
    if stand.rim > 0.01 {
        // Its own outline, a little nearer to the sun, in the colour of the sun.
        let (dx, dy) = (stand.sun_side * 0.9, -0.7);
        let solid = figure.parts.iter().filter(|part| part.1 == Part::Lit && part.0.opacity > 0.9);
        for (shape, _) in solid {
            let shifted = shape.moved(|[x, y]| {
                let [x, y] = to([x, y]);
                [x + dx * scale, y + dy * scale]
            });
            let rim =
                palette.sun.mix(palette.ambient, 0.25).mix(palette.haze, stand.distance * 0.5);
            let fill = Fill::Flat(rim);
            shapes.push(Shape { fill, opacity: stand.rim, ..shifted });
        }
    }
    // Who a picture is about is seen a little better than the rest.
    let lit = |color: Rgb| palette.seen(color, stand.distance).mix(color, 0.34);
    let lamps = palette.lamps;
    for (shape, part) in &figure.parts {
        let shape = shape.moved(to);
        shapes.push(match part {
            Part::Lit => shape.recolored(lit),
            Part::Lamp => shape.recolored(|color| {
                // A dark window mirrors the sky.
                let glass = palette.sky[1].times(0.62);
                glass.mix(color, lamps.sqrt() * (1.0 - stand.distance * 0.5))
            }),
            Part::Halo => {
                let opacity = shape.opacity * lamps;
                shape.opacity(opacity)
            }
            Part::Fire => shape,
        });
    }
    shapes
}
