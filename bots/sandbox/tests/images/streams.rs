//! `stream:true`: the events, their order and what they carry.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use picdesk_sandbox::images::{ImagesFault, Stage, decode_nonce};
use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::{Caller, file, png};

/// Event name and data of each event of a whole stream.
fn events(body: &str) -> Vec<(String, Value)> {
    let event = |text: &str| {
        let (name, data) = text.split_once('\n').unwrap();
        let name = name.strip_prefix("event: ").unwrap().to_owned();
        (name, serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap())
    };
    body.split_terminator("\n\n").map(event).collect()
}

#[tokio::test]
async fn partial_pictures_come_before_the_finished_one() {
    let caller = Caller::new().await;
    for partials in 0..=3 {
        let body = json!({"prompt": "a fox", "stream": true, "partial_images": partials});
        let response = caller.generate(body).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        let events = events(&response.text().await.unwrap());
        assert_eq!(events.len(), partials + 1);
        for (index, (name, data)) in events.iter().enumerate() {
            assert_eq!(data["type"], name.as_str());
            let bytes = STANDARD.decode(data["b64_json"].as_str().unwrap()).unwrap();
            let stage = decode_nonce(&bytes).unwrap().stage;
            if index < partials {
                assert_eq!(name, "image_generation.partial_image");
                assert_eq!(data["partial_image_index"], index);
                assert_eq!(stage, Stage::Partial(u8::try_from(index).unwrap()));
            } else {
                assert_eq!(name, "image_generation.completed");
                assert_eq!(stage, Stage::Final);
                let tokens = 1_767 + 100 * partials;
                assert_eq!(data["usage"]["output_tokens"], tokens);
            }
            assert!(data["created_at"].is_u64() && data["size"] == "1024x1024");
        }
    }
}

#[tokio::test]
async fn an_edit_streams_events_of_its_own_name() {
    let caller = Caller::new().await;
    let form = Form::new()
        .text("prompt", "make it night")
        .text("stream", "true")
        .text("partial_images", "1")
        .part("image", file(png(64, 48, [200, 30, 30])));
    let events = events(&caller.edit(form).await.text().await.unwrap());
    let names: Vec<_> = events.iter().map(|event| event.0.as_str()).collect();
    assert_eq!(names, ["image_edit.partial_image", "image_edit.completed"]);
}

#[tokio::test]
async fn a_stream_can_end_in_an_error() {
    let caller = Caller::new().await;
    caller.provider.fault(ImagesFault::ErrorInStream);
    let body = json!({"prompt": "a fox", "stream": true, "partial_images": 2});
    let events = events(&caller.generate(body).await.text().await.unwrap());
    assert_eq!(events.len(), 3);
    assert_eq!(events[2].0, "error");
    assert_eq!(events[2].1["type"], "error");
    assert_eq!(events[2].1["error"]["code"], "image_generation_failed");
}
