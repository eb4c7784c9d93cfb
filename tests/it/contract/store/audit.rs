//! The daily look at the ledger: what it finds, and whose spending it stops.

use std::{collections::BTreeSet, sync::Arc};

use picdesk::store::{
    Value,
    audit::{self, Broken, Progress, Stopped},
    facts,
};
use picdesk_core::{credits::VoidReason, effect::Effect, id::AccountId};

use super::{Customer, House, houses, payments::rules};

const ALTER: &str = "update ledger set amount = amount + 1 where purse = $1 and number = 1";
const PUT_RIGHT: &str = "update ledger set amount = amount - 1 where purse = $1 and number = 1";

impl House {
    /// Everything that is found in slices of so many rows.
    async fn looked(&self, rows: i64) -> Vec<Broken> {
        let (mut found, mut at) = (Vec::new(), Some(Progress::default()));
        while let Some(from) = at {
            let mut snapshot = self.store.snapshot().await.unwrap();
            let (broken, next) = audit::look(&mut snapshot, from, rows).await.unwrap();
            found.extend(broken);
            at = next;
        }
        found
    }

    /// Looks at everything, as the auditor does; whose spending is stopped by that.
    async fn audited(&self) -> Vec<Stopped> {
        let broken = Arc::new(self.looked(2).await);
        let stopped = self.write(Arc::clone(&broken), |tx, broken| {
            Box::pin(async move { audit::stop(tx, &broken, &|_| None, 1).await })
        });
        let (stopped, _) = stopped.await.unwrap();
        let wrong: BTreeSet<i64> = broken.iter().filter_map(|one| one.purse).collect();
        self.write(Arc::new(wrong), |tx, wrong| {
            Box::pin(async move { audit::end(tx, &wrong, 1).await })
        })
        .await
        .unwrap();
        stopped
    }

    /// Whether a turn is told that somebody may spend nothing: as an account, and as a person.
    async fn is_stopped(&self, who: &Customer) -> bool {
        let (account, customer) = self
            .write(who.clone(), |tx, who| {
                Box::pin(async move {
                    let seen = (who.identity.clone(), who.conversation.clone());
                    let people = facts::customers(tx, &[seen], &rules(), 1).await?;
                    let accounts = facts::accounts(tx, [who.account.0], &rules()).await?;
                    let person = people.into_values().next().unwrap().account;
                    Ok((accounts[&person.id.0].stopped, person.stopped))
                })
            })
            .await
            .unwrap();
        assert_eq!(account, customer);
        account
    }
}

fn named(mut found: Vec<Broken>) -> Vec<(&'static str, String, Option<i64>)> {
    found.sort_by(|a, b| (a.invariant, &a.row).cmp(&(b.invariant, &b.row)));
    found.into_iter().map(|one| (one.invariant, one.row, one.purse)).collect()
}

#[tokio::test]
async fn slices_of_any_size_find_what_a_whole_look_finds() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 20).await, house.customer("2", 20).await);
        let mut asked = Vec::new();
        for tag in 1..=4 {
            let one = house.ask(&ada, 2, tag).await;
            house.make(&ada, one, i64::MAX).await;
            asked.push(house.ask(&bob, 1, tag).await);
        }
        for rows in [1, 2, 3, 1000] {
            assert_eq!(house.looked(rows).await, []);
        }
        house.unguard().await;
        house.run(ALTER, &[ada.purse.0.into()]).await;
        let of_nobody = "update ledger set purse = 7 where purse = $1 and number = 2";
        house.run(of_nobody, &[ada.purse.0.into()]).await;
        for (text, row) in [
            ("delete from artifacts where account = $1", ada.account.0),
            ("update purses set granted = granted + 1 where id = $1", bob.purse.0),
            ("update holds set amount = amount + 1 where id = $1", asked[0].hold.0),
            ("update generations set state = 'failed' where id = $1", asked[1].generation.0),
            ("update holds set state = 'voided' where id = $1", asked[2].hold.0),
        ] {
            assert!(house.run(text, &[Value::from(row)]).await > 0, "{text}");
        }
        let whole = named(house.verify().await);
        assert!(whole.len() > 10, "{whole:?}");
        for rows in [1, 2, 3, 1000] {
            assert_eq!(named(house.looked(rows).await), whole, "{rows}");
        }
    }
}

#[tokio::test]
async fn spending_stops_where_the_books_are_wrong_and_goes_on_when_they_are_right() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 20).await, house.customer("2", 20).await);
        house.ask(&ada, 2, 1).await;
        assert_eq!(house.audited().await, []);
        house.unguard().await;
        house.run(ALTER, &[ada.purse.0.into()]).await;
        let why = vec!["a line is as it was written", "a purse is the sum of its lines"];
        assert_eq!(house.audited().await, [Stopped { account: ada.account, why }]);
        assert!(house.is_stopped(&ada).await && !house.is_stopped(&bob).await);
        let status = house.status().await;
        assert_eq!((status.accounts, status.accounts_stopped), (2, 1));
        // It is said once, and stays so as long as it is.
        assert_eq!(house.audited().await, []);
        assert!(house.is_stopped(&ada).await);
        house.run(PUT_RIGHT, &[ada.purse.0.into()]).await;
        assert_eq!(house.audited().await, []);
        assert!(!house.is_stopped(&ada).await);
        assert_eq!(house.status().await.accounts_stopped, 0);
        let last = audit::last_end(&mut house.store.snapshot().await.unwrap()).await.unwrap();
        assert_eq!(last, Some((1, 0)));
    }
}

#[tokio::test]
async fn what_may_not_be_spent_may_not_be_after_a_link_either_nor_what_is_wrong_since() {
    for house in houses().await {
        let [ada, bob, cyd] = [
            house.customer("1", 20).await,
            house.customer("2", 20).await,
            house.customer("3", 0).await,
        ];
        house.unguard().await;
        house.run(ALTER, &[ada.purse.0.into()]).await;
        house.audited().await;
        house.merge(&ada, &bob).await;
        assert!(house.is_stopped(&bob).await && !house.is_stopped(&cyd).await);
        house.run(PUT_RIGHT, &[ada.purse.0.into()]).await;
        house.audited().await;
        assert!(!house.is_stopped(&bob).await);
        // The books of the account that ended are those of the one that has it now.
        house.run(ALTER, &[ada.purse.0.into()]).await;
        let stopped: Vec<AccountId> = house.audited().await.iter().map(|it| it.account).collect();
        assert_eq!(stopped, [bob.account]);
        assert!(house.is_stopped(&bob).await && !house.is_stopped(&cyd).await);
    }
}

/// Somebody to whom everything happens, again and again.
async fn lives(house: &House, name: usize) {
    let ada = house.customer(&format!("{name}-a"), 100).await;
    for round in 0..12 {
        let bob = house.customer(&format!("{name}-b-{round}"), 9).await;
        let (made, given_back) = (house.ask(&ada, 2, 1).await, house.ask(&ada, 1, 2).await);
        house.make(&ada, made, i64::MAX).await;
        let cancelled = Effect::CancelGeneration { generation: given_back.generation };
        let void = Effect::VoidHold { hold: given_back.hold, reason: VoidReason::Cancelled };
        house.follow(vec![cancelled, void]).await.unwrap();
        let left = house.ask(&bob, 3, 3).await;
        house.merge(&bob, &ada).await;
        house.make(&ada, left, i64::MAX).await;
        let source = format!("by_hand:{name}:{round}");
        house.order(vec![house.grant(&ada, 5, &source)]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_found_while_everything_is_under_way() {
    for house in houses().await {
        let house = Arc::new(house);
        let busy: Vec<_> = (0..4)
            .map(|name| {
                let house = Arc::clone(&house);
                tokio::spawn(async move { lives(&house, name).await })
            })
            .collect();
        let mut looks = 0;
        while looks < 3 || !busy.iter().all(tokio::task::JoinHandle::is_finished) {
            for rows in [2, 7, 1000] {
                assert_eq!(house.looked(rows).await, []);
            }
            looks += 1;
        }
        for one in busy {
            one.await.unwrap();
        }
        assert_eq!(house.looked(3).await, []);
        assert!(house.int("select count(*) from ledger", &[]).await > 400);
    }
}
