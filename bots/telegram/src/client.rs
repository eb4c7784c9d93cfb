//! The Bot API over HTTP: only this and its [`direct`] touch the network.
//!
//! teloxide's own transport is not used: it sleeps ten seconds on a 5xx and takes a success of an
//! unfamiliar shape for a failure although the message is out. Calls go by reqwest; plain calls to
//! a Bot API server of one's own, which is where thousands a second are possible, go [`direct`].

mod direct;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{
    Request, Response,
    header::{CONTENT_TYPE, HeaderValue},
    multipart::{Form, Part},
};
use serde_json::{Map, Value};
use url::Url;

use self::direct::Direct;
use crate::{
    answer::{Broken, CallError, read_answer},
    call::{Call, Method, Upload},
    config::{Patience, TelegramSettings},
};

/// Largest answer that is read, bytes. A full batch of `getUpdates` is 100 times 64 KiB. Source:
/// tdlib/telegram-bot-api, Client.cpp, `BUF_SIZE`.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections kept open for the next calls.
const IDLE_CONNECTIONS_MAX: usize = 512;

/// An HTTP client as this adapter wants it: quick to give up connecting, no redirects (an address
/// of ours has the token in it), connections kept, and through the proxy when there is one.
///
/// # Errors
/// When the proxy's address is none, or TLS cannot be set up.
pub fn http_client(proxy_url: Option<&str>) -> Result<HttpClient, reqwest::Error> {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .tcp_nodelay(true);
    let builder = match proxy_url {
        Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy)?),
        None => builder.no_proxy(),
    };
    Ok(HttpClient { client: builder.build()?, proxied: proxy_url.is_some() })
}

/// What [`http_client`] makes.
#[derive(Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    proxied: bool,
}

/// The Bot API for one bot.
pub(crate) struct Client {
    http: reqwest::Client,
    /// The short way, where there is one.
    direct: Option<Direct>,
    /// The address of each method, with the token in it; by the method's place in the list.
    urls: Vec<Url>,
    /// Where files are, with the token in it.
    files: Url,
    patience: Patience,
}

/// A file could not be fetched.
#[derive(Debug)]
pub(crate) enum DownloadError {
    /// It is larger than asked for.
    TooLarge,
    /// There is none.
    Gone,
    /// Perhaps later.
    Broken(Broken),
}

impl Client {
    /// A client for the bot of these settings.
    pub fn new(settings: &TelegramSettings, http: HttpClient, patience: Patience) -> Self {
        let bot = format!("bot{}", settings.token.expose());
        let under = |parts: &[&str]| {
            let mut url = settings.api_url.clone();
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().extend(parts);
            }
            url
        };
        let urls: Vec<Url> =
            Method::ALL.iter().map(|method| under(&[&bot, method.name()])).collect();
        let direct = if http.proxied { None } else { Direct::new(&urls) };
        Self { http: http.client, direct, urls, files: under(&["file", &bot]), patience }
    }

    /// Makes a call and returns the answer's result, a JSON text.
    pub async fn call(&self, call: Call) -> Result<Bytes, CallError> {
        let timeout = if call.upload.is_some() { self.patience.upload } else { self.patience.call };
        self.call_within(call, timeout).await
    }

    /// Makes a call that may take its own time.
    pub async fn call_within(&self, call: Call, timeout: Duration) -> Result<Bytes, CallError> {
        let (status, body) = match &self.direct {
            Some(direct) if call.upload.is_none() => {
                direct.post(call.method, &call.body, timeout).await?
            }
            Some(_) | None => self.post(call, timeout).await?,
        };
        read_answer(status, &body).map(|result| body.slice_ref(result.as_bytes()))
    }

    async fn post(&self, call: Call, timeout: Duration) -> Result<(u16, Bytes), CallError> {
        let request = self.request(call, timeout)?;
        let response = self.http.execute(request).await.map_err(|error| sort(&error))?;
        let status = response.status().as_u16();
        let body = whole_body(response, ANSWER_BYTES_MAX).await.map_err(CallError::Unknown)?;
        Ok((status, body))
    }

    fn request(&self, call: Call, timeout: Duration) -> Result<Request, CallError> {
        let url = self.urls[call.method as usize].clone();
        let mut request = match call.upload {
            None => {
                let mut request = Request::new(reqwest::Method::POST, url);
                let json = HeaderValue::from_static("application/json");
                request.headers_mut().insert(CONTENT_TYPE, json);
                *request.body_mut() = Some(call.body.into());
                request
            }
            Some(upload) => {
                let form = form(&call.body, upload).ok_or(CallError::NotSent(Broken::Built))?;
                let request = self.http.post(url).multipart(form).build();
                request.map_err(|_| CallError::NotSent(Broken::Built))?
            }
        };
        *request.timeout_mut() = Some(timeout);
        Ok(request)
    }

    /// Fetches a file by the path that `getFile` gave, at most `bytes_max` of it.
    pub async fn download(&self, path: &str, bytes_max: u64) -> Result<Vec<u8>, DownloadError> {
        let mut url = self.files.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            // Each segment is percent-encoded; a dot segment would climb out of the folder.
            segments.extend(path.split('/').filter(|part| !matches!(*part, "" | "." | "..")));
        }
        let broken = |error: &reqwest::Error| DownloadError::Broken(sort_broken(error).1);
        let mut request = Request::new(reqwest::Method::GET, url);
        *request.timeout_mut() = Some(self.patience.upload);
        let mut response = self.http.execute(request).await.map_err(|error| broken(&error))?;
        match response.status().as_u16() {
            200 => {}
            400 | 403 | 404 | 410 => return Err(DownloadError::Gone),
            status => return Err(DownloadError::Broken(Broken::Foreign { status })),
        }
        let told = response.content_length().unwrap_or(0);
        if told > bytes_max {
            return Err(DownloadError::TooLarge);
        }
        let mut file = Vec::with_capacity(usize::try_from(told).unwrap_or(0));
        while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
            if (file.len() + chunk.len()) as u64 > bytes_max {
                return Err(DownloadError::TooLarge);
            }
            file.extend_from_slice(&chunk);
        }
        Ok(file)
    }
}

/// The parameters as text parts and the file as the part `file`. Parameters that are text go as
/// they are, everything else as JSON. Source: Bot API, "Making requests".
fn form(parameters: &[u8], upload: Upload) -> Option<Form> {
    let parameters: Map<String, Value> = serde_json::from_slice(parameters).ok()?;
    let mut form = Form::new();
    for (name, value) in parameters {
        form = form.text(
            name,
            match value {
                Value::String(text) => text,
                other => other.to_string(),
            },
        );
    }
    let length = upload.bytes.len() as u64;
    let part = Part::stream_with_length(upload.bytes, length).file_name(upload.name);
    Some(form.part("file", part.mime_str(upload.media_type).ok()?))
}

/// Reads a body without copying it when it comes in one piece, as nearly all do.
async fn whole_body(mut response: Response, bytes_max: usize) -> Result<Bytes, Broken> {
    let broken = |error: reqwest::Error| sort_broken(&error).1;
    let Some(first) = response.chunk().await.map_err(broken)? else { return Ok(Bytes::new()) };
    let Some(second) = response.chunk().await.map_err(broken)? else { return Ok(first) };
    let mut body = BytesMut::from(first);
    body.extend_from_slice(&second);
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(Broken::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

enum Left {
    Certainly,
    Perhaps,
}

fn sort(error: &reqwest::Error) -> CallError {
    match sort_broken(error) {
        (Left::Certainly, broken) => CallError::NotSent(broken),
        (Left::Perhaps, broken) => CallError::Unknown(broken),
    }
}

/// What broke, in our own words: an error of reqwest's has our address in it, and the token in
/// that. Without a connection nothing can have left.
fn sort_broken(error: &reqwest::Error) -> (Left, Broken) {
    if error.is_connect() {
        (Left::Certainly, Broken::NoConnection)
    } else if error.is_builder() {
        (Left::Certainly, Broken::Built)
    } else if error.is_timeout() {
        (Left::Perhaps, Broken::Slow)
    } else {
        (Left::Perhaps, Broken::Cut)
    }
}
