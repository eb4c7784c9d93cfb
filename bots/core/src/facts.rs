//! What a turn knows when it decides. A type for each kind of event, loaded by the shell.

mod awaiting;
mod catalogue;
mod gift;
mod line;
mod link;
mod needs;

use alloc::{boxed::Box, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    account::{Account, Language},
    channel::{Capabilities, MediaRef},
    credits::{Credits, Purse},
    event::{Message, Setting},
    generation::{Artifact, GenerationState, Options},
    id::{
        AccountId, AlbumId, ArtifactId, Cause as CauseId, ConversationId, EscalationId,
        GenerationId, HoldId, IdentityId, MessageId, OutboundId, PurseId, RequestId, TrayId,
    },
    newcomer::Newcomer,
    payment::{
        Checkout, Payment, PaymentRow, PlanRow, Refund, RefundAuto, Refundable, Reversed, Till,
    },
    say::{Action, BalanceLine, CardLine, Cause, Cheaper},
    window::Window,
};

pub use self::awaiting::Awaiting;
pub use self::catalogue::{Catalogue, Pack, Period, Plan, Price, Sold};
pub use self::gift::{
    GiftFacts, GiftNeed, GiftRules, Invitation, OwnInvitations, Promo, PromoFacts, Referral, Side,
};
pub use self::line::{Line, Median};
pub use self::link::{
    FreshCode, LinkFacts, LinkNeed, LinkRow, LinkRules, Linked, Party, SignedIn, Tally, TypedCode,
};
pub use self::needs::{FactsKind, Needs};

/// What every turn knows.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The time of this turn, milliseconds since the epoch; recorded with it.
    pub now: i64,
    /// The event's number, from which all ids derive.
    pub cause: CauseId,
    /// Where it happened.
    pub conversation: &'a ConversationId,
    /// What the owner configured.
    pub house: &'a House,
    /// What the channel still takes where it happened; nothing where it does not count.
    pub window: Option<Window>,
}

/// What the owner configured, as far as the rules care.
#[derive(Clone, Debug)]
pub struct House {
    /// What the bots call themselves.
    pub product_name: String,
    /// The language of somebody whose client tells none we have.
    pub language_default: Language,
    /// Prices, packs and plans.
    pub catalogue: Catalogue,
    /// Given once to a new identity.
    pub trial: Credits,
    /// Asks before spending more than this on one request.
    pub ask_above: Credits,
    /// Most reference pictures of a request.
    pub references_max: usize,
    /// Largest reference picture, bytes.
    pub reference_bytes_max: u64,
    /// Most characters of a prompt.
    pub prompt_chars_max: usize,
    /// Whether prompts are screened before anything is set aside for them.
    pub screening: bool,
    /// Whether pictures can be given to the provider as references.
    pub edits: bool,
    /// Pictures made at once.
    pub concurrency: i64,
    /// The support contact's link; empty where there is none.
    pub support_url: String,
    /// The operators' desk: a group in which a topic is opened for every escalation.
    pub desk: Option<ConversationId>,
    /// Operators who are told of every case in a chat of their own, all of them by this one name.
    /// A case's place there is the name with the case's code behind a slash.
    pub members_desk: Option<ConversationId>,
    /// How browsers reach us, without a slash at the end.
    pub public_url: String,
    /// Prompts to begin with, each as it stands on its button; in the order of their numbers.
    pub examples: Vec<Example>,
    /// What our names for purchases begin with: another one for each installation, so that two of
    /// them can share an account at the provider.
    pub tag: String,
    /// What sells by payment links; nothing where nothing does.
    pub till: Option<Till>,
    /// Which refunds are given without people being asked.
    pub refund_auto: RefundAuto,
    /// What each channel can do. One that is not here can do everything.
    pub channels: Vec<Capabilities>,
    /// How chats are linked.
    pub link: LinkRules,
    /// What is given away.
    pub gifts: GiftRules,
}

impl House {
    /// What the channel of a conversation can do, where that is known.
    #[must_use]
    pub fn channel(&self, conversation: &ConversationId) -> Option<&Capabilities> {
        let name = conversation.channel();
        self.channels.iter().find(|channel| channel.name == name)
    }

    /// Whether a chat can be handed to people of ours as a whole.
    #[must_use]
    pub fn hands_over(&self, conversation: &ConversationId) -> bool {
        self.channel(conversation).is_some_and(|channel| channel.hands_over)
    }

    /// The place of a case, by its code, with operators who have chats of their own.
    #[must_use]
    pub fn members_place(&self, code: &str) -> Option<ConversationId> {
        let desk = self.members_desk.as_ref()?;
        Some(ConversationId(alloc::format!("{desk}/{code}")))
    }

    /// Whether operators write there in chats of their own, where no topic says which case is
    /// meant.
    #[must_use]
    pub fn is_members_desk(&self, conversation: &ConversationId) -> bool {
        let desk = self.members_desk.as_ref();
        desk.is_some_and(|desk| desk.channel() == conversation.channel())
    }

    /// The code of the case whose place that is.
    #[must_use]
    pub fn code_of<'c>(&self, place: &'c ConversationId) -> Option<&'c str> {
        let desk = self.members_desk.as_ref()?;
        place.as_str().strip_prefix(desk.as_str())?.strip_prefix('/')
    }
}

/// A prompt to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// For people who speak this language.
    pub language: Language,
    /// The prompt.
    pub prompt: String,
}

/// The facts of one event, by its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Facts {
    /// Of words or pictures from a person, and of an album that is whole.
    Message(MessageFacts),
    /// Of a press.
    Press(PressFacts),
    /// Of a line at the operators' desk.
    Desk(DeskFacts),
    /// Of something a generation came to.
    Generation(GenerationFacts),
    /// Of a message's fate.
    Delivery(DeliveryFacts),
    /// Of what the payment provider told.
    Payment(PaymentFacts),
    /// None are needed.
    None,
}

/// Who somebody is with us, and what goes on with them in this conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Who they are on the channel.
    pub identity: IdentityId,
    /// What we have stored as their name.
    pub name: String,
    /// The language they chose, or else their client's.
    pub language: Language,
    /// Whether they chose it.
    pub language_chosen: bool,
    /// Whether we believed that we can reach them.
    pub reachable: bool,
    /// Their account.
    pub account: Account,
    /// What their next words in this conversation mean.
    pub awaiting: Option<Awaiting>,
    /// Pictures waiting for words in this conversation.
    pub tray: Vec<Reference>,
    /// The row of the first of them: the name of the question about them.
    pub tray_id: Option<TrayId>,
    /// Their album here of which more may come.
    pub album: Option<OpenAlbum>,
    /// Their requests that are waiting or in line, oldest first.
    pub open: Vec<OpenRequest>,
    /// Their matter that is with people.
    pub case: Option<Case>,
    /// Pictures that could not be handed over, wherever they were asked for.
    pub owed: Vec<Owed>,
    /// Generations of theirs whose end could not be told to them.
    pub missed: Vec<Missed>,
    /// What they may not do yet, where their account was linked a short while ago.
    pub newcomer: Option<Newcomer>,
}

/// A generation whose end could not be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// Which.
    pub generation: GenerationId,
    /// Its request.
    pub request: RequestId,
    /// How it ended: failed or uncertain; or delivered, which means owed until its time was up.
    pub state: GenerationState,
    /// What it cost, and what came back where it was owed.
    pub price: Credits,
}

/// A picture that is owed, and to which request it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// The picture.
    pub artifact: Artifact,
    /// Its request.
    pub request: RequestId,
    /// Its generation.
    pub generation: GenerationId,
}

/// How fast somebody writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As people do.
    Fine,
    /// Too fast since just now: say so once.
    TooFastNow,
    /// Still too fast.
    TooFast,
}

/// Facts of words or pictures from a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageFacts {
    /// Who they are; nothing when they are new.
    pub customer: Option<Customer>,
    /// How fast they write.
    pub pace: Pace,
    /// The picture of ours that they answer, or that their next words change
    /// ([`Awaiting::Change`]), or that their link opens.
    pub replied: Option<Kept>,
    /// For a payment link that was made, or was not: the purchase.
    pub checkout: Option<Checkout>,
    /// For what is about a plan or a refund.
    pub plan: PlanFacts,
    /// What they answer instead, where it has no picture in it.
    pub beside: Beside,
    /// The picture that the payload of their link names, when the payload is one of ours; whose it
    /// is shows in `replied`.
    pub linked: Option<ArtifactId>,
    /// The matter that they answer: the message was an operator's answer, or a word of ours about
    /// the matter ([`About::Relay`](crate::event::About), [`About::Matter`](crate::event::About)).
    pub answered: Option<Case>,
    /// The line for the provider.
    pub line: Line,
    /// For words that were screened: their request. For an edited message: the request it had
    /// started. Else the request that their next words
    /// are for ([`Awaiting::Words`]).
    pub started: Option<Request>,
    /// For an edited message: whether a picture came of the request it had started.
    pub pictured: bool,
    /// For an album that is whole: its parts. For a part: the album so far.
    pub album: Option<Album>,
    /// For the history: a page of it.
    pub history: Option<HistoryPage>,
    /// For the balance: the last entries.
    pub entries: Vec<BalanceLine>,
    /// For a card: the last requests, and how many matters there were before.
    pub past: Past,
    /// For linking.
    pub link: Option<Box<LinkFacts>>,
    /// For promo codes and invitations.
    pub gift: Option<Box<GiftFacts>>,
    /// Whether the account that an event is about is still theirs.
    pub whereabouts: Whereabouts,
}

/// Where the owner of an account is talked with alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Whereabouts {
    /// Here.
    #[default]
    Here,
    /// Whoever is here has left it; somebody else has it, there.
    At(IdentityId, ConversationId),
    /// Nobody has it any more.
    Nowhere,
}

/// A message of ours without a picture that somebody answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Beside {
    /// None, or one that is about no picture.
    #[default]
    Nothing,
    /// The receipt of several pictures, or one of somebody else.
    Several,
    /// One about a picture that is not kept any more.
    Gone,
}

/// What a card tells of the past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The last requests, newest first, at most five.
    pub requests: Vec<CardLine>,
    /// Matters before this one.
    pub cases: i64,
    /// How often screening refused what they asked for.
    pub strikes: i64,
}

/// Facts of a press.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PressFacts {
    /// Who pressed; nothing when they are new.
    pub customer: Option<Customer>,
    /// What the button says it does, when its code was right.
    pub action: PressedAction,
    /// The request it is about, or the request of the picture it is about, when that still exists
    /// and belongs to the presser.
    pub request: Option<Request>,
    /// The request's pictures.
    pub generations: Vec<Generation>,
    /// Whether the pressed message is one that a lost answer left behind: the request's own
    /// messages are known, and it is none of them.
    pub stray: bool,
    /// The picture it is about, when that is still kept and belongs to the presser.
    pub kept: Option<Kept>,
    /// Its address, for whoever has the link; empty without a picture.
    pub address: String,
    /// For a press that buys: the presser's newest purchase of the same that is not paid.
    pub checkout: Option<Checkout>,
    /// For a press about a plan or a refund, and one that buys.
    pub plan: PlanFacts,
    /// For a press that asks for money back: the payment in Stars it would be of.
    pub refundable: Option<Box<Refundable>>,
    /// For a press that spends: the presser's newest request, whatever became of it.
    pub newest: Option<Box<Request>>,
    /// The line for the provider.
    pub line: Line,
    /// For the history: a page of it.
    pub history: Option<HistoryPage>,
    /// For the balance: the last entries.
    pub entries: Vec<BalanceLine>,
    /// For a card.
    pub past: Past,
    /// For a press at the desk.
    pub desk: Option<DeskFacts>,
    /// For linking.
    pub link: Option<Box<LinkFacts>>,
}

/// What a button's token turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PressedAction {
    /// Ours, and for whoever pressed it.
    Ours(Action),
    /// Not ours, or for somebody else.
    Foreign,
}

/// Facts of a line at the operators' desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskFacts {
    /// Who wrote it, when they are an operator.
    pub operator: Option<Operator>,
    /// The matter of this topic.
    pub case: Option<Case>,
    /// Whether the line answers a message of ours that carries the customer's words.
    pub answers_customer: bool,
    /// For a line that gives money back: the customer's last payment in Stars.
    pub refundable: Option<Box<Refundable>>,
    /// For a part of an album: what came of it so far.
    pub album: Option<Album>,
}

/// Somebody who may answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The name customers see.
    pub name: String,
}

/// A matter that is with people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: EscalationId,
    /// `S-1042`.
    pub code: String,
    /// Whose.
    pub account: AccountId,
    /// Who asked.
    pub identity: IdentityId,
    /// Their language.
    pub language: Language,
    /// Where they asked: where answers go.
    pub conversation: ConversationId,
    /// Its topic at the desk, once there is one.
    pub topic: Option<ConversationId>,
    /// What it is about.
    pub cause: Cause,
    /// Whether it is closed.
    pub closed: bool,
    /// When it was opened, milliseconds since the epoch.
    pub opened_at: i64,
    /// Whether an operator has answered it.
    pub answered: bool,
    /// From when on words without a reply may be meant for it, milliseconds since the epoch.
    pub expects_from: i64,
    /// Until when.
    pub expects_until: i64,
    /// When it was closed, milliseconds since the epoch; zero while it is open.
    pub closed_at: i64,
    /// The request it is about.
    pub request: Option<RequestId>,
    /// Whether the helper may see prompt and pictures of that request.
    pub consent: bool,
    /// What the customer calls themselves.
    pub name: String,
    /// Their words when they asked.
    pub words: String,
    /// The pictures that came with them.
    pub pictures: Vec<MediaRef>,
    /// Whether people of ours have its chat, in their own client.
    pub handed: bool,
}

/// Facts of something a generation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationFacts {
    /// The generation; nothing when it does not exist (any more).
    pub generation: Option<Generation>,
    /// Its request.
    pub request: Option<Request>,
    /// All pictures of the request, this one too, by number.
    pub siblings: Vec<Generation>,
    /// Whose.
    pub account: Option<Account>,
    /// The asker's language.
    pub language: Language,
    /// Whether the asker can be reached.
    pub reachable: bool,
}

/// Facts of a message's fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryFacts {
    /// For a picture: as above.
    pub generation: Option<GenerationFacts>,
    /// For a picture or an original: the picture.
    pub kept: Option<Kept>,
    /// Its address, for whoever has the link; empty without a picture.
    pub address: String,
    /// For one picture of several: the addresses of all that are made, by their numbers.
    pub addresses: Vec<String>,
    /// For a line to or from the desk: the matter.
    pub case: Option<Case>,
    /// The language of whoever got the message: of the picture's asker, of the matter's customer.
    pub language: Language,
    /// For a new topic: what its card and its first lines tell.
    pub card: Option<CardFacts>,
    /// For one of the messages of an operator's answer: how they all stand.
    pub relayed: Relayed,
}

/// How the messages of one answer of an operator's stand; the others have arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relayed {
    /// On their way.
    pub waiting: i64,
    /// They wait until the customer writes again.
    pub held: i64,
    /// Nobody knows whether they arrived.
    pub unknown: i64,
    /// They will not arrive.
    pub refused: i64,
}

/// Facts of what the payment provider told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentFacts {
    /// The purchase it is about, by our name for it, by its plan or by its payment.
    pub checkout: Option<Checkout>,
    /// Whose that is.
    pub account: Option<Account>,
    /// The payment it is about, once we have heard of it.
    pub payment: Option<Payment>,
    /// The purse that has its credits now: the one that got them, or what succeeded that.
    pub holder: Option<Purse>,
    /// What of that payment's money went back, as far as we have heard, oldest first.
    pub reversals: Vec<Reversed>,
    /// The refund that was asked for of it.
    pub refund: Option<Refund>,
    /// The plans that the account pays for, or has paid for.
    pub plans: Vec<PlanRow>,
    /// Who of the account came by an invitation and has not bought anything yet.
    pub invited: Option<IdentityId>,
}

/// What somebody pays for, and has paid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanFacts {
    /// The plans that the account pays for, or has paid for.
    pub plans: Vec<PlanRow>,
    /// Its last payments, newest first.
    pub payments: Vec<PaymentRow>,
    /// The refunds it asked for lately, newest first.
    pub refunds: Vec<Refund>,
    /// What of its credits lapses, soonest first.
    pub lapsing: Vec<Lapsing>,
    /// Whether a plan of theirs was paid, or is told to be, of which nobody knows yet how it is.
    pub unsettled: bool,
    /// The address that opens the provider's portal for whoever has it, for a while; empty where
    /// there is none.
    pub portal: String,
    /// For a day after a link: our names for the purchases of the other side.
    pub of_others: Vec<String>,
}

/// Credits that lapse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lapsing {
    /// The payment that brought them.
    pub payment: String,
    /// How many are left of it.
    pub credits: Credits,
    /// Whether more of it is held for pictures.
    pub held: bool,
    /// When they lapse, milliseconds since the epoch.
    pub at: i64,
    /// Whether that was told.
    pub announced: bool,
}

/// What the card of a new topic tells beyond the matter itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardFacts {
    /// The customer's account.
    pub account: Account,
    /// Their last requests, and how many matters there were before this one.
    pub past: Past,
    /// The request it is about, where the customer lets the helper see it.
    pub shared: Option<OpenRequest>,
    /// Lines for an earlier topic of the same matter, refused because that topic was gone; oldest
    /// first.
    pub unsent: Vec<OutboundId>,
}

/// A picture that is kept, and what it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The picture.
    pub artifact: Artifact,
    /// The request it was made for.
    pub request: Request,
    /// Whether it is owed to its customer.
    pub owed: bool,
}

/// What a customer asked for, kept on disk whole: also through sign-in and payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// Whose.
    pub account: AccountId,
    /// From which purse.
    pub purse: PurseId,
    /// Who asked.
    pub identity: IdentityId,
    /// Where they asked: where pictures go.
    pub conversation: ConversationId,
    /// In private or among others.
    pub setting: Setting,
    /// Their message.
    pub message: Option<MessageId>,
    /// The words, without the options that were written in them.
    pub prompt: String,
    /// What is made.
    pub options: Options,
    /// Reference pictures, in order.
    pub references: Vec<Reference>,
    /// The picture it changes.
    pub parent: Option<ArtifactId>,
    /// The quoted price of one picture.
    pub price_each: Credits,
    /// The cheaper way that was offered beside it, at its quoted price.
    pub cheaper: Option<Cheaper>,
    /// Whether its words were let through, as they are.
    pub screened: bool,
    /// Where it stands.
    pub state: RequestState,
    /// When it was asked, milliseconds since the epoch.
    pub asked_at: i64,
}

/// A reference picture.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reference {
    /// A file at the channel.
    Media(MediaRef),
    /// A stored picture of ours.
    Artifact(ArtifactId),
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Waits for a yes to its price.
    Asking,
    /// Waits for credits.
    Unpaid,
    /// Its words are being screened; nothing is set aside for it yet.
    Checking,
    /// In line, or being made.
    Open,
    /// Everything that will come of it has come.
    Settled,
    /// Taken back.
    Cancelled,
    /// Let go after waiting too long.
    Lapsed,
    /// Refused or found impossible before it was in line.
    Failed,
}

impl RequestState {
    /// The word in the row.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Asking => "asking",
            Self::Unpaid => "unpaid",
            Self::Checking => "checking",
            Self::Open => "open",
            Self::Settled => "settled",
            Self::Cancelled => "cancelled",
            Self::Lapsed => "lapsed",
            Self::Failed => "failed",
        }
    }

    /// The state of a row's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "asking" => Self::Asking,
            "unpaid" => Self::Unpaid,
            "checking" => Self::Checking,
            "open" => Self::Open,
            "settled" => Self::Settled,
            "cancelled" => Self::Cancelled,
            "lapsed" => Self::Lapsed,
            "failed" => Self::Failed,
            _ => return None,
        })
    }
}

/// A request that is waiting or in line, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRequest {
    /// The request.
    pub request: Request,
    /// Its pictures.
    pub generations: Vec<Generation>,
}

/// A picture of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its id.
    pub id: GenerationId,
    /// Its request.
    pub request: RequestId,
    /// The hold that pays for it.
    pub hold: HoldId,
    /// What is set aside.
    pub price: Credits,
    /// Where it stands.
    pub state: GenerationState,
    /// Which of the request's pictures, counted from one.
    pub number: u8,
    /// The stored picture, once there is one.
    pub artifact: Option<ArtifactId>,
    /// When that is swept; zero without one.
    pub expires_at: i64,
    /// Whether its picture is owed.
    pub owed: bool,
}

/// An album that is not whole yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenAlbum {
    /// Which.
    pub id: AlbumId,
    /// What came of it so far.
    pub so_far: Album,
}

/// An album: what came of it so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Album {
    /// Its parts in the order of their messages.
    pub parts: Vec<Message>,
    /// When its first part came, milliseconds since the epoch; zero before any.
    pub began_at: i64,
    /// Whether a part of it was meant for us: then all are. In private always.
    pub called: bool,
    /// Whether its request has begun; where no part called us, that it was left out.
    pub settled: bool,
}

/// A page of pictures kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// Newest first, at most [`HISTORY_PAGE`].
    pub pictures: Vec<Kept>,
    /// How many are kept in all.
    pub total: i64,
    /// Whether older ones follow.
    pub older: bool,
    /// The address of the gallery page.
    pub gallery: String,
}

/// Pictures on a page of the history.
pub const HISTORY_PAGE: usize = 8;
