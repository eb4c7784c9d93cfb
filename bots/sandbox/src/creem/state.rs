//! What all parts share: the world under its lock, what is armed, and the bell of the courier.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::CreemOptions;
use super::world::World;
use crate::rest::{Fault, Faults, locked};

/// How webhooks are signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// `creem-signature`: hex, over the body alone.
    #[default]
    Legacy,
    /// Standard Webhooks: three headers, base64, over id, time and body.
    Standard,
    /// Both at once.
    Both,
}

/// What screening says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Go on.
    #[default]
    Allow,
    /// Rather not.
    Flag,
    /// No.
    Deny,
}

/// The insides of the stand-in.
#[derive(Debug)]
pub struct State {
    /// How it was started.
    pub options: CreemOptions,
    /// Where it listens.
    pub base_url: String,
    /// Ends all tasks.
    pub ended: CancellationToken,
    world: Mutex<World>,
    faults: Mutex<Faults>,
    ways: Mutex<Ways>,
    bell: watch::Sender<u64>,
}

/// What is switched, and outlives a restart with the world.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Switches {
    /// How webhooks are signed.
    pub scheme: Scheme,
    /// Whether new ones are kept back.
    pub withheld: bool,
    /// Whether the bank takes its time with refunds.
    pub slow_refunds: bool,
    /// What screening says of everything but named words.
    pub verdict: Verdict,
}

/// What a run of it is told anew.
#[derive(Debug, Default)]
pub struct Ways {
    /// Where webhooks go; nowhere at first.
    pub webhook_url: Option<String>,
    /// Words whose prompts get another verdict.
    pub verdicts: Vec<(String, Verdict)>,
    /// Whether our names for purchases are left out of everything that is asked for.
    pub unnamed: bool,
    /// The calls so far, `POST /v1/checkouts`, the last thousand.
    pub calls: VecDeque<String>,
}

impl State {
    pub fn new(options: CreemOptions, world: World, base_url: String) -> Self {
        Self {
            base_url,
            ended: CancellationToken::new(),
            world: Mutex::new(world),
            faults: Mutex::new(Faults::new(options.seed)),
            ways: Mutex::default(),
            bell: watch::Sender::new(0),
            options,
        }
    }

    pub fn now_ms(&self) -> i64 {
        self.options.clock.now_ms()
    }

    /// `test` or `prod`, as the key says. Source: Creem, "API keys": test keys begin `creem_test_`.
    pub fn mode(&self) -> &'static str {
        if self.options.api_key.starts_with("creem_test_") { "test" } else { "prod" }
    }

    /// The world, locked; never held across a wait.
    pub fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.world)
    }

    /// Changes the world, keeps it, and rings for the courier.
    pub fn change<T>(&self, with: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world();
        let done = with(&mut world);
        world.save();
        drop(world);
        self.ring();
        done
    }

    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        locked(&self.faults)
    }

    pub fn ways(&self) -> MutexGuard<'_, Ways> {
        locked(&self.ways)
    }

    /// How it is switched now.
    pub fn switches(&self) -> Switches {
        self.world().switches
    }

    /// Turns switches.
    pub fn switch(&self, turn: impl FnOnce(&mut Switches)) {
        self.change(|world| turn(&mut world.switches));
    }

    pub fn ring(&self) {
        self.bell.send_modify(|rings| *rings += 1);
    }

    pub fn bell(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    /// Writes a call down and says what befalls it.
    pub fn strike(&self, call: &str) -> Option<Fault> {
        /// Calls that are remembered.
        const CALLS_MAX: usize = 1000;
        let mut ways = self.ways();
        if ways.calls.len() == CALLS_MAX {
            ways.calls.pop_front();
        }
        ways.calls.push_back(call.to_owned());
        drop(ways);
        self.faults().strike_call(call)
    }

    /// What screening says of a prompt.
    pub fn verdict(&self, prompt: &str) -> Verdict {
        let ways = self.ways();
        let named = ways.verdicts.iter().find(|(word, _)| prompt.contains(word.as_str()));
        let named = named.map(|(_, verdict)| *verdict);
        drop(ways);
        named.unwrap_or_else(|| self.switches().verdict)
    }
}
