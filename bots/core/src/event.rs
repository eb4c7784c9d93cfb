//! Everything that can happen. Past tense: an event is a fact by the time it is here.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    account::Person,
    channel::{Attachment, Refusal},
    credits::Credits,
    errand::ErrandEnded,
    generation::{Failure, Size},
    id::{
        AccountId, AlbumId, ArtifactId, ConversationId, EscalationId, GenerationId, IdentityId,
        MessageId, OutboundId, Slot, TapId,
    },
    letter::Refused,
    payment::{Moved, Notice},
};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    // A person, through a channel.
    /// Somebody wrote, or sent pictures.
    MessageReceived(Message),
    /// A part of an album came in a group and did not call us by itself: another part may. What
    /// it says is left out, so that nobody's words are kept who did not speak to us.
    AlbumPartSeen(Message),
    /// Somebody changed what they had written.
    MessageEdited(Message),
    /// Somebody pressed a button of ours.
    ButtonPressed(Press),
    /// Somebody shut the bot out of their chat, or let it back in.
    PresenceChanged(Presence),
    /// A conversation goes on under another address.
    ConversationMoved {
        /// Its new address.
        to: ConversationId,
    },
    /// An operator closed a topic by hand, or opened it again.
    TopicClosed {
        /// Who did it.
        by: Person,
    },
    /// A topic of ours is there: the channel tells so of each, also where we did not hear the
    /// answer to its opening.
    TopicCreated {
        /// Its name.
        name: String,
        /// Since when it is there, milliseconds since the epoch.
        since: i64,
    },
    /// Somebody came in without writing: by a link, or by opening the chat.
    ChatEntered(Entrance),
    /// Somebody took back what they had written, or a picture they had sent.
    MessageRecalled {
        /// Who.
        by: Person,
        /// The message at the channel.
        message: MessageId,
    },
    /// People of ours took a chat over in their own client, or gave it back.
    ChatHanded(Handing),
    /// One of our people wrote to a customer in their own client.
    ServicerWrote {
        /// The customer.
        to: Person,
        /// Who wrote, by their name at the channel.
        servicer: String,
        /// The words; empty for what has none.
        text: String,
        /// What came with them.
        attachments: Vec<Attachment>,
    },
    /// Somebody became a contact of one of our people, or stopped being one.
    ContactChanged(Contact),
    /// Somebody rated an answer of ours.
    AnswerRated {
        /// Who.
        by: Person,
        /// The message at the channel.
        message: MessageId,
        /// What they think of it.
        rating: Rating,
    },
    /// The channel's own stop button on a draft was pressed.
    DraftStopped {
        /// The draft's number: the generation it shows.
        generation: GenerationId,
        /// Who pressed it, where the channel tells.
        by: Option<IdentityId>,
    },

    // The clock.
    /// No further part of an album came for a while: it is whole.
    AlbumSettled {
        /// Which.
        album: AlbumId,
        /// Who sent it.
        by: IdentityId,
        /// In private, among others, or at the desk.
        setting: Setting,
        /// The message of ours that it answers.
        replied: Option<MessageId>,
    },
    /// No more pictures came for a moment, where they come one by one.
    TraySettled {
        /// Whose.
        identity: IdentityId,
        /// Whether more came than one request takes.
        too_many: bool,
    },
    /// Pictures waited long enough for words.
    TrayLapsed {
        /// Whose.
        identity: IdentityId,
    },
    /// Somebody's next words meant something for long enough.
    AwaitingLapsed {
        /// Whose.
        identity: IdentityId,
    },
    /// A request waited long enough for an answer or for credits.
    RequestLapsed {
        /// Which.
        request: crate::id::RequestId,
    },
    /// Words for a case waited for its topic to be opened.
    TopicAwaited {
        /// Which case.
        case: EscalationId,
        /// The words.
        message: Message,
        /// When they came, milliseconds since the epoch.
        since: i64,
    },

    // The image provider, through the generation worker.
    /// A picture is made and stored.
    GenerationFinished(Finished),
    /// It was not made, and nothing is owed for it.
    GenerationFailed {
        /// Which.
        generation: GenerationId,
        /// Why.
        failure: Failure,
    },
    /// Nobody knows whether it was made.
    GenerationUncertain {
        /// Which.
        generation: GenerationId,
    },

    /// An errand to an outside party came to an end.
    ErrandEnded(ErrandEnded),

    // The payment provider.
    /// It told something.
    PaymentTold(Notice),
    /// Somebody's money has moved; it happens in their own chat.
    MoneyMoved {
        /// Who hears of it.
        identity: IdentityId,
        /// Whose it is: when that is somebody else's by now, others hear of it.
        #[serde(default)]
        account: Option<AccountId>,
        /// What.
        moved: Moved,
    },
    /// The first payment of somebody who was invited has stood for a while, or has not.
    InvitationDue {
        /// Who was invited.
        identity: IdentityId,
    },

    // A browser.
    /// By the address in a letter somebody says that a link is not theirs.
    LinkRefused(Refused),

    // The channel, about what we sent.
    /// It took a message somebody waits to hear of.
    MessageDelivered(Delivered),
    /// It will never take it.
    MessageRefused {
        /// Which.
        outbound: OutboundId,
        /// What the message was part of.
        about: About,
        /// Why.
        refusal: Refusal,
    },
    /// Nobody knows whether it arrived, and a repeat would do harm.
    MessageUnknown {
        /// Which.
        outbound: OutboundId,
        /// What the message was part of.
        about: About,
    },

    /// It had taken a message, and now says that it did not arrive.
    MessageBounced {
        /// Which.
        outbound: OutboundId,
        /// Why.
        refusal: Refusal,
    },
    /// It tells something that the owner must act on.
    ChannelWarned {
        /// What.
        warning: Warning,
        /// Whose trouble it is, as the owner knows it: one of several apps or accounts.
        of: String,
    },

    // The owner and the house itself.
    /// What somebody said or pressed, or what we had to say to them, was given up: it ended us, or
    /// our turn of it, each time.
    CameToNothing {
        /// Who.
        who: Person,
        /// In private or among others.
        setting: Setting,
        /// Whose words.
        words: Words,
    },
    /// Something is wrong that the owner should see to; it happens in the owner's chat.
    AlarmRaised {
        /// What, in our words: never content.
        what: String,
    },
    /// The owner gave credits by hand.
    CreditsGranted {
        /// To whom.
        account: AccountId,
        /// How many.
        credits: Credits,
        /// Why, in the owner's words.
        reason: String,
    },
    /// Stored pictures come near the end of their time. Of each picture once.
    PicturesExpiring {
        /// Whose.
        account: AccountId,
        /// How many.
        count: i64,
        /// When the first of them is let go, milliseconds since the epoch.
        first_at: i64,
    },
    /// Credits of a plan come near the end of their time, or have come to it.
    CreditsLapsing {
        /// Whose.
        account: AccountId,
    },
    /// A stored picture reached the end of its time.
    ArtifactExpired {
        /// Which.
        artifact: ArtifactId,
        /// Whether it was still owed to its customer.
        owed: bool,
    },
}

impl Event {
    /// The customer who waits for an answer to this, and where.
    #[must_use]
    pub fn asked_by(&self) -> Option<(Person, Setting)> {
        match self {
            Self::MessageReceived(message) | Self::MessageEdited(message) => {
                Some((message.from.clone(), message.setting))
            }
            Self::ButtonPressed(press) => Some((press.by.clone(), press.setting)),
            Self::AlbumSettled { by, setting, .. } => {
                let who = Person { identity: by.clone(), name: String::new(), language: None };
                Some((who, *setting))
            }
            _ => None,
        }
        .filter(|(_, setting)| *setting != Setting::Desk)
    }

    /// The picture whose fate this tells.
    #[must_use]
    pub fn tells_of(&self) -> Option<GenerationId> {
        match self {
            Self::GenerationFinished(finished) => Some(finished.generation),
            Self::GenerationFailed { generation, .. } => Some(*generation),
            _ => None,
        }
    }
}

/// Whose words came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Words {
    /// Theirs.
    Theirs,
    /// Ours.
    Ours,
    /// Ours, which the channel does not let through for what they say.
    NotLetThrough,
}

/// What somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who.
    pub from: Person,
    /// In private or among others.
    pub setting: Setting,
    /// The message at the channel.
    pub id: MessageId,
    /// The text or caption, without our name in it.
    pub text: String,
    /// What came with it.
    pub attachments: Vec<Attachment>,
    /// The album it is a part of.
    pub album: Option<AlbumId>,
    /// What it answers.
    pub reply_to: Option<ReplyTo>,
}

impl Message {
    /// Whether it answers a message with pictures in it: then those are meant, whatever button was
    /// pressed before.
    #[must_use]
    pub fn answers_pictures(&self) -> bool {
        let answered = self.reply_to.iter().flat_map(|reply| &reply.attachments);
        answered.into_iter().any(|attachment| match attachment {
            Attachment::Picture(_) | Attachment::TooLarge { .. } => true,
            Attachment::Other(_) => false,
        })
    }
}

/// Where a message was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Setting {
    /// Between the two of us.
    Private,
    /// In a group, and meant for us (by command, mention or reply).
    Group,
    /// At the operators' desk: a topic of an escalation, or the desk itself.
    Desk,
}

/// What a message answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyTo {
    /// The message at the channel.
    pub message: MessageId,
    /// Whether it is one of ours.
    pub ours: bool,
    /// The pictures in it.
    pub attachments: Vec<Attachment>,
}

/// A press of a button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    /// Who pressed.
    pub by: Person,
    /// In private or among others.
    pub setting: Setting,
    /// The press, to be answered.
    pub tap: TapId,
    /// The message the button is under, where it can still be reached.
    pub message: Option<MessageId>,
    /// The token on the button, as it came back. Never trusted: see [`crate::say::Action`].
    pub token: String,
}

/// Whether we can reach somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Who.
    pub who: Person,
    /// Whether they let us write.
    pub reachable: bool,
}

/// Somebody came in without writing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entrance {
    /// Who.
    pub who: Person,
    /// By which of our links.
    pub scene: Option<String>,
    /// What that link carried: where they come from, a plan, a linking token.
    pub scene_param: Option<String>,
    /// Whether they can be written to at once.
    pub greet: Greet,
}

/// Whether somebody who has not written can be written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Greet {
    /// Not before they write.
    No,
    /// As anybody.
    Freely,
    /// By one message, as an answer to this one.
    Once(Answerable),
}

/// Something that takes one answer, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answerable {
    /// What the answer names as the message it answers. Opaque outside the adapter.
    pub message: MessageId,
    /// Until when, milliseconds since the epoch.
    pub until: i64,
}

/// Who has a chat now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handing {
    /// The customer.
    pub who: Person,
    /// To whom.
    pub to: Hands,
    /// What may be said on this occasion.
    pub answer: Option<Answerable>,
}

/// In whose hands a chat is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hands {
    /// One of our people's, by their name at the channel. The bot may not write.
    Servicer(String),
    /// The bot's again.
    Bot,
}

/// Somebody became a contact of one of our people, or stopped being one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Who.
    pub who: Person,
    /// Whose contact, by their name at the channel.
    pub member: String,
    /// As whom they write to the bot, should they.
    pub writes_as: IdentityId,
    /// Where they come from, as our link says.
    pub origin: Option<String>,
    /// What happened.
    pub change: ContactChange,
}

/// What happened to a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContactChange {
    /// It came about; a greeting may be sent once where that is allowed.
    Added(Option<Answerable>),
    /// It is described otherwise.
    Edited,
    /// Our side ended it.
    Dropped,
    /// They ended it.
    Left,
    /// It was to go to another of our people, and did not.
    TransferFailed,
}

/// What somebody thinks of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    /// Good.
    Good,
    /// Bad.
    Bad,
    /// They took their rating back.
    Withdrawn,
}

/// Something that the owner must act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// The app is about to lose its permissions because nobody uses it.
    AppIdle,
    /// The app has lost its permissions because nobody used it.
    AppClosed,
    /// The app works again.
    AppOpen,
    /// The accounts that the app may answer for have changed.
    AccountsChanged,
    /// One of our people began or stopped to take chats.
    ServicersChanged,
}

impl Warning {
    /// What is wrong and where it is put right; nothing where all is well.
    #[must_use]
    pub fn alarm(self) -> Option<&'static str> {
        Some(match self {
            Self::AppIdle => "the app will lose its permissions for disuse: open it in the console",
            Self::AppClosed => "the app lost its permissions for disuse: enable it in the console",
            Self::AccountsChanged => "the accounts that the app may answer for have changed",
            Self::AppOpen | Self::ServicersChanged => return None,
        })
    }
}

/// A picture that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// Which generation.
    pub generation: GenerationId,
    /// Its random name in the object store.
    pub object: String,
    /// SHA-256 of the original, hex.
    pub sha256: String,
    /// Bytes of the original.
    pub bytes: i64,
    /// Pixels of the original.
    pub size: Size,
    /// `png`, `jpeg` or `webp`.
    pub kind: String,
    /// What the provider takes for it, in millionths of a US dollar, where it tells.
    pub cost_micro_usd: Option<i64>,
    /// Milliseconds from the call to the stored picture.
    pub took_ms: i64,
}

/// The channel took a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// Which.
    pub outbound: OutboundId,
    /// What it was part of.
    pub about: About,
    /// The message at the channel.
    pub message: Option<MessageId>,
    /// The conversation that came about (a topic).
    pub conversation: Option<ConversationId>,
}

/// What a message was part of: whom its fate concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// The picture of a generation.
    Picture(GenerationId),
    /// The word that a generation came to nothing.
    Ended(GenerationId),
    /// An original asked for as a file.
    Original(ArtifactId),
    /// An operator's line to a customer.
    Relay(EscalationId),
    /// One of the messages that are one answer of an operator's together: an album, or a picture
    /// and words too long to stand under it.
    RelayPart {
        /// The matter.
        case: EscalationId,
        /// The first of them. Their numbers are without a gap.
        first: OutboundId,
        /// The last.
        last: OutboundId,
    },
    /// The topic of an escalation.
    Topic(EscalationId),
    /// A line into an escalation's topic (a customer's words, a card).
    TopicLine(EscalationId),
    /// A word of ours to a customer about their matter: its fate concerns nobody, but who answers
    /// it speaks about the matter.
    Matter(EscalationId),
    /// A word of ours beside a picture (its receipt, a question about it): its fate concerns
    /// nobody, but who answers it speaks about the picture.
    Beside(ArtifactId),
    /// Something that only its slot cares about.
    Slot(Slot),
    /// How things stand at this moment: rather left out than said late.
    Passing,
    /// The one answer that an event of the channel's takes: it costs no reply.
    Occasion,
    /// The handing of a whole chat to people, for their matter. It costs no reply either.
    Handing(EscalationId),
}
