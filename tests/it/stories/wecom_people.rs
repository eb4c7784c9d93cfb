//! People of the company beside the bot: chats on WeChat that go to them and come back, operators
//! who answer in their own chat, members' contacts who are greeted.

use picdesk_sandbox::wecom::{MessageView, Reception, Say};

use super::wecom::{bot_says, picture_of};
use crate::house::{BotWay, Given, House, PATIENCE};

/// A house whose operators are members of the company.
async fn house() -> House {
    let desk = Some("wecom_operators = [\"Olga\", \"xiaowei\"]\n");
    let wecom = Some(BotWay::Callback);
    House::build(Given { wecom, desk, ..Given::default() }).await
}

async fn add_operator(house: &House) {
    let operator = ["operator", "add", "--name", "Olga", "--role", "agent", "--wecom", "olga"];
    house.order_well(&operator).await;
}

/// Asks for a person on WeChat, up to their words.
async fn ask_for_a_person(house: &House, words: &str) {
    let wecom = house.wecom();
    wecom.say("kf-anna", "/support").unwrap();
    let question = bot_says(house, "kf-anna", "哪方面").await;
    wecom.press("kf-anna", "", question.message, "其他").unwrap();
    bot_says(house, "kf-anna", "说说情况").await;
    wecom.say("kf-anna", words).unwrap();
}

/// Waits until the session of a chat stands so.
async fn until_session(house: &House, chat: &str, state: i64) {
    let stands = async || (house.wecom().session(chat)?.state == state).then_some(());
    house.until(&format!("session {state}"), stands).await;
}

fn from_people(house: &House, chat: &str) -> Vec<MessageView> {
    house.wecom().chat(chat).into_iter().filter(|it| !it.is_from_bot()).collect()
}

#[tokio::test]
async fn a_customer_who_wants_a_person_gets_one_and_the_bot_back() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    add_operator(&house).await;
    ask_for_a_person(&house, "狐狸有五条腿").await;
    // The bot's last words, which the change of hands allows.
    bot_says(&house, "kf-anna", "真人").await;
    until_session(&house, "kf-anna", 2).await;
    // Operators have the card and the words, by the name that WeCom knows.
    let card = bot_says(&house, "app-olga", "May see prompt").await;
    assert!(card.text.contains("Anna"), "{}", card.text);
    bot_says(&house, "app-olga", "狐狸有五条腿").await;

    wecom.take_session("kf-anna", "kf-olga").unwrap();
    bot_says(&house, "kf-anna", "已有真人接待").await;
    let said = house.images.calls().len();
    wecom.say("kf-anna", "雪地里的一只狐狸").unwrap();
    bot_says(&house, "app-olga", "雪地里的一只狐狸").await;
    wecom.perform(&Say::text("kf-anna", "五条腿，确实多了").by("kf-olga")).unwrap();
    bot_says(&house, "app-wei", "五条腿，确实多了").await;
    assert_eq!(house.images.calls().len(), said, "it is theirs to answer, and no prompt");
    // An operator who answers in the wrong place hears where the right one is.
    let case = card.text.split_whitespace().find(|it| it.starts_with("S-")).unwrap().to_owned();
    wecom.say("app-olga", &format!("/r {case} hello")).unwrap();
    bot_says(&house, "app-olga", "People have this chat in WeCom").await;

    wecom.end_session("kf-anna").unwrap();
    bot_says(&house, "kf-anna", "已处理完").await;
    bot_says(&house, "app-olga", "The case is closed").await;
    wecom.say("kf-anna", "雪地里的一只猫").unwrap();
    picture_of(&house, "kf-anna", "雪地里的一只猫").await;
    let status = house.until_quiet().await;
    assert_eq!(status["escalations"]["resolved"], 1, "{status}");
    assert_eq!(house.images.calls().len(), said + 1);
    assert!(from_people(&house, "kf-anna").len() > 4);
}

#[tokio::test]
async fn done_at_the_desk_gives_the_chat_back_to_the_bot() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    add_operator(&house).await;
    ask_for_a_person(&house, "狐狸有五条腿").await;
    bot_says(&house, "app-olga", "狐狸有五条腿").await;
    until_session(&house, "kf-anna", 2).await;
    // One case alone is open: its code can be left out.
    wecom.say("app-olga", "/done").unwrap();
    bot_says(&house, "kf-anna", "已处理完").await;
    until_session(&house, "kf-anna", 4).await;
    wecom.say("kf-anna", "雪地里的一只狐狸").unwrap();
    picture_of(&house, "kf-anna", "雪地里的一只狐狸").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn a_chat_goes_to_a_servicer_by_name_who_takes_chats() {
    let kf = "hand_over = \"servicer\"\nservicers = [\"xiaowei\", \"olga\"]\n";
    let wecom = Some(BotWay::Callback);
    let house = House::build(Given { wecom, kf, ..Given::default() }).await;
    let _desk = house.open().await;
    // Wei has stopped to take chats.
    ask_for_a_person(&house, "狐狸有五条腿").await;
    until_session(&house, "kf-anna", 3).await;
    bot_says(&house, "kf-anna", "真人").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn where_nobody_takes_chats_the_desk_answers() {
    let kf = "hand_over = \"servicer\"\nservicers = [\"olga\"]\n";
    let desk = Some("wecom_operators = [\"olga\"]\n");
    let wecom = Some(BotWay::Callback);
    let house = House::build(Given { wecom, kf, desk, ..Given::default() }).await;
    house.wecom().set_reception("desk", "kf-olga", Reception::Stopped).unwrap();
    let _desk = house.open().await;
    add_operator(&house).await;
    ask_for_a_person(&house, "狐狸有五条腿").await;
    bot_says(&house, "kf-anna", "编号").await;
    bot_says(&house, "app-olga", "狐狸有五条腿").await;
    house.until_logged("could not be handed to people").await;
    // The bot has the chat, so the desk's answers go out.
    house.wecom().say("app-olga", "/r 我们看一下。").unwrap();
    let answer = bot_says(&house, "kf-anna", "我们看一下").await;
    assert!(answer.text.contains("Olga"), "{}", answer.text);
    bot_says(&house, "app-olga", "✓ Delivered").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn an_operator_answers_a_member_in_a_chat_of_their_own() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    add_operator(&house).await;
    wecom.say("app-chenmo", "/support 狐狸有五条腿").unwrap();
    bot_says(&house, "app-chenmo", "编号").await;
    let told = bot_says(&house, "app-olga", "狐狸有五条腿").await;
    let case = told.text.split(' ').next().unwrap().to_owned();
    assert!(case.starts_with("S-"), "{}", told.text);
    // A plain line goes nowhere, and Olga is told how it is done.
    wecom.say("app-olga", "五条腿，确实多了").unwrap();
    bot_says(&house, "app-olga", "/r S-12").await;
    // Wei is told of cases, and nobody has made him an operator.
    wecom.say("app-wei", &format!("/r {case} 你好")).unwrap();
    bot_says(&house, "app-wei", "Only operators can answer here").await;
    wecom.say("app-olga", &format!("/r {case} 我们看一下。")).unwrap();
    let answer = bot_says(&house, "app-chenmo", "我们看一下").await;
    assert!(answer.text.contains("Olga"), "{}", answer.text);
    bot_says(&house, "app-olga", "✓ Delivered").await;
    wecom.say("app-chenmo", "/support 谢谢").unwrap();
    bot_says(&house, "app-olga", "谢谢").await;
    // The button on the card.
    let has_button = |it: &MessageView| it.button("Close case").is_some();
    let card = wecom.wait_for("app-olga", PATIENCE, has_button).await.unwrap();
    wecom.press("app-olga", "", card.message, "Close case").unwrap();
    bot_says(&house, "app-chenmo", "已处理完").await;
    bot_says(&house, "app-wei", "The case is closed").await;
    let status = house.until_quiet().await;
    assert_eq!(status["escalations"]["resolved"], 1, "{status}");
    assert_eq!(status["accounts"], 1, "operators are no customers: {status}");
    assert!(house.images.calls().is_empty());
}

#[tokio::test]
async fn a_new_contact_is_greeted_with_a_link_that_remembers_where_they_come_from() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    wecom.add_contact("xiaolin", "kf-olga", "autumn-fair").unwrap();
    let contact = "contact-xiaolin";
    let has_link = |it: &MessageView| it.buttons.iter().flatten().any(|one| one.url.is_some());
    let link = wecom
        .wait_for(contact, PATIENCE, |it| it.is_from_bot() && (it.sort == "link" || has_link(it)))
        .await
        .unwrap_or_else(|error| panic!("{error}\n{}", house.last_log()));
    let link = link
        .buttons
        .iter()
        .flatten()
        .find_map(|it| it.url.clone())
        .unwrap_or_else(|| panic!("a link: {link:?}"));
    assert!(link.ends_with("&scene_param=autumn-fair"), "{link}");
    wecom.open_link("xiaolin", &link).unwrap();
    bot_says(&house, "kf-xiaolin", "积分").await;
    house.until_quiet().await;
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let rows = connection.rows("select origin from accounts", &[]).await.unwrap();
    let origin = rows[0].blob(0).unwrap();
    assert!(String::from_utf8_lossy(&origin).contains("autumn-fair"), "{origin:?}");
}
