//! Credits: whole numbers, held before they are spent, never lost.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, PurseId};

/// An amount of credits. Whole, and never implied: `Credits(4)`, not `4`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Credits(pub i64);

impl Credits {
    /// No credits.
    pub const ZERO: Self = Self(0);

    /// The sum, or nothing when it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// What is owed, where there are fewer than none.
    #[must_use]
    pub fn owed(self) -> Self {
        Self(self.0.min(0).saturating_neg())
    }

    /// `count` times this amount, or nothing when it does not fit.
    #[must_use]
    pub fn checked_mul(self, count: i64) -> Option<Self> {
        self.0.checked_mul(count).map(Self)
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A purse as its row has it. `available = granted + moved − posted − pending − refunded −
/// expired`; what was clawed back stands beside it and may push what can be spent below zero. Where
/// the website keeps a purse of its own for them, what is there can be spent too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse {
    /// Its id.
    pub id: PurseId,
    /// Ever given: trial, packs, plans, by hand.
    pub granted: Credits,
    /// Spent on pictures that were delivered or are owed.
    pub posted: Credits,
    /// Set aside for pictures being made.
    pub pending: Credits,
    /// Taken back because money went back.
    pub refunded: Credits,
    /// Lapsed.
    pub expired: Credits,
    /// Clawed back after a chargeback.
    pub reclaimed: Credits,
    /// What came from other purses and the website's, less what went to them.
    pub moved: Credits,
    /// What can be spent of the purse that the website keeps for them, where it keeps one.
    pub site: Option<Credits>,
}

impl Purse {
    /// An empty purse.
    #[must_use]
    pub fn empty(id: PurseId) -> Self {
        let zero = Credits::ZERO;
        Self {
            id,
            granted: zero,
            posted: zero,
            pending: zero,
            refunded: zero,
            expired: zero,
            reclaimed: zero,
            moved: zero,
            site: None,
        }
    }

    /// What can be spent now. Below zero only after a chargeback.
    #[must_use]
    pub fn available(&self) -> Credits {
        let held = self.posted.0 + self.pending.0 + self.refunded.0 + self.expired.0;
        let there = self.site.unwrap_or_default().0;
        Credits(self.granted.0 + self.moved.0 - held - self.reclaimed.0 + there)
    }
}

/// Why credits were given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GrantReason {
    /// Once, to a new identity.
    Trial,
    /// By the owner, from the command line.
    ByHand,
    /// A correcting entry: an owed picture expired before it could be handed over.
    OwedExpired,
    /// A pack was paid.
    Pack,
    /// A period of a plan was paid.
    Plan,
    /// Credits that were taken for a refund which came to nothing.
    RefundFailed,
    /// A promo code was redeemed.
    Promo,
    /// They invited somebody who bought.
    Inviting,
    /// They were invited, and bought.
    Invited,
}

impl GrantReason {
    /// The word in the ledger.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::ByHand => "by_hand",
            Self::OwedExpired => "owed_expired",
            Self::Pack => "pack",
            Self::Plan => "plan",
            Self::RefundFailed => "refund_failed",
            Self::Promo => "promo",
            Self::Inviting => "inviting",
            Self::Invited => "invited",
        }
    }
}

/// Why a hold was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VoidReason {
    /// The customer cancelled in time.
    Cancelled,
    /// The picture could not be made.
    Failed,
    /// Nobody knows whether it was made: in the customer's favour.
    Uncertain,
    /// The picture was made and went before it could be handed over.
    NotHandedOver,
    /// The picture was made, and its time was over before it could be handed over: so is the
    /// hold's.
    Expired,
}

impl VoidReason {
    /// The word in the ledger.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::NotHandedOver => "not_handed_over",
            Self::Expired => EXPIRED,
        }
    }
}

/// The word in the ledger for a hold that was given back because its time was over.
pub const EXPIRED: &str = "expired";

/// Why credits were taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TakeReason {
    /// The money for them went back, and they were not spent.
    Refunded,
    /// The money for them went back, whether they were spent or not.
    Reclaimed,
    /// Their time was up, and they were not spent.
    Lapsed,
}

impl TakeReason {
    /// The word in the ledger.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Refunded => "refunded",
            Self::Reclaimed => "reclaimed",
            Self::Lapsed => "lapsed",
        }
    }
}

/// A purse and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The account.
    pub account: AccountId,
    /// Its purse.
    pub purse: PurseId,
}
