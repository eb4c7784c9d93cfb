//! The envelope of callbacks: signature, AES and framing, written from the documents.
//!
//! Source: developer.work.weixin.qq.com/document/path/90968 and 101033. Nothing of it is shared
//! with the adapter.

use aes::Aes256;
use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

/// Padding fills a block of so many bytes, twice that of AES. Source: document 90968.
const BLOCK: usize = 32;
/// Random bytes before the length. Source: document 90968.
const RANDOM: usize = 16;
/// Characters of an EncodingAESKey. Source: document 90930.
const KEY_CHARS: usize = 43;

/// An EncodingAESKey.
#[derive(Clone, Copy)]
pub struct AesKey([u8; 32]);

impl std::fmt::Debug for AesKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AesKey")
    }
}

impl AesKey {
    /// Reads 43 letters and digits; the last one's two spare bits may be anything.
    pub fn parse(text: &str) -> Option<Self> {
        let is_shaped = text.len() == KEY_CHARS && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if !is_shaped {
            return None;
        }
        let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
        let bytes = GeneralPurpose::new(&ALPHABET, lenient).decode(format!("{text}=")).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// A key that is known as bytes.
    pub fn of_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn iv(&self) -> [u8; 16] {
        std::array::from_fn(|at| self.0[at])
    }

    /// AES-256-CBC over bytes that are padded to 32; how media for the AI bot lies too.
    pub fn encrypt(&self, plain: &[u8]) -> Vec<u8> {
        let missing = BLOCK - plain.len() % BLOCK;
        let pad = u8::try_from(missing).unwrap_or(0);
        let mut padded = plain.to_vec();
        padded.resize(plain.len() + missing, pad);
        let cipher = cbc::Encryptor::<Aes256>::new(&self.0.into(), &self.iv().into());
        cipher.encrypt_padded_vec::<NoPadding>(&padded)
    }

    /// The reverse; none when the length or any byte of the padding is wrong.
    pub fn decrypt(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        if sealed.is_empty() || !sealed.len().is_multiple_of(16) {
            return None;
        }
        let cipher = cbc::Decryptor::<Aes256>::new(&self.0.into(), &self.iv().into());
        let mut plain = cipher.decrypt_padded_vec::<NoPadding>(sealed).ok()?;
        let pad = *plain.last()?;
        let count = usize::from(pad);
        let keep = plain.len().checked_sub(count)?;
        let is_whole = (1..=BLOCK).contains(&count) && plain[keep..].iter().all(|it| *it == pad);
        is_whole.then(|| plain.truncate(keep))?;
        Some(plain)
    }
}

/// Who shares which secrets: one for the app, one for the AI bot.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// What signs.
    pub token: String,
    /// What encrypts.
    pub key: AesKey,
    /// The CorpID; empty for the AI bot of an own corp.
    pub receive_id: String,
}

/// What goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Base64.
    pub encrypt: String,
    /// `msg_signature`.
    pub signature: String,
    /// As it stands in the query.
    pub timestamp: String,
    /// As it stands in the query.
    pub nonce: String,
}

/// Why an envelope of the desk cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The signature is not that of these parts.
    #[error("-40001 the signature does not fit")]
    Signature,
    /// Not base64.
    #[error("-40010 not base64")]
    Base64,
    /// It does not decrypt to a whole block.
    #[error("-40007 it cannot be decrypted")]
    Cipher,
    /// The length leads beyond the end.
    #[error("-40008 the framing is broken")]
    Framing,
    /// For somebody else.
    #[error("-40005 the receive id is another")]
    ReceiveId,
}

impl Secrets {
    /// Seals a message.
    pub fn seal(
        &self,
        message: &[u8],
        random: [u8; RANDOM],
        timestamp: &str,
        nonce: &str,
    ) -> Sealed {
        // 16 random bytes · u32 length, big-endian · message · receive id · padding to 32
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
        let plain = [&random[..], &length, message, self.receive_id.as_bytes()].concat();
        let encrypt = STANDARD.encode(self.key.encrypt(&plain));
        let signature = self.sign(timestamp, nonce, &encrypt);
        Sealed { encrypt, signature, timestamp: timestamp.into(), nonce: nonce.into() }
    }

    /// Opens what the desk has sealed.
    pub fn open(&self, sealed: &Sealed) -> Result<Vec<u8>, EnvelopeError> {
        if self.sign(&sealed.timestamp, &sealed.nonce, &sealed.encrypt) != sealed.signature {
            return Err(EnvelopeError::Signature);
        }
        let cipher = STANDARD.decode(&sealed.encrypt).map_err(|_| EnvelopeError::Base64)?;
        let plain = self.key.decrypt(&cipher).ok_or(EnvelopeError::Cipher)?;
        let framed = plain.get(RANDOM..).ok_or(EnvelopeError::Framing)?;
        let (length, rest) = framed.split_first_chunk().ok_or(EnvelopeError::Framing)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let (message, receiver) = rest.split_at_checked(length).ok_or(EnvelopeError::Framing)?;
        if receiver != self.receive_id.as_bytes() {
            return Err(EnvelopeError::ReceiveId);
        }
        Ok(message.to_vec())
    }

    fn sign(&self, timestamp: &str, nonce: &str, encrypt: &str) -> String {
        let mut parts = [self.token.as_str(), timestamp, nonce, encrypt];
        parts.sort_unstable();
        hex::encode(Sha1::digest(parts.concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample that Tencent gives away with its libraries.
    fn sample() -> Secrets {
        Secrets {
            token: "QDG6eK".into(),
            key: AesKey::parse("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C").unwrap(),
            receive_id: "wx5823bf96d3bd56c7".into(),
        }
    }

    fn sample_sealed() -> Sealed {
        let random = *b"c41b64491c2468d0";
        sample().seal(b"1616140317555161061", random, "1409659589", "263014780")
    }

    #[test]
    fn the_documented_sample_is_reproduced_to_the_bit_and_opens() {
        let sealed = sample_sealed();
        assert_eq!(
            sealed.encrypt,
            "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
        );
        assert_eq!(sealed.signature, "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3");
        assert_eq!(sample().open(&sealed).unwrap(), b"1616140317555161061");
    }

    #[test]
    fn every_length_is_padded_to_32_and_comes_back() {
        for length in 0..100 {
            let plain = vec![0xfe; length];
            let sealed = sample().key.encrypt(&plain);
            assert_eq!(sealed.len() % BLOCK, 0);
            assert!(sealed.len() > length);
            assert_eq!(sample().key.decrypt(&sealed).unwrap(), plain);
        }
    }

    #[test]
    fn what_was_changed_or_is_for_others_is_refused() {
        let sealed = sample_sealed();
        let upper = Sealed { signature: sealed.signature.to_uppercase(), ..sealed.clone() };
        assert_eq!(sample().open(&upper), Err(EnvelopeError::Signature));
        let other = Secrets { receive_id: "wx5823bf96d3bd56c8".into(), ..sample() };
        assert_eq!(other.open(&sealed), Err(EnvelopeError::ReceiveId));
        let resealed = |encrypt: String| {
            let signature = sample().sign("1", "2", &encrypt);
            Sealed { encrypt, signature, timestamp: "1".into(), nonce: "2".into() }
        };
        assert_eq!(sample().open(&resealed("§".into())), Err(EnvelopeError::Base64));
        let short = STANDARD.encode(&STANDARD.decode(&sealed.encrypt).unwrap()[..16]);
        assert_eq!(sample().open(&resealed(short)), Err(EnvelopeError::Cipher));
        let tiny = STANDARD.encode(sample().key.encrypt(b"too short"));
        assert_eq!(sample().open(&resealed(tiny)), Err(EnvelopeError::Framing));
        let long = [&[7; 16][..], &u32::MAX.to_be_bytes(), b"wx5823bf96d3bd56c7"].concat();
        let long = STANDARD.encode(sample().key.encrypt(&long));
        assert_eq!(sample().open(&resealed(long)), Err(EnvelopeError::Framing));
    }

    #[test]
    fn a_key_is_43_letters_and_digits() {
        assert!(AesKey::parse("short").is_none());
        assert!(AesKey::parse("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2+").is_none());
        for last in ('A'..='Z').chain('a'..='z').chain('0'..='9') {
            let key = format!("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2{last}");
            assert!(AesKey::parse(&key).is_some());
        }
    }
}
