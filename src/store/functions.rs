//! The website's own functions for credits, in the same PostgreSQL: where they are configured,
//! whoever is signed in spends from the purse that the website keeps, by its own rules.
//!
//! They are called inside the turn's transaction, each call with a name of its own that is a row
//! of ours in the same commit ([`operations`]), so that a turn that is repeated calls nothing
//! twice. Our transactions see one moment throughout: a function that locks the row it changes
//! meets whoever changed it meanwhile, and the turn is repeated. What a function says no to is an
//! answer; that one fails is not ([`StoreError::Site`]).

pub(super) mod look_up;
pub mod operations;

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use picdesk_core::credits::{Credits, Purse};

use self::look_up::Types;
use super::{
    StoreError, Tx, Value,
    health::{Kind, code_of, kind_of},
};
use crate::config;

/// How long a refusal is believed although there seems to be enough: until the turn that met it is
/// decided again.
const REFUSED_FOR: Duration = Duration::from_secs(3);

/// What a function is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Does {
    /// It sets credits aside.
    Hold,
    /// It spends what is set aside.
    Post,
    /// It gives back what is set aside.
    Void,
    /// It gives credits.
    Grant,
    /// It tells what can be spent.
    Balance,
}

impl Does {
    /// All there are.
    pub const ALL: [Self; 5] = [Self::Hold, Self::Post, Self::Void, Self::Grant, Self::Balance];

    /// The key that names it, and its word in our rows.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Post => "post",
            Self::Void => "void",
            Self::Grant => "grant",
            Self::Balance => "balance",
        }
    }

    /// What the owner hears when it fails.
    pub fn alarm(self) -> &'static str {
        match self {
            Self::Hold => "the website's function ledger.hold fails",
            Self::Post => "the website's function ledger.post fails",
            Self::Void => "the website's function ledger.void fails",
            Self::Grant => "the website's function ledger.grant fails",
            Self::Balance => "the website's function ledger.balance fails",
        }
    }

    fn name(self, names: &config::Functions) -> &config::FunctionName {
        match self {
            Self::Hold => &names.hold,
            Self::Post => &names.post,
            Self::Void => &names.void,
            Self::Grant => &names.grant,
            Self::Balance => &names.balance,
        }
    }
}

/// The website's functions, as they were found at the start.
#[derive(Debug)]
pub struct Functions {
    names: config::Functions,
    calls: HashMap<Does, &'static str>,
    find: &'static str,
    /// Purses for which it refused to set so much aside, and when.
    refused: Mutex<HashMap<i64, (i64, Instant)>>,
}

/// A purse that the website keeps.
#[derive(Clone, Debug)]
pub(super) struct AtSite {
    /// Whose it is there.
    pub(super) subject: String,
    /// What can be spent of it.
    pub(super) left: i64,
}

impl Functions {
    /// Statements that call functions of these names and types. They live as long as the process,
    /// as all statements do.
    fn of(names: config::Functions, types: &HashMap<Does, Types>) -> Self {
        let quoted = |does: Does| match does.name(&names) {
            config::FunctionName { schema: Some(schema), name } => {
                format!("\"{schema}\".\"{name}\"")
            }
            config::FunctionName { schema: None, name } => format!("\"{name}\""),
        };
        let mut calls = HashMap::new();
        for does in [Does::Hold, Does::Post, Does::Void, Does::Grant] {
            let Some(Types { user, amount, operation }) = types.get(&does) else { continue };
            let text = format!(
                "select cast(case when {}(cast($1 as {user}), cast($2 as {amount}), \
                 cast($3 as {operation})) then 1 else 0 end as bigint)",
                quoted(does)
            );
            calls.insert(does, &*text.leak());
        }
        let user = types.get(&Does::Balance).map_or("uuid", |types| types.user);
        let find = format!(
            "select a.purse, a.subject,
                    cast(coalesce({}(cast(a.subject as {user})), 0) as bigint)
             from accounts a where a.purse in ({{list}}) and a.subject is not null",
            quoted(Does::Balance)
        );
        Self { names, calls, find: find.leak(), refused: Mutex::default() }
    }

    /// The purses of these that the website keeps, with what can be spent.
    pub(super) async fn find(
        &self,
        tx: &mut Tx,
        purses: impl IntoIterator<Item = i64>,
    ) -> Result<HashMap<i64, AtSite>, StoreError> {
        let purses: Vec<Vec<Value>> = purses.into_iter().map(|id| vec![id.into()]).collect();
        let rows = tx.rows_for(self.find, &purses).await;
        let rows = rows.map_err(|error| self.blame(Does::Balance, error))?;
        let read = |row: &super::Row| {
            let left = row.int(2)?.max(0);
            Ok((row.int(0)?, AtSite { subject: row.text(1)?, left }))
        };
        rows.iter().map(read).collect()
    }

    /// Calls a function; whether it said yes.
    async fn call(
        &self,
        tx: &mut Tx,
        does: Does,
        (subject, amount, operation): (&str, i64, &str),
    ) -> Result<bool, StoreError> {
        let Some(text) = self.calls.get(&does) else { return Ok(false) };
        let values = [subject.into(), amount.into(), operation.into()];
        match tx.rows(text, &values).await {
            Ok(rows) => rows.first().map_or(Ok(false), |row| row.flag(0)),
            Err(StoreError::Constraint(_)) if does == Does::Hold => Ok(false),
            Err(error) => Err(self.blame(does, error)),
        }
    }

    /// That a function failed, unless it was the database or somebody else on the same row.
    fn blame(&self, does: Does, error: StoreError) -> StoreError {
        let what = match &error {
            StoreError::Refused(cause) => code_of(cause),
            StoreError::Constraint(name) => format!("constraint {name}"),
            // That nobody may write is the database's state; that we may not call is a grant.
            StoreError::Unavailable(cause) => match &**cause {
                sqlx::Error::Database(inner) if inner.code().as_deref() == Some("42501") => {
                    code_of(cause)
                }
                _ => return error,
            },
            _ => return error,
        };
        self.failed(does, what)
    }

    fn failed(&self, does: Does, what: String) -> StoreError {
        StoreError::Site { does, name: does.name(&self.names).to_string(), what }
    }

    /// The website would not set so much aside.
    fn note_refusal(&self, purse: i64, amount: i64) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.retain(|_, (_, at)| at.elapsed() < REFUSED_FOR);
        refused.insert(purse, (amount, Instant::now()));
    }

    /// What can be spent of a purse, which is less than what was just refused.
    fn believed(&self, purse: i64, left: i64) -> i64 {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match refused.get(&purse) {
            Some((amount, at)) if at.elapsed() < REFUSED_FOR => left.min((amount - 1).max(0)),
            _ => left,
        }
    }
}

/// Adds to purses what the website keeps for their owners.
pub(super) async fn fill(tx: &mut Tx, mut purses: Vec<&mut Purse>) -> Result<(), StoreError> {
    let Some(functions) = tx.functions().filter(|_| !purses.is_empty()) else { return Ok(()) };
    let found = functions.find(tx, purses.iter().map(|purse| purse.id.0)).await?;
    for purse in &mut purses {
        let left = found.get(&purse.id.0).map(|there| there.left);
        purse.site = left.map(|left| Credits(functions.believed(purse.id.0, left)));
    }
    Ok(())
}

/// What the owner may do about a function that failed, by what PostgreSQL says.
pub(super) fn advice(what: &str) -> &'static str {
    match what.strip_prefix("SQLSTATE ") {
        Some("42883") => "it is gone or takes other arguments: create it again",
        Some("42501") => "our role may not call it, or it may not do what it does: grant that",
        Some(code) if code.starts_with("42") => "something that it uses is gone: look into it",
        Some("22P02") => "it does not know our people's ids: it should take a uuid",
        Some(code) if kind_of(code) == Kind::Refused => "it raised that: look into it",
        _ => "look into it",
    }
}
