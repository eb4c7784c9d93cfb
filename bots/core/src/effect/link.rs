//! What follows for who is who: codes, accounts that become one, and accounts that part.

use alloc::string::String;

use crate::{
    credits::{Credits, Owner},
    facts::SignedIn,
    id::{AccountId, CodeId, ConversationId, EntryId, IdentityId, LinkId, PurseId},
};

/// An order about codes and accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEffect {
    /// Something counted is counted once more.
    Count {
        /// What is counted, of whom.
        scope: String,
        /// When this count began, milliseconds since the epoch.
        began_at: i64,
        /// The count now, as far as the turn knows.
        count: i64,
        /// A count that began by then is over, milliseconds since the epoch.
        over: i64,
    },
    /// A code is made; whoever made one before has only this one now.
    MakeCode {
        /// Its row.
        id: CodeId,
        /// What it is found by.
        hash: String,
        /// Whose account it opens.
        account: AccountId,
        /// Who made it.
        by: IdentityId,
        /// Where they are talked with alone.
        here: ConversationId,
        /// Until when, milliseconds since the epoch.
        expires_at: i64,
    },
    /// A code was typed: nobody else can use it from now on. Conditional: when somebody else was
    /// first, the turn is decided again on fresh facts.
    ClaimCode {
        /// Which.
        id: CodeId,
        /// Who typed it.
        by: IdentityId,
        /// Where they are talked with alone.
        here: ConversationId,
        /// Until when it can be confirmed, milliseconds since the epoch.
        expires_at: i64,
    },
    /// A code is used up. Conditional, as above.
    SpendCode {
        /// Which.
        id: CodeId,
    },
    /// An account is signed in. Conditional: it must still be an account of its own, and nobody
    /// else.
    SignIn {
        /// Which.
        account: AccountId,
        /// As whom.
        who: SignedIn,
        /// On which side its chats are from now on.
        side: LinkId,
        /// What they may spend in their first day.
        may_spend: Credits,
    },
    /// An account is signed out. Conditional: it must still be signed in as this person.
    SignOut {
        /// Which.
        account: AccountId,
        /// As whom.
        subject: String,
    },
    /// Two accounts become one. Conditional: both must still be accounts of their own.
    Merge(Merge),
    /// Two accounts that became one part again. Conditional: they must still be one.
    Part(Part),
    /// An identity gets an account of its own, empty. Conditional: it must still be of this
    /// account.
    Separate {
        /// Who.
        identity: IdentityId,
        /// Whose it was.
        from: AccountId,
        /// Its account now.
        account: AccountId,
        /// Its purse now.
        purse: PurseId,
    },
}

/// Two accounts become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// The row that tells of it.
    pub link: LinkId,
    /// Who brought it about.
    pub by: IdentityId,
    /// The account that ends.
    pub from: Owner,
    /// The account that goes on.
    pub into: Owner,
    /// The line in the purse that ends.
    pub leaves: EntryId,
    /// The line in the purse that goes on.
    pub arrives: EntryId,
    /// The plan of the account that goes on, from now on.
    pub plan: Option<String>,
    /// Its fair-queueing tag, from now on.
    pub last_tag: i64,
    /// Whichever of the two came to the other, by typing the code.
    pub newcomers: AccountId,
    /// What the chats of either may spend in the first day: of the one that ends, of the other.
    pub may_spend: [Credits; 2],
}

/// Two accounts that became one part again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The row that tells how they became one.
    pub link: LinkId,
    /// The account that had both.
    pub from: Owner,
    /// The account that had ended.
    pub back: Owner,
    /// The line in the purse that had both.
    pub leaves: EntryId,
    /// The line in the purse that had ended.
    pub arrives: EntryId,
    /// What goes back at most, in credits: what had come, and what whoever came has bought since,
    /// less what they have spent. Below zero it is a debt of theirs.
    pub at_most: i64,
    /// How far below zero what is left may be: what whoever was there owes to us by themselves.
    pub owing: i64,
    /// Whether what whoever came has set aside there is theirs, should it come back.
    pub keeps_set_aside: bool,
    /// Whoever is unlinked by it: what waits to be said there is not said.
    pub gone: Option<IdentityId>,
}
