//! The line for the provider.

use alloc::vec::Vec;

use crate::{
    facts::{Beside, MessageFacts, Pace, Past, PlanFacts, Whereabouts},
    generation::{Quality, Resolution},
};

/// The line for the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The tags of what waits, rising; at most the first thousand.
    pub tags: Vec<i64>,
    /// The tag that was served last: a new account's request comes after it.
    pub served_tag: i64,
    /// Pictures being made, wherever.
    pub running: i64,
    /// Replicas that share the line, each with room of its own.
    pub replicas: i64,
    /// Measured medians; nothing where there are too few samples.
    pub medians: Vec<Median>,
}

/// A measured median.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Median {
    /// Of which resolution.
    pub resolution: Resolution,
    /// Of which quality.
    pub quality: Quality,
    /// Milliseconds from the call to the stored picture.
    pub took_ms: i64,
}

impl MessageFacts {
    /// Of words of which all else is known already: what is ahead of them in the line.
    #[must_use]
    pub fn of_line(line: Line) -> Self {
        Self {
            customer: None,
            pace: Pace::Fine,
            replied: None,
            checkout: None,
            plan: PlanFacts::default(),
            beside: Beside::Nothing,
            linked: None,
            answered: None,
            line,
            started: None,
            pictured: false,
            album: None,
            history: None,
            entries: Vec::new(),
            past: Past::default(),
            link: None,
            gift: None,
            whereabouts: Whereabouts::Here,
        }
    }
}
