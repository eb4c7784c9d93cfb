//! `/plan`: what it shows, what can be changed, and that nothing is changed by a stale press.

use std::{boxed::Box, format, vec};

use super::*;
use crate::{
    id::ErrandId,
    payment::{Charge, PlanChange, PlanRow, Wish},
};

const UNTIL: i64 = NOW + 20 * 86_400_000;

fn row(state: PlanState) -> PlanRow {
    PlanRow {
        subscription: "sub_1".into(),
        request: "pd-ab-7".into(),
        account: AccountId(1),
        plan: "pro".into(),
        state,
        until: UNTIL,
        as_of: (NOW, NOW),
        customer: Some("cust_1".into()),
        wish: None,
    }
}

fn facts(rows: Vec<PlanRow>) -> PlanFacts {
    let portal = "https://pic.example/creem/portal/t0ken".into();
    PlanFacts { plans: rows, portal, ..PlanFacts::default() }
}

fn shown(plan: PlanFacts) -> Vec<Effect> {
    let asked = Event::MessageReceived(message("/plan"));
    let facts = Facts::Message(MessageFacts { plan, ..message_facts(customer(41)) });
    follows_at(&shop(), PRIVATE, &facts, &asked)
}

fn pressing(plan: PlanFacts, verb: Verb, row: i64) -> Vec<Effect> {
    shopping(PressFacts { plan, ..press_facts(customer(41), verb, row) })
}

/// The row of a button with this verb.
fn key(effects: &[Effect], verb: Verb) -> Option<i64> {
    let keys = effects.iter().filter_map(|effect| match effect {
        Effect::Send(sent) => Some(sent.keys.iter().flatten()),
        _ => None,
    });
    keys.flatten().find_map(|key| match key.does {
        Does::Act(action) if action.verb == verb => Some(action.row),
        _ => None,
    })
}

fn asks(effects: &[Effect]) -> Option<&Errand> {
    effects.iter().find_map(|effect| match effect {
        Effect::RunErrand(new) => Some(&new.errand),
        _ => None,
    })
}

#[test]
fn a_plan_is_shown_with_everything_that_can_be_done_about_it() {
    assert_snapshot!(folded(&lines::lines(CAUSE, &shown(facts(vec![row(PlanState::Active)])))), @r#"
    send in telegram:7: Plan(PlanView { plan: Some(PlanLine { plan: "pro", state: Active,
        until: 1701728000000, price: Some("19.90 USD"), credits: Some(500), terms:
        Some(PlanTerms { unlocks: Entitlement { plan: Some("pro"), max_K4, queue_max: 3,
        pictures_max: 4, retention_days: 30 }, period: Month, lapse_days: - }), in_stars:
        false, wished: false }), others: [], available: 41, lapsing: [], refunds: [],
        unsettled: false, is_sold: false, sold: [] }) / [PlanChange 0] [PlanCancel 0] /
        [Portal https://pic.example/creem/portal/t0ken] / [AskHuman 0] [SupportLink
        https://help.example]
    "#);
    // Of two, one that will be paid for again can be ended, whichever goes on longer.
    let other = PlanRow {
        subscription: "sub_2".into(),
        until: row(PlanState::Active).until + 1,
        ..row(PlanState::Ending)
    };
    let two = shown(facts(vec![other, row(PlanState::Active)]));
    assert!(key(&two, Verb::PlanCancel).is_some());
    assert!(lines::lines(CAUSE, &two).contains("others: [PlanLine { plan: \"pro\", state: Ending"));
    let ending = shown(facts(vec![row(PlanState::Ending)]));
    assert!(key(&ending, Verb::PlanYes).is_some() && key(&ending, Verb::PlanCancel).is_none());
    let unpaid = shown(facts(vec![row(PlanState::Unpaid)]));
    assert!(key(&unpaid, Verb::PlanYes).is_none() && key(&unpaid, Verb::PlanChange).is_none());
    // Without one there is something to buy.
    for none in [vec![], vec![row(PlanState::Ended)]] {
        assert!(key(&shown(facts(none)), Verb::BuyItem).is_some());
    }
}

#[test]
fn a_plan_is_ended_after_a_question_by_an_errand_and_a_second_press_finds_it_under_way() {
    let active = || facts(vec![row(PlanState::Active)]);
    let asked = pressing(active(), Verb::PlanCancel, 0);
    assert!(asks(&asked).is_none(), "nothing is changed before the question is answered");
    let yes = key(&asked, Verb::PlanYes).unwrap();
    let begun = pressing(active(), Verb::PlanYes, yes);
    assert_snapshot!(folded(&lines::lines(CAUSE, &begun)), @r#"
    RunErrand(NewErrand { id: ErrandId(#0), name: "plan:sub_1:#0", conversation:
        "telegram:7", errand: ChangePlan { subscription: "sub_1", change: Cancel, identity:
        "telegram:7" }, until: 1700086400000 })
    WishPlan { subscription: "sub_1", wish: Some(Wish { change: Cancel, errand: ErrandId(#0)
        }) }
    edit message 20 in telegram:7: PlanAsking
    answer tap
    "#);
    let wish = Some(Wish { change: PlanChange::Cancel, errand: ErrandId(9) });
    let busy = facts(vec![PlanRow { wish, ..row(PlanState::Active) }]);
    assert_eq!(
        lines::lines(CAUSE, &pressing(busy.clone(), Verb::PlanYes, yes)),
        "answer tap: PlanBusy"
    );
    assert!(key(&shown(busy), Verb::PlanCancel).is_none());
}

#[test]
fn a_button_changes_only_what_stood_beside_it() {
    let active = || facts(vec![row(PlanState::Active)]);
    let yes = key(&pressing(active(), Verb::PlanCancel, 0), Verb::PlanYes).unwrap();
    let stale = "answer tap: Stale";
    for other in [
        row(PlanState::Ending),
        row(PlanState::Ended),
        PlanRow { plan: "studio".into(), ..row(PlanState::Active) },
        PlanRow { until: UNTIL + 1, ..row(PlanState::Active) },
        PlanRow { subscription: "sub_2".into(), ..row(PlanState::Active) },
    ] {
        let pressed = pressing(facts(vec![other.clone()]), Verb::PlanYes, yes);
        assert_eq!(lines::lines(CAUSE, &pressed), stale, "{other:?}");
    }
    assert_eq!(lines::lines(CAUSE, &pressing(facts(vec![]), Verb::PlanYes, yes)), stale);
    // Among others nothing of it is shown or done.
    let press = Event::ButtonPressed(press(Setting::Group));
    let press_facts =
        PressFacts { plan: active(), ..press_facts(customer(41), Verb::PlanYes, yes) };
    let pressed = follows_at(&shop(), GROUP, &Facts::Press(press_facts), &press);
    assert_eq!(lines::lines(CAUSE, &pressed), "answer tap alert: InPrivateOnly");
}

#[test]
fn a_dearer_plan_takes_the_difference_at_once_and_a_cheaper_one_nothing() {
    let to = |plan: &str| Item::Plan(plan.into()).number();
    let active = || facts(vec![row(PlanState::Active)]);
    let asked = pressing(active(), Verb::PlanTo, to("studio"));
    assert_snapshot!(folded(&lines::lines(CAUSE, &asked)), @r#"
    edit message 20 in telegram:7: PlanExchange { from: "pro", to: "studio", price: "49.90
        USD", credits: 2000, terms: PlanTerms { unlocks: Entitlement { plan: Some("studio"),
        max_K4, queue_max: 3, pictures_max: 4, retention_days: 30 }, period: Month,
        lapse_days: Some(30) }, until: 1701728000000, charge: Difference } /
        [PlanExchangeYes = PlanYes 1221014573405150312] [PlanKeep = ShowPlan 0] / [AskHuman
        0] [SupportLink https://help.example]
    answer tap
    "#);
    let yes = key(&asked, Verb::PlanYes).unwrap();
    let begun = pressing(active(), Verb::PlanYes, yes);
    let Some(Errand::ChangePlan {
        change: PlanChange::Exchange { product, price, charge, .. },
        ..
    }) = asks(&begun)
    else {
        panic!("{begun:?}")
    };
    assert_eq!(
        (product.as_str(), price, *charge),
        ("prod_studio", &dollars(4990), Charge::Difference)
    );
    let studio = || facts(vec![PlanRow { plan: "studio".into(), ..row(PlanState::Active) }]);
    let down = pressing(studio(), Verb::PlanTo, to("pro"));
    assert!(lines::lines(CAUSE, &down).contains("charge: Nothing"));
    // Who has a plan exchanges it, and does not pay for two.
    let bought = shopping(PressFacts { plan: active(), ..chosen(&Item::Plan("studio".into())) });
    assert!(asks(&bought).is_none() && key(&bought, Verb::PlanYes) == Some(yes), "{bought:?}");
    let same = shopping(PressFacts { plan: active(), ..chosen(&Item::Plan("pro".into())) });
    assert!(asks(&same).is_none(), "{same:?}");
}

fn ended(change: PlanChange, end: ErrandEnd) -> Vec<Effect> {
    let what =
        Errand::ChangePlan { subscription: "sub_1".into(), change, identity: ada().identity };
    let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(9), what, end });
    let plans = vec![row(PlanState::Active)];
    let facts = Facts::Payment(PaymentFacts { plans, ..facts_of(pro_plan()) });
    follows_at(&shop(), PRIVATE, &facts, &event)
}

fn now_is(state: PlanState) -> Notice {
    let plan = PlanTold {
        subscription: "sub_1".into(),
        product: Some("prod_pro".into()),
        state,
        until: UNTIL,
        changed_at: NOW,
        customer: Some("cust_1".into()),
    };
    notice(Told::Plan(plan))
}

#[test]
fn what_came_of_a_change_is_told_and_taken_in_like_everything_that_is_told() {
    let done = ErrandEnd::Brought(Brought::Plan(Box::new(now_is(PlanState::Ending))));
    let told = ended(PlanChange::Cancel, done);
    assert_snapshot!(lines::lines(CAUSE, &told), @"
    set timer moved:#0 at 1700000000000: MoneyMoved
    set timer changed:9 at 1700000000000: PaymentTold
    ");
    // Whoever has the account hears of it, also where whoever asked has left it.
    let moved = Moved::Plan { plan: "pro".into(), state: PlanState::Ending, until: UNTIL };
    assert_eq!(news(&told), [(Some(AccountId(1)), moved)]);
    for (failure, refused) in [(ErrandFailure::Refused, true), (ErrandFailure::TooLate, false)] {
        let told = ended(PlanChange::Cancel, ErrandEnd::Failed(failure));
        let moved = Moved::PlanNotChanged { refused };
        assert_eq!(news(&told), [(Some(AccountId(1)), moved.clone())]);
        let told = lines::lines(CAUSE, &told);
        assert!(told.contains("WishPlan { subscription: \"sub_1\", wish: - }"), "{told}");
        let heard = hears_of(moved);
        assert!(heard.contains(&format!("PlanNotChanged {{ refused: {refused} }}")), "{heard}");
        assert!(heard.contains("ShowPlan") && heard.contains("AskHuman"), "{heard}");
    }
    let change = PlanChange::Exchange {
        plan: "studio".into(),
        product: "prod_studio".into(),
        price: dollars(4990),
        charge: Charge::Difference,
    };
    let done = ErrandEnd::Brought(Brought::Plan(Box::new(now_is(PlanState::Active))));
    let [(Some(AccountId(1)), moved)] = &news(&ended(change, done))[..] else { panic!() };
    let heard = hears_of(moved.clone());
    assert!(heard.contains("price: Some(\"49.90 USD\"), charge: Some(Difference)"), "{heard}");
}

#[test]
fn what_was_asked_for_is_told_once_and_what_was_not_as_it_comes() {
    let wish = |change| Some(Wish { change, errand: ErrandId(9) });
    let known = |wish| PaymentFacts {
        plans: vec![PlanRow { as_of: (NOW - 1, NOW - 1), wish, ..row(PlanState::Active) }],
        ..facts_of(pro_plan())
    };
    let ending = || now_is(PlanState::Ending);
    assert!(told(known(None), ending()).contains("MoneyMoved"));
    let wished = told(known(wish(PlanChange::Cancel)), ending());
    assert!(wished.contains("KeepPlan") && !wished.contains("MoneyMoved"), "{wished}");
    assert!(told(known(wish(PlanChange::Resume)), ending()).contains("MoneyMoved"));
    // The answer to it ends the wish.
    let Told::Plan(plan) = ending().told else { panic!() };
    let answer = notice(Told::Changed(plan, ErrandId(9)));
    let told_of = told(known(wish(PlanChange::Cancel)), answer);
    assert!(told_of.contains("WishPlan { subscription: \"sub_1\", wish: - }"), "{told_of}");
    // Another product, by the portal: that is told too.
    let Told::Plan(plan) = now_is(PlanState::Active).told else { panic!() };
    let studio = PlanTold { product: Some("prod_studio".into()), ..plan };
    let exchanged = told(known(None), notice(Told::Plan(studio)));
    assert!(exchanged.contains("MoneyMoved") && exchanged.contains("ChoosePlan"), "{exchanged}");
}

#[test]
fn a_payment_of_a_plan_is_looked_at_once_before_anything_is_given() {
    let Told::Plan(plan) = now_is(PlanState::Active).told else { panic!() };
    let paid = Paid { payment: "transaction:tran_1".into(), ..paid("prod_pro", 1990) };
    let notice = notice(Told::PlanPaid(paid, plan));
    let asked = told(facts_of(pro_plan()), notice.clone());
    assert!(
        asked.contains("name: \"look:transaction:tran_1:pd-ab-7\"") && !asked.contains("Grant")
    );
    let looked = |end| {
        let what = Errand::LookAtPayment { notice: notice.clone() };
        let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(9), what, end });
        let facts = Facts::Payment(facts_of(pro_plan()));
        lines::lines(CAUSE, &follows_at(&shop(), CREEM, &facts, &event))
    };
    let charged = |minor| ErrandEnd::Brought(Brought::Charged(dollars(minor)));
    assert!(looked(charged(1990)).contains("credits: 500, source"));
    assert!(looked(charged(1000)).contains("credits: 252, source"), "rounded in their favour");
    assert!(!looked(charged(0)).contains("Grant"));
    let euros = Money { minor: 1990, currency: "EUR".into() };
    assert!(looked(ErrandEnd::Brought(Brought::Charged(euros))).contains("RaiseAlarm"));
    let unseen = looked(ErrandEnd::Failed(ErrandFailure::TooLate));
    assert!(unseen.contains("doubt: Some(Unseen)") && unseen.contains("RaiseAlarm"), "{unseen}");
}
