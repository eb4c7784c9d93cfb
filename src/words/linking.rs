//! What is said about chats that belong to one account.

use picdesk_core::{
    channel::Text,
    credits::Credits,
    say::{LinkSay, LinkedLine, Owing, PlanLine},
};

use super::{
    emphasis::joined,
    pattern::Args,
    speaker::{LINES_MAX, NAME_CHARS_MAX, Speaker},
    units,
};

/// Longest name in a list of chats, characters: the list is one message.
const LISTED_CHARS_MAX: usize = 24;

/// That a plan is billed on with the account: with its price, and without.
const BILLED_ON: (&str, &str) = ("unlink-billed-for", "unlink-billed");
/// The same to whoever has left it.
const BILLED_ON_THERE: (&str, &str) = ("unlinked-here-billed-for", "unlinked-here-billed");

impl Speaker<'_> {
    /// Something about linking.
    pub(super) fn link(&self, say: &LinkSay) -> Text {
        match say {
            LinkSay::Ways { linked, signed_in, sign_in } => {
                self.link_ways(linked, signed_in.as_deref(), *sign_in)
            }
            LinkSay::Code { code, minutes } => {
                let args = Args::new().ours("code", code.as_str());
                self.fill(
                    "link-code",
                    &args.ours("time", units::wait(self.lexicon, minutes.saturating_mul(60))),
                )
            }
            LinkSay::Wait { minutes } => {
                let time = units::wait(self.lexicon, minutes.saturating_mul(60));
                self.fill("link-wait", &Args::new().ours("time", time))
            }
            LinkSay::CodeWrong { left } => {
                self.fill("link-code-wrong", &Args::new().number("left", *left))
            }
            LinkSay::CodeWanted => self.text("link-code-wanted"),
            LinkSay::CodeGone => self.text("link-code-gone"),
            LinkSay::CodeInGroup => self.text("link-code-in-group"),
            LinkSay::Already => self.text("link-already"),
            LinkSay::TwoPeople => self.text("link-two-people"),
            LinkSay::Confirm { channel, name, signed_in, brings, owing } => {
                let args = self.chat(channel, name).ours("brings", self.credits(*brings));
                self.with_owing(self.link_confirm(args, signed_in.as_deref()), *owing)
            }
            LinkSay::ConfirmSignIn { who, owing } => {
                self.with_owing(self.of_person("link-confirm-site", who), *owing)
            }
            LinkSay::EmailWanted => self.text("link-email-wanted"),
            LinkSay::EmailSent => self.text("link-email-sent"),
            LinkSay::EmailWrong => self.text("link-email-wrong"),
            LinkSay::SignInLater => self.text("link-later"),
            LinkSay::SignedIn { who, shares_purse: false } => {
                self.of_person("link-signed-in-now", who)
            }
            LinkSay::SignedIn { who, shares_purse: true } => {
                self.of_person("link-signed-in-shares", who)
            }
            LinkSay::SignedInElsewhere { who } => self.of_person("link-signed-in-elsewhere", who),
            LinkSay::SignedOut { who, shares_purse: false } => {
                self.of_person("link-signed-out", who)
            }
            LinkSay::SignedOut { who, shares_purse: true } => {
                self.of_person("link-signed-out-shared", who)
            }
            LinkSay::Browser { url, minutes } => {
                let args = Args::new().ours("url", url.as_str());
                let time = units::wait(self.lexicon, minutes.saturating_mul(60));
                self.fill("link-browser", &args.ours("time", time))
            }
            LinkSay::Declined => self.text("link-declined"),
            LinkSay::Linked { available, owed } => {
                let linked = Args::new().ours("left", self.credits(*available));
                self.with_owed(self.fill("linked", &linked), ("linked-owed", *owed))
            }
            LinkSay::LinkedElsewhere { channel, name, owed } => {
                let linked = self.fill("linked-elsewhere", &self.chat(channel, name));
                self.with_owed(linked, ("linked-owed", *owed))
            }
            LinkSay::Undone { returned } => self.undone(*returned),
            LinkSay::UndoneElsewhere => self.text("link-undone-elsewhere"),
            LinkSay::UnlinkWhich { linked, billed } => self.unlink_which(linked, billed),
            LinkSay::UnlinkNothing => self.text("unlink-nothing"),
            LinkSay::Unlinked { channel, name, billed } => {
                let unlinked = self.fill("unlinked", &self.chat(channel, name));
                self.with_plans(unlinked, billed, BILLED_ON)
            }
            LinkSay::UnlinkedHere { billed } => {
                self.with_plans(self.text("unlinked-here"), billed, BILLED_ON_THERE)
            }
            LinkSay::UndoFirst => self.text("unlink-undo-first"),
            LinkSay::TooNew { minutes } => self.fill("link-too-new", &self.within(*minutes)),
            LinkSay::SpendsTooMuch { left: None, minutes } => {
                self.fill("link-spends-too-much", &self.within(*minutes))
            }
            LinkSay::SpendsTooMuch { left: Some(left), minutes } => {
                let args = self.within(*minutes).ours("left", self.credits(*left));
                self.fill("link-spends-too-much-left", &args)
            }
        }
    }

    /// Whether two are to become one.
    fn link_confirm(&self, args: Args<'_>, signed_in: Option<&str>) -> Text {
        match signed_in {
            None => self.fill("link-confirm", &args),
            Some(who) => {
                let args = args.theirs("who", who, NAME_CHARS_MAX);
                self.fill("link-confirm-signed-in", &args)
            }
        }
    }

    /// What two that are to become one owe, below the question whether they are to.
    fn with_owing(&self, question: Text, owing: Owing) -> Text {
        let with_here = self.with_owed(question, ("link-owes-here", owing.here));
        self.with_owed(with_here, ("link-owes-there", owing.there))
    }

    fn with_owed(&self, text: Text, (id, owed): (&'static str, Credits)) -> Text {
        if owed == Credits::ZERO {
            return text;
        }
        let owed = self.fill(id, &Args::new().ours("owed", self.credits(owed)));
        joined(&[text, owed], "\n")
    }

    fn undone(&self, returned: Credits) -> Text {
        if returned == Credits::ZERO {
            return self.text("link-undone");
        }
        let args = Args::new().ours("returned", self.credits(returned));
        self.fill("link-undone-returned", &args)
    }

    fn unlink_which(&self, linked: &[LinkedLine], billed: &[PlanLine]) -> Text {
        let mut lines = vec![self.text("unlink-which"), Text::default()];
        lines.extend(self.chats(linked));
        self.with_plans(joined(&lines, "\n"), billed, BILLED_ON)
    }

    fn within(&self, minutes: i64) -> Args<'_> {
        Args::new().ours("time", units::wait(self.lexicon, minutes.saturating_mul(60)))
    }

    fn of_person(&self, id: &'static str, who: &str) -> Text {
        self.fill(id, &Args::new().theirs("who", who, NAME_CHARS_MAX))
    }

    fn link_ways(&self, linked: &[LinkedLine], signed_in: Option<&str>, sign_in: bool) -> Text {
        let mut lines = vec![self.text("link-ways")];
        if sign_in && signed_in.is_none() {
            lines.push(self.text("link-ways-site"));
        }
        if linked.len() > 1 || signed_in.is_some() {
            lines.push(Text::default());
        }
        if let Some(who) = signed_in {
            lines.push(self.of_person("link-signed-in", who));
        }
        if linked.len() > 1 {
            lines.extend(self.chats(linked));
        }
        joined(&lines, "\n")
    }

    fn chats(&self, linked: &[LinkedLine]) -> Vec<Text> {
        let line = |(number, line): (i64, &LinkedLine)| {
            let args = Args::new()
                .number("number", number)
                .ours("channel", self.channel(&line.channel))
                .theirs("name", self.name(&line.name), LISTED_CHARS_MAX);
            self.fill(if line.here { "link-line-here" } else { "link-line" }, &args)
        };
        (1..).zip(linked.iter().take(LINES_MAX)).map(line).collect()
    }

    fn chat<'a>(&'a self, channel: &str, name: &'a str) -> Args<'a> {
        let args = Args::new().ours("channel", self.channel(channel));
        args.theirs("name", self.name(name), NAME_CHARS_MAX)
    }

    /// A name, or words for whoever has none: WeChat tells none of its customers'.
    fn name<'a>(&'a self, name: &'a str) -> &'a str {
        if name.trim().is_empty() { self.lexicon.word("link-nameless") } else { name }
    }

    /// The name of a channel as people know it.
    fn channel(&self, channel: &str) -> String {
        self.phrase("channel", &Args::new().ours("channel", channel))
    }
}
