//! The pages that customers see: the checkout, where one pays, is declined or goes away, and the
//! portal.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::pay::NoMoney;
use super::returning;
use super::state::State;
use super::world::{Billing, Checkout, Product};

/// The routes.
pub fn router() -> Router<Arc<State>> {
    Router::new()
        .route("/checkout/{id}", get(show).post(pay))
        .route("/my-orders/login/{token}", get(portal).post(act))
}

const STYLE: &str = "<style>:root{color-scheme:light dark}*{box-sizing:border-box}\
body{font:16px/1.45 system-ui,sans-serif;margin:0;background:#f4f3ef;color:#1c1b19}\
main{max-width:26rem;margin:0 auto;padding:1.25rem}\
section{background:#fff;border-radius:14px;padding:1.1rem;box-shadow:0 1px 3px #0002}\
h1{font-size:1.15rem;margin:.2rem 0 .6rem}.price{font-size:1.7rem;font-weight:650;margin:.2rem 0}\
label{display:block;margin:.8rem 0 .25rem;font-size:.9rem}\
input,select,button{font:inherit;width:100%;padding:.65rem;border-radius:9px;border:1px solid #8886}\
button{border:0;background:#1c7c54;color:#fff;font-weight:600;margin-top:1rem;cursor:pointer}\
button.quiet,a.quiet{background:none;color:inherit;text-decoration:underline;font-weight:400}\
a.quiet{display:block;text-align:center;margin-top:.8rem}.note{font-size:.85rem;opacity:.75}\
.bad{color:#a3271d;font-weight:600}\
h2{font-size:1rem;margin:1.4rem 0 .2rem}p{margin:.9rem 0 .2rem}\
.row{display:flex;gap:.4rem}.row form{flex:1}.row button{background:#1c7c5422;color:inherit;\
padding:.45rem;margin:.2rem 0;font-size:.9rem}\
@media(prefers-color-scheme:dark){body{background:#171614;color:#eceae4}\
section{background:#232220}}</style>";

pub(super) fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

pub(super) fn sheet(title: &str, inner: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <link rel=\"icon\" href=\"data:,\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title>{STYLE}<main><section>{inner}</section>\
         <p class=\"note\">A stand-in for Creem: no money moves here.</p></main></html>"
    )
}

pub(super) fn money(minor: i64, currency: &str) -> String {
    format!("{}.{:02} {currency}", minor / 100, minor % 100)
}

fn form(checkout: &Checkout, product: &Product, note: &str) -> String {
    let each = match product.billing {
        Billing::Once => "",
        Billing::Monthly => " a month",
        Billing::Yearly => " a year",
    };
    let price = money(product.price * checkout.units, &product.currency);
    let (email, fixed) = match &checkout.email {
        Some(email) => (escape(email), "readonly"),
        None => (String::new(), ""),
    };
    let away = match &checkout.success_url {
        Some(url) => format!("<a class=\"quiet\" href=\"{}\">Go away without paying</a>", {
            // Whoever goes away comes to the seller's page without a word from Creem.
            escape(url.split('?').next().unwrap_or_default())
        }),
        None => String::new(),
    };
    format!(
        "<h1>{name}</h1><p class=\"price\">{price}{each}</p>{note}\
         <form method=\"post\"><label for=\"email\">E-mail</label>\
         <input id=\"email\" name=\"email\" type=\"email\" required value=\"{email}\" {fixed}>\
         <label for=\"card\">Card</label><select id=\"card\" name=\"card\">\
         <option value=\"4242424242424242\">4242 … 4242, is good</option>\
         <option value=\"4000000000000002\">4000 … 0002, is declined</option>\
         <option value=\"4000000000009995\">4000 … 9995, has no funds</option>\
         <option value=\"4000000000000127\">4000 … 0127, wrong number behind</option>\
         <option value=\"4000000000000069\">4000 … 0069, is out of date</option></select>\
         <button name=\"pay\" value=\"pay\">Pay {price}</button></form>{away}",
        name = escape(&product.name),
    )
}

async fn show(Shared(state): Shared<Arc<State>>, Path(id): Path<String>) -> Response {
    page_of(&state, &id, "", StatusCode::OK)
}

fn page_of(state: &State, id: &str, note: &str, status: StatusCode) -> Response {
    let world = state.world();
    let found = world.checkouts.get(id).and_then(|it| Some((it, world.products.get(&it.product)?)));
    let Some((checkout, product)) = found else {
        let page = sheet("Not found", "<h1>There is no such checkout.</h1>");
        return (StatusCode::NOT_FOUND, Html(page)).into_response();
    };
    let inner = if checkout.status == "pending" {
        form(checkout, product, note)
    } else {
        format!("<h1>{}</h1><p>This was paid already.</p>", escape(&product.name))
    };
    (status, Html(sheet("Checkout", &inner))).into_response()
}

#[derive(Deserialize)]
struct Paying {
    email: String,
    card: String,
}

async fn pay(
    Shared(state): Shared<Arc<State>>,
    Path(id): Path<String>,
    Form(paying): Form<Paying>,
) -> Response {
    match state.pay(&id, &paying.card, &paying.email) {
        Ok(()) => match returning::address(&state, &id) {
            Some(url) => Redirect::to(&url).into_response(),
            None => page_of(&state, &id, "", StatusCode::OK),
        },
        Err(NoMoney::Declined) => {
            let note = "<p class=\"bad\">The card was declined. Nothing was charged.</p>";
            page_of(&state, &id, note, StatusCode::PAYMENT_REQUIRED)
        }
        Err(_) => page_of(&state, &id, "", StatusCode::NOT_FOUND),
    }
}

async fn portal(Shared(state): Shared<Arc<State>>, Path(token): Path<String>) -> Response {
    let world = state.world();
    let Some(customer) = world.portals.get(&token).and_then(|id| world.customers.get(id)) else {
        let page = sheet("Not found", "<h1>This link opens nothing.</h1>");
        return (StatusCode::NOT_FOUND, Html(page)).into_response();
    };
    let mut inner = format!("<h1>Orders of {}</h1>", escape(&customer.email));
    for payment in world.transactions.iter().filter(|it| it.customer == customer.id) {
        let paid = money(payment.amount + payment.tax, &payment.currency);
        let name = world.products.get(&payment.product).map_or("", |it| it.name.as_str());
        let _fits = write!(inner, "<p>{}: {paid}, {}</p>", escape(name), payment.status);
    }
    let (word, value) = if customer.card_fails { ("good", "0") } else { ("bad", "1") };
    let _fits = write!(
        inner,
        "<form method=\"post\"><button name=\"card_fails\" value=\"{value}\">\
         Let the card be {word} from now on</button></form>"
    );
    Html(sheet("My orders", &inner)).into_response()
}

#[derive(Deserialize)]
struct Acting {
    card_fails: u8,
}

async fn act(
    Shared(state): Shared<Arc<State>>,
    Path(token): Path<String>,
    Form(acting): Form<Acting>,
) -> Response {
    state.change(|world| {
        let Some(id) = world.portals.get(&token).cloned() else { return };
        if let Some(customer) = world.customers.get_mut(&id) {
            customer.card_fails = acting.card_fails == 1;
        }
    });
    Redirect::to(&format!("/my-orders/login/{token}")).into_response()
}
