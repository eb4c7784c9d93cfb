//! How lines are chained: each has the hash of the one before it.

use sha2::{Digest as _, Sha256};

/// What a line's hash covers.
pub(in crate::store) struct Sealed<'a> {
    /// The hash of the line before; empty for the first.
    pub(in crate::store) before: &'a str,
    /// Its id.
    pub(in crate::store) id: i64,
    /// Whose.
    pub(in crate::store) purse: i64,
    /// Counted from one.
    pub(in crate::store) number: i64,
    /// What happened.
    pub(in crate::store) kind: &'a str,
    /// How much.
    pub(in crate::store) amount: i64,
    /// To which hold.
    pub(in crate::store) hold: Option<i64>,
    /// What makes it unique.
    pub(in crate::store) source: &'a str,
    /// Why.
    pub(in crate::store) reason: &'a str,
    /// SHA-256 of the owner's words, hex, so that the words can be erased and the chain holds;
    /// empty where there are none.
    pub(in crate::store) note_sha256: &'a str,
    /// When.
    pub(in crate::store) at: i64,
}

impl Sealed<'_> {
    /// SHA-256 over the fields, each with its length before it, so that none can run into the next.
    pub(in crate::store) fn hash(&self) -> String {
        let fields = [
            self.before.to_owned(),
            self.id.to_string(),
            self.purse.to_string(),
            self.number.to_string(),
            self.kind.to_owned(),
            self.amount.to_string(),
            self.hold.map(|hold| hold.to_string()).unwrap_or_default(),
            self.source.to_owned(),
            self.reason.to_owned(),
            self.note_sha256.to_owned(),
            self.at.to_string(),
        ];
        let mut hasher = Sha256::new();
        for field in fields {
            hasher.update((field.len() as u64).to_be_bytes());
            hasher.update(field.as_bytes());
        }
        hex::encode(hasher.finalize())
    }
}

/// SHA-256, hex.
pub(in crate::store) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
