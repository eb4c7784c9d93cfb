//! A JSON document that arrives in pieces: the picture in it is decoded and passed on, the rest is
//! kept to be read at the end.
//!
//! ```text
//! {"type":"image_generation.completed","b64_json":"iVBORw0KGgo…","usage":{…}}
//!                                                  └────┬─────┘
//!  kept, with an empty string in its place              └─ decoded, piece by piece
//! ```
//!
//! So it does not matter whether the `type` that tells what the picture is comes before or after
//! it, and no more than the small rest is ever in memory.

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

use super::unbase64::Unbase64;

/// Most of a document beside its picture, bytes. A revised prompt is its largest part.
const REST_BYTES_MAX: usize = 256 * 1024;
/// How a data URL begins.
const DATA_URL: &[u8] = b"data:";

/// A document up to here.
#[derive(Debug)]
pub(super) struct Scanner {
    /// The document without its picture and without space between its tokens.
    rest: Vec<u8>,
    /// Picture bytes not yet taken.
    out: BytesMut,
    picture_bytes: u64,
    decoder: Unbase64,
    /// The first picture has begun; there is never a second that counts, `n` being 1.
    has_picture: bool,
    /// The picture is no base64 or the rest is too large: the document cannot be read.
    spoiled: bool,
    complete: bool,
    depth: u32,
    state: State,
    /// What the value that comes next, or is being read, is called.
    key: Key,
    /// Where in `rest` the last string is.
    text: std::ops::Range<usize>,
}

/// A document at its end.
#[derive(Debug, Default)]
pub struct Scanned {
    /// The JSON, with an empty string in the picture's place.
    pub rest: Vec<u8>,
    /// How large the picture was, bytes.
    pub picture_bytes: u64,
    /// The picture was no base64, or the rest too large to keep.
    pub spoiled: bool,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Between strings.
    Plain,
    /// In a string.
    Text { escaped: bool, kept: bool },
    /// In the picture.
    Picture(Escape),
}

/// JSON lets writers escape what need not be: PHP writes `/` as `\/`, .NET `+` as `\u002B`.
#[derive(Debug, Clone, Copy)]
enum Escape {
    None,
    Backslash,
    Unicode { digits: u8, value: u32 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// `b64_json`
    Picture,
    /// `url`, where some gateways put a data URL.
    Address,
    Other,
}

impl Scanner {
    /// Awaits a document.
    pub(super) fn new() -> Self {
        Self {
            rest: Vec::new(),
            out: BytesMut::new(),
            picture_bytes: 0,
            decoder: Unbase64::new(),
            has_picture: false,
            spoiled: false,
            complete: false,
            depth: 0,
            state: State::Plain,
            key: Key::Other,
            text: 0..0,
        }
    }

    /// Reads on, up to the end of the document; returns how many bytes belonged to it.
    pub(super) fn feed(&mut self, run: &[u8]) -> usize {
        let mut left = run;
        while !left.is_empty() && !self.complete {
            left = match self.state {
                State::Plain => self.plain(left),
                State::Text { escaped, kept } => self.text(left, escaped, kept),
                State::Picture(escape) => self.picture(left, escape),
            };
        }
        run.len() - left.len()
    }

    /// Whether the document's last bracket has been read.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether anything but space has been read.
    pub(super) fn has_begun(&self) -> bool {
        !self.rest.is_empty()
    }

    /// How much of the picture waits to be taken, bytes.
    pub(super) fn waiting(&self) -> usize {
        self.out.len()
    }

    /// Takes what there is of the picture.
    pub(super) fn take_piece(&mut self) -> Bytes {
        self.out.split().freeze()
    }

    /// Takes the document and awaits the next.
    pub(super) fn take(&mut self) -> Scanned {
        let read = std::mem::replace(self, Self::new());
        self.out = read.out;
        Scanned { rest: read.rest, picture_bytes: read.picture_bytes, spoiled: read.spoiled }
    }

    fn plain<'a>(&mut self, run: &'a [u8]) -> &'a [u8] {
        let mut bytes = run.iter();
        for &byte in bytes.by_ref() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => continue,
                b':' => self.key = self.key_read(),
                b'{' | b'[' => {
                    self.depth = self.depth.saturating_add(1);
                    self.key = Key::Other;
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.key = Key::Other;
                    self.complete = self.depth == 0;
                }
                b'"' => {}
                _ => self.key = Key::Other,
            }
            self.keep(&[byte]);
            if byte == b'"' {
                self.begin_string();
            }
            if byte == b'"' || self.complete {
                break;
            }
        }
        bytes.as_slice()
    }

    fn key_read(&self) -> Key {
        match self.rest.get(self.text.clone()) {
            Some(b"b64_json") => Key::Picture,
            Some(b"url") => Key::Address,
            _ => Key::Other,
        }
    }

    fn begin_string(&mut self) {
        self.text = self.rest.len()..self.rest.len();
        self.state = match self.key {
            Key::Picture if self.has_picture => State::Text { escaped: false, kept: false },
            Key::Picture => {
                self.has_picture = true;
                State::Picture(Escape::None)
            }
            Key::Address | Key::Other => State::Text { escaped: false, kept: true },
        };
    }

    fn end_string(&mut self) {
        self.text.end = self.rest.len();
        self.keep(b"\"");
        self.state = State::Plain;
        self.key = Key::Other;
    }

    fn text<'a>(&mut self, run: &'a [u8], escaped: bool, kept: bool) -> &'a [u8] {
        let keeps = if escaped { 1 } else { self.before_data_url_shows(kept).min(run.len()) };
        let (looked_at, beyond) = run.split_at(keeps);
        let end = if escaped { None } else { memchr2(b'"', b'\\', looked_at) };
        let (text, left) = looked_at.split_at(end.unwrap_or(looked_at.len()));
        if kept {
            self.keep(text);
        }
        self.state = State::Text { escaped: false, kept };
        match left.first() {
            None => self.see_data_url(kept),
            Some(b'"') => self.end_string(),
            Some(backslash) => {
                if kept {
                    self.keep(&[*backslash]);
                }
                self.state = State::Text { escaped: true, kept };
            }
        }
        let used = text.len() + left.len().min(1);
        run.get(used..).unwrap_or(beyond)
    }

    /// How far an address may be kept before it must be known whether it is a data URL.
    fn before_data_url_shows(&self, kept: bool) -> usize {
        let have = self.rest.len().saturating_sub(self.text.start);
        if kept && self.key == Key::Address && !self.spoiled && have < DATA_URL.len() {
            DATA_URL.len() - have
        } else {
            usize::MAX
        }
    }

    /// Goes over from an address to the picture that it turns out to hold.
    fn see_data_url(&mut self, kept: bool) {
        let text = self.rest.get(self.text.start..).unwrap_or_default();
        if !kept || self.key != Key::Address || text != DATA_URL {
            return;
        }
        self.rest.truncate(self.text.start);
        self.state = if self.has_picture {
            State::Text { escaped: false, kept: false }
        } else {
            self.has_picture = true;
            self.decoder = Unbase64::in_data_url();
            State::Picture(Escape::None)
        };
    }

    fn picture<'a>(&mut self, run: &'a [u8], escape: Escape) -> &'a [u8] {
        let Escape::None = escape else {
            let (first, left) = run.split_at(1);
            self.escaped_digit(first, escape);
            return left;
        };
        let end = memchr2(b'"', b'\\', run).unwrap_or(run.len());
        let (digits, left) = run.split_at(end);
        self.decode(digits);
        match left.split_first() {
            None => left,
            Some((b'"', left)) => {
                self.end_picture();
                left
            }
            Some((_, left)) => {
                self.state = State::Picture(Escape::Backslash);
                left
            }
        }
    }

    fn escaped_digit(&mut self, byte: &[u8], escape: Escape) {
        self.state = State::Picture(Escape::None);
        match (escape, byte) {
            (Escape::Backslash, b"/") => self.decode(b"/"),
            // Some encoders break base64 into lines.
            (Escape::Backslash, b"n" | b"r" | b"t") => {}
            (Escape::Backslash, b"u") => {
                self.state = State::Picture(Escape::Unicode { digits: 0, value: 0 });
            }
            (Escape::Unicode { digits, value }, [byte]) => {
                let digit = char::from(*byte).to_digit(16);
                self.spoiled |= digit.is_none();
                let value = value * 16 + digit.unwrap_or(0);
                if digits < 3 {
                    let digits = digits + 1;
                    self.state = State::Picture(Escape::Unicode { digits, value });
                } else {
                    self.unicode_digit(value);
                }
            }
            (Escape::None | Escape::Backslash | Escape::Unicode { .. }, _) => self.spoiled = true,
        }
    }

    fn unicode_digit(&mut self, value: u32) {
        match u8::try_from(value) {
            Ok(b'\n' | b'\r' | b'\t' | b' ') => {}
            Ok(digit) => self.decode(&[digit]),
            Err(_) => self.spoiled = true,
        }
    }

    fn decode(&mut self, digits: &[u8]) {
        if self.spoiled {
            return;
        }
        let before = self.out.len();
        self.spoiled |= self.decoder.push(digits, &mut self.out).is_err();
        self.count_from(before);
    }

    fn end_picture(&mut self) {
        let before = self.out.len();
        if !self.spoiled {
            self.spoiled |= self.decoder.finish(&mut self.out).is_err();
        }
        self.count_from(before);
        self.end_string();
    }

    fn count_from(&mut self, before: usize) {
        let grown = self.out.len().saturating_sub(before);
        self.picture_bytes += u64::try_from(grown).unwrap_or(u64::MAX);
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.rest.len() + bytes.len() > REST_BYTES_MAX {
            self.spoiled = true;
        } else {
            self.rest.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(document: &str) -> (String, Vec<u8>, bool) {
        let mut scanner = Scanner::new();
        for byte in document.as_bytes() {
            scanner.feed(&[*byte]);
        }
        assert!(scanner.is_complete(), "{document}");
        let picture = scanner.take_piece().to_vec();
        let scanned = scanner.take();
        assert_eq!(scanned.picture_bytes, picture.len() as u64);
        let whole = {
            let mut scanner = Scanner::new();
            scanner.feed(document.as_bytes());
            scanner.take_piece().to_vec()
        };
        assert_eq!(picture, whole, "bytewise and at once are the same");
        (String::from_utf8(scanned.rest).unwrap(), picture, scanned.spoiled)
    }

    #[test]
    fn the_picture_goes_out_and_the_rest_stays() {
        let cases = [
            (r#"{"a": 1, "b64_json" : "aGk=", "c": "d"}"#, r#"{"a":1,"b64_json":"","c":"d"}"#),
            (r#"{"data":[{"b64_json":"aGk="}]}"#, r#"{"data":[{"b64_json":""}]}"#),
            (
                r#"{"data":[{"b64_json":"aGk"},{"b64_json":"eW8="}]}"#,
                r#"{"data":[{"b64_json":""},{"b64_json":""}]}"#,
            ),
            (r#"{"url":"data:image/png;base64,aGk="}"#, r#"{"url":""}"#),
            (r#"{"b64_json":"data:image/png;base64,aGk="}"#, r#"{"b64_json":""}"#),
            (
                r#"{"b64_json":null,"url":"data:image\/png;base64,aGk="}"#,
                r#"{"b64_json":null,"url":""}"#,
            ),
            (
                r#"{"b64_json":"aG\nk=","url":"data:image/png;base64,eW8="}"#,
                r#"{"b64_json":"","url":""}"#,
            ),
            (r#"{"b64_json":"a\u0047k\u003d"}"#, r#"{"b64_json":""}"#),
        ];
        for (document, rest) in cases {
            assert_eq!(scan(document), (rest.to_owned(), b"hi".to_vec(), false), "{document}");
        }
    }

    #[test]
    fn only_a_value_of_that_name_is_a_picture() {
        let cases = [
            r#"{"a":"b64_json","b":"aGk="}"#,
            r#"{"b64_json":null,"b":"aGk="}"#,
            r#"{"b64_json":["aGk="]}"#,
            r#"{"a":"\"b64_json\":\"aGk=\"","b":"\\"}"#,
            r#"{"x":"}","y":["]","{"]}"#,
            r#"{"url":"https://a.example/b.png","revised_prompt":"data:x"}"#,
            r#"{"url":"dat"}"#,
            r#"{"url":"\"ata:"}"#,
        ];
        for document in cases {
            assert_eq!(scan(document), (document.to_owned(), vec![], false));
        }
    }

    #[test]
    fn slashes_and_pluses_may_be_escaped() {
        let (_, picture, spoiled) = scan(r#"{"b64_json":"+/\u002B\/+\u002f\u002b\u002F"}"#);
        assert_eq!(picture, [0xfb, 0xff, 0xbf, 0xfb, 0xff, 0xbf]);
        assert!(!spoiled);
    }

    #[test]
    fn what_is_no_picture_spoils_the_document_but_not_its_end() {
        for picture in ["a b=", r"\q", r"\u00zz", r"\u72d0", "aGk=aGk="] {
            let (rest, _, spoiled) = scan(&format!(r#"{{"b64_json":"{picture}","a":1}}"#));
            assert_eq!((rest.as_str(), spoiled), (r#"{"b64_json":"","a":1}"#, true), "{picture}");
        }
    }

    #[test]
    fn the_rest_has_a_limit_and_space_does_not_count() {
        let mut scanner = Scanner::new();
        scanner.feed("{\"a\":".as_bytes());
        for _ in 0..100 {
            scanner.feed(&[b' '; 10_000]);
        }
        scanner.feed(b"\"");
        assert!(!scanner.spoiled && scanner.rest.len() < 100);
        for _ in 0..100 {
            scanner.feed(&[b'x'; 10_000]);
        }
        scanner.feed(b"\"}");
        assert!(scanner.is_complete());
        let scanned = scanner.take();
        assert!(scanned.spoiled && scanned.rest.len() <= REST_BYTES_MAX);
    }

    #[test]
    fn the_document_ends_with_its_last_bracket() {
        let mut scanner = Scanner::new();
        assert_eq!(scanner.feed(b" {\"a\":{}} {\"b\":1}"), 9);
    }
}
