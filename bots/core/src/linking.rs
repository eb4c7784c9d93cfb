//! Linking: chats of one person become one account, by a code that is carried from one to another.
//!
//! A code says which account it opens and nothing else does. It works once, for a short while, in
//! a private chat, after that chat has said yes to the account by its masked name. Every chat of
//! the account hears of it, and each can undo it.

use alloc::{format, string::String, vec, vec::Vec};

use crate::{
    code,
    count::Count,
    credits::{Credits, Owner},
    customer::Visit,
    effect::{Body, Effect, LinkEffect},
    event::{About, Event, Message, Setting},
    facts::{House, LinkFacts, Linked, MessageFacts, Party, PressFacts, SignedIn, TypedCode},
    id::{CodeId, IdentityId, MessageId},
    joining::join,
    keys, newcomer,
    press::Answer,
    say::{Action, Key, Label, LinkSay, LinkedLine, Owing, Say, Verb},
    signing_in,
    turn::Turn,
    unlinking,
};

/// How long an hour's and a day's counts last, milliseconds.
const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Wrong codes typed in a chat a day, in tries of the shorter limit: then the owner is told.
const DAYS_TRIES: i64 = 4;

/// What is counted of whoever links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Wrong codes typed, while a code lives.
    Tries,
    /// Wrong codes typed, a day.
    TriesADay,
    /// Codes made, an hour.
    Codes,
    /// Codes sent by e-mail for a chat, an hour.
    Mails,
    /// Codes sent by e-mail for a chat, a day.
    MailsADay,
    /// Codes sent to an e-mail address, an hour.
    MailsTo,
    /// Codes sent to an e-mail address, a day.
    MailsToADay,
    /// Codes typed for an e-mail address, a day.
    TriesFor,
}

impl Counted {
    /// Everything that is counted.
    pub const ALL: [Self; 8] = [
        Self::Tries,
        Self::TriesADay,
        Self::Codes,
        Self::Mails,
        Self::MailsADay,
        Self::MailsTo,
        Self::MailsToADay,
        Self::TriesFor,
    ];

    /// The name of a count.
    #[must_use]
    pub fn scope(self, of: &IdentityId, email_key: Option<&str>) -> Option<String> {
        let (what, of) = match self {
            Self::Tries => ("tries", Some(of.as_str())),
            Self::TriesADay => ("tries-a-day", Some(of.as_str())),
            Self::Codes => ("codes", Some(of.as_str())),
            Self::Mails => ("mails", Some(of.as_str())),
            Self::MailsADay => ("mails-a-day", Some(of.as_str())),
            Self::MailsTo => ("mails-to", email_key),
            Self::MailsToADay => ("mails-to-a-day", email_key),
            Self::TriesFor => ("tries-for", email_key),
        };
        of.map(|of| format!("{what}:{of}"))
    }

    /// After how long a count begins anew, milliseconds, and how far it goes.
    #[must_use]
    pub fn limit(self, house: &House) -> (i64, i64) {
        match self {
            Self::Tries => (house.link.code_ttl_ms, house.link.tries),
            Self::TriesADay | Self::TriesFor => {
                (DAY_MS, house.link.tries.saturating_mul(DAYS_TRIES))
            }
            Self::Codes | Self::Mails | Self::MailsTo => (HOUR_MS, house.link.codes_per_h),
            Self::MailsADay | Self::MailsToADay => {
                (DAY_MS, house.link.codes_per_h.saturating_mul(DAYS_TRIES))
            }
        }
    }

    /// The count as it stands now.
    fn now(self, turn: &Turn<'_>, facts: &LinkFacts) -> Count {
        Count::of(turn, facts.tally(self), self.limit(turn.house()))
    }

    /// How many more there may be now.
    pub(crate) fn left(self, turn: &Turn<'_>, facts: &LinkFacts) -> i64 {
        self.now(turn, facts).left()
    }

    /// Minutes until the count begins anew.
    pub(crate) fn wait_min(self, turn: &Turn<'_>, facts: &LinkFacts) -> i64 {
        minutes(self.now(turn, facts).over_at().saturating_sub(turn.frame.now))
    }

    /// One more.
    pub(crate) fn count(self, turn: &mut Turn<'_>, facts: &LinkFacts, of: &IdentityId) {
        let Some(scope) = self.scope(of, facts.email_key.as_deref()) else { return };
        self.now(turn, facts).one_more(turn, scope);
    }
}

/// Whole minutes, rounded up.
pub(crate) fn minutes(ms: i64) -> i64 {
    ms.max(1).saturating_add(59_999) / 60_000
}

/// `/link`, with what was typed behind it.
pub(crate) fn asked(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    message: &Message,
    typed: &str,
) {
    // Among the pictures of an album nobody looks for a code.
    let Some(link) = &facts.link else { return turn.say(&visit.reader, Say::Help) };
    if typed.is_empty() {
        return ways(turn, visit, link);
    }
    forget(turn, visit, message);
    if visit.reader.setting == Setting::Group {
        if let Some(typed) = link.typed.as_ref().filter(|typed| !typed.spent) {
            // Who reads along could use it.
            turn.then(Effect::Link(LinkEffect::SpendCode { id: typed.id }));
        }
        return turn.say(&visit.reader, Say::Link(LinkSay::CodeInGroup));
    }
    code_typed(turn, visit, link);
}

/// What somebody typed is nobody else's business: the message goes where it can, and so does what
/// we keep of it.
pub(crate) fn forget(turn: &mut Turn<'_>, visit: &Visit, message: &Message) {
    if turn.can_edit(&visit.reader.conversation) {
        let gone = turn.draft(&visit.reader, Body::Removed).replacing(Some(&message.id)).silent();
        turn.send(gone);
    }
    turn.then(Effect::ForgetEvent);
}

/// Whoever asks, as linking sees them.
pub(crate) fn own(visit: &Visit, facts: &LinkFacts) -> Party {
    let customer = &visit.customer;
    facts.own.clone().unwrap_or_else(|| Party {
        owner: Owner { account: customer.account.id, purse: customer.account.purse.id },
        available: visit.available(),
        reclaimed: customer.account.purse.reclaimed,
        entitlement: customer.account.entitlement.clone(),
        last_tag: customer.account.last_tag,
        signed_in: None,
        // Whoever is new has nobody else, and nothing that could be pressed about them.
        identities: vec![Linked {
            identity: customer.identity.clone(),
            key: 0,
            name: customer.name.clone(),
            language: customer.language,
            home: visit.reader.conversation.clone(),
            linked_at: 0,
            side: 0,
        }],
    })
}

/// The ways to link, and what is linked.
pub(crate) fn ways(turn: &mut Turn<'_>, visit: &Visit, facts: &LinkFacts) {
    ways_answering(turn, visit, facts, None);
}

/// The same as an answer to something that takes one.
pub(crate) fn ways_answering(
    turn: &mut Turn<'_>,
    visit: &Visit,
    facts: &LinkFacts,
    answer: Option<&MessageId>,
) {
    let own = own(visit, facts);
    let say = LinkSay::Ways {
        linked: lines(&own, &visit.customer.identity),
        signed_in: own.signed_in.as_ref().map(|who| who.hint.clone()),
        sign_in: turn.house().link.sign_in,
    };
    let mut rows = vec![vec![keys::act(Label::MakeCode, Verb::MakeCode, 0)]];
    if turn.house().link.sign_in && own.signed_in.is_none() {
        rows.push(vec![
            keys::act(Label::SignInByEmail, Verb::SignInByEmail, 0),
            keys::act(Label::SignInInBrowser, Verb::SignInInBrowser, 0),
        ]);
    }
    let mut undo: Vec<Key> = own.signed_in.iter().map(unlinking::sign_out_key).collect();
    if own.identities.len() > 1 {
        undo.push(keys::act(Label::UnlinkOne, Verb::UnlinkWhich, 0));
    }
    rows.push(undo);
    let mut ways = turn.words(&visit.reader, Say::Link(say)).keys(rows);
    if answer.is_some() {
        ways = ways.about(About::Occasion);
    }
    turn.send(ways.answering(answer));
}

/// The chats of an account, the one that reads this first.
pub(crate) fn lines(party: &Party, here: &IdentityId) -> Vec<LinkedLine> {
    let mut lines: Vec<LinkedLine> = party
        .identities
        .iter()
        .map(|linked| LinkedLine {
            channel: linked.identity.channel().into(),
            name: linked.name.clone(),
            here: linked.identity == *here,
        })
        .collect();
    lines.sort_by_key(|line| !line.here);
    lines
}

/// A code for another chat.
fn make_code(turn: &mut Turn<'_>, visit: &Visit, facts: &LinkFacts) -> Answer {
    if let Some(say) = newcomer::not_yet(turn, visit) {
        return Answer::Alert(say);
    }
    if Counted::Codes.left(turn, facts) == 0 {
        let minutes = Counted::Codes.wait_min(turn, facts);
        return Answer::Alert(Say::Link(LinkSay::Wait { minutes }));
    }
    let by = visit.customer.identity.clone();
    Counted::Codes.count(turn, facts, &by);
    let lives_ms = turn.house().link.code_ttl_ms;
    let id = CodeId(turn.id());
    turn.then(Effect::Link(LinkEffect::MakeCode {
        id,
        hash: facts.fresh.hash.clone(),
        account: visit.customer.account.id,
        by,
        here: visit.reader.conversation.clone(),
        expires_at: turn.frame.now.saturating_add(lives_ms),
    }));
    let code = code::shown(&facts.fresh.code);
    let say = Say::Link(LinkSay::Code { code, minutes: minutes(lives_ms) });
    let code = turn.words(&visit.reader, say);
    turn.send(code);
    Answer::Quiet
}

/// A code was typed here.
fn code_typed(turn: &mut Turn<'_>, visit: &mut Visit, facts: &LinkFacts) {
    // Who could would take the account along to another one.
    if let Some(say) = newcomer::not_yet(turn, visit) {
        return turn.say(&visit.reader, say);
    }
    for counted in [Counted::TriesADay, Counted::Tries] {
        if counted.left(turn, facts) == 0 {
            let minutes = counted.wait_min(turn, facts);
            return turn.say(&visit.reader, Say::Link(LinkSay::Wait { minutes }));
        }
    }
    let now = turn.frame.now;
    let me = &visit.customer.identity;
    let open = |typed: &&TypedCode| {
        typed.claimed_by.is_none()
            && !typed.spent
            && now < typed.expires_at
            && typed.only_for.as_ref().is_none_or(|only_for| only_for == me)
    };
    let Some(typed) = facts.typed.as_ref().filter(open) else {
        return wrong(turn, visit, facts);
    };
    if let Some(say) = refusal(&own(visit, facts), typed) {
        return turn.say(&visit.reader, Say::Link(say));
    }
    let expires_at = now.saturating_add(turn.house().link.code_ttl_ms);
    let by = visit.customer.identity.clone();
    let here = visit.reader.conversation.clone();
    turn.then(Effect::Link(LinkEffect::ClaimCode { id: typed.id, by, here, expires_at }));
    let owing = Owing {
        here: visit.available().owed(),
        there: typed.party.as_ref().map_or(Credits::ZERO, Party::owes),
    };
    let say = match (&typed.by, &typed.signed_in) {
        (Some(by), _) => LinkSay::Confirm {
            channel: by.channel().into(),
            name: code::masked(&typed.name),
            signed_in: who_of(typed).map(|who| who.hint.clone()),
            brings: visit.available().max(Credits::ZERO),
            owing,
        },
        (None, Some(who)) => LinkSay::ConfirmSignIn { who: who.hint.clone(), owing },
        (None, None) => return wrong(turn, visit, facts),
    };
    let row = typed.id.0;
    let keys: Vec<Key> = vec![
        keys::act(Label::LinkYes, Verb::LinkYes, row),
        keys::act(Label::LinkNo, Verb::LinkNo, row),
    ];
    let question = turn.words(&visit.reader, Say::Link(say)).keys(vec![keys]);
    turn.send(question);
}

/// As whom the account that a code opens is signed in.
fn who_of(typed: &TypedCode) -> Option<&SignedIn> {
    let of_party = || typed.party.as_ref().and_then(|party| party.signed_in.as_ref());
    typed.signed_in.as_ref().or_else(of_party)
}

/// Why a code that works does not link this chat.
fn refusal(own: &Party, typed: &TypedCode) -> Option<LinkSay> {
    let is_own = |party: &Party| party.owner.account == own.owner.account;
    match (&own.signed_in, who_of(typed)) {
        _ if typed.party.as_ref().is_some_and(is_own) => Some(LinkSay::Already),
        (Some(one), Some(other)) if one.subject != other.subject => Some(LinkSay::TwoPeople),
        (_, _) => None,
    }
}

/// It was no code, or is none any more; which of these is not told.
fn wrong(turn: &mut Turn<'_>, visit: &Visit, facts: &LinkFacts) {
    let by = &visit.customer.identity;
    Counted::Tries.count(turn, facts, by);
    Counted::TriesADay.count(turn, facts, by);
    let left = Counted::Tries.left(turn, facts).min(Counted::TriesADay.left(turn, facts));
    if Counted::TriesADay.left(turn, facts) == 1 {
        turn.then(Effect::RaiseAlarm { what: "somebody types many wrong linking codes" });
    }
    turn.say(&visit.reader, Say::Link(LinkSay::CodeWrong { left: (left - 1).max(0) }));
}

/// A button about linking was pressed.
pub(crate) fn pressed(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &PressFacts,
    action: Action,
) -> Answer {
    let Some(link) = &facts.link else { return Answer::Line(Say::Stale) };
    match action.verb {
        Verb::MakeCode => make_code(turn, visit, link),
        Verb::LinkYes => confirmed(turn, visit, link),
        Verb::LinkNo => declined(turn, visit, link),
        Verb::UndoLink => unlinking::undo(turn, visit, link),
        Verb::UnlinkWhich => {
            unlinking::which(turn, visit, link, &facts.plan);
            Answer::Quiet
        }
        Verb::Unlink => unlinking::unlink(turn, visit, (link, &facts.plan), action.row),
        Verb::SignInByEmail => signing_in::by_email(turn, visit),
        Verb::SignInInBrowser => signing_in::in_browser(turn, visit, link),
        Verb::SignOut => unlinking::sign_out(turn, visit, link, action.row),
        _ => Answer::Line(Say::Stale),
    }
}

/// The code that this chat has typed and can still confirm.
fn claimed<'f>(turn: &Turn<'_>, visit: &Visit, facts: &'f LinkFacts) -> Option<&'f TypedCode> {
    let by = Some(&visit.customer.identity);
    facts.typed.as_ref().filter(|typed| {
        typed.claimed_by.as_ref() == by && !typed.spent && turn.frame.now < typed.expires_at
    })
}

fn declined(turn: &mut Turn<'_>, visit: &Visit, facts: &LinkFacts) -> Answer {
    let Some(typed) = claimed(turn, visit, facts) else { return Answer::Line(Say::Stale) };
    turn.then(Effect::Link(LinkEffect::SpendCode { id: typed.id }));
    turn.say(&visit.reader, Say::Link(LinkSay::Declined));
    Answer::Quiet
}

/// This chat said yes to that account.
fn confirmed(turn: &mut Turn<'_>, visit: &mut Visit, facts: &LinkFacts) -> Answer {
    let Some(typed) = claimed(turn, visit, facts) else { return Answer::Line(Say::Stale) };
    turn.then(Effect::Link(LinkEffect::SpendCode { id: typed.id }));
    let own = own(visit, facts);
    if let Some(say) = newcomer::not_yet(turn, visit) {
        return Answer::Alert(say);
    }
    if let Some(say) = refusal(&own, typed) {
        return Answer::Alert(Say::Link(say));
    }
    join(turn, visit, &own, typed.party.as_ref(), typed.signed_in.as_ref());
    Answer::Quiet
}

/// The code that an event brings, for the shell to look up: only it has the key.
#[must_use]
pub fn typed(event: &Event) -> Option<String> {
    let Event::MessageReceived(written) = event else { return None };
    crate::intent::code(&written.text, &written.from.identity)
}
