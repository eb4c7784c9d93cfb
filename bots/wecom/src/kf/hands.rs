//! Whose a chat is, where no event tells. Who takes or gives back a chat in WeCom's own client is
//! an event; who does so by a call, and WeCom's own rules, are none. So when a customer writes
//! after a while, or in a chat that people have as far as is known, it is asked whose it is before
//! what they wrote is taken to be for people or for the bot.
//!
//! Source: developer.work.weixin.qq.com/document/path/94669.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::future::join_all;
use picdesk_core::{
    channel::{Arrival, Received},
    event::{Event, Handing, Hands},
    id::ConversationId,
};

use crate::{
    address::Address,
    client::Client,
    config::KF,
    customer::{SessionState, session_state},
    parse::{Happening, person},
};

/// Chats that are asked about for one page.
const ASKED_MAX: usize = 32;
/// Chats that are remembered to have been asked about.
const REMEMBERED_MAX: usize = 10_000;
/// How long a page waits for answers.
const WAIT: Duration = Duration::from_secs(2);
/// For how long a chat that people have is not asked about again, milliseconds.
const REST_MS: i64 = 10_000;
/// For how long only chats that people have are asked about after a call that failed, milliseconds.
const FAILED_REST_MS: i64 = 60_000;

/// Whose a chat was last, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// The bot's, or nobody's yet.
    Bot,
    /// People's.
    People,
}

/// What is known of chats. Implemented by the house.
#[async_trait]
pub trait Chats: Send + Sync {
    /// Those of these chats of which it is in doubt whose they are: those that people have, unless
    /// they are just being handed to them, and those in which nobody wrote for a while. None where
    /// that cannot be read.
    async fn in_doubt(&self, chats: &[ConversationId]) -> HashMap<ConversationId, Last>;
}

/// Asks whose chats are.
#[derive(Default)]
pub(super) struct Asks {
    chats: Option<Arc<dyn Chats>>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// When people had a chat that was asked about.
    theirs: HashMap<ConversationId, i64>,
    /// Until when chats of the bot's are not asked about.
    not_before: i64,
}

/// What a customer wrote last in a chat, on a page.
struct Written {
    index: usize,
    chat: ConversationId,
    address: Address,
    last: Last,
}

impl Asks {
    pub(super) fn of(chats: Arc<dyn Chats>) -> Self {
        Self { chats: Some(chats), memory: Mutex::default() }
    }

    /// Puts what WeCom says of the hands in which chats are among what their customers wrote. For
    /// the last page there is alone: how a chat stands now says nothing of what was written before
    /// other news of it.
    pub(super) async fn ask(&self, client: &Client, arrivals: &mut Vec<Arrival>, now: i64) {
        let Some(chats) = &self.chats else { return };
        let written = self.in_doubt(chats, written(arrivals), now).await;
        let asked = written.iter().map(|one| async {
            let Address::Customer { account, user } = &one.address else { return None };
            let state = session_state(client, account, user);
            tokio::time::timeout(WAIT, state).await.ok()?.ok()?
        });
        let states = join_all(asked).await;
        // From the last one on, so that what stands before it stays where it is.
        for (one, state) in written.iter().zip(states).rev() {
            if let Some(state) = state {
                self.put(arrivals, one, state, now);
                continue;
            }
            // What is known holds, and is asked about when they write again.
            tracing::debug!("wecom: whose a chat is cannot be told now");
            self.memory().not_before = now.saturating_add(FAILED_REST_MS);
        }
    }

    /// Those that are asked about now.
    async fn in_doubt(
        &self,
        chats: &Arc<dyn Chats>,
        mut written: Vec<Written>,
        now: i64,
    ) -> Vec<Written> {
        if written.is_empty() {
            return written;
        }
        let names: Vec<ConversationId> = written.iter().map(|one| one.chat.clone()).collect();
        let doubts = chats.in_doubt(&names).await;
        let memory = self.memory();
        written.retain_mut(|one| {
            let Some(last) = doubts.get(&one.chat) else { return false };
            one.last = *last;
            match last {
                Last::Bot => now >= memory.not_before,
                Last::People => memory.theirs.get(&one.chat).is_none_or(|at| now >= at + REST_MS),
            }
        });
        written.truncate(ASKED_MAX);
        written
    }

    fn put(&self, arrivals: &mut Vec<Arrival>, one: &Written, state: SessionState, now: i64) {
        let (to, at) = match (state, one.last) {
            (SessionState::Pool, _) => (Hands::Servicer(String::new()), one.index),
            (SessionState::Servicer(name), _) => (Hands::Servicer(name), one.index),
            // It is as was known.
            (SessionState::New | SessionState::Bot | SessionState::Ended, Last::Bot) => return,
            // Their last message began a chat with the bot.
            (SessionState::New | SessionState::Bot, Last::People) => (Hands::Bot, one.index),
            // It has ended since they wrote, which was to people.
            (SessionState::Ended, Last::People) => (Hands::Bot, one.index + 1),
        };
        self.remember(&one.chat, &to, now);
        let Some(Arrival::Event(wrote)) = arrivals.get(one.index) else { return };
        let handing = Handing { who: person(&one.address, ""), to, answer: None };
        let happening = Happening {
            external_id: format!("{KF}:hands:{}", wrote.external_id),
            conversation: one.chat.clone(),
            // In order with what they wrote.
            lane: wrote.lane.clone(),
            happened_at: wrote.happened_at,
        };
        arrivals.insert(at, happening.arrival(Event::ChatHanded(handing), Vec::new()));
    }

    fn remember(&self, chat: &ConversationId, to: &Hands, now: i64) {
        let mut memory = self.memory();
        if memory.theirs.len() >= REMEMBERED_MAX {
            memory.theirs.clear();
        }
        match to {
            Hands::Bot => memory.theirs.remove(chat),
            Hands::Servicer(_) => memory.theirs.insert(chat.clone(), now),
        };
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last of what customers wrote in each chat, but for chats of whose hands the page itself
/// tells.
fn written(arrivals: &[Arrival]) -> Vec<Written> {
    let mut last: HashMap<&ConversationId, Option<(usize, &Received)>> = HashMap::new();
    for (index, arrival) in arrivals.iter().enumerate() {
        let Arrival::Event(received) = arrival else { continue };
        let chat = &received.conversation;
        match &received.event {
            Event::ChatHanded(_) => {
                last.insert(chat, None);
            }
            Event::MessageReceived(_) | Event::ButtonPressed(_) => {
                let seen = last.entry(chat).or_insert(Some((index, received)));
                if let Some(seen) = seen {
                    *seen = (index, received);
                }
            }
            _ => {}
        }
    }
    let mut written: Vec<Written> = last
        .into_values()
        .flatten()
        .filter_map(|(index, received)| {
            let address = Address::of(&received.conversation)?;
            let chat = received.conversation.clone();
            Some(Written { index, chat, address, last: Last::Bot })
        })
        .collect();
    written.sort_by_key(|one| one.index);
    written
}
