//! The letter about a new link, and what the address in it brings about.

use std::{boxed::Box, vec, vec::Vec};

use super::{
    linking::{facts, links, party, signed_in, typed},
    world::*,
};
use crate::{
    effect::{Effect, LinkEffect},
    errand::{Brought, Errand, ErrandEnd, ErrandEnded},
    event::Event,
    facts::*,
    id::*,
    letter::{Letter, NewLink, Refused},
};

fn with_letters() -> House {
    let mut house = house();
    house.link.sign_in = true;
    house.link.letters = true;
    house
}

fn who() -> SignedIn {
    SignedIn { subject: "ada".into(), hint: "a•••@e•••.com".into() }
}

/// Somebody has shown that they are Ada of the site; the letters that go out.
fn proves(house: &House, theirs: Option<Party>) -> Vec<Letter> {
    let typed =
        TypedCode { party: theirs, signed_in: Some(who()), by: None, spent: true, ..typed() };
    let what = Errand::CheckSignInCode {
        by: ada().identity,
        email: "ada@example.com".into(),
        code: "123456".into(),
    };
    let end = ErrandEnd::Brought(Brought::SignedIn(who()));
    let link = Some(Box::new(facts(typed)));
    let facts = MessageFacts { link, ..message_facts(customer(5)) };
    let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(4), what, end });
    let effects = follows_at(house, PRIVATE, &Facts::Message(facts), &event);
    let letters = effects.iter().filter_map(|effect| match effect {
        Effect::RunErrand(new) => match &new.errand {
            Errand::Letter(letter) => Some(letter.clone()),
            _ => None,
        },
        _ => None,
    });
    letters.collect()
}

/// The button of a letter's page was pressed.
fn refuses(link: NewLink, facts: LinkFacts) -> Vec<Effect> {
    let refused = Refused { subject: "ada".into(), by: ada().identity, link };
    let facts = MessageFacts { link: Some(Box::new(facts)), ..message_facts(customer(5)) };
    let event = Event::LinkRefused(refused);
    follows_at(&with_letters(), PRIVATE, &Facts::Message(facts), &event)
}

#[test]
fn whoever_is_at_the_site_gets_a_letter_about_a_chat_that_comes() {
    let letters = proves(&with_letters(), None);
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!((&*letter.subject, letter.link), ("ada", NewLink::SignedIn));
    assert_eq!((letter.by.as_str(), &*letter.name), ("telegram:7", "A•••"), "masked");
    let letters = proves(&with_letters(), Some(signed_in(party(11, 20, vec![]), "ada")));
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert!(matches!(letter.link, NewLink::Merged(_)));
    assert_eq!(letter.by.as_str(), "telegram:7");
}

#[test]
fn without_mail_none_goes_out() {
    let mut house = with_letters();
    house.link.letters = false;
    assert_eq!(proves(&house, None), []);
}

#[test]
fn the_address_in_a_letter_signs_out_whom_it_names_alone() {
    let as_whom = |subject: &str| {
        let mut link = facts(None);
        link.own = link.own.map(|own| signed_in(own, subject));
        link
    };
    let effects = refuses(NewLink::SignedIn, as_whom("ada"));
    let sign_out = LinkEffect::SignOut { account: AccountId(1), subject: "ada".into() };
    assert_eq!(links(&effects), [sign_out]);
    assert_eq!(links(&refuses(NewLink::SignedIn, as_whom("bob"))), []);
    assert_eq!(links(&refuses(NewLink::SignedIn, facts(None))), []);
}

#[test]
fn the_address_in_a_letter_undoes_its_link_while_it_stands() {
    let row = |parted: bool| LinkRow {
        id: LinkId(9),
        made_at: 0,
        account: AccountId(1),
        back: crate::credits::Owner { account: AccountId(31), purse: PurseId(32) },
        came: vec![ada().identity],
        carried: crate::credits::Credits(3),
        bought: crate::credits::Credits(0),
        lost: crate::credits::Credits(0),
        spent: crate::credits::Credits(0),
        spent_there: crate::credits::Credits(0),
        parted,
    };
    let with = |parted: bool| {
        let mut link = facts(None);
        link.link = Some(row(parted));
        let stays = Linked {
            identity: "wecom-kf:bob".into(),
            ..link.own.as_ref().unwrap().identities[0].clone()
        };
        link.own.as_mut().unwrap().identities.push(stays);
        link
    };
    let all = links(&refuses(NewLink::Merged(LinkId(9)), with(false)));
    assert!(matches!(&all[..], [LinkEffect::Part(part)] if part.link == LinkId(9)), "{all:?}");
    assert_eq!(links(&refuses(NewLink::Merged(LinkId(9)), with(true))), []);
}
