//! What a call without a picture means: for the customer, and for the line.

use std::time::Duration;

use picdesk_core::generation::{Failure, ReferenceFault};
use tracing::info;

use super::{Came, REST_MAX, Studio};
use crate::{
    images::{self, FailedCall, MakeError},
    store::line::{ATTEMPTS_MAX, Claimed, PutBack},
};

/// How long the line rests when the provider has no room and says no time.
const NO_ROOM: Duration = Duration::from_secs(15);
/// How long it rests when our key or funds are refused.
const OUT_OF_SERVICE: Duration = Duration::from_secs(30);
/// A picture that waited this long for room at the provider, or for a reference picture, is given
/// up.
const WAITED_MAX: Duration = Duration::from_mins(15);
/// The wait after a call that certainly did not leave; it doubles.
const NOT_SENT: Duration = Duration::from_secs(2);

impl Studio {
    /// What a call without a picture means.
    pub(super) fn failed(&self, claimed: &Claimed, failed: &FailedCall) -> Came {
        info!(
            generation.id = claimed.generation.0,
            status = failed.status,
            provider.request_id = failed.request_id,
            error = %failed.error,
            "generation {} got no picture", claimed.generation
        );
        match &failed.error {
            MakeError::NotSent(_) if claimed.attempts < ATTEMPTS_MAX => {
                let doubled = 1_u32 << claimed.attempts.clamp(0, 5);
                Came::Back(PutBack::Failed, NOT_SENT * doubled)
            }
            MakeError::NotSent(_) => Came::Failed(Failure::Overloaded),
            MakeError::RateLimited { retry_after } | MakeError::Overloaded { retry_after } => {
                self.no_room(claimed, retry_after.unwrap_or(NO_ROOM))
            }
            MakeError::Refused(_) => Came::Failed(Failure::Refused),
            MakeError::BadRequest(wrong) => Came::Failed(bad_request(*wrong)),
            MakeError::OutOfFunds => self.out_of_service("no funds at the image provider"),
            MakeError::Unauthorized => self.out_of_service("the image provider refuses our key"),
            MakeError::ModelMissing => self.out_of_service("the image provider has no such model"),
            MakeError::Failed(images::Failure::Provider) => Came::Failed(Failure::Provider),
            MakeError::Failed(_) => Came::Failed(Failure::NoPicture),
            // Whatever the provider made, it is we who have nowhere to put it.
            MakeError::NotKept(_) => self.out_of_service("pictures cannot be kept"),
            MakeError::Uncertain(_) => Came::Uncertain,
        }
    }

    fn no_room(&self, claimed: &Claimed, rest: Duration) -> Came {
        let came = self.wait_for_room(claimed, rest, Failure::Overloaded);
        if matches!(came, Came::Back(..)) {
            self.rest_for(rest);
        }
        came
    }

    /// How long a picture has waited for what is not its own fault.
    pub(super) fn waited(&self, claimed: &Claimed) -> Duration {
        let now = self.parts.store.clock().now_ms();
        let since = if claimed.waiting_since == 0 { now } else { claimed.waiting_since };
        Duration::from_millis(u64::try_from(now - since).unwrap_or(0))
    }

    /// Back in line for what is not the picture's fault, as often as it takes; after a while it is
    /// given up as `otherwise`.
    pub(super) fn wait_for_room(
        &self,
        claimed: &Claimed,
        rest: Duration,
        otherwise: Failure,
    ) -> Came {
        if self.waited(claimed) > WAITED_MAX {
            return Came::Failed(otherwise);
        }
        Came::Back(PutBack::Waited, rest.min(REST_MAX))
    }

    /// Something of ours is wrong: the owner hears of it, and the line rests for a while.
    pub(super) fn out_of_service(&self, what: &'static str) -> Came {
        self.parts.desk.alarms.raise(what);
        self.rest_for(OUT_OF_SERVICE);
        Came::Failed(Failure::OutOfService)
    }
}

fn bad_request(wrong: images::Wrong) -> Failure {
    match wrong {
        images::Wrong::Prompt => Failure::Prompt,
        images::Wrong::Size | images::Wrong::Background | images::Wrong::ReferencesOff => {
            Failure::Options
        }
        images::Wrong::Reference { index } => {
            let number = index.map(|index| u8::try_from(index + 1).unwrap_or(u8::MAX));
            Failure::Reference { number, fault: ReferenceFault::Unreadable }
        }
        images::Wrong::Other => Failure::Provider,
    }
}
