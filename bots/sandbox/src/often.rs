//! How often a fault strikes, which is the same for every party.

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Often {
    /// So many times, from now on.
    Times(u32),
    /// Each time with this chance, until cleared.
    Chance(f64),
}

impl Often {
    /// Reads the page's words: `probability`, else `count`, else once.
    ///
    /// # Errors
    /// In words, for a chance that is none.
    pub(crate) fn read(fault: &Value) -> Result<Self, String> {
        match fault.get("probability").and_then(Value::as_f64) {
            Some(chance) if (0.0..=1.0).contains(&chance) => Ok(Self::Chance(chance)),
            Some(_) => Err("probability: 0 to 1".into()),
            None => {
                let count = fault.get("count").and_then(Value::as_u64).unwrap_or(1).max(1);
                Ok(Self::Times(u32::try_from(count).unwrap_or(u32::MAX)))
            }
        }
    }

    /// The page's word for it, and the number.
    pub(crate) fn shown(self) -> (&'static str, Value) {
        match self {
            Self::Times(times) => ("count", json!(times)),
            Self::Chance(chance) => ("probability", json!(chance)),
        }
    }
}

/// The first that is armed for an occasion and whose turn it is; what has struck often enough goes.
pub(crate) fn strike<A: Clone>(
    armed: &mut Vec<A>,
    chance: &mut StdRng,
    often: impl Fn(&mut A) -> &mut Often,
    befalls: impl Fn(&A) -> bool,
) -> Option<A> {
    for at in 0..armed.len() {
        if !befalls(&armed[at]) {
            continue;
        }
        match often(&mut armed[at]) {
            Often::Chance(odds) => {
                if chance.random_bool(odds.clamp(0.0, 1.0)) {
                    return Some(armed[at].clone());
                }
            }
            Often::Times(left) => {
                *left = left.saturating_sub(1);
                let is_last = *left == 0;
                let struck = armed[at].clone();
                if is_last {
                    armed.remove(at);
                }
                return Some(struck);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chance_is_between_none_and_all_and_a_count_at_least_one() {
        let read = |fault| Often::read(&fault);
        assert_eq!(read(json!({})), Ok(Often::Times(1)));
        assert_eq!(read(json!({"count": 0})), Ok(Often::Times(1)));
        assert_eq!(read(json!({"count": 3, "probability": 0.5})), Ok(Often::Chance(0.5)));
        assert!(read(json!({"probability": 2})).is_err());
    }
}
