//! Databases to measure on: a SQLite file, and one of a PostgreSQL server of this run alone.

use std::{
    ffi::OsStr,
    fs,
    net::TcpListener,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

/// Where Debian keeps PostgreSQL's own programs.
const DEBIANS: &str = "/usr/lib/postgresql";

/// An empty database.
pub struct Database {
    /// What it is called in the tables.
    pub name: &'static str,
    /// Its address, as `store.url` has it.
    pub url: String,
    /// The server's process; SQLite has none.
    pub server: Option<u32>,
    _home: Home,
}

/// What goes with a database.
enum Home {
    Folder(#[expect(dead_code, reason = "it is deleted when it is dropped")] TempDir),
    Server(#[expect(dead_code, reason = "it is stopped when it is dropped")] Server),
}

/// A running server, which keeps all its promises: fsync is on.
struct Server {
    programs: PathBuf,
    folder: TempDir,
}

/// One of each kind that is at hand.
pub fn all() -> anyhow::Result<Vec<Database>> {
    let mut all = vec![sqlite()?];
    match find_programs() {
        Some(programs) => all.push(postgres(programs)?),
        None => println!("There is no PostgreSQL here: SQLite alone is measured."),
    }
    Ok(all)
}

/// A file on the disk of the target folder: the one of temporary files may be memory.
pub fn sqlite() -> anyhow::Result<Database> {
    let folder = TempDir::with_prefix_in("bench-", env!("CARGO_TARGET_TMPDIR"))?;
    let url = format!("sqlite://{}", folder.path().join("picdesk.db").display());
    Ok(Database { name: "SQLite", url, server: None, _home: Home::Folder(folder) })
}

fn postgres(programs: PathBuf) -> anyhow::Result<Database> {
    let folder = TempDir::with_prefix_in("bench-", env!("CARGO_TARGET_TMPDIR"))?;
    let server = Server { programs, folder };
    let data = server.folder.path().join("data");
    server.give_away()?;
    let pgdata = |data: &Path| format!("--pgdata={}", data.display());
    server.run(
        "initdb",
        ["--auth=trust", "--username=picdesk", "--encoding=UTF8", "--locale=C"],
        &pgdata(&data),
    )?;
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let options = format!(
        "--options=-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' \
         -c max_wal_size=4GB"
    );
    let log = format!("--log={}", server.folder.path().join("log").display());
    server.run("pg_ctl", ["start", "--wait", &options, &log], &pgdata(&data))?;
    let pid = server.ask_pid()?;
    let url = format!("postgres://picdesk@127.0.0.1:{port}/postgres");
    Ok(Database { name: "PostgreSQL", url, server: Some(pid), _home: Home::Server(server) })
}

fn find_programs() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIANS).ok()?;
    let folders = versions.flatten().map(|version| version.path().join("bin"));
    folders.filter(|folder| folder.join("initdb").exists()).max()
}

/// Whether we are root, whom PostgreSQL refuses.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|ours| ours.uid() == 0)
}

impl Server {
    /// Gives the folder to the one who runs the server.
    fn give_away(&self) -> anyhow::Result<()> {
        if is_root() {
            let given = Command::new("chown").arg("postgres").arg(self.folder.path()).status()?;
            ensure!(given.success(), "the folder could not be given to postgres");
        }
        Ok(())
    }

    /// Runs one of PostgreSQL's programs, as somebody who is not root.
    fn run<'a>(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = &'a str>,
        data: &str,
    ) -> anyhow::Result<()> {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command
                .args([OsStr::new("-u"), OsStr::new("postgres"), OsStr::new("--")])
                .arg(&program);
            command
        } else {
            Command::new(&program)
        };
        command.args(arguments).arg(data).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let ended = command.status().with_context(|| program.display().to_string())?;
        ensure!(ended.success(), "{} ended with {ended}", program.display());
        Ok(())
    }

    /// The number of the server's process: the first line of its own file.
    fn ask_pid(&self) -> anyhow::Result<u32> {
        let text = fs::read_to_string(self.folder.path().join("data/postmaster.pid"))?;
        Ok(text.lines().next().unwrap_or_default().trim().parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = format!("--pgdata={}", self.folder.path().join("data").display());
        // A server that does not stop is none of the figures.
        let _ = self.run("pg_ctl", ["stop", "--mode=immediate", "--wait"], &data);
    }
}
