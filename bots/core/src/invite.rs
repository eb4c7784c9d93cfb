//! Invitations: whoever brings somebody new who buys gets a reward, and so do they.
//!
//! It is decided some time after the first payment, and only if nothing of that went back. Nobody
//! invites themselves: whoever turns out to be one person with somebody of before gets nothing
//! (`src/store/gifts.rs`), and more rewards than the owner said wait for their turn.

use alloc::{format, string::String};

use crate::{
    credits::{Credits, GrantReason},
    customer::Visit,
    effect::{Effect, GiftEffect, InvitationEnd},
    event::Event,
    facts::{GiftFacts, Invitation, MessageFacts, PaymentFacts, Referral, Side},
    grant,
    id::{AccountId, EntryId, IdentityId, MessageId},
    keys,
    payment::{self, Checkout, Moved, Paid, Payment},
    say::{GiftSay, InviteView, Say},
    turn::Turn,
};

/// A day, milliseconds.
const DAY_MS: i64 = 86_400_000;

/// In how long rewards are counted, milliseconds.
const COUNTED_MS: i64 = 30 * DAY_MS;

/// What stands before a code in a link.
const CARRIED: &str = "invite-";

/// What a link with a code carries.
#[must_use]
pub fn payload(code: &str) -> String {
    format!("{CARRIED}{code}")
}

/// The code that a link carries.
pub(crate) fn carried(payload: &str) -> Option<&str> {
    payload.strip_prefix(CARRIED).filter(|code| !code.is_empty())
}

/// Since when rewards are counted, milliseconds since the epoch.
#[must_use]
pub fn counted_since(now: i64) -> i64 {
    now.saturating_sub(COUNTED_MS)
}

/// `/invite`.
pub(crate) fn asked(turn: &mut Turn<'_>, visit: &Visit, facts: &MessageFacts) {
    let (Some(referral), Some(GiftFacts::Own(own))) =
        (turn.house().gifts.referral, facts.gift.as_deref())
    else {
        return turn.say(&visit.reader, Say::Help);
    };
    if own.code.is_none() {
        turn.then(Effect::Gift(GiftEffect::MakeInvite {
            code: own.fresh.clone(),
            account: visit.customer.account.id,
            by: visit.customer.identity.clone(),
            here: visit.reader.conversation.clone(),
        }));
    }
    let view = InviteView {
        links: own.links.clone(),
        credits: referral.credits,
        invited_credits: referral.invited_credits,
        days: referral.after_ms / DAY_MS,
        most: referral.per_30_days,
        came: own.came,
        bought: own.bought,
        rewarded: own.rewarded,
    };
    turn.say(&visit.reader, Say::Gift(GiftSay::Invite(view)));
}

/// Somebody came by an invitation. Only whoever is new with this very step is invited by it. Tells
/// whether that was answered by a welcome; nothing where it was not answered.
pub(crate) fn arrived(
    turn: &mut Turn<'_>,
    visit: &Visit,
    facts: &MessageFacts,
    code: &str,
    answer: Option<&MessageId>,
) -> Option<bool> {
    let referral = turn.house().gifts.referral?;
    let Some(GiftFacts::Inviter(Some(inviter))) = facts.gift.as_deref() else { return None };
    if !visit.is_new {
        let word = turn.words(&visit.reader, Say::Gift(GiftSay::NotNew));
        turn.send(grant::answered(word, answer));
        return Some(false);
    }
    turn.then(Effect::Gift(GiftEffect::Invite {
        identity: visit.customer.identity.clone(),
        account: visit.customer.account.id,
        here: visit.reader.conversation.clone(),
        code: code.into(),
        inviter: *inviter,
        credits: referral.credits,
        invited_credits: referral.invited_credits,
    }));
    let say = GiftSay::Invited {
        trial: turn.house().trial,
        credits: referral.invited_credits,
        days: referral.after_ms / DAY_MS,
    };
    let keys = keys::welcome(turn.house(), visit.reader.language);
    let welcome = turn.words(&visit.reader, Say::Gift(say)).keys(keys);
    turn.send(grant::answered(welcome, answer));
    Some(true)
}

/// Somebody has paid. Where they were invited and it is their first payment, it is looked again at
/// when it has stood for a while.
pub(crate) fn bought(
    turn: &mut Turn<'_>,
    facts: &PaymentFacts,
    (checkout, paid): (&Checkout, &Paid),
    payment: &Payment,
) {
    let (Some(identity), Some(referral)) = (&facts.invited, turn.house().gifts.referral) else {
        return;
    };
    if !cost_anything(payment, paid) {
        return;
    }
    turn.then(Effect::Gift(GiftEffect::KeepPurchase {
        identity: identity.clone(),
        account: checkout.account,
        payment: payment.id.clone(),
    }));
    turn.then(Effect::SetTimer {
        id: timer(identity),
        due_at: turn.frame.now.saturating_add(referral.after_ms),
        conversation: checkout.conversation.clone(),
        event: Event::InvitationDue { identity: identity.clone() },
    });
}

/// Whether any money was taken: nothing is where a discount is as high as the price.
fn cost_anything(payment: &Payment, paid: &Paid) -> bool {
    let told = paid.charged.as_ref().or(paid.price.as_ref()).map_or(0, |told| told.minor);
    let whole = payment.bought.as_ref().map_or(0, |bought| bought.price.minor);
    // It is told with the discount in it, or without.
    let off = if told >= whole { paid.discount } else { 0 };
    told > off
}

fn timer(identity: &IdentityId) -> String {
    format!("invitation:{identity}")
}

/// The first payment of somebody who was invited has stood for a while, or has not.
pub(crate) fn due(turn: &mut Turn<'_>, facts: &MessageFacts) {
    let Some(GiftFacts::Invitation(Some(invitation))) = facts.gift.as_deref() else { return };
    let now = turn.frame.now;
    let is_one = account(&invitation.inviter) == account(&invitation.invited);
    let referral = turn.house().gifts.referral.filter(|_| !is_one && !invitation.went_back);
    let Some(referral) = referral else { return end(turn, invitation, InvitationEnd::Nothing) };
    if let Some(due_at) = no_room_until(&referral, invitation, now) {
        return turn.then(Effect::SetTimer {
            id: timer(&invitation.identity),
            due_at,
            conversation: turn.frame.conversation.clone(),
            event: Event::InvitationDue { identity: invitation.identity.clone() },
        });
    }
    let (most, since) = (referral.per_30_days, counted_since(now));
    end(turn, invitation, InvitationEnd::Rewarded { most, since });
    reward(turn, &invitation.identity, &invitation.inviter, Got::Inviting);
    reward(turn, &invitation.identity, &invitation.invited, Got::Invited);
}

fn account(side: &Side) -> AccountId {
    side.owner.account
}

/// When there is room for one more reward, where there is none now.
fn no_room_until(referral: &Referral, invitation: &Invitation, now: i64) -> Option<i64> {
    let most = usize::try_from(referral.per_30_days).unwrap_or(usize::MAX);
    let before = invitation.lately.len().checked_sub(most)?;
    let oldest = invitation.lately.get(before).copied().unwrap_or(now);
    Some(oldest.saturating_add(COUNTED_MS).max(now + 1))
}

fn end(turn: &mut Turn<'_>, invitation: &Invitation, end: InvitationEnd) {
    turn.then(Effect::Gift(GiftEffect::EndInvitation {
        identity: invitation.identity.clone(),
        inviter: account(&invitation.inviter),
        invited: account(&invitation.invited),
        end,
    }));
}

/// For what somebody gets a reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Got {
    Inviting,
    Invited,
}

/// One side gets what was promised, and hears of it by an event of their own chat: there what the
/// channel takes is known, and what waited for credits runs.
fn reward(turn: &mut Turn<'_>, invited: &IdentityId, side: &Side, got: Got) {
    if side.credits <= Credits::ZERO {
        return;
    }
    let entry = EntryId(turn.id());
    let (word, reason) = match got {
        Got::Inviting => ("inviting", GrantReason::Inviting),
        Got::Invited => ("invited", GrantReason::Invited),
    };
    turn.then(Effect::Grant {
        entry,
        purse: side.owner.purse,
        credits: side.credits,
        source: format!("{word}:{invited}"),
        reason,
        note: None,
    });
    let Some((identity, conversation)) = side.reader.clone() else { return };
    let moved = Moved::Rewarded { credits: side.credits, inviting: got == Got::Inviting };
    payment::tell_of(turn, Some(side.owner.account), (identity, conversation), moved);
}
