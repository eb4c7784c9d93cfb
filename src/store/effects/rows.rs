//! Rows of what follows, in the order of their columns.

use std::collections::HashMap;

use picdesk_core::{
    channel::{OutboundMessage, Place},
    effect::{NewArtifact, NewEscalation, NewGeneration},
    facts::Request,
    id::{OutboundId, Slot},
};

use super::{Outcome, Rendered};
use crate::store::{
    Value,
    expiring::ANNOUNCED_FROM_MS,
    facts::{CaseBody, RequestBody, word_of},
    inbox::Origin,
    outbox::Waiting,
    sealed,
    windows::Slotted,
};

/// A request's row.
pub(super) fn request_row(request: &Request) -> Vec<Value> {
    let body = RequestBody {
        prompt: request.prompt.clone(),
        references: request.references.clone(),
        cheaper: request.cheaper,
        screened: request.screened,
    };
    vec![
        request.id.0.into(),
        request.account.0.into(),
        request.purse.0.into(),
        request.identity.as_str().into(),
        request.conversation.as_str().into(),
        word_of(request.setting).into(),
        request.message.as_ref().map(|id| id.0.clone()).into(),
        sealed::seal_json(&body).into(),
        serde_json::json!(request.options).to_string().into(),
        request.parent.map(|id| id.0).into(),
        request.price_each.0.into(),
        request.state.word().into(),
        request.asked_at.into(),
    ]
}

/// A stored picture's row.
pub(super) fn artifact_row(new: &NewArtifact, now: i64) -> Vec<Value> {
    vec![
        new.id.0.into(),
        new.generation.0.into(),
        new.request.0.into(),
        new.account.0.into(),
        new.purse.0.into(),
        new.object.clone().into(),
        new.sha256.clone().into(),
        new.bytes.into(),
        new.size.width.into(),
        new.size.height.into(),
        new.kind.clone().into(),
        new.cost_micro_usd.into(),
        now.into(),
        new.expires_at.into(),
        "kept".into(),
        0_i64.into(),
        (new.expires_at - now < ANNOUNCED_FROM_MS).into(),
    ]
}

/// A matter's row.
pub(super) fn escalation_row(new: &NewEscalation, now: i64) -> Vec<Value> {
    let body = CaseBody { words: new.words.clone(), pictures: new.pictures.clone() };
    vec![
        new.id.0.into(),
        new.code.clone().into(),
        new.account.0.into(),
        new.identity.as_str().into(),
        new.conversation.as_str().into(),
        word_of(new.cause).into(),
        new.request.map(|id| id.0).into(),
        new.consent.into(),
        sealed::seal_json(&body).into(),
        "open".into(),
        now.into(),
        0_i64.into(),
        0_i64.into(),
        0_i64.into(),
        new.expects_until.into(),
    ]
}

/// The key of the slot that a message takes or stands in.
fn slot_key(message: &OutboundMessage) -> Option<String> {
    let slot = match &message.place {
        Place::New { slot } => *slot,
        Place::Edit { slot } => Some(*slot),
        Place::EditMessage { .. } => None,
    };
    slot.map(Slot::key)
}

impl From<Rendered> for Waiting {
    /// As its row will be read when it is new.
    fn from(Rendered { message, about }: Rendered) -> Self {
        let slot = slot_key(&message);
        Self::new(message, about, slot)
    }
}

/// The rows of a batch's messages.
pub(super) fn outbox_rows(
    outcomes: &[Outcome],
    without: &HashMap<OutboundId, Slotted>,
    now: i64,
) -> Vec<Vec<Value>> {
    let messages = outcomes.iter().flat_map(|outcome| &outcome.messages);
    messages
        .filter(|one| without.get(&one.message.id) != Some(&Slotted::LeftOut))
        .map(|Rendered { message, about }| {
            let state = match without.get(&message.id) {
                None => "waiting",
                Some(Slotted::Held) => "held",
                Some(Slotted::Refused) => "refused",
                Some(Slotted::LeftOut) => "dropped",
            };
            vec![
                message.id.0.into(),
                message.conversation.0.clone().into(),
                message.conversation.channel().into(),
                Origin::People.word().into(),
                slot_key(message).into(),
                about.map(|about| serde_json::json!(about).to_string()).into(),
                state.into(),
                0_i64.into(),
                0_i64.into(),
                now.into(),
                if without.contains_key(&message.id) { now } else { 0 }.into(),
                sealed::seal_json(message).into(),
            ]
        })
        .collect()
}

/// A picture's row, in line.
pub(super) fn generation_row(new: &NewGeneration, now: i64) -> Vec<Value> {
    vec![
        new.id.0.into(),
        new.request.0.into(),
        new.hold.0.into(),
        new.account.0.into(),
        new.purse.0.into(),
        new.conversation.as_str().into(),
        new.number.into(),
        new.tag.into(),
        "held".into(),
        0_i64.into(),
        0_i64.into(),
        0_i64.into(),
        now.into(),
        0_i64.into(),
        0_i64.into(),
    ]
}
