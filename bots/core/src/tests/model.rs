//! Any story of one customer, told to a small store in memory: whatever happens, in whatever order
//! and however often, the ledger adds up, and every hold comes to an end.

mod budget;
mod store;

use std::{vec, vec::Vec};

use proptest::prelude::*;

use self::store::Store;
use super::world::*;
use crate::{
    channel::Refusal,
    credits::Credits,
    event::{About, Delivered, Event, Finished, Message, Presence, Setting},
    generation::{Failure, GenerationState as Is, Size},
    id::*,
    needs::needs,
    say::{Action, Verb},
};

/// Something that happens; numbers choose among what there is.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Says(&'static str),
    Edits(usize, &'static str),
    Presses(Verb, usize),
    Claimed(usize),
    Submitted(usize),
    Finished(usize),
    Failed(usize),
    Lost(usize),
    Delivered(usize),
    Refused(usize, Refusal),
    Unknown(usize),
    Presence(bool),
    Granted(i64),
    Lapsed(usize),
    Expired(usize),
    Again,
}

impl Store {
    fn nth_generation(&self, index: usize) -> Option<GenerationId> {
        let ids: Vec<GenerationId> = self.generations.keys().copied().collect();
        ids.get(index % ids.len().max(1)).copied()
    }

    fn nth_request(&self, index: usize) -> Option<RequestId> {
        let ids: Vec<RequestId> = self.requests.keys().copied().collect();
        ids.get(index % ids.len().max(1)).copied()
    }

    fn step(&mut self, index: usize, from: &[Is], to: Is) {
        if let Some(id) = self.nth_generation(index) {
            let one = self.generations.get_mut(&id).unwrap();
            if from.contains(&one.state) {
                one.state = to;
            }
        }
    }

    /// The worker says so, of a picture that it has begun with.
    fn worker_says(&mut self, index: usize, event: impl Fn(GenerationId) -> Event) {
        let Some(id) = self.nth_generation(index) else { return };
        if !matches!(self.generations[&id].state, Is::Held | Is::Cancelled) {
            self.turn(event(id), None);
        }
    }

    /// A picture is told of once, or twice while it is there.
    fn finishes(&mut self, index: usize) {
        let Some(id) = self.nth_generation(index) else { return };
        let artifact = self.generations[&id].artifact;
        if artifact.is_none_or(|artifact| self.artifacts[&artifact].1) {
            self.worker_says(index, |generation| {
                Event::GenerationFinished(Finished { generation, ..picture() })
            });
        }
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Says(text) => self.says(text),
            Happening::Edits(index, text) => self.edits(index, text),
            Happening::Presses(verb, index) => self.presses(verb, index),
            Happening::Claimed(index) => self.step(index, &[Is::Held], Is::Claimed),
            Happening::Submitted(index) => self.step(index, &[Is::Claimed], Is::Submitted),
            Happening::Finished(index) => self.finishes(index),
            Happening::Failed(index) => self.worker_says(index, |generation| {
                Event::GenerationFailed { generation, failure: Failure::Refused }
            }),
            Happening::Lost(index) => {
                self.worker_says(index, |generation| Event::GenerationUncertain { generation });
            }
            Happening::Delivered(index) => self.fate(index, |outbound, about| {
                Event::MessageDelivered(Delivered {
                    outbound,
                    about,
                    message: None,
                    conversation: None,
                })
            }),
            Happening::Refused(index, refusal) => self
                .fate(index, |outbound, about| Event::MessageRefused { outbound, about, refusal }),
            Happening::Unknown(index) => {
                self.fate(index, |outbound, about| Event::MessageUnknown { outbound, about });
            }
            Happening::Presence(reachable) => {
                let presence = Presence { who: ada(), reachable };
                self.turn(Event::PresenceChanged(presence), None);
            }
            Happening::Granted(credits) => {
                let account = self.customer.as_ref().map_or(AccountId(0), |one| one.account.id);
                let (credits, reason) = (Credits(credits), "sorry".into());
                self.turn(Event::CreditsGranted { account, credits, reason }, None);
            }
            Happening::Lapsed(index) => {
                let Some(request) = self.nth_request(index) else { return };
                self.turn(Event::RequestLapsed { request }, None);
            }
            Happening::Expired(index) => self.expire(index),
            Happening::Again => match self.last.clone() {
                // A grant by hand and a refusal are written by the house itself, once.
                None | Some((Event::CreditsGranted { .. } | Event::MessageRefused { .. }, _)) => {}
                Some((event, action)) => self.turn(event, action),
            },
        }
    }

    fn says(&mut self, text: &str) {
        let id = std::format!("m{}", self.seq).as_str().into();
        let said = Message { id, ..message(text) };
        self.turn(Event::MessageReceived(said), None);
    }

    fn edits(&mut self, index: usize, text: &str) {
        let Some(id) = self.nth_request(index) else { return };
        let Some(id) = self.requests[&id].message.clone() else { return };
        let edited = Message { id, ..message(text) };
        self.turn(Event::MessageEdited(edited), None);
    }

    fn presses(&mut self, verb: Verb, index: usize) {
        let pressed = Event::ButtonPressed(press(Setting::Private));
        let about_picture = needs(&pressed, Some(Action { verb, row: 1 })).artifact.is_some();
        let artifacts: Vec<i64> = self.artifacts.keys().map(|id| id.0).collect();
        let row = if about_picture && !artifacts.is_empty() {
            artifacts[index % artifacts.len()]
        } else {
            self.nth_request(index).map_or(0, |id| id.0)
        };
        self.turn(pressed, Some(Action { verb, row }));
    }

    fn fate(&mut self, index: usize, event: impl Fn(OutboundId, About) -> Event) {
        if self.outbox.is_empty() {
            return;
        }
        let (outbound, generation, place) = self.outbox.remove(index % self.outbox.len());
        let event = event(outbound, About::Picture(generation));
        if matches!(event, Event::MessageDelivered(_)) {
            self.shown.entry(generation).or_default().insert(place);
        }
        self.turn(event, None);
    }

    fn expire(&mut self, index: usize) {
        let there: Vec<ArtifactId> =
            self.artifacts.iter().filter(|(_, (_, there))| *there).map(|(id, _)| *id).collect();
        let Some(artifact) = there.get(index % there.len().max(1)).copied() else { return };
        let (generation, _) = self.artifacts[&artifact];
        let owed = core::mem::take(&mut self.generations.get_mut(&generation).unwrap().owed);
        self.artifacts.get_mut(&artifact).unwrap().1 = false;
        self.turn(Event::ArtifactExpired { artifact, owed }, None);
    }

    /// Everything that is under way comes to an end.
    fn drain(&mut self) {
        for _ in 0..3 {
            for index in 0..self.generations.len() {
                self.step(index, &[Is::Held, Is::Claimed], Is::Submitted);
                self.happens(Happening::Finished(index));
            }
            while !self.outbox.is_empty() {
                self.happens(Happening::Delivered(0));
            }
            self.happens(Happening::Says("/help"));
        }
    }
}

fn picture() -> Finished {
    Finished {
        generation: GenerationId(0),
        object: "o".into(),
        sha256: "ab".into(),
        bytes: 1,
        size: Size { width: 16, height: 16 },
        kind: "png".into(),
        cost_micro_usd: None,
        took_ms: 5,
    }
}

fn happenings() -> impl Strategy<Value = Happening> {
    let text = prop_oneof![
        Just("a fox"),
        Just("an owl --x3"),
        Just("a hill --4k --high"),
        Just("a lake --low"),
        Just("/cancel"),
        Just("hi"),
    ];
    let refusal = prop_oneof![
        Just(Refusal::Blocked),
        Just(Refusal::MessageGone),
        Just(Refusal::Content),
        Just(Refusal::ConversationGone),
    ];
    let verbs: Vec<Verb> = Verb::ALL.into();
    let n = || 0..12_usize;
    prop_oneof![
        4 => text.clone().prop_map(Happening::Says),
        1 => (n(), text).prop_map(|(index, text)| Happening::Edits(index, text)),
        3 => (proptest::sample::select(verbs), n())
            .prop_map(|(verb, index)| Happening::Presses(verb, index)),
        3 => n().prop_map(Happening::Claimed),
        3 => n().prop_map(Happening::Submitted),
        4 => n().prop_map(Happening::Finished),
        1 => n().prop_map(Happening::Failed),
        1 => n().prop_map(Happening::Lost),
        4 => n().prop_map(Happening::Delivered),
        1 => (n(), refusal).prop_map(|(index, refusal)| Happening::Refused(index, refusal)),
        1 => n().prop_map(Happening::Unknown),
        1 => any::<bool>().prop_map(Happening::Presence),
        1 => (-3..40_i64).prop_map(Happening::Granted),
        1 => n().prop_map(Happening::Lapsed),
        1 => n().prop_map(Happening::Expired),
        1 => Just(Happening::Again),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happens_the_ledger_adds_up_and_every_hold_ends(
        story in proptest::collection::vec(happenings(), 1..80),
    ) {
        let mut store = Store::new();
        for happening in story {
            store.happens(happening);
        }
        store.drain();
        store.assert_at_rest();
    }
}

#[test]
fn a_prompt_goes_through_the_whole_house() {
    let mut store = Store::new();
    for happening in [
        Happening::Says("a fox"),
        Happening::Claimed(0),
        Happening::Submitted(0),
        Happening::Finished(0),
        Happening::Delivered(0),
    ] {
        store.happens(happening);
    }
    assert_eq!(store.purse().posted, Credits(2));
    assert_eq!(store.purse().available(), Credits(5));
    assert_eq!(store.shown.len(), 1);
    store.assert_at_rest();
}
