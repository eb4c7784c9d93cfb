//! The methods about Telegram Stars. Source of limits and refusals: Bot API 10.3, "Payments".

use serde_json::{Value, json};

use super::send;
use crate::telegram::keyboard::read_keyboard;
use crate::telegram::refusal::Refusal;
use crate::telegram::request::Params;
use crate::telegram::stars::{
    ANSWER_MS, Changer, PERIOD_S, Payment, Sold, change_subscription, give_back, invoice,
};
use crate::telegram::state::State;
use crate::telegram::wire;
use crate::telegram::world::World;

/// The most that an invoice, and a month of a subscription, may cost.
const STARS_MAX: i64 = 100_000;
const MONTH_STARS_MAX: i64 = 10_000;

fn read_sold(params: &Params, monthly: bool) -> Result<Sold, Refusal> {
    let text = |name: &str| params.text(name).unwrap_or_default();
    let (title, description, payload) = (text("title"), text("description"), text("payload"));
    if !(1..=32).contains(&title.chars().count()) {
        return Err(Refusal::bad("INVOICE_TITLE_INVALID"));
    }
    if !(1..=255).contains(&description.chars().count()) {
        return Err(Refusal::bad("INVOICE_DESCRIPTION_INVALID"));
    }
    if !(1..=128).contains(&payload.len()) {
        return Err(Refusal::bad("INVOICE_PAYLOAD_INVALID"));
    }
    if text("currency") != "XTR" {
        return Err(Refusal::bad("CURRENCY_INVALID"));
    }
    if !text("provider_token").is_empty() {
        return Err(Refusal::bad("PAYMENT_PROVIDER_INVALID"));
    }
    let prices = params.json("prices")?;
    let prices = prices.as_ref().and_then(Value::as_array).map(Vec::as_slice);
    let Some([price]) = prices else {
        return Err(Refusal::bad("STARS_INVOICE_INVALID"));
    };
    let stars = price.get("amount").and_then(Value::as_i64).unwrap_or_default();
    let most = if monthly { MONTH_STARS_MAX } else { STARS_MAX };
    if !(1..=most).contains(&stars) {
        return Err(Refusal::bad("CURRENCY_TOTAL_AMOUNT_INVALID"));
    }
    Ok(Sold { title, description, payload, stars, monthly })
}

/// `sendInvoice`.
pub fn send_invoice(state: &State, params: &Params) -> Result<Value, Refusal> {
    let sold = read_sold(params, false)?;
    let keyboard = read_keyboard(params)?;
    let first = keyboard.first().and_then(|row| row.first());
    if first.is_some_and(|button| !button.contains_key("pay")) {
        return Err(Refusal::bad("REPLY_MARKUP_BUY_EMPTY"));
    }
    let content = invoice(&sold, &params.text("start_parameter").unwrap_or_default());
    let pay = json!({"text": format!("Pay ⭐️{}", sold.stars), "pay": true});
    let pay = pay.as_object().cloned().unwrap_or_default();
    let keyboard = if keyboard.is_empty() { vec![vec![pay]] } else { keyboard };
    send::post_with(state, params, content, keyboard)
}

/// `createInvoiceLink`.
pub fn create_link(state: &State, params: &Params) -> Result<Value, Refusal> {
    let period = params.int("subscription_period");
    if period.is_some_and(|period| period != PERIOD_S) {
        return Err(Refusal::bad("SUBSCRIPTION_PERIOD_INVALID"));
    }
    let sold = read_sold(params, period.is_some())?;
    let mut world = state.world();
    let slug = format!("inv{:012}", world.next_thing());
    world.meta.stars.links.insert(slug.clone(), sold);
    world.note_meta();
    Ok(json!(format!("{}/stars/{slug}", state.address())))
}

/// `answerPreCheckoutQuery`.
pub fn answer(state: &State, params: &Params) -> Result<Value, Refusal> {
    let ok = params.flag("ok");
    let why = params.text("error_message").unwrap_or_default();
    if !ok && why.is_empty() {
        return Err(Refusal::bad("error message must be non-empty"));
    }
    let id = params.text("pre_checkout_query_id").unwrap_or_default();
    let old = "query is too old and response timeout expired or query ID is invalid";
    let question = state.world().questions.remove(&id).ok_or_else(|| Refusal::bad(old))?;
    if question.at_ms + ANSWER_MS <= state.now_ms() {
        return Err(Refusal::bad(old));
    }
    // Whoever asked may have gone.
    let _ = question.answer.send(if ok { Ok(()) } else { Err(why) });
    Ok(json!(true))
}

/// `refundStarPayment`.
pub fn refund(state: &State, params: &Params) -> Result<Value, Refusal> {
    let charge = params.text("telegram_payment_charge_id").unwrap_or_default();
    let paid = require_payment(&state.world(), params, &charge)?;
    if paid.refunded_at_ms.is_some() || give_back(state, &charge).is_none() {
        return Err(Refusal::bad("CHARGE_ALREADY_REFUNDED"));
    }
    Ok(json!(true))
}

/// `editUserStarSubscription`.
pub fn edit_subscription(state: &State, params: &Params) -> Result<Value, Refusal> {
    let charge = params.text("telegram_payment_charge_id").unwrap_or_default();
    let mut world = state.world();
    require_payment(&world, params, &charge)?;
    let canceled = params.flag("is_canceled");
    change_subscription(&mut world, (&charge, Changer::Bot), canceled, state.now_ms())
        .ok_or_else(|| Refusal::bad("SUBSCRIPTION_NOT_FOUND"))?;
    drop(world);
    state.ring_updates();
    Ok(json!(true))
}

fn require_payment(world: &World, params: &Params, charge: &str) -> Result<Payment, Refusal> {
    let mut payments = world.meta.stars.payments.iter();
    let paid = payments.find(|it| it.charge == charge).cloned();
    let paid = paid.ok_or_else(|| Refusal::bad("CHARGE_NOT_FOUND"))?;
    if params.int("user_id") != Some(paid.user) {
        return Err(Refusal::bad("USER_ID_INVALID"));
    }
    Ok(paid)
}

/// `getStarTransactions`: what came in and what went back, oldest first.
pub fn transactions(state: &State, params: &Params) -> Result<Value, Refusal> {
    let offset = usize::try_from(params.int("offset").unwrap_or(0)).unwrap_or(0);
    let limit = usize::try_from(params.int("limit").unwrap_or(100)).unwrap_or(100).clamp(1, 100);
    let world = state.world();
    let mut all: Vec<(i64, Value)> = Vec::new();
    for paid in &world.meta.stars.payments {
        let mut partner = json!({
            "type": "user", "transaction_type": "invoice_payment",
            "user": wire::sender(&world, paid.user), "invoice_payload": paid.sold.payload,
        });
        if paid.sold.monthly {
            partner["subscription_period"] = json!(PERIOD_S);
        }
        let of = |side: &str, at_ms: i64| {
            let mut one =
                json!({"id": paid.charge, "amount": paid.sold.stars, "date": at_ms / 1000});
            one[side] = partner.clone();
            (at_ms, one)
        };
        all.push(of("source", paid.at_ms));
        all.extend(paid.refunded_at_ms.map(|at_ms| of("receiver", at_ms)));
    }
    all.sort_by_key(|(at_ms, _)| *at_ms);
    let page: Vec<Value> = all.into_iter().skip(offset).take(limit).map(|(_, one)| one).collect();
    Ok(json!({ "transactions": page }))
}
