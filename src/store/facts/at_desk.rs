//! What is known at the operators' desk: who they are, and which case they mean.

use picdesk_core::{
    facts::{Case, Operator},
    id::IdentityId,
};

use super::{rows::read_case, statements as sql};
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
