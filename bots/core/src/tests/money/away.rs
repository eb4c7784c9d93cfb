//! Who has shut us out hears of their money when they are back.

use super::*;

fn bought_while(reachable: bool) -> Vec<Effect> {
    let moved = Moved::Bought { credits: Credits(100) };
    let event = Event::MoneyMoved { identity: ada().identity, account: Some(AccountId(1)), moved };
    let customer = Customer { reachable, ..customer(103) };
    follows_at(&shop(), PRIVATE, &Facts::Message(message_facts(customer)), &event)
}

#[test]
fn what_moved_while_they_were_away_waits_and_is_told_as_it_happened() {
    let effects = bought_while(false);
    let [Effect::SetTimer { id, due_at, conversation, event }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert!(*due_at > NOW + 86_400_000, "nothing is tried while they are away");
    let facts = Facts::Message(message_facts(Customer { reachable: false, ..customer(103) }));
    let presence = crate::event::Presence { who: ada(), reachable: true };
    let back = follows_at(&shop(), PRIVATE, &facts, &Event::PresenceChanged(presence));
    let hastened = back.iter().find_map(|effect| match effect {
        Effect::HastenTimers { conversation, named, by_ms } => Some((conversation, *named, *by_ms)),
        _ => None,
    });
    let (place, named, by_ms) = hastened.unwrap();
    assert!(id.starts_with(named) && place == conversation, "{id} in {conversation}");
    assert_eq!(due_at - by_ms, NOW, "it is due, and in its order");
    let facts = Facts::Message(message_facts(customer(103)));
    let told = follows_at(&shop(), PRIVATE, &facts, event);
    assert_eq!(told, bought_while(true));
    assert!(lines::lines(CAUSE, &told).contains("CreditsArrived"), "{told:?}");
}
