//! The same by way of WeCom: a member of the company, a customer on WeChat, the AI bot.

use picdesk_sandbox::{
    images::{Stage, decode_nonce, prompt_hash},
    wecom::{Armed, CHENMO, DESK_KF, Fault, MessageView, OLGA, WEI},
};

use crate::{
    database::{TestDatabase, databases},
    house::{BotWay, Given, House, PATIENCE},
};

pub(super) async fn house() -> House {
    House::build(Given { wecom: Some(BotWay::Callback), ..Given::default() }).await
}

/// Waits until the bot has said something in a chat.
pub(super) async fn bot_says(house: &House, chat: &str, part: &str) -> MessageView {
    house
        .wecom()
        .wait_for(chat, PATIENCE, |it| it.is_from_bot() && it.text.contains(part))
        .await
        .unwrap_or_else(|error| panic!("{part:?}: {error}\n{}", house.last_log()))
}

/// Whether a message shows the finished picture of these words.
pub(super) fn shows(house: &House, message: &MessageView, words: &str) -> bool {
    let mut files = message.pictures.iter().filter_map(|it| house.wecom().file(&it.blob));
    files.any(|(bytes, _)| {
        decode_nonce(&bytes)
            .is_some_and(|nonce| nonce.stage == Stage::Final && nonce.prompt == prompt_hash(words))
    })
}

/// Waits until a finished picture of these words stands in a chat, and has arrived.
pub(super) async fn picture_of(house: &House, chat: &str, words: &str) -> MessageView {
    house
        .wecom()
        .wait_for(chat, PATIENCE, |it| it.has_arrived() && shows(house, it, words))
        .await
        .unwrap_or_else(|error| panic!("no picture of {words:?}: {error}\n{}", house.last_log()))
}

#[tokio::test]
async fn a_member_gets_a_picture() {
    let house = house().await;
    let _desk = house.open().await;
    house.wecom().say("app-chenmo", "雪地里的一只狐狸").unwrap();
    picture_of(&house, "app-chenmo", "雪地里的一只狐狸").await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 2, "{status}");
    assert_eq!(house.images.calls().len(), 1);
}

#[tokio::test]
async fn a_customer_on_wechat_gets_a_picture() {
    let house = house().await;
    let _desk = house.open().await;
    house.wecom().say("kf-anna", "a fox in the snow").unwrap();
    picture_of(&house, "kf-anna", "a fox in the snow").await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 2, "{status}");
    assert_eq!(house.images.calls().len(), 1);
}

#[tokio::test]
async fn the_ai_bots_answer_ends_with_the_picture() {
    let house = house().await;
    let _desk = house.open().await;
    house.wecom().say("bot-chenmo", "雪地里的一只狐狸").unwrap();
    let answer = picture_of(&house, "bot-chenmo", "雪地里的一只狐狸").await;
    assert!(answer.finished, "{answer:?}");
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 2, "{status}");
    assert_eq!(house.images.calls().len(), 1);
}

/// How many events of a channel are in the inbox.
async fn events_of(house: &House, channel: &str) -> i64 {
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let text = "select count(*) from inbox where origin = 'people' and conversation like $1";
    let rows = connection.rows(text, &[format!("{channel}:%").into()]).await.unwrap();
    rows[0].int(0).unwrap()
}

#[tokio::test]
async fn every_message_comes_once_over_many_pages_an_empty_one_and_repeated_doorbells() {
    let house = house().await;
    let wecom = house.wecom();
    // The first page is empty, the next two are short ones, the fourth has the rest.
    wecom.arm(Armed::times(Fault::EmptyPage, 1).about(DESK_KF));
    wecom.arm(Armed::times(Fault::ShortPage { entries: 10 }, 2).about(DESK_KF));
    for number in 0..25 {
        wecom.say("kf-anna", &format!("/settings {number}")).unwrap();
    }
    let _desk = house.open().await;
    wecom.ring_doorbell(DESK_KF, 5).unwrap();
    let all = async || (events_of(&house, "wecom-kf").await == 25).then_some(());
    house.until("25 messages", all).await;
    wecom.ring_doorbell(DESK_KF, 3).unwrap();
    wecom.say("kf-anna", "/settings once more").unwrap();
    let all = async || (events_of(&house, "wecom-kf").await == 26).then_some(());
    house.until("26 messages", all).await;
}

#[tokio::test]
async fn a_desk_that_dies_while_it_fetches_fetches_the_rest_and_nothing_twice() {
    let house = house().await;
    let wecom = house.wecom();
    for number in 0..25 {
        wecom.say("kf-anna", &format!("/settings {number}")).unwrap();
    }
    for _ in 0..3 {
        wecom.clear_faults();
        wecom.arm(Armed::times(Fault::ShortPage { entries: 6 }, 1).about(DESK_KF));
        wecom.arm(Armed::times(Fault::Slow { delay_ms: 500 }, 8).on("kf/sync_msg"));
        let before = events_of(&house, "wecom-kf").await;
        let desk = house.open().await;
        let more = async || (events_of(&house, "wecom-kf").await > before).then_some(());
        house.until("more messages", more).await;
        desk.kill().await;
        assert_eq!(events_of(&house, "wecom-kf").await, before + 6, "the next page is on its way");
    }
    wecom.clear_faults();
    let _desk = house.open().await;
    let all = async || (events_of(&house, "wecom-kf").await == 25).then_some(());
    house.until("25 messages", all).await;
}

#[tokio::test]
async fn a_token_that_dies_in_mid_burst_costs_nobody_a_message() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    wecom.arm(Armed::times(Fault::TokenKilled, 2).on("message/send"));
    wecom.arm(Armed::times(Fault::TokenExpired, 2).on("media/upload"));
    let chats = ["app-chenmo", "app-olga", "app-wei", "kf-anna", "kf-xiaolin"];
    for chat in chats {
        wecom.say(chat, "雪地里的一只狐狸").unwrap();
    }
    for chat in chats {
        picture_of(&house, chat, "雪地里的一只狐狸").await;
        assert_eq!(wecom.pictures_twice(chat), 0, "{}", wecom.transcript(chat));
    }
    house.until_quiet().await;
}

#[tokio::test]
async fn a_callback_that_comes_again_in_whatever_envelope_is_one_message() {
    let house = house().await;
    let wecom = house.wecom();
    let desk = house.open().await;
    // Not heard twice, and so delivered three times; sent twice; its very envelope a second time.
    let people = [("app-chenmo", CHENMO), ("app-olga", OLGA), ("app-wei", WEI)];
    let again =
        [(Fault::CallbackUnheard, 2), (Fault::CallbackTwice, 1), (Fault::CallbackReplayed, 1)];
    for ((chat, who), (fault, times)) in people.into_iter().zip(again) {
        wecom.arm(Armed::times(fault, times).about(who));
        wecom.say(chat, "雪地里的一只狐狸").unwrap();
    }
    for (chat, _) in people {
        picture_of(&house, chat, "雪地里的一只狐狸").await;
    }
    let again = "picdesk_inbox_duplicates_total{channel=\"wecom-app\"} 4";
    let delivered = async || {
        wecom.retry_now();
        house.metrics(&desk).await.contains(again).then_some(())
    };
    house.until("every delivery", delivered).await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 6, "{status}");
    assert_eq!((house.images.calls().len(), events_of(&house, "wecom-app").await), (3, 3));
}

#[tokio::test]
async fn what_nobody_signed_is_turned_away_and_told_nothing() {
    let house = house().await;
    let desk = house.open().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let signed_by_nobody = "msg_signature=00000000000000000000000000000000000000ff\
                            &timestamp=1790000000&nonce=1234567890";
    for route in ["/wecom/callback", "/wecom/bot"] {
        let url = desk.url(&format!("{route}?{signed_by_nobody}"));
        let (xml, json) = ("<xml><Encrypt>aaaa</Encrypt></xml>", "{\"encrypt\":\"aaaa\"}");
        let body = if route == "/wecom/bot" { json } else { xml };
        let large = "a".repeat((64 << 10) + 1);
        for (status, sent) in [
            (403, http.post(&url).body(body)),
            (400, http.post(desk.url(route)).body(body)),
            (413, http.post(&url).body(large)),
            (403, http.get(format!("{url}&echostr=aaaa"))),
            (400, http.get(&url)),
        ] {
            let answer = sent.send().await.unwrap();
            assert_eq!(answer.status(), status, "{route}");
            assert_eq!(answer.text().await.unwrap(), "", "{route}");
        }
    }
    let address = desk.url("/wecom/callback");
    house.wecom().save_callback_url(&address).await.unwrap();
    house.wecom().save_bot_url(&desk.url("/wecom/bot")).await.unwrap();
    let counted = house.metrics(&desk).await;
    let refused = "picdesk_webhooks_rejected_total{route=\"wecom\",reason=\"signature\"} 2";
    assert!(counted.contains(refused), "{counted}");
}

#[tokio::test]
async fn the_ai_bot_answers_on_its_connection_too() {
    let given = Given { wecom: Some(BotWay::Socket), ..Given::default() };
    let house = House::build(given).await;
    let _desk = house.open().await;
    let connected = async || house.wecom().is_socket_open().then_some(());
    house.until("connection", connected).await;
    house.wecom().say("bot-chenmo", "雪地里的一只狐狸").unwrap();
    picture_of(&house, "bot-chenmo", "雪地里的一只狐狸").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn whoever_comes_by_a_link_is_greeted_in_chinese() {
    let house = house().await;
    let _desk = house.open().await;
    house.wecom().enter_session("xiaolin", "desk", "autumn", "poster").unwrap();
    bot_says(&house, "kf-xiaolin", "积分").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn a_customers_picture_and_then_their_words_are_one_request() {
    let house = house().await;
    let _desk = house.open().await;
    house.wecom().send_picture("kf-xiaolin", super::photo(320, 240)).unwrap();
    house.wecom().say("kf-xiaolin", "画成一张邮票").unwrap();
    picture_of(&house, "kf-xiaolin", "画成一张邮票").await;
    let calls = house.images.calls();
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!((call.references[0].width, call.references[0].height), (320, 240));
    house.until_quiet().await;
}

#[tokio::test]
async fn an_album_of_a_members_pictures_and_then_words_are_one_request() {
    let house = house().await;
    let _desk = house.open().await;
    let sizes = [(320, 240), (240, 320), (400, 300)];
    for (width, height) in sizes {
        house.wecom().send_picture("app-chenmo", super::photo(width, height)).unwrap();
    }
    house.wecom().say("app-chenmo", "都放在一个架子上").unwrap();
    picture_of(&house, "app-chenmo", "都放在一个架子上").await;
    let calls = house.images.calls();
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    let came: Vec<_> = call.references.iter().map(|it| (it.width, it.height)).collect();
    assert_eq!(came, sizes);
    house.until_quiet().await;
}

#[tokio::test]
async fn pictures_that_come_one_by_one_have_one_answer() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    for chat in ["app-chenmo", "kf-anna"] {
        for width in [320, 330, 340, 350, 360] {
            wecom.send_picture(chat, super::photo(width, 240)).unwrap();
        }
        bot_says(&house, chat, "收到 5 张图").await;
        house.until_quiet().await;
        let said = wecom.chat(chat).into_iter();
        let said = said.filter(|it| it.is_from_bot() && it.sort != "card");
        let said: Vec<_> = said.filter(|it| it.text.contains("收到")).collect();
        assert_eq!(said.len(), 1, "{chat}: {}", wecom.transcript(chat));
    }
}

#[tokio::test]
async fn an_address_that_wecom_does_not_trust_is_told_to_the_owner_and_nothing_is_lost() {
    let house = house().await;
    let wecom = house.wecom();
    let desk = house.open().await;
    wecom.arm(Armed::times(Fault::ServerError { status: 502 }, 1).on("webhook/send"));
    wecom.trust_ip(false);
    wecom.say("app-chenmo", "雪地里的一只狐狸").unwrap();
    house.until_logged("企业可信IP").await;
    // The robot has no address to be trusted, and says later what it could not say at once.
    bot_says(&house, "robot", "企业可信IP").await;
    wecom.trust_ip(true);
    desk.kill().await;
    let _desk = house.open().await;
    picture_of(&house, "app-chenmo", "雪地里的一只狐狸").await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 2, "{status}");
}

#[tokio::test]
async fn a_doorbell_is_heard_by_whichever_replica_fetches() {
    let shared = databases().await.into_iter().find(TestDatabase::is_shared);
    let Some(database) = shared else { return };
    let given = Given { wecom: Some(BotWay::Callback), ..Given::default() };
    let house = House::build_on(database, given).await;
    // The first one fetches, and WeCom calls the second.
    let _desks = [house.open().await, house.open().await];
    for words in ["a fox in the snow", "a fox in the rain", "a fox in the sun"] {
        house.wecom().say("kf-anna", words).unwrap();
        // Without a doorbell it would look only after minutes.
        picture_of(&house, "kf-anna", words).await;
    }
    house.until_quiet().await;
}

#[tokio::test]
async fn a_picture_that_wecom_forgets_is_there_when_it_is_needed() {
    let house = house().await;
    let desk = house.open().await;
    house.wecom().send_picture("app-chenmo", super::photo(320, 240)).unwrap();
    let copied = async || (copies(&house).await == 1).then_some(());
    house.until("copy of the picture", copied).await;
    // The desk has been away for longer than WeCom keeps a file.
    desk.kill().await;
    house.wecom().arm(Armed::times(Fault::Errcode { errcode: 40_007 }, 99).on("media/get"));
    let _desk = house.open().await;
    house.wecom().say("app-chenmo", "画成一张邮票").unwrap();
    picture_of(&house, "app-chenmo", "画成一张邮票").await;
    house.until_quiet().await;
    assert_eq!(house.images.calls()[0].references.len(), 1);
}

/// How many copies of pictures are kept.
async fn copies(house: &House) -> i64 {
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let text = "select count(*) from media_copies where state = 'kept'";
    connection.rows(text, &[]).await.unwrap()[0].int(0).unwrap()
}

#[tokio::test]
async fn a_copy_that_cannot_be_had_at_once_is_fetched_later() {
    let house = house().await;
    let _desk = house.open().await;
    house.wecom().arm(Armed::times(Fault::ServerError { status: 500 }, 2).on("media/get"));
    house.wecom().send_picture("app-chenmo", super::photo(320, 240)).unwrap();
    let copied = async || (copies(&house).await == 1).then_some(());
    house.until("copy of the picture", copied).await;
    assert_eq!(house.status().await["errands"]["failed"], 0);
}
