//! What is said about payments in Telegram Stars.

use picdesk_core::{channel::Text, payment::NoDeal, say::StarsSay};

use super::{pattern::Args, speaker::Speaker};

impl Speaker<'_> {
    /// Something about a payment in Telegram Stars.
    pub(super) fn stars(&self, say: &StarsSay) -> Text {
        match say {
            StarsSay::NoDeal(why) => self.no_deal(*why),
            StarsSay::RefundComing => self.text("stars-refund-coming"),
            StarsSay::RefundByPeople => {
                self.fill("stars-refund-by-people", &self.support(Args::new()))
            }
            StarsSay::RefundFailed => self.text("stars-refund-failed"),
            StarsSay::RenewInTelegram => self.text("stars-renew"),
            StarsSay::DeskRefundComing { price } => {
                self.fill("desk-refund-coming", &Args::new().ours("price", price.to_string()))
            }
            StarsSay::DeskNothingToRefund => self.text("desk-nothing-to-refund"),
        }
    }

    /// Why a payment may not go on.
    fn no_deal(&self, why: NoDeal) -> Text {
        self.text(match why {
            NoDeal::Unknown => "no-deal-unknown",
            NoDeal::Paid => "no-deal-paid",
            NoDeal::SomebodyElse => "no-deal-somebody-else",
            NoDeal::Stale => "no-deal-stale",
            NoDeal::HasPlan => "no-deal-has-plan",
        })
    }
}
