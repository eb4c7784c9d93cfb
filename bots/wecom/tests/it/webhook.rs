//! Callbacks as they come: by whom, how often, and whether the store is there.

use std::sync::atomic::Ordering;

use picdesk_core::channel::{Arrival, Channel, Content, Delivery, InboxError, OutboundMessage};
use picdesk_core::channel::{DeliveryError, OutboundFile, Place, Repeat, Showing, Text};
use picdesk_core::event::Event;
use picdesk_core::id::{ArtifactId, GenerationId, OutboundId, Slot};
use picdesk_wecom::{
    BotMode, BotSettings, WecomBot,
    parse::bot::stream_of,
    socket::SocketHandle,
    streams::{RESPONSE_MS, STREAM_MS},
    verify::{Query, Secret},
    webhook::{AppCallback, BODY_BYTES_MAX, BotCallback, CallbackAnswer},
};
use serde_json::{Value, json};

use crate::{
    envelopes::{CORP, KEY, TOKEN, envelope, outer, sealed},
    stand_in::{NOW, Reply, StandIn, bot_words},
};

fn app(wecom: &StandIn) -> AppCallback {
    let clock = wecom.house().clock;
    AppCallback::new(envelope(CORP), wecom.inbox.clone(), wecom.menus.clone(), clock)
}

fn acknowledged() -> CallbackAnswer {
    CallbackAnswer::Ok { body: String::new(), rung: None }
}

fn sample(name: &str) -> String {
    let found = crate::samples::samples("came/app").into_iter().find(|(one, _)| one == name);
    found.unwrap().1.trim_end().to_owned()
}

async fn give(callback: &AppCallback, message: &str, nonce: &str) -> CallbackAnswer {
    let (query, encrypted) = sealed(&envelope(CORP), message, nonce);
    callback.receive(&query, outer(&encrypted).into()).await
}

#[tokio::test]
async fn a_callback_is_on_disk_before_it_is_acknowledged() {
    let wecom = StandIn::start().await;
    let callback = app(&wecom);
    wecom.inbox.errors.lock().unwrap().push_back(InboxError::Unavailable);
    assert_eq!(give(&callback, &sample("text"), "n1").await, CallbackAnswer::Unavailable);
    assert_eq!(give(&callback, &sample("text"), "n1").await, acknowledged());
    assert_eq!(wecom.inbox.names(), ["wecom-app:msg:7381000000000000001"]);
}

#[tokio::test]
async fn a_callback_that_comes_again_in_whatever_envelope_is_one_row() {
    let wecom = StandIn::start().await;
    let callback = app(&wecom);
    for name in ["text", "card-press", "menu-click", "subscribe", "contact-added"] {
        for nonce in ["1597212914", "other", "third"] {
            assert_eq!(give(&callback, &sample(name), nonce).await, acknowledged());
        }
    }
    assert_eq!(wecom.inbox.names().len(), 5);
    assert!(wecom.paths().is_empty(), "no call stands between a callback and its answer");
}

#[tokio::test]
async fn what_comes_in_an_envelope_says_in_which_whatever_stands_beside_it() {
    let wecom = StandIn::start().await;
    let callback = app(&wecom);
    for (name, nonce) in [("text", "n1"), ("text", "n2"), ("card-press", "n1")] {
        give(&callback, &sample(name), nonce).await;
    }
    let accepted = wecom.inbox.accepted.lock().unwrap();
    let came_in = accepted.iter().flat_map(|(arrivals, _)| arrivals).map(|arrival| match arrival {
        Arrival::Event(received) => received.envelope.unwrap(),
        Arrival::SetAside { .. } | Arrival::Asked(_) => panic!("it can be read"),
    });
    let came_in: Vec<_> = came_in.collect();
    assert!(came_in[0] == came_in[1] && came_in[1] != came_in[2], "{came_in:?}");
}

#[tokio::test]
async fn a_doorbell_rings_and_is_no_event() {
    let wecom = StandIn::start().await;
    let CallbackAnswer::Ok { rung, body } = give(&app(&wecom), &sample("doorbell"), "n").await
    else {
        panic!("not acknowledged");
    };
    let doorbell = rung.unwrap().doorbell;
    assert_eq!(doorbell.account.as_deref(), Some("wkEXAMPLE1"));
    assert_eq!((doorbell.token.as_str(), body.as_str()), ("ENCdoorbellExample", ""));
    assert!(wecom.inbox.names().is_empty());
}

#[tokio::test]
async fn what_is_unknown_is_acknowledged_and_what_is_wrong_is_refused() {
    let wecom = StandIn::start().await;
    let callback = app(&wecom);
    for name in ["event-newer-than-we-are", "batch-job", "location-report", "menu-view"] {
        assert_eq!(give(&callback, &sample(name), "n").await, acknowledged(), "{name}");
    }
    for message in ["", "hello", "<xml>", "{}"] {
        assert_eq!(give(&callback, message, "n").await, CallbackAnswer::BadRequest, "{message}");
    }
    assert!(wecom.inbox.names().is_empty());
    let (query, encrypted) = sealed(&envelope(CORP), &sample("text"), "n");
    let huge = format!("{}{}", outer(&encrypted), " ".repeat(BODY_BYTES_MAX));
    assert_eq!(callback.receive(&query, huge.into()).await, CallbackAnswer::TooLarge);
    let forged = query.replace("nonce=n", "nonce=m");
    let answer = callback.receive(&forged, outer(&encrypted).into()).await;
    assert_eq!(answer, CallbackAnswer::Forbidden);
    for query in ["", "msg_signature=x", &query.replace("timestamp=", "timestamp=0")] {
        let answer = callback.receive(query, outer(&encrypted).into()).await;
        assert_eq!(answer, CallbackAnswer::BadRequest, "{query}");
    }
    // For the bot's receiver, which is nobody, the same envelope is none.
    let (query, encrypted) = sealed(&envelope(""), &sample("text"), "n");
    let answer = callback.receive(&query, outer(&encrypted).into()).await;
    assert_eq!(answer, CallbackAnswer::BadRequest);
}

#[tokio::test]
async fn a_member_answers_a_numbered_line_by_its_number() {
    let wecom = StandIn::start().await;
    let place = ("wecom-app:lisi_01".to_owned(), 7);
    wecom.menus.0.lock().unwrap().insert(place, "tok7".into());
    let message = sample("text").replace("画一只雪地里的狐狸 🦊 a & b <c>", "7");
    give(&app(&wecom), &message, "n").await;
    let accepted = wecom.inbox.accepted.lock().unwrap();
    let Arrival::Event(received) = &accepted[0].0[0] else { panic!("set aside") };
    assert!(matches!(&received.event, Event::ButtonPressed(press) if press.token == "tok7"));
}

// The bot.

pub fn bot_settings() -> BotSettings {
    let mode = BotMode::Callback { token: Secret::new(TOKEN), aes_key: Secret::new(KEY) };
    BotSettings { mode, name: String::new(), words: bot_words() }
}

pub struct Bot {
    pub wecom: StandIn,
    callback: BotCallback,
    channel: WecomBot,
}

impl Bot {
    pub async fn start() -> Self {
        let wecom = StandIn::start().await;
        let house = wecom.house();
        let callback = BotCallback::new(
            envelope(""),
            &bot_settings(),
            wecom.inbox.clone(),
            wecom.menus.clone(),
            wecom.streams.clone(),
            house.clock.clone(),
        );
        let (streams, menus) = (wecom.streams.clone(), wecom.menus.clone());
        let channel = WecomBot::new(&bot_settings(), &house, streams, menus, SocketHandle::new());
        Self { wecom, callback, channel }
    }

    /// Gives a callback; the answer's frame, opened as WeCom would.
    pub async fn give(&self, message: &Value) -> Value {
        let (query, encrypted) = sealed(&envelope(""), &message.to_string(), "n0nce");
        let body = json!({ "encrypt": encrypted }).to_string();
        let answer = self.callback.receive(&query, body.into()).await;
        let CallbackAnswer::Ok { body, rung: None } = answer else { panic!("{answer:?}") };
        if body.is_empty() {
            return Value::Null;
        }
        let sealed: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(sealed["nonce"], "n0nce", "the callback's own");
        let query = Query {
            signature: sealed["msgsignature"].as_str().unwrap(),
            timestamp: &sealed["timestamp"].to_string(),
            nonce: "n0nce",
            echo: None,
        };
        let opened = envelope("").open(&query, sealed["encrypt"].as_str().unwrap()).unwrap();
        serde_json::from_str(&opened).unwrap()
    }

    async fn say(&self) -> Value {
        self.say_as("m1").await
    }

    pub async fn say_as(&self, msgid: &str) -> Value {
        let code = format!("RC-{msgid}");
        let url = format!("{}/cgi-bin/aibot/response?response_code={code}", self.wecom.address);
        self.give(&json!({
            "msgid": msgid, "chattype": "single", "from": { "userid": "lisi_01" },
            "response_url": url, "msgtype": "text", "text": { "content": "a fox" },
        }))
        .await
    }

    async fn poll(&self) -> Value {
        self.poll_for("m1").await
    }

    pub async fn poll_for(&self, msgid: &str) -> Value {
        let stream = json!({ "id": stream_of(msgid) });
        self.give(&json!({ "msgid": "p", "msgtype": "stream", "stream": stream })).await
    }

    pub fn later(&self, ms: i64) {
        self.wecom.now.fetch_add(ms, Ordering::SeqCst);
    }

    async fn deliver(&self, id: i64, place: Place, content: Content) -> Result<(), DeliveryError> {
        self.try_deliver(Self::delivery(id, place, content)).await
    }

    pub async fn try_deliver(&self, delivery: Delivery) -> Result<(), DeliveryError> {
        self.channel.deliver(delivery).await.map(|_| ())
    }

    pub fn delivery(id: i64, place: Place, content: Content) -> Delivery {
        let file = matches!(content, Content::Picture { .. }).then(|| OutboundFile::Upload {
            bytes: vec![1, 2, 3],
            name: "picture.png".into(),
            media_type: "image/png",
        });
        let message = OutboundMessage {
            id: OutboundId(id),
            conversation: "wecom-bot:lisi_01".into(),
            place,
            reply_to: None,
            content,
            buttons: Vec::new(),
            repeat: Repeat::Harmless,
            silent: false,
        };
        Delivery { message, edit: None, edit_is_picture: false, file, maybe_begun: false }
    }
}

fn new() -> Place {
    Place::New { slot: None }
}

fn slot() -> Slot {
    Slot::Generation(GenerationId(7))
}

pub fn text(words: &str) -> Content {
    Content::Text(Text::plain(words))
}

pub fn picture() -> Content {
    Content::Picture { artifact: ArtifactId(9), caption: Text::default() }
}

#[tokio::test]
async fn an_answer_says_what_is_happening_and_ends_with_the_picture() {
    let bot = Bot::start().await;
    let id = stream_of("m1");
    let opening = bot.say().await;
    let begins = json!({ "msgtype": "stream",
        "stream": { "id": id, "finish": false, "content": "…" } });
    assert_eq!(opening, begins);
    assert_eq!(bot.wecom.inbox.names(), ["wecom-bot:msg:m1"]);
    bot.deliver(1, Place::New { slot: Some(slot()) }, text("正在画")).await.unwrap();
    assert_eq!(bot.poll().await["stream"]["content"], "正在画");
    let showing = Showing::Partial {
        conversation: "wecom-bot:lisi_01".into(),
        message: format!("{id}/g7").as_str().into(),
        is_picture: false,
        text: Text::plain("快好了"),
        picture: None,
        buttons: Vec::new(),
    };
    bot.channel.show(showing).await.unwrap();
    assert_eq!(bot.poll().await["stream"]["content"], "快好了");
    // A repeated callback begins no second answer.
    assert_eq!(bot.say().await["stream"]["content"], "快好了");
    bot.deliver(2, Place::Edit { slot: slot() }, picture()).await.unwrap();
    // The receipt is a moment behind the picture, and belongs to it.
    assert_eq!(bot.poll().await["stream"]["finish"], false);
    bot.deliver(3, new(), text("2 credits")).await.unwrap();
    bot.later(2_000);
    let end = bot.poll().await;
    assert_eq!(
        (&end["stream"]["finish"], &end["stream"]["content"]),
        (&json!(true), &json!("2 credits"))
    );
    let image = &end["stream"]["msg_item"][0]["image"];
    assert_eq!(image["base64"], "AQID");
    assert_eq!(image["md5"], "5289df737df57326fcdd22597afb1fac");
    assert_eq!(bot.poll().await, end, "asked again, it says the same");
}

#[tokio::test]
async fn after_its_end_one_more_thing_can_be_said_and_no_more() {
    let bot = Bot::start().await;
    bot.say().await;
    bot.deliver(1, new(), text("余额 41")).await.unwrap();
    bot.later(2_000);
    assert_eq!(bot.poll().await["stream"]["finish"], true);
    let refused = bot.deliver(2, new(), picture()).await.unwrap_err();
    assert!(matches!(refused, DeliveryError::Refused(_)), "its address is sent instead");
    bot.deliver(3, new(), text("https://pic.example/p/1")).await.unwrap();
    let asked = bot.wecom.of("aibot/response").remove(0);
    assert_eq!(asked.query["response_code"], "RC-m1");
    assert_eq!(asked.body["markdown"]["content"], "https://pic.example/p/1");
    let closed = bot.deliver(4, new(), text("x")).await.unwrap_err();
    assert!(matches!(closed, DeliveryError::WindowClosed));
    assert_eq!(bot.wecom.of("aibot/response").len(), 1);
}

#[tokio::test]
async fn an_answer_has_six_minutes_and_what_comes_later_an_hour() {
    let bot = Bot::start().await;
    bot.say().await;
    bot.deliver(1, Place::New { slot: Some(slot()) }, text("正在画")).await.unwrap();
    bot.later(STREAM_MS);
    assert_eq!(bot.poll().await["stream"]["finish"], true);
    let its_place = || Place::Edit { slot: slot() };
    bot.wecom.reply("aibot/response", Reply::Never);
    let unknown = bot.deliver(2, its_place(), text("link")).await.unwrap_err();
    assert!(matches!(unknown, DeliveryError::Unknown(_)));
    // The same is said again, and that the address was used says that it is there already.
    bot.wecom.reply("aibot/response", Reply::Never);
    let unknown = bot.deliver(2, its_place(), text("link")).await.unwrap_err();
    assert!(matches!(unknown, DeliveryError::Unknown(_)));
    bot.wecom.reply("aibot/response", Reply::No(40_058, "response_code"));
    bot.deliver(2, its_place(), text("link")).await.unwrap();
    let other = bot.deliver(3, new(), text("x")).await.unwrap_err();
    assert!(matches!(other, DeliveryError::WindowClosed), "it is not this one's");

    let bot = Bot::start().await;
    bot.say().await;
    bot.later(RESPONSE_MS);
    let closed = bot.deliver(1, new(), text("x")).await.unwrap_err();
    assert!(matches!(closed, DeliveryError::WindowClosed));
    let nobody = Bot::start().await.deliver(1, new(), text("x")).await.unwrap_err();
    assert!(matches!(nobody, DeliveryError::WindowClosed));
}

#[tokio::test]
async fn words_of_ours_that_are_quoted_mean_the_picture_above_them() {
    let bot = Bot::start().await;
    bot.say().await;
    bot.deliver(1, Place::New { slot: Some(slot()) }, text("正在画")).await.unwrap();
    bot.deliver(2, Place::Edit { slot: slot() }, picture()).await.unwrap();
    bot.deliver(3, new(), text("2 credits · 41_left")).await.unwrap();
    bot.later(2_000);
    bot.poll().await;
    let quoting = async |msgid: &str, from: &str, words: &str| {
        let quote = json!({ "msgtype": "text", "text": { "content": words } });
        bot.give(&json!({
            "msgid": msgid, "chattype": "single", "from": { "userid": from },
            "msgtype": "text", "text": { "content": "at night" }, "quote": quote,
        }))
        .await;
        let accepted = bot.wecom.inbox.accepted.lock().unwrap();
        let Arrival::Event(received) = accepted.last().unwrap().0[0].clone() else {
            panic!("set aside")
        };
        let Event::MessageReceived(message) = received.event else { panic!("no message") };
        message.reply_to.unwrap()
    };
    // However it is marked up and broken into lines.
    let ours = quoting("m2", "lisi_01", "2 credits ·\n**41_left**").await;
    assert_eq!((ours.message.0, ours.ours), (format!("{}/g7", stream_of("m1")), true));
    assert!(!quoting("m3", "lisi_01", "2 credits").await.ours, "other words");
    assert!(!quoting("m4", "wang", "2 credits · 41_left").await.ours, "somebody else's chat");
}

#[tokio::test]
async fn a_picture_whose_end_was_never_asked_for_is_lost_and_says_so() {
    let bot = Bot::start().await;
    bot.say().await;
    bot.deliver(5, new(), picture()).await.unwrap();
    let stream = || bot.wecom.streams.0.lock().unwrap()[0].clone();
    assert!(stream().lost(NOW + 1000).is_empty());
    assert_eq!(stream().lost(NOW + STREAM_MS), [OutboundId(5)]);
    bot.later(2_000);
    bot.poll().await;
    assert!(stream().lost(NOW + STREAM_MS).is_empty());
}

#[tokio::test]
async fn a_tap_is_answered_by_the_later_answer_and_an_opened_chat_by_a_greeting() {
    let bot = Bot::start().await;
    let url = format!("{}/cgi-bin/aibot/response?response_code=TAP", bot.wecom.address);
    let event = json!({ "eventtype": "template_card_event",
        "template_card_event": { "event_key": "tok", "task_id": "t" } });
    let tap = json!({ "msgid": "t1", "chattype": "single", "from": { "userid": "lisi_01" },
        "response_url": url, "msgtype": "event", "event": event });
    assert_eq!(bot.give(&tap).await, Value::Null);
    bot.deliver(1, new(), text("好的")).await.unwrap();
    assert_eq!(bot.wecom.of("aibot/response")[0].query["response_code"], "TAP");
    let opened = json!({ "msgid": "o1", "from": { "userid": "lisi_01" }, "msgtype": "event",
        "event": { "eventtype": "enter_chat" } });
    let greeting = json!({ "msgtype": "text", "text": { "content": "你好" } });
    assert_eq!(bot.give(&opened).await, greeting);
    let unknown = json!({ "msgtype": "stream", "stream": { "id": "nobodys" } });
    assert_eq!(bot.give(&unknown).await["stream"]["finish"], true);
    assert_eq!(bot.wecom.inbox.names(), ["wecom-bot:msg:t1", "wecom-bot:msg:o1"]);
}

#[tokio::test]
async fn the_bots_refusals_are_those_of_the_app() {
    let bot = Bot::start().await;
    let (query, encrypted) = sealed(&envelope(""), "{}", "n");
    let give = async |query: &str, body: String| bot.callback.receive(query, body.into()).await;
    let body = json!({ "encrypt": encrypted }).to_string();
    let noted = give(&query, body.clone()).await;
    assert_eq!(noted, acknowledged(), "kept aside, and acknowledged");
    assert_eq!(give(&query.replace("nonce=n", "nonce=m"), body).await, CallbackAnswer::Forbidden);
    for body in ["", "{", "[]", "{}", "{\"encrypt\":7}", "{\"encrypt\":\"a\",\"encrypt\":\"b\"}"] {
        assert_eq!(give(&query, body.into()).await, CallbackAnswer::BadRequest, "{body}");
    }
    let huge = " ".repeat(BODY_BYTES_MAX + 1);
    assert_eq!(give(&query, huge).await, CallbackAnswer::TooLarge);
}

#[tokio::test]
async fn the_bots_files_are_decrypted_when_they_are_fetched() {
    let bot = Bot::start().await;
    let vectors = include_str!("../../samples/envelopes/vectors.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    let media = &vectors["media"][5];
    let bytes = |name: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.decode(media[name].as_str().unwrap()).unwrap()
    };
    let of = |key: &str| picdesk_core::channel::MediaRef {
        handle: format!("{key} {}/cgi-bin/file?sign=1", bot.wecom.address),
        unique: "u".into(),
        bytes: None,
        size: None,
        name: None,
        fetch_before: None,
    };
    let key = format!("{KEY}=");
    for key in ["", KEY, &key] {
        bot.wecom.reply("file", Reply::Raw(200, bytes("encrypted")));
        assert_eq!(bot.channel.fetch(&of(key), 1000).await.unwrap(), bytes("plain"), "{key}");
    }
    bot.wecom.reply("file", Reply::Raw(200, bytes("encrypted")));
    assert!(bot.channel.fetch(&of(""), 900).await.is_err());
    bot.wecom.reply("file", Reply::Raw(403, Vec::new()));
    let gone = bot.channel.fetch(&of(""), 1000).await;
    assert!(matches!(gone, Err(picdesk_core::channel::FetchError::Gone)));
    bot.wecom.reply("file", Reply::Raw(200, vec![7; 64]));
    assert!(bot.channel.fetch(&of(""), 1000).await.is_err());
}
