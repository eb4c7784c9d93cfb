//! Every way to misbehave, as the caller sees it and as the book has it.

use std::io::Cursor;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::ImageReader;
use picdesk_sandbox::images::{ArmedFault, Envelope, ImagesFault, Outcome};
use serde_json::{Value, json};

use crate::{Caller, error, fox, picture};

#[tokio::test]
async fn refusals_have_the_status_and_the_code_of_the_real_ones() {
    use ImagesFault as F;
    let (openai, litellm) = (Envelope::OpenAi, Envelope::LiteLlm);
    let cases = [
        (F::ModerationBlocked { envelope: openai }, 400, "moderation_blocked"),
        (F::ModerationBlocked { envelope: litellm }, 400, "400"),
        (F::RateLimit { retry_after_s: 7, envelope: openai }, 429, "rate_limit_exceeded"),
        (F::SlowDown, 429, "slow_down"),
        (F::InsufficientQuota { envelope: openai }, 429, "insufficient_quota"),
        (F::InsufficientQuota { envelope: litellm }, 429, "429"),
        (F::Overloaded, 503, "server_is_overloaded"),
        (F::ServerError, 500, "server_error"),
    ];
    let caller = Caller::new().await;
    for (fault, status, code) in cases {
        caller.provider.fault(fault.clone());
        let response = caller.generate(fox()).await;
        let retry_after = response.headers().get("retry-after").cloned();
        assert_eq!(retry_after.is_some(), matches!(fault, F::RateLimit { .. }), "{fault:?}");
        let refused = error(status, response).await;
        assert_eq!(refused["code"], code, "{fault:?}");
        assert!(refused["message"].as_str().unwrap().len() > 10);
    }
    assert_eq!(caller.provider.made_count(), 0);
    caller.generate_json(fox()).await;
}

#[tokio::test]
async fn a_gateway_keeps_the_words_and_loses_the_codes() {
    let caller = Caller::new().await;
    let envelope = Envelope::LiteLlm;
    caller.provider.fault(ImagesFault::ModerationBlocked { envelope });
    let refused = caller.refusal(400, fox()).await;
    assert!(refused["message"].as_str().unwrap().contains("safety_violations=[sexual]"));
    caller.provider.fault(ImagesFault::InsufficientQuota { envelope });
    assert_eq!(caller.refusal(429, fox()).await["type"], "throttling_error");
    caller.provider.fault(ImagesFault::NoStreaming);
    caller.generate_json(fox()).await;
    let streamed = json!({"prompt": "a fox", "stream": true});
    assert_eq!(caller.refusal(500, streamed).await["code"], "500");
}

#[tokio::test]
async fn a_gateway_page_is_html_and_only_504_was_made() {
    let caller = Caller::new().await;
    for (status, made) in [(502, 0), (504, 1)] {
        caller.provider.fault(ImagesFault::Gateway { status });
        let response = caller.generate(fox()).await;
        assert_eq!(response.status(), status);
        assert!(response.headers().contains_key("x-request-id"));
        assert!(response.text().await.unwrap().starts_with("<html>"));
        assert_eq!(caller.provider.made_count(), made);
    }
}

#[tokio::test]
async fn an_answer_that_was_dropped_cut_or_withheld_was_made_all_the_same() {
    let caller = Caller::new().await;
    // What is closed ends by itself; what never ends has to be left.
    let (closed, left) = (Duration::from_secs(20), Duration::from_millis(100));
    let faults = [
        (ImagesFault::DropAnswer, closed),
        (ImagesFault::CutBody { after: 0.5 }, closed),
        (ImagesFault::AcceptThenHang, left),
        (ImagesFault::Drip { bytes_per_s: 1 }, left),
        (ImagesFault::EndlessLine, left),
    ];
    for (made, (fault, patience)) in (1..).zip(faults) {
        for body in [fox(), json!({"prompt": "a cat", "stream": true})] {
            caller.provider.fault(fault.clone());
            let answer = async {
                let response = caller.post("/images/generations", &body).await?;
                response.bytes().await
            };
            match tokio::time::timeout(patience, answer).await {
                Ok(ended) => assert!(ended.is_err(), "{fault:?} answered"),
                Err(_) => assert_eq!(patience, left, "{fault:?} did not end"),
            }
        }
        let lost = |outcome: &Outcome| *outcome == Outcome::Lost;
        let ended = caller.provider.until(|calls| calls.iter().all(|call| lost(&call.outcome)));
        tokio::time::timeout(Duration::from_secs(5), ended).await.expect("the caller has left");
        assert_eq!(caller.provider.made_count(), 2 * made);
    }
    assert_eq!(caller.provider.traffic().in_flight, 0);
}

#[tokio::test]
async fn a_cut_stream_brings_its_partial_pictures_first() {
    let caller = Caller::new().await;
    caller.provider.fault(ImagesFault::CutBody { after: 0.3 });
    let body = json!({"prompt": "a fox", "stream": true, "partial_images": 1});
    let mut response = caller.generate(body).await;
    let mut text = Vec::new();
    let ended = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => text.extend(chunk),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    assert!(ended.is_err());
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("event: image_generation.partial_image"));
    assert!(text.contains("event: image_generation.completed") && !text.ends_with("\n\n"));
}

#[tokio::test]
async fn answers_without_a_picture_still_say_200() {
    let caller = Caller::new().await;
    caller.provider.fault(ImagesFault::Html);
    let page = caller.generate(fox()).await;
    assert!(page.text().await.unwrap().contains("<title>"));
    caller.provider.fault(ImagesFault::EmptyData);
    assert_eq!(caller.generate_json(fox()).await["data"], json!([]));
    caller.provider.fault(ImagesFault::InvalidBase64);
    let answer = caller.generate_json(fox()).await;
    assert!(STANDARD.decode(answer["data"][0]["b64_json"].as_str().unwrap()).is_err());
    caller.provider.fault(ImagesFault::NotAPicture);
    assert!(image::guess_format(&picture(&caller.generate_json(fox()).await)).is_err());
}

#[tokio::test]
async fn bombs_are_valid_pictures_much_larger_than_their_files() {
    let caller = Caller::new().await;
    for (fault, side) in [(ImagesFault::OneBitBomb, 60_000), (ImagesFault::RgbaBomb, 8_000)] {
        caller.provider.fault(fault);
        let bomb = picture(&caller.generate_json(fox()).await);
        assert!(bomb.len() < 4_000_000);
        let reader = ImageReader::new(Cursor::new(&bomb)).with_guessed_format().unwrap();
        assert_eq!(reader.into_dimensions().unwrap(), (side, side));
        // Every row is there: a reader without limits would unpack it all.
        let mut rows = png::Decoder::new(Cursor::new(&bomb)).read_info().unwrap();
        let row_bytes = rows.output_line_size(side).unwrap();
        let mut count = 0;
        while let Some(row) = rows.next_row().unwrap() {
            assert_eq!(row.data().len(), row_bytes);
            count += 1;
        }
        assert_eq!(count, side);
    }
}

#[tokio::test]
async fn a_wrong_size_and_an_address_are_possible_answers() {
    let caller = Caller::new().await;
    caller.provider.fault(ImagesFault::WrongSize);
    let half = image::load_from_memory(&picture(&caller.generate_json(fox()).await)).unwrap();
    assert_eq!((half.width(), half.height()), (512, 512));
    caller.provider.fault(ImagesFault::UrlInsteadOfBase64);
    let answer = caller.generate_json(fox()).await;
    assert_eq!(answer["data"][0]["b64_json"], Value::Null);
    let url = answer["data"][0]["url"].as_str().unwrap();
    let file = caller.client.get(url).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "image/png");
    assert!(image::load_from_memory(&file.bytes().await.unwrap()).is_ok());
}

#[tokio::test]
async fn slowness_is_waited_for_and_cleared_faults_are_gone() {
    let caller = Caller::new().await;
    caller.provider.fault(ImagesFault::Slow { seconds: 0.12 });
    let began = Instant::now();
    caller.generate_json(fox()).await;
    assert!(began.elapsed() >= Duration::from_millis(120));
    let json = r#"{"kind":"overloaded","times":5,"prompt_contains":"cat"}"#;
    let armed: ArmedFault = serde_json::from_str(json).unwrap();
    caller.provider.arm(armed.clone());
    caller.generate_json(fox()).await;
    assert_eq!(caller.provider.armed(), [armed]);
    caller.provider.clear_faults();
    caller.generate_json(json!({"prompt": "a cat"})).await;
}
