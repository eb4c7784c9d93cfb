//! `[link]`.

use picdesk_core::{credits::Credits, facts::LinkRules};

use super::reader::Keys;
use super::value::within;

/// How chats are linked.
#[derive(Debug, Clone)]
pub struct Link {
    /// Minutes a code works.
    pub code_ttl_min: i64,
    /// Wrong codes that somebody may type in that time.
    pub tries: i64,
    /// Codes that somebody may make an hour.
    pub codes_per_h: i64,
    /// What a chat may spend in its first day, beside what it brought and bought.
    pub first_day_credits: i64,
}

impl Link {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        Self {
            code_ttl_min: keys.take("code_ttl_min", within(1..=60)),
            tries: keys.take("tries", within(1..=20)),
            codes_per_h: keys.take("codes_per_h", within(1..=60)),
            first_day_credits: keys.take("first_day_credits", within(0..=1_000_000)),
        }
    }

    /// As the rules want it; `sign_in`: there is a site where people can sign in; `letters`:
    /// and they can be written to; `shares_purse`: and it keeps the credits of whoever is.
    pub(super) fn rules(&self, sign_in: bool, letters: bool, shares_purse: bool) -> LinkRules {
        LinkRules {
            code_ttl_ms: self.code_ttl_min * 60_000,
            tries: self.tries,
            codes_per_h: self.codes_per_h,
            sign_in,
            letters,
            shares_purse,
            first_day_credits: Credits(self.first_day_credits),
        }
    }
}
