//! Payments that nobody has told us of. A link of ours may be paid long after it was asked for, and
//! Creem names it neither with a payment nor, perhaps, with a plan: so while there is such a
//! payment, all links that it may be by are asked about, by turns, and once. What is by none of
//! them is somebody else's, the website's for instance, and is not looked for again.

use std::collections::{BTreeMap, BTreeSet};

use picdesk_core::payment::Money;

use super::{Subscription, Transaction, notice::PaidLink, reconcile::NEWEST};
use crate::store::payments::OpenLink;

/// Payments of others that are remembered; then they are looked for once more.
const OTHERS_MAX: usize = 20_000;

/// What the name of a plan begins with, among payments.
pub const PLAN: &str = "plan:";

/// A payment that nobody has told us of, and what its link has to sell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// `order:ord_…`, or `plan:sub_…`.
    pub name: String,
    /// What it came to, before tax and with what was taken off, where that is told.
    price: Option<Money>,
    /// What was bought, where that is told.
    product: Option<String>,
}

impl Stray {
    /// Something bought once; nothing where a payment is none, or did not come.
    pub fn of_order(payment: &Transaction) -> Option<Self> {
        let is_once = payment.subscription.is_none() && payment.came() == Some(true);
        let name = payment.payment().filter(|_| is_once)?;
        Some(Self { name, price: payment.charged(), product: None })
    }

    /// A plan.
    pub fn of_plan(plan: &Subscription) -> Self {
        Self { name: format!("{PLAN}{}", plan.id), price: None, product: plan.product.id.clone() }
    }
}

/// What is looked for, and how far.
#[derive(Debug, Default)]
pub struct Strays {
    wanted: BTreeMap<String, Stray>,
    /// Seen since the links are gone through: for the next time.
    later: BTreeMap<String, Stray>,
    others: BTreeSet<String>,
    /// Where the links are gone on with; nothing where they are not gone through.
    place: Option<(i64, String)>,
}

impl Strays {
    /// There is a payment that nobody has told us of.
    pub fn seen(&mut self, stray: Stray) {
        if !self.others.contains(&stray.name) && !self.wanted.contains_key(&stray.name) {
            self.later.insert(stray.name.clone(), stray);
        }
    }

    /// Where links are to be gone on with; nothing while nothing is looked for.
    pub fn next(&mut self) -> Option<(i64, String)> {
        if self.wanted.is_empty() {
            self.place = None;
            self.wanted = std::mem::take(&mut self.later);
        }
        if self.wanted.is_empty() {
            return None;
        }
        Some(self.place.get_or_insert(NEWEST).clone())
    }

    /// Whether something that is looked for may be by that link.
    pub fn may_be(&self, link: &OpenLink) -> bool {
        self.wanted.values().any(|stray| {
            stray.price.as_ref().is_none_or(|price| *price == link.price)
                && stray.product.as_ref().is_none_or(|product| *product == link.product)
        })
    }

    /// A link is done with.
    pub fn passed(&mut self, link: OpenLink) {
        self.place = Some(link.place);
    }

    /// What a link was paid for needs not be looked for any more.
    pub fn found(&mut self, paid: &PaidLink) {
        let order = paid.order.as_ref().map(|order| format!("order:{order}"));
        let plan = paid.subscription.as_ref().map(|plan| format!("{PLAN}{plan}"));
        for name in order.iter().chain(plan.iter()) {
            self.forget(name);
        }
    }

    /// What is looked for.
    pub fn names(&self) -> Vec<String> {
        self.wanted.keys().chain(self.later.keys()).cloned().collect()
    }

    /// Something is not looked for any more.
    pub fn forget(&mut self, name: &str) {
        self.wanted.remove(name);
        self.later.remove(name);
    }

    /// All links are gone through: what is left is by none of them.
    pub fn looked_through(&mut self) {
        if self.others.len() >= OTHERS_MAX {
            self.others.clear();
        }
        self.others.extend(std::mem::take(&mut self.wanted).into_keys());
        self.place = None;
    }
}
