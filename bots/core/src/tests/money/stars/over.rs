//! A plan in Stars that is over stays over, whatever is told of it, until somebody pays.

use super::*;

/// A plan of Ada's that was over, in a shop that knows it.
fn having(plans: Vec<PlanRow>) -> PaymentFacts {
    PaymentFacts { plans, ..facts_of(Checkout { state: CheckoutState::Paid, ..plan() }) }
}

fn over() -> PaymentFacts {
    let until = NOW - 3 * 86_400_000;
    having(vec![PlanRow { until, ..going_on("stars:pd-ab-7", PlanState::Ended) }])
}

#[test]
fn nothing_but_a_payment_begins_a_plan_in_stars() {
    let told = [PlanState::Active, PlanState::Ending, PlanState::PastDue, PlanState::Unknown];
    for state in told {
        let plan = || month(state, 0, None);
        assert_eq!(hears(over(), Told::Plan(plan())), "", "{state:?} of one that is over");
        assert_eq!(hears(having(vec![]), Told::Plan(plan())), "", "{state:?} of an unpaid one");
        let answer = Told::Changed(PlanTold { changed_at: NOW, ..plan() }, ErrandId(9));
        assert_eq!(hears(over(), answer), "", "{state:?} as an answer");
    }
    let next = month(PlanState::Active, NOW + MONTH_MS, None);
    let paid = hears(over(), Told::PlanPaid(paid_in_stars("stx2", 900), next));
    assert!(paid.contains("state: Active") && paid.contains("ChoosePlan"), "{paid}");
    assert!(paid.contains("set timer stars:over:pd-ab-7"), "it ends again: {paid}");
}

#[test]
fn who_asked_to_end_a_plan_that_is_over_meanwhile_hears_that_it_is() {
    let errand = StarsErrand::Renewal {
        identity: ada().identity,
        charge: "stx1".into(),
        subscription: "stars:pd-ab-7".into(),
        request: "pd-ab-7".into(),
        until: NOW + MONTH_MS,
        renewed: false,
    };
    let what = Errand::Stars(std::boxed::Box::new(errand));
    let end = ErrandEnd::Brought(Brought::Stars);
    let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(9), what, end });
    let effects = follows_at(&stars_shop(false), PRIVATE, &Facts::Payment(over()), &event);
    let [(_, Moved::Plan { state, .. })] = &news(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(*state, PlanState::Ended);
}
