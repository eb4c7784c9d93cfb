//! What the owner must hear of: in the log, in the metrics, and in a chat where one is named.
//! Never content: a word for what is wrong.

use picdesk_core::{event::Event, id::ConversationId};
use tracing::{error, warn};

use crate::{
    store::{
        Store, Work,
        inbox::{self, NewEvent},
    },
    telemetry::metrics,
};

/// How long the chat hears nothing more of the same trouble, milliseconds.
const QUIET_MS: i64 = 3_600_000;

/// Where alarms are raised. Cheap to clone.
#[derive(Clone)]
pub struct Alarms {
    store: Store,
    chat: Option<ConversationId>,
}

impl Alarms {
    /// Alarms that are told to a chat too, where there is one.
    pub fn new(store: Store, chat: Option<ConversationId>) -> Self {
        Self { store, chat }
    }

    /// Tells the owner. The chat hears of each trouble once an hour, whoever raises it.
    pub fn raise(&self, what: &'static str) {
        metrics::alarm(what);
        error!(alarm = what, "alarm: {what}");
        if let Some(chat) = self.chat.clone() {
            tokio::spawn(tell(self.store.clone(), chat, what));
        }
    }
}

/// An alarm is an event like any other: written down once, then turned into a message.
async fn tell(store: Store, chat: ConversationId, what: &'static str) {
    let now = store.clock().now_ms();
    let id = format!("alarm:{}:{what}", now.div_euclid(QUIET_MS));
    let event = Event::AlarmRaised { what: what.to_owned() };
    let event = NewEvent::of_house(id, &chat, &event);
    let written = store
        .writer()
        .run(move |tx| {
            let event = event.clone();
            Box::pin(async move { inbox::insert(tx, &[event], now, now).await })
        })
        .await;
    match written {
        Ok(_) => store.wakes().ring(Work::Inbox),
        Err(error) => warn!(error = %error, "an alarm could not be written down"),
    }
}
