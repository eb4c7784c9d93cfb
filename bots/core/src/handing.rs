//! Whole chats in other hands: a matter takes a chat to people of ours who answer in their own
//! client, and back. The bot is silent meanwhile, and the desk follows along.

use alloc::vec::Vec;

use crate::{
    channel::{Attachment, MediaRef},
    customer::{self, Visit},
    desk,
    effect::{Body, Effect},
    event::{About, Answerable, Handing, Hands, Message},
    facts::{Awaiting, Case, Customer, DeliveryFacts, MessageFacts},
    id::{ConversationId, EscalationId, IdentityId},
    say::Say,
    support,
    turn::Turn,
};

/// What one of our people wrote in their own client.
pub(crate) struct Wrote<'w> {
    /// Who, by their name at the channel.
    pub servicer: &'w str,
    /// The words.
    pub text: &'w str,
    /// What came with them.
    pub attachments: &'w [Attachment],
}

/// Whether people of ours have the chat, so that the bot is silent in it.
pub(crate) fn is_handed(turn: &Turn<'_>, customer: Option<&Customer>) -> bool {
    let awaits = || customer.is_some_and(|it| it.awaiting == Some(Awaiting::Servicer));
    turn.window.map_or_else(awaits, |window| window.handed)
}

/// A new matter takes its whole chat to people.
pub(crate) fn hand_over(turn: &mut Turn<'_>, visit: &mut Visit, case: EscalationId, words: Say) {
    visit.awaits(turn, Some(Awaiting::Servicer));
    let conversation = visit.reader.conversation.clone();
    if let Some(window) = &mut turn.window {
        window.handed = true;
    }
    turn.then(Effect::HandChat { conversation, handed: true });
    let last = turn.draft(&visit.reader, Body::HandOver { words }).about(About::Handing(case));
    turn.send(last);
}

/// Nobody takes the chat: the bot has it again, and the matter is answered at the desk where there
/// is one.
pub(crate) fn not_handed(turn: &mut Turn<'_>, facts: &DeliveryFacts) {
    let what = "a chat could not be handed to people";
    turn.then(Effect::RaiseAlarmOf { what, of: turn.frame.conversation.account() });
    let Some(case) = &facts.case else { return };
    let conversation = case.conversation.clone();
    given_back(turn, &conversation, &case.identity);
    turn.then(Effect::ReleaseHeld { conversation });
    if case.closed {
        return;
    }
    let reader = desk::customer(case);
    let house = turn.house();
    if house.desk.is_none() && house.members_desk.is_none() {
        turn.then(Effect::CloseEscalation { escalation: case.id, closed: true });
        return support::elsewhere(turn, &reader);
    }
    let back = Some(desk::answer_back(turn.house(), &case.conversation));
    let say = Say::SupportOpened { code: case.code.clone(), at: turn.frame.now, back };
    let word = turn.words(&reader, say).about(About::Matter(case.id));
    turn.send(word);
}

/// The bot has a chat again.
fn given_back(turn: &mut Turn<'_>, conversation: &ConversationId, identity: &IdentityId) {
    if let (true, Some(window)) = (conversation == turn.frame.conversation, &mut turn.window) {
        window.handed = false;
    }
    turn.then(Effect::HandChat { conversation: conversation.clone(), handed: false });
    turn.then(Effect::Await {
        conversation: conversation.clone(),
        identity: identity.clone(),
        awaiting: None,
    });
}

/// A case is done at the desk while people have its chat: it is taken back from them, with these
/// words. What waited goes out when its customer writes again, since the chat has ended.
pub(crate) fn take_back(turn: &mut Turn<'_>, case: &Case, words: Say) {
    given_back(turn, &case.conversation, &case.identity);
    let last = turn.draft(&desk::customer(case), Body::HandBack { words });
    turn.send(last.about(About::Occasion));
}

/// Our people took the chat, or gave it back.
pub(crate) fn handed(turn: &mut Turn<'_>, facts: &MessageFacts, handing: &Handing) {
    let Some(known) = &facts.customer else { return };
    let was_handed = known.awaiting == Some(Awaiting::Servicer);
    let mut visit = customer::here(turn, known);
    let case = case_here(turn, known).cloned();
    match handing.to {
        Hands::Servicer(_) => {
            visit.awaits(turn, Some(Awaiting::Servicer));
            if case.is_some() {
                on_occasion(turn, &visit, handing.answer.as_ref(), Say::SupportTaken);
            }
        }
        Hands::Bot => {
            if was_handed {
                visit.awaits(turn, None);
            }
            if let Some(case) = case {
                desk::closed(turn, &case);
                let say = Say::SupportDone { code: case.code };
                on_occasion(turn, &visit, handing.answer.as_ref(), say);
            }
            // What was made meanwhile waits for their next words: until then nothing can be said.
        }
    }
}

/// The one answer that a change of hands takes, while it does.
fn on_occasion(turn: &mut Turn<'_>, visit: &Visit, answer: Option<&Answerable>, say: Say) {
    let Some(answer) = answer.filter(|answer| answer.until >= turn.frame.now) else { return };
    let word = turn.words(&visit.reader, say).answering(Some(&answer.message));
    turn.send(word.about(About::Occasion));
}

/// Their open matter, when it is about this chat.
fn case_here<'c>(turn: &Turn<'_>, customer: &'c Customer) -> Option<&'c Case> {
    let case = customer.case.as_ref()?;
    (!case.closed && case.conversation == *turn.frame.conversation).then_some(case)
}

/// What a customer writes while people have the chat is theirs to answer; the desk reads along.
pub(crate) fn overheard(turn: &mut Turn<'_>, facts: &MessageFacts, message: &Message) {
    let Some(customer) = facts.customer.as_ref() else { return };
    let Some(case) = case_here(turn, customer).cloned() else { return };
    let pictures = pictures(turn, &message.attachments);
    for place in desk::places(turn.house(), &case) {
        let pictures = (pictures.as_slice(), turn.frame.conversation);
        support::pass_on(turn, &place, case.id, &customer.name, &message.text, pictures);
    }
}

/// What one of our people writes in their own client: the desk reads along, and their first words
/// are the matter's first answer.
pub(crate) fn servicer_wrote(turn: &mut Turn<'_>, facts: &MessageFacts, wrote: &Wrote<'_>) {
    let Some(case) = facts.customer.as_ref().and_then(|it| case_here(turn, it)).cloned() else {
        return;
    };
    if !case.answered {
        let after_ms = turn.frame.now.saturating_sub(case.opened_at);
        turn.then(Effect::AnswerEscalation { escalation: case.id, after_ms });
    }
    let pictures = pictures(turn, wrote.attachments);
    let say = |text: &str| {
        let (operator, text) = (wrote.servicer.into(), text.into());
        Say::Answer { operator, text, back: None }
    };
    for place in desk::places(turn.house(), &case) {
        let about = About::TopicLine(case.id);
        if !wrote.text.is_empty() {
            let line = turn.words(&place, say(wrote.text)).about(about);
            turn.send(line);
        }
        for media in &pictures {
            let caption = say("");
            let from = turn.frame.conversation.clone();
            let line = turn.draft(&place, Body::Forward { media: media.clone(), from, caption });
            turn.send(line.about(about));
        }
    }
}

fn pictures(turn: &Turn<'_>, attachments: &[Attachment]) -> Vec<MediaRef> {
    let some = attachments.iter().take(turn.house().references_max);
    some.filter_map(|attachment| match attachment {
        Attachment::Picture(media) => Some(media.clone()),
        Attachment::TooLarge { .. } | Attachment::Other(_) => None,
    })
    .collect()
}
