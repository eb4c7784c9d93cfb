//! The fates of messages: whom they concern, and as what a message waits.

use picdesk_core::{
    channel::Refusal,
    event::{About, Delivered, Event},
};

use super::{Fate, Settled};
use crate::store::inbox::NewEvent;

/// As what a message waits until they write again: a picture is owed, which is written elsewhere,
/// and what makes sense only at its moment is given up.
pub(super) fn held_as(one: &Settled) -> &'static str {
    match one.waiting.about {
        Some(About::Picture(_)) => "refused",
        Some(About::Passing | About::Occasion | About::Handing(_)) => "dropped",
        _ => "held",
    }
}

/// Whether somebody waits for the fate of what is part of this.
pub(super) fn is_awaited(about: About) -> bool {
    !matches!(
        about,
        About::Matter(_) | About::Beside(_) | About::Slot(_) | About::Passing | About::Occasion
    )
}

/// The event of a message's fate, when somebody waits for it.
pub(super) fn fate_event(one: &Settled) -> Option<NewEvent> {
    let about = one.waiting.about.filter(|about| is_awaited(*about))?;
    let message = &one.waiting.message;
    let outbound = message.id;
    let (word, event) = match &one.fate {
        Fate::Delivered(receipt) => (
            "delivered",
            Event::MessageDelivered(Delivered {
                outbound,
                about,
                message: receipt.message.clone(),
                conversation: receipt.conversation.clone(),
            }),
        ),
        Fate::Refused(refusal) => {
            ("refused", Event::MessageRefused { outbound, about, refusal: *refusal })
        }
        Fate::Unknown => ("unknown", Event::MessageUnknown { outbound, about }),
        // Pictures are owed, and go out anew; words wait in the outbox.
        Fate::Held(_) if matches!(about, About::Picture(_)) => {
            ("refused", Event::MessageRefused { outbound, about, refusal: Refusal::NotNow })
        }
        // Who wrote a line hears that it waits; it may tell of itself once more.
        Fate::Held(_) if matches!(about, About::Relay(_)) => {
            ("held", Event::MessageRefused { outbound, about, refusal: Refusal::NotNow })
        }
        Fate::Held(_) | Fate::Later(_) | Fate::Moved(_) | Fate::Dropped => return None,
    };
    let mut external_id = format!("outbound:{outbound}:{word}");
    if let About::TopicLine(_) = about {
        // It may be sent on to another topic, and be refused there too.
        external_id = format!("{external_id}:{}", message.conversation);
    }
    Some(NewEvent::of_house(external_id, &message.conversation, &event))
}
