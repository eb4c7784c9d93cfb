//! Telegram: the Bot API on one side, the seam of the house on the other.
//!
//! Updates come by [`webhook`] or [`polling`], are read by our own tolerant structs ([`parse`]),
//! and go into the house's inbox before Telegram hears that we have them. Messages are rendered
//! ([`render`]) as the typed payloads of teloxide and sent by our own thin [`client`].

pub mod address;
pub mod answer;
pub mod call;
pub mod client;
pub mod config;
mod flood;
pub mod parse;
pub mod polling;
pub mod render;
pub mod setup;
pub mod stars;
mod update;
pub mod verify;
pub mod webhook;

use std::sync::OnceLock;

use async_trait::async_trait;
use bytes::Bytes;
use picdesk_core::{
    channel::{
        Arrival, Budget, Capabilities, Channel, Content, Delivery, DeliveryError, FetchError,
        MediaRef, OutboundFile, OutboundMessage, Receipt, Refusal, Showing,
    },
    id::ConversationId,
};

pub use self::config::{Mode, Patience, Problem, TelegramSettings};
use self::{
    address::{Address, Target},
    answer::{CallError, Verdict, judge, receipt},
    call::Call,
    client::{Client, DownloadError, HttpClient},
    flood::Floods,
    parse::{NotRead, Us, read_update},
    render::{Links, render, render_blank, render_showing},
};

/// Tells the time, milliseconds since the epoch.
pub type Clock = std::sync::Arc<dyn Fn() -> i64 + Send + Sync>;

/// One bot on Telegram.
pub struct TelegramChannel {
    settings: TelegramSettings,
    bot_id: i64,
    capabilities: Capabilities,
    links: Links,
    client: Client,
    patience: Patience,
    floods: Floods,
    /// The bot's username, from the first time that Telegram told it.
    username: OnceLock<String>,
}

impl TelegramChannel {
    /// A channel by these settings. Nothing is called yet. `http` comes from
    /// [`http_client`](client::http_client).
    ///
    /// # Errors
    /// The first of the settings' [`problems`](TelegramSettings::problems).
    pub fn new(settings: TelegramSettings, http: HttpClient) -> Result<Self, Problem> {
        Self::with_patience(settings, http, Patience::default())
    }

    /// The same with other time-outs and waits.
    ///
    /// # Errors
    /// The first of the settings' [`problems`](TelegramSettings::problems).
    pub fn with_patience(
        settings: TelegramSettings,
        http: HttpClient,
        patience: Patience,
    ) -> Result<Self, Problem> {
        if let Some(problem) = settings.problems().into_iter().next() {
            return Err(problem);
        }
        let bot_id = settings.bot_id().expect("a token without a bot's id is a problem");
        Ok(Self {
            bot_id,
            capabilities: settings.capabilities(),
            links: if render::is_public(&settings.api_url) { Links::Public } else { Links::Any },
            client: Client::new(&settings, http, patience),
            patience,
            floods: Floods::default(),
            username: OnceLock::new(),
            settings,
        })
    }

    /// The settings it was made by.
    #[must_use]
    pub fn settings(&self) -> &TelegramSettings {
        &self.settings
    }

    /// The bot's username, once Telegram has told it.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.username.get().map(String::as_str)
    }

    /// Who we are, for reading updates.
    #[must_use]
    pub fn us(&self) -> Us<'_> {
        Us { id: self.bot_id, username: self.username(), desk_chat_id: self.settings.desk_chat_id }
    }

    /// Reads one update as this bot; see [`read_update`].
    ///
    /// # Errors
    /// As there.
    pub fn read(&self, raw: Vec<u8>, received_at: i64) -> Result<Option<Arrival>, NotRead> {
        read_update(raw, &self.us(), received_at)
    }

    /// Makes a call; a no is judged, a success is its result.
    async fn call(&self, call: Call) -> Result<Bytes, Verdict> {
        let gist = call.gist();
        match self.client.call(call).await {
            Ok(result) => {
                self.floods.over();
                Ok(result)
            }
            Err(error) => {
                if let CallError::Answered(no) = &error {
                    tracing::debug!(
                        method = gist.method.name(),
                        code = no.code,
                        "telegram refused {}: {}",
                        gist.method.name(),
                        no.reason()
                    );
                }
                let scope = self.floods.scope(gist, &error);
                Err(judge(gist, error, scope))
            }
        }
    }

    async fn hand_over(
        &self,
        message: &OutboundMessage,
        target: Target,
        file: Option<OutboundFile>,
    ) -> Result<Receipt, Verdict> {
        self.make(render(message, target, file, self.links), target).await
    }

    /// Makes a call about a message; none is one that succeeds.
    async fn make(&self, call: Option<Call>, target: Target) -> Result<Receipt, Verdict> {
        let Some(call) = call else { return Ok(Receipt::default()) };
        let gist = call.gist();
        let result = self.call(call).await?;
        Ok(receipt(gist, target.message(), &result))
    }

    /// A message that was to go and may not: Telegram lets no older one be deleted, but edited.
    async fn blank(&self, message: &OutboundMessage, target: Target) -> Result<Receipt, Verdict> {
        match self.make(render_blank(message, target), target).await {
            Err(Verdict::OtherKind) => {
                let other = target.other_kind();
                self.make(render_blank(message, other), other).await
            }
            outcome => outcome,
        }
    }
}

#[async_trait]
impl Channel for TelegramChannel {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn budget<'c>(&self, conversation: &'c ConversationId) -> Budget<'c> {
        let id = conversation.as_str();
        match Address::of(conversation) {
            None => Budget { key: id, group: false },
            // All topics of a group share the group's limits.
            Some(address) => {
                let topic = address.topic.and_then(|_| id.rfind(':')).unwrap_or(id.len());
                Budget { key: &id[..topic], group: address.chat < 0 }
            }
        }
    }

    async fn deliver(&self, delivery: Delivery) -> Result<Receipt, DeliveryError> {
        let Delivery { message, edit, edit_is_picture, file, .. } = delivery;
        let target = Target::of(&message.place, edit.as_ref(), edit_is_picture);
        let mut outcome = self.hand_over(&message, target, file).await;
        if let Err(Verdict::OtherKind) = outcome {
            // A crash can come between an edit and the note that the message shows a picture now.
            outcome = self.hand_over(&message, target.other_kind(), None).await;
        }
        if let (Err(Verdict::Failed(DeliveryError::Refused(Refusal::Content))), true) =
            (&outcome, matches!(message.content, Content::Removed { .. }))
        {
            outcome = self.blank(&message, target).await;
        }
        match outcome {
            Ok(receipt) => Ok(receipt),
            Err(Verdict::Done) => Ok(receipt_of(target)),
            Err(verdict) => Err(verdict.failure()),
        }
    }

    async fn show(&self, showing: Showing) -> Result<(), DeliveryError> {
        if matches!(showing, Showing::Draft { .. }) && !self.settings.drafts {
            return Ok(());
        }
        let Some(call) = render_showing(showing, self.links) else { return Ok(()) };
        match self.call(call).await {
            Ok(_) | Err(Verdict::Done) => Ok(()),
            Err(verdict) => Err(verdict.failure()),
        }
    }

    async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Vec<u8>, FetchError> {
        let bytes_max = bytes_max.min(config::DOWNLOAD_BYTES_MAX);
        if media.bytes.is_some_and(|bytes| bytes > bytes_max) {
            return Err(FetchError::TooLarge);
        }
        let path = self.file_path(&media.handle, bytes_max).await?;
        self.client.download(&path, bytes_max).await.map_err(|error| match error {
            DownloadError::TooLarge => FetchError::TooLarge,
            DownloadError::Gone => FetchError::Gone,
            DownloadError::Broken(broken) => FetchError::Later(broken.into()),
        })
    }
}

fn receipt_of(target: Target) -> Receipt {
    let message = target.message().map(|number| number.to_string().as_str().into());
    Receipt { message, ..Receipt::default() }
}

impl TelegramChannel {
    /// Where a file can be had now; such a path is good for an hour.
    async fn file_path(&self, handle: &str, bytes_max: u64) -> Result<String, FetchError> {
        let error = match self.client.call(setup::get_file(handle)).await {
            Ok(result) => return setup::read_file_path(&result, bytes_max),
            Err(error) => error,
        };
        Err(match &error {
            CallError::Answered(no) if answer::is_flood(no) => {
                FetchError::RetryAfter(answer::wait(no))
            }
            CallError::Answered(no) if no.says("file is too big") => FetchError::TooLarge,
            CallError::Answered(no) if no.code == 400 => FetchError::Gone,
            CallError::Answered(_) | CallError::NotSent(_) | CallError::Unknown(_) => {
                FetchError::Later(error.into())
            }
        })
    }
}
