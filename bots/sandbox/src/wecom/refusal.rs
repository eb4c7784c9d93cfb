//! How WeCom says no: status 200, a number and words.

use serde_json::{Value, json};

/// A refusal of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `errcode`. Source: document 90313, the table of all codes.
    pub errcode: i64,
    /// How `errmsg` begins.
    pub words: String,
}

impl Refusal {
    /// With words of its own.
    pub fn new(errcode: i64, words: &str) -> Self {
        Self { errcode, words: words.to_owned() }
    }

    /// 40058: a parameter is not as it should be.
    pub fn parameter(what: &str) -> Self {
        Self::new(40058, &format!("invalid Request Parameter: {what}"))
    }

    /// 40007.
    pub fn media() -> Self {
        Self::new(40007, "invalid media_id")
    }

    /// 45009.
    pub fn frequency() -> Self {
        Self::new(45009, "api freq out of limit")
    }

    /// With the usual words of a code, for faults.
    pub fn of_code(errcode: i64) -> Self {
        let words = match errcode {
            -1 => "system busy",
            40001 => "invalid credential",
            40007 => "invalid media_id",
            40014 => "invalid access_token",
            42001 => "access_token expired",
            45009 => "api freq out of limit",
            45033 => "api concurrent out of limit",
            60020 => "not allow to access from your ip",
            95001 => "send msg count limit",
            95002 => "send msg out of time limit",
            95018 => "send msg session status invalid",
            _ => "refused",
        };
        Self::new(errcode, words)
    }

    /// The body of the answer. `from` is the address the call seems to come from.
    pub fn body(&self, hint: &str, from: &str) -> Value {
        let Self { errcode, words } = self;
        let errmsg = format!(
            "{words}, hint: [{hint}], from ip: {from}, more info at \
             https://open.work.weixin.qq.com/devtool/query?e={errcode}"
        );
        json!({"errcode": errcode, "errmsg": errmsg})
    }
}
