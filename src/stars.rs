//! Looking at Telegram for payments in Stars that we were not told of: it forgets after a day what
//! nobody fetched (tdlib/telegram-bot-api, message expiry).
//!
//! All transactions stand in one list, oldest first. How far it was read moves in the commit that
//! writes down what was news in it; what is told twice is given once.

use std::{sync::Arc, time::Duration};

use picdesk_core::{
    channel::{Arrival, Checkpoint, Inbox as _, Lane, Received},
    event::Event,
    id::ConversationId,
    payment::{Mode, Money, Notice, Paid, PlanState, PlanTold, Told, refund},
};
use picdesk_telegram::{
    TelegramChannel,
    stars::{PAGE, StarsError, Transaction},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    inbox::Door,
    store::{Store, StoreError, payments},
};

/// How often Telegram is looked at.
const EVERY: Duration = Duration::from_mins(10);
/// Pages of the list in one look.
const PAGES_MAX: u32 = 1000;
/// What the place in the list is called.
const SOURCE: &str = "telegram-stars";

/// Why a look came to nothing.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error(transparent)]
    Telegram(#[from] StarsError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the inbox cannot be written")]
    Inbox,
}

/// Looks at what was paid in Stars.
pub struct Reconciler {
    /// Whom to ask.
    pub telegram: Arc<TelegramChannel>,
    /// What we know.
    pub store: Store,
    /// Where news enters.
    pub door: Door,
    /// What our names for purchases begin with.
    pub tag: String,
}

impl Reconciler {
    /// Looks until it is told to stop.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let looked = tokio::select! {
                looked = self.look() => looked,
                () = stop.cancelled() => return,
            };
            match looked {
                Ok(0) => {}
                Ok(news) => info!("Telegram had {news} payments in Stars that we were not told of"),
                Err(error) => warn!(error = %error, "payments in Stars cannot be looked at now"),
            }
            stop.run_until_cancelled(tokio::time::sleep(EVERY)).await;
        }
    }

    /// One look; how many things were sent on that may be news.
    async fn look(&self) -> Result<usize, LookError> {
        let mut news = 0;
        for _ in 0..PAGES_MAX {
            let from = self.door.checkpoint(SOURCE).await.map_err(|_| LookError::Inbox)?;
            let offset = from.as_deref().and_then(|at| at.parse().ok()).unwrap_or(0_u32);
            let page = self.telegram.star_transactions(offset).await?;
            let count = u32::try_from(page.len()).unwrap_or(PAGE);
            if count == 0 {
                break;
            }
            let mut arrivals = Vec::new();
            for transaction in &page {
                arrivals.extend(self.news_in(transaction).await?);
            }
            news += arrivals.len();
            let to = offset.saturating_add(count).to_string();
            let checkpoint = Checkpoint { source: SOURCE.to_owned(), from, to };
            let accepted = self.door.accept(arrivals, Some(checkpoint)).await;
            accepted.map_err(|_| LookError::Inbox)?;
            if count < PAGE {
                break;
            }
        }
        Ok(news)
    }

    /// What a transaction of ours says that we do not know.
    async fn news_in(&self, transaction: &Transaction) -> Result<Option<Arrival>, StoreError> {
        let (partner, came) = match (&transaction.source, &transaction.receiver) {
            (Some(payer), _) => (payer, true),
            (None, Some(payer)) => (payer, false),
            (None, None) => return Ok(None),
        };
        let request = partner.invoice_payload.as_ref().filter(|it| it.starts_with(&self.tag));
        let (Some(user), Some(request)) = (&partner.user, request) else { return Ok(None) };
        let at = transaction.date.saturating_mul(1000);
        let payment = format!("charge:{}", transaction.id);
        let told = if came {
            let mut connection = self.store.read().await?;
            if payments::is_given(&mut connection, &payment).await? {
                return Ok(None);
            }
            let subscription = format!("stars:{request}");
            let known = payments::plan_known_at(&mut connection, &subscription).await?;
            let paid = Paid {
                payment,
                product: None,
                price: Some(Money::stars(transaction.amount)),
                discount: 0,
                charged: None,
                link: None,
                customer: None,
            };
            match partner.subscription_period.filter(|period| *period > 0) {
                None => Told::Bought(paid),
                Some(period) => {
                    let plan = PlanTold {
                        subscription,
                        product: None,
                        state: PlanState::Active,
                        until: at.saturating_add(period.saturating_mul(1000)),
                        changed_at: at,
                        customer: known.is_none().then(|| transaction.id.clone()),
                    };
                    Told::PlanPaid(paid, plan)
                }
            }
        } else {
            Told::Reversed(refund(&transaction.id, transaction.amount))
        };
        let way = if came { "paid" } else { "back" };
        let notice = Notice { at, mode: Mode::Live, request: Some(request.clone()), told };
        Ok(Some(Arrival::Event(Box::new(Received {
            external_id: format!("stars:{way}:{}", transaction.id),
            conversation: ConversationId(format!("telegram:{}", user.id)),
            lane: Lane::Conversation,
            happened_at: i64::MIN,
            event: Event::PaymentTold(notice),
            raw: Vec::new(),
            envelope: None,
        }))))
    }
}
