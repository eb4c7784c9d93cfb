//! The line for the provider: whose turn it is, and how long it takes.

use crate::{facts::Line, generation::Options};

/// Where a picture stands in the line when it enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Counted from one; zero when it begins at once.
    pub place: i64,
    /// Seconds until it is made, from measured medians; nothing without samples.
    pub wait_s: Option<i64>,
}

/// The first tag of an account's new request: after what was served, and after its own last one,
/// so that one person's ten wait behind another's one.
#[must_use]
pub fn first_tag(line: &Line, last_tag: i64) -> i64 {
    line.served_tag.max(last_tag).saturating_add(1)
}

/// Where a picture with this tag stands, when `own` pictures of the same request go before it and
/// each replica makes `concurrency` at once.
#[must_use]
pub fn standing(line: &Line, tag: i64, own: i64, options: &Options, concurrency: i64) -> Standing {
    let concurrency = concurrency.max(1).saturating_mul(line.replicas.max(1));
    let waiting = line.tags.iter().filter(|other| **other <= tag).count() as i64;
    let free = concurrency.saturating_sub(line.running).clamp(0, concurrency);
    let place = (waiting.saturating_add(own) - free + 1).max(0);
    let median = line
        .medians
        .iter()
        .find(|sample| sample.resolution == options.resolution && sample.quality == options.quality)
        .map(|sample| sample.took_ms.max(1));
    let wait_s = median.map(|took_ms| {
        // What stands before it leaves `concurrency` at a time, and then it takes its own time.
        let queued_ms = took_ms.saturating_mul(place) / concurrency;
        queued_ms.saturating_add(took_ms).saturating_add(999) / 1000
    });
    Standing { place, wait_s }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        facts::Median,
        generation::{Quality, Resolution},
    };

    fn line(tags: Vec<i64>, running: i64, took_ms: Option<i64>) -> Line {
        let median =
            |took_ms| Median { resolution: Resolution::K1, quality: Quality::Medium, took_ms };
        let medians = took_ms.map(median).into_iter().collect();
        Line { tags, served_tag: 0, running, replicas: 1, medians }
    }

    #[test]
    fn replicas_share_the_line() {
        let alone = line(vec![1, 1], 8, Some(20_000));
        let shared = Line { replicas: 2, ..alone.clone() };
        let stands = |line| standing(line, 1, 0, &Options::default(), 8);
        assert_eq!(stands(&alone), Standing { place: 3, wait_s: Some(28) });
        assert_eq!(stands(&shared), Standing { place: 0, wait_s: Some(20) });
        let full = Line { running: 16, ..shared.clone() };
        assert_eq!(stands(&full), Standing { place: 3, wait_s: Some(24) });
    }

    #[test]
    fn it_begins_at_once_while_there_is_room() {
        let line = line(vec![], 7, Some(20_000));
        let standing = standing(&line, 1, 0, &Options::default(), 8);
        assert_eq!(standing, Standing { place: 0, wait_s: Some(20) });
    }

    #[test]
    fn with_everything_busy_the_first_that_waits_is_next() {
        let line = line(vec![], 8, Some(20_000));
        let standing = standing(&line, 1, 0, &Options::default(), 8);
        assert_eq!(standing, Standing { place: 1, wait_s: Some(23) });
    }

    #[test]
    fn one_request_of_another_passes_ten_of_the_same_person() {
        let line = line((1..=10).collect(), 8, None);
        assert_eq!(standing(&line, first_tag(&line, 0), 0, &Options::default(), 8).place, 2);
        assert_eq!(standing(&line, first_tag(&line, 10), 0, &Options::default(), 8).place, 11);
    }

    #[test]
    fn without_samples_no_time_is_told() {
        assert_eq!(standing(&line(vec![], 8, None), 1, 0, &Options::default(), 8).wait_s, None);
    }

    proptest! {
        #[test]
        fn a_longer_line_never_means_a_shorter_wait(
            mut tags in proptest::collection::vec(0..50_i64, 0..40),
            tag in 0..60_i64,
            more in 0..50_i64,
            running in 0..10_i64,
            concurrency in -1..12_i64,
            replicas in 0..4_i64,
            took_ms in 1..100_000_i64,
        ) {
            tags.sort_unstable();
            let before = Line { replicas, ..line(tags.clone(), running, Some(took_ms)) };
            tags.push(more);
            tags.sort_unstable();
            let after = Line { replicas, ..line(tags, running, Some(took_ms)) };
            let options = Options::default();
            let shorter = standing(&before, tag, 0, &options, concurrency);
            let longer = standing(&after, tag, 0, &options, concurrency);
            prop_assert!(shorter.place <= longer.place && shorter.place >= 0);
            prop_assert!(shorter.wait_s <= longer.wait_s);
            prop_assert!(shorter.wait_s.unwrap() * 1000 >= took_ms);
        }
    }
}
