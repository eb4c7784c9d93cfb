//! Payments, given back at Creem. There is no key that makes it happen once, so that the payment
//! is looked at before each try; only the whole of what is left goes back, so that a second
//! refund of the same has nothing to give.

use std::time::Duration;

use async_trait::async_trait;
use picdesk_core::errand::{Brought, Errand};

use super::{Came, Handler, Try, creem::later};
use crate::{
    alarm::Alarms,
    creem::{CallError, Creem, Transaction, Way, notice},
};

/// How often a refund that is begun is looked at.
const LOOK_EVERY: Duration = Duration::from_mins(10);

/// Gives payments back.
pub struct GiveBack {
    /// Whom to ask.
    pub creem: Creem,
    /// Who hears of what the owner has to see to.
    pub alarms: Alarms,
}

#[async_trait]
impl Handler for GiveBack {
    async fn run(&self, one: Try<'_>) -> Came {
        let Errand::Refund { payment, ends, begun, .. } = one.what else { return Came::Refused };
        let came = if *begun {
            self.look_at(payment).await
        } else {
            self.give_back(payment, ends.as_deref()).await
        };
        match came {
            Ok(came) => came,
            Err(error) => later(&error, &self.alarms),
        }
    }
}

impl GiveBack {
    async fn give_back(&self, payment: &str, ends: Option<&str>) -> Result<Came, CallError> {
        let Some(transaction) = self.find(payment).await? else { return Ok(Came::Refused) };
        if let Some(subscription) = ends {
            self.end(subscription).await?;
        }
        if transaction.went_back() {
            return Ok(Came::Brought(Brought::Refunded));
        }
        if transaction.came() != Some(true) {
            return Ok(Came::Refused);
        }
        let refund = match self.creem.refund(&transaction.id).await {
            Ok(refund) => refund,
            // Perhaps because there is nothing left to give: an earlier try came about.
            Err(CallError::Refused(_)) => {
                let again = self.creem.transaction(&transaction.id).await?;
                let went_back = again.went_back();
                return Ok(if went_back {
                    Came::Brought(Brought::Refunded)
                } else {
                    Came::Refused
                });
            }
            Err(error) => return Err(error),
        };
        // Source: Creem, "Refunds": pending, requiresAction, succeeded, failed, canceled.
        Ok(match refund.status.as_deref() {
            Some("failed" | "canceled") => Came::Refused,
            Some("pending" | "requiresAction") => Came::Brought(Brought::RefundPending),
            _ => Came::Brought(Brought::Refunded),
        })
    }

    /// A refund that is begun is not asked for again, which might give back twice: the payment
    /// tells when the money has gone, and Creem tells when it does not.
    async fn look_at(&self, payment: &str) -> Result<Came, CallError> {
        let transaction = self.find(payment).await?;
        let went_back = transaction.is_some_and(|it| it.went_back());
        Ok(if went_back { Came::Brought(Brought::Refunded) } else { Came::Later(Some(LOOK_EVERY)) })
    }

    /// The payment by what we know it by: an order or a transaction.
    async fn find(&self, payment: &str) -> Result<Option<Transaction>, CallError> {
        match payment.split_once(':') {
            Some(("transaction", id)) => self.creem.transaction(id).await.map(Some),
            Some(("order", id)) => {
                let found = self.creem.transactions_of(id).await?;
                Ok(found.into_iter().find(|it| it.payment().as_deref() == Some(payment)))
            }
            _ => Ok(None),
        }
    }

    /// A plan whose payment goes back ends now.
    async fn end(&self, subscription: &str) -> Result<(), CallError> {
        let found = self.creem.subscription(subscription).await?;
        if notice::is_over(&found) {
            return Ok(());
        }
        self.creem.cancel(subscription, Way::AtOnce).await.map(drop)
    }
}
