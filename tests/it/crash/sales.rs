//! Purchases, renewals and refunds, while the desk is killed at moments nobody chose and Creem
//! loses answers and webhooks. In the end everybody has what they paid for, once, and the ledger
//! adds up.

use std::time::Duration;

use picdesk_sandbox::{
    creem::{CreemStandIn, Fate},
    rest::{Armed, Fault},
    telegram::{ALICE, MessageView, XIAOMING},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::{SEED, SEED_DEFAULT, int, number};
use crate::{
    database::{TestDatabase, databases},
    house::{Given, House, PATIENCE},
};

/// How often the desk is killed on each database.
const KILLS: &str = "CRASH_SALES_KILLS";
const KILLS_DEFAULT: u32 = 15;
/// So many times as often it is killed where little happens.
const SLOW: u32 = 20;
/// Payments that prove something.
const PAID_MIN: usize = 6;
/// The longest time between two things that people do.
const PAUSE_MAX: Duration = Duration::from_millis(200);
/// Credits that everybody begins with.
const TRIAL: i64 = 5;
/// What is sold, in everybody's language.
const PACKS: [&str; 2] = ["100 credits · 9.90 USD", "100 积分 · 9.90 USD"];
const PLAN: &str = "Pro · 19.90 USD";

const WHAT_IS_LEFT: &str =
    "select cast(coalesce(sum(granted - refunded - reclaimed), 0) as bigint) from purses";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_paid_is_given_once_however_often_the_desk_is_killed() {
    for database in databases().await {
        sell(database).await;
    }
}

async fn sell(database: TestDatabase) {
    let seed = number(SEED, SEED_DEFAULT);
    eprintln!("{SEED}={seed} on {}", database.kind());
    let house =
        House::build_on(database, Given { trial: TRIAL, sells: true, seed, ..Given::default() })
            .await;
    let mut desk = house.open().await;
    let mut offers = Vec::new();
    for who in [ALICE, XIAOMING] {
        house.telegram.say(who, "/buy").unwrap();
        let sells = |it: &MessageView| {
            it.buttons.iter().flatten().any(|button| button.text.contains("9.90 USD"))
        };
        offers.push((who, house.telegram.wait_for(who, PATIENCE, sells).await.unwrap().message));
    }
    arm(house.creem());
    let mut moments = StdRng::seed_from_u64(seed);
    let (kills, mut killed) = (number(KILLS, KILLS_DEFAULT), 0);
    // On a slow day less happens between two of them.
    while killed < kills || killed < kills * SLOW && house.creem().transactions().len() < PAID_MIN {
        killed += 1;
        for _ in 0..moments.random_range(2..6) {
            do_something(&house, &offers, &mut moments);
            tokio::time::sleep(moments.random_range(Duration::ZERO..PAUSE_MAX)).await;
        }
        desk.kill().await;
        desk = house.start();
        if moments.random_bool(0.8) {
            house.until_ready(&mut desk).await;
        }
    }
    house.creem().clear_faults();
    house.until_ready(&mut desk).await;
    // Whatever Creem lost or gave up on is sent again by hand; some of it was found by asking.
    for webhook in house.creem().webhooks() {
        if webhook.fate != Fate::Taken {
            house.creem().send_again(&webhook.id).await;
        }
    }
    let due = TRIAL * 2 + due(house.creem());
    let store = house.look().await;
    house
        .until("what was paid for", async || {
            (int(&store, WHAT_IS_LEFT, &[]).await == due).then_some(())
        })
        .await;
    house.until_quiet().await;
    assert_eq!(int(&store, WHAT_IS_LEFT, &[]).await, due);
    let paid = house.creem().transactions().len();
    assert!(paid >= PAID_MIN, "{paid} payments prove nothing");
}

fn arm(creem: &CreemStandIn) {
    let faults = [
        (Fault::DropRequest, 0.03),
        (Fault::DropAnswer, 0.03),
        (Fault::NotJson, 0.03),
        (Fault::rate_limited(1), 0.03),
        (Fault::WebhookLost, 0.2),
        (Fault::WebhookTwice, 0.2),
        (Fault::WebhookOvertaken, 0.2),
        (Fault::WebhookUnheard, 0.1),
    ];
    for (fault, chance) in faults {
        creem.arm(Armed::chance(fault, chance));
    }
}

/// One of the things that people and Creem do. What cannot be done now is left.
fn do_something(house: &House, offers: &[(i64, i64)], moments: &mut StdRng) {
    let creem = house.creem();
    let (who, offer) = offers[moments.random_range(0..offers.len())];
    match moments.random_range(0..8) {
        0..2 => {
            for pack in PACKS {
                _ = house.telegram.press(who, who, offer, pack);
            }
        }
        2 => _ = house.telegram.press(who, who, offer, PLAN),
        3..6 => {
            let open = creem.checkouts().into_iter().find(|it| it.status == "pending");
            if let Some(checkout) = open {
                _ = creem.pay(&checkout.id, "anna@example.com");
            }
        }
        6 => {
            let paid = creem.transactions();
            if !paid.is_empty() {
                let payment = &paid[moments.random_range(0..paid.len())];
                _ = creem.refund(&payment.id, Some(moments.random_range(1..900)));
            }
        }
        _ => {
            if let Some(plan) = creem.subscriptions().first() {
                _ = creem.renew(&plan.id);
            }
        }
    }
}

/// The credits of everything that was paid, less what went back.
fn due(creem: &CreemStandIn) -> i64 {
    let of = |payment: picdesk_sandbox::creem::Transaction| {
        let came = if payment.product == "prod_pro" { 500 } else { 100 };
        came - came * payment.refunded / (payment.amount + payment.tax)
    };
    creem.transactions().into_iter().map(of).sum()
}
