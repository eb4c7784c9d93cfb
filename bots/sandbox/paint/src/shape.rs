//! Outlines filled with paint: what figures, trees and letters are made of.

use super::band::{Band, Layer, cover};
use super::color::Rgb;

/// A point in units.
pub(super) type Point = [f32; 2];

/// What fills an outline.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fill {
    /// One colour.
    Flat(Rgb),
    /// From one point's colour to the other's.
    Linear(Point, Rgb, Point, Rgb),
    /// Round a centre: radii in x and y, colour in the middle; fades to nothing at the rim.
    Glow(Point, Point, Rgb),
}

/// An outline with its paint.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) outlines: Vec<Vec<Point>>,
    pub(super) fill: Fill,
    /// 0 to 1.
    pub(super) opacity: f32,
}

impl Shape {
    pub(super) fn new(outlines: Vec<Vec<Point>>, fill: Fill) -> Self {
        Self { outlines, fill, opacity: 1.0 }
    }

    pub(super) fn opacity(mut self, opacity: f32) -> Self {
        self.opacity = opacity;
        self
    }

    /// A soft round spot of colour.
    pub(super) fn glow(center: Point, radii: Point, color: Rgb) -> Self {
        Self::new(vec![ellipse(center, radii)], Fill::Glow(center, radii, color))
    }

    /// The same with every point moved.
    pub(super) fn moved(&self, to: impl Fn(Point) -> Point) -> Self {
        let along = |point: &Point| to(*point);
        let outlines =
            self.outlines.iter().map(|outline| outline.iter().map(along).collect()).collect();
        let fill = match self.fill {
            Fill::Flat(color) => Fill::Flat(color),
            Fill::Linear(from, first, until, last) => {
                Fill::Linear(to(from), first, to(until), last)
            }
            Fill::Glow(center, radii, color) => {
                let middle = to(center);
                let reach = |dx: f32, dy: f32| {
                    let [x, y] = to([center[0] + dx, center[1] + dy]);
                    (x - middle[0]).hypot(y - middle[1])
                };
                let radii = [reach(radii[0], 0.0), reach(0.0, radii[1])];
                Fill::Glow(middle, radii, color)
            }
        };
        Self { outlines, fill, opacity: self.opacity }
    }

    fn corners(&self) -> [Point; 2] {
        let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
        for [x, y] in self.outlines.iter().flatten() {
            low = [low[0].min(*x), low[1].min(*y)];
            high = [high[0].max(*x), high[1].max(*y)];
        }
        [low, high]
    }

    /// The same with other colours.
    pub(super) fn recolored(mut self, change: impl Fn(Rgb) -> Rgb) -> Self {
        self.fill = match self.fill {
            Fill::Flat(color) => Fill::Flat(change(color)),
            Fill::Linear(from, first, until, last) => {
                Fill::Linear(from, change(first), until, change(last))
            }
            Fill::Glow(center, radii, color) => Fill::Glow(center, radii, change(color)),
        };
        self
    }
}

/// A round outline.
pub(super) fn ellipse(center: Point, radii: Point) -> Vec<Point> {
    const CORNERS: usize = 48;
    let corner = |index: usize| {
        let angle = index as f32 / CORNERS as f32 * std::f32::consts::TAU;
        [center[0] + radii[0] * angle.cos(), center[1] + radii[1] * angle.sin()]
    };
    (0..CORNERS).map(corner).collect()
}

/// Outlines of an SVG path with the absolute commands M, L, C, Q and Z.
pub(super) fn path(data: &str) -> Vec<Vec<Point>> {
    let mut outlines: Vec<Vec<Point>> = Vec::new();
    let mut command = 'M';
    let mut numbers: Vec<f32> = Vec::new();
    let spaced: String = data
        .chars()
        .flat_map(|char| if char.is_ascii_uppercase() { vec![' ', char, ' '] } else { vec![char] })
        .collect();
    for word in spaced.split_whitespace() {
        if let Ok(number) = word.parse() {
            numbers.push(number);
        } else {
            command = word.chars().next().unwrap_or('Z');
            numbers.clear();
        }
        draw_command(&mut outlines, command, &mut numbers);
    }
    outlines
}

/// Takes the numbers when there are as many as the command needs.
fn draw_command(outlines: &mut Vec<Vec<Point>>, command: char, numbers: &mut Vec<f32>) {
    const STEPS: u8 = 14;
    if command == 'M' {
        if let [x, y] = numbers[..] {
            outlines.push(vec![[x, y]]);
            numbers.clear();
        }
        return;
    }
    let Some(outline) = outlines.last_mut() else { return };
    let from = outline.last().copied().unwrap_or_default();
    let steps = (1..=STEPS).map(|step| f32::from(step) / f32::from(STEPS));
    match (command, &numbers[..]) {
        ('L', &[x, y]) => outline.push([x, y]),
        ('Q', &[x1, y1, x, y]) => outline.extend(steps.map(|t| {
            let (a, b, c) = ((1.0 - t) * (1.0 - t), 2.0 * t * (1.0 - t), t * t);
            [a * from[0] + b * x1 + c * x, a * from[1] + b * y1 + c * y]
        })),
        ('C', &[x1, y1, x2, y2, x, y]) => outline.extend(steps.map(|t| {
            let rest = 1.0 - t;
            let (a, b) = (rest * rest * rest, 3.0 * rest * rest * t);
            let (c, d) = (3.0 * rest * t * t, t * t * t);
            [a * from[0] + b * x1 + c * x2 + d * x, a * from[1] + b * y1 + c * y2 + d * y]
        })),
        _ => return,
    }
    numbers.clear();
}

/// Shapes in painting order, each with the corners of the box around it.
#[derive(Debug)]
pub(super) struct Shapes(Vec<(Shape, [Point; 2])>);

impl Shapes {
    pub(super) fn new(shapes: Vec<Shape>) -> Self {
        let with_corners = |shape: Shape| {
            let corners = shape.corners();
            (shape, corners)
        };
        Self(shapes.into_iter().map(with_corners).collect())
    }
}

impl Layer for Shapes {
    /// Shapes are painted on rows in order only; a reflection shows none.
    fn paint(&self, band: &mut Band) {
        if let Some(first) = band.first {
            let mut coverage = Vec::new();
            for (shape, corners) in &self.0 {
                if let Some(window) = window(*corners, band, first) {
                    paint_shape(shape, &window, band, first, &mut coverage);
                }
            }
        }
    }
}

/// The pixels of a band that a shape can touch.
struct Window {
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

fn window([low, high]: [Point; 2], band: &Band, first: usize) -> Option<Window> {
    let scale = band.frame.scale;
    let (low, high) = (low.map(|value| value * scale), high.map(|value| value * scale));
    let inside = |value: f32, from: usize, to: usize| value.clamp(from as f32, to as f32) as usize;
    let last = first + band.ys.len();
    let window = Window {
        left: inside(low[0].floor(), 0, band.frame.columns),
        right: inside(high[0].ceil() + 1.0, 0, band.frame.columns),
        top: inside(low[1].floor(), first, last),
        bottom: inside(high[1].ceil(), first, last),
    };
    (window.left < window.right && window.top < window.bottom).then_some(window)
}

fn paint_shape(
    shape: &Shape,
    window: &Window,
    band: &mut Band,
    first: usize,
    coverage: &mut Vec<f32>,
) {
    let columns = window.right - window.left;
    // One more cell takes what lies right of the window.
    coverage.clear();
    coverage.resize((columns + 2) * (window.bottom - window.top), 0.0);
    let scale = band.frame.scale;
    let local = |point: Point| {
        [point[0] * scale - window.left as f32, point[1] * scale - window.top as f32]
    };
    for outline in &shape.outlines {
        let ends = outline.iter().skip(1).chain(outline.first());
        for (&from, &to) in outline.iter().zip(ends) {
            add_edge(coverage, columns + 2, local(from), local(to));
        }
    }
    let width = band.frame.columns;
    for (row, covers) in (window.top..window.bottom).zip(coverage.chunks_exact(columns + 2)) {
        let start = (row - first) * width + window.left;
        let pixels = &mut band.pixels[start..start + columns];
        let y = (row as f32 + 0.5) / scale;
        let mut sum = 0.0;
        for ((pixel, part), column) in pixels.iter_mut().zip(covers).zip(window.left..) {
            sum += part;
            let part = sum.abs().min(1.0);
            if part > 0.003 {
                let x = (column as f32 + 0.5) / scale;
                let (color, strength) = color_at(shape.fill, x, y);
                cover(pixel, color, part * strength * shape.opacity);
            }
        }
    }
}

/// Adds the signed area right of an edge to the cells it passes, as font rasterisers do.
fn add_edge(cells: &mut [f32], columns: usize, from: Point, to: Point) {
    let (sign, [top_x, top_y], [bottom_x, bottom_y]) =
        if from[1] < to[1] { (1.0, from, to) } else { (-1.0, to, from) };
    let rows = cells.len() / columns;
    if bottom_y <= 0.0 || top_y >= rows as f32 || bottom_y - top_y < 1e-6 {
        return;
    }
    let slope = (bottom_x - top_x) / (bottom_y - top_y);
    let limit = (columns - 2) as f32;
    for row in top_y.max(0.0) as usize..(bottom_y.ceil() as usize).min(rows) {
        let y0 = top_y.max(row as f32);
        let y1 = bottom_y.min(row as f32 + 1.0);
        let height = (y1 - y0) * sign;
        let x_at = |y: f32| (top_x + (y - top_y) * slope).clamp(0.0, limit);
        let (a, b) = (x_at(y0), x_at(y1));
        let (left, right) = (a.min(b), a.max(b));
        let line = &mut cells[row * columns..(row + 1) * columns];
        let (first, last) = (left as usize, right.ceil() as usize);
        if last <= first + 1 {
            let part = 1.0 - (left.midpoint(right) - first as f32);
            line[first] += height * part;
            line[first + 1] += height * (1.0 - part);
        } else {
            spread(line, height / (right - left), left, right);
        }
    }
}

/// An edge that crosses several cells of one row; `density` is its height a cell.
fn spread(line: &mut [f32], density: f32, left: f32, right: f32) {
    let mut before = 0.0;
    let first = left as usize;
    let last = right.ceil() as usize;
    for (cell, number) in line.iter_mut().zip(0_usize..).take(last + 1).skip(first) {
        // The area right of the edge within this cell, less what earlier cells carried over.
        let (start, end) = (number as f32, (number + 1) as f32);
        let (from, to) = (start.max(left).min(right), end.min(right).max(left));
        let within = density * (to - from) * (end - from.midpoint(to));
        let total = density * (from - left) + within;
        *cell += total - before;
        before = total;
    }
}

fn color_at(fill: Fill, x: f32, y: f32) -> (Rgb, f32) {
    match fill {
        Fill::Flat(color) => (color, 1.0),
        Fill::Linear(from, first, to, last) => {
            let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
            let along = (x - from[0]) * dx + (y - from[1]) * dy;
            (first.mix(last, (along / (dx * dx + dy * dy)).clamp(0.0, 1.0)), 1.0)
        }
        Fill::Glow(center, radii, color) => {
            let (dx, dy) = ((x - center[0]) / radii[0], (y - center[1]) / radii[1]);
            let rest = (1.0 - dx * dx - dy * dy).max(0.0);
            (color, rest * rest)
        }
    }
}
