//! What is known of payments, for those who look for what was not told.

use std::collections::HashMap;

use picdesk_core::payment::Money;

use crate::store::{Connection, Row, StoreError, Value};

const FIND_OPEN_LINKS: &str = "
    select link, asked_at, request, product, price_minor, currency from checkouts
    where state in ('open', 'told') and asked_at >= $1 and link is not null and currency <> 'XTR'
      and (asked_at < $2 or (asked_at = $2 and request < $3))
    order by asked_at desc, request desc limit $4";
const FIND_LINK: &str = "select link from checkouts where request = $1";
const FIND_REQUEST_OF_LINK: &str =
    "select request from checkouts where state in ('open', 'told') and link = $1";
const FIND_PLAN_KNOWN: &str = "select changed_at, request from plans where subscription = $1";
const FIND_HEARD_OF: &str = "select id from payments where id = $1";
const FIND_GIVEN: &str = "select id from payments where id = $1 and doubt is null";
const FIND_GONE_BACK: &str = "
    select p.id, cast(coalesce(sum(r.minor), 0) as bigint), cast(coalesce(max(r.total), 0) as bigint),
           count(r.id)
    from payments p left join reversals r on r.payment = p.id
    where p.id in ({list}) and p.doubt is null group by p.id";

/// A link of ours that is not paid, as far as we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenLink {
    /// What Creem calls it.
    pub link: String,
    /// Where it stands among the others: when it was asked for, and our name for the purchase.
    pub place: (i64, String),
    /// What it sells, as Creem calls it.
    pub product: String,
    /// For how much.
    pub price: Money,
}

/// What Creem calls the link of a purchase of ours, once there is one.
pub async fn link_of(
    connection: &mut Connection,
    request: &str,
) -> Result<Option<String>, StoreError> {
    let rows = connection.rows(FIND_LINK, &[request.into()]).await?;
    rows.first().map_or(Ok(None), |row| row.maybe_text(0))
}

/// Our name for the purchase of a link that is not paid, as far as we know.
pub async fn request_of_link(
    connection: &mut Connection,
    link: &str,
) -> Result<Option<String>, StoreError> {
    let rows = connection.rows(FIND_REQUEST_OF_LINK, &[link.into()]).await?;
    rows.first().map(|row| row.text(0)).transpose()
}

/// Links of ours that are not paid, newest first, as they come after a place.
pub async fn open_links(
    connection: &mut Connection,
    since: i64,
    (at, request): &(i64, String),
    limit: i64,
) -> Result<Vec<OpenLink>, StoreError> {
    let values = [since.into(), (*at).into(), request.as_str().into(), limit.into()];
    let rows = connection.rows(FIND_OPEN_LINKS, &values).await?;
    let read = |row: &Row| {
        Ok(OpenLink {
            link: row.text(0)?,
            place: (row.int(1)?, row.text(2)?),
            product: row.text(3)?,
            price: Money { minor: row.int(4)?, currency: row.text(5)? },
        })
    };
    rows.iter().map(read).collect()
}

/// As of when we know a plan, and our name for its purchase.
pub async fn plan_known_at(
    connection: &mut Connection,
    subscription: &str,
) -> Result<Option<(i64, String)>, StoreError> {
    let rows = connection.rows(FIND_PLAN_KNOWN, &[subscription.into()]).await?;
    rows.first().map(|row| Ok((row.int(0)?, row.text(1)?))).transpose()
}

/// Whether we have heard of a payment, whatever came of it.
pub async fn is_heard_of(connection: &mut Connection, payment: &str) -> Result<bool, StoreError> {
    Ok(!connection.rows(FIND_HEARD_OF, &[payment.into()]).await?.is_empty())
}

/// Whether credits were given for a payment.
pub async fn is_given(connection: &mut Connection, payment: &str) -> Result<bool, StoreError> {
    Ok(!connection.rows(FIND_GIVEN, &[payment.into()]).await?.is_empty())
}

/// What of a payment's money went back, as far as we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoneBack {
    each: i64,
    total: i64,
    times: i64,
}

impl GoneBack {
    /// Whether we know of so much, in minor units.
    pub fn covers(self, total: i64) -> bool {
        self.times > 0 && self.each.max(self.total) >= total
    }
}

/// What of these payments' money went back; those that brought credits only.
pub async fn gone_back(
    connection: &mut Connection,
    payments: &[String],
) -> Result<HashMap<String, GoneBack>, StoreError> {
    let list: Vec<Vec<Value>> = payments.iter().map(|id| vec![id.clone().into()]).collect();
    let mut found = HashMap::new();
    for row in connection.rows_for(FIND_GONE_BACK, &list).await? {
        let gone = GoneBack { each: row.int(1)?, total: row.int(2)?, times: row.int(3)? };
        found.insert(row.text(0)?, gone);
    }
    Ok(found)
}
