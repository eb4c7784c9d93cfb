//! Everything we say, typed: the wording lives with the shell, in every language we speak.
//!
//! A turn renders these once and stores the rendered words, so that a retry after an upgrade is
//! the same message.

mod case;
mod gift;
mod key;
mod link;
mod matter;
mod plan;
mod stars;

use alloc::{boxed::Box, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    channel::{OtherKind, Text},
    credits::Credits,
    facts::Lapsing,
    generation::{Failure, Options, ReferenceFault, Resolution},
    payment::{Charge, Item, Money, PlanState},
};

pub use self::{
    case::{AnswerBack, Card, CardLine, Cause, RelayState},
    gift::{GiftSay, InviteView},
    key::{Action, Chosen, Does, Key, Label, Verb},
    link::{LinkSay, LinkedLine, Owing},
    matter::Matter,
    plan::{PaymentLine, PlanLine, PlanTerms, PlanView, RefundLine},
    stars::StarsSay,
};

/// One message of ours, before it has words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Say {
    // First contact and commands.
    /// What this is, in a line, the trial credits, and where privacy and a human are.
    Welcome {
        /// Credits given to start with; zero when none were.
        trial: Credits,
    },
    /// The same in a few words, beside the picture that somebody new has asked for at once.
    WelcomeFirst {
        /// Credits given to start with; zero when none were.
        trial: Credits,
    },
    /// What one can do.
    Help,
    /// The same where a picture is changed by its button, not by a reply.
    HelpByButtons,
    /// The privacy promise, short, with the address of the long one.
    Privacy,
    /// How payment matters are settled; Telegram's terms demand this answer.
    PaySupport,
    /// The balance.
    Balance(Balance),
    /// What the options are now; the buttons change them.
    Settings(Options),
    /// Which language; the buttons change it.
    ChooseLanguage,
    /// The language is changed.
    LanguageChanged,
    /// A page of pictures kept.
    History {
        /// Pictures on this page, newest first.
        pictures: Vec<HistoryLine>,
        /// How many are kept in all.
        total: i64,
        /// The address of the private gallery page.
        gallery: Option<String>,
    },
    /// Nothing is kept.
    HistoryEmpty,
    /// Pictures will be deleted soon.
    ExpireSoon {
        /// How many.
        count: i64,
        /// When the first of them is let go, milliseconds since the epoch.
        first_at: i64,
        /// The address of the private gallery page.
        gallery: Option<String>,
    },
    /// What credits cost, and how to get them.
    Buy(Offer),
    /// Credits cannot be bought here; what can be done instead.
    BuyNothing,
    /// There was nothing to cancel.
    NothingToCancel,
    /// Balance and the like are answered in private only.
    InPrivateOnly,
    /// Words that are no prompt: only emptiness, or a command without its argument; an example.
    PromptEmpty,
    /// A picture that waited for words cannot be worked from.
    ReferenceUnusable {
        /// Which of those that waited.
        number: u8,
        /// Why.
        fault: ReferenceFault,
    },
    /// A number that is none of those that can be chosen.
    NoSuchChoice {
        /// The number.
        number: i64,
    },
    /// More characters than a prompt may have.
    PromptTooLong {
        /// Characters sent.
        chars: i64,
        /// Most characters.
        chars_max: i64,
    },
    /// Too many messages a minute; said once.
    SlowDown,
    /// What they sent could not be dealt with, however often it was tried.
    CameToNothing,
    /// What we had to say here could not be sent, however often it was tried.
    CouldNotSay,
    /// What we had to say here the channel does not let through for its content.
    NotLetThrough,
    /// Something is wrong, to the owner.
    Alarm {
        /// What.
        what: String,
    },

    // Pictures that come in.
    /// Pictures wait for words.
    Tray {
        /// How many wait.
        count: i64,
    },
    /// The tray was emptied.
    TrayCleared,
    /// More reference pictures than one request takes; the first ones are used.
    TooManyReferences {
        /// How many came.
        count: i64,
        /// How many can be used.
        count_max: i64,
    },
    /// The same, where nobody counted how many came.
    MostReferences {
        /// How many can be used.
        count_max: i64,
    },
    /// A picture is larger than the channel lets us fetch.
    ReferenceTooLarge {
        /// Its name, where it has one.
        name: Option<String>,
        /// Bytes, where the channel tells.
        bytes: Option<i64>,
        /// Most bytes.
        bytes_max: i64,
    },
    /// Pictures cannot be drawn from here at all; words alone can.
    NoReferences,
    /// Something came that we cannot draw from.
    CannotUse(OtherKind),
    /// Part of an album came after its request had begun.
    LateAlbumPart {
        /// How many pictures the request began with.
        count: i64,
    },

    // A request.
    /// The placeholder of a picture in line or being made.
    Making(Making),
    /// The placeholder while it is being made; it cannot be cancelled any more.
    Drawing {
        /// The prompt, shortened.
        prompt: String,
        /// Which of how many pictures.
        part: Part,
    },
    /// Above the price that is asked about.
    ConfirmPrice {
        /// The prompt, shortened.
        prompt: String,
        /// What would be made.
        options: Options,
        /// For all pictures together.
        price: Credits,
        /// What can be spent; absent in a group.
        available: Option<Credits>,
        /// A cheaper way, where there is one.
        cheaper: Option<Cheaper>,
    },
    /// The request is kept; it costs more than there is.
    OutOfCredits {
        /// For all pictures together.
        price: Credits,
        /// What can be spent; absent in a group.
        available: Option<Credits>,
        /// A cheaper way that can be paid, where there is one.
        cheaper: Option<Cheaper>,
        /// What can be bought; absent in a group.
        offer: Option<Offer>,
    },
    /// The plan does not include this resolution.
    NotInPlan {
        /// What was asked for.
        resolution: Resolution,
        /// What is included.
        included: Resolution,
        /// The plan that has it, by name.
        plan: Option<String>,
        /// What can be made instead, where that is offered.
        instead: Option<Cheaper>,
    },
    /// The plan does not include so many pictures a request.
    CountNotInPlan {
        /// Pictures asked for.
        count: i64,
        /// Pictures included.
        included: i64,
        /// The plan that has it, by name.
        plan: Option<String>,
        /// What can be made instead, where that is offered.
        instead: Option<Cheaper>,
    },
    /// The plan has no more room in line.
    LineFull {
        /// Requests in line.
        in_line: i64,
        /// Most requests in line.
        in_line_max: i64,
        /// Whether one of them can still be taken back.
        can_cancel: bool,
    },
    /// The request in line has the new words.
    RequestChanged,
    /// The words were changed too late.
    ChangedTooLate,
    /// It was taken back; nothing was charged.
    Cancelled {
        /// What can be spent; absent in a group.
        available: Option<Credits>,
    },
    /// What could be taken back was; the rest was made, or is being made.
    CancelledRest {
        /// Pictures that are being made.
        going: i64,
        /// What can be spent; absent in a group.
        available: Option<Credits>,
    },
    /// Credits have come, by payment or by hand.
    CreditsArrived {
        /// How many.
        credits: Credits,
        /// What can be spent, before anything that runs now.
        available: Credits,
        /// What becomes of a request that waited for them.
        waited: Waited,
    },
    /// A period of a plan is paid.
    PlanPaid {
        /// Which plan.
        plan: String,
        /// The credits it brought.
        credits: Credits,
        /// What can be spent, before anything that runs now.
        available: Credits,
        /// Until when it is paid, milliseconds since the epoch; zero when that is not known.
        until: i64,
        /// What becomes of a request that waited for credits.
        waited: Waited,
        /// Other plans that are billed beside it.
        beside: Vec<PlanLine>,
    },
    /// A plan is otherwise than before.
    PlanChanged {
        /// Which plan.
        plan: String,
        /// How it is now.
        state: PlanState,
        /// Until when it is paid, milliseconds since the epoch; zero when that is not known.
        until: i64,
        /// Days until what is left of a period's credits lapses; nothing for never.
        lapse_days: Option<u32>,
    },
    /// The plan as it stands.
    Plan(Box<PlanView>),
    /// Which plan instead?
    PlanChoose {
        /// Which plan it is.
        plan: String,
        /// The others.
        others: Vec<OfferLine>,
    },
    /// May the plan be exchanged?
    PlanExchange {
        /// Which plan it is.
        from: String,
        /// Which it would be.
        to: String,
        /// What a period of that costs, as it stands in the plans file.
        price: String,
        /// The credits of a period of that.
        credits: Credits,
        /// What else belongs to that.
        terms: PlanTerms,
        /// Until when it is paid, milliseconds since the epoch; zero when that is not known.
        until: i64,
        /// What is taken for the days that are left.
        charge: Charge,
    },
    /// May the plan end with its period?
    PlanCancelAsk {
        /// Which.
        plan: String,
        /// What a period costs, where others are paid for beside it.
        price: Option<String>,
        /// Until when it is paid, milliseconds since the epoch; zero when that is not known.
        until: i64,
        /// Days until what is left of a period's credits lapses; nothing for never.
        lapse_days: Option<u32>,
    },
    /// The payment provider is being asked.
    PlanAsking,
    /// A press on a plan that is being changed.
    PlanBusy,
    /// The payment provider did not change the plan.
    PlanNotChanged {
        /// Whether it said no; else it did not answer in time.
        refused: bool,
    },
    /// The plan is another one now.
    PlanExchanged {
        /// Which.
        plan: String,
        /// Until when it is paid, milliseconds since the epoch; zero when that is not known.
        until: i64,
        /// What a period costs, as it stands in the plans file.
        price: Option<String>,
        /// What was taken for the days that are left, where we asked for it.
        charge: Option<Charge>,
    },
    /// Which payment is to be given back?
    RefundChoose {
        /// Those that can be, newest first.
        payments: Vec<PaymentLine>,
    },
    /// May this payment be given back?
    RefundAsk {
        /// What goes back, before tax.
        price: Money,
        /// When it was paid, milliseconds since the epoch.
        at: i64,
        /// The credits that go with it.
        credits: Credits,
        /// Whether people decide.
        by_people: bool,
        /// The plan that ends with it.
        ends: Option<String>,
    },
    /// A payment is on its way back.
    RefundSent {
        /// What went back, before tax.
        price: Money,
        /// The credits that went with it.
        credits: Credits,
    },
    /// A payment goes back, which nobody has confirmed yet.
    RefundPending {
        /// What goes back, before tax.
        price: Money,
        /// The credits that went with it.
        credits: Credits,
    },
    /// A payment could not be given back; its credits are there again.
    RefundFailed {
        /// How many.
        credits: Credits,
    },
    /// Credits of a plan lapse soon.
    CreditsLapseSoon {
        /// How many.
        credits: Credits,
        /// When, milliseconds since the epoch.
        at: i64,
    },
    /// Credits of a plan have lapsed.
    CreditsLapsed {
        /// How many.
        credits: Credits,
        /// What can be spent now.
        available: Credits,
    },
    /// Money went back, and the credits with it.
    MoneyWentBack {
        /// How many.
        credits: Credits,
        /// What can be spent now; below zero when more had been spent than was left.
        available: Credits,
        /// Whether the payer's bank took it.
        disputed: bool,
    },
    /// The words are being screened.
    Checking,
    /// A payment link is being made.
    CheckoutComing,
    /// A payment link.
    CheckoutReady {
        /// What is bought.
        item: Item,
        /// Of a plan, what belongs to it.
        terms: Option<PlanTerms>,
        /// The credits it brings.
        credits: Credits,
        /// What it costs.
        price: Money,
        /// Who gets them, by the name they have at the channel.
        buyer: String,
    },
    /// No payment link could be made; nothing was charged.
    CheckoutFailed,
    /// Something about payments in Telegram Stars.
    Stars(StarsSay),
    /// Their books are wrong: nothing is spent until somebody has looked.
    SpendingStopped,
    /// It is on its way already and cannot be taken back.
    TooLateToCancel,
    /// A request that waited for an answer or credits is let go.
    RequestLapsed,
    /// A request that waited for an answer or credits is let go for newer ones.
    RequestGaveWay,
    /// The line under the pictures.
    Receipt(Receipt),
    /// A picture could not be made.
    Failed {
        /// Why.
        failure: Failure,
        /// What can be spent, nothing having been charged; absent in a group.
        available: Option<Credits>,
        /// The picture's number where several were asked for.
        part: Part,
    },
    /// Nobody knows whether it was made; nothing was charged.
    Uncertain {
        /// What can be spent; absent in a group.
        available: Option<Credits>,
        /// The picture's number where several were asked for.
        part: Part,
    },
    /// A picture was made and went before it could be handed over; nothing was charged.
    NotHandedOver {
        /// What can be spent; absent in a group.
        available: Option<Credits>,
        /// The picture's number where several were asked for.
        part: Part,
    },
    /// A picture that was given up came after all; it is free.
    LatePicture,
    /// What the next words will do: an edit of the picture this answers.
    ChangeHow,
    /// The same among others, where only an answer is heard.
    ChangeByReply,
    /// Words about pictures, and no telling which one.
    WhichPicture,
    /// The same where pictures have their numbers as buttons, and none can be answered.
    WhichPictureByButtons,
    /// What the next words will do: replace those of a request that was not made.
    NewWords,
    /// The same among others, where only an answer is heard.
    NewWordsByReply,
    /// What can be done with a picture beyond the first row of buttons.
    More,
    /// A picture was deleted on request.
    Deleted,
    /// A picture is not kept any more.
    Gone,
    /// The words of a request are not kept any more.
    WordsGone,
    /// The caption of an original.
    Original,
    /// An original is larger than the channel takes: its address instead.
    OriginalLink {
        /// The address.
        url: String,
    },
    /// A picture that the channel does not take: its address instead.
    PictureLink {
        /// The address.
        url: String,
    },
    /// Pictures that the channel does not take, where one thing more can be said: all their
    /// addresses, and what they cost.
    PictureLinks {
        /// The addresses, by the pictures' numbers.
        urls: Vec<String>,
        /// The receipt.
        receipt: Receipt,
    },
    /// Nobody knows whether a picture or a file arrived.
    DidItArrive,
    /// A picture that could not be handed over waited for this moment.
    Owed,
    /// What became of requests while their owner could not be reached.
    Missed {
        /// Pictures that were not made, and not charged.
        failed: i64,
        /// Pictures that waited to be handed over until their time was up.
        expired: i64,
        /// What came back for those.
        returned: Credits,
        /// What can be spent.
        available: Credits,
    },

    // A human.
    /// What it is about; the buttons are causes.
    SupportCause,
    /// The person's own words, please.
    SupportWords,
    /// May the person helping see the prompt and pictures?
    SupportConsent,
    /// The matter is with people now.
    SupportOpened {
        /// `S-1042`.
        code: String,
        /// When, milliseconds since the epoch.
        at: i64,
        /// How more is said to them; nothing where all that is written reaches them.
        back: Option<AnswerBack>,
    },
    /// For whom are these words?
    SupportMeant {
        /// `S-1042`.
        code: String,
        /// How many messages.
        count: i64,
    },
    /// The person's words were passed on.
    SupportPassedOn,
    /// A person has taken the chat.
    SupportTaken,
    /// No desk is configured: where else to find a human.
    SupportElsewhere,
    /// An operator's words.
    Answer {
        /// Who answers.
        operator: String,
        /// Their words.
        text: String,
        /// How the customer answers them, said below; nothing where nobody is to.
        back: Option<AnswerBack>,
    },
    /// The matter was closed by an operator.
    SupportDone {
        /// `S-1042`.
        code: String,
    },

    // Chats that are linked.
    /// Something about linking.
    Link(LinkSay),
    /// Something about a promo code or an invitation.
    Gift(GiftSay),

    // At the desk.
    /// The card of an escalation.
    Card(Card),
    /// A customer's words, passed to the desk.
    CustomerWrote {
        /// What they call themselves.
        name: String,
        /// Their words.
        text: String,
    },
    /// Whether an operator's line arrived.
    RelayState(RelayState),
    /// A message of a case cannot be shown in its topic.
    NotShown,
    /// A case has another topic than before.
    TopicAnew,
    /// Under a picture that a request is made from.
    SharedReference,
    /// An operator's command that this desk does not know.
    DeskHelp,
    /// The same where a case is named by its code.
    DeskHelpByCode,
    /// A case was closed.
    DeskClosed,
    /// An answer cannot go out: people have the chat in their own client.
    DeskHanded,
    /// Somebody who is no operator tried to answer.
    NotAnOperator,

    // Answers to taps.
    /// A button of somebody else's.
    NotYours,
    /// A button whose moment has passed.
    Stale,
    /// It is done.
    Done,
    /// Words that are there already.
    Verbatim(Text),
}

/// What becomes of a request that waited for credits, now that some have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waited {
    /// There is none that can be paid.
    Nothing,
    /// It runs now.
    Runs,
    /// It runs if they say so: these credits did not come for it.
    Asks {
        /// Its prompt, shortened.
        prompt: String,
        /// What it costs.
        price: Credits,
    },
}

/// Which of how many pictures; `count` 1 when there is only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Counted from one; zero for all of them together.
    pub number: u8,
    /// How many in all.
    pub count: u8,
}

/// A placeholder's facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Making {
    /// The prompt, shortened.
    pub prompt: String,
    /// What is made.
    pub options: Options,
    /// Reference pictures.
    pub references: i64,
    /// For all pictures together.
    pub price: Credits,
    /// Which of how many pictures.
    pub part: Part,
    /// Place in line, counted from one; zero when it begins at once.
    pub place: i64,
    /// How long it takes, seconds, from measured medians; absent without samples.
    pub wait_s: Option<i64>,
    /// What the plan includes was used instead of the larger or more that was remembered.
    pub reduced: bool,
    /// No button stands under it while it is made: the word that cancels it is named.
    pub by_word: bool,
}

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What was charged for all pictures.
    pub charged: Credits,
    /// Pictures handed over.
    pub pictures: i64,
    /// Pictures asked for.
    pub asked: i64,
    /// What can be spent; absent in a group.
    pub available: Option<Credits>,
    /// When the first of the pictures is swept, milliseconds since the epoch; zero when none is
    /// kept any more.
    pub kept_until: i64,
}

/// A cheaper way to the same picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cheaper {
    /// What would be made.
    pub options: Options,
    /// For all pictures together.
    pub price: Credits,
}

/// What can be bought, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Packs: credits and price, in the owner's words.
    pub packs: Vec<OfferLine>,
    /// Plans: credits a period and price.
    pub plans: Vec<OfferLine>,
    /// Whether they are bought by the buttons below.
    pub by_link: bool,
}

/// One thing that can be bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferLine {
    /// Its id in the plans file.
    pub id: String,
    /// Credits, once or a period.
    pub credits: Credits,
    /// The price as it stands in the plans file.
    pub price: String,
    /// Of a plan, what belongs to it.
    pub terms: Option<PlanTerms>,
}

/// A balance with its last entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// What can be spent.
    pub available: Credits,
    /// Whether it is of the purse that the website keeps for them.
    pub shared: bool,
    /// What is set aside for requests of theirs.
    pub pending: Credits,
    /// How many requests that are.
    pub in_line: i64,
    /// What is set aside for requests of chats that were linked and are not any more.
    pub of_others: Credits,
    /// What of it for which of them.
    pub held: Vec<HeldLine>,
    /// The plan, how it is, and until when it is paid; zero when that is not known.
    pub plan: Option<(String, PlanState, i64)>,
    /// What of it lapses, soonest first.
    pub lapsing: Vec<Lapsing>,
    /// The last entries, newest first.
    pub entries: Vec<BalanceLine>,
}

/// Credits set aside for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLine {
    /// How many.
    pub credits: Credits,
    /// Its prompt, shortened.
    pub prompt: String,
}

/// An entry as its owner reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceLine {
    /// More or fewer credits.
    pub change: i64,
    /// The reason's word.
    pub reason: String,
    /// When, milliseconds since the epoch.
    pub at: i64,
}

/// A line of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// The prompt, shortened.
    pub prompt: String,
    /// When it was made, milliseconds since the epoch.
    pub made_at: i64,
    /// When it is swept, milliseconds since the epoch.
    pub kept_until: i64,
}
