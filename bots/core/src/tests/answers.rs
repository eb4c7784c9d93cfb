//! Where each message and each press has one answer: all that is said says what it answers.

use std::{format, string::String, vec, vec::Vec};

use super::{customers::counted, lines::folded, world::*};
use crate::{
    channel::{Capabilities, Refusal},
    effect::Effect,
    event::{About, Delivered, Event, Setting},
    facts::*,
    generation::GenerationState,
    id::{MessageId, OutboundId, RequestId},
    say::Verb,
};

/// Where Ada writes to us.
const CHAT: &str = "wecom-bot:ada";

fn house() -> House {
    let bot = Capabilities {
        name: "wecom-bot",
        edits: true,
        one_answer: true,
        begins: false,
        replies_max: None,
        reply_window_s: None,
        ..counted()
    };
    House { channels: vec![bot], ..super::world::house() }
}

fn on(facts: &Facts, event: &Event) -> String {
    let effects = follows_at(&house(), CHAT, facts, event);
    let sent: Vec<Effect> =
        effects.into_iter().filter(|effect| matches!(effect, Effect::Send(_))).collect();
    folded(&super::lines::lines(CAUSE, &sent))
}

#[test]
fn what_is_said_to_a_message_answers_it() {
    let says = |text| {
        let event = Event::MessageReceived(message(text));
        on(&Facts::Message(message_facts(customer(10))), &event)
    };
    let id = message("").id;
    for text in ["a fox", "/balance", "/cancel"] {
        assert!(says(text).contains(&format!(" answering {id}")), "{}", says(text));
    }
    assert!(says("/help").contains("HelpByButtons"));
}

#[test]
fn the_word_that_cancels_is_named_and_takes_back_the_newest_request() {
    let event = Event::MessageReceived(message("a fox"));
    let asked = on(&Facts::Message(message_facts(customer(10))), &event);
    assert!(asked.contains("by word"), "{asked}");
    let open = |id, state| OpenRequest {
        request: Request {
            id: RequestId(id),
            conversation: CHAT.into(),
            ..request(RequestState::Open)
        },
        generations: vec![generation(1, state)],
    };
    let cancelled = |open: Vec<OpenRequest>| {
        let mut customer = customer(10);
        customer.open = open;
        let event = Event::MessageReceived(message("取消"));
        let facts = Facts::Message(message_facts(customer));
        let effects = follows_at(&house(), CHAT, &facts, &event);
        let of = |effect: &Effect| match effect {
            Effect::UpdateRequest { id, .. } => Some(id.0),
            _ => None,
        };
        effects.iter().filter_map(of).collect::<Vec<_>>()
    };
    use GenerationState::{Held, Submitted};
    assert_eq!(cancelled(vec![open(50, Held), open(51, Held)]), [51]);
    assert_eq!(cancelled(vec![open(50, Held), open(51, Submitted)]), [50]);
}

#[test]
fn a_press_is_answered_by_a_message_and_what_it_asks_for_by_its_own() {
    let event = Event::ButtonPressed(press(Setting::Private));
    let tap = press(Setting::Private).tap.0;
    let facts = PressFacts {
        request: Some(request(RequestState::Settled)),
        ..press_facts(customer(10), Verb::Again, 50)
    };
    let facts = Facts::Press(facts);
    let effects = follows_at(&house(), CHAT, &facts, &event);
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::OpenRequest(request) => request.message.clone(),
        _ => None,
    });
    assert_eq!(asked, Some(MessageId(tap.clone())), "the first one's answer has ended");
    let stale = Facts::Press(press_facts(customer(10), Verb::SetResolution, 99));
    assert!(on(&stale, &event).contains(&format!("answering {tap}")), "{}", on(&stale, &event));
}

#[test]
fn an_option_that_is_chosen_already_has_its_answer() {
    let event = Event::ButtonPressed(press(Setting::Private));
    let again = Facts::Press(press_facts(customer(10), Verb::SetResolution, 1));
    assert!(on(&again, &event).contains("Settings"), "{}", on(&again, &event));
}

#[test]
fn a_receipt_is_in_the_answer_of_its_picture() {
    let mut delivered = generation_facts(1, &[generation(1, GenerationState::Made)]);
    if let Some(request) = &mut delivered.request {
        request.conversation = CHAT.into();
        request.message = Some("m7".into());
    }
    let facts = Facts::Delivery(delivery_facts(delivered));
    let about = About::Picture(generation(1, GenerationState::Made).id);
    let delivered = Delivered { outbound: OutboundId(5), about, message: None, conversation: None };
    let event = Event::MessageDelivered(delivered);
    assert!(on(&facts, &event).contains("answering m7"), "{}", on(&facts, &event));
}

/// What is said when the channel does not take the pictures of a request, the first of which is
/// this.
fn refused(siblings: &[GenerationState]) -> String {
    refused_by(Refusal::Content, siblings)
}

fn refused_by(refusal: Refusal, siblings: &[GenerationState]) -> String {
    let all: Vec<_> =
        (1..).zip(siblings).map(|(number, state)| generation(number, *state)).collect();
    let mut facts = generation_facts(1, &all);
    if let Some(request) = &mut facts.request {
        request.conversation = CHAT.into();
        request.message = Some("m7".into());
    }
    let about = About::Picture(all[0].id);
    let addresses = vec!["https://pic.example/p/1".into(), "https://pic.example/p/2".into()];
    let addresses = if all.len() > 1 { addresses } else { vec![] };
    let facts = Facts::Delivery(DeliveryFacts { addresses, ..delivery_facts(facts) });
    let said = on(&facts, &Event::MessageRefused { outbound: OutboundId(5), about, refusal });
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn pictures_that_cannot_be_shown_are_one_message_with_their_receipt() {
    use GenerationState::{Delivered, Made};
    let one = refused(&[Made]);
    assert!(one.contains("PictureLinks { urls: [\"https://pic.example/p/t0ken\"]"), "{one}");
    assert!(one.contains("charged: 2") && one.contains("[Again 50]"), "{one}");
    assert_eq!(one.matches("send").count() + one.matches("edit").count(), 1, "{one}");
    assert_eq!(refused(&[Made, Made]), "", "the other one is still on its way");
    let two = refused(&[Made, Delivered]);
    assert!(two.contains("p/1") && two.contains("p/2") && two.contains("charged: 4"), "{two}");
    assert!(two.contains("[Picture"), "they can be opened by their numbers: {two}");
}

#[test]
fn a_picture_whose_answer_nobody_came_for_comes_by_its_address_or_is_owed() {
    let link = refused_by(Refusal::ConversationGone, &[GenerationState::Delivered]);
    assert!(link.contains("PictureLink { url: \"https://pic.example/p/t0ken\" }"), "{link}");
    assert!(link.contains("about Picture(61)") && link.contains("answering m7"), "{link}");
    // Its address could not be said either.
    assert_eq!(refused_by(Refusal::NotNow, &[GenerationState::Delivered]), "");
}
