//! `/v1/…`: what sellers ask.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::pay::NoMoney;
use super::state::{State, Verdict};
use super::subscriptions;
use super::wire::Wire;
use super::world::{Checkout, World};

/// Entries of a page, where nobody says how many. Source: Creem, `page_size`.
const PAGE: usize = 10;

pub type Answer = Result<Json<Value>, Problem>;

/// A refusal as Creem words it.
#[derive(Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub message: String,
}

impl Problem {
    pub fn bad(message: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.to_owned() }
    }

    pub fn missing(what: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: format!("{what} not found") }
    }
}

impl From<NoMoney> for Problem {
    fn from(why: NoMoney) -> Self {
        Self::bad(&why.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "trace_id": "00000000-0000-4000-8000-000000000000", "status": self.status.as_u16(),
            "error": self.status.canonical_reason(), "message": [self.message],
            "timestamp": 1_764_000_000_000_i64,
        });
        (self.status, Json(body)).into_response()
    }
}

/// The routes; keys are looked at around them.
pub fn router() -> Router<Arc<State>> {
    Router::new()
        .route("/v1/checkouts", post(create_checkout).get(get_checkout))
        .route("/v1/products/search", get(products))
        .route("/v1/products/{id}", get(product))
        .route("/v1/customers", get(customer))
        .route("/v1/customers/billing", post(portal))
        .route("/v1/customers/{id}/orders", get(orders))
        .route("/v1/customers/{id}/subscriptions", get(subscriptions::of_customer))
        .route("/v1/subscriptions", get(subscriptions::one))
        .route("/v1/subscriptions/search", get(subscriptions::search))
        .route("/v1/subscriptions/{id}", post(subscriptions::update))
        .route("/v1/subscriptions/{id}/{what}", post(subscriptions::act))
        .route("/v1/transactions", get(transaction))
        .route("/v1/transactions/search", get(transactions))
        .route("/v1/refunds", post(refund))
        .route("/v1/moderation/prompt", post(moderate))
}

pub fn read<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::bad(&error.to_string()))
}

pub fn wire<'w>(state: &'w State, world: &'w World) -> Wire<'w> {
    let named = !state.ways().unnamed;
    Wire { world, mode: state.mode(), base_url: &state.base_url, named }
}

/// Which page, and how large.
#[derive(Debug, Deserialize)]
pub struct Page {
    page_number: Option<usize>,
    page_size: Option<usize>,
}

/// A page of things, with what is around it.
pub fn page(items: &[Value], page: &Page) -> Json<Value> {
    let size = page.page_size.unwrap_or(PAGE).clamp(1, 100);
    let number = page.page_number.unwrap_or(1).max(1);
    let pages = items.len().div_ceil(size).max(1);
    let shown: Vec<&Value> = items.iter().skip((number - 1) * size).take(size).collect();
    let next = (number < pages).then_some(number + 1);
    let prev = (number > 1).then(|| number - 1);
    Json(json!({"items": shown, "pagination": {
        "total_records": items.len(), "total_pages": pages, "current_page": number,
        "next_page": next, "prev_page": prev,
    }}))
}

#[derive(Deserialize)]
struct NewCheckout {
    product_id: String,
    request_id: Option<String>,
    units: Option<i64>,
    customer: Option<Payer>,
    success_url: Option<String>,
    #[serde(default)]
    metadata: Value,
}

#[derive(Deserialize)]
struct Payer {
    email: Option<String>,
}

async fn create_checkout(Shared(state): Shared<Arc<State>>, body: Bytes) -> Answer {
    let asked: NewCheckout = read(&body)?;
    let units = asked.units.unwrap_or(1);
    if !state.world().products.contains_key(&asked.product_id) {
        return Err(Problem::missing("Product"));
    }
    if units < 1 {
        return Err(Problem::bad("units must not be less than 1"));
    }
    let checkout = state.change(|world| {
        let checkout = Checkout {
            id: world.name("ch"),
            request_id: asked.request_id,
            product: asked.product_id,
            units,
            success_url: asked.success_url,
            email: asked.customer.and_then(|it| it.email),
            metadata: asked.metadata,
            status: "pending".into(),
            order: None,
            customer: None,
            subscription: None,
            created_at: state.now_ms(),
        };
        world.checkouts.insert(checkout.id.clone(), checkout.clone());
        checkout
    });
    Ok(Json(wire(&state, &state.world()).checkout(&checkout)))
}

#[derive(Deserialize)]
struct OfCheckout {
    checkout_id: String,
}

async fn get_checkout(
    Shared(state): Shared<Arc<State>>,
    Query(asked): Query<OfCheckout>,
) -> Answer {
    let world = state.world();
    let checkout = world.checkouts.get(&asked.checkout_id);
    let checkout = checkout.ok_or_else(|| Problem::missing("Checkout"))?;
    Ok(Json(wire(&state, &world).checkout(checkout)))
}

async fn products(Shared(state): Shared<Arc<State>>, Query(asked): Query<Page>) -> Json<Value> {
    let world = state.world();
    let wire = wire(&state, &world);
    let items: Vec<Value> = world.products.values().map(|it| wire.product(it)).collect();
    page(&items, &asked)
}

async fn product(Shared(state): Shared<Arc<State>>, Path(id): Path<String>) -> Answer {
    let world = state.world();
    let product = world.products.get(&id).ok_or_else(|| Problem::missing("Product"))?;
    Ok(Json(wire(&state, &world).product(product)))
}

#[derive(Deserialize)]
struct OfCustomer {
    customer_id: Option<String>,
    email: Option<String>,
}

async fn customer(Shared(state): Shared<Arc<State>>, Query(asked): Query<OfCustomer>) -> Answer {
    let world = state.world();
    let customer = world.customers.values().find(|it| {
        asked.customer_id.as_ref() == Some(&it.id) || asked.email.as_ref() == Some(&it.email)
    });
    let customer = customer.ok_or_else(|| Problem::missing("Customer"))?;
    Ok(Json(wire(&state, &world).customer(customer)))
}

#[derive(Deserialize)]
struct Portal {
    customer_id: String,
}

async fn portal(Shared(state): Shared<Arc<State>>, body: Bytes) -> Answer {
    let asked: Portal = read(&body)?;
    if !state.world().customers.contains_key(&asked.customer_id) {
        return Err(Problem::missing("Customer"));
    }
    let token = state.change(|world| {
        let token = world.name("login");
        world.portals.insert(token.clone(), asked.customer_id);
        token
    });
    let link = format!("{}/my-orders/login/{token}", state.base_url);
    Ok(Json(json!({ "customer_portal_link": link })))
}

async fn orders(
    Shared(state): Shared<Arc<State>>,
    Path(id): Path<String>,
    Query(asked): Query<Page>,
) -> Json<Value> {
    let world = state.world();
    let wire = wire(&state, &world);
    let orders = world.orders.values().filter(|it| it.customer == id);
    let items: Vec<Value> = orders.map(|it| wire.order(it)).collect();
    page(&items, &asked)
}

#[derive(Deserialize)]
struct OfTransaction {
    transaction_id: String,
}

async fn transaction(
    Shared(state): Shared<Arc<State>>,
    Query(asked): Query<OfTransaction>,
) -> Answer {
    let world = state.world();
    let found = world.transaction(&asked.transaction_id);
    let found = found.ok_or_else(|| Problem::missing("Transaction"))?;
    Ok(Json(wire(&state, &world).transaction(found)))
}

#[derive(Deserialize)]
struct OfTransactions {
    customer_id: Option<String>,
    order_id: Option<String>,
    product_id: Option<String>,
    // Not flattened: axum's query reads numbers only where they stand by themselves.
    page_number: Option<usize>,
    page_size: Option<usize>,
}

/// Newest first.
async fn transactions(
    Shared(state): Shared<Arc<State>>,
    Query(asked): Query<OfTransactions>,
) -> Json<Value> {
    let world = state.world();
    let wire = wire(&state, &world);
    let is_asked = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|it| it == is);
    let found = world.transactions.iter().rev().filter(|it| {
        is_asked(&asked.customer_id, &it.customer)
            && is_asked(&asked.order_id, &it.order)
            && is_asked(&asked.product_id, &it.product)
    });
    let items: Vec<Value> = found.map(|it| wire.transaction(it)).collect();
    page(&items, &Page { page_number: asked.page_number, page_size: asked.page_size })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRefund {
    transaction_id: String,
}

/// Whole refunds only. Source: Creem, "Refunds".
async fn refund(Shared(state): Shared<Arc<State>>, body: Bytes) -> Answer {
    let asked: NewRefund = read(&body)?;
    let slow = state.switches().slow_refunds;
    let asked_for = if slow {
        state.begin_refund(&asked.transaction_id)
    } else {
        state.refund(&asked.transaction_id, None)
    };
    let refund = match asked_for {
        Err(NoMoney::Missing) => return Err(Problem::missing("Transaction")),
        other => other?,
    };
    let world = state.world();
    let transaction = world.transaction(&refund.transaction);
    let transaction = transaction.ok_or_else(|| Problem::missing("Transaction"))?;
    Ok(Json(wire(&state, &world).refund(&refund, transaction)))
}

#[derive(Deserialize)]
struct Prompt {
    prompt: String,
    external_id: Option<String>,
}

async fn moderate(Shared(state): Shared<Arc<State>>, body: Bytes) -> Answer {
    let asked: Prompt = read(&body)?;
    if asked.prompt.is_empty() {
        return Err(Problem::bad("prompt should not be empty"));
    }
    let decision = match state.verdict(&asked.prompt) {
        Verdict::Allow => "allow",
        Verdict::Flag => "flag",
        Verdict::Deny => "deny",
    };
    let id = state.change(|world| {
        world.screened += 1;
        world.name("mod")
    });
    Ok(Json(json!({
        "id": id, "object": "moderation_result", "prompt": asked.prompt,
        "external_id": asked.external_id, "decision": decision, "usage": {"units": 1},
    })))
}
