//! The little XML that callbacks are made of, and the little that comes back.

use std::fmt::Write as _;

/// An element under construction: `<xml>` with its fields in order.
#[derive(Debug, Default)]
pub struct Xml(String);

impl Xml {
    /// An empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// A field whose text stands in CDATA, as all texts of the real ones do.
    #[must_use]
    pub fn text(mut self, name: &str, text: &str) -> Self {
        // A text that holds the end mark is split between two sections.
        let text = text.replace("]]>", "]]]]><![CDATA[>");
        _ = write!(self.0, "<{name}><![CDATA[{text}]]></{name}>");
        self
    }

    /// A field whose number stands bare.
    #[must_use]
    pub fn number(mut self, name: &str, number: impl std::fmt::Display) -> Self {
        _ = write!(self.0, "<{name}>{number}</{name}>");
        self
    }

    /// A field with fields of its own.
    #[must_use]
    pub fn within(mut self, name: &str, inner: &Self) -> Self {
        _ = write!(self.0, "<{name}>{}</{name}>", inner.0);
        self
    }

    /// The whole document.
    pub fn document(&self) -> String {
        format!("<xml>{}</xml>", self.0)
    }
}

/// The text of the first element of a name, out of CDATA and without entities; none when there is
/// no such element. Enough for what a desk answers, and no more.
pub fn field(document: &str, name: &str) -> Option<String> {
    let (_, rest) = document.split_once(&format!("<{name}>"))?;
    let (inner, _) = rest.split_once(&format!("</{name}>"))?;
    let inner = inner.trim();
    if !inner.contains("<![CDATA[") {
        let plain = inner.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        return Some(plain.replace("&apos;", "'").replace("&amp;", "&"));
    }
    let parts = inner.split("<![CDATA[").skip(1);
    Some(parts.filter_map(|part| Some(part.split_once("]]>")?.0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_the_end_mark_in_it_comes_back_whole() {
        for text in ["a fox", "]]>", "a]]>b]]>c", "<b>&amp;</b>", ""] {
            let document = Xml::new().text("Content", text).number("CreateTime", 7).document();
            assert_eq!(field(&document, "Content").unwrap(), text);
            assert_eq!(field(&document, "CreateTime").unwrap(), "7");
        }
        assert_eq!(field("<xml><A>x &amp; &lt;y&gt;</A></xml>", "A").unwrap(), "x & <y>");
        assert!(field("<xml></xml>", "A").is_none());
    }
}
