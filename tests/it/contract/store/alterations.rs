//! `ledger verify` against somebody with a hand in the database: whatever single row is altered,
//! missing or added, it is found. `PICDESK_ALTERATIONS` says how often that is tried.

use std::{
    env,
    sync::{Arc, Mutex},
};

use picdesk::store::{StoreError, Value, audit, ledger::Act};
use picdesk_core::{
    credits::{TakeReason, VoidReason},
    effect::Effect,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::{Customer, House, houses, site};

/// Alterations that are tried where nothing else is said.
const TRIES: usize = 1000;

/// The kinds that a line may have: all but the last two are in every house.
const KINDS: [&str; 13] = [
    "grant", "hold", "post", "void", "refund", "expire", "reclaim", "move_out", "move_in",
    "debt_out", "debt_in", "site_in", "site_out",
];
/// Ways to alter a line.
const WAYS: usize = 16;

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
    /// Somebody with pictures: three delivered and one given back.
    async fn draws(&self, who: &Customer) {
        for tag in 1..=3 {
            let made = self.ask(who, 2, tag).await;
            self.make(who, made, i64::MAX).await;
        }
        let given_back = self.ask(who, 1, 4).await;
        let cancelled = Effect::CancelGeneration { generation: given_back.generation };
        let reason = VoidReason::Cancelled;
        let void = Effect::VoidHold { hold: given_back.hold, reason };
        self.follow(vec![cancelled, void]).await.unwrap();
    }

    /// Credits go from somebody for this reason.
    async fn loses(&self, who: &Customer, amount: i64, reason: TakeReason) {
        let entry = self.seq() << 20;
        let (purse, source) = (who.purse.0, format!("back:{entry}"));
        self.order(vec![Act::Take { entry, purse, amount, source, reason }]).await.unwrap();
    }

    /// People with lines of every kind, but for those of a website's.
    async fn town(&self) {
        for name in ["1", "2"] {
            let who = self.customer(name, 40).await;
            self.draws(&who).await;
            let by_hand = Act::Grant {
                entry: self.seq() << 20,
                purse: who.purse.0,
                amount: 7,
                source: format!("by_hand:{name}"),
                reason: "by_hand",
                note: Some("for patience".to_owned()),
            };
            self.order(vec![by_hand]).await.unwrap();
            self.loses(&who, 3, TakeReason::Refunded).await;
            self.loses(&who, 2, TakeReason::Reclaimed).await;
            self.loses(&who, 4, TakeReason::Lapsed).await;
        }
        // One brings credits along, another one a debt.
        let [ada, bob, cyd] =
            [self.customer("4", 9).await, self.customer("5", 9).await, self.customer("6", 9).await];
        self.loses(&bob, 12, TakeReason::Reclaimed).await;
        self.merge(&ada, &cyd).await;
        self.merge(&bob, &cyd).await;
    }

    /// Lines of the ledger of these kinds, by id.
    async fn lines(&self) -> Vec<i64> {
        let mut connection = self.store.read().await.unwrap();
        let rows = connection.rows("select id from ledger order by id", &[]).await.unwrap();
        rows.iter().map(|row| row.int(0).unwrap()).collect()
    }

    /// A line of a kind, if there is one.
    async fn line_of(&self, kind: &str) -> Option<i64> {
        let mut connection = self.store.read().await.unwrap();
        let text = "select max(id) from ledger where kind = $1";
        connection.rows(text, &[kind.into()]).await.unwrap()[0].maybe_int(0).unwrap()
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

/// One alteration of chance, of any line in any way.
fn any(chance: &mut StdRng, lines: &[i64]) -> Alteration {
    let line = lines[chance.random_range(0..lines.len())];
    let way = chance.random_range(0..WAYS);
    altered(chance, lines, (line, way))
}

/// An alteration of a line in one of the ways.
fn altered(chance: &mut StdRng, lines: &[i64], (line, way): (i64, usize)) -> Alteration {
    let other = lines[chance.random_range(0..lines.len())];
    let by = chance.random_range(1..1_000_000_i64);
    let fresh = chance.random_range(1..i64::MAX);
    let kind = KINDS[chance.random_range(0..KINDS.len())];
    let set = |what: &str| format!("update ledger set {what} where id = $1");
    let (text, values): (String, Vec<Value>) = match way {
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

/// Tries so many alterations; how many were such that only the check can find them.
async fn try_all(house: &House, alterations: Vec<Alteration>) -> usize {
    let mut found = 0;
    for alteration in alterations {
        match house.try_one(alteration.clone()).await {
            Outcome::Found => found += 1,
            Outcome::NotFound => panic!("not found: {alteration:?}"),
            Outcome::Refused | Outcome::Nothing => {}
        }
    }
    assert!(house.verify().await.is_empty(), "all of it was taken back");
    found
}

/// Each way to alter each kind of line, and then so many of chance.
async fn alter(house: &House, kinds: &[&str], tries: usize) {
    assert_eq!(house.verify().await, []);
    house.unguard().await;
    let lines = house.lines().await;
    let mut chance = StdRng::seed_from_u64(27);
    let mut alterations = Vec::new();
    for kind in kinds {
        let line = house.line_of(kind).await.unwrap_or_else(|| panic!("no line of kind {kind}"));
        alterations.extend((0..WAYS).map(|way| altered(&mut chance, &lines, (line, way))));
    }
    alterations.extend((0..tries).map(|_| any(&mut chance, &lines)));
    let all = alterations.len();
    let found = try_all(house, alterations).await;
    assert!(found * 2 > all, "only {found} of {all} came as far as the check");
}

fn tries() -> usize {
    let tries = env::var("PICDESK_ALTERATIONS").ok().and_then(|it| it.parse().ok());
    tries.unwrap_or(TRIES)
}

#[tokio::test]
async fn a_single_altered_missing_or_added_line_is_always_found() {
    for house in houses().await {
        house.town().await;
        alter(&house, &KINDS[..11], tries()).await;
    }
}

#[tokio::test]
async fn what_is_altered_of_credits_that_the_website_keeps_is_found_too() {
    let Some((house, website)) = site::house().await else { return };
    let ada = house.signed_in(&website, 40).await;
    house.draws(&ada).await;
    house.order(vec![house.grant(&ada, 7, "creem:order_1")]).await.unwrap();
    let kinds = ["grant", "hold", "post", "void", "site_in", "site_out"];
    alter(&house, &kinds, tries() / 4).await;
    // What was asked of it is written down too.
    let mut alterations = Vec::new();
    for function in ["hold", "post", "void", "grant"] {
        for what in [
            "update site_operations set operation = operation || 'x'",
            "update site_operations set amount = amount + 1",
            "update site_operations set purse = purse + 1",
            "update site_operations set subject = subject || 'x'",
            "delete from site_operations",
        ] {
            // Whose credits were given there, and whose were spent, is in no other row.
            let is_told = match function {
                "grant" => !what.contains("subject"),
                "post" => !what.contains("purse"),
                _ => true,
            };
            if is_told {
                let text = format!(
                    "{what} where function = $1 and operation = (
                       select max(operation) from site_operations where function = $1)"
                );
                alterations.push(Alteration { text, values: vec![function.into()] });
            }
        }
    }
    let all = alterations.len();
    assert_eq!(try_all(&house, alterations).await, all);
}
