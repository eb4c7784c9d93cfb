//! The plans file: what pictures cost, and what is sold.

use std::collections::BTreeSet;
use std::sync::Arc;

use picdesk_core::account::Entitlement;
use picdesk_core::credits::Credits;
use picdesk_core::facts;
pub use picdesk_core::facts::Period;
use picdesk_core::generation::{Quality, Resolution};
use picdesk_core::payment::Money;
use picdesk_telegram::stars::SUBSCRIPTION_STARS_MAX;

use super::gifts;
use super::given::{Givens, Value, lines_of};
use super::images::CREDITS_MAX;
use super::price::Price;
use super::problem::{Origin, Problem};
use super::reader::{Keys, Read, Reader};
use super::value::{one_of, parsed, within};

/// The plans that are sold where the owner wrote none.
pub(super) const BUILT_IN: &str = include_str!("../../config/plans.toml");

/// More Stars than anything costs: a guard against slips of the finger, Telegram's own is lower.
const STARS_MAX: u32 = 100_000;

/// Most pictures a request can ask for. Source: the images API, `n`, 1 to 10.
const PICTURES_MAX: u8 = 10;

/// Pictures a request may ask for without a plan, where the file says nothing.
const FREE_PICTURES_MAX: u8 = 4;

const RESOLUTIONS: &[(&str, Resolution)] =
    &[("1k", Resolution::K1), ("2k", Resolution::K2), ("4k", Resolution::K4)];

const QUALITIES: &[(&str, Quality)] =
    &[("low", Quality::Low), ("medium", Quality::Medium), ("high", Quality::High)];

/// Prices, packs and plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plans {
    /// What one picture costs.
    pub prices: Prices,
    /// Credits bought once.
    pub packs: Vec<Pack>,
    /// Credits per period, and what they unlock.
    pub plans: Vec<Plan>,
    /// What is included without a plan.
    pub free: Free,
    /// What is given away.
    pub gifts: facts::GiftRules,
}

/// What one picture costs: every resolution in every quality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices(Vec<facts::Price>);

/// Credits bought once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// Its name in rows and links; never changes once sold.
    pub id: String,
    /// How many credits.
    pub credits: Credits,
    /// What it costs.
    pub price: Price,
    /// The product at Creem; none: not sold by link.
    pub creem_product_id: Option<String>,
    /// What it costs in Telegram Stars; zero: not sold for Stars.
    pub stars: u32,
}

/// Credits per period, and what they unlock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its name in rows and links; never changes once sold.
    pub id: String,
    /// How many credits a period.
    pub credits_per_period: Credits,
    /// How long a period is.
    pub period: Period,
    /// What a period costs.
    pub price: Price,
    /// The product at Creem; none: not sold by link.
    pub creem_product_id: Option<String>,
    /// What a period costs in Telegram Stars; zero: not sold for Stars.
    pub stars: u32,
    /// The largest resolution it includes.
    pub max_resolution: Resolution,
    /// Requests that may stand in line at once.
    pub queue_max: u32,
    /// Pictures one request may ask for.
    pub pictures_max: u8,
    /// Days a picture is kept.
    pub retention_days: u32,
    /// Days until unused credits of a period lapse; none: never.
    pub credits_expire_days: Option<u32>,
}

/// What is included without a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Free {
    /// The largest resolution.
    pub max_resolution: Resolution,
    /// Requests that may stand in line at once.
    pub queue_max: u32,
    /// Pictures one request may ask for.
    pub pictures_max: u8,
    /// Days a picture is kept.
    pub retention_days: u32,
}

impl Prices {
    /// What one picture costs.
    pub fn of(&self, resolution: Resolution, quality: Quality) -> Credits {
        let price =
            self.0.iter().find(|price| price.resolution == resolution && price.quality == quality);
        price.expect("every resolution has a price in every quality: parsed so").credits
    }
}

impl Plans {
    /// The plans that are compiled in. `retention_days` is how long pictures are kept where the
    /// file says nothing.
    pub fn built_in(retention_days: u32) -> Self {
        let (plans, _) = Self::parse("config/plans.toml", BUILT_IN, retention_days);
        plans.expect("the compiled-in plans are sound: tested")
    }

    /// Reads a plans file; `None` with at least one problem.
    pub(super) fn parse(
        name: &str,
        text: &str,
        retention_days: u32,
    ) -> (Option<Self>, Vec<Problem>) {
        let mut problems = Vec::new();
        let given = Givens::parse(text, lines_of(name), &mut problems);
        let whole = Origin::File(Arc::from(name));
        let mut reader = Reader::new(given, Givens::default(), whole);
        let plans = Self::of(&mut reader, retention_days);
        problems.extend(reader.finish());
        (plans.filter(|_| problems.is_empty()), problems)
    }

    fn of(reader: &mut Reader, retention_days: u32) -> Option<Self> {
        let prices = Prices::read(reader);
        let packs = rows(reader, "packs", Pack::read);
        let plans = rows(reader, "plans", |keys| Plan::read(keys, retention_days));
        let free = Free::read(&mut reader.section("free"), retention_days);
        let gifts = gifts::read(reader);
        let mut ids = BTreeSet::new();
        let named = |kind: &'static str, ids: Vec<Option<String>>| {
            ids.into_iter().enumerate().map(move |(row, id)| (format!("{kind}[{row}].id"), id))
        };
        let pack_ids = packs.iter().map(|pack| pack.as_ref().map(|pack| pack.id.clone())).collect();
        let plan_ids = plans.iter().map(|plan| plan.as_ref().map(|plan| plan.id.clone())).collect();
        for (key, id) in named("packs", pack_ids).chain(named("plans", plan_ids)) {
            if id.is_some_and(|id| !ids.insert(id)) {
                reader.blame(&key, "is used by another pack or plan already");
            }
        }
        Some(Self {
            prices: prices?,
            packs: packs.into_iter().collect::<Option<_>>()?,
            plans: plans.into_iter().collect::<Option<_>>()?,
            free: free?,
            gifts: gifts?,
        })
    }

    /// What the rules care about.
    pub fn catalogue(&self) -> facts::Catalogue {
        let pack = |pack: &Pack| facts::Pack {
            id: pack.id.clone(),
            credits: pack.credits,
            price: pack.price.to_string(),
            cost: pack.price.money(),
            product: pack.creem_product_id.clone(),
            stars: in_stars(pack.stars),
        };
        let plan = |plan: &Plan| facts::Plan {
            id: plan.id.clone(),
            credits: plan.credits_per_period,
            price: plan.price.to_string(),
            cost: plan.price.money(),
            product: plan.creem_product_id.clone(),
            stars: in_stars(plan.stars),
            period: plan.period,
            entitlement: Entitlement {
                plan: Some(plan.id.clone()),
                max_resolution: plan.max_resolution,
                queue_max: plan.queue_max,
                pictures_max: plan.pictures_max,
                retention_days: plan.retention_days,
            },
            lapse_days: plan.credits_expire_days,
        };
        facts::Catalogue {
            prices: self.prices.0.clone(),
            packs: self.packs.iter().map(pack).collect(),
            plans: self.plans.iter().map(plan).collect(),
            free: Some(Entitlement {
                plan: None,
                max_resolution: self.free.max_resolution,
                queue_max: self.free.queue_max,
                pictures_max: self.free.pictures_max,
                retention_days: self.free.retention_days,
            }),
        }
    }
}

impl Prices {
    fn read(reader: &mut Reader) -> Option<Self> {
        let mut prices = Vec::new();
        for (size, resolution) in RESOLUTIONS {
            let mut keys = reader.section(format!("prices.{size}"));
            for (word, quality) in QUALITIES {
                let credits = keys.required(word, price_in_credits);
                let price =
                    |credits| facts::Price { resolution: *resolution, quality: *quality, credits };
                prices.push(credits.map(price));
            }
        }
        prices.into_iter().collect::<Option<_>>().map(Self)
    }
}

impl Pack {
    fn read(keys: &mut Keys<'_>) -> Option<Self> {
        let id = keys.required("id", id);
        let credits = keys.required("credits", price_in_credits);
        let price = keys.required("price", parsed(str::parse));
        let creem_product_id = keys.optional("creem_product_id", id_of_another);
        let stars = keys.optional("stars", within(0..=STARS_MAX)).unwrap_or(0);
        Some(Self { id: id?, credits: credits?, price: price?, creem_product_id, stars })
    }
}

impl Plan {
    fn read(keys: &mut Keys<'_>, retention_days: u32) -> Option<Self> {
        const PERIODS: &[(&str, Period)] = &[("month", Period::Month), ("year", Period::Year)];
        let id = keys.required("id", id);
        let credits_per_period = keys.required("credits_per_period", price_in_credits);
        let period = keys.required("period", one_of(PERIODS));
        let price = keys.required("price", parsed(str::parse));
        let creem_product_id = keys.optional("creem_product_id", id_of_another);
        let stars = keys.optional("stars", within(0..=STARS_MAX)).unwrap_or(0);
        if stars > 0 && period == Some(Period::Year) {
            keys.blame("stars", "must be 0: what is paid in Stars again and again is paid monthly");
        }
        if stars > SUBSCRIPTION_STARS_MAX {
            let most = SUBSCRIPTION_STARS_MAX;
            keys.blame("stars", format!("must be at most {most}: Telegram takes no more a month"));
        }
        let max_resolution = keys.required("max_resolution", one_of(RESOLUTIONS));
        let queue_max = keys.required("queue_max", within(1..=1000));
        let pictures_max = keys.required("pictures_max", within(1..=PICTURES_MAX));
        let retention = keys.optional("retention_days", within(1..=3650)).unwrap_or(retention_days);
        let expire_days = keys.optional("credits_expire_days", within(0..=3650)).unwrap_or(0);
        Some(Self {
            id: id?,
            credits_per_period: credits_per_period?,
            period: period?,
            price: price?,
            creem_product_id,
            stars,
            max_resolution: max_resolution?,
            queue_max: queue_max?,
            pictures_max: pictures_max?,
            retention_days: retention,
            credits_expire_days: Some(expire_days).filter(|days| *days > 0),
        })
    }
}

impl Free {
    fn read(keys: &mut Keys<'_>, retention_days: u32) -> Option<Self> {
        let max_resolution = keys.required("max_resolution", one_of(RESOLUTIONS));
        let queue_max = keys.required("queue_max", within(1..=1000));
        let pictures_max = keys.optional("pictures_max", within(1..=PICTURES_MAX));
        let retention = keys.optional("retention_days", within(1..=3650));
        Some(Self {
            max_resolution: max_resolution?,
            queue_max: queue_max?,
            pictures_max: pictures_max.unwrap_or(FREE_PICTURES_MAX),
            retention_days: retention.unwrap_or(retention_days),
        })
    }
}

/// Every row of an array of tables, so that each row's problems are found.
fn rows<T>(
    reader: &mut Reader,
    key: &str,
    read: impl Fn(&mut Keys<'_>) -> Option<T>,
) -> Vec<Option<T>> {
    (0..reader.rows(key)).map(|row| read(&mut reader.section(format!("{key}[{row}]")))).collect()
}

/// A price in Telegram Stars, where there is one.
fn in_stars(stars: u32) -> Option<Money> {
    (stars > 0).then(|| Money::stars(stars.into()))
}

/// Whole credits, at least one.
fn price_in_credits(value: &Value) -> Read<Credits> {
    within(1..=CREDITS_MAX)(value).map(Credits)
}

fn id(value: &Value) -> Read<String> {
    parsed(|text| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if (1..=32).contains(&text.len()) && text.chars().all(plain) {
            Ok(text.to_owned())
        } else {
            Err("must be 1 to 32 letters, digits, - and _".to_owned())
        }
    })(value)
}

fn id_of_another(value: &Value) -> Read<String> {
    parsed(|text| {
        let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        if plain { Ok(text.to_owned()) } else { Err("must be the product's id".to_owned()) }
    })(value)
}
