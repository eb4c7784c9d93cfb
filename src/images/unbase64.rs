//! Base64 that arrives in pieces, decoded as it does.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::BytesMut;
use memchr::memchr;

/// Padding may be left out, as some encoders do.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// How a data URL begins.
const DATA_URL: &[u8; 5] = b"data:";

/// It was not base64.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotBase64;

/// A decoder between two pieces. Some gateways put a data URL where base64 belongs; all up to its
/// comma is passed over.
#[derive(Debug)]
pub(super) struct Unbase64 {
    stage: Stage,
    /// The beginning, then digits that do not yet make a group of four.
    held: Held,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The first five characters, which tell a data URL.
    Beginning,
    /// In a data URL, before the comma.
    Prefix,
    /// In the digits.
    Digits,
    /// Behind the padding, where nothing may come.
    Ended,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    bytes: [u8; 5],
    length: usize,
}

impl Unbase64 {
    /// Awaits base64 or a data URL.
    pub(super) fn new() -> Self {
        Self { stage: Stage::Beginning, held: Held::EMPTY }
    }

    /// Awaits the rest of a data URL behind its `data:`.
    pub(super) fn in_data_url() -> Self {
        Self { stage: Stage::Prefix, held: Held::EMPTY }
    }

    /// Decodes what can be decoded by now onto the end of `out`.
    pub(super) fn push(&mut self, mut text: &[u8], out: &mut BytesMut) -> Result<(), NotBase64> {
        while !text.is_empty() {
            match self.stage {
                Stage::Beginning => {
                    text = self.held.fill(text, DATA_URL.len());
                    if self.held.length == DATA_URL.len() {
                        self.tell_beginning(out)?;
                    }
                }
                Stage::Prefix => {
                    let Some(comma) = memchr(b',', text) else { return Ok(()) };
                    text = text.get(comma + 1..).unwrap_or_default();
                    self.stage = Stage::Digits;
                }
                Stage::Digits => {
                    self.digits(text, out)?;
                    text = &[];
                }
                Stage::Ended => return Err(NotBase64),
            }
        }
        Ok(())
    }

    /// Decodes what is left at the end.
    pub(super) fn finish(&mut self, out: &mut BytesMut) -> Result<(), NotBase64> {
        if self.stage == Stage::Beginning {
            self.tell_beginning(out)?;
        }
        let last = std::mem::replace(&mut self.held, Held::EMPTY);
        self.decode(last.as_slice(), out)
    }

    fn tell_beginning(&mut self, out: &mut BytesMut) -> Result<(), NotBase64> {
        let beginning = std::mem::replace(&mut self.held, Held::EMPTY);
        if beginning.as_slice() == DATA_URL {
            self.stage = Stage::Prefix;
            return Ok(());
        }
        self.stage = Stage::Digits;
        self.digits(beginning.as_slice(), out)
    }

    fn digits(&mut self, mut text: &[u8], out: &mut BytesMut) -> Result<(), NotBase64> {
        if self.held.length > 0 {
            text = self.held.fill(text, 4);
            if self.held.length < 4 {
                return Ok(());
            }
            let group = std::mem::replace(&mut self.held, Held::EMPTY);
            self.decode(group.as_slice(), out)?;
        }
        let (groups, rest) = text.split_at(text.len() - text.len() % 4);
        self.decode(groups, out)?;
        self.held.fill(rest, 4);
        Ok(())
    }

    fn decode(&mut self, groups: &[u8], out: &mut BytesMut) -> Result<(), NotBase64> {
        if groups.is_empty() {
            return Ok(());
        }
        if self.stage == Stage::Ended {
            return Err(NotBase64);
        }
        if groups.last() == Some(&b'=') {
            self.stage = Stage::Ended;
        }
        let before = out.len();
        out.resize(before + groups.len().div_ceil(4) * 3, 0);
        let room = out.get_mut(before..).unwrap_or_default();
        let decoded = ENGINE.decode_slice(groups, room).map_err(|_| NotBase64);
        out.truncate(before + decoded.as_ref().copied().unwrap_or(0));
        decoded.map(|_| ())
    }
}

impl Held {
    const EMPTY: Self = Self { bytes: [0; 5], length: 0 };

    /// Takes from the front of `text` until it holds `full`, and returns the rest.
    fn fill<'a>(&mut self, text: &'a [u8], full: usize) -> &'a [u8] {
        let wanted = full.saturating_sub(self.length).min(text.len());
        let (taken, rest) = text.split_at(wanted);
        if let Some(room) = self.bytes.get_mut(self.length..self.length + wanted) {
            room.copy_from_slice(taken);
            self.length += wanted;
        }
        rest
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<Vec<u8>, NotBase64> {
        let (mut decoder, mut out) = (Unbase64::new(), BytesMut::new());
        for piece in pieces {
            decoder.push(piece, &mut out)?;
        }
        decoder.finish(&mut out)?;
        Ok(out.to_vec())
    }

    #[test]
    fn what_is_no_base64_is_told() {
        for text in ["ab!d", "abcde", "QQ==QQ==", "QQ==QQ", "QQ=Q", "data:image/png;base64,{}"] {
            assert_eq!(decode(&[text.as_bytes()]), Err(NotBase64), "{text}");
        }
        assert_eq!(decode(&[b"QQ==", b"QQ=="]), Err(NotBase64));
        assert_eq!(decode(&[b"data:image/png"]), Ok(vec![]));
    }

    proptest! {
        #[test]
        fn any_pieces_give_the_same_bytes(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            size in 1_usize..17,
            padded in any::<bool>(),
            prefix in prop::sample::select(vec!["", "data:image/png;base64,"]),
        ) {
            let engine = if padded { BASE64_STANDARD } else { BASE64_STANDARD_NO_PAD };
            let text = format!("{prefix}{}", engine.encode(&bytes));
            let pieces: Vec<_> = text.as_bytes().chunks(size).collect();
            prop_assert_eq!(decode(&pieces), Ok(bytes));
        }
    }
}
