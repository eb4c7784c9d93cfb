//! What turns are told of somebody.

use std::time::Duration;

use picdesk::store::facts;
use picdesk_core::{
    account::{Language, Person},
    credits::Credits,
    effect::{Effect, NewEscalation, NewGeneration},
    event::About,
    facts::{Catalogue, GiftRules, House as Rules, LinkRules, Missed, RequestState},
    generation::{Failure, GenerationState},
    id::{AccountId, EscalationId, OutboundId, PurseId},
    payment::RefundAuto,
    say::Cause,
};

use super::{Customer, House, START, houses};

impl House {
    /// Somebody as a turn in their private chat sees them.
    async fn seen(&self, who: &Customer) -> picdesk_core::facts::Customer {
        let seen = (who.identity.clone(), who.conversation.clone());
        let found = self
            .write(seen, |tx, seen| {
                Box::pin(async move { facts::customers(tx, &[seen], &rules(), START).await })
            })
            .await
            .unwrap();
        found.into_values().next().unwrap()
    }
}

pub(super) fn rules() -> Rules {
    Rules {
        product_name: "Picture Desk".to_owned(),
        language_default: Language::En,
        catalogue: Catalogue::default(),
        trial: Credits::ZERO,
        ask_above: Credits::ZERO,
        references_max: 4,
        reference_bytes_max: 20_000_000,
        prompt_chars_max: 100,
        screening: false,
        tag: String::new(),
        refund_auto: RefundAuto::Never,
        till: None,
        edits: true,
        concurrency: 1,
        support_url: String::new(),
        desk: None,
        members_desk: None,
        public_url: String::new(),
        examples: Vec::new(),
        link: LinkRules {
            code_ttl_ms: 600_000,
            tries: 5,
            codes_per_h: 3,
            first_day_credits: Credits(20),
            sign_in: false,
            letters: false,
            shares_purse: false,
        },
        gifts: GiftRules::default(),
        channels: Vec::new(),
    }
}

#[tokio::test]
async fn the_language_that_was_decided_is_the_one_that_is_kept() {
    for house in houses().await {
        let ada = house.customer("7", 0).await;
        let seen = house.seen(&ada).await;
        assert_eq!((seen.language, seen.language_chosen), (Language::En, false));
        let language = Language::ZhCn;
        let open = Effect::OpenAccount {
            account: AccountId(ada.account.0 + 100),
            purse: PurseId(ada.purse.0 + 100),
            person: Person { identity: "telegram:8".into(), name: "Bo".into(), language: None },
            language,
            home: None,
        };
        let choose = Effect::ChooseLanguage { identity: ada.identity.clone(), language };
        house.follow(vec![open, choose]).await.unwrap();
        let bo = Customer { identity: "telegram:8".into(), ..ada.clone() };
        for (who, chosen) in [(&bo, false), (&ada, true)] {
            let seen = house.seen(who).await;
            assert_eq!((seen.language, seen.language_chosen), (language, chosen));
        }
    }
}

#[tokio::test]
async fn what_could_not_be_told_waits_until_it_is_told() {
    for house in houses().await {
        let ada = house.customer("7", 9).await;
        let bob = house.customer("8", 9).await;
        let asked = house.ask(&ada, 2, 1).await;
        let failed = Effect::SettleGeneration {
            generation: asked.generation,
            state: GenerationState::Failed,
            failure: None,
        };
        let later = Effect::TellLater { generation: asked.generation };
        house.follow(vec![failed, later]).await.unwrap();
        let missed = Missed {
            generation: asked.generation,
            request: asked.request,
            state: GenerationState::Failed,
            price: Credits(2),
        };
        assert_eq!(house.seen(&ada).await.missed, [missed]);
        assert_eq!(house.seen(&bob).await.missed, []);
        house.follow(vec![Effect::Told { generation: asked.generation }]).await.unwrap();
        assert_eq!(house.seen(&ada).await.missed, []);
    }
}

#[tokio::test]
async fn the_newest_request_is_known_whatever_became_of_it() {
    for house in houses().await {
        let ada = house.customer("7", 9).await;
        let bob = house.customer("8", 9).await;
        house.ask(&ada, 2, 1).await;
        let newest = house.ask(&ada, 2, 2).await;
        house.ask(&bob, 2, 3).await;
        let state = RequestState::Settled;
        let settled = Effect::UpdateRequest { id: newest.request, state, change: None };
        house.follow(vec![settled]).await.unwrap();
        let found = house
            .write(ada.account, |tx, account| Box::pin(facts::newest(tx, account)))
            .await
            .unwrap();
        assert_eq!(found.map(|request| request.id), Some(newest.request));
    }
}

fn case_of(who: &Customer, id: i64, conversation: &str) -> Effect {
    Effect::OpenEscalation(NewEscalation {
        id: EscalationId(id),
        code: format!("S-{id}"),
        account: who.account,
        identity: who.identity.clone(),
        conversation: conversation.into(),
        cause: Cause::Other,
        request: None,
        consent: false,
        words: "my fox has five legs".to_owned(),
        pictures: Vec::new(),
        expects_until: START + id,
    })
}

#[tokio::test]
async fn somebodys_case_is_the_one_of_where_they_are_that_was_talked_about_last() {
    for house in houses().await {
        let ada = house.customer("7", 9).await;
        let here = ada.conversation.0.clone();
        let seen = async || house.seen(&ada).await.case.map(|case| case.id.0);
        house.follow(vec![case_of(&ada, 77, &here)]).await.unwrap();
        house.follow(vec![case_of(&ada, 78, "wecom-app:ada")]).await.unwrap();
        assert_eq!(seen().await, Some(77), "of this chat, where two are linked");
        house.follow(vec![case_of(&ada, 79, &here)]).await.unwrap();
        assert_eq!(seen().await, Some(79));
        let escalation = EscalationId(77);
        let answered = Effect::ExpectWords { escalation, from: 0, until: START + 99 };
        house.follow(vec![answered]).await.unwrap();
        assert_eq!(seen().await, Some(77), "an operator turned to the older one");
        house.follow(vec![Effect::CloseEscalation { escalation, closed: true }]).await.unwrap();
        assert_eq!(seen().await, Some(79));
        let escalation = EscalationId(79);
        house.follow(vec![Effect::CloseEscalation { escalation, closed: true }]).await.unwrap();
        assert_eq!(seen().await, Some(78), "what is open before what is closed here");
    }
}

#[tokio::test]
async fn what_a_topic_lost_is_of_its_own_channel() {
    const LOST: &str = "
        insert into outbox (id, conversation, channel, origin, slot, about, state, attempts,
                            not_before, created_at, settled_at, body)
        values ($1, 'a', $2, 1, null, $3, 'refused', 1, 0, 0, 0, $4)";
    for house in houses().await {
        let about = serde_json::json!(About::TopicLine(EscalationId(77))).to_string();
        for (id, channel) in [(1_i64, "telegram"), (2, "wecom-app")] {
            let values = [id.into(), channel.into(), about.clone().into(), vec![0_u8].into()];
            house.run(LOST, &values).await;
        }
        let found = house
            .write((), |tx, ()| {
                Box::pin(async move { facts::unsent(tx, EscalationId(77), "telegram").await })
            })
            .await
            .unwrap();
        assert_eq!(found, [OutboundId(1)]);
    }
}

#[tokio::test]
async fn a_case_is_answered_for_the_first_time_once() {
    for house in houses().await {
        let ada = house.customer("7", 9).await;
        let id = EscalationId(77);
        house.follow(vec![case_of(&ada, 77, ada.conversation.as_str())]).await.unwrap();
        let case = house.seen(&ada).await.case.unwrap();
        assert_eq!((case.answered, case.opened_at), (false, START));
        house.hands.advance(Duration::from_mins(1));
        assert_eq!(case.expects_until, START + 77);
        let expected = Effect::ExpectWords { escalation: id, from: 5, until: 7 };
        house.follow(vec![expected]).await.unwrap();
        let case = house.seen(&ada).await.case.unwrap();
        assert_eq!((case.expects_from, case.expects_until), (5, 7));
        let answer = || Effect::AnswerEscalation { escalation: id, after_ms: 60_000 };
        house.follow(vec![answer()]).await.unwrap();
        house.hands.advance(Duration::from_mins(1));
        house.follow(vec![answer()]).await.unwrap();
        assert!(house.seen(&ada).await.case.unwrap().answered);
        let at = house.int("select answered_at from escalations", &[]).await;
        assert_eq!(at, START + 60_000);
    }
}

#[tokio::test]
async fn a_card_says_of_each_picture_what_became_of_it() {
    for house in houses().await {
        let ada = house.customer("7", 90).await;
        let ends = [
            (GenerationState::Failed, Some(Failure::Refused)),
            (GenerationState::Failed, Some(Failure::Provider)),
            (GenerationState::Cancelled, None),
            (GenerationState::Uncertain, None),
        ];
        // What is asked first has fallen off the list.
        for (tag, (state, failure)) in (1..).zip([ends[1]].into_iter().chain(ends)) {
            let asked = house.ask(&ada, 2, tag).await;
            let generation = asked.generation;
            let settled = Effect::SettleGeneration { generation, state, failure };
            let state = RequestState::Settled;
            let over = Effect::UpdateRequest { id: asked.request, state, change: None };
            house.follow(vec![settled, over]).await.unwrap();
        }
        let (asked, mut effects) = house.asking(&ada, 2, 9);
        let (other, more) = house.asking(&ada, 2, 10);
        // A second picture of the same request.
        let of_first = more.into_iter().filter_map(|effect| match effect {
            Effect::Generate(generation) => Some(Effect::Generate(NewGeneration {
                request: asked.request,
                number: 2,
                ..generation
            })),
            Effect::OpenRequest(_) => None,
            effect => Some(effect),
        });
        effects.extend(of_first);
        house.follow(effects).await.unwrap();
        house.make(&ada, asked, START + 1_000_000).await;
        let refused = Effect::SettleGeneration {
            generation: other.generation,
            state: GenerationState::Failed,
            failure: Some(Failure::Refused),
        };
        house.follow(vec![refused]).await.unwrap();
        let outcomes = async || {
            let past = house
                .write(ada.account, |tx, account| Box::pin(facts::past(tx, account)))
                .await
                .unwrap();
            past.requests.into_iter().map(|line| line.outcome).collect::<Vec<_>>()
        };
        let one = |word: &str| vec![(word.to_owned(), 1)];
        let both = |first: &str| vec![(first.to_owned(), 1), ("refused".to_owned(), 1)];
        let others = ["uncertain", "cancelled", "provider", "refused"].map(one);
        let newest = async || outcomes().await.first().cloned().unwrap();
        assert_eq!(outcomes().await[1..], others);
        assert_eq!(newest().await, both("delivered"));
        house
            .write((), |tx, ()| Box::pin(tx.run("update artifacts set owed = 1", &[])))
            .await
            .unwrap();
        assert_eq!(newest().await, both("owed"));
        let lapsed = RequestState::Lapsed;
        let (unpaid, effects) = house.asking(&ada, 2, 11);
        let opened = effects.into_iter().find(|it| matches!(it, Effect::OpenRequest(_))).unwrap();
        let over = Effect::UpdateRequest { id: unpaid.request, state: lapsed, change: None };
        house.follow(vec![opened]).await.unwrap();
        house.follow(vec![over]).await.unwrap();
        assert_eq!(newest().await, one("lapsed"), "nothing of it was ever in line");
    }
}
