//! What is said about credits and prices.

use picdesk_core::{
    channel::Text,
    credits::Credits,
    say::{Balance, BalanceLine, Offer, OfferLine},
};

use super::{
    clean,
    emphasis::joined,
    pattern::{Args, write_number},
    speaker::{LINES_MAX, NAME_CHARS_MAX, Speaker},
    units,
};

impl Speaker<'_> {
    /// What can be spent, what is set aside and for what, and the last entries with reasons.
    pub(super) fn balance(&self, balance: &Balance) -> Text {
        let left = Args::new().ours("left", self.credits(balance.available));
        let mut lines = vec![self.fill("balance", &left)];
        if balance.pending > Credits::ZERO {
            let requests = Args::new().number("count", balance.in_line);
            let args = Args::new()
                .ours("pending", self.credits(balance.pending))
                .ours("requests", self.phrase("requests", &requests));
            lines.push(self.fill("balance-pending", &args));
        }
        if balance.available < Credits::ZERO {
            lines.push(self.text("balance-below"));
        }
        if !balance.entries.is_empty() {
            lines.push(Text::default());
        }
        lines.extend(balance.entries.iter().take(LINES_MAX).map(|entry| self.entry(entry)));
        joined(&lines, "\n")
    }

    /// What credits cost, and how to get them.
    pub(super) fn buy(&self, offer: &Offer) -> Text {
        joined(&self.offer(offer), "\n")
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
    pub(super) fn offer(&self, offer: &Offer) -> Vec<Text> {
        if offer.packs.is_empty() && offer.plans.is_empty() {
            return vec![self.fill("buy-nothing", &self.support(Args::new()))];
        }
        let mut lines = Vec::new();
        for (heading, listed) in [("buy-packs", &offer.packs), ("buy-plans", &offer.plans)] {
            if !listed.is_empty() {
                lines.push(self.text(heading));
                lines.extend(listed.iter().take(LINES_MAX).map(|line| self.offer_line(line)));
            }
        }
        lines.push(self.fill("buy-how", &self.support(Args::new())));
        lines
    }

    /// Where a human is, as `support`.
    pub(super) fn support<'a>(&self, args: Args<'a>) -> Args<'a> {
        let place = match &self.context.support_url {
            None => "/support".to_owned(),
            Some(url) => {
                let args = Args::new().ours("first", "/support").ours("second", url.as_str());
                self.phrase("or", &args)
            }
        };
        args.ours("support", place)
    }

    fn entry(&self, entry: &BalanceLine) -> Text {
        let mut change = String::from(if entry.change > 0 { "+" } else { "" });
        write_number(&mut change, entry.change);
        let args = Args::new()
            .ours("date", units::date(self.lexicon, entry.at, &self.context.zone))
            .ours("change", change)
            .ours("reason", entry.reason.as_str());
        self.fill("balance-line", &args)
    }

    fn offer_line(&self, line: &OfferLine) -> Text {
        let args = Args::new()
            .ours("name", plan_name(&line.id))
            .ours("credits", self.credits(line.credits))
            .theirs("price", &line.price, NAME_CHARS_MAX);
        self.fill("buy-line", &args)
    }
}

/// A plan's or pack's id as a name: `pro` becomes `Pro`.
pub(super) fn plan_name(id: &str) -> String {
    let id = clean::line(id, NAME_CHARS_MAX);
    let mut rest = id.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}
