//! The strip along the bottom, with the prompt's words in small type of our own.

use super::band::Frame;
use super::color::hex;
use super::shape::{Fill, Point, Shape, Shapes};

/// Letters as strokes on a grid four wide and six high: `x y` pairs, strokes apart by a comma.
const LETTERS: &[(char, &str)] = &[
    ('A', "0 6 2 0 4 6,.8 4 3.2 4"),
    ('B', "0 0 0 6 3 6 4 5 4 4 3 3 0 3,3 3 3.7 2.3 3.7 .8 3 0 0 0"),
    ('C', "4 1 3 0 1 0 0 1 0 5 1 6 3 6 4 5"),
    ('D', "0 0 0 6 2.6 6 4 4.6 4 1.4 2.6 0 0 0"),
    ('E', "4 0 0 0 0 6 4 6,0 3 3 3"),
    ('F', "4 0 0 0 0 6,0 3 3 3"),
    ('G', "4 1 3 0 1 0 0 1 0 5 1 6 3 6 4 5 4 3.2 2.4 3.2"),
    ('H', "0 0 0 6,4 0 4 6,0 3 4 3"),
    ('I', "2 0 2 6"),
    ('J', "3.4 0 3.4 5 2.4 6 1.2 6 .3 5"),
    ('K', "0 0 0 6,4 0 0 3.6,1.4 2.4 4 6"),
    ('L', "0 0 0 6 3.8 6"),
    ('M', "0 6 0 0 2 3.6 4 0 4 6"),
    ('N', "0 6 0 0 4 6 4 0"),
    ('O', "1 0 3 0 4 1 4 5 3 6 1 6 0 5 0 1 1 0"),
    ('P', "0 6 0 0 3 0 4 1 4 2.3 3 3.3 0 3.3"),
    ('Q', "1 0 3 0 4 1 4 5 3 6 1 6 0 5 0 1 1 0,2.6 4.6 4.2 6.4"),
    ('R', "0 6 0 0 3 0 4 1 4 2.2 3 3.2 0 3.2,2.2 3.2 4 6"),
    ('S', "4 1 3 0 1 0 0 1 0 2 1 2.9 3 3.1 4 4 4 5 3 6 1 6 0 5"),
    ('T', "0 0 4 0,2 0 2 6"),
    ('U', "0 0 0 5 1 6 3 6 4 5 4 0"),
    ('V', "0 0 2 6 4 0"),
    ('W', "0 0 1 6 2 2 3 6 4 0"),
    ('X', "0 0 4 6,4 0 0 6"),
    ('Y', "0 0 2 3 4 0,2 3 2 6"),
    ('Z', "0 0 4 0 0 6 4 6"),
    ('0', "1 0 3 0 4 1 4 5 3 6 1 6 0 5 0 1 1 0,3.2 1.6 .8 4.4"),
    ('1', ".8 1.2 2.2 0 2.2 6"),
    ('2', "0 1 1 0 3 0 4 1 4 2.2 0 6 4 6"),
    ('3', "0 1 1 0 3 0 4 1 4 2 3 2.9 1.6 2.9,3 2.9 4 4 4 5 3 6 1 6 0 5"),
    ('4', "3 6 3 0 0 4.2 4 4.2"),
    ('5', "4 0 .4 0 .2 2.6 3 2.6 4 3.6 4 5 3 6 1 6 0 5"),
    ('6', "3.6 .4 2.8 0 1 0 0 1.4 0 5 1 6 3 6 4 5 4 3.8 3 2.8 0 2.9"),
    ('7', "0 0 4 0 1.4 6"),
    ('8', "1 0 3 0 3.8 .9 3.8 2 3 2.9 1 2.9 .2 2 .2 .9 1 0,1 2.9 0 4 0 5 1 6 3 6 4 5 4 4 3 2.9"),
    ('9', "4 3.1 1 3.2 0 2.2 0 1 1 0 3 0 4 1 4 4.6 3 6 1.2 6 .4 5.6"),
    ('.', "1.8 5.8 2.2 5.8 2.2 6.1"),
    (',', "2.2 5.6 2.2 6.2 1.6 7"),
    ('\'', "2 0 2 1.4"),
    ('"', "1.4 0 1.4 1.4,2.6 0 2.6 1.4"),
    ('-', "1 3 3 3"),
    ('+', "2 1.4 2 4.6,.4 3 3.6 3"),
    (':', "2 1.9 2 2.3,2 4.7 2 5.1"),
    (';', "2 1.9 2 2.3,2.2 4.7 1.6 6"),
    ('!', "2 0 2 4,2 5.7 2 6"),
    ('?', ".2 1 1.2 0 2.8 0 3.8 1 3.8 2 2 3.4 2 4.2,2 5.7 2 6"),
    ('/', "3.6 0 .4 6"),
    ('(', "2.8 -.4 1.6 1.2 1.6 4.8 2.8 6.4"),
    (')', "1.2 -.4 2.4 1.2 2.4 4.8 1.2 6.4"),
    ('&', "4 6 .8 1.6 .8 .8 1.4 0 2.2 0 2.8 .8 2.6 1.6 .2 3.6 0 5 .9 6 2.2 6 4 3.6"),
    ('#', "1.2 .6 .8 5.4,3.2 .6 2.8 5.4,.2 2 4 2,0 4 3.8 4"),
    ('=', ".6 2.2 3.4 2.2,.6 3.8 3.4 3.8"),
    ('%', "3.8 0 .2 6,.4 .4 1.4 .4 1.4 1.6 .4 1.6 .4 .4,2.6 4.4 3.6 4.4 3.6 5.6 2.6 5.6 2.6 4.4"),
    ('*', "2 1 2 5,.4 2 3.6 4,3.6 2 .4 4"),
];

/// Height of the strip with its edge code, in pixels, for a picture of this height.
pub(super) fn strip_height(rows: u32) -> u32 {
    (rows / 20).max(8)
}

/// The words on the strip: left what was asked, right what was made.
pub(super) fn caption(frame: Frame, strip: usize, left: &str, right: &str) -> Shapes {
    // The strip's units are those of the whole picture; y counts from the strip's own top.
    let tall = strip as f32 / frame.scale;
    let (size, margin, top) = (tall * 0.052, tall * 0.42, tall * 0.245);
    let right_from = frame.width() - margin - width(right) * size;
    let room = (right_from - 2.0 * margin) / size;
    let words = shortened(left, room);
    let mut shapes = write(&words, [margin, top], size, Fill::Flat(hex(0xd9d2c4)));
    shapes.extend(write(right, [right_from, top], size, Fill::Flat(hex(0xe0a858))));
    Shapes::new(shapes)
}

/// As much of a text as fits.
fn shortened(text: &str, room: f32) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for char in text.chars() {
        if width(&kept) + advance(char) + width("...") > room {
            break;
        }
        kept.push(char);
    }
    format!("{}...", kept.trim_end())
}

/// How far the next letter is from this one's left edge, on the letters' grid.
fn advance(char: char) -> f32 {
    match char {
        'I' | '.' | ',' | '\'' | ':' | ';' | '!' => 3.0,
        ' ' => 3.6,
        _ => 5.7,
    }
}

fn width(text: &str) -> f32 {
    text.chars().map(advance).sum()
}

/// The prompt in letters that we have; the understood words where it has none of them.
pub(super) fn wording(prompt: &str, labels: &[&str]) -> String {
    let ours = |char: char| char == ' ' || LETTERS.iter().any(|letter| letter.0 == char);
    let upper = prompt.to_uppercase();
    let letters: String = upper.chars().map(|char| if ours(char) { char } else { ' ' }).collect();
    let kept = letters.split_whitespace().collect::<Vec<_>>().join(" ");
    let asked = prompt.chars().filter(|char| !char.is_whitespace()).count();
    if kept.chars().filter(|char| char.is_alphanumeric()).count() * 2 >= asked {
        return kept;
    }
    let labels: Vec<_> = labels.iter().map(|label| label.to_uppercase()).collect();
    labels.join(" + ")
}

fn write(text: &str, from: Point, size: f32, fill: Fill) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let mut x = from[0];
    for char in text.chars() {
        let step = advance(char);
        // Narrow letters stand in the middle of their grid.
        let left = if step < 4.0 { x - size * (4.0 - step + 1.2) / 2.0 } else { x };
        x += step * size;
        let Some((_, strokes)) = LETTERS.iter().find(|letter| letter.0 == char) else { continue };
        for stroke in strokes.split(',') {
            let numbers: Vec<f32> =
                stroke.split(' ').filter_map(|number| number.parse().ok()).collect();
            let points: Vec<Point> = numbers
                .chunks_exact(2)
                .map(|at| [left + at[0] * size, from[1] + at[1] * size])
                .collect();
            let lines = points.windows(2).map(|pair| line(pair[0], pair[1], size * 0.36));
            shapes.extend(lines.map(|outline| Shape::new(vec![outline], fill)));
        }
    }
    shapes
}

/// A stroke with square ends that reach a little further, so that corners close.
fn line(from: Point, to: Point, half: f32) -> Vec<Point> {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let length = dx.hypot(dy).max(1e-6);
    let (along_x, along_y) = (dx / length * half, dy / length * half);
    let (x0, y0) = (from[0] - along_x * 0.7, from[1] - along_y * 0.7);
    let (x1, y1) = (to[0] + along_x * 0.7, to[1] + along_y * 0.7);
    vec![
        [x0 - along_y, y0 + along_x],
        [x1 - along_y, y1 + along_x],
        [x1 + along_y, y1 - along_x],
        [x0 + along_y, y0 - along_x],
    ]
}
