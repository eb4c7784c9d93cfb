//! A chat that is unlinked leaves what its account pays for, and both sides are told.

use super::{
    super::linking::{one_account, says},
    *,
};
use crate::say::{Label, LinkSay};

fn paying() -> PlanFacts {
    let row = PlanRow {
        subscription: "sub_1".into(),
        request: "pd-ab-7".into(),
        account: AccountId(11),
        plan: "pro".into(),
        state: PlanState::Active,
        until: NOW + 86_400_000,
        as_of: (NOW - 5, NOW - 5),
        customer: None,
        wish: None,
    };
    let ending = PlanRow {
        subscription: "sub_2".into(),
        plan: "studio".into(),
        state: PlanState::Ending,
        ..row.clone()
    };
    PlanFacts { plans: vec![row, ending], ..PlanFacts::default() }
}

fn presses(verb: Verb, row: i64) -> Vec<Effect> {
    let facts = PressFacts {
        link: Some(Box::new(LinkFacts { link: None, ..one_account() })),
        plan: paying(),
        ..press_facts(customer(5), verb, row)
    };
    let press = press(Setting::Private);
    let action = Some(Action { verb, row });
    let event = Event::ButtonPressed(press);
    assert!(crate::needs::needs(&event, action).plan, "the plans are looked up for it");
    follows_at(&shop(), PRIVATE, &Facts::Press(facts), &event)
}

/// Each message: how many plans it names, and whether one can be ended there, or a person asked.
fn named(effects: &[Effect]) -> Vec<(usize, bool, bool)> {
    let count = |say: LinkSay| match say {
        LinkSay::UnlinkWhich { billed, .. }
        | LinkSay::Unlinked { billed, .. }
        | LinkSay::UnlinkedHere { billed } => billed.len(),
        other => panic!("{other:?}"),
    };
    let keys = effects.iter().filter_map(|effect| match effect {
        Effect::Send(sent) => {
            let has = |wanted: fn(&Label) -> bool| {
                sent.keys.iter().flatten().any(|key| wanted(&key.label))
            };
            let ends = has(|label| matches!(label, Label::PlanEnd { .. }));
            Some((ends, has(|label| matches!(label, Label::AskHuman))))
        }
        _ => None,
    });
    let counts = says(effects).into_iter().map(count);
    counts.zip(keys).map(|(count, (ends, human))| (count, ends, human)).collect()
}

#[test]
fn what_is_billed_on_is_named_before_and_after_with_a_way_to_end_it() {
    assert_eq!(named(&presses(Verb::UnlinkWhich, 0)), [(1, true, false)]);
    // Whoever stays can end it; who has gone, no more.
    assert_eq!(named(&presses(Verb::Unlink, 8)), [(1, true, false), (1, false, true)]);
    assert_eq!(named(&presses(Verb::Unlink, 7)), [(1, false, true)]);
}
