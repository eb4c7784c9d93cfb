//! Why Creem did not do what it was asked, sorted by what to do next.

use std::time::Duration;

/// Why Creem did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nothing happened, and it may be asked again after the wait.
    #[error("not now")]
    Later {
        /// How long to wait, where it says.
        retry_after: Option<Duration>,
    },
    /// It may have happened: to be asked again only where that does no harm.
    #[error("outcome unknown")]
    Unknown,
    /// Our key is not accepted: somebody has to see to it.
    #[error("the key is not accepted")]
    Unauthorized,
    /// There is no such thing there.
    #[error("there is no such thing")]
    Missing,
    /// It said no and will say no again.
    #[error("refused with status {0}")]
    Refused(u16),
}

impl CallError {
    /// Whether asking again later can help.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Later { .. } | Self::Unknown)
    }

    /// What a status of refusal means.
    pub(super) fn of_status(status: u16, retry_after: Option<Duration>) -> Self {
        match status {
            401 | 403 => Self::Unauthorized,
            404 => Self::Missing,
            429 | 503 => Self::Later { retry_after },
            // The server may have stumbled after it had done it.
            500..=599 => Self::Unknown,
            _ => Self::Refused(status),
        }
    }

    /// What a broken call means. The error itself is dropped: it holds the address.
    pub(super) fn of_transport(error: &reqwest::Error) -> Self {
        if error.is_connect() || error.is_builder() {
            Self::Later { retry_after: None }
        } else {
            Self::Unknown
        }
    }
}
