//! Who a person is with us, and the language we speak with them.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::{
    credits::Purse,
    generation::Options,
    id::{AccountId, IdentityId},
};

/// A language we have texts in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    En,
    /// 简体中文.
    #[serde(rename = "zh-CN")]
    ZhCn,
}

impl Language {
    /// Every language there is.
    pub const ALL: [Self; 2] = [Self::En, Self::ZhCn];

    /// The tag its texts are filed under.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }

    /// The language nearest to a client's tag (`zh-hans`, `en-GB`), or nothing when we have none.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::ZhCn)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else {
            None
        }
    }
}

/// Somebody on a channel, as the channel presents them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who they are there.
    pub identity: IdentityId,
    /// What they call themselves there; shown to operators, never logged.
    pub name: String,
    /// Their client's language, where the channel tells and we have it.
    pub language: Option<Language>,
}

/// What a plan, or having none, unlocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlement {
    /// The plan's id; nothing without a plan.
    pub plan: Option<String>,
    /// The largest resolution it includes.
    pub max_resolution: crate::generation::Resolution,
    /// Requests that may stand in line at once.
    pub queue_max: u32,
    /// Pictures one request may ask for.
    pub pictures_max: u8,
    /// Days a picture is kept.
    pub retention_days: u32,
}

/// An account as a turn sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its purse.
    pub purse: Purse,
    /// Whether nothing may be spent from it, because its books are wrong.
    pub stopped: bool,
    /// What it chose in `/settings`.
    pub options: Options,
    /// What it may ask for.
    pub entitlement: Entitlement,
    /// The fair-queueing tag of its last request; see [`Facts`](crate::facts).
    pub last_tag: i64,
}
