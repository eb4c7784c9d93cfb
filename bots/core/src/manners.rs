//! What a channel can do decides how things are said there: nothing is changed where nothing can be
//! changed, several buttons-and-pictures become pictures and one menu, and where messages are
//! counted only what matters is sent. Where each message has one answer, all that is said of it
//! says which one it is.

use alloc::vec::Vec;

use crate::{
    channel::{Capabilities, Place, Repeat},
    effect::{Body, Effect, Outgoing},
    event::{About, Event},
    facts::{Facts, RequestState},
    generation::GenerationState,
    id::{ConversationId, MessageId, OutboundId, Slot},
    keys,
    say::{Making, Part, RelayState, Say},
    turn::Turn,
};

/// What a turn answers: a message or a press, else the message that asked for what it is about.
pub(crate) fn occasion(facts: &Facts, event: &Event) -> Option<MessageId> {
    match event {
        Event::MessageReceived(message) => return Some(message.id.clone()),
        Event::ButtonPressed(press) => return Some(MessageId(press.tap.0.clone())),
        _ => {}
    }
    let request = match facts {
        Facts::Message(facts) => facts.started.as_ref(),
        Facts::Generation(facts) => facts.request.as_ref(),
        Facts::Delivery(facts) => facts.generation.as_ref().and_then(|it| it.request.as_ref()),
        Facts::Press(_) | Facts::Desk(_) | Facts::Payment(_) | Facts::None => None,
    };
    request.and_then(|request| request.message.clone())
}

/// Makes what a turn says fit the channels it is said on.
pub(crate) fn fit(turn: &mut Turn<'_>) {
    let effects = turn.take();
    let can_everything = |conversation: &ConversationId| {
        let channel = turn.house().channel(conversation);
        channel.is_none_or(|channel| {
            channel.edits && channel.replies_max.is_none() && !channel.one_answer
        })
    };
    let is_plain = effects.iter().all(|effect| match effect {
        Effect::Send(message) => can_everything(&message.conversation),
        _ => true,
    });
    if is_plain && can_everything(turn.frame.conversation) {
        for effect in effects {
            turn.then(effect);
        }
        return;
    }
    let reserved = reserved(turn, &effects);
    for effect in effects {
        match effect {
            Effect::Send(message) => send(turn, message),
            Effect::AnswerTap { .. } => answer_tap(turn, effect),
            other => turn.then(other),
        }
    }
    leave_out(turn, reserved);
    count(turn);
}

fn send(turn: &mut Turn<'_>, message: Outgoing) {
    let channel = turn.house().channel(&message.conversation);
    if channel.is_some_and(|channel| channel.one_answer) {
        let message = in_the_answer(turn, message);
        return turn.send(message);
    }
    let Some(channel) = channel.filter(|channel| !channel.edits) else {
        return turn.send(message);
    };
    if is_lost(&message, channel) {
        return;
    }
    let mut message = spoken(message, channel);
    if let Place::New { slot: Some(slot @ Slot::Receipt(_)) }
    | Place::Edit { slot: slot @ Slot::Receipt(_) } = message.place
    {
        // The receipt of several pictures is beside none of them, and is their menu all the same.
        message.about = message.about.or(Some(About::Slot(slot)));
    }
    message.place = match message.place {
        // The buttons of what stands there end with what takes its place.
        place @ (Place::Edit { .. } | Place::New { .. }) if channel.closes_buttons => place,
        Place::Edit { .. } | Place::New { .. } => Place::New { slot: None },
        place @ Place::EditMessage { .. } => place,
    };
    let Body::Picture { artifact, caption } = &mut message.body else {
        return turn.send(message);
    };
    // Without a name of its own, one that was sent again would be seen twice.
    if !channel.knows_repeats {
        message.repeat = Repeat::Ask;
    }
    // A picture is one message, and what is said under it another.
    let (artifact, caption) = (*artifact, caption.take());
    let keys = core::mem::take(&mut message.keys);
    let under = caption.map(|say| Outgoing {
        id: OutboundId(turn.id()),
        body: Body::Say(say),
        about: Some(About::Beside(artifact)),
        repeat: Repeat::Harmless,
        place: Place::New { slot: None },
        keys,
        ..message.clone()
    });
    turn.send(message);
    if let Some(under) = under {
        turn.send(under);
    }
}

/// A message as a part of the answer to what it is about.
fn in_the_answer(turn: &Turn<'_>, mut message: Outgoing) -> Outgoing {
    if message.conversation == *turn.frame.conversation && message.reply_to.is_none() {
        message.reply_to.clone_from(&turn.occasion);
    }
    // What comes of it is the answer, and this neither ends that nor has its address.
    if matches!(message.body, Body::Say(Say::CheckoutComing | Say::PlanAsking)) {
        message.silent = true;
    }
    // What is quoted there comes without its picture.
    message.body = match message.body {
        Body::Say(Say::Help) => Body::Say(Say::HelpByButtons),
        Body::Say(Say::WhichPicture) => Body::Say(Say::WhichPictureByButtons),
        body => body,
    };
    message
}

/// Whether a message is nothing where nothing can be changed: it only changes or removes one, or
/// says without a sound in the place of an earlier one how that stands now.
fn is_lost(message: &Outgoing, channel: &Capabilities) -> bool {
    let edits = matches!(message.place, Place::Edit { .. });
    match &message.body {
        Body::Keys | Body::Removed if message.keys.is_empty() => edits && !channel.closes_buttons,
        Body::Removed => edits,
        // One acknowledgement is enough for all pictures of a request.
        Body::Say(Say::Making(making)) => making.part.number > 1,
        // What stands there is not read again when it changes.
        Body::Keys | Body::Say(Say::RelayState(RelayState::Waiting)) => true,
        Body::Say(say) if !matches!(say, Say::RelayState(_)) => edits && message.silent,
        Body::Say(_)
        | Body::Picture { .. }
        | Body::Original { .. }
        | Body::Forward { .. }
        | Body::Invoice { .. }
        | Body::OpenTopic { .. }
        | Body::CloseTopic
        | Body::ReopenTopic
        | Body::RemoveTopic
        | Body::HandOver { .. }
        | Body::HandBack { .. } => false,
    }
}

/// A message as it is said where nothing can be changed.
fn spoken(mut message: Outgoing, channel: &Capabilities) -> Outgoing {
    message.body = match message.body {
        Body::Say(Say::Making(making)) => {
            let number = if making.part.count > 1 { 0 } else { making.part.number };
            let part = Part { number, ..making.part };
            if channel.replies_max.is_some() {
                message.about = Some(About::Passing);
            }
            Body::Say(Say::Making(Making { part, ..making }))
        }
        Body::Say(Say::WelcomeFirst { trial }) => {
            if channel.replies_max.is_some() {
                message.about = Some(About::Passing);
            }
            Body::Say(Say::WelcomeFirst { trial })
        }
        Body::Say(Say::Help) => Body::Say(Say::HelpByButtons),
        other => other,
    };
    message
}

/// Where nothing is shown in passing, what a press came to is a message, unless it was that it had
/// been pressed before.
fn answer_tap(turn: &mut Turn<'_>, effect: Effect) {
    let Effect::AnswerTap { tap, language, say, alert } = effect else { return };
    let conversation = turn.frame.conversation;
    let channel = turn.house().channel(conversation);
    if channel.is_none_or(|channel| channel.edits && !channel.one_answer) {
        return turn.then(Effect::AnswerTap { tap, language, say, alert });
    }
    if let Some(say) = say.filter(|say| *say != Say::Done) {
        let body = Body::Say(say);
        let message = Outgoing {
            id: OutboundId(turn.id()),
            conversation: conversation.clone(),
            language,
            presser: None,
            place: Place::New { slot: None },
            reply_to: turn.occasion.clone(),
            keys: keys::with_human(turn.house(), &body, Vec::new()),
            body,
            repeat: Repeat::Harmless,
            silent: false,
            about: None,
        };
        turn.send(message);
    }
    turn.then(Effect::AnswerTap { tap, language, say: None, alert: false });
}

/// What pictures in line will need in this conversation, once this turn is done.
fn reserved(turn: &Turn<'_>, effects: &[Effect]) -> u32 {
    let Some(window) = &turn.window else { return 0 };
    let (mut more, mut less) = (0_u32, 0_u32);
    let mut requests = Vec::new();
    for effect in effects {
        match effect {
            Effect::Generate(new) if new.conversation == *turn.frame.conversation => {
                more += 1;
                if !requests.contains(&new.request) {
                    requests.push(new.request);
                    more += 1;
                }
            }
            Effect::CancelGeneration { .. }
            | Effect::UpdateRequest { state: RequestState::Settled, .. } => less += 1,
            Effect::SettleGeneration { state, .. } => match state {
                GenerationState::Made | GenerationState::Failed | GenerationState::Uncertain => {
                    less += 1;
                }
                GenerationState::Held
                | GenerationState::Claimed
                | GenerationState::Submitting
                | GenerationState::Submitted
                | GenerationState::Delivered
                | GenerationState::Cancelled => {}
            },
            _ => {}
        }
    }
    (window.reserved + more).saturating_sub(less)
}

/// Leaves out what is worth saying only where a slot is spare.
fn leave_out(turn: &mut Turn<'_>, reserved: u32) {
    let Some(window) = turn.window else { return };
    let here = turn.frame.conversation;
    let is_passing = |message: &Outgoing| message.about == Some(About::Passing);
    let counts = |message: &Outgoing| message.conversation == *here && costs(message);
    let effects = turn.take();
    let needed = effects.iter().filter(|effect| match effect {
        Effect::Send(message) => counts(message) && !is_passing(message),
        _ => false,
    });
    let taken = u32::try_from(needed.count()).unwrap_or(u32::MAX).saturating_add(reserved);
    let mut spare = window.room(turn.frame.now).saturating_sub(taken);
    for effect in effects {
        if let Effect::Send(message) = &effect
            && is_passing(message)
            && message.conversation == *here
        {
            if spare == 0 {
                continue;
            }
            spare -= 1;
        }
        turn.then(effect);
    }
}

/// Whether a channel counts a message. What answers an event that takes one answer is free.
fn costs(message: &Outgoing) -> bool {
    !matches!(message.about, Some(About::Occasion | About::Handing(_)))
}

/// Says of each conversation whose channel counts messages that those of this turn count.
fn count(turn: &mut Turn<'_>) {
    let effects = turn.take();
    let mut counted: Vec<ConversationId> = Vec::new();
    for effect in &effects {
        let Effect::Send(message) = effect else { continue };
        let channel = turn.house().channel(&message.conversation);
        let is_counted = channel.is_some_and(|channel| channel.replies_max.is_some());
        if is_counted && !counted.contains(&message.conversation) {
            counted.push(message.conversation.clone());
        }
    }
    for effect in effects {
        turn.then(effect);
    }
    for conversation in counted {
        let channel = turn.house().channel(&conversation);
        let text_bytes_max = channel.map_or(usize::MAX, |channel| channel.text_units_max);
        turn.then(Effect::CountReplies { conversation, text_bytes_max });
    }
}
