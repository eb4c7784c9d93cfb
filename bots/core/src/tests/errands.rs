//! Errands: when one is opened, and what follows from its end.

use std::{format, string::String, vec, vec::Vec};

use insta::assert_snapshot;

use super::{lines::folded, world::*};
use crate::{
    channel::{Attachment, MediaRef},
    effect::Effect,
    errand::{Brought, Errand, ErrandEnd, ErrandEnded, ErrandFailure},
    event::{Event, Message},
    facts::*,
    generation::{GenerationState as Is, ReferenceFault},
    id::*,
};

/// A picture that its channel gives away until then.
fn short_lived(unique: &str, until: i64) -> Attachment {
    Attachment::Picture(MediaRef { fetch_before: Some(until), ..media(unique) })
}

/// The errands that a message opens, by their names.
fn errands(message: Message) -> Vec<String> {
    let facts = Facts::Message(message_facts(customer(10)));
    let event = Event::MessageReceived(message);
    let effects = follows_at(&house(), PRIVATE, &facts, &event);
    let errands = effects.iter().filter_map(|effect| match effect {
        Effect::RunErrand(new) => Some(format!("{} until {}", new.name, new.until)),
        _ => None,
    });
    errands.collect()
}

#[test]
fn of_a_picture_that_is_not_there_for_long_a_copy_is_fetched_at_once() {
    let until = NOW + 300_000;
    let with_words =
        Message { attachments: vec![short_lived("a", until), photo("b")], ..message("a fox") };
    assert_eq!(errands(with_words), [format!("copy:telegram/a until {until}")]);
    let alone = Message { attachments: vec![short_lived("a", until)], ..message("") };
    assert_eq!(errands(alone), [format!("copy:telegram/a until {until}")]);
    let twice =
        Message { attachments: vec![short_lived("a", until); 2], ..message("a fox and a fox") };
    assert_eq!(errands(twice).len(), 1);
    let too_late = Message { attachments: vec![short_lived("a", NOW)], ..message("a fox") };
    assert_eq!(errands(too_late), [""; 0]);
}

#[test]
fn what_was_sent_as_a_file_is_looked_at_at_once() {
    let file = Attachment::Picture(MediaRef { name: Some("fox.png".into()), ..media("f") });
    let until = NOW + 900_000;
    let looks = [format!("look:{CAUSE}:telegram/f until {until}")];
    let with_words = Message { attachments: vec![file.clone(), photo("b")], ..message("a fox") };
    assert_eq!(errands(with_words), looks);
    let alone = Message { attachments: vec![file.clone()], ..message("") };
    assert_eq!(errands(alone), looks);
    let part = Message {
        attachments: vec![file],
        album: Some("album1".into()),
        ..message("an album is whole first")
    };
    assert_eq!(errands(part), [""; 0]);
}

/// What follows when a file turns out to be no picture, for somebody with these requests.
fn no_picture(open: Vec<OpenRequest>) -> String {
    let customer = Customer { open, ..customer(10) };
    let media = MediaRef { name: Some("fox.png".into()), ..media("f") };
    let what = Errand::CopyMedia { media, identity: customer.identity.clone() };
    let end = ErrandEnd::Brought(Brought::Unusable(ReferenceFault::WrongKind));
    let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(7), what, end });
    let facts = Facts::Message(message_facts(customer));
    folded(&super::lines::lines(CAUSE, &follows_at(&house(), PRIVATE, &facts, &event)))
}

fn made_from(references: &[&str], state: RequestState, of: &[Is]) -> OpenRequest {
    let references = references.iter().map(|name| Reference::Media(media(name))).collect();
    let numbered = (1..).zip(of);
    OpenRequest {
        request: Request { references, ..request(state) },
        generations: numbered.map(|(number, state)| generation(number, *state)).collect(),
    }
}

#[test]
fn what_is_in_line_with_a_file_that_is_no_picture_is_given_up_at_once() {
    let open = made_from(&["a", "f"], RequestState::Open, &[Is::Held, Is::Held]);
    assert_snapshot!(no_picture(vec![open]), @r#"
    VoidHold { hold: 71, reason: Failed }
    SettleGeneration { generation: 61, state: Failed, failure: Some(Reference { number:
        Some(2), fault: WrongKind }) }
    edit Generation(61) in telegram:7 about Ended(61): Failed { failure: Reference { number:
        Some(2), fault: WrongKind }, available: Some(12), part: Part { number: 1, count: 2 }
        } / [AskHuman 50] [SupportLink https://help.example]
    VoidHold { hold: 72, reason: Failed }
    SettleGeneration { generation: 62, state: Failed, failure: Some(Reference { number:
        Some(2), fault: WrongKind }) }
    edit Generation(62) in telegram:7 about Ended(62): Failed { failure: Reference { number:
        Some(2), fault: WrongKind }, available: Some(14), part: Part { number: 2, count: 2 }
        } / [TryAgain 50] [ChangeWords 50] / [AskHuman 50] [SupportLink
        https://help.example]
    UpdateRequest { id: 50, state: Settled, change: - }
    "#);
    let under_way = made_from(&["f"], RequestState::Open, &[Is::Claimed, Is::Submitting]);
    assert_eq!(no_picture(vec![under_way]), "", "whoever has it in hand finds out");
    let of_others = made_from(&["a"], RequestState::Open, &[Is::Held]);
    assert_eq!(no_picture(vec![of_others]), "");
}

#[test]
fn what_waits_for_an_answer_with_a_file_that_is_no_picture_is_let_go() {
    let changed = made_from(&["f"], RequestState::Unpaid, &[]);
    let request = Request { parent: Some(ArtifactId(70)), ..changed.request };
    let changed = OpenRequest { request, generations: vec![] };
    assert_snapshot!(no_picture(vec![changed]), @r#"
    UpdateRequest { id: 50, state: Failed, change: - }
    ClearTimer { id: "request:50" }
    edit Question(50) in telegram:7: ReferenceUnusable { number: 2, fault: WrongKind } /
        [AskHuman 0] [SupportLink https://help.example]
    "#);
}

#[test]
fn a_copy_that_was_fetched_is_kept() {
    let media = MediaRef { fetch_before: Some(NOW + 1), ..media("a") };
    let ended = |end| {
        let identity = customer(10).identity;
        let what = Errand::CopyMedia { media: media.clone(), identity };
        let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(7), what, end });
        follows_at(&house(), PRIVATE, &Facts::None, &event)
    };
    let copy = Brought::Copy { object: "ab/c".into(), bytes: 9 };
    let kept = Effect::KeepCopy { media: "telegram/a".into(), object: "ab/c".into(), bytes: 9 };
    assert_eq!(ended(ErrandEnd::Brought(copy)), [kept]);
    assert_eq!(ended(ErrandEnd::Failed(ErrandFailure::Refused)), []);
}

#[test]
fn a_picture_that_cannot_be_worked_from_leaves_the_tray_and_is_told_of_at_once() {
    let media = MediaRef { fetch_before: Some(NOW + 1), ..media("b") };
    let ended = |tray: Vec<Reference>| {
        let tray_id = (!tray.is_empty()).then_some(TrayId(30));
        let customer = Customer { tray, tray_id, ..customer(10) };
        let what = Errand::CopyMedia { media: media.clone(), identity: customer.identity.clone() };
        let end = ErrandEnd::Brought(Brought::Unusable(ReferenceFault::Unreadable));
        let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(7), what, end });
        let facts = Facts::Message(message_facts(customer));
        folded(&super::lines::lines(CAUSE, &follows_at(&house(), PRIVATE, &facts, &event)))
    };
    let waits = |name: &str| Reference::Media(super::world::media(name));
    assert_eq!(ended(vec![waits("a")]), "", "its request tells of it");
    let alone = ended(vec![waits("b")]);
    assert!(alone.contains("ReferenceUnusable { number: 1, fault: Unreadable }"), "{alone}");
    assert!(alone.contains("EmptyTray") && !alone.contains("Tray { count"), "{alone}");
    let second = ended(vec![waits("a"), waits("b"), waits("c")]);
    assert!(second.contains("number: 2") && second.contains("Tray { count: 2 }"), "{second}");
}
