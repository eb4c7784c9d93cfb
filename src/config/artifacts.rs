//! `[artifacts]`.

use url::Url;

use super::reader::{Keys, Read};
use super::secret::Secret;
use super::value::{BaseUrl, base_url, maybe, parsed, text, within};

/// Where pictures are kept, and how long.
#[derive(Debug, Clone)]
pub struct Artifacts {
    /// `file://folder` (from where the process stands) or `s3://bucket/prefix`.
    pub url: String,
    /// Base URL of an S3-compatible store; none: Amazon's own.
    pub s3_endpoint: Option<BaseUrl>,
    /// Its region; none: the store's default.
    pub s3_region: Option<String>,
    /// What it is opened with; none: what the machine has by itself.
    pub s3_keys: Option<S3Keys>,
    /// Days a picture is kept, where the plan says nothing.
    pub retention_days: u32,
}

/// Who we are to an S3-compatible store.
#[derive(Debug, Clone)]
pub struct S3Keys {
    /// The access key's id.
    pub access_key: Secret,
    /// The key itself.
    pub secret_key: Secret,
}

impl Artifacts {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        let url = keys.take("url", parsed(place));
        let s3_endpoint = keys.take("s3_endpoint", maybe(base_url));
        let s3_region = keys.take("s3_region", text);
        let s3_keys = match (keys.secret("s3_access_key"), keys.secret("s3_secret_key")) {
            (Some(access_key), Some(secret_key)) => Some(S3Keys { access_key, secret_key }),
            (Some(_), None) => {
                keys.blame("s3_access_key", "is set without artifacts.s3_secret_key");
                None
            }
            (None, Some(_)) => {
                keys.blame("s3_secret_key", "is set without artifacts.s3_access_key");
                None
            }
            (None, None) => None,
        };
        if !url.starts_with("s3://") {
            let unused = [
                ("s3_endpoint", s3_endpoint.is_some()),
                ("s3_region", !s3_region.is_empty()),
                ("s3_access_key", s3_keys.is_some()),
            ];
            for (key, _) in unused.iter().filter(|(_, set)| *set) {
                keys.blame(key, "is set, but artifacts.url does not begin with s3://");
            }
        }
        Self {
            url,
            s3_endpoint,
            s3_region: Some(s3_region).filter(|region| !region.is_empty()),
            s3_keys,
            retention_days: keys.take("retention_days", within(1..=3650)),
        }
    }
}

/// `file://folder`, relative or not, or `s3://bucket` with an optional prefix.
fn place(text: &str) -> Read<String> {
    let folder = text.strip_prefix("file://").is_some_and(|folder| !folder.is_empty());
    let bucket = text.starts_with("s3://")
        && Url::parse(text).is_ok_and(|url| {
            url.has_host() && url.username().is_empty() && url.password().is_none()
        });
    if folder || bucket {
        Ok(text.to_owned())
    } else {
        Err("must be file://folder or s3://bucket/prefix".to_owned())
    }
}
