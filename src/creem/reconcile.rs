//! Looking at Creem for what we were not told: it gives up on a webhook after 66 minutes.
//!
//! At the start and every ten minutes it is asked about links of ours that are not paid yet, about
//! plans, and about payments whose money went back. What is news enters by the inbox like any
//! webhook, and is given once however often it is told. Links that are a week old are asked about
//! only while there is a payment that nobody has heard of (`strays`).

use std::{collections::HashMap, time::Duration};

use picdesk_core::{
    channel::{Arrival, Inbox as _, Lane, Received},
    event::Event,
    id::ConversationId,
    payment::{Notice, TOLD_IN},
};
use serde::Deserialize as _;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    CallError, Creem, Page, Subscription, Transaction,
    absence::Absence,
    notice::{self, PaidLink},
    strays::{self, Stray, Strays},
};
use crate::{
    alarm::Alarms,
    inbox::Door,
    store::{
        Store, StoreError,
        payments::{self, OpenLink},
    },
};

/// How often Creem is looked at.
const EVERY: Duration = Duration::from_mins(10);
/// Links that were asked for longer ago are looked at only for a stray payment, milliseconds.
const LINKS_MS: i64 = 7 * 86_400_000;
/// The newest links that every look is at, and older ones, by turns, beside them.
const LINKS_NEWEST: i64 = 200;
const LINKS_OLDER: i64 = 400;
/// Links in one look that cannot be looked at before it is given up.
const LINKS_FAILED_MAX: usize = 5;
/// Links that are read for a stray payment in one look; of those at most [`LINKS_OLDER`] are asked
/// about.
const LINKS_READ: usize = 4000;
/// The place before every link.
pub(super) const NEWEST: (i64, String) = (i64::MAX, String::new());
/// How far back payments are looked through, milliseconds; and now and then, since money may go
/// back after two months (Creem, "Refunds": within 60 days).
const SHALLOW_MS: i64 = 2 * 86_400_000;
const DEEP_MS: i64 = 75 * 86_400_000;
/// Of so many looks one is deep: every six hours, and the first.
const DEEP_EVERY: u32 = 36;
/// Pages of one list in one look.
const PAGES_MAX: u32 = 400;

/// A notice on its way into the inbox.
pub fn arrival(id: &str, notice: Notice, raw: Vec<u8>) -> Arrival {
    Arrival::Event(Box::new(Received {
        external_id: format!("creem:{id}"),
        conversation: ConversationId(TOLD_IN.to_owned()),
        lane: Lane::Conversation,
        // It can be sent again months later by hand.
        happened_at: i64::MIN,
        event: Event::PaymentTold(notice),
        raw,
        envelope: None,
    }))
}

/// Why a look came to nothing.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error("Creem: {0}")]
    Call(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the inbox cannot be written")]
    Inbox,
}

/// Looks at Creem.
pub struct Reconciler {
    /// Whom to ask.
    pub creem: Creem,
    /// What we know.
    pub store: Store,
    /// Where news enters.
    pub door: Door,
    /// What our names for purchases begin with.
    pub tag: String,
    /// Where the owner hears that Creem is away for long.
    pub alarms: Alarms,
}

/// Asks for a look at one link, because its payer has come back. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Look(mpsc::Sender<String>);

impl Look {
    /// Somebody who asks, and who is asked.
    pub fn channel() -> (Self, mpsc::Receiver<String>) {
        /// Links that wait for a look; the others have theirs within ten minutes.
        const WAITING_MAX: usize = 64;
        let (asking, asked) = mpsc::channel(WAITING_MAX);
        (Self(asking), asked)
    }

    /// Asks for a look at a link, by what Creem calls it.
    pub fn at(&self, link: &str) {
        // Without room it is looked at with the others.
        let _ = self.0.try_send(link.to_owned());
    }
}

impl Reconciler {
    /// Looks until it is told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let mut looks = 0_u32;
        let (mut turn, mut strays) = (NEWEST, Strays::default());
        let mut absence = Absence::default();
        while !stop.is_cancelled() {
            let deep = looks.is_multiple_of(DEEP_EVERY);
            let looked = tokio::select! {
                looked = self.look(deep, &mut turn, &mut strays) => looked,
                () = stop.cancelled() => return,
            };
            let answered = match &looked {
                Ok(_) => Some(true),
                Err(LookError::Call(_)) => Some(false),
                // Of Creem that says nothing.
                Err(LookError::Store(_) | LookError::Inbox) => None,
            };
            let now = self.store.clock().now_ms();
            if let Some(what) = answered.and_then(|answered| absence.looked(now, answered)) {
                self.alarms.raise(what);
            }
            match looked {
                Ok(0) => {}
                Ok(news) => info!("Creem had {news} news that we were not told"),
                Err(error) => warn!(error = %error, "Creem cannot be looked at now"),
            }
            looks = looks.wrapping_add(1);
            stop.run_until_cancelled(tokio::time::sleep(EVERY)).await;
        }
    }

    /// One look; how many things were sent on that may be news. Where Creem does not show one kind
    /// of things, the others are looked at all the same.
    async fn look(
        &self,
        deep: bool,
        turn: &mut (i64, String),
        strays: &mut Strays,
    ) -> Result<usize, LookError> {
        let links = self.look_at_links(turn).await;
        let plans = self.look_at_plans(strays).await;
        let payments = self.look_at_payments(deep, strays).await;
        let found = self.look_for_strays(strays).await;
        Ok(links? + plans? + payments? + found?)
    }

    async fn look_at_links(&self, turn: &mut (i64, String)) -> Result<usize, LookError> {
        let (mut news, mut failed) = (0, 0);
        for link in self.open_links(turn).await? {
            match self.look_at_link(&link.link, Some(&link.place.1)).await {
                Ok(paid) => news += usize::from(paid.is_some()),
                // One that Creem cannot show keeps nobody else waiting.
                Err(LookError::Call(error)) if failed < LINKS_FAILED_MAX => {
                    failed += 1;
                    warn!(error = %error, "a payment link cannot be looked at now");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(news)
    }

    /// Of payments that nobody has heard of, whether they are by links of ours, however old.
    async fn look_for_strays(&self, strays: &mut Strays) -> Result<usize, LookError> {
        let (mut news, mut read, mut asked) = (0, 0, 0);
        self.forget_told(strays).await?;
        let limit = usize::try_from(LINKS_OLDER).unwrap_or(usize::MAX);
        while let Some(from) = strays.next() {
            if read >= LINKS_READ || asked >= limit {
                break;
            }
            let page = {
                let mut connection = self.store.read().await?;
                payments::open_links(&mut connection, i64::MIN, &from, LINKS_OLDER).await?
            };
            if page.is_empty() {
                strays.looked_through();
                continue;
            }
            read += page.len();
            for link in page {
                if strays.may_be(&link) {
                    asked += 1;
                    if let Some(paid) = self.look_at_link(&link.link, Some(&link.place.1)).await? {
                        strays.found(&paid);
                        news += 1;
                    }
                }
                strays.passed(link);
            }
        }
        Ok(news)
    }

    /// What was told meanwhile is looked for no more.
    async fn forget_told(&self, strays: &mut Strays) -> Result<(), LookError> {
        let mut connection = self.store.read().await?;
        for name in strays.names() {
            let told = match name.strip_prefix(strays::PLAN) {
                Some(plan) => payments::plan_known_at(&mut connection, plan).await?.is_some(),
                None => payments::is_heard_of(&mut connection, &name).await?,
            };
            if told {
                strays.forget(&name);
            }
        }
        Ok(())
    }

    /// The newest links, and some of the older ones: `turn` is where these go on the next time.
    async fn open_links(&self, turn: &mut (i64, String)) -> Result<Vec<OpenLink>, LookError> {
        let since = self.store.clock().now_ms().saturating_sub(LINKS_MS);
        let mut connection = self.store.read().await?;
        let mut links = payments::open_links(&mut connection, since, &NEWEST, LINKS_NEWEST).await?;
        let Some(last) = links.last().map(|link| link.place.clone()) else { return Ok(links) };
        let from = last.min(std::mem::replace(turn, NEWEST));
        let older = payments::open_links(&mut connection, since, &from, LINKS_OLDER).await?;
        if i64::try_from(older.len()).is_ok_and(|found| found == LINKS_OLDER)
            && let Some(last) = older.last()
        {
            *turn = last.place.clone();
        }
        links.extend(older);
        Ok(links)
    }

    /// What a link was paid for, sent on; nothing while it is not paid. It is of the purchase that
    /// we made it for, whatever is told there.
    async fn look_at_link(
        &self,
        link: &str,
        request: Option<&str>,
    ) -> Result<Option<PaidLink>, LookError> {
        let object = match self.creem.checkout(link).await {
            Err(CallError::Missing) => return Ok(None),
            found => found?,
        };
        let Some(paid) = notice::paid_link(&object) else { return Ok(None) };
        let request = request.map(str::to_owned).or(paid.request.clone());
        let request = match request {
            None => {
                let mut connection = self.store.read().await?;
                payments::request_of_link(&mut connection, link).await?
            }
            known => known,
        };
        if let Some(subscription) = &paid.subscription {
            // It tells of its payment too, and how it is now.
            match self.creem.subscription(subscription).await {
                Err(CallError::Missing) => {}
                plan => _ = self.look_at_plan(plan?, request).await?,
            }
            return Ok(Some(paid));
        }
        let now = self.store.clock().now_ms();
        if let Some(notice) = notice::of_asked_checkout(object, now) {
            let request = request.or(notice.request);
            self.accept(&format!("pull:checkout:{link}"), Notice { request, ..notice }).await?;
        }
        Ok(Some(paid))
    }

    async fn look_at_plans(&self, strays: &mut Strays) -> Result<usize, LookError> {
        let (mut page, mut news) = (Some(Page(1)), 0);
        while let Some(this) = page.filter(|page| page.0 <= PAGES_MAX) {
            let (found, next) = self.creem.subscriptions(this).await?;
            for value in found {
                let Ok(plan) = Subscription::deserialize(&value) else { continue };
                match self.look_at_plan(value, None).await? {
                    Some(is_news) => news += usize::from(is_news),
                    // It may be ours and not say so.
                    None => strays.seen(Stray::of_plan(&plan)),
                }
            }
            page = next;
        }
        Ok(news)
    }

    /// Whether a plan of ours is otherwise than we know, or has a payment that we do not; nothing
    /// where it is none of ours, as far as anybody says: it does by itself, by the link that it was
    /// paid by (`request`), or by what we know.
    async fn look_at_plan(
        &self,
        value: Value,
        request: Option<String>,
    ) -> Result<Option<bool>, LookError> {
        let Ok(plan) = Subscription::deserialize(&value) else { return Ok(None) };
        let named = plan.metadata.as_ref().and_then(|it| it.request.clone());
        let changed_at = plan.updated_at.unwrap_or(0);
        let transaction = plan.last_transaction_id.clone().unwrap_or_default();
        let (known, is_given) = {
            let mut connection = self.store.read().await?;
            let payment = format!("transaction:{transaction}");
            let known = payments::plan_known_at(&mut connection, &plan.id).await?;
            (known, payments::is_given(&mut connection, &payment).await?)
        };
        let (known_at, known) = known.unzip();
        let request = request.or(known).or(named).filter(|name| name.starts_with(&self.tag));
        if request.is_none() {
            return Ok(None);
        }
        let unpaid = !transaction.is_empty() && !is_given;
        let paid = if unpaid { self.paid(&transaction).await? } else { None };
        if paid.is_none() && known_at.is_some_and(|known_at| known_at >= changed_at) {
            return Ok(Some(false));
        }
        let at = changed_at;
        let (notice, what) = match &paid {
            Some(payment) => (notice::of_paid_subscription(value, at, payment), "paid"),
            None => (notice::of_asked_subscription(value, at), "changed"),
        };
        let Some(notice) = notice else { return Ok(Some(false)) };
        let id = format!("pull:plan:{}:{changed_at}:{transaction}:{what}", plan.id);
        self.accept(&id, Notice { request, ..notice }).await?;
        Ok(Some(true))
    }

    /// A payment, where it came.
    async fn paid(&self, transaction: &str) -> Result<Option<Transaction>, LookError> {
        match self.creem.transaction(transaction).await {
            Ok(found) => Ok(Some(found).filter(|it| it.came() == Some(true))),
            Err(CallError::Missing) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn look_at_payments(&self, deep: bool, strays: &mut Strays) -> Result<usize, LookError> {
        let back = if deep { DEEP_MS } else { SHALLOW_MS };
        let since = self.store.clock().now_ms().saturating_sub(back);
        let (mut page, mut news) = (Some(Page(1)), 0);
        while let Some(this) = page.filter(|page| page.0 <= PAGES_MAX) {
            let (found, next) = self.creem.transactions(this).await?;
            let is_old = |it: &Transaction| it.created_at.is_some_and(|at| at < since);
            page = next.filter(|_| !found.iter().any(is_old));
            for payment in &found {
                news += usize::from(self.look_for_period(payment).await?);
                if let Some(stray) = self.stray(payment).await? {
                    strays.seen(stray);
                }
            }
            news += self.look_for_reversals(found).await?;
        }
        Ok(news)
    }

    /// Whether a period of a plan of ours was paid of which we know nothing: a plan itself tells
    /// only of its last one.
    async fn look_for_period(&self, payment: &Transaction) -> Result<bool, LookError> {
        let Some(subscription) = &payment.subscription else { return Ok(false) };
        let now = self.store.clock().now_ms();
        let Some(notice) = notice::of_period(payment, now) else { return Ok(false) };
        let name = payment.payment().unwrap_or_default();
        let is_news = {
            let mut connection = self.store.read().await?;
            payments::plan_known_at(&mut connection, subscription).await?.is_some()
                && !payments::is_given(&mut connection, &name).await?
        };
        if is_news {
            self.accept(&format!("pull:period:{name}"), notice).await?;
        }
        Ok(is_news)
    }

    /// Something bought once of which nobody has told us: it may be by one of our links.
    async fn stray(&self, payment: &Transaction) -> Result<Option<Stray>, LookError> {
        let Some(stray) = Stray::of_order(payment) else { return Ok(None) };
        let mut connection = self.store.read().await?;
        let heard_of = payments::is_heard_of(&mut connection, &stray.name).await?;
        Ok(Some(stray).filter(|_| !heard_of))
    }

    /// Of our payments, those of which more went back than we know.
    async fn look_for_reversals(&self, found: Vec<Transaction>) -> Result<usize, LookError> {
        let now = self.store.clock().now_ms();
        let told: Vec<(Transaction, Notice)> = found
            .into_iter()
            .filter_map(|it| notice::of_transaction(&it, now).map(|notice| (it, notice)))
            .collect();
        let names: Vec<String> = told.iter().filter_map(|(it, _)| it.payment()).collect();
        let known: HashMap<String, payments::GoneBack> = {
            let mut connection = self.store.read().await?;
            payments::gone_back(&mut connection, &names).await?
        };
        let mut news = 0;
        for (transaction, notice) in told {
            let total = transaction.refunded_amount.unwrap_or(0);
            let payment = transaction.payment().unwrap_or_default();
            let is_news = known.get(&payment).is_some_and(|known| !known.covers(total));
            if is_news {
                self.accept(&format!("pull:back:{payment}:{total}"), notice).await?;
                news += 1;
            }
        }
        Ok(news)
    }

    async fn accept(&self, id: &str, notice: Notice) -> Result<(), LookError> {
        let arrivals = vec![arrival(id, notice, Vec::new())];
        self.door.accept(arrivals, None).await.map_err(|_| LookError::Inbox)
    }
}

/// Looks at links whose payers have come back, until it is told to stop.
pub async fn look_at_returns(
    reconciler: Reconciler,
    mut asked: mpsc::Receiver<String>,
    stop: CancellationToken,
) {
    while let Some(Some(link)) = stop.run_until_cancelled(asked.recv()).await {
        if let Err(error) = reconciler.look_at_link(&link, None).await {
            warn!(error = %error, "a payment whose payer came back cannot be looked at now");
        }
    }
}
