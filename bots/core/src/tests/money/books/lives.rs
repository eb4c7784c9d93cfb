//! Random lives of plans, against a reckoning of its own.

use super::*;

/// A life of a plan: so many periods, each paid; some of their money goes back in parts, some is
/// taken by the bank; and the plan changes its state between them.
fn lives() -> impl Strategy<Value = Vec<Notice>> {
    let states = [
        PlanState::Active,
        PlanState::PastDue,
        PlanState::Ending,
        PlanState::Paused,
        PlanState::Unpaid,
        PlanState::Ended,
    ];
    let change = (0..states.len()).prop_map(move |at| states[at]);
    let back = (0..11_usize, 1..2_407_i64, prop::bool::weighted(0.2));
    // Into which plan, and what is charged for the rest of the period.
    let exchange = (any::<bool>(), 1..4_000_i64);
    let periods = 1..8_i64;
    let changes = proptest::collection::vec(change, 0..14);
    let backs = proptest::collection::vec(back, 0..10);
    let exchanges = proptest::collection::vec(exchange, 0..4);
    (periods, changes, backs, exchanges).prop_map(|(periods, changes, backs, exchanges)| {
        let mut life = Vec::new();
        for (number, (up, minor)) in (0..).zip(exchanges) {
            let (product, price) = if up { ("prod_studio", 4990) } else { ("prod_pro", 1990) };
            let payment = format!("transaction:part_{minor}_{number}");
            let charged = Some(dollars(minor));
            let paid = Paid { payment, charged, ..paid(product, price) };
            let minutes = number * 173 + 50;
            let plan = plan_is(PlanState::Active, minutes);
            let plan = PlanTold { product: Some(product.into()), ..plan };
            life.push(at_minute(minutes, Told::Plan(plan.clone())));
            life.push(at_minute(minutes, Told::PlanPaid(paid, plan)));
        }
        for period in 0..periods {
            let payment = format!("transaction:tran_{period}");
            let charged = Some(dollars(1990));
            let paid = Paid { payment, charged, ..paid("prod_pro", 1990) };
            let minutes = period * 100;
            let plan = plan_is(PlanState::Active, minutes);
            life.push(at_minute(minutes, Told::PlanPaid(paid, plan)));
        }
        for (number, state) in (0..).zip(changes) {
            let minutes = number * 61 + 7;
            life.push(at_minute(minutes, Told::Plan(plan_is(state, minutes))));
        }
        let payments: Vec<String> = life.iter().filter_map(payment_of).collect();
        for (number, (which, minor, disputed)) in backs.into_iter().enumerate() {
            let payment = payments.get(which).cloned();
            let by = if disputed { Reversal::Dispute } else { Reversal::Refund };
            life.push(at_minute(
                900,
                Told::Reversed(Reversed {
                    id: format!("back_{number}"),
                    payment: payment.unwrap_or_else(|| "transaction:of_nobody".into()),
                    by,
                    minor,
                    total: 0,
                    of_minor: 2_407,
                }),
            ));
        }
        life
    })
}

fn payment_of(notice: &Notice) -> Option<String> {
    match &notice.told {
        Told::PlanPaid(paid, _) => Some(paid.payment.clone()),
        _ => None,
    }
}

/// What a customer has in the end, reckoned the simplest way there is.
fn reckoned(life: &[Notice]) -> i64 {
    let mut available = 3;
    for notice in life {
        let Told::PlanPaid(paid, _) = &notice.told else { continue };
        let of_it = |notice: &Notice| match &notice.told {
            Told::Reversed(back) if back.payment == paid.payment => Some((back.by, back.minor)),
            _ => None,
        };
        let backs: Vec<(Reversal, i64)> = life.iter().filter_map(of_it).collect();
        let minor: i64 = backs.iter().map(|(_, minor)| minor).sum();
        let disputed = backs.iter().any(|(by, _)| *by == Reversal::Dispute);
        let (price, whole) =
            if paid.product.as_deref() == Some("prod_studio") { (4990, 2000) } else { (1990, 500) };
        let charged = really_charged(paid).minor.min(price);
        let came = (whole * charged + price - 1) / price;
        let gone = if disputed { came } else { (came * minor / 2_407).min(came) };
        available += came - gone;
    }
    available
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn random_lives_of_plans_end_as_reckoned_in_any_of_fifty_orders(
        life in lives(), seeds in proptest::collection::vec(any::<u64>(), 50),
    ) {
        let end_of = |order: &[Notice]| {
            let mut books = Books::new(pro_plan());
            for notice in order {
                books.hear(notice);
            }
            books
        };
        let straight = end_of(&life);
        prop_assert_eq!(straight.purse.available(), Credits(reckoned(&life)));
        for seed in seeds {
            let mut order = life.clone();
            shuffle(&mut order, seed);
            let turned = end_of(&order);
            prop_assert_eq!(turned.purse.available(), straight.purse.available());
            prop_assert_eq!(&turned.plan, &straight.plan);
            prop_assert_eq!(&turned.plans, &straight.plans);
            prop_assert_eq!(&turned.payments, &straight.payments);
            // The same as Creem tells it, and what was charged is found out in the end.
            let mut asked = end_of(&untold(&order));
            asked.look();
            prop_assert_eq!(asked.purse.available(), straight.purse.available());
            prop_assert_eq!(&asked.payments, &straight.payments);
            prop_assert_eq!(&asked.plans, &straight.plans);
        }
    }
}

/// Another order, by a small generator of its own: the same again from the same seed.
fn shuffle(notices: &mut [Notice], seed: u64) {
    let mut state = seed | 1;
    for at in (1..notices.len()).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = (state >> 33) as usize % (at + 1);
        notices.swap(at, other);
    }
}
