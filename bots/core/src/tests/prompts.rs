//! A prompt: within the plan, at a price, in line.

use std::vec;

use insta::assert_snapshot;

use super::world::*;
use crate::{
    account::Entitlement,
    credits::Credits,
    event::{Event, Message},
    facts::*,
    generation::*,
    id::*,
};

#[test]
fn a_prompt_is_held_put_in_line_and_shown() {
    assert_snapshot!(folded(&said(message_facts(customer(10)), message("a fox in the snow"))), @r#"
    open request #0 Open: "a fox in the snow" K1 Square Medium ×1 each 2 cheaper -
        references [] parent -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "a fox in the snow" K1 Square Medium ×1 for
        2, picture 1 of 1, from 0, place 0, wait Some(20) / [Cancel #0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn options_in_the_prompt_are_understood_and_told() {
    let facts = message_facts(subscriber(10));
    assert_snapshot!(folded(&said(facts, message("a fox --2k --16:9 --transparent"))), @r#"
    open request #0 Open: "a fox" K2 Wide Medium Transparent ×1 each 4 cheaper - references
        [] parent -
    hold 4 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "a fox" K2 Wide Medium Transparent ×1 for
        4, picture 1 of 1, from 0, place 0, wait - / [Cancel #0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn several_pictures_are_several_holds_and_only_the_first_is_heard() {
    let facts = message_facts(subscriber(10));
    assert_snapshot!(folded(&said(facts, message("a fox --x3 --low"))), @r#"
    open request #0 Open: "a fox" K1 Square Low ×3 each 1 cheaper - references [] parent -
    hold 1 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "a fox" K1 Square Low ×3 for 3, picture 1
        of 3, from 0, place 0, wait - / [Cancel #0] [SupportLink https://help.example]
    hold 1 as #5 for #4 of purse 2
    generate #4 of #0 with hold #5 number 2 tag 42
    send as Generation(#4) in telegram:7 silently: Making "a fox" K1 Square Low ×3 for 3,
        picture 2 of 3, from 0, place 0, wait - / [Cancel #0] [SupportLink
        https://help.example]
    hold 1 as #8 for #7 of purse 2
    generate #7 of #0 with hold #8 number 3 tag 43
    send as Generation(#7) in telegram:7 silently: Making "a fox" K1 Square Low ×3 for 3,
        picture 3 of 3, from 0, place 1, wait - / [Cancel #0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn the_place_in_line_and_the_wait_are_told() {
    let mut facts = message_facts(customer(10));
    facts.line = Line { tags: vec![41, 41, 41, 90], running: 2, ..line() };
    assert_snapshot!(folded(&said(facts, message("a fox"))), @r#"
    open request #0 Open: "a fox" K1 Square Medium ×1 each 2 cheaper - references [] parent
        -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "a fox" K1 Square Medium ×1 for 2, picture
        1 of 1, from 0, place 4, wait Some(60) / [Cancel #0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn one_persons_next_request_stands_behind_their_last() {
    let mut customer = with_open(subscriber(10), GenerationState::Held);
    customer.account.last_tag = 95;
    assert_snapshot!(folded(&said(message_facts(customer), message("an owl"))), @r#"
    open request #0 Open: "an owl" K1 Square Medium ×1 each 2 cheaper - references [] parent
        -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 96
    send as Generation(#1) in telegram:7 answering 10: Making "an owl" K1 Square Medium ×1
        for 2, picture 1 of 1, from 0, place 0, wait Some(20) / [Cancel #0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn a_resolution_in_words_beyond_the_plan_offers_what_is_included() {
    assert_snapshot!(folded(&said(message_facts(customer(10)), message("a fox --4k"))), @r#"
    open request #0 Asking: "a fox" K1 Square Medium ×1 each 2 cheaper - references []
        parent -
    set timer request:#0 at 1700086400000: RequestLapsed
    send as Question(#0) in telegram:7: NotInPlan { K4, included: K1, plan: Some("pro"),
        instead: Some(Cheaper { options: { K1, Square, Medium, Auto, count: 1 }, price: 2 })
        } / [TakeCheaper(Cheaper { options: { K1, Square, Medium, Auto, count: 1 }, price: 2
        }) = Confirm #0] / [Buy 0] [Cancel #0] / [AskHuman #0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn a_count_in_words_beyond_the_plan_offers_what_is_included() {
    assert_snapshot!(folded(&said(message_facts(customer(10)), message("a fox 4张"))), @r#"
    open request #0 Asking: "a fox" K1 Square Medium ×2 each 2 cheaper - references []
        parent -
    set timer request:#0 at 1700086400000: RequestLapsed
    send as Question(#0) in telegram:7: CountNotInPlan { count: 4, included: 2, plan:
        Some("pro"), instead: Some(Cheaper { options: { K1, Square, Medium, Auto, count: 2
        }, price: 4 }) } / [TakeCheaper(Cheaper { options: { K1, Square, Medium, Auto,
        count: 2 }, price: 4 }) = Confirm #0] / [Buy 0] [Cancel #0] / [AskHuman #0]
        [SupportLink https://help.example]
    "#);
}

#[test]
fn more_pictures_than_anybody_may_have_are_offered_as_what_would_be_made() {
    let effects = said(message_facts(subscriber(100)), message("a fox --x9"));
    let made =
        "instead: Some(Cheaper { options: { K1, Square, Medium, Auto, count: 4 }, price: 8 })";
    assert!(effects.contains("CountNotInPlan { count: 9, included: 4"), "{effects}");
    assert!(effects.contains(made), "{effects}");
    assert!(
        effects.contains("[TakeCheaper(Cheaper { options: { K1, Square, Medium, Auto, count: 4")
    );
}

#[test]
fn remembered_options_beyond_the_plan_give_way_with_a_note() {
    let mut customer = customer(10);
    customer.account.options =
        Options { resolution: Resolution::K4, count: 4, ..Options::default() };
    assert_snapshot!(folded(&said(message_facts(customer), message("a fox --low"))), @r#"
    open request #0 Open: "a fox" K1 Square Low ×2 each 1 cheaper - references [] parent -
    hold 1 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "a fox" K1 Square Low ×2 for 2, picture 1
        of 2, from 0, place 0, wait - reduced / [Cancel #0] [SupportLink
        https://help.example]
    hold 1 as #5 for #4 of purse 2
    generate #4 of #0 with hold #5 number 2 tag 42
    send as Generation(#4) in telegram:7 silently: Making "a fox" K1 Square Low ×2 for 2,
        picture 2 of 2, from 0, place 0, wait - reduced / [Cancel #0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn above_the_price_that_is_asked_about_it_asks_first() {
    let facts = message_facts(subscriber(100));
    assert_snapshot!(folded(&said(facts, message("a fox --4k --high"))), @r#"
    open request #0 Asking: "a fox" K4 Square High ×1 each 16 cheaper K4 Square Medium ×1
        for 8 references [] parent -
    set timer request:#0 at 1700086400000: RequestLapsed
    send as Question(#0) in telegram:7: ConfirmPrice { prompt: "a fox", options: { K4,
        Square, High, Auto, count: 1 }, price: 16, available: Some(100), cheaper:
        Some(Cheaper { options: { K4, Square, Medium, Auto, count: 1 }, price: 8 }) } /
        [Confirm(16) #0] / [TakeCheaper(Cheaper { options: { K4, Square, Medium, Auto,
        count: 1 }, price: 8 }) #0] / [Cancel #0] / [SupportLink https://help.example]
    "#);
}

#[test]
fn at_the_price_that_is_asked_about_it_does_not_ask() {
    let effects = said(message_facts(subscriber(100)), message("a fox --4k"));
    assert!(effects.contains("hold 8"), "{effects}");
}

#[test]
fn without_enough_credits_the_request_is_kept() {
    let facts = message_facts(subscriber(3));
    assert_snapshot!(folded(&said(facts, message("a fox --2k --high"))), @r#"
    open request #0 Unpaid: "a fox" K2 Square High ×1 each 8 cheaper K2 Square Low ×1 for 2
        references [] parent -
    set timer request:#0 at 1700086400000: RequestLapsed
    send as Question(#0) in telegram:7: OutOfCredits { price: 8, available: Some(3),
        cheaper: Some(Cheaper { options: { K2, Square, Low, Auto, count: 1 }, price: 2 }),
        offer: Some(Offer { packs: [OfferLine { id: "starter", credits: 100, price: "9.90
        USD", terms: - }], plans: [OfferLine { id: "pro", credits: 500, price: "19.90 USD",
        terms: Some(PlanTerms { unlocks: Entitlement { plan: Some("pro"), max_K4, queue_max:
        3, pictures_max: 4, retention_days: 30 }, period: Month, lapse_days: - }) }] }) } /
        [TakeCheaper(Cheaper { options: { K2, Square, Low, Auto, count: 1 }, price: 2 }) #0]
        / [Buy 0] [Cancel #0] / [AskHuman #0] [SupportLink https://help.example]
    "#);
}

#[test]
fn what_cannot_be_taken_back_is_not_offered_to_be() {
    let customer = with_open(customer(10), GenerationState::Submitted);
    let effects = said(message_facts(customer), message("an owl"));
    assert!(effects.contains("can_cancel: false"), "{effects}");
    assert!(!effects.contains("Cancel 50"), "{effects}");
}

#[test]
fn with_a_full_line_it_says_so_and_holds_nothing() {
    let customer = with_open(customer(10), GenerationState::Held);
    assert_snapshot!(folded(&said(message_facts(customer), message("an owl"))), @r#"
    send in telegram:7: LineFull { in_line: 1, in_line_max: 1, can_cancel: true } / [Cancel
        50] / [AskHuman 0] [SupportLink https://help.example]
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(Edit {
        message: "10" }) }
    "#);
}

#[test]
fn what_waits_for_a_yes_takes_no_place_in_line() {
    let mut customer = customer(10);
    let asking = request(RequestState::Asking);
    customer.open.push(OpenRequest { request: asking, generations: vec![] });
    let effects = said(message_facts(customer), message("an owl"));
    assert!(effects.contains("hold 2"), "{effects}");
}

#[test]
fn only_so_many_requests_wait_for_credits() {
    let mut customer = customer(0);
    for id in 50..55 {
        let request = Request { id: RequestId(id), ..request(RequestState::Unpaid) };
        customer.open.push(OpenRequest { request, generations: vec![] });
    }
    assert_snapshot!(folded(&said(message_facts(customer), message("an owl"))), @r#"
    UpdateRequest { id: 50, state: Lapsed, change: - }
    ClearTimer { id: "request:50" }
    edit Question(50) in telegram:7 silently: RequestGaveWay / [AskHuman 0] [SupportLink
        https://help.example]
    open request #0 Unpaid: "an owl" K1 Square Medium ×1 each 2 cheaper - references []
        parent -
    set timer request:#0 at 1700086400000: RequestLapsed
    send as Question(#0) in telegram:7: OutOfCredits { price: 2, available: Some(0),
        cheaper: -, offer: Some(Offer { packs: [OfferLine { id: "starter", credits: 100,
        price: "9.90 USD", terms: - }], plans: [OfferLine { id: "pro", credits: 500, price:
        "19.90 USD", terms: Some(PlanTerms { unlocks: Entitlement { plan: Some("pro"),
        max_K4, queue_max: 3, pictures_max: 4, retention_days: 30 }, period: Month,
        lapse_days: - }) }] }) } / [Buy 0] [Cancel #0] / [AskHuman #0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn a_prompt_that_is_too_long_is_refused_by_its_length() {
    let facts = message_facts(customer(10));
    let long = "多".repeat(101);
    assert_snapshot!(folded(&said(facts, message(&long))), @r#"
    send in telegram:7: PromptTooLong { chars: 101, chars_max: 100 } / [AskHuman 0]
        [SupportLink https://help.example]
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(Edit {
        message: "10" }) }
    "#);
}

#[test]
fn options_alone_are_no_prompt() {
    assert_snapshot!(folded(&said(message_facts(customer(10)), message("--2k 横图"))), @r#"
    send in telegram:7: PromptEmpty
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(Edit {
        message: "10" }) }
    "#);
}

#[test]
fn a_picture_without_a_price_is_our_fault_and_not_made() {
    let mut house = house();
    house.catalogue.prices.clear();
    let facts = Facts::Message(message_facts(customer(10)));
    let event = Event::MessageReceived(message("a fox"));
    let effects = follows_at(&house, PRIVATE, &facts, &event);
    assert_snapshot!(folded(&super::lines::lines(CAUSE, &effects)), @r#"
    RaiseAlarm { what: "a picture was asked for that has no price" }
    send in telegram:7: Failed { failure: OutOfService, available: Some(10), part: Part {
        number: 1, count: 1 } } / [AskHuman 0] [SupportLink https://help.example]
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(Edit {
        message: "10" }) }
    "#);
}

#[test]
fn after_a_chargeback_nothing_is_made() {
    let mut customer = customer(10);
    customer.account.purse.reclaimed = Credits(15);
    let effects = said(message_facts(customer), message("a fox"));
    assert!(!effects.contains("hold"), "{effects}");
    assert!(effects.contains("OutOfCredits { price: 2, available: Some(-5)"), "{effects}");
}

#[test]
fn a_plan_without_numbers_still_lets_one_picture_through() {
    let mut customer = customer(10);
    customer.account.entitlement = Entitlement { queue_max: 0, pictures_max: 0, ..free() };
    let effects = said(message_facts(customer), message("a fox"));
    assert!(effects.contains("hold 2"), "{effects}");
}

fn edited(state: GenerationState, words: &str) -> std::string::String {
    let facts = MessageFacts {
        started: Some(request(RequestState::Open)),
        ..message_facts(with_open(customer(10), state))
    };
    at(PRIVATE, Facts::Message(facts), Event::MessageEdited(message(words)))
}

#[test]
fn words_changed_in_time_take_the_place_of_the_old_ones() {
    assert_snapshot!(folded(&edited(GenerationState::Held, "an owl")), @r#"
    CancelGeneration { generation: 61 }
    VoidHold { hold: 71, reason: Cancelled }
    UpdateRequest { id: 50, state: Cancelled, change: - }
    edit Generation(61) in telegram:7 silently: RequestChanged
    open request #1 Open: "an owl" K1 Square Medium ×1 each 2 cheaper - references [] parent
        -
    hold 2 as #3 for #2 of purse 2
    generate #2 of #1 with hold #3 number 1 tag 41
    send as Generation(#2) in telegram:7: Making "an owl" K1 Square Medium ×1 for 2, picture
        1 of 1, from 0, place 0, wait Some(20) / [Cancel #1] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn words_changed_too_late_are_told_in_one_place() {
    assert_snapshot!(folded(&edited(GenerationState::Submitting, "an owl")), @r#"
    edit Question(50) in telegram:7: ChangedTooLate / [AskHuman 0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn an_edit_that_changes_nothing_does_nothing() {
    assert_eq!(edited(GenerationState::Held, "a fox"), "");
    assert_eq!(edited(GenerationState::Held, "a fox --1k --square"), "");
}

#[test]
fn words_of_a_request_that_waits_for_a_yes_can_change() {
    let facts = MessageFacts {
        started: Some(request(RequestState::Asking)),
        ..message_facts(customer(10))
    };
    let event = Event::MessageEdited(message("an owl --high"));
    assert_snapshot!(folded(&at(PRIVATE, Facts::Message(facts), event)), @r#"
    ClearTimer { id: "request:50" }
    UpdateRequest { id: 50, state: Cancelled, change: - }
    edit Question(50) in telegram:7 silently: RequestChanged
    open request #1 Open: "an owl" K1 Square High ×1 each 4 cheaper - references [] parent -
    hold 4 as #3 for #2 of purse 2
    generate #2 of #1 with hold #3 number 1 tag 41
    send as Generation(#2) in telegram:7: Making "an owl" K1 Square High ×1 for 4, picture 1
        of 1, from 0, place 0, wait - / [Cancel #1] [SupportLink https://help.example]
    "#);
}

#[test]
fn a_request_that_waited_too_long_is_let_go() {
    let facts = GenerationFacts {
        generation: None,
        request: Some(request(RequestState::Unpaid)),
        ..generation_facts(1, &[generation(1, GenerationState::Held)])
    };
    let event = || Event::RequestLapsed { request: RequestId(50) };
    assert_snapshot!(folded(&at(PRIVATE, Facts::Generation(facts.clone()), event())), @r#"
    UpdateRequest { id: 50, state: Lapsed, change: - }
    edit Question(50) in telegram:7 silently: RequestLapsed / [AskHuman 0] [SupportLink
        https://help.example]
    "#);
    let run = GenerationFacts { request: Some(request(RequestState::Open)), ..facts };
    assert_eq!(at(PRIVATE, Facts::Generation(run), event()), "");
}

fn declined(text: &str) -> Customer {
    let awaiting = Some(Awaiting::Edit { message: message(text).id });
    Customer { awaiting, ..customer(10) }
}

#[test]
fn words_that_were_no_prompt_become_one_when_they_are_edited() {
    let said = said(message_facts(customer(10)), message("/imagine"));
    assert!(said.contains("awaiting: Some(Edit { message: \"10\" })"), "{said}");
    let facts = Facts::Message(message_facts(declined("/imagine")));
    let edited = at(PRIVATE, facts, Event::MessageEdited(message("/imagine an owl")));
    assert!(edited.contains("open request #0 Open: \"an owl\""), "{edited}");
    assert!(edited.ends_with("awaiting: - }"), "only once: {edited}");
}

#[test]
fn a_caption_that_comes_later_goes_with_the_pictures_that_wait() {
    let waiting = Customer {
        tray: vec![Reference::Media(media("a")), Reference::Media(media("b"))],
        tray_id: Some(TrayId(30)),
        ..declined("")
    };
    let album = Some("album1".into());
    let caption = Message { album, attachments: vec![photo("a")], ..message("join them") };
    let facts = Facts::Message(message_facts(waiting));
    let edited = at(PRIVATE, facts, Event::MessageEdited(caption));
    let both = "references [Media({ handle: \"a\", unique: \"a\" }), \
                Media({ handle: \"b\", unique: \"b\" })]";
    assert!(edited.contains(both), "{edited}");
}

#[test]
fn other_messages_that_are_edited_are_no_prompts() {
    for known in [customer(10), Customer { awaiting: None, ..declined("") }] {
        let facts = Facts::Message(message_facts(known));
        assert_eq!(at(PRIVATE, facts, Event::MessageEdited(message("an owl"))), "");
    }
    let other = Message { id: "11".into(), ..message("an owl") };
    let facts = Facts::Message(message_facts(declined("")));
    assert_eq!(at(PRIVATE, facts, Event::MessageEdited(other)), "");
}

#[test]
fn words_changed_when_nothing_came_of_them_are_asked_for_anew() {
    let started = |state, pictured| {
        let started = Some(request(state));
        let facts = MessageFacts { started, pictured, ..message_facts(customer(10)) };
        at(PRIVATE, Facts::Message(facts), Event::MessageEdited(message("an owl")))
    };
    for state in
        [RequestState::Settled, RequestState::Cancelled, RequestState::Lapsed, RequestState::Failed]
    {
        let effects = started(state, false);
        assert!(effects.contains("open request #0 Open: \"an owl\""), "{effects}");
    }
    let late = started(RequestState::Settled, true);
    assert!(late.contains("ChangedTooLate") && !late.contains("open request"), "{late}");
}
