//! Links into a chat: what the payload after `/start` opens, and where somebody came from.

use alloc::string::String;

use crate::{
    command,
    customer::Visit,
    effect::Effect,
    event::{Event, Setting},
    facts::MessageFacts,
    history,
    intent::{self, BareWords, Command, Intent},
    linking, message,
    say::Say,
    support,
    turn::Turn,
};

/// Most characters kept of a payload. Source: Bot API, "Deep linking", 64.
const ORIGIN_CHARS_MAX: usize = 64;

/// The payload of a link by which somebody comes to link their chat.
pub(crate) const LINK: &str = "link";

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
            (None, "plans") => {
                command::buy(turn, visit);
                return false;
            }
            (None, "support") => {
                support::ask(turn, visit, None);
                return false;
            }
            // It carries nobody's account, only the wish to link this chat to one.
            (None, LINK) => {
                if let Some(link) = &facts.link {
                    linking::ways(turn, visit, link);
                    return false;
                }
            }
            (None, origin) => keep_origin(turn, visit, origin),
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
    let origin: String =
        payload.chars().filter(|letter| !letter.is_control()).take(ORIGIN_CHARS_MAX).collect();
    turn.then(Effect::KeepOrigin { account: visit.customer.account.id, origin });
}
