//! Words that come without a reply while somebody's matter is being talked about: for the person
//! who helps them, or for a picture? Nobody's answer to a human is drawn and charged unasked.

use alloc::{string::String, vec::Vec};

use super::{REOPENS_MS, Told, has_desk, open, pass, pictures};
use crate::{
    album,
    customer::Visit,
    effect::{Body, Effect},
    event::{About, Message, Setting},
    facts::{Awaiting, Beside, Case, Line, MessageFacts},
    id::{MessageId, Slot},
    keys, message,
    press::Answer,
    say::{Cause, Say},
    turn::{Reader, Turn},
};

/// How long after they chose a picture their next words are for pictures too.
const DRAWS_MS: i64 = 30 * 60 * 1000;

/// How long the question waits: then the words go to the person, where they cost nothing.
pub(crate) const DECIDES_MS: i64 = 5 * 60 * 1000;

/// Messages that wait for one answer; with more than these the others go to the person.
const MESSAGES_MAX: usize = 10;

/// A matter's customer may mean it by words without a reply, as long as it could be opened again.
pub(crate) fn expect(turn: &mut Turn<'_>, case: &Case) {
    let until = turn.frame.now.saturating_add(REOPENS_MS);
    turn.then(Effect::ExpectWords { escalation: case.id, from: 0, until });
}

/// Whether somebody's words may be meant for the person who helps them. What answers a picture is
/// about that.
pub(crate) fn may_be(
    turn: &Turn<'_>,
    visit: &Visit,
    facts: &MessageFacts,
    message: &Message,
) -> bool {
    let is_private = visit.reader.setting == Setting::Private;
    if !is_private || !has_desk(turn.house()) || is_about_a_picture(facts, message) {
        return false;
    }
    match &visit.customer.awaiting {
        Some(Awaiting::Meant { .. }) => true,
        None
        | Some(Awaiting::Edit { .. } | Awaiting::LinkEmail | Awaiting::LinkEmailCode { .. }) => {
            visit.customer.case.as_ref().is_some_and(|case| {
                let now = turn.frame.now;
                let is_here = case.conversation == visit.reader.conversation;
                is_here && (case.expects_from..case.expects_until).contains(&now)
            })
        }
        Some(_) => false,
    }
}

fn is_about_a_picture(facts: &MessageFacts, message: &Message) -> bool {
    let shows = message.reply_to.as_ref().is_some_and(|reply| !reply.attachments.is_empty());
    shows || facts.replied.is_some() || facts.beside != Beside::Nothing
}

/// Asks for whom the words are; they wait meanwhile, with what came before them. Where messages
/// can be changed, one question stands for all of them.
pub(crate) fn ask(turn: &mut Turn<'_>, visit: &mut Visit, message: &Message) {
    let Some(case) = visit.customer.case.clone() else { return };
    let (mut question, mut messages) = waiting(visit).unwrap_or((0, Vec::new()));
    if messages.len() == MESSAGES_MAX {
        visit.awaits(turn, None);
        messages.clear();
    }
    messages.push(Message { album: None, ..message.clone() });
    let (count, is_first) = (messages.len() as i64, messages.len() == 1);
    let in_place = !is_first && turn.can_edit(&visit.reader.conversation);
    if is_first {
        question = turn.id();
    }
    visit.awaits(turn, Some(Awaiting::Meant { question, messages }));
    let say = Say::SupportMeant { code: case.code, count };
    let word = turn.words(&visit.reader, say).keys(keys::meant(question));
    let word = word.about(About::Matter(case.id));
    let slot = Slot::Question(question);
    turn.send(if in_place { word.editing(slot).silent() } else { word.slot(slot) });
}

fn waiting(visit: &Visit) -> Option<(i64, Vec<Message>)> {
    match &visit.customer.awaiting {
        Some(Awaiting::Meant { question, messages }) => Some((*question, messages.clone())),
        Some(_) | None => None,
    }
}

/// A message that waits was changed: as it is now it is meant.
pub(crate) fn edited(turn: &mut Turn<'_>, visit: &mut Visit, message: &Message) {
    let Some((question, mut messages)) = waiting(visit) else { return };
    let Some(one) = messages.iter_mut().find(|one| one.id == message.id) else { return };
    one.text.clone_from(&message.text);
    visit.awaits(turn, Some(Awaiting::Meant { question, messages }));
}

/// Nothing waits any more; its question goes.
pub(crate) fn end_question(turn: &mut Turn<'_>, reader: &Reader, question: i64) {
    if turn.can_edit(&reader.conversation) {
        turn.remove(reader, Slot::Question(question));
    }
}

/// They turned to something else, or did not say: the words go to the person. Whose matter is not
/// theirs any more has another one opened.
pub(crate) fn for_the_person(turn: &mut Turn<'_>, visit: &mut Visit, messages: &[Message]) {
    let case = visit.customer.case.clone();
    let told: Vec<(&Message, Told)> = messages
        .iter()
        .map(|message| {
            let pictures = pictures(turn, visit, message);
            let cause = case.as_ref().map_or(Cause::Other, |case| case.cause);
            let words = String::from(message.text.trim());
            (message, Told { cause, request: None, words, pictures })
        })
        .filter(|(_, told)| !told.words.is_empty() || !told.pictures.is_empty())
        .collect();
    if let Some(case) = case {
        return pass(turn, visit, &case, &told);
    }
    let words: Vec<&str> = told.iter().map(|(_, told)| told.words.as_str()).collect();
    let words = words.join("\n").trim().into();
    let pictures = told.into_iter().flat_map(|(_, told)| told.pictures).collect();
    let told = Told { cause: Cause::Other, request: None, words, pictures };
    open(turn, visit, told, false);
}

/// The question was answered by a button.
pub(crate) fn decided(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    line: &Line,
    (asked, row): (Option<&MessageId>, i64),
    for_a_picture: bool,
) -> Answer {
    let Some((_, messages)) = waiting(visit).filter(|(question, _)| *question == row) else {
        return Answer::Line(Say::Stale);
    };
    if asked.is_some() && !turn.can_edit(&visit.reader.conversation) {
        let question = turn.draft(&visit.reader, Body::Removed).replacing(asked);
        turn.send(question);
    }
    if !for_a_picture {
        // What waits goes to the person when nothing waits any more.
        visit.awaits(turn, None);
        return Answer::Quiet;
    }
    drop_waiting(turn, visit);
    if let Some(case) = &visit.customer.case {
        // What is over is over for good by that.
        let (escalation, until) = (case.id, if case.closed { 0 } else { case.expects_until });
        let from = turn.frame.now.saturating_add(DRAWS_MS);
        turn.then(Effect::ExpectWords { escalation, from, until });
    }
    if let Some(message) = album::joined(&messages) {
        message::for_a_picture(turn, visit, line, &message);
    }
    Answer::Quiet
}

/// What waits is not meant for anybody any more.
pub(crate) fn drop_waiting(turn: &mut Turn<'_>, visit: &mut Visit) {
    if let Some(Awaiting::Meant { messages, .. }) = &mut visit.customer.awaiting {
        messages.clear();
        visit.awaits(turn, None);
    }
}
