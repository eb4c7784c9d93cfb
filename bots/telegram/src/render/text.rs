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
    let near = last_fit.saturating_sub(last_fit / 8);
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
