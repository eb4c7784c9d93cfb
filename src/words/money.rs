//! What is said about credits and prices.

use picdesk_core::{
    channel::{Invoice, Text},
    credits::Credits,
    facts::Period,
    payment::{Item, Money, PlanState},
    say::{Balance, BalanceLine, HeldLine, Offer, OfferLine, PlanTerms, Waited},
};

use super::{
    clean,
    emphasis::joined,
    pattern::{Args, write_number},
    speaker::{LINES_MAX, LISTED_CHARS_MAX, NAME_CHARS_MAX, Speaker},
    units,
};

/// Requests of which it is told what is set aside for them.
const HELD_MAX: usize = 3;

/// What is bought, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sold {
    /// In a few.
    pub title: String,
    /// In a sentence.
    pub description: String,
}

impl Sold {
    /// The invoice for it, under our name for the purchase.
    pub fn into_invoice(self, request: &str, stars: i64) -> Invoice {
        let Self { title, description } = self;
        Invoice { title, description, request: request.to_owned(), stars }
    }
}

impl Speaker<'_> {
    /// What can be spent, what is set aside and for what, and the last entries with reasons.
    pub(super) fn balance(&self, balance: &Balance) -> Text {
        let left = Args::new().ours("left", self.credits(balance.available));
        let mut lines = vec![self.fill("balance", &left)];
        if balance.shared {
            lines.push(self.text("balance-shared"));
        }
        if let Some((plan, state, until)) = &balance.plan {
            lines.push(self.plan_state(plan, *state, *until));
        }
        lines.extend(self.lapsing(&balance.lapsing));
        if balance.pending > Credits::ZERO {
            let requests = Args::new().number("count", balance.in_line);
            let args = Args::new()
                .ours("pending", self.credits(balance.pending))
                .ours("requests", self.phrase("requests", &requests));
            lines.push(self.fill("balance-pending", &args));
            // Together they are one message.
            let most = HELD_MAX - usize::from(balance.of_others > Credits::ZERO);
            lines.extend(balance.held.iter().take(most).map(|held| self.held(held)));
        }
        if balance.of_others > Credits::ZERO {
            let args = Args::new().ours("pending", self.credits(balance.of_others));
            lines.push(self.fill("balance-pending-of-others", &args));
        }
        if balance.available < Credits::ZERO {
            lines.push(self.below());
        }
        if !balance.entries.is_empty() {
            lines.push(Text::default());
        }
        lines.extend(balance.entries.iter().take(LINES_MAX).map(|entry| self.entry(entry)));
        joined(&lines, "\n")
    }

    /// Why there are fewer credits than none, and what that means.
    pub(super) fn below(&self) -> Text {
        self.fill("balance-below", &self.support(Args::new()))
    }

    /// What credits cost, and how to get them.
    pub(super) fn buy(&self, offer: &Offer) -> Text {
        joined(&self.offer(offer), "\n")
    }

    /// What came, and what it is for.
    pub(super) fn credits_arrived(&self, came: Credits, left: Credits, waited: &Waited) -> Text {
        let args = Args::new().ours("credits", self.credits(came)).number("left", left.0);
        match waited {
            Waited::Runs => self.fill("credits-arrived-making", &args),
            Waited::Nothing => self.fill("credits-arrived", &args),
            Waited::Asks { prompt, price } => {
                let waits = Args::new()
                    .ours("prompt", self.prompt(prompt, LISTED_CHARS_MAX))
                    .ours("price", self.credits(*price));
                let lines =
                    [self.fill("credits-arrived", &args), self.fill("request-waits", &waits)];
                joined(&lines, "\n")
            }
        }
    }

    /// That a period of a plan is paid, and what came with it.
    pub(super) fn plan_paid(
        &self,
        plan: &str,
        until: i64,
        (came, left, waited): (Credits, Credits, &Waited),
    ) -> Text {
        let paid = self.of_plan(("plan-paid-until", "plan-paid"), plan, until);
        joined(&[paid, self.credits_arrived(came, left, waited)], "\n")
    }

    /// That a plan is otherwise than before.
    pub(super) fn plan_changed(
        &self,
        plan: &str,
        state: PlanState,
        (until, lapse_days): (i64, Option<u32>),
    ) -> Text {
        let ids = match state {
            PlanState::PastDue => ("plan-past-due", "plan-past-due"),
            PlanState::Ending => ("plan-ending-on", "plan-ending"),
            PlanState::Paused => ("plan-paused", "plan-paused"),
            PlanState::Unpaid => ("plan-unpaid", "plan-unpaid"),
            PlanState::Ended => ("plan-ended", "plan-ended"),
            PlanState::Active | PlanState::Unknown => ("plan-goes-on", "plan-goes-on"),
        };
        let changed = self.of_plan(ids, plan, until);
        match state {
            PlanState::Ending | PlanState::Paused | PlanState::Unpaid | PlanState::Ended => {
                joined(&[changed, self.credits_after(lapse_days)], "\n")
            }
            PlanState::PastDue | PlanState::Active | PlanState::Unknown => changed,
        }
    }

    /// The first text where a day is known, else the second.
    pub(super) fn of_plan(
        &self,
        (dated, undated): (&'static str, &'static str),
        plan: &str,
        until: i64,
    ) -> Text {
        let args = Args::new().ours("plan", plan_name(plan));
        if until > 0 && dated != undated {
            self.fill(dated, &args.ours("date", self.date(until)))
        } else {
            self.fill(undated, &args)
        }
    }

    /// That money went back, and the credits with it.
    pub(super) fn money_went_back(&self, gone: Credits, left: Credits, disputed: bool) -> Text {
        let args = Args::new().ours("credits", self.credits(gone)).number("left", left.0);
        let mut lines =
            vec![self.fill(if disputed { "money-disputed" } else { "money-back" }, &args)];
        if left < Credits::ZERO {
            lines.push(self.below());
        }
        joined(&lines, "\n")
    }

    /// A payment link: what it is for, what it costs, who gets it.
    pub(super) fn checkout_ready(
        &self,
        (item, credits, terms): (&Item, Credits, Option<&PlanTerms>),
        price: &Money,
        buyer: &str,
    ) -> Text {
        let name = match item {
            Item::Pack(_) => self.credits(credits),
            Item::Plan(id) => plan_name(id),
        };
        let args = Args::new().ours("item", name).ours("price", price.to_string());
        let buyer = clean::line(buyer, NAME_CHARS_MAX);
        let ready = if buyer.is_empty() {
            self.fill("checkout-ready", &args)
        } else {
            self.fill("checkout-ready-for", &args.ours("buyer", buyer))
        };
        let how = match (price.is_stars(), item) {
            (false, _) => "checkout-how",
            (true, Item::Pack(_)) => "checkout-how-stars",
            (true, Item::Plan(_)) => "checkout-how-stars-plan",
        };
        let mut lines = vec![ready];
        if let Some(terms) = terms {
            lines.push(self.terms(terms));
            if !price.is_stars() {
                let period = Args::new().ours("period", period(terms.period));
                lines.push(self.fill("plan-renews", &period));
            }
        }
        let last = [joined(&lines, "\n"), self.fill(how, &self.support(Args::new()))];
        joined(&last, "\n\n")
    }

    /// What an invoice says of what is bought.
    pub(super) fn invoice(&self, item: &Item, credits: Credits) -> Sold {
        let credits = self.credits(credits);
        let (title, id) = match item {
            Item::Pack(_) => (credits.clone(), "invoice-pack"),
            Item::Plan(plan) => (plan_name(plan), "invoice-plan"),
        };
        let product = clean::line(&self.context.product_name, NAME_CHARS_MAX);
        let args = Args::new().ours("credits", credits).ours("product", product);
        Sold { title, description: self.phrase(id, &args) }
    }

    /// The lines of an offer.
    pub(super) fn offer(&self, offer: &Offer) -> Vec<Text> {
        if offer.packs.is_empty() && offer.plans.is_empty() {
            return vec![self.fill("buy-nothing", &self.support(Args::new()))];
        }
        let mut lines = Vec::new();
        if !offer.packs.is_empty() {
            lines.push(self.text("buy-packs"));
            lines.extend(offer.packs.iter().take(LINES_MAX).map(|line| self.offer_line(line)));
        }
        if !offer.plans.is_empty() {
            lines.push(self.text("buy-plans"));
            lines.extend(self.plan_offers(&offer.plans));
        }
        let how = if offer.by_link { "buy-choose" } else { "buy-how" };
        lines.push(self.fill(how, &self.support(Args::new())));
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

    fn held(&self, held: &HeldLine) -> Text {
        let args = Args::new()
            .ours("credits", self.credits(held.credits))
            .ours("prompt", self.prompt(&held.prompt, LISTED_CHARS_MAX));
        self.fill("balance-held", &args)
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

    pub(super) fn offer_line(&self, line: &OfferLine) -> Text {
        let args = Args::new()
            .ours("name", plan_name(&line.id))
            .ours("credits", self.credits(line.credits))
            .theirs("price", &line.price, NAME_CHARS_MAX);
        match &line.terms {
            None => self.fill("buy-line", &args),
            Some(terms) => self.fill("buy-plan-line", &args.ours("period", period(terms.period))),
        }
    }
}

/// The word by which texts tell periods apart.
fn period(period: Period) -> &'static str {
    match period {
        Period::Month => "month",
        Period::Year => "year",
    }
}

/// A plan's or pack's id as a name: `pro` becomes `Pro`.
pub(super) fn plan_name(id: &str) -> String {
    let id = clean::line(id, NAME_CHARS_MAX);
    let mut rest = id.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}
