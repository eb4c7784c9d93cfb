//! Presses of buttons, in private.

use std::{string::String, vec};

use insta::assert_snapshot;

use super::world::*;
use crate::{
    credits::Credits,
    event::{Event, Setting},
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

fn about_picture(verb: Verb) -> PressFacts {
    let customer = subscriber(20);
    PressFacts {
        kept: Some(kept()),
        request: Some(kept().request),
        generations: vec![generation(1, Is::Delivered)],
        ..press_facts(customer, verb, 81)
    }
}

#[test]
fn cancel_is_free_while_it_is_in_line() {
    let facts = about_request(Verb::Cancel, RequestState::Open, Some(Is::Claimed));
    assert_snapshot!(pressed(facts), @r#"
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
    assert_snapshot!(pressed(facts), @"answer tap alert: TooLateToCancel");
}

#[test]
fn a_second_cancel_does_no_harm() {
    let facts = about_request(Verb::Cancel, RequestState::Cancelled, Some(Is::Cancelled));
    assert_snapshot!(pressed(facts), @"answer tap: Done");
}

#[test]
fn cancelling_the_rest_closes_with_a_receipt_for_what_was_made() {
    let mut facts = about_request(Verb::Cancel, RequestState::Open, Some(Is::Delivered));
    facts.generations.push(generation(2, Is::Held));
    facts.generations.push(generation(3, Is::Held));
    assert_snapshot!(pressed(facts), @r#"
    CancelGeneration { generation: 62 }
    VoidHold { hold: 72, reason: Cancelled }
    CancelGeneration { generation: 63 }
    VoidHold { hold: 73, reason: Cancelled }
    edit Generation(62) in telegram:7: Cancelled { available: Some(24) } / [Again 50]
    edit Generation(63) in telegram:7 silently: Removed
    UpdateRequest { id: 50, state: Settled, change: - }
    send as Receipt(50) in telegram:7: Receipt(Receipt { charged: 2, pictures: 1, asked: 3, available: Some(24), kept_until: 1700000001000 }) / [Again 50]
    answer tap
    "#);
}

#[test]
fn a_request_that_waits_for_a_yes_can_be_cancelled() {
    let facts = about_request(Verb::Cancel, RequestState::Asking, None);
    assert_snapshot!(pressed(facts), @r#"
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
    assert_snapshot!(pressed(facts), @r#"
    UpdateRequest { id: 50, state: Open, change: - }
    ClearTimer { id: "request:50" }
    edit Question(50) in telegram:7 silently: Removed
    hold 9 as #2 for #1 of purse 2
    generate #1 of 50 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "a fox" K1 Square Medium ×1 for 9, picture 1 of 1, from 0, place 0, wait Some(20) / [Cancel 50]
    answer tap
    "#);
}

#[test]
fn a_second_yes_does_no_harm() {
    let facts = about_request(Verb::Confirm, RequestState::Open, Some(Is::Held));
    assert_snapshot!(pressed(facts), @"answer tap: Done");
}

#[test]
fn a_yes_without_the_credits_keeps_the_request() {
    let mut facts = about_request(Verb::Confirm, RequestState::Asking, None);
    facts.customer.as_mut().unwrap().account.purse.granted = Credits(1);
    assert_snapshot!(pressed(facts), @r#"
    UpdateRequest { id: 50, state: Unpaid, change: - }
    edit Question(50) in telegram:7: OutOfCredits { price: 2, available: Some(1), cheaper: -, offer: Offer { packs: [OfferLine { id: "starter", credits: 100, price: "9.90 USD" }], plans: [OfferLine { id: "pro", credits: 500, price: "19.90 USD" }] } } / [Buy 0] [Cancel 50] / [AskHuman 50] [SupportLink https://help.example]
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
    assert_snapshot!(pressed(facts), @"answer tap alert: LineFull { in_line: 1, in_line_max: 1 }");
}

#[test]
fn the_cheaper_way_is_taken_as_it_was_offered() {
    let mut facts = about_request(Verb::TakeCheaper, RequestState::Unpaid, None);
    let options = Options { quality: Quality::Low, ..Options::default() };
    let way = Cheaper { options, price: Credits(1) };
    facts.request.as_mut().unwrap().cheaper = Some(way);
    assert_snapshot!(pressed(facts), @r#"
    UpdateRequest { id: 50, state: Open, change: Some(RequestChange { prompt: "a fox", options: Options { resolution: K1, shape: Square, quality: Low, background: Auto, count: 1 }, price_each: 1 }) }
    ClearTimer { id: "request:50" }
    edit Question(50) in telegram:7 silently: Removed
    hold 1 as #2 for #1 of purse 2
    generate #1 of 50 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "a fox" K1 Square Low ×1 for 1, picture 1 of 1, from 0, place 0, wait - / [Cancel 50]
    answer tap
    "#);
}

#[test]
fn again_is_a_new_request_at_todays_price() {
    let facts = about_request(Verb::Again, RequestState::Settled, Some(Is::Delivered));
    assert_snapshot!(pressed(facts), @r#"
    open request #0 Open: "a fox" K1 Square Medium ×1 each 2 cheaper - references [] parent -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "a fox" K1 Square Medium ×1 for 2, picture 1 of 1, from 0, place 0, wait Some(20) / [Cancel #0]
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
    assert_snapshot!(pressed(facts), @r#"
    Await { conversation: ("telegram:7"), identity: ("telegram:7"), awaiting: Some(Words { request: 50 }) }
    send in telegram:7: NewWords
    answer tap
    "#);
}

#[test]
fn change_waits_for_words_about_this_picture() {
    assert_snapshot!(pressed(about_picture(Verb::Change)), @r#"
    Await { conversation: ("telegram:7"), identity: ("telegram:7"), awaiting: Some(Change { artifact: 81 }) }
    send in telegram:7: ChangeHow
    answer tap
    "#);
}

#[test]
fn larger_makes_the_same_picture_larger() {
    assert_snapshot!(pressed(about_picture(Verb::Larger)), @r#"
    open request #0 Open: "a fox" K2 Square Medium ×1 each 4 cheaper - references [Artifact(81)] parent Some(81)
    hold 4 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "a fox" K2 Square Medium ×1 for 4, picture 1 of 1, from 1, place 0, wait - / [Cancel #0]
    answer tap
    "#);
}

#[test]
fn larger_beyond_the_plan_says_which_plan_has_it() {
    let mut facts = about_picture(Verb::Larger);
    facts.customer.as_mut().unwrap().account.entitlement = free();
    assert_snapshot!(pressed(facts), @r#"
    send in telegram:7: NotInPlan { resolution: K2, included: K1, plan: Some("pro") } / [Buy 0] / [AskHuman 50] [SupportLink https://help.example]
    answer tap
    "#);
}

#[test]
fn the_original_goes_as_a_file_and_never_twice() {
    assert_snapshot!(pressed(about_picture(Verb::Original)), @r#"
    send in telegram:7 never twice about Original(81): Original { artifact: 81, file_name: "picture-81.png" }
    answer tap
    "#);
}

#[test]
fn more_buttons_take_the_place_of_the_few() {
    assert_snapshot!(pressed(about_picture(Verb::More)), @r#"
    edit message 20 in telegram:7: Keys / [Again 50] [Change 81] [Larger(4) 81] / [Original 81] / [MakeFour(8) 50] [UseAsReference 81] / [DeleteNow 81] [AskHumanAbout 50]
    answer tap
    "#);
}

#[test]
fn a_picture_can_be_used_as_a_reference() {
    assert_snapshot!(pressed(about_picture(Verb::UseAsReference)), @r#"
    PutInTray { id: #0, conversation: ("telegram:7"), identity: ("telegram:7"), reference: Artifact(81) }
    set timer tray:telegram:7:telegram:7 at 1700086400000: TrayLapsed
    send as Question(#0) in telegram:7: Tray { count: 1 } / [ClearTray 0]
    answer tap
    "#);
}

#[test]
fn a_deleted_picture_goes_from_every_message() {
    assert_snapshot!(pressed(about_picture(Verb::Delete)), @r#"
    DeleteArtifact { artifact: 81 }
    edit Generation(61) in telegram:7 silently: Removed
    edit Question(81) in telegram:7 silently: Removed
    edit Receipt(50) in telegram:7 silently: Deleted / [Again 50]
    answer tap: Deleted
    "#);
}

#[test]
fn a_picture_that_is_gone_answers_politely() {
    for verb in [Verb::Change, Verb::Larger, Verb::Original, Verb::More, Verb::Delete] {
        let facts = PressFacts { kept: None, ..about_picture(verb) };
        assert_eq!(pressed(facts), "answer tap alert: Gone", "{verb:?}");
    }
}

#[test]
fn a_request_that_is_gone_answers_politely() {
    for verb in [Verb::Cancel, Verb::Again, Verb::Confirm, Verb::TakeCheaper, Verb::TryAgain] {
        assert_eq!(pressed(press_facts(customer(5), verb, 50)), "answer tap: Stale", "{verb:?}");
    }
}

#[test]
fn an_example_is_a_prompt_like_any_other() {
    assert_snapshot!(pressed(press_facts(customer(5), Verb::Example, 2)), @r#"
    open request #0 Open: "A lighthouse at night" K1 Square Medium ×1 each 2 cheaper - references [] parent -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "A lighthouse at night" K1 Square Medium ×1 for 2, picture 1 of 1, from 0, place 0, wait Some(20) / [Cancel #0]
    answer tap
    "#);
}

#[test]
fn an_option_that_is_chosen_is_remembered() {
    assert_snapshot!(pressed(press_facts(customer(5), Verb::SetShape, 3)), @r#"
    ChooseOptions { account: 1, options: Options { resolution: K1, shape: Wide, quality: Medium, background: Auto, count: 1 } }
    edit message 20 in telegram:7: Settings(Options { resolution: K1, shape: Wide, quality: Medium, background: Auto, count: 1 }) / [Resolution(K1, Yes) = SetResolution 1] [Resolution(K2, No) = SetResolution 2] [Resolution(K4, No) = SetResolution 4] / [Shape(Square, No) = SetShape 0] [Shape(Landscape, No) = SetShape 1] [Shape(Portrait, No) = SetShape 2] / [Shape(Wide, Yes) = SetShape 3] [Shape(Tall, No) = SetShape 4] / [Quality(Low, No) = SetQuality 0] [Quality(Medium, Yes) = SetQuality 1] [Quality(High, No) = SetQuality 2] / [Count(1, Yes) = SetCount 1] [Count(2, No) = SetCount 2] [Count(3, No) = SetCount 3] [Count(4, No) = SetCount 4] / [Background(Auto, Yes) = SetBackground 0] [Background(Opaque, No) = SetBackground 1] [Background(Transparent, No) = SetBackground 2]
    answer tap
    "#);
}

#[test]
fn an_option_beyond_the_plan_is_not_chosen() {
    assert_snapshot!(pressed(press_facts(customer(5), Verb::SetResolution, 4)), @r#"
    answer tap alert: NotInPlan { resolution: K4, included: K1, plan: Some("pro") }
    "#);
}

#[test]
fn a_language_button_answers_in_that_language() {
    let facts = Facts::Press(press_facts(customer(5), Verb::SetLanguage, 1));
    let event = Event::ButtonPressed(press(Setting::Private));
    let effects = follows_at(&house(), PRIVATE, &facts, &event);
    let chinese = effects.iter().filter(|effect| match effect {
        crate::effect::Effect::Send(sent) => sent.language == crate::account::Language::ZhCn,
        crate::effect::Effect::AnswerTap { language, .. } => {
            *language == crate::account::Language::ZhCn
        }
        _ => false,
    });
    assert_eq!(chinese.count(), 2);
}

#[test]
fn the_tray_can_be_cleared_once() {
    let mut customer = customer(5);
    customer.tray = vec![Reference::Media(media("t"))];
    customer.tray_id = Some(TrayId(30));
    assert_snapshot!(pressed(press_facts(customer, Verb::ClearTray, 0)), @r#"
    ClearTimer { id: "tray:telegram:7:telegram:7" }
    EmptyTray { conversation: ("telegram:7"), identity: ("telegram:7") }
    edit Question(30) in telegram:7: TrayCleared
    answer tap
    "#);
    assert_snapshot!(pressed(press_facts(super::world::customer(5), Verb::ClearTray, 0)), @"answer tap: Stale");
}

#[test]
fn a_kept_picture_opens_with_all_its_buttons() {
    assert_snapshot!(pressed(about_picture(Verb::OpenPicture)), @r#"
    send as Question(81) in telegram:7: Picture { artifact: 81, caption: Some(Verbatim(Text { text: "a fox", spans: [] })) } / [Again 50] [Change 81] [Larger(4) 81] / [Original 81] [More 81]
    answer tap
    "#);
}

#[test]
fn a_page_of_the_history_is_turned_in_place() {
    let page =
        HistoryPage { pictures: vec![kept()], total: 9, older: false, gallery: String::new() };
    let facts =
        PressFacts { history: Some(page), ..press_facts(customer(5), Verb::HistoryPage, 99) };
    assert_snapshot!(pressed(facts), @r#"
    edit message 20 in telegram:7: History { pictures: [HistoryLine { prompt: "a fox", made_at: 1699999940000, kept_until: 1700000001000 }], total: 9, gallery: - } / [Picture(1) = OpenPicture 81] / [Newer = HistoryPage 0]
    answer tap
    "#);
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
