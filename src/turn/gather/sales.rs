//! What is looked up about purchases and payments.

use picdesk_core::{
    errand::{Errand, ErrandEnded},
    event::Event,
    facts::{Customer, Needs, PaymentFacts, PlanFacts, Whereabouts},
    id::AccountId,
    payment::{CHARGE, Checkout, Refundable, StarsErrand},
};

use super::{Turner, Wanted};
use crate::store::{StoreError, Tx, links, payments, people, plans};

/// What a notice of the payment provider is decided on.
pub(super) async fn payment(
    turner: &Turner,
    tx: &mut Tx,
    wanted: &Wanted,
) -> Result<PaymentFacts, StoreError> {
    match &*wanted.event {
        Event::PaymentTold(notice)
        | Event::ErrandEnded(ErrandEnded { what: Errand::LookAtPayment { notice }, .. }) => {
            payments::facts_of(tx, notice, &turner.desk.house).await
        }
        Event::ErrandEnded(ErrandEnded { what, .. }) => {
            let (payment, subscription) = match what {
                Errand::Refund { payment, .. } => (Some(payment.clone()), None),
                Errand::ChangePlan { subscription, .. } => (None, Some(subscription)),
                Errand::Stars(errand) => match &**errand {
                    StarsErrand::Refund { charge, .. } => (Some(format!("{CHARGE}{charge}")), None),
                    StarsErrand::Renewal { subscription, .. } => (None, Some(subscription)),
                    StarsErrand::Link { .. } | StarsErrand::EndPlan { .. } => (None, None),
                },
                _ => (None, None),
            };
            let about = (payment.as_deref(), subscription);
            payments::facts_about(tx, about, &turner.desk.house).await
        }
        _ => Ok(PaymentFacts::default()),
    }
}

/// A purchase by our name for it.
pub(super) async fn asked_for(tx: &mut Tx, needs: &Needs) -> Result<Option<Checkout>, StoreError> {
    match &needs.checkout {
        Some(request) => payments::checkout(tx, request).await,
        None => Ok(None),
    }
}

/// What somebody pays for, where it is shown or changed.
pub(super) async fn plan(
    turner: &Turner,
    tx: &mut Tx,
    needs: &Needs,
    customer: Option<&Customer>,
) -> Result<PlanFacts, StoreError> {
    let Some(customer) = customer.filter(|_| needs.plan) else { return Ok(PlanFacts::default()) };
    let account = customer.account.id;
    let mut found = plans::facts_of(tx, account).await?;
    found.unsettled = plans::is_unsettled(tx, account, turner.store.clock().now_ms()).await?;
    if customer.newcomer.is_some_and(|one| one.among_others) {
        found.of_others = plans::of_others(tx, account, &customer.identity).await?;
    }
    found.lapsing = plans::lapsing(tx, account, customer.account.purse.id).await?;
    if found.plans.iter().any(|row| row.is_at_provider() && row.customer.is_some()) {
        found.portal = turner.portal(account);
    }
    Ok(found)
}

/// The newest purchase of what a button sells.
pub(super) async fn bought(
    turner: &Turner,
    tx: &mut Tx,
    (item, customer): (Option<i64>, Option<&Customer>),
) -> Result<Option<Checkout>, StoreError> {
    let (Some(number), Some(customer)) = (item, customer) else { return Ok(None) };
    match turner.desk.house.catalogue.item(number) {
        Some(item) => payments::latest(tx, customer.account.id, &item).await,
        None => Ok(None),
    }
}

/// The last payment in Stars, where money is to go back.
pub(super) async fn refundable(
    tx: &mut Tx,
    needs: &Needs,
    whose: Option<AccountId>,
) -> Result<Option<Box<Refundable>>, StoreError> {
    match whose {
        Some(account) if needs.refundable => {
            Ok(payments::refundable(tx, account).await?.map(Box::new))
        }
        _ => Ok(None),
    }
}

/// Who hears of what happened to an account's money: whoever it is told to, if they still have it.
pub(super) async fn whereabouts(
    tx: &mut Tx,
    wanted: &Wanted,
    customer: Option<&Customer>,
) -> Result<Whereabouts, StoreError> {
    let Event::MoneyMoved { account: Some(account), .. } = &*wanted.event else {
        return Ok(Whereabouts::Here);
    };
    let Some(owner) = links::living(tx, *account).await? else { return Ok(Whereabouts::Nowhere) };
    if customer.is_some_and(|customer| customer.account.id == owner) {
        return Ok(Whereabouts::Here);
    }
    Ok(match people::talked_with(tx, owner).await? {
        Some((identity, conversation)) => Whereabouts::At(identity, conversation),
        None => Whereabouts::Nowhere,
    })
}
