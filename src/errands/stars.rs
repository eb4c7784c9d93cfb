//! What is done at Telegram about Stars: links to the invoices of plans, money that goes back,
//! plans that are not renewed. All of it can be asked for twice.

use std::sync::Arc;

use async_trait::async_trait;
use picdesk_core::{
    channel::Invoice,
    errand::{Brought, Errand},
    id::IdentityId,
    payment::{Link, StarsErrand},
};
use picdesk_telegram::{TelegramChannel, stars::StarsError};
use tracing::warn;

use super::{Came, Handler, Try};
use crate::{
    store::{Store, StoreError, payments},
    turn::Desk,
};

/// Asks Telegram about Stars.
pub struct SeeToStars {
    /// Whom to ask.
    pub telegram: Arc<TelegramChannel>,
    /// In which words.
    pub desk: Arc<Desk>,
    /// Where it is written who paid.
    pub store: Store,
}

#[async_trait]
impl Handler for SeeToStars {
    async fn run(&self, one: Try<'_>) -> Came {
        let Errand::Stars(errand) = one.what else { return Came::Refused };
        let done = match &**errand {
            StarsErrand::Link { request, item, credits, stars, language, .. } => {
                let context = &self.desk.context;
                let sold = self.desk.words.invoice(*language, item, *credits, context);
                return self.link(&sold.into_invoice(request, *stars)).await;
            }
            StarsErrand::Refund { identity, charge, .. } => {
                self.telegram.refund_stars(identity, charge).await
            }
            StarsErrand::EndPlan { identity, charge } => {
                self.telegram.renew_subscription(identity, charge, false).await
            }
            StarsErrand::Renewal { charge, request, renewed, .. } => {
                // Whoever asked may be in another chat of the same account.
                let payer = match self.payer(request).await {
                    Ok(Some(payer)) => payer,
                    Ok(None) => return Came::Refused,
                    Err(error) => {
                        warn!(error = %error, "who paid cannot be looked up");
                        return Came::Later(None);
                    }
                };
                self.telegram.renew_subscription(&payer, charge, *renewed).await
            }
        };
        done.map_or_else(|error| failed(&error), |()| Came::Brought(Brought::Stars))
    }
}

impl SeeToStars {
    async fn payer(&self, request: &str) -> Result<Option<IdentityId>, StoreError> {
        let mut connection = self.store.read().await?;
        payments::payer(&mut connection, request).await
    }

    async fn link(&self, invoice: &Invoice) -> Came {
        match self.telegram.subscription_link(invoice).await {
            Ok(url) => {
                let id = invoice.request.clone();
                Came::Brought(Brought::Checkout(Link { id, url }))
            }
            Err(error) => failed(&error),
        }
    }
}

fn failed(error: &StarsError) -> Came {
    match error {
        StarsError::Later(wait) => Came::Later(*wait),
        StarsError::Refused(why) => {
            warn!("telegram refuses what is asked about Stars: {why}");
            Came::Refused
        }
    }
}
