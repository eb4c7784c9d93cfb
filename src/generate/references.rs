//! Reference pictures: fetched again from where they lie, looked at, cleaned, and forgotten after
//! the call.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use picdesk_core::{
    channel::{FetchError, MediaRef},
    facts::Reference,
    generation::{Failure, ReferenceFault},
    id::ArtifactId,
};

use super::{Came, Studio};
use crate::{
    artifacts::ObjectName,
    images::{self, PictureFormat},
    pictures::{Cleaned, Limits, PictureFault, PictureKind},
    store::{
        artifacts as rows, copies,
        line::Claimed,
        scope::{OfConversation, OfHouse},
        sealed,
    },
};

/// The first wait before a picture is asked for again that was not to be had.
const ASK_AGAIN: Duration = Duration::from_secs(4);
/// The longest.
const ASK_AGAIN_MAX: Duration = Duration::from_mins(1);

/// A copy of ours cannot be read now.
struct Unreadable;

impl Studio {
    /// The pictures that a request is made from, in order: the picture it changes comes first. They
    /// lie in files, so that of all of them none is in memory while they wait for each other.
    pub(super) async fn references(
        &self,
        claimed: &Claimed,
    ) -> Result<Vec<images::Reference>, Came> {
        let request = &claimed.request;
        let mut wanted = Vec::new();
        if let Some(parent) = request.parent.map(Reference::Artifact)
            && !request.references.contains(&parent)
        {
            wanted.push(parent);
        }
        wanted.extend(request.references.iter().cloned());
        let mut references = Vec::with_capacity(wanted.len());
        for (index, reference) in wanted.iter().enumerate() {
            let number = u8::try_from(index + 1).unwrap_or(u8::MAX);
            references.push(match reference {
                Reference::Media(media) => self.sent(claimed, media, number).await?,
                Reference::Artifact(artifact) => self.own(claimed, *artifact, number).await?,
            });
        }
        Ok(references)
    }

    /// A picture somebody sent.
    async fn sent(
        &self,
        claimed: &Claimed,
        media: &MediaRef,
        number: u8,
    ) -> Result<images::Reference, Came> {
        let channel = self
            .parts
            .channels
            .get(claimed.request.conversation.channel())
            .ok_or(Came::Failed(Failure::ReferenceGone(number)))?;
        let wrong = |fault| Came::Failed(Failure::Reference { number: Some(number), fault });
        let bytes_max = self.parts.reference_bytes_max;
        let later = || self.not_to_be_had(claimed, number, None);
        // What is not said to be small may be as large as any.
        let room = self.parts.luggage.take(media.bytes.unwrap_or(bytes_max)).await;
        let fetched = match self.copy_of(claimed, media).await {
            Ok(Some(copy)) => Ok(copy),
            Ok(None) => channel.fetch(media, bytes_max).await,
            Err(Unreadable) => return Err(later()),
        };
        let bytes = fetched.map_err(|error| match error {
            FetchError::Later(_) => later(),
            FetchError::RetryAfter(wait) => self.not_to_be_had(claimed, number, Some(wait)),
            FetchError::Gone => Came::Failed(Failure::ReferenceGone(number)),
            FetchError::TooLarge => wrong(ReferenceFault::TooLarge { bytes_max }),
        })?;
        let file = Arc::new(self.parts.artifacts.scratch().await.map_err(|_| later())?);
        let clean = self.parts.darkroom.clean_into(Bytes::from(bytes), Arc::clone(&file)).await;
        drop(room);
        let Cleaned { kind, bytes, .. } = clean.map_err(|fault| match fault_of(&fault) {
            Some(fault) => wrong(fault),
            None => later(),
        })?;
        Ok(images::Reference { format: format_of(kind), file, bytes })
    }

    /// Our copy of a picture that its channel gives away only for a while, where there is one.
    async fn copy_of(
        &self,
        claimed: &Claimed,
        media: &MediaRef,
    ) -> Result<Option<Vec<u8>>, Unreadable> {
        if media.fetch_before.is_none() {
            return Ok(None);
        }
        let there = OfConversation(claimed.request.conversation.clone());
        let found =
            async { copies::find(&mut self.parts.store.read_as(there).await?, media).await };
        let Some(object) = found.await.map_err(|_| Unreadable)? else { return Ok(None) };
        let Ok(name) = ObjectName::parse(&object) else { return Ok(None) };
        // One byte more than the picture has: it is sealed.
        let read = self.parts.artifacts.read_all(&name, self.parts.reference_bytes_max + 1).await;
        let Some(copy) = read.map_err(|_| Unreadable)? else { return Ok(None) };
        Ok(sealed::open(&copy, "media_copies", "object").ok().map(<[u8]>::to_vec))
    }

    /// A picture of ours: it was made by the provider and checked when it came.
    async fn own(
        &self,
        claimed: &Claimed,
        artifact: ArtifactId,
        number: u8,
    ) -> Result<images::Reference, Came> {
        let gone = || Came::Failed(Failure::ReferenceGone(number));
        let later = || self.not_to_be_had(claimed, number, None);
        // Among others, people change each other's pictures.
        let mut house = self.parts.store.read_as(OfHouse).await.map_err(|_| later())?;
        let row = rows::find(&mut house, artifact).await.map_err(|_| later())?;
        drop(house);
        let row = row.ok_or_else(gone)?;
        let name = ObjectName::parse(&row.object).map_err(|_| gone())?;
        let held = self.parts.artifacts.hold(&name, Limits::ORIGINAL.bytes_max).await;
        let (file, bytes) = held.map_err(|_| later())?.ok_or_else(gone)?;
        let format = match row.kind.as_str() {
            "jpeg" => PictureFormat::Jpeg,
            "webp" => PictureFormat::Webp,
            _ => PictureFormat::Png,
        };
        Ok(images::Reference { file, bytes, format })
    }

    /// A reference picture is not to be had now. That is not the request's fault: it waits for as
    /// long as the channel asks, else each time as long as it has waited so far; and after a while
    /// the picture counts as gone.
    fn not_to_be_had(&self, claimed: &Claimed, number: u8, asked_for: Option<Duration>) -> Came {
        let so_far = self.waited(claimed).clamp(ASK_AGAIN, ASK_AGAIN_MAX);
        let rest = asked_for.unwrap_or(so_far);
        self.wait_for_room(claimed, rest, Failure::ReferenceGone(number))
    }
}

/// What is wrong with a picture, as somebody can be told; nothing when that is not known yet.
pub(crate) fn fault_of(fault: &PictureFault) -> Option<ReferenceFault> {
    Some(match fault {
        PictureFault::NotAPicture | PictureFault::KindUnsupported(_) => ReferenceFault::WrongKind,
        PictureFault::TooManyBytes { bytes_max, .. } => {
            ReferenceFault::TooLarge { bytes_max: *bytes_max }
        }
        PictureFault::SideTooLong { .. }
        | PictureFault::TooManyPixels { .. }
        | PictureFault::TooCostly { .. } => ReferenceFault::TooManyPixels,
        PictureFault::Truncated | PictureFault::Unreadable | PictureFault::DoesNotFit { .. } => {
            ReferenceFault::Unreadable
        }
        PictureFault::Source(_) => return None,
    })
}

fn format_of(kind: PictureKind) -> PictureFormat {
    match kind {
        PictureKind::Jpeg => PictureFormat::Jpeg,
        PictureKind::Webp => PictureFormat::Webp,
        PictureKind::Png | PictureKind::Gif => PictureFormat::Png,
    }
}
