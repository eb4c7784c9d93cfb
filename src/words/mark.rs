//! Emphasis on its way from the text files to byte offsets.
//!
//! While a text is put together, private-use characters stand around what stands out. Everything
//! a person wrote is cleaned of them first, so the only marks in a text are ours.

use picdesk_core::channel::{Span, Style, Text};

use super::clean::whole_end;

const ITALIC: char = '\u{E000}';
const BOLD: char = '\u{E001}';
const CODE: char = '\u{E002}';
const END: char = '\u{E003}';

/// Whether a character is one of the marks.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c, ITALIC | BOLD | CODE | END)
}

/// A part that stands out.
pub(super) fn marked(style: Style, part: &str) -> String {
    let start = match style {
        Style::Italic => ITALIC,
        Style::Bold => BOLD,
        Style::Code => CODE,
    };
    let mut marked = String::with_capacity(part.len() + 2 * END.len_utf8());
    marked.push(start);
    marked.push_str(part);
    marked.push(END);
    marked
}

/// The text without its marks, and where they stood. An empty part does not stand out.
pub(super) fn unmark(marked: String) -> Text {
    if !marked.contains(is_mark) {
        return Text::plain(marked);
    }
    let mut text = String::with_capacity(marked.len());
    let mut spans = Vec::new();
    let mut open = Vec::new();
    let mut rest = marked.as_str();
    while let Some((before, mark, after)) = split_at_mark(rest) {
        text.push_str(before);
        match mark {
            Mark::Start(style) => open.push((text.len(), style)),
            Mark::End => {
                if let Some((start, style)) = open.pop()
                    && start < text.len()
                {
                    spans.push(Span { start, end: text.len(), style });
                }
            }
        }
        rest = after;
    }
    text.push_str(rest);
    spans.sort_by_key(|span| (span.start, usize::MAX - span.end));
    Text { text, spans }
}

/// The text cut to `units_max` UTF-16 code units, with an ellipsis where something is missing.
#[must_use]
pub fn fit(text: Text, units_max: usize) -> Text {
    // A text never has more UTF-16 units than bytes.
    if text.text.len() <= units_max || text.text.encode_utf16().count() <= units_max {
        return text;
    }
    let mut units = 0;
    let room = text.text.char_indices().find_map(|(at, c)| {
        units += c.len_utf16();
        (units + 1 > units_max).then_some(at)
    });
    let end = whole_end(&text.text, room.unwrap_or(text.text.len()));
    let kept = text.text.get(..end).unwrap_or_default().trim_end();
    let spans = text.spans.into_iter().filter(|span| span.start < kept.len());
    let spans = spans.map(|span| Span { end: span.end.min(kept.len()), ..span }).collect();
    Text { text: format!("{kept}…"), spans }
}

enum Mark {
    Start(Style),
    End,
}

fn split_at_mark(text: &str) -> Option<(&str, Mark, &str)> {
    let at = text.find(is_mark)?;
    let (before, tail) = text.split_at_checked(at)?;
    let c = tail.chars().next()?;
    let mark = match c {
        ITALIC => Mark::Start(Style::Italic),
        BOLD => Mark::Start(Style::Bold),
        CODE => Mark::Start(Style::Code),
        _ => Mark::End,
    };
    Some((before, mark, tail.get(c.len_utf8()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_offsets() {
        let marked = format!("a {} b {}", marked(Style::Italic, "狐狸"), marked(Style::Bold, "2"));
        let text = unmark(marked);
        assert_eq!(text.text, "a 狐狸 b 2");
        let spans = [
            Span { start: 2, end: 8, style: Style::Italic },
            Span { start: 11, end: 12, style: Style::Bold },
        ];
        assert_eq!(text.spans, spans);
    }

    #[test]
    fn an_empty_part_does_not_stand_out() {
        assert_eq!(unmark(marked(Style::Code, "")), Text::plain(""));
    }

    #[test]
    fn a_cut_text_fits_with_its_spans() {
        let long = unmark(format!("{}{}", "x".repeat(8), marked(Style::Bold, "🦊🦊🦊")));
        let cut = fit(long, 13);
        assert_eq!(cut.text, "xxxxxxxx🦊🦊…");
        assert_eq!(cut.spans, [Span { start: 8, end: 16, style: Style::Bold }]);
        let gone = fit(unmark(format!("abcdef{}", marked(Style::Bold, "g"))), 6);
        assert_eq!(gone, Text::plain("abcde…"));
    }
}
