//! Pictures that come in: with words, before words, as albums, as answers.

use std::{string::String, vec, vec::Vec};

use insta::assert_snapshot;

use super::world::*;
use crate::{
    channel::{Attachment, MediaRef, OtherKind},
    event::{Event, Message, ReplyTo, Setting},
    facts::*,
    id::*,
};

fn with(text: &str, attachments: Vec<Attachment>) -> Message {
    Message { attachments, ..message(text) }
}

#[test]
fn a_photo_with_words_is_a_reference() {
    let facts = message_facts(customer(10));
    assert_snapshot!(folded(&said(facts, with("make it blue", vec![photo("a")]))), @r#"
    open request #0 Open: "make it blue" K1 Square Medium ×1 each 2 cheaper - references
        [Media({ handle: "a", unique: "a" })] parent -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "make it blue" K1 Square Medium ×1 for 2,
        picture 1 of 1, from 1, place 0, wait Some(20) / [Cancel #0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn a_photo_without_words_waits_in_the_tray() {
    assert_snapshot!(folded(&said(message_facts(customer(10)), with("", vec![photo("a")]))), @r#"
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(Edit {
        message: "10" }) }
    PutInTray { id: #0, conversation: "telegram:7", identity: "telegram:7", reference:
        Media({ handle: "a", unique: "a" }) }
    set timer tray:telegram:7:telegram:7 at 1700086400000: TrayLapsed
    send as Question(#0) in telegram:7: Tray { count: 1 } / [ClearTray 0]
    "#);
}

fn with_tray(count: usize) -> Customer {
    let tray = (0..count).map(|n| Reference::Media(media(&std::format!("t{n}")))).collect();
    Customer { tray, tray_id: Some(TrayId(30)), ..customer(10) }
}

#[test]
fn another_photo_edits_the_question_about_the_tray() {
    let facts = message_facts(with_tray(1));
    assert_snapshot!(folded(&said(facts, with("", vec![photo("a")]))), @r#"
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(Edit {
        message: "10" }) }
    PutInTray { id: #0, conversation: "telegram:7", identity: "telegram:7", reference:
        Media({ handle: "a", unique: "a" }) }
    set timer tray:telegram:7:telegram:7 at 1700086400000: TrayLapsed
    edit Question(30) in telegram:7: Tray { count: 2 } / [ClearTray 0]
    "#);
}

#[test]
fn the_same_photo_waits_once() {
    let effects = said(message_facts(with_tray(1)), with("", vec![photo("t0")]));
    assert!(!effects.contains("PutInTray"), "{effects}");
    assert!(effects.contains("count: 1"), "{effects}");
}

#[test]
fn the_next_words_are_for_the_tray() {
    assert_snapshot!(folded(&said(message_facts(with_tray(2)), message("join them"))), @r#"
    open request #0 Open: "join them" K1 Square Medium ×1 each 2 cheaper - references
        [Media({ handle: "t0", unique: "t0" }), Media({ handle: "t1", unique: "t1" })]
        parent -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "join them" K1 Square Medium ×1 for 2,
        picture 1 of 1, from 2, place 0, wait Some(20) / [Cancel #0] [SupportLink
        https://help.example]
    ClearTimer { id: "tray:telegram:7:telegram:7" }
    EmptyTray { conversation: "telegram:7", identity: "telegram:7" }
    edit Question(30) in telegram:7 silently: Removed
    "#);
}

#[test]
fn a_full_tray_says_how_many_it_takes() {
    let facts = message_facts(with_tray(4));
    assert_snapshot!(folded(&said(facts, with("", vec![photo("a")]))), @r#"
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(Edit {
        message: "10" }) }
    set timer tray:telegram:7:telegram:7 at 1700086400000: TrayLapsed
    send in telegram:7: TooManyReferences { count: 5, count_max: 4 } / [AskHuman 0]
        [SupportLink https://help.example]
    edit Question(30) in telegram:7: Tray { count: 4 } / [ClearTray 0]
    "#);
}

#[test]
fn a_tray_that_waited_too_long_is_emptied() {
    let event = || Event::TrayLapsed { identity: ada().identity };
    let facts = message_facts(with_tray(2));
    assert_snapshot!(folded(&at(PRIVATE, Facts::Message(facts), event())), @r#"
    ClearTimer { id: "tray:telegram:7:telegram:7" }
    EmptyTray { conversation: "telegram:7", identity: "telegram:7" }
    edit Question(30) in telegram:7: TrayCleared
    "#);
    assert_eq!(at(PRIVATE, Facts::Message(message_facts(customer(1))), event()), "");
}

#[test]
fn more_references_than_fit_are_told_and_the_first_are_used() {
    let pictures = ["a", "b", "c", "d", "e"].map(photo).to_vec();
    let effects = said(message_facts(customer(10)), with("join them", pictures));
    assert!(effects.contains("TooManyReferences { count: 5, count_max: 4 }"), "{effects}");
    assert!(effects.contains("from 4"), "{effects}");
}

#[test]
fn a_picture_that_is_too_large_is_refused_by_name_and_nothing_is_made() {
    let large = Attachment::TooLarge {
        name: Some("map.png".into()),
        bytes: Some(30_000_000),
        bytes_max: 20_000_000,
    };
    let facts = message_facts(customer(10));
    assert_snapshot!(folded(&said(facts, with("make it blue", vec![large, photo("a")]))), @r#"
    send in telegram:7: ReferenceTooLarge { name: Some("map.png"), bytes: Some(30000000),
        bytes_max: 5000000 } / [AskHuman 0] [SupportLink https://help.example]
    PutInTray { id: #1, conversation: "telegram:7", identity: "telegram:7", reference:
        Media({ handle: "a", unique: "a" }) }
    set timer tray:telegram:7:telegram:7 at 1700086400000: TrayLapsed
    send as Question(#1) in telegram:7: Tray { count: 1 } / [ClearTray 0]
    "#);
}

#[test]
fn what_is_no_picture_is_refused_by_its_kind() {
    let facts = message_facts(customer(10));
    let voice = vec![Attachment::Other(OtherKind::Audio)];
    assert_snapshot!(folded(&said(facts, with("", voice))), @r#"
    send in telegram:7: CannotUse(Audio) / [AskHuman 0] [SupportLink https://help.example]
    "#);
}

#[test]
fn where_pictures_cannot_be_used_it_says_so() {
    let mut house = house();
    house.edits = false;
    let facts = Facts::Message(message_facts(customer(10)));
    let event = Event::MessageReceived(with("make it blue", vec![photo("a")]));
    let effects = follows_at(&house, PRIVATE, &facts, &event);
    assert_snapshot!(folded(&super::lines::lines(CAUSE, &effects)), @r#"
    send in telegram:7: NoReferences / [AskHuman 0] [SupportLink https://help.example]
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(Edit {
        message: "10" }) }
    "#);
}

#[test]
fn an_answer_to_a_picture_of_ours_changes_it() {
    let facts = MessageFacts { replied: Some(kept()), ..message_facts(customer(10)) };
    assert_snapshot!(folded(&said(facts, reply("make it blue", "20", true))), @r#"
    open request #0 Open: "make it blue" K1 Square Medium ×1 each 2 cheaper - references
        [Artifact(81)] parent Some(81)
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "make it blue" K1 Square Medium ×1 for 2,
        picture 1 of 1, from 1, place 0, wait Some(20) / [Cancel #0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn an_answer_to_a_picture_that_is_not_kept_any_more_uses_what_is_seen() {
    let mut answer = reply("make it blue", "20", true);
    answer.reply_to.as_mut().unwrap().attachments = vec![photo("x")];
    let effects = said(message_facts(customer(10)), answer);
    assert!(effects.contains("from 1"), "{effects}");
}

#[test]
fn an_answer_to_a_file_that_is_too_large_says_so() {
    let mut answer = reply("make it blue", "20", false);
    let large = Attachment::TooLarge { name: None, bytes: Some(30_000_000), bytes_max: 20_000_000 };
    answer.reply_to.as_mut().unwrap().attachments = vec![large];
    assert_snapshot!(folded(&said(message_facts(customer(10)), answer)), @r#"
    send in telegram:7: ReferenceTooLarge { name: -, bytes: Some(30000000), bytes_max:
        5000000 } / [AskHuman 0] [SupportLink https://help.example]
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(Edit {
        message: "10" }) }
    "#);
}

#[test]
fn an_answer_to_somebody_elses_picture_uses_it() {
    let reply_to =
        Some(ReplyTo { message: "9".into(), ours: false, attachments: vec![photo("x")] });
    let facts = message_facts(customer(10));
    assert_snapshot!(folded(&said(facts, Message { reply_to, ..message("make it blue") })), @r#"
    open request #0 Open: "make it blue" K1 Square Medium ×1 each 2 cheaper - references
        [Media({ handle: "x", unique: "x" })] parent -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "make it blue" K1 Square Medium ×1 for 2,
        picture 1 of 1, from 1, place 0, wait Some(20) / [Cancel #0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn after_change_the_next_words_change_that_picture() {
    let artifact = ArtifactId(81);
    let awaiting = Some(Awaiting::Change { artifact });
    let customer = Customer { awaiting, ..customer(10) };
    let facts = MessageFacts { replied: Some(kept()), ..message_facts(customer.clone()) };
    assert_snapshot!(folded(&said(facts, message("make it blue"))), @r#"
    open request #0 Open: "make it blue" K1 Square Medium ×1 each 2 cheaper - references
        [Artifact(81)] parent Some(81)
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "make it blue" K1 Square Medium ×1 for 2,
        picture 1 of 1, from 1, place 0, wait Some(20) / [Cancel #0] [SupportLink
        https://help.example]
    ClearTimer { id: "awaiting:telegram:7:telegram:7" }
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: - }
    "#);
    assert_snapshot!(folded(&said(message_facts(customer), message("make it blue"))), @r#"
    ClearTimer { id: "awaiting:telegram:7:telegram:7" }
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: - }
    send in telegram:7: Gone / [AskHuman 0] [SupportLink https://help.example]
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(Edit {
        message: "10" }) }
    "#);
}

#[test]
fn after_change_the_words_the_next_words_replace_those_of_the_request() {
    let awaiting = Some(Awaiting::Words { request: RequestId(50), count: 1 });
    let started = Request {
        references: vec![Reference::Media(media("r"))],
        ..request(RequestState::Settled)
    };
    let customer = Customer { awaiting, ..customer(10) };
    let facts = MessageFacts { started: Some(started), ..message_facts(customer) };
    assert_snapshot!(folded(&said(facts, message("an owl"))), @r#"
    open request #0 Open: "an owl" K1 Square Medium ×1 each 2 cheaper - references [Media({
        handle: "r", unique: "r" })] parent -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "an owl" K1 Square Medium ×1 for 2, picture
        1 of 1, from 1, place 0, wait Some(20) / [Cancel #0] [SupportLink
        https://help.example]
    ClearTimer { id: "awaiting:telegram:7:telegram:7" }
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: - }
    "#);
}

fn part(id: &str, text: &str, unique: &str) -> Message {
    let album = Some("album1".into());
    Message { id: id.into(), album, ..with(text, vec![photo(unique)]) }
}

fn album(parts: Vec<Message>, settled: bool) -> Album {
    let began_at = if parts.is_empty() { 0 } else { NOW - 9_000 };
    Album { parts, began_at, called: true, settled }
}

#[test]
fn a_part_of_an_album_waits_for_the_others() {
    let facts = MessageFacts { album: Some(album(vec![], false)), ..message_facts(customer(10)) };
    assert_snapshot!(folded(&said(facts, part("10", "join them", "a"))), @r#"
    add message 10 to album album1
    set timer album:telegram:7:album1 at 1700000001500: AlbumSettled
    "#);
}

#[test]
fn an_album_is_whole_ten_seconds_after_its_first_part() {
    let parts = vec![part("10", "", "a")];
    let facts = MessageFacts { album: Some(album(parts, false)), ..message_facts(customer(10)) };
    assert_snapshot!(folded(&said(facts, part("11", "", "b"))), @r#"
    add message 11 to album album1
    set timer album:telegram:7:album1 at 1700000001000: AlbumSettled
    "#);
}

fn settle(parts: Vec<Message>, settled: bool) -> String {
    let facts = MessageFacts { album: Some(album(parts, settled)), ..message_facts(customer(10)) };
    let by = ada().identity;
    let setting = Setting::Private;
    let event = Event::AlbumSettled { album: "album1".into(), by, setting, replied: None };
    at(PRIVATE, Facts::Message(facts), event)
}

#[test]
fn a_whole_album_is_one_set_with_its_caption() {
    let parts = vec![part("10", "", "a"), part("11", "join them", "b"), part("12", "", "c")];
    assert_snapshot!(folded(&settle(parts, false)), @r#"
    SettleAlbum { conversation: "telegram:7", album: "album1" }
    open request #0 Open: "join them" K1 Square Medium ×1 each 2 cheaper - references
        [Media({ handle: "a", unique: "a" }), Media({ handle: "b", unique: "b" }), Media({
        handle: "c", unique: "c" })] parent -
    hold 2 as #2 for #1 of purse 2
    generate #1 of #0 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "join them" K1 Square Medium ×1 for 2,
        picture 1 of 1, from 3, place 0, wait Some(20) / [Cancel #0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn a_whole_album_without_a_caption_waits_in_the_tray() {
    assert_snapshot!(folded(&settle(vec![part("10", "", "a"), part("11", "", "b")], false)), @r#"
    SettleAlbum { conversation: "telegram:7", album: "album1" }
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(Edit {
        message: "10" }) }
    PutInTray { id: #0, conversation: "telegram:7", identity: "telegram:7", reference:
        Media({ handle: "a", unique: "a" }) }
    PutInTray { id: #1, conversation: "telegram:7", identity: "telegram:7", reference:
        Media({ handle: "b", unique: "b" }) }
    set timer tray:telegram:7:telegram:7 at 1700086400000: TrayLapsed
    send as Question(#0) in telegram:7: Tray { count: 2 } / [ClearTray 0]
    "#);
}

#[test]
fn an_album_is_settled_once() {
    assert_eq!(settle(vec![part("10", "join them", "a")], true), "");
}

#[test]
fn a_late_part_gets_a_note() {
    let parts = vec![part("10", "", "a"), part("11", "", "b")];
    let facts = MessageFacts { album: Some(album(parts, true)), ..message_facts(customer(10)) };
    assert_snapshot!(folded(&said(facts, part("12", "", "c"))), @r#"
    send in telegram:7 answering 12: LateAlbumPart { count: 2 } / [AskHuman 0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn a_receipt_that_is_about_no_single_picture_asks_which() {
    let facts = |beside| MessageFacts { beside, ..message_facts(customer(10)) };
    let words = || reply("make it blue", "30", true);
    for (beside, says) in [(Beside::Several, "WhichPicture"), (Beside::Gone, "Gone")] {
        let told = said(facts(beside), words());
        assert!(told.starts_with(&std::format!("send in telegram:7: {says}")), "{told}");
        assert!(!told.contains("hold"), "{told}");
    }
}

#[test]
fn a_picture_that_is_answered_counts_whatever_was_pressed_before() {
    let customer = |awaiting| Customer { awaiting: Some(awaiting), ..customer(10) };
    let attachments = vec![photo("x")];
    let answered = ReplyTo { message: "9".into(), ours: false, attachments };
    let words = Message { reply_to: Some(answered), ..message("make it blue") };
    for awaiting in [
        Awaiting::Change { artifact: ArtifactId(81) },
        Awaiting::Words { request: RequestId(50), count: 1 },
    ] {
        let said = said(message_facts(customer(awaiting)), words.clone());
        assert!(said.contains("references [Media({ handle: \"x\""), "{said}");
    }
}

/// A part of an album in a group that does not call us by itself.
fn seen(album: Option<Album>, part: Message) -> String {
    let part = Message { setting: Setting::Group, ..part };
    let facts = MessageFacts { album, ..message_facts(None) };
    at(GROUP, Facts::Message(facts), Event::AlbumPartSeen(part))
}

#[test]
fn a_part_in_a_group_that_does_not_call_us_waits_and_nobody_meets_anybody() {
    assert_snapshot!(folded(&seen(None, part("10", "", "a"))), @r#"
    ForgetEvent
    add message 10 to album album1 uncalled
    set timer album:telegram:-5:album1 at 1700000300000: AlbumSettled
    "#);
}

#[test]
fn the_part_that_calls_us_may_come_last() {
    let seen = Album { called: false, ..album(vec![part("10", "", "a")], false) };
    let facts = MessageFacts { album: Some(seen), ..message_facts(customer(10)) };
    let calling = Message { setting: Setting::Group, ..part("11", "join them", "b") };
    let effects = at(GROUP, Facts::Message(facts), Event::MessageReceived(calling));
    assert_snapshot!(folded(&effects), @r#"
    add message 11 to album album1
    set timer album:telegram:-5:album1 at 1700000001000: AlbumSettled
    "#);
}

#[test]
fn a_part_that_calls_us_late_finds_the_others() {
    let mut seen = Album { called: false, ..album(vec![part("10", "", "a")], false) };
    seen.began_at = NOW - 60_000;
    let facts = MessageFacts { album: Some(seen), ..message_facts(customer(10)) };
    let message = Message { setting: Setting::Group, ..part("11", "a fox", "b") };
    let effects = at(GROUP, Facts::Message(facts), Event::MessageReceived(message));
    assert_snapshot!(folded(&effects), @r#"
    add message 11 to album album1
    set timer album:telegram:-5:album1 at 1700000001500: AlbumSettled
    "#);
}

#[test]
fn an_album_that_nobody_called_us_for_is_forgotten_whole() {
    let parts = vec![part("10", "", "a"), part("11", "", "b")];
    let album = Album { called: false, ..album(parts, false) };
    let facts = MessageFacts { album: Some(album), ..message_facts(None) };
    let by = ada().identity;
    let setting = Setting::Group;
    let event = Event::AlbumSettled { album: "album1".into(), by, setting, replied: None };
    assert_snapshot!(folded(&at(GROUP, Facts::Message(facts), event)), @r#"
    ForgetAlbum { conversation: "telegram:-5", album: "album1" }
    "#);
}

#[test]
fn a_late_part_in_a_group_gets_a_note_where_its_album_was_ours() {
    let late = seen(Some(album(vec![part("10", "", "a")], true)), part("12", "", "c"));
    assert_snapshot!(folded(&late), @r#"
    ForgetEvent
    send in telegram:-5 answering 12: LateAlbumPart { count: 1 } / [AskHuman 0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn an_album_that_comes_too_fast_is_left_out_whole() {
    let too_fast = |pace| MessageFacts { pace, ..message_facts(customer(10)) };
    assert_snapshot!(folded(&said(too_fast(Pace::TooFastNow), part("10", "join them", "a"))), @r#"
    send in telegram:7: SlowDown / [AskHuman 0] [SupportLink https://help.example]
    SettleAlbum { conversation: "telegram:7", album: "album1" }
    "#);
    assert_snapshot!(folded(&said(too_fast(Pace::TooFast), part("10", "join them", "a"))), @r#"
    SettleAlbum { conversation: "telegram:7", album: "album1" }
    "#);
    // Its other parts are no set of their own, and it was said of the first.
    let left_out = Album { called: false, ..album(vec![], true) };
    let facts = MessageFacts { album: Some(left_out), ..message_facts(customer(10)) };
    assert_eq!(said(facts, part("11", "", "b")), "");
}

#[test]
fn a_picture_larger_than_the_house_takes_is_refused_by_name_at_once() {
    let large = MediaRef { bytes: Some(5_000_001), name: Some("map.png".into()), ..media("a") };
    let facts = message_facts(customer(10));
    let sent = with("make it blue", vec![Attachment::Picture(large.clone())]);
    assert_snapshot!(folded(&said(facts.clone(), sent)), @r#"
    send in telegram:7: ReferenceTooLarge { name: Some("map.png"), bytes: Some(5000001),
        bytes_max: 5000000 } / [AskHuman 0] [SupportLink https://help.example]
    "#);
    let mut answer = reply("make it blue", "20", false);
    answer.reply_to.as_mut().unwrap().attachments = vec![Attachment::Picture(large.clone())];
    assert!(said(facts.clone(), answer).contains("ReferenceTooLarge"));
    let just_right = MediaRef { bytes: Some(5_000_000), ..large };
    let sent = with("make it blue", vec![Attachment::Picture(just_right)]);
    assert!(said(facts, sent).contains("generate"));
}
