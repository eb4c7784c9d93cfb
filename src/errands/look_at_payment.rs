//! What was paid, found out at Creem before anything is given for it. What it tells of a period of
//! a plan does not say how much it was, and within a period a plan is exchanged for the difference
//! alone; and whoever knows the secret of webhooks can tell what they like.

use async_trait::async_trait;
use picdesk_core::{
    errand::{Brought, Errand},
    payment::{LOOKED_WITHIN_MS, Mode, Notice, Paid, PlanTold, Told},
};

use super::{Came, Handler, Try, creem::later};
use crate::{
    alarm::Alarms,
    creem::{CallError, Creem, Transaction, notice},
    store::Store,
};

/// How long what was told of may not be there yet, milliseconds. Then it was never told by Creem,
/// or people have to look at it.
const MISSING_MS: i64 = 15 * 60_000;

/// Looks at payments.
pub struct LookAtPayment {
    /// Whom to ask.
    pub creem: Creem,
    /// Whether money moves, as our key says.
    pub mode: Mode,
    /// For the time.
    pub store: Store,
    /// Who hears of what the owner has to see to.
    pub alarms: Alarms,
}

#[async_trait]
impl Handler for LookAtPayment {
    async fn run(&self, one: Try<'_>) -> Came {
        let Errand::LookAtPayment { notice } = one.what else { return Came::Refused };
        let came = match &notice.told {
            Told::Bought(paid) => self.order(paid).await,
            Told::PlanPaid(paid, plan) => self.period(paid, plan).await,
            Told::Plan(plan) => self.plan(notice, plan).await,
            _ => return Came::Refused,
        };
        match came {
            Ok(came) => came,
            Err(CallError::Missing) => {
                let begun = one.until.saturating_sub(LOOKED_WITHIN_MS);
                let waited = self.store.clock().now_ms().saturating_sub(begun);
                if waited < MISSING_MS { Came::Later(None) } else { Came::Refused }
            }
            Err(error) => later(&error, &self.alarms),
        }
    }
}

impl LookAtPayment {
    /// What was bought once.
    async fn order(&self, paid: &Paid) -> Result<Came, CallError> {
        let Some(order) = paid.payment.strip_prefix("order:") else { return Ok(Came::Refused) };
        let found = self.creem.transactions_of(order).await?;
        let mut of_it: Vec<_> =
            found.into_iter().filter(|it| it.order.as_deref() == Some(order)).collect();
        // Of an order that was paid after some tries, the one that came.
        of_it.sort_by_key(|it| it.came() != Some(true));
        of_it.first().map(charged).ok_or(CallError::Missing)
    }

    /// A period of a plan.
    async fn period(&self, paid: &Paid, plan: &PlanTold) -> Result<Came, CallError> {
        let Some(id) = paid.payment.strip_prefix("transaction:") else { return Ok(Came::Refused) };
        let found = self.creem.transaction(id).await?;
        let of_another = found.subscription.as_ref().is_some_and(|it| *it != plan.subscription);
        Ok(if of_another { Came::Refused } else { charged(&found) })
    }

    /// How a plan is.
    async fn plan(&self, told: &Notice, plan: &PlanTold) -> Result<Came, CallError> {
        let found = self.creem.subscription(&plan.subscription).await?;
        let now = self.store.clock().now_ms();
        // What cannot be read may be a mistake of a moment.
        let Some(found) = notice::of_asked_subscription(found, now) else {
            return Ok(Came::Later(None));
        };
        let is_it = matches!(&found.told, Told::Plan(it) if it.subscription == plan.subscription);
        // Nobody gets the plan of somebody else by naming it.
        let is_theirs = found.request.is_none() || found.request == told.request;
        Ok(if is_it && is_theirs && found.mode == self.mode {
            Came::Brought(Brought::Plan(Box::new(found)))
        } else {
            Came::Refused
        })
    }
}

fn charged(transaction: &Transaction) -> Came {
    match (transaction.came(), transaction.charged()) {
        (Some(true), Some(charged)) => Came::Brought(Brought::Charged(charged)),
        // Told before it is there, or in a form that may be a mistake of a moment.
        (Some(true), None) | (None, _) => Came::Later(None),
        (Some(false), _) => Came::Refused,
    }
}
