//! Before somebody pays in Telegram Stars we are asked whether they may, and have ten seconds (Bot
//! API, `answerPreCheckoutQuery`). The answer is in the store: it is looked up at once and waits
//! behind nothing that the inbox holds. Nothing is written down, for nothing follows from it; what
//! was paid is told afterwards, and that is.

use std::sync::Arc;

use picdesk_core::{
    account::Language,
    channel::{Channel, Showing},
    payment::{Asking, NoDeal, may_pay},
    say::{Say, StarsSay},
};
use tokio::{sync::mpsc, task::JoinSet, time::Duration};
use tracing::{info, warn};

use crate::{
    store::{Store, StoreError, payments},
    turn::Desk,
};

/// Questions that wait to be answered; what does not fit would be answered too late.
pub const ASKED_MAX: usize = 256;
/// Answers on their way at once.
const UNDER_WAY_MAX: usize = 32;
/// How long the store may take: an answer that it is away has to be in time as well.
const LOOK_UP_MAX: Duration = Duration::from_secs(5);

/// Answers what channels ask about payments, until nobody asks any more.
pub async fn answer_askings(
    channels: Vec<Arc<dyn Channel>>,
    desk: Arc<Desk>,
    store: Store,
    mut asked: mpsc::Receiver<Asking>,
) {
    let mut under_way = JoinSet::new();
    while let Some(asking) = asked.recv().await {
        while under_way.try_join_next().is_some() {}
        if under_way.len() >= UNDER_WAY_MAX {
            under_way.join_next().await;
        }
        let named = channels.iter().find(|it| it.capabilities().name == asking.channel);
        let Some(channel) = named.map(Arc::clone) else { continue };
        let (desk, store) = (Arc::clone(&desk), store.clone());
        under_way.spawn(async move {
            let refusal = refusal(&desk, &store, &asking).await;
            let what = if refusal.is_none() { "may go on" } else { "is refused" };
            info!("a payment of {} {what} before it is made", asking.request);
            let question = asking.question;
            let showing = Showing::PaymentAnswer { question, refusal };
            if let Err(error) = channel.show(showing).await {
                warn!(error = %error, "a question before a payment could not be answered");
            }
        });
    }
    while under_way.join_next().await.is_some() {}
}

/// Why a payment may not go on, in words; nothing where it may.
async fn refusal(desk: &Desk, store: &Store, asking: &Asking) -> Option<String> {
    let looked = tokio::time::timeout(LOOK_UP_MAX, look_up(desk, store, asking));
    let (answer, language) = match looked.await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            warn!(error = %error, "a question before a payment cannot be looked up");
            (Err(NoDeal::Unknown), None)
        }
        Err(_late) => (Err(NoDeal::Unknown), None),
    };
    let language = language.or(asking.by.language).unwrap_or(desk.house.language_default);
    let why = answer.err()?;
    Some(desk.words.tap_answer(language, &Say::Stars(StarsSay::NoDeal(why)), &desk.context))
}

async fn look_up(
    desk: &Desk,
    store: &Store,
    asking: &Asking,
) -> Result<(Result<(), NoDeal>, Option<Language>), StoreError> {
    let mut connection = store.read().await?;
    let now = store.clock().now_ms();
    let (checkout, beside, language) = payments::asked(&mut connection, asking, now).await?;
    let of = (checkout.as_ref(), &beside);
    Ok((may_pay(&desk.house.catalogue, of, asking, now), language))
}
