//! Letters as Chinese keyboards have them: as wide as the characters beside them.

/// What a wide letter, digit or sign is among the narrow ones; every other one is what it is.
///
/// Source: Unicode, "Halfwidth and Fullwidth Forms", U+FF01 to U+FF5E.
pub(crate) fn narrow(letter: char) -> char {
    /// From a wide one to the narrow one, in code points.
    const APART: u32 = 0xFEE0;
    match letter {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(letter) - APART).unwrap_or(letter),
        '\u{3000}' => ' ',
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::narrow;

    #[test]
    fn what_is_wide_is_read_as_what_it_is() {
        for (wide, plain) in [('７', '7'), ('Ｑ', 'Q'), ('＠', '@'), ('－', '-'), ('\u{3000}', ' ')]
        {
            assert_eq!(narrow(wide), plain);
        }
        for same in ['7', '狐', '。', 'ｱ', '￥'] {
            assert_eq!(narrow(same), same);
        }
    }
}
