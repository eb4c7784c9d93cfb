//! What a turn knows when it links chats or unlinks them.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    account::{Entitlement, Language},
    credits::{Credits, Owner},
    id::{AccountId, CodeId, ConversationId, IdentityId, LinkId},
    linking::Counted,
};

/// What the owner configured about linking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkRules {
    /// How long a code works, milliseconds.
    pub code_ttl_ms: i64,
    /// Wrong codes that somebody may type in that time.
    pub tries: i64,
    /// Codes that somebody may make an hour.
    pub codes_per_h: i64,
    /// Whether people can sign in to the site: by a code that comes by e-mail, or in a browser.
    pub sign_in: bool,
    /// Whether the site's person hears of new links by e-mail.
    pub letters: bool,
    /// Whether whoever is signed in spends from the purse that the site keeps for them.
    pub shares_purse: bool,
    /// What whoever has just come to an account may spend in their first day there, beside what
    /// they brought and bought.
    pub first_day_credits: Credits,
}

/// What is looked up for linking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkNeed {
    /// Who is linked.
    Own,
    /// And the code that was typed.
    Typed(String),
    /// And the code of this row.
    Code(CodeId),
    /// And the link of this row.
    Link(LinkId),
    /// And the links that were made a short while ago.
    Young,
    /// And what was counted of this e-mail address.
    Email(String),
    /// And the account of this person of the site.
    Subject(SignedIn),
}

/// Facts of linking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFacts {
    /// Whoever asks; nothing when they are new.
    pub own: Option<Party>,
    /// A code that nobody has, for this turn.
    pub fresh: FreshCode,
    /// Where whoever asks signs in in a browser.
    pub browser_url: String,
    /// The code that was typed or is confirmed, while its row is there; or who has just signed in,
    /// as a code that was used.
    pub typed: Option<TypedCode>,
    /// The link that is undone.
    pub link: Option<LinkRow>,
    /// The links that were made a short while ago, the newest first.
    pub young: Vec<LinkRow>,
    /// The name under which an e-mail address is counted: it cannot be read from it.
    pub email_key: Option<String>,
    /// What was counted of whoever asks and of the address, in the order of [`Counted::ALL`].
    pub tallies: Vec<Tally>,
}

impl LinkFacts {
    /// What was counted of whoever asks.
    #[must_use]
    pub fn tally(&self, counted: Counted) -> Tally {
        let which = Counted::ALL.iter().position(|one| *one == counted);
        which.and_then(|which| self.tallies.get(which)).copied().unwrap_or_default()
    }
}

/// An account as linking sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The account and its purse.
    pub owner: Owner,
    /// What can be spent; below zero, what is owed to us.
    pub available: Credits,
    /// What was taken back though it was spent.
    pub reclaimed: Credits,
    /// What it may ask for.
    pub entitlement: Entitlement,
    /// Its fair-queueing tag.
    pub last_tag: i64,
    /// As whom it is signed in.
    pub signed_in: Option<SignedIn>,
    /// Everybody it is on a channel, oldest first.
    pub identities: Vec<Linked>,
}

impl Party {
    /// What is owed to us.
    #[must_use]
    pub fn owes(&self) -> Credits {
        self.available.owed()
    }
}

/// As whom an account is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Who they are to the site; never their address.
    pub subject: String,
    /// Their address, masked.
    pub hint: String,
}

/// Somebody on a channel who has an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Who they are there.
    pub identity: IdentityId,
    /// The number of that on buttons.
    pub key: i64,
    /// What they call themselves there.
    pub name: String,
    /// The language we speak with them.
    pub language: Language,
    /// Where they are talked with alone.
    pub home: ConversationId,
    /// When their account was linked or signed in, milliseconds since the epoch; zero when never,
    /// or when they have parted since.
    pub linked_at: i64,
    /// On which side they were then: above zero on that of whoever came.
    pub side: i64,
}

/// A code that nobody has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FreshCode {
    /// Its letters.
    pub code: String,
    /// What it is found by.
    pub hash: String,
}

/// A code that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedCode {
    /// Its row.
    pub id: CodeId,
    /// Who made it in another chat; nothing when it comes from a browser.
    pub by: Option<IdentityId>,
    /// What they call themselves there.
    pub name: String,
    /// As whom whoever made it was signed in to the site, when it comes from there.
    pub signed_in: Option<SignedIn>,
    /// The account it opens; nothing when there is none yet.
    pub party: Option<Party>,
    /// The only one for whom it works, where it was made for one.
    pub only_for: Option<IdentityId>,
    /// Who typed it first.
    pub claimed_by: Option<IdentityId>,
    /// Whether it is used up.
    pub spent: bool,
    /// Until when it works, milliseconds since the epoch.
    pub expires_at: i64,
}

/// How often something happened since when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// When the count began, milliseconds since the epoch.
    pub began_at: i64,
    /// How often.
    pub count: i64,
}

impl LinkRow {
    /// What whoever came has brought, and not lost again.
    #[must_use]
    pub fn brought(&self) -> i64 {
        self.carried.0.saturating_add(self.bought.0).saturating_sub(self.lost.0)
    }

    /// What of it they have not spent; fewer than none where they have spent what is others'.
    #[must_use]
    pub fn own(&self) -> i64 {
        self.brought().saturating_sub(self.spent.0)
    }
}

/// How two accounts became one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// Its row.
    pub id: LinkId,
    /// The account that goes on.
    pub account: AccountId,
    /// The account that ended.
    pub back: Owner,
    /// Who came with it.
    pub came: Vec<IdentityId>,
    /// Credits that came with it, and that came back since to the purse that ended; fewer than
    /// none where there was a debt.
    pub carried: Credits,
    /// Credits that whoever came has bought or been given since.
    pub bought: Credits,
    /// Credits of what whoever came had bought before that were taken back since, or have lapsed.
    pub lost: Credits,
    /// Credits that whoever came has spent since, or set aside.
    pub spent: Credits,
    /// Credits that whoever was there has spent since, or set aside.
    pub spent_there: Credits,
    /// Whether they have parted.
    pub parted: bool,
    /// When it was made, milliseconds since the epoch.
    pub made_at: i64,
}
