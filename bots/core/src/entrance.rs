//! Chats that begin without a word: somebody comes in by a link, or becomes a contact.

use alloc::vec::Vec;

use crate::{
    credits::Credits,
    customer,
    event::{About, Contact, ContactChange, Entrance, Greet, Setting},
    facts::MessageFacts,
    gift,
    handing::is_handed,
    link, message,
    say::Say,
    turn::{Reader, Turn},
};

/// Somebody came in. Whoever is new is welcomed where that is possible; whoever is known only
/// where the channel gives a greeting away that costs nothing. What is owed waits for their words:
/// coming in opens no window.
pub(crate) fn entered(turn: &mut Turn<'_>, facts: &MessageFacts, entrance: &Entrance) {
    let (greets, answer) = match (&entrance.greet, &facts.customer) {
        (Greet::Once(answerable), _) if answerable.until >= turn.frame.now => {
            (true, Some(&answerable.message))
        }
        (Greet::Freely, None) => (true, None),
        (Greet::No | Greet::Freely | Greet::Once(_), _) => (false, None),
    };
    let origin = entrance.scene_param.as_ref().or(entrance.scene.as_ref());
    let opens = origin.and_then(|origin| link::opens(origin));
    // Who comes for something and has written lately is answered by a message like any other.
    let is_answered = (facts.link.is_some() || opens.is_some())
        && facts.customer.is_some()
        && turn.has_room(turn.frame.conversation);
    // What a link gives away does not need a greeting, nor does where somebody new comes from: they
    // are welcomed when they write.
    if !greets && facts.gift.is_none() && !is_answered {
        if let (None, None, Some(origin)) = (&facts.customer, &facts.link, origin) {
            link::remember_origin(turn, &entrance.who.identity, origin);
        }
        return;
    }
    if is_handed(turn, facts.customer.as_ref()) {
        return;
    }
    let mut visit = match &facts.customer {
        None => customer::meet(turn, &entrance.who, None, Setting::Private),
        Some(known) => customer::here(turn, known),
    };
    if let Some(link_facts) = &facts.link {
        return link::arrived(turn, &visit, link_facts, answer);
    }
    if let Some(opens) = opens {
        return link::open(turn, &mut visit, opens, answer);
    }
    if let Some(origin) = origin {
        link::keep_origin(turn, &visit, origin);
        if gift::arrived(turn, &mut visit, facts, origin, answer).is_some() {
            return;
        }
    }
    if greets {
        message::welcome_answering(turn, &visit, answer);
    }
}

/// Somebody became a contact of one of our people: a greeting, once. An account comes about when
/// they write to the bot; where they came from is kept until then.
pub(crate) fn contact_changed(turn: &mut Turn<'_>, contact: &Contact) {
    if let (ContactChange::Added(_), Some(origin)) = (&contact.change, &contact.origin) {
        link::remember_origin(turn, &contact.writes_as, origin);
    }
    let answerable = match &contact.change {
        ContactChange::Added(Some(answerable)) if answerable.until >= turn.frame.now => answerable,
        ContactChange::Added(_)
        | ContactChange::Edited
        | ContactChange::Dropped
        | ContactChange::Left
        | ContactChange::TransferFailed => return,
    };
    let reader = Reader {
        conversation: turn.frame.conversation.clone(),
        identity: None,
        language: contact.who.language.unwrap_or(turn.house().language_default),
        setting: Setting::Private,
    };
    let welcome = turn.words(&reader, Say::Welcome { trial: Credits::ZERO });
    let welcome = welcome.answering(Some(&answerable.message)).about(About::Occasion);
    turn.send(welcome.keys(Vec::new()));
}
