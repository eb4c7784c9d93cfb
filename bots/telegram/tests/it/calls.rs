//! Messages handed over to a Bot API that takes them, refuses them, or breaks.

use std::time::Duration;

use picdesk_core::{
    channel::{
        Budget, Button, ButtonTarget, Channel, Content, Delivery, DeliveryError, OutboundFile,
        OutboundMessage, Place, Receipt, Refusal, Repeat, Scope, Showing, TapAnswer, Text,
    },
    id::{ArtifactId, ConversationId, GenerationId, OutboundId, Slot},
};
use picdesk_telegram::client::http_client;
use serde_json::{Value, json};

use crate::stand_in::{Reply, StandIn, TOKEN, channel_of};

fn words(conversation: &str) -> Delivery {
    Delivery {
        message: OutboundMessage {
            id: OutboundId(1),
            conversation: conversation.into(),
            place: Place::New { slot: None },
            reply_to: None,
            content: Content::Text(Text::plain("a fox")),
            buttons: Vec::new(),
            repeat: Repeat::Ask,
            silent: false,
        },
        edit: None,
        edit_is_picture: false,
        file: None,
        maybe_begun: false,
    }
}

fn edit(content: Content, file: Option<OutboundFile>) -> Delivery {
    let mut delivery = words("telegram:5550001");
    delivery.message.place = Place::Edit { slot: Slot::Generation(GenerationId(7)) };
    delivery.message.content = content;
    Delivery { edit: Some("120".into()), file, ..delivery }
}

fn picture() -> Content {
    Content::Picture { artifact: ArtifactId(9), caption: Text::plain("a fox") }
}

fn upload(bytes: Vec<u8>) -> OutboundFile {
    OutboundFile::Upload { bytes, name: "picture.png".into(), media_type: "image/png" }
}

fn sent(message: i64) -> Reply {
    Reply::Ok(json!({ "message_id": message, "date": 1, "chat": { "id": 1, "type": "private" } }))
}

/// The short word of what was to be done next.
fn next_step(error: &DeliveryError) -> String {
    match error {
        DeliveryError::RetryAfter { wait, scope } => format!("wait {} {scope:?}", wait.as_secs()),
        DeliveryError::Refused(why) => format!("refused {why:?}"),
        DeliveryError::Moved(to) => format!("moved {to}"),
        DeliveryError::NotSent(_) => "not sent".into(),
        DeliveryError::Unknown(_) => "unknown".into(),
        DeliveryError::Reupload => "reupload".into(),
        DeliveryError::WindowClosed | DeliveryError::HumanHasIt => "impossible".into(),
        DeliveryError::Unauthorized => "unauthorized".into(),
    }
}

#[tokio::test]
async fn a_message_is_sent_and_its_number_comes_back() {
    let api = StandIn::start().await;
    api.reply("sendMessage", sent(501));
    let receipt = api.channel().deliver(words("telegram:5550001")).await.unwrap();
    assert_eq!(receipt, Receipt { message: Some("501".into()), ..Receipt::default() });
    let asked = api.asked().remove(0);
    assert_eq!(asked.parameters["chat_id"], 5_550_001);
    assert_eq!(asked.parameters["text"], "a fox");
    assert_eq!(asked.parameters["link_preview_options"], json!({ "is_disabled": true }));
}

#[tokio::test]
async fn a_picture_is_edited_into_its_placeholder_and_its_handle_comes_back() {
    let api = StandIn::start().await;
    let sizes = json!([
        { "file_id": "small", "width": 90, "height": 60 },
        { "file_id": "large", "width": 1280, "height": 853 },
        { "file_id": "middle", "width": 320, "height": 213 },
    ]);
    api.reply("editMessageMedia", Reply::Ok(json!({ "message_id": 120, "photo": sizes })));
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let delivery = edit(picture(), Some(upload(bytes.clone())));
    let receipt = api.channel().deliver(delivery).await.unwrap();
    assert_eq!(receipt.message, Some("120".into()));
    assert_eq!(receipt.file, Some("large".into()));
    let asked = api.asked().remove(0);
    assert_eq!(asked.parameters["message_id"], "120");
    let media: Value = serde_json::from_str(asked.parameters["media"].as_str().unwrap()).unwrap();
    assert_eq!(media, json!({ "type": "photo", "media": "attach://file", "caption": "a fox" }));
    assert_eq!(asked.files["file"], ("picture.png".into(), "image/png".into(), bytes));
}

#[tokio::test]
async fn an_original_goes_as_a_file_with_a_name() {
    let api = StandIn::start().await;
    let document = json!({ "file_id": "doc", "file_unique_id": "d" });
    api.reply("sendDocument", Reply::Ok(json!({ "message_id": 9, "document": document })));
    let mut delivery = words("telegram:-1009000000002:33");
    delivery.message.content = Content::Original {
        artifact: ArtifactId(9),
        file_name: "fox 狐狸.png".into(),
        caption: Text::default(),
    };
    delivery.file = Some(upload(vec![1, 2, 3]));
    let receipt = api.channel().deliver(delivery).await.unwrap();
    assert_eq!(receipt.file, Some("doc".into()));
    let asked = api.asked().remove(0);
    assert_eq!(asked.files["file"].0, "fox 狐狸.png");
    assert_eq!(asked.parameters["message_thread_id"], "33");
    assert!(asked.parameters.get("caption").is_none());
}

#[tokio::test]
async fn a_topic_brings_its_conversation() {
    let api = StandIn::start().await;
    let topic = json!({ "message_thread_id": 77, "name": "S-1", "icon_color": 1 });
    api.reply("createForumTopic", Reply::Ok(topic));
    let mut delivery = words("telegram:-1009000000009");
    delivery.message.content = Content::OpenTopic { name: "S-1".into() };
    let receipt = api.channel().deliver(delivery).await.unwrap();
    assert_eq!(receipt.conversation, Some("telegram:-1009000000009:77".into()));
}

#[tokio::test]
async fn a_success_of_any_shape_is_a_success() {
    for body in [
        r#"{"ok":true,"result":true}"#,
        r#"{"ok":true}"#,
        r#"{"ok":true,"result":{"message_id":"strange","photo":7}}"#,
        r#"{"result":[],"ok":true,"news":{}}"#,
        r#"{"ok":true,"result":null}"#,
    ] {
        let api = StandIn::start().await;
        api.reply("sendMessage", Reply::Raw(200, body));
        let receipt = api.channel().deliver(words("telegram:5550001")).await;
        assert_eq!(receipt.unwrap().message, None, "{body}");
    }
}

/// Status, description and parameters of a no, and what to do next.
fn noes() -> Vec<(u16, &'static str, Value, &'static str)> {
    let none = || json!({});
    vec![
        (
            429,
            "Too Many Requests: retry after 7",
            json!({ "retry_after": 7 }),
            "wait 7 Conversation",
        ),
        (429, "Too Many Requests: retry after 8", none(), "wait 8 Conversation"),
        (429, "Too Many Requests", none(), "wait 5 Conversation"),
        (429, "x", json!({ "retry_after": 9_999_999 }), "wait 3600 Conversation"),
        (
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            json!({ "migrate_to_chat_id": -1_009_000_000_004_i64 }),
            "moved telegram:-1009000000004",
        ),
        (401, "Unauthorized", none(), "unauthorized"),
        (404, "Not Found", none(), "unauthorized"),
        (404, "Not Found: method not found", none(), "refused Content"),
        (403, "Forbidden: bot was blocked by the user", none(), "refused Blocked"),
        (403, "Forbidden: user is deactivated", none(), "refused Blocked"),
        (403, "Forbidden: bot can't initiate conversation with a user", none(), "refused Blocked"),
        (
            403,
            "Forbidden: bot was kicked from the supergroup chat",
            none(),
            "refused ConversationGone",
        ),
        (
            403,
            "Forbidden: bot is not a member of the channel chat",
            none(),
            "refused ConversationGone",
        ),
        (403, "Forbidden: the group chat was deleted", none(), "refused ConversationGone"),
        (400, "Bad Request: chat not found", none(), "refused ConversationGone"),
        (
            400,
            "Bad Request: not enough rights to send text messages to the chat",
            none(),
            "refused ConversationGone",
        ),
        (400, "Bad Request: the chat is not a forum", none(), "refused ConversationGone"),
        (400, "Bad Request: message thread not found", none(), "refused TopicGone"),
        (400, "Bad Request: TOPIC_CLOSED", none(), "refused TopicGone"),
        (400, "Bad Request: TOPIC_DELETED", none(), "refused TopicGone"),
        (400, "Bad Request: message to edit not found", none(), "refused MessageGone"),
        (400, "Bad Request: message can't be edited", none(), "refused MessageGone"),
        (400, "Bad Request: MESSAGE_ID_INVALID", none(), "refused MessageGone"),
        (400, "Bad Request: PHOTO_INVALID_DIMENSIONS", none(), "refused Content"),
        (400, "Bad Request: IMAGE_PROCESS_FAILED", none(), "refused Content"),
        (400, "Bad Request: BUTTON_DATA_INVALID", none(), "refused Content"),
        (400, "Bad Request: message is too long", none(), "refused Content"),
        (400, "Bad Request: something new", none(), "refused Content"),
        (413, "Request Entity Too Large", none(), "refused Content"),
        (400, "Bad Request: wrong file identifier/HTTP URL specified", none(), "reupload"),
        (
            400,
            "Bad Request: wrong remote file identifier specified: Wrong string length",
            none(),
            "reupload",
        ),
        (400, "Bad Request: can't use file of type Document as Photo", none(), "reupload"),
        (500, "Internal Server Error", none(), "unknown"),
        (502, "Bad Gateway", none(), "unknown"),
    ]
}

#[tokio::test]
async fn what_a_no_means_is_what_to_do_next() {
    for (code, description, parameters, expected) in noes() {
        let api = StandIn::start().await;
        api.reply("sendMessage", Reply::No(code, description, parameters));
        let error = api.channel().deliver(words("telegram:5550001")).await.unwrap_err();
        assert_eq!(next_step(&error), expected, "{code} {description}");
    }
}

#[tokio::test]
async fn a_refused_upload_is_not_asked_for_again() {
    let api = StandIn::start().await;
    let no = Reply::No(400, "Bad Request: wrong file identifier/HTTP URL specified", json!({}));
    api.reply("editMessageMedia", no.clone()).reply("editMessageMedia", no);
    let channel = api.channel();
    let error = channel.deliver(edit(picture(), Some(upload(vec![1])))).await.unwrap_err();
    assert_eq!(next_step(&error), "refused Content");
    let known = Some(OutboundFile::Known { handle: "old".into() });
    let error = channel.deliver(edit(picture(), known)).await.unwrap_err();
    assert_eq!(next_step(&error), "reupload");
}

#[tokio::test]
async fn what_is_already_so_is_done() {
    let api = StandIn::start().await;
    let same = "Bad Request: message is not modified: specified new message content and reply \
                markup are exactly the same as a current content and reply markup of the message";
    api.reply("editMessageText", Reply::No(400, same, json!({})));
    api.reply(
        "deleteMessage",
        Reply::No(400, "Bad Request: message to delete not found", json!({})),
    );
    api.reply("closeForumTopic", Reply::No(400, "Bad Request: TOPIC_NOT_MODIFIED", json!({})));
    let channel = api.channel();
    let receipt = channel.deliver(edit(Content::Text(Text::plain("x")), None)).await.unwrap();
    assert_eq!(receipt.message, Some("120".into()));
    channel
        .deliver(edit(Content::Removed { instead: Text::plain("Deleted") }, None))
        .await
        .unwrap();
    let mut close = words("telegram:-1009000000009:41");
    close.message.content = Content::CloseTopic;
    channel.deliver(close).await.unwrap();
}

#[tokio::test]
async fn words_reach_a_message_that_is_a_picture_against_our_belief() {
    let api = StandIn::start().await;
    let no = "Bad Request: there is no text in the message to edit";
    api.reply("editMessageText", Reply::No(400, no, json!({})));
    api.reply("editMessageCaption", sent(120));
    let delivery = edit(Content::Text(Text::plain("x")), None);
    assert_eq!(api.channel().deliver(delivery).await.unwrap().message, Some("120".into()));
    assert_eq!(api.methods(), ["editMessageText", "editMessageCaption"]);
}

#[tokio::test]
async fn a_picture_too_old_to_be_deleted_goes_blank() {
    let api = StandIn::start().await;
    let old = "Bad Request: message can't be deleted for everyone";
    api.reply("deleteMessage", Reply::No(400, old, json!({})));
    let no = "Bad Request: there is no text in the message to edit";
    api.reply("editMessageText", Reply::No(400, no, json!({})));
    api.reply("editMessageMedia", sent(120));
    let removal = edit(Content::Removed { instead: Text::plain("Deleted") }, None);
    assert_eq!(api.channel().deliver(removal).await.unwrap().message, Some("120".into()));
    assert_eq!(api.methods(), ["deleteMessage", "editMessageText", "editMessageMedia"]);
}

#[tokio::test]
async fn a_message_of_neither_kind_is_gone() {
    let api = StandIn::start().await;
    let (text, caption) = (
        "Bad Request: there is no text in the message to edit",
        "Bad Request: there is no caption in the message to edit",
    );
    api.reply("editMessageText", Reply::No(400, text, json!({})));
    api.reply("editMessageCaption", Reply::No(400, caption, json!({})));
    let error = api.channel().deliver(edit(Content::Text(Text::plain("x")), None)).await;
    assert!(matches!(error, Err(DeliveryError::Refused(Refusal::MessageGone))));
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut settings = StandIn::start().await.settings();
    settings.api_url = address.parse().unwrap();
    let channel =
        picdesk_telegram::TelegramChannel::new(settings, http_client(None).unwrap()).unwrap();
    let error = channel.deliver(words("telegram:5550001")).await.unwrap_err();
    assert_eq!(next_step(&error), "not sent");
    let text = format!("{error} {error:?}");
    assert!(!text.contains("a-token-of-the-tests"), "{text}");
}

#[tokio::test]
async fn a_broken_answer_leaves_the_outcome_unknown_and_the_token_unsaid() {
    for reply in [
        Reply::Raw(502, "<html>Bad Gateway</html>"),
        Reply::Raw(500, r#"{"ok":false,"error_code":500,"description":"Internal"}"#),
        Reply::Raw(200, "<html>proxy</html>"),
        Reply::Raw(200, ""),
        Reply::Raw(200, "[]"),
        Reply::Raw(200, "[true]"),
        Reply::Raw(302, ""),
        Reply::Never,
        Reply::Cut,
    ] {
        let api = StandIn::start().await;
        api.reply("sendMessage", reply.clone());
        let error = api.channel().deliver(words("telegram:5550001")).await.unwrap_err();
        assert_eq!(next_step(&error), "unknown", "{reply:?}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains(TOKEN) && !text.contains("a-token"), "{text}");
        assert_eq!(api.methods(), ["sendMessage"], "nothing is repeated by itself");
    }
}

#[tokio::test]
async fn one_chats_flood_is_its_own_and_everybodys_flood_is_the_bots() {
    let api = StandIn::start().await;
    let flood = || Reply::No(429, "Too Many Requests: retry after 3", json!({ "retry_after": 3 }));
    for _ in 0..9 {
        api.reply("sendMessage", flood());
    }
    let channel = api.channel();
    let mut scopes = Vec::new();
    for chat in 0..9 {
        match channel.deliver(words(&format!("telegram:{chat}"))).await {
            Err(DeliveryError::RetryAfter { wait, scope }) => {
                assert_eq!(wait, Duration::from_secs(3));
                scopes.push(scope);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(scopes[0], Scope::Conversation);
    assert_eq!(scopes[8], Scope::Channel);
}

#[tokio::test]
async fn what_may_be_lost_is_shown() {
    let api = StandIn::start().await;
    let channel = api.channel();
    let here = || ConversationId::from("telegram:5550001");
    let button = Button { label: "Cancel".into(), target: ButtonTarget::Token("t".into()) };
    let partial = |picture: Option<Vec<u8>>, is_picture| Showing::Partial {
        conversation: here(),
        message: "120".into(),
        is_picture,
        text: Text::plain("Drawing"),
        picture,
        buttons: vec![vec![button.clone()]],
    };
    channel.show(partial(None, false)).await.unwrap();
    channel.show(partial(None, true)).await.unwrap();
    channel.show(partial(Some(b"\xff\xd8\xff".to_vec()), false)).await.unwrap();
    channel.show(Showing::Busy { conversation: "telegram:-1009:5".into() }).await.unwrap();
    let answer = TapAnswer { tap: "238".into(), text: "x".repeat(300), alert: true };
    channel.show(Showing::Answer(answer)).await.unwrap();
    let quiet = TapAnswer { tap: "239".into(), text: String::new(), alert: true };
    channel.show(Showing::Answer(quiet)).await.unwrap();
    let draft =
        |conversation, draft| Showing::Draft { conversation, draft, text: Text::plain("D") };
    channel.show(draft(here(), 7)).await.unwrap();
    channel.show(draft(here(), 0)).await.unwrap();
    channel.show(draft("telegram:-1009".into(), 7)).await.unwrap();
    let asked = api.asked();
    let methods: Vec<&str> = asked.iter().map(|asked| asked.method.as_str()).collect();
    assert_eq!(
        methods,
        [
            "editMessageText",
            "editMessageCaption",
            "editMessageMedia",
            "sendChatAction",
            "answerCallbackQuery",
            "answerCallbackQuery",
            "sendMessageDraft",
        ]
    );
    assert_eq!(asked[2].files["file"].0, "progress.jpg");
    let busy = json!({ "chat_id": -1009, "message_thread_id": 5, "action": "upload_photo" });
    assert_eq!(asked[3].parameters, busy);
    assert_eq!(asked[4].parameters["text"].as_str().unwrap().chars().count(), 200);
    assert_eq!(asked[4].parameters["show_alert"], true);
    assert_eq!(asked[5].parameters, json!({ "callback_query_id": "239" }));
    let draft = json!({ "chat_id": 5_550_001, "draft_id": 7, "text": "D", "can_stop": true });
    assert_eq!(asked[6].parameters, draft);
}

#[tokio::test]
async fn drafts_stay_away_where_they_are_off() {
    let api = StandIn::start().await;
    let mut settings = api.settings();
    settings.drafts = false;
    let conversation = "telegram:5550001".into();
    let draft = Showing::Draft { conversation, draft: 7, text: Text::plain("D") };
    channel_of(settings).show(draft).await.unwrap();
    assert!(api.asked().is_empty());
}

#[tokio::test]
async fn the_topics_of_a_group_share_its_budget() {
    let api = StandIn::start().await;
    let channel = api.channel();
    let budget = |id: &str| {
        let id = ConversationId::from(id);
        let Budget { key, group } = channel.budget(&id);
        (key.to_owned(), group)
    };
    assert_eq!(budget("telegram:-1009:41"), ("telegram:-1009".into(), true));
    assert_eq!(budget("telegram:-1009"), ("telegram:-1009".into(), true));
    assert_eq!(budget("telegram:5550001"), ("telegram:5550001".into(), false));
    assert_eq!(budget("telegram:5550001:9"), ("telegram:5550001".into(), false));
}
