//! A small store in memory: whatever happens, in whatever order and however often, the ledger adds
//! up, and every hold comes to an end.

use std::{collections::BTreeMap, vec, vec::Vec};

use proptest::prelude::*;

use super::world::*;
use crate::{
    channel::{Place, Refusal},
    credits::{Credits, Purse},
    decide::decide,
    effect::{Body, Effect},
    event::{About, Delivered, Event, Finished, Presence, Setting},
    facts::*,
    generation::{Failure, GenerationState as Is, Size},
    id::*,
    needs::needs,
    say::{Action, Say, Verb},
};

/// What becomes of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Pending,
    Posted,
    Voided,
}

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

/// One customer and everything of theirs.
struct Store {
    house: House,
    seq: i64,
    customer: Option<Customer>,
    requests: BTreeMap<RequestId, Request>,
    generations: BTreeMap<GenerationId, Generation>,
    holds: BTreeMap<HoldId, (Credits, Fate)>,
    grants: BTreeMap<std::string::String, Credits>,
    /// Artifacts: whether they are still there.
    artifacts: BTreeMap<ArtifactId, (GenerationId, bool)>,
    /// Pictures on their way out.
    outbox: Vec<(OutboundId, GenerationId)>,
    /// Pictures shown, by generation.
    shown: BTreeMap<GenerationId, u32>,
    failures: BTreeMap<GenerationId, u32>,
    /// What receipts said was charged.
    receipts: BTreeMap<RequestId, Vec<Credits>>,
    last: Option<(Event, Option<Action>)>,
}

impl Store {
    fn new() -> Self {
        Self {
            house: House { desk: None, trial: Credits(7), ..house() },
            seq: 0,
            customer: None,
            requests: BTreeMap::new(),
            generations: BTreeMap::new(),
            holds: BTreeMap::new(),
            grants: BTreeMap::new(),
            artifacts: BTreeMap::new(),
            outbox: Vec::new(),
            shown: BTreeMap::new(),
            failures: BTreeMap::new(),
            receipts: BTreeMap::new(),
            last: None,
        }
    }

    fn purse(&self) -> Purse {
        let sum = |fate| {
            let holds = self.holds.values().filter(|(_, is)| *is == fate);
            Credits(holds.map(|(credits, _)| credits.0).sum())
        };
        let id = self.customer.as_ref().map_or(PurseId(0), |customer| customer.account.purse.id);
        let granted = Credits(self.grants.values().map(|credits| credits.0).sum());
        Purse {
            granted,
            posted: sum(Fate::Posted),
            pending: sum(Fate::Pending),
            ..Purse::empty(id)
        }
    }

    fn siblings(&self, request: RequestId) -> Vec<Generation> {
        self.generations.values().filter(|one| one.request == request).cloned().collect()
    }

    fn customer(&self) -> Option<Customer> {
        let mut customer = self.customer.clone()?;
        customer.account.purse = self.purse();
        let open = self.requests.values().filter(|request| {
            matches!(
                request.state,
                RequestState::Asking | RequestState::Unpaid | RequestState::Open
            )
        });
        customer.open = open
            .map(|request| OpenRequest {
                request: request.clone(),
                generations: self.siblings(request.id),
            })
            .collect();
        let owed = self.generations.values().filter(|one| one.owed);
        customer.owed = owed
            .filter_map(|one| {
                let artifact = kept_as(one.artifact?);
                Some(Owed { artifact, request: one.request, generation: one.id })
            })
            .collect();
        Some(customer)
    }

    fn generation_facts(&self, id: Option<GenerationId>, of: Option<RequestId>) -> GenerationFacts {
        let generation = id.and_then(|id| self.generations.get(&id)).cloned();
        let request = generation.as_ref().map(|one| one.request).or(of);
        GenerationFacts {
            request: request.and_then(|id| self.requests.get(&id)).cloned(),
            siblings: request.map(|id| self.siblings(id)).unwrap_or_default(),
            account: self.customer().map(|customer| customer.account),
            language: crate::account::Language::En,
            reachable: self.customer.as_ref().is_none_or(|customer| customer.reachable),
            generation,
        }
    }

    fn kept(&self, artifact: Option<ArtifactId>) -> Option<Kept> {
        let id = artifact?;
        let (generation, there) = self.artifacts.get(&id)?;
        let generation = self.generations.get(generation).filter(|_| *there)?;
        let request = self.requests.get(&generation.request)?.clone();
        Some(Kept { artifact: kept_as(id), request, owed: generation.owed })
    }

    fn facts(&self, event: &Event, action: Option<Action>) -> Facts {
        let needs = needs(event, action);
        let awaiting = self.customer.as_ref().and_then(|customer| customer.awaiting.clone());
        match needs.kind {
            FactsKind::Message => Facts::Message(MessageFacts {
                replied: match awaiting {
                    Some(Awaiting::Change { artifact }) => self.kept(Some(artifact)),
                    _ => None,
                },
                started: needs.started_by.and_then(|message| {
                    let of = |request: &&Request| request.message.as_ref() == Some(&message);
                    self.requests.values().rev().find(of).cloned()
                }),
                ..message_facts(self.customer())
            }),
            FactsKind::Press => {
                let kept = self.kept(needs.artifact);
                let request = needs.request.and_then(|id| self.requests.get(&id)).cloned();
                let request = request.or(kept.as_ref().map(|kept| kept.request.clone()));
                let siblings = request.as_ref().map(|request| self.siblings(request.id));
                Facts::Press(PressFacts {
                    customer: self.customer(),
                    action: action.map_or(PressedAction::Foreign, PressedAction::Ours),
                    request,
                    generations: siblings.unwrap_or_default(),
                    kept,
                    ..press_facts(super::world::customer(0), Verb::Cancel, 0)
                })
            }
            FactsKind::Generation => {
                let made = needs.artifact.and_then(|id| self.artifacts.get(&id));
                let generation = needs.generation.or(made.map(|(generation, _)| *generation));
                Facts::Generation(self.generation_facts(generation, needs.request))
            }
            FactsKind::Delivery => {
                let of = self.generation_facts(needs.generation, None);
                let artifact = of.generation.as_ref().and_then(|one| one.artifact);
                let kept = self.kept(artifact.or(needs.artifact));
                Facts::Delivery(DeliveryFacts { kept, ..delivery_facts(of) })
            }
            FactsKind::Desk | FactsKind::None => Facts::None,
        }
    }

    /// Turns an event as the real store does.
    fn turn(&mut self, event: Event, action: Option<Action>) {
        self.seq += 1;
        let facts = self.facts(&event, action);
        let conversation = ConversationId::from(PRIVATE);
        let frame = Frame {
            now: NOW + self.seq,
            cause: Cause(self.seq),
            conversation: &conversation,
            house: &self.house,
        };
        let effects = decide(&frame, &facts, &event);
        assert_sound(frame.cause, &effects);
        for effect in effects {
            self.carry_out(effect);
        }
        self.last = Some((event, action));
        let purse = self.purse();
        assert!(purse.available().0 >= 0, "never below zero: {purse:?}");
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::OpenAccount { account, purse, .. } => {
                assert!(self.customer.is_none(), "one account for each identity");
                let mut opened = super::world::customer(0);
                opened.account.id = account;
                opened.account.purse = Purse::empty(purse);
                opened.account.entitlement = pro();
                self.customer = Some(opened);
            }
            Effect::Grant { credits, source, .. } => {
                self.grants.entry(source).or_insert(credits);
            }
            Effect::MarkReachable { reachable, .. } => {
                self.customer.as_mut().unwrap().reachable = reachable;
            }
            Effect::Await { awaiting, .. } => self.customer.as_mut().unwrap().awaiting = awaiting,
            Effect::OpenRequest(request) => {
                assert!(self.requests.insert(request.id, request).is_none());
            }
            Effect::UpdateRequest { id, state, change } => {
                let request = self.requests.get_mut(&id).unwrap();
                request.state = state;
                if let Some(change) = change {
                    request.options = change.options;
                    request.price_each = change.price_each;
                }
            }
            Effect::Hold { hold, credits, .. } => {
                assert!(self.purse().available() >= credits, "held within what is there");
                assert!(self.holds.insert(hold, (credits, Fate::Pending)).is_none());
            }
            Effect::PostHold { hold } => self.resolve(hold, Fate::Posted),
            Effect::VoidHold { hold, .. } => self.resolve(hold, Fate::Voided),
            Effect::Generate(new) => {
                let (price, fate) = self.holds[&new.hold];
                assert_eq!(fate, Fate::Pending, "nothing is made without a pending hold");
                assert_eq!(price, self.requests[&new.request].price_each, "quoted is held");
                self.customer.as_mut().unwrap().account.last_tag = new.tag;
                self.generations.insert(
                    new.id,
                    Generation {
                        id: new.id,
                        request: new.request,
                        hold: new.hold,
                        price,
                        state: Is::Held,
                        number: new.number,
                        artifact: None,
                        expires_at: 0,
                        owed: false,
                    },
                );
            }
            Effect::CancelGeneration { generation } => {
                let one = self.generations.get_mut(&generation).unwrap();
                assert!(matches!(one.state, Is::Held | Is::Claimed));
                one.state = Is::Cancelled;
            }
            Effect::SettleGeneration { generation, state, .. } => {
                self.generations.get_mut(&generation).unwrap().state = state;
            }
            Effect::KeepArtifact(new) => {
                assert!(self.artifacts.insert(new.id, (new.generation, true)).is_none());
                let one = self.generations.get_mut(&new.generation).unwrap();
                assert_eq!(one.artifact, None, "a picture is made once");
                one.artifact = Some(new.id);
                one.expires_at = new.expires_at;
            }
            Effect::OweArtifact { artifact } => self.owe(artifact, true),
            Effect::ClearOwed { artifact } => self.owe(artifact, false),
            Effect::DeleteArtifact { artifact } => {
                self.artifacts.get_mut(&artifact).unwrap().1 = false;
                self.owe(artifact, false);
            }
            Effect::Send(message) => {
                if let Some(About::Picture(generation)) = message.about {
                    self.outbox.push((message.id, generation));
                }
                match (message.body, message.place) {
                    (
                        Body::Say(Say::Failed { .. } | Say::Uncertain { .. }),
                        Place::Edit { slot: Slot::Generation(id) },
                    ) => *self.failures.entry(id).or_default() += 1,
                    (
                        Body::Say(Say::Receipt(receipt)),
                        Place::New { slot: Some(Slot::Receipt(id)) },
                    ) => self.receipts.entry(id).or_default().push(receipt.charged),
                    _ => {}
                }
            }
            Effect::RaiseAlarm { what } => {
                assert!(!what.contains("another kind"), "needs() named the wrong facts");
            }
            _ => {}
        }
    }

    fn owe(&mut self, artifact: ArtifactId, owed: bool) {
        let (generation, _) = self.artifacts[&artifact];
        self.generations.get_mut(&generation).unwrap().owed = owed;
    }

    fn resolve(&mut self, hold: HoldId, fate: Fate) {
        let (_, is) = self.holds.get_mut(&hold).unwrap();
        assert_eq!(*is, Fate::Pending, "a hold is resolved once");
        *is = fate;
    }

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

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Says(text) => {
                let id = std::format!("m{}", self.seq).as_str().into();
                let said = crate::event::Message { id, ..message(text) };
                self.turn(Event::MessageReceived(said), None);
            }
            Happening::Edits(index, text) => {
                let Some(id) = self.nth_request(index) else { return };
                let Some(id) = self.requests[&id].message.clone() else { return };
                let edited = crate::event::Message { id, ..message(text) };
                self.turn(Event::MessageEdited(edited), None);
            }
            Happening::Presses(verb, index) => {
                let artifacts: Vec<i64> = self.artifacts.keys().map(|id| id.0).collect();
                let about_picture = !artifacts.is_empty()
                    && needs(
                        &Event::ButtonPressed(press(Setting::Private)),
                        Some(Action { verb, row: 1 }),
                    )
                    .artifact
                    .is_some();
                let row = if about_picture {
                    artifacts[index % artifacts.len()]
                } else {
                    self.nth_request(index).map_or(0, |id| id.0)
                };
                let pressed = Event::ButtonPressed(press(Setting::Private));
                self.turn(pressed, Some(Action { verb, row }));
            }
            Happening::Claimed(index) => self.step(index, &[Is::Held], Is::Claimed),
            Happening::Submitted(index) => self.step(index, &[Is::Claimed], Is::Submitted),
            Happening::Finished(index) => self.worker_says(index, |generation| {
                Event::GenerationFinished(Finished { generation, ..picture() })
            }),
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

    fn fate(&mut self, index: usize, event: impl Fn(OutboundId, About) -> Event) {
        if self.outbox.is_empty() {
            return;
        }
        let (outbound, generation) = self.outbox.remove(index % self.outbox.len());
        let event = event(outbound, About::Picture(generation));
        if matches!(event, Event::MessageDelivered(_)) {
            *self.shown.entry(generation).or_default() += 1;
        }
        self.turn(event, None);
    }

    fn expire(&mut self, index: usize) {
        let there: Vec<ArtifactId> =
            self.artifacts.iter().filter(|(_, (_, there))| *there).map(|(id, _)| *id).collect();
        let Some(artifact) = there.get(index % there.len().max(1)).copied() else { return };
        let (generation, _) = self.artifacts[&artifact];
        // The sweeper leaves what is on its way.
        if self.outbox.iter().any(|(_, out)| *out == generation) {
            return;
        }
        let owed = self.generations[&generation].owed;
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

    fn assert_at_rest(&self) {
        for (hold, (_, fate)) in &self.holds {
            let one = self.generations.values().find(|one| one.hold == *hold).unwrap();
            match fate {
                Fate::Pending => panic!("a hold is left pending: {one:?}"),
                Fate::Posted => assert!(one.artifact.is_some(), "paid without a picture: {one:?}"),
                Fate::Voided => {
                    assert!(matches!(one.state, Is::Failed | Is::Uncertain | Is::Cancelled));
                }
            }
        }
        for request in self.requests.values() {
            assert_ne!(request.state, RequestState::Open, "a request is left open");
        }
        for (id, receipts) in &self.receipts {
            let posted: i64 = self
                .siblings(*id)
                .iter()
                .map(|one| match self.holds[&one.hold] {
                    (credits, Fate::Posted) => credits.0,
                    (_, Fate::Pending | Fate::Voided) => 0,
                })
                .sum();
            assert_eq!(*receipts, [Credits(posted)], "one receipt, of what was charged: {id}");
        }
        for (id, times) in &self.failures {
            assert_eq!(*times, 1, "a failure is told once: {id}");
        }
        for one in self.generations.values().filter(|one| one.state == Is::Delivered) {
            let shown = self.shown.get(&one.id).copied().unwrap_or_default();
            assert!(shown <= 1, "a picture is shown once: {one:?}");
        }
    }
}

fn kept_as(id: ArtifactId) -> crate::generation::Artifact {
    crate::generation::Artifact { id, ..super::world::kept().artifact }
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
    assert_eq!(store.shown.values().copied().collect::<Vec<_>>(), vec![1]);
    store.assert_at_rest();
}
