//! What is told is looked up before anything is given: who knows the secret of webhooks gets
//! nothing by it.

use std::format;

use super::*;

/// What follows from something that is told.
fn told_to(house: &House, facts: PaymentFacts, notice: Notice) -> String {
    let effects = follows_at(house, CREEM, &Facts::Payment(facts), &Event::PaymentTold(notice));
    lines::lines(CAUSE, &effects)
}

/// What follows from what the look at it came to.
fn looked(facts: PaymentFacts, notice: Notice, end: ErrandEnd) -> String {
    let what = Errand::LookAtPayment { notice };
    let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(9), what, end });
    lines::lines(CAUSE, &follows_at(&careful(), CREEM, &Facts::Payment(facts), &event))
}

fn charged(minor: i64) -> ErrandEnd {
    ErrandEnd::Brought(Brought::Charged(dollars(minor)))
}

fn pack() -> Notice {
    notice(Told::Bought(paid("prod_starter", 990)))
}

fn plan(product: &str, state: PlanState) -> PlanTold {
    PlanTold {
        subscription: "sub_1".into(),
        product: Some(product.into()),
        state,
        until: NOW + 86_400_000,
        changed_at: NOW,
        customer: Some("cust_1".into()),
    }
}

fn known(state: PlanState) -> PaymentFacts {
    let row = PlanRow {
        subscription: "sub_1".into(),
        request: "pd-ab-7".into(),
        account: AccountId(1),
        plan: "pro".into(),
        state,
        until: NOW,
        as_of: (NOW - 1, NOW - 1),
        customer: None,
        wish: None,
    };
    PaymentFacts { plans: vec![row], ..facts_of(pro_plan()) }
}

#[test]
fn a_pack_is_looked_up_before_it_is_given() {
    let asked = told_to(&careful(), facts_of(starter()), pack());
    assert!(asked.starts_with("RunErrand") && asked.lines().count() == 1, "{asked}");
    assert!(asked.contains("name: \"look:order:ord_1\""), "{asked}");
    let given = looked(facts_of(starter()), pack(), charged(990));
    assert!(given.contains("credits: 100, source: \"creem:order:ord_1\""), "{given}");
    for (end, doubt) in [
        (charged(900), "Price"),
        (
            ErrandEnd::Brought(Brought::Charged(Money { minor: 990, currency: "EUR".into() })),
            "Price",
        ),
        (ErrandEnd::Failed(ErrandFailure::Refused), "Unseen"),
        (ErrandEnd::Failed(ErrandFailure::TooLate), "Unseen"),
    ] {
        let nothing = looked(facts_of(starter()), pack(), end);
        assert!(nothing.contains(&format!("doubt: Some({doubt})")), "{nothing}");
        assert!(nothing.contains("RaiseAlarm") && !nothing.contains("Grant"), "{nothing}");
        assert!(!nothing.contains("UpdateCheckout"), "it can still be paid: {nothing}");
    }
}

#[test]
fn what_was_looked_up_already_and_what_is_of_little_money_is_given_at_once() {
    let seen = Paid { charged: Some(dollars(990)), ..paid("prod_starter", 990) };
    let given = told_to(&careful(), facts_of(starter()), notice(Told::Bought(seen)));
    assert!(given.contains("Grant"), "{given}");
    let above = |minor, currency: &str| {
        let mut house = careful();
        let money = Money { minor, currency: currency.into() };
        house.till.as_mut().unwrap().verify_above = Some(money);
        told_to(&house, facts_of(starter()), pack()).contains("Grant")
    };
    assert!(above(990, "USD") && !above(989, "USD") && !above(990, "EUR"));
}

#[test]
fn what_unlocks_more_is_looked_up_and_what_unlocks_less_is_believed() {
    let tell = |facts, product: &str, state| {
        told_to(&careful(), facts, notice(Told::Plan(plan(product, state))))
    };
    let begun = tell(facts_of(pro_plan()), "prod_pro", PlanState::Active);
    assert!(begun.contains("name: \"look:sub_1:"), "{begun}");
    assert!(!begun.contains("ChoosePlan") && !begun.contains("KeepPlan"), "{begun}");
    for (facts, product) in
        [(known(PlanState::Ended), "prod_pro"), (known(PlanState::Active), "prod_studio")]
    {
        let more = tell(facts, product, PlanState::Active);
        assert!(more.contains("look:sub_1:") && !more.contains("KeepPlan"), "{more}");
    }
    for state in [PlanState::Active, PlanState::Ending, PlanState::PastDue, PlanState::Ended] {
        let same = tell(known(PlanState::Active), "prod_pro", state);
        assert!(same.contains("KeepPlan") && !same.contains("look:"), "{same}");
    }
}

#[test]
fn a_plan_is_what_it_is_there_and_nothing_where_it_is_not_there() {
    let active = || notice(Told::Plan(plan("prod_pro", PlanState::Active)));
    let there = |state| {
        ErrandEnd::Brought(Brought::Plan(Box::new(notice(Told::Plan(plan("prod_pro", state))))))
    };
    let begun = looked(facts_of(pro_plan()), active(), there(PlanState::Active));
    assert!(begun.contains("ChoosePlan { account: 1, plan: Some(\"pro\") }"), "{begun}");
    let over = looked(facts_of(pro_plan()), active(), there(PlanState::Ended));
    assert!(over.contains("state: Ended") && !over.contains("ChoosePlan"), "{over}");
    let forged = looked(facts_of(pro_plan()), active(), ErrandEnd::Failed(ErrandFailure::Refused));
    assert!(forged.contains("RaiseAlarm") && !forged.contains("KeepPlan"), "{forged}");
}
