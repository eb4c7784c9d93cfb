//! What Telegram sends about money.

use serde::Deserialize;

use super::{User, Words, lenient};

/// Somebody is about to pay; we are asked whether they may.
#[derive(Deserialize)]
pub(crate) struct PreCheckout<'a> {
    /// By which it is answered.
    #[serde(borrow)]
    pub id: Words<'a>,
    /// Who.
    #[serde(borrow)]
    pub from: User<'a>,
    /// Three letters; `XTR` for Stars.
    #[serde(borrow)]
    pub currency: Words<'a>,
    /// In the currency's smallest unit.
    pub total_amount: i64,
    /// Our name for the purchase.
    #[serde(borrow)]
    pub invoice_payload: Words<'a>,
}

/// Somebody has paid.
#[derive(Deserialize)]
pub(crate) struct Successful<'a> {
    /// Three letters; `XTR` for Stars.
    #[serde(borrow)]
    pub currency: Words<'a>,
    /// In the currency's smallest unit.
    pub total_amount: i64,
    /// Our name for the purchase.
    #[serde(borrow)]
    pub invoice_payload: Words<'a>,
    /// Of a subscription: until when it is paid, seconds.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub subscription_expiration_date: Option<i64>,
    /// Of a subscription: whether this is its first payment.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_first_recurring: bool,
    /// The payment, as Telegram calls it for ever.
    #[serde(borrow)]
    pub telegram_payment_charge_id: Words<'a>,
}

/// A payment was given back.
#[derive(Deserialize)]
pub(crate) struct Refunded<'a> {
    /// Three letters; `XTR` for Stars.
    #[serde(borrow)]
    pub currency: Words<'a>,
    /// In the currency's smallest unit.
    pub total_amount: i64,
    /// Our name for the purchase.
    #[serde(borrow)]
    pub invoice_payload: Words<'a>,
    /// The payment, as Telegram calls it for ever.
    #[serde(borrow)]
    pub telegram_payment_charge_id: Words<'a>,
}

/// A subscription is otherwise than before. Source: Bot API 10.2, `BotSubscriptionUpdated`.
#[derive(Deserialize)]
pub(crate) struct Subscription<'a> {
    /// Whose.
    #[serde(borrow)]
    pub user: User<'a>,
    /// Our name for the purchase.
    #[serde(borrow)]
    pub invoice_payload: Words<'a>,
    /// `active`, `canceled` or `failed`.
    #[serde(borrow)]
    pub state: Words<'a>,
}
