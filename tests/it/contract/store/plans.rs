//! Plans and refunds in rows: found by their account, changed without losing what was told, and
//! credits that lapse by the ledger.

use picdesk::store::plans;
use picdesk_core::{
    credits::{Credits, GrantReason, TakeReason, VoidReason},
    effect::Effect,
    facts::PlanFacts,
    generation::GenerationState,
    id::{EntryId, ErrandId},
    lapse,
    payment::{
        Bought, Charge, Checkout, CheckoutState, Item, Mode, Money, Payment, PlanChange, PlanRow,
        PlanState, Refund, RefundState, Reversal, Reversed, Wish,
    },
};

use super::{Customer, House, START, houses};

const DAY: i64 = 86_400_000;

fn dollars(minor: i64) -> Money {
    Money { minor, currency: "USD".into() }
}

fn checkout(who: &Customer, request: &str) -> Effect {
    Effect::OpenCheckout(Checkout {
        request: request.to_owned(),
        account: who.account,
        purse: who.purse,
        identity: who.identity.clone(),
        conversation: who.conversation.clone(),
        item: Item::Plan("pro".into()),
        credits: Credits(500),
        price: dollars(1990),
        product: "prod_pro".into(),
        mode: Mode::Test,
        state: CheckoutState::Paid,
        link: None,
        asked_at: START,
    })
}

fn row(who: &Customer, request: &str) -> PlanRow {
    PlanRow {
        subscription: format!("sub_{request}"),
        request: request.into(),
        account: who.account,
        plan: "pro".into(),
        state: PlanState::Active,
        until: 9,
        as_of: (7, 8),
        customer: Some("cust_1".into()),
        wish: None,
    }
}

fn payment(who: &Customer, request: &str, id: &str, lapses_at: i64) -> Payment {
    let item = Item::Plan("pro".into());
    Payment {
        id: id.into(),
        request: Some(request.into()),
        purse: Some(who.purse),
        credits: Credits(50),
        taken: Credits::ZERO,
        doubt: None,
        bought: Some(Bought { item, price: dollars(1990), lapses_at }),
    }
}

impl House {
    async fn plan_facts(&self, of: &Customer) -> PlanFacts {
        let (account, purse) = (of.account, of.purse);
        self.write((account, purse), |tx, (account, purse)| {
            Box::pin(async move {
                let mut found = plans::facts_of(tx, account).await?;
                found.lapsing = plans::lapsing(tx, account, purse).await?;
                Ok(found)
            })
        })
        .await
        .unwrap()
    }

    fn came(&self, who: &Customer, payment: &str, credits: i64) -> Effect {
        Effect::Grant {
            entry: EntryId(self.seq() << 10),
            purse: who.purse,
            credits: Credits(credits),
            source: lapse::source_of(payment),
            reason: GrantReason::Plan,
            note: None,
        }
    }
}

#[tokio::test]
async fn what_an_account_pays_for_is_found_and_is_nobody_elses() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 0).await, house.customer("2", 0).await);
        let back = Reversed {
            id: "ref_1".into(),
            payment: "transaction:a".into(),
            by: Reversal::Refund,
            minor: 5,
            total: 5,
            of_minor: 2407,
        };
        let refund = Refund {
            payment: "transaction:a".into(),
            account: ada.account,
            price: dollars(1990),
            credits: Credits(50),
            state: RefundState::WithPeople,
            code: Some("S-7".into()),
            asked_at: START,
        };
        house
            .follow(vec![
                checkout(&ada, "pd-1"),
                checkout(&bob, "pd-2"),
                Effect::KeepPlan(row(&ada, "pd-1")),
                Effect::KeepPlan(row(&bob, "pd-2")),
                Effect::KeepPayment(payment(&ada, "pd-1", "transaction:a", 0)),
                Effect::KeepPayment(payment(&bob, "pd-2", "transaction:b", 0)),
                Effect::KeepReversal(back.clone()),
                Effect::KeepRefund(refund.clone()),
            ])
            .await
            .unwrap();
        let found = house.plan_facts(&ada).await;
        assert_eq!(found.plans, [row(&ada, "pd-1")]);
        assert_eq!(found.payments.len(), 1);
        assert_eq!(found.payments[0].payment, payment(&ada, "pd-1", "transaction:a", 0));
        assert_eq!(found.payments[0].subscription.as_deref(), Some("sub_pd-1"));
        assert_eq!(found.payments[0].reversals, [back]);
        assert_eq!(found.refunds, std::slice::from_ref(&refund));
        let sent = Refund { state: RefundState::Sent, ..refund };
        house.follow(vec![Effect::KeepRefund(sent.clone())]).await.unwrap();
        assert_eq!(house.plan_facts(&ada).await.refunds, [sent]);
        let others = house.plan_facts(&bob).await;
        assert_eq!((others.payments.len(), others.refunds.len()), (1, 0));
        let mut connection = house.store.read().await.unwrap();
        let customer = plans::customer_of(&mut connection, ada.account).await.unwrap();
        assert_eq!(customer.as_deref(), Some("cust_1"));
    }
}

#[tokio::test]
async fn what_is_told_of_a_plan_and_what_is_wished_do_not_undo_one_another() {
    for house in houses().await {
        let ada = house.customer("1", 0).await;
        house
            .follow(vec![checkout(&ada, "pd-1"), Effect::KeepPlan(row(&ada, "pd-1"))])
            .await
            .unwrap();
        let change = PlanChange::Exchange {
            plan: "studio".into(),
            product: "prod_studio".into(),
            price: dollars(4990),
            charge: Charge::Difference,
        };
        let wish = Wish { change, errand: ErrandId(9) };
        let wished = |wish| Effect::WishPlan { subscription: "sub_pd-1".into(), wish };
        house.follow(vec![wished(Some(wish.clone()))]).await.unwrap();
        let told = PlanRow { state: PlanState::PastDue, as_of: (9, 9), ..row(&ada, "pd-1") };
        house.follow(vec![Effect::KeepPlan(told.clone())]).await.unwrap();
        let found = house.plan_facts(&ada).await.plans.remove(0);
        assert_eq!(found, PlanRow { wish: Some(wish), ..told.clone() });
        house.follow(vec![wished(None)]).await.unwrap();
        assert_eq!(house.plan_facts(&ada).await.plans, [told]);
    }
}

#[tokio::test]
async fn credits_lapse_once_by_the_ledger_and_never_those_that_are_held() {
    for house in houses().await {
        let ada = house.customer("1", 10).await;
        house
            .follow(vec![
                checkout(&ada, "pd-1"),
                Effect::KeepPayment(payment(&ada, "pd-1", "transaction:a", START + DAY)),
                house.came(&ada, "transaction:a", 50),
            ])
            .await
            .unwrap();
        let (held, spent) = (house.ask(&ada, 7, 1).await, house.ask(&ada, 20, 2).await);
        house.follow(vec![Effect::PostHold { hold: spent.hold }]).await.unwrap();
        let lapsing = house.plan_facts(&ada).await.lapsing;
        assert_eq!((lapsing[0].credits, lapsing[0].held), (Credits(23), true));
        let lapse = |credits: i64, over| {
            let take = Effect::TakeBack {
                entry: EntryId(house.seq() << 10),
                purse: ada.purse,
                credits: Credits(credits),
                source: format!("lapse:transaction:a:{credits}"),
                reason: TakeReason::Lapsed,
            };
            let (payment, credits) = ("transaction:a".into(), Credits(credits));
            vec![take, Effect::LapsePayment { payment, credits, over }]
        };
        house.follow(lapse(23, false)).await.unwrap();
        assert_eq!(house.status().await.credits.expired, 23);
        assert_eq!(house.plan_facts(&ada).await.lapsing[0].credits, Credits::ZERO);
        // The picture was not made: what was held comes back, and lapses then.
        let failed = Effect::SettleGeneration {
            generation: held.generation,
            state: GenerationState::Failed,
            failure: None,
        };
        let voided = Effect::VoidHold { hold: held.hold, reason: VoidReason::Failed };
        house.follow(vec![failed, voided]).await.unwrap();
        let lapsing = house.plan_facts(&ada).await.lapsing;
        assert_eq!((lapsing[0].credits, lapsing[0].held), (Credits(7), false));
        house.follow(lapse(7, true)).await.unwrap();
        assert!(house.plan_facts(&ada).await.lapsing.is_empty());
        let purse = house.purse(&ada).await;
        assert_eq!((purse.expired, purse.available()), (Credits(30), Credits(10)));
        let more = house.follow(lapse(11, true)).await;
        assert!(more.is_err(), "no more than is there");
    }
}

#[tokio::test]
async fn whose_credits_lapse_is_told_to_the_rules_once_a_minute_until_it_is_done() {
    for house in houses().await {
        let ada = house.customer("1", 0).await;
        let soon = START + lapse::AHEAD_MS + 1000;
        house
            .follow(vec![
                checkout(&ada, "pd-1"),
                Effect::KeepPayment(payment(&ada, "pd-1", "transaction:a", soon)),
            ])
            .await
            .unwrap();
        let tell = async |now: i64| {
            house.write(now, |tx, now| Box::pin(plans::tell_of_lapsing(tx, now))).await.unwrap()
        };
        assert_eq!(tell(START).await, 0);
        assert_eq!((tell(START + 1000).await, tell(START + 1001).await), (1, 1));
        let events = "select count(*) from inbox where external_id like 'account:%:lapsing:%'";
        assert_eq!(house.int(events, &[]).await, 1);
        let announced = |over| Effect::LapsePayment {
            payment: "transaction:a".into(),
            credits: Credits::ZERO,
            over,
        };
        house.follow(vec![announced(false)]).await.unwrap();
        assert_eq!(tell(START + 2000).await, 0);
        assert_eq!(tell(soon).await, 1);
        house.follow(vec![announced(true)]).await.unwrap();
        assert_eq!(tell(soon + DAY).await, 0);
    }
}

#[tokio::test]
async fn credits_that_came_by_a_link_lapse_where_they_are_and_go_back_with_whom_they_came() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 0).await, house.customer("2", 10).await);
        house
            .follow(vec![
                checkout(&ada, "pd-1"),
                Effect::KeepPayment(payment(&ada, "pd-1", "transaction:a", START + DAY)),
                house.came(&ada, "transaction:a", 50),
            ])
            .await
            .unwrap();
        let held = house.ask(&ada, 7, 1).await;
        let link = house.merge(&ada, &bob).await;
        let lapsing = house.plan_facts(&bob).await.lapsing;
        assert_eq!((lapsing[0].credits, lapsing[0].held), (Credits(43), true));
        // What was held comes back, and goes on to where the rest is.
        let failed = Effect::SettleGeneration {
            generation: held.generation,
            state: GenerationState::Failed,
            failure: None,
        };
        let voided = Effect::VoidHold { hold: held.hold, reason: VoidReason::Failed };
        house.follow(vec![failed, voided]).await.unwrap();
        let lapsing = house.plan_facts(&bob).await.lapsing;
        assert_eq!((lapsing[0].credits, lapsing[0].held), (Credits(50), false));
        house.parts(link, &bob, &ada, 50).await;
        assert_eq!(house.plan_facts(&ada).await.lapsing[0].credits, Credits(50));
        assert!(house.plan_facts(&bob).await.lapsing.is_empty());
    }
}
