//! Stored pictures: found while they are kept, let go of in two steps, and never in silence.

use std::time::Duration;

use picdesk::store::{
    artifacts, expiring,
    scope::{OfAccount, OfHouse},
};
use picdesk_core::{effect::Effect, generation::GenerationState, id::ArtifactId};

use super::{Customer, House, START, houses};

impl House {
    /// A picture of somebody's that is kept until then.
    async fn picture(&self, who: &Customer, expires_at: i64) -> ArtifactId {
        let asked = self.ask(who, 1, 1).await;
        self.make(who, asked, expires_at).await
    }

    async fn let_go(&self) -> usize {
        self.write(self.clock.now_ms(), |tx, now| Box::pin(artifacts::let_go(tx, now)))
            .await
            .unwrap()
    }

    async fn going(&self) -> Vec<(i64, String)> {
        artifacts::going(&mut self.store.read().await.unwrap()).await.unwrap()
    }

    async fn is_found(&self, id: ArtifactId) -> bool {
        artifacts::find(&mut self.store.read_as(OfHouse).await.unwrap(), id)
            .await
            .unwrap()
            .is_some()
    }

    async fn told_of(&self) -> i64 {
        self.int("select count(*) from inbox where external_id like 'artifact:%:expired'", &[])
            .await
    }
}

#[tokio::test]
async fn a_picture_is_found_until_its_time_is_over() {
    for house in houses().await {
        let ada = house.customer("1", 9).await;
        let short = house.picture(&ada, START + 10).await;
        let long = house.picture(&ada, START + 20).await;
        assert_eq!(house.let_go().await, 0);
        house.hands.advance(Duration::from_millis(10));
        assert_eq!(house.let_go().await, 1);
        assert!(!house.is_found(short).await);
        assert!(house.is_found(long).await);
        assert_eq!(house.told_of().await, 0);
    }
}

#[tokio::test]
async fn a_picture_goes_in_two_steps_so_that_a_crash_leaves_nothing_behind() {
    for house in houses().await {
        let ada = house.customer("1", 9).await;
        let id = house.picture(&ada, START).await;
        house.let_go().await;
        let going = house.going().await;
        assert_eq!(going, [(id.0, format!("object-{id}"))]);
        // Whoever died before deleting the object finds it again.
        assert_eq!(house.going().await, going);
        let names = vec![format!("object-{id}"), "object-of-nobody".to_owned()];
        let mut connection = house.store.read().await.unwrap();
        let known = artifacts::known(&mut connection, &names, START).await.unwrap();
        assert_eq!(known, [format!("object-{id}")].into());
        house
            .write(id.0, |tx, id| Box::pin(async move { artifacts::gone(tx, &[id]).await }))
            .await
            .unwrap();
        assert!(house.going().await.is_empty());
        assert!(artifacts::known(&mut connection, &names, START).await.unwrap().is_empty());
        assert_eq!(house.status().await.artifacts.expired, 1);
        assert!(house.verify().await.is_empty());
    }
}

#[tokio::test]
async fn whoever_is_owed_a_picture_hears_that_it_is_gone() {
    for house in houses().await {
        let ada = house.customer("1", 9).await;
        let id = house.picture(&ada, START + 10).await;
        house.follow(vec![Effect::OweArtifact { artifact: id }]).await.unwrap();
        assert_eq!(house.status().await.outbox.owed, 1);
        house.hands.advance(Duration::from_millis(10));
        house.let_go().await;
        house.let_go().await;
        assert_eq!((house.told_of().await, house.status().await.outbox.owed), (1, 0));
    }
}

#[tokio::test]
async fn whoever_waits_for_a_picture_that_was_made_hears_that_it_is_gone() {
    for house in houses().await {
        let ada = house.customer("1", 9).await;
        let asked = house.ask(&ada, 1, 1).await;
        house.make(&ada, asked, START + 10).await;
        let made = Effect::SettleGeneration {
            generation: asked.generation,
            state: GenerationState::Made,
            failure: None,
        };
        house.follow(vec![made]).await.unwrap();
        house.hands.advance(Duration::from_millis(10));
        house.let_go().await;
        house.let_go().await;
        assert_eq!(house.told_of().await, 1);
    }
}

#[tokio::test]
async fn what_a_picture_comes_to_last_in_a_turn_is_what_it_is() {
    for house in houses().await {
        let ada = house.customer("1", 9).await;
        let asked = house.ask(&ada, 1, 1).await;
        house.make(&ada, asked, START + 10).await;
        let settle =
            |state| Effect::SettleGeneration { generation: asked.generation, state, failure: None };
        let both = [GenerationState::Made, GenerationState::Delivered].map(settle);
        house.follow(both.into()).await.unwrap();
        let state = "select state from generations where id = $1";
        assert_eq!(house.word(state, &[asked.generation.0.into()]).await, "delivered");
    }
}

#[tokio::test]
async fn a_picture_that_was_handed_over_after_all_is_owed_no_more() {
    for house in houses().await {
        let ada = house.customer("1", 9).await;
        let id = house.picture(&ada, START).await;
        house.follow(vec![Effect::OweArtifact { artifact: id }]).await.unwrap();
        house.follow(vec![Effect::ClearOwed { artifact: id }]).await.unwrap();
        house.let_go().await;
        assert_eq!(house.told_of().await, 0);
    }
}

#[tokio::test]
async fn a_picture_deleted_before_its_time_goes_the_same_way() {
    for house in houses().await {
        let ada = house.customer("1", 9).await;
        let id = house.picture(&ada, START + 1000).await;
        house.follow(vec![Effect::DeleteArtifact { artifact: id }]).await.unwrap();
        assert!(!house.is_found(id).await);
        assert_eq!(house.going().await.len(), 1);
    }
}

#[tokio::test]
async fn an_account_sees_its_own_pictures_newest_first() {
    for house in houses().await {
        let ada = house.customer("1", 9).await;
        let bob = house.customer("2", 9).await;
        let mut own = Vec::new();
        for _ in 0..3 {
            own.insert(0, house.picture(&ada, START + 10).await);
            house.picture(&bob, START + 10).await;
        }
        let mut hers = house.store.read_as(OfAccount(ada.account)).await.unwrap();
        let found = artifacts::newest(&mut hers, None, 2).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|(artifact, _)| artifact.id).collect();
        assert_eq!(found, own[..2]);
        let newest = own.iter().max_by_key(|id| id.0).copied();
        let older = artifacts::newest(&mut hers, newest, 9).await.unwrap();
        assert_eq!(older.len(), 2, "those before the newest");
        assert!(older.iter().all(|(artifact, _)| Some(artifact.id) != newest));
        let count = artifacts::count(&mut hers).await.unwrap();
        drop(hers);
        assert_eq!(count, 3);
        let one = older[0].0.id;
        for (account, is_theirs) in [(ada.account, true), (bob.account, false)] {
            let mut theirs = house.store.read_as(OfAccount(account)).await.unwrap();
            let found = artifacts::find(&mut theirs, one).await.unwrap();
            assert_eq!(found.is_some(), is_theirs);
        }
    }
}

#[tokio::test]
async fn a_picture_that_is_told_of_twice_is_kept_once() {
    for house in houses().await {
        let ada = house.customer("1", 9).await;
        let asked = house.ask(&ada, 1, 1).await;
        house.make(&ada, asked, START + 10).await;
        house.make(&ada, asked, START + 10).await;
        assert_eq!(house.status().await.artifacts.kept, 1);
        assert!(house.verify().await.is_empty());
    }
}

#[tokio::test]
async fn what_ends_soon_is_announced_where_the_customer_can_be_reached() {
    const DAY: i64 = 24 * 3_600_000;
    let (first, second) = ("wecom-kf:wk1/wm1", "wecom-kf:wk2/wm1");
    for house in houses().await {
        let ada = house.customer_at("wecom-kf:wm1", first, 99).await;
        house.picture(&ada, START + 30 * DAY).await;
        let later = Customer { conversation: second.into(), ..ada.clone() };
        house.picture(&later, START + 60 * DAY).await;
        house.picture(&later, START + 90 * DAY).await;
        for (days, open) in [(29, first), (30, second), (31, first)] {
            house.hands.advance(Duration::from_millis(days * DAY as u64));
            let now = house.clock.now_ms();
            for conversation in [first, second] {
                let closes_at = if conversation == open { now + 1 } else { now };
                let conversation = conversation.into();
                let window = Effect::OpenWindow { conversation, replies: 5, closes_at };
                house.follow(vec![window]).await.unwrap();
            }
            house.write(now, |tx, now| Box::pin(expiring::announce(tx, now))).await.unwrap();
            let told = "select conversation from inbox
                        where external_id like 'account:%:expiring:%' order by seq desc limit 1";
            assert_eq!(house.word(told, &[]).await, open, "after {days} days more");
        }
    }
}

#[tokio::test]
async fn what_ends_soon_is_announced_once_and_once_a_week_at_most() {
    const DAY: i64 = 24 * 3_600_000;
    for house in houses().await {
        let ada = house.customer("1", 99).await;
        let bob = house.customer("2", 99).await;
        let told = async || {
            let announced =
                house.write(house.clock.now_ms(), |tx, now| Box::pin(expiring::announce(tx, now)));
            announced.await.unwrap();
            house
                .int(
                    "select count(*) from inbox where external_id like 'account:%:expiring:%'",
                    &[],
                )
                .await
        };
        for days in [30, 31, 36, 60] {
            house.picture(&ada, START + days * DAY).await;
        }
        // Kept so shortly that the receipt has just said it.
        house.picture(&bob, START + DAY + 1000).await;
        assert_eq!(told().await, 0);
        house.hands.advance(Duration::from_millis(29 * DAY as u64));
        assert_eq!(told().await, 1);
        assert_eq!(told().await, 1);
        let left = "select count(*) from artifacts where announced = 0";
        assert_eq!(house.int(left, &[]).await, 1, "all but the one that is kept for long");
        house.hands.advance(Duration::from_millis(8 * DAY as u64));
        assert_eq!(told().await, 1, "the others were told along with the first");
        // Whoever cannot be reached is not told.
        let identity = ada.identity.clone();
        house.follow(vec![Effect::MarkReachable { identity, reachable: false }]).await.unwrap();
        house.hands.advance(Duration::from_millis(22 * DAY as u64));
        assert_eq!(told().await, 1);
        assert_eq!(house.int(left, &[]).await, 0);
    }
}
