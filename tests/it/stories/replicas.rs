//! Several replicas beside each other.

use super::bot_says;
use crate::{
    database::{TestDatabase, databases},
    house::{Given, House},
};

/// Enough people that every replica turns for some of them.
const PEOPLE: usize = 12;

#[tokio::test]
async fn a_press_is_answered_by_whichever_replica_turns_it() {
    let shared = databases().await.into_iter().find(TestDatabase::is_shared);
    let Some(database) = shared else { return };
    let house = House::build_on(database, Given::default()).await;
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
