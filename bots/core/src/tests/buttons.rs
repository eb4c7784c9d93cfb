//! Presses of buttons that are about pictures and about what is remembered.

use std::{boxed::Box, string::String, vec};

use insta::assert_snapshot;

use super::world::*;
use crate::{
    account::Language,
    credits::Credits,
    effect::Effect,
    event::{Event, Setting},
    facts::*,
    generation::{GenerationState as Is, Options, Resolution},
    id::*,
    say::Verb,
};

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
fn change_waits_for_words_about_this_picture() {
    assert_snapshot!(folded(&pressed(about_picture(Verb::Change))), @r#"
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(Change {
        artifact: 81 }) }
    send in telegram:7 about Beside(81): ChangeHow
    answer tap
    "#);
}

#[test]
fn larger_makes_the_same_picture_larger() {
    assert_snapshot!(folded(&pressed(about_picture(Verb::Larger))), @r#"
    open request #0 Open: "a fox" K2 Square Medium ×1 each 4 cheaper - references
        [Artifact(81)] parent Some(81)
    hold 4 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "a fox" K2 Square Medium ×1 for 4, picture
        1 of 1, from 1, place 0, wait - / [Cancel #0] [SupportLink https://help.example]
    answer tap
    "#);
}

#[test]
fn larger_beyond_the_plan_says_which_plan_has_it() {
    let mut facts = about_picture(Verb::Larger);
    facts.customer.as_mut().unwrap().account.entitlement = free();
    assert_snapshot!(folded(&pressed(facts)), @r#"
    send in telegram:7: NotInPlan { K2, included: K1, plan: Some("pro"), instead: - } / [Buy
        0] / [AskHuman 50] [SupportLink https://help.example]
    answer tap
    "#);
}

#[test]
fn the_original_goes_as_a_file_and_never_twice() {
    assert_snapshot!(folded(&pressed(about_picture(Verb::Original))), @r#"
    send in telegram:7 never twice about Original(81): Original { artifact: 81, file_name:
        "picture-81.png" }
    answer tap
    "#);
}

#[test]
fn more_buttons_take_the_place_of_the_few() {
    assert_snapshot!(folded(&pressed(about_picture(Verb::More))), @r#"
    edit message 20 in telegram:7: Keys / [Again 50] [Change 81] [Larger(4) 81] / [Original
        81] / [MakeFour(8) 50] [UseAsReference 81] / [DeleteNow 81] [AskHumanAbout 50]
        [SupportLink https://help.example]
    answer tap
    "#);
}

#[test]
fn a_picture_can_be_used_as_a_reference() {
    assert_snapshot!(folded(&pressed(about_picture(Verb::UseAsReference))), @r#"
    PutInTray { id: #0, conversation: "telegram:7", identity: "telegram:7", reference:
        Artifact(81) }
    set timer tray:telegram:7:telegram:7 at 1700086400000: TrayLapsed
    send as Question(#0) in telegram:7: Tray { count: 1 } / [ClearTray 0]
    answer tap
    "#);
}

#[test]
fn a_deleted_picture_goes_from_every_message() {
    assert_snapshot!(folded(&pressed(about_picture(Verb::Delete))), @r#"
    DeleteArtifact { artifact: 81 }
    edit Generation(61) in telegram:7 silently: Removed
    edit Question(81) in telegram:7 silently: Removed
    edit Receipt(50) in telegram:7 silently: Deleted / [Again 50]
    answer tap: Deleted
    "#);
}

#[test]
fn a_picture_asked_for_among_others_is_deleted_there() {
    let mut facts = about_picture(Verb::Delete);
    facts.kept.as_mut().unwrap().request.conversation = "telegram:-9".into();
    assert_snapshot!(folded(&pressed(facts)), @r#"
    DeleteArtifact { artifact: 81 }
    edit Generation(61) in telegram:-9 silently: Removed
    edit Question(81) in telegram:7 silently: Removed
    edit Receipt(50) in telegram:-9 silently: Deleted / [Again 50]
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
fn an_example_is_a_prompt_like_any_other() {
    assert_snapshot!(folded(&pressed(press_facts(customer(5), Verb::Example, 2))), @r#"
    open request #0 Open: "A lighthouse at night" K1 Square Medium ×1 each 2 cheaper -
        references [] parent -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "A lighthouse at night" K1 Square Medium ×1
        for 2, picture 1 of 1, from 0, place 0, wait Some(20) / [Cancel #0] [SupportLink
        https://help.example]
    answer tap
    "#);
}

#[test]
fn an_option_that_is_chosen_is_remembered() {
    assert_snapshot!(folded(&pressed(press_facts(customer(5), Verb::SetShape, 3))), @r#"
    Choose{ account: 1, options: { K1, Wide, Medium, Auto, count: 1 } }
    edit message 20 in telegram:7: Settings({ K1, Wide, Medium, Auto, count: 1 }) /
        [Resolution(K1, Yes) = SetResolution 1] [Resolution(K2, No) = SetResolution 2]
        [Resolution(K4, No) = SetResolution 4] / [Shape(Square, No) = SetShape 0]
        [Shape(Landscape, No) = SetShape 1] [Shape(Portrait, No) = SetShape 2] /
        [Shape(Wide, Yes) = SetShape 3] [Shape(Tall, No) = SetShape 4] / [Quality(Low, No) =
        SetQuality 0] [Quality(Medium, Yes) = SetQuality 1] [Quality(High, No) = SetQuality
        2] / [Count(1, Yes) = SetCount 1] [Count(2, No) = SetCount 2] [Count(3, No) =
        SetCount 3] [Count(4, No) = SetCount 4] / [Background(Auto, Yes) = SetBackground 0]
        [Background(Opaque, No) = SetBackground 1] [Background(Transparent, No) =
        SetBackground 2]
    answer tap
    "#);
}

#[test]
fn an_option_beyond_the_plan_is_not_chosen() {
    assert_snapshot!(folded(&pressed(press_facts(customer(5), Verb::SetResolution, 4))), @r#"
    answer tap alert: NotInPlan { K4, included: K1, plan: Some("pro"), instead: - }
    "#);
}

#[test]
fn a_language_button_answers_in_that_language() {
    let facts = Facts::Press(press_facts(customer(5), Verb::SetLanguage, 1));
    let event = Event::ButtonPressed(press(Setting::Private));
    let effects = follows_at(&house(), PRIVATE, &facts, &event);
    let chinese = effects.iter().filter(|effect| match effect {
        Effect::Send(sent) => sent.language == Language::ZhCn,
        Effect::AnswerTap { language, .. } => *language == Language::ZhCn,
        _ => false,
    });
    assert_eq!(chinese.count(), 2);
}

#[test]
fn the_tray_can_be_cleared_once() {
    let mut customer = customer(5);
    customer.tray = vec![Reference::Media(media("t"))];
    customer.tray_id = Some(TrayId(30));
    assert_snapshot!(folded(&pressed(press_facts(customer, Verb::ClearTray, 0))), @r#"
    ClearTimer { id: "tray:telegram:7:telegram:7" }
    EmptyTray { conversation: "telegram:7", identity: "telegram:7" }
    edit Question(30) in telegram:7: TrayCleared
    answer tap
    "#);
    let empty = press_facts(super::world::customer(5), Verb::ClearTray, 0);
    assert_snapshot!(folded(&pressed(empty)), @r#"
    answer tap: Stale
    "#);
}

#[test]
fn a_kept_picture_opens_with_all_its_buttons() {
    assert_snapshot!(folded(&pressed(about_picture(Verb::OpenPicture))), @r#"
    send as Question(81) in telegram:7: Picture { artifact: 81, caption: Some(Verbatim(Text
        { text: "a fox", spans: [] })) } / [Again 50] [Change 81] [Larger(4) 81] / [Original
        81] [More 81] [SupportLink https://help.example]
    answer tap
    "#);
}

#[test]
fn a_page_of_the_history_is_turned_in_place() {
    let page =
        HistoryPage { pictures: vec![kept()], total: 9, older: false, gallery: String::new() };
    let facts =
        PressFacts { history: Some(page), ..press_facts(customer(5), Verb::HistoryPage, 99) };
    assert_snapshot!(folded(&pressed(facts)), @r#"
    edit message 20 in telegram:7: History { pictures: [HistoryLine { prompt: "a fox",
        made_at: 1699999940000, kept_until: 1700000001000 }], total: 9, gallery: - } /
        [Picture(1) = OpenPicture 81] / [Newer = HistoryPage 0]
    answer tap
    "#);
}

#[test]
fn a_picture_deleted_before_it_came_where_it_was_asked_for_is_paid_for() {
    let mut facts = about_picture(Verb::Delete);
    facts.kept.as_mut().unwrap().request.state = RequestState::Open;
    facts.generations = vec![generation(1, Is::Made)];
    facts.customer.as_mut().unwrap().account.purse.pending = Credits(2);
    assert_snapshot!(folded(&pressed(facts)), @r#"
    DeleteArtifact { artifact: 81 }
    edit Generation(61) in telegram:7 silently: Removed
    edit Question(81) in telegram:7 silently: Removed
    PostHold { hold: 71 }
    SettleGeneration { generation: 61, state: Delivered, failure: - }
    UpdateRequest { id: 50, state: Settled, change: - }
    send as Receipt(50) in telegram:7: Receipt(Receipt { charged: 2, pictures: 1, asked: 1,
        available: Some(18), kept_until: 0 }) / [Again 50] [SupportLink
        https://help.example]
    answer tap: Deleted
    "#);
}

#[test]
fn larger_and_examples_pressed_twice_are_made_once() {
    let parent = Some(ArtifactId(81));
    let references = vec![Reference::Artifact(ArtifactId(81))];
    let options = Options { resolution: Resolution::K2, ..Options::default() };
    let newest = Request {
        id: RequestId(51),
        asked_at: NOW - 1,
        parent,
        references,
        options,
        ..request(RequestState::Open)
    };
    let larger = PressFacts { newest: Some(Box::new(newest)), ..about_picture(Verb::Larger) };
    assert_eq!(pressed(larger), "answer tap: Done");
    let newest = Request {
        prompt: "A lighthouse at night".into(),
        message: None,
        asked_at: NOW - 1,
        ..request(RequestState::Open)
    };
    let example = press_facts(customer(5), Verb::Example, 2);
    assert_eq!(
        pressed(PressFacts { newest: Some(Box::new(newest)), ..example }),
        "answer tap: Done"
    );
}
