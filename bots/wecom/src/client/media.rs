//! Files that somebody sent, fetched: whole, or in parts where WeCom gives them away in parts
//! alone.

use std::{ops::Range, time::Duration};

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_RANGE, HeaderMap, RANGE};
use url::Url;

use super::{Client, busy::Persistence, sort, whole_body};
use crate::{
    answer::{Broken, CallError, cleaned, read_head},
    call::{Api, Call},
    token::Token,
};

/// Bytes of a part. At most 20 MB are given away at once, and only in multiples of 16 where files
/// are kept encrypted. Source: document/path/90254.
const PART_BYTES: u64 = 10 * 1024 * 1024;

/// A file, as far as it is one that we take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum File {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// There are more of them than asked for.
    TooLarge,
}

/// What one answer brought of a file.
struct Part {
    bytes: Bytes,
    /// Where that begins, and how long the file is; nothing where it is the whole file.
    of: Option<Stretch>,
}

/// Where a part stands in its file, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    from: u64,
    length: u64,
}

impl Client {
    /// Fetches a file that somebody sent, at most `bytes_max` of it.
    ///
    /// # Errors
    /// `Answered` when WeCom does not have it.
    pub async fn media(&self, media_id: &str, bytes_max: u64) -> Result<File, CallError> {
        let call = Call::get(Api::MediaGet, vec![("media_id", media_id.to_owned())]);
        match self.media_part(&call, None, bytes_max).await {
            Err(CallError::Answered(no)) if no.wants_range() => {
                self.media_in_parts(&call, bytes_max).await
            }
            Ok(Some(part)) => Ok(File::Bytes(part.bytes.into())),
            Ok(None) => Ok(File::TooLarge),
            Err(error) => Err(error),
        }
    }

    /// The same, one part after the other.
    async fn media_in_parts(&self, call: &Call, bytes_max: u64) -> Result<File, CallError> {
        let mut whole = BytesMut::new();
        loop {
            let from = whole.len() as u64;
            let range = from..from.saturating_add(PART_BYTES);
            let room = bytes_max.saturating_sub(from);
            let Some(part) = self.media_part(call, Some(range), room).await? else {
                return Ok(File::TooLarge);
            };
            let Some(of) = part.of else { return Ok(File::Bytes(part.bytes.into())) };
            if of.length > bytes_max {
                return Ok(File::TooLarge);
            }
            if of.from != from || part.bytes.is_empty() {
                return Err(CallError::Unknown(Broken::Foreign { status: 206 }));
            }
            whole.extend_from_slice(&part.bytes);
            if whole.len() as u64 >= of.length {
                return Ok(File::Bytes(whole.into()));
            }
        }
    }

    /// A file or a part of it; nothing when there is more of it than `room`.
    async fn media_part(
        &self,
        call: &Call,
        range: Option<Range<u64>>,
        room: u64,
    ) -> Result<Option<Part>, CallError> {
        let token = self.token(None).await?;
        match self.media_with(call, range.clone(), room, &token).await {
            Err(CallError::Answered(no)) if no.is_of_token() => {
                let token = self.token(Some(&token)).await?;
                self.media_with(call, range, room, &token).await
            }
            outcome => outcome,
        }
    }

    async fn media_with(
        &self,
        call: &Call,
        range: Option<Range<u64>>,
        room: u64,
        token: &Token,
    ) -> Result<Option<Part>, CallError> {
        let mut persistence = Persistence::new(self.patience.busy);
        loop {
            let outcome = self.media_once(call, range.as_ref(), room, token).await;
            match persistence.wait_after(&outcome) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return outcome,
            }
        }
    }

    async fn media_once(
        &self,
        call: &Call,
        range: Option<&Range<u64>>,
        room: u64,
        token: &Token,
    ) -> Result<Option<Part>, CallError> {
        self.limits.check(call.limit())?;
        let mut request = self.http.get(self.url(call, token)).timeout(self.patience.upload);
        if let Some(range) = range {
            let last = range.end.saturating_sub(1);
            request = request.header(RANGE, format!("bytes={}-{last}", range.start));
        }
        let response = request.send().await.map_err(|error| sort(&error))?;
        let status = response.status().as_u16();
        // What is said of the kind is not trusted beyond this: a fault comes as JSON.
        let is_file = response.headers().contains_key(CONTENT_DISPOSITION);
        let of = stretch(response.headers()).filter(|_| status == 206);
        let Some(bytes) = whole_body(response, room).await? else { return Ok(None) };
        if !is_file && bytes.first() == Some(&b'{') {
            let head = read_head(status, &cleaned(&bytes));
            self.limits.note(call.limit(), head.as_ref().err());
            head?;
        }
        match (status, of) {
            (200, None) | (206, Some(_)) => Ok(Some(Part { bytes, of })),
            _ => Err(CallError::Unknown(Broken::Foreign { status })),
        }
    }

    /// Fetches a file of the bot's by its address, at most `bytes_max` of it. The address is a
    /// secret as well.
    ///
    /// # Errors
    /// `Unknown` with the status for what is not there.
    pub async fn media_at(
        http: &reqwest::Client,
        url: Url,
        timeout: Duration,
        bytes_max: u64,
    ) -> Result<File, CallError> {
        let response = http.get(url).timeout(timeout).send().await.map_err(|error| sort(&error))?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(CallError::Unknown(Broken::Foreign { status }));
        }
        Ok(match whole_body(response, bytes_max).await? {
            Some(bytes) => File::Bytes(bytes.into()),
            None => File::TooLarge,
        })
    }
}

/// Where the part of an answer stands: `bytes 0-15/100`.
fn stretch(headers: &HeaderMap) -> Option<Stretch> {
    let said = headers.get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?;
    let (bounds, length) = said.split_once('/')?;
    let (from, _) = bounds.split_once('-')?;
    Some(Stretch { from: from.parse().ok()?, length: length.parse().ok()? })
}
