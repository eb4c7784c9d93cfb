//! What somebody hears in their own chat when money has moved, and the request that waited for it.

use alloc::vec;

use super::{Moved, PlanState, Reversal};
use crate::{
    credits::Credits,
    customer::Visit,
    event::Setting,
    facts::MessageFacts,
    grant::{self, Brought, Came},
    keys,
    say::{Label, Say, Verb},
    turn::{Reader, Turn},
};

/// Money has moved.
pub(crate) fn moved(turn: &mut Turn<'_>, facts: &MessageFacts, moved: &Moved) {
    let Some(customer) = facts.customer.as_ref() else { return };
    let reader = Reader::here(turn, customer, Setting::Private);
    let mut visit = Visit { reader, customer: customer.clone(), is_new: false };
    match moved {
        Moved::Bought { credits } => {
            let came = Came { credits: *credits, by: Brought::Money };
            grant::arrived(turn, &mut visit, facts, came, None);
        }
        Moved::PlanPaid { plan, credits, until } => {
            let came = Came { credits: *credits, by: Brought::Plan(plan.clone(), *until) };
            grant::arrived(turn, &mut visit, facts, came, None);
        }
        Moved::Rewarded { credits, inviting } => {
            let by = Brought::Invitation { inviting: *inviting };
            grant::arrived(turn, &mut visit, facts, Came { credits: *credits, by }, None);
        }
        Moved::TakenBack { credits, by } => {
            let available = visit.available();
            let disputed = *by == Reversal::Dispute;
            let say = Say::MoneyWentBack { credits: *credits, available, disputed };
            let mut rows = vec![keys::human(turn.house(), None)];
            if available <= Credits::ZERO {
                rows.insert(0, vec![keys::act(Label::Buy, Verb::Buy, 0)]);
            }
            let word = turn.words(&visit.reader, say).keys(rows);
            turn.send(word);
        }
        Moved::Exchanged { plan, until } => {
            let plan = plan.clone();
            let say = Say::PlanExchanged { plan, until: *until, price: None, charge: None };
            turn.say(&visit.reader, say);
        }
        Moved::Plan { plan, state, until } => {
            let say = Say::PlanChanged { plan: plan.clone(), state: *state, until: *until };
            let word = turn.words(&visit.reader, say);
            let keys = match state {
                PlanState::PastDue | PlanState::Unpaid => keys::human(turn.house(), None),
                _ => vec![],
            };
            turn.send(word.keys(vec![keys]));
        }
    }
}
