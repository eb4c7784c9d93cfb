//! What a turn needs to know of promo codes and invitations.

use picdesk_core::{
    credits::{Credits, Owner},
    facts::{GiftFacts, GiftNeed, Invitation, OwnInvitations, PromoFacts, Side, Tally},
    id::{AccountId, ConversationId, IdentityId, PurseId},
    invite, promo,
};

use crate::store::{StoreError, Tx};

const FIND_USES: &str = "select uses from promos where code = $1";
const FIND_HAD: &str = "
    select 1 from promo_uses where code = $1 and (identity = $2 or account = $3) limit 1";
const FIND_SINCE: &str = "
    select min(created_at) from (
      select created_at from accounts where id = $1
      union all select created_at from identities where account = $1) s";
const FIND_COUNT: &str = "select began_at, count from link_counts where scope = $1";
const FIND_CODE: &str = "
    select code from invite_codes where account = $1 order by made_at, code limit 1";
const FIND_CAME: &str = "
    select state, count(*), count(payment) from invitations where inviter = $1 group by state";
const FIND_INVITER: &str = "select account from invite_codes where code = $1";
const FIND_INVITATION: &str = "
    select i.inviter, a.purse, i.account, b.purse, i.credits, i.invited_credits, i.payment,
           (select c.identity from invite_codes c where c.code = i.code)
    from invitations i
    join accounts a on a.id = i.inviter join accounts b on b.id = i.account
    where i.identity = $1 and i.state = 'bought'";
const FIND_READER: &str = "
    select id, coalesce(home, id) from identities where account = $1
    order by reachable desc, case when id = $2 then 0 else 1 end, created_at, id limit 1";
/// What went back, and what was asked back and is not refused.
const FIND_GONE: &str = "
    select 1 from payments p
    where p.id = $1 and (
      p.taken > 0
      or exists (select 1 from reversals r where r.payment = p.id)
      or exists (select 1 from refunds f where f.payment = p.id and f.state <> 'failed'))";
const FIND_LATELY: &str = "
    select ended_at from invitations
    where inviter = $1 and state = 'rewarded' and ended_at > $2 order by ended_at";
const FIND_WAITING: &str = "
    select identity from invitations where account = $1 and state = 'came'
    order by came_at, identity limit 1";

/// Who asks, and what only the shell can make for them.
#[derive(Debug)]
pub struct Asked<'a> {
    /// Who.
    pub by: &'a IdentityId,
    /// Their account, if they have one.
    pub account: Option<AccountId>,
    /// An invitation code that nobody has.
    pub fresh: String,
    /// When, milliseconds since the epoch.
    pub now: i64,
}

/// What a turn needs to know; links are added by whoever knows where our chats are.
pub async fn find(tx: &mut Tx, asked: Asked<'_>, need: &GiftNeed) -> Result<GiftFacts, StoreError> {
    Ok(match need {
        GiftNeed::Promo(code) => GiftFacts::Promo(of_promo(tx, &asked, code).await?),
        GiftNeed::Own => GiftFacts::Own(own(tx, asked).await?),
        GiftNeed::Inviter(code) => {
            let rows = tx.rows(FIND_INVITER, &[code.as_str().into()]).await?;
            let account = rows.first().map(|row| row.int(0)).transpose()?;
            GiftFacts::Inviter(account.map(AccountId))
        }
        GiftNeed::Invitation => GiftFacts::Invitation(invitation(tx, &asked).await?),
    })
}

async fn of_promo(tx: &mut Tx, asked: &Asked<'_>, code: &str) -> Result<PromoFacts, StoreError> {
    let uses = tx.rows(FIND_USES, &[code.into()]).await?;
    let account = asked.account.map(|account| account.0);
    let had = [code.into(), asked.by.as_str().into(), account.into()];
    let had = !tx.rows(FIND_HAD, &had).await?.is_empty();
    let since = match account {
        Some(account) => tx.rows(FIND_SINCE, &[account.into()]).await?[0].maybe_int(0)?,
        None => None,
    };
    let [lately, a_day] = promo::scopes(asked.by);
    Ok(PromoFacts {
        uses: uses.first().map_or(Ok(0), |row| row.int(0))?,
        had,
        since,
        tries: tally(tx, lately).await?,
        tries_a_day: tally(tx, a_day).await?,
    })
}

async fn tally(tx: &mut Tx, scope: String) -> Result<Tally, StoreError> {
    let rows = tx.rows(FIND_COUNT, &[scope.into()]).await?;
    let Some(row) = rows.first() else { return Ok(Tally::default()) };
    Ok(Tally { began_at: row.int(0)?, count: row.int(1)? })
}

async fn own(tx: &mut Tx, asked: Asked<'_>) -> Result<OwnInvitations, StoreError> {
    let mut own = OwnInvitations { fresh: asked.fresh, ..OwnInvitations::default() };
    let Some(account) = asked.account else { return Ok(own) };
    let rows = tx.rows(FIND_CODE, &[account.0.into()]).await?;
    own.code = rows.first().map(|row| row.text(0)).transpose()?;
    for row in tx.rows(FIND_CAME, &[account.0.into()]).await? {
        own.came += row.int(1)?;
        own.bought += row.int(2)?;
        if row.text(0)? == "rewarded" {
            own.rewarded += row.int(1)?;
        }
    }
    Ok(own)
}

async fn invitation(tx: &mut Tx, asked: &Asked<'_>) -> Result<Option<Invitation>, StoreError> {
    let rows = tx.rows(FIND_INVITATION, &[asked.by.as_str().into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let owner =
        |account: i64, purse: i64| Owner { account: AccountId(account), purse: PurseId(purse) };
    let inviter = owner(row.int(0)?, row.int(1)?);
    let invited = owner(row.int(2)?, row.int(3)?);
    let gone = tx.rows(FIND_GONE, &[row.maybe_text(6)?.into()]).await?;
    let since = invite::counted_since(asked.now);
    let mut lately = Vec::new();
    for row in tx.rows(FIND_LATELY, &[inviter.account.0.into(), since.into()]).await? {
        lately.push(row.int(0)?);
    }
    let who = row.maybe_text(7)?.unwrap_or_default();
    Ok(Some(Invitation {
        identity: asked.by.clone(),
        inviter: Side {
            reader: reader(tx, inviter.account, &who).await?,
            owner: inviter,
            credits: Credits(row.int(4)?),
        },
        invited: Side {
            reader: reader(tx, invited.account, asked.by.as_str()).await?,
            owner: invited,
            credits: Credits(row.int(5)?),
        },
        went_back: !gone.is_empty(),
        lately,
    }))
}

/// Who of an account hears of a reward: whom it is about, or else who has been with us longest.
async fn reader(
    tx: &mut Tx,
    account: AccountId,
    who: &str,
) -> Result<Option<(IdentityId, ConversationId)>, StoreError> {
    let rows = tx.rows(FIND_READER, &[account.0.into(), who.into()]).await?;
    let read =
        |row: &crate::store::Row| Ok((IdentityId(row.text(0)?), ConversationId(row.text(1)?)));
    rows.first().map(read).transpose()
}

/// Who of an account came by an invitation and has bought nothing yet.
pub async fn waiting_to_buy(
    tx: &mut Tx,
    account: AccountId,
) -> Result<Option<IdentityId>, StoreError> {
    let rows = tx.rows(FIND_WAITING, &[account.0.into()]).await?;
    rows.first().map(|row| row.text(0).map(IdentityId)).transpose()
}
