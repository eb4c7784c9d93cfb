//! What became of a picture or file on its way out: taken, refused, or nobody knows.

use alloc::{format, string::String, vec};

use crate::{
    channel::Refusal,
    credits::VoidReason,
    effect::{Body, Effect},
    event::About,
    facts::{DeliveryFacts, Kept},
    generation::{Artifact, GenerationState},
    id::{ArtifactId, RequestId, Slot},
    keys,
    picture::{self, Scene},
    receipt,
    say::{Label, Say, Verb},
    turn::{Reader, Turn},
    window,
};

/// The channel took a picture: its hold is posted.
pub(crate) fn picture_delivered(turn: &mut Turn<'_>, facts: &DeliveryFacts) {
    let Some(mut scene) = facts.generation.as_ref().and_then(Scene::of) else { return };
    window::go_on(turn);
    if let (true, Some(artifact)) = (scene.generation.owed, scene.generation.artifact) {
        turn.then(Effect::ClearOwed { artifact });
    }
    if scene.generation.state == GenerationState::Made {
        // Whatever we believed: it has arrived.
        scene.reachable = true;
        scene.post(turn);
        receipt::close(turn, &scene);
    }
}

/// The channel will not take a picture.
pub(crate) fn picture_refused(turn: &mut Turn<'_>, facts: &DeliveryFacts, refusal: Refusal) {
    let Some(mut scene) = facts.generation.as_ref().and_then(Scene::of) else { return };
    if refusal == Refusal::Blocked {
        let identity = scene.request.identity.clone();
        turn.then(Effect::MarkReachable { identity, reachable: false });
        scene.reachable = false;
    }
    let Some(artifact) = scene.generation.artifact else {
        return picture::gone(turn, &mut scene, VoidReason::NotHandedOver);
    };
    match refusal {
        // Nobody came for the answer that it was in: its address comes later, or else it is owed.
        Refusal::ConversationGone
            if turn.has_one_answer(turn.frame.conversation)
                && scene.generation.state == GenerationState::Delivered =>
        {
            let (here, url) = (here(turn, &scene.reader), facts.address.clone());
            let keys = picture::keys_under(turn, &scene, artifact);
            let link = turn.words(&here, Say::PictureLink { url }).keys(keys);
            turn.send(link.about(About::Picture(scene.generation.id)));
        }
        Refusal::Blocked | Refusal::ConversationGone | Refusal::TopicGone | Refusal::NotNow => {
            out_of_reach(turn, &mut scene, artifact);
        }
        // What is still owed goes out with their next message; what was seen is not shown again.
        Refusal::MessageGone if scene.generation.state == GenerationState::Delivered => {}
        Refusal::MessageGone => {
            let body = Body::Picture { artifact, caption: None };
            let about = About::Picture(scene.generation.id);
            let picture = turn.draft(&scene.reader, body).never_twice().about(about);
            let keys = picture::keys_under(turn, &scene, artifact);
            let slot = Slot::Generation(scene.generation.id);
            turn.send(picture.slot(slot).keys(keys));
        }
        Refusal::Content
            if turn.has_one_answer(turn.frame.conversation)
                && scene.generation.state == GenerationState::Made =>
        {
            if scene.generation.owed {
                turn.then(Effect::ClearOwed { artifact });
            }
            let urls = match facts.addresses.as_slice() {
                [] => vec![facts.address.clone()],
                all => all.to_vec(),
            };
            scene.post(turn);
            let here = here(turn, &scene.reader);
            receipt::close_by_links(turn, &scene, &here, urls);
        }
        Refusal::Content => {
            link_instead(turn, &scene, artifact, &facts.address);
            if scene.generation.state == GenerationState::Made {
                scene.post(turn);
                receipt::close(turn, &scene);
            }
        }
    }
}

/// Whoever it is for, where this happened: it was to go there, be that where it was asked for or
/// not.
fn here(turn: &Turn<'_>, reader: &Reader) -> Reader {
    Reader { conversation: turn.frame.conversation.clone(), ..reader.clone() }
}

/// The link takes the placeholder's place. A picture that was owed has none that they would see.
fn link_instead(turn: &mut Turn<'_>, scene: &Scene, artifact: ArtifactId, address: &str) {
    if scene.generation.owed {
        turn.then(Effect::ClearOwed { artifact });
    }
    let keys = picture::keys_under(turn, scene, artifact);
    let here = here(turn, &scene.reader);
    let link = turn.words(&here, Say::PictureLink { url: address.into() }).keys(keys);
    turn.send(match scene.generation.state {
        GenerationState::Delivered => link,
        GenerationState::Held
        | GenerationState::Claimed
        | GenerationState::Submitting
        | GenerationState::Submitted
        | GenerationState::Made
        | GenerationState::Failed
        | GenerationState::Uncertain
        | GenerationState::Cancelled => link.editing(Slot::Generation(scene.generation.id)),
    });
}

/// Nobody can be reached where the picture was to go: it is owed.
fn out_of_reach(turn: &mut Turn<'_>, scene: &mut Scene, artifact: ArtifactId) {
    scene.reachable = false;
    match scene.generation.state {
        GenerationState::Made => {
            scene.owe(turn, artifact);
            scene.post(turn);
            receipt::close(turn, scene);
        }
        // A late one is free, and a promise.
        GenerationState::Delivered | GenerationState::Failed | GenerationState::Uncertain => {
            scene.owe(turn, artifact);
        }
        GenerationState::Held
        | GenerationState::Claimed
        | GenerationState::Submitting
        | GenerationState::Submitted
        | GenerationState::Cancelled => {}
    }
}

/// Nobody knows whether a picture arrived. It is stored and can be had again for nothing, so its
/// hold is posted.
pub(crate) fn picture_unknown(turn: &mut Turn<'_>, facts: &DeliveryFacts) {
    let Some(mut scene) = facts.generation.as_ref().and_then(Scene::of) else { return };
    let Some(artifact) = scene.generation.artifact else {
        return picture::gone(turn, &mut scene, VoidReason::NotHandedOver);
    };
    did_it_arrive(turn, &scene.reader, scene.request.id, artifact);
    if scene.generation.state == GenerationState::Made {
        scene.post(turn);
        receipt::close(turn, &scene);
    }
}

/// The channel will not take the word that a picture was not made. Whoever has shut us out hears
/// of it when they are back.
pub(crate) fn end_refused(turn: &mut Turn<'_>, facts: &DeliveryFacts, refusal: Refusal) {
    let Some(scene) = facts.generation.as_ref().and_then(Scene::of) else { return };
    if refusal == Refusal::Blocked {
        let identity = scene.request.identity.clone();
        turn.then(Effect::MarkReachable { identity, reachable: false });
        turn.then(Effect::TellLater { generation: scene.generation.id });
    }
}

/// The original as a file, or its address where the channel takes no files. It is sent once;
/// whoever asks again gets it again.
pub(crate) fn send_original(
    turn: &mut Turn<'_>,
    reader: &Reader,
    artifact: &Artifact,
    address: &str,
) {
    let channel = turn.house().channel(&reader.conversation);
    if channel.is_some_and(|channel| channel.file_bytes_max == 0) {
        return send_link(turn, reader, address);
    }
    let file_name = file_name(artifact);
    let body = Body::Original { artifact: artifact.id, file_name };
    let file = turn.draft(reader, body).never_twice();
    turn.send(file.about(About::Original(artifact.id)));
}

/// The channel will not take an original.
pub(crate) fn original_refused(turn: &mut Turn<'_>, facts: &DeliveryFacts, refusal: Refusal) {
    let Some(kept) = &facts.kept else { return };
    match refusal {
        Refusal::Content => {
            let here = here(turn, &reader(facts, kept));
            send_link(turn, &here, &facts.address);
        }
        Refusal::Blocked => {
            let identity = kept.request.identity.clone();
            turn.then(Effect::MarkReachable { identity, reachable: false });
        }
        Refusal::ConversationGone | Refusal::TopicGone | Refusal::MessageGone | Refusal::NotNow => {
        }
    }
}

/// Nobody knows whether an original arrived.
pub(crate) fn original_unknown(turn: &mut Turn<'_>, facts: &DeliveryFacts) {
    if let Some(kept) = &facts.kept {
        did_it_arrive(turn, &reader(facts, kept), kept.request.id, kept.artifact.id);
    }
}

fn reader(facts: &DeliveryFacts, kept: &Kept) -> Reader {
    Reader::of(&kept.request, facts.language)
}

fn did_it_arrive(turn: &mut Turn<'_>, reader: &Reader, request: RequestId, artifact: ArtifactId) {
    let again = keys::act(Label::SendAgain, Verb::SendAgain, artifact.0);
    let keys = vec![vec![again], keys::human(turn.house(), Some(request))];
    let question = turn.words(reader, Say::DidItArrive).keys(keys);
    turn.send(question.about(About::Beside(artifact)));
}

/// What the channel does not take can be had by its address.
fn send_link(turn: &mut Turn<'_>, reader: &Reader, address: &str) {
    if !address.is_empty() {
        turn.say(reader, Say::OriginalLink { url: address.into() });
    }
}

/// `picture-7171.png`.
fn file_name(artifact: &Artifact) -> String {
    let ending = if artifact.kind == "jpeg" { "jpg" } else { artifact.kind.as_str() };
    format!("picture-{}.{ending}", artifact.id)
}
