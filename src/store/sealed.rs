//! Content in rows: a version byte, then the bytes. Encrypting them later changes no table.

use serde::{Serialize, de::DeserializeOwned};

use super::StoreError;

/// The bytes follow as they are.
const PLAIN: u8 = 0;

/// Seals bytes.
pub fn seal(bytes: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(bytes.len() + 1);
    sealed.push(PLAIN);
    sealed.extend_from_slice(bytes);
    sealed
}

/// Seals a value as JSON.
pub fn seal_json<T: Serialize>(value: &T) -> Vec<u8> {
    let mut sealed = vec![PLAIN];
    serde_json::to_writer(&mut sealed, value).expect("our own types are always JSON");
    sealed
}

/// Opens what was sealed.
pub fn open<'a>(sealed: &'a [u8], table: &'static str, row: &str) -> Result<&'a [u8], StoreError> {
    match sealed.split_first() {
        Some((&PLAIN, bytes)) => Ok(bytes),
        _ => Err(StoreError::Inconsistent { table, row: row.to_owned() }),
    }
}

/// Opens a value that was sealed as JSON.
pub fn open_json<T: DeserializeOwned>(
    sealed: &[u8],
    table: &'static str,
    row: &str,
) -> Result<T, StoreError> {
    serde_json::from_slice(open(sealed, table, row)?)
        .map_err(|_| StoreError::Inconsistent { table, row: row.to_owned() })
}
