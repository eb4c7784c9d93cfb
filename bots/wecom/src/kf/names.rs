//! What customers call themselves: messages do not say, so whoever is seen for the first time is
//! asked about. Nothing waits long for it, and nothing depends on it.
//!
//! Source: developer.work.weixin.qq.com/document/path/95159: only those who were active in the last
//! 48 hours.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use picdesk_core::{account::Person, channel::Arrival, event::Event};
use serde_json::json;

use crate::{
    address::Address,
    call::{Api, Call},
    client::Client,
};

/// People that one call asks about. Source: 95159.
const ASKED_MAX: usize = 100;
/// People who are remembered to have been asked about.
const REMEMBERED_MAX: usize = 10_000;
/// How long a page waits for names.
const WAIT: Duration = Duration::from_secs(2);
/// For how long nobody is asked about after a call that failed, milliseconds.
const REST_MS: i64 = 10 * 60 * 1000;

/// Who was asked about.
#[derive(Default)]
pub(super) struct Names {
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    asked: HashSet<String>,
    not_before: i64,
}

impl Names {
    /// Puts names to those who are seen for the first time.
    pub async fn fill(&self, client: &Client, arrivals: &mut [Arrival], now: i64) {
        let unknown = self.unknown(arrivals, now);
        if unknown.is_empty() {
            return;
        }
        let body = json!({ "external_userid_list": unknown, "need_enter_session_context": 0 });
        let call = Call::post(Api::KfCustomerBatchget, body);
        let answer = tokio::time::timeout(WAIT, client.ask(&call)).await;
        let Ok(Ok(answer)) = answer else {
            // Without the permission, or while WeCom is away: names are not worth more.
            tracing::debug!("wecom: what customers call themselves is not to be had now");
            return self.rest(now);
        };
        self.remember(unknown);
        let list = answer["customer_list"].as_array().into_iter().flatten();
        let names: HashMap<&str, &str> = list
            .filter_map(|one| Some((one["external_userid"].as_str()?, one["nickname"].as_str()?)))
            .collect();
        for (person, user) in arrivals.iter_mut().filter_map(seen) {
            if let Some(name) = names.get(user.as_str()) {
                (*name).clone_into(&mut person.name);
            }
        }
    }

    fn unknown(&self, arrivals: &mut [Arrival], now: i64) -> BTreeSet<String> {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if now < memory.not_before {
            return BTreeSet::new();
        }
        let seen = arrivals.iter_mut().filter_map(seen);
        let unknown = seen.filter(|(person, _)| person.name.is_empty()).map(|(_, user)| user);
        unknown.filter(|user| !memory.asked.contains(user)).take(ASKED_MAX).collect()
    }

    fn remember(&self, users: BTreeSet<String>) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.asked.len() >= REMEMBERED_MAX {
            memory.asked.clear();
        }
        memory.asked.extend(users);
    }

    fn rest(&self, now: i64) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.not_before = now.saturating_add(REST_MS);
    }
}

/// The customer who did something, and their external user id.
fn seen(arrival: &mut Arrival) -> Option<(&mut Person, String)> {
    let Arrival::Event(received) = arrival else { return None };
    let Some(Address::Customer { user, .. }) = Address::of(&received.conversation) else {
        return None;
    };
    let person = match &mut received.event {
        Event::MessageReceived(message) => &mut message.from,
        Event::ButtonPressed(press) => &mut press.by,
        Event::ChatEntered(entrance) => &mut entrance.who,
        _ => return None,
    };
    Some((person, user))
}
