//! Files going up and down.

use serde_json::json;

use crate::desk::{Desk, png};

async fn errcode(desk: &Desk, kind: &str, bytes: &[u8]) -> i64 {
    desk.upload(kind, "a.bin", bytes).await["errcode"].as_i64().unwrap()
}

#[tokio::test]
async fn each_type_has_its_kind_and_size() {
    let (desk, _) = Desk::still().await;
    let answer = desk.upload("image", "fox.png", &png(4, 4, 1)).await;
    assert_eq!((&answer["errcode"], &answer["type"]), (&json!(0), &json!("image")));
    assert_eq!(answer["created_at"], "1764000000", "a text");
    let whole = png(4, 4, 1);
    assert_eq!(errcode(&desk, "image", &whole[..whole.len() - 1]).await, 40005, "cut off");
    assert_eq!(errcode(&desk, "image", b"RIFF\0\0\0\0WEBPVP8 ").await, 40005);
    assert_eq!(errcode(&desk, "image", b"12345").await, 40006);
    let mut large = png(4, 4, 1);
    let end = large.split_off(large.len() - 12);
    large.resize((10 << 20) - 12, 0);
    large.extend(&end);
    assert_eq!(errcode(&desk, "image", &large).await, 0);
    large.insert(100, 0);
    assert_eq!(errcode(&desk, "image", &large).await, 45001);
    assert_eq!(errcode(&desk, "file", &large).await, 0);
    assert_eq!(errcode(&desk, "voice", b"#!AMR\n123").await, 0);
    assert_eq!(errcode(&desk, "voice", b"OggS 123").await, 40005);
    assert_eq!(errcode(&desk, "hologram", b"123456").await, 40004);
}

#[tokio::test]
async fn bytes_come_back_whole_or_in_parts_and_refusals_are_json() {
    let (desk, _) = Desk::still().await;
    let picture = png(9, 9, 1);
    let media = desk.upload("image", "狐狸.png", &picture).await;
    let media = media["media_id"].as_str().unwrap().to_owned();
    let get = |media: &str| {
        let request = desk.http.get(desk.url("media/get"));
        request.query(&[("access_token", desk.token.as_str()), ("media_id", media)])
    };
    let whole = get(&media).send().await.unwrap();
    assert_eq!(whole.headers()["content-type"], "image/png");
    let disposition = whole.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.contains("filename*=UTF-8''%E7%8B%90"), "{disposition}");
    assert_eq!(whole.bytes().await.unwrap(), picture);
    let part = get(&media).header("range", "bytes=16-31").send().await.unwrap();
    assert_eq!(part.status(), 206);
    let range = format!("bytes 16-31/{}", picture.len());
    assert_eq!(part.headers()["content-range"], range.as_str());
    assert_eq!(part.bytes().await.unwrap(), &picture[16..32]);
    let none = get("none").send().await.unwrap();
    assert_eq!(none.status(), 200);
    assert_eq!(none.json::<serde_json::Value>().await.unwrap()["errcode"], 40007);
}

#[tokio::test]
async fn a_picture_with_an_address_can_be_fetched_there() {
    let (desk, _) = Desk::still().await;
    let part = reqwest::multipart::Part::bytes(png(4, 4, 1)).file_name("a.png");
    let form = reqwest::multipart::Form::new().part("any", part);
    let request = desk.http.post(desk.url("media/uploadimg"));
    let request = request.query(&[("access_token", &desk.token)]).multipart(form);
    let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    let shown = desk.http.get(answer["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(shown.bytes().await.unwrap(), png(4, 4, 1));
}
