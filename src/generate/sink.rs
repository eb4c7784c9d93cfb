//! Where a picture goes while it comes: straight to its object, and partial ones to the
//! placeholder.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use picdesk_core::{
    channel::Text,
    id::{ConversationId, GenerationId, Slot},
};

use crate::{
    artifacts::{ArtifactSource, Artifacts, ObjectName, Writer, Written},
    images::PictureSink,
    outbox::{Partial, Progress},
    pictures::{Darkroom, Fit},
};

/// No partial picture is shown before: a picture that comes at once needs no preview.
const FIRST_PARTIAL: Duration = Duration::from_secs(4);
/// How large a partial picture is shown.
const PARTIAL_FIT: Fit =
    Fit { bytes_max: 1_000_000, side_sum_max: 10_000, ratio_max: 20, longest_edge: Some(1280) };

/// Shows partial pictures in a placeholder.
#[derive(Clone)]
pub(super) struct Shower {
    pub(super) progress: Arc<Progress>,
    pub(super) darkroom: Darkroom,
    pub(super) generation: GenerationId,
    pub(super) conversation: ConversationId,
    pub(super) text: Text,
    pub(super) began: Instant,
}

impl Shower {
    /// Words without a picture.
    pub(super) fn show_words(&self) {
        self.show(None);
    }

    fn show(&self, picture: Option<Vec<u8>>) {
        let partial = Partial {
            conversation: self.conversation.clone(),
            text: self.text.clone(),
            picture,
            buttons: Vec::new(),
        };
        self.progress.show(Slot::Generation(self.generation), partial);
    }

    fn is_time(&self) -> bool {
        self.began.elapsed() >= FIRST_PARTIAL
    }

    /// Fits a partial picture and shows it; one that cannot be read is left out.
    fn show_picture(&self, picture: ArtifactSource) {
        let shower = self.clone();
        tokio::spawn(async move {
            let fitted = shower.darkroom.fit(picture, PARTIAL_FIT).await;
            if let Ok(fitted) = fitted {
                shower.show(Some(fitted.bytes));
            }
        });
    }
}

/// Takes one picture.
pub(super) struct StudioSink {
    artifacts: Artifacts,
    name: ObjectName,
    writer: Option<Writer>,
    /// Present where partial pictures are shown.
    shower: Option<Shower>,
    on_submitted: Option<tokio::sync::oneshot::Sender<()>>,
}

impl StudioSink {
    pub(super) fn new(
        artifacts: Artifacts,
        name: ObjectName,
        shower: Option<Shower>,
        on_submitted: tokio::sync::oneshot::Sender<()>,
    ) -> Self {
        Self { artifacts, name, writer: None, shower, on_submitted: Some(on_submitted) }
    }

    /// The object is whole.
    pub(super) async fn finish(self) -> io::Result<Option<Written>> {
        match self.writer {
            Some(writer) => writer.finish().await.map(Some).map_err(io::Error::other),
            None => Ok(None),
        }
    }

    async fn forget(&mut self) -> io::Result<()> {
        match self.writer.take() {
            Some(writer) => writer.abort().await.map_err(io::Error::other),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl PictureSink for StudioSink {
    async fn submitted(&mut self) {
        if let Some(told) = self.on_submitted.take() {
            // Nobody listens any more when the call is already late.
            let _ = told.send(());
        }
    }

    async fn write(&mut self, piece: Bytes) -> io::Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                let writer = self.artifacts.create(&self.name).await.map_err(io::Error::other)?;
                none.insert(writer)
            }
        };
        writer.write(piece).await.map_err(io::Error::other)
    }

    async fn partial(&mut self, _index: u32) -> io::Result<()> {
        match &self.shower {
            Some(shower) if shower.is_time() => {
                let Some(writer) = self.writer.take() else { return Ok(()) };
                if let Some(picture) = writer.take_back().await.map_err(io::Error::other)? {
                    shower.show_picture(picture);
                }
                Ok(())
            }
            _ => self.forget().await,
        }
    }

    async fn restart(&mut self) -> io::Result<()> {
        self.forget().await
    }
}
