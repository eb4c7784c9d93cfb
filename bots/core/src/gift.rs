//! Links that bring a promo code or an invitation along.

use crate::{
    customer::Visit,
    facts::{GiftNeed, MessageFacts},
    id::MessageId,
    invite, promo,
    turn::Turn,
};

/// What is looked up for what a link carries; nothing when it is none of these.
pub(crate) fn need(payload: &str) -> Option<GiftNeed> {
    match (promo::carried(payload), invite::carried(payload)) {
        (Some(code), _) => Some(GiftNeed::Promo(code)),
        (None, Some(code)) => Some(GiftNeed::Inviter(code.into())),
        (None, None) => None,
    }
}

/// Somebody came by a link. Tells whether what it carried was answered by a welcome; nothing where
/// it was not answered, for the house gives nothing of this kind away.
pub(crate) fn arrived(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    payload: &str,
    answer: Option<&MessageId>,
) -> Option<bool> {
    if let Some(code) = promo::carried(payload) {
        if turn.house().gifts.promos.is_empty() {
            return None;
        }
        promo::redeem(turn, visit, facts, &code, answer);
        return Some(false);
    }
    invite::arrived(turn, visit, facts, invite::carried(payload)?, answer)
}
