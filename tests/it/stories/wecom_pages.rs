//! Pages of customer service, and what happens to them when the desk dies over one.

use picdesk_sandbox::wecom::{Armed, DESK_KF, Fault};

use crate::{
    database::{Trap, databases},
    house::{BotWay, Given, House},
};

/// How many messages of customers are in the inbox, and where the next page begins.
async fn stands(house: &House) -> (i64, String) {
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let count = "select count(*) from inbox where conversation like 'wecom-kf:%'";
    let events = connection.rows(count, &[]).await.unwrap()[0].int(0).unwrap();
    let find = "select position from checkpoints where source = $1";
    let source = format!("wecom-kf:{DESK_KF}");
    let rows = connection.rows(find, &[source.as_str().into()]).await.unwrap();
    (events, rows.first().map(|row| row.text(0).unwrap()).unwrap_or_default())
}

#[tokio::test]
async fn a_desk_that_dies_between_a_page_and_its_cursor_has_neither_and_then_both() {
    for database in databases().await {
        let given = Given { wecom: Some(BotWay::Callback), ..Given::default() };
        let house = House::build_on(database, given).await;
        let wecom = house.wecom();
        for number in 0..25 {
            wecom.say("kf-anna", &format!("/settings {number}")).unwrap();
        }
        // The first page begins the cursor; the second moves it, and gets no further.
        wecom.arm(Armed::times(Fault::ShortPage { entries: 6 }, 1).about(DESK_KF));
        house.order_well(&["migrate"]).await;
        let mut trap = Trap::set(house.database(), &format!("wecom-kf:{DESK_KF}")).await;
        for _ in 0..2 {
            let desk = house.open().await;
            let first = async || (stands(&house).await.0 == 6).then_some(());
            house.until("first page", first).await;
            let before = stands(&house).await;
            let asked = || wecom.counts().calls.get("kf/sync_msg").copied().unwrap_or_default();
            let asked_before = asked();
            let sprung = async || {
                // It waits in the trap, or was thrown out of it and has asked for the page again.
                let caught = if trap.catches() {
                    trap.has_caught().await
                } else {
                    asked() > asked_before + 2
                };
                caught.then_some(())
            };
            house.until("desk in the trap", sprung).await;
            assert_eq!(stands(&house).await, before);
            desk.kill().await;
            trap.let_go().await;
            assert_eq!(stands(&house).await, before, "neither the page nor its cursor is there");
            trap.hold().await;
        }
        trap.lift().await;
        let _desk = house.open().await;
        let all = async || (stands(&house).await.0 == 25).then_some(());
        house.until("25 messages", all).await;
        house.until_quiet().await;
        assert_eq!(stands(&house).await.0, 25);
    }
}
