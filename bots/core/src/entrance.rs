//! Chats that begin or change hands without a word: somebody comes in by a link, our people take a
//! chat over or give it back, somebody becomes a contact.

use alloc::vec::Vec;

use crate::{
    credits::Credits,
    customer::{self, Visit},
    event::{About, Contact, ContactChange, Entrance, Greet, Handing, Hands, Setting},
    facts::{Awaiting, Customer, MessageFacts},
    id::MessageId,
    message,
    say::Say,
    turn::{Reader, Turn},
};

/// Whether people of ours have the chat, so that the bot is silent in it.
pub(crate) fn is_handed(customer: Option<&Customer>) -> bool {
    customer.is_some_and(|customer| customer.awaiting == Some(Awaiting::Servicer))
}

/// Somebody came in. Whoever is new is welcomed where that is possible; whoever is known only
/// where the channel gives a greeting away that costs nothing. What is owed waits for their words:
/// coming in opens no window.
pub(crate) fn entered(turn: &mut Turn<'_>, facts: &MessageFacts, entrance: &Entrance) {
    let answer: Option<&MessageId> = match (&entrance.greet, &facts.customer) {
        (Greet::No, _) | (Greet::Freely, Some(_)) => return,
        (Greet::Freely, None) => None,
        (Greet::Once(answerable), _) if answerable.until < turn.frame.now => return,
        (Greet::Once(answerable), _) => Some(&answerable.message),
    };
    if is_handed(facts.customer.as_ref()) {
        return;
    }
    let visit = match &facts.customer {
        None => customer::meet(turn, &entrance.who, None, Setting::Private),
        Some(known) => here(turn, known),
    };
    message::welcome_answering(turn, &visit, answer);
}

/// Our people took the chat, or gave it back.
pub(crate) fn handed(turn: &mut Turn<'_>, facts: &MessageFacts, handing: &Handing) {
    let Some(known) = &facts.customer else { return };
    let mut visit = here(turn, known);
    match handing.to {
        Hands::Servicer(_) => visit.awaits(turn, Some(Awaiting::Servicer)),
        Hands::Bot => {
            if is_handed(facts.customer.as_ref()) {
                visit.awaits(turn, None);
            }
            // What was made meanwhile has waited for this.
            customer::hand_over_owed(turn, &visit.reader, &known.owed);
        }
    }
}

/// Somebody became a contact of one of our people: a greeting, once. An account comes about when
/// they write to the bot.
pub(crate) fn contact_changed(turn: &mut Turn<'_>, contact: &Contact) {
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

fn here(turn: &Turn<'_>, known: &Customer) -> Visit {
    let reader = Reader::here(turn, known, Setting::Private);
    Visit { reader, customer: known.clone(), is_new: false }
}
