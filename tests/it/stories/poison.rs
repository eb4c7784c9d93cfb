//! What ends every process that takes it up, and what only was near: the desk is really killed each
//! time, as the kernel kills a program that has eaten all memory.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use picdesk::store::Value;
use picdesk_sandbox::telegram::{ALICE, Armed, Fault, OLGA};

use super::{bot_says, outages::begun_before, photo, picture_of};
use crate::{
    database::{TestDatabase, databases},
    house::{Desk, Given, House, PATIENCE},
};

/// Longer than anything here lasts.
const FOR_EVER: Fault = Fault::Slow { delay_ms: 600_000 };
/// How long a desk is watched that may stand still, and may have nothing to do.
const WATCHED: Duration = Duration::from_secs(8);
/// More than a desk computes that starts and has nothing to do.
const AT_WORK: Duration = Duration::from_secs(3);
/// Deaths that something may cost before it is out of the way, also where the first ones leave
/// nothing on disk.
const DEATHS_MAX: usize = 4;

/// Whoever is named here ends whatever turns their prompt: it stands still over it, and does
/// nothing else, until somebody kills it.
const POISON: &[&str] = &["create table poison (conversation text primary key)"];
const ON_SQLITE: &[&str] = &[
    "create view for_ever as with recursive each(n) as (
       select 1 union all select n + 1 from each) select n from each",
    "create trigger poison before insert on requests
     when exists (select 1 from poison where conversation = new.conversation)
     begin select max(n) from for_ever; end",
];
const ON_POSTGRES: &[&str] = &[
    // Else the server works on for the dead, and nobody can take over from them so long.
    "do $$ begin
       execute format('alter database %I set client_connection_check_interval = 200',
                      current_database());
     end $$",
    "create function stand_still() returns trigger language plpgsql as $$
     begin
       if exists (select 1 from poison where conversation = new.conversation) then
         perform pg_sleep(600);
       end if;
       return new;
     end $$",
    "create trigger poison before insert on requests
     for each row execute function stand_still()",
];

/// Gives the database an order, as its owner would.
async fn order(house: &House, text: &'static str, values: &[Value]) {
    let store = house.look().await;
    let values = values.to_vec();
    let run = store.writer().run(move |tx| {
        let values = values.clone();
        Box::pin(async move { tx.run(text, &values).await })
    });
    run.await.unwrap();
}

async fn poison(house: &House, chat: i64) {
    let name = format!("telegram:{chat}");
    order(house, "insert into poison (conversation) values ($1)", &[name.into()]).await;
}

/// Events that are set aside.
async fn aside(house: &House) -> i64 {
    house.status().await.pointer("/inbox/set_aside").and_then(serde_json::Value::as_i64).unwrap()
}

/// The state of the last event of a chat, and how many processes died of it.
async fn last_of(house: &House, chat: i64) -> Option<(String, i64)> {
    let text = "select state, deaths from inbox where conversation = $1 and origin = 'people'
                order by seq desc limit 1";
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let rows = connection.rows(text, &[Value::from(format!("telegram:{chat}"))]).await.unwrap();
    rows.first().map(|row| (row.text(0).unwrap(), row.int(1).unwrap()))
}

/// Whether a desk stands still over poison: nothing else lets it compute so long, or PostgreSQL
/// sleep.
async fn stands_still(house: &House, desk: &Desk) -> bool {
    if !house.database().is_shared() {
        return desk.computed() > AT_WORK;
    }
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let text = "select count(*) from pg_stat_activity
                where datname = current_database() and wait_event = 'PgSleep'";
    connection.rows(text, &[]).await.unwrap()[0].int(0).unwrap() > 0
}

/// Kills the desk as often as it stands still, until so many events are set aside: how often.
async fn die_until_aside(house: &House, desk: &mut Option<Desk>, wanted: i64) -> usize {
    let mut deaths = 0;
    loop {
        let began = Instant::now();
        while !stands_still(house, desk.as_ref().unwrap()).await {
            if aside(house).await == wanted {
                return deaths;
            }
            assert!(began.elapsed() < PATIENCE, "it goes on:\n{}", house.last_log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        desk.take().unwrap().kill().await;
        deaths += 1;
        *desk = Some(house.open().await);
    }
}

/// Waits until something is taken up again, and kills the desk over it.
async fn die_when_taken_up(house: &House, desk: &mut Option<Desk>, chat: i64, deaths: i64) {
    let taken =
        async || (last_of(house, chat).await == Some(("waiting".to_owned(), deaths))).then_some(());
    house.until("second chance", taken).await;
    let still = async || stands_still(house, desk.as_ref().unwrap()).await.then_some(());
    house.until("standstill", still).await;
    assert_eq!(last_of(house, chat).await, Some(("waiting".to_owned(), deaths)));
    desk.take().unwrap().kill().await;
    *desk = Some(house.open().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prompt_that_ends_every_process_goes_out_of_the_way_and_an_innocent_comes_back() {
    // Most of it is waiting: on all databases at once.
    join_all(databases().await.into_iter().map(live_with_poison)).await;
}

async fn live_with_poison(database: TestDatabase) {
    let shared = database.is_shared();
    let house = House::build_on(database, Given::default()).await;
    house.order_well(&["migrate"]).await;
    let kind: &[&'static str] = if shared { ON_POSTGRES } else { ON_SQLITE };
    for text in POISON.iter().chain(kind) {
        order(&house, text, &[]).await;
    }
    let mut desk = Some(house.open().await);
    let bob = house.telegram.add_user("bob", "Bob", Some("en"));
    for chat in [ALICE, bob] {
        poison(&house, chat).await;
    }
    for chat in [ALICE, bob] {
        house.telegram.say(chat, "a poisonous fox").unwrap();
    }
    let deaths = die_until_aside(&house, &mut desk, 2).await;
    assert!((1..=2 * DEATHS_MAX).contains(&deaths), "{deaths} deaths");
    house.until_logged("alarm: an event was under way whenever the process ended").await;
    // Bob's was never at fault. They get an answer in the end, and need not ask for it.
    let name = format!("telegram:{bob}");
    order(&house, "delete from poison where conversation = $1", &[name.into()]).await;
    // Others are served, also before it is calm.
    house.telegram.say(OLGA, "a fox for Olga").unwrap();
    picture_of(&house, OLGA, "a fox for Olga").await;
    assert_eq!(aside(&house).await, 2, "{}", house.last_log());
    // Alice's is taken up alone, twice, and ends the desk each time.
    for deaths in [3, 4] {
        die_when_taken_up(&house, &mut desk, ALICE, deaths).await;
    }
    bot_says(&house, ALICE, "breaks on our side").await;
    bot_says(&house, bob, "Welcome").await;
    assert_eq!(last_of(&house, bob).await.unwrap().0, "turned");
    let status = house.until_quiet().await;
    assert_eq!(status["inbox"]["set_aside"], 1, "{status}");
    // Whoever comes next lets it rest, also when it is calm, and what was only near is taken up.
    desk.take().unwrap().kill().await;
    let store = house.look().await;
    let near = begun_before(&store, "near", 2).await;
    let all_taken_up = || house.read_log().matches("had its second chance").count();
    let before = all_taken_up();
    let _desk = house.open().await;
    let state = "select count(*) from inbox where seq = $1 and state = 'turned'";
    let taken_up = async || {
        let mut connection = store.read().await.unwrap();
        let rows = connection.rows(state, &[Value::from(near)]).await.unwrap();
        (rows[0].int(0).unwrap() == 1).then_some(())
    };
    house.until("something near taken up", taken_up).await;
    house.until("end of second chances", async || (all_taken_up() > before).then_some(())).await;
    house.telegram.say(ALICE, "/help").unwrap();
    bot_says(&house, ALICE, "Reply to a picture").await;
    let said = house.telegram.chat(ALICE);
    let told = said.iter().filter(|one| one.text.contains("breaks on our side")).count();
    assert_eq!((told, aside(&house).await), (1, 1), "{}", house.telegram.transcript(ALICE));
}

/// Waits until the desk hangs over one call more than `seen`, and kills it.
async fn die_of_a_call(house: &House, desk: &mut Option<Desk>, seen: &mut u64) {
    let slow = || house.telegram.counts().faults.get("slow").copied().unwrap_or(0);
    let more = *seen + 1;
    house.until("call that hangs", async || (slow() >= more).then_some(())).await;
    desk.take().unwrap().kill().await;
    // None hangs any more.
    *seen = slow();
    *desk = Some(house.open().await);
}

/// Whether a desk writes something within a few seconds.
async fn logged_soon(house: &House, part: &str) -> bool {
    let began = Instant::now();
    while began.elapsed() < WATCHED / 3 {
        if house.read_log().contains(part) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test]
async fn a_message_that_ends_every_process_that_sends_it_keeps_nobody_waiting() {
    let house = House::build(Given::default()).await;
    let (mut desk, mut seen) = (Some(house.open().await), 0);
    let bob = house.telegram.add_user("bob", "Bob", Some("en"));
    for chat in [ALICE, bob] {
        house.telegram.arm(Armed::times(FOR_EVER, 1000).in_chat(chat));
        house.telegram.say(chat, "/help").unwrap();
        die_of_a_call(&house, &mut desk, &mut seen).await;
    }
    // Both waited when desks died, and are tried alone by now.
    let waits = "alarm: a message was under way whenever the process ended";
    while !logged_soon(&house, waits).await {
        die_of_a_call(&house, &mut desk, &mut seen).await;
    }
    house.telegram.say(OLGA, "a fox for Olga").unwrap();
    picture_of(&house, OLGA, "a fox for Olga").await;
    // Bob's was never at fault.
    house.telegram.clear_faults();
    house.telegram.arm(Armed::times(FOR_EVER, 1000).in_chat(ALICE));
    desk.take().unwrap().kill().await;
    desk = Some(house.open().await);
    let given_up = "alarm: a message ended the process again and again and was given up";
    while !logged_soon(&house, given_up).await {
        die_of_a_call(&house, &mut desk, &mut seen).await;
    }
    bot_says(&house, bob, "Reply to a picture").await;
    // Alice hears that there was something for her.
    house.telegram.clear_faults();
    desk.take().unwrap().kill().await;
    let _desk = house.open().await;
    let told = bot_says(&house, ALICE, "it breaks on our side each time I try to send it").await;
    assert!(told.buttons.iter().flatten().any(|it| it.text == "Ask a human"), "{told:?}");
    let status = house.until_quiet().await;
    assert_eq!(status["outbox"]["refused"], 1, "{status}");
}

#[tokio::test]
async fn a_picture_that_ends_every_process_before_it_is_asked_for_waits_until_it_is_calm() {
    let house = House::build_on(TestDatabase::sqlite(), Given::default()).await;
    let (mut desk, mut seen) = (Some(house.open().await), 0);
    house.telegram.arm(Armed::times(FOR_EVER, 1000).on("getfile"));
    house.telegram.send_photo(ALICE, photo(320, 240), "as a stamp").await.unwrap();
    for _ in 0..3 {
        die_of_a_call(&house, &mut desk, &mut seen).await;
    }
    house.until_logged("alarm: a picture was begun whenever the process ended").await;
    house.telegram.say(OLGA, "a fox for Olga").unwrap();
    picture_of(&house, OLGA, "a fox for Olga").await;
    let status = house.status().await;
    assert_eq!(status["generations"]["queued"], 1, "{status}");
    // It was never at fault.
    house.telegram.clear_faults();
    picture_of(&house, ALICE, "as a stamp").await;
    let status = house.until_quiet().await;
    assert_eq!(status["generations"]["finished"], 2, "{status}");
}
