//! Rows as facts: each row is read by one function, or named as inconsistent.

use picdesk_core::{
    account::{Account, Language},
    channel::MediaRef,
    credits::Credits,
    event::Setting,
    facts::{Case, House, Kept, Reference, Request, RequestState},
    generation::Options,
    generation::{Artifact, Size},
    id::{
        AccountId, ArtifactId, ConversationId, EscalationId, IdentityId, MessageId, PurseId,
        RequestId,
    },
    say::{Cause, Cheaper},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::entitlement;
use crate::store::{Row, StoreError, ledger::read_purse, sealed};

/// The sealed part of a request.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct RequestBody {
    /// The words.
    pub prompt: String,
    /// Reference pictures, in order.
    pub references: Vec<Reference>,
    /// The cheaper way that was offered beside it.
    pub cheaper: Option<Cheaper>,
    /// Whether the words were let through, as they are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub screened: bool,
}

/// The sealed part of an escalation.
#[derive(Debug, Serialize, Deserialize)]
pub struct CaseBody {
    /// The customer's words when they asked.
    pub words: String,
    /// The pictures that came with them.
    pub pictures: Vec<MediaRef>,
}

pub(super) fn inconsistent(table: &'static str, row: &impl ToString) -> StoreError {
    StoreError::Inconsistent { table, row: row.to_string() }
}

/// A value that is a word in its row.
pub(in crate::store) fn word<T: DeserializeOwned>(
    word: &str,
    table: &'static str,
    row: i64,
) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::from(word)).map_err(|_| inconsistent(table, &row))
}

/// The word of a value in its row.
pub(in crate::store) fn word_of<T: Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

pub(super) fn language(tag: &str) -> Language {
    Language::from_tag(tag).unwrap_or_default()
}

pub(super) fn read_account(row: &Row, first: usize, house: &House) -> Result<Account, StoreError> {
    let id = row.int(first)?;
    let options: Options =
        serde_json::from_str(&row.text(first + 1)?).map_err(|_| inconsistent("accounts", &id))?;
    Ok(Account {
        id: AccountId(id),
        options,
        entitlement: entitlement(house, row.maybe_text(first + 2)?.as_deref()),
        last_tag: row.int(first + 3)?,
        purse: read_purse(row, first + 4)?,
        stopped: row.flag(first + 12)?,
    })
}

/// A request as its row has it, beginning at column `first`.
pub fn read_request(row: &Row, first: usize) -> Result<Request, StoreError> {
    let id = row.int(first)?;
    let body: RequestBody = sealed::open_json(&row.blob(first + 7)?, "requests", &id.to_string())?;
    let options =
        serde_json::from_str(&row.text(first + 8)?).map_err(|_| inconsistent("requests", &id))?;
    let state = row.text(first + 11)?;
    Ok(Request {
        id: RequestId(id),
        account: AccountId(row.int(first + 1)?),
        purse: PurseId(row.int(first + 2)?),
        identity: IdentityId(row.text(first + 3)?),
        conversation: ConversationId(row.text(first + 4)?),
        setting: word::<Setting>(&row.text(first + 5)?, "requests", id)?,
        message: row.maybe_text(first + 6)?.map(MessageId),
        prompt: body.prompt,
        references: body.references,
        cheaper: body.cheaper,
        screened: body.screened,
        options,
        parent: row.maybe_int(first + 9)?.map(ArtifactId),
        price_each: Credits(row.int(first + 10)?),
        state: RequestState::from_word(&state).ok_or_else(|| inconsistent("requests", &id))?,
        asked_at: row.int(first + 12)?,
    })
}

pub(super) fn side(pixels: i64) -> u32 {
    u32::try_from(pixels).unwrap_or(0)
}

pub(super) fn read_artifact(row: &Row, first: usize) -> Result<Artifact, StoreError> {
    Ok(Artifact {
        id: ArtifactId(row.int(first)?),
        object: row.text(first + 1)?,
        bytes: row.int(first + 2)?,
        size: Size { width: side(row.int(first + 3)?), height: side(row.int(first + 4)?) },
        kind: row.text(first + 5)?,
        expires_at: row.int(first + 6)?,
    })
}

pub(super) fn read_kept(row: &Row) -> Result<Kept, StoreError> {
    Ok(Kept {
        artifact: read_artifact(row, 0)?,
        owed: row.flag(7)?,
        request: read_request(row, 8)?,
    })
}

pub(super) fn read_name(sealed_name: &[u8]) -> Result<String, StoreError> {
    Ok(String::from_utf8_lossy(sealed::open(sealed_name, "identities", "name")?).into_owned())
}

pub(super) fn read_case(row: &Row) -> Result<Case, StoreError> {
    let id = row.int(0)?;
    let body: CaseBody = sealed::open_json(&row.blob(13)?, "escalations", &id.to_string())?;
    Ok(Case {
        id: EscalationId(id),
        code: row.text(1)?,
        account: AccountId(row.int(2)?),
        identity: IdentityId(row.text(3)?),
        language: language(&row.text(4)?),
        conversation: ConversationId(row.text(5)?),
        topic: row.maybe_text(6)?.map(ConversationId),
        cause: word::<Cause>(&row.text(7)?, "escalations", id)?,
        closed: row.text(8)? != "open",
        opened_at: row.int(14)?,
        answered: row.int(15)? > 0,
        closed_at: row.int(9)?,
        request: row.maybe_int(10)?.map(RequestId),
        consent: row.flag(11)?,
        name: read_name(&row.blob(12)?)?,
        words: body.words,
        pictures: body.pictures,
        handed: row.flag(16)?,
        expects_from: row.int(17)?,
        expects_until: row.int(18)?,
    })
}
