//! Credits that arrive, and the request that waited for them.

use alloc::{format, string::String, vec::Vec};

use crate::{
    credits::{Credits, GrantReason},
    customer::Visit,
    effect::{Effect, Outgoing},
    event::{About, Setting},
    facts::{MessageFacts, Request, RequestState},
    id::{EntryId, MessageId},
    keys, making,
    payment::{self, Moved},
    request,
    say::{GiftSay, Key, PlanLine, Say, Waited},
    turn::{Reader, Turn, shorten},
};

/// The owner gave credits by hand.
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
    } else {
        let to = (customer.identity.clone(), turn.frame.conversation.clone());
        payment::tell_of(turn, Some(customer.account.id), to, Moved::Bought { credits });
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
    /// A period of a plan.
    Plan(PaidPlan),
    /// A promo code.
    Promo,
    /// An invitation: by whoever invited, or else of whoever was invited.
    Invitation {
        /// Which of them.
        inviting: bool,
    },
}

impl Brought {
    /// Whether somebody has seen to it that they come, for what they want now; else a request that
    /// waits is asked about once more, so that nothing is spent that nobody thinks of.
    fn is_wanted_now(&self) -> bool {
        match self {
            Self::Money | Self::Promo => true,
            Self::Plan(paid) => !paid.renewed,
            Self::Invitation { .. } => false,
        }
    }
}

/// A plan of which a period is paid.
pub(crate) struct PaidPlan {
    /// Which.
    pub plan: String,
    /// Until when, milliseconds since the epoch.
    pub until: i64,
    /// Whether an earlier one was paid before.
    pub renewed: bool,
    /// Others that are billed beside it.
    pub beside: Vec<PlanLine>,
    /// What ends one of them.
    pub keys: Vec<Vec<Key>>,
}

/// As the answer to something that takes one.
pub(crate) fn answered(message: Outgoing, answer: Option<&MessageId>) -> Outgoing {
    match answer {
        Some(_) => message.about(About::Occasion).answering(answer),
        None => message,
    }
}

/// Credits have come to a purse: their owner hears of it, and what they asked for here a short
/// while ago, and could not pay, runs or is asked about.
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
        .filter(|request| request.identity == visit.customer.identity)
        .filter(|request| turn.frame.now.saturating_sub(request.asked_at) < request::WAITS_MS)
        .filter(|request| making::total(request) <= available)
        .find(|request| request::may_run(turn, visit, request).is_ok())
        .cloned();
    let credits = came.credits;
    let runs = waited.clone().filter(|_| came.by.is_wanted_now());
    let asks = waited.filter(|_| runs.is_none());
    let mut keys = asks.as_ref().map_or_else(Vec::new, |request| {
        // What was cheaper then may be dearer than need be now.
        let request = Request { cheaper: None, ..request.clone() };
        keys::confirm(turn.house(), &request, making::total(&request))
    });
    let waited = match (&runs, &asks) {
        (Some(_), _) => Waited::Runs,
        (None, Some(request)) => {
            Waited::Asks { prompt: shorten(&request.prompt), price: making::total(request) }
        }
        (None, None) => Waited::Nothing,
    };
    let say = match came.by {
        Brought::Money => Say::CreditsArrived { credits, available, waited },
        Brought::Plan(PaidPlan { plan, until, beside, keys: ends, .. }) => {
            keys.extend(ends);
            Say::PlanPaid { plan, credits, available, until, waited, beside }
        }
        Brought::Promo => Say::Gift(GiftSay::Redeemed { credits, available, waited }),
        Brought::Invitation { inviting } => {
            Say::Gift(GiftSay::Rewarded { inviting, credits, available, waited })
        }
    };
    let word = turn.words(&visit.reader, say).keys(keys);
    turn.send(answered(word, answer));
    if let Some(request) = runs {
        // Whether it may run was looked at above.
        let _ran = request::resume(turn, visit, &facts.line, &request, None);
    }
}
