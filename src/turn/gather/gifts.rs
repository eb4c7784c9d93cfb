//! What is looked up of promo codes and invitations, where anything is given away.

use picdesk_core::{
    facts::{Customer, GiftFacts, GiftNeed, GiftRules},
    invite,
};

use super::{Turner, Wanted};
use crate::store::{StoreError, Tx, gifts};

pub(super) async fn gift(
    turner: &Turner,
    tx: &mut Tx,
    wanted: &Wanted,
    customer: Option<&Customer>,
) -> Result<Option<Box<GiftFacts>>, StoreError> {
    let (Some(need), Some(by)) = (&wanted.needs.gift, &wanted.needs.identity) else {
        return Ok(None);
    };
    if !is_given(&turner.desk.house.gifts, need) {
        return Ok(None);
    }
    let asked = gifts::Asked {
        by,
        account: customer.map(|customer| customer.account.id),
        fresh: turner.desk.seal.invitation(wanted.seq),
        now: turner.store.clock().now_ms(),
    };
    let mut found = gifts::find(tx, asked, need).await?;
    if let GiftFacts::Own(own) = &mut found {
        let code = own.code.as_ref().unwrap_or(&own.fresh);
        own.links = turner.desk.doors.links(&invite::payload(code));
    }
    Ok(Some(Box::new(found)))
}

/// Whether the house gives this away. An invitation whose time has come is looked at all the same.
fn is_given(rules: &GiftRules, need: &GiftNeed) -> bool {
    match need {
        GiftNeed::Promo(_) => !rules.promos.is_empty(),
        GiftNeed::Own | GiftNeed::Inviter(_) => rules.referral.is_some(),
        GiftNeed::Invitation => true,
    }
}

/// The accounts on both sides of an invitation.
pub(super) fn sides(gift: Option<&GiftFacts>) -> Vec<picdesk_core::id::AccountId> {
    match gift {
        Some(GiftFacts::Invitation(Some(invitation))) => {
            vec![invitation.inviter.owner.account, invitation.invited.owner.account]
        }
        _ => Vec::new(),
    }
}
