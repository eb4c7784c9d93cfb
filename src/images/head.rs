//! What the headers of an answer say.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// Longest wait that is taken from a header. A provider that wants more is asked again anyway.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);
/// Longest request id that is kept, characters.
const REQUEST_ID_CHARS_MAX: usize = 128;
/// Where providers and gateways put the call's name: OpenAI, Azure, LiteLLM, new-api.
const REQUEST_ID_HEADERS: [&str; 4] =
    ["x-request-id", "apim-request-id", "x-litellm-call-id", "x-oneapi-request-id"];

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) request_id: Option<String>,
    pub(super) retry_after: Option<Duration>,
}

impl Head {
    /// Reads it.
    pub(super) fn of(response: &reqwest::Response) -> Self {
        let headers = response.headers();
        Self {
            status: response.status().as_u16(),
            request_id: request_id(headers),
            retry_after: retry_after(headers),
        }
    }

    /// Whether the provider took the request.
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Only what looks like an id: it goes into the log.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let looks_right = |id: &&str| {
        (1..=REQUEST_ID_CHARS_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    };
    REQUEST_ID_HEADERS
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok().filter(looks_right))
        .map(str::to_owned)
}

/// `retry-after-ms`, then `retry-after` in seconds or as a date, as OpenAI's SDKs read them. A
/// date is measured against the answer's own `date`, so that no clock of ours matters.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let number = |text: &str, unit: f64| {
        let seconds = text.parse::<f64>().ok().filter(|number| number.is_finite())? * unit;
        Duration::try_from_secs_f64(seconds.min(RETRY_AFTER_MAX.as_secs_f64())).ok()
    };
    let milliseconds = headers.get("retry-after-ms").and_then(|value| value.to_str().ok());
    milliseconds
        .and_then(|text| number(text.trim(), 1e-3))
        .or_else(|| number(text(RETRY_AFTER)?, 1.0))
        .or_else(|| {
            let until = timestamp(text(RETRY_AFTER)?)?;
            let since = timestamp(text(DATE)?)?;
            let wait = Duration::try_from(until.duration_since(since)).ok()?;
            Some(wait.min(RETRY_AFTER_MAX))
        })
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn timestamp(text: &str) -> Option<jiff::Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn every_form_of_retry_after_is_read() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        type Case<'a> = (&'a [(&'static str, &'static str)], Option<f64>);
        let cases: [Case; 10] = [
            (&[("retry-after", "12")], Some(12.0)),
            (&[("retry-after", " 0.5 ")], Some(0.5)),
            (&[("retry-after-ms", "1500"), ("retry-after", "12")], Some(1.5)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"), date], Some(30.0)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:49:07 GMT"), date], None),
            (&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")], None),
            (&[("retry-after", "99999999999999999999999")], Some(3600.0)),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "NaN")], None),
            (&[], None),
        ];
        for (pairs, seconds) in cases {
            let wait = seconds.map(Duration::from_secs_f64);
            assert_eq!(retry_after(&headers(pairs)), wait, "{pairs:?}");
        }
    }

    #[test]
    fn only_what_looks_like_an_id_is_kept() {
        let id = |value| request_id(&headers(&[("x-request-id", value)]));
        assert_eq!(id("req_0a-1.b:2"), Some("req_0a-1.b:2".to_owned()));
        assert_eq!(id("a fox in the snow"), None);
        assert_eq!(id(""), None);
        assert_eq!(id("x".repeat(129).leak()), None);
        assert_eq!(request_id(&headers(&[("x-oneapi-request-id", "9")])), Some("9".to_owned()));
    }
}
