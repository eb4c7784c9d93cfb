//! What pictures cost, the ways beside what was asked for, and the plans that include them.

use alloc::{string::String, vec::Vec};

use crate::{
    account::Entitlement,
    credits::Credits,
    facts::{Catalogue, House},
    generation::{Options, Quality, Resolution},
    id::ConversationId,
    payment::{self, Item},
    say::{Cheaper, Offer, OfferLine, PlanTerms},
};

/// Every resolution, rising.
pub(crate) const RESOLUTIONS: [Resolution; 3] = [Resolution::K1, Resolution::K2, Resolution::K4];

/// Every quality, rising.
pub(crate) const QUALITIES: [Quality; 3] = [Quality::Low, Quality::Medium, Quality::High];

/// What one picture costs; nothing where the owner has set no price for such a picture.
#[must_use]
pub fn price_each(catalogue: &Catalogue, options: &Options) -> Option<Credits> {
    catalogue
        .prices
        .iter()
        .find(|price| price.resolution == options.resolution && price.quality == options.quality)
        .map(|price| price.credits)
        .filter(|credits| *credits >= Credits::ZERO)
}

/// What all pictures of a request cost together; nothing without a price, or when it does not fit.
#[must_use]
pub fn total(catalogue: &Catalogue, options: &Options) -> Option<Credits> {
    price_each(catalogue, options)?.checked_mul(options.count.into())
}

/// The nearest cheaper way that costs at most `most`: with as many pictures where there is one,
/// else with fewer; among those the dearest, then the largest.
#[must_use]
pub fn cheaper(catalogue: &Catalogue, options: &Options, most: Credits) -> Option<Cheaper> {
    let asked = total(catalogue, options)?;
    (1..=options.count).rev().find_map(|count| {
        let sizes = RESOLUTIONS.into_iter().filter(|resolution| *resolution <= options.resolution);
        sizes
            .flat_map(|resolution| QUALITIES.map(|quality| (resolution, quality)))
            .filter(|(_, quality)| *quality <= options.quality)
            .filter_map(|(resolution, quality)| {
                let options = Options { resolution, quality, count, ..*options };
                let price = total(catalogue, &options)?;
                (price < asked && price <= most).then_some(Cheaper { options, price })
            })
            .max_by_key(|way| (way.price, way.options.resolution, way.options.quality))
    })
}

/// One picture of the next resolution; nothing above the largest.
#[must_use]
pub fn larger(options: &Options) -> Option<Options> {
    let next = RESOLUTIONS.into_iter().find(|resolution| *resolution > options.resolution)?;
    Some(Options { resolution: next, count: 1, ..*options })
}

/// The first plan that includes something, by the name people know it by.
#[must_use]
pub fn plan_with(catalogue: &Catalogue, has: impl Fn(&Entitlement) -> bool) -> Option<String> {
    catalogue.plans.iter().find(|plan| has(&plan.entitlement)).map(|plan| plan.id.clone())
}

/// What can be bought, there where it is offered: by the buttons below where there are some.
#[must_use]
pub fn offer(house: &House, conversation: &ConversationId) -> Offer {
    let (offer, keys) = (of_plans_file(&house.catalogue), payment::offers(house, conversation));
    if keys.is_empty() {
        return offer;
    }
    let sold = payment::sold_there(house, conversation);
    let sold_as = |item: Item, line: OfferLine| {
        let prices = sold.iter().filter(|(one, _)| *one == item).map(|(_, price)| price.as_str());
        let prices: Vec<&str> = prices.collect();
        (!prices.is_empty()).then(|| OfferLine { price: prices.join(" / "), ..line })
    };
    let packs = offer.packs.into_iter();
    let plans = offer.plans.into_iter();
    Offer {
        packs: packs.filter_map(|it| sold_as(Item::Pack(it.id.clone()), it)).collect(),
        plans: plans.filter_map(|it| sold_as(Item::Plan(it.id.clone()), it)).collect(),
        by_link: true,
    }
}

fn of_plans_file(catalogue: &Catalogue) -> Offer {
    let packs = catalogue.packs.iter().map(|pack| OfferLine {
        id: pack.id.clone(),
        credits: pack.credits,
        price: pack.price.clone(),
        terms: None,
    });
    let plans = catalogue.plans.iter().map(|plan| OfferLine {
        id: plan.id.clone(),
        credits: plan.credits,
        price: plan.price.clone(),
        terms: Some(PlanTerms::of(plan)),
    });
    Offer { packs: packs.collect(), plans: plans.collect(), by_link: false }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        facts::Price,
        generation::{Background, Shape},
    };

    fn catalogues() -> impl Strategy<Value = Catalogue> {
        proptest::collection::vec(prop_oneof![0..100_i64, Just(i64::MAX)], 9).prop_map(|credits| {
            let ways =
                RESOLUTIONS.iter().flat_map(|size| QUALITIES.map(|quality| (*size, quality)));
            let prices = ways.zip(credits).map(|((resolution, quality), credits)| Price {
                resolution,
                quality,
                credits: Credits(credits),
            });
            Catalogue { prices: prices.collect(), ..Catalogue::default() }
        })
    }

    fn any_options() -> impl Strategy<Value = Options> {
        (0..3_usize, 0..3_usize, 1..=10_u8).prop_map(|(size, quality, count)| Options {
            resolution: RESOLUTIONS[size],
            quality: QUALITIES[quality],
            shape: Shape::Square,
            background: Background::Auto,
            count,
        })
    }

    proptest! {
        #[test]
        fn a_total_is_the_price_of_the_table_times_the_pictures(
            catalogue in catalogues(), options in any_options(),
        ) {
            let each = price_each(&catalogue, &options).unwrap();
            let exact = i128::from(each.0) * i128::from(options.count);
            match total(&catalogue, &options) {
                Some(total) => prop_assert_eq!(i128::from(total.0), exact),
                None => prop_assert!(exact > i128::from(i64::MAX)),
            }
        }

        #[test]
        fn the_cheaper_way_is_cheaper_and_never_more_than_asked_for(
            catalogue in catalogues(), options in any_options(), most in 0..500_i64,
        ) {
            if let Some(way) = cheaper(&catalogue, &options, Credits(most)) {
                prop_assert!(way.price < total(&catalogue, &options).unwrap());
                prop_assert!(way.price <= Credits(most));
                prop_assert_eq!(Some(way.price), total(&catalogue, &way.options));
                prop_assert!(way.options.resolution <= options.resolution);
                prop_assert!(way.options.quality <= options.quality);
                prop_assert!(way.options.count <= options.count);
            }
        }
    }

    #[test]
    fn without_a_price_there_is_no_total() {
        assert_eq!(total(&Catalogue::default(), &Options::default()), None);
    }

    #[test]
    fn nothing_is_larger_than_the_largest() {
        let options = Options { resolution: Resolution::K4, ..Options::default() };
        assert_eq!(larger(&options), None);
    }
}
