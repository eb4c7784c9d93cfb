//! What can go wrong at the provider, armed by count or by chance.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::problem::{self, Envelope, Problem};

/// One way to misbehave. In JSON `{"kind":"slow","seconds":20}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ImagesFault {
    /// Takes longer, and is otherwise right. Adds up with another fault.
    Slow {
        /// How much longer.
        seconds: f64,
    },
    /// 400 `moderation_blocked`.
    ModerationBlocked {
        /// Who wrote it.
        #[serde(default)]
        envelope: Envelope,
    },
    /// 429 `rate_limit_exceeded` with `Retry-After`.
    RateLimit {
        /// What `Retry-After` says.
        #[serde(default = "one")]
        retry_after_s: u64,
        /// Who wrote it.
        #[serde(default)]
        envelope: Envelope,
    },
    /// 429 `slow_down`, without `Retry-After`.
    SlowDown,
    /// 429 `insufficient_quota`: money, not load.
    InsufficientQuota {
        /// Who wrote it.
        #[serde(default)]
        envelope: Envelope,
    },
    /// 503 `server_is_overloaded`.
    Overloaded,
    /// 500 `server_error`, in an envelope.
    ServerError,
    /// A gateway's HTML page. 502 did not reach the provider; 504 did, so that one was made.
    Gateway {
        /// 502 or 504.
        status: u16,
    },
    /// Made, and never answered: the caller's time runs out.
    AcceptThenHang,
    /// Made, and the connection closed instead of an answer.
    DropAnswer,
    /// Made, and the connection closed in the middle of the answer.
    CutBody {
        /// Which part of the answer arrives, 0 to 1.
        #[serde(default = "half")]
        after: f64,
    },
    /// 200 with a page of HTML.
    Html,
    /// 200 whose base64 is none.
    InvalidBase64,
    /// 200 without a picture.
    EmptyData,
    /// 200 whose picture is text.
    NotAPicture,
    /// 200 whose picture is a PNG of 60,000 × 60,000 pixels in 3 MB.
    OneBitBomb,
    /// 200 whose picture is a PNG of 8,000 × 8,000 pixels with alpha, 256 MB unpacked.
    RgbaBomb,
    /// A good picture of half the asked size.
    WrongSize,
    /// `url` instead of `b64_json`, as some gateways answer.
    UrlInsteadOfBase64,
    /// An error event after the partial pictures; 500 where no stream was asked for.
    ErrorInStream,
    /// 500 for every request with `stream:true`, as LiteLLM answers; others are not touched.
    NoStreaming,
    /// Made, and an answer whose base64 never ends.
    EndlessLine,
    /// Made, and the answer drips.
    Drip {
        /// How fast.
        #[serde(default = "one")]
        bytes_per_s: u64,
    },
}

fn one() -> u64 {
    1
}

fn half() -> f64 {
    0.5
}

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strikes {
    /// The next so many calls.
    Times(u32),
    /// Each call with this chance, 0 to 1, until cleared.
    Probability(f64),
}

/// A fault in waiting. In JSON `{"kind":"overloaded","times":2}`, or with `"probability":0.1`, and
/// optionally `"prompt_contains":"…"`; without either it strikes once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmedFault {
    /// What happens.
    #[serde(flatten)]
    pub fault: ImagesFault,
    /// How often; once by default.
    #[serde(flatten, default)]
    pub strikes: Option<Strikes>,
    /// Only calls whose prompt has this in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_contains: Option<String>,
}

impl ArmedFault {
    /// Strikes the next `times` calls.
    pub fn times(fault: ImagesFault, times: u32) -> Self {
        Self { fault, strikes: Some(Strikes::Times(times)), prompt_contains: None }
    }

    /// Strikes each call with this chance.
    pub fn probability(fault: ImagesFault, probability: f64) -> Self {
        let strikes = Some(Strikes::Probability(probability));
        Self { fault, strikes, prompt_contains: None }
    }

    /// Strikes only calls whose prompt has this in it.
    #[must_use]
    pub fn for_prompts_with(mut self, part: &str) -> Self {
        self.prompt_contains = Some(part.to_owned());
        self
    }
}

impl ImagesFault {
    /// One of each kind, for a panel of switches.
    pub fn all() -> Vec<Self> {
        vec![
            Self::Slow { seconds: 20.0 },
            Self::ModerationBlocked { envelope: Envelope::OpenAi },
            Self::ModerationBlocked { envelope: Envelope::LiteLlm },
            Self::RateLimit { retry_after_s: 3, envelope: Envelope::OpenAi },
            Self::SlowDown,
            Self::InsufficientQuota { envelope: Envelope::OpenAi },
            Self::InsufficientQuota { envelope: Envelope::LiteLlm },
            Self::Overloaded,
            Self::ServerError,
            Self::Gateway { status: 502 },
            Self::Gateway { status: 504 },
            Self::AcceptThenHang,
            Self::DropAnswer,
            Self::CutBody { after: 0.5 },
            Self::Html,
            Self::InvalidBase64,
            Self::EmptyData,
            Self::NotAPicture,
            Self::OneBitBomb,
            Self::RgbaBomb,
            Self::WrongSize,
            Self::UrlInsteadOfBase64,
            Self::ErrorInStream,
            Self::NoStreaming,
            Self::EndlessLine,
            Self::Drip { bytes_per_s: 1 },
        ]
    }

    /// The refusal that this fault is, where it refuses before anything is made.
    pub(super) fn refusal(&self) -> Option<Problem> {
        match self {
            Self::ModerationBlocked { envelope } => {
                Some(problem::moderation_blocked("sexual").through(*envelope))
            }
            Self::RateLimit { retry_after_s, envelope } => {
                Some(problem::rate_limited(*retry_after_s).through(*envelope))
            }
            Self::SlowDown => Some(problem::slow_down()),
            Self::InsufficientQuota { envelope } => {
                Some(problem::insufficient_quota().through(*envelope))
            }
            Self::Overloaded => Some(problem::overloaded()),
            Self::ServerError => Some(problem::server_error()),
            Self::NoStreaming => Some(problem::no_streaming()),
            Self::Slow { .. }
            | Self::Gateway { .. }
            | Self::AcceptThenHang
            | Self::DropAnswer
            | Self::CutBody { .. }
            | Self::Html
            | Self::InvalidBase64
            | Self::EmptyData
            | Self::NotAPicture
            | Self::OneBitBomb
            | Self::RgbaBomb
            | Self::WrongSize
            | Self::UrlInsteadOfBase64
            | Self::ErrorInStream
            | Self::EndlessLine
            | Self::Drip { .. } => None,
        }
    }
}

/// What one call has to suffer.
#[derive(Debug, Default)]
pub(super) struct Suffered {
    pub(super) slower_by: Duration,
    pub(super) fault: Option<ImagesFault>,
}

/// The armed faults, in the order in which they were armed.
#[derive(Debug)]
pub(super) struct Armoury {
    armed: Vec<ArmedFault>,
    chance: u64,
}

impl Armoury {
    /// `seed` decides every chance to come.
    pub(super) fn new(seed: u64) -> Self {
        Self { armed: Vec::new(), chance: seed }
    }

    pub(super) fn arm(&mut self, fault: ArmedFault) {
        self.armed.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.armed.clear();
    }

    pub(super) fn armed(&self) -> Vec<ArmedFault> {
        self.armed.clone()
    }

    /// Every slowness that strikes, and the first other fault.
    pub(super) fn strike(&mut self, prompt: &str, streamed: bool) -> Suffered {
        let mut suffered = Suffered::default();
        let mut kept = Vec::with_capacity(self.armed.len());
        for mut armed in std::mem::take(&mut self.armed) {
            let slow = matches!(armed.fault, ImagesFault::Slow { .. });
            let meant = armed.prompt_contains.as_ref().is_none_or(|part| prompt.contains(part))
                && (streamed || armed.fault != ImagesFault::NoStreaming)
                && (slow || suffered.fault.is_none());
            if meant && self.strikes(&mut armed) {
                match &armed.fault {
                    ImagesFault::Slow { seconds } => {
                        let longer = Duration::try_from_secs_f64(*seconds).unwrap_or_default();
                        suffered.slower_by = suffered.slower_by.saturating_add(longer);
                    }
                    fault => suffered.fault = Some(fault.clone()),
                }
            }
            if armed.strikes != Some(Strikes::Times(0)) {
                kept.push(armed);
            }
        }
        self.armed = kept;
        suffered
    }

    fn strikes(&mut self, armed: &mut ArmedFault) -> bool {
        match armed.strikes.unwrap_or(Strikes::Times(1)) {
            Strikes::Times(left) => {
                armed.strikes = Some(Strikes::Times(left.saturating_sub(1)));
                left > 0
            }
            Strikes::Probability(chance) => self.next_chance() < chance,
        }
    }

    /// Evenly in 0 to 1. Source: splitmix64.
    fn next_chance(&mut self) -> f64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.chance;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let top = u32::try_from((mixed ^ (mixed >> 31)) >> 32).expect("32 bits are left");
        f64::from(top) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_goes_through_json_and_back() {
        for fault in ImagesFault::all() {
            let armed = ArmedFault::times(fault, 3).for_prompts_with("fox");
            let json = serde_json::to_string(&armed).unwrap();
            assert_eq!(serde_json::from_str::<ArmedFault>(&json).unwrap(), armed, "{json}");
        }
    }

    #[test]
    fn what_json_leaves_out_has_a_default() {
        let armed: ArmedFault = serde_json::from_str(r#"{"kind":"rate_limit"}"#).unwrap();
        let fault = ImagesFault::RateLimit { retry_after_s: 1, envelope: Envelope::OpenAi };
        assert_eq!(armed, ArmedFault { fault, strikes: None, prompt_contains: None });
        let json = r#"{"kind":"moderation_blocked","envelope":"lite_llm","probability":0.25}"#;
        let armed: ArmedFault = serde_json::from_str(json).unwrap();
        let fault = ImagesFault::ModerationBlocked { envelope: Envelope::LiteLlm };
        assert_eq!(armed, ArmedFault::probability(fault, 0.25));
        assert!(serde_json::from_str::<ArmedFault>(r#"{"kind":"nonsense"}"#).is_err());
    }

    #[test]
    fn a_counted_fault_strikes_so_often_and_is_gone() {
        let mut armoury = Armoury::new(1);
        armoury.arm(ArmedFault::times(ImagesFault::Overloaded, 2));
        armoury.arm(ArmedFault::times(ImagesFault::Html, 1));
        let struck: Vec<_> = (0..4).map(|_| armoury.strike("a fox", false).fault).collect();
        let expected = [
            Some(ImagesFault::Overloaded),
            Some(ImagesFault::Overloaded),
            Some(ImagesFault::Html),
            None,
        ];
        assert_eq!(struck, expected);
        assert!(armoury.armed().is_empty());
    }

    #[test]
    fn slowness_adds_up_and_a_fault_waits_for_its_prompt() {
        let mut armoury = Armoury::new(1);
        armoury.arm(ArmedFault::times(ImagesFault::Slow { seconds: 1.5 }, 1));
        armoury.arm(ArmedFault::times(ImagesFault::Slow { seconds: 2.0 }, 1));
        armoury.arm(ArmedFault::times(ImagesFault::Html, 1).for_prompts_with("cat"));
        armoury.arm(ArmedFault::times(ImagesFault::NoStreaming, 1));
        let first = armoury.strike("a fox", false);
        assert_eq!((first.slower_by, first.fault), (Duration::from_millis(3500), None));
        assert_eq!(armoury.strike("a cat", true).fault, Some(ImagesFault::Html));
        assert_eq!(armoury.strike("a fox", true).fault, Some(ImagesFault::NoStreaming));
    }

    #[test]
    fn chance_follows_the_seed() {
        let struck = |seed| {
            let mut armoury = Armoury::new(seed);
            armoury.arm(ArmedFault::probability(ImagesFault::Overloaded, 0.3));
            let strikes: Vec<_> =
                (0..200).map(|_| armoury.strike("", false).fault.is_some()).collect();
            strikes
        };
        assert_eq!(struck(7), struck(7));
        assert_ne!(struck(7), struck(8));
        let count = struck(7).into_iter().filter(|&struck| struck).count();
        assert!((40..80).contains(&count), "{count}");
    }
}
