//! What a generation came to: finished, failed, or nobody knows.

use alloc::{format, vec::Vec};

use crate::{
    account::Account,
    credits::{Credits, GrantReason, VoidReason},
    effect::{Body, Effect, NewArtifact},
    event::{About, Finished, Setting},
    facts::{Customer, Generation, GenerationFacts, OpenRequest, Request},
    generation::{Failure, GenerationState, ReferenceFault},
    id::{ArtifactId, EntryId, Slot},
    keys, receipt,
    say::{Key, Part, Say},
    turn::{Reader, Turn},
};

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A generation with everything that its end concerns.
pub(crate) struct Scene {
    /// The generation.
    pub generation: Generation,
    /// Its request.
    pub request: Request,
    /// All pictures of the request by number, as this turn leaves them.
    pub siblings: Vec<Generation>,
    /// Whose, as this turn leaves it.
    pub account: Account,
    /// Whoever asked, where they asked.
    pub reader: Reader,
    /// Whether they can be reached.
    pub reachable: bool,
}

impl Scene {
    /// The scene of these facts; nothing when the generation is no more, or nobody's any more.
    pub fn of(facts: &GenerationFacts) -> Option<Self> {
        let request = facts.request.clone()?;
        Some(Self {
            generation: facts.generation.clone()?,
            reader: Reader::of(&request, facts.language),
            siblings: facts.siblings.clone(),
            account: facts.account.clone()?,
            // Whoever has shut us out still reads what is said among others.
            reachable: facts.reachable || request.setting != Setting::Private,
            request,
        })
    }

    /// Which of how many pictures it is.
    pub fn part(&self) -> Part {
        let count = u8::try_from(self.siblings.len()).unwrap_or(u8::MAX).max(1);
        Part { number: self.generation.number, count }
    }

    /// The generation comes to a state.
    pub fn settle(
        &mut self,
        turn: &mut Turn<'_>,
        state: GenerationState,
        failure: Option<Failure>,
    ) {
        self.generation.state = state;
        let id = self.generation.id;
        for sibling in self.siblings.iter_mut().filter(|sibling| sibling.id == id) {
            *sibling = self.generation.clone();
        }
        turn.then(Effect::SettleGeneration { generation: id, state, failure });
    }

    /// The picture was handed over, or is owed: its credits are spent.
    pub fn post(&mut self, turn: &mut Turn<'_>) {
        turn.then(Effect::PostHold { hold: self.generation.hold });
        let (pending, price) = (&mut self.account.purse.pending, self.generation.price);
        *pending = Credits(pending.0.saturating_sub(price.0));
        let posted = &mut self.account.purse.posted;
        *posted = Credits(posted.0.saturating_add(price.0));
        self.settle(turn, GenerationState::Delivered, None);
    }

    /// The credits of the picture are given back.
    fn void(&mut self, turn: &mut Turn<'_>, reason: VoidReason) {
        turn.then(Effect::VoidHold { hold: self.generation.hold, reason });
        let pending = &mut self.account.purse.pending;
        *pending = Credits(pending.0.saturating_sub(self.generation.price.0));
    }

    /// The picture is owed: it goes out when they can be reached.
    pub fn owe(&mut self, turn: &mut Turn<'_>, artifact: ArtifactId) {
        self.generation.owed = true;
        turn.then(Effect::OweArtifact { artifact });
    }
}

/// A picture is made and stored.
pub(crate) fn finished(turn: &mut Turn<'_>, facts: &GenerationFacts, finished: &Finished) {
    let Some(mut scene) = Scene::of(facts) else { return };
    match scene.generation.state {
        GenerationState::Held
        | GenerationState::Claimed
        | GenerationState::Submitting
        | GenerationState::Submitted => {
            let artifact = keep(turn, &mut scene, finished);
            scene.settle(turn, GenerationState::Made, None);
            // Where no slot is left, it goes out first when they write again.
            scene.reachable &= turn.has_room(&scene.reader.conversation);
            if scene.reachable {
                show(turn, &scene, artifact);
            } else {
                scene.owe(turn, artifact);
                scene.post(turn);
                receipt::close(turn, &scene);
            }
        }
        GenerationState::Failed | GenerationState::Uncertain => {
            if scene.generation.artifact.is_none() {
                came_late(turn, &mut scene, finished);
            }
        }
        GenerationState::Made | GenerationState::Delivered | GenerationState::Cancelled => {}
    }
}

fn keep(turn: &mut Turn<'_>, scene: &mut Scene, finished: &Finished) -> ArtifactId {
    let id = ArtifactId(turn.id());
    let days = i64::from(scene.account.entitlement.retention_days);
    let expires_at = turn.frame.now.saturating_add(days.saturating_mul(DAY_MS));
    turn.then(Effect::KeepArtifact(NewArtifact {
        id,
        generation: scene.generation.id,
        request: scene.request.id,
        purse: scene.request.purse,
        account: scene.account.id,
        object: finished.object.clone(),
        sha256: finished.sha256.clone(),
        bytes: finished.bytes,
        size: finished.size,
        kind: finished.kind.clone(),
        cost_micro_usd: finished.cost_micro_usd,
        expires_at,
    }));
    turn.then(Effect::SampleDuration {
        resolution: scene.request.options.resolution,
        quality: scene.request.options.quality,
        took_ms: finished.took_ms,
    });
    scene.generation.artifact = Some(id);
    scene.generation.expires_at = expires_at;
    id
}

/// The placeholder becomes the picture. Repeating an edit is invisible.
fn show(turn: &mut Turn<'_>, scene: &Scene, artifact: ArtifactId) {
    let slot = Slot::Generation(scene.generation.id);
    let body = Body::Picture { artifact, caption: None };
    let picture = turn.draft(&scene.reader, body).editing(slot);
    let picture = picture.about(About::Picture(scene.generation.id));
    let keys = keys_under(turn, scene, artifact);
    turn.send(picture.keys(keys));
}

/// Buttons under a picture itself: only where the receipt is for several.
pub(crate) fn keys_under(turn: &Turn<'_>, scene: &Scene, artifact: ArtifactId) -> Vec<Vec<Key>> {
    let place = &scene.reader.conversation;
    if scene.part().count == 1 || !turn.can_edit(place) || turn.has_one_answer(place) {
        return Vec::new();
    }
    keys::picture(turn.house(), &scene.account, &scene.request, artifact)
}

/// A picture that was given up came after all. It is free, and says so with a sound.
fn came_late(turn: &mut Turn<'_>, scene: &mut Scene, finished: &Finished) {
    let artifact = keep(turn, scene, finished);
    if !scene.reachable || !turn.has_room(&scene.reader.conversation) {
        return scene.owe(turn, artifact);
    }
    let slot = Slot::Generation(scene.generation.id);
    let body = Body::Picture { artifact, caption: None };
    let picture = turn.draft(&scene.reader, body).editing(slot);
    turn.send(picture.about(About::Picture(scene.generation.id)));
    let keys = keys::picture(turn.house(), &scene.account, &scene.request, artifact);
    let note = turn.words(&scene.reader, Say::LatePicture).keys(keys);
    turn.send(note.about(About::Beside(artifact)));
}

/// A picture was not made, and nothing is owed for it.
pub(crate) fn failed(turn: &mut Turn<'_>, facts: &GenerationFacts, failure: Failure) {
    if failure == Failure::OutOfService {
        turn.then(Effect::RaiseAlarm {
            what: "pictures cannot be made: something of ours is wrong",
        });
    }
    give_up(turn, facts, Some(failure));
}

/// Nobody knows whether a picture was made: settled in the customer's favour.
pub(crate) fn uncertain(turn: &mut Turn<'_>, facts: &GenerationFacts) {
    give_up(turn, facts, None);
}

/// The pictures of a request that are still in line cannot be made: one of those that they are to
/// be made from is none. Whoever works on one of them meanwhile finds the same.
pub(crate) fn spoiled(
    turn: &mut Turn<'_>,
    customer: &Customer,
    account: &mut Account,
    open: &OpenRequest,
    (number, fault): (u8, ReferenceFault),
) {
    let mut siblings = open.generations.clone();
    for held in open.generations.iter().filter(|it| it.state == GenerationState::Held) {
        let facts = GenerationFacts {
            generation: Some(held.clone()),
            request: Some(open.request.clone()),
            siblings: siblings.clone(),
            account: Some(account.clone()),
            language: customer.language,
            reachable: customer.reachable,
        };
        let failure = Failure::Reference { number: Some(number), fault };
        if let Some(scene) = give_up(turn, &facts, Some(failure)) {
            (siblings, *account) = (scene.siblings, scene.account);
        }
    }
}

/// Gives the credits back and says so. How things stand after, where there was something to give
/// up.
fn give_up(
    turn: &mut Turn<'_>,
    facts: &GenerationFacts,
    failure: Option<Failure>,
) -> Option<Scene> {
    let mut scene = Scene::of(facts)?;
    match scene.generation.state {
        GenerationState::Held
        | GenerationState::Claimed
        | GenerationState::Submitting
        | GenerationState::Submitted => {}
        GenerationState::Made
        | GenerationState::Delivered
        | GenerationState::Failed
        | GenerationState::Uncertain
        | GenerationState::Cancelled => return None,
    }
    let (reason, state) = match failure {
        Some(_) => (VoidReason::Failed, GenerationState::Failed),
        None => (VoidReason::Uncertain, GenerationState::Uncertain),
    };
    scene.void(turn, reason);
    scene.settle(turn, state, failure);
    let available = scene.reader.sees(scene.account.purse.available());
    let part = scene.part();
    let say = match failure {
        Some(failure) => Say::Failed { failure, available, part },
        None => Say::Uncertain { available, part },
    };
    tell_end(turn, &scene, say);
    Some(scene)
}

/// The placeholder says why there is no picture; after the last one the request is closed.
fn tell_end(turn: &mut Turn<'_>, scene: &Scene, say: Say) {
    let failure = match &say {
        Say::Failed { failure, .. } => Some(*failure),
        _ => None,
    };
    let slot = Slot::Generation(scene.generation.id);
    let about = About::Ended(scene.generation.id);
    let mut message = turn.words(&scene.reader, say).editing(slot).about(about);
    // Of several pictures, only the end of the last one offers to try again; other words can be
    // said where the words were why.
    let ends = receipt::is_last(scene) && receipt::handed_over(scene) == 0;
    let of_words = matches!(failure, Some(Failure::Refused | Failure::Prompt));
    message = message.keys(match (ends, of_words) {
        (true, _) => keys::failed(turn.house(), scene.request.id),
        (false, true) => keys::other_words(turn.house(), scene.request.id),
        (false, false) => Vec::from([keys::human(turn.house(), Some(scene.request.id))]),
    });
    if scene.reachable {
        turn.send(message);
    } else {
        turn.then(Effect::TellLater { generation: scene.generation.id });
    }
    receipt::close(turn, scene);
}

/// A picture that was made is not there any more. Where it was never handed over, its credits are
/// given back.
pub(crate) fn gone(turn: &mut Turn<'_>, scene: &mut Scene, reason: VoidReason) {
    if scene.generation.state != GenerationState::Made {
        return;
    }
    scene.void(turn, reason);
    scene.settle(turn, GenerationState::Failed, None);
    let available = scene.reader.sees(scene.account.purse.available());
    let part = scene.part();
    tell_end(turn, scene, Say::NotHandedOver { available, part });
}

/// A stored picture reached the end of its time.
pub(crate) fn expired(turn: &mut Turn<'_>, facts: &GenerationFacts) {
    if let Some(mut scene) = Scene::of(facts) {
        gone(turn, &mut scene, VoidReason::Expired);
    }
}

/// A picture that was owed reached the end of its time. Whoever paid for it and never got it gets
/// the credits back, and hears of it.
pub(crate) fn owed_expired(turn: &mut Turn<'_>, facts: &GenerationFacts, artifact: ArtifactId) {
    let Some(generation) = &facts.generation else { return };
    let Some(account) = &facts.account else { return };
    turn.then(Effect::ClearOwed { artifact });
    if generation.state != GenerationState::Delivered || generation.price <= Credits::ZERO {
        return;
    }
    let entry = EntryId(turn.id());
    turn.then(Effect::Grant {
        entry,
        purse: account.purse.id,
        credits: generation.price,
        source: format!("owed_expired:{artifact}"),
        reason: GrantReason::OwedExpired,
        note: None,
    });
    let available = account.purse.available().0.saturating_add(generation.price.0);
    match &facts.request {
        Some(request) if facts.reachable && request.setting == Setting::Private => {
            let reader = Reader::of(request, facts.language);
            let (returned, available) = (generation.price, Credits(available));
            turn.say(&reader, Say::Missed { failed: 0, expired: 1, returned, available });
        }
        // Among others it would be nobody else's business.
        Some(_) | None => turn.then(Effect::TellLater { generation: generation.id }),
    }
}
