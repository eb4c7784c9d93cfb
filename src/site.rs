//! The site whose people sign in, as linking sees it.

use std::time::Duration;

use async_trait::async_trait;
use picdesk_core::facts::SignedIn;

/// Why the site did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// It says no, and will say no again: a wrong code, a token that is not its own.
    #[error("the site refuses")]
    Refused,
    /// A code went to this address a moment ago, and the next has to wait. Nobody who asks may
    /// learn of it: only for an address that is known it is so.
    #[error("the next code has to wait")]
    TooSoon(Duration),
    /// It cannot be reached, or asks for patience.
    #[error("the site cannot be asked now")]
    Later(Option<Duration>),
}

/// The way of a browser to the site and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trip {
    /// Where it comes back to.
    pub back: String,
    /// The secret that ties both ends together (PKCE): 43 letters.
    pub verifier: String,
}

/// The site. Of a session only who signed in is kept: whoever implements this ends the session.
#[async_trait]
pub trait Site: Send + Sync {
    /// Sends a code to an address; the same answer whether it is known or not.
    async fn send_code(&self, email: &str) -> Result<(), SiteError>;
    /// Who has proved by a code that an address is theirs.
    async fn check_code(&self, email: &str, code: &str) -> Result<SignedIn, SiteError>;
    /// Where a browser goes to sign in with Google; nothing where that is off.
    fn google(&self, trip: &Trip) -> Option<String>;
    /// Who has come back from there.
    async fn came_back(&self, code: &str, trip: &Trip) -> Result<SignedIn, SiteError>;
    /// Whose token of the site this is.
    async fn who(&self, token: &str) -> Result<SignedIn, SiteError>;
    /// The address of one of its people, for a letter; nothing where it is not told.
    async fn address_of(&self, subject: &str) -> Result<Option<String>, SiteError>;
    /// Websites whose pages may ask on behalf of their people.
    fn origins(&self) -> &[String];
}
