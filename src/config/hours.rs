//! Office hours: `Mon-Fri 09:00-18:00`.

use std::fmt;

use jiff::civil::{DateTime, Time, Weekday};

/// The words for the days of the week, Monday first.
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// When people answer, in the order written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeHours {
    spans: Vec<Span>,
}

/// Some days in a row, and the same hours on each. Ends are exclusive; `24:00` is the day's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    first_day: usize,
    last_day: usize,
    from_min: u32,
    to_min: u32,
}

impl OfficeHours {
    /// Whether people answer at this time of their own clock.
    pub fn are_open(&self, at: DateTime) -> bool {
        let day = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or_default();
        let minute = minute_of(at.time());
        self.spans
            .iter()
            .any(|span| span.covers(day) && (span.from_min..span.to_min).contains(&minute))
    }

    /// When people first answer on a day of the week, minutes after its midnight.
    pub fn opening(&self, day: Weekday) -> Option<u32> {
        let day = usize::try_from(day.to_monday_zero_offset()).unwrap_or_default();
        self.spans.iter().filter(|span| span.covers(day)).map(|span| span.from_min).min()
    }
}

impl Span {
    fn covers(&self, day: usize) -> bool {
        (self.first_day..=self.last_day).contains(&day)
    }
}

fn minute_of(time: Time) -> u32 {
    let part = |part: i8| u32::try_from(part).unwrap_or_default();
    part(time.hour()) * 60 + part(time.minute())
}

impl std::str::FromStr for OfficeHours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let spans: Option<Vec<Span>> =
            text.split(',').map(|span| parse_span(span.trim())).collect();
        spans.map(|spans| Self { spans }).ok_or_else(|| {
            "must be days and hours, as in \"Mon-Fri 09:00-18:00, Sat 10:00-14:00\"".to_owned()
        })
    }
}

fn parse_span(text: &str) -> Option<Span> {
    let (days, hours) = text.split_once(' ')?;
    let (first_day, last_day) = days.split_once('-').unwrap_or((days, days));
    let day = |word: &str| DAYS.iter().position(|day| *day == word);
    let (from, to) = hours.trim().split_once('-')?;
    let span = Span {
        first_day: day(first_day)?,
        last_day: day(last_day)?,
        from_min: parse_minute(from)?,
        to_min: parse_minute(to)?,
    };
    (span.first_day <= span.last_day && span.from_min < span.to_min).then_some(span)
}

/// `HH:MM` as minutes after midnight, up to `24:00`.
fn parse_minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let parse = |part: &str| part.parse::<u32>().ok().filter(|_| two_digits(part));
    let (hour, minute) = (parse(hour)?, parse(minute)?);
    (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(hour * 60 + minute)
}

impl fmt::Display for OfficeHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, span) in self.spans.iter().enumerate() {
            let day = |day: usize| DAYS.get(day).copied().unwrap_or_default();
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{}", day(span.first_day))?;
            if span.last_day > span.first_day {
                write!(f, "-{}", day(span.last_day))?;
            }
            let (from, to) = (span.from_min, span.to_min);
            write!(f, " {:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> OfficeHours {
        text.parse().unwrap()
    }

    #[test]
    fn office_hours_open_on_their_first_minute_and_close_on_their_last() {
        let hours = hours("Mon-Fri 09:00-18:00, Sat 10:00-24:00");
        let open = |at: &str| hours.are_open(at.parse().unwrap());
        // 23 November 2026 is a Monday.
        assert!(!open("2026-11-23T08:59:59"));
        assert!(open("2026-11-23T09:00:00"));
        assert!(open("2026-11-27T17:59:59"));
        assert!(!open("2026-11-27T18:00:00"));
        assert!(open("2026-11-28T23:59:59"));
        assert!(!open("2026-11-29T12:00:00"));
        assert_eq!(hours.opening(Weekday::Saturday), Some(600));
        assert_eq!(hours.opening(Weekday::Sunday), None);
    }

    #[test]
    fn office_hours_are_written_as_they_are_read() {
        for text in ["Mon-Fri 09:00-18:00", "Sun 00:00-24:00, Mon-Sat 09:30-12:00"] {
            assert_eq!(hours(text).to_string(), text);
        }
    }

    #[test]
    fn hours_that_make_no_sense_are_refused() {
        for text in [
            "",
            "Mon-Fri",
            "Fri-Mon 09:00-18:00",
            "Mon 18:00-09:00",
            "Mon 9:00-18:00",
            "Mon 09:00-24:01",
            "Mon 09:60-18:00",
            "Montag 09:00-18:00",
            "Mon 09:00-18:00,",
            "Mon 09:00",
        ] {
            assert!(text.parse::<OfficeHours>().is_err(), "{text:?}");
        }
    }
}
