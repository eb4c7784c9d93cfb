//! A bot that looks like the desk from afar: placeholder, sharpening picture, receipt, buttons.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::imageops::FilterType;
use picdesk_sandbox::images::ImagesStandIn;
use picdesk_sandbox::telegram::{OPERATORS, TelegramStandIn};
use reqwest::Client;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

/// One that polls, draws and forgets.
pub struct Bot {
    http: Client,
    telegram: String,
    images: String,
    key: String,
    cancelled: Mutex<HashSet<i64>>,
}

/// What one person asked for.
struct Request {
    chat: Value,
    topic: Value,
    message: i64,
    prompt: String,
    reference: Option<Vec<u8>>,
}

fn button(text: &str, data: &str) -> Value {
    json!({"text": text, "callback_data": data})
}

fn int(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

impl Bot {
    pub fn new(telegram: &TelegramStandIn, images: &ImagesStandIn) -> Self {
        Self {
            http: Client::builder().no_proxy().build().unwrap(),
            telegram: format!("{}/bot{}", telegram.api_url(), telegram.token()),
            images: images.base_url(),
            key: images.api_key().to_owned(),
            cancelled: Mutex::default(),
        }
    }

    async fn call(&self, method: &str, body: Value) -> Value {
        let sent = self.http.post(format!("{}/{method}", self.telegram)).json(&body).send().await;
        let Ok(response) = sent else { return Value::Null };
        let answer: Value = response.json().await.unwrap_or_default();
        answer["result"].clone()
    }

    /// Polls until its task is ended.
    pub async fn serve(self: Arc<Self>) {
        self.introduce().await;
        let mut offset = 0;
        loop {
            let updates = self.call("getUpdates", json!({"offset": offset, "timeout": 20})).await;
            for update in updates.as_array().into_iter().flatten() {
                offset = int(&update["update_id"]) + 1;
                tokio::spawn(Arc::clone(&self).turn(update.clone()));
            }
            if updates.is_null() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }

    async fn introduce(&self) {
        let words = "Write what you want to see, or send a photo and say what to change. You see \
                     the price before anything is made, and a picture that fails costs nothing.";
        self.call("setMyDescription", json!({"description": words})).await;
        for (language, menu) in [
            ("", ["Make a picture", "Size, shape, quality", "Your credits", "Ask a person"]),
            ("zh", ["画一张图", "尺寸、形状、质量", "我的额度", "联系人工"]),
        ] {
            let names = ["imagine", "settings", "balance", "support"];
            let command = |(name, says)| json!({"command": name, "description": says});
            let commands: Vec<Value> = names.into_iter().zip(menu).map(command).collect();
            let body = json!({"commands": commands, "language_code": language});
            self.call("setMyCommands", body).await;
        }
    }

    async fn turn(self: Arc<Self>, update: Value) {
        let tap = &update["callback_query"];
        if tap.is_object() {
            return self.tapped(tap).await;
        }
        let message = &update["message"];
        let words = message["text"].as_str().or_else(|| message["caption"].as_str());
        let Some(words) = words else { return };
        let photo_of = |message: &Value| {
            let sizes = message["photo"].as_array()?;
            sizes.last()?["file_id"].as_str().map(str::to_owned)
        };
        let photo = photo_of(message).or_else(|| photo_of(&message["reply_to_message"]));
        let chat = message["chat"]["id"].clone();
        match words.split(['@', ' ']).next() {
            Some("/start") => self.welcome(chat).await,
            Some("/support") => self.open_case(&chat, message).await,
            _ if message["chat"]["type"] == "supergroup" => {}
            _ => {
                let reference = match photo {
                    Some(file) => self.download(&file).await,
                    None => None,
                };
                let topic = message["message_thread_id"].clone();
                let (message, prompt) = (int(&message["message_id"]), words.to_owned());
                self.make(Request { chat, topic, message, prompt, reference }).await;
            }
        }
    }

    async fn welcome(&self, chat: Value) {
        let text = "Welcome to Picture Desk. Say in your own words what you want to see, and I \
                    make the picture. Send a photo with words, and I change it.\n\nYou have 41 \
                    credits to begin with.\nWhat we keep: /privacy · A person: /support";
        let bold = json!([{"type": "bold", "offset": 11, "length": 12}]);
        let rows = json!([
            [button("A fox in the snow", "say:a fox in the snow")],
            [button("A lighthouse at night", "say:a lighthouse at night")],
        ]);
        let keyboard = json!({"inline_keyboard": rows});
        let body =
            json!({"chat_id": chat, "text": text, "entities": bold, "reply_markup": keyboard});
        self.call("sendMessage", body).await;
    }

    async fn open_case(&self, chat: &Value, message: &Value) {
        let name = message["from"]["first_name"].as_str().unwrap_or("?");
        let case = format!("S-{} {name}", int(&message["message_id"]));
        let topic = json!({"chat_id": OPERATORS, "name": case});
        let topic = self.call("createForumTopic", topic).await["message_thread_id"].clone();
        let text = format!("{case} · A failed picture\n{name} · telegram · no plan\n41 credits");
        let keyboard = json!({"inline_keyboard": [[button("Close case", "done")]]});
        let card = json!({"chat_id": OPERATORS, "message_thread_id": topic, "text": text,
                          "reply_markup": keyboard});
        self.call("sendMessage", card).await;
        let thanks = "Thank you. A person will answer you here.";
        self.call("sendMessage", json!({"chat_id": chat, "text": thanks})).await;
    }

    async fn download(&self, file: &str) -> Option<Vec<u8>> {
        let path = self.call("getFile", json!({"file_id": file})).await;
        let url = self.telegram.replacen("/bot", "/file/bot", 1);
        let url = format!("{url}/{}", path["file_path"].as_str()?);
        Some(self.http.get(url).send().await.ok()?.bytes().await.ok()?.to_vec())
    }

    /// Placeholder, partial pictures, picture, receipt.
    async fn make(&self, request: Request) {
        let prompt = &request.prompt;
        let text = format!("Making {prompt} · 1024×1024 · medium · 2 credits · about 3 s");
        let length = prompt.encode_utf16().count();
        let italic = json!([{"type": "italic", "offset": 7, "length": length}]);
        let placeholder = json!({
            "chat_id": request.chat, "message_thread_id": request.topic, "text": text,
            "entities": italic,
            "reply_parameters": {"message_id": request.message,
                                 "allow_sending_without_reply": true},
            "reply_markup": {"inline_keyboard": [[button("Cancel", "cancel")]]},
        });
        let placeholder = int(&self.call("sendMessage", placeholder).await["message_id"]);
        let action = json!({"chat_id": request.chat, "message_thread_id": request.topic,
                            "action": "upload_photo"});
        self.call("sendChatAction", action).await;
        let drawn = self.draw(&request).await;
        if self.cancelled.lock().unwrap().contains(&placeholder) {
            return;
        }
        let Some(picture) = drawn else {
            let text = "The image service had a fault and could not make it. Nothing was charged.";
            let keyboard = json!({"inline_keyboard":
                [[button("Try again", &format!("say:{prompt}")), button("Ask a human", "human")]]});
            let body = json!({"chat_id": request.chat, "message_id": placeholder, "text": text,
                              "reply_markup": keyboard});
            self.call("editMessageText", body).await;
            return;
        };
        for shrink in [24, 6] {
            self.show(&request.chat, placeholder, coarse(&picture, shrink), "").await;
            tokio::time::sleep(Duration::from_millis(700)).await;
        }
        self.show(&request.chat, placeholder, picture, prompt).await;
        let text = "2 credits · 39 left · kept until 22 Dec";
        let again: String = format!("say:{prompt}").chars().take(20).collect();
        let rows = json!([
            [
                button("Again", &again),
                button("Change…", "change"),
                button("Larger · 4 credits", "larger")
            ],
            [button("Original", &format!("original:{placeholder}")), button("⋯", "more")],
        ]);
        let receipt = json!({"chat_id": request.chat, "message_thread_id": request.topic,
            "text": text, "reply_markup": {"inline_keyboard": rows},
            "entities": [{"type": "bold", "offset": 0, "length": 9}]});
        self.call("sendMessage", receipt).await;
    }

    async fn draw(&self, request: &Request) -> Option<Vec<u8>> {
        let call = match &request.reference {
            None => self.http.post(format!("{}/images/generations", self.images)).json(&json!({
                "prompt": request.prompt, "model": "gpt-image-2", "size": "1024x1024",
                "output_format": "jpeg",
            })),
            Some(bytes) => {
                let file = Part::bytes(bytes.clone()).file_name("reference.jpg");
                let form = Form::new()
                    .text("prompt", request.prompt.clone())
                    .text("model", "gpt-image-2")
                    .text("size", "1024x1024")
                    .text("output_format", "jpeg")
                    .part("image", file.mime_str("image/jpeg").unwrap());
                self.http.post(format!("{}/images/edits", self.images)).multipart(form)
            }
        };
        let answer = call.bearer_auth(&self.key).send().await.ok()?;
        let answer: Value = answer.json().await.ok()?;
        STANDARD.decode(answer["data"][0]["b64_json"].as_str()?).ok()
    }

    async fn show(&self, chat: &Value, message: i64, picture: Vec<u8>, caption: &str) {
        let media = json!({"type": "photo", "media": "attach://picture", "caption": caption});
        let form = Form::new()
            .text("chat_id", chat.to_string())
            .text("message_id", message.to_string())
            .text("media", media.to_string())
            .part("picture", Part::bytes(picture).file_name("picture.jpg"));
        let call = self.http.post(format!("{}/editMessageMedia", self.telegram)).multipart(form);
        drop(call.send().await);
    }

    async fn tapped(&self, tap: &Value) {
        let data = tap["data"].as_str().unwrap_or_default();
        let (chat, message) = (&tap["message"]["chat"]["id"], int(&tap["message"]["message_id"]));
        let answer = |text: &str, alert: bool| json!({"callback_query_id": tap["id"], "text": text, "show_alert": alert});
        let said = match data {
            "larger" => "Larger pictures come with the Studio plan.",
            "human" | "done" => "Done.",
            "change" => "Your next words go for this picture.",
            _ => "",
        };
        self.call("answerCallbackQuery", answer(said, data == "larger")).await;
        if data == "cancel" {
            self.cancelled.lock().unwrap().insert(message);
            let text = "Cancelled. Nothing was charged, 41 credits left.";
            let body = json!({"chat_id": chat, "message_id": message, "text": text});
            self.call("editMessageText", body).await;
        } else if let Some(prompt) = data.strip_prefix("say:") {
            let (chat, topic) = (chat.clone(), Value::Null);
            let prompt = prompt.to_owned();
            self.make(Request { chat, topic, message, prompt, reference: None }).await;
        } else if data == "more" {
            let rows = json!([
                [{"text": "Gallery", "url": "http://127.0.0.1/p/none"}],
                [{"text": "Copy the prompt", "copy_text": {"text": "a fox in the snow"}},
                 {"text": "Delete now", "callback_data": "change", "style": "danger"}],
            ]);
            let body = json!({"chat_id": chat, "text": "More about this picture:",
                              "reply_markup": {"inline_keyboard": rows}});
            self.call("sendMessage", body).await;
        } else if data.starts_with("original:") {
            let mut file = Vec::new();
            let picture = image::RgbImage::from_fn(900, 600, |x, y| {
                let (across, down) = (x * 255 / 900, y * 255 / 600);
                image::Rgb([across, down, 160].map(|it| u8::try_from(it).unwrap()))
            });
            let mut end = std::io::Cursor::new(&mut file);
            picture.write_to(&mut end, image::ImageFormat::Png).unwrap();
            let form = Form::new()
                .text("chat_id", chat.to_string())
                .text("caption", "The original, exactly as it was made.")
                .part("document", Part::bytes(file).file_name("fox-original.png"));
            let call = self.http.post(format!("{}/sendDocument", self.telegram)).multipart(form);
            drop(call.send().await);
        }
    }
}

/// The same picture with so many times fewer pixels each way, as partial pictures look.
fn coarse(picture: &[u8], shrink: u32) -> Vec<u8> {
    let whole = image::load_from_memory(picture).unwrap();
    let small = whole.resize(whole.width() / shrink, whole.height() / shrink, FilterType::Triangle);
    let large = small.resize(whole.width(), whole.height(), FilterType::Triangle);
    let mut file = Vec::new();
    let mut end = std::io::Cursor::new(&mut file);
    large.to_rgb8().write_to(&mut end, image::ImageFormat::Jpeg).unwrap();
    file
}
