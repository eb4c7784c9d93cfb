//! Letters by e-mail, handed in at the owner's mail server.

use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{Error, extension::ClientId},
};
use picdesk_core::id::ErrandId;

use crate::{buttons::Seal, config};

/// How long the mail server may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Hands letters in. It shows nobody the password.
#[derive(Clone)]
pub struct Mailer {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    seal: Seal,
}

/// A letter as it is sent.
#[derive(Clone, Debug)]
pub struct Written {
    /// The errand it is sent by: whoever sends it again sends the same one.
    pub errand: ErrandId,
    /// To which address.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its words.
    pub body: String,
}

/// Why a letter was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The address or the letter is refused, and will be again.
    #[error("the mail server refuses this letter")]
    Refused,
    /// The server does not take letters of ours.
    #[error("the mail server does not accept us")]
    Unauthorized,
    /// The server cannot be reached, or asks for patience.
    #[error("the mail server cannot be asked now")]
    Later,
}

impl Mailer {
    /// At the server that is configured.
    ///
    /// # Errors
    /// When its address cannot be used.
    pub fn open(post: &config::Post, seal: Seal) -> Result<Self, String> {
        let wrong = |_| "mail.smtp_url cannot be used".to_owned();
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(post.smtp_url.reveal())
            .map_err(wrong)?
            .hello_name(ClientId::Domain(post.from.email.domain().to_owned()))
            .timeout(Some(PATIENCE))
            .build();
        Ok(Self { server, from: post.from.clone(), seal })
    }

    /// Sends one. Sent again it has the same `Message-ID`, by which mailboxes know it.
    ///
    /// # Errors
    /// When it was not taken.
    pub async fn send(&self, written: &Written) -> Result<(), MailError> {
        let id = format!("<{}@{}>", self.seal.errand(written.errand), self.from.email.domain());
        let to = written.to.parse().map_err(|_| MailError::Refused)?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&*written.subject)
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN)
            .body(written.body.clone())
            .map_err(|_| MailError::Refused)?;
        self.server.send(message).await.map(drop).map_err(|error| sorted(&error))
    }
}

/// What an answer means. Source: RFC 5321, 4.2.1 and 4.2.3; RFC 4954, 6.
fn sorted(error: &Error) -> MailError {
    let code: Option<u16> = error.status().map(Into::into);
    match code {
        Some(530 | 534 | 535 | 538) => MailError::Unauthorized,
        Some(500..=599) => MailError::Refused,
        _ => MailError::Later,
    }
}
