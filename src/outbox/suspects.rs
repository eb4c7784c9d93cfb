//! Messages that may have ended a process: those that waited when this sender began. Each try of
//! one is counted on disk before it is made, until one has come back.

use std::{collections::HashSet, time::Duration};

use picdesk_core::id::OutboundId;
use tracing::error;

use crate::{
    alarm::Alarms,
    calm::{Begin, Calm},
    clock::Clock,
    store::outbox::Waiting,
};

/// How long somebody waits who may not begin beside another.
const BESIDE: Duration = Duration::from_millis(100);

/// Which they are.
pub(super) struct Suspects {
    calm: Calm,
    /// Later ones came while this sender was here. Nothing before that is known.
    up_to: Option<i64>,
    /// Those that came back: this process goes on.
    lived: HashSet<i64>,
    /// The one under way that goes alone.
    alone: Option<OutboundId>,
    /// Those of which the owner has heard.
    told: HashSet<OutboundId>,
}

/// Whether a message may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum May {
    /// As any other.
    Freely,
    /// After it is counted.
    Counted,
    /// Not for a while.
    NotYet(Duration),
    /// Never again.
    Never,
}

impl Suspects {
    /// Of a sender that has just begun.
    pub(super) fn since_now(clock: &Clock) -> Self {
        Self {
            calm: Calm::after_now(clock),
            up_to: None,
            lived: HashSet::new(),
            alone: None,
            told: HashSet::new(),
        }
    }

    /// What waits up to here was there before this sender.
    pub(super) fn are_up_to(&mut self, last: i64) {
        self.up_to.get_or_insert(last);
    }

    /// Whether a message waited before this sender: another may have begun to hand it over, and
    /// its own tries do not tell whether that one's came through.
    pub(super) fn was_here(&self, waiting: &Waiting) -> bool {
        self.up_to.is_none_or(|up_to| waiting.message.id.0 <= up_to)
    }

    /// Whether a message may be tried now.
    pub(super) fn may_begin(&mut self, waiting: &Waiting, alarms: &Alarms) -> May {
        let id = waiting.message.id;
        if self.up_to.is_none_or(|up_to| id.0 > up_to) || self.lived.contains(&id.0) {
            return May::Freely;
        }
        let begin = Begin::after_first_and(waiting.deaths);
        let beside = self.alone.is_some();
        match (begin, self.calm.is_off()) {
            (Begin::Never, _) => {
                if self.told.insert(id) {
                    error!(outbox.id = id.0, "message {id} is given up");
                    alarms.raise("a message ended the process again and again and was given up");
                }
                May::Never
            }
            (Begin::WhenCalm, Some(wait)) => {
                if self.told.insert(id) {
                    error!(outbox.id = id.0, "message {id} waits until it is calm");
                    alarms.raise("a message was under way whenever the process ended");
                }
                May::NotYet(wait)
            }
            (Begin::Alone | Begin::WhenCalm, _) if beside => May::NotYet(BESIDE),
            (Begin::Freely | Begin::Alone | Begin::WhenCalm, _) => May::Counted,
        }
    }

    /// A message is tried.
    pub(super) fn begins(&mut self, waiting: &Waiting) {
        if waiting.deaths > 0 && self.up_to.is_some_and(|up_to| waiting.message.id.0 <= up_to) {
            self.alone = Some(waiting.message.id);
        }
    }

    /// A try came back.
    pub(super) fn back(&mut self, waiting: &Waiting) {
        if self.alone == Some(waiting.message.id) {
            self.alone = None;
        }
        if self.up_to.is_some_and(|up_to| waiting.message.id.0 <= up_to) {
            self.lived.insert(waiting.message.id.0);
        }
    }
}
