//! Telegram's limits of rates, as they are where nobody has switched them off.

use picdesk_sandbox::{
    images::Latency,
    telegram::{ALICE, GROUP, MessageView, Say, XIAOMING},
};

use super::picture_of;
use crate::house::{Given, House};

/// Commands of one chat, more than it gets answers in one go.
const COMMANDS: usize = 8;
/// Messages that one group gets in any minute.
const GROUP_A_MINUTE: usize = 20;

#[tokio::test]
async fn the_desk_keeps_to_every_limit_and_is_never_told_to_wait() {
    let images = "stream = true\npartials = 2\n";
    let house = House::build(Given { rates: true, images, ..Given::default() }).await;
    house.images.set_latency(Latency::Seconds(12.0));
    house.telegram.make_bot_admin(GROUP).unwrap();
    let _desk = house.open().await;
    for turn in 0..COMMANDS {
        let command = if turn % 2 == 0 { "/help" } else { "/balance" };
        house.telegram.say(ALICE, command).unwrap();
    }
    house.telegram.say(XIAOMING, "a fox in the snow").unwrap();
    for _ in 0..GROUP_A_MINUTE + 5 {
        house.telegram.perform(Say::text(ALICE, "/help").in_chat(GROUP)).await.unwrap();
    }
    picture_of(&house, XIAOMING, "a fox in the snow").await;
    let said = |chat| -> Vec<MessageView> {
        house.telegram.chat(chat).into_iter().filter(MessageView::is_from_bot).collect()
    };
    // The first message that somebody writes is welcomed too.
    let of_alice = || said(ALICE).len() > COMMANDS;
    let of_group = || said(GROUP).len() >= GROUP_A_MINUTE;
    house.until_status("as much as may be said", |_| of_alice() && of_group()).await;
    let balance = |it: &MessageView| it.text.contains("10 credits to spend");
    let answers = said(ALICE).into_iter().filter(|it| !it.text.starts_with("Welcome"));
    let in_order: Vec<bool> = answers.map(|it| balance(&it)).collect();
    let asked: Vec<bool> = (0..COMMANDS).map(|turn| turn % 2 == 1).collect();
    assert_eq!(in_order, asked, "{}", house.telegram.transcript(ALICE));
    // Whoever sent on regardless would be refused by now.
    let status = house.status().await;
    assert_eq!(said(GROUP).len(), GROUP_A_MINUTE, "{status}");
    assert_eq!(status["outbox"]["waiting"], 5, "the rest waits for its minute: {status}");
    let refused = house.telegram.counts().refused;
    assert_eq!(refused.get(&429), None, "{refused:?}");
}
