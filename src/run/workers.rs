//! The tasks of a serving process. One that ends unasked is begun anew; where that cannot be, the
//! process ends: nobody is served by half a house that says it is well.

use std::{
    collections::BTreeSet,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::error;

use crate::{clockwork::membership::Held, http::Condition, telemetry::metrics};

/// Before work that ended by itself is begun anew.
const REST: Duration = Duration::from_secs(1);

/// The tasks. Clones are one.
#[derive(Clone)]
pub(super) struct Workers(Arc<Watched>);

struct Watched {
    tasks: TaskTracker,
    condition: Condition,
    state: Mutex<State>,
    lost: CancellationToken,
    which: OnceLock<&'static str>,
    rest: Duration,
}

struct State {
    phase: Phase,
    down: BTreeSet<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Running,
    Stopping,
}

impl Workers {
    /// No tasks yet. The condition says how they are.
    pub(super) fn new(condition: Condition) -> Self {
        Self::resting(condition, REST)
    }

    fn resting(condition: Condition, rest: Duration) -> Self {
        let state = State { phase: Phase::Starting, down: BTreeSet::new() };
        Self(Arc::new(Watched {
            tasks: TaskTracker::new(),
            condition,
            state: Mutex::new(state),
            lost: CancellationToken::new(),
            which: OnceLock::new(),
            rest,
        }))
    }

    /// Runs work until it is told to stop, anew whenever it ends by itself.
    pub(super) fn keep<F, W>(&self, name: &str, stop: &CancellationToken, work: F)
    where
        F: Fn(CancellationToken) -> W + Send + 'static,
        W: Future<Output = ()> + Send,
    {
        let (workers, stop, name) = (self.clone(), stop.clone(), name.to_owned());
        self.0.tasks.spawn(async move {
            loop {
                let ended = AssertUnwindSafe(work(stop.clone())).catch_unwind().await;
                if stop.is_cancelled() {
                    return;
                }
                workers.complain(&name, ended.is_err());
                stop.run_until_cancelled(tokio::time::sleep(workers.0.rest)).await;
                workers.change(|state| {
                    state.down.remove(&name);
                });
            }
        });
    }

    /// Runs work while a lease is held; again each time it comes back.
    pub(super) fn keep_while_held<F, W>(
        &self,
        name: &str,
        held: &watch::Receiver<Held>,
        stop: &CancellationToken,
        work: F,
    ) where
        F: Fn(CancellationToken) -> W + Send + Sync + 'static,
        W: Future<Output = ()> + Send,
    {
        let (held, work, lease) = (held.clone(), Arc::new(work), name.to_owned());
        self.keep(name, stop, move |stop| {
            while_held(lease.clone(), held.clone(), stop, Arc::clone(&work))
        });
    }

    /// Runs work without which the process ends.
    pub(super) fn rely_on(
        &self,
        name: &'static str,
        stop: &CancellationToken,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let (workers, stop) = (self.clone(), stop.clone());
        tokio::spawn(async move {
            let ended = AssertUnwindSafe(work).catch_unwind().await;
            if !stop.is_cancelled() {
                workers.lose(name, ended.is_err());
            }
        })
    }

    /// Runs work that may end when it has nothing more to do, and whose panic ends the process:
    /// what it held cannot be begun anew.
    pub(super) fn mind<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<Option<T>> {
        let workers = self.clone();
        tokio::spawn(async move {
            let ended = AssertUnwindSafe(work).catch_unwind().await;
            if ended.is_err() {
                workers.lose(name, true);
            }
            ended.ok()
        })
    }

    fn lose(&self, name: &'static str, panicked: bool) {
        self.complain(name, panicked);
        // The first one is the one to speak of.
        let _ = self.0.which.set(name);
        self.0.lost.cancel();
    }

    /// All have begun.
    pub(super) fn begun(&self) {
        self.change(|state| state.phase = Phase::Running);
    }

    /// They are asked to end.
    pub(super) fn stopping(&self) {
        self.change(|state| state.phase = Phase::Stopping);
    }

    /// Waits until all that can be begun anew have ended.
    pub(super) async fn ended(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Waits for the end of one without which there is no going on.
    pub(super) async fn lost(&self) -> &'static str {
        self.0.lost.cancelled().await;
        self.0.which.get().copied().unwrap_or("worker")
    }

    fn complain(&self, name: &str, panicked: bool) {
        let how = if panicked { "panicked" } else { "ended by itself" };
        error!(worker = name, "the {name} {how}");
        metrics::alarm("a worker ended by itself");
        self.change(|state| {
            state.down.insert(name.to_owned());
        });
    }

    fn change(&self, how: impl FnOnce(&mut State)) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        how(&mut state);
        match state.phase {
            Phase::Starting => self.0.condition.fail("starting"),
            Phase::Stopping => self.0.condition.fail("stopping"),
            Phase::Running if state.down.is_empty() => self.0.condition.meet(),
            Phase::Running => {
                let down: Vec<&str> = state.down.iter().map(String::as_str).collect();
                self.0.condition.fail(format!("{} ended by itself", down.join(", ")));
            }
        }
    }
}

/// Runs work each time a lease comes to us, and stops it when the lease goes. Ends when the work
/// does so by itself.
async fn while_held<F, W>(
    name: String,
    mut held: watch::Receiver<Held>,
    stop: CancellationToken,
    work: Arc<F>,
) where
    F: Fn(CancellationToken) -> W + Send + Sync,
    W: Future<Output = ()> + Send,
{
    loop {
        let ours = async { held.wait_for(|held| held.contains(&name)).await.is_ok() };
        if stop.run_until_cancelled(ours).await != Some(true) {
            // Nobody keeps our leases any more: that is somebody else's to complain of.
            stop.cancelled().await;
            return;
        }
        let turn_off = stop.child_token();
        let mut seen = held.clone();
        let lost = async { seen.wait_for(|held| !held.contains(&name)).await.is_err() };
        let working = work(turn_off.clone());
        tokio::pin!(working);
        tokio::select! {
            () = &mut working => return,
            _ = lost => {
                turn_off.cancel();
                working.await;
            }
        }
        if stop.is_cancelled() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::http::Readiness;

    fn workers(rest: Duration) -> (Workers, Readiness) {
        let readiness = Readiness::default();
        let workers = Workers::resting(readiness.condition("workers", "starting"), rest);
        workers.begun();
        (workers, readiness)
    }

    async fn until(what: impl Fn() -> bool) {
        let come = async {
            while !what() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), come).await.unwrap();
    }

    /// Work that panics the first time and then goes on until it is told to stop.
    fn stumbling(
        begun: &Arc<AtomicUsize>,
    ) -> impl Fn(CancellationToken) -> futures_util::future::BoxFuture<'static, ()> + use<> {
        let begun = Arc::clone(begun);
        move |stop| {
            let time = begun.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                assert_ne!(time, 0, "the first time it panics");
                stop.cancelled().await;
            })
        }
    }

    #[tokio::test]
    async fn a_worker_that_panics_is_missed() {
        let (workers, readiness) = workers(Duration::from_hours(1));
        let (stop, begun) = (CancellationToken::new(), Arc::default());
        workers.keep("turner", &stop, stumbling(&begun));
        until(|| readiness.unmet() == ["workers: turner ended by itself"]).await;
        stop.cancel();
        workers.ended().await;
    }

    #[tokio::test]
    async fn a_worker_that_panics_is_begun_anew() {
        let (workers, readiness) = workers(Duration::ZERO);
        let (stop, begun) = (CancellationToken::new(), Arc::default());
        workers.keep("turner", &stop, stumbling(&begun));
        until(|| begun.load(Ordering::SeqCst) == 2).await;
        assert_eq!(readiness.unmet(), [""; 0]);
        stop.cancel();
        workers.ended().await;
    }

    #[tokio::test]
    async fn without_the_beat_nothing_goes_on() {
        let (workers, readiness) = workers(REST);
        let stop = CancellationToken::new();
        workers.rely_on("beat", &stop, async { panic!("of a defect") });
        assert_eq!(workers.lost().await, "beat");
        assert_eq!(readiness.unmet(), ["workers: beat ended by itself"]);
    }

    #[tokio::test]
    async fn what_is_minded_may_end_and_may_not_panic() {
        let (workers, readiness) = workers(REST);
        let done = workers.mind("errand", async { 7 }).await.unwrap();
        assert_eq!((done, workers.lost().now_or_never()), (Some(7), None));
        let panicked = workers.mind("listener", async { panic!("of a defect") });
        assert_eq!(workers.lost().await, "listener");
        assert_eq!(readiness.unmet(), ["workers: listener ended by itself"]);
        assert_eq!(panicked.await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_ends_because_it_was_asked_to_is_not_lost() {
        let (workers, readiness) = workers(REST);
        let stop = CancellationToken::new();
        let asked = stop.clone();
        let relied_on = workers.rely_on("beat", &stop, async move { asked.cancelled().await });
        stop.cancel();
        relied_on.await.unwrap();
        assert!(workers.lost().now_or_never().is_none());
        assert_eq!(readiness.unmet(), [""; 0]);
    }

    #[tokio::test]
    async fn leased_work_that_panics_is_missed_and_begun_anew_under_its_lease() {
        let (workers, readiness) = workers(Duration::ZERO);
        let (stop, begun) = (CancellationToken::new(), Arc::default());
        let (_leases, held) = watch::channel(Held::from(["clock".to_owned()]));
        workers.keep_while_held("clock", &held, &stop, stumbling(&begun));
        until(|| begun.load(Ordering::SeqCst) == 2).await;
        until(|| readiness.unmet().is_empty()).await;
        stop.cancel();
        workers.ended().await;
    }

    #[tokio::test]
    async fn work_follows_its_lease() {
        let (workers, _readiness) = workers(REST);
        let (stop, running) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
        let (leases, held) = watch::channel(Held::new());
        let count = Arc::clone(&running);
        workers.keep_while_held("clock", &held, &stop, move |stop| {
            let count = Arc::clone(&count);
            async move {
                count.fetch_add(1, Ordering::SeqCst);
                stop.cancelled().await;
                count.fetch_sub(1, Ordering::SeqCst);
            }
        });
        for (ours, expected) in [(true, 1), (false, 0), (true, 1)] {
            leases.send_replace(ours.then(|| "clock".to_owned()).into_iter().collect());
            until(|| running.load(Ordering::SeqCst) == expected).await;
        }
        stop.cancel();
        workers.ended().await;
        assert_eq!(running.load(Ordering::SeqCst), 0);
    }
}
