//! Whoever is outside: the real program where Telegram calls it, and everything that strangers and
//! broken senders may bring to every one of its routes. Nothing of it may end in a 5xx or a panic,
//! cost memory, or change what good callers get.

mod bodies;
mod caller;
mod doors;
mod others;
mod pages;
mod replays;
mod sockets;

use serde_json::{Value, json};

use self::caller::Caller;
use crate::{
    database::{TestDatabase, databases},
    house::{Desk, Given, House},
};

/// Set: all of it as often as threatens, not as often as a run has time for.
const WHOLE: &str = "OUTSIDE_WHOLE";

fn is_whole() -> bool {
    std::env::var(WHOLE).is_ok_and(|text| !text.is_empty())
}

/// How often something is done: as a run has time for, or as often as threatens.
fn scale(modest: usize, whole: usize) -> usize {
    if is_whole() { whole } else { modest }
}

/// A house that is called by Telegram, on every database.
async fn called_houses() -> Vec<Called> {
    let mut all = Vec::new();
    for database in databases().await {
        all.push(Called::build(database, Given::default()).await);
    }
    all
}

/// A house that Telegram calls, its desk, and somebody outside.
struct Called {
    house: House,
    desk: Desk,
    caller: Caller,
    /// Answers of 5xx before it was ready.
    unready: u64,
}

impl Called {
    async fn build(database: TestDatabase, given: Given) -> Self {
        eprintln!("on {}", database.kind());
        // What comes from this machine comes through a proxy: no limit for each address.
        let server = if is_whole() {
            "trusted_proxies = [\"127.0.0.1\"]\nconnections_max = 2500\n"
        } else {
            "trusted_proxies = [\"127.0.0.1\"]\n"
        };
        let given = Given { webhook: true, server, provider: false, ..given };
        let house = House::build_on(database, given).await;
        let desk = house.open().await;
        Self::open(house, desk).await
    }

    async fn open(house: House, desk: Desk) -> Self {
        let caller = Caller::of(&desk);
        let unready = count(&house.numbers(&desk).await, "picdesk_http_requests_total", "5xx");
        Self { house, desk, caller, unready }
    }

    /// The desk dies, and another one serves.
    async fn restart(self) -> Self {
        self.desk.kill().await;
        let desk = self.house.open().await;
        Self::open(self.house, desk).await
    }

    /// How many events the desk has written down.
    async fn events(&self) -> i64 {
        let store = self.house.look().await;
        let mut connection = store.read().await.unwrap();
        connection.rows("select count(*) from inbox", &[]).await.unwrap()[0].int(0).unwrap()
    }

    /// At the end: the desk works on, and answered nothing with a 5xx but what was shown.
    async fn end(self, server_errors: u64) {
        self.house.until_quiet_but_for_the_line().await;
        let numbers = self.house.numbers(&self.desk).await;
        let answered = count(&numbers, "picdesk_http_requests_total", "5xx");
        assert_eq!(
            answered - self.unready,
            server_errors,
            "answers of 5xx\n{}",
            self.house.last_log()
        );
        let log = self.house.last_log();
        assert!(!log.contains("panicked"), "{log}");
    }
}

/// The sum of a counter's lines that have a word among their labels.
fn count(numbers: &str, name: &str, word: &str) -> u64 {
    let of = |line: &str| line.rsplit(' ').next().and_then(|it| it.parse::<u64>().ok());
    numbers
        .lines()
        .filter(|line| line.starts_with(name) && line.contains(word))
        .filter_map(of)
        .sum()
}

/// An update with a text, as Telegram sends it.
fn text_update(number: i64, user: i64, message: i64, text: &str) -> Value {
    json!({
        "update_id": number,
        "message": {
            "message_id": message,
            "date": 1_790_000_000,
            "from": {"id": user, "is_bot": false, "first_name": "Alice", "language_code": "en"},
            "chat": {"id": user, "type": "private", "first_name": "Alice"},
            "text": text,
        },
    })
}
