//! `ledger verify`: whatever is altered behind the store's back is named.

use super::{Asked, Customer, House, START, houses};

impl House {
    /// Somebody with one picture delivered, one given back and one in line.
    async fn story(&self) -> (Customer, [Asked; 3]) {
        let ada = self.customer("1", 20).await;
        let made = self.ask(&ada, 4, 1).await;
        self.make(&ada, made, START + 1000).await;
        let given_back = self.ask(&ada, 2, 2).await;
        self.follow(vec![
            picdesk_core::effect::Effect::CancelGeneration { generation: given_back.generation },
            picdesk_core::effect::Effect::VoidHold {
                hold: given_back.hold,
                reason: picdesk_core::credits::VoidReason::Cancelled,
            },
        ])
        .await
        .unwrap();
        let waiting = self.ask(&ada, 1, 3).await;
        assert!(self.verify().await.is_empty());
        (ada, [made, given_back, waiting])
    }

    /// Takes away what keeps lines from being altered, as somebody with a hand in the database can.
    pub(super) async fn unguard(&self) {
        let of_table = if self.database.url.starts_with("sqlite") { "" } else { " on ledger" };
        for name in ["altered", "deleted"] {
            let text = format!("drop trigger if exists ledger_is_not_{name}{of_table}");
            self.run(text.leak(), &[]).await;
        }
    }

    /// Alters rows by hand; what is found broken then.
    async fn altered(&self, text: &'static str, row: i64) -> Vec<&'static str> {
        self.unguard().await;
        let touched = self.run(text, &[row.into()]).await;
        assert!(touched > 0, "nothing was altered by {text}");
        let mut found: Vec<_> = self.verify().await.iter().map(|one| one.invariant).collect();
        found.dedup();
        found
    }
}

#[tokio::test]
async fn lines_are_added_and_never_altered_or_deleted() {
    for house in houses().await {
        let (ada, _) = house.story().await;
        for text in [
            "update ledger set amount = amount + 1 where purse = $1",
            "update ledger set hash = '' where purse = $1",
            "delete from ledger where purse = $1",
        ] {
            let with = (text, ada.purse.0);
            let altered = house.write(with, |tx, (text, purse)| {
                Box::pin(async move { tx.run(text, &[purse.into()]).await })
            });
            assert!(altered.await.is_err(), "{text}");
        }
        // The owner's words may be erased.
        house.run("update ledger set note = null where purse = $1", &[ada.purse.0.into()]).await;
        assert!(house.verify().await.is_empty());
    }
}

#[tokio::test]
async fn an_empty_house_and_an_honest_one_are_clean() {
    for house in houses().await {
        assert!(house.verify().await.is_empty());
        house.story().await;
        assert!(house.verify().await.is_empty());
    }
}

#[tokio::test]
async fn an_altered_amount_is_found() {
    for house in houses().await {
        let (ada, _) = house.story().await;
        let text = "update ledger set amount = amount + 1 where purse = $1 and number = 1";
        let found = house.altered(text, ada.purse.0).await;
        assert_eq!(found, ["a line is as it was written", "a purse is the sum of its lines"]);
    }
}

#[tokio::test]
async fn altered_words_of_a_line_are_found() {
    for house in houses().await {
        let (ada, _) = house.story().await;
        for text in [
            "update ledger set reason = 'gift' where purse = $1 and number = 1",
            "update ledger set at = at + 1 where purse = $1 and number = 2",
            "update ledger set source = 'elsewhere' where purse = $1 and number = 3",
            "update ledger set id = id + 7777 where purse = $1 and number = 4",
        ] {
            let found = house.altered(text, ada.purse.0).await;
            assert_eq!(found, ["a line is as it was written"], "{text}");
        }
        let broken = house.verify().await;
        assert_eq!(broken.len(), 4);
        assert_eq!(broken[2].row, format!("{}/3", ada.purse));
    }
}

#[tokio::test]
async fn a_missing_line_is_found() {
    for house in houses().await {
        let (ada, _) = house.story().await;
        let text = "delete from ledger where purse = $1 and number = 2";
        let found = house.altered(text, ada.purse.0).await;
        assert!(found.contains(&"lines are numbered without a gap"), "{found:?}");
        assert!(found.contains(&"a purse is the sum of its lines"), "{found:?}");
        assert!(found.contains(&"every hold has its lines, and they agree"), "{found:?}");
    }
}

#[tokio::test]
async fn a_missing_last_line_is_found() {
    for house in houses().await {
        let (ada, _) = house.story().await;
        let text = "delete from ledger where purse = $1 and number = (
                      select max(number) from ledger where purse = $1)";
        let found = house.altered(text, ada.purse.0).await;
        assert!(found.contains(&"a purse is the sum of its lines"), "{found:?}");
    }
}

#[tokio::test]
async fn an_added_line_is_found() {
    for house in houses().await {
        let (ada, _) = house.story().await;
        let text = "
            insert into ledger (id, purse, number, kind, amount, hold, source, reason, note_sha256,
                                at, hash)
            select 1, purse, number + 1, 'grant', 100, null, 'gift', 'by_hand', '', at, hash
            from ledger where purse = $1 order by number desc limit 1";
        let found = house.altered(text, ada.purse.0).await;
        assert_eq!(found, ["a line is as it was written", "a purse is the sum of its lines"]);
    }
}

#[tokio::test]
async fn lines_of_nobody_are_found() {
    for house in houses().await {
        let (ada, _) = house.story().await;
        for (text, row) in [
            ("update ledger set purse = 1 where purse = $1 and number = 1", ada.purse.0),
            ("update ledger set purse = 9000000000000000 where purse = $1 and number = 3", 0),
        ] {
            let row = if row == 0 { ada.purse.0 } else { row };
            let found = house.altered(text, row).await;
            assert!(found.contains(&"every line has its purse"), "{found:?}");
        }
        let lost = house.verify().await;
        let lost = lost.iter().filter(|one| one.invariant == "every line has its purse");
        assert_eq!(lost.count(), 2);
    }
}

#[tokio::test]
async fn a_changed_column_of_a_purse_is_found() {
    for house in houses().await {
        let (ada, _) = house.story().await;
        for text in [
            "update purses set granted = granted + 1 where id = $1",
            "update purses set granted = granted - 1, posted = posted + 1 where id = $1",
            "update purses set posted = posted - 1, pending = pending + 1 where id = $1",
            "update purses set pending = pending - 1, reclaimed = 1 where id = $1",
            "update purses set reclaimed = 0, expired = 1 where id = $1",
            "update purses set expired = 0, refunded = 1 where id = $1",
        ] {
            let found = house.altered(text, ada.purse.0).await;
            assert_eq!(found, ["a purse is the sum of its lines"], "{text}");
        }
    }
}

#[tokio::test]
async fn a_purse_that_names_another_last_line_is_found() {
    for house in houses().await {
        let (ada, _) = house.story().await;
        let found = house.altered("update purses set head = '' where id = $1", ada.purse.0).await;
        assert_eq!(found, ["a purse names its last line"]);
    }
}

#[tokio::test]
async fn a_hold_that_says_other_than_its_lines_is_found() {
    for house in houses().await {
        let (_, [made, given_back, waiting]) = house.story().await;
        for (text, asked) in [
            ("update holds set amount = amount - 1 where id = $1", made),
            ("update holds set state = 'posted' where id = $1", given_back),
            ("update holds set purse = purse + 1 where id = $1", waiting),
        ] {
            let found = house.altered(text, asked.hold.0).await;
            assert!(found.contains(&"every hold has its lines, and they agree"), "{found:?}");
        }
        let broken = house.verify().await;
        let holds = broken.iter().filter(|one| one.invariant.starts_with("every hold has"));
        assert_eq!(holds.count(), 3);
    }
}

#[tokio::test]
async fn a_hold_that_is_gone_is_found() {
    for house in houses().await {
        let (_, [made, ..]) = house.story().await;
        let found = house.altered("delete from holds where id = $1", made.hold.0).await;
        assert_eq!(found, ["every line of a hold has its hold"]);
    }
}

#[tokio::test]
async fn credits_spent_for_no_picture_are_found() {
    for house in houses().await {
        let (_, [made, ..]) = house.story().await;
        let text = "delete from artifacts where generation = $1";
        let found = house.altered(text, made.generation.0).await;
        assert_eq!(found, ["every posted hold has its picture"]);
    }
}

#[tokio::test]
async fn a_picture_under_way_that_nobody_pays_for_is_found() {
    for house in houses().await {
        let (_, [made, ..]) = house.story().await;
        let text = "update generations set state = 'submitted' where id = $1";
        let found = house.altered(text, made.generation.0).await;
        assert_eq!(found, ["every picture under way has its credits set aside"]);
    }
}

#[tokio::test]
async fn credits_set_aside_for_nothing_are_found() {
    for house in houses().await {
        let (_, [.., waiting]) = house.story().await;
        let text = "update generations set state = 'failed' where id = $1";
        let found = house.altered(text, waiting.generation.0).await;
        assert_eq!(found, ["every pending hold has a picture under way"]);
    }
}
