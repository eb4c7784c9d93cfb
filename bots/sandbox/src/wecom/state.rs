//! What all parts of the stand-in share: the world under its lock, chance, and the bells.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use super::Options;
use super::bot::Socket;
use super::counters::Counters;
use super::envelope::{Sealed, Secrets};
use super::faults::{Fault, Faults, Occasion};
use super::limits::{Limit, MEMBER, Windows};
use super::message::Message;
use super::pictures;
use super::record::{Code, CodeFor, Media, Record};
use super::refusal::Refusal;
use super::world::World;
use crate::blobs::{Blobs, name_of_bytes};

/// What a watcher may want to know of, one thing at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Change {
    /// A message is new or was changed.
    Message {
        /// Its chat.
        chat: i64,
        /// Its number.
        message: i64,
    },
    /// A chat's session, or who is in it, changed.
    Chat {
        /// Its number.
        chat: i64,
    },
    /// What is armed changed.
    Faults {},
}

/// The insides of the stand-in.
#[derive(Debug)]
pub struct State {
    /// How it was started.
    pub options: Options,
    /// What seals callbacks of the app.
    pub app: Secrets,
    /// What seals callbacks of the AI bot.
    pub bot: Secrets,
    /// Where bytes lie.
    pub blobs: Blobs,
    /// What is counted.
    pub counters: Counters,
    /// Ends all tasks.
    pub ended: CancellationToken,
    /// Where the stand-in itself listens, for links in messages.
    pub base_url: String,
    world: Mutex<World>,
    faults: Mutex<Faults>,
    windows: Mutex<Windows>,
    chance: Mutex<StdRng>,
    socket: Mutex<Option<Socket>>,
    changes: broadcast::Sender<Change>,
    version: watch::Sender<u64>,
    bell: watch::Sender<u64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// Around a world.
    pub fn new(
        options: Options,
        (app, bot): (Secrets, Secrets),
        world: World,
        blobs: Blobs,
        base_url: String,
    ) -> Self {
        // Chance must not repeat itself after a restart, or names would.
        let seed = options.seed ^ (world.meta.starts << 32);
        Self {
            app,
            bot,
            blobs,
            base_url,
            counters: Counters::default(),
            ended: CancellationToken::new(),
            world: Mutex::new(world),
            faults: Mutex::new(Faults::new(options.seed)),
            windows: Mutex::default(),
            chance: Mutex::new(StdRng::seed_from_u64(seed)),
            socket: Mutex::new(None),
            changes: broadcast::Sender::new(1024),
            version: watch::Sender::new(0),
            bell: watch::Sender::new(0),
            options,
        }
    }

    /// The world, locked; never held across a wait.
    pub fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    /// What is armed, locked.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    /// The AI bot's socket, locked; none when nobody is connected.
    pub fn socket(&self) -> MutexGuard<'_, Option<Socket>> {
        lock(&self.socket)
    }

    /// Now, by the stand-in's clock.
    pub fn now_ms(&self) -> i64 {
        self.options.clock.now_ms()
    }

    /// What befalls this, counted.
    pub fn strike(&self, occasion: Occasion, what: &str, owners: &[&str]) -> Option<Fault> {
        let fault = self.faults().strike(occasion, what, owners)?;
        *self.counters.lock().faults.entry(fault.word()).or_default() += 1;
        self.changed(Change::Faults {});
        Some(fault)
    }

    /// Counts one more under a name; false when it is one too many and limits are on.
    pub fn within(&self, name: &str, limit: Limit) -> bool {
        !self.options.limits || lock(&self.windows).take(name, limit, self.now_ms())
    }

    /// The same for messages to a member. It holds where limits are off, too: what is dropped
    /// without a word slows nobody down, and whoever sends more has lost it.
    pub fn within_member(&self, userid: &str) -> bool {
        lock(&self.windows).take(&format!("member {userid}"), MEMBER, self.now_ms())
    }

    /// Letters and digits that nobody can guess, but the seed can.
    pub fn word(&self, length: usize) -> String {
        const LETTERS: &[u8; 62] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut chance = lock(&self.chance);
        (0..length).map(|_| char::from(LETTERS[chance.random_range(0..62)])).collect()
    }

    /// A number with so many digits.
    pub fn digits(&self, count: usize) -> String {
        let mut chance = lock(&self.chance);
        (0..count).map(|at| char::from(b'0' + chance.random_range(u8::from(at == 0)..10))).collect()
    }

    /// Seals a message as WeCom would now.
    pub fn seal(&self, secrets: &Secrets, message: &[u8]) -> Sealed {
        let random: [u8; 16] = lock(&self.chance).random();
        let timestamp = (self.now_ms() / 1000).to_string();
        // Both forms are seen: digits from WeCom itself, letters from its tool for developers.
        let is_letters = random[0].is_multiple_of(4);
        let nonce = if is_letters { self.word(16) } else { self.digits(10) };
        secrets.seal(message, random, &timestamp, &nonce)
    }

    /// Makes a code and keeps it.
    pub fn make_code(&self, world: &mut World, purpose: CodeFor, life_ms: i64) -> String {
        let prefix = match purpose {
            CodeFor::Sync(_) => "ENC",
            _ => "",
        };
        let code = format!("{prefix}{}{:x}", self.word(40), world.next());
        let until_ms = self.now_ms() + life_ms;
        world.keep(Record::Code(Code { word: code.clone(), purpose, until_ms, used: false }));
        code
    }

    /// Keeps bytes under a `media_id`.
    pub fn keep_media(
        &self,
        world: &mut World,
        kind: &str,
        name: &str,
        bytes: &Bytes,
    ) -> Result<Media, Refusal> {
        let blob = self.keep_bytes(bytes)?;
        let media = Media {
            id: format!("3{}{:x}", self.word(60), world.next()),
            kind: kind.to_owned(),
            blob,
            name: name.to_owned(),
            mime: pictures::mime_of(bytes).to_owned(),
            bytes: bytes.len() as u64,
            at_ms: self.now_ms(),
            robot: false,
        };
        world.keep(Record::Media(media.clone()));
        Ok(media)
    }

    /// Keeps bytes; answers with the name under which they lie.
    pub fn keep_bytes(&self, bytes: &Bytes) -> Result<String, Refusal> {
        let blob = name_of_bytes(bytes);
        self.blobs.put(&blob, bytes).map_err(|error| {
            tracing::error!(error = %error, "the WeCom stand-in could not keep a file");
            Refusal::of_code(-1)
        })?;
        Ok(blob)
    }

    /// Tells watchers.
    pub fn changed(&self, change: Change) {
        if self.changes.receiver_count() > 0 {
            // A watcher that left in this moment misses nothing.
            drop(self.changes.send(change));
        }
        self.version.send_modify(|version| *version += 1);
    }

    /// Tells watchers of a message.
    pub fn changed_message(&self, message: &Message) {
        self.changed(Change::Message { chat: message.chat, message: message.id });
    }

    /// Wakes whoever carries callbacks.
    pub fn ring(&self) {
        self.bell.send_modify(|version| *version += 1);
    }

    /// Rings when callbacks may be due.
    pub fn hear_bell(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    /// Rings at every change.
    pub fn hear_version(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Every change, one by one.
    pub fn hear_changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }
}
