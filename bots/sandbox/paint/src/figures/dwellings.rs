//! Where people live and keep a light.

use super::Figure;
use crate::chance::Chance;

pub(super) fn house(figure: &mut Figure, chance: &mut Chance) {
    let (roof, wall) = chance.pick(&[
        ([0xb04a3a, 0x8a3428], [0xf2e6d0, 0xd9c7a8]),
        ([0x4a5568, 0x343c4c], [0xe8e2d8, 0xc9c0b2]),
        ([0x6a4a38, 0x4d3326], [0xc98f5a, 0xa06c40]),
    ]);
    // Smoke, from the chimney up and away.
    for (index, (center, radius)) in
        [([71.0, 13.0], 3.4), ([75.0, 6.0], 4.6), ([81.0, -1.5], 6.0), ([89.0, -9.0], 7.6)]
            .into_iter()
            .enumerate()
    {
        figure.oval(center, [radius, radius * 0.82], 0xf4f1ec);
        figure.faint(0.50 - 0.10 * index as f32);
    }
    figure.shaded("M66 40 L66 17 L75 17 L75 46 Z", [0x9a6a5a, 0x7a4e42]);
    figure.flat("M64.5 15 L76.5 15 L76.5 19 L64.5 19 Z", 0x6a463c);
    // The long side, then the gable.
    figure.shaded("M44 58 L92 58 L92 100 L44 100 Z", [wall[1], wall[1]]);
    figure.shaded("M8 58 L28 30 L48 58 L48 100 L8 100 Z", wall);
    figure.shaded("M26 24 L78 24 L98 60 L46.5 60 Z", roof);
    for row in 1..6_u8 {
        let y = 24.0 + f32::from(row) * 6.0;
        let x = 26.0 + f32::from(row) * 3.42;
        figure.flat(
            &format!(
                "M{x} {y} L{} {y} L{} {} L{} {} Z",
                x + 51.8,
                x + 52.2,
                y + 0.8,
                x + 0.4,
                y + 0.8
            ),
            roof[1],
        );
        figure.faint(0.55);
    }
    figure.flat("M28 22.5 L50 61 L46 63 L28 32 L6 63 L2.5 60.5 Z", roof[1]);
    for window in [
        "M16 66 L26 66 L26 78 L16 78 Z",
        "M58 68 L70 68 L70 81 L58 81 Z",
        "M76 68 L88 68 L88 81 L76 81 Z",
    ] {
        figure.lamp(window, 0xffd27a);
    }
    figure.flat(
        "M20.6 66 L21.4 66 L21.4 78 L20.6 78 Z M16 71.6 L26 71.6 L26 72.4 L16 72.4 Z",
        0x5a4034,
    );
    figure
        .flat("M63.6 68 L64.4 68 L64.4 81 L63.6 81 Z M58 74.2 L70 74.2 L70 75 L58 75 Z", 0x5a4034);
    figure
        .flat("M81.6 68 L82.4 68 L82.4 81 L81.6 81 Z M76 74.2 L88 74.2 L88 75 L76 75 Z", 0x5a4034);
    figure.lamp(
        "M28 43 C31.3 43 33 45.3 33 48.5 C33 51.7 31.3 54 28 54 C24.7 54 23 51.7 23 48.5 \
         C23 45.3 24.7 43 28 43 Z",
        0xffd27a,
    );
    figure.shaded("M31 100 L31 79 C31 72.5 42 72.5 42 79 L42 100 Z", [0x7a4a30, 0x56321f]);
    figure.oval([39.6, 88.0], [0.9, 0.9], 0xf2c14e);
    figure.halo([21.0, 72.0], [16.0, 16.0], 0xffc766, 0.5);
    figure.halo([73.0, 74.0], [26.0, 18.0], 0xffc766, 0.5);
}

pub(super) fn lighthouse(figure: &mut Figure) {
    // The beam behind everything.
    figure.halo([118.0, 6.0], [82.0, 9.0], 0xfff0b8, 0.55);
    figure.halo([-18.0, 6.0], [82.0, 9.0], 0xfff0b8, 0.40);
    figure.shaded("M2 101 C6 93 26 90 42 91 C60 88 84 90 98 101 Z", [0x6a6670, 0x48454e]);
    figure.shaded("M62 95 L62 80 L82 80 L82 97 Z", [0xf0e6d6, 0xd2c4ae]);
    figure.flat("M59.5 81 L72 71 L84.5 81 Z", 0x9a3a34);
    figure.lamp("M69 85 L75 85 L75 91 L69 91 Z", 0xffd27a);
    figure.rounded("M38 95 L43 16 L57 16 L62 95 Z", [0xffffff, 0xc2bcc4]);
    figure.rounded("M39.2 76 L40.5 57 L59.5 57 L60.8 76 Z", [0xd8453a, 0x94281f]);
    figure.rounded("M41.7 38 L42.8 19 L57.2 19 L58.3 38 Z", [0xd8453a, 0x94281f]);
    figure.flat(
        "M48 48 L52 48 L52 53 L48 53 Z M48 66 L52 66 L52 71.4 L48 71.4 Z M48 27 L52 27 L52 32 \
         L48 32 Z",
        0x3a3038,
    );
    figure.flat("M39 14 L61 14 L61 17.5 L39 17.5 Z", 0x2c2830);
    figure.lamp("M43.5 1 L56.5 1 L56.5 14 L43.5 14 Z", 0xfff0b8);
    figure.flat(
        "M43.2 1 L44.2 1 L44.2 14 L43.2 14 Z M49.6 1 L50.4 1 L50.4 14 L49.6 14 Z M55.8 1 L56.8 1 \
         L56.8 14 L55.8 14 Z",
        0x2c2830,
    );
    figure.flat("M41 1.5 C43 -5 47 -8 50 -9 C53 -8 57 -5 59 1.5 Z", 0x9a2c24);
    figure.oval([50.0, -9.6], [1.3, 1.3], 0x2c2830);
    figure.halo([50.0, 7.0], [24.0, 24.0], 0xfff0b8, 0.85);
}
