//! The Creem stand-in over real HTTP: what a client can rely on.

#![expect(clippy::unwrap_used, reason = "a test's hands: what fails here fails the test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use picdesk_sandbox::clock::Clock;
use picdesk_sandbox::creem::{CreemOptions, CreemStandIn, Fate, NoMoney, Scheme, Verdict};
use picdesk_sandbox::rest::{Armed, Fault};
use reqwest::{Client, Response, redirect::Policy};
use serde_json::{Value, json};

/// Half past one on a winter's day.
const NOW_MS: i64 = 1_795_700_000_000;
const DAY: Duration = Duration::from_hours(24);

/// What a desk was told, in order.
type Told = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

struct Seller {
    creem: CreemStandIn,
    client: Client,
    told: Told,
}

async fn hear(State(told): State<Told>, headers: HeaderMap, body: Bytes) -> StatusCode {
    told.lock().unwrap().push((headers, serde_json::from_slice(&body).unwrap()));
    StatusCode::OK
}

impl Seller {
    async fn new() -> Self {
        let clock = Clock::manual(NOW_MS);
        let creem = CreemStandIn::start(CreemOptions { clock, ..CreemOptions::default() }).await;
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        let told = Told::default();
        let app = Router::new().route("/creem/webhook", post(hear)).with_state(Arc::clone(&told));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let desk = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, app).into_future());
        let creem = creem.unwrap();
        creem.point_at(&desk);
        Self { creem, client, told }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.creem.base_url())
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        let key = &self.creem.options().api_key;
        let request = self.client.post(self.url(path)).header("x-api-key", key);
        request.json(body).send().await.unwrap()
    }

    async fn posted(&self, path: &str, body: &Value) -> Value {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let key = &self.creem.options().api_key;
        let answer = self.client.get(self.url(path)).header("x-api-key", key).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    async fn checkout(&self, product: &str) -> Value {
        let asked = json!({
            "product_id": product, "request_id": "req-1", "metadata": {"account": "7"},
            "success_url": "https://desk.example/creem/return",
        });
        self.posted("/v1/checkouts", &asked).await
    }

    /// Pays in a browser.
    async fn pay(&self, checkout: &Value, card: &str) -> Response {
        let url = checkout["checkout_url"].as_str().unwrap();
        let body = format!("email=anna%40example.com&card={card}&pay=pay");
        let form = "application/x-www-form-urlencoded";
        let request = self.client.post(url).header("content-type", form).body(body);
        request.send().await.unwrap()
    }

    async fn kinds(&self) -> Vec<String> {
        self.creem.until_told().await;
        let told = self.told.lock().unwrap();
        told.iter().map(|(_, it)| it["eventType"].as_str().unwrap().to_owned()).collect()
    }
}

const GOOD: &str = "4242424242424242";

#[tokio::test]
async fn a_pack_is_bought_in_a_browser_and_told_once() {
    let seller = Seller::new().await;
    let checkout = seller.checkout("prod_starter").await;
    assert_eq!(checkout["status"], "pending");
    let declined = seller.pay(&checkout, "4000000000000002").await;
    assert_eq!(declined.status(), 402);
    let paid = seller.pay(&checkout, GOOD).await;
    assert_eq!(paid.status(), 303);
    let home = paid.headers()["location"].to_str().unwrap().to_owned();
    assert!(home.starts_with("https://desk.example/creem/return?checkout_id=ch_"), "{home}");
    assert!(home.contains("&request_id=req-1&signature="), "{home}");
    assert_eq!(seller.kinds().await, ["checkout.completed"]);
    let told = seller.told.lock().unwrap()[0].1.clone();
    let object = &told["object"];
    assert_eq!(object["request_id"], "req-1");
    assert_eq!(object["order"]["amount"], 990);
    assert_eq!(object["order"]["type"], "onetime");
    assert_eq!(object["metadata"]["account"], "7");
    assert_eq!(seller.pay(&checkout, GOOD).await.status(), 404);
    let again = format!("/v1/checkouts?checkout_id={}", checkout["id"].as_str().unwrap());
    assert_eq!(seller.get(&again).await["status"], "completed");
}

#[tokio::test]
async fn a_plan_lives_by_the_clock() {
    let seller = Seller::new().await;
    let checkout = seller.checkout("prod_pro").await;
    seller.pay(&checkout, GOOD).await;
    let bought = ["checkout.completed", "subscription.active", "subscription.paid"];
    assert_eq!(seller.kinds().await, bought);
    seller.creem.advance(32 * DAY);
    let subscription = seller.creem.subscriptions().remove(0);
    wait_until(|| seller.creem.transactions().len() == 2).await;
    assert_eq!(seller.kinds().await[3..], ["subscription.paid"]);
    seller.creem.let_card_fail(&subscription.customer, true);
    seller.creem.advance(32 * DAY);
    wait_until(|| seller.creem.subscriptions()[0].status == "past_due").await;
    seller.creem.let_card_fail(&subscription.customer, false);
    seller.creem.advance(2 * DAY);
    wait_until(|| seller.creem.subscriptions()[0].status == "active").await;
    let cancel = format!("/v1/subscriptions/{}/cancel", subscription.id);
    let asked = json!({"mode": "scheduled", "onExecute": "cancel"});
    assert_eq!(seller.posted(&cancel, &asked).await["status"], "scheduled_cancel");
    seller.creem.advance(32 * DAY);
    wait_until(|| seller.creem.subscriptions()[0].status == "canceled").await;
    let later = ["subscription.past_due", "subscription.paid", "subscription.scheduled_cancel"];
    assert_eq!(seller.kinds().await[4..7], later);
    assert_eq!(seller.kinds().await[7..], ["subscription.canceled"]);
    assert_eq!(seller.creem.renew(&subscription.id), Err(NoMoney::Over));
}

/// What a task of the stand-in does comes about soon; it cannot be waited for otherwise.
async fn wait_until(is_so: impl Fn() -> bool) {
    for _ in 0..100_000 {
        if is_so() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never came about");
}

#[tokio::test]
async fn money_goes_back_in_parts_and_never_more_than_was_paid() {
    let seller = Seller::new().await;
    let checkout = seller.checkout("prod_starter").await;
    seller.pay(&checkout, GOOD).await;
    let payment = seller.creem.transactions().remove(0);
    seller.creem.refund(&payment.id, Some(500)).unwrap();
    let wanted = json!({ "transaction_id": payment.id });
    let refund = seller.posted("/v1/refunds", &wanted).await;
    assert_eq!(refund["refund_amount"], 990 + 207 - 500);
    assert_eq!(seller.post("/v1/refunds", &wanted).await.status(), 400);
    let told = ["checkout.completed", "refund.created", "refund.created"];
    assert_eq!(seller.kinds().await, told);
    let one = seller.told.lock().unwrap()[1].1["object"].clone();
    assert_eq!(one["transaction"]["status"], "partialRefund");
    assert_eq!(one["checkout"]["request_id"], "req-1");
    seller.creem.dispute(&payment.id).unwrap();
    assert_eq!(seller.kinds().await[3..], ["dispute.created"]);
    let listed = seller.get("/v1/transactions/search?page_number=1&page_size=50").await;
    assert_eq!(listed["items"][0]["status"], "chargeback");
    assert_eq!(listed["pagination"]["total_records"], 1);
}

#[tokio::test]
async fn webhooks_come_lost_twice_overtaken_unheard_and_by_hand() {
    let seller = Seller::new().await;
    seller.creem.arm(Armed::times(Fault::WebhookLost, 1).on("subscription.active"));
    seller.creem.arm(Armed::times(Fault::WebhookOvertaken, 1).on("checkout.completed"));
    seller.creem.arm(Armed::times(Fault::WebhookTwice, 1).on("subscription.paid"));
    let checkout = seller.checkout("prod_pro").await;
    seller.pay(&checkout, GOOD).await;
    let came = ["subscription.paid", "subscription.paid", "checkout.completed"];
    assert_eq!(seller.kinds().await, came);
    let lost = seller.creem.webhooks().into_iter().find(|it| it.fate == Fate::Withheld).unwrap();
    assert_eq!(seller.creem.send_again(&lost.id).await, Some(200));
    assert_eq!(seller.kinds().await[3..], ["subscription.active"]);
    seller.creem.arm(Armed::times(Fault::WebhookUnheard, 1));
    let id = &seller.creem.subscriptions()[0].id;
    seller.creem.set_status(id, "paused", "subscription.paused");
    assert_eq!(seller.kinds().await[4..], ["subscription.paused"]);
    seller.creem.advance(Duration::from_secs(30));
    wait_until(|| seller.told.lock().unwrap().len() == 6).await;
}

#[tokio::test]
async fn webhooks_are_signed_under_either_scheme() {
    let seller = Seller::new().await;
    for (scheme, legacy, standard) in
        [(Scheme::Legacy, true, false), (Scheme::Standard, false, true), (Scheme::Both, true, true)]
    {
        seller.creem.sign_by(scheme);
        seller.creem.tell("something.new", &json!({"id": "x"}));
        seller.creem.until_told().await;
        let headers = seller.told.lock().unwrap().pop().unwrap().0;
        assert_eq!(headers.contains_key("creem-signature"), legacy);
        assert_eq!(headers.contains_key("webhook-signature"), standard);
    }
}

#[tokio::test]
async fn prompts_are_judged_and_calls_fail_on_demand() {
    let seller = Seller::new().await;
    let prompt = json!({"prompt": "a fox", "external_id": "r1"});
    assert_eq!(seller.posted("/v1/moderation/prompt", &prompt).await["decision"], "allow");
    seller.creem.judge_word("fox", Verdict::Flag);
    assert_eq!(seller.posted("/v1/moderation/prompt", &prompt).await["decision"], "flag");
    seller.creem.arm(Armed::times(Fault::rate_limited(7), 1));
    let refused = seller.post("/v1/moderation/prompt", &prompt).await;
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    assert!(refused.json::<Value>().await.unwrap()["message"].is_array());
    seller.creem.arm(Armed::times(Fault::DropAnswer, 1).on("POST /v1/checkouts"));
    let asked = json!({"product_id": "prod_starter"});
    let key = &seller.creem.options().api_key;
    let request = seller.client.post(seller.url("/v1/checkouts")).header("x-api-key", key);
    assert!(request.json(&asked).send().await.is_err());
    assert_eq!(seller.creem.checkouts().len(), 1);
    let keyless = seller.client.get(seller.url("/v1/products/search")).send().await.unwrap();
    assert_eq!(keyless.status(), 401);
}

#[tokio::test]
async fn the_portal_opens_by_its_link_alone() {
    let seller = Seller::new().await;
    let checkout = seller.checkout("prod_pro").await;
    seller.pay(&checkout, GOOD).await;
    let customer = seller.creem.transactions()[0].customer.clone();
    let portal = seller.posted("/v1/customers/billing", &json!({"customer_id": customer})).await;
    let link = portal["customer_portal_link"].as_str().unwrap();
    let page = seller.client.get(link).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("anna@example.com") && page.contains("24.07 USD"), "{page}");
    let guess = seller.client.get(seller.url("/my-orders/login/guess")).send().await.unwrap();
    assert_eq!(guess.status(), 404);
}

#[tokio::test]
async fn what_was_bought_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = Some(folder.path().join("creem.json"));
    let options = || CreemOptions { file: file.clone(), ..CreemOptions::default() };
    let creem = CreemStandIn::start(options()).await.unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/v1/checkouts", creem.base_url());
    let asked = json!({"product_id": "prod_starter"});
    let request = client.post(url).header("x-api-key", &options().api_key).json(&asked);
    let checkout: Value = request.send().await.unwrap().json().await.unwrap();
    creem.pay(checkout["id"].as_str().unwrap(), "anna@example.com").unwrap();
    // So do the switches of its own page.
    for act in ["act=webhooks&of=withhold", "act=scheme&of=both", "act=verdict&of=flag"] {
        let page = client.post(creem.dashboard_url()).body(act);
        let kind = "application/x-www-form-urlencoded";
        assert!(page.header("content-type", kind).send().await.unwrap().status().is_success());
    }
    drop(creem);
    let creem = CreemStandIn::start(options()).await.unwrap();
    assert_eq!(creem.transactions().len(), 1);
    assert_eq!(creem.webhooks()[0].kind, "checkout.completed");
    let page = client.get(creem.dashboard_url()).send().await.unwrap().text().await.unwrap();
    for switch in ["● Wait below", "● Both", "● flag"] {
        assert!(page.contains(switch), "{switch} in {page}");
    }
}

#[tokio::test]
async fn creem_is_played_on_its_own_page() {
    let seller = Seller::new().await;
    let checkout = seller.checkout("prod_starter").await;
    seller.pay(&checkout, GOOD).await;
    seller.creem.until_told().await;
    let paid = seller.creem.transactions().remove(0);
    let act = async |act: &str, of: &str| {
        let form = format!("act={act}&of={of}");
        let request = seller.client.post(seller.url("/dashboard")).body(form);
        let kind = "application/x-www-form-urlencoded";
        request.header("content-type", kind).send().await.unwrap().status()
    };
    assert_eq!(act("webhooks", "withhold").await, StatusCode::SEE_OTHER);
    assert_eq!(act("scheme", "standard").await, StatusCode::SEE_OTHER);
    assert_eq!(act("part", &paid.id).await, StatusCode::SEE_OTHER);
    let told = seller.creem.webhooks().pop().unwrap();
    assert_eq!((told.kind.as_str(), told.fate), ("refund.created", Fate::Withheld));
    let before = seller.told.lock().unwrap().len();
    assert_eq!(act("send", &told.id).await, StatusCode::SEE_OTHER);
    seller.creem.until_told().await;
    assert_eq!(act("send", &told.id).await, StatusCode::SEE_OTHER);
    seller.creem.until_told().await;
    {
        let heard = seller.told.lock().unwrap();
        let heard = &heard[before..];
        assert_eq!(heard.len(), 2, "sent by hand, and again");
        assert!(heard[0].0.contains_key("webhook-signature"), "the other scheme");
        assert!(!heard[0].0.contains_key("creem-signature"), "and only that");
    }
    assert_eq!(act("refund", &paid.id).await, StatusCode::SEE_OTHER, "what is left");
    assert_eq!(act("refund", &paid.id).await, StatusCode::CONFLICT, "nothing is left");
    assert_eq!(act("renew", "sub_none").await, StatusCode::CONFLICT, "there is no such plan");
    assert_eq!(act("verdict", "deny").await, StatusCode::SEE_OTHER);
    let asked = json!({"prompt": "a fox", "external_id": "1"});
    let answer = seller.post("/v1/moderation/prompt", &asked).await;
    assert_eq!(answer.json::<Value>().await.unwrap()["decision"], "deny");
    let page = seller.client.get(seller.url("/dashboard")).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("● deny") && page.contains("anna@example.com"), "{page}");
}
