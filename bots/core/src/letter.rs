//! The letter about a new link, to the address of whoever has the account at the site: who has
//! nothing but that address left hears of it too, and can undo it by the address in the letter.

use alloc::{format, string::String};

use serde::{Deserialize, Serialize};

use crate::{
    account::Language,
    code, customer,
    effect::{Effect, NewErrand},
    errand::Errand,
    facts::{LinkNeed, Linked, MessageFacts, SignedIn},
    id::{ConversationId, ErrandId, IdentityId, LinkId},
    turn::Turn,
    unlinking,
};

/// How long it is tried to send one, milliseconds: news of a link that are older help nobody.
const PATIENCE_MS: i64 = 3 * 24 * 60 * 60 * 1000;
/// How long the address in a letter undoes the link, milliseconds.
pub const UNDO_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// How a chat came to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NewLink {
    /// Two accounts became one.
    Merged(LinkId),
    /// Somebody of the site signed in there.
    SignedIn,
}

impl NewLink {
    /// What has to be known to undo it.
    pub(crate) fn need(self) -> LinkNeed {
        match self {
            Self::Merged(link) => LinkNeed::Link(link),
            Self::SignedIn => LinkNeed::Own,
        }
    }
}

/// A letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Whose account it is at the site; never an address.
    pub subject: String,
    /// The chat that is new.
    pub by: IdentityId,
    /// What its owner calls themselves, masked: anybody calls themselves anything.
    pub name: String,
    /// The language we speak with the account.
    pub language: Language,
    /// How it came.
    pub link: NewLink,
    /// Where what its address brings about happens.
    pub home: ConversationId,
    /// When, milliseconds since the epoch.
    pub at: i64,
}

/// Whoever got a letter says that the link is not theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Whose account it is at the site.
    pub subject: String,
    /// The chat that was new.
    pub by: IdentityId,
    /// How it came.
    pub link: NewLink,
}

/// A letter goes out about a chat that has come to an account.
pub(crate) fn write(turn: &mut Turn<'_>, who: &SignedIn, new: &Linked, how: (NewLink, Language)) {
    if !turn.house().link.letters {
        return;
    }
    let (link, language) = how;
    let id = ErrandId(turn.id());
    let letter = Letter {
        subject: who.subject.clone(),
        by: new.identity.clone(),
        name: code::masked(&new.name),
        language,
        link,
        home: new.home.clone(),
        at: turn.frame.now,
    };
    turn.then(Effect::RunErrand(NewErrand {
        id,
        name: format!("letter:{id}"),
        conversation: new.home.clone(),
        errand: Errand::Letter(letter),
        until: turn.frame.now.saturating_add(PATIENCE_MS),
    }));
}

/// The address in a letter was opened, and its button pressed.
pub(crate) fn refused(turn: &mut Turn<'_>, facts: &MessageFacts, refused: &Refused) {
    let (Some(known), Some(link)) = (&facts.customer, &facts.link) else { return };
    let mut visit = customer::here(turn, known);
    // Whatever is over by now is over: nobody waits for an answer here.
    match refused.link {
        NewLink::Merged(_) => drop(unlinking::undo(turn, &mut visit, link)),
        NewLink::SignedIn => unlinking::sign_out_of(turn, &mut visit, link, &refused.subject),
    }
}
