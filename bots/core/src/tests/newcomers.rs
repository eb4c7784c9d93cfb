//! The first day after a link: what neither side may do with what is the other's.

use std::{boxed::Box, vec, vec::Vec};

use super::{
    linking::{facts, links, party, says},
    world::*,
};
use crate::{
    credits::{Credits, Owner},
    effect::{Effect, LinkEffect},
    event::{Event, Setting},
    facts::*,
    id::*,
    newcomer::{NEW_MS, Newcomer},
    payment::{PlanRow, PlanState},
    say::{Does, LinkSay, Verb},
};

const HOURS_23: i64 = 23 * 60;

/// Ada, who came to Bob's account an hour ago, or was there before.
fn ada_of(came: bool) -> Customer {
    let until = NOW + NEW_MS - 3_600_000;
    let newcomer = Newcomer { until, may_spend: Credits(6), came, among_others: true };
    Customer { newcomer: Some(newcomer), ..customer(50) }
}

fn chat(name: &str, key: i64, side: i64) -> Linked {
    Linked {
        identity: name.into(),
        key,
        name: "Ada".into(),
        language: crate::account::Language::En,
        home: name.into(),
        linked_at: if side == 0 { 0 } else { NOW - 3_600_000 },
        side,
    }
}

fn link(id: i64, came: &[&str]) -> LinkRow {
    LinkRow {
        id: LinkId(id),
        account: AccountId(11),
        back: Owner { account: AccountId(1), purse: PurseId(2) },
        came: came.iter().map(|who| (*who).into()).collect(),
        carried: Credits(5),
        bought: Credits(0),
        lost: Credits(0),
        spent: Credits(0),
        spent_there: Credits(0),
        parted: false,
        made_at: NOW - 3_600_000,
    }
}

fn of(chats: Vec<Linked>, young: Vec<LinkRow>) -> LinkFacts {
    LinkFacts { own: Some(party(11, 50, chats)), young, ..facts(None) }
}

/// Ada on Telegram came to Bob on WeChat.
fn ada_came() -> LinkFacts {
    let chats = vec![chat("wecom-kf:bob", 8, -6), chat("telegram:7", 7, 6)];
    of(chats, vec![link(6, &["telegram:7"])])
}

/// Bob on WeChat, and a friend of his, came to Ada on Telegram.
fn bob_came() -> LinkFacts {
    let chats =
        vec![chat("telegram:7", 7, -6), chat("wecom-kf:bob", 8, 6), chat("wecom-kf:cyd", 9, 7)];
    of(chats, vec![link(7, &["wecom-kf:cyd"]), link(6, &["wecom-kf:bob"])])
}

fn presses(who: Customer, verb: Verb, row: i64, link: LinkFacts) -> Vec<Effect> {
    let facts = PressFacts { link: Some(Box::new(link)), ..press_facts(who, verb, row) };
    let event = Event::ButtonPressed(press(Setting::Private));
    follows_at(&signing_house(), PRIVATE, &Facts::Press(facts), &event)
}

fn signing_house() -> House {
    let mut house = shop();
    house.link.sign_in = true;
    house
}

#[test]
fn who_came_unlinks_nobody_and_links_nobody_for_a_day() {
    let wait = [LinkSay::TooNew { minutes: HOURS_23 }];
    let signed_in = super::linking::signed_in;
    let mut links_of_bob = ada_came();
    links_of_bob.own = links_of_bob.own.map(|own| signed_in(own, "bob"));
    for (verb, row) in [
        (Verb::Unlink, 8),
        (Verb::MakeCode, 0),
        (Verb::SignInByEmail, 0),
        (Verb::SignInInBrowser, 0),
    ] {
        let effects = presses(ada_of(true), verb, row, ada_came());
        assert_eq!((says(&effects), links(&effects)), (wait.to_vec(), vec![]), "{verb:?}");
        let mut later = ada_of(true);
        later.newcomer.as_mut().unwrap().until = NOW;
        assert!(!says(&presses(later, verb, row, ada_came())).contains(&wait[0]), "{verb:?}");
        let there = presses(ada_of(false), verb, row, ada_came());
        assert!(!says(&there).contains(&wait[0]), "{verb:?}");
    }
    // A code of somebody else, typed or confirmed, would take Bob along.
    let mut typed = super::linking::typed();
    typed.party = Some(party(99, 0, vec![]));
    let code = LinkFacts { typed: Some(typed.clone()), ..ada_came() };
    let facts = MessageFacts { link: Some(Box::new(code)), ..message_facts(Some(ada_of(true))) };
    let event = Event::MessageReceived(message("BCDF-GHJK"));
    let effects = follows_at(&house(), PRIVATE, &Facts::Message(facts), &event);
    assert_eq!((says(&effects), links(&effects)), (wait.to_vec(), vec![]));
    typed.claimed_by = Some("telegram:7".into());
    let code = LinkFacts { typed: Some(typed), ..ada_came() };
    let effects = presses(ada_of(true), Verb::LinkYes, 5, code);
    assert!(!links(&effects).iter().any(|link| matches!(link, LinkEffect::Merge(_))));
}

#[test]
fn who_came_signs_nobody_out() {
    let mut facts = ada_came();
    facts.own = facts.own.map(|own| super::linking::signed_in(own, "bob"));
    let who = facts.own.as_ref().unwrap().signed_in.clone().unwrap();
    let Does::Act(action) = crate::unlinking::sign_out_key(&who).does else { panic!() };
    assert_eq!(links(&presses(ada_of(true), Verb::SignOut, action.row, facts.clone())), []);
    let out = links(&presses(ada_of(false), Verb::SignOut, action.row, facts));
    assert!(matches!(out[..], [LinkEffect::SignOut { .. }]));
}

#[test]
fn who_goes_on_the_first_day_undoes_the_link_and_both_keep_what_is_theirs() {
    // Whoever goes, and whoever asks for it.
    for (who, key, facts) in [
        (ada_of(true), 7, ada_came()),
        (ada_of(false), 8, {
            let mut bob = ada_came();
            bob.own = bob.own.map(|own| party(11, 50, swapped(own.identities)));
            bob.young = vec![link(6, &["wecom-kf:bob"])];
            bob
        }),
        (ada_of(false), 7, {
            let chats = vec![chat("telegram:7", 7, -6), chat("wecom-kf:bob", 8, 6)];
            of(chats, vec![link(6, &["wecom-kf:bob"])])
        }),
    ] {
        let effects = presses(who, Verb::Unlink, key, facts);
        let all = links(&effects);
        let [LinkEffect::Part(part)] = &all[..] else { panic!("{key}: {effects:?}") };
        assert_eq!((part.link, part.at_most), (LinkId(6), 5));
        let gone = part.gone.as_ref().map(IdentityId::as_str);
        let came = if key == 7 { "telegram:7" } else { "wecom-kf:bob" };
        assert!(gone.is_none_or(|gone| gone == came), "{gone:?}");
    }
}

fn swapped(chats: Vec<Linked>) -> Vec<Linked> {
    let swap = |one: Linked| Linked { side: -one.side, ..one };
    chats.into_iter().map(swap).collect()
}

#[test]
fn nobody_leaves_their_account_to_whoever_came_today() {
    let effects = presses(ada_of(false), Verb::Unlink, 7, bob_came());
    assert_eq!((says(&effects), links(&effects)), (vec![LinkSay::UndoFirst], vec![]));
    let keys = effects.iter().filter_map(|effect| match effect {
        Effect::Send(sent) => Some(sent.keys.iter().flatten()),
        _ => None,
    });
    let undo = keys.flatten().filter_map(|key| match key.does {
        Does::Act(action) if action.verb == Verb::UndoLink => Some(action.row),
        _ => None,
    });
    assert_eq!(undo.collect::<Vec<_>>(), [7, 6]);
    // One of them goes with what is theirs.
    let effects = presses(ada_of(false), Verb::Unlink, 9, bob_came());
    assert!(matches!(&links(&effects)[..], [LinkEffect::Part(part)] if part.link == LinkId(7)));
}

#[test]
fn who_came_undoes_their_own_link_and_no_later_one() {
    let own = LinkFacts { link: Some(link(6, &["telegram:7"])), ..ada_came() };
    let effects = presses(ada_of(true), Verb::UndoLink, 6, own);
    assert!(matches!(links(&effects)[..], [LinkEffect::Part(_)]));
    let mut later = ada_came();
    later.own.as_mut().unwrap().identities.push(chat("wecom-kf:cyd", 9, 7));
    later.link = Some(LinkRow { made_at: NOW - 1, ..link(7, &["wecom-kf:cyd"]) });
    assert_eq!(links(&presses(ada_of(true), Verb::UndoLink, 7, later.clone())), []);
    let there = presses(ada_of(false), Verb::UndoLink, 7, later);
    assert!(matches!(links(&there)[..], [LinkEffect::Part(_)]));
}

#[test]
fn neither_side_spends_what_is_the_others_on_the_first_day() {
    for came in [true, false] {
        let asks = |text: &str, customer: Customer| {
            let facts = message_facts(Some(customer));
            let event = Event::MessageReceived(message(text));
            follows_at(&house(), PRIVATE, &Facts::Message(facts), &event)
        };
        let with = |left: i64| {
            let mut ada = ada_of(came);
            ada.newcomer.as_mut().unwrap().may_spend = Credits(left);
            ada
        };
        let held = |effects: Vec<Effect>| {
            effects.iter().find_map(|effect| match effect {
                Effect::OpenRequest(request) => Some(request.price_each.0),
                _ => None,
            })
        };
        let price = held(asks("a fox", with(50))).unwrap();
        let effects = asks("a fox", with(price - 1));
        let left = Some(Credits(price - 1));
        assert_eq!(says(&effects), [LinkSay::SpendsTooMuch { left, minutes: HOURS_23 }]);
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Generate(_))));
        assert_eq!(says(&asks("a fox", with(price))), []);
        let mut alone = with(price - 1);
        alone.newcomer.as_mut().unwrap().among_others = false;
        assert_eq!(says(&asks("a fox", alone.clone())), []);
        // The website's purse came to whoever signed in just now.
        alone.account.purse.site = Some(Credits(100));
        assert!(matches!(says(&asks("a fox", alone))[..], [LinkSay::SpendsTooMuch { .. }]));
    }
}

#[test]
fn what_the_other_side_pays_for_is_not_changed_on_the_first_day() {
    let plan = |of_others: &[&str]| PlanFacts {
        plans: vec![PlanRow {
            subscription: "sub_1".into(),
            request: "pd-ab-7".into(),
            account: AccountId(1),
            plan: "pro".into(),
            state: PlanState::Active,
            until: NOW + 86_400_000,
            as_of: (NOW, NOW),
            customer: Some("cust_1".into()),
            wish: None,
        }],
        portal: "https://pic.example/creem/portal/t0ken".into(),
        of_others: of_others.iter().map(|name| (*name).into()).collect(),
        ..PlanFacts::default()
    };
    let pressed = |plan: PlanFacts| {
        let facts = PressFacts { plan, ..press_facts(ada_of(false), Verb::PlanCancel, 0) };
        let event = Event::ButtonPressed(press(Setting::Private));
        follows_at(&shop(), PRIVATE, &Facts::Press(facts), &event)
    };
    let wait = [LinkSay::TooNew { minutes: HOURS_23 }];
    assert_eq!(says(&pressed(plan(&["pd-ab-7"]))), wait);
    assert_eq!(says(&pressed(plan(&["pd-ab-9"]))), []);
    let shown = |plan: PlanFacts| {
        let facts = MessageFacts { plan, ..message_facts(Some(ada_of(false))) };
        let event = Event::MessageReceived(message("/plan"));
        let all = follows_at(&shop(), PRIVATE, &Facts::Message(facts), &event);
        std::format!("{all:?}").contains("creem/portal")
    };
    assert!(shown(plan(&[])));
    assert!(!shown(plan(&["pd-ab-7"])), "the portal is of both");
}
