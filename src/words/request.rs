//! What is said about a request: in line, being made, made, or not.

use picdesk_core::{
    channel::Text,
    credits::Credits,
    generation::{Failure, Options, ReferenceFault, Resolution},
    say::{Cheaper, Making, Offer, Part, Receipt},
};

use super::{
    emphasis::{append, joined},
    money::plan_name,
    pattern::Args,
    speaker::{PROMPT_CHARS_MAX, Speaker},
    units,
};

impl Speaker<'_> {
    /// `Making a fox in the snow · 1024×1024 · medium · 2 credits · 2nd in line, about 40 s`.
    pub(super) fn making(&self, making: &Making) -> Text {
        let mut rest = String::new();
        for more in [self.references(making.references), self.line(making.place, making.wait_s)] {
            rest.extend(more.into_iter().flat_map(|more| [" · ".to_owned(), more]));
        }
        let args = self.about(&making.prompt).ours("price", self.credits(making.price));
        let args = args.ours("options", units::one_picture(self.lexicon, making.options));
        let args = args.ours("rest", rest);
        let mut line = if making.part.count > 1 {
            let args = args.number("count", making.part.count.into());
            let all = making.part.number == 0;
            if all {
                self.fill("making-all", &args)
            } else {
                self.fill("making-part", &args.ours("part", self.part(making.part)))
            }
        } else {
            self.fill("making", &args)
        };
        if making.reduced {
            line.text.push('\n');
            append(&mut line, &self.text("making-reduced"));
        }
        if making.by_word {
            line.text.push('\n');
            append(&mut line, &self.text("making-cancel"));
        }
        line
    }

    /// The placeholder that cannot be cancelled any more.
    pub(super) fn drawing(&self, prompt: &str, part: Part) -> Text {
        let args = self.about(prompt);
        if part.count > 1 {
            self.fill("drawing-part", &args.ours("part", self.part(part)))
        } else {
            self.fill("drawing", &args)
        }
    }

    /// The price, and whether it may be spent.
    pub(super) fn confirm_price(
        &self,
        prompt: &str,
        options: Options,
        (price, available): (Credits, Option<Credits>),
        cheaper: Option<Cheaper>,
    ) -> Text {
        let args = self
            .about(prompt)
            .ours("options", units::options(self.lexicon, options))
            .ours("price", self.credits(price));
        let mut lines = vec![match available {
            Some(left) => self.fill("confirm-price", &args.number("left", left.0)),
            None => self.fill("confirm-price-group", &args),
        }];
        lines.extend(cheaper.map(|cheaper| self.cheaper(cheaper)));
        joined(&lines, "\n")
    }

    /// What is missing, and how to come by it.
    pub(super) fn out_of_credits(
        &self,
        (price, available): (Credits, Option<Credits>),
        cheaper: Option<Cheaper>,
        offer: Option<&Offer>,
    ) -> Text {
        let args = Args::new().ours("price", self.credits(price));
        let mut lines = vec![match available {
            Some(left) => self.fill("out-of-credits", &args.number("left", left.0)),
            None => self.fill("out-of-credits-group", &args),
        }];
        if available.is_some_and(|left| left < Credits::ZERO) {
            lines.push(self.below());
        }
        lines.extend(cheaper.map(|cheaper| self.cheaper(cheaper)));
        match offer {
            Some(offer) => {
                lines.push(Text::default());
                lines.extend(self.offer(offer));
            }
            None => lines.push(self.text("out-of-credits-private")),
        }
        joined(&lines, "\n")
    }

    /// That it is taken back, and what is left.
    pub(super) fn cancelled(&self, available: Option<Credits>) -> Text {
        match available {
            Some(left) => self.fill("cancelled", &Args::new().ours("left", self.credits(left))),
            None => self.text("cancelled-group"),
        }
    }

    /// That the rest is taken back, what is still being made, and what is left.
    pub(super) fn cancelled_rest(&self, going: i64, available: Option<Credits>) -> Text {
        let mut lines = Vec::with_capacity(2);
        if going > 0 {
            lines.push(self.fill("cancelled-going", &Args::new().number("count", going)));
        }
        lines.push(match available {
            Some(left) => {
                let args = Args::new().ours("left", self.credits(left));
                self.fill("cancelled-rest", &args)
            }
            None => self.text("cancelled-rest-group"),
        });
        joined(&lines, "\n")
    }

    /// What the plan has, and which plan has more.
    pub(super) fn not_in_plan(
        &self,
        wanted: Resolution,
        included: Resolution,
        plan: Option<&str>,
    ) -> Text {
        let args = Args::new()
            .ours("wanted", units::resolution(wanted))
            .ours("included", units::resolution(included));
        match plan {
            Some(plan) => self.fill("not-in-plan-but", &args.ours("plan", plan_name(plan))),
            None => self.fill("not-in-plan", &self.support(args)),
        }
    }

    /// How many pictures a request may have, and which plan has more.
    pub(super) fn count_not_in_plan(&self, count: i64, included: i64, plan: Option<&str>) -> Text {
        let args = Args::new().number("count", count).number("included", included);
        match plan {
            Some(plan) => self.fill("count-not-in-plan-but", &args.ours("plan", plan_name(plan))),
            None => self.fill("count-not-in-plan", &self.support(args)),
        }
    }

    /// Why not, and what can be made instead.
    pub(super) fn with_instead(&self, why: Text, instead: Option<Cheaper>) -> Text {
        let mut lines = vec![why];
        lines.extend(instead.map(|instead| {
            let args = Args::new()
                .ours("options", units::options(self.lexicon, instead.options))
                .ours("price", self.credits(instead.price));
            self.fill("not-in-plan-instead", &args)
        }));
        joined(&lines, "\n")
    }

    /// `2 credits · 41 left · kept until 22 Dec`.
    pub(super) fn receipt(&self, receipt: &Receipt) -> Text {
        let mut parts = Vec::with_capacity(4);
        if receipt.pictures < receipt.asked {
            let args = Args::new().number("made", receipt.pictures).number("asked", receipt.asked);
            parts.push(self.fill("receipt-pictures", &args));
        }
        parts.push(if receipt.charged == Credits::ZERO {
            self.text("receipt-free")
        } else {
            let args = Args::new().ours("price", self.credits(receipt.charged));
            self.fill("receipt-charged", &args)
        });
        if let Some(available) = receipt.available {
            let args = Args::new().number("left", available.0);
            parts.push(self.fill("receipt-left", &args));
        }
        if receipt.kept_until > 0 {
            let args = Args::new().ours("date", self.date(receipt.kept_until));
            parts.push(self.fill("receipt-kept", &args));
        }
        joined(&parts, " · ")
    }

    /// Where pictures are that could not be shown, and what they cost.
    pub(super) fn picture_links(&self, urls: &[String], receipt: &Receipt) -> Text {
        let mut lines = match urls {
            [url] => vec![self.with_url("picture-link", url)],
            _ => vec![self.text("picture-links")],
        };
        if urls.len() > 1 {
            lines.extend(urls.iter().map(|url| Text::plain(url.clone())));
        }
        lines.push(self.receipt(receipt));
        joined(&lines, "\n")
    }

    /// What happened, that nothing was charged, and what is left.
    pub(super) fn failed(&self, failure: Failure, available: Option<Credits>, part: Part) -> Text {
        let why = match failure {
            Failure::Refused => self.text("failed-refused"),
            Failure::Overloaded => self.text("failed-overloaded"),
            Failure::Reference { number: Some(number), fault } => self.reference(number, fault),
            Failure::Reference { number: None, .. } => self.text("failed-references"),
            Failure::ReferenceGone(number) => self.numbered("failed-reference-gone", number),
            Failure::Prompt => self.text("failed-prompt"),
            Failure::Options => self.text("failed-options"),
            Failure::OutOfService => self.text("failed-out-of-service"),
            Failure::Provider => self.text("failed-provider"),
            Failure::NoPicture => self.text("failed-no-picture"),
        };
        self.not_charged(why, available, part)
    }

    /// That nobody knows, and that it costs nothing either way.
    pub(super) fn uncertain(&self, available: Option<Credits>, part: Part) -> Text {
        self.not_charged(self.text("uncertain"), available, part)
    }

    /// That it was made and went again, and that it costs nothing.
    pub(super) fn not_handed_over(&self, available: Option<Credits>, part: Part) -> Text {
        self.not_charged(self.text("not-handed-over"), available, part)
    }

    /// What became of pictures, so many that failed and so many that expired, while their owner
    /// could not be reached.
    pub(super) fn missed(
        &self,
        (failed, expired): (i64, i64),
        returned: Credits,
        available: Credits,
    ) -> Text {
        let mut lines = vec![self.text("missed")];
        if failed > 0 {
            lines.push(self.fill("missed-failed", &Args::new().number("count", failed)));
        }
        if expired > 0 {
            let args = Args::new().number("count", expired).ours("credits", self.credits(returned));
            lines.push(self.fill("missed-expired", &args));
        }
        let left = Args::new().ours("left", self.credits(available));
        lines.push(self.fill("missed-left", &left));
        joined(&lines, "\n")
    }

    /// `Cheaper: 1024×1024 · medium is 2 credits.`
    fn cheaper(&self, cheaper: Cheaper) -> Text {
        let args = Args::new()
            .ours("options", units::options(self.lexicon, cheaper.options))
            .ours("price", self.credits(cheaper.price));
        self.fill("cheaper", &args)
    }

    fn not_charged(&self, why: Text, available: Option<Credits>, part: Part) -> Text {
        let mut lines = Vec::with_capacity(3);
        if part.count > 1 {
            lines.push(self.fill("failed-part", &numbers(part)));
        }
        lines.push(why);
        lines.push(match available {
            Some(available) => {
                let args = Args::new().ours("left", self.credits(available));
                self.fill("not-charged-left", &args)
            }
            None => self.text("not-charged"),
        });
        joined(&lines, "\n")
    }

    /// Before anything is set aside for it.
    pub(super) fn unusable(&self, number: u8, fault: ReferenceFault) -> Text {
        joined(&[self.reference(number, fault), self.text("not-charged")], "\n")
    }

    fn reference(&self, number: u8, fault: ReferenceFault) -> Text {
        match fault {
            ReferenceFault::TooLarge { bytes_max } => {
                let most = i64::try_from(bytes_max).unwrap_or(i64::MAX);
                let args = Args::new()
                    .number("number", number.into())
                    .ours("most", units::size_rounded_down(most));
                self.fill("failed-reference-too-large", &args)
            }
            ReferenceFault::TooManyPixels => {
                self.numbered("failed-reference-too-many-pixels", number)
            }
            ReferenceFault::WrongKind => self.numbered("failed-reference-wrong-kind", number),
            ReferenceFault::Unreadable => self.numbered("failed-reference-unreadable", number),
        }
    }

    fn numbered(&self, id: &'static str, number: u8) -> Text {
        self.fill(id, &Args::new().number("number", number.into()))
    }

    fn part(&self, part: Part) -> String {
        self.phrase("part", &numbers(part))
    }

    fn about(&self, prompt: &str) -> Args<'_> {
        Args::new().ours("prompt", self.prompt(prompt, PROMPT_CHARS_MAX))
    }

    fn references(&self, count: i64) -> Option<String> {
        let args = Args::new().number("count", count);
        (count > 0).then(|| self.phrase("making-references", &args))
    }

    /// Place in line and time to wait, as far as they are known.
    fn line(&self, place: i64, wait_s: Option<i64>) -> Option<String> {
        let place = match place {
            ..=0 => None,
            1 => Some(self.lexicon.word("making-next").to_owned()),
            2.. => Some(self.phrase("making-place", &Args::new().number("place", place))),
        };
        let Some(wait_s) = wait_s else { return place };
        let time = Args::new().ours("time", units::wait(self.lexicon, wait_s));
        Some(match place {
            None => self.phrase("making-wait", &time),
            Some(place) => self.phrase("making-place-wait", &time.ours("place", place)),
        })
    }
}

fn numbers(part: Part) -> Args<'static> {
    Args::new().number("number", part.number.into()).number("count", part.count.into())
}
