//! The seam between the house and a messaging network: what crosses it, in both directions.
//!
//! An adapter turns what its network sends into [`Received`], and renders [`OutboundMessage`].
//! What a network can and cannot do is data, in [`Capabilities`]. The adapter *implements*
//! [`Channel`] and *calls* [`Inbox`]; no type of a network's own crosses here.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{error::Error, fmt, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    event::Event,
    generation::Size,
    id::{ArtifactId, ConversationId, MessageId, OutboundId, Slot, TapId},
    payment::Asking,
};

/// Something that happened on a channel, on its way into the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// The channel's own name for this happening (`telegram:update:17`); seen twice, kept once.
    pub external_id: String,
    /// Where it happened.
    pub conversation: ConversationId,
    /// What must not be turned out of order; most often the conversation itself.
    pub lane: Lane,
    /// When, by the channel's clock, milliseconds since the epoch.
    pub happened_at: i64,
    /// What.
    pub event: Event,
    /// The bytes as they came; kept for a while, then forgotten.
    pub raw: Vec<u8>,
    /// What it came in, where the channel seals and signs that: the first 16 bytes of its SHA-256.
    /// The same seal is never opened twice, under whatever name its content goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<[u8; 16]>,
}

/// In which order an event is turned, and against what.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lane {
    /// After everything that came before it in its conversation.
    Conversation,
    /// A tap: in order with the same person's taps only. It may overtake messages.
    Taps(String),
    /// Something that the channel drops unless it is answered within seconds.
    Urgent(String),
}

impl Lane {
    /// The ordering key in a row: events with the same key are turned one after the other.
    #[must_use]
    pub fn key(&self, conversation: &ConversationId) -> String {
        match self {
            Self::Conversation => conversation.0.clone(),
            Self::Taps(who) => alloc::format!("tap {who}"),
            Self::Urgent(what) => alloc::format!("urgent {what}"),
        }
    }
}

/// A file at the channel that can be fetched again after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MediaRef {
    /// What the adapter fetches it by. Opaque outside the adapter.
    pub handle: String,
    /// The same file has the same key, whoever sends it; for telling repeats. Where messages can be
    /// taken back and each brings one file, the key is the message's id.
    pub unique: String,
    /// Its size in bytes, where the channel tells.
    pub bytes: Option<u64>,
    /// Its pixels, where the channel tells.
    pub size: Option<Size>,
    /// Its name, where it was sent as a file.
    pub name: Option<String>,
    /// The channel gives it away only until then, milliseconds since the epoch.
    pub fetch_before: Option<i64>,
}

/// What came with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attachment {
    /// A picture: a photo, or a file that says it is one.
    Picture(MediaRef),
    /// A picture that the channel will not let us have because of its size.
    TooLarge {
        /// Its name, where it has one.
        name: Option<String>,
        /// Bytes, where the channel tells.
        bytes: Option<u64>,
        /// The most we could fetch.
        bytes_max: u64,
    },
    /// Something that is no picture.
    Other(OtherKind),
}

/// Kinds of attachments that we cannot draw from, in words a person knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherKind {
    /// A voice message or music.
    Audio,
    /// A film, a video note, an animation.
    Video,
    /// A sticker.
    Sticker,
    /// A file of another kind.
    File,
    /// A place on a map.
    Location,
    /// A contact card.
    Contact,
    /// A poll, dice, a game, or something newer than we are.
    Something,
}

/// What a channel can do. Limits are data, so that the rules can plan with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The channel's name.
    pub name: &'static str,
    /// Whether a message of ours can be changed after it was sent.
    pub edits: bool,
    /// Whether the buttons of a message of ours can be taken away, also where nothing else of it
    /// can be changed.
    pub closes_buttons: bool,
    /// Whether a message can carry buttons.
    pub buttons: bool,
    /// Whether topics can be opened for operators.
    pub topics: bool,
    /// Whether a whole chat can be handed to people of ours, who answer in their own client.
    pub hands_over: bool,
    /// Longest text, in the channel's own units (Telegram: UTF-16 code units).
    pub text_units_max: usize,
    /// Longest caption, in the same units.
    pub caption_units_max: usize,
    /// Largest picture that is shown in line, bytes.
    pub photo_bytes_max: u64,
    /// Largest sum of a picture's sides, pixels.
    pub photo_side_sum_max: u32,
    /// Largest ratio of a picture's sides.
    pub photo_ratio_max: u32,
    /// Largest file, bytes.
    pub file_bytes_max: u64,
    /// Messages the channel takes after each message of theirs; nothing where there is no budget.
    pub replies_max: Option<u32>,
    /// Whether the channel takes a message of ours once, however often it is sent: each has its
    /// name there.
    pub knows_repeats: bool,
    /// Whether people may be somebody's contacts before they write: where those came from is known
    /// then.
    pub meets_contacts: bool,
    /// Seconds after their last message during which the channel takes ours; nothing where there
    /// is no such window.
    pub reply_window_s: Option<u32>,
    /// Whether emphasis is shown.
    pub markdown: bool,
    /// Buttons that one message shows as buttons; further ones are numbered lines that are
    /// answered by their number. Nothing where there is no such limit.
    pub buttons_max: Option<u32>,
    /// Sends a second over all conversations; 0 = no limit of ours.
    pub sends_per_s: u32,
    /// Sends a second in one conversation; 0 = no limit of ours.
    pub chat_sends_per_s: u32,
    /// Sends a minute in one group; 0 = no limit of ours.
    pub group_sends_per_min: u32,
    /// Sends that a conversation takes, where more are dropped without a word.
    pub chat_sends_max: Option<SendsMax>,
    /// The least time between two progress edits of one message, seconds.
    pub edit_interval_s: u32,
    /// Whether drafts are shown beside the placeholder ([`Showing::Draft`]).
    pub drafts: bool,
    /// Whether purchases are paid in the channel itself, in Telegram Stars.
    pub stars: bool,
    /// Whether each message and each press of theirs has one answer that grows until it is whole:
    /// then all that is said says what it answers, and nothing is shown in passing.
    pub one_answer: bool,
    /// Whether more can be said than answers; else what nobody asked for waits for their next
    /// message.
    pub begins: bool,
}

/// How many sends are taken at most; what is more is lost, and nobody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendsMax {
    /// In any minute.
    pub per_min: u32,
    /// In any hour.
    pub per_hour: u32,
}

/// Text with emphasis by offset, never by markup: what a person wrote cannot break out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The words.
    pub text: String,
    /// Which parts stand out.
    pub spans: Vec<Span>,
}

impl Text {
    /// Words without emphasis.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), spans: Vec::new() }
    }
}

/// A part of a text that stands out; offsets in bytes of the UTF-8 text, on character borders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// How.
    pub style: Style,
}

/// How a part of a text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Style {
    /// A prompt, quoted.
    Italic,
    /// A number or name that matters.
    Bold,
    /// Something to copy as it is.
    Code,
}

/// A button as the channel gets it: rendered words and an opaque token, or an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What stands on it.
    pub label: String,
    /// What it does.
    pub target: ButtonTarget,
}

/// What a button does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ButtonTarget {
    /// Comes back to us as a tap with this token, at most 64 bytes.
    Token(String),
    /// Opens an address.
    Url(String),
    /// Puts this text on the clipboard, at most 256 characters.
    Copy(String),
}

/// One message on its way out, rendered: what is stored is what is sent, also after an upgrade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundMessage {
    /// Its id; also the idempotency key where the channel has one.
    pub id: OutboundId,
    /// Where it goes. Fixed when the turn committed.
    pub conversation: ConversationId,
    /// New, or in the place of an earlier one.
    pub place: Place,
    /// The message it answers, where that helps the reader.
    pub reply_to: Option<MessageId>,
    /// What it says or shows.
    pub content: Content,
    /// Rows of buttons under it.
    pub buttons: Vec<Vec<Button>>,
    /// Whether it may be sent again when nobody knows if it arrived.
    pub repeat: Repeat,
    /// Whether it arrives without a sound.
    pub silent: bool,
}

/// Whether a message takes a new place or an earlier one's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// A message of its own; `slot` names it for later edits.
    New {
        /// The name under which it can be edited.
        slot: Option<Slot>,
    },
    /// In the place of the message that this slot names; a new one where that is gone or the
    /// channel cannot edit.
    Edit {
        /// The earlier message.
        slot: Slot,
    },
    /// In the place of a message that the tap or reply named.
    EditMessage {
        /// The message at the channel.
        message: MessageId,
    },
}

/// What a message says or shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// Words.
    Text(Text),
    /// A stored picture, shown in line.
    Picture {
        /// Which.
        artifact: ArtifactId,
        /// Words under it.
        caption: Text,
    },
    /// A stored picture's original bytes, as a file.
    Original {
        /// Which.
        artifact: ArtifactId,
        /// The file's name.
        file_name: String,
        /// Words under it.
        caption: Text,
    },
    /// A picture somebody sent, passed on (between a customer and an operator): by its handle on
    /// the channel where it lies, as a copy on another.
    Forward {
        /// The file at the channel.
        media: MediaRef,
        /// Where it was sent.
        from: ConversationId,
        /// Words under it.
        caption: Text,
    },
    /// Something to be paid in the channel itself.
    Invoice(Invoice),
    /// Only the buttons of the message change.
    Buttons,
    /// The message goes away.
    Removed {
        /// What stands in its place where it showed a picture and the channel does not let it go,
        /// because it is too old: the picture goes all the same.
        instead: Text,
    },
    /// A new topic at the operators' desk; its conversation becomes the slot's.
    OpenTopic {
        /// Its name, at most 128 characters.
        name: String,
    },
    /// The topic the message goes to is closed.
    CloseTopic,
    /// The topic the message goes to is opened again.
    ReopenTopic,
    /// The topic the message goes to goes away, with what is in it.
    RemoveTopic,
    /// The chat goes to people of ours, who answer in their own client.
    HandOver {
        /// The last words of the bot.
        words: Text,
    },
    /// The chat is taken back from them.
    HandBack {
        /// What is said to that.
        words: Text,
    },
}

/// Something to be paid in the channel itself, in Telegram Stars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// What is bought, in a few words.
    pub title: String,
    /// The same in a sentence.
    pub description: String,
    /// Our name for the purchase; it comes back with the payment.
    pub request: String,
    /// What it costs.
    pub stars: i64,
}

/// Whether a message may be sent again when nobody knows if it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Repeat {
    /// A second copy does no harm (an edit, a notice, a placeholder).
    Harmless,
    /// A second copy would be a lie or a nuisance: ask instead.
    Ask,
}

/// What the channel said when it took a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The message at the channel.
    pub message: Option<MessageId>,
    /// The conversation that came about (a topic).
    pub conversation: Option<ConversationId>,
    /// A handle by which the same file can be sent again without uploading it.
    pub file: Option<String>,
}

/// An answer to a press of a button; shown briefly, never durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapAnswer {
    /// Which press.
    pub tap: TapId,
    /// What is shown; empty for nothing.
    pub text: String,
    /// As a box that has to be closed rather than a passing line.
    pub alert: bool,
}

/// Why a channel will never take a message, as far as the rules care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// They blocked us, or their account is gone.
    Blocked,
    /// The conversation is gone, or we were put out of it.
    ConversationGone,
    /// The topic is gone.
    TopicGone,
    /// The message that was to be edited is gone.
    MessageGone,
    /// The channel does not take such content.
    Content,
    /// Not before they write again, or our people give the chat back.
    NotNow,
}

/// Something an adapter hands to the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// An event.
    Event(Box<Received>),
    /// Bytes that could not be read as anything known: kept aside for a human eye.
    SetAside {
        /// The channel's own name for it.
        external_id: String,
        /// Which channel.
        channel: &'static str,
        /// Why, in our words: never content.
        why: &'static str,
        /// The bytes as they came.
        raw: Vec<u8>,
    },
    /// The channel asks whether a payment may go on, and waits some seconds for the answer. Nothing
    /// follows from it but that: it is not written down, and waits behind nothing that is.
    Asked(Box<Asking>),
}

/// How far a source that is pulled from was read; moves in the same commit as what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The source's name: `telegram`.
    pub source: String,
    /// Where it stood when the pull began; nothing when it had never been pulled from.
    pub from: Option<String>,
    /// Where it stands after.
    pub to: String,
}

/// Where events are written down. Implemented by the house, called by adapters.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Writes down what arrived, each external id once, together with the checkpoint. When this
    /// returns, everything is on disk.
    async fn accept(
        &self,
        arrivals: Vec<Arrival>,
        checkpoint: Option<Checkpoint>,
    ) -> Result<(), InboxError>;

    /// Where a source that is pulled from stands.
    async fn checkpoint(&self, source: &str) -> Result<Option<String>, InboxError>;
}

/// Why nothing was written down, sorted by what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboxError {
    /// The store cannot be written now: the sender has to come again.
    Unavailable,
    /// Another replica pulls from this source now, or the checkpoint has moved: stop pulling and
    /// read it again.
    NotOurs,
}

impl fmt::Display for InboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "the store cannot be written",
            Self::NotOurs => "another replica reads this source",
        })
    }
}

impl Error for InboxError {}

/// Whose sending limits a conversation counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Budget<'c> {
    /// Conversations with the same key share their limits (the topics of a group).
    pub key: &'c str,
    /// Whether the limits of a group hold.
    pub group: bool,
}

/// A messaging network, as the house sees it. Only the sender task of the house calls
/// [`deliver`](Channel::deliver) and [`show`](Channel::show); but a press is answered by whichever
/// process turned it.
#[async_trait]
pub trait Channel: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> &Capabilities;

    /// What it is called where the owner hears of it: by its name, and by what tells it from its
    /// like.
    fn called(&self) -> String {
        self.capabilities().name.into()
    }

    /// Whose sending limits a conversation counts against: by default its own, and no group's.
    fn budget<'c>(&self, conversation: &'c ConversationId) -> Budget<'c> {
        Budget { key: conversation.as_str(), group: false }
    }

    /// How many sends a message costs there, at most: by default it is one.
    fn sends(&self, _message: &OutboundMessage) -> u32 {
        1
    }

    /// Hands one message over.
    async fn deliver(&self, delivery: Delivery) -> Result<Receipt, DeliveryError>;

    /// Shows something that may be lost: progress, a typing action, the answer to a press.
    async fn show(&self, showing: Showing) -> Result<(), DeliveryError>;

    /// Fetches a file somebody sent.
    async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Vec<u8>, FetchError>;
}

/// A message with everything an adapter needs to hand it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub message: OutboundMessage,
    /// The message at the channel that its slot names; nothing when there is none (any more), in
    /// which case an edit becomes a message of its own.
    pub edit: Option<MessageId>,
    /// Whether the message to be edited shows a picture by now (its words are then a caption).
    pub edit_is_picture: bool,
    /// The picture or file it carries.
    pub file: Option<OutboundFile>,
    /// Whether an earlier process may have begun to hand it over: where the channel knows a repeat
    /// by its name, its no may mean that the message is there.
    pub maybe_begun: bool,
}

/// A picture or file on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboundFile {
    /// The channel has it already.
    Known {
        /// The handle it gave.
        handle: String,
    },
    /// It has to be uploaded.
    Upload {
        /// The bytes: for a picture within the channel's limits, for a file the original.
        bytes: Vec<u8>,
        /// Its name, with an ending.
        name: String,
        /// `image/png` and the like.
        media_type: &'static str,
    },
}

/// Something that may be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Showing {
    /// A placeholder as it is now.
    Partial {
        /// Where.
        conversation: ConversationId,
        /// The placeholder at the channel.
        message: MessageId,
        /// Whether the placeholder shows a picture by now.
        is_picture: bool,
        /// The words.
        text: Text,
        /// A partial picture, within the channel's limits, as JPEG or PNG.
        picture: Option<Vec<u8>>,
        /// Rows of buttons under it.
        buttons: Vec<Vec<Button>>,
    },
    /// That something is being made for them.
    Busy {
        /// Where.
        conversation: ConversationId,
    },
    /// The answer to a press.
    Answer(TapAnswer),
    /// The answer to a question whether a payment may go on ([`Arrival::Asked`]).
    PaymentAnswer {
        /// The question, as the channel calls it.
        question: String,
        /// Why it may not; nothing where it may.
        refusal: Option<String>,
    },
    /// A draft with the channel's own stop button.
    Draft {
        /// Where.
        conversation: ConversationId,
        /// Its number; not zero.
        draft: i64,
        /// The words.
        text: Text,
    },
}

/// What made a delivery fail, for logs: never content, never an address with a token in it.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why a delivery failed, sorted by what to do next.
#[derive(Debug)]
pub enum DeliveryError {
    /// The network asked us to slow down, in this scope.
    RetryAfter {
        /// For how long.
        wait: Duration,
        /// Where.
        scope: Scope,
    },
    /// It certainly did not leave: send it again freely.
    NotSent(BoxError),
    /// It may have arrived: repeat only where a repeat is harmless.
    Unknown(BoxError),
    /// It said no and will say no again.
    Refused(Refusal),
    /// The conversation goes on under another address.
    Moved(ConversationId),
    /// The handle of the file is no longer good: upload it.
    Reupload,
    /// Not until they write again.
    WindowClosed,
    /// People have the chat; the bot may not write.
    HumanHasIt,
    /// Our credentials are wrong: nothing can be sent until the owner acts.
    Unauthorized,
}

/// Where a rate limit was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In this conversation.
    Conversation,
    /// Everywhere on this channel.
    Channel,
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RetryAfter { wait, .. } => write!(f, "rate limited; retry after {wait:?}"),
            Self::NotSent(_) => f.write_str("not sent"),
            Self::Unknown(_) => f.write_str("outcome unknown"),
            Self::Refused(why) => write!(f, "refused: {why:?}"),
            Self::Moved(_) => f.write_str("the conversation moved"),
            Self::Reupload => f.write_str("the file has to be uploaded again"),
            Self::WindowClosed => f.write_str("the reply window is closed"),
            Self::HumanHasIt => f.write_str("people have the conversation"),
            Self::Unauthorized => f.write_str("the channel does not accept our credentials"),
        }
    }
}

impl Error for DeliveryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotSent(source) | Self::Unknown(source) => Some(source.as_ref()),
            _ => None,
        }
    }
}

/// Why a file could not be fetched, sorted by what to do next.
#[derive(Debug)]
pub enum FetchError {
    /// Try again later.
    Later(BoxError),
    /// The channel asks for patience: try again after this long.
    RetryAfter(Duration),
    /// It is gone, or we may not have it.
    Gone,
    /// It is larger than we take.
    TooLarge,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Later(_) | Self::RetryAfter(_) => "the file cannot be fetched now",
            Self::Gone => "the file is gone",
            Self::TooLarge => "the file is too large",
        })
    }
}

impl Error for FetchError {}
