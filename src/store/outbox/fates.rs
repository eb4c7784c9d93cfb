//! The fates of messages: whom they concern, and as what a message waits.

use picdesk_core::{
    account::Person,
    channel::{Content, Refusal},
    event::{About, Delivered, Event, Setting, Words},
    id::{ConversationId, IdentityId},
};
use picdesk_wecom::config::KF;

use super::{Fate, Settled, Waiting};
use crate::store::{StoreError, Tx, inbox::NewEvent};

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

const FIND_READER: &str = "
    select id from identities
    where id = $1 and home is null or home = $1 or id = $2 order by id limit 1";
const FIND_ASKER: &str = "
    select identity from requests where conversation = $1 and setting = 'Private'
    order by id desc limit 1";

/// As what a message waits until they write again: a picture is owed, which is written elsewhere,
/// and what makes sense only at its moment is given up.
pub(super) fn held_as(one: &Settled) -> &'static str {
    match one.waiting.about {
        Some(About::Picture(_)) => "refused",
        Some(About::Passing | About::Occasion | About::Handing(_)) => "dropped",
        _ => "held",
    }
}

/// Whether somebody waits for the fate of what is part of this.
pub(super) fn is_awaited(about: About) -> bool {
    !matches!(
        about,
        About::Matter(_) | About::Beside(_) | About::Slot(_) | About::Passing | About::Occasion
    )
}

/// The event of a message's fate, when somebody waits for it.
pub(super) fn fate_event(one: &Settled) -> Option<NewEvent> {
    let about = one.waiting.about.filter(|about| is_awaited(*about))?;
    let message = &one.waiting.message;
    let outbound = message.id;
    let (word, event) = match &one.fate {
        Fate::Delivered(receipt) => (
            "delivered",
            Event::MessageDelivered(Delivered {
                outbound,
                about,
                message: receipt.message.clone(),
                conversation: receipt.conversation.clone(),
            }),
        ),
        Fate::Refused(refusal) => {
            ("refused", Event::MessageRefused { outbound, about, refusal: *refusal })
        }
        Fate::GivenUp => {
            ("refused", Event::MessageRefused { outbound, about, refusal: Refusal::Content })
        }
        Fate::Unknown => ("unknown", Event::MessageUnknown { outbound, about }),
        // Pictures are owed, and go out anew; words wait in the outbox.
        Fate::Held(_) if matches!(about, About::Picture(_)) => {
            ("refused", Event::MessageRefused { outbound, about, refusal: Refusal::NotNow })
        }
        // Who wrote a line hears that it waits; it may tell of itself once more.
        Fate::Held(_) if matches!(about, About::Relay(_) | About::RelayPart { .. }) => {
            ("held", Event::MessageRefused { outbound, about, refusal: Refusal::NotNow })
        }
        Fate::Held(_) | Fate::Later(_) | Fate::Moved(_) | Fate::Dropped => return None,
    };
    let mut external_id = format!("outbound:{outbound}:{word}");
    if let About::TopicLine(_) = about {
        // It may be sent on to another topic, and be refused there too.
        external_id = format!("{external_id}:{}", message.conversation);
    }
    Some(NewEvent::of_house(external_id, &message.conversation, &event))
}

/// How words of ours are lost by a fate, where they are.
pub(super) fn lost_by(fate: &Fate) -> Option<Words> {
    match fate {
        Fate::GivenUp => Some(Words::Ours),
        Fate::Refused(Refusal::Content) => Some(Words::NotLetThrough),
        Fate::Refused(_)
        | Fate::Delivered(_)
        | Fate::Unknown
        | Fate::Later(_)
        | Fate::Moved(_)
        | Fate::Dropped
        | Fate::Held(_) => None,
    }
}

/// What tells a customer that words of ours to them were lost, where nobody else waits for their
/// fate. Once a day: what tells it might be lost too.
pub(super) async fn words_lost(
    tx: &mut Tx,
    waiting: &Waiting,
    words: Words,
    now: i64,
) -> Result<Option<NewEvent>, StoreError> {
    let message = &waiting.message;
    let is_told = match waiting.about {
        None | Some(About::Matter(_) | About::Beside(_) | About::Slot(_)) => true,
        Some(_) => false,
    };
    let speaks = matches!(
        message.content,
        Content::Text(_) | Content::Picture { .. } | Content::Original { .. }
    );
    if !is_told || !speaks {
        return Ok(None);
    }
    let conversation = &message.conversation;
    let values = [conversation.as_str().into(), reader_by_name(conversation).into()];
    let mut rows = tx.rows(FIND_READER, &values).await?;
    if rows.is_empty() {
        rows = tx.rows(FIND_ASKER, &[conversation.as_str().into()]).await?;
    }
    let Some(row) = rows.first() else { return Ok(None) };
    let who = Person { identity: IdentityId(row.text(0)?), name: String::new(), language: None };
    let told = Event::CameToNothing { who, setting: Setting::Private, words };
    let id = format!("outbox:{conversation}:nothing:{}", now / DAY_MS);
    Ok(Some(NewEvent::of_house(id, conversation, &told)))
}

/// Who is in a conversation whose name tells it beside an account of ours, of which they may write
/// to several.
fn reader_by_name(conversation: &ConversationId) -> Option<String> {
    let (_, user) = conversation.as_str().split_once('/')?;
    (conversation.channel() == KF).then(|| format!("{KF}:{user}"))
}
