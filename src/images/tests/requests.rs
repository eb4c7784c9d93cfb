//! What goes out.

use axum::extract::{FromRequest, Multipart};
use axum::http::HeaderMap;

use super::*;

/// The parts of a form: name, file name, media type, content.
type Parts = Vec<(String, Option<String>, Option<String>, Bytes)>;

async fn parts(seen: &Seen) -> Parts {
    let mut request = Request::new(Body::from(seen.body.clone()));
    *request.headers_mut() = seen.headers.clone();
    let mut form = Multipart::from_request(request, &()).await.unwrap();
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.unwrap() {
        let name = field.name().unwrap().to_owned();
        let file = field.file_name().map(str::to_owned);
        let kind = field.content_type().map(str::to_owned);
        parts.push((name, file, kind, field.bytes().await.unwrap()));
    }
    parts
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

async fn sent(
    settings: impl FnOnce(ImagesSettings) -> ImagesSettings,
    ask: PictureRequest,
) -> Seen {
    let provider = Provider::new(|_| picture_answer(b"picture")).await;
    let (made, album) = make(&client(settings(provider.settings())), ask).await;
    assert_eq!(made.unwrap().bytes, 7);
    assert_eq!(album.picture, b"picture");
    provider.only_request()
}

async fn sent_json(
    settings: impl FnOnce(ImagesSettings) -> ImagesSettings,
    ask: PictureRequest,
) -> Value {
    serde_json::from_slice(&sent(settings, ask).await.body).unwrap()
}

#[tokio::test]
async fn words_go_out_as_json_with_exactly_these_keys() {
    let seen = sent(|settings| settings, request()).await;
    assert_eq!(seen.path, "/v1/images/generations");
    assert_eq!(header(&seen.headers, "authorization"), Some("Bearer sk-canary-key"));
    assert_eq!(header(&seen.headers, "content-type"), Some("application/json"));
    assert_eq!(header(&seen.headers, "accept"), Some("application/json"));
    assert_eq!(header(&seen.headers, "accept-encoding"), None);
    assert_eq!(
        serde_json::from_slice::<Value>(&seen.body).unwrap(),
        json!({
            "model": "gpt-image-2", "prompt": "canary-prompt: 雪中的狐狸", "n": 1,
            "size": "1024x1536", "quality": "medium", "output_format": "png",
            "moderation": "auto", "safety_identifier": "hash-of-someone",
        })
    );
}

#[tokio::test]
async fn every_choice_goes_out_in_the_apis_words() {
    let low = |settings| ImagesSettings { moderation: Moderation::Low, ..settings };
    let ask = PictureRequest {
        quality: Quality::High,
        background: Background::Transparent,
        format: PictureFormat::Webp,
        safety_identifier: String::new(),
        partials: 9,
        ..request()
    };
    assert_eq!(
        sent_json(low, ask).await,
        json!({
            "model": "gpt-image-2", "prompt": "canary-prompt: 雪中的狐狸", "n": 1,
            "size": "1024x1536", "quality": "high", "output_format": "webp",
            "background": "transparent", "moderation": "low",
            "stream": true, "partial_images": 2,
        })
    );
}

#[tokio::test]
async fn partial_pictures_are_asked_for_only_where_they_are_of_use() {
    let partials = |body: Value| (body.get("stream").cloned(), body.get("partial_images").cloned());
    let one = PictureRequest { partials: 1, ..request() };
    let asked = sent_json(|settings| settings, one.clone()).await;
    assert_eq!(partials(asked), (Some(json!(true)), Some(json!(1))));
    let low = PictureRequest { quality: Quality::Low, ..one.clone() };
    assert_eq!(partials(sent_json(|settings| settings, low).await), (None, None));
    let off = |settings| ImagesSettings { stream: false, ..settings };
    assert_eq!(partials(sent_json(off, one.clone()).await), (None, None));
    let none = |settings| ImagesSettings { partials: 0, ..settings };
    assert_eq!(partials(sent_json(none, one).await), (None, None));
}

#[tokio::test]
async fn azure_gets_its_header_its_query_and_no_model() {
    let azure = |settings: ImagesSettings| {
        let mut base_url = settings.base_url.clone();
        base_url.set_path("/openai/deployments/pictures/");
        base_url.set_query(Some("api-version=2025-04-01-preview"));
        ImagesSettings { base_url, auth: Auth::ApiKey, ..settings }
    };
    let seen = sent(azure, request()).await;
    let path = "/openai/deployments/pictures/images/generations?api-version=2025-04-01-preview";
    assert_eq!(seen.path, path);
    assert_eq!(header(&seen.headers, "api-key"), Some("sk-canary-key"));
    assert_eq!(header(&seen.headers, "authorization"), None);
    assert_eq!(serde_json::from_slice::<Value>(&seen.body).unwrap().get("model"), None);
}

#[tokio::test]
async fn options_for_the_server_do_not_go_out() {
    let prompt = "a <sd_cpp_extra_args>{\"steps\":999}</sd_cpp_extra_args> fox".to_owned();
    let body = sent_json(|settings| settings, PictureRequest { prompt, ..request() }).await;
    assert_eq!(body["prompt"], "a   fox");
}

#[tokio::test]
async fn one_reference_is_called_image() {
    let references = vec![reference(b"\x89PNG one", PictureFormat::Png)];
    let ask = PictureRequest { references, background: Background::Opaque, ..request() };
    let seen = sent(|settings| settings, PictureRequest { partials: 3, ..ask }).await;
    assert_eq!(seen.path, "/v1/images/edits");
    assert_eq!(header(&seen.headers, "transfer-encoding"), None);
    assert_eq!(header(&seen.headers, "content-length"), Some(seen.body.len().to_string().as_str()));
    let text = |name: &str, value: &'static str| {
        (name.to_owned(), None, None, Bytes::from_static(value.as_bytes()))
    };
    assert_eq!(
        parts(&seen).await,
        [
            text("model", "gpt-image-2"),
            text("prompt", "canary-prompt: 雪中的狐狸"),
            text("n", "1"),
            text("size", "1024x1536"),
            text("quality", "medium"),
            text("output_format", "png"),
            text("background", "opaque"),
            text("safety_identifier", "hash-of-someone"),
            text("stream", "true"),
            text("partial_images", "2"),
            (
                "image".to_owned(),
                Some("reference-1.png".to_owned()),
                Some("image/png".to_owned()),
                Bytes::from_static(b"\x89PNG one"),
            ),
        ]
    );
}

#[tokio::test]
async fn sixteen_references_keep_their_order() {
    let kinds = [PictureFormat::Jpeg, PictureFormat::Webp, PictureFormat::Png];
    let references: Vec<_> = (0_u8..16)
        .map(|i| reference(&vec![i; 1000 * usize::from(i) + 1], kinds[usize::from(i) % 3]))
        .collect();
    let ask = PictureRequest { references: references.clone(), ..request() };
    let parts = parts(&sent(|settings| settings, ask).await).await;
    let images: Vec<_> = parts.iter().filter(|part| part.1.is_some()).collect();
    assert_eq!(images.len(), 16);
    for (index, (image, reference)) in images.iter().zip(&references).enumerate() {
        let i = u8::try_from(index).unwrap();
        assert_eq!(image.0, "image[]");
        let file = format!("reference-{}.{}", index + 1, reference.format.extension());
        assert_eq!(image.1.as_deref(), Some(file.as_str()));
        assert_eq!(image.2.as_deref(), Some(reference.format.mime()));
        assert!(image.3 == vec![i; 1000 * index + 1]);
    }
}

#[tokio::test]
async fn what_cannot_be_made_is_not_sent() {
    let provider = Provider::new(|_| picture_answer(b"picture")).await;
    let edits_off = client(ImagesSettings { edits: false, ..provider.settings() });
    let references = |count| vec![reference(b"\x89PNG", PictureFormat::Png); count];
    let cases = [
        (PictureRequest { prompt: " \n".to_owned(), ..request() }, Wrong::Prompt),
        (PictureRequest { prompt: "<sd_cpp_extra_args>x".repeat(0), ..request() }, Wrong::Prompt),
        (PictureRequest { references: references(1), ..request() }, Wrong::ReferencesOff),
        (
            PictureRequest { references: references(17), ..request() },
            Wrong::Reference { index: Some(16) },
        ),
        (
            PictureRequest {
                background: Background::Transparent,
                format: PictureFormat::Jpeg,
                ..request()
            },
            Wrong::Background,
        ),
    ];
    for (ask, wrong) in cases {
        let (made, album) = make(&edits_off, ask).await;
        assert_eq!(made.unwrap_err(), FailedCall::unanswered(MakeError::BadRequest(wrong)));
        assert_eq!(album.submitted, 0);
    }
    assert!(provider.seen().is_empty());
}

#[test]
fn settings_that_no_call_could_be_made_with_are_told() {
    let new = |settings| ImagesClient::new(settings, http_client(None).unwrap()).map(|_| ());
    let good = settings("https://api.example/v1");
    assert_eq!(new(good.clone()), Ok(()));
    let key = ImagesSettings { api_key: Secret::new("a\nb"), ..good };
    assert_eq!(new(key), Err(SettingsError::ApiKey));
    assert_eq!(new(settings("mailto:a@example")), Err(SettingsError::BaseUrl));
    assert_eq!(new(settings("ftp://a.example/v1")), Err(SettingsError::BaseUrl));
}

#[test]
fn an_unusable_proxy_is_told() {
    let with_proxy = |url: &str| http_client(Some(&Secret::new(url)));
    assert!(with_proxy("http://user:pass@127.0.0.1:3128").is_ok());
    for url in ["gopher://127.0.0.1", "socks5://127.0.0.1:1080", "127.0.0.1:3128", ""] {
        assert!(with_proxy(url).is_err(), "{url}");
    }
}

#[test]
fn the_configuration_as_shipped_lacks_only_the_key() {
    let mut images = crate::config::Config::from_text("").unwrap().images;
    assert!(ImagesSettings::of(&images).is_none());
    images.api_key = Some(Secret::new("sk-canary-key"));
    let settings = ImagesSettings::of(&images).unwrap();
    assert_eq!(settings.endpoint("images/edits").unwrap().path(), "/v1/images/edits");
}
