//! `ledger verify` against somebody with a hand in the database: whatever single row is altered,
//! missing or added, it is found. `PICDESK_ALTERATIONS` says how often that is tried.

use std::{
    env,
    sync::{Arc, Mutex},
};

use picdesk::store::{StoreError, Value, audit, ledger::Act};
use picdesk_core::credits::TakeReason;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::{Customer, House, houses};

/// Alterations that are tried where nothing else is said.
const TRIES: usize = 1000;

/// What was done to a row, in one statement, of which row.
#[derive(Clone, Debug)]
struct Alteration {
    text: String,
    values: Vec<Value>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It was found.
    Found,
    /// It was not.
    NotFound,
    /// The database itself did not take it.
    Refused,
    /// It changed nothing.
    Nothing,
}

impl House {
    /// People with lines of every kind.
    async fn town(&self) -> Vec<Customer> {
        let mut people = Vec::new();
        for name in ["1", "2", "3"] {
            let who = self.customer(name, 40).await;
            for tag in 1..=3 {
                let made = self.ask(&who, 2, tag).await;
                self.make(&who, made, i64::MAX).await;
            }
            let purse = who.purse.0;
            let take = |entry, amount, reason| Act::Take {
                entry,
                purse,
                amount,
                source: format!("back:{entry}"),
                reason,
            };
            let (one, two) = (self.seq() << 20, self.seq() << 20);
            let by_hand = Act::Grant {
                entry: self.seq() << 20,
                purse,
                amount: 7,
                source: format!("by_hand:{name}"),
                reason: "by_hand",
                note: Some("for patience".to_owned()),
            };
            let back = take(one, 3, TakeReason::Refunded);
            self.order(vec![by_hand, back, take(two, 2, TakeReason::Reclaimed)]).await.unwrap();
            people.push(who);
        }
        assert!(self.verify().await.is_empty());
        self.unguard().await;
        people
    }

    /// Lines of the ledger, by id.
    async fn lines(&self) -> Vec<i64> {
        let mut connection = self.store.read().await.unwrap();
        let rows = connection.rows("select id from ledger order by id", &[]).await.unwrap();
        rows.iter().map(|row| row.int(0).unwrap()).collect()
    }

    /// Alters, looks, and takes it back.
    async fn try_one(&self, alteration: Alteration) -> Outcome {
        let outcome = Arc::new(Mutex::new(Outcome::Refused));
        let told = Arc::clone(&outcome);
        let text: &'static str = alteration.text.clone().leak();
        let taken_back = self.store.writer().run(move |tx| {
            let (told, values) = (Arc::clone(&told), alteration.values.clone());
            Box::pin(async move {
                let touched = tx.run(text, &values).await?;
                let found = !audit::verify(tx).await?.is_empty();
                *told.lock().unwrap() = match (touched, found) {
                    (0, _) => Outcome::Nothing,
                    (_, true) => Outcome::Found,
                    (_, false) => Outcome::NotFound,
                };
                Err::<(), _>(StoreError::Constraint("taken back".to_owned()))
            })
        });
        assert!(taken_back.await.is_err());
        *outcome.lock().unwrap()
    }
}

/// One alteration of chance.
fn altered(chance: &mut StdRng, lines: &[i64]) -> Alteration {
    let line = lines[chance.random_range(0..lines.len())];
    let other = lines[chance.random_range(0..lines.len())];
    let by = chance.random_range(1..1_000_000_i64);
    let fresh = chance.random_range(1..i64::MAX);
    let kinds = ["grant", "hold", "post", "void", "refund", "expire", "reclaim"];
    let kind = kinds[chance.random_range(0..kinds.len())];
    let set = |what: &str| format!("update ledger set {what} where id = $1");
    let (text, values): (String, Vec<Value>) = match chance.random_range(0..16) {
        0 => (set("amount = amount + $2"), vec![line.into(), by.into()]),
        1 => (set("amount = $2 where amount <> $2 and id = $1"), vec![line.into(), by.into()]),
        2 => (set("at = at + $2"), vec![line.into(), by.into()]),
        3 => (set("id = $2"), vec![line.into(), fresh.into()]),
        4 => (set("number = number + $2"), vec![line.into(), by.into()]),
        5 => (set("kind = $2 where kind <> $2 and id = $1"), vec![line.into(), kind.into()]),
        6 => (set("hold = $2"), vec![line.into(), fresh.into()]),
        7 => (set("source = source || $2"), vec![line.into(), format!("{by}").into()]),
        8 => (set("reason = reason || $2"), vec![line.into(), format!("{by}").into()]),
        9 => (set("hash = $2"), vec![line.into(), format!("{by:064x}").into()]),
        10 => (set("note_sha256 = $2"), vec![line.into(), format!("{by:064x}").into()]),
        11 => (set("note = $2"), vec![line.into(), vec![1_u8, 2, 3].into()]),
        12 => (set("purse = $2"), vec![line.into(), fresh.into()]),
        13 => ("delete from ledger where id = $1".to_owned(), vec![line.into()]),
        14 => (
            // A copy of a line, as if it had happened twice.
            "insert into ledger (id, purse, number, kind, amount, hold, source, reason, note,
                                 note_sha256, at, hash)
             select $2, purse, number + $3, kind, amount, hold, source || '+', reason, note,
                    note_sha256, at, hash from ledger where id = $1"
                .to_owned(),
            vec![line.into(), fresh.into(), by.into()],
        ),
        _ => (
            // What stands in one line stands in another too, where that is another thing.
            "update ledger set amount = o.amount, at = o.at, reason = o.reason, kind = o.kind,
                    hold = o.hold
             from ledger o where ledger.id = $1 and o.id = $2
               and (o.amount <> ledger.amount or o.at <> ledger.at or o.kind <> ledger.kind
                    or coalesce(o.reason, '') <> coalesce(ledger.reason, '')
                    or coalesce(o.hold, 0) <> coalesce(ledger.hold, 0))"
                .to_owned(),
            vec![line.into(), other.into()],
        ),
    };
    // Where a condition of its own was written, the one of the line is in it.
    let text = text.replacen(" and id = $1 where id = $1", " and id = $1", 1);
    Alteration { text, values }
}

#[tokio::test]
async fn a_single_altered_missing_or_added_line_is_always_found() {
    let tries = env::var("PICDESK_ALTERATIONS").ok().and_then(|it| it.parse().ok());
    let tries: usize = tries.unwrap_or(TRIES);
    for house in houses().await {
        house.town().await;
        let lines = house.lines().await;
        let mut chance = StdRng::seed_from_u64(27);
        let mut found = 0;
        for _ in 0..tries {
            let alteration = altered(&mut chance, &lines);
            match house.try_one(alteration.clone()).await {
                Outcome::Found => found += 1,
                Outcome::NotFound => panic!("not found: {alteration:?}"),
                Outcome::Refused | Outcome::Nothing => {}
            }
        }
        // Most are such that only the check can find them.
        assert!(found * 2 > tries, "only {found} of {tries} came as far as the check");
        assert!(house.verify().await.is_empty(), "all of it was taken back");
    }
}
