//! The first day after a link: whose side somebody is on, what they may spend, and what is the
//! other side's.

use std::time::Duration;

use picdesk::{
    buttons::Seal,
    store::{
        facts,
        links::{self, Asked as Asking},
        plans,
    },
};
use picdesk_core::{
    credits::Credits,
    effect::{Effect, LinkEffect},
    facts::{LinkFacts, LinkNeed},
    id::{Cause, CodeId},
    newcomer::{NEW_MS, Newcomer},
    payment::CheckoutState,
};

use super::{
    Customer, House, START, houses,
    payments::{bought, rules},
};

impl House {
    async fn newcomer(&self, who: &Customer) -> Option<Newcomer> {
        let seen = (who.identity.clone(), who.conversation.clone());
        let with = (seen, self.clock.now_ms());
        let found = self
            .write(with, |tx, (seen, now)| {
                Box::pin(async move { facts::customers(tx, &[seen], &rules(), now).await })
            })
            .await
            .unwrap();
        found.into_values().next().unwrap().newcomer
    }

    async fn unlinking(&self, who: &Customer) -> LinkFacts {
        let with = (who.clone(), self.clock.now_ms());
        self.write(with, |tx, (who, now)| {
            Box::pin(async move {
                let asked = Asking { seq: 1, by: &who.identity, now, account: Some(who.account) };
                let (seal, house) = (Seal::new(vec![7; 32]), rules());
                links::find(tx, asked, &LinkNeed::Young, (&seal, &house)).await
            })
        })
        .await
        .unwrap()
    }

    async fn of_others(&self, who: &Customer, account: &Customer) -> Vec<String> {
        let with = (who.identity.clone(), account.account);
        self.write(with, |tx, (who, account)| {
            Box::pin(async move { plans::of_others(tx, account, &who).await })
        })
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn both_sides_are_new_for_a_day_and_may_spend_what_is_theirs() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 50).await, house.customer("2", 50).await);
        assert_eq!(house.newcomer(&ada).await, None);
        house.hands.advance(Duration::from_secs(1));
        let link = house.merge(&ada, &bob).await;
        let until = START + 1000 + NEW_MS;
        let new = |may_spend, came| {
            Some(Newcomer { until, may_spend: Credits(may_spend), came, among_others: true })
        };
        // Ada typed the code.
        assert_eq!(house.newcomer(&ada).await, new(20, true));
        assert_eq!(house.newcomer(&bob).await, new(30, false));
        let by_ada = Customer { identity: ada.identity.clone(), ..bob.clone() };
        house.hands.advance(Duration::from_secs(1));
        house.ask(&by_ada, 7, 1).await;
        assert_eq!(house.newcomer(&ada).await, new(13, true));
        assert_eq!(house.newcomer(&bob).await, new(30, false));
        let facts = house.unlinking(&by_ada).await;
        let young: Vec<_> = facts.young.iter().map(|link| link.id).collect();
        assert_eq!(young, [link]);
        let sides: Vec<_> = facts.own.unwrap().identities.iter().map(|one| one.side).collect();
        assert_eq!(sides, [link.0, -link.0]);
        // Who comes to both later is of a side of their own, and moves nobody else's day.
        house.hands.advance(Duration::from_mins(1));
        let cyd = house.customer("3", 0).await;
        let later = house.merge(&cyd, &bob).await;
        assert_eq!(house.newcomer(&ada).await, new(13, true));
        let young: Vec<_> = house.unlinking(&bob).await.young.iter().map(|one| one.id).collect();
        assert_eq!(young, [later, link]);
        house.hands.advance(Duration::from_millis((NEW_MS - 61_000).cast_unsigned()));
        assert_eq!((house.newcomer(&ada).await, house.newcomer(&bob).await), (None, None));
        assert!(house.newcomer(&cyd).await.is_some());
    }
}

#[tokio::test]
async fn what_the_other_side_has_bought_is_theirs_for_a_day() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 0).await, house.customer("2", 0).await);
        for (who, name) in [(&ada, "pd-1"), (&bob, "pd-2")] {
            let request = name.to_owned();
            let paid = Effect::UpdateCheckout { request, state: CheckoutState::Paid, link: None };
            house.follow(vec![Effect::OpenCheckout(bought(who, name, 5)), paid]).await.unwrap();
        }
        house.merge(&ada, &bob).await;
        assert_eq!(house.of_others(&ada, &bob).await, ["pd-2"]);
        assert_eq!(house.of_others(&bob, &bob).await, ["pd-1"]);
    }
}

#[tokio::test]
async fn who_parts_is_new_no_more_and_takes_no_code_along() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 0).await, house.customer("2", 0).await);
        let link = house.merge(&ada, &bob).await;
        // Ada makes a code that opens what is Bob's.
        let code = LinkEffect::MakeCode {
            id: CodeId(Cause(house.seq()).consequence(0)),
            hash: "hash".into(),
            account: bob.account,
            by: ada.identity.clone(),
            here: ada.conversation.clone(),
            expires_at: START + 600_000,
        };
        house.follow(vec![Effect::Link(code)]).await.unwrap();
        house.parts(link, &bob, &ada, 0).await;
        assert_eq!((house.newcomer(&ada).await, house.newcomer(&bob).await), (None, None));
        assert_eq!(house.int("select count(*) from link_codes where spent = 0", &[]).await, 0);
    }
}
