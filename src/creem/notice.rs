//! What Creem told, as the rules know it.
//!
//! Of a webhook only its id, kind and time, and the id of what it is about, have to be there; every
//! word may be a new one. What cannot be understood is told as unknown: nothing is given for it.

use picdesk_core::payment::{Money, Notice, Paid, PlanState, PlanTold, Reversal, Reversed, Told};
use serde::Deserialize;
use serde_json::Value;

use super::things::{
    Metadata, Named, Subscription, Transaction, lenient, mode, moment, money, name,
};

/// Longest id of an event that is believed to be one, bytes.
const ID_BYTES_MAX: usize = 200;

/// A webhook that could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Brought {
    /// The event's id: seen twice, kept once.
    pub id: String,
    /// What it tells.
    pub notice: Notice,
}

/// Around every webhook.
#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(rename = "eventType")]
    kind: String,
    #[serde(default, deserialize_with = "moment")]
    created_at: Option<i64>,
    #[serde(default)]
    object: Value,
}

/// A payment link that was paid, in a webhook or as it is asked for.
#[derive(Deserialize)]
struct CheckoutDone {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    request_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    order: Option<Order>,
    #[serde(default)]
    product: Named,
    #[serde(default, deserialize_with = "name")]
    customer: Option<String>,
    #[serde(default)]
    subscription: Value,
    #[serde(default, deserialize_with = "lenient")]
    metadata: Option<Metadata>,
    #[serde(default, deserialize_with = "lenient")]
    mode: Option<String>,
}

/// Something bought.
#[derive(Deserialize)]
struct Order {
    id: String,
    #[serde(default, deserialize_with = "lenient")]
    amount: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    discount_amount: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    currency: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    r#type: Option<String>,
    #[serde(default, deserialize_with = "name")]
    product: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    mode: Option<String>,
}

/// Money that went back, by us or by a bank.
#[derive(Deserialize)]
struct WentBack {
    id: String,
    #[serde(default, deserialize_with = "lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    refund_amount: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    amount: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    transaction: Option<Transaction>,
    #[serde(default, deserialize_with = "name")]
    order: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    checkout: Option<Around>,
    #[serde(default, deserialize_with = "lenient")]
    subscription: Option<Around>,
    #[serde(default, deserialize_with = "lenient")]
    mode: Option<String>,
}

/// What may tell our name for the purchase.
#[derive(Deserialize)]
struct Around {
    #[serde(default, deserialize_with = "lenient")]
    request_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    metadata: Option<Metadata>,
}

impl Around {
    fn request(self) -> Option<String> {
        self.request_id.or_else(|| self.metadata?.request)
    }
}

/// What a body turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// An event.
    Event(Box<Brought>),
    /// Something like one that we cannot read: kept for a human eye.
    Unread,
    /// No event.
    Nothing,
}

/// Reads a webhook.
pub fn read(body: &[u8]) -> Reading {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(body) else { return unread(body) };
    let plain = |text: &str| !text.is_empty() && text.len() <= ID_BYTES_MAX;
    if !plain(&envelope.id) || !plain(&envelope.kind) {
        return Reading::Unread;
    }
    let at = envelope.created_at.unwrap_or_default();
    let notice = of_kind(&envelope.kind, envelope.object, at).unwrap_or_else(|| unknown(at));
    Reading::Event(Box::new(Brought { id: envelope.id, notice }))
}

/// What has an event's id or kind in whatever form is one that we cannot read.
fn unread(body: &[u8]) -> Reading {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return Reading::Nothing };
    let names = ["id", "eventType", "event_type", "type", "object"];
    if names.iter().any(|name| fields.contains_key(*name)) {
        Reading::Unread
    } else {
        Reading::Nothing
    }
}

fn unknown(at: i64) -> Notice {
    Notice { at, mode: mode(None), request: None, told: Told::Unknown }
}

fn of_kind(kind: &str, object: Value, at: i64) -> Option<Notice> {
    match kind {
        "checkout.completed" => of_checkout(object, at),
        "subscription.paid" => of_subscription(kind, object, at, Payment::OfThisPeriod),
        _ if kind.starts_with("refund.") => of_reversal(object, at, Reversal::Refund),
        "dispute.created" => of_reversal(object, at, Reversal::Dispute),
        _ if kind.starts_with("subscription.") => of_subscription(kind, object, at, Payment::None),
        // Creem's own credits, which we do not use.
        _ if kind.starts_with("customer_credits.") || kind.starts_with("credits.") => {
            Some(Notice { told: Told::Nothing, ..unknown(at) })
        }
        _ => None,
    }
}

/// A payment link as it is asked for; nothing while it is not paid.
pub fn of_asked_checkout(object: Value, at: i64) -> Option<Notice> {
    let mut notice = of_checkout(object, at)?;
    if let Told::Bought(paid) = &mut notice.told {
        // Nobody but Creem said so.
        paid.charged = paid
            .price
            .clone()
            .map(|price| Money { minor: price.minor.saturating_add(paid.discount), ..price });
    }
    (notice.told != Told::Nothing).then_some(notice)
}

/// What a payment link was paid for, as it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaidLink {
    /// Our name for the purchase, where it comes back.
    pub request: Option<String>,
    /// The order.
    pub order: Option<String>,
    /// The plan that began with it.
    pub subscription: Option<String>,
}

/// What a payment link, as it is asked for, was paid for; nothing while it is not paid.
pub fn paid_link(object: &Value) -> Option<PaidLink> {
    let done = CheckoutDone::deserialize(object).ok()?;
    let order = done.order.as_ref()?;
    let subscription = name(&done.subscription).ok().flatten();
    done.is_paid(order).then(|| PaidLink {
        order: Some(order.id.clone()),
        subscription,
        request: done.request(),
    })
}

fn of_checkout(object: Value, at: i64) -> Option<Notice> {
    let done: CheckoutDone = serde_json::from_value(object).ok()?;
    let request = done.request();
    let word = done.mode.as_deref().or(done.order.as_ref()?.mode.as_deref());
    let notice = |told| Notice { at, mode: mode(word), request: request.clone(), told };
    let order = done.order.as_ref()?;
    if !done.is_paid(order) {
        return Some(notice(Told::Nothing));
    }
    if order.r#type.as_deref() == Some("recurring") || !done.subscription.is_null() {
        // Its credits come with the payment of each period; by itself it only says whose it is.
        let product = order.product.clone().or(done.product.id);
        let told = begun(done.subscription, product, done.customer);
        return Some(notice(told.map_or(Told::Nothing, Told::Plan)));
    }
    Some(notice(Told::Bought(Paid {
        payment: format!("order:{}", order.id),
        product: order.product.clone().or(done.product.id),
        price: money(order.amount, order.currency.as_deref()),
        discount: order.discount_amount.unwrap_or(0).max(0),
        charged: None,
        link: done.id,
        customer: done.customer,
    })))
}

impl CheckoutDone {
    /// Our name for the purchase, where it comes back.
    fn request(&self) -> Option<String> {
        self.request_id.clone().or_else(|| self.metadata.clone()?.request)
    }

    fn is_paid(&self, order: &Order) -> bool {
        self.status.as_deref().is_none_or(|status| status == "completed")
            && order.status.as_deref().is_none_or(|status| status == "paid")
    }
}

/// The plan that began with a payment: whole, or only by its name.
fn begun(
    subscription: Value,
    product: Option<String>,
    customer: Option<String>,
) -> Option<PlanTold> {
    if let Value::String(subscription) = subscription {
        let state = PlanState::Active;
        return Some(PlanTold { subscription, product, state, until: 0, changed_at: 0, customer });
    }
    let whole: Subscription = serde_json::from_value(subscription).ok()?;
    Some(plan(&whole, "subscription.active"))
}

/// Whether a notice of a plan tells of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payment {
    OfThisPeriod,
    None,
}

/// A plan as it is asked for, with its last payment, which came.
pub fn of_paid_subscription(object: Value, at: i64, payment: &Transaction) -> Option<Notice> {
    let mut notice = of_subscription("subscription.paid", object, at, Payment::OfThisPeriod)?;
    if let Told::PlanPaid(paid, _) = &mut notice.told {
        paid.charged = payment.charged();
    }
    Some(notice)
}

/// Whether a plan as it is asked for is over.
pub fn is_over(object: &Value) -> bool {
    let status = object.get("status").and_then(Value::as_str);
    state("", status) == PlanState::Ended
}

/// A plan as it is asked for.
pub fn of_asked_subscription(object: Value, at: i64) -> Option<Notice> {
    of_subscription("subscription.update", object, at, Payment::None)
}

fn of_subscription(kind: &str, object: Value, at: i64, payment: Payment) -> Option<Notice> {
    let it: Subscription = serde_json::from_value(object).ok()?;
    let told = plan(&it, kind);
    let paid = it.last_transaction_id.as_ref().filter(|_| payment == Payment::OfThisPeriod);
    let told = match paid {
        Some(transaction) => {
            let paid = Paid {
                payment: format!("transaction:{transaction}"),
                product: it.product.id.clone(),
                price: it.product.price.clone(),
                discount: 0,
                // What is told here proves nothing; it is asked for.
                charged: None,
                link: None,
                customer: it.customer.clone(),
            };
            Told::PlanPaid(paid, told)
        }
        None => Told::Plan(told),
    };
    let request = it.metadata.and_then(|it| it.request);
    Some(Notice { at, mode: mode(it.mode.as_deref()), request, told })
}

fn plan(it: &Subscription, kind: &str) -> PlanTold {
    PlanTold {
        subscription: it.id.clone(),
        product: it.product.id.clone(),
        state: state(kind, it.status.as_deref()),
        until: it.current_period_end_date.unwrap_or(0),
        changed_at: it.updated_at.unwrap_or(0),
        customer: it.customer.clone(),
    }
}

/// How a plan is. Creem tells that a period ended unpaid as `subscription.expired`, with a status
/// that is still active, and may yet have the payment.
fn state(kind: &str, status: Option<&str>) -> PlanState {
    let word = match kind {
        "subscription.expired" => "past_due",
        _ => status.unwrap_or(kind.trim_start_matches("subscription.")),
    };
    match word {
        "active" | "trialing" | "paid" => PlanState::Active,
        "past_due" => PlanState::PastDue,
        "scheduled_cancel" => PlanState::Ending,
        "paused" => PlanState::Paused,
        "unpaid" | "incomplete" => PlanState::Unpaid,
        "canceled" | "cancelled" | "expired" | "incomplete_expired" => PlanState::Ended,
        _ => PlanState::Unknown,
    }
}

fn of_reversal(object: Value, at: i64, by: Reversal) -> Option<Notice> {
    let it: WentBack = serde_json::from_value(object).ok()?;
    let request = it.checkout.and_then(Around::request);
    let request = request.or_else(|| it.subscription.and_then(Around::request));
    let word = it.mode.as_deref().or(it.transaction.as_ref()?.mode.as_deref());
    let notice = |told| Notice { at, mode: mode(word), request: request.clone(), told };
    let transaction = it.transaction.as_ref()?;
    let payment = payment_of(transaction, it.order.as_deref())?;
    // Source: Creem, "Refunds": pending, requiresAction, succeeded, failed, canceled. What is
    // pending is told again when it comes about.
    match it.status.as_deref().filter(|_| by == Reversal::Refund) {
        None | Some("succeeded") => {}
        Some("failed" | "canceled") => return Some(notice(Told::NotReversed(payment))),
        Some(_) => return Some(notice(Told::Nothing)),
    }
    let told = Told::Reversed(Reversed {
        id: it.id,
        payment,
        by,
        minor: it.refund_amount.or(it.amount).unwrap_or(0).max(0),
        total: transaction.refunded_amount.unwrap_or(0).max(0),
        of_minor: transaction.amount_paid.unwrap_or(0).max(0),
    });
    Some(notice(told))
}

/// What a transaction paid: a period of a plan, or an order.
fn payment_of(transaction: &Transaction, order: Option<&str>) -> Option<String> {
    if transaction.subscription.is_some() {
        return Some(format!("transaction:{}", transaction.id));
    }
    let order = transaction.order.as_deref().or(order)?;
    Some(format!("order:{order}"))
}

/// What a transaction, as it is asked for, tells of money that went back; nothing where none did.
pub fn of_transaction(transaction: &Transaction, at: i64) -> Option<Notice> {
    let total = transaction.refunded_amount.unwrap_or(0).max(0);
    let (by, total) = match transaction.status.as_deref()? {
        "refunded" | "partialRefund" | "partial_refund" => (Reversal::Refund, total),
        "chargedBack" | "chargeback" | "charged_back" => (Reversal::Dispute, total),
        _ => return None,
    };
    let told = Told::Reversed(Reversed {
        id: format!("pull_{}_{total}", transaction.id),
        payment: payment_of(transaction, None)?,
        by,
        minor: 0,
        total,
        of_minor: transaction.amount_paid.unwrap_or(0).max(0),
    });
    let mode = mode(transaction.mode.as_deref());
    Some(Notice { at, mode, request: None, told })
}

/// What a transaction, as it is asked for, tells of a period of a plan; nothing where it is none,
/// or did not come. For which plan it was is not told.
pub fn of_period(transaction: &Transaction, at: i64) -> Option<Notice> {
    let subscription = transaction.subscription.clone()?;
    if transaction.came() != Some(true) {
        return None;
    }
    let paid = Paid {
        payment: payment_of(transaction, None)?,
        product: None,
        price: None,
        discount: 0,
        charged: Some(transaction.charged()?),
        link: None,
        customer: transaction.customer.clone(),
    };
    let plan = PlanTold {
        subscription,
        product: None,
        state: PlanState::Unknown,
        until: 0,
        changed_at: 0,
        customer: None,
    };
    let mode = mode(transaction.mode.as_deref());
    Some(Notice { at, mode, request: None, told: Told::PlanPaid(paid, plan) })
}

impl Transaction {
    /// What it paid: a period of a plan, or an order.
    pub fn payment(&self) -> Option<String> {
        payment_of(self, None)
    }
}
