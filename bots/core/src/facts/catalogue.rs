//! What is sold: prices of pictures, packs and plans.

use alloc::{string::String, vec::Vec};

use crate::{
    account::Entitlement,
    credits::Credits,
    generation::{Quality, Resolution},
    payment::{Item, Money},
};

/// Prices, packs and plans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// The price of one picture, by resolution and quality.
    pub prices: Vec<Price>,
    /// Credits bought once.
    pub packs: Vec<Pack>,
    /// Credits a period, and what they unlock.
    pub plans: Vec<Plan>,
    /// What is included without a plan.
    pub free: Option<Entitlement>,
}

impl Catalogue {
    /// Everything that is sold by link.
    pub fn sold(&self) -> impl Iterator<Item = Sold<'_>> {
        let packs = self.packs.iter().map(|pack| {
            let item = Item::Pack(pack.id.clone());
            (item, pack.credits, &pack.cost, pack.product.as_deref())
        });
        let plans = self.plans.iter().map(|plan| {
            let item = Item::Plan(plan.id.clone());
            (item, plan.credits, &plan.cost, plan.product.as_deref())
        });
        packs.chain(plans).filter_map(|(item, credits, price, product)| {
            Some(Sold { item, credits, price, product: product? })
        })
    }

    /// Everything that is sold for Telegram Stars.
    pub fn for_stars(&self) -> impl Iterator<Item = Sold<'_>> {
        let packs = self
            .packs
            .iter()
            .map(|pack| (Item::Pack(pack.id.clone()), pack.credits, pack.stars.as_ref()));
        let plans = self
            .plans
            .iter()
            .map(|plan| (Item::Plan(plan.id.clone()), plan.credits, plan.stars.as_ref()));
        packs.chain(plans).filter_map(|(item, credits, price)| {
            Some(Sold { item, credits, price: price?, product: "" })
        })
    }

    /// Days until what is left of a period's credits of a plan lapses; nothing for never.
    #[must_use]
    pub fn lapse_days(&self, plan: &str) -> Option<u32> {
        self.plans.iter().find(|sold| sold.id == plan)?.lapse_days
    }

    /// What has a number on buttons, however it is sold.
    #[must_use]
    pub fn item(&self, number: i64) -> Option<Item> {
        self.sold()
            .chain(self.for_stars())
            .map(|sold| sold.item)
            .find(|item| item.number() == number)
    }
}

/// Something that is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sold<'c> {
    /// What.
    pub item: Item,
    /// The credits it brings, once or a period.
    pub credits: Credits,
    /// What it costs.
    pub price: &'c Money,
    /// What the payment provider calls it; nothing for Stars.
    pub product: &'c str,
}

/// The price of one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// How large.
    pub resolution: Resolution,
    /// How fine.
    pub quality: Quality,
    /// What it costs.
    pub credits: Credits,
}

/// Credits bought once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// Its id in the plans file.
    pub id: String,
    /// How many.
    pub credits: Credits,
    /// The price as it stands in the plans file.
    pub price: String,
    /// The same as an amount.
    pub cost: Money,
    /// What the payment provider calls it; nothing where it is not sold by link.
    pub product: Option<String>,
    /// What it costs in Telegram Stars; nothing where it is not sold for those.
    pub stars: Option<Money>,
}

/// How long a plan's credits are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

/// Credits a period, and what they unlock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its id in the plans file.
    pub id: String,
    /// How many a period.
    pub credits: Credits,
    /// How long that is.
    pub period: Period,
    /// The price as it stands in the plans file.
    pub price: String,
    /// The same as an amount.
    pub cost: Money,
    /// What the payment provider calls it; nothing where it is not sold by link.
    pub product: Option<String>,
    /// What it costs a month in Telegram Stars; nothing where it is not sold for those.
    pub stars: Option<Money>,
    /// What it unlocks.
    pub entitlement: Entitlement,
    /// Days until what is left of a period's credits lapses; nothing for never.
    pub lapse_days: Option<u32>,
}
