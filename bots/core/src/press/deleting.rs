//! A picture is deleted by the button under it.

use alloc::vec::Vec;

use super::Answer;
use crate::{
    customer::Visit,
    effect::Effect,
    facts::{GenerationFacts, Kept, PressFacts},
    generation::GenerationState,
    history,
    id::Slot,
    keys,
    picture::Scene,
    receipt,
    say::{Label, Say, Verb},
    turn::{Reader, Turn},
};

/// The picture is deleted, and every message that shows it goes.
pub(super) fn delete(turn: &mut Turn<'_>, visit: &Visit, facts: &PressFacts) -> Answer {
    let Some(kept) = &facts.kept else { return Answer::Alert(Say::Gone) };
    let artifact = kept.artifact.id;
    if kept.owed {
        turn.then(Effect::ClearOwed { artifact });
    }
    turn.then(Effect::DeleteArtifact { artifact });
    // What was sent where it was asked for goes in order with what is still to be sent there.
    let there = Reader::of(&kept.request, visit.reader.language);
    let shown = facts.generations.iter().find(|one| one.artifact == Some(artifact));
    if let Some(generation) = shown {
        turn.remove(&there, Slot::Generation(generation.id));
    }
    turn.remove(&visit.reader, history::copy(artifact));
    if shown.is_some_and(|one| one.state == GenerationState::Made) {
        // It was seen, or there would be no button to press, though not yet where it was asked
        // for: it is paid for, and the receipt is still to come.
        seen(turn, visit, facts, kept);
    } else if facts.generations.len() == 1 {
        let slot = Slot::Receipt(kept.request.id);
        let receipt = turn.words(&there, Say::Deleted).editing(slot).silent();
        let again = keys::act(Label::Again, Verb::Again, kept.request.id.0);
        turn.send(receipt.keys(Vec::from([Vec::from([again])])));
    }
    Answer::Line(Say::Deleted)
}

/// A picture was seen before the channel had taken it where it was asked for, and is deleted.
fn seen(turn: &mut Turn<'_>, visit: &Visit, facts: &PressFacts, kept: &Kept) {
    let of = GenerationFacts {
        generation: facts
            .generations
            .iter()
            .find(|one| one.artifact == Some(kept.artifact.id))
            .cloned(),
        request: Some(kept.request.clone()),
        siblings: facts.generations.clone(),
        account: Some(visit.customer.account.clone()),
        language: visit.reader.language,
        reachable: true,
    };
    let Some(mut scene) = Scene::of(&of) else { return };
    scene.generation.artifact = None;
    scene.generation.expires_at = 0;
    scene.post(turn);
    receipt::close(turn, &scene);
}
