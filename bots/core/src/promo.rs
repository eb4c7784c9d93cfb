//! Promo codes: credits that the owner gives away, once for everybody who has the code.
//!
//! An account gets them once and a chat gets them once, whatever is linked or unlinked in between,
//! and no more accounts than the owner said: the store counts in the commit that gives them.
//! Guesses are limited as those of linking codes are.

use alloc::{boxed::Box, format, string::String};

use crate::{
    count::Count,
    credits::GrantReason,
    customer::Visit,
    effect::{Effect, GiftEffect},
    facts::{GiftFacts, MessageFacts, Promo, PromoFacts},
    grant::{self, Brought, Came},
    id::{EntryId, IdentityId, MessageId},
    linking::minutes,
    say::{GiftSay, LinkSay, Say},
    turn::Turn,
};

/// Fewest and most letters of a code. Source of the bound: with what stands before it in a link it
/// must fit into 64 letters (Bot API, "Deep linking").
const LETTERS_MIN: usize = 4;
const LETTERS_MAX: usize = 32;

/// A day, milliseconds.
const DAY_MS: i64 = 86_400_000;

/// Wrong codes that a chat may type in a day, in tries of the shorter limit.
const DAYS_TRIES: i64 = 4;

/// What stands before a code in a link.
const CARRIED: &str = "promo-";

/// A code as it is kept, however it was typed; nothing when it cannot be one.
#[must_use]
pub fn read(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let fits = (LETTERS_MIN..=LETTERS_MAX).contains(&typed.len());
    (fits && typed.chars().all(is_letter)).then(|| typed.to_ascii_uppercase())
}

/// The code that a link carries.
pub(crate) fn carried(payload: &str) -> Option<String> {
    read(payload.strip_prefix(CARRIED)?)
}

/// The names under which wrong codes of a chat are counted: lately, and in a day.
#[must_use]
pub fn scopes(of: &IdentityId) -> [String; 2] {
    [format!("promos:{of}"), format!("promos-a-day:{of}")]
}

/// `/redeem`, with what was typed behind it.
pub(crate) fn asked(turn: &mut Turn<'_>, visit: &mut Visit, facts: &MessageFacts, typed: &str) {
    if typed.is_empty() {
        return turn.say(&visit.reader, Say::Gift(GiftSay::RedeemHow));
    }
    redeem(turn, visit, facts, &read(typed).unwrap_or_default(), None);
}

/// Somebody brings a code, typed or by a link.
pub(crate) fn redeem(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    code: &str,
    answer: Option<&MessageId>,
) {
    // Among the pictures of an album nobody looks for a code.
    let Some(GiftFacts::Promo(known)) = facts.gift.as_deref() else {
        return turn.say(&visit.reader, Say::Help);
    };
    match worth(turn, visit, known, code) {
        Ok(promo) => give(turn, visit, facts, promo, answer),
        Err(why) => {
            let word = turn.words(&visit.reader, *why);
            turn.send(grant::answered(word, answer));
        }
    }
}

/// The promo of a code, where whoever brings it gets its credits; else why not.
fn worth<'h>(
    turn: &mut Turn<'h>,
    visit: &Visit,
    known: &PromoFacts,
    code: &str,
) -> Result<&'h Promo, Box<Say>> {
    let now = turn.frame.now;
    let limits = Limits::of(turn, known);
    if let Some(minutes) = limits.wait_min(now) {
        return Err(Say::Link(LinkSay::Wait { minutes }).into());
    }
    let Some(promo) = turn.house().gifts.promo(code) else {
        let left = limits.count(turn, &visit.customer.identity);
        return Err(Say::Gift(GiftSay::PromoWrong { left }).into());
    };
    let age = known.since.map_or(0, |since| now.saturating_sub(since));
    let not_new = promo.new_within_ms.filter(|within| age >= *within);
    if known.had {
        Err(Say::Gift(GiftSay::PromoHad).into())
    } else if promo.until.is_some_and(|until| now >= until) {
        Err(Say::Gift(GiftSay::PromoOver).into())
    } else if known.uses >= promo.uses_max {
        Err(Say::Gift(GiftSay::PromoUsedUp).into())
    } else if let Some(within) = not_new {
        Err(Say::Gift(GiftSay::PromoNotNew { days: within / DAY_MS }).into())
    } else {
        Ok(promo)
    }
}

fn give(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    promo: &Promo,
    answer: Option<&MessageId>,
) {
    let (entry, identity) = (EntryId(turn.id()), visit.customer.identity.clone());
    turn.then(Effect::Grant {
        entry,
        purse: visit.customer.account.purse.id,
        credits: promo.credits,
        source: format!("promo:{}:{identity}", promo.code),
        reason: GrantReason::Promo,
        note: None,
    });
    turn.then(Effect::Gift(GiftEffect::UsePromo {
        code: promo.code.clone(),
        account: visit.customer.account.id,
        identity,
        entry,
        uses_max: promo.uses_max,
    }));
    visit.customer.account.purse.granted.0 += promo.credits.0;
    let came = Came { credits: promo.credits, by: Brought::Promo };
    grant::arrived(turn, visit, facts, came, answer);
}

/// Wrong codes of a chat, as they are counted now: lately, and in a day.
struct Limits([Count; 2]);

impl Limits {
    fn of(turn: &Turn<'_>, known: &PromoFacts) -> Self {
        let rules = turn.house().link;
        let a_day = rules.tries.saturating_mul(DAYS_TRIES);
        Self([
            Count::of(turn, known.tries, (rules.code_ttl_ms, rules.tries)),
            Count::of(turn, known.tries_a_day, (DAY_MS, a_day)),
        ])
    }

    /// Minutes to wait before the next code, where there were too many wrong ones.
    fn wait_min(&self, now: i64) -> Option<i64> {
        let full = self.0.iter().filter(|count| count.left() == 0);
        Some(minutes(full.map(Count::over_at).max()?.saturating_sub(now)))
    }

    /// One more wrong code; how many more there may be.
    fn count(&self, turn: &mut Turn<'_>, of: &IdentityId) -> i64 {
        for (count, scope) in self.0.iter().zip(scopes(of)) {
            count.one_more(turn, scope);
        }
        let left = self.0.map(|count| count.left().saturating_sub(1).max(0));
        if left == [0, 0] {
            turn.then(Effect::RaiseAlarm { what: "somebody types many wrong promo codes" });
        }
        left.into_iter().min().unwrap_or(0)
    }
}
