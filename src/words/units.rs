//! Amounts, dates, durations and sizes as people say them.

use jiff::{Timestamp, Zoned, tz::TimeZone};
use picdesk_core::{
    credits::Credits,
    generation::{Background, Options, Quality, Resolution},
};

use super::{lexicon::Lexicon, pattern::Args};

/// `2 credits`.
pub(super) fn credits(lexicon: &Lexicon, credits: Credits) -> String {
    lexicon.phrase("credits", &Args::new().number("count", credits.0))
}

/// `4 pictures`.
pub(super) fn pictures(lexicon: &Lexicon, count: i64) -> String {
    lexicon.phrase("pictures", &Args::new().number("count", count))
}

/// `22 Dec`, in the house's time zone.
pub(super) fn date(lexicon: &Lexicon, at_ms: i64, zone: &TimeZone) -> String {
    date_of(lexicon, &zoned(at_ms, zone))
}

/// `22 Dec, 14:05`, in the house's time zone.
pub(super) fn moment(lexicon: &Lexicon, at_ms: i64, zone: &TimeZone) -> String {
    moment_of(lexicon, &zoned(at_ms, zone))
}

/// The same of a moment that is in its time zone already.
pub(super) fn moment_of(lexicon: &Lexicon, at: &Zoned) -> String {
    let args = Args::new()
        .ours("date", date_of(lexicon, at))
        .ours("time", format!("{}:{:02}", at.hour(), at.minute()));
    lexicon.phrase("moment", &args)
}

/// A time to wait, rounded as far as it can be meant: `40 s`, `3 min`, `2 h`.
pub(super) fn wait(lexicon: &Lexicon, seconds: i64) -> String {
    match seconds {
        ..=90 => amount(lexicon, "seconds", rounded_up(seconds.max(1), 5) * 5),
        91..=5_400 => amount(lexicon, "minutes", rounded_up(seconds, 60)),
        5_401.. => amount(lexicon, "hours", rounded_up(seconds, 3_600)),
    }
}

/// A promised time, to the minute: `90 min`, `2 h`.
pub(super) fn promise(lexicon: &Lexicon, minutes: u32) -> String {
    let minutes = i64::from(minutes);
    if minutes % 60 == 0 {
        amount(lexicon, "hours", minutes / 60)
    } else {
        amount(lexicon, "minutes", minutes)
    }
}

/// A file's size, rounded up to a tenth: `27.4 MB`.
pub(super) fn size_rounded_up(bytes: i64) -> String {
    size(bytes, |tenths, unit| tenths.div_euclid(unit) + i64::from(tenths % unit != 0))
}

/// A limit on a file's size, rounded down to a tenth: `20 MB`.
pub(super) fn size_rounded_down(bytes: i64) -> String {
    size(bytes, i64::div_euclid)
}

/// The resolution's name, the same in every language.
pub(super) fn resolution(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::K1 => "1K",
        Resolution::K2 => "2K",
        Resolution::K4 => "4K",
    }
}

/// `medium`.
pub(super) fn quality(lexicon: &Lexicon, quality: Quality) -> &str {
    lexicon.word(match quality {
        Quality::Low => "quality-low",
        Quality::Medium => "quality-medium",
        Quality::High => "quality-high",
    })
}

/// `1024×1024 · medium · 4 pictures · transparent background`, without what goes unsaid.
pub(super) fn options(lexicon: &Lexicon, options: Options) -> String {
    let mut line = one_picture(lexicon, options);
    if options.count > 1 {
        line.push_str(" · ");
        line.push_str(&pictures(lexicon, options.count.into()));
    }
    line
}

/// The same for one of the pictures.
pub(super) fn one_picture(lexicon: &Lexicon, options: Options) -> String {
    let size = options.size();
    let quality = quality(lexicon, options.quality);
    let background = match options.background {
        Background::Auto => None,
        Background::Opaque => Some("background-opaque"),
        Background::Transparent => Some("background-transparent"),
    };
    let mut line = format!("{}×{} · {quality}", size.width, size.height);
    if let Some(background) = background {
        line.push_str(" · ");
        line.push_str(lexicon.word(background));
    }
    line
}

/// A moment in a time zone.
pub(super) fn zoned(at_ms: i64, zone: &TimeZone) -> Zoned {
    // Only a broken row is outside what a timestamp can hold; it reads as the beginning of time.
    Timestamp::from_millisecond(at_ms).unwrap_or_default().to_zoned(zone.clone())
}

fn date_of(lexicon: &Lexicon, at: &Zoned) -> String {
    let args = Args::new().number("day", at.day().into()).number("month", at.month().into());
    lexicon.phrase("date", &args)
}

fn amount(lexicon: &Lexicon, id: &'static str, count: i64) -> String {
    lexicon.phrase(id, &Args::new().number("count", count))
}

fn rounded_up(amount: i64, unit: i64) -> i64 {
    amount.div_euclid(unit) + i64::from(amount % unit != 0)
}

fn size(bytes: i64, divide: fn(i64, i64) -> i64) -> String {
    let (unit, name) = match bytes {
        ..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        1_000_000_000.. => (1_000_000_000, "GB"),
    };
    let tenths = divide(bytes.max(0).saturating_mul(10), unit);
    match tenths % 10 {
        0 => format!("{} {name}", tenths / 10),
        tenth => format!("{}.{tenth} {name}", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_say_them() {
        assert_eq!(size_rounded_up(27_310_000), "27.4 MB");
        assert_eq!(size_rounded_up(20_000_001), "20.1 MB");
        assert_eq!(size_rounded_down(20_000_000), "20 MB");
        assert_eq!(size_rounded_down(20_971_520), "20.9 MB");
        assert_eq!(size_rounded_up(640_000), "640 kB");
        assert_eq!(size_rounded_up(2_000_000_000), "2 GB");
    }
}
