//! Among others.

use bytes::Bytes;
use picdesk_sandbox::telegram::{ALICE, GROUP, Say};

use super::{photo, picture_of};
use crate::house::{Given, House};

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
async fn an_album_whose_calling_part_comes_late_is_made_from_all_its_parts() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    house.telegram.make_bot_admin(GROUP).unwrap();
    let part = |words: &str, (width, height): (u32, u32)| {
        let say = Say::text(ALICE, words).in_chat(GROUP).in_album("70001");
        say.with("photo.jpg", Bytes::from(photo(width, height)))
    };
    let sizes = [(320, 240), (240, 320), (400, 300)];
    house.telegram.perform(part("", sizes[0])).await.unwrap();
    house.telegram.perform(part("", sizes[1])).await.unwrap();
    let store = house.look().await;
    let parts = "select count(*) from album_parts";
    let both = async || (count(&store, parts).await == 2).then_some(());
    house.until("the first parts", both).await;
    // A minute goes by.
    for text in [
        "update albums set began_at = began_at - 60000",
        "update timers set due_at = due_at - 60000 where id like 'album:%'",
    ] {
        let aged = store.writer().run(move |tx| Box::pin(tx.run(text, &[])));
        assert_eq!(aged.await.unwrap(), 1, "{text}");
    }
    house.telegram.perform(part("/imagine all three on one shelf", sizes[2])).await.unwrap();
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
    let waits =
        async || (count(&store, "select count(*) from album_parts").await == 2).then_some(());
    house.until("parts of the album", waits).await;
    // Nobody calls us for as long as the parts are kept.
    let text = "update timers set due_at = 0 where id like 'album:%'";
    store.writer().run(move |tx| Box::pin(tx.run(text, &[]))).await.unwrap();
    // What shows that it was settled is the house's own event.
    let settled = "select count(*) from inbox where origin = 'house'";
    let is_settled = async || (count(&store, settled).await > 0).then_some(());
    house.until("end of the album", is_settled).await;
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
