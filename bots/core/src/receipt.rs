//! The end of a request: everything that will come of it has come, and the line under the pictures
//! says what it cost.

use alloc::{string::String, vec, vec::Vec};

use crate::{
    credits::Credits,
    effect::Effect,
    event::About,
    facts::{Generation, RequestState},
    generation::GenerationState,
    id::{ArtifactId, Slot},
    keys,
    picture::Scene,
    say::{Key, Label, Receipt, Say, Verb},
    turn::{Reader, Turn},
};

/// Whether nothing more will come of the request.
pub(crate) fn is_last(scene: &Scene) -> bool {
    scene.siblings.iter().all(|sibling| !sibling.state.is_open())
}

/// Pictures of the request that were handed over or are owed.
pub(crate) fn handed_over(scene: &Scene) -> i64 {
    delivered(&scene.siblings).count() as i64
}

/// Pictures of a request that were handed over or are owed.
fn delivered(siblings: &[Generation]) -> impl Iterator<Item = &Generation> {
    siblings.iter().filter(|sibling| sibling.state == GenerationState::Delivered)
}

/// When nothing more will come of the request, it is settled, and a receipt says what it cost.
pub(crate) fn close(turn: &mut Turn<'_>, scene: &Scene) {
    let Some(receipt) = settle(turn, scene) else { return };
    let say = Say::Receipt(receipt);
    let mut receipt = turn.words(&scene.reader, say).slot(Slot::Receipt(scene.request.id));
    if let Some(artifact) = only_picture(scene) {
        receipt = receipt.about(About::Beside(artifact));
    }
    let keys = keys_of(turn, scene);
    turn.send(receipt.keys(keys));
}

/// The same where pictures could not be shown, and only one thing more can be said: that is the
/// addresses of all of them and the receipt at once.
pub(crate) fn close_by_links(turn: &mut Turn<'_>, scene: &Scene, here: &Reader, urls: Vec<String>) {
    let Some(receipt) = settle(turn, scene) else { return };
    let say = Say::PictureLinks { urls, receipt };
    let links = turn.words(here, say).editing(Slot::Generation(scene.generation.id));
    // Where this cannot be said either, the picture is owed.
    let links = links.about(About::Picture(scene.generation.id));
    let keys = keys_of(turn, scene);
    turn.send(links.keys(keys));
}

/// Settles the request when nothing more will come of it; what its receipt says, where somebody
/// is to read one.
fn settle(turn: &mut Turn<'_>, scene: &Scene) -> Option<Receipt> {
    if !is_last(scene) || scene.request.state != RequestState::Open {
        return None;
    }
    let cancelled = |sibling: &Generation| sibling.state == GenerationState::Cancelled;
    let state = if scene.siblings.iter().all(cancelled) {
        RequestState::Cancelled
    } else {
        RequestState::Settled
    };
    turn.then(Effect::UpdateRequest { id: scene.request.id, state, change: None });
    if handed_over(scene) == 0 || !scene.reachable {
        return None;
    }
    let charged: i64 = delivered(&scene.siblings).map(|sibling| sibling.price.0).sum();
    let kept = delivered(&scene.siblings).filter(|sibling| sibling.artifact.is_some());
    let kept_until = kept.map(|sibling| sibling.expires_at).min();
    Some(Receipt {
        charged: Credits(charged),
        pictures: handed_over(scene),
        asked: scene.siblings.len() as i64,
        available: scene.reader.sees(scene.account.purse.available()),
        kept_until: kept_until.unwrap_or_default(),
    })
}

/// The picture that a receipt is of, where it is of one.
fn only_picture(scene: &Scene) -> Option<ArtifactId> {
    match scene.siblings.as_slice() {
        [only] => only.artifact,
        _ => None,
    }
}

fn keys_of(turn: &Turn<'_>, scene: &Scene) -> Vec<Vec<Key>> {
    if let Some(artifact) = only_picture(scene) {
        return keys::picture(turn.house(), &scene.account, &scene.request, artifact);
    }
    let request = scene.request.id.0;
    let mut row = vec![keys::act(Label::Again, Verb::Again, request)];
    if missing(&scene.siblings) > 0 {
        row.push(keys::act(Label::TryAgain, Verb::TryAgain, request));
    }
    let place = &scene.reader.conversation;
    if turn.can_edit(place) && !turn.has_one_answer(place) {
        return vec![row];
    }
    // The pictures have no buttons of their own there.
    let shown = delivered(&scene.siblings).filter_map(|sibling| {
        let artifact = sibling.artifact?;
        Some(keys::act(Label::Picture(sibling.number.into()), Verb::OpenPicture, artifact.0))
    });
    vec![row, shown.collect()]
}

/// Pictures of a request that were asked for and not made.
pub(crate) fn missing(siblings: &[Generation]) -> u8 {
    let missing = siblings.iter().filter(|sibling| {
        matches!(sibling.state, GenerationState::Failed | GenerationState::Uncertain)
    });
    u8::try_from(missing.count()).unwrap_or(u8::MAX)
}
