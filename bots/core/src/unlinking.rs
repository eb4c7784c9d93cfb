//! Unlinking: at once, whichever chat of the account asks.

use alloc::{vec, vec::Vec};

use crate::{
    cancel,
    credits::{Credits, Owner},
    customer::Visit,
    effect::{Effect, LinkEffect, Part},
    facts::{LinkFacts, LinkRow, Linked, Party, SignedIn},
    id::{AccountId, EntryId, IdentityId, PurseId},
    keys,
    linking::{lines, own},
    press::Answer,
    say::{Key, Label, LinkSay, Say, Verb},
    turn::{Reader, Turn},
};

/// What is whoever came's own: what they brought and bought, less what they spent. Nobody goes with
/// a debt who came without one.
fn due(link: &LinkRow) -> i64 {
    let own = link.carried.0.saturating_add(link.bought.0).saturating_sub(link.spent.0);
    own.max(link.carried.0.min(0))
}

/// A link is undone: both sides have again what they had, as far as it is there.
pub(crate) fn undo(turn: &mut Turn<'_>, visit: &mut Visit, facts: &LinkFacts) -> Answer {
    let own = own(visit, facts);
    let is_there = |link: &&LinkRow| {
        let is_here = |who: &IdentityId| own.identities.iter().any(|one| one.identity == *who);
        // Where those whom they came to have left, the account and its credits would be nobody's.
        let somebody_stays = own.identities.iter().any(|one| !link.came.contains(&one.identity));
        let parts = link.came.iter().any(is_here) && somebody_stays;
        !link.parted && link.account == own.owner.account && parts
    };
    let Some(link) = facts.link.as_ref().filter(is_there) else {
        return Answer::Line(Say::Stale);
    };
    let at_most = due(link);
    let returned = Credits(at_most.min(own.available.0).max(0));
    let (leaves, arrives) = (EntryId(turn.id()), EntryId(turn.id()));
    turn.then(Effect::Link(LinkEffect::Part(Part {
        link: link.id,
        from: own.owner,
        back: link.back,
        leaves,
        arrives,
        at_most,
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
