//! Files that people sent are fetched: within a limit, and without climbing out of a folder.

use picdesk_core::channel::{Channel, FetchError, MediaRef};
use serde_json::json;

use crate::stand_in::{Reply, StandIn};

fn media(bytes: Option<u64>) -> MediaRef {
    MediaRef {
        handle: "AgACAgQAAxtest".into(),
        unique: "u".into(),
        bytes,
        size: None,
        name: None,
        fetch_before: None,
    }
}

fn outcome(result: Result<Vec<u8>, FetchError>) -> String {
    match result {
        Ok(bytes) => format!("{} bytes", bytes.len()),
        Err(FetchError::Gone) => "gone".into(),
        Err(FetchError::TooLarge) => "too large".into(),
        Err(FetchError::RetryAfter(wait)) => format!("after {wait:?}"),
        Err(FetchError::Later(error)) => {
            assert!(!format!("{error} {error:?}").contains("a-token"));
            "later".into()
        }
    }
}

#[tokio::test]
async fn a_file_is_fetched_by_its_path() {
    let api = StandIn::start().await;
    let path = json!({ "file_id": "x", "file_path": "photos/my file#1?.jpg", "file_size": 70_000 });
    api.reply("getFile", Reply::Ok(path)).reply("file", Reply::Bytes(vec![7; 70_000]));
    let bytes = api.channel().fetch(&media(None), 100_000).await.unwrap();
    assert_eq!(bytes, vec![7; 70_000]);
    let asked = api.asked();
    assert_eq!(asked[0].parameters, json!({ "file_id": "AgACAgQAAxtest" }));
    assert!(asked[1].method.ends_with("/photos/my%20file%231%3F.jpg"), "{}", asked[1].method);
}

#[tokio::test]
async fn a_path_cannot_climb() {
    let api = StandIn::start().await;
    api.reply("getFile", Reply::Ok(json!({ "file_path": "../../../bot1/./getMe" })));
    api.reply("file", Reply::Bytes(vec![7]));
    api.channel().fetch(&media(None), 100).await.unwrap();
    let path = api.asked()[1].method.clone();
    assert!(path.starts_with("/file/bot7000000001:") && path.ends_with("/bot1/getMe"), "{path}");
}

#[tokio::test]
async fn a_file_that_is_too_large_is_not_read_to_its_end() {
    let told = StandIn::start().await;
    assert_eq!(outcome(told.channel().fetch(&media(Some(101)), 100).await), "too large");
    assert!(told.asked().is_empty(), "its size was known");

    let found = StandIn::start().await;
    found.reply("getFile", Reply::Ok(json!({ "file_path": "a", "file_size": 101 })));
    assert_eq!(outcome(found.channel().fetch(&media(None), 100).await), "too large");
    assert_eq!(found.methods(), ["getFile"]);

    let lied = StandIn::start().await;
    lied.reply("getFile", Reply::Ok(json!({ "file_path": "a", "file_size": 10 })));
    lied.reply("file", Reply::Bytes(vec![0; 101]));
    assert_eq!(outcome(lied.channel().fetch(&media(Some(10)), 100).await), "too large");

    let silent = StandIn::start().await;
    let path = || Reply::Ok(json!({ "file_path": "a" }));
    silent.reply("getFile", path()).reply("file", Reply::Unmeasured(vec![0; 101]));
    silent.reply("getFile", path()).reply("file", Reply::Unmeasured(vec![0; 100]));
    let channel = silent.channel();
    assert_eq!(outcome(channel.fetch(&media(None), 100).await), "too large");
    assert_eq!(outcome(channel.fetch(&media(None), 100).await), "100 bytes");
}

#[tokio::test]
async fn why_a_file_cannot_be_fetched_is_what_to_do_next() {
    let no = |code, description| Reply::No(code, description, json!({}));
    for (reply, expected) in [
        (no(400, "Bad Request: file is too big"), "too large"),
        (no(400, "Bad Request: wrong file_id or the file is temporarily unavailable"), "gone"),
        (no(400, "Bad Request: invalid file_id"), "gone"),
        (no(429, "Too Many Requests: retry after 30"), "after 30s"),
        (no(401, "Unauthorized"), "later"),
        (no(500, "Internal Server Error"), "later"),
        (Reply::Raw(502, "<html>"), "later"),
        (Reply::Never, "later"),
        (Reply::Ok(json!({ "file_id": "x" })), "gone"),
        (Reply::Ok(json!(7)), "later"),
    ] {
        let api = StandIn::start().await;
        api.reply("getFile", reply.clone());
        assert_eq!(outcome(api.channel().fetch(&media(None), 100).await), expected, "{reply:?}");
    }
    for (reply, expected) in [
        (Reply::Raw(404, "Not Found"), "gone"),
        (Reply::Raw(500, ""), "later"),
        (Reply::Cut, "later"),
        (Reply::Never, "later"),
        (Reply::Bytes(Vec::new()), "0 bytes"),
    ] {
        let api = StandIn::start().await;
        api.reply("getFile", Reply::Ok(json!({ "file_path": "a" }))).reply("file", reply.clone());
        assert_eq!(outcome(api.channel().fetch(&media(None), 100).await), expected, "{reply:?}");
    }
}
