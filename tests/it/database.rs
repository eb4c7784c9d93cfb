//! Databases for tests: a fresh one of each kind for every test, gone when the test is over.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use picdesk::{
    clock::Clock,
    config::{self, Secret},
    store::{Store, StoreError},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;

/// Where the PostgreSQL server of this run is, and a database to give orders from. Empty: SQLite
/// alone is meant.
const SERVER: &str = "TEST_POSTGRES_URL";
/// Connections of a store.
const CONNECTIONS_MAX: u32 = 4;

/// An empty database.
#[derive(Debug)]
pub struct TestDatabase {
    /// Its address, as `store.url` has it.
    pub url: String,
    home: Home,
}

/// Where a database is, and what goes with it.
#[derive(Debug)]
enum Home {
    /// A folder.
    Folder(#[expect(dead_code, reason = "it is deleted when it is dropped")] TempDir),
    /// A server, and the database's name there.
    Server { server: String, name: String },
}

/// One of each kind that is at hand: SQLite always, PostgreSQL where the run has a server.
///
/// # Panics
/// On a build machine without PostgreSQL: half of all promises would go untested in silence.
pub async fn databases() -> Vec<TestDatabase> {
    let mut all = vec![TestDatabase::sqlite()];
    match std::env::var(SERVER) {
        Ok(server) if !server.is_empty() => all.push(TestDatabase::postgres(server).await),
        Ok(_) => {}
        Err(_) => {
            let on_build_machine = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!on_build_machine, "{SERVER} is not set: tests/run starts a server");
            eprintln!("{SERVER} is not set: on SQLite only");
        }
    }
    all
}

impl TestDatabase {
    /// A new file.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("picdesk.db").display());
        Self { url, home: Home::Folder(folder) }
    }

    /// A new database on a server.
    async fn postgres(server: String) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("picdesk_{}_{number}", std::process::id());
        // The bare template: nobody may be connected to what is copied.
        order(&server, &format!("create database {name} template template0")).await;
        let (before, _) = server.rsplit_once('/').expect("the address names a database");
        Self { url: format!("{before}/{name}"), home: Home::Server { server, name } }
    }

    /// Which kind it is.
    pub fn kind(&self) -> &'static str {
        match self.home {
            Home::Folder(_) => "SQLite",
            Home::Server { .. } => "PostgreSQL",
        }
    }

    /// Whether several may serve from it.
    pub fn is_shared(&self) -> bool {
        matches!(self.home, Home::Server { .. })
    }

    /// Ends every session on a server, and lets nobody write: as when it stops for a while.
    pub async fn make_read_only(&self) {
        self.change_all("set default_transaction_read_only = on").await;
    }

    /// Ends every session on a server, and lets everybody write again.
    pub async fn make_writable(&self) {
        self.change_all("reset default_transaction_read_only").await;
    }

    async fn change_all(&self, setting: &str) {
        if let Home::Server { server, name } = &self.home {
            order(server, &format!("alter database {name} {setting}")).await;
        }
        self.end_sessions().await;
    }

    /// Ends every session on a server, as its restart does.
    pub async fn end_sessions(&self) {
        let Home::Server { server, name } = &self.home else { return };
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname";
        order(server, &format!("{end} = '{name}' and pid <> pg_backend_pid()")).await;
    }

    /// Opens it as a tool does. Says which it is, for whoever reads of a failure.
    pub async fn open(&self, clock: &Clock) -> Store {
        eprintln!("on {}", self.kind());
        Store::open(&self.url, CONNECTIONS_MAX, clock.clone()).await.unwrap()
    }

    /// Opens it as a process that serves.
    pub async fn serve(&self, clock: &Clock) -> Store {
        self.try_to_serve(clock).await.unwrap()
    }

    /// Opens it as a process that serves, where that is allowed.
    pub async fn try_to_serve(&self, clock: &Clock) -> Result<Store, StoreError> {
        Store::serve(&self.settings(), clock.clone()).await
    }

    /// As the configuration has it.
    pub fn settings(&self) -> config::Store {
        config::Store {
            url: Secret::new(&self.url),
            connections_max: CONNECTIONS_MAX,
            allow_transaction_pooler: false,
            functions: None,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Home::Server { server, name } = &self.home else { return };
        let (server, text) =
            (server.clone(), format!("drop database if exists {name} with (force)"));
        // Dropping cannot wait; a thread can. What fails here goes with the server.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(order(&server, &text));
        });
        let _ = dropping.join();
    }
}

/// A trap on the way of a source's cursor: whoever moves it gets no further, with all that goes in
/// the same commit. SQLite throws out whoever comes; PostgreSQL holds whoever comes.
pub struct Trap {
    url: String,
    /// Who holds what is waited for.
    holder: Option<PgConnection>,
}

/// What is waited for in a trap.
const TRAP: i64 = 7351;

impl Trap {
    /// Sets one.
    pub async fn set(database: &TestDatabase, source: &str) -> Self {
        let url = database.url.clone();
        if !database.is_shared() {
            let trigger = format!(
                "create trigger trap before update on checkpoints when new.source = '{source}'
                 begin select raise(abort, 'trap'); end"
            );
            lite(&url, &trigger);
            return Self { url, holder: None };
        }
        let trigger = format!(
            "create function trap() returns trigger as $$
             begin perform pg_advisory_xact_lock({TRAP}); return new; end $$ language plpgsql;
             create trigger trap before update on checkpoints for each row
             when (new.source = '{source}') execute function trap()"
        );
        order(&url, &trigger).await;
        let mut trap = Self { holder: Some(PgConnection::connect(&url).await.unwrap()), url };
        trap.hold().await;
        trap
    }

    /// Whether it holds whoever comes.
    pub fn catches(&self) -> bool {
        self.holder.is_some()
    }

    /// Whether it holds somebody now.
    pub async fn has_caught(&self) -> bool {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let waiting = "select count(*) from pg_locks l join pg_database d on d.oid = l.database
             where l.locktype = 'advisory' and l.objid::bigint = $1 and not l.granted
               and d.datname = current_database()";
        let caught: i64 =
            sqlx::query_scalar(waiting).bind(TRAP).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        caught > 0
    }

    /// Lets whoever is in it go on.
    pub async fn let_go(&mut self) {
        self.run(&format!("select pg_advisory_unlock({TRAP})")).await;
    }

    /// Holds whoever comes again.
    pub async fn hold(&mut self) {
        self.run(&format!("select pg_advisory_lock({TRAP})")).await;
    }

    /// Takes it away.
    pub async fn lift(self) {
        match self.holder {
            None => lite(&self.url, "drop trigger trap"),
            Some(holder) => {
                holder.close().await.unwrap();
                order(&self.url, "drop trigger trap on checkpoints").await;
            }
        }
    }

    async fn run(&mut self, text: &str) {
        if let Some(holder) = &mut self.holder {
            sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(holder).await.unwrap();
        }
    }
}

/// Gives an order to a file.
fn lite(url: &str, text: &str) {
    let path = url.strip_prefix("sqlite://").unwrap();
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(5)).unwrap();
    connection.execute_batch(text).unwrap();
}

async fn order(server: &str, text: &str) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn every_test_has_databases_of_its_own() {
    let one = databases().await;
    let other = databases().await;
    for (one, other) in one.iter().zip(&other) {
        assert_ne!(one.url, other.url);
        let (clock, _) = Clock::still(1);
        let store = one.open(&clock).await;
        assert_eq!(store.database().is_shared(), one.is_shared());
    }
}

#[tokio::test]
async fn a_dropped_database_is_gone() {
    for database in databases().await {
        let url = database.url.clone();
        let shared = database.is_shared();
        let (clock, _) = Clock::still(1);
        drop(database.open(&clock).await);
        drop(database);
        let gone = match url.strip_prefix("sqlite://") {
            Some(path) => !std::path::Path::new(path).exists(),
            None => PgConnection::connect(&url).await.is_err(),
        };
        assert!(gone, "shared: {shared}");
    }
}
