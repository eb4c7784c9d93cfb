//! Which facts an event is decided on.

use crate::{
    code, desk,
    errand::{Brought, Errand, ErrandEnd, ErrandEnded},
    event::{About, Entrance, Event, Finished, Message, Press, Setting},
    facts::{FactsKind, GiftNeed, LinkNeed, Needs},
    gift,
    id::{AlbumId, ArtifactId, CodeId, EscalationId, IdentityId, LinkId, MessageId, RequestId},
    intent::{self, BareWords, Command, Intent},
    letter::Refused,
    link,
    payment::{Moved, StarsErrand},
    promo,
    say::{Action, Verb},
    topic,
};

/// Which facts the shell loads before it asks [`decide`](crate::decide::decide). For a press the
/// shell has read the token already: `action` is what it says when its code is right, and nothing
/// else is loaded when it is wrong.
#[must_use]
pub fn needs(event: &Event, action: Option<Action>) -> Needs {
    let of = |kind| Needs { kind, ..Needs::default() };
    let person = |identity: &IdentityId| Needs {
        identity: Some(identity.clone()),
        ..of(FactsKind::Message)
    };
    match event {
        Event::MessageReceived(message) => message_needs(message),
        Event::AlbumPartSeen(part) => Needs {
            identity: Some(part.from.identity.clone()),
            album: part.album.clone(),
            ..of(FactsKind::Message)
        },
        Event::MessageEdited(message) if message.setting == Setting::Desk => Needs::default(),
        Event::MessageEdited(message) => Needs {
            identity: Some(message.from.identity.clone()),
            started_by: Some(message.id.clone()),
            replied: replied(message),
            line: true,
            ..of(FactsKind::Message)
        },
        Event::ButtonPressed(press) => press_needs(press, action),
        Event::PresenceChanged(presence) => person(&presence.who.identity),
        Event::ChatEntered(entrance) => entrance_needs(entrance),
        Event::MessageRecalled { by, message } => {
            Needs { started_by: Some(message.clone()), ..person(&by.identity) }
        }
        Event::ChatHanded(handing) => person(&handing.who.identity),
        Event::ServicerWrote { to, .. } => person(&to.identity),
        Event::CameToNothing { who, .. } => person(&who.identity),
        Event::ConversationMoved { .. }
        | Event::AlarmRaised { .. }
        | Event::ContactChanged(_)
        | Event::AnswerRated { .. }
        | Event::MessageBounced { .. }
        | Event::ChannelWarned { .. } => Needs::default(),
        Event::PaymentTold(_) => of(FactsKind::Payment),
        Event::MoneyMoved { identity, moved, .. } => {
            Needs { line: true, plan: matches!(moved, Moved::PlanPaid { .. }), ..person(identity) }
        }
        Event::InvitationDue { identity } => invitation_needs(identity),
        Event::LinkRefused(refused) => refusal_needs(refused),
        Event::TopicClosed { by } => {
            Needs { identity: Some(by.identity.clone()), desk: true, ..of(FactsKind::Desk) }
        }
        Event::TopicCreated { name, .. } => topic_needs(name),
        Event::ErrandEnded(ended) => errand_needs(ended),
        Event::DraftStopped { generation, .. }
        | Event::GenerationFailed { generation, .. }
        | Event::GenerationUncertain { generation }
        | Event::GenerationFinished(Finished { generation, .. }) => {
            Needs { generation: Some(*generation), ..of(FactsKind::Generation) }
        }
        Event::AlbumSettled { album, by, setting, replied } => {
            album_needs(album, by, *setting, replied.as_ref())
        }
        Event::TraySettled { identity, .. }
        | Event::TrayLapsed { identity }
        | Event::AwaitingLapsed { identity } => person(identity),
        Event::TopicAwaited { case, message, .. } => Needs {
            identity: Some(message.from.identity.clone()),
            case: Some(*case),
            ..of(FactsKind::Message)
        },
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
        Event::PicturesExpiring { account, .. } => {
            Needs { account: Some(*account), history: Some(0), ..of(FactsKind::Message) }
        }
        Event::CreditsLapsing { account } => {
            Needs { account: Some(*account), plan: true, ..of(FactsKind::Message) }
        }
        Event::ArtifactExpired { artifact, .. } => {
            Needs { artifact: Some(*artifact), ..of(FactsKind::Generation) }
        }
    }
}

fn topic_needs(name: &str) -> Needs {
    let case_code = topic::code_in(name).map(Into::into);
    Needs { case_code, kind: FactsKind::Desk, ..Needs::default() }
}

/// A whole album is one message, whose words may be a command.
fn album_needs(
    album: &AlbumId,
    by: &IdentityId,
    setting: Setting,
    replied: Option<&MessageId>,
) -> Needs {
    let base = Needs {
        identity: Some(by.clone()),
        replied: replied.cloned(),
        album: Some(album.clone()),
        ..Needs::default()
    };
    if setting == Setting::Desk {
        return Needs { kind: FactsKind::Desk, desk: true, refundable: true, ..base };
    }
    Needs {
        kind: FactsKind::Message,
        line: true,
        entries: true,
        plan: true,
        history: Some(0),
        ..base
    }
}

fn invitation_needs(identity: &IdentityId) -> Needs {
    Needs {
        identity: Some(identity.clone()),
        gift: Some(GiftNeed::Invitation),
        kind: FactsKind::Message,
        ..Needs::default()
    }
}

fn entrance_needs(entrance: &Entrance) -> Needs {
    let gift = entrance.scene_param.as_deref().and_then(gift::need);
    Needs {
        identity: Some(entrance.who.identity.clone()),
        link: entrance.scene_param.as_deref().and_then(link::need),
        line: gift.is_some(),
        gift,
        kind: FactsKind::Message,
        ..Needs::default()
    }
}

fn message_needs(message: &Message) -> Needs {
    let identity = Some(message.from.identity.clone());
    if message.setting == Setting::Desk {
        return Needs {
            kind: FactsKind::Desk,
            identity,
            desk: true,
            refundable: desk::is_refund(&message.text),
            replied: message.reply_to.as_ref().map(|reply| reply.message.clone()),
            album: message.album.clone(),
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
            plan: matches!(
                command,
                Command::Balance | Command::Plan | Command::PaySupport | Command::Unlink
            ),
            history: (command == Command::History).then_some(0),
            link: link_needs(command),
            ..gift_needs(command, message, base)
        },
        Intent::Greeting | Intent::Words(_) => {
            Needs { replied: replied(message), line: true, ..base }
        }
    }
}

/// What linking looks up for a command.
fn link_needs(command: Command<'_>) -> Option<LinkNeed> {
    match command {
        Command::Link(typed) => Some(code::read(typed).map_or(LinkNeed::Own, LinkNeed::Typed)),
        Command::Unlink => Some(LinkNeed::Own),
        Command::Start(payload) => link::need(payload),
        _ => None,
    }
}

/// What a promo code or an invitation looks up. What waited for credits may run by it; and where
/// the house gives nothing away, what was typed without a slash is a prompt.
fn gift_needs(command: Command<'_>, message: &Message, base: Needs) -> Needs {
    let gift = match command {
        Command::Redeem(typed) => GiftNeed::Promo(promo::read(typed).unwrap_or_default()),
        Command::Invite => GiftNeed::Own,
        Command::Start(payload) => match gift::need(payload) {
            Some(need) => need,
            None => return base,
        },
        _ => return base,
    };
    Needs { gift: Some(gift), replied: replied(message), line: true, ..base }
}

/// The message of ours that somebody answers.
fn replied(message: &Message) -> Option<MessageId> {
    message.reply_to.as_ref().filter(|reply| reply.ours).map(|reply| reply.message.clone())
}

/// What undoes a link has to be known.
fn refusal_needs(Refused { by, link, .. }: &Refused) -> Needs {
    let (kind, identity) = (FactsKind::Message, Some(by.clone()));
    Needs { kind, identity, link: Some(link.need()), ..Needs::default() }
}

fn press_needs(press: &Press, action: Option<Action>) -> Needs {
    let identity = Some(press.by.identity.clone());
    let base = Needs { kind: FactsKind::Press, identity, ..Needs::default() };
    let Some(Action { verb, row }) = action else { return base };
    let request = Some(RequestId(row));
    let artifact = Some(ArtifactId(row));
    match verb {
        Verb::Cancel | Verb::ChangeWords => Needs { request, ..base },
        Verb::Confirm | Verb::TakeCheaper => Needs { request, line: true, ..base },
        Verb::Again | Verb::MakeFour | Verb::TryAgain => {
            Needs { request, line: true, newest: true, ..base }
        }
        Verb::AskHuman => Needs { request: request.filter(|_| row != 0), ..base },
        Verb::Change
        | Verb::Original
        | Verb::More
        | Verb::UseAsReference
        | Verb::Delete
        | Verb::SendAgain
        | Verb::OpenPicture => Needs { artifact, ..base },
        Verb::Larger => Needs { artifact, line: true, newest: true, ..base },
        Verb::ForAPicture => Needs { line: true, ..base },
        Verb::Example => Needs { line: true, newest: true, ..base },
        Verb::Balance => Needs { entries: true, plan: true, ..base },
        Verb::HistoryPage => Needs { history: Some(row), ..base },
        Verb::CaseDone => Needs { desk: true, case: Some(EscalationId(row)), ..base },
        Verb::LinkYes | Verb::LinkNo => Needs { link: Some(LinkNeed::Code(CodeId(row))), ..base },
        Verb::UndoLink => Needs { link: Some(LinkNeed::Link(LinkId(row))), ..base },
        // Unlinking takes back what is in line, in words that name a place in it.
        Verb::Unlink => Needs { link: Some(LinkNeed::Young), line: true, plan: true, ..base },
        Verb::UnlinkWhich => Needs { link: Some(LinkNeed::Own), plan: true, ..base },
        Verb::MakeCode | Verb::SignInByEmail | Verb::SignInInBrowser | Verb::SignOut => {
            Needs { link: Some(LinkNeed::Own), ..base }
        }
        Verb::BuyItem | Verb::PayStars => Needs { item: Some(row), plan: true, ..base },
        Verb::ShowPlan
        | Verb::PlanChange
        | Verb::PlanTo
        | Verb::PlanCancel
        | Verb::PlanYes
        | Verb::Refund
        | Verb::RefundOf
        | Verb::RefundYes => Needs { plan: true, ..base },
        Verb::RefundStars | Verb::RefundStarsYes => Needs { refundable: true, plan: true, ..base },
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
        | Verb::ConsentNo
        | Verb::ForThePerson => base,
    }
}

fn errand_needs(ended: &ErrandEnded) -> Needs {
    let of = |identity: &IdentityId| Needs {
        kind: FactsKind::Message,
        identity: Some(identity.clone()),
        ..Needs::default()
    };
    match (&ended.what, &ended.end) {
        (Errand::CopyMedia { identity, .. }, ErrandEnd::Brought(Brought::Unusable(_))) => {
            of(identity)
        }
        (Errand::CopyMedia { .. } | Errand::Letter(_), _) => Needs::default(),
        (Errand::Screen { request, identity, .. }, _) => {
            Needs { request: Some(*request), line: true, ..of(identity) }
        }
        (Errand::LookAtPayment { .. } | Errand::Refund { .. } | Errand::ChangePlan { .. }, _) => {
            Needs { kind: FactsKind::Payment, ..Needs::default() }
        }
        (Errand::Checkout { request, identity, .. }, _) => {
            Needs { checkout: Some(request.clone()), ..of(identity) }
        }
        (Errand::Stars(errand), _) => match &**errand {
            StarsErrand::Link { request, identity, .. } => {
                Needs { checkout: Some(request.clone()), ..of(identity) }
            }
            StarsErrand::Refund { .. }
            | StarsErrand::EndPlan { .. }
            | StarsErrand::Renewal { .. } => Needs { kind: FactsKind::Payment, ..Needs::default() },
        },
        (
            Errand::SendSignInCode { by, .. } | Errand::CheckSignInCode { by, .. },
            ErrandEnd::Brought(Brought::SignedIn(who)),
        ) => Needs { link: Some(LinkNeed::Subject(who.clone())), ..of(by) },
        (
            Errand::SendSignInCode { by, .. } | Errand::CheckSignInCode { by, .. },
            ErrandEnd::Brought(_) | ErrandEnd::Failed(_),
        ) => Needs { link: Some(LinkNeed::Own), ..of(by) },
    }
}

fn fate_needs(about: About) -> Needs {
    let base = Needs { kind: FactsKind::Delivery, ..Needs::default() };
    match about {
        About::Picture(generation) | About::Ended(generation) => {
            Needs { generation: Some(generation), ..base }
        }
        About::Original(artifact) => Needs { artifact: Some(artifact), ..base },
        About::Relay(case) | About::TopicLine(case) | About::Handing(case) => {
            Needs { case: Some(case), ..base }
        }
        About::RelayPart { case, first, last } => {
            Needs { case: Some(case), relayed: Some((first, last)), ..base }
        }
        About::Topic(case) => Needs { case: Some(case), past: true, ..base },
        About::Matter(_) | About::Beside(_) | About::Slot(_) | About::Passing | About::Occasion => {
            Needs::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::{
        account::Person,
        event::ReplyTo,
        id::{ConversationId, EscalationId},
    };

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

    #[test]
    fn a_command_needs_nothing_of_the_line() {
        let help = needs(&Event::MessageReceived(message("/help")), None);
        assert!(!help.line && !help.entries && help.history.is_none());
        assert!(needs(&Event::MessageReceived(message("余额")), None).entries);
        assert_eq!(needs(&Event::MessageReceived(message("/history")), None).history, Some(0));
        assert!(needs(&Event::MessageReceived(message("a fox")), None).line);
    }

    #[test]
    fn an_album_may_turn_out_to_be_a_command() {
        let settled = |setting| {
            let (album, by) = (AlbumId::from("album"), IdentityId::from("telegram:7"));
            needs(&Event::AlbumSettled { album, by, setting, replied: None }, None)
        };
        let ours = settled(Setting::Private);
        assert!(ours.entries && ours.history == Some(0) && ours.line);
        let at_desk = settled(Setting::Desk);
        assert!(at_desk.desk && at_desk.refundable && at_desk.kind == FactsKind::Desk);
    }

    #[test]
    fn only_an_answer_to_a_message_of_ours_is_looked_up() {
        let answering = |ours| {
            let reply_to = ReplyTo { message: "9".into(), ours, attachments: vec![] };
            let message = Message { reply_to: Some(reply_to), ..message("blue") };
            needs(&Event::MessageReceived(message), None).replied
        };
        assert_eq!(answering(true), Some(MessageId::from("9")));
        assert_eq!(answering(false), None);
    }

    #[test]
    fn the_desk_needs_its_case_and_no_customer() {
        let line = Message { setting: Setting::Desk, ..message("/r hello") };
        let line = needs(&Event::MessageReceived(line), None);
        assert_eq!(line.kind, FactsKind::Desk);
        assert!(line.desk && !line.line);
    }

    #[test]
    fn a_button_that_is_not_ours_needs_only_a_language() {
        let press = Press {
            by: message("").from,
            setting: Setting::Group,
            tap: "t".into(),
            message: None,
            token: "x".into(),
        };
        let identity = Some(press.by.identity.clone());
        let foreign = Needs { kind: FactsKind::Press, identity, ..Needs::default() };
        assert_eq!(needs(&Event::ButtonPressed(press.clone()), None), foreign);
        let row = |verb| needs(&Event::ButtonPressed(press.clone()), Some(Action { verb, row: 5 }));
        for verb in Verb::ALL {
            let needs = row(verb);
            assert!(needs.request.is_none() || needs.artifact.is_none(), "{verb:?}");
        }
        assert_eq!(row(Verb::Larger).artifact, Some(ArtifactId(5)));
        assert_eq!(row(Verb::Again).request, Some(RequestId(5)));
    }

    #[test]
    fn only_a_new_topic_needs_what_its_card_tells() {
        let case = EscalationId(9);
        assert!(fate_needs(About::Topic(case)).past);
        assert!(!fate_needs(About::Relay(case)).past);
        assert_eq!(fate_needs(About::Matter(case)), Needs::default());
        let moved = Event::ConversationMoved { to: ConversationId::from("telegram:-1") };
        assert_eq!(needs(&moved, None), Needs::default());
    }
}
