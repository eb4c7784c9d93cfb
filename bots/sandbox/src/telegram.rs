//! A working model of Telegram: the Bot API on loopback, and the people behind it.
//!
//! [`TelegramStandIn::start`] opens a server that speaks the Bot API (10.3) as an adapter expects
//! it, around a small world: four people, a private chat for each, a group, and a forum of
//! operators. What people do in it is done by the methods of [`TelegramStandIn`]; what can go wrong
//! is armed through [`TelegramStandIn::arm`]. With a data folder everything survives a restart.
//!
//! The wire format is written here from Telegram's own documents and nowhere shared with the
//! adapter, so that a misreading cannot agree with itself.

mod counters;
mod faults;
mod files;
mod journal;
mod keyboard;
mod lean;
mod limits;
mod message;
mod methods;
mod people;
mod pictures;
mod polls;
mod queue;
mod refusal;
mod request;
mod script;
mod server;
mod stars;
mod stars_page;
mod state;
mod text;
mod view;
mod webhook;
mod wire;
mod world;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::DropGuard;
use tokio_util::task::TaskTracker;

pub use self::counters::{Delivery, Tally};
pub use self::faults::{Armed, Fault, Often, kinds as fault_kinds, read_armed};
use self::files::Blobs;
use self::journal::Journal;
pub use self::journal::JournalError;
pub use self::limits::RateLimits;
pub use self::message::Entity;
pub use self::people::{ALICE, ChatKind, GROUP, OLGA, OPERATORS, WEI, XIAOMING};
pub use self::script::{Attachment, Say, TopicAction, Unplayable};
pub use self::stars::{Allowed, NotPaid, Payment, Sold};
use self::state::State;
pub use self::state::{Change, Draft, Typing};
pub use self::view::{
    BotView, ButtonView, ChatView, DocumentView, LastView, MessageView, NotSeen, PictureView,
    PlayerView, ReplyView, SenderView, SummaryView, TopicView,
};
use self::world::{Bot, World};
use crate::clock::Clock;

/// The token of the stand-in's bot unless another is chosen. It opens nothing.
pub const TOKEN: &str = "7000000001:SANDBOX-stand-in-token-that-opens-nothing";

/// A call that took effect, for whoever measures.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Lower case.
    pub method: &'static str,
    /// Where.
    pub chat: Option<i64>,
    /// The message sent or edited.
    pub message: Option<i64>,
    /// Its text or caption.
    pub text: Option<&'a str>,
}

/// Told of every call that took effect.
#[derive(Clone)]
pub struct CallHook(Arc<dyn Fn(&Call<'_>) + Send + Sync>);

impl CallHook {
    /// Around a function, which must be quick.
    pub fn new(hook: impl Fn(&Call<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    fn call(&self, call: &Call<'_>) {
        (self.0)(call);
    }
}

impl fmt::Debug for CallHook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CallHook")
    }
}

/// How a stand-in is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; port 0 for a free one.
    pub listen: SocketAddr,
    /// The bot's token; its id stands before the colon.
    pub token: String,
    /// The bot's name.
    pub bot_name: String,
    /// The bot's name without the at sign.
    pub bot_username: String,
    /// Where everything is kept; none for memory alone.
    pub data: Option<PathBuf>,
    /// Whether messages are kept. Without, any user's chat exists, edits are taken on trust, and
    /// uploads are checked and dropped: the lean way, for benches.
    pub history: bool,
    /// The rate limits; none switches them off.
    pub rate_limits: Option<RateLimits>,
    /// What it calls now.
    pub clock: Clock,
    /// For the chance of faults and the first `update_id`.
    pub seed: u64,
    /// Told of every call that took effect.
    pub on_call: Option<CallHook>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: TOKEN.to_owned(),
            bot_name: "Picture Desk".to_owned(),
            bot_username: "picdesk_bot".to_owned(),
            data: None,
            history: true,
            rate_limits: Some(RateLimits::default()),
            clock: Clock::wall(),
            seed: 1,
            on_call: None,
        }
    }
}

impl Options {
    /// In memory, with Telegram's rate limits: for stories.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Keeping everything in a folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { data: Some(folder.to_owned()), ..Self::default() }
    }

    /// Nothing kept, nothing limited: for benches.
    pub fn lean() -> Self {
        Self { history: false, rate_limits: None, ..Self::default() }
    }
}

/// Why a stand-in could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is not free, or the folder not writable.
    #[error("the Telegram stand-in could not start")]
    Io(#[from] std::io::Error),
    /// What was kept cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No number stands before the colon.
    #[error("a bot token is a number, a colon and letters")]
    Token,
}

/// A running stand-in. Clones are the same one; it ends when the last is dropped.
#[derive(Debug, Clone)]
pub struct TelegramStandIn {
    state: Arc<State>,
    address: SocketAddr,
    /// Ends the tasks when the last clone goes.
    _guard: Arc<DropGuard>,
    tasks: TaskTracker,
}

impl TelegramStandIn {
    /// Opens the server, with what its folder remembers.
    ///
    /// # Errors
    /// `Io` when the address is taken or the folder not writable, `Journal` when what was kept is
    /// damaged, `Token` when the token is none.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let id = options.token.split_once(':').and_then(|(id, _)| id.parse().ok());
        let bot = Bot {
            id: id.ok_or(StartError::Token)?,
            name: options.bot_name.clone(),
            username: options.bot_username.clone(),
        };
        // Telegram begins anywhere; nothing may rest on a small first number.
        let first_update = 100_000_000 + i64::try_from(options.seed % 1_000_000).unwrap_or(0);
        let bot_id = bot.id;
        let mut world = World::new(bot, options.history, first_update);
        let blobs = match &options.data {
            None if options.history => Blobs::memory(),
            None => Blobs::Dropped,
            Some(folder) => {
                let blobs = Blobs::folder(&folder.join("files"))?;
                let path = folder.join("world.jsonl");
                world.restore(Journal::read(&path)?);
                let journal = Journal::rewrite(&path, &world.records())?;
                world.keep_journal(journal);
                blobs
            }
        };
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::new(options, (bot_id, address), world, blobs));
        let tasks = TaskTracker::new();
        tasks.spawn(server::serve(listener, Arc::clone(&state)));
        tasks.spawn(webhook::deliver(Arc::clone(&state)));
        let guard = Arc::new(state.ended.clone().drop_guard());
        Ok(Self { state, address, _guard: guard, tasks })
    }

    /// What `[telegram] api_url` has to be.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What `[telegram] token` has to be.
    pub fn token(&self) -> &str {
        &self.state.options.token
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

    /// Arms a fault.
    pub fn arm(&self, armed: Armed) {
        self.state.faults().arm(armed);
        self.state.changed(Change::Faults {});
    }

    /// Disarms all faults.
    pub fn clear_faults(&self) {
        self.state.faults().clear();
        self.state.ring_updates();
        self.state.changed(Change::Faults {});
    }

    /// What is armed.
    pub fn armed(&self) -> Vec<Armed> {
        self.state.faults().armed().to_vec()
    }

    /// Sets the rate limits; none switches them off.
    pub fn limit_rates(&self, limits: Option<RateLimits>) {
        *self.state.rate_limits() = limits;
    }

    /// What was counted since the start.
    pub fn counts(&self) -> Tally {
        self.state.counters.lock().clone()
    }
}
