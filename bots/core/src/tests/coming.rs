//! Where people come from whom nobody could greet, and what they take back.

use std::{boxed::Box, format, vec};

use insta::assert_snapshot;

use super::{
    customers::{CHAT, counted, on, window},
    world::*,
};
use crate::{
    channel::Capabilities, decide::decide, effect::Effect, event::*, facts::*,
    generation::GenerationState as Is, id::*,
};

#[test]
fn where_somebody_came_from_is_kept_also_where_nobody_can_be_greeted() {
    let came = |scene_param: Option<&str>, scene: Option<&str>| {
        let (scene, scene_param) = (scene.map(Into::into), scene_param.map(Into::into));
        Event::ChatEntered(Entrance { who: ada(), scene, scene_param, greet: Greet::No })
    };
    let new = Facts::Message(message_facts(None));
    let autumn = on(&new, &came(Some("autumn"), Some("poster")), window(0));
    assert_eq!(autumn, "RememberOrigin { identity: \"telegram:7\", origin: \"autumn\" }");
    let poster = on(&new, &came(None, Some("poster")), window(0));
    assert_eq!(poster, "RememberOrigin { identity: \"telegram:7\", origin: \"poster\" }");
    let known = Facts::Message(message_facts(customer(10)));
    assert_eq!(on(&known, &came(Some("autumn"), None), window(0)), "");
}

#[test]
fn who_comes_for_something_gets_it_by_a_code_or_else_by_one_of_the_messages_that_are_left() {
    let comes = |for_what: &str, greet| {
        let (who, scene) = (ada(), Some(for_what.into()));
        Event::ChatEntered(Entrance { who, scene, scene_param: None, greet })
    };
    let code = || Greet::Once(Answerable { message: "code:1".into(), until: NOW + 1 });
    let known = Facts::Message(message_facts(customer(10)));
    let new = Facts::Message(message_facts(None));
    for (for_what, says) in [("plans", "Buy"), ("support", "SupportCause")] {
        for facts in [&known, &new] {
            let by_code = on(facts, &comes(for_what, code()), window(0));
            let free = format!("answering code:1 about Occasion: {says}");
            assert!(by_code.contains(&free), "{for_what}: {by_code}");
            assert!(!by_code.contains("Welcome"), "{for_what}: {by_code}");
        }
        let by_message = on(&known, &comes(for_what, Greet::No), window(3));
        assert!(by_message.contains(&format!("wk1/wm1: {says}")), "{for_what}: {by_message}");
        assert_eq!(on(&known, &comes(for_what, Greet::No), window(0)), "", "{for_what}");
        let left = on(&new, &comes(for_what, Greet::No), window(3));
        assert!(!left.contains("send"), "nobody may write to them: {left}");
    }
    // The place where a code is typed.
    let link = Some(Box::new(super::linking::facts(None)));
    let linking = Facts::Message(MessageFacts { link, ..message_facts(customer(10)) });
    let by_message = on(&linking, &comes("link", Greet::No), window(3));
    assert!(by_message.contains("Link(Ways"), "{by_message}");
    assert_eq!(on(&linking, &comes("link", Greet::No), window(0)), "");
}

#[test]
fn where_a_contact_came_from_waits_for_the_account_that_they_may_get() {
    let contact = |change| {
        let (who, member, writes_as) = (ada(), "zhangsan".into(), ada().identity);
        let origin = Some("autumn\u{7}".into());
        Event::ContactChanged(Contact { who, member, writes_as, origin, change })
    };
    let added = on(&Facts::None, &contact(ContactChange::Added(None)), window(0));
    assert_eq!(added, "RememberOrigin { identity: \"telegram:7\", origin: \"autumn\" }");
    assert_eq!(on(&Facts::None, &contact(ContactChange::Left), window(0)), "");
    let meeting = Capabilities { meets_contacts: true, ..counted() };
    let house = House { channels: vec![meeting], ..house() };
    let (cause, conversation) = (Cause(CAUSE), ConversationId::from(CHAT));
    let window = Some(window(0));
    let frame = Frame { now: NOW, cause, conversation: &conversation, house: &house, window };
    let facts = Facts::Message(message_facts(None));
    let effects = decide(&frame, &facts, &Event::MessageReceived(message("a fox")));
    let takes = |it: &&Effect| matches!(it, Effect::TakeOrigin { .. });
    assert_eq!(effects.iter().filter(takes).count(), 1);
}

fn recalled(message: &str) -> Event {
    Event::MessageRecalled { by: ada(), message: message.into() }
}

/// Facts about whoever takes back the message that began their only request.
fn begun(state: RequestState, generation: Is) -> Facts {
    let mut customer = with_open(customer(10), generation);
    for open in &mut customer.open {
        open.request.conversation = CHAT.into();
        open.request.state = state;
    }
    let started = customer.open.first().map(|open| open.request.clone());
    Facts::Message(MessageFacts { started, ..message_facts(customer) })
}

#[test]
fn a_prompt_that_is_taken_back_is_out_of_line_and_its_credits_are_back() {
    assert_snapshot!(on(&begun(RequestState::Open, Is::Held), &recalled("10"), window(3)), @r#"
    CancelGeneration { generation: 61 }
    VoidHold { hold: 71, reason: Cancelled }
    send in wecom-kf:wk1/wm1: Cancelled { available: Some(10) } / [Again 50]
    UpdateRequest { id: 50, state: Cancelled, change: - }
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
    assert_snapshot!(on(&begun(RequestState::Unpaid, Is::Held), &recalled("10"), window(3)), @r#"
    UpdateRequest { id: 50, state: Cancelled, change: - }
    ClearTimer { id: "request:50" }
    send in wecom-kf:wk1/wm1: Cancelled { available: Some(8) }
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
    // What is on its way goes on; that is said where a slot is spare.
    let under_way = begun(RequestState::Open, Is::Submitted);
    assert_snapshot!(on(&under_way, &recalled("10"), window(3)), @r#"
    send in wecom-kf:wk1/wm1 about Passing: TooLateToCancel / [AskHuman 0] [SupportLink
        https://help.example]
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
    assert_eq!(on(&begun(RequestState::Settled, Is::Delivered), &recalled("10"), window(3)), "");
}

#[test]
fn nobody_takes_back_what_somebody_else_began() {
    let Facts::Message(mut facts) = begun(RequestState::Open, Is::Held) else { unreachable!() };
    if let Some(request) = &mut facts.started {
        request.identity = "telegram:8".into();
    }
    assert_eq!(on(&Facts::Message(facts), &recalled("10"), window(3)), "");
}

#[test]
fn a_picture_that_is_taken_back_waits_for_words_no_more() {
    let waiting = |names: &[&str]| {
        let tray = names.iter().map(|name| Reference::Media(media(name))).collect();
        Facts::Message(message_facts(Customer { tray, tray_id: Some(TrayId(30)), ..customer(10) }))
    };
    assert_snapshot!(on(&waiting(&["a"]), &recalled("a"), window(3)), @r#"
    ClearTimer { id: "tray:wecom-kf:wk1/wm1:telegram:7" }
    ClearTimer { id: "tray-told:wecom-kf:wk1/wm1:telegram:7" }
    EmptyTray { conversation: "wecom-kf:wk1/wm1", identity: "telegram:7" }
    send in wecom-kf:wk1/wm1: TrayCleared
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
    assert_snapshot!(on(&waiting(&["a", "b"]), &recalled("a"), window(3)), @r#"
    ClearTimer { id: "tray:wecom-kf:wk1/wm1:telegram:7" }
    ClearTimer { id: "tray-told:wecom-kf:wk1/wm1:telegram:7" }
    EmptyTray { conversation: "wecom-kf:wk1/wm1", identity: "telegram:7" }
    PutInTray { id: #1, conversation: "wecom-kf:wk1/wm1", identity: "telegram:7", reference:
        Media({ handle: "b", unique: "b" }) }
    set timer tray:wecom-kf:wk1/wm1:telegram:7 at 1700086400000: TrayLapsed
    send in wecom-kf:wk1/wm1: Tray { count: 1 } / [ClearTray 0]
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
    assert_eq!(on(&waiting(&["a"]), &recalled("b"), window(3)), "");
}
