//! What people do, and how the bot hears of it.

use picdesk_sandbox::telegram::{ALICE, GROUP, OLGA, OPERATORS, Say, TopicAction, Unplayable};
use serde_json::json;

use crate::desk::{Desk, png};

#[tokio::test]
async fn an_album_comes_as_updates_of_its_parts_under_one_id() {
    let (desk, _) = Desk::still().await;
    let photos = [1, 2, 3].map(|red| png(900, 600, red).into()).to_vec();
    desk.telegram.send_album(ALICE, photos, "these three").await.unwrap();
    let updates = desk.updates(0).await;
    assert_eq!(updates.len(), 3);
    let messages: Vec<_> = updates.iter().map(|it| &it["message"]).collect();
    assert_eq!(messages[0]["caption"], "these three");
    assert!(messages[1]["caption"].is_null());
    let album = &messages[0]["media_group_id"];
    assert!(album.is_string() && messages.iter().all(|it| it["media_group_id"] == *album));
    let largest = messages[0]["photo"].as_array().unwrap().last().unwrap();
    assert_eq!((&largest["width"], &largest["height"]), (&json!(900), &json!(600)));
    assert!(largest["file_size"].as_u64().unwrap() > 100);
}

#[tokio::test]
async fn a_picture_as_a_file_is_kept_byte_for_byte() {
    let (desk, _) = Desk::still().await;
    let bytes = png(50, 40, 9);
    desk.telegram.send_document(ALICE, "fox.png", bytes.clone(), "edit").await.unwrap();
    let updates = desk.updates(0).await;
    let document = &updates[0]["message"]["document"];
    assert_eq!(document["mime_type"], "image/png");
    let file = desk.call("getFile", json!({"file_id": document["file_id"]})).await;
    let path = file.result()["file_path"].as_str().unwrap();
    let url = format!("{}/file/bot{}/{path}", desk.telegram.api_url(), desk.telegram.token());
    assert_eq!(desk.http.get(url).send().await.unwrap().bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn blocking_refuses_sends_and_is_told() {
    let (desk, _) = Desk::still().await;
    desk.telegram.say(ALICE, "hello").unwrap();
    desk.telegram.block(ALICE).unwrap();
    let refused = desk.send(ALICE, "hi").await;
    assert_eq!(refused.description(), "Forbidden: bot was blocked by the user");
    assert_eq!(desk.telegram.say(ALICE, "x"), Err(Unplayable::Blocked));
    desk.telegram.unblock(ALICE).unwrap();
    assert_eq!(desk.send(ALICE, "hi").await.status, 200);
    let updates = desk.updates(0).await;
    let statuses: Vec<_> =
        updates[1..].iter().map(|it| &it["my_chat_member"]["new_chat_member"]["status"]).collect();
    assert_eq!(statuses, ["kicked", "member"]);
}

#[tokio::test]
async fn an_edit_comes_as_an_edited_message_of_the_same_number() {
    let (desk, _) = Desk::still().await;
    let said = desk.telegram.say(ALICE, "a fx").unwrap();
    desk.telegram.edit(ALICE, said, "a fox").unwrap();
    let updates = desk.updates(0).await;
    let edited = &updates[1]["edited_message"];
    assert_eq!((&edited["message_id"], &edited["text"]), (&json!(said), &json!("a fox")));
    assert!(edited["edit_date"].is_number());
}

#[tokio::test]
async fn in_a_group_the_bot_hears_what_is_meant_for_it() {
    let (desk, _) = Desk::still().await;
    desk.telegram.say_in(ALICE, GROUP, "nice weather").unwrap();
    desk.telegram.say_in(ALICE, GROUP, "/imagine a fox").unwrap();
    let answer = desk.send(GROUP, "here").await.message_id();
    let say = Say::text(ALICE, "bluer").in_chat(GROUP).replying_to(answer);
    desk.telegram.perform(say).await.unwrap();
    let updates = desk.updates(0).await;
    assert_eq!(updates.len(), 2);
    assert_eq!(updates[0]["message"]["entities"][0]["type"], "bot_command");
    let reply = &updates[1]["message"]["reply_to_message"];
    assert_eq!((&reply["message_id"], &reply["from"]["is_bot"]), (&json!(answer), &json!(true)));
    assert!(reply["reply_to_message"].is_null());
}

#[tokio::test]
async fn a_bot_that_was_removed_from_a_group_hears_of_it_and_nothing_more() {
    let (desk, _) = Desk::still().await;
    desk.telegram.remove_bot(ALICE, GROUP, true).unwrap();
    desk.telegram.say_in(ALICE, GROUP, "/imagine a fox").unwrap();
    let updates = desk.updates(0).await;
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0]["my_chat_member"]["chat"]["id"], GROUP);
    let refused = desk.send(GROUP, "hello?").await;
    assert_eq!(refused.description(), "Forbidden: bot was kicked from the group chat");
}

#[tokio::test]
async fn a_group_that_became_a_supergroup_says_where_it_is() {
    let (desk, _) = Desk::still().await;
    let new = desk.telegram.migrate(GROUP).unwrap();
    let updates = desk.updates(0).await;
    assert_eq!(updates[0]["message"]["migrate_to_chat_id"], new);
    assert_eq!(updates[1]["message"]["migrate_from_chat_id"], GROUP);
    let moved = desk.send(GROUP, "hello?").await;
    assert_eq!(moved.body["parameters"]["migrate_to_chat_id"], new);
    assert_eq!(desk.send(new, "hello").await.message_id(), 2, "it counts its own messages");
    assert_eq!(desk.telegram.id_of("group"), Some(new));
}

#[tokio::test]
async fn operators_answer_in_topics_and_close_them() {
    let (desk, _) = Desk::still().await;
    let topic = desk.call("createForumTopic", json!({"chat_id": OPERATORS, "name": "S-1"})).await;
    let thread = topic.result()["message_thread_id"].as_i64().unwrap();
    let card = json!({"chat_id": OPERATORS, "message_thread_id": thread, "text": "Case"});
    let card = desk.call("sendMessage", card).await.message_id();
    desk.telegram.operator_says(OLGA, thread, "looking into it").unwrap();
    desk.telegram.operator_replies(OLGA, card, "we have fixed it").unwrap();
    desk.telegram.change_topic(OLGA, OPERATORS, thread, TopicAction::Close).unwrap();
    let updates = desk.updates(0).await;
    let messages: Vec<_> = updates.iter().map(|it| &it["message"]).collect();
    assert!(messages.iter().all(|it| it["message_thread_id"] == thread));
    assert_eq!(messages[0]["forum_topic_created"]["name"], "S-1", "a bot is told of its own");
    assert!(messages[1]["reply_to_message"]["forum_topic_created"].is_object());
    assert_eq!(messages[2]["reply_to_message"]["message_id"], card);
    assert!(messages[3]["forum_topic_closed"].is_object());
}

#[tokio::test]
async fn what_no_client_would_send_can_be_sent() {
    let (desk, _) = Desk::still().await;
    let bomb = axum::body::Bytes::from_static(b"this is no picture at all");
    desk.telegram.send_photo_unchecked(ALICE, &bomb, (3000, 2000), "draw").unwrap();
    desk.telegram.inject(ALICE, "telepathy", &json!({"thought": "a fox"}));
    let updates = desk.updates(0).await;
    let photo = updates[0]["message"]["photo"].as_array().unwrap().last().unwrap();
    let file = desk.call("getFile", json!({"file_id": photo["file_id"]})).await;
    let path = file.result()["file_path"].as_str().unwrap();
    let url = format!("{}/file/bot{}/{path}", desk.telegram.api_url(), desk.telegram.token());
    assert_eq!(desk.http.get(url).send().await.unwrap().bytes().await.unwrap(), bomb);
    assert_eq!(updates[1]["telepathy"]["thought"], "a fox");
}

#[tokio::test]
async fn a_long_text_comes_as_several_messages() {
    let (desk, _) = Desk::still().await;
    desk.telegram.say(ALICE, &"狐狸 ".repeat(2000)).unwrap();
    let updates = desk.updates(0).await;
    assert_eq!(updates.len(), 2);
    let text = |at: usize| updates[at]["message"]["text"].as_str().unwrap();
    assert_eq!(format!("{} {}", text(0), text(1)), "狐狸 ".repeat(2000).trim());
}

#[tokio::test]
async fn the_stop_of_a_draft_is_told() {
    let (desk, clock) = Desk::still().await;
    desk.telegram.say(ALICE, "hello").unwrap();
    let body = json!({"chat_id": ALICE, "draft_id": 7, "text": "Drawing", "can_stop": true});
    assert_eq!(desk.call("sendMessageDraft", body).await.status, 200);
    assert_eq!(desk.telegram.chat_view(ALICE, None, 10).unwrap().draft.unwrap().draft, 7);
    desk.telegram.stop_draft(ALICE, ALICE, 7).unwrap();
    let updates = desk.updates(0).await;
    assert_eq!(updates[1]["stopped_message_generation"]["draft_id"], 7);
    clock.advance(std::time::Duration::from_secs(30));
    assert_eq!(desk.telegram.stop_draft(ALICE, ALICE, 7), Err(Unplayable::NoDraft));
    assert!(desk.telegram.chat_view(ALICE, None, 10).unwrap().draft.is_none());
}
