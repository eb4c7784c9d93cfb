//! What follows from what happened: one line for each event.

use alloc::vec::Vec;

use crate::{
    album, cancel,
    channel::Refusal,
    customer, desk, edited,
    effect::Effect,
    entrance, errand,
    event::{About, Delivered, Event, Setting},
    facts::{
        DeliveryFacts, DeskFacts, Facts, Frame, GenerationFacts, MessageFacts, PaymentFacts,
        PressFacts,
    },
    grant, handed, handing, history,
    id::{ConversationId, OutboundId},
    invite, lapse, letter, manners, message, payment, picture, press,
    recalled::recalled,
    say::{RelayState, Say},
    support, topic, tray,
    turn::{Reader, Turn},
    window,
};

/// Decides what follows from an event. Pure: the same frame, facts and event give the same
/// effects, under the same ids. Total: whatever is stale is answered politely, or not at all.
#[must_use]
pub fn decide(frame: &Frame<'_>, facts: &Facts, event: &Event) -> Vec<Effect> {
    let mut turn = Turn::new(frame);
    if frame.house.channel(frame.conversation).is_some_and(|channel| channel.one_answer) {
        turn.occasion = manners::occasion(facts, event);
    }
    window::heard(&mut turn, event);
    if follow(&mut turn, facts, event).is_none() {
        turn.then(Effect::RaiseAlarm { what: "an event was decided on facts of another kind" });
    }
    manners::fit(&mut turn);
    errand::copy_media(&mut turn);
    turn.done()
}

/// Nothing when the facts are of another kind than the event needs.
fn follow(turn: &mut Turn<'_>, facts: &Facts, event: &Event) -> Option<()> {
    match event {
        Event::MessageReceived(written) if written.setting == Setting::Desk => {
            desk::line(turn, of_desk(facts)?, written);
        }
        Event::MessageReceived(written) => message::received(turn, of_message(facts)?, written),
        Event::AlbumPartSeen(part) => album::part_seen(turn, of_message(facts)?, part),
        // Notes and answers at the desk are not mirrored when they change.
        Event::MessageEdited(written) if written.setting == Setting::Desk => {}
        Event::MessageEdited(written) => edited::edited(turn, of_message(facts)?, written),
        Event::ButtonPressed(press) => press::pressed(turn, of_press(facts)?, press),
        Event::PresenceChanged(presence) => {
            customer::presence_changed(turn, of_message(facts)?, presence);
        }
        Event::ConversationMoved { to } => moved(turn, to),
        Event::ChatEntered(entrance) => entrance::entered(turn, of_message(facts)?, entrance),
        Event::ChatHanded(handing) => handing::handed(turn, of_message(facts)?, handing),
        Event::ContactChanged(contact) => entrance::contact_changed(turn, contact),
        Event::MessageBounced { outbound, refusal } => bounced(turn, *outbound, *refusal),
        Event::ChannelWarned { warning, of } => {
            if let Some(what) = warning.alarm() {
                turn.then(Effect::RaiseAlarmOf { what, of: of.clone() });
            }
        }
        Event::TopicClosed { .. } => desk::topic_closed(turn, of_desk(facts)?),
        Event::TopicCreated { name, since } => topic::created(turn, of_desk(facts)?, name, *since),
        Event::DraftStopped { by, .. } => {
            cancel::draft_stopped(turn, of_generation(facts)?, by.as_ref());
        }
        Event::AlbumSettled { album, setting: Setting::Desk, .. } => {
            desk::album_settled(turn, of_desk(facts)?, album);
        }
        Event::AlbumSettled { album, .. } => album::settled(turn, of_message(facts)?, album),
        Event::TraySettled { too_many, .. } => {
            tray::settled(turn, of_message(facts)?, *too_many);
        }
        Event::TrayLapsed { .. } => tray::lapsed(turn, of_message(facts)?),
        Event::AwaitingLapsed { .. } => support::awaiting_lapsed(turn, of_message(facts)?),
        Event::TopicAwaited { message, since, .. } => {
            support::topic_awaited(turn, of_message(facts)?, message, *since);
        }
        Event::RequestLapsed { .. } => cancel::lapsed(turn, of_generation(facts)?),
        Event::GenerationFinished(finished) => {
            picture::finished(turn, of_generation(facts)?, finished);
        }
        Event::GenerationFailed { failure, .. } => {
            picture::failed(turn, of_generation(facts)?, *failure);
        }
        Event::GenerationUncertain { .. } => picture::uncertain(turn, of_generation(facts)?),
        Event::ErrandEnded(ended) => errand::ended(turn, facts, ended)?,
        Event::PaymentTold(notice) => payment::told(turn, of_payment(facts)?, notice),
        Event::MoneyMoved { account, moved, .. } => {
            payment::moved(turn, of_message(facts)?, (*account, moved));
        }
        Event::InvitationDue { .. } => invite::due(turn, of_message(facts)?),
        Event::LinkRefused(refused) => letter::refused(turn, of_message(facts)?, refused),
        Event::MessageDelivered(delivered) => message_delivered(turn, facts, delivered)?,
        Event::MessageRefused { outbound, about, refusal } => {
            message_refused(turn, facts, *outbound, *about, *refusal)?;
        }
        Event::MessageUnknown { outbound, about } => {
            message_unknown(turn, facts, *outbound, *about)?;
        }
        Event::AlarmRaised { what } => {
            let owner = Reader::desk(turn.frame.conversation, turn.house());
            turn.say(&owner, Say::Alarm { what: what.clone() });
        }
        Event::CameToNothing { who, setting, words } => {
            customer::came_to_nothing(turn, of_message(facts)?, (who, *setting), *words);
        }
        Event::CreditsGranted { credits, reason, .. } => {
            grant::by_hand(turn, of_message(facts)?, *credits, reason);
        }
        Event::PicturesExpiring { count, first_at, .. } => {
            history::expire_soon(turn, of_message(facts)?, *count, *first_at);
        }
        Event::CreditsLapsing { .. } => lapse::due(turn, of_message(facts)?),
        Event::ArtifactExpired { owed: false, .. } => {
            picture::expired(turn, of_generation(facts)?);
        }
        Event::MessageRecalled { by, message } => recalled(turn, of_message(facts)?, by, message),
        // Ratings are counted.
        Event::AnswerRated { .. } => {}
        Event::ServicerWrote { servicer, text, attachments, .. } => {
            let wrote = handing::Wrote { servicer, text, attachments };
            handing::servicer_wrote(turn, of_message(facts)?, &wrote);
        }
        Event::ArtifactExpired { artifact, owed: true } => {
            picture::owed_expired(turn, of_generation(facts)?, *artifact);
        }
    }
    Some(())
}

/// A conversation goes on under another address.
fn moved(turn: &mut Turn<'_>, to: &ConversationId) {
    let from = turn.frame.conversation.clone();
    if turn.house().desk.as_ref() == Some(&from) {
        turn.then(Effect::RaiseAlarm { what: "the desk has moved: its configured id is old" });
    }
    turn.then(Effect::MoveConversation { from, to: to.clone() });
}

/// The channel took a message, and lost it.
fn bounced(turn: &mut Turn<'_>, outbound: OutboundId, refusal: Refusal) {
    let again = OutboundId(turn.id());
    turn.then(Effect::BounceMessage { outbound, refusal, again });
    if refusal == Refusal::Content {
        let what = "the channel took a message of ours and then did not let it through";
        turn.then(Effect::RaiseAlarmOf { what, of: turn.frame.conversation.account() });
    }
}

fn message_delivered(turn: &mut Turn<'_>, facts: &Facts, delivered: &Delivered) -> Option<()> {
    match delivered.about {
        About::Picture(_) => handed::picture_delivered(turn, of_delivery(facts)?),
        About::Relay(_) | About::RelayPart { .. } => {
            let of = (delivered.outbound, delivered.about);
            topic::relay_state(turn, of_delivery(facts)?, of, RelayState::Delivered);
        }
        About::Topic(_) => topic::placed(turn, of_delivery(facts)?, delivered),
        About::Ended(_)
        | About::Original(_)
        | About::TopicLine(_)
        | About::Matter(_)
        | About::Beside(_)
        | About::Slot(_)
        | About::Passing
        | About::Occasion
        | About::Handing(_) => {}
    }
    Some(())
}

fn message_refused(
    turn: &mut Turn<'_>,
    facts: &Facts,
    outbound: OutboundId,
    about: About,
    refusal: Refusal,
) -> Option<()> {
    match about {
        About::Picture(_) => handed::picture_refused(turn, of_delivery(facts)?, refusal),
        About::Ended(_) => handed::end_refused(turn, of_delivery(facts)?, refusal),
        About::Original(_) => handed::original_refused(turn, of_delivery(facts)?, refusal),
        About::Relay(_) | About::RelayPart { .. } => {
            let state = topic::refused_state(refusal);
            topic::relay_state(turn, of_delivery(facts)?, (outbound, about), state);
        }
        About::Topic(_) => topic::not_placed(turn, of_delivery(facts)?),
        About::TopicLine(_) => topic::line_refused(turn, of_delivery(facts)?, outbound, refusal),
        About::Handing(_) => handing::not_handed(turn, of_delivery(facts)?),
        About::Matter(_) | About::Beside(_) | About::Slot(_) | About::Passing | About::Occasion => {
        }
    }
    Some(())
}

fn message_unknown(
    turn: &mut Turn<'_>,
    facts: &Facts,
    outbound: OutboundId,
    about: About,
) -> Option<()> {
    match about {
        About::Picture(_) => handed::picture_unknown(turn, of_delivery(facts)?),
        About::Original(_) => handed::original_unknown(turn, of_delivery(facts)?),
        About::Relay(_) | About::RelayPart { .. } => {
            let of = (outbound, about);
            topic::relay_state(turn, of_delivery(facts)?, of, RelayState::Unknown);
        }
        About::Topic(_) => topic::not_placed(turn, of_delivery(facts)?),
        About::Ended(_)
        | About::TopicLine(_)
        | About::Matter(_)
        | About::Beside(_)
        | About::Slot(_)
        | About::Passing
        | About::Occasion
        | About::Handing(_) => {}
    }
    Some(())
}

pub(crate) fn of_message(facts: &Facts) -> Option<&MessageFacts> {
    if let Facts::Message(facts) = facts { Some(facts) } else { None }
}

fn of_press(facts: &Facts) -> Option<&PressFacts> {
    if let Facts::Press(facts) = facts { Some(facts) } else { None }
}

fn of_desk(facts: &Facts) -> Option<&DeskFacts> {
    if let Facts::Desk(facts) = facts { Some(facts) } else { None }
}

fn of_generation(facts: &Facts) -> Option<&GenerationFacts> {
    if let Facts::Generation(facts) = facts { Some(facts) } else { None }
}

pub(crate) fn of_payment(facts: &Facts) -> Option<&PaymentFacts> {
    if let Facts::Payment(facts) = facts { Some(facts) } else { None }
}

fn of_delivery(facts: &Facts) -> Option<&DeliveryFacts> {
    if let Facts::Delivery(facts) = facts { Some(facts) } else { None }
}
