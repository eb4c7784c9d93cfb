//! What was charged for a period of a plan, found out at Creem: what it tells of a payment does
//! not say how much it was, and within a period a plan is exchanged for the difference alone.

use async_trait::async_trait;
use picdesk_core::{
    errand::{Brought, Errand},
    payment::Told,
};

use super::{Came, Handler, Try, creem::later};
use crate::{
    alarm::Alarms,
    creem::{CallError, Creem},
};

/// Looks at payments.
pub struct LookAtPayment {
    /// Whom to ask.
    pub creem: Creem,
    /// Who hears of what the owner has to see to.
    pub alarms: Alarms,
}

#[async_trait]
impl Handler for LookAtPayment {
    async fn run(&self, one: Try<'_>) -> Came {
        let Errand::LookAtPayment { notice } = one.what else { return Came::Refused };
        let Told::PlanPaid(paid, _) = &notice.told else { return Came::Refused };
        let Some(id) = paid.payment.strip_prefix("transaction:") else { return Came::Refused };
        let transaction = match self.creem.transaction(id).await {
            Ok(transaction) => transaction,
            // Told before it is there.
            Err(CallError::Missing) => return Came::Later(None),
            Err(error) => return later(&error, &self.alarms),
        };
        match (transaction.came(), transaction.charged()) {
            (Some(true), Some(charged)) => Came::Brought(Brought::Charged(charged)),
            // Told before it is there, or in a form that may be a mistake of a moment.
            (Some(true), None) | (None, _) => Came::Later(None),
            (Some(false), _) => Came::Refused,
        }
    }
}
