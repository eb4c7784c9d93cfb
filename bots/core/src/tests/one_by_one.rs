//! Where nothing can be changed: pictures that come one by one, options that were chosen already,
//! and chats in which people of ours write.

use std::{format, string::String, vec, vec::Vec};

use insta::assert_snapshot;

use super::{
    customers::{follows, on, says, window},
    world::*,
};
use crate::{effect::Effect, event::*, facts::*, id::*, say::Verb, window::Window};

#[test]
fn a_chat_in_which_one_of_ours_writes_is_theirs() {
    let wrote = Event::ServicerWrote {
        to: ada(),
        servicer: "olga".into(),
        text: "On it.".into(),
        attachments: vec![],
    };
    let facts = Facts::Message(message_facts(customer(10)));
    assert_snapshot!(on(&facts, &wrote, window(5)), @r#"
    HandChat { conversation: "wecom-kf:wk1/wm1", handed: true }
    "#);
    // Their time with it begins then, however long ago its customer wrote.
    assert_snapshot!(on(&facts, &wrote, Window { closes_at: NOW, ..window(5) }), @r#"
    OpenWindow { conversation: "wecom-kf:wk1/wm1", replies: 0, closes_at: 1700172800000 }
    HandChat { conversation: "wecom-kf:wk1/wm1", handed: true }
    "#);
    let handed = Window { handed: true, ..window(5) };
    assert_eq!(on(&facts, &wrote, handed), "");
    // Whatever was to become of their next words.
    assert!(!says(customer(10), "a fox", handed).contains("request"));
}

#[test]
fn pictures_that_come_one_by_one_are_told_of_once() {
    let picture =
        |name| Event::MessageReceived(Message { attachments: vec![photo(name)], ..message("") });
    let tray = |names: &[&str]| {
        let tray = names.iter().map(|name| Reference::Media(media(name))).collect();
        Facts::Message(message_facts(Customer { tray, tray_id: Some(TrayId(30)), ..customer(10) }))
    };
    let effects = on(&tray(&["a"]), &picture("b"), window(5));
    assert!(effects.contains("PutInTray") && !effects.contains("send in"), "{effects}");
    let settles = "set timer tray-told:wecom-kf:wk1/wm1:telegram:7 at 1700000002000: TraySettled";
    assert!(effects.contains(settles), "{effects}");
    let settled = |too_many| Event::TraySettled { identity: ada().identity, too_many };
    assert_snapshot!(on(&tray(&["a", "b"]), &settled(false), window(5)), @r#"
    send in wecom-kf:wk1/wm1: Tray { count: 2 } / [ClearTray 0]
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
    let names: Vec<String> = (0..house().references_max).map(|it| format!("p{it}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let is_told = |effect: &Effect| {
        matches!(effect, Effect::SetTimer { event: Event::TraySettled { too_many: true, .. }, .. })
    };
    let effects = follows(&tray(&names), &picture("one more"), window(5));
    assert!(effects.iter().any(is_told), "{effects:?}");
    let effects = on(&tray(&names), &settled(true), window(5));
    assert!(effects.contains("MostReferences") && effects.contains("Tray {"), "{effects}");
    // Their words were there first.
    let used = Facts::Message(message_facts(customer(10)));
    assert_eq!(on(&used, &settled(false), window(5)), "");
}

#[test]
fn an_option_that_was_chosen_already_is_answered_where_nothing_can_be_changed() {
    let facts = Facts::Press(press_facts(customer(10), Verb::SetResolution, 1));
    let effects = on(&facts, &Event::ButtonPressed(press(Setting::Private)), window(5));
    assert!(effects.contains("in wecom-kf:wk1/wm1: Settings"), "{effects}");
    assert!(!effects.contains("ChooseOptions"), "{effects}");
}
