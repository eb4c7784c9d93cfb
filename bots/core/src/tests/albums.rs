//! What is said while an album may have more parts to come.

use std::{string::String, vec};

use super::world::*;
use crate::{
    event::{Event, Message},
    facts::*,
    id::AlbumId,
};

fn part(id: &str, text: &str, unique: &str) -> Message {
    let album = Some(AlbumId("album1".into()));
    Message { id: id.into(), attachments: vec![photo(unique)], album, ..message(text) }
}

/// Somebody whose album of two may have more parts to come.
fn sending(words: &str) -> Customer {
    let parts = vec![part("8", words, "a"), part("9", "", "b")];
    let so_far = Album { parts, began_at: NOW - 500, called: true, settled: false };
    let album = OpenAlbum { id: AlbumId("album1".into()), so_far };
    Customer { album: Some(album), ..customer(10) }
}

fn says(words: &str, text: &str) -> String {
    said(message_facts(sending(words)), message(text))
}

#[test]
fn words_behind_an_album_are_drawn_from_it_however_soon_they_come() {
    let effects = says("", "blend these");
    assert!(effects.contains("SettleAlbum"), "{effects}");
    assert_eq!(effects.matches("open request").count(), 1, "{effects}");
    let references = "references [Media({ handle: \"a\", unique: \"a\" }), \
                      Media({ handle: \"b\", unique: \"b\" })]";
    assert!(effects.contains(references), "{effects}");
}

#[test]
fn an_album_with_words_of_its_own_comes_before_what_is_said_behind_it() {
    let mut customer = sending("a poster");
    customer.account.entitlement.queue_max = 2;
    let effects = said(message_facts(customer), message("a fox"));
    let (album, words) = (effects.find("\"a poster\""), effects.find("\"a fox\""));
    assert!(album.is_some() && album < words, "{effects}");
    assert_eq!(effects.matches("open request").count(), 2, "{effects}");
}

#[test]
fn an_album_that_is_cancelled_is_not_made() {
    let effects = says("a poster", "/cancel");
    assert!(effects.contains("SettleAlbum") && !effects.contains("open request"), "{effects}");
    assert!(effects.contains("Cancelled"), "{effects}");
}

#[test]
fn a_caption_that_is_changed_before_its_album_is_whole_counts() {
    let facts = message_facts(sending("a poster, red"));
    let event = Event::MessageEdited(part("8", "a poster, blue", "a"));
    let effects = at(PRIVATE, Facts::Message(facts), event);
    assert!(effects.contains("add message 8 to album album1"), "{effects}");
    // Another message is no part of it.
    let facts = message_facts(sending("a poster, red"));
    let event = Event::MessageEdited(Message { id: "7".into(), ..message("other") });
    assert_eq!(at(PRIVATE, Facts::Message(facts), event), "");
}

#[test]
fn an_album_is_settled_once() {
    let customer = sending("a poster");
    let open = customer.album.clone().map(|open| open.so_far);
    let facts = MessageFacts { album: open, ..message_facts(customer) };
    let by = ada().identity;
    let setting = crate::event::Setting::Private;
    let event = Event::AlbumSettled { album: AlbumId("album1".into()), by, setting, replied: None };
    let effects = at(PRIVATE, Facts::Message(facts), event);
    assert_eq!(effects.matches("open request").count(), 1, "{effects}");
}
