//! The seller's side, where one plays Creem itself: how webhooks are signed and whether they wait,
//! what screening says, money that goes back, what becomes of plans, and webhooks sent again.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, State as Shared};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::page::{escape, money, sheet};
use super::pay::NoMoney;
use super::state::{Scheme, State, Verdict};
use super::world::{Fate, Subscription, Transaction, Webhook, World};

/// Rows of each kind that are shown, newest first.
const SHOWN_MAX: usize = 50;

/// The routes.
pub fn router() -> Router<Arc<State>> {
    Router::new().route("/dashboard", get(show).post(act))
}

/// One button: what it does, to what, and its words.
fn button(act: &str, of: &str, words: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/dashboard\"><input type=\"hidden\" name=\"of\" \
         value=\"{of}\"><button name=\"act\" value=\"{act}\">{words}</button></form>"
    )
}

fn row(buttons: &[String]) -> String {
    format!("<div class=\"row\">{}</div>", buttons.concat())
}

/// A choice of which one is pressed.
fn choice(title: &str, act: &str, chosen: &str, all: &[(&str, &str)]) -> String {
    let option = |(value, words): &(&str, &str)| {
        let words = if *value == chosen { format!("● {words}") } else { (*words).to_owned() };
        button(act, value, &words)
    };
    let all: Vec<String> = all.iter().map(option).collect();
    format!("<h2>{title}</h2>{}", row(&all))
}

async fn show(Shared(state): Shared<Arc<State>>) -> Html<String> {
    let inner = ways(&state) + &world(&state.world());
    Html(sheet("Dashboard", &format!("<h1>What Creem does</h1>{inner}")))
}

fn ways(state: &State) -> String {
    let switches = state.switches();
    let scheme = match switches.scheme {
        Scheme::Legacy => "legacy",
        Scheme::Standard => "standard",
        Scheme::Both => "both",
    };
    let verdict = match switches.verdict {
        Verdict::Allow => "allow",
        Verdict::Flag => "flag",
        Verdict::Deny => "deny",
    };
    let withheld = if switches.withheld { "withhold" } else { "send" };
    let schemes = [("legacy", "creem-signature"), ("standard", "Standard"), ("both", "Both")];
    choice("Webhooks are signed by", "scheme", scheme, &schemes)
        + &choice(
            "New webhooks",
            "webhooks",
            withheld,
            &[("send", "Are sent"), ("withhold", "Wait below")],
        )
        + &choice(
            "Screening says of prompts",
            "verdict",
            verdict,
            &[("allow", "allow"), ("flag", "flag"), ("deny", "deny")],
        )
}

fn world(world: &World) -> String {
    let mut inner = String::new();
    let listed = |title: &str, rows: Vec<String>| {
        if rows.is_empty() { String::new() } else { format!("<h2>{title}</h2>{}", rows.concat()) }
    };
    let payments = world.transactions.iter().rev().take(SHOWN_MAX);
    inner += &listed("Payments", payments.map(|it| payment(world, it)).collect());
    let mut plans: Vec<&Subscription> = world.subscriptions.values().collect();
    plans.sort_by_key(|it| std::cmp::Reverse(it.created_at));
    let plans = plans.into_iter().take(SHOWN_MAX);
    inner += &listed("Plans", plans.map(|it| plan(world, it)).collect());
    let webhooks = world.webhooks.iter().rev().take(SHOWN_MAX);
    inner += &listed("Webhooks, newest first", webhooks.map(webhook).collect());
    inner
}

fn name(world: &World, product: &str) -> String {
    world.products.get(product).map_or_else(String::new, |it| escape(&it.name))
}

fn payment(world: &World, it: &Transaction) -> String {
    let paid = it.amount + it.tax;
    let buyer = world.customers.get(&it.customer).map_or("", |it| it.email.as_str());
    let mut shown = format!(
        "<article><p>{}: <strong>{}</strong>, {}, by {}",
        name(world, &it.product),
        money(paid, &it.currency),
        it.status,
        escape(buyer),
    );
    if it.refunded > 0 {
        let _fits = write!(shown, " ({} went back)", money(it.refunded, &it.currency));
    }
    shown += "</p>";
    if it.refunded < paid && it.status != "declined" {
        shown += &row(&[
            button("refund", &it.id, "Refund"),
            button("part", &it.id, "Refund half"),
            button("dispute", &it.id, "Dispute"),
        ]);
    }
    shown + "</article>"
}

fn plan(world: &World, it: &Subscription) -> String {
    let shown = format!("<p>{}: <strong>{}</strong></p>", name(world, &it.product), it.status);
    if it.status == "canceled" {
        return shown;
    }
    let fails = world.customers.get(&it.customer).is_some_and(|it| it.card_fails);
    let card = if fails { "Card is good again" } else { "Card fails from now on" };
    let ending = if matches!(it.status.as_str(), "paused" | "scheduled_cancel") {
        vec![button("resume", &it.id, "Resume")]
    } else {
        vec![button("end", &it.id, "End at its period"), button("pause", &it.id, "Pause")]
    };
    let first = [button("renew", &it.id, "Next payment now"), button("card", &it.id, card)];
    shown + &row(&first) + &row(&[ending, vec![button("cancel", &it.id, "Cancel now")]].concat())
}

fn webhook(it: &Webhook) -> String {
    let fate = match it.fate {
        Fate::Waiting { .. } => "on its way",
        Fate::Withheld => "waits here",
        Fate::Taken => "taken",
        Fate::GivenUp => "given up",
    };
    let words = if it.fate == Fate::Taken { "Send again" } else { "Send now" };
    format!("<p><code>{}</code> {fate}</p>{}", it.kind, row(&[button("send", &it.id, words)]))
}

#[derive(Deserialize)]
struct Acting {
    act: String,
    of: String,
}

async fn act(Shared(state): Shared<Arc<State>>, Form(acting): Form<Acting>) -> Response {
    if switched(&state, &acting) || happened(&state, &acting) {
        Redirect::to("/dashboard").into_response()
    } else {
        let page = sheet("Dashboard", "<h1>That cannot be done now.</h1><p>Go back and look.</p>");
        (StatusCode::CONFLICT, Html(page)).into_response()
    }
}

/// Turns one of the switches.
fn switched(state: &State, acting: &Acting) -> bool {
    let mut switches = state.switches();
    match (acting.act.as_str(), acting.of.as_str()) {
        ("scheme", "legacy") => switches.scheme = Scheme::Legacy,
        ("scheme", "standard") => switches.scheme = Scheme::Standard,
        ("scheme", "both") => switches.scheme = Scheme::Both,
        ("verdict", "allow") => switches.verdict = Verdict::Allow,
        ("verdict", "flag") => switches.verdict = Verdict::Flag,
        ("verdict", "deny") => switches.verdict = Verdict::Deny,
        ("webhooks", "send") => switches.withheld = false,
        ("webhooks", "withhold") => switches.withheld = true,
        _ => return false,
    }
    state.switch(|now| *now = switches);
    true
}

/// Lets something happen to a payment, a plan or a webhook.
fn happened(state: &State, acting: &Acting) -> bool {
    let of = acting.of.as_str();
    match acting.act.as_str() {
        "refund" => state.refund(of, None).is_ok(),
        "part" => {
            let paid = state.world().transaction(of).map(|it| it.amount + it.tax - it.refunded);
            paid.is_some_and(|left| state.refund(of, Some(left / 2)).is_ok())
        }
        "dispute" => state.dispute(of).is_ok(),
        // A refusal of the card is an outcome too, and told.
        "renew" => !matches!(state.renew(of), Err(NoMoney::Missing | NoMoney::Over)),
        "card" => turn_card(state, of),
        "end" => state.set_status(of, "scheduled_cancel", "subscription.scheduled_cancel"),
        "pause" => state.set_status(of, "paused", "subscription.paused"),
        "resume" => state.set_status(of, "active", "subscription.update"),
        "cancel" => state.set_status(of, "canceled", "subscription.canceled"),
        "send" => send(state, of),
        _ => false,
    }
}

fn turn_card(state: &State, subscription: &str) -> bool {
    state.change(|world| {
        let customer = world.subscriptions.get(subscription).map(|it| it.customer.clone());
        let customer = customer.and_then(|id| world.customers.get_mut(&id));
        customer.map(|it| it.card_fails = !it.card_fails).is_some()
    })
}

/// The courier takes it up at once, whatever became of it before.
fn send(state: &State, event: &str) -> bool {
    let now = state.now_ms();
    state.change(|world| {
        let found = world.webhooks.iter_mut().find(|it| it.id == event);
        found.map(|it| it.fate = Fate::Waiting { at: now }).is_some()
    })
}
