//! Sends, edits, files, limits.

use std::time::Duration;

use picdesk_sandbox::telegram::{ALICE, Call, CallHook, GROUP, OPERATORS, Options, Say};
use serde_json::{Value, json};

use crate::desk::{Desk, png};

const KEYBOARD: &str = r#"{"inline_keyboard":[[{"text":"Cancel","callback_data":"c:1"}]]}"#;

#[tokio::test]
async fn a_placeholder_becomes_a_picture_by_edit() {
    let (desk, _) = Desk::still().await;
    desk.telegram.say(ALICE, "a fox").unwrap();
    let keyboard: Value = serde_json::from_str(KEYBOARD).unwrap();
    let body = json!({"chat_id": ALICE, "text": "Making a fox", "reply_markup": keyboard});
    let placeholder = desk.call("SendMessage", body).await.message_id();
    for red in [10, 20] {
        let media = json!({"type": "photo", "media": "attach://p", "caption": "2 credits"});
        let fields = json!({"chat_id": ALICE, "message_id": placeholder, "media": media});
        let edited = desk.upload("EditMessageMedia", fields, "p", &png(1500, 1000, red)).await;
        assert_eq!(edited.message_id(), placeholder);
        let sizes = edited.result()["photo"].as_array().unwrap();
        assert_eq!((sizes.len(), &sizes[3]["width"]), (4, &json!(1280)));
    }
    let seen = desk.telegram.message(ALICE, placeholder).unwrap();
    assert_eq!((seen.kind, seen.text.as_str(), seen.edits), ("photo", "2 credits", 2));
    assert!(seen.buttons.is_empty(), "an edit without buttons takes them away");
    let picture = seen.picture.unwrap();
    assert_eq!(desk.telegram.uploaded(&picture).unwrap(), png(1500, 1000, 20));
}

#[tokio::test]
async fn an_edit_that_changes_nothing_is_refused_and_a_new_upload_is_a_change() {
    let (desk, _) = Desk::still().await;
    desk.telegram.say(ALICE, "hello").unwrap();
    let id = desk.send(ALICE, "one").await.message_id();
    let edit = |text: &'static str| json!({"chat_id": ALICE, "message_id": id, "text": text});
    assert_eq!(desk.call("editMessageText", edit("two")).await.message_id(), id);
    let same = desk.call("editMessageText", edit("two")).await;
    assert!(same.description().starts_with("Bad Request: message is not modified"));
    let missing = json!({"chat_id": ALICE, "message_id": 99_999, "text": "x"});
    let missing = desk.call("editMessageText", missing).await;
    assert_eq!(missing.description(), "Bad Request: message to edit not found");

    let photo = desk.upload("sendPhoto", json!({"chat_id": ALICE}), "photo", &png(9, 9, 1)).await;
    let file_id = photo.result()["photo"][0]["file_id"].clone();
    let media = |media: Value| json!({"type": "photo", "media": media});
    let edit = |media| json!({"chat_id": ALICE, "message_id": photo.message_id(), "media": media});
    let same = desk.call("editMessageMedia", edit(media(file_id))).await;
    assert!(same.description().contains("message is not modified"));
    let fields = edit(media(json!("attach://p")));
    let again = desk.upload("editMessageMedia", fields, "p", &png(9, 9, 1)).await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn a_photo_may_be_resent_by_id_and_fetched_by_path() {
    let (desk, _) = Desk::still().await;
    desk.telegram.say(ALICE, "hello").unwrap();
    let fields = json!({"chat_id": ALICE, "photo": "attach://x", "caption": "fox"});
    let sent = desk.upload("sendPhoto", fields, "x", &png(640, 400, 7)).await;
    let largest = sent.result()["photo"].as_array().unwrap().last().unwrap().clone();
    let body = json!({"chat_id": ALICE, "photo": largest["file_id"]});
    let resent = desk.call("sendPhoto", body).await;
    assert_eq!(resent.result()["photo"], sent.result()["photo"]);
    assert_eq!(desk.telegram.pictures_twice(ALICE), 1);
    let file = desk.call("getFile", json!({"file_id": largest["file_id"]})).await;
    let path = file.result()["file_path"].as_str().unwrap().replace('/', "%2F");
    let url = format!("{}/file/bot{}/{path}", desk.telegram.api_url(), desk.telegram.token());
    let bytes = desk.http.get(url).send().await.unwrap().bytes().await.unwrap();
    let size = image::load_from_memory(&bytes).unwrap();
    assert_eq!((size.width(), size.height()), (640, 400));
    let wrong = desk.call("getFile", json!({"file_id": "nonsense"})).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn photo_limits_are_telegrams() {
    let (desk, _) = Desk::still().await;
    desk.telegram.say(ALICE, "hello").unwrap();
    let send = |bytes: Vec<u8>| {
        let desk = &desk;
        async move { desk.upload("sendPhoto", json!({"chat_id": ALICE}), "photo", &bytes).await }
    };
    let wide = send(png(2100, 100, 1)).await;
    assert_eq!(wide.description(), "Bad Request: PHOTO_INVALID_DIMENSIONS");
    let heavy = [png(8, 8, 1), vec![0; 10_000_000]].concat();
    assert_eq!(send(heavy).await.description(), "Bad Request: file is too big");
    let as_file = |bytes: Vec<u8>| {
        let desk = &desk;
        let chat = json!({"chat_id": ALICE});
        async move { desk.upload("sendDocument", chat, "document", &bytes).await }
    };
    let document = as_file(vec![7; 21 * 1024 * 1024]).await;
    let id = document.result()["document"]["file_id"].clone();
    let fetched = desk.call("getFile", json!({"file_id": id})).await;
    assert_eq!(fetched.description(), "Bad Request: file is too big");
    assert_eq!(as_file(vec![7; 50_000_001]).await.status, 413);
}

#[tokio::test]
async fn bodies_may_be_json_urlencoded_or_multipart() {
    let (desk, _) = Desk::still().await;
    desk.telegram.say(ALICE, "hello").unwrap();
    let form = [("chat_id", ALICE.to_string()), ("text", "über & co".to_owned())];
    let urlencoded = desk.http.post(desk.url("sendmessage")).form(&form).send().await.unwrap();
    assert_eq!(urlencoded.status(), 200);
    let form = reqwest::multipart::Form::new()
        .text("chat_id", ALICE.to_string())
        .text("text", "parts")
        .text("reply_markup", KEYBOARD);
    let parts = desk.http.post(desk.url("SENDMESSAGE")).multipart(form).send().await.unwrap();
    assert_eq!(parts.status(), 200);
    let texts: Vec<_> = desk.telegram.chat(ALICE).into_iter().map(|it| it.text).collect();
    assert_eq!(texts, ["hello", "über & co", "parts"]);
    assert!(desk.telegram.chat(ALICE)[2].button("c:1").is_some());
}

#[tokio::test]
async fn wrong_tokens_methods_and_chats_are_told_apart() {
    let (desk, _) = Desk::still().await;
    let url = format!("{}/bot1:wrong/getMe", desk.telegram.api_url());
    assert_eq!(desk.http.get(url).send().await.unwrap().status(), 401);
    assert_eq!(desk.call("sendTelepathy", json!({})).await.status, 404);
    let unknown = desk.send(424_242, "hello").await;
    assert_eq!(unknown.description(), "Bad Request: chat not found");
    let first = desk.send(ALICE, "hello").await;
    assert_eq!(first.description(), "Forbidden: bot can't initiate conversation with a user");
    let me = desk.call("getMe", json!({})).await;
    for required in ["can_join_groups", "can_read_all_group_messages", "supports_inline_queries"] {
        assert!(me.result()[required].is_boolean(), "{required}");
    }
}

#[tokio::test]
async fn texts_and_buttons_have_telegrams_limits() {
    let (desk, _) = Desk::still().await;
    desk.telegram.say(ALICE, "hello").unwrap();
    assert_eq!(desk.send(ALICE, &"画".repeat(4096)).await.status, 200);
    assert_eq!(desk.send(ALICE, &"画".repeat(4097)).await.status, 400);
    assert_eq!(desk.send(ALICE, "  ").await.description(), "Bad Request: message text is empty");
    let fields = json!({"chat_id": ALICE, "caption": "x".repeat(1025)});
    let caption = desk.upload("sendPhoto", fields, "photo", &png(9, 9, 1)).await;
    assert_eq!(caption.description(), "Bad Request: message caption is too long");
    let keyboard = json!({"inline_keyboard": [[{"text": "a", "callback_data": "x".repeat(65)}]]});
    let body = json!({"chat_id": ALICE, "text": "x", "reply_markup": keyboard});
    let refused = desk.call("sendMessage", body).await;
    assert_eq!(refused.description(), "Bad Request: BUTTON_DATA_INVALID");
}

#[tokio::test]
async fn a_burst_to_one_chat_meets_429_with_the_wait_in_header_and_body() {
    let clock = picdesk_sandbox::clock::Clock::manual(1_764_000_000_000);
    let desk = Desk::start(Options { clock: clock.clone(), ..Options::in_memory() }).await;
    desk.telegram.say(ALICE, "hello").unwrap();
    let mut last = desk.send(ALICE, "0").await;
    let id = last.message_id();
    for n in 1..5 {
        let body = json!({"chat_id": ALICE, "message_id": id, "text": format!("edit {n}")});
        last = desk.call("editMessageText", body).await;
        assert_eq!(last.status, 200, "edit {n}: {last:?}");
    }
    let refused = desk.send(ALICE, "one too many").await;
    assert_eq!((refused.status, refused.retry_after.as_deref()), (429, Some("1")));
    assert_eq!(refused.body["parameters"]["retry_after"], 1);
    let action = json!({"chat_id": ALICE, "action": "upload_photo"});
    assert_eq!(desk.call("sendChatAction", action).await.status, 200);
    clock.advance(Duration::from_secs(1));
    assert_eq!(desk.send(ALICE, "now").await.status, 200);
    assert_eq!(desk.telegram.counts().refused[&429], 1);
}

#[tokio::test]
async fn albums_are_sent_as_one_and_copied_as_one() {
    let (desk, _) = Desk::still().await;
    desk.telegram.say(ALICE, "hello").unwrap();
    let photo = desk.upload("sendPhoto", json!({"chat_id": ALICE}), "photo", &png(9, 9, 1)).await;
    let file_id = &photo.result()["photo"][0]["file_id"];
    let part = json!({"type": "photo", "media": file_id});
    let body = json!({"chat_id": ALICE, "media": [part, part]});
    let album = desk.call("sendMediaGroup", body).await;
    let group = album.result()[0]["media_group_id"].clone();
    assert_eq!(album.result()[1]["media_group_id"], group);
    let one = json!({"chat_id": ALICE, "media": [part]});
    assert_eq!(desk.call("sendMediaGroup", one).await.status, 400);

    let topic = desk.call("createForumTopic", json!({"chat_id": OPERATORS, "name": "S-1"})).await;
    let thread = topic.result()["message_thread_id"].clone();
    let ids: Vec<_> =
        album.result().as_array().unwrap().iter().map(|it| it["message_id"].clone()).collect();
    let body = json!({"chat_id": OPERATORS, "from_chat_id": ALICE, "message_ids": ids,
                      "message_thread_id": thread});
    assert_eq!(desk.call("copyMessages", body).await.result().as_array().unwrap().len(), 2);
    let copied = desk.telegram.chat(OPERATORS);
    assert_eq!(copied[1].album, copied[2].album);
    assert_ne!(copied[1].album.as_deref(), group.as_str());
    assert_eq!(copied[1].topic, thread.as_i64());
}

#[tokio::test]
async fn a_topic_can_be_closed_renamed_and_deleted() {
    let (desk, _) = Desk::still().await;
    let not_there = desk.call("createForumTopic", json!({"chat_id": GROUP, "name": "x"})).await;
    assert_eq!(not_there.description(), "Bad Request: the chat is not a forum");
    let topic = desk.call("createForumTopic", json!({"chat_id": OPERATORS, "name": "S-1"})).await;
    let thread = topic.result()["message_thread_id"].as_i64().unwrap();
    let about = json!({"chat_id": OPERATORS, "message_thread_id": thread});
    let said = json!({"chat_id": OPERATORS, "message_thread_id": thread, "text": "card"});
    let card = desk.call("sendMessage", said.clone()).await;
    assert_eq!(card.result()["is_topic_message"], true);
    assert_eq!(card.result()["reply_to_message"]["forum_topic_created"]["name"], "S-1");
    assert_eq!(desk.call("closeForumTopic", about.clone()).await.status, 200);
    let closed = desk.call("sendMessage", said.clone()).await;
    assert_eq!(closed.description(), "Bad Request: TOPIC_CLOSED");
    assert_eq!(desk.call("reopenForumTopic", about.clone()).await.status, 200);
    assert_eq!(desk.call("sendMessage", said.clone()).await.status, 200);
    assert_eq!(desk.call("deleteForumTopic", about).await.status, 200);
    let gone = desk.call("sendMessage", said).await;
    assert_eq!(gone.description(), "Bad Request: message thread not found");
}

#[tokio::test]
async fn without_history_any_chat_is_served_and_nothing_is_kept() {
    let calls = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&calls);
    let hook = CallHook::new(move |call: &Call<'_>| {
        assert!(call.chat == Some(777_000) && call.message.is_some());
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    });
    let desk = Desk::start(Options { on_call: Some(hook), ..Options::lean() }).await;
    for n in 0..50 {
        assert_eq!(desk.send(777_000, &n.to_string()).await.message_id(), n + 1);
    }
    let edit = json!({"chat_id": 777_000, "message_id": 50, "text": "x"});
    assert_eq!(desk.call("editMessageText", edit).await.status, 200);
    let beyond = json!({"chat_id": 777_000, "message_id": 51, "text": "x"});
    assert_eq!(desk.call("editMessageText", beyond).await.status, 400);
    assert!(desk.telegram.chat(777_000).is_empty());
    assert_eq!(desk.telegram.counts().messages, 50);
    let long = desk.send(777_000, &"画".repeat(4097)).await;
    assert_eq!(long.description(), "Bad Request: message is too long");
    let marked = json!({"chat_id": 777_000, "text": "x", "entities": [
        {"type": "bold", "offset": 0, "length": 1}]});
    assert_eq!(desk.call("sendMessage", marked).await.message_id(), 51);
    let photo = json!({"chat_id": 777_000});
    let photo = desk.upload("sendPhoto", photo, "photo", &png(64, 64, 1)).await;
    assert_eq!(photo.message_id(), 52);
    assert_eq!(calls.load(std::sync::atomic::Ordering::SeqCst), 53);
    assert_eq!(desk.telegram.counts().messages, 52);
}

#[tokio::test]
async fn a_reply_must_answer_something_unless_told_otherwise() {
    let (desk, _) = Desk::still().await;
    let said = desk.telegram.perform(Say::text(ALICE, "hello")).await.unwrap()[0];
    let reply = |message: i64, lenient: bool| {
        let reply = json!({"message_id": message, "allow_sending_without_reply": lenient});
        json!({"chat_id": ALICE, "text": "hi", "reply_parameters": reply})
    };
    let answered = desk.call("sendMessage", reply(said, false)).await;
    assert_eq!(answered.result()["reply_to_message"]["message_id"], said);
    let missing = desk.call("sendMessage", reply(999, false)).await;
    assert_eq!(missing.description(), "Bad Request: message to be replied not found");
    assert_eq!(desk.call("sendMessage", reply(999, true)).await.status, 200);
}
