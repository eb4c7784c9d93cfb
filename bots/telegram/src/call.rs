//! A call of the Bot API, ready to be sent.

use bytes::Bytes;
use serde::Serialize;
use teloxide::types::MessageEntity;

use crate::address::Address;

/// One call: which method, its parameters as JSON, and the file that goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which method.
    pub method: Method,
    /// The place it writes to, where it names one.
    pub address: Option<Address>,
    /// Its parameters, a JSON object.
    pub body: Bytes,
    /// What is uploaded with it.
    pub upload: Option<Upload>,
}

impl Call {
    /// A call with these parameters.
    pub fn new<P: Serialize>(
        method: Method,
        address: Option<Address>,
        payload: &P,
        upload: Option<Upload>,
    ) -> Self {
        let body = serde_json::to_vec(payload).expect("a payload is plain data with text keys");
        Self { method, address, body: body.into(), upload }
    }

    /// What the call is about.
    #[must_use]
    pub fn gist(&self) -> Gist {
        Gist { method: self.method, address: self.address, uploads: self.upload.is_some() }
    }
}

/// What a call is about, for judging its answer when the call itself is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gist {
    /// Which method.
    pub method: Method,
    /// The place it writes to, where it names one.
    pub address: Option<Address>,
    /// Whether it carries a file rather than a handle.
    pub uploads: bool,
}

/// A file that is uploaded, as the part `file` of the call.
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its name, never empty.
    pub name: String,
    /// `image/png` and the like.
    pub media_type: &'static str,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { bytes, name, media_type } = self;
        write!(f, "{name} ({media_type}, {} bytes)", bytes.len())
    }
}

macro_rules! methods {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// The methods that we call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Method {
            $($(#[$doc])* $variant,)+
        }

        impl Method {
            /// Every method.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name in the API.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

methods! {
    /// Words.
    SendMessage = "sendMessage",
    /// A picture in line.
    SendPhoto = "sendPhoto",
    /// A file.
    SendDocument = "sendDocument",
    /// Other words.
    EditMessageText = "editMessageText",
    /// Other words under a picture.
    EditMessageCaption = "editMessageCaption",
    /// Another picture or file; also in the place of words.
    EditMessageMedia = "editMessageMedia",
    /// Other buttons.
    EditMessageReplyMarkup = "editMessageReplyMarkup",
    /// A message goes away.
    DeleteMessage = "deleteMessage",
    /// A topic.
    CreateForumTopic = "createForumTopic",
    /// A topic is closed.
    CloseForumTopic = "closeForumTopic",
    /// A topic is opened again.
    ReopenForumTopic = "reopenForumTopic",
    /// A topic goes away.
    DeleteForumTopic = "deleteForumTopic",
    /// The answer to a press.
    AnswerCallbackQuery = "answerCallbackQuery",
    /// "Sending a photo…".
    SendChatAction = "sendChatAction",
    /// Words that are still being written (Bot API 9.5).
    SendMessageDraft = "sendMessageDraft",
    /// Something to be paid in the chat.
    SendInvoice = "sendInvoice",
    /// A link to something to be paid.
    CreateInvoiceLink = "createInvoiceLink",
    /// Whether a payment may go on.
    AnswerPreCheckoutQuery = "answerPreCheckoutQuery",
    /// Stars go back.
    RefundStarPayment = "refundStarPayment",
    /// A subscription is not renewed any more.
    EditUserStarSubscription = "editUserStarSubscription",
    /// What was paid and given back.
    GetStarTransactions = "getStarTransactions",
    /// Where a file can be had.
    GetFile = "getFile",
    /// Who we are.
    GetMe = "getMe",
    /// What has happened.
    GetUpdates = "getUpdates",
    /// The menu of commands.
    SetMyCommands = "setMyCommands",
    /// Where updates are brought to.
    SetWebhook = "setWebhook",
    /// Updates are asked for, not brought.
    DeleteWebhook = "deleteWebhook",
}

/// `sendMessageDraft`, which teloxide does not have yet. Source: Bot API 9.5; `can_stop` 10.3.
#[derive(Serialize)]
pub(crate) struct SendMessageDraft {
    /// A person's chat.
    pub chat_id: i64,
    /// The topic in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_thread_id: Option<i32>,
    /// Which draft; not zero. The same number changes the words in place.
    pub draft_id: i64,
    /// The words so far.
    pub text: String,
    /// What stands out in them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<MessageEntity>,
    /// With a stop button.
    pub can_stop: bool,
}
