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
            Told::Bought(paid) => self.order(notice, paid).await,
            Told::PlanPaid(paid, plan) => self.period(notice, paid, plan).await,
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
    /// What was bought once, by the link that is told and under the name that is told: nobody gets
    /// what somebody else has paid by naming it.
    async fn order(&self, told: &Notice, paid: &Paid) -> Result<Came, CallError> {
        let Some(order) = paid.payment.strip_prefix("order:") else { return Ok(Came::Refused) };
        let link = paid.link.as_deref().ok_or(CallError::Missing)?;
        let found = self.creem.checkout(link).await?;
        // It may be told before it is there.
        let found = notice::of_asked_checkout(found, told.at).ok_or(CallError::Missing)?;
        let is_it = matches!(&found.told, Told::Bought(it) if it.payment == paid.payment);
        if !is_it || found.request != told.request {
            return Ok(Came::Refused);
        }
        let found = self.creem.transactions_of(order).await?;
        let mut of_it: Vec<_> =
            found.into_iter().filter(|it| it.order.as_deref() == Some(order)).collect();
        // Of an order that was paid after some tries, the one that came.
        of_it.sort_by_key(|it| it.came() != Some(true));
        of_it.first().map(charged).ok_or(CallError::Missing)
    }

    /// A period of a plan: of this plan, and of one that was asked for under this name.
    async fn period(&self, told: &Notice, paid: &Paid, plan: &PlanTold) -> Result<Came, CallError> {
        let Some(id) = paid.payment.strip_prefix("transaction:") else { return Ok(Came::Refused) };
        let found = self.creem.transaction(id).await?;
        if found.subscription.as_deref() != Some(plan.subscription.as_str()) {
            return Ok(Came::Refused);
        }
        let theirs = self.creem.subscription(&plan.subscription).await?;
        let theirs = notice::of_asked_subscription(theirs, told.at);
        Ok(match theirs {
            // What cannot be read may be a mistake of a moment.
            None => Came::Later(None),
            Some(theirs) if !is_of(told, &theirs) => Came::Refused,
            Some(_) => charged(&found),
        })
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
        Ok(if is_it && is_of(told, &found) && found.mode == self.mode {
            Came::Brought(Brought::Plan(Box::new(found)))
        } else {
            Came::Refused
        })
    }
}

/// Whether a plan was asked for under the name that is told: nobody gets somebody else's by naming
/// it. Without a name it is whose we know it to be.
fn is_of(told: &Notice, found: &Notice) -> bool {
    told.request.is_none() || told.request == found.request
}

fn charged(transaction: &Transaction) -> Came {
    match (transaction.came(), transaction.charged()) {
        (Some(true), Some(charged)) => Came::Brought(Brought::Charged(charged)),
        // Told before it is there, or in a form that may be a mistake of a moment.
        (Some(true), None) | (None, _) => Came::Later(None),
        (Some(false), _) => Came::Refused,
    }
}
