//! What a call leaves behind: its picture, whole and looked at, and what it was charged.

use std::time::{Duration, Instant};

use picdesk_core::{
    event::Finished,
    generation::{Failure, Size},
    id::GenerationId,
};
use tracing::{error, warn};

use super::{Came, LOOK_AGAIN, Studio, sink::StudioSink};
use crate::{
    artifacts::{ArtifactError, ObjectName},
    images::Spent,
    outbox::preview_of,
    pictures::{Limits, Looked, PictureFault, PictureKind},
    store::{
        StoreError,
        line::{self, Claimed},
    },
    telemetry::metrics,
};

/// The longest wait between two tries to read a picture back.
const READ_AGAIN_MAX: Duration = Duration::from_secs(30);
/// After this long a picture that cannot be read back is given up as uncertain.
const READ_FOR: Duration = Duration::from_mins(30);

/// Why a stored picture is not what it should be.
#[derive(Debug, PartialEq, Eq)]
enum Spoiled {
    /// It is gone.
    Gone,
    /// It is no picture that may be shown.
    Picture(&'static str),
    /// The object store was away for too long.
    OutOfReach,
}

impl Studio {
    /// Makes the object whole and checks that it is a picture.
    pub(super) async fn keep(
        &self,
        sink: StudioSink,
        name: &ObjectName,
        claimed: &Claimed,
        cost_micro_usd: Option<i64>,
        began: Instant,
    ) -> Came {
        let written = match sink.finish().await {
            Ok(Some(written)) => written,
            Ok(None) => return Came::Failed(Failure::NoPicture),
            Err(error) => {
                error!(error = %error, "a picture could not be kept");
                return self.out_of_service("pictures cannot be kept");
            }
        };
        // The preview that its channel will be sent is made in the same pass.
        let channel = self.parts.channels.get(claimed.request.conversation.channel());
        let check = |source| {
            let (channel, bytes) = (channel.cloned(), written.size);
            let wanted = move |looked: &Looked| {
                let size = looked.shown_size();
                let size = Size { width: size.width, height: size.height };
                preview_of(channel?.capabilities(), looked.kind, size, bytes)
            };
            let limits = Limits::ORIGINAL;
            self.parts.darkroom.check_and_print(source, limits, name.as_str(), wanted)
        };
        let looked = look_at(
            check,
            || self.parts.artifacts.source(name, Limits::ORIGINAL.bytes_max),
            |why| {
                error!(error = why, "a picture that was made cannot be read back now");
                self.parts.desk.alarms.raise("pictures that were made cannot be read back");
            },
        );
        let (looked, kind) = match looked.await {
            Ok(looked) => looked,
            Err(Spoiled::OutOfReach) => return Came::Uncertain,
            Err(Spoiled::Gone) => return Came::Failed(Failure::NoPicture),
            Err(Spoiled::Picture(fault)) => {
                warn!(
                    generation.id = claimed.generation.0,
                    fault, "the provider's picture of generation {} is none", claimed.generation
                );
                // The sweeper finds what cannot be deleted now.
                let _ = self.parts.artifacts.delete(name).await;
                return Came::Failed(Failure::NoPicture);
            }
        };
        let took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let size = looked.shown_size();
        Came::Finished(Box::new(Finished {
            generation: claimed.generation,
            object: name.as_str().to_owned(),
            sha256: hex::encode(written.sha256),
            bytes: i64::try_from(written.size).unwrap_or(i64::MAX),
            size: Size { width: size.width, height: size.height },
            kind: kind.to_owned(),
            cost_micro_usd,
            took_ms,
        }))
    }

    /// Writes down what a call was charged, whatever came of it and however long the store is
    /// away.
    pub(super) async fn spend(&self, generation: GenerationId, spent: Spent) {
        metrics::provider_cost(spent.cost_micro_usd.unwrap_or(0));
        let tokens = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let spent = line::Spent {
            text_in: tokens(spent.usage.text_in),
            image_in: tokens(spent.usage.image_in),
            out: tokens(spent.usage.out),
            cost_micro_usd: spent.cost_micro_usd,
        };
        loop {
            let written = self
                .parts
                .store
                .writer()
                .run(move |tx| Box::pin(line::spend(tx, generation, spent)))
                .await;
            match written {
                Ok(()) | Err(StoreError::Closing | StoreError::Fenced) => return,
                Err(error) => {
                    error!(error = %error, "what a call was charged cannot be written down now");
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        }
    }
}

/// Looks at a stored picture. That it cannot be read now says nothing about it: it is made and paid
/// for, so it is tried again for long; `trouble` hears of each time.
async fn look_at<R, C, S>(
    check: impl Fn(R) -> C,
    source: impl Fn() -> S,
    trouble: impl Fn(&str),
) -> Result<(Looked, &'static str), Spoiled>
where
    C: Future<Output = Result<Looked, PictureFault>>,
    S: Future<Output = Result<Option<R>, ArtifactError>>,
{
    let began = Instant::now();
    let mut rest = LOOK_AGAIN;
    loop {
        let why = match source().await {
            Ok(Some(source)) => match check(source).await {
                Ok(looked) => {
                    let kind = kind_word(looked.kind).ok_or(Spoiled::Picture("gif"))?;
                    return Ok((looked, kind));
                }
                Err(PictureFault::Source(error)) => error.to_string(),
                Err(fault) => return Err(Spoiled::Picture(fault.name())),
            },
            Ok(None) => return Err(Spoiled::Gone),
            Err(ArtifactError::TooLong { .. }) => return Err(Spoiled::Picture("too-many-bytes")),
            Err(error) => error.to_string(),
        };
        trouble(&why);
        if began.elapsed() > READ_FOR {
            return Err(Spoiled::OutOfReach);
        }
        tokio::time::sleep(rest).await;
        rest = (rest * 2).min(READ_AGAIN_MAX);
    }
}

/// The word for a kind of original; a GIF is none, nobody asked for it and nothing shows it.
fn kind_word(kind: PictureKind) -> Option<&'static str> {
    match kind {
        PictureKind::Png => Some("png"),
        PictureKind::Jpeg => Some("jpeg"),
        PictureKind::Webp => Some("webp"),
        PictureKind::Gif => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, io::Cursor};

    use super::*;
    use crate::pictures::Darkroom;

    /// One dot.
    const GIF: &str = "47494638396101000100800000000000ffffff21f90401000000002c\
                       00000000010001000002024401003b";

    fn png() -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let picture = image::DynamicImage::new_rgb8(32, 16);
        picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    /// Looks at what these tries to read come to; and how often there was trouble.
    async fn looked(
        tries: Vec<Result<Option<Vec<u8>>, ArtifactError>>,
    ) -> (Result<&'static str, Spoiled>, usize) {
        let (tries, troubles) = (Cell::new(tries), Cell::new(0));
        let source = || {
            let mut left = tries.take();
            let next = left.remove(0);
            tries.set(left);
            async { next.map(|found| found.map(Cursor::new)) }
        };
        let darkroom = Darkroom::new();
        let check = |source| darkroom.check_original(source, Limits::ORIGINAL);
        let looked = look_at(check, source, |_| troubles.set(troubles.get() + 1)).await;
        (looked.map(|(_, kind)| kind), troubles.get())
    }

    #[tokio::test]
    async fn a_picture_that_cannot_be_read_now_is_looked_at_again() {
        let away = || Err(ArtifactError::Unavailable("away".to_owned()));
        let there = Ok(Some(png()));
        assert_eq!(looked(vec![away(), away(), there]).await, (Ok("png"), 2));
    }

    #[tokio::test]
    async fn what_is_wrong_with_the_picture_itself_is_not_looked_at_again() {
        let gif = Ok(Some(hex::decode(GIF).unwrap()));
        assert_eq!(looked(vec![gif]).await, (Err(Spoiled::Picture("gif")), 0));
        let none = Ok(Some(b"no picture at all".to_vec()));
        assert_eq!(looked(vec![none]).await, (Err(Spoiled::Picture("not-a-picture")), 0));
        assert_eq!(looked(vec![Ok(None)]).await, (Err(Spoiled::Gone), 0));
        let long = Err(ArtifactError::TooLong { bytes: 2, bytes_max: 1 });
        assert_eq!(looked(vec![long]).await, (Err(Spoiled::Picture("too-many-bytes")), 0));
    }
}
