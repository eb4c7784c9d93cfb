//! Two accounts that became one part again.

use picdesk_core::{effect::Part, id::LinkId};

use super::{CLOSE_GALLERIES, facts::link_row, withdraw};
use crate::store::{StoreError, Tx, Value, gifts, payments};

/// The links by which what came to an account has gone on from there.
const FIND_LATER: &str = "
    with recursive r(id) as (
      select successor from accounts where id = $1
      union all select a.successor from accounts a join r on a.id = r.id
      where a.successor is not null)
    select k.id from links k join r on k.back = r.id where k.parted_at = 0 and k.id <> $2";
const LET_GO: &str = "update links set gone = gone + $2 where id = $1";
/// What whoever came has set aside and may come back.
const TAKE_SET_ASIDE: &str = "
    update holds set back_to = $3
    where purse = $2 and state = 'pending' and id in (
      select g.hold from generations g
      join requests r on r.id = g.request
      join link_identities l on l.identity = r.identity
      where l.link = $1)";
const END_LINK: &str = "update links set parted_at = $2 where id = $1 and parted_at = 0";
const BE_AGAIN: &str =
    "update accounts set successor = null where id = $1 and successor is not null";
const HAVE_NO_SUCCESSOR: &str = "update purses set successor = null where id = $1";
/// What has ended makes nobody new.
const BE_NEW_NO_MORE: &str = "
    update identities set linked_at = 0, side = 0
    where account in ($2, $3) and abs(side) = $1";
/// Who parts takes no code along that opens the other's account.
const END_CODES_OF: &str = "
    update link_codes set spent = 1 where account in ($1, $2) and spent = 0";
/// An account that ended in a chain has the counts of all before it.
const TAKE_STRIKES: &str = "
    with recursive r(id) as (
      select successor from accounts where id = $1
      union all select a.successor from accounts a join r on a.id = r.id
      where a.successor is not null)
    update accounts
    set strikes = case when strikes > (select b.strikes from accounts b where b.id = $1)
                       then strikes - (select b.strikes from accounts b where b.id = $1)
                       else 0 end
    where id in (select id from r)";
/// What whoever came has paid for since is theirs, also when the money goes back.
const TAKE_PAYMENTS: &str = "
    update payments set purse = $3
    where purse = $2
      and at >= (select k.made_at from links k where k.id = $1)
      and request in (
        select c.request from checkouts c join link_identities l on l.identity = c.identity
        where l.link = $1)";
/// What whoever came has asked for goes back with them.
const TAKE_BACK: &[&str] = &[
    "update identities set account = $3 where account = $2
       and id in (select identity from link_identities where link = $1)",
    "update generations set account = $3 where account = $2 and request in (
       select r.id from requests r join link_identities l on l.identity = r.identity
       where l.link = $1)",
    "update artifacts set account = $3 where account = $2 and request in (
       select r.id from requests r join link_identities l on l.identity = r.identity
       where l.link = $1)",
    "update requests set account = $3 where account = $2
       and identity in (select identity from link_identities where link = $1)",
    "update escalations set account = $3 where account = $2
       and identity in (select identity from link_identities where link = $1)",
    "update plans set account = $3 where account = $2 and request in (
       select c.request from checkouts c join link_identities l on l.identity = c.identity
       where l.link = $1)",
    "update refunds set account = $3 where account = $2 and payment in (
       select p.id from payments p join checkouts c on c.request = p.request
       join link_identities l on l.identity = c.identity where l.link = $1)",
    "update checkouts set account = $3 where account = $2
       and identity in (select identity from link_identities where link = $1)",
];

/// The account that ended goes on, with whoever came; no when they have parted before.
pub(super) async fn part(tx: &mut Tx, how: &Part, now: i64) -> Result<bool, StoreError> {
    let (from, back) = (Value::from(how.from.account.0), Value::from(how.back.account.0));
    if tx.run(END_LINK, &[how.link.0.into(), now.into()]).await? == 0 {
        return Ok(false);
    }
    tx.run(TAKE_STRIKES, std::slice::from_ref(&back)).await?;
    let mut later = Vec::new();
    for row in tx.rows(FIND_LATER, &[back.clone(), how.link.0.into()]).await? {
        later.extend(link_row(tx, LinkId(row.int(0)?)).await?);
    }
    if tx.run(BE_AGAIN, std::slice::from_ref(&back)).await? == 0 {
        return Ok(false);
    }
    tx.run(HAVE_NO_SUCCESSOR, &[how.back.purse.0.into()]).await?;
    tx.run(END_CODES_OF, &[from.clone(), back.clone()]).await?;
    let purses = [how.link.0.into(), how.from.purse.0.into(), how.back.purse.0.into()];
    tx.run(TAKE_PAYMENTS, &purses).await?;
    if how.keeps_set_aside {
        tx.run(TAKE_SET_ASIDE, &purses).await?;
    }
    let how_parted = [how.link.0.into(), from, back];
    for text in TAKE_BACK {
        tx.run(text, &how_parted).await?;
    }
    for before in later {
        // What they had of that link is not there any more to be given back by it.
        let Some(now) = link_row(tx, before.id).await? else { continue };
        let gone = now.own().saturating_sub(before.own()).saturating_add(how.at_most);
        tx.run(LET_GO, &[before.id.0.into(), gone.into()]).await?;
    }
    tx.run(BE_NEW_NO_MORE, &how_parted).await?;
    gifts::part(tx, &how_parted).await?;
    if let Some(gone) = &how.gone {
        withdraw(tx, gone, now).await?;
    }
    for account in [how.from.account, how.back.account] {
        tx.run(CLOSE_GALLERIES, &[account.0.into(), now.into()]).await?;
        payments::choose_plan(tx, account).await?;
    }
    Ok(true)
}
