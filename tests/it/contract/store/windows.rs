//! What a channel that counts our messages still takes: who gets a slot, who waits, and who goes
//! first when they write again.

use std::sync::Arc;

use picdesk::store::{
    effects::{Outcome, Rendered},
    outbox::{self, Closed, Fate, Settled, Waiting},
    windows,
};
use picdesk_core::{
    channel::{Content, OutboundMessage, Receipt, Refusal, Text},
    effect::Effect,
    event::About,
    facts::{Request, RequestState},
    generation::Options,
    id::{ArtifactId, ConversationId, EscalationId, GenerationId, OutboundId, RequestId, Slot},
    window::Window,
};

use super::{House, START, houses, words};

const CHAT: &str = "wecom-kf:wk1/wm1";
const HOUR: i64 = 60 * 60 * 1000;
const CLOSES: i64 = START + 48 * HOUR;

const PICTURE: About = About::Picture(GenerationId(5));
const MENU: About = About::Beside(ArtifactId(70));

fn chat() -> ConversationId {
    CHAT.into()
}

fn picture(id: i64) -> OutboundMessage {
    let content = Content::Picture { artifact: ArtifactId(70), caption: Text::default() };
    OutboundMessage { content, ..words(id, CHAT) }
}

impl House {
    /// A turn that says these in the chat.
    async fn says(&self, first: Vec<Effect>, said: Vec<(OutboundMessage, Option<About>)>) {
        let count = Effect::CountReplies { conversation: chat(), text_bytes_max: 2048 };
        let effects = first.into_iter().chain([count]).collect();
        let messages =
            said.into_iter().map(|(message, about)| Rendered { message, about }).collect();
        self.outcome(Outcome { seq: self.seq(), effects, messages }).await.unwrap();
    }

    /// They write, and a turn says these.
    async fn hears(&self, said: Vec<(OutboundMessage, Option<About>)>) {
        let open = Effect::OpenWindow { conversation: chat(), replies: 5, closes_at: CLOSES };
        self.says(vec![open, Effect::ReleaseHeld { conversation: chat() }], said).await;
    }

    async fn window(&self) -> Window {
        self.write((), |tx, ()| {
            Box::pin(async move { Ok(windows::find(tx, &[CHAT]).await?.remove(CHAT)) })
        })
        .await
        .unwrap()
        .unwrap_or_default()
    }

    async fn kf_waiting(&self) -> Vec<Waiting> {
        self.unsent("wecom-kf").await
    }

    async fn to_go(&self) -> Vec<i64> {
        self.kf_waiting().await.iter().map(|one| one.message.id.0).collect()
    }

    async fn outbox_state(&self, id: i64) -> String {
        self.word("select state from outbox where id = $1", &[id.into()]).await
    }

    /// The first message that is to go meets this fate.
    async fn first_meets(&self, fate: Fate) {
        let waiting = self.kf_waiting().await.remove(0);
        self.write(Arc::new(vec![Settled { waiting, fate }]), |tx, settled| {
            Box::pin(async move { outbox::settle(tx, &settled, START).await })
        })
        .await
        .unwrap();
    }

    async fn refusals(&self) -> i64 {
        let text = "select count(*) from inbox where external_id like 'outbound:%:refused'";
        self.int(text, &[]).await
    }
}

#[tokio::test]
async fn five_messages_get_a_slot_and_the_sixth_waits_for_their_next_one() {
    for house in houses().await {
        house.hears((1..=6).map(|id| (words(id, CHAT), None)).collect()).await;
        assert_eq!(house.to_go().await, [1, 2, 3, 4, 5]);
        assert_eq!(house.outbox_state(6).await, "held");
        assert_eq!(house.window().await.left, 0);
        house.hears(vec![(words(7, CHAT), None)]).await;
        assert_eq!(house.to_go().await, [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(house.window().await.left, 3);
    }
}

#[tokio::test]
async fn a_picture_goes_before_words_and_without_a_slot_its_refusal_is_told() {
    for house in houses().await {
        let said = (1..=4).map(|id| (words(id, CHAT), None));
        let last = [(words(5, CHAT), None), (picture(6), Some(PICTURE))];
        house.hears(said.chain(last).collect()).await;
        assert_eq!(house.to_go().await, [1, 2, 3, 4, 6]);
        house.says(Vec::new(), vec![(picture(8), Some(PICTURE))]).await;
        assert_eq!(house.outbox_state(8).await, "refused");
        assert_eq!(house.refusals().await, 1);
    }
}

#[tokio::test]
async fn the_receipt_of_several_pictures_goes_before_words_that_waited() {
    for house in houses().await {
        house.hears((1..=5).map(|id| (words(id, CHAT), None)).collect()).await;
        house.says(Vec::new(), vec![(words(6, CHAT), None)]).await;
        house.first_meets(Fate::Refused(Refusal::Content)).await;
        assert_eq!((house.window().await.left, house.outbox_state(6).await.as_str()), (1, "held"));
        let about = About::Slot(Slot::Receipt(RequestId(3)));
        let release = Effect::ReleaseHeld { conversation: chat() };
        house.says(vec![release], vec![(words(7, CHAT), Some(about))]).await;
        assert_eq!(house.to_go().await, [2, 3, 4, 5, 7]);
        assert_eq!(house.outbox_state(6).await, "held");
    }
}

#[tokio::test]
async fn what_made_sense_only_at_its_moment_is_not_sent_late() {
    for house in houses().await {
        house.hears((1..=5).map(|id| (words(id, CHAT), None)).collect()).await;
        house.says(Vec::new(), vec![(words(6, CHAT), Some(About::Passing))]).await;
        assert_eq!(house.int("select count(*) from outbox", &[]).await, 5);
        while !house.to_go().await.is_empty() {
            house.first_meets(Fate::Delivered(Receipt::default())).await;
        }
        house.hears(vec![(words(7, CHAT), Some(About::Passing))]).await;
        assert_eq!(house.to_go().await, [7]);
        house.first_meets(Fate::Held(Closed::Window)).await;
        assert_eq!(house.outbox_state(7).await, "dropped");
    }
}

#[tokio::test]
async fn a_closed_window_holds_words_back_and_owes_pictures() {
    for house in houses().await {
        let said = vec![(words(1, CHAT), None), (picture(2), Some(PICTURE))];
        house.hears(said).await;
        house.first_meets(Fate::Held(Closed::Window)).await;
        assert_eq!((house.outbox_state(1).await.as_str(), house.window().await.left), ("held", 0));
        house.first_meets(Fate::Held(Closed::Window)).await;
        assert_eq!((house.outbox_state(2).await.as_str(), house.refusals().await), ("refused", 1));
        house.hears(Vec::new()).await;
        assert_eq!(house.to_go().await, [1]);
        house.hands.advance(std::time::Duration::from_hours(49));
        house.says(Vec::new(), vec![(words(3, CHAT), None)]).await;
        assert_eq!(house.outbox_state(3).await, "held", "their last message is too long ago");
    }
}

#[tokio::test]
async fn a_refused_message_gives_its_slot_back() {
    for house in houses().await {
        house.hears(vec![(words(1, CHAT), None)]).await;
        assert_eq!(house.window().await.left, 4);
        house.first_meets(Fate::Refused(Refusal::Content)).await;
        assert_eq!(house.window().await.left, 5);
    }
}

#[tokio::test]
async fn while_people_have_the_chat_everything_waits_until_they_give_it_back() {
    for house in houses().await {
        house.hears(Vec::new()).await;
        let hand = |handed| Effect::HandChat { conversation: chat(), handed };
        house.says(vec![hand(true)], vec![(words(1, CHAT), None)]).await;
        assert!(house.window().await.handed);
        assert_eq!(house.outbox_state(1).await, "held");
        let release = Effect::ReleaseHeld { conversation: chat() };
        house.says(vec![hand(false), release], Vec::new()).await;
        assert_eq!((house.to_go().await, house.window().await.left), (vec![1], 4));
        house.first_meets(Fate::Held(Closed::ByPeople)).await;
        assert_eq!((house.outbox_state(1).await.as_str(), house.window().await.left), ("held", 5));
        // Nobody told of it but the refusal.
        assert!(house.window().await.handed);
    }
}

#[tokio::test]
async fn what_is_in_line_keeps_its_slots_from_news_but_not_from_answers() {
    for house in houses().await {
        let mut who = house.customer("7", 100).await;
        who.conversation = chat();
        for tag in 1..=2 {
            house.ask(&who, 2, tag).await;
        }
        house.hears(vec![(words(1, CHAT), None)]).await;
        assert_eq!(house.window().await.reserved, 4);
        assert_eq!(house.window().await.left, 4);
        let news = [(words(2, CHAT), Some(About::Matter(EscalationId(1))))];
        house.says(Vec::new(), news.into()).await;
        assert_eq!(house.outbox_state(2).await, "held");
        let essential = vec![(picture(3), Some(PICTURE)), (words(4, CHAT), Some(MENU))];
        house.says(Vec::new(), essential).await;
        assert_eq!(house.to_go().await, [1, 3, 4]);
    }
}

#[tokio::test]
async fn pictures_whose_words_are_looked_at_keep_their_slots_too() {
    for house in houses().await {
        let mut who = house.customer("7", 100).await;
        who.conversation = chat();
        let (asked, effects) = house.asking(&who, 2, 1);
        let Some(Effect::OpenRequest(request)) = effects.into_iter().next() else { panic!() };
        let options = Options { count: 3, ..request.options };
        let request = Request { state: RequestState::Checking, options, ..request };
        house.follow(vec![Effect::OpenRequest(request)]).await.unwrap();
        house.hears(vec![(words(1, CHAT), None)]).await;
        assert_eq!((house.window().await.reserved, house.window().await.left), (4, 4));
        // News take none of what three pictures and their menu will need.
        let news = || Some(About::Matter(EscalationId(1)));
        house.says(Vec::new(), vec![(words(2, CHAT), news())]).await;
        assert_eq!(house.outbox_state(2).await, "held");
        // Once the words were not let through, it is free again.
        let state = RequestState::Cancelled;
        let over = Effect::UpdateRequest { id: asked.request, state, change: None };
        house.says(vec![over], vec![(words(3, CHAT), news())]).await;
        assert_eq!((house.to_go().await, house.window().await.reserved), (vec![1, 3], 0));
    }
}

#[tokio::test]
async fn an_answer_to_an_event_costs_no_reply_and_other_channels_are_not_counted() {
    for house in houses().await {
        house.says(Vec::new(), vec![(words(1, CHAT), Some(About::Occasion))]).await;
        assert_eq!(house.to_go().await, [1]);
        house.send(words(2, "telegram:1"), None).await;
        assert_eq!(house.outbox_state(2).await, "waiting");
    }
}

#[tokio::test]
async fn words_that_waited_go_after_the_pictures_of_the_same_moment() {
    for house in houses().await {
        house.hears((1..=6).map(|id| (words(id, CHAT), None)).collect()).await;
        while !house.to_go().await.is_empty() {
            house.first_meets(Fate::Delivered(Receipt::default())).await;
        }
        house.hears(vec![(picture(8), Some(PICTURE))]).await;
        assert_eq!(house.to_go().await, [8]);
        assert_eq!((house.outbox_state(6).await.as_str(), house.window().await.left), ("held", 4));
        house.first_meets(Fate::Delivered(Receipt::default())).await;
        house.says(vec![Effect::ReleaseHeld { conversation: chat() }], Vec::new()).await;
        assert_eq!(house.to_go().await, [6]);
    }
}

/// A message bounced, and would go out once more under another name.
fn bounced(outbound: i64, again: i64) -> Effect {
    let (outbound, again) = (OutboundId(outbound), OutboundId(again));
    Effect::BounceMessage { outbound, refusal: Refusal::NotNow, again }
}

#[tokio::test]
async fn words_that_bounced_wait_under_another_name_and_pictures_do_not() {
    for house in houses().await {
        bounce_two(&house, [Told::Taken, Told::Lost]).await;
    }
}

#[tokio::test]
async fn what_bounces_before_we_know_that_it_was_taken_is_not_forgotten() {
    for house in houses().await {
        bounce_two(&house, [Told::Lost, Told::Taken]).await;
    }
}

/// What is told of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// The channel has taken it.
    Taken,
    /// It did not arrive.
    Lost,
}

/// An operator's line and a picture bounce; what is told of them comes in this order.
async fn bounce_two(house: &House, order: [Told; 2]) {
    {
        let relay = Some(About::Relay(EscalationId(1)));
        house.hears(vec![(words(1, CHAT), relay), (picture(2), Some(PICTURE))]).await;
        for told in order {
            if told == Told::Lost {
                house.says(vec![bounced(1, 11), bounced(2, 12)], Vec::new()).await;
                continue;
            }
            for _ in 0..2 {
                house.first_meets(Fate::Delivered(Receipt::default())).await;
            }
        }
        assert_eq!(house.window().await.left, 0, "whatever was counted");
        assert_eq!(house.outbox_state(1).await, "refused");
        assert_eq!(house.outbox_state(11).await, "held");
        assert_eq!(house.int("select count(*) from outbox where id = 12", &[]).await, 0);
        // Who wrote the line hears that it waits; the picture is owed.
        let told = "select count(*) from inbox where external_id like 'outbound:%:bounced'";
        assert_eq!(house.int(told, &[]).await, 2);
        // Told again, it is nothing new.
        house.says(vec![bounced(1, 13)], Vec::new()).await;
        assert_eq!(house.int("select count(*) from outbox where id = 13", &[]).await, 0);
        house.hears(Vec::new()).await;
        let again = house.kf_waiting().await.remove(0).message;
        assert_eq!((again.id.0, again.content), (11, words(1, CHAT).content));
    }
}
