//! Purchases, payments and plans in rows.
//!
//! A purchase is known by our own name for it; a payment, and that money went back, by what Creem
//! calls them, for ever. That credits were given once is the ledger's doing: its lines are unique
//! by their source.

mod known;

use picdesk_core::{
    account::Language,
    credits::{Credits, Purse},
    effect::Effect,
    facts::{House, PaymentFacts, PlanFacts},
    id::{AccountId, ConversationId, IdentityId, PurseId},
    payment::{
        Asking, Bought, Checkout, CheckoutState, Item, Link, Mode, Money, Notice, Payment, PlanRow,
        Refundable, Reversed, Told,
    },
};

pub use self::known::{
    GoneBack, OpenLink, gone_back, is_given, is_heard_of, link_of, open_links, plan_known_at,
    request_of_link,
};
use super::{
    Connection, Reads, Row, StoreError, Tx, Value,
    facts::{self, word, word_of},
    functions, gifts, ledger, plans, sealed,
};

macro_rules! checkout_columns {
    () => {
        "c.request, c.account, c.purse, c.identity, c.conversation, c.item, c.credits, \
         c.price_minor, c.currency, c.product, c.mode, c.state, c.link, c.url, c.asked_at"
    };
}

const FIND_CHECKOUT: &str =
    concat!("select ", checkout_columns!(), " from checkouts c where c.request = $1");
const FIND_LATEST: &str = concat!(
    "select ",
    checkout_columns!(),
    " from checkouts c where c.account = $1 and c.item = $2 order by c.asked_at desc limit 1"
);
const FIND_REQUEST_OF_PLAN: &str = "select request from plans where subscription = $1";
const FIND_REQUEST_OF_PAYMENT: &str = "select request from payments where id = $1";
const FIND_PAYMENT: &str = "
    select id, request, purse, credits, taken, doubt, item, price_minor, currency, lapses_at
    from payments where id = $1";
const FIND_LAST_IN_STARS: &str = "
    select p.id, p.request, p.purse, p.credits, p.taken, p.doubt, p.item, p.price_minor,
           p.currency, p.lapses_at, p.at
    from payments p join checkouts c on c.request = p.request
    where c.account = $1 and c.currency = 'XTR' and p.doubt is null
    order by p.at desc, p.id desc limit 1";
const FIND_LANGUAGE: &str = "select language from identities where id = $1";
const FIND_REVERSALS: &str = "
    select id, payment, kind, minor, total, of_minor from reversals
    where payment = $1 order by at, id";
const FIND_PLANS: &str = "
    select subscription, request, account, plan, state, until, changed_at, told_at, customer, wish
    from plans where account = $1 order by subscription";
const FIND_HOLDER: &str = "
    with recursive r(id, successor) as (
      select id, successor from purses where id = $1
      union all select p.id, p.successor from purses p join r on p.id = r.successor)
    select p.id, p.granted, p.posted, p.pending, p.refunded, p.expired, p.reclaimed, p.moved
    from purses p join r on r.id = p.id where r.successor is null";

/// Opens a purchase.
const OPEN_CHECKOUT: &str = "
    insert into checkouts (request, account, purse, identity, conversation, item, credits,
                           price_minor, currency, product, mode, state, asked_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    on conflict (request) do nothing";
/// What is paid stays paid.
const UPDATE_CHECKOUT: &str = "
    update checkouts set state = $2, link = coalesce($3, link), url = coalesce($4, url)
    where request = $1 and state <> 'paid'";
const KEEP_PAYMENT: &str = "
    insert into payments (id, request, purse, credits, taken, doubt, item, price_minor, currency,
                          lapses_at, at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    on conflict (id) do update
    set request = excluded.request, purse = excluded.purse, credits = excluded.credits,
        taken = excluded.taken, doubt = excluded.doubt, item = excluded.item,
        price_minor = excluded.price_minor, currency = excluded.currency,
        lapses_at = excluded.lapses_at";
const KEEP_REVERSAL: &str = "
    insert into reversals (id, payment, kind, minor, total, of_minor, at)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing";
const KEEP_PLAN: &str = "
    insert into plans (subscription, request, account, plan, state, until, changed_at, told_at,
                       customer)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (subscription) do update
    set plan = excluded.plan, state = excluded.state, until = excluded.until,
        changed_at = excluded.changed_at, told_at = excluded.told_at, customer = excluded.customer";
const COUNT_STRIKE: &str = "update accounts set strikes = strikes + 1 where id = $1";
const CHOOSE_PLAN: &str = "update accounts set plan = $2 where id = $1";

/// The account that an effect about purchases hangs something on, or changes.
pub(super) fn hangs_on(effect: &Effect) -> Option<AccountId> {
    match effect {
        Effect::OpenCheckout(checkout) => Some(checkout.account),
        Effect::KeepPlan(row) => Some(row.account),
        Effect::ChoosePlan { account, .. } | Effect::CountStrike { account } => Some(*account),
        _ => None,
    }
}

/// The statement and the values that an effect about purchases comes to; nothing for any other.
pub(super) fn statement(effect: &Effect, now: i64) -> Option<(&'static str, Vec<Value>)> {
    Some(match effect {
        Effect::OpenCheckout(checkout) => (OPEN_CHECKOUT, checkout_row(checkout)),
        Effect::UpdateCheckout { request, state, link } => {
            let url = link.as_ref().map(|link| sealed::seal(link.url.as_bytes()));
            let values = vec![
                request.clone().into(),
                word_of(state).into(),
                link.as_ref().map(|link| link.id.clone()).into(),
                Value::Blob(url),
            ];
            (UPDATE_CHECKOUT, values)
        }
        Effect::KeepPayment(payment) => (KEEP_PAYMENT, payment_row(payment, now)),
        Effect::KeepReversal(reversed) => (KEEP_REVERSAL, reversal_row(reversed, now)),
        Effect::KeepPlan(row) => (KEEP_PLAN, plan_row(row)),
        Effect::ChoosePlan { account, plan } => {
            (CHOOSE_PLAN, vec![account.0.into(), plan.clone().into()])
        }
        Effect::WishPlan { .. } | Effect::KeepRefund(_) | Effect::LapsePayment { .. } => {
            return plans::statement(effect);
        }
        Effect::CountStrike { account } => (COUNT_STRIKE, vec![account.0.into()]),
        _ => return None,
    })
}

fn checkout_row(checkout: &Checkout) -> Vec<Value> {
    vec![
        checkout.request.clone().into(),
        checkout.account.0.into(),
        checkout.purse.0.into(),
        checkout.identity.as_str().into(),
        checkout.conversation.as_str().into(),
        checkout.item.word().into(),
        checkout.credits.0.into(),
        checkout.price.minor.into(),
        checkout.price.currency.clone().into(),
        checkout.product.clone().into(),
        word_of(checkout.mode).into(),
        word_of(checkout.state).into(),
        checkout.asked_at.into(),
    ]
}

fn payment_row(payment: &Payment, now: i64) -> Vec<Value> {
    let bought = payment.bought.as_ref();
    vec![
        payment.id.clone().into(),
        payment.request.clone().into(),
        payment.purse.map(|purse| purse.0).into(),
        payment.credits.0.into(),
        payment.taken.0.into(),
        payment.doubt.map(|doubt| doubt.word().to_owned()).into(),
        bought.map(|bought| bought.item.word()).into(),
        bought.map_or(0, |bought| bought.price.minor).into(),
        bought.map(|bought| bought.price.currency.clone()).into(),
        bought.map_or(0, |bought| bought.lapses_at).into(),
        now.into(),
    ]
}

fn reversal_row(reversed: &Reversed, now: i64) -> Vec<Value> {
    vec![
        reversed.id.clone().into(),
        reversed.payment.clone().into(),
        word_of(reversed.by).into(),
        reversed.minor.into(),
        reversed.total.into(),
        reversed.of_minor.into(),
        now.into(),
    ]
}

fn plan_row(row: &PlanRow) -> Vec<Value> {
    vec![
        row.subscription.clone().into(),
        row.request.clone().into(),
        row.account.0.into(),
        row.plan.clone().into(),
        row.state.word().into(),
        row.until.into(),
        row.as_of.0.into(),
        row.as_of.1.into(),
        row.customer.clone().into(),
    ]
}

fn inconsistent(table: &'static str, row: &str) -> StoreError {
    StoreError::Inconsistent { table, row: row.to_owned() }
}

fn read_checkout(row: &Row) -> Result<Checkout, StoreError> {
    let request = row.text(0)?;
    let account = row.int(1)?;
    let item = Item::from_word(&row.text(5)?).ok_or_else(|| inconsistent("checkouts", &request))?;
    let link = match (row.maybe_text(12)?, row.maybe_blob(13)?) {
        (Some(id), Some(url)) => {
            let url = sealed::open(&url, "checkouts", &request)?;
            Some(Link { id, url: String::from_utf8_lossy(url).into_owned() })
        }
        (_, _) => None,
    };
    Ok(Checkout {
        account: AccountId(account),
        purse: PurseId(row.int(2)?),
        identity: IdentityId(row.text(3)?),
        conversation: ConversationId(row.text(4)?),
        item,
        credits: Credits(row.int(6)?),
        price: Money { minor: row.int(7)?, currency: row.text(8)? },
        product: row.text(9)?,
        mode: word::<Mode>(&row.text(10)?, "checkouts", account)?,
        state: word::<CheckoutState>(&row.text(11)?, "checkouts", account)?,
        link,
        asked_at: row.int(14)?,
        request,
    })
}

pub(super) fn read_payment(row: &Row) -> Result<Payment, StoreError> {
    let doubt = match row.maybe_text(5)? {
        Some(doubt) => Some(word(&doubt, "payments", 0)?),
        None => None,
    };
    Ok(Payment {
        id: row.text(0)?,
        request: row.maybe_text(1)?,
        purse: row.maybe_int(2)?.map(PurseId),
        credits: Credits(row.int(3)?),
        taken: Credits(row.int(4)?),
        doubt,
        bought: read_bought(row)?,
    })
}

fn read_bought(row: &Row) -> Result<Option<Bought>, StoreError> {
    let (Some(item), Some(currency)) = (row.maybe_text(6)?, row.maybe_text(8)?) else {
        return Ok(None);
    };
    let item = Item::from_word(&item).ok_or_else(|| inconsistent("payments", &item))?;
    let price = Money { minor: row.int(7)?, currency };
    Ok(Some(Bought { item, price, lapses_at: row.int(9)? }))
}

fn read_plan(row: &Row) -> Result<PlanRow, StoreError> {
    let account = row.int(2)?;
    Ok(PlanRow {
        subscription: row.text(0)?,
        request: row.text(1)?,
        account: AccountId(account),
        plan: row.text(3)?,
        state: word(&row.text(4)?, "plans", account)?,
        until: row.int(5)?,
        as_of: (row.int(6)?, row.int(7)?),
        customer: row.maybe_text(8)?,
        wish: match row.maybe_text(9)? {
            Some(wish) => Some(
                serde_json::from_str(&wish)
                    .map_err(|_| inconsistent("plans", &account.to_string()))?,
            ),
            None => None,
        },
    })
}

pub(super) fn read_reversal(row: &Row) -> Result<Reversed, StoreError> {
    Ok(Reversed {
        id: row.text(0)?,
        payment: row.text(1)?,
        by: word(&row.text(2)?, "reversals", 0)?,
        minor: row.int(3)?,
        total: row.int(4)?,
        of_minor: row.int(5)?,
    })
}

/// A purchase by our name for it.
pub async fn checkout(tx: &mut Tx, request: &str) -> Result<Option<Checkout>, StoreError> {
    tx.rows(FIND_CHECKOUT, &[request.into()]).await?.first().map(read_checkout).transpose()
}

/// What the answer before a payment rests on: the purchase, the plans of whose it is, and in which
/// language we speak with whoever wants to pay.
pub async fn asked(
    connection: &mut Connection,
    asking: &Asking,
    now: i64,
) -> Result<(Option<Checkout>, PlanFacts, Option<Language>), StoreError> {
    let request = [asking.request.as_str().into()];
    let checkout = connection.rows(FIND_CHECKOUT, &request).await?;
    let who = [asking.by.identity.as_str().into()];
    let language = connection.rows(FIND_LANGUAGE, &who).await?;
    let language = language.first().map(|row| row.text(0)).transpose()?;
    let checkout = checkout.first().map(read_checkout).transpose()?;
    let mut beside = PlanFacts::default();
    if let Some(account) = checkout.as_ref().map(|checkout| checkout.account) {
        beside.plans = plans_of(connection, account).await?;
        beside.unsettled = plans::is_unsettled(connection, account, now).await?;
    }
    Ok((checkout, beside, language.and_then(|tag| Language::from_tag(&tag))))
}

/// Who made a purchase.
pub async fn payer(
    connection: &mut Connection,
    request: &str,
) -> Result<Option<IdentityId>, StoreError> {
    let found = connection.rows(FIND_CHECKOUT, &[request.into()]).await?;
    Ok(found.first().map(read_checkout).transpose()?.map(|checkout| checkout.identity))
}

/// The last payment in Stars of an account that brought credits.
pub async fn refundable(tx: &mut Tx, account: AccountId) -> Result<Option<Refundable>, StoreError> {
    let rows = tx.rows(FIND_LAST_IN_STARS, &[account.0.into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (payment, paid_at) = (read_payment(row)?, row.int(10)?);
    let request = payment.request.clone().unwrap_or_default();
    let checkout = checkout(tx, &request).await?;
    Ok(checkout.map(|checkout| Refundable { payment, checkout, paid_at }))
}

/// The newest purchase of something by an account.
pub async fn latest(
    tx: &mut Tx,
    account: AccountId,
    item: &Item,
) -> Result<Option<Checkout>, StoreError> {
    let values = [account.0.into(), item.word().into()];
    tx.rows(FIND_LATEST, &values).await?.first().map(read_checkout).transpose()
}

/// What a notice is decided on.
pub async fn facts_of(
    tx: &mut Tx,
    notice: &Notice,
    house: &House,
) -> Result<PaymentFacts, StoreError> {
    let about = match &notice.told {
        Told::Bought(paid) => (Some(paid.payment.as_str()), None),
        Told::PlanPaid(paid, plan) => (Some(paid.payment.as_str()), Some(&plan.subscription)),
        Told::Plan(plan) | Told::Changed(plan, _) => (None, Some(&plan.subscription)),
        Told::Reversed(reversed) => (Some(reversed.payment.as_str()), None),
        Told::NotReversed(payment) => (Some(payment.as_str()), None),
        Told::Nothing | Told::Unknown => return Ok(PaymentFacts::default()),
    };
    find(tx, about, notice.request.as_ref(), house).await
}

/// What is decided on about a payment, or a plan.
pub async fn facts_about(
    tx: &mut Tx,
    about: (Option<&str>, Option<&String>),
    house: &House,
) -> Result<PaymentFacts, StoreError> {
    find(tx, about, None, house).await
}

/// What is known of a payment or a plan, and of the purchase of that name.
async fn find(
    tx: &mut Tx,
    (payment, subscription): (Option<&str>, Option<&String>),
    request: Option<&String>,
    house: &House,
) -> Result<PaymentFacts, StoreError> {
    let mut found = PaymentFacts::default();
    if let Some(request) = request {
        found.checkout = checkout(tx, request).await?;
    }
    let elsewhere = [
        (FIND_REQUEST_OF_PLAN, subscription.map(String::as_str)),
        (FIND_REQUEST_OF_PAYMENT, payment),
    ];
    for (text, name) in elsewhere {
        let Some(name) = name.filter(|_| found.checkout.is_none()) else { continue };
        let rows = tx.rows(text, &[name.into()]).await?;
        let request = rows.first().map(|row| row.maybe_text(0)).transpose()?.flatten();
        if let Some(request) = request {
            found.checkout = checkout(tx, &request).await?;
        }
    }
    if let Some(payment) = payment {
        let rows = tx.rows(FIND_PAYMENT, &[payment.into()]).await?;
        found.payment = rows.first().map(read_payment).transpose()?;
        found.holder = match found.payment.as_ref().and_then(|payment| payment.purse) {
            Some(purse) => holder(tx, purse).await?,
            None => None,
        };
        found.refund = plans::refund_of(tx, payment).await?;
        let rows = tx.rows(FIND_REVERSALS, &[payment.into()]).await?;
        found.reversals = rows.iter().map(read_reversal).collect::<Result<_, _>>()?;
    }
    if let Some(account) = found.checkout.as_ref().map(|checkout| checkout.account.0) {
        found.account = facts::accounts(tx, [account], house).await?.remove(&account);
        found.plans = plans_of(tx, AccountId(account)).await?;
        if payment.is_some() && house.gifts.referral.is_some() {
            found.invited = gifts::waiting_to_buy(tx, AccountId(account)).await?;
        }
    }
    Ok(found)
}

/// The plans that an account pays for, or has paid for.
pub async fn plans_of(
    reads: &mut impl Reads,
    account: AccountId,
) -> Result<Vec<PlanRow>, StoreError> {
    let rows = reads.find(FIND_PLANS, &[account.0.into()]).await?;
    rows.iter().map(read_plan).collect()
}

/// An account has the plan that it pays for, if any.
pub(super) async fn choose_plan(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    let plans = plans_of(tx, account).await?;
    tx.run(CHOOSE_PLAN, &[account.0.into(), picdesk_core::payment::unlocked(&plans).into()])
        .await?;
    Ok(())
}

/// The purse that has what a purse got: itself, or what succeeded it.
async fn holder(tx: &mut Tx, purse: PurseId) -> Result<Option<Purse>, StoreError> {
    let rows = tx.rows(FIND_HOLDER, &[purse.0.into()]).await?;
    let mut found = rows.first().map(|row| ledger::read_purse(row, 0)).transpose()?;
    functions::fill(tx, found.iter_mut().collect()).await?;
    Ok(found)
}
