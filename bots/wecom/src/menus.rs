//! Buttons that a message had no room for: numbered lines, answered by their number.

use std::sync::Arc;

use async_trait::async_trait;
use picdesk_core::{
    channel::{Arrival, Lane},
    event::{Event, Press},
    id::{ConversationId, TapId},
    intent::choice,
};

/// How somebody chose last, which tells what they read: cards and markdown are shown in WeCom
/// alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chooses {
    /// By a number, or not yet.
    #[default]
    ByNumber,
    /// By pressing a card.
    ByCard,
}

/// Where the last menu of a conversation is kept. Implemented by the house.
#[async_trait]
pub trait Menus: Send + Sync {
    /// Keeps the tokens of the numbers from one on, in the place of an earlier menu's; an empty one
    /// is of a line that cannot be chosen. What cannot be kept is not: the number is then read as
    /// words. Tells how whoever answers there has chosen last.
    async fn remember(&self, conversation: &ConversationId, tokens: &[String]) -> Chooses;

    /// How whoever answers there has chosen last.
    async fn way(&self, conversation: &ConversationId) -> Chooses;

    /// The token of a number of the last menu.
    async fn find(&self, conversation: &ConversationId, number: usize) -> Option<String>;

    /// Keeps how somebody chose. Nothing is lost where it cannot be kept.
    async fn chose(&self, conversation: &ConversationId, how: Chooses);
}

/// Reads messages that are nothing but a number of the last menu as presses, and learns from
/// presses what people read.
pub async fn resolve(menus: &Arc<dyn Menus>, arrivals: &mut [Arrival]) {
    for arrival in arrivals {
        let Arrival::Event(received) = arrival else { continue };
        let message = match &received.event {
            Event::MessageReceived(message) => message,
            Event::ButtonPressed(press) if press.message.is_some() => {
                menus.chose(&received.conversation, Chooses::ByCard).await;
                continue;
            }
            _ => continue,
        };
        let Some(number) = choice(&message.text).filter(|_| message.attachments.is_empty()) else {
            continue;
        };
        let Some(token) = menus.find(&received.conversation, number).await else { continue };
        menus.chose(&received.conversation, Chooses::ByNumber).await;
        let press = Press {
            by: message.from.clone(),
            setting: message.setting,
            tap: TapId(received.external_id.clone()),
            message: None,
            token,
        };
        received.lane = Lane::Taps(press.by.identity.0.clone());
        received.event = Event::ButtonPressed(press);
    }
}
