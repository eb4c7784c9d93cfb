//! The outbox: what is to be said, in order for each conversation, until the channel has it.

mod bounce;
mod fates;
mod waiting;
mod withdrawn;

use picdesk_core::{
    channel::{Content, Delivery, OutboundMessage, Place, Receipt, Refusal},
    event::{About, Event},
    id::{ConversationId, MessageId, OutboundId},
};

use self::fates::{fate_event, held_as, lost_by, words_lost};
use super::{
    Connection, Row, StoreError, Tx, Value,
    inbox::{self, NewEvent},
    sealed, windows,
};

pub use bounce::{Bounce, bounce};
pub use waiting::{WaitingRow, first_waiting, last, sent_since, waiting};
pub use withdrawn::{still_waiting, withdraw};

/// A message that waits, and what is known of its place.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The message.
    pub message: OutboundMessage,
    /// What it is part of.
    pub about: Option<About>,
    /// Its slot's key.
    pub slot: Option<String>,
    /// Whether an earlier process may have sent it already.
    pub begun: bool,
    /// Where the message stands that it edits, when that is in another conversation.
    pub elsewhere: Option<ConversationId>,
    /// Tries so far.
    pub attempts: i64,
    /// Not before this moment, milliseconds since the epoch.
    pub not_before: i64,
    /// Processes that ended while they may have been sending it, but for the first.
    pub deaths: i64,
}

/// Where a slot's message stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stand {
    /// Where.
    pub conversation: ConversationId,
    /// The message at the channel.
    pub message: MessageId,
    /// Whether it shows a picture.
    pub picture: bool,
}

/// What became of a message.
#[derive(Clone, Debug)]
pub enum Fate {
    /// The channel took it.
    Delivered(Receipt),
    /// It never will.
    Refused(Refusal),
    /// We never try it again: it ended us, or a delivery, each time.
    GivenUp,
    /// Nobody knows, and a repeat would do harm.
    Unknown,
    /// Later.
    Later(i64),
    /// Elsewhere.
    Moved(ConversationId),
    /// Given up: it made sense only at its moment.
    Dropped,
    /// Not now: it waits until they write again, or our people give the chat back.
    Held(Closed),
}

/// Why a message waits until they write again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The channel takes no more after their last message.
    Window,
    /// Our people have the chat.
    ByPeople,
}

/// A message and its fate.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The message as it was handed over.
    pub waiting: Waiting,
    /// What became of it.
    pub fate: Fate,
}

const FIND_STANDS: &str =
    "select slot, conversation, message, picture from placed where slot in ({list})";
const BEGIN: &str = "
    update outbox set state = 'sending', attempts = attempts + 1
    where id in ({list}) and state in ('waiting', 'sending')";
const NOT_BEGUN: &str = "update outbox set state = 'waiting' where id = $1 and state = 'sending'";
const SETTLE: &str = "
    with v(id, state, at, body) as (values {rows})
    update outbox set state = v.state, settled_at = v.at, body = v.body
    from v where outbox.id = v.id and outbox.state in ('waiting', 'sending')";
const COUNT_DEATH: &str = "update outbox set deaths = deaths + 1 where id = $1";
const LIVED: &str = "update outbox set deaths = 0 where id = $1 and deaths > 0";
const POSTPONE: &str = "
    update outbox set state = 'waiting', not_before = $2, attempts = attempts + 1
    where id = $1 and state in ('waiting', 'sending')";
const MOVE_ALL: &str = "
    update outbox set conversation = $2, state = 'waiting'
    where conversation = $1 and state in ('waiting', 'sending')";
const PLACE: &str = "
    insert into placed (slot, conversation, message, picture, artifact, escalation, at)
    values {rows}
    on conflict (slot) do update
    set conversation = excluded.conversation, message = excluded.message,
        picture = excluded.picture, at = excluded.at,
        artifact = coalesce(excluded.artifact, placed.artifact),
        escalation = coalesce(excluded.escalation, placed.escalation)";
const KEEP_FILE: &str = "
    insert into artifact_files (artifact, channel, form, handle) values {rows}
    on conflict (artifact, channel, form) do update set handle = excluded.handle";
const FIND_FILE: &str =
    "select handle from artifact_files where artifact = $1 and channel = $2 and form = $3";
const FORGET_PLACE: &str = "delete from placed where slot = $1";
const FORGET_PLACES: &str = "delete from placed where slot in ({list})";
const FORGET_FILE: &str =
    "delete from artifact_files where artifact = $1 and channel = $2 and form = $3";
const NEXT_DUE: &str = "
    select min(not_before) from outbox
    where channel = $1 and state = 'waiting' and not_before > $2";

impl Waiting {
    /// A message that nobody has tried yet.
    pub fn new(message: OutboundMessage, about: Option<About>, slot: Option<String>) -> Self {
        let (begun, elsewhere, attempts, not_before, deaths) = (false, None, 0, 0, 0);
        Self { message, about, slot, begun, elsewhere, attempts, not_before, deaths }
    }

    /// Whether a message may have been sent on the way to it, under a name of its own: a new
    /// picture that has a slot.
    fn has_step(&self) -> bool {
        let message = &self.message;
        matches!(message.content, Content::Picture { .. })
            && matches!(message.place, Place::New { slot: Some(_) })
    }
}

/// The name of a message's place that has no slot.
fn own_key(message: &OutboundMessage) -> String {
    format!("m{}", message.id)
}

/// The name under which the message stands that this one edits: its slot's, or, on the way to a new
/// picture, its own. The slot may name an earlier message, which is not to change.
pub fn place_key(waiting: &Waiting) -> String {
    match (&waiting.message.place, &waiting.slot) {
        (Place::Edit { .. }, Some(slot)) => slot.clone(),
        _ => own_key(&waiting.message),
    }
}

/// Where slots' messages stand.
pub async fn stands(
    connection: &mut Connection,
    slots: &[String],
) -> Result<Vec<(String, Stand)>, StoreError> {
    read_stands(&connection.rows_for(FIND_STANDS, &slot_rows(slots)).await?)
}

/// As [`stands`], in a turn.
pub async fn stands_now(tx: &mut Tx, slots: &[String]) -> Result<Vec<(String, Stand)>, StoreError> {
    read_stands(&tx.rows_for(FIND_STANDS, &slot_rows(slots)).await?)
}

fn slot_rows(slots: &[String]) -> Vec<Vec<Value>> {
    slots.iter().map(|slot| vec![slot.as_str().into()]).collect()
}

fn read_stands(rows: &[Row]) -> Result<Vec<(String, Stand)>, StoreError> {
    rows.iter()
        .map(|row| {
            let stand = Stand {
                conversation: ConversationId(row.text(1)?),
                message: MessageId(row.text(2)?),
                picture: row.flag(3)?,
            };
            Ok((row.text(0)?, stand))
        })
        .collect()
}

/// When the next message that waits for a later moment is due.
pub async fn next_due(
    connection: &mut Connection,
    channel: &str,
    now: i64,
) -> Result<Option<i64>, StoreError> {
    connection.rows(NEXT_DUE, &[channel.into(), now.into()]).await?[0].maybe_int(0)
}

/// Says, on disk, that these are about to be sent: only for messages that must not be repeated.
pub async fn begin(tx: &mut Tx, ids: &[OutboundId]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = ids.iter().map(|id| vec![id.0.into()]).collect();
    tx.run_for(BEGIN, &rows).await?;
    Ok(())
}

/// Says that one certainly did not leave, though it was about to.
pub async fn not_begun(tx: &mut Tx, id: OutboundId) -> Result<(), StoreError> {
    tx.run(NOT_BEGUN, &[id.0.into()]).await?;
    Ok(())
}

/// Counts, before it is tried, that a process may end over a message.
pub async fn count_death(tx: &mut Tx, id: OutboundId) -> Result<(), StoreError> {
    tx.run(COUNT_DEATH, &[id.0.into()]).await?;
    Ok(())
}

/// A process has tried a message and goes on.
pub async fn lived(tx: &mut Tx, id: OutboundId) -> Result<(), StoreError> {
    tx.run(LIVED, &[id.0.into()]).await?;
    Ok(())
}

/// A handle by which the channel can be given an artifact again.
pub async fn file_handle(
    connection: &mut Connection,
    artifact: i64,
    channel: &str,
    form: &str,
) -> Result<Option<String>, StoreError> {
    let values = [artifact.into(), channel.into(), form.into()];
    connection.rows(FIND_FILE, &values).await?.first().map(|row| row.text(0)).transpose()
}

/// A handle turned out to be good no longer.
pub async fn forget_file(
    tx: &mut Tx,
    artifact: i64,
    channel: &str,
    form: &str,
) -> Result<(), StoreError> {
    tx.run(FORGET_FILE, &[artifact.into(), channel.into(), form.into()]).await?;
    Ok(())
}

/// Writes down what became of messages: their places, their files, and the events somebody waits
/// for, all in the same commit. Whether there are such events.
pub async fn settle(tx: &mut Tx, settled: &[Settled], now: i64) -> Result<bool, StoreError> {
    let mut done: Vec<Vec<Value>> = Vec::new();
    let mut placed: Vec<Vec<Value>> = Vec::new();
    let mut steps: Vec<Vec<Value>> = Vec::new();
    let mut files: Vec<Vec<Value>> = Vec::new();
    let mut events: Vec<NewEvent> = Vec::new();
    for one in settled {
        let id = one.waiting.message.id.0;
        let word = match &one.fate {
            Fate::Delivered(receipt) => {
                keep_place(&mut placed, one, receipt, now);
                keep_file(&mut files, one, receipt);
                "delivered"
            }
            Fate::Refused(_) | Fate::GivenUp => {
                windows::give_back(tx, &one.waiting.message).await?;
                "refused"
            }
            Fate::Held(why) => {
                match why {
                    Closed::Window => {
                        let message = &one.waiting.message;
                        windows::close(tx, message.conversation.as_str(), message.id).await?;
                    }
                    Closed::ByPeople => windows::hand_over(tx, &one.waiting.message, now).await?,
                }
                held_as(one)
            }
            Fate::Unknown => "unknown",
            Fate::Dropped => "dropped",
            Fate::Later(until) => {
                tx.run(POSTPONE, &[id.into(), (*until).into()]).await?;
                continue;
            }
            Fate::Moved(to) => {
                let from = one.waiting.message.conversation.as_str();
                tx.run(MOVE_ALL, &[from.into(), to.as_str().into()]).await?;
                events.push(NewEvent::of_house(
                    format!("moved:{from}:{to}"),
                    &one.waiting.message.conversation,
                    &Event::ConversationMoved { to: to.clone() },
                ));
                continue;
            }
        };
        events.extend(fate_event(one));
        if let Some(why) = lost_by(&one.fate) {
            events.extend(words_lost(tx, &one.waiting, why, now).await?);
        }
        if one.waiting.has_step() {
            steps.push(vec![own_key(&one.waiting.message).into()]);
        }
        // The words are not needed any more: what was said lives at the channel. What was refused
        // may yet go elsewhere.
        let body = match one.fate {
            Fate::Refused(_) | Fate::GivenUp | Fate::Held(_) => {
                sealed::seal_json(&one.waiting.message)
            }
            Fate::Delivered(_) if bounce::may_come(&one.waiting) => {
                sealed::seal_json(&one.waiting.message)
            }
            _ => sealed::seal(&[]),
        };
        done.push(vec![id.into(), word.into(), now.into(), body.into()]);
    }
    tx.give(SETTLE, done).await?;
    tx.run_for(FORGET_PLACES, &steps).await?;
    tx.run_for(PLACE, &last_by_first(placed)).await?;
    tx.run_for(KEEP_FILE, &files).await?;
    inbox::insert(tx, &events, now, now).await?;
    let bounced = bounce::bounce_early(tx, settled, now).await?;
    Ok(bounced || !events.is_empty())
}

/// One row for each first value, the last one.
fn last_by_first(rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    let mut seen = std::collections::HashSet::new();
    let mut kept: Vec<Vec<Value>> = rows
        .into_iter()
        .rev()
        .filter(|row| match row.first() {
            Some(Value::Text(Some(key))) => seen.insert(key.clone()),
            _ => true,
        })
        .collect();
    kept.reverse();
    kept
}

fn artifact_of(message: &OutboundMessage) -> Option<i64> {
    match &message.content {
        Content::Picture { artifact, .. } | Content::Original { artifact, .. } => Some(artifact.0),
        _ => None,
    }
}

/// Remembers where a message stands, when it has a slot or carries something a reply may mean.
fn keep_place(rows: &mut Vec<Vec<Value>>, one: &Settled, receipt: &Receipt, now: i64) {
    let message = &one.waiting.message;
    if matches!(message.content, Content::Removed { .. }) {
        return;
    }
    let Some(at_channel) = &receipt.message else { return };
    let artifact = match one.waiting.about {
        Some(About::Beside(id)) => Some(id.0),
        _ => artifact_of(message),
    };
    let escalation = match one.waiting.about {
        Some(
            About::Relay(id)
            | About::RelayPart { case: id, .. }
            | About::TopicLine(id)
            | About::Topic(id)
            | About::Matter(id),
        ) => Some(id.0),
        _ => None,
    };
    let slot = one.waiting.slot.clone();
    if slot.is_none() && artifact.is_none() && escalation.is_none() {
        return;
    }
    let picture = matches!(message.content, Content::Picture { .. });
    rows.push(vec![
        slot.unwrap_or_else(|| own_key(message)).into(),
        one.waiting.elsewhere.as_ref().unwrap_or(&message.conversation).as_str().into(),
        at_channel.as_str().into(),
        picture.into(),
        artifact.into(),
        escalation.into(),
        now.into(),
    ]);
}

/// The form in which the channel has an artifact.
pub fn form_of(content: &Content) -> Option<&'static str> {
    match content {
        Content::Picture { .. } => Some("photo"),
        Content::Original { .. } => Some("document"),
        _ => None,
    }
}

fn keep_file(rows: &mut Vec<Vec<Value>>, one: &Settled, receipt: &Receipt) {
    let message = &one.waiting.message;
    if let (Some(form), Some(artifact), Some(handle)) =
        (form_of(&message.content), artifact_of(message), &receipt.file)
    {
        rows.push(vec![
            artifact.into(),
            message.conversation.channel().into(),
            form.into(),
            handle.as_str().into(),
        ]);
    }
}

/// A delivery without its file. What edits a message goes to where that message stands, which may
/// be another conversation than the one it was asked for in.
pub fn delivery(waiting: &Waiting, stand: Option<&Stand>) -> Delivery {
    let mut message = waiting.message.clone();
    let edit = match (&waiting.message.place, stand) {
        (Place::EditMessage { message }, _) => Some(message.clone()),
        (Place::New { .. } | Place::Edit { .. }, Some(stand)) => {
            message.conversation = stand.conversation.clone();
            message.place = Place::EditMessage { message: stand.message.clone() };
            Some(stand.message.clone())
        }
        (Place::New { .. } | Place::Edit { .. }, None) => None,
    };
    Delivery {
        edit,
        message,
        edit_is_picture: stand.is_some_and(|stand| stand.picture),
        file: None,
        maybe_begun: false,
    }
}

/// Forgets where a slot's message stood: it is there no more.
pub async fn forget_place(tx: &mut Tx, slot: &str) -> Result<(), StoreError> {
    tx.run(FORGET_PLACE, &[slot.into()]).await?;
    Ok(())
}

/// Remembers where a placeholder stands that was sent on the way to a picture.
pub async fn place(tx: &mut Tx, slot: &str, stand: &Stand, now: i64) -> Result<(), StoreError> {
    let row = vec![
        slot.into(),
        stand.conversation.as_str().into(),
        stand.message.as_str().into(),
        stand.picture.into(),
        Value::Int(None),
        Value::Int(None),
        now.into(),
    ];
    tx.run_for(PLACE, &[row]).await?;
    Ok(())
}
