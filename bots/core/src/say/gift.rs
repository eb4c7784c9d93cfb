//! What is said about promo codes and invitations.

use alloc::{string::String, vec::Vec};

use super::Waited;
use crate::credits::Credits;

/// Something about a promo code or an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GiftSay {
    /// How a promo code is redeemed.
    RedeemHow,
    /// There is no such code.
    PromoWrong {
        /// Tries left before they have to wait.
        left: i64,
    },
    /// They have had it.
    PromoHad,
    /// Its time is over.
    PromoOver,
    /// As many as may have had it.
    PromoUsedUp,
    /// It is for whoever came lately.
    PromoNotNew {
        /// How lately, days.
        days: i64,
    },
    /// Its credits came.
    Redeemed {
        /// How many.
        credits: Credits,
        /// What can be spent.
        available: Credits,
        /// What becomes of a request that waited for credits.
        waited: Waited,
    },
    /// The links by which one invites, what comes of it, and what came of it so far.
    Invite(InviteView),
    /// The welcome of whoever came by an invitation.
    Invited {
        /// What they have to begin with.
        trial: Credits,
        /// What comes once they have bought.
        credits: Credits,
        /// How long after that, days.
        days: i64,
    },
    /// An invitation is for whoever is new.
    NotNew,
    /// The reward for an invitation came.
    Rewarded {
        /// Whether they invited; else they were invited.
        inviting: bool,
        /// How many credits.
        credits: Credits,
        /// What can be spent.
        available: Credits,
        /// What becomes of a request that waited for credits.
        waited: Waited,
    },
}

/// One's invitations as whoever invites reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InviteView {
    /// Links into our chats.
    pub links: Vec<String>,
    /// What whoever invites gets.
    pub credits: Credits,
    /// What whoever is invited gets.
    pub invited_credits: Credits,
    /// How long after their first payment, days.
    pub days: i64,
    /// Rewards at most in 30 days.
    pub most: i64,
    /// How many came.
    pub came: i64,
    /// How many of them have bought something.
    pub bought: i64,
    /// How many rewards came of that.
    pub rewarded: i64,
}
