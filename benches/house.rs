//! The desk as its owner runs it: the real program, between a Telegram that stands in for the real
//! one and a provider, on a database that outlives it.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use futures_util::FutureExt as _;
use picdesk_sandbox::telegram::{CallHook, Options, TelegramStandIn};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::{
    databases::Database,
    line::{Line, SECRET},
};

/// The program that is measured.
const PROGRAM: &str = env!("CARGO_BIN_EXE_picdesk");
/// Longer than anything takes that is worth measuring.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks at something that cannot be awaited.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// The number of the first chat.
const FIRST_CHAT: i64 = 10_000_001;

/// Chats, and what rings when one of them is written to.
pub struct Chats(Vec<Notify>);

impl Chats {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The number of a chat.
    pub fn number(chat: usize) -> i64 {
        FIRST_CHAT + chat.cast_signed() as i64
    }

    /// Whatever was sent to a chat before is not the answer to what is said next.
    pub fn forget(&self, chat: usize) {
        let _rung = self.0[chat].notified().now_or_never();
    }

    /// Waits for a message of ours in a chat; one that has come since the last wait counts.
    pub async fn answered(&self, chat: usize) -> anyhow::Result<()> {
        let rung = tokio::time::timeout(PATIENCE, self.0[chat].notified()).await;
        rung.with_context(|| format!("no answer in chat {chat}"))
    }

    fn ring(&self, number: i64) {
        let chat = usize::try_from(number - FIRST_CHAT).ok().and_then(|chat| self.0.get(chat));
        if let Some(chat) = chat {
            chat.notify_one();
        }
    }
}

/// What does not end with a desk.
pub struct House {
    /// Who is talked with.
    pub chats: Arc<Chats>,
    telegram: TelegramStandIn,
    folder: TempDir,
    store: String,
    provider: Option<String>,
    more: String,
}

/// A running desk. It is told to stop when it is dropped.
pub struct Desk {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

impl House {
    /// A house around a database, with so many chats; `provider` makes the pictures.
    pub async fn build(
        database: &Database,
        chats: usize,
        provider: Option<String>,
    ) -> anyhow::Result<Self> {
        let chats = Arc::new(Chats((0..chats).map(|_| Notify::new()).collect()));
        let ringing = Arc::clone(&chats);
        let hook = CallHook::new(move |call| {
            if let ("sendmessage", Some(chat)) = (call.method, call.chat) {
                ringing.ring(chat);
            }
        });
        let telegram = TelegramStandIn::start(Options { on_call: Some(hook), ..Options::lean() });
        Ok(Self {
            chats,
            telegram: telegram.await?,
            folder: TempDir::with_prefix_in("bench-", env!("CARGO_TARGET_TMPDIR"))?,
            store: database.url.clone(),
            provider,
            more: String::new(),
        })
    }

    /// The same with more sections in its configuration.
    pub fn with_config(self, more: String) -> Self {
        Self { more, ..self }
    }

    /// Starts a desk and waits until it is ready; how long that took.
    pub async fn open(&self) -> anyhow::Result<(Desk, Duration)> {
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let config = self.write_config(address)?;
        let log = fs::File::create(self.log())?;
        let began = Instant::now();
        let child = Command::new(PROGRAM)
            .args(["serve", "--config"])
            .arg(config)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let mut desk = Desk { address, child };
        while !is_ready(address).await {
            if desk.child.try_wait()?.is_some() || began.elapsed() > PATIENCE {
                bail!("the desk is not ready:\n{}", fs::read_to_string(self.log())?);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok((desk, began.elapsed()))
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("desk.log")
    }

    /// No limit of rates is on; whoever calls is taken for the proxy that would stand there.
    fn write_config(&self, listen: SocketAddr) -> anyhow::Result<PathBuf> {
        // A JSON string is a TOML string.
        let quoted = |text: &str| Value::from(text).to_string();
        let place = |name: &str| self.folder.path().join(name);
        let plans = place("plans.toml");
        fs::write(&plans, PLANS)?;
        let images = self.provider.as_ref().map_or_else(String::new, |base| {
            format!("[images]\nbase_url = {}\napi_key = \"key\"\nconcurrency = 8\n", quoted(base))
        });
        let text = format!(
            "[server]\nlisten = \"{listen}\"\npublic_url = \"http://{listen}\"\n\
             trusted_proxies = [\"127.0.0.1\"]\n\
             [store]\nurl = {store}\n[artifacts]\nurl = {pictures}\n\
             [telegram]\ntoken = {token}\napi_url = {api}\nmode = \"webhook\"\n\
             webhook_secret = \"{SECRET}\"\nregister_webhook = false\n\
             sends_per_s = 0\nchat_sends_per_s = 0\ngroup_sends_per_min = 0\n{images}\
             [credits]\ntrial = 100\n[limits]\nmessages_per_min = 0\n\
             [product]\nplans_file = {plans}\n{more}",
            more = self.more,
            store = quoted(&self.store),
            pictures = quoted(&format!("file://{}", place("pictures").display())),
            token = quoted(self.telegram.token()),
            api = quoted(&self.telegram.api_url()),
            plans = quoted(&plans.display().to_string()),
        );
        let file = place("picdesk.toml");
        fs::write(&file, text)?;
        Ok(file)
    }
}

/// Everybody may have the largest pictures, several at once.
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
max_resolution = \"4k\"
queue_max = 8
";

async fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut line) = Line::open(address).await else { return false };
    let request = b"GET /readyz HTTP/1.1\r\nhost: desk\r\n\r\n";
    matches!(line.ask(request).await, Ok(200))
}

impl Desk {
    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // As a service manager does it: who is killed is missed for some seconds on PostgreSQL
        // before another takes over. It may have ended by itself; then its figures say so.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
