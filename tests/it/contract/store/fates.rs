//! What is told of messages that were given up: to whoever waits for their fate, else to whom they
//! were for.

use std::time::Duration;

use picdesk::store::{outbox::Fate, sealed};
use picdesk_core::{
    account::Person,
    channel::{Content, OutboundMessage, Text},
    event::{About, Event, Setting, Words},
    id::{ArtifactId, EscalationId, OutboundId},
};

use super::{House, houses, words};

const DAY: Duration = Duration::from_hours(24);

impl House {
    /// The events that tell somebody of lost words of ours, and where.
    async fn told_of_ours(&self) -> Vec<(String, Event)> {
        let mut connection = self.store.read().await.unwrap();
        let text = "select i.conversation, r.event from inbox i join inbox_raw r on r.seq = i.seq
                    where i.external_id like 'outbox:%' order by i.seq";
        let rows = connection.rows(text, &[]).await.unwrap();
        let read = |event: &[u8]| sealed::open_json(event, "inbox_raw", "event").unwrap();
        rows.iter().map(|row| (row.text(0).unwrap(), read(&row.blob(1).unwrap()))).collect()
    }
}

fn lost(identity: &str) -> Event {
    let who = Person { identity: identity.into(), name: String::new(), language: None };
    Event::CameToNothing { who, setting: Setting::Private, words: Words::Ours }
}

#[tokio::test]
async fn whoever_words_of_ours_were_for_hears_once_a_day_that_they_were_given_up() {
    for house in houses().await {
        let ada = house.customer("1", 5).await;
        let bob = house.customer_at("wecom-kf:bob", "wecom-kf:desk:bob", 5).await;
        house.ask(&bob, 1, 1).await;
        for (id, conversation) in [(1, &ada.conversation), (2, &bob.conversation)] {
            house.send(words(id, conversation.as_str()), None).await;
        }
        // Among others, nobody knows whom it was for.
        house.send(words(3, "telegram:-5"), None).await;
        house.settle_all(&Fate::GivenUp).await;
        house.settle_on("wecom-kf", &Fate::GivenUp).await;
        let told = [
            ("telegram:1".to_owned(), lost("telegram:1")),
            ("wecom-kf:desk:bob".to_owned(), lost("wecom-kf:bob")),
        ];
        assert_eq!(house.told_of_ours().await, told);
        assert_eq!(house.status().await.outbox.refused, 3);
        // What tells it may be given up too: that is not told.
        house.send(words(4, "telegram:1"), None).await;
        house.settle_all(&Fate::GivenUp).await;
        assert_eq!(house.told_of_ours().await.len(), 2);
        house.hands.advance(DAY);
        house.send(words(5, "telegram:1"), None).await;
        house.settle_all(&Fate::GivenUp).await;
        assert_eq!(house.told_of_ours().await.len(), 3);
    }
}

#[tokio::test]
async fn what_somebody_waits_for_or_what_says_nothing_is_not_told_of_besides() {
    for house in houses().await {
        house.customer("1", 5).await;
        let abouts = [About::Passing, About::Occasion, About::Relay(EscalationId(90))];
        for (id, about) in (1..).zip(abouts) {
            house.send(words(id, "telegram:1"), Some(about)).await;
        }
        let removed = Content::Removed { instead: Text::plain("") };
        let silent = OutboundMessage { content: removed, ..words(8, "telegram:1") };
        house.send(silent, None).await;
        house.settle_all(&Fate::GivenUp).await;
        assert_eq!(house.told_of_ours().await, []);
        // A receipt is for them.
        let receipt = OutboundMessage { id: OutboundId(9), ..words(9, "telegram:1") };
        house.send(receipt, Some(About::Beside(ArtifactId(80)))).await;
        house.settle_all(&Fate::GivenUp).await;
        assert_eq!(house.told_of_ours().await, [("telegram:1".to_owned(), lost("telegram:1"))]);
    }
}
