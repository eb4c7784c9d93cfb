//! Linking chats, and every way in which somebody might link one that is not theirs.

use std::{boxed::Box, string::String, vec, vec::Vec};

use super::world::*;
use crate::{
    account::Language,
    credits::{Credits, Owner},
    effect::{Body, Effect, LinkEffect},
    event::{Event, Message, Setting},
    facts::*,
    id::*,
    linking::Counted,
    say::{LinkSay, Say, Verb},
};

const CODE: &str = "BCDF-GHJK";

fn linked(name: &str, key: i64) -> Linked {
    Linked {
        identity: name.into(),
        key,
        name: "Ada".into(),
        language: Language::En,
        home: name.into(),
        linked_at: 0,
        side: 0,
    }
}

pub fn party(account: i64, available: i64, identities: Vec<Linked>) -> Party {
    Party {
        owner: Owner { account: AccountId(account), purse: PurseId(account + 1) },
        available: Credits(available),
        reclaimed: Credits(0),
        entitlement: free(),
        last_tag: 40 + account,
        signed_in: None,
        identities,
    }
}

pub fn signed_in(mut party: Party, subject: &str) -> Party {
    party.signed_in =
        Some(SignedIn { subject: subject.into(), hint: "j•••@e•••.com".into() });
    party
}

/// Bob on WeChat has made a code.
pub fn typed() -> TypedCode {
    TypedCode {
        id: CodeId(5),
        by: Some("wecom-kf:bob".into()),
        name: "Bob".into(),
        signed_in: None,
        party: Some(party(11, 20, vec![linked("wecom-kf:bob", 8)])),
        only_for: None,
        claimed_by: None,
        spent: false,
        expires_at: NOW + 1,
    }
}

pub fn facts(typed: impl Into<Option<TypedCode>>) -> LinkFacts {
    LinkFacts {
        own: Some(party(1, 5, vec![linked("telegram:7", 7)])),
        fresh: FreshCode { code: "ZZZZZZZZ".into(), hash: "hash".into() },
        typed: typed.into(),
        browser_url: "https://pic.example/link/t0ken".into(),
        link: None,
        young: vec![],
        email_key: None,
        tallies: vec![Tally::default(); Counted::ALL.len()],
    }
}

pub fn says(effects: &[Effect]) -> Vec<LinkSay> {
    let said = effects.iter().filter_map(|effect| match effect {
        Effect::Send(message) => match &message.body {
            Body::Say(Say::Link(say)) => Some(say.clone()),
            _ => None,
        },
        Effect::AnswerTap { say: Some(Say::Link(say)), .. } => Some(say.clone()),
        _ => None,
    });
    said.collect()
}

pub fn links(effects: &[Effect]) -> Vec<LinkEffect> {
    let links = effects.iter().filter_map(|effect| match effect {
        Effect::Link(link) => Some(link.clone()),
        _ => None,
    });
    links.collect()
}

fn binds(effects: &[Effect]) -> bool {
    links(effects).iter().any(|link| matches!(link, LinkEffect::Merge(_)))
}

fn write_in(setting: Setting, text: &str, link: LinkFacts) -> Vec<Effect> {
    let facts = MessageFacts { link: Some(Box::new(link)), ..message_facts(customer(5)) };
    let event = Event::MessageReceived(Message { setting, ..message(text) });
    follows_at(&house(), PRIVATE, &Facts::Message(facts), &event)
}

pub fn write(text: &str, link: LinkFacts) -> Vec<Effect> {
    write_in(Setting::Private, text, link)
}

pub fn press_link(verb: Verb, row: i64, link: LinkFacts) -> Vec<Effect> {
    let facts = PressFacts { link: Some(Box::new(link)), ..press_facts(customer(5), verb, row) };
    let event = Event::ButtonPressed(press(Setting::Private));
    follows_at(&house(), PRIVATE, &Facts::Press(facts), &event)
}

/// Ada has typed Bob's code.
fn claimed() -> TypedCode {
    TypedCode { claimed_by: Some("telegram:7".into()), ..typed() }
}

#[test]
fn a_typed_code_asks_about_a_masked_name_and_binds_nothing() {
    for text in [CODE, "bcdf-ghjk", "/link BCDFGHJK", "绑定 BCDF-GHJK", "Link bcdf ghjk"] {
        let effects = write(text, facts(typed()));
        assert!(!binds(&effects), "{text}");
        let all = says(&effects);
        let [LinkSay::Confirm { name, brings, channel, .. }] = &all[..] else {
            panic!("{effects:?}")
        };
        assert_eq!((&**name, &**channel, *brings), ("B•••", "wecom-kf", Credits(5)));
        assert!(matches!(links(&effects)[..], [LinkEffect::ClaimCode { id: CodeId(5), .. }]));
        let is_gone = |effect: &Effect| {
            let Effect::Send(message) = effect else { return false };
            message.body == Body::Removed
        };
        assert!(effects.iter().any(is_gone), "the code leaves the chat");
        assert!(effects.contains(&Effect::ForgetEvent), "and what is kept of it");
    }
}

#[test]
fn a_yes_makes_one_account_and_every_chat_hears_of_it() {
    let effects = press_link(Verb::LinkYes, 5, facts(claimed()));
    let all = links(&effects);
    let [LinkEffect::SpendCode { .. }, LinkEffect::Merge(merge)] = &all[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((merge.from.account, merge.into.account), (AccountId(1), AccountId(11)));
    assert_eq!(merge.last_tag, 51);
    let told: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send(message) => Some((message.conversation.as_str(), message.keys.len())),
            _ => None,
        })
        .collect();
    assert_eq!(told, [("telegram:7", 1), ("wecom-kf:bob", 1)], "each with a button to undo it");
    assert_eq!(says(&effects)[0], LinkSay::Linked { available: Credits(25), owed: Credits(0) });
}

#[test]
fn whoever_is_new_can_type_a_code() {
    let link = LinkFacts { own: None, ..facts(typed()) };
    let facts = MessageFacts { link: Some(Box::new(link)), ..message_facts(None) };
    let event = Event::MessageReceived(message(CODE));
    let effects = follows_at(&house(), PRIVATE, &Facts::Message(facts), &event);
    let brings = house().trial;
    assert!(matches!(&says(&effects)[..], [LinkSay::Confirm { brings: b, .. }] if *b == brings));
}

#[test]
fn the_plan_that_unlocks_more_goes_on() {
    let pro = |mut party: Party| {
        party.entitlement = super::world::pro();
        party
    };
    let mut link = facts(claimed());
    link.own = link.own.map(pro);
    let effects = press_link(Verb::LinkYes, 5, link);
    let all = links(&effects);
    let [_, LinkEffect::Merge(merge)] = &all[..] else { panic!() };
    assert_eq!(merge.plan.as_deref(), Some("pro"));
}

#[test]
fn whoever_is_signed_in_goes_on_and_two_people_stay_apart() {
    let with_own = |subject: &str, code: TypedCode| {
        let mut link = facts(code);
        link.own = link.own.map(|party| signed_in(party, subject));
        link
    };
    let effects = press_link(Verb::LinkYes, 5, with_own("ada", claimed()));
    let all = links(&effects);
    let [_, LinkEffect::Merge(merge)] = &all[..] else { panic!() };
    assert_eq!(merge.into.account, AccountId(1));
    let bobs = |code: TypedCode| TypedCode {
        party: code.party.clone().map(|party| signed_in(party, "bob")),
        ..code
    };
    assert!(!binds(&press_link(Verb::LinkYes, 5, with_own("ada", bobs(claimed())))));
    let effects = write(CODE, with_own("ada", bobs(typed())));
    assert_eq!(says(&effects), [LinkSay::TwoPeople]);
    assert_eq!(links(&effects), []);
}

/// Every press and every message by which somebody might get at an account without its code.
#[test]
fn no_attack_binds() {
    let codes: [(&str, Option<TypedCode>); 6] = [
        ("guessed: there is none", None),
        ("typed by nobody", Some(typed())),
        (
            "typed in another chat",
            Some(TypedCode { claimed_by: Some("telegram:9".into()), ..typed() }),
        ),
        ("used", Some(TypedCode { spent: true, ..claimed() })),
        ("to the millisecond too old", Some(TypedCode { expires_at: NOW, ..claimed() })),
        ("our own", Some(TypedCode { party: Some(party(1, 5, vec![])), ..claimed() })),
    ];
    let mut tries = 0;
    for (what, code) in &codes {
        for setting in [Setting::Private, Setting::Group] {
            for text in [CODE, "/link", "/link BCDFGHJK", "/start BCDFGHJK", "yes"] {
                assert!(!binds(&write_in(setting, text, facts(code.clone()))), "{what}: {text}");
                tries += 1;
            }
        }
        for verb in Verb::ALL {
            let effects = press_link(verb, 5, facts(code.clone()));
            assert!(!binds(&effects), "{what}: {verb:?}");
            tries += 1;
        }
    }
    assert!(tries > 250, "{tries}");
}

#[test]
fn a_code_among_others_is_void() {
    let effects = write_in(Setting::Group, CODE, facts(typed()));
    assert_eq!(says(&effects), [LinkSay::CodeInGroup]);
    assert_eq!(links(&effects), [LinkEffect::SpendCode { id: CodeId(5) }]);
}

#[test]
fn used_too_old_and_wrong_codes_are_answered_alike() {
    let wrong = says(&write(CODE, facts(None)));
    assert_eq!(wrong, [LinkSay::CodeWrong { left: 4 }]);
    for code in [
        TypedCode { expires_at: NOW, ..typed() },
        TypedCode { claimed_by: Some("telegram:9".into()), ..typed() },
    ] {
        assert_eq!(says(&write(CODE, facts(code))), wrong);
    }
}

#[test]
fn wrong_codes_are_counted_and_the_sixth_is_not_looked_at() {
    let mut link = facts(None);
    for left in [4, 3, 2, 1, 0] {
        let effects = write(CODE, link.clone());
        assert_eq!(says(&effects), [LinkSay::CodeWrong { left }]);
        for effect in links(&effects) {
            let LinkEffect::Count { scope, began_at, count, .. } = effect else { panic!() };
            let by = "telegram:7".into();
            let which = Counted::ALL
                .iter()
                .position(|one| one.scope(&by, None).as_ref() == Some(&scope))
                .unwrap();
            link.tallies[which] = Tally { began_at, count };
        }
    }
    let right = LinkFacts { typed: Some(typed()), ..link.clone() };
    assert_eq!(
        says(&write(CODE, right)),
        [LinkSay::Wait { minutes: 10 }],
        "not the right one either"
    );
    // After ten minutes there are five more, and after four times five none for the day.
    link.tallies[0] = Tally { began_at: NOW - 600_000, count: 5 };
    assert_eq!(says(&write(CODE, link.clone())), [LinkSay::CodeWrong { left: 4 }]);
    link.tallies[1] = Tally { began_at: NOW - 3_600_000, count: 20 };
    assert_eq!(says(&write(CODE, link.clone())), [LinkSay::Wait { minutes: 23 * 60 }]);
    link.tallies[1].count = 19;
    let effects = write(CODE, link);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::RaiseAlarm { .. })));
}

#[test]
fn three_codes_an_hour_are_made() {
    let effects = press_link(Verb::MakeCode, 0, facts(None));
    assert_eq!(says(&effects), [LinkSay::Code { code: "ZZZZ-ZZZZ".into(), minutes: 10 }]);
    let stored: String = std::format!("{:?}", links(&effects));
    assert!(!stored.contains("ZZZZ"), "only its hash is stored: {stored}");
    let mut link = facts(None);
    link.tallies[2] = Tally { began_at: NOW - 1, count: 3 };
    let effects = press_link(Verb::MakeCode, 0, link);
    assert_eq!(says(&effects), [LinkSay::Wait { minutes: 60 }]);
    assert_eq!(links(&effects), []);
}

#[test]
fn a_no_voids_the_code() {
    let effects = press_link(Verb::LinkNo, 5, facts(claimed()));
    assert_eq!(links(&effects), [LinkEffect::SpendCode { id: CodeId(5) }]);
    assert_eq!(says(&effects), [LinkSay::Declined]);
}

/// Ada and Bob are one account, Bob's; Ada came with 5 credits.
pub fn one_account() -> LinkFacts {
    let both = vec![linked("telegram:7", 7), linked("wecom-kf:bob", 8)];
    LinkFacts {
        own: Some(party(11, 3, both)),
        link: Some(LinkRow {
            id: LinkId(6),
            account: AccountId(11),
            back: Owner { account: AccountId(1), purse: PurseId(2) },
            came: vec!["telegram:7".into()],
            carried: Credits(5),
            bought: Credits(0),
            lost: Credits(0),
            spent: Credits(0),
            spent_there: Credits(0),
            parted: false,
            made_at: NOW - 1000,
        }),
        ..facts(None)
    }
}

#[test]
fn a_link_is_undone_with_what_is_left_of_what_came() {
    let effects = press_link(Verb::UndoLink, 6, one_account());
    let all = links(&effects);
    let [LinkEffect::Part(part)] = &all[..] else { panic!() };
    assert_eq!((part.back.account, part.at_most), (AccountId(1), 5));
    let said = [LinkSay::Undone { returned: Credits(3) }, LinkSay::UndoneElsewhere];
    assert_eq!(says(&effects), said);
}

#[test]
fn whoever_parts_takes_what_is_theirs() {
    // What came, what was bought and spent since, and what goes back of it.
    let all = [
        (5, 0, 0, 5),
        (5, 100, 0, 105),
        (5, 0, 4, 1),
        (0, 100, 30, 70),
        (5, 0, 9, 0),
        (-7, 0, 0, -7),
        (-7, 10, 0, 3),
        (-7, 0, 4, -7),
    ];
    for (carried, bought, spent, due) in all {
        let mut facts = one_account();
        let link = facts.link.as_mut().unwrap();
        [link.carried, link.bought, link.spent] = [carried, bought, spent].map(Credits);
        let effects = press_link(Verb::UndoLink, 6, facts);
        let [LinkEffect::Part(part)] = &links(&effects)[..] else { panic!() };
        assert_eq!(part.at_most, due, "{carried} {bought} {spent}");
        // There are three: what is said is what is there.
        let returned = Credits(due.clamp(0, 3));
        assert_eq!(says(&effects)[0], LinkSay::Undone { returned });
    }
}

#[test]
fn nobody_pays_what_another_side_owes() {
    // What there is, and was taken back of it; what came, was lost and spent, and what whoever
    // was there has spent: what goes, how far below zero it may leave, and what there is of it.
    let all = [
        // Bob owes 10, and Ada comes with 20.
        ((10, 10), (20, 0, 0), 0, (20, 10, 20)),
        // Ada, or Bob, spends 4 of them.
        ((6, 10), (20, 0, 4), 0, (16, 10, 16)),
        ((6, 10), (20, 0, 0), 4, (20, 10, 16)),
        // Bob has 10, and spends more than that.
        ((5, 0), (20, 0, 0), 25, (20, 0, 5)),
        // Of Ada's 12 are taken back meanwhile; of Bob's, who has spent them.
        ((18, 12), (20, 12, 0), 0, (8, 0, 8)),
        ((8, 12), (20, 0, 0), 0, (20, 12, 20)),
        // All of Ada's are, who had spent 5 of them before.
        ((5, 20), (15, 20, 0), 0, (-5, 0, 0)),
        // Nobody owes what they only spent.
        ((2, 0), (5, 0, 8), 0, (0, 0, 0)),
    ];
    for ((available, reclaimed), (carried, lost, spent), there, ends) in all {
        let mut facts = one_account();
        let own = facts.own.as_mut().unwrap();
        [own.available, own.reclaimed] = [available, reclaimed].map(Credits);
        let link = facts.link.as_mut().unwrap();
        [link.carried, link.lost, link.spent] = [carried, lost, spent].map(Credits);
        link.spent_there = Credits(there);
        let effects = press_link(Verb::UndoLink, 6, facts);
        let [LinkEffect::Part(part)] = &links(&effects)[..] else { panic!() };
        let LinkSay::Undone { returned } = says(&effects)[0] else { panic!() };
        let found = (part.at_most, part.owing, returned.0);
        assert_eq!(found, ends, "{available} {carried} {lost} {spent} {there}");
    }
}

#[test]
fn before_two_are_linked_it_is_said_what_either_owes() {
    let owing = |here: i64, there: i64| {
        let mut code = typed();
        code.party.as_mut().unwrap().available = Credits(there);
        let facts =
            MessageFacts { link: Some(Box::new(facts(code))), ..message_facts(customer(here)) };
        let event = Event::MessageReceived(message(CODE));
        let effects = follows_at(&house(), PRIVATE, &Facts::Message(facts), &event);
        let [LinkSay::Confirm { brings, owing, .. }] = &says(&effects)[..] else { panic!() };
        (brings.0, owing.here.0, owing.there.0)
    };
    assert_eq!(owing(5, 20), (5, 0, 0));
    assert_eq!(owing(5, -9), (5, 0, 9));
    assert_eq!(owing(-4, 20), (0, 4, 0));
    // And afterwards each side hears what the other one owed.
    let mut link = facts(claimed());
    link.own.as_mut().unwrap().available = Credits(-4);
    let said = says(&press_link(Verb::LinkYes, 5, link));
    let [LinkSay::Linked { owed: of_bob, .. }, LinkSay::LinkedElsewhere { owed, .. }] = &said[..]
    else {
        panic!("{said:?}")
    };
    assert_eq!((of_bob.0, owed.0), (0, 4));
}

#[test]
fn only_a_chat_of_the_account_undoes_a_link_and_only_once() {
    let mut parted = one_account();
    parted.link.as_mut().unwrap().parted = true;
    let mut of_others = one_account();
    of_others.link.as_mut().unwrap().account = AccountId(99);
    let mut left_already = one_account();
    left_already.link.as_mut().unwrap().came = vec!["telegram:9".into()];
    // Nobody would be left with what is there.
    let alone = vec![linked("telegram:7", 7)];
    let nobody_stays = LinkFacts { own: Some(party(11, 3, alone)), ..one_account() };
    for link in [parted, of_others, left_already, nobody_stays] {
        assert_eq!(links(&press_link(Verb::UndoLink, 6, link)), []);
    }
}

#[test]
fn a_chat_is_unlinked_by_its_number_and_both_hear_of_it() {
    let effects = press_link(Verb::Unlink, 8, one_account());
    let all = links(&effects);
    let [LinkEffect::Separate { identity, from, .. }] = &all[..] else { panic!("{effects:?}") };
    assert_eq!((identity.as_str(), *from), ("wecom-kf:bob", AccountId(11)));
    let said = says(&effects);
    assert!(matches!(said[..], [LinkSay::Unlinked { .. }, LinkSay::UnlinkedHere { .. }]));
    assert_eq!(links(&press_link(Verb::Unlink, 9, one_account())), [], "nobody's number");
    assert_eq!(links(&press_link(Verb::Unlink, 7, facts(None))), [], "nothing is linked");
}

#[test]
fn the_ways_to_link_show_what_is_linked() {
    let effects = write("/link", one_account());
    let all = says(&effects);
    let [LinkSay::Ways { linked, .. }] = &all[..] else { panic!() };
    assert_eq!(linked.iter().filter(|line| line.here).count(), 1);
    assert_eq!(linked.len(), 2);
    assert!(matches!(&says(&write("/unlink", one_account()))[..], [LinkSay::UnlinkWhich { .. }]));
    assert_eq!(says(&write("/unlink", facts(None))), [LinkSay::UnlinkNothing]);
}
