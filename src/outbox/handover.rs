//! Handing one message over: finding its place, its picture, and what to do when it does not go.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use picdesk_core::channel::{
    Capabilities, Channel, Content, Delivery, DeliveryError, OutboundMessage, Place, Refusal,
    Repeat, Scope, Text,
};
use tracing::{error, warn};

use super::{
    budget::{Budget, RateScope},
    parcel::NoFile,
    patience::{Heard, Patience},
    queue::Tries,
};
use crate::{
    alarm::Alarms,
    artifacts::Artifacts,
    pictures::Darkroom,
    store::{
        Store, StoreError,
        outbox::{self, Closed, Fate, Stand, Waiting},
    },
};

/// How long nothing is sent when the channel does not accept our credentials.
const CREDENTIALS_REST: Duration = Duration::from_secs(30);
/// Tries that find the message gone which they were to edit. Whoever deletes one gets the next;
/// a channel that says so for ever takes no such message.
const GONE_MAX: u32 = 3;
/// Tries that panic. Then the message is what is wrong, and its conversation goes on without it.
const BROKE_MAX: u32 = 3;
/// Tries after which the owner hears that a stored picture cannot be read.
const UNREAD_ALARM: u32 = 8;

/// What delivering needs. Shared by all deliveries of a channel.
pub(super) struct Means {
    pub(super) store: Store,
    pub(super) channel: Arc<dyn Channel>,
    pub(super) others: HashMap<&'static str, Arc<dyn Channel>>,
    pub(super) artifacts: Artifacts,
    pub(super) darkroom: Darkroom,
    pub(super) alarms: Alarms,
    pub(super) budget: Budget,
    pub(super) patience: Patience,
}

/// What a try came to.
pub(super) enum Tried {
    /// It is settled.
    Settled(Fate),
    /// Once more, after a wait.
    Again(Duration),
    /// The message to be edited is gone: once more, as a message of its own.
    Anew(Duration),
    /// It panicked: once more, after a wait.
    Broke(Duration),
    /// A part of it is done; the rest goes when the budget allows.
    Halfway(Duration),
    /// The channel asked for patience, in this scope.
    Patience(Duration, Scope, RateScope),
}

/// A try that is over.
pub(super) struct Try {
    /// What it came to.
    pub(super) tried: Tried,
    /// What it told of the channel.
    pub(super) heard: Heard,
}

impl Try {
    fn unasked(tried: Tried) -> Self {
        Self { tried, heard: Heard::NotAsked }
    }

    /// Too many processes ended over it.
    pub(super) fn given_up() -> Self {
        Self::unasked(Tried::Settled(Fate::GivenUp))
    }

    fn answered(tried: Tried) -> Self {
        Self { tried, heard: Heard::Answered }
    }
}

/// What is known of a message before it is tried.
#[derive(Clone, Copy)]
pub(super) struct Hints {
    /// Its placeholder shows a partial picture.
    pub(super) shows_picture: bool,
    /// Its tries so far.
    pub(super) tries: Tries,
    /// It waited when this sender began: an earlier one may have begun with it.
    pub(super) maybe_begun: bool,
}

impl Means {
    pub(super) fn capabilities(&self) -> &Capabilities {
        self.channel.capabilities()
    }

    pub(super) fn rate_scope(&self, message: &OutboundMessage) -> RateScope {
        RateScope::of(self.channel.as_ref(), &message.conversation)
    }

    /// Whether a second copy would do harm. A picture goes out by an edit where that is possible,
    /// so it does none there.
    fn is_once(&self, message: &OutboundMessage) -> bool {
        message.repeat == Repeat::Ask && !self.goes_by_edit(message)
    }

    fn goes_by_edit(&self, message: &OutboundMessage) -> bool {
        matches!(message.content, Content::Picture { .. }) && self.capabilities().edits
    }

    /// Whether the channel counts our messages: then the turns know who waits, and when they go on.
    fn is_counted(&self) -> bool {
        self.capabilities().replies_max.is_some()
    }

    /// Whether what is not taken now is taken once they have written again.
    fn is_kept(&self) -> bool {
        self.is_counted() || self.capabilities().one_answer
    }

    /// Tries to hand a message over once. A panic is the failure of this try alone.
    pub(super) async fn try_guarded(&self, waiting: &mut Waiting, hints: Hints) -> Try {
        let trying = AssertUnwindSafe(self.try_once(waiting, hints)).catch_unwind().await;
        trying.unwrap_or_else(|_panic| self.broke(waiting, hints.tries))
    }

    /// The same for a message that may have ended a process: that is counted first.
    pub(super) async fn try_suspect(&self, waiting: &mut Waiting, hints: Hints) -> Try {
        let (id, writer) = (waiting.message.id, self.store.writer());
        if let Err(error) = writer.run(move |tx| Box::pin(outbox::count_death(tx, id))).await {
            return self.again(&error, hints.tries);
        }
        let over = self.try_guarded(waiting, hints).await;
        if !matches!(over.tried, Tried::Settled(_))
            && let Err(error) = writer.run(move |tx| Box::pin(outbox::lived(tx, id))).await
        {
            warn!(error = %error, "a message that does no harm stays counted");
        }
        over
    }

    /// A try panicked. It may have left by then.
    fn broke(&self, waiting: &Waiting, tries: Tries) -> Try {
        error!(
            outbox.id = waiting.message.id.0,
            "delivering message {} panicked", waiting.message.id
        );
        self.alarms.raise("delivering a message panicked");
        Try::unasked(if self.is_once(&waiting.message) {
            Tried::Settled(Fate::Unknown)
        } else if tries.broke + 1 >= BROKE_MAX {
            Tried::Settled(Fate::GivenUp)
        } else {
            Tried::Broke(self.patience.back_off(tries.broke + 1))
        })
    }

    /// Tries to hand a message over once.
    pub(super) async fn try_once(&self, waiting: &mut Waiting, hints: Hints) -> Try {
        let once = self.is_once(&waiting.message);
        if once && waiting.begun {
            // An earlier process may have sent it, which nobody can tell.
            return Try::unasked(Tried::Settled(Fate::Unknown));
        }
        let stand = match self.stand(waiting).await {
            Ok(stand) => stand,
            Err(error) => return self.again(&error, hints.tries),
        };
        let mut delivery = outbox::delivery(waiting, stand.as_ref());
        delivery.edit_is_picture |= hints.shows_picture && delivery.edit.is_some();
        delivery.maybe_begun = hints.maybe_begun;
        let stands_in = &delivery.message.conversation;
        waiting.elsewhere = (*stands_in != waiting.message.conversation).then(|| stands_in.clone());
        if waiting.elsewhere.is_some() {
            let scope = self.rate_scope(&delivery.message);
            let sends = self.channel.sends(&delivery.message);
            if let Err(wait) = self.budget.take_sends(&scope, sends, Instant::now()) {
                return Try::unasked(Tried::Halfway(wait));
            }
        }
        match self.file(&delivery.message).await {
            Ok(file) => delivery.file = file,
            Err(NoFile::Gone | NoFile::NotTaken) => {
                return Try::unasked(Tried::Settled(Fate::Refused(Refusal::Content)));
            }
            Err(NoFile::Later) => {
                if hints.tries.all == UNREAD_ALARM {
                    self.alarms.raise("a stored picture cannot be read");
                }
                return Try::unasked(Tried::Again(self.patience.back_off(hints.tries.all)));
            }
        }
        // Where each message has one answer, that is where the picture stands.
        if self.goes_by_edit(&delivery.message)
            && delivery.edit.is_none()
            && !self.capabilities().one_answer
            && let Some(over) = self.stand_first(waiting, &mut delivery, hints.tries).await
        {
            return over;
        }
        if once && let Err(error) = self.begin(waiting).await {
            return self.again(&error, hints.tries);
        }
        let scope = self.rate_scope(&delivery.message);
        let error = match self.channel.deliver(delivery).await {
            Ok(receipt) => return Try::answered(Tried::Settled(Fate::Delivered(receipt))),
            Err(error) => error,
        };
        let over = self.judge(waiting, error, scope, hints.tries).await;
        if once && !matches!(over.tried, Tried::Settled(_)) {
            self.not_begun(waiting).await;
        }
        over
    }

    /// A picture goes out only by an edit, which can be repeated without harm: where there is no
    /// message to edit, one is sent first. Nothing when it stands and the edit may follow.
    async fn stand_first(
        &self,
        waiting: &Waiting,
        delivery: &mut Delivery,
        tries: Tries,
    ) -> Option<Try> {
        let mut first = delivery.message.clone();
        first.content = Content::Text(Text::plain("…"));
        first.place = Place::New { slot: None };
        first.buttons = Vec::new();
        let scope = self.rate_scope(&first);
        let placeholder = Delivery {
            message: first,
            edit: None,
            edit_is_picture: false,
            file: None,
            maybe_begun: delivery.maybe_begun,
        };
        let message = match self.channel.deliver(placeholder).await {
            Ok(receipt) => receipt.message?,
            Err(error) => return Some(self.judge(waiting, error, scope, tries).await),
        };
        let stand = Stand {
            conversation: delivery.message.conversation.clone(),
            message: message.clone(),
            picture: false,
        };
        let (key, now) = (outbox::place_key(waiting), self.store.clock().now_ms());
        let placed = self
            .store
            .writer()
            .run(move |tx| {
                let (key, stand) = (key.clone(), stand.clone());
                Box::pin(async move { outbox::place(tx, &key, &stand, now).await })
            })
            .await;
        if let Err(error) = placed {
            return Some(self.again(&error, tries));
        }
        // The edit is a send of its own.
        if let Err(wait) = self.budget.take(&scope, 0, Instant::now()) {
            return Some(Try::answered(Tried::Halfway(wait)));
        }
        delivery.message.place = Place::EditMessage { message: message.clone() };
        delivery.edit = Some(message);
        None
    }

    /// What a failed try means for the next.
    async fn judge(
        &self,
        waiting: &Waiting,
        error: DeliveryError,
        scope: RateScope,
        tries: Tries,
    ) -> Try {
        let wait = self.patience.back_off(tries.all);
        let tried = match error {
            DeliveryError::NotSent(_) => {
                return Try { tried: Tried::Again(wait), heard: Heard::Nothing };
            }
            DeliveryError::Unknown(_) => {
                let once = self.is_once(&waiting.message);
                let tried = if once { Tried::Settled(Fate::Unknown) } else { Tried::Again(wait) };
                return Try { tried, heard: Heard::Nothing };
            }
            DeliveryError::RetryAfter { wait, scope: which } => Tried::Patience(wait, which, scope),
            DeliveryError::HumanHasIt if self.is_counted() => {
                Tried::Settled(Fate::Held(Closed::ByPeople))
            }
            DeliveryError::HumanHasIt => Tried::Again(wait),
            DeliveryError::Refused(Refusal::MessageGone) => self.message_gone(waiting, tries).await,
            DeliveryError::Refused(refusal) => Tried::Settled(Fate::Refused(refusal)),
            // What stood in the old place cannot be reached from the new one.
            DeliveryError::Moved(_) if waiting.elsewhere.is_some() => {
                self.message_gone(waiting, tries).await
            }
            DeliveryError::Moved(to) => Tried::Settled(Fate::Moved(to)),
            DeliveryError::Reupload => self.reupload(waiting, tries).await,
            DeliveryError::WindowClosed if self.is_kept() => {
                Tried::Settled(Fate::Held(Closed::Window))
            }
            DeliveryError::WindowClosed => Tried::Settled(Fate::Refused(Refusal::NotNow)),
            DeliveryError::Unauthorized => {
                let what = "the channel does not accept our credentials";
                self.alarms.raise_of(what, &self.channel.called());
                Tried::Patience(CREDENTIALS_REST, Scope::Channel, scope)
            }
        };
        Try::answered(tried)
    }

    /// The message to be edited is not there. What is said in its place goes out by itself.
    async fn message_gone(&self, waiting: &Waiting, tries: Tries) -> Tried {
        if !becomes_new(waiting) && !self.goes_by_edit(&waiting.message) {
            return Tried::Settled(Fate::Refused(Refusal::MessageGone));
        }
        if tries.gone >= GONE_MAX {
            return Tried::Settled(Fate::Refused(Refusal::Content));
        }
        if let Err(error) = self.forget_place(waiting).await {
            warn!(error = %error, "a message's place could not be forgotten");
            return Tried::Again(self.patience.back_off(tries.all));
        }
        let first = tries.gone == 0;
        Tried::Anew(if first { Duration::ZERO } else { self.patience.back_off(tries.gone) })
    }

    /// The channel knows a file no more by the handle it gave.
    async fn reupload(&self, waiting: &Waiting, tries: Tries) -> Tried {
        let artifact = match &waiting.message.content {
            Content::Picture { artifact, .. } | Content::Original { artifact, .. } => *artifact,
            // It was never ours: there is nothing to upload.
            _ => return Tried::Settled(Fate::Refused(Refusal::Content)),
        };
        let channel = self.capabilities().name;
        if let Some(form) = outbox::form_of(&waiting.message.content) {
            let forgotten = self
                .store
                .writer()
                .run(move |tx| Box::pin(outbox::forget_file(tx, artifact.0, channel, form)))
                .await;
            if let Err(error) = forgotten {
                warn!(error = %error, "a file's handle could not be forgotten");
            }
        }
        let again = if tries.all == 0 { Duration::ZERO } else { self.patience.back_off(tries.all) };
        Tried::Again(again)
    }

    fn again(&self, error: &StoreError, tries: Tries) -> Try {
        warn!(error = %error, "the store was not there for a delivery");
        Try::unasked(Tried::Again(self.patience.back_off(tries.all)))
    }

    /// Says, on disk, that a message is about to leave that must not leave twice.
    async fn begin(&self, waiting: &Waiting) -> Result<(), StoreError> {
        let id = waiting.message.id;
        self.store
            .writer()
            .run(move |tx| Box::pin(async move { outbox::begin(tx, &[id]).await }))
            .await
    }

    /// Takes that back: it certainly did not leave.
    async fn not_begun(&self, waiting: &Waiting) {
        let id = waiting.message.id;
        let taken_back = self
            .store
            .writer()
            .run(move |tx| Box::pin(async move { outbox::not_begun(tx, id).await }))
            .await;
        if let Err(error) = taken_back {
            // Should this process die before the next try, the person is asked.
            warn!(error = %error, "a message that did not leave stays marked as begun");
        }
    }

    /// Where the message stands that this one edits: the one in its slot, or the one that was sent
    /// on the way to its picture.
    async fn stand(&self, waiting: &Waiting) -> Result<Option<Stand>, StoreError> {
        let edits = match waiting.message.place {
            Place::Edit { .. } => true,
            Place::New { .. } => self.goes_by_edit(&waiting.message),
            Place::EditMessage { .. } => false,
        };
        if !edits {
            return Ok(None);
        }
        let mut connection = self.store.read().await?;
        let found = outbox::stands(&mut connection, &[outbox::place_key(waiting)]).await?;
        Ok(found.into_iter().next().map(|(_, stand)| stand))
    }

    /// Somebody deleted the message in the slot: the next try is a message of its own.
    async fn forget_place(&self, waiting: &Waiting) -> Result<(), StoreError> {
        let key = outbox::place_key(waiting);
        self.store
            .writer()
            .run(move |tx| {
                let key = key.clone();
                Box::pin(async move { outbox::forget_place(tx, &key).await })
            })
            .await
    }
}

/// Whether an edit whose message is gone says something that must not be lost with it.
fn becomes_new(waiting: &Waiting) -> bool {
    let says = !matches!(waiting.message.content, Content::Buttons | Content::Removed { .. });
    says && matches!(waiting.message.place, Place::Edit { .. })
}
