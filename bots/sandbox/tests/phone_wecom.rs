//! WeCom's chats by the phone's routes over real HTTP.

#![expect(clippy::unwrap_used, reason = "a test's hands: what fails here fails the test")]

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use picdesk_sandbox::clock::Clock;
use picdesk_sandbox::phone::{self, Desk, DeskState, Liveness, Phone};
use picdesk_sandbox::telegram::{Options as TelegramOptions, TelegramStandIn};
use picdesk_sandbox::wecom::{DESK_KF, Options, WecomStandIn, XIAOLIN};
use serde_json::{Value, json};

struct NoDesk;

impl Desk for NoDesk {
    fn kill(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    fn restart(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    fn advance(&self, _: Duration) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    fn state(&self) -> DeskState {
        DeskState { state: Liveness::Running, pid: None, kills: 0, since_ms: 0 }
    }
}

struct Page {
    wecom: WecomStandIn,
    http: reqwest::Client,
    base: String,
}

impl Page {
    async fn open() -> Self {
        let telegram = TelegramStandIn::start(TelegramOptions::in_memory()).await.unwrap();
        let clock = Clock::manual(1_764_000_000_000);
        let wecom = WecomStandIn::start(Options { clock, ..Options::in_memory() }).await.unwrap();
        let phone = Phone::new(telegram, Arc::new(NoDesk), Vec::new()).with_wecom(wecom.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/sandbox/api/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, phone::router(phone)).await });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { wecom, http, base }
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.base);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.base);
        self.http.post(url).json(&body).send().await.unwrap().json().await.unwrap()
    }

    /// Says something to a customer, as the desk would.
    async fn answer(&self, body: Value) -> Value {
        let api = self.wecom.api_url();
        let options = self.wecom.options();
        let query = [("corpid", &options.corp_id), ("corpsecret", &options.secret)];
        let token = self.http.get(format!("{api}/cgi-bin/gettoken")).query(&query);
        let token: Value = token.send().await.unwrap().json().await.unwrap();
        let token = token["access_token"].as_str().unwrap();
        let send = self.http.post(format!("{api}/cgi-bin/kf/send_msg"));
        let send = send.query(&[("access_token", token)]).json(&body);
        send.send().await.unwrap().json().await.unwrap()
    }
}

#[tokio::test]
async fn its_people_and_chats_stand_beside_telegrams() {
    let page = Page::open().await;
    let there = page.get("players").await;
    let aliases = |list: &str, name: &str| {
        let list = there[list].as_array().unwrap().iter();
        list.map(|it| it[name].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let players = aliases("players", "player");
    let mut once = players.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), players.len(), "no name twice: {players:?}");
    assert!(players.contains(&"alice".into()) && players.contains(&"xiaolin".into()));
    let chats = aliases("chats", "alias");
    for alias in ["alice", "kf-xiaolin", "app-chenmo", "bot-chenmo", "bot-group", "robot"] {
        assert!(chats.contains(&alias.into()), "{alias}");
    }
}

#[tokio::test]
async fn a_customer_speaks_taps_and_sees_what_it_costs() {
    let page = Page::open().await;
    let mut events =
        page.http.get(format!("{}events", page.base)).send().await.unwrap().bytes_stream();
    events.next().await.unwrap().unwrap();
    let said = page.post("say", json!({"chat": "kf-xiaolin", "text": "一只狐狸"})).await;
    assert_eq!((&said["ok"], said["messages"].as_array().unwrap().len()), (&json!(true), 1));
    let mut heard = String::new();
    while !heard.contains("一只狐狸") {
        heard.push_str(std::str::from_utf8(&events.next().await.unwrap().unwrap()).unwrap());
    }
    let line = json!({"type": "click", "click": {"id": "again", "content": "再来"}});
    let menu = json!({
        "touser": XIAOLIN, "open_kfid": DESK_KF, "msgtype": "msgmenu",
        "msgmenu": {"head_content": "2 credits", "list": [line]},
    });
    assert_eq!(page.answer(menu).await["errcode"], 0);
    let chat = page.get("chat/kf-xiaolin").await;
    assert_eq!(chat["session"]["answers_left"], 4);
    let shown = &chat["messages"][1];
    assert_eq!((&shown["text"], &shown["from"]["bot"]), (&json!("2 credits"), &json!(true)));
    let tap = json!({"chat": chat["chat"], "message": shown["message"], "button": "again"});
    let tapped = page.post("tap", tap).await;
    assert_eq!(tapped["ok"], true);
    let chat = page.get("chat/kf-xiaolin").await;
    assert_eq!(chat["messages"][2]["menu_id"], "again");
    assert_eq!(chat["session"]["answers_left"], 5);
}

#[tokio::test]
async fn a_picture_can_be_sent_and_is_shown() {
    let page = Page::open().await;
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(6, 4).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let bytes = bytes.into_inner();
    let part = reqwest::multipart::Part::bytes(bytes.clone()).file_name("fox.png");
    let form = reqwest::multipart::Form::new().text("chat", "app-chenmo").part("file", part);
    let request = page.http.post(format!("{}say", page.base)).multipart(form);
    let said: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(said["ok"], true, "{said}");
    let chat = page.get("chat/app-chenmo").await;
    let picture = &chat["messages"][0]["picture"];
    assert_eq!((&picture["width"], &picture["height"]), (&json!(6), &json!(4)));
    let path = picture["url"].as_str().unwrap().trim_start_matches("/sandbox/api/");
    let shown = page.http.get(format!("{}{path}", page.base)).send().await.unwrap();
    assert_eq!(shown.bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn everything_else_is_one_act_and_refusals_are_in_words() {
    let page = Page::open().await;
    let act = |body: Value| page.post("wecom", body);
    let enter = json!({"do": "enter", "chat": "kf-anna", "with": "link", "what": "token"});
    assert_eq!(act(enter).await["ok"], true);
    assert_eq!(page.get("chat/kf-anna").await["messages"][0]["kind"], "service");
    page.post("say", json!({"chat": "kf-anna", "text": "help"})).await;
    let take = json!({"do": "take", "chat": "kf-anna", "with": "kf-olga"});
    assert_eq!(act(take.clone()).await["ok"], true);
    let chat = page.get("chat/kf-anna").await;
    assert_eq!(
        (&chat["session"]["state"], &chat["session"]["servicer"]),
        (&json!(3), &json!("kf-olga"))
    );
    let olga = json!({"chat": "kf-anna", "as": "kf-olga", "text": "hello"});
    assert_eq!(page.post("say", olga).await["ok"], true);
    let refused = act(take).await;
    assert_eq!(refused["error"], "the session does not stand so that this can be done");
    assert_eq!(act(json!({"do": "end", "chat": "kf-anna"})).await["ok"], true);
    let odd = act(json!({"do": "fly", "chat": "kf-anna"})).await;
    assert_eq!(odd["error"], "nobody can do \"fly\" here");
}

#[tokio::test]
async fn its_faults_are_armed_beside_the_others_and_its_clock_moves_with_them() {
    let page = Page::open().await;
    let faults = page.post("fault", json!({"party": "wecom", "what": "token_killed"})).await;
    let wecom = faults["parties"].as_array().unwrap().iter().find(|it| it["party"] == "wecom");
    assert_eq!(wecom.unwrap()["armed"], json!([{"what": "token_killed", "count": 1}]));
    page.post("fault", json!({"party": "wecom", "what": "clear"})).await;
    assert!(page.wecom.armed().is_empty());
    page.post("advance", json!({"seconds": 60})).await;
    assert_eq!(page.wecom.clock().now_ms(), 1_764_000_060_000);
    assert_eq!(page.get("counters").await["wecom"]["lost"], 0);
}
