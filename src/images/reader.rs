//! The body of an answer, JSON or server-sent events, as it arrives: pieces of picture and
//! documents come out.
//!
//! Cost: each byte is looked at once, whatever the chunks. One event of 16 MiB in chunks of 8 KiB
//! (the test `a_line_of_16_mib_is_read_in_one_pass`) takes tens of milliseconds; a reader that
//! starts the line over at every chunk took 14 s.

use bytes::{Buf, Bytes};

use super::lines::{Field, Lines};
use super::scan::{Scanned, Scanner};

/// Largest piece of picture handed on, bytes.
pub const PIECE_BYTES_MAX: usize = 64 * 1024;

/// How much is read between two looks at whether a piece is due: with [`PIECE_BYTES`] it keeps
/// pieces under [`PIECE_BYTES_MAX`], as base64 shrinks by a quarter.
const WINDOW_BYTES: usize = 32 * 1024;
/// A piece is handed on from this size, bytes; smaller only at the end of a picture.
const PIECE_BYTES: usize = 36 * 1024;
/// The longest event name of the API has 32 characters.
const EVENT_NAME_BYTES_MAX: usize = 64;

/// The reader of one body.
#[derive(Debug)]
pub struct BodyReader {
    shape: Shape,
    lines: Lines,
    scanner: Scanner,
    event: Vec<u8>,
    /// The document is over and is told next, after the last piece of its picture.
    ending: bool,
}

/// What the reader came upon.
#[derive(Debug)]
pub enum Found {
    /// The next piece of a picture.
    Piece(Bytes),
    /// The end of a document. The pieces since the last one are its picture.
    Document(Document),
}

/// A JSON document: the whole body, or the data of one event.
#[derive(Debug)]
pub struct Document {
    /// The event's name; `None` for a body that is no event stream.
    pub event: Option<String>,
    /// What it says.
    pub scanned: Scanned,
}

/// What kind of body it is, as told by its first character: gateways state media types at will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Nothing but space so far.
    Unknown,
    /// One JSON document.
    Json,
    /// Server-sent events.
    Events,
    /// Neither: a page of HTML, most likely.
    Neither,
}

impl Default for BodyReader {
    fn default() -> Self {
        Self::new()
    }
}

impl BodyReader {
    /// Awaits a body.
    pub fn new() -> Self {
        Self {
            shape: Shape::Unknown,
            lines: Lines::new(),
            scanner: Scanner::new(),
            event: Vec::new(),
            ending: false,
        }
    }

    /// What kind of body it is, as far as is known.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Whether a document has begun, so that its rest should follow at once.
    pub fn is_within_document(&self) -> bool {
        self.scanner.has_begun()
    }

    /// Reads on in `input`; `None` when all of it is used up.
    pub fn next(&mut self, input: &mut Bytes) -> Option<Found> {
        loop {
            let waiting = self.scanner.waiting();
            if waiting >= PIECE_BYTES || (self.ending && waiting > 0) {
                return Some(Found::Piece(self.scanner.take_piece()));
            }
            if std::mem::take(&mut self.ending) {
                return Some(Found::Document(self.take_document()));
            }
            let window = input.get(..input.len().min(WINDOW_BYTES)).unwrap_or_default();
            if window.is_empty() {
                return None;
            }
            let used = match self.shape {
                Shape::Unknown => self.tell_shape(window),
                Shape::Json => self.read_json(window),
                Shape::Events => self.read_events(window),
                Shape::Neither => window.len(),
            };
            input.advance(used);
        }
    }

    /// Says that nothing more comes. An event that lacks only its blank line still counts; call
    /// [`next`](Self::next) until it has nothing more.
    pub fn finish(&mut self) {
        self.ending = self.scanner.is_complete();
    }

    fn tell_shape(&mut self, window: &[u8]) -> usize {
        // Space for keeping the connection alive, and a byte order mark.
        let is_nothing = |byte: &u8| byte.is_ascii_whitespace() || b"\xef\xbb\xbf".contains(byte);
        let skipped = window.iter().take_while(|byte| is_nothing(byte)).count();
        self.shape = match window.get(skipped) {
            None => Shape::Unknown,
            Some(b'{') => Shape::Json,
            // data, event, id, retry, comment
            Some(b'd' | b'e' | b'i' | b'r' | b':') => Shape::Events,
            Some(_) => Shape::Neither,
        };
        skipped
    }

    fn read_json(&mut self, window: &[u8]) -> usize {
        let used = self.scanner.feed(window);
        self.ending = self.scanner.is_complete();
        used
    }

    fn read_events(&mut self, window: &[u8]) -> usize {
        let mut left = window;
        match self.lines.next(&mut left) {
            Some(Field::Event(name)) => {
                let room = EVENT_NAME_BYTES_MAX.saturating_sub(self.event.len());
                self.event.extend(name.iter().take(room));
            }
            Some(Field::DataBegins) => {
                self.scanner.feed(b"\n");
            }
            Some(Field::Data(data)) => {
                self.scanner.feed(data);
            }
            Some(Field::Blank) if self.scanner.has_begun() => self.ending = true,
            Some(Field::EventBegins | Field::Blank) => self.event.clear(),
            None => {}
        }
        window.len() - left.len()
    }

    fn take_document(&mut self) -> Document {
        let name = std::mem::take(&mut self.event);
        let event = match self.shape {
            Shape::Events => Some(String::from_utf8_lossy(&name).into_owned()),
            Shape::Unknown | Shape::Json | Shape::Neither => None,
        };
        Document { event, scanned: self.scanner.take() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use base64::prelude::*;
    use proptest::prelude::*;

    use super::*;

    /// What a body holds: per document its event, its rest and its picture.
    type Read = Vec<(Option<String>, String, Vec<u8>)>;

    fn read(chunks: impl IntoIterator<Item = Bytes>) -> Read {
        let (mut reader, mut read, mut picture) = (BodyReader::new(), Vec::new(), Vec::new());
        let mut drain = |reader: &mut BodyReader, mut chunk: Bytes| {
            while let Some(found) = reader.next(&mut chunk) {
                match found {
                    Found::Piece(piece) => {
                        assert!(piece.len() <= PIECE_BYTES_MAX && !piece.is_empty());
                        picture.extend_from_slice(&piece);
                    }
                    Found::Document(document) => {
                        assert!(!document.scanned.spoiled);
                        let rest = String::from_utf8(document.scanned.rest).unwrap();
                        read.push((document.event, rest, std::mem::take(&mut picture)));
                    }
                }
            }
        };
        for chunk in chunks {
            drain(&mut reader, chunk);
        }
        reader.finish();
        drain(&mut reader, Bytes::new());
        read
    }

    fn noise(length: usize) -> Vec<u8> {
        (0_u32..).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0]).take(length).collect()
    }

    fn stream(end: &str, partial: &[u8], last: &[u8]) -> String {
        let (partial, last) = (BASE64_STANDARD.encode(partial), BASE64_STANDARD.encode(last));
        [
            ": 狐狸",
            "",
            "event: image_generation.partial_image",
            &format!(r#"data: {{"type":"image_generation.partial_image","b64_json":"{partial}"}}"#),
            "",
            "event:image_generation.completed",
            r#"data: {"b64_json":"#,
            &format!(r#"data:"{last}","revised_prompt":"狐狸 \"x\"","#),
            r#"data: "type":"image_generation.completed"}"#,
            "",
            "data: [DONE]",
            "",
            "",
        ]
        .join(end)
    }

    fn expected(partial: &[u8], last: &[u8]) -> Read {
        vec![
            (
                Some("image_generation.partial_image".into()),
                r#"{"type":"image_generation.partial_image","b64_json":""}"#.into(),
                partial.to_vec(),
            ),
            (
                Some("image_generation.completed".into()),
                concat!(
                    r#"{"b64_json":"","revised_prompt":"狐狸 \"x\"","#,
                    r#""type":"image_generation.completed"}"#
                )
                .into(),
                last.to_vec(),
            ),
            (Some(String::new()), "[DONE]".into(), vec![]),
        ]
    }

    fn cut(body: &[u8], cuts: &[prop::sample::Index]) -> Vec<Bytes> {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        cuts.windows(2).map(|pair| Bytes::copy_from_slice(&body[pair[0]..pair[1]])).collect()
    }

    proptest! {
        #[test]
        fn events_read_the_same_wherever_chunks_end(
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
            end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
            length in 0_usize..300,
        ) {
            let (partial, last) = (noise(length), noise(length / 2 + 1));
            let body = stream(end, &partial, &last);
            prop_assert_eq!(read(cut(body.as_bytes(), &cuts)), expected(&partial, &last));
        }

        #[test]
        fn a_document_reads_the_same_wherever_chunks_end(
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
            length in 0_usize..300,
        ) {
            let picture = noise(length);
            let body = format!(
                " \n{{ \"created\": 1, \"data\": [ {{ \"b64_json\": \"{}\" }} ], \"é\": \"狐\" }}\n",
                BASE64_STANDARD.encode(&picture).replace('/', "\\/").replace('+', "\\u002B"),
            );
            let rest = r#"{"created":1,"data":[{"b64_json":""}],"é":"狐"}"#;
            prop_assert_eq!(
                read(cut(body.as_bytes(), &cuts)),
                vec![(None, rest.to_owned(), picture)]
            );
        }

        #[test]
        fn no_bytes_make_it_panic_or_grow(
            body in prop::collection::vec(
                prop::sample::select(b"{}[]\"\\:,u0d=aA/ \n\rdat{\"b64_json\":\"".to_vec()), 0..300),
            size in 1_usize..40,
        ) {
            let mut reader = BodyReader::new();
            for chunk in body.chunks(size) {
                let mut chunk = Bytes::copy_from_slice(chunk);
                while reader.next(&mut chunk).is_some() {}
            }
            reader.finish();
            while reader.next(&mut Bytes::new()).is_some() {}
        }
    }

    #[test]
    fn pieces_stay_small_however_large_the_chunk() {
        let (partial, last) = (noise(1_000_003), noise(777_777));
        let body = Bytes::from(stream("\n", &partial, &last));
        assert_eq!(read([body]), expected(&partial, &last));
    }

    #[test]
    fn a_line_of_16_mib_is_read_in_one_pass() {
        let picture = noise(12 * 1024 * 1024);
        let body = Bytes::from(stream("\n", b"", &picture));
        let timed = |size: usize| {
            let started = Instant::now();
            let chunks = (0..body.len()).step_by(size);
            let read = read(chunks.map(|at| body.slice(at..body.len().min(at + size))));
            assert!(read[1].2 == picture);
            started.elapsed()
        };
        let (whole, chunked) = (timed(body.len()), timed(8192));
        println!("{} bytes: {whole:?} at once, {chunked:?} in chunks of 8192", body.len());
        // Starting the line over at every chunk would be a thousand times the work.
        assert!(chunked < whole * 20 + Duration::from_secs(1), "{whole:?}, {chunked:?}");
    }

    #[test]
    fn an_event_without_its_blank_line_still_counts() {
        let read = read([Bytes::from_static(b"data: {\"b64_json\":\"aGk=\"}")]);
        assert_eq!(read, [(Some(String::new()), "{\"b64_json\":\"\"}".into(), b"hi".to_vec())]);
    }

    #[test]
    fn the_first_character_tells_the_shape() {
        let cases = [
            ("  {", Shape::Json),
            ("\u{feff}{", Shape::Json),
            ("\r\n\r\nevent: x", Shape::Events),
            (": ping", Shape::Events),
            ("<html>", Shape::Neither),
            ("[1]", Shape::Neither),
            (" \n", Shape::Unknown),
        ];
        for (body, shape) in cases {
            let mut reader = BodyReader::new();
            let mut body = Bytes::from_static(body.as_bytes());
            while reader.next(&mut body).is_some() {}
            assert_eq!(reader.shape(), shape);
        }
    }
}
