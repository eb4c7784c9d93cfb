//! Words and pictures on their way to the desk, cut where they are too long for one message.

use alloc::{string::String, vec::Vec};

use crate::{
    channel::MediaRef,
    effect::Body,
    event::About,
    id::{ConversationId, EscalationId},
    say::Say,
    turn::{Reader, Turn},
};

/// Most UTF-16 code units of a customer's words in one message to the desk, beside their name.
/// Telegram's messages hold 4096 (Bot API, `sendMessage`).
const PART_UNITS_MAX: usize = 3_500;

/// Words in parts that fit into a message each, cut where a line or a word ends.
fn parts(words: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), words.trim());
    while !rest.is_empty() {
        let mut units = 0;
        let fits = |(at, letter): (usize, char)| {
            units += letter.len_utf16();
            (units > PART_UNITS_MAX).then_some(at)
        };
        let end = rest.char_indices().find_map(fits).unwrap_or(rest.len());
        let cut = if end == rest.len() {
            end
        } else {
            let (head, half) = (&rest[..end], end / 2);
            let space = head.rfind('\n').filter(|at| *at > half);
            space.or_else(|| head.rfind(char::is_whitespace).filter(|at| *at > half)).unwrap_or(end)
        };
        let (part, after) = rest.split_at(cut);
        parts.push(part.trim_end());
        rest = after.trim_start();
    }
    parts
}

/// A customer's words and pictures, into the topic.
pub(crate) fn pass_on(
    turn: &mut Turn<'_>,
    reader: &Reader,
    case: EscalationId,
    name: &str,
    words: &str,
    (pictures, from): (&[MediaRef], &ConversationId),
) {
    let about = About::TopicLine(case);
    for text in parts(words) {
        let say = Say::CustomerWrote { name: name.into(), text: text.into() };
        let line = turn.words(reader, say).about(about);
        turn.send(line);
    }
    for media in pictures {
        let caption = Say::CustomerWrote { name: name.into(), text: String::new() };
        let line =
            turn.draft(reader, Body::Forward { media: media.clone(), from: from.clone(), caption });
        turn.send(line.about(about));
    }
}
