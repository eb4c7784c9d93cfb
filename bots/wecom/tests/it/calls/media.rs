//! Files that somebody sent: fetched whole or in parts, within their limit.

use bytes::Bytes;
use picdesk_core::channel::{FetchError, MediaRef};
use picdesk_wecom::client::File;

use super::*;

fn media() -> MediaRef {
    MediaRef {
        handle: "MEDIA1".into(),
        unique: "MEDIA1".into(),
        bytes: None,
        size: None,
        name: None,
        fetch_before: None,
    }
}

#[tokio::test]
async fn files_are_fetched_within_their_limit() {
    let wecom = StandIn::start().await;
    let app = app(&wecom);
    wecom.reply("media/get", Reply::File(vec![1, 2, 3]));
    assert_eq!(app.fetch(&media(), 3).await.unwrap(), [1, 2, 3]);
    wecom.reply("media/get", Reply::File(vec![0; 4]));
    assert!(matches!(app.fetch(&media(), 3).await, Err(FetchError::TooLarge)));
    // A picture may begin like JSON and be none.
    wecom.reply("media/get", Reply::File(b"{\"errcode\":1}".to_vec()));
    assert_eq!(app.fetch(&media(), 99).await.unwrap().len(), 13);
    wecom.reply("media/get", Reply::No(40_007, "invalid media_id"));
    assert!(matches!(app.fetch(&media(), 99).await, Err(FetchError::Gone)));
    wecom.reply("media/get", Reply::No(42_001, "")).reply("media/get", Reply::File(vec![9]));
    assert_eq!(app.fetch(&media(), 99).await.unwrap(), [9]);
    wecom.reply("media/get", Reply::Raw(503, b"busy".to_vec()));
    assert!(matches!(app.fetch(&media(), 99).await, Err(FetchError::Later(_))));
    let large = MediaRef { bytes: Some(100), ..media() };
    assert!(matches!(app.fetch(&large, 99).await, Err(FetchError::TooLarge)));
    wecom.reply("media/get", Reply::No(45_009, ""));
    assert!(matches!(app.fetch(&media(), 99).await, Err(FetchError::Later(_))));
    wecom.reply("media/get", Reply::File(vec![0; 10]));
    let file = wecom.client().media("MEDIA1", 5).await.unwrap();
    assert_eq!(file, File::TooLarge);
}

#[tokio::test]
async fn what_is_given_away_in_parts_alone_is_fetched_in_parts() {
    let wecom = StandIn::start().await;
    let whole: Vec<u8> = (0_u32..3_000_000).flat_map(u32::to_le_bytes).collect();
    let in_parts = || Reply::InParts(Bytes::from(whole.clone()));
    let get = "media/get";
    // The first part's token dies, the second part is too much at once for WeCom.
    wecom.reply(get, in_parts()).reply(get, Reply::No(42_001, "")).reply(get, in_parts());
    wecom.reply(get, Reply::No(-1, "busy")).reply(get, in_parts());
    let most = whole.len() as u64;
    let came = wecom.client().media("MEDIA1", most).await.unwrap();
    assert!(came == File::Bytes(whole.clone()), "it is whole");
    assert_eq!(wecom.of(get).len(), 5);
    // What is larger than asked for is known by its first part.
    wecom.reply(get, in_parts()).reply(get, in_parts());
    assert_eq!(wecom.client().media("MEDIA1", most - 1).await.unwrap(), File::TooLarge);
    assert_eq!(wecom.of(get).len(), 7);
    // Parts that are refused too.
    wecom.reply(get, in_parts()).reply(get, Reply::No(830_002, "range too large"));
    assert!(matches!(app(&wecom).fetch(&media(), most).await, Err(FetchError::TooLarge)));
}
