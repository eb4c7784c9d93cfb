//! What follows for promo codes and invitations.

use alloc::string::String;

use crate::{
    credits::Credits,
    id::{AccountId, ConversationId, EntryId, IdentityId},
};

/// An order about promo codes and invitations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GiftEffect {
    /// A promo code is used. Conditional: neither this account nor this chat may have had it, and
    /// no more may have than that; else the turn is decided again on fresh facts.
    UsePromo {
        /// Which, in capitals.
        code: String,
        /// By which account.
        account: AccountId,
        /// By whom.
        identity: IdentityId,
        /// The line that gives its credits.
        entry: EntryId,
        /// How many accounts may have it in all.
        uses_max: i64,
    },
    /// An account has an invitation code from now on.
    MakeInvite {
        /// The code.
        code: String,
        /// Whose.
        account: AccountId,
        /// Who asked for it.
        by: IdentityId,
        /// Where they are talked with alone.
        here: ConversationId,
    },
    /// Somebody new came by an invitation.
    Invite {
        /// Who.
        identity: IdentityId,
        /// Their account.
        account: AccountId,
        /// Where they are talked with alone.
        here: ConversationId,
        /// By which code.
        code: String,
        /// Whose code that is.
        inviter: AccountId,
        /// What is promised to whoever invited.
        credits: Credits,
        /// What is promised to whoever was invited.
        invited_credits: Credits,
    },
    /// They have bought for the first time: once.
    KeepPurchase {
        /// Who was invited.
        identity: IdentityId,
        /// Their account.
        account: AccountId,
        /// The payment.
        payment: String,
    },
    /// An invitation comes to its end. Conditional: it must wait for that, between these accounts.
    EndInvitation {
        /// Who was invited.
        identity: IdentityId,
        /// The account that invited.
        inviter: AccountId,
        /// The account that was invited.
        invited: AccountId,
        /// How.
        end: InvitationEnd,
    },
}

/// How an invitation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationEnd {
    /// Both get what was promised. Conditional: of the account that invited there may be fewer
    /// rewards than this since then.
    Rewarded {
        /// Rewards at most.
        most: i64,
        /// Since when they are counted, milliseconds since the epoch.
        since: i64,
    },
    /// Nobody gets anything.
    Nothing,
}
