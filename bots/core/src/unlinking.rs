//! Unlinking: at once, whichever chat of the account asks.

use alloc::{vec, vec::Vec};

use crate::{
    cancel,
    credits::{Credits, Owner},
    customer::Visit,
    effect::{Effect, LinkEffect, Part},
    facts::{LinkFacts, LinkRow, Linked},
    id::{AccountId, EntryId, IdentityId, PurseId},
    keys,
    linking::{lines, own},
    press::Answer,
    say::{Key, Label, LinkSay, Say, Verb},
    turn::{Reader, Turn},
};

/// A link is undone: both sides have again what they had, as far as it is there.
pub(crate) fn undo(turn: &mut Turn<'_>, visit: &mut Visit, facts: &LinkFacts) -> Answer {
    let own = own(visit, facts);
    let is_there = |link: &&LinkRow| {
        let is_here = |who: &IdentityId| own.identities.iter().any(|one| one.identity == *who);
        !link.parted && link.account == own.owner.account && link.came.iter().any(is_here)
    };
    let Some(link) = facts.link.as_ref().filter(is_there) else {
        return Answer::Line(Say::Stale);
    };
    let returned = Credits(link.carried.0.min(own.available.0).max(0));
    let (leaves, arrives) = (EntryId(turn.id()), EntryId(turn.id()));
    turn.then(Effect::Link(LinkEffect::Part(Part {
        link: link.id,
        from: own.owner,
        back: link.back,
        leaves,
        arrives,
        at_most: link.carried.0.max(0),
        plan: link.plan_before.clone(),
    })));
    visit.awaits(turn, None);
    turn.say(&visit.reader, Say::Link(LinkSay::Undone { returned }));
    let others = own.identities.iter().filter(|who| who.identity != visit.customer.identity);
    for other in others {
        let notice = turn.words(&Reader::private(other), Say::Link(LinkSay::UndoneElsewhere));
        turn.send(notice);
    }
    Answer::Quiet
}

/// Which chat is to be unlinked.
pub(crate) fn which(turn: &mut Turn<'_>, visit: &Visit, facts: &LinkFacts) {
    let own = own(visit, facts);
    if own.identities.len() < 2 && own.signed_in.is_none() {
        return turn.say(&visit.reader, Say::Link(LinkSay::UnlinkNothing));
    }
    let linked = lines(&own, &visit.customer.identity);
    let mut sorted: Vec<&Linked> = own.identities.iter().collect();
    sorted.sort_by_key(|who| who.identity != visit.customer.identity);
    let rows: Vec<Vec<Key>> = (1..)
        .zip(sorted)
        .map(|(number, who)| vec![keys::act(Label::UnlinkNumber(number), Verb::Unlink, who.key)])
        .collect();
    let which = turn.words(&visit.reader, Say::Link(LinkSay::UnlinkWhich { linked })).keys(rows);
    turn.send(which);
}

/// A chat is unlinked: it has an account of its own from now on, and what it has in line is taken
/// back as far as that can be.
pub(crate) fn unlink(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &LinkFacts,
    key: i64,
) -> Answer {
    let own = own(visit, facts);
    let alone = own.identities.len() < 2 && own.signed_in.is_none();
    let Some(gone) = own.identities.iter().find(|who| who.key == key && !alone) else {
        return Answer::Line(Say::Stale);
    };
    let mine = |open: &&crate::facts::OpenRequest| open.request.identity == gone.identity;
    let open: Vec<_> = visit.customer.open.iter().filter(mine).cloned().collect();
    for request in &open {
        cancel::cancel(turn, visit, request);
    }
    let owner = Owner { account: AccountId(turn.id()), purse: PurseId(turn.id()) };
    turn.then(Effect::Link(LinkEffect::Separate {
        identity: gone.identity.clone(),
        from: own.owner.account,
        account: owner.account,
        purse: owner.purse,
    }));
    if gone.identity == visit.customer.identity {
        visit.awaits(turn, None);
        turn.say(&visit.reader, Say::Link(LinkSay::UnlinkedHere));
        return Answer::Quiet;
    }
    let (channel, name) = (gone.identity.channel().into(), gone.name.clone());
    turn.say(&visit.reader, Say::Link(LinkSay::Unlinked { channel, name }));
    let notice = turn.words(&Reader::private(gone), Say::Link(LinkSay::UnlinkedHere));
    turn.send(notice);
    Answer::Quiet
}
