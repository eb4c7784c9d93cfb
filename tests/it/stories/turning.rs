//! Turning what comes in the commit that writes it down, and when that is not done.

use picdesk_sandbox::telegram::{ALICE, OLGA};

use crate::house::{Given, House};

/// The last event of somebody, as it would be read to be turned: empty where it was turned at once.
const LAST: &str = "
    select r.event from inbox i join inbox_raw r on r.seq = i.seq
    where i.conversation = $1 and i.state = 'turned' order by i.seq desc limit 1";

async fn was_turned_at_once(house: &House, chat: i64) -> bool {
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let rows = connection.rows(LAST, &[format!("telegram:{chat}").into()]).await.unwrap();
    rows[0].blob(0).unwrap().len() == 1
}

#[tokio::test]
async fn what_comes_while_nothing_waits_is_turned_where_it_is_written_down() {
    for webhook in [true, false] {
        let house = House::build(Given { webhook, ..Given::default() }).await;
        let _desk = house.open().await;
        // Once somebody is answered, this process turns events.
        house.telegram.say(OLGA, "/help").unwrap();
        house.until_quiet().await;
        house.telegram.say(ALICE, "/privacy").unwrap();
        house.until_quiet().await;
        assert!(was_turned_at_once(&house, ALICE).await, "by webhook: {webhook}");
    }
}

#[tokio::test]
async fn after_a_death_every_other_process_has_each_event_on_disk_before_it_is_turned() {
    let house = House::build(Given::default()).await;
    // The first follows nobody.
    for at_once in [true, true, false] {
        let desk = house.open().await;
        for command in ["/help", "/privacy"] {
            house.telegram.say(ALICE, command).unwrap();
            house.until_quiet().await;
        }
        assert_eq!(was_turned_at_once(&house, ALICE).await, at_once);
        desk.kill().await;
    }
}
