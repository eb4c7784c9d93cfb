//! Linking: accounts become one and part again, and no credit is lost or made by it.

use picdesk::store::{
    StoreError,
    ledger::{Act, Move, MoveKind},
};
use picdesk_core::{
    credits::{Credits, Owner},
    effect::{Effect, LinkEffect, Merge, Part},
    id::{CodeId, EntryId, LinkId},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::{Customer, House, houses};

fn owner(of: &Customer) -> Owner {
    Owner { account: of.account, purse: of.purse }
}

impl House {
    pub(super) fn merging(&self, from: &Customer, into: &Customer) -> (LinkId, Effect) {
        let cause = picdesk_core::id::Cause(self.seq());
        let link = LinkId(cause.consequence(0));
        let merge = Merge {
            link,
            by: from.identity.clone(),
            from: owner(from),
            into: owner(into),
            leaves: EntryId(cause.consequence(1)),
            arrives: EntryId(cause.consequence(2)),
            plan: None,
            last_tag: 9,
            newcomers: from.account,
            may_spend: [Credits(20), Credits(30)],
        };
        (link, Effect::Link(LinkEffect::Merge(merge)))
    }

    pub(super) async fn merge(&self, from: &Customer, into: &Customer) -> LinkId {
        let (link, effect) = self.merging(from, into);
        self.follow(vec![effect]).await.unwrap();
        link
    }

    pub(super) async fn parts(&self, link: LinkId, from: &Customer, back: &Customer, at_most: i64) {
        self.parts_owing(link, (from, back), (at_most, 0)).await;
    }

    /// The same where whoever stays owes to us.
    pub(super) async fn parts_owing(
        &self,
        link: LinkId,
        (from, back): (&Customer, &Customer),
        (at_most, owing): (i64, i64),
    ) {
        let cause = picdesk_core::id::Cause(self.seq());
        let part = Part {
            link,
            from: owner(from),
            back: owner(back),
            leaves: EntryId(cause.consequence(1)),
            arrives: EntryId(cause.consequence(2)),
            at_most,
            owing,
            keeps_set_aside: true,
            gone: None,
        };
        self.follow(vec![Effect::Link(LinkEffect::Part(part))]).await.unwrap();
    }

    pub(super) async fn available(&self, of: &Customer) -> i64 {
        self.purse(of).await.available().0
    }

    async fn account_of(&self, who: &Customer) -> i64 {
        let text = "select account from identities where id = $1";
        self.int(text, &[who.identity.as_str().into()]).await
    }

    async fn of_account(&self, text: &'static str, who: &Customer) -> i64 {
        self.int(text, &[who.account.0.into()]).await
    }
}

const REQUESTS: &str = "select count(*) from requests where account = $1";
const PICTURES: &str = "select count(*) from artifacts where account = $1";
const IN_LINE: &str = "select count(*) from generations where account = $1";

#[tokio::test]
async fn credits_history_and_line_go_along_and_come_back() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 10).await, house.customer("2", 5).await);
        let made = house.ask(&ada, 2, 1).await;
        house.make(&ada, made, 2_000_000_000_000).await;
        let waiting = house.ask(&ada, 3, 2).await;
        let link = house.merge(&ada, &bob).await;
        assert_eq!(house.account_of(&ada).await, bob.account.0);
        assert_eq!(house.available(&ada).await, 0);
        assert_eq!(house.available(&bob).await, 10, "5 of Bob's, 5 that Ada could spend");
        for (text, count) in [(REQUESTS, 2), (PICTURES, 1), (IN_LINE, 2)] {
            assert_eq!(house.of_account(text, &bob).await, count, "{text}");
            assert_eq!(house.of_account(text, &ada).await, 0, "{text}");
        }
        assert_eq!(house.status().await.accounts, 1);
        assert!(house.verify().await.is_empty(), "{:?}", house.verify().await);
        // Her hold ends where it was, and what comes back goes on.
        house.order(vec![Act::Void { hold: waiting.hold.0, reason: "cancelled" }]).await.unwrap();
        assert_eq!((house.available(&ada).await, house.available(&bob).await), (0, 13));
        house.parts(link, &bob, &ada, 5).await;
        assert_eq!(house.account_of(&ada).await, ada.account.0);
        assert_eq!((house.available(&ada).await, house.available(&bob).await), (5, 8));
        for (text, count) in [(REQUESTS, 2), (PICTURES, 1), (IN_LINE, 2)] {
            assert_eq!(house.of_account(text, &ada).await, count, "{text}");
        }
        assert_eq!(house.status().await.accounts, 2);
    }
}

#[tokio::test]
async fn what_comes_back_goes_on_to_the_last_of_a_chain() {
    for house in houses().await {
        let [ada, bob, cyd] = [
            house.customer("1", 10).await,
            house.customer("2", 0).await,
            house.customer("3", 0).await,
        ];
        house.order(vec![hold(7, &ada, 4)]).await.unwrap();
        house.merge(&ada, &bob).await;
        house.merge(&bob, &cyd).await;
        assert_eq!(house.account_of(&ada).await, cyd.account.0);
        house.order(vec![Act::Void { hold: 7, reason: "failed" }]).await.unwrap();
        let all = [&ada, &bob, &cyd];
        let mut left = Vec::new();
        for who in all {
            left.push(house.available(who).await);
        }
        assert_eq!(left, [0, 0, 10]);
        house.order(vec![house.grant(&ada, 6, "order:1")]).await.unwrap();
        assert_eq!(house.available(&cyd).await, 16, "a late grant to a purse that ended");
    }
}

#[tokio::test]
async fn a_debt_goes_along() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 4).await, house.customer("2", 10).await);
        let text = "update purses set reclaimed = 7 where id = $1";
        house.run(text, &[ada.purse.0.into()]).await;
        let link = house.merge(&ada, &bob).await;
        assert_eq!((house.available(&ada).await, house.available(&bob).await), (0, 7));
        house.parts(link, &bob, &ada, -3).await;
        assert_eq!((house.available(&ada).await, house.available(&bob).await), (-3, 10));
        let text = "update purses set reclaimed = 0 where id = $1";
        house.run(text, &[bob.purse.0.into()]).await;
        let link = house.merge(&ada, &bob).await;
        house.run(text, &[bob.purse.0.into()]).await;
        house.parts(link, &bob, &ada, -3).await;
        let left = (house.available(&ada).await, house.available(&bob).await);
        assert_eq!(left, (0, 10), "what was paid meanwhile is owed no more");
    }
}

#[tokio::test]
async fn an_account_ends_once() {
    for house in houses().await {
        let [ada, bob, cyd] = [
            house.customer("1", 3).await,
            house.customer("2", 3).await,
            house.customer("3", 3).await,
        ];
        house.merge(&ada, &bob).await;
        for (from, into) in [(&ada, &cyd), (&bob, &ada), (&cyd, &ada)] {
            let (_, again) = house.merging(from, into);
            let outcome = house.follow(vec![again]).await;
            assert!(matches!(outcome, Err(StoreError::Lost(_))), "{outcome:?}");
        }
        assert_eq!(house.available(&bob).await, 6);
        assert_eq!(house.available(&cyd).await, 3);
    }
}

#[tokio::test]
async fn nothing_new_hangs_on_an_account_that_ended() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 3).await, house.customer("2", 3).await);
        let (_, effects) = house.asking(&ada, 0, 1);
        house.merge(&ada, &bob).await;
        assert!(matches!(house.follow(effects).await, Err(StoreError::Lost(_))));
        assert_eq!(house.of_account(REQUESTS, &ada).await, 0);
    }
}

#[tokio::test]
async fn two_merges_at_once_lose_no_credit() {
    for house in houses().await {
        for round in 0..20 {
            let ada = house.customer(&format!("a{round}"), 5).await;
            let bob = house.customer(&format!("b{round}"), 7).await;
            let (_, there) = house.merging(&ada, &bob);
            let (_, back) = house.merging(&bob, &ada);
            let (one, other) = tokio::join!(house.follow(vec![there]), house.follow(vec![back]));
            assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
            let left = (house.available(&ada).await, house.available(&bob).await);
            assert_eq!(left, if one.is_ok() { (0, 12) } else { (12, 0) });
            assert_eq!(house.account_of(&ada).await, house.account_of(&bob).await);
        }
        assert!(house.verify().await.is_empty());
    }
}

#[tokio::test]
async fn a_spend_during_a_merge_loses_no_credit() {
    for house in houses().await {
        for round in 0..20 {
            let ada = house.customer(&format!("a{round}"), 5).await;
            let bob = house.customer(&format!("b{round}"), 7).await;
            let (_, merge) = house.merging(&ada, &bob);
            let (asked, spend) = house.asking(&ada, 4, round);
            let (merged, spent) = tokio::join!(house.follow(vec![merge]), house.follow(spend));
            merged.unwrap();
            let pending = if spent.is_ok() { 4 } else { 0 };
            assert_eq!(house.available(&ada).await, 0);
            assert_eq!(house.available(&bob).await, 12 - pending, "{spent:?}");
            assert_eq!(house.of_account(IN_LINE, &bob).await, i64::from(spent.is_ok()));
            if spent.is_ok() {
                let void = Act::Void { hold: asked.hold.0, reason: "cancelled" };
                house.order(vec![void]).await.unwrap();
            }
            assert_eq!(house.available(&bob).await, 12);
        }
    }
}

#[tokio::test]
async fn a_code_is_claimed_and_spent_once() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 0).await, house.customer("2", 0).await);
        let id = CodeId(house.seq());
        let make = LinkEffect::MakeCode {
            id,
            hash: "h".into(),
            account: ada.account,
            by: ada.identity.clone(),
            here: ada.conversation.clone(),
            expires_at: 9,
        };
        house.follow(vec![Effect::Link(make)]).await.unwrap();
        let claim = |by: &Customer| {
            let (by, here) = (by.identity.clone(), by.conversation.clone());
            Effect::Link(LinkEffect::ClaimCode { id, by, here, expires_at: 9 })
        };
        let tries = (0..8).map(|_| house.follow(vec![claim(&bob)]));
        let tries = futures_util::future::join_all(tries).await;
        assert_eq!(tries.iter().filter(|one| one.is_ok()).count(), 1);
        let spend = || vec![Effect::Link(LinkEffect::SpendCode { id })];
        house.follow(spend()).await.unwrap();
        assert!(house.follow(spend()).await.is_err());
    }
}

#[tokio::test]
async fn an_identity_is_separated_at_once_and_starts_with_nothing() {
    for house in houses().await {
        let (ada, bob) = (house.customer("1", 5).await, house.customer("2", 7).await);
        house.merge(&ada, &bob).await;
        let cause = picdesk_core::id::Cause(house.seq());
        let (account, purse) = (cause.consequence(0), cause.consequence(1));
        let separate = || {
            vec![Effect::Link(LinkEffect::Separate {
                identity: ada.identity.clone(),
                from: bob.account,
                account: picdesk_core::id::AccountId(account),
                purse: picdesk_core::id::PurseId(purse),
            })]
        };
        house.follow(separate()).await.unwrap();
        assert_eq!(house.account_of(&ada).await, account);
        assert_eq!(house.available(&bob).await, 12, "the credits stay with the account");
        let granted = "select granted + moved from purses where id = $1";
        assert_eq!(house.int(granted, &[purse.into()]).await, 0);
    }
}

fn hold(number: i64, of: &Customer, amount: i64) -> Act {
    Act::Hold { hold: number, purse: of.purse.0, generation: number, amount }
}

/// Purses of one life.
const PURSES: usize = 3;
/// Lives lived side by side, and steps of each.
const LIVES: usize = 10_000;
const STEPS: usize = 10;

/// What a life comes to, reckoned in the plainest way.
struct Life {
    purses: [i64; PURSES],
    left: [i64; PURSES],
    /// Which purse each was merged into, and how much came along.
    into: [Option<(usize, i64)>; PURSES],
    /// Pending holds: number, purse, amount.
    pending: Vec<(i64, usize, i64)>,
}

impl Life {
    fn root(&self, purse: usize) -> usize {
        self.into[purse].map_or(purse, |(next, _)| self.root(next))
    }

    /// One step, and what is written in `successors` for it.
    fn step(
        &mut self,
        dice: &mut StdRng,
        id: i64,
        successors: &mut Vec<(i64, Option<i64>)>,
    ) -> Option<Act> {
        let which = dice.random_range(0..PURSES);
        let root = self.root(which);
        match dice.random_range(0..6) {
            0 => {
                let amount = dice.random_range(1..20);
                self.left[root] += amount;
                let (purse, source) = (self.purses[which], format!("gift:{id}"));
                Some(Act::Grant { entry: id, purse, amount, source, reason: "by_hand", note: None })
            }
            1 if self.left[root] > 0 => {
                let amount = dice.random_range(1..=self.left[root]);
                self.left[root] -= amount;
                self.pending.push((id, root, amount));
                Some(Act::Hold { hold: id, purse: self.purses[root], generation: id, amount })
            }
            2 => self.pending.pop().map(|(hold, ..)| Act::Post { hold }),
            3 => self.pending.pop().map(|(hold, purse, amount)| {
                let to = self.root(purse);
                self.left[to] += amount;
                Act::Void { hold, reason: "cancelled" }
            }),
            4 => {
                let to = self.root(dice.random_range(0..PURSES));
                if to == root {
                    return None;
                }
                let amount = std::mem::take(&mut self.left[root]);
                self.left[to] += amount;
                self.into[root] = Some((to, amount));
                successors.push((self.purses[root], Some(self.purses[to])));
                Some(self.moved(id, root, to, MoveKind::Merged))
            }
            _ => {
                let (_, carried) = self.into[which]?;
                let amount = carried.min(self.left[root]);
                self.left[root] -= amount;
                self.left[which] += amount;
                self.into[which] = None;
                successors.push((self.purses[which], None));
                Some(self.moved(id, root, which, MoveKind::Parted { at_most: carried, owing: 0 }))
            }
        }
    }

    fn moved(&self, id: i64, from: usize, to: usize, kind: MoveKind) -> Act {
        let (from, to) = (self.purses[from], self.purses[to]);
        Act::Move(Move { out: id, into: id + 1, from, to, kind })
    }
}

#[tokio::test]
async fn ten_thousand_lives_end_as_they_are_reckoned() {
    for house in houses().await {
        let mut dice = StdRng::seed_from_u64(7);
        let ids = |life: usize| [0, 1, 2].map(|purse| (life * 4 + purse + 1) as i64);
        let mut lives: Vec<Life> = (0..LIVES)
            .map(|life| Life {
                purses: ids(life),
                left: [0; PURSES],
                into: [None; PURSES],
                pending: Vec::new(),
            })
            .collect();
        house.open_purses(lives.iter().flat_map(|life| life.purses).collect()).await;
        let mut id = 1_000_000;
        for _ in 0..STEPS {
            let mut successors = Vec::new();
            let mut acts = Vec::new();
            for life in &mut lives {
                id += 2;
                acts.extend(life.step(&mut dice, id, &mut successors));
            }
            house.order(acts).await.unwrap();
            house.name_successors(successors).await;
        }
        let found = house.all_available().await;
        for life in &lives {
            for (purse, left) in life.purses.iter().zip(life.left) {
                assert_eq!(found[purse], left, "purse {purse}");
            }
        }
        let broken = house.verify().await;
        let others =
            ["every posted hold has its picture", "every pending hold has a picture under way"];
        let broken: Vec<_> = broken.iter().filter(|one| !others.contains(&one.invariant)).collect();
        assert!(broken.is_empty(), "{broken:?}");
    }
}

impl House {
    async fn open_purses(&self, ids: Vec<i64>) {
        self.write(ids, |tx, ids| {
            Box::pin(async move {
                let text = "insert into purses (id, granted, posted, pending, refunded, expired,
                                                reclaimed, entries, head) values {rows}";
                let rows: Vec<_> = ids
                    .into_iter()
                    .map(|id| {
                        let zeros = (0..7).map(|_| 0_i64.into());
                        [id.into()].into_iter().chain(zeros).chain(["".into()]).collect()
                    })
                    .collect();
                tx.run_for(text, &rows).await
            })
        })
        .await
        .unwrap();
    }

    async fn name_successors(&self, named: Vec<(i64, Option<i64>)>) {
        self.write(named, |tx, named| {
            Box::pin(async move {
                for (purse, successor) in named {
                    let text = "update purses set successor = $2 where id = $1";
                    tx.run(text, &[purse.into(), successor.into()]).await?;
                }
                Ok(())
            })
        })
        .await
        .unwrap();
    }

    async fn all_available(&self) -> std::collections::HashMap<i64, i64> {
        let text = "select id, granted + moved - posted - pending - refunded - expired - reclaimed
                    from purses";
        let mut connection = self.store.read().await.unwrap();
        let rows = connection.rows(text, &[]).await.unwrap();
        rows.iter().map(|row| (row.int(0).unwrap(), row.int(1).unwrap())).collect()
    }
}
