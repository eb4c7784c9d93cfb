//! What is said on a connection and not answered yet. Answers to one message go one after the
//! other: the next waits until WeCom has taken the last.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Asked, Command};
use crate::answer::No;

/// Pings in a row without an answer after which the connection is dead. Source: the SDK.
const MISSED_MAX: u32 = 2;

/// A frame that waits for its answer.
struct Flying {
    command: Command,
    until: Instant,
}

/// What is under way on one connection.
pub(super) struct Line {
    ack: Duration,
    flying: HashMap<String, Flying>,
    waiting: VecDeque<Command>,
    pings: u32,
    count: u64,
    /// Tells our own ids from those of an earlier connection.
    salt: u32,
}

/// A frame, and what it is answered under.
pub(super) fn frame(cmd: &str, req_id: &str, body: Option<&Value>) -> String {
    let mut frame = json!({ "cmd": cmd, "headers": { "req_id": req_id } });
    if let Some(body) = body {
        frame["body"] = body.clone();
    }
    frame.to_string()
}

impl Line {
    pub fn new(ack: Duration) -> Self {
        Self {
            ack,
            flying: HashMap::new(),
            waiting: VecDeque::new(),
            pings: 0,
            count: 0,
            salt: rand::random(),
        }
    }

    /// An id of our own.
    pub fn id(&mut self, cmd: &str) -> String {
        self.count += 1;
        format!("{cmd}_{}_{:08x}", self.count, self.salt)
    }

    /// Takes a command: the frame that is to leave now, if its turn has come.
    pub fn take(&mut self, mut command: Command) -> Option<String> {
        let req_id = match &command.req_id {
            Some(req_id) => req_id.clone(),
            None => self.id(command.cmd),
        };
        if self.flying.contains_key(&req_id) {
            self.waiting.push_back(command);
            return None;
        }
        let text = frame(command.cmd, &req_id, Some(&command.body));
        command.req_id = Some(req_id.clone());
        self.flying.insert(req_id, Flying { command, until: Instant::now() + self.ack });
        Some(text)
    }

    /// A ping; nothing when the connection is dead.
    pub fn ping(&mut self) -> Option<String> {
        if self.pings >= MISSED_MAX {
            return None;
        }
        self.pings += 1;
        let id = self.id("ping");
        Some(frame("ping", &id, None))
    }

    /// WeCom answered: the frame that may leave now.
    pub fn answered(&mut self, req_id: &str, code: i64, words: &str) -> Option<String> {
        if req_id.starts_with("ping_") {
            self.pings = 0;
            return None;
        }
        let flying = self.flying.remove(req_id)?;
        let outcome = if code == 0 { Ok(()) } else { Err(Asked::Answered(No::read(code, words))) };
        let _ = flying.command.asked.send(outcome);
        self.next(req_id)
    }

    /// What waited behind this.
    fn next(&mut self, req_id: &str) -> Option<String> {
        let behind = |command: &Command| command.req_id.as_deref() == Some(req_id);
        let at = self.waiting.iter().position(behind)?;
        let command = self.waiting.remove(at)?;
        self.take(command)
    }

    /// What nobody has answered in time; the frames that may leave now.
    pub fn expire(&mut self) -> Vec<String> {
        let now = Instant::now();
        let late: Vec<String> = self
            .flying
            .iter()
            .filter(|(_, flying)| flying.until <= now)
            .map(|(req_id, _)| req_id.clone())
            .collect();
        let mut frames = Vec::new();
        for req_id in late {
            if let Some(flying) = self.flying.remove(&req_id) {
                let _ = flying.command.asked.send(Err(Asked::Slow));
            }
            frames.extend(self.next(&req_id));
        }
        frames
    }

    /// The connection is over: what did not leave may be said again, of the rest nobody knows.
    pub fn end(self) {
        for flying in self.flying.into_values() {
            let _ = flying.command.asked.send(Err(Asked::Slow));
        }
        for command in self.waiting {
            let _ = command.asked.send(Err(Asked::NoConnection));
        }
    }
}
