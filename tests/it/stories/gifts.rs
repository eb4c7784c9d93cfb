//! Credits that are given away: by a code, and for whoever brings somebody.

use std::time::Duration;

use picdesk_sandbox::telegram::{ALICE, MessageView, XIAOMING};
use picdesk_sandbox::wecom::MessageView as WecomView;

use super::{bot_says, picture_of};
use crate::{
    database::databases,
    house::{BotWay, Desk, Given, House, PATIENCE},
};

const PACK: &str = "100 credits · 500 ⭐";
const ANNA: &str = "kf-anna";
const DAY: Duration = Duration::from_hours(24);

const GIFTS: &str = "
[[promos]]
code = \"WELCOME\"
credits = 20
uses_max = 2
[[promos]]
code = \"old-news\"
credits = 20
uses_max = 2
until = \"2020-01-31\"
[referral]
credits = 50
invited_credits = 10
after_days = 14
per_30_days = 3
";

fn shop() -> Given {
    Given { trial: 1, takes_stars: true, gifts: GIFTS, ..Given::default() }
}

async fn redeems(house: &House, who: i64, text: &str, answer: &str) {
    let before = house.telegram.transcript(who).matches(answer).count();
    house.telegram.say(who, text).unwrap();
    let said = async || {
        let now = house.telegram.transcript(who).matches(answer).count();
        (now > before).then_some(())
    };
    house.until(answer, said).await;
}

/// The link by which somebody invites, as far as it is carried.
async fn payload_of(house: &House, who: i64) -> String {
    house.telegram.say(who, "/invite").unwrap();
    let shown = bot_says(house, who, "?start=invite-").await;
    let (_, rest) = shown.text.split_once("?start=").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

async fn buys(house: &House, who: i64) -> String {
    house.telegram.say(who, "/buy").unwrap();
    let offer = |it: &MessageView| it.is_from_bot() && it.button(PACK).is_some();
    let offer = house.telegram.wait_for(who, PATIENCE, offer).await.unwrap();
    house.telegram.press(who, who, offer.message, PACK).unwrap();
    let is_bill = |it: &MessageView| it.is_from_bot() && it.button("pay").is_some();
    let bill = house.telegram.wait_for(who, PATIENCE, is_bill).await.unwrap();
    let charge = house.telegram.pay(who, who, bill.message).await.unwrap();
    bot_says(house, who, "100 credits arrived").await;
    charge
}

/// Waits until every invitation was decided.
async fn until_decided(house: &House) {
    let store = house.look().await;
    let open = "select count(*) from invitations where state in ('came', 'bought')";
    let decided = async || {
        let mut connection = store.read().await.unwrap();
        let rows = connection.rows(open, &[]).await.unwrap();
        (rows[0].int(0).unwrap() == 0).then_some(())
    };
    house.until("end of every invitation", decided).await;
    house.until_quiet().await;
}

/// The desk ends, and another one begins so much later.
async fn later(house: &House, desk: Desk, after: Duration) -> Desk {
    house.until_quiet().await;
    desk.kill().await;
    let mut later = house.start_ahead(after);
    house.until_ready(&mut later).await;
    later
}

#[tokio::test]
async fn a_code_is_redeemed_once_by_each_and_by_no_more_than_may() {
    for database in databases().await {
        let house = House::build_on(database, shop()).await;
        let _desk = house.open().await;
        house.telegram.say(ALICE, "a fox in the snow").unwrap();
        bot_says(&house, ALICE, "I keep it for you").await;
        redeems(&house, ALICE, "/redeem wrong-one", "There is no such code").await;
        redeems(&house, ALICE, "/redeem old-news", "The time of this code is over").await;
        // What waited for credits runs by itself.
        redeems(&house, ALICE, "/redeem welcome", "20 credits arrived. Making your picture").await;
        picture_of(&house, ALICE, "a fox in the snow").await;
        redeems(&house, ALICE, "/redeem WELCOME", "You have had this code already").await;
        redeems(&house, XIAOMING, "/start promo-Welcome", "20 积分已到账").await;
        let late = house.telegram.add_user("late", "Late", Some("en"));
        redeems(&house, late, "/redeem WELCOME", "This code is used up").await;
        house.telegram.say(ALICE, "/balance").unwrap();
        bot_says(&house, ALICE, "+20 · a promo code").await;
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 3 + 40);
    }
}

#[tokio::test]
async fn guessing_codes_ends_after_five_tries() {
    let house = House::build(shop()).await;
    let _desk = house.open().await;
    for left in (1..=4).rev() {
        let answer = format!("You can try {left} more");
        redeems(&house, ALICE, "/redeem GUESSED", &answer).await;
    }
    redeems(&house, ALICE, "/redeem GUESSED", "Please wait a while").await;
    redeems(&house, ALICE, "/redeem WELCOME", "That was often enough").await;
    house.until_quiet().await;
    assert_eq!(house.credits("granted").await, 1);
}

async fn anna_hears(house: &House, part: &str) -> WecomView {
    house
        .wecom()
        .wait_for(ANNA, PATIENCE, |it| it.is_from_bot() && it.text.contains(part))
        .await
        .unwrap_or_else(|error| panic!("{part:?}: {error}\n{}", house.last_log()))
}

/// Anna's chat on WeChat becomes Alice's.
async fn link(house: &House) {
    house.telegram.say(ALICE, "/link").unwrap();
    let ways = bot_says(house, ALICE, "Linked chats have one account").await;
    house.telegram.press(ALICE, ALICE, ways.message, "Code for another chat").unwrap();
    let shown = bot_says(house, ALICE, "Type this in your other chat").await;
    house.wecom().say(ANNA, shown.text.lines().next().unwrap()).unwrap();
    let question = anna_hears(house, "绑定吗").await;
    house.wecom().press(ANNA, "", question.message, "是，那是我").unwrap();
    anna_hears(house, "两边现在共用一个账户").await;
}

#[tokio::test]
async fn a_code_is_had_once_whatever_chats_are_linked_and_by_words_on_wechat() {
    let wecom = Some(BotWay::Callback);
    let house = House::build(Given { wecom, ..shop() }).await;
    let _desk = house.open().await;
    house.wecom().say(ANNA, "兑换 welcome").unwrap();
    anna_hears(&house, "20 积分已到账").await;
    link(&house).await;
    redeems(&house, ALICE, "/redeem WELCOME", "You have had this code already").await;
    super::linking::a_day_later(&house).await;
    house.telegram.say(ALICE, "/unlink").unwrap();
    let which = bot_says(&house, ALICE, "Which chat do you want to unlink?").await;
    house.telegram.press(ALICE, ALICE, which.message, "Unlink 2").unwrap();
    anna_hears(&house, "本聊天已解绑").await;
    house.wecom().say(ANNA, "兑换 WELCOME").unwrap();
    anna_hears(&house, "这个优惠码你已经用过了").await;
    house.until_quiet().await;
    assert_eq!(house.credits("granted").await, 22);
}

#[tokio::test]
async fn who_brings_somebody_that_buys_and_stays_is_rewarded_and_so_are_they() {
    for database in databases().await {
        let house = House::build_on(database, shop()).await;
        let desk = house.open().await;
        let payload = payload_of(&house, ALICE).await;
        house.telegram.say(XIAOMING, &format!("/start {payload}")).unwrap();
        bot_says(&house, XIAOMING, "有朋友邀请了你").await;
        house.telegram.say(XIAOMING, "/language en").unwrap();
        bot_says(&house, XIAOMING, "English it is").await;
        buys(&house, XIAOMING).await;
        let desk = later(&house, desk, DAY * 13).await;
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 102);
        let _desk = later(&house, desk, DAY * 14 + Duration::from_mins(1)).await;
        bot_says(&house, ALICE, "Somebody you invited is here to stay").await;
        bot_says(&house, XIAOMING, "You came by an invitation").await;
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 162);
        house.telegram.say(ALICE, "/balance").unwrap();
        bot_says(&house, ALICE, "+50 · for an invitation").await;
        house.telegram.say(ALICE, "/invite").unwrap();
        bot_says(&house, ALICE, "So far: 1 came, 1 bought, 1 rewarded").await;
        // Somebody who is here is not invited, nor by themselves.
        house.telegram.say(XIAOMING, &format!("/start {payload}")).unwrap();
        bot_says(&house, XIAOMING, "for people who are new here").await;
        house.until_quiet().await;
    }
}

#[tokio::test]
async fn a_payment_that_goes_back_brings_nobody_anything() {
    let house = House::build(shop()).await;
    let desk = house.open().await;
    let payload = payload_of(&house, ALICE).await;
    let friend = house.telegram.add_user("friend", "Friend", Some("en"));
    house.telegram.say(friend, &format!("/start {payload}")).unwrap();
    bot_says(&house, friend, "Somebody invited you").await;
    let charge = buys(&house, friend).await;
    house.telegram.refund_from_outside(&charge).unwrap();
    bot_says(&house, friend, "Your money went back").await;
    let _desk = later(&house, desk, DAY * 15).await;
    until_decided(&house).await;
    assert_eq!(house.credits("granted").await, 102);
    house.telegram.say(ALICE, "/invite").unwrap();
    bot_says(&house, ALICE, "So far: 1 came, 1 bought, 0 rewarded").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn nobody_invites_themselves_by_another_chat() {
    let wecom = Some(BotWay::Callback);
    let house = House::build(Given { wecom, ..shop() }).await;
    let desk = house.open().await;
    let payload = payload_of(&house, ALICE).await;
    house.wecom().enter_session("anna", "desk", "invite", &payload).unwrap();
    anna_hears(&house, "有朋友邀请了你").await;
    link(&house).await;
    buys(&house, ALICE).await;
    let _desk = later(&house, desk, DAY * 15).await;
    until_decided(&house).await;
    assert_eq!(house.credits("granted").await, 102);
}

#[tokio::test]
async fn a_link_into_wechat_is_given_where_there_is_an_account_there() {
    let wecom = Some(BotWay::Callback);
    let house = House::build(Given { wecom, ..shop() }).await;
    let _desk = house.open().await;
    let carries = |it: &MessageView| it.text.contains("&scene_param=invite-");
    let told = async || {
        house.telegram.say(ALICE, "/invite").unwrap();
        house.until_quiet().await;
        house.telegram.wait_for(ALICE, Duration::from_millis(1), carries).await.ok()
    };
    let told = house.until("a link into WeChat", told).await;
    let mut words = told.text.split_whitespace();
    let link = words.find(|word| word.contains("&scene_param=invite-")).unwrap();
    house.wecom().open_link("anna", link).unwrap();
    anna_hears(&house, "有朋友邀请了你").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn ten_accounts_of_a_farmer_are_rewarded_no_faster_than_the_owner_said() {
    let house = House::build(shop()).await;
    let desk = house.open().await;
    let payload = payload_of(&house, ALICE).await;
    for number in 0..10 {
        let name = format!("farm{number}");
        let user = house.telegram.add_user(&name, &name, Some("en"));
        house.telegram.say(user, &format!("/start {payload}")).unwrap();
        bot_says(&house, user, "Somebody invited you").await;
        buys(&house, user).await;
    }
    let bought = 11 + 1000;
    let desk = later(&house, desk, DAY * 15).await;
    let rewarded = bought + 3 * 60;
    house.until_status("rewards", |status| status["credits"]["granted"] == rewarded).await;
    let desk = later(&house, desk, DAY * 44).await;
    house.until_quiet().await;
    assert_eq!(house.credits("granted").await, rewarded, "the others wait");
    let _desk = later(&house, desk, DAY * 46).await;
    let more = rewarded + 3 * 60;
    house.until_status("more rewards", |status| status["credits"]["granted"] == more).await;
    house.until_quiet().await;
    assert_eq!(house.credits("granted").await, more);
}

#[tokio::test]
async fn where_nothing_is_given_away_nothing_of_it_is_seen() {
    let house = House::build(Given { trial: 1, ..Given::default() }).await;
    let _desk = house.open().await;
    for command in ["/redeem WELCOME", "/invite"] {
        redeems(&house, ALICE, command, "Any text is a prompt").await;
    }
    house.until_quiet().await;
    let said = house.telegram.transcript(ALICE);
    assert!(!said.contains("promo code") && !said.contains("/invite others"), "{said}");
}

#[tokio::test]
async fn who_brings_somebody_that_pays_by_a_link_is_rewarded_once_also_when_it_is_told_again() {
    for database in databases().await {
        let given = Given { trial: 1, sells: true, gifts: GIFTS, ..Given::default() };
        let house = House::build_on(database, given).await;
        let desk = house.open().await;
        let payload = payload_of(&house, ALICE).await;
        house.telegram.say(XIAOMING, &format!("/start {payload}")).unwrap();
        bot_says(&house, XIAOMING, "有朋友邀请了你").await;
        let words = ["积分", "付款后积分会自动到这里", "100 积分"];
        super::plans::buy(&house, XIAOMING, "100 积分 · 9.90 USD", words).await;
        let desk = later(&house, desk, DAY * 13).await;
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 102);
        let _desk = later(&house, desk, DAY * 14 + Duration::from_mins(1)).await;
        bot_says(&house, ALICE, "Somebody you invited is here to stay").await;
        until_decided(&house).await;
        assert_eq!(house.credits("granted").await, 162);
        for webhook in house.creem().webhooks() {
            house.creem().send_again(&webhook.id).await;
        }
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 162);
    }
}
