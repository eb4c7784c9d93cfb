//! The operators' desk: what is written in its topics. An explicit answer goes out; a plain line
//! stays a note.

use alloc::vec::Vec;

use crate::{
    channel::{Attachment, MediaRef},
    effect::{Body, Effect},
    event::{About, Message, Setting},
    facts::{Case, DeskFacts, Operator},
    id::Slot,
    message::too_large,
    press::Answer,
    say::{Action, RelayState, Say, Verb},
    turn::{Reader, Turn},
};

/// Words of an operator that fit under a picture beside their name, UTF-16 code units. Telegram's
/// captions hold 1024 (Bot API, `sendPhoto`); what is longer follows as a message of its own.
const CAPTION_UNITS_MAX: usize = 800;

/// What a line at the desk is.
enum Line<'t> {
    /// For the customer.
    Answer(&'t str),
    /// The case is done.
    Done,
    /// A question about how this works, or a command that we do not have.
    Help,
    /// For the operators.
    Note,
}

/// Somebody wrote at the desk.
pub(crate) fn line(turn: &mut Turn<'_>, facts: &DeskFacts, message: &Message) {
    let line = read(message.text.trim(), facts.answers_customer);
    let here = Reader::desk(&turn.frame.conversation.clone(), turn.house());
    if let Line::Note = line {
        return;
    }
    let Some(operator) = &facts.operator else {
        return turn.say(&here, Say::NotAnOperator);
    };
    match (line, &facts.case) {
        (Line::Answer(words), Some(case)) => answer(turn, operator, case, message, words),
        (Line::Done, Some(case)) => done(turn, case, Closing::ByUs),
        (Line::Help, _) | (Line::Answer(_) | Line::Done, None) => turn.say(&here, Say::DeskHelp),
        (Line::Note, _) => {}
    }
}

fn read(text: &str, answers_customer: bool) -> Line<'_> {
    let Some(command) = text.strip_prefix('/') else {
        return if answers_customer { Line::Answer(text) } else { Line::Note };
    };
    let end = command.find(char::is_whitespace).unwrap_or(command.len());
    let (word, rest) = command.split_at(end);
    match word.split('@').next().unwrap_or_default() {
        "r" | "reply" | "回复" => Line::Answer(rest.trim()),
        "done" | "完成" | "结束" => Line::Done,
        _ => Line::Help,
    }
}

/// An operator's words and pictures go to the customer; under them in the topic stands whether
/// they arrived.
fn answer(turn: &mut Turn<'_>, operator: &Operator, case: &Case, message: &Message, words: &str) {
    let topic = Reader::desk(&turn.frame.conversation.clone(), turn.house());
    let mut pictures: Vec<MediaRef> = Vec::new();
    for attachment in message.attachments.iter().take(turn.house().references_max) {
        match attachment {
            Attachment::Picture(media) => pictures.push(media.clone()),
            Attachment::TooLarge { name, bytes, bytes_max } => {
                turn.say(&topic, too_large(name.as_ref(), *bytes, *bytes_max));
            }
            Attachment::Other(kind) => turn.say(&topic, Say::CannotUse(*kind)),
        }
    }
    if words.is_empty() && pictures.is_empty() {
        return turn.say(&topic, Say::DeskHelp);
    }
    if case.closed {
        turn.then(Effect::CloseEscalation { escalation: case.id, closed: false });
        let reopen = turn.draft(&topic, Body::ReopenTopic);
        turn.send(reopen);
    }
    let say = |text: &str| Say::Answer { operator: operator.name.clone(), text: text.into() };
    if !case.answered {
        let after_ms = turn.frame.now.saturating_sub(case.opened_at);
        turn.then(Effect::AnswerEscalation { escalation: case.id, after_ms });
    }
    let fits = words.encode_utf16().count() <= CAPTION_UNITS_MAX;
    let under = !pictures.is_empty() && fits;
    let (mut caption, after) = if under { (words, "") } else { ("", words) };
    for media in pictures {
        let body = Body::Forward { media, caption: say(core::mem::take(&mut caption)) };
        relay(turn, case, &topic, message, body);
    }
    if !after.is_empty() {
        relay(turn, case, &topic, message, Body::Say(say(after)));
    }
}

fn relay(turn: &mut Turn<'_>, case: &Case, topic: &Reader, message: &Message, body: Body) {
    let line = turn.draft(&customer(case), body).never_twice().about(About::Relay(case.id));
    let slot = Slot::Relay(line.id);
    turn.send(line);
    let state = turn.words(topic, Say::RelayState(RelayState::Waiting)).slot(slot).silent();
    turn.send(state.answering(Some(&message.id)));
}

/// The customer of a case.
pub(crate) fn customer(case: &Case) -> Reader {
    Reader {
        conversation: case.conversation.clone(),
        identity: Some(case.identity.clone()),
        language: case.language,
        setting: Setting::Private,
    }
}

/// Who closes a topic.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closing {
    /// We do.
    ByUs,
    /// An operator did, by hand.
    ByHand,
}

/// A case is done: its customer is told, its topic is closed. Done twice is done once.
fn done(turn: &mut Turn<'_>, case: &Case, closing: Closing) {
    if case.closed {
        return;
    }
    turn.then(Effect::CloseEscalation { escalation: case.id, closed: true });
    let say = Say::SupportDone { code: case.code.clone() };
    let word = turn.words(&customer(case), say).about(About::Matter(case.id));
    turn.send(word);
    if let (Closing::ByUs, Some(topic)) = (closing, &case.topic) {
        let reader = Reader::desk(topic, turn.house());
        let close = turn.draft(&reader, Body::CloseTopic);
        turn.send(close);
    }
}

/// An operator closed a topic by hand.
pub(crate) fn topic_closed(turn: &mut Turn<'_>, facts: &DeskFacts) {
    let Some(case) = &facts.case else { return };
    if facts.operator.is_some() {
        return done(turn, case, Closing::ByHand);
    }
    if !case.closed {
        // Nobody who may decide it has decided it: the case goes on.
        let topic = Reader::desk(&turn.frame.conversation.clone(), turn.house());
        let reopen = turn.draft(&topic, Body::ReopenTopic);
        turn.send(reopen);
        turn.say(&topic, Say::NotAnOperator);
    }
}

/// Somebody pressed a button at the desk.
pub(crate) fn pressed(turn: &mut Turn<'_>, facts: Option<&DeskFacts>, action: Action) -> Answer {
    let Some(facts) = facts else { return Answer::Line(Say::Stale) };
    if facts.operator.is_none() {
        return Answer::Alert(Say::NotAnOperator);
    }
    match &facts.case {
        Some(case) if action.verb == Verb::CaseDone && case.id.0 == action.row => {
            done(turn, case, Closing::ByUs);
            Answer::Line(Say::Done)
        }
        Some(_) | None => Answer::Line(Say::Stale),
    }
}
