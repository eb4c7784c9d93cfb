//! The last payment in Stars goes back: named by its button, after one question.

use super::*;
use crate::payment::refund_key;

fn refundable(taken: i64, days_ago: i64) -> std::boxed::Box<Refundable> {
    let payment = Payment {
        id: "charge:stx1".into(),
        request: Some("pd-ab-7".into()),
        purse: Some(PurseId(2)),
        credits: Credits(100),
        taken: Credits(taken),
        doubt: None,
        bought: None,
    };
    let paid_at = NOW - days_ago * 86_400_000;
    std::boxed::Box::new(Refundable { payment, checkout: pack(), paid_at })
}

/// The same as it stands among what they have paid.
fn paid_row() -> PaymentRow {
    let price = Money::stars(500);
    let bought = Bought { item: Item::Pack("starter".into()), price, lapses_at: 0 };
    let Refundable { payment, paid_at, .. } = *refundable(0, 1);
    let payment = Payment { bought: Some(bought), ..payment };
    PaymentRow { payment, subscription: None, at: paid_at, reversals: vec![] }
}

fn key(payments: Vec<PaymentRow>) -> Option<i64> {
    let key = refund_key(&PlanFacts { payments, ..PlanFacts::default() })?;
    let Does::Act(Action { verb: Verb::RefundStars, row }) = key.does else { panic!("{key:?}") };
    Some(row)
}

/// What the press on the last payment's button, or on the yes after it, comes to.
fn returns(verb: Verb, row: i64, customer: Customer) -> PressFacts {
    PressFacts { refundable: Some(refundable(0, 1)), ..press_facts(customer, verb, row) }
}

#[test]
fn the_button_names_the_last_payment_and_gives_no_other_one_back() {
    let house = House { refund_auto: RefundAuto::Unspent, ..stars_shop(false) };
    let other = |id: &str, at| {
        let row = paid_row();
        PaymentRow { payment: Payment { id: id.into(), ..row.payment }, at, ..row }
    };
    let row = key(vec![paid_row()]).unwrap();
    assert_eq!(key(vec![other("charge:old", NOW - 9 * 86_400_000), paid_row()]), Some(row));
    let newer = key(vec![paid_row(), other("charge:new", NOW)]).unwrap();
    assert_ne!(newer, row);
    let in_dollars = PaymentRow {
        payment: Payment {
            bought: paid_row().payment.bought.map(|it| Bought { price: dollars(990), ..it }),
            ..paid_row().payment
        },
        ..paid_row()
    };
    let gone = PaymentRow { reversals: vec![refund("stx1", 500)], ..paid_row() };
    for none in [vec![], vec![in_dollars], vec![gone]] {
        assert_eq!(key(none), None);
    }
    for verb in [Verb::RefundStars, Verb::RefundStarsYes] {
        for stale in [0, newer] {
            let line = pressed(&house, returns(verb, stale, customer(103)));
            assert_eq!(line, "answer tap: Stale", "an old button returns nothing that is newer");
        }
    }
}

#[test]
fn who_wants_stars_back_is_shown_what_goes_with_them_and_asked_once() {
    let house = House { refund_auto: RefundAuto::Unspent, ..stars_shop(false) };
    let row = key(vec![paid_row()]).unwrap();
    let asked = pressed(&house, returns(Verb::RefundStars, row, customer(103)));
    let shown = "RefundAsk { price: Money { minor: 500, currency: \"XTR\" }";
    assert!(asked.contains(shown) && asked.contains("credits: 100"), "{asked}");
    assert!(asked.contains("RefundStarsYes") && !asked.contains("RunErrand"), "{asked}");
    assert!(!asked.contains("TakeBack"), "nothing goes before the answer: {asked}");
    let of_plan = PressFacts {
        refundable: Some(std::boxed::Box::new(Refundable {
            checkout: plan(),
            ..*refundable(0, 1)
        })),
        ..returns(Verb::RefundStars, row, customer(503))
    };
    let plans = vec![going_on("stars:pd-ab-7", PlanState::Active)];
    let with_plan = PlanFacts { plans, ..PlanFacts::default() };
    let asked = pressed(&house, PressFacts { plan: with_plan, ..of_plan });
    assert!(asked.contains("ends: Some(\"pro\")"), "{asked}");
}

#[test]
fn unused_credits_go_back_by_themselves_where_the_owner_lets_them() {
    let asks = |refund_auto, available, refundable: Option<std::boxed::Box<Refundable>>| {
        let house = House { refund_auto, ..stars_shop(false) };
        let row = key(vec![paid_row()]).unwrap();
        let facts = returns(Verb::RefundStarsYes, row, customer(available));
        pressed(&house, PressFacts { refundable, ..facts })
    };
    let goes = |line: &str| line.contains("Refund {") && line.contains("Stars(RefundComing)");
    assert!(goes(&asks(RefundAuto::Unspent, 103, Some(refundable(0, 1)))));
    for (refunds, available, refundable) in [
        (RefundAuto::Never, 103, Some(refundable(0, 1))),
        (RefundAuto::Unspent, 99, Some(refundable(0, 1))),
        (RefundAuto::Unspent, 103, Some(refundable(0, 15))),
    ] {
        let line = asks(refunds, available, refundable);
        assert!(!goes(&line) && line.contains("Stars(RefundByPeople)"), "{line}");
    }
}

#[test]
fn credits_go_along_before_the_stars_and_come_back_where_those_do_not() {
    let ask = |taken| {
        let house = House { refund_auto: RefundAuto::Unspent, ..stars_shop(false) };
        let row = key(vec![paid_row()]).unwrap();
        let facts = returns(Verb::RefundStarsYes, row, customer(103));
        pressed(&house, PressFacts { refundable: Some(refundable(taken, 1)), ..facts })
    };
    let asked = ask(0);
    let (takes, keeps) = (asked.contains("TakeBack"), asked.contains("taken: 100"));
    assert!(takes && keeps, "{asked}");
    assert_eq!(ask(100), "answer tap: Done", "they went along once");
    let payment = Some(Payment { taken: Credits(100), ..refundable(0, 1).payment });
    // Whoever asked may have left the account, and somebody else may have come to it.
    let holder = Some(Purse::empty(PurseId(77)));
    let of = PaymentFacts { payment, holder, ..facts_of(pack()) };
    let ended = |facts: &PaymentFacts, end| {
        let errand = StarsErrand::Refund {
            request: "pd-ab-7".into(),
            identity: ada().identity,
            charge: "stx1".into(),
            stars: 500,
            along: true,
        };
        let what = Errand::Stars(std::boxed::Box::new(errand));
        let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(9), what, end });
        follows_at(&stars_shop(false), PRIVATE, &Facts::Payment(facts.clone()), &event)
    };
    let went = || {
        let moved = Moved::TakenBack { credits: Credits(100), by: Reversal::Refund };
        [(Some(AccountId(1)), moved)]
    };
    let done = ended(&of, ErrandEnd::Brought(Brought::Stars));
    assert_eq!(news(&done), went());
    assert!(lines::lines(CAUSE, &done).contains("stars:refunded:stx1"), "{done:?}");
    let failed = lines::lines(CAUSE, &ended(&of, ErrandEnd::Failed(ErrandFailure::Refused)));
    assert!(failed.contains("purse: 77, credits: 100, source: \"refund-failed:9\""), "{failed}");
    assert!(failed.contains("taken: 0"), "what did not go back can be asked for again: {failed}");
    // Telegram may have told of it first.
    let told = PaymentFacts { reversals: vec![refund("stx1", 500)], ..of.clone() };
    let done = ended(&told, ErrandEnd::Brought(Brought::Stars));
    assert_eq!(news(&done), went());
    let failed = lines::lines(CAUSE, &ended(&told, ErrandEnd::Failed(ErrandFailure::Refused)));
    assert!(!failed.contains("refund-failed"), "{failed}");
}
