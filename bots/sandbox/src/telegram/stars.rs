//! Telegram Stars: invoices, what is asked before a payment, payments, subscriptions and refunds.
//!
//! Source: Bot API 10.3, "Payments" and "Telegram Stars"; core.telegram.org/bots/payments-stars.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::TelegramStandIn;
use super::message::{Content, Words};
use super::queue::{CALLBACK_LIFE_MS, MESSAGE_LIFE_MS, QueueKey};
use super::script::Unplayable;
use super::state::{Change, State};
use super::wire;
use super::world::{NewMessage, World};

/// How long the bot has to answer, milliseconds. Source: Bot API, `answerPreCheckoutQuery`.
pub const ANSWER_MS: i64 = 10_000;
/// The only period of a subscription, seconds. Source: Bot API, `createInvoiceLink`.
pub const PERIOD_S: i64 = 2_592_000;

/// What is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    /// In a few words.
    pub title: String,
    /// In a sentence.
    pub description: String,
    /// The bot's own name for it.
    pub payload: String,
    /// Its price.
    pub stars: i64,
    /// Whether it is paid anew each month.
    pub monthly: bool,
}

/// A payment that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// `telegram_payment_charge_id`.
    pub charge: String,
    /// Who paid.
    pub user: i64,
    /// For what.
    pub sold: Sold,
    /// When, ms since 1970.
    pub at_ms: i64,
    /// When it was given back.
    pub refunded_at_ms: Option<i64>,
    /// Of a subscription: its first payment.
    pub first: Option<String>,
    /// Of a subscription, at its first payment: until when it is paid, ms since 1970.
    pub until_ms: i64,
    /// Of a subscription, at its first payment: whether it is renewed.
    pub renewed: bool,
    /// Whether the bot ended it: then its payer can have it renewed only once the bot allows it.
    #[serde(default)]
    pub ended_by_bot: bool,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stars {
    /// Links to invoices.
    pub links: BTreeMap<String, Sold>,
    /// Payments, oldest first.
    pub payments: Vec<Payment>,
}

/// A question that waits for the bot's answer.
#[derive(Debug)]
pub struct Question {
    /// When it was asked, ms since 1970.
    pub at_ms: i64,
    /// Whoever hears the answer.
    pub answer: oneshot::Sender<Result<(), String>>,
}

/// Why nothing was paid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPaid {
    /// The bot said no, in these words.
    #[error("refused: {0}")]
    Refused(String),
    /// The bot did not answer in time.
    #[error("the bot did not answer in time")]
    Lapsed,
    /// A client would not let one do it.
    #[error(transparent)]
    Unplayable(#[from] Unplayable),
}

/// An invoice on its way to being paid: the bot has allowed it.
#[derive(Debug)]
#[must_use]
pub struct Allowed {
    user: i64,
    chat: i64,
    sold: Sold,
}

impl TelegramStandIn {
    /// Pays an invoice in a chat; the payment's charge id.
    ///
    /// # Errors
    /// When the bot does not allow it, or there is none.
    pub async fn pay(&self, user: i64, chat: i64, message: i64) -> Result<String, NotPaid> {
        let allowed = self.ask_to_pay(user, chat, message).await?;
        Ok(self.charge(allowed))
    }

    /// Pays by the address of a link; the payment's charge id.
    ///
    /// # Errors
    /// As [`Self::pay`].
    pub async fn pay_link(&self, user: i64, url: &str) -> Result<String, NotPaid> {
        let slug = url.rsplit('/').next().unwrap_or_default();
        let sold = self.state.world().meta.stars.links.get(slug).cloned();
        let sold = sold.ok_or(Unplayable::NoMessage)?;
        let allowed = self.state.ask(user, user, sold).await?;
        Ok(self.charge(allowed))
    }

    /// Whether a button is the one that pays.
    pub fn is_pay_button(&self, chat: i64, message: i64, button: &str) -> bool {
        let world = self.state.world();
        let keyboard = world.message(chat, message).map(|it| it.keyboard.clone());
        keyboard.into_iter().flatten().flatten().any(|it| {
            let text = it.get("text").and_then(Value::as_str);
            it.contains_key("pay") && (button == "pay" || text == Some(button))
        })
    }

    /// Presses the button that pays, and waits until the bot allows it.
    ///
    /// # Errors
    /// As [`Self::pay`].
    pub async fn ask_to_pay(&self, user: i64, chat: i64, message: i64) -> Result<Allowed, NotPaid> {
        let sold = {
            let world = self.state.world();
            let found = world.message(chat, message).ok_or(Unplayable::NoMessage)?;
            sold_of(&found.content).ok_or(Unplayable::NoButton)?
        };
        self.state.ask(user, chat, sold).await
    }

    /// The Stars go over, and the bot is told; the payment's charge id.
    pub fn charge(&self, allowed: Allowed) -> String {
        self.state.charge(allowed)
    }

    /// A month of a subscription passes, and the next is paid; its charge id.
    ///
    /// # Errors
    /// When there is no such subscription, or it is not renewed any more.
    pub fn renew(&self, first: &str) -> Result<String, Unplayable> {
        self.state.renew(first).ok_or(Unplayable::NoMessage)
    }

    /// The payer ends a subscription, or takes that back, in their client.
    ///
    /// # Errors
    /// When there is no such subscription, or the bot ended it.
    pub fn cancel_subscription(&self, first: &str, canceled: bool) -> Result<(), Unplayable> {
        let mut world = self.state.world();
        change_subscription(&mut world, (first, Changer::Payer), canceled, self.state.now_ms())
            .ok_or(Unplayable::NoMessage)?;
        drop(world);
        self.state.ring_updates();
        Ok(())
    }

    /// Telegram itself gives a payment back.
    ///
    /// # Errors
    /// When there is no such payment, or it went back before.
    pub fn refund_from_outside(&self, charge: &str) -> Result<(), Unplayable> {
        give_back(&self.state, charge).ok_or(Unplayable::NoMessage)
    }

    /// All payments, oldest first.
    pub fn payments(&self) -> Vec<Payment> {
        self.state.world().meta.stars.payments.clone()
    }
}

impl State {
    /// Asks the bot whether a payment may go on.
    pub async fn ask(&self, user: i64, chat: i64, sold: Sold) -> Result<Allowed, NotPaid> {
        let now_ms = self.now_ms();
        let (answer, answered) = oneshot::channel();
        let id = {
            let mut world = self.world();
            let id = format!("{}", 6_000_000_000_000_000_000_i64 + world.next_thing());
            world.questions.insert(id.clone(), Question { at_ms: now_ms, answer });
            let what = json!({
                "id": id, "from": wire::sender(&world, user), "currency": "XTR",
                "total_amount": sold.stars, "invoice_payload": sold.payload,
            });
            let expires_ms = now_ms + CALLBACK_LIFE_MS;
            world.tell(QueueKey::Payment(user), "pre_checkout_query", &what, expires_ms);
            id
        };
        self.ring_updates();
        let wait = Duration::from_millis(u64::try_from(ANSWER_MS).unwrap_or_default());
        let outcome = tokio::time::timeout(wait, answered).await;
        self.world().questions.remove(&id);
        match outcome {
            Ok(Ok(Ok(()))) => Ok(Allowed { user, chat, sold }),
            Ok(Ok(Err(why))) => Err(NotPaid::Refused(why)),
            Ok(Err(_)) | Err(_) => Err(NotPaid::Lapsed),
        }
    }

    /// The Stars go over, and the bot is told; the payment's charge id.
    pub fn charge(&self, allowed: Allowed) -> String {
        let Allowed { user, chat, sold } = allowed;
        let charge = self.pay_out(user, chat, sold, None);
        self.ring_updates();
        charge
    }

    /// The next month of a subscription is paid; nothing when it is not renewed any more.
    pub fn renew(&self, first: &str) -> Option<String> {
        let paid = self.world().meta.stars.payments.iter().find(|it| it.charge == first).cloned();
        let paid = paid.filter(|it| it.sold.monthly && it.renewed)?;
        let charge = self.pay_out(paid.user, paid.user, paid.sold, Some(first));
        self.ring_updates();
        Some(charge)
    }

    fn pay_out(&self, user: i64, chat: i64, sold: Sold, first: Option<&str>) -> String {
        let now_ms = self.now_ms();
        let mut world = self.world();
        let charge = format!("stx{:020}", world.next_thing());
        let until_ms = world
            .meta
            .stars
            .payments
            .iter()
            .find(|it| Some(it.charge.as_str()) == first)
            .map_or(now_ms, |it| it.until_ms.max(now_ms))
            + PERIOD_S * 1000;
        let mut paid = json!({
            "currency": "XTR", "total_amount": sold.stars, "invoice_payload": sold.payload,
            "telegram_payment_charge_id": charge, "provider_payment_charge_id": "",
        });
        if sold.monthly {
            paid["is_recurring"] = json!(true);
            paid["subscription_expiration_date"] = json!(until_ms / 1000);
            if first.is_none() {
                paid["is_first_recurring"] = json!(true);
            }
        }
        let is_monthly = sold.monthly;
        let whose = first.unwrap_or(&charge).to_owned();
        world.meta.stars.payments.push(Payment {
            charge: charge.clone(),
            user,
            first: is_monthly.then(|| whose.clone()),
            sold,
            at_ms: now_ms,
            refunded_at_ms: None,
            until_ms,
            renewed: is_monthly,
            ended_by_bot: false,
        });
        if let Some(begun) = world.meta.stars.payments.iter_mut().find(|it| it.charge == whose) {
            begun.until_ms = until_ms;
        }
        world.note_meta();
        tell(self, &mut world, (user, chat), ("successful_payment", paid));
        charge
    }
}

/// A service message of money, and the bot is told.
fn tell(state: &State, world: &mut World, (user, chat): (i64, i64), (field, what): (&str, Value)) {
    let content = Content::Other(field.to_owned(), what, Words::default());
    let message = world.post(NewMessage::new(chat, user, content), state.now_ms());
    world.tell_message(&message);
    state.changed(Change::Message { chat, message: message.id });
}

/// Gives a payment back; nothing when there is none, or it went back before.
pub fn give_back(state: &State, charge: &str) -> Option<()> {
    let now_ms = state.now_ms();
    let mut world = state.world();
    let mut payments = world.meta.stars.payments.iter_mut();
    let paid = payments.find(|it| it.charge == charge && it.refunded_at_ms.is_none())?;
    paid.refunded_at_ms = Some(now_ms);
    let paid = paid.clone();
    world.note_meta();
    let what = json!({
        "currency": "XTR", "total_amount": paid.sold.stars, "invoice_payload": paid.sold.payload,
        "telegram_payment_charge_id": charge,
    });
    tell(state, &mut world, (paid.user, paid.user), ("refunded_payment", what));
    drop(world);
    state.ring_updates();
    Some(())
}

/// Who changes a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changer {
    /// Its payer, in their client.
    Payer,
    /// The bot, which can end it and allow its payer to go on, not more.
    Bot,
}

/// A subscription ends with its month, or goes on after all; nothing when there is none, or its
/// payer may not.
pub fn change_subscription(
    world: &mut World,
    (first, by): (&str, Changer),
    canceled: bool,
    now_ms: i64,
) -> Option<()> {
    let mut payments = world.meta.stars.payments.iter_mut();
    let begun = payments.find(|it| it.charge == first && it.sold.monthly)?;
    match (by, canceled) {
        (Changer::Bot, false) => {
            begun.ended_by_bot = false;
            world.note_meta();
            return Some(());
        }
        (Changer::Bot, true) => begun.ended_by_bot = true,
        (Changer::Payer, false) if begun.ended_by_bot => return None,
        (Changer::Payer, _) => {}
    }
    begun.renewed = !canceled;
    let (user, payload) = (begun.user, begun.sold.payload.clone());
    world.note_meta();
    let what = json!({
        "user": wire::sender(world, user), "invoice_payload": payload,
        "state": if canceled { "canceled" } else { "active" },
    });
    let expires_ms = now_ms + MESSAGE_LIFE_MS;
    world.tell(QueueKey::Payment(user), "subscription", &what, expires_ms);
    Some(())
}

/// The field of a message that is an invoice, beside what the Bot API shows of it.
const SOLD: &str = "sold";

/// The content of an invoice message.
pub fn invoice(sold: &Sold, start: &str) -> Content {
    let mut shown = json!({
        "title": sold.title, "description": sold.description, "start_parameter": start,
        "currency": "XTR", "total_amount": sold.stars,
    });
    shown[SOLD] = json!(sold);
    Content::Other("invoice".to_owned(), shown, Words::default())
}

/// What a message sells, if it is an invoice.
fn sold_of(content: &Content) -> Option<Sold> {
    let Content::Other(field, value, _) = content else { return None };
    (field == "invoice").then(|| serde_json::from_value(value.get(SOLD)?.clone()).ok())?
}

/// What people read of money in a chat; nothing for other content.
pub fn said(content: &Content) -> Option<String> {
    let Content::Other(field, value, _) = content else { return None };
    let stars = value.get("total_amount").and_then(Value::as_i64).unwrap_or_default();
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    match field.as_str() {
        "invoice" => Some(format!("{}\n{}", text("title"), text("description"))),
        "successful_payment" => Some(format!("paid {stars} ⭐")),
        "refunded_payment" => Some(format!("{stars} ⭐ came back")),
        _ => None,
    }
}
