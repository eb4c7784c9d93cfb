//! Telegram Stars: invoices and links to them, what is answered before a payment, and money that
//! goes back.
//!
//! teloxide's payloads are of 2025 and ask for a provider of payments, which Stars have none of; so
//! these are our own. Source of all: Bot API 10.3, "Payments".

use std::time::Duration;

use bytes::Bytes;
use picdesk_core::{channel::Invoice, id::IdentityId, payment::STARS};
use serde::{Deserialize, Serialize};

use crate::{
    TelegramChannel,
    answer::{CallError, is_flood, wait},
    call::{Call, Method},
    config::CHANNEL,
};

/// The only period of a subscription, seconds. Source: Bot API, `createInvoiceLink`.
pub const SUBSCRIPTION_S: u32 = 2_592_000;

/// The most that a month of a subscription may cost, Stars. Source: Bot API, `createInvoiceLink`.
pub const SUBSCRIPTION_STARS_MAX: u32 = 10_000;

/// Longest title and description of an invoice, characters. Source: Bot API, `sendInvoice`.
const TITLE_CHARS_MAX: usize = 32;
const DESCRIPTION_CHARS_MAX: usize = 255;

/// Transactions in one page. Source: Bot API, `getStarTransactions`.
pub const PAGE: u32 = 100;

/// Carried by an invoice that is passed on: what was made for one person cannot be paid by another
/// from a copy, but leads to us. Source: Bot API, `sendInvoice`, `start_parameter`.
const START: &str = "buy";

#[derive(Serialize)]
struct LabeledPrice {
    label: String,
    amount: i64,
}

/// `sendInvoice`.
#[derive(Serialize)]
pub(crate) struct SendInvoice {
    chat_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_thread_id: Option<i32>,
    start_parameter: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disable_notification: bool,
    #[serde(flatten)]
    sold: Sold,
}

impl SendInvoice {
    /// An invoice in a chat.
    pub fn new(chat_id: i64, topic: Option<i32>, silent: bool, invoice: &Invoice) -> Self {
        Self {
            chat_id,
            message_thread_id: topic,
            start_parameter: START,
            disable_notification: silent,
            sold: Sold::of(invoice),
        }
    }
}

/// What all invoices have.
#[derive(Serialize)]
struct Sold {
    title: String,
    description: String,
    payload: String,
    provider_token: &'static str,
    currency: &'static str,
    prices: [LabeledPrice; 1],
}

impl Sold {
    fn of(invoice: &Invoice) -> Self {
        let title = cut(&invoice.title, TITLE_CHARS_MAX);
        Self {
            description: cut(&invoice.description, DESCRIPTION_CHARS_MAX),
            payload: invoice.request.clone(),
            provider_token: "",
            currency: STARS,
            prices: [LabeledPrice { label: title.clone(), amount: invoice.stars }],
            title,
        }
    }
}

fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

#[derive(Serialize)]
struct CreateInvoiceLink {
    subscription_period: u32,
    #[serde(flatten)]
    sold: Sold,
}

#[derive(Serialize)]
struct AnswerPreCheckoutQuery<'a> {
    pre_checkout_query_id: &'a str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
}

/// The answer to a question whether a payment may go on.
pub(crate) fn answer(question: &str, refusal: Option<String>) -> Call {
    let answer = AnswerPreCheckoutQuery {
        pre_checkout_query_id: question,
        ok: refusal.is_none(),
        error_message: refusal,
    };
    Call::new(Method::AnswerPreCheckoutQuery, None, &answer, None)
}

#[derive(Serialize)]
struct RefundStarPayment<'a> {
    user_id: i64,
    telegram_payment_charge_id: &'a str,
}

#[derive(Serialize)]
struct EditUserStarSubscription<'a> {
    user_id: i64,
    telegram_payment_charge_id: &'a str,
    is_canceled: bool,
}

#[derive(Serialize)]
struct GetStarTransactions {
    offset: u32,
    limit: u32,
}

/// Why nothing was done, by what to do next.
#[derive(Debug, thiserror::Error)]
pub enum StarsError {
    /// Try again, after this long where that is told. It may have been done: all of these can be
    /// asked for twice.
    #[error("telegram cannot be asked now")]
    Later(Option<Duration>),
    /// It said no, and will say no again.
    #[error("telegram refused: {0}")]
    Refused(String),
}

impl StarsError {
    fn of(error: &CallError) -> Self {
        match error {
            CallError::Answered(no) if is_flood(no) => Self::Later(Some(wait(no))),
            CallError::Answered(no) if no.code == 401 || no.code == 404 => Self::Later(None),
            CallError::Answered(no) => Self::Refused(no.reason().to_owned()),
            CallError::NotSent(_) | CallError::Unknown(_) => Self::Later(None),
        }
    }
}

/// A payment, or one that went back, as Telegram lists it.
#[derive(Debug, Deserialize)]
pub struct Transaction {
    /// The payment, as Telegram calls it; the same for money that went back.
    pub id: String,
    /// How many Stars.
    pub amount: i64,
    /// When, seconds.
    pub date: i64,
    /// Who paid, where somebody paid.
    #[serde(default)]
    pub source: Option<Partner>,
    /// Who was paid, where it went back.
    #[serde(default)]
    pub receiver: Option<Partner>,
}

/// The other side of a transaction.
#[derive(Debug, Deserialize)]
pub struct Partner {
    /// Who, where it is a person.
    #[serde(default)]
    pub user: Option<Payer>,
    /// Our name for the purchase.
    #[serde(default)]
    pub invoice_payload: Option<String>,
    /// Of a subscription: its period, seconds.
    #[serde(default)]
    pub subscription_period: Option<i64>,
}

/// A person who paid.
#[derive(Debug, Deserialize)]
pub struct Payer {
    /// Their number.
    pub id: i64,
}

#[derive(Deserialize)]
struct Transactions {
    transactions: Vec<Transaction>,
}

impl TelegramChannel {
    /// A link to an invoice that is paid anew each month.
    ///
    /// # Errors
    /// By what to do next; a second link does no harm.
    pub async fn subscription_link(&self, invoice: &Invoice) -> Result<String, StarsError> {
        let call =
            CreateInvoiceLink { subscription_period: SUBSCRIPTION_S, sold: Sold::of(invoice) };
        let call = Call::new(Method::CreateInvoiceLink, None, &call, None);
        let link = self.ask(call).await?;
        serde_json::from_slice(&link).map_err(|_| StarsError::Later(None))
    }

    /// Gives a payment back; that it was given back before is as good.
    ///
    /// # Errors
    /// By what to do next.
    pub async fn refund_stars(&self, payer: &IdentityId, charge: &str) -> Result<(), StarsError> {
        let refund =
            RefundStarPayment { user_id: number(payer)?, telegram_payment_charge_id: charge };
        match self.ask(Call::new(Method::RefundStarPayment, None, &refund, None)).await {
            Err(StarsError::Refused(why)) if why.contains("CHARGE_ALREADY_REFUNDED") => Ok(()),
            other => other.map(drop),
        }
    }

    /// A subscription, named by its first payment, is not renewed any more; or its owner may have
    /// it renewed again, which they alone can say to Telegram.
    ///
    /// # Errors
    /// By what to do next.
    pub async fn renew_subscription(
        &self,
        payer: &IdentityId,
        charge: &str,
        renewed: bool,
    ) -> Result<(), StarsError> {
        let edit = EditUserStarSubscription {
            user_id: number(payer)?,
            telegram_payment_charge_id: charge,
            is_canceled: !renewed,
        };
        let call = Call::new(Method::EditUserStarSubscription, None, &edit, None);
        self.ask(call).await.map(drop)
    }

    /// What was paid and what went back, from the `offset`th transaction on. Oldest first, at most
    /// a [`PAGE`].
    ///
    /// # Errors
    /// By what to do next.
    pub async fn star_transactions(&self, offset: u32) -> Result<Vec<Transaction>, StarsError> {
        let call = GetStarTransactions { offset, limit: PAGE };
        let call = Call::new(Method::GetStarTransactions, None, &call, None);
        let found = self.ask(call).await?;
        let found = serde_json::from_slice::<Transactions>(&found);
        Ok(found.map_err(|_| StarsError::Later(None))?.transactions)
    }

    async fn ask(&self, call: Call) -> Result<Bytes, StarsError> {
        self.client.call(call).await.map_err(|error| StarsError::of(&error))
    }
}

/// Somebody's number at Telegram.
fn number(identity: &IdentityId) -> Result<i64, StarsError> {
    let number = identity.0.strip_prefix(CHANNEL).and_then(|rest| rest.strip_prefix(':'));
    number
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| StarsError::Refused("not a person on Telegram".to_owned()))
}
