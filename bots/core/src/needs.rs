//! Which facts an event is decided on.

use crate::{
    event::{About, Event, Message, Press, Setting},
    facts::{FactsKind, Needs},
    id::{ArtifactId, RequestId},
    intent::{self, BareWords, Command, Intent},
    say::{Action, Verb},
};

/// Which facts the shell loads before it asks [`decide`](crate::decide::decide). For a press the
/// shell has read the token already: `action` is what it says when its code is right, and nothing
/// else is loaded when it is wrong.
#[must_use]
pub fn needs(event: &Event, action: Option<Action>) -> Needs {
    let of = |kind| Needs { kind, ..Needs::default() };
    match event {
        Event::MessageReceived(message) => message_needs(message),
        Event::MessageEdited(message) if message.setting == Setting::Desk => Needs::default(),
        Event::MessageEdited(message) => Needs {
            identity: Some(message.from.identity.clone()),
            started_by: Some(message.id.clone()),
            line: true,
            ..of(FactsKind::Message)
        },
        Event::ButtonPressed(press) => press_needs(press, action),
        Event::PresenceChanged(presence) => {
            Needs { identity: Some(presence.who.identity.clone()), ..of(FactsKind::Message) }
        }
        Event::ConversationMoved { .. } => Needs::default(),
        Event::TopicClosed { by } => {
            Needs { identity: Some(by.identity.clone()), desk: true, ..of(FactsKind::Desk) }
        }
        Event::DraftStopped { generation, .. }
        | Event::GenerationFailed { generation, .. }
        | Event::GenerationUncertain { generation } => {
            Needs { generation: Some(*generation), ..of(FactsKind::Generation) }
        }
        Event::GenerationFinished(finished) => {
            Needs { generation: Some(finished.generation), ..of(FactsKind::Generation) }
        }
        Event::AlbumSettled { album, by, replied } => Needs {
            identity: Some(by.clone()),
            replied: replied.clone(),
            album: Some(album.clone()),
            line: true,
            ..of(FactsKind::Message)
        },
        Event::TrayLapsed { identity } => {
            Needs { identity: Some(identity.clone()), ..of(FactsKind::Message) }
        }
        Event::RequestLapsed { request } => {
            Needs { request: Some(*request), ..of(FactsKind::Generation) }
        }
        Event::MessageDelivered(delivered) => fate_needs(delivered.about),
        Event::MessageRefused { about, .. } | Event::MessageUnknown { about, .. } => {
            fate_needs(*about)
        }
        Event::CreditsGranted { account, .. } => {
            Needs { account: Some(*account), line: true, ..of(FactsKind::Message) }
        }
        Event::ArtifactExpired { artifact, .. } => {
            Needs { artifact: Some(*artifact), ..of(FactsKind::Generation) }
        }
    }
}

fn message_needs(message: &Message) -> Needs {
    let identity = Some(message.from.identity.clone());
    if message.setting == Setting::Desk {
        return Needs {
            kind: FactsKind::Desk,
            identity,
            desk: true,
            replied: message.reply_to.as_ref().map(|reply| reply.message.clone()),
            ..Needs::default()
        };
    }
    let base = Needs { kind: FactsKind::Message, identity, ..Needs::default() };
    if let Some(album) = &message.album {
        return Needs { album: Some(album.clone()), ..base };
    }
    match intent::read(&message.text, BareWords::of(&message.from.identity)) {
        Intent::Command(command) => Needs {
            entries: command == Command::Balance,
            history: (command == Command::History).then_some(0),
            ..base
        },
        Intent::Greeting | Intent::Words(_) => Needs {
            replied: message
                .reply_to
                .as_ref()
                .filter(|reply| reply.ours)
                .map(|reply| reply.message.clone()),
            line: true,
            ..base
        },
    }
}

fn press_needs(press: &Press, action: Option<Action>) -> Needs {
    let identity = Some(press.by.identity.clone());
    let base = Needs { kind: FactsKind::Press, identity, ..Needs::default() };
    let Some(Action { verb, row }) = action else { return base };
    let request = Some(RequestId(row));
    let artifact = Some(ArtifactId(row));
    match verb {
        Verb::Cancel | Verb::ChangeWords => Needs { request, ..base },
        Verb::Again | Verb::MakeFour | Verb::TryAgain | Verb::Confirm | Verb::TakeCheaper => {
            Needs { request, line: true, ..base }
        }
        Verb::AskHuman => Needs { request: request.filter(|_| row != 0), ..base },
        Verb::Change
        | Verb::Original
        | Verb::More
        | Verb::UseAsReference
        | Verb::Delete
        | Verb::SendAgain
        | Verb::OpenPicture => Needs { artifact, ..base },
        Verb::Larger => Needs { artifact, line: true, ..base },
        Verb::Example => Needs { line: true, ..base },
        Verb::Balance => Needs { entries: true, ..base },
        Verb::HistoryPage => Needs { history: Some(row), ..base },
        Verb::CaseDone => Needs { desk: true, ..base },
        Verb::ClearTray
        | Verb::Buy
        | Verb::Privacy
        | Verb::Settings
        | Verb::SetResolution
        | Verb::SetShape
        | Verb::SetQuality
        | Verb::SetCount
        | Verb::SetBackground
        | Verb::SetLanguage
        | Verb::SetCause
        | Verb::ConsentYes
        | Verb::ConsentNo => base,
    }
}

fn fate_needs(about: About) -> Needs {
    let base = Needs { kind: FactsKind::Delivery, ..Needs::default() };
    match about {
        About::Picture(generation) => Needs { generation: Some(generation), ..base },
        About::Original(artifact) => Needs { artifact: Some(artifact), ..base },
        About::Relay(case) | About::TopicLine(case) => Needs { case: Some(case), ..base },
        About::Topic(case) => Needs { case: Some(case), past: true, ..base },
        About::Matter(_) | About::Slot(_) => Needs::default(),
    }
}
