//! Objects in a bucket of an S3-compatible server.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    ClientOptions, GetOptions, GetRange, MultipartUpload, ObjectStore as _, PutPayload, RetryConfig,
};
use tokio::runtime::Handle;

use super::error::{ArtifactError, OpenError};
use super::name::ObjectName;
use super::{ArtifactSettings, Listed, Reading};

/// An object up to this length is put by one request; a longer one in parts of it. S3 takes no
/// parts below 5 MiB but the last.
const PART_BYTES: usize = 6 << 20;

/// How long one request may take: a part, or a whole picture read slowly.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// How often, and how long, a failing store is asked again before the caller hears of it. The
/// house has its own ways to come back later.
const RETRIES_MAX: usize = 3;
const RETRY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A bucket, and a prefix in it. Cheap to clone.
#[derive(Clone)]
pub(super) struct Bucket {
    client: Arc<AmazonS3>,
    prefix: Path,
    secrets: Arc<Secrets>,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Bucket").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Bucket {
    /// Opens `bucket/prefix` without asking the server.
    pub(super) fn open(place: &str, settings: &ArtifactSettings) -> Result<Self, OpenError> {
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            return Err(OpenError::UnknownUrl);
        }
        if settings.s3_access_key.is_empty() || settings.s3_secret_key.is_empty() {
            return Err(OpenError::Setting("s3_access_key and s3_secret_key are needed"));
        }
        let prefix = Path::parse(prefix.trim_end_matches('/'))
            .map_err(|_| OpenError::Setting("the prefix in the url is not a path"))?;
        let region = Some(settings.s3_region.as_str()).filter(|region| !region.is_empty());
        let options = ClientOptions::new()
            .with_timeout(REQUEST_TIMEOUT)
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_allow_http(settings.s3_endpoint.starts_with("http://"));
        let retry = RetryConfig {
            max_retries: RETRIES_MAX,
            retry_timeout: RETRY_TIMEOUT,
            ..RetryConfig::default()
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(region.unwrap_or("us-east-1"))
            .with_access_key_id(&settings.s3_access_key)
            .with_secret_access_key(&settings.s3_secret_key)
            .with_client_options(options)
            .with_retry(retry);
        if !settings.s3_endpoint.is_empty() {
            builder = builder.with_endpoint(settings.s3_endpoint.trim_end_matches('/'));
        }
        let client = builder
            .build()
            .map_err(|_| OpenError::Setting("the s3 settings are not those of a bucket"))?;
        let secrets = [settings.s3_secret_key.clone(), settings.s3_access_key.clone()];
        Ok(Self { client: Arc::new(client), prefix, secrets: Arc::new(Secrets(secrets)) })
    }

    pub(super) fn create(&self, name: &ObjectName) -> BucketWriter {
        BucketWriter {
            place: self.place(name),
            bucket: self.clone(),
            waiting: Vec::new(),
            bytes: 0,
            upload: None,
        }
    }

    pub(super) async fn read(&self, name: &ObjectName) -> Result<Option<Reading>, ArtifactError> {
        let found =
            self.if_there(self.client.get_opts(&self.place(name), GetOptions::default()).await)?;
        Ok(found.map(|found| {
            let secrets = Arc::clone(&self.secrets);
            let size = found.meta.size;
            let stream = found.into_stream().map(move |piece| piece.map_err(|e| secrets.error(&e)));
            Reading { size, stream: stream.boxed() }
        }))
    }

    pub(super) async fn read_range(
        &self,
        name: &ObjectName,
        range: Range<u64>,
    ) -> Result<Option<Bytes>, ArtifactError> {
        let place = self.place(name);
        // A range that lies behind the end is refused by S3 and an empty answer for us.
        let Some(meta) = self.if_there(self.client.head(&place).await)? else { return Ok(None) };
        let range = range.start.min(meta.size)..range.end.min(meta.size);
        if range.is_empty() {
            return Ok(Some(Bytes::new()));
        }
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let found = self.if_there(self.client.get_opts(&place, options).await)?;
        match found {
            Some(found) => found.bytes().await.map(Some).map_err(|e| self.secrets.error(&e)),
            None => Ok(None),
        }
    }

    pub(super) async fn delete(&self, name: &ObjectName) -> Result<(), ArtifactError> {
        self.if_there(self.client.delete(&self.place(name)).await).map(drop)
    }

    pub(super) fn list(&self, folders: &str) -> BoxStream<'static, Result<Listed, ArtifactError>> {
        let mut start = self.prefix.clone();
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            if ObjectName::parse(part).is_err() {
                return stream::empty().boxed();
            }
            start = start.child(part);
        }
        let bucket = self.clone();
        let listed = self.client.list(Some(&start));
        listed
            .filter_map(move |met| {
                let met = met
                    .map_err(|error| bucket.secrets.error(&error))
                    .map(|met| bucket.listed(&met));
                std::future::ready(met.transpose())
            })
            .boxed()
    }

    /// What was met, where its name is that of an object of ours.
    fn listed(&self, met: &object_store::ObjectMeta) -> Option<Listed> {
        let parts: Vec<_> = met.location.prefix_match(&self.prefix)?.collect();
        let name = parts.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("/");
        let name = ObjectName::parse(&name).ok()?;
        Some(Listed { name, size: met.size, finished_at: met.last_modified.into() })
    }

    fn place(&self, name: &ObjectName) -> Path {
        name.as_str().split('/').fold(self.prefix.clone(), |place, part| place.child(part))
    }

    /// Makes an absence of a missing object.
    fn if_there<T>(&self, outcome: object_store::Result<T>) -> Result<Option<T>, ArtifactError> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.secrets.error(&error)),
        }
    }
}

/// Writes one object into a bucket: by one request, or in parts where it is long. One part is
/// under way at a time, so that memory holds two.
pub(super) struct BucketWriter {
    bucket: Bucket,
    place: Path,
    waiting: Vec<Bytes>,
    bytes: usize,
    upload: Option<Box<dyn MultipartUpload>>,
}

impl BucketWriter {
    pub(super) async fn write(&mut self, mut bytes: Bytes) -> Result<(), ArtifactError> {
        while self.bytes + bytes.len() >= PART_BYTES {
            let part = bytes.split_to(PART_BYTES - self.bytes);
            self.push(part);
            self.put_part().await?;
        }
        self.push(bytes);
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<(), ArtifactError> {
        if self.upload.is_none() {
            let payload = self.take();
            let put = self.bucket.client.put(&self.place, payload).await;
            return put.map(drop).map_err(|error| self.bucket.secrets.error(&error));
        }
        if self.bytes > 0 {
            self.put_part().await?;
        }
        let Some(upload) = self.upload.as_mut() else { return Ok(()) };
        let completed = upload.complete().await;
        completed.map_err(|error| self.bucket.secrets.error(&error))?;
        self.upload = None;
        Ok(())
    }

    /// Gives it up; what was written, where none of it has left.
    pub(super) async fn take_back(mut self) -> Result<Option<Bytes>, ArtifactError> {
        if self.upload.is_some() {
            return self.abort().await.map(|()| None);
        }
        let mut whole = BytesMut::with_capacity(self.bytes);
        for piece in std::mem::take(&mut self.waiting) {
            whole.extend_from_slice(&piece);
        }
        Ok(Some(whole.freeze()))
    }

    pub(super) async fn abort(mut self) -> Result<(), ArtifactError> {
        match self.upload.take() {
            Some(mut upload) => {
                upload.abort().await.map_err(|error| self.bucket.secrets.error(&error))
            }
            None => Ok(()),
        }
    }

    async fn put_part(&mut self) -> Result<(), ArtifactError> {
        let payload = self.take();
        let secrets = Arc::clone(&self.bucket.secrets);
        let upload = if let Some(upload) = &mut self.upload {
            upload
        } else {
            let begun = self.bucket.client.put_multipart(&self.place).await;
            self.upload.insert(begun.map_err(|error| secrets.error(&error))?)
        };
        upload.put_part(payload).await.map_err(|error| secrets.error(&error))
    }

    fn push(&mut self, bytes: Bytes) {
        self.bytes += bytes.len();
        if !bytes.is_empty() {
            self.waiting.push(bytes);
        }
    }

    fn take(&mut self) -> PutPayload {
        self.bytes = 0;
        std::mem::take(&mut self.waiting).into_iter().collect()
    }
}

impl Drop for BucketWriter {
    /// Parts that were put cost money until they are aborted.
    fn drop(&mut self) {
        if let (Some(mut upload), Ok(runtime)) = (self.upload.take(), Handle::try_current()) {
            runtime.spawn(async move { upload.abort().await });
        }
    }
}

/// What must not be in any text.
struct Secrets([String; 2]);

impl Secrets {
    /// Sorts an error of the client by what to do next. Its text may quote what the server quotes
    /// of our request, so keys are taken out of it.
    fn error(&self, error: &object_store::Error) -> ArtifactError {
        let mut text = error.to_string();
        for secret in &self.0 {
            text = text.replace(secret.as_str(), "…");
        }
        let text: String = text.chars().take(TEXT_CHARS_MAX).collect();
        match error {
            object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. } => ArtifactError::Refused(text),
            _ if FULL.iter().any(|full| text.contains(full)) => ArtifactError::Full,
            _ => ArtifactError::Unavailable(text),
        }
    }
}

/// The most of an error's text that is kept; a server's answer may be a whole page.
const TEXT_CHARS_MAX: usize = 500;

/// How servers say that they are full. Source: MinIO `cmd/api-errors.go`, Ceph `rgw_common.cc`;
/// 507 is HTTP's own.
const FULL: [&str; 3] = ["XMinioStorageFull", "QuotaExceeded", "507 Insufficient Storage"];
