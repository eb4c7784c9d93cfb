//! The house looks at its own ledger: whose books are wrong spends nothing until they are right.

use std::time::Duration;

use picdesk::store::Value;
use picdesk_sandbox::telegram::{ALICE, OPERATORS, XIAOMING};

use super::{bot_says, picture_of, plans::says_after};
use crate::{
    database::databases,
    house::{Given, House},
};

/// Somebody with a hand in the database alters what is only ever added to.
async fn behind_its_back(house: &House, text: &'static str) {
    let sqlite = house.store_url().starts_with("sqlite");
    let drop = if sqlite {
        "drop trigger if exists ledger_is_not_altered"
    } else {
        "drop trigger if exists ledger_is_not_altered on ledger"
    };
    let store = house.look().await;
    let values = [Value::from(format!("telegram:{ALICE}"))];
    let done = store.writer().run(move |tx| {
        let values = values.clone();
        Box::pin(async move {
            tx.run(drop, &[]).await?;
            tx.run(text, &values).await
        })
    });
    assert_eq!(done.await.unwrap(), 1, "{text}");
}

const ALTER: &str = "
    update ledger set amount = amount + 1000
    where number = 1 and purse = (
      select a.purse from accounts a join identities i on i.account = a.id where i.id = $1)";
const PUT_RIGHT: &str = "
    update ledger set amount = amount - 1000
    where number = 1 and purse = (
      select a.purse from accounts a join identities i on i.account = a.id where i.id = $1)";

async fn account_of_alice(house: &House) -> i64 {
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let text = "select account from identities where id = $1";
    let who = [Value::from(format!("telegram:{ALICE}"))];
    connection.rows(text, &who).await.unwrap()[0].int(0).unwrap()
}

#[tokio::test]
async fn whose_books_are_wrong_spends_nothing_until_they_are_right_and_nobody_else_is_kept() {
    for database in databases().await {
        let server = format!("[alarms]\ntelegram_chat_id = {OPERATORS}\n").leak();
        let house = House::build_on(database, Given { server, ..Given::default() }).await;
        let desk = house.open().await;
        house.telegram.say(ALICE, "a fox in the snow").unwrap();
        picture_of(&house, ALICE, "a fox in the snow").await;
        house.telegram.say(XIAOMING, "一座灯塔").unwrap();
        picture_of(&house, XIAOMING, "一座灯塔").await;
        house.until_quiet().await;
        desk.kill().await;
        behind_its_back(&house, ALTER).await;
        let mut desk = house.start_ahead(Duration::from_hours(25));
        house.until_ready(&mut desk).await;
        let alarm = bot_says(&house, OPERATORS, "spending is stopped for account").await;
        let account = account_of_alice(&house).await.to_string();
        assert!(alarm.text.contains(&account), "{}", alarm.text);
        assert!(alarm.text.contains("a line is as it was written"), "{}", alarm.text);
        assert_eq!(house.status().await["accounts_stopped"], 1);
        let count = async || {
            let numbers = house.metrics(&desk).await;
            numbers.contains("picdesk_accounts_stopped 1").then_some(())
        };
        house.until("a count of the stopped", count).await;
        // She talks, and earns, and spends nothing.
        house.telegram.say(ALICE, "a castle").unwrap();
        bot_says(&house, ALICE, "does not add up on our side").await;
        house
            .order_well(&["credits", "grant", &format!("telegram:{ALICE}"), "5", "--reason", "x"])
            .await;
        bot_says(&house, ALICE, "5 credits arrived").await;
        // Nobody else hears of it.
        let asked = house.telegram.say(XIAOMING, "一只猫").unwrap();
        picture_of(&house, XIAOMING, "一只猫").await;
        says_after(&house, XIAOMING, asked, "积分").await;
        assert_eq!(house.images.calls().len(), 3);
        desk.kill().await;
        behind_its_back(&house, PUT_RIGHT).await;
        let mut desk = house.start_ahead(Duration::from_hours(26));
        house.until_ready(&mut desk).await;
        house.until_status("all may spend", |status| status["accounts_stopped"] == 0).await;
        house.telegram.say(ALICE, "a castle by the sea").unwrap();
        picture_of(&house, ALICE, "a castle by the sea").await;
        house.until_quiet().await;
        let heard = house.telegram.transcript(OPERATORS);
        assert_eq!(heard.matches("spending is stopped").count(), 1, "{heard}");
        let said = house.telegram.transcript(ALICE);
        assert_eq!(said.matches("does not add up").count(), 1, "{said}");
    }
}
