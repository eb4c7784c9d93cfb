//! Whose a chat is, asked where no event tells.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use picdesk_core::{
    channel::Arrival,
    event::{Event, Hands},
    id::ConversationId,
};
use picdesk_wecom::kf::{Chats, KfSync, Last};
use serde_json::{Value, json};

use super::{JUST_NOW, page, text};
use crate::stand_in::{NOW, Reply, StandIn, hurried, kf_settings};

/// Every chat is in this doubt.
struct All(Last);

#[async_trait]
impl Chats for All {
    async fn in_doubt(&self, chats: &[ConversationId]) -> HashMap<ConversationId, Last> {
        chats.iter().map(|chat| (chat.clone(), self.0)).collect()
    }
}

fn sync_of(wecom: &StandIn, last: Last) -> KfSync {
    *wecom.inbox.stands.lock().unwrap() = Some("C0".into());
    let sync = KfSync::new(
        "wkEXAMPLE1",
        &kf_settings(),
        wecom.client(),
        wecom.inbox.clone(),
        wecom.menus.clone(),
        wecom.house().clock,
        hurried(),
    );
    sync.with_chats(Arc::new(All(last)))
}

/// What was written down, in order: words, and whose the chat is from there on.
fn written(wecom: &StandIn) -> Vec<String> {
    let accepted = wecom.inbox.accepted.lock().unwrap();
    let arrivals = accepted.iter().flat_map(|(arrivals, _)| arrivals);
    let events = arrivals.filter_map(|arrival| match arrival {
        Arrival::Event(received) => Some(&received.event),
        Arrival::SetAside { .. } | Arrival::Asked(_) => None,
    });
    let word = |event: &Event| match event {
        Event::MessageReceived(message) => message.text.clone(),
        Event::ChatHanded(handing) => match &handing.to {
            Hands::Bot => "bot".into(),
            Hands::Servicer(name) => format!("people {name}"),
        },
        other => format!("{other:?}"),
    };
    events.map(word).collect()
}

fn state(number: i64) -> Reply {
    Reply::Ok(json!({ "service_state": number, "servicer_userid": "olga" }))
}

const ASKED: &str = "kf/service_state/get";

#[tokio::test]
async fn what_wecom_says_stands_before_the_last_words_or_behind_them() {
    for (last, number, wanted) in [
        (Last::People, 0, vec!["1", "bot", "2"]),
        (Last::People, 1, vec!["1", "bot", "2"]),
        // It has ended since they wrote.
        (Last::People, 4, vec!["1", "2", "bot"]),
        (Last::People, 2, vec!["1", "people ", "2"]),
        (Last::Bot, 3, vec!["1", "people olga", "2"]),
        (Last::Bot, 0, vec!["1", "2"]),
    ] {
        let wecom = StandIn::start().await;
        let sync = sync_of(&wecom, last);
        wecom.reply(ASKED, state(number));
        wecom.reply("kf/sync_msg", page("C1", 0, [text(1, JUST_NOW), text(2, JUST_NOW)]));
        sync.sync(None).await.unwrap();
        assert_eq!(written(&wecom), wanted, "{last:?} {number}");
        assert_eq!(wecom.of(ASKED).len(), 1);
    }
}

#[tokio::test]
async fn nobody_is_asked_before_the_last_page_nor_where_the_page_tells_nor_too_often() {
    let wecom = StandIn::start().await;
    let sync = sync_of(&wecom, Last::People);
    let ended: Value = json!({
        "msgid": "e1", "send_time": JUST_NOW, "origin": 4, "msgtype": "event",
        "event": { "event_type": "session_status_change", "open_kfid": "wkEXAMPLE1",
                   "external_userid": "wm1", "change_type": 3 },
    });
    wecom
        .reply("kf/sync_msg", page("C1", 1, [text(1, JUST_NOW)]))
        .reply("kf/sync_msg", page("C2", 0, [ended, text(2, JUST_NOW)]));
    sync.sync(None).await.unwrap();
    assert!(wecom.of(ASKED).is_empty(), "the page tells");
    for (number, asked) in [(3, 1), (4, 1)] {
        wecom.reply(ASKED, state(3));
        wecom.reply("kf/sync_msg", page(&format!("C{number}"), 0, [text(number, JUST_NOW)]));
        sync.sync(None).await.unwrap();
        assert_eq!(wecom.of(ASKED).len(), asked, "they have just been said to have it");
    }
    wecom.now.store(NOW + 10_000, std::sync::atomic::Ordering::SeqCst);
    wecom.reply("kf/sync_msg", page("C5", 0, [text(5, JUST_NOW)]));
    sync.sync(None).await.unwrap();
    assert_eq!(wecom.of(ASKED).len(), 2);
}

#[tokio::test]
async fn who_cannot_be_asked_about_is_taken_for_what_is_known() {
    let wecom = StandIn::start().await;
    let sync = sync_of(&wecom, Last::Bot);
    wecom.reply(ASKED, Reply::No(95_018, "no"));
    wecom.reply("kf/sync_msg", page("C1", 0, [text(1, JUST_NOW)]));
    sync.sync(None).await.unwrap();
    wecom.reply("kf/sync_msg", page("C2", 0, [text(2, JUST_NOW)]));
    sync.sync(None).await.unwrap();
    assert_eq!((written(&wecom), wecom.of(ASKED).len()), (vec!["1".into(), "2".into()], 1));
}
