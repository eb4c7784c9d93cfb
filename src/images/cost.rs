//! What a picture cost the operator.

use serde_json::Value;

use crate::config::NanoUsd;

/// Nano-dollars in a micro-dollar.
const NANO_PER_MICRO: u128 = 1000;
/// More tokens than one picture can have: a count above it is not believed.
const TOKENS_MAX: u64 = 100_000_000;

/// Tokens that the provider counted for one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Words in.
    pub text_in: u64,
    /// Reference pictures in.
    pub image_in: u64,
    /// All that came out, partial pictures included.
    pub out: u64,
}

/// What one call was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Tokens that the provider counted.
    pub usage: Usage,
    /// What they cost the operator, millionths of a US dollar; see [`Prices::cost_micro_usd`].
    pub cost_micro_usd: Option<i64>,
}

/// What the provider charges for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prices {
    /// For words in.
    pub text_in: NanoUsd,
    /// For reference pictures in.
    pub image_in: NanoUsd,
    /// For pictures out.
    pub image_out: NanoUsd,
}

/// Counts as an answer states them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    input: u64,
    text_in: Option<u64>,
    image_in: Option<u64>,
    out: u64,
}

impl Prices {
    /// The cost in millionths of a dollar, rounded up: never stated lower than it is. Input that
    /// the provider had cached is counted in full.
    pub fn cost_micro_usd(&self, usage: &Usage) -> Option<i64> {
        let nano: u128 = [
            (usage.text_in, self.text_in),
            (usage.image_in, self.image_in),
            (usage.out, self.image_out),
        ]
        .into_iter()
        .map(|(tokens, price)| u128::from(tokens) * u128::from(price.0.max(0).unsigned_abs()))
        .sum();
        i64::try_from(nano.div_ceil(NANO_PER_MICRO)).ok()
    }
}

impl Counts {
    /// Reads the `usage` object; `None` when it lacks a total or none could be right.
    pub(super) fn read(usage: &Value) -> Option<Self> {
        let count = |value: Option<&Value>| {
            value.and_then(Value::as_u64).filter(|tokens| *tokens <= TOKENS_MAX)
        };
        let details = usage.get("input_tokens_details");
        Some(Self {
            input: count(usage.get("input_tokens"))?,
            text_in: count(details.and_then(|details| details.get("text_tokens"))),
            image_in: count(details.and_then(|details| details.get("image_tokens"))),
            out: count(usage.get("output_tokens"))?,
        })
    }

    /// Divides the input into words and pictures. What the answer leaves undivided counts as
    /// pictures, the dearer, where there were any.
    pub(super) fn usage(self, with_references: bool) -> Usage {
        let (text_in, image_in) = match (self.text_in, self.image_in) {
            (Some(text), Some(image)) => (text, image),
            (Some(text), None) => (text, self.input.saturating_sub(text)),
            (None, Some(image)) => (self.input.saturating_sub(image), image),
            (None, None) if with_references => (0, self.input),
            (None, None) => (self.input, 0),
        };
        Usage { text_in, image_in, out: self.out }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn prices(text_in: i64, image_in: i64, image_out: i64) -> Prices {
        Prices {
            text_in: NanoUsd(text_in),
            image_in: NanoUsd(image_in),
            image_out: NanoUsd(image_out),
        }
    }

    #[test]
    fn a_large_picture_costs_what_the_price_list_says() {
        // 7,024 tokens for 1024x1024 at high quality: $0.211.
        let usage = Usage { text_in: 10, image_in: 0, out: 7024 };
        assert_eq!(prices(5000, 8000, 30_000).cost_micro_usd(&usage), Some(210_770));
    }

    #[test]
    fn cost_is_rounded_up_once() {
        let usage = Usage { text_in: 1, image_in: 1, out: 1 };
        assert_eq!(prices(1250, 1250, 1250).cost_micro_usd(&usage), Some(4));
        assert_eq!(prices(1, 0, 0).cost_micro_usd(&usage), Some(1));
        assert_eq!(prices(0, 0, 0).cost_micro_usd(&usage), Some(0));
    }

    #[test]
    fn undivided_input_counts_as_the_dearer() {
        let usage = |value: Value, references| Counts::read(&value).map(|c| c.usage(references));
        let whole = json!({"input_tokens": 50, "output_tokens": 7});
        assert_eq!(usage(whole.clone(), false), Some(Usage { text_in: 50, image_in: 0, out: 7 }));
        assert_eq!(usage(whole, true), Some(Usage { text_in: 0, image_in: 50, out: 7 }));
        let divided = json!({"input_tokens": 50, "output_tokens": 7,
            "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}});
        assert_eq!(usage(divided, true), Some(Usage { text_in: 10, image_in: 40, out: 7 }));
    }

    #[test]
    fn unbelievable_counts_are_none() {
        for usage in [
            json!({"input_tokens": u64::MAX, "output_tokens": 1}),
            json!({"input_tokens": -1, "output_tokens": 1}),
            json!({"input_tokens": 1}),
            json!({"input_tokens": "1", "output_tokens": 1}),
            json!(null),
            json!([]),
        ] {
            assert_eq!(Counts::read(&usage), None, "{usage}");
        }
    }
}
