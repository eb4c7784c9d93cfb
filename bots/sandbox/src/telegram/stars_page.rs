//! Where Stars are played: a page for each link to an invoice, where one pays or goes away, and one
//! of all payments, where one gives back, renews and ends.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::stars::{Changer, NotPaid, Payment, Sold, change_subscription, give_back};
use super::state::State;

/// The routes.
pub fn router() -> Router<Arc<State>> {
    Router::new().route("/stars", get(all).post(act)).route("/stars/{slug}", get(show).post(pay))
}

const STYLE: &str = "<style>:root{color-scheme:light dark}*{box-sizing:border-box}\
body{font:16px/1.45 system-ui,sans-serif;margin:0;background:#eef1f5;color:#17191c}\
main{max-width:30rem;margin:0 auto;padding:1.25rem}\
section{background:#fff;border-radius:14px;padding:1.1rem;margin-bottom:.9rem;\
box-shadow:0 1px 3px #0002}h1{font-size:1.15rem;margin:.2rem 0 .6rem}\
.price{font-size:1.7rem;font-weight:650;margin:.2rem 0}\
label{display:block;margin:.8rem 0 .25rem;font-size:.9rem}\
select,button{font:inherit;width:100%;padding:.65rem;border-radius:9px;border:1px solid #8886}\
button{border:0;background:#2a7ab8;color:#fff;font-weight:600;margin-top:.8rem;cursor:pointer}\
.row{display:flex;gap:.6rem}.row form{flex:1}.row button{background:#2a7ab822;color:inherit}\
.note{font-size:.85rem;opacity:.75}.bad{color:#a3271d;font-weight:600}\
@media(prefers-color-scheme:dark){body{background:#15171a;color:#e8eaee}\
section{background:#212429}.bad{color:#ff9188}}</style>";

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

fn sheet(title: &str, inner: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <link rel=\"icon\" href=\"data:,\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title>{STYLE}<main>{inner}<p class=\"note\">A stand-in for Telegram: no \
         Stars move here. <a href=\"/stars\">All payments</a></p></main></html>"
    ))
}

fn price(sold: &Sold) -> String {
    format!("{} ⭐{}", sold.stars, if sold.monthly { " a month" } else { "" })
}

async fn show(Shared(state): Shared<Arc<State>>, Path(slug): Path<String>) -> Response {
    page_of(&state, &slug, "", StatusCode::OK)
}

fn page_of(state: &State, slug: &str, note: &str, status: StatusCode) -> Response {
    let world = state.world();
    let Some(sold) = world.meta.stars.links.get(slug) else {
        let page = sheet("Not found", "<section><h1>This link opens nothing.</h1></section>");
        return (StatusCode::NOT_FOUND, page).into_response();
    };
    let mut players = String::new();
    for user in world.users.values().filter(|user| user.started) {
        let _fits =
            write!(players, "<option value=\"{}\">{}</option>", user.id, escape(&user.name));
    }
    let inner = format!(
        "<section><h1>{title}</h1><p>{description}</p><p class=\"price\">{price}</p>{note}\
         <form method=\"post\"><label for=\"user\">Who pays</label>\
         <select id=\"user\" name=\"user\">{players}</select>\
         <button>Pay {price}</button></form></section>",
        title = escape(&sold.title),
        description = escape(&sold.description),
        price = price(sold),
    );
    (status, sheet("Pay with Stars", &inner)).into_response()
}

#[derive(Deserialize)]
struct Paying {
    user: i64,
}

async fn pay(
    Shared(state): Shared<Arc<State>>,
    Path(slug): Path<String>,
    Form(paying): Form<Paying>,
) -> Response {
    let sold = state.world().meta.stars.links.get(&slug).cloned();
    let Some(sold) = sold else { return page_of(&state, &slug, "", StatusCode::NOT_FOUND) };
    let note = match state.ask(paying.user, paying.user, sold).await {
        Ok(allowed) => {
            state.charge(allowed);
            return Redirect::to("/stars").into_response();
        }
        Err(NotPaid::Refused(why)) => escape(&why),
        Err(NotPaid::Lapsed) => "The bot did not answer in time. Nothing was paid.".to_owned(),
        Err(NotPaid::Unplayable(_)) => "This cannot be paid.".to_owned(),
    };
    let note = format!("<p class=\"bad\">{note}</p>");
    page_of(&state, &slug, &note, StatusCode::PAYMENT_REQUIRED)
}

fn button(what: &str, charge: &str, label: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/stars\"><input type=\"hidden\" name=\"charge\" \
         value=\"{charge}\"><button name=\"act\" value=\"{what}\">{label}</button></form>"
    )
}

async fn all(Shared(state): Shared<Arc<State>>) -> Html<String> {
    let world = state.world();
    let mut inner = String::new();
    for paid in world.meta.stars.payments.iter().rev() {
        let who = world.users.get(&paid.user).map_or("somebody", |user| user.name.as_str());
        let _fits = write!(
            inner,
            "<section><h1>{}</h1><p class=\"price\">{}</p><p>{}{}</p><div class=\"row\">{}</div>\
             </section>",
            escape(&paid.sold.title),
            price(&paid.sold),
            escape(who),
            if paid.refunded_at_ms.is_some() { ", given back" } else { "" },
            buttons(paid),
        );
    }
    if inner.is_empty() {
        inner.push_str("<section><h1>Nothing was paid in Stars yet.</h1></section>");
    }
    sheet("Stars", &inner)
}

fn buttons(paid: &Payment) -> String {
    let mut buttons = String::new();
    if paid.refunded_at_ms.is_none() {
        buttons += &button("refund", &paid.charge, "Give back");
    }
    if paid.first.as_deref() == Some(&paid.charge) {
        if paid.renewed {
            buttons += &button("renew", &paid.charge, "Next month");
            buttons += &button("cancel", &paid.charge, "Stop renewing");
        } else if !paid.ended_by_bot {
            buttons += &button("resume", &paid.charge, "Renew after all");
        }
    }
    buttons
}

#[derive(Deserialize)]
struct Acting {
    charge: String,
    act: String,
}

async fn act(Shared(state): Shared<Arc<State>>, Form(acting): Form<Acting>) -> Response {
    let charge = acting.charge.as_str();
    let change = |canceled| {
        let now_ms = state.now_ms();
        change_subscription(&mut state.world(), (charge, Changer::Payer), canceled, now_ms)
    };
    let done = match acting.act.as_str() {
        "refund" => give_back(&state, charge),
        "renew" => state.renew(charge).map(drop),
        "cancel" => change(true),
        "resume" => change(false),
        _ => None,
    };
    state.ring_updates();
    match done {
        Some(()) => Redirect::to("/stars").into_response(),
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}
