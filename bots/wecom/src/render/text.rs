//! Texts within the length that a message has room for. Nothing a person wrote becomes markup, and
//! no address is cut.

use picdesk_core::channel::{Style, Text};

/// What stands where a text was cut.
const ELLIPSIS: &str = "…";

/// A text of at most so many bytes; a longer one is cut, never through an address or a character.
#[must_use]
pub fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let room = bytes_max.saturating_sub(ELLIPSIS.len());
    let end = border(text, room);
    format!("{}{ELLIPSIS}", text[..end].trim_end())
}

/// A text of at most so many characters.
#[must_use]
pub fn cut_chars(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let start: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{}{ELLIPSIS}", start.trim_end())
}

/// A text in parts of at most so many bytes each, and of at most so many parts; what is beyond
/// them is cut.
#[must_use]
pub fn split(text: &str, bytes_max: usize, parts_max: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > bytes_max && parts.len() + 1 < parts_max {
        let end = border(rest, bytes_max);
        let (part, after) = rest.split_at(end);
        parts.push(part.trim_end().to_owned());
        rest = after.trim_start();
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(cut(rest, bytes_max));
    }
    parts
}

/// Where to cut at or before `most` bytes: between words, else between characters, and not through
/// an address unless that alone is longer.
fn border(text: &str, most: usize) -> usize {
    let most = text.floor_char_boundary(most);
    // A gap far back (Chinese, one long word) would give away too much.
    let gap = text[..most].rfind(char::is_whitespace).filter(|gap| *gap > most - most / 4);
    let end =
        if text[most..].starts_with(char::is_whitespace) { most } else { gap.unwrap_or(most) };
    match addresses(text).find(|(start, stop)| *start < end && end < *stop) {
        Some((start, _)) if start > 0 => start,
        _ => end.max(text.ceil_char_boundary(1)),
    }
}

/// The addresses in a text: first byte and one past the last.
fn addresses(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let is_part = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '`');
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + text[from..].find("http")?;
            let after = &text[start..];
            let is_one = after.starts_with("http://") || after.starts_with("https://");
            if !is_one {
                from = start + "http".len();
                continue;
            }
            let length = after.find(|c: char| !is_part(c)).unwrap_or(after.len());
            from = start + length;
            return Some((start, from));
        }
    })
}

/// Whether there is an address in a text.
pub fn has_address(text: &str) -> bool {
    addresses(text).next().is_some()
}

/// A text of words only. The one thing that WeCom reads as markup in them is a link in angle
/// brackets, which loses its bracket.
#[must_use]
pub fn plain(text: &str) -> String {
    text.replace("<a", "＜a").replace("<A", "＜A")
}

/// A text as the app's markdown, when it has emphasis and nothing in it can be taken for markup;
/// the language has no way to escape.
#[must_use]
pub fn markdown(text: &Text) -> Option<String> {
    if text.spans.is_empty() || has_markup(&text.text) {
        return None;
    }
    let marks = |style| match style {
        Style::Bold => ("**", "**"),
        Style::Code => ("`", "`"),
        // There is no italic.
        Style::Italic => ("", ""),
    };
    Some(emphasised(text, marks)).filter(|marked| marked.len() != text.text.len())
}

/// A text as the bot's markdown, in which everything is read as markup: what a person may have
/// meant by itself is written in letters that look the same.
#[must_use]
pub fn stream_markdown(text: &Text) -> String {
    let marks = |style| match style {
        Style::Bold => ("**", "**"),
        Style::Code => ("`", "`"),
        Style::Italic => ("*", "*"),
    };
    if has_markup(&text.text) { neutral(&text.text) } else { emphasised(text, marks) }
}

fn has_markup(text: &str) -> bool {
    text.contains(['*', '_', '`', '[', ']', '<', '~', '|', '\\'])
        || text.lines().any(|line| line.trim_start().starts_with(['#', '>']))
}

/// Addresses stay as they are.
fn neutral(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut from = 0;
    let mut line_begins = true;
    let mut words = |part: &str, safe: &mut String| {
        for c in part.chars() {
            safe.push(match c {
                '*' => '＊',
                '_' => '＿',
                '`' => '｀',
                '[' => '［',
                ']' => '］',
                '<' => '＜',
                '~' => '～',
                '|' => '｜',
                '\\' => '＼',
                '#' if line_begins => '＃',
                '>' if line_begins => '＞',
                other => other,
            });
            line_begins = c == '\n' || (line_begins && c.is_whitespace());
        }
    };
    for (start, stop) in addresses(text) {
        words(&text[from..start], &mut safe);
        safe.push_str(&text[start..stop]);
        from = stop;
    }
    words(&text[from..], &mut safe);
    safe
}

/// Puts marks around what stands out. Spans that overlap or are none are passed over, and so are
/// those over a line's end, which no mark reaches across.
fn emphasised(text: &Text, marks: impl Fn(Style) -> (&'static str, &'static str)) -> String {
    let mut spans: Vec<_> = text
        .spans
        .iter()
        .filter_map(|span| Some((span, text.text.get(span.start..span.end)?)))
        .filter(|(_, part)| !part.trim().is_empty() && !part.contains('\n'))
        .collect();
    spans.sort_by_key(|(span, _)| span.start);
    let mut marked = String::with_capacity(text.text.len() + spans.len() * 4);
    let mut from = 0;
    for (span, part) in spans {
        if span.start < from {
            continue;
        }
        // Marks do not take with a blank inside them.
        let inner = part.trim();
        let start = span.start + part.len() - part.trim_start().len();
        let (open, close) = marks(span.style);
        marked.push_str(&text.text[from..start]);
        marked.push_str(open);
        marked.push_str(inner);
        marked.push_str(close);
        from = start + inner.len();
    }
    marked.push_str(&text.text[from..]);
    marked
}

#[cfg(test)]
mod tests {
    use picdesk_core::channel::Span;
    use proptest::prelude::*;

    use super::*;

    fn bold(text: &str, start: usize, end: usize) -> Text {
        Text { text: text.into(), spans: vec![Span { start, end, style: Style::Bold }] }
    }

    #[test]
    fn no_address_and_no_character_is_cut() {
        let url = "https://pic.example/p/abcdefghijklmnop";
        let text = format!("{} {url} 狐狸", "x".repeat(30));
        for most in 42..text.len() {
            let cut = cut(&text, most);
            assert!(cut.len() <= most && (cut.contains(url) || !cut.contains("http")), "{cut}");
            let parts = split(&text, most, 9);
            assert!(parts.iter().all(|part| part.len() <= most), "{parts:?}");
            assert!(parts.iter().any(|part| part.contains(url)), "{most}: {parts:?}");
        }
    }

    #[test]
    fn emphasis_is_shown_where_nothing_can_break_out_of_it() {
        assert_eq!(markdown(&bold("2 credits", 0, 1)).as_deref(), Some("**2** credits"));
        assert_eq!(markdown(&bold("2 [x](https://evil.example)", 0, 1)), None);
        assert_eq!(markdown(&Text::plain("2 credits")), None);
        assert_eq!(stream_markdown(&bold("a fox", 2, 5)), "a **fox**");
        assert_eq!(stream_markdown(&bold("<think>*a", 0, 7)), "＜think>＊a");
        let link = "# [x] https://pic.example/a_b_c *";
        assert_eq!(stream_markdown(&Text::plain(link)), "＃ ［x］ https://pic.example/a_b_c ＊");
        assert_eq!(plain("<a href=x>"), "＜a href=x>");
    }

    #[test]
    fn spans_that_are_none_do_no_harm() {
        for (start, end) in [(0, 99), (3, 1), (1, 2), (2, 2)] {
            assert_eq!(stream_markdown(&bold("狐 x", start, end)), "狐 x");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn parts_are_short_and_lose_nothing_but_blanks(
            text in "([a-z狐🦊 \n]|https://a\\.example/x ){0,80}",
            most in 40_usize..100,
        ) {
            let parts = split(&text, most, usize::MAX);
            prop_assert!(parts.iter().all(|part| part.len() <= most));
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(letters(&parts.concat()), letters(&text));
        }
    }
}
