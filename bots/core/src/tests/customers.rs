//! On a channel where nothing can be changed and messages are counted, as customers on WeChat have
//! it: what is said there, and what waits.

use std::{string::String, vec, vec::Vec};

use insta::assert_snapshot;

use super::world::*;
use crate::{
    channel::{Capabilities, Refusal},
    decide::decide,
    effect::Effect,
    errand::{Brought, Errand, ErrandEnd, ErrandEnded, Screening},
    event::*,
    facts::*,
    generation::{GenerationState as Is, Options},
    id::*,
    say::Verb,
    window::Window,
};

/// Where Ada writes to us.
pub const CHAT: &str = "wecom-kf:wk1/wm1";

/// A channel that takes five messages after each of theirs, for two days.
pub fn counted() -> Capabilities {
    Capabilities {
        name: "wecom-kf",
        edits: false,
        buttons: true,
        topics: false,
        closes_buttons: false,
        hands_over: false,
        knows_repeats: true,
        meets_contacts: false,
        text_units_max: 2048,
        caption_units_max: 2048,
        photo_bytes_max: 5_000_000,
        photo_side_sum_max: 20_000,
        photo_ratio_max: 20,
        file_bytes_max: 20_000_000,
        replies_max: Some(5),
        reply_window_s: Some(48 * 60 * 60),
        markdown: false,
        buttons_max: Some(10),
        sends_per_s: 0,
        chat_sends_per_s: 0,
        group_sends_per_min: 0,
        chat_sends_max: None,
        edit_interval_s: 0,
        drafts: false,
        stars: false,
        one_answer: false,
        begins: true,
    }
}

pub fn window(left: u32) -> Window {
    Window { left, closes_at: NOW + 1_000, ..Window::default() }
}

pub fn follows(facts: &Facts, event: &Event, window: Window) -> Vec<Effect> {
    follows_in(house(), facts, event, window)
}

fn follows_in(house: House, facts: &Facts, event: &Event, window: Window) -> Vec<Effect> {
    let house = House { channels: vec![counted()], ..house };
    let conversation = ConversationId::from(CHAT);
    let (cause, window) = (Cause(CAUSE), Some(window));
    let frame = Frame { now: NOW, cause, conversation: &conversation, house: &house, window };
    let effects = decide(&frame, facts, event);
    assert_sound(frame.cause, &effects);
    effects
}

pub fn on(facts: &Facts, event: &Event, window: Window) -> String {
    folded(&super::lines::lines(CAUSE, &follows(facts, event, window)))
}

pub fn says(customer: impl Into<Option<Customer>>, text: &str, window: Window) -> String {
    let facts = Facts::Message(message_facts(customer));
    on(&facts, &Event::MessageReceived(message(text)), window)
}

fn of_picture(number: u8, siblings: &[Generation]) -> GenerationFacts {
    let mut facts = generation_facts(number, siblings);
    if let Some(request) = &mut facts.request {
        request.conversation = CHAT.into();
    }
    facts
}

fn handed_to(to: Hands) -> Event {
    Event::ChatHanded(Handing { who: ada(), to, answer: None })
}

fn entered(greet: Greet) -> Event {
    Event::ChatEntered(Entrance { who: ada(), scene: None, scene_param: None, greet })
}

fn code(until: i64) -> Answerable {
    Answerable { message: "code:WELCOME".into(), until }
}

#[test]
fn a_prompt_gets_one_acknowledgement_where_a_slot_is_spare() {
    assert_snapshot!(says(customer(10), "a fox", window(0)), @r#"
    OpenWindow { conversation: "wecom-kf:wk1/wm1", replies: 5, closes_at: 1700172800000 }
    ReleaseHeld { conversation: "wecom-kf:wk1/wm1" }
    open request #0 Open: "a fox" K1 Square Medium ×1 each 2 cheaper - references [] parent
        -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send in wecom-kf:wk1/wm1 about Passing: Making "a fox" K1 Square Medium ×1 for 2,
        picture 1 of 1, from 0, place 0, wait Some(20) / [Cancel #0] [SupportLink
        https://help.example]
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
}

#[test]
fn three_pictures_get_one_acknowledgement_of_all() {
    assert_snapshot!(says(subscriber(30), "a fox --x3", window(0)), @r#"
    OpenWindow { conversation: "wecom-kf:wk1/wm1", replies: 5, closes_at: 1700172800000 }
    ReleaseHeld { conversation: "wecom-kf:wk1/wm1" }
    open request #0 Open: "a fox" K1 Square Medium ×3 each 2 cheaper - references [] parent
        -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send in wecom-kf:wk1/wm1 about Passing: Making "a fox" K1 Square Medium ×3 for 6,
        picture 0 of 3, from 0, place 0, wait Some(20) / [Cancel #0] [SupportLink
        https://help.example]
    hold 2 as #5 for #4 of purse 2
    generate #4 of #0 with hold #5 number 2 tag 42
    hold 2 as #8 for #7 of purse 2
    generate #7 of #0 with hold #8 number 3 tag 43
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
}

#[test]
fn four_pictures_and_their_menu_leave_no_slot_for_an_acknowledgement() {
    assert_snapshot!(says(subscriber(30), "a fox --low --x4", window(0)), @r#"
    OpenWindow { conversation: "wecom-kf:wk1/wm1", replies: 5, closes_at: 1700172800000 }
    ReleaseHeld { conversation: "wecom-kf:wk1/wm1" }
    open request #0 Open: "a fox" K1 Square Low ×4 each 1 cheaper - references [] parent -
    hold 1 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    hold 1 as #5 for #4 of purse 2
    generate #4 of #0 with hold #5 number 2 tag 42
    hold 1 as #8 for #7 of purse 2
    generate #7 of #0 with hold #8 number 3 tag 43
    hold 1 as #11 for #10 of purse 2
    generate #10 of #0 with hold #11 number 4 tag 44
    "#);
}

#[test]
fn pictures_whose_words_are_looked_at_first_keep_their_slots() {
    for (text, is_greeted) in [("a fox --low --x4", false), ("a fox --low --x2", true)] {
        let mut house = House { screening: true, ..house() };
        house.catalogue.free = Some(pro());
        let facts = Facts::Message(message_facts(None));
        let said = Event::MessageReceived(message(text));
        let effects = follows_in(house, &facts, &said, window(0));
        let greeted = effects.iter().any(|it| matches!(it, Effect::Send(_)));
        assert_eq!(greeted, is_greeted, "{effects:?}");
    }
}

#[test]
fn what_was_let_through_keeps_its_slots_once() {
    let asked = Request {
        options: Options { count: 2, ..Options::default() },
        conversation: CHAT.into(),
        ..request(RequestState::Checking)
    };
    let what =
        Errand::Screen { request: asked.id, identity: ada().identity, then: Screening::default() };
    let end = ErrandEnd::Brought(Brought::Screened { allowed: true });
    let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(9), what, end });
    let facts = MessageFacts { started: Some(asked), ..message_facts(customer(10)) };
    let facts = Facts::Message(facts);
    let told = |reserved, left| {
        let house = House { screening: true, ..house() };
        let effects = follows_in(house, &facts, &event, Window { reserved, ..window(left) });
        effects.iter().any(|it| matches!(it, Effect::Send(_)))
    };
    // Two pictures and their menu have three of five; the acknowledgement one of those left.
    assert!(told(3, 5) && told(3, 4) && !told(3, 3));
    assert!(told(4, 5) && !told(5, 5), "others in line have theirs");
}

#[test]
fn what_is_in_line_already_keeps_its_slots() {
    let busy = Window { reserved: 3, ..window(0) };
    assert_snapshot!(says(subscriber(30), "a fox", busy), @r#"
    OpenWindow { conversation: "wecom-kf:wk1/wm1", replies: 5, closes_at: 1700172800000 }
    ReleaseHeld { conversation: "wecom-kf:wk1/wm1" }
    open request #0 Open: "a fox" K1 Square Medium ×1 each 2 cheaper - references [] parent
        -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    "#);
}

#[test]
fn a_finished_picture_has_no_buttons_and_takes_a_new_place() {
    let facts = Facts::Generation(of_picture(1, &[generation(1, Is::Submitted)]));
    assert_snapshot!(on(&facts, &finished(1), window(1)), @r#"
    keep #0 of 61 until 1702592000000
    SampleDuration { K1, Medium, took_ms: 21000 }
    SettleGeneration { generation: 61, state: Made, failure: - }
    send in wecom-kf:wk1/wm1 about Picture(61): Picture { artifact: #0, caption: - }
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
}

#[test]
fn a_picture_without_a_slot_is_owed_and_paid() {
    let facts = Facts::Generation(of_picture(1, &[generation(1, Is::Submitted)]));
    assert_snapshot!(on(&facts, &finished(1), window(0)), @r#"
    keep #0 of 61 until 1702592000000
    SampleDuration { K1, Medium, took_ms: 21000 }
    SettleGeneration { generation: 61, state: Made, failure: - }
    OweArtifact { artifact: #0 }
    PostHold { hold: 71 }
    SettleGeneration { generation: 61, state: Delivered, failure: - }
    UpdateRequest { id: 50, state: Settled, change: - }
    "#);
    let closed = Window { closes_at: NOW, ..window(5) };
    assert_eq!(on(&facts, &finished(1), closed), on(&facts, &finished(1), window(0)));
    let handed = Window { handed: true, ..window(5) };
    assert_eq!(on(&facts, &finished(1), handed), on(&facts, &finished(1), window(0)));
}

#[test]
fn the_receipt_of_several_pictures_is_their_menu() {
    let siblings = [generation(1, Is::Delivered), generation(2, Is::Made)];
    let facts = Facts::Delivery(delivery_facts(of_picture(2, &siblings)));
    let about = About::Picture(GenerationId(62));
    let delivered = Delivered { outbound: OutboundId(5), about, message: None, conversation: None };
    assert_snapshot!(on(&facts, &Event::MessageDelivered(delivered), window(1)), @r#"
    ReleaseHeld { conversation: "wecom-kf:wk1/wm1" }
    PostHold { hold: 72 }
    SettleGeneration { generation: 62, state: Delivered, failure: - }
    UpdateRequest { id: 50, state: Settled, change: - }
    send in wecom-kf:wk1/wm1 about Slot(Receipt(50)): Receipt(Receipt { charged: 4,
        pictures: 2, asked: 2, available: Some(6), kept_until: 1700000001000 }) / [Again 50]
        / [Picture(1) = OpenPicture 81] [Picture(2) = OpenPicture 82] [SupportLink
        https://help.example]
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
}

#[test]
fn what_is_owed_goes_first_with_one_menu_and_leaves_an_answer_its_slot() {
    let owed = |number: i64| Owed {
        artifact: crate::generation::Artifact { id: ArtifactId(80 + number), ..kept().artifact },
        request: RequestId(50),
        generation: GenerationId(60 + number),
    };
    let one = Customer { owed: vec![owed(1)], ..customer(10) };
    assert_snapshot!(says(one, "/help", window(0)), @r#"
    OpenWindow { conversation: "wecom-kf:wk1/wm1", replies: 5, closes_at: 1700172800000 }
    ReleaseHeld { conversation: "wecom-kf:wk1/wm1" }
    send in wecom-kf:wk1/wm1 about Picture(61): Picture { artifact: 81, caption: - }
    ClearOwed { artifact: 81 }
    send in wecom-kf:wk1/wm1 about Beside(81): Owed / [Again 50] [Change 81] / [Original 81]
        [More 81]
    send in wecom-kf:wk1/wm1: HelpByButtons / [Settings 0] [Balance 0] / [AskHuman 0]
        [SupportLink https://help.example]
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
    let many = Customer { owed: (1..7).map(owed).collect(), ..customer(10) };
    let facts = Facts::Message(message_facts(many));
    let effects = follows(&facts, &Event::MessageReceived(message("/balance")), window(0));
    let sent = effects.iter().filter(|effect| matches!(effect, Effect::Send(_))).count();
    assert_eq!(sent, 5, "three pictures, their menu, and the balance");
}

#[test]
fn a_picture_that_the_channel_lost_is_owed_again_and_stays_paid() {
    let facts = Facts::Delivery(delivery_facts(of_picture(1, &[generation(1, Is::Delivered)])));
    let about = About::Picture(GenerationId(61));
    for refusal in [Refusal::NotNow, Refusal::ConversationGone] {
        let event = Event::MessageRefused { outbound: OutboundId(5), about, refusal };
        assert_eq!(on(&facts, &event, window(0)), "OweArtifact { artifact: 81 }");
    }
    let bounced = Event::MessageBounced { outbound: OutboundId(5), refusal: Refusal::Blocked };
    let words = "BounceMessage { outbound: 5, refusal: Blocked, again: #0 }";
    assert_eq!(on(&Facts::None, &bounced, window(0)), words);
}

#[test]
fn a_press_is_answered_by_a_message_and_opens_the_window() {
    let facts = Facts::Press(press_facts(customer(10), Verb::Change, 81));
    let pressed = Press { message: None, ..press(Setting::Private) };
    assert_snapshot!(on(&facts, &Event::ButtonPressed(pressed), window(0)), @r#"
    OpenWindow { conversation: "wecom-kf:wk1/wm1", replies: 5, closes_at: 1700172800000 }
    ReleaseHeld { conversation: "wecom-kf:wk1/wm1" }
    send in wecom-kf:wk1/wm1: Gone / [AskHuman 0] [SupportLink https://help.example]
    answer tap
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
}

#[test]
fn deleting_a_picture_removes_nothing_that_cannot_be_removed() {
    let facts = PressFacts {
        kept: Some(kept()),
        request: Some(request(RequestState::Settled)),
        generations: vec![generation(1, Is::Delivered)],
        ..press_facts(customer(10), Verb::Delete, 81)
    };
    let pressed = Press { message: None, ..press(Setting::Private) };
    assert_snapshot!(on(&Facts::Press(facts), &Event::ButtonPressed(pressed), window(0)), @r#"
    OpenWindow { conversation: "wecom-kf:wk1/wm1", replies: 5, closes_at: 1700172800000 }
    ReleaseHeld { conversation: "wecom-kf:wk1/wm1" }
    DeleteArtifact { artifact: 81 }
    edit Generation(61) in telegram:7 silently: Removed
    edit Receipt(50) in telegram:7 silently: Deleted / [Again 50]
    send in wecom-kf:wk1/wm1: Deleted
    answer tap
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
}

#[test]
fn a_picture_shown_again_comes_with_its_menu_below() {
    let facts =
        PressFacts { kept: Some(kept()), ..press_facts(customer(10), Verb::OpenPicture, 81) };
    let pressed = Press { message: None, ..press(Setting::Private) };
    assert_snapshot!(on(&Facts::Press(facts), &Event::ButtonPressed(pressed), window(0)), @r#"
    OpenWindow { conversation: "wecom-kf:wk1/wm1", replies: 5, closes_at: 1700172800000 }
    ReleaseHeld { conversation: "wecom-kf:wk1/wm1" }
    send in wecom-kf:wk1/wm1: Picture { artifact: 81, caption: - }
    send in wecom-kf:wk1/wm1 about Beside(81): Verbatim(Text { text: "a fox", spans: [] }) /
        [Again 50] [Change 81] [LargerNotInPlan 81] / [Original 81] [More 81]
    answer tap
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
}

#[test]
fn a_greeting_by_its_code_costs_no_reply() {
    let facts = Facts::Message(message_facts(None));
    assert_snapshot!(on(&facts, &entered(Greet::Once(code(NOW + 20_000))), window(0)), @r#"
    OpenAccount { account: #0, purse: #1, person: Person { identity: "telegram:7", name:
        "Ada", language: Some(En) }, language: En, home: Some("wecom-kf:wk1/wm1") }
    Grant { entry: #2, purse: #1, credits: 3, source: "trial:telegram:7", reason: Trial,
        note: - }
    send in wecom-kf:wk1/wm1 answering code:WELCOME about Occasion: Welcome { trial: 3 } /
        [Example(1) 1] / [Example(2) 2] / [Privacy 0] [AskHuman 0] [SupportLink
        https://help.example]
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
    let known = Facts::Message(message_facts(customer(10)));
    assert_snapshot!(on(&known, &entered(Greet::Once(code(NOW))), window(0)), @r#"
    send in wecom-kf:wk1/wm1 answering code:WELCOME about Occasion: Welcome { trial: 0 } /
        [Example(1) 1] / [Example(2) 2] / [Privacy 0] [AskHuman 0] [SupportLink
        https://help.example]
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
}

#[test]
fn coming_in_without_a_code_or_too_late_says_nothing() {
    for greet in [Greet::No, Greet::Once(code(NOW - 1))] {
        let facts = Facts::Message(message_facts(None));
        assert_eq!(on(&facts, &entered(greet), window(5)), "");
    }
    let known = Facts::Message(message_facts(customer(10)));
    assert_eq!(on(&known, &entered(Greet::Freely), window(5)), "");
}

#[test]
fn a_new_contact_is_greeted_once_by_the_code() {
    let contact = |change| {
        let (who, member) = (ada(), "zhangsan".into());
        let writes_as = IdentityId::from("wecom-kf:wm7");
        Event::ContactChanged(Contact { who, member, writes_as, origin: None, change })
    };
    let added = contact(ContactChange::Added(Some(code(NOW + 20_000))));
    assert_snapshot!(on(&Facts::None, &added, window(0)), @r#"
    send in wecom-kf:wk1/wm1 answering code:WELCOME about Occasion: Welcome { trial: 0 }
    CountReplies { conversation: "wecom-kf:wk1/wm1", text_bytes_max: 2048 }
    "#);
    for change in [
        ContactChange::Added(None),
        ContactChange::Added(Some(code(NOW - 1))),
        ContactChange::Left,
        ContactChange::Edited,
    ] {
        assert_eq!(on(&Facts::None, &contact(change), window(0)), "");
    }
}

#[test]
fn while_people_have_the_chat_the_bot_is_silent() {
    let facts = Facts::Message(message_facts(customer(10)));
    let taken = handed_to(Hands::Servicer("lisi".into()));
    assert_snapshot!(on(&facts, &taken, window(5)), @r#"
    HandChat { conversation: "wecom-kf:wk1/wm1", handed: true }
    ClearTimer { id: "awaiting:wecom-kf:wk1/wm1:telegram:7" }
    Await { conversation: "wecom-kf:wk1/wm1", identity: "telegram:7", awaiting:
        Some(Servicer) }
    "#);
    let theirs = Customer { awaiting: Some(Awaiting::Servicer), ..customer(10) };
    let handed = Window { handed: true, ..window(5) };
    assert_snapshot!(says(theirs.clone(), "a fox", handed), @r#"
    OpenWindow { conversation: "wecom-kf:wk1/wm1", replies: 5, closes_at: 1700172800000 }
    "#);
    let lapsed = Event::AwaitingLapsed { identity: ada().identity };
    let facts = Facts::Message(message_facts(theirs.clone()));
    assert_eq!(on(&facts, &lapsed, handed), "", "as long as they like");
    assert_eq!(on(&facts, &entered(Greet::Once(code(NOW + 9))), handed), "");
}

#[test]
fn given_back_what_was_made_meanwhile_waits_for_their_next_words() {
    let owed =
        Owed { artifact: kept().artifact, request: RequestId(50), generation: GenerationId(61) };
    let awaiting = Some(Awaiting::Servicer);
    let theirs = Customer { awaiting, owed: vec![owed], ..customer(10) };
    let handed = Window { handed: true, ..window(5) };
    let facts = Facts::Message(message_facts(theirs.clone()));
    // The chat has ended: whatever was sent now would be refused.
    assert_snapshot!(on(&facts, &handed_to(Hands::Bot), handed), @r#"
    HandChat { conversation: "wecom-kf:wk1/wm1", handed: false }
    ClearTimer { id: "awaiting:wecom-kf:wk1/wm1:telegram:7" }
    Await { conversation: "wecom-kf:wk1/wm1", identity: "telegram:7", awaiting: - }
    "#);
    let effects = says(Customer { awaiting: None, ..theirs }, "/balance", window(5));
    assert_eq!(effects.matches(": Owed").count(), 1, "{effects}");
    assert!(effects.contains("ReleaseHeld"), "{effects}");
}

#[test]
fn a_number_that_is_no_choice_is_never_drawn_where_choices_have_numbers() {
    for text in ["19", "３。"] {
        let effects = says(customer(10), text, window(5));
        assert!(effects.contains("NoSuchChoice") && !effects.contains("request"), "{effects}");
    }
    assert!(says(customer(10), "19 foxes", window(5)).contains("open request"));
    // Neither an address nor a code is so short.
    let signs_in = Customer { awaiting: Some(Awaiting::LinkEmail), ..customer(10) };
    assert!(says(signs_in, "19", window(5)).contains("NoSuchChoice"));
    // What the words are asked for is what they are.
    let artifact = kept().artifact.id;
    let asked = Customer { awaiting: Some(Awaiting::Change { artifact }), ..customer(10) };
    assert!(!says(asked, "19", window(5)).contains("NoSuchChoice"));
}
