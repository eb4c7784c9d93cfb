//! Buttons that a message had no room for: numbered lines, answered by their number.

use std::sync::Arc;

use async_trait::async_trait;
use picdesk_core::{
    channel::{Arrival, Lane},
    event::{Event, Press},
    id::{ConversationId, TapId},
};

/// Letters of the longest number.
const DIGITS_MAX: usize = 2;

/// Where the last menu of a conversation is kept. Implemented by the house.
#[async_trait]
pub trait Menus: Send + Sync {
    /// Keeps the tokens of the numbers from `from` on, in the place of an earlier menu's. What
    /// cannot be kept is not: the number is then read as words.
    async fn remember(&self, conversation: &ConversationId, from: usize, tokens: &[String]);

    /// The token of a number of the last menu.
    async fn find(&self, conversation: &ConversationId, number: usize) -> Option<String>;
}

/// Reads messages that are nothing but a number of the last menu as presses.
pub async fn resolve(menus: &Arc<dyn Menus>, arrivals: &mut [Arrival]) {
    for arrival in arrivals {
        let Arrival::Event(received) = arrival else { continue };
        let Event::MessageReceived(message) = &received.event else { continue };
        let Some(number) = number(&message.text).filter(|_| message.attachments.is_empty()) else {
            continue;
        };
        let Some(token) = menus.find(&received.conversation, number).await else { continue };
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

fn number(text: &str) -> Option<usize> {
    let text = text.trim().trim_end_matches(['.', '。']);
    let digits = text.len() <= DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_number_is_one() {
        assert_eq!((number("7"), number(" 12. "), number("3。")), (Some(7), Some(12), Some(3)));
        for other in ["", "0", "123", "4张", "1 2", "-1", "+1", "."] {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
