//! What survives.

use std::time::Duration;

use picdesk_sandbox::clock::Clock;
use picdesk_sandbox::wecom::{CHENMO, DESK_KF, Options, XIAOLIN};
use serde_json::json;

use crate::desk::{Desk, Hook, START_MS, png, text_for};

#[tokio::test]
async fn everything_is_there_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(START_MS);
    let options = || Options { clock: clock.clone(), ..Options::in_folder(folder.path()) };
    let desk = Desk::start(options()).await;
    let first_token = desk.token.clone();
    desk.wecom.send_picture("kf-xiaolin", png(5, 5, 2)).unwrap();
    let mut named = text_for(XIAOLIN, DESK_KF, "fox");
    named["msgid"] = json!("out_1");
    desk.post("kf/send_msg", named.clone()).await;
    let page = desk.post("kf/sync_msg", json!({"open_kfid": DESK_KF})).await;
    desk.wecom.say("app-chenmo", "waits for the desk").unwrap();
    desk.wecom.say("bot-chenmo", "so does this").unwrap();
    desk.post("message/send", desk.text_to(CHENMO, "an answer")).await;
    let before = desk.wecom.transcript("app-chenmo");
    desk.wecom.stop().await;
    drop(desk);

    let desk = Desk::start(options()).await;
    assert_eq!(desk.token, first_token, "a token outlives the stand-in");
    assert_eq!(desk.wecom.transcript("app-chenmo"), before);
    assert_eq!(desk.wecom.session("kf-xiaolin").unwrap().answers_left, 4);
    assert_eq!(desk.errcode("kf/send_msg", named).await, 40058, "the name is still used");
    let body = json!({"open_kfid": DESK_KF, "cursor": page["next_cursor"]});
    let rest = desk.post("kf/sync_msg", body).await;
    assert_eq!(rest["msg_list"], json!([]));
    let picture = desk.wecom.chat("kf-xiaolin")[0].pictures[0].blob.clone();
    assert_eq!(desk.wecom.file(&picture).unwrap().0, png(5, 5, 2));
    let hook = Hook::open(desk.wecom.options()).await;
    desk.wecom.point_at(&hook.url);
    let told = [hook.next().await, hook.next().await];
    assert!(told.iter().any(|it| it.field("Content") == "waits for the desk"));
    assert_eq!(hook.next_for_bot().await.json()["text"]["content"], "so does this");
}

#[tokio::test]
async fn names_do_not_repeat_themselves_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let clock = Clock::manual(START_MS);
        let options = Options { clock, ..Options::in_folder(folder.path()) };
        let desk = Desk::start(options).await;
        let sent = desk.post("message/send", desk.text_to(CHENMO, "fox")).await;
        assert!(names.insert(sent["msgid"].as_str().unwrap().to_owned()));
        let media = desk.upload_picture().await;
        assert!(names.insert(media));
        desk.wecom.advance(Duration::from_secs(1));
        desk.wecom.stop().await;
    }
}
