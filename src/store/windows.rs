//! Channels that take only so many messages after each of theirs: what each conversation has left,
//! and which messages of a commit get a slot.

use std::collections::{BTreeMap, HashMap, HashSet};

use picdesk_core::{
    channel::{Content, OutboundMessage, Refusal},
    effect::Effect,
    event::{About, Event},
    generation::Options,
    id::{ConversationId, OutboundId, Slot},
    window::{Claim, Occasion, Rank, Window, allot, slots_of},
};

use super::{
    Connection, Row, StoreError, Tx, Value,
    effects::{Outcome, Rendered},
    inbox::{self, NewEvent},
};

/// Messages that go out at once when they write again, of those that waited.
const RELEASED_MAX: i64 = 32;
/// Parts of a long text, at most. What is beyond them is cut by the channel's adapter.
const PARTS_MAX: usize = 3;

const FIND: &str = "
    select conversation, replies_left, closes_at, handed from reply_windows
    where conversation in ({list})";
const RESERVED: &str = "
    select conversation,
           sum(case when state = 'made' then 0 else 1 end) + count(distinct request)
    from generations
    where conversation in ({list})
      and state in ('held', 'claimed', 'submitting', 'submitted', 'made')
    group by conversation";
const CHECKING: &str = "
    select conversation, options from requests
    where conversation in ({list}) and state = 'checking'";
const OPEN: &str = "
    insert into reply_windows (conversation, opened_at, closes_at, replies_left, handed)
    values ($1, $2, $3, $4, 0)
    on conflict (conversation) do update
    set opened_at = excluded.opened_at, closes_at = excluded.closes_at,
        replies_left = excluded.replies_left";
const HAND: &str = "
    insert into reply_windows (conversation, opened_at, closes_at, replies_left, handed)
    values ($1, $2, 0, 0, $3)
    on conflict (conversation) do update set handed = excluded.handed";
const STANDING: &str = "
    select w.conversation, w.handed, w.opened_at,
           case when exists (select 1 from outbox o
                             where o.conversation = w.conversation
                               and o.state in ('waiting', 'sending')
                               and o.about like '{\"Handing\"%')
           then 1 else 0 end
    from reply_windows w where w.conversation in ({list})";
const TAKE: &str = "
    update reply_windows set replies_left = replies_left - $2 where conversation = $1";
const FORGET: &str = "delete from reply_windows where closes_at < $1 and handed = 0";
const FIND_HELD: &str = "
    select id, about from outbox
    where conversation = $1 and state = 'held' order by id limit $2";
const RELEASE: &str = "
    update outbox set state = 'waiting', settled_at = 0, not_before = 0
    where id in ({list}) and state = 'held'";
const GIVE_BACK: &str = "
    update reply_windows set replies_left = replies_left + 1
    where conversation = $1
      and opened_at <= (select created_at from outbox where id = $2)";
const CLOSE: &str = "
    update reply_windows set replies_left = 0
    where conversation = $1
      and opened_at <= (select created_at from outbox where id = $2)";

/// Whether a message gets a slot when its turn commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slotted {
    /// It waits for its next message.
    Held,
    /// It is not sent at all, and its picture stays owed.
    Refused,
    /// It made sense only at its moment.
    LeftOut,
}

/// What conversations have left. One that is not there was never written in.
pub async fn find(
    tx: &mut Tx,
    conversations: &[&str],
) -> Result<HashMap<String, Window>, StoreError> {
    let list: HashSet<&str> = conversations.iter().copied().collect();
    let list: Vec<Vec<Value>> = list.into_iter().map(|name| vec![name.into()]).collect();
    let mut found = HashMap::new();
    for row in tx.rows_for(FIND, &list).await? {
        let window = Window {
            left: u32::try_from(row.int(1)?).unwrap_or(0),
            closes_at: row.int(2)?,
            handed: row.flag(3)?,
            reserved: 0,
        };
        found.insert(row.text(0)?, window);
    }
    for row in tx.rows_for(RESERVED, &list).await? {
        let window: &mut Window = found.entry(row.text(0)?).or_default();
        window.reserved = u32::try_from(row.int(1)?).unwrap_or(u32::MAX);
    }
    for row in tx.rows_for(CHECKING, &list).await? {
        let conversation = row.text(0)?;
        let options: Options = serde_json::from_str(&row.text(1)?).map_err(|_| {
            StoreError::Inconsistent { table: "requests", row: conversation.clone() }
        })?;
        let window: &mut Window = found.entry(conversation).or_default();
        window.reserved = window.reserved.saturating_add(slots_of(options));
    }
    Ok(found)
}

/// In whose hands a chat is, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The bot's. Its customer wrote last at this moment, milliseconds since the epoch.
    WithBot {
        /// When.
        wrote_at: i64,
    },
    /// It is just being handed to people.
    GoingToPeople,
    /// People's.
    WithPeople,
}

/// In whose hands chats are, as far as is known. One that is not there was never written in.
pub async fn standing(
    connection: &mut Connection,
    chats: &[ConversationId],
) -> Result<HashMap<ConversationId, Standing>, StoreError> {
    let list: Vec<Vec<Value>> = chats.iter().map(|chat| vec![chat.as_str().into()]).collect();
    let rows = connection.rows_for(STANDING, &list).await?;
    let read = |row: &Row| {
        let standing = match (row.flag(1)?, row.flag(3)?) {
            (_, true) => Standing::GoingToPeople,
            (true, false) => Standing::WithPeople,
            (false, false) => Standing::WithBot { wrote_at: row.int(2)? },
        };
        Ok((ConversationId(row.text(0)?), standing))
    };
    rows.iter().map(read).collect()
}

/// A message that wants a slot.
struct Wants {
    id: OutboundId,
    /// Whether it has waited in the outbox already.
    waited: bool,
    about: Option<About>,
    claim: Claim,
}

/// What a turn does to one conversation that is counted.
struct Counted<'o> {
    conversation: &'o ConversationId,
    text_bytes_max: usize,
    occasion: Occasion,
    releases: bool,
}

/// Gives the messages of a commit their slots. Who is not in the answer goes out.
pub(super) async fn take_slots(
    tx: &mut Tx,
    outcomes: &[Outcome],
    now: i64,
) -> Result<HashMap<OutboundId, Slotted>, StoreError> {
    let mut without = HashMap::new();
    for outcome in outcomes {
        let counted = counted(tx, outcome, now).await?;
        for (_, counted) in counted {
            of_one(tx, outcome, &counted, now, &mut without).await?;
        }
    }
    Ok(without)
}

/// The conversations of a turn that are counted, after what the turn itself does to them.
async fn counted<'o>(
    tx: &mut Tx,
    outcome: &'o Outcome,
    now: i64,
) -> Result<BTreeMap<&'o str, Counted<'o>>, StoreError> {
    let mut all: BTreeMap<&str, Counted<'_>> = BTreeMap::new();
    for effect in &outcome.effects {
        let (conversation, bytes, answers, releases) = match effect {
            Effect::OpenWindow { conversation, replies, closes_at } => {
                let values = [
                    conversation.as_str().into(),
                    now.into(),
                    (*closes_at).into(),
                    (*replies).into(),
                ];
                tx.run(OPEN, &values).await?;
                (conversation, None, true, false)
            }
            Effect::HandChat { conversation, handed } => {
                let values = [conversation.as_str().into(), now.into(), (*handed).into()];
                tx.run(HAND, &values).await?;
                continue;
            }
            Effect::ReleaseHeld { conversation } => (conversation, None, false, true),
            Effect::ReleaseAll { conversation } => {
                release_all(tx, conversation.as_str()).await?;
                continue;
            }
            Effect::CountReplies { conversation, text_bytes_max } => {
                (conversation, Some(*text_bytes_max), false, false)
            }
            _ => continue,
        };
        let one = all.entry(conversation.as_str()).or_insert(Counted {
            conversation,
            text_bytes_max: usize::MAX,
            occasion: Occasion::News,
            releases: false,
        });
        one.text_bytes_max = bytes.unwrap_or(one.text_bytes_max);
        one.releases |= releases;
        if answers {
            one.occasion = Occasion::Answer;
        }
    }
    Ok(all)
}

/// Lets go all that waits in a conversation whose channel does not count.
async fn release_all(tx: &mut Tx, conversation: &str) -> Result<(), StoreError> {
    let mut released = Vec::new();
    for row in tx.rows(FIND_HELD, &[conversation.into(), RELEASED_MAX.into()]).await? {
        released.push(vec![row.int(0)?.into()]);
    }
    tx.run_for(RELEASE, &released).await?;
    Ok(())
}

async fn of_one(
    tx: &mut Tx,
    outcome: &Outcome,
    counted: &Counted<'_>,
    now: i64,
    without: &mut HashMap<OutboundId, Slotted>,
) -> Result<(), StoreError> {
    let name = counted.conversation.as_str();
    let window = find(tx, &[name]).await?.remove(name).unwrap_or_default();
    let mut wanting: Vec<Wants> = Vec::new();
    if counted.releases {
        for row in tx.rows(FIND_HELD, &[name.into(), RELEASED_MAX.into()]).await? {
            let about = row.maybe_text(1)?.and_then(|text| serde_json::from_str(&text).ok());
            let claim = Claim { rank: Rank::Waited, sends: 1 };
            wanting.push(Wants { id: OutboundId(row.int(0)?), waited: true, about, claim });
        }
    }
    let here =
        outcome.messages.iter().filter(|one| one.message.conversation == *counted.conversation);
    let free = |about| matches!(about, Some(About::Occasion | About::Handing(_)));
    for Rendered { message, about } in here.filter(|one| !free(one.about)) {
        let claim = Claim { rank: rank(*about), sends: sends(message, counted.text_bytes_max) };
        wanting.push(Wants { id: message.id, waited: false, about: *about, claim });
    }
    let room = window.room(now);
    let claims: Vec<Claim> = wanting.iter().map(|one| one.claim).collect();
    let granted = allot(room, window.reserved, counted.occasion, &claims);
    let (mut taken, mut released) = (0, Vec::new());
    // Messages leave in the order of their names, so what waited would go before these: it goes
    // on when they have arrived.
    let has_picture = wanting
        .iter()
        .zip(&granted)
        .any(|(one, granted)| *granted && one.claim.rank == Rank::Picture);
    for (one, granted) in wanting.iter().zip(granted) {
        match (granted && !(one.waited && has_picture), one.waited) {
            (true, waited) => {
                taken += one.claim.sends;
                if waited {
                    released.push(vec![one.id.0.into()]);
                }
            }
            (false, true) => {}
            (false, false) => {
                without.insert(one.id, fate_without(one.about));
            }
        }
    }
    tx.run_for(RELEASE, &released).await?;
    if taken > 0 {
        tx.run(TAKE, &[name.into(), taken.into()]).await?;
    }
    tell_at_once(tx, counted.conversation, &wanting, without, now).await
}

/// What becomes of a message without a slot.
fn fate_without(about: Option<About>) -> Slotted {
    match about {
        Some(About::Picture(_)) => Slotted::Refused,
        Some(About::Passing) => Slotted::LeftOut,
        _ => Slotted::Held,
    }
}

/// Pictures without a slot stay owed, and who wrote a line that waits hears of it: their fate is
/// told at once.
async fn tell_at_once(
    tx: &mut Tx,
    conversation: &ConversationId,
    wanting: &[Wants],
    without: &HashMap<OutboundId, Slotted>,
    now: i64,
) -> Result<(), StoreError> {
    let mut events = Vec::new();
    for Wants { id, about, .. } in wanting {
        let word = match (about, without.get(id)) {
            (Some(_), Some(Slotted::Refused)) => "refused",
            (Some(About::Relay(_) | About::RelayPart { .. }), Some(Slotted::Held)) => "held",
            _ => continue,
        };
        let Some(about) = *about else { continue };
        let event = Event::MessageRefused { outbound: *id, about, refusal: Refusal::NotNow };
        events.push(NewEvent::of_house(format!("outbound:{id}:{word}"), conversation, &event));
    }
    inbox::insert(tx, &events, now, now).await?;
    Ok(())
}

fn rank(about: Option<About>) -> Rank {
    match about {
        Some(About::Picture(_)) => Rank::Picture,
        Some(About::Beside(_) | About::Slot(Slot::Receipt(_))) => Rank::Menu,
        Some(About::Passing) => Rank::Passing,
        _ => Rank::Words,
    }
}

/// How many messages the channel counts for one of ours.
fn sends(message: &OutboundMessage, text_bytes_max: usize) -> u32 {
    let has_buttons = message.buttons.iter().any(|row| !row.is_empty());
    let under = |caption: &str| u32::from(!caption.is_empty() || has_buttons);
    match &message.content {
        Content::Text(text) if !has_buttons => {
            let parts = text.text.len().div_ceil(text_bytes_max.max(1)).clamp(1, PARTS_MAX);
            u32::try_from(parts).unwrap_or(1)
        }
        Content::Picture { caption, .. } | Content::Forward { caption, .. } => {
            1 + under(&caption.text)
        }
        Content::Text(_)
        | Content::Original { .. }
        | Content::Invoice(_)
        | Content::Buttons
        | Content::Removed { .. }
        | Content::OpenTopic { .. }
        | Content::CloseTopic
        | Content::ReopenTopic
        | Content::RemoveTopic
        | Content::HandOver { .. }
        | Content::HandBack { .. } => 1,
    }
}

/// Forgets windows that closed before this: one that is not there has nothing left either.
pub(super) async fn forget(tx: &mut Tx, before: i64) -> Result<(), StoreError> {
    tx.run(FORGET, &[before.into()]).await?;
    Ok(())
}

/// A message that had a slot did not go out, and leaves it to another.
pub(super) async fn give_back(tx: &mut Tx, message: &OutboundMessage) -> Result<(), StoreError> {
    let values = [message.conversation.as_str().into(), message.id.0.into()];
    tx.run(GIVE_BACK, &values).await?;
    Ok(())
}

/// A message did not go out since people have the chat: what is written there is theirs, until
/// somebody tells otherwise.
pub(super) async fn hand_over(
    tx: &mut Tx,
    message: &OutboundMessage,
    now: i64,
) -> Result<(), StoreError> {
    give_back(tx, message).await?;
    tx.run(HAND, &[message.conversation.as_str().into(), now.into(), true.into()]).await?;
    Ok(())
}

/// The channel takes nothing more until they write again, whatever we had counted.
pub(super) async fn close(
    tx: &mut Tx,
    conversation: &str,
    message: OutboundId,
) -> Result<(), StoreError> {
    let values = [conversation.into(), message.0.into()];
    tx.run(CLOSE, &values).await?;
    Ok(())
}
