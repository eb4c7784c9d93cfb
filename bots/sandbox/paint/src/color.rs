//! Colours as painters mix them: red, green and blue from 0 to 1.

/// One colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rgb(pub(super) [f32; 3]);

/// The colour of a web notation such as `0xff8844`.
pub(super) const fn hex(web: u32) -> Rgb {
    let [_, red, green, blue] = web.to_be_bytes();
    Rgb([red as f32 / 255.0, green as f32 / 255.0, blue as f32 / 255.0])
}

pub(super) const WHITE: Rgb = Rgb([1.0; 3]);
pub(super) const BLACK: Rgb = Rgb([0.0; 3]);

impl Rgb {
    /// This much of the other, 0 to 1.
    pub(super) fn mix(self, other: Self, part: f32) -> Self {
        let [red, green, blue] = self.0;
        let [to_red, to_green, to_blue] = other.0;
        Self([
            red + (to_red - red) * part,
            green + (to_green - green) * part,
            blue + (to_blue - blue) * part,
        ])
    }

    /// As seen in light of this colour.
    pub(super) fn lit(self, light: Self) -> Self {
        let [red, green, blue] = self.0;
        Self([red * light.0[0], green * light.0[1], blue * light.0[2]])
    }

    /// Brighter above 1, darker below.
    pub(super) fn times(self, factor: f32) -> Self {
        Self(self.0.map(|channel| channel * factor))
    }

    /// Light added on top.
    pub(super) fn plus(self, other: Self, strength: f32) -> Self {
        let [red, green, blue] = self.0;
        let [more_red, more_green, more_blue] = other.0;
        Self([
            red + more_red * strength,
            green + more_green * strength,
            blue + more_blue * strength,
        ])
    }

    /// How bright it looks.
    pub(super) fn luminance(self) -> f32 {
        let [red, green, blue] = self.0;
        0.299 * red + 0.587 * green + 0.114 * blue
    }

    /// Grey at 0, itself at 1, stronger above.
    pub(super) fn saturated(self, amount: f32) -> Self {
        let grey = self.luminance();
        Self(self.0.map(|channel| grey + (channel - grey) * amount))
    }

    /// Takes the hue of another colour and keeps its own brightness.
    pub(super) fn tinted(self, tint: Self, amount: f32) -> Self {
        let target = tint.times(self.luminance() / tint.luminance().max(0.05));
        self.mix(target, amount)
    }
}

/// 0 below `from`, 1 above `to`, smooth between.
pub(super) fn smooth(from: f32, to: f32, value: f32) -> f32 {
    let part = ((value - from) / (to - from)).clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}
