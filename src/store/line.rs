//! The line for the image provider: who is next, and what may still be undone.
//!
//! *held → claimed → submitting → submitted → made → delivered.* The row says `submitting` on disk
//! before a byte of the call leaves, and nothing in that state is ever claimed again.

use picdesk_core::{
    account::Language,
    credits::Credits,
    facts::{Line, Request},
    id::{GenerationId, HoldId},
};

use super::{
    Connection, Row, StoreError, Tx, Value,
    facts::read_request,
    inbox::{self, NewEvent},
    replica::Gone,
};

/// How often a worker may begin a picture before it is given up.
pub const ATTEMPTS_MAX: i64 = 3;
/// Rows of the line that a place in it is told from.
const PLACES_MAX: i64 = 1000;

/// Proof that a picture's credits are set aside and that its row says, on disk, that it is being
/// submitted. Only this module makes one; the provider is not called without.
#[derive(Debug)]
pub struct PendingHold {
    generation: GenerationId,
    hold: HoldId,
}

impl PendingHold {
    /// Which picture it pays for.
    pub fn generation(&self) -> GenerationId {
        self.generation
    }

    /// Which hold it is.
    pub fn hold(&self) -> HoldId {
        self.hold
    }
}

/// A picture that a worker has claimed.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Which.
    pub generation: GenerationId,
    /// The hold that pays for it.
    pub hold: HoldId,
    /// What is set aside.
    pub price: Credits,
    /// Which of its request's pictures, counted from one.
    pub number: u8,
    /// How often it was begun, this time too.
    pub attempts: i64,
    /// Processes that ended while they had it claimed.
    pub deaths: i64,
    /// When it first went back in line for a reason that was not its own, milliseconds since the
    /// epoch; zero before.
    pub waiting_since: i64,
    /// What was asked for.
    pub request: Request,
    /// The asker's language.
    pub language: Option<Language>,
}

const CLAIM: &str = "
    update generations set state = 'claimed', claimed_by = $1, attempts = attempts + 1
    where state = 'held' and id in (
      select id from generations
      where state = 'held' and not_before <= $2 and deaths = 0
      order by tag, id limit $3)
    returning id, tag";
const FIND_SUSPECT: &str = "
    select id, deaths from generations
    where state = 'held' and deaths > 0 and not_before <= $1 order by deaths, id limit 1";
const CLAIM_SUSPECT: &str = "
    update generations set state = 'claimed', claimed_by = $1, attempts = attempts + 1
    where id = $2 and state = 'held'
    returning id, tag";
const SERVED: &str = "
    insert into counters (name, value) values ('served_tag', $1)
    on conflict (name) do update set value = excluded.value
    where counters.value < excluded.value";
/// Pictures in their order, with what was asked for.
macro_rules! pictures {
    ($which:literal) => {
        concat!(
            "
    select g.id, g.hold, h.amount, g.number, g.attempts, g.waiting_since,
           r.id, r.account, r.purse, r.identity, r.conversation, r.setting, r.message, r.body,
           r.options, r.parent, r.price_each, r.state, r.asked_at, i.language, g.deaths
    from generations g
    join holds h on h.id = g.hold
    join requests r on r.id = g.request
    left join identities i on i.id = r.identity
    where ",
            $which
        )
    };
}
const FIND_CLAIMED: &str = pictures!("g.id in ({list}) order by g.tag, g.id");
const FIND_NEAREST: &str = pictures!("g.state = 'held' order by g.tag, g.id limit $1");
const SUBMIT: &str = "
    update generations set state = 'submitting', object = $3
    where id = $1 and claimed_by = $2 and state = 'claimed'
      and exists (select 1 from holds where holds.id = generations.hold and holds.state = 'pending')
    returning hold";
const SUBMITTED: &str = "
    update generations set state = 'submitted'
    where id = $1 and claimed_by = $2 and state = 'submitting'";
const PUT_BACK: &str = "
    update generations set state = 'held', claimed_by = null, not_before = $3, deaths = 0,
                           attempts = attempts - $4,
                           waiting_since = case when $4 = 1 and waiting_since = 0 then $5
                                                else waiting_since end
    where id = $1 and claimed_by = $2 and state in ('claimed', 'submitting')";
const SPEND: &str = "
    update generations set tokens_text_in = $2, tokens_image_in = $3, tokens_out = $4,
                           cost_micro_usd = $5
    where id = $1";
const DISOWN_ONE: &str = "
    update generations set claimed_by = null where id = $1 and claimed_by = $2";
const RECOVER_CLAIMED: &str = "
    update generations set state = 'held', claimed_by = null, attempts = attempts - 1,
                           deaths = deaths + $2
    where claimed_by = $1 and state = 'claimed'";
const FIND_UNCERTAIN: &str = "
    select id, conversation from generations
    where claimed_by = $1 and state in ('submitting', 'submitted') order by id";
const FIND_OURS: &str = "
    select id, conversation from generations
    where claimed_by = $1 and state in ('claimed', 'submitting', 'submitted') order by id";
const RECOVER_STRAY: &str = "
    update generations set state = 'held', claimed_by = null
    where id = $1 and claimed_by = $2 and state = 'claimed'";
const DISOWN: &str = "update generations set claimed_by = null where claimed_by = $1";
const FIND_TAGS: &str =
    "select tag from generations where state = 'held' order by tag, id limit $1";
const COUNT_RUNNING: &str = "
    select count(*) from generations where state in ('claimed', 'submitting', 'submitted')";
const FIND_SERVED: &str = "select value from counters where name = 'served_tag'";
const NEXT_DUE: &str =
    "select min(not_before) from generations where state = 'held' and not_before > $1";

/// Claims the next pictures, fairly: by tag, then by number.
pub async fn claim(
    tx: &mut Tx,
    replica: i64,
    count: i64,
    now: i64,
) -> Result<Vec<Claimed>, StoreError> {
    let rows = tx.rows(CLAIM, &[replica.into(), now.into(), count.into()]).await?;
    read_claimed(tx, &rows).await
}

/// A picture in line that processes have ended over while they had it claimed, and how many: the
/// least deadly one that is due.
pub async fn suspect(
    connection: &mut Connection,
    now: i64,
) -> Result<Option<(GenerationId, i64)>, StoreError> {
    let rows = connection.rows(FIND_SUSPECT, &[now.into()]).await?;
    rows.first().map(|row| Ok((GenerationId(row.int(0)?), row.int(1)?))).transpose()
}

/// Claims one that processes have ended over, by itself.
pub async fn claim_suspect(
    tx: &mut Tx,
    replica: i64,
    generation: GenerationId,
) -> Result<Vec<Claimed>, StoreError> {
    let rows = tx.rows(CLAIM_SUSPECT, &[replica.into(), generation.0.into()]).await?;
    read_claimed(tx, &rows).await
}

async fn read_claimed(tx: &mut Tx, rows: &[Row]) -> Result<Vec<Claimed>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids = Vec::new();
    let mut tag = 0;
    for row in rows {
        ids.push(vec![Value::from(row.int(0)?)]);
        tag = tag.max(row.int(1)?);
    }
    tx.run(SERVED, &[tag.into()]).await?;
    let mut claimed = Vec::new();
    for row in tx.rows_for(FIND_CLAIMED, &ids).await? {
        claimed.push(read_one(&row)?);
    }
    Ok(claimed)
}

fn read_one(row: &Row) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        generation: GenerationId(row.int(0)?),
        hold: HoldId(row.int(1)?),
        price: Credits(row.int(2)?),
        number: u8::try_from(row.int(3)?).unwrap_or(u8::MAX),
        attempts: row.int(4)?,
        deaths: row.int(20)?,
        waiting_since: row.int(5)?,
        request: read_request(row, 6)?,
        language: row.maybe_text(19)?.as_deref().and_then(Language::from_tag),
    })
}

/// The first in line, who wait to be claimed, in their order; and how many are being made.
pub async fn nearest(
    connection: &mut Connection,
    count: i64,
) -> Result<(Vec<Claimed>, i64), StoreError> {
    let rows = connection.rows(FIND_NEAREST, &[count.into()]).await?;
    let nearest = rows.iter().map(read_one).collect::<Result<Vec<_>, _>>()?;
    if nearest.is_empty() {
        return Ok((nearest, 0));
    }
    Ok((nearest, connection.rows(COUNT_RUNNING, &[]).await?[0].int(0)?))
}

/// When the next picture that waits for a later moment may be claimed.
pub async fn next_due(connection: &mut Connection, now: i64) -> Result<Option<i64>, StoreError> {
    connection.rows(NEXT_DUE, &[now.into()]).await?[0].maybe_int(0)
}

/// Says, on disk, that the call is about to be made, and under which name its picture will be
/// kept. Nothing when the picture was taken back meanwhile.
pub async fn submit(
    tx: &mut Tx,
    replica: i64,
    generation: GenerationId,
    object: &str,
) -> Result<Option<PendingHold>, StoreError> {
    let rows = tx.rows(SUBMIT, &[generation.0.into(), replica.into(), object.into()]).await?;
    rows.first().map(|row| Ok(PendingHold { generation, hold: HoldId(row.int(0)?) })).transpose()
}

/// Says that the provider began to answer.
pub async fn submitted(
    tx: &mut Tx,
    replica: i64,
    generation: GenerationId,
) -> Result<(), StoreError> {
    tx.run(SUBMITTED, &[generation.0.into(), replica.into()]).await?;
    Ok(())
}

/// Why a picture goes back in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutBack {
    /// There was no room at the provider, or a reference picture was not to be had: that is not
    /// the picture's fault.
    Waited,
    /// Something failed before a byte was sent; it counts.
    Failed,
}

/// From when and until when a picture rests, milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Now.
    pub from: i64,
    /// It is not claimed before.
    pub until: i64,
}

/// Puts a picture back in line for a later moment. Only for calls that certainly made nothing.
pub async fn put_back(
    tx: &mut Tx,
    replica: i64,
    generation: GenerationId,
    why: PutBack,
    rest: Rest,
) -> Result<(), StoreError> {
    let forgiven = i64::from(why == PutBack::Waited);
    let values =
        [generation.0.into(), replica.into(), rest.until.into(), forgiven.into(), rest.from.into()];
    tx.run(PUT_BACK, &values).await?;
    Ok(())
}

/// What the provider charged for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Tokens of words in.
    pub text_in: i64,
    /// Tokens of reference pictures in.
    pub image_in: i64,
    /// Tokens out.
    pub out: i64,
    /// What they cost, millionths of a US dollar.
    pub cost_micro_usd: Option<i64>,
}

/// Writes down what a call was charged, whatever came of it. A picture has one call that can be
/// charged, so writing it twice does no harm.
pub async fn spend(tx: &mut Tx, generation: GenerationId, spent: Spent) -> Result<(), StoreError> {
    let values = [
        generation.0.into(),
        spent.text_in.into(),
        spent.image_in.into(),
        spent.out.into(),
        spent.cost_micro_usd.into(),
    ];
    tx.run(SPEND, &values).await?;
    Ok(())
}

/// Writes down what a call came to, as an event. The picture is nobody's from then on, so that
/// whoever takes over does not call it uncertain; its state is the turn's to change.
pub async fn conclude(
    tx: &mut Tx,
    replica: i64,
    generation: GenerationId,
    event: &NewEvent,
    now: i64,
) -> Result<(), StoreError> {
    tx.run(DISOWN_ONE, &[generation.0.into(), replica.into()]).await?;
    inbox::insert(tx, std::slice::from_ref(event), now, now).await?;
    Ok(())
}

/// Puts a dead or leaving replica's pictures back: in line what never left, and as uncertain what
/// may have.
pub async fn recover(tx: &mut Tx, dead: i64, gone: Gone, now: i64) -> Result<(), StoreError> {
    tx.run(RECOVER_CLAIMED, &[dead.into(), gone.deaths().into()]).await?;
    let mut events = Vec::new();
    for row in tx.rows(FIND_UNCERTAIN, &[dead.into()]).await? {
        events.push(NewEvent::uncertain(row.int(0)?, &row.text(1)?));
    }
    if !events.is_empty() {
        inbox::insert(tx, &events, now, now).await?;
    }
    tx.run(DISOWN, &[dead.into()]).await?;
    Ok(())
}

/// A picture that is ours by its row and that nobody makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Which.
    pub generation: GenerationId,
    /// Where it goes.
    pub conversation: String,
}

/// Pictures that a living replica has claimed and not under way.
pub async fn strays(
    connection: &mut Connection,
    replica: i64,
    under_way: &[GenerationId],
) -> Result<Vec<Stray>, StoreError> {
    let mut strays = Vec::new();
    for row in connection.rows(FIND_OURS, &[replica.into()]).await? {
        let generation = GenerationId(row.int(0)?);
        if !under_way.contains(&generation) {
            strays.push(Stray { generation, conversation: row.text(1)? });
        }
    }
    Ok(strays)
}

/// Puts strays back as those of the dead are: in line what never left, and as uncertain what may
/// have.
pub async fn recover_strays(
    tx: &mut Tx,
    replica: i64,
    strays: &[Stray],
    now: i64,
) -> Result<(), StoreError> {
    for stray in strays {
        let values = [stray.generation.0.into(), replica.into()];
        // Nothing is both: what is put back is nobody's any more.
        if tx.run(RECOVER_STRAY, &values).await? == 0 && tx.run(DISOWN_ONE, &values).await? == 1 {
            let event = NewEvent::uncertain(stray.generation.0, &stray.conversation);
            inbox::insert(tx, &[event], now, now).await?;
        }
    }
    Ok(())
}

/// The line as rules see it. Medians are measured elsewhere, replicas counted elsewhere, and both
/// put in by the caller.
pub async fn look(tx: &mut Tx) -> Result<Line, StoreError> {
    let rows = tx.rows(FIND_TAGS, &[PLACES_MAX.into()]).await?;
    let tags = rows.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?;
    let running = tx.rows(COUNT_RUNNING, &[]).await?[0].int(0)?;
    let served_tag = match tx.rows(FIND_SERVED, &[]).await?.first() {
        Some(row) => row.int(0)?,
        None => 0,
    };
    Ok(Line { tags, served_tag, running, replicas: 1, medians: Vec::new() })
}
