//! Credits that arrive, and the request that waited for them.

use alloc::{format, string::String};

use crate::{
    credits::{Credits, GrantReason},
    customer::Visit,
    effect::{Effect, Outgoing},
    event::{About, Setting},
    facts::{MessageFacts, RequestState},
    id::{EntryId, MessageId},
    making, request,
    say::{GiftSay, Say},
    turn::{Reader, Turn},
};

/// The owner gave credits by hand. The newest request that waited for credits and can be paid now
/// runs by itself.
pub(crate) fn by_hand(turn: &mut Turn<'_>, facts: &MessageFacts, credits: Credits, why: &str) {
    let Some(customer) = facts.customer.as_ref().filter(|_| credits > Credits::ZERO) else {
        return;
    };
    let entry = EntryId(turn.id());
    let purse = customer.account.purse.id;
    turn.then(Effect::Grant {
        entry,
        purse,
        credits,
        source: format!("by_hand:{}", turn.frame.cause.0),
        reason: GrantReason::ByHand,
        note: Some(String::from(why)),
    });
    let reader = Reader::here(turn, customer, Setting::Private);
    let mut visit = Visit { reader, customer: customer.clone(), is_new: false };
    let granted = &mut visit.customer.account.purse.granted;
    *granted = Credits(granted.0.saturating_add(credits.0));
    if customer.reachable {
        arrived(turn, &mut visit, facts, Came { credits, by: Brought::Money }, None);
    }
}

/// What came.
pub(crate) struct Came {
    /// How many credits.
    pub credits: Credits,
    /// What brought them.
    pub by: Brought,
}

/// What brings credits.
pub(crate) enum Brought {
    /// They were bought, or given by hand.
    Money,
    /// A plan, and until when it is paid.
    Plan(String, i64),
    /// A promo code.
    Promo,
    /// An invitation: by whoever invited, or else of whoever was invited.
    Invitation {
        /// Which of them.
        inviting: bool,
    },
}

/// As the answer to something that takes one.
pub(crate) fn answered(message: Outgoing, answer: Option<&MessageId>) -> Outgoing {
    match answer {
        Some(_) => message.about(About::Occasion).answering(answer),
        None => message,
    }
}

/// Credits have come to a purse: their owner hears of it, and what waited runs.
pub(crate) fn arrived(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    came: Came,
    answer: Option<&MessageId>,
) {
    let available = visit.available();
    let waited = visit
        .customer
        .open
        .iter()
        .rev()
        .map(|open| &open.request)
        .filter(|request| request.state == RequestState::Unpaid)
        .filter(|request| making::total(request) <= available)
        .find(|request| request::may_run(turn, visit, request).is_ok())
        .cloned();
    let (credits, making) = (came.credits, waited.is_some());
    let say = match came.by {
        Brought::Money => Say::CreditsArrived { credits, available, making },
        Brought::Plan(plan, until) => Say::PlanPaid { plan, credits, available, until, making },
        Brought::Promo => Say::Gift(GiftSay::Redeemed { credits, available, making }),
        Brought::Invitation { inviting } => {
            Say::Gift(GiftSay::Rewarded { inviting, credits, available, making })
        }
    };
    let word = turn.words(&visit.reader, say);
    turn.send(answered(word, answer));
    if let Some(request) = waited {
        // Whether it may run was looked at above.
        let _ran = request::resume(turn, visit, &facts.line, &request, None);
    }
}
