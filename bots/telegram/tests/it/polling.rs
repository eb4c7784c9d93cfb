//! Updates that are asked for: what is confirmed is on disk.

use std::{sync::Arc, time::Duration};

use picdesk_core::channel::InboxError;
use picdesk_telegram::{Clock, TelegramChannel, polling::Ended};
use serde_json::{Value, json};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::stand_in::{Reply, StandIn, Tray};

fn update(id: i64) -> Value {
    json!({ "update_id": id, "message": {
        "message_id": id, "date": 1_790_000_000, "text": "a fox",
        "from": { "id": 5_550_001, "is_bot": false, "first_name": "Ada" },
        "chat": { "id": 5_550_001, "type": "private" },
    }})
}

fn name(id: i64) -> String {
    format!("telegram:7000000001:update:{id}")
}

fn me() -> Reply {
    Reply::Ok(json!({ "username": "picture_desk_bot" }))
}

struct Poller {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Ended>,
}

impl Poller {
    fn start(channel: Arc<TelegramChannel>, inbox: Arc<Tray>) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let clock: Clock = Arc::new(|| 1_790_000_000_000);
            channel.poll(&*inbox, &clock, async { drop(stopped.await) }).await
        });
        Self { stop, task }
    }

    async fn stop(self) -> Ended {
        self.stop.send(()).unwrap();
        ended(self.task).await
    }
}

async fn ended(task: JoinHandle<Ended>) -> Ended {
    tokio::time::timeout(Duration::from_secs(20), task).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_batch_is_on_disk_before_the_next_is_asked_for() {
    let api = StandIn::start().await;
    api.reply("getMe", me());
    api.reply("getUpdates", Reply::Ok(json!([update(10), update(11)])));
    api.reply("getUpdates", Reply::Ok(json!([update(12)])));
    let inbox = Arc::new(Tray::default());
    let poller = Poller::start(api.channel(), inbox.clone());
    let third = api.until("getUpdates", 3).await;
    assert_eq!(inbox.names(), [name(10), name(11), name(12)]);
    assert_eq!(third.parameters["offset"], 13);
    assert_eq!(poller.stop().await, Ended::Stopped);

    let asked = api.asked();
    assert_eq!(asked[0].method, "getMe");
    assert_eq!(asked[1].method, "deleteWebhook");
    assert_eq!(asked[1].parameters, json!({ "drop_pending_updates": false }));
    assert!(asked[2].parameters.get("offset").is_none(), "nothing was ever read");
    assert_eq!(asked[3].parameters["offset"], 12);
    let checkpoints: Vec<_> = inbox.accepted.lock().unwrap().iter().map(|a| a.1.clone()).collect();
    let first = checkpoints[0].clone().unwrap();
    assert_eq!(
        (first.source.as_str(), first.from, first.to.as_str()),
        ("telegram:7000000001", None, "12")
    );
    let second = checkpoints[1].clone().unwrap();
    assert_eq!((second.from.as_deref(), second.to.as_str()), (Some("12"), "13"));
}

#[tokio::test]
async fn what_was_not_written_down_is_not_confirmed() {
    let api = StandIn::start().await;
    api.reply("getMe", me());
    api.reply("getUpdates", Reply::Ok(json!([update(10)])));
    let inbox = Arc::new(Tray::default());
    inbox.stands.lock().unwrap().replace("9".into());
    inbox.checkpoint_errors.lock().unwrap().extend([InboxError::Unavailable; 2]);
    inbox.errors.lock().unwrap().extend([InboxError::Unavailable; 3]);
    let poller = Poller::start(api.channel(), inbox.clone());
    inbox.until(1).await;
    let next = api.until("getUpdates", 2).await;
    assert_eq!(next.parameters["offset"], 11);
    let asked = api.asked();
    let first = asked.iter().find(|asked| asked.method == "getUpdates").unwrap();
    assert_eq!(first.parameters["offset"], 9, "it goes on where it stood");
    assert_eq!(inbox.names(), [name(10)]);
    poller.stop().await;
}

#[tokio::test]
async fn another_replica_ends_the_polling() {
    let api = StandIn::start().await;
    api.reply("getMe", me());
    api.reply("getUpdates", Reply::Ok(json!([update(10)])));
    let inbox = Arc::new(Tray::default());
    let poller = Poller::start(api.channel(), inbox.clone());
    // Somebody else moves the checkpoint while the batch is on its way.
    api.until("getUpdates", 1).await;
    inbox.stands.lock().unwrap().replace("99".into());
    api.reply("getUpdates", Reply::Ok(json!([update(11)])));
    assert_eq!(ended(poller.task).await, Ended::NotOurs);
}

#[tokio::test]
async fn an_update_that_cannot_be_read_is_kept_aside_and_the_rest_goes_on() {
    let api = StandIn::start().await;
    api.reply("getMe", me());
    let odd = json!({ "update_id": 11, "message": { "message_id": [] } });
    let unknown = json!({ "update_id": 13, "news": {} });
    let nameless = json!({ "message": {} });
    let batch = json!([update(10), odd, update(12), unknown, nameless]);
    api.reply("getUpdates", Reply::Ok(batch));
    let inbox = Arc::new(Tray::default());
    let poller = Poller::start(api.channel(), inbox.clone());
    let next = api.until("getUpdates", 2).await;
    assert_eq!(next.parameters["offset"], 14);
    let aside = |n| format!("aside {}", name(n));
    assert_eq!(inbox.names(), [name(10), aside(11), name(12), aside(13)]);
    poller.stop().await;
}

#[tokio::test]
async fn a_batch_of_nothing_for_us_is_confirmed_too() {
    let api = StandIn::start().await;
    api.reply("getMe", me());
    let chat = json!({ "id": -5, "type": "group" });
    let talk = json!({ "message_id": 2, "date": 1, "chat": chat, "text": "a fox" });
    api.reply("getUpdates", Reply::Ok(json!([{ "update_id": 13, "message": talk }])));
    let inbox = Arc::new(Tray::default());
    let poller = Poller::start(api.channel(), inbox.clone());
    assert_eq!(api.until("getUpdates", 2).await.parameters["offset"], 14);
    assert_eq!(inbox.stands.lock().unwrap().as_deref(), Some("14"));
    poller.stop().await;
}

#[tokio::test]
async fn failures_are_waited_out() {
    let api = StandIn::start().await;
    api.reply("getMe", Reply::Raw(502, "<html>")).reply("getMe", me());
    api.reply("deleteWebhook", Reply::Never);
    let terminated = "Conflict: terminated by other getUpdates request; make sure that only one \
                      bot instance is running";
    for reply in [
        Reply::Raw(502, "<html>"),
        Reply::No(401, "Unauthorized", json!({})),
        Reply::No(409, terminated, json!({})),
        Reply::No(500, "Internal Server Error", json!({})),
        Reply::Raw(200, r#"{"ok":true,"result":7}"#),
        Reply::Cut,
        Reply::Ok(json!([update(10)])),
    ] {
        api.reply("getUpdates", reply);
    }
    let inbox = Arc::new(Tray::default());
    let poller = Poller::start(api.channel(), inbox.clone());
    inbox.until(1).await;
    assert_eq!(api.until("getUpdates", 8).await.parameters["offset"], 11);
    poller.stop().await;
}

#[tokio::test]
async fn a_webhook_that_somebody_set_is_taken_away() {
    let api = StandIn::start().await;
    let conflict = "Conflict: can't use getUpdates method while webhook is active; use \
                    deleteWebhook to delete the webhook first";
    api.reply("getMe", me()).reply("getUpdates", Reply::No(409, conflict, json!({})));
    let poller = Poller::start(api.channel(), Arc::new(Tray::default()));
    api.until("deleteWebhook", 2).await;
    api.until("getUpdates", 2).await;
    poller.stop().await;
}

#[tokio::test]
async fn after_long_silence_everything_unconfirmed_is_asked_for() {
    let api = StandIn::start().await;
    api.reply("getMe", me());
    let inbox = Arc::new(Tray::default());
    inbox.stands.lock().unwrap().replace("900000".into());
    // Numbers start again at random after a week; these are lower than the last ones.
    for _ in 0..120 {
        api.reply("getUpdates", Reply::Ok(json!([])));
    }
    api.reply("getUpdates", Reply::Ok(json!([update(5)])));
    let poller = Poller::start(api.channel(), inbox.clone());
    inbox.until(1).await;
    assert_eq!(api.until("getUpdates", 1).await.parameters["offset"], 900_000);
    assert!(api.until("getUpdates", 121).await.parameters.get("offset").is_none());
    assert_eq!(api.until("getUpdates", 122).await.parameters["offset"], 6);
    poller.stop().await;
}

#[tokio::test]
async fn it_stops_at_once_while_a_poll_is_held() {
    let api = StandIn::start().await;
    api.reply("getMe", me()).reply("getUpdates", Reply::Never);
    let poller = Poller::start(api.channel(), Arc::new(Tray::default()));
    api.until("getUpdates", 1).await;
    assert_eq!(poller.stop().await, Ended::Stopped);
}
