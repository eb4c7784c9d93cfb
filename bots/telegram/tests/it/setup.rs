//! What is told to Telegram before anything else.

use picdesk_core::account::Language;
use picdesk_telegram::{
    Mode,
    setup::{Audience, Menu, MenuCommand},
    verify::Secret,
};
use serde_json::json;

use crate::stand_in::{Reply, SECRET, StandIn, channel_of};

fn me() -> Reply {
    Reply::Ok(json!({ "id": 7_000_000_001_i64, "is_bot": true, "first_name": "Picture Desk",
        "username": "picture_desk_bot" }))
}

fn menu(audience: Audience, language: Option<Language>) -> Menu {
    let help = MenuCommand { command: "help".into(), description: "What I can do".into() };
    Menu { audience, language, commands: vec![help] }
}

#[tokio::test]
async fn a_webhook_is_registered_with_its_secret_and_the_kinds_we_read() {
    let api = StandIn::start().await;
    api.reply("getMe", me());
    let mut settings = api.settings();
    settings.mode = Mode::Webhook;
    settings.webhook_secrets.push(Secret::new("the-old-secret"));
    let channel = channel_of(settings);
    channel.setup(&[]).await.unwrap();
    assert_eq!(channel.username(), Some("picture_desk_bot"));
    let asked = api.asked();
    assert_eq!(api.methods(), ["getMe", "setWebhook"]);
    assert_eq!(
        asked[1].parameters,
        json!({
            "url": "https://desk.example/telegram/webhook",
            "max_connections": 50,
            "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member",
                "pre_checkout_query", "subscription", "stopped_message_generation"],
            "secret_token": SECRET,
        })
    );
}

#[tokio::test]
async fn the_webhook_of_another_replica_is_left_alone() {
    let api = StandIn::start().await;
    api.reply("getMe", me());
    let mut settings = api.settings();
    (settings.mode, settings.register_webhook) = (Mode::Webhook, false);
    channel_of(settings).setup(&[]).await.unwrap();
    assert_eq!(api.methods(), ["getMe"]);
}

#[tokio::test]
async fn menus_are_set_for_their_audience_and_language() {
    let api = StandIn::start().await;
    api.reply("getMe", me());
    let menus = [
        menu(Audience::Private, None),
        menu(Audience::Group, Some(Language::ZhCn)),
        menu(Audience::Desk, None),
    ];
    api.channel().setup(&menus).await.unwrap();
    let asked = api.asked();
    let commands = json!([{ "command": "help", "description": "What I can do" }]);
    let scope = json!({ "type": "all_private_chats" });
    assert_eq!(asked[1].parameters, json!({ "commands": commands, "scope": scope }));
    let scope = json!({ "type": "all_group_chats" });
    let zh = json!({ "commands": commands, "scope": scope, "language_code": "zh" });
    assert_eq!(asked[2].parameters, zh);
    let scope = json!({ "type": "chat", "chat_id": -1_009_000_000_009_i64 });
    assert_eq!(asked[3].parameters["scope"], scope);
}

#[tokio::test]
async fn an_outage_at_the_start_is_an_error_that_can_be_tried_again() {
    let api = StandIn::start().await;
    api.reply("getMe", Reply::Raw(502, "<html>")).reply("getMe", me());
    let channel = api.channel();
    channel.setup(&[]).await.unwrap_err();
    assert_eq!(channel.username(), None);
    channel.setup(&[]).await.unwrap();
    assert_eq!(channel.username(), Some("picture_desk_bot"));
}

#[tokio::test]
async fn every_wrong_setting_is_named_by_its_key() {
    let mut settings = StandIn::start().await.settings();
    settings.token = Secret::new("no token");
    settings.mode = Mode::Webhook;
    settings.webhook_secrets = vec![Secret::new("ä")];
    settings.desk_chat_id = Some(5);
    settings.api_url = "ftp://x".parse().unwrap();
    let keys: Vec<&str> = settings.problems().into_iter().map(|problem| problem.key).collect();
    assert_eq!(
        keys,
        ["telegram.token", "telegram.api_url", "telegram.webhook_secret", "desk.telegram_chat_id",]
    );
    for token in ["", ":", "12:", ":ab", "12:a b", "x12:ab", "12:a/../b", "99999999999999999999:a"]
    {
        settings.token = Secret::new(token);
        assert_eq!(settings.bot_id(), None, "{token}");
    }
}

#[tokio::test]
async fn a_menu_that_is_not_taken_is_passed_over() {
    let api = StandIn::start().await;
    let no = Reply::No(400, "Bad Request: chat not found", json!({}));
    api.reply("getMe", me()).reply("setMyCommands", no);
    let menus = [menu(Audience::Desk, None), menu(Audience::Private, None)];
    api.channel().setup(&menus).await.unwrap();
    assert_eq!(api.methods(), ["getMe", "setMyCommands", "setMyCommands"]);

    let flood = Reply::No(429, "Too Many Requests: retry after 1", json!({ "retry_after": 1 }));
    api.reply("setMyCommands", flood);
    api.channel().setup(&menus).await.unwrap_err();
}
