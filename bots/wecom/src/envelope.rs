//! The envelope around everything that WeCom brings, and around what it is answered.
//!
//! AES-256 in CBC mode is not our choice, and neither is its use without an authentication of the
//! ciphertext beyond the signature. So the signature comes first, nothing is decrypted without it,
//! and whatever is wrong inside looks the same from outside.
//!
//! Source of the format: developer.work.weixin.qq.com/document/path/90930 and, for the bot,
//! 101033.

use std::fmt;

use aes::Aes256Dec;
use aes::Aes256Enc;
use base64::{
    Engine as _,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use cbc::cipher::{
    Array, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit, block_padding::NoPadding,
};
use serde::Serialize;
use subtle::{Choice, ConstantTimeEq};

use crate::verify::{Query, Secret, signature};

/// Random bytes before the length.
const RANDOM_BYTES: usize = 16;
/// What stands before the message: random bytes and its length.
const HEAD_BYTES: usize = RANDOM_BYTES + 4;
/// Padding fills up to a multiple of this, and takes at most as much.
const PADDING_BYTES_MAX: usize = 32;
/// A block of AES.
const BLOCK_BYTES: usize = 16;
/// Letters of a key. 43 letters carry 258 bits: the last two say nothing, and need not be zero.
const KEY_LETTERS: usize = 43;

/// Reads keys: without padding, whatever the last two bits are. An engine that insists on zeroes
/// refuses three keys of four, that of the official sample among them.
const KEY_ENGINE: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// A key, with its schedules made. It has no `Debug`.
#[derive(Clone)]
pub struct AesKey {
    decrypt: Aes256Dec,
    encrypt: Aes256Enc,
    /// The first bytes of the key, always the same: this, too, is the protocol's choice.
    iv: [u8; BLOCK_BYTES],
}

impl AesKey {
    /// A key as the console shows it; nothing when it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        // The bot's media come with the same kind of key, with or without its padding.
        let text = text.strip_suffix('=').unwrap_or(text);
        if text.len() != KEY_LETTERS {
            return None;
        }
        let key: [u8; 32] = KEY_ENGINE.decode(text).ok()?.try_into().ok()?;
        let mut iv = [0; BLOCK_BYTES];
        iv.copy_from_slice(&key[..BLOCK_BYTES]);
        let key = Array::from(key);
        Some(Self { decrypt: Aes256Dec::new(&key), encrypt: Aes256Enc::new(&key), iv })
    }

    /// Decrypts in place and takes the padding off.
    fn decrypt(&self, mut bytes: Vec<u8>) -> Result<Vec<u8>, Flaw> {
        if bytes.is_empty() || !bytes.len().is_multiple_of(BLOCK_BYTES) {
            return Err(Flaw::Length);
        }
        let cbc = cbc::Decryptor::inner_iv_init(self.decrypt.clone(), &Array::from(self.iv));
        let length = cbc.decrypt_padded::<NoPadding>(&mut bytes).map_err(|_| Flaw::Length)?.len();
        let padding = padding(&bytes[..length]).ok_or(Flaw::Padding)?;
        bytes.truncate(length - padding);
        Ok(bytes)
    }

    /// Pads and encrypts.
    fn encrypt(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let padding = PADDING_BYTES_MAX - bytes.len() % PADDING_BYTES_MAX;
        let value = u8::try_from(padding).expect("padding is at most 32");
        let length = bytes.len() + padding;
        bytes.resize(length, value);
        let cbc = cbc::Encryptor::inner_iv_init(self.encrypt.clone(), &Array::from(self.iv));
        cbc.encrypt_padded::<NoPadding>(&mut bytes, length).expect("a multiple of a block");
        bytes
    }

    /// Decrypts a file that somebody sent to the bot: the whole of it, without a frame.
    ///
    /// # Errors
    /// `Length` and `Padding`.
    pub fn open_media(&self, bytes: Vec<u8>) -> Result<Vec<u8>, Flaw> {
        self.decrypt(bytes)
    }
}

/// How much padding there is: as many equal bytes as each of them says, 1 to 32. All of what may
/// be padding is looked at, whatever it is.
fn padding(bytes: &[u8]) -> Option<usize> {
    let last = *bytes.last()?;
    let padding = usize::from(last);
    let reach = bytes.len().min(PADDING_BYTES_MAX);
    // No branch and no early end: what differs within the padding is gathered, and looked at once.
    let mut differs = 0;
    for (place, byte) in (1_u16..).zip(bytes.iter().rev().take(reach)) {
        // All ones up to the last place of the padding, zero beyond it.
        let within = (place.wrapping_sub(u16::from(last) + 1) >> 8).to_be_bytes()[1];
        differs |= within & (byte ^ last);
    }
    let is_possible = (1..=reach).contains(&padding);
    bool::from(differs.ct_eq(&0) & Choice::from(u8::from(is_possible))).then_some(padding)
}

/// Why an envelope is not opened. The caller is told of a bad signature and of something else, and
/// of nothing finer; the words are for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It is not signed with our token.
    #[error("bad signature")]
    Signature,
    /// The ciphertext is no base64.
    #[error("bad base64")]
    Base64,
    /// It has a length that cannot be, or names one.
    #[error("bad length")]
    Length,
    /// Its padding is none.
    #[error("bad padding")]
    Padding,
    /// It is for somebody else.
    #[error("for another receiver")]
    Receiver,
    /// The message is no text.
    #[error("not utf-8")]
    Utf8,
}

/// One callback's token and key, and whom it is for.
pub struct Envelope {
    token: Secret,
    key: AesKey,
    receiver: String,
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope").finish_non_exhaustive()
    }
}

impl Envelope {
    /// The envelope of a callback. The receiver is the company's id for an app, and empty for a
    /// bot of one's own company.
    #[must_use]
    pub fn new(token: Secret, key: AesKey, receiver: impl Into<String>) -> Self {
        Self { token, key, receiver: receiver.into() }
    }

    /// Opens what came: the message inside, word for word.
    ///
    /// # Errors
    /// `Signature` before anything was decrypted; the others after.
    pub fn open(&self, query: &Query<'_>, encrypted: &str) -> Result<String, Flaw> {
        if !query.is_signed(&self.token, encrypted) {
            return Err(Flaw::Signature);
        }
        let bytes = STANDARD.decode(encrypted).map_err(|_| Flaw::Base64)?;
        let plain = self.key.decrypt(bytes)?;
        // 16 random bytes · u32 length, big-endian · message · receiver · padding to 32
        let (head, rest) = plain.split_at_checked(HEAD_BYTES).ok_or(Flaw::Length)?;
        let length: [u8; 4] = head[RANDOM_BYTES..].try_into().map_err(|_| Flaw::Length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| Flaw::Length)?;
        let (message, receiver) = rest.split_at_checked(length).ok_or(Flaw::Length)?;
        if !bool::from(receiver.ct_eq(self.receiver.as_bytes())) {
            return Err(Flaw::Receiver);
        }
        simdutf8::basic::from_utf8(message).map(str::to_owned).map_err(|_| Flaw::Utf8)
    }

    /// Encrypts an answer.
    #[must_use]
    pub fn encrypt(&self, message: &str, random: [u8; RANDOM_BYTES]) -> String {
        let length = u32::try_from(message.len()).expect("an answer is far below 4 GiB");
        let size = HEAD_BYTES + message.len() + self.receiver.len() + PADDING_BYTES_MAX;
        let mut plain = Vec::with_capacity(size);
        plain.extend_from_slice(&random);
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(message.as_bytes());
        plain.extend_from_slice(self.receiver.as_bytes());
        STANDARD.encode(self.key.encrypt(plain))
    }

    /// Seals an answer to the app's callback.
    #[must_use]
    pub fn seal_xml(&self, message: &str, timestamp: &str, nonce: &str) -> String {
        let encrypted = self.encrypt(message, rand::random());
        let signature = self.sign(timestamp, nonce, &encrypted);
        format!(
            "<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt>\
             <MsgSignature><![CDATA[{signature}]]></MsgSignature>\
             <TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        )
    }

    /// Seals an answer to the bot's callback. The nonce must be the callback's own.
    #[must_use]
    pub fn seal_json(&self, message: &str, timestamp_s: i64, nonce: &str) -> String {
        #[derive(Serialize)]
        struct Sealed<'s> {
            encrypt: &'s str,
            msgsignature: &'s str,
            timestamp: i64,
            nonce: &'s str,
        }
        let encrypted = self.encrypt(message, rand::random());
        let signature = self.sign(&timestamp_s.to_string(), nonce, &encrypted);
        let sealed =
            Sealed { encrypt: &encrypted, msgsignature: &signature, timestamp: timestamp_s, nonce };
        serde_json::to_string(&sealed).expect("texts and a number become JSON")
    }

    /// The signature of a ciphertext under this callback's token.
    #[must_use]
    pub fn sign(&self, timestamp: &str, nonce: &str, encrypted: &str) -> String {
        let signature = signature(&self.token, timestamp, nonce, encrypted);
        signature.iter().map(|byte| char::from(*byte)).collect()
    }

    /// The key, which the bot's media are encrypted with as well.
    #[must_use]
    pub fn key(&self) -> &AesKey {
        &self.key
    }
}

/// A text as CDATA, also where it has the end of one in it.
#[must_use]
pub fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_taken_off_whole_or_not_at_all() {
        let of = |value: u8, count: usize| {
            let mut bytes = vec![b'x'; 64];
            let length = bytes.len();
            bytes[length - count..].fill(value);
            padding(&bytes)
        };
        for value in 1..=32_u8 {
            assert_eq!(of(value, value.into()), Some(value.into()));
            assert_eq!(of(value, usize::from(value) + 5), Some(value.into()));
            if value > 1 {
                assert_eq!(of(value, usize::from(value) - 1), None, "{value}");
            }
        }
        for value in 2..=32_u8 {
            for place in 1..usize::from(value) {
                let mut bytes = vec![b'x'; 64];
                bytes[64 - usize::from(value)..].fill(value);
                let spoiled = 63 - place;
                for bit in 0..8 {
                    bytes[spoiled] ^= 1 << bit;
                    assert_eq!(padding(&bytes), None, "{value}, bit {bit} of {spoiled}");
                    bytes[spoiled] ^= 1 << bit;
                }
            }
        }
        assert_eq!((of(0, 1), of(0, 64), of(33, 33), of(33, 64), of(255, 64)), Default::default());
        assert_eq!((padding(&[]), padding(&[32; 16]), padding(&[16; 16])), (None, None, Some(16)));
    }

    #[test]
    fn a_key_is_43_letters_whatever_its_last_two_bits() {
        let start = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2";
        let letters = ('A'..='Z').chain('a'..='z').chain('0'..='9');
        for last in letters {
            assert!(AesKey::read(&format!("{start}{last}")).is_some(), "{last}");
        }
        assert!(AesKey::read(&format!("{start}C=")).is_some());
        for bad in ["", start, &format!("{start}CA"), &format!("{start}="), &format!("{start}$")] {
            assert!(AesKey::read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_text_with_the_end_of_cdata_in_it_stays_whole() {
        assert_eq!(cdata("a]]>b"), "<![CDATA[a]]]]><![CDATA[>b]]>");
    }
}
