//! Plans, changed at Creem. Each is looked at first: what is as it should be is not asked for
//! again, and nobody is charged another price than they were shown.

use async_trait::async_trait;
use picdesk_core::{
    errand::{Brought, Errand},
    payment::{Charge, Mode, Money, Notice, PlanChange, PlanState, PlanTold, Told},
};
use serde_json::Value;

use super::{Came, Handler, Try, creem::later};
use crate::{
    alarm::Alarms,
    creem::{CallError, Creem, NextPlan, Way, notice},
    store::Store,
};

/// Changes plans.
pub struct ChangePlan {
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
impl Handler for ChangePlan {
    async fn run(&self, one: Try<'_>) -> Came {
        let Errand::ChangePlan { subscription, change, .. } = one.what else {
            return Came::Refused;
        };
        match self.change(subscription, change).await {
            Ok(came) => came,
            Err(error) => later(&error, &self.alarms),
        }
    }
}

impl ChangePlan {
    async fn change(&self, subscription: &str, change: &PlanChange) -> Result<Came, CallError> {
        let found = self.creem.subscription(subscription).await?;
        // What cannot be read cannot be changed safely; it may be a mistake of a moment.
        let Some((notice, plan)) = self.read(found) else { return Ok(Came::Later(None)) };
        if plan.subscription != subscription {
            return Ok(Came::Later(None));
        }
        if is_so(&plan, change) {
            return Ok(Came::Brought(Brought::Plan(Box::new(notice))));
        }
        if plan.state == PlanState::Ended {
            return Ok(Came::Refused);
        }
        match change {
            PlanChange::Cancel => {
                self.creem.cancel(subscription, Way::AtPeriodEnd).await?;
            }
            PlanChange::Resume => {
                self.creem.resume(subscription).await?;
            }
            PlanChange::Exchange { product, price, charge, .. } => {
                if !self.is_sold_so(product, price).await? {
                    return Ok(Came::Refused);
                }
                let difference = *charge == Charge::Difference;
                self.creem.exchange(&NextPlan { subscription, product, difference }).await?;
            }
        }
        // What it came to is looked at, not believed from the answer.
        let found = self.creem.subscription(subscription).await?;
        Ok(match self.read(found).filter(|(_, plan)| is_so(plan, change)) {
            Some((notice, _)) => Came::Brought(Brought::Plan(Box::new(notice))),
            None => Came::Later(None),
        })
    }

    fn read(&self, found: Value) -> Option<(Notice, PlanTold)> {
        let notice = notice::of_asked_subscription(found, self.store.clock().now_ms())?;
        let Told::Plan(plan) = notice.told.clone() else { return None };
        (notice.mode == self.mode).then_some((notice, plan))
    }

    async fn is_sold_so(&self, product: &str, price: &Money) -> Result<bool, CallError> {
        let sold = self.creem.product(product).await?;
        if sold.price().as_ref() != Some(price) {
            self.alarms.raise("a product has another price at Creem than in the plans file");
            return Ok(false);
        }
        if sold.mode() != self.mode {
            self.alarms.raise("a product at Creem is of the other mode than the key");
            return Ok(false);
        }
        Ok(true)
    }
}

/// Whether a plan is as it was wanted.
fn is_so(plan: &PlanTold, change: &PlanChange) -> bool {
    match change {
        PlanChange::Cancel => matches!(plan.state, PlanState::Ending | PlanState::Ended),
        PlanChange::Resume => plan.state == PlanState::Active,
        PlanChange::Exchange { product, .. } => plan.product.as_ref() == Some(product),
    }
}
