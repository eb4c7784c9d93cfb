//! What a batch of turns needs to know, read with a few statements for the whole batch.

mod albums;
mod at_desk;
mod pictured;
mod rows;
mod statements;

use std::collections::{HashMap, HashSet};

use picdesk_core::{
    account::{Account, Entitlement, Language},
    credits::Credits,
    facts::{
        Awaiting, Customer, Generation, HISTORY_PAGE, House, Kept, Missed, OpenRequest, Owed,
        Reference, Request,
    },
    generation::GenerationState,
    id::{
        AccountId, ArtifactId, ConversationId, GenerationId, HoldId, IdentityId, PurseId,
        RequestId, TrayId,
    },
    newcomer::{self, Newcomer},
    say::BalanceLine,
};

pub use self::albums::albums;
use self::at_desk::{case_here, cases_of};
pub use self::at_desk::{
    case_of_code, cases, only_open_case, operator, past, relayed, topic_cases, unsent,
};
pub use self::pictured::has_picture;
pub use self::rows::{CaseBody, RequestBody, read_request};
pub(super) use self::rows::{word, word_of};
use self::{
    rows::{inconsistent, language, read_account, read_artifact, read_kept, read_name},
    statements as sql,
};
use super::{
    StoreError, Tx, Value, functions,
    scope::{OfHouse, Scoped},
    sealed,
};

/// A key of two words.
pub type Pair = (String, String);

fn ids<I: IntoIterator<Item = i64>>(ids: I) -> Vec<Vec<Value>> {
    let ids: HashSet<i64> = ids.into_iter().collect();
    ids.into_iter().map(|id| vec![id.into()]).collect()
}

fn words<'a, I: IntoIterator<Item = &'a str>>(words: I) -> Vec<Vec<Value>> {
    let words: HashSet<&str> = words.into_iter().collect();
    words.into_iter().map(|word| vec![word.into()]).collect()
}

fn pairs(pairs: &[Pair]) -> Vec<Vec<Value>> {
    let pairs: HashSet<&Pair> = pairs.iter().collect();
    pairs.into_iter().map(|(a, b)| vec![a.as_str().into(), b.as_str().into()]).collect()
}

/// What an account may ask for.
pub fn entitlement(house: &House, plan: Option<&str>) -> Entitlement {
    let of_plan = plan
        .and_then(|id| house.catalogue.plans.iter().find(|plan| plan.id == id))
        .map(|plan| plan.entitlement.clone());
    of_plan.or_else(|| house.catalogue.free.clone()).unwrap_or(Entitlement {
        plan: None,
        max_resolution: picdesk_core::generation::Resolution::K1,
        queue_max: 1,
        pictures_max: 4,
        retention_days: 30,
    })
}

/// Accounts by id.
pub async fn accounts(
    tx: &mut Tx,
    wanted: impl IntoIterator<Item = i64>,
    house: &House,
) -> Result<HashMap<i64, Account>, StoreError> {
    let mut found = HashMap::new();
    for row in tx.rows_for(sql::FIND_ACCOUNTS, &ids(wanted)).await? {
        let account = read_account(&row, 0, house)?;
        found.insert(account.id.0, account);
    }
    functions::fill(tx, found.values_mut().map(|account| &mut account.purse).collect()).await?;
    Ok(found)
}

/// What else there is of somebody, as [`sql::FIND_PEOPLE`] adds it up.
#[derive(Clone, Copy)]
struct Also(i64);

impl Also {
    const AWAITING: Self = Self(1);
    const TRAY: Self = Self(2);
    const OPEN: Self = Self(4);
    const CASE: Self = Self(8);
    const OWED: Self = Self(16);
    const MISSED: Self = Self(32);
    const ALBUM: Self = Self(64);

    fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Who people are, by identity and the conversation they are seen in.
pub async fn customers(
    tx: &mut Tx,
    seen: &[(IdentityId, ConversationId)],
    house: &House,
    now: i64,
) -> Result<HashMap<Pair, Customer>, StoreError> {
    let seen: Vec<Pair> =
        seen.iter().map(|(who, place)| (who.0.clone(), place.0.clone())).collect();
    let mut found = HashMap::new();
    let mut also: Vec<(Also, i64, Pair)> = Vec::new();
    let mut new = Vec::new();
    for row in tx.rows_for(sql::FIND_PEOPLE, &pairs(&seen)).await? {
        let (place, who, account) = (row.text(0)?, row.text(1)?, read_account(&row, 7, house)?);
        let more = (Also(row.int(6)?), account.id.0, (place.clone(), who.clone()));
        let customer = Customer {
            identity: IdentityId(who.clone()),
            name: read_name(&row.blob(2)?)?,
            language: language(&row.text(3)?),
            language_chosen: row.flag(4)?,
            reachable: row.flag(5)?,
            account,
            awaiting: None,
            tray_id: None,
            album: None,
            tray: Vec::new(),
            open: Vec::new(),
            case: None,
            owed: Vec::new(),
            missed: Vec::new(),
            newcomer: None,
        };
        if newcomer::is_new(row.int(20)?, now) {
            let key = (who.clone(), place.clone());
            new.push((key, [row.int(20)?, row.int(21)?, row.int(22)?]));
        }
        if found.insert((who, place), customer).is_none() && more.0.0 != 0 {
            also.push(more);
        }
    }
    let purses = found.values_mut().map(|customer| &mut customer.account.purse);
    functions::fill(tx, purses.collect()).await?;
    add(tx, &also, &mut found).await?;
    for (key, since) in new {
        let Some(customer) = found.get_mut(&key) else { continue };
        customer.newcomer = Some(newcomer(tx, customer.account.id, since).await?);
    }
    Ok(found)
}

/// What somebody may not do yet whose account was linked a short while ago: when, on which side,
/// and what they might spend then.
async fn newcomer(
    tx: &mut Tx,
    account: AccountId,
    [linked_at, side, may_spend]: [i64; 3],
) -> Result<Newcomer, StoreError> {
    let values = [account.0.into(), side.into(), linked_at.into()];
    let rows = tx.rows(sql::FIND_NEWCOMER, &values).await?;
    let row = &rows[0];
    Ok(Newcomer {
        until: linked_at.saturating_add(newcomer::NEW_MS),
        may_spend: Credits(may_spend + row.int(1)? - row.int(2)?),
        came: side > 0,
        among_others: row.int(0)? > 0,
    })
}

/// Adds what else there is of people.
async fn add(
    tx: &mut Tx,
    also: &[(Also, i64, Pair)],
    found: &mut HashMap<Pair, Customer>,
) -> Result<(), StoreError> {
    let of = |what: Also| also.iter().filter(move |(also, ..)| also.has(what));
    let accounts = |what| of(what).map(|(_, account, _)| *account).collect::<Vec<_>>();
    let places = |what| of(what).map(|(.., place)| place.clone()).collect::<Vec<_>>();
    let mut awaiting = awaiting(tx, &places(Also::AWAITING)).await?;
    let mut tray = tray(tx, &places(Also::TRAY)).await?;
    let open = open_requests(tx, &accounts(Also::OPEN)).await?;
    let cases = cases_of(tx, &accounts(Also::CASE)).await?;
    let owed = owed(tx, &accounts(Also::OWED)).await?;
    let missed = missed(tx, &accounts(Also::MISSED)).await?;
    let mut open_albums = albums::open(tx, &places(Also::ALBUM)).await?;
    for (_, account, place) in also {
        let Some(customer) = found.get_mut(&(place.1.clone(), place.0.clone())) else { continue };
        let waiting = tray.remove(place).unwrap_or_default();
        customer.awaiting = awaiting.remove(place);
        customer.tray_id = waiting.first().map(|(id, _)| *id);
        customer.tray = waiting.into_iter().map(|(_, reference)| reference).collect();
        customer.open = open.get(account).cloned().unwrap_or_default();
        customer.case = cases.get(account).and_then(|cases| case_here(cases, &place.0));
        customer.owed = owed.get(account).cloned().unwrap_or_default();
        customer.missed = missed.get(account).cloned().unwrap_or_default();
        customer.album = open_albums.remove(place);
    }
    Ok(())
}

async fn awaiting(tx: &mut Tx, places: &[Pair]) -> Result<HashMap<Pair, Awaiting>, StoreError> {
    let mut found = HashMap::new();
    for row in tx.rows_for(sql::FIND_AWAITING, &pairs(places)).await? {
        // What an older version awaited and this one cannot read is let go.
        if let Ok(body) = sealed::open_json(&row.blob(2)?, "awaiting", "body") {
            found.insert((row.text(0)?, row.text(1)?), body);
        }
    }
    Ok(found)
}

/// Pictures that wait for words, with the rows they are in.
type Tray = Vec<(TrayId, Reference)>;

async fn tray(tx: &mut Tx, places: &[Pair]) -> Result<HashMap<Pair, Tray>, StoreError> {
    let mut found: HashMap<Pair, Tray> = HashMap::new();
    for row in tx.rows_for(sql::FIND_TRAY, &pairs(places)).await? {
        let reference = sealed::open_json(&row.blob(2)?, "tray", "body")?;
        let entry = found.entry((row.text(0)?, row.text(1)?)).or_default();
        entry.push((TrayId(row.int(3)?), reference));
    }
    Ok(found)
}

async fn open_requests(
    tx: &mut Tx,
    accounts: &[i64],
) -> Result<HashMap<i64, Vec<OpenRequest>>, StoreError> {
    let mut requests = Vec::new();
    for row in tx.rows_for(sql::FIND_OPEN, &ids(accounts.iter().copied())).await? {
        requests.push(read_request(&row, 0)?);
    }
    requests.sort_by_key(|request| request.id);
    let mut pictures = generations(tx, requests.iter().map(|request| request.id.0)).await?;
    let mut found: HashMap<i64, Vec<OpenRequest>> = HashMap::new();
    for request in requests {
        let generations = pictures.remove(&request.id.0).unwrap_or_default();
        found.entry(request.account.0).or_default().push(OpenRequest { request, generations });
    }
    Ok(found)
}

/// Pictures by their request.
pub async fn generations(
    tx: &mut Tx,
    requests: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, Vec<Generation>>, StoreError> {
    let mut found: HashMap<i64, Vec<Generation>> = HashMap::new();
    for row in tx.rows_for(sql::FIND_GENERATIONS, &ids(requests)).await? {
        let id = row.int(0)?;
        let state = row.text(4)?;
        let request = row.int(1)?;
        found.entry(request).or_default().push(Generation {
            id: GenerationId(id),
            request: RequestId(request),
            hold: HoldId(row.int(2)?),
            price: Credits(row.int(3)?),
            state: GenerationState::from_word(&state)
                .ok_or_else(|| inconsistent("generations", &id))?,
            number: u8::try_from(row.int(5)?).unwrap_or(u8::MAX),
            artifact: row.maybe_int(6)?.map(ArtifactId),
            expires_at: row.maybe_int(7)?.unwrap_or(0),
            owed: row.maybe_int(8)? == Some(1),
        });
    }
    Ok(found)
}

/// Which request pictures belong to.
pub async fn requests_of(
    tx: &mut Tx,
    generations: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, i64>, StoreError> {
    let rows = tx.rows_for(sql::FIND_REQUEST_OF, &ids(generations)).await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}

/// Requests by id.
pub async fn requests(
    tx: &mut Tx,
    wanted: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, Request>, StoreError> {
    let mut found = HashMap::new();
    for row in tx.rows_for(sql::FIND_REQUESTS, &ids(wanted)).await? {
        let request = read_request(&row, 0)?;
        found.insert(request.id.0, request);
    }
    Ok(found)
}

/// A request whose words an errand of the house is about.
pub async fn request_of_errand(
    scoped: &mut Scoped<OfHouse>,
    wanted: i64,
) -> Result<Option<Request>, StoreError> {
    let rows = scoped.unscoped().rows_for(sql::FIND_REQUESTS, &ids([wanted])).await?;
    rows.first().map(|row| read_request(row, 0)).transpose()
}

/// The newest request of an account.
pub async fn newest(tx: &mut Tx, account: AccountId) -> Result<Option<Request>, StoreError> {
    let rows = tx.rows(sql::FIND_NEWEST, &[account.0.into()]).await?;
    rows.first().map(|row| read_request(row, 0)).transpose()
}

/// Requests by the message that started them; the newest where one was asked again.
pub async fn started(tx: &mut Tx, by: &[Pair]) -> Result<HashMap<Pair, Request>, StoreError> {
    let mut found = HashMap::new();
    for row in tx.rows_for(sql::FIND_STARTED, &pairs(by)).await? {
        let request = read_request(&row, 0)?;
        let message = request.message.clone().map(|id| id.0).unwrap_or_default();
        found.insert((request.conversation.0.clone(), message), request);
    }
    Ok(found)
}

async fn owed(tx: &mut Tx, accounts: &[i64]) -> Result<HashMap<i64, Vec<Owed>>, StoreError> {
    let mut found: HashMap<i64, Vec<Owed>> = HashMap::new();
    for row in tx.rows_for(sql::FIND_OWED, &ids(accounts.iter().copied())).await? {
        found.entry(row.int(9)?).or_default().push(Owed {
            artifact: read_artifact(&row, 0)?,
            request: RequestId(row.int(7)?),
            generation: GenerationId(row.int(8)?),
        });
    }
    Ok(found)
}

async fn missed(tx: &mut Tx, accounts: &[i64]) -> Result<HashMap<i64, Vec<Missed>>, StoreError> {
    let mut found: HashMap<i64, Vec<Missed>> = HashMap::new();
    for row in tx.rows_for(sql::FIND_MISSED, &ids(accounts.iter().copied())).await? {
        let id = row.int(1)?;
        found.entry(row.int(0)?).or_default().push(Missed {
            generation: GenerationId(id),
            request: RequestId(row.int(2)?),
            state: GenerationState::from_word(&row.text(3)?)
                .ok_or_else(|| inconsistent("generations", &id))?,
            price: Credits(row.int(4)?),
        });
    }
    Ok(found)
}

/// Pictures that are kept, by id.
pub async fn kept(
    tx: &mut Tx,
    wanted: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, Kept>, StoreError> {
    let mut found = HashMap::new();
    for row in tx.rows_for(sql::FIND_KEPT, &ids(wanted)).await? {
        let kept = read_kept(&row)?;
        found.insert(kept.artifact.id.0, kept);
    }
    Ok(found)
}

/// What a message of ours carries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Placed {
    /// A picture.
    pub artifact: Option<i64>,
    /// Words of a matter.
    pub escalation: Option<i64>,
    /// Whether it is the receipt of a request.
    pub is_receipt: bool,
}

/// What messages of ours carry.
pub async fn placed(tx: &mut Tx, messages: &[Pair]) -> Result<HashMap<Pair, Placed>, StoreError> {
    let mut found: HashMap<Pair, Placed> = HashMap::new();
    for row in tx.rows_for(sql::FIND_PLACED, &pairs(messages)).await? {
        let placed = found.entry((row.text(0)?, row.text(1)?)).or_default();
        placed.artifact = placed.artifact.or(row.maybe_int(2)?);
        placed.escalation = placed.escalation.or(row.maybe_int(3)?);
        // The first letter of a slot's key is its kind.
        placed.is_receipt |= row.text(4)?.starts_with('r');
    }
    Ok(found)
}

/// The last entries of purses, newest first.
pub async fn entries(
    tx: &mut Tx,
    purses: impl IntoIterator<Item = PurseId>,
) -> Result<HashMap<PurseId, Vec<BalanceLine>>, StoreError> {
    let mut found: HashMap<PurseId, Vec<BalanceLine>> = HashMap::new();
    let purses = ids(purses.into_iter().map(|purse| purse.0));
    for row in tx.rows_for(sql::FIND_ENTRIES, &purses).await? {
        let gives = matches!(&*row.text(0)?, "grant" | "move_in" | "debt_out");
        let amount = row.int(1)?;
        found.entry(PurseId(row.int(4)?)).or_default().push(BalanceLine {
            change: if gives { amount } else { -amount },
            reason: row.text(2)?,
            at: row.int(3)?,
        });
    }
    Ok(found)
}

/// A page of kept pictures below `before` (zero for the newest), and how many there are in all.
pub async fn history(
    tx: &mut Tx,
    account: AccountId,
    before: i64,
) -> Result<(Vec<Kept>, bool, i64), StoreError> {
    let below = if before == 0 { i64::MAX } else { before };
    let limit = HISTORY_PAGE as i64 + 1;
    let rows = tx.rows(sql::FIND_HISTORY, &[account.0.into(), below.into(), limit.into()]).await?;
    let mut page = rows.iter().map(read_kept).collect::<Result<Vec<_>, _>>()?;
    let older = page.len() > HISTORY_PAGE;
    page.truncate(HISTORY_PAGE);
    let total = tx.rows(sql::COUNT_KEPT, &[account.0.into()]).await?[0].int(0)?;
    Ok((page, older, total))
}

/// The identity by which an account is best reached.
pub async fn identity_of(
    tx: &mut Tx,
    account: AccountId,
) -> Result<Option<IdentityId>, StoreError> {
    let rows = tx.rows(sql::FIND_IDENTITY, &[account.0.into()]).await?;
    rows.first().map(|row| Ok(IdentityId(row.text(0)?))).transpose()
}

/// The generation that made a picture, kept or not.
pub async fn generation_of(
    tx: &mut Tx,
    artifact: ArtifactId,
) -> Result<Option<GenerationId>, StoreError> {
    let rows = tx.rows(sql::FIND_GENERATION_OF, &[artifact.0.into()]).await?;
    rows.first().map(|row| Ok(GenerationId(row.int(0)?))).transpose()
}

/// How somebody is spoken to about what an account asked for: their language, and whether they can
/// be reached.
pub async fn manner(
    tx: &mut Tx,
    identity: &IdentityId,
    account: AccountId,
) -> Result<Option<(Language, bool)>, StoreError> {
    let rows = tx.rows(sql::FIND_MANNER, &[identity.as_str().into(), account.0.into()]).await?;
    rows.first().map(|row| Ok((language(&row.text(0)?), row.flag(1)?))).transpose()
}
