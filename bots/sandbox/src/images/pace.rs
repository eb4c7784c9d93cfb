//! How long a picture takes, and how many tokens it costs.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::request::{Ask, Quality};

/// How long the provider thinks about a picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Latency {
    /// Only as long as drawing takes.
    #[default]
    None,
    /// Always so many seconds.
    Seconds(f64),
    /// 4 to 12 s by size and quality: shorter than the real minutes, long enough to watch.
    Believable,
}

impl Latency {
    /// How long this call takes; the call's number makes it differ a little.
    pub(super) fn of(self, ask: &Ask, call: u32) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Seconds(seconds) => Duration::try_from_secs_f64(seconds).unwrap_or_default(),
            Self::Believable => {
                let quality = match ask.quality {
                    Quality::Low => 4.0,
                    Quality::Medium => 5.5,
                    Quality::High => 8.0,
                };
                let size = (megapixels(ask) - 1.0).max(0.0) * 0.4;
                let unevenness = f64::from(call.wrapping_mul(0x9e37_79b9) >> 24) / 255.0;
                Duration::from_secs_f64(quality + size + unevenness)
            }
        }
    }
}

fn megapixels(ask: &Ask) -> f64 {
    f64::from(ask.size.0 * ask.size.1) / 1e6
}

/// Output tokens of one picture by quality (low, medium, high), at up to so many megapixels.
/// Source: a gateway's price list for gpt-image-2 divided by $30 per million tokens; the larger
/// is indeed not always the dearer.
const TOKENS: [(f64, [u64; 3]); 5] = [
    (1.2, [200, 1_767, 7_024]),
    (1.6, [167, 1_400, 5_500]),
    (2.1, [167, 1_333, 5_267]),
    (3.7, [233, 1_867, 7_400]),
    (8.3, [400, 3_367, 13_367]),
];
/// Output tokens of one partial picture. Source: the API's guide, for gpt-image-1.
const TOKENS_A_PARTIAL: u64 = 100;

/// The `usage` object of an answer.
pub(super) fn usage(ask: &Ask) -> Value {
    let fits = |entry: &&(f64, [u64; 3])| megapixels(ask) <= entry.0;
    let by_quality = TOKENS.iter().find(fits).unwrap_or(&TOKENS[4]).1;
    let each = match ask.quality {
        Quality::Low => by_quality[0],
        Quality::Medium => by_quality[1],
        Quality::High => by_quality[2],
    };
    let partials = TOKENS_A_PARTIAL * u64::from(ask.partials.unwrap_or(0));
    let output = (each + partials) * u64::from(ask.count);
    let text = ask.prompt.len().div_ceil(4) as u64 + 6;
    let image: u64 = ask
        .references
        .iter()
        .map(|reference| {
            let tiles = u64::from(reference.width.div_ceil(512) * reference.height.div_ceil(512));
            65 + 129 * tiles.min(16)
        })
        .sum();
    json!({
        "total_tokens": text + image + output,
        "input_tokens": text + image,
        "output_tokens": output,
        "input_tokens_details": {"text_tokens": text, "image_tokens": image},
        "output_tokens_details": {"image_tokens": output, "text_tokens": 0},
    })
}
