//! For a day after a link neither side may do everything with what is the other's: spend it,
//! change its plan, have its money go back. And who came may not unlink whoever was there, nor link
//! anybody else. Meanwhile every chat hears of the link, and each can undo it.

use crate::{
    credits::Credits,
    customer::Visit,
    facts::{Party, PlanFacts},
    id::IdentityId,
    linking::minutes,
    say::{LinkSay, Say},
    turn::Turn,
};

/// How long two sides are new to each other, milliseconds.
pub const NEW_MS: i64 = 24 * 60 * 60 * 1000;

/// Somebody whose account was linked a short while ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// Until when they are new, milliseconds since the epoch.
    pub until: i64,
    /// What they may spend until then; fewer than none where they have spent more.
    pub may_spend: Credits,
    /// Whether it was they who came: they typed the code.
    pub came: bool,
    /// Whether there are chats of another side.
    pub among_others: bool,
}

/// Whether somebody who was linked at that moment is new; who never was, was at none.
#[must_use]
pub fn is_new(linked_at: i64, now: i64) -> bool {
    linked_at > 0 && now.saturating_sub(linked_at) < NEW_MS
}

fn new(turn: &Turn<'_>, visit: &Visit) -> Option<Newcomer> {
    visit.customer.newcomer.filter(|one| turn.frame.now < one.until)
}

/// Whoever has come to others, and is new.
fn guest(turn: &Turn<'_>, visit: &Visit) -> Option<Newcomer> {
    new(turn, visit).filter(|one| one.came && one.among_others)
}

/// That a guest may not do that yet, and when they may; nothing for everybody else.
pub(crate) fn not_yet(turn: &Turn<'_>, visit: &Visit) -> Option<Say> {
    guest(turn, visit).map(|guest| too_new(turn, guest))
}

fn too_new(turn: &Turn<'_>, newcomer: Newcomer) -> Say {
    let minutes = minutes(newcomer.until.saturating_sub(turn.frame.now));
    Say::Link(LinkSay::TooNew { minutes })
}

/// That a purchase is of the other side, and not yet theirs to change; nothing when it is.
pub(crate) fn of_others(
    turn: &Turn<'_>,
    visit: &Visit,
    facts: &PlanFacts,
    request: Option<&str>,
) -> Option<Say> {
    let newcomer = new(turn, visit)?;
    let is_theirs = |request: &str| facts.of_others.iter().any(|other| other == request);
    request.is_some_and(is_theirs).then(|| too_new(turn, newcomer))
}

/// Whether somebody was linked lately with others: what they can spend together is not theirs.
pub(crate) fn is_among_others(turn: &Turn<'_>, visit: &Visit) -> bool {
    new(turn, visit).is_some_and(|one| one.among_others)
}

/// That somebody new may not spend so much yet; nothing for everybody else.
pub(crate) fn too_much(turn: &Turn<'_>, visit: &Visit, total: Credits) -> Option<Say> {
    let newcomer = new(turn, visit)?;
    // Whoever is alone spends their own, unless a purse of the website's came to them.
    let shares = visit.customer.account.purse.site.is_some();
    if !(newcomer.among_others || shares) || total <= newcomer.may_spend {
        return None;
    }
    let minutes = minutes(newcomer.until.saturating_sub(turn.frame.now));
    let left = visit.reader.sees(Credits(newcomer.may_spend.0.max(0)));
    Some(Say::Link(LinkSay::SpendsTooMuch { left, minutes }))
}

/// Whether somebody of an account may unlink another one of it: who is new may not, but for
/// whoever is of their side.
pub(crate) fn may_unlink(turn: &Turn<'_>, visit: &Visit, own: &Party, gone: &IdentityId) -> bool {
    let side = |who: &IdentityId| {
        let mut all = own.identities.iter();
        all.find(|one| one.identity == *who).map_or(0, |one| one.side)
    };
    let me = &visit.customer.identity;
    guest(turn, visit).is_none() || side(me) == side(gone)
}
