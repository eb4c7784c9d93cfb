//! Errands: one worker at a time, each try counted, and nothing ended by a claim that is over.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use picdesk::{
    alarm::Alarms,
    errands::{Came, Errands, Handler, Handlers, Try},
    store::{
        Work, copies,
        errands::{self as rows, Claim, Claimed, PutBack, Wanted},
        replica,
        scope::OfConversation,
    },
};
use picdesk_core::{
    channel::MediaRef,
    effect::{Effect, NewErrand},
    errand::{Brought, Errand, ErrandEnd, ErrandFailure, ErrandKind, media_name},
    facts::Reference,
    id::{Cause, ErrandId},
};
use tokio_util::sync::CancellationToken;

use super::{House, START, houses};

/// Two replicas.
const ONE: i64 = 1;
const OTHER: i64 = 2;
/// When errands here are too late.
const UNTIL: i64 = START + 300_000;

fn media() -> MediaRef {
    MediaRef {
        handle: "key https://files.example/1".to_owned(),
        unique: "file".to_owned(),
        bytes: None,
        size: None,
        name: None,
        fetch_before: Some(UNTIL),
    }
}

fn errand() -> Errand {
    Errand::CopyMedia { media: media(), identity: "telegram:7".into() }
}

fn copy() -> Brought {
    Brought::Copy { object: "er/rand".to_owned(), bytes: 7 }
}

impl House {
    async fn open_errand(&self, name: &str) -> ErrandId {
        let id = ErrandId(Cause(self.seq()).consequence(0));
        let (name, conversation) = (name.to_owned(), "telegram:1".into());
        let new = NewErrand { id, name, conversation, errand: errand(), until: UNTIL };
        self.follow(vec![Effect::RunErrand(new)]).await.unwrap();
        id
    }

    async fn claim_errands(&self, replica: i64) -> Vec<Claimed> {
        let wanted = Wanted { kind: ErrandKind::CopyMedia, count: 9, late_only: false };
        self.write((replica, wanted, self.clock.now_ms()), |tx, (replica, wanted, now)| {
            Box::pin(rows::claim(tx, replica, wanted, now))
        })
        .await
        .unwrap()
    }

    async fn end_errand(&self, claim: Claim) -> bool {
        self.write(claim, |tx, claim| {
            Box::pin(async move {
                let end = ErrandEnd::Brought(copy());
                rows::end(tx, claim, (&"telegram:1".into(), &errand(), &end), START).await
            })
        })
        .await
        .unwrap()
    }

    async fn put_errand_back(&self, claim: Claim, why: PutBack, until: i64) -> bool {
        self.write((claim, why, until), |tx, (claim, why, until)| {
            Box::pin(rows::put_back(tx, claim, why, until))
        })
        .await
        .unwrap()
    }

    /// Claims one that a process has ended over.
    async fn claim_deadly(&self, replica: i64, errand: ErrandId) -> Claimed {
        let claimed = self.write((replica, errand), |tx, (replica, errand)| {
            Box::pin(rows::claim_suspect(tx, replica, errand))
        });
        claimed.await.unwrap().expect("it waits")
    }

    async fn recover_errands(&self, dead: i64) {
        self.write(dead, |tx, dead| Box::pin(rows::recover(tx, dead, replica::Gone::Died)))
            .await
            .unwrap();
    }

    async fn deaths_of(&self, id: ErrandId) -> i64 {
        self.int("select deaths from errands where id = $1", &[id.0.into()]).await
    }

    async fn errand_state(&self, id: ErrandId) -> String {
        self.word("select state from errands where id = $1", &[id.0.into()]).await
    }

    async fn told_of_errands(&self) -> i64 {
        self.int("select count(*) from inbox where external_id like 'errand:%'", &[]).await
    }
}

#[tokio::test]
async fn an_errand_is_claimed_by_one_and_ended_once_with_its_event() {
    for house in houses().await {
        let id = house.open_errand("copy:1").await;
        let [claimed] = &house.claim_errands(ONE).await[..] else { panic!("one errand") };
        assert_eq!((claimed.claim.errand(), claimed.attempts), (id, 1));
        assert_eq!(claimed.what, Some(errand()));
        assert!(house.claim_errands(OTHER).await.is_empty());
        assert_eq!(house.status().await.errands.waiting, 1);
        assert!(house.end_errand(claimed.claim).await);
        assert!(!house.end_errand(claimed.claim).await, "it has ended");
        assert_eq!(
            (house.errand_state(id).await.as_str(), house.told_of_errands().await),
            ("done", 1)
        );
        let errands = house.status().await.errands;
        assert_eq!((errands.waiting, errands.failed), (0, 0));
        let left = house.int("select cast(length(body) as bigint) from errands", &[]).await;
        assert_eq!(left, 1, "nothing is left of what was to be done");
    }
}

#[tokio::test]
async fn an_errand_of_the_same_name_is_the_same_one() {
    for house in houses().await {
        house.open_errand("copy:1").await;
        house.open_errand("copy:1").await;
        house.open_errand("copy:2").await;
        assert_eq!(house.claim_errands(ONE).await.len(), 2);
    }
}

#[tokio::test]
async fn a_zombie_ends_nothing_and_puts_nothing_back() {
    for house in houses().await {
        let id = house.open_errand("copy:1").await;
        let stale = house.claim_errands(ONE).await[0].claim;
        house.recover_errands(ONE).await;
        // The same process again, or another: the older claim is over either way.
        for (replica, deadly) in [(ONE, true), (OTHER, false)] {
            let again = if deadly {
                house.claim_deadly(replica, id).await
            } else {
                house.claim_errands(replica).await[0].clone()
            };
            assert!(!house.end_errand(stale).await);
            assert!(!house.put_errand_back(stale, PutBack::Waited, START).await);
            assert_eq!(house.errand_state(id).await, "claimed");
            assert!(house.put_errand_back(again.claim, PutBack::Waited, START).await);
        }
        assert_eq!(house.told_of_errands().await, 0);
    }
}

#[tokio::test]
async fn tries_are_counted_before_the_work_and_waits_are_not_tries() {
    for house in houses().await {
        house.open_errand("copy:1").await;
        let first = house.claim_errands(ONE).await[0].clone();
        assert!(house.put_errand_back(first.claim, PutBack::Waited, START + 1000).await);
        assert!(house.claim_errands(ONE).await.is_empty(), "it waits");
        house.hands.advance(Duration::from_secs(1));
        let second = house.claim_errands(ONE).await[0].clone();
        assert_eq!((second.attempts, second.waits), (1, 1));
        // The process dies with it: that is counted by itself.
        house.recover_errands(ONE).await;
        assert_eq!(house.deaths_of(second.claim.errand()).await, 1);
        assert_eq!(house.claim_deadly(ONE, second.claim.errand()).await.attempts, 1);
    }
}

#[tokio::test]
async fn what_is_claimed_and_not_under_way_is_found() {
    for house in houses().await {
        house.open_errand("copy:1").await;
        house.open_errand("copy:2").await;
        let claimed = house.claim_errands(ONE).await;
        let under_way = BTreeSet::from([claimed[0].claim]);
        let mut connection = house.store.read().await.unwrap();
        let strays = rows::strays(&mut connection, ONE, &under_way).await.unwrap();
        assert_eq!(strays, [claimed[1].claim]);
        assert!(rows::strays(&mut connection, OTHER, &under_way).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn who_takes_over_puts_errands_back() {
    for house in houses().await {
        let id = house.open_errand("copy:1").await;
        let stale = house.claim_errands(ONE).await[0].claim;
        replica::take_over(&house.store, ONE).await.unwrap();
        assert_eq!(house.errand_state(id).await, "waiting");
        assert!(!house.end_errand(stale).await);
        assert!(house.claim_errands(OTHER).await.is_empty(), "it goes by itself");
        house.claim_deadly(OTHER, id).await;
        assert_eq!(house.errand_state(id).await, "claimed");
    }
}

/// Somebody who does with each try what the test says, in order; then it is done.
#[derive(Default)]
struct Scripted {
    script: Vec<Act>,
    tries: AtomicUsize,
    ids: std::sync::Mutex<HashSet<ErrandId>>,
}

#[derive(Clone, Copy)]
enum Act {
    Panic,
    Later,
    Refuse,
}

#[async_trait]
impl Handler for Scripted {
    async fn run(&self, one: Try<'_>) -> Came {
        self.ids.lock().unwrap().insert(one.errand);
        let number = self.tries.fetch_add(1, Ordering::SeqCst);
        match self.script.get(number) {
            Some(Act::Panic) => panic!("of a defect"),
            Some(Act::Later) => Came::Later(None),
            Some(Act::Refuse) => Came::Refused,
            None => Came::Brought(copy()),
        }
    }
}

/// Runs errands by a script until none waits any more, time passing to when the next is due; how
/// often it was tried.
async fn run(house: &House, script: Vec<Act>) -> usize {
    let scripted =
        Arc::new(Scripted { script, tries: AtomicUsize::new(0), ids: std::sync::Mutex::default() });
    let mut handlers = Handlers::new();
    handlers.insert(ErrandKind::CopyMedia, Arc::clone(&scripted) as Arc<dyn Handler>);
    let (stop, alarms) = (CancellationToken::new(), Alarms::new(house.store.clone(), None));
    let errands = Arc::new(Errands::new(house.store.clone(), ONE, handlers, alarms));
    let running = tokio::spawn(errands.run(stop.clone()));
    let done = async {
        while house.status().await.errands.waiting > 0 {
            let due = "select coalesce(min(not_before), 0) from errands where state = 'waiting'";
            let wait = house.int(due, &[]).await - house.clock.now_ms();
            house.hands.advance(Duration::from_millis(wait.max(0).unsigned_abs()));
            house.store.wakes().ring(Work::Errands);
        }
    };
    tokio::time::timeout(Duration::from_mins(1), done).await.expect("errands come to an end");
    stop.cancel();
    running.await.unwrap();
    assert_eq!(scripted.ids.lock().unwrap().len(), 1, "every try has the same id");
    scripted.tries.load(Ordering::SeqCst)
}

#[tokio::test]
async fn an_errand_is_tried_until_it_is_done() {
    for house in houses().await {
        let id = house.open_errand("copy:1").await;
        let tries = run(&house, vec![Act::Later, Act::Panic, Act::Later, Act::Panic]).await;
        assert_eq!((tries, house.errand_state(id).await.as_str()), (5, "done"));
        assert_eq!(house.told_of_errands().await, 1);
    }
}

#[tokio::test]
async fn a_refusal_is_told_and_not_tried_again() {
    for house in houses().await {
        let id = house.open_errand("copy:1").await;
        assert_eq!(run(&house, vec![Act::Refuse]).await, 1);
        assert_eq!(house.errand_state(id).await, "failed");
        assert_eq!((house.told_of_errands().await, house.status().await.errands.failed), (1, 1));
    }
}

#[tokio::test]
async fn poison_is_set_aside_after_three_tries_and_told_of() {
    for house in houses().await {
        let id = house.open_errand("copy:1").await;
        assert_eq!(run(&house, vec![Act::Panic; 9]).await, 3);
        assert_eq!(house.errand_state(id).await, "set_aside");
        assert_eq!((house.told_of_errands().await, house.status().await.errands.failed), (1, 1));
    }
}

#[tokio::test]
async fn what_killed_its_process_three_times_is_not_run_again() {
    for house in houses().await {
        let id = house.open_errand("copy:1").await;
        let other = house.open_errand("copy:2").await;
        let claimed = house.claim_errands(OTHER).await;
        let spared = claimed.iter().find(|one| one.claim.errand() == other).unwrap().claim;
        assert!(house.put_errand_back(spared, PutBack::Waited, START).await);
        for deaths in 1..=5 {
            replica::take_over(&house.store, OTHER).await.unwrap();
            assert_eq!(house.deaths_of(id).await, deaths);
            house.claim_deadly(OTHER, id).await;
        }
        replica::leave(&house.store, OTHER).await.unwrap();
        assert_eq!(house.deaths_of(id).await, 5, "who leaves in order does not die");
        assert_eq!(run(&house, Vec::new()).await, 1);
        assert_eq!(house.errand_state(id).await, "set_aside");
        assert_eq!(house.errand_state(other).await, "done");
        assert_eq!(house.told_of_errands().await, 2);
    }
}

#[tokio::test]
async fn what_was_near_three_deaths_is_run_when_it_is_calm() {
    for house in houses().await {
        let id = house.open_errand("copy:1").await;
        house.claim_errands(OTHER).await;
        for _ in 0..3 {
            replica::take_over(&house.store, OTHER).await.unwrap();
            house.claim_deadly(OTHER, id).await;
        }
        replica::leave(&house.store, OTHER).await.unwrap();
        let scripted = Arc::new(Scripted::default());
        let mut handlers = Handlers::new();
        handlers.insert(ErrandKind::CopyMedia, Arc::clone(&scripted) as Arc<dyn Handler>);
        let (stop, alarms) = (CancellationToken::new(), Alarms::new(house.store.clone(), None));
        let errands = Arc::new(Errands::new(house.store.clone(), ONE, handlers, alarms));
        let running = tokio::spawn(errands.run(stop.clone()));
        // It is looked at, and does not begin.
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(scripted.tries.load(Ordering::SeqCst), 0);
        house.hands.advance(Duration::from_secs(20));
        house.store.wakes().ring(Work::Errands);
        let done = async {
            while house.status().await.errands.waiting > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), done).await.expect("it is run in the end");
        stop.cancel();
        running.await.unwrap();
        assert_eq!(house.errand_state(id).await, "done");
    }
}

#[tokio::test]
async fn an_errand_ends_when_its_time_is_over() {
    for house in houses().await {
        let id = house.open_errand("copy:1").await;
        assert!(run(&house, vec![Act::Later; 10_000]).await > 1);
        assert_eq!(house.errand_state(id).await, "failed");
        assert!(house.clock.now_ms() >= UNTIL);
        let text = "select count(*) from inbox_raw r join inbox i on i.seq = r.seq
                    where i.external_id like 'errand:%'";
        assert_eq!(house.int(text, &[]).await, 1);
        let failed = ErrandEnd::Failed(ErrandFailure::TooLate);
        assert_eq!(serde_json::json!(failed).to_string(), r#"{"failed":"too_late"}"#);
    }
}

#[tokio::test]
async fn nothing_is_left_without_an_end_because_nobody_can_run_it() {
    for house in houses().await {
        let id = house.open_errand("copy:1").await;
        let wanted = Wanted { kind: ErrandKind::CopyMedia, count: 9, late_only: true };
        let late = async || {
            house
                .write((wanted, house.clock.now_ms()), |tx, (wanted, now)| {
                    Box::pin(rows::claim(tx, ONE, wanted, now))
                })
                .await
                .unwrap()
        };
        assert!(late().await.is_empty());
        house.hands.advance(Duration::from_secs(301));
        assert_eq!(late().await[0].claim.errand(), id);
    }
}

#[tokio::test]
async fn a_copy_goes_with_the_last_request_that_is_made_from_it() {
    for house in houses().await {
        let ada = house.customer("1", 20).await;
        let media = media();
        let name = media_name(&ada.conversation, &media);
        let keep = Effect::KeepCopy { media: name, object: "er/rand".to_owned(), bytes: 7 };
        house.follow(vec![keep]).await.unwrap();
        let found = async || {
            let there = OfConversation(ada.conversation.clone());
            copies::find(&mut house.store.read_as(there).await.unwrap(), &media).await.unwrap()
        };
        let let_go = async || {
            let now = house.clock.now_ms();
            house.write(now, |tx, now| Box::pin(copies::let_go(tx, now))).await.unwrap()
        };
        house.hands.advance(Duration::from_hours(23));
        assert_eq!((let_go().await, found().await.as_deref()), (0, Some("er/rand")));
        let (asked, mut effects) = house.asking(&ada, 2, 1);
        for effect in &mut effects {
            if let Effect::OpenRequest(request) = effect {
                request.references = vec![Reference::Media(media.clone()); 2];
            }
        }
        house.follow(effects).await.unwrap();
        // However long it is in line, and a day after it was asked for.
        house.hands.advance(Duration::from_hours(72));
        assert_eq!(let_go().await, 0);
        house
            .run("update requests set state = 'settled' where id = $1", &[asked.request.0.into()])
            .await;
        assert_eq!((let_go().await, found().await), (1, None));
        let mut connection = house.store.read().await.unwrap();
        let going = copies::going(&mut connection).await.unwrap();
        assert_eq!(going[0].1, "er/rand");
        let known = copies::known(&mut connection, &["er/rand".to_owned()]).await.unwrap();
        assert_eq!(known.len(), 1, "it is nobody's orphan until it is gone");
        drop(connection);
        let media: Vec<Vec<u8>> = going.into_iter().map(|(media, _)| media).collect();
        house
            .write(media, |tx, media| Box::pin(async move { copies::gone(tx, &media).await }))
            .await
            .unwrap();
        assert_eq!(let_go().await, 0);
        assert_eq!(house.int("select count(*) from media_copies", &[]).await, 0);
        assert_eq!(house.int("select count(*) from media_uses", &[]).await, 0);
    }
}
