//! Letters about new links: by e-mail, with an address that undoes them.

use std::time::Duration;

use picdesk_sandbox::{
    mail::Letter,
    rest::{Armed, Fault},
    telegram::ALICE,
};

use super::{
    bot_says,
    linking::{a_day_later, link},
    signing_in::{ALICES, ANNA, CUSTOMERS, MEMBERS, accounts, house, signed_in},
};
use crate::house::{House, site::Browser};

/// Waits until so many letters were taken; the last.
async fn letter(house: &House, count: usize) -> Letter {
    let found = async || house.mail().letters().into_iter().nth(count - 1);
    house.until("a letter about a link", found).await
}

#[tokio::test]
async fn a_letter_tells_of_a_new_chat_and_its_address_undoes_the_link() {
    let house = house().await;
    let _desk = house.open().await;
    ALICES.signs_in(&house, ANNA).await;
    let first = letter(&house, 1).await;
    assert_eq!(first.to, ANNA);
    assert!(first.subject.contains("A chat on Telegram came to your account"), "{first:?}");
    assert!(first.body.contains("A•••") && !first.body.contains("Alice"), "{first:?}");
    // The next letter with a code to somebody waits for a minute.
    house.site().advance(Duration::from_secs(61));
    CUSTOMERS.signs_in(&house, ANNA).await;
    CUSTOMERS.hears(&house, "", "两边现在共用一个账户").await;
    let second = letter(&house, 2).await;
    assert!(second.subject.contains("WeChat"), "{second:?}");
    let (browser, url) = (Browser::new(), second.url().unwrap());
    let page = browser.open(url).await;
    assert!(page.text.contains("Is this chat yours?"), "{page:?}");
    assert_eq!(accounts(&house.until_quiet().await), 1, "machines open what stands in letters");
    let page = browser.send(url, &[]).await;
    assert!(page.text.contains("It is undone"), "{page:?}");
    // What is over is said to be, and not to be undone by that.
    for page in [browser.send(url, &[]).await, browser.open(url).await] {
        assert!(page.text.contains("That chat is linked no more"), "{page:?}");
        assert!(!page.text.contains("<button"), "{page:?}");
    }
    ALICES.hears(&house, "A link between your chats was undone", "").await;
    assert_eq!(accounts(&house.until_quiet().await), 2);
    assert_eq!(signed_in(&house).await, 1);
    browser.send(first.url().unwrap(), &[]).await;
    ALICES.hears(&house, "is not signed in as", "").await;
    house.until_quiet().await;
    assert_eq!(signed_in(&house).await, 0);
    let forged = url.replace("/letter/", "/letter/A");
    assert_eq!(browser.open(&forged).await.status, 404);
    assert_eq!(browser.send(&forged, &[]).await.status, 404);
}

#[tokio::test]
async fn a_letter_is_tried_until_it_is_taken_and_is_the_same_one_then() {
    let house = house().await;
    let busy = Fault::Status { status: 451, retry_after_s: 0 };
    house.mail().arm(Armed::times(busy, 1).on("MAIL"));
    house.mail().arm(Armed::times(Fault::DropAnswer, 1).on("DATA"));
    let _desk = house.open().await;
    ALICES.signs_in(&house, ANNA).await;
    letter(&house, 2).await;
    house.until_quiet().await;
    let letters = house.mail().letters();
    assert_eq!(letters.len(), 2, "one whose answer was lost, and one more");
    assert_eq!(letters[0].id, letters[1].id, "a mailbox knows it is the same");
    assert_eq!(letters[0].body, letters[1].body);
}

#[tokio::test]
async fn who_cannot_be_written_to_is_signed_in_all_the_same() {
    let house = house().await;
    let nobody = Fault::Status { status: 550, retry_after_s: 0 };
    house.mail().arm(Armed::times(nobody, 1).on("RCPT"));
    let _desk = house.open().await;
    ALICES.signs_in(&house, ANNA).await;
    house.until_quiet().await;
    assert_eq!((house.mail().letters().len(), signed_in(&house).await), (0, 1));
}

#[tokio::test]
async fn of_two_chats_that_came_by_one_link_whoever_is_left_goes_by_its_letter() {
    let house = house().await;
    let _desk = house.open().await;
    link(&house).await;
    MEMBERS.signs_in(&house, ANNA).await;
    letter(&house, 1).await;
    house.site().advance(Duration::from_secs(61));
    ALICES.signs_in(&house, ANNA).await;
    let told = letter(&house, 2).await;
    assert_eq!(accounts(&house.until_quiet().await), 1);
    a_day_later(&house).await;
    house.telegram.say(ALICE, "/unlink").unwrap();
    let which = bot_says(&house, ALICE, "Which chat do you want to unlink?").await;
    house.telegram.press(ALICE, ALICE, which.message, "Unlink 1").unwrap();
    bot_says(&house, ALICE, "This chat is unlinked").await;
    assert_eq!(accounts(&house.until_quiet().await), 2);
    let page = Browser::new().send(told.url().unwrap(), &[]).await;
    assert!(page.text.contains("It is undone"), "{page:?}");
    assert_eq!(accounts(&house.until_quiet().await), 3);
    assert_eq!(signed_in(&house).await, 1);
    let page = Browser::new().send(told.url().unwrap(), &[]).await;
    assert!(page.text.contains("That chat is linked no more"), "{page:?}");
}

#[tokio::test]
async fn a_letter_with_a_code_that_is_due_later_comes_also_after_a_restart() {
    let house = house().await;
    let desk = house.open().await;
    let (url, browser) = (ALICES.browser_url(&house).await, Browser::new());
    let page = browser.open(&url).await;
    browser.ask_for_letter(&page, ANNA).await;
    house.letter(ANNA, 0).await;
    // The site sends nobody two letters within a minute, and says nothing of that.
    let page = browser.open(&url).await;
    browser.ask_for_letter(&page, ANNA).await;
    house.until_status("a letter that waits", |status| status["errands"]["waiting"] == 1).await;
    desk.kill().await;
    house.site().advance(Duration::from_secs(61));
    let mut desk = house.start_ahead(Duration::from_secs(61));
    house.until_ready(&mut desk).await;
    let code = house.letter(ANNA, 1).await;
    // It listens elsewhere now; what the browser has goes with it.
    let (_, path) = url.split_once("/link/").unwrap();
    let page = browser.open(&desk.url(&format!("/link/{path}"))).await;
    let shown = browser.type_code(&page, ANNA, &code).await;
    assert!(shown.code().is_some(), "{shown:?}");
    house.until_quiet().await;
}
