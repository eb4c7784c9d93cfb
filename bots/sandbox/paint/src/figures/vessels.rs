//! What floats and flies.

use super::Figure;
use crate::chance::Chance;

pub(super) fn boat(figure: &mut Figure, chance: &mut Chance) {
    let hull = chance.pick(&[[0xb5483a, 0x7a2a24], [0x2f5a8a, 0x1d3a60], [0x7a4e32, 0x502f1e]]);
    let sail = chance.pick(&[[0xfffaf0, 0xe6dccb], [0xf7e3c0, 0xe0be90], [0xfdf6f0, 0xf0cfc4]]);
    figure.flat("M48.6 4 L50.6 4 L51.2 82 L48.2 82 Z", 0x5a4030);
    figure.shaded("M52.4 8 C66 28 78 50 82.5 72 C72 76.5 61 77.5 52.4 76 Z", sail);
    figure.shaded("M47 15 C38 34 27 55 18.5 71 C28 74.5 39 75.5 47 74.5 Z", [sail[1], sail[1]]);
    for seam in [
        "M52.4 33 L66.4 33.6 L66.8 34.4 L52.4 33.8 Z",
        "M52.4 54 L76.2 54.8 L76.4 55.6 L52.4 54.8 Z",
    ] {
        figure.flat(seam, 0xb9a78e);
        figure.faint(0.7);
    }
    figure.flat("M50.4 4 L64 1.5 C61 4 61 6 64 8.6 L50.4 9 Z", 0xd8453a);
    figure.shaded(
        "M10 80 C20 83.5 80 83.5 93 78 C90 89 84 96 77 100 L24 100 C17 95 12 88 10 80 Z",
        hull,
    );
    figure.flat("M10 80 C20 83.5 80 83.5 93 78 L92 81.6 C79 86.6 21 86.8 11.2 83.2 Z", 0xfff4e4);
    figure.faint(0.9);
    // Where it meets the water.
    figure.flat(
        "M16 99 C32 97.4 70 97.4 86 99 C92 99.8 92 101 84 101.2 C62 102 38 102 18 101.2 \
         C8 101 8 99.8 16 99 Z",
        0xffffff,
    );
    figure.faint(0.45);
}

pub(super) fn whale(figure: &mut Figure) {
    // The spout.
    for (data, faint) in [
        ("M46 44 C44 30 36 22 26 21 C22 20.6 20 24 23 25.6 C32 27 41 34 43.6 45 Z", 0.85),
        ("M49 44 C51 30 58 21 68 19.6 C73 19 74.6 23 71 24.6 C62 27 54 34 51.6 45 Z", 0.85),
        (
            "M46.6 45 C46.4 34 46.8 26 47.6 18 C48 15.6 49.4 15.6 49.8 18 C50.4 26 50 34 49.6 45 Z",
            0.9,
        ),
    ] {
        figure.flat(data, 0xeaf6fb);
        figure.faint(faint);
    }
    figure.shaded(
        "M-14 100 C-12 74 12 52 44 50 C74 48.5 92 62 104 76 C112 84 119 82 121 72 \
         C118 64 110 60 104 54 C114 51.5 122 54 126 60 C131 54 140 52 148 55 \
         C143 62 136 67 129 71 C129 86 121 99 109 100 Z",
        [0x4f7596, 0x2a4864],
    );
    figure.flat("M-13.6 96 C-2 90 22 92 44 96 C60 98.6 76 99 92 97 L90 100 L-14 100 Z", 0xd5e3ea);
    figure.flat("M-8 96.5 C10 93.4 30 95 48 98.4 L48 99.2 C30 96 10 94.6 -8 97.4 Z", 0x8aa5b5);
    figure.oval([10.0, 83.0], [2.5, 2.7], 0x141c26);
    figure.oval([9.2, 82.0], [0.9, 0.9], 0xffffff);
    figure.flat("M-12 90 C-6 92.6 4 92.4 11 88.6 L11.4 89.6 C4 94 -7 94 -12.6 91.6 Z", 0x1e3448);
    figure.shaded("M40 86 C46 96 56 102 66 101 C66 94 58 85 48 82 Z", [0x3a5c7c, 0x24405a]);
    figure.flat(
        "M-26 99 C8 96.6 96 96.6 128 99 C136 100 132 102 122 102.2 C84 103.4 14 103.4 -20 102.2 \
         C-32 102 -34 100 -26 99 Z",
        0xffffff,
    );
    figure.faint(0.55);
}

pub(super) fn rocket(figure: &mut Figure) {
    // Flame and smoke below.
    figure.halo([50.0, 104.0], [38.0, 38.0], 0xffb347, 0.8);
    figure.fire("M40 78 C38 96 44 112 50 130 C56 112 62 96 60 78 Z", [0xffd86a, 0xff5a2a]);
    figure.fire("M44.5 78 C43.5 92 47 102 50 112 C53 102 56.5 92 55.5 78 Z", [0xffffff, 0xffd45e]);
    figure.rounded("M36 58 C26 64 22 76 23 88 C29 82 34 79 39 78 Z", [0xe0584a, 0xa8332a]);
    figure.rounded("M64 58 C74 64 78 76 77 88 C71 82 66 79 61 78 Z", [0xc8443a, 0x84241e]);
    figure.rounded(
        "M50 -4 C38 12 33 34 36 60 L40 79 L60 79 L64 60 C67 34 62 12 50 -4 Z",
        [0xffffff, 0xb9bfcc],
    );
    figure.rounded(
        "M50 -4 C44.4 3.5 40.4 12 38 21 L62 21 C59.6 12 55.6 3.5 50 -4 Z",
        [0xe0584a, 0xa8332a],
    );
    figure.oval([50.0, 37.0], [8.6, 8.6], 0x6a7488);
    figure.oval([50.0, 37.0], [6.6, 6.6], 0x2a4a6e);
    figure.flat(
        "M45 34 C46.5 31 50 30 52.6 30.8 C49.6 33 47.6 36 46.6 40 C44.8 38.4 44.4 36 45 34 Z",
        0x9cc8ea,
    );
    figure.flat("M36.2 57 L63.8 57 L63.4 60.4 L36.6 60.4 Z", 0xd8453a);
    figure.flat("M48.4 60 L51.6 60 L51.6 84 L48.4 84 Z", 0xb83a30);
    figure.flat("M41 79 L59 79 L57 83.4 L43 83.4 Z", 0x4a505e);
}

pub(super) fn balloon(figure: &mut Figure, chance: &mut Chance) {
    let [one, two, three] = chance.pick(&[
        [0xe4574a, 0xfff0d8, 0xf2b04a],
        [0x3f86b8, 0xfff4e0, 0xf28a5a],
        [0x8a5cb0, 0xffe2c4, 0xe8607a],
    ]);
    // Gores from the sides to the middle, each narrower than the one before.
    let whole =
        "M50 0 C24 0 8 17 8 36 C8 52 26 64 42 78 L58 78 C74 64 92 52 92 36 C92 17 76 0 50 0 Z";
    figure.rounded(whole, [one, one]);
    figure.flat(
        "M50 0 C31 0 19 17 19 36 C19 52 32 64 44 78 L56 78 C68 64 81 52 81 36 C81 17 69 0 50 0 Z",
        two,
    );
    figure.flat(
        "M50 0 C37.5 0 30 17 30 36 C30 52 38.5 64 46 78 L54 78 C61.5 64 70 52 70 36 \
         C70 17 62.5 0 50 0 Z",
        three,
    );
    figure.flat(
        "M50 0 C45 0 41.5 17 41.5 36 C41.5 52 45.5 64 48.4 78 L51.6 78 C54.5 64 58.5 52 58.5 36 \
         C58.5 17 55 0 50 0 Z",
        two,
    );
    figure.rounded(whole, [0xffffff, 0x2a1c30]);
    figure.faint(0.17);
    figure.flat("M42 78 L58 78 L57 80.6 L43 80.6 Z", one);
    figure.both("M43.4 80.6 L44 80.6 L46.2 90 L45.6 90 Z", 0x4a3628);
    figure
        .fire("M48.4 86 C48 83.6 49.2 82 50 80.4 C50.8 82 52 83.6 51.6 86 Z", [0xfff0a8, 0xffa03a]);
    figure.halo([50.0, 74.0], [24.0, 20.0], 0xffc766, 0.8);
    figure.shaded("M44.4 90 L55.6 90 L54.6 99.4 L45.4 99.4 Z", [0xa8743e, 0x764c26]);
    figure.flat("M43.8 89 L56.2 89 L56.2 91.4 L43.8 91.4 Z", 0x5c3c20);
}
