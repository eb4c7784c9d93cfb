//! The picture or file that a message carries, in the form in which its channel takes it.

use std::io::Cursor;

use picdesk_core::{
    channel::{Capabilities, Content, FetchError, MediaRef, OutboundFile, OutboundMessage},
    generation::{Artifact, Size},
    id::ArtifactId,
};

use super::handover::Means;
use crate::{
    artifacts::{ArtifactError, ObjectName},
    pictures::{Fit, Fitted, Limits, PictureFault, PictureKind},
    store::{artifacts as rows, outbox, scope::OfHouse},
};

/// Largest picture that is passed on from one channel to another, bytes: what Telegram gives away.
/// Source: Bot API, `getFile`, 20 MB.
const FORWARDED_BYTES_MAX: u64 = 20 * 1000 * 1000;

/// Why a message's file is not there.
pub(super) enum NoFile {
    /// The picture is gone.
    Gone,
    /// The channel does not take it in any form that we can make of it.
    NotTaken,
    /// It cannot be read now.
    Later,
}

impl Means {
    /// The picture or file that a message carries.
    pub(super) async fn file(
        &self,
        message: &OutboundMessage,
    ) -> Result<Option<OutboundFile>, NoFile> {
        let artifact = match &message.content {
            Content::Picture { artifact, .. } | Content::Original { artifact, .. } => *artifact,
            Content::Forward { media, from, .. } => {
                return self.forwarded(media, from.channel()).await.map(Some);
            }
            _ => return Ok(None),
        };
        let form = outbox::form_of(&message.content).unwrap_or_default();
        let mut house = self.store.read_as(OfHouse).await.map_err(|_| NoFile::Later)?;
        let channel = self.capabilities().name;
        let known = outbox::file_handle(house.unscoped(), artifact.0, channel, form)
            .await
            .map_err(|_| NoFile::Later)?;
        if let Some(handle) = known {
            return Ok(Some(OutboundFile::Known { handle }));
        }
        let row = rows::find(&mut house, artifact).await.map_err(|_| NoFile::Later)?;
        drop(house);
        let row = row.ok_or(NoFile::Gone)?;
        let name = ObjectName::parse(&row.object).map_err(|_| NoFile::Gone)?;
        let kind = kind_of(&row.kind);
        if let Content::Original { file_name, .. } = &message.content {
            return self.original(&name, file_name.clone(), kind).await.map(Some);
        }
        self.preview(artifact, &name, &row, kind).await.map(Some)
    }

    /// A picture that somebody sent: by its handle where it lies on this channel, else a copy of
    /// what lies on another, without what cameras write into it.
    async fn forwarded(&self, media: &MediaRef, from: &str) -> Result<OutboundFile, NoFile> {
        let limits = self.capabilities();
        if from == limits.name {
            return Ok(OutboundFile::Known { handle: media.handle.clone() });
        }
        let other = self.others.get(from).ok_or(NoFile::NotTaken)?;
        let fetched = other.fetch(media, FORWARDED_BYTES_MAX).await;
        let bytes = fetched.map_err(|error| match error {
            FetchError::Later(_) | FetchError::RetryAfter(_) => NoFile::Later,
            FetchError::Gone => NoFile::Gone,
            FetchError::TooLarge => NoFile::NotTaken,
        })?;
        let fit = fit_of(limits);
        let fitted = self.darkroom.fit(Cursor::new(bytes), fit).await;
        let fitted = fitted.map_err(|_| NoFile::NotTaken)?;
        Ok(preview_file(fitted, "picture.jpg".to_owned()))
    }

    async fn original(
        &self,
        name: &ObjectName,
        file_name: String,
        kind: PictureKind,
    ) -> Result<OutboundFile, NoFile> {
        let bytes = self
            .artifacts
            .read_all(name, self.capabilities().file_bytes_max)
            .await
            .map_err(|error| unread(&error))?
            .ok_or(NoFile::Gone)?;
        Ok(OutboundFile::Upload {
            bytes: bytes.into(),
            name: file_name,
            media_type: kind.media_type(),
        })
    }

    /// The original itself where the channel shows it as it is, else a fitted preview.
    async fn preview(
        &self,
        artifact: ArtifactId,
        name: &ObjectName,
        row: &Artifact,
        kind: PictureKind,
    ) -> Result<OutboundFile, NoFile> {
        let limits = self.capabilities();
        let bytes = u64::try_from(row.bytes).unwrap_or(u64::MAX);
        let file_name = |ending: &str| format!("picture-{artifact}.{ending}");
        let Some(fit) = preview_of(limits, kind, row.size, bytes) else {
            let read = self.artifacts.read_all(name, limits.photo_bytes_max).await;
            let bytes = read.map_err(|error| unread(&error))?.ok_or(NoFile::Gone)?;
            return Ok(OutboundFile::Upload {
                bytes: bytes.into(),
                name: file_name(kind.file_extension()),
                media_type: kind.media_type(),
            });
        };
        if let Some(fitted) = self.darkroom.take_print(name.as_str(), &fit) {
            return Ok(preview_file(fitted, file_name("jpg")));
        }
        let source = self.artifacts.source(name, Limits::ORIGINAL.bytes_max).await;
        let source = source.map_err(|error| unread(&error))?.ok_or(NoFile::Gone)?;
        // A fault of the source's says nothing about the picture.
        let fitted = self.darkroom.fit(source, fit).await.map_err(|fault| {
            if matches!(fault, PictureFault::Source(_)) { NoFile::Later } else { NoFile::NotTaken }
        })?;
        Ok(preview_file(fitted, file_name("jpg")))
    }
}

fn preview_file(fitted: Fitted, name: String) -> OutboundFile {
    OutboundFile::Upload { bytes: fitted.bytes, name, media_type: "image/jpeg" }
}

/// What a preview of an original must keep to; nothing where the channel shows the original
/// itself as it is.
pub(crate) fn preview_of(
    limits: &Capabilities,
    kind: PictureKind,
    size: Size,
    bytes: u64,
) -> Option<Fit> {
    let Size { width, height } = size;
    let fits = bytes <= limits.photo_bytes_max
        && width + height <= limits.photo_side_sum_max
        && width.max(height) <= width.min(height).saturating_mul(limits.photo_ratio_max)
        && matches!(kind, PictureKind::Png | PictureKind::Jpeg);
    (!fits).then(|| fit_of(limits))
}

fn fit_of(limits: &Capabilities) -> Fit {
    Fit {
        bytes_max: limits.photo_bytes_max,
        side_sum_max: limits.photo_side_sum_max,
        ratio_max: limits.photo_ratio_max,
        longest_edge: Some(2560),
    }
}

/// Why an object was not read.
fn unread(error: &ArtifactError) -> NoFile {
    match error {
        ArtifactError::TooLong { .. } => NoFile::NotTaken,
        ArtifactError::Full | ArtifactError::Refused(_) | ArtifactError::Unavailable(_) => {
            NoFile::Later
        }
    }
}

fn kind_of(word: &str) -> PictureKind {
    match word {
        "jpeg" => PictureKind::Jpeg,
        "webp" => PictureKind::Webp,
        _ => PictureKind::Png,
    }
}
