//! What was paid, found out at Creem before anything is given for it. What it tells of a period of
//! a plan does not say how much it was, and within a period a plan is exchanged for the difference
//! alone; and whoever knows the secret of webhooks can tell what they like.
//!
//! Whose it is says the thing itself, where it has our name. A real Creem may leave that out of
//! anything but a payment link (its documents promise it nowhere), so what names nobody is ours if
//! our own link was paid by it. What contradicts the notice is refused at once. What only is not
//! there, or does not say enough, is looked at again and again for as long as it may be real money.

use std::time::Duration;

use async_trait::async_trait;
use picdesk_core::{
    errand::{Brought, Errand},
    payment::{LOOKED_WITHIN_MS, Mode, Notice, Paid, PlanTold, Told},
};

use super::{Came, Handler, Try, creem::later};
use crate::{
    alarm::Alarms,
    creem::{
        CallError, Creem, Transaction,
        notice::{self, PaidLink},
    },
    store::{Store, StoreError, payments},
};

/// How long what was told of may not be there without anybody hearing of it, milliseconds.
const MISSING_MS: i64 = 15 * 60_000;
/// The longest wait between two looks at what is not there.
const WAIT_MAX_MS: i64 = 6 * 3_600_000;

/// Looks at payments.
pub struct LookAtPayment {
    /// Whom to ask.
    pub creem: Creem,
    /// Whether money moves, as our key says.
    pub mode: Mode,
    /// For the time, and what we know.
    pub store: Store,
    /// Who hears of what the owner has to see to.
    pub alarms: Alarms,
}

/// What a look comes to.
enum Seen {
    /// It is there.
    Is(Brought),
    /// It is otherwise.
    IsNot,
    /// Nobody can say yet.
    Unclear,
}

/// Why a look came to nothing.
enum Unseen {
    Call(CallError),
    Store,
}

impl From<CallError> for Unseen {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<StoreError> for Unseen {
    fn from(_: StoreError) -> Self {
        Self::Store
    }
}

#[async_trait]
impl Handler for LookAtPayment {
    async fn run(&self, one: Try<'_>) -> Came {
        let Errand::LookAtPayment { notice } = one.what else { return Came::Refused };
        let seen = match &notice.told {
            Told::Bought(paid) => self.order(notice, paid).await,
            Told::PlanPaid(paid, plan) => self.period(notice, paid, plan).await,
            Told::Plan(plan) => self.plan(notice, plan).await,
            _ => return Came::Refused,
        };
        let begun = one.until.saturating_sub(LOOKED_WITHIN_MS);
        let waited = self.store.clock().now_ms().saturating_sub(begun);
        match seen {
            Ok(Seen::Is(brought)) => Came::Brought(brought),
            Ok(Seen::IsNot) => Came::Refused,
            Ok(Seen::Unclear) | Err(Unseen::Call(CallError::Missing | CallError::Refused(_))) => {
                if waited >= MISSING_MS {
                    self.alarms.raise(
                        "something that was told as paid is not to be found at Creem: it is \
                         looked for, and nothing is given yet; look there, and at who knows the \
                         secret of webhooks",
                    );
                }
                Came::Later(Some(wait(waited)))
            }
            Err(Unseen::Store) => Came::Later(None),
            Err(Unseen::Call(error)) => later(&error, &self.alarms),
        }
    }
}

/// The longer it was waited for already, the less often.
fn wait(waited_ms: i64) -> Duration {
    let ms = (waited_ms / 4).clamp(1000, WAIT_MAX_MS);
    Duration::from_millis(u64::try_from(ms).unwrap_or(1000))
}

impl LookAtPayment {
    /// What was bought once, by the link that is told, or that we made, and under the name that is
    /// told: nobody gets what somebody else has paid by naming it.
    async fn order(&self, told: &Notice, paid: &Paid) -> Result<Seen, Unseen> {
        let Some(order) = paid.payment.strip_prefix("order:") else { return Ok(Seen::IsNot) };
        let Some(request) = &told.request else { return Ok(Seen::IsNot) };
        let ours = self.link_of(request).await?;
        let Some(link) = paid.link.as_ref().or(ours.as_ref()) else { return Ok(Seen::Unclear) };
        let Some(found) = notice::paid_link(&self.creem.checkout(link).await?) else {
            return Ok(Seen::Unclear);
        };
        let is_theirs = match &found.request {
            Some(name) => name == request,
            None if ours.is_none() => return Ok(Seen::Unclear),
            None => ours.as_ref() == Some(link),
        };
        if !is_theirs || found.order.as_deref() != Some(order) {
            return Ok(Seen::IsNot);
        }
        let found = self.creem.transactions_of(order).await?;
        let mut of_it: Vec<_> =
            found.into_iter().filter(|it| it.order.as_deref() == Some(order)).collect();
        // Of an order that was paid after some tries, the one that came.
        of_it.sort_by_key(|it| it.came() != Some(true));
        Ok(of_it.first().map_or(Seen::Unclear, charged))
    }

    /// A period of a plan: of this plan, and of one that was asked for under this name.
    async fn period(&self, told: &Notice, paid: &Paid, plan: &PlanTold) -> Result<Seen, Unseen> {
        let Some(id) = paid.payment.strip_prefix("transaction:") else { return Ok(Seen::IsNot) };
        let found = self.creem.transaction(id).await?;
        match found.subscription.as_deref() {
            Some(subscription) if subscription == plan.subscription => {}
            Some(_) => return Ok(Seen::IsNot),
            // A payment of nothing but an order.
            None if found.order.is_some() => return Ok(Seen::IsNot),
            None => return Ok(Seen::Unclear),
        }
        let theirs = match self.creem.subscription(&plan.subscription).await {
            Ok(it) => notice::of_asked_subscription(it, told.at).and_then(|it| it.request),
            // Our own link may say it all the same.
            Err(error) if error.may_pass() => {
                return match self.is_by_our_link(told, plan, found.order.as_deref()).await? {
                    Some(true) => Ok(charged(&found)),
                    _ => Err(error.into()),
                };
            }
            Err(error) => return Err(error.into()),
        };
        Ok(match self.is_of(told, plan, (theirs.as_ref(), found.order.as_deref())).await? {
            None => Seen::Unclear,
            Some(false) => Seen::IsNot,
            Some(true) => charged(&found),
        })
    }

    /// How a plan is.
    async fn plan(&self, told: &Notice, plan: &PlanTold) -> Result<Seen, Unseen> {
        let found = self.creem.subscription(&plan.subscription).await?;
        let now = self.store.clock().now_ms();
        // What cannot be read may be a mistake of a moment.
        let Some(found) = notice::of_asked_subscription(found, now) else {
            return Ok(Seen::Unclear);
        };
        let is_it = matches!(&found.told, Told::Plan(it) if it.subscription == plan.subscription);
        if !is_it || found.mode != self.mode {
            return Ok(Seen::IsNot);
        }
        Ok(match self.is_of(told, plan, (found.request.as_ref(), None)).await? {
            None => Seen::Unclear,
            Some(false) => Seen::IsNot,
            Some(true) => Seen::Is(Brought::Plan(Box::new(found))),
        })
    }

    /// Whether a plan was asked for under the name that is told: nobody gets somebody else's by
    /// naming it. It says so itself, or our link does, or we know it. Where no name is told it is
    /// whose we know it to be. Nothing where nobody can say.
    async fn is_of(
        &self,
        told: &Notice,
        plan: &PlanTold,
        (name, order): (Option<&String>, Option<&str>),
    ) -> Result<Option<bool>, Unseen> {
        let known = {
            let mut connection = self.store.read().await?;
            payments::plan_known_at(&mut connection, &plan.subscription).await?
        };
        let known = known.map(|(_, request)| request);
        let Some(request) = told.request.as_ref().or(known.as_ref()) else { return Ok(None) };
        if let Some(name) = name {
            return Ok(Some(name == request));
        }
        if let Some(by_link) = self.is_by_our_link(told, plan, order).await? {
            return Ok(Some(by_link));
        }
        Ok(known.as_ref().map(|known| known == request))
    }

    /// Whether a plan began with the payment of the link that we made for the purchase that is
    /// told; nothing where that does not say.
    async fn is_by_our_link(
        &self,
        told: &Notice,
        plan: &PlanTold,
        order: Option<&str>,
    ) -> Result<Option<bool>, Unseen> {
        let Some(request) = &told.request else { return Ok(None) };
        let Some(link) = self.link_of(request).await? else { return Ok(None) };
        let found = match self.creem.checkout(&link).await {
            Ok(found) => notice::paid_link(&found).unwrap_or_default(),
            Err(CallError::Missing | CallError::Refused(_)) => PaidLink::default(),
            Err(error) => return Err(error.into()),
        };
        Ok(match (found.subscription, found.order) {
            (Some(subscription), _) => Some(subscription == plan.subscription),
            (None, Some(paid)) if order == Some(paid.as_str()) => Some(true),
            (None, _) => None,
        })
    }

    async fn link_of(&self, request: &str) -> Result<Option<String>, Unseen> {
        let mut connection = self.store.read().await?;
        Ok(payments::link_of(&mut connection, request).await?)
    }
}

fn charged(transaction: &Transaction) -> Seen {
    match (transaction.came(), transaction.charged()) {
        (Some(true), Some(charged)) => Seen::Is(Brought::Charged(charged)),
        // Told before it is there, or in a form that may be a mistake of a moment.
        (Some(true), None) | (None, _) => Seen::Unclear,
        (Some(false), _) => Seen::IsNot,
    }
}
