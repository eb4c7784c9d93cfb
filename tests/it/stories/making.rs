//! What happens to pictures while they are made.

use picdesk::store::Store;
use picdesk_sandbox::telegram::ALICE;

use super::{bot_says, picture_of};
use crate::house::{Given, House};

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
