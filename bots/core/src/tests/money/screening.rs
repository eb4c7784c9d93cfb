//! Words are screened before anything is set aside for them.

use super::*;

/// A house that screens words first.
fn screening_house() -> House {
    House { screening: true, ..house() }
}

fn screened(state: RequestState, end: ErrandEnd, available: i64) -> String {
    let what = Errand::Screen { request: RequestId(50), identity: ada().identity };
    let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(9), what, end });
    let facts =
        MessageFacts { started: Some(request(state)), ..message_facts(customer(available)) };
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
        errand: Screen { request: #0, identity: "telegram:7" }, until: 1700000090000 })
    send as Question(#0) in telegram:7 silently: Checking / [Cancel #0]
    "#);
    let (checking, answered) =
        (RequestState::Checking, |allowed| ErrandEnd::Brought(Brought::Screened { allowed }));
    assert_snapshot!(screened(checking, answered(true), 10), @r#"
    UpdateRequest { id: 50, state: Open, change: - }
    ClearTimer { id: "request:50" }
    edit Question(50) in telegram:7 silently: Removed
    hold 2 as #2 for #1 of purse 2
    generate #1 of 50 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "a fox" K1 Square Medium ×1 for 2, picture
        1 of 1, from 0, place 0, wait Some(20) / [Cancel 50] [SupportLink
        https://help.example]
    "#);
    assert_snapshot!(screened(checking, answered(true), 1), @r#"
    UpdateRequest { id: 50, state: Unpaid, change: - }
    set timer request:50 at 1700086400000: RequestLapsed
    edit Question(50) in telegram:7: OutOfCredits { price: 2, available: Some(1), cheaper:
        -, offer: Some(Offer { packs: [OfferLine { id: "starter", credits: 100, price: "9.90
        USD" }], plans: [OfferLine { id: "pro", credits: 500, price: "19.90 USD" }] }) } /
        [Buy 0] [Cancel 50] / [AskHuman 50] [SupportLink https://help.example]
    "#);
    assert_snapshot!(screened(checking, answered(false), 10), @r"
    CountStrike { account: 1 }
    UpdateRequest { id: 50, state: Cancelled, change: - }
    edit Question(50) in telegram:7: Failed { failure: Refused, available: Some(10), part:
        Part { number: 1, count: 1 } } / [TryAgain 50] [ChangeWords 50] / [AskHuman 50]
        [SupportLink https://help.example]
    ");
    let late = || ErrandEnd::Failed(ErrandFailure::TooLate);
    assert_snapshot!(screened(checking, late(), 10), @r"
    UpdateRequest { id: 50, state: Cancelled, change: - }
    edit Question(50) in telegram:7: Failed { failure: Overloaded, available: Some(10),
        part: Part { number: 1, count: 1 } } / [TryAgain 50] [ChangeWords 50] / [AskHuman
        50] [SupportLink https://help.example]
    ");
    for state in [RequestState::Cancelled, RequestState::Open, RequestState::Settled] {
        assert_eq!(screened(state, answered(true), 10), "", "{state:?}");
        assert_eq!(screened(state, late(), 10), "", "{state:?}");
    }
}
