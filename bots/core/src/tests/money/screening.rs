//! Words are screened before anything is set aside for them.

use std::{format, vec, vec::Vec};

use super::*;
use crate::{
    errand::Screening,
    generation::{Options, Resolution},
};

/// A house that screens words first.
fn screening_house() -> House {
    House { screening: true, ..house() }
}

fn screened(state: RequestState, end: ErrandEnd, available: i64) -> String {
    then(request(state), Screening::default(), end, available)
}

fn then(asked: Request, then: Screening, end: ErrandEnd, available: i64) -> String {
    let what = Errand::Screen { request: RequestId(50), identity: ada().identity, then };
    let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(9), what, end });
    let facts = MessageFacts { started: Some(asked), ..message_facts(customer(available)) };
    let facts = Facts::Message(facts);
    folded(&lines::lines(CAUSE, &follows_at(&screening_house(), PRIVATE, &facts, &event)))
}

#[test]
fn words_are_screened_before_anything_is_set_aside() {
    let asked = Event::MessageReceived(message("a fox"));
    let facts = Facts::Message(message_facts(customer(10)));
    let effects = follows_at(&screening_house(), PRIVATE, &facts, &asked);
    let holds = effects.iter().any(|it| matches!(it, Effect::Hold { .. } | Effect::Generate(_)));
    assert!(!holds);
    assert_snapshot!(folded(&lines::lines(CAUSE, &effects)), @r#"
    open request #0 Checking: "a fox" K1 Square Medium ×1 each 2 cheaper - references []
        parent -
    RunErrand(NewErrand { id: ErrandId(#1), name: "screen:#1", conversation: "telegram:7",
        errand: Screen { request: #0, identity: "telegram:7", then: Screening { wanted: -,
        reduced: false, agreed: false } }, until: 1700000090000 })
    send as Question(#0) in telegram:7 silently: Checking / [Cancel #0]
    "#);
    let (checking, answered) =
        (RequestState::Checking, |allowed| ErrandEnd::Brought(Brought::Screened { allowed }));
    assert_snapshot!(screened(checking, answered(true), 10), @r#"
    UpdateRequest { id: 50, state: Open, change: - }
    ClearTimer { id: "request:50" }
    hold 2 as #1 for #0 of purse 2
    generate #0 of 50 with hold #1 number 1 tag 41
    send as Generation(#0) in telegram:7: Making "a fox" K1 Square Medium ×1 for 2, picture
        1 of 1, from 0, place 0, wait Some(20) / [Cancel 50] [SupportLink
        https://help.example]
    edit Question(50) in telegram:7 silently: Removed
    "#);
    assert_snapshot!(screened(checking, answered(true), 1), @r#"
    UpdateRequest { id: 50, state: Unpaid, change: Some(RequestChange { prompt: "a fox",
        options: { K1, Square, Medium, Auto, count: 1 }, price_each: 2, screened: true }) }
    set timer request:50 at 1700086400000: RequestLapsed
    edit Question(50) in telegram:7: OutOfCredits { price: 2, available: Some(1), cheaper:
        -, offer: Some(Offer { packs: [OfferLine { id: "starter", credits: 100, price: "9.90
        USD", terms: - }], plans: [OfferLine { id: "pro", credits: 500, price: "19.90 USD",
        terms: Some(PlanTerms { unlocks: Entitlement { plan: Some("pro"), max_K4, queue_max:
        3, pictures_max: 4, retention_days: 30 }, period: Month, lapse_days: - }) }] }) } /
        [Buy 0] [Cancel 50] / [AskHuman 50] [SupportLink https://help.example]
    "#);
    assert_snapshot!(screened(checking, answered(false), 10), @r"
    CountStrike { account: 1 }
    UpdateRequest { id: 50, state: Failed, change: - }
    edit Question(50) in telegram:7: Failed { failure: Refused, available: Some(10), part:
        Part { number: 1, count: 1 } } / [TryAgain 50] [ChangeWords 50] / [AskHuman 50]
        [SupportLink https://help.example]
    ");
    let late = || ErrandEnd::Failed(ErrandFailure::TooLate);
    assert_snapshot!(screened(checking, late(), 10), @r"
    UpdateRequest { id: 50, state: Failed, change: - }
    edit Question(50) in telegram:7: Failed { failure: Overloaded, available: Some(10),
        part: Part { number: 1, count: 1 } } / [TryAgain 50] [ChangeWords 50] / [AskHuman
        50] [SupportLink https://help.example]
    ");
    for state in [RequestState::Cancelled, RequestState::Open, RequestState::Settled] {
        assert_eq!(screened(state, answered(true), 10), "", "{state:?}");
        assert_eq!(screened(state, late(), 10), "", "{state:?}");
    }
}

/// Words that cost more than is spent without asking, that cannot be paid, and that want more than
/// the plan includes: nobody is asked about anything before they are let through.
#[test]
fn words_are_screened_before_anything_is_asked_about_them() {
    for (text, available) in
        [("a fox --x4", 0), ("a fox --x4", 100), ("a fox --4k", 100), ("a fox", 0)]
    {
        let facts = Facts::Message(message_facts(customer(available)));
        let asked = Event::MessageReceived(message(text));
        let effects = follows_at(&screening_house(), PRIVATE, &facts, &asked);
        let said: Vec<_> = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Send(sent) => Some(format!("{:?}", sent.body)),
                _ => None,
            })
            .collect();
        assert_eq!(said, ["Say(Checking)"], "{text}");
        assert!(lines::lines(CAUSE, &effects).contains("errand: Screen"), "{text}");
    }
}

#[test]
fn what_was_let_through_is_asked_about_then_and_not_screened_again() {
    let let_through = || ErrandEnd::Brought(Brought::Screened { allowed: true });
    let costly = || Request { price_each: Credits(40), ..request(RequestState::Checking) };
    let asked = then(costly(), Screening::default(), let_through(), 100);
    assert!(asked.contains("edit Question(50)") && asked.contains("ConfirmPrice"), "{asked}");
    assert!(asked.contains("state: Asking") && asked.contains("screened: true"), "{asked}");
    assert!(!asked.contains("hold") && asked.contains("set timer request:50"), "{asked}");
    let agreed = Screening { agreed: true, ..Screening::default() };
    assert!(then(costly(), agreed, let_through(), 100).contains("hold 40"));
    let options = Options { resolution: Resolution::K4, ..Options::default() };
    let more = Screening { wanted: Some(options), ..Screening::default() };
    let beyond = then(request(RequestState::Checking), more, let_through(), 100);
    assert!(beyond.contains("NotInPlan") && beyond.contains("state: Asking"), "{beyond}");
    // It was kept until it was paid: its words were let through before.
    for (screened, holds) in [(true, true), (false, false)] {
        let waiting = Request { screened, ..request(RequestState::Unpaid) };
        let mut visitor = customer(100);
        let open = OpenRequest { request: waiting.clone(), generations: vec![] };
        visitor.open.push(open);
        let facts =
            PressFacts { request: Some(waiting), ..press_facts(visitor, Verb::Confirm, 50) };
        let press = Event::ButtonPressed(press(Setting::Private));
        let effects = follows_at(&screening_house(), PRIVATE, &Facts::Press(facts), &press);
        let line = lines::lines(CAUSE, &effects);
        assert_eq!(line.contains("hold 2"), holds, "{line}");
        assert_eq!(line.contains("errand: Screen"), !holds, "{line}");
    }
}
