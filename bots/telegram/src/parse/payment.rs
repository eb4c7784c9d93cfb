//! What Telegram tells about money, read. Only Stars are paid here: whatever is in another currency
//! is not ours, and is kept aside for a human eye.

use picdesk_core::{
    channel::{Arrival, Lane},
    event::Event,
    payment::{Asking, Mode, Money, Notice, Paid, PlanState, PlanTold, STARS, Told, refund},
};

use super::{Happening, Reading, conversation, milliseconds, person};
use crate::{
    config::CHANNEL,
    update::{Message, PreCheckout, Refunded, Subscription, Successful},
};

/// Why a payment that is not in Stars is kept aside.
const OTHER_MONEY: &str = "a payment in another currency than Stars, which nothing here sells for";

/// A question whether a payment may go on. One in another currency is not of ours: what we are
/// asked about and do not know is refused.
pub(super) fn asked(query: &PreCheckout<'_>) -> Arrival {
    Arrival::Asked(Box::new(Asking {
        channel: CHANNEL,
        question: query.id.to_string(),
        by: person(&query.from),
        request: query.invoice_payload.to_string(),
        price: money(&query.currency, query.total_amount),
    }))
}

/// What a message says about money, if it does.
pub(super) fn read_payment(message: &Message<'_>) -> Option<Reading> {
    let at = milliseconds(message.date);
    let (currency, notice) = if let Some(paid) = &message.successful_payment {
        (&paid.currency, paid_for(paid, at))
    } else {
        let refunded = message.refunded_payment.as_ref()?;
        (&refunded.currency, given_back(refunded, at))
    };
    if **currency != *STARS {
        return Some(Reading::Unhandled(OTHER_MONEY));
    }
    let place = conversation(message.chat.id, None);
    Some(Happening::in_order(place, at, Event::PaymentTold(notice)))
}

fn notice(at: i64, request: &str, told: Told) -> Notice {
    Notice { at, mode: Mode::Live, request: Some(request.to_owned()), told }
}

fn paid_for(paid: &Successful<'_>, at: i64) -> Notice {
    let charge = paid.telegram_payment_charge_id.to_string();
    let payment = Paid {
        payment: format!("charge:{charge}"),
        product: None,
        price: Some(money(&paid.currency, paid.total_amount)),
        discount: 0,
        charged: None,
        link: None,
        customer: None,
    };
    let told = match paid.subscription_expiration_date.filter(|until| *until > 0) {
        None => Told::Bought(payment),
        Some(until) => {
            let first = paid.is_first_recurring.then_some(charge);
            let until = milliseconds(until);
            Told::PlanPaid(
                payment,
                plan(&paid.invoice_payload, PlanState::Active, until, at, first),
            )
        }
    };
    notice(at, &paid.invoice_payload, told)
}

fn given_back(refunded: &Refunded<'_>, at: i64) -> Notice {
    let back = refund(&refunded.telegram_payment_charge_id, refunded.total_amount);
    notice(at, &refunded.invoice_payload, Told::Reversed(back))
}

/// How a subscription is now, in its payer's chat.
pub(super) fn read_subscription(subscription: &Subscription<'_>, received_at: i64) -> Reading {
    let state = match &*subscription.state {
        "active" => PlanState::Active,
        "canceled" => PlanState::Ending,
        "failed" => PlanState::PastDue,
        _ => PlanState::Unknown,
    };
    let request = &subscription.invoice_payload;
    let told = Told::Plan(plan(request, state, 0, 0, None));
    let event = Event::PaymentTold(notice(received_at, request, told));
    let place = conversation(subscription.user.id, None);
    let lane = Lane::Conversation;
    Reading::Happened(Box::new(Happening { conversation: place, lane, at: received_at, event }))
}

/// A subscription has no name of its own here: it is the one of this purchase. Whoever ends it
/// names its first payment.
fn plan(
    request: &str,
    state: PlanState,
    until: i64,
    changed_at: i64,
    first: Option<String>,
) -> PlanTold {
    PlanTold {
        subscription: format!("stars:{request}"),
        product: None,
        state,
        until,
        changed_at,
        customer: first,
    }
}

fn money(currency: &str, minor: i64) -> Money {
    Money { minor, currency: currency.to_owned() }
}
