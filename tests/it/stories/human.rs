//! A customer and a person at the desk.

use picdesk_sandbox::telegram::{ALICE, Armed, Fault, MessageView, OLGA, OPERATORS, TopicAction};

use super::bot_says;
use crate::house::{Given, House, PATIENCE};

#[tokio::test]
async fn what_an_operator_answers_reaches_the_customer_and_notes_stay_at_the_desk() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    let topic = opened(&house).await;
    house.telegram.operator_says(OLGA, topic, "five, that is a lot").unwrap();
    house.telegram.operator_says(OLGA, topic, "/r We are looking into it.").unwrap();
    let answer = bot_says(&house, ALICE, "We are looking into it.").await;
    assert!(answer.text.contains("Olga"), "{}", answer.text);
    at_desk(&house, "✓ Delivered").await;

    house.telegram.say(ALICE, "/balance").unwrap();
    bot_says(&house, ALICE, "10 credits").await;
    house.telegram.reply(ALICE, answer.message, "thank you").unwrap();
    let thanks = at_desk(&house, "thank you").await;
    assert_eq!(thanks.topic, Some(topic));
    // An answer finds its customer by what is written down after the message is sent.
    house.until_quiet().await;
    house.telegram.operator_replies(OLGA, thanks.message, "You are welcome.").unwrap();
    bot_says(&house, ALICE, "You are welcome.").await;

    house.telegram.operator_says(OLGA, topic, "/done").unwrap();
    bot_says(&house, ALICE, "is closed").await;
    let status = house.until_quiet().await;
    assert_eq!(status["escalations"]["resolved"], 1, "{status}");
    let view = house.telegram.chat_view(OPERATORS, None, 100).unwrap();
    assert!(view.topics.iter().all(|it| it.topic != topic || it.closed), "{:?}", view.topics);
    let chat = house.telegram.transcript(ALICE);
    assert!(!chat.contains("five, that is a lot"), "a note went out:\n{chat}");
}

#[tokio::test]
async fn a_topic_whose_opening_nobody_heard_of_goes_again() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    house.telegram.arm(Armed::times(Fault::DropAnswer, 1).on("createForumTopic"));
    let topic = opened(&house).await;
    assert_eq!(house.telegram.counts().faults.get("drop_answer"), Some(&1));
    let topics = || house.telegram.chat_view(OPERATORS, None, 100).unwrap().topics;
    house.until("one topic", async || (topics().len() == 1).then_some(())).await;
    assert_eq!(topics()[0].topic, topic, "it is the case's");
    house.telegram.operator_says(OLGA, topic, "/r Which fox?").unwrap();
    bot_says(&house, ALICE, "Which fox?").await;
    house.until_quiet().await;
}

/// Alice needs a person, and Olga is one; the topic of her case.
async fn opened(house: &House) -> i64 {
    let (role, olga) = ("--role", OLGA.to_string());
    let operator = ["operator", "add", "--name", "Olga", role, "agent", "--telegram", &olga];
    house.order_well(&operator).await;
    house.telegram.say(ALICE, "/support").unwrap();
    let question = bot_says(house, ALICE, "What is it about?").await;
    house.telegram.press(ALICE, ALICE, question.message, "Something else").unwrap();
    bot_says(house, ALICE, "Tell us in your own words").await;
    house.telegram.say(ALICE, "my fox has five legs").unwrap();
    bot_says(house, ALICE, "A person will answer you here").await;
    let told = at_desk(house, "my fox has five legs").await;
    told.topic.expect("a case has a topic")
}

#[tokio::test]
async fn a_topic_that_was_deleted_is_rebuilt_in_order_and_says_what_it_lost() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    let topic = opened(&house).await;
    house.telegram.operator_says(OLGA, topic, "/r Which fox?").unwrap();
    let answer = bot_says(&house, ALICE, "Which fox?").await;
    house.until_quiet().await;
    house.telegram.change_topic(OLGA, OPERATORS, topic, TopicAction::Delete).unwrap();
    for text in ["the red one", "and its tail is green"] {
        house.telegram.reply(ALICE, answer.message, text).unwrap();
    }
    let anew = at_desk(&house, "This case had another topic, which is gone").await;
    at_desk(&house, "and its tail is green").await;
    house.until_quiet().await;
    let rebuilt = anew.topic.filter(|anew| *anew != topic).expect("it is another topic");
    let view = house.telegram.chat_view(OPERATORS, Some(rebuilt), 100).unwrap();
    let said = view.messages.iter().map(|it| it.text.as_str()).collect::<Vec<_>>().join("\n");
    let order = [
        "S-",
        "This case had another topic",
        "my fox has five legs",
        "the red one",
        "and its tail is green",
    ];
    let places = order.map(|part| said.find(part).unwrap_or_else(|| panic!("{part}: {said}")));
    assert!(places.is_sorted(), "{said}");
    // It is the case's from now on.
    house.telegram.operator_says(OLGA, rebuilt, "/r That is a rare one.").unwrap();
    bot_says(&house, ALICE, "That is a rare one.").await;
    house.until_quiet().await;
}

/// Waits until the bot has said something in the operators' forum.
async fn at_desk(house: &House, part: &str) -> MessageView {
    house
        .telegram
        .wait_for(OPERATORS, PATIENCE, |message| {
            message.is_from_bot() && message.text.contains(part)
        })
        .await
        .unwrap_or_else(|error| panic!("{part:?} at the desk: {error}\n{}", house.last_log()))
}
