//! A working model of WeCom and of WeChat customer service on loopback, and the people behind it.
//!
//! [`WecomStandIn::start`] opens a server that speaks the API of qyapi.weixin.qq.com and, beside
//! it, the AI bot's socket, around a small world: members of a corp, customers on WeChat, two
//! customer service accounts with their servicers, an AI bot and a group robot. Callbacks go to the
//! desk in real envelopes. What people do is done by the methods of [`WecomStandIn`]; what can go wrong is
//! armed through [`WecomStandIn::arm`]. With a data folder everything survives a restart.
//!
//! The wire format is written here from WeCom's own documents (`document/path/…` on
//! developer.work.weixin.qq.com) and nowhere shared with the adapter, so that a misreading cannot
//! agree with itself. Where the documents are silent, the code says whose guess it follows.
//!
//! A story reads as the conversation; a chat is named by its alias:
//! ```text
//! let wecom = WecomStandIn::start(Options { clock, ..Options::in_memory() }).await?;
//! wecom.point_at(&desk_url);                                // callbacks go there from now on
//! wecom.enter_session("anna", "desk", "link", "token")?;    // by a link, with a welcome code
//! wecom.say("kf-anna", "a fox in the snow")?;               // a customer on WeChat
//! let menu = wecom.wait_for("kf-anna", SOON, |it| it.sort == "menu").await?;
//! wecom.press("kf-anna", "", menu.message, "Again")?;       // says the line, with its menu_id
//! wecom.take_session("kf-anna", "kf-olga")?;                // a human, and back:
//! wecom.perform(&Say::text("kf-anna", "hello").by("kf-olga"))?;
//! wecom.end_session("kf-anna")?;
//! wecom.perform(&Say::text("app-chenmo", "").with("a.png", png))?;   // a member, to the app
//! wecom.say("bot-chenmo", "a fox")?;                        // a member, to the AI bot
//! wecom.arm(Armed::times(Fault::TokenKilled, 1).on("kf/send_msg"));
//! wecom.close_window("kf-anna")?;
//! ```

mod app;
mod bot;
mod callbacks;
mod cards;
mod contacts;
mod content;
mod counters;
mod envelope;
mod faults;
mod kf;
mod limits;
mod media;
mod message;
mod methods;
mod people;
mod pictures;
mod record;
mod refusal;
mod robot;
mod script;
mod server;
mod state;
mod tokens;
mod view;
mod world;
mod xml;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::Client;
use tokio::net::TcpListener;
use tokio_util::sync::DropGuard;
use tokio_util::task::TaskTracker;

pub use self::counters::Tally;
use self::envelope::{AesKey, Secrets};
pub use self::faults::{Armed, Fault, Often};
pub use self::kf::SessionState;
pub use self::people::{
    ANNA, BOT_GROUP, CHENMO, DESK_KF, OLGA, Reception, STUDIO_KF, WANG, WEI, XIAOLIN, ZHAO,
};
pub use self::script::{Attachment, Pressed, Say, Unplayable};
pub use self::state::Change;
use self::state::State;
pub use self::tokens::Ended;
pub use self::view::{
    ButtonView, ChatView, FileView, LastView, MessageView, NotSeen, PictureView, PlayerView,
    ReplyView, SenderView, SessionView, SummaryView,
};
use self::world::World;
use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::journal::{Journal, JournalError};

/// The AI bot of the corp.
#[derive(Debug, Clone)]
pub struct BotOptions {
    /// `aibotid` and `bot_id`.
    pub id: String,
    /// As everyone sees it.
    pub name: String,
    /// What opens the socket.
    pub secret: String,
    /// What signs callbacks.
    pub token: String,
    /// What encrypts callbacks: 43 letters and digits.
    pub aes_key: String,
}

/// How a stand-in is started. None of the secrets opens anything.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; port 0 for a free one.
    pub listen: SocketAddr,
    /// CorpID.
    pub corp_id: String,
    /// The app's `agentid`.
    pub agent_id: i64,
    /// As members see the app.
    pub app_name: String,
    /// The app's secret.
    pub secret: String,
    /// What signs callbacks of the app.
    pub token: String,
    /// What encrypts callbacks of the app: 43 letters and digits.
    pub aes_key: String,
    /// The AI bot.
    pub bot: BotOptions,
    /// The group robot's `key`.
    pub robot_key: String,
    /// The address that calls seem to come from.
    pub seen_from: String,
    /// Where everything is kept; none for memory alone.
    pub data: Option<PathBuf>,
    /// Whether limits by minute and hour are kept to.
    pub limits: bool,
    /// Whether cards with buttons need a callback address: 43012.
    pub callback_needed: bool,
    /// How long WeCom waits before it asks for more of a stream, ms. No document says; ours.
    pub ask_ms: i64,
    /// What it calls now.
    pub clock: Clock,
    /// For chance.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            corp_id: "wwSandbox0000001".into(),
            agent_id: 1_000_002,
            app_name: "AI 画图".into(),
            secret: "SANDBOX-secret-that-opens-nothing".into(),
            token: "SandboxToken".into(),
            aes_key: "SandboxKeyOfTheAppThatOpensNothingAtAll0001".into(),
            bot: BotOptions {
                id: "aibSandbox0001".into(),
                name: "画图助手".into(),
                secret: "SANDBOX-bot-secret-that-opens-nothing".into(),
                token: "SandboxBotToken".into(),
                aes_key: "SandboxKeyOfTheBotThatOpensNothingAtAll0001".into(),
            },
            robot_key: "5a4db0c5-0000-4000-8000-000000000001".into(),
            seen_from: "203.0.113.7".into(),
            data: None,
            limits: true,
            callback_needed: true,
            ask_ms: 1_000,
            clock: Clock::wall(),
            seed: 1,
        }
    }
}

impl Options {
    /// In memory, with WeCom's limits: for stories.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Keeping everything in a folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { data: Some(folder.to_owned()), ..Self::default() }
    }
}

/// Why a stand-in could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is not free, or the folder not writable.
    #[error("the WeCom stand-in could not start")]
    Io(#[from] std::io::Error),
    /// What was kept cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No client could be made.
    #[error("the WeCom stand-in cannot call anybody")]
    Client(#[from] reqwest::Error),
    /// It does not have 43 letters and digits.
    #[error("an EncodingAESKey has 43 letters and digits")]
    Key,
}

/// A running stand-in. Clones are the same one; it ends when the last is dropped.
#[derive(Debug, Clone)]
pub struct WecomStandIn {
    state: Arc<State>,
    client: Client,
    address: SocketAddr,
    /// Ends the tasks when the last clone goes.
    _guard: Arc<DropGuard>,
    tasks: TaskTracker,
}

impl WecomStandIn {
    /// Opens the server, with what its folder remembers.
    ///
    /// # Errors
    /// `Io` when the address is taken or the folder not writable, `Journal` when what was kept is
    /// damaged, `Key` when an EncodingAESKey is none.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let secrets = secrets(&options)?;
        let (world, blobs) = open_world(&options)?;
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let base_url = format!("http://{address}");
        let state = Arc::new(State::new(options, secrets, world, blobs, base_url));
        let client = callbacks::client()?;
        let tasks = TaskTracker::new();
        tasks.spawn(server::serve(listener, Arc::clone(&state)));
        tasks.spawn(callbacks::carry(Arc::clone(&state), client.clone()));
        tasks.spawn(bot::carry(Arc::clone(&state), client.clone()));
        let guard = Arc::new(state.ended.clone().drop_guard());
        Ok(Self { state, client, address, _guard: guard, tasks })
    }

    /// What `[wecom] api_url` has to be.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the AI bot's socket is opened.
    pub fn socket_url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Secrets and names that the desk has to be configured with.
    pub fn options(&self) -> &Options {
        &self.state.options
    }

    /// The address by which the group robot is told something.
    pub fn robot_url(&self) -> String {
        let key = &self.state.options.robot_key;
        format!("http://{}/cgi-bin/webhook/send?key={key}", self.address)
    }

    /// The clock it goes by.
    pub fn clock(&self) -> &Clock {
        &self.state.options.clock
    }

    /// Ends it: its address is free when this returns, connections break, what was kept stays.
    pub async fn stop(&self) {
        self.state.ended.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Sends callbacks to this desk from now on, without asking it first; what waited goes at once.
    pub fn point_at(&self, desk_url: &str) {
        let base = desk_url.trim_end_matches('/');
        self.state.world().change_meta(|meta| {
            meta.callback_url = Some(format!("{base}/wecom/callback"));
            meta.bot_url = Some(format!("{base}/wecom/bot"));
        });
        self.state.ring();
    }

    /// Saves an address for the app's callbacks as the console does: only if it verifies.
    ///
    /// # Errors
    /// What the console says when it does not, in words.
    pub async fn save_callback_url(&self, url: &str) -> Result<(), String> {
        callbacks::verify(&self.state, &self.client, &self.state.app, url).await?;
        self.state.world().change_meta(|meta| meta.callback_url = Some(url.to_owned()));
        self.state.ring();
        Ok(())
    }

    /// Saves an address for the AI bot's callbacks as the console does: only if it verifies.
    ///
    /// # Errors
    /// What the console says when it does not, in words.
    pub async fn save_bot_url(&self, url: &str) -> Result<(), String> {
        callbacks::verify(&self.state, &self.client, &self.state.bot, url).await?;
        self.state.world().change_meta(|meta| meta.bot_url = Some(url.to_owned()));
        self.state.ring();
        Ok(())
    }

    /// Arms a fault.
    pub fn arm(&self, armed: Armed) {
        self.state.faults().arm(armed);
        self.state.changed(Change::Faults {});
    }

    /// Disarms all faults.
    pub fn clear_faults(&self) {
        self.state.faults().clear();
        self.state.ring();
        self.state.changed(Change::Faults {});
    }

    /// What is armed.
    pub fn armed(&self) -> Vec<Armed> {
        self.state.faults().armed().to_vec()
    }

    /// What was counted since the start.
    pub fn counts(&self) -> Tally {
        self.state.counters.lock().clone()
    }
}

fn secrets(options: &Options) -> Result<(Secrets, Secrets), StartError> {
    let key = |text: &str| AesKey::parse(text).ok_or(StartError::Key);
    let app = Secrets {
        token: options.token.clone(),
        key: key(&options.aes_key)?,
        receive_id: options.corp_id.clone(),
    };
    // The AI bot of an own corp has an empty receive id. Source: document 101033.
    let bot = Secrets {
        token: options.bot.token.clone(),
        key: key(&options.bot.aes_key)?,
        receive_id: String::new(),
    };
    Ok((app, bot))
}

fn open_world(options: &Options) -> Result<(World, Blobs), StartError> {
    let mut world = World::new();
    let Some(folder) = &options.data else {
        return Ok((world, Blobs::memory()));
    };
    let blobs = Blobs::folder(&folder.join("files"))?;
    let path = folder.join("world.jsonl");
    world.restore(Journal::read(&path)?);
    world.forget_codes_before(options.clock.now_ms());
    let journal = Journal::rewrite(&path, &world.records())?;
    world.keep_journal(journal);
    world.change_meta(|meta| meta.starts += 1);
    Ok((world, blobs))
}
