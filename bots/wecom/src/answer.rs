//! What WeCom answers, and what to do about it. Pure.
//!
//! The status is 200 for nearly everything; what counts is `errcode`. Only that is matched on: the
//! words beside it change, and quote.

use std::{borrow::Cow, time::Duration};

use picdesk_core::channel::{DeliveryError, Refusal, Scope};
use serde::Deserialize;
use serde_json::Value;

use crate::call::Api;

/// Longest hint that is kept for the log, bytes.
const HINT_BYTES_MAX: usize = 80;

/// Why a call failed, before anybody has judged what that means.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// WeCom said no.
    #[error("wecom answered {0}")]
    Answered(No),
    /// The call certainly did not leave.
    #[error("not sent: {0}")]
    NotSent(Broken),
    /// The call may have arrived.
    #[error("outcome unknown: {0}")]
    Unknown(Broken),
    /// There is no token to make it with.
    #[error("no token: {0}")]
    NoToken(Box<CallError>),
    /// It was not made: WeCom takes no such call for so long.
    #[error("not called for {}s, by its limit", .0.as_secs())]
    Resting(Duration),
}

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
    /// The answer was not WeCom's.
    #[error("status {status} with an answer that is not wecom's")]
    Foreign {
        /// The HTTP status.
        status: u16,
    },
    /// The answer was larger than any could be.
    #[error("an answer too large")]
    TooLarge,
}

/// A no: its code, and what of its words may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct No {
    /// `errcode`.
    pub code: i64,
    /// The `hint` by which WeCom's support finds the call.
    pub hint: Option<String>,
    /// The address that WeCom saw us come from.
    pub from_ip: Option<String>,
}

impl std::fmt::Display for No {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(hint) = &self.hint {
            write!(f, ", hint {hint}")?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(default)]
    errcode: i64,
    #[serde(borrow, default)]
    errmsg: Cow<'a, str>,
}

/// An answer without the control characters that WeCom puts into names now and then, which JSON
/// does not allow. Blanks take their place, which do no harm anywhere.
#[must_use]
pub fn cleaned(body: &[u8]) -> Cow<'_, [u8]> {
    if body.iter().all(|byte| *byte >= b' ') {
        return Cow::Borrowed(body);
    }
    Cow::Owned(body.iter().map(|byte| if *byte < b' ' { b' ' } else { *byte }).collect())
}

/// Reads an answer's head; the rest is for whoever asked.
///
/// # Errors
/// `Answered` for WeCom's own no, `Unknown` for what is not its answer.
pub fn read_head(status: u16, body: &[u8]) -> Result<(), CallError> {
    let foreign = || CallError::Unknown(Broken::Foreign { status });
    let head: Head<'_> = serde_json::from_slice(body).map_err(|_| foreign())?;
    if head.errcode != 0 {
        return Err(CallError::Answered(No::read(head.errcode, &head.errmsg)));
    }
    if status >= 400 { Err(foreign()) } else { Ok(()) }
}

impl No {
    /// Whether another token may help: 40001 says so as well, but for calls that fetch one.
    #[must_use]
    pub fn is_of_token(&self) -> bool {
        matches!(self.code, 40_001 | 40_014 | 42_001)
    }

    /// Whether it was one call too many of its kind.
    #[must_use]
    pub fn is_of_limit(&self) -> bool {
        self.code == LIMIT
    }

    /// Whether WeCom was too busy to do anything.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.code == BUSY
    }

    /// Whether it says in so many words that the content is wrong: too large, too long, empty, of a
    /// wrong kind, or held back as unsafe.
    #[must_use]
    pub fn is_of_content(&self) -> bool {
        matches!(
            self.code,
            40_004
                ..=40_006 | 40_009 | 40_201 | 40_204 | 44_004 | 45_001 | 45_002 | 95_030 | IN_PARTS
        )
    }

    /// Whether a file is given away in parts alone.
    #[must_use]
    pub fn wants_range(&self) -> bool {
        self.code == IN_PARTS
    }

    /// Whether it is about one person or one account of customer service alone: everybody else's
    /// messages go on.
    #[must_use]
    pub fn is_of_one(&self) -> bool {
        matches!(
            self.code,
            UNSAFE_A
                | UNSAFE_B
                | 48_007
                | 60_011
                | 60_030
                | 95_003
                | 95_011
                | 95_012
                | 95_014
                | 95_017
                | 95_019
                | 95_023
                | 95_032
        )
    }

    /// Whether it has no meaning that is known here: a mistake of ours, or a new code.
    #[must_use]
    pub fn is_strange(&self) -> bool {
        self.code != 40_008 && !self.is_of_content()
    }

    /// A no with what its words tell that may be shown: `… hint: [1671…], from ip: 1.2.3.4, …`.
    #[must_use]
    pub fn read(code: i64, words: &str) -> Self {
        let after = |start: &str| {
            let rest = words.split_once(start)?.1.trim_start_matches(['[', ' ']);
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
            let text = rest.split(|c| !is_part(c)).next()?.trim_end_matches('.');
            let told = text.len() <= HINT_BYTES_MAX && text.contains(|c: char| c.is_ascii_digit());
            told.then(|| text.to_owned())
        };
        Self { code, hint: after("hint:"), from_ip: after("from ip:") }
    }
}

/// What the owner must change, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// A short word for the kind.
    pub what: &'static str,
    /// Whose trouble it is: the app's, an account's, the bot's.
    pub of: String,
    /// The whole of it, for the owner. Never content, never a secret.
    pub words: String,
}

impl Alarm {
    /// An alarm in the owner's words, which begin with whose trouble it is.
    #[must_use]
    pub fn new(what: &'static str, of: &str, words: &str) -> Self {
        Self { what, of: of.to_owned(), words: format!("{of}: {words}") }
    }
}

/// What an app is called in an alarm.
#[must_use]
pub fn app_named(agent_id: &str) -> String {
    format!("WeCom app {agent_id}")
}

/// What an account of customer service is called in an alarm.
#[must_use]
pub fn account_named(account: &str) -> String {
    format!("WeCom customer service account {account}")
}

/// What the AI bot is called in an alarm.
#[must_use]
pub fn bot_named(bot_id: &str) -> String {
    format!("WeCom AI bot {bot_id}")
}

/// What a no means for the call that got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The token is old: fetch one and call again, once.
    Token,
    /// Once more, after a wait that grows.
    Again,
    /// Nothing of this kind for a while.
    Wait(Duration),
    /// Never.
    Refused(Refusal),
    /// Never, and the owner may be able to do something about the next one.
    RefusedAndTold(Refusal, Alarm),
    /// The uploaded file is gone: upload it again.
    Reupload,
    /// The card was changed by this code already, or too long ago.
    CodeUsed,
    /// Not until they write.
    WindowClosed,
    /// The chat is in a state in which we may not write; which, has to be asked.
    WrongState,
    /// The owner has to act; what was to be said waits.
    Alarm(Alarm),
    /// Our credentials are wrong.
    Unauthorized(Alarm),
}

/// WeCom is busy. Source: 90313.
const BUSY: i64 = -1;
/// Too many calls of one kind. Source: 90313.
const LIMIT: i64 = 45_009;
/// Held back by WeCom for what it says. Source: 90313.
const UNSAFE_A: i64 = 40_201;
const UNSAFE_B: i64 = 40_204;
/// A file that is given away in parts alone. Source: document/path/90254.
pub const IN_PARTS: i64 = 830_002;
/// None of those to whom something went is where the app is seen. Source: 90313.
pub const NOBODY_SEES_IT: i64 = 81_013;
const MINUTE: Duration = Duration::from_mins(1);

/// What a no means, for the call of somebody who is called so in an alarm. Source of codes and
/// causes: document/path/90313, as of April 2024.
#[must_use]
pub fn judge(api: Api, no: &No, of: &str) -> Verdict {
    match no.code {
        40_014 | 42_001 => Verdict::Token,
        BUSY | 45_033 | 41_096 => Verdict::Again,
        LIMIT => Verdict::Wait(MINUTE),
        40_007 => Verdict::Reupload,
        41_050 | 41_051 => Verdict::Refused(Refusal::MessageGone),
        // The customer has to write first: over five messages, outside 48 hours, silent, ended.
        95_001 | 95_002 | 95_013 | 95_016 | 95_031 => Verdict::WindowClosed,
        95_018 => Verdict::WrongState,
        // The person is gone, or nobody of ours.
        40_003 | 60_111 | 46_004 | 40_096 | 84_061 => Verdict::Refused(Refusal::Blocked),
        95_000 | 95_004 => Verdict::Refused(Refusal::ConversationGone),
        40_008 => Verdict::Refused(Refusal::Content),
        UNSAFE_A | UNSAFE_B => Verdict::RefusedAndTold(Refusal::Content, unsafe_words(no, of)),
        _ if no.is_of_content() => Verdict::Refused(Refusal::Content),
        42_014..=42_050 if api == Api::UpdateTemplateCard => Verdict::CodeUsed,
        _ => match alarm(no, of) {
            Some(alarm) if matches!(no.code, 40_001 | 40_013 | 40_056 | 301_002) => {
                Verdict::Unauthorized(alarm)
            }
            // One member who is not there keeps nobody else waiting.
            Some(alarm) if no.code == NOBODY_SEES_IT => {
                Verdict::RefusedAndTold(Refusal::Blocked, alarm)
            }
            Some(alarm) => Verdict::Alarm(alarm),
            // A code that we do not know, or a call of ours that was wrong: saying it again says
            // the same.
            None if api == Api::UpdateTemplateCard => Verdict::CodeUsed,
            None => Verdict::Refused(Refusal::Content),
        },
    }
}

/// What the owner must change, and where; nothing when it is not the owner's.
#[must_use]
pub fn alarm(no: &No, of: &str) -> Option<Alarm> {
    let (what, words): (&'static str, &str) = match no.code {
        60_020 => return Some(trusted_ip(no, of)),
        40_001 => (
            "secret",
            "the app's secret is wrong or the app is disabled: compare wecom.secret \
             with 应用管理 > the app > Secret",
        ),
        40_013 => (
            "corp_id",
            "the company's id is wrong: compare wecom.corp_id with \
             我的企业 > 企业信息 > 企业ID",
        ),
        40_056 | 301_002 => (
            "agent_id",
            "the app's number is not that of the secret: compare \
             wecom.agent_id with 应用管理 > the app > AgentId",
        ),
        43_009 => ("verification", "the company is not verified: 我的企业 > 企业信息 > 认证"),
        43_012 => (
            "callback",
            "cards with buttons need the app's callback: 应用管理 > the app > \
             接收消息 > 设置API接收",
        ),
        48_002 => (
            "permission",
            "the app may not call this: 应用管理 > the app, or 客户联系 > \
             API > 可调用接口的应用",
        ),
        48_006 => ("idle", "the app lost its permissions for disuse: 应用管理 > the app > 启用"),
        48_007 | 95_023 => (
            "kf_account",
            "the account is not managed by this app: 应用管理 > \
             微信客服 > API > 通过API管理微信客服账号",
        ),
        50_001 => (
            "trusted_domain",
            "an address is not of a domain that the app trusts: 应用管理 > the app > \
             网页授权及JS-SDK > 可信域名",
        ),
        50_003 => ("disabled", "the app is disabled: 应用管理 > the app > 启用"),
        60_011 | 60_030 | NOBODY_SEES_IT => (
            "visible_range",
            "somebody is outside the app's visible range: 应用管理 > \
             the app > 可见范围",
        ),
        95_003 => (
            "kf_quota",
            "the account's quota is used up, as that of companies that are not \
             verified is: 我的企业 > 企业信息 > 认证",
        ),
        95_011 | 95_012 => (
            "kf_edition",
            "the account belongs to the other edition of customer \
             service: 应用管理 > 微信客服 > 企业微信接管",
        ),
        95_014 | 95_019 => (
            "kf_servicer",
            "no servicer takes chats: 应用管理 > 微信客服 > the \
             account > 接待人员",
        ),
        95_017 | 95_032 => {
            ("kf_api", "the account's API is switched off: 应用管理 > 微信客服 > API")
        }
        93_000 | 93_004 | 93_006 | 93_008 => (
            "robot",
            "the group's robot is gone or disabled: add it anew \
             and set alarms.wecom_robot_key",
        ),
        _ => return None,
    };
    Some(Alarm::new(what, of, &format!("{words} (errcode {})", no.code)))
}

/// Operators who did not get what was said at the desk. Source: 90236, `invaliduser` and
/// `unlicenseduser`.
#[must_use]
pub fn unreached(operators: &[String], of: &str) -> Alarm {
    let names = operators.join(", ");
    let words = format!(
        "what is said at the desk does not reach {names}: compare desk.wecom_operators with \
         通讯录 > the member > 账号, and see that they are in 应用管理 > the app > 可见范围 and \
         have a licence"
    );
    Alarm::new("operators", of, &words)
}

/// A member who did not get what they had asked for.
#[must_use]
pub fn unreached_member(user: &str, missed: Missed, of: &str) -> Alarm {
    let why = match missed {
        Missed::Unlicensed => "they have no licence (接口许可): give them one, or tell them",
        Missed::Unseen => {
            "they are not, or no more, in 应用管理 > the app > 可见范围: add them, or tell them"
        }
    };
    let of = format!("{of}, member {user}");
    Alarm::new("member", &of, &format!("nothing that the app answers reaches them: {why}"))
}

/// News of an account that cannot be read, however few are asked for.
#[must_use]
pub fn unreadable(of: &str) -> Alarm {
    let words = "its news cannot be read, and messages there wait: WeCom's answer to kf/sync_msg is \
                 none, so ask whoever runs http.proxy_url, or WeCom";
    Alarm::new("kf_page", of, words)
}

fn unsafe_words(no: &No, of: &str) -> Alarm {
    let words = format!(
        "WeCom held words or a picture of ours back for what they say, and whoever they were for \
         was told no more than that (errcode {})",
        no.code
    );
    Alarm::new("content", of, &words)
}

fn trusted_ip(no: &No, of: &str) -> Alarm {
    let ip = no.from_ip.as_deref().unwrap_or("the one this server calls from");
    let words = format!(
        "WeCom refuses our address: add {ip} under 应用管理 > the app > 企业可信IP; it takes a \
         minute (errcode 60020)"
    );
    Alarm::new("trusted_ip", of, &words)
}

/// A call that is not made for so long: what does without it goes on.
#[must_use]
pub fn resting(api: Api, wait: Duration) -> DeliveryError {
    let scope = if api.is_seen() { Scope::Channel } else { Scope::Conversation };
    DeliveryError::RetryAfter { wait, scope }
}

impl Verdict {
    /// The delivery's error, of a call that got this no. What only the owner can put right waits,
    /// and is said to the owner.
    #[must_use]
    pub fn failure(self, api: Api, no: &No) -> DeliveryError {
        match self {
            Self::Token | Self::Unauthorized(_) => DeliveryError::Unauthorized,
            Self::Again => DeliveryError::NotSent(CallError::Answered(no.clone()).into()),
            Self::Wait(wait) => resting(api, wait),
            Self::Alarm(_) => {
                let scope = if no.is_of_one() { Scope::Conversation } else { Scope::Channel };
                DeliveryError::RetryAfter { wait: MINUTE, scope }
            }
            Self::Refused(refusal) | Self::RefusedAndTold(refusal, _) => {
                DeliveryError::Refused(refusal)
            }
            Self::Reupload => DeliveryError::Reupload,
            Self::CodeUsed => DeliveryError::Refused(Refusal::MessageGone),
            Self::WindowClosed => DeliveryError::WindowClosed,
            Self::WrongState => DeliveryError::HumanHasIt,
        }
    }
}

/// Why somebody did not get what was sent without a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// They have no licence.
    Unlicensed,
    /// The app is not seen where they are, or there is no such member.
    Unseen,
}

/// Whether an answer without a fault still names this member among those who did not get it, and
/// why. They come back in lower case. Source: 90236, `invaliduser` and `unlicenseduser`.
#[must_use]
pub fn missed(answer: &Value, user: &str) -> Option<Missed> {
    let lists = [("unlicenseduser", Missed::Unlicensed), ("invaliduser", Missed::Unseen)];
    let (_, why) = lists.into_iter().find(|(list, _)| {
        let list = answer[list].as_str().unwrap_or_default();
        list.split('|').any(|one| one.eq_ignore_ascii_case(user))
    })?;
    Some(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no(code: i64) -> No {
        No { code, hint: None, from_ip: None }
    }

    #[test]
    fn only_the_hint_and_the_address_of_a_no_are_kept() {
        let words = "not allow to access from your ip, hint: [1658286717354964018506079], \
                     from ip: 115.227.127.185, more info at https://open.work.weixin.qq.com";
        let no = No::read(60_020, words);
        assert_eq!(no.hint.as_deref(), Some("1658286717354964018506079"));
        assert_eq!(no.from_ip.as_deref(), Some("115.227.127.185"));
        let Verdict::Alarm(alarm) = judge(Api::MessageSend, &no, "") else { panic!("no alarm") };
        assert!(alarm.words.contains("115.227.127.185"), "{}", alarm.words);
        assert_eq!(No::read(1, "hint: from ip:"), super::No { code: 1, hint: None, from_ip: None });
    }

    #[test]
    fn every_code_of_the_table_says_what_to_do_next() {
        use Verdict::{CodeUsed, Refused, Reupload, Token, Wait, WindowClosed, WrongState};
        let as_send = |code| judge(Api::MessageSend, &no(code), "");
        for code in [40_014, 42_001] {
            assert_eq!(as_send(code), Token);
        }
        for code in [-1, 45_033, 41_096] {
            assert_eq!(as_send(code), Verdict::Again, "{code}");
        }
        assert!(matches!(as_send(45_009), Wait(_)));
        assert_eq!((as_send(40_007), as_send(95_018)), (Reupload, WrongState));
        for code in [95_001, 95_002, 95_013, 95_031] {
            assert_eq!(as_send(code), WindowClosed, "{code}");
        }
        for code in [40_003, 60_111, 46_004, 40_096, 84_061] {
            assert_eq!(as_send(code), Refused(Refusal::Blocked), "{code}");
        }
        for code in [
            40_004, 40_005, 40_006, 40_008, 40_009, 40_033, 40_058, 40_063, 41_001, 44_004, 45_001,
            45_002, 830_002, 1,
        ] {
            assert_eq!(as_send(code), Refused(Refusal::Content), "{code}");
        }
        for code in [40_001, 40_013, 40_056, 301_002] {
            assert!(matches!(as_send(code), Verdict::Unauthorized(_)), "{code}");
        }
        for code in [
            43_009, 43_012, 48_002, 48_006, 48_007, 50_001, 50_003, 60_011, 60_020, 60_030, 95_003,
            95_011, 95_012, 95_014, 95_017, 95_019, 95_023, 95_032, 93_000, 93_004, 93_006, 93_008,
        ] {
            assert!(matches!(as_send(code), Verdict::Alarm(_)), "{code}");
        }
        for code in [41_050, 41_051] {
            assert_eq!(as_send(code), Refused(Refusal::MessageGone), "{code}");
        }
        for code in [40_201, 40_204] {
            let told = as_send(code);
            assert!(matches!(told, Verdict::RefusedAndTold(Refusal::Content, _)), "{told:?}");
        }
        let told = as_send(81_013);
        assert!(matches!(told, Verdict::RefusedAndTold(Refusal::Blocked, _)), "{told:?}");
        assert_eq!(judge(Api::UpdateTemplateCard, &no(42_015), ""), CodeUsed);
    }

    #[test]
    fn a_fault_of_one_account_or_person_keeps_nobody_else_waiting() {
        for (code, of_one) in [(48_007, true), (60_011, true), (95_017, true), (60_020, false)] {
            let failure = judge(Api::KfSendMsg, &no(code), "").failure(Api::KfSendMsg, &no(code));
            let DeliveryError::RetryAfter { scope, .. } = failure else { panic!("{failure:?}") };
            assert_eq!(scope == Scope::Conversation, of_one, "{code}");
        }
    }

    #[test]
    fn whoever_did_not_get_it_is_found_whatever_the_case() {
        let answer = serde_json::json!({ "invaliduser": "u1|ZhangSan", "unlicenseduser": "u3" });
        assert_eq!(missed(&answer, "zhangsan"), Some(Missed::Unseen));
        assert_eq!(missed(&answer, "U3"), Some(Missed::Unlicensed));
        assert_eq!((missed(&answer, "u"), missed(&answer, "u2")), (None, None));
    }

    #[test]
    fn control_characters_do_not_keep_an_answer_from_being_read() {
        let body = b"{\"errcode\":0,\"errmsg\":\"o\x01k\x1f\n\"}";
        assert!(read_head(200, body).is_err());
        assert!(read_head(200, &cleaned(body)).is_ok());
    }
}
