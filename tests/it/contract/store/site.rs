//! Credits that the website keeps by functions of its own, in the same PostgreSQL.

mod failing;

use std::sync::atomic::AtomicI64;

use picdesk::{
    clock::Clock,
    config,
    store::{
        Store, StoreError, facts,
        ledger::{Act, Order},
    },
};
use picdesk_core::{
    credits::{Credits, Purse, TakeReason},
    effect::{Effect, LinkEffect, Merge, Part},
    facts::SignedIn,
    id::{Cause, EntryId, LinkId},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::{Customer, House, START, facts::rules, order};
use crate::{
    database::{TestDatabase, databases},
    website::{ANNA, Website, functions},
};

/// A house whose website keeps credits, where there is a PostgreSQL.
pub(super) async fn house() -> Option<(House, Website)> {
    let database = databases().await.into_iter().find(TestDatabase::is_shared)?;
    let website = Website::build(&database.url).await;
    let settings = config::Store { functions: Some(functions()), ..database.settings() };
    Some((serve(database, &settings).await.unwrap(), website))
}

/// A house that serves with these settings.
async fn serve(database: TestDatabase, settings: &config::Store) -> Result<House, StoreError> {
    let (clock, hands) = Clock::still(START);
    let store = Store::serve(settings, clock.clone()).await?;
    Ok(House { store, clock, hands, next: AtomicI64::new(1000), database })
}

impl House {
    /// Somebody signs in.
    async fn sign_in(&self, who: &Customer) {
        let signed_in = SignedIn { subject: ANNA.into(), hint: "a•••@e•••.com".into() };
        let sign_in = LinkEffect::SignIn {
            account: who.account,
            who: signed_in,
            side: LinkId(self.seq()),
            may_spend: Credits(20),
        };
        self.follow(vec![Effect::Link(sign_in)]).await.unwrap();
    }

    /// Somebody who is signed in, with credits on the website.
    pub(super) async fn signed_in(&self, website: &Website, credits: i64) -> Customer {
        let ada = self.customer("1", 0).await;
        self.sign_in(&ada).await;
        if credits > 0 {
            website.add(ANNA, credits).await;
        }
        ada
    }

    /// The purse as rules see it.
    async fn seen_purse(&self, who: &Customer) -> Purse {
        let id = who.account.0;
        let found = self
            .write(id, |tx, id| Box::pin(async move { facts::accounts(tx, [id], &rules()).await }));
        found.await.unwrap().remove(&id).unwrap().purse
    }

    /// What can be spent in the chat, of which so much is on the website.
    async fn there(&self, who: &Customer) -> (i64, Option<i64>) {
        let purse = self.seen_purse(who).await;
        (purse.available().0, purse.site.map(|site| site.0))
    }

    fn take(&self, from: &Customer, amount: i64, reason: TakeReason) -> Act {
        let entry = Cause(self.seq()).consequence(0);
        Act::Take { entry, purse: from.purse.0, amount, source: format!("back:{entry}"), reason }
    }

    /// Holds of these tests have no pictures behind them; everything else adds up.
    async fn adds_up(&self) {
        let broken = self.verify().await;
        let money: Vec<_> =
            broken.iter().filter(|one| !one.invariant.contains("picture")).collect();
        assert!(money.is_empty(), "{money:?}");
    }
}

fn hold(number: i64, of: &Customer, amount: i64) -> Act {
    Act::Hold { hold: number, purse: of.purse.0, generation: number, amount }
}

fn void(hold: i64) -> Act {
    Act::Void { hold, reason: "cancelled" }
}

fn is_lost(outcome: &Result<(), StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Lost(_)))
}

#[tokio::test]
async fn a_hold_is_set_aside_on_the_website_and_ends_there_as_it_does_here() {
    let Some((house, website)) = house().await else { return };
    let ada = house.signed_in(&website, 10).await;
    assert_eq!(house.there(&ada).await, (10, Some(10)));
    house.order(vec![hold(1, &ada, 4), hold(2, &ada, 3)]).await.unwrap();
    assert_eq!((website.balance(ANNA).await, website.operations("held").await), (3, 2));
    assert_eq!(house.there(&ada).await, (3, Some(3)));
    house.adds_up().await;
    // Again, and the other way round: each ended the first way.
    let ends = || vec![Act::Post { hold: 1 }, void(2), void(1), Act::Post { hold: 2 }];
    house.order(ends()).await.unwrap();
    house.order(ends()).await.unwrap();
    assert_eq!((website.balance(ANNA).await, website.operations("held").await), (6, 0));
    assert_eq!((website.operations("posted").await, website.operations("void").await), (1, 1));
    let purse = house.purse(&ada).await;
    assert_eq!((purse.posted.0, purse.pending.0, purse.available().0), (4, 0, 0));
    // One after the other in one transaction.
    house.order(vec![hold(3, &ada, 6), void(3), hold(4, &ada, 6)]).await.unwrap();
    assert_eq!(house.there(&ada).await, (0, Some(0)));
    house.adds_up().await;
}

#[tokio::test]
async fn what_the_website_has_not_enough_of_is_lost_and_leaves_nothing() {
    let Some((house, website)) = house().await else { return };
    let ada = house.signed_in(&website, 3).await;
    assert!(is_lost(&house.order(vec![hold(1, &ada, 2), hold(2, &ada, 2)]).await));
    assert_eq!((website.balance(ANNA).await, website.operations("held").await), (3, 0));
    // It says no although there seems to be enough: then that is believed for the next decision.
    website.replace("hold", "return false").await;
    assert!(is_lost(&house.order(vec![hold(3, &ada, 2)]).await));
    assert_eq!(house.there(&ada).await, (1, Some(1)));
    // A constraint is a no as well.
    website.replace("hold", "update public.credits set balance = -1; return true").await;
    assert!(is_lost(&house.order(vec![hold(4, &ada, 2)]).await));
    house.adds_up().await;
}

#[tokio::test]
async fn an_operation_that_is_known_is_not_asked_again() {
    let Some((house, website)) = house().await else { return };
    let ada = house.signed_in(&website, 10).await;
    let text = "insert into site_operations (operation, function, subject, purse, amount, hold, at)
                values ('hold:1', 'hold', $1, $2, 4, 1, 0)";
    house.run(text, &[ANNA.into(), ada.purse.0.into()]).await;
    house.order(vec![hold(1, &ada, 4)]).await.unwrap();
    assert_eq!(website.balance(ANNA).await, 10, "the row says that it was asked");
    // And the website's own row keeps it from doing it twice.
    website.order(&format!("select purse.hold('{ANNA}', 4, 'hold:2')")).await;
    house.order(vec![hold(2, &ada, 4)]).await.unwrap();
    assert_eq!(website.balance(ANNA).await, 6);
}

#[tokio::test]
async fn sixty_four_spenders_and_the_website_at_once_spend_exactly_what_is_there() {
    for pictures in [0, 1, 9, 64] {
        spend_at_once(pictures, 0).await;
    }
    spend_at_once(40, 30).await;
}

/// As many pictures as there are credits for, less what is spent on the website meanwhile.
async fn spend_at_once(pictures: i64, on_site: i64) {
    let Some((house, website)) = house().await else { return };
    let ada = house.signed_in(&website, pictures * 2 + 1).await;
    let mut spenders = tokio::task::JoinSet::new();
    for number in 1..=64 {
        let (store, act) = (house.store.clone(), hold(number, &ada, 2));
        spenders.spawn(async move {
            loop {
                match order(&store, vec![Order { seq: number, act: act.clone() }]).await {
                    Ok(()) => return 1,
                    // As the turner does. Who lost would find too little again.
                    Err(StoreError::Busy(_)) => {}
                    Err(StoreError::Lost(_)) => return 0,
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    let mut surfers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let website = website.clone();
        surfers.spawn(async move {
            let mut spent = 0;
            for _ in 0..on_site {
                spent += i64::from(website.spend(ANNA, 2).await);
            }
            spent
        });
    }
    let accepted: i64 = spenders.join_all().await.iter().sum();
    let spent: i64 = surfers.join_all().await.iter().sum();
    assert_eq!(accepted + spent, pictures.min(64 + 4 * on_site), "{accepted} and {spent}");
    assert_eq!(website.balance(ANNA).await, (pictures - accepted - spent) * 2 + 1);
    assert_eq!(house.purse(&ada).await.pending.0, accepted * 2);
    house.adds_up().await;
}

#[tokio::test]
async fn whoever_signs_in_takes_their_credits_to_the_website_and_leaves_them_there() {
    let Some((house, website)) = house().await else { return };
    let ada = house.customer("1", 7).await;
    house.order(vec![hold(1, &ada, 2)]).await.unwrap();
    assert_eq!(house.there(&ada).await, (5, None));
    house.sign_in(&ada).await;
    assert_eq!((website.balance(ANNA).await, house.there(&ada).await), (5, (5, Some(5))));
    // What was held before comes back later, and goes there too.
    house.order(vec![void(1)]).await.unwrap();
    assert_eq!((website.balance(ANNA).await, house.there(&ada).await), (7, (7, Some(7))));
    // What is bought goes there, once.
    let bought = || vec![house.grant(&ada, 100, "creem:order_1")];
    house.order(bought()).await.unwrap();
    house.order(bought()).await.unwrap();
    assert_eq!(website.balance(ANNA).await, 107);
    house.order(vec![hold(2, &ada, 4)]).await.unwrap();
    let subject = ANNA.to_owned();
    let sign_out = LinkEffect::SignOut { account: ada.account, subject };
    house.follow(vec![Effect::Link(sign_out)]).await.unwrap();
    assert_eq!(house.there(&ada).await, (0, None));
    // What was taken there goes back there.
    house.order(vec![void(2)]).await.unwrap();
    assert_eq!((website.balance(ANNA).await, house.there(&ada).await), (107, (0, None)));
    house.adds_up().await;
}

#[tokio::test]
async fn a_chat_that_is_linked_brings_its_credits_and_takes_them_back_when_it_parts() {
    let Some((house, website)) = house().await else { return };
    let ada = house.signed_in(&website, 20).await;
    let bob = house.customer("2", 6).await;
    let ids = Cause(house.seq());
    let [link, leaves, arrives] = [0, 1, 2].map(|number| ids.consequence(number));
    let merge = Merge {
        link: LinkId(link),
        by: bob.identity.clone(),
        from: picdesk_core::credits::Owner { account: bob.account, purse: bob.purse },
        into: picdesk_core::credits::Owner { account: ada.account, purse: ada.purse },
        leaves: EntryId(leaves),
        arrives: EntryId(arrives),
        plan: None,
        last_tag: 0,
        newcomers: bob.account,
        may_spend: [Credits(20), Credits(20)],
    };
    let (from, into) = (merge.from, merge.into);
    house.follow(vec![Effect::Link(LinkEffect::Merge(merge))]).await.unwrap();
    assert_eq!(website.balance(ANNA).await, 26);
    house.adds_up().await;
    website.spend(ANNA, 22).await;
    let ids = Cause(house.seq());
    let part = Part {
        link: LinkId(link),
        from: into,
        back: from,
        leaves: EntryId(ids.consequence(0)),
        arrives: EntryId(ids.consequence(1)),
        at_most: 6,
        owing: 0,
        keeps_set_aside: true,
        gone: None,
    };
    house.follow(vec![Effect::Link(LinkEffect::Part(part))]).await.unwrap();
    assert_eq!((website.balance(ANNA).await, house.there(&bob).await), (0, (4, None)));
    house.adds_up().await;
}

#[tokio::test]
async fn money_that_went_back_takes_its_credits_and_never_leaves_less_than_none_there() {
    let Some((house, website)) = house().await else { return };
    let ada = house.signed_in(&website, 0).await;
    house.order(vec![house.grant(&ada, 100, "creem:order_1")]).await.unwrap();
    house.order(vec![house.take(&ada, 30, TakeReason::Refunded)]).await.unwrap();
    assert_eq!(website.balance(ANNA).await, 70);
    assert!(is_lost(&house.order(vec![house.take(&ada, 71, TakeReason::Refunded)]).await));
    website.spend(ANNA, 50).await;
    // A chargeback takes what is there; the rest is owed to us, and blocks spending here.
    house.order(vec![house.take(&ada, 70, TakeReason::Reclaimed)]).await.unwrap();
    assert_eq!((website.balance(ANNA).await, house.there(&ada).await), (0, (-50, Some(0))));
    assert!(is_lost(&house.order(vec![hold(1, &ada, 1)]).await));
    website.add(ANNA, 20).await;
    assert_eq!(house.there(&ada).await, (-30, Some(20)));
    assert!(is_lost(&house.order(vec![hold(1, &ada, 1)]).await));
    // What is bought pays it off first.
    house.order(vec![house.grant(&ada, 40, "creem:order_2")]).await.unwrap();
    assert_eq!((website.balance(ANNA).await, house.there(&ada).await), (10, (10, Some(10))));
    house.adds_up().await;
}

#[tokio::test]
async fn whatever_is_spent_here_and_there_the_credits_are_somewhere() {
    let Some((house, website)) = house().await else { return };
    let ada = house.signed_in(&website, 30).await;
    let mut chance = StdRng::seed_from_u64(20_261_126);
    let (mut all, mut holds) = (30, Vec::new());
    for number in 1..=120 {
        let amount = chance.random_range(1..6);
        match chance.random_range(0..10) {
            0 => {
                website.add(ANNA, amount).await;
                all += amount;
            }
            1 => all -= amount * i64::from(website.spend(ANNA, amount).await),
            2 => {
                let source = format!("source:{number}");
                house.order(vec![house.grant(&ada, amount, &source)]).await.unwrap();
                all += amount;
            }
            3 => {
                let take = house.take(&ada, amount, TakeReason::Reclaimed);
                house.order(vec![take]).await.unwrap();
                all -= amount;
            }
            4..8 => {
                let enough = house.seen_purse(&ada).await.available() >= Credits(amount);
                let outcome = house.order(vec![hold(number, &ada, amount)]).await;
                assert_eq!(outcome.is_ok(), enough, "{outcome:?}");
                if enough {
                    holds.push((number, amount));
                }
            }
            _ if holds.is_empty() => {}
            word => {
                let (hold, amount) = holds.swap_remove(chance.random_range(0..holds.len()));
                let posted = word == 8;
                let end = if posted { Act::Post { hold } } else { void(hold) };
                house.order(vec![end]).await.unwrap();
                all -= if posted { amount } else { 0 };
            }
        }
        let purse = house.seen_purse(&ada).await;
        assert_eq!(purse.available().0 + purse.pending.0, all, "after {number}");
        assert_eq!(purse.site.unwrap().0, website.balance(ANNA).await);
    }
    house.adds_up().await;
}
