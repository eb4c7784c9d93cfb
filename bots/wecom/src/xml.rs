//! XML as WeCom writes it: one element with texts under it. A small loop over what the tokenizer
//! finds, and no more: the outer envelope must be read before its signature can be checked, so
//! this meets whatever anybody likes to send.
//!
//! Refused: document types, processing instructions, entities of one's own, anything but UTF-8,
//! NUL, depth, long names, many elements, the same field twice, text where none belongs. Attributes
//! are not looked at, however many there are: reading them is where other readers lose seconds.
//! The five entities that XML has by itself and characters by number are read, since a sender may
//! write any text with them.

use std::borrow::Cow;

use quick_xml::{
    Reader,
    events::{BytesRef, Event},
};

/// Longest name of an element, bytes. The longest that WeCom has is 22.
const NAME_BYTES_MAX: usize = 32;
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
    if text.as_bytes().contains(&0) {
        return Err(NotRead);
    }
    let mut reader = Reader::from_str(text);
    let mut walk =
        Walk { from, depth: 0, elements: 0, begun: false, done: false, fields: Vec::new() };
    loop {
        match reader.read_event().map_err(|_| NotRead)? {
            Event::Start(start) => walk.open(name(text, start.name().into_inner())?)?,
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
