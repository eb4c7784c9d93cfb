//! Errands: when one is opened, and what follows from its end.

use std::{format, string::String, vec, vec::Vec};

use super::{lines::folded, world::*};
use crate::{
    channel::{Attachment, MediaRef},
    effect::Effect,
    errand::{Brought, Errand, ErrandEnd, ErrandEnded, ErrandFailure},
    event::{Event, Message},
    facts::*,
    generation::ReferenceFault,
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
