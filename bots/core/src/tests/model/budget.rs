//! The same stories on a channel that counts our messages: whatever happens, never more go out than
//! it takes, and no picture waits behind an acknowledgement.

use std::{collections::BTreeSet, vec, vec::Vec};

use proptest::prelude::*;

use super::{super::customers::counted, Happening, happenings, store::Store};
use crate::{
    channel::{Capabilities, Refusal},
    effect::{Body, Effect, Outgoing},
    event::{About, Event},
    facts::House,
    generation::GenerationState as Is,
    id::OutboundId,
    window::{Claim, Occasion, Rank, Window, allot},
};

/// Messages that the channel takes after each of theirs.
const REPLIES: u32 = 5;

/// The house of these stories; Ada writes on its channel that counts.
fn house_that_counts() -> House {
    let channels = vec![Capabilities { name: "telegram", ..counted() }];
    House { channels, ..Store::new().house }
}

fn sends(message: &Outgoing) -> u32 {
    match &message.body {
        Body::Picture { caption, .. } => {
            assert!(caption.is_none() && message.keys.is_empty(), "one message is one send");
            1
        }
        Body::Keys | Body::Removed => panic!("nothing can be changed: {message:?}"),
        _ => 1,
    }
}

fn rank(message: &Outgoing) -> Rank {
    match message.about {
        Some(About::Picture(_)) => Rank::Picture,
        Some(About::Beside(_)) => Rank::Menu,
        Some(About::Passing) => Rank::Passing,
        _ => Rank::Words,
    }
}

impl Store {
    /// A store on a channel that counts.
    fn that_counts() -> Self {
        Self { house: house_that_counts(), window: Some(Window::default()), ..Self::new() }
    }

    /// What pictures in line will need.
    pub fn reserved(&self) -> u32 {
        let open: Vec<_> = self.generations.values().filter(|one| one.state.is_open()).collect();
        let requests: BTreeSet<_> = open.iter().map(|one| one.request).collect();
        let to_come = open.iter().filter(|one| one.state != Is::Made).count();
        u32::try_from(to_come + requests.len()).unwrap()
    }

    /// Gives messages their slots as the real store does; pictures that get none are refused.
    pub fn take_slots(&mut self, effects: &[Effect], now: i64) -> Vec<(OutboundId, About)> {
        let Some(mut window) = self.window else { return Vec::new() };
        let mut occasion = Occasion::News;
        for effect in effects {
            if let Effect::OpenWindow { replies, closes_at, .. } = effect {
                (window.left, window.closes_at) = (*replies, *closes_at);
                (occasion, self.went_out) = (Occasion::Answer, 0);
            }
        }
        let messages: Vec<&Outgoing> = effects
            .iter()
            .filter_map(|effect| if let Effect::Send(sent) = effect { Some(sent) } else { None })
            .collect();
        let claim = |message: &&Outgoing| Claim { rank: rank(message), sends: sends(message) };
        let claims: Vec<Claim> = messages.iter().map(claim).collect();
        let room = window.room(now);
        let granted = allot(room, self.reserved(), occasion, &claims);
        let mut refused = Vec::new();
        for (message, granted) in messages.iter().zip(&granted) {
            if *granted {
                window.left -= sends(message);
                self.went_out += sends(message);
                let waits = refused.iter().any(|(_, about)| matches!(about, About::Picture(_)));
                let passing = rank(message) == Rank::Passing;
                assert!(!(passing && waits), "a picture lost its slot to an acknowledgement");
            } else if let Some(about @ About::Picture(_)) = message.about {
                refused.push((message.id, about));
            }
        }
        assert!(self.went_out <= REPLIES, "{} messages after one of theirs", self.went_out);
        self.window = Some(window);
        refused
    }

    /// Their fate is told at once.
    pub fn refuse(&mut self, refused: Vec<(OutboundId, About)>) {
        for (outbound, about) in refused {
            self.outbox.retain(|(id, ..)| *id != outbound);
            let refusal = Refusal::NotNow;
            self.turn(Event::MessageRefused { outbound, about, refusal }, None);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_happens_no_more_goes_out_than_the_channel_takes(
        story in proptest::collection::vec(happenings(), 1..60),
    ) {
        let mut store = Store::that_counts();
        for happening in story {
            store.happens(happening);
        }
        store.drain();
        store.assert_at_rest();
    }
}

#[test]
fn six_pictures_all_arrive_though_five_messages_are_taken() {
    let mut store = Store::that_counts();
    store.happens(Happening::Says("hi"));
    store.happens(Happening::Granted(40));
    for _ in 0..2 {
        store.happens(Happening::Says("an owl --x3"));
    }
    for index in 0..6 {
        store.happens(Happening::Claimed(index));
        store.happens(Happening::Submitted(index));
        store.happens(Happening::Finished(index));
    }
    store.drain();
    assert_eq!(store.shown.len(), 6);
    store.assert_at_rest();
}
