//! The operators' desk: what is written in its topics. An explicit answer goes out; a plain line
//! stays a note.

use alloc::vec::Vec;

use crate::{
    album::{self, Called},
    channel::{Attachment, MediaRef},
    effect::{Body, Effect},
    event::{About, Message, Setting},
    facts::{Case, DeskFacts, House, Operator},
    handing,
    id::{AlbumId, ConversationId, Slot},
    message::too_large,
    payment,
    press::Answer,
    say::{Action, AnswerBack, RelayState, Say, Verb},
    support::meant,
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
    /// The customer's last payment in Stars goes back.
    Refund,
    /// A question about how this works, or a command that we do not have.
    Help,
    /// For the operators.
    Note,
}

/// Somebody wrote at the desk.
pub(crate) fn line(turn: &mut Turn<'_>, facts: &DeskFacts, message: &Message) {
    // All parts of an album are one line, whichever has the words.
    if let (Some(album), Some(_), Some(_)) = (&message.album, &facts.operator, &facts.case) {
        return part(turn, facts, message, album);
    }
    whole_line(turn, facts, message);
}

/// An operator sent a part of an album.
fn part(turn: &mut Turn<'_>, facts: &DeskFacts, part: &Message, id: &AlbumId) {
    let line = read(part.text.trim(), facts.answers_customer);
    let so_far = facts.album.as_ref();
    match so_far.filter(|album| album.settled) {
        // It comes behind the others that went to the customer, as they did.
        Some(album) if album.called && matches!(line, Line::Note) => {
            let facts = DeskFacts { answers_customer: true, ..facts.clone() };
            whole_line(turn, &facts, part);
        }
        Some(_) => whole_line(turn, facts, part),
        None => {
            let is_note = matches!(line, Line::Note);
            let called = if is_note { Called::NotHere } else { Called::Here };
            album::add(turn, so_far, part, id, called);
        }
    }
}

/// No further part of an operator's album came for a while: it is one line.
pub(crate) fn album_settled(turn: &mut Turn<'_>, facts: &DeskFacts, id: &AlbumId) {
    let Some(mut message) = album::whole(turn, facts.album.as_ref(), id) else { return };
    // The part that has the command need not be the first.
    let texts = facts.album.iter().flat_map(|album| &album.parts).map(|part| part.text.trim());
    if let Some(command) = texts.into_iter().find(|text| text.starts_with('/'))
        && !message.text.starts_with('/')
    {
        message.text = command.into();
    }
    whole_line(turn, facts, &message);
}

fn whole_line(turn: &mut Turn<'_>, facts: &DeskFacts, message: &Message) {
    let here = Reader::desk(&turn.frame.conversation.clone(), turn.house());
    let alone = turn.house().is_members_desk(&here.conversation);
    let line = match read(message.text.trim(), facts.answers_customer) {
        // Nobody else would read a note.
        Line::Note if alone => Line::Help,
        Line::Note => return,
        line => line,
    };
    let Some(operator) = &facts.operator else {
        return turn.say(&here, Say::NotAnOperator);
    };
    match (line, &facts.case) {
        (Line::Answer(words), Some(case)) => answer(turn, operator, case, message, words),
        (Line::Done, Some(case)) => done(turn, case, Closing::ByUs),
        (Line::Refund, Some(_)) => {
            payment::refund_ordered(turn, &here, facts.refundable.as_deref());
        }
        (Line::Help, _) | (Line::Answer(_) | Line::Done | Line::Refund, None) => help(turn, &here),
        (Line::Note, _) => {}
    }
}

/// How answering works here.
fn help(turn: &mut Turn<'_>, here: &Reader) {
    let alone = turn.house().is_members_desk(&here.conversation);
    turn.say(here, if alone { Say::DeskHelpByCode } else { Say::DeskHelp });
}

/// Where a case is told of: its topic, and the chats of operators who have none.
pub(crate) fn places(house: &House, case: &Case) -> Vec<Reader> {
    let members =
        house.members_place(&case.code).filter(|place| Some(place) != case.topic.as_ref());
    let all = case.topic.iter().chain(&members);
    all.map(|place| Reader::desk(place, house)).collect()
}

/// A topic that was closed is opened again, where topics are.
pub(crate) fn reopen(turn: &mut Turn<'_>, topic: &ConversationId) {
    if turn.house().code_of(topic).is_none() {
        let reader = Reader::desk(topic, turn.house());
        let reopen = turn.draft(&reader, Body::ReopenTopic);
        turn.send(reopen);
    }
}

/// Whether a line asks for money to be given back.
pub(crate) fn is_refund(text: &str) -> bool {
    matches!(read(text.trim(), false), Line::Refund)
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
        "refund" | "退款" => Line::Refund,
        _ => Line::Help,
    }
}

/// An operator's words and pictures go to the customer; under them in the topic stands whether
/// they arrived.
fn answer(turn: &mut Turn<'_>, operator: &Operator, case: &Case, message: &Message, words: &str) {
    let topic = Reader::desk(&turn.frame.conversation.clone(), turn.house());
    let mut pictures: Vec<MediaRef> = Vec::new();
    for attachment in &message.attachments {
        match attachment {
            Attachment::Picture(media) => pictures.push(media.clone()),
            Attachment::TooLarge { name, bytes, bytes_max } => {
                turn.say(&topic, too_large(name.as_ref(), *bytes, *bytes_max));
            }
            Attachment::Other(kind) => turn.say(&topic, Say::CannotUse(*kind)),
        }
    }
    if words.is_empty() && pictures.is_empty() {
        return help(turn, &topic);
    }
    if case.handed {
        return turn.say(&topic, Say::DeskHanded);
    }
    if case.closed {
        turn.then(Effect::CloseEscalation { escalation: case.id, closed: false });
        if let Some(topic) = &case.topic {
            reopen(turn, topic);
        }
    }
    let say = |text: &str, back| {
        let (operator, text) = (operator.name.clone(), text.into());
        Say::Answer { operator, text, back }
    };
    let back = Some(answer_back(turn.house(), &case.conversation));
    if !case.answered {
        let after_ms = turn.frame.now.saturating_sub(case.opened_at);
        turn.then(Effect::AnswerEscalation { escalation: case.id, after_ms });
    }
    let fits = words.encode_utf16().count() <= CAPTION_UNITS_MAX;
    let under = !pictures.is_empty() && fits;
    let (mut caption, after) = if under { (words, "") } else { ("", words) };
    let forwarded = pictures.into_iter().map(|media| {
        let caption = say(core::mem::take(&mut caption), None);
        let from = topic.conversation.clone();
        Body::Forward { media, from, caption }
    });
    let mut bodies: Vec<Body> = forwarded.collect();
    if !after.is_empty() {
        bodies.push(Body::Say(say(after, back)));
    }
    relay(turn, case, &topic, message, bodies);
    meant::expect(turn, case);
    // Whoever else is told of the case reads along.
    for place in places(turn.house(), case) {
        if place.conversation != topic.conversation && !words.is_empty() {
            let line = turn.words(&place, say(words, None)).about(About::TopicLine(case.id));
            turn.send(line);
        }
    }
}

/// All messages of an answer go out, in order. How they stand is told in one place.
fn relay(turn: &mut Turn<'_>, case: &Case, topic: &Reader, message: &Message, bodies: Vec<Body>) {
    let to = customer(case);
    let lines: Vec<_> =
        bodies.into_iter().map(|body| turn.draft(&to, body).never_twice()).collect();
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return };
    let (first, last) = (first.id, last.id);
    let about = if first == last {
        About::Relay(case.id)
    } else {
        About::RelayPart { case: case.id, first, last }
    };
    for line in lines {
        turn.send(line.about(about));
    }
    let state = turn.words(topic, Say::RelayState(RelayState::Waiting));
    let state = state.slot(Slot::Relay(first)).silent();
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
    let say = Say::SupportDone { code: case.code.clone() };
    turn.then(Effect::CloseEscalation { escalation: case.id, closed: true });
    if case.handed {
        handing::take_back(turn, case, say);
    } else {
        let word = turn.words(&customer(case), say).about(About::Matter(case.id));
        turn.send(word);
    }
    close_places(turn, case, closing);
}

/// A case is done: its chat was given back by people.
pub(crate) fn closed(turn: &mut Turn<'_>, case: &Case) {
    turn.then(Effect::CloseEscalation { escalation: case.id, closed: true });
    close_places(turn, case, Closing::ByUs);
}

fn close_places(turn: &mut Turn<'_>, case: &Case, closing: Closing) {
    for place in places(turn.house(), case) {
        if turn.house().code_of(&place.conversation).is_some() {
            let line = turn.words(&place, Say::DeskClosed).about(About::TopicLine(case.id));
            turn.send(line);
        } else if closing == Closing::ByUs {
            let close = turn.draft(&place, Body::CloseTopic);
            turn.send(close);
        }
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

/// How somebody answers a human from a conversation.
pub(crate) fn answer_back(house: &House, conversation: &ConversationId) -> AnswerBack {
    match house.channel(conversation) {
        Some(channel) if !channel.begins => AnswerBack::OnceTheyWrite,
        Some(channel) if !channel.topics => AnswerBack::ByCommand,
        Some(_) | None => AnswerBack::ByReply,
    }
}
