//! What all parts of the stand-in share: the world under its lock, and the bells.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use serde::Serialize;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use super::Options;
use super::counters::Counters;
use super::faults::Faults;
use super::files::{Blobs, FileKind, read_unique};
use super::limits::RateLimits;
use super::pictures;
use super::polls::Polls;
use super::refusal::Refusal;
use super::world::World;

/// What a watcher may want to know of, one thing at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Change {
    /// A message is new or was edited.
    Message {
        /// Its chat.
        chat: i64,
        /// Its number.
        message: i64,
    },
    /// A message is gone.
    Deleted {
        /// Its chat.
        chat: i64,
        /// Its number.
        message: i64,
    },
    /// The bot is busy with something.
    Typing(Typing),
    /// The bot shows a text that is still growing.
    Draft(Draft),
    /// The bot has answered a tap.
    Toast {
        /// Where the button was.
        chat: i64,
        /// Under which message.
        message: i64,
        /// Who pressed it.
        player: String,
        /// What it says; may be empty.
        text: String,
        /// Whether it is a box rather than a strip.
        alert: bool,
    },
    /// A chat's title, topics, block or number changed.
    Chat {
        /// Its number.
        chat: i64,
    },
    /// What is armed changed.
    Faults {},
    /// Someone moved the clock.
    Clock {
        /// What it shows now.
        now_ms: i64,
    },
}

/// What the bot is shown to be doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Typing {
    /// Where.
    pub chat: i64,
    /// In which thread.
    pub topic: Option<i64>,
    /// `typing`, `upload_photo`, …
    pub action: String,
    /// Shown until then, ms since 1970.
    pub until_ms: i64,
}

/// A text that is still growing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Draft {
    /// Where.
    pub chat: i64,
    /// In which thread.
    pub topic: Option<i64>,
    /// Its number, chosen by the bot.
    pub draft: i64,
    /// What it says so far.
    pub text: String,
    /// Whether it has a Stop button.
    pub can_stop: bool,
    /// Shown until then, ms since 1970.
    pub until_ms: i64,
}

/// Shown for at most 5 s. Source: Bot API, sendChatAction.
pub const TYPING_MS: i64 = 5_000;
/// Shown for 30 s. Source: Bot API, sendMessageDraft.
pub const DRAFT_MS: i64 = 30_000;

/// The insides of the stand-in.
#[derive(Debug)]
pub struct State {
    /// How it was started.
    pub options: Options,
    /// The bot's number.
    pub bot_id: i64,
    address: SocketAddr,
    /// Where bytes lie.
    pub blobs: Blobs,
    /// What is armed.
    faults: Mutex<Faults>,
    /// What is counted.
    pub counters: Counters,
    /// Ends all tasks.
    pub ended: CancellationToken,
    rate_limits: Mutex<Option<RateLimits>>,
    world: Mutex<World>,
    shown: Mutex<Shown>,
    polls: Mutex<Polls>,
    changes: broadcast::Sender<Change>,
    version: watch::Sender<u64>,
    updates: watch::Sender<u64>,
}

/// What vanishes by itself.
#[derive(Debug, Default)]
pub struct Shown {
    /// By chat.
    pub typing: Vec<Typing>,
    /// By chat.
    pub drafts: Vec<Draft>,
}

impl State {
    /// Around a world.
    pub fn new(
        options: Options,
        (bot_id, address): (i64, SocketAddr),
        world: World,
        blobs: Blobs,
    ) -> Self {
        Self {
            faults: Mutex::new(Faults::new(options.seed)),
            rate_limits: Mutex::new(options.rate_limits),
            options,
            bot_id,
            address,
            blobs,
            counters: Counters::default(),
            ended: CancellationToken::new(),
            world: Mutex::new(world),
            shown: Mutex::default(),
            polls: Mutex::default(),
            changes: broadcast::Sender::new(1024),
            version: watch::Sender::new(0),
            updates: watch::Sender::new(0),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The world, locked; never held across a wait.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is armed, locked.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What vanishes by itself, locked.
    pub fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rate limits; none when they are off.
    pub fn rate_limits(&self) -> MutexGuard<'_, Option<RateLimits>> {
        self.rate_limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who polls, locked.
    pub fn polls(&self) -> MutexGuard<'_, Polls> {
        self.polls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now, by the stand-in's clock.
    pub fn now_ms(&self) -> i64 {
        self.options.clock.now_ms()
    }

    /// Tells watchers.
    pub fn changed(&self, change: Change) {
        if self.changes.receiver_count() > 0 {
            // A watcher that left in this moment misses nothing.
            drop(self.changes.send(change));
        }
        if self.version.receiver_count() > 0 {
            self.version.send_modify(|version| *version += 1);
        }
    }

    /// Wakes whoever delivers or fetches updates.
    pub fn ring_updates(&self) {
        self.updates.send_modify(|version| *version += 1);
    }

    /// Rings when updates may be due.
    pub fn hear_updates(&self) -> watch::Receiver<u64> {
        self.updates.subscribe()
    }

    /// Rings at every change.
    pub fn hear_version(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Every change, one by one.
    pub fn hear_changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Keeps uploaded bytes.
    pub fn keep_bytes(&self, name: &str, bytes: &Bytes) -> Result<(), Refusal> {
        self.blobs.put(name, bytes).map_err(|error| {
            tracing::error!(error = %error, "the Telegram stand-in could not keep a file");
            Refusal { status: 500, ..Refusal::bad("the stand-in's disk is full") }
        })
    }

    /// The bytes of a file and what they are; a size of a photo is rendered on first demand.
    pub fn file(&self, unique: &str) -> Option<(Bytes, String)> {
        let (kind, source) = read_unique(unique)?;
        match kind {
            FileKind::Document => {
                let mime = self.world().documents.get(unique)?.mime.clone();
                let mime = mime.unwrap_or_else(|| "application/octet-stream".into());
                Some((self.blobs.get(source)?, mime))
            }
            FileKind::Photo => {
                let mime = "image/jpeg".to_owned();
                if let Some(rendered) = self.blobs.get(unique) {
                    return Some((rendered, mime));
                }
                let side = {
                    let world = self.world();
                    let sizes = &world.photos.get(source)?.sizes;
                    let size = sizes.iter().find(|size| size.unique == unique)?;
                    size.width.max(size.height)
                };
                let original = self.blobs.get(source)?;
                let rendered = pictures::render(&original, side)?;
                self.keep_bytes(unique, &rendered).ok()?;
                Some((rendered, mime))
            }
        }
    }
}
