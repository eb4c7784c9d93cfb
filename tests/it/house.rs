//! The desk as its owner runs it: the real program, between a Telegram and an image provider that
//! stand in for the real ones, on a store that outlives it.

mod given;
mod leaks;
mod sales;
pub mod site;
mod wecom;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use picdesk::{clock::Clock, store::Store};
use picdesk_sandbox::{
    creem::CreemStandIn,
    images::{Drawing, ImagesOptions, ImagesStandIn},
    mail::MailStandIn,
    supabase::SupabaseStandIn,
    telegram::{OPERATORS, Options, RateLimits, TelegramStandIn},
    wecom::WecomStandIn,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};

pub use self::given::{BotWay, Given};
use crate::database::TestDatabase;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_picdesk");
/// Longer than anything here takes on a busy machine: only a failure waits so long.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// Longer than everything rests where somebody waits their turn: WeCom lets a member be sent 30
/// messages in a minute, so that after a burst nothing goes for nearly as long.
const STANDSTILL: Duration = Duration::from_mins(2);
/// What Telegram says to be believed, where it brings updates.
pub const SECRET: &str = "Canary-secret_of-the_webhook-7351";
/// How often something is asked that cannot be awaited.
pub const ASK_EVERY: Duration = Duration::from_millis(50);

/// The world of a story.
pub struct House {
    /// Everybody who writes, and what they see.
    pub telegram: TelegramStandIn,
    /// Who makes the pictures.
    pub images: ImagesStandIn,
    wecom: Option<WecomStandIn>,
    creem: Option<CreemStandIn>,
    site: Option<(SupabaseStandIn, MailStandIn)>,
    database: TestDatabase,
    given: Given,
    folder: TempDir,
    http: reqwest::Client,
    /// Where desks were started.
    addresses: Mutex<Vec<SocketAddr>>,
    /// Whether Telegram brings updates to those that are started.
    webhook: AtomicBool,
}

/// A running desk. It is killed when it is dropped.
#[derive(Debug)]
pub struct Desk {
    child: Child,
    address: SocketAddr,
}

/// Of `[telegram]`, where nothing is to wait.
const WITHOUT_RATES: &str = "sends_per_s = 0\nchat_sends_per_s = 0\ngroup_sends_per_min = 0\n";

impl House {
    /// A house on SQLite in which nobody serves yet.
    pub async fn build(given: Given) -> Self {
        Self::build_on(TestDatabase::sqlite(), given).await
    }

    /// A house on a database.
    pub async fn build_on(database: TestDatabase, given: Given) -> Self {
        let (seed, webhook) = (given.seed, given.webhook);
        let rate_limits = given.rates.then(RateLimits::default);
        let telegram = Options { rate_limits, seed, ..Options::in_memory() };
        let images = ImagesOptions { drawing: Drawing::Plain, seed, ..ImagesOptions::default() };
        let wecom = match given.wecom {
            Some(_) => Some(wecom::start(seed).await),
            None => None,
        };
        Self {
            wecom,
            creem: if given.sells { Some(sales::start(seed).await) } else { None },
            site: if given.site { Some(site::start(seed).await) } else { None },
            telegram: TelegramStandIn::start(telegram).await.unwrap(),
            images: ImagesStandIn::start(images).await.unwrap(),
            database,
            given,
            folder: tempfile::tempdir().unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            addresses: Mutex::default(),
            webhook: AtomicBool::new(webhook),
        }
    }

    /// Everybody who writes by way of WeCom, and what they see.
    pub fn wecom(&self) -> &WecomStandIn {
        self.wecom.as_ref().expect("the house was given one")
    }

    /// From the next start on there is a provider, or none.
    pub fn provide(&mut self, provider: bool) {
        self.given.provider = provider;
    }

    /// From the next start on updates come the other way: brought by Telegram, or fetched.
    pub fn change_delivery(&self) {
        self.webhook.fetch_not(Ordering::Relaxed);
    }

    /// Starts a desk; it need not be ready yet.
    pub fn start(&self) -> Desk {
        self.start_ahead(Duration::ZERO)
    }

    /// The same with its clock ahead.
    pub fn start_ahead(&self, ahead: Duration) -> Desk {
        let address = free_address();
        self.addresses.lock().unwrap().push(address);
        let config = self.write_config(address);
        if let Some(wecom) = &self.wecom {
            wecom.point_at(&format!("http://{address}"));
        }
        if let Some(creem) = &self.creem {
            creem.point_at(&format!("http://{address}"));
        }
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        // What it may not write it is told, and does not die of: see `end_files_at`.
        let child = Command::new("/bin/sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", PROGRAM])
            .args(["serve", "--clock-ahead-s", &ahead.as_secs().to_string(), "--config"])
            .arg(config)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Desk { child, address }
    }

    /// Starts a desk and waits until it is ready.
    pub async fn open(&self) -> Desk {
        let mut desk = self.start();
        self.until_ready(&mut desk).await;
        desk
    }

    /// Waits until a desk is ready.
    pub async fn until_ready(&self, desk: &mut Desk) {
        let url = format!("http://{}/readyz", desk.address);
        let began = Instant::now();
        loop {
            let answer = self.http.get(&url).timeout(Duration::from_secs(5)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            let ended = desk.child.try_wait().unwrap();
            assert!(ended.is_none(), "the desk ended with {ended:?}:\n{}", self.last_log());
            assert!(began.elapsed() < PATIENCE, "the desk is not ready:\n{}", self.last_log());
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// Waits until a desk says that it is not ready; why.
    pub async fn until_not_ready(&self, desk: &mut Desk) -> String {
        let began = Instant::now();
        loop {
            let answer = self.http.get(desk.url("/readyz")).timeout(PATIENCE).send().await;
            if let Ok(answer) = answer
                && answer.status() == 503
            {
                return answer.text().await.unwrap();
            }
            assert!(desk.is_alive(), "the desk ended:\n{}", self.last_log());
            assert!(began.elapsed() < PATIENCE, "the desk is ready:\n{}", self.last_log());
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// Runs another command of the program, as its owner would.
    pub async fn order(&self, arguments: &[&str]) -> Output {
        let config = self.write_config(free_address());
        let mut command = Command::new(PROGRAM);
        command.args(arguments).arg("--config").arg(config).env_clear();
        command.output().await.unwrap()
    }

    /// Runs another command, which must succeed; what it prints.
    pub async fn order_well(&self, arguments: &[&str]) -> String {
        let output = self.order(arguments).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "picdesk {arguments:?}: {said}\n{complained}");
        said
    }

    /// What `picdesk status --json` says.
    pub async fn status(&self) -> Value {
        serde_json::from_str(&self.order_well(&["status", "--json"]).await).unwrap()
    }

    /// Waits until the status is as wanted, and answers with it. However much there is to do, it
    /// is waited for while it goes on.
    pub async fn until_status(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut went_on = Instant::now();
        let mut before = Value::Null;
        loop {
            let status = self.status().await;
            if wanted(&status) {
                return status;
            }
            if status != before {
                went_on = Instant::now();
            }
            let last = self.last_log();
            assert!(went_on.elapsed() < STANDSTILL, "{what} did not come: {status}\n{last}");
            before = status;
            tokio::time::sleep(ASK_EVERY * 4).await;
        }
    }

    /// Waits until nothing is left to do, and answers with the status. The ledger must add up.
    pub async fn until_quiet(&self) -> Value {
        let status = self
            .until_status("quiet", |status| {
                let brought = self.wecom.as_ref().is_none_or(|it| it.callbacks_waiting() == 0);
                let told = self.creem.as_ref().is_none_or(sales::is_told);
                self.telegram.updates_waiting() == 0 && brought && told && is_quiet(status)
            })
            .await;
        self.order_well(&["ledger", "verify"]).await;
        self.assert_nothing_leaked().await;
        self.assert_nothing_dropped();
        status
    }

    /// WeCom drops without a word what is more than a member gets in a minute.
    fn assert_nothing_dropped(&self) {
        let dropped = self.wecom.as_ref().map_or(0, |wecom| wecom.counts().dropped);
        assert_eq!(dropped, 0, "members never see what was dropped:\n{}", self.last_log());
    }

    /// Waits until nothing is left to do but pictures in line that nobody makes. The ledger must
    /// add up.
    pub async fn until_quiet_but_for_the_line(&self) -> Value {
        let is_done = |status: &Value| {
            ["/inbox/waiting", "/inbox/failed", "/outbox/waiting"]
                .iter()
                .all(|it| status.pointer(it).and_then(Value::as_i64) == Some(0))
        };
        let status = self.until_status("quiet", is_done).await;
        self.order_well(&["ledger", "verify"]).await;
        self.assert_nothing_leaked().await;
        status
    }

    /// The store, to look into it.
    pub async fn look(&self) -> Store {
        Store::open(&self.database.url, 1, Clock::system()).await.unwrap()
    }

    /// Waits until there is something to see.
    pub async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            assert!(began.elapsed() < PATIENCE, "no {what}:\n{}", self.last_log());
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// What a desk counts, as Prometheus reads it.
    pub async fn metrics(&self, desk: &Desk) -> String {
        let url = format!("http://{}/metrics", desk.address);
        self.http.get(&url).send().await.unwrap().text().await.unwrap()
    }

    /// Waits until a desk has written something.
    pub async fn until_logged(&self, part: &str) {
        let began = Instant::now();
        while !self.read_log().contains(part) {
            assert!(began.elapsed() < PATIENCE, "no {part:?} in:\n{}", self.last_log());
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// The last of what desks wrote.
    pub fn last_log(&self) -> String {
        let text = self.read_log();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// The address of the store.
    pub fn store_url(&self) -> &str {
        &self.database.url
    }

    /// The database.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// Writes a file into the story's folder; where it is.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        write_whole(&file, text);
        file
    }

    /// All that desks wrote.
    pub fn read_log(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// The folder of pictures is lost, and nothing can be put where it was.
    pub fn lose_pictures(&self) {
        let pictures = self.folder.path().join("pictures");
        std::fs::remove_dir_all(&pictures).unwrap();
        write_whole(&pictures, "");
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("desk.log")
    }

    /// Every address is a stand-in's; nothing that only slows a test down is on.
    fn write_config(&self, listen: SocketAddr) -> PathBuf {
        // A JSON string is a TOML string.
        let quoted = |text: &str| Value::from(text).to_string();
        let place = |name: &str| self.folder.path().join(name);
        let key = if self.given.provider {
            format!("api_key = {}\n", quoted(self.images.api_key()))
        } else {
            String::new()
        };
        let webhook = if self.webhook.load(Ordering::Relaxed) {
            format!("mode = \"webhook\"\nwebhook_secret = {}\n", quoted(SECRET))
        } else {
            String::new()
        };
        let plans = place("plans.toml");
        // Another desk may be reading it.
        let creem = self.creem.as_ref();
        let sold = self.sold();
        write_whole(&plans, &format!("{PLANS}{sold}{}", self.given.gifts));
        let text = format!(
            "[server]\nlisten = \"{listen}\"\npublic_url = \"http://{listen}\"\n{server}\
             [log]\nlevel = \"debug\"\n[store]\nurl = {store}\n[artifacts]\nurl = {pictures}\n\
             [telegram]\ntoken = {token}\napi_url = {api}\n{webhook}{rates}{telegram}{links}{wecom}{site}[link]\n{link}\
             {ledger}[images]\nbase_url = {base}\n{key}{images}\
             [credits]\ntrial = {trial}\n[limits]\nmessages_per_min = {per_min}\n\
             [product]\nplans_file = {plans}\n[desk]\n{desk}",
            desk = self
                .given
                .desk
                .map_or_else(|| format!("telegram_chat_id = {OPERATORS}\n"), str::to_owned),
            server = self.given.server,
            webhook = webhook,
            rates = if self.given.rates { "" } else { WITHOUT_RATES },
            store = quoted(&self.database.url),
            pictures = quoted(&format!("file://{}", place("pictures").display())),
            token = quoted(self.telegram.token()),
            api = quoted(&self.telegram.api_url()),
            base = quoted(&self.images.base_url()),
            telegram = self.given.telegram,
            wecom = self
                .wecom
                .as_ref()
                .zip(self.given.wecom)
                .map_or_else(String::new, |(wecom, way)| wecom::sections(wecom, way, &self.given)),
            links = creem.map(|creem| sales::of_creem(creem, &self.given)).unwrap_or_default(),
            link = self.given.link,
            ledger = self.given.ledger,
            site = self.site.as_ref().map(site::section).unwrap_or_default(),
            images = self.given.images,
            trial = self.given.trial,
            per_min = self.given.messages_per_min,
            plans = quoted(&plans.display().to_string()),
        );
        let file = place(&format!("picdesk-{}.toml", listen.port()));
        write_whole(&file, &text);
        file
    }
}

impl Desk {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The most memory that it has had, KiB.
    pub fn memory_peak_kib(&self) -> u64 {
        let pid = self.child.id().expect("it has not ended");
        let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// How long it has computed.
    pub fn computed(&self) -> Duration {
        /// Of a second. Source: `proc(5)`, `utime` and `stime`; Linux tells user space hundredths.
        const TICKS: u64 = 100;
        let pid = self.child.id().expect("it has not ended");
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        // The name of the program, in brackets, may hold spaces.
        let (_, rest) = text.rsplit_once(')').unwrap();
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<u64>().unwrap();
        Duration::from_millis((ticks(11) + ticks(12)) * 1000 / TICKS)
    }

    /// How many files and sockets it has open.
    pub fn open_files(&self) -> usize {
        let pid = self.child.id().expect("it has not ended");
        std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
    }

    /// From now on no file can be written behind so many bytes, as if the disk were full; none: all
    /// can.
    pub async fn end_files_at(&self, bytes: Option<u64>) {
        let pid = self.child.id().expect("it has not ended").to_string();
        let most = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        let limit = format!("--fsize={most}:");
        let done = Command::new("prlimit").args(["--pid", &pid, &limit]).status().await.unwrap();
        assert!(done.success(), "prlimit {limit}");
    }

    /// SIGKILL, and gone when this returns.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends it a signal by its name.
    pub async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it has not ended").to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().await.unwrap();
        assert!(sent.success(), "kill -s {name} {pid}");
    }

    /// Waits until it ends by itself, because something was wrong.
    pub async fn until_ended(self) {
        assert!(!self.ended().await.success(), "it says that something was wrong");
    }

    /// Waits until it ends by itself; how.
    pub async fn ended(mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.expect("it ends by itself").unwrap()
    }

    /// Whether it has not ended.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The address of one of its routes.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// What a picture costs here, and that many requests may stand in line.
const PLANS: &str = "
[prices.1k]
low = 1
medium = 2
high = 4
[prices.2k]
low = 2
medium = 4
high = 8
[prices.4k]
low = 4
medium = 8
high = 16
[free]
max_resolution = \"1k\"
queue_max = 1000
";

/// Whether nothing is left to do.
fn is_quiet(status: &Value) -> bool {
    let none = |pointer: &str| status.pointer(pointer).and_then(Value::as_i64) == Some(0);
    ["/inbox/waiting", "/inbox/failed", "/outbox/waiting", "/holds/pending", "/errands/waiting"]
        .iter()
        .all(|it| none(it))
        && ["/generations/queued", "/generations/running"].iter().all(|it| none(it))
}

fn free_address() -> SocketAddr {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

/// Writes a file so that whoever reads it meanwhile sees it whole.
fn write_whole(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, file).unwrap();
}
