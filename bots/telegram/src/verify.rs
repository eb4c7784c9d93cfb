//! Is this really Telegram? The secret it was told is compared in constant time.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// Something that must not be shown: no `Debug`, no `Display`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself; for requests and digests only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Digests of the secrets that a webhook call may show. All of one length, so that comparing them
/// takes the same time whatever was shown.
#[derive(Clone)]
pub struct Gate {
    accepted: Vec<[u8; 32]>,
}

impl Gate {
    /// A gate that opens for any of these; for nothing when there are none.
    #[must_use]
    pub fn new(secrets: &[Secret]) -> Self {
        Self { accepted: secrets.iter().map(|secret| digest(secret.0.as_bytes())).collect() }
    }

    /// Whether the call shows one of the secrets: in exactly one header, wholly.
    #[must_use]
    pub fn admits<'h>(&self, headers: impl IntoIterator<Item = &'h [u8]>) -> bool {
        let mut headers = headers.into_iter();
        let (Some(shown), None) = (headers.next(), headers.next()) else { return false };
        let shown = digest(shown);
        let matches = |accepted: &[u8; 32]| accepted.as_slice().ct_eq(shown.as_slice());
        self.accepted.iter().map(matches).fold(Choice::from(0), |any, one| any | one).into()
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "a-webhook-secret-of-the-tests_0001";
    const NEW: &str = "a-webhook-secret-of-the-tests_0002";

    fn gate() -> Gate {
        Gate::new(&[Secret::new(NEW), Secret::new(OLD)])
    }

    #[test]
    fn both_secrets_open_the_gate_while_one_replaces_the_other() {
        assert!(gate().admits([NEW.as_bytes()]));
        assert!(gate().admits([OLD.as_bytes()]));
        assert!(!Gate::new(&[Secret::new(NEW)]).admits([OLD.as_bytes()]));
    }

    #[test]
    fn no_secret_opens_nothing() {
        assert!(!Gate::new(&[]).admits([b"".as_slice()]));
        assert!(!Gate::new(&[]).admits([NEW.as_bytes()]));
    }

    #[test]
    fn a_missing_and_a_doubled_header_are_refused() {
        assert!(!gate().admits([]));
        assert!(!gate().admits([NEW.as_bytes(), NEW.as_bytes()]));
        assert!(!gate().admits([NEW.as_bytes(), b"".as_slice()]));
    }

    #[test]
    fn ten_thousand_wrong_secrets_are_refused() {
        let gate = gate();
        let right = NEW.as_bytes();
        let mut wrong: Vec<Vec<u8>> = vec![Vec::new(), b" ".to_vec(), vec![b'a'; 257]];
        wrong.extend((0..right.len()).map(|end| right[..end].to_vec()));
        wrong.extend((1..=right.len()).map(|start| right[start..].to_vec()));
        wrong.push([right, b" "].concat());
        wrong.push([b" ", right].concat());
        wrong.push([right, b"\0"].concat());
        wrong.push(NEW.to_uppercase().into_bytes());
        for position in 0..right.len() {
            for bit in 0..8 {
                let mut flipped = right.to_vec();
                flipped[position] ^= 1 << bit;
                if flipped != OLD.as_bytes() {
                    wrong.push(flipped);
                }
            }
            let mut cased = right.to_vec();
            if cased[position].is_ascii_alphabetic() {
                cased[position] ^= 0x20;
                wrong.push(cased);
            }
            for byte in [0x80, 0xff, b'\n', b'\0'] {
                let mut odd = right.to_vec();
                odd[position] = byte;
                wrong.push(odd);
            }
        }
        // The rest from a small generator of its own: text of every length up to 257.
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        while wrong.len() < 10_000 {
            let length = wrong.len() % 258;
            let odd: Vec<u8> = (0..length)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    state.to_be_bytes()[3]
                })
                .collect();
            wrong.push(odd);
        }
        for secret in &wrong {
            assert!(!gate.admits([secret.as_slice()]), "admitted {secret:?}");
        }
    }
}
