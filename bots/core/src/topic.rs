//! What became of messages to and from the desk: topics that came about or went, lines that
//! arrived or did not.

use alloc::{format, string::String, vec, vec::Vec};

use crate::{
    channel::{Refusal, Span, Style, Text},
    desk,
    effect::{Body, Effect},
    event::{About, Delivered, Event},
    facts::{CardFacts, Case, DeliveryFacts, DeskFacts, OpenRequest, Reference, Relayed},
    id::{ConversationId, OutboundId, Slot},
    keys,
    say::{Card, Label, RelayState, Say, Verb},
    support,
    turn::{Reader, Turn},
};

/// How long it is looked after whether a topic is its case's.
const CREATED_PATIENCE_MS: i64 = 24 * 60 * 60 * 1000;

/// Most characters of a topic's name. Source: Bot API, `createForumTopic`, 128; with room.
const NAME_CHARS_MAX: usize = 100;

/// What stands between a case's code and its customer in a topic's name.
const AFTER_CODE: &str = " · ";

/// The name of a case's topic.
pub(crate) fn name_of(code: &str, customer: &str) -> String {
    let name = format!("{code}{AFTER_CODE}{}", customer.replace(['\n', '\r'], " "));
    name.chars().take(NAME_CHARS_MAX).collect()
}

/// The code of the case that a topic of this name was opened for.
pub(crate) fn code_in(name: &str) -> Option<&str> {
    name.split_once(AFTER_CODE).map(|(code, _)| code)
}

/// A case's topic came about: the card, the customer's words, and what an earlier topic lost.
pub(crate) fn placed(turn: &mut Turn<'_>, facts: &DeliveryFacts, delivered: &Delivered) {
    let (Some(case), Some(card)) = (&facts.case, &facts.card) else { return };
    let Some(topic) = &delivered.conversation else {
        return turn.then(Effect::RaiseAlarm { what: "a topic was opened that has no address" });
    };
    // Where there is a group, its topic is the case's; operators with chats of their own are told.
    let is_own = turn.house().desk.is_none() || turn.house().code_of(topic).is_none();
    if is_own {
        turn.then(Effect::PlaceEscalation { escalation: case.id, topic: topic.clone() });
    }
    send_card(turn, case, card, topic);
    let reader = Reader::desk(topic, turn.house());
    if is_own && !card.unsent.is_empty() {
        let word = turn.words(&reader, Say::TopicAnew).about(About::TopicLine(case.id));
        turn.send(word);
    }
    let pictures = (case.pictures.as_slice(), &case.conversation);
    support::pass_on(turn, &reader, case.id, &case.name, &case.words, pictures);
    if let (true, Some(shared)) = (case.consent, &card.shared) {
        share(turn, case, shared, topic);
    }
    for outbound in card.unsent.iter().filter(|_| is_own) {
        readdress(turn, *outbound, topic);
    }
}

/// A topic of ours is there. Where the answer to its opening was lost, another was opened, and this
/// one goes; which is which is known when one of them is the case's.
pub(crate) fn created(turn: &mut Turn<'_>, facts: &DeskFacts, name: &str, since: i64) {
    let Some(case) = &facts.case else { return };
    let here = turn.frame.conversation.clone();
    match &case.topic {
        Some(topic) if *topic == here => {}
        None if !case.closed => {
            let waited = turn.frame.now.saturating_sub(since);
            if waited < CREATED_PATIENCE_MS {
                turn.then(Effect::SetTimer {
                    id: format!("topic:{here}"),
                    due_at: turn.frame.now.saturating_add(waited.max(support::TOPIC_WAIT_MS)),
                    conversation: here,
                    event: Event::TopicCreated { name: name.into(), since },
                });
            }
        }
        Some(_) | None => {
            let reader = Reader::desk(&here, turn.house());
            let gone = turn.draft(&reader, Body::RemoveTopic);
            turn.send(gone);
        }
    }
}

/// A line that an earlier topic lost goes to this one, behind what was said there so far.
fn readdress(turn: &mut Turn<'_>, outbound: OutboundId, topic: &ConversationId) {
    let again = OutboundId(turn.id());
    turn.then(Effect::Readdress { outbound, again, to: topic.clone() });
}

fn send_card(turn: &mut Turn<'_>, case: &Case, card: &CardFacts, topic: &ConversationId) {
    let say = Say::Card(Card {
        code: case.code.clone(),
        cause: case.cause,
        name: case.name.clone(),
        channel: case.conversation.channel().into(),
        plan: card.account.entitlement.plan.clone(),
        available: card.account.purse.available(),
        pending: card.account.purse.pending,
        reclaimed: card.account.purse.reclaimed,
        requests: card.past.requests.clone(),
        earlier: card.past.cases,
        strikes: card.past.strikes,
        consent: case.consent,
        // They follow whole, as a message that can be answered.
        words: String::new(),
        by_code: turn.house().code_of(topic).is_some(),
    });
    let reader = Reader::desk(topic, turn.house());
    let done = keys::act(Label::CaseDone, Verb::CaseDone, case.id.0);
    let card = turn.words(&reader, say).keys(vec![vec![done]]);
    turn.send(card.about(About::TopicLine(case.id)));
}

/// The prompt of the request that the helper may see, the pictures it is made from, as far as they
/// are there, and the pictures that were made.
fn share(turn: &mut Turn<'_>, case: &Case, shared: &OpenRequest, topic: &ConversationId) {
    let reader = Reader::desk(topic, turn.house());
    let prompt = shared.request.prompt.clone();
    let span = Span { start: 0, end: prompt.len(), style: Style::Italic };
    let text = Text { text: prompt, spans: Vec::from([span]) };
    let line = turn.words(&reader, Say::Verbatim(text)).about(About::TopicLine(case.id));
    turn.send(line);
    let parent = shared.request.parent.map(Reference::Artifact);
    let parent = parent.filter(|parent| !shared.request.references.contains(parent));
    for reference in parent.iter().chain(&shared.request.references) {
        let caption = Say::SharedReference;
        let body = match reference.clone() {
            Reference::Media(media) => {
                let from = shared.request.conversation.clone();
                Body::Forward { media, from, caption }
            }
            Reference::Artifact(artifact) => Body::Picture { artifact, caption: Some(caption) },
        };
        let picture = turn.draft(&reader, body);
        turn.send(picture.about(About::TopicLine(case.id)));
    }
    for artifact in shared.generations.iter().filter_map(|generation| generation.artifact) {
        let picture = turn.draft(&reader, Body::Picture { artifact, caption: None });
        turn.send(picture.about(About::TopicLine(case.id)));
    }
}

/// No topic can be opened: the owner must look at the desk, and the customer hears where else a
/// human is.
pub(crate) fn not_placed(turn: &mut Turn<'_>, facts: &DeliveryFacts) {
    turn.then(Effect::RaiseAlarm { what: "no topic can be opened at the desk" });
    let Some(case) = facts.case.as_ref().filter(|case| !case.closed) else { return };
    turn.then(Effect::CloseEscalation { escalation: case.id, closed: true });
    support::elsewhere(turn, &desk::customer(case));
}

/// A line into a topic was refused. A topic that is gone is opened anew, once, and the line goes
/// there.
pub(crate) fn line_refused(
    turn: &mut Turn<'_>,
    facts: &DeliveryFacts,
    outbound: OutboundId,
    refusal: Refusal,
) {
    let Some(case) = &facts.case else { return };
    match refusal {
        // It waits by itself.
        Refusal::NotNow => return,
        Refusal::TopicGone | Refusal::ConversationGone => {}
        Refusal::Blocked | Refusal::MessageGone => {
            return turn.then(Effect::RaiseAlarm { what: "a line was refused at the desk" });
        }
        // Most likely a picture that is given away no more: nothing of the owner's is wrong.
        Refusal::Content => {
            let topic = Reader::desk(&turn.frame.conversation.clone(), turn.house());
            return turn.say(&topic, Say::NotShown);
        }
    }
    let Some(desk) = turn.house().desk.clone() else { return };
    match &case.topic {
        // Operators who have chats of their own: there is no topic that could be opened anew.
        Some(topic) if topic.channel() != turn.frame.conversation.channel() => {
            turn.then(Effect::RaiseAlarm { what: "a line was refused at the desk" });
        }
        Some(topic) if topic != turn.frame.conversation => {
            readdress(turn, outbound, topic);
        }
        Some(_) => {
            turn.then(Effect::UnplaceEscalation { escalation: case.id });
            support::open_topic(turn, &desk, case.id, &case.code, &case.name);
        }
        // It is being opened; it will ask for what was refused.
        None => {}
    }
}

/// An operator's line arrived, or did not, or nobody knows: the topic says which.
/// Of several messages that are one answer it tells how all of them stand, once that is known.
pub(crate) fn relay_state(
    turn: &mut Turn<'_>,
    facts: &DeliveryFacts,
    of: (OutboundId, About),
    state: RelayState,
) {
    let Some(case) = &facts.case else { return };
    if state == RelayState::Blocked {
        let identity = case.identity.clone();
        turn.then(Effect::MarkReachable { identity, reachable: false });
    }
    let Some((first, state)) = answer_state(of, facts.relayed, state) else { return };
    for place in desk::places(turn.house(), case) {
        let word = turn.words(&place, Say::RelayState(state)).editing(Slot::Relay(first));
        turn.send(word.silent());
    }
}

/// How a whole answer stands, now that something became of one message of it, and under which of
/// its messages that is told; nothing while others are on their way.
fn answer_state(
    (outbound, about): (OutboundId, About),
    all: Relayed,
    state: RelayState,
) -> Option<(OutboundId, RelayState)> {
    let About::RelayPart { first, last, .. } = about else { return Some((outbound, state)) };
    // What went out again, after it had been taken and lost, speaks for itself.
    if !(first.0..=last.0).contains(&outbound.0) {
        return Some((outbound, state));
    }
    // They go one after the other, so the last is the one that tells; what comes back, tells anew.
    let is_told = outbound == last || state != RelayState::Delivered;
    if all.waiting > 0 || !is_told {
        return None;
    }
    let count = last.0 - first.0 + 1;
    let arrived = count - all.held - all.unknown - all.refused;
    let state = if all.held > 0 {
        RelayState::Held
    } else if arrived == count {
        RelayState::Delivered
    } else if all.refused == 0 {
        RelayState::Unknown
    } else if arrived > 0 {
        RelayState::Partly { arrived, count }
    } else {
        state
    };
    Some((first, state))
}

/// What a refusal of an operator's line means to the operator.
pub(crate) fn refused_state(refusal: Refusal) -> RelayState {
    match refusal {
        Refusal::Blocked => RelayState::Blocked,
        Refusal::NotNow => RelayState::Held,
        Refusal::ConversationGone
        | Refusal::TopicGone
        | Refusal::MessageGone
        | Refusal::Content => RelayState::Refused,
    }
}
