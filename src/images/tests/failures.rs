//! What comes back, when it is none; and what does not come back.

use axum::http::StatusCode;
use futures_util::future::join_all;
use reqwest::dns::{Name, Resolve, Resolving};
use tokio::sync::oneshot;

use super::*;

async fn failure(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> MakeError {
    let provider = Provider::new(move |_| answer()).await;
    let (made, _) = ask(&provider).await;
    provider.only_request();
    made.unwrap_err().error
}

async fn failure_in_stream(events: &'static str) -> MakeError {
    failure(move || stream_answer(events)).await
}

async fn failure_at(base_url: &str) -> FailedCall {
    make(&client(settings(base_url)), request()).await.0.unwrap_err()
}

#[tokio::test]
async fn an_error_answer_is_classified_with_its_headers() {
    let provider = Provider::new(|_| {
        let body = json!({"error": {"code": "rate_limit_exceeded", "message": "wait"}});
        let headers = [("x-request-id", "req_9"), ("retry-after", "7")];
        (StatusCode::TOO_MANY_REQUESTS, headers, body.to_string()).into_response()
    })
    .await;
    let (made, album) = ask(&provider).await;
    let retry_after = Some(Duration::from_secs(7));
    let expected = FailedCall {
        error: MakeError::RateLimited { retry_after },
        status: Some(429),
        request_id: Some("req_9".to_owned()),
        spent: None,
    };
    assert_eq!(made, Err(expected.clone()));
    assert_eq!(expected.to_string(), "rate limited, status 429, request req_9");
    assert_eq!(album.submitted, 0);
    provider.only_request();
}

#[tokio::test]
async fn the_reference_that_is_wrong_is_named() {
    let provider = Provider::new(|_| {
        let message = "Invalid image file or mode for image 2, please check your image file.";
        let error = json!({"error": {"code": "invalid_image_file", "message": message}});
        (StatusCode::BAD_REQUEST, error.to_string()).into_response()
    })
    .await;
    let references = vec![reference(b"x", PictureFormat::Png); 3];
    let (made, _) = make(&provider.client(), PictureRequest { references, ..request() }).await;
    let index = Some(1);
    assert_eq!(made.unwrap_err().error, MakeError::BadRequest(Wrong::Reference { index }));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let error =
        failure(|| (StatusCode::TEMPORARY_REDIRECT, [("location", "/elsewhere")]).into_response());
    assert_eq!(error.await, MakeError::ModelMissing);
}

#[tokio::test]
async fn a_success_without_a_picture_is_a_failure() {
    let no_picture = MakeError::Failed(Failure::NoPicture);
    for answer in [
        json!({"created": 1, "data": []}),
        json!({"data": [{"b64_json": ""}]}),
        json!({"data": [{"b64_json": null}]}),
        json!({"data": null}),
        json!({"created": 1}),
    ] {
        assert_eq!(failure(move || json_answer(&answer)).await, no_picture);
    }
    assert_eq!(failure(|| StatusCode::OK.into_response()).await, no_picture);
    assert_eq!(failure(|| StatusCode::NO_CONTENT.into_response()).await, no_picture);
    let done = "event: image_generation.partial_image\ndata: {\"b64_json\":\"aGk=\"}\n\n\
        data: [DONE]\n\n";
    assert_eq!(failure_in_stream(done).await, no_picture);
    let empty = "data: {\"type\":\"image_generation.completed\",\"b64_json\":\"\"}\n\n";
    assert_eq!(failure_in_stream(empty).await, no_picture);
}

#[tokio::test]
async fn a_picture_that_is_no_base64_is_a_failure() {
    let garbage = MakeError::Failed(Failure::Garbage);
    let document = json!({"data": [{"b64_json": "<svg>"}]});
    assert_eq!(failure(move || json_answer(&document)).await, garbage);
    assert_eq!(failure(|| "{\"data\":[,]}".into_response()).await, garbage);
    let stream = "event: image_generation.completed\ndata: {\"b64_json\":\"<svg>\"}\n\n";
    assert_eq!(failure_in_stream(stream).await, garbage);
}

#[tokio::test]
async fn an_error_event_ends_the_call() {
    let event = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\
        \"image_generation_server_error\",\"code\":\"image_generation_failed\",\
        \"message\":\"Image generation failed\",\"param\":null}}\n\n";
    assert_eq!(failure_in_stream(event).await, MakeError::Failed(Failure::Provider));
    let refused = "data: {\"error\":{\"code\":\"moderation_blocked\"}}\n\n";
    assert_eq!(failure_in_stream(refused).await, MakeError::Refused(Refusal::default()));
    let words = "event: error\ndata: upstream went away\n\n";
    assert_eq!(failure_in_stream(words).await, MakeError::Failed(Failure::Provider));
}

#[tokio::test]
async fn a_success_of_something_else_is_uncertain() {
    let not_an_answer = MakeError::Uncertain(Doubt::NotAnAnswer);
    assert_eq!(failure(|| "<html>All well</html>".into_response()).await, not_an_answer);
    assert_eq!(failure(|| " \n ".into_response()).await, not_an_answer);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_uncertain() {
    let cut = MakeError::Uncertain(Doubt::Cut);
    for start in [
        "",
        "{\"data\":[{\"b64_json\":\"cGlj",
        "event: image_generation.completed\ndata: {\"b64_json\":\"cGlj",
        "data: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"cGlj\"}\n\n",
    ] {
        assert_eq!(failure(move || cut_answer(start.to_owned())).await, cut, "{start}");
    }
    // Ended well as HTTP goes, but not as JSON and events go.
    assert_eq!(failure(|| "{\"data\":[".into_response()).await, cut);
    assert_eq!(failure_in_stream(": hello\n\n").await, cut);
}

async fn failure_of_silence(start: &'static str, timeout: u64, idle: u64) -> MakeError {
    let provider = Provider::new(move |_| stalled_answer(start)).await;
    let impatient = ImagesSettings {
        timeout: Duration::from_millis(timeout),
        idle_timeout: Duration::from_millis(idle),
        ..provider.settings()
    };
    let (made, album) = make(&client(impatient), request()).await;
    assert_eq!(album.submitted, 1);
    made.unwrap_err().error
}

#[tokio::test]
async fn an_answer_that_stalls_is_uncertain() {
    let (stalled, timed_out) =
        (MakeError::Uncertain(Doubt::Stalled), MakeError::Uncertain(Doubt::TimedOut));
    let checks = ["data: {\"b64_json\":\"cGlj", "data: {}\n", "{\"data\""].map(async |start| {
        assert_eq!(failure_of_silence(start, 60_000, 50).await, stalled, "{start}");
        assert_eq!(failure_of_silence(start, 2000, 60_000).await, timed_out, "{start}");
    });
    join_all(checks).await;
}

#[tokio::test]
async fn silence_between_events_is_no_stall() {
    let timed_out = MakeError::Uncertain(Doubt::TimedOut);
    let starts = ["", " \n", ": hello\n\n", "event: x\n", "data: {}\n\n"];
    let checks = starts.map(async |start| {
        assert_eq!(failure_of_silence(start, 2000, 1).await, timed_out, "{start}");
    });
    join_all(checks).await;
}

#[tokio::test]
async fn a_provider_that_never_answers_is_uncertain() {
    let router = Router::new().fallback(|| async { std::future::pending::<()>().await });
    let address = serve(router).await;
    let timeout = Duration::from_millis(50);
    let short = ImagesSettings { timeout, ..settings(&format!("http://{address}")) };
    let failed = make(&client(short), request()).await.0.unwrap_err();
    let error = MakeError::Uncertain(Doubt::TimedOut);
    assert_eq!(failed, FailedCall { error, status: None, request_id: None, spent: None });
}

#[tokio::test]
async fn a_flood_is_cut_off() {
    let flood = || {
        let comment = Bytes::from(vec![b':'; 1024 * 1024]);
        Body::from_stream(stream::repeat_with(move || Ok::<_, io::Error>(comment.clone())))
            .into_response()
    };
    assert_eq!(failure(flood).await, MakeError::Failed(Failure::TooLarge));
    let error_flood = move || (StatusCode::BAD_REQUEST, flood()).into_response();
    assert_eq!(failure(error_flood).await, MakeError::BadRequest(Wrong::Other));
}

#[tokio::test]
async fn nothing_is_fetched_from_elsewhere() {
    let elsewhere = Provider::new(|_| "secret of the operator's network".into_response()).await;
    let url = format!("http://{}/a.png", elsewhere.address);
    let error = failure(move || json_answer(&json!({"data": [{"url": url}]}))).await;
    assert_eq!(error, MakeError::Failed(Failure::Elsewhere));
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn an_address_that_gives_no_picture_is_a_failure() {
    for status in [StatusCode::NOT_FOUND, StatusCode::FOUND, StatusCode::OK] {
        let provider = Provider::new(move |seen| {
            if seen.path == "/a.png" {
                (status, [("location", "http://127.0.0.1:1/")]).into_response()
            } else {
                json_answer(&json!({"data": [{"url": "/a.png"}]}))
            }
        })
        .await;
        let error = ask(&provider).await.0.unwrap_err().error;
        assert_eq!(error, MakeError::Failed(Failure::NotFetched), "{status}");
        assert_eq!(provider.seen().len(), 2);
    }
}

#[tokio::test]
async fn a_full_disk_is_told_as_such() {
    let provider = Provider::new(|_| picture_answer(b"picture")).await;
    let mut album = Album { is_full: true, ..Album::default() };
    let failed = provider.client().make(request(), &mut album).await.unwrap_err();
    assert_eq!(failed.error, MakeError::NotKept(io::ErrorKind::StorageFull));
}

#[tokio::test]
async fn nobody_listening_means_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = MakeError::NotSent(Unsent::Refused);
    let expected = FailedCall { error, status: None, request_id: None, spent: None };
    assert_eq!(failure_at(&format!("http://{address}/v1")).await, expected);
}

/// Finds no name, at once or never.
struct Names {
    answers: bool,
}

impl Resolve for Names {
    fn resolve(&self, _name: Name) -> Resolving {
        if self.answers {
            Box::pin(async { Err("canary-answer".into()) })
        } else {
            Box::pin(std::future::pending())
        }
    }
}

#[tokio::test]
async fn no_name_and_no_connection_in_time_mean_not_sent() {
    for (answers, unsent) in [(true, Unsent::Name), (false, Unsent::TimedOut)] {
        let http = reqwest::Client::builder()
            .dns_resolver(Arc::new(Names { answers }))
            .connect_timeout(Duration::from_millis(50))
            .no_proxy()
            .build()
            .unwrap();
        let client = ImagesClient::new(settings("http://provider.example/v1"), http).unwrap();
        let failed = make(&client, request()).await.0.unwrap_err();
        assert_eq!(failed, FailedCall::unanswered(MakeError::NotSent(unsent)));
    }
}

#[tokio::test]
async fn no_tls_means_not_sent() {
    let provider = Provider::new(|_| picture_answer(b"picture")).await;
    let failed = failure_at(&format!("https://{}/v1", provider.address)).await;
    assert_eq!(failed.error, MakeError::NotSent(Unsent::Connection));
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn a_dead_proxy_means_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let http = http_client(Some(&Secret::new(proxy))).unwrap();
    let client = ImagesClient::new(settings("https://127.0.0.1:9/v1"), http).unwrap();
    let failed = make(&client, request()).await.0.unwrap_err();
    assert_eq!(failed.error, MakeError::NotSent(Unsent::Refused));
}

#[tokio::test]
async fn a_connection_closed_under_the_request_is_uncertain_and_asked_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = tokio::spawn(async move {
        let mut count = 0;
        let quiet = Duration::from_millis(200);
        while let Ok(connection) = tokio::time::timeout(quiet, listener.accept()).await {
            let mut some = [0; 16];
            tokio::io::AsyncReadExt::read_exact(&mut connection.unwrap().0, &mut some)
                .await
                .unwrap();
            count += 1;
        }
        count
    });
    let failed = failure_at(&format!("http://{address}/v1")).await;
    assert_eq!(failed.error, MakeError::Uncertain(Doubt::Cut));
    assert_eq!(accepted.await.unwrap(), 1);
}

#[tokio::test]
async fn dropping_the_call_closes_the_connection() {
    struct OnDrop(Option<oneshot::Sender<()>>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            let _ = self.0.take().map(|told| told.send(()));
        }
    }
    let (arrived, has_arrived) = oneshot::channel();
    let (gone, is_gone) = oneshot::channel();
    let told = Arc::new(Mutex::new(Some((arrived, OnDrop(Some(gone))))));
    let router = Router::new().fallback(move || {
        let told = told.lock().unwrap().take();
        async move {
            let (arrived, _gone) = told.unwrap();
            arrived.send(()).unwrap();
            std::future::pending::<()>().await;
        }
    });
    let client = client(settings(&format!("http://{}", serve(router).await)));
    let call = tokio::spawn(async move { make(&client, request()).await.0 });
    has_arrived.await.unwrap();
    call.abort();
    tokio::time::timeout(Duration::from_secs(10), is_gone).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_a_call_without_a_picture_was_charged_is_told() {
    let usage = json!({"input_tokens": 50, "output_tokens": 7,
        "input_tokens_details": {"text_tokens": 50, "image_tokens": 0}});
    let refused = json!({"error": {"code": "moderation_blocked", "message": "no"}, "usage": usage});
    let elsewhere = json!({"data": [{"url": "https://elsewhere.example/p.png"}], "usage": usage});
    let spoiled = json!({"data": [{"b64_json": "%%%%"}], "usage": usage});
    for (status, body) in [
        (StatusCode::OK, json!({"data": [], "usage": usage})),
        (StatusCode::OK, refused.clone()),
        (StatusCode::BAD_REQUEST, refused),
        (StatusCode::OK, elsewhere),
        (StatusCode::OK, spoiled),
    ] {
        let text = body.to_string();
        let answer = text.clone();
        let provider = Provider::new(move |_| (status, answer.clone()).into_response()).await;
        let spent = ask(&provider).await.0.unwrap_err().spent;
        let spent = spent.unwrap_or_else(|| panic!("{status} {text}"));
        assert_eq!((spent.usage.text_in, spent.usage.out), (50, 7), "{text}");
        assert_eq!(spent.cost_micro_usd, Some(50 * 5 + 7 * 30));
    }
}
