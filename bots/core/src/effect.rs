//! Everything that can follow. Imperative: an effect is an order to the store, carried out in the
//! one transaction of its turn.

mod gift;
mod link;

use alloc::{string::String, vec::Vec};

use crate::{
    account::{Language, Person},
    channel::{MediaRef, Refusal, Repeat},
    credits::{Credits, GrantReason, TakeReason, VoidReason},
    errand::Errand,
    event::{About, Event, Message},
    facts::{Awaiting, Request, RequestState},
    generation::{Failure, GenerationState, Options, Quality, Resolution, Size},
    id::{
        AccountId, AlbumId, ArtifactId, ConversationId, EntryId, ErrandId, EscalationId,
        GenerationId, HoldId, IdentityId, MessageId, OutboundId, PurseId, RequestId, TapId, TrayId,
    },
    payment::{Checkout, CheckoutState, Item, Link, Payment, PlanRow, Refund, Reversed, Wish},
    say::{Cause, Key, Say},
};

pub use self::gift::{GiftEffect, InvitationEnd};
pub use self::link::{LinkEffect, Merge, Part};

/// Something that follows from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    // Who.
    /// A new identity with an account and an empty purse of its own.
    OpenAccount {
        /// The account.
        account: AccountId,
        /// Its purse.
        purse: PurseId,
        /// Whose.
        person: Person,
        /// In which language we speak with them.
        language: Language,
        /// Where they are talked with alone, where that has another name than they have.
        home: Option<ConversationId>,
    },
    /// Where somebody came from: the payload of the link that brought them.
    KeepOrigin {
        /// Whose account.
        account: AccountId,
        /// What the link said.
        origin: String,
    },
    /// Where somebody came from who has no account yet.
    RememberOrigin {
        /// As whom they would write.
        identity: IdentityId,
        /// What the link said.
        origin: String,
    },
    /// An account takes over what was remembered so.
    TakeOrigin {
        /// Whose account.
        account: AccountId,
        /// As whom they write.
        identity: IdentityId,
    },
    /// What somebody calls themselves has changed.
    RenamePerson {
        /// Who.
        person: Person,
    },
    /// The language of somebody's client has changed, and they have chosen none.
    FollowLanguage {
        /// Who.
        identity: IdentityId,
        /// Which.
        language: Language,
    },
    /// The language somebody chose.
    ChooseLanguage {
        /// Who.
        identity: IdentityId,
        /// Which.
        language: Language,
    },
    /// The options an account has chosen.
    ChooseOptions {
        /// Whose.
        account: AccountId,
        /// Which.
        options: Options,
    },
    /// Whether we can reach somebody.
    MarkReachable {
        /// Who.
        identity: IdentityId,
        /// Whether.
        reachable: bool,
    },
    /// A conversation goes on under another address: everything waiting for it moves along.
    MoveConversation {
        /// The old address.
        from: ConversationId,
        /// The new one.
        to: ConversationId,
    },
    /// What the next words in a conversation will mean; nothing for a prompt.
    Await {
        /// Where.
        conversation: ConversationId,
        /// Whose words.
        identity: IdentityId,
        /// What.
        awaiting: Option<Awaiting>,
    },

    /// Something about codes and accounts that become one.
    Link(LinkEffect),
    /// What is given away: promo codes and invitations.
    Gift(GiftEffect),

    // Pictures that come in.
    /// A picture waits for words.
    PutInTray {
        /// Its row.
        id: TrayId,
        /// Where.
        conversation: ConversationId,
        /// Whose.
        identity: IdentityId,
        /// Which picture.
        reference: crate::facts::Reference,
    },
    /// Nothing waits any more.
    EmptyTray {
        /// Where.
        conversation: ConversationId,
        /// Whose.
        identity: IdentityId,
    },
    /// A part of an album came.
    AddToAlbum {
        /// Where.
        conversation: ConversationId,
        /// Which album.
        album: AlbumId,
        /// The part.
        message: Message,
        /// Whether it was meant for us by itself.
        called: bool,
    },
    /// An album is whole, or is left out; later parts are late.
    SettleAlbum {
        /// Where.
        conversation: ConversationId,
        /// Which album.
        album: AlbumId,
    },
    /// An album was not meant for us: nothing of it is kept.
    ForgetAlbum {
        /// Where.
        conversation: ConversationId,
        /// Which album.
        album: AlbumId,
    },
    /// The event's own content goes at once, and not when raw events go.
    ForgetEvent,

    // Requests.
    /// A request is kept: prompt, options, references and quoted price.
    OpenRequest(Request),
    /// A request has come to another state, or has other words.
    UpdateRequest {
        /// Which.
        id: RequestId,
        /// Its state.
        state: RequestState,
        /// Its new words, options and price, where they changed.
        change: Option<RequestChange>,
    },

    // Money.
    /// Credits are given, once for each `source`.
    Grant {
        /// The entry.
        entry: EntryId,
        /// To which purse.
        purse: PurseId,
        /// How many.
        credits: Credits,
        /// What makes it unique for ever: `trial:telegram:123`.
        source: String,
        /// Why.
        reason: GrantReason,
        /// The owner's words, for grants by hand.
        note: Option<String>,
    },
    /// Credits are set aside. Conditional: without enough available the whole turn is decided
    /// again on fresh facts.
    Hold {
        /// The hold.
        hold: HoldId,
        /// For which generation.
        generation: GenerationId,
        /// Of which purse.
        purse: PurseId,
        /// How many.
        credits: Credits,
    },
    /// A hold is spent, once.
    PostHold {
        /// Which.
        hold: HoldId,
    },
    /// A hold is given back, once.
    VoidHold {
        /// Which.
        hold: HoldId,
        /// Why.
        reason: VoidReason,
    },

    /// Credits are taken back, once for each `source`.
    TakeBack {
        /// The entry.
        entry: EntryId,
        /// From which purse.
        purse: PurseId,
        /// How many.
        credits: Credits,
        /// What makes it unique for ever.
        source: String,
        /// Why; those that are reclaimed may push what can be spent below zero.
        reason: TakeReason,
    },
    /// A purchase is written down, before anybody is asked for a link.
    OpenCheckout(Checkout),
    /// It stands otherwise.
    UpdateCheckout {
        /// Our name for it.
        request: String,
        /// How it stands.
        state: CheckoutState,
        /// The link, once there is one.
        link: Option<Link>,
    },
    /// A payment is written down, or is otherwise.
    KeepPayment(Payment),
    /// That money went back is written down, once for each time it did.
    KeepReversal(Reversed),
    /// A plan that somebody pays for is written down, or is otherwise.
    KeepPlan(PlanRow),
    /// What a plan's owner has asked for, or that they have heard of it.
    WishPlan {
        /// Which plan, as the provider calls it.
        subscription: String,
        /// What.
        wish: Option<Wish>,
    },
    /// A refund that was asked for is written down, or stands otherwise.
    KeepRefund(Refund),
    /// That credits of a payment lapse was told; or they have lapsed.
    LapsePayment {
        /// Which payment.
        payment: String,
        /// How many have.
        credits: Credits,
        /// Whether none of them can come back any more.
        over: bool,
    },
    /// What an account's plan is from now on.
    ChoosePlan {
        /// Whose.
        account: AccountId,
        /// Which, by its id in the plans file.
        plan: Option<String>,
    },

    /// Words of somebody's were not let through the screening.
    CountStrike {
        /// Whose.
        account: AccountId,
    },

    // Making.
    /// A picture is put in line.
    Generate(NewGeneration),
    /// A picture is taken out of line. Conditional: when it has left for the provider meanwhile,
    /// the turn is decided again on fresh facts.
    CancelGeneration {
        /// Which.
        generation: GenerationId,
    },
    /// A generation came to an end, or a step further.
    SettleGeneration {
        /// Which.
        generation: GenerationId,
        /// How.
        state: GenerationState,
        /// Why, where it failed.
        failure: Option<Failure>,
    },
    /// Whoever asked could not be told how a generation ended, and is told when they are back.
    TellLater {
        /// Which.
        generation: GenerationId,
    },
    /// They have been told.
    Told {
        /// Which.
        generation: GenerationId,
    },
    /// A picture is stored.
    KeepArtifact(NewArtifact),
    /// A picture was paid for and could not be handed over: it goes out when it can.
    OweArtifact {
        /// Which.
        artifact: ArtifactId,
    },
    /// A picture that was owed is handed over, or nothing is owed any more.
    ClearOwed {
        /// Which.
        artifact: ArtifactId,
    },
    /// A picture is deleted before its time.
    DeleteArtifact {
        /// Which.
        artifact: ArtifactId,
    },
    /// How long a picture took, for the medians that waiting times are told from.
    SampleDuration {
        /// Of which resolution.
        resolution: Resolution,
        /// Of which quality.
        quality: Quality,
        /// Milliseconds.
        took_ms: i64,
    },

    // Words.
    /// A message goes out.
    Send(Outgoing),
    /// A press is answered, briefly and never durably.
    AnswerTap {
        /// Which press.
        tap: TapId,
        /// In whose language.
        language: Language,
        /// What is shown; nothing for nothing.
        say: Option<Say>,
        /// As a box that has to be closed.
        alert: bool,
    },

    // Time.
    /// An event will happen.
    SetTimer {
        /// The timer's name; setting it again moves it.
        id: String,
        /// When, milliseconds since the epoch.
        due_at: i64,
        /// In which conversation.
        conversation: ConversationId,
        /// What.
        event: Event,
    },
    /// Events that wait in a conversation will happen sooner.
    HastenTimers {
        /// In which conversation.
        conversation: ConversationId,
        /// What their timers' names begin with.
        named: &'static str,
        /// By how much, milliseconds.
        by_ms: i64,
    },
    /// It will not.
    ClearTimer {
        /// The timer's name.
        id: String,
    },

    // People for people.
    /// A matter is handed to people.
    OpenEscalation(NewEscalation),
    /// Its topic came about, or was rebuilt.
    PlaceEscalation {
        /// Which.
        escalation: EscalationId,
        /// The topic at the desk.
        topic: ConversationId,
    },
    /// Its topic is gone; another one is being opened.
    UnplaceEscalation {
        /// Which.
        escalation: EscalationId,
    },
    /// A refused message goes out after all, as it was, in another place.
    Readdress {
        /// Which.
        outbound: OutboundId,
        /// What it is called from now on: it goes out behind what was said before this.
        again: OutboundId,
        /// Where it goes now.
        to: ConversationId,
    },
    /// An operator answered it for the first time.
    AnswerEscalation {
        /// Which.
        escalation: EscalationId,
        /// Milliseconds after it was opened.
        after_ms: i64,
    },
    /// Its customer may mean it by words without a reply.
    ExpectWords {
        /// Which.
        escalation: EscalationId,
        /// From when on, milliseconds since the epoch.
        from: i64,
        /// Until when.
        until: i64,
    },
    /// It is closed, or opened again.
    CloseEscalation {
        /// Which.
        escalation: EscalationId,
        /// Whether it is closed now.
        closed: bool,
    },
    /// A message that the channel had taken did not arrive: its fate is told anew, once.
    BounceMessage {
        /// Which.
        outbound: OutboundId,
        /// Why.
        refusal: Refusal,
        /// What it is called where it goes out once more, when they write again.
        again: OutboundId,
    },
    // Channels that count our messages.
    /// They wrote: the channel takes so many messages from now on, for a while.
    OpenWindow {
        /// Where.
        conversation: ConversationId,
        /// How many.
        replies: u32,
        /// Until when, milliseconds since the epoch.
        closes_at: i64,
    },
    /// Our people have the chat now, or have given it back.
    HandChat {
        /// Which.
        conversation: ConversationId,
        /// Whether they have it.
        handed: bool,
    },
    /// What waited for their next message goes out, as far as there is room.
    ReleaseHeld {
        /// Where.
        conversation: ConversationId,
    },
    /// All that waited for their next message goes out: nothing is counted there.
    ReleaseAll {
        /// Where.
        conversation: ConversationId,
    },
    /// The messages of this turn count there: what finds no slot waits.
    CountReplies {
        /// Where.
        conversation: ConversationId,
        /// Bytes of text in one message there.
        text_bytes_max: usize,
    },
    // Errands.
    /// Something is done with an outside party; what comes of it is an event.
    RunErrand(NewErrand),
    /// A copy of a picture that its channel gives away only for a while is kept.
    KeepCopy {
        /// The picture's name ([`media_name`](crate::errand::media_name)).
        media: String,
        /// The copy's name in the object store.
        object: String,
        /// Bytes of the picture.
        bytes: i64,
    },
    /// The owner must look at something.
    RaiseAlarm {
        /// What, for logs and the alarm channel: never content.
        what: &'static str,
    },
    /// The same, about one of several.
    RaiseAlarmOf {
        /// What.
        what: &'static str,
        /// Which.
        of: String,
    },
}

/// New words, options and price of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestChange {
    /// The prompt.
    pub prompt: String,
    /// The options.
    pub options: Options,
    /// The price of one picture.
    pub price_each: Credits,
    /// Whether the words were let through.
    pub screened: bool,
}

impl RequestChange {
    /// That the words of a request were let through.
    #[must_use]
    pub fn screened(request: &Request) -> Self {
        Self {
            prompt: request.prompt.clone(),
            options: request.options,
            price_each: request.price_each,
            screened: true,
        }
    }
}

/// A picture put in line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGeneration {
    /// Its id.
    pub id: GenerationId,
    /// Of which request.
    pub request: RequestId,
    /// The hold that pays for it.
    pub hold: HoldId,
    /// Whose.
    pub account: AccountId,
    /// From which purse.
    pub purse: PurseId,
    /// Where it goes.
    pub conversation: ConversationId,
    /// Which of the request's pictures, counted from one.
    pub number: u8,
    /// Fair-queueing tag: the line is served by tag, then id; an account's requests get rising
    /// tags, so that one person's ten wait behind another's one.
    pub tag: i64,
}

/// A stored picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewArtifact {
    /// Its id.
    pub id: ArtifactId,
    /// Which generation made it.
    pub generation: GenerationId,
    /// Of which request.
    pub request: RequestId,
    /// Whose, in the ledger's words.
    pub purse: PurseId,
    /// Whose.
    pub account: AccountId,
    /// Its random name in the object store.
    pub object: String,
    /// SHA-256, hex.
    pub sha256: String,
    /// Bytes.
    pub bytes: i64,
    /// Pixels.
    pub size: Size,
    /// `png`, `jpeg` or `webp`.
    pub kind: String,
    /// What the provider takes for it, millionths of a US dollar.
    pub cost_micro_usd: Option<i64>,
    /// When it is swept, milliseconds since the epoch.
    pub expires_at: i64,
}

/// Something to be done with an outside party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewErrand {
    /// Its id; the outside party is given a name made of it, so that asking twice is asking once.
    pub id: ErrandId,
    /// What it is about: an errand of the same name is the same one.
    pub name: String,
    /// Where what comes of it happens.
    pub conversation: ConversationId,
    /// What is to be done.
    pub errand: Errand,
    /// When it is too late, milliseconds since the epoch.
    pub until: i64,
}

/// A message before it has words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its id.
    pub id: OutboundId,
    /// Where it goes.
    pub conversation: ConversationId,
    /// In which language.
    pub language: Language,
    /// Who may press its buttons.
    pub presser: Option<IdentityId>,
    /// New, or in the place of an earlier one.
    pub place: crate::channel::Place,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// What it says or shows.
    pub body: Body,
    /// Rows of buttons under it.
    pub keys: Vec<Vec<Key>>,
    /// Whether it may be sent again when nobody knows if it arrived.
    pub repeat: Repeat,
    /// Whether it arrives without a sound.
    pub silent: bool,
    /// What it is part of, where its fate is an event.
    pub about: Option<About>,
}

/// What a message says or shows, before it has words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Words.
    Say(Say),
    /// A stored picture, shown in line.
    Picture {
        /// Which.
        artifact: ArtifactId,
        /// Words under it.
        caption: Option<Say>,
    },
    /// A stored picture's original bytes.
    Original {
        /// Which.
        artifact: ArtifactId,
        /// The file's name.
        file_name: String,
    },
    /// A picture somebody sent, passed on.
    Forward {
        /// The file at the channel.
        media: MediaRef,
        /// Where it was sent.
        from: ConversationId,
        /// Words under it.
        caption: Say,
    },
    /// Something to be paid in the chat itself, in Telegram Stars.
    Invoice {
        /// What is bought.
        item: Item,
        /// The credits it brings.
        credits: Credits,
        /// What it costs.
        stars: i64,
        /// Our name for the purchase.
        request: String,
    },
    /// Only the buttons change.
    Keys,
    /// The message goes away.
    Removed,
    /// A new topic at the operators' desk.
    OpenTopic {
        /// Its name.
        name: String,
    },
    /// The topic is closed.
    CloseTopic,
    /// The topic is opened again.
    ReopenTopic,
    /// The topic goes away.
    RemoveTopic,
    /// The chat goes to people of ours, who answer in their own client.
    HandOver {
        /// The last words of the bot.
        words: Say,
    },
    /// The chat is taken back from them.
    HandBack {
        /// What is said to that.
        words: Say,
    },
}

/// A matter handed to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEscalation {
    /// Its id.
    pub id: EscalationId,
    /// `S-1042`.
    pub code: String,
    /// Whose.
    pub account: AccountId,
    /// Who asked.
    pub identity: IdentityId,
    /// Where they asked.
    pub conversation: ConversationId,
    /// What it is about.
    pub cause: Cause,
    /// Which request it is about.
    pub request: Option<RequestId>,
    /// Whether the helper may see its prompt and pictures.
    pub consent: bool,
    /// Their words.
    pub words: String,
    /// The pictures that came with them.
    pub pictures: Vec<MediaRef>,
    /// Until when words without a reply may be meant for it, milliseconds since the epoch.
    pub expects_until: i64,
}
