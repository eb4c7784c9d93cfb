//! Parting: whoever came to an account goes with what is theirs, and what waits to be said where a
//! chat was unlinked is not said.

use picdesk::{
    buttons::Seal,
    store::{
        ledger::Act,
        links::{self, Asked as Asking},
        outbox,
    },
};
use picdesk_core::{
    channel::OutboundMessage,
    credits::{Credits, TakeReason, VoidReason},
    effect::{Effect, LinkEffect},
    event::About,
    facts::{LinkNeed, LinkRow},
    generation::GenerationState,
    id::{AccountId, Cause, GenerationId, LinkId, PurseId},
    payment::{Payment, PlanRow, PlanState, Told},
};

use super::{
    Customer, House, START, houses,
    payments::{bought, reversed, rules},
    words,
};

/// Ada and Bob, each with credits, and each with a plan that they pay for.
async fn with_plans(house: &House) -> (Customer, Customer) {
    let (ada, bob) = (house.customer("1", 10).await, house.customer("2", 5).await);
    for (who, name, plan) in [(&ada, "pd-1", "pro"), (&bob, "pd-2", "basic")] {
        house.subscribes(who, who, name, plan).await;
    }
    (ada, bob)
}

impl House {
    /// Somebody pays for a plan, as an account that may not be the one they came with.
    async fn subscribes(&self, who: &Customer, account: &Customer, name: &str, plan: &str) {
        let row = PlanRow {
            subscription: format!("sub-{name}"),
            request: name.into(),
            account: account.account,
            plan: plan.into(),
            state: PlanState::Active,
            until: self.seq(),
            as_of: (7, 8),
            customer: None,
            wish: None,
        };
        let identity = who.identity.clone();
        let checkout = picdesk_core::payment::Checkout { identity, ..bought(account, name, 5) };
        let choose = Effect::ChoosePlan { account: account.account, plan: Some(plan.into()) };
        self.follow(vec![Effect::OpenCheckout(checkout), Effect::KeepPlan(row), choose])
            .await
            .unwrap();
    }

    /// Somebody pays for credits, which go to an account.
    async fn pays(&self, who: &Customer, account: &Customer, name: &str, credits: i64) {
        let identity = who.identity.clone();
        let checkout = picdesk_core::payment::Checkout { identity, ..bought(account, name, 5) };
        let payment = Payment {
            id: format!("order:{name}"),
            request: Some(name.into()),
            purse: Some(account.purse),
            credits: Credits(credits),
            taken: Credits::ZERO,
            doubt: None,
            bought: None,
        };
        let given = Effect::Grant {
            entry: picdesk_core::id::EntryId(Cause(self.seq()).consequence(0)),
            purse: account.purse,
            credits: Credits(credits),
            source: format!("creem:order:{name}"),
            reason: picdesk_core::credits::GrantReason::Pack,
            note: None,
        };
        self.follow(vec![Effect::OpenCheckout(checkout), given, Effect::KeepPayment(payment)])
            .await
            .unwrap();
    }

    /// Credits of somebody are taken back, spent or not.
    async fn reclaims(&self, who: &Customer, amount: i64) {
        let entry = Cause(self.seq()).consequence(0);
        let (purse, source) = (who.purse.0, format!("back:{entry}"));
        let reason = TakeReason::Reclaimed;
        self.order(vec![Act::Take { entry, purse, amount, source, reason }]).await.unwrap();
    }

    /// So many credits of a payment are taken back by now.
    async fn loses_of(&self, name: &str, credits: i64) {
        let text = "update payments set taken = $2 where request = $1";
        self.run(text, &[name.into(), credits.into()]).await;
    }

    /// A picture comes to nothing.
    async fn fails(&self, asked: super::Asked) {
        let settled = Effect::SettleGeneration {
            generation: asked.generation,
            state: GenerationState::Cancelled,
            failure: None,
        };
        let void = Effect::VoidHold { hold: asked.hold, reason: VoidReason::Failed };
        self.follow(vec![settled, void]).await.unwrap();
    }

    async fn plans(&self, of: [&Customer; 2]) -> [String; 2] {
        let text = "select coalesce(plan, '') from accounts where id = $1";
        [
            self.word(text, &[of[0].account.0.into()]).await,
            self.word(text, &[of[1].account.0.into()]).await,
        ]
    }

    async fn strikes(&self, of: &Customer) -> i64 {
        self.int("select strikes from accounts where id = $1", &[of.account.0.into()]).await
    }

    /// What undoing a link is decided on.
    async fn undoing(&self, link: LinkId, who: &Customer) -> LinkRow {
        let with = (link, who.clone());
        self.write(with, |tx, (link, who)| {
            Box::pin(async move {
                let asked =
                    Asking { seq: 1, by: &who.identity, now: START, account: Some(who.account) };
                let (seal, house) = (Seal::new(vec![7; 32]), rules());
                links::find(tx, asked, &LinkNeed::Link(link), (&seal, &house)).await
            })
        })
        .await
        .unwrap()
        .link
        .unwrap()
    }

    async fn separate(&self, who: &Customer, from: &Customer) {
        let cause = Cause(self.seq());
        let separate = LinkEffect::Separate {
            identity: who.identity.clone(),
            from: from.account,
            account: AccountId(cause.consequence(0)),
            purse: PurseId(cause.consequence(1)),
        };
        self.follow(vec![Effect::Link(separate)]).await.unwrap();
    }
}

#[tokio::test]
async fn each_has_the_plan_again_that_they_pay_for() {
    for house in houses().await {
        let (ada, bob) = with_plans(&house).await;
        let link = house.merge(&ada, &bob).await;
        house.run("update accounts set plan = 'pro' where id = $1", &[bob.account.0.into()]).await;
        house.parts(link, &bob, &ada, 0).await;
        assert_eq!(house.plans([&ada, &bob]).await, ["pro", "basic"]);
        // One that Ada begins while they are one is hers; one that ends meanwhile is nobody's.
        let link = house.merge(&ada, &bob).await;
        house.subscribes(&ada, &bob, "pd-3", "studio").await;
        let over = "update plans set state = 'ended' where subscription = 'sub-pd-2'";
        house.run(over, &[]).await;
        house.parts(link, &bob, &ada, 0).await;
        assert_eq!(house.plans([&ada, &bob]).await, ["studio", ""]);
    }
}

#[tokio::test]
async fn what_was_bought_and_spent_meanwhile_is_known_and_goes_along() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 10).await, house.customer("2", 5).await);
        house.pays(&ada, &ada, "pd-1", 20).await;
        let made = house.ask(&ada, 2, 1).await;
        house.make(&ada, made, 2_000_000_000_000).await;
        house.hands.advance(std::time::Duration::from_millis(1));
        let link = house.merge(&ada, &bob).await;
        let row = house.undoing(link, &bob).await;
        assert_eq!((row.carried, row.bought, row.spent), (Credits(28), Credits(0), Credits(0)));
        house.pays(&ada, &bob, "pd-2", 100).await;
        house.pays(&bob, &bob, "pd-3", 1000).await;
        let by_ada = Customer { identity: ada.identity.clone(), ..bob.clone() };
        let made = house.ask(&by_ada, 4, 2).await;
        house.make(&by_ada, made, 2_000_000_000_000).await;
        house.ask(&bob, 8, 3).await;
        let row = house.undoing(link, &bob).await;
        assert_eq!((row.carried, row.bought, row.spent), (Credits(28), Credits(100), Credits(4)));
        house.parts(link, &bob, &ada, 124).await;
        assert_eq!((house.available(&ada).await, house.available(&bob).await), (124, 997));
        // Money that goes back is taken from whoever had paid it.
        for (payment, purse) in [("pd-1", ada.purse), ("pd-2", ada.purse), ("pd-3", bob.purse)] {
            let payment = format!("order:{payment}");
            let told = Told::Reversed(reversed("ref_1", &payment, 50));
            assert_eq!(house.facts(None, told).await.holder.unwrap().id, purse, "{payment}");
        }
    }
}

#[tokio::test]
async fn nobody_pays_what_another_side_owes() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 20).await, house.customer("2", 5).await);
        house.reclaims(&bob, 15).await;
        let link = house.merge(&ada, &bob).await;
        assert_eq!(house.available(&bob).await, 10);
        house.parts_owing(link, (&bob, &ada), (20, 10)).await;
        assert_eq!((house.available(&ada).await, house.available(&bob).await), (20, -10));
        // What was spent is gone, and is owed by nobody.
        let link = house.merge(&ada, &bob).await;
        let made = house.ask(&bob, 4, 1).await;
        house.make(&bob, made, 2_000_000_000_000).await;
        house.parts_owing(link, (&bob, &ada), (20, 10)).await;
        assert_eq!((house.available(&ada).await, house.available(&bob).await), (16, -10));
        assert_eq!(house.verify().await, []);
    }
}

#[tokio::test]
async fn what_is_taken_back_of_what_came_was_theirs_who_came() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 0).await, house.customer("2", 30).await);
        house.pays(&ada, &ada, "pd-1", 20).await;
        house.loses_of("pd-1", 5).await;
        house.hands.advance(std::time::Duration::from_millis(1));
        let link = house.merge(&ada, &bob).await;
        house.reclaims(&bob, 7).await;
        house.loses_of("pd-1", 12).await;
        let row = house.undoing(link, &bob).await;
        assert_eq!((row.carried, row.lost, row.own()), (Credits(20), Credits(7), 13));
    }
}

#[tokio::test]
async fn what_was_set_aside_and_comes_back_is_theirs_who_asked() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 10).await, house.customer("2", 5).await);
        let before = house.ask(&ada, 3, 1).await;
        house.hands.advance(std::time::Duration::from_millis(1));
        let link = house.merge(&ada, &bob).await;
        let by_ada = Customer { identity: ada.identity.clone(), ..bob.clone() };
        let meanwhile = house.ask(&by_ada, 4, 2).await;
        // Of what she had asked for before a picture fails now: it comes back to both.
        house.fails(before).await;
        let row = house.undoing(link, &bob).await;
        assert_eq!((row.carried, row.spent), (Credits(10), Credits(4)));
        house.parts(link, &bob, &ada, row.own()).await;
        assert_eq!((house.available(&ada).await, house.available(&bob).await), (6, 5));
        // And of what she asked for meanwhile another one, after they have parted.
        house.fails(meanwhile).await;
        assert_eq!((house.available(&ada).await, house.available(&bob).await), (10, 5));
        assert_eq!(house.verify().await, []);
    }
}

#[tokio::test]
async fn who_parts_from_the_last_of_a_chain_takes_nothing_of_the_others_along() {
    for house in houses().await {
        let [ada, bob, cyd] = [
            house.customer("1", 20).await,
            house.customer("2", 10).await,
            house.customer("3", 5).await,
        ];
        let first = house.merge(&ada, &bob).await;
        house.hands.advance(std::time::Duration::from_millis(1));
        let second = house.merge(&bob, &cyd).await;
        let by_ada = Customer { identity: ada.identity.clone(), ..cyd.clone() };
        let made = house.ask(&by_ada, 2, 1).await;
        house.make(&by_ada, made, 2_000_000_000_000).await;
        assert_eq!(house.undoing(second, &cyd).await.own(), 28);
        house.parts(first, &cyd, &ada, house.undoing(first, &cyd).await.own()).await;
        assert_eq!(house.undoing(second, &cyd).await.own(), 10, "what Bob came with alone");
        house.parts(second, &cyd, &bob, 10).await;
        let left = [&ada, &bob, &cyd].map(|who| house.available(who));
        assert_eq!(futures_util::future::join_all(left).await, [18, 10, 5]);
    }
}

#[tokio::test]
async fn strikes_are_added_and_everybody_takes_their_own_along() {
    for house in houses().await {
        let [ada, bob, cyd] = [
            house.customer("1", 0).await,
            house.customer("2", 0).await,
            house.customer("3", 0).await,
        ];
        let strike = async |who: &Customer, times: usize| {
            let strike = Effect::CountStrike { account: who.account };
            for _ in 0..times {
                house.follow(vec![strike.clone()]).await.unwrap();
            }
        };
        strike(&ada, 1).await;
        strike(&bob, 2).await;
        strike(&cyd, 4).await;
        let first = house.merge(&ada, &bob).await;
        assert_eq!(house.strikes(&bob).await, 3);
        let second = house.merge(&bob, &cyd).await;
        assert_eq!(house.strikes(&cyd).await, 7);
        house.parts(first, &cyd, &ada, 0).await;
        assert_eq!((house.strikes(&ada).await, house.strikes(&cyd).await), (1, 6));
        house.parts(second, &cyd, &bob, 0).await;
        assert_eq!((house.strikes(&bob).await, house.strikes(&cyd).await), (2, 4));
    }
}

#[tokio::test]
async fn what_waits_for_an_unlinked_chat_is_taken_back() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 0).await, house.customer("2", 0).await);
        house.merge(&ada, &bob).await;
        let home = "update identities set home = 'telegram:home' where id = $1";
        house.run(home, &[ada.identity.as_str().into()]).await;
        let to = |id, place: &str| -> OutboundMessage { words(id, place) };
        let picture = About::Picture(GenerationId(5));
        house.send(to(1, "telegram:home"), Some(picture)).await;
        house.send(to(2, "telegram:1"), None).await;
        house.send(to(3, "telegram:2"), Some(picture)).await;
        house.send(to(4, "telegram:home"), None).await;
        house.send(to(5, "telegram:home"), None).await;
        let begun = "update outbox set state = $1 where id = $2";
        house.run(begun, &["sending".into(), 4_i64.into()]).await;
        house.run(begun, &["held".into(), 5_i64.into()]).await;
        house.separate(&ada, &bob).await;
        house.send(to(6, "telegram:home"), None).await;
        let mut connection = house.store.read().await.unwrap();
        let still = outbox::still_waiting(&mut connection, 1..=6).await.unwrap();
        assert_eq!(still, [3, 4, 6], "what may be leaving, what is Bob's, and what came after");
        let dropped = "select count(*) from outbox where state = 'dropped'";
        assert_eq!(house.int(dropped, &[]).await, 3);
        let told = "select external_id from inbox";
        assert_eq!(house.word(told, &[]).await, "outbound:1:withdrawn", "it is owed");
        assert_eq!(house.int("select count(*) from inbox", &[]).await, 1);
    }
}
