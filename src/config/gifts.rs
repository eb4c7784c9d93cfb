//! What the plans file gives away: promo codes, and rewards for whoever brings somebody.

use std::collections::BTreeSet;

use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use picdesk_core::{
    credits::Credits,
    facts::{GiftRules, Promo, Referral},
    promo,
};

use super::given::Value;
use super::images::CREDITS_MAX;
use super::reader::{Keys, Read, Reader};
use super::value::{parsed, within};

/// A day, milliseconds.
const DAY_MS: i64 = 86_400_000;

/// Days after a payment until a reward is decided, where the file says nothing: a refund or a
/// change of mind has come by then.
const AFTER_DAYS: i64 = 14;

/// Rewards for one account in 30 days, where the file says nothing.
const PER_30_DAYS: i64 = 10;

/// More accounts than any code is for: a guard against slips of the finger.
const USES_MAX: i64 = 100_000_000;

/// Reads what is given away; nothing is where the file says nothing.
pub(super) fn read(reader: &mut Reader) -> Option<GiftRules> {
    let rows = reader.rows("promos");
    let promos: Vec<Option<Promo>> =
        (0..rows).map(|row| read_promo(&mut reader.section(format!("promos[{row}]")))).collect();
    let mut codes = BTreeSet::new();
    for (row, promo) in promos.iter().enumerate() {
        if promo.as_ref().is_some_and(|promo| !codes.insert(promo.code.clone())) {
            let key = format!("promos[{row}].code");
            reader.blame(&key, "is another one's already; upper and lower case are the same");
        }
    }
    let referral = read_referral(&mut reader.section("referral")).ok()?;
    Some(GiftRules { promos: promos.into_iter().collect::<Option<_>>()?, referral })
}

fn read_promo(keys: &mut Keys<'_>) -> Option<Promo> {
    let code = keys.required("code", code);
    let credits = keys.required("credits", within(1..=CREDITS_MAX)).map(Credits);
    let uses_max = keys.required("uses_max", within(1..=USES_MAX));
    let until = keys.optional("until", end_of_day);
    let new_within = keys.optional("new_within_days", within(1_i64..=3650));
    Some(Promo {
        code: code?,
        credits: credits?,
        uses_max: uses_max?,
        until,
        new_within_ms: new_within.map(|days| days * DAY_MS),
    })
}

/// What is wrong is written down.
struct Wrong;

/// The rewards, where the file has any.
fn read_referral(keys: &mut Keys<'_>) -> Result<Option<Referral>, Wrong> {
    const KEYS: [&str; 4] = ["credits", "invited_credits", "after_days", "per_30_days"];
    let is_on = KEYS.iter().any(|key| keys.is_given(key));
    let amount = within(0..=CREDITS_MAX);
    let (credits, invited) = if is_on {
        (keys.required("credits", &amount), keys.required("invited_credits", &amount))
    } else {
        (keys.optional("credits", &amount), keys.optional("invited_credits", &amount))
    };
    let after = keys.optional("after_days", within(1_i64..=365)).unwrap_or(AFTER_DAYS);
    let per_30_days = keys.optional("per_30_days", within(1_i64..=1000)).unwrap_or(PER_30_DAYS);
    if !is_on {
        return Ok(None);
    }
    let (credits, invited_credits) = credits.zip(invited).ok_or(Wrong)?;
    let (credits, invited_credits) = (Credits(credits), Credits(invited_credits));
    if credits == Credits::ZERO && invited_credits == Credits::ZERO {
        keys.blame("credits", "must be at least 1 where referral.invited_credits is 0");
        return Err(Wrong);
    }
    let after_ms = after * DAY_MS;
    Ok(Some(Referral { credits, invited_credits, after_ms, per_30_days }))
}

fn code(value: &Value) -> Read<String> {
    parsed(|text| {
        promo::read(text).ok_or_else(|| "must be 4 to 32 letters, digits and -".to_owned())
    })(value)
}

/// The end of a day in UTC, milliseconds since the epoch.
fn end_of_day(value: &Value) -> Read<i64> {
    parsed(|text| {
        let end = || text.parse::<Date>().ok()?.checked_add(1.day()).ok();
        let end = end().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
        end.map(|end| end.timestamp().as_millisecond())
            .ok_or_else(|| "must be a day, as in \"2027-01-31\"".to_owned())
    })(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::plans::{BUILT_IN, Plans};

    fn parse(more: &str) -> (Option<GiftRules>, Vec<(String, String)>) {
        let (plans, problems) = Plans::parse("plans.toml", &format!("{BUILT_IN}{more}"), 30);
        let problems = problems.into_iter().map(|problem| (problem.key, problem.what));
        (plans.map(|plans| plans.gifts), problems.collect())
    }

    #[test]
    fn what_the_sandboxs_page_says_can_be_played_is_given_away_there() {
        let (plans, problems) = Plans::parse("plans.toml", &crate::sandbox::plans_sold(), 30);
        assert_eq!(problems, []);
        let plans = plans.unwrap();
        let codes: Vec<&str> = plans.gifts.promos.iter().map(|promo| &*promo.code).collect();
        assert_eq!(codes, ["WELCOME"]);
        assert!(plans.gifts.referral.is_some());
        assert!(plans.packs.iter().all(|pack| pack.creem_product_id.is_some()));
        let page = [
            include_str!("../../bots/sandbox/src/page/words-en.js"),
            include_str!("../../bots/sandbox/src/page/words-zh.js"),
        ];
        assert!(page.iter().all(|words| words.contains("/redeem WELCOME")));
    }

    #[test]
    fn nothing_is_given_away_unless_it_is_written() {
        assert_eq!(parse("").0.unwrap(), GiftRules::default());
    }

    #[test]
    fn what_stands_in_the_file_as_a_comment_is_sound() {
        let (_, commented) = BUILT_IN.split_once("# Credits that are given away").unwrap();
        let lines = commented.lines().filter_map(|line| line.strip_prefix("# "));
        let text = lines.filter(|line| line.contains(['=', '['])).collect::<Vec<_>>().join("\n");
        let rules = parse(&text).0.unwrap();
        let day_after = 1_801_440_000_000;
        assert_eq!(
            rules.promos,
            [Promo {
                code: "WELCOME".into(),
                credits: Credits(20),
                uses_max: 500,
                until: Some(day_after),
                new_within_ms: Some(7 * DAY_MS),
            }]
        );
        let referral = rules.referral.unwrap();
        assert_eq!((referral.after_ms, referral.per_30_days), (14 * DAY_MS, 10));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_by_key() {
        let (rules, problems) = parse(
            "[[promos]]\ncode = \"abc\"\ncredits = 0\n\
             [[promos]]\ncode = \"Summer\"\ncredits = 1\nuses_max = 1\nuntil = \"soon\"\n\
             [[promos]]\ncode = \"SUMMER\"\ncredits = 1\nuses_max = 1\nnew_within_days = 0\n\
             [referral]\ncredits = 5\nafter_days = 0\n",
        );
        assert!(rules.is_none());
        let keys: Vec<&str> = problems.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "promos[0].code",
                "promos[0].credits",
                "promos[0].uses_max",
                "promos[1].until",
                "promos[2].new_within_days",
                "promos[2].code",
                "referral.invited_credits",
                "referral.after_days",
            ],
            "{problems:?}"
        );
        let (rules, problems) = parse("[referral]\ncredits = 0\ninvited_credits = 0\n");
        assert!(rules.is_none() && problems[0].0 == "referral.credits", "{problems:?}");
    }
}
