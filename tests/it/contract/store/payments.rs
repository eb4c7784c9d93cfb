//! Purchases, payments and plans: found again by whatever names them, and never undone.

use picdesk::{
    config::Config,
    store::{StoreError, payments},
};
use picdesk_core::{
    account::{Language, Person},
    credits::{Credits, GrantReason, TakeReason},
    effect::Effect,
    facts::{House as Rules, PaymentFacts, PlanFacts},
    id::EntryId,
    payment::{
        Asking, Bought, Checkout, CheckoutState, Doubt, Item, Link, Mode, Money, Notice, Paid,
        Payment, PlanRow, PlanState, PlanTold, Reversal, Reversed, Told,
    },
};

use super::{Customer, House, houses};

pub(super) fn rules() -> Rules {
    Config::from_text("").unwrap().house(None, Vec::new())
}

pub(super) fn bought(who: &Customer, request: &str, asked_at: i64) -> Checkout {
    Checkout {
        request: request.to_owned(),
        account: who.account,
        purse: who.purse,
        identity: who.identity.clone(),
        conversation: who.conversation.clone(),
        item: Item::Pack("starter".into()),
        credits: Credits(100),
        price: Money { minor: 990, currency: "USD".into() },
        product: "prod_starter".into(),
        mode: Mode::Test,
        state: CheckoutState::Asked,
        link: None,
        asked_at,
    }
}

fn link() -> Link {
    Link { id: "ch_1".into(), url: "https://pay.example/ch_1".into() }
}

fn paid(payment: &str) -> Paid {
    Paid {
        payment: payment.into(),
        product: None,
        price: None,
        discount: 0,
        charged: None,
        link: None,
        customer: None,
    }
}

pub(super) fn reversed(id: &str, payment: &str, minor: i64) -> Reversed {
    let by = Reversal::Refund;
    Reversed { id: id.into(), payment: payment.into(), by, minor, total: minor, of_minor: 1197 }
}

#[tokio::test]
async fn a_question_before_a_payment_finds_its_purchase_and_its_payers_language() {
    for house in houses().await {
        let ada = house.customer("1", 3).await;
        let checkout = Checkout { price: Money::stars(500), ..bought(&ada, "pd-9", 5) };
        house.follow(vec![Effect::OpenCheckout(checkout.clone())]).await.unwrap();
        let asking = |request: &str, identity: &str| Asking {
            channel: "telegram",
            question: "q".into(),
            by: Person { identity: identity.into(), name: String::new(), language: None },
            request: request.into(),
            price: Money::stars(500),
        };
        let mut connection = house.store.read().await.unwrap();
        let mine = asking("pd-9", ada.identity.as_str());
        let found = payments::asked(&mut connection, &mine, 6).await.unwrap();
        assert_eq!(found, (Some(checkout), PlanFacts::default(), Some(Language::En)));
        let theirs = asking("pd-8", "telegram:9");
        let nobody = payments::asked(&mut connection, &theirs, 6).await.unwrap();
        assert_eq!(nobody, (None, PlanFacts::default(), None));
    }
}

#[tokio::test]
async fn what_can_go_back_is_the_last_payment_in_stars() {
    for house in houses().await {
        let ada = house.customer("1", 3).await;
        let of = |request: &str, price| Checkout { price, ..bought(&ada, request, 5) };
        let payment = |id: &str, request: &str, doubt| Payment {
            id: id.into(),
            request: Some(request.into()),
            purse: Some(ada.purse),
            credits: Credits(100),
            taken: Credits::ZERO,
            doubt,
            bought: Some(Bought {
                item: Item::Pack("starter".into()),
                price: Money::stars(500),
                lapses_at: 0,
            }),
        };
        let find = async || {
            let account = ada.account;
            let found =
                house.write(account, |tx, account| Box::pin(payments::refundable(tx, account)));
            let found = found.await.unwrap()?;
            assert_eq!(
                (found.payment.clone(), found.paid_at > 0),
                (payment(&found.payment.id, &found.checkout.request, None), true,)
            );
            Some((found.payment.id, found.checkout.request))
        };
        assert_eq!(find().await, None);
        house
            .follow(vec![
                Effect::OpenCheckout(of("pd-1", Money::stars(500))),
                Effect::OpenCheckout(of("pd-2", Money { minor: 990, currency: "USD".into() })),
                Effect::KeepPayment(payment("charge:a", "pd-1", None)),
                Effect::KeepPayment(payment("order:b", "pd-2", None)),
                Effect::KeepPayment(payment("charge:c", "pd-1", Some(Doubt::Price))),
            ])
            .await
            .unwrap();
        assert_eq!(find().await, Some(("charge:a".into(), "pd-1".into())));
    }
}

impl House {
    pub(super) async fn facts(&self, request: Option<&str>, told: Told) -> PaymentFacts {
        let notice = Notice { at: 1, mode: Mode::Test, request: request.map(Into::into), told };
        self.write((notice, rules()), |tx, (notice, rules)| {
            Box::pin(async move { payments::facts_of(tx, &notice, &rules).await })
        })
        .await
        .unwrap()
    }

    async fn bought(&self, request: &'static str) -> Option<Checkout> {
        self.write(request, |tx, request| Box::pin(payments::checkout(tx, request))).await.unwrap()
    }
}

#[tokio::test]
async fn a_purchase_is_found_by_its_name_its_payment_and_its_plan() {
    for house in houses().await {
        let ada = house.customer("1", 3).await;
        let checkout = bought(&ada, "pd-1", 5);
        let row = PlanRow {
            subscription: "sub_1".into(),
            request: "pd-1".into(),
            account: ada.account,
            plan: "pro".into(),
            state: PlanState::Ending,
            until: 9,
            as_of: (7, 8),
            customer: Some("cust_1".into()),
            wish: None,
        };
        let payment = Payment {
            id: "order:ord_1".into(),
            request: Some("pd-1".into()),
            purse: Some(ada.purse),
            credits: Credits(100),
            taken: Credits(4),
            doubt: None,
            bought: Some(Bought {
                item: Item::Pack("starter".into()),
                price: Money { minor: 990, currency: "USD".into() },
                lapses_at: 77,
            }),
        };
        let back = reversed("ref_1", "order:ord_1", 50);
        house
            .follow(vec![
                Effect::OpenCheckout(checkout.clone()),
                Effect::KeepPlan(row.clone()),
                Effect::KeepPayment(payment.clone()),
                Effect::KeepReversal(back.clone()),
                Effect::KeepReversal(Reversed { minor: 9, ..back.clone() }),
            ])
            .await
            .unwrap();
        let by_name = house.facts(Some("pd-1"), Told::Bought(paid("order:ord_2"))).await;
        assert_eq!(by_name.checkout.as_ref(), Some(&checkout));
        assert_eq!(by_name.account.unwrap().purse.granted, Credits(3));
        assert_eq!((by_name.payment, by_name.plans), (None, vec![row.clone()]));
        let by_payment = house.facts(None, Told::Bought(paid("order:ord_1"))).await;
        assert_eq!(by_payment.checkout.as_ref(), Some(&checkout));
        assert_eq!(by_payment.payment, Some(payment));
        assert_eq!(by_payment.reversals, [back]);
        let told = PlanTold {
            subscription: "sub_1".into(),
            product: None,
            state: PlanState::Active,
            until: 0,
            changed_at: 0,
            customer: None,
        };
        let by_plan = house.facts(None, Told::Plan(told)).await;
        assert_eq!(by_plan.checkout.as_ref(), Some(&checkout));
        let nobody = house.facts(Some("pd-2"), Told::Bought(paid("order:ord_9"))).await;
        assert_eq!(nobody, PaymentFacts::default());
    }
}

#[tokio::test]
async fn links_that_are_not_paid_are_gone_through_page_by_page() {
    for house in houses().await {
        let ada = house.customer("1", 0).await;
        // Two of them in the same moment.
        for (name, at) in [("pd-1", 5), ("pd-2", 6), ("pd-3", 6), ("pd-4", 7), ("pd-5", 8)] {
            house.follow(vec![Effect::OpenCheckout(bought(&ada, name, at))]).await.unwrap();
            let (request, state) = (name.into(), CheckoutState::Open);
            let link = Some(Link { id: format!("ch_{name}"), ..link() });
            house.follow(vec![Effect::UpdateCheckout { request, state, link }]).await.unwrap();
        }
        let mut connection = house.store.read().await.unwrap();
        let (mut place, mut seen) = ((i64::MAX, String::new()), Vec::new());
        loop {
            let page = payments::open_links(&mut connection, 0, &place, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            place = last.place.clone();
            seen.extend(page.into_iter().map(|it| it.link));
        }
        assert_eq!(seen, ["ch_pd-5", "ch_pd-4", "ch_pd-3", "ch_pd-2", "ch_pd-1"]);
    }
}

#[tokio::test]
async fn what_is_paid_stays_paid_and_a_link_is_kept_whole() {
    for house in houses().await {
        let ada = house.customer("1", 0).await;
        house.follow(vec![Effect::OpenCheckout(bought(&ada, "pd-1", 5))]).await.unwrap();
        let to = |state, link| Effect::UpdateCheckout { request: "pd-1".into(), state, link };
        house.follow(vec![to(CheckoutState::Open, Some(link()))]).await.unwrap();
        let open = house.bought("pd-1").await.unwrap();
        assert_eq!((open.state, open.link.as_ref()), (CheckoutState::Open, Some(&link())));
        let mut connection = house.store.read().await.unwrap();
        let newest = (i64::MAX, String::new());
        let links = payments::open_links(&mut connection, 5, &newest, 10).await.unwrap();
        assert_eq!(links.iter().map(|it| it.link.as_str()).collect::<Vec<_>>(), ["ch_1"]);
        let young = payments::open_links(&mut connection, 6, &newest, 10).await.unwrap();
        assert!(young.is_empty());
        drop(connection);
        house.follow(vec![to(CheckoutState::Paid, None)]).await.unwrap();
        house.follow(vec![to(CheckoutState::Open, None)]).await.unwrap();
        let paid = house.bought("pd-1").await.unwrap();
        assert_eq!((paid.state, paid.link), (CheckoutState::Paid, Some(link())));
    }
}

#[tokio::test]
async fn money_that_went_back_is_known_once_and_added_up() {
    for house in houses().await {
        let ada = house.customer("1", 0).await;
        let payment = |id: &str, doubt| {
            Effect::KeepPayment(Payment {
                id: id.into(),
                request: None,
                purse: Some(ada.purse),
                credits: Credits(100),
                taken: Credits::ZERO,
                doubt,
                bought: None,
            })
        };
        house
            .follow(vec![
                payment("order:1", None),
                payment("order:2", None),
                payment("order:3", Some(Doubt::Price)),
                Effect::KeepReversal(reversed("ref_1", "order:1", 50)),
                Effect::KeepReversal(reversed("ref_2", "order:1", 60)),
            ])
            .await
            .unwrap();
        let names = ["order:1", "order:2", "order:3", "order:4"].map(str::to_owned);
        let mut connection = house.store.read().await.unwrap();
        let known = payments::gone_back(&mut connection, &names).await.unwrap();
        assert!(known["order:1"].covers(110) && !known["order:1"].covers(111));
        assert!(!known["order:2"].covers(0), "nothing is known of it");
        assert_eq!(known.len(), 2);
        assert!(payments::is_given(&mut connection, "order:1").await.unwrap());
        assert!(!payments::is_given(&mut connection, "order:3").await.unwrap());
    }
}

#[tokio::test]
async fn credits_are_taken_back_once_and_only_reclaimed_ones_go_below_zero() {
    for house in houses().await {
        let ada = house.customer("1", 10).await;
        let take = |credits: i64, source: &str, reason| Effect::TakeBack {
            entry: EntryId(house.seq() << 10),
            purse: ada.purse,
            credits: Credits(credits),
            source: source.into(),
            reason,
        };
        let refunded = || take(4, "creem:ref_1:refunded", TakeReason::Refunded);
        house.follow(vec![refunded()]).await.unwrap();
        house.follow(vec![refunded()]).await.unwrap();
        assert_eq!(house.purse(&ada).await.available(), Credits(6));
        let more = house.follow(vec![take(7, "creem:ref_2:refunded", TakeReason::Refunded)]).await;
        assert!(matches!(more, Err(StoreError::Lost(_))), "{more:?}");
        house.follow(vec![take(7, "creem:disp_1:reclaimed", TakeReason::Reclaimed)]).await.unwrap();
        let purse = house.purse(&ada).await;
        assert_eq!((purse.refunded, purse.reclaimed), (Credits(4), Credits(7)));
        assert_eq!(purse.available(), Credits(-1));
        let given = Effect::Grant {
            entry: EntryId(house.seq() << 10),
            purse: ada.purse,
            credits: Credits(100),
            source: "creem:order:ord_1".into(),
            reason: GrantReason::Pack,
            note: None,
        };
        house.follow(vec![given]).await.unwrap();
        assert_eq!(house.purse(&ada).await.available(), Credits(99));
        assert!(house.verify().await.is_empty());
    }
}

#[tokio::test]
async fn a_purchase_goes_along_when_chats_are_linked_and_back_when_they_part() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 10).await, house.customer("2", 5).await);
        let row = PlanRow {
            subscription: "sub_1".into(),
            request: "pd-1".into(),
            account: ada.account,
            plan: "pro".into(),
            state: PlanState::Active,
            until: 9,
            as_of: (7, 8),
            customer: None,
            wish: None,
        };
        let payment = Payment {
            id: "order:ord_1".into(),
            request: Some("pd-1".into()),
            purse: Some(ada.purse),
            credits: Credits(10),
            taken: Credits::ZERO,
            doubt: None,
            bought: None,
        };
        house
            .follow(vec![
                Effect::OpenCheckout(bought(&ada, "pd-1", 5)),
                Effect::KeepPlan(row),
                Effect::KeepPayment(payment),
            ])
            .await
            .unwrap();
        let whose = async |house: &House| {
            let told = Told::Reversed(reversed("ref_1", "order:ord_1", 50));
            let facts = house.facts(None, told).await;
            let account = facts.account.unwrap();
            (account.id, account.purse.id, facts.holder.unwrap().id, facts.plans.len())
        };
        assert_eq!(whose(&house).await, (ada.account, ada.purse, ada.purse, 1));
        let link = house.merge(&ada, &bob).await;
        assert_eq!(whose(&house).await, (bob.account, bob.purse, bob.purse, 1));
        // Its credits are taken back where they are now; a purchase by an account that is none any
        // more is decided again.
        let take = Effect::TakeBack {
            entry: EntryId(77),
            purse: bob.purse,
            credits: Credits(12),
            source: "creem:ref_1:refunded".into(),
            reason: TakeReason::Refunded,
        };
        house.follow(vec![take]).await.unwrap();
        assert_eq!(house.purse(&bob).await.available(), Credits(3));
        let late = house.follow(vec![Effect::OpenCheckout(bought(&ada, "pd-2", 6))]).await;
        assert!(matches!(late, Err(StoreError::Lost(_))), "{late:?}");
        house.parts(link, &bob, &ada, 2).await;
        assert_eq!(whose(&house).await, (ada.account, ada.purse, ada.purse, 1));
        assert_eq!(house.purse(&ada).await.available(), Credits(2));
        assert!(house.verify().await.is_empty(), "{:?}", house.verify().await);
    }
}
