//! `[desk]` and `[alarms]`.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use picdesk_core::credits::Credits;
use url::Url;

use super::hours::OfficeHours;
use super::images::amount;
use super::reader::{Keys, Read};
use super::secret::Secret;
use super::value::{
    BaseUrl, base_url, list, maybe, page_url, parsed, telegram_chat, within, words,
};

/// Where people answer, and when.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The forum group that has a topic for every escalation.
    pub telegram_chat_id: Option<i64>,
    /// Members of the company who are operators: told of every escalation on WeCom, by user id.
    pub wecom_operators: Vec<String>,
    /// The contact link shown beside every price and failure.
    pub support_url: Option<Url>,
    /// When people answer, by the clock of `time_zone`.
    pub hours: OfficeHours,
    /// The zone of `hours` and `holidays`.
    pub time_zone: TimeZone,
    /// Days nobody answers.
    pub holidays: Vec<Date>,
    /// Within which an answer is promised.
    pub promise: Duration,
    /// What one operator may give at once.
    pub grant_max: Credits,
    /// What one operator may give a day.
    pub grant_per_day: Credits,
}

impl Desk {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        let desk = Self {
            telegram_chat_id: keys.take("telegram_chat_id", telegram_chat),
            wecom_operators: keys.take("wecom_operators", list(words)),
            support_url: keys.take("support_url", maybe(page_url)),
            hours: keys.take("hours", parsed(str::parse)),
            time_zone: keys.take("time_zone", parsed(time_zone)),
            holidays: keys.take("holidays", list(parsed(date))),
            promise: keys.take("promise_min", |value| {
                within(1..=10_080_u64)(value).map(|minutes| Duration::from_secs(minutes * 60))
            }),
            grant_max: keys.take("grant_max", amount),
            grant_per_day: keys.take("grant_per_day", amount),
        };
        if desk.grant_per_day < desk.grant_max {
            keys.blame("grant_per_day", "is less than desk.grant_max, which can then not be given");
        }
        desk
    }
}

fn time_zone(text: &str) -> Read<TimeZone> {
    TimeZone::get(text)
        .map_err(|_| "is not the IANA name of a time zone, as Asia/Shanghai is".to_owned())
}

fn date(text: &str) -> Read<Date> {
    text.parse().map_err(|_| "must be a day, as in \"2027-01-01\"".to_owned())
}

/// Who is told when someone should get up.
#[derive(Debug, Clone)]
pub struct Alarms {
    /// The chat that is told.
    pub telegram_chat_id: Option<i64>,
    /// The key of the WeCom group's robot that is told; none: nobody is told there.
    pub wecom_robot_key: Option<Secret>,
    /// Base URL of that robot's API.
    pub wecom_robot_url: BaseUrl,
}

impl Alarms {
    pub(super) fn read(keys: &mut Keys<'_>) -> Self {
        Self {
            telegram_chat_id: keys.take("telegram_chat_id", telegram_chat),
            wecom_robot_key: keys.secret("wecom_robot_key"),
            wecom_robot_url: keys.take("wecom_robot_url", parsed(base_url)),
        }
    }
}
