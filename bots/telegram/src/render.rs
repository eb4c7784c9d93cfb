//! From a message to a call of the Bot API. Pure: what comes out is what is sent.
//!
//! Emphasis goes by offset, never by markup, so that nothing a person wrote can break out of it.
//! Calls are teloxide's typed payloads where it has them and ours where the API is newer
//! ([`call`](crate::call)); both are plain structs that become JSON here, once.

mod keyboard;
mod text;

use picdesk_core::channel::{
    Content, Invoice, MediaRef, OutboundFile, OutboundMessage, Showing, TapAnswer, Text,
};
use serde::Serialize;
use teloxide::{
    payloads::{
        AnswerCallbackQuery, CloseForumTopic, CreateForumTopic, DeleteForumTopic, DeleteMessage,
        EditMessageCaption, EditMessageMedia, EditMessageReplyMarkup, EditMessageText,
        ReopenForumTopic, SendChatAction, SendDocument, SendMessage, SendPhoto,
    },
    types::{
        CallbackQueryId, ChatAction, FileId, InlineKeyboardMarkup, InputFile, InputMedia,
        InputMediaDocument, InputMediaPhoto, LinkPreviewOptions, MessageEntity, MessageId,
        ReplyMarkup, ReplyParameters,
    },
};

pub use self::keyboard::is_public;
use self::{keyboard::keyboard, text::fit};
use crate::{
    address::{Address, Target, number},
    call::{Call, Method, SendMessageDraft, Upload},
    config::{CAPTION_UNITS_MAX, TEXT_UNITS_MAX},
    stars,
};

/// Longest name of a topic, characters. Source: Bot API, `createForumTopic`.
const TOPIC_NAME_CHARS_MAX: usize = 128;

/// Longest answer to a press, characters. Source: Bot API, `answerCallbackQuery`.
const TAP_ANSWER_UNITS_MAX: usize = 200;

/// The name that the uploaded part of a call has in it.
const ATTACHED: &str = "attach://file";

/// A grey square.
const BLANK: &[u8] = include_bytes!("render/blank.png");

/// Which addresses may stand on buttons. Telegram refuses a whole message for a button that leads
/// to the machine itself; a stand-in on loopback takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Only addresses that others can reach.
    Public,
    /// All.
    Any,
}

/// Renders a message; nothing when there is nothing to be done (buttons or removal of a message
/// that is not there, a picture without its file).
#[must_use]
pub fn render(
    message: &OutboundMessage,
    target: Target,
    file: Option<OutboundFile>,
    links: Links,
) -> Option<Call> {
    let draft = Draft {
        address: Address::of(&message.conversation)?,
        target,
        silent: message.silent,
        reply: message.reply_to.as_ref().and_then(number),
        keyboard: keyboard(&message.buttons, links),
    };
    match &message.content {
        Content::Text(text) => Some(draft.words(text)),
        Content::Picture { caption, .. } => Some(draft.photo(caption, File::of(file)?)),
        Content::Original { caption, file_name, .. } => {
            Some(draft.document(caption, File::of(file)?.named(file_name)))
        }
        Content::Forward { media, caption, .. } => Some(draft.forward(caption, media, file)),
        Content::Invoice(invoice) => Some(draft.invoice(invoice)),
        Content::Buttons => draft.buttons(),
        Content::Removed { .. } => draft.removal(),
        Content::OpenTopic { name } => Some(draft.open_topic(name)),
        Content::CloseTopic => draft.close_topic(),
        Content::ReopenTopic => draft.reopen_topic(),
        Content::RemoveTopic => draft.remove_topic(),
        // A bot here has all of its chats to itself.
        Content::HandOver { .. } | Content::HandBack { .. } => None,
    }
}

/// What becomes of a message that was to go away and may not: no words, and where it showed a
/// picture, a blank one that says why.
#[must_use]
pub fn render_blank(message: &OutboundMessage, target: Target) -> Option<Call> {
    let Content::Removed { instead } = &message.content else { return None };
    let draft = Draft {
        address: Address::of(&message.conversation)?,
        target,
        silent: true,
        reply: None,
        keyboard: None,
    };
    match target {
        Target::New => None,
        Target::Words(_) => Some(draft.words(&Text::plain("…"))),
        Target::Picture(_) => Some(draft.photo(instead, File::blank())),
    }
}

/// Renders something that may be lost; nothing when it cannot be shown there.
#[must_use]
pub fn render_showing(showing: Showing, links: Links) -> Option<Call> {
    match showing {
        Showing::Partial { conversation, message, is_picture, text, picture, buttons } => {
            let message = number(&message)?;
            let draft = Draft {
                address: Address::of(&conversation)?,
                target: if is_picture { Target::Picture(message) } else { Target::Words(message) },
                silent: true,
                reply: None,
                keyboard: keyboard(&buttons, links),
            };
            Some(match picture {
                None => draft.words(&text),
                Some(bytes) => draft.photo(&text, File::partial(bytes)),
            })
        }
        Showing::Busy { conversation } => {
            let address = Address::of(&conversation)?;
            let mut call = SendChatAction::new(address.recipient(), ChatAction::UploadPhoto);
            call.message_thread_id = address.thread();
            Some(plain(Method::SendChatAction, Some(address), &call))
        }
        Showing::Answer(answer) => Some(tap_answer(answer)),
        Showing::PaymentAnswer { question, refusal } => Some(stars::answer(&question, refusal)),
        Showing::Draft { conversation, draft, text } => {
            let address = Address::of(&conversation)?;
            let (text, entities) = fit(&text, TEXT_UNITS_MAX);
            let call = SendMessageDraft {
                chat_id: address.chat,
                message_thread_id: address.topic,
                draft_id: draft,
                text,
                entities,
                can_stop: true,
            };
            // Drafts exist in private chats only, and zero is no number of one.
            (address.chat > 0 && draft != 0)
                .then(|| plain(Method::SendMessageDraft, Some(address), &call))
        }
    }
}

fn tap_answer(answer: TapAnswer) -> Call {
    let mut call = AnswerCallbackQuery::new(CallbackQueryId(answer.tap.0));
    if !answer.text.is_empty() {
        call.text = Some(fit(&Text::plain(answer.text), TAP_ANSWER_UNITS_MAX).0);
        call.show_alert = answer.alert.then_some(true);
    }
    plain(Method::AnswerCallbackQuery, None, &call)
}

fn plain<P: Serialize>(method: Method, address: Option<Address>, payload: &P) -> Call {
    Call::new(method, address, payload, None)
}

/// A message on its way to becoming a call.
struct Draft {
    address: Address,
    target: Target,
    silent: bool,
    reply: Option<i32>,
    keyboard: Option<InlineKeyboardMarkup>,
}

impl Draft {
    fn call<P: Serialize>(&self, method: Method, payload: &P, upload: Option<Upload>) -> Call {
        Call::new(method, Some(self.address), payload, upload)
    }

    fn reply(&self) -> Option<ReplyParameters> {
        let reply = ReplyParameters::new(MessageId(self.reply?));
        Some(reply.allow_sending_without_reply())
    }

    fn words(self, text: &Text) -> Call {
        let to = self.address.recipient();
        match self.target {
            Target::New => {
                let (text, entities) = fit(text, TEXT_UNITS_MAX);
                let mut call = SendMessage::new(to, text);
                call.message_thread_id = self.address.thread();
                call.entities = some(entities);
                call.link_preview_options = Some(no_preview());
                call.disable_notification = self.silent.then_some(true);
                call.reply_parameters = self.reply();
                call.reply_markup = self.keyboard.clone().map(ReplyMarkup::InlineKeyboard);
                self.call(Method::SendMessage, &call, None)
            }
            Target::Words(message) => {
                let (text, entities) = fit(text, TEXT_UNITS_MAX);
                let mut call = EditMessageText::new(to, MessageId(message), text);
                call.entities = some(entities);
                call.link_preview_options = Some(no_preview());
                call.reply_markup.clone_from(&self.keyboard);
                self.call(Method::EditMessageText, &call, None)
            }
            Target::Picture(message) => {
                let (caption, entities) = fit(text, CAPTION_UNITS_MAX);
                let mut call = EditMessageCaption::new(to, MessageId(message));
                call.caption = Some(caption);
                call.caption_entities = some(entities);
                call.reply_markup.clone_from(&self.keyboard);
                self.call(Method::EditMessageCaption, &call, None)
            }
        }
    }

    fn photo(self, caption: &Text, file: File) -> Call {
        let (caption, entities) = fit(caption, CAPTION_UNITS_MAX);
        let (photo, upload) = file.parts();
        let to = self.address.recipient();
        let Some(message) = self.target.message() else {
            let mut call = SendPhoto::new(to, photo);
            call.message_thread_id = self.address.thread();
            call.caption = some_text(caption);
            call.caption_entities = some(entities);
            call.disable_notification = self.silent.then_some(true);
            call.reply_parameters = self.reply();
            call.reply_markup = self.keyboard.clone().map(ReplyMarkup::InlineKeyboard);
            return self.call(Method::SendPhoto, &call, upload);
        };
        let mut media = InputMediaPhoto::new(photo);
        media.caption = some_text(caption);
        media.caption_entities = some(entities);
        self.media(message, InputMedia::Photo(media), upload)
    }

    fn document(self, caption: &Text, file: File) -> Call {
        let (caption, entities) = fit(caption, CAPTION_UNITS_MAX);
        let (document, upload) = file.parts();
        // What is uploaded as a file must not be turned into something else on the way.
        let as_it_is = upload.is_some().then_some(true);
        let to = self.address.recipient();
        let Some(message) = self.target.message() else {
            let mut call = SendDocument::new(to, document);
            call.message_thread_id = self.address.thread();
            call.caption = some_text(caption);
            call.caption_entities = some(entities);
            call.disable_content_type_detection = as_it_is;
            call.disable_notification = self.silent.then_some(true);
            call.reply_parameters = self.reply();
            call.reply_markup = self.keyboard.clone().map(ReplyMarkup::InlineKeyboard);
            return self.call(Method::SendDocument, &call, upload);
        };
        let mut media = InputMediaDocument::new(document);
        media.disable_content_type_detection = as_it_is;
        media.caption = some_text(caption);
        media.caption_entities = some(entities);
        self.media(message, InputMedia::Document(media), upload)
    }

    fn media(self, message: i32, media: InputMedia, upload: Option<Upload>) -> Call {
        let mut call = EditMessageMedia::new(self.address.recipient(), MessageId(message), media);
        call.reply_markup.clone_from(&self.keyboard);
        self.call(Method::EditMessageMedia, &call, upload)
    }

    /// A photo can only be passed on as a photo, a file only as a file.
    fn forward(self, caption: &Text, media: &MediaRef, file: Option<OutboundFile>) -> Call {
        let known = || File::Known(media.handle.clone());
        let file = File::of(file).unwrap_or_else(known);
        match &media.name {
            Some(name) => self.document(caption, file.named(name)),
            None => self.photo(caption, file),
        }
    }

    /// It has the button that pays and no other: an invoice must begin with that one, and gets it
    /// by itself where there is none.
    fn invoice(self, invoice: &Invoice) -> Call {
        let (chat_id, topic) = (self.address.chat, self.address.topic);
        let call = stars::SendInvoice::new(chat_id, topic, self.silent, invoice);
        self.call(Method::SendInvoice, &call, None)
    }

    fn buttons(self) -> Option<Call> {
        let message = MessageId(self.target.message()?);
        let mut call = EditMessageReplyMarkup::new(self.address.recipient(), message);
        call.reply_markup.clone_from(&self.keyboard);
        Some(self.call(Method::EditMessageReplyMarkup, &call, None))
    }

    fn removal(self) -> Option<Call> {
        let message = MessageId(self.target.message()?);
        let call = DeleteMessage::new(self.address.recipient(), message);
        Some(self.call(Method::DeleteMessage, &call, None))
    }

    fn open_topic(self, name: &str) -> Call {
        let name: String = name.chars().take(TOPIC_NAME_CHARS_MAX).collect();
        let call = CreateForumTopic::new(self.address.recipient(), name);
        self.call(Method::CreateForumTopic, &call, None)
    }

    fn close_topic(self) -> Option<Call> {
        let call = CloseForumTopic::new(self.address.recipient(), self.address.thread()?);
        Some(self.call(Method::CloseForumTopic, &call, None))
    }

    fn reopen_topic(self) -> Option<Call> {
        let call = ReopenForumTopic::new(self.address.recipient(), self.address.thread()?);
        Some(self.call(Method::ReopenForumTopic, &call, None))
    }

    fn remove_topic(self) -> Option<Call> {
        let call = DeleteForumTopic::new(self.address.recipient(), self.address.thread()?);
        Some(self.call(Method::DeleteForumTopic, &call, None))
    }
}

/// A picture or file for a call.
enum File {
    Known(String),
    Upload(Upload),
}

impl File {
    fn of(file: Option<OutboundFile>) -> Option<Self> {
        Some(match file? {
            OutboundFile::Known { handle } => Self::Known(handle),
            OutboundFile::Upload { bytes, name, media_type } => {
                // A part without a file name is taken for a text field by some.
                let name = if name.is_empty() { "picture".to_owned() } else { name };
                Self::Upload(Upload { bytes: bytes.into(), name, media_type })
            }
        })
    }

    fn partial(bytes: Vec<u8>) -> Self {
        let (name, media_type) = if bytes.starts_with(b"\x89PNG") {
            ("progress.png", "image/png")
        } else {
            ("progress.jpg", "image/jpeg")
        };
        Self::Upload(Upload { bytes: bytes.into(), name: name.to_owned(), media_type })
    }

    fn blank() -> Self {
        let bytes = bytes::Bytes::from_static(BLANK);
        Self::Upload(Upload { bytes, name: "deleted.png".to_owned(), media_type: "image/png" })
    }

    fn named(self, name: &str) -> Self {
        match self {
            Self::Known(handle) => Self::Known(handle),
            Self::Upload(upload) if name.is_empty() => Self::Upload(upload),
            Self::Upload(upload) => Self::Upload(Upload { name: name.to_owned(), ..upload }),
        }
    }

    fn parts(self) -> (InputFile, Option<Upload>) {
        match self {
            Self::Known(handle) => (InputFile::file_id(FileId(handle)), None),
            Self::Upload(upload) => (InputFile::file_id(FileId(ATTACHED.to_owned())), Some(upload)),
        }
    }
}

fn some(entities: Vec<MessageEntity>) -> Option<Vec<MessageEntity>> {
    (!entities.is_empty()).then_some(entities)
}

fn some_text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}
