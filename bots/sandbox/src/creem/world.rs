//! What Creem knows: products, customers, checkouts, orders, transactions, subscriptions, refunds,
//! disputes, and the webhooks that tell of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::state::Switches;

/// How a product is billed, in Creem's words. Source: `billing_type`, `billing_period`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Billing {
    /// `onetime`, `once`.
    Once,
    /// `recurring`, `every-month`.
    Monthly,
    /// `recurring`, `every-year`.
    Yearly,
}

/// Something that is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// `prod_…`.
    pub id: String,
    /// As the checkout page shows it.
    pub name: String,
    /// Minor units.
    pub price: i64,
    /// `USD`.
    pub currency: String,
    /// How it is billed.
    pub billing: Billing,
}

/// Whoever paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// `cust_…`.
    pub id: String,
    /// What they typed at the checkout: anybody can type anything.
    pub email: String,
    /// Whether their card is refused from now on.
    pub card_fails: bool,
    /// When, ms.
    pub created_at: i64,
}

/// A payment link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// `ch_…`.
    pub id: String,
    /// What the seller calls it.
    pub request_id: Option<String>,
    /// What is sold.
    pub product: String,
    /// How many.
    pub units: i64,
    /// Where the browser goes after paying.
    pub success_url: Option<String>,
    /// The address that was filled in by the seller and cannot be changed.
    pub email: Option<String>,
    /// Copied to the subscription.
    pub metadata: serde_json::Value,
    /// `pending`, `completed`, `expired`.
    pub status: String,
    /// Once paid.
    pub order: Option<String>,
    /// Once paid.
    pub customer: Option<String>,
    /// Once paid, for a plan.
    pub subscription: Option<String>,
    /// When, ms.
    pub created_at: i64,
}

/// Something bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// `ord_…`.
    pub id: String,
    /// By whom.
    pub customer: String,
    /// What.
    pub product: String,
    /// Its checkout.
    pub checkout: String,
    /// Its first payment.
    pub transaction: String,
    /// Before tax, minor units.
    pub amount: i64,
    /// Tax, minor units.
    pub tax: i64,
    /// `USD`.
    pub currency: String,
    /// `onetime` or `recurring`.
    pub kind: String,
    /// When, ms.
    pub created_at: i64,
}

/// Money that moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// `tran_…`.
    pub id: String,
    /// Its order.
    pub order: String,
    /// Whose.
    pub customer: String,
    /// What it paid for.
    pub product: String,
    /// Its subscription.
    pub subscription: Option<String>,
    /// Before tax, minor units.
    pub amount: i64,
    /// Tax, minor units.
    pub tax: i64,
    /// `USD`.
    pub currency: String,
    /// `paid`, `refunded`, `partialRefund`, `chargeback`, `declined`.
    pub status: String,
    /// What went back so far, minor units.
    pub refunded: i64,
    /// The period it is for, ms.
    pub period: Option<(i64, i64)>,
    /// When, ms.
    pub created_at: i64,
}

/// A plan somebody pays for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// `sub_…`.
    pub id: String,
    /// The plan.
    pub product: String,
    /// Whose.
    pub customer: String,
    /// The order it began with.
    pub order: String,
    /// `active`, `past_due`, `scheduled_cancel`, `paused`, `canceled`, `unpaid`, `trialing`.
    pub status: String,
    /// The payment of the current period.
    pub last_transaction: Option<String>,
    /// When that was, ms.
    pub last_transaction_at: i64,
    /// The current period, ms.
    pub period: (i64, i64),
    /// When the next payment is tried, ms; none when none is.
    pub next_try_at: Option<i64>,
    /// Payments that failed one after the other.
    pub failures: u32,
    /// When it ended, ms.
    pub canceled_at: Option<i64>,
    /// From the checkout.
    pub metadata: serde_json::Value,
    /// When, ms.
    pub created_at: i64,
    /// When it last changed, ms.
    pub updated_at: i64,
}

/// Money that went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// `ref_…`.
    pub id: String,
    /// Of which payment.
    pub transaction: String,
    /// Minor units.
    pub amount: i64,
    /// `pending`, `succeeded`, `failed`.
    #[serde(default = "succeeded")]
    pub status: String,
    /// When, ms.
    pub created_at: i64,
}

fn succeeded() -> String {
    "succeeded".into()
}

/// Where a webhook is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// It will be sent at this moment, ms.
    Waiting {
        /// When.
        at: i64,
    },
    /// It goes only when it is sent by hand.
    Withheld,
    /// It was taken.
    Taken,
    /// It was tried often enough.
    GivenUp,
}

/// Something that is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// `evt_…`.
    pub id: String,
    /// `checkout.completed` …
    pub kind: String,
    /// The very bytes that are sent and signed.
    pub body: String,
    /// Where it is.
    pub fate: Fate,
    /// How often it was tried.
    pub tries: u32,
    /// Whether those that wait with it go first.
    pub overtaken: bool,
}

/// Everything.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct World {
    /// Names given so far.
    pub names: u64,
    /// By id.
    pub products: BTreeMap<String, Product>,
    /// By id.
    pub customers: BTreeMap<String, Customer>,
    /// By id.
    pub checkouts: BTreeMap<String, Checkout>,
    /// By id.
    pub orders: BTreeMap<String, Order>,
    /// By id; also in the order in which they came about.
    pub transactions: Vec<Transaction>,
    /// By id.
    pub subscriptions: BTreeMap<String, Subscription>,
    /// In order.
    pub refunds: Vec<Refund>,
    /// What is told, in order.
    pub webhooks: Vec<Webhook>,
    /// Who may open the portal by which link: token to customer.
    pub portals: BTreeMap<String, String>,
    /// Prompts that were screened: how many.
    pub screened: u64,
    /// How it is switched.
    #[serde(default)]
    pub switches: Switches,
    /// Where it is kept; none for nowhere.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// Chance.
    #[serde(skip)]
    pub seed: u64,
}

impl World {
    /// Another id: random to look at, the same again from the same seed.
    pub fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        let hash = Sha256::digest(format!("{prefix} {} {}", self.seed, self.names));
        format!("{prefix}_{}", hex::encode(&hash[..11]))
    }

    /// A payment by its id.
    pub fn transaction(&self, id: &str) -> Option<&Transaction> {
        self.transactions.iter().find(|it| it.id == id)
    }

    /// A payment by its id, to be changed.
    pub fn transaction_mut(&mut self, id: &str) -> Option<&mut Transaction> {
        self.transactions.iter_mut().find(|it| it.id == id)
    }

    /// The customer of an address, who comes about when there is none.
    pub fn customer_of(&mut self, email: &str, now: i64) -> String {
        let email = email.to_lowercase();
        if let Some(customer) = self.customers.values().find(|it| it.email == email) {
            return customer.id.clone();
        }
        let id = self.name("cust");
        let customer = Customer { id: id.clone(), email, card_fails: false, created_at: now };
        self.customers.insert(id.clone(), customer);
        id
    }

    /// Keeps it, where it is kept.
    pub fn save(&self) {
        let Some(file) = &self.file else { return };
        let unfinished = file.with_extension("tmp");
        let written = serde_json::to_vec(self)
            .map_err(std::io::Error::from)
            .and_then(|bytes| std::fs::write(&unfinished, bytes))
            .and_then(|()| std::fs::rename(&unfinished, file));
        if let Err(error) = written {
            tracing::error!(error = %error, "the Creem stand-in could not write what it knows");
        }
    }
}
