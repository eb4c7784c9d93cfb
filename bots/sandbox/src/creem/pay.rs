//! What happens to money: paying, renewing, failing, going back.

use jiff::{Span, Timestamp, tz::TimeZone};
use serde_json::Value;

use super::state::State;
use super::wire::Wire;
use super::world::{
    Billing, Checkout, Fate, Order, Refund, Subscription, Transaction, Webhook, World,
};

/// Tax on every payment, per cent. Any number will do that is not zero: amounts before and after
/// tax must not be mistaken for one another.
const TAX_PER_CENT: i64 = 21;
/// When a payment that failed is tried again, ms.
const RETRY_MS: i64 = 24 * 3600 * 1000;
/// Retries before a subscription is unpaid, and ends.
const RETRIES_MAX: u32 = 3;

/// Why money did not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoMoney {
    /// There is no such thing.
    #[error("there is no such thing")]
    Missing,
    /// The bank said no.
    #[error("the card was declined")]
    Declined,
    /// It was paid, has expired, or has ended.
    #[error("this is over")]
    Over,
    /// More than was paid, or nothing.
    #[error("the amount does not fit")]
    Amount,
}

/// What a plan begins with.
#[derive(Clone, Copy)]
struct Begun<'a> {
    id: &'a str,
    transaction: &'a str,
    order: &'a str,
    period: (i64, i64),
}

/// Whether a card is good. Source: Creem's test cards.
fn is_good(card: &str) -> bool {
    let digits: String = card.chars().filter(char::is_ascii_digit).collect();
    digits.ends_with("4242")
}

fn next_period(billing: Billing, from: i64) -> i64 {
    let zoned = Timestamp::from_millisecond(from).unwrap_or_default().to_zoned(TimeZone::UTC);
    let span = match billing {
        Billing::Once => Span::new(),
        Billing::Monthly => Span::new().months(1),
        Billing::Yearly => Span::new().years(1),
    };
    zoned.checked_add(span).map_or(from, |end| end.timestamp().as_millisecond())
}

impl State {
    /// Adds what is told of something, as it is at this moment.
    pub fn tell(&self, world: &mut World, kind: &str, object: impl FnOnce(&Wire<'_>) -> Value) {
        let now = self.now_ms();
        let id = world.name("evt");
        let wire = Wire { world, mode: self.mode(), base_url: &self.base_url, named: true };
        let object = object(&wire);
        let envelope = serde_json::json!(
            {"id": id, "eventType": kind, "created_at": now, "object": object});
        let fate = if world.switches.withheld { Fate::Withheld } else { Fate::Waiting { at: now } };
        world.webhooks.push(Webhook {
            id,
            kind: kind.to_owned(),
            body: envelope.to_string(),
            fate,
            tries: 0,
            overtaken: false,
        });
    }

    /// Tells of a subscription as it is now.
    pub fn tell_of(&self, world: &mut World, kind: &str, subscription: &str) {
        let Some(it) = world.subscriptions.get(subscription).cloned() else { return };
        self.tell(world, kind, |wire| wire.subscription(&it));
    }

    /// Somebody pays a checkout.
    pub fn pay(&self, checkout: &str, card: &str, email: &str) -> Result<(), NoMoney> {
        self.change(|world| {
            let now = self.now_ms();
            let it = world.checkouts.get(checkout).cloned().ok_or(NoMoney::Missing)?;
            if it.status != "pending" {
                return Err(NoMoney::Over);
            }
            if !is_good(card) {
                return Err(NoMoney::Declined);
            }
            let product = world.products.get(&it.product).cloned().ok_or(NoMoney::Missing)?;
            let customer = world.customer_of(it.email.as_deref().unwrap_or(email), now);
            let (order, amount) = (world.name("ord"), product.price * it.units);
            let recurs = product.billing != Billing::Once;
            let subscription = recurs.then(|| world.name("sub"));
            let period = recurs.then(|| (now, next_period(product.billing, now)));
            let transaction = world.name("tran");
            world.transactions.push(Transaction {
                id: transaction.clone(),
                order: order.clone(),
                customer: customer.clone(),
                product: product.id.clone(),
                subscription: subscription.clone(),
                amount,
                tax: amount * TAX_PER_CENT / 100,
                currency: product.currency.clone(),
                status: "paid".into(),
                refunded: 0,
                period,
                created_at: now,
            });
            let bought = Order {
                id: order.clone(),
                customer: customer.clone(),
                product: product.id.clone(),
                checkout: it.id.clone(),
                transaction: transaction.clone(),
                amount,
                tax: amount * TAX_PER_CENT / 100,
                currency: product.currency,
                kind: if recurs { "recurring" } else { "onetime" }.into(),
                created_at: now,
            };
            world.orders.insert(order.clone(), bought);
            if let (Some(id), Some(period)) = (&subscription, period) {
                let begun = Begun { id, transaction: &transaction, order: &order, period };
                self.begin_plan(world, &it, &customer, begun);
            }
            if let Some(it) = world.checkouts.get_mut(checkout) {
                it.status = "completed".into();
                it.order = Some(order);
                it.customer = Some(customer);
                it.subscription.clone_from(&subscription);
            }
            self.tell_of_purchase(world, checkout, subscription.as_deref());
            Ok(())
        })
    }

    /// A plan begins with its first payment.
    fn begin_plan(&self, world: &mut World, of: &Checkout, customer: &str, begun: Begun<'_>) {
        let now = self.now_ms();
        let subscription = Subscription {
            id: begun.id.to_owned(),
            product: of.product.clone(),
            customer: customer.to_owned(),
            order: begun.order.to_owned(),
            status: "active".into(),
            last_transaction: Some(begun.transaction.to_owned()),
            last_transaction_at: now,
            period: begun.period,
            next_try_at: Some(begun.period.1),
            failures: 0,
            canceled_at: None,
            metadata: of.metadata.clone(),
            created_at: now,
            updated_at: now,
        };
        world.subscriptions.insert(begun.id.to_owned(), subscription);
    }

    /// The samples have the checkout and the subscription at one moment, its payment after it.
    fn tell_of_purchase(&self, world: &mut World, checkout: &str, subscription: Option<&str>) {
        if let Some(done) = world.checkouts.get(checkout).cloned() {
            self.tell(world, "checkout.completed", |wire| wire.checkout_completed(&done));
        }
        if let Some(subscription) = subscription {
            self.tell_of(world, "subscription.active", subscription);
            self.tell_of(world, "subscription.paid", subscription);
        }
    }

    /// The next payment of a subscription is tried, whether it is time or not.
    pub fn renew(&self, subscription: &str) -> Result<(), NoMoney> {
        self.change(|world| self.renew_in(world, subscription))
    }

    fn renew_in(&self, world: &mut World, id: &str) -> Result<(), NoMoney> {
        let now = self.now_ms();
        let it = world.subscriptions.get(id).cloned().ok_or(NoMoney::Missing)?;
        if matches!(it.status.as_str(), "canceled" | "paused" | "unpaid") {
            return Err(NoMoney::Over);
        }
        let fails = world.customers.get(&it.customer).is_some_and(|customer| customer.card_fails);
        if fails {
            self.miss(world, id);
            return Err(NoMoney::Declined);
        }
        let product = world.products.get(&it.product).cloned().ok_or(NoMoney::Missing)?;
        let from = it.period.1.max(it.period.0);
        let period = (from, next_period(product.billing, from));
        let transaction = world.name("tran");
        world.transactions.push(Transaction {
            id: transaction.clone(),
            order: it.order.clone(),
            customer: it.customer.clone(),
            product: it.product.clone(),
            subscription: Some(it.id.clone()),
            amount: product.price,
            tax: product.price * TAX_PER_CENT / 100,
            currency: product.currency,
            status: "paid".into(),
            refunded: 0,
            period: Some(period),
            created_at: now,
        });
        if let Some(it) = world.subscriptions.get_mut(id) {
            it.status = "active".into();
            it.last_transaction = Some(transaction);
            it.last_transaction_at = now;
            it.period = period;
            it.next_try_at = Some(period.1);
            it.failures = 0;
            it.updated_at = now;
        }
        self.tell_of(world, "subscription.paid", id);
        Ok(())
    }

    /// A plan becomes another one, in the period that is under way. Where it `prorates`, the
    /// difference for the days left is taken, or goes back.
    pub fn exchange(&self, id: &str, product: &str, prorates: bool) -> Result<(), NoMoney> {
        let left = {
            let world = self.world();
            let it = world.subscriptions.get(id).ok_or(NoMoney::Missing)?;
            let (from, to) = world
                .products
                .get(&it.product)
                .zip(world.products.get(product))
                .ok_or(NoMoney::Missing)?;
            let (whole, rest) = (it.period.1 - it.period.0, it.period.1 - self.now_ms());
            let fails = world.customers.get(&it.customer).is_some_and(|one| one.card_fails);
            let left = (to.price - from.price) * rest.clamp(0, whole.max(1)) / whole.max(1);
            if prorates && left > 0 && fails {
                return Err(NoMoney::Declined);
            }
            left
        };
        let paid = self.change(|world| self.exchange_in(world, id, product, (prorates, left)));
        match paid {
            Some(transaction) if prorates && left < 0 => {
                let back = -left * (100 + TAX_PER_CENT) / 100;
                self.refund(&transaction, Some(back)).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// The payment that had been the last one.
    fn exchange_in(
        &self,
        world: &mut World,
        id: &str,
        product: &str,
        (prorates, left): (bool, i64),
    ) -> Option<String> {
        let now = self.now_ms();
        let charged = (prorates && left > 0).then(|| world.name("tran"));
        let it = world.subscriptions.get_mut(id)?;
        product.clone_into(&mut it.product);
        it.updated_at = now;
        let before = it.last_transaction.clone();
        if let Some(transaction) = &charged {
            it.last_transaction = Some(transaction.clone());
            it.last_transaction_at = now;
        }
        let it = it.clone();
        self.tell_of(world, "subscription.update", id);
        if let Some(transaction) = charged {
            let currency = world.products.get(product).map(|it| it.currency.clone());
            world.transactions.push(Transaction {
                id: transaction,
                order: it.order,
                customer: it.customer,
                product: product.to_owned(),
                subscription: Some(it.id),
                amount: left,
                tax: left * TAX_PER_CENT / 100,
                currency: currency.unwrap_or_default(),
                status: "paid".into(),
                refunded: 0,
                period: Some((now, it.period.1)),
                created_at: now,
            });
            self.tell_of(world, "subscription.paid", id);
        }
        before
    }

    /// A payment failed: past due, tried again, at last unpaid and over.
    fn miss(&self, world: &mut World, id: &str) {
        let now = self.now_ms();
        let Some(it) = world.subscriptions.get_mut(id) else { return };
        it.failures += 1;
        it.updated_at = now;
        if it.failures > RETRIES_MAX {
            it.status = "canceled".into();
            it.next_try_at = None;
            it.canceled_at = Some(now);
            self.tell_of(world, "subscription.canceled", id);
            return;
        }
        it.status = "past_due".into();
        it.next_try_at = Some(now + RETRY_MS);
        self.tell_of(world, "subscription.past_due", id);
    }

    /// What time has brought: renewals, retries, ends.
    pub fn live(&self) {
        loop {
            let now = self.now_ms();
            let due = {
                let world = self.world();
                let due = world.subscriptions.values().filter_map(|it| {
                    let at = match it.status.as_str() {
                        "scheduled_cancel" => Some(it.period.1),
                        _ => it.next_try_at,
                    };
                    at.filter(|at| *at <= now).map(|at| (at, it.id.clone(), it.status.clone()))
                });
                due.min()
            };
            let Some((_, id, status)) = due else { return };
            if status == "scheduled_cancel" {
                self.set_status(&id, "canceled", "subscription.canceled");
            } else {
                // A refusal is an answer too, and told.
                _ = self.renew(&id);
            }
        }
    }

    /// A subscription comes to another state, which is told.
    pub fn set_status(&self, id: &str, status: &str, kind: &str) -> bool {
        let now = self.now_ms();
        self.change(|world| {
            let Some(it) = world.subscriptions.get_mut(id) else { return false };
            status.clone_into(&mut it.status);
            it.updated_at = now;
            match status {
                "canceled" => {
                    it.next_try_at = None;
                    it.canceled_at = Some(now);
                }
                "paused" | "unpaid" => it.next_try_at = None,
                _ => it.next_try_at = Some(it.period.1),
            }
            self.tell_of(world, kind, id);
            true
        })
    }

    /// Money goes back: all that is left, or a part.
    pub fn refund(&self, transaction: &str, amount: Option<i64>) -> Result<Refund, NoMoney> {
        self.change(|world| {
            let now = self.now_ms();
            let id = world.name("ref");
            let it = world.transaction_mut(transaction).ok_or(NoMoney::Missing)?;
            let paid = it.amount + it.tax;
            let pending = |it: &Refund| it.transaction == transaction && it.status == "pending";
            if world.refunds.iter().any(pending) {
                return Err(NoMoney::Amount);
            }
            let it = world.transaction_mut(transaction).ok_or(NoMoney::Missing)?;
            let amount = amount.unwrap_or(paid - it.refunded);
            if amount <= 0 || it.refunded + amount > paid {
                return Err(NoMoney::Amount);
            }
            it.refunded += amount;
            let whole = it.refunded == paid;
            it.status = if whole { "refunded" } else { "partialRefund" }.into();
            let it = it.clone();
            let status = "succeeded".into();
            let refund = Refund { id, transaction: it.id.clone(), amount, status, created_at: now };
            world.refunds.push(refund.clone());
            self.tell(world, "refund.created", |wire| wire.refund(&refund, &it));
            Ok(refund)
        })
    }

    /// Money is to go back, and the bank does not know yet.
    pub fn begin_refund(&self, transaction: &str) -> Result<Refund, NoMoney> {
        self.change(|world| {
            let now = self.now_ms();
            let id = world.name("ref");
            let it = world.transaction(transaction).ok_or(NoMoney::Missing)?.clone();
            let amount = it.amount + it.tax - it.refunded;
            let open = |refund: &Refund| refund.transaction == it.id && refund.status == "pending";
            if amount <= 0 || world.refunds.iter().any(open) {
                return Err(NoMoney::Amount);
            }
            let status = "pending".into();
            let refund = Refund { id, transaction: it.id.clone(), amount, status, created_at: now };
            world.refunds.push(refund.clone());
            self.tell(world, "refund.created", |wire| wire.refund(&refund, &it));
            Ok(refund)
        })
    }

    /// The bank knows now what comes of a refund that was begun.
    pub fn end_refund(&self, refund: &str, goes_back: bool) -> Result<Refund, NoMoney> {
        self.change(|world| {
            let mut refunds = world.refunds.iter_mut();
            let open = |it: &&mut Refund| it.id == refund && it.status == "pending";
            let found = refunds.find(open).ok_or(NoMoney::Missing)?;
            found.status = if goes_back { "succeeded" } else { "failed" }.into();
            let refund = found.clone();
            let it = world.transaction_mut(&refund.transaction).ok_or(NoMoney::Missing)?;
            if goes_back {
                it.refunded += refund.amount;
                it.status = "refunded".into();
            }
            let it = it.clone();
            self.tell(world, "refund.created", |wire| wire.refund(&refund, &it));
            Ok(refund)
        })
    }

    /// The bank takes a payment back.
    pub fn dispute(&self, transaction: &str) -> Result<(), NoMoney> {
        self.change(|world| {
            let now = self.now_ms();
            let id = world.name("disp");
            let it = world.transaction_mut(transaction).ok_or(NoMoney::Missing)?;
            it.status = "chargeback".into();
            it.refunded = it.amount + it.tax;
            let it = it.clone();
            self.tell(world, "dispute.created", |wire| wire.dispute(&id, &it, now));
            Ok(())
        })
    }
}
