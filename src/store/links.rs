//! Codes that link chats, accounts that become one, and accounts that part.
//!
//! An account that is merged into another stays as a row that names its successor: rows that hang
//! on it go over, its purse stays where it is. Everything here is conditional on what the turn
//! was decided on; where that is not so any more, the event is decided again.

mod facts;
mod letters;
mod parting;

use std::collections::{BTreeMap, HashSet};

use picdesk_core::{
    credits::Credits,
    effect::{LinkEffect, Merge},
    facts::SignedIn,
    id::{AccountId, ConversationId, IdentityId},
    newcomer::NEW_MS,
};

pub use self::{
    facts::{Asked, find, identity_key},
    letters::{home_of, still_there},
};
use super::{Connection, Reads, StoreError, Tx, Value, gifts, outbox, sealed};

const TOUCH: &str = "
    with v(id, tag) as (values {rows})
    update accounts
    set last_tag = case when v.tag > accounts.last_tag then v.tag else accounts.last_tag end
    from v where accounts.id = v.id and accounts.successor is null
    returning accounts.id";
/// One more than there is, whoever counted meanwhile: $4 is when what is over now began at the
/// latest.
const COUNT: &str = "
    insert into link_counts (scope, began_at, count) values ($1, $2, $3)
    on conflict (scope) do update set
      began_at = case when link_counts.began_at <= $4 then excluded.began_at
                      else link_counts.began_at end,
      count = case when link_counts.began_at <= $4 then excluded.count
                   else link_counts.count + 1 end";
const MAKE_HOME: &str = "update identities set home = $2 where id = $1";
const COUNT_UP: &str = "
    insert into link_counts (scope, began_at, count) values ($1, $2, 1)
    on conflict (scope) do update set
      began_at = case when link_counts.began_at <= $3 then excluded.began_at
                      else link_counts.began_at end,
      count = case when link_counts.began_at <= $3 then 1 else link_counts.count + 1 end
    returning count";
const FIND_NAME: &str = "select name from identities where id = $1";
const END_OLDER: &str =
    "update link_codes set spent = 1 where identity = $1 and claimed_by is null and spent = 0";
const MAKE_CODE: &str = "
    insert into link_codes (id, hash, account, identity, claimed_by, spent, expires_at)
    values ($1, $2, $3, $4, null, 0, $5)";
const MAKE_SITE_CODE: &str = "
    insert into link_codes (id, hash, subject, hint, only_for, spent, expires_at)
    values ($1, $2, $3, $4, $5, 0, $6)
    on conflict (id) do nothing";
const SIGN_IN: &str = "
    update accounts set subject = $2, hint = $3
    where id = $1 and successor is null and (subject is null or subject = $2)";
const SIGN_OUT: &str = "
    update accounts set subject = null, hint = null where id = $1 and subject = $2";
const CLAIM_CODE: &str = "
    update link_codes set claimed_by = $2, expires_at = $3
    where id = $1 and claimed_by is null and spent = 0";
const SPEND_CODE: &str = "update link_codes set spent = 1 where id = $1 and spent = 0";
const END_ACCOUNT: &str = "
    update accounts set successor = $2
    where id = $1 and successor is null and purse = $3
      and exists (
        select 1 from accounts b where b.id = $2 and b.successor is null and b.purse = $4)";
const NAME_SUCCESSOR: &str = "update purses set successor = $2 where id = $1";
/// What may not be spent may not be after it has moved either.
const STAY_STOPPED: &str = "
    update purses set stopped = 1
    where id = $2 and exists (select 1 from purses p where p.id = $1 and p.stopped = 1)";
const GO_ON: &str = "
    update accounts set plan = $2, last_tag = $3 where id = $1 and successor is null";
const KEEP_LINK: &str = "
    insert into links (id, back, back_purse, brought_by, entry, made_at, parted_at)
    values ($1, $2, $3, $4, $5, $6, 0)";
const KEEP_WHO_CAME: &str = "
    insert into link_identities (link, identity)
    select $1, i.id from identities i where i.account = $2";
/// What has been taken back by now of what whoever comes had bought.
const KEEP_TAKEN: &str = "
    update links set taken = (
      select coalesce(sum(p.taken), 0)
      from link_identities l
      join checkouts c on c.identity = l.identity and c.account = $2
      join payments p on p.request = c.request
      where l.link = $1)
    where id = $1";
/// Everything that hangs on an account goes over to another. What is under way comes before what
/// it leaves behind, so that whoever settles it meanwhile is told.
const REPOINT: &[&str] = &[
    "update identities set account = $2 where account = $1",
    "update generations set account = $2 where account = $1",
    "update requests set account = $2 where account = $1",
    "update artifacts set account = $2 where account = $1",
    "update escalations set account = $2 where account = $1",
    "update checkouts set account = $2 where account = $1",
    "update plans set account = $2 where account = $1",
    "update refunds set account = $2 where account = $1",
    "update link_codes set spent = 1 where account = $1 and spent = 0 and account <> $2",
];
/// What nobody lets through is counted of both; whoever parts takes their own count along.
/// Whoever is new already is so since then.
const BE_NEW: &str = "
    update identities set linked_at = $2, side = $3, may_spend = $4
    where account = $1 and linked_at <= $5";
const ADD_STRIKES: &str = "
    update accounts set strikes = strikes + (select b.strikes from accounts b where b.id = $1)
    where id = $2";
const SEPARATE: &str =
    "update identities set account = $3, linked_at = 0, side = 0 where id = $1 and account = $2";
/// What nobody has paid yet is theirs who asked for it.
const SEPARATE_CHECKOUTS: &str = "
    update checkouts set account = $3
    where identity = $1 and account = $2 and state in ('asked', 'open', 'told')";
const FIND_HOME: &str = "select home from identities where id = $1";
const END_CODES: &str = "update link_codes set spent = 1 where identity = $1 and spent = 0";
const CLOSE_GALLERIES: &str = "update accounts set galleries_from = $2 where id = $1";
const FIND_GALLERIES: &str = "select galleries_from from accounts where id = $1";
const FIND_LIVING: &str = "
    with recursive r(id, successor) as (
      select id, successor from accounts where id = $1
      union all select a.id, a.successor from accounts a join r on a.id = r.successor)
    select id from r where successor is null";
const FORGET_CODES: &str = "
    delete from link_codes where id in (
      select id from link_codes where expires_at < $1 limit $2)";
const FORGET_COUNTS: &str = "
    delete from link_counts where scope in (
      select scope from link_counts where began_at < $1 limit $2)";

/// Accounts get something: their tags rise, and whoever merges one of them meanwhile is told so.
/// The events whose account is none any more.
pub(super) async fn touch(
    tx: &mut Tx,
    touched: &[(i64, i64, i64)],
) -> Result<HashSet<i64>, StoreError> {
    let mut tags: BTreeMap<i64, i64> = BTreeMap::new();
    for (account, _, tag) in touched {
        let known = tags.entry(*account).or_default();
        *known = (*known).max(*tag);
    }
    let rows: Vec<Vec<Value>> =
        tags.into_iter().map(|(account, tag)| vec![account.into(), tag.into()]).collect();
    let mut there = HashSet::new();
    for row in tx.rows_for(TOUCH, &rows).await? {
        there.insert(row.int(0)?);
    }
    Ok(touched.iter().filter(|one| !there.contains(&one.0)).map(|one| one.1).collect())
}

/// Carries out one effect; no when what it was decided on is not so any more.
pub(super) async fn carry_out(
    tx: &mut Tx,
    effect: &LinkEffect,
    now: i64,
) -> Result<bool, StoreError> {
    Ok(match effect {
        LinkEffect::Count { scope, began_at, count, over } => {
            let values =
                [scope.as_str().into(), (*began_at).into(), (*count).into(), (*over).into()];
            tx.run(COUNT, &values).await? > 0
        }
        LinkEffect::MakeCode { id, hash, account, by, here, expires_at } => {
            tx.run(MAKE_HOME, &[by.as_str().into(), here.as_str().into()]).await?;
            tx.run(END_OLDER, &[by.as_str().into()]).await?;
            let values = [
                id.0.into(),
                hash.as_str().into(),
                account.0.into(),
                by.as_str().into(),
                (*expires_at).into(),
            ];
            tx.run(MAKE_CODE, &values).await? > 0
        }
        LinkEffect::ClaimCode { id, by, here, expires_at } => {
            tx.run(MAKE_HOME, &[by.as_str().into(), here.as_str().into()]).await?;
            let values = [id.0.into(), by.as_str().into(), (*expires_at).into()];
            tx.run(CLAIM_CODE, &values).await? > 0
        }
        LinkEffect::SpendCode { id } => tx.run(SPEND_CODE, &[id.0.into()]).await? > 0,
        LinkEffect::SignIn { account, who, side, may_spend } => {
            // They have come to nobody's chats.
            be_new(tx, *account, (-side.0, *may_spend), now).await?;
            let values = [account.0.into(), who.subject.as_str().into(), who.hint.as_str().into()];
            tx.run(SIGN_IN, &values).await? > 0
        }
        LinkEffect::SignOut { account, subject } => {
            tx.run(SIGN_OUT, &[account.0.into(), subject.as_str().into()]).await? > 0
        }
        LinkEffect::Merge(how) => merge(tx, how, now).await?,
        LinkEffect::Part(how) => parting::part(tx, how, now).await?,
        LinkEffect::Separate { identity, from, account, .. } => {
            tx.run(END_CODES, &[identity.as_str().into()]).await?;
            tx.run(CLOSE_GALLERIES, &[from.0.into(), now.into()]).await?;
            let values = [identity.as_str().into(), from.0.into(), account.0.into()];
            tx.run(SEPARATE_CHECKOUTS, &values).await?;
            gifts::separate(tx, identity, *from, *account).await?;
            let parted = tx.run(SEPARATE, &values).await? > 0;
            if parted {
                withdraw(tx, identity, now).await?;
            }
            parted
        }
    })
}

/// What waits to be said where somebody is talked with alone is of an account that is theirs no
/// more. What is said of that itself comes after.
async fn withdraw(tx: &mut Tx, identity: &IdentityId, now: i64) -> Result<(), StoreError> {
    let mut places = vec![ConversationId(identity.as_str().to_owned())];
    for row in tx.rows(FIND_HOME, &[identity.as_str().into()]).await? {
        places.extend(row.maybe_text(0)?.map(ConversationId));
    }
    places.dedup();
    for place in &places {
        outbox::withdraw(tx, place, now).await?;
    }
    Ok(())
}

async fn merge(tx: &mut Tx, how: &Merge, now: i64) -> Result<bool, StoreError> {
    let (from, into) = (Value::from(how.from.account.0), Value::from(how.into.account.0));
    let purses = (Value::from(how.from.purse.0), Value::from(how.into.purse.0));
    let ends = [from.clone(), into.clone(), purses.0.clone(), purses.1.clone()];
    if tx.run(END_ACCOUNT, &ends).await? == 0 {
        return Ok(false);
    }
    let (gone, kept_by) = purses.clone();
    tx.run(NAME_SUCCESSOR, &[gone.clone(), kept_by.clone()]).await?;
    tx.run(STAY_STOPPED, &[gone, kept_by]).await?;
    let kept = [
        how.link.0.into(),
        from.clone(),
        purses.0,
        how.by.as_str().into(),
        how.leaves.0.into(),
        now.into(),
    ];
    tx.run(KEEP_LINK, &kept).await?;
    for text in [KEEP_WHO_CAME, KEEP_TAKEN] {
        tx.run(text, &[how.link.0.into(), from.clone()]).await?;
    }
    for (of, may_spend) in [how.from, how.into].into_iter().zip(how.may_spend) {
        let came = of.account == how.newcomers;
        let side = if came { how.link.0 } else { -how.link.0 };
        be_new(tx, of.account, (side, may_spend), now).await?;
    }
    tx.run(GO_ON, &[into.clone(), how.plan.clone().into(), how.last_tag.into()]).await?;
    tx.run(ADD_STRIKES, &[from.clone(), into.clone()]).await?;
    for text in REPOINT {
        tx.run(text, &[from.clone(), into.clone()]).await?;
    }
    gifts::merge(tx, how.from.account, how.into.account, now).await?;
    Ok(true)
}

/// The chats of an account are linked with others, or with a purse of the website's: their side,
/// and what they may spend for a while.
async fn be_new(
    tx: &mut Tx,
    account: AccountId,
    (side, may_spend): (i64, Credits),
    now: i64,
) -> Result<(), StoreError> {
    let old = now.saturating_sub(NEW_MS);
    let values = [account.0.into(), now.into(), side.into(), may_spend.0.into(), old.into()];
    tx.run(BE_NEW, &values).await?;
    Ok(())
}

/// Whether an address of an account's gallery still opens that was given out at a moment: what an
/// unlinked chat was given does not.
pub async fn opens_gallery(
    connection: &mut Connection,
    account: AccountId,
    given_at: i64,
) -> Result<bool, StoreError> {
    let rows = connection.rows(FIND_GALLERIES, &[account.0.into()]).await?;
    Ok(match rows.first() {
        Some(row) => row.int(0)? <= given_at,
        None => false,
    })
}

/// The account that an account has become: itself, unless it was merged into another.
pub async fn living(
    by: &mut impl Reads,
    account: AccountId,
) -> Result<Option<AccountId>, StoreError> {
    let rows = by.find(FIND_LIVING, &[account.0.into()]).await?;
    rows.first().map(|row| Ok(AccountId(row.int(0)?))).transpose()
}

/// Counts in each of these scopes (name, how long a count lasts, how far it goes); no when one of
/// them was full.
pub async fn count_up(
    tx: &mut Tx,
    scopes: &[(String, i64, i64)],
    now: i64,
) -> Result<bool, StoreError> {
    let mut may = true;
    for (scope, lasts, most) in scopes {
        let over = now.saturating_sub(*lasts);
        let values = [scope.as_str().into(), now.into(), over.into()];
        may &= tx.rows(COUNT_UP, &values).await?[0].int(0)? <= *most;
    }
    Ok(may)
}

/// What somebody calls themselves.
pub async fn name_of(
    connection: &mut Connection,
    who: &IdentityId,
) -> Result<Option<String>, StoreError> {
    let rows = connection.rows(FIND_NAME, &[who.as_str().into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let name = row.blob(0)?;
    let name = sealed::open(&name, "identities", who.as_str())?;
    Ok(Some(String::from_utf8_lossy(name).into_owned()))
}

/// A code for whoever has signed in in a browser.
#[derive(Clone, Debug)]
pub struct SiteCode {
    /// Its row: of one sign-in there is one.
    pub id: i64,
    /// What it is found by.
    pub hash: String,
    /// As whom.
    pub who: SignedIn,
    /// The only one for whom it works.
    pub only_for: Option<IdentityId>,
    /// Until when, milliseconds since the epoch.
    pub expires_at: i64,
}

/// Writes such a code down; no when that sign-in has one.
pub async fn make_site_code(tx: &mut Tx, code: &SiteCode) -> Result<bool, StoreError> {
    let values = [
        code.id.into(),
        code.hash.as_str().into(),
        code.who.subject.as_str().into(),
        code.who.hint.as_str().into(),
        code.only_for.as_ref().map(|who| who.0.clone()).into(),
        code.expires_at.into(),
    ];
    Ok(tx.run(MAKE_SITE_CODE, &values).await? > 0)
}

/// Forgets codes and counts that have had their time; how many.
pub(super) async fn forget(tx: &mut Tx, before: i64, limit: i64) -> Result<u64, StoreError> {
    let values = [before.into(), limit.into()];
    Ok(tx.run(FORGET_CODES, &values).await? + tx.run(FORGET_COUNTS, &values).await?)
}
