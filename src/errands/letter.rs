//! The letter about a new link.

use std::sync::Arc;

use async_trait::async_trait;
use picdesk_core::{
    errand::{Brought, Errand},
    letter::UNDO_MS,
};
use tracing::warn;

use super::{Came, Handler, Try};
use crate::{
    mail::{MailError, Mailer, Written},
    site::{Site, SiteError},
    turn::Desk,
    words::LetterWords,
};

/// Writes to people of the site.
pub struct WriteLetter {
    /// Who knows their addresses.
    pub site: Arc<dyn Site>,
    /// Who carries letters.
    pub mailer: Mailer,
    /// Wording and keys.
    pub desk: Arc<Desk>,
}

#[async_trait]
impl Handler for WriteLetter {
    async fn run(&self, one: Try<'_>) -> Came {
        let Errand::Letter(letter) = one.what else { return Came::Refused };
        let to = match self.site.address_of(&letter.subject).await {
            Ok(Some(address)) => address,
            // Who has no address, or is there no more, gets no letter.
            Ok(None) | Err(SiteError::Refused) => return Came::Refused,
            Err(SiteError::TooSoon(wait)) => return Came::Later(Some(wait)),
            Err(SiteError::Later(wait)) => return Came::Later(wait),
        };
        let context = &self.desk.context;
        let token = self.desk.seal.letter(letter, letter.at.saturating_add(UNDO_MS));
        let url = format!("{}/letter/{token}", self.desk.house.public_url);
        let words = LetterWords {
            product: &context.product_name,
            channel: letter.by.channel(),
            name: &letter.name,
            at_ms: letter.at,
            url: &url,
        };
        let (subject, body) = self.desk.words.letter(letter.language, &words, &context.zone);
        let written = Written { errand: one.errand, to, subject, body };
        match self.mailer.send(&written).await {
            Ok(()) => Came::Brought(Brought::Nothing),
            Err(MailError::Refused) => {
                warn!("the mail server refuses a letter about a new link");
                Came::Refused
            }
            Err(MailError::Unauthorized) => {
                self.desk.alarms.raise("the mail server does not accept us: no letters go out");
                Came::Later(None)
            }
            Err(MailError::Later) => Came::Later(None),
        }
    }
}
