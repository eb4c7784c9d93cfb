//! Each thing there is to say, and the text that says it.

use picdesk_core::{
    account::Language,
    channel::{OtherKind, Text},
    credits::Credits,
    generation::Options,
    say::{HistoryLine, Say},
};

use super::{
    SayContext, clean,
    emphasis::{append, joined},
    lexicon::Lexicon,
    pattern::Args,
    units,
};

/// Longest prompt in a line about a request, characters.
pub(super) const PROMPT_CHARS_MAX: usize = 120;

/// Longest prompt in a list, characters.
pub(super) const LISTED_CHARS_MAX: usize = 60;

/// Longest name of a person, a plan or a file, characters.
pub(super) const NAME_CHARS_MAX: usize = 64;

/// Most lines in a list; what core shows on a page is well below.
pub(super) const LINES_MAX: usize = 20;

/// Says things in one language, for one house.
pub(super) struct Speaker<'w> {
    pub(super) lexicon: &'w Lexicon,
    pub(super) context: &'w SayContext,
}

impl Speaker<'_> {
    pub(super) fn with_url(&self, id: &'static str, url: &str) -> Text {
        self.fill(id, &Args::new().ours("url", url))
    }

    /// What is said of what was bought, and of money that went back.
    fn about_money(&self, say: &Say) -> Text {
        match say {
            Say::CreditsArrived { credits, available, waited } => {
                self.credits_arrived(*credits, *available, waited)
            }
            Say::PlanPaid { plan, credits, available, until, waited, beside } => {
                let paid = self.plan_paid(plan, *until, (*credits, *available, waited));
                let ids = ("plan-billed-beside-for", "plan-billed-beside");
                self.with_plans(paid, beside, ids)
            }
            Say::PlanChanged { plan, state, until, lapse_days } => {
                self.plan_changed(plan, *state, (*until, *lapse_days))
            }
            Say::MoneyWentBack { credits, available, disputed } => {
                self.money_went_back(*credits, *available, *disputed)
            }
            Say::Checking => self.text("checking"),
            Say::CheckoutComing => self.text("checkout-coming"),
            Say::CheckoutReady { item, terms, credits, price, buyer } => {
                self.checkout_ready((item, *credits, terms.as_ref()), price, buyer)
            }
            Say::CheckoutFailed => self.text("checkout-failed"),
            other => {
                debug_assert!(false, "{other:?} is about no money");
                Text::default()
            }
        }
    }

    /// What is said of a plan, of refunds and of credits that lapse.
    fn about_plans(&self, say: &Say) -> Text {
        match say {
            Say::Plan(view) => self.plan(view),
            Say::PlanChoose { plan, others } => self.plan_choose(plan, others),
            Say::PlanExchange { from, to, price, credits, terms, until, charge } => {
                self.plan_exchange((from, to), (price, *credits, terms), (*until, *charge))
            }
            Say::PlanCancelAsk { plan, price, until, lapse_days } => {
                self.plan_cancel_ask((plan, price.as_deref()), *until, *lapse_days)
            }
            Say::PlanAsking => self.text("plan-asking"),
            Say::PlanBusy => self.text("plan-busy"),
            Say::PlanNotChanged { refused: true } => self.text("plan-refused"),
            Say::PlanNotChanged { refused: false } => self.text("plan-unanswered"),
            Say::PlanExchanged { plan, until, price, charge } => {
                self.plan_exchanged((plan, *until), price.as_deref(), *charge)
            }
            Say::RefundChoose { payments } => self.refund_choose(payments),
            Say::RefundAsk { price, at, credits, by_people, ends } => {
                self.refund_ask((price, *at), *credits, (*by_people, ends.as_deref()))
            }
            Say::RefundSent { price, credits } => self.refund_sent(price, *credits),
            Say::RefundPending { price, credits } => self.refund_pending(price, *credits),
            Say::RefundFailed { credits } => {
                self.fill("refund-failed", &Args::new().ours("credits", self.credits(*credits)))
            }
            Say::CreditsLapseSoon { credits, at } => {
                let args = Args::new().ours("credits", self.credits(*credits));
                self.fill("credits-lapse-soon", &args.ours("date", self.date(*at)))
            }
            Say::CreditsLapsed { credits, available } => {
                let args = Args::new().ours("credits", self.credits(*credits));
                self.fill("credits-lapsed", &args.number("left", available.0))
            }
            other => {
                debug_assert!(false, "{other:?} is about no plan");
                Text::default()
            }
        }
    }

    /// The words of a message.
    pub(super) fn say(&self, say: &Say) -> Text {
        match say {
            Say::Welcome { trial } => self.welcome(*trial),
            Say::WelcomeFirst { trial } => self.welcome_first(*trial),
            Say::Help => self.help("help-reply"),
            Say::HelpByButtons => self.help("help-button"),
            Say::Privacy => self.privacy(),
            Say::PaySupport => self.pay_support(),
            Say::Balance(balance) => self.balance(balance),
            Say::Settings(options) => self.settings(*options),
            Say::ChooseLanguage => self.text("choose-language"),
            Say::LanguageChanged => self.text("language-changed"),
            Say::History { pictures, total, gallery } => {
                self.history(pictures, *total, gallery.as_deref())
            }
            Say::HistoryEmpty => self.text("history-empty"),
            Say::ExpireSoon { count, first_at, gallery } => {
                self.expire_soon(*count, *first_at, gallery.as_deref())
            }
            Say::Buy(offer) => self.buy(offer),
            Say::BuyNothing => self.fill("buy-nothing", &self.support(Args::new())),
            Say::NothingToCancel => self.text("nothing-to-cancel"),
            Say::InPrivateOnly => self.text("in-private-only"),
            Say::PromptEmpty => self.text("prompt-empty"),
            Say::ReferenceUnusable { number, fault } => self.unusable(*number, *fault),
            Say::NoSuchChoice { number } => self.no_such_choice(*number),
            Say::PromptTooLong { chars, chars_max } => {
                self.fill("prompt-too-long", &count_and_most("chars", *chars, *chars_max))
            }
            Say::SlowDown => self.text("slow-down"),
            Say::CameToNothing => self.text("came-to-nothing"),
            Say::CouldNotSay => self.text("could-not-say"),
            Say::NotLetThrough => self.text("not-let-through"),
            Say::Alarm { what } => {
                self.fill("alarm", &Args::new().theirs("what", what, PROMPT_CHARS_MAX))
            }

            Say::Tray { count } => self.fill("tray", &Args::new().number("count", *count)),
            Say::TrayCleared => self.text("tray-cleared"),
            Say::TooManyReferences { count, count_max } => {
                self.fill("too-many-references", &count_and_most("count", *count, *count_max))
            }
            Say::MostReferences { count_max } => self.most_references(*count_max),
            Say::ReferenceTooLarge { name, bytes, bytes_max } => {
                self.reference_too_large(name.as_deref(), *bytes, *bytes_max)
            }
            Say::NoReferences => self.text("no-references"),
            Say::CannotUse(kind) => self.text(cannot_use(*kind)),
            Say::LateAlbumPart { count } => {
                self.fill("late-album-part", &Args::new().number("count", *count))
            }

            Say::Making(making) => self.making(making),
            Say::Drawing { prompt, part } => self.drawing(prompt, *part),
            Say::ConfirmPrice { prompt, options, price, available, cheaper } => {
                self.confirm_price(prompt, *options, (*price, *available), *cheaper)
            }
            Say::OutOfCredits { price, available, cheaper, offer } => {
                self.out_of_credits((*price, *available), *cheaper, offer.as_ref())
            }
            Say::NotInPlan { resolution, included, plan, instead } => {
                let why = self.not_in_plan(*resolution, *included, plan.as_deref());
                self.with_instead(why, *instead)
            }
            Say::CountNotInPlan { count, included, plan, instead } => {
                let why = self.count_not_in_plan(*count, *included, plan.as_deref());
                self.with_instead(why, *instead)
            }
            Say::LineFull { in_line, in_line_max, can_cancel } => {
                self.line_full((*in_line, *in_line_max), *can_cancel)
            }
            Say::RequestChanged => self.text("request-changed"),
            Say::ChangedTooLate => self.text("changed-too-late"),
            Say::Cancelled { available } => self.cancelled(*available),
            Say::CancelledRest { going, available } => self.cancelled_rest(*going, *available),
            Say::CreditsArrived { .. }
            | Say::PlanPaid { .. }
            | Say::PlanChanged { .. }
            | Say::MoneyWentBack { .. }
            | Say::Checking
            | Say::CheckoutComing
            | Say::CheckoutReady { .. }
            | Say::CheckoutFailed => self.about_money(say),
            Say::CreditsLapseSoon { .. }
            | Say::CreditsLapsed { .. }
            | Say::Plan(_)
            | Say::PlanAsking
            | Say::PlanBusy
            | Say::PlanCancelAsk { .. }
            | Say::PlanChoose { .. }
            | Say::PlanExchange { .. }
            | Say::PlanExchanged { .. }
            | Say::PlanNotChanged { .. }
            | Say::RefundAsk { .. }
            | Say::RefundChoose { .. }
            | Say::RefundFailed { .. }
            | Say::RefundPending { .. }
            | Say::RefundSent { .. } => self.about_plans(say),
            Say::Stars(stars) => self.stars(stars),
            Say::TooLateToCancel => self.text("too-late-to-cancel"),
            Say::RequestLapsed => self.text("request-lapsed"),
            Say::SpendingStopped => self.text("spending-stopped"),
            Say::RequestGaveWay => self.text("request-gave-way"),
            Say::Receipt(receipt) => self.receipt(receipt),
            Say::Failed { failure, available, part } => self.failed(*failure, *available, *part),
            Say::Uncertain { available, part } => self.uncertain(*available, *part),
            Say::NotHandedOver { available, part } => self.not_handed_over(*available, *part),
            Say::LatePicture => self.text("late-picture"),
            Say::ChangeHow => self.text("change-how"),
            Say::ChangeByReply => self.text("change-by-reply"),
            Say::WhichPicture => self.text("which-picture"),
            Say::WhichPictureByButtons => self.text("which-picture-button"),
            Say::NewWords => self.text("new-words"),
            Say::NewWordsByReply => self.text("new-words-by-reply"),
            Say::More => self.text("more"),
            Say::Deleted => self.text("deleted"),
            Say::Gone => self.text("gone"),
            Say::WordsGone => self.text("words-gone"),
            Say::Original => self.text("original"),
            Say::OriginalLink { url } => self.with_url("original-link", url),
            Say::PictureLink { url } => self.with_url("picture-link", url),
            Say::PictureLinks { urls, receipt } => self.picture_links(urls, receipt),
            Say::DidItArrive => self.text("did-it-arrive"),
            Say::Owed => self.text("owed"),
            Say::Missed { failed, expired, returned, available } => {
                self.missed((*failed, *expired), *returned, *available)
            }

            Say::SupportCause => self.text("support-cause"),
            Say::SupportWords => self.text("support-words"),
            Say::SupportConsent => self.text("support-consent"),
            Say::SupportOpened { code, at, back } => self.support_opened(code, *at, *back),
            Say::SupportMeant { code, count } => self.meant(code, *count),
            Say::SupportPassedOn => self.text("support-passed-on"),
            Say::SupportTaken => self.text("support-taken"),
            Say::SupportElsewhere => self.support_elsewhere(),
            Say::Answer { operator, text, back } => self.answered(operator, text, *back),
            Say::SupportDone { code } => self.of_case("support-done", code),

            Say::Link(link) => self.link(link),
            Say::Gift(gift) => self.gift(gift),

            Say::Card(card) => self.card(card),
            Say::CustomerWrote { name, text } => self.wrote("customer-wrote", name, text),
            Say::RelayState(state) => self.relay_state(*state),
            Say::NotShown => self.text("not-shown"),
            Say::TopicAnew => self.text("topic-anew"),
            Say::SharedReference => self.text("shared-reference"),
            Say::DeskHelp => self.text("desk-help"),
            Say::DeskHelpByCode => self.text("desk-help-by-code"),
            Say::DeskClosed => self.text("desk-closed"),
            Say::DeskHanded => self.text("desk-handed"),
            Say::NotAnOperator => self.text("not-an-operator"),

            Say::NotYours => self.text("not-yours"),
            Say::Stale => self.text("stale"),
            Say::Done => self.text("done"),
            Say::Verbatim(text) => text.clone(),
        }
    }

    fn no_such_choice(&self, number: i64) -> Text {
        self.fill("no-such-choice", &Args::new().number("number", number))
    }

    fn welcome(&self, trial: Credits) -> Text {
        let mut lines = self.welcome_lines(trial);
        lines.push(self.text("welcome-more"));
        joined(&lines, "\n\n")
    }

    /// What this is, and what somebody has to begin with.
    pub(super) fn welcome_lines(&self, trial: Credits) -> Vec<Text> {
        let mut lines = vec![self.fill("welcome", &self.product())];
        lines.extend(self.trial(trial));
        lines
    }

    fn welcome_first(&self, trial: Credits) -> Text {
        let mut lines = vec![self.fill("welcome-first", &self.product())];
        lines.extend(self.trial(trial));
        lines.push(self.text("welcome-first-more"));
        joined(&lines, "\n")
    }

    fn product(&self) -> Args<'_> {
        Args::new().ours("product", self.context.product_name.as_str())
    }

    fn trial(&self, trial: Credits) -> Option<Text> {
        let args = Args::new().ours("trial", self.credits(trial));
        (trial > Credits::ZERO).then(|| self.fill("welcome-trial", &args))
    }

    fn privacy(&self) -> Text {
        let mut text = self.text("privacy");
        if let Some(url) = &self.context.privacy_url {
            text.text.push('\n');
            let args = Args::new().ours("url", url.as_str());
            append(&mut text, &self.fill("privacy-url", &args));
        }
        text
    }

    fn pay_support(&self) -> Text {
        let mut lines = vec![self.text("pay-support")];
        if let Some(place) = self.elsewhere() {
            lines.push(self.fill("contact", &Args::new().ours("where", place)));
        }
        if let Some(url) = &self.context.terms_url {
            let args = Args::new().ours("url", url.as_str());
            lines.push(self.fill("pay-support-terms", &args));
        }
        joined(&lines, "\n")
    }

    fn settings(&self, options: Options) -> Text {
        let args = Args::new().ours("options", units::options(self.lexicon, options));
        joined(&[self.fill("settings", &args), self.text("settings-hint")], "\n\n")
    }

    fn history(&self, pictures: &[HistoryLine], total: i64, gallery: Option<&str>) -> Text {
        let total = Args::new().ours("pictures", units::pictures(self.lexicon, total));
        let mut lines = vec![self.fill("history", &total), Text::default()];
        for (number, picture) in (1..).zip(pictures.iter().take(LINES_MAX)) {
            let args = Args::new()
                .number("number", number)
                .ours("prompt", self.prompt(&picture.prompt, LISTED_CHARS_MAX))
                .ours("made", self.date(picture.made_at))
                .ours("until", self.date(picture.kept_until));
            lines.push(self.fill("history-line", &args));
        }
        self.push_gallery(&mut lines, gallery);
        joined(&lines, "\n")
    }

    fn expire_soon(&self, count: i64, first_at: i64, gallery: Option<&str>) -> Text {
        let moment = units::moment(self.lexicon, first_at, &self.context.zone);
        let args = Args::new()
            .number("count", count)
            .ours("pictures", units::pictures(self.lexicon, count))
            .ours("moment", moment);
        let mut lines = vec![self.fill("expire-soon", &args)];
        self.push_gallery(&mut lines, gallery);
        joined(&lines, "\n")
    }

    fn push_gallery(&self, lines: &mut Vec<Text>, gallery: Option<&str>) {
        if let Some(url) = gallery {
            lines.push(Text::default());
            lines.push(self.fill("history-gallery", &Args::new().ours("url", url)));
        }
    }

    fn most_references(&self, count_max: i64) -> Text {
        self.fill("most-references", &Args::new().number("most", count_max))
    }

    fn line_full(&self, (in_line, in_line_max): (i64, i64), can_cancel: bool) -> Text {
        let id = if can_cancel { "line-full" } else { "line-full-drawing" };
        self.fill(id, &count_and_most("count", in_line, in_line_max))
    }

    fn reference_too_large(&self, name: Option<&str>, bytes: Option<i64>, bytes_max: i64) -> Text {
        let args = Args::new().ours("most", units::size_rounded_down(bytes_max));
        let Some(bytes) = bytes.filter(|bytes| *bytes > bytes_max) else {
            // The channel would not tell how large it is.
            return self.fill("reference-too-large-unmeasured", &args);
        };
        let args = args.ours("size", units::size_rounded_up(bytes));
        match name {
            None => self.fill("reference-too-large", &args),
            Some(name) => {
                self.fill("reference-too-large-named", &args.theirs("name", name, NAME_CHARS_MAX))
            }
        }
    }

    /// A text without arguments.
    pub(super) fn text(&self, id: &'static str) -> Text {
        self.lexicon.text(id)
    }

    /// A text with arguments.
    pub(super) fn fill(&self, id: &'static str, args: &Args) -> Text {
        self.lexicon.fill(id, args)
    }

    /// What one can do; `change` is how a picture is changed.
    fn help(&self, change: &'static str) -> Text {
        let mut help = self.text("help");
        for (gap, more) in [("\n", change), ("\n\n", "help-more")] {
            help.text.push_str(gap);
            append(&mut help, &self.text(more));
        }
        for more in self.help_gifts() {
            help.text.push('\n');
            append(&mut help, &self.text(more));
        }
        help
    }

    /// A few words with arguments and without emphasis.
    pub(super) fn phrase(&self, id: &'static str, args: &Args) -> String {
        self.lexicon.phrase(id, args)
    }

    /// `2 credits`.
    pub(super) fn credits(&self, credits: Credits) -> String {
        units::credits(self.lexicon, credits)
    }

    /// `22 Dec`.
    pub(super) fn date(&self, at_ms: i64) -> String {
        units::date(self.lexicon, at_ms, &self.context.zone)
    }

    /// A prompt on one line, or words for a picture that was asked for without any.
    pub(super) fn prompt(&self, prompt: &str, chars_max: usize) -> String {
        let line = clean::line(prompt, chars_max);
        if line.is_empty() { self.lexicon.word("no-words").to_owned() } else { line }
    }
}

/// A number, and the most it can be.
fn count_and_most(name: &'static str, count: i64, most: i64) -> Args<'static> {
    Args::new().number(name, count).number("most", most)
}

fn cannot_use(kind: OtherKind) -> &'static str {
    match kind {
        OtherKind::Audio => "cannot-use-audio",
        OtherKind::Video => "cannot-use-video",
        OtherKind::Sticker => "cannot-use-sticker",
        OtherKind::File => "cannot-use-file",
        OtherKind::Location => "cannot-use-location",
        OtherKind::Contact => "cannot-use-contact",
        OtherKind::Something => "cannot-use-something",
    }
}

/// A language's name in its own words.
pub(super) fn own_name(language: Language) -> &'static str {
    match language {
        Language::En => "English",
        Language::ZhCn => "简体中文",
    }
}
