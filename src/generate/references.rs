//! Reference pictures: fetched again from where they lie, looked at, cleaned, and forgotten after
//! the call.

use std::time::Duration;

use bytes::Bytes;
use picdesk_core::{
    channel::{FetchError, MediaRef},
    facts::{Reference, Request},
    generation::Failure,
    id::ArtifactId,
};

use super::{Came, Studio};
use crate::{
    artifacts::ObjectName,
    images::{self, PictureFormat},
    pictures::{Limits, PictureFault, PictureKind},
    store::{artifacts as rows, line::PutBack},
};

/// The wait before a channel is asked again for a picture it could not give.
const ASK_AGAIN: Duration = Duration::from_secs(4);

impl Studio {
    /// The pictures that a request is made from, in order: the picture it changes comes first.
    pub(super) async fn references(
        &self,
        request: &Request,
    ) -> Result<Vec<images::Reference>, Came> {
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
                Reference::Media(media) => self.sent(request, media, number).await?,
                Reference::Artifact(artifact) => self.own(*artifact, number).await?,
            });
        }
        Ok(references)
    }

    /// A picture somebody sent.
    async fn sent(
        &self,
        request: &Request,
        media: &MediaRef,
        number: u8,
    ) -> Result<images::Reference, Came> {
        let channel = self
            .parts
            .channels
            .get(request.conversation.channel())
            .ok_or(Came::Failed(Failure::ReferenceGone(number)))?;
        let fetched = channel.fetch(media, self.parts.reference_bytes_max).await;
        let bytes = fetched.map_err(|error| match error {
            FetchError::Later(_) => Came::Back(PutBack::Failed, ASK_AGAIN),
            FetchError::Gone => Came::Failed(Failure::ReferenceGone(number)),
            FetchError::TooLarge => Came::Failed(Failure::Reference(number)),
        })?;
        let clean = self.parts.darkroom.clean_reference(Bytes::from(bytes)).await;
        let clean = clean.map_err(|fault| match fault {
            PictureFault::Source(_) => Came::Back(PutBack::Failed, ASK_AGAIN),
            _ => Came::Failed(Failure::Reference(number)),
        })?;
        Ok(images::Reference { format: format_of(clean.kind), bytes: Bytes::from(clean.bytes) })
    }

    /// A picture of ours: it was made by the provider and checked when it came.
    async fn own(&self, artifact: ArtifactId, number: u8) -> Result<images::Reference, Came> {
        let gone = || Came::Failed(Failure::ReferenceGone(number));
        let later = || Came::Back(PutBack::Waited, ASK_AGAIN);
        let mut connection = self.parts.store.read().await.map_err(|_| later())?;
        let row = rows::find(&mut connection, artifact).await.map_err(|_| later())?;
        drop(connection);
        let row = row.ok_or_else(gone)?;
        let name = ObjectName::parse(&row.object).map_err(|_| gone())?;
        let bytes = self
            .parts
            .artifacts
            .read_all(&name, Limits::ORIGINAL.bytes_max)
            .await
            .map_err(|_| later())?
            .ok_or_else(gone)?;
        let format = match row.kind.as_str() {
            "jpeg" => PictureFormat::Jpeg,
            "webp" => PictureFormat::Webp,
            _ => PictureFormat::Png,
        };
        Ok(images::Reference { bytes, format })
    }
}

fn format_of(kind: PictureKind) -> PictureFormat {
    match kind {
        PictureKind::Jpeg => PictureFormat::Jpeg,
        PictureKind::Webp => PictureFormat::Webp,
        PictureKind::Png | PictureKind::Gif => PictureFormat::Png,
    }
}
