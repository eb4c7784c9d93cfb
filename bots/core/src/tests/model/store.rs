//! A store in memory: it carries out what follows, and minds the ledger while it does.

use std::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use super::super::world::*;
use crate::{
    account::Language,
    channel::Place,
    credits::{Credits, Purse},
    decide::decide,
    effect::{Body, Effect, NewArtifact, NewGeneration, Outgoing},
    event::{About, Event},
    facts::*,
    generation::{Artifact, GenerationState as Is},
    id::*,
    needs::needs,
    say::{Action, Say, Verb},
    window::Window,
};

/// What becomes of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Pending,
    Posted,
    Voided,
}

/// One customer and everything of theirs.
pub struct Store {
    pub house: House,
    pub seq: i64,
    pub customer: Option<Customer>,
    pub requests: BTreeMap<RequestId, Request>,
    pub generations: BTreeMap<GenerationId, Generation>,
    pub holds: BTreeMap<HoldId, (Credits, Fate)>,
    pub grants: BTreeMap<String, Credits>,
    /// Artifacts: whether they are still there.
    pub artifacts: BTreeMap<ArtifactId, (GenerationId, bool)>,
    /// Pictures on their way out.
    pub outbox: Vec<(OutboundId, GenerationId, String)>,
    /// Pictures shown, by generation.
    pub shown: BTreeMap<GenerationId, BTreeSet<String>>,
    pub failures: BTreeMap<GenerationId, u32>,
    /// What receipts said was charged.
    pub receipts: BTreeMap<RequestId, Vec<Credits>>,
    pub last: Option<(Event, Option<Action>)>,
    /// What the channel still takes, where it counts.
    pub window: Option<Window>,
    /// Messages that went out since their last one.
    pub went_out: u32,
}

impl Store {
    pub fn new() -> Self {
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
            window: None,
            went_out: 0,
        }
    }

    pub fn purse(&self) -> Purse {
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
        let of = self.generations.values().filter(|one| one.request == request);
        of.map(|one| self.as_read(one)).collect()
    }

    /// A generation as facts have it: without a picture that is kept no more.
    fn as_read(&self, one: &Generation) -> Generation {
        let there = one.artifact.is_some_and(|id| self.artifacts[&id].1);
        if there {
            return one.clone();
        }
        Generation { artifact: None, expires_at: 0, owed: false, ..one.clone() }
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
        let generation = id.and_then(|id| self.generations.get(&id)).map(|one| self.as_read(one));
        let request = generation.as_ref().map(|one| one.request).or(of);
        GenerationFacts {
            request: request.and_then(|id| self.requests.get(&id)).cloned(),
            siblings: request.map(|id| self.siblings(id)).unwrap_or_default(),
            account: self.customer().map(|customer| customer.account),
            language: Language::En,
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
                    stray: false,
                    customer: self.customer(),
                    action: action.map_or(PressedAction::Foreign, PressedAction::Ours),
                    request,
                    generations: siblings.unwrap_or_default(),
                    kept,
                    ..press_facts(customer(0), Verb::Cancel, 0)
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
            FactsKind::Payment => Facts::Payment(PaymentFacts::default()),
            FactsKind::Desk | FactsKind::None => Facts::None,
        }
    }

    /// Turns an event as the real store does.
    pub fn turn(&mut self, event: Event, action: Option<Action>) {
        self.seq += 1;
        let facts = self.facts(&event, action);
        let conversation = ConversationId::from(PRIVATE);
        let now = NOW + self.seq;
        let frame = Frame {
            now,
            cause: Cause(self.seq),
            conversation: &conversation,
            house: &self.house,
            window: self.window.map(|window| Window { reserved: self.reserved(), ..window }),
        };
        let effects = decide(&frame, &facts, &event);
        assert_sound(frame.cause, &effects);
        let (messages, others): (Vec<_>, Vec<_>) =
            effects.into_iter().partition(|effect| matches!(effect, Effect::Send(_)));
        let opened = others.clone();
        for effect in others {
            self.carry_out(effect);
        }
        let slots: Vec<Effect> = opened.into_iter().chain(messages.iter().cloned()).collect();
        let refused = self.take_slots(&slots, now);
        for effect in messages {
            self.carry_out(effect);
        }
        self.last = Some((event, action));
        self.refuse(refused);
        let purse = self.purse();
        assert!(purse.available().0 >= 0, "never below zero: {purse:?}");
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::OpenAccount { account, purse, .. } => self.open_account(account, purse),
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
            Effect::CancelGeneration { generation } => {
                let one = self.generations.get_mut(&generation).unwrap();
                assert!(matches!(one.state, Is::Held | Is::Claimed));
                one.state = Is::Cancelled;
            }
            Effect::SettleGeneration { generation, state, .. } => {
                self.generations.get_mut(&generation).unwrap().state = state;
            }
            Effect::Generate(new) => self.generate(&new),
            Effect::KeepArtifact(new) => self.keep(&new),
            Effect::OweArtifact { artifact } => self.owe(artifact, true),
            Effect::ClearOwed { artifact } => self.owe(artifact, false),
            Effect::DeleteArtifact { artifact } => {
                self.artifacts.get_mut(&artifact).unwrap().1 = false;
                self.owe(artifact, false);
            }
            Effect::Send(message) => self.send(message),
            Effect::RaiseAlarm { what } => {
                assert!(!what.contains("another kind"), "needs() named the wrong facts");
            }
            other => self.carry_out_money(other),
        }
    }

    fn carry_out_money(&mut self, effect: Effect) {
        match effect {
            Effect::Grant { credits, source, .. } => {
                self.grants.entry(source).or_insert(credits);
            }
            Effect::Hold { hold, credits, .. } => {
                assert!(self.purse().available() >= credits, "held within what is there");
                assert!(self.holds.insert(hold, (credits, Fate::Pending)).is_none());
            }
            Effect::PostHold { hold } => self.resolve(hold, Fate::Posted),
            Effect::VoidHold { hold, .. } => self.resolve(hold, Fate::Voided),
            _ => {}
        }
    }

    fn open_account(&mut self, account: AccountId, purse: PurseId) {
        assert!(self.customer.is_none(), "one account for each identity");
        let mut opened = subscriber(0);
        opened.account.id = account;
        opened.account.purse = Purse::empty(purse);
        self.customer = Some(opened);
    }

    fn generate(&mut self, new: &NewGeneration) {
        let (price, fate) = self.holds[&new.hold];
        assert_eq!(fate, Fate::Pending, "nothing is made without a pending hold");
        assert_eq!(price, self.requests[&new.request].price_each, "quoted is held");
        self.customer.as_mut().unwrap().account.last_tag = new.tag;
        let generation = Generation {
            id: new.id,
            request: new.request,
            hold: new.hold,
            price,
            state: Is::Held,
            number: new.number,
            artifact: None,
            expires_at: 0,
            owed: false,
        };
        self.generations.insert(new.id, generation);
    }

    fn keep(&mut self, new: &NewArtifact) {
        assert!(self.artifacts.insert(new.id, (new.generation, true)).is_none());
        let one = self.generations.get_mut(&new.generation).unwrap();
        assert_eq!(one.artifact, None, "a picture is made once");
        one.artifact = Some(new.id);
        one.expires_at = new.expires_at;
    }

    fn send(&mut self, message: Outgoing) {
        if let Some(About::Picture(generation)) = message.about {
            let place = match &message.place {
                Place::Edit { slot } => slot.key(),
                Place::New { .. } | Place::EditMessage { .. } => std::format!("{}", message.id),
            };
            self.outbox.push((message.id, generation, place));
        }
        match (message.body, message.place) {
            (
                Body::Say(Say::Failed { .. } | Say::Uncertain { .. } | Say::NotHandedOver { .. }),
                Place::Edit { slot: Slot::Generation(id) },
            ) => *self.failures.entry(id).or_default() += 1,
            (Body::Say(Say::Receipt(receipt)), Place::New { slot: Some(Slot::Receipt(id)) }) => {
                self.receipts.entry(id).or_default().push(receipt.charged);
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

    pub fn assert_at_rest(&self) {
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
            let shown = self.shown.get(&one.id).map(BTreeSet::len).unwrap_or_default();
            assert!(shown <= 1, "a picture is shown once: {one:?}");
        }
    }
}

fn kept_as(id: ArtifactId) -> Artifact {
    Artifact { id, ..kept().artifact }
}
