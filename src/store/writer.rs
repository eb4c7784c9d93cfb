//! Shared commits: what arrived while the last commit was on its way goes with the next.
//!
//! A piece of work is a function over a transaction that can be run again. The writer runs
//! whatever is waiting in one transaction; when one piece fails, everything is taken back and each
//! piece gets a transaction of its own, so that nobody suffers for another's error. Work runs in
//! the writer's own task and is therefore never cancelled half-way.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::{Database, StoreError, Tx};

/// Pieces of work waiting; more have to wait for their place.
const WAITING_MAX: usize = 4096;
/// Pieces of work in one transaction.
const SHARED_MAX: usize = 64;
/// Transactions side by side on PostgreSQL. SQLite has one writer by nature.
const LANES: usize = 3;
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
            self.output = Some((self.run)(tx).await?);
            Ok(())
        })
    }

    fn done(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { output, done, .. } = *self;
        // Whoever asked may be gone; the work is done all the same.
        let _ = done.send(outcome.and_then(|()| output.ok_or(StoreError::Closing)));
    }
}

/// Where work is handed in. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    /// Starts the writing tasks. With a replica's number they are fenced.
    pub(super) fn start(database: &Database, replica: Option<i64>) -> Self {
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        for lane in 0..lanes(database) {
            let fence = replica.map(|replica| (replica, lane as i64));
            tokio::spawn(write(database.clone(), Arc::clone(&waiting), fence));
        }
        Self { jobs }
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
async fn write(
    database: Database,
    waiting: Arc<Mutex<mpsc::Receiver<Box<dyn Job>>>>,
    fence: Option<(i64, i64)>,
) {
    loop {
        let mut jobs: Vec<Box<dyn Job>> = Vec::new();
        {
            let mut waiting = waiting.lock().await;
            if waiting.recv_many(&mut jobs, SHARED_MAX).await == 0 {
                return;
            }
        }
        match together(&database, &mut jobs, fence).await {
            Ok(()) => {
                for job in jobs {
                    job.done(Ok(()));
                }
            }
            Err(StoreError::Fenced) => {
                for job in jobs {
                    job.done(Err(StoreError::Fenced));
                }
            }
            Err(_) => {
                for job in jobs {
                    alone(&database, job, fence).await;
                }
            }
        }
    }
}

/// Runs all jobs in one transaction.
async fn together(
    database: &Database,
    jobs: &mut [Box<dyn Job>],
    fence: Option<(i64, i64)>,
) -> Result<(), StoreError> {
    let mut tx = database.begin().await?;
    let outcome = async {
        check_fence(&mut tx, fence).await?;
        for job in jobs {
            job.run(&mut tx).await?;
        }
        Ok(())
    }
    .await;
    match outcome {
        Ok(()) => tx.commit().await,
        Err(error) => {
            // A transaction that cannot even be taken back ends with its connection.
            let _ = tx.roll_back().await;
            Err(error)
        }
    }
}

/// Runs one job in a transaction of its own, again while others are on the same rows.
async fn alone(database: &Database, job: Box<dyn Job>, fence: Option<(i64, i64)>) {
    let mut jobs = [job];
    let mut tries = 0;
    let outcome = loop {
        match together(database, &mut jobs, fence).await {
            Err(StoreError::Busy(_)) if tries < BUSY_TRIES => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(2 << tries)).await;
            }
            outcome => break outcome,
        }
    };
    let [job] = jobs;
    job.done(outcome);
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
