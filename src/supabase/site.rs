//! Supabase as the site whose people sign in.

use async_trait::async_trait;
use picdesk_core::{code, facts::SignedIn};
use tracing::warn;

use super::{AuthError, Pkce, Provider, Subject, Supabase};
use crate::{
    alarm::Alarms,
    config::Secret,
    site::{Site, SiteError, Trip},
};

/// A project whose people sign in.
pub struct SupabaseSite {
    /// The project.
    pub supabase: Supabase,
    /// Whether they can sign in by Google.
    pub google: bool,
    /// Websites that may ask on behalf of their people.
    pub origins: Vec<String>,
    /// What the owner must hear of.
    pub alarms: Alarms,
}

impl SupabaseSite {
    /// What an error means for whoever asked; the owner hears of what only the owner can mend.
    fn sorted(&self, error: AuthError) -> SiteError {
        match error {
            AuthError::Later { retry_after } => SiteError::Later(retry_after),
            AuthError::TooSoon(rest) => SiteError::TooSoon(rest),
            AuthError::Unauthorized => {
                self.alarms.raise("Supabase does not accept our key");
                SiteError::Later(None)
            }
            AuthError::Exhausted => {
                self.alarms.raise("Supabase sends no more e-mails for now");
                SiteError::Later(None)
            }
            AuthError::Closed => {
                self.alarms.raise("Supabase is not set up for signing in");
                SiteError::Later(None)
            }
            AuthError::Refused(status) => {
                warn!(status, "Supabase refused with status {status}");
                SiteError::Refused
            }
            AuthError::WrongCode
            | AuthError::NobodyThere
            | AuthError::Banned
            | AuthError::Token(_) => SiteError::Refused,
        }
    }

    /// Of whoever signed in only the subject is kept, and their address masked.
    fn signed_in(&self, subject: Result<Subject, AuthError>) -> Result<SignedIn, SiteError> {
        let subject = subject.map_err(|error| self.sorted(error))?;
        let hint = code::masked_address(subject.email.as_deref().unwrap_or_default());
        Ok(SignedIn { subject: subject.id, hint })
    }
}

#[async_trait]
impl Site for SupabaseSite {
    async fn send_code(&self, email: &str) -> Result<(), SiteError> {
        match self.supabase.send_code(email).await {
            // Only to an address that is known a mail can be one too many: it is not told.
            Err(AuthError::Exhausted) => {
                self.alarms.raise("Supabase sends no more e-mails for now");
                Ok(())
            }
            sent => sent.map_err(|error| self.sorted(error)),
        }
    }

    async fn check_code(&self, email: &str, code: &str) -> Result<SignedIn, SiteError> {
        self.signed_in(self.supabase.verify_code(email, code).await)
    }

    fn google(&self, trip: &Trip) -> Option<String> {
        if !self.google {
            return None;
        }
        let url = self.supabase.sign_in_url(Provider::Google, &trip.back, &trip.pkce());
        url.ok().map(String::from)
    }

    async fn came_back(&self, code: &str, trip: &Trip) -> Result<SignedIn, SiteError> {
        self.signed_in(self.supabase.exchange(code, &trip.pkce()).await)
    }

    async fn who(&self, token: &str) -> Result<SignedIn, SiteError> {
        let subject = match self.supabase.prove(token).await {
            Ok(subject) => self.supabase.is_there(&subject).await.map(|()| subject),
            Err(error) => Err(error),
        };
        self.signed_in(subject)
    }

    async fn address_of(&self, subject: &str) -> Result<Option<String>, SiteError> {
        self.supabase.address_of(subject).await.map_err(|error| self.sorted(error))
    }

    fn origins(&self) -> &[String] {
        &self.origins
    }
}

impl Trip {
    fn pkce(&self) -> Pkce {
        Pkce::kept(Secret::new(&*self.verifier))
    }
}
