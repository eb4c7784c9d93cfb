//! One block of eight by eight samples becomes its rounded coefficients.

/// The order in which coefficients are written: by frequency. Source: ITU-T T.81, figure A.6.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Steps of brightness and of colour, row by row. Source: ITU-T T.81, tables K.1 and K.2.
const LUMA: [u16; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMA: [u16; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// Rounded coefficients, column by column: the transform leaves them so, and turning them once
/// more would be work for nothing.
pub(super) type Coefficients = [[i16; 8]; 8];

/// Transforms blocks and rounds their coefficients to steps.
pub(super) struct Quantizer {
    /// Steps, row by row, as the file says them.
    pub(super) steps: [u8; 64],
    /// What to multiply a transformed coefficient with, column by column.
    factors: [[f32; 8]; 8],
}

impl Quantizer {
    pub(super) fn luma(quality: u8) -> Self {
        Self::new(&LUMA, quality)
    }

    pub(super) fn chroma(quality: u8) -> Self {
        Self::new(&CHROMA, quality)
    }

    /// Steps for a quality of 1 to 100, scaled as the Independent JPEG Group does it.
    fn new(base: &[u16; 64], quality: u8) -> Self {
        let quality = u16::from(quality.clamp(1, 100));
        let percent = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
        let steps = base.map(|step| {
            let scaled = (u32::from(step) * u32::from(percent) + 50) / 100;
            scaled.clamp(1, 255) as u8
        });
        let mut factors = [[0.0; 8]; 8];
        for (column, factors) in (0_u8..).zip(&mut factors) {
            for (row, factor) in (0_u8..).zip(factors) {
                let step = f64::from(steps[usize::from(row * 8 + column)]);
                *factor = (1.0 / (step * scale(row) * scale(column) * 8.0)) as f32;
            }
        }
        Self { steps, factors }
    }

    /// Transforms the block that begins at the first of `samples`, whose rows are `stride` apart.
    pub(super) fn coefficients(&self, samples: &[u8], stride: usize) -> Coefficients {
        let mut block = [[0.0; 8]; 8];
        for (row, out) in block.iter_mut().enumerate() {
            let samples = &samples[row * stride..][..8];
            for (out, sample) in out.iter_mut().zip(samples) {
                *out = f32::from(*sample) - 128.0;
            }
        }
        transform(&mut block);
        let mut turned = [[0.0; 8]; 8];
        for (column, out) in turned.iter_mut().enumerate() {
            for (out, row) in out.iter_mut().zip(&block) {
                *out = row[column];
            }
        }
        transform(&mut turned);
        let mut rounded = [[0; 8]; 8];
        for ((out, values), factors) in rounded.iter_mut().zip(&turned).zip(&self.factors) {
            for ((out, value), factor) in out.iter_mut().zip(values).zip(factors) {
                *out = round(value * factor);
            }
        }
        rounded
    }
}

/// By how much the transform below leaves a frequency too large.
fn scale(frequency: u8) -> f64 {
    if frequency == 0 {
        1.0
    } else {
        (f64::from(frequency) * std::f64::consts::PI / 16.0).cos() * std::f64::consts::SQRT_2
    }
}

/// Rounds by adding a number so large that no fraction is left: three halves of 2^23.
fn round(value: f32) -> i16 {
    const LARGE: f32 = 12_582_912.0;
    ((value + LARGE).to_bits().wrapping_sub(LARGE.to_bits())) as i16
}

/// A cosine transform down all eight columns at once. Source: Arai, Agui and Nakajima, 1988, as
/// in `jfdctflt.c` of the Independent JPEG Group.
fn transform(rows: &mut [[f32; 8]; 8]) {
    let [r0, r1, r2, r3, r4, r5, r6, r7] = rows;
    for i in 0..8 {
        let (sum07, dif07) = (r0[i] + r7[i], r0[i] - r7[i]);
        let (sum16, dif16) = (r1[i] + r6[i], r1[i] - r6[i]);
        let (sum25, dif25) = (r2[i] + r5[i], r2[i] - r5[i]);
        let (sum34, dif34) = (r3[i] + r4[i], r3[i] - r4[i]);

        let (even0, even3) = (sum07 + sum34, sum07 - sum34);
        let (even1, even2) = (sum16 + sum25, sum16 - sum25);
        let turn = (even2 + even3) * 0.707_106_77;
        r0[i] = even0 + even1;
        r4[i] = even0 - even1;
        r2[i] = even3 + turn;
        r6[i] = even3 - turn;

        let (odd0, odd1, odd2) = (dif34 + dif25, dif25 + dif16, dif16 + dif07);
        let z5 = (odd0 - odd2) * 0.382_683_43;
        let z2 = 0.541_196_1 * odd0 + z5;
        let z4 = 1.306_563 * odd2 + z5;
        let z3 = odd1 * 0.707_106_77;
        let (z11, z13) = (dif07 + z3, dif07 - z3);
        r5[i] = z13 + z2;
        r3[i] = z13 - z2;
        r1[i] = z11 + z4;
        r7[i] = z11 - z4;
    }
}
