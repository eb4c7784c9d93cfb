//! A working model of Creem on loopback: what sells, takes the money, and tells of it.
//!
//! [`CreemStandIn::start`] opens a server with the API of api.creem.io, the checkout page, where
//! one pays, is declined or goes away, and the customers' portal. Webhooks go to the desk under
//! either signature scheme; they can be withheld, sent in any order, and any number of times.
//! Subscriptions live by the stand-in's clock. What can go wrong is armed by
//! [`CreemStandIn::arm`]. The wire format is written from Creem's own documents and samples, and
//! nowhere shared with the desk's client.
//!
//! ```text
//! let creem = CreemStandIn::start(CreemOptions { clock, ..CreemOptions::default() }).await?;
//! creem.point_at(&desk_url);
//! creem.pay(&checkout_id, "anna@example.com")?;       // or in a browser, at its checkout_url
//! creem.renew(&subscription_id)?;                     // or by the clock
//! creem.refund(&transaction_id, Some(500))?;          // a part of it
//! creem.withhold(true);                               // webhooks wait …
//! creem.send_again(&event_id).await;                  // … and go one by one, as often as wanted
//! ```

mod api;
mod courier;
mod dashboard;
mod page;
mod pay;
mod returning;
mod state;
mod subscriptions;
mod wire;
mod world;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State as Shared};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use reqwest::Client;
use tokio::net::TcpListener;
use tokio_util::sync::DropGuard;

use self::api::Problem;
pub use self::pay::NoMoney;
use self::state::State;
pub use self::state::{Scheme, Verdict};
use self::world::World;
pub use self::world::{
    Billing, Checkout, Customer, Fate, Order, Product, Refund, Subscription, Transaction, Webhook,
};
use crate::clock::Clock;
use crate::line::{Line, Lines};
use crate::rest::{self, Armed};

/// How a stand-in is started.
#[derive(Debug, Clone)]
pub struct CreemOptions {
    /// Loopback port; 0 for any free one.
    pub port: u16,
    /// The only key that is let in; `creem_test_…` for test mode.
    pub api_key: String,
    /// What webhooks are signed with.
    pub webhook_secret: String,
    /// What is sold.
    pub products: Vec<Product>,
    /// Keeps everything in this file.
    pub file: Option<PathBuf>,
    /// What it calls now.
    pub clock: Clock,
    /// For chance.
    pub seed: u64,
}

impl Default for CreemOptions {
    fn default() -> Self {
        let product = |id: &str, name: &str, price, billing| Product {
            id: id.to_owned(),
            name: name.to_owned(),
            price,
            currency: "USD".to_owned(),
            billing,
        };
        Self {
            port: 0,
            api_key: "creem_test_sandbox".to_owned(),
            webhook_secret: "whsec_c2FuZGJveC1zZWNyZXQtdGhhdC1vcGVucy1ub3RoaW5n".to_owned(),
            products: vec![
                product("prod_starter", "100 credits", 990, Billing::Once),
                product("prod_pro", "Pro", 1990, Billing::Monthly),
                product("prod_studio", "Studio", 4990, Billing::Monthly),
            ],
            file: None,
            clock: Clock::wall(),
            seed: 1,
        }
    }
}

/// A running stand-in. Clones are the same one; it ends when the last is dropped.
#[derive(Debug, Clone)]
pub struct CreemStandIn {
    state: Arc<State>,
    client: Client,
    _guard: Arc<DropGuard>,
}

impl CreemStandIn {
    /// Opens the server, with what its file remembers.
    ///
    /// # Errors
    /// When the port is taken, or the file cannot be read.
    pub async fn start(options: CreemOptions) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address: SocketAddr = listener.local_addr()?;
        let world = open_world(&options)?;
        let state = Arc::new(State::new(options, world, format!("http://{address}")));
        let client = courier::client().map_err(std::io::Error::other)?;
        tokio::spawn(serve(listener, Arc::clone(&state)));
        tokio::spawn(courier::carry(Arc::clone(&state), client.clone()));
        let guard = Arc::new(state.ended.clone().drop_guard());
        Ok(Self { state, client, _guard: guard })
    }

    /// What `[creem] base_url` has to be.
    pub fn base_url(&self) -> String {
        self.state.base_url.clone()
    }

    /// Where one plays Creem in a browser: switches, refunds, plans, webhooks sent again.
    pub fn dashboard_url(&self) -> String {
        format!("{}/dashboard", self.state.base_url)
    }

    /// Keys that the desk has to be configured with.
    pub fn options(&self) -> &CreemOptions {
        &self.state.options
    }

    /// Sends webhooks to this desk from now on.
    pub fn point_at(&self, desk_url: &str) {
        let base = desk_url.trim_end_matches('/');
        self.state.ways().webhook_url = Some(format!("{base}/creem/webhook"));
        self.state.ring();
    }

    /// Signs webhooks so from now on.
    pub fn sign_by(&self, scheme: Scheme) {
        self.state.switch(|switches| switches.scheme = scheme);
    }

    /// What screening says from now on.
    pub fn judge(&self, verdict: Verdict) {
        self.state.switch(|switches| switches.verdict = verdict);
    }

    /// What screening says of prompts with this word in them.
    pub fn judge_word(&self, word: &str, verdict: Verdict) {
        self.state.ways().verdicts.push((word.to_owned(), verdict));
    }

    /// How many prompts were screened.
    pub fn screened(&self) -> u64 {
        self.state.world().screened
    }

    /// The calls so far, as `POST /v1/checkouts`.
    pub fn calls(&self) -> Vec<String> {
        self.state.ways().calls.iter().cloned().collect()
    }

    /// Every checkout, in no order.
    pub fn checkouts(&self) -> Vec<Checkout> {
        self.state.world().checkouts.values().cloned().collect()
    }

    /// Every payment, oldest first.
    pub fn transactions(&self) -> Vec<Transaction> {
        self.state.world().transactions.clone()
    }

    /// Every subscription.
    pub fn subscriptions(&self) -> Vec<Subscription> {
        self.state.world().subscriptions.values().cloned().collect()
    }

    /// Everything that was to be told, oldest first.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.state.world().webhooks.clone()
    }

    /// Pays a checkout with a good card.
    ///
    /// # Errors
    /// `Missing`; `Over` when it was paid.
    pub fn pay(&self, checkout: &str, email: &str) -> Result<(), NoMoney> {
        self.state.pay(checkout, "4242424242424242", email)
    }

    /// Pays with another card.
    ///
    /// # Errors
    /// `Declined`, besides those of [`Self::pay`].
    pub fn pay_with(&self, checkout: &str, card: &str, email: &str) -> Result<(), NoMoney> {
        self.state.pay(checkout, card, email)
    }

    /// Where the browser goes after paying.
    pub fn return_address(&self, checkout: &str) -> Option<String> {
        returning::address(&self.state, checkout)
    }

    /// The next payment of a subscription is tried now.
    ///
    /// # Errors
    /// `Declined` when the card is bad; `Over` when it has ended.
    pub fn renew(&self, subscription: &str) -> Result<(), NoMoney> {
        self.state.renew(subscription)
    }

    /// A customer's card is refused, or taken, from now on.
    pub fn let_card_fail(&self, customer: &str, fails: bool) {
        self.state.change(|world| {
            if let Some(customer) = world.customers.get_mut(customer) {
                customer.card_fails = fails;
            }
        });
    }

    /// A subscription comes to another state, which is told as `kind`.
    pub fn set_status(&self, subscription: &str, status: &str, kind: &str) -> bool {
        self.state.set_status(subscription, status, kind)
    }

    /// Money goes back from Creem's dashboard: all that is left, or a part (minor units).
    ///
    /// # Errors
    /// `Missing`; `Amount` when more would go back than was paid.
    pub fn refund(&self, transaction: &str, amount: Option<i64>) -> Result<Refund, NoMoney> {
        self.state.refund(transaction, amount)
    }

    /// Refunds that are asked for from now on are pending, until [`Self::end_refund`]; or not.
    pub fn let_refunds_wait(&self, slow: bool) {
        self.state.switch(|switches| switches.slow_refunds = slow);
    }

    /// All refunds, in the order in which they were asked for.
    pub fn refunds(&self) -> Vec<Refund> {
        self.state.world().refunds.clone()
    }

    /// A refund that is pending goes back, or does not; which is told.
    ///
    /// # Errors
    /// `Missing`, also when it is not pending.
    pub fn end_refund(&self, refund: &str, goes_back: bool) -> Result<Refund, NoMoney> {
        self.state.end_refund(refund, goes_back)
    }

    /// The bank takes a payment back.
    ///
    /// # Errors
    /// `Missing`.
    pub fn dispute(&self, transaction: &str) -> Result<(), NoMoney> {
        self.state.dispute(transaction)
    }

    /// Tells anything, of any kind.
    pub fn tell(&self, kind: &str, object: &serde_json::Value) {
        self.state.change(|world| self.state.tell(world, kind, |_| object.clone()));
    }

    /// Whether our names for purchases are left out of everything that is asked for: only webhooks
    /// have them then.
    pub fn leave_names_out(&self, unnamed: bool) {
        self.state.ways().unnamed = unnamed;
    }

    /// Whether new webhooks wait to be sent by hand. What was withheld stays so.
    pub fn withhold(&self, withheld: bool) {
        self.state.switch(|switches| switches.withheld = withheld);
    }

    /// Sends a webhook now, whatever became of it before; the status it was answered with.
    pub async fn send_again(&self, event: &str) -> Option<u16> {
        let found = self.state.world().webhooks.iter().find(|it| it.id == event).cloned();
        let status = courier::send(&self.state, &self.client, &found?).await;
        if status == Some(200) {
            courier::settle(&self.state, event, true);
        }
        status
    }

    /// By what a body of any kind would be signed, for those who send it themselves.
    pub fn signature(&self, body: &str) -> String {
        courier::legacy(&self.state.options.webhook_secret, body)
    }

    /// Waits until no webhook is on its way that can be sent now.
    pub async fn until_told(&self) {
        let mut bell = self.state.bell();
        loop {
            let now = self.state.now_ms();
            let waits = |it: &Webhook| matches!(it.fate, Fate::Waiting { at } if at <= now);
            if !self.state.world().webhooks.iter().any(waits) {
                return;
            }
            if bell.changed().await.is_err() {
                return;
            }
        }
    }

    /// Moves its clock: renewals, retries and ends come about.
    pub fn advance(&self, by: Duration) {
        self.state.options.clock.advance(by);
        self.state.ring();
    }

    /// Arms a fault.
    pub fn arm(&self, armed: Armed) {
        self.state.faults().arm(armed);
    }

    /// What is armed.
    pub fn armed(&self) -> Vec<Armed> {
        self.state.faults().armed()
    }

    /// Disarms everything.
    pub fn clear_faults(&self) {
        self.state.faults().clear();
    }
}

fn open_world(options: &CreemOptions) -> std::io::Result<World> {
    let mut world = match options.file.as_ref().map(std::fs::read) {
        Some(Ok(bytes)) => serde_json::from_slice(&bytes)?,
        Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Some(Err(_)) | None => World::default(),
    };
    for product in &options.products {
        world.products.insert(product.id.clone(), product.clone());
    }
    world.file.clone_from(&options.file);
    world.seed = options.seed;
    Ok(world)
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let ended = state.ended.clone();
    let app = api::router()
        .layer(middleware::from_fn_with_state(Arc::clone(&state), guard))
        .merge(page::router())
        .merge(dashboard::router())
        .with_state(state)
        .into_make_service_with_connect_info::<Line>();
    tokio::select! {
        served = async { axum::serve(Lines(listener), app).await } => {
            if let Err(error) = served {
                tracing::error!(error = %error, "the Creem stand-in has stopped serving");
            }
        }
        () = ended.cancelled() => {}
    }
}

/// Looks at the key, and lets happen what is armed.
async fn guard(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    let key = request.headers().get("x-api-key").map(|it| it.as_bytes().to_vec());
    let refused = match key {
        None => Some(StatusCode::UNAUTHORIZED),
        Some(key) if key != state.options.api_key.as_bytes() => Some(StatusCode::FORBIDDEN),
        Some(_) => None,
    };
    let problem =
        |status: StatusCode| Problem { status, message: "the call was refused".to_owned() };
    if let Some(status) = refused {
        return problem(status).into_response();
    }
    let call = format!("{} {}", request.method(), request.uri().path());
    let fault = state.strike(&call);
    rest::befall(fault, request, next, |status| problem(status).into_response()).await
}
