//! A chat comes to an account, or an account to a person of the site, and every chat of it hears.

use alloc::vec;

use crate::{
    account::Entitlement,
    credits::Credits,
    customer::Visit,
    effect::{Effect, LinkEffect, Merge},
    facts::{Party, SignedIn},
    id::{EntryId, LinkId},
    keys,
    letter::{self, NewLink},
    say::{Label, LinkSay, Say, Verb},
    turn::{Reader, Turn},
    unlinking,
};

/// This chat has shown that it may have that account, or be signed in as that person.
pub(crate) fn join(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    own: &Party,
    other: Option<&Party>,
    who: Option<&SignedIn>,
) {
    match (&own.signed_in, other, who) {
        // Whoever is signed in goes on; else whoever made the code.
        (Some(_), Some(other), _) if other.signed_in.is_none() => {
            merge(turn, visit, (other, own), own);
        }
        (_, Some(other), _) => merge(turn, visit, (own, other), own),
        (_, None, Some(who)) => sign_in(turn, visit, own, who),
        (_, None, None) => {}
    }
}

/// An account that nobody at the site has yet is theirs now, and every chat of it hears of it.
fn sign_in(turn: &mut Turn<'_>, visit: &mut Visit, own: &Party, who: &SignedIn) {
    let account = own.owner.account;
    let side = LinkId(turn.id());
    let may_spend = may_spend(turn, own);
    turn.then(Effect::Link(LinkEffect::SignIn { account, who: who.clone(), side, may_spend }));
    visit.awaits(turn, None);
    let hint = || who.hint.clone();
    let undo = || vec![vec![unlinking::sign_out_key(who)]];
    let shares_purse = turn.house().link.shares_purse;
    let say = Say::Link(LinkSay::SignedIn { who: hint(), shares_purse });
    let signed_in = turn.words(&visit.reader, say).keys(undo());
    turn.send(signed_in);
    let here = &visit.customer.identity;
    if let Some(new) = own.identities.iter().find(|one| one.identity == *here) {
        letter::write(turn, who, new, (NewLink::SignedIn, visit.customer.language));
    }
    for other in own.identities.iter().filter(|other| other.identity != *here) {
        let say = Say::Link(LinkSay::SignedInElsewhere { who: hint() });
        let notice = turn.words(&Reader::private(other), say).keys(undo());
        turn.send(notice);
    }
}

/// What the chats of an account may spend in the first day after a link.
fn may_spend(turn: &Turn<'_>, own: &Party) -> Credits {
    let brought = own.available.max(Credits::ZERO);
    let given = turn.house().link.first_day_credits;
    brought.checked_add(given).unwrap_or(brought)
}

/// Two accounts become one, and every chat of theirs hears of it.
fn merge(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    (from, into): (&Party, &Party),
    newcomers: &Party,
) {
    let link = LinkId(turn.id());
    let (leaves, arrives) = (EntryId(turn.id()), EntryId(turn.id()));
    turn.then(Effect::Link(LinkEffect::Merge(Merge {
        link,
        by: visit.customer.identity.clone(),
        from: from.owner,
        into: into.owner,
        leaves,
        arrives,
        plan: better(&from.entitlement, &into.entitlement).plan.clone(),
        last_tag: from.last_tag.max(into.last_tag),
        newcomers: newcomers.owner.account,
        may_spend: [may_spend(turn, from), may_spend(turn, into)],
    })));
    visit.awaits(turn, None);
    let available = from.available.checked_add(into.available).unwrap_or(into.available);
    let undo = || vec![vec![keys::act(Label::UndoLink, Verb::UndoLink, link.0)]];
    let is_here =
        |one: &&Party| one.identities.iter().any(|one| one.identity == visit.customer.identity);
    let other = [from, into].into_iter().find(|one| !is_here(one));
    let owed = other.map_or(Credits::ZERO, Party::owes);
    let say = Say::Link(LinkSay::Linked { available, owed });
    let linked = turn.words(&visit.reader, say).keys(undo());
    turn.send(linked);
    let who = into.signed_in.as_ref().or(from.signed_in.as_ref());
    if let Some((who, new)) = who.zip(from.identities.first()) {
        let language = into.identities.first().map_or(new.language, |one| one.language);
        letter::write(turn, who, new, (NewLink::Merged(link), language));
    }
    for (side, other) in [(from, into), (into, from)] {
        let others = side.identities.iter();
        for chat in others.filter(|chat| chat.identity != visit.customer.identity) {
            let say = Say::Link(LinkSay::LinkedElsewhere {
                channel: visit.customer.identity.channel().into(),
                name: visit.customer.name.clone(),
                owed: other.owes(),
            });
            let notice = turn.words(&Reader::private(chat), say).keys(undo());
            turn.send(notice);
        }
    }
}

/// The plan that unlocks more.
fn better<'e>(one: &'e Entitlement, other: &'e Entitlement) -> &'e Entitlement {
    let unlocks = |plan: &Entitlement| {
        (plan.max_resolution, plan.queue_max, plan.pictures_max, plan.retention_days)
    };
    match (&one.plan, &other.plan) {
        (Some(_), None) => one,
        (Some(_), Some(_)) if unlocks(one) > unlocks(other) => one,
        (_, _) => other,
    }
}
