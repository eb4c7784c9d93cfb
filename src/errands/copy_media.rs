//! Pictures are looked at at once. Of those that their channel gives away only for a while copies
//! are kept, sealed, in the object store.

use std::{collections::HashMap, io::Cursor, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use picdesk_core::{
    channel::{Channel, FetchError},
    errand::{Brought, Errand},
    generation::ReferenceFault,
};
use tracing::warn;

use super::{Came, Handler, Try};
use crate::{
    artifacts::{ArtifactError, Artifacts, ObjectName},
    buttons::Seal,
    generate::{Luggage, fault_of},
    pictures::{Darkroom, Limits},
    store::sealed,
};

/// Looks at pictures and keeps copies.
pub struct CopyMedia {
    /// Channels by name.
    pub channels: HashMap<&'static str, Arc<dyn Channel>>,
    /// Where copies go.
    pub artifacts: Artifacts,
    /// The key that their names are made with.
    pub seal: Seal,
    /// The largest picture that is worth keeping, bytes.
    pub bytes_max: u64,
    /// Memory for what is fetched.
    pub luggage: Luggage,
    /// Where pictures are looked at, without keeping others waiting.
    pub darkroom: Darkroom,
}

#[async_trait]
impl Handler for CopyMedia {
    async fn run(&self, one: Try<'_>) -> Came {
        let Errand::CopyMedia { media, .. } = one.what else { return Came::Refused };
        let Some(channel) = self.channels.get(one.conversation.channel()) else {
            return Came::Later(None);
        };
        let _room = self.luggage.take(media.bytes.unwrap_or(self.bytes_max)).await;
        let bytes = match channel.fetch(media, self.bytes_max).await {
            Ok(bytes) => bytes,
            Err(FetchError::Later(_)) => return Came::Later(None),
            Err(FetchError::RetryAfter(wait)) => return Came::Later(Some(wait)),
            Err(FetchError::TooLarge) => {
                let fault = ReferenceFault::TooLarge { bytes_max: self.bytes_max };
                return Came::Brought(Brought::Unusable(fault));
            }
            Err(FetchError::Gone) => return Came::Refused,
        };
        let bytes = Bytes::from(bytes);
        // Whoever sent it hears now, and not when they have found words for it.
        let looked = Cursor::new(bytes.clone());
        if let Err(fault) = self.darkroom.check_original(looked, Limits::REFERENCE).await
            && let Some(fault) = fault_of(&fault)
        {
            return Came::Brought(Brought::Unusable(fault));
        }
        if media.fetch_before.is_none() {
            // It stays where it is.
            return Came::Brought(Brought::Nothing);
        }
        // Made of the errand's id: a second try stores the same object, and leaves no orphan.
        let Ok(name) = ObjectName::of_token(&self.seal.errand(one.errand)) else {
            return Came::Refused;
        };
        match self.store(&name, &bytes).await {
            Ok(()) => Came::Brought(Brought::Copy {
                object: name.as_str().to_owned(),
                bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            }),
            Err(error) => {
                warn!(error = %error, "a copy of a picture cannot be stored now");
                Came::Later(None)
            }
        }
    }
}

impl CopyMedia {
    async fn store(&self, name: &ObjectName, bytes: &[u8]) -> Result<(), ArtifactError> {
        let mut writer = self.artifacts.create(name).await?;
        writer.write(Bytes::from(sealed::seal(bytes))).await?;
        writer.finish().await?;
        Ok(())
    }
}
