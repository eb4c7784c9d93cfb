//! Nobody pays for two plans without being told: not before the payment, nor with its receipt.

use super::*;
use crate::say::PlanLine;

fn two() -> Vec<PlanRow> {
    let by_link = going_on("sub_1", PlanState::Active);
    vec![
        going_on("stars:pd-ab-7", PlanState::Active),
        PlanRow { request: "pd-ab-8".into(), ..by_link },
    ]
}

#[test]
fn no_plan_is_paid_in_stars_beside_one_that_goes_on() {
    let house = stars_shop(true);
    let may = |checkout: &Checkout, asking: &Asking, beside: PlanFacts| {
        may_pay(&house.catalogue, (Some(checkout), &beside), asking, NOW)
    };
    let having = |state| {
        let plans = vec![going_on("sub_1", state)];
        PlanFacts { plans, ..PlanFacts::default() }
    };
    for state in [PlanState::Active, PlanState::PastDue] {
        assert_eq!(may(&plan(), &asking(900), having(state)), Err(NoDeal::HasPlan), "{state:?}");
        assert_eq!(may(&pack(), &asking(500), having(state)), Ok(()), "a pack beside {state:?}");
    }
    for state in [PlanState::Ending, PlanState::Ended] {
        assert_eq!(may(&plan(), &asking(900), having(state)), Ok(()), "{state:?}");
    }
    let unsettled = PlanFacts { unsettled: true, ..PlanFacts::default() };
    assert_eq!(may(&plan(), &asking(900), unsettled), Err(NoDeal::HasPlan));
}

/// What is said, and what stands on which button with what number.
fn receipt(plans: Vec<PlanRow>) -> (Vec<PlanLine>, Vec<(crate::say::Label, Action)>) {
    let moved = Moved::PlanPaid {
        renewed: false,
        plan: "pro".into(),
        credits: Credits(500),
        until: NOW + MONTH_MS,
        request: "pd-ab-7".into(),
    };
    let event = Event::MoneyMoved { identity: ada().identity, account: Some(AccountId(1)), moved };
    assert!(crate::needs::needs(&event, None).plan, "the plans are looked up for it");
    let plan = PlanFacts { plans, ..PlanFacts::default() };
    let facts = Facts::Message(MessageFacts { plan, ..message_facts(customer(41)) });
    let effects = follows_at(&stars_shop(true), PRIVATE, &facts, &event);
    let said = effects.into_iter().find_map(|effect| match effect {
        Effect::Send(sent) => match sent.body {
            crate::effect::Body::Say(Say::PlanPaid { beside, .. }) => Some((beside, sent.keys)),
            _ => None,
        },
        _ => None,
    });
    let (beside, keys) = said.unwrap();
    let acts = keys.into_iter().flatten().filter_map(|key| match key.does {
        Does::Act(action) => Some((key.label, action)),
        Does::Open(_) => None,
    });
    (beside, acts.collect())
}

#[test]
fn a_receipt_names_the_plan_that_is_billed_beside_it_and_either_can_be_ended() {
    assert_eq!(receipt(vec![going_on("stars:pd-ab-7", PlanState::Active)]), (vec![], vec![]));
    // One that is paid and not known yet takes the place of no other one.
    let (beside, _) = receipt(two().split_off(1));
    assert_eq!(beside.len(), 1, "{beside:?}");
    let (beside, keys) = receipt(two());
    let [other] = &beside[..] else { panic!("{beside:?}") };
    assert_eq!(other.price.as_deref(), Some("19.90 USD"), "the other one: {other:?}");
    let labels: Vec<String> = keys.iter().map(|(label, _)| format!("{label:?}")).collect();
    assert_eq!(
        labels,
        [
            "PlanEnd { name: \"pro\", price: Some(\"900 ⭐\") }",
            "PlanEnd { name: \"pro\", price: Some(\"19.90 USD\") }",
        ]
    );
    let press = |action: Action, plans| {
        let base = press_facts(customer(3), action.verb, action.row);
        let plan = PlanFacts { plans, ..base.plan.clone() };
        pressed(&stars_shop(true), PressFacts { plan, ..base })
    };
    for ((_, action), price) in keys.iter().zip(["900 ⭐", "19.90 USD"]) {
        let asked = press(*action, two());
        let named = format!("PlanCancelAsk {{ plan: \"pro\", price: Some(\"{price}\")");
        assert!(asked.contains(&named), "{asked}");
        let ended = two().into_iter().map(|row| PlanRow { state: PlanState::Ended, ..row });
        assert_eq!(press(*action, ended.collect()), "answer tap: Stale");
    }
    // The yes ends the one that was asked about, and no other one.
    let [(_, first), (_, second)] = &keys[..] else { panic!("{keys:?}") };
    let yes = |action: &Action| Action { verb: Verb::PlanYes, row: action.row };
    assert!(press(yes(first), two()).contains("WishPlan { subscription: \"stars:pd-ab-7\""));
    assert!(press(yes(second), two()).contains("WishPlan { subscription: \"sub_1\""));
}
