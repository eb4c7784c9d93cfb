//! Words that may be for the person who helps, or for a picture.

use std::{vec, vec::Vec};

use insta::assert_snapshot;

use super::world::*;
use crate::{
    event::{Event, Message, Setting},
    facts::*,
    id::MessageId,
    say::Verb,
};

/// Somebody whose matter was just talked about.
fn talking() -> Customer {
    Customer { case: Some(Case { expects_until: NOW + 1, ..case() }), ..customer(5) }
}

fn undecided(messages: Vec<Message>) -> Customer {
    Customer { awaiting: Some(Awaiting::Meant { question: 70, messages }), ..talking() }
}

#[test]
fn words_after_a_persons_words_are_asked_about() {
    let effects = said(message_facts(talking()), message("the second one"));
    assert!(effects.contains("SupportMeant { code: \"S-1042\", count: 1 }"), "{effects}");
    assert!(effects.contains("[ForThePerson #0]"), "{effects}");
    assert!(!effects.contains("hold"), "{effects}");
    // So are greetings, and pictures without words.
    let effects = said(message_facts(talking()), message("hello"));
    assert!(effects.contains("SupportMeant"), "{effects}");
    let shown = Message { attachments: vec![photo("p")], ..message("") };
    let effects = said(message_facts(talking()), shown);
    assert!(effects.contains("SupportMeant") && !effects.contains("Tray"), "{effects}");
    // That they sign in meanwhile changes nothing about it.
    let code = Awaiting::LinkEmailCode { email: "ada@example.com".into(), tries: 0 };
    for awaiting in [Awaiting::LinkEmail, code] {
        let signing_in = Customer { awaiting: Some(awaiting), ..talking() };
        let effects = said(message_facts(signing_in), message("the second one"));
        assert!(effects.contains("SupportMeant") && !effects.contains("hold"), "{effects}");
    }
}

#[test]
fn words_that_are_surely_a_prompt_are_drawn() {
    let long_ago = Case { expects_until: NOW, ..case() };
    let for_a_picture = Case { expects_from: NOW + 1, expects_until: NOW + 2, ..case() };
    let elsewhere = Case { conversation: "telegram:8".into(), expects_until: NOW + 1, ..case() };
    for case in [long_ago, for_a_picture, elsewhere] {
        let customer = Customer { case: Some(case), ..customer(5) };
        let effects = said(message_facts(customer), message("a fox"));
        assert!(effects.contains("hold 2"), "{effects}");
    }
    // Who says that it is one has said it.
    let effects = said(message_facts(talking()), message("/imagine a fox"));
    assert!(effects.contains("hold 2"), "{effects}");
    let of_a_picture = MessageFacts { replied: Some(kept()), ..message_facts(talking()) };
    let effects = said(of_a_picture, reply("make it blue", "30", true));
    assert!(effects.contains("hold"), "{effects}");
}

#[test]
fn words_are_asked_about_whatever_else_waits_or_is_over() {
    let closed = Case { closed: true, closed_at: NOW, expects_until: NOW + 1, ..case() };
    let closed = Customer { case: Some(closed), ..customer(5) };
    let with_tray = Customer { tray: vec![Reference::Media(media("p"))], ..talking() };
    for customer in [closed, with_tray] {
        let effects = said(message_facts(customer), message("yes please"));
        assert!(effects.contains("SupportMeant"), "{effects}");
    }
    // A reply to words of their own is no other.
    let effects = said(message_facts(talking()), reply("A4 landscape", "9", false));
    assert!(effects.contains("SupportMeant"), "{effects}");
}

#[test]
fn more_words_stand_under_the_same_question_and_none_is_left_out() {
    let customer = undecided(vec![message("the second one")]);
    let more = Message { id: "11".into(), ..message("of the reds") };
    let effects = said(message_facts(customer), more);
    let question = "edit Question(70) in telegram:7";
    assert!(effects.contains(question) && effects.contains("count: 2"), "{effects}");
    let many: Vec<Message> =
        (0..10).map(|n| Message { id: MessageId(std::format!("2{n}")), ..message("x") }).collect();
    let effects = said(message_facts(undecided(many)), message("y"));
    assert_eq!(effects.matches("text: \"x\"").count(), 10, "{effects}");
    assert!(effects.contains("count: 1"), "{effects}");
}

#[test]
fn a_prompt_that_says_so_is_one_also_where_words_for_a_case_were_asked_for() {
    let asked = Awaiting::CaseWords { cause: crate::say::Cause::Other, request: None };
    let customer = Customer { awaiting: Some(asked), ..customer(5) };
    let effects = said(message_facts(customer), message("/imagine a fox"));
    assert!(effects.contains("hold 2") && !effects.contains("OpenEscalation"), "{effects}");
}

#[test]
fn all_pictures_of_what_waits_reach_the_person() {
    let four = || (0..4).map(|n| photo(&std::format!("p{n}"))).collect();
    let album = |id: &str| Message { id: id.into(), attachments: four(), ..message("") };
    let customer = undecided(vec![album("11"), album("12")]);
    let effects = pressed(press_facts(customer, Verb::ForThePerson, 70));
    assert_eq!(effects.matches("Forward").count(), 8, "{effects}");
}

#[test]
fn an_older_question_decides_nothing() {
    let customer = undecided(vec![message("my password is abc")]);
    let effects = pressed(press_facts(customer, Verb::ForAPicture, 69));
    assert!(effects.contains("answer tap: Stale") && !effects.contains("hold"), "{effects}");
}

#[test]
fn words_whose_case_is_not_theirs_any_more_open_another() {
    let customer = Customer { case: None, ..undecided(vec![message("it is important")]) };
    let effects = pressed(press_facts(customer, Verb::ForThePerson, 70));
    assert!(effects.contains("OpenEscalation") && effects.contains("it is important"), "{effects}");
}

#[test]
fn for_the_person_all_that_waits_goes_to_the_person() {
    let shown = Message { id: "11".into(), attachments: vec![photo("p")], ..message("") };
    let customer = undecided(vec![message("the second one"), shown]);
    assert_snapshot!(folded(&pressed(press_facts(customer, Verb::ForThePerson, 70))), @r#"
    ClearTimer { id: "awaiting:telegram:7:telegram:7" }
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: - }
    edit Question(70) in telegram:7 silently: Removed
    send in telegram:-100:44 about TopicLine(90): CustomerWrote { name: "Ada", text: "the
        second one" }
    send in telegram:-100:44 about TopicLine(90): Forward { media: { handle: "p", unique:
        "p" }, from: "telegram:7", caption: CustomerWrote { name: "Ada", text: "" } }
    ExpectWords { escalation: 90, from: 0, until: 1700259200000 }
    send in telegram:7 about Matter(90): SupportPassedOn
    answer tap
    "#);
}

#[test]
fn for_a_picture_it_is_drawn_and_not_asked_again() {
    let customer = undecided(vec![message("a fox"), message("in the snow")]);
    assert_snapshot!(folded(&pressed(press_facts(customer, Verb::ForAPicture, 70))), @r#"
    ClearTimer { id: "awaiting:telegram:7:telegram:7" }
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: - }
    edit Question(70) in telegram:7 silently: Removed
    ExpectWords { escalation: 90, from: 1700001800000, until: 1700000000001 }
    open request #1 Open: "a fox\nin the snow" K1 Square Medium ×1 each 2 cheaper -
        references [] parent -
    hold 2 as #3 for #2 of purse 2
    generate #2 of #1 with hold #3 number 1 tag 41
    send as Generation(#2) in telegram:7: Making "a fox\nin the snow" K1 Square Medium ×1
        for 2, picture 1 of 1, from 0, place 0, wait Some(20) / [Cancel #1] [SupportLink
        https://help.example]
    answer tap
    "#);
}

#[test]
fn who_does_not_say_is_understood_by_the_person() {
    let customer = undecided(vec![message("the second one")]);
    let event = Event::AwaitingLapsed { identity: customer.identity.clone() };
    assert_snapshot!(
        folded(&at(PRIVATE, Facts::Message(message_facts(customer)), event)), @r#"
    ClearTimer { id: "awaiting:telegram:7:telegram:7" }
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: - }
    edit Question(70) in telegram:7 silently: Removed
    send in telegram:-100:44 about TopicLine(90): CustomerWrote { name: "Ada", text: "the
        second one" }
    ExpectWords { escalation: 90, from: 0, until: 1700259200000 }
    send in telegram:7 about Matter(90): SupportPassedOn
    "#);
}

#[test]
fn turning_to_something_else_leaves_no_words_behind() {
    let customer = undecided(vec![message("the second one")]);
    let effects = said(message_facts(customer), message("/support it is blue"));
    let (first, second) = ("text: \"the second one\"", "text: \"it is blue\"");
    let both: Vec<usize> = [first, second].iter().filter_map(|one| effects.find(one)).collect();
    assert!(both.len() == 2 && both[0] < both[1], "{effects}");
}

#[test]
fn cancelled_they_are_for_nobody() {
    let customer = undecided(vec![message("the second one")]);
    let effects = said(message_facts(customer), message("/cancel"));
    assert!(effects.contains("awaiting: -") && !effects.contains("CustomerWrote"), "{effects}");
}

#[test]
fn an_edit_counts_while_they_wait() {
    let customer = undecided(vec![message("the secnd one")]);
    let event = Event::MessageEdited(message("the second one"));
    let effects = at(PRIVATE, Facts::Message(message_facts(customer)), event);
    assert!(effects.contains("text: \"the second one\""), "{effects}");
}

#[test]
fn a_late_press_is_told_so() {
    assert_eq!(pressed(press_facts(talking(), Verb::ForAPicture, 70)), "answer tap: Stale");
}

#[test]
fn an_operators_words_expect_an_answer() {
    let facts = DeskFacts {
        operator: Some(Operator { name: "Mei".into() }),
        case: Some(case()),
        answers_customer: false,
        refundable: None,
        album: None,
    };
    let line = Message { setting: Setting::Desk, ..message("/r which one?") };
    let effects = at(TOPIC, Facts::Desk(facts), Event::MessageReceived(line));
    assert!(effects.contains("ExpectWords { escalation: 90"), "{effects}");
}

#[test]
fn a_picture_after_a_matter_that_is_over_ends_the_asking() {
    let closed = Case { closed: true, closed_at: NOW, expects_until: NOW + 1, ..case() };
    let customer = Customer { case: Some(closed), ..undecided(vec![message("a fox")]) };
    let effects = pressed(press_facts(customer, Verb::ForAPicture, 70));
    assert!(effects.contains("until: 0 }"), "{effects}");
}
