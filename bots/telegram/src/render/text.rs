//! Texts within the length that a message has room for, with their emphasis by offset.

use picdesk_core::channel::{Span, Style, Text};
use teloxide::types::{MessageEntity, MessageEntityKind};

/// Most entities in one message; further ones are ignored. Source: undocumented, as measured by
/// python-telegram-bot.
const ENTITIES_MAX: usize = 100;

/// What stands where a text was cut.
const ELLIPSIS: &str = "…";

/// A text of at most `units_max` UTF-16 code units, and what stands out in it. A longer one is cut
/// between words, else between what a reader takes for one character, and ends with an ellipsis.
pub(super) fn fit(text: &Text, units_max: usize) -> (String, Vec<MessageEntity>) {
    // A text has at least as many bytes as units, so most need not be counted.
    let end = if text.text.len() <= units_max {
        text.text.len()
    } else {
        cut(&text.text, units_max).unwrap_or(text.text.len())
    };
    let entities = entities(&text.text, &text.spans, end);
    let whole = end == text.text.len();
    let mut shown = text.text[..end].to_owned();
    if !whole {
        shown.push_str(ELLIPSIS);
    }
    (shown, entities)
}

/// Where to cut so that an ellipsis still fits; nothing when the text fits as it is.
fn cut(text: &str, units_max: usize) -> Option<usize> {
    let room = units_max - ELLIPSIS.encode_utf16().count();
    let (mut units, mut last_fit, mut last_gap) = (0, 0, 0);
    let mut before = None;
    for (byte, c) in text.char_indices() {
        if units <= room {
            if is_border(before, c) {
                last_fit = byte;
            }
            if c.is_whitespace() {
                last_gap = byte;
            }
        }
        units += c.len_utf16();
        before = Some(c);
    }
    if units <= units_max {
        return None;
    }
    // A gap far back (Chinese, one long word) would give away too much.
    let near = last_fit.saturating_sub(last_fit / 4);
    Some(if last_gap >= near && last_gap > 0 { last_gap } else { last_fit })
}

/// Whether a reader sees two characters here rather than one: nothing that joins or modifies.
fn is_border(before: Option<char>, c: char) -> bool {
    let joins = |c: char| {
        matches!(c,
            '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20f0}'
            | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}' | '\u{1f1e6}'..='\u{1f1ff}')
    };
    !joins(c) && before != Some('\u{200d}')
}

/// What stands out in the first `end` bytes, by UTF-16 code units. Empty and impossible spans
/// (outside the text, within a character) are left out.
fn entities(text: &str, spans: &[Span], end: usize) -> Vec<MessageEntity> {
    let mut spans: Vec<&Span> = spans.iter().filter(|span| is_possible(text, span)).collect();
    spans.sort_by_key(|span| (span.start, span.end));
    let mut entities = Vec::with_capacity(spans.len().min(ENTITIES_MAX));
    // Spans begin one after the other, so that the text before them is counted once.
    let (mut byte, mut offset) = (0, 0);
    for span in spans.into_iter().take(ENTITIES_MAX) {
        let span_end = span.end.min(end);
        if span.start >= span_end {
            continue;
        }
        offset += units(&text[byte..span.start]);
        byte = span.start;
        let kind = match span.style {
            Style::Italic => MessageEntityKind::Italic,
            Style::Bold => MessageEntityKind::Bold,
            Style::Code => MessageEntityKind::Code,
        };
        let length = units(&text[span.start..span_end]);
        entities.push(MessageEntity::new(kind, offset, length));
    }
    entities
}

fn is_possible(text: &str, span: &Span) -> bool {
    span.start < span.end && text.is_char_boundary(span.start) && text.is_char_boundary(span.end)
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// The same by the slow and certain way: every prefix is encoded anew.
    fn naive(text: &str, span: &Span) -> (usize, usize) {
        let units = |end: usize| text[..end].encode_utf16().count();
        (units(span.start), units(span.end) - units(span.start))
    }

    fn length(text: &str) -> usize {
        text.encode_utf16().count()
    }

    proptest! {
        #[test]
        fn offsets_are_those_of_utf_16(
            text in "[a-z🦊é雪\u{200d}\u{fe0f}👩🏽\\n ]{0,60}",
            ends in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..8),
        ) {
            let borders: Vec<usize> =
                text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
            let mut spans: Vec<Span> = ends
                .iter()
                .map(|(one, other)| (*one.get(&borders), *other.get(&borders)))
                .map(|(one, other)| Span {
                    start: one.min(other), end: one.max(other), style: Style::Bold,
                })
                .collect();
            let (shown, entities) =
                fit(&Text { text: text.clone(), spans: spans.clone() }, 4096);
            prop_assert_eq!(shown, text.clone());
            spans.retain(|span| span.start < span.end);
            spans.sort_by_key(|span| (span.start, span.end));
            let made: Vec<_> = entities.iter().map(|e| (e.offset, e.length)).collect();
            let expected: Vec<_> = spans.iter().map(|span| naive(&text, span)).collect();
            prop_assert_eq!(made, expected);
        }

        #[test]
        fn a_cut_text_fits_and_is_a_beginning(
            text in "[a-z🦊é雪\u{200d}\u{fe0f}👩🏽\\n ]{0,200}",
            units_max in 2_usize..80,
            start in 0_usize..100,
            end in 0_usize..400,
        ) {
            let span = Span { start, end, style: Style::Italic };
            let (shown, entities) = fit(&Text { text: text.clone(), spans: vec![span] }, units_max);
            prop_assert!(length(&shown) <= units_max);
            match shown.strip_suffix(ELLIPSIS) {
                None => prop_assert_eq!(&shown, &text),
                Some(kept) => prop_assert!(text.starts_with(kept)),
            }
            for entity in entities {
                prop_assert!(entity.offset + entity.length <= length(&shown));
            }
        }
    }

    #[test]
    fn a_text_is_cut_between_words_where_they_are_near() {
        let cut = |text: &str, max| fit(&Text::plain(text), max).0;
        assert_eq!(cut("a fox in the snow", 17), "a fox in the snow");
        assert_eq!(cut("a fox in the snow", 16), "a fox in the…");
        assert_eq!(cut("snowsnowsnowsnow fox", 12), "snowsnowsno…");
        assert_eq!(cut("雪地里的一只狐狸", 5), "雪地里的…");
        assert_eq!(cut("a wordthatislongerthananyother", 20), "a wordthatislongert…");
    }

    #[test]
    fn what_looks_like_one_character_is_not_cut_apart() {
        let family = "👩\u{200d}👩\u{200d}👧";
        assert_eq!(length(family), 8);
        let text = ["xxxx", family, family].concat();
        for max in 5..=19 {
            let shown = fit(&Text::plain(&*text), max).0;
            let kept = shown.trim_end_matches(ELLIPSIS).trim_start_matches('x');
            assert_eq!(kept.len() % family.len(), 0, "{shown} at {max}");
        }
        assert_eq!(fit(&Text::plain("e\u{301}e\u{301}e\u{301}"), 4).0, "e\u{301}…");
    }

    #[test]
    fn a_span_that_is_not_in_the_text_is_left_out() {
        let span = |start, end| Span { start, end, style: Style::Code };
        let spans = vec![span(0, 2), span(1, 1), span(3, 2), span(9, 12), span(4, 5)];
        let entities = fit(&Text { text: "é🦊".into(), spans }, 4096).1;
        assert_eq!(entities, [MessageEntity::new(MessageEntityKind::Code, 0, 1)]);
    }

    #[test]
    fn no_more_entities_than_telegram_reads() {
        let spans = (0..300).map(|i| Span { start: i, end: i + 1, style: Style::Bold }).collect();
        let text = Text { text: "x".repeat(300), spans };
        assert_eq!(fit(&text, 4096).1.len(), ENTITIES_MAX);
    }
}
