//! Signing in by e-mail: a code is sent, and what was typed is looked at.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use picdesk_core::errand::{Brought, Errand};

use super::{Came, Handler, Try};
use crate::site::{Site, SiteError};

/// More than the wait that the site names: its seconds are whole ones.
const MARGIN: Duration = Duration::from_secs(1);

/// Asks the site.
pub struct SignIn {
    /// Whom.
    pub site: Arc<dyn Site>,
}

#[async_trait]
impl Handler for SignIn {
    async fn run(&self, one: Try<'_>) -> Came {
        let asked = match one.what {
            Errand::SendSignInCode { email, .. } => {
                self.site.send_code(email).await.map(|()| Brought::Nothing)
            }
            Errand::CheckSignInCode { email, code, .. } => {
                self.site.check_code(email, code).await.map(Brought::SignedIn)
            }
            Errand::CopyMedia { .. }
            | Errand::Screen { .. }
            | Errand::Checkout { .. }
            | Errand::LookAtPayment { .. }
            | Errand::ChangePlan { .. }
            | Errand::Refund { .. }
            | Errand::Stars(_)
            | Errand::Letter(_) => {
                return Came::Refused;
            }
        };
        match asked {
            Ok(brought) => Came::Brought(brought),
            Err(SiteError::Refused) => Came::Refused,
            // The letter of a moment ago is ours, and its answer was lost.
            Err(SiteError::TooSoon(_)) if one.again => Came::Brought(Brought::Nothing),
            Err(SiteError::TooSoon(wait)) => Came::Later(Some(wait + MARGIN)),
            Err(SiteError::Later(wait)) => Came::Later(wait),
        }
    }
}
