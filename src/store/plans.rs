//! What somebody pays for and has paid, and the refunds they asked for.

use std::collections::BTreeMap;

use picdesk_core::{
    credits::Credits,
    effect::Effect,
    event::Event,
    facts::{Lapsing, PlanFacts},
    id::{AccountId, ConversationId, IdentityId, PurseId},
    lapse::{self, Lot, Move, PurseLine, Purses},
    payment::{LOOKED_WITHIN_MS, Money, PaymentRow, Refund, RefundState, Reversed},
};

use super::{
    Connection, Reads, Row, StoreError, Tx, Value,
    facts::{word, word_of},
    inbox::{self, NewEvent},
    payments::{self, read_payment, read_reversal},
    people,
};

/// Accounts of one step.
const ACCOUNTS_MAX: i64 = 100;

const WISH: &str = "update plans set wish = $2 where subscription = $1";
const LAPSE: &str = "
    update payments set lapse = $2, taken = taken + $3 where id = $1 and lapse <> 'over'";
const KEEP_REFUND: &str = "
    insert into refunds (payment, account, price_minor, currency, credits, state, code, asked_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (payment) do update
    set account = excluded.account, price_minor = excluded.price_minor,
        currency = excluded.currency, credits = excluded.credits, state = excluded.state,
        code = excluded.code, asked_at = excluded.asked_at";
const FIND_PAID: &str = "
    select p.id, p.request, p.purse, p.credits, p.taken, p.doubt, p.item, p.price_minor,
           p.currency, p.lapses_at, p.at, l.subscription
    from checkouts c join payments p on p.request = c.request
    left join plans l on l.request = p.request
    where c.account = $1 and p.doubt is null order by p.at desc, p.id limit 12";
const FIND_REVERSALS: &str = "
    select id, payment, kind, minor, total, of_minor from reversals
    where payment in ({list}) order by at, id";
const FIND_REFUNDS: &str = "
    select f.payment, f.account, f.price_minor, f.currency, f.credits, f.state, f.code, f.asked_at,
           coalesce((select e.state from escalations e where e.code = f.code), 'open')
    from refunds f where f.account = $1 order by f.asked_at desc, f.payment limit 6";
const FIND_REFUND: &str = "
    select f.payment, f.account, f.price_minor, f.currency, f.credits, f.state, f.code, f.asked_at,
           coalesce((select e.state from escalations e where e.code = f.code), 'open')
    from refunds f where f.payment = $1";
const FIND_CUSTOMER: &str = "
    select customer from plans
    where account = $1 and customer is not null and subscription not like '%:%'
    order by case when state = 'ended' then 1 else 0 end, until desc, subscription limit 1";

/// A plan of ours that was paid by a link, or is told to be, and of which we do not know how it is.
const FIND_UNSETTLED: &str = "
    select c.request from checkouts c
    where c.account = $1 and c.item like 'plan:%' and c.currency <> 'XTR'
      and (c.state = 'told'
           or (c.state = 'paid' and exists (
             select 1 from payments p
             where p.request = c.request and p.doubt is null and p.at >= $2)))
      and not exists (select 1 from plans l where l.request = c.request) limit 1";

const FIND_OF_OTHERS: &str = "
    select c.request from checkouts c
    left join identities i on i.id = c.identity and i.account = c.account
    where c.account = $1 and c.state = 'paid'
      and coalesce(i.side, 0) <> (select m.side from identities m where m.id = $2)";

const FIND_LOTS: &str = "
    select p.id, p.taken, p.lapses_at, p.lapse, p.purse
    from checkouts c join payments p on p.request = c.request
    where c.account = $1 and p.doubt is null and p.lapses_at > 0 and p.lapse <> 'over'";
const FIND_FIRST_LINES: &str = "
    select purse, cast(min(number) as bigint) from ledger where source in ({list}) group by purse";
const FIND_LINES: &str = "
    select kind, amount, hold, source, reason, number from ledger
    where purse = $1 and number >= $2 order by number";
const FIND_ARRIVAL: &str = "select purse, number from ledger where source = $1";
/// Whose credits come near the end of their time, or have come to it.
const FIND_LAPSING: &str = "
    select distinct c.account from payments p join checkouts c on c.request = p.request
    where p.lapses_at > 0 and p.lapse <> 'over'
      and (p.lapses_at <= $1 or (p.lapses_at <= $2 and p.lapse = 'coming'))
    order by c.account limit $3";

/// The statement and the values that an effect about plans comes to; nothing for any other.
pub(super) fn statement(effect: &Effect) -> Option<(&'static str, Vec<Value>)> {
    Some(match effect {
        Effect::WishPlan { subscription, wish } => {
            let wish = wish.as_ref().map(|wish| serde_json::json!(wish).to_string());
            (WISH, vec![subscription.clone().into(), wish.into()])
        }
        Effect::KeepRefund(refund) => (KEEP_REFUND, refund_row(refund)),
        Effect::LapsePayment { payment, credits, over } => {
            let lapse = if *over { "over" } else { "announced" };
            (LAPSE, vec![payment.clone().into(), lapse.into(), credits.0.into()])
        }
        _ => return None,
    })
}

fn refund_row(refund: &Refund) -> Vec<Value> {
    vec![
        refund.payment.clone().into(),
        refund.account.0.into(),
        refund.price.minor.into(),
        refund.price.currency.clone().into(),
        refund.credits.0.into(),
        word_of(refund.state).into(),
        refund.code.clone().into(),
        refund.asked_at.into(),
    ]
}

fn read_refund(row: &Row) -> Result<Refund, StoreError> {
    let account = row.int(1)?;
    let state = word(&row.text(5)?, "refunds", account)?;
    // Whoever has ended the matter has decided it.
    let is_open = row.text(8)? == "open";
    let state = match state {
        RefundState::WithPeople if !is_open => RefundState::Declined,
        state => state,
    };
    Ok(Refund {
        payment: row.text(0)?,
        account: AccountId(account),
        price: Money { minor: row.int(2)?, currency: row.text(3)? },
        credits: Credits(row.int(4)?),
        state,
        code: row.maybe_text(6)?,
        asked_at: row.int(7)?,
    })
}

/// What an account pays for and has paid; without the address of the portal.
pub async fn facts_of(tx: &mut Tx, account: AccountId) -> Result<PlanFacts, StoreError> {
    let plans = payments::plans_of(tx, account).await?;
    let mut payments = Vec::new();
    for row in tx.rows(FIND_PAID, &[account.0.into()]).await? {
        payments.push(PaymentRow {
            payment: read_payment(&row)?,
            at: row.int(10)?,
            subscription: row.maybe_text(11)?,
            reversals: Vec::new(),
        });
    }
    let names: Vec<Vec<Value>> =
        payments.iter().map(|row| vec![row.payment.id.clone().into()]).collect();
    for row in tx.rows_for(FIND_REVERSALS, &names).await? {
        let reversed: Reversed = read_reversal(&row)?;
        if let Some(of) = payments.iter_mut().find(|it| it.payment.id == reversed.payment) {
            of.reversals.push(reversed);
        }
    }
    let refunds = tx.rows(FIND_REFUNDS, &[account.0.into()]).await?;
    let refunds = refunds.iter().map(read_refund).collect::<Result<_, _>>()?;
    Ok(PlanFacts { plans, payments, refunds, ..PlanFacts::default() })
}

/// Whether a plan of theirs was paid, or is told to be, of which nobody knows yet how it is; for as
/// long as that is looked at.
pub async fn is_unsettled(
    reads: &mut impl Reads,
    account: AccountId,
    now: i64,
) -> Result<bool, StoreError> {
    let since = now.saturating_sub(LOOKED_WITHIN_MS);
    Ok(!reads.find(FIND_UNSETTLED, &[account.0.into(), since.into()]).await?.is_empty())
}

/// The refund that was asked for of a payment.
pub async fn refund_of(tx: &mut Tx, payment: &str) -> Result<Option<Refund>, StoreError> {
    tx.rows(FIND_REFUND, &[payment.into()]).await?.first().map(read_refund).transpose()
}

/// Our names for the purchases of an account that are not of somebody's own side.
pub async fn of_others(
    tx: &mut Tx,
    account: AccountId,
    who: &IdentityId,
) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(FIND_OF_OTHERS, &[account.0.into(), who.as_str().into()]).await?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// What of a purse's credits lapses when, soonest first; also of those that came there by a link.
pub async fn lapsing(
    tx: &mut Tx,
    account: AccountId,
    purse: PurseId,
) -> Result<Vec<Lapsing>, StoreError> {
    let mut lots = Vec::new();
    let mut sources: Vec<Vec<Value>> = Vec::new();
    for row in tx.rows(FIND_LOTS, &[account.0.into()]).await? {
        let payment = row.text(0)?;
        sources.push(vec![lapse::source_of(&payment).into()]);
        lots.push(Lot {
            payment,
            taken: Credits(row.int(1)?),
            at: row.int(2)?,
            announced: row.text(3)? == "announced",
            purse: PurseId(row.maybe_int(4)?.unwrap_or(purse.0)),
        });
    }
    let purses =
        if sources.is_empty() { Purses::new() } else { went_through(tx, &sources).await? };
    Ok(lapse::left(&lots, &purses, purse))
}

/// The lines of all purses that credits of these sources have been in, since they were.
async fn went_through(tx: &mut Tx, sources: &[Vec<Value>]) -> Result<Purses, StoreError> {
    let mut since: BTreeMap<i64, i64> = BTreeMap::new();
    for row in tx.rows_for(FIND_FIRST_LINES, sources).await? {
        since.insert(row.int(0)?, row.int(1)?);
    }
    let mut found = Purses::new();
    let mut waiting: Vec<i64> = since.keys().copied().collect();
    while let Some(purse) = waiting.pop() {
        let first = since.get(&purse).copied().unwrap_or_default();
        let mut lines = Vec::new();
        for row in tx.rows(FIND_LINES, &[purse.into(), first.into()]).await? {
            let mut parted = None;
            if row.text(0)? == "move_out" {
                let arrival = format!("move_in:{}", moved_as(&row)?);
                let arrived = tx.rows(FIND_ARRIVAL, &[arrival.into()]).await?;
                if let Some(arrived) = arrived.first() {
                    let (to, number) = (arrived.int(0)?, arrived.int(1)?);
                    if row.text(4)? == "parted" {
                        parted = Some(PurseId(to));
                    }
                    if since.get(&to).is_none_or(|known| *known > number) {
                        since.insert(to, number);
                        waiting.push(to);
                    }
                }
            }
            push_line(&mut lines, &row, parted)?;
        }
        found.insert(PurseId(purse), lines);
    }
    Ok(found)
}

/// Under which name credits went from purse to purse: what stands behind the word in the source.
fn moved_as(row: &Row) -> Result<i64, StoreError> {
    let source = row.text(3)?;
    let name = source.rsplit_once(':').and_then(|(_, name)| name.parse().ok());
    name.ok_or(StoreError::Inconsistent { table: "ledger", row: source })
}

fn push_line(
    lines: &mut Vec<PurseLine>,
    row: &Row,
    parted: Option<PurseId>,
) -> Result<(), StoreError> {
    let (hold, amount) = (row.maybe_int(2)?.unwrap_or(0), Credits(row.int(1)?));
    let what = match row.text(0)?.as_str() {
        "grant" => Move::Came(row.text(3)?),
        "hold" => Move::Held(hold),
        "void" => Move::Freed(hold),
        "post" => Move::Spent(hold),
        "expire" => Move::Lapsed(row.text(3)?),
        "move_out" => Move::MovedOut(moved_as(row)?, parted),
        "move_in" => Move::MovedIn(moved_as(row)?),
        // What went to the website lapses by its rules, if it does.
        "site_out" => {
            let number = row.int(5)?;
            lines.push(PurseLine { what: Move::Held(-number), amount });
            Move::Spent(-number)
        }
        _ => Move::Other,
    };
    lines.push(PurseLine { what, amount });
    Ok(())
}

/// Tells the rules of credits that lapse, in one event for each account; how many accounts.
pub async fn tell_of_lapsing(tx: &mut Tx, now: i64) -> Result<usize, StoreError> {
    let values = [now.into(), now.saturating_add(lapse::AHEAD_MS).into(), ACCOUNTS_MAX.into()];
    let found = tx.rows(FIND_LAPSING, &values).await?;
    let mut events = Vec::new();
    for row in &found {
        let account = row.int(0)?;
        let whose = tx.rows(people::FIND_CONVERSATION_OF_ANY, &[account.into()]).await?;
        let Some(whose) = whose.first().map(|row| row.text(0)).transpose()? else { continue };
        // Once a minute until it is turned.
        let id = format!("account:{account}:lapsing:{}", now.div_euclid(60_000));
        let event = Event::CreditsLapsing { account: AccountId(account) };
        events.push(NewEvent::of_house(id, &ConversationId(whose), &event));
    }
    inbox::insert(tx, &events, now, now).await?;
    Ok(found.len())
}

/// Who an account is at the payment provider, by the plan that goes on longest.
pub async fn customer_of(
    connection: &mut Connection,
    account: AccountId,
) -> Result<Option<String>, StoreError> {
    let rows = connection.rows(FIND_CUSTOMER, &[account.0.into()]).await?;
    rows.first().map(|row| row.text(0)).transpose()
}
