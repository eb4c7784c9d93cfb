//! What a turn knows of promo codes and invitations.

use alloc::{string::String, vec::Vec};

use super::Tally;
use crate::{
    credits::{Credits, Owner},
    id::{AccountId, ConversationId, IdentityId},
};

/// What the owner gives away; nothing unless configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GiftRules {
    /// Codes that people redeem.
    pub promos: Vec<Promo>,
    /// Rewards for whoever brings somebody.
    pub referral: Option<Referral>,
}

impl GiftRules {
    /// The promo of a code, as [`read`](crate::promo::read) reads it.
    #[must_use]
    pub fn promo(&self, code: &str) -> Option<&Promo> {
        self.promos.iter().find(|promo| promo.code == code)
    }
}

/// A code that people redeem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promo {
    /// The code, in capitals.
    pub code: String,
    /// What it brings.
    pub credits: Credits,
    /// How many accounts get that in all.
    pub uses_max: i64,
    /// When it is over, milliseconds since the epoch; nothing: never.
    pub until: Option<i64>,
    /// How young an account has to be, milliseconds; nothing: of any age.
    pub new_within_ms: Option<i64>,
}

/// Rewards for whoever brings somebody new who buys, and for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Referral {
    /// For whoever invited.
    pub credits: Credits,
    /// For whoever was invited.
    pub invited_credits: Credits,
    /// How long after their first payment it is decided, milliseconds.
    pub after_ms: i64,
    /// Rewards that one account gets in 30 days; more wait for their turn.
    pub per_30_days: i64,
}

/// What is looked up of promo codes and invitations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GiftNeed {
    /// What was given for a promo code.
    Promo(String),
    /// The invitation code of whoever asks, and what came of it.
    Own,
    /// Whose invitation code this is.
    Inviter(String),
    /// How the invitation stands by which somebody came.
    Invitation,
}

/// Facts of promo codes and invitations, by what was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GiftFacts {
    /// Of a promo code.
    Promo(PromoFacts),
    /// Of one's own invitations.
    Own(OwnInvitations),
    /// The account whose invitation code it is; nothing when there is none such.
    Inviter(Option<AccountId>),
    /// An invitation whose time has come; nothing when it was decided already.
    Invitation(Option<Invitation>),
}

/// Facts of a promo code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PromoFacts {
    /// How many accounts have had it.
    pub uses: i64,
    /// Whether this account is one of them, or this chat was of one.
    pub had: bool,
    /// Since when the oldest chat of the account is with us, milliseconds since the epoch; nothing
    /// when they are new.
    pub since: Option<i64>,
    /// Wrong codes typed in this chat lately.
    pub tries: Tally,
    /// Wrong codes typed in it in a day.
    pub tries_a_day: Tally,
}

/// Facts of one's own invitations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnInvitations {
    /// The code, where there is one already.
    pub code: Option<String>,
    /// Another one for whoever has none.
    pub fresh: String,
    /// Links into our chats with that code.
    pub links: Vec<String>,
    /// How many came by it.
    pub came: i64,
    /// How many of them have bought something.
    pub bought: i64,
    /// How many rewards came of that.
    pub rewarded: i64,
}

/// An invitation whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Who was invited.
    pub identity: IdentityId,
    /// Whoever invited them.
    pub inviter: Side,
    /// Whoever was invited.
    pub invited: Side,
    /// Whether the payment it waited for went back, in full or in part, or was asked back.
    pub went_back: bool,
    /// When the rewards of the last 30 days were given to whoever invited, oldest first,
    /// milliseconds since the epoch.
    pub lately: Vec<i64>,
}

/// One side of an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The account and its purse.
    pub owner: Owner,
    /// What was promised to them.
    pub credits: Credits,
    /// Who of the account hears of it, and where; nothing when nobody is left.
    pub reader: Option<(IdentityId, ConversationId)>,
}
