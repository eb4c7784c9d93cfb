//! What is said about promo codes and invitations.

use picdesk_core::{
    credits::Credits,
    say::{GiftSay, InviteView, Say, Waited},
};

use super::Measure;

/// What is said about promo codes and invitations.
pub(super) fn gifts(measure: &Measure) -> Vec<Say> {
    let (credits, available) = (measure.credits(), measure.credits());
    let rewarded = |inviting, waited| GiftSay::Rewarded { inviting, credits, available, waited };
    let view = InviteView {
        links: vec![measure.url.clone(), measure.url.clone()],
        credits,
        invited_credits: credits,
        days: 14,
        most: 10,
        came: 12,
        bought: 3,
        rewarded: 2,
    };
    let first = InviteView {
        links: vec![measure.url.clone()],
        invited_credits: Credits::ZERO,
        days: 1,
        most: 1,
        came: 0,
        bought: 0,
        rewarded: 0,
        ..view.clone()
    };
    let says = [
        GiftSay::RedeemHow,
        GiftSay::PromoWrong { left: 2 },
        GiftSay::PromoWrong { left: 1 },
        GiftSay::PromoWrong { left: 0 },
        GiftSay::PromoHad,
        GiftSay::PromoOver,
        GiftSay::PromoUsedUp,
        GiftSay::PromoNotNew { days: 7 },
        GiftSay::PromoNotNew { days: 1 },
        GiftSay::Redeemed { credits, available, waited: Waited::Nothing },
        GiftSay::Redeemed { credits, available, waited: Waited::Runs },
        GiftSay::Invite(view),
        GiftSay::Invite(first),
        GiftSay::Invite(InviteView::default()),
        GiftSay::Invited { trial: credits, credits, days: 14 },
        GiftSay::Invited { trial: Credits::ZERO, credits, days: 1 },
        GiftSay::Invited { trial: credits, credits: Credits::ZERO, days: 14 },
        GiftSay::NotNew,
        rewarded(true, measure.waits()),
        rewarded(false, Waited::Nothing),
    ];
    says.into_iter().map(Say::Gift).collect()
}
