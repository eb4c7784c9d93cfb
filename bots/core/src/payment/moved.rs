//! What somebody hears in their own chat when money has moved, and the request that waited for it.

use alloc::{format, vec};

use super::{Money, Moved, PlanState, RefundState, Reversal, plan, told::tell_of};
use crate::{
    credits::Credits,
    customer::Visit,
    effect::Effect,
    event::{Event, Setting},
    facts::{MessageFacts, Whereabouts},
    grant::{self, Brought, Came, PaidPlan},
    id::{AccountId, IdentityId},
    keys,
    say::{Label, Say, StarsSay, Verb},
    turn::{Reader, Turn},
};

/// Money of an account has moved. Whoever has left the account meanwhile hears nothing of it: it is
/// told to whoever has it.
pub(crate) fn moved(
    turn: &mut Turn<'_>,
    facts: &MessageFacts,
    (account, moved): (Option<AccountId>, &Moved),
) {
    match &facts.whereabouts {
        Whereabouts::Here => {}
        Whereabouts::At(identity, conversation) => {
            let to = (identity.clone(), conversation.clone());
            return tell_of(turn, account, to, moved.clone());
        }
        Whereabouts::Nowhere => return,
    }
    let Some(customer) = facts.customer.as_ref() else { return };
    if !customer.reachable {
        return unsaid(turn, customer.identity.clone(), (account, moved.clone()));
    }
    let reader = Reader::here(turn, customer, Setting::Private);
    let mut visit = Visit { reader, customer: customer.clone(), is_new: false };
    match moved {
        Moved::Bought { credits } => {
            let came = Came { credits: *credits, by: Brought::Money };
            grant::arrived(turn, &mut visit, facts, came, None);
        }
        Moved::PlanPaid { plan, credits, until, renewed, request } => {
            let (beside, keys) = plan::beside(turn, &facts.plan, request);
            let (plan, until, renewed) = (plan.clone(), *until, *renewed);
            let paid = PaidPlan { plan, until, renewed, beside, keys };
            let came = Came { credits: *credits, by: Brought::Plan(paid) };
            grant::arrived(turn, &mut visit, facts, came, None);
        }
        Moved::Rewarded { credits, inviting } => {
            let by = Brought::Invitation { inviting: *inviting };
            grant::arrived(turn, &mut visit, facts, Came { credits: *credits, by }, None);
        }
        Moved::TakenBack { credits, by } => taken_back(turn, &visit, *credits, *by),
        Moved::Refund { state, price, credits } => {
            refunded(turn, &visit, *state, (price, *credits));
        }
        Moved::Exchanged { plan, until, charge } => {
            let sold = plan::plan_of(turn, plan).filter(|_| charge.is_some());
            let price = sold.map(|plan| plan.price.clone());
            let (plan, until, charge) = (plan.clone(), *until, *charge);
            turn.say(&visit.reader, Say::PlanExchanged { plan, until, price, charge });
        }
        Moved::PlanNotChanged { refused } => {
            let show = vec![keys::act(Label::ShowPlan, Verb::ShowPlan, 0)];
            let word = turn.words(&visit.reader, Say::PlanNotChanged { refused: *refused });
            turn.send(word.keys(vec![show, keys::human(turn.house(), None)]));
        }
        Moved::RenewInTelegram => {
            turn.say(&visit.reader, Say::Stars(StarsSay::RenewInTelegram));
        }
        Moved::StarsStay => {
            let word = turn.words(&visit.reader, Say::Stars(StarsSay::RefundFailed));
            turn.send(word.keys(vec![keys::human(turn.house(), None)]));
        }
        Moved::Plan { plan, state, until } => {
            let (state, until, lapse_days) =
                (*state, *until, turn.house().catalogue.lapse_days(plan));
            let say = Say::PlanChanged { plan: plan.clone(), state, until, lapse_days };
            let word = turn.words(&visit.reader, say);
            let keys = match state {
                PlanState::PastDue | PlanState::Unpaid => keys::human(turn.house(), None),
                _ => vec![],
            };
            turn.send(word.keys(vec![keys]));
        }
    }
}

/// What the timers of what could not be said are called: they wait until whoever shut us out is
/// back.
const UNSAID: &str = "unsaid:";

/// How long they wait at most, milliseconds; then it is tried, and waits anew.
const UNSAID_MS: i64 = 365 * 86_400_000;

/// Whoever cannot be reached hears of their money when they are back.
fn unsaid(turn: &mut Turn<'_>, identity: IdentityId, (account, moved): (Option<AccountId>, Moved)) {
    let id = turn.id();
    turn.then(Effect::SetTimer {
        id: format!("{UNSAID}{id}"),
        due_at: turn.frame.now.saturating_add(UNSAID_MS),
        conversation: turn.frame.conversation.clone(),
        event: Event::MoneyMoved { identity, account, moved },
    });
}

/// Whoever could not be reached is back: what could not be said is said, in its order.
pub(crate) fn say_unsaid(turn: &mut Turn<'_>) {
    let conversation = turn.frame.conversation.clone();
    turn.then(Effect::HastenTimers { conversation, named: UNSAID, by_ms: UNSAID_MS });
}

fn taken_back(turn: &mut Turn<'_>, visit: &Visit, credits: Credits, by: Reversal) {
    let available = visit.available();
    let say = Say::MoneyWentBack { credits, available, disputed: by == Reversal::Dispute };
    let mut rows = vec![keys::human(turn.house(), None)];
    if available <= Credits::ZERO {
        rows.insert(0, vec![keys::act(Label::Buy, Verb::Buy, 0)]);
    }
    let word = turn.words(&visit.reader, say).keys(rows);
    turn.send(word);
}

fn refunded(
    turn: &mut Turn<'_>,
    visit: &Visit,
    state: RefundState,
    (price, credits): (&Money, Credits),
) {
    let price = price.clone();
    match state {
        RefundState::Sent => turn.say(&visit.reader, Say::RefundSent { price, credits }),
        RefundState::Pending => turn.say(&visit.reader, Say::RefundPending { price, credits }),
        RefundState::WithPeople | RefundState::Declined | RefundState::UnderWay => {}
        RefundState::Failed => {
            let rows = vec![keys::human(turn.house(), None)];
            let word = turn.words(&visit.reader, Say::RefundFailed { credits }).keys(rows);
            turn.send(word);
        }
    }
}
