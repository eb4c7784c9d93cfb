//! What becomes of an errand to Creem that did not come about.

use super::Came;
use crate::{alarm::Alarms, creem::CallError};

/// Whether it is tried again. Every errand that asks here looks first at how things stand, so that
/// an outcome nobody knows is found out by the next try.
pub(super) fn later(error: &CallError, alarms: &Alarms) -> Came {
    match error {
        CallError::Later { retry_after } => Came::Later(*retry_after),
        CallError::Unknown => Came::Later(None),
        CallError::Unauthorized => {
            alarms.raise("Creem does not accept the key");
            Came::Later(None)
        }
        CallError::Missing | CallError::Refused(_) => Came::Refused,
    }
}
