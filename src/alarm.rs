//! What the owner must hear of: in the log, in the metrics, and in a chat where one is named.
//! Never content: a word for what is wrong.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use picdesk_core::{event::Event, id::ConversationId};
use picdesk_wecom::client::Robot;
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

/// How long the robot waits before it tries again to say what could not be said: at first, and in
/// the end. It gives up when the same trouble may be told anew.
const AGAIN_FIRST: Duration = Duration::from_secs(2);
const AGAIN_MOST: Duration = Duration::from_mins(5);

/// Where alarms are raised. Cheap to clone.
#[derive(Clone)]
pub struct Alarms {
    store: Store,
    chat: Option<ConversationId>,
    robot: Option<Arc<Told>>,
}

/// A robot in a WeCom group, and when it said what.
struct Told {
    robot: Robot,
    said_at: Mutex<HashMap<String, i64>>,
}

impl Alarms {
    /// Alarms that are told to a chat too, where there is one.
    pub fn new(store: Store, chat: Option<ConversationId>) -> Self {
        Self { store, chat, robot: None }
    }

    /// The same, told by a robot in a WeCom group as well.
    #[must_use]
    pub fn with_robot(self, robot: Robot) -> Self {
        Self { robot: Some(Arc::new(Told { robot, said_at: Mutex::default() })), ..self }
    }

    /// Tells the owner. The chat hears of each trouble once an hour, whoever raises it.
    pub fn raise(&self, what: &'static str) {
        self.raise_in_words(what, what);
    }

    /// The same, where there is more to say of it: never content.
    pub fn raise_in_words(&self, what: &'static str, words: &str) {
        self.raise_about(what, "", words);
    }

    /// The same of one of several, each of which is told of by itself.
    pub fn raise_of(&self, what: &'static str, of: &str) {
        match of {
            "" => self.raise(what),
            of => self.raise_about(what, of, &format!("{of}: {what}")),
        }
    }

    /// The same, where there is more to say of it.
    pub fn raise_about(&self, what: &'static str, of: &str, words: &str) {
        metrics::alarm(what);
        error!(alarm = what, "alarm: {words}");
        let trouble = if of.is_empty() { what.to_owned() } else { format!("{what}:{of}") };
        if let Some(chat) = self.chat.clone() {
            tokio::spawn(tell(self.store.clone(), chat, trouble.clone(), words.to_owned()));
        }
        if let Some(told) = self.robot.clone()
            && told.is_due(&trouble, self.store.clock().now_ms())
        {
            tokio::spawn(say(told, trouble, words.to_owned()));
        }
    }
}

impl Alarms {
    /// An alarm as an event of the chat that hears of them, to be written down with what it tells
    /// of; nothing where there is no such chat. The name has to be one that no other has.
    pub fn written(&self, name: &str, words: &str) -> Option<NewEvent> {
        let event = Event::AlarmRaised { what: words.to_owned() };
        Some(NewEvent::of_house(format!("alarm:{name}"), self.chat.as_ref()?, &event))
    }

    /// The rest of an alarm whose event was [written](Self::written): in the log, in the metrics
    /// and, where it is to be heard, by the robot. Each is said, however soon after another.
    pub fn raise_beside(&self, what: &'static str, words: &str, aloud: bool) {
        metrics::alarm(what);
        error!(alarm = what, "alarm: {words}");
        if let Some(told) = self.robot.clone().filter(|_| aloud) {
            tokio::spawn(say(told, what.to_owned(), words.to_owned()));
        }
    }
}

impl Told {
    fn is_due(&self, what: &str, now: i64) -> bool {
        let mut said_at = self.said_at.lock().unwrap_or_else(PoisonError::into_inner);
        let due = said_at.get(what).is_none_or(|at| now >= at + QUIET_MS);
        if due {
            said_at.insert(what.to_owned(), now);
        }
        due
    }

    /// It was not said after all: the next time it is.
    fn unsaid(&self, what: &str) {
        self.said_at.lock().unwrap_or_else(PoisonError::into_inner).remove(what);
    }
}

/// The robot says it, however long its group cannot be reached.
async fn say(told: Arc<Told>, what: String, words: String) {
    let quiet = Duration::from_millis(QUIET_MS.unsigned_abs());
    let (mut rest, mut rested) = (AGAIN_FIRST, Duration::ZERO);
    while let Err(error) = told.robot.say(&words).await {
        warn!(error = %error, "the group's robot cannot tell of an alarm");
        if rested >= quiet {
            return told.unsaid(&what);
        }
        tokio::time::sleep(rest).await;
        rested += rest;
        rest = (rest * 2).min(AGAIN_MOST);
    }
}

/// An alarm is an event like any other: written down once, then turned into a message.
async fn tell(store: Store, chat: ConversationId, what: String, words: String) {
    let now = store.clock().now_ms();
    let id = format!("alarm:{}:{what}", now.div_euclid(QUIET_MS));
    let event = Event::AlarmRaised { what: words };
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
