//! Links into a chat: what the payload after `/start` opens, and where somebody came from.

use alloc::{format, string::String};

use crate::{
    command,
    customer::Visit,
    effect::Effect,
    event::{About, Event, Setting},
    facts::{LinkFacts, LinkNeed, MessageFacts},
    gift, history,
    id::{CodeId, IdentityId, MessageId},
    intent::{self, BareWords, Command, Intent},
    linking, message,
    say::{LinkSay, Say},
    support,
    turn::Turn,
};

/// Most characters kept of a payload. Source: Bot API, "Deep linking", 64.
const ORIGIN_CHARS_MAX: usize = 64;

/// The payload of a link by which somebody comes to link their chat.
const LINK: &str = "link";

/// The payload of a link beside a code that the website shows: which code, and nobody's.
#[must_use]
pub fn to_code(code: CodeId) -> String {
    format!("{LINK}-{}", code.0.unsigned_abs())
}

/// What linking looks up for a payload; nothing when it is none of this kind. Codes of the website
/// have numbers below zero.
pub(crate) fn need(payload: &str) -> Option<LinkNeed> {
    let rest = payload.strip_prefix(LINK)?;
    if rest.is_empty() {
        return Some(LinkNeed::Own);
    }
    let number: i64 = rest.strip_prefix('-')?.parse().ok().filter(|number| *number > 0)?;
    Some(LinkNeed::Code(CodeId(-number)))
}

/// They come to link their chat. What carried them here proves nothing: with it or without, the
/// code has to be typed, which only whoever is signed in on the website sees.
pub(crate) fn arrived(
    turn: &mut Turn<'_>,
    visit: &Visit,
    facts: &LinkFacts,
    answer: Option<&MessageId>,
) {
    let Some(code) = facts.typed.as_ref().filter(|code| code.by.is_none()) else {
        return linking::ways_answering(turn, visit, facts, answer);
    };
    let is_open = !code.spent && code.claimed_by.is_none() && turn.frame.now < code.expires_at;
    let say = if is_open { LinkSay::CodeWanted } else { LinkSay::CodeGone };
    let mut wanted = turn.words(&visit.reader, Say::Link(say));
    if answer.is_some() {
        wanted = wanted.about(About::Occasion);
    }
    turn.send(wanted.answering(answer));
}

/// What a link opens that says so.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opens {
    /// What is sold.
    Plans,
    /// The way to a person.
    Support,
}

/// What a payload opens; nothing when it is none of this kind.
pub(crate) fn opens(payload: &str) -> Option<Opens> {
    match payload {
        "plans" => Some(Opens::Plans),
        "support" => Some(Opens::Support),
        _ => None,
    }
}

/// They come for something. Where coming in has one answer that is free, that is what is said.
pub(crate) fn open(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    opens: Opens,
    answer: Option<&MessageId>,
) {
    let earlier = turn.take();
    match opens {
        Opens::Plans => command::buy(turn, visit),
        Opens::Support => support::ask(turn, visit, None),
    }
    let mut answer = answer.cloned();
    let later = turn.take();
    for effect in earlier {
        turn.then(effect);
    }
    for mut effect in later {
        if let Effect::Send(message) = &mut effect
            && message.conversation == *turn.frame.conversation
            && let Some(answer) = answer.take()
        {
            message.reply_to = Some(answer);
            message.about = Some(About::Occasion);
        }
        turn.then(effect);
    }
}

/// The payload that an event brings, for the shell to read: only it can tell whether the payload
/// is one of ours.
#[must_use]
pub fn payload(event: &Event) -> Option<&str> {
    let Event::MessageReceived(written) = event else { return None };
    match intent::read(&written.text, BareWords::of(&written.from.identity)) {
        Intent::Command(Command::Start(payload)) => Some(payload).filter(|it| !it.is_empty()),
        Intent::Command(_) | Intent::Greeting | Intent::Words(_) => None,
    }
}

/// The chat was opened, by a link or by hand. Tells whether it was answered by a welcome.
pub(crate) fn started(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    payload: &str,
) -> bool {
    // Among others a link says nothing: what it opens is nobody else's business.
    if visit.reader.setting == Setting::Private {
        match (facts.linked, payload) {
            (Some(_), _) if !visit.is_new => {
                match &facts.replied {
                    Some(kept) => history::open(turn, visit, kept),
                    None => turn.say(&visit.reader, Say::Gone),
                }
                return false;
            }
            // Somebody else's picture: not where they came from either.
            (Some(_), _) | (None, "") => {}
            (None, origin) => {
                if let Some(opens) = opens(origin) {
                    open(turn, visit, opens, None);
                    return false;
                }
                if let Some(link) = &facts.link {
                    arrived(turn, visit, link, None);
                    return false;
                }
                keep_origin(turn, visit, origin);
                if let Some(welcomed) = gift::arrived(turn, visit, facts, origin, None) {
                    return welcomed;
                }
            }
        }
    }
    message::welcome(turn, visit);
    true
}

/// Where somebody new came from. Whatever it says is theirs: it is kept, never shown or believed.
pub(crate) fn keep_origin(turn: &mut Turn<'_>, visit: &Visit, payload: &str) {
    if !visit.is_new {
        return;
    }
    let account = visit.customer.account.id;
    turn.then(Effect::KeepOrigin { account, origin: tame(payload) });
}

/// Where somebody came from who may yet write to us, under this name: the account that comes about
/// then takes it over.
pub(crate) fn remember_origin(turn: &mut Turn<'_>, identity: &IdentityId, payload: &str) {
    let identity = identity.clone();
    turn.then(Effect::RememberOrigin { identity, origin: tame(payload) });
}

fn tame(payload: &str) -> String {
    payload.chars().filter(|letter| !letter.is_control()).take(ORIGIN_CHARS_MAX).collect()
}
