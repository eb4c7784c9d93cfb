//! Shared commits: what arrived while the last commit was on its way goes with the next.
//!
//! A piece of work is a function over a transaction that can be run again. The writer runs
//! whatever is waiting in one transaction; when one piece fails, everything is taken back and each
//! piece gets a transaction of its own, so that nobody suffers for another's error. Work runs in
//! the writer's own task and is therefore never cancelled half-way.

use std::{panic::AssertUnwindSafe, sync::Arc, thread, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::{
    runtime::Handle,
    sync::{Mutex, mpsc, oneshot},
};
use tracing::error;

use super::{Database, Health, StoreError, Tx, functions::Functions};

/// Pieces of work waiting; more have to wait for their place.
const WAITING_MAX: usize = 4096;
/// Pieces of work in one transaction.
const SHARED_MAX: usize = 64;
/// Transactions side by side on PostgreSQL. SQLite has one writer by nature.
pub(super) const LANES: usize = 3;
/// How often work is run again that met others on the same rows.
const BUSY_TRIES: u32 = 8;

/// A piece of work.
trait Job: Send {
    /// Runs it; may be called again after the transaction was taken back.
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Tells whoever waits.
    fn done(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// Work by a function, and its last output.
struct Work<F, T> {
    run: F,
    output: Option<T>,
    done: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Job for Work<F, T>
where
    F: for<'t> FnMut(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send,
    T: Send,
{
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            // What an earlier try made is let go first: it may promise things.
            self.output = None;
            self.output = Some((self.run)(tx).await?);
            Ok(())
        })
    }

    fn done(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { run, output, done } = *self;
        // Whoever asked may share things with it and has them alone again.
        drop(run);
        // Whoever asked may be gone; the work is done all the same.
        let _ = done.send(outcome.and_then(|()| output.ok_or(StoreError::Closing)));
    }
}

/// Where work is handed in. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
    health: Arc<Health>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    /// Starts the writing tasks. With a replica's number they are fenced.
    pub(super) fn start(
        database: &Database,
        replica: Option<i64>,
        functions: Option<&Arc<Functions>>,
    ) -> Self {
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        let health = Arc::new(Health::default());
        for lane in 0..lanes(database) {
            let fence = replica.map(|replica| (replica, lane as i64));
            let (database, health) = (database.clone(), Arc::clone(&health));
            let lane = Lane { database, health, fence, functions: functions.cloned() };
            let waiting = Arc::clone(&waiting);
            if lane.database.is_shared() {
                tokio::spawn(lane.write(waiting));
            } else {
                // SQLite's statements run where they are asked, so this writer is a thread.
                let runtime = Handle::current();
                thread::spawn(move || runtime.block_on(lane.write(waiting)));
            }
        }
        Self { jobs, health }
    }

    /// How the store is, as the last commits found it.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Runs work in a transaction and returns once it is committed. The function may be called
    /// several times; what it returned last counts.
    pub async fn run<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        F: for<'t> FnMut(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
        T: Send + 'static,
    {
        let (done, outcome) = oneshot::channel();
        let job = Box::new(Work { run, output: None, done });
        self.jobs.send(job).await.map_err(|_| StoreError::Closing)?;
        outcome.await.map_err(|_| StoreError::Closing)?
    }
}

/// How many lanes a database has.
pub(super) fn lanes(database: &Database) -> usize {
    if database.is_shared() { LANES } else { 1 }
}

/// One writing task.
struct Lane {
    database: Database,
    health: Arc<Health>,
    /// The replica and the number of the lane, where there is somebody who may fence it.
    fence: Option<(i64, i64)>,
    /// The website's functions, where they keep credits.
    functions: Option<Arc<Functions>>,
}

/// Why a transaction did not go through.
enum Failed {
    /// It could not begin: the work of nobody is to blame.
    ToBegin(StoreError),
    /// Something in it, or the commit.
    Inside(StoreError),
}

impl Lane {
    async fn write(self, waiting: Arc<Mutex<mpsc::Receiver<Box<dyn Job>>>>) {
        loop {
            let mut jobs: Vec<Box<dyn Job>> = Vec::new();
            {
                let mut waiting = waiting.lock().await;
                if waiting.recv_many(&mut jobs, SHARED_MAX).await == 0 {
                    return;
                }
            }
            match self.together(&mut jobs).await {
                Ok(()) => {
                    for job in jobs {
                        job.done(Ok(()));
                    }
                }
                Err(Failed::ToBegin(error)) => self.refuse(jobs, error).await,
                Err(Failed::Inside(_)) => self.one_by_one(jobs).await,
            }
        }
    }

    /// Tells everybody of the same failure. One that cannot be told twice is met by each anew.
    async fn refuse(&self, jobs: Vec<Box<dyn Job>>, error: StoreError) {
        for job in jobs {
            match error.again() {
                Some(error) => job.done(Err(error)),
                None => {
                    self.alone(job).await;
                }
            }
        }
    }

    /// Runs each job in a transaction of its own, until the store itself is away.
    async fn one_by_one(&self, jobs: Vec<Box<dyn Job>>) {
        let mut away: Option<StoreError> = None;
        for job in jobs {
            if let Some(error) = away.as_ref().and_then(StoreError::again) {
                job.done(Err(error));
            } else {
                away = self.alone(job).await;
            }
        }
    }

    /// Runs one job in a transaction of its own, again while others are on the same rows. What
    /// kept the transaction from beginning, if that was it.
    async fn alone(&self, job: Box<dyn Job>) -> Option<StoreError> {
        let mut jobs = [job];
        let mut tries = 0;
        let outcome = loop {
            match self.together(&mut jobs).await {
                Err(Failed::ToBegin(StoreError::Busy(_)) | Failed::Inside(StoreError::Busy(_)))
                    if tries < BUSY_TRIES =>
                {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(2 << tries)).await;
                }
                outcome => break outcome,
            }
        };
        let [job] = jobs;
        match outcome {
            Ok(()) => {
                job.done(Ok(()));
                None
            }
            Err(Failed::ToBegin(error)) => {
                let away = error.again();
                job.done(Err(error));
                away
            }
            Err(Failed::Inside(error)) => {
                job.done(Err(error));
                None
            }
        }
    }

    /// Runs all jobs in one transaction.
    async fn together(&self, jobs: &mut [Box<dyn Job>]) -> Result<(), Failed> {
        let begun = async {
            let mut tx = self.database.begin(self.functions.as_ref()).await?;
            match check_fence(&mut tx, self.fence).await {
                Ok(()) => Ok(tx),
                Err(error) => {
                    let _ = tx.roll_back().await;
                    Err(error)
                }
            }
        };
        let mut tx = begun.await.map_err(|error| {
            self.health.note(Err(&error));
            Failed::ToBegin(error)
        })?;
        let outcome = async {
            for job in jobs {
                run_guarded(job.as_mut(), &mut tx).await?;
            }
            Ok(())
        }
        .await;
        let outcome = match outcome {
            Ok(()) => tx.commit().await,
            Err(error) => {
                // A transaction that cannot even be taken back ends with its connection.
                let _ = tx.roll_back().await;
                Err(error)
            }
        };
        self.health.note(outcome.as_ref().copied());
        outcome.map_err(Failed::Inside)
    }
}

/// Runs a job; a panic of its own is its own failure, and not the lane's end.
async fn run_guarded(job: &mut dyn Job, tx: &mut Tx) -> Result<(), StoreError> {
    // Nobody sees what it left half done: its transaction is taken back, and before it is run
    // again it begins anew.
    match AssertUnwindSafe(job.run(tx)).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(_panic) => {
            error!("a piece of work for the store panicked");
            Err(StoreError::Panicked)
        }
    }
}

/// Touches this lane's row: whoever takes our work over has written there before.
const TOUCH_LANE: &str = "
    update lanes set turns = turns + 1 where replica = $1 and lane = $2 and fenced = 0";

async fn check_fence(tx: &mut Tx, fence: Option<(i64, i64)>) -> Result<(), StoreError> {
    let Some((replica, lane)) = fence else { return Ok(()) };
    match tx.run(TOUCH_LANE, &[replica.into(), lane.into()]).await? {
        1 => Ok(()),
        _ => Err(StoreError::Fenced),
    }
}
