//! What every channel promises to whoever sends by it: one suite, at Telegram and at WeCom's three
//! doors, against their stand-ins; in trouble, at the AI bot's connection too.

mod doors;
mod telegram;
mod wecom;

use std::{collections::HashSet, sync::Arc, time::Duration};

use picdesk_core::{
    channel::{
        Button, ButtonTarget, Channel, Content, Delivery, DeliveryError, OutboundFile,
        OutboundMessage, Place, Refusal, Repeat, Text,
    },
    event::Event,
    id::{ArtifactId, ConversationId, OutboundId},
};

use self::doors::{Door, Seen, Trouble};
use crate::house::ASK_EVERY;

/// Every door there is, each with a stand-in of its own.
async fn doors() -> Vec<Box<dyn Door>> {
    let mut all: Vec<Box<dyn Door>> = vec![Box::new(telegram::AtTelegram::open().await)];
    all.extend(wecom::doors().await);
    let names: Vec<_> = all.iter().map(|door| door.channel().capabilities().name).collect();
    assert_eq!(names, ["telegram", "wecom-app", "wecom-kf", "wecom-bot"]);
    all
}

/// The same, and the AI bot by its connection, which has the troubles of one.
async fn troubled_doors() -> Vec<Box<dyn Door>> {
    let mut all = doors().await;
    let by_socket = wecom::by_socket().await;
    until_ready(by_socket.as_ref()).await;
    all.push(by_socket);
    all
}

/// Waits until what broke in troubles has come about again.
async fn until_ready(door: &dyn Door) {
    while !door.is_ready() {
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// A message of words.
fn words(door: &dyn Door, id: i64, text: &str) -> Delivery {
    let message = OutboundMessage {
        id: OutboundId(id),
        conversation: door.place(),
        place: Place::New { slot: None },
        reply_to: None,
        content: Content::Text(Text::plain(text)),
        buttons: Vec::new(),
        repeat: Repeat::Harmless,
        silent: false,
    };
    Delivery { message, edit: None, edit_is_picture: false, file: None, maybe_begun: false }
}

/// A picture that carries a file.
fn picture(door: &dyn Door, id: i64, file: OutboundFile) -> Delivery {
    let mut delivery = words(door, id, "");
    let caption = Text::plain("");
    delivery.message.content = Content::Picture { artifact: ArtifactId(9), caption };
    Delivery { file: Some(file), ..delivery }
}

fn upload() -> OutboundFile {
    let bytes = crate::stories::photo(64, 48);
    OutboundFile::Upload { bytes, name: "fox.jpg".into(), media_type: "image/jpeg" }
}

async fn take(door: &dyn Door, delivery: Delivery) -> picdesk_core::channel::Receipt {
    let name = door.channel().capabilities().name;
    let taken = door.channel().deliver(delivery).await;
    taken.unwrap_or_else(|error| panic!("{name}: {error}"))
}

async fn refuse(door: &dyn Door, delivery: Delivery) -> DeliveryError {
    let name = door.channel().capabilities().name;
    match door.channel().deliver(delivery).await {
        Ok(receipt) => panic!("{name} took it: {receipt:?}"),
        Err(error) => error,
    }
}

/// Waits until what the bot has said is as wanted.
async fn until_seen(door: &dyn Door, wanted: impl Fn(&[Seen]) -> bool) -> Vec<Seen> {
    let name = door.channel().capabilities().name;
    for _ in 0..200 {
        let seen = door.seen();
        if wanted(&seen) {
            return seen;
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    panic!("{name}: {:?}", door.seen());
}

fn all_text(seen: &[Seen]) -> String {
    seen.iter().map(|one| one.text.as_str()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn words_arrive_as_they_are_and_in_their_order() {
    for door in doors().await {
        door.speak("hello").await;
        let said = ["first <b> & *this* 你好 🦊", "then that", "and then"];
        let mut receipts = HashSet::new();
        for (id, text) in (10..).zip(said) {
            let receipt = take(door.as_ref(), words(door.as_ref(), id, text)).await;
            receipts.extend(receipt.message);
        }
        let name = door.channel().capabilities().name;
        assert_eq!(receipts.len(), said.len(), "{name}: each has a name of its own");
        let there = |seen: &[Seen]| said.iter().all(|text| all_text(seen).contains(text));
        let text = all_text(&until_seen(door.as_ref(), there).await);
        let places: Vec<_> = said.iter().map(|part| text.find(part)).collect();
        assert!(places.is_sorted(), "{name}: {text}");
    }
}

#[tokio::test]
async fn a_long_text_comes_in_order_and_within_what_the_channel_takes() {
    for door in doors().await {
        door.speak("hello").await;
        let channel = door.channel();
        let limit = channel.capabilities().text_units_max;
        let lines = limit * 3 / 2 / 18;
        let text: Vec<_> = (1..=lines).map(|number| format!("line-{number:06}-of-it")).collect();
        take(door.as_ref(), words(door.as_ref(), 20, &text.join("\n"))).await;
        let first = |seen: &[Seen]| all_text(seen).contains("line-000001");
        let seen = until_seen(door.as_ref(), first).await;
        let name = channel.capabilities().name;
        assert!(seen.iter().all(|one| one.text.chars().count() <= limit), "{name}");
        let shown = all_text(&seen);
        let numbers: Vec<usize> = shown
            .lines()
            .filter_map(|line| line.trim().strip_prefix("line-")?.get(..6)?.parse().ok())
            .collect();
        let expected: Vec<usize> = (1..=numbers.len()).collect();
        assert_eq!(numbers, expected, "{name}: in order, and each once");
        let least = if door.splits() { lines } else { lines / 2 };
        assert!(numbers.len() >= least, "{name}: {} of {lines} lines", numbers.len());
    }
}

#[tokio::test]
async fn a_picture_arrives_and_goes_again_by_its_handle() {
    for door in doors().await {
        door.speak("hello").await;
        let receipt = take(door.as_ref(), picture(door.as_ref(), 30, upload())).await;
        let pictures = |seen: &[Seen]| seen.iter().map(|one| one.pictures).sum::<usize>();
        until_seen(door.as_ref(), |seen| pictures(seen) == 1).await;
        if let Some(handle) = receipt.file {
            let known = OutboundFile::Known { handle };
            take(door.as_ref(), picture(door.as_ref(), 31, known)).await;
            until_seen(door.as_ref(), |seen| pictures(seen) == 2).await;
        }
    }
}

#[tokio::test]
async fn what_the_channel_will_never_take_is_refused_and_what_follows_goes_on() {
    for door in troubled_doors().await {
        door.speak("hello").await;
        if !door.arm(Trouble::BadContent) {
            continue;
        }
        let error = refuse(door.as_ref(), picture(door.as_ref(), 40, upload())).await;
        let name = door.channel().capabilities().name;
        assert!(matches!(error, DeliveryError::Refused(Refusal::Content)), "{name}: {error}");
        take(door.as_ref(), words(door.as_ref(), 41, "here is its address")).await;
        until_seen(door.as_ref(), |seen| all_text(seen).contains("its address")).await;
    }
}

#[tokio::test]
async fn who_is_told_to_wait_waits_there_and_is_taken_afterwards() {
    for door in troubled_doors().await {
        door.speak("hello").await;
        if !door.arm(Trouble::Wait) {
            continue;
        }
        let delivery = words(door.as_ref(), 50, "patience");
        let error = refuse(door.as_ref(), delivery.clone()).await;
        let name = door.channel().capabilities().name;
        let DeliveryError::RetryAfter { wait, .. } = error else { panic!("{name}: {error}") };
        assert!(!wait.is_zero() && wait <= Duration::from_mins(1), "{name}: {wait:?}");
        assert!(!all_text(&door.seen()).contains("patience"), "{name}");
        tokio::time::sleep(wait.min(door.longest_wait())).await;
        take(door.as_ref(), delivery).await;
        until_seen(door.as_ref(), |seen| all_text(seen).contains("patience")).await;
    }
}

#[tokio::test]
async fn an_outage_loses_nothing_and_is_no_refusal() {
    for door in troubled_doors().await {
        door.speak("hello").await;
        for (id, trouble) in [(60, Trouble::Down), (61, Trouble::DropRequest)] {
            if !door.arm(trouble) {
                continue;
            }
            let name = door.channel().capabilities().name;
            let text = format!("after {trouble:?}");
            let delivery = words(door.as_ref(), id, &text);
            match door.channel().deliver(delivery.clone()).await {
                // It was asked again at once.
                Ok(_) => {}
                Err(DeliveryError::NotSent(_) | DeliveryError::Unknown(_)) => {
                    door.calm();
                    until_ready(door.as_ref()).await;
                    take(door.as_ref(), delivery).await;
                }
                Err(error) => panic!("{name}, {trouble:?}: {error}"),
            }
            door.calm();
            let times = |seen: &[Seen]| all_text(seen).matches(&text).count();
            until_seen(door.as_ref(), |seen| times(seen) == 1).await;
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_makes_no_second_message_where_repeats_are_known() {
    for door in troubled_doors().await {
        door.speak("hello").await;
        if !door.arm(Trouble::DropAnswer) {
            continue;
        }
        let channel = door.channel();
        let name = channel.capabilities().name;
        let delivery = words(door.as_ref(), 70, "once and no more");
        let outcome = channel.deliver(delivery.clone()).await;
        door.calm();
        match outcome {
            // It was asked again at once, and known.
            Ok(_) => {}
            Err(DeliveryError::Unknown(_)) => {
                if channel.capabilities().knows_repeats {
                    let maybe_begun = true;
                    let again = door.anew().await;
                    let repeated = Delivery { maybe_begun, ..delivery.clone() };
                    again.deliver(repeated).await.unwrap_or_else(|error| {
                        panic!("{name}, of another process: {error}");
                    });
                    take(door.as_ref(), delivery).await;
                }
            }
            Err(error) => panic!("{name}: nobody can know that: {error}"),
        }
        let seen = until_seen(door.as_ref(), |seen| all_text(seen).contains("once")).await;
        assert_eq!(all_text(&seen).matches("once and no more").count(), 1, "{name}: {seen:?}");
    }
}

#[tokio::test]
async fn whoever_is_gone_is_refused_for_good() {
    for door in troubled_doors().await {
        let gone = door.gone().await;
        let mut delivery = words(door.as_ref(), 80, "is anybody there");
        delivery.message.conversation = gone;
        let error = refuse(door.as_ref(), delivery).await;
        let name = door.channel().capabilities().name;
        let for_good = matches!(
            error,
            DeliveryError::Refused(Refusal::Blocked | Refusal::ConversationGone)
                | DeliveryError::WindowClosed
        );
        assert!(for_good, "{name}: {error}");
    }
}

#[tokio::test]
async fn what_is_pressed_comes_back_as_it_was_given_out() {
    for door in doors().await {
        let spoken = door.speak("hello").await;
        let name = door.channel().capabilities().name;
        let Event::MessageReceived(message) = &spoken else { panic!("{name}: {spoken:?}") };
        assert!(message.from.language.is_some(), "{name} tells a language, or has one");
        assert_eq!(message.text, "hello", "{name}");
        let mut delivery = words(door.as_ref(), 90, "what shall it be?");
        let token = "AbC-0123456789_xyz";
        let target = ButtonTarget::Token(token.to_owned());
        delivery.message.buttons = vec![vec![Button { label: "Again".into(), target }]];
        take(door.as_ref(), delivery).await;
        let pressed = door.press("Again").await;
        let Event::ButtonPressed(press) = &pressed else { panic!("{name}: {pressed:?}") };
        assert_eq!(press.token, token, "{name}");
        assert_eq!(press.by.identity, message.from.identity, "{name}: by whoever wrote");
    }
}

#[tokio::test]
async fn an_edit_takes_the_place_of_what_stands_there_where_the_channel_can() {
    for door in doors().await {
        door.speak("hello").await;
        if !door.channel().capabilities().edits {
            continue;
        }
        let mut delivery = words(door.as_ref(), 100, "it is being made");
        let slot = Some(picdesk_core::id::Slot::Question(7));
        delivery.message.place = Place::New { slot };
        let receipt = take(door.as_ref(), delivery).await;
        let mut edit = words(door.as_ref(), 101, "it is made");
        let message = receipt.message.unwrap();
        edit.message.place = Place::EditMessage { message: message.clone() };
        edit.edit = Some(message);
        take(door.as_ref(), edit).await;
        let seen = until_seen(door.as_ref(), |seen| all_text(seen).contains("it is made")).await;
        assert!(!all_text(&seen).contains("being made"), "{seen:?}");
    }
}

#[tokio::test]
async fn no_error_shows_a_secret_or_what_was_said() {
    for door in doors().await {
        door.speak("hello").await;
        let troubles =
            [Trouble::Down, Trouble::DropAnswer, Trouble::DropRequest, Trouble::BadContent];
        for (id, trouble) in (110..).zip(troubles) {
            if !door.arm(trouble) {
                continue;
            }
            let Err(error) = door.channel().deliver(words(door.as_ref(), id, "canary 7131")).await
            else {
                door.calm();
                continue;
            };
            door.calm();
            let mut shown = vec![format!("{error:?} {error}")];
            let mut source = std::error::Error::source(&error);
            while let Some(inner) = source {
                shown.push(format!("{inner:?} {inner}"));
                source = inner.source();
            }
            let shown = shown.join("\n");
            for secret in door.secrets().iter().map(String::as_str).chain(["canary 7131"]) {
                assert!(!shown.contains(secret), "{trouble:?}: {shown}");
            }
        }
    }
}

/// A conversation of a channel.
fn place(text: &str) -> ConversationId {
    ConversationId(text.to_owned())
}

type AnyChannel = Arc<dyn Channel>;
