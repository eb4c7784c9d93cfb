//! Groups: everybody pays for themselves, and nothing private is told.

use std::{string::String, vec};

use insta::assert_snapshot;

use super::world::*;
use crate::{
    event::{Event, Message, Setting},
    facts::*,
    generation::GenerationState as Is,
    id::RequestId,
    say::{Say, Verb},
};

fn in_group(facts: MessageFacts, text: &str) -> String {
    let message = Message { setting: Setting::Group, ..message(text) };
    at(GROUP, Facts::Message(facts), Event::MessageReceived(message))
}

#[test]
fn a_prompt_in_a_group_answers_its_message_and_obeys_only_its_asker() {
    assert_snapshot!(folded(&in_group(message_facts(customer(10)), "a fox")), @r#"
    open request #0 Open: "a fox" K1 Square Medium ×1 each 2 cheaper - references [] parent
        -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:-5 answering 10: Making "a fox" K1 Square Medium ×1
        for 2, picture 1 of 1, from 0, place 0, wait Some(20) / [Cancel #0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn a_new_member_gets_an_account_of_their_own() {
    assert_snapshot!(folded(&in_group(message_facts(None), "a fox")), @r#"
    OpenAccount { account: #0, purse: #1, person: Person { identity: "telegram:7", name:
        "Ada", language: Some(En) }, language: En, home: - }
    Grant { entry: #2, purse: #1, credits: 3, source: "trial:telegram:7", reason: Trial,
        note: - }
    open request #3 Open: "a fox" K1 Square Medium ×1 each 2 cheaper - references [] parent
        -
    hold 2 as #5 for #4 of purse #1
    generate #4 of #3 with hold #5 number 1 tag 41
    send as Generation(#4) in telegram:-5 answering 10: Making "a fox" K1 Square Medium ×1
        for 2, picture 1 of 1, from 0, place 0, wait Some(20) / [Cancel #3] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn a_start_in_a_group_tells_no_credits() {
    assert!(in_group(message_facts(None), "/start").contains("Welcome { trial: 0 }"));
}

#[test]
fn balance_history_and_a_human_are_answered_in_private_only() {
    for command in ["/balance", "/buy", "充值", "/history", "/support", "人工"] {
        let effects = in_group(message_facts(customer(10)), command);
        assert!(effects.ends_with("InPrivateOnly"), "{command}: {effects}");
    }
}

#[test]
fn missing_credits_are_told_without_the_balance() {
    let effects = in_group(message_facts(customer(1)), "a fox");
    let told = "OutOfCredits { price: 2, available: -, cheaper: -, offer: - } / [Cancel #0]";
    assert!(effects.contains(told), "{effects}");
}

#[test]
fn a_cancelled_request_tells_no_balance() {
    let mut customer = with_open(customer(10), Is::Held);
    let request = &mut customer.open[0].request;
    request.setting = Setting::Group;
    request.conversation = GROUP.into();
    let effects = in_group(message_facts(customer), "/cancel");
    assert!(effects.contains("Cancelled { available: - }"), "{effects}");
    assert!(!effects.contains("available: Some"), "{effects}");
}

#[test]
fn who_has_shut_us_out_is_served_in_a_group_and_not_told_private_things_there() {
    let owed = Owed {
        artifact: kept().artifact,
        request: crate::id::RequestId(50),
        generation: crate::id::GenerationId(61),
    };
    let away = Customer { reachable: false, owed: std::vec![owed], ..customer(10) };
    let effects = in_group(message_facts(away), "a fox");
    assert!(effects.starts_with("open request"), "{effects}");
    assert!(!effects.contains("Picture"), "{effects}");
}

#[test]
fn a_picture_for_a_group_is_shown_to_whoever_has_shut_us_out_in_private() {
    let mut facts = generation_facts(1, &[generation(1, Is::Submitted)]);
    facts.request.as_mut().unwrap().setting = Setting::Group;
    facts.reachable = false;
    let effects = at(GROUP, Facts::Generation(facts), finished(1));
    assert!(effects.contains("edit Generation(61)"), "{effects}");
}

#[test]
fn a_private_button_in_a_group_answers_in_private_only() {
    let facts = Facts::Press(press_facts(customer(10), Verb::AskHuman, 0));
    let event = Event::ButtonPressed(press(Setting::Group));
    assert_snapshot!(folded(&at(GROUP, facts, event)), @r#"
    answer tap alert: InPrivateOnly
    "#);
}

#[test]
fn somebody_elses_button_does_nothing() {
    let mut facts = press_facts(customer(10), Verb::Cancel, 50);
    facts.action = PressedAction::Foreign;
    facts.request = Some(request(RequestState::Open));
    let event = Event::ButtonPressed(press(Setting::Group));
    let effects = at(GROUP, Facts::Press(facts), event);
    assert_eq!(effects, std::format!("answer tap alert: {:?}", Say::NotYours));
}

#[test]
fn words_awaited_for_a_human_are_awaited_in_private_only() {
    let awaiting = Some(Awaiting::CaseCause { request: None });
    let customer = Customer { awaiting, ..customer(10) };
    let effects = in_group(message_facts(customer), "a fox");
    assert!(effects.contains("hold 2"), "{effects}");
}

#[test]
fn in_a_group_changes_and_new_words_are_asked_for_as_an_answer() {
    let pressed =
        |facts| at(GROUP, Facts::Press(facts), Event::ButtonPressed(press(Setting::Group)));
    let change = press_facts(customer(10), Verb::Change, 81);
    let change = pressed(PressFacts { kept: Some(kept()), ..change });
    assert!(change.contains("about Beside(81): ChangeByReply"), "{change}");
    let words = press_facts(customer(10), Verb::ChangeWords, 50);
    let request = Some(request(RequestState::Settled));
    let words = pressed(PressFacts { request, ..words });
    assert!(words.contains("NewWordsByReply"), "{words}");
}

#[test]
fn words_asked_for_in_a_group_are_taken_from_an_answer() {
    let awaiting = Some(Awaiting::Words { request: RequestId(50), count: 1 });
    let started = Request {
        references: vec![Reference::Media(media("r"))],
        ..request(RequestState::Settled)
    };
    let customer = Customer { awaiting, ..customer(10) };
    let facts = MessageFacts { started: Some(started), ..message_facts(customer) };
    let words = Message { setting: Setting::Group, ..reply("an owl", "30", true) };
    let said = at(GROUP, Facts::Message(facts), Event::MessageReceived(words));
    assert!(said.contains("references [Media({ handle: \"r\""), "{said}");
}
