//! Money: links are asked for once, what is paid is given once, whatever is told in whatever order.

mod away;
mod books;
mod lapsing;
mod plans;
mod refunds;
mod screening;
mod stars;
mod unlinked;
mod verified;

use std::{boxed::Box, string::String, vec, vec::Vec};

use insta::assert_snapshot;

use super::{lines, world::*};
use crate::{
    credits::Credits,
    effect::Effect,
    errand::{Brought, Errand, ErrandEnd, ErrandEnded, ErrandFailure},
    event::{Event, Setting},
    facts::*,
    id::*,
    payment::*,
    say::{Action, Does, Say, Verb},
};

/// Where the provider's notices happen.
const CREEM: &str = "creem";

/// Ada's purchase of something of ours.
fn bought(item: Item) -> Checkout {
    let (credits, price, product) = match &item {
        Item::Pack(_) => (Credits(100), dollars(990), "prod_starter"),
        Item::Plan(_) => (Credits(500), dollars(1990), "prod_pro"),
    };
    Checkout {
        request: "pd-ab-7".into(),
        account: AccountId(1),
        purse: PurseId(2),
        identity: ada().identity,
        conversation: PRIVATE.into(),
        item,
        credits,
        price,
        product: product.into(),
        mode: Mode::Test,
        state: CheckoutState::Open,
        link: Some(link()),
        asked_at: NOW - 60_000,
    }
}

fn link() -> Link {
    Link { id: "ch_1".into(), url: "https://pay.example/ch_1".into() }
}

fn starter() -> Checkout {
    bought(Item::Pack("starter".into()))
}

fn pro_plan() -> Checkout {
    bought(Item::Plan("pro".into()))
}

fn facts_of(checkout: Checkout) -> PaymentFacts {
    PaymentFacts {
        checkout: Some(checkout),
        account: Some(customer(3).account),
        ..PaymentFacts::default()
    }
}

fn paid(product: &str, minor: i64) -> Paid {
    Paid {
        payment: "order:ord_1".into(),
        product: Some(product.into()),
        price: Some(dollars(minor)),
        discount: 0,
        charged: None,
        link: None,
        customer: Some("cust_1".into()),
    }
}

fn notice(told: Told) -> Notice {
    Notice { at: NOW, mode: Mode::Test, request: Some("pd-ab-7".into()), told }
}

fn told(facts: PaymentFacts, notice: Notice) -> String {
    let effects = follows_at(&shop(), CREEM, &Facts::Payment(facts), &Event::PaymentTold(notice));
    lines::lines(CAUSE, &effects)
}

/// What is told of an account's money: of whose, and what.
fn news(effects: &[Effect]) -> Vec<(Option<AccountId>, Moved)> {
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::SetTimer { event: Event::MoneyMoved { account, moved, .. }, .. } => {
            Some((*account, moved.clone()))
        }
        _ => None,
    });
    told.collect()
}

/// What somebody hears of their money.
fn hears_of(moved: Moved) -> String {
    let event = Event::MoneyMoved { identity: ada().identity, account: Some(AccountId(1)), moved };
    let facts = Facts::Message(message_facts(customer(41)));
    lines::lines(CAUSE, &follows_at(&shop(), PRIVATE, &facts, &event))
}

fn shopping(facts: PressFacts) -> Vec<Effect> {
    let press = Event::ButtonPressed(press(Setting::Private));
    follows_at(&shop(), PRIVATE, &Facts::Press(facts), &press)
}

fn chosen(item: &Item) -> PressFacts {
    press_facts(customer(3), Verb::BuyItem, item.number())
}

#[test]
fn who_has_too_few_credits_sees_what_is_for_sale_and_one_press_asks_for_a_link() {
    let asked = Event::MessageReceived(message("a fox --high --x4"));
    let facts = Facts::Message(message_facts(subscriber(3)));
    let effects = follows_at(&shop(), PRIVATE, &facts, &asked);
    let sent = effects.iter().find_map(|effect| match effect {
        Effect::Send(sent)
            if matches!(&sent.body, crate::effect::Body::Say(Say::OutOfCredits { .. })) =>
        {
            Some(sent)
        }
        _ => None,
    });
    let keys: Vec<Action> = sent
        .unwrap()
        .keys
        .iter()
        .flatten()
        .filter_map(|key| if let Does::Act(action) = key.does { Some(action) } else { None })
        .collect();
    let item = Item::Pack("starter".into());
    let buy = Action { verb: Verb::BuyItem, row: item.number() };
    assert!(keys.contains(&buy), "{keys:?}");
    assert_snapshot!(folded(&lines::lines(CAUSE, &shopping(chosen(&item)))), @r#"
    RunErrand(NewErrand { id: ErrandId(#0), name: "checkout:pd-ab-#0", conversation:
        "telegram:7", errand: Checkout { request: "pd-ab-#0", product: "prod_starter",
        price: Money { minor: 990, currency: "USD" }, identity: "telegram:7", return_url:
        "https://pic.example/creem/return", slot: #0 }, until: 1700000300000 })
    OpenCheckout(Checkout { request: "pd-ab-#0", account: 1, purse: 2, identity:
        "telegram:7", conversation: "telegram:7", item: Pack("starter"), credits: 100,
        price: Money { minor: 990, currency: "USD" }, product: "prod_starter", mode: Test,
        state: Asked, link: -, asked_at: 1700000000000 })
    send as Checkout(#0) in telegram:7: CheckoutComing
    answer tap
    "#);
}

#[test]
fn a_link_that_is_being_made_is_not_asked_for_twice_and_a_fresh_one_is_shown_again() {
    let item = Item::Pack("starter".into());
    let coming = Checkout { state: CheckoutState::Asked, link: None, ..starter() };
    let facts = PressFacts { checkout: Some(coming), ..chosen(&item) };
    assert_snapshot!(folded(&lines::lines(CAUSE, &shopping(facts))), @"answer tap: CheckoutComing");
    let facts = PressFacts { checkout: Some(starter()), ..chosen(&item) };
    assert_snapshot!(folded(&lines::lines(CAUSE, &shopping(facts))), @r#"
    send in telegram:7: CheckoutReady { item: Pack("starter"), terms: -, credits: 100,
        price: Money { minor: 990, currency: "USD" }, buyer: "Ada" } / [Pay
        https://pay.example/ch_1] / [SupportLink https://help.example]
    answer tap
    "#);
    let old = Checkout { asked_at: NOW - 31 * 60_000, ..starter() };
    let facts = PressFacts { checkout: Some(old), ..chosen(&item) };
    let asks = |effects: &[Effect]| effects.iter().any(|it| matches!(it, Effect::RunErrand(_)));
    assert!(asks(&shopping(facts)));
    let dearer = Checkout { price: dollars(890), ..starter() };
    let facts = PressFacts { checkout: Some(dearer), ..chosen(&item) };
    assert!(asks(&shopping(facts)), "a link of another price is not shown again");
    let gone = press_facts(customer(3), Verb::BuyItem, 4711);
    assert!(!asks(&shopping(gone)));
}

fn ended(end: ErrandEnd, checkout: Checkout) -> String {
    let what = Errand::Checkout {
        request: checkout.request.clone(),
        product: checkout.product.clone(),
        price: checkout.price.clone(),
        identity: ada().identity,
        return_url: String::new(),
        slot: 9,
    };
    let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(9), what, end });
    let facts = MessageFacts { checkout: Some(checkout), ..message_facts(customer(3)) };
    lines::lines(CAUSE, &follows_at(&shop(), PRIVATE, &Facts::Message(facts), &event))
}

#[test]
fn a_link_is_shown_with_what_is_bought_and_for_whom() {
    let asked = || Checkout { state: CheckoutState::Asked, link: None, ..starter() };
    let made = || ErrandEnd::Brought(Brought::Checkout(link()));
    assert_snapshot!(folded(&ended(made(), asked())), @r#"
    UpdateCheckout { request: "pd-ab-7", state: Open, link: Some(Link { id: "ch_1", url:
        "https://pay.example/ch_1" }) }
    edit Checkout(9) in telegram:7: CheckoutReady { item: Pack("starter"), terms: -,
        credits: 100, price: Money { minor: 990, currency: "USD" }, buyer: "Ada" } / [Pay
        https://pay.example/ch_1] / [SupportLink https://help.example]
    "#);
    assert_snapshot!(folded(&ended(ErrandEnd::Failed(ErrandFailure::Refused), asked())), @r#"
    UpdateCheckout { request: "pd-ab-7", state: Failed, link: - }
    edit Checkout(9) in telegram:7: CheckoutFailed / [TryAgain = BuyItem
        8873923654814052100] / [AskHuman 0] [SupportLink https://help.example]
    "#);
    assert_eq!(ended(made(), starter()), "", "told twice is shown once");
}

#[test]
fn what_is_paid_is_given_and_told_in_the_chat_where_it_was_bought() {
    let event = notice(Told::Bought(paid("prod_starter", 990)));
    assert_snapshot!(folded(&told(facts_of(starter()), event)), @r#"
    Grant { entry: #0, purse: 2, credits: 100, source: "creem:order:ord_1", reason: Pack,
        note: - }
    UpdateCheckout { request: "pd-ab-7", state: Paid, link: - }
    set timer moved:#1 at 1700000000000: MoneyMoved
    KeepPayment(Payment { id: "order:ord_1", request: Some("pd-ab-7"), purse: Some(2),
        credits: 100, taken: 0, doubt: -, bought: Some(Bought { item: Pack("starter"),
        price: Money { minor: 990, currency: "USD" }, lapses_at: 0 }) })
    "#);
}

fn given_for_a_pack() -> Payment {
    Payment {
        id: "order:ord_1".into(),
        request: Some("pd-ab-7".into()),
        purse: Some(PurseId(2)),
        credits: Credits(100),
        taken: Credits::ZERO,
        doubt: None,
        bought: None,
    }
}

#[test]
fn a_payment_that_was_given_brings_nothing_more() {
    let facts = PaymentFacts { payment: Some(given_for_a_pack()), ..facts_of(starter()) };
    assert_eq!(told(facts, notice(Told::Bought(paid("prod_starter", 990)))), "");
}

#[test]
fn a_payment_that_is_not_what_we_asked_for_brings_nothing_and_the_owner_hears_of_it_once() {
    let live = |notice: Notice| Notice { mode: Mode::Live, ..notice };
    let unsaid = |notice: Notice| Notice { mode: Mode::Unknown, ..notice };
    let told_as = |paid: Paid| notice(Told::Bought(paid));
    let right = || paid("prod_starter", 990);
    let euros = Money { minor: 990, currency: "EUR".into() };
    let mismatches = [
        ("nobody asked", PaymentFacts::default(), told_as(right())),
        ("another product", facts_of(starter()), told_as(paid("prod_other", 990))),
        ("a plan for a pack", facts_of(starter()), told_as(paid("prod_pro", 1990))),
        ("no product", facts_of(starter()), told_as(Paid { product: None, ..right() })),
        ("less money", facts_of(starter()), told_as(paid("prod_starter", 989))),
        ("more money", facts_of(starter()), told_as(paid("prod_starter", 991))),
        ("nothing", facts_of(starter()), told_as(paid("prod_starter", 0))),
        ("euros", facts_of(starter()), told_as(Paid { price: Some(euros), ..right() })),
        ("wrong discount", facts_of(starter()), told_as(Paid { discount: 1, ..right() })),
        ("real money", facts_of(starter()), live(told_as(right()))),
        ("no mode", facts_of(starter()), unsaid(told_as(right()))),
    ];
    for (what, facts, notice) in mismatches {
        // A discount on top of the whole price is no reason to doubt the whole price.
        let fine = what == "wrong discount";
        let event = Event::PaymentTold(notice.clone());
        let effects = follows_at(&shop(), CREEM, &Facts::Payment(facts.clone()), &event);
        let gave = effects.iter().any(|effect| matches!(effect, Effect::Grant { .. }));
        assert_eq!(gave, fine, "{what}");
        if fine {
            continue;
        }
        let kept = effects.iter().find_map(|effect| match effect {
            Effect::KeepPayment(payment) => Some(payment.clone()),
            _ => None,
        });
        assert!(kept.as_ref().is_some_and(|it| it.doubt.is_some()), "{what}");
        assert!(effects.iter().any(|it| matches!(it, Effect::RaiseAlarm { .. })), "{what}");
        assert_eq!(told(PaymentFacts { payment: kept, ..facts }, notice), "", "{what}");
    }
}

#[test]
fn a_discount_that_the_owner_gave_is_taken() {
    let less = Paid { discount: 190, ..paid("prod_starter", 800) };
    let gave = told(facts_of(starter()), notice(Told::Bought(less)));
    assert!(gave.contains("Grant"), "{gave}");
}

#[test]
fn something_new_alarms_and_nothing_else() {
    assert_snapshot!(folded(&told(PaymentFacts::default(), notice(Told::Unknown))), @r#"RaiseAlarm { what: "Creem told something of a kind that is new" }"#);
}

#[test]
fn the_owner_hears_once_that_a_bank_took_a_payment_back() {
    let gave = given_for_a_pack();
    let back = |id: &str, by| {
        let payment = "order:ord_1".into();
        Reversed { id: id.into(), payment, by, minor: 0, total: 0, of_minor: 990 }
    };
    let told_with = |known: Vec<Reversed>, by| {
        let facts =
            PaymentFacts { payment: Some(gave.clone()), reversals: known, ..facts_of(starter()) };
        told(facts, notice(Told::Reversed(back("new", by))))
    };
    let alarm = "RaiseAlarmOf { what: \"a bank took a payment back";
    assert!(told_with(vec![], Reversal::Dispute).contains(alarm));
    assert!(told_with(vec![back("r", Reversal::Refund)], Reversal::Dispute).contains(alarm));
    assert!(!told_with(vec![back("d", Reversal::Dispute)], Reversal::Dispute).contains(alarm));
    assert!(!told_with(vec![], Reversal::Refund).contains(alarm));
    // And where that is told before the payment.
    let known = vec![back("d", Reversal::Dispute)];
    let facts = PaymentFacts { reversals: known, ..facts_of(starter()) };
    assert!(told(facts, notice(Told::Bought(paid("prod_starter", 990)))).contains(alarm));
}

#[test]
fn money_moved_is_told_and_what_waited_runs() {
    let mut customer = customer(103);
    let waiting = OpenRequest {
        request: Request {
            options: crate::generation::Options::default(),
            ..request(RequestState::Unpaid)
        },
        generations: vec![],
    };
    customer.open = vec![waiting];
    let moved = |moved| {
        let event = Event::MoneyMoved { identity: ada().identity, account: None, moved };
        let facts = Facts::Message(message_facts(customer.clone()));
        lines::lines(CAUSE, &follows_at(&shop(), PRIVATE, &facts, &event))
    };
    assert_snapshot!(folded(&moved(Moved::Bought { credits: Credits(100) })), @r#"
    send in telegram:7: CreditsArrived { credits: 100, available: 103, waited: Runs } /
        [SupportLink https://help.example]
    UpdateRequest { id: 50, state: Open, change: - }
    ClearTimer { id: "request:50" }
    hold 2 as #2 for #1 of purse 2
    generate #1 of 50 with hold #2 number 1 tag 41
    send as Generation(#1) in telegram:7: Making "a fox" K1 Square Medium ×1 for 2, picture
        1 of 1, from 0, place 0, wait Some(20) / [Cancel 50] [SupportLink
        https://help.example]
    edit Question(50) in telegram:7 silently: Removed
    "#);
    // What comes by itself is not spent on what they may think of no more.
    let paid = |renewed| {
        let (plan, credits) = ("pro".into(), Credits(100));
        moved(Moved::PlanPaid { plan, credits, until: NOW, renewed, request: "r".into() })
    };
    assert!(paid(false).contains("waited: Runs") && paid(false).contains("generate"));
    let asks = paid(true);
    assert!(asks.contains("waited: Asks { prompt: \"a fox\", price: 2 }"), "{asks}");
    assert!(asks.contains("[Confirm(2) 50]") && !asks.contains("generate"), "{asks}");
    let rewarded = moved(Moved::Rewarded { credits: Credits(100), inviting: true });
    assert!(rewarded.contains("waited: Asks") && !rewarded.contains("generate"), "{rewarded}");
    // Nor is anything that is a day old, or was asked for in another chat of theirs.
    let with = |change: fn(&mut Request)| {
        let mut customer = customer.clone();
        change(&mut customer.open[0].request);
        let moved = Moved::Bought { credits: Credits(100) };
        let event = Event::MoneyMoved { identity: ada().identity, account: None, moved };
        let facts = Facts::Message(message_facts(customer));
        lines::lines(CAUSE, &follows_at(&shop(), PRIVATE, &facts, &event))
    };
    let changes: [fn(&mut Request); 2] =
        [|it| it.asked_at = NOW - 86_400_000, |it| it.identity = "wecom-kf:ada".into()];
    for change in changes {
        let told = with(change);
        assert!(!told.contains("generate") && told.contains("CreditsArrived"), "{told}");
    }
    let by = Reversal::Refund;
    assert_snapshot!(folded(&moved(Moved::TakenBack { credits: Credits(40), by })), @r"
    send in telegram:7: MoneyWentBack { credits: 40, available: 103, disputed: false } /
        [AskHuman 0] [SupportLink https://help.example]
    ");
    let plan = Moved::Plan { plan: "pro".into(), state: PlanState::PastDue, until: NOW };
    assert_snapshot!(folded(&moved(plan)), @r#"
    send in telegram:7: PlanChanged { plan: "pro", state: PastDue, until: 1700000000000,
        lapse_days: - } / [AskHuman 0] [SupportLink https://help.example]
    "#);
}

#[test]
fn what_moved_is_told_to_whoever_has_the_account_and_never_to_whoever_left_it() {
    let moved = || Moved::TakenBack { credits: Credits(100), by: Reversal::Refund };
    let hear = |whereabouts| {
        let (identity, account) = (ada().identity, Some(AccountId(11)));
        let event = Event::MoneyMoved { identity, account, moved: moved() };
        let facts = Facts::Message(MessageFacts { whereabouts, ..message_facts(customer(7)) });
        follows_at(&shop(), PRIVATE, &facts, &event)
    };
    let told = |effects: &[Effect]| effects.iter().any(|it| matches!(it, Effect::Send(_)));
    assert!(told(&hear(Whereabouts::Here)));
    assert_eq!(hear(Whereabouts::Nowhere), []);
    let bob: (IdentityId, ConversationId) = ("wecom-kf:bob".into(), "wecom-kf:wk:bob".into());
    let effects = hear(Whereabouts::At(bob.0.clone(), bob.1.clone()));
    let [Effect::SetTimer { conversation, event, .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    let goes_on =
        Event::MoneyMoved { identity: bob.0, account: Some(AccountId(11)), moved: moved() };
    assert_eq!((conversation, event), (&bob.1, &goes_on));
}
