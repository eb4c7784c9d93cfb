//! Updates that Telegram brings: checked, read, written down, and only then acknowledged.
//!
//! No web framework here: the house mounts [`Webhook`] on its own. Nothing of a body is read
//! before the secret is right, and no call goes out between a webhook and its answer.

use std::sync::Arc;

use bytes::Bytes;
use picdesk_core::channel::{Inbox, InboxError};

use crate::{Clock, TelegramChannel, parse::NotRead, verify::Gate};

/// The header with the secret. Source: Bot API, `setWebhook`.
pub const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";

/// Largest body, bytes. Telegram's own are below 64 KiB (tdlib/telegram-bot-api, Client.cpp,
/// `BUF_SIZE`); the rest is room for what it may become.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// What the caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookAnswer {
    /// 200: on disk, or nothing that concerns us.
    Ok,
    /// 401: not the secret.
    Unauthorized,
    /// 400: no JSON, or no integer `update_id`.
    BadRequest,
    /// 413: larger than any update.
    TooLarge,
    /// 503: it cannot be written down now; Telegram comes again.
    Unavailable,
}

/// The receiving end.
pub struct Webhook {
    channel: Arc<TelegramChannel>,
    inbox: Arc<dyn Inbox>,
    clock: Clock,
    gate: Gate,
}

impl Webhook {
    /// A receiving end that accepts the secrets of the channel's settings.
    #[must_use]
    pub fn new(channel: Arc<TelegramChannel>, inbox: Arc<dyn Inbox>, clock: Clock) -> Self {
        let gate = Gate::new(&channel.settings().webhook_secrets);
        Self { channel, inbox, clock, gate }
    }

    /// Whether the caller is Telegram, by every value of [`SECRET_HEADER`]. To be asked before the
    /// body is read.
    #[must_use]
    pub fn admits<'h>(&self, secrets: impl IntoIterator<Item = &'h [u8]>) -> bool {
        self.gate.admits(secrets)
    }

    /// Takes one update.
    pub async fn receive<'h>(
        &self,
        secrets: impl IntoIterator<Item = &'h [u8]>,
        body: Bytes,
    ) -> WebhookAnswer {
        if !self.admits(secrets) {
            return WebhookAnswer::Unauthorized;
        }
        self.take(body).await
    }

    /// Takes one update of a caller who was admitted.
    pub async fn take(&self, body: Bytes) -> WebhookAnswer {
        if body.len() > BODY_BYTES_MAX {
            return WebhookAnswer::TooLarge;
        }
        let arrival = match self.channel.read(body.into(), (self.clock)()) {
            Ok(Some(arrival)) => arrival,
            Ok(None) => return WebhookAnswer::Ok,
            Err(NotRead::NotAnUpdate) => return WebhookAnswer::BadRequest,
            Err(NotRead::NameUnknown) => return WebhookAnswer::Unavailable,
        };
        match self.inbox.accept(vec![arrival], None).await {
            Ok(()) => WebhookAnswer::Ok,
            Err(InboxError::Unavailable | InboxError::NotOurs) => WebhookAnswer::Unavailable,
        }
    }
}
