//! Which requests are let in, and what the others hear.

use picdesk_sandbox::images::{Metadata, Operation, Outcome};
use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::{Caller, error, file, fox, png};

#[tokio::test]
async fn without_the_key_nobody_is_let_in() {
    let caller = Caller::new().await;
    let url = format!("{}/images/generations", caller.provider.base_url());
    let post = || caller.client.post(&url).json(&fox());

    let none = error(401, post().send().await.unwrap()).await;
    assert_eq!(none["type"], "invalid_request_error");
    assert_eq!(none["code"], Value::Null);
    let wrong = error(401, post().bearer_auth("sk-other").send().await.unwrap()).await;
    assert_eq!(wrong["code"], "invalid_api_key");
    assert!(!wrong["message"].as_str().unwrap().contains("sk-other"));
    let by_header = post().header("api-key", caller.provider.api_key()).send().await.unwrap();
    assert_eq!(by_header.status(), 200);
    let rejected: Vec<_> = caller.provider.rejections().iter().map(|one| one.status).collect();
    assert_eq!(rejected, [401, 401]);
    assert_eq!(caller.provider.calls().len(), 1);
}

#[tokio::test]
async fn what_the_api_does_not_know_is_refused_in_its_envelope() {
    let caller = Caller::new().await;
    let cases = [
        (400, "missing_required_parameter", "prompt", json!({"model": "gpt-image-2"})),
        (400, "invalid_type", "prompt", json!({"prompt": 7})),
        (400, "empty_string", "prompt", json!({"prompt": ""})),
        (400, "string_above_max_length", "prompt", json!({"prompt": "x".repeat(32_001)})),
        (404, "model_not_found", "model", json!({"prompt": "x", "model": "dall-e-3"})),
        (400, "integer_above_max_value", "n", json!({"prompt": "x", "n": 11})),
        (400, "integer_below_min_value", "n", json!({"prompt": "x", "n": 0})),
        (400, "invalid_type", "n", json!({"prompt": "x", "n": "two"})),
        (400, "invalid_value", "quality", json!({"prompt": "x", "quality": "best"})),
        (400, "invalid_value", "output_format", json!({"prompt": "x", "output_format": "bmp"})),
        (
            400,
            "invalid_value",
            "background",
            json!({"prompt": "x", "background": "transparent", "output_format": "jpeg"}),
        ),
        (400, "invalid_value", "size", json!({"prompt": "x", "size": "4096x4096"})),
        (
            400,
            "unknown_parameter",
            "response_format",
            json!({"prompt": "x", "response_format": "b64_json"}),
        ),
        (
            400,
            "invalid_input_fidelity_model",
            "input_fidelity",
            json!({"prompt": "x", "input_fidelity": "high"}),
        ),
    ];
    for (status, code, param, body) in cases {
        let refused = caller.refusal(status, body).await;
        assert_eq!((&refused["code"], &refused["param"]), (&json!(code), &json!(param)));
    }
    let no_json = caller.client.post(format!("{}/images/generations", caller.provider.base_url()));
    let no_json = no_json.bearer_auth(caller.provider.api_key()).body("{").send().await.unwrap();
    error(400, no_json).await;
    assert_eq!(caller.provider.calls().len(), 0);
    assert_eq!(caller.provider.rejections().len(), 15);
}

#[tokio::test]
async fn a_path_that_is_not_there_is_named() {
    let caller = Caller::new().await;
    let answer = caller.post("/chat/completions", &json!({})).await.unwrap();
    assert_eq!(answer.status(), 404);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["message"], "Invalid URL (POST /v1/chat/completions)");
}

#[tokio::test]
async fn words_of_the_safety_system_are_refused_and_not_made() {
    let caller = Caller::new().await;
    let refused = caller.refusal(400, json!({"prompt": "a nude statue"})).await;
    assert_eq!(refused["code"], "moderation_blocked");
    assert_eq!(refused["type"], "image_generation_user_error");
    assert!(refused["message"].as_str().unwrap().contains("safety_violations=[sexual]"));
    let code = "moderation_blocked".to_owned();
    assert_eq!(caller.provider.calls()[0].outcome, Outcome::Refused { status: 400, code });
    assert_eq!(caller.provider.made_count(), 0);
    assert_eq!(caller.generate(json!({"prompt": "denuded hills"})).await.status(), 200);
}

#[tokio::test]
async fn an_edit_takes_one_image_or_several_and_a_mask() {
    let caller = Caller::new().await;
    let form = Form::new()
        .text("prompt", "make it night")
        .text("model", "gpt-image-2")
        .text("n", "2")
        .text("user", "account-7")
        .part("image", file(png(64, 48, [200, 30, 30])))
        .part("mask", file(png(64, 48, [0, 0, 0])));
    let answer = caller.edit(form).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["data"].as_array().unwrap().len(), 2);
    assert!(answer["usage"]["input_tokens_details"]["image_tokens"].as_u64().unwrap() > 0);

    let mut form = Form::new().text("prompt", "side by side");
    for shade in 0..16 {
        form = form.part("image[]", file(png(32, 32, [shade * 10, 0, 0])));
    }
    assert_eq!(caller.edit(form).await.status(), 200);

    let calls = caller.provider.calls();
    assert_eq!(calls[0].operation, Operation::Edit);
    assert!(calls[0].masked);
    assert_eq!(calls[0].safety_identifier.as_deref(), Some("account-7"));
    let reference = &calls[0].references[0];
    assert_eq!((reference.kind, reference.width, reference.height), ("png", 64, 48));
    assert_eq!(reference.metadata, []);
    assert_eq!(calls[1].references.len(), 16);
    assert_ne!(calls[1].references[0].sha256, calls[1].references[1].sha256);
}

#[tokio::test]
async fn an_edit_without_good_pictures_is_refused() {
    let caller = Caller::new().await;
    let form = || Form::new().text("prompt", "make it night");
    let good = || file(png(64, 48, [200, 30, 30]));
    let cases = [
        ("missing_required_parameter", form()),
        ("empty_image_file", form().part("image", file(Vec::new()))),
        ("invalid_image_file", form().part("image", file(b"GIF89a....".to_vec()))),
        ("invalid_image_file", form().part("image", good()).part("mask", file(png(8, 8, [0; 3])))),
        ("array_above_max_length", (0..17).fold(form(), |form, _| form.part("image[]", good()))),
    ];
    for (code, form) in cases {
        assert_eq!(error(400, caller.edit(form).await).await["code"], code);
    }
    let third = (0..2).fold(form(), |form, _| form.part("image[]", good()));
    let third = third.part("image[]", file(b"not a picture".to_vec()));
    let refused = error(400, caller.edit(third).await).await;
    let message = refused["message"].as_str().unwrap();
    assert!(message.starts_with("Invalid image file or mode for image 3"), "{message}");
}

#[tokio::test]
async fn a_reference_that_says_where_it_was_taken_is_noticed() {
    let caller = Caller::new().await;
    // The chunk stands between header and data, where a camera's would.
    let mut picture = png(64, 48, [200, 30, 30]);
    let exif = b"\0\0\0\x1aeXIfII\x2a\0\x08\0\0\0\x01\0\x25\x88\x04\0\x01\0\0\0\x1a\0\0\0\0\0\0\0";
    let crc = [0xcd, 0x85, 0xc5, 0xcf];
    picture.splice(33..33, exif.iter().copied().chain(crc));
    let form = Form::new().text("prompt", "brighter").part("image", file(picture));
    let answer = caller.edit(form).await;
    assert_eq!(answer.status(), 200);
    let calls = caller.provider.calls();
    assert_eq!(calls[0].references[0].metadata, [Metadata::Exif, Metadata::Gps]);
}
