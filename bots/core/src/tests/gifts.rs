//! Promo codes and invitations: what is given, to whom, and what is not.

use std::{string::String, vec, vec::Vec};

use super::{lines, world::*};
use crate::{
    account::{Account, Person},
    credits::{Credits, Owner},
    effect::{Effect, GiftEffect, InvitationEnd},
    event::{Answerable, Entrance, Event, Greet, Message, Setting},
    facts::*,
    id::*,
    invite::counted_since,
    payment::{Checkout, CheckoutState, Item, Mode, Notice, Paid, Told},
};

const DAY_MS: i64 = 86_400_000;

/// A house that gives away.
fn giving() -> House {
    let promo = |code: &str| Promo {
        code: code.into(),
        credits: Credits(20),
        uses_max: 3,
        until: None,
        new_within_ms: None,
    };
    let promos = vec![
        promo("WELCOME"),
        Promo { until: Some(NOW), ..promo("OVER") },
        Promo { until: Some(NOW + 1), ..promo("NEARLY-OVER") },
        Promo { new_within_ms: Some(7 * DAY_MS), ..promo("NEW-HERE") },
    ];
    let referral = Referral {
        credits: Credits(50),
        invited_credits: Credits(10),
        after_ms: 14 * DAY_MS,
        per_30_days: 2,
    };
    House { gifts: GiftRules { promos, referral: Some(referral) }, ..shop() }
}

fn effects(house: &House, facts: MessageFacts, text: &str) -> Vec<Effect> {
    let event = Event::MessageReceived(message(text));
    follows_at(house, PRIVATE, &Facts::Message(facts), &event)
}

fn shown(effects: &[Effect]) -> String {
    lines::lines(CAUSE, effects)
}

fn gifts(effects: &[Effect]) -> Vec<GiftEffect> {
    let all = effects.iter().filter_map(|effect| match effect {
        Effect::Gift(gift) => Some(gift.clone()),
        _ => None,
    });
    all.collect()
}

/// What was given: purse, credits, source.
fn granted(effects: &[Effect]) -> Vec<(i64, i64, String)> {
    let all = effects.iter().filter_map(|effect| match effect {
        Effect::Grant { purse, credits, source, .. } if !source.starts_with("trial") => {
            Some((purse.0, credits.0, source.clone()))
        }
        _ => None,
    });
    all.collect()
}

fn of_code(known: PromoFacts) -> MessageFacts {
    let gift = Some(GiftFacts::Promo(known).into());
    MessageFacts { gift, ..message_facts(customer(5)) }
}

fn redeems(text: &str, known: PromoFacts) -> Vec<Effect> {
    effects(&giving(), of_code(known), text)
}

#[test]
fn a_code_is_redeemed_in_whatever_case_by_words_and_by_a_link() {
    for text in ["/redeem welcome", "/redeem WelCome ", "兑换 WELCOME", "/start promo-welcome"] {
        let given = redeems(text, PromoFacts::default());
        let source = "promo:WELCOME:telegram:7".into();
        assert_eq!(granted(&given), [(2, 20, source)], "{text}");
        let [GiftEffect::UsePromo { code, account, uses_max: 3, .. }] = &gifts(&given)[..] else {
            panic!("{text}: {given:?}")
        };
        assert_eq!((code.as_str(), *account), ("WELCOME", AccountId(1)));
        assert!(shown(&given).contains("credits: 20, available: 25"), "{}", shown(&given));
    }
}

#[test]
fn a_code_that_brings_nothing_says_why() {
    let known = PromoFacts { since: Some(NOW - 7 * DAY_MS), ..PromoFacts::default() };
    for (text, known, why) in [
        ("/redeem NOTHING", known, "PromoWrong { left: 4 }"),
        ("/redeem a!", known, "PromoWrong { left: 4 }"),
        ("/redeem over", known, "PromoOver"),
        ("/redeem new-here", known, "PromoNotNew { days: 7 }"),
        ("/redeem welcome", PromoFacts { had: true, ..known }, "PromoHad"),
        ("/redeem welcome", PromoFacts { uses: 3, ..known }, "PromoUsedUp"),
        ("/redeem", known, "RedeemHow"),
    ] {
        let refused = redeems(text, known);
        assert!(granted(&refused).is_empty() && gifts(&refused).is_empty(), "{text}");
        assert!(shown(&refused).contains(why), "{text}: {}", shown(&refused));
    }
    let young = PromoFacts { since: Some(NOW - 7 * DAY_MS + 1), ..known };
    for (text, known) in [
        ("/redeem new-here", young),
        ("/redeem nearly-over", known),
        ("/redeem welcome", PromoFacts { uses: 2, ..known }),
    ] {
        assert_eq!(granted(&redeems(text, known)).len(), 1, "{text}");
    }
}

#[test]
fn guesses_are_counted_and_end_also_for_the_right_code() {
    let tally = |count| Tally { began_at: NOW - 1000, count };
    let counted = |known| {
        let counts =
            redeems("/redeem WRONG", known).into_iter().filter_map(|effect| match effect {
                Effect::Link(crate::effect::LinkEffect::Count { scope, count, .. }) => {
                    Some((scope, count))
                }
                _ => None,
            });
        counts.collect::<Vec<_>>()
    };
    let known = PromoFacts { tries: tally(2), tries_a_day: tally(7), ..PromoFacts::default() };
    let expected = [("promos:telegram:7".into(), 3), ("promos-a-day:telegram:7".into(), 8)];
    assert_eq!(counted(known), expected);
    for full in [
        PromoFacts { tries: tally(5), ..PromoFacts::default() },
        PromoFacts { tries_a_day: tally(20), ..PromoFacts::default() },
    ] {
        let refused = redeems("/redeem WELCOME", full);
        assert!(granted(&refused).is_empty() && shown(&refused).contains("Wait {"));
        assert_eq!(counted(full), [], "nobody is kept waiting longer by trying");
    }
    let over = Tally { began_at: NOW - 600_000, count: 5 };
    let known = PromoFacts { tries: over, ..PromoFacts::default() };
    assert_eq!(granted(&redeems("/redeem WELCOME", known)).len(), 1, "it begins anew");
}

#[test]
fn what_waited_for_credits_runs_when_a_code_brings_them() {
    let mut waiting = customer(0);
    let request = request(RequestState::Unpaid);
    waiting.open.push(OpenRequest { request, generations: vec![] });
    let facts = MessageFacts { customer: Some(waiting), ..of_code(PromoFacts::default()) };
    let given = shown(&effects(&giving(), facts, "/redeem WELCOME"));
    assert!(given.contains("waited: Runs") && given.contains("hold 2 as"), "{given}");
}

#[test]
fn without_configuration_there_are_no_such_commands() {
    let plain = |text: &str| shown(&effects(&shop(), message_facts(customer(5)), text));
    for command in ["/redeem WELCOME", "/invite"] {
        assert_eq!(plain(command), plain("/help"), "{command}");
    }
    // Words of that kind are prompts.
    assert!(plain("邀请").contains("open request"), "{}", plain("邀请"));
    for payload in ["/start promo-WELCOME", "/start invite-abc"] {
        assert_eq!(plain(payload), plain("/start anything"), "{payload}");
    }
    let bare = effects(&giving(), message_facts(customer(5)), "WELCOME");
    assert!(shown(&bare).contains("open request"), "a bare code is a prompt");
}

#[test]
fn among_others_nothing_is_given() {
    for text in ["/redeem WELCOME", "/invite"] {
        let event = Event::MessageReceived(Message { setting: Setting::Group, ..message(text) });
        let facts = Facts::Message(of_code(PromoFacts::default()));
        let said = follows_at(&giving(), GROUP, &facts, &event);
        assert!(granted(&said).is_empty() && shown(&said).contains("InPrivateOnly"), "{text}");
    }
}

fn own(code: Option<&str>) -> MessageFacts {
    let own = OwnInvitations {
        code: code.map(String::from),
        fresh: "f00d".into(),
        links: vec!["https://t.me/desk_bot?start=invite-f00d".into()],
        came: 3,
        bought: 2,
        rewarded: 1,
    };
    MessageFacts { gift: Some(GiftFacts::Own(own).into()), ..message_facts(customer(5)) }
}

#[test]
fn who_invites_gets_one_code_and_reads_what_came_of_it() {
    let first = effects(&giving(), own(None), "/invite");
    let [GiftEffect::MakeInvite { code, account: AccountId(1), .. }] = &gifts(&first)[..] else {
        panic!("{first:?}")
    };
    assert_eq!(code, "f00d");
    let said = shown(&first);
    assert!(said.contains("credits: 50, invited_credits: 10, days: 14, most: 2"), "{said}");
    assert!(said.contains("came: 3, bought: 2, rewarded: 1"), "{said}");
    assert!(gifts(&effects(&giving(), own(Some("beef")), "/invite")).is_empty());
}

fn arriving(known: impl Into<Option<Customer>>, inviter: Option<i64>) -> MessageFacts {
    let gift = Some(GiftFacts::Inviter(inviter.map(AccountId)).into());
    MessageFacts { gift, ..message_facts(known) }
}

#[test]
fn only_who_is_new_with_this_very_step_is_invited() {
    let new = effects(&giving(), arriving(None, Some(9)), "/start invite-f00d");
    let [GiftEffect::Invite { identity, inviter, credits, invited_credits, .. }] = &gifts(&new)[..]
    else {
        panic!("{new:?}")
    };
    assert_eq!((identity.as_str(), *inviter), ("telegram:7", AccountId(9)));
    assert_eq!((*credits, *invited_credits), (Credits(50), Credits(10)));
    let said = shown(&new);
    assert!(said.contains("Invited { trial: 3, credits: 10, days: 14 }"), "{said}");
    assert!(!said.contains("WelcomeFirst"), "{said}");
    let known = effects(&giving(), arriving(customer(5), Some(9)), "/start invite-f00d");
    assert!(gifts(&known).is_empty() && shown(&known).contains("NotNew"));
    let nobodys = effects(&giving(), arriving(None, None), "/start invite-f00d");
    assert!(gifts(&nobodys).is_empty() && shown(&nobodys).contains("Welcome {"));
}

#[test]
fn a_link_into_wechat_is_answered_as_the_greeting() {
    let entered = |facts: MessageFacts, param: &str, greet| {
        let entrance = Entrance { who: ada(), scene: None, scene_param: Some(param.into()), greet };
        follows_at(&giving(), PRIVATE, &Facts::Message(facts), &Event::ChatEntered(entrance))
    };
    let once = || Greet::Once(Answerable { message: "code:W".into(), until: NOW + 1 });
    let new = entered(arriving(None, Some(9)), "invite-f00d", once());
    assert_eq!(gifts(&new).len(), 1);
    let said = shown(&new);
    assert!(said.contains("answering code:W about Occasion: Gift(Invited"), "{said}");
    let promo = MessageFacts { customer: None, ..of_code(PromoFacts::default()) };
    let new = entered(promo, "promo-welcome", once());
    assert_eq!(granted(&new).len(), 1);
    // Whoever is known needs no greeting for that.
    let known = entered(of_code(PromoFacts::default()), "promo-welcome", Greet::No);
    assert_eq!(granted(&known).len(), 1);
    assert!(!shown(&known).contains("Occasion"));
    // Nor does whoever is new: what is said of it waits for their words, and they count as invited.
    let new = entered(arriving(None, Some(9)), "invite-f00d", Greet::No);
    assert_eq!(gifts(&new).len(), 1);
    assert!(!shown(&new).contains("Occasion"));
    let nothing = entered(message_facts(customer(5)), "anything", Greet::No);
    assert!(nothing.is_empty(), "{nothing:?}");
}

fn buying(invited: bool, paid: Paid) -> Vec<Effect> {
    let checkout = Checkout {
        request: "pd-ab-7".into(),
        account: AccountId(1),
        purse: PurseId(2),
        identity: ada().identity,
        conversation: PRIVATE.into(),
        item: Item::Pack("starter".into()),
        credits: Credits(100),
        price: dollars(990),
        product: "prod_starter".into(),
        mode: Mode::Test,
        state: CheckoutState::Open,
        link: None,
        asked_at: NOW - 60_000,
    };
    let account: Account = customer(3).account;
    let facts = PaymentFacts {
        checkout: Some(checkout),
        account: Some(account),
        invited: invited.then(|| ada().identity),
        ..PaymentFacts::default()
    };
    let told = Told::Bought(paid);
    let request = Some("pd-ab-7".into());
    let event = Event::PaymentTold(Notice { at: NOW, mode: Mode::Test, request, told });
    follows_at(&giving(), "creem", &Facts::Payment(facts), &event)
}

fn paid(minor: i64, discount: i64) -> Paid {
    Paid {
        payment: "order:ord_1".into(),
        product: Some("prod_starter".into()),
        price: Some(dollars(minor)),
        discount,
        charged: None,
        link: None,
        customer: None,
    }
}

#[test]
fn the_first_payment_of_who_was_invited_is_looked_at_again_when_it_has_stood() {
    let bought = buying(true, paid(990, 0));
    let [GiftEffect::KeepPurchase { payment, .. }] = &gifts(&bought)[..] else {
        panic!("{bought:?}")
    };
    assert_eq!(payment, "order:ord_1");
    let due_at = NOW + 14 * DAY_MS;
    let timer = std::format!("set timer invitation:telegram:7 at {due_at}: InvitationDue");
    assert!(shown(&bought).contains(&timer), "{}", shown(&bought));
    assert!(gifts(&buying(false, paid(990, 0))).is_empty());
    // A discount as high as the price, told either way, costs nothing.
    for free in [paid(990, 990), paid(0, 990)] {
        assert!(gifts(&buying(true, free.clone())).is_empty(), "{free:?}");
    }
    assert_eq!(gifts(&buying(true, paid(490, 500))).len(), 1);
}

fn side(account: i64, credits: i64) -> Side {
    let owner = Owner { account: AccountId(account), purse: PurseId(account + 1) };
    let who = std::format!("telegram:{account}");
    let reader = Some((who.as_str().into(), who.as_str().into()));
    Side { owner, credits: Credits(credits), reader }
}

fn invitation() -> Invitation {
    Invitation {
        identity: ada().identity,
        inviter: side(90, 50),
        invited: side(1, 10),
        went_back: false,
        lately: vec![],
    }
}

fn due(house: &House, invitation: Option<Invitation>) -> Vec<Effect> {
    let gift = Some(GiftFacts::Invitation(invitation).into());
    let facts = Facts::Message(MessageFacts { gift, ..message_facts(customer(5)) });
    let event = Event::InvitationDue { identity: ada().identity };
    follows_at(house, PRIVATE, &facts, &event)
}

#[test]
fn a_payment_that_stood_rewards_both_and_each_hears_of_it() {
    let rewarded = due(&giving(), Some(invitation()));
    let expected = [(91, 50, "inviting:telegram:7".into()), (2, 10, "invited:telegram:7".into())];
    assert_eq!(granted(&rewarded), expected);
    let end = InvitationEnd::Rewarded { most: 2, since: counted_since(NOW) };
    let [GiftEffect::EndInvitation { end: ended, .. }] = &gifts(&rewarded)[..] else {
        panic!("{rewarded:?}")
    };
    assert_eq!(*ended, end);
    assert_eq!(shown(&rewarded).matches(": MoneyMoved").count(), 2, "{}", shown(&rewarded));
    assert!(due(&giving(), None).is_empty(), "decided once");
}

#[test]
fn what_went_back_and_who_is_one_person_brings_nothing() {
    let itself = Invitation { inviter: side(1, 50), ..invitation() };
    let went_back = Invitation { went_back: true, ..invitation() };
    for (house, invitation) in [(giving(), itself), (giving(), went_back), (shop(), invitation())] {
        let nothing = due(&house, Some(invitation));
        assert!(granted(&nothing).is_empty());
        assert!(shown(&nothing).contains("end: Nothing"), "{}", shown(&nothing));
    }
}

#[test]
fn more_rewards_than_the_owner_said_wait_for_their_turn() {
    let lately = |days: &[i64]| days.iter().map(|days| NOW - days * DAY_MS).collect::<Vec<_>>();
    let with = |days: &[i64]| Invitation { lately: lately(days), ..invitation() };
    assert_eq!(granted(&due(&giving(), Some(with(&[29])))).len(), 2);
    for (days, wait) in [(&[29, 3][..], 1), (&[29, 20, 3], 10)] {
        let waiting = due(&giving(), Some(with(days)));
        assert!(granted(&waiting).is_empty() && gifts(&waiting).is_empty());
        let due_at = NOW + wait * DAY_MS;
        let timer = std::format!("set timer invitation:telegram:7 at {due_at}: InvitationDue");
        assert_eq!(shown(&waiting), timer);
    }
}

#[test]
fn a_reward_is_told_in_each_ones_own_words() {
    let hears = |inviting| {
        let moved = crate::payment::Moved::Rewarded { credits: Credits(50), inviting };
        let event = Event::MoneyMoved { identity: ada().identity, account: None, moved };
        let facts = Facts::Message(message_facts(customer(55)));
        shown(&follows_at(&giving(), PRIVATE, &facts, &event))
    };
    for inviting in [true, false] {
        let word = std::format!("Gift(Rewarded {{ inviting: {inviting}, credits: 50");
        assert!(hears(inviting).contains(&word), "{}", hears(inviting));
    }
}

#[test]
fn facts_are_looked_up_for_commands_and_links_alone() {
    let need = |text: &str| {
        let from = Person { identity: "wecom-kf:a".into(), ..ada() };
        let message = Message { from, ..message(text) };
        crate::needs::needs(&Event::MessageReceived(message), None).gift
    };
    let code = || Some(GiftNeed::Promo("SUMMER-1".into()));
    assert_eq!((need("redeem summer-1"), need("兑换 summer-1")), (code(), code()));
    assert_eq!((need("invite"), need("邀请")), (Some(GiftNeed::Own), Some(GiftNeed::Own)));
    for words in ["SUMMER-1", "redeem the lost ark", "a fox", "/start", "/balance"] {
        assert_eq!(need(words), None, "{words}");
    }
}
