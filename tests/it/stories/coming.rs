//! Coming by a link, and what is kept of it; and that nothing of all this gets out of the house.

use picdesk::store::sealed;
use picdesk_sandbox::telegram::{ALICE, OPERATORS, Say, XIAOMING};

use super::{bot_says, photo, picture_of};
use crate::house::{Given, House};

#[tokio::test]
async fn where_somebody_came_from_is_kept_sealed_and_links_open_plans_and_a_human() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    house.telegram.say(ALICE, "/start autumn-posters-18").unwrap();
    bot_says(&house, ALICE, "credits").await;
    house.telegram.say(ALICE, "/start plans").unwrap();
    bot_says(&house, ALICE, "cannot be bought here yet").await;
    house.telegram.say(ALICE, "/start support").unwrap();
    bot_says(&house, ALICE, "What is it about?").await;
    house.telegram.say(ALICE, "/start another-place").unwrap();
    house.telegram.say(XIAOMING, "/start").unwrap();
    house.until_quiet().await;
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let text = "select origin from accounts where origin is not null";
    let rows = connection.rows(text, &[]).await.unwrap();
    assert_eq!(rows.len(), 1, "of whoever came by a link, and only of the first");
    let origin = rows[0].blob(0).unwrap();
    assert_eq!(sealed::open(&origin, "accounts", "origin").unwrap(), b"autumn-posters-18");
    assert!(!house.telegram.transcript(OPERATORS).contains("autumn"), "it is shown to nobody");
}

#[tokio::test]
async fn what_people_write_send_and_are_called_is_in_no_log_and_no_number() {
    const PLANTED: [&str; 5] = [
        "Canary Somebody 4417",
        "a canary, prompt 8802, in the snow",
        "canary-file-9911.png",
        "canary support words 3355",
        "canary-origin-6120",
    ];
    let [name, prompt, file, words, origin] = PLANTED;
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    let user = house.telegram.add_user("canary", name, Some("en"));
    house.telegram.say(user, &format!("/start {origin}")).unwrap();
    house.telegram.say(user, prompt).unwrap();
    picture_of(&house, user, prompt).await;
    let sent = Say::text(user, prompt).with(file, photo(300, 200)).as_documents();
    house.telegram.perform(sent).await.unwrap();
    house.telegram.say(user, &format!("/support {words}")).unwrap();
    house.telegram.say(user, "/history").unwrap();
    bot_says(&house, user, "kept, newest first").await;
    house.until_quiet().await;
    let canaries = house.canaries();
    for planted in PLANTED {
        assert!(canaries.iter().any(|(_, it)| it.contains(planted)), "{planted} is looked for");
    }
    for what in ["the bot's token", "the provider's key", "the webhook's secret", "an address"] {
        assert!(canaries.iter().any(|(it, _)| *it == what), "{what} is looked for");
    }
}
