//! Animals that sit and look at us.

use super::Figure;
use crate::chance::Chance;

/// Colours of a fur.
struct Fur {
    back: [u32; 2],
    chest: u32,
    leg: [u32; 2],
    paw: u32,
}

/// What all of them share: a body, a chest, legs.
fn torso(figure: &mut Figure, fur: &Fur) {
    figure.shaded(
        "M50 40 C37 43 28 62 26.5 80 C25.5 93 33 99.5 50 99.5 C67 99.5 74.5 93 73.5 80 \
         C72 62 63 43 50 40 Z",
        fur.back,
    );
    // Thighs, a shade darker at the back.
    figure.shaded(
        "M33 72 C25 76 23 90 28 97 C31 100 38 100 41 99.5 C43 90 41 76 33 72 Z",
        [fur.back[0], fur.back[1]],
    );
    figure.mirror();
    figure.both(
        "M27 95 C26 98 27.5 100 31 100 L42 100 C43 97 40.5 94.5 36 94.5 C32 94 28.5 93.5 27 95 Z",
        fur.paw,
    );
    figure.shaded(
        "M42 60 C39 76 40.6 91 40 98.5 C41 100.4 48.4 100.4 50.2 98.5 C50.8 88 50.6 74 50 62 Z",
        fur.leg,
    );
    figure.mirror();
    figure.both(
        "M40.2 95.5 C39 98 39.5 100.5 42 100.6 L47.8 100.6 C50 100.4 50.2 97.5 49.8 95.5 Z",
        fur.paw,
    );
    figure.flat("M49.75 74 L50.25 74 L50.3 99 L49.7 99 Z", fur.back[1]);
    // A tuft of longer hair over the top of the legs.
    figure.flat(
        "M50 43 C42 47 37.6 57 38.8 66 C40.6 67.2 41.6 66.6 42.6 65.4 C43 69.6 44.4 72 46 73.4 \
         C46.8 72.8 47.4 72 47.8 71 C48.4 74.4 49.2 77 50 79.5 C50.8 77 51.6 74.4 52.2 71 \
         C52.6 72 53.2 72.8 54 73.4 C55.6 72 57 69.6 57.4 65.4 C58.4 66.6 59.4 67.2 61.2 66 \
         C62.4 57 58 47 50 43 Z",
        fur.chest,
    );
}

/// Dark eyes with a spark in them.
fn eyes(figure: &mut Figure, [x, y]: [f32; 2], size: f32, iris: u32) {
    figure.ovals([x, y], [size * 1.12, size * 1.18], 0x1a1418);
    if iris != 0 {
        figure.ovals([x, y], [size * 0.92, size * 0.98], iris);
        figure.ovals([x, y], [size * 0.45, size * 0.86], 0x141014);
    }
    figure.oval([x + size * 0.32, y - size * 0.4], [size * 0.32, size * 0.32], 0xffffff);
    figure.oval([100.0 - x + size * 0.32, y - size * 0.4], [size * 0.32, size * 0.32], 0xffffff);
}

pub(super) fn fox(figure: &mut Figure) {
    // The tail first: a great brush with a white tip.
    figure.shaded(
        "M60 97 C76 101 93 92 94 74 C95 60 88 50 83 43 C82 54 76 58 71 64 C64 72 58 84 60 97 Z",
        [0xe77b33, 0xb9531f],
    );
    figure.flat(
        "M83 43 C88 50 94.6 58 94.3 69 C91 66 90 69 86.5 66 C84 69 81 64 77.2 66 \
         C75.5 63 74 61.5 75.2 60 C79.5 56 82.2 52 83 43 Z",
        0xfff6ea,
    );
    torso(
        figure,
        &Fur {
            back: [0xe8803a, 0xc25a22],
            chest: 0xfff4e6,
            leg: [0xe07431, 0x5a2c1c],
            paw: 0x3a1f1a,
        },
    );
    // Ears, head, cheeks.
    figure.flat("M28 24 C25 14 25 6 27.5 0 C35 3 41 8 45 15 Z", 0xc9621f);
    figure.mirror();
    figure.flat("M29.6 20 C27.6 13 27.6 8 28.9 4 C33.5 6.5 37.5 10 40 14 Z", 0x3a1f1a);
    figure.mirror();
    figure.shaded(
        "M50 9.5 C39 9.5 30.5 14 27.5 22 C25 28.5 21.5 33 17.5 36.5 C23 41.5 31 43 37 46.5 \
         C42.5 50 46 56.5 50 57 C54 56.5 57.5 50 63 46.5 C69 43 77 41.5 82.5 36.5 \
         C78.5 33 75 28.5 72.5 22 C69.5 14 61 9.5 50 9.5 Z",
        [0xf08c42, 0xdb6c2a],
    );
    figure.both(
        "M17.5 36.5 C23 41.5 31 43 37 46.5 C42.5 50 46 56.5 50 57 L50 47 C46.5 45.5 45.5 40 42 37 \
         C37 33.5 28 35 24 31 C22.3 33 20 35 17.5 36.5 Z",
        0xfff6ea,
    );
    eyes(figure, [37.6, 31.0], 3.1, 0);
    figure.flat(
        "M45.6 49.2 C47 47.6 53 47.6 54.4 49.2 C54.8 51.8 52 54.6 50 54.8 \
         C48 54.6 45.2 51.8 45.6 49.2 Z",
        0x1c1416,
    );
    figure.oval([48.4, 50.0], [1.1, 0.6], 0x8a7a80);
}

pub(super) fn cat(figure: &mut Figure, chance: &mut Chance) {
    let (back, dark, chest, iris) = chance.pick(&[
        ([0x6f7684, 0x464b58], 0x3c404c, 0xe9e6e2, 0xb9d45a),
        ([0x34323c, 0x1d1c24], 0x17161c, 0x4a4752, 0xf0c83f),
        ([0xe9a45c, 0xc2763a], 0xb0642c, 0xfff0de, 0x8fc26a),
        ([0xf1ece4, 0xcfc6bb], 0xb9aea2, 0xffffff, 0x6fb4d8),
    ]);
    // The tail curls round to the front.
    figure.shaded(
        "M66 92 C80 95 92 88 92 74 C92 64 86 58 82 61 C79 64 83 67 84 73 C85 81 77 87 66 84 Z",
        [dark, back[1]],
    );
    torso(figure, &Fur { back, chest, leg: [back[0], back[1]], paw: chest });
    figure.both("M28.5 27 C27 17 27.6 8 29.6 3.5 C36.5 7 43 12 46 16.5 Z", back[1]);
    figure.both("M30.6 22 C29.8 15.5 30.2 11 31 8.4 C35.4 11 39 13.6 41.2 16 Z", 0xd99a9a);
    figure.shaded(
        "M50 12 C35.5 12 25.5 20.5 25 33 C24.6 45 36 53.5 50 53.5 C64 53.5 75.4 45 75 33 \
         C74.5 20.5 64.5 12 50 12 Z",
        [back[0], back[0]],
    );
    // Stripes on the brow, and a pale muzzle.
    for stripe in [
        "M49 12.5 L51 12.5 L50.6 20 L49.4 20 Z",
        "M43.6 13 L45.8 12.6 L47 19 L46 19.3 Z",
        "M54.2 12.6 L56.4 13 L54 19.3 L53 19 Z",
    ] {
        figure.flat(stripe, dark);
    }
    figure.both("M25.6 37 L33.5 38.4 L33.3 39.7 L26.2 39.6 Z", dark);
    figure.both("M28 43 L35 41.8 L35.3 43 L29.6 45.6 Z", dark);
    figure.ovals([45.2, 44.4], [6.4, 5.2], chest);
    eyes(figure, [38.4, 32.6], 4.3, iris);
    figure.flat(
        "M46.8 39.4 C48.6 38.5 51.4 38.5 53.2 39.4 C52.8 41.4 51.2 42.8 50 43 \
         C48.8 42.8 47.2 41.4 46.8 39.4 Z",
        0xd98787,
    );
    figure.flat(
        "M49.6 42.6 L50.4 42.6 L50.4 45.2 C52 47.4 54 47.2 55.4 46 L55.8 46.6 \
         C54 48.6 51.4 48.4 50 46.6 C48.6 48.4 46 48.6 44.2 46.6 L44.6 46 \
         C46 47.2 48 47.4 49.6 45.2 Z",
        0x3a2a2c,
    );
    for whisker in
        ["M41 43.6 L17 39.6 L17 40 L41 44.3 Z", "M41 45.2 L17.5 47 L17.5 47.4 L41 45.9 Z"]
    {
        figure.both(whisker, 0xf4f0ea);
        figure.faint(0.8);
    }
}

pub(super) fn dog(figure: &mut Figure, chance: &mut Chance) {
    let (back, ear, chest) = chance.pick(&[
        ([0xd9a05f, 0xb3783c], 0x8a5428, 0xfff2df),
        ([0x8a5a3c, 0x5f3a26], 0x43281c, 0xf3dfc6),
        ([0xf0e6d6, 0xd0c0a8], 0xb58a5a, 0xffffff),
    ]);
    figure.shaded("M66 90 C78 88 86 78 90 66 C92 62 96 64 95.4 69 C93 83 82 96 68 97 Z", back);
    torso(figure, &Fur { back, chest, leg: back, paw: chest });
    // A red collar with a tag.
    figure.flat("M36 49 C44 54.5 56 54.5 64 49 L65.4 53 C56 59.5 44 59.5 34.6 53 Z", 0xc8382f);
    figure.oval([50.0, 59.0], [2.7, 2.9], 0xf2c14e);
    figure.shaded(
        "M50 8 C36.5 8 28.5 16 28.5 28 C28.5 37 31 41 35 45.5 C39 50.5 44 54 50 54 \
         C56 54 61 50.5 65 45.5 C69 41 71.5 37 71.5 28 C71.5 16 63.5 8 50 8 Z",
        [back[0], back[0]],
    );
    figure.flat("M50 8.4 C46.6 12 45.6 22 46.8 30 L53.2 30 C54.4 22 53.4 12 50 8.4 Z", chest);
    figure.shaded(
        "M50 28 C42 28 37 34.5 37.5 42 C38 49 43.5 53.6 50 53.6 C56.5 53.6 62 49 62.5 42 \
         C63 34.5 58 28 50 28 Z",
        [chest, chest],
    );
    figure.both(
        "M33 11 C24.5 11.5 18.5 21 19 33 C19.4 41.5 22.5 46.5 26.5 46 C31 45.2 33 38 32.6 30 \
         C32.4 23 35 17 38.6 12.6 C37 11.4 35 10.8 33 11 Z",
        ear,
    );
    eyes(figure, [40.4, 27.6], 3.0, 0);
    figure.flat(
        "M43.6 36 C45 33.4 55 33.4 56.4 36 C56.6 39 53 41.6 50 41.6 C47 41.6 43.4 39 43.6 36 Z",
        0x1d1718,
    );
    figure.oval([47.6, 36.2], [1.7, 0.8], 0x7d7276);
    figure.flat(
        "M46.2 47.4 C48 48.6 52 48.6 53.8 47.4 C54.6 52 53.2 56.6 50 56.8 \
         C46.8 56.6 45.4 52 46.2 47.4 Z",
        0xe06a72,
    );
    figure.flat(
        "M49.5 41 L50.5 41 L50.5 45.6 C53 48.4 56.5 48 58.6 45.4 L59.2 46.2 \
         C56.8 49.6 52.6 50 50 47.4 C47.4 50 43.2 49.6 40.8 46.2 L41.4 45.4 \
         C43.5 48 47 48.4 49.5 45.6 Z",
        0x2a1f20,
    );
}

pub(super) fn rabbit(figure: &mut Figure) {
    figure.oval([74.0, 88.0], [7.5, 7.0], 0xffffff);
    torso(
        figure,
        &Fur {
            back: [0xd8c8b4, 0xb09c86],
            chest: 0xfbf5ec,
            leg: [0xd3c2ad, 0xbca891],
            paw: 0xfbf5ec,
        },
    );
    figure.both("M37.5 24 C31.5 12 29.5 -6 34 -13 C39.5 -15.5 45.5 2 46.5 20 Z", 0xcbb9a3);
    figure.both("M38.6 17 C34.6 8 33.4 -4 35.6 -8 C39 -7.6 42.4 4 43.2 17 Z", 0xe8b4ae);
    figure.shaded(
        "M50 15 C37.5 15 29 23.5 29 34.5 C29 46 38.5 53.5 50 53.5 C61.5 53.5 71 46 71 34.5 \
         C71 23.5 62.5 15 50 15 Z",
        [0xdfd0bd, 0xcdbba5],
    );
    figure.ovals([45.4, 44.6], [6.0, 5.0], 0xfbf5ec);
    figure.ovals([34.6, 43.0], [3.6, 2.4], 0xe8b4ae);
    figure.flat("M48 48.6 L52 48.6 L51.6 52.4 L48.4 52.4 Z", 0xffffff);
    eyes(figure, [38.6, 33.4], 3.5, 0);
    figure.flat(
        "M47.4 40.2 C49 39.4 51 39.4 52.6 40.2 C52.2 42 51 43 50 43.2 C49 43 47.8 42 47.4 40.2 Z",
        0xd98787,
    );
}

pub(super) fn panda(figure: &mut Figure) {
    figure.shaded(
        "M50 38 C30 40 20 60 20 80 C20 94 32 100 50 100 C68 100 80 94 80 80 C80 60 70 40 50 38 Z",
        [0xfbf8f2, 0xd9d4ca],
    );
    figure.flat(
        "M50 42 C38 42 26 50 23 62 C34 67 44 66 50 64 C56 66 66 67 77 62 C74 50 62 42 50 42 Z",
        0x25232a,
    );
    figure.both("M27 55 C18 62 15.5 74 20 80 C25 84.5 32 80 35 72 C37 66 36 58 33 54 Z", 0x2b2930);
    figure.both(
        "M30 82 C20 82 15.5 90 18.5 96 C22 102 35 101.5 38.5 96 C41 90 38 82.5 30 82 Z",
        0x25232a,
    );
    figure.ovals([27.6, 92.0], [5.6, 5.0], 0x4a464f);
    // A bamboo to chew on.
    figure.flat("M60 46 L63.4 45.4 L69.6 82 L66.2 82.6 Z", 0x6f9e4a);
    figure.flat("M62.6 55 L66 54.4 L66.3 55.8 L62.9 56.4 Z", 0x4f7a34);
    figure.flat("M61 47 C68 38 76 38 80 41 C75 46 68 48 61 47 Z", 0x83b558);
    figure.flat("M61 46 C56 38 50 37 46 39 C50 44 56 47 61 46 Z", 0x94c566);
    figure.oval([66.0, 68.0], [6.0, 4.6], 0x25232a);
    figure.ovals([27.5, 14.0], [8.6, 8.4], 0x25232a);
    figure.shaded(
        "M50 6 C32 6 22 16 22 30 C22 44 34 53 50 53 C66 53 78 44 78 30 C78 16 68 6 50 6 Z",
        [0xffffff, 0xe9e4da],
    );
    figure.both(
        "M33 24 C27.5 26 25.5 35 29 39 C33 42 40.5 38 42 32 C43 26 38 22.4 33 24 Z",
        0x25232a,
    );
    figure.ovals([36.0, 31.0], [3.4, 3.6], 0xffffff);
    figure.ovals([36.4, 31.2], [2.5, 2.8], 0x17151a);
    figure.ovals([37.2, 30.2], [0.9, 0.9], 0xffffff);
    figure.flat(
        "M46 37.6 C47.6 36.4 52.4 36.4 54 37.6 C54 40 51.6 41.6 50 41.8 C48.4 41.6 46 40 46 37.6 Z",
        0x1b191f,
    );
    figure.flat(
        "M49.6 41.4 L50.4 41.4 L50.4 43.6 C52 45.8 54.6 45.8 56 44.4 L56.5 45 \
         C54.6 47.2 51.6 47 50 45 C48.4 47 45.4 47.2 43.5 45 L44 44.4 \
         C45.4 45.8 48 45.8 49.6 43.6 Z",
        0x3a363c,
    );
}
