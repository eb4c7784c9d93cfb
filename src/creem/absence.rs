//! Whether Creem has been away for so long that the owner should know: what was paid meanwhile and
//! not told is found only once it answers again.

/// How long it has to be away, milliseconds: six looks, and as long as it brings a webhook again.
const LONG_MS: i64 = 60 * 60_000;

/// That Creem is away, as the owner hears it once, and that it is back.
pub(super) const AWAY: &str = "Creem has not answered for an hour: payments that its webhooks do not \
                               tell of wait until it does; see its status page and creem.api_key";
pub(super) const BACK: &str = "Creem answers again: what was paid meanwhile is found now";

/// What its looks came to.
#[derive(Debug, Default)]
pub(super) struct Absence {
    /// Since when no look has been answered, milliseconds since the epoch.
    since: Option<i64>,
    told: bool,
}

impl Absence {
    /// It was looked at; what the owner hears of it.
    pub(super) fn looked(&mut self, now: i64, answered: bool) -> Option<&'static str> {
        if answered {
            self.since = None;
            return std::mem::take(&mut self.told).then_some(BACK);
        }
        let since = *self.since.get_or_insert(now);
        let is_long = now.saturating_sub(since) >= LONG_MS;
        (is_long && !std::mem::replace(&mut self.told, is_long)).then_some(AWAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn a_long_absence_is_told_once_and_so_is_its_end() {
        let mut absence = Absence::default();
        let mut heard = Vec::new();
        let looks = (0..).step_by(10).map(|minute| minute * MINUTE);
        for (number, now) in looks.take(30).enumerate() {
            // It is away from the third look on, and back at the twentieth.
            let answered = !(3..20).contains(&number);
            heard.extend(absence.looked(now, answered).map(|what| (number, what)));
        }
        assert_eq!(heard, [(9, AWAY), (20, BACK)]);
    }

    #[test]
    fn short_absences_are_no_long_one() {
        let mut absence = Absence::default();
        for look in 0..60 {
            assert_eq!(absence.looked(look * 10 * MINUTE, look % 6 == 0), None, "{look}");
        }
    }
}
