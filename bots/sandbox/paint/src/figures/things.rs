//! Smaller things: birds, flowers in front of us, a pot of tea.

use super::Figure;
use crate::chance::Chance;

pub(super) fn birds(figure: &mut Figure, chance: &mut Chance) {
    for index in 0..13_u8 {
        let row = f32::from(index.div_ceil(2));
        let side = if index % 2 == 0 { 1.0 } else { -1.0 };
        let x = 50.0 + side * row * 13.0 + chance.between(-4.0, 4.0);
        let y = 30.0 + row * 6.0 + chance.between(-4.0, 4.0);
        let size = chance.between(3.6, 5.4);
        let lift = chance.between(0.25, 0.8) * size;
        figure.flat(
            &format!(
                "M{} {} Q{} {} {x} {y} Q{} {} {} {} Q{} {} {x} {} Q{} {} {} {} Z",
                x - size,
                y - lift * 0.6,
                x - size * 0.45,
                y - lift * 1.3,
                x + size * 0.45,
                y - lift * 1.3,
                x + size,
                y - lift * 0.6,
                x + size * 0.42,
                y - lift * 0.75,
                y + size * 0.24,
                x - size * 0.42,
                y - lift * 0.75,
                x - size,
                y - lift * 0.6,
            ),
            0x2a2630,
        );
    }
}

pub(super) fn flowers(figure: &mut Figure, chance: &mut Chance) {
    let colors = chance.pick(&[
        [0xe8505a, 0xf7a05a, 0xf2c94e],
        [0xb06ad0, 0xe88ac0, 0x7a8ae0],
        [0xf4f0ea, 0xf7c4d0, 0xe8738c],
    ]);
    // Back to front, so that the large one stands before its neighbours.
    for (index, (x, top, size)) in [
        (22.0, 44.0, 0.72),
        (79.0, 38.0, 0.78),
        (35.0, 27.0, 0.86),
        (66.0, 21.0, 0.9),
        (50.0, 4.0, 1.1),
    ]
    .into_iter()
    .enumerate()
    {
        let lean = (50.0 - x) * 0.45;
        let head = top + 17.0 * size;
        figure.shaded(
            &format!(
                "M{} {head} C{x} {} {} 80 {} 100 L{} 100 C{} 80 {} {} {} {head} Z",
                x - 0.9,
                head + 25.0,
                x + lean - 1.2,
                x + lean - 1.4,
                x + lean + 1.4,
                x + lean + 1.2,
                x + 1.8,
                head + 25.0,
                x + 0.9,
            ),
            [0x6a9e4e, 0x3a6a34],
        );
        let leaf = if x < 50.0 { -1.0 } else { 1.0 };
        let base = x + lean * 0.8;
        figure.shaded(
            &format!(
                "M{base} 96 C{} 88 {} 70 {} 56 C{} 66 {} 82 {base} 96 Z",
                base + leaf * 12.0,
                base + leaf * 17.0,
                base + leaf * 13.0,
                base + leaf * 6.0,
                base + leaf * 1.0,
            ),
            [0x83b558, 0x3f7438],
        );
        tulip(figure, x, top, size, colors[index % 3]);
    }
}

fn tulip(figure: &mut Figure, x: f32, top: f32, size: f32, color: u32) {
    let at = |dx: f32, dy: f32| format!("{} {}", x + dx * size, top + dy * size);
    let dark = darker(color);
    figure.flat(
        &format!("M{} C{} {} {} Z", at(0.0, -1.0), at(7.0, 4.0), at(7.0, 14.0), at(0.0, 19.0)),
        dark,
    );
    figure.flat(
        &format!("M{} C{} {} {} Z", at(0.0, -1.0), at(-7.0, 4.0), at(-7.0, 14.0), at(0.0, 19.0)),
        dark,
    );
    for side in [-1.0, 1.0] {
        figure.shaded(
            &format!(
                "M{} C{} {} {} C{} {} {} Z",
                at(side * 8.4, 1.0),
                at(side * 11.6, 9.0),
                at(side * 8.4, 18.6),
                at(0.0, 19.4),
                at(side * -4.0, 14.0),
                at(side * 3.0, 7.0),
                at(side * 8.4, 1.0),
            ),
            [color, dark],
        );
    }
    figure.shaded(
        &format!(
            "M{} C{} {} {} C{} {} {} Z",
            at(0.0, 2.0),
            at(5.4, 7.0),
            at(5.6, 15.0),
            at(0.0, 19.4),
            at(-5.6, 15.0),
            at(-5.4, 7.0),
            at(0.0, 2.0),
        ),
        [lighter(color), color],
    );
}

fn darker(color: u32) -> u32 {
    let [_, red, green, blue] = color.to_be_bytes();
    u32::from_be_bytes([0, red / 10 * 7, green / 10 * 7, blue / 10 * 7])
}

fn lighter(color: u32) -> u32 {
    let [_, red, green, blue] = color.to_be_bytes();
    u32::from_be_bytes([0, red / 5 * 4 + 51, green / 5 * 4 + 51, blue / 5 * 4 + 51])
}

pub(super) fn teapot(figure: &mut Figure, chance: &mut Chance) {
    let glaze = chance.pick(&[
        [0x7fb0a8, 0x3f6f70],
        [0x5a86b8, 0x2c4c7c],
        [0xd98a6a, 0x8f4a36],
        [0xf2ece0, 0xb9ab96],
    ]);
    // Steam first.
    for (data, faint) in [
        (
            "M40 34 C34 26 46 20 40 12 C36 6 42 0 44 -6 C46 0 42 6 45.6 11 C51 19 39 26 43.6 34 Z",
            0.30,
        ),
        (
            "M-8 66 C-12 60 -4 56 -8 50 C-10 46 -6 42 -5 38 C-4 42 -6 46 -4 50 C0 56 -8 60 -5 66 Z",
            0.26,
        ),
    ] {
        figure.flat(data, 0xffffff);
        figure.faint(faint);
    }
    // Shadow on the table, spout, handle, belly, lid.
    figure.push(
        super::Shape::glow([46.0, 99.0], [64.0, 5.5], super::hex(0x1a1014)).opacity(0.5),
        super::Part::Lit,
    );
    figure.rounded(
        "M22 74 C10 72 6 62 2 52 C0 47 -3 45 -5 43.6 L1 40.6 C7 43 10 48 13 54 C16 60 20 62 26 60 \
         Z",
        glaze,
    );
    figure.rounded(
        "M74 52 C86 46 99 52 98 65 C97 79 84 87 71 87 L70 81 C80 81 90 75 91.4 65 \
         C92 57 84 54 75.6 58.6 Z",
        [glaze[1], glaze[1]],
    );
    figure.rounded(
        "M50 42 C28 42 17 55 17 70 C17 85 28 97 40 99 L60 99 C72 97 83 85 83 70 C83 55 72 42 50 42 \
         Z",
        glaze,
    );
    figure.flat("M17.6 66 C30 72 70 72 82.4 66 L83 70 C70 76.6 30 76.6 17 70 Z", 0xfff4e0);
    figure.faint(0.5);
    for dot in 0..7_u8 {
        let x = 25.0 + f32::from(dot) * 8.4;
        figure.oval([x, 79.0 - ((x - 50.0) / 30.0).powi(2) * 3.4], [1.5, 1.5], 0xfff4e0);
        figure.faint(0.7);
    }
    figure
        .flat("M27 54 C30 48.6 36 46 42 45.4 C36 49 31 54 29 61 C26.6 60 26 57 27 54 Z", 0xffffff);
    figure.faint(0.5);
    figure.rounded(
        "M31 43.6 C33 36.6 42 34 50 34 C58 34 67 36.6 69 43.6 C60 46.6 40 46.6 31 43.6 Z",
        glaze,
    );
    figure.rounded(
        "M45.4 31 C45.4 27.4 54.6 27.4 54.6 31 C54.6 34 52.6 35.4 50 35.4 \
         C47.4 35.4 45.4 34 45.4 31 Z",
        glaze,
    );
    // A cup beside it.
    figure.oval([-7.0, 97.4], [19.0, 3.4], 0xe9dfcd);
    figure.rounded(
        "M-20 74 L6 74 C6 86 2 95 -2 97 L-12 97 C-16 95 -20 86 -20 74 Z",
        [0xfdf6ea, 0xcdbfa8],
    );
    figure.oval([-7.0, 74.0], [13.0, 3.0], 0xfffaf0);
    figure.oval([-7.0, 74.3], [11.4, 2.2], 0xa8642c);
}
