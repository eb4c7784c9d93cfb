//! What the page hears: one event for everything that changes.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use serde::Serialize;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::{Happened, Phone};
use crate::telegram::Change;
use crate::wecom::Change as WecomChange;

struct Listening {
    phone: Phone,
    changes: Receiver<Change>,
    /// None where there is no WeCom.
    wecom: Option<Receiver<WecomChange>>,
    happened: Receiver<Happened>,
    number: u64,
}

pub async fn events(
    State(phone): State<Phone>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let listening = Listening {
        changes: phone.telegram.watch(),
        wecom: phone.wecom.as_ref().map(crate::wecom::WecomStandIn::watch),
        happened: phone.happened.subscribe(),
        phone,
        number: 0,
    };
    let stream = futures_util::stream::unfold(listening, |mut listening| async move {
        let (name, data) = listening.next().await?;
        let event = Event::default().event(name).id(listening.number.to_string()).data(data);
        listening.number += 1;
        Some((Ok(event), listening))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

impl Listening {
    /// The next event, with its data; none when there is nobody left to listen to.
    async fn next(&mut self) -> Option<(&'static str, String)> {
        if self.number == 0 {
            return Some(self.hello());
        }
        loop {
            tokio::select! {
                change = self.changes.recv() => match change {
                    Ok(change) => {
                        if let Some(event) = self.tell(&change) {
                            return Some(event);
                        }
                    }
                    // What was missed is fetched again after a hello.
                    Err(RecvError::Lagged(_)) => return Some(self.hello()),
                    Err(RecvError::Closed) => return None,
                },
                change = heard(&mut self.wecom) => match change {
                    Ok(change) => {
                        if let Some(event) = self.tell_wecom(&change) {
                            return Some(event);
                        }
                    }
                    Err(RecvError::Lagged(_)) => return Some(self.hello()),
                    Err(RecvError::Closed) => return None,
                },
                happened = self.happened.recv() => match happened {
                    Ok(Happened::Desk) => return Some(named("desk", &self.phone.desk.state())),
                    Ok(Happened::Faults) => return Some(named("faults", &json!({}))),
                    Err(RecvError::Lagged(_)) => return Some(self.hello()),
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    fn hello(&self) -> (&'static str, String) {
        named("hello", &json!({"now_ms": self.phone.telegram.clock().now_ms()}))
    }

    /// The same for a change of WeCom's.
    fn tell_wecom(&self, change: &WecomChange) -> Option<(&'static str, String)> {
        match change {
            WecomChange::Message { chat, message } => {
                let view = self.phone.wecom.as_ref()?.message(*chat, *message)?;
                Some(named("message", &view))
            }
            WecomChange::Chat { .. } => Some(named("chat", change)),
            WecomChange::Faults {} => Some(named("faults", change)),
        }
    }

    /// A change as an event; none when its message is gone by now.
    fn tell(&self, change: &Change) -> Option<(&'static str, String)> {
        let name = match change {
            Change::Message { chat, message } => {
                let view = self.phone.telegram.message(*chat, *message)?;
                return Some(named("message", &view));
            }
            Change::Deleted { .. } => "deleted",
            Change::Typing(_) => "typing",
            Change::Draft(_) => "draft",
            Change::Toast { .. } => "toast",
            Change::Chat { .. } => "chat",
            Change::Faults {} => "faults",
            Change::Clock { .. } => "clock",
        };
        Some(named(name, change))
    }
}

/// The next change of WeCom's; never, where there is none.
async fn heard(wecom: &mut Option<Receiver<WecomChange>>) -> Result<WecomChange, RecvError> {
    match wecom {
        Some(changes) => changes.recv().await,
        None => std::future::pending().await,
    }
}

fn named(name: &'static str, data: &impl Serialize) -> (&'static str, String) {
    (name, serde_json::to_string(data).unwrap_or_else(|_| "{}".into()))
}
