//! What is said about credits and prices.

use picdesk_core::{
    channel::Text,
    credits::Credits,
    say::{Balance, BalanceLine, Offer, OfferLine},
};

use super::{
    clean,
    lexicon::{Args, grouped},
    mark::unmark,
    speaker::{LINES_MAX, NAME_CHARS_MAX, Speaker},
    units,
};

impl Speaker<'_> {
    /// What can be spent, what is set aside and for what, and the last entries with reasons.
    pub(super) fn balance(&self, balance: &Balance) -> Text {
        let left = Args::new().ours("left", self.credits(balance.available));
        let mut lines = vec![self.lexicon.fill("balance", &left)];
        if balance.pending > Credits::ZERO {
            let requests = Args::new().number("count", balance.in_line);
            let args = Args::new()
                .ours("pending", self.credits(balance.pending))
                .ours("requests", self.lexicon.fill("requests", &requests));
            lines.push(self.lexicon.fill("balance-pending", &args));
        }
        if balance.available < Credits::ZERO {
            lines.push(self.lexicon.word("balance-below").to_owned());
        }
        if !balance.entries.is_empty() {
            lines.push(String::new());
        }
        lines.extend(balance.entries.iter().take(LINES_MAX).map(|entry| self.entry(entry)));
        unmark(lines.join("\n"))
    }

    /// What credits cost, and how to get them.
    pub(super) fn buy(&self, offer: &Offer) -> Text {
        unmark(self.offer(offer).join("\n"))
    }

    /// What came, and what it is for.
    pub(super) fn credits_arrived(&self, came: Credits, left: Credits, making: bool) -> Text {
        let args = Args::new().ours("credits", self.credits(came));
        if making {
            self.fill("credits-arrived-making", &args)
        } else {
            self.fill("credits-arrived", &args.number("left", left.0))
        }
    }

    /// The lines of an offer.
    pub(super) fn offer(&self, offer: &Offer) -> Vec<String> {
        if offer.packs.is_empty() && offer.plans.is_empty() {
            return vec![self.lexicon.fill("buy-nothing", &self.support(Args::new()))];
        }
        let mut lines = Vec::new();
        for (heading, listed) in [("buy-packs", &offer.packs), ("buy-plans", &offer.plans)] {
            if !listed.is_empty() {
                lines.push(self.lexicon.fill(heading, &Args::new()));
                lines.extend(listed.iter().take(LINES_MAX).map(|line| self.offer_line(line)));
            }
        }
        lines.push(self.lexicon.fill("buy-how", &self.support(Args::new())));
        lines
    }

    /// Where a human is, as `support`.
    pub(super) fn support<'a>(&self, args: Args<'a>) -> Args<'a> {
        let place = match &self.context.support_url {
            None => "/support".to_owned(),
            Some(url) => {
                let args = Args::new().ours("first", "/support").ours("second", url.as_str());
                self.lexicon.fill("or", &args)
            }
        };
        args.ours("support", place)
    }

    fn entry(&self, entry: &BalanceLine) -> String {
        let sign = if entry.change > 0 { "+" } else { "" };
        let args = Args::new()
            .ours("date", units::date(self.lexicon, entry.at, &self.context.zone))
            .ours("change", format!("{sign}{}", grouped(entry.change)))
            .ours("reason", entry.reason.as_str());
        self.lexicon.fill("balance-line", &args)
    }

    fn offer_line(&self, line: &OfferLine) -> String {
        let args = Args::new()
            .ours("name", plan_name(&line.id))
            .ours("credits", self.credits(line.credits))
            .theirs("price", &line.price, NAME_CHARS_MAX);
        self.lexicon.fill("buy-line", &args)
    }
}

/// A plan's or pack's id as a name: `pro` becomes `Pro`.
pub(super) fn plan_name(id: &str) -> String {
    let id = clean::line(id, NAME_CHARS_MAX);
    let mut rest = id.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}
