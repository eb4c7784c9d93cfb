//! A channel with its stand-in, as the suite sees it; and what hears what people do there.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use picdesk_core::{
    channel::{Arrival, Checkpoint, Inbox, InboxError},
    event::Event,
    id::ConversationId,
};
use tokio::sync::Notify;

use super::AnyChannel;
use crate::house::PATIENCE;

/// Something that goes wrong with the next call that says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The outside wants us to wait.
    Wait,
    /// The outside is down.
    Down,
    /// The call is lost on its way.
    DropRequest,
    /// It is taken, and its answer lost.
    DropAnswer,
    /// What it carries is not taken.
    BadContent,
}

/// What somebody sees of a message of the bot's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its words.
    pub text: String,
    /// Its pictures.
    pub pictures: usize,
}

/// A channel, its stand-in, and somebody there.
#[async_trait]
pub trait Door: Send + Sync {
    /// The channel.
    fn channel(&self) -> AnyChannel;

    /// The channel of another process that has just begun.
    async fn anew(&self) -> AnyChannel;

    /// Where somebody reads.
    fn place(&self) -> ConversationId;

    /// The place of somebody who is there no more.
    async fn gone(&self) -> ConversationId;

    /// Somebody writes, and the desk hears of it.
    async fn speak(&self, words: &str) -> Event;

    /// They press what the bot said last, and the desk hears of it.
    async fn press(&self, label: &str) -> Event;

    /// What the bot has said, in order.
    fn seen(&self) -> Vec<Seen>;

    /// Arms a trouble, until [`calm`](Self::calm); whether there is such a thing here.
    fn arm(&self, trouble: Trouble) -> bool;

    /// All troubles are over.
    fn calm(&self);

    /// Whether what broke in them has come about again.
    fn is_ready(&self) -> bool {
        true
    }

    /// Whether the adapter itself makes several messages of a text that is too long for one.
    fn splits(&self) -> bool;

    /// How long a limit really lasts here.
    fn longest_wait(&self) -> Duration;

    /// What must be shown nowhere.
    fn secrets(&self) -> Vec<String>;
}

/// An inbox that remembers what people did.
#[derive(Default)]
pub struct Heard {
    events: Mutex<Vec<Event>>,
    read: AtomicUsize,
    news: Notify,
    checkpoint: Mutex<Option<String>>,
}

#[async_trait]
impl Inbox for Heard {
    async fn accept(
        &self,
        arrivals: Vec<Arrival>,
        checkpoint: Option<Checkpoint>,
    ) -> Result<(), InboxError> {
        for arrival in arrivals {
            if let Arrival::Event(received) = arrival {
                self.events.lock().unwrap().push(received.event);
                self.news.notify_one();
            }
        }
        if let Some(checkpoint) = checkpoint {
            *self.checkpoint.lock().unwrap() = Some(checkpoint.to);
        }
        Ok(())
    }

    async fn checkpoint(&self, _: &str) -> Result<Option<String>, InboxError> {
        Ok(self.checkpoint.lock().unwrap().clone())
    }
}

impl Heard {
    /// The next thing that somebody did of this kind, after what was asked for before.
    pub async fn next(&self, is_wanted: impl Fn(&Event) -> bool) -> Event {
        let wait = async {
            loop {
                let found = {
                    let events = self.events.lock().unwrap();
                    let from = self.read.load(Ordering::SeqCst);
                    let at = events.iter().skip(from).position(&is_wanted);
                    at.map(|at| (from + at + 1, events[from + at].clone()))
                };
                if let Some((read, event)) = found {
                    self.read.store(read, Ordering::SeqCst);
                    return event;
                }
                self.news.notified().await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("the desk never heard of it")
    }
}
