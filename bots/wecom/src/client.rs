//! The API over HTTP: only this and what is under it touches the network.
//!
//! The token is in every address. So no error of reqwest's gets out, which would show one: what
//! broke is said in our own words.

mod busy;
mod limits;
mod media;
mod robot;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use picdesk_core::channel::Refusal;
use reqwest::{
    RequestBuilder, Response,
    header::{CONTENT_TYPE, HeaderValue},
    multipart::{Form, Part},
};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use self::{busy::Persistence, limits::Limits};
pub use self::{media::File, robot::Robot};
use crate::{
    Clock,
    answer::{
        Alarm, Broken, CallError, No, Verdict, account_named, app_named, cleaned, judge, read_head,
    },
    call::{Api, Body, Call, Upload},
    config::{Patience, WecomSettings},
    token::{Fetch, Token, TokenStore, Tokens},
    verify::Secret,
};

/// Largest answer that is read, bytes: a page of a thousand messages of two kilobytes, and room.
const ANSWER_BYTES_MAX: u64 = 16 << 20;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections kept open for the next calls.
const IDLE_CONNECTIONS_MAX: usize = 64;

/// How long a token is good where WeCom does not tell, seconds. Source: document/path/91039.
const TOKEN_S: i64 = 7200;

/// An HTTP client as this adapter wants it: quick to give up connecting, no redirects (an address
/// of ours has the token in it), and through the proxy when there is one: WeCom takes calls from
/// addresses that it was told only.
///
/// # Errors
/// When the proxy's address is none, or TLS cannot be set up.
pub fn http_client(proxy_url: Option<&str>) -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .tcp_nodelay(true);
    match proxy_url {
        Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy)?),
        None => builder.no_proxy(),
    }
    .build()
}

/// Hears what only the owner can put right. Implemented by the house.
pub trait Alarms: Send + Sync {
    /// Tells the owner.
    fn raise(&self, alarm: &Alarm);
}

/// What the house gives an adapter.
#[derive(Clone)]
pub struct House {
    /// Made by [`http_client`].
    pub http: reqwest::Client,
    /// Where replicas share the token.
    pub tokens: Arc<dyn TokenStore>,
    /// Who hears what only the owner can put right.
    pub alarms: Arc<dyn Alarms>,
    /// Tells the time.
    pub clock: Clock,
    /// How patient we are.
    pub patience: Patience,
}

/// The API for one app.
pub struct Client {
    http: reqwest::Client,
    api_url: Url,
    tokens: Tokens,
    alarms: Arc<dyn Alarms>,
    patience: Patience,
    limits: Arc<Limits>,
    /// What the app is called in an alarm.
    app: String,
}

/// Fetches tokens with the app's secret.
struct Gettoken {
    http: reqwest::Client,
    url: Url,
    timeout: Duration,
    alarms: Arc<dyn Alarms>,
    limits: Arc<Limits>,
    /// What the app is called in an alarm.
    app: String,
}

/// By what the limit of fetching tokens is known.
const GETTOKEN: &str = "gettoken";

#[derive(Deserialize)]
struct Granted {
    #[serde(default)]
    access_token: String,
    #[serde(default)]
    expires_in: Option<i64>,
}

#[async_trait]
impl Fetch for Gettoken {
    async fn fetch(&self) -> Result<(Secret, i64), CallError> {
        self.limits.check(GETTOKEN)?;
        let request = self.http.get(self.url.clone()).timeout(self.timeout);
        let (status, body) = exchange(request).await?;
        let head = read_head(status, &body);
        self.limits.note(GETTOKEN, head.as_ref().err());
        if let Err(error) = head {
            if let CallError::Answered(no) = &error
                && let Some(alarm) = crate::answer::alarm(no, &self.app)
            {
                self.alarms.raise(&alarm);
            }
            return Err(error);
        }
        let granted: Option<Granted> = serde_json::from_slice(&body).ok();
        match granted.filter(|granted| !granted.access_token.is_empty()) {
            Some(granted) => {
                tracing::debug!("wecom: a new access token");
                let seconds = granted.expires_in.filter(|seconds| *seconds > 0).unwrap_or(TOKEN_S);
                Ok((Secret::new(granted.access_token), seconds))
            }
            None => Err(CallError::Unknown(Broken::Foreign { status })),
        }
    }
}

impl Client {
    /// A client for the app of these settings.
    #[must_use]
    pub fn new(settings: &WecomSettings, house: &House) -> Self {
        let mut url = endpoint(&settings.api_url, "gettoken");
        let limits = Arc::new(Limits::new(house.patience.limited));
        url.query_pairs_mut()
            .append_pair("corpid", &settings.corp_id)
            .append_pair("corpsecret", settings.secret.expose());
        let fetch = Gettoken {
            http: house.http.clone(),
            url,
            timeout: house.patience.call,
            alarms: house.alarms.clone(),
            limits: Arc::clone(&limits),
            app: app_named(&settings.agent_id.to_string()),
        };
        let named = fetch.app.clone();
        let app = format!("{}:{}", settings.corp_id, settings.agent_id);
        let (clock, patience) = (house.clock.clone(), house.patience);
        Self {
            http: house.http.clone(),
            api_url: settings.api_url.clone(),
            tokens: Tokens::new(app, Box::new(fetch), house.tokens.clone(), clock, patience),
            alarms: house.alarms.clone(),
            patience,
            limits,
            app: named,
        }
    }

    /// Makes a call and returns the answer, a JSON text without a fault in its head; of a page,
    /// whatever came. A token that WeCom takes no more is replaced once, and the call repeated
    /// once.
    ///
    /// # Errors
    /// The call's, or that of fetching a token.
    pub async fn call(&self, call: &Call) -> Result<Bytes, CallError> {
        let token = self.token(None).await?;
        match self.call_with(call, &token).await {
            Err(CallError::Answered(no)) if no.is_of_token() => {
                let token = self.token(Some(&token)).await?;
                self.call_with(call, &token).await
            }
            outcome => outcome,
        }
    }

    /// The same for the answer as a value.
    ///
    /// # Errors
    /// As there. An answer that cannot be read is one whose call may have arrived.
    pub async fn ask(&self, call: &Call) -> Result<Value, CallError> {
        let body = self.call(call).await?;
        let foreign = |_| CallError::Unknown(Broken::Foreign { status: 200 });
        serde_json::from_slice(&body).map_err(foreign)
    }

    /// What a failed call means, said where it has to be. `account` is that of customer service
    /// which the call was about.
    #[must_use]
    pub fn judge(&self, api: Api, account: Option<&str>, no: &No) -> Verdict {
        let account = account.filter(|_| no.is_of_one()).map(account_named);
        let verdict = match judge(api, no, account.as_deref().unwrap_or(&self.app)) {
            Verdict::Wait(wait) => Verdict::Wait(self.limits.rest(api.path()).unwrap_or(wait)),
            verdict => verdict,
        };
        if verdict == Verdict::Refused(Refusal::Content) && no.is_strange() {
            tracing::warn!(code = no.code, "wecom refused {}: {no}", api.path());
        } else {
            tracing::debug!(code = no.code, "wecom refused {}: {no}", api.path());
        }
        if let Verdict::Alarm(alarm)
        | Verdict::Unauthorized(alarm)
        | Verdict::RefusedAndTold(_, alarm) = &verdict
        {
            self.alarms.raise(alarm);
        }
        verdict
    }

    /// Tells the owner of something that is no no.
    pub(crate) fn tell(&self, alarm: &Alarm) {
        self.alarms.raise(alarm);
    }

    /// What the app is called in an alarm.
    pub(crate) fn app(&self) -> &str {
        &self.app
    }

    async fn token(&self, stale: Option<&Token>) -> Result<Token, CallError> {
        let token = match stale {
            None => self.tokens.get().await,
            Some(stale) => self.tokens.renew(stale).await,
        };
        token.map_err(|error| CallError::NoToken(Box::new(error)))
    }

    async fn call_with(&self, call: &Call, token: &Token) -> Result<Bytes, CallError> {
        let mut persistence = Persistence::new(self.patience.busy);
        loop {
            let outcome = self.call_once(call, token).await;
            match persistence.wait_after(&outcome) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return outcome,
            }
        }
    }

    async fn call_once(&self, call: &Call, token: &Token) -> Result<Bytes, CallError> {
        self.limits.check(call.limit())?;
        let request = self.request(call, token)?;
        let (status, body) = exchange(request).await?;
        let head = match read_head(status, &body) {
            // Whoever asks for pages can do something about one that cannot be read.
            Err(CallError::Unknown(Broken::Foreign { status: 200 })) if call.api.is_of_pages() => {
                Ok(())
            }
            head => head,
        };
        self.limits.note(call.limit(), head.as_ref().err());
        head.map(|()| body)
    }

    fn url(&self, call: &Call, token: &Token) -> Url {
        let mut url = endpoint(&self.api_url, call.api.path());
        let mut query = url.query_pairs_mut();
        query.append_pair("access_token", token.secret.expose());
        for (name, value) in &call.query {
            query.append_pair(name, value);
        }
        drop(query);
        url
    }

    fn request(&self, call: &Call, token: &Token) -> Result<RequestBuilder, CallError> {
        let url = self.url(call, token);
        Ok(match &call.body {
            Body::None => self.http.get(url).timeout(self.patience.call),
            Body::Json(body) => post_json(&self.http, url, body)?.timeout(self.patience.call),
            Body::Upload(upload) => {
                let form = form(upload)?;
                self.http.post(url).multipart(form).timeout(self.patience.upload)
            }
        })
    }
}

/// The address of something under `/cgi-bin/`.
fn endpoint(api_url: &Url, path: &str) -> Url {
    let mut url = api_url.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push("cgi-bin").extend(path.split('/'));
    }
    url
}

/// A POST of JSON as it is: WeCom refuses letters written as escapes.
fn post_json(http: &reqwest::Client, url: Url, body: &Value) -> Result<RequestBuilder, CallError> {
    let body = serde_json::to_vec(body).map_err(|_| CallError::NotSent(Broken::Built))?;
    let json = HeaderValue::from_static("application/json");
    Ok(http.post(url).header(CONTENT_TYPE, json).body(body))
}

/// Posts JSON to an address that needs no token: a bot's later answer.
///
/// # Errors
/// The call's.
pub async fn post_to(
    http: &reqwest::Client,
    url: Url,
    body: &Value,
    patience: Patience,
) -> Result<(), CallError> {
    let mut persistence = Persistence::new(patience.busy);
    loop {
        let request = post_json(http, url.clone(), body)?.timeout(patience.call);
        let (status, body) = exchange(request).await?;
        // Some of these addresses answer with nothing at all.
        let is_empty = body.is_empty() && status == 200;
        let outcome = if is_empty { Ok(()) } else { read_head(status, &body) };
        match persistence.wait_after(&outcome) {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return outcome,
        }
    }
}

/// The file as the part `media`. Source: document/path/90253.
fn form(upload: &Upload) -> Result<Form, CallError> {
    let length = upload.bytes.len() as u64;
    let part =
        Part::stream_with_length(upload.bytes.clone(), length).file_name(upload.name.clone());
    let part = part.mime_str(upload.media_type).map_err(|_| CallError::NotSent(Broken::Built))?;
    Ok(Form::new().part("media", part))
}

async fn exchange(request: RequestBuilder) -> Result<(u16, Bytes), CallError> {
    let response = request.send().await.map_err(|error| sort(&error))?;
    let status = response.status().as_u16();
    let body = whole_body(response, ANSWER_BYTES_MAX).await?;
    let body = body.ok_or(CallError::Unknown(Broken::TooLarge))?;
    Ok((
        status,
        match cleaned(&body) {
            std::borrow::Cow::Borrowed(_) => body,
            std::borrow::Cow::Owned(cleaned) => cleaned.into(),
        },
    ))
}

/// Reads a body; nothing when it is larger than asked for.
async fn whole_body(mut response: Response, bytes_max: u64) -> Result<Option<Bytes>, CallError> {
    if response.content_length().is_some_and(|told| told > bytes_max) {
        return Ok(None);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| sort(&error))? {
        if (body.len() + chunk.len()) as u64 > bytes_max {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.freeze()))
}

/// What broke, in our own words. Without a connection nothing can have left.
fn sort(error: &reqwest::Error) -> CallError {
    if error.is_connect() {
        CallError::NotSent(Broken::NoConnection)
    } else if error.is_builder() {
        CallError::NotSent(Broken::Built)
    } else if error.is_timeout() {
        CallError::Unknown(Broken::Slow)
    } else {
        CallError::Unknown(Broken::Cut)
    }
}
