//! What is said about payments in Telegram Stars.

use crate::payment::{Money, NoDeal};

/// Something about a payment in Telegram Stars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StarsSay {
    /// A payment may not go on, said where it is paid.
    NoDeal(NoDeal),
    /// A payment goes back; it is told when it has.
    RefundComing,
    /// People decide whether a payment goes back.
    RefundByPeople,
    /// A payment could not be given back; people see to it.
    RefundFailed,
    /// A plan may be renewed again; Telegram has to be told that it is.
    RenewInTelegram,
    /// At the desk: a payment goes back.
    DeskRefundComing {
        /// How much.
        price: Money,
    },
    /// At the desk: there is no payment in Stars to give back.
    DeskNothingToRefund,
}
