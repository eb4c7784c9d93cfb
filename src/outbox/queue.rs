//! What waits to be said in one conversation, as far as it was read.

use std::{
    collections::{HashSet, VecDeque},
    time::{Duration, Instant},
};

use crate::store::outbox::Waiting;

/// Messages of one conversation that are known at once: a conversation with thousands waiting
/// takes no room from the others.
pub(super) const KNOWN_OF_ONE_MAX: usize = 32;

/// Tries of the first message of a conversation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tries {
    /// That came to nothing.
    pub(super) all: u32,
    /// That found the message gone which it was to edit.
    pub(super) gone: u32,
    /// That panicked.
    pub(super) broke: u32,
}

/// A conversation with messages waiting.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    /// More may wait on disk than is known here.
    pub(super) more: bool,
    /// One is under way, or its fate is being written down.
    pub(super) busy: bool,
    /// Of the first one.
    pub(super) tries: Tries,
    /// The first one's placeholder shows a partial picture.
    pub(super) shows_picture: bool,
    rests_until: Option<Instant>,
    /// It rests because the channel did not answer.
    unanswered: bool,
}

impl Queue {
    /// Whether nothing waits and nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        !self.busy && self.waiting.is_empty()
    }

    /// Whether it has room for another message, beside the one that may be under way.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() + usize::from(self.busy) < KNOWN_OF_ONE_MAX
    }

    /// Whether it is time to read what more there is.
    pub(super) fn runs_low(&self) -> bool {
        self.more && self.waiting.len() <= KNOWN_OF_ONE_MAX / 4
    }

    /// Whether something is known that was said after this.
    pub(super) fn knows_later(&self, waiting: &Waiting) -> bool {
        self.waiting.back().is_some_and(|last| last.message.id > waiting.message.id)
    }

    /// Files a message in its place.
    pub(super) fn insert(&mut self, waiting: Waiting) {
        let place = self.waiting.partition_point(|other| other.message.id < waiting.message.id);
        self.waiting.insert(place, waiting);
    }

    /// The message whose turn it is; none while one is under way.
    pub(super) fn first(&self) -> Option<&Waiting> {
        self.waiting.front().filter(|_| !self.busy)
    }

    /// How long the first one still rests. While nobody gets an answer, the channel's own rest
    /// holds instead.
    pub(super) fn rest(&self, now: Instant, outage: bool) -> Option<Duration> {
        let until = self.rests_until.filter(|_| !(outage && self.unanswered))?;
        until.checked_duration_since(now).filter(|rest| !rest.is_zero())
    }

    /// The first one rests.
    pub(super) fn rest_for(&mut self, rest: Duration, now: Instant, unanswered: bool) {
        self.rests_until = Some(now + rest);
        self.unanswered = unanswered;
    }

    /// The channel answers again: who waited for that goes on at once.
    pub(super) fn wake(&mut self) {
        if self.unanswered {
            self.rests_until = None;
            self.unanswered = false;
        }
    }

    /// Takes the first one out, to try it.
    pub(super) fn begin(&mut self) -> Option<Waiting> {
        let waiting = self.waiting.pop_front()?;
        self.busy = true;
        self.rests_until = None;
        self.unanswered = false;
        Some(waiting)
    }

    /// A try came to nothing: it is the first again.
    pub(super) fn put_back(&mut self, waiting: Waiting) {
        self.busy = false;
        self.waiting.push_front(waiting);
    }

    /// The first one's fate is written down.
    pub(super) fn go_on(&mut self) {
        self.busy = false;
        self.tries = Tries::default();
        self.shows_picture = false;
    }

    /// Keeps of what waits only these; the numbers of the others.
    pub(super) fn keep(&mut self, there: &HashSet<i64>) -> Vec<i64> {
        let gone = self.ids().filter(|id| !there.contains(id)).collect();
        self.waiting.retain(|one| there.contains(&one.message.id.0));
        gone
    }

    /// The numbers of what waits.
    pub(super) fn ids(&self) -> impl Iterator<Item = i64> {
        self.waiting.iter().map(|one| one.message.id.0)
    }
}
