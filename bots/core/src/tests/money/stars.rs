//! Paid in Telegram Stars: asked for in the chat, allowed before it is paid, given once and given
//! back.

mod back;
mod beside;
mod over;

use std::format;

use super::*;
use crate::{channel::Capabilities, credits::Purse, tests::customers::counted};

const MONTH_MS: i64 = 30 * 86_400_000;

/// A shop whose customers on Telegram pay in Stars; links there only where the owner wants them.
fn stars_shop(links_too: bool) -> House {
    let mut house = shop();
    house.channels = vec![Capabilities {
        name: "telegram",
        edits: true,
        topics: true,
        stars: true,
        replies_max: None,
        reply_window_s: None,
        buttons_max: None,
        ..counted()
    }];
    house.catalogue.packs[0].stars = Some(Money::stars(500));
    house.catalogue.plans[0].stars = Some(Money::stars(900));
    house.till.as_mut().unwrap().closed_on = if links_too { &[] } else { &["telegram"] };
    house
}

fn in_stars(item: Item) -> Checkout {
    let stars = if matches!(item, Item::Pack(_)) { 500 } else { 900 };
    Checkout {
        price: Money::stars(stars),
        product: String::new(),
        mode: Mode::Live,
        link: None,
        ..bought(item)
    }
}

fn pack() -> Checkout {
    in_stars(Item::Pack("starter".into()))
}

fn plan() -> Checkout {
    in_stars(Item::Plan("pro".into()))
}

fn pressed(house: &House, facts: PressFacts) -> String {
    let press = Event::ButtonPressed(press(Setting::Private));
    lines::lines(CAUSE, &follows_at(house, PRIVATE, &Facts::Press(facts), &press))
}

fn hears(facts: PaymentFacts, told: Told) -> String {
    let notice = Notice { at: NOW, mode: Mode::Live, request: Some("pd-ab-7".into()), told };
    let event = Event::PaymentTold(notice);
    let effects = follows_at(&stars_shop(false), PRIVATE, &Facts::Payment(facts), &event);
    lines::lines(CAUSE, &effects)
}

fn paid_in_stars(charge: &str, stars: i64) -> Paid {
    Paid {
        payment: format!("charge:{charge}"),
        product: None,
        price: Some(Money::stars(stars)),
        discount: 0,
        charged: None,
        link: None,
        customer: None,
    }
}

fn month(state: PlanState, until: i64, first: Option<&str>) -> PlanTold {
    PlanTold {
        subscription: "stars:pd-ab-7".into(),
        product: None,
        state,
        until,
        changed_at: 0,
        customer: first.map(Into::into),
    }
}

fn asking(stars: i64) -> Asking {
    Asking {
        channel: "telegram",
        question: "q".into(),
        by: ada(),
        request: "pd-ab-7".into(),
        price: Money::stars(stars),
    }
}

#[test]
fn what_is_bought_in_telegram_is_offered_in_stars_and_by_link_where_the_owner_wants_it() {
    let labels = |house: &House, place: &str| {
        let keys = crate::payment::offers(house, &place.into());
        let label = |key: &crate::say::Key| format!("{:?}", key.label);
        keys.iter().flatten().map(label).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(labels(&stars_shop(false), PRIVATE), @r#"
    BuyPack { credits: Credits(100), price: "500 ⭐" }
    BuyPlan { name: "pro", price: "900 ⭐" }
    "#);
    assert_snapshot!(labels(&stars_shop(true), PRIVATE), @r#"
    BuyPack { credits: Credits(100), price: "500 ⭐" }
    BuyPlan { name: "pro", price: "900 ⭐" }
    BuyPack { credits: Credits(100), price: "9.90 USD" }
    BuyPlan { name: "pro", price: "19.90 USD" }
    BuyPlan { name: "studio", price: "49.90 USD" }
    "#);
    assert_snapshot!(labels(&stars_shop(false), "wecom-kf:wk1/wm1"), @r#"
    BuyPack { credits: Credits(100), price: "9.90 USD" }
    BuyPlan { name: "pro", price: "19.90 USD" }
    BuyPlan { name: "studio", price: "49.90 USD" }
    "#);
    let mut cheap = stars_shop(false);
    cheap.catalogue.packs[0].stars = None;
    assert_snapshot!(labels(&cheap, PRIVATE), @r#"BuyPlan { name: "pro", price: "900 ⭐" }"#);
}

#[test]
fn a_pack_is_an_invoice_and_a_plan_a_link_that_telegram_makes() {
    let house = stars_shop(false);
    let of = |item: Item| press_facts(customer(3), Verb::PayStars, item.number());
    let bill = pressed(&house, of(Item::Pack("starter".into())));
    assert!(bill.contains("OpenCheckout") && bill.contains("state: Open"), "{bill}");
    assert!(bill.contains("Invoice") && !bill.contains("RunErrand"), "{bill}");
    let month = pressed(&house, of(Item::Plan("pro".into())));
    assert!(month.contains("state: Asked") && month.contains("Link {"), "{month}");
    assert!(month.contains("CheckoutComing") && !month.contains("Invoice"), "{month}");
    // A fresh one is the same purchase again, so that it can be paid only once.
    let again = PressFacts { checkout: Some(pack()), ..of(Item::Pack("starter".into())) };
    let again = pressed(&house, again);
    assert!(again.contains("pd-ab-7") && !again.contains("OpenCheckout"), "{again}");
    let stale = pressed(&shop(), of(Item::Pack("starter".into())));
    assert_eq!(stale, "answer tap: Stale", "where Stars are not taken");
}

#[test]
fn only_what_was_offered_can_be_paid_by_whom_it_was_offered_to_while_it_is_sold() {
    let house = stars_shop(false);
    let may = |checkout: Option<&Checkout>, asking: &Asking, later: i64| {
        may_pay(&house.catalogue, (checkout, &PlanFacts::default()), asking, NOW + later)
    };
    assert_eq!(may(Some(&pack()), &asking(500), 0), Ok(()));
    assert_eq!(may(Some(&plan()), &asking(900), 0), Ok(()));
    assert_eq!(may(None, &asking(500), 0), Err(NoDeal::Unknown));
    assert_eq!(may(Some(&starter()), &asking(990), 0), Err(NoDeal::Unknown), "sold for dollars");
    let mut else_asks = asking(500);
    else_asks.by.identity = "telegram:8".into();
    assert_eq!(may(Some(&pack()), &else_asks, 0), Err(NoDeal::SomebodyElse));
    let is = |state| Checkout { state, ..pack() };
    assert_eq!(may(Some(&is(CheckoutState::Paid)), &asking(500), 0), Err(NoDeal::Paid));
    assert_eq!(may(Some(&is(CheckoutState::Failed)), &asking(500), 0), Err(NoDeal::Stale));
    assert_eq!(may(Some(&pack()), &asking(499), 0), Err(NoDeal::Stale));
    assert_eq!(may(Some(&pack()), &asking(500), 24 * 3_600_000), Err(NoDeal::Stale));
    let dearer = Checkout { price: Money::stars(400), ..pack() };
    assert_eq!(may(Some(&dearer), &asking(400), 0), Err(NoDeal::Stale), "it costs more by now");
    let fewer = Checkout { credits: Credits(120), ..pack() };
    assert_eq!(may(Some(&fewer), &asking(500), 0), Err(NoDeal::Stale), "it brings less by now");
}

#[test]
fn what_is_paid_in_stars_is_given_once_by_its_charge() {
    let told = || Told::Bought(paid_in_stars("stx1", 500));
    assert_snapshot!(folded(&hears(facts_of(pack()), told())), @r#"
    Grant { entry: #0, purse: 2, credits: 100, source: "stars:charge:stx1", reason: Pack,
        note: - }
    UpdateCheckout { request: "pd-ab-7", state: Paid, link: - }
    set timer moved:#1 at 1700000000000: MoneyMoved
    KeepPayment(Payment { id: "charge:stx1", request: Some("pd-ab-7"), purse: Some(2),
        credits: 100, taken: 0, doubt: -, bought: Some(Bought { item: Pack("starter"),
        price: Money { minor: 500, currency: "XTR" }, lapses_at: 0 }) })
    "#);
    let payment = Payment {
        id: "charge:stx1".into(),
        request: Some("pd-ab-7".into()),
        purse: Some(PurseId(2)),
        credits: Credits(100),
        taken: Credits::ZERO,
        doubt: None,
        bought: None,
    };
    let known = PaymentFacts { payment: Some(payment), ..facts_of(pack()) };
    assert_eq!(hears(known, told()), "");
    let cheap = hears(facts_of(pack()), Told::Bought(paid_in_stars("stx1", 1)));
    assert!(cheap.contains("doubt: Some(Price)") && !cheap.contains("Grant"), "{cheap}");
    let nobodys = hears(PaymentFacts::default(), told());
    assert!(nobodys.contains("RaiseAlarm") && !nobodys.contains("Grant"), "{nobodys}");
}

#[test]
fn a_month_is_paid_and_its_end_is_a_timer_that_the_next_payment_moves() {
    let first = month(PlanState::Active, NOW + MONTH_MS, Some("stx1"));
    let told = Told::PlanPaid(paid_in_stars("stx1", 900), first);
    let begun = hears(facts_of(plan()), told);
    assert!(begun.contains("stars:charge:stx1") && begun.contains("reason: Plan"), "{begun}");
    let over = NOW + MONTH_MS + 86_400_000;
    assert!(begun.contains(&format!("set timer stars:over:pd-ab-7 at {over}")), "{begun}");
    assert!(begun.contains("ChoosePlan") && begun.contains("state: Active"), "{begun}");
    let row = |state| PlanRow {
        subscription: "stars:pd-ab-7".into(),
        request: "pd-ab-7".into(),
        account: AccountId(1),
        plan: "pro".into(),
        state,
        until: NOW + MONTH_MS,
        as_of: (NOW - 5, NOW - 5),
        customer: Some("stx1".into()),
        wish: None,
    };
    let having = |state| {
        let mut facts = facts_of(Checkout { state: CheckoutState::Paid, ..plan() });
        facts.account.as_mut().unwrap().entitlement = pro();
        PaymentFacts { plans: vec![row(state)], ..facts }
    };
    let next = month(PlanState::Active, NOW + 2 * MONTH_MS, None);
    let next = hears(having(PlanState::Active), Told::PlanPaid(paid_in_stars("stx2", 900), next));
    assert!(next.contains("stars:charge:stx2") && next.contains("set timer stars:over:pd-ab-7"));
    let stopped = hears(having(PlanState::Active), Told::Plan(month(PlanState::Ending, 0, None)));
    assert!(stopped.contains("state: Ending") && !stopped.contains("ChoosePlan"), "{stopped}");
    let over = hears(having(PlanState::Ending), Told::Plan(month(PlanState::Ended, 0, None)));
    assert!(over.contains("state: Ended") && over.contains("ChoosePlan"), "{over}");
    let payment = Payment {
        id: "charge:stx1".into(),
        request: Some("pd-ab-7".into()),
        purse: Some(PurseId(2)),
        credits: Credits(500),
        taken: Credits::ZERO,
        doubt: None,
        bought: None,
    };
    let facts = PaymentFacts { payment: Some(payment), ..having(PlanState::Active) };
    let back = hears(facts, Told::Reversed(refund("stx1", 900)));
    assert!(back.contains("EndPlan") && back.contains("state: Ended"), "{back}");
    assert!(back.contains("TakeBack"), "{back}");
}

fn going_on(subscription: &str, state: PlanState) -> PlanRow {
    PlanRow {
        subscription: subscription.into(),
        request: "pd-ab-7".into(),
        account: AccountId(1),
        plan: "pro".into(),
        state,
        until: NOW + MONTH_MS,
        as_of: (NOW - 5, NOW - 5),
        customer: Some("stx1".into()),
        wish: None,
    }
}

#[test]
fn credits_of_a_month_in_stars_lapse_as_those_of_any_other() {
    let mut house = stars_shop(false);
    house.catalogue.plans[0].lapse_days = Some(30);
    let first = month(PlanState::Active, NOW + MONTH_MS, Some("stx1"));
    let told = Told::PlanPaid(paid_in_stars("stx1", 900), first);
    let notice = Notice { at: NOW, mode: Mode::Live, request: Some("pd-ab-7".into()), told };
    let facts = Facts::Payment(facts_of(plan()));
    let effects = follows_at(&house, PRIVATE, &facts, &Event::PaymentTold(notice));
    let lines = lines::lines(CAUSE, &effects);
    assert!(lines.contains(&format!("lapses_at: {}", NOW + MONTH_MS)), "{lines}");
    assert!(lines.contains("credits: 500, source: \"stars:charge:stx1\""), "{lines}");
    assert!(!lines.contains("RunErrand"), "Creem is not asked what was charged: {lines}");
    assert_eq!(crate::lapse::source_of("charge:stx1"), "stars:charge:stx1");
    assert_eq!(crate::lapse::source_of("order:ord_1"), "creem:order:ord_1");
}

#[test]
fn no_second_plan_is_bought_beside_one_that_goes_on_whoever_sells_it() {
    let (here, there) = ("sub_1", "stars:pd-ab-7");
    let chosen = |verb, subscription: &str, state| {
        let base = press_facts(customer(3), verb, Item::Plan("pro".into()).number());
        let plan = PlanFacts { plans: vec![going_on(subscription, state)], ..base.plan.clone() };
        pressed(&stars_shop(true), PressFacts { plan, ..base })
    };
    for (verb, subscription) in
        [(Verb::PayStars, here), (Verb::PayStars, there), (Verb::BuyItem, there)]
    {
        let shown = chosen(verb, subscription, PlanState::Active);
        assert!(shown.contains("Plan(PlanView") && !shown.contains("OpenCheckout"), "{shown}");
        let next = chosen(verb, subscription, PlanState::Ending);
        assert!(next.contains("OpenCheckout"), "{next}");
    }
    let shown = chosen(Verb::PayStars, there, PlanState::Active);
    assert!(shown.contains("price: Some(\"900 ⭐\")") && shown.contains("in_stars: true"));
    assert!(shown.contains("PlanCancel") && !shown.contains("PlanChange"), "{shown}");
}

#[test]
fn a_plan_in_stars_is_ended_by_its_owner_and_may_be_renewed_after_all() {
    let presses = |verb, row, state| {
        let base = press_facts(customer(3), verb, row);
        let plans = vec![going_on("stars:pd-ab-7", state)];
        let plan = PlanFacts { plans, ..base.plan.clone() };
        pressed(&stars_shop(false), PressFacts { plan, ..base })
    };
    let asked = presses(Verb::PlanCancel, 0, PlanState::Active);
    assert!(asked.contains("PlanCancelAsk") && asked.contains("PlanYes"), "{asked}");
    for verb in [Verb::PlanChange, Verb::PlanTo] {
        let line = presses(verb, Item::Plan("studio".into()).number(), PlanState::Active);
        assert!(!line.contains("PlanExchange"), "{line}");
    }
    let ended = |renewed, end| {
        let errand = StarsErrand::Renewal {
            identity: ada().identity,
            charge: "stx1".into(),
            subscription: "stars:pd-ab-7".into(),
            request: "pd-ab-7".into(),
            until: NOW + MONTH_MS,
            renewed,
        };
        let what = Errand::Stars(std::boxed::Box::new(errand));
        let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(9), what, end });
        let plans = vec![going_on("stars:pd-ab-7", PlanState::Active)];
        let facts = Facts::Payment(PaymentFacts { plans, ..facts_of(plan()) });
        let effects = follows_at(&stars_shop(false), PRIVATE, &facts, &event);
        let [(Some(AccountId(1)), moved)] = &news(&effects)[..] else { panic!("{effects:?}") };
        (moved.clone(), lines::lines(CAUSE, &effects))
    };
    let (moved, done) = ended(false, ErrandEnd::Brought(Brought::Stars));
    assert!(matches!(moved, Moved::Plan { state: PlanState::Ending, .. }), "{moved:?}");
    assert!(done.contains("set timer changed:9"), "{done}");
    let (moved, allowed) = ended(true, ErrandEnd::Brought(Brought::Stars));
    assert!(!allowed.contains("changed:9"), "{allowed}");
    assert!(hears_of(moved).contains("Stars(RenewInTelegram)"));
    for renewed in [false, true] {
        let (moved, _) = ended(renewed, ErrandEnd::Failed(ErrandFailure::Refused));
        assert_eq!(moved, Moved::PlanNotChanged { refused: true });
    }
}

#[test]
fn stars_that_went_back_are_told_to_the_books_and_what_fails_to_people() {
    let errand = StarsErrand::Refund {
        request: "pd-ab-7".into(),
        identity: ada().identity,
        charge: "stx1".into(),
        stars: 500,
        along: false,
    };
    let ended = |end| {
        let what = Errand::Stars(std::boxed::Box::new(errand.clone()));
        let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(9), what, end });
        follows_at(&stars_shop(false), PRIVATE, &Facts::Payment(facts_of(pack())), &event)
    };
    let done = lines::lines(CAUSE, &ended(ErrandEnd::Brought(Brought::Stars)));
    assert_eq!(done, format!("set timer stars:refunded:stx1 at {NOW}: PaymentTold"));
    let failed = ended(ErrandEnd::Failed(ErrandFailure::Refused));
    assert_eq!(news(&failed), [(Some(AccountId(1)), Moved::StarsStay)]);
    let failed = lines::lines(CAUSE, &failed);
    assert!(failed.contains("RaiseAlarm") && !failed.contains("Grant"), "{failed}");
    let heard = hears_of(Moved::StarsStay);
    assert!(heard.contains("Stars(RefundFailed)") && heard.contains("AskHuman"), "{heard}");
}
