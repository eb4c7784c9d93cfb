//! The errand worker: durable work with an outside party other than delivering and generating.
//!
//! A turn opens an errand under an id of its own before anything is asked of anybody; whoever runs
//! it names that id to the outside party, so that asking twice is asking once. What came of it
//! enters by the inbox, in the commit that ends the errand. Each kind has a handler, registered
//! here; kinds without one wait (another replica may have it) until their time is over.

mod change_plan;
mod checkout;
mod copy_media;
mod creem;
mod letter;
mod look_at_payment;
mod refund;
mod screen;
mod sign_in;
mod stars;
mod suspects;
mod under_way;

use std::{collections::BTreeMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use picdesk_core::{
    errand::{Brought, Errand, ErrandEnd, ErrandFailure, ErrandKind},
    id::{ConversationId, ErrandId},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

pub use self::{
    change_plan::ChangePlan, checkout::MakeCheckout, copy_media::CopyMedia, letter::WriteLetter,
    look_at_payment::LookAtPayment, refund::GiveBack, screen::ScreenWords, sign_in::SignIn,
    stars::SeeToStars,
};
use self::{suspects::Suspects, under_way::UnderWay};
use crate::{
    alarm::Alarms,
    calm::Begin,
    store::{
        Store, StoreError, Work,
        errands::{self as rows, ATTEMPTS_MAX, Claim, Claimed, PutBack, Wanted},
    },
    telemetry::metrics,
};

/// Errands of one kind at once.
const AT_ONCE: usize = 4;
/// The net under the wake-ups.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long one try may take.
const TRY_MAX: Duration = Duration::from_mins(1);
/// The first wait before another try; it doubles.
const WAIT: Duration = Duration::from_secs(1);
/// The longest.
const WAIT_MAX: Duration = Duration::from_mins(1);

/// One try of an errand.
#[derive(Clone, Copy, Debug)]
pub struct Try<'e> {
    /// Which errand. The same at every try: what the outside party is told to know it by.
    pub errand: ErrandId,
    /// Where what comes of it happens.
    pub conversation: &'e ConversationId,
    /// What is to be done.
    pub what: &'e Errand,
    /// When it is too late, milliseconds since the epoch.
    pub until: i64,
    /// Whether it was tried before: what is asked for now may have happened then.
    pub again: bool,
}

/// What came of a try, by what is done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// It is done.
    Brought(Brought),
    /// The other side said no, and will say no again.
    Refused,
    /// The other side cannot be reached, or asks for patience: try again, after this long where it
    /// says so. An outcome that nobody knows is this too: the next try names the same id.
    Later(Option<Duration>),
}

/// Runs errands of one kind. May be called again for the same errand, also after a crash, and must
/// then come to the same.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Tries once. It is cut off after a minute.
    async fn run(&self, one: Try<'_>) -> Came;
}

/// Who runs errands of which kind.
pub type Handlers = BTreeMap<ErrandKind, Arc<dyn Handler>>;

/// Runs errands.
pub struct Errands {
    store: Store,
    replica: i64,
    handlers: Handlers,
    alarms: Alarms,
}

impl Errands {
    /// With nothing under way.
    pub fn new(store: Store, replica: i64, handlers: Handlers, alarms: Alarms) -> Self {
        Self { store, replica, handlers, alarms }
    }

    /// Runs errands until it is told to stop; then waits for those under way.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut under_way = UnderWay::default();
        let mut suspects = Suspects::since_now(self.store.clock());
        while !stop.is_cancelled() {
            under_way.forget_ended();
            match self.begin_some(&mut under_way, &mut suspects).await {
                Ok(()) => {}
                Err(StoreError::Fenced | StoreError::Closing) => return,
                Err(error) => error!(error = %error, "errands cannot be read now"),
            }
            tokio::select! {
                () = self.store.wakes().rung(Work::Errands) => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                true = under_way.ended() => {}
                () = stop.cancelled() => {}
            }
        }
        while under_way.ended().await {}
    }

    async fn begin_some(
        self: &Arc<Self>,
        under_way: &mut UnderWay,
        suspects: &mut Suspects,
    ) -> Result<(), StoreError> {
        self.recover_strays(under_way).await?;
        let now = self.store.clock().now_ms();
        {
            // Most looks find nothing, and then nothing is written.
            let mut connection = self.store.read().await?;
            if !rows::is_any_due(&mut connection, now).await? {
                return Ok(());
            }
        }
        self.begin_suspect(under_way, suspects, now).await?;
        for kind in ErrandKind::ALL {
            let room = AT_ONCE.saturating_sub(under_way.count(kind));
            if room == 0 {
                continue;
            }
            // What nobody here can run is not left without an end.
            let late_only = !self.handlers.contains_key(&kind);
            let count = i64::try_from(room).unwrap_or(1);
            for claimed in self.claim(Wanted { kind, count, late_only }, now).await? {
                let claim = claimed.claim;
                let errands = Arc::clone(self);
                under_way.begin(kind, claim, errands.run_one(kind, claimed));
            }
        }
        Ok(())
    }

    async fn claim(&self, wanted: Wanted, now: i64) -> Result<Vec<Claimed>, StoreError> {
        let replica = self.replica;
        self.store.writer().run(move |tx| Box::pin(rows::claim(tx, replica, wanted, now))).await
    }

    /// Puts back what is ours by its row and not under way: nobody else would, as long as this
    /// process lives.
    async fn recover_strays(&self, under_way: &UnderWay) -> Result<(), StoreError> {
        let strays = {
            let mut connection = self.store.read().await?;
            rows::strays(&mut connection, self.replica, under_way.claims()).await?
        };
        for claim in strays {
            warn!("errand {} of ours was not under way", claim.errand());
            self.put_back(claim, PutBack::Broke, WAIT).await;
        }
        Ok(())
    }

    /// One claimed errand, from its try to its end.
    async fn run_one(self: Arc<Self>, kind: ErrandKind, claimed: Claimed) {
        let claim = claimed.claim;
        if claimed.attempts > ATTEMPTS_MAX || Begin::after(claimed.deaths) == Begin::Never {
            return self.set_aside(kind, &claimed).await;
        }
        let Some(what) = claimed.what.clone() else {
            return self.set_aside(kind, &claimed).await;
        };
        if claimed.until <= self.store.clock().now_ms() {
            return self.end(kind, &claimed, what, ErrandEnd::Failed(ErrandFailure::TooLate)).await;
        }
        let Some(came) = self.try_once(&claimed, &what).await else {
            if claimed.attempts >= ATTEMPTS_MAX {
                return self.set_aside(kind, &claimed).await;
            }
            return self.put_back(claim, PutBack::Broke, doubled(claimed.attempts)).await;
        };
        let end = match came {
            Came::Brought(brought) => ErrandEnd::Brought(brought),
            Came::Refused => ErrandEnd::Failed(ErrandFailure::Refused),
            Came::Later(wait) => {
                let wait = wait.unwrap_or_else(|| doubled(claimed.waits + 1));
                return self.put_back(claim, PutBack::Waited, wait).await;
            }
        };
        self.end(kind, &claimed, what, end).await;
    }

    /// What came of a try; nothing when it broke off.
    async fn try_once(&self, claimed: &Claimed, what: &Errand) -> Option<Came> {
        let handler = self.handlers.get(&what.kind())?;
        let (errand, until) = (claimed.claim.errand(), claimed.until);
        let again = claimed.waits > 0 || claimed.attempts > 1;
        let one = Try { errand, conversation: &claimed.conversation, what, until, again };
        let trying = AssertUnwindSafe(handler.run(one)).catch_unwind();
        match tokio::time::timeout(TRY_MAX, trying).await {
            Ok(Ok(came)) => Some(came),
            Ok(Err(_panic)) => {
                error!("errand {errand} ({}) panicked", what.kind().word());
                self.alarms.raise("an errand panicked");
                None
            }
            Err(_) => Some(Came::Later(None)),
        }
    }

    /// Ends an errand, however long the store is away.
    async fn end(&self, kind: ErrandKind, claimed: &Claimed, what: Errand, end: ErrandEnd) {
        let outcome = match &end {
            ErrandEnd::Brought(_) => "done",
            ErrandEnd::Failed(ErrandFailure::Refused) => "refused",
            ErrandEnd::Failed(ErrandFailure::TooLate) => "too_late",
            ErrandEnd::Failed(ErrandFailure::Broken) => "broken",
        };
        let (claim, now) = (claimed.claim, self.store.clock().now_ms());
        let told = Arc::new((claimed.conversation.clone(), what, end));
        let ended = self.insist(claim, || {
            let told = Arc::clone(&told);
            self.store.writer().run(move |tx| {
                let told = Arc::clone(&told);
                Box::pin(
                    async move { rows::end(tx, claim, (&told.0, &told.1, &told.2), now).await },
                )
            })
        });
        if ended.await {
            metrics::errand_ended(kind.word(), outcome);
            info!("errand {} ({}) ended: {outcome}", claim.errand(), kind.word());
            self.store.wakes().ring(Work::Inbox);
        }
    }

    async fn set_aside(&self, kind: ErrandKind, claimed: &Claimed) {
        let (claim, now) = (claimed.claim, self.store.clock().now_ms());
        let broken = ErrandEnd::Failed(ErrandFailure::Broken);
        let told = claimed.what.clone().map(|what| (claimed.conversation.clone(), what, broken));
        let told = Arc::new(told);
        let aside = self.insist(claim, || {
            let told = Arc::clone(&told);
            self.store.writer().run(move |tx| {
                let told = Arc::clone(&told);
                Box::pin(async move {
                    let told = (*told).as_ref().map(|(at, what, end)| (at, what, end));
                    rows::set_aside(tx, claim, told, now).await
                })
            })
        });
        if aside.await {
            metrics::errand_ended(kind.word(), "set_aside");
            error!("errand {} ({}) was set aside", claim.errand(), kind.word());
            self.alarms.raise("an errand came to no end and was set aside");
            self.store.wakes().ring(Work::Inbox);
        }
    }

    async fn put_back(&self, claim: Claim, why: PutBack, wait: Duration) {
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        let until = self.store.clock().now_ms().saturating_add(wait);
        self.insist(claim, || {
            self.store.writer().run(move |tx| Box::pin(rows::put_back(tx, claim, why, until)))
        })
        .await;
    }

    /// Writes down, however long the store is away. Whether our claim still held.
    async fn insist<W>(&self, claim: Claim, write: impl Fn() -> W) -> bool
    where
        W: Future<Output = Result<bool, StoreError>>,
    {
        loop {
            match write().await {
                Ok(true) => return true,
                Ok(false) => {
                    warn!("errand {} is another's by now", claim.errand());
                    return false;
                }
                Err(StoreError::Closing | StoreError::Fenced) => return false,
                Err(error) => {
                    error!(error = %error, "what came of an errand cannot be written down now");
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        }
    }
}

/// The wait before try number `tries` of the same.
fn doubled(tries: i64) -> Duration {
    let doublings = u32::try_from(tries.clamp(1, 16) - 1).unwrap_or(0);
    (WAIT * (1 << doublings)).min(WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute() {
        let waits: Vec<u64> = [1, 2, 3, 7, 99].map(|tries| doubled(tries).as_secs()).into();
        assert_eq!(waits, [1, 2, 4, 60, 60]);
    }
}
