//! Several replicas beside each other.

use std::time::Duration;

use picdesk::store::{Store, Value, replica::BEAT};
use picdesk_sandbox::{
    images::Latency,
    rest,
    telegram::{Armed, Fault, MessageView, OLGA, WEI},
};

use super::{bot_says, picture_of};
use crate::{
    database::{TestDatabase, databases},
    house::{Desk, Given, House, PATIENCE},
};

/// Enough people that every replica turns for some of them.
const PEOPLE: usize = 12;

/// After so long somebody else has taken up what a dead replica had in hand.
const TAKEN_UP: Duration = Duration::from_secs(15);

const PACK: &str = "100 credits · 9.90 USD";

/// A house on the database that replicas share, where the run has one.
async fn shared(given: Given) -> Option<House> {
    let database = databases().await.into_iter().find(TestDatabase::is_shared)?;
    Some(House::build_on(database, given).await)
}

/// A number that a statement of the story's own finds.
async fn int(store: &Store, text: &'static str, values: &[Value]) -> i64 {
    let mut connection = store.read().await.unwrap();
    connection.rows(text, values).await.unwrap()[0].int(0).unwrap()
}

/// Two desks that know of each other; the number of the first one.
async fn two(house: &House) -> ([Desk; 2], i64) {
    let one = house.open().await;
    let store = house.look().await;
    let first = int(&store, "select max(id) from replicas where stopped = 0", &[]).await;
    let desks = [one, house.open().await];
    let text = "select count(distinct replica) from leases where replica is not null";
    let share = async || (int(&store, text, &[]).await == 2).then_some(());
    house.until("sharing", share).await;
    (desks, first)
}

#[tokio::test]
async fn a_press_is_answered_by_whichever_replica_turns_it() {
    let Some(house) = shared(Given::default()).await else { return };
    let _desks = [house.open().await, house.open().await];
    let mut menus = Vec::new();
    for number in 0..PEOPLE {
        let person = house.telegram.add_user(&format!("person{number}"), "Somebody", Some("en"));
        house.telegram.say(person, "/settings").unwrap();
        menus.push(bot_says(&house, person, "Tap to change").await);
    }
    house.until_quiet().await;
    for menu in &menus {
        let button = menu.buttons.iter().flatten().find(|button| button.data.is_some()).unwrap();
        house.telegram.press(menu.chat, menu.chat, menu.message, &button.text).unwrap();
    }
    let answered =
        || house.telegram.counts().calls.get("answercallbackquery").copied().unwrap_or(0);
    house.until_status("an answer for everybody", |_| answered() == PEOPLE as u64).await;
    house.until_quiet().await;
}

#[tokio::test]
async fn who_asks_hears_how_long_it_takes_with_all_replicas() {
    let images = "stream = false\nconcurrency = 1\n";
    let Some(house) = shared(Given { images, ..Given::default() }).await else { return };
    house.images.set_latency(Latency::Seconds(6.0));
    let _desks = two(&house).await;
    house.telegram.say(OLGA, "a boat").unwrap();
    house.until_status("one is made", |status| status["generations"]["running"] == 1).await;
    house.telegram.say(WEI, "a lamp").unwrap();
    let told = bot_says(&house, WEI, "a lamp").await;
    assert!(!told.text.contains("in line"), "the other replica is free: {}", told.text);
    picture_of(&house, WEI, "a lamp").await;
    house.until_quiet().await;
}

/// Writes down, in the commit that takes over from a dead replica, how often the others had said
/// that they live: the store's own time, which goes as slowly as a slow day.
const WITNESS: [&str; 3] = [
    "create table taken_over (dead bigint primary key, beats bigint not null)",
    "create function witness() returns trigger language plpgsql as $$
     begin
       insert into taken_over (dead, beats)
       select new.id, coalesce(max(beats), 0) from replicas where stopped = 0 and id <> new.id
       on conflict (dead) do nothing;
       return new;
     end $$",
    "create trigger witness before update on replicas
     for each row when (new.stopped = 1 and old.stopped = 0) execute function witness()",
];

/// What a replica has in hand: pictures, errands, and messages to send.
async fn in_hand(store: &Store, replica: i64) -> [i64; 3] {
    let texts = [
        "select count(*) from generations
         where claimed_by = $1 and state in ('submitting', 'submitted')",
        "select count(*) from errands where claimed_by = $1 and state = 'claimed'",
        "select count(*) from outbox o join leases l on l.name = 'sender/' || o.channel
         where l.replica = $1 and o.state in ('waiting', 'sending')",
    ];
    let mut counts = [0; 3];
    for (count, text) in counts.iter_mut().zip(texts) {
        *count = int(store, text, &[replica.into()]).await;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_replica_had_in_hand_is_taken_up_by_the_other_within_its_lease() {
    let images = "stream = false\nconcurrency = 2\n";
    let Some(house) = shared(Given { images, sells: true, ..Given::default() }).await else {
        return;
    };
    let store = house.look().await;
    for text in WITNESS {
        let order = store.writer().run(move |tx| Box::pin(async move { tx.run(text, &[]).await }));
        order.await.unwrap();
    }
    let ([one, other], first) = two(&house).await;
    let sender = "select replica from leases where name = 'sender/telegram'";
    let doomed = int(&store, sender, &[]).await;
    let (doomed_desk, _other) = if doomed == first { (one, other) } else { (other, one) };
    let people = greeted(&house).await;
    // Whoever is outside takes long, and Telegram for ever.
    house.images.set_latency(Latency::Seconds(8.0));
    let slow = rest::Fault::Slow { delay_ms: 8_000 };
    house.creem().arm(rest::Armed::chance(slow, 1.0).on("POST /v1/checkouts"));
    house.telegram.arm(Armed::chance(Fault::Slow { delay_ms: 600_000 }, 1.0).on("sendmessage"));
    for (number, (person, offer)) in people.iter().enumerate() {
        house.telegram.press(*person, *person, offer.message, PACK).unwrap();
        house.telegram.say(*person, &format!("fox {number}")).unwrap();
    }
    let is_busy = async || in_hand(&store, doomed).await.iter().all(|it| *it > 0).then_some(());
    house.until("hands that are full", is_busy).await;
    doomed_desk.kill().await;
    let beats = "select coalesce(max(beats), 0) from replicas where stopped = 0 and id <> $1";
    let before = int(&store, beats, &[doomed.into()]).await;
    house.images.set_latency(Latency::Seconds(0.1));
    house.creem().clear_faults();
    house.telegram.clear_faults();
    let taken = "select coalesce(max(beats), -1) from taken_over where dead = $1";
    let taken = async || Some(int(&store, taken, &[doomed.into()]).await).filter(|it| *it >= 0);
    let beaten = house.until("taking over", taken).await - before;
    let waited = BEAT * u32::try_from(beaten).unwrap();
    assert!(waited <= TAKEN_UP, "taken up after {beaten} beats, {waited:?}");
    for (person, _) in &people {
        bot_says(&house, *person, "Your credits arrive here by themselves").await;
        let lost = "I do not know whether it was made";
        let is_end = |it: &MessageView| it.picture.is_some() || it.text.contains(lost);
        let ended = house.telegram.wait_for(*person, PATIENCE, is_end).await;
        ended.unwrap_or_else(|error| panic!("no end: {error}\n{}", house.last_log()));
    }
    let status = house.until_quiet().await;
    let count = |word: &str| status["generations"][word].as_i64().unwrap();
    let (finished, uncertain) = (count("finished"), count("uncertain"));
    assert_eq!(finished + uncertain, i64::try_from(people.len()).unwrap(), "{status}");
    assert!((1..=2).contains(&uncertain), "what the dead one had asked for: {status}");
    assert_eq!(house.images.double_submissions().len(), 0);
    assert_eq!(status["errands"]["failed"], 0, "{status}");
}

/// People who have an offer before them, and a picture's worth of credits.
async fn greeted(house: &House) -> Vec<(i64, MessageView)> {
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let person = house.telegram.add_user(&format!("person{number}"), "Somebody", Some("en"));
        house.telegram.say(person, "/buy").unwrap();
        people.push((person, bot_says(house, person, "Choose one below").await));
    }
    house.until_quiet().await;
    people
}
