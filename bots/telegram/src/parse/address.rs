//! Is a message meant for us, and what does it say without our name in it?

use std::ops::Range;

use picdesk_core::event::Setting;

use super::Us;
use crate::update::{Entity, EntityKind};

/// The command that introduces a prompt where prompts need introducing.
const PROMPT_COMMAND: &str = "/imagine";

/// Commands that are ours also without our name: those of our menus. Telegram's clients leave the
/// name off where we are the only bot, and a group that shows us little brings us a bare command
/// only when we spoke last. Source: core.telegram.org/bots/features, "Privacy mode".
const OWN_COMMANDS: [&str; 15] = [
    "/start",
    "/settings",
    "/balance",
    "/buy",
    "/plan",
    "/history",
    "/link",
    "/unlink",
    "/cancel",
    "/support",
    "/language",
    "/privacy",
    "/paysupport",
    "/help",
    PROMPT_COMMAND,
];

/// What a message says.
pub(super) struct Words {
    /// Without our name and without the command that only introduces a prompt.
    pub text: String,
    /// Whether it calls us.
    pub addressed: Addressed,
}

/// Whom a message calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addressed {
    /// Us.
    Ourselves,
    /// Somebody by a username, while we do not know our own.
    Someone,
    /// Nobody, or somebody else.
    Nobody,
}

impl Addressed {
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Ourselves, _) | (_, Self::Ourselves) => Self::Ourselves,
            (Self::Someone, _) | (_, Self::Someone) => Self::Someone,
            (Self::Nobody, Self::Nobody) => Self::Nobody,
        }
    }
}

/// Reads a text or caption with its entities.
pub(super) fn read_words(
    text: &str,
    entities: &[Entity<'_>],
    us: &Us<'_>,
    setting: Setting,
) -> Words {
    let mut mentioned = Addressed::Nobody;
    let mut ours: Vec<Range<usize>> = Vec::new();
    for entity in entities {
        let Some((range, called)) = mention(text, entity, us) else { continue };
        mentioned = mentioned.or(called);
        if called == Addressed::Ourselves {
            ours.push(range);
        }
    }
    // At the desk people write about us to each other; there our name stays where it is.
    let text = match setting {
        Setting::Private | Setting::Group => without(text, ours),
        Setting::Desk => text.to_owned(),
    };
    let command = read_command(text, us, setting);
    Words { text: command.text, addressed: mentioned.or(command.addressed) }
}

fn mention(text: &str, entity: &Entity<'_>, us: &Us<'_>) -> Option<(Range<usize>, Addressed)> {
    match entity.kind {
        EntityKind::Mention => {
            let range = byte_range(text, entity.offset, entity.length)?;
            let name = text.get(range.clone())?.strip_prefix('@')?;
            let called = match us.username {
                None => Addressed::Someone,
                Some(own) if own.eq_ignore_ascii_case(name) => Addressed::Ourselves,
                Some(_) => return None,
            };
            Some((range, called))
        }
        EntityKind::TextMention => {
            let range = byte_range(text, entity.offset, entity.length)?;
            let user = entity.user.as_ref()?;
            (user.id == us.id).then_some((range, Addressed::Ourselves))
        }
        EntityKind::Other => None,
    }
}

/// The bytes of a range of UTF-16 code units; nothing when it is not within the text.
fn byte_range(text: &str, offset: i64, length: i64) -> Option<Range<usize>> {
    let (offset, length) = (usize::try_from(offset).ok()?, usize::try_from(length).ok()?);
    let end_unit = offset.checked_add(length)?;
    let (mut units, mut start, mut end) = (0, None, None);
    for (byte, c) in text.char_indices().chain([(text.len(), '\0')]) {
        if units == offset {
            start = Some(byte);
        }
        if units == end_unit {
            end = Some(byte);
        }
        if units >= end_unit {
            break;
        }
        units += c.len_utf16();
    }
    Some(start?..end?)
}

/// The text without these ranges, and without the gaps and commas that they would leave.
fn without(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    if ranges.is_empty() {
        return text.trim().to_owned();
    }
    ranges.sort_by_key(|range| range.start);
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for range in ranges {
        if range.start >= from {
            join(&mut kept, &text[from..range.start]);
            from = range.end;
        }
    }
    join(&mut kept, &text[from..]);
    kept.trim().to_owned()
}

/// Appends what follows a name that was taken out.
fn join(kept: &mut String, rest: &str) {
    let is_gap = |c: char| c.is_whitespace();
    let is_stop = |c: char| matches!(c, ',' | '，' | ':' | '：' | '、' | ';' | '；');
    if kept.trim().is_empty() {
        // "@name, draw a fox": the comma belonged to the name.
        kept.clear();
        kept.push_str(rest.trim_start_matches(|c| is_gap(c) || is_stop(c)));
        return;
    }
    let before = kept.trim_end().len();
    let after = rest.trim_start();
    let gap = [&kept[before..], &rest[..rest.len() - after.len()]].concat();
    kept.truncate(before);
    let closes = |c: char| is_stop(c) || matches!(c, '.' | '!' | '?' | '。' | '！' | '？');
    if after.starts_with(closes) {
        // "a fox, @name, please": one comma is enough.
        kept.truncate(kept.trim_end_matches(is_stop).len());
    } else if !gap.is_empty() {
        kept.push(if gap.contains('\n') { '\n' } else { ' ' });
    }
    kept.push_str(after);
}

/// `/imagine` is taken off, `@name` after a command of ours too; other commands stay as they are.
fn read_command(text: String, us: &Us<'_>, setting: Setting) -> Words {
    if !text.starts_with('/') {
        return Words { text, addressed: Addressed::Nobody };
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let (command, name) = match word.split_once('@') {
        Some((command, name)) => (command, Some(name)),
        None => (word, None),
    };
    let prompt = command.eq_ignore_ascii_case(PROMPT_COMMAND);
    let addressed = match (name, us.username) {
        (None, _) if OWN_COMMANDS.iter().any(|own| command.eq_ignore_ascii_case(own)) => {
            Addressed::Ourselves
        }
        (None, _) => Addressed::Nobody,
        (Some(name), Some(own)) if name.eq_ignore_ascii_case(own) => Addressed::Ourselves,
        // Between the two of us there is nobody else to call.
        (Some(_), None) if setting == Setting::Private => Addressed::Ourselves,
        (Some(_), None) => Addressed::Someone,
        (Some(_), Some(_)) => return Words { text, addressed: Addressed::Nobody },
    };
    let text = match setting {
        Setting::Private | Setting::Group if prompt => rest.trim().to_owned(),
        Setting::Private | Setting::Group | Setting::Desk => [command, rest].concat(),
    };
    Words { text, addressed }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: Us<'_> = Us { id: 7, username: Some("Desk_Bot"), desk_chat_id: None };

    /// Every `@desk_bot` in the text is an entity, as Telegram makes them.
    fn words(text: &str, setting: Setting) -> (String, Addressed) {
        let entities: Vec<Entity<'_>> = text
            .match_indices("@desk_bot")
            .map(|(byte, name)| Entity {
                kind: EntityKind::Mention,
                offset: text[..byte].encode_utf16().count() as i64,
                length: name.len() as i64,
                user: None,
            })
            .collect();
        let words = read_words(text, &entities, &US, setting);
        (words.text, words.addressed)
    }

    #[test]
    fn our_name_leaves_no_trace() {
        for (text, left) in [
            ("@desk_bot a fox", "a fox"),
            ("@desk_bot, a fox", "a fox"),
            ("@desk_bot：一只狐狸", "一只狐狸"),
            ("  @desk_bot\n\na fox\nin the snow ", "a fox\nin the snow"),
            ("a fox @desk_bot", "a fox"),
            ("a fox, @desk_bot", "a fox,"),
            ("a fox, @desk_bot, please", "a fox, please"),
            ("a fox @desk_bot please", "a fox please"),
            ("a fox (@desk_bot)", "a fox ()"),
            ("a fox\n@desk_bot\nplease", "a fox\nplease"),
            ("🦊@desk_bot🦊", "🦊🦊"),
            ("@desk_bot @desk_bot a fox @desk_bot", "a fox"),
            ("@desk_bot", ""),
            ("@desk_bot /help", "/help"),
            ("@desk_bot /imagine a fox", "a fox"),
        ] {
            assert_eq!(words(text, Setting::Group), (left.into(), Addressed::Ourselves), "{text}");
        }
    }

    #[test]
    fn a_command_is_read_with_or_without_our_name() {
        let read = |text: &str| words(text, Setting::Group);
        assert_eq!(read("/help"), ("/help".into(), Addressed::Ourselves));
        assert_eq!(read("/Settings now"), ("/Settings now".into(), Addressed::Ourselves));
        assert_eq!(read("/roll 20"), ("/roll 20".into(), Addressed::Nobody), "another bot's");
        assert_eq!(read("/r hello"), ("/r hello".into(), Addressed::Nobody), "the desk's");
        assert_eq!(read("/help@DESK_bot"), ("/help".into(), Addressed::Ourselves));
        assert_eq!(read("/help@other"), ("/help@other".into(), Addressed::Nobody));
        assert_eq!(read("/start@desk_bot a-b"), ("/start a-b".into(), Addressed::Ourselves));
        assert_eq!(read("/imagine"), (String::new(), Addressed::Ourselves));
        assert_eq!(read("/IMAGINE\na fox"), ("a fox".into(), Addressed::Ourselves));
        assert_eq!(read("/imagined a fox"), ("/imagined a fox".into(), Addressed::Nobody));
        assert_eq!(read("say /imagine"), ("say /imagine".into(), Addressed::Nobody));
        assert_eq!(read("/"), ("/".into(), Addressed::Nobody));
        assert_eq!(read("/@desk_bot"), ("/".into(), Addressed::Ourselves));
    }

    #[test]
    fn at_the_desk_words_stay_as_they_are() {
        let read = |text: &str| words(text, Setting::Desk).0;
        assert_eq!(read("/done@desk_bot now"), "/done now");
        assert_eq!(read("ask @desk_bot again"), "ask @desk_bot again");
        assert_eq!(read("/imagine a fox"), "/imagine a fox");
    }

    #[test]
    fn a_range_that_is_not_in_the_text_is_none() {
        let text = "a🦊b";
        assert_eq!(byte_range(text, 0, 4), Some(0..6));
        assert_eq!(byte_range(text, 1, 2), Some(1..5));
        assert_eq!(byte_range(text, 4, 0), Some(6..6));
        for (offset, length) in [(2, 1), (0, 2), (0, 5), (5, 0), (-1, 1), (0, -1), (i64::MAX, 1)] {
            assert_eq!(byte_range(text, offset, length), None, "{offset} {length}");
        }
    }
}
