//! The check of every invariant of the money: whole for `ledger verify`, and in slices for the
//! daily look of whoever serves, which stops spending where the books are wrong.

mod stopped;

use std::collections::VecDeque;

pub use self::stopped::{Stopped, end, last_end, stop};
use super::{Row, StoreError, Tx, Value, functions::operations, ledger, sealed};

/// A broken invariant, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which invariant.
    pub invariant: &'static str,
    /// Where.
    pub row: String,
    /// In whose books, where there is such a purse.
    pub purse: Option<i64>,
}

/// Lines read at once.
const PAGE: i64 = 5000;
/// Broken rows that a check's statement finds at once: after the last of them it is asked again.
const FOUND_AT_ONCE: usize = 1000;

const FIND_LINES: &str = "
    select purse, number, kind, amount, hold, source, reason, at, hash, id, note, note_sha256
    from ledger where (purse, number) > ($1, $2) and purse <= $3
    order by purse, number limit $4";
const LAST_HOLD: &str = "select id from holds where id > $1 order by id limit 1 offset $2";
const LAST_LINE: &str = "select id from ledger where id > $1 order by id limit 1 offset $2";
const LAST_OPERATION: &str = "
    select operation from site_operations where operation > $1
    order by operation limit 1 offset $2";
const LAST_OF_ALL_OPERATIONS: &str = "select max(operation) from site_operations";
const FIND_PURSES: &str = "
    select id, granted, posted, pending, refunded, expired, reclaimed, moved, entries, head
    from purses where id > $1 order by id limit $2";
const HOLDS_AGAINST_LINES: &str = "
    select h.id, coalesce((select min(l.purse) from ledger l where l.hold = h.id), h.purse)
    from holds h
    where h.id > $1 and h.id <= $2 and (not exists (
      select 1 from ledger l where l.hold = h.id and l.kind = 'hold' and l.amount = h.amount
        and l.purse = h.purse)
    or (h.state = 'posted') <> exists (
      select 1 from ledger l where l.hold = h.id and l.kind = 'post' and l.amount = h.amount)
    or (h.state in ('voided', 'expired')) <> exists (
      select 1 from ledger l where l.hold = h.id and l.kind = 'void' and l.amount = h.amount))
    order by h.id limit 1000";
const LINES_WITHOUT_HOLD: &str = "
    select l.id, l.purse from ledger l
    where l.id > $1 and l.id <= $2
      and l.hold is not null and not exists (select 1 from holds h where h.id = l.hold)
    order by l.id limit 1000";
const POSTED_WITHOUT_PICTURE: &str = "
    select h.id, h.purse from holds h
    where h.id > $1 and h.id <= $2 and h.state = 'posted'
      and not exists (select 1 from artifacts a where a.generation = h.generation)
    order by h.id limit 1000";
const OPEN_WITHOUT_HOLD: &str = "
    select g.id, h.purse from generations g join holds h on h.id = g.hold
    where g.id > $1 and g.id <= $2
      and g.state in ('held', 'claimed', 'submitting', 'submitted', 'made')
      and h.state <> 'pending'
    order by g.id limit 1000";
const PENDING_WITHOUT_WORK: &str = "
    select h.id, h.purse from holds h
    where h.id > $1 and h.id <= $2 and h.state = 'pending' and not exists (
      select 1 from generations g where g.id = h.generation and g.hold = h.id
        and g.state in ('held', 'claimed', 'submitting', 'submitted', 'made'))
    order by h.id limit 1000";
const MOVED_FROM_NOWHERE: &str = "
    select l.id, l.purse from ledger l
    where l.id > $1 and l.id <= $2
      and l.kind in ('move_out', 'move_in', 'debt_out', 'debt_in') and not exists (
      select 1 from ledger m where m.amount = l.amount and m.source =
        case when l.kind in ('move_out', 'debt_out') then replace(l.source, '_out:', '_in:')
             else replace(l.source, '_in:', '_out:') end)
    order by l.id limit 1000";
const LEFT_BEHIND: &str = "
    select p.id, p.id from purses p
    where p.id > $1 and p.id <= $2 and p.successor is not null and
      p.granted + p.moved - p.posted - p.pending - p.refunded - p.expired - p.reclaimed <> 0
    order by p.id limit 1000";
const USED_FOR_NOTHING: &str = "
    select u.entry, coalesce(a.purse, 0) from promo_uses u left join accounts a on a.id = u.account
    where u.entry > $1 and u.entry <= $2
      and not exists (select 1 from ledger l where l.id = u.entry and l.kind = 'grant')
    order by u.entry limit 1000";
/// What one row is checked against others by: which rows of what break it, and in whose books.
const ROW_CHECKS: &[Check] = &[
    ("what leaves a purse arrives in another", Walk::Lines, MOVED_FROM_NOWHERE),
    ("nothing is left in a purse that has a successor", Walk::Purses, LEFT_BEHIND),
    ("whoever has had a promo code has its credits", Walk::Lines, USED_FOR_NOTHING),
    ("every hold has its lines, and they agree", Walk::Holds, HOLDS_AGAINST_LINES),
    ("every line of a hold has its hold", Walk::Lines, LINES_WITHOUT_HOLD),
    ("every posted hold has its picture", Walk::Holds, POSTED_WITHOUT_PICTURE),
    ("every picture under way has its credits set aside", Walk::Whole, OPEN_WITHOUT_HOLD),
    ("every pending hold has a picture under way", Walk::Holds, PENDING_WITHOUT_WORK),
];

/// An invariant, how its rows are walked, and the statement that finds those that break it.
pub(super) type Check = (&'static str, Walk, &'static str);

/// How the rows of a check are walked: by a number or a name, after one and until another. What
/// breaks it is told by that too, then the purse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Walk {
    /// By purses.
    #[default]
    Purses,
    /// By holds.
    Holds,
    /// By lines.
    Lines,
    /// By operations of the website's.
    Operations,
    /// All at once: there are never many.
    Whole,
}

/// What the lines of a purse come to.
#[derive(Debug, Default)]
struct Sums {
    granted: i64,
    posted: i64,
    pending: i64,
    refunded: i64,
    expired: i64,
    reclaimed: i64,
    moved: i64,
    number: i64,
    head: String,
}

impl Sums {
    fn add(&mut self, kind: &str, amount: i64) {
        match kind {
            "grant" => self.granted += amount,
            "hold" => self.pending += amount,
            "post" => {
                self.pending -= amount;
                self.posted += amount;
            }
            "void" => self.pending -= amount,
            "refund" => self.refunded += amount,
            "expire" => self.expired += amount,
            "reclaim" | "debt_in" => self.reclaimed += amount,
            "debt_out" => self.reclaimed -= amount,
            "move_in" | "site_in" => self.moved += amount,
            "move_out" | "site_out" => self.moved -= amount,
            _ => {}
        }
    }

    fn columns(&self) -> [i64; 8] {
        [
            self.granted,
            self.posted,
            self.pending,
            self.refunded,
            self.expired,
            self.reclaimed,
            self.moved,
            self.number,
        ]
    }
}

/// Recomputes every balance from its lines and checks every invariant, in a snapshot; what is
/// broken.
pub async fn verify(tx: &mut Tx) -> Result<Vec<Broken>, StoreError> {
    let mut broken = Vec::new();
    let mut after = i64::MIN;
    while let Some(last) = look_at_purses(tx, (after, PAGE), &mut broken).await? {
        after = last;
    }
    let names = last_operation(tx).await?.map(|last| Slice::Names(String::new(), last));
    for check in checks() {
        let slice = match (check.1, &names) {
            (Walk::Operations, None) => continue,
            (Walk::Operations, Some(names)) => names.clone(),
            (_, _) => Slice::Numbers(i64::MIN, i64::MAX),
        };
        look_at_rows(tx, check, slice, &mut broken).await?;
    }
    Ok(broken)
}

fn checks() -> impl Iterator<Item = &'static Check> {
    ROW_CHECKS.iter().chain(operations::CHECKS)
}

/// Rows after one, until another.
#[derive(Clone, Debug)]
enum Slice {
    Numbers(i64, i64),
    Names(String, String),
}

/// How far a look at everything has come, in slices.
#[derive(Clone, Debug)]
pub struct Progress {
    walk: Walk,
    after: i64,
    /// Of what is walked by names.
    after_name: String,
}

impl Default for Progress {
    fn default() -> Self {
        Self::of(Walk::default())
    }
}

impl Progress {
    /// At the beginning of a walk.
    fn of(walk: Walk) -> Self {
        Self { walk, after: i64::MIN, after_name: String::new() }
    }
}

/// Looks at the next slice of what [`verify`] looks at, in a snapshot: what is broken there, and
/// where to go on, if there is more.
pub async fn look(
    tx: &mut Tx,
    at: Progress,
    rows: i64,
) -> Result<(Vec<Broken>, Option<Progress>), StoreError> {
    let Progress { walk, after, after_name } = at;
    let mut broken = Vec::new();
    if walk == Walk::Operations {
        let next = look_at_operations(tx, (after_name, rows), &mut broken).await?;
        return Ok((broken, Some(next)));
    }
    let last = match walk {
        Walk::Purses => look_at_purses(tx, (after, rows), &mut broken).await?,
        Walk::Holds => end_of_slice(tx, LAST_HOLD, (after, rows)).await?,
        Walk::Lines => end_of_slice(tx, LAST_LINE, (after, rows)).await?,
        Walk::Operations | Walk::Whole => None,
    };
    let until = last.unwrap_or(i64::MAX);
    for check in checks().filter(|check| check.1 == walk) {
        look_at_rows(tx, check, Slice::Numbers(after, until), &mut broken).await?;
    }
    let next = match (last, walk) {
        (Some(after), walk) => Some(Progress { after, ..Progress::of(walk) }),
        (None, Walk::Purses) => Some(Progress::of(Walk::Holds)),
        (None, Walk::Holds) => Some(Progress::of(Walk::Lines)),
        (None, Walk::Lines) => Some(Progress::of(Walk::Operations)),
        (None, Walk::Operations | Walk::Whole) => None,
    };
    Ok((broken, next))
}

/// Looks at so many operations of the website's, after one; where to go on.
async fn look_at_operations(
    tx: &mut Tx,
    (after, rows): (String, i64),
    broken: &mut Vec<Broken>,
) -> Result<Progress, StoreError> {
    let found = tx.rows(LAST_OPERATION, &[after.as_str().into(), (rows - 1).into()]).await?;
    let last = found.first().map(|row| row.text(0)).transpose()?;
    let until = match last.clone() {
        None => last_operation(tx).await?,
        last => last,
    };
    if let Some(until) = until {
        for check in checks().filter(|check| check.1 == Walk::Operations) {
            let slice = Slice::Names(after.clone(), until.clone());
            look_at_rows(tx, check, slice, broken).await?;
        }
    }
    Ok(match last {
        Some(after_name) => Progress { after_name, ..Progress::of(Walk::Operations) },
        None => Progress::of(Walk::Whole),
    })
}

async fn last_operation(tx: &mut Tx) -> Result<Option<String>, StoreError> {
    tx.rows(LAST_OF_ALL_OPERATIONS, &[]).await?.first().map_or(Ok(None), |row| row.maybe_text(0))
}

/// The last row of a slice; nothing for the last slice.
async fn end_of_slice(
    tx: &mut Tx,
    text: &'static str,
    (after, rows): (i64, i64),
) -> Result<Option<i64>, StoreError> {
    let found = tx.rows(text, &[after.into(), (rows - 1).into()]).await?;
    found.first().map(|row| row.int(0)).transpose()
}

/// What breaks a check in a slice: all of it.
async fn look_at_rows(
    tx: &mut Tx,
    &(invariant, _, text): &Check,
    mut slice: Slice,
    broken: &mut Vec<Broken>,
) -> Result<(), StoreError> {
    loop {
        let values: [Value; 2] = match &slice {
            Slice::Numbers(after, until) => [(*after).into(), (*until).into()],
            Slice::Names(after, until) => [after.as_str().into(), until.as_str().into()],
        };
        let found = tx.rows(text, &values).await?;
        for row in &found {
            let name = match &mut slice {
                Slice::Numbers(after, _) => {
                    *after = row.int(0)?;
                    after.to_string()
                }
                Slice::Names(after, _) => {
                    *after = row.text(0)?;
                    after.clone()
                }
            };
            broken.push(Broken { invariant, row: name, purse: Some(row.int(1)?) });
        }
        if found.len() < FOUND_AT_ONCE {
            return Ok(());
        }
    }
}

/// Adds up so many purses after one, and compares; the last of them, if there may be more.
async fn look_at_purses(
    tx: &mut Tx,
    (after, count): (i64, i64),
    broken: &mut Vec<Broken>,
) -> Result<Option<i64>, StoreError> {
    let purses = tx.rows(FIND_PURSES, &[after.into(), count.into()]).await?;
    let more = purses.len() as i64 >= count;
    let last = purses.last().filter(|_| more).map(|row| row.int(0)).transpose()?;
    let mut lines = Lines::between(after, last.unwrap_or(i64::MAX));
    for row in &purses {
        let purse = row.int(0)?;
        let sums = lines.of_purse(tx, purse, broken).await?;
        let columns = (1..9).map(|column| row.int(column)).collect::<Result<Vec<_>, _>>()?;
        let invariant = if columns != sums.columns() {
            "a purse is the sum of its lines"
        } else if row.text(9)? != sums.head {
            "a purse names its last line"
        } else {
            continue;
        };
        broken.push(Broken { invariant, row: purse.to_string(), purse: Some(purse) });
    }
    if last.is_none() {
        lines.of_purse(tx, i64::MAX, broken).await?;
    }
    Ok(last)
}

/// The ledger read in order of purses.
struct Lines {
    page: VecDeque<Row>,
    after: (i64, i64),
    until: i64,
    ended: bool,
}

impl Lines {
    /// The lines of purses after one, until another.
    fn between(after: i64, until: i64) -> Self {
        let number = if after == i64::MIN { i64::MIN } else { i64::MAX };
        Self { page: VecDeque::new(), after: (after, number), until, ended: false }
    }

    /// Adds up the lines of one purse; lines of purses before it have no purse.
    async fn of_purse(
        &mut self,
        tx: &mut Tx,
        purse: i64,
        broken: &mut Vec<Broken>,
    ) -> Result<Sums, StoreError> {
        let mut sums = Sums::default();
        loop {
            if self.page.is_empty() && !self.ended {
                let (purse, number) = self.after;
                let values = [purse.into(), number.into(), self.until.into(), PAGE.into()];
                self.page = tx.rows(FIND_LINES, &values).await?.into();
                self.ended = (self.page.len() as i64) < PAGE;
            }
            let Some(row) = self.page.front() else { return Ok(sums) };
            let (of, number) = (row.int(0)?, row.int(1)?);
            if of > purse {
                return Ok(sums);
            }
            self.after = (of, number);
            if of < purse {
                let row = of.to_string();
                broken.push(Broken { invariant: "every line has its purse", row, purse: None });
            } else {
                check_line(row, &mut sums, broken)?;
            }
            self.page.pop_front();
        }
    }
}

/// Checks a line's number and hash against the one before, and adds it up.
fn check_line(row: &Row, sums: &mut Sums, broken: &mut Vec<Broken>) -> Result<(), StoreError> {
    let (purse, number, kind, amount) = (row.int(0)?, row.int(1)?, row.text(2)?, row.int(3)?);
    let (source, reason) = (row.text(5)?, row.text(6)?);
    let note_sha256 = row.text(11)?;
    let hash = ledger::Sealed {
        before: &sums.head,
        id: row.int(9)?,
        purse,
        number,
        kind: &kind,
        amount,
        hold: row.maybe_int(4)?,
        source: &source,
        reason: &reason,
        note_sha256: &note_sha256,
        at: row.int(7)?,
    }
    .hash();
    let stored = row.text(8)?;
    let invariant = if number != sums.number + 1 {
        Some("lines are numbered without a gap")
    } else if hash != stored || !note_agrees(row, &note_sha256)? {
        Some("a line is as it was written")
    } else {
        None
    };
    if let Some(invariant) = invariant {
        let row = format!("{purse}/{number}");
        broken.push(Broken { invariant, row, purse: Some(purse) });
    }
    sums.number = number;
    sums.head = stored;
    sums.add(&kind, amount);
    Ok(())
}

/// Whether a line's note is what its digest says; one that was erased agrees with any.
fn note_agrees(row: &Row, note_sha256: &str) -> Result<bool, StoreError> {
    let Some(note) = row.maybe_blob(10)? else { return Ok(true) };
    // A seal that cannot be opened is a note that was altered.
    Ok(sealed::open(&note, "ledger", "note").is_ok_and(|note| ledger::digest(note) == note_sha256))
}
