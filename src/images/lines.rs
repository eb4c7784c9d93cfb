//! Server-sent events, cut into fields as their bytes arrive.
//!
//! Nothing is kept but the beginning of a field's name: an image event is one line of many
//! megabytes, and a reader that looks at the unfinished line again with every chunk takes seconds
//! of CPU for it. Here each byte is looked at once. Source of the format: WHATWG HTML,
//! "Server-sent events", interpreting an event stream.

use memchr::memchr2;

/// A piece of an event stream. Values come in as many pieces as they arrived in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Field<'a> {
    /// A line that names the event begins; its name follows.
    EventBegins,
    /// A piece of the event's name.
    Event(&'a [u8]),
    /// A line of data begins. Where one went before, the two are joined by a line feed.
    DataBegins,
    /// A piece of the data.
    Data(&'a [u8]),
    /// An empty line: the event is whole.
    Blank,
}

/// Where in an event stream we are.
#[derive(Debug)]
pub(super) struct Lines {
    at: At,
    /// The last byte was a carriage return: a line feed now belongs to the same line end.
    after_cr: bool,
}

#[derive(Debug, Clone, Copy)]
enum At {
    /// In a line's name, before the colon.
    Name(Name),
    /// Just behind the colon, where one space does not count.
    Colon(Kind),
    /// In the value, up to the end of the line.
    Value(Kind),
}

/// A field's name, as far as it could still be one of ours.
#[derive(Debug, Clone, Copy)]
struct Name {
    bytes: [u8; 5],
    length: usize,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Event,
    Data,
    /// `id`, `retry`, comments and what else may come.
    Other,
}

impl Lines {
    /// Stands at the beginning of a stream.
    pub(super) fn new() -> Self {
        Self { at: At::Name(Name::EMPTY), after_cr: false }
    }

    /// Takes the next piece off the front of `input`; `None` when all of it is used up.
    pub(super) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Option<Field<'a>> {
        loop {
            let (&byte, rest) = input.split_first()?;
            if std::mem::take(&mut self.after_cr) && byte == b'\n' {
                *input = rest;
                continue;
            }
            let field = match self.at {
                At::Name(name) => {
                    *input = rest;
                    self.name_byte(name, byte)
                }
                At::Colon(kind) => {
                    if byte == b' ' {
                        *input = rest;
                    }
                    self.at = At::Value(kind);
                    match kind {
                        Kind::Event => Some(Field::EventBegins),
                        Kind::Data => Some(Field::DataBegins),
                        Kind::Other => None,
                    }
                }
                At::Value(kind) => self.value(kind, input),
            };
            if field.is_some() {
                return field;
            }
        }
    }

    fn name_byte(&mut self, name: Name, byte: u8) -> Option<Field<'static>> {
        match byte {
            b':' => self.at = At::Colon(name.kind()),
            b'\n' | b'\r' => {
                self.end_line(byte);
                return (name.length == 0).then_some(Field::Blank);
            }
            _ => self.at = At::Name(name.with(byte)),
        }
        None
    }

    fn value<'a>(&mut self, kind: Kind, input: &mut &'a [u8]) -> Option<Field<'a>> {
        let length = memchr2(b'\n', b'\r', input).unwrap_or(input.len());
        let (value, rest) = input.split_at(length);
        *input = rest;
        if value.is_empty() {
            if let Some((&byte, rest)) = input.split_first() {
                *input = rest;
                self.end_line(byte);
            }
            return None;
        }
        match kind {
            Kind::Event => Some(Field::Event(value)),
            Kind::Data => Some(Field::Data(value)),
            Kind::Other => None,
        }
    }

    fn end_line(&mut self, end: u8) {
        self.after_cr = end == b'\r';
        self.at = At::Name(Name::EMPTY);
    }
}

impl Name {
    const EMPTY: Self = Self { bytes: [0; 5], length: 0 };

    fn with(mut self, byte: u8) -> Self {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
        }
        self.length = self.length.saturating_add(1);
        self
    }

    fn kind(self) -> Kind {
        match self.bytes.get(..self.length) {
            Some(b"event") => Kind::Event,
            Some(b"data") => Kind::Data,
            _ => Kind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a stream cut at `cuts` into (name, data) per event, as a browser would.
    fn events(stream: &[u8], cuts: &[usize]) -> Vec<(String, String)> {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let (mut lines, mut events) = (Lines::new(), Vec::new());
        let (mut name, mut data) = (Vec::new(), Vec::new());
        for pair in cuts.windows(2) {
            let mut input = &stream[pair[0]..pair[1]];
            while let Some(field) = lines.next(&mut input) {
                match field {
                    Field::EventBegins => name.clear(),
                    Field::Event(piece) => name.extend_from_slice(piece),
                    Field::DataBegins if data.is_empty() => {}
                    Field::DataBegins => data.push(b'\n'),
                    Field::Data(piece) => data.extend_from_slice(piece),
                    Field::Blank => events.push((
                        String::from_utf8(std::mem::take(&mut name)).unwrap(),
                        String::from_utf8(std::mem::take(&mut data)).unwrap(),
                    )),
                }
            }
        }
        events
    }

    fn event(name: &str, data: &str) -> (String, String) {
        (name.to_owned(), data.to_owned())
    }

    #[test]
    fn every_line_end_ends_a_line() {
        for end in ["\n", "\r\n", "\r"] {
            let stream = format!("event: a{end}data: 1{end}{end}data:2{end}data: 3{end}{end}");
            assert_eq!(events(stream.as_bytes(), &[]), [event("a", "1"), event("", "2\n3")]);
        }
    }

    #[test]
    fn comments_and_other_fields_are_passed_over() {
        let stream = b": still here\n:\nid: 7\nretry: 10\ndatabase: no\nevents: no\ndata\nevent\n\
            data:  two spaces\n\n";
        assert_eq!(events(stream, &[]), [event("", " two spaces")]);
    }

    #[test]
    fn an_unfinished_event_is_not_told() {
        assert_eq!(events(b"data: 1\n", &[]), []);
        assert_eq!(events(b"data: 1", &[]), []);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_chunks_end(cuts in prop::collection::vec(0_usize..400, 0..40)) {
            let stream = "event: image.partial\r\ndata: {\"a\":\"狐狸\"}\r\n\r\n: ping\r\n\r\n\
                event: done\rdata: é\rdata: \u{1f98a}\r\revent: x\ndata: [DONE]\n\n".as_bytes();
            prop_assert_eq!(
                events(stream, &cuts),
                [
                    event("image.partial", "{\"a\":\"狐狸\"}"), event("", ""),
                    event("done", "é\n\u{1f98a}"), event("x", "[DONE]"),
                ]
            );
        }
    }
}
