//! Who a letter about a new link is about, and where they are talked with.

use picdesk_core::{
    id::{ConversationId, IdentityId},
    letter::{NewLink, Refused},
};

use super::FIND_HOME;
use crate::store::{Reads, StoreError, Value};

/// Everybody of an account that two have become by a link that stands, and whether they came by it.
const FIND_WHO_IS_THERE: &str = "
    with recursive r(id, successor) as (
      select a.id, a.successor from accounts a join links k on k.back = a.id
      where k.id = $1 and k.parted_at = 0 and a.successor is not null
      union all select a.id, a.successor from accounts a join r on a.id = r.successor)
    select i.id, coalesce(i.home, i.id),
           cast(case when l.identity is null then 0 else 1 end as bigint)
    from r join identities i on i.account = r.id
    left join link_identities l on l.identity = i.id and l.link = $1
    where r.successor is null
    order by case when i.id = $2 then 0 else 1 end, i.created_at, i.id";
const FIND_SIGNED_IN: &str = "
    select i.id, coalesce(i.home, i.id), cast(1 as bigint)
    from accounts a join identities i on i.account = a.id
    where a.subject = $1 and i.id = $2";

/// Where somebody is talked with alone, where that has another name than they have.
pub async fn home_of(
    by: &mut impl Reads,
    who: &IdentityId,
) -> Result<Option<ConversationId>, StoreError> {
    let rows = by.find(FIND_HOME, &[who.as_str().into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(row.maybe_text(0)?.map(ConversationId))
}

/// Who can undo what a letter tells of, and where they are talked with alone: whoever came by it
/// and is still there, the one it names first. Nobody where it is over.
pub async fn still_there(
    by: &mut impl Reads,
    refused: &Refused,
) -> Result<Option<(IdentityId, ConversationId)>, StoreError> {
    let named = Value::from(refused.by.as_str());
    let rows = match refused.link {
        NewLink::Merged(link) => by.find(FIND_WHO_IS_THERE, &[link.0.into(), named]).await?,
        NewLink::SignedIn => {
            by.find(FIND_SIGNED_IN, &[refused.subject.as_str().into(), named]).await?
        }
    };
    let mut came = None;
    let mut others = refused.link == NewLink::SignedIn;
    for row in &rows {
        if row.flag(2)? {
            let there = (IdentityId(row.text(0)?), ConversationId(row.text(1)?));
            came = came.or(Some(there));
        } else {
            others = true;
        }
    }
    Ok(came.filter(|_| others))
}
