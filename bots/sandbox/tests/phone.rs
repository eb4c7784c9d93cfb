//! The phone's routes over real HTTP.

#![expect(clippy::unwrap_used, reason = "a test's hands: what fails here fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use picdesk_sandbox::phone::{self, Desk, DeskState, FaultKind, Liveness, OutsideControl, Phone};
use picdesk_sandbox::telegram::{ALICE, OPERATORS, Options, TelegramStandIn};
use serde_json::{Value, json};

#[derive(Default)]
struct PaperDesk {
    kills: AtomicU32,
    starts: AtomicU32,
    advanced_s: AtomicU32,
}

impl Desk for PaperDesk {
    fn kill(&self) -> BoxFuture<'_, Result<(), String>> {
        self.kills.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    }

    fn restart(&self) -> BoxFuture<'_, Result<(), String>> {
        self.starts.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    }

    fn advance(&self, by: Duration) -> BoxFuture<'_, Result<(), String>> {
        self.advanced_s.fetch_add(u32::try_from(by.as_secs()).unwrap(), Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    }

    fn state(&self) -> DeskState {
        let kills = self.kills.load(Ordering::SeqCst);
        let is_up = self.starts.load(Ordering::SeqCst) == kills;
        let state = if is_up { Liveness::Running } else { Liveness::Stopped };
        DeskState { state, pid: None, kills, since_ms: 0 }
    }
}

#[derive(Default)]
struct PaperImages(std::sync::Mutex<Vec<Value>>);

impl OutsideControl for PaperImages {
    fn party(&self) -> &'static str {
        "images"
    }

    fn kinds(&self) -> Vec<FaultKind> {
        vec![FaultKind { what: "slow".into(), says: "Be slow".into(), takes: vec![] }]
    }

    fn armed(&self) -> Vec<Value> {
        self.0.lock().unwrap().clone()
    }

    fn arm(&self, fault: &Value) -> Result<(), String> {
        if fault["what"] != "slow" {
            return Err("unknown fault of images".into());
        }
        self.0.lock().unwrap().push(json!({"what": "slow"}));
        Ok(())
    }

    fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}

struct Page {
    telegram: TelegramStandIn,
    desk: Arc<PaperDesk>,
    http: reqwest::Client,
    base: String,
}

impl Page {
    async fn open() -> Self {
        let options = Options { rate_limits: None, ..Options::in_memory() };
        let telegram = TelegramStandIn::start(options).await.unwrap();
        let desk = Arc::new(PaperDesk::default());
        let outside: Vec<Arc<dyn OutsideControl>> = vec![Arc::new(PaperImages::default())];
        let app = phone::router(Phone::new(telegram.clone(), desk.clone(), outside));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/sandbox/api", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { telegram, desk, http, base }
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}/{path}", self.base);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let request = self.http.post(format!("{}/{path}", self.base)).body(body.to_string());
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn bot(&self, method: &str, body: Value) -> Value {
        let url = format!("{}/bot{}/{method}", self.telegram.api_url(), self.telegram.token());
        let response = self.http.post(url).json(&body).send().await.unwrap();
        response.json::<Value>().await.unwrap()["result"].clone()
    }
}

fn png(red: u8) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(300, 200, image::Rgb([red, 9, 9]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn words_alone_are_a_whole_say_and_stand_in_the_chat() {
    let page = Page::open().await;
    let (status, said) = page.post("say", json!({"text": "a fox in the snow"})).await;
    assert_eq!((status, &said["ok"]), (200, &json!(true)));
    let chat = page.get("chat/alice").await;
    assert_eq!(chat["chat"], ALICE);
    assert_eq!(chat["messages"][0]["message"], said["messages"][0]);
    assert_eq!(chat["messages"][0]["from"]["player"], "alice");
    assert_eq!(page.telegram.updates_waiting(), 1);
    let players = page.get("players").await;
    assert_eq!(players["players"].as_array().unwrap().len(), 4);
    let operators = players["chats"].as_array().unwrap().iter().find(|it| it["kind"] == "forum");
    assert_eq!(operators.unwrap()["chat"], OPERATORS);
}

#[tokio::test]
async fn attachments_come_as_base64_or_as_a_form_and_are_shown() {
    use base64::Engine as _;
    let page = Page::open().await;
    let encoded = base64::engine::general_purpose::STANDARD.encode(png(1));
    let attachment = json!({"name": "a.png", "base64": encoded});
    let body = json!({"as": "xiaoming", "text": "两张", "attachments": [attachment, attachment]});
    let (_, said) = page.post("say", body).await;
    assert_eq!(said["messages"].as_array().unwrap().len(), 2);
    let form = reqwest::multipart::Form::new()
        .text("as", "xiaoming")
        .text("as_document", "true")
        .part("file", reqwest::multipart::Part::bytes(png(2)).file_name("b.png"));
    let url = format!("{}/say", page.base);
    assert_eq!(page.http.post(url).multipart(form).send().await.unwrap().status(), 200);
    let chat = page.get("chat/xiaoming").await;
    assert_eq!(chat["messages"][0]["album"], chat["messages"][1]["album"]);
    assert_eq!(chat["messages"][2]["document"]["name"], "b.png");
    let url =
        chat["messages"][0]["picture"]["url"].as_str().unwrap().trim_start_matches("/sandbox/api");
    let file = page.http.get(format!("{}{url}", page.base)).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "image/jpeg");
    assert!(image::load_from_memory(&file.bytes().await.unwrap()).is_ok());
}

#[tokio::test]
async fn events_tell_of_messages_edits_typing_and_toasts() {
    let page = Page::open().await;
    page.post("say", json!({"text": "hello"})).await;
    let stream = page.http.get(format!("{}/events", page.base)).send().await.unwrap();
    let mut stream = stream.bytes_stream();
    let hello = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(hello.contains("event: hello"), "{hello}");

    let keyboard = json!({"inline_keyboard": [[{"text": "Cancel", "callback_data": "c"}]]});
    let body = json!({"chat_id": ALICE, "text": "Making", "reply_markup": keyboard});
    let id = page.bot("sendMessage", body).await["message_id"].clone();
    let edit =
        json!({"chat_id": ALICE, "message_id": id, "text": "Made", "reply_markup": keyboard});
    page.bot("editMessageText", edit).await;
    page.bot("sendChatAction", json!({"chat_id": ALICE, "action": "upload_photo"})).await;
    let tap = json!({"message": id, "button": "Cancel"});
    let (_, tapped) = page.post("tap", tap).await;
    let answer = json!({"callback_query_id": tapped["callback"], "text": "stopped"});
    page.bot("answerCallbackQuery", answer).await;
    page.post("fault", json!({"party": "images", "what": "slow"})).await;

    let mut heard = String::new();
    let listen = async {
        while !heard.contains("event: faults") {
            heard.push_str(&String::from_utf8_lossy(&stream.next().await.unwrap().unwrap()));
        }
    };
    tokio::time::timeout(Duration::from_secs(10), listen).await.unwrap();
    let names: Vec<&str> = heard.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names, ["message", "message", "typing", "toast", "faults"]);
    assert!(heard.contains("\"text\":\"stopped\""));
    let typing = &page.get("chat/alice").await["typing"];
    assert_eq!(typing["action"], "upload_photo");
}

#[tokio::test]
async fn faults_are_armed_by_party_listed_and_cleared() {
    let page = Page::open().await;
    let fault = json!({"party": "telegram", "what": "too_many_requests", "retry_after_s": 9,
                       "count": 2, "method": "sendMessage", "chat": "alice"});
    let (_, view) = page.post("fault", fault.clone()).await;
    let armed = &view["parties"][0]["armed"][0];
    assert_eq!((&armed["retry_after_s"], &armed["chat"]), (&json!(9), &json!(ALICE)));
    assert!(view["parties"][0]["kinds"].as_array().unwrap().len() >= 12);
    let (_, view) = page.post("fault", json!({"party": "images", "what": "slow"})).await;
    assert_eq!(view["parties"][1]["armed"], json!([{"what": "slow"}]));
    for (fault, status) in [
        (json!({"party": "images", "what": "nonsense"}), 400),
        (json!({"party": "telegram", "what": "nonsense"}), 400),
        (json!({"party": "weather", "what": "rain"}), 404),
    ] {
        assert_eq!(page.post("fault", fault).await.0, status);
    }
    page.post("fault", json!({"party": "telegram", "what": "clear"})).await;
    let view = page.get("fault").await;
    assert_eq!(view["parties"][0]["armed"], json!([]));
}

#[tokio::test]
async fn the_desk_is_killed_started_and_moved_in_time() {
    let page = Page::open().await;
    let (_, state) = page.post("kill", json!({"restart": false})).await;
    assert_eq!((&state["state"], &state["kills"]), (&json!("stopped"), &json!(1)));
    let (_, state) = page.post("restart", json!({})).await;
    assert_eq!(state["state"], "running");
    let (_, state) = page.post("kill", json!({})).await;
    assert_eq!((&state["state"], &state["kills"]), (&json!("running"), &json!(2)));
    let before_ms = page.telegram.clock().now_ms();
    let (_, moved) = page.post("advance", json!({"seconds": 3600})).await;
    assert!(moved["now_ms"].as_i64().unwrap() >= before_ms + 3_600_000);
    assert_eq!(page.desk.advanced_s.load(Ordering::SeqCst), 3600);
}

#[tokio::test]
async fn a_picture_that_was_edited_away_can_be_fetched_by_who_saw_it_last() {
    let page = Page::open().await;
    page.post("say", json!({"text": "/start"})).await;
    let url = |method| format!("{}/bot{}/{method}", page.telegram.api_url(), page.telegram.token());
    let part = |red| reqwest::multipart::Part::bytes(png(red)).file_name("fox.png");
    let form = reqwest::multipart::Form::new().text("chat_id", "1001").part("photo", part(0));
    let sent = page.http.post(url("sendPhoto")).multipart(form).send().await.unwrap();
    let message = sent.json::<Value>().await.unwrap()["result"]["message_id"].to_string();
    let mut addresses = Vec::new();
    for red in 1..20 {
        let chat = page.get("chat/alice").await;
        let picture = &chat["messages"].as_array().unwrap().last().unwrap()["picture"];
        addresses.push(picture["url"].as_str().unwrap().to_owned());
        let media = json!({"type": "photo", "media": "attach://fox"}).to_string();
        let form = reqwest::multipart::Form::new().text("chat_id", "1001").text("media", media);
        let form = form.text("message_id", message.clone()).part("fox", part(red));
        let edited = page.http.post(url("editMessageMedia")).multipart(form).send().await.unwrap();
        assert_eq!(edited.status(), 200);
    }
    let origin = page.base.trim_end_matches("/sandbox/api");
    let status = async |address: &String| {
        let answer = page.http.get(format!("{origin}{address}")).send().await.unwrap();
        answer.status().as_u16()
    };
    assert_eq!(status(addresses.last().unwrap()).await, 200);
    assert_eq!(status(&addresses[0]).await, 404, "they do not pile up");
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_words_and_other_sites_are_refused() {
    let page = Page::open().await;
    for (path, body, status) in [
        ("say", json!({}), 400),
        ("say", json!({"as": "nobody", "text": "x"}), 404),
        ("say", json!({"txt": "x"}), 400),
        ("tap", json!({"message": 99, "button": "Go"}), 404),
        ("edit", json!({"message": 99, "text": "x"}), 404),
        ("migrate", json!({"chat": "operators"}), 404),
        ("topic", json!({"as": "olga", "chat": "operators", "topic": 9, "do": "close"}), 404),
    ] {
        let (answered, view) = page.post(path, body).await;
        assert_eq!(answered, status, "{path}: {view}");
        assert!(view["error"].as_str().is_some_and(|words| !words.is_empty()));
    }
    assert_eq!(page.post("block", json!({"blocked": true})).await.0, 200);
    assert_eq!(page.post("say", json!({"text": "x"})).await.0, 409);
    let url = format!("{}/say", page.base);
    let foreign = page.http.post(url).header("sec-fetch-site", "cross-site").body("{}");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
}
