//! The bot's connection, for those whom WeCom cannot reach. We hold it, what is said comes on it,
//! and answers leave on it.
//!
//! WeCom keeps one connection for each bot: a second one puts the first out, and tells it so. Who
//! is told gives up and does not come back, or two replicas would put each other out for ever.
//!
//! Source: developer.work.weixin.qq.com/document/path/101463 and @wecom/aibot-node-sdk 1.0.7.

mod line;
mod open;
mod proxy;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use picdesk_core::channel::{DeliveryError, Scope};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

pub use self::open::{Ended, Means, Socket};
use crate::answer::No;

/// Answers that wait for their turn on the connection.
const WAITING_MAX: usize = 256;

/// How long a message waits that met the limit of a minute.
const LIMITED: Duration = Duration::from_mins(1);

/// Something to be said on the connection.
pub(crate) struct Command {
    pub cmd: &'static str,
    /// What it answers; nothing for something of our own.
    pub req_id: Option<String>,
    pub body: Value,
    pub asked: oneshot::Sender<Result<(), Asked>>,
}

/// Why something was not said on the connection.
#[derive(Debug, thiserror::Error)]
pub enum Asked {
    /// There is no connection now.
    #[error("the bot has no connection")]
    NoConnection,
    /// Nobody answered in time.
    #[error("no answer in time")]
    Slow,
    /// WeCom said no.
    #[error("wecom answered {0}")]
    Answered(No),
}

impl Asked {
    /// The delivery's error.
    #[must_use]
    pub fn failure(self) -> DeliveryError {
        match self {
            Self::NoConnection => DeliveryError::NotSent(self.into()),
            Self::Slow => DeliveryError::Unknown(self.into()),
            Self::Answered(no) => match no.code {
                45_009 => DeliveryError::RetryAfter { wait: LIMITED, scope: Scope::Conversation },
                // 846605 an answer to nothing, 846608 the answer's time is over, 93006 no such
                // chat.
                _ => DeliveryError::WindowClosed,
            },
        }
    }
}

/// What the channel reaches the connection by, whenever there is one.
#[derive(Default)]
pub struct SocketHandle {
    commands: Mutex<Option<mpsc::Sender<Command>>>,
}

impl SocketHandle {
    /// A handle without a connection.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Answers what came under this id.
    ///
    /// # Errors
    /// All of [`Asked`].
    pub async fn respond(&self, cmd: &'static str, req_id: &str, body: Value) -> Result<(), Asked> {
        self.ask(cmd, Some(req_id.to_owned()), body).await
    }

    /// Says something of our own.
    ///
    /// # Errors
    /// All of [`Asked`].
    pub async fn send(&self, cmd: &'static str, body: Value) -> Result<(), Asked> {
        self.ask(cmd, None, body).await
    }

    async fn ask(
        &self,
        cmd: &'static str,
        req_id: Option<String>,
        body: Value,
    ) -> Result<(), Asked> {
        let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(commands) = commands else { return Err(Asked::NoConnection) };
        let (asked, answer) = oneshot::channel();
        let command = Command { cmd, req_id, body, asked };
        commands.send(command).await.map_err(|_| Asked::NoConnection)?;
        // The connection ended with the command on it: it may have been said.
        answer.await.unwrap_or(Err(Asked::Slow))
    }

    /// Whether there is a connection now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn connect(&self) -> mpsc::Receiver<Command> {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        *self.commands.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }

    fn disconnect(&self) {
        *self.commands.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
