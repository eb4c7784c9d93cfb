//! The desk as a process of its own: killed by SIGKILL, started again on the same data.

use std::{
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use futures_util::future::BoxFuture;
use picdesk_sandbox::phone::{Desk, DeskState, Liveness, Phone};
use tokio::process::{Child, Command};

use crate::clock::Clock;

/// How long it may take to answer after a start.
const START_MAX: Duration = Duration::from_secs(20);
/// How often it is asked meanwhile.
const ASK_EVERY: Duration = Duration::from_millis(25);
/// Keeps how far the desk's clock is ahead, seconds: what it has written down would else lie in
/// the future after a restart.
const AHEAD_S: &str = "clock.ahead";
/// Keeps how often the desk was started.
const STARTS: &str = "desk.starts";

/// How the desk is run.
pub(super) struct Ways {
    /// Where everything is kept over restarts.
    pub(super) data: PathBuf,
    /// Makes chance come the same way again.
    pub(super) seed: Option<u64>,
    /// Where the chat with the bot is.
    pub(super) chat_url: String,
}

impl Ways {
    fn log(&self) -> PathBuf {
        self.data.join("desk.log")
    }

    /// A number that is kept over restarts; zero at first.
    fn kept(&self, name: &str) -> u64 {
        let text = std::fs::read_to_string(self.data.join(name)).ok();
        text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    fn keep(&self, name: &str, number: u64) -> Result<(), String> {
        std::fs::write(self.data.join(name), number.to_string()).map_err(|error| error.to_string())
    }

    /// The seed of one start: another one for each, for names that were given may not come again.
    fn next_seed(&self) -> Result<Option<u64>, String> {
        /// Odd, so that every seed leads somewhere else.
        const APART: u64 = 0x9e37_79b9_7f4a_7c15;
        let Some(seed) = self.seed else { return Ok(None) };
        let starts = self.kept(STARTS);
        self.keep(STARTS, starts + 1)?;
        Ok(Some(seed.wrapping_mul(APART).wrapping_add(starts)))
    }
}

/// The process and what is known of it.
pub(super) struct DeskProcess {
    config: PathBuf,
    ways: Ways,
    clock: Clock,
    child: tokio::sync::Mutex<Option<Child>>,
    seen: Mutex<Seen>,
    phone: Mutex<Option<Phone>>,
}

struct Seen {
    state: Liveness,
    pid: Option<u32>,
    kills: u32,
    since_ms: i64,
    ahead_s: u64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DeskProcess {
    pub(super) fn new(config: PathBuf, ways: Ways) -> Self {
        let clock = Clock::system();
        let since_ms = clock.now_ms();
        let ahead_s = ways.kept(AHEAD_S);
        let seen = Seen { state: Liveness::Stopped, pid: None, kills: 0, since_ms, ahead_s };
        Self {
            config,
            ways,
            clock,
            child: tokio::sync::Mutex::new(None),
            seen: Mutex::new(seen),
            phone: Mutex::new(None),
        }
    }

    /// How far its clock is ahead, from times before.
    pub(super) fn ahead(&self) -> Duration {
        Duration::from_secs(locked(&self.seen).ahead_s)
    }

    /// Whom to tell when its state changes.
    pub(super) fn tell(&self, phone: Phone) {
        *locked(&self.phone) = Some(phone);
    }

    fn is(&self, state: Liveness, pid: Option<u32>) {
        {
            let mut seen = locked(&self.seen);
            seen.state = state;
            seen.pid = pid;
            seen.since_ms = self.clock.now_ms();
        }
        if let Some(phone) = locked(&self.phone).as_ref() {
            phone.desk_changed();
        }
    }

    async fn start(&self) -> Result<(), String> {
        let mut child = self.child.lock().await;
        if child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None))) {
            return Ok(());
        }
        let said = |error: std::io::Error| error.to_string();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.ways.log());
        let program = std::env::current_exe().map_err(said)?;
        let ahead_s = locked(&self.seen).ahead_s;
        let mut command = Command::new(program);
        command.arg("serve");
        if let Some(seed) = self.ways.next_seed()? {
            command.args(["--seed", &seed.to_string()]);
        }
        let mut started = command
            .args(["--clock-ahead-s", &ahead_s.to_string()])
            .args(["--chat-url", &self.ways.chat_url])
            .arg("--config")
            .arg(&self.config)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.map_err(said)?)
            .kill_on_drop(true)
            .spawn()
            .map_err(said)?;
        self.is(Liveness::Starting, started.id());
        let answered = self.answers(&mut started).await;
        let pid = started.id();
        *child = Some(started);
        drop(child);
        match answered {
            Ok(()) => {
                self.is(Liveness::Running, pid);
                Ok(())
            }
            Err(error) => {
                self.is(Liveness::Stopped, None);
                Err(error)
            }
        }
    }

    /// Waits until it is ready.
    async fn answers(&self, child: &mut Child) -> Result<(), String> {
        let text = std::fs::read_to_string(&self.config).map_err(|error| error.to_string())?;
        let url = ready_url(&text).ok_or("the configuration has no address")?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(2))
            .build()
            .map_err(|error| error.to_string())?;
        let until = tokio::time::Instant::now() + START_MAX;
        while tokio::time::Instant::now() < until {
            let answer = http.get(&url).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if let Ok(Some(status)) = child.try_wait() {
                return Err(format!(
                    "the desk ended at once: {status}; see {}",
                    self.ways.log().display()
                ));
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        Err("the desk does not answer".to_owned())
    }

    /// Asks it to stop, as an operator would; waits.
    pub(super) async fn stop(&self) {
        let mut child = self.child.lock().await;
        if let Some(running) = child.as_mut() {
            if let Some(pid) = running.id() {
                // It ends by its own rules; if the tool is missing it is killed below.
                let _ = Command::new("kill").arg(pid.to_string()).status().await;
            }
            if tokio::time::timeout(Duration::from_secs(5), running.wait()).await.is_err() {
                let _ = running.kill().await;
            }
        }
        *child = None;
        drop(child);
        self.is(Liveness::Stopped, None);
    }

    /// Lets the sandbox's operator answer.
    pub(super) fn add_operator(
        &self,
        name: &str,
        telegram: i64,
        member: &str,
    ) -> Result<(), String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let done = std::process::Command::new(program)
            .args(["operator", "add", "--role", "agent", "--name", name, "--telegram"])
            .arg(telegram.to_string())
            .args(["--wecom", member, "--config"])
            .arg(&self.config)
            .env_clear()
            .stdout(Stdio::null())
            .status()
            .map_err(|error| error.to_string())?;
        if done.success() { Ok(()) } else { Err("the operator could not be added".to_owned()) }
    }
}

/// Where the desk says whether it is ready.
fn ready_url(config: &str) -> Option<String> {
    let table: toml::Table = config.parse().ok()?;
    let url = table.get("server")?.get("public_url")?.as_str()?;
    Some(format!("{url}/readyz"))
}

impl Desk for DeskProcess {
    fn kill(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let mut child = self.child.lock().await;
            if let Some(running) = child.as_mut() {
                running.kill().await.map_err(|error| error.to_string())?;
            }
            *child = None;
            drop(child);
            locked(&self.seen).kills += 1;
            self.is(Liveness::Stopped, None);
            Ok(())
        })
    }

    fn restart(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(self.start())
    }

    fn advance(&self, by: Duration) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let ahead_s = {
                let mut seen = locked(&self.seen);
                seen.ahead_s += by.as_secs();
                seen.ahead_s
            };
            self.ways.keep(AHEAD_S, ahead_s)?;
            self.stop().await;
            self.start().await
        })
    }

    fn state(&self) -> DeskState {
        let seen = locked(&self.seen);
        DeskState { state: seen.state, pid: seen.pid, kills: seen.kills, since_ms: seen.since_ms }
    }
}

/// Watches whether the process ends by itself.
pub(super) async fn watch(desk: Weak<DeskProcess>) {
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let Some(desk) = desk.upgrade() else { return };
        let ended = {
            let mut child = desk.child.lock().await;
            match child.as_mut().map(Child::try_wait) {
                Some(Ok(Some(_))) => {
                    *child = None;
                    true
                }
                _ => false,
            }
        };
        if ended {
            desk.is(Liveness::Stopped, None);
        }
    }
}

/// Starts the watch.
pub(super) fn watched(desk: &Arc<DeskProcess>) {
    tokio::spawn(watch(Arc::downgrade(desk)));
}
