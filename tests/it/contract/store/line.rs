//! The line: who is next, and that nothing which may have been made is ever made again.

use std::{collections::HashSet, time::Duration};

use picdesk::store::{
    StoreError,
    inbox::NewEvent,
    line::{self, Claimed, PutBack, Rest, Spent},
    replica::Gone,
};
use picdesk_core::{
    credits::VoidReason,
    effect::Effect,
    event::Event,
    generation::Failure,
    id::{GenerationId, HoldId},
};

use super::{Asked, Customer, House, START, houses};

/// Two replicas.
const ONE: i64 = 1;
const OTHER: i64 = 2;

impl House {
    async fn claim(&self, replica: i64, count: i64) -> Vec<Claimed> {
        self.write((replica, count, self.clock.now_ms()), |tx, (replica, count, now)| {
            Box::pin(line::claim(tx, replica, count, now))
        })
        .await
        .unwrap()
    }

    async fn submit(&self, replica: i64, asked: Asked) -> Option<HoldId> {
        self.write((replica, asked.generation), |tx, (replica, generation)| {
            Box::pin(async move {
                let pending = line::submit(tx, replica, generation, "object").await?;
                Ok(pending.map(|pending| {
                    assert_eq!(pending.generation(), generation);
                    pending.hold()
                }))
            })
        })
        .await
        .unwrap()
    }

    async fn submitted(&self, replica: i64, asked: Asked) {
        self.write((replica, asked.generation), |tx, (replica, generation)| {
            Box::pin(line::submitted(tx, replica, generation))
        })
        .await
        .unwrap();
    }

    async fn put_back(&self, replica: i64, asked: Asked, why: PutBack, until: i64) {
        let rest = Rest { from: START, until };
        self.write((replica, asked.generation, why, rest), |tx, (replica, id, why, rest)| {
            Box::pin(line::put_back(tx, replica, id, why, rest))
        })
        .await
        .unwrap();
    }

    async fn conclude(&self, replica: i64, asked: Asked, event: NewEvent) {
        self.write((replica, asked.generation, event), |tx, (replica, generation, event)| {
            Box::pin(async move { line::conclude(tx, replica, generation, &event, START).await })
        })
        .await
        .unwrap();
    }

    async fn recover(&self, dead: i64) {
        self.write(dead, |tx, dead| Box::pin(line::recover(tx, dead, Gone::Died, START)))
            .await
            .unwrap();
    }

    async fn suspect(&self) -> Option<(GenerationId, i64)> {
        let mut connection = self.store.read().await.unwrap();
        line::suspect(&mut connection, START).await.unwrap()
    }

    async fn claim_suspect(&self, replica: i64, asked: Asked) -> Vec<Claimed> {
        self.write((replica, asked.generation), |tx, (replica, generation)| {
            Box::pin(line::claim_suspect(tx, replica, generation))
        })
        .await
        .unwrap()
    }

    /// Names of events of the house.
    async fn told(&self) -> Vec<String> {
        let mut connection = self.store.read().await.unwrap();
        let text = "select external_id from inbox where origin = 'house' order by seq";
        let rows = connection.rows(text, &[]).await.unwrap();
        rows.iter().map(|row| row.text(0).unwrap()).collect()
    }

    /// One picture in line.
    async fn one_in_line(&self) -> (Customer, Asked) {
        let ada = self.customer("1", 20).await;
        let asked = self.ask(&ada, 2, 1).await;
        (ada, asked)
    }
}

fn ids(claimed: &[Claimed]) -> Vec<GenerationId> {
    claimed.iter().map(|one| one.generation).collect()
}

/// The picture was not made.
fn failed(asked: Asked) -> NewEvent {
    NewEvent::of_house(
        format!("generation:{}:failed", asked.generation),
        &"telegram:1".into(),
        &Event::GenerationFailed { generation: asked.generation, failure: Failure::Provider },
    )
}

#[tokio::test]
async fn the_line_is_served_by_tag_and_then_by_number() {
    for house in houses().await {
        let ada = house.customer("1", 20).await;
        let bob = house.customer("2", 20).await;
        let third = house.ask(&ada, 1, 3).await;
        let second = house.ask(&ada, 1, 2).await;
        let first = house.ask(&bob, 1, 1).await;
        let beside = house.ask(&bob, 1, 2).await;
        assert_eq!(ids(&house.claim(ONE, 2).await), [first.generation, second.generation]);
        assert_eq!(ids(&house.claim(ONE, 9).await), [beside.generation, third.generation]);
        assert!(house.claim(ONE, 9).await.is_empty());
    }
}

#[tokio::test]
async fn a_claimed_picture_brings_along_what_was_asked() {
    for house in houses().await {
        let (ada, asked) = house.one_in_line().await;
        let claimed = house.claim(ONE, 1).await.remove(0);
        assert_eq!((claimed.hold, claimed.price.0, claimed.number), (asked.hold, 2, 1));
        assert_eq!((claimed.attempts, claimed.waiting_since), (1, 0));
        assert_eq!(claimed.request.prompt, "a lighthouse");
        assert_eq!(claimed.request.conversation, ada.conversation);
        assert_eq!(house.state(asked).await, "claimed");
        assert_eq!(house.status().await.generations.running, 1);
    }
}

#[tokio::test]
async fn two_replicas_claim_no_picture_twice() {
    for house in houses().await {
        let ada = house.customer("1", 90).await;
        for tag in 0..30 {
            house.ask(&ada, 1, tag).await;
        }
        let other = house.database.open(&house.clock).await;
        let mut workers = tokio::task::JoinSet::new();
        for (replica, store) in [(ONE, house.store.clone()), (OTHER, other)] {
            workers.spawn(async move {
                let mut mine = Vec::new();
                for _ in 0..40 {
                    let run =
                        store.writer().run(move |tx| Box::pin(line::claim(tx, replica, 2, START)));
                    match run.await {
                        Ok(claimed) => mine.extend(ids(&claimed)),
                        // Others were on the same rows: nothing was claimed.
                        Err(StoreError::Busy(_)) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
                mine
            });
        }
        let claimed = workers.join_all().await.concat();
        let different: HashSet<_> = claimed.iter().collect();
        assert_eq!((claimed.len(), different.len()), (30, 30));
    }
}

#[tokio::test]
async fn only_who_claimed_a_picture_may_submit_it_and_only_once() {
    for house in houses().await {
        let (_, asked) = house.one_in_line().await;
        assert_eq!(house.submit(ONE, asked).await, None);
        house.claim(ONE, 1).await;
        assert_eq!(house.submit(OTHER, asked).await, None);
        assert_eq!(house.submit(ONE, asked).await, Some(asked.hold));
        assert_eq!(house.state(asked).await, "submitting");
        assert_eq!(house.submit(ONE, asked).await, None);
    }
}

#[tokio::test]
async fn nothing_is_submitted_whose_credits_are_not_set_aside() {
    for house in houses().await {
        let (_, asked) = house.one_in_line().await;
        house.claim(ONE, 1).await;
        let void = Effect::VoidHold { hold: asked.hold, reason: VoidReason::Failed };
        house.follow(vec![void]).await.unwrap();
        assert_eq!(house.submit(ONE, asked).await, None);
        assert_eq!(house.state(asked).await, "claimed");
    }
}

#[tokio::test]
async fn a_cancelled_picture_leaves_the_line() {
    for house in houses().await {
        let ada = house.customer("1", 20).await;
        let (waiting, claimed) = (house.ask(&ada, 2, 2).await, house.ask(&ada, 2, 1).await);
        house.claim(ONE, 1).await;
        for asked in [waiting, claimed] {
            let cancel = Effect::CancelGeneration { generation: asked.generation };
            house.follow(vec![cancel]).await.unwrap();
            assert_eq!(house.state(asked).await, "cancelled");
            assert_eq!(house.submit(ONE, asked).await, None);
        }
        assert!(house.claim(OTHER, 9).await.is_empty());
    }
}

#[tokio::test]
async fn what_has_left_for_the_provider_cannot_be_cancelled() {
    for house in houses().await {
        let (_, asked) = house.one_in_line().await;
        house.claim(ONE, 1).await;
        house.submit(ONE, asked).await.unwrap();
        let cancel = Effect::CancelGeneration { generation: asked.generation };
        let void = Effect::VoidHold { hold: asked.hold, reason: VoidReason::Cancelled };
        let outcome = house.follow(vec![cancel, void]).await.unwrap_err();
        assert!(matches!(outcome, StoreError::Lost(_)), "{outcome:?}");
        assert_eq!(house.state(asked).await, "submitting");
        assert_eq!(house.status().await.holds.pending, 1);
    }
}

#[tokio::test]
async fn a_picture_put_back_waits_for_its_time() {
    for house in houses().await {
        let (_, asked) = house.one_in_line().await;
        house.claim(ONE, 1).await;
        house.put_back(ONE, asked, PutBack::Failed, START + 700).await;
        assert!(house.claim(ONE, 1).await.is_empty());
        let mut connection = house.store.read().await.unwrap();
        assert_eq!(line::next_due(&mut connection, START).await.unwrap(), Some(START + 700));
        house.hands.advance(Duration::from_millis(700));
        assert_eq!(line::next_due(&mut connection, START + 700).await.unwrap(), None);
        assert_eq!(house.claim(OTHER, 1).await[0].attempts, 2);
    }
}

#[tokio::test]
async fn waiting_for_room_is_no_attempt() {
    for house in houses().await {
        let (_, asked) = house.one_in_line().await;
        for _ in 0..5 {
            assert_eq!(house.claim(ONE, 1).await[0].attempts, 1);
            house.submit(ONE, asked).await.unwrap();
            house.put_back(ONE, asked, PutBack::Waited, START).await;
        }
        assert_eq!(house.claim(ONE, 1).await[0].waiting_since, START, "since the first time");
    }
}

#[tokio::test]
async fn what_a_call_was_charged_is_kept_with_its_picture() {
    for house in houses().await {
        let (_, asked) = house.one_in_line().await;
        let spent = Spent { text_in: 9, image_in: 700, out: 4160, cost_micro_usd: Some(130_445) };
        for _ in 0..2 {
            house
                .write((asked.generation, spent), |tx, (generation, spent)| {
                    Box::pin(line::spend(tx, generation, spent))
                })
                .await
                .unwrap();
        }
        let sum = "select tokens_text_in + tokens_image_in + tokens_out from generations";
        assert_eq!(house.int(sum, &[]).await, 9 + 700 + 4160);
        assert_eq!(house.int("select cost_micro_usd from generations", &[]).await, 130_445);
    }
}

#[tokio::test]
async fn only_who_claimed_a_picture_may_put_it_back() {
    for house in houses().await {
        let (_, asked) = house.one_in_line().await;
        house.claim(ONE, 1).await;
        house.put_back(OTHER, asked, PutBack::Failed, START).await;
        assert_eq!(house.state(asked).await, "claimed");
        house.submit(ONE, asked).await.unwrap();
        house.submitted(ONE, asked).await;
        house.put_back(ONE, asked, PutBack::Failed, START).await;
        assert_eq!(house.state(asked).await, "submitted");
    }
}

#[tokio::test]
async fn what_was_claimed_by_the_dead_stands_in_line_again() {
    for house in houses().await {
        let (_, asked) = house.one_in_line().await;
        house.claim(ONE, 1).await;
        house.recover(ONE).await;
        assert!(house.told().await.is_empty());
        // By itself: nobody knows what it did to them.
        assert!(house.claim(OTHER, 1).await.is_empty());
        assert_eq!(house.suspect().await, Some((asked.generation, 1)));
        let claimed = house.claim_suspect(OTHER, asked).await;
        assert_eq!(
            (ids(&claimed), claimed[0].attempts, claimed[0].deaths),
            (vec![asked.generation], 1, 1)
        );
        house.recover(OTHER).await;
        assert_eq!(house.suspect().await, Some((asked.generation, 2)));
        // Whoever puts it back has lived through it.
        house.claim_suspect(ONE, asked).await;
        house.put_back(ONE, asked, PutBack::Waited, START).await;
        assert_eq!(house.suspect().await, None);
        assert_eq!(ids(&house.claim(ONE, 1).await), [asked.generation]);
    }
}

#[tokio::test]
async fn what_was_submitting_comes_back_as_uncertain() {
    for house in houses().await {
        let ada = house.customer("1", 20).await;
        let (sent, answered) = (house.ask(&ada, 2, 1).await, house.ask(&ada, 2, 2).await);
        house.claim(ONE, 2).await;
        house.submit(ONE, sent).await.unwrap();
        house.submit(ONE, answered).await.unwrap();
        house.submitted(ONE, answered).await;
        house.recover(ONE).await;
        house.recover(ONE).await;
        let told = [sent, answered].map(|one| format!("generation:{}:uncertain", one.generation));
        assert_eq!(house.told().await, told);
        // Nobody may ask again.
        assert!(house.claim(OTHER, 9).await.is_empty());
        assert_eq!(house.submit(OTHER, sent).await, None);
    }
}

#[tokio::test]
async fn the_living_keep_their_pictures_when_another_dies() {
    for house in houses().await {
        let (_, asked) = house.one_in_line().await;
        house.claim(ONE, 1).await;
        house.submit(ONE, asked).await.unwrap();
        house.recover(OTHER).await;
        assert!(house.told().await.is_empty());
        assert_eq!(house.state(asked).await, "submitting");
    }
}

#[tokio::test]
async fn what_a_call_came_to_is_told_once() {
    for house in houses().await {
        let (_, asked) = house.one_in_line().await;
        house.claim(ONE, 1).await;
        house.submit(ONE, asked).await.unwrap();
        house.conclude(ONE, asked, failed(asked)).await;
        house.conclude(ONE, asked, failed(asked)).await;
        assert_eq!(house.told().await, [format!("generation:{}:failed", asked.generation)]);
        // It is nobody's any more: a death changes nothing.
        house.recover(ONE).await;
        assert_eq!(house.told().await.len(), 1);
    }
}

#[tokio::test]
async fn a_fresh_picture_of_a_served_line_is_not_put_before_it() {
    for house in houses().await {
        let ada = house.customer("1", 20).await;
        house.ask(&ada, 1, 41).await;
        let waiting = house.ask(&ada, 1, 42).await;
        house.claim(ONE, 1).await;
        let line = house.write((), |tx, ()| Box::pin(line::look(tx))).await.unwrap();
        assert_eq!((line.served_tag, line.running, line.tags), (41, 1, vec![42]));
        house.claim(ONE, 1).await;
        house.put_back(ONE, waiting, PutBack::Waited, START).await;
        let line = house.write((), |tx, ()| Box::pin(line::look(tx))).await.unwrap();
        assert_eq!((line.served_tag, line.tags), (42, vec![42]));
    }
}

#[tokio::test]
async fn what_a_living_replica_has_claimed_and_not_under_way_is_recovered() {
    for house in houses().await {
        let ada = house.customer("1", 20).await;
        let made = house.ask(&ada, 2, 1).await;
        let lost = house.ask(&ada, 2, 2).await;
        let sent = house.ask(&ada, 2, 3).await;
        house.claim(ONE, 3).await;
        house.submit(ONE, made).await.unwrap();
        house.submit(ONE, sent).await.unwrap();
        let mut connection = house.store.read().await.unwrap();
        let strays = line::strays(&mut connection, ONE, &[made.generation]).await.unwrap();
        let found: Vec<_> = strays.iter().map(|stray| stray.generation).collect();
        assert_eq!(found, [lost.generation, sent.generation]);
        assert!(line::strays(&mut connection, OTHER, &[]).await.unwrap().is_empty());
        for _ in 0..2 {
            house
                .write(strays.clone(), |tx, strays| {
                    Box::pin(async move { line::recover_strays(tx, ONE, &strays, START).await })
                })
                .await
                .unwrap();
        }
        assert_eq!(house.state(made).await, "submitting");
        // What never left stands in line again; nobody asks again for what may have left.
        assert_eq!(ids(&house.claim(OTHER, 9).await), [lost.generation]);
        assert_eq!(house.told().await, [format!("generation:{}:uncertain", sent.generation)]);
    }
}
