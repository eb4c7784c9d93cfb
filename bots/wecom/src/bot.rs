//! The AI bot: an answer is one message that says more and more, and in the end shows the picture.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use picdesk_core::{
    channel::{
        Budget, Capabilities, Channel, Content, Delivery, DeliveryError, FetchError, MediaRef,
        OutboundMessage, Place, Receipt, Refusal, Showing, Text,
    },
    id::{ConversationId, MessageId, Slot},
};
use serde_json::{Value, json};
use url::Url;

use crate::{
    Clock,
    address::{Address, chat_of},
    answer::{Broken, CallError},
    client::{Client, File, House, post_to},
    config::{BotMode, BotSettings, BotWords, Patience, bot_capabilities, socket_capabilities},
    envelope::AesKey,
    hand::foreign,
    menus::Menus,
    parse::bot::stream_of,
    render::bot::{all_numbered, response, words},
    socket::{Asked, SocketHandle},
    streams::{Applied, RECEIPT_MS, Stream, StreamStore, Unavailable},
};

/// How often a change of an answer is tried again that met another one.
const TRIES_MAX: u32 = 5;

/// How long an answer on the connection waits for its receipt when its pictures are there.
const RECEIPT_WAIT: Duration = Duration::from_millis(RECEIPT_MS.unsigned_abs());

/// What padding may add to a file.
const PADDING_BYTES_MAX: u64 = 32;

/// The channel of the AI bot.
pub struct WecomBot {
    capabilities: Capabilities,
    words: BotWords,
    door: Door,
    http: reqwest::Client,
    patience: Patience,
    streams: Arc<dyn StreamStore>,
    menus: Arc<dyn Menus>,
    clock: Clock,
}

/// How answers leave.
enum Door {
    /// WeCom asks for them.
    Callback { key: Option<Box<AesKey>> },
    /// They are said on the connection.
    Socket(Arc<SocketHandle>),
}

impl WecomBot {
    /// The channel by these settings. `socket` is what the connection is reached by, where there
    /// is one.
    #[must_use]
    pub fn new(
        settings: &BotSettings,
        house: &House,
        streams: Arc<dyn StreamStore>,
        menus: Arc<dyn Menus>,
        socket: Arc<SocketHandle>,
    ) -> Self {
        let door = match &settings.mode {
            BotMode::Callback { aes_key, .. } => {
                Door::Callback { key: AesKey::read(aes_key.expose()).map(Box::new) }
            }
            BotMode::Socket { .. } => Door::Socket(socket),
        };
        let capabilities = match &door {
            // WeCom asks as often as it likes.
            Door::Callback { .. } => bot_capabilities(),
            Door::Socket(_) => socket_capabilities(),
        };
        Self {
            capabilities,
            words: settings.words.clone(),
            door,
            http: house.http.clone(),
            patience: house.patience,
            streams,
            menus,
            clock: house.clock.clone(),
        }
    }

    /// The answer that a message belongs to: the one it edits or answers, while that is open or
    /// more can be said after it; else one that can be begun or gone on with there.
    async fn stream_for(
        &self,
        message: &OutboundMessage,
        edit: Option<&MessageId>,
    ) -> Result<Option<Stream>, Unavailable> {
        let now = (self.clock)();
        let of_edit = edit.and_then(|id| id.0.split_once('/')).map(|(id, _)| id.to_owned());
        let of_reply = message.reply_to.as_ref().map(|id| stream_of(&id.0));
        let mut ended = None;
        for id in [of_edit, of_reply].into_iter().flatten() {
            let found = self.streams.find(&id).await?;
            let here = |stream: &Stream| stream.conversation == message.conversation;
            let Some(stream) = found.filter(here) else { continue };
            if stream.is_open(now) {
                return Ok(Some(stream));
            }
            ended = ended.or(Some(stream).filter(|stream| self.says_more(stream, message, now)));
        }
        if ended.is_some() {
            return Ok(ended);
        }
        let recent = self.streams.recent(&message.conversation).await?;
        let takes = |stream: &Stream| stream.is_open(now) || self.says_more(stream, message, now);
        let awaited = recent.iter().find(|stream| stream.awaits(message) && takes(stream));
        let any = || recent.iter().find(|stream| takes(stream));
        Ok(awaited.or_else(any).or(recent.first()).cloned())
    }

    /// Whether more can be said after the end of an answer.
    fn says_more(&self, stream: &Stream, message: &OutboundMessage, now: i64) -> bool {
        match self.door {
            Door::Callback { .. } => stream.takes_response(message, now),
            Door::Socket(_) => true,
        }
    }

    async fn put(&self, delivery: &Delivery) -> Result<Receipt, DeliveryError> {
        let message = &delivery.message;
        for _ in 0..TRIES_MAX {
            let stream =
                self.stream_for(message, delivery.edit.as_ref()).await.map_err(not_sent)?;
            let Some(mut stream) = stream else { return Err(DeliveryError::WindowClosed) };
            let now = (self.clock)();
            match stream.apply(message, delivery.file.clone(), now) {
                Applied::Nothing => return Ok(Receipt::default()),
                Applied::Refused(refusal) => return Err(DeliveryError::Refused(refusal)),
                Applied::Closed => return self.later(stream, message).await,
                Applied::Shown(id, tokens) => {
                    self.remember(&message.conversation, &tokens).await;
                    if let Door::Socket(socket) = &self.door {
                        // Nobody asks: what is whole is said to its end at once, and a picture
                        // with the receipt that comes a moment later.
                        stream.finished = stream.finish_at.is_some() && !stream.receipt_due;
                        match self.say(socket, &stream, now).await {
                            Err(DeliveryError::WindowClosed) => {
                                return self.later(stream, message).await;
                            }
                            said => said?,
                        }
                    }
                    stream.version += 1;
                    if self.streams.save(&stream).await.map_err(not_sent)? {
                        if let Door::Socket(socket) = &self.door
                            && stream.receipt_due
                            && stream.finish_at.is_some()
                        {
                            let end = Ending {
                                socket: Arc::clone(socket),
                                streams: Arc::clone(&self.streams),
                                words: self.words.clone(),
                                clock: self.clock.clone(),
                            };
                            tokio::spawn(end.without_receipt(stream.id));
                        }
                        return Ok(Receipt { message: Some(id), ..Receipt::default() });
                    }
                }
            }
        }
        Err(not_sent(Unavailable))
    }

    async fn remember(&self, conversation: &ConversationId, tokens: &[String]) {
        if !tokens.is_empty() {
            self.menus.remember(conversation, tokens).await;
        }
    }

    async fn say(
        &self,
        socket: &SocketHandle,
        stream: &Stream,
        now: i64,
    ) -> Result<(), DeliveryError> {
        say(socket, stream, &self.words, now).await
    }

    /// What is said after the answer has ended: once, by the address that came with the message;
    /// or on the connection, as often as one likes.
    async fn later(
        &self,
        stream: Stream,
        message: &OutboundMessage,
    ) -> Result<Receipt, DeliveryError> {
        // The address takes one answer, and the picture's has to be it: what is said beside it, or
        // would stand in its place until it comes, is not.
        let is_small = message.silent
            || matches!(message.place, Place::New { slot: Some(Slot::Generation(_)) });
        if is_small && matches!(self.door, Door::Callback { .. }) {
            return self.keep_for(stream, message).await;
        }
        let text = match &message.content {
            Content::Text(text) => text,
            Content::Buttons | Content::Removed { .. } => return Ok(Receipt::default()),
            Content::Picture { .. }
            | Content::Original { .. }
            | Content::Forward { .. }
            | Content::Invoice(_) => {
                // Its address is sent instead.
                return Err(DeliveryError::Refused(Refusal::Content));
            }
            Content::OpenTopic { .. }
            | Content::CloseTopic
            | Content::ReopenTopic
            | Content::RemoveTopic
            | Content::HandOver { .. }
            | Content::HandBack { .. } => {
                return Err(DeliveryError::Refused(Refusal::TopicGone));
            }
        };
        let (more, tokens) = all_numbered(&message.buttons);
        self.remember(&message.conversation, &tokens).await;
        match &self.door {
            Door::Socket(socket) => self.push(socket, message, text, &more).await?,
            Door::Callback { .. } => {
                self.respond(stream, message, response(text, &more)).await?;
            }
        }
        Ok(Receipt::default())
    }

    /// What stands for something to come keeps the address for that.
    async fn keep_for(
        &self,
        mut stream: Stream,
        message: &OutboundMessage,
    ) -> Result<Receipt, DeliveryError> {
        if stream.takes_response(message, (self.clock)()) && stream.begins_to_await(message) {
            stream.version += 1;
            if !self.streams.save(&stream).await.map_err(not_sent)? {
                return Err(not_sent(Unavailable));
            }
        }
        Ok(Receipt::default())
    }

    async fn push(
        &self,
        socket: &SocketHandle,
        message: &OutboundMessage,
        text: &Text,
        more: &[String],
    ) -> Result<(), DeliveryError> {
        let (to, kind) = match Address::of(&message.conversation) {
            Some(Address::Talk { group: Some(group), .. }) => (group, 2),
            Some(Address::Talk { group: None, user }) => (user, 1),
            _ => return Err(foreign(&message.conversation)),
        };
        let mut body = response(text, more);
        body["chatid"] = json!(to);
        body["chat_type"] = json!(kind);
        socket.send("aibot_send_msg", body).await.map_err(Asked::failure)
    }

    /// The address takes one answer. Whose it is, is written down before it is used: so the same
    /// message can be tried again, and a no then says that it was there already.
    async fn respond(
        &self,
        mut stream: Stream,
        message: &OutboundMessage,
        body: Value,
    ) -> Result<(), DeliveryError> {
        if !stream.takes_response(message, (self.clock)()) {
            return Err(DeliveryError::WindowClosed);
        }
        let url = stream.response_url.as_deref().and_then(|url| Url::parse(url).ok());
        let Some(url) = url else { return Err(DeliveryError::WindowClosed) };
        let is_repeat = stream.responded.is_some();
        if !is_repeat {
            stream.responded = Some(message.id);
            stream.version += 1;
            if !self.streams.save(&stream).await.map_err(not_sent)? {
                return Err(not_sent(Unavailable));
            }
        }
        match post_to(&self.http, url, &body, self.patience).await {
            Ok(()) => Ok(()),
            Err(CallError::Answered(no)) if no.is_busy() => {
                Err(DeliveryError::NotSent(CallError::Answered(no).into()))
            }
            Err(CallError::Answered(no)) if is_repeat => {
                tracing::debug!("wecom: a later answer was there already: {no}");
                Ok(())
            }
            Err(CallError::Answered(no)) => {
                tracing::debug!("wecom: a later answer was refused: {no}");
                // It takes nothing, this message's next try included.
                stream.response_url = None;
                stream.version += 1;
                self.streams.save(&stream).await.map_err(not_sent)?;
                Err(DeliveryError::WindowClosed)
            }
            Err(error @ CallError::NotSent(_)) => Err(DeliveryError::NotSent(error.into())),
            Err(error) => Err(DeliveryError::Unknown(error.into())),
        }
    }

    async fn progress(&self, message: &MessageId, text: &Text) -> Result<(), DeliveryError> {
        let Some((id, _)) = message.0.split_once('/') else { return Ok(()) };
        let Some(mut stream) = self.streams.find(id).await.map_err(not_sent)? else {
            return Ok(());
        };
        let now = (self.clock)();
        if !stream.show(message, words(text, &[]), now) {
            return Ok(());
        }
        if let Door::Socket(socket) = &self.door {
            self.say(socket, &stream, now).await?;
        }
        stream.version += 1;
        // Another change is newer than this one: progress may be lost.
        self.streams.save(&stream).await.map(|_| ()).map_err(not_sent)
    }
}

/// The end of an answer on the connection whose receipt does not come.
struct Ending {
    socket: Arc<SocketHandle>,
    streams: Arc<dyn StreamStore>,
    words: BotWords,
    clock: Clock,
}

impl Ending {
    /// Ends it after a while with what it shows. Should this process die before, the picture is
    /// told of as one that nobody came for.
    async fn without_receipt(self, id: String) {
        tokio::time::sleep(RECEIPT_WAIT).await;
        for _ in 0..TRIES_MAX {
            let Ok(Some(mut stream)) = self.streams.find(&id).await else { return };
            let now = (self.clock)();
            if stream.finished || !stream.receipt_due || !stream.is_open(now) {
                return;
            }
            stream.finished = true;
            if say(&self.socket, &stream, &self.words, now).await.is_err() {
                return;
            }
            stream.version += 1;
            if let Ok(true) | Err(Unavailable) = self.streams.save(&stream).await {
                return;
            }
        }
    }
}

async fn say(
    socket: &SocketHandle,
    stream: &Stream,
    words: &BotWords,
    now: i64,
) -> Result<(), DeliveryError> {
    let Some(req_id) = &stream.req_id else { return Err(DeliveryError::WindowClosed) };
    let frame = stream.frame(words, now);
    socket.respond("aibot_respond_msg", req_id, frame).await.map_err(Asked::failure)
}

fn not_sent(error: Unavailable) -> DeliveryError {
    DeliveryError::NotSent(error.into())
}

#[async_trait]
impl Channel for WecomBot {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// All who talk to it in a group have one chat's limits.
    fn budget<'c>(&self, conversation: &'c ConversationId) -> Budget<'c> {
        Budget { key: chat_of(conversation), group: false }
    }

    async fn deliver(&self, delivery: Delivery) -> Result<Receipt, DeliveryError> {
        match Address::of(&delivery.message.conversation) {
            Some(Address::Talk { .. }) => self.put(&delivery).await,
            _ => Err(foreign(&delivery.message.conversation)),
        }
    }

    async fn show(&self, showing: Showing) -> Result<(), DeliveryError> {
        match showing {
            // A picture can only be in the last frame: the words are shown.
            Showing::Partial { message, text, .. } => self.progress(&message, &text).await,
            Showing::Busy { .. }
            | Showing::Answer(_)
            | Showing::PaymentAnswer { .. }
            | Showing::Draft { .. } => Ok(()),
        }
    }

    async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Vec<u8>, FetchError> {
        let (key, url) = media.handle.split_once(' ').ok_or(FetchError::Gone)?;
        let own = AesKey::read(key);
        let callbacks = match &self.door {
            Door::Callback { key } => key.as_deref(),
            Door::Socket(_) => None,
        };
        let key = own.as_ref().or(callbacks).ok_or(FetchError::Gone)?;
        let url = Url::parse(url).map_err(|_| FetchError::Gone)?;
        let most = bytes_max.saturating_add(PADDING_BYTES_MAX);
        match Client::media_at(&self.http, url, self.patience.upload, most).await {
            Ok(File::Bytes(bytes)) => match key.open_media(bytes) {
                Ok(plain) if plain.len() as u64 > bytes_max => Err(FetchError::TooLarge),
                Ok(plain) => Ok(plain),
                Err(_) => Err(FetchError::Gone),
            },
            Ok(File::TooLarge) => Err(FetchError::TooLarge),
            // Its five minutes are over.
            Err(CallError::Unknown(Broken::Foreign { status: 400..=499 })) => Err(FetchError::Gone),
            Err(error) => Err(FetchError::Later(error.into())),
        }
    }
}
