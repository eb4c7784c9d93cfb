//! Coming to WeChat's chats while nobody is there to greet, and taking back what was sent.

use std::time::Duration;

use picdesk::store::sealed;
use picdesk_sandbox::{images::Latency, wecom::CHENMO};

use super::wecom::{bot_says, house, picture_of};
use crate::house::{BotWay, Given, House};

/// Where people came from, as the accounts tell, in the order in which these came about.
async fn origins(house: &House) -> Vec<String> {
    let store = house.look().await;
    let mut connection = store.read().await.unwrap();
    let text = "select origin from accounts where origin is not null order by created_at, id";
    let rows = connection.rows(text, &[]).await.unwrap();
    let mut origins = Vec::new();
    for row in &rows {
        let sealed = row.blob(0).unwrap();
        let origin = sealed::open(&sealed, "accounts", "origin").unwrap();
        origins.push(String::from_utf8_lossy(origin).into_owned());
    }
    origins
}

#[tokio::test]
async fn where_people_came_from_is_kept_also_when_it_is_too_late_to_greet_them() {
    let house = house().await;
    let wecom = house.wecom();
    // Both come while the desk is down for longer than their codes can be used.
    wecom.enter_session("xiaolin", "desk", "poster", "autumn").unwrap();
    wecom.add_contact("anna", CHENMO, "spring-fair").unwrap();
    let late = Duration::from_secs(22);
    wecom.advance(late);
    let mut desk = house.start_ahead(late);
    house.until_ready(&mut desk).await;
    let heard = async || {
        let store = house.look().await;
        let mut connection = store.read().await.unwrap();
        let text = "select count(*) from coming_origins";
        let rows = connection.rows(text, &[]).await.unwrap();
        (rows[0].int(0).unwrap() == 2).then_some(())
    };
    house.until("origins of both", heard).await;
    for (chat, prompt) in [("kf-xiaolin", "雪地里的一只狐狸"), ("kf-anna", "a fox in the snow")]
    {
        wecom.say(chat, prompt).unwrap();
        picture_of(&house, chat, prompt).await;
    }
    house.until_quiet().await;
    assert_eq!(origins(&house).await, ["autumn", "spring-fair"]);
}

#[tokio::test]
async fn a_prompt_that_is_taken_back_while_it_waits_is_not_drawn_and_costs_nothing() {
    let wecom = Some(BotWay::Callback);
    let given = Given { wecom, images: "concurrency = 1\n", ..Given::default() };
    let house = House::build(given).await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    house.images.set_latency(Latency::Seconds(4.0));
    wecom.say("kf-xiaolin", "雪地里的一只狐狸").unwrap();
    house.images.until(|calls| !calls.is_empty()).await;
    // A picture that waits for words, and words that wait in line.
    let picture = wecom.send_picture("kf-anna", super::photo(320, 240)).unwrap();
    bot_says(&house, "kf-anna", "收到").await;
    wecom.take_back("kf-anna", picture).unwrap();
    bot_says(&house, "kf-anna", "已清空").await;
    let words = wecom.say("kf-anna", "雨里的一只狐狸").unwrap();
    house.until_status("in line", |it| it["generations"]["queued"] == 1).await;
    wecom.take_back("kf-anna", words).unwrap();
    bot_says(&house, "kf-anna", "已取消").await;
    picture_of(&house, "kf-xiaolin", "雪地里的一只狐狸").await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 2, "{status}");
    assert_eq!(house.images.calls().len(), 1);
}
