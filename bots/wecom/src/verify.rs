//! Is this really WeCom? The query of a callback, strictly, and its signature in constant time.
//!
//! The signature does not bind the borders between what it signs: it is a digest of four texts put
//! in order and then one behind the other. So the shapes of the texts are checked as well. What
//! shapes leave open (of a timestamp and a nonce of digits the border may move) opens to the same
//! ciphertext, and so to the same event, which the inbox has already.

use std::borrow::Cow;

use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

/// Longest query that is looked at, bytes. An echo is below 200.
const QUERY_BYTES_MAX: usize = 4096;

/// Digits of a timestamp: seconds since the epoch, from 2001 to 2286.
const TIMESTAMP_DIGITS: usize = 10;

/// Longest nonce, bytes. Real ones are numbers of nine or ten digits, or sixteen letters.
const NONCE_BYTES_MAX: usize = 32;

/// Letters of a SHA-1 in hexadecimal.
const SIGNATURE_BYTES: usize = 40;

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

/// What the query of a callback says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query<'q> {
    /// What should be the signature.
    pub signature: &'q str,
    /// Ten digits. Never interpreted: freshness is judged by what was seen.
    pub timestamp: &'q str,
    /// Any letters, digits, `_` and `-`.
    pub nonce: &'q str,
    /// What is to be given back decrypted; only when the address is verified.
    pub echo: Option<Cow<'q, str>>,
}

impl<'q> Query<'q> {
    /// Reads a raw query, without its question mark. Parameters that are not the callback's are
    /// passed over: an owner may have put some of their own into the address.
    ///
    /// Nothing when one of ours is missing, is there twice, or has another shape.
    #[must_use]
    pub fn read(raw: &'q str) -> Option<Self> {
        if raw.len() > QUERY_BYTES_MAX {
            return None;
        }
        let (mut signature, mut timestamp, mut nonce, mut echo) = (None, None, None, None);
        for pair in raw.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match name {
                "msg_signature" => &mut signature,
                "timestamp" => &mut timestamp,
                "nonce" => &mut nonce,
                "echostr" => &mut echo,
                // A name of ours in disguise would be there twice for somebody who decodes it.
                name if name.contains(['%', '+']) => return None,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        Some(Self {
            signature: signature.filter(|text| !text.is_empty())?,
            timestamp: timestamp.filter(|text| is_timestamp(text))?,
            nonce: nonce.filter(|text| is_nonce(text))?,
            echo: match echo {
                None => None,
                Some(value) => Some(decode(value)?),
            },
        })
    }

    /// Whether the signature is that of this ciphertext under this token, in time that does not
    /// depend on where they differ.
    #[must_use]
    pub fn is_signed(&self, token: &Secret, encrypted: &str) -> bool {
        let right = signature(token, self.timestamp, self.nonce, encrypted);
        right.ct_eq(self.signature.as_bytes()).into()
    }
}

fn is_timestamp(text: &str) -> bool {
    text.len() == TIMESTAMP_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_nonce(text: &str) -> bool {
    (1..=NONCE_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// Undoes percent-encoding. A blank is a plus that somebody on the way has decoded once too often:
/// base64 has no blanks.
fn decode(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains(['%', ' ']) {
        return Some(value.into());
    }
    let mut decoded = Vec::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => (digit(bytes.next()?)? << 4) | digit(bytes.next()?)?,
            plain => plain,
        };
        decoded.push(if byte == b' ' { b'+' } else { byte });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The signature: SHA-1, in lower-case hexadecimal, of four texts in the order of their bytes.
/// Source: developer.work.weixin.qq.com/document/path/90930.
#[must_use]
pub fn signature(
    token: &Secret,
    timestamp: &str,
    nonce: &str,
    encrypted: &str,
) -> [u8; SIGNATURE_BYTES] {
    let mut parts = [token.expose(), timestamp, nonce, encrypted];
    parts.sort_unstable();
    let mut sha1 = Sha1::new();
    for part in parts {
        sha1.update(part.as_bytes());
    }
    let mut text = [0; SIGNATURE_BYTES];
    for (pair, byte) in text.chunks_exact_mut(2).zip(sha1.finalize()) {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "msg_signature=5c45&timestamp=1409659589&nonce=263014780&echostr=a%2Fb%2bc";

    #[test]
    fn a_query_is_read_as_it_is_on_the_wire() {
        let query = Query::read(GOOD).expect("a good query");
        assert_eq!((query.signature, query.timestamp), ("5c45", "1409659589"));
        assert_eq!((query.nonce, query.echo.as_deref()), ("263014780", Some("a/b+c")));
        let owners_own = format!("tenant=7&{GOOD}&flag");
        assert_eq!(Query::read(&owners_own), Query::read(GOOD));
    }

    #[test]
    fn a_plus_stays_one_however_often_it_was_decoded() {
        for value in ["a+b", "a%2Bb", "a%20b", "a b"] {
            assert_eq!(decode(value).as_deref(), Some("a+b"), "{value}");
        }
        assert_eq!((decode("%"), decode("%2"), decode("%zz"), decode("%ff")), Default::default());
    }

    #[test]
    fn what_has_another_shape_is_refused() {
        let with = |from: &str, to: &str| GOOD.replace(from, to);
        let bad = [
            String::new(),
            with("msg_signature=5c45&", ""),
            with("5c45", ""),
            with("1409659589", "140965958"),
            with("1409659589", "14096595890"),
            with("1409659589", "140965958a"),
            with("1409659589", "+409659589"),
            with("263014780", ""),
            with("263014780", "26301478%30"),
            with("263014780", &"1".repeat(33)),
            with("263014780", "2630 4780"),
            with("nonce=", "Nonce="),
            format!("{GOOD}&nonce=263014780"),
            format!("{GOOD}&nonc%65=263014780"),
            format!("{GOOD}&msg_signature=5c45"),
            format!("{GOOD}&x={}", "y".repeat(QUERY_BYTES_MAX)),
            with("a%2Fb%2bc", "%"),
        ];
        for query in bad {
            assert_eq!(Query::read(&query), None, "{query}");
        }
    }
}
