//! What people wrote, made safe to stand inside a text of ours, and cut to its place.

use std::borrow::Cow;

/// Characters that isolate text of another direction from what stands around it.
const ISOLATE: char = '\u{2068}';
const ISOLATE_END: char = '\u{2069}';

/// What a person wrote on one line of ours: controls and direction overrides dropped, white space
/// run together, at most `chars_max` characters, isolated where it runs from right to left.
pub(super) fn line(wrote: &str, chars_max: usize) -> String {
    let clean = clean(wrote, Breaks::Joined);
    let mut line = shorten(clean.trim(), chars_max).into_owned();
    if line.chars().any(runs_leftward) {
        line.insert(0, ISOLATE);
        line.push(ISOLATE_END);
    }
    line
}

/// What a person wrote as a paragraph of its own: controls and direction overrides dropped.
pub(super) fn body(wrote: &str) -> String {
    clean(wrote, Breaks::Kept).trim().to_owned()
}

/// A prompt cut to at most `chars_max` characters, with an ellipsis where something is missing:
/// at the end of a word where one is near, and never inside a joined emoji or before an accent.
#[must_use]
pub fn shorten(prompt: &str, chars_max: usize) -> Cow<'_, str> {
    let Some((over, _)) = prompt.char_indices().nth(chars_max) else {
        return Cow::Borrowed(prompt);
    };
    let room = prompt.char_indices().nth(chars_max.saturating_sub(1)).map_or(over, |(at, _)| at);
    let head = prompt.get(..whole_end(prompt, room)).unwrap_or_default();
    let word_end = head.rfind(char::is_whitespace).filter(|end| end * 4 >= head.len() * 3);
    let cut = head.get(..word_end.unwrap_or(head.len())).unwrap_or(head);
    Cow::Owned(format!("{}…", cut.trim_end()))
}

/// The last border at or before `at` that does not cut through what is seen as one character.
pub(super) fn whole_end(text: &str, at: usize) -> usize {
    let mut end = at;
    while let Some((head, tail)) = text.split_at_checked(end) {
        let (Some(before), Some(after)) = (head.chars().next_back(), tail.chars().next()) else {
            break;
        };
        let flag_halves = head.chars().rev().take_while(|c| is_flag_half(*c)).count();
        let inside_flag = is_flag_half(after) && flag_halves % 2 == 1;
        if !(joins(before) || extends(after) || inside_flag) {
            break;
        }
        end -= before.len_utf8();
    }
    // Nothing but joiners: better a broken character than none.
    if end == 0 { at } else { end }
}

/// Whether line breaks stay.
#[derive(Clone, Copy)]
enum Breaks {
    Joined,
    Kept,
}

fn clean(wrote: &str, breaks: Breaks) -> String {
    let mut clean = String::with_capacity(wrote.len());
    for c in wrote.chars() {
        match breaks {
            Breaks::Kept if c == '\n' => clean.push('\n'),
            Breaks::Kept if matches!(c, '\u{2028}' | '\u{2029}') => clean.push('\n'),
            Breaks::Kept if c == '\t' => clean.push(' '),
            Breaks::Joined if is_space(c) => {
                if !clean.ends_with(' ') {
                    clean.push(' ');
                }
            }
            Breaks::Joined | Breaks::Kept if is_unseen(c) => {}
            Breaks::Joined | Breaks::Kept => clean.push(c),
        }
    }
    clean
}

/// White space on one line; the wide space of Chinese keeps its width.
fn is_space(c: char) -> bool {
    c.is_whitespace() && c != '\u{3000}'
}

/// Controls, and characters that reorder what stands beside them.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{206A}'..='\u{206F}'
            | '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// Letters of scripts that run from right to left. Source: Unicode, blocks of bidi class R and AL.
fn runs_leftward(c: char) -> bool {
    matches!(c,
        '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}'
        | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

fn joins(c: char) -> bool {
    c == '\u{200D}'
}

/// Accents, variation selectors, skin tones, tags: what belongs to the character before.
fn extends(c: char) -> bool {
    joins(c)
        || matches!(c,
            '\u{0300}'..='\u{036F}' | '\u{0591}'..='\u{05BD}' | '\u{064B}'..='\u{065F}'
            | '\u{093C}' | '\u{093E}'..='\u{094D}' | '\u{0E31}' | '\u{0E34}'..='\u{0E3A}'
            | '\u{0E47}'..='\u{0E4E}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
            | '\u{20D0}'..='\u{20FF}' | '\u{3099}' | '\u{309A}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FE20}'..='\u{FE2F}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0020}'..='\u{E007F}'
            | '\u{E0100}'..='\u{E01EF}')
}

fn is_flag_half(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_prompts_stay_as_they_are() {
        assert_eq!(shorten("a fox", 5), "a fox");
        assert_eq!(shorten("", 5), "");
    }

    #[test]
    fn long_prompts_end_at_a_word_where_one_is_near() {
        assert_eq!(shorten("a fox in the snow at dawn", 20), "a fox in the snow…");
        assert_eq!(shorten("雪地里的一只红色狐狸", 6), "雪地里的一…");
    }

    #[test]
    fn what_is_seen_as_one_character_is_not_cut() {
        let family = "👨‍👩‍👧‍👦";
        assert_eq!(shorten(&format!("ab{family}cdef"), 6), "ab…");
        assert_eq!(shorten("abcd🇨🇳🇩🇪x", 6), "abcd…");
        assert_eq!(shorten("abcde\u{301}fgh", 6), "abcd…");
        assert_eq!(shorten("ab👍🏽cdef", 4), "ab…");
    }

    #[test]
    fn a_line_holds_no_breaks_controls_or_overrides() {
        assert_eq!(line("a\u{202E}fox\r\n\tin\u{0} snow", 40), "afox in snow");
        assert_eq!(line("  a   fox  ", 40), "a fox");
    }

    #[test]
    fn text_that_runs_leftward_is_isolated() {
        assert_eq!(line("ثعلب", 40), "\u{2068}ثعلب\u{2069}");
    }

    #[test]
    fn a_body_keeps_its_lines() {
        assert_eq!(body("one\r\ntwo\u{2029}three\u{7}\n"), "one\ntwo\nthree");
    }
}
