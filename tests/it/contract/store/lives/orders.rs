//! One purchase of each kind, told in many orders: a sample of what the rules are tried with in
//! every order, by the real store.

use rand::seq::SliceRandom as _;

use super::*;

/// Orders that are tried; the first is the straight one.
const ORDERS: usize = 60;

/// Seven notices of a pack and seven of a plan, as of somebody's life.
fn notices(life: &Life) -> Vec<Notice> {
    let (pack, plan) = (format!("order:{}", life.number), format!("transaction:{}", life.number));
    let paid = |payment: &str, product: &str, minor| Paid {
        payment: payment.to_owned(),
        product: Some(product.into()),
        price: Some(dollars(minor)),
        discount: 0,
        charged: Some(dollars(minor)),
        link: None,
        customer: None,
    };
    let is = |state, at| PlanTold {
        subscription: format!("sub-{}", life.number),
        product: Some("prod_studio".into()),
        state,
        until: 9,
        changed_at: at,
        customer: None,
    };
    let back = |of: &str, id: &str, (minor, total), (by, of_minor)| {
        let id = format!("{id}_{}", life.number);
        Told::Reversed(Reversed { id, payment: of.to_owned(), by, minor, total, of_minor })
    };
    let (refund, bank) = ((Reversal::Refund, 1000), (Reversal::Dispute, 1000));
    let bought = Told::Bought(paid(&pack, "prod_starter", PACK.1));
    let begun = Told::PlanPaid(paid(&plan, "prod_studio", PLAN.1), is(PlanState::Active, 1));
    let of_pack = [
        bought.clone(),
        bought,
        back(&pack, "ref_1", (300, 300), refund),
        back(&pack, "ref_2", (200, 500), refund),
        back(&pack, "pull", (0, 500), refund),
        Told::NotReversed(pack.clone()),
        Told::Nothing,
    ];
    let of_plan = [
        begun.clone(),
        begun,
        Told::Plan(is(PlanState::Active, 2)),
        Told::Plan(is(PlanState::Ending, 3)),
        Told::Plan(is(PlanState::Ended, 4)),
        back(&plan, "ref_3", (400, 400), refund),
        back(&plan, "disp", (1000, 0), bank),
    ];
    let of_pack = of_pack.into_iter().map(|told| life.notice(0, "pack", told));
    of_pack.chain(of_plan.into_iter().map(|told| life.notice(0, "plan", told))).collect()
}

#[tokio::test]
async fn a_packs_and_a_plans_notices_end_equal_in_any_order() {
    let rules = shop();
    for house in houses().await {
        let mut dice = StdRng::seed_from_u64(5040);
        let mut lives = Vec::new();
        for life in born(&house, 0..ORDERS).await {
            let mut told = notices(&life);
            if life.number > 0 {
                told.shuffle(&mut dice);
            }
            lives.push((life, told));
        }
        for step in 0..14 {
            let mut outcomes = Vec::new();
            let mut snapshot = house.store.snapshot().await.unwrap();
            for (life, told) in &lives {
                let (seq, next) = (house.seq(), Next::Told(Box::new(told[step].clone())));
                let effects = decided(&mut snapshot, life, &next, (seq, START, &rules)).await;
                outcomes.push(Outcome { seq, effects, messages: Vec::new() });
            }
            drop(snapshot);
            carry_out(&house, outcomes, START).await;
        }
        let mut ends = Vec::new();
        for (life, told) in &lives {
            let purse = house.purse(&life.sides[0]).await;
            ends.push((purse.granted, purse.available(), told));
        }
        let (granted, left, _) = &ends[0];
        assert_eq!((granted.0, left.0), (PACK.0 + PLAN.0, PACK.0 / 2));
        for (of, available, told) in &ends {
            assert_eq!((of, available), (granted, left), "{told:?}");
        }
        assert_eq!(house.verify().await, []);
    }
}
