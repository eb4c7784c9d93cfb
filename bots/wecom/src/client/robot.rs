//! A group's robot: a place where the owner is told things. Nothing comes back from it.

use std::sync::Arc;

use serde_json::json;
use url::Url;

use super::{endpoint, post_to};
use crate::{
    answer::{Alarm, CallError},
    config::Patience,
    render::text::cut,
    verify::Secret,
};

/// Longest text, bytes. Source: document/path/99110.
const TEXT_BYTES_MAX: usize = 2048;

/// A robot by its key, which is a secret: whoever has it can write into the group.
#[derive(Clone)]
pub struct Robot {
    http: reqwest::Client,
    url: Arc<Url>,
    patience: Patience,
}

impl Robot {
    /// The robot of this key.
    #[must_use]
    pub fn new(http: reqwest::Client, api_url: &Url, key: &Secret, patience: Patience) -> Self {
        let mut url = endpoint(api_url, "webhook/send");
        url.query_pairs_mut().append_pair("key", key.expose());
        Self { http, url: Arc::new(url), patience }
    }

    /// Says something in the group. At most twenty a minute get through; more come back as a no
    /// with the code 45009.
    ///
    /// # Errors
    /// The call's.
    pub async fn say(&self, words: &str) -> Result<(), CallError> {
        let body = json!({ "msgtype": "text", "text": { "content": cut(words, TEXT_BYTES_MAX) } });
        post_to(&self.http, (*self.url).clone(), &body, self.patience).await
    }

    /// Tells of an alarm.
    ///
    /// # Errors
    /// The call's.
    pub async fn alarm(&self, alarm: &Alarm) -> Result<(), CallError> {
        self.say(&alarm.words).await
    }
}
