//! What survives a restart: everything.

use picdesk_sandbox::telegram::{ALICE, GROUP, Options, XIAOMING};
use serde_json::json;

use crate::desk::{Desk, Hook, png};

#[tokio::test]
async fn chats_files_queues_and_numbers_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let start = || Desk::start(Options { rate_limits: None, ..Options::in_folder(folder.path()) });
    let before = start().await;
    before.telegram.send_photo(ALICE, png(700, 500, 3), "bluer").await.unwrap();
    let sent =
        before.upload("sendPhoto", json!({"chat_id": ALICE}), "photo", &png(99, 99, 4)).await;
    let gone = before.send(ALICE, "placeholder").await.message_id();
    before.call("deleteMessage", json!({"chat_id": ALICE, "message_id": gone})).await;
    before.telegram.say(XIAOMING, "一只狐狸").unwrap();
    let migrated = before.telegram.migrate(GROUP).unwrap();
    let updates = before.updates(0).await;
    before.updates(updates[0]["update_id"].as_i64().unwrap() + 1).await;
    let (chat, newest) = (before.telegram.chat(ALICE), before.telegram.chat(XIAOMING));
    before.telegram.stop().await;
    assert!(before.try_call("getMe", json!({})).await.is_err());
    drop(before);

    let after = start().await;
    assert_eq!(after.telegram.chat(ALICE), chat);
    assert_eq!(after.telegram.chat(XIAOMING), newest);
    assert_eq!(after.updates(0).await, updates[1..], "what was not confirmed waits");
    let file_id = &sent.result()["photo"][1]["file_id"];
    let file = after.call("getFile", json!({"file_id": file_id})).await;
    let path = file.result()["file_path"].as_str().unwrap();
    let url = format!("{}/file/bot{}/{path}", after.telegram.api_url(), after.telegram.token());
    assert_eq!(after.http.get(url).send().await.unwrap().status(), 200);
    let next = after.send(ALICE, "hello again").await.message_id();
    assert!(next > gone, "a number is never given twice");
    let moved = after.send(GROUP, "x").await;
    assert_eq!(moved.body["parameters"]["migrate_to_chat_id"], migrated);
}

#[tokio::test]
async fn a_stop_breaks_what_is_under_way_and_frees_the_address() {
    let desk = Desk::start(Options::in_memory()).await;
    let telegram = desk.telegram.clone();
    let address = telegram.api_url().trim_start_matches("http://").parse().unwrap();
    let poll = tokio::spawn(async move {
        desk.try_call("getUpdates", json!({"offset": 1, "timeout": 50})).await
    });
    while !telegram.counts().calls.contains_key("getupdates") {
        tokio::task::yield_now().await;
    }
    telegram.stop().await;
    assert!(poll.await.unwrap().is_err(), "no answer, rather than a wrong one");
    let again = Desk::start(Options { listen: address, ..Options::in_memory() }).await;
    assert_eq!(again.call("getMe", json!({})).await.status, 200);
}

#[tokio::test]
async fn a_webhook_is_remembered_and_gets_what_waited() {
    let folder = tempfile::tempdir().unwrap();
    let hook = Hook::open().await;
    let before = Desk::start(Options::in_folder(folder.path())).await;
    before.telegram.say(ALICE, "said before").unwrap();
    hook.answer_with(503);
    before.call("setWebhook", json!({"url": hook.url, "secret_token": "abc"})).await;
    hook.next().await;
    before.telegram.stop().await;
    drop(before);
    hook.answer_with(200);
    while !hook.is_quiet().await {}
    let _after = Desk::start(Options::in_folder(folder.path())).await;
    let arrived = hook.next_arrived().await;
    assert_eq!(arrived.secret.as_deref(), Some("abc"));
    assert_eq!(arrived.update["message"]["text"], "said before");
}
