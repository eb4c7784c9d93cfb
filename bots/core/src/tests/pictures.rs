//! What a generation comes to.

use std::string::String;

use insta::assert_snapshot;

use super::world::*;
use crate::{
    event::{Event, Setting},
    facts::*,
    generation::{Failure, GenerationState as Is},
    id::*,
};

fn finish(facts: GenerationFacts) -> String {
    at(PRIVATE, Facts::Generation(facts), finished(1))
}

fn fail(facts: GenerationFacts, failure: Failure) -> String {
    let generation = GenerationId(61);
    at(PRIVATE, Facts::Generation(facts), Event::GenerationFailed { generation, failure })
}

fn lose(facts: GenerationFacts) -> String {
    let generation = GenerationId(61);
    at(PRIVATE, Facts::Generation(facts), Event::GenerationUncertain { generation })
}

#[test]
fn a_finished_picture_takes_the_place_of_its_placeholder() {
    assert_snapshot!(folded(&finish(generation_facts(1, &[generation(1, Is::Submitted)]))), @r#"
    keep #0 of 61 until 1702592000000
    SampleDuration { K1, Medium, took_ms: 21000 }
    SettleGeneration { generation: 61, state: Made, failure: - }
    edit Generation(61) in telegram:7 about Picture(61): Picture { artifact: #0, caption: -
        }
    "#);
}

#[test]
fn one_of_several_pictures_has_its_own_buttons() {
    let siblings = [generation(1, Is::Submitted), generation(2, Is::Held)];
    assert_snapshot!(folded(&finish(generation_facts(1, &siblings))), @r#"
    keep #0 of 61 until 1702592000000
    SampleDuration { K1, Medium, took_ms: 21000 }
    SettleGeneration { generation: 61, state: Made, failure: - }
    edit Generation(61) in telegram:7 about Picture(61): Picture { artifact: #0, caption: -
        } / [Change #0] [LargerNotInPlan #0] / [Original #0] [More #0]
    "#);
}

#[test]
fn a_picture_for_somebody_out_of_reach_is_owed_and_posted() {
    let facts = generation_facts(1, &[generation(1, Is::Submitted)]);
    assert_snapshot!(folded(&finish(GenerationFacts { reachable: false, ..facts })), @r#"
    keep #0 of 61 until 1702592000000
    SampleDuration { K1, Medium, took_ms: 21000 }
    SettleGeneration { generation: 61, state: Made, failure: - }
    OweArtifact { artifact: #0 }
    PostHold { hold: 71 }
    SettleGeneration { generation: 61, state: Delivered, failure: - }
    UpdateRequest { id: 50, state: Settled, change: - }
    "#);
}

#[test]
fn finished_twice_is_finished_once() {
    assert_eq!(finish(generation_facts(1, &[generation(1, Is::Made)])), "");
    assert_eq!(finish(generation_facts(1, &[generation(1, Is::Delivered)])), "");
}

#[test]
fn a_picture_that_was_given_up_and_comes_after_all_is_free() {
    assert_snapshot!(folded(&finish(generation_facts(1, &[generation(1, Is::Uncertain)]))), @r#"
    keep #0 of 61 until 1702592000000
    SampleDuration { K1, Medium, took_ms: 21000 }
    edit Generation(61) in telegram:7 about Picture(61): Picture { artifact: #0, caption: -
        }
    send in telegram:7 about Beside(#0): LatePicture / [Again 50] [Change #0]
        [LargerNotInPlan #0] / [Original #0] [More #0]
    "#);
}

#[test]
fn a_late_picture_comes_once() {
    let mut late = generation(1, Is::Uncertain);
    late.artifact = Some(ArtifactId(81));
    assert_eq!(finish(generation_facts(1, &[late])), "");
}

#[test]
fn a_picture_of_nobody_is_dropped() {
    let facts = generation_facts(1, &[generation(1, Is::Submitted)]);
    assert_eq!(finish(GenerationFacts { generation: None, ..facts.clone() }), "");
    assert_eq!(finish(GenerationFacts { account: None, ..facts }), "");
}

#[test]
fn a_failure_gives_the_credits_back_and_says_why() {
    let facts = generation_facts(1, &[generation(1, Is::Submitted)]);
    assert_snapshot!(folded(&fail(facts, Failure::Refused)), @r#"
    VoidHold { hold: 71, reason: Failed }
    SettleGeneration { generation: 61, state: Failed, failure: Some(Refused) }
    edit Generation(61) in telegram:7 about Ended(61): Failed { failure: Refused, available:
        Some(10), part: Part { number: 1, count: 1 } } / [TryAgain 50] [ChangeWords 50] /
        [AskHuman 50] [SupportLink https://help.example]
    UpdateRequest { id: 50, state: Settled, change: - }
    "#);
}

#[test]
fn one_failure_of_several_waits_for_the_others_before_it_offers_anything() {
    let siblings = [generation(1, Is::Submitted), generation(2, Is::Submitted)];
    assert_snapshot!(folded(&fail(generation_facts(1, &siblings), Failure::Overloaded)), @r#"
    VoidHold { hold: 71, reason: Failed }
    SettleGeneration { generation: 61, state: Failed, failure: Some(Overloaded) }
    edit Generation(61) in telegram:7 about Ended(61): Failed { failure: Overloaded,
        available: Some(8), part: Part { number: 1, count: 2 } } / [AskHuman 50]
        [SupportLink https://help.example]
    "#);
}

#[test]
fn one_failure_of_several_that_the_words_are_to_blame_for_offers_other_words() {
    let siblings = [generation(1, Is::Submitted), generation(2, Is::Delivered)];
    for failure in [Failure::Refused, Failure::Prompt] {
        let effects = folded(&fail(generation_facts(1, &siblings), failure));
        let offer = "/ [ChangeWords 50] / [AskHuman 50]";
        assert!(effects.replace("\n   ", "").contains(offer), "{effects}");
        let receipt = "/ [Again 50] [TryAgain 50] [ChangeWords 50]";
        assert!(effects.replace("\n   ", "").contains(receipt), "{effects}");
    }
}

#[test]
fn the_last_failure_of_several_closes_with_what_was_made() {
    let siblings = [generation(1, Is::Submitted), generation(2, Is::Delivered)];
    assert_snapshot!(folded(&fail(generation_facts(1, &siblings), Failure::Overloaded)), @r#"
    VoidHold { hold: 71, reason: Failed }
    SettleGeneration { generation: 61, state: Failed, failure: Some(Overloaded) }
    edit Generation(61) in telegram:7 about Ended(61): Failed { failure: Overloaded,
        available: Some(8), part: Part { number: 1, count: 2 } } / [AskHuman 50]
        [SupportLink https://help.example]
    UpdateRequest { id: 50, state: Settled, change: - }
    send as Receipt(50) in telegram:7: Receipt(Receipt { charged: 2, pictures: 1, asked: 2,
        available: Some(8), kept_until: 1700000001000 }) / [Again 50] [TryAgain 50]
        [ChangeWords 50] / [SupportLink https://help.example]
    "#);
}

#[test]
fn a_failure_of_our_own_raises_an_alarm() {
    let facts = generation_facts(1, &[generation(1, Is::Submitted)]);
    let effects = fail(facts, Failure::OutOfService);
    assert!(effects.contains("RaiseAlarm"), "{effects}");
}

#[test]
fn failed_twice_is_failed_once() {
    assert_eq!(fail(generation_facts(1, &[generation(1, Is::Failed)]), Failure::Refused), "");
    assert_eq!(fail(generation_facts(1, &[generation(1, Is::Made)]), Failure::Refused), "");
}

#[test]
fn an_unknown_outcome_is_settled_in_the_customers_favour() {
    assert_snapshot!(folded(&lose(generation_facts(1, &[generation(1, Is::Submitting)]))), @r#"
    VoidHold { hold: 71, reason: Uncertain }
    SettleGeneration { generation: 61, state: Uncertain, failure: - }
    edit Generation(61) in telegram:7 about Ended(61): Uncertain { available: Some(10),
        part: Part { number: 1, count: 1 } } / [TryAgain 50] [ChangeWords 50] / [AskHuman
        50] [SupportLink https://help.example]
    UpdateRequest { id: 50, state: Settled, change: - }
    "#);
}

#[test]
fn a_failure_in_a_group_tells_nobodys_balance() {
    let mut facts = generation_facts(1, &[generation(1, Is::Submitted)]);
    facts.request.as_mut().unwrap().setting = Setting::Group;
    let effects = fail(facts, Failure::Refused);
    assert!(effects.contains("available: -"), "{effects}");
}

#[test]
fn a_failure_for_somebody_out_of_reach_gives_the_credits_back_without_a_word() {
    let facts = generation_facts(1, &[generation(1, Is::Submitted)]);
    let away = GenerationFacts { reachable: false, ..facts };
    assert_snapshot!(folded(&fail(away, Failure::Refused)), @r#"
    VoidHold { hold: 71, reason: Failed }
    SettleGeneration { generation: 61, state: Failed, failure: Some(Refused) }
    TellLater { generation: 61 }
    UpdateRequest { id: 50, state: Settled, change: - }
    "#);
}

#[test]
fn the_stop_button_of_a_draft_cancels() {
    let facts = generation_facts(1, &[generation(1, Is::Held)]);
    let event =
        |by: &str| Event::DraftStopped { generation: GenerationId(61), by: Some(by.into()) };
    assert_eq!(at(PRIVATE, Facts::Generation(facts.clone()), event("telegram:8")), "");
    assert_snapshot!(folded(&at(PRIVATE, Facts::Generation(facts), event("telegram:7"))), @r#"
    CancelGeneration { generation: 61 }
    VoidHold { hold: 71, reason: Cancelled }
    edit Generation(61) in telegram:7: Cancelled { available: Some(10) } / [Again 50]
    UpdateRequest { id: 50, state: Cancelled, change: - }
    "#);
}

#[test]
fn a_picture_whose_time_is_up_before_it_was_handed_over_costs_nothing() {
    let facts = generation_facts(1, &[generation(1, Is::Made)]);
    let expired = Event::ArtifactExpired { artifact: ArtifactId(81), owed: false };
    assert_snapshot!(folded(&at(PRIVATE, Facts::Generation(facts), expired.clone())), @r#"
    VoidHold { hold: 71, reason: Expired }
    SettleGeneration { generation: 61, state: Failed, failure: - }
    edit Generation(61) in telegram:7 about Ended(61): NotHandedOver { available: Some(10),
        part: Part { number: 1, count: 1 } } / [TryAgain 50] [ChangeWords 50] / [AskHuman
        50] [SupportLink https://help.example]
    UpdateRequest { id: 50, state: Settled, change: - }
    "#);
    let paid = generation_facts(1, &[generation(1, Is::Delivered)]);
    assert_eq!(at(PRIVATE, Facts::Generation(paid), expired), "");
}

#[test]
fn whoever_has_shut_us_out_is_told_later_what_failed() {
    let facts = || GenerationFacts {
        reachable: false,
        ..generation_facts(1, &[generation(1, Is::Submitted)])
    };
    assert_snapshot!(folded(&fail(facts(), Failure::Refused)), @r#"
    VoidHold { hold: 71, reason: Failed }
    SettleGeneration { generation: 61, state: Failed, failure: Some(Refused) }
    TellLater { generation: 61 }
    UpdateRequest { id: 50, state: Settled, change: - }
    "#);
    assert_snapshot!(folded(&lose(facts())), @r#"
    VoidHold { hold: 71, reason: Uncertain }
    SettleGeneration { generation: 61, state: Uncertain, failure: - }
    TellLater { generation: 61 }
    UpdateRequest { id: 50, state: Settled, change: - }
    "#);
}

#[test]
fn a_late_picture_for_somebody_who_has_shut_us_out_is_owed() {
    let late = generation_facts(1, &[generation(1, Is::Uncertain)]);
    let facts = GenerationFacts { reachable: false, ..late };
    assert_snapshot!(folded(&finish(facts)), @r#"
    keep #0 of 61 until 1702592000000
    SampleDuration { K1, Medium, took_ms: 21000 }
    OweArtifact { artifact: #0 }
    "#);
}

#[test]
fn whoever_was_owed_a_picture_hears_what_came_back_for_it() {
    let expired = Event::ArtifactExpired { artifact: ArtifactId(81), owed: true };
    let facts = || generation_facts(1, &[generation(1, Is::Delivered)]);
    let tell = |facts| at(PRIVATE, Facts::Generation(facts), expired.clone());
    assert_snapshot!(folded(&tell(facts())), @r#"
    ClearOwed { artifact: 81 }
    Grant { entry: #0, purse: 2, credits: 2, source: "owed_expired:81", reason: OwedExpired,
        note: - }
    send in telegram:7: Missed { failed: 0, expired: 1, returned: 2, available: 10 } /
        [AskHuman 0] [SupportLink https://help.example]
    "#);
    let later = tell(GenerationFacts { reachable: false, ..facts() });
    assert!(later.ends_with("TellLater { generation: 61 }"), "{later}");
    let mut among_others = facts();
    among_others.request.as_mut().unwrap().setting = Setting::Group;
    assert_eq!(tell(among_others), later);
}
