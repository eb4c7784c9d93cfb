//! What is said about promo codes and invitations.

use picdesk_core::{
    channel::Text,
    credits::Credits,
    say::{GiftSay, InviteView, Waited},
};

use super::{emphasis::joined, pattern::Args, speaker::Speaker};

impl Speaker<'_> {
    /// Something about a promo code or an invitation.
    pub(super) fn gift(&self, say: &GiftSay) -> Text {
        match say {
            GiftSay::RedeemHow => self.text("redeem-how"),
            GiftSay::PromoWrong { left } => {
                self.fill("promo-wrong", &Args::new().number("left", *left))
            }
            GiftSay::PromoHad => self.text("promo-had"),
            GiftSay::PromoOver => self.text("promo-over"),
            GiftSay::PromoUsedUp => self.text("promo-used-up"),
            GiftSay::PromoNotNew { days } => {
                self.fill("promo-not-new", &Args::new().number("days", *days))
            }
            GiftSay::Redeemed { credits, available, waited } => {
                self.came("redeemed", (*credits, *available, waited))
            }
            GiftSay::Invite(view) => self.invite(view),
            GiftSay::Invited { trial, credits, days } => self.invited(*trial, *credits, *days),
            GiftSay::NotNew => self.text("invite-not-new"),
            GiftSay::Rewarded { inviting, credits, available, waited } => {
                let id = if *inviting { "reward-inviting" } else { "reward-invited" };
                self.came(id, (*credits, *available, waited))
            }
        }
    }

    /// What help says of codes and invitations, where there are any.
    pub(super) fn help_gifts(&self) -> impl Iterator<Item = &'static str> {
        let all = [(self.context.redeems, "help-redeem"), (self.context.invites, "help-invite")];
        all.into_iter().filter(|(is_had, _)| *is_had).map(|(_, id)| id)
    }

    /// For what credits came, and that they did.
    fn came(&self, id: &'static str, (came, left, waited): (Credits, Credits, &Waited)) -> Text {
        joined(&[self.text(id), self.credits_arrived(came, left, waited)], "\n")
    }

    /// The links by which one invites, what comes of it and what came so far.
    fn invite(&self, view: &InviteView) -> Text {
        if view.links.is_empty() {
            return self.text("invite-no-link");
        }
        let mut lines = vec![self.text("invite")];
        let links = view.links.iter();
        lines.extend(links.map(|url| self.fill("invite-link", &Args::new().ours("url", &**url))));
        lines.push(Text::default());
        lines.push(self.fill("invite-when", &Args::new().number("days", view.days)));
        for (id, credits) in [("invite-you", view.credits), ("invite-they", view.invited_credits)] {
            if credits > Credits::ZERO {
                lines.push(self.fill(id, &Args::new().ours("credits", self.credits(credits))));
            }
        }
        lines.push(self.fill("invite-most", &Args::new().number("most", view.most)));
        let so_far = Args::new()
            .number("came", view.came)
            .number("bought", view.bought)
            .number("rewarded", view.rewarded);
        lines.push(match view.came {
            0 => self.text("invite-nobody"),
            _ => self.fill("invite-so-far", &so_far),
        });
        joined(&lines, "\n")
    }

    /// The welcome of whoever came by an invitation.
    fn invited(&self, trial: Credits, credits: Credits, days: i64) -> Text {
        let mut lines = self.welcome_lines(trial);
        if credits > Credits::ZERO {
            let args = Args::new().ours("credits", self.credits(credits)).number("days", days);
            lines.push(self.fill("invited", &args));
        }
        lines.push(self.text("welcome-more"));
        joined(&lines, "\n\n")
    }
}
