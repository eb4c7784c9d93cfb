//! Short codes that people carry from one chat to another.

use alloc::string::String;

use crate::wide::narrow;

/// The letters of a code: no vowels, so that no word comes about, and none that is read as another.
/// Source: RFC 8628, section 6.1.
pub const LETTERS: [char; 20] = [
    'B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X',
    'Z',
];

/// Letters of a code: 20⁸ codes are 34.5 bits, and wrong tries are counted.
pub const LENGTH: usize = 8;

/// The code that somebody typed, however they grouped it; nothing when it cannot be one.
#[must_use]
pub fn read(text: &str) -> Option<String> {
    let is_gap = |c: &char| !c.is_whitespace() && !"-–—_.".contains(*c);
    let mut code = String::new();
    for letter in text.chars().map(narrow).filter(is_gap) {
        let letter = letter.to_ascii_uppercase();
        if !LETTERS.contains(&letter) || code.len() == LENGTH {
            return None;
        }
        code.push(letter);
    }
    (code.len() == LENGTH).then_some(code)
}

/// Whether a whole message is a code as we show it, `BCDF-GHJK`, or with another gap in its middle,
/// so that it needs no command. Eight such letters without one may be a prompt.
#[must_use]
pub fn is_shown(text: &str) -> bool {
    let is_gap = |letter: char| !letter.is_ascii_alphabetic();
    let in_two = text.trim().chars().map(narrow).enumerate().all(|(place, letter)| {
        // Of nine characters, the one in the middle.
        place <= LENGTH && is_gap(letter) == (place == LENGTH / 2)
    });
    in_two && read(text).is_some()
}

/// A code as it is shown: in two groups.
#[must_use]
pub fn shown(code: &str) -> String {
    let (first, last) = code.split_at_checked(LENGTH / 2).unwrap_or((code, ""));
    alloc::format!("{first}-{last}")
}

/// A name of which only its owner can tell whose it is: `A•••`.
#[must_use]
pub fn masked(name: &str) -> String {
    let mut masked = String::new();
    masked.extend(name.trim().chars().find(|c| !c.is_control()));
    masked.push_str("•••");
    masked
}

/// An address of which only its owner can tell whose it is: `j•••@e•••.com`.
#[must_use]
pub fn masked_address(address: &str) -> String {
    let Some((name, host)) = address.rsplit_once('@') else { return masked(address) };
    let ending = host.rsplit_once('.').map_or("", |(_, ending)| ending);
    alloc::format!("{}@{}.{ending}", masked(name), masked(host))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for typed in [
            "BCDF-GHJK",
            "bcdfghjk",
            " bcdf ghjk ",
            "B-C-D-F-G-H-J-K",
            "bcdf–ghjk",
            "ＢＣＤＦ－ＧＨＪＫ",
        ] {
            assert_eq!(read(typed).as_deref(), Some("BCDFGHJK"), "{typed}");
        }
        for typed in ["", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "1234-5678", "a fox"] {
            assert_eq!(read(typed), None, "{typed}");
        }
    }

    #[test]
    fn only_what_looks_as_we_show_it_needs_no_command() {
        assert!(is_shown(&shown("BCDFGHJK")));
        for typed in [
            "bcdf-ghjk",
            "bcdf ghjk",
            "ＢＣＤＦ－ＧＨＪＫ",
            "ｂｃｄｆ\u{3000}ｇｈｊｋ",
            "bcdf–ghjk ",
        ] {
            assert!(is_shown(typed), "{typed}");
        }
        for other in ["bcdfghjk", "b-cdfghjk", "bcdf  ghjk", "blue fish", "bcdf-ghjk-", "bcdf-ghj"]
        {
            assert!(!is_shown(other), "{other} may be a prompt");
        }
    }

    #[test]
    fn a_mask_shows_little() {
        assert_eq!(masked("Ada Lovelace"), "A•••");
        assert_eq!(masked(""), "•••");
        assert_eq!(masked_address("ada@mail.example.com"), "a•••@m•••.com");
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "\\PC*") {
            if let Some(code) = read(&text) {
                prop_assert_eq!(read(&shown(&code)), Some(code));
            }
            let _ = (is_shown(&text), masked(&text), masked_address(&text));
        }
    }
}
