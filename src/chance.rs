//! Chance, passed in like time is: unguessable where the product runs, replayable in a test.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// Bytes of an address that nobody can guess.
const TOKEN_BYTES: usize = 16;

/// Where random bytes come from. Clones share one source.
#[derive(Clone)]
pub struct Chance(Source);

#[derive(Clone)]
enum Source {
    /// The machine's entropy, stretched by a cryptographic generator of each thread's own.
    Machine,
    /// The same bytes for the same seed.
    Seeded(Arc<Mutex<StdRng>>),
}

impl Chance {
    /// Unguessable bytes.
    pub fn system() -> Self {
        Self(Source::Machine)
    }

    /// The same bytes for the same seed. For tests and the sandbox only.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    /// Fills `bytes`.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::Machine => fill_from_machine(bytes),
            Source::Seeded(generator) => {
                generator.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
            }
        }
    }

    /// As many bytes as asked for.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A number below `end`, which is at least one. The lean towards small numbers is below
    /// `end / 2^64`.
    pub fn below(&self, end: u64) -> u64 {
        let wide = u128::from(u64::from_le_bytes(self.bytes())) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// 128 random bits as 22 letters, digits, `-` and `_`: part of an address that nobody guesses.
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<TOKEN_BYTES>())
    }
}

impl std::fmt::Debug for Chance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chance")
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the machine's chance is drawn")]
fn fill_from_machine(bytes: &mut [u8]) {
    rand::rng().fill_bytes(bytes);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let draw = |seed| (0..4).map(|_| Chance::seeded(seed).bytes::<32>()).collect::<Vec<_>>();
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn clones_share_one_source() {
        let chance = Chance::seeded(7);
        assert_ne!(chance.clone().token(), chance.token());
    }

    #[test]
    fn no_token_comes_twice() {
        let chance = Chance::system();
        let tokens: HashSet<String> = (0..10_000).map(|_| chance.token()).collect();
        assert_eq!(tokens.len(), 10_000);
        assert!(tokens.iter().all(|token| token.len() == 22));
    }

    #[test]
    fn numbers_stay_below_their_end_and_reach_all_of_them() {
        let chance = Chance::seeded(1);
        let drawn: HashSet<u64> = (0..1_000).map(|_| chance.below(6)).collect();
        assert_eq!(drawn, (0..6).collect());
        assert_eq!(chance.below(1), 0);
    }
}
