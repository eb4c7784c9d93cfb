//! What follows from an event, and what must be true of whatever follows.

use super::*;

/// What follows, in a place of a house.
pub fn follows_at(house: &House, place: &str, facts: &Facts, event: &Event) -> Vec<Effect> {
    let conversation = ConversationId::from(place);
    let frame =
        Frame { now: NOW, cause: Cause(CAUSE), conversation: &conversation, house, window: None };
    let effects = decide(&frame, facts, event);
    assert_eq!(effects, decide(&frame, facts, event), "deciding twice is deciding once");
    assert_sound(frame.cause, &effects);
    assert_humane(house, &effects);
    effects
}

/// What follows, one line each.
#[expect(clippy::needless_pass_by_value, reason = "facts and event are made for one turn")]
pub fn at(place: &str, facts: Facts, event: Event) -> String {
    lines::lines(CAUSE, &follows_at(&house(), place, &facts, &event))
}

/// What follows from words in private.
pub fn said(facts: MessageFacts, message: Message) -> String {
    at(PRIVATE, Facts::Message(facts), Event::MessageReceived(message))
}

/// What follows from a press in private.
pub fn pressed(facts: PressFacts) -> String {
    at(PRIVATE, Facts::Press(facts), Event::ButtonPressed(press(Setting::Private)))
}

/// A way to a human stands beside every failure and every price.
fn assert_humane(house: &House, effects: &[Effect]) {
    for effect in effects {
        let Effect::Send(message) = effect else { continue };
        if message.presser.is_none() {
            continue;
        }
        let whole = keys::with_human(house, &message.body, message.keys.clone());
        assert_eq!(message.keys, whole, "no way to a human beside {:?}", message.body);
    }
}

/// What every turn must be: its ids are its own, its money hangs together.
pub fn assert_sound(cause: Cause, effects: &[Effect]) {
    let mut ids = BTreeSet::new();
    let mut holds = BTreeSet::new();
    let mut resolved = BTreeSet::new();
    let mut taps = 0;
    for effect in effects {
        let id = match effect {
            Effect::OpenAccount { account, .. } => Some(account.0),
            Effect::PutInTray { id, .. } => Some(id.0),
            Effect::OpenRequest(request) => Some(request.id.0),
            Effect::Grant { entry, .. } => Some(entry.0),
            Effect::Hold { hold, credits, .. } => {
                assert!(credits.0 >= 0);
                holds.insert(*hold);
                Some(hold.0)
            }
            Effect::Generate(new) => {
                assert!(holds.contains(&new.hold), "nothing is made without a hold");
                Some(new.id.0)
            }
            Effect::KeepArtifact(new) => Some(new.id.0),
            Effect::RunErrand(new) => Some(new.id.0),
            Effect::Send(message) => Some(message.id.0),
            Effect::OpenEscalation(new) => Some(new.id.0),
            Effect::PostHold { hold } | Effect::VoidHold { hold, .. } => {
                assert!(resolved.insert(*hold), "a hold is resolved once");
                None
            }
            Effect::AnswerTap { .. } => {
                taps += 1;
                None
            }
            _ => None,
        };
        if let Some(id) = id {
            assert_eq!(id >> ORDINAL_BITS, cause.0, "an id derives from its cause");
            assert!(ids.insert(id), "an id is given once");
        }
    }
    assert!(taps <= 1, "a press is answered once");
}
