//! Office hours: `Mon-Fri 09:00-18:00`.

use std::fmt;

use jiff::{
    ToSpan as _,
    civil::{Date, DateTime, Time},
};

/// The words for the days of the week, Monday first.
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Days that are looked ahead for the next opening.
const DAYS_AHEAD: usize = 366;

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

    /// When people answer next, where they do not answer at this time of their own clock; within a
    /// year, beyond which nobody looks.
    pub fn next_opening(&self, at: DateTime, holidays: &[Date]) -> Option<DateTime> {
        let is_workday = |date: &Date| !holidays.contains(date);
        if is_workday(&at.date()) && self.are_open(at) {
            return None;
        }
        let days = at.date().series(1.day()).take(DAYS_AHEAD).filter(is_workday);
        let openings = days.flat_map(|date| {
            let day = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
            let spans = self.spans.iter().filter(move |span| span.covers(day));
            spans.filter_map(move |span| Some(date.to_datetime(time_of(span.from_min)?)))
        });
        let later: Vec<DateTime> = openings.filter(|opening| *opening > at).collect();
        later.into_iter().min()
    }
}

impl Span {
    fn covers(&self, day: usize) -> bool {
        (self.first_day..=self.last_day).contains(&day)
    }
}

/// Minutes after midnight as a time of day.
fn time_of(minutes: u32) -> Option<Time> {
    let part = |part: u32| i8::try_from(part).ok();
    Time::new(part(minutes / 60)?, part(minutes % 60)?, 0, 0).ok()
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
    }

    #[test]
    fn the_next_opening_is_on_the_next_day_that_is_no_holiday() {
        let hours = hours("Mon-Fri 09:00-12:00, Mon-Fri 14:00-18:00, Sat 10:00-24:00");
        let holidays = ["2026-11-28", "2026-11-30"].map(|day| day.parse::<Date>().unwrap());
        let next = |at: &str| {
            let next = hours.next_opening(at.parse().unwrap(), &holidays)?;
            Some(next.to_string())
        };
        // 26 November 2026 is a Thursday.
        assert_eq!(next("2026-11-26T10:00:00"), None);
        assert_eq!(next("2026-11-26T12:00:00").as_deref(), Some("2026-11-26T14:00:00"));
        assert_eq!(next("2026-11-26T18:00:00").as_deref(), Some("2026-11-27T09:00:00"));
        assert_eq!(next("2026-11-27T18:00:00").as_deref(), Some("2026-12-01T09:00:00"));
        assert_eq!(next("2026-11-30T10:00:00").as_deref(), Some("2026-12-01T09:00:00"));
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
