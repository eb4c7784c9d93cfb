//! Presses of buttons that are about requests.

use std::{boxed::Box, string::String, vec};

use insta::assert_snapshot;

use super::world::*;
use crate::{
    credits::Credits,
    facts::*,
    generation::{GenerationState as Is, *},
    id::*,
    say::{Cheaper, Verb},
};

/// A press about the request of the world, with one picture in a state.
fn about_request(verb: Verb, state: RequestState, picture: Option<Is>) -> PressFacts {
    let mut customer = subscriber(20);
    let generations: std::vec::Vec<_> =
        picture.into_iter().map(|state| generation(1, state)).collect();
    let request = request(state);
    if matches!(state, RequestState::Asking | RequestState::Unpaid | RequestState::Open) {
        let generations = generations.clone();
        customer.open.push(OpenRequest { request: request.clone(), generations });
    }
    PressFacts { request: Some(request), generations, ..press_facts(customer, verb, 50) }
}

#[test]
fn cancel_is_free_while_it_is_in_line() {
    let facts = about_request(Verb::Cancel, RequestState::Open, Some(Is::Claimed));
    assert_snapshot!(folded(&pressed(facts)), @r#"
    CancelGeneration { generation: 61 }
    VoidHold { hold: 71, reason: Cancelled }
    edit Generation(61) in telegram:7: Cancelled { available: Some(22) } / [Again 50]
    UpdateRequest { id: 50, state: Cancelled, change: - }
    answer tap
    "#);
}

#[test]
fn cancel_is_too_late_once_it_is_on_its_way() {
    let facts = about_request(Verb::Cancel, RequestState::Open, Some(Is::Submitting));
    assert_snapshot!(folded(&pressed(facts)), @r#"
    answer tap alert: TooLateToCancel
    "#);
}

#[test]
fn a_second_cancel_does_no_harm() {
    let facts = about_request(Verb::Cancel, RequestState::Cancelled, Some(Is::Cancelled));
    assert_snapshot!(folded(&pressed(facts)), @"answer tap: Done");
}

#[test]
fn cancelling_the_rest_closes_with_a_receipt_for_what_was_made() {
    let mut facts = about_request(Verb::Cancel, RequestState::Open, Some(Is::Delivered));
    facts.generations.push(generation(2, Is::Held));
    facts.generations.push(generation(3, Is::Held));
    assert_snapshot!(folded(&pressed(facts)), @r#"
    CancelGeneration { generation: 62 }
    VoidHold { hold: 72, reason: Cancelled }
    CancelGeneration { generation: 63 }
    VoidHold { hold: 73, reason: Cancelled }
    edit Generation(62) in telegram:7: CancelledRest { going: 0, available: Some(24) } /
        [Again 50]
    edit Generation(63) in telegram:7 silently: Removed
    UpdateRequest { id: 50, state: Settled, change: - }
    send as Receipt(50) in telegram:7: Receipt(Receipt { charged: 2, pictures: 1, asked: 3,
        available: Some(24), kept_until: 1700000001000 }) / [Again 50] [SupportLink
        https://help.example]
    answer tap
    "#);
}

#[test]
fn a_request_that_waits_for_a_yes_can_be_cancelled() {
    let facts = about_request(Verb::Cancel, RequestState::Asking, None);
    assert_snapshot!(folded(&pressed(facts)), @r#"
    UpdateRequest { id: 50, state: Cancelled, change: - }
    ClearTimer { id: "request:50" }
    edit Question(50) in telegram:7: Cancelled { available: Some(20) }
    answer tap
    "#);
}

#[test]
fn yes_runs_it_at_the_price_that_was_quoted() {
    let mut facts = about_request(Verb::Confirm, RequestState::Asking, None);
    facts.request.as_mut().unwrap().price_each = Credits(9);
    assert_snapshot!(folded(&pressed(facts)), @r#"
    UpdateRequest { id: 50, state: Open, change: - }
    ClearTimer { id: "request:50" }
    hold 9 as #1 for #0 of purse 2
    generate #0 of 50 with hold #1 number 1 tag 41
    send as Generation(#0) in telegram:7: Making "a fox" K1 Square Medium ×1 for 9, picture
        1 of 1, from 0, place 0, wait Some(20) / [Cancel 50] [SupportLink
        https://help.example]
    edit Question(50) in telegram:7 silently: Removed
    answer tap
    "#);
}

#[test]
fn a_second_yes_does_no_harm() {
    let facts = about_request(Verb::Confirm, RequestState::Open, Some(Is::Held));
    assert_snapshot!(folded(&pressed(facts)), @"answer tap: Done");
}

#[test]
fn a_yes_without_the_credits_keeps_the_request() {
    let mut facts = about_request(Verb::Confirm, RequestState::Asking, None);
    facts.customer.as_mut().unwrap().account.purse.granted = Credits(1);
    assert_snapshot!(folded(&pressed(facts)), @r#"
    UpdateRequest { id: 50, state: Unpaid, change: - }
    edit Question(50) in telegram:7: OutOfCredits { price: 2, available: Some(1), cheaper:
        -, offer: Some(Offer { packs: [OfferLine { id: "starter", credits: 100, price: "9.90
        USD", terms: - }], plans: [OfferLine { id: "pro", credits: 500, price: "19.90 USD",
        terms: Some(PlanTerms { unlocks: Entitlement { plan: Some("pro"), max_K4, queue_max:
        3, pictures_max: 4, retention_days: 30 }, period: Month, lapse_days: - }) }] }) } /
        [Buy 0] [Cancel 50] / [AskHuman 50] [SupportLink https://help.example]
    answer tap
    "#);
}

#[test]
fn a_yes_with_a_full_line_says_so() {
    let mut facts = about_request(Verb::Confirm, RequestState::Asking, None);
    facts.customer.as_mut().unwrap().account.entitlement.queue_max = 1;
    let open = OpenRequest {
        request: Request { id: RequestId(51), ..request(RequestState::Open) },
        generations: vec![],
    };
    facts.customer.as_mut().unwrap().open.push(open);
    assert_snapshot!(folded(&pressed(facts)), @r#"
    answer tap alert: LineFull { in_line: 1, in_line_max: 1, can_cancel: false }
    "#);
}

#[test]
fn the_cheaper_way_is_taken_as_it_was_offered() {
    let mut facts = about_request(Verb::TakeCheaper, RequestState::Unpaid, None);
    let options = Options { quality: Quality::Low, ..Options::default() };
    let way = Cheaper { options, price: Credits(1) };
    facts.request.as_mut().unwrap().cheaper = Some(way);
    assert_snapshot!(folded(&pressed(facts)), @r#"
    UpdateRequest { id: 50, state: Open, change: Some(RequestChange { prompt: "a fox",
        options: { K1, Square, Low, Auto, count: 1 }, price_each: 1, screened: false }) }
    ClearTimer { id: "request:50" }
    hold 1 as #1 for #0 of purse 2
    generate #0 of 50 with hold #1 number 1 tag 41
    send as Generation(#0) in telegram:7: Making "a fox" K1 Square Low ×1 for 1, picture 1
        of 1, from 0, place 0, wait - / [Cancel 50] [SupportLink https://help.example]
    edit Question(50) in telegram:7 silently: Removed
    answer tap
    "#);
}

#[test]
fn again_is_a_new_request_at_todays_price() {
    let facts = about_request(Verb::Again, RequestState::Settled, Some(Is::Delivered));
    assert_snapshot!(folded(&pressed(facts)), @r#"
    open request #0 Open: "a fox" K1 Square Medium ×1 each 2 cheaper - references [] parent
        -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "a fox" K1 Square Medium ×1 for 2, picture
        1 of 1, from 0, place 0, wait Some(20) / [Cancel #0] [SupportLink
        https://help.example]
    answer tap
    "#);
}

#[test]
fn four_of_it_are_four() {
    let facts = about_request(Verb::MakeFour, RequestState::Settled, Some(Is::Delivered));
    let effects = pressed(facts);
    assert!(effects.contains("picture 4 of 4"), "{effects}");
}

#[test]
fn trying_again_makes_only_what_is_missing() {
    let mut facts = about_request(Verb::TryAgain, RequestState::Settled, Some(Is::Delivered));
    facts.request.as_mut().unwrap().options.count = 3;
    facts.generations.push(generation(2, Is::Failed));
    facts.generations.push(generation(3, Is::Uncertain));
    let effects = pressed(facts);
    assert!(effects.contains("picture 2 of 2"), "{effects}");
}

#[test]
fn change_the_words_waits_for_them() {
    let facts = about_request(Verb::ChangeWords, RequestState::Settled, Some(Is::Failed));
    assert_snapshot!(folded(&pressed(facts)), @r#"
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(Words {
        request: 50, count: 1 }) }
    send in telegram:7: NewWords
    answer tap
    "#);
}

#[test]
fn other_words_are_for_what_was_not_made() {
    let mut facts = about_request(Verb::ChangeWords, RequestState::Settled, Some(Is::Delivered));
    facts.request.as_mut().unwrap().options.count = 4;
    facts.generations.extend([2, 3].map(|number| generation(number, Is::Delivered)));
    facts.generations.push(generation(4, Is::Failed));
    let effects = pressed(facts);
    assert!(effects.contains("Words { request: 50, count: 1 }"), "{effects}");
}

#[test]
fn other_words_for_one_of_four_make_one() {
    let awaiting = Some(Awaiting::Words { request: RequestId(50), count: 1 });
    let mut started = request(RequestState::Settled);
    started.options.count = 4;
    let customer = Customer { awaiting, ..customer(10) };
    let facts = MessageFacts { started: Some(started), ..message_facts(customer) };
    let effects = said(facts, message("an owl"));
    assert!(effects.contains("\"an owl\" K1 Square Medium ×1 each 2"), "{effects}");
}

#[test]
fn a_request_that_is_gone_answers_politely() {
    for verb in [Verb::Cancel, Verb::Again, Verb::Confirm, Verb::TakeCheaper, Verb::TryAgain] {
        assert_eq!(pressed(press_facts(customer(5), verb, 50)), "answer tap: Stale", "{verb:?}");
    }
}

#[test]
fn every_verb_with_nothing_behind_it_is_answered_once() {
    for verb in Verb::ALL {
        for row in [0, 1, -1, i64::MAX, i64::MIN] {
            let effects = pressed(press_facts(customer(5), verb, row));
            assert_eq!(effects.matches("answer tap").count(), 1, "{verb:?} {row}: {effects}");
        }
    }
}

#[test]
fn a_request_whose_words_are_forgotten_is_not_made_without_them() {
    for verb in [Verb::Again, Verb::MakeFour, Verb::TryAgain, Verb::ChangeWords] {
        let mut facts = about_request(verb, RequestState::Settled, Some(Is::Failed));
        facts.request.as_mut().unwrap().prompt = String::new();
        assert_eq!(pressed(facts), "answer tap alert: WordsGone", "{verb:?}");
    }
}

#[test]
fn what_is_being_drawn_is_named_when_the_rest_is_taken_back() {
    let mut facts = about_request(Verb::Cancel, RequestState::Open, Some(Is::Submitting));
    facts.generations.push(generation(2, Is::Held));
    assert_snapshot!(folded(&pressed(facts)), @r#"
    CancelGeneration { generation: 62 }
    VoidHold { hold: 72, reason: Cancelled }
    edit Generation(62) in telegram:7: CancelledRest { going: 1, available: Some(22) } /
        [Again 50]
    answer tap
    "#);
}

/// A press of [Again], with the newest request so many milliseconds old.
fn again_after(age_ms: i64, newest: Request) -> String {
    let facts = about_request(Verb::Again, RequestState::Settled, Some(Is::Delivered));
    let newest = Some(Box::new(Request { asked_at: NOW - age_ms, ..newest }));
    pressed(PressFacts { newest, ..facts })
}

#[test]
fn pressed_twice_within_moments_it_is_made_once() {
    let made = || Request { id: RequestId(51), ..request(RequestState::Open) };
    assert_eq!(again_after(9_999, made()), "answer tap: Done");
    let done = Request { state: RequestState::Settled, ..made() };
    assert_eq!(again_after(9_999, done), "answer tap: Done", "however quick it was");
}

#[test]
fn what_is_asked_for_once_more_is_made_once_more() {
    let made = || Request { id: RequestId(51), ..request(RequestState::Open) };
    assert!(again_after(10_000, made()).contains("hold 2"), "a moment has passed");
    let cancelled = Request { state: RequestState::Cancelled, ..made() };
    assert!(again_after(1, cancelled).contains("hold 2"), "the first was taken back");
    assert!(again_after(1, request(RequestState::Settled)).contains("hold 2"), "it is the first");
    let other = Request { prompt: "an owl".into(), ..made() };
    assert!(again_after(1, other).contains("hold 2"), "it is another");
}

#[test]
fn a_message_that_a_lost_answer_left_behind_goes_when_it_is_pressed() {
    let stray = |state, picture| PressFacts {
        stray: true,
        ..about_request(Verb::Cancel, state, Some(picture))
    };
    assert_snapshot!(folded(&pressed(stray(RequestState::Settled, Is::Delivered))), @r#"
    edit message 20 in telegram:7 silently: Removed
    answer tap: Stale
    "#);
    let effects = pressed(stray(RequestState::Open, Is::Held));
    assert!(effects.contains("edit message 20 in telegram:7 silently: Removed"), "{effects}");
    assert!(effects.contains("edit Generation(61) in telegram:7: Cancelled"), "{effects}");
}
