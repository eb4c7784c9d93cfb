//! Why Supabase did not do what it was asked, sorted by what to do next.

use std::time::Duration;

use super::TokenError;

/// Why Supabase did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Nothing happened, or nobody knows; it may be asked again after the wait.
    #[error("not now")]
    Later {
        /// How long to wait, where it says.
        retry_after: Option<Duration>,
    },
    /// The code is wrong, old, or for nobody: which of them is not told.
    #[error("the code is not right")]
    WrongCode,
    /// Nobody of that name is known.
    #[error("nobody is known by that name")]
    NobodyThere,
    /// Whoever it is may not sign in.
    #[error("they may not sign in")]
    Banned,
    /// Our key is not accepted: somebody has to see to it.
    #[error("the key is not accepted")]
    Unauthorized,
    /// The last letter to this address is too young for another; only who is known hears of that.
    #[error("the last letter is too young")]
    TooSoon(Duration),
    /// It has sent as many letters as it may for now: somebody has to see to it.
    #[error("it sends no more letters for now")]
    Exhausted,
    /// The project is not set up for this: somebody has to see to it.
    #[error("it is not set up for signing in")]
    Closed,
    /// It said no and will say no again.
    #[error("refused with status {0}")]
    Refused(u16),
    /// What it says about somebody cannot be believed.
    #[error("its token is not believed: {0}")]
    Token(#[from] TokenError),
}
