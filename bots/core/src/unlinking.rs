//! Unlinking: at once, whichever chat of the account asks.

use alloc::{vec, vec::Vec};

use crate::{
    cancel,
    credits::{Credits, Owner},
    customer::Visit,
    effect::{Effect, LinkEffect, Part},
    facts::{LinkFacts, LinkRow, Linked, OpenRequest, Party, PlanFacts, SignedIn},
    id::{AccountId, EntryId, IdentityId, PurseId},
    keys,
    linking::{lines, own},
    newcomer, payment,
    press::Answer,
    say::{Key, Label, LinkSay, PlanLine, Say, Verb},
    turn::{Reader, Turn},
};

/// How what an account has is shared out when the two sides of a link part: as if they had never
/// been linked, as far as it was not spent on pictures.
struct Shares {
    /// What goes with whoever came; below zero, what they owe to us.
    goes: i64,
    /// What whoever was there owes to us without it.
    owing: i64,
    /// Whether whoever came has spent nothing but their own.
    within_own: bool,
}

impl Shares {
    /// Of so many credits. What one side has spent of the other's is gone; but nobody pays another
    /// one's debt, and nobody owes to us what they only spent.
    fn of((available, reclaimed): (Credits, Credits), link: &LinkRow) -> Self {
        let (brought, own) = (link.brought(), link.own());
        let there = available.0.saturating_sub(own);
        let owing = Credits(there.saturating_add(link.spent_there.0)).owed();
        Self {
            goes: own.max(brought.min(0)),
            owing: owing.0.min(reclaimed.0),
            within_own: own >= 0,
        }
    }

    /// What there is of it.
    fn returned(&self, available: Credits) -> Credits {
        Credits(self.goes.min(available.0.saturating_add(self.owing)).max(0))
    }
}

/// Whether a link still holds together whoever is here, of both sides.
fn holds(own: &Party, link: &LinkRow) -> bool {
    let came = |one: &Linked| link.came.contains(&one.identity);
    // Where those whom they came to have left, the account and its credits would be nobody's.
    let both = own.identities.iter().any(came) && !own.identities.iter().all(came);
    !link.parted && link.account == own.owner.account && both
}

/// A link is undone: both sides have again what they had, as far as it was not spent.
pub(crate) fn undo(turn: &mut Turn<'_>, visit: &mut Visit, facts: &LinkFacts) -> Answer {
    let own = own(visit, facts);
    let Some(link) = facts.link.as_ref().filter(|link| holds(&own, link)) else {
        return Answer::Line(Say::Stale);
    };
    // Whoever is new undoes their own link, and no later one of others.
    let me = own.identities.iter().find(|one| one.identity == visit.customer.identity);
    if me.is_some_and(|me| link.made_at > me.linked_at)
        && let Some(say) = newcomer::not_yet(turn, visit)
    {
        return Answer::Alert(say);
    }
    part(turn, visit, &own, (link, None));
    Answer::Quiet
}

/// Both sides part, and every chat of them hears of it. Where that is how somebody is unlinked,
/// what they have in line is taken back before.
fn part(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    own: &Party,
    (link, gone): (&LinkRow, Option<&IdentityId>),
) {
    let taken_back = gone.map_or(Credits::ZERO, |gone| take_back(turn, visit, gone));
    let spent = Credits(link.spent.0.saturating_sub(taken_back.0).max(0));
    let available = Credits(own.available.0.saturating_add(taken_back.0));
    let shares = Shares::of((available, own.reclaimed), &LinkRow { spent, ..link.clone() });
    let returned = shares.returned(available);
    let (leaves, arrives) = (EntryId(turn.id()), EntryId(turn.id()));
    turn.then(Effect::Link(LinkEffect::Part(Part {
        link: link.id,
        from: own.owner,
        back: link.back,
        leaves,
        arrives,
        at_most: shares.goes,
        owing: shares.owing,
        keeps_set_aside: shares.within_own,
        gone: gone.cloned(),
    })));
    visit.awaits(turn, None);
    turn.say(&visit.reader, Say::Link(LinkSay::Undone { returned }));
    let others = own.identities.iter().filter(|who| who.identity != visit.customer.identity);
    for other in others {
        let notice = turn.words(&Reader::private(other), Say::Link(LinkSay::UndoneElsewhere));
        turn.send(notice);
    }
}

/// Takes back what somebody has in line, as far as that can be; the credits that are free again.
fn take_back(turn: &mut Turn<'_>, visit: &mut Visit, gone: &IdentityId) -> Credits {
    let before = visit.available();
    let mine = |open: &&OpenRequest| open.request.identity == *gone;
    let open: Vec<_> = visit.customer.open.iter().filter(mine).cloned().collect();
    for request in &open {
        cancel::cancel(turn, visit, request);
    }
    Credits(visit.available().0.saturating_sub(before.0).max(0))
}

/// Which chat is to be unlinked.
pub(crate) fn which(turn: &mut Turn<'_>, visit: &Visit, facts: &LinkFacts, plans: &PlanFacts) {
    let own = own(visit, facts);
    if own.identities.len() < 2 && own.signed_in.is_none() {
        return turn.say(&visit.reader, Say::Link(LinkSay::UnlinkNothing));
    }
    let linked = lines(&own, &visit.customer.identity);
    let mut sorted: Vec<&Linked> = own.identities.iter().collect();
    sorted.sort_by_key(|who| who.identity != visit.customer.identity);
    let (billed, ends) = payment::billed(turn, plans);
    let mut rows: Vec<Vec<Key>> = (1..)
        .zip(sorted)
        .map(|(number, who)| vec![keys::act(Label::UnlinkNumber(number), Verb::Unlink, who.key)])
        .collect();
    rows.extend(ends);
    let which = turn.words(&visit.reader, Say::Link(LinkSay::UnlinkWhich { linked, billed }));
    turn.send(which.keys(rows));
}

/// The young link that has nobody on one of its sides when somebody goes: that they go undoes it.
fn undone_by<'f>(own: &Party, facts: &'f LinkFacts, gone: &IdentityId) -> Option<&'f LinkRow> {
    let is_last = |link: &&LinkRow| {
        let came = |one: &Linked| link.came.contains(&one.identity);
        let side = link.came.contains(gone);
        own.identities.iter().filter(|one| came(one) == side).count() == 1
    };
    facts.young.iter().filter(|link| holds(own, link)).find(is_last)
}

/// The young links of an account whose last chat goes that was there before them.
fn left_to_newcomers<'f>(
    turn: &Turn<'_>,
    own: &Party,
    facts: &'f LinkFacts,
    gone: &Linked,
) -> Vec<&'f LinkRow> {
    let is_new = |one: &&Linked| one.side > 0 && newcomer::is_new(one.linked_at, turn.frame.now);
    let mut others = own.identities.iter().filter(|one| one.identity != gone.identity);
    if is_new(&gone) || !others.all(|one| is_new(&one)) {
        return Vec::new();
    }
    facts.young.iter().filter(|link| holds(own, link)).collect()
}

/// A chat is unlinked: it has an account of its own from now on, and what it has in line is taken
/// back as far as that can be. For a day after a link each side keeps what is its own, whoever
/// goes: then the link is undone.
pub(crate) fn unlink(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    (facts, plans): (&LinkFacts, &PlanFacts),
    key: i64,
) -> Answer {
    let own = own(visit, facts);
    let alone = own.identities.len() < 2 && own.signed_in.is_none();
    let Some(gone) = own.identities.iter().find(|who| who.key == key && !alone) else {
        return Answer::Line(Say::Stale);
    };
    if !newcomer::may_unlink(turn, visit, &own, &gone.identity)
        && let Some(say) = newcomer::not_yet(turn, visit)
    {
        return Answer::Alert(say);
    }
    if let Some(link) = undone_by(&own, facts, &gone.identity) {
        let came = link.came.contains(&gone.identity);
        part(turn, visit, &own, (link, Some(&gone.identity).filter(|_| came)));
        return Answer::Quiet;
    }
    let young = left_to_newcomers(turn, &own, facts, gone);
    if !young.is_empty() {
        let undo = |link: &LinkRow| keys::act(Label::UndoLink, Verb::UndoLink, link.id.0);
        let rows = young.into_iter().map(|link| vec![undo(link)]).collect();
        let first = turn.words(&visit.reader, Say::Link(LinkSay::UndoFirst)).keys(rows);
        turn.send(first);
        return Answer::Quiet;
    }
    take_back(turn, visit, &gone.identity);
    let owner = Owner { account: AccountId(turn.id()), purse: PurseId(turn.id()) };
    turn.then(Effect::Link(LinkEffect::Separate {
        identity: gone.identity.clone(),
        from: own.owner.account,
        account: owner.account,
        purse: owner.purse,
    }));
    let (billed, ends) = payment::billed(turn, plans);
    if gone.identity == visit.customer.identity {
        visit.awaits(turn, None);
        tell_gone(turn, &visit.reader.clone(), billed);
        return Answer::Quiet;
    }
    let (channel, name) = (gone.identity.channel().into(), gone.name.clone());
    let say = LinkSay::Unlinked { channel, name, billed: billed.clone() };
    let word = turn.words(&visit.reader, Say::Link(say)).keys(ends);
    turn.send(word);
    tell_gone(turn, &Reader::private(gone), billed);
    Answer::Quiet
}

/// Whoever is not of the account any more hears so, and what is billed on there: a person can see
/// to what they cannot end themselves now.
fn tell_gone(turn: &mut Turn<'_>, reader: &Reader, billed: Vec<PlanLine>) {
    let keys = if billed.is_empty() { Vec::new() } else { keys::human(turn.house(), None) };
    let word = turn.words(reader, Say::Link(LinkSay::UnlinkedHere { billed }));
    turn.send(word.keys(vec![keys]));
}

/// The button that signs an account out again.
pub(crate) fn sign_out_key(who: &SignedIn) -> Key {
    keys::act(Label::SignOut, Verb::SignOut, mark(who))
}

/// What tells people of the site apart on buttons, whose tokens nobody else can make (FNV-1a).
fn mark(who: &SignedIn) -> i64 {
    let mixed = who.subject.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |mixed, byte| {
        (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (mixed >> 1).cast_signed()
}

/// An account is nobody's at the site any more, and every chat of it hears of that.
pub(crate) fn sign_out(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &LinkFacts,
    row: i64,
) -> Answer {
    let own = own(visit, facts);
    let Some(who) = own.signed_in.as_ref().filter(|who| mark(who) == row) else {
        return Answer::Line(Say::Stale);
    };
    if let Some(say) = newcomer::not_yet(turn, visit) {
        return Answer::Alert(say);
    }
    leave_site(turn, visit, &own, who);
    Answer::Quiet
}

/// The same where the person of the site is named.
pub(crate) fn sign_out_of(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &LinkFacts,
    subject: &str,
) {
    let own = own(visit, facts);
    if let Some(who) = own.signed_in.as_ref().filter(|who| who.subject == subject) {
        leave_site(turn, visit, &own, who);
    }
}

fn leave_site(turn: &mut Turn<'_>, visit: &mut Visit, own: &Party, who: &SignedIn) {
    let (account, subject) = (own.owner.account, who.subject.clone());
    turn.then(Effect::Link(LinkEffect::SignOut { account, subject }));
    visit.awaits(turn, None);
    let shares_purse = turn.house().link.shares_purse;
    let say = || Say::Link(LinkSay::SignedOut { who: who.hint.clone(), shares_purse });
    turn.say(&visit.reader, say());
    let here = &visit.customer.identity;
    for other in own.identities.iter().filter(|other| other.identity != *here) {
        turn.say(&Reader::private(other), say());
    }
}
