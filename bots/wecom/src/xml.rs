//! XML as WeCom writes it: one element with texts under it. A small loop over what the tokenizer
//! finds, and no more: the outer envelope must be read before its signature can be checked, so
//! this meets whatever anybody likes to send.
//!
//! Refused: document types, processing instructions, entities of one's own, anything but UTF-8,
//! NUL, depth, long names, long tags, many elements, the same field twice, text where none belongs.
//! WeCom writes no attributes. A few are passed over unread; a tag that is full of them is refused
//! where it becomes too long, for reading them is where other readers lose seconds.
//! The five entities that XML has by itself and characters by number are read, since a sender may
//! write any text with them.

use std::borrow::Cow;
use std::io::BufRead as _;

use memchr::memchr;
use quick_xml::{
    Reader,
    events::{BytesRef, Event},
};

/// Longest name of an element, bytes. The longest that WeCom has is 22.
const NAME_BYTES_MAX: usize = 32;
/// Longest tag, bytes. WeCom's are no longer than a name.
const TAG_BYTES_MAX: usize = 256;
/// Most fields. WeCom's largest message has 14.
const FIELDS_MAX: usize = 64;

/// Why something is not read as XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the XML that it should be")]
pub struct NotRead;

/// How much is borne with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Anybody: nothing is known about the sender yet.
    Anybody,
    /// WeCom, by its signature. Its cards are five deep, and one of its events names a field for
    /// each account it is about.
    WeCom,
}

impl From {
    /// The root counts as one.
    fn depth_max(self) -> usize {
        match self {
            Self::Anybody => 4,
            Self::WeCom => 8,
        }
    }

    fn elements_max(self) -> usize {
        match self {
            Self::Anybody => FIELDS_MAX,
            Self::WeCom => 512,
        }
    }

    fn may_repeat(self, name: &str) -> bool {
        self == Self::WeCom && matches!(name, "AuthAddOpenKfId" | "AuthDelOpenKfId")
    }
}

/// The texts directly under the root, by name, in order. What is nested deeper is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields<'x>(Vec<(&'x str, Cow<'x, str>)>);

impl Fields<'_> {
    /// The text of a field; empty when it is empty or not there.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// The text of a field, when it is there.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(one, _)| *one == name).map(|(_, text)| &**text)
    }

    /// The texts of a field that may be there several times.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(one, _)| *one == name).map(|(_, text)| &**text)
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads a document.
///
/// # Errors
/// For whatever is wrong, without a word about what.
pub fn read(text: &str, from: From) -> Result<Fields<'_>, NotRead> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if memchr(0, text.as_bytes()).is_some() {
        return Err(NotRead);
    }
    walk(text, from, &mut Reader::from_str(text))
}

fn walk<'x>(
    text: &'x str,
    from: From,
    reader: &mut Reader<&'x [u8]>,
) -> Result<Fields<'x>, NotRead> {
    let mut walk =
        Walk { from, depth: 0, elements: 0, begun: false, done: false, fields: Vec::new() };
    loop {
        refuse_long_tag(text, reader.buffer_position())?;
        match reader.read_event().map_err(|_| NotRead)? {
            Event::Start(start) => {
                walk.open(name(text, start.name().into_inner())?)?;
                take_cdata(text, reader, &mut walk)?;
            }
            Event::Empty(start) => {
                walk.open(name(text, start.name().into_inner())?)?;
                walk.close()?;
            }
            Event::End(_) => walk.close()?,
            Event::Text(words) => walk.text(words.into_inner())?,
            Event::CData(words) => walk.cdata(words.into_inner())?,
            Event::GeneralRef(entity) => walk.text(resolve(&entity)?)?,
            Event::Comment(_) if from == From::WeCom => {}
            Event::Decl(declaration) if !walk.begun && is_utf8(&declaration) => walk.begun = true,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {
                return Err(NotRead);
            }
            Event::Eof if walk.done => return Ok(Fields(walk.fields)),
            Event::Eof => return Err(NotRead),
        }
    }
}

/// Takes the CDATA that an element begins with. Most of what WeCom writes is in one, and it is
/// UTF-8 already: the tokenizer would look at every character once more.
fn take_cdata<'x>(
    text: &'x str,
    reader: &mut Reader<&'x [u8]>,
    walk: &mut Walk<'x>,
) -> Result<(), NotRead> {
    const BEGIN: &str = "<![CDATA[";
    const END: &str = "]]>";
    loop {
        let at = usize::try_from(reader.buffer_position()).map_err(|_| NotRead)?;
        let Some(inner) = text.get(at..).and_then(|rest| rest.strip_prefix(BEGIN)) else {
            return Ok(());
        };
        let mut length = 0;
        loop {
            let rest = inner.as_bytes().get(length..).ok_or(NotRead)?;
            length += memchr(b']', rest).ok_or(NotRead)?;
            if inner.as_bytes()[length..].starts_with(END.as_bytes()) {
                break;
            }
            length += 1;
        }
        walk.cdata(Cow::Borrowed(inner.get(..length).ok_or(NotRead)?))?;
        reader.stream().consume(BEGIN.len() + length + END.len());
    }
}

/// Refuses what begins at `position` if it is a tag without an end nearby.
fn refuse_long_tag(text: &str, position: u64) -> Result<(), NotRead> {
    let rest = usize::try_from(position).ok().and_then(|at| text.as_bytes().get(at..));
    let Some([b'<', tag @ ..]) = rest else { return Ok(()) };
    // Comments and CDATA begin so, and have an end of another kind.
    if tag.first() == Some(&b'!') {
        return Ok(());
    }
    let near = tag.get(..TAG_BYTES_MAX).unwrap_or(tag);
    let mut quote = None;
    for byte in near {
        match (quote, byte) {
            (None, b'>') => return Ok(()),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    Err(NotRead)
}

/// The name as a part of the document, which outlives the tokenizer's event.
fn name<'x>(text: &'x str, name: &str) -> Result<&'x str, NotRead> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(NotRead);
    }
    let at = (name.as_ptr() as usize).checked_sub(text.as_ptr() as usize).ok_or(NotRead)?;
    text.get(at..at + name.len()).ok_or(NotRead)
}

fn is_utf8(declaration: &quick_xml::events::BytesDecl<'_>) -> bool {
    match declaration.encoding() {
        None => true,
        Some(Ok(encoding)) => encoding.eq_ignore_ascii_case("utf-8"),
        Some(Err(_)) => false,
    }
}

fn resolve<'x>(entity: &BytesRef<'_>) -> Result<Cow<'x, str>, NotRead> {
    if let Some(character) = entity.resolve_char_ref().map_err(|_| NotRead)? {
        let is_text = matches!(character, '\t' | '\n' | '\r') || character >= ' ';
        let text = is_text && !matches!(character, '\u{fffe}' | '\u{ffff}');
        return text.then(|| Cow::Owned(character.to_string())).ok_or(NotRead);
    }
    Ok(Cow::Borrowed(match &*entity.borrow().into_inner() {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        _ => return Err(NotRead),
    }))
}

/// How far a document was read.
struct Walk<'x> {
    from: From,
    depth: usize,
    elements: usize,
    begun: bool,
    done: bool,
    fields: Vec<(&'x str, Cow<'x, str>)>,
}

impl<'x> Walk<'x> {
    fn open(&mut self, name: &'x str) -> Result<(), NotRead> {
        if self.done {
            return Err(NotRead);
        }
        self.begun = true;
        self.depth += 1;
        self.elements += 1;
        if self.depth > self.from.depth_max() || self.elements > self.from.elements_max() + 1 {
            return Err(NotRead);
        }
        if self.depth == 2 {
            let is_there = self.fields.iter().any(|(one, _)| *one == name);
            if self.fields.len() == FIELDS_MAX || (is_there && !self.from.may_repeat(name)) {
                return Err(NotRead);
            }
            if self.fields.is_empty() {
                self.fields.reserve(16);
            }
            self.fields.push((name, Cow::Borrowed("")));
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), NotRead> {
        self.depth = self.depth.checked_sub(1).ok_or(NotRead)?;
        self.done = self.depth == 0;
        Ok(())
    }

    fn text(&mut self, text: Cow<'x, str>) -> Result<(), NotRead> {
        match self.depth {
            2 => self.add(text),
            0 | 1 if !text.trim_ascii().is_empty() => return Err(NotRead),
            _ => {}
        }
        Ok(())
    }

    fn cdata(&mut self, text: Cow<'x, str>) -> Result<(), NotRead> {
        match self.depth {
            0 | 1 => return Err(NotRead),
            2 => self.add(text),
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, text: Cow<'x, str>) {
        let Some((_, field)) = self.fields.last_mut() else { return };
        if field.is_empty() {
            *field = text;
        } else {
            field.to_mut().push_str(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How far a document is read until it is refused, bytes.
    fn read_until_refused(text: &str) -> u64 {
        let mut reader = Reader::from_str(text);
        assert_eq!(walk(text, From::Anybody, &mut reader), Err(NotRead));
        reader.buffer_position()
    }

    #[test]
    fn a_flood_of_attributes_is_refused_where_it_begins() {
        let tag = |attributes: &str| format!("<xml><Encrypt{attributes}>x</Encrypt></xml>");
        let many = (0..10_000).map(|n| format!(" a{n}=\"\"")).collect::<Vec<_>>().concat();
        let floods = [
            tag(&many[..60_000]),
            tag(&" a=\"\"".repeat(10_000)),
            tag(&format!(" a=\"{}\"", "y".repeat(60_000))),
            tag(&format!(" a='{}'", ">".repeat(60_000))),
            tag(&" xmlns:a=\"b\"".repeat(4_000)),
        ];
        for flood in floods {
            let read = read_until_refused(&flood);
            assert!(read <= "<xml>".len() as u64, "{read} bytes of {}", flood.len());
        }
        let root = format!("<xml{}/>", &many[..60_000]);
        assert_eq!(read_until_refused(&root), 0);
        let end = format!("<xml></xml{}>", " ".repeat(60_000));
        assert_eq!(read_until_refused(&end), 5);
    }

    #[test]
    fn a_tag_may_be_as_long_as_the_limit() {
        let of = |blanks: usize| format!("<xml><T{}>x</T></xml>", " ".repeat(blanks));
        assert_eq!(read(&of(TAG_BYTES_MAX - 2), From::Anybody).map(|read| read.len()), Ok(1));
        assert_eq!(read(&of(TAG_BYTES_MAX - 1), From::Anybody), Err(NotRead));
    }
}
