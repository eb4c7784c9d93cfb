//! One purse for the website and the chats: the website keeps the credits of its people by
//! functions of its own, and whoever signs in spends from there.

use picdesk_sandbox::{
    images::{Envelope, ImagesFault},
    telegram::ALICE,
};

use super::{bot_says, picture_of};
use crate::{
    database::{TestDatabase, databases},
    house::{Given, House},
    website::{LEDGER, Website},
};

const ANNA: &str = "anna@example.com";
const GOOD: &str = "4242424242424242";
const PACK: &str = "100 credits · 9.90 USD";

/// A shop beside a website, where there is a PostgreSQL.
async fn shop() -> Option<(House, Website)> {
    let database = databases().await.into_iter().find(TestDatabase::is_shared)?;
    let website = Website::build(&database.url).await;
    let given = Given { trial: 3, sells: true, site: true, ledger: LEDGER, ..Given::default() };
    Some((House::build_on(database, given).await, website))
}

/// Alice signs in as Anna, by a letter; whose purse hers is now.
async fn sign_in(house: &House) -> String {
    house.telegram.say(ALICE, "/link").unwrap();
    let ways = bot_says(house, ALICE, "Linked chats have one account").await;
    house.telegram.press(ALICE, ALICE, ways.message, "Sign in by e-mail").unwrap();
    bot_says(house, ALICE, "Which e-mail address").await;
    house.telegram.say(ALICE, ANNA).unwrap();
    house.telegram.say(ALICE, &house.letter(ANNA, 0).await).unwrap();
    bot_says(house, ALICE, "paid with the credits of your account on the website").await;
    let users = house.site().users();
    users.into_iter().find(|user| user.email == ANNA).unwrap().id
}

/// How often the bot has said this to Alice.
fn count(house: &House, part: &str) -> usize {
    let said = house.telegram.chat(ALICE).into_iter();
    said.filter(|message| message.is_from_bot() && message.text.contains(part)).count()
}

#[tokio::test]
async fn the_website_and_the_chat_spend_from_one_purse() {
    let Some((house, website)) = shop().await else { return };
    let _desk = house.open().await;
    house.telegram.say(ALICE, "a lighthouse").unwrap();
    picture_of(&house, ALICE, "a lighthouse").await;
    bot_says(&house, ALICE, "1 left").await;
    // The trial credit that is left comes along.
    let anna = sign_in(&house).await;
    house.until_quiet().await;
    assert_eq!(website.balance(&anna).await, 1);
    website.add(&anna, 9).await;
    house.telegram.say(ALICE, "/balance").unwrap();
    let balance = bot_says(&house, ALICE, "Shared with your account on the website").await;
    assert!(balance.text.contains("10 credits"), "{}", balance.text);
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    picture_of(&house, ALICE, "a fox in the snow").await;
    bot_says(&house, ALICE, "8 left").await;
    house.until_quiet().await;
    assert_eq!((website.balance(&anna).await, website.operations("posted").await), (8, 1));
    // A picture that comes to nothing gives back what was set aside.
    house.images.fault(ImagesFault::ModerationBlocked { envelope: Envelope::OpenAi });
    house.telegram.say(ALICE, "something odd").unwrap();
    house.until("end", async || (website.operations("void").await == 1).then_some(())).await;
    house.until_quiet().await;
    assert_eq!((website.balance(&anna).await, website.operations("void").await), (8, 1));
    // What is spent on the website is not there any more.
    assert!(website.spend(&anna, 7).await);
    house.telegram.say(ALICE, "a boat").unwrap();
    let offer = bot_says(&house, ALICE, "I keep it for you").await;
    assert!(offer.text.contains("you have 1"), "{}", offer.text);
    house.telegram.press(ALICE, ALICE, offer.message, PACK).unwrap();
    let link = bot_says(&house, ALICE, "Your credits arrive here by themselves").await;
    let url = link.buttons.iter().flatten().find_map(|button| button.url.clone()).unwrap();
    house.pay(&url, GOOD).await;
    bot_says(&house, ALICE, "100 credits arrived. Making your picture now").await;
    picture_of(&house, ALICE, "a boat").await;
    bot_says(&house, ALICE, "99 left").await;
    for webhook in house.creem().webhooks() {
        for _ in 0..5 {
            assert_eq!(house.creem().send_again(&webhook.id).await, Some(200));
        }
    }
    house.until_quiet().await;
    assert_eq!((website.balance(&anna).await, website.operations("given").await), (99, 2));
    let told = house.order_well(&["ledger", "verify"]).await;
    assert!(told.contains("operations of the website's functions agree"), "{told}");
    assert!(told.contains("not ours to check"), "{told}");
}

#[tokio::test]
async fn while_a_function_of_the_website_fails_its_people_wait_and_nothing_is_lost() {
    let Some((house, website)) = shop().await else { return };
    let _desk = house.open().await;
    house.telegram.say(ALICE, "/start").unwrap();
    bot_says(&house, ALICE, "3 credits").await;
    let anna = sign_in(&house).await;
    house.until_quiet().await;
    website.order("alter function purse.hold(uuid, bigint, text) rename to held").await;
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    house.until_logged("the website's function purse.hold (ledger.hold) failed").await;
    // It is tried more often than an event of ours that fails, and set aside no sooner.
    let tries = || house.read_log().matches("could not be turned").count();
    house.until("more tries", async || (tries() > 4).then_some(())).await;
    assert_eq!((website.balance(&anna).await, count(&house, "Making")), (3, 0));
    assert_eq!(house.status().await["inbox"]["set_aside"], 0);
    website.order("alter function purse.held(uuid, bigint, text) rename to hold").await;
    picture_of(&house, ALICE, "a fox in the snow").await;
    bot_says(&house, ALICE, "1 left").await;
    house.until_quiet().await;
    assert_eq!((website.balance(&anna).await, website.operations("posted").await), (1, 1));
}

#[tokio::test]
async fn a_house_whose_functions_are_not_there_does_not_open() {
    let Some((house, website)) = shop().await else { return };
    website.order("drop function purse.void").await;
    let desk = house.start();
    house.until_logged("ledger.void: there is no function purse.void(uuid, bigint, text)").await;
    assert!(!desk.ended().await.success());
}
