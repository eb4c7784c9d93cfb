//! Messages of ours that nobody knows of any more, because the answer to them was lost.

use picdesk_core::{
    event::Event,
    facts::{Generation, Request},
    id::Slot,
};

use super::Wanted;
use crate::store::{
    StoreError, Tx,
    outbox::{self, Stand},
};

/// Whether the pressed message is none of its request's own, all of which are known.
pub(super) async fn is_stray(
    tx: &mut Tx,
    wanted: &Wanted,
    request: Option<&Request>,
    generations: &[Generation],
) -> Result<bool, StoreError> {
    let (Event::ButtonPressed(press), Some(request)) = (&*wanted.event, request) else {
        return Ok(false);
    };
    let Some(message) = &press.message else { return Ok(false) };
    let question = Slot::Question(request.id.0).key();
    let mut slots: Vec<String> =
        generations.iter().map(|one| Slot::Generation(one.id).key()).collect();
    let needed = slots.len().max(1);
    slots.push(question.clone());
    let stands = outbox::stands_now(tx, &slots).await?;
    let of_pictures = stands.iter().filter(|(slot, _)| *slot != question).count();
    let known = if generations.is_empty() { stands.len() } else { of_pictures };
    let here = |stand: &Stand| stand.conversation == wanted.conversation;
    Ok(known >= needed && stands.iter().all(|(_, stand)| here(stand) && stand.message != *message))
}
