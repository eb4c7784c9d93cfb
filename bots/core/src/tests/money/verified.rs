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
    assert!(asked.contains("name: \"look:order:ord_1:pd-ab-7\""), "{asked}");
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

#[test]
fn what_does_not_say_what_it_cost_is_looked_up_also_where_less_is_believed() {
    let untold = || notice(Told::Bought(Paid { price: None, ..paid("prod_starter", 990) }));
    let asked = told(facts_of(starter()), untold());
    assert!(asked.contains("look:order:ord_1") && !asked.contains("KeepPayment"), "{asked}");
    let given = looked(facts_of(starter()), untold(), charged(990));
    assert!(given.contains("credits: 100, source: \"creem:order:ord_1\""), "{given}");
    let less = looked(facts_of(starter()), untold(), charged(989));
    assert!(less.contains("doubt: Some(Price)") && !less.contains("Grant"), "{less}");
}

#[test]
fn a_lie_about_a_payment_keeps_nobody_from_looking_and_what_failed_is_looked_at_anew() {
    let other = Notice { request: Some("pd-ab-8".into()), ..pack() };
    let lie = told_to(&careful(), facts_of(starter()), other);
    assert!(lie.contains("name: \"look:order:ord_1:pd-ab-8\""), "{lie}");
    let doubted = |doubt| Payment {
        id: "order:ord_1".into(),
        request: Some("pd-ab-7".into()),
        purse: None,
        credits: Credits::ZERO,
        taken: Credits::ZERO,
        doubt: Some(doubt),
        bought: None,
    };
    let again = |doubt| PaymentFacts { payment: Some(doubted(doubt)), ..facts_of(starter()) };
    for doubt in [Doubt::Unseen, Doubt::NotAsked] {
        let anew = told_to(&careful(), again(doubt), pack());
        let hour = NOW.div_euclid(3_600_000);
        let name = format!("name: \"look:order:ord_1:pd-ab-7:{hour}\"");
        assert!(anew.contains(&name), "{anew}");
    }
    let given = looked(again(Doubt::Unseen), pack(), charged(990));
    assert!(given.contains("Grant"), "{given}");
    let nothing = looked(again(Doubt::Unseen), pack(), ErrandEnd::Failed(ErrandFailure::TooLate));
    assert_eq!(nothing, "", "the owner has heard of it");
}

#[test]
fn a_plan_that_is_told_as_paid_is_so_until_that_is_found_out() {
    let period = || {
        let paid = Paid { payment: "transaction:tran_1".into(), ..paid("prod_pro", 1990) };
        notice(Told::PlanPaid(paid, plan("prod_pro", PlanState::Active)))
    };
    let begun = told_to(&careful(), facts_of(pro_plan()), period());
    assert!(begun.contains("UpdateCheckout { request: \"pd-ab-7\", state: Told"), "{begun}");
    let being = || Checkout { state: CheckoutState::Told, ..pro_plan() };
    let paid = looked(facts_of(being()), period(), charged(1990));
    assert!(paid.contains("state: Paid") && paid.contains("Grant"), "{paid}");
    for end in [ErrandFailure::Refused, ErrandFailure::TooLate] {
        let not = looked(facts_of(being()), period(), ErrandEnd::Failed(end));
        assert!(not.contains("UpdateCheckout { request: \"pd-ab-7\", state: Open"), "{not}");
    }
    // A pack can be bought beside another one.
    assert!(!told_to(&careful(), facts_of(starter()), pack()).contains("UpdateCheckout"));
}

#[test]
fn nobody_buys_a_second_plan_while_a_payment_for_one_is_looked_at() {
    let looked_at = || PlanFacts { unsettled: true, ..PlanFacts::default() };
    for (item, verb) in [("pro", Verb::BuyItem), ("studio", Verb::BuyItem)] {
        let number = Item::Plan(item.into()).number();
        let facts = PressFacts { plan: looked_at(), ..press_facts(customer(3), verb, number) };
        let said = lines::lines(CAUSE, &shopping(facts));
        assert!(said.contains("unsettled: true"), "{said}");
        assert!(!said.contains("OpenCheckout") && !said.contains("BuyItem"), "{said}");
    }
    let pack = PressFacts { plan: looked_at(), ..chosen(&Item::Pack("starter".into())) };
    assert!(lines::lines(CAUSE, &shopping(pack)).contains("OpenCheckout"));
}
