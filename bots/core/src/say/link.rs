//! What is said about chats that belong to one account.

use alloc::{string::String, vec::Vec};

use super::PlanLine;
use crate::credits::Credits;

/// Something about linking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkSay {
    /// The ways to link this chat, and what is linked already.
    Ways {
        /// Every chat of the account, this one first.
        linked: Vec<LinkedLine>,
        /// As whom they are signed in, masked.
        signed_in: Option<String>,
        /// Whether they can sign in to the site.
        sign_in: bool,
    },
    /// A code to be typed in another chat.
    Code {
        /// As it is shown.
        code: String,
        /// How long it works, minutes.
        minutes: i64,
    },
    /// There were too many codes, or too many wrong ones.
    Wait {
        /// For how long, minutes.
        minutes: i64,
    },
    /// No such code, or not any more.
    CodeWrong {
        /// Tries left before they have to wait.
        left: i64,
    },
    /// The code that the website shows, please.
    CodeWanted,
    /// The code that the website showed is used up, or too old.
    CodeGone,
    /// A code was typed among others: it is void.
    CodeInGroup,
    /// The chat has this account already.
    Already,
    /// Both are signed in, and not as the same person.
    TwoPeople,
    /// Whether this chat and that account are to become one.
    Confirm {
        /// The channel of the chat that made the code.
        channel: String,
        /// Whose chat that is, masked.
        name: String,
        /// As whom they are signed in there, masked.
        signed_in: Option<String>,
        /// What can be spent here and will be shared.
        brings: Credits,
        /// What either owes to us.
        owing: Owing,
    },
    /// Whether this chat is to be signed in as somebody of the site.
    ConfirmSignIn {
        /// As whom, masked.
        who: String,
        /// What either owes to us.
        owing: Owing,
    },
    /// The e-mail address, please.
    EmailWanted,
    /// A code is on its way, if the address is known: it is not told whether.
    EmailSent,
    /// The address cannot be one.
    EmailWrong,
    /// Neither mail nor codes can be looked after now.
    SignInLater,
    /// They are signed in, said in the chat where they signed in.
    SignedIn {
        /// As whom, masked.
        who: String,
        /// Whether the site keeps their credits.
        shares_purse: bool,
    },
    /// The same, said in every other chat of the account.
    SignedInElsewhere {
        /// As whom, masked.
        who: String,
    },
    /// They are signed out: every chat of the account hears of it.
    SignedOut {
        /// As whom they were signed in, masked.
        who: String,
        /// Whether the site keeps their credits.
        shares_purse: bool,
    },
    /// Where to sign in in a browser.
    Browser {
        /// The address.
        url: String,
        /// How long it opens, minutes.
        minutes: i64,
    },
    /// It was not confirmed: nothing is linked.
    Declined,
    /// The chats are one account's now, said in the chat that confirmed it.
    Linked {
        /// What can be spent.
        available: Credits,
        /// What the other side owed to us.
        owed: Credits,
    },
    /// The same, said in every other chat of the account.
    LinkedElsewhere {
        /// The channel of the new chat.
        channel: String,
        /// Whose chat that is.
        name: String,
        /// What the other side owed to us.
        owed: Credits,
    },
    /// The link is undone, said where that was asked for.
    Undone {
        /// What went back with it.
        returned: Credits,
    },
    /// The same, said in the other chats.
    UndoneElsewhere,
    /// Which chat is to be unlinked.
    UnlinkWhich {
        /// Every chat of the account, this one first.
        linked: Vec<LinkedLine>,
        /// What is billed on with the account.
        billed: Vec<PlanLine>,
    },
    /// There is no other chat to be unlinked.
    UnlinkNothing,
    /// A chat is unlinked, said where that was asked for.
    Unlinked {
        /// Its channel.
        channel: String,
        /// Whose chat that is.
        name: String,
        /// What is billed on with the account.
        billed: Vec<PlanLine>,
    },
    /// Said in the chat that is not linked any more.
    UnlinkedHere {
        /// What is billed on with the account that it has left.
        billed: Vec<PlanLine>,
    },
    /// Nobody but chats that came a short while ago would be left: those links can be undone.
    UndoFirst,
    /// The chat came to the account too short a while ago for that.
    TooNew {
        /// How long it has to wait, minutes.
        minutes: i64,
    },
    /// The chat came too short a while ago to spend so much.
    SpendsTooMuch {
        /// What it may spend, where that may be told.
        left: Option<Credits>,
        /// Until everything can be spent, minutes.
        minutes: i64,
    },
}

/// What two that are to become one owe to us: payments of theirs were taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owing {
    /// This chat.
    pub here: Credits,
    /// The other account.
    pub there: Credits,
}

/// A chat of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedLine {
    /// Its channel.
    pub channel: String,
    /// Whose chat that is.
    pub name: String,
    /// Whether it is the chat in which this is said.
    pub here: bool,
}
