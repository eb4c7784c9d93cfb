//! A customer and a person at the desk.

use bytes::Bytes;
use picdesk_sandbox::{
    images::{Envelope, ImagesFault},
    telegram::{ALICE, Armed, Fault, MessageView, OLGA, OPERATORS, Say, TopicAction},
};

use super::{bot_says, photo, picture_of};
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
async fn what_somebody_tells_a_human_without_a_reply_is_not_drawn_unasked() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    let topic = opened(&house).await;
    house.telegram.operator_says(OLGA, topic, "/r Which fox is it?").unwrap();
    bot_says(&house, ALICE, "Which fox is it?").await;
    house.until_quiet().await;
    house.telegram.say(ALICE, "the second one").unwrap();
    let question = bot_says(&house, ALICE, "or a picture to make?").await;
    house.telegram.send_photo(ALICE, photo(320, 240), "").await.unwrap();
    house.until_quiet().await;
    assert_eq!(house.images.calls().len(), 0, "nothing is made of it yet");
    house.telegram.press(ALICE, ALICE, question.message, "For the person").unwrap();
    let told = at_desk(&house, "the second one").await;
    assert_eq!(told.topic, Some(topic));
    bot_says(&house, ALICE, "Passed on").await;
    house.until_quiet().await;
    let desk = house.telegram.chat_view(OPERATORS, Some(topic), 100).unwrap();
    assert!(desk.messages.iter().any(|it| it.picture.is_some()), "{:?}", desk.messages);

    // Done is done when they have nothing to say to it.
    house.telegram.operator_says(OLGA, topic, "/r You get two credits.").unwrap();
    house.telegram.operator_says(OLGA, topic, "/done").unwrap();
    bot_says(&house, ALICE, "is closed").await;
    house.telegram.say(ALICE, "yes please, thank you").unwrap();
    let question = bot_says(&house, ALICE, "Is this for the person").await;
    house.telegram.press(ALICE, ALICE, question.message, "For the person").unwrap();
    at_desk(&house, "yes please, thank you").await;
    house.until_quiet().await;
    assert_eq!(house.images.calls().len(), 0, "nothing is made of it");

    // Asked again, and it is for a picture: then the next words are too.
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    let question = bot_says(&house, ALICE, "Is this for the person").await;
    house.telegram.press(ALICE, ALICE, question.message, "Make a picture").unwrap();
    picture_of(&house, ALICE, "a fox in the snow").await;
    house.telegram.say(ALICE, "a fox in the rain").unwrap();
    picture_of(&house, ALICE, "a fox in the rain").await;
    house.until_quiet().await;
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

#[tokio::test]
async fn all_pictures_of_an_operators_album_reach_the_customer_in_order() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    let topic = opened(&house).await;
    let sizes = [(320, 240), (240, 320), (400, 300), (300, 400)];
    let say = Say::text(OLGA, "/r Is it one of these?").in_chat(OPERATORS).in_topic(topic);
    let photos = sizes.iter().map(|&(width, height)| Bytes::from(photo(width, height)));
    let say = photos.fold(say, |say, bytes| say.with("photo.jpg", bytes));
    house.telegram.perform(say).await.unwrap();
    at_desk(&house, "✓ Delivered").await;
    house.until_quiet().await;
    let view = house.telegram.chat_view(ALICE, None, 100).unwrap();
    let came = view.messages.iter().filter(|it| it.is_from_bot()).filter_map(|it| {
        let picture = it.picture.as_ref()?;
        Some(((picture.width, picture.height), it.text.contains("Is it one of these?")))
    });
    let first = |index| index == 0;
    let expected = sizes.iter().enumerate().map(|(index, size)| (*size, first(index)));
    assert_eq!(came.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    let desk = house.telegram.chat_view(OPERATORS, Some(topic), 100).unwrap();
    let states = desk.messages.iter().filter(|it| it.text.contains("Delivered")).count();
    assert_eq!(states, 1, "{:?}", desk.messages);
}

#[tokio::test]
async fn who_may_see_a_request_sees_the_pictures_that_it_was_made_from() {
    let house = House::build(Given::default()).await;
    let _desk = house.open().await;
    let (role, olga) = ("--role", OLGA.to_string());
    let operator = ["operator", "add", "--name", "Olga", role, "agent", "--telegram", &olga];
    house.order_well(&operator).await;
    house.images.fault(ImagesFault::ModerationBlocked { envelope: Envelope::OpenAi });
    house.telegram.send_photo(ALICE, photo(320, 240), "put it on a shelf").await.unwrap();
    let refused = bot_says(&house, ALICE, "The safety check said no").await;
    house.until_quiet().await;
    house.telegram.press(ALICE, ALICE, refused.message, "Ask a human").unwrap();
    let question = bot_says(&house, ALICE, "What is it about?").await;
    house.telegram.press(ALICE, ALICE, question.message, "A failed picture").unwrap();
    bot_says(&house, ALICE, "Tell us in your own words").await;
    house.telegram.say(ALICE, "it is only a vase").unwrap();
    let consent = bot_says(&house, ALICE, "the pictures you gave with it").await;
    house.telegram.press(ALICE, ALICE, consent.message, "Yes").unwrap();
    let shown = at_desk(&house, "A picture given with the prompt").await;
    let picture = shown.picture.map(|it| (it.width, it.height));
    assert_eq!(picture, Some((320, 240)));
    at_desk(&house, "refused by the provider").await;
    house.until_quiet().await;
}

/// Waits until the bot has said something in the operators' forum.
pub(super) async fn at_desk(house: &House, part: &str) -> MessageView {
    house
        .telegram
        .wait_for(OPERATORS, PATIENCE, |message| {
            message.is_from_bot() && message.text.contains(part)
        })
        .await
        .unwrap_or_else(|error| panic!("{part:?} at the desk: {error}\n{}", house.last_log()))
}
