//! The store goes away and comes back, and processes die of what they were given.

use std::time::Duration;

use picdesk::store::{
    Store, Value,
    inbox::{self, NewEvent},
};
use picdesk_core::{event::Event, id::ConversationId};
use picdesk_sandbox::telegram::{ALICE, MessageView, XIAOMING};
use serde_json::json;

use super::{bot_says, picture_of};
use crate::{
    database::{TestDatabase, databases},
    house::{Given, House},
};

/// Updates come by webhook.
const WEBHOOK: &str = "mode = \"webhook\"\nwebhook_secret = \"a-secret-of-this-story\"\n";

async fn bring_an_update(house: &House, desk: &crate::house::Desk) -> reqwest::Response {
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(desk.url("/telegram/webhook"))
        .header("X-Telegram-Bot-Api-Secret-Token", "a-secret-of-this-story")
        .body(r#"{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"is_bot":false,"first_name":"A"},"text":"hello"}}"#)
        .timeout(Duration::from_secs(20))
        .send()
        .await
        .unwrap_or_else(|error| panic!("{error}\n{}", house.last_log()))
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_said_and_serving_goes_on_when_it_is_back() {
    let house = House::build(Given { telegram: WEBHOOK, ..Given::default() }).await;
    let mut desk = house.open().await;
    house.telegram.say(ALICE, "a fox").unwrap();
    picture_of(&house, ALICE, "a fox").await;
    house.until_quiet().await;
    // Somebody else has the write lock: like a full disk, nothing can be written, all can be read.
    let path = house.store_url().trim_start_matches("sqlite://").to_owned();
    let other = rusqlite::Connection::open(path).unwrap();
    other.execute_batch("begin immediate").unwrap();
    let why = house.until_not_ready(&mut desk).await;
    assert!(why.starts_with("store: "), "{why}");
    let refused = bring_an_update(&house, &desk).await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"), "{refused:?}");
    // Longer than anybody waits for a beat.
    house.until_logged("lets go of its work").await;
    assert!(desk.is_alive(), "{}", house.last_log());
    other.execute_batch("rollback").unwrap();
    house.until_ready(&mut desk).await;
    house.telegram.say(ALICE, "a boat").unwrap();
    picture_of(&house, ALICE, "a boat").await;
    house.until_quiet().await;
    assert!(desk.is_alive(), "{}", house.last_log());
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_serving_goes_on_when_there_is_room() {
    let house = House::build(Given::default()).await;
    let mut desk = house.open().await;
    house.telegram.say(ALICE, "/balance").unwrap();
    bot_says(&house, ALICE, "10 credits").await;
    house.until_quiet().await;
    let said = || house.telegram.chat(ALICE).into_iter().filter(MessageView::is_from_bot).count();
    let before = said();
    // In the middle of a page, so that what is written last is torn.
    desk.end_files_at(Some(6_000)).await;
    for _ in 0..5 {
        house.telegram.say(ALICE, "/help").unwrap();
    }
    house.telegram.say(XIAOMING, "a fox in the snow").unwrap();
    let why = house.until_not_ready(&mut desk).await;
    assert!(why.starts_with("store: "), "{why}");
    assert_eq!(said(), before, "what is not on disk is not answered");
    assert!(house.images.calls().is_empty(), "nor asked of the provider");
    desk.end_files_at(None).await;
    house.until_ready(&mut desk).await;
    picture_of(&house, XIAOMING, "a fox in the snow").await;
    let status = house.until_quiet().await;
    assert!(desk.is_alive(), "{}", house.last_log());
    assert_eq!(said(), before + 5, "{}", house.telegram.transcript(ALICE));
    assert_eq!((house.images.calls().len(), &status["credits"]["posted"]), (1, &json!(2)));
}

#[tokio::test]
async fn replicas_outlive_a_restart_of_their_server() {
    let Some(database) = databases().await.into_iter().find(TestDatabase::is_shared) else {
        return;
    };
    let house = House::build_on(database, Given { telegram: WEBHOOK, ..Given::default() }).await;
    let (mut one, mut other) = (house.open().await, house.open().await);
    house.telegram.say(ALICE, "a fox").unwrap();
    picture_of(&house, ALICE, "a fox").await;
    house.until_quiet().await;
    // Every session ends, and for longer than a lease nobody can write.
    house.database().make_read_only().await;
    for desk in [&mut one, &mut other] {
        let why = house.until_not_ready(desk).await;
        assert!(why.starts_with("store: "), "{why}");
    }
    assert_eq!(bring_an_update(&house, &one).await.status(), 503);
    house.until_logged("lets go of its work").await;
    house.database().make_writable().await;
    for desk in [&mut one, &mut other] {
        house.until_ready(desk).await;
    }
    house.telegram.say(ALICE, "a boat").unwrap();
    picture_of(&house, ALICE, "a boat").await;
    house.until_quiet().await;
    assert!(one.is_alive() && other.is_alive(), "{}", house.last_log());
    assert!(!house.read_log().contains("taking over"), "{}", house.last_log());
    let told = house.telegram.counts().calls.get("setwebhook").copied();
    assert!(
        told.is_some_and(|times| times <= 2),
        "one replica tells it, after each outage: {told:?}"
    );
}

#[tokio::test]
async fn one_replica_tells_telegram_where_updates_go() {
    let Some(database) = databases().await.into_iter().find(TestDatabase::is_shared) else {
        return;
    };
    let house = House::build_on(database, Given { telegram: WEBHOOK, ..Given::default() }).await;
    let _desks = (house.open().await, house.open().await, house.open().await);
    house.telegram.say(ALICE, "a fox").unwrap();
    picture_of(&house, ALICE, "a fox").await;
    house.until_quiet().await;
    assert_eq!(house.telegram.counts().calls.get("setwebhook"), Some(&1));
}

/// An event of nobody's, begun so often before that its process died of it.
pub(super) async fn begun_before(store: &Store, name: &'static str, times: u32) -> i64 {
    let conversation = ConversationId(format!("telegram:{name}"));
    let event = Event::AlarmRaised { what: "canary".to_owned() };
    let event = NewEvent::of_house(name.to_owned(), &conversation, &event);
    let now = store.clock().now_ms();
    store
        .writer()
        .run(move |tx| {
            let event = event.clone();
            Box::pin(async move {
                inbox::insert(tx, &[event], now, now).await?;
                let row =
                    tx.rows("select seq from inbox where external_id = $1", &[name.into()]).await?;
                let seq = row[0].int(0)?;
                for _ in 0..times {
                    inbox::count_deaths(tx, &[seq]).await?;
                }
                Ok(seq)
            })
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn what_too_many_processes_died_of_is_set_aside_at_the_next_start() {
    for database in databases().await {
        let house = House::build_on(database, Given::default()).await;
        let store = house.look().await;
        let seq = begun_before(&store, "poison", 4).await;
        let unlucky = begun_before(&store, "unlucky", 1).await;
        let _desk = house.open().await;
        house.telegram.say(XIAOMING, "a fox").unwrap();
        picture_of(&house, XIAOMING, "a fox").await;
        house.until_quiet().await;
        let state = "select state from inbox where seq = $1";
        for (seq, end) in [(seq, "set_aside"), (unlucky, "turned")] {
            let rows = store.read().await.unwrap().rows(state, &[Value::from(seq)]).await.unwrap();
            assert_eq!(rows[0].text(0).unwrap(), end, "{}", house.last_log());
        }
    }
}

#[tokio::test]
async fn a_tool_makes_no_store_and_a_dry_run_changes_nothing() {
    let house = House::build(Given::default()).await;
    let path = house.store_url().trim_start_matches("sqlite://").to_owned();
    for command in [&["status", "--json"][..], &["ledger", "verify"], &["operator", "list"]] {
        let output = house.order(command).await;
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("there is no store yet"), "{said}");
    }
    let said = house.order_well(&["migrate", "--dry-run"]).await;
    let all = ["house", "errands", "sales", "links", "promos", "site"];
    let names = (1..).zip(all).map(|(number, name)| format!("{number:04}_{name}\n"));
    let names: String = names.collect();
    assert_eq!(said, format!("{names}6 to apply\n"));
    assert!(!std::path::Path::new(&path).exists());
    let said = house.order_well(&["migrate"]).await;
    assert_eq!(said, format!("{names}6 applied\n"));
    house.order_well(&["status"]).await;
    let _desk = house.open().await;
    // Nothing is missing: whoever serves is not disturbed.
    assert!(house.order_well(&["migrate"]).await.contains("0 applied"));
    house.telegram.say(ALICE, "/credits").unwrap();
    bot_says(&house, ALICE, "10").await;
}
