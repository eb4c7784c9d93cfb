//! The way to a human, from the customer's side: a cause, their words, a question, a case.

pub(crate) mod meant;
mod parts;

use alloc::{format, string::String, vec::Vec};

pub(crate) use self::parts::pass_on;
use crate::{
    channel::{Attachment, MediaRef},
    customer::Visit,
    desk,
    effect::{Body, Effect, NewEscalation},
    event::{About, Event, Message, Setting},
    facts::{Awaiting, Case, House, MessageFacts},
    handing,
    id::{ConversationId, EscalationId, MessageId, RequestId, Slot},
    intent::{self, BareWords, Command, Intent},
    keys,
    message::too_large,
    press::Answer,
    say::{Cause, Say},
    topic,
    turn::{Reader, Turn},
};

/// A closed case opens again when its customer answers it within this time.
const REOPENS_MS: i64 = 72 * 60 * 60 * 1000;

/// Words for a case whose topic is just being opened come again after this time.
pub(crate) const TOPIC_WAIT_MS: i64 = 5_000;

/// A topic that is not there by then is not waited for any longer.
const TOPIC_PATIENCE_MS: i64 = 5 * 60 * 1000;

/// What somebody tells a human.
struct Told {
    cause: Cause,
    request: Option<RequestId>,
    words: String,
    pictures: Vec<MediaRef>,
}

/// Whether the next words are for a human: they were asked for, or they answer one.
pub(crate) fn listens(visit: &Visit, facts: &MessageFacts) -> bool {
    let asked = match &visit.customer.awaiting {
        Some(
            Awaiting::CaseCause { .. } | Awaiting::CaseWords { .. } | Awaiting::CaseConsent { .. },
        ) => true,
        Some(
            Awaiting::Change { .. }
            | Awaiting::Edit { .. }
            | Awaiting::Words { .. }
            | Awaiting::LinkEmail
            | Awaiting::LinkEmailCode { .. }
            | Awaiting::Meant { .. }
            | Awaiting::Servicer,
        )
        | None => false,
    };
    visit.reader.setting == Setting::Private && (asked || facts.answered.is_some())
}

/// Words for a human.
pub(crate) fn hears(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    message: &Message,
    text: &str,
) {
    let pictures = pictures(turn, visit, message);
    if text.trim().is_empty() && pictures.is_empty() {
        return;
    }
    let words = String::from(text.trim());
    if let Some(case) = &facts.answered {
        let told = Told { cause: case.cause, request: None, words, pictures };
        return follow_up(turn, visit, case, message, told);
    }
    match visit.customer.awaiting.clone() {
        Some(Awaiting::CaseCause { request }) => {
            told(turn, visit, message, Told { cause: Cause::Other, request, words, pictures });
        }
        Some(Awaiting::CaseWords { cause, request }) => {
            told(turn, visit, message, Told { cause, request, words, pictures });
        }
        Some(Awaiting::CaseConsent { cause, request, words: before, pictures: shown }) => {
            let answer = yes_or_no(&words);
            let words = match answer {
                Some(_) => before,
                None => [before, words].join("\n"),
            };
            let pictures = shown.into_iter().chain(pictures).collect();
            let told = Told { cause, request: Some(request), words, pictures };
            open(turn, visit, told, answer == Some(true));
        }
        Some(
            Awaiting::Change { .. }
            | Awaiting::Edit { .. }
            | Awaiting::Words { .. }
            | Awaiting::LinkEmail
            | Awaiting::LinkEmailCode { .. }
            | Awaiting::Meant { .. }
            | Awaiting::Servicer,
        )
        | None => {}
    }
}

/// The pictures among what came; what cannot be passed on is said.
fn pictures(turn: &mut Turn<'_>, visit: &Visit, message: &Message) -> Vec<MediaRef> {
    let mut pictures = Vec::new();
    for attachment in message.attachments.iter().take(turn.house().references_max) {
        match attachment {
            Attachment::Picture(media) => pictures.push(media.clone()),
            Attachment::TooLarge { name, bytes, bytes_max } => {
                turn.say(&visit.reader, too_large(name.as_ref(), *bytes, *bytes_max));
            }
            Attachment::Other(kind) => turn.say(&visit.reader, Say::CannotUse(*kind)),
        }
    }
    pictures
}

fn yes_or_no(words: &str) -> Option<bool> {
    match words.to_lowercase().as_str() {
        "yes" | "y" | "ok" | "是" | "好" | "可以" | "同意" => Some(true),
        "no" | "n" | "否" | "不" | "不可以" | "不同意" => Some(false),
        _ => None,
    }
}

/// Words with a cause: for the open case where there is one, else a new one, after the question
/// whether the helper may see the request it is about.
fn told(turn: &mut Turn<'_>, visit: &mut Visit, message: &Message, told: Told) {
    if let Some(case) = open_case(visit) {
        return follow_up(turn, visit, &case, message, told);
    }
    let Some(request) = told.request else {
        open(turn, visit, told, false);
        return;
    };
    let Told { cause, words, pictures, .. } = told;
    visit.awaits(turn, Some(Awaiting::CaseConsent { cause, request, words, pictures }));
    let question = turn.words(&visit.reader, Say::SupportConsent).keys(keys::consent());
    turn.send(question);
}

fn open_case(visit: &Visit) -> Option<Case> {
    visit.customer.case.clone().filter(|case| !case.closed)
}

/// `/support`, with or without words.
pub(crate) fn asked(turn: &mut Turn<'_>, visit: &mut Visit, message: &Message, words: &str) {
    let pictures = pictures(turn, visit, message);
    if words.is_empty() && pictures.is_empty() {
        return ask(turn, visit, None);
    }
    let (cause, words) = (Cause::Other, String::from(words));
    told(turn, visit, message, Told { cause, request: None, words, pictures });
}

/// Whether there is anybody to whom a matter can go.
fn has_people(turn: &Turn<'_>, reader: &Reader) -> bool {
    let house = turn.house();
    has_desk(house) || house.hands_over(&reader.conversation)
}

fn has_desk(house: &House) -> bool {
    house.desk.is_some() || house.members_desk.is_some()
}

/// Something that a button asked people for: for the open case where there is one, else a new one.
/// Its code; nothing where there is nobody, which they are told.
pub(crate) fn ask_people(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    cause: Cause,
    words: String,
) -> Option<String> {
    if !has_people(turn, &visit.reader) {
        elsewhere(turn, &visit.reader);
        return None;
    }
    let known = open_case(visit).filter(|case| has_desk(turn.house()) && case.topic.is_some());
    let Some(case) = known else {
        let told = Told { cause, request: None, words, pictures: Vec::new() };
        return Some(open(turn, visit, told, false));
    };
    for place in desk::places(turn.house(), &case) {
        let none = (&[][..], &visit.reader.conversation);
        pass_on(turn, &place, case.id, &visit.customer.name, &words, none);
    }
    let word = turn.words(&visit.reader, Say::SupportPassedOn).about(About::Matter(case.id));
    turn.send(word);
    Some(case.code)
}

/// What is it about?
pub(crate) fn ask(turn: &mut Turn<'_>, visit: &mut Visit, request: Option<RequestId>) {
    if !has_people(turn, &visit.reader) {
        return elsewhere(turn, &visit.reader);
    }
    visit.awaits(turn, Some(Awaiting::CaseCause { request }));
    let keys = keys::causes(turn.house());
    let question = turn.words(&visit.reader, Say::SupportCause).keys(keys);
    turn.send(question);
}

/// No desk: where else to find a human.
pub(crate) fn elsewhere(turn: &mut Turn<'_>, reader: &Reader) {
    let link: Vec<_> = keys::support_link(turn.house()).into_iter().collect();
    let word = turn.words(reader, Say::SupportElsewhere).keys(Vec::from([link]));
    turn.send(word);
}

/// A cause was chosen: their own words, please.
pub(crate) fn cause_chosen(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    message: Option<&MessageId>,
    row: i64,
) -> Answer {
    let Some(cause) = keys::numbered(&Cause::ALL, row) else { return Answer::Line(Say::Stale) };
    let request = match visit.customer.awaiting {
        Some(Awaiting::CaseCause { request } | Awaiting::CaseWords { request, .. }) => request,
        Some(
            Awaiting::Change { .. }
            | Awaiting::Edit { .. }
            | Awaiting::Words { .. }
            | Awaiting::CaseConsent { .. }
            | Awaiting::LinkEmail
            | Awaiting::LinkEmailCode { .. }
            | Awaiting::Meant { .. }
            | Awaiting::Servicer,
        )
        | None => None,
    };
    visit.awaits(turn, Some(Awaiting::CaseWords { cause, request }));
    let question = turn.words(&visit.reader, Say::SupportWords).replacing(message);
    turn.send(question);
    Answer::Quiet
}

/// May the person helping see prompt and pictures?
pub(crate) fn consented(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    message: Option<&MessageId>,
    consent: bool,
) -> Answer {
    let Some(Awaiting::CaseConsent { cause, request, words, pictures }) =
        visit.customer.awaiting.clone()
    else {
        return Answer::Line(Say::Stale);
    };
    if message.is_some() {
        let question = turn.draft(&visit.reader, Body::Removed).replacing(message);
        turn.send(question);
    }
    open(turn, visit, Told { cause, request: Some(request), words, pictures }, consent);
    Answer::Quiet
}

/// A matter is handed to people; its code, empty where there are none.
fn open(turn: &mut Turn<'_>, visit: &mut Visit, told: Told, consent: bool) -> String {
    let hands_over = turn.house().hands_over(&visit.reader.conversation);
    // Pictures alone are not all that somebody has to say: their words are to come.
    let more = told.words.is_empty() && !told.pictures.is_empty() && has_desk(turn.house());
    if !hands_over {
        let (cause, request) = (told.cause, told.request);
        visit.awaits(turn, more.then_some(Awaiting::CaseWords { cause, request }));
    }
    if !has_people(turn, &visit.reader) {
        elsewhere(turn, &visit.reader);
        return String::new();
    }
    let id = EscalationId(turn.id());
    let code = format!("S-{}", turn.frame.cause.0);
    turn.then(Effect::OpenEscalation(NewEscalation {
        id,
        code: code.clone(),
        account: visit.customer.account.id,
        identity: visit.customer.identity.clone(),
        conversation: visit.reader.conversation.clone(),
        cause: told.cause,
        request: told.request,
        consent,
        words: told.words,
        pictures: told.pictures,
        // In a chat that people take over whole they hear the words themselves.
        expects_until: if hands_over { 0 } else { turn.frame.now.saturating_add(REOPENS_MS) },
    }));
    if let Some(desk) = turn.house().desk.clone() {
        open_topic(turn, &desk, id, &code, &visit.customer.name);
    }
    if let Some(place) = turn.house().members_place(&code) {
        open_place(turn, &place, id, &code);
    }
    let at = turn.frame.now;
    if hands_over {
        let say = Say::SupportOpened { code: code.clone(), at, back: None };
        handing::hand_over(turn, visit, id, say);
        return code;
    }
    let back = Some(desk::answer_back(turn.house(), &visit.reader.conversation));
    let say = Say::SupportOpened { code: code.clone(), at, back: back.filter(|_| !more) };
    let word = turn.words(&visit.reader, say).about(About::Matter(id));
    turn.send(word);
    if more {
        let question = turn.words(&visit.reader, Say::SupportWords).about(About::Matter(id));
        turn.send(question);
    }
    code
}

/// A topic at the desk, in which the case's card will stand.
pub(crate) fn open_topic(
    turn: &mut Turn<'_>,
    desk: &ConversationId,
    id: EscalationId,
    code: &str,
    name: &str,
) {
    let name = topic::name_of(code, name);
    let reader = Reader::desk(desk, turn.house());
    let topic = turn.draft(&reader, Body::OpenTopic { name }).slot(Slot::Case(id));
    turn.send(topic.about(About::Topic(id)));
}

/// A case's place with operators who have chats of their own.
fn open_place(turn: &mut Turn<'_>, place: &ConversationId, id: EscalationId, code: &str) {
    let reader = Reader::desk(place, turn.house());
    let opened = turn.draft(&reader, Body::OpenTopic { name: code.into() });
    turn.send(opened.about(About::Topic(id)));
}

/// More words for a case. Within some days a closed one opens again; later they open another.
fn follow_up(turn: &mut Turn<'_>, visit: &mut Visit, case: &Case, message: &Message, told: Told) {
    if !has_desk(turn.house()) {
        if case.closed || !turn.house().hands_over(&visit.reader.conversation) {
            return elsewhere(turn, &visit.reader);
        }
        // People had the chat, and have it no more: once again.
        let (code, at) = (case.code.clone(), turn.frame.now);
        let say = Say::SupportOpened { code, at, back: None };
        return handing::hand_over(turn, visit, case.id, say);
    }
    let since_closed = turn.frame.now.saturating_sub(case.closed_at);
    // What was closed without a topic never came to the desk: there is nothing to open again.
    if case.closed && (since_closed > REOPENS_MS || case.topic.is_none()) {
        return self::told(turn, visit, message, told);
    }
    // More pictures may come before the words.
    if !told.words.is_empty() || told.pictures.is_empty() {
        visit.awaits(turn, None);
    }
    pass(turn, visit, case, &[(message, told)]);
}

/// Words and pictures go to the people who have a case, as soon as it has a place with them.
fn pass(turn: &mut Turn<'_>, visit: &Visit, case: &Case, told: &[(&Message, Told)]) {
    let Some(topic) = &case.topic else {
        for (message, _) in told {
            await_topic(turn, &visit.reader, case, message, turn.frame.now);
        }
        return;
    };
    if case.closed {
        turn.then(Effect::CloseEscalation { escalation: case.id, closed: false });
        desk::reopen(turn, topic);
    }
    for place in desk::places(turn.house(), case) {
        for (_, told) in told {
            let pictures = (told.pictures.as_slice(), &visit.reader.conversation);
            pass_on(turn, &place, case.id, &visit.customer.name, &told.words, pictures);
        }
    }
    meant::expect(turn, case);
    let word = turn.words(&visit.reader, Say::SupportPassedOn).about(About::Matter(case.id));
    turn.send(word);
}

/// Somebody's next words are a prompt again. Words for a human that only waited for the question
/// whether their request may be seen go out without it.
pub(crate) fn awaiting_lapsed(turn: &mut Turn<'_>, facts: &MessageFacts) {
    let Some(customer) = &facts.customer else { return };
    let reader = Reader::here(turn, customer, Setting::Private);
    let mut visit = Visit { reader, customer: customer.clone(), is_new: false };
    match customer.awaiting.clone() {
        Some(Awaiting::CaseConsent { cause, request, words, pictures }) => {
            open(turn, &mut visit, Told { cause, request: Some(request), words, pictures }, false);
        }
        None | Some(Awaiting::Servicer) => {}
        Some(_) => visit.awaits(turn, None),
    }
}

/// The topic is just being opened: the same words come again when it is there.
fn await_topic(turn: &mut Turn<'_>, reader: &Reader, case: &Case, message: &Message, since: i64) {
    turn.then(Effect::SetTimer {
        id: format!("case:{}:{}", case.id, message.id),
        due_at: turn.frame.now.saturating_add(TOPIC_WAIT_MS),
        conversation: reader.conversation.clone(),
        event: Event::TopicAwaited { case: case.id, message: message.clone(), since },
    });
}

/// Words have waited for a case's topic. It is there, or waited for a little longer; or it cannot
/// be opened, of which they have heard, or hear now.
pub(crate) fn topic_awaited(
    turn: &mut Turn<'_>,
    facts: &MessageFacts,
    message: &Message,
    since: i64,
) {
    let (Some(customer), Some(case)) = (&facts.customer, &facts.answered) else { return };
    let reader = Reader::here(turn, customer, message.setting);
    if case.topic.is_none() {
        if case.closed {
            return;
        }
        if turn.frame.now.saturating_sub(since) > TOPIC_PATIENCE_MS {
            turn.then(Effect::RaiseAlarm { what: "a topic at the desk is not being opened" });
            return elsewhere(turn, &reader);
        }
        return await_topic(turn, &reader, case, message, since);
    }
    let words = match intent::read(&message.text, BareWords::of(&customer.identity)) {
        Intent::Command(Command::Support(words)) => words,
        Intent::Command(_) | Intent::Greeting | Intent::Words(_) => message.text.trim(),
    };
    let pictures = message.attachments.iter().take(turn.house().references_max);
    let pictures = pictures.filter_map(|attachment| match attachment {
        Attachment::Picture(media) => Some(media.clone()),
        Attachment::TooLarge { .. } | Attachment::Other(_) => None,
    });
    let told = Told {
        cause: case.cause,
        request: None,
        words: words.into(),
        pictures: pictures.collect(),
    };
    let mut visit = Visit { reader, customer: customer.clone(), is_new: false };
    follow_up(turn, &mut visit, case, message, told);
}
