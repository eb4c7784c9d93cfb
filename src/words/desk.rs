//! What is said between customers and the people who help them.

use std::borrow::Cow;

use jiff::Zoned;
use picdesk_core::{
    channel::Text,
    credits::Credits,
    say::{AnswerBack, Card, CardLine, RelayState},
};

use super::{
    TEXT_UNITS_MAX, clean,
    emphasis::{fit, joined},
    label::cause,
    money::plan_name,
    pattern::Args,
    speaker::{LINES_MAX, NAME_CHARS_MAX, Speaker},
    units,
};

impl Speaker<'_> {
    /// Who will answer, when, and the case's code.
    pub(super) fn support_opened(&self, code: &str, at_ms: i64, back: Option<AnswerBack>) -> Text {
        let mut lines = vec![self.text("support-opened")];
        match self.next_opening(at_ms) {
            None => lines.extend(self.promise(self.context.promise_min)),
            Some(next) => {
                // Nothing is promised from a moment at which nobody is there.
                lines.extend(self.promise(0));
                let moment = units::moment_of(self.lexicon, &next);
                lines.push(self.fill("support-closed", &Args::new().ours("moment", moment)));
            }
        }
        lines.push(self.fill("support-code", &Args::new().ours("code", code)));
        match back {
            Some(AnswerBack::ByReply) => lines.push(self.text("support-more-by-reply")),
            Some(AnswerBack::ByCommand) => lines.push(self.text("support-more-by-command")),
            Some(AnswerBack::OnceTheyWrite) => {
                lines.push(self.text("support-once-you-write"));
                lines.push(self.text("support-more-by-command"));
            }
            None => {}
        }
        joined(&lines, "\n")
    }

    /// Where else a human is, without a desk.
    pub(super) fn support_elsewhere(&self) -> Text {
        match self.elsewhere() {
            Some(place) => self.fill("support-elsewhere", &Args::new().ours("where", place)),
            None => self.text("support-nowhere"),
        }
    }

    /// The addresses outside the chat where people answer.
    pub(super) fn elsewhere(&self) -> Option<Cow<'_, str>> {
        let url = self.context.support_url.as_deref();
        let email = self.context.support_email.as_deref();
        Some(match (url, email) {
            (Some(url), Some(email)) => {
                let args = Args::new().ours("first", url).ours("second", email);
                Cow::Owned(self.phrase("or", &args))
            }
            (Some(place), None) | (None, Some(place)) => Cow::Borrowed(place),
            (None, None) => return None,
        })
    }

    /// Somebody's words under their name. Where both do not fit, the words go without the name:
    /// better whole than signed.
    pub(super) fn wrote(&self, id: &'static str, name: &str, wrote: &str) -> Text {
        let signature = self.fill(id, &Args::new().theirs("name", name, NAME_CHARS_MAX));
        let body = clean::body(wrote);
        let signed = format!("{}\n{body}", signature.text);
        if body.is_empty() {
            signature
        } else if signed.encode_utf16().count() <= TEXT_UNITS_MAX {
            Text { text: signed, spans: signature.spans }
        } else {
            Text::plain(body)
        }
    }

    /// For whom are these words?
    pub(super) fn meant(&self, code: &str, count: i64) -> Text {
        self.fill("support-meant", &Args::new().ours("code", code).number("count", count))
    }

    /// Something about a case.
    pub(super) fn of_case(&self, id: &'static str, code: &str) -> Text {
        self.fill(id, &Args::new().ours("code", code))
    }

    /// An operator's words, and how they are answered where there is room for that.
    pub(super) fn answered(&self, name: &str, text: &str, back: Option<AnswerBack>) -> Text {
        let wrote = self.wrote("answer", name, text);
        let how = match back {
            Some(AnswerBack::ByReply) => self.text("answer-by-reply"),
            Some(AnswerBack::ByCommand | AnswerBack::OnceTheyWrite) => {
                self.text("answer-by-command")
            }
            None => return wrote,
        };
        let units = |text: &Text| text.text.encode_utf16().count();
        if units(&wrote) + 2 + units(&how) > TEXT_UNITS_MAX {
            return wrote;
        }
        joined(&[wrote, how], "\n\n")
    }

    /// The card of an escalation. The words stand last, and what is cut is cut from them.
    pub(super) fn card(&self, card: &Card) -> Text {
        let consent = if card.consent { "card-consent" } else { "card-no-consent" };
        let mut lines = vec![self.card_title(card), self.card_who(card), self.card_credits(card)];
        if card.reclaimed > Credits::ZERO {
            let args = Args::new().ours("credits", self.credits(card.reclaimed));
            lines.push(self.fill("card-reclaimed", &args));
        }
        if card.earlier > 0 {
            let args = Args::new().number("count", card.earlier);
            lines.push(self.fill("card-earlier", &args));
        }
        if card.strikes > 0 {
            let args = Args::new().number("count", card.strikes);
            lines.push(self.fill("card-strikes", &args));
        }
        lines.push(self.text(consent));
        lines.push(Text::default());
        if card.requests.is_empty() {
            lines.push(self.text("card-no-requests"));
        } else {
            lines.push(self.text("card-requests"));
            lines.extend(card.requests.iter().take(LINES_MAX).map(|line| self.card_request(line)));
        }
        lines.push(Text::default());
        lines.push(if card.by_code {
            self.fill("card-help-by-code", &Args::new().ours("code", card.code.as_str()))
        } else {
            self.text("card-help")
        });
        let mut text = joined(&lines, "\n");
        let words = clean::body(&card.words);
        if !words.is_empty() {
            text.text.push_str("\n\n");
            text.text.push_str(&words);
        }
        fit(text, TEXT_UNITS_MAX)
    }

    /// Whether an operator's line arrived.
    pub(super) fn relay_state(&self, state: RelayState) -> Text {
        let id = match state {
            RelayState::Waiting => "relay-waiting",
            RelayState::Delivered => "relay-delivered",
            RelayState::Blocked => "relay-blocked",
            RelayState::Refused => "relay-refused",
            RelayState::Held => "relay-held",
            RelayState::Unknown => "relay-unknown",
            RelayState::Partly { arrived, count } => {
                let args = Args::new().number("arrived", arrived).number("count", count);
                return self.fill("relay-partly", &args);
            }
        };
        self.text(id)
    }

    fn card_title(&self, card: &Card) -> Text {
        let cause = self.lexicon.word(cause(card.cause));
        self.fill("card", &Args::new().ours("code", card.code.as_str()).ours("cause", cause))
    }

    fn card_who(&self, card: &Card) -> Text {
        let plan = match &card.plan {
            None => self.lexicon.word("card-no-plan").to_owned(),
            Some(plan) => self.phrase("card-plan", &Args::new().ours("plan", plan_name(plan))),
        };
        let args = Args::new()
            .theirs("name", &card.name, NAME_CHARS_MAX)
            .ours("channel", card.channel.as_str())
            .ours("plan", plan);
        self.fill("card-who", &args)
    }

    fn card_credits(&self, card: &Card) -> Text {
        let args = Args::new().ours("left", self.credits(card.available));
        self.fill("card-credits", &args.number("pending", card.pending.0))
    }

    fn card_request(&self, line: &CardLine) -> Text {
        let args = Args::new()
            .ours("moment", units::moment(self.lexicon, line.at, &self.context.zone))
            .ours("price", self.credits(line.price))
            .ours("outcome", self.outcome(&line.outcome));
        self.fill("card-request", &args)
    }

    /// What became of a request: for all its pictures alike a word, else how many came to what.
    fn outcome(&self, pictures: &[(String, i64)]) -> String {
        let several = pictures.len() > 1;
        let parts = pictures.iter().map(|(word, count)| {
            let word = Args::new().theirs("outcome", word, NAME_CHARS_MAX);
            let word = self.phrase("card-outcome", &word);
            if !several {
                return word;
            }
            let args = Args::new().ours("outcome", word).number("count", *count);
            self.phrase("card-outcome-of", &args)
        });
        let parts = parts.reduce(|first, second| {
            self.phrase("card-outcomes", &Args::new().ours("first", first).ours("second", second))
        });
        parts.unwrap_or_default()
    }

    /// When people answer and within which time, as far as the owner has said so.
    fn promise(&self, promise: u32) -> Option<Text> {
        let hours = self.hours();
        let promise = (promise > 0).then(|| units::promise(self.lexicon, promise));
        let id = match (&hours, &promise) {
            (Some(_), Some(_)) => "support-when",
            (Some(_), None) => "support-when-hours",
            (None, Some(_)) => "support-when-promise",
            (None, None) => return None,
        };
        let mut args = Args::new();
        if let Some(hours) = hours {
            args = args.ours("hours", hours).ours("city", self.city());
        }
        if let Some(promise) = promise {
            args = args.ours("promise", promise);
        }
        Some(self.fill(id, &args))
    }

    /// When people are there again, where nobody is at this moment.
    fn next_opening(&self, at_ms: i64) -> Option<Zoned> {
        let office = self.context.office.as_ref()?;
        let now = units::zoned(at_ms, &self.context.zone).datetime();
        let next = office.hours.next_opening(now, &office.holidays)?;
        next.to_zoned(self.context.zone.clone()).ok()
    }

    /// The hours in the reader's language; in the owner's words where they are written otherwise.
    fn hours(&self) -> Option<String> {
        let hours = self.context.hours.trim();
        let read =
            hours.split(',').map(|span| self.opening(span.trim())).reduce(|first, second| {
                let args = Args::new().ours("first", first?);
                Some(self.phrase("hours-more", &args.ours("second", second?)))
            });
        let read = read.flatten().unwrap_or_else(|| clean::line(hours, NAME_CHARS_MAX));
        (!hours.is_empty()).then_some(read)
    }

    /// `Mon-Fri 09:00-18:00` in the reader's language.
    fn opening(&self, span: &str) -> Option<String> {
        let (days, times) = span.split_once(' ')?;
        let days = match days.split_once('-') {
            None => self.weekday(days)?,
            Some((first, last)) => {
                let args = Args::new().ours("first", self.weekday(first)?);
                self.phrase("weekdays", &args.ours("last", self.weekday(last)?))
            }
        };
        Some(format!("{days} {}", times.trim().replace('-', "–")))
    }

    fn weekday(&self, short: &str) -> Option<String> {
        const SHORT: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let day = (1..).zip(SHORT).find(|(_, name)| name.eq_ignore_ascii_case(short))?.0;
        Some(self.phrase("weekday", &Args::new().number("day", day)))
    }

    /// The city that the house's clocks follow: `Asia/Shanghai` is Shanghai.
    fn city(&self) -> String {
        let zone = self.context.zone.iana_name().unwrap_or("UTC");
        let city = zone.rsplit('/').next().unwrap_or(zone).replace('_', " ");
        self.phrase("city", &Args::new().ours("name", city))
    }
}
