//! The outbox: what is to be said, in order, until the channel has it.

use std::sync::Arc;

use picdesk::store::{
    facts,
    outbox::{self, Closed, Fate, Settled, Stand, Waiting, WaitingRow},
};
use picdesk_core::{
    channel::{Content, OutboundMessage, Place, Receipt, Refusal, Text},
    effect::Effect,
    event::About,
    facts::Relayed,
    id::{ArtifactId, EscalationId, GenerationId, OutboundId, Slot},
};

use super::{House, START, houses, words};

const LENGTH: &str = "select cast(length(body) as bigint) from outbox";

/// Understands rows.
pub(super) fn read(rows: &[WaitingRow]) -> Vec<Waiting> {
    rows.iter().map(|row| row.read().unwrap()).collect()
}

impl House {
    /// All that waits on a channel.
    pub(super) async fn unsent(&self, channel: &str) -> Vec<Waiting> {
        self.unsent_after(channel, 0).await
    }

    async fn unsent_after(&self, channel: &str, after: i64) -> Vec<Waiting> {
        let mut connection = self.store.read().await.unwrap();
        read(&outbox::waiting(&mut connection, channel, after, 100).await.unwrap())
    }

    async fn settle(&self, settled: Vec<Settled>) {
        self.write((Arc::new(settled), self.clock.now_ms()), |tx, (settled, now)| {
            Box::pin(async move { outbox::settle(tx, &settled, now).await })
        })
        .await
        .unwrap();
    }

    /// Everything that waits on Telegram meets this fate.
    pub(super) async fn settle_all(&self, fate: &Fate) {
        self.settle_on("telegram", fate).await;
    }

    /// The same on another channel.
    pub(super) async fn settle_on(&self, channel: &str, fate: &Fate) {
        let waiting = self.unsent(channel).await;
        let settled =
            waiting.into_iter().map(|waiting| Settled { waiting, fate: fate.clone() }).collect();
        self.settle(settled).await;
    }

    async fn stand(&self, slot: Slot) -> Option<Stand> {
        let mut connection = self.store.read().await.unwrap();
        let found = outbox::stands(&mut connection, &[slot.key()]).await.unwrap();
        found.into_iter().next().map(|(key, stand)| {
            assert_eq!(key, slot.key());
            stand
        })
    }

    /// Names of the events of fates.
    async fn fates(&self) -> Vec<String> {
        let mut connection = self.store.read().await.unwrap();
        let text = "select external_id from inbox order by seq";
        let rows = connection.rows(text, &[]).await.unwrap();
        rows.iter().map(|row| row.text(0).unwrap()).collect()
    }
}

fn ids(waiting: &[Waiting]) -> Vec<i64> {
    waiting.iter().map(|one| one.message.id.0).collect()
}

fn taken(message: &str) -> Fate {
    Fate::Delivered(Receipt { message: Some(message.into()), ..Receipt::default() })
}

const SLOT: Slot = Slot::Generation(GenerationId(5));

fn placeholder(id: i64) -> OutboundMessage {
    OutboundMessage { place: Place::New { slot: Some(SLOT) }, ..words(id, "telegram:1") }
}

fn picture(id: i64) -> OutboundMessage {
    let content = Content::Picture { artifact: ArtifactId(70), caption: Text::plain("") };
    OutboundMessage { place: Place::Edit { slot: SLOT }, content, ..words(id, "telegram:1") }
}

#[tokio::test]
async fn messages_wait_in_order_each_on_its_channel() {
    for house in houses().await {
        for (id, conversation) in [(3, "telegram:1"), (1, "telegram:2"), (2, "wecom-kf:1")] {
            house.send(words(id, conversation), None).await;
        }
        let waiting = house.unsent("telegram").await;
        assert_eq!(ids(&waiting), [1, 3]);
        assert_eq!(waiting[1].message, words(3, "telegram:1"));
        assert_eq!(ids(&house.unsent("wecom-kf").await), [2]);
        assert_eq!(ids(&house.unsent_after("telegram", 1).await), [3]);
        assert_eq!(house.status().await.outbox.waiting, 3);
    }
}

#[tokio::test]
async fn what_the_channel_took_waits_no_more_and_its_words_are_forgotten() {
    for house in houses().await {
        house.send(words(1, "telegram:1"), None).await;
        let before = house.int(LENGTH, &[]).await;
        house.settle_all(&taken("901")).await;
        assert!(house.unsent("telegram").await.is_empty());
        assert_eq!(house.status().await.outbox.delivered, 1);
        assert!(house.int(LENGTH, &[]).await < before.min(2));
    }
}

#[tokio::test]
async fn a_slot_knows_where_its_message_stands() {
    for house in houses().await {
        assert_eq!(house.stand(SLOT).await, None);
        house.send(placeholder(1), None).await;
        house.settle_all(&taken("901")).await;
        let mut stand =
            Stand { conversation: "telegram:1".into(), message: "901".into(), picture: false };
        assert_eq!(house.stand(SLOT).await, Some(stand.clone()));
        house.send(picture(2), None).await;
        house.settle_all(&taken("901")).await;
        stand.picture = true;
        assert_eq!(house.stand(SLOT).await, Some(stand));
        let artifact = "select artifact from placed where message = '901'";
        assert_eq!(house.int(artifact, &[]).await, 70);
    }
}

#[tokio::test]
async fn the_same_file_need_not_be_uploaded_twice() {
    for house in houses().await {
        house.send(picture(1), None).await;
        let receipt = Receipt {
            message: Some("901".into()),
            file: Some("AgAD".to_owned()),
            ..Receipt::default()
        };
        house.settle_all(&Fate::Delivered(receipt)).await;
        let mut connection = house.store.read().await.unwrap();
        let found = async |connection: &mut _, form| {
            outbox::file_handle(connection, 70, "telegram", form).await.unwrap()
        };
        assert_eq!(found(&mut connection, "photo").await.as_deref(), Some("AgAD"));
        assert_eq!(found(&mut connection, "document").await, None);
        drop(connection);
        house
            .write((), |tx, ()| Box::pin(outbox::forget_file(tx, 70, "telegram", "photo")))
            .await
            .unwrap();
        let mut connection = house.store.read().await.unwrap();
        assert_eq!(found(&mut connection, "photo").await, None);
    }
}

#[tokio::test]
async fn somebody_who_waits_to_hear_of_it_hears_once() {
    for house in houses().await {
        let about = About::Picture(GenerationId(5));
        house.send(picture(1), Some(about)).await;
        house.send(words(2, "telegram:1"), Some(about)).await;
        house.send(words(3, "telegram:1"), Some(about)).await;
        house.send(words(4, "telegram:1"), None).await;
        house.send(words(5, "telegram:1"), Some(About::Matter(EscalationId(9)))).await;
        let fates = [
            taken("901"),
            Fate::Refused(Refusal::Blocked),
            Fate::Unknown,
            Fate::Refused(Refusal::Blocked),
            taken("905"),
        ];
        let waiting = house.unsent("telegram").await;
        let settled: Vec<Settled> = waiting
            .into_iter()
            .zip(fates)
            .map(|(waiting, fate)| Settled { waiting, fate })
            .collect();
        house.settle(settled.clone()).await;
        house.settle(settled).await;
        let told = ["outbound:1:delivered", "outbound:2:refused", "outbound:3:unknown"];
        assert_eq!(house.fates().await, told);
        let outbox = house.status().await.outbox;
        assert_eq!((outbox.delivered, outbox.refused, outbox.unknown), (2, 2, 1));
    }
}

#[tokio::test]
async fn a_fate_is_final() {
    for house in houses().await {
        house.send(words(1, "telegram:1"), None).await;
        let waiting = house.unsent("telegram").await.remove(0);
        house.settle(vec![Settled { waiting: waiting.clone(), fate: taken("901") }]).await;
        for fate in [Fate::Unknown, Fate::Later(START + 5), Fate::Refused(Refusal::Content)] {
            house.settle(vec![Settled { waiting: waiting.clone(), fate }]).await;
            assert_eq!(house.status().await.outbox.delivered, 1);
            assert!(house.unsent("telegram").await.is_empty());
        }
    }
}

#[tokio::test]
async fn what_is_for_later_stays_and_says_when() {
    for house in houses().await {
        house.send(words(1, "telegram:1"), None).await;
        house.settle_all(&Fate::Later(START + 7000)).await;
        let waiting = house.unsent("telegram").await.remove(0);
        assert_eq!((waiting.attempts, waiting.not_before), (1, START + 7000));
        let mut connection = house.store.read().await.unwrap();
        let due = outbox::next_due(&mut connection, "telegram", START).await.unwrap();
        assert_eq!(due, Some(START + 7000));
        let elsewhere = outbox::next_due(&mut connection, "wecom-kf", START).await.unwrap();
        assert_eq!(elsewhere, None);
    }
}

#[tokio::test]
async fn what_was_begun_by_a_process_that_died_is_known_as_begun() {
    for house in houses().await {
        house.send(words(1, "telegram:1"), None).await;
        assert!(!house.unsent("telegram").await[0].begun);
        house
            .write((), |tx, ()| Box::pin(async move { outbox::begin(tx, &[OutboundId(1)]).await }))
            .await
            .unwrap();
        let waiting = house.unsent("telegram").await.remove(0);
        assert!(waiting.begun);
        assert_eq!(waiting.attempts, 1);
        assert_eq!(house.status().await.outbox.waiting, 1);
    }
}

#[tokio::test]
async fn what_certainly_did_not_leave_is_not_begun() {
    for house in houses().await {
        house.send(words(1, "telegram:1"), None).await;
        house.send(words(2, "telegram:1"), None).await;
        house
            .write((), |tx, ()| {
                Box::pin(async move {
                    outbox::begin(tx, &[OutboundId(1), OutboundId(2)]).await?;
                    outbox::not_begun(tx, OutboundId(1)).await
                })
            })
            .await
            .unwrap();
        let begun: Vec<bool> = house.unsent("telegram").await.iter().map(|it| it.begun).collect();
        assert_eq!(begun, [false, true]);
        // An address that is no longer good has taken nothing.
        let waiting = house.unsent("telegram").await.remove(1);
        house.settle(vec![Settled { waiting, fate: Fate::Moved("telegram:-100".into()) }]).await;
        assert!(house.unsent("telegram").await.iter().all(|it| !it.begun));
    }
}

#[tokio::test]
async fn of_each_conversation_the_first_messages_are_read() {
    for house in houses().await {
        for id in 1..=40 {
            house.send(words(id, "telegram:1"), None).await;
        }
        for id in [41, 43] {
            house.send(words(id, "telegram:2"), None).await;
        }
        house.send(words(42, "wecom-kf:1"), None).await;
        let mut connection = house.store.read().await.unwrap();
        let mut first = async |page| {
            let rows = outbox::first_waiting(&mut connection, "telegram", page, 3).await;
            ids(&read(&rows.unwrap()))
        };
        assert_eq!(first(("", 100)).await, [1, 2, 3, 41, 43]);
        assert_eq!(first(("", 1)).await, [1, 2, 3]);
        assert_eq!(first(("telegram:1", 1)).await, [41, 43]);
        assert!(first(("telegram:2", 1)).await.is_empty());
        assert_eq!(outbox::last(&mut connection).await.unwrap(), 43);
    }
}

#[tokio::test]
async fn a_message_sent_on_the_way_to_a_new_picture_is_its_own_until_the_picture_is_there() {
    for house in houses().await {
        house.send(placeholder(1), None).await;
        house.settle_all(&taken("901")).await;
        let again = OutboundMessage { place: Place::New { slot: Some(SLOT) }, ..picture(2) };
        house.send(again, None).await;
        let waiting = house.unsent("telegram").await.remove(0);
        let key = outbox::place_key(&waiting);
        let step =
            Stand { conversation: "telegram:1".into(), message: "902".into(), picture: false };
        house
            .write((key.clone(), step.clone()), |tx, (key, step)| {
                Box::pin(async move { outbox::place(tx, &key, &step, START).await })
            })
            .await
            .unwrap();
        assert_eq!(house.stand(SLOT).await.unwrap().message.as_str(), "901");
        let delivery = outbox::delivery(&waiting, Some(&step));
        assert_eq!(delivery.edit, Some("902".into()));
        house.settle_all(&taken("902")).await;
        assert_eq!(house.stand(SLOT).await.unwrap().message.as_str(), "902");
        assert_eq!(house.int("select count(*) from placed", &[]).await, 1);
    }
}

#[tokio::test]
async fn an_edit_goes_where_its_message_stands() {
    for house in houses().await {
        house.send(placeholder(1), None).await;
        house.settle_all(&taken("901")).await;
        let elsewhere = OutboundMessage { conversation: "telegram:2".into(), ..picture(2) };
        house.send(elsewhere, None).await;
        let mut waiting = house.unsent("telegram").await.remove(0);
        let stand = house.stand(SLOT).await.unwrap();
        let delivery = outbox::delivery(&waiting, Some(&stand));
        assert_eq!(delivery.message.conversation.as_str(), "telegram:1");
        assert_eq!(delivery.edit, Some("901".into()));
        waiting.elsewhere = Some(delivery.message.conversation);
        house.settle(vec![Settled { waiting, fate: taken("901") }]).await;
        assert_eq!(house.stand(SLOT).await.unwrap().conversation.as_str(), "telegram:1");
    }
}

#[tokio::test]
async fn all_that_waits_moves_with_its_conversation() {
    for house in houses().await {
        for id in 1..=3 {
            house.send(words(id, if id == 3 { "telegram:2" } else { "telegram:1" }), None).await;
        }
        let waiting = house.unsent("telegram").await.remove(0);
        let fate = Fate::Moved("telegram:-100".into());
        house.settle(vec![Settled { waiting, fate }]).await;
        let places: Vec<_> = house
            .unsent("telegram")
            .await
            .into_iter()
            .map(|one| one.message.conversation.0)
            .collect();
        assert_eq!(places, ["telegram:-100", "telegram:-100", "telegram:2"]);
        assert_eq!(house.fates().await, ["moved:telegram:1:telegram:-100"]);
    }
}

#[tokio::test]
async fn a_line_that_is_refused_in_its_new_topic_too_is_heard_of_again() {
    for house in houses().await {
        let line = Some(About::TopicLine(EscalationId(9)));
        house.send(words(1, "telegram:-100:4"), line).await;
        for (id, to) in [(1, "telegram:-100:9"), (2, "telegram:-100:11")] {
            house.settle_all(&Fate::Refused(Refusal::TopicGone)).await;
            let (outbound, again, to) = (OutboundId(id), OutboundId(id + 1), to.into());
            house.follow(vec![Effect::Readdress { outbound, again, to }]).await.unwrap();
        }
        let told = ["outbound:1:refused:telegram:-100:4", "outbound:2:refused:telegram:-100:9"];
        assert_eq!(house.fates().await, told);
    }
}

#[tokio::test]
async fn what_was_refused_can_go_elsewhere_as_it_was_behind_what_was_said_there() {
    for house in houses().await {
        house.send(words(1, "telegram:-100:4"), None).await;
        house.settle_all(&Fate::Refused(Refusal::TopicGone)).await;
        house.send(words(2, "telegram:-100:9"), None).await;
        let readdress = |id, again| Effect::Readdress {
            outbound: OutboundId(id),
            again: OutboundId(again),
            to: "telegram:-100:9".into(),
        };
        house.follow(vec![readdress(1, 3)]).await.unwrap();
        let waiting = house.unsent("telegram").await;
        let said: Vec<_> = waiting.iter().map(|one| one.message.clone()).collect();
        assert_eq!(said, [words(2, "telegram:-100:9"), words(3, "telegram:-100:9")]);
        house.settle_all(&taken("901")).await;
        for id in [1, 3] {
            house.follow(vec![readdress(id, 4)]).await.unwrap();
        }
        assert!(house.unsent("telegram").await.is_empty());
    }
}

#[tokio::test]
async fn of_an_answer_of_several_messages_it_is_known_how_all_of_them_stand() {
    for house in houses().await {
        let ada = house.customer("7", 0).await;
        let (first, last) = (OutboundId(500), OutboundId(504));
        let about = About::RelayPart { case: EscalationId(77), first, last };
        for id in 499..=505 {
            let part = (first.0..=last.0).contains(&id).then_some(about);
            house.send(words(id, ada.conversation.as_str()), part).await;
        }
        let stands = async || {
            house.write((first, last), |tx, of| Box::pin(facts::relayed(tx, of))).await.unwrap()
        };
        let on_their_way = Relayed { waiting: 5, ..Relayed::default() };
        assert_eq!(stands().await, on_their_way);
        let fates = [
            taken("901"),
            Fate::Refused(Refusal::Content),
            Fate::Unknown,
            Fate::Held(Closed::Window),
            taken("902"),
        ];
        let waiting = house.unsent("telegram").await;
        let parts = waiting.into_iter().filter(|one| one.about.is_some());
        let settled = parts.zip(fates).map(|(waiting, fate)| Settled { waiting, fate }).collect();
        house.settle(settled).await;
        assert_eq!(stands().await, Relayed { waiting: 0, held: 1, unknown: 1, refused: 1 });
    }
}
