//! Things as Creem's JSON has them, read with patience: what may be missing is missing, what may
//! be a name or the thing itself is either, and words are read as words.

use picdesk_core::payment::{Mode, Money};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::Value;

/// What a name is read from: the name, or the thing with its `id` in it.
pub(super) fn name<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(id) => Some(id),
        Value::Object(thing) => thing.get("id").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    })
}

/// A moment, in milliseconds: a number, or a time as text.
pub(super) fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => {
            text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
        }
        _ => None,
    })
}

/// Something that is read if it is as it should be, and is missing otherwise.
pub(super) fn lenient<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    Ok(serde_json::from_value(Value::deserialize(from)?).ok())
}

/// `test` and the like, or `prod`. Source: Creem's SDKs, `EnvironmentMode`; its samples have
/// `local` and `sandbox` too. A word that is new is no permission to give anything.
pub(super) fn mode(word: Option<&str>) -> Mode {
    match word {
        Some("prod" | "production" | "live") => Mode::Live,
        Some("test" | "sandbox" | "local") => Mode::Test,
        _ => Mode::Unknown,
    }
}

/// An amount, where both halves of it are there.
pub(super) fn money(minor: Option<i64>, currency: Option<&str>) -> Option<Money> {
    Some(Money { minor: minor?, currency: currency?.to_ascii_uppercase() })
}

/// A payment link.
#[derive(Clone, Debug, Deserialize)]
pub struct Checkout {
    /// `ch_…`.
    pub id: String,
    /// Where it is paid.
    #[serde(default, deserialize_with = "lenient")]
    pub checkout_url: Option<String>,
    /// `pending`, `processing`, `completed`, `expired`, or a new word.
    #[serde(default, deserialize_with = "lenient")]
    pub status: Option<String>,
    /// Whether money moves.
    #[serde(default, deserialize_with = "lenient")]
    pub mode: Option<String>,
}

/// Something that is sold.
#[derive(Clone, Debug, Deserialize)]
pub struct Product {
    /// `prod_…`.
    pub id: String,
    /// Minor units.
    #[serde(default, deserialize_with = "lenient")]
    pub price: Option<i64>,
    /// `USD`.
    #[serde(default, deserialize_with = "lenient")]
    pub currency: Option<String>,
    /// `onetime` or `recurring`.
    #[serde(default, deserialize_with = "lenient")]
    pub billing_type: Option<String>,
    /// Whether money moves.
    #[serde(default, deserialize_with = "lenient")]
    pub mode: Option<String>,
}

impl Product {
    /// What it costs.
    pub fn price(&self) -> Option<Money> {
        money(self.price, self.currency.as_deref())
    }

    /// Whether money moves.
    pub fn mode(&self) -> Mode {
        mode(self.mode.as_deref())
    }
}

/// Money that moved.
#[derive(Clone, Debug, Deserialize)]
pub struct Transaction {
    /// `tran_…`.
    pub id: String,
    /// Before tax, minor units.
    #[serde(default, deserialize_with = "lenient")]
    pub amount: Option<i64>,
    /// With tax, minor units.
    #[serde(default, deserialize_with = "lenient")]
    pub amount_paid: Option<i64>,
    /// What was taken off, minor units.
    #[serde(default, deserialize_with = "lenient")]
    pub discount_amount: Option<i64>,
    /// `USD`.
    #[serde(default, deserialize_with = "lenient")]
    pub currency: Option<String>,
    /// What went back so far, minor units.
    #[serde(default, deserialize_with = "lenient")]
    pub refunded_amount: Option<i64>,
    /// `paid`, `refunded`, `partialRefund`, `chargeback` …, or a new word.
    #[serde(default, deserialize_with = "lenient")]
    pub status: Option<String>,
    /// Its order.
    #[serde(default, deserialize_with = "name")]
    pub order: Option<String>,
    /// Its subscription.
    #[serde(default, deserialize_with = "name")]
    pub subscription: Option<String>,
    /// Whose.
    #[serde(default, deserialize_with = "name")]
    pub customer: Option<String>,
    /// When.
    #[serde(default, deserialize_with = "moment")]
    pub created_at: Option<i64>,
    /// Whether money moves.
    #[serde(default, deserialize_with = "lenient")]
    pub mode: Option<String>,
}

impl Transaction {
    /// What was charged, or taken off the price, before tax.
    pub fn charged(&self) -> Option<Money> {
        let minor = self.amount?.checked_add(self.discount_amount.unwrap_or(0).max(0))?;
        money(Some(minor), self.currency.as_deref())
    }

    /// Whether the money came, also where it went back since; nothing while nobody knows.
    /// Source: Creem, `TransactionStatus`.
    pub fn came(&self) -> Option<bool> {
        match self.status.as_deref()? {
            "paid" | "refunded" | "partialRefund" | "partial_refund" | "chargedBack"
            | "chargeback" | "charged_back" => Some(true),
            "uncollectible" | "declined" | "canceled" | "void" => Some(false),
            _ => None,
        }
    }

    /// Whether all of it went back.
    pub fn went_back(&self) -> bool {
        self.status.as_deref() == Some("refunded")
    }
}

/// A plan somebody pays for.
#[derive(Clone, Debug, Deserialize)]
pub struct Subscription {
    /// `sub_…`.
    pub id: String,
    /// `active`, `past_due`, `scheduled_cancel` …, or a new word.
    #[serde(default, deserialize_with = "lenient")]
    pub status: Option<String>,
    /// What is paid for.
    #[serde(default)]
    pub product: Named,
    /// Whose.
    #[serde(default, deserialize_with = "name")]
    pub customer: Option<String>,
    /// The payment of the current period.
    #[serde(default, deserialize_with = "name")]
    pub last_transaction_id: Option<String>,
    /// When the current period ends.
    #[serde(default, deserialize_with = "moment")]
    pub current_period_end_date: Option<i64>,
    /// When it last changed.
    #[serde(default, deserialize_with = "moment")]
    pub updated_at: Option<i64>,
    /// From the checkout.
    #[serde(default, deserialize_with = "lenient")]
    pub metadata: Option<Metadata>,
    /// Whether money moves.
    #[serde(default, deserialize_with = "lenient")]
    pub mode: Option<String>,
}

/// A product by its name, or whole.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// Its id.
    pub id: Option<String>,
    /// What it costs, where it is told whole.
    pub price: Option<Money>,
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        if let Value::String(id) = value {
            return Ok(Self { id: Some(id), price: None });
        }
        let whole: Option<Product> = serde_json::from_value(value).ok();
        let price = whole.as_ref().and_then(Product::price);
        Ok(Self { id: whole.map(|it| it.id), price })
    }
}

/// What we said at the checkout and what comes back with everything.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Metadata {
    /// Our name for the purchase.
    #[serde(default, deserialize_with = "lenient")]
    pub request: Option<String>,
}

/// Money that goes back.
#[derive(Clone, Debug, Deserialize)]
pub struct Refund {
    /// `ref_…`; the answer to a request may have none.
    #[serde(default, deserialize_with = "lenient")]
    pub id: Option<String>,
    /// `pending`, `succeeded` …, or a new word.
    #[serde(default, deserialize_with = "lenient")]
    pub status: Option<String>,
}

/// What screening says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Allowed,
    /// Not this one: `deny`, `flag`, or a word that is new.
    Blocked,
}

/// The answer of screening.
#[derive(Debug, Deserialize)]
pub(super) struct Screened {
    #[serde(default, deserialize_with = "lenient")]
    decision: Option<String>,
}

impl Screened {
    pub(super) fn verdict(&self) -> Option<Verdict> {
        let allowed = self.decision.as_deref()? == "allow";
        Some(if allowed { Verdict::Allowed } else { Verdict::Blocked })
    }
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    /// Read one by one, so that one that cannot be read hides no other.
    #[serde(default)]
    pub(super) items: Vec<Value>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) pagination: Option<Pagination>,
}

impl Listed {
    /// Those that can be read.
    pub(super) fn read<T: serde::de::DeserializeOwned>(self) -> Vec<T> {
        let items = self.items.into_iter();
        items.filter_map(|item| serde_json::from_value(item).ok()).collect()
    }
}

/// Where a page is in its list.
#[derive(Debug, Deserialize)]
pub(super) struct Pagination {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) next_page: Option<u32>,
}

/// The link to the customers' portal.
#[derive(Deserialize)]
pub(super) struct Portal {
    pub(super) customer_portal_link: String,
}

/// An answer of which only the status matters.
pub(super) type Anything = IgnoredAny;
