//! Buttons of ours: what stands on them, and what a press asks for.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::{Cause, Cheaper};
use crate::{
    account::Language,
    credits::Credits,
    generation::{Background, Quality, Resolution, Shape},
    payment::Money,
};

/// A button of ours before it has words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What stands on it.
    pub label: Label,
    /// What it does.
    pub does: Does,
}

/// What a button of ours does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Does {
    /// Comes back as a press.
    Act(Action),
    /// Opens an address.
    Open(String),
}

/// What stands on a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Label {
    /// \[Cancel\]
    Cancel,
    /// \[Again\]
    Again,
    /// \[Change…\]
    Change,
    /// \[Larger\], with its price.
    Larger(Credits),
    /// \[Larger\], which the plan does not include.
    LargerNotInPlan,
    /// \[Original\]
    Original,
    /// \[⋯\]
    More,
    /// \[Make 4 of it\], with its price.
    MakeFour(Credits),
    /// \[Use as reference\]
    UseAsReference,
    /// \[Delete now\]
    DeleteNow,
    /// \[Ask a human\]
    AskHuman,
    /// \[Ask a human about this one\]
    AskHumanAbout,
    /// \[Try again\]
    TryAgain,
    /// \[Change the words\]
    ChangeWords,
    /// \[Clear\]
    ClearTray,
    /// \[Yes, make it\], with its price.
    Confirm(Credits),
    /// \[Cheaper\], with what and its price.
    TakeCheaper(Cheaper),
    /// An example prompt.
    Example(u8),
    /// \[Balance\]
    Balance,
    /// \[Buy credits\]
    Buy,
    /// \[Privacy\]
    Privacy,
    /// \[Settings\]
    Settings,
    /// A resolution, marked when it is chosen.
    Resolution(Resolution, Chosen),
    /// A shape, marked when it is chosen.
    Shape(Shape, Chosen),
    /// A quality, marked when it is chosen.
    Quality(Quality, Chosen),
    /// How many, marked when it is chosen.
    Count(u8, Chosen),
    /// A background, marked when it is chosen.
    Background(Background, Chosen),
    /// A language in its own words.
    Language(Language),
    /// What an escalation is about.
    Cause(Cause),
    /// \[Yes\]
    Yes,
    /// \[No\]
    No,
    /// \[For the person\]
    ForThePerson,
    /// \[Make a picture\]
    ForAPicture,
    /// \[Send again\]
    SendAgain,
    /// A kept picture by its number on the page.
    Picture(i64),
    /// \[Older\]
    Older,
    /// \[Newer\]
    Newer,
    /// \[Open gallery\]
    Gallery,
    /// \[100 credits · 9.90 USD\]
    BuyPack {
        /// How many.
        credits: Credits,
        /// The price as it stands in the plans file.
        price: String,
    },
    /// \[Pro · 19.90 USD\]
    BuyPlan {
        /// Its id in the plans file.
        name: String,
        /// The price as it stands in the plans file.
        price: String,
    },
    /// \[Pay\]
    Pay,
    /// \[My plan\]
    ShowPlan,
    /// \[Change plan\]
    PlanChange,
    /// \[End plan\]
    PlanCancel,
    /// \[End Pro · 19.90 USD\], where there are several.
    PlanEnd {
        /// Its id in the plans file.
        name: String,
        /// The price as it stands in the plans file.
        price: Option<String>,
    },
    /// \[Go on after all\]
    PlanResume,
    /// \[Yes, change it\]
    PlanExchangeYes,
    /// \[Yes, end it\]
    PlanCancelYes,
    /// \[Keep it as it is\]
    PlanKeep,
    /// \[Cards and invoices\], at the payment provider.
    Portal,
    /// \[Ask for a refund\]
    Refund,
    /// \[1 · 9.90 USD\]
    RefundOf {
        /// Its number in the list.
        number: i64,
        /// What was charged.
        price: Money,
    },
    /// \[Yes, give it back\]
    RefundYes,
    /// \[Return my last payment\]
    RefundStars,
    /// The support contact's link.
    SupportLink,
    /// \[Case done\], at the desk.
    CaseDone,
    /// \[Code for another chat\]
    MakeCode,
    /// \[Yes, link them\]
    LinkYes,
    /// \[No\], to a link.
    LinkNo,
    /// \[Undo this link\]
    UndoLink,
    /// \[Unlink…\]
    UnlinkOne,
    /// \[Unlink 2\]
    UnlinkNumber(i64),
    /// \[Sign in by e-mail\]
    SignInByEmail,
    /// \[Sign in in the browser\]
    SignInInBrowser,
    /// \[Sign out\]
    SignOut,
}

/// Whether an option is the one chosen now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// What a press asks for, with the row it is about. The shell puts it on the button as an opaque
/// token with a message authentication code over action, row and who may press it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Action {
    /// What is asked for.
    pub verb: Verb,
    /// The row it is about; zero where there is none.
    pub row: i64,
}

/// What a press asks for. The numbers are on buttons in people's chats: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Verb {
    /// Take a request back; row: request.
    Cancel = 1,
    /// The same again; row: request.
    Again = 2,
    /// The next words change this picture; row: artifact.
    Change = 3,
    /// The next resolution; row: artifact.
    Larger = 4,
    /// The original as a file; row: artifact.
    Original = 5,
    /// More buttons; row: artifact.
    More = 6,
    /// Four of it; row: request.
    MakeFour = 7,
    /// Into the tray; row: artifact.
    UseAsReference = 8,
    /// Delete now; row: artifact.
    Delete = 9,
    /// A human; row: request or zero.
    AskHuman = 10,
    /// Run a failed request again; row: request.
    TryAgain = 11,
    /// The next words replace the prompt of this request; row: request.
    ChangeWords = 12,
    /// Empty the tray.
    ClearTray = 13,
    /// Run a request that waits for a yes; row: request.
    Confirm = 14,
    /// Run it the cheaper way; row: request.
    TakeCheaper = 15,
    /// Run example `row`.
    Example = 16,
    /// Show the balance.
    Balance = 17,
    /// Show what can be bought.
    Buy = 18,
    /// Show the privacy promise.
    Privacy = 19,
    /// Show the settings.
    Settings = 20,
    /// Choose resolution `row` (1, 2, 4).
    SetResolution = 21,
    /// Choose shape `row`, in the order of [`Shape`].
    SetShape = 22,
    /// Choose quality `row`, in the order of [`Quality`].
    SetQuality = 23,
    /// Choose a count of `row`.
    SetCount = 24,
    /// Choose background `row`, in the order of its enum.
    SetBackground = 25,
    /// Choose language `row`, in the order of [`Language::ALL`].
    SetLanguage = 26,
    /// The matter is `row`, in the order of [`Cause::ALL`].
    SetCause = 27,
    /// The helper may see prompt and pictures.
    ConsentYes = 28,
    /// The helper may not.
    ConsentNo = 29,
    /// Send the file again that may not have arrived; row: artifact.
    SendAgain = 30,
    /// Open a kept picture; row: artifact.
    OpenPicture = 31,
    /// Page of the history that begins below artifact `row`; zero for the newest.
    HistoryPage = 32,
    /// End the matter `row`; operators only.
    CaseDone = 33,
    /// What waits, of question `row`, is for the person who helps them.
    ForThePerson = 34,
    /// What waits, of question `row`, is for a picture.
    ForAPicture = 35,
    /// Buy what has the number `row` ([`Item::number`](crate::payment::Item::number)).
    BuyItem = 50,
    /// Make a code for another chat.
    MakeCode = 60,
    /// This chat says yes to the account of code `row`.
    LinkYes = 61,
    /// It says no.
    LinkNo = 62,
    /// Undo link `row`.
    UndoLink = 63,
    /// Ask which chat is to be unlinked.
    UnlinkWhich = 64,
    /// Unlink the identity whose number is `row`.
    Unlink = 65,
    /// Sign in by a code that comes by e-mail.
    SignInByEmail = 66,
    /// Sign in in a browser.
    SignInInBrowser = 67,
    /// Sign the account out again, if it is signed in as whom `row` is made of.
    SignOut = 68,
    /// Show the plan.
    ShowPlan = 70,
    /// Show what the plan can be exchanged for.
    PlanChange = 71,
    /// Exchange it for what has the number `row`, after a question.
    PlanTo = 72,
    /// End it with its period, after a question.
    PlanCancel = 73,
    /// Change the plan as the number `row` says, which names how it was.
    PlanYes = 74,
    /// Show what can be given back.
    Refund = 75,
    /// Give the payment with the number `row` back, after a question.
    RefundOf = 76,
    /// Give it back.
    RefundYes = 77,
    /// Pay what has the number `row` in Telegram Stars.
    PayStars = 78,
    /// Give the last payment in Stars back, which has the number `row`, after a question.
    RefundStars = 79,
    /// Give it back.
    RefundStarsYes = 80,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 56] = [
        Self::Cancel,
        Self::Again,
        Self::Change,
        Self::Larger,
        Self::Original,
        Self::More,
        Self::MakeFour,
        Self::UseAsReference,
        Self::Delete,
        Self::AskHuman,
        Self::TryAgain,
        Self::ChangeWords,
        Self::ClearTray,
        Self::Confirm,
        Self::TakeCheaper,
        Self::Example,
        Self::Balance,
        Self::Buy,
        Self::Privacy,
        Self::Settings,
        Self::SetResolution,
        Self::SetShape,
        Self::SetQuality,
        Self::SetCount,
        Self::SetBackground,
        Self::SetLanguage,
        Self::SetCause,
        Self::ConsentYes,
        Self::ConsentNo,
        Self::SendAgain,
        Self::OpenPicture,
        Self::HistoryPage,
        Self::CaseDone,
        Self::ForThePerson,
        Self::ForAPicture,
        Self::BuyItem,
        Self::MakeCode,
        Self::LinkYes,
        Self::LinkNo,
        Self::UndoLink,
        Self::UnlinkWhich,
        Self::Unlink,
        Self::SignInByEmail,
        Self::SignInInBrowser,
        Self::SignOut,
        Self::ShowPlan,
        Self::PlanChange,
        Self::PlanTo,
        Self::PlanCancel,
        Self::PlanYes,
        Self::Refund,
        Self::RefundOf,
        Self::RefundYes,
        Self::PayStars,
        Self::RefundStars,
        Self::RefundStarsYes,
    ];

    /// The verb with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| *verb as u8 == number)
    }
}
