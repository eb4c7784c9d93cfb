//! What is known at the operators' desk: who they are, which case they mean, and what they are told
//! of it.

use std::collections::HashMap;

use picdesk_core::{
    credits::Credits,
    event::About,
    facts::{Case, Operator, Past, Relayed},
    generation::Options,
    id::{AccountId, EscalationId, IdentityId, OutboundId},
    say::CardLine,
};

use super::{
    ids,
    rows::{inconsistent, read_case},
    statements as sql, words,
};
use crate::store::{StoreError, Tx};

/// The matter with this code.
pub async fn case_of_code(tx: &mut Tx, code: &str) -> Result<Option<Case>, StoreError> {
    let rows = tx.rows(sql::FIND_CASE_OF_CODE, &[code.into()]).await?;
    rows.first().map(read_case).transpose()
}

/// The open matter, when there is no other.
pub async fn only_open_case(tx: &mut Tx) -> Result<Option<Case>, StoreError> {
    match tx.rows(sql::FIND_OPEN_CASES, &[]).await?.as_slice() {
        [only] => read_case(only).map(Some),
        _ => Ok(None),
    }
}

/// The operator behind an identity.
pub async fn operator(tx: &mut Tx, identity: &IdentityId) -> Result<Option<Operator>, StoreError> {
    let (text, id) = match identity.as_str().split_once(':') {
        Some(("telegram", number)) => (sql::FIND_OPERATOR, number),
        Some(("wecom-app", user)) => (sql::FIND_OPERATOR_OF_WECOM, user),
        _ => return Ok(None),
    };
    let rows = tx.rows(text, &[id.into()]).await?;
    rows.first().map(|row| Ok(Operator { name: row.text(0)? })).transpose()
}

/// What a card tells of an account's past.
pub async fn past(tx: &mut Tx, account: AccountId) -> Result<Past, StoreError> {
    let mut requests: Vec<CardLine> = Vec::new();
    let mut last = None;
    for row in tx.rows(sql::FIND_PAST, &[account.0.into()]).await? {
        let id = row.int(0)?;
        if last.replace(id) != Some(id) {
            let options: Options = serde_json::from_str(&row.text(3)?)
                .map_err(|_| inconsistent("requests", &account))?;
            let price = Credits(row.int(2)? * i64::from(options.count));
            requests.push(CardLine { at: row.int(1)?, price, outcome: Vec::new() });
        }
        let outcome = match row.maybe_text(5)? {
            Some(pictures) => (pictures, row.int(6)?),
            None => (row.text(4)?, 1),
        };
        requests.last_mut().into_iter().for_each(|line| line.outcome.push(outcome.clone()));
    }
    let cases = tx.rows(sql::COUNT_CASES, &[account.0.into()]).await?[0].int(0)?;
    let strikes = tx.rows(sql::FIND_STRIKES, &[account.0.into()]).await?;
    let strikes = strikes.first().map_or(Ok(0), |row| row.int(0))?;
    Ok(Past { requests, cases, strikes })
}

/// How the messages stand that are one answer of an operator's.
pub async fn relayed(
    tx: &mut Tx,
    (first, last): (OutboundId, OutboundId),
) -> Result<Relayed, StoreError> {
    let mut relayed = Relayed::default();
    for row in tx.rows(sql::COUNT_RELAYED, &[first.0.into(), last.0.into()]).await? {
        let count = row.int(1)?;
        match row.text(0)?.as_str() {
            "waiting" | "sending" => relayed.waiting += count,
            "held" => relayed.held += count,
            "unknown" => relayed.unknown += count,
            "refused" | "dropped" => relayed.refused += count,
            // Delivered.
            _ => {}
        }
    }
    Ok(relayed)
}

/// Lines for an earlier topic of a matter, refused because that topic was gone; oldest first.
/// What was for operators who have chats of their own on another channel is not for a topic.
pub async fn unsent(
    tx: &mut Tx,
    case: EscalationId,
    channel: &str,
) -> Result<Vec<OutboundId>, StoreError> {
    let about = serde_json::json!(About::TopicLine(case)).to_string();
    let rows = tx.rows(sql::FIND_UNSENT, &[about.into(), channel.into()]).await?;
    rows.iter().map(|row| Ok(OutboundId(row.int(0)?))).collect()
}

/// All matters of accounts.
pub(super) async fn cases_of(
    tx: &mut Tx,
    accounts: &[i64],
) -> Result<HashMap<i64, Vec<Case>>, StoreError> {
    let mut found: HashMap<i64, Vec<Case>> = HashMap::new();
    for row in tx.rows_for(sql::FIND_CASES, &ids(accounts.iter().copied())).await? {
        let case = read_case(&row)?;
        found.entry(case.account.0).or_default().push(case);
    }
    Ok(found)
}

/// Which of somebody's matters is theirs in a conversation: an open one of this place, else an open
/// one, else one of this place; of several the one that was talked about last.
pub(super) fn case_here(cases: &[Case], conversation: &str) -> Option<Case> {
    let rank = |case: &&Case| {
        let is_here = case.conversation.as_str() == conversation;
        (is_here && !case.closed, !case.closed, is_here, case.expects_until, case.id.0)
    };
    cases.iter().max_by_key(rank).cloned()
}

/// Matters by id.
pub async fn cases(
    tx: &mut Tx,
    wanted: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, Case>, StoreError> {
    let mut found = HashMap::new();
    for row in tx.rows_for(sql::FIND_CASE, &ids(wanted)).await? {
        let case = read_case(&row)?;
        found.insert(case.id.0, case);
    }
    Ok(found)
}

/// Matters by their topic.
pub async fn topic_cases(
    tx: &mut Tx,
    topics: &[&str],
) -> Result<HashMap<String, Case>, StoreError> {
    let mut found = HashMap::new();
    for row in tx.rows_for(sql::FIND_TOPIC_CASES, &words(topics.iter().copied())).await? {
        let case = read_case(&row)?;
        let topic = case.topic.clone().map(|topic| topic.0).unwrap_or_default();
        found.insert(topic, case);
    }
    Ok(found)
}
