//! Refunds: which are given at once, which people decide about, and that nothing is given twice.

use std::{string::ToString as _, vec};

use super::*;
use crate::payment::{Bought, PaymentRow, PlanRow, Refund, RefundAuto, RefundState};

const DAY: i64 = 86_400_000;

fn auto(policy: RefundAuto) -> House {
    let mut shop = shop();
    shop.refund_auto = policy;
    shop
}

fn row(id: &str, item: Item, days: i64) -> PaymentRow {
    let (credits, price) = match &item {
        Item::Pack(_) => (Credits(100), dollars(990)),
        Item::Plan(_) => (Credits(500), dollars(1990)),
    };
    PaymentRow {
        subscription: matches!(item, Item::Plan(_)).then(|| "sub_1".into()),
        payment: Payment {
            id: id.into(),
            request: Some("pd-ab-7".into()),
            purse: Some(PurseId(2)),
            credits,
            taken: Credits::ZERO,
            doubt: None,
            bought: Some(Bought { item, price, lapses_at: 0 }),
        },
        at: NOW - days * DAY,
        reversals: vec![],
    }
}

fn pack(days: i64) -> PaymentRow {
    row("order:ord_1", Item::Pack("starter".into()), days)
}

fn facts(payments: Vec<PaymentRow>) -> PlanFacts {
    PlanFacts { payments, ..PlanFacts::default() }
}

fn press_at(house: &House, available: i64, plan: PlanFacts, verb: Verb, row: i64) -> Vec<Effect> {
    let facts = PressFacts { plan, ..press_facts(customer(available), verb, row) };
    let press = Event::ButtonPressed(press(Setting::Private));
    follows_at(house, PRIVATE, &Facts::Press(facts), &press)
}

/// Asks for a refund and says yes.
fn refunded(house: &House, available: i64, plan: &PlanFacts) -> String {
    let asked = press_at(house, available, plan.clone(), Verb::Refund, 0);
    let yes = asked.iter().find_map(|effect| match effect {
        Effect::Send(sent) => sent.keys.iter().flatten().find_map(|key| match key.does {
            Does::Act(action) if action.verb == Verb::RefundYes => Some(action.row),
            _ => None,
        }),
        _ => None,
    });
    let Some(yes) = yes else { return lines::lines(CAUSE, &asked) };
    lines::lines(CAUSE, &press_at(house, available, plan.clone(), Verb::RefundYes, yes))
}

#[test]
fn what_others_brought_does_not_show_that_a_payment_is_unspent() {
    let (until, may_spend) = (NOW + 1, Credits(100));
    let newcomer = crate::newcomer::Newcomer { until, may_spend, came: false, among_others: true };
    let linked = Customer { newcomer: Some(newcomer), ..customer(144) };
    let plan = facts(vec![pack(3)]);
    let asked = PressFacts { plan, ..press_facts(linked, Verb::Refund, 0) };
    let press = Event::ButtonPressed(press(Setting::Private));
    let house = auto(RefundAuto::Unspent);
    let asked = lines::lines(CAUSE, &follows_at(&house, PRIVATE, &Facts::Press(asked), &press));
    assert!(asked.contains("by_people: true"), "{asked}");
}

#[test]
fn what_is_unspent_goes_back_at_once_where_the_owner_wants_it_with_its_credits() {
    let unspent = auto(RefundAuto::Unspent);
    assert_snapshot!(folded(&refunded(&unspent, 100, &facts(vec![pack(3)]))), @r#"
    TakeBack { entry: #1, purse: 2, credits: 100, source: "refund:#0", reason: Refunded }
    KeepPayment(Payment { id: "order:ord_1", request: Some("pd-ab-7"), purse: Some(2),
        credits: 100, taken: 100, doubt: -, bought: Some(Bought { item: Pack("starter"),
        price: Money { minor: 990, currency: "USD" }, lapses_at: 0 }) })
    RunErrand(NewErrand { id: ErrandId(#0), name: "refund:#0", conversation: "creem",
        errand: Refund { payment: "order:ord_1", ends: -, identity: "telegram:7", begun:
        false }, until: 1700604800000 })
    KeepRefund(Refund { payment: "order:ord_1", account: 1, price: Money { minor: 990,
        currency: "USD" }, credits: 100, state: UnderWay, code: -, asked_at: 1700000000000
        })
    edit message 20 in telegram:7: PlanAsking
    answer tap
    "#);
}

#[test]
fn about_everything_else_people_decide() {
    let by_people = |house: &House, available, plan: PlanFacts, why: &str| {
        let asked = refunded(house, available, &plan);
        assert!(!asked.contains("RunErrand") && !asked.contains("TakeBack"), "{why}: {asked}");
        assert!(asked.contains("OpenEscalation") && asked.contains("state: WithPeople"), "{why}");
        assert!(asked.contains("code: Some(\"S-7000\")"), "{why}: {asked}");
    };
    by_people(&auto(RefundAuto::Never), 100, facts(vec![pack(3)]), "the owner wants none");
    let unspent = auto(RefundAuto::Unspent);
    let mut in_stars = pack(3);
    in_stars.payment.bought.as_mut().unwrap().price = Money::stars(500);
    let stale = refunded(&unspent, 100, &facts(vec![in_stars]));
    assert_eq!(stale, "answer tap: Stale", "what was paid in Stars goes back in Telegram");
    by_people(&unspent, 99, facts(vec![pack(3)]), "one was spent");
    by_people(&unspent, 100, facts(vec![pack(14)]), "it is old");
    let old = row("transaction:tran_1", Item::Plan("pro".into()), 10);
    let new = row("transaction:tran_2", Item::Plan("pro".into()), 2);
    let plan = PlanRow {
        subscription: "sub_1".into(),
        request: "pd-ab-7".into(),
        account: AccountId(1),
        plan: "pro".into(),
        state: PlanState::Active,
        until: NOW + DAY,
        as_of: (NOW, NOW),
        customer: None,
        wish: None,
    };
    let of_plan = PlanFacts { plans: vec![plan], ..facts(vec![new, old.clone()]) };
    // Of the older payment of a plan; that of the current period ends it.
    let number = |plan: &PlanFacts, at: usize| {
        let listed = press_at(&unspent, 900, plan.clone(), Verb::Refund, 0);
        let keys: Vec<i64> = listed
            .iter()
            .filter_map(|it| if let Effect::Send(sent) = it { Some(sent) } else { None })
            .flat_map(|sent| sent.keys.iter().flatten())
            .filter_map(|key| match key.does {
                Does::Act(action) if action.verb == Verb::RefundOf => Some(action.row),
                _ => None,
            })
            .collect();
        keys[at]
    };
    let newest = number(&of_plan, 0);
    let begun = press_at(&unspent, 900, of_plan.clone(), Verb::RefundYes, newest);
    let begun = lines::lines(CAUSE, &begun);
    assert!(begun.contains("ends: Some(\"sub_1\")"), "{begun}");
    let older = number(&of_plan, 1);
    let asked = lines::lines(CAUSE, &press_at(&unspent, 900, of_plan, Verb::RefundYes, older));
    assert!(asked.contains("OpenEscalation") && !asked.contains("RunErrand"), "{asked}");
}

#[test]
fn nothing_is_asked_for_twice_and_nothing_goes_back_that_cannot() {
    let unspent = auto(RefundAuto::Unspent);
    let refund = |state| Refund {
        payment: "order:ord_1".into(),
        account: AccountId(1),
        price: dollars(990),
        credits: Credits(100),
        state,
        code: None,
        asked_at: NOW,
    };
    let asked = |state| PlanFacts { refunds: vec![refund(state)], ..facts(vec![pack(3)]) };
    for state in [RefundState::UnderWay, RefundState::Sent, RefundState::WithPeople] {
        assert_eq!(refunded(&unspent, 100, &asked(state)), "answer tap: Stale", "{state:?}");
    }
    assert!(refunded(&unspent, 100, &asked(RefundState::Failed)).contains("RunErrand"));
    assert_eq!(refunded(&unspent, 100, &facts(vec![pack(60)])), "answer tap: Stale");
    let mut back = pack(3);
    back.reversals.push(Reversed {
        id: "ref_1".into(),
        payment: "order:ord_1".into(),
        by: Reversal::Refund,
        minor: 5,
        total: 5,
        of_minor: 1197,
    });
    assert_eq!(refunded(&unspent, 100, &facts(vec![back])), "answer tap: Stale");
}

/// What is decided on when a refund of a pack comes to something.
fn of_refund(state: RefundState, taken: i64) -> PaymentFacts {
    let refund = Refund {
        payment: "order:ord_1".into(),
        account: AccountId(1),
        price: dollars(990),
        credits: Credits(100),
        state,
        code: None,
        asked_at: NOW,
    };
    let mut payment = pack(3).payment;
    payment.taken = Credits(taken);
    PaymentFacts {
        payment: Some(payment),
        refund: Some(refund),
        holder: Some(customer(0).account.purse),
        ..facts_of(starter())
    }
}

fn ended(facts: PaymentFacts, begun: bool, end: ErrandEnd) -> String {
    let (payment, identity) = ("order:ord_1".into(), ada().identity);
    let what = Errand::Refund { payment, ends: None, identity, begun };
    let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(9), what, end });
    lines::lines(CAUSE, &follows_at(&shop(), CREEM, &Facts::Payment(facts), &event))
}

#[test]
fn a_refund_that_came_to_nothing_gives_its_credits_back_and_one_that_was_sent_does_not() {
    let of = |state| of_refund(state, 100);
    let sent = ended(of(RefundState::UnderWay), false, ErrandEnd::Brought(Brought::Refunded));
    assert!(sent.contains("state: Sent") && sent.contains("MoneyMoved"), "{sent}");
    assert!(!sent.contains("Grant"));
    let refused = || ErrandEnd::Failed(ErrandFailure::Refused);
    let failed = ended(of(RefundState::UnderWay), false, refused());
    assert!(failed.contains("credits: 100, source: \"refund-failed:9\""), "{failed}");
    assert!(failed.contains("RaiseAlarm") && failed.contains("state: Failed"), "{failed}");
    assert!(failed.contains("taken: 0"), "{failed}");
    for over in [RefundState::Failed, RefundState::Sent] {
        assert_eq!(ended(of(over), true, refused()), "", "{over:?}");
    }
}

#[test]
fn a_refund_that_is_pending_is_followed_to_its_end_and_comes_to_one() {
    let of = |state| of_refund(state, 100);
    let pending = ErrandEnd::Brought(Brought::RefundPending);
    let begun = ended(of(RefundState::UnderWay), false, pending);
    assert!(begun.contains("state: Pending") && begun.contains("MoneyMoved"), "{begun}");
    assert!(begun.contains("begun: true") && !begun.contains("Grant"), "{begun}");
    // By looking: it went, or too long nobody knew.
    let went = ended(of(RefundState::Pending), true, ErrandEnd::Brought(Brought::Refunded));
    assert!(went.contains("state: Sent") && !went.contains("Grant"), "{went}");
    let late = ErrandEnd::Failed(ErrandFailure::TooLate);
    let late = ended(of(RefundState::Pending), true, late);
    assert!(late.contains("credits: 100, source: \"refund-failed"), "{late}");
    // By being told.
    let told = |facts, told| lines::lines(CAUSE, &told_of(facts, told));
    let not = || Told::NotReversed("order:ord_1".into());
    let failed = told(of(RefundState::Pending), not());
    assert!(failed.contains("Grant") && failed.contains("state: Failed"), "{failed}");
    assert_eq!(told(of(RefundState::Failed), not()), "", "credits come back once");
    assert_eq!(told(PaymentFacts { refund: None, ..of(RefundState::Pending) }, not()), "");
    let back = Told::Reversed(Reversed {
        id: "ref_1".into(),
        payment: "order:ord_1".into(),
        by: Reversal::Refund,
        minor: 1197,
        total: 1197,
        of_minor: 1197,
    });
    let went = told(of(RefundState::Pending), back.clone());
    assert!(went.contains("state: Sent") && !went.contains("TakeBack"), "{went}");
    let after = told(of_refund(RefundState::Failed, 0), back);
    assert!(after.contains("credits: 100") && after.contains("TakeBack"), "{after}");
    assert!(!after.contains("KeepRefund"), "{after}");
}

fn told_of(facts: PaymentFacts, told: Told) -> Vec<Effect> {
    let event = Event::PaymentTold(notice(told));
    follows_at(&shop(), CREEM, &Facts::Payment(facts), &event)
}

#[test]
fn what_people_have_not_given_is_told_as_such_and_can_be_asked_again() {
    let declined = of_refund(RefundState::Declined, 0).refund.unwrap();
    let declined = Refund { code: Some("S-7000".into()), ..declined };
    let plan = PlanFacts { refunds: vec![declined], ..facts(vec![pack(3)]) };
    let asked = refunded(&auto(RefundAuto::Never), 100, &plan);
    assert!(asked.contains("OpenEscalation"), "{asked}");
}

#[test]
fn money_is_written_as_people_write_it() {
    let money = |minor, currency: &str| Money { minor, currency: currency.into() }.to_string();
    assert_eq!(money(1990, "USD"), "19.90 USD");
    assert_eq!(money(5, "EUR"), "0.05 EUR");
    assert_eq!(money(1200, "JPY"), "1200 JPY");
    assert_eq!(money(-1990, "USD"), "-19.90 USD");
    assert_eq!(Money::stars(500).to_string(), "500 ⭐");
}
