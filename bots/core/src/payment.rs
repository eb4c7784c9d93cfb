//! Money: what is sold, what was paid for it, and what went back.
//!
//! Credits are given for what the payment provider tells, checked against what we had asked for:
//! never for what a browser says. What it tells comes repeatedly and in any order, so everything
//! here is named by the thing it is about (an order, a payment, a refund) and done once for it.

mod checkout;
mod look;
mod moved;
mod plan;
mod refund;
mod reversed;
mod stars;
mod told;

use alloc::{format, string::String};
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    credits::Credits,
    id::{AccountId, ConversationId, ErrandId, IdentityId, PurseId},
};

pub(crate) use self::{
    checkout::{chosen, failed, made, offers, sold_there},
    look::looked,
    moved::{moved, say_unsaid},
    plan::{billed, changed, current, pressed as plan_pressed, show as show_plan},
    refund::{ended as refund_ended, pressed as refund_pressed},
    stars::{
        chosen as chosen_for_stars, ended as stars_ended, linked as stars_linked,
        offers as stars_offers, refund_asked, refund_key, refund_ordered,
    },
    told::{tell_of, told},
};
pub use self::{
    look::LOOKED_WITHIN_MS,
    plan::{Charge, PlanChange, Wish},
    refund::{PaymentRow, Refund, RefundAuto, RefundState},
    stars::{Asking, CHARGE, NoDeal, Refundable, STARS, StarsErrand, may_pay, refund},
    told::unlocked,
};

/// Where what the provider tells happens: one after the other, whoever it is about.
pub const TOLD_IN: &str = "creem";

/// Currencies without minor units. Source: ISO 4217.
const WITHOUT_MINOR_UNITS: [&str; 11] =
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XOF"];

/// Currencies whose minor unit is a thousandth. Source: ISO 4217.
const IN_THOUSANDTHS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// Digits behind the point of an amount in a currency.
#[must_use]
pub fn digits_of(currency: &str) -> usize {
    if WITHOUT_MINOR_UNITS.contains(&currency) {
        0
    } else if IN_THOUSANDTHS.contains(&currency) {
        3
    } else {
        2
    }
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// In the currency's smallest unit (cents).
    pub minor: i64,
    /// Three letters. Source: ISO 4217.
    pub currency: String,
}

impl Money {
    /// So many Telegram Stars.
    #[must_use]
    pub fn stars(count: i64) -> Self {
        Self { minor: count, currency: STARS.into() }
    }

    /// Whether it is paid in Telegram Stars.
    #[must_use]
    pub fn is_stars(&self) -> bool {
        self.currency == STARS
    }
}

/// `9.90 USD`, `500 ⭐`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_stars() {
            return write!(f, "{} ⭐", self.minor);
        }
        let (sign, digits) = (if self.minor < 0 { "-" } else { "" }, digits_of(&self.currency));
        let minor = format!("{:0>width$}", self.minor.unsigned_abs(), width = digits + 1);
        let (whole, part) = minor.split_at(minor.len() - digits);
        let point = if digits > 0 { "." } else { "" };
        write!(f, "{sign}{whole}{point}{part} {}", self.currency)
    }
}

/// Whether real money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It does.
    Live,
    /// It does not.
    Test,
    /// Nobody says.
    Unknown,
}

/// What sells by payment links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Till {
    /// Whether real money moves.
    pub mode: Mode,
    /// The channels on which no links are offered.
    pub closed_on: &'static [&'static str],
    /// What is told of more money than this, or of another currency, is looked at before anything
    /// is given for it; nothing where all is.
    pub verify_above: Option<Money>,
    /// How to a browser the page is found that says what happens after paying.
    pub return_url: String,
}

/// Something that is sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// Credits bought once, by their id in the plans file.
    Pack(String),
    /// Credits a period and what they unlock.
    Plan(String),
}

impl Item {
    /// Its id in the plans file.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Pack(id) | Self::Plan(id) => id,
        }
    }

    /// The word in the row.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Pack(id) => format!("pack:{id}"),
            Self::Plan(id) => format!("plan:{id}"),
        }
    }

    /// The item of a row's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let (kind, id) = word.split_once(':')?;
        match kind {
            "pack" => Some(Self::Pack(id.into())),
            "plan" => Some(Self::Plan(id.into())),
            _ => None,
        }
    }

    /// Its number on buttons: the plans file may change between two presses, and a button must
    /// never sell something else than stood on it. FNV-1a, 63 bits.
    #[must_use]
    pub fn number(&self) -> i64 {
        number_of(&self.word())
    }
}

/// The number on buttons of what has no number of its own.
fn number_of(word: &str) -> i64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in word.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    (hash >> 1) as i64
}

/// A purchase that was asked for: written down before the provider is asked for a payment link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// Our name for it.
    pub request: String,
    /// Who gets the credits.
    pub account: AccountId,
    /// Their purse when it was asked for. That they were linked since has changed it: credits go
    /// to the purse that the account has when they come.
    pub purse: PurseId,
    /// Who asked.
    pub identity: IdentityId,
    /// Where they asked.
    pub conversation: ConversationId,
    /// What is bought.
    pub item: Item,
    /// How many credits; of a plan, a period.
    pub credits: Credits,
    /// What it costs before tax; of a plan, a period.
    pub price: Money,
    /// What the provider calls it.
    pub product: String,
    /// Whether real money moves.
    pub mode: Mode,
    /// Where it stands.
    pub state: CheckoutState,
    /// The link, once there is one.
    pub link: Option<Link>,
    /// When it was asked for, milliseconds since the epoch.
    pub asked_at: i64,
}

/// A payment link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What the provider calls it.
    pub id: String,
    /// Where it is paid.
    pub url: String,
}

/// Where a purchase stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutState {
    /// The link is being made.
    Asked,
    /// There is a link.
    Open,
    /// Of a plan that is paid by a link: it was told that it is paid, and that is looked at.
    Told,
    /// It was paid.
    Paid,
    /// No link could be made.
    Failed,
}

/// What the payment provider told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// When it says so, milliseconds since the epoch.
    pub at: i64,
    /// Whether real money moves.
    pub mode: Mode,
    /// Our name for the purchase, where it comes back.
    pub request: Option<String>,
    /// What.
    pub told: Told,
}

/// What a notice says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// Something was paid once.
    Bought(Paid),
    /// A period of a plan was paid.
    PlanPaid(Paid, PlanTold),
    /// How a plan is.
    Plan(PlanTold),
    /// How a plan is after we had it changed: the errand that did it.
    Changed(PlanTold, ErrandId),
    /// Money went back.
    Reversed(Reversed),
    /// Money that was to go back does not: of this payment.
    NotReversed(String),
    /// Something that nothing follows from.
    Nothing,
    /// Something of a kind that is new.
    Unknown,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// What it is known by for ever: `order:ord_…`, `transaction:tran_…`.
    pub payment: String,
    /// What was paid for, as the provider calls it.
    pub product: Option<String>,
    /// What it cost before tax.
    pub price: Option<Money>,
    /// What was taken off that, minor units.
    pub discount: i64,
    /// Of a period of a plan, what of its price was charged or taken off, before tax: less than
    /// all of it where the plan was exchanged within the period. Nothing where it is not told.
    #[serde(default)]
    pub charged: Option<Money>,
    /// By which payment link, as the provider calls it, where that is told.
    #[serde(default)]
    pub link: Option<String>,
    /// Who the payer is there.
    pub customer: Option<String>,
}

/// How a plan is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanTold {
    /// What the provider calls it.
    pub subscription: String,
    /// What is paid for, as the provider calls it.
    pub product: Option<String>,
    /// How it is.
    pub state: PlanState,
    /// When the paid period ends, milliseconds since the epoch; zero when that is not told.
    pub until: i64,
    /// When it last changed there, milliseconds since the epoch; zero when that is not told.
    pub changed_at: i64,
    /// Who the payer is there.
    pub customer: Option<String>,
}

/// How a plan is. The order is that in which two that changed at one moment stand: the later one
/// wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanState {
    /// Nobody knows: a word that is new. It unlocks nothing more and takes nothing away.
    Unknown,
    /// It is paid.
    Active,
    /// The last payment failed and is tried again.
    PastDue,
    /// It ends with its period.
    Ending,
    /// It rests.
    Paused,
    /// No payment came, and none is tried any more.
    Unpaid,
    /// It is over.
    Ended,
}

impl PlanState {
    /// Whether it unlocks what the plan has.
    #[must_use]
    pub fn unlocks(self) -> bool {
        match self {
            Self::Active | Self::PastDue | Self::Ending => true,
            Self::Unknown | Self::Paused | Self::Unpaid | Self::Ended => false,
        }
    }

    /// The word in the row.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Ending => "ending",
            Self::Paused => "paused",
            Self::Unpaid => "unpaid",
            Self::Ended => "ended",
        }
    }
}

/// Money that went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversed {
    /// What it is known by for ever: `ref_…`, `disp_…`.
    pub id: String,
    /// The payment it is of.
    pub payment: String,
    /// How.
    pub by: Reversal,
    /// What went back this time, minor units, with tax; zero where only the sum is told.
    pub minor: i64,
    /// What went back in all until then, minor units, with tax; zero when that is not told.
    pub total: i64,
    /// What had been paid, minor units, with tax; zero when that is not told: then all went back.
    pub of_minor: i64,
}

/// How money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reversal {
    /// We, or the provider, gave it back.
    Refund,
    /// The payer's bank took it back.
    Dispute,
}

/// A payment as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// What it is known by for ever.
    pub id: String,
    /// Our name for the purchase, where it came back.
    pub request: Option<String>,
    /// The purse that got its credits; nothing while it is in doubt.
    pub purse: Option<PurseId>,
    /// The credits that were given.
    pub credits: Credits,
    /// The credits that were taken back since.
    pub taken: Credits,
    /// Why nothing was given.
    pub doubt: Option<Doubt>,
    /// What it was for; nothing while it is in doubt.
    pub bought: Option<Bought>,
}

/// What a payment was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bought {
    /// What.
    pub item: Item,
    /// What was charged before tax.
    pub price: Money,
    /// When what is left of its credits lapses, milliseconds since the epoch; zero for never.
    pub lapses_at: i64,
}

/// Why a payment brings no credits: somebody has to look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// We had not asked for it.
    NotAsked,
    /// It is for something else.
    Product,
    /// It is of another amount or currency.
    Price,
    /// No real money moved where it should have, or the other way round.
    Mode,
    /// What was charged cannot be found out.
    Unseen,
}

impl Doubt {
    /// The word in the row.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::Product => "product",
            Self::Price => "price",
            Self::Mode => "mode",
            Self::Unseen => "unseen",
        }
    }

    fn alarm(self) -> &'static str {
        match self {
            Self::NotAsked => "a payment came that we had not asked for: nothing was given for it",
            Self::Product => "a payment is for another product than we asked: nothing was given",
            Self::Price => "a payment is of another amount than we asked: nothing was given",
            Self::Mode => "a payment is of the other mode (test or live): nothing was given",
            Self::Unseen => {
                "what a payment came to cannot be found out: nothing was given for it; look for it \
                 at Creem, and send its webhook again or give the credits by hand"
            }
        }
    }
}

/// A plan somebody pays for, as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRow {
    /// What the provider calls it.
    pub subscription: String,
    /// Our name for its purchase.
    pub request: String,
    /// Whose.
    pub account: AccountId,
    /// Which plan, by its id in the plans file.
    pub plan: String,
    /// How it is.
    pub state: PlanState,
    /// When the paid period ends, milliseconds since the epoch; zero when that was not told.
    pub until: i64,
    /// As of when: when it changed, when that was told.
    pub as_of: (i64, i64),
    /// Who the payer is at the provider.
    pub customer: Option<String>,
    /// What its owner has asked for and nobody has heard of yet.
    pub wish: Option<Wish>,
}

/// What happened to somebody's credits or plan, for them to hear in their own chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Moved {
    /// They bought credits.
    Bought {
        /// How many.
        credits: Credits,
    },
    /// A period of a plan is paid.
    PlanPaid {
        /// Which plan.
        plan: String,
        /// How many credits it brought.
        credits: Credits,
        /// Until when it is paid, milliseconds since the epoch; zero when that is not known.
        until: i64,
        /// Whether an earlier one was paid before.
        #[serde(default)]
        renewed: bool,
        /// Our name for its purchase.
        request: String,
    },
    /// The reward for an invitation came.
    Rewarded {
        /// How many credits.
        credits: Credits,
        /// Whether they invited; else they were invited.
        inviting: bool,
    },
    /// A refund that they asked for has come to something.
    Refund {
        /// To what.
        state: RefundState,
        /// What goes back, before tax.
        price: Money,
        /// The credits that go with it, or come back.
        credits: Credits,
    },
    /// Money went back, and the credits with it.
    TakenBack {
        /// How many.
        credits: Credits,
        /// How.
        by: Reversal,
    },
    /// A plan is otherwise than before.
    Plan {
        /// Which plan.
        plan: String,
        /// How it is now.
        state: PlanState,
        /// Until when it is paid, milliseconds since the epoch; zero when that is not known.
        until: i64,
    },
    /// A plan was exchanged for another one.
    Exchanged {
        /// Which plan it is now.
        plan: String,
        /// Until when it is paid, milliseconds since the epoch; zero when that is not known.
        until: i64,
        /// What was taken for the days that are left, where they asked for it here.
        charge: Option<Charge>,
    },
    /// A plan could not be changed as they asked.
    PlanNotChanged {
        /// Whether whoever sells it said no; else they could not be asked in time.
        refused: bool,
    },
    /// A plan paid in Stars may be renewed again, as they asked: Telegram asks them for that.
    RenewInTelegram,
    /// Stars that were to go back did not.
    StarsStay,
}
