//! Links into the chat, and what they open.

use std::{string::String, vec};

use insta::assert_snapshot;

use super::world::*;
use crate::{
    effect::Effect,
    event::{Event, Message, Setting},
    facts::*,
    id::*,
};

fn linked(customer: impl Into<Option<Customer>>, kept: Option<Kept>) -> MessageFacts {
    MessageFacts { linked: Some(ArtifactId(81)), replied: kept, ..message_facts(customer) }
}

#[test]
fn a_link_to_a_picture_opens_it_with_its_buttons() {
    let opened = said(linked(customer(5), Some(kept())), message("/start aQ"));
    assert_snapshot!(folded(&opened), @r#"
    send as Question(81) in telegram:7: Picture { artifact: 81, caption: Some(Verbatim(Text
        { text: "a fox", spans: [] })) } / [Again 50] [Change 81] [LargerNotInPlan 81] /
        [Original 81] [More 81]
    "#);
}

#[test]
fn a_link_to_a_picture_of_somebody_else_opens_nothing() {
    let opened = said(linked(customer(5), None), message("/start aQ"));
    assert_snapshot!(folded(&opened), @r#"
    send in telegram:7: Gone / [AskHuman 0] [SupportLink https://help.example]
    "#);
    let of_somebody_new = said(linked(None, None), message("/start aQ"));
    assert!(of_somebody_new.contains("Welcome {"), "{of_somebody_new}");
    assert!(!of_somebody_new.contains("KeepOrigin"), "{of_somebody_new}");
}

#[test]
fn links_open_the_plans_and_a_human() {
    let plans = said(message_facts(customer(5)), message("/start plans"));
    assert_eq!(plans, said(message_facts(customer(5)), message("/buy")));
    let support = said(message_facts(customer(5)), message("/start support"));
    assert_eq!(support, said(message_facts(customer(5)), message("/support")));
}

#[test]
fn where_somebody_came_from_is_kept_when_they_are_new_and_never_said() {
    let words = String::from("/start ") + &"狐\u{1b}".repeat(100);
    let facts = Facts::Message(message_facts(None));
    let effects = follows_at(&house(), PRIVATE, &facts, &Event::MessageReceived(message(&words)));
    let kept: vec::Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::KeepOrigin { origin, .. } => Some(origin.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(kept, vec!["狐".repeat(64)]);
    let known = said(message_facts(customer(5)), message("/start promo-17"));
    assert_eq!(known, said(message_facts(customer(5)), message("/start")));
}

#[test]
fn among_others_a_link_opens_nothing() {
    let start = Message { setting: Setting::Group, ..message("/start aQ") };
    let facts = Facts::Message(linked(customer(5), Some(kept())));
    let said = at(GROUP, facts, Event::MessageReceived(start));
    assert!(said.contains("Welcome {") && !said.contains("picture 81"), "{said}");
}
