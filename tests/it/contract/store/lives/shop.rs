//! What is sold in these lives.

use picdesk_core::{
    account::Entitlement,
    credits::Credits,
    facts::{House as Rules, Pack, Period, Plan, Promo},
    generation::Resolution,
    payment::Money,
};

use super::super::payments::rules;

/// Credits of a pack and of a plan's period, and what they cost, minor units.
pub const PACK: (i64, i64) = (10, 990);
pub const PLAN: (i64, i64) = (20, 4990);
/// Credits of the promo code.
pub const PROMO: i64 = 5;

/// So much money.
pub fn dollars(minor: i64) -> Money {
    Money { minor, currency: "USD".into() }
}

/// Rules of a house that sells a pack and a plan, and has a promo code.
pub fn shop() -> Rules {
    let mut rules = rules();
    rules.catalogue.packs = vec![Pack {
        id: "starter".into(),
        credits: Credits(PACK.0),
        price: "9.90 USD".into(),
        cost: dollars(PACK.1),
        product: Some("prod_starter".into()),
        stars: None,
    }];
    rules.catalogue.plans = vec![Plan {
        id: "studio".into(),
        credits: Credits(PLAN.0),
        price: "49.90 USD".into(),
        cost: dollars(PLAN.1),
        product: Some("prod_studio".into()),
        stars: None,
        period: Period::Month,
        entitlement: Entitlement {
            plan: Some("studio".into()),
            max_resolution: Resolution::K4,
            queue_max: 3,
            pictures_max: 4,
            retention_days: 30,
        },
        lapse_days: Some(30),
    }];
    rules.gifts.promos = vec![Promo {
        code: "SPRING".into(),
        credits: Credits(PROMO),
        uses_max: i64::MAX,
        until: None,
        new_within_ms: None,
    }];
    rules
}
