//! What comes back: pictures in the asked size and kind, their numbers, and the book.

use std::time::Duration;

use image::ImageFormat;
use picdesk_sandbox::images::{
    AtLimit, Drawing, ImagesFault, ImagesOptions, Latency, Nonce, Outcome, Stage, decode_nonce,
    decode_nonce_pixels, prompt_hash,
};
use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::{Caller, file, fox, picture};

#[tokio::test]
async fn a_generation_has_the_shape_of_the_real_one() {
    let caller = Caller::new().await;
    let answer = caller
        .generate_json(json!({
            "prompt": "a fox in the snow", "model": "gpt-image-2", "size": "1536x1024",
            "quality": "high", "n": 2, "safety_identifier": "account-7",
        }))
        .await;
    assert!(answer["created"].as_u64().unwrap() > 1_700_000_000);
    assert_eq!(answer["size"], "1536x1024");
    assert_eq!(answer["quality"], "high");
    assert_eq!(answer["background"], "opaque");
    assert_eq!(answer["output_format"], "png");
    assert_eq!(answer["safety_identifier"], "account-7");
    assert_eq!(answer["data"].as_array().unwrap().len(), 2);
    let usage = &answer["usage"];
    let total = usage["input_tokens"].as_u64().unwrap() + usage["output_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"], total);
    assert_eq!(usage["output_tokens"], 11_000);
    let header = image::load_from_memory(&picture(&answer)).unwrap();
    assert_eq!((header.width(), header.height()), (1536, 1024));
}

#[tokio::test]
async fn every_kind_of_file_carries_the_number_of_its_call() {
    let caller = Caller::new().await;
    let kinds =
        [("png", ImageFormat::Png), ("jpeg", ImageFormat::Jpeg), ("webp", ImageFormat::WebP)];
    for (call, (name, format)) in (1..).zip(kinds) {
        let body = json!({"prompt": "a fox", "size": "1024x1024", "output_format": name});
        let bytes = picture(&caller.generate_json(body).await);
        assert_eq!(image::guess_format(&bytes).unwrap(), format);
        let prompt = prompt_hash("a fox");
        let nonce = Nonce { call, picture: 0, stage: Stage::Final, prompt };
        assert_eq!(decode_nonce(&bytes), Some(nonce), "{name}");
        assert_eq!(decode_nonce_pixels(&bytes), Some(nonce), "{name}");
    }
    assert_eq!(decode_nonce(b"no picture"), None);
    assert_eq!(decode_nonce(&crate::png(512, 512, [90, 90, 90])), None);
}

#[tokio::test]
async fn the_number_survives_shrinking_and_jpeg() {
    let caller = Caller::new().await;
    let body = json!({"prompt": "a fox", "size": "1536x864"});
    let original = image::load_from_memory(&picture(&caller.generate_json(body).await)).unwrap();
    for width in [1280, 800, 512] {
        let small = original.resize(width, width, image::imageops::FilterType::Triangle);
        let mut file = std::io::Cursor::new(Vec::new());
        small.to_rgb8().write_to(&mut file, ImageFormat::Jpeg).unwrap();
        let nonce = decode_nonce(file.get_ref()).unwrap_or_else(|| panic!("at {width}"));
        assert_eq!((nonce.call, nonce.prompt), (1, prompt_hash("a fox")));
    }
}

#[tokio::test]
async fn the_same_words_twice_by_one_person_are_a_double_submission() {
    let caller = Caller::new().await;
    let ask = |who: &str, what: &str| json!({"prompt": what, "safety_identifier": who});
    caller.provider.fault(ImagesFault::Overloaded);
    assert_eq!(caller.generate(ask("ada", "a fox")).await.status(), 503);
    for (who, what) in [("ada", "a fox"), ("bob", "a fox"), ("ada", "a cat")] {
        caller.generate_json(ask(who, what)).await;
    }
    assert_eq!(caller.provider.double_submissions(), []);
    caller.generate_json(ask("ada", "a cat")).await;
    let twice = caller.provider.double_submissions();
    assert_eq!(twice.len(), 1);
    assert_eq!((twice[0].prompt.as_str(), twice[0].times), ("a cat", 2));
    assert_eq!(caller.provider.made_count(), 4);
}

#[tokio::test]
async fn the_book_knows_who_is_under_way_and_what_was_sent() {
    let latency = Latency::Seconds(0.2);
    let drawing = Drawing::Plain;
    let caller = Caller::with(ImagesOptions { latency, drawing, ..ImagesOptions::default() }).await;
    let provider = caller.provider.clone();
    let (_, _, ()) = tokio::join!(caller.generate(fox()), caller.generate(fox()), async {
        provider.until(|calls| calls.len() == 2).await;
        assert_eq!(provider.traffic().in_flight, 2);
        assert_eq!(provider.calls()[0].outcome, Outcome::Making);
    });
    provider.until(|calls| calls.iter().all(|call| call.outcome == Outcome::Answered)).await;
    let traffic = provider.traffic();
    assert_eq!((traffic.in_flight, traffic.in_flight_max), (0, 2));
    assert!(traffic.bytes_in > 100 && traffic.bytes_out > 10_000);
    let call = provider.calls().remove(0);
    assert_eq!(call.prompt, "a fox in the snow");
    assert!(call.ended_at.unwrap() >= call.at + Duration::from_millis(200));
    assert!(call.request_id.starts_with("req_"));
}

#[tokio::test]
async fn beyond_the_limit_calls_wait_or_are_refused() {
    for (at_limit, expected) in [(AtLimit::Wait, [200, 200]), (AtLimit::Refuse, [200, 429])] {
        let options = ImagesOptions {
            latency: Latency::Seconds(0.05),
            drawing: Drawing::Plain,
            concurrency_max: 1,
            at_limit,
            ..ImagesOptions::default()
        };
        let caller = Caller::with(options).await;
        let (first, second) = tokio::join!(caller.generate(fox()), caller.generate(fox()));
        let mut statuses = [first.status().as_u16(), second.status().as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, expected);
    }
}

#[tokio::test]
async fn a_painted_picture_comes_back_changed_from_an_edit() {
    let caller = Caller::with(ImagesOptions::default()).await;
    let body = json!({"prompt": "a house by a lake", "size": "1024x1024"});
    let first = picture(&caller.generate_json(body).await);
    let form = Form::new().text("prompt", "make it night").part("image", file(first.clone()));
    let answer = caller.edit(form).await.json::<Value>().await.unwrap();
    let second = picture(&answer);
    let calls: Vec<_> = [&first, &second].map(|file| decode_nonce(file).unwrap().call).into();
    assert_eq!(calls, [1, 2]);
    let mean = |file: &[u8]| {
        let pixel = image::load_from_memory(file).unwrap().thumbnail_exact(1, 1).to_rgb8();
        pixel.get_pixel(0, 0).0.map(u32::from).iter().sum::<u32>()
    };
    assert!(mean(&second) + 60 < mean(&first), "{} {}", mean(&first), mean(&second));
}
