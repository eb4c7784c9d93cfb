//! `/v1/subscriptions/…`: looking at plans and changing them.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State as Shared};
use serde::Deserialize;
use serde_json::Value;

use super::api::{Answer, Page, Problem, page, read, wire};
use super::pay::NoMoney;
use super::state::State;

#[derive(Deserialize)]
pub struct OfSubscription {
    subscription_id: String,
}

fn shown(state: &State, id: &str) -> Answer {
    let world = state.world();
    let found = world.subscriptions.get(id).ok_or_else(|| Problem::missing("Subscription"))?;
    Ok(Json(wire(state, &world).subscription(found)))
}

pub async fn one(Shared(state): Shared<Arc<State>>, Query(asked): Query<OfSubscription>) -> Answer {
    shown(&state, &asked.subscription_id)
}

/// Newest first.
pub async fn search(Shared(state): Shared<Arc<State>>, Query(asked): Query<Page>) -> Json<Value> {
    found(&state, None, &asked)
}

pub async fn of_customer(
    Shared(state): Shared<Arc<State>>,
    Path(id): Path<String>,
    Query(asked): Query<Page>,
) -> Json<Value> {
    found(&state, Some(&id), &asked)
}

fn found(state: &State, customer: Option<&str>, asked: &Page) -> Json<Value> {
    let world = state.world();
    let wire = wire(state, &world);
    let mut found: Vec<_> = world
        .subscriptions
        .values()
        .filter(|it| customer.is_none_or(|customer| it.customer == customer))
        .collect();
    found.sort_by_key(|it| std::cmp::Reverse(it.created_at));
    let items: Vec<Value> = found.into_iter().map(|it| wire.subscription(it)).collect();
    page(&items, asked)
}

#[derive(Deserialize)]
struct Items {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    product_id: Option<String>,
}

/// Another product by its items.
pub async fn update(
    Shared(state): Shared<Arc<State>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let asked: Items = read(&body)?;
    let product = asked.items.into_iter().find_map(|it| it.product_id);
    let product = product.ok_or_else(|| Problem::bad("items has no product_id"))?;
    match state.exchange(&id, &product, false) {
        Err(NoMoney::Missing) => return Err(Problem::missing("Product")),
        done => done?,
    }
    shown(&state, &id)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Act {
    product_id: Option<String>,
    update_behavior: Option<String>,
    mode: Option<String>,
    #[serde(rename = "onExecute")]
    on_execute: Option<String>,
}

/// `upgrade`, `cancel`, `pause`, `resume`.
pub async fn act(
    Shared(state): Shared<Arc<State>>,
    Path((id, what)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let asked: Act = if body.is_empty() { Act::default() } else { read(&body)? };
    let status = state.world().subscriptions.get(&id).map(|it| it.status.clone());
    let status = status.ok_or_else(|| Problem::missing("Subscription"))?;
    if status == "canceled" {
        return Err(Problem::bad("Subscription is already canceled"));
    }
    match what.as_str() {
        "upgrade" => {
            let product = asked.product_id.ok_or_else(|| Problem::bad("product_id is required"))?;
            // Source: Creem, "Managing subscriptions": the difference for the days left is charged
            // or given back at once, but for `proration-none`.
            let prorates = asked.update_behavior.as_deref() != Some("proration-none");
            match state.exchange(&id, &product, prorates) {
                Err(NoMoney::Missing) => return Err(Problem::missing("Product")),
                done => done?,
            }
        }
        "cancel" if asked.mode.as_deref() == Some("scheduled") => {
            if asked.on_execute.as_deref().is_some_and(|it| it != "cancel" && it != "pause") {
                return Err(Problem::bad("onExecute must be cancel or pause"));
            }
            state.set_status(&id, "scheduled_cancel", "subscription.scheduled_cancel");
        }
        "cancel" => _ = state.set_status(&id, "canceled", "subscription.canceled"),
        "pause" => _ = state.set_status(&id, "paused", "subscription.paused"),
        "resume" if matches!(status.as_str(), "paused" | "scheduled_cancel") => {
            state.set_status(&id, "active", "subscription.update");
        }
        "resume" => return Err(Problem::bad("Subscription is neither paused nor ending")),
        _ => return Err(Problem::missing("Route")),
    }
    shown(&state, &id)
}
