//! The way to a human, from the customer's side.

use std::{string::String, vec};

use insta::assert_snapshot;

use super::world::*;
use crate::{
    event::{Event, Message},
    facts::*,
    id::*,
    say::{Cause, Verb},
};

fn awaiting(awaiting: Awaiting) -> Customer {
    Customer { awaiting: Some(awaiting), ..customer(5) }
}

#[test]
fn asking_for_a_human_asks_what_it_is_about() {
    assert_snapshot!(folded(&said(message_facts(customer(5)), message("talk to a person"))), @r#"
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(CaseCause {
        request: - }) }
    send in telegram:7: SupportCause / [Cause(PlanChoice) = SetCause 0]
        [Cause(PaymentFailure) = SetCause 1] / [Cause(SignInRecovery) = SetCause 2]
        [Cause(ResolutionAccess) = SetCause 3] / [Cause(GenerationError) = SetCause 4]
        [Cause(Privacy) = SetCause 5] / [Cause(Other) = SetCause 6] / [SupportLink
        https://help.example]
    "#);
}

#[test]
fn a_cause_asks_for_words() {
    let customer = awaiting(Awaiting::CaseCause { request: Some(RequestId(50)) });
    assert_snapshot!(folded(&pressed(press_facts(customer, Verb::SetCause, 4))), @r#"
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(CaseWords {
        cause: GenerationError, request: Some(50) }) }
    edit message 20 in telegram:7: SupportWords
    answer tap
    "#);
}

#[test]
fn words_open_a_case() {
    let customer = awaiting(Awaiting::CaseWords { cause: Cause::Privacy, request: None });
    let told = Message { attachments: vec![photo("p")], ..message("what do you keep?") };
    assert_snapshot!(folded(&said(message_facts(customer), told)), @r#"
    ClearTimer { id: "awaiting:telegram:7:telegram:7" }
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: - }
    OpenEscalation(NewEscalation { id: #0, code: "S-7000", account: 1, identity:
        "telegram:7", conversation: "telegram:7", cause: Privacy, request: -, consent:
        false, words: "what do you keep?", pictures: [{ handle: "p", unique: "p" }],
        expects_until: 1700259200000 })
    send as Case(#0) in telegram:-100 about Topic(#0): OpenTopic { name: "S-7000 · Ada" }
    send in telegram:7 about Matter(#0): SupportOpened { code: "S-7000", at: 1700000000000,
        back: Some(ByReply) }
    "#);
}

#[test]
fn words_typed_instead_of_a_cause_open_a_case_and_are_no_prompt() {
    let customer = awaiting(Awaiting::CaseCause { request: None });
    let effects = said(message_facts(customer), message("my picture is blue"));
    assert!(effects.contains("OpenEscalation") && effects.contains("cause: Other"), "{effects}");
}

#[test]
fn words_about_a_request_ask_whether_it_may_be_seen() {
    let request = Some(RequestId(50));
    let customer = awaiting(Awaiting::CaseWords { cause: Cause::GenerationError, request });
    assert_snapshot!(folded(&said(message_facts(customer), message("it is blue"))), @r#"
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(CaseConsent {
        cause: GenerationError, request: 50, words: "it is blue", pictures: [] }) }
    send in telegram:7: SupportConsent / [Yes = ConsentYes 0] [No = ConsentNo 0]
    "#);
}

fn consent() -> Customer {
    awaiting(Awaiting::CaseConsent {
        cause: Cause::GenerationError,
        request: RequestId(50),
        words: "it is blue".into(),
        pictures: vec![],
    })
}

#[test]
fn a_yes_lets_the_helper_see_it() {
    let effects = pressed(press_facts(consent(), Verb::ConsentYes, 0));
    assert!(effects.contains("consent: true"), "{effects}");
    let effects = said(message_facts(consent()), message("Yes"));
    assert!(effects.contains("consent: true"), "{effects}");
}

#[test]
fn anything_but_a_yes_is_a_no() {
    assert_snapshot!(folded(&pressed(press_facts(consent(), Verb::ConsentNo, 0))), @r#"
    edit message 20 in telegram:7: Removed
    ClearTimer { id: "awaiting:telegram:7:telegram:7" }
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: - }
    OpenEscalation(NewEscalation { id: #1, code: "S-7000", account: 1, identity:
        "telegram:7", conversation: "telegram:7", cause: GenerationError, request: Some(50),
        consent: false, words: "it is blue", pictures: [], expects_until: 1700259200000 })
    send as Case(#1) in telegram:-100 about Topic(#1): OpenTopic { name: "S-7000 · Ada" }
    send in telegram:7 about Matter(#1): SupportOpened { code: "S-7000", at: 1700000000000,
        back: Some(ByReply) }
    answer tap
    "#);
    let effects = said(message_facts(consent()), message("and too dark"));
    assert!(effects.contains("consent: false"), "{effects}");
    assert!(effects.contains("it is blue\\nand too dark"), "{effects}");
}

#[test]
fn a_picture_before_the_words_opens_the_case_and_the_words_still_go_there() {
    let awaiting = Awaiting::CaseWords { cause: Cause::GenerationError, request: None };
    let picture = Message { attachments: vec![photo("p")], ..message("") };
    let effects = said(message_facts(self::awaiting(awaiting.clone())), picture);
    assert!(effects.contains("OpenEscalation") && effects.contains("SupportWords"), "{effects}");
    assert!(!effects.contains("awaiting: -"), "their words are still to come: {effects}");
    let mut customer = self::awaiting(awaiting);
    customer.case = Some(case());
    let effects = said(message_facts(customer), message("this is my problem"));
    assert!(effects.contains("CustomerWrote"), "{effects}");
    assert!(effects.contains("awaiting: -") && !effects.contains("Generate"), "{effects}");
}

#[test]
fn a_second_yes_opens_no_second_case() {
    assert_eq!(pressed(press_facts(customer(5), Verb::ConsentYes, 0)), "answer tap: Stale");
}

#[test]
fn without_a_desk_it_says_where_else_a_human_is() {
    let mut house = house();
    house.desk = None;
    let facts = Facts::Message(message_facts(customer(5)));
    let event = Event::MessageReceived(message("/support"));
    let effects = follows_at(&house, PRIVATE, &facts, &event);
    assert_snapshot!(folded(&super::lines::lines(CAUSE, &effects)), @r#"
    send in telegram:7: SupportElsewhere / [SupportLink https://help.example]
    "#);
}

#[test]
fn an_answer_to_an_operator_goes_to_the_case() {
    let facts = MessageFacts { answered: Some(case()), ..message_facts(customer(5)) };
    assert_snapshot!(folded(&said(facts, reply("still blue", "30", true))), @r#"
    send in telegram:-100:44 about TopicLine(90): CustomerWrote { name: "Ada", text: "still
        blue" }
    ExpectWords { escalation: 90, from: 0, until: 1700259200000 }
    send in telegram:7 about Matter(90): SupportPassedOn
    "#);
}

#[test]
fn while_a_case_is_open_plain_words_are_a_prompt() {
    let customer = Customer { case: Some(case()), ..customer(5) };
    let effects = said(message_facts(customer), message("a fox"));
    assert!(effects.contains("hold 2"), "{effects}");
}

#[test]
fn more_words_to_support_go_to_the_open_case() {
    let customer = Customer { case: Some(case()), ..customer(5) };
    assert_snapshot!(folded(&said(message_facts(customer), message("/support still blue"))), @r#"
    send in telegram:-100:44 about TopicLine(90): CustomerWrote { name: "Ada", text: "still
        blue" }
    ExpectWords { escalation: 90, from: 0, until: 1700259200000 }
    send in telegram:7 about Matter(90): SupportPassedOn
    "#);
}

#[test]
fn words_that_come_before_the_topic_come_again() {
    let opening = Case { topic: None, ..case() };
    let facts = MessageFacts { answered: Some(opening), ..message_facts(customer(5)) };
    assert_snapshot!(folded(&said(facts, reply("still blue", "30", true))), @r#"
    set timer case:90:10 at 1700000005000: TopicAwaited
    "#);
}

fn closed(hours_ago: i64) -> Case {
    Case { closed: true, closed_at: NOW - hours_ago * 3_600_000, ..case() }
}

#[test]
fn a_case_opens_again_when_its_customer_answers_in_time() {
    let facts = MessageFacts { answered: Some(closed(71)), ..message_facts(customer(5)) };
    assert_snapshot!(folded(&said(facts, reply("still blue", "30", true))), @r#"
    CloseEscalation { escalation: 90, closed: false }
    send in telegram:-100:44: ReopenTopic
    send in telegram:-100:44 about TopicLine(90): CustomerWrote { name: "Ada", text: "still
        blue" }
    ExpectWords { escalation: 90, from: 0, until: 1700259200000 }
    send in telegram:7 about Matter(90): SupportPassedOn
    "#);
}

#[test]
fn an_answer_after_days_opens_another_case() {
    let facts = MessageFacts { answered: Some(closed(73)), ..message_facts(customer(5)) };
    let effects = said(facts, reply("still blue", "30", true));
    assert!(effects.contains("OpenEscalation"), "{effects}");
}

fn awaited(case: Case, since: i64) -> String {
    let facts = MessageFacts { answered: Some(case), ..message_facts(customer(5)) };
    let message = message("/support still blue");
    let event = Event::TopicAwaited { case: EscalationId(90), message, since };
    at(PRIVATE, Facts::Message(facts), event)
}

#[test]
fn words_that_waited_for_the_topic_go_there() {
    assert_snapshot!(folded(&awaited(case(), NOW - 5_000)), @r#"
    send in telegram:-100:44 about TopicLine(90): CustomerWrote { name: "Ada", text: "still
        blue" }
    ExpectWords { escalation: 90, from: 0, until: 1700259200000 }
    send in telegram:7 about Matter(90): SupportPassedOn
    "#);
}

#[test]
fn a_topic_that_does_not_come_is_not_waited_for_without_end() {
    let opening = || Case { topic: None, ..case() };
    assert_snapshot!(folded(&awaited(opening(), NOW - 5_000)), @r#"
    set timer case:90:10 at 1700000005000: TopicAwaited
    "#);
    assert_snapshot!(folded(&awaited(opening(), NOW - 301_000)), @r#"
    RaiseAlarm { what: "a topic at the desk is not being opened" }
    send in telegram:7: SupportElsewhere / [SupportLink https://help.example]
    "#);
    // Whoever could not open it has said so.
    let given_up = Case { closed: true, closed_at: NOW - 1, ..opening() };
    assert_eq!(awaited(given_up, NOW - 5_000), "");
}

#[test]
fn an_answer_to_a_case_that_never_came_to_the_desk_opens_another() {
    let closed = Case { topic: None, closed: true, closed_at: NOW - 1_000, ..case() };
    let facts = MessageFacts { answered: Some(closed), ..message_facts(customer(5)) };
    assert_snapshot!(folded(&said(facts, reply("still blue", "30", true))), @r#"
    OpenEscalation(NewEscalation { id: #0, code: "S-7000", account: 1, identity:
        "telegram:7", conversation: "telegram:7", cause: GenerationError, request: -,
        consent: false, words: "still blue", pictures: [], expects_until: 1700259200000 })
    send as Case(#0) in telegram:-100 about Topic(#0): OpenTopic { name: "S-7000 · Ada" }
    send in telegram:7 about Matter(#0): SupportOpened { code: "S-7000", at: 1700000000000,
        back: Some(ByReply) }
    "#);
}

fn lapsed(customer: Customer) -> String {
    let event = Event::AwaitingLapsed { identity: customer.identity.clone() };
    at(PRIVATE, Facts::Message(message_facts(customer)), event)
}

#[test]
fn a_question_that_was_forgotten_lapses() {
    assert_snapshot!(folded(&lapsed(awaiting(Awaiting::CaseCause { request: None }))), @r#"
    ClearTimer { id: "awaiting:telegram:7:telegram:7" }
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: - }
    "#);
    assert_eq!(lapsed(customer(5)), "");
}

#[test]
fn words_for_a_human_are_not_lost_with_the_question_about_them() {
    let asked = Awaiting::CaseConsent {
        cause: Cause::GenerationError,
        request: RequestId(50),
        words: "it is blue".into(),
        pictures: vec![],
    };
    assert_snapshot!(folded(&lapsed(awaiting(asked))), @r#"
    ClearTimer { id: "awaiting:telegram:7:telegram:7" }
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: - }
    OpenEscalation(NewEscalation { id: #0, code: "S-7000", account: 1, identity:
        "telegram:7", conversation: "telegram:7", cause: GenerationError, request: Some(50),
        consent: false, words: "it is blue", pictures: [], expects_until: 1700259200000 })
    send as Case(#0) in telegram:-100 about Topic(#0): OpenTopic { name: "S-7000 · Ada" }
    send in telegram:7 about Matter(#0): SupportOpened { code: "S-7000", at: 1700000000000,
        back: Some(ByReply) }
    "#);
}

#[test]
fn nothing_of_long_words_is_cut_off() {
    let words = "a word\n".repeat(1_200);
    let facts = MessageFacts { answered: Some(case()), ..message_facts(customer(5)) };
    let effects = said(facts, message(&words));
    let told: std::vec::Vec<&str> =
        effects.lines().filter(|line| line.contains("CustomerWrote")).collect();
    assert!(told.len() >= 3, "{}", told.len());
    let words: usize = told.iter().map(|line| line.matches("a word").count()).sum();
    assert_eq!(words, 1_200, "{effects}");
    assert!(told.iter().all(|line| line.matches("a word").count() * 7 <= 3_500), "{effects}");
}
