//! The stand-in image provider as a client meets it: over HTTP, with types of the test's own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod answers;
mod faults;
mod requests;
mod streams;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use picdesk_sandbox::images::{Drawing, ImagesOptions, ImagesStandIn};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response};
use serde_json::{Value, json};

/// A stand-in with plain pictures, and a client that knows its key.
struct Caller {
    provider: ImagesStandIn,
    client: Client,
}

impl Caller {
    async fn new() -> Self {
        Self::with(ImagesOptions { drawing: Drawing::Plain, ..ImagesOptions::default() }).await
    }

    async fn with(options: ImagesOptions) -> Self {
        let provider = ImagesStandIn::start(options).await.unwrap();
        Self { provider, client: Client::builder().no_proxy().build().unwrap() }
    }

    async fn post(&self, path: &str, body: &Value) -> reqwest::Result<Response> {
        let url = format!("{}{path}", self.provider.base_url());
        let request = self.client.post(url).bearer_auth(self.provider.api_key());
        request.json(body).send().await
    }

    async fn generate(&self, body: Value) -> Response {
        self.post("/images/generations", &body).await.unwrap()
    }

    async fn generate_json(&self, body: Value) -> Value {
        let response = self.generate(body).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    async fn edit(&self, form: Form) -> Response {
        let url = format!("{}/images/edits", self.provider.base_url());
        let request = self.client.post(url).bearer_auth(self.provider.api_key());
        request.multipart(form).send().await.unwrap()
    }

    /// The error of a request that has to be refused with this status.
    async fn refusal(&self, status: u16, body: Value) -> Value {
        error(status, self.generate(body).await).await
    }
}

async fn error(status: u16, response: Response) -> Value {
    assert_eq!(response.status(), status);
    assert!(response.headers()["x-request-id"].to_str().unwrap().starts_with("req_"));
    let mut body: Value = response.json().await.unwrap();
    body["error"].take()
}

fn fox() -> Value {
    json!({"prompt": "a fox in the snow", "model": "gpt-image-2"})
}

/// The first picture of an answer.
fn picture(answer: &Value) -> Vec<u8> {
    STANDARD.decode(answer["data"][0]["b64_json"].as_str().unwrap()).unwrap()
}

/// A small PNG of one colour.
fn png(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(width, height, image::Rgb(colour));
    picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

fn file(bytes: Vec<u8>) -> Part {
    Part::bytes(bytes).file_name("reference.png").mime_str("image/png").unwrap()
}
