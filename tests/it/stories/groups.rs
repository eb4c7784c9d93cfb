//! Among others.

use std::time::Instant;

use bytes::Bytes;
use picdesk_sandbox::telegram::{ALICE, GROUP, Say};

use super::{photo, picture_of};
use crate::house::{Given, House, PATIENCE};

/// Sends an album of photos of these sizes into the group; its words stand on the first.
async fn album(house: &House, sizes: &[(u32, u32)], words: &str) {
    let say = Say::text(ALICE, words).in_chat(GROUP);
    let photos = sizes.iter().map(|&(width, height)| Bytes::from(photo(width, height)));
    let say = photos.fold(say, |say, bytes| say.with("photo.jpg", bytes));
    house.telegram.perform(say).await.unwrap();
}

#[tokio::test]
async fn an_album_in_a_group_is_one_request_with_all_its_pictures() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    house.telegram.make_bot_admin(GROUP).unwrap();
    let sizes = [(320, 240), (240, 320), (400, 300)];
    album(&house, &sizes, "/imagine all three on one shelf").await;
    picture_of(&house, GROUP, "all three on one shelf").await;
    let calls = house.images.calls();
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    let came: Vec<_> = call.references.iter().map(|it| (it.width, it.height)).collect();
    assert_eq!(came, sizes);
    house.until_quiet().await;
}

#[tokio::test]
async fn nothing_is_kept_of_an_album_that_did_not_call_us() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    house.telegram.make_bot_admin(GROUP).unwrap();
    album(&house, &[(320, 240), (240, 320)], "our weekend").await;
    let store = house.look().await;
    let began = Instant::now();
    // What shows that it was settled is the house's own event.
    while count(&store, "select count(*) from inbox where origin = 'house'").await == 0 {
        assert!(began.elapsed() < PATIENCE, "{}", house.last_log());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let status = house.until_quiet().await;
    for table in [
        "select count(*) from albums",
        "select count(*) from album_parts",
        "select count(*) from identities",
        "select count(*) from inbox_raw join inbox on inbox.seq = inbox_raw.seq
           where inbox.origin = 'people'",
    ] {
        assert_eq!(count(&store, table).await, 0, "{table}");
    }
    assert!(status["inbox"]["turned"].as_i64() > Some(0), "the parts came: {status}");
    let chat = house.telegram.transcript(GROUP);
    assert!(!chat.to_lowercase().contains("picture desk"), "nobody spoke to us:\n{chat}");
}

async fn count(store: &picdesk::store::Store, text: &'static str) -> i64 {
    let mut connection = store.read().await.unwrap();
    connection.rows(text, &[]).await.unwrap()[0].int(0).unwrap()
}

#[tokio::test]
async fn a_command_of_ours_needs_no_name_in_a_group() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    house.telegram.say_in(ALICE, GROUP, "/help").unwrap();
    super::bot_says(&house, GROUP, "/settings").await;
    house.until_quiet().await;
}
