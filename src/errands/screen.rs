//! The screening of words by Creem. It fails closed: without an answer nothing is made.

use async_trait::async_trait;
use picdesk_core::errand::{Brought, Errand};
use tracing::warn;

use super::{Came, Handler, Try};
use crate::{
    alarm::Alarms,
    creem::{CallError, Creem, Verdict},
    store::{Store, facts, scope::OfHouse},
    telemetry::metrics,
};

/// Asks Creem what it thinks of words.
pub struct ScreenWords {
    /// Whom to ask.
    pub creem: Creem,
    /// Where the words are.
    pub store: Store,
    /// Who hears of what the owner has to see to.
    pub alarms: Alarms,
}

#[async_trait]
impl Handler for ScreenWords {
    async fn run(&self, one: Try<'_>) -> Came {
        let Errand::Screen { request, .. } = one.what else { return Came::Refused };
        let id = request.0;
        let found = async {
            let mut scoped = self.store.read_as(OfHouse).await?;
            facts::request_of_errand(&mut scoped, id).await
        };
        let asked = match found.await {
            Ok(found) => found,
            Err(error) => {
                warn!(error = %error, "the words of a request cannot be read now");
                return Came::Later(None);
            }
        };
        let Some(asked) = asked else { return Came::Refused };
        match self.creem.screen(&asked.prompt, &request.to_string()).await {
            Ok(verdict) => {
                if verdict != Verdict::Allowed {
                    metrics::prompt_refused();
                }
                Came::Brought(Brought::Screened { allowed: verdict == Verdict::Allowed })
            }
            Err(CallError::Later { retry_after }) => Came::Later(retry_after),
            Err(CallError::Unknown) => Came::Later(None),
            Err(CallError::Unauthorized) => {
                self.alarms.raise("Creem does not accept the key: no prompt can be screened");
                Came::Later(None)
            }
            Err(CallError::Missing | CallError::Refused(_)) => {
                self.alarms.raise("Creem refuses to screen prompts");
                Came::Refused
            }
        }
    }
}
