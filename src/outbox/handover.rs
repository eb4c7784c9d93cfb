//! Handing one message over: finding its place, its picture, and what to do when it does not go.

use std::{sync::Arc, time::Duration};

use picdesk_core::{
    channel::{
        Capabilities, Channel, Content, Delivery, DeliveryError, OutboundFile, OutboundMessage,
        Place, Refusal, Repeat, Scope, Text,
    },
    id::ArtifactId,
};
use tracing::warn;

use super::budget::RateScope;
use crate::{
    alarm::Alarms,
    artifacts::{Artifacts, ObjectName},
    pictures::{Darkroom, Fit, Limits, PictureKind},
    store::{
        Store, StoreError, artifacts as rows,
        outbox::{self, Fate, Stand, Waiting},
    },
};

/// Tries of a message whose fate stays unknown though a repeat does no harm.
const UNKNOWN_TRIES: u32 = 6;
/// Tries of a message that certainly did not leave; the channel is down, and comes back.
const BACK_OFF_MAX: Duration = Duration::from_mins(1);

/// What delivering needs. Shared by all deliveries of a channel.
pub(super) struct Means {
    pub(super) store: Store,
    pub(super) channel: Arc<dyn Channel>,
    pub(super) artifacts: Artifacts,
    pub(super) darkroom: Darkroom,
    pub(super) alarms: Alarms,
}

/// What a try came to.
pub(super) enum Tried {
    /// It is settled.
    Settled(Fate),
    /// Once more, after a wait.
    Again(Duration),
    /// The channel asked for patience.
    Patience(Duration, Scope),
}

/// Why a message's file is not there.
enum NoFile {
    /// The picture is gone, or was never one.
    Gone,
    /// Later.
    Later,
}

impl Means {
    pub(super) fn capabilities(&self) -> &Capabilities {
        self.channel.capabilities()
    }

    pub(super) fn rate_scope(&self, message: &OutboundMessage) -> RateScope {
        RateScope::of(self.channel.as_ref(), &message.conversation)
    }

    /// Tries to hand a message over once. `shows_picture`: its placeholder shows a partial picture.
    pub(super) async fn try_once(
        &self,
        waiting: &Waiting,
        shows_picture: bool,
        tries: u32,
    ) -> Tried {
        if waiting.message.repeat == Repeat::Ask {
            if waiting.begun || tries > 0 {
                // It may have arrived by an earlier try, which nobody can tell.
                return Tried::Settled(Fate::Unknown);
            }
            if let Err(error) = self.begin(waiting).await {
                return again(&error, tries);
            }
        }
        let stand = match self.stand(waiting).await {
            Ok(stand) => stand,
            Err(error) => return again(&error, tries),
        };
        let mut delivery = outbox::delivery(waiting, stand.as_ref());
        delivery.edit_is_picture |= shows_picture && delivery.edit.is_some();
        match self.file(&delivery.message).await {
            Ok(file) => delivery.file = file,
            Err(NoFile::Gone) => return Tried::Settled(Fate::Refused(Refusal::Content)),
            Err(NoFile::Later) => return Tried::Again(back_off(tries)),
        }
        if let Some(tried) = self.stand_first(waiting, &mut delivery, tries).await {
            return tried;
        }
        let form = outbox::form_of(&delivery.message.content);
        match self.channel.deliver(delivery).await {
            Ok(receipt) => Tried::Settled(Fate::Delivered(receipt)),
            Err(error) => self.tried(waiting, form, error, tries).await,
        }
    }

    /// A picture goes out only by an edit, which can be repeated without harm: where there is no
    /// message to edit, one is sent first.
    async fn stand_first(
        &self,
        waiting: &Waiting,
        delivery: &mut Delivery,
        tries: u32,
    ) -> Option<Tried> {
        let shows_picture = matches!(delivery.message.content, Content::Picture { .. });
        if !shows_picture || delivery.edit.is_some() || !self.capabilities().edits {
            return None;
        }
        let slot = waiting.slot.clone()?;
        let mut first = delivery.message.clone();
        first.content = Content::Text(Text::plain("…"));
        first.place = Place::New { slot: None };
        first.buttons = Vec::new();
        let placeholder =
            Delivery { message: first, edit: None, edit_is_picture: false, file: None };
        let receipt = match self.channel.deliver(placeholder).await {
            Ok(receipt) => receipt,
            Err(error) => return Some(self.tried(waiting, None, error, tries).await),
        };
        let message = receipt.message?;
        let stand = Stand {
            conversation: delivery.message.conversation.clone(),
            message: message.clone(),
            picture: false,
        };
        let now = self.store.clock().now_ms();
        let placed = self
            .store
            .writer()
            .run(move |tx| {
                let (slot, stand) = (slot.clone(), stand.clone());
                Box::pin(async move { outbox::place(tx, &slot, &stand, now).await })
            })
            .await;
        if let Err(error) = placed {
            return Some(again(&error, tries));
        }
        delivery.edit = Some(message);
        None
    }

    /// What a failed try means for the next.
    async fn tried(
        &self,
        waiting: &Waiting,
        form: Option<&'static str>,
        error: DeliveryError,
        tries: u32,
    ) -> Tried {
        match error {
            DeliveryError::RetryAfter { wait, scope } => Tried::Patience(wait, scope),
            DeliveryError::NotSent(_) | DeliveryError::HumanHasIt => Tried::Again(back_off(tries)),
            DeliveryError::Unknown(_) if waiting.message.repeat == Repeat::Ask => {
                Tried::Settled(Fate::Unknown)
            }
            DeliveryError::Unknown(_) if tries < UNKNOWN_TRIES => Tried::Again(back_off(tries)),
            DeliveryError::Unknown(_) => Tried::Settled(Fate::Unknown),
            DeliveryError::Refused(Refusal::MessageGone) if becomes_new(waiting) => {
                self.forget_place(waiting).await;
                Tried::Again(Duration::ZERO)
            }
            DeliveryError::Refused(refusal) => Tried::Settled(Fate::Refused(refusal)),
            DeliveryError::Moved(to) => Tried::Settled(Fate::Moved(to)),
            DeliveryError::Reupload => {
                self.forget_file(waiting, form).await;
                Tried::Again(Duration::ZERO)
            }
            DeliveryError::WindowClosed => Tried::Settled(Fate::Refused(Refusal::Blocked)),
            DeliveryError::Unauthorized => {
                self.alarms.raise("the channel does not accept our credentials");
                Tried::Patience(BACK_OFF_MAX / 2, Scope::Channel)
            }
        }
    }

    async fn begin(&self, waiting: &Waiting) -> Result<(), StoreError> {
        let id = waiting.message.id;
        self.store
            .writer()
            .run(move |tx| Box::pin(async move { outbox::begin(tx, &[id]).await }))
            .await
    }

    /// Where the message's slot stands.
    async fn stand(&self, waiting: &Waiting) -> Result<Option<Stand>, StoreError> {
        let (Place::Edit { .. }, Some(slot)) = (&waiting.message.place, &waiting.slot) else {
            return Ok(None);
        };
        let mut connection = self.store.read().await?;
        let found = outbox::stands(&mut connection, std::slice::from_ref(slot)).await?;
        Ok(found.into_iter().next().map(|(_, stand)| stand))
    }

    /// Somebody deleted the message in the slot: the next try is a message of its own.
    async fn forget_place(&self, waiting: &Waiting) {
        let Some(slot) = waiting.slot.clone() else { return };
        let forgotten = self
            .store
            .writer()
            .run(move |tx| {
                let slot = slot.clone();
                Box::pin(async move { outbox::forget_place(tx, &slot).await })
            })
            .await;
        if let Err(error) = forgotten {
            warn!(error = %error, "a message's place could not be forgotten");
        }
    }

    async fn forget_file(&self, waiting: &Waiting, form: Option<&'static str>) {
        let artifact = match &waiting.message.content {
            Content::Picture { artifact, .. } | Content::Original { artifact, .. } => *artifact,
            _ => return,
        };
        let Some(form) = form else { return };
        let channel = self.capabilities().name;
        let forgotten = self
            .store
            .writer()
            .run(move |tx| Box::pin(outbox::forget_file(tx, artifact.0, channel, form)))
            .await;
        if let Err(error) = forgotten {
            warn!(error = %error, "a file's handle could not be forgotten");
        }
    }

    /// The picture or file that a message carries.
    async fn file(&self, message: &OutboundMessage) -> Result<Option<OutboundFile>, NoFile> {
        let artifact = match &message.content {
            Content::Picture { artifact, .. } | Content::Original { artifact, .. } => *artifact,
            Content::Forward { media, .. } => {
                return Ok(Some(OutboundFile::Known { handle: media.handle.clone() }));
            }
            _ => return Ok(None),
        };
        let form = outbox::form_of(&message.content).unwrap_or_default();
        let mut connection = self.store.read().await.map_err(|_| NoFile::Later)?;
        let channel = self.capabilities().name;
        let known = outbox::file_handle(&mut connection, artifact.0, channel, form)
            .await
            .map_err(|_| NoFile::Later)?;
        if let Some(handle) = known {
            return Ok(Some(OutboundFile::Known { handle }));
        }
        let row = rows::find(&mut connection, artifact).await.map_err(|_| NoFile::Later)?;
        drop(connection);
        let row = row.ok_or(NoFile::Gone)?;
        let name = ObjectName::parse(&row.object).map_err(|_| NoFile::Gone)?;
        let kind = kind_of(&row.kind);
        if let Content::Original { file_name, .. } = &message.content {
            return self.original(&name, file_name.clone(), kind).await.map(Some);
        }
        self.preview(artifact, &name, &row, kind).await.map(Some)
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
            .map_err(|_| NoFile::Later)?
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
        row: &picdesk_core::generation::Artifact,
        kind: PictureKind,
    ) -> Result<OutboundFile, NoFile> {
        let limits = self.capabilities();
        let (width, height) = (row.size.width, row.size.height);
        let bytes = u64::try_from(row.bytes).unwrap_or(u64::MAX);
        let fits = bytes <= limits.photo_bytes_max
            && width + height <= limits.photo_side_sum_max
            && width.max(height) <= width.min(height).saturating_mul(limits.photo_ratio_max)
            && matches!(kind, PictureKind::Png | PictureKind::Jpeg);
        let file_name = |ending: &str| format!("picture-{artifact}.{ending}");
        if fits {
            let read = self.artifacts.read_all(name, limits.photo_bytes_max).await;
            let bytes = read.map_err(|_| NoFile::Later)?.ok_or(NoFile::Gone)?;
            return Ok(OutboundFile::Upload {
                bytes: bytes.into(),
                name: file_name(kind.file_extension()),
                media_type: kind.media_type(),
            });
        }
        let source = self.artifacts.source(name, Limits::ORIGINAL.bytes_max).await;
        let source = source.map_err(|_| NoFile::Later)?.ok_or(NoFile::Gone)?;
        let fit = Fit {
            bytes_max: limits.photo_bytes_max,
            side_sum_max: limits.photo_side_sum_max,
            ratio_max: limits.photo_ratio_max,
            longest_edge: Some(2560),
        };
        let fitted = self.darkroom.fit(source, fit).await.map_err(|_| NoFile::Gone)?;
        Ok(OutboundFile::Upload {
            bytes: fitted.bytes,
            name: file_name("jpg"),
            media_type: "image/jpeg",
        })
    }
}

/// Whether an edit whose message is gone says something that must not be lost with it.
fn becomes_new(waiting: &Waiting) -> bool {
    let says = !matches!(waiting.message.content, Content::Buttons | Content::Removed { .. });
    says && matches!(waiting.message.place, Place::Edit { .. })
}

fn kind_of(word: &str) -> PictureKind {
    match word {
        "jpeg" => PictureKind::Jpeg,
        "webp" => PictureKind::Webp,
        _ => PictureKind::Png,
    }
}

fn again(error: &StoreError, tries: u32) -> Tried {
    warn!(error = %error, "the store was not there for a delivery");
    Tried::Again(back_off(tries))
}

/// Waits that double, from a quarter of a second on.
fn back_off(tries: u32) -> Duration {
    (Duration::from_millis(250) * 2_u32.saturating_pow(tries.min(16))).min(BACK_OFF_MAX)
}
