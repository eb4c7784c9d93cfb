//! Parting: whoever came to an account goes with what is theirs, and what waits to be said where a
//! chat was unlinked is not said.

use picdesk::{
    buttons::Seal,
    store::{
        links::{self, Asked as Asking},
        outbox,
    },
};
use picdesk_core::{
    channel::OutboundMessage,
    credits::Credits,
    effect::{Effect, LinkEffect},
    event::About,
    facts::{LinkNeed, LinkRow},
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
