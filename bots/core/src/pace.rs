//! What counts as writing fast.

use crate::{
    event::{Event, Setting},
    facts::Album,
    id::IdentityId,
    intent::{self, BareWords, Command, Intent},
};

/// Whose writing an event is, where it counts against how fast they may write. An album counts
/// once, however many parts it has: `album` is what is known of it before this part. What somebody
/// in trouble says to be helped, or to stop, always gets through and counts for nothing.
#[must_use]
pub fn writer<'e>(event: &'e Event, album: Option<&Album>) -> Option<&'e IdentityId> {
    let Event::MessageReceived(message) = event else { return None };
    let identity = &message.from.identity;
    if message.setting == Setting::Desk {
        return None;
    }
    if message.album.is_some() {
        let is_known = album.is_some_and(|album| album.called || album.settled);
        return (!is_known).then_some(identity);
    }
    match intent::read(&message.text, BareWords::of(identity)) {
        Intent::Command(Command::Support(_) | Command::PaySupport | Command::Cancel) => None,
        Intent::Command(
            Command::Start(_)
            | Command::Help
            | Command::Balance
            | Command::Buy
            | Command::Plan
            | Command::History
            | Command::Settings
            | Command::Privacy
            | Command::Language(_)
            | Command::Link(_)
            | Command::Unlink
            | Command::Redeem(_)
            | Command::Invite
            | Command::Unknown,
        )
        | Intent::Greeting
        | Intent::Words(_) => Some(identity),
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::{account::Person, event::Message};

    fn message(text: &str) -> Message {
        Message {
            from: Person { identity: "telegram:7".into(), name: "Ada".into(), language: None },
            setting: Setting::Private,
            id: "10".into(),
            text: text.into(),
            attachments: vec![],
            album: None,
            reply_to: None,
        }
    }

    fn counts(message: Message, album: Option<&Album>) -> bool {
        writer(&Event::MessageReceived(message), album).is_some()
    }

    #[test]
    fn who_asks_for_help_or_stops_always_gets_through() {
        for text in
            ["/support it broke", "/paysupport", "/cancel", "人工", "取消", "talk to a human"]
        {
            assert!(!counts(message(text), None), "{text}");
        }
        for text in ["a fox", "/balance", "hello", "cancel the moon"] {
            assert!(counts(message(text), None), "{text}");
        }
    }

    #[test]
    fn an_album_counts_once() {
        let part = || Message { album: Some("a".into()), ..message("") };
        let album = |called, settled| Album { parts: vec![], began_at: 1, called, settled };
        assert!(counts(part(), None));
        assert!(counts(part(), Some(&album(false, false))), "nothing of it called us yet");
        assert!(!counts(part(), Some(&album(true, false))));
        assert!(!counts(part(), Some(&album(true, true))));
        assert!(!counts(part(), Some(&album(false, true))), "it was left out as a whole");
    }

    #[test]
    fn the_desk_and_what_was_not_written_to_us_count_for_nothing() {
        assert!(!counts(Message { setting: Setting::Desk, ..message("a note") }, None));
        let part = Message { album: Some("a".into()), ..message("") };
        assert_eq!(writer(&Event::AlbumPartSeen(part), None), None);
    }
}
