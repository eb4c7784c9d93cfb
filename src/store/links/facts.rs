//! What a turn needs to know to link chats.

use std::collections::HashMap;

use picdesk_core::{
    credits::{Credits, Owner},
    facts::{
        FreshCode, House, LinkFacts, LinkNeed, LinkRow, Linked, Party, SignedIn, Tally, TypedCode,
    },
    id::{AccountId, CodeId, ConversationId, IdentityId, LinkId, PurseId},
    linking::Counted,
    newcomer::NEW_MS,
};
use sha2::{Digest as _, Sha256};

use crate::{
    buttons::{Seal, SignInToken},
    store::{Row, StoreError, Tx, facts::accounts, sealed},
};

const FIND_PARTY: &str = "select subject, hint from accounts where id = $1";
const FIND_IDENTITIES: &str = "
    select id, name, language, coalesce(home, id), linked_at, side from identities
    where account = $1 order by created_at, id";
const FIND_COUNT: &str = "select began_at, count from link_counts where scope = $1";
const FIND_CODE_BY_HASH: &str = "
    select c.id, c.account, c.identity, i.name, c.subject, c.hint, c.only_for, c.claimed_by,
           c.spent, c.expires_at
    from link_codes c left join identities i on i.id = c.identity where c.hash = $1";
const FIND_CODE: &str = "
    select c.id, c.account, c.identity, i.name, c.subject, c.hint, c.only_for, c.claimed_by,
           c.spent, c.expires_at
    from link_codes c left join identities i on i.id = c.identity where c.id = $1";
const FIND_SUBJECT: &str = "select id from accounts where subject = $1 and successor is null";
const FIND_LINK: &str = "
    with recursive r(id, successor) as (
      select a.id, a.successor from accounts a join links k on k.back = a.id where k.id = $1
      union all select a.id, a.successor from accounts a join r on a.id = r.successor)
    select k.back, k.back_purse, k.made_at, k.parted_at, r.id, l.amount, l.kind, k.taken, k.entry,
           k.gone
    from links k join r on r.successor is null
    left join ledger l on l.id = k.entry
    where k.id = $1";
const FIND_YOUNG: &str = "
    with recursive r(id) as (
      select id from accounts where successor = $1
      union all select a.id from accounts a join r on a.successor = r.id)
    select k.id from links k join r on k.back = r.id
    where k.parted_at = 0 and k.made_at > $2 order by k.id desc";
/// What whoever came has bought since, and what was taken back of what they had bought before.
const FIND_BOUGHT: &str = "
    select cast(coalesce(sum(case when p.at >= $3 and p.purse <> $4 then p.credits - p.taken
                                  else 0 end), 0) as bigint),
           cast(coalesce(sum(case when p.at >= $3 and p.purse <> $4 then 0
                                  else p.taken end), 0) as bigint)
    from link_identities l
    join checkouts c on c.identity = l.identity and c.account = $2
    join payments p on p.request = c.request
    where l.link = $1";
/// The credits of the codes that whoever came has redeemed since.
const FIND_REDEEMED: &str = "
    select cast(coalesce(sum(e.amount), 0) as bigint)
    from link_identities l
    join promo_uses u on u.identity = l.identity and u.account = $2
    join ledger e on e.id = u.entry
    where l.link = $1 and u.at >= $3 and e.purse <> $4";
/// What came back since to the purse that ended, and went on.
const FIND_CAME_BACK: &str = "
    select cast(coalesce(sum(case when e.kind = 'debt_out' then -e.amount else e.amount end), 0)
                as bigint)
    from ledger e
    where e.purse = $1 and e.at >= $2 and e.id <> $3
      and e.kind in ('move_out', 'debt_out') and e.reason = 'merged'";
const FIND_SPENT: &str = "
    select cast(coalesce(sum(h.amount), 0) as bigint)
    from link_identities l
    join requests r on r.identity = l.identity and r.account = $2
    join generations g on g.request = r.id
    join holds h on h.id = g.hold
    where l.link = $1 and r.asked_at >= $3 and h.purse <> $4 and h.state in ('pending', 'posted')";
const FIND_SPENT_THERE: &str = "
    select cast(coalesce(sum(h.amount), 0) as bigint)
    from requests r
    join generations g on g.request = r.id
    join holds h on h.id = g.hold
    where r.account = $2 and r.asked_at >= $3 and h.purse <> $4
      and h.state in ('pending', 'posted')
      and not exists (
        select 1 from link_identities l where l.link = $1 and l.identity = r.identity)";
const FIND_WHO_CAME: &str = "select identity from link_identities where link = $1";
const IS_TAKEN: &str = "select 1 from link_codes where hash = $1";

/// Who asks, and in which event.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The event.
    pub seq: i64,
    /// Who.
    pub by: &'a IdentityId,
    /// When, milliseconds since the epoch.
    pub now: i64,
    /// Their account, if they have one.
    pub account: Option<AccountId>,
}

/// The number of an identity on buttons.
pub fn identity_key(identity: &IdentityId) -> i64 {
    let hash = Sha256::digest(identity.as_str().as_bytes());
    let mut number = [0; 8];
    number.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(number) & i64::MAX
}

/// What linking needs to know.
pub async fn find(
    tx: &mut Tx,
    asked: Asked<'_>,
    need: &LinkNeed,
    (seal, house): (&Seal, &House),
) -> Result<LinkFacts, StoreError> {
    let own = match asked.account {
        Some(account) => party(tx, account, house).await?,
        None => None,
    };
    let typed = match need {
        LinkNeed::Typed(code) => {
            let hash = seal.code_hash(code);
            tx.rows(FIND_CODE_BY_HASH, &[hash.into()]).await?
        }
        LinkNeed::Code(id) => tx.rows(FIND_CODE, &[id.0.into()]).await?,
        LinkNeed::Own
        | LinkNeed::Young
        | LinkNeed::Link(_)
        | LinkNeed::Email(_)
        | LinkNeed::Subject(_) => Vec::new(),
    };
    let typed = match (typed.first(), need) {
        (Some(row), _) => typed_code(tx, row, house).await?,
        (None, LinkNeed::Subject(who)) => Some(proven(tx, who, house).await?),
        (None, _) => None,
    };
    let link = match need {
        LinkNeed::Link(id) => link_row(tx, *id).await?,
        _ => None,
    };
    let young = match (need, asked.account) {
        (LinkNeed::Young, Some(account)) => young(tx, account, asked.now).await?,
        _ => Vec::new(),
    };
    let email_key = match need {
        LinkNeed::Email(email) => Some(seal.email_key(email)),
        _ => None,
    };
    let mut tallies = Vec::new();
    for counted in Counted::ALL {
        let rows = match counted.scope(asked.by, email_key.as_deref()) {
            Some(scope) => tx.rows(FIND_COUNT, &[scope.into()]).await?,
            None => Vec::new(),
        };
        tallies.push(match rows.first() {
            Some(row) => Tally { began_at: row.int(0)?, count: row.int(1)? },
            None => Tally::default(),
        });
    }
    let until = asked.now.saturating_add(house.link.code_ttl_ms);
    let token = seal.sign_in(&SignInToken { seq: asked.seq, until, by: asked.by.clone() });
    Ok(LinkFacts {
        own,
        fresh: fresh(tx, seal, asked.seq).await?,
        browser_url: format!("{}/link/{token}", house.public_url),
        typed,
        link,
        young,
        email_key,
        tallies,
    })
}

/// A code that nobody has. It follows from the event and our key, so that deciding again is equal.
async fn fresh(tx: &mut Tx, seal: &Seal, seq: i64) -> Result<FreshCode, StoreError> {
    for number in 0.. {
        let code = seal.code_of(seq, number);
        let hash = seal.code_hash(&code);
        if tx.rows(IS_TAKEN, &[hash.as_str().into()]).await?.is_empty() {
            return Ok(FreshCode { code, hash });
        }
    }
    Ok(FreshCode::default())
}

async fn party(
    tx: &mut Tx,
    account: AccountId,
    house: &House,
) -> Result<Option<Party>, StoreError> {
    let mut found: HashMap<_, _> = accounts(tx, [account.0], house).await?;
    let Some(account) = found.remove(&account.0) else { return Ok(None) };
    let rows = tx.rows(FIND_PARTY, &[account.id.0.into()]).await?;
    let signed_in = match rows.first() {
        Some(row) => row.maybe_text(0)?.zip(row.maybe_text(1)?),
        None => None,
    };
    let mut identities = Vec::new();
    for row in tx.rows(FIND_IDENTITIES, &[account.id.0.into()]).await? {
        let identity = IdentityId(row.text(0)?);
        identities.push(Linked {
            key: identity_key(&identity),
            name: name(&row, 1)?,
            language: picdesk_core::account::Language::from_tag(&row.text(2)?).unwrap_or_default(),
            home: ConversationId(row.text(3)?),
            linked_at: row.int(4)?,
            side: row.int(5)?,
            identity,
        });
    }
    Ok(Some(Party {
        owner: Owner { account: account.id, purse: account.purse.id },
        available: account.purse.available(),
        reclaimed: account.purse.reclaimed,
        entitlement: account.entitlement,
        last_tag: account.last_tag,
        signed_in: signed_in.map(|(subject, hint)| SignedIn { subject, hint }),
        identities,
    }))
}

fn name(row: &Row, column: usize) -> Result<String, StoreError> {
    let name = row.blob(column)?;
    Ok(String::from_utf8_lossy(sealed::open(&name, "identities", "name")?).into_owned())
}

async fn typed_code(
    tx: &mut Tx,
    row: &Row,
    house: &House,
) -> Result<Option<TypedCode>, StoreError> {
    let signed_in = row.maybe_text(4)?.zip(row.maybe_text(5)?);
    let signed_in = signed_in.map(|(subject, hint)| SignedIn { subject, hint });
    let party = match (row.maybe_int(1)?, &signed_in) {
        (Some(account), _) => party(tx, AccountId(account), house).await?,
        (None, Some(who)) => party_of(tx, who, house).await?,
        (None, None) => None,
    };
    if party.is_none() && signed_in.is_none() {
        return Ok(None);
    }
    let by = row.maybe_text(2)?.map(IdentityId);
    Ok(Some(TypedCode {
        id: CodeId(row.int(0)?),
        name: if row.maybe_blob(3)?.is_some() { name(row, 3)? } else { String::new() },
        by,
        signed_in,
        only_for: row.maybe_text(6)?.map(IdentityId),
        claimed_by: row.maybe_text(7)?.map(IdentityId),
        spent: row.flag(8)?,
        expires_at: row.int(9)?,
        party,
    }))
}

/// Whoever has just signed in, as a code that was used.
async fn proven(tx: &mut Tx, who: &SignedIn, house: &House) -> Result<TypedCode, StoreError> {
    Ok(TypedCode {
        id: CodeId(0),
        by: None,
        name: String::new(),
        party: party_of(tx, who, house).await?,
        signed_in: Some(who.clone()),
        only_for: None,
        claimed_by: None,
        spent: true,
        expires_at: 0,
    })
}

async fn party_of(tx: &mut Tx, who: &SignedIn, house: &House) -> Result<Option<Party>, StoreError> {
    let rows = tx.rows(FIND_SUBJECT, &[who.subject.as_str().into()]).await?;
    match rows.first() {
        Some(row) => party(tx, AccountId(row.int(0)?), house).await,
        None => Ok(None),
    }
}

/// The links of an account that were made a short while ago, the newest first.
async fn young(tx: &mut Tx, account: AccountId, now: i64) -> Result<Vec<LinkRow>, StoreError> {
    let values = [account.0.into(), now.saturating_sub(NEW_MS).into()];
    let mut found = Vec::new();
    for row in tx.rows(FIND_YOUNG, &values).await? {
        found.extend(link_row(tx, LinkId(row.int(0)?)).await?);
    }
    Ok(found)
}

pub(super) async fn link_row(tx: &mut Tx, id: LinkId) -> Result<Option<LinkRow>, StoreError> {
    let rows = tx.rows(FIND_LINK, &[id.0.into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let mut came = Vec::new();
    for row in tx.rows(FIND_WHO_CAME, &[id.0.into()]).await? {
        came.push(IdentityId(row.text(0)?));
    }
    let since = [id.0.into(), row.int(4)?.into(), row.int(2)?.into(), row.int(1)?.into()];
    let bought = &tx.rows(FIND_BOUGHT, &since).await?[0];
    let (bought, taken) = (bought.int(0)?, bought.int(1)?);
    let redeemed = tx.rows(FIND_REDEEMED, &since).await?[0].int(0)?;
    let spent = Credits(tx.rows(FIND_SPENT, &since).await?[0].int(0)?);
    let spent_there = Credits(tx.rows(FIND_SPENT_THERE, &since).await?[0].int(0)?);
    let left = [row.int(1)?.into(), row.int(2)?.into(), row.int(8)?.into()];
    let came_back = tx.rows(FIND_CAME_BACK, &left).await?[0].int(0)?;
    let amount = row.maybe_int(5)?.unwrap_or(0);
    let is_debt = row.maybe_text(6)?.as_deref() == Some("debt_out");
    Ok(Some(LinkRow {
        id,
        back: Owner { account: AccountId(row.int(0)?), purse: PurseId(row.int(1)?) },
        parted: row.int(3)? != 0,
        made_at: row.int(2)?,
        account: AccountId(row.int(4)?),
        carried: Credits(if is_debt { -amount } else { amount } + came_back - row.int(9)?),
        bought: Credits(bought + redeemed),
        lost: Credits(taken - row.int(7)?),
        spent,
        spent_there,
        came,
    }))
}
