//! Linking: Alice on Telegram and Anna on WeChat are one person, or are not.

use picdesk_sandbox::telegram::{ALICE, Armed, Fault, GROUP, XIAOMING};
use picdesk_sandbox::wecom::MessageView as WecomView;
use serde_json::Value;

use super::{bot_says, picture_of};
use crate::house::{BotWay, Given, House, PATIENCE};

const ANNA: &str = "kf-anna";

async fn house() -> House {
    House::build(Given { wecom: Some(BotWay::Callback), ..Given::default() }).await
}

pub(super) async fn anna_hears(house: &House, part: &str) -> WecomView {
    house
        .wecom()
        .wait_for(ANNA, PATIENCE, |it| it.is_from_bot() && it.text.contains(part))
        .await
        .unwrap_or_else(|error| panic!("{part:?}: {error}\n{}", house.last_log()))
}

/// Alice makes a code: as it is shown.
async fn code_of_alice(house: &House) -> String {
    house.telegram.say(ALICE, "/link").unwrap();
    let ways = bot_says(house, ALICE, "Linked chats have one account").await;
    house.telegram.press(ALICE, ALICE, ways.message, "Code for another chat").unwrap();
    let shown = bot_says(house, ALICE, "Type this in your other chat").await;
    shown.text.lines().next().unwrap().to_owned()
}

fn accounts(status: &Value) -> i64 {
    status["accounts"].as_i64().unwrap()
}

/// Anna types Alice's code and says yes.
pub(super) async fn link(house: &House) {
    let code = code_of_alice(house).await;
    house.wecom().say(ANNA, &code).unwrap();
    let question = anna_hears(house, "把本聊天和 Telegram 上的 A••• 绑定吗").await;
    house.wecom().press(ANNA, "", question.message, "是，那是我").unwrap();
    anna_hears(house, "两边现在共用一个账户").await;
}

/// A day goes by since the chats were linked.
pub(super) async fn a_day_later(house: &House) {
    let store = house.look().await;
    for text in [
        "update identities set linked_at = linked_at - 86400000 where linked_at > 0",
        "update links set made_at = made_at - 86400000",
    ] {
        store
            .writer()
            .run(move |tx| Box::pin(async move { tx.run(text, &[]).await }))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_code_from_telegram_makes_one_account_with_wechat() {
    let house = house().await;
    let _desk = house.open().await;
    link(&house).await;
    anna_hears(&house, "可用 20").await;
    let notice = bot_says(&house, ALICE, "A chat was linked to this account").await;
    assert!(notice.text.contains("on WeChat"), "{}", notice.text);
    let status = house.until_quiet().await;
    assert_eq!((accounts(&status), status["identities"].as_i64()), (1, Some(2)), "{status}");
    // What one spends, both have spent, and what one has made, both have.
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    picture_of(&house, ALICE, "a fox in the snow").await;
    house.until_quiet().await;
    house.wecom().say(ANNA, "balance").unwrap();
    anna_hears(&house, "可用 18").await;
    house.wecom().say(ANNA, "history").unwrap();
    anna_hears(&house, "a fox in the snow").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn whoever_is_told_of_a_link_can_undo_it() {
    let house = house().await;
    let _desk = house.open().await;
    link(&house).await;
    let notice = bot_says(&house, ALICE, "A chat was linked to this account").await;
    house.telegram.press(ALICE, ALICE, notice.message, "Undo the link").unwrap();
    bot_says(&house, ALICE, "The link is undone").await;
    let status = house.until_quiet().await;
    assert_eq!(accounts(&status), 2, "{status}");
    house.wecom().say(ANNA, "余额").unwrap();
    anna_hears(&house, "可用 10").await;
    house.telegram.say(ALICE, "/balance").unwrap();
    bot_says(&house, ALICE, "10 credits to spend").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn a_code_alone_binds_nobody_and_works_once_where_it_was_typed() {
    let house = house().await;
    let _desk = house.open().await;
    let code = code_of_alice(&house).await;
    house.wecom().say(ANNA, &code).unwrap();
    anna_hears(&house, "A••• 绑定吗").await;
    // Somebody who has read along types it too.
    house.telegram.say(XIAOMING, &format!("/link {code}")).unwrap();
    bot_says(&house, XIAOMING, "绑定码无效").await;
    let status = house.until_quiet().await;
    assert_eq!(accounts(&status), 3, "nobody said yes: {status}");
}

#[tokio::test]
async fn a_code_typed_in_a_group_is_void() {
    let house = house().await;
    let _desk = house.open().await;
    house.telegram.make_bot_admin(GROUP).unwrap();
    let code = code_of_alice(&house).await;
    let say = picdesk_sandbox::telegram::Say::text(XIAOMING, &format!("/link {code}"));
    house.telegram.perform(say.in_chat(GROUP)).await.unwrap();
    bot_says(&house, GROUP, "私聊").await;
    house.wecom().say(ANNA, &code).unwrap();
    anna_hears(&house, "绑定码无效").await;
    assert_eq!(accounts(&house.until_quiet().await), 3);
}

#[tokio::test]
async fn guessing_ends_after_five_tries_also_for_the_right_code() {
    let house = house().await;
    let desk = house.open().await;
    let code = code_of_alice(&house).await;
    for number in 1..=5 {
        house.telegram.say(XIAOMING, "/link BCDF-GHJK").unwrap();
        let tries = async || {
            let said = house.telegram.transcript(XIAOMING);
            (said.matches("绑定码无效").count() >= number).then_some(())
        };
        house.until("an answer to a wrong code", tries).await;
    }
    house.telegram.say(XIAOMING, &format!("/link {code}")).unwrap();
    bot_says(&house, XIAOMING, "试得够多了").await;
    let status = house.until_quiet().await;
    assert_eq!(accounts(&status), 2, "{status}");
    // Also after the desk has begun anew.
    drop(desk);
    let _desk = house.open().await;
    house.telegram.say(XIAOMING, &format!("/link {code}")).unwrap();
    let tries = async || {
        let said = house.telegram.transcript(XIAOMING);
        (said.matches("试得够多了").count() >= 2).then_some(())
    };
    house.until("the same answer", tries).await;
    assert_eq!(accounts(&house.until_quiet().await), 2);
}

#[tokio::test]
async fn nothing_of_a_typed_code_is_left() {
    let house = house().await;
    let _desk = house.open().await;
    house.telegram.say(ALICE, "/link BCDF-GHJK").unwrap();
    bot_says(&house, ALICE, "That code does not work").await;
    house.until_quiet().await;
    let chat = house.telegram.transcript(ALICE);
    assert!(!chat.contains("/link BCDF-GHJK"), "the message is deleted:\n{chat}");
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let text = "select count(*) from inbox_raw r join inbox i on i.seq = r.seq
                where i.origin = 'people'";
    assert_eq!(connection.rows(text, &[]).await.unwrap()[0].int(0).unwrap(), 0);
}

#[tokio::test]
async fn an_unlinked_chat_gets_nothing_of_the_account_any_more() {
    let mut house = house().await;
    house.provide(false);
    let desk = house.open().await;
    link(&house).await;
    a_day_later(&house).await;
    house.wecom().say(ANNA, "a lighthouse at night").unwrap();
    anna_hears(&house, "a lighthouse at night").await;
    house.telegram.say(ALICE, "/unlink").unwrap();
    let which = bot_says(&house, ALICE, "Which chat do you want to unlink?").await;
    house.telegram.press(ALICE, ALICE, which.message, "Unlink 2").unwrap();
    bot_says(&house, ALICE, "is unlinked").await;
    anna_hears(&house, "本聊天已解绑").await;
    let status = house.until_quiet().await;
    assert_eq!(accounts(&status), 2);
    assert_eq!(status["generations"]["cancelled"], 1, "{status}");
    drop(desk);
    house.provide(true);
    let _desk = house.open().await;
    house.wecom().say(ANNA, "余额").unwrap();
    anna_hears(&house, "可用 0").await;
    house.telegram.say(ALICE, "/balance").unwrap();
    bot_says(&house, ALICE, "20 credits to spend").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn who_came_a_moment_ago_unlinks_nobody_and_what_is_theirs_alone_goes_with_them() {
    let mut house = house().await;
    house.provide(false);
    let _desk = house.open().await;
    link(&house).await;
    let notice = bot_says(&house, ALICE, "A chat was linked to this account").await;
    house.wecom().say(ANNA, "解绑").unwrap();
    let which = anna_hears(&house, "要解绑哪个").await;
    house.wecom().press(ANNA, "", which.message, "解绑 2").unwrap();
    anna_hears(&house, "本聊天绑定还不满一天，暂时不能这样做").await;
    assert_eq!(accounts(&house.until_quiet().await), 1);
    // Alice unlinks Anna while a picture of Anna's is in line: the link is undone.
    house.wecom().say(ANNA, "a lighthouse at night").unwrap();
    anna_hears(&house, "a lighthouse at night").await;
    house.telegram.say(ALICE, "/unlink").unwrap();
    let which = bot_says(&house, ALICE, "Which chat do you want to unlink?").await;
    house.telegram.press(ALICE, ALICE, which.message, "Unlink 2").unwrap();
    bot_says(&house, ALICE, "The link is undone").await;
    let status = house.until_quiet().await;
    assert_eq!(accounts(&status), 2, "{status}");
    assert_eq!(status["generations"]["cancelled"], 1, "{status}");
    house.telegram.press(ALICE, ALICE, notice.message, "Undo the link").unwrap();
    house.wecom().say(ANNA, "余额").unwrap();
    anna_hears(&house, "可用 10").await;
    house.telegram.say(ALICE, "/balance").unwrap();
    bot_says(&house, ALICE, "10 credits to spend").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn what_was_on_its_way_to_an_unlinked_chat_does_not_arrive() {
    let house = house().await;
    let _desk = house.open().await;
    link(&house).await;
    a_day_later(&house).await;
    house.until_quiet().await;
    house.telegram.arm(Armed::chance(Fault::DropRequest, 1.0).in_chat(ALICE));
    house.telegram.say(ALICE, "/balance").unwrap();
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    let is_made = |status: &Value| {
        let is = |pointer: &str| status.pointer(pointer).and_then(Value::as_i64).unwrap();
        is("/generations/queued") + is("/generations/running") == 0
            && is("/outbox/waiting") >= 3
            && is("/inbox/waiting") == 0
    };
    house.until_status("a picture that cannot be handed over", is_made).await;
    house.wecom().say(ANNA, "解绑").unwrap();
    let which = anna_hears(&house, "要解绑哪个").await;
    house.wecom().press(ANNA, "", which.message, "解绑 2").unwrap();
    anna_hears(&house, "已解绑").await;
    house.telegram.clear_faults();
    bot_says(&house, ALICE, "This chat is unlinked").await;
    house.until_quiet().await;
    let chat = house.telegram.transcript(ALICE);
    let after = chat.split_once("a fox in the snow").unwrap().1;
    assert!(!after.contains("fox") && !after.contains("credits"), "{chat}");
    // The picture is the account's, and comes where that is.
    house.wecom().say(ANNA, "余额").unwrap();
    anna_hears(&house, "可用 18").await;
    let is_picture = |it: &WecomView| it.is_from_bot() && it.picture.is_some();
    house.wecom().wait_for(ANNA, PATIENCE, is_picture).await.unwrap();
    house.until_quiet().await;
}
