//! The last strokes: tone, grain, and from light to bytes.

use super::band::{Frame, Pixel};
use super::chance::hash;
use super::color::{Rgb, hex, smooth};
use super::words::Style;

/// What is done to every pixel at the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finish {
    pub(super) style: Style,
    pub(super) seed: u32,
    /// Strength of the grain; 0 for partial pictures.
    pub(super) grain: f32,
}

impl Finish {
    /// Writes a row as bytes, RGB or RGBA by the size of `bytes`.
    pub(super) fn row(&self, frame: Frame, row: usize, pixels: &[Pixel], bytes: &mut [u8]) {
        let channels = bytes.len() / pixels.len();
        let y = (row as f32 + 0.5) / frame.rows as f32 - 0.5;
        for ((pixel, out), column) in pixels.iter().zip(bytes.chunks_exact_mut(channels)).zip(0..) {
            let x = (column as f32 + 0.5) / frame.columns as f32 - 0.5;
            let alpha = pixel[3].clamp(0.0, 1.0);
            let back = if alpha > 0.001 { 1.0 / alpha } else { 0.0 };
            let color = Rgb([pixel[0] * back, pixel[1] * back, pixel[2] * back]);
            let toned = self.tone(color, x, y, channels == 4);
            let coarse = hash(self.seed ^ 0x5bd1, column / 2, row as i32 / 2) - 0.5;
            let fine = hash(self.seed, column, row as i32) - 0.5;
            let noise = (fine * 0.8 + coarse * 0.5) * self.grain;
            // Half a step of chance keeps gradients from showing bands.
            let dither = fine / 255.0;
            for (byte, channel) in out.iter_mut().zip(toned.0) {
                *byte = ((channel + noise + dither).clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
            }
            if let Some(byte) = out.get_mut(3) {
                *byte = (alpha * 255.0 + 0.5) as u8;
            }
        }
    }

    fn tone(&self, color: Rgb, x: f32, y: f32, transparent: bool) -> Rgb {
        // Light above white is rolled off instead of cut.
        let rolled = Rgb(color.0.map(|channel| {
            if channel > 0.86 {
                0.86 + 0.14 * (1.0 - (-(channel - 0.86) / 0.14).exp())
            } else {
                channel.max(0.0)
            }
        }));
        let contrast =
            Rgb(rolled.0.map(|channel| channel + 0.10 * (smooth(0.0, 1.0, channel) - channel)));
        let styled = match self.style {
            Style::Plain | Style::Pixels | Style::Neon => contrast.saturated(1.05),
            Style::Monochrome => {
                let grey = contrast.saturated(0.0);
                grey.plus(Rgb(grey.0.map(|channel| smooth(0.0, 1.0, channel) - channel)), 0.5)
            }
            Style::Sepia => contrast.saturated(0.25).lit(hex(0xffe6c0)).plus(hex(0x4a3420), 0.10),
            Style::Ink => contrast.saturated(0.75),
        };
        if transparent {
            return styled;
        }
        let corner = x * x + y * y;
        styled.times(1.0 - 0.30 * smooth(0.12, 0.55, corner))
    }
}
