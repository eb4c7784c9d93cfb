//! How values read: from what was written to what is meant.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

use url::Url;

use super::given::{Value, parse_value};
use super::reader::Read;

/// Any text.
pub(super) fn text(value: &Value) -> Read<String> {
    match value {
        Value::Text(text) | Value::Raw(text) => Ok(text.clone()),
        _ => Err("must be a text in quotes".to_owned()),
    }
}

/// A text with something in it, on one line.
pub(super) fn words(value: &Value) -> Read<String> {
    let text = text(value)?;
    if text.trim().is_empty() {
        Err("must not be empty".to_owned())
    } else if text.chars().any(char::is_control) {
        Err("must be one line of text".to_owned())
    } else {
        Ok(text)
    }
}

/// `true` or `false`.
pub(super) fn flag(value: &Value) -> Read<bool> {
    match value {
        Value::Flag(flag) => Ok(*flag),
        Value::Raw(text) if text == "true" => Ok(true),
        Value::Raw(text) if text == "false" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

/// Any whole number.
pub(super) fn whole(value: &Value) -> Read<i64> {
    let parsed = match value {
        Value::Whole(number) => Some(*number),
        Value::Raw(text) => text.trim().parse().ok(),
        _ => None,
    };
    parsed.ok_or_else(|| "must be a whole number".to_owned())
}

/// A whole number within a range.
pub(super) fn within<T>(range: RangeInclusive<T>) -> impl Fn(&Value) -> Read<T>
where
    T: TryFrom<i64> + PartialOrd + std::fmt::Display,
{
    move |value| {
        let number = T::try_from(whole(value)?).ok().filter(|number| range.contains(number));
        number.ok_or_else(|| {
            format!("must be a whole number from {} to {}", range.start(), range.end())
        })
    }
}

/// A rate or limit that zero switches off.
pub(super) fn unless_zero(max: u32) -> impl Fn(&Value) -> Read<Option<NonZeroU32>> {
    let number = within(0..=max);
    move |value| number(value).map(NonZeroU32::new)
}

/// A whole number of seconds within a range.
pub(super) fn seconds(range: RangeInclusive<u32>) -> impl Fn(&Value) -> Read<Duration> {
    let number = within(range);
    move |value| number(value).map(|seconds| Duration::from_secs(seconds.into()))
}

/// One of a few words.
pub(super) fn one_of<T: Copy>(choices: &'static [(&'static str, T)]) -> impl Fn(&Value) -> Read<T> {
    move |value| {
        let text = text(value)?;
        let choice = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        choice.ok_or_else(|| {
            let words: Vec<String> = choices.iter().map(|(word, _)| format!("{word:?}")).collect();
            format!("must be one of {}", words.join(", "))
        })
    }
}

/// A list; in the environment a TOML list.
pub(super) fn list<T>(each: impl Fn(&Value) -> Read<T>) -> impl Fn(&Value) -> Read<Vec<T>> {
    move |value| {
        let parsed = match value {
            Value::Raw(text) => parse_value(text),
            other => Some(other.clone()),
        };
        let Some(Value::List(items)) = parsed else {
            return Err("must be a list, as in [\"a\", \"b\"]".to_owned());
        };
        let numbered = items.iter().enumerate();
        numbered
            .map(|(index, item)| each(item).map_err(|what| format!("entry {}: {what}", index + 1)))
            .collect()
    }
}

/// A text that `parse` understands.
pub(super) fn parsed<T>(parse: impl Fn(&str) -> Read<T>) -> impl Fn(&Value) -> Read<T> {
    move |value| parse(&text(value)?)
}

/// A text that `parse` understands, or "" for none.
pub(super) fn maybe<T>(parse: impl Fn(&str) -> Read<T>) -> impl Fn(&Value) -> Read<Option<T>> {
    move |value| {
        let text = text(value)?;
        if text.is_empty() { Ok(None) } else { parse(&text).map(Some) }
    }
}

/// An address and port, as `127.0.0.1:8080` or `[::1]:8080`.
pub(super) fn socket_address(text: &str) -> Read<SocketAddr> {
    text.parse().map_err(|_| "must be an address and a port, as in 127.0.0.1:8080".to_owned())
}

/// An `http` or `https` URL that more can be appended to: no user, query or fragment.
pub(super) fn base_url(text: &str) -> Read<BaseUrl> {
    let url = page_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must be a URL without ? and #".to_owned());
    }
    Ok(BaseUrl(url.as_str().trim_end_matches('/').to_owned()))
}

/// An `http` or `https` URL without a user.
pub(super) fn page_url(text: &str) -> Read<Url> {
    let url = Url::parse(text).map_err(|error| format!("must be a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("must be a URL that begins with http:// or https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must be a URL without a user name or password".to_owned());
    }
    Ok(url)
}

/// A chat of Telegram's by its number, which is negative for groups; zero for none.
pub(super) fn telegram_chat(value: &Value) -> Read<Option<i64>> {
    whole(value).map(|chat| Some(chat).filter(|chat| *chat != 0))
}

/// A base URL of a party, kept without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// The URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of a path below it.
    pub fn join(&self, path: &str) -> String {
        format!("{}/{}", self.0, path.trim_start_matches('/'))
    }

    /// Whether it is reached over TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl std::str::FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        base_url(text)
    }
}

impl std::fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Addresses that share their first bits, as `10.0.0.0/8` or one alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    bits: u8,
}

impl AddressRange {
    /// Whether `address` is one of them. An IPv4 address in IPv6 clothes counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let unlike = u32::from(first) ^ u32::from(address);
                unlike.leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let unlike = u128::from(first) ^ u128::from(address);
                unlike.leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl std::str::FromStr for AddressRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "must be an address or a range, as in 10.0.0.0/8".to_owned();
        let (first, bits) = match text.split_once('/') {
            Some((first, bits)) => (first, Some(bits)),
            None => (text, None),
        };
        let first: IpAddr = first.parse().map_err(|_| wrong())?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if bits > most { Err(wrong()) } else { Ok(Self { first, bits }) }
    }
}
