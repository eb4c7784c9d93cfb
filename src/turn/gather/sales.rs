//! What is looked up about purchases and payments.

use picdesk_core::{
    errand::{Errand, ErrandEnded},
    event::Event,
    facts::{Customer, Needs, PaymentFacts, PlanFacts},
    id::AccountId,
    payment::{Checkout, Refundable},
};

use super::{Turner, Wanted};
use crate::store::{StoreError, Tx, payments, plans};

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
