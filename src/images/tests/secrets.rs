//! No key, no word of a customer and no word of a provider in anything that is printed.

use axum::http::StatusCode;

use super::*;

const CANARIES: [&str; 5] =
    ["sk-canary-key", "canary-prompt", "hash-of-someone", "canary-answer", "canary-picture"];

fn assert_clean(text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{canary} in {text}");
    }
}

fn assert_error_clean(failed: &FailedCall) {
    assert_clean(&format!("{failed} {failed:?} {failed:#?} {} {:?}", failed.error, failed.error));
    assert_clean(failed.error.name());
    let mut source = std::error::Error::source(failed);
    while let Some(error) = source {
        assert_clean(&format!("{error} {error:?}"));
        source = error.source();
    }
}

/// An answer that repeats all it was sent, in every place that has room for it.
fn echo(status: StatusCode, seen: &Seen) -> Response {
    let said = format!("canary-answer {:?} {:?}", seen.headers, seen.body);
    let body = json!({
        "error": {
            "message": said, "code": said, "type": said, "param": said,
            "moderation_details": {"moderation_stage": said, "categories": [said]},
        },
    });
    let headers = [("x-request-id", "canary-answer with spaces"), ("retry-after", "canary-answer")];
    (status, headers, body.to_string()).into_response()
}

#[tokio::test]
async fn an_answer_that_repeats_everything_leaves_no_trace() {
    let statuses = [200, 302, 400, 401, 402, 403, 404, 408, 413, 418, 429, 451, 500, 502, 503, 504];
    for status in statuses.map(|status| StatusCode::from_u16(status).unwrap()) {
        let provider = Provider::new(move |seen| echo(status, seen)).await;
        let failed = ask(&provider).await.0.unwrap_err();
        assert_error_clean(&failed);
        assert_eq!(failed.status, Some(status.as_u16()));
    }
}

#[tokio::test]
async fn broken_answers_and_connections_leave_no_trace() {
    let provider = Provider::new(|seen| {
        cut_answer(format!("data: {{\"b64_json\":\"canary-answer {:?}", seen.headers))
    })
    .await;
    assert_error_clean(&ask(&provider).await.0.unwrap_err());
    let url = "https://canary-answer.example/sk-canary-key";
    let provider = Provider::new(move |_| json_answer(&json!({"data": [{"url": url}]}))).await;
    assert_error_clean(&ask(&provider).await.0.unwrap_err());
    let nobody = client(settings("http://127.0.0.1:1/canary-answer?key=sk-canary-key"));
    assert_error_clean(&make(&nobody, request()).await.0.unwrap_err());
}

#[test]
fn what_we_hold_prints_without_its_secrets() {
    let settings = settings("https://api.example/v1");
    assert_clean(&format!("{settings:?} {:?}", settings.api_key));
    assert_clean(&format!("{:?}", client(settings)));
    let references = vec![reference(b"canary-picture", PictureFormat::Png)];
    assert_clean(&format!("{:?}", PictureRequest { references, ..request() }));
}
