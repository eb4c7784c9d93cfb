//! Prompts, pictures, and changes to them.

use picdesk_sandbox::{
    images::{ImagesFault, Latency, Operation, Outcome, Stage, decode_nonce},
    telegram::{ALICE, Armed, Fault, MessageView, XIAOMING},
};
use sha2::{Digest as _, Sha256};

use super::{bot_says, photo, picture_of};
use crate::house::{Given, House, PATIENCE};

#[tokio::test]
async fn a_prompt_becomes_a_picture_with_a_receipt() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    picture_of(&house, ALICE, "a fox in the snow").await;
    let receipt = bot_says(&house, ALICE, "8 left").await;
    assert!(receipt.text.contains("2 credits"), "{}", receipt.text);
    assert!(receipt.text.contains("kept until"), "{}", receipt.text);
    assert!(receipt.button("Again").is_some(), "{:?}", receipt.buttons);
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 2, "{status}");
    assert_eq!(status["credits"]["available"], 8, "{status}");
}

#[tokio::test]
async fn a_reply_to_a_picture_changes_that_picture() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    house.telegram.say(ALICE, "a lighthouse --3:2").unwrap();
    let wide = picture_of(&house, ALICE, "a lighthouse").await;
    house.telegram.say(ALICE, "a boat --1:1").unwrap();
    picture_of(&house, ALICE, "a boat").await;
    house.until_quiet().await;
    house.telegram.reply(ALICE, wide.message, "at night").unwrap();
    picture_of(&house, ALICE, "at night").await;
    let calls = house.images.calls();
    let [first, _, edit] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!(edit.operation, Operation::Edit);
    let [reference] = edit.references.as_slice() else { panic!("{edit:?}") };
    assert_eq!((reference.width, reference.height), first.size);
    let shown = wide.picture.and_then(|picture| house.telegram.uploaded(&picture)).unwrap();
    assert_eq!(reference.sha256, hex::encode(Sha256::digest(&shown)), "the picture itself");
    house.until_quiet().await;
}

#[tokio::test]
async fn a_reply_to_the_receipt_of_a_picture_changes_that_picture() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    house.telegram.say(ALICE, "a lighthouse").unwrap();
    let receipt = bot_says(&house, ALICE, "8 left").await;
    // A message is known by what is written down after it was sent.
    house.until_quiet().await;
    house.telegram.reply(ALICE, receipt.message, "at night").unwrap();
    picture_of(&house, ALICE, "at night").await;
    let calls = house.images.calls();
    let [_, edit] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!((edit.operation, edit.references.len()), (Operation::Edit, 1));
    house.until_quiet().await;

    house.telegram.say(ALICE, "two boats --x2").unwrap();
    let receipt = bot_says(&house, ALICE, "2 left").await;
    house.until_quiet().await;
    house.telegram.reply(ALICE, receipt.message, "make it blue").unwrap();
    bot_says(&house, ALICE, "Which picture do you mean?").await;
    assert_eq!(house.images.calls().len(), 4, "nothing is made of it");
    house.until_quiet().await;
}

#[tokio::test]
async fn an_album_with_a_caption_is_one_request_with_its_pictures_in_order() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    let sizes = [(320, 240), (240, 320), (400, 300)];
    let photos = sizes.iter().map(|&(width, height)| photo(width, height).into()).collect();
    house.telegram.send_album(ALICE, photos, "all three on one shelf").await.unwrap();
    picture_of(&house, ALICE, "all three on one shelf").await;
    let calls = house.images.calls();
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    let came: Vec<_> = call.references.iter().map(|it| (it.width, it.height)).collect();
    assert_eq!(came, sizes);
    house.until_quiet().await;
}

#[tokio::test]
async fn words_behind_an_album_are_said_of_it_and_its_caption_may_be_changed() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    let photos = || vec![photo(320, 240).into(), photo(240, 320).into()];
    house.telegram.send_album(ALICE, photos(), "").await.unwrap();
    house.telegram.say(ALICE, "both on one shelf").unwrap();
    picture_of(&house, ALICE, "both on one shelf").await;
    let calls = house.images.calls();
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!(call.references.len(), 2);
    house.until_quiet().await;
    let sent = house.telegram.send_album(ALICE, photos(), "a poster, red").await.unwrap();
    house.telegram.edit(ALICE, sent[0], "a poster, blue").unwrap();
    picture_of(&house, ALICE, "a poster, blue").await;
    house.until_quiet().await;
    assert_eq!(house.images.calls().len(), 2);
}

#[tokio::test]
async fn the_placeholder_sharpens_until_the_picture_stands_in_its_place() {
    let images = "stream = true\npartials = 2\n";
    let house = House::build(Given { images, ..Given::default() }).await;
    // The first partial picture comes once it is worth showing, the second a while later.
    house.images.set_latency(Latency::Seconds(15.0));
    let _desk = house.open().await;
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    let stage = |it: &MessageView| {
        let shown = it.picture.as_ref().and_then(|it| house.telegram.uploaded(it))?;
        decode_nonce(&shown).map(|nonce| nonce.stage)
    };
    let mut placeholder = None;
    for index in 0..2 {
        let is_it = |it: &MessageView| stage(it) == Some(Stage::Partial(index));
        let shown = house.telegram.wait_for(ALICE, PATIENCE, is_it).await.unwrap();
        assert!(shown.text.contains("a fox in the snow"), "{shown:?}");
        assert_eq!(*placeholder.get_or_insert(shown.message), shown.message);
    }
    let picture = picture_of(&house, ALICE, "a fox in the snow").await;
    assert_eq!(Some(picture.message), placeholder, "{}", house.telegram.transcript(ALICE));
    assert_eq!(stage(&picture), Some(Stage::Final));
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 2, "{status}");
}

#[tokio::test]
async fn what_comes_after_its_time_does_not_paint_over_what_was_said() {
    let images = "stream = true\npartials = 2\ntimeout_s = 8\n";
    let house = House::build(Given { images, ..Given::default() }).await;
    // Of the partial pictures the second one comes when the picture is given up already.
    house.images.set_latency(Latency::Seconds(13.0));
    let _desk = house.open().await;
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    let given_up = bot_says(&house, ALICE, "I do not know whether it was made").await;
    let came_late = || {
        let message = house.telegram.message(ALICE, given_up.message).unwrap();
        let decoded = message.picture.as_ref().and_then(|it| house.telegram.uploaded(it));
        let stage = decoded.and_then(|bytes| decode_nonce(&bytes)).map(|nonce| nonce.stage);
        let said = message.text.contains("I do not know") || stage == Some(Stage::Final);
        assert!(said, "{message:?}");
        house.telegram.transcript(ALICE).contains("It came after all")
    };
    house.until_status("the late picture", |_| came_late()).await;
    picture_of(&house, ALICE, "a fox in the snow").await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 0, "{status}");
}

#[tokio::test]
async fn a_placeholder_that_a_lost_answer_left_behind_goes_when_it_is_pressed() {
    let house = House::build(Given { provider: false, ..Given::default() }).await;
    let _desk = house.open().await;
    house.telegram.say(ALICE, "/balance").unwrap();
    bot_says(&house, ALICE, "10 credits").await;
    house.until_quiet().await;
    house.telegram.arm(Armed::times(Fault::DropAnswer, 1).on("sendMessage"));
    house.telegram.say(ALICE, "a fox").unwrap();
    let making = |it: &MessageView| it.text.contains("Making a fox");
    let twice = || house.telegram.chat(ALICE).into_iter().filter(&making).count() == 2;
    house
        .until_status("both are there", |status| twice() && status["outbox"]["waiting"] == 0)
        .await;
    let first = house.telegram.chat(ALICE).into_iter().find(&making).unwrap();
    house.telegram.press(ALICE, ALICE, first.message, "Cancel").unwrap();
    bot_says(&house, ALICE, "Cancelled. Nothing was charged").await;
    house.until_quiet().await;
    let chat = house.telegram.chat(ALICE);
    assert!(!chat.iter().any(&making), "{}", house.telegram.transcript(ALICE));
    assert_eq!(chat.iter().filter(|it| it.text.contains("Cancelled")).count(), 1);
}

#[tokio::test]
async fn a_prompt_that_is_refused_costs_nothing_and_it_is_said() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    house.telegram.say(ALICE, "a forest full of gore").unwrap();
    let said = bot_says(&house, ALICE, "The safety check said no").await;
    assert!(said.text.contains("Nothing was charged"), "{}", said.text);
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["available"], 10, "{status}");
    assert_eq!(status["generations"]["failed"], 1, "{status}");
    assert_eq!(house.images.made_count(), 0);
}

#[tokio::test]
async fn a_request_in_line_can_be_taken_back_for_nothing() {
    // Without a provider everything stays in line.
    let mut house = House::build(Given { provider: false, ..Given::default() }).await;
    let desk = house.open().await;
    house.telegram.say(ALICE, "a fox").unwrap();
    let waiting = bot_says(&house, ALICE, "Making a fox").await;
    house.telegram.press(ALICE, ALICE, waiting.message, "Cancel").unwrap();
    let said = bot_says(&house, ALICE, "Cancelled. Nothing was charged").await;
    assert_eq!(said.message, waiting.message, "it stands where the request stood");
    desk.kill().await;
    house.provide(true);
    let _desk = house.open().await;
    house.telegram.say(ALICE, "a boat").unwrap();
    picture_of(&house, ALICE, "a boat").await;
    let status = house.until_quiet().await;
    assert_eq!(status["generations"]["cancelled"], 1, "{status}");
    assert_eq!(house.images.calls().len(), 1, "the first was never asked for");
}

#[tokio::test]
async fn an_album_counts_as_one_message_and_is_left_out_as_one() {
    let house = House::build(Given { messages_per_min: 1, ..Given::default() }).await;
    let _desk = house.open().await;
    let photos = || (0..3).map(|n| photo(320, 240 + 16 * n).into()).collect();
    house.telegram.send_album(ALICE, photos(), "all three on one shelf").await.unwrap();
    picture_of(&house, ALICE, "all three on one shelf").await;
    let calls = house.images.calls();
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!(call.references.len(), 3);
    house.telegram.send_album(ALICE, photos(), "and once more").await.unwrap();
    bot_says(&house, ALICE, "That was a lot at once").await;
    // Who wants a human gets through all the same.
    house.telegram.say(ALICE, "/paysupport").unwrap();
    bot_says(&house, ALICE, "payment").await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 2, "{status}");
    assert_eq!(house.images.calls().len(), 1, "nothing is made of a part of it");
    let said = house.telegram.transcript(ALICE).matches("That was a lot at once").count();
    assert_eq!(said, 1, "it is said once");
}

#[tokio::test]
async fn other_words_for_what_was_refused_are_a_prompt_of_their_own() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    let asked = house.telegram.say(ALICE, "a forest full of gore").unwrap();
    bot_says(&house, ALICE, "The safety check said no").await;
    house.until_quiet().await;
    house.telegram.edit(ALICE, asked, "a forest full of moss").unwrap();
    picture_of(&house, ALICE, "a forest full of moss").await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["available"], 8, "{status}");
    // What has a picture is changed by an answer to it.
    house.telegram.edit(ALICE, asked, "a forest full of snow").unwrap();
    bot_says(&house, ALICE, "The picture was already being made").await;
    house.until_quiet().await;
    assert_eq!(house.images.made_count(), 1);
}

#[tokio::test]
async fn a_file_that_is_no_picture_is_told_of_before_its_turn_in_line() {
    let house = House::build(Given { images: "concurrency = 1\n", ..Given::default() }).await;
    house.images.fault(ImagesFault::Slow { seconds: 20.0 });
    let _desk = house.open().await;
    house.telegram.say(XIAOMING, "a fox in the snow").unwrap();
    house.images.until(|calls| !calls.is_empty()).await;
    let pdf = b"%PDF-1.7\n1 0 obj\n".as_slice();
    house.telegram.send_document(ALICE, "fox.png", pdf, "make it blue").await.unwrap();
    let kind = "is of a kind that I cannot open";
    let told = bot_says(&house, ALICE, kind).await;
    let calls = house.images.calls();
    assert_eq!(calls[0].outcome, Outcome::Making, "the line has not moved");
    assert!(told.text.contains("Nothing was charged"), "{}", told.text);
    // Without words it is told of too, and does not wait for any.
    house.telegram.send_document(ALICE, "ox.png", pdf, "").await.unwrap();
    let again = |it: &MessageView| it.message > told.message && it.text.contains(kind);
    house.telegram.wait_for(ALICE, PATIENCE, again).await.unwrap();
    house.until_quiet().await;
    assert_eq!(house.images.calls().len(), 1);
}
