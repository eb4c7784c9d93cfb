//! Forgetting: what has had its time is gone, what is needed is not, and counts stay.

use picdesk::store::{
    inbox,
    outbox::{self, Fate, Settled},
    prune::{self, Times},
    sealed,
};
use picdesk_core::{channel::Receipt, effect::Effect, facts::RequestState};

use super::{House, START, arrived, houses, tick, words};

const HOUR: i64 = 3600 * 1000;
const DAY: i64 = 24 * HOUR;

impl House {
    /// Forgets as of so many milliseconds from the start: raw events are kept for their own time,
    /// sent messages for an hour, prompts for ten days.
    async fn prune(&self, later: i64) {
        let now = START + later;
        let times = Times { now, raw_before: now - HOUR, prompts_before: now - 10 * DAY };
        self.write(times, |tx, times| Box::pin(prune::prune(tx, times))).await.unwrap();
    }

    /// Events that came at the start, raw until an hour later; the first is turned at once.
    async fn two_events(&self) {
        let events = [
            arrived("update:1", "telegram:1", &tick(1)),
            arrived("update:2", "telegram:2", &tick(2)),
        ];
        self.write(events, |tx, events| {
            Box::pin(async move {
                inbox::insert(tx, &events, START, START + HOUR).await?;
                let first = tx.rows("select min(seq) from inbox", &[]).await?[0].int(0)?;
                inbox::finish(tx, &[first], START).await
            })
        })
        .await
        .unwrap();
    }

    async fn count(&self, table: &str) -> i64 {
        let text = match table {
            "inbox" => "select count(*) from inbox",
            "inbox_raw" => "select count(*) from inbox_raw",
            "outbox" => "select count(*) from outbox",
            "placed" => "select count(*) from placed",
            other => panic!("{other} is not counted here"),
        };
        self.int(text, &[]).await
    }

    async fn prompt(&self) -> String {
        let mut connection = self.store.read().await.unwrap();
        let rows = connection.rows("select body from requests", &[]).await.unwrap();
        let body = rows[0].blob(0).unwrap();
        String::from_utf8(sealed::open(&body, "requests", "it").unwrap().to_vec()).unwrap()
    }
}

#[tokio::test]
async fn content_goes_after_its_time_and_never_before_its_turn() {
    for house in houses().await {
        house.two_events().await;
        house.prune(HOUR - 1).await;
        assert_eq!(house.count("inbox_raw").await, 2);
        house.prune(HOUR).await;
        assert_eq!((house.count("inbox_raw").await, house.count("inbox").await), (1, 2));
        let left = "select i.external_id from inbox_raw r join inbox i on i.seq = r.seq";
        assert_eq!(house.word(left, &[]).await, "update:2");
    }
}

#[tokio::test]
async fn a_repeat_is_known_for_ever() {
    for house in houses().await {
        house.two_events().await;
        house.prune(7 * DAY).await;
        assert_eq!(house.count("inbox").await, 2);
        house.prune(7 * DAY + 1).await;
        assert_eq!(house.count("inbox").await, 1);
        // Its row is gone; its name is known all the same, within a batch of new ones too.
        let again = [
            arrived("update:1", "telegram:1", &tick(1)),
            arrived("update:3", "telegram:1", &tick(3)),
        ];
        let later = START + 400 * DAY;
        let new = house.write((again, later), |tx, (events, now)| {
            Box::pin(async move { inbox::insert(tx, &events, now, now).await })
        });
        assert_eq!(new.await.unwrap(), [false, true]);
    }
}

#[tokio::test]
async fn counts_survive_what_they_count() {
    for house in houses().await {
        house.two_events().await;
        house.send(words(1, "telegram:1"), None).await;
        let waiting = house.unsent("telegram").await.remove(0);
        let settled = Settled { waiting, fate: Fate::Delivered(Receipt::default()) };
        house
            .write(settled, |tx, settled| {
                Box::pin(async move { outbox::settle(tx, &[settled], START).await })
            })
            .await
            .unwrap();
        let before = house.status().await;
        assert_eq!((before.inbox.turned, before.outbox.delivered), (1, 1));
        house.prune(8 * DAY).await;
        house.prune(8 * DAY).await;
        assert_eq!((house.count("inbox").await, house.count("outbox").await), (1, 0));
        assert_eq!(house.status().await, before);
    }
}

#[tokio::test]
async fn what_still_waits_to_be_said_is_not_forgotten() {
    for house in houses().await {
        house.send(words(1, "telegram:1"), None).await;
        house.prune(100 * DAY).await;
        assert_eq!(house.count("outbox").await, 1);
    }
}

#[tokio::test]
async fn a_prompt_goes_when_its_request_is_over_and_its_picture_gone() {
    for house in houses().await {
        let ada = house.customer("1", 9).await;
        let asked = house.ask(&ada, 1, 1).await;
        house.prune(11 * DAY).await;
        assert!(house.prompt().await.contains("a lighthouse"), "the request is open");
        let picture = house.make(&ada, asked, START + 99 * DAY).await;
        let state = RequestState::Settled;
        let settled = Effect::UpdateRequest { id: asked.request, state, change: None };
        house.follow(vec![settled]).await.unwrap();
        house.prune(11 * DAY).await;
        assert!(house.prompt().await.contains("a lighthouse"), "its picture is kept");
        house.follow(vec![Effect::DeleteArtifact { artifact: picture }]).await.unwrap();
        house.prune(10 * DAY).await;
        assert!(house.prompt().await.contains("a lighthouse"), "its time is not over");
        house.prune(11 * DAY).await;
        assert!(!house.prompt().await.contains("a lighthouse"));
    }
}

/// Where a message stands that shows this.
const STANDS: &str = "
    insert into placed (slot, conversation, message, picture, artifact, escalation, at)
    values ($1, 'telegram:1', $1, 0, $2, $3, $4)";

#[tokio::test]
async fn where_messages_stand_is_forgotten_with_what_they_show() {
    for house in houses().await {
        let ada = house.customer("1", 9).await;
        let asked = house.ask(&ada, 1, 1).await;
        let picture = house.make(&ada, asked, START + 20 * DAY).await;
        let case = "insert into escalations (id, code, account, identity, conversation, cause,
                      request, consent, words, state, opened_at, closed_at,
                      answered_at, expects_from, expects_until)
                    values (90, 'S-1', 1, 'telegram:1', 'telegram:1', 'other', null, 0, $1,
                      'open', 0, 0, 0, 0, 0)";
        house.run(case, &[sealed::seal(&[]).into()]).await;
        let stands = async |slot: &str, artifact: Option<i64>, case: Option<i64>| {
            let values = [slot.into(), artifact.into(), case.into(), START.into()];
            house.run(STANDS, &values).await;
        };
        stands("q1", None, None).await;
        stands("g1", Some(picture.0), None).await;
        stands("m1", None, Some(90)).await;
        house.prune(10 * DAY).await;
        assert_eq!(house.count("placed").await, 3);
        house.prune(10 * DAY + 1).await;
        assert_eq!(house.count("placed").await, 2, "the question");
        house.follow(vec![Effect::DeleteArtifact { artifact: picture }]).await.unwrap();
        house.prune(20 * DAY).await;
        assert_eq!(house.count("placed").await, 2, "the picture's messages are yet to go");
        house.prune(20 * DAY + HOUR + 1).await;
        assert_eq!(house.word("select slot from placed", &[]).await, "m1");
        let close = "update escalations set state = 'resolved', closed_at = $1";
        house.run(close, &[(START + 20 * DAY).into()]).await;
        house.prune(30 * DAY).await;
        assert_eq!(house.count("placed").await, 1, "the case was open just now");
        house.prune(30 * DAY + 1).await;
        assert_eq!(house.count("placed").await, 0);
    }
}
