//! The letter about a new link.

use jiff::tz::TimeZone;

use super::{lexicon::Lexicon, pattern::Args, units};

/// What a letter tells.
#[derive(Clone, Copy, Debug)]
pub struct LetterWords<'l> {
    /// The product.
    pub product: &'l str,
    /// The channel of the chat that is new.
    pub channel: &'l str,
    /// What its owner calls themselves, masked.
    pub name: &'l str,
    /// When it came, milliseconds since the epoch.
    pub at_ms: i64,
    /// The address that undoes it.
    pub url: &'l str,
}

/// Its subject, and its words.
pub(super) fn letter(
    lexicon: &Lexicon,
    words: &LetterWords<'_>,
    zone: &TimeZone,
) -> (String, String) {
    let channel = lexicon.phrase("channel", &Args::new().ours("channel", words.channel));
    let args = || {
        Args::new()
            .ours("product", words.product)
            .ours("channel", channel.as_str())
            .ours("name", words.name)
            .ours("moment", units::moment(lexicon, words.at_ms, zone))
            .ours("url", words.url)
    };
    (lexicon.phrase("letter-subject", &args()), lexicon.phrase("letter-body", &args()))
}
