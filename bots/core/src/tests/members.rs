//! On a channel where nothing of a message can be changed but its buttons taken away, as members of
//! a company have it.

use std::{vec, vec::Vec};

use super::{customers::counted, world::*};
use crate::{
    channel::{Capabilities, Place},
    effect::{Body, Effect, Outgoing},
    event::*,
    facts::*,
    generation::GenerationState as Is,
    id::*,
    say::{Say, Verb},
};

/// Where Ada writes to us.
const CHAT: &str = "wecom-app:ada";

fn sent(facts: &Facts, event: &Event, closes_buttons: bool) -> Vec<Outgoing> {
    let channel = Capabilities {
        name: "wecom-app",
        closes_buttons,
        knows_repeats: false,
        meets_contacts: false,
        replies_max: None,
        reply_window_s: None,
        ..counted()
    };
    let house = House { channels: vec![channel], ..house() };
    let effects = follows_at(&house, CHAT, facts, event).into_iter();
    let sent = effects.filter_map(|effect| match effect {
        Effect::Send(message) => Some(message),
        _ => None,
    });
    sent.collect()
}

#[test]
fn a_picture_ends_the_buttons_of_its_placeholder_where_they_can_be_taken_away() {
    let asked = Facts::Message(message_facts(customer(10)));
    let asks = Event::MessageReceived(message("a fox"));
    let mut made = generation_facts(1, &[generation(1, Is::Submitted)]);
    if let Some(request) = &mut made.request {
        request.conversation = CHAT.into();
    }
    let made = Facts::Generation(made);
    for closes in [true, false] {
        let placeholder = &sent(&asked, &asks, closes)[0];
        let has_slot = matches!(placeholder.place, Place::New { slot: Some(Slot::Generation(_)) });
        assert!(!placeholder.keys.is_empty() && has_slot == closes, "{placeholder:?}");
        let picture = &sent(&made, &finished(1), closes)[0];
        assert!(matches!(picture.body, Body::Picture { .. }), "{picture:?}");
        let takes_it = matches!(picture.place, Place::Edit { slot: Slot::Generation(_) });
        assert_eq!(takes_it, closes, "{picture:?}");
    }
}

#[test]
fn a_card_that_is_out_of_date_is_closed_when_it_is_pressed() {
    let pressed = |verb, closes| {
        let facts = Facts::Press(press_facts(customer(10), verb, 40));
        sent(&facts, &Event::ButtonPressed(press(Setting::Private)), closes)
    };
    let removes = |message: &Outgoing| {
        matches!(message.body, Body::Removed)
            && message.place == Place::EditMessage { message: "20".into() }
    };
    let says_so = |message: &Outgoing| matches!(message.body, Body::Say(Say::Stale));
    let after = pressed(Verb::Cancel, true);
    assert!(after.iter().any(removes) && after.iter().any(says_so), "{after:?}");
    assert!(!pressed(Verb::Cancel, false).iter().any(removes));
    // Others of its buttons may still be good.
    let after = pressed(Verb::Again, true);
    assert!(!after.iter().any(removes), "{after:?}");
}
