//! Somebody took back what they had written: what it began is taken back with it, as far as that
//! goes.

use crate::{
    account::Person,
    cancel::{self, Cancelled},
    customer,
    event::About,
    facts::MessageFacts,
    id::MessageId,
    say::Say,
    tray,
    turn::Turn,
};

/// A picture that waits for words is let go. A prompt is taken out of line, its credits come back
/// and that is said, as if [Cancel] had been pressed; what is on its way goes on.
pub(crate) fn recalled(
    turn: &mut Turn<'_>,
    facts: &MessageFacts,
    by: &Person,
    message: &MessageId,
) {
    let Some(customer) = &facts.customer else { return };
    let mut visit = customer::here(turn, customer);
    if tray::forget(turn, &mut visit, message) {
        return;
    }
    let started = facts.started.as_ref().filter(|request| request.identity == by.identity);
    let Some(request) = started else { return };
    let open = customer.open.iter().find(|open| open.request.id == request.id);
    let Some(open) = open else { return };
    if let Cancelled::TooLate(_) = cancel::cancel(turn, &mut visit, open) {
        let word = turn.words(&visit.reader, Say::TooLateToCancel);
        turn.send(word.about(About::Passing));
    }
}
