//! Putting texts together and cutting them, emphasis and all.

use picdesk_core::channel::{Span, Text};

use super::clean::whole_end;

/// Puts one text behind another.
pub(super) fn append(text: &mut Text, more: &Text) {
    let shift = text.text.len();
    text.text.push_str(&more.text);
    let moved = |span: &Span| Span { start: span.start + shift, end: span.end + shift, ..*span };
    text.spans.extend(more.spans.iter().map(moved));
}

/// Texts with something between each two.
pub(super) fn joined(texts: &[Text], between: &str) -> Text {
    let mut texts = texts.iter();
    let mut joined = texts.next().cloned().unwrap_or_default();
    for text in texts {
        joined.text.push_str(between);
        append(&mut joined, text);
    }
    joined
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

#[cfg(test)]
mod tests {
    use picdesk_core::channel::Style;

    use super::*;

    fn bold(words: &str, start: usize, end: usize) -> Text {
        Text { text: words.into(), spans: vec![Span { start, end, style: Style::Bold }] }
    }

    #[test]
    fn emphasis_moves_along() {
        let text = joined(&[bold("狐狸", 0, 6), Text::default(), bold("a fox", 2, 5)], "\n");
        assert_eq!(text.text, "狐狸\n\na fox");
        let [first, second] = [(0, 6), (10, 13)];
        let spans = text.spans.iter().map(|span| (span.start, span.end));
        assert_eq!(spans.collect::<Vec<_>>(), [first, second]);
    }

    #[test]
    fn a_cut_text_fits_with_its_emphasis() {
        let cut = fit(bold("xxxxxxxx🦊🦊🦊", 8, 20), 13);
        assert_eq!(cut, bold("xxxxxxxx🦊🦊…", 8, 16));
        assert_eq!(fit(bold("abcdefg", 6, 7), 6), Text::plain("abcde…"));
    }
}
