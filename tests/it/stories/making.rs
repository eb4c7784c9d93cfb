//! What happens to pictures while they are made.

use picdesk::store::Store;
use picdesk_sandbox::{
    images::{ArmedFault, Envelope, ImagesFault},
    telegram::{ALICE, Armed, Fault, MessageView},
};
use serde_json::json;

use super::{bot_says, photo, picture_of};
use crate::house::{Given, House, PATIENCE};

/// Words of the test's own for the store.
async fn order(store: &Store, text: &'static str) {
    store.writer().run(move |tx| Box::pin(tx.run(text, &[]))).await.unwrap();
}

/// A picture that is the serving desk's own by its row, in this state, while the desk knows
/// nothing of it: the answer to a claim was lost, or the work has died.
async fn forgotten_by_the_desk(house: &mut House, forgotten: &'static str) -> crate::house::Desk {
    house.provide(false);
    let desk = house.open().await;
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    bot_says(house, ALICE, "Making a fox").await;
    let store = house.look().await;
    // It waits for long, so that nobody claims it meanwhile.
    order(&store, "update generations set not_before = 9000000000000000").await;
    desk.kill().await;
    house.provide(true);
    let desk = house.open().await;
    order(&store, forgotten).await;
    desk
}

#[tokio::test]
async fn a_picture_whose_claim_was_not_heard_is_made_all_the_same() {
    let mut house = House::build(Given::default()).await;
    let claimed = "update generations set state = 'claimed', not_before = 0,
                     claimed_by = (select max(id) from replicas)";
    let _desk = forgotten_by_the_desk(&mut house, claimed).await;
    picture_of(&house, ALICE, "a fox in the snow").await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 2, "{status}");
}

#[tokio::test]
async fn a_picture_whose_work_died_may_have_left_and_is_given_back() {
    let mut house = House::build(Given::default()).await;
    let submitting = "update generations set state = 'submitting', not_before = 0,
                        claimed_by = (select max(id) from replicas)";
    let _desk = forgotten_by_the_desk(&mut house, submitting).await;
    bot_says(&house, ALICE, "Nothing was charged").await;
    let status = house.until_quiet().await;
    assert_eq!(status["generations"]["uncertain"], 1, "{status}");
    assert_eq!(status["credits"]["available"], 10, "{status}");
    assert!(house.images.calls().is_empty(), "nobody asks again");
}

#[tokio::test]
async fn while_the_provider_is_overloaded_the_placeholder_says_that_it_waits() {
    let images = "stream = true\npartials = 1\n";
    let house = House::build(Given { images, ..Given::default() }).await;
    let _desk = house.open().await;
    house.images.arm(ArmedFault::times(ImagesFault::Overloaded, 1000));
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    // Once told where it stands it stands there each time that it is put back.
    for _ in 0..3 {
        let drawing = bot_says(&house, ALICE, "Drawing a fox").await;
        let waits = |it: &MessageView| {
            it.message == drawing.message
                && it.text.contains("Making a fox")
                && it.button("Cancel").is_some()
        };
        let waiting = house.telegram.wait_for(ALICE, PATIENCE, waits).await;
        waiting.unwrap_or_else(|error| panic!("{error}: {}", house.telegram.transcript(ALICE)));
    }
    house.telegram.say(ALICE, "/cancel").unwrap();
    bot_says(&house, ALICE, "Nothing was charged").await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["available"], 10, "{status}");
}

#[tokio::test]
async fn what_a_provider_sends_instead_of_a_picture_costs_little_and_nothing_is_charged() {
    /// What one picture may take.
    const KIB_MAX: u64 = 128_000_000 / 1024;
    let house = House::build(Given::default()).await;
    let desk = house.open().await;
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    picture_of(&house, ALICE, "a fox in the snow").await;
    house.until_quiet().await;
    for (fault, prompt) in
        [(ImagesFault::OneBitBomb, "a boat"), (ImagesFault::RgbaBomb, "a barn in spring")]
    {
        let before = desk.memory_peak_kib();
        house.images.arm(ArmedFault::times(fault, 1));
        house.telegram.say(ALICE, prompt).unwrap();
        let said = bot_says(&house, ALICE, prompt).await;
        let is_end = |it: &MessageView| {
            it.message == said.message && it.text.contains("Nothing was charged")
        };
        let ended = house.telegram.wait_for(ALICE, PATIENCE, is_end).await;
        ended.unwrap_or_else(|error| panic!("{error}: {}", house.telegram.transcript(ALICE)));
        // The kernel counts it from several cores, and not to the page.
        let grown = desk.memory_peak_kib().saturating_sub(before);
        assert!(grown < KIB_MAX, "{prompt}: {grown} KiB");
    }
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 2, "{status}");
    assert_eq!(status["credits"]["available"], 8, "{status}");
}

#[tokio::test]
async fn a_reference_that_is_not_to_be_had_for_a_while_is_waited_for() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    let busy = Fault::TooManyRequests { retry_after_s: 1 };
    house.telegram.arm(Armed::times(busy, 4).on("getFile"));
    house.telegram.send_photo(ALICE, photo(320, 240), "as a stamp").await.unwrap();
    picture_of(&house, ALICE, "as a stamp").await;
    let status = house.until_quiet().await;
    assert_eq!(status["generations"]["failed"], 0, "{status}");
}

#[tokio::test]
async fn a_reference_that_is_no_picture_is_said_and_nothing_is_made_of_it() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    let none = bytes::Bytes::from_static(b"this is no picture at all");
    house.telegram.send_photo_unchecked(ALICE, &none, (320, 240), "as a stamp").unwrap();
    bot_says(&house, ALICE, "Reference picture 1 is of a kind that I cannot open").await;
    let status = house.until_quiet().await;
    assert!(house.images.calls().is_empty(), "{}", house.telegram.transcript(ALICE));
    assert_eq!(status["credits"]["posted"], 0, "{status}");
}

#[tokio::test]
async fn what_a_call_without_a_picture_took_is_recorded() {
    let house = House::build(Given::default()).await;
    let desk = house.open().await;
    house.images.fault(ImagesFault::NotAPicture);
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    bot_says(&house, ALICE, "Nothing was charged").await;
    house.until_quiet().await;
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let text = "select tokens_out, cost_micro_usd from generations";
    let rows = connection.rows(text, &[]).await.unwrap();
    let (out, cost) = (rows[0].maybe_int(0).unwrap(), rows[0].maybe_int(1).unwrap());
    assert!(out > Some(0) && cost > Some(0), "{out:?} {cost:?}");
    let counted = house.metrics(&desk).await;
    let line = counted.lines().find(|it| it.starts_with("picdesk_provider_cost_usd_total"));
    assert!(line.is_some_and(|line| !line.ends_with(" 0")), "{line:?}");
}

#[tokio::test]
async fn a_draft_with_a_stop_button_stands_while_a_picture_is_made() {
    let given = Given { telegram: "drafts = true\n", ..Given::default() };
    let house = House::build(given).await;
    let _desk = house.open().await;
    house.images.fault(ImagesFault::Slow { seconds: 4.0 });
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    let shown = async || house.telegram.chat_view(ALICE, None, 9).unwrap().draft;
    let draft = house.until("draft", shown).await;
    assert!(draft.text.contains("a fox in the snow"), "{draft:?}");
    house.telegram.stop_draft(ALICE, ALICE, draft.draft).unwrap();
    bot_says(&house, ALICE, "cannot be taken back").await;
    picture_of(&house, ALICE, "a fox in the snow").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn an_update_that_cannot_be_read_is_counted_and_told_of() {
    let house = House::build(Given::default()).await;
    let desk = house.open().await;
    house.telegram.inject(ALICE, "message", &json!(["no", "message"]));
    house.until_logged("an update could not be read and was set aside").await;
    let status = house.until_quiet().await;
    assert_eq!(status["inbox"]["set_aside"], 1, "{status}");
    let counted = house.metrics(&desk).await;
    assert!(counted.contains("picdesk_inbox_set_aside_total 1"), "{counted}");
}

#[tokio::test]
async fn a_picture_that_we_cannot_keep_is_our_fault_and_costs_nothing() {
    let house = House::build(Given::default()).await;
    let desk = house.open().await;
    house.lose_pictures();
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    bot_says(&house, ALICE, "broken on our side").await;
    let status = house.until_quiet().await;
    assert_eq!((&status["holds"]["voided"], &status["holds"]["posted"]), (&1.into(), &0.into()));
    let told = house.metrics(&desk).await;
    assert!(told.contains("what=\"pictures cannot be kept\""), "{told}");
}

#[tokio::test]
async fn a_provider_that_we_have_not_paid_is_our_fault_and_costs_nothing() {
    let house = House::build(Given::default()).await;
    let desk = house.open().await;
    let unpaid = ImagesFault::InsufficientQuota { envelope: Envelope::OpenAi };
    house.images.arm(ArmedFault::times(unpaid, 1));
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    bot_says(&house, ALICE, "broken on our side").await;
    let status = house.until_quiet().await;
    assert_eq!((&status["holds"]["voided"], &status["holds"]["posted"]), (&1.into(), &0.into()));
    let told = house.metrics(&desk).await;
    assert!(told.contains("what=\"no funds at the image provider\""), "{told}");
}
