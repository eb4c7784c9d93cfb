//! What came of a request.

use picdesk_core::id::RequestId;

use super::statements as sql;
use crate::store::{StoreError, Tx};

/// Whether a picture of this request was made.
pub async fn has_picture(tx: &mut Tx, request: RequestId) -> Result<bool, StoreError> {
    Ok(!tx.rows(sql::FIND_PICTURED, &[request.0.into()]).await?.is_empty())
}
