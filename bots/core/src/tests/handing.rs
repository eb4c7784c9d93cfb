//! Whole chats in other hands, and operators who have one chat for all cases.

use std::{string::String, vec, vec::Vec};

use super::{customers::counted, world::*};
use crate::{
    channel::{Attachment, Capabilities, Refusal},
    decide::decide,
    effect::Effect,
    event::{About, Answerable, Delivered, Event, Handing, Hands, Message, Setting},
    facts::*,
    generation::GenerationState,
    id::{Cause as CauseId, *},
    say::{Cause, Verb},
    window::Window,
};

/// Where Ada writes to us.
const CHAT: &str = "wecom-kf:wk1/wm1";
/// The desk of operators with chats of their own, and the case's place there.
const MEMBERS: &str = "wecom-app:desk";
const PLACE: &str = "wecom-app:desk/S-1042";

/// A channel whose chats can be handed over, in a house without a group.
fn house() -> House {
    let channels = vec![Capabilities { hands_over: true, file_bytes_max: 0, ..counted() }];
    House { channels, desk: None, ..super::world::house() }
}

/// The same with operators on a channel that changes nothing.
fn with_members() -> House {
    let mut house = House { members_desk: Some(MEMBERS.into()), ..house() };
    house.channels.push(Capabilities {
        name: "wecom-app",
        replies_max: None,
        reply_window_s: None,
        ..counted()
    });
    house
}

fn at_place(house: &House, place: &str, facts: &Facts, event: &Event) -> String {
    let conversation = ConversationId::from(place);
    let window = Window { left: 5, closes_at: NOW + 1_000, ..Window::default() };
    windowed(house, &conversation, facts, event, window)
}

fn windowed(
    house: &House,
    conversation: &ConversationId,
    facts: &Facts,
    event: &Event,
    window: Window,
) -> String {
    let frame =
        Frame { now: NOW, cause: CauseId(CAUSE), conversation, house, window: Some(window) };
    let effects: Vec<Effect> = decide(&frame, facts, event);
    assert_sound(frame.cause, &effects);
    super::lines::lines(CAUSE, &effects)
}

fn here(case: Case) -> Case {
    Case { conversation: CHAT.into(), topic: None, ..case }
}

fn asks() -> Facts {
    let awaiting = Some(Awaiting::CaseWords { cause: Cause::Other, request: None });
    Facts::Message(message_facts(Customer { awaiting, ..customer(5) }))
}

#[test]
fn asking_for_a_person_hands_the_chat_over() {
    let event = Event::MessageReceived(message("it is blue"));
    let effects = at_place(&house(), CHAT, &asks(), &event);
    assert!(
        effects.contains("HandChat { conversation: \"wecom-kf:wk1/wm1\", handed: true }"),
        "{effects}"
    );
    assert!(effects.contains("OpenEscalation"), "{effects}");
    assert!(effects.contains("about Handing(#0): HandOver { words: SupportOpened"), "{effects}");
    assert!(effects.contains("awaiting: Some(Servicer)"), "{effects}");
    assert!(!effects.contains("OpenTopic"), "there is no desk: {effects}");
}

#[test]
fn operators_with_chats_of_their_own_are_told_too() {
    let event = Event::MessageReceived(message("it is blue"));
    let effects = at_place(&with_members(), CHAT, &asks(), &event);
    let opens = "send in wecom-app:desk/S-7000 about Topic(#0): OpenTopic { name: \"S-7000\" }";
    assert!(effects.contains(opens), "{effects}");
}

fn refused() -> Event {
    let (outbound, about) = (OutboundId(5), About::Handing(EscalationId(90)));
    Event::MessageRefused { outbound, about, refusal: Refusal::ConversationGone }
}

fn of_case(case: Case) -> Facts {
    Facts::Delivery(DeliveryFacts { case: Some(case), ..delivery_facts(None) })
}

#[test]
fn a_chat_that_nobody_takes_is_the_bots_again() {
    let effects = at_place(&house(), CHAT, &of_case(here(case())), &refused());
    let alarm =
        "RaiseAlarmOf { what: \"a chat could not be handed to people\", of: \"wecom-kf wk1\" }";
    assert!(effects.contains(alarm), "{effects}");
    assert!(effects.contains("handed: false") && effects.contains("awaiting: -"), "{effects}");
    assert!(effects.contains("ReleaseHeld") && effects.contains("SupportElsewhere"), "{effects}");
    assert!(effects.contains("CloseEscalation { escalation: 90, closed: true }"), "{effects}");
    // With a desk the matter goes on there.
    let effects = at_place(&with_members(), CHAT, &of_case(here(case())), &refused());
    assert!(effects.contains("SupportOpened") && !effects.contains("CloseEscalation"), "{effects}");
}

fn theirs() -> Customer {
    let case = Some(here(Case { answered: false, ..case() }));
    Customer { awaiting: Some(Awaiting::Servicer), case, ..customer(5) }
}

#[test]
fn the_desk_reads_along_and_the_bot_is_silent() {
    let handed = Window { left: 5, closes_at: NOW + 1_000, handed: true, ..Window::default() };
    let facts = Facts::Message(message_facts(theirs()));
    let (house, chat) = (with_members(), ConversationId::from(CHAT));
    let event = Event::MessageReceived(message("a fox, please"));
    let effects = windowed(&house, &chat, &facts, &event, handed);
    assert!(
        effects.contains("wecom-app:desk/S-1042 about TopicLine(90): CustomerWrote"),
        "{effects}"
    );
    assert!(!effects.contains("send in wecom-kf"), "{effects}");

    let wrote = Event::ServicerWrote {
        to: ada(),
        servicer: "olga".into(),
        text: "On it.".into(),
        attachments: vec![Attachment::Picture(media("p"))],
    };
    let effects = windowed(&house, &chat, &facts, &wrote, handed);
    assert!(effects.contains("AnswerEscalation { escalation: 90, after_ms: 400000 }"), "{effects}");
    assert!(
        effects.contains("Answer { operator: \"olga\", text: \"On it.\", back: - }"),
        "{effects}"
    );
    assert!(effects.contains("Forward"), "{effects}");
}

#[test]
fn people_lose_a_chat_in_which_nobody_wrote_for_a_whole_window() {
    let stale = Window { left: 0, closes_at: NOW, handed: true, ..Window::default() };
    let facts = Facts::Message(message_facts(theirs()));
    let event = Event::MessageReceived(message("a fox"));
    let effects = windowed(&house(), &CHAT.into(), &facts, &event, stale);
    assert!(effects.contains("handed: false"), "{effects}");
    assert!(effects.contains("awaiting: -") && effects.contains("open request"), "{effects}");
}

fn given(to: Hands, answer: Option<Answerable>) -> Event {
    Event::ChatHanded(Handing { who: ada(), to, answer })
}

fn code() -> Answerable {
    Answerable { message: "code:C".into(), until: NOW + 9 }
}

#[test]
fn asking_again_hands_the_chat_over_again() {
    let customer = Customer { case: Some(here(case())), ..customer(5) };
    let event = Event::MessageReceived(message("/support still blue"));
    let effects = at_place(&house(), CHAT, &Facts::Message(message_facts(customer)), &event);
    assert!(effects.contains("about Handing(90): HandOver"), "{effects}");
    assert!(!effects.contains("OpenEscalation"), "{effects}");
}

#[test]
fn who_takes_a_chat_and_who_ends_it_is_said_on_that_occasion() {
    let facts = Facts::Message(message_facts(theirs()));
    let taken = given(Hands::Servicer("olga".into()), Some(code()));
    let effects = at_place(&with_members(), CHAT, &facts, &taken);
    assert!(effects.contains("answering code:C about Occasion: SupportTaken"), "{effects}");

    let ended = at_place(&with_members(), CHAT, &facts, &given(Hands::Bot, Some(code())));
    assert!(ended.contains("CloseEscalation { escalation: 90, closed: true }"), "{ended}");
    assert!(ended.contains("answering code:C about Occasion: SupportDone"), "{ended}");
    assert!(ended.contains("wecom-app:desk/S-1042 about TopicLine(90): DeskClosed"), "{ended}");
    let late = Some(Answerable { message: "code:C".into(), until: NOW - 1 });
    let ended = at_place(&with_members(), CHAT, &facts, &given(Hands::Bot, late));
    assert!(!ended.contains("SupportDone"), "its code is worth nothing any more: {ended}");
}

fn at_desk(case: Case, text: &str, place: &str) -> String {
    let operator = Some(Operator { name: "Mei".into() });
    let case = Some(case);
    let facts =
        DeskFacts { operator, case, answers_customer: false, refundable: None, album: None };
    let line = Message { setting: Setting::Desk, ..message(text) };
    at_place(&with_members(), place, &Facts::Desk(facts), &Event::MessageReceived(line))
}

fn placed() -> Case {
    Case { topic: Some(PLACE.into()), ..here(case()) }
}

#[test]
fn an_answer_names_its_case_and_everybody_reads_along() {
    let effects = at_desk(placed(), "/r The lamp.", PLACE);
    assert!(effects.contains("send in wecom-kf:wk1/wm1 never twice about Relay(90)"), "{effects}");
    // Nothing is said of a message on its way where nothing can be changed later.
    assert!(!effects.contains("RelayState"), "{effects}");
    // Said in an operator's own chat, since only one case is open.
    let effects = at_desk(placed(), "/r The lamp.", "wecom-app:mei");
    assert!(
        effects.contains("send in wecom-app:desk/S-1042 about TopicLine(90): Answer"),
        "{effects}"
    );
    let note = at_desk(placed(), "he seems upset", "wecom-app:mei");
    assert_eq!(note, "send in wecom-app:mei: DeskHelpByCode");
}

#[test]
fn whether_an_answer_arrived_is_said_where_nothing_can_be_changed() {
    let (outbound, about) = (OutboundId(5), About::Relay(EscalationId(90)));
    let delivered = Delivered { outbound, about, message: None, conversation: None };
    let event = Event::MessageDelivered(delivered);
    let effects = at_place(&with_members(), CHAT, &of_case(placed()), &event);
    assert!(effects.contains("send in wecom-app:desk/S-1042"), "{effects}");
    assert!(effects.contains("RelayState(Delivered)"), "{effects}");
    let event = Event::MessageRefused { outbound, about, refusal: Refusal::NotNow };
    let effects = at_place(&with_members(), CHAT, &of_case(placed()), &event);
    assert!(effects.contains("RelayState(Held)"), "{effects}");
}

#[test]
fn what_people_have_is_not_answered_from_the_desk_but_ended_there() {
    let handed = Case { handed: true, ..placed() };
    let effects = at_desk(handed.clone(), "/r The lamp.", PLACE);
    assert_eq!(effects, "send in wecom-app:desk/S-1042: DeskHanded");
    let effects = at_desk(handed, "/done", PLACE);
    assert!(effects.contains("about Occasion: HandBack { words: SupportDone"), "{effects}");
    assert!(effects.contains("handed: false") && effects.contains("DeskClosed"), "{effects}");
    let effects = at_desk(placed(), "/done", PLACE);
    assert!(
        effects.contains("Matter(90): SupportDone") && !effects.contains("HandBack"),
        "{effects}"
    );
}

#[test]
fn a_place_with_operators_gets_the_card_and_is_the_cases_own_without_a_group() {
    let card = CardFacts {
        account: customer(5).account,
        past: Past::default(),
        shared: None,
        unsent: vec![],
    };
    let facts = |case| {
        let card = Some(card.clone());
        Facts::Delivery(DeliveryFacts { case: Some(case), card, ..delivery_facts(None) })
    };
    let delivered = Event::MessageDelivered(Delivered {
        outbound: OutboundId(5),
        about: About::Topic(EscalationId(90)),
        message: None,
        conversation: Some(PLACE.into()),
    });
    let effects = at_place(&with_members(), PLACE, &facts(here(case())), &delivered);
    assert!(effects.contains("PlaceEscalation") && effects.contains("by_code: true"), "{effects}");
    let both = House { desk: Some(DESK.into()), ..with_members() };
    let effects = at_place(&both, PLACE, &facts(case()), &delivered);
    assert!(effects.contains("by_code: true") && !effects.contains("PlaceEscalation"), "{effects}");
}

#[test]
fn an_original_is_a_link_where_no_files_are_taken() {
    let kept = Some(kept());
    let facts = PressFacts { kept, ..press_facts(customer(5), Verb::Original, 81) };
    let event = Event::ButtonPressed(press(Setting::Private));
    let effects = at_place(&house(), CHAT, &Facts::Press(facts), &event);
    assert!(effects.contains("OriginalLink { url: \"https://pic.example/p/t0ken\" }"), "{effects}");
    assert!(!effects.contains(": Original "), "{effects}");
}

#[test]
fn what_waited_goes_on_when_a_picture_arrived() {
    let about = About::Picture(GenerationId(61));
    let delivered = Delivered { outbound: OutboundId(5), about, message: None, conversation: None };
    let generation = Some(generation_facts(1, &[generation(1, GenerationState::Made)]));
    let facts = Facts::Delivery(DeliveryFacts { generation, ..delivery_facts(None) });
    let effects = at_place(&house(), CHAT, &facts, &Event::MessageDelivered(delivered));
    assert!(effects.contains("ReleaseHeld"), "{effects}");
}
