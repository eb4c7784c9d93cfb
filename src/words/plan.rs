//! What is said about plans and refunds.

use picdesk_core::{
    channel::Text,
    credits::Credits,
    facts::Lapsing,
    payment::{Charge, Money, PlanState, RefundState},
    say::{OfferLine, PaymentLine, PlanLine, PlanTerms, PlanView, RefundLine},
};

use super::{
    emphasis::joined,
    money::plan_name,
    pattern::Args,
    speaker::{LINES_MAX, NAME_CHARS_MAX, Speaker},
    units,
};

/// Plans of which one message tells what each unlocks; of more, what is chosen tells.
const TERMS_MAX: usize = 3;

/// Dates of lapsing that are told.
const LAPSING_MAX: usize = 3;

impl Speaker<'_> {
    /// The plan as it stands, and what belongs to it.
    pub(super) fn plan(&self, view: &PlanView) -> Text {
        let mut lines = match &view.plan {
            Some(plan) => self.plan_lines(plan),
            None if view.unsettled => Vec::new(),
            None => vec![self.text("plan-none")],
        };
        if view.unsettled {
            lines.push(self.text("plan-looked-at"));
        }
        for other in view.others.iter().take(LINES_MAX) {
            lines.push(self.text("plan-beside"));
            lines.extend(self.plan_lines(other));
        }
        let left = Args::new().ours("left", self.credits(view.available));
        lines.push(self.fill("balance", &left));
        if view.available < Credits::ZERO {
            lines.push(self.below());
        }
        lines.extend(self.lapsing(&view.lapsing));
        lines.extend(view.refunds.iter().take(LINES_MAX).map(|refund| self.refund_line(refund)));
        if !view.sold.is_empty() {
            lines.push(self.text("buy-plans"));
            lines.extend(self.plan_offers(&view.sold));
        }
        if view.is_sold {
            lines.push(self.fill("buy-choose", &self.support(Args::new())));
        }
        joined(&lines, "\n")
    }

    fn plan_lines(&self, line: &PlanLine) -> Vec<Text> {
        let mut lines = vec![self.plan_state(&line.plan, line.state, line.until)];
        if let (Some(price), Some(credits)) = (&line.price, line.credits) {
            let args = Args::new().ours("credits", self.credits(credits)).theirs(
                "price",
                price,
                NAME_CHARS_MAX,
            );
            lines.push(self.fill("plan-brings", &args));
        }
        lines.extend(line.terms.iter().map(|terms| self.terms(terms)));
        if line.in_stars && matches!(line.state, PlanState::Active | PlanState::PastDue) {
            lines.push(self.text("plan-in-stars"));
        }
        if line.wished {
            lines.push(self.text("plan-busy"));
        }
        lines
    }

    /// How a plan is, on one line.
    pub(super) fn plan_state(&self, plan: &str, state: PlanState, until: i64) -> Text {
        let args = Args::new().ours("plan", plan_name(plan));
        let dated = until > 0;
        let id = match (state, dated) {
            (PlanState::Active | PlanState::Unknown, true) => "plan-is-renewed",
            (PlanState::Active | PlanState::Unknown, false) => "plan-is",
            (PlanState::Ending, true) => "plan-is-ending-on",
            (PlanState::Ending, false) => "plan-is-ending",
            (PlanState::PastDue, _) => "plan-is-past-due",
            (PlanState::Paused, _) => "plan-is-paused",
            (PlanState::Unpaid, _) => "plan-is-unpaid",
            (PlanState::Ended, _) => "plan-is-over",
        };
        let takes_date = matches!(id, "plan-is-renewed" | "plan-is-ending-on");
        let args = if takes_date { args.ours("date", self.date(until)) } else { args };
        self.fill(id, &args)
    }

    /// What lapses when, soonest first.
    pub(super) fn lapsing(&self, lapsing: &[Lapsing]) -> Vec<Text> {
        let line = |one: &Lapsing| {
            let args = Args::new()
                .ours("credits", self.credits(one.credits))
                .ours("date", self.date(one.at));
            self.fill("credits-lapse-on", &args)
        };
        lapsing.iter().take(LAPSING_MAX).map(line).collect()
    }

    /// Which plan instead?
    pub(super) fn plan_choose(&self, plan: &str, others: &[OfferLine]) -> Text {
        let args = Args::new().ours("plan", plan_name(plan));
        let mut lines = vec![self.fill("plan-choose", &args)];
        lines.extend(self.plan_offers(others));
        joined(&lines, "\n")
    }

    /// May the plan be exchanged, and what that costs.
    pub(super) fn plan_exchange(
        &self,
        (from, to): (&str, &str),
        (price, credits, terms): (&str, Credits, &PlanTerms),
        (until, charge): (i64, Charge),
    ) -> Text {
        let args = || {
            Args::new()
                .ours("from", plan_name(from))
                .ours("to", plan_name(to))
                .ours("credits", self.credits(credits))
                .theirs("price", price, NAME_CHARS_MAX)
        };
        let mut lines = vec![self.fill("plan-exchange", &args()), self.terms(terms)];
        lines.push(match charge {
            Charge::Difference => self.text("plan-exchange-difference"),
            Charge::Nothing => self.text("plan-exchange-nothing"),
        });
        if until > 0 {
            let args =
                Args::new().ours("date", self.date(until)).theirs("price", price, NAME_CHARS_MAX);
            lines.push(self.fill("plan-exchange-next", &args));
        }
        joined(&lines, "\n")
    }

    /// That the plan is another one now.
    pub(super) fn plan_exchanged(
        &self,
        (plan, until): (&str, i64),
        price: Option<&str>,
        charge: Option<Charge>,
    ) -> Text {
        let args = Args::new().ours("plan", plan_name(plan));
        let mut lines = vec![self.fill("plan-exchanged", &args)];
        match charge {
            Some(Charge::Difference) => lines.push(self.text("plan-exchanged-difference")),
            Some(Charge::Nothing) => lines.push(self.text("plan-exchanged-nothing")),
            None => {}
        }
        if let Some(price) = price.filter(|_| until > 0) {
            let args =
                Args::new().ours("date", self.date(until)).theirs("price", price, NAME_CHARS_MAX);
            lines.push(self.fill("plan-exchange-next", &args));
        }
        joined(&lines, "\n")
    }

    /// May the plan end with its period?
    pub(super) fn plan_cancel_ask(
        &self,
        (plan, price): (&str, Option<&str>),
        until: i64,
        lapse_days: Option<u32>,
    ) -> Text {
        let ask = self.of_plan(("plan-cancel-ask-on", "plan-cancel-ask"), plan, until);
        let which = price.map(|price| self.of_price("plan-cancel-which", plan, price));
        let after = self.credits_after(lapse_days);
        joined(&[Some(ask), which, Some(after)].into_iter().flatten().collect::<Vec<_>>(), "\n")
    }

    /// What becomes of the credits of a plan that is not renewed.
    pub(super) fn credits_after(&self, lapse_days: Option<u32>) -> Text {
        match lapse_days {
            None => self.text("plan-credits-stay"),
            Some(days) => self.fill("plan-credits-lapse", &Args::new().number("days", days.into())),
        }
    }

    /// Plans that can be bought; what each unlocks, where all of that is one message.
    pub(super) fn plan_offers(&self, plans: &[OfferLine]) -> Vec<Text> {
        let with_terms = plans.len() <= TERMS_MAX;
        let lines = plans.iter().take(LINES_MAX).flat_map(|line| {
            let terms = line.terms.as_ref().filter(|_| with_terms);
            [Some(self.offer_line(line)), terms.map(|terms| self.terms(terms))]
        });
        lines.flatten().collect()
    }

    /// What a plan unlocks, and when its credits lapse, on one line.
    pub(super) fn terms(&self, terms: &PlanTerms) -> Text {
        let unlocks = &terms.unlocks;
        let args = Args::new()
            .ours("resolution", units::resolution(unlocks.max_resolution))
            .number("waiting", unlocks.queue_max.into())
            .number("pictures", unlocks.pictures_max.into())
            .number("days", unlocks.retention_days.into());
        let unlocked = self.fill("plan-terms", &args);
        match terms.lapse_days {
            None => unlocked,
            Some(days) => {
                let lapse = Args::new().number("days", days.into());
                joined(&[unlocked, self.fill("plan-terms-lapse", &lapse)], " · ")
            }
        }
    }

    /// Something, and of each of these plans what it is: with its price, where that is known.
    pub(super) fn with_plans(
        &self,
        before: Text,
        plans: &[PlanLine],
        (priced, unpriced): (&'static str, &'static str),
    ) -> Text {
        let mut lines = vec![before];
        for plan in plans.iter().take(LINES_MAX) {
            let price = plan.price.as_ref();
            lines.push(price.map_or_else(
                || self.fill(unpriced, &Args::new().ours("plan", plan_name(&plan.plan))),
                |price| self.of_price(priced, &plan.plan, price),
            ));
        }
        joined(&lines, "\n")
    }

    fn of_price(&self, id: &'static str, plan: &str, price: &str) -> Text {
        let args = Args::new().ours("plan", plan_name(plan));
        self.fill(id, &args.theirs("price", price, NAME_CHARS_MAX))
    }

    /// Which payment is to be given back?
    pub(super) fn refund_choose(&self, payments: &[PaymentLine]) -> Text {
        let mut lines = vec![self.text("refund-choose")];
        for (number, payment) in (1..).zip(payments.iter().take(LINES_MAX)) {
            let args = Args::new()
                .number("number", number)
                .ours("price", payment.price.to_string())
                .ours("date", self.date(payment.at))
                .ours("credits", self.credits(payment.credits));
            lines.push(self.fill("refund-line", &args));
        }
        joined(&lines, "\n")
    }

    /// May this payment be given back, and what goes with it?
    pub(super) fn refund_ask(
        &self,
        (price, at): (&Money, i64),
        credits: Credits,
        (by_people, ends): (bool, Option<&str>),
    ) -> Text {
        let args = Args::new()
            .ours("price", price.to_string())
            .ours("date", self.date(at))
            .ours("credits", self.credits(credits));
        let ask = if price.is_stars() { "refund-ask-stars" } else { "refund-ask" };
        let mut lines = vec![self.fill(ask, &args)];
        if let Some(plan) = ends {
            lines.push(self.fill("refund-ends", &Args::new().ours("plan", plan_name(plan))));
        }
        lines.push(self.text(if by_people { "refund-by-people" } else { "refund-at-once" }));
        joined(&lines, "\n")
    }

    /// That a payment is on its way back.
    pub(super) fn refund_sent(&self, price: &Money, credits: Credits) -> Text {
        let args =
            Args::new().ours("price", price.to_string()).ours("credits", self.credits(credits));
        self.fill("refund-sent", &args)
    }

    /// That a payment goes back, which the bank has not confirmed yet.
    pub(super) fn refund_pending(&self, price: &Money, credits: Credits) -> Text {
        let args =
            Args::new().ours("price", price.to_string()).ours("credits", self.credits(credits));
        self.fill("refund-pending", &args)
    }

    fn refund_line(&self, line: &RefundLine) -> Text {
        let args = Args::new()
            .ours("price", line.price.to_string())
            .ours("date", self.date(line.asked_at));
        match (line.state, &line.code) {
            (RefundState::WithPeople, Some(code)) => {
                self.fill("refund-with-people", &args.ours("code", code.as_str()))
            }
            (RefundState::Declined, code) => {
                let code = code.as_deref().unwrap_or_default();
                self.fill("refund-is-declined", &args.ours("code", code))
            }
            (RefundState::Pending, _) => self.fill("refund-is-pending", &args),
            (RefundState::WithPeople | RefundState::UnderWay, _) => {
                self.fill("refund-under-way", &args)
            }
            (RefundState::Sent, _) => self.fill("refund-is-sent", &args),
            (RefundState::Failed, _) => self.fill("refund-is-failed", &args),
        }
    }
}
