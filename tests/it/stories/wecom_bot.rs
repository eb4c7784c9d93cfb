//! The AI bot: each message has one answer, which says more and more and ends.

use picdesk_sandbox::{
    images::Latency,
    rest,
    telegram::{OLGA, OPERATORS},
    wecom::{MessageView, Say},
};

use super::{
    human::at_desk,
    photo,
    wecom::{bot_says, picture_of, shows},
};
use crate::house::{BotWay, Given, House, PATIENCE};

const FOX: &str = "雪地里的一只狐狸";

async fn house() -> House {
    House::build(Given { wecom: Some(BotWay::Callback), ..Given::default() }).await
}

/// Says something to the bot; the name of the message on the wire, which its answer bears too.
fn say(house: &House, chat: &str, text: &str) -> String {
    let message = house.wecom().say(chat, text).unwrap();
    let chat = house.wecom().chat(chat);
    chat.into_iter().find(|it| it.message == message).unwrap().msgid
}

/// Waits for the end of the answer to a message.
async fn answer_to(house: &House, chat: &str, msgid: &str) -> MessageView {
    let is_answer = |it: &MessageView| it.sort == "stream" && it.msgid == msgid && it.finished;
    let wecom = house.wecom();
    let ended = wecom.wait_for(chat, PATIENCE, is_answer).await;
    let ended = ended.unwrap_or_else(|error| {
        panic!("{error}\n{}\n{}", wecom.transcript(chat), house.last_log())
    });
    assert_eq!(ended.failed, None, "{ended:?}");
    ended
}

/// Waits until what is said to the bot comes to us.
async fn until_ready(house: &House, way: BotWay) {
    let ready = async || (way == BotWay::Callback || house.wecom().is_socket_open()).then_some(());
    house.until("connection", ready).await;
}

fn buttons(message: &MessageView) -> Vec<&str> {
    message.buttons.iter().flatten().map(|button| button.text.as_str()).collect()
}

#[tokio::test]
async fn three_messages_in_one_go_have_three_answers_and_each_is_whole() {
    let house = house().await;
    let _desk = house.open().await;
    house.images.set_latency(Latency::Seconds(2.0));
    let [fox, balance, cat] = [FOX, "余额", "一只绿色的猫"].map(|it| say(&house, "bot-wang", it));
    let answer = answer_to(&house, "bot-wang", &balance).await;
    assert!(answer.text.contains("可用") && answer.pictures.is_empty(), "{answer:?}");
    for (msgid, words) in [(fox, FOX), (cat, "一只绿色的猫")] {
        let answer = answer_to(&house, "bot-wang", &msgid).await;
        assert!(shows(&house, &answer, words) && answer.pictures.len() == 1, "{answer:?}");
        assert!(answer.text.contains("保存到"), "the receipt is with its picture: {answer:?}");
        assert!(buttons(&answer).contains(&"再来一次"), "{answer:?}");
    }
    house.until_quiet().await;
    let chat = house.wecom().chat("bot-wang");
    let said = chat.iter().filter(|it| it.is_from_bot());
    assert_eq!(said.count(), 3, "{}", house.wecom().transcript("bot-wang"));
}

#[tokio::test]
async fn a_request_that_is_taken_back_ends_its_answer() {
    let given = Given { wecom: Some(BotWay::Callback), provider: false, ..Given::default() };
    let house = House::build(given).await;
    let _desk = house.open().await;
    let balance = say(&house, "bot-chenmo", "余额");
    answer_to(&house, "bot-chenmo", &balance).await;
    house.until_quiet().await;
    let fox = say(&house, "bot-chenmo", FOX);
    house.until_status("in line", |it| it["generations"]["queued"] == 1).await;
    house.until_quiet_but_for_the_line().await;
    // Nothing can be pressed before the end: the word is named.
    let named = |it: &MessageView| it.msgid == fox && it.text.contains("发“取消”就行");
    let wecom = house.wecom();
    wecom.wait_for("bot-chenmo", PATIENCE, named).await.unwrap_or_else(|error| {
        panic!("{error}\n{}", wecom.transcript("bot-chenmo"));
    });
    let cancel = say(&house, "bot-chenmo", "取消");
    assert!(answer_to(&house, "bot-chenmo", &cancel).await.text.contains("已取消"));
    let taken_back = answer_to(&house, "bot-chenmo", &fox).await;
    assert!(taken_back.text.contains("已撤回"), "{taken_back:?}");
    house.until_quiet().await;
}

#[tokio::test]
async fn an_answer_ends_also_when_the_desk_dies_while_it_draws() {
    let house = house().await;
    let desk = house.open().await;
    house.images.set_latency(Latency::Seconds(600.0));
    let cats = say(&house, "bot-wang", "一只绿色的猫 2张");
    house.images.until(|calls| calls.len() == 2).await;
    desk.kill().await;
    house.images.set_latency(Latency::None);
    let _desk = house.open().await;
    let answer = answer_to(&house, "bot-wang", &cats).await;
    assert!(answer.text.contains("途中断了连接"), "{answer:?}");
    assert!(buttons(&answer).len() > 1, "{answer:?}");
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 0, "{status}");
}

#[tokio::test]
async fn a_pressed_card_says_so_and_what_was_asked_for_comes_by_its_address() {
    let house = house().await;
    let _desk = house.open().await;
    let fox = say(&house, "bot-chenmo", FOX);
    let answer = answer_to(&house, "bot-chenmo", &fox).await;
    house.until_quiet().await;
    let wecom = house.wecom();
    wecom.press("bot-chenmo", "", answer.message, "再来一次").unwrap();
    let says_so = |it: &MessageView| it.text.contains("✓ 再来一次");
    wecom.wait_for("bot-chenmo", PATIENCE, says_so).await.unwrap();
    let has_link = |it: &MessageView| it.is_from_bot() && it.text.contains("/p/");
    let link = wecom.wait_for("bot-chenmo", PATIENCE, has_link).await.unwrap();
    assert_eq!(link.sort, "markdown");
    assert!(link.text.contains("保存到"), "the receipt is in the only answer: {link:?}");
    assert!(link.text.contains("1. 再来一次"), "{link:?}");
    let status = house.until_quiet().await;
    assert_eq!((house.images.calls().len(), status["credits"]["posted"].clone()), (2, 4.into()));
    wecom.press("bot-chenmo", "", answer.message, "原图").unwrap();
    let links = || wecom.chat("bot-chenmo").iter().filter(|it| has_link(it)).count();
    house.until("link to the original", async || (links() == 2).then_some(())).await;
    wecom.press("bot-chenmo", "", answer.message, "改一改…").unwrap();
    house.until_quiet().await;
    house.wecom().say("bot-chenmo", "换成夜晚").unwrap();
    picture_of(&house, "bot-chenmo", "换成夜晚").await;
    assert_eq!(
        house.images.calls()[2].references.len(),
        1,
        "words after a press change the picture"
    );
    house.until_quiet().await;
}

#[tokio::test]
async fn in_a_group_it_answers_whoever_calls_it() {
    let house = house().await;
    let _desk = house.open().await;
    let wecom = house.wecom();
    wecom.perform(&Say::text("bot-group", "今天天气不错").by("wang")).unwrap();
    wecom.perform(&Say::text("bot-group", &format!("@画图助手 {FOX}")).by("wang")).unwrap();
    let answer = picture_of(&house, "bot-group", FOX).await;
    assert!(answer.finished, "{answer:?}");
    assert!(!answer.text.contains('余'), "nobody's balance is told among others: {answer:?}");
    // The name may stand behind what is said.
    wecom.perform(&Say::text("bot-group", "帮助 @画图助手").by("wang")).unwrap();
    bot_says(&house, "bot-group", "直接写想看的画面").await;
    house.until_quiet().await;
    assert_eq!(house.images.calls().len(), 1, "what is not said to it is not heard");
}

#[tokio::test]
async fn words_and_a_sealed_picture_together_are_one_request_on_either_way() {
    for way in [BotWay::Callback, BotWay::Socket] {
        let house = House::build(Given { wecom: Some(way), ..Given::default() }).await;
        let _desk = house.open().await;
        let ready = async || {
            let open = way == BotWay::Callback || house.wecom().is_socket_open();
            open.then_some(())
        };
        house.until("connection", ready).await;
        let both = Say::text("bot-chenmo", "画成一张邮票").with("fox.jpg", photo(320, 240));
        house.wecom().perform(&both).unwrap();
        picture_of(&house, "bot-chenmo", "画成一张邮票").await;
        let calls = house.images.calls();
        let [call] = calls.as_slice() else { panic!("{way:?}: {calls:?}") };
        let came: Vec<_> = call.references.iter().map(|it| (it.width, it.height)).collect();
        assert_eq!(came, [(320, 240)], "{way:?}");
        house.until_quiet().await;
    }
}

#[tokio::test]
async fn a_picture_that_is_quoted_is_worked_from() {
    let house = house().await;
    let _desk = house.open().await;
    let wecom = house.wecom();
    let shown = Say::text("bot-group", "").by("wang").with("fox.jpg", photo(320, 240));
    let shown = wecom.perform(&shown).unwrap()[0];
    let quoting = Say::text("bot-group", "@画图助手 画成一张邮票").by("chenmo").quoting(shown);
    wecom.perform(&quoting).unwrap();
    picture_of(&house, "bot-group", "画成一张邮票").await;
    let calls = house.images.calls();
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!((call.references[0].width, call.references[0].height), (320, 240));
    house.until_quiet().await;
}

#[tokio::test]
async fn several_pictures_after_a_press_are_one_answer_with_all_their_addresses() {
    let house = house().await;
    let _desk = house.open().await;
    let wecom = house.wecom();
    let foxes = say(&house, "bot-chenmo", "雪地里的一只狐狸 2张");
    let answer = answer_to(&house, "bot-chenmo", &foxes).await;
    assert_eq!(answer.pictures.len(), 2);
    house.until_quiet().await;
    wecom.press("bot-chenmo", "", answer.message, "再来一次").unwrap();
    let has_links = |it: &MessageView| it.is_from_bot() && it.text.matches("/p/").count() == 2;
    let links = wecom.wait_for("bot-chenmo", PATIENCE, has_links).await.unwrap_or_else(|error| {
        panic!("{error}\n{}", house.last_log());
    });
    assert!(links.text.contains("4 积分") && links.text.contains("保存到"), "{links:?}");
    // One of them, by its number under the pictures: its address, and what can be done with it.
    wecom.press("bot-chenmo", "", answer.message, "2").unwrap();
    let opened = |it: &MessageView| it.is_from_bot() && it.text.matches("/p/").count() == 1;
    wecom.wait_for("bot-chenmo", PATIENCE, opened).await.unwrap_or_else(|error| {
        panic!("{error}\n{}", house.last_log());
    });
    house.until_quiet().await;
}

#[tokio::test]
async fn who_quotes_an_answer_means_its_picture_on_either_way() {
    for way in [BotWay::Callback, BotWay::Socket] {
        let house = House::build(Given { wecom: Some(way), trial: 20, ..Given::default() }).await;
        let _desk = house.open().await;
        let wecom = house.wecom();
        let ready = async || (way == BotWay::Callback || wecom.is_socket_open()).then_some(());
        house.until("connection", ready).await;
        let fox = say(&house, "bot-chenmo", FOX);
        let answer = answer_to(&house, "bot-chenmo", &fox).await;
        let cat = say(&house, "bot-chenmo", "一只绿色的猫");
        answer_to(&house, "bot-chenmo", &cat).await;
        house.until_quiet().await;
        let quoting = Say::text("bot-chenmo", "换成夜晚").quoting(answer.message);
        wecom.perform(&quoting).unwrap();
        picture_of(&house, "bot-chenmo", "换成夜晚").await;
        house.until_quiet().await;
        let calls = house.images.calls();
        let [_, _, night] = calls.as_slice() else { panic!("{way:?}: {calls:?}") };
        assert_eq!(night.references.len(), 1, "{way:?}");
        // Of several nobody knows which, and nothing is made.
        let both = say(&house, "bot-chenmo", "雪地里的一只狐狸 2张");
        let answer = answer_to(&house, "bot-chenmo", &both).await;
        house.until_quiet().await;
        let quoting = Say::text("bot-chenmo", "换成早晨").quoting(answer.message);
        wecom.perform(&quoting).unwrap();
        let asks = |it: &MessageView| it.is_from_bot() && it.text.contains("哪一张");
        wecom.wait_for("bot-chenmo", PATIENCE, asks).await.unwrap();
        house.until_quiet().await;
        assert_eq!(house.images.calls().len(), 5, "{way:?}");
    }
}

#[tokio::test]
async fn words_that_are_screened_first_become_a_picture_in_their_answer_on_either_way() {
    for way in [BotWay::Callback, BotWay::Socket] {
        let given = Given { wecom: Some(way), sells: true, ..Given::default() };
        let house = House::build(given).await;
        let _desk = house.open().await;
        until_ready(&house, way).await;
        let foxes = say(&house, "bot-chenmo", "雪地里的一只狐狸 2张");
        let answer = answer_to(&house, "bot-chenmo", &foxes).await;
        assert_eq!(answer.pictures.len(), 2, "{way:?}: {answer:?}");
        assert!(answer.text.contains("保存到"), "{way:?}: {answer:?}");
        house.until_quiet().await;
        let chat = house.wecom().chat("bot-chenmo");
        let said = chat.iter().filter(|it| it.is_from_bot());
        assert_eq!(said.count(), 1, "{way:?}: {}", house.wecom().transcript("bot-chenmo"));
    }
}

#[tokio::test]
async fn a_payment_link_comes_in_the_chat_on_either_way() {
    for way in [BotWay::Callback, BotWay::Socket] {
        let given = Given { wecom: Some(way), sells: true, ..Given::default() };
        let house = House::build(given).await;
        let _desk = house.open().await;
        until_ready(&house, way).await;
        let wecom = house.wecom();
        let buy = say(&house, "bot-chenmo", "充值");
        let offer = answer_to(&house, "bot-chenmo", &buy).await;
        let pack = buttons(&offer).into_iter().find(|it| it.contains("100 积分")).unwrap();
        // Pressed twice it is one link, for which the first press has the address.
        let away = rest::Fault::Status { status: 503, retry_after_s: 0 };
        house.creem().arm(rest::Armed::times(away, 999).on("POST /v1/checkouts"));
        wecom.press("bot-chenmo", "", offer.message, pack).unwrap();
        wecom.press("bot-chenmo", "", offer.message, pack).unwrap();
        bot_says(&house, "bot-chenmo", "正在准备付款链接").await;
        house.creem().clear_faults();
        let link = bot_says(&house, "bot-chenmo", "/checkout/").await;
        let status = house.until_quiet().await;
        assert_eq!(status["outbox"]["refused"], 0, "{way:?}: {status}");
        assert!(link.text.contains("100 积分"), "{way:?}: {link:?}");
        // By callback each press has one answer, and that of the first is the link.
        let chat = wecom.chat("bot-chenmo");
        let coming = chat.iter().filter(|it| it.text.contains("正在准备付款链接")).count();
        let said = if way == BotWay::Callback { 1 } else { 2 };
        assert_eq!(coming, said, "{way:?}: {}", wecom.transcript("bot-chenmo"));
    }
}

#[tokio::test]
async fn what_a_person_answers_comes_with_what_the_customer_writes_next() {
    let house = house().await;
    let _desk = house.open().await;
    let (role, olga) = ("--role", OLGA.to_string());
    let operator = ["operator", "add", "--name", "Olga", role, "agent", "--telegram", &olga];
    house.order_well(&operator).await;
    let asked = say(&house, "bot-chenmo", "/support");
    let question = answer_to(&house, "bot-chenmo", &asked).await;
    let other = question.text.lines().find_map(|line| line.strip_suffix(". 其他"));
    say(&house, "bot-chenmo", other.unwrap());
    bot_says(&house, "bot-chenmo", "说说情况").await;
    let words = say(&house, "bot-chenmo", "狐狸有五条腿");
    let opened = answer_to(&house, "bot-chenmo", &words).await;
    assert!(opened.text.contains("要看真人的回复，过后在这里发“你好”"), "{opened:?}");
    let topic = at_desk(&house, "狐狸有五条腿").await.topic.unwrap();
    // After each of three messages of theirs one more can be said.
    for line in ["line one", "line two", "line three"] {
        house.telegram.operator_says(OLGA, topic, &format!("/r {line}")).unwrap();
        bot_says(&house, "bot-chenmo", line).await;
    }
    for line in ["line four", "line five"] {
        house.telegram.operator_says(OLGA, topic, &format!("/r {line}")).unwrap();
    }
    house.until_status("held", |it| it["outbox"]["held"] == 2).await;
    at_desk(&house, "the channel takes it when they write again").await;
    house.until_quiet().await;
    let balance = say(&house, "bot-chenmo", "余额");
    let answer = answer_to(&house, "bot-chenmo", &balance).await;
    let at = |part: &str| answer.text.find(part).unwrap_or_else(|| panic!("{part}: {answer:?}"));
    assert!(at("line four") < at("line five") && at("line five") < at("可用"), "{answer:?}");
    let status = house.until_quiet().await;
    assert_eq!((&status["outbox"]["held"], &status["outbox"]["refused"]), (&0.into(), &0.into()));
    let desk = house.telegram.chat_view(OPERATORS, Some(topic), 100).unwrap();
    let delivered = desk.messages.iter().filter(|it| it.text.contains("✓ Delivered"));
    assert_eq!(delivered.count(), 5, "{}", house.telegram.transcript(OPERATORS));
}
