//! What the Bot API answers, and what to do about it. Pure.
//!
//! A success is a success however strange its body is: the message is out, and repeating the call
//! would send it twice. Only the few fields we need are read.

use std::{fmt, time::Duration};

use picdesk_core::{
    channel::{DeliveryError, Receipt, Refusal, Scope},
    id::MessageId,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    address::Address,
    call::{Gist, Method},
    update::{Document, Photo, Words, is_object, largest},
};

/// How long to wait when Telegram says "too many requests" and not for how long.
const WAIT_UNTOLD: Duration = Duration::from_secs(5);

/// Longest wait that is believed; more is a mistake of somebody's.
const WAIT_MOST: Duration = Duration::from_hours(1);

/// Why a call failed, before anybody has judged what that means.
#[derive(Debug)]
pub enum CallError {
    /// Telegram said no, in its own form.
    Answered(No),
    /// The call certainly did not leave.
    NotSent(Broken),
    /// The call may have arrived.
    Unknown(Broken),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(no) => write!(f, "telegram answered {}: {}", no.code, no.reason()),
            Self::NotSent(broken) => write!(f, "not sent: {broken}"),
            Self::Unknown(broken) => write!(f, "outcome unknown: {broken}"),
        }
    }
}

impl std::error::Error for CallError {}

/// What broke on the way: our own words, so that no address with a token in it is among them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The call could not be put together.
    #[error("the call could not be put together")]
    Built,
    /// There was no connection.
    #[error("no connection")]
    NoConnection,
    /// The answer did not come in time.
    #[error("no answer in time")]
    Slow,
    /// The connection broke.
    #[error("the connection broke")]
    Cut,
    /// The answer was not Telegram's.
    #[error("status {status} with an answer that is not telegram's")]
    Foreign {
        /// The HTTP status.
        status: u16,
    },
    /// The answer was larger than any could be.
    #[error("an answer too large")]
    TooLarge,
    /// Telegram itself failed.
    #[error("telegram failed with {code}")]
    Failed {
        /// Its code.
        code: i64,
    },
}

/// Telegram's own form of no.
#[derive(Clone, PartialEq, Eq)]
pub struct No {
    /// `error_code`, which repeats the HTTP status.
    pub code: i64,
    /// `description`. Never shown or logged whole: it may quote what was sent.
    pub description: String,
    /// For how long to be quiet, seconds.
    pub retry_after: Option<u64>,
    /// The chat's new number.
    pub migrate_to: Option<i64>,
}

impl fmt::Debug for No {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.reason())
    }
}

impl No {
    /// The description up to where it begins to quote.
    #[must_use]
    pub fn reason(&self) -> &str {
        let opens =
            |(at, _): &(usize, &str)| !self.description[..*at].ends_with(char::is_alphanumeric);
        let quote = self.description.match_indices(['\'', '"', '`']).find(opens);
        let end = quote.map_or(self.description.len(), |(at, _)| at);
        self.description[..end.min(self.description.floor_char_boundary(100))].trim_end()
    }

    /// Whether the description has these words, in letters of any case.
    #[must_use]
    pub fn says(&self, words: &str) -> bool {
        let (text, words) = (self.description.as_bytes(), words.as_bytes());
        text.windows(words.len()).any(|part| part.eq_ignore_ascii_case(words))
    }

    fn says_any(&self, any: &[&str]) -> bool {
        any.iter().any(|words| self.says(words))
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    ok: bool,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error_code: Option<i64>,
    #[serde(borrow, default)]
    description: Option<Words<'a>>,
    #[serde(default)]
    parameters: Option<Parameters>,
}

#[derive(Default, Deserialize)]
struct Parameters {
    #[serde(default)]
    retry_after: Option<u64>,
    #[serde(default)]
    migrate_to_chat_id: Option<i64>,
}

/// Reads an answer: the result as it stands, or why there is none.
///
/// # Errors
/// `Answered` for Telegram's own no, `Unknown` for a failure of Telegram's or an answer that is
/// not its own.
pub fn read_answer(status: u16, body: &[u8]) -> Result<&str, CallError> {
    let answer = serde_json::from_slice::<Answer<'_>>(body).ok().filter(|_| is_object(body));
    let Some(answer) = answer else {
        return Err(CallError::Unknown(Broken::Foreign { status }));
    };
    if answer.ok {
        return Ok(answer.result.map_or("", RawValue::get));
    }
    let code = answer.error_code.unwrap_or(i64::from(status));
    if code >= 500 || status >= 500 {
        return Err(CallError::Unknown(Broken::Failed { code }));
    }
    let parameters = answer.parameters.unwrap_or_default();
    Err(CallError::Answered(No {
        code,
        description: answer.description.map_or_else(String::new, |text| text.0.into_owned()),
        retry_after: parameters.retry_after,
        migrate_to: parameters.migrate_to_chat_id,
    }))
}

#[derive(Default, Deserialize)]
struct Sent<'a> {
    #[serde(default)]
    message_id: Option<i64>,
    #[serde(default)]
    message_thread_id: Option<i64>,
    #[serde(borrow, default)]
    photo: Option<Vec<Photo<'a>>>,
    #[serde(borrow, default)]
    document: Option<Document<'a>>,
}

/// The receipt in a successful result. What cannot be read of it is missing: the message is out.
#[must_use]
pub fn receipt(gist: Gist, edited: Option<i32>, result: &[u8]) -> Receipt {
    let sent = serde_json::from_slice::<Sent<'_>>(result).unwrap_or_default();
    let topic = || {
        let topic = i32::try_from(sent.message_thread_id?).ok()?;
        Some(Address { topic: Some(topic), ..gist.address? }.conversation())
    };
    let photo = sent.photo.as_deref().and_then(largest).map(|photo| photo.file_id.to_string());
    let document = || sent.document.as_ref().map(|document| document.file_id.to_string());
    let message = sent.message_id.or(edited.map(i64::from));
    Receipt {
        message: message.map(|number| MessageId(number.to_string())),
        conversation: (gist.method == Method::CreateForumTopic).then(topic).flatten(),
        file: photo.or_else(document),
    }
}

/// What a no means for the call that got it.
#[derive(Debug)]
pub enum Verdict {
    /// It is as it was meant to be already.
    Done,
    /// The message is of the other kind (words, picture) than we took it for.
    OtherKind,
    /// A failure, by what to do next.
    Failed(DeliveryError),
}

impl Verdict {
    /// The failure to report. That it is done is none, and that the message is of neither kind
    /// means that it is not what we wrote.
    #[must_use]
    pub fn failure(self) -> DeliveryError {
        match self {
            Self::Failed(error) => error,
            Self::Done | Self::OtherKind => DeliveryError::Refused(Refusal::MessageGone),
        }
    }
}

/// Judges a failed call. `scope` is where a rate limit counts as hit.
#[must_use]
pub fn judge(gist: Gist, error: CallError, scope: Scope) -> Verdict {
    let no = match error {
        CallError::NotSent(broken) => {
            return Verdict::Failed(DeliveryError::NotSent(broken.into()));
        }
        CallError::Unknown(broken) => {
            return Verdict::Failed(DeliveryError::Unknown(broken.into()));
        }
        CallError::Answered(no) => no,
    };
    if is_flood(&no) {
        return Verdict::Failed(DeliveryError::RetryAfter { wait: wait(&no), scope });
    }
    if let (Some(to), Some(_)) = (no.migrate_to, gist.address) {
        let to = Address { chat: to, topic: None }.conversation();
        return Verdict::Failed(DeliveryError::Moved(to));
    }
    match no.code {
        400 => judge_bad_request(gist, &no),
        401 => Verdict::Failed(DeliveryError::Unauthorized),
        403 => Verdict::Failed(DeliveryError::Refused(forbidden(&no))),
        // What stands in the place of a token is no token; an unknown method is another matter.
        404 if !no.says("method") => Verdict::Failed(DeliveryError::Unauthorized),
        _ => Verdict::Failed(DeliveryError::Refused(Refusal::Content)),
    }
}

/// Whether Telegram asks for quiet.
#[must_use]
pub fn is_flood(no: &No) -> bool {
    no.code == 429 || no.code == 420 || no.retry_after.is_some()
}

/// For how long Telegram asks for quiet.
#[must_use]
pub fn wait(no: &No) -> Duration {
    let told = || no.description.rsplit_once("retry after ")?.1.trim().parse::<u64>().ok();
    let wait = no.retry_after.or_else(told).map_or(WAIT_UNTOLD, Duration::from_secs);
    wait.min(WAIT_MOST)
}

/// Source: descriptions in tdlib/telegram-bot-api, Client.cpp, and in the wild.
fn forbidden(no: &No) -> Refusal {
    const GONE: &[&str] =
        &["kicked", "not a member", "chat was deleted", "no rights", "not enough rights"];
    if no.says_any(GONE) { Refusal::ConversationGone } else { Refusal::Blocked }
}

/// Source: descriptions in tdlib/telegram-bot-api, Client.cpp, and in the wild.
fn judge_bad_request(gist: Gist, no: &No) -> Verdict {
    const DONE: &[&str] = &[
        "message is not modified",
        "message to delete not found",
        "TOPIC_NOT_MODIFIED",
        "query is too old",
    ];
    const OTHER_KIND: &[&str] =
        &["there is no text in the message to edit", "there is no caption in the message to edit"];
    const MESSAGE_GONE: &[&str] = &[
        "message to edit not found",
        "message can't be edited",
        "MESSAGE_ID_INVALID",
        "message identifier is not specified",
    ];
    const TOPIC_GONE: &[&str] = &[
        "message thread not found",
        "TOPIC_CLOSED",
        "TOPIC_DELETED",
        "TOPIC_ID_INVALID",
        "topic not found",
        "TOPIC_NOT_FOUND",
    ];
    const BLOCKED: &[&str] = &["user not found", "USER_IS_BLOCKED", "INPUT_USER_DEACTIVATED"];
    const CONVERSATION_GONE: &[&str] = &[
        "chat not found",
        "PEER_ID_INVALID",
        "chat is not a forum",
        "CHAT_WRITE_FORBIDDEN",
        "CHAT_RESTRICTED",
        "CHAT_ADMIN_REQUIRED",
        "have no rights",
        "not enough rights",
        "need administrator rights",
        "group is deactivated",
        "chat was upgraded",
    ];
    const HANDLE: &[&str] = &[
        "wrong file identifier",
        "wrong remote file",
        "wrong file_id",
        "invalid file_id",
        "invalid remote file",
        "file reference",
        "FILE_REFERENCE",
        "can't use file of type",
        "type of file mismatch",
    ];
    let refused = |why| Verdict::Failed(DeliveryError::Refused(why));
    if no.says_any(DONE) {
        Verdict::Done
    } else if no.says_any(OTHER_KIND) {
        Verdict::OtherKind
    } else if no.says_any(MESSAGE_GONE) {
        refused(Refusal::MessageGone)
    } else if no.says_any(TOPIC_GONE) {
        refused(Refusal::TopicGone)
    } else if no.says_any(BLOCKED) {
        refused(Refusal::Blocked)
    } else if no.says_any(CONVERSATION_GONE) {
        refused(Refusal::ConversationGone)
    } else if !gist.uploads && no.says_any(HANDLE) {
        Verdict::Failed(DeliveryError::Reupload)
    } else {
        refused(Refusal::Content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_never_repeats_what_was_sent() {
        let reason = |description: &str| {
            let description = description.to_owned();
            No { code: 400, description, retry_after: None, migrate_to: None }.reason().to_owned()
        };
        let url = "Bad Request: inline keyboard button URL 'https://x/p/secret' is invalid";
        assert_eq!(reason(url), "Bad Request: inline keyboard button URL");
        assert_eq!(reason("can't parse entities: tag \"secret\""), "can't parse entities: tag");
        assert_eq!(reason(&"é".repeat(200)).len(), 100);
        assert_eq!(reason(""), "");
        let no = No { code: 400, description: url.into(), retry_after: None, migrate_to: None };
        assert!(!format!("{no:?} {}", CallError::Answered(no.clone())).contains("secret"));
    }
}
