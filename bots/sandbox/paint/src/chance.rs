//! Everything that looks accidental, and is the same again for the same seed.

/// A stream of chances. Source: splitmix64.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream of its own, that does not disturb this one.
    pub(super) fn apart(&self, name: u64) -> Self {
        let mut apart = Self(self.0 ^ name.wrapping_mul(0xa076_1d64_78bd_642f));
        apart.next();
        apart
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to 1.
    pub(super) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / 16_777_216.0
    }

    pub(super) fn between(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * self.unit()
    }

    pub(super) fn happens(&mut self, chance: f32) -> bool {
        self.unit() < chance
    }

    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[(self.next() % choices.len() as u64) as usize]
    }
}

/// From 0 up to 1, by place.
pub(super) fn hash(seed: u32, x: i32, y: i32) -> f32 {
    let mut mixed =
        seed ^ (x as u32).wrapping_mul(0x85eb_ca6b) ^ (y as u32).wrapping_mul(0xc2b2_ae35);
    mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2c1b_3c6d);
    mixed = (mixed ^ (mixed >> 12)).wrapping_mul(0x297a_2d39);
    ((mixed ^ (mixed >> 15)) >> 8) as f32 / 16_777_216.0
}

const SIDE: usize = 256;

/// Smooth noise on a lattice of slopes that repeats every 256 units. Source: Perlin, 2002.
#[derive(Debug)]
pub(super) struct Noise {
    slopes: Vec<[f32; 2]>,
}

impl Noise {
    pub(super) fn new(mut chance: Chance) -> Self {
        let mut slope = || {
            let (sin, cos) = chance.between(0.0, std::f32::consts::TAU).sin_cos();
            [cos, sin]
        };
        Self { slopes: (0..SIDE * SIDE).map(|_| slope()).collect() }
    }

    /// From 0 to 1, mostly near the middle.
    #[inline]
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        // A cast rounds towards zero; `floor` would be a call.
        let floor = |value: f32| value as i32 - i32::from(value < 0.0);
        let ease = |part: f32| part * part * part * (part * (part * 6.0 - 15.0) + 10.0);
        let (column, row) = (floor(x), floor(y));
        let (dx, dy) = (x - column as f32, y - row as f32);
        let (left, top) = (column as usize % SIDE, row as usize % SIDE);
        let (right, bottom) = ((left + 1) % SIDE, (top + 1) % SIDE);
        let pull = |column: usize, row: usize, dx: f32, dy: f32| {
            let [slope_x, slope_y] = self.slopes[row * SIDE + column];
            slope_x * dx + slope_y * dy
        };
        let (part_x, part_y) = (ease(dx), ease(dy));
        let (a, b) = (pull(left, top, dx, dy), pull(right, top, dx - 1.0, dy));
        let (c, d) = (pull(left, bottom, dx, dy - 1.0), pull(right, bottom, dx - 1.0, dy - 1.0));
        let (above, below) = (a + (b - a) * part_x, c + (d - c) * part_x);
        0.5 + 0.72 * (above + (below - above) * part_y)
    }

    /// Several octaves laid over each other, still 0 to 1.
    pub(super) fn fractal(&self, x: f32, y: f32, octaves: u32) -> f32 {
        let (mut sum, mut weights, mut weight, mut scale) = (0.0, 0.0, 1.0, 1.0);
        for octave in 0..octaves {
            let shift = octave as f32 * 37.7;
            sum += weight * self.at(x * scale + shift, y * scale + shift * 1.3);
            weights += weight;
            weight *= 0.5;
            scale *= 2.03;
        }
        sum / weights
    }

    /// Sharp crests, 0 to 1.
    pub(super) fn ridged(&self, x: f32, y: f32, octaves: u32) -> f32 {
        let (mut sum, mut weights, mut weight, mut scale) = (0.0, 0.0, 1.0, 1.0);
        for octave in 0..octaves {
            let shift = octave as f32 * 53.1;
            let crest = 1.0 - (2.0 * self.at(x * scale + shift, y * scale + shift) - 1.0).abs();
            sum += weight * crest * crest;
            weights += weight;
            weight *= 0.48;
            scale *= 2.1;
        }
        sum / weights
    }
}
